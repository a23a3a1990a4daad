/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/convert.h"

#include <stdio.h>
#include <string.h>

#include "base/sys.h"
#include "convert/convert_csv.h"
#include "convert/convert_dbn.h"
#include "convert/convert_writer.h"
#include "pipe/dbn_file.h"
#include "pipe/source.h"

#define BUDGET_BYTES ((size_t)512 << 20) /* a bound; text inputs take some 60 MB of it */
#define LINE_BYTES ((size_t)4 << 20)
#define TARGET_ROWS 32768u
#define IDLE_NS 20000

static const hr_target_facts targets[HR_TO_COUNT] = {
    [HR_TO_AUTO] = {"auto", HR_HOLDS_ALL, HR_FORM_OWN, false},
#define TARGET_FACTS(id, name, holds, form, is_up_to_all) [id] = {name, holds, form, is_up_to_all},
    HR_TARGET_LIST(TARGET_FACTS)
#undef TARGET_FACTS
};

const hr_target_facts *hr_target_facts_of(hr_target_format f)
{
    return &targets[(unsigned)f < HR_TO_COUNT ? f : HR_TO_AUTO];
}

const char *hr_target_format_name(hr_target_format f)
{
    return (unsigned)f < HR_TO_COUNT ? targets[f].name : "unknown";
}

hr_target_format hr_target_format_from_name(const char *name)
{
    if (strcmp(name, "parquet") == 0) return HR_TO_EVENTS;
    if (strcmp(name, "ndjson") == 0) return HR_TO_CAPTURE_JSON;
    for (int i = 1; i < HR_TO_COUNT; i++)
        if (strcmp(name, targets[i].name) == 0) return (hr_target_format)i;
    return HR_TO_AUTO;
}

bool hr_convert_adds_up(const hr_convert_report *r)
{
    return r->read == r->written + r->rejected + r->filtered;
}

typedef struct job {
    const hr_convert_options *o;
    hr_convert_report *r;
    hr_budget budget;
    hr_arena *arena;
    hr_pool *batches;
    hr_evbatch_caps caps;
    hr_source source;
    hr_writer writer;
    hr_out_file rejects;
    bool is_dry; /* first pass: only what would be lost */
} job;

/* ---- names ---- */

static bool is_table(hr_target_format to)
{
    const uint8_t form = hr_target_facts_of(to)->form;
    return form == HR_FORM_TABLE || form == HR_FORM_LAKE;
}

static bool is_trade_table(hr_format f)
{
    return f == HR_FORMAT_TARDIS_TRADES || f == HR_FORMAT_PARQUET_TRADES;
}

static bool is_dbn_name(const char *path)
{
    size_t n;
    (void)hr_out_container(path, &n);
    return hr_out_ends_with(path, n, ".dbn") || hr_out_ends_with(path, n, ".dbn.frag");
}

/* The target by the output's name: x.parquet, x.arrow, x.csv, x.ndjson; .gz or .zst behind a
 * text's. */
static hr_status set_target(job *j, hr_err *err)
{
    const char *s = j->o->out;
    size_t n;
    hr_convert_report *r = j->r;
    r->to = j->o->to;
    r->container = hr_out_container(s, &n);
    r->arrow = hr_out_arrow(s);
    if (hr_target_facts_of(r->to)->form == HR_FORM_RECORDS)
        return HR_FAIL(err, HR_EUSAGE, "'%s' holds events, no records (DBN and tables have them)",
                       j->o->in);
    if (j->o->records != NULL)
        return HR_FAIL(err, HR_EUSAGE, "--records is for tables of DBN records (--to records)");
    if (r->to == HR_TO_AUTO) {
        if (hr_out_ends_with(s, n, ".parquet") || r->arrow != HR_IPC_NOT)
            r->to = HR_TO_EVENTS;
        else if (hr_out_ends_with(s, n, ".csv"))
            r->to = is_trade_table(r->format) ? HR_TO_TARDIS_TRADES : HR_TO_TARDIS;
        else if (hr_out_ends_with(s, n, ".ndjson") || hr_out_ends_with(s, n, ".jsonl"))
            r->to = HR_TO_CAPTURE_JSON;
        else if (hr_out_ends_with(s, n, ".itch"))
            r->to = HR_TO_ITCH;
        else if (is_dbn_name(s))
            r->to = HR_TO_DBN;
        else
            return HR_FAIL(err, HR_EUSAGE,
                           "'%s' does not end in .parquet, .arrow, .csv, .ndjson or .itch: --to "
                           "names the format",
                           s);
    }
    if (r->to == HR_TO_DBN && r->format == HR_FORMAT_DBN && j->source.events == NULL)
        return HR_FAIL(err, HR_EUSAGE, "'%s' is DBN: its records become .parquet, and that .dbn",
                       j->o->in);
    if (!is_table(r->to)) r->arrow = HR_IPC_NOT;
    if (j->o->packs_arrow && r->arrow == HR_IPC_NOT)
        return HR_FAIL(err, HR_EUSAGE, "--zstd is for outputs named .arrow, .feather or .arrows");
    if (is_table(r->to) && r->container != HR_CONTAINER_PLAIN)
        return HR_FAIL(err, HR_EUSAGE,
                       "'%s': a table compresses its own parts, name it without .gz or .zst", s);
    return HR_OK;
}

/* ---- reading ---- */

static hr_status open_source(job *j, hr_err *err)
{
    hr_source_info info = {.format = j->o->format,
                           .takes_records = true,
                           .px_scale = j->o->px_scale,
                           .qty_scale = j->o->qty_scale,
                           .share_decimals = j->o->share_decimals};
    if (j->o->venue != NULL) snprintf(info.venue, sizeof info.venue, "%s", j->o->venue);
    if (j->o->symbol != NULL) snprintf(info.symbol, sizeof info.symbol, "%s", j->o->symbol);
    HR_TRY(hr_source_open(&j->source, j->o->in, &info, &j->budget,
                          LINE_BYTES + HR_READER_BLOCK_BYTES, err));
    j->r->bytes_in = j->source.reader.size_bytes;
    j->r->format = j->source.info.format;
    j->r->from = hr_format_name(j->r->format);
    memcpy(j->r->why, j->source.why, sizeof j->r->why);
    return HR_OK;
}

static void close_source(job *j)
{
    hr_source_close(&j->source);
}

/* The next decoded batch; HR_END after the last. */
static hr_status next_batch(job *j, hr_evbatch **out, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_source *s = &j->source;
    for (;;) {
        if (j->o->stop != NULL && atomic_load_explicit(j->o->stop, memory_order_relaxed) != 0)
            return HR_FAIL(err, HR_ESTOPPED, "stopped: '%s' was not written", j->o->out);
        if ((*out = hr_source_head(s)) != NULL) return HR_OK;
        if (s->is_done) return HR_END;
        hr_status filled = hr_source_fill(s, err);
        if (filled < 0) {
            hr_err_prefix(err, "'%s'", s->path);
            return filled;
        }
        hr_status st = hr_source_decode(s, j->batches, &j->caps, TARGET_ROWS, err);
        if (st < 0) return st;
        if (filled != HR_OK && st != HR_OK && hr_source_head(s) == NULL && !s->is_done)
            sys->sleep_ns(sys->self, IDLE_NS); /* a read is in flight */
    }
}

static void done_batch(job *j, hr_evbatch *b)
{
    hr_source_advance(&j->source);
    hr_pool_put(j->batches, b);
}

/* ---- messages ---- */

static hr_status put_reject(job *j, const hr_evbatch *b, const hr_reject *reject, hr_err *err)
{
    j->r->rejects[reject->reason]++;
    return hr_out_reject(&j->rejects, j->o, j->arena, b, reject, err);
}

static hr_status put_message(job *j, const hr_evbatch *b, uint32_t m, hr_err *err)
{
    hr_convert_report *r = j->r;
    hr_writer *w = &j->writer;
    uint64_t bits = 0;
    HR_TRY(w->ops->losses(w, b, m, &bits, err));
    for (uint32_t l = 0; l < HR_LOSS_COUNT && bits != 0; l++)
        r->loss[l] += (bits >> l) & 1;
    if (j->is_dry) return HR_OK;
    if (bits != 0 && !j->o->lossy) /* the first pass saw none */
        return HR_FAIL(err, HR_EINPUT, "'%s' changed while it was read", j->o->in);
    if (bits >= UINT64_C(1) << HR_LOSS_WHOLE) {
        r->filtered++;
        return HR_OK;
    }
    r->written++;
    return w->ops->message(w, b, m, &r->rows, err);
}

/* As the merge of a run does: a message without a time takes the latest of its source. */
static void settle_time(job *j, hr_evbatch *b, uint32_t m)
{
    int64_t *time_max = &j->source.time_max;
    if (b->ts_recv[m] > *time_max) *time_max = b->ts_recv[m];
    if ((b->flags[m] & HR_FLAG_NO_TIME) == 0) return;
    b->ts_recv[m] = *time_max;
    b->flags[m] &= ~HR_FLAG_NO_TIME;
}

static hr_status take_batch(job *j, hr_evbatch *b, hr_err *err)
{
    uint32_t n_rejects = 0;
    for (uint32_t m = 0; m < b->n_msgs; m++) {
        hr_msg_kind k = (hr_msg_kind)b->kind[m];
        j->r->read++;
        j->r->kind[k]++;
        if (k == HR_MSG_BAD) {
            j->r->rejected++;
            if (!j->is_dry) HR_TRY(put_reject(j, b, &b->rejects[n_rejects], err));
            n_rejects++;
            if (j->writer.ops->lose != NULL) j->writer.ops->lose(&j->writer);
        } else if (k == HR_MSG_OTHER) {
            j->r->filtered++;
        } else {
            settle_time(j, b, m);
            HR_TRY(put_message(j, b, m, err));
        }
    }
    return HR_OK;
}

static void tell(const job *j)
{
    const hr_source *s = &j->source;
    if (j->o->progress == NULL) return;
    double all = (double)(s->events != NULL ? hr_pq_file_rows(s->table) : j->r->bytes_in);
    double done = s->events != NULL ? (double)j->r->lines
                                    : (double)s->reader.next_take * (double)HR_READER_BLOCK_BYTES;
    j->o->progress(j->o->self, j->is_dry ? 1 : 2, all > done && all > 0 ? done / all : 1);
}

static hr_status pass(job *j, hr_err *err)
{
    hr_evbatch *b = NULL;
    hr_status st;
    while ((st = next_batch(j, &b, err)) == HR_OK) {
        j->r->lines += b->n_lines;
        st = take_batch(j, b, err);
        done_batch(j, b);
        tell(j);
        if (st != HR_OK) return st;
    }
    return st == HR_END ? HR_OK : st;
}

/* ---- the whole ---- */

static void forget_counts(hr_convert_report *r)
{
    r->lines = r->read = r->written = r->rejected = r->filtered = r->rows = 0;
    memset(r->kind, 0, sizeof r->kind);
    memset(r->rejects, 0, sizeof r->rejects);
    memset(r->loss, 0, sizeof r->loss);
}

/* First pass over the whole input: what would be lost. */
static hr_status look_first(job *j, hr_err *err)
{
    bool is_lossless = true;
    hr_losses_init(&j->writer.losses, j->r->to, j->o->out);
    j->is_dry = true;
    HR_TRY(pass(j, err));
    j->is_dry = false;
    for (int l = 0; l < HR_LOSS_COUNT; l++)
        is_lossless = is_lossless && j->r->loss[l] == 0;
    close_source(j);
    if (!is_lossless && !j->o->lossy)
        return HR_FAIL(err, HR_EUSAGE, "%s cannot hold all of '%s': --lossy converts what it can",
                       hr_target_format_name(j->r->to), j->o->in);
    forget_counts(j->r);
    return open_source(j, err);
}

static hr_status carve(job *j, hr_err *err)
{
    j->caps = (hr_evbatch_caps){
        .msgs = 16384, .levels = 65536, .rejects = 1024, .raw = 80u << 10, .texts = 4096};
    size_t n = (HR_SOURCE_SLOTS + 2) * (hr_evbatch_bytes(&j->caps) + 4096) + 2 * hr_out_bytes() +
               hr_table_out_bytes() + (1u << 20);
    const hr_writer_ops *ops = hr_writer_ops_of(j->o->to);
    if (ops->bytes != NULL) n += ops->bytes(j->o->to);
    HR_TRY(hr_arena_create(&j->arena, &j->budget, n, "convert", err));
    return hr_pool_create(&j->batches, j->arena, hr_evbatch_bytes(&j->caps), HR_SOURCE_SLOTS + 1,
                          "batches", err);
}

static hr_status create_writer(job *j, hr_err *err)
{
    hr_writer *w = &j->writer;
    w->ops = hr_writer_ops_of(j->r->to);
    w->o = j->o;
    w->r = j->r;
    w->budget = &j->budget;
    w->arena = j->arena;
    return w->ops->create != NULL ? w->ops->create(w, err) : HR_OK;
}

static hr_status write_all(job *j, hr_err *err)
{
    hr_writer *w = &j->writer;
    HR_TRY(hr_out_open(&w->out, j->o->out, j->r->container, j->o->force, j->arena, err));
    HR_TRY(w->ops->begin(w, err));
    HR_TRY(pass(j, err));
    if (w->ops->finish != NULL) HR_TRY(w->ops->finish(w, err));
    HR_TRY(hr_out_finish(&w->out, &j->rejects, j->o->force, err));
    j->r->bytes_out = w->out.n_bytes;
    return HR_OK;
}

static hr_status convert(job *j, hr_err *err)
{
    HR_TRY(carve(j, err));
    HR_TRY(open_source(j, err));
    if (hr_format_is_records(j->r->format)) return HR_OK; /* see hr_convert */
    HR_TRY(set_target(j, err));
    HR_TRY(create_writer(j, err));
    if (hr_target_facts_of(j->r->to)->is_up_to_all || (j->r->to != HR_TO_EVENTS && !j->o->lossy))
        HR_TRY(look_first(j, err));
    j->writer.text.is_in_us = j->writer.losses.needs_us;
    hr_losses_init(&j->writer.losses, j->r->to, j->o->out);
    return write_all(j, err);
}

typedef hr_status (*convert_fn)(const hr_convert_options *o, hr_convert_report *report,
                                hr_err *err);

/* Inputs that are records and no events, on either side; NULL: it is events. */
static hr_status find_way(convert_fn *out, const hr_convert_options *o, hr_err *err)
{
    hr_dbn_kind kind = HR_DBN_NOT;
    bool is_table_of_csv = false;
    bool is_table_of_dbn = false;
    *out = NULL;
    if (o->format != HR_FORMAT_UNKNOWN) return HR_OK;
    bool is_rows = o->to == HR_TO_AUTO || hr_target_facts_of(o->to)->form == HR_FORM_RECORDS;
    bool is_to_dbn = o->to == HR_TO_DBN || (o->to == HR_TO_AUTO && is_dbn_name(o->out));
    HR_TRY(hr_dbn_file_probe(&kind, o->in, err));
    HR_TRY(hr_convert_csv_probe(&is_table_of_csv, o->in, err));
    if (is_to_dbn) HR_TRY(hr_convert_dbn_probe(&is_table_of_dbn, o->in, err));
    *out = is_table_of_csv                   ? hr_convert_csv_back
           : is_table_of_dbn                 ? hr_convert_dbn_back
           : (kind != HR_DBN_NOT && is_rows) ? hr_convert_dbn
                                             : NULL;
    return HR_OK;
}

hr_status hr_convert(const hr_convert_options *o, hr_convert_report *report, hr_err *err)
{
    int64_t began = hr_sys_mono_ns();
    convert_fn way;
    memset(report, 0, sizeof *report);
    HR_TRY(find_way(&way, o, err));
    if (way != NULL) {
        hr_status made = way(o, report, err);
        report->seconds = (double)(hr_sys_mono_ns() - began) * 1e-9;
        return made;
    }
    job *j = hr_heap_zero(1, sizeof *j);
    if (j == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory to convert '%s'", o->in);
    j->o = o;
    j->r = report;
    j->writer.out.fd = j->rejects.fd = j->source.reader.fd = -1;
    hr_budget_init(&j->budget, BUDGET_BYTES);
    hr_status st = convert(j, err);
    close_source(j);
    hr_out_abandon(&j->rejects, !j->writer.out.is_published);
    hr_out_abandon(&j->writer.out, false);
    hr_arena_destroy(&j->writer.own);
    hr_arena_destroy(&j->arena);
    hr_heap_free(j);
    if (st == HR_OK && hr_format_is_records(report->format)) st = hr_convert_csv(o, report, err);
    report->seconds = (double)(hr_sys_mono_ns() - began) * 1e-9;
    return st;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a DBN file as a table: one layout's fields under their official names, the symbol that
 * the metadata gives each instrument behind them. */
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/sys.h"
#include "convert/convert_dbn.h"
#include "convert/row_group.h"
#include "pipe/dbn_file.h"
#include "text/csv.h"

#define BUDGET_BYTES ((size_t)768 << 20) /* a bound, mostly the metadata's */
#define GROUP_ROWS 65536u
#define GROUPS_MAX 8192u
#define INDEX_BYTES ((size_t)48 << 20) /* what is noted of row groups until the end */
#define ROW_TEXT_MAX 16384u
#define NS_PER_DAY UINT64_C(86400000000000)

typedef struct dbn_job {
    const hr_convert_options *o;
    hr_convert_report *r;
    hr_budget budget;
    hr_dbn_file file;
    hr_arena *arena, *out_arena;
    hr_out_file out, rejects;
    hr_dbn_table table;
    uint8_t layout;      /* HR_DBN_NO_LAYOUT: not known yet */
    hr_row_groups group; /* of a table; text has none */
    hr_dbn_rec *recs;    /* those of the layout */
    /* the symbol that was found last */
    uint32_t instrument;
    uint64_t day;
    const char *symbol;
    size_t n_symbol;
    bool has_symbol;
    hr_dbn_rest rest;
    hr_dbn_keep keep; /* of the file, in the table's metadata */
    hr_arena *keep_arena;
} dbn_job;

/* ---- which records ---- */

/* What a stream says about itself is no data, unless it is asked for or alone. */
static bool is_about(uint8_t layout)
{
    return layout >= HR_DBN_ERROR_1 && layout <= HR_DBN_SYSTEM_2;
}

static bool is_wanted(const dbn_job *j, const hr_dbn_rec *r)
{
    if (r->layout == HR_DBN_NO_LAYOUT) return false;
    if (j->o->records == NULL) return !is_about(r->layout);
    return strcmp(j->o->records, hr_dbn_layout_get((hr_dbn_layout_id)r->layout)->name) == 0 ||
           strcmp(j->o->records, hr_dbn_rtype_name(r->rtype)) == 0;
}

static hr_status check_type(const dbn_job *j, hr_err *err)
{
    if (j->o->records == NULL) return HR_OK;
    for (int i = 0; i < HR_DBN_LAYOUT_COUNT; i++)
        if (strcmp(j->o->records, hr_dbn_layout_get((hr_dbn_layout_id)i)->name) == 0) return HR_OK;
    for (int i = 0; i < 256; i++) {
        const char *name = hr_dbn_rtype_name((uint8_t)i);
        if (name != NULL && strcmp(j->o->records, name) == 0) return HR_OK;
    }
    return HR_FAIL(err, HR_EUSAGE,
                   "--records: '%s' is no type of DBN records (mbo, trades, mbp-1, mbp-10, bbo, "
                   "cmbp-1, cbbo, ohlcv, definition, imbalance, statistics, status, error, system, "
                   "symbol-mapping)",
                   j->o->records);
}

/* A file without any record is a table without rows: of the layout that its schema and version
 * would have. */
static uint8_t layout_of_schema(const dbn_job *j)
{
    const hr_dbn_meta *m = &j->file.meta;
    char want[24];
    snprintf(want, sizeof want, "%s",
             j->o->records != NULL ? j->o->records : hr_dbn_schema_name(m->schema));
    if (strcmp(want, "tbbo") == 0) snprintf(want, sizeof want, "mbp-1");
    if (strcmp(want, "tcbbo") == 0) snprintf(want, sizeof want, "cmbp-1");
    for (int i = 0; i < HR_DBN_LAYOUT_COUNT; i++) {
        const hr_dbn_layout *l = hr_dbn_layout_get((hr_dbn_layout_id)i);
        size_t n = strlen(l->name);
        bool is_it = strncmp(want, l->name, n) == 0 && (want[n] == '\0' || want[n] == '-');
        if (is_it && m->version >= l->versions[0] && m->version <= l->versions[1])
            return (uint8_t)i;
    }
    return HR_DBN_NO_LAYOUT;
}

/* ---- output ---- */

static hr_status set_target(dbn_job *j, hr_err *err)
{
    hr_out_records_target(j->r, j->o);
    if (j->r->to == HR_TO_RECORDS_CSV) return HR_OK;
    if (j->r->to == HR_TO_RECORDS) return hr_out_check_parquet(j->r, j->o->out, err);
    return HR_FAIL(err, HR_EUSAGE,
                   "'%s': DBN becomes .parquet or .csv (--to records or records-csv)", j->o->out);
}

static hr_status open_table(dbn_job *j, hr_err *err)
{
    hr_row_groups_options opt = {.schema = &j->table.schema,
                                 .cap_rows = GROUP_ROWS,
                                 .max_groups = GROUPS_MAX,
                                 .index_bytes = INDEX_BYTES};
    HR_TRY(hr_dbn_keep_begin(&j->keep, &j->table, &j->file.meta, j->file.header, j->file.n_header,
                             &j->keep_arena, &j->budget, err));
    hr_dbn_rest_init(&j->rest, &j->table);
    opt.meta_keys = j->keep.key;
    opt.meta_values = j->keep.value;
    opt.n_meta = j->keep.n;
    HR_TRY(hr_arena_create(&j->arena, &j->budget, hr_row_groups_bytes(&opt), "records", err));
    return hr_row_groups_create(&j->group, &opt, &j->out, j->arena, err);
}

static hr_status put_header(dbn_job *j, hr_err *err)
{
    for (uint32_t i = 0; i < j->table.schema.n_fields; i++) {
        const char *name = j->table.columns[i].name;
        if (i > 0) HR_TRY(hr_out_put(&j->out, ",", 1, err));
        HR_TRY(hr_out_put(&j->out, name, strlen(name), err));
    }
    return hr_out_put(&j->out, "\n", 1, err);
}

static hr_status begin_table(dbn_job *j, uint8_t layout, hr_err *err)
{
    bool has_ts_out = j->file.kind == HR_DBN_FILE && j->file.meta.has_ts_out;
    j->layout = layout;
    hr_dbn_table_init(&j->table, (hr_dbn_layout_id)layout, has_ts_out);
    return j->r->to == HR_TO_RECORDS ? open_table(j, err) : put_header(j, err);
}

/* ---- rows ---- */

static void find_symbol(dbn_job *j, const hr_dbn_rec *r)
{
    uint32_t instrument;
    const uint8_t *rec = j->file.p + r->at;
    uint64_t day = hr_dbn_time(rec, r->layout) / NS_PER_DAY;
    memcpy(&instrument, rec + 4, sizeof instrument);
    if (j->has_symbol && j->instrument == instrument && j->day == day) return;
    j->n_symbol = hr_dbn_file_symbol(&j->file, r, &j->symbol);
    j->instrument = instrument;
    j->day = day;
    j->has_symbol = true;
}

/* HR_OK where nulls for what does not fit are allowed. */
static hr_status refuse_wide(dbn_job *j, const char *column, uint32_t n_wide, uint64_t row,
                             hr_err *err)
{
    j->r->loss[HR_LOSS_WIDE] += n_wide;
    if (n_wide == 0 || j->o->lossy) return HR_OK;
    return HR_FAIL(err, HR_EUSAGE,
                   "row %llu: Parquet cannot hold the value of '%s': --lossy puts null, .csv holds "
                   "all",
                   (unsigned long long)row, column);
}

static hr_status put_symbols(dbn_job *j, const hr_dbn_rec *recs, uint32_t n, hr_err *err)
{
    hr_text *out = (hr_text *)(void *)j->group.column[j->table.n_fields] + j->group.n_rows;
    for (uint32_t i = 0; i < n; i++) {
        find_symbol(j, &recs[i]);
        bool fits = j->n_symbol <= HR_TEXT_CAP;
        memset(&out[i], 0, sizeof out[i]);
        out[i].len = HR_TEXT_NULL;
        HR_TRY(refuse_wide(j, "symbol", !fits, j->r->rows + i + 1, err));
        if (!fits || j->n_symbol == 0) continue;
        memcpy(out[i].byte, j->symbol, j->n_symbol);
        out[i].len = (uint8_t)j->n_symbol;
    }
    return HR_OK;
}

static hr_status put_columns(dbn_job *j, const hr_dbn_rec *recs, uint32_t n, hr_err *err)
{
    while (n > 0) {
        uint32_t k = HR_MIN(n, GROUP_ROWS - j->group.n_rows);
        for (uint32_t c = 0; c < j->table.n_fields; c++) {
            uint32_t first;
            char *to =
                j->group.column[c] + j->group.n_rows * hr_col_width(j->table.columns[c].type);
            uint32_t n_wide = hr_dbn_column(to, &first, &j->table.fields[c], j->file.p, recs, k);
            HR_TRY(refuse_wide(j, j->table.fields[c].name, n_wide, j->r->rows + first + 1, err));
        }
        HR_TRY(put_symbols(j, recs, k, err));
        hr_dbn_rest_look(&j->rest, &j->table, j->file.p, recs, k);
        j->group.n_rows += k;
        j->r->rows += k;
        recs += k;
        n -= k;
        if (j->group.n_rows == GROUP_ROWS) HR_TRY(hr_row_groups_write(&j->group, err));
    }
    return HR_OK;
}

static size_t put_field(char *out, const hr_dbn_field *f, const uint8_t *rec)
{
    char text[HR_DBN_TEXT_MAX];
    size_t n;
    bool is_text = f->type == HR_DBN_TEXT || f->type == HR_DBN_CHAR;
    (void)hr_dbn_value_text(is_text ? text : out, &n, f, rec); /* a row has room for it */
    return is_text ? hr_csv_put(out, text, n) : n;
}

static hr_status put_lines(dbn_job *j, const hr_dbn_rec *recs, uint32_t n, hr_err *err)
{
    for (uint32_t i = 0; i < n; i++) {
        size_t k = 0;
        char *to = hr_out_room(&j->out, ROW_TEXT_MAX, err);
        if (to == NULL) return err != NULL ? err->code : HR_EIO;
        for (uint32_t c = 0; c < j->table.n_fields; c++) {
            k += put_field(to + k, &j->table.fields[c], j->file.p + recs[i].at);
            to[k++] = ',';
        }
        find_symbol(j, &recs[i]);
        k += hr_csv_put(to + k, j->symbol, j->n_symbol);
        to[k++] = '\n';
        hr_out_took(&j->out, k);
        j->r->rows++;
    }
    return HR_OK;
}

/* ---- the whole ---- */

static hr_status refuse_type(const dbn_job *j, const hr_dbn_rec *r, hr_err *err)
{
    const hr_dbn_layout *have = j->table.layout;
    const hr_dbn_layout *other = hr_dbn_layout_get((hr_dbn_layout_id)r->layout);
    if (strcmp(have->name, other->name) == 0)
        return HR_FAIL(err, HR_EINPUT, "'%s' holds %s records of two versions", j->o->in,
                       have->name);
    return HR_FAIL(err, HR_EUSAGE,
                   "'%s' holds several types of records, %s and %s: --records says which, --lossy "
                   "takes the first",
                   j->o->in, have->name, other->name);
}

/* A record that is too short for its type, into the file of rejects. */
static hr_status put_reject(dbn_job *j, hr_err *err)
{
    const hr_dbn_file *f = &j->file;
    hr_evbatch b = {.raw = (char *)(uintptr_t)f->bad};
    hr_reject reject = {.src_offset = f->bad_offset,
                        .src_line = (int64_t)(f->n_records + f->n_short),
                        .raw_len = f->n_bad,
                        .full_len = f->n_bad,
                        .reason = HR_REJECT_UNKNOWN};
    j->r->read++;
    j->r->rejected++;
    j->r->rejects[HR_REJECT_UNKNOWN]++;
    return hr_out_reject(&j->rejects, j->o, j->out_arena, &b, &reject, err);
}

/* Those of the file's records at hand that are rows. */
static hr_status choose(dbn_job *j, uint32_t *n, hr_err *err)
{
    const hr_dbn_file *f = &j->file;
    *n = 0;
    for (uint32_t i = 0; i < f->n_recs; i++) {
        const hr_dbn_rec *r = &f->recs[i];
        j->r->read++;
        if (!is_wanted(j, r)) {
            j->r->filtered++;
            continue;
        }
        if (j->layout == HR_DBN_NO_LAYOUT) HR_TRY(begin_table(j, r->layout, err));
        if (r->layout == j->layout) {
            j->recs[(*n)++] = *r;
            continue;
        }
        if (!j->o->lossy) return refuse_type(j, r, err);
        j->r->loss[HR_LOSS_KIND]++;
        j->r->filtered++;
    }
    return HR_OK;
}

static void tell(const dbn_job *j)
{
    double done = (double)j->file.n_read;
    double all = (double)j->file.size_bytes;
    if (j->o->progress != NULL)
        j->o->progress(j->o->self, 2, all > done && all > 0 ? done / all : 1);
}

static hr_status pass(dbn_job *j, hr_err *err)
{
    hr_status st;
    while ((st = hr_dbn_file_next(&j->file, err)) == HR_OK) {
        uint32_t n;
        if (j->o->stop != NULL && atomic_load_explicit(j->o->stop, memory_order_relaxed) != 0)
            return HR_FAIL(err, HR_ESTOPPED, "stopped: '%s' was not written", j->o->out);
        j->has_symbol = false; /* a mapping may have come */
        if (j->file.bad != NULL) HR_TRY(put_reject(j, err));
        HR_TRY(choose(j, &n, err));
        if (n > 0)
            HR_TRY(j->r->to == HR_TO_RECORDS ? put_columns(j, j->recs, n, err)
                                             : put_lines(j, j->recs, n, err));
        j->r->written += n;
        tell(j);
    }
    return st == HR_END ? HR_OK : st;
}

static hr_status finish(dbn_job *j, hr_err *err)
{
    j->r->lines = j->file.n_records + j->file.n_short;
    if (j->layout == HR_DBN_NO_LAYOUT) {
        uint8_t layout = j->file.kind == HR_DBN_FILE ? layout_of_schema(j) : HR_DBN_NO_LAYOUT;
        if (layout == HR_DBN_NO_LAYOUT)
            return HR_FAIL(err, HR_EINPUT, "'%s' holds no records %s", j->o->in,
                           j->o->records != NULL ? "of that type" : "to write");
        HR_TRY(begin_table(j, layout, err));
    }
    hr_dbn_keep_end(&j->keep, &j->rest, j->r->filtered + j->r->rejected);
    if (j->r->to == HR_TO_RECORDS) HR_TRY(hr_row_groups_finish(&j->group, err));
    HR_TRY(hr_out_finish(&j->out, &j->rejects, j->o->force, err));
    j->r->bytes_out = j->out.n_bytes;
    return HR_OK;
}

static hr_status convert(dbn_job *j, hr_err *err)
{
    HR_TRY(check_type(j, err));
    HR_TRY(set_target(j, err));
    HR_TRY(hr_dbn_file_open(&j->file, j->o->in, &j->budget, err));
    j->r->bytes_in = j->file.size_bytes;
    size_t n = 2 * hr_out_bytes() + HR_DBN_FILE_RECS * sizeof *j->recs + (64u << 10);
    HR_TRY(hr_arena_create(&j->out_arena, &j->budget, n, "output", err));
    j->recs = hr_arena_alloc(j->out_arena, HR_DBN_FILE_RECS * sizeof *j->recs, 64);
    if (j->recs == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to convert '%s'", j->o->in);
    HR_TRY(hr_out_open(&j->out, j->o->out, j->r->container, j->o->force, j->out_arena, err));
    HR_TRY(pass(j, err));
    return finish(j, err);
}

hr_status hr_convert_dbn(const hr_convert_options *o, hr_convert_report *report, hr_err *err)
{
    dbn_job *j = hr_heap_zero(1, sizeof *j);
    if (j == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory to convert '%s'", o->in);
    j->o = o;
    j->r = report;
    j->layout = HR_DBN_NO_LAYOUT;
    j->out.fd = j->rejects.fd = j->file.reader.fd = -1;
    report->from = "dbn";
    hr_budget_init(&j->budget, BUDGET_BYTES);
    hr_status st = convert(j, err);
    hr_out_abandon(&j->rejects, !j->out.is_published);
    hr_out_abandon(&j->out, false);
    hr_dbn_file_close(&j->file);
    hr_arena_destroy(&j->arena);
    hr_arena_destroy(&j->keep_arena);
    hr_arena_destroy(&j->out_arena);
    hr_heap_free(j);
    return st;
}

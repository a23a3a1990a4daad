/* SPDX-License-Identifier: Apache-2.0 */
/* Encoders turn cut chains into part files; the commit makes them durable and names them in the
 * manifest. */
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/crc32c.h"
#include "base/sys.h"
#include "job/run_parts.h"

typedef struct part_sink {
    int fd;
    char *out; /* RUN_OUT_BYTES: the writer gives bytes in small pieces */
    size_t n_out;
    int64_t at;
    uint32_t crc;
} part_sink;

static hr_status sink_drain(part_sink *s, const void *bytes, size_t n_bytes, hr_err *err)
{
    int64_t n = hr_sys_pwrite_full(s->fd, bytes, n_bytes, s->at);
    if (n < 0) return HR_FAIL_SYS(err, n, "cannot write a part");
    s->at += n;
    s->crc = hr_crc32c(s->crc, bytes, n_bytes);
    return HR_OK;
}

static hr_status sink_put(void *self, const void *bytes, size_t n_bytes, hr_err *err)
{
    part_sink *s = self;
    if (s->n_out + n_bytes > RUN_OUT_BYTES) {
        HR_TRY(sink_drain(s, s->out, s->n_out, err));
        s->n_out = 0;
        if (n_bytes > RUN_OUT_BYTES / 2) return sink_drain(s, bytes, n_bytes, err);
    }
    memcpy(s->out + s->n_out, bytes, n_bytes);
    s->n_out += n_bytes;
    return HR_OK;
}

typedef struct gathered {
    const char *base;
    size_t offset[HR_TABLE_FIELDS_MAX];
    uint32_t n_rows;
} gathered;

static const void *gathered_get(void *self, uint32_t col, uint32_t block, uint32_t *n_rows,
                                hr_err *err)
{
    const gathered *g = self;
    (void)block;
    (void)err;
    *n_rows = g->n_rows;
    return g->base + g->offset[col];
}

static hr_cut *take_cut(hr_run *r)
{
    hr_cut *c = NULL;
    if (!run_try_lock(&r->cutq_busy)) return NULL;
    c = r->cutq_first;
    if (c != NULL) {
        r->cutq_first = c->next;
        if (r->cutq_first == NULL) r->cutq_last = NULL;
    }
    run_unlock(&r->cutq_busy);
    return c;
}

static hr_status write_part(hr_run *r, run_lane *l, const hr_cut *c, gathered *g, hr_part *p,
                            hr_err *err)
{
    const hr_schema *schema = &r->tables.schema[c->kind];
    hr_pq_write_options opt = HR_PQ_WRITE_OPTIONS_DEFAULT;
    hr_pq_writer *w;
    part_sink sink = {.fd = -1, .out = l->out};
    opt.level = r->plan->zstd_level;
    opt.created_by = "headrace " HR_VERSION;
    opt.sort_col = HR_COLI_TS_RECV;
    HR_TRY(hr_part_create(&r->ds, p, &sink.fd, err));
    hr_rows_source rows = {.self = g, .n_blocks = 1, .n_rows = g->n_rows, .get = gathered_get};
    hr_status st = hr_pq_writer_init(&w, l->writer_mem, l->writer_bytes, schema, 1, &opt, sink_put,
                                     &sink, err);
    if (st == HR_OK) st = hr_pq_writer_row_group(w, l->scratch, &rows, err);
    if (st == HR_OK) st = hr_pq_writer_finish(w, l->scratch, err);
    if (st == HR_OK) st = sink_drain(&sink, sink.out, sink.n_out, err);
    (void)hr_sys_close(sink.fd);
    p->n_bytes = (uint64_t)sink.at;
    p->crc32c = sink.crc;
    return st;
}

hr_status run_encode(hr_run *r, run_lane *l, hr_err *err)
{
    hr_cut *c = take_cut(r);
    if (c == NULL) return HR_AGAIN;
    const hr_row_layout *layout = &r->cfg.layout[c->kind];
    gathered g = {.base = l->gather, .n_rows = (uint32_t)c->chain.n_rows};
    size_t at = 0;
    for (uint32_t i = 0; i < layout->schema->n_fields; i++) {
        g.offset[i] = at;
        at += hr_round_up((size_t)layout->width[i] * g.n_rows, 64);
    }
    HR_ASSERT(at <= r->group_bytes);
    hr_status st = hr_chain_gather(&c->chain, layout, c->spill_fd, l->gather, g.offset, l->block,
                                   r->io_blocks, err);
    hr_chain_free(&c->chain, r->blocks);
    uint32_t slot = atomic_fetch_add_explicit(&r->n_parts, 1, memory_order_relaxed);
    if (st == HR_OK && slot >= RUN_PARTS_MAX)
        st = HR_FAIL(err, HR_ELIMIT, "more than %u parts in one commit: lower output.commit_rows",
                     RUN_PARTS_MAX);
    if (st != HR_OK) return st;
    const int64_t *ts = (const int64_t *)(const void *)(l->gather + g.offset[HR_COLI_TS_RECV]);
    hr_part p = {.kind = c->kind,
                 .date = c->date,
                 .number = c->part,
                 .venue = c->desk->venue,
                 .symbol = c->desk->symbol,
                 .n_rows = g.n_rows,
                 .ts_first = ts[0],
                 .ts_last = ts[g.n_rows - 1]};
    HR_TRY(write_part(r, l, c, &g, &p, err));
    r->parts[slot] = p;
    hr_rec_add(l->rec, HR_RUN_ROWS_ENCODED, p.n_rows);
    hr_rec_add(l->rec, HR_RUN_ROW_BYTES, p.n_rows * hr_schema_row_bytes(layout->schema));
    hr_rec_add(l->rec, HR_RUN_BYTES_WRITTEN, p.n_bytes);
    hr_rec_add(l->rec, HR_RUN_PARTS, 1);
    hr_pool_put(r->cuts, c);
    atomic_fetch_sub_explicit(&r->n_cuts_open, 1, memory_order_release); /* pairs: run_commit */
    return HR_OK;
}

/* ---- commit ---- */

static bool is_quiet(hr_run *r)
{
    const run_unit *u = &r->unit[(r->next_unit - 1) % RUN_UNITS];
    return r->mark_pending && atomic_load_explicit(&u->pending, memory_order_acquire) == 0 &&
           atomic_load_explicit(&r->n_cuts_open, memory_order_acquire) == 0;
}

static size_t put_sources(const hr_run *r, char *out, size_t cap)
{
    size_t n = (size_t)snprintf(out, cap, "\"sources\":[");
    for (uint32_t i = 0; i < r->n_sources; i++) {
        const hr_source *s = &r->source[i];
        n += (size_t)snprintf(out + n, cap - n, "%s{\"offset\":%lld,\"line\":%lld,\"done\":%s}",
                              i > 0 ? "," : "", (long long)s->pos_offset, (long long)s->pos_line,
                              s->is_done ? "true" : "false");
    }
    n += (size_t)snprintf(out + n, cap - n, "],\"rows\":{");
    hr_counts sum;
    run_sum_counts(r, &sum);
    for (int k = 0; k < HR_KIND_COUNT; k++)
        n += (size_t)snprintf(out + n, cap - n, "%s\"%s\":%llu", k > 0 ? "," : "",
                              hr_kind_name((hr_kind)k), (unsigned long long)sum.written[k]);
    return n + (size_t)snprintf(out + n, cap - n, "}");
}

static void reset_spill(hr_run *r)
{
    for (uint32_t i = 0; i < r->n_shards; i++) {
        hr_rows *rows = &r->shard[i].env.rows;
        if (rows->spill_fd < 0 || rows->spill_end == 0) continue;
        (void)hr_sys_truncate(rows->spill_fd, 0);
        rows->spill_end = 0;
    }
}

/* All shards stand at the mark and no cut is open: nobody else touches desks, sources or parts. */
hr_status run_commit(hr_run *r, hr_err *err)
{
    if (!is_quiet(r)) return HR_AGAIN;
    if (r->check != NULL) { /* nothing to write: a check ends with its input */
        r->is_ended = true;
        atomic_store_explicit(&r->is_over, 1, memory_order_release);
        return HR_OK;
    }
    char state[64];
    char old[64];
    int64_t n_state = 0;
    uint32_t crc = 0;
    snprintf(old, sizeof old, "state-%u.bin", r->ds.n_commits);
    snprintf(state, sizeof state, "state-%u.bin", r->ds.n_commits + 1);
    if (!r->is_final_mark) {
        HR_TRY(run_state_save(r, state, &n_state, &crc, err));
    }
    size_t n = put_sources(r, r->state_buf, r->state_cap);
    if (n + 16 > r->state_cap)
        return HR_FAIL(err, HR_ELIMIT, "too many sources for one manifest line");
    uint32_t n_parts = atomic_load_explicit(&r->n_parts, memory_order_acquire);
    HR_TRY(hr_dataset_commit(&r->ds, r->parts, n_parts, r->state_buf,
                             r->is_final_mark ? NULL : state, crc, n_state, r->is_final_mark, err));
    hr_dataset_remove(&r->ds, old);
    reset_spill(r);
    atomic_store_explicit(&r->n_parts, 0, memory_order_relaxed);
    r->rows_since_commit = 0;
    r->mark_pending = false;
    run_all_counts(r, &r->committed);
    bool stops = atomic_load_explicit(&r->stop_wanted, memory_order_relaxed) != 0;
    r->is_ended = r->is_final_mark || stops;
    if (r->is_ended) atomic_store_explicit(&r->is_over, 1, memory_order_release);
    return HR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Encoders turn cut chains into part files. */
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
    run_epoch *e = &r->epoch[c->epoch % 2];
    uint32_t slot = atomic_fetch_add_explicit(&e->n_parts, 1, memory_order_relaxed);
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
    e->parts[slot] = p;
    hr_rec_add(l->rec, HR_RUN_ROWS_ENCODED, p.n_rows);
    hr_rec_add(l->rec, HR_RUN_ROW_BYTES, p.n_rows * hr_schema_row_bytes(layout->schema));
    hr_rec_add(l->rec, HR_RUN_BYTES_WRITTEN, p.n_bytes);
    hr_rec_add(l->rec, HR_RUN_PARTS, 1);
    hr_pool_put(r->cuts, c);
    atomic_fetch_sub_explicit(&e->n_cuts_open, 1, memory_order_release); /* pairs: run_publish */
    return HR_OK;
}

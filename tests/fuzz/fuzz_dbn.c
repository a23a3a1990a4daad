/* SPDX-License-Identifier: Apache-2.0 */
/* First byte: where the records are cut. Whatever the bytes are: metadata is refused or every
 * symbol of it can be read, the records and the events do not depend on the cut, columns take any
 * value, and the books stay sound. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "venue/files/dbn.h"

#define RECS_MAX 4096u
#define BATCH_MSGS 512u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void need(bool is_true, const char *what)
{
    if (is_true) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static hr_arena *arena_of(size_t n)
{
    hr_arena *a;
    need(hr_arena_create(&a, NULL, n, "fuzz", NULL) == HR_OK, "no arena");
    return a;
}

/* ---- metadata ---- */

static void look_up_all(const hr_dbn_meta *m)
{
    hr_dbn_mapping_cursor c;
    hr_dbn_interval in;
    hr_dbn_dir *d;
    const char *s;
    uint64_t n = 0;
    hr_arena *a = arena_of(hr_dbn_dir_bytes(m, 4) + 4096);
    need(hr_dbn_dir_create(&d, a, m, 4, NULL) == HR_OK, "the directory does not fit");
    hr_dbn_mapping_begin(&c, m);
    for (; hr_dbn_mapping_next(&c, m, &in); n++) {
        need(in.n_raw <= m->width && in.n_symbol <= m->width, "a symbol is too long");
        char id[16] = {0};
        memcpy(id, in.symbol, HR_MIN(in.n_symbol, sizeof id - 1));
        (void)hr_dbn_dir_find(d, (uint32_t)strtoul(id, NULL, 10), UINT64_C(19851) * 86400000000000,
                              &s);
    }
    need(n == m->n_intervals, "intervals are missing");
    for (uint32_t i = 0; i < m->symbols.n; i++)
        need(hr_dbn_name(&m->symbols, i, &s) <= m->width, "a name is too long");
    hr_arena_destroy(&a);
}

/* Bytes of the header, 0: none. */
static size_t take_header(const uint8_t *p, size_t n)
{
    hr_dbn_meta m;
    size_t want = 0;
    hr_err err = HR_ERR_INIT;
    if (hr_dbn_is(p, n) != HR_DBN_FILE || hr_dbn_prelude(&want, p, n, &err) != HR_OK) return 0;
    if (want > n || hr_dbn_meta_parse(&m, p, want, &err) != HR_OK) return 0;
    look_up_all(&m);
    return want;
}

/* ---- records ---- */

typedef struct run {
    hr_dbn_rec rec[RECS_MAX];
    uint32_t n, n_bad;
    bool is_lost;
} run;

static size_t walk(run *r, const uint8_t *p, size_t at, size_t n, bool at_eof)
{
    while (!r->is_lost && r->n < RECS_MAX) {
        hr_dbn_step step;
        hr_status st = hr_dbn_walk(&step, r->rec + r->n, RECS_MAX - r->n, p + at, n - at, at_eof);
        need(step.n_taken <= n - at, "more taken than there is");
        for (uint32_t i = 0; i < step.n_recs; i++)
            r->rec[r->n++].at += (uint32_t)at;
        at += step.n_taken;
        if (st != HR_EINPUT) break;
        need(step.is_lost || step.n_taken > step.offset, "a bad record is not skipped");
        need(step.reason > HR_DBN_FINE && step.reason < HR_DBN_REASON_COUNT, "no reason");
        r->n_bad++;
        r->is_lost = step.is_lost;
    }
    return at;
}

static void read_columns(const run *r, const uint8_t *p)
{
    static hr_dbn_table t;
    static char out[HR_DBN_RECORD_MAX];
    char text[HR_DBN_TEXT_MAX];
    size_t n;
    uint32_t first;
    for (uint32_t i = 0; i < r->n; i++) {
        const hr_dbn_rec *k = &r->rec[i];
        if (k->layout == HR_DBN_NO_LAYOUT) continue;
        hr_dbn_table_init(&t, (hr_dbn_layout_id)k->layout, false);
        for (uint32_t c = 0; c < t.n_fields; c++) {
            uint32_t n_bad = hr_dbn_column(out, &first, &t.fields[c], p, k, 1);
            need(n_bad == !hr_dbn_fits(&t.fields[c], p + k->at), "a column and its check differ");
            (void)hr_dbn_value_text(text, &n, &t.fields[c], p + k->at);
            need(n <= HR_DBN_TEXT_MAX, "a value is too long");
        }
    }
}

static void apply_all(const run *r, const uint8_t *p)
{
    hr_l3_options o = {.max_orders = 16, .max_levels = 8, .max_instruments = 4};
    hr_l3 *b;
    hr_l3_change c;
    hr_arena *a = arena_of(hr_l3_bytes(&o) + 64);
    need(hr_l3_create(&b, a, &o, NULL) == HR_OK, "no books");
    for (uint32_t i = 0; i < r->n; i++) {
        if (r->rec[i].layout != HR_DBN_MBO) continue;
        hr_dbn_mbo m = hr_dbn_mbo_at(p + r->rec[i].at);
        hr_l3_op op;
        hr_dbn_op(&op, &m, m.instrument % 4);
        hr_l3_look(b, &op, 0, 0);
        hr_status st = hr_dbn_apply(b, &c, &m, m.instrument % 4);
        need(st == (c.verdict == HR_L3_FULL ? HR_EBUDGET : HR_OK), "status and verdict disagree");
        if (i % 16 == 0) need(hr_l3_is_sound(b), "the books are not sound");
    }
    need(hr_l3_is_sound(b), "the books are not sound");
    hr_arena_destroy(&a);
}

/* ---- events ---- */

static void look_at(const hr_evbatch *b)
{
    for (uint32_t m = 0; m < b->n_msgs; m++) {
        if (b->kind[m] != HR_MSG_ORDER) continue;
        hr_order_action a = hr_order_action_of(b->flags[m]);
        uint32_t at = (uint32_t)b->level_begin[m];
        need(b->level_begin[m + 1] == b->level_begin[m] + 1 && b->sym[m] >= 0, "no order");
        need(a <= HR_ORDER_NOTE && b->seq_first[m] >= 0, "no action, no id");
        need(b->px[at] >= 0 && b->qty[at] >= 0, "values that no book holds");
    }
}

/* has_orders: as a source of a run gives them. */
static uint64_t decode(hr_evbatch *b, const uint8_t *p, size_t n, size_t cut, uint32_t target,
                       bool has_orders)
{
    hr_dbn_source s = {.px_scale = 9, .qty_scale = 8, .has_orders = has_orders, .venue = "fuzz"};
    if (has_orders) hr_dbn_learn(&s, NULL, p, n);
    size_t pos = 0;
    int64_t row = 1;
    uint64_t n_msgs = 0;
    for (size_t end = cut;; end = n) {
        hr_status st;
        do {
            size_t before = pos;
            hr_evbatch_reset(b);
            st = hr_dbn_decode(&s, b, p, end, &pos, 0, &row, target, end == n);
            need(pos <= end && (st != HR_FULL || pos > before), "no progress");
            n_msgs += b->n_msgs;
            look_at(b);
        } while (st == HR_FULL);
        if (st == HR_END || end == n) return n_msgs;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const hr_evbatch_caps caps = {
        .msgs = BATCH_MSGS, .levels = 2048, .rejects = 64, .raw = 128u << 10};
    static hr_evbatch *batch;
    static run whole;
    static run parts;
    if (n < 2) return 0;
    if (batch == NULL)
        batch = hr_evbatch_init(
            hr_arena_alloc(arena_of(hr_evbatch_bytes(&caps) + 4096), hr_evbatch_bytes(&caps), 64),
            &caps);
    size_t skip = take_header(data + 1, n - 1);
    const uint8_t *p = data + 1 + skip;
    n -= 1 + skip;
    size_t cut = n * data[0] / 256;
    whole.n = whole.n_bad = parts.n = parts.n_bad = 0;
    whole.is_lost = parts.is_lost = false;
    size_t end = walk(&whole, p, 0, n, true);
    need(end == n || whole.is_lost || whole.n == RECS_MAX, "bytes are left at the end");
    end = walk(&parts, p, 0, cut, false);
    (void)walk(&parts, p, end, n, true);
    need(parts.n == whole.n && parts.n_bad == whole.n_bad, "the cut shows");
    need(memcmp(parts.rec, whole.rec, whole.n * sizeof *whole.rec) == 0, "the cut shows");
    read_columns(&whole, p);
    apply_all(&whole, p);
    for (int k = 0; k < 2; k++)
        need(decode(batch, p, n, n, UINT32_MAX, k != 0) == decode(batch, p, n, cut, 20, k != 0),
             "the cut shows");
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Random DBN records, some of them damaged: what is found, and the events made of it, do not depend
 * on where the bytes are cut; columns and text say the same. */
#include <stdlib.h>

#include "harness.h"

#include "dbn_made.h"
#include "rng.h"
#include "venue/files/dbn.h"

#define N_RECORDS 40u
#define BYTES_MAX (N_RECORDS * HR_DBN_RECORD_MAX)
#define FOUND_MAX 4096u
#define MSGS_MAX 256u

typedef struct found {
    size_t at;
    uint16_t bytes;
    uint8_t layout; /* of a bad one: 200 + reason */
} found;

typedef struct walked {
    found of[FOUND_MAX];
    uint32_t n;
    bool is_lost;
} walked;

static test_rng rng;
static uint8_t text[BYTES_MAX];

static size_t make(void)
{
    size_t n = 0;
    for (uint32_t i = 0; i < N_RECORDS; i++)
        n += dbn_made_random(text + n, &rng);
    if (test_rng_chance(&rng, 2)) return n;
    for (uint64_t k = test_rng_below(&rng, 3); k > 0; k--)
        text[test_rng_below(&rng, n)] = (uint8_t)test_rng_u64(&rng);
    if (test_rng_chance(&rng, 4)) n -= test_rng_below(&rng, HR_MIN(n, (size_t)60));
    return n;
}

/* Takes what is whole of [*pos, n), in steps of a few records. */
static void walk(walked *w, const uint8_t *p, size_t *pos, size_t n, bool at_eof)
{
    static hr_dbn_rec recs[8];
    uint32_t cap = 1 + (uint32_t)test_rng_below(&rng, 8);
    while (!w->is_lost) {
        hr_dbn_step step;
        hr_status st = hr_dbn_walk(&step, recs, cap, p + *pos, n - *pos, at_eof);
        assert_true(step.n_recs <= cap && step.n_taken <= n - *pos);
        for (uint32_t i = 0; i < step.n_recs; i++) {
            assert_true(w->n < FOUND_MAX && recs[i].at + recs[i].bytes <= n - *pos);
            w->of[w->n++] = (found){*pos + recs[i].at, recs[i].bytes, recs[i].layout};
        }
        if (st == HR_EINPUT) {
            assert_true(w->n < FOUND_MAX && (step.is_lost || step.n_taken > step.offset));
            w->of[w->n++] = (found){*pos + step.offset, 0, (uint8_t)(200 + step.reason)};
            w->is_lost = step.is_lost;
        }
        *pos += step.n_taken;
        if (st == HR_OK) return;
        if (st == HR_FULL) assert_int_equal(step.n_recs, cap);
    }
}

static void check_same(const walked *a, const walked *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->is_lost, b->is_lost);
    for (uint32_t i = 0; i < a->n; i++) {
        assert_int_equal(a->of[i].at, b->of[i].at);
        assert_int_equal(a->of[i].bytes, b->of[i].bytes);
        assert_int_equal(a->of[i].layout, b->of[i].layout);
    }
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    static walked whole;
    static walked parts;
    for (uint64_t k = test_iters(40); k > 0; k--) {
        size_t n = make();
        size_t pos = 0;
        whole.n = 0;
        whole.is_lost = false;
        walk(&whole, text, &pos, n, true);
        assert_true(whole.is_lost || pos == n);
        for (size_t cut = 0; cut <= n; cut++) {
            parts.n = 0;
            parts.is_lost = false;
            pos = 0;
            walk(&parts, text, &pos, cut, false);
            walk(&parts, text, &pos, n, true);
            check_same(&whole, &parts);
        }
    }
}

/* ---- events ---- */

typedef struct events {
    hr_evbatch *b;
    uint64_t sum;
    uint64_t n_msgs, n_lines;
    int64_t row;
    bool is_end;
} events;

static uint64_t mix(uint64_t sum, uint64_t v)
{
    return (sum ^ v) * UINT64_C(0x9e3779b97f4a7c15) + (sum >> 29);
}

static void note(events *e)
{
    const hr_evbatch *b = e->b;
    for (uint32_t m = 0; m < b->n_msgs; m++) {
        e->sum = mix(e->sum, b->kind[m]);
        e->sum = mix(e->sum, (uint64_t)b->ts_event[m] ^ (uint64_t)b->ts_recv[m] << 1);
        e->sum = mix(e->sum, (uint64_t)b->src_offset[m] ^ (uint64_t)b->src_line[m] << 32);
        e->sum = mix(e->sum, (uint64_t)b->seq_last[m] ^ (uint64_t)b->flags[m] << 40);
        if (b->sym[m] >= 0)
            for (const char *s = b->syms[b->sym[m]].symbol; *s != '\0'; s++)
                e->sum = mix(e->sum, (uint8_t)*s);
        for (int32_t l = b->level_begin[m]; l < b->level_begin[m + 1]; l++)
            e->sum = mix(e->sum, (uint64_t)b->px[l] ^ (uint64_t)b->qty[l] << 1 ^ b->side[l]);
    }
    e->n_msgs += b->n_msgs;
    e->n_lines += b->n_lines;
}

static void decode(events *e, size_t *pos, size_t n, uint32_t target, bool at_eof)
{
    hr_dbn_source s = {.px_scale = 9, .qty_scale = 8, .venue = "glbx"};
    hr_status st = HR_FULL;
    while (st == HR_FULL && !e->is_end) {
        hr_evbatch_reset(e->b);
        size_t before = *pos;
        st = hr_dbn_decode(&s, e->b, text, n, pos, 0, &e->row, target, at_eof);
        assert_true(st != HR_FULL || *pos > before);
        assert_true(*pos <= n);
        note(e);
        e->is_end = st == HR_END;
    }
    assert_true(st == HR_OK || st == HR_END);
}

static void test_events_cut_anywhere(void **state)
{
    (void)state;
    static const hr_evbatch_caps caps = {
        .msgs = MSGS_MAX, .levels = 1024, .rejects = 64, .raw = 256u << 10};
    hr_arena *arena;
    assert_int_equal(hr_arena_create(&arena, NULL, hr_evbatch_bytes(&caps) + 4096, "batch", NULL),
                     HR_OK);
    void *mem = hr_arena_alloc(arena, hr_evbatch_bytes(&caps), 64);
    events whole = {.b = hr_evbatch_init(mem, &caps)};
    events parts = whole;
    for (uint64_t k = test_iters(30); k > 0; k--) {
        size_t n = make();
        size_t pos = 0;
        whole = (events){.b = whole.b, .row = 1};
        decode(&whole, &pos, n, UINT32_MAX, true);
        assert_int_equal(pos, n);
        assert_int_equal(whole.row, whole.n_lines + 1);
        for (size_t cut = 0; cut <= n; cut += 1 + test_rng_below(&rng, 7)) {
            pos = 0;
            parts = (events){.b = whole.b, .row = 1};
            decode(&parts, &pos, cut, 1 + (uint32_t)test_rng_below(&rng, 60), false);
            if (!parts.is_end) decode(&parts, &pos, n, UINT32_MAX, true);
            assert_int_equal(parts.n_msgs, whole.n_msgs);
            assert_int_equal(parts.n_lines, whole.n_lines);
            assert_true(parts.sum == whole.sum);
        }
    }
    hr_arena_destroy(&arena);
}

/* ---- columns beside text ---- */

static void check_number(const hr_dbn_field *f, const uint8_t *rec, int64_t v)
{
    char want[HR_DBN_TEXT_MAX];
    char have[HR_DBN_TEXT_MAX];
    size_t n;
    bool is_there = hr_dbn_value_text(want, &n, f, rec);
    want[n] = '\0';
    assert_true(is_there || v == HR_NULL_I64);
    if (!hr_dbn_fits(f, rec)) assert_true(v == HR_NULL_I64);
    if (v == HR_NULL_I64) return;
    assert_true(v == hr_dbn_value(f, rec));
    int64_t whole = f->type == HR_DBN_PRICE ? v / 1000000000 : v;
    snprintf(have, sizeof have, "%lld", (long long)whole);
    const char *dot = strchr(want, '.');
    if (v < 0 && whole == 0) return; /* "-0." */
    assert_int_equal(dot != NULL ? (size_t)(dot - want) : n, strlen(have));
    assert_memory_equal(want, have, strlen(have));
}

static void check_column(const hr_dbn_table *t, uint32_t c, const hr_dbn_rec *r)
{
    static char out[64];
    uint32_t first;
    const hr_dbn_field *f = &t->fields[c];
    const uint8_t *rec = text + r->at;
    uint32_t n_bad = hr_dbn_column(out, &first, f, text, r, 1);
    assert_int_equal(n_bad, !hr_dbn_fits(f, rec));
    int64_t v = 0;
    uint32_t small;
    memcpy(&v, out, sizeof v);
    memcpy(&small, out, sizeof small);
    if (t->columns[c].type == HR_COL_U32) v = small;
    if (t->columns[c].type == HR_COL_ENUM)
        assert_int_equal((uint8_t)out[0], rec[f->at]);
    else if (t->columns[c].type != HR_COL_TEXT)
        check_number(f, rec, v);
    else if (n_bad == 0)
        assert_memory_equal(out, rec + f->at, (uint8_t)out[HR_TEXT_CAP]);
}

static void test_columns_and_text(void **state)
{
    (void)state;
    static hr_dbn_table t;
    static hr_dbn_rec recs[N_RECORDS * 16];
    for (uint64_t k = test_iters(300); k > 0; k--) {
        hr_dbn_step step;
        size_t n = make();
        (void)!hr_dbn_walk(&step, recs, N_RECORDS * 16, text, n, true);
        for (uint32_t i = 0; i < step.n_recs; i++) {
            if (recs[i].layout == HR_DBN_NO_LAYOUT) continue;
            hr_dbn_table_init(&t, (hr_dbn_layout_id)recs[i].layout, false);
            for (uint32_t c = 0; c < t.n_fields; c++)
                check_column(&t, c, &recs[i]);
        }
    }
}

static int set_up(void **state)
{
    (void)state;
    test_rng_init(&rng, test_seed());
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_events_cut_anywhere),
        cmocka_unit_test(test_columns_and_text),
    };
    return cmocka_run_group_tests_name("venue dbn prop", tests, set_up, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Random batches through the Arrow interface: what comes back is what went in, whatever the slice
 * and however small the receiving batch; spoilt values give an error or a batch of proper shape. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "col/arrow_batch.h"
#include "rng.h"

static const hr_evbatch_caps caps = {
    .msgs = 300, .levels = 3000, .rejects = 8, .raw = 512, .texts = 100};

static void *aligned(size_t n)
{
    return aligned_alloc(64, (n + 63) & ~(size_t)63);
}

static int64_t maybe(test_rng *r, int64_t none)
{
    return test_rng_chance(r, 4) ? none : (int64_t)test_rng_below(r, UINT64_C(1) << 60);
}

static void put_random(hr_evbatch *b, test_rng *r)
{
    static const hr_msg_kind kinds[] = {HR_MSG_DELTA,  HR_MSG_SNAPSHOT, HR_MSG_TRADE,
                                        HR_MSG_TICKER, HR_MSG_STATUS,   HR_MSG_OTHER};
    uint32_t m = b->n_msgs;
    hr_msg_kind kind = kinds[test_rng_below(r, 6)];
    uint32_t n = kind == HR_MSG_TRADE                            ? 1
                 : kind == HR_MSG_TICKER                         ? 2
                 : kind == HR_MSG_STATUS || kind == HR_MSG_OTHER ? 0
                                                                 : (uint32_t)test_rng_below(r, 9);
    char name[16];
    int len = snprintf(name, sizeof name, "S%d", (int)test_rng_below(r, 20));
    b->kind[m] = (uint8_t)kind;
    b->ts_event[m] = maybe(r, HR_NULL_I64);
    b->ts_recv[m] = n > 0 || kind < HR_MSG_TRADE ? maybe(r, 5) : maybe(r, HR_NULL_I64);
    b->seq_first[m] = maybe(r, -1);
    b->seq_last[m] = maybe(r, -1);
    b->seq_prev[m] = maybe(r, -1);
    b->src_offset[m] = (int64_t)test_rng_below(r, 1 << 30);
    b->src_line[m] = m + 1;
    b->flags[m] = (uint32_t)test_rng_u64(r);
    b->sym[m] = test_rng_chance(r, 8) ? -1 : hr_evbatch_sym(b, "v", name, (size_t)len);
    b->text[m] = -1;
    if (kind == HR_MSG_TRADE && test_rng_chance(r, 2) && b->n_texts < b->cap_texts) {
        hr_text *t = &b->texts[b->n_texts];
        memset(t, 0, sizeof *t);
        t->len = (uint8_t)test_rng_below(r, HR_TEXT_CAP + 1);
        memset(t->byte, 'a' + (int)test_rng_below(r, 26), t->len);
        b->text[m] = (int32_t)b->n_texts++;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = b->n_levels + i;
        b->side[at] = (uint8_t)(kind == HR_MSG_TICKER  ? i
                                : kind == HR_MSG_TRADE ? test_rng_below(r, 3)
                                                       : test_rng_below(r, 2));
        b->px[at] = 1 + (int64_t)test_rng_below(r, UINT64_C(1) << 59);
        b->qty[at] = (int64_t)test_rng_below(r, UINT64_C(1) << 59);
    }
    b->n_levels += n;
    b->n_msgs++;
    b->level_begin[b->n_msgs] = (int32_t)b->n_levels;
}

static void assert_same(const hr_evbatch *a, uint32_t i, const hr_evbatch *b, uint32_t k)
{
    assert_int_equal(a->kind[i], b->kind[k]);
    assert_int_equal(a->ts_event[i], b->ts_event[k]);
    assert_int_equal(a->ts_recv[i], b->ts_recv[k]);
    assert_int_equal(a->seq_first[i], b->seq_first[k]);
    assert_int_equal(a->seq_last[i], b->seq_last[k]);
    assert_int_equal(a->seq_prev[i], b->seq_prev[k]);
    assert_int_equal(a->flags[i], b->flags[k]);
    assert_int_equal(a->sym[i] < 0, b->sym[k] < 0);
    if (a->sym[i] >= 0) assert_string_equal(a->syms[a->sym[i]].symbol, b->syms[b->sym[k]].symbol);
    assert_int_equal(a->text[i] < 0, b->text[k] < 0);
    if (a->text[i] >= 0)
        assert_memory_equal(&a->texts[a->text[i]], &b->texts[b->text[k]], sizeof(hr_text));
    size_t n = (size_t)(a->level_begin[i + 1] - a->level_begin[i]);
    assert_int_equal(n, b->level_begin[k + 1] - b->level_begin[k]);
    assert_memory_equal(a->px + a->level_begin[i], b->px + b->level_begin[k], n * 8);
    assert_memory_equal(a->qty + a->level_begin[i], b->qty + b->level_begin[k], n * 8);
    assert_memory_equal(a->side + a->level_begin[i], b->side + b->level_begin[k], n);
}

static void assert_shape(const hr_evbatch *b)
{
    assert_int_equal(b->level_begin[b->n_msgs], b->n_levels);
    for (uint32_t m = 0; m < b->n_msgs; m++) {
        int32_t n = b->level_begin[m + 1] - b->level_begin[m];
        assert_true(n >= 0 && b->sym[m] < (int32_t)b->n_syms && b->text[m] < (int32_t)b->n_texts);
        assert_true(b->kind[m] != HR_MSG_TRADE || n == 1);
        assert_true(b->kind[m] != HR_MSG_TICKER || n == 2);
    }
    for (uint32_t i = 0; i < b->n_levels; i++)
        assert_true(b->px[i] >= 0 && b->qty[i] >= 0 && b->side[i] <= HR_SIDE_NONE);
}

typedef struct world {
    hr_evbatch *a, *b;
    void *mem;
    struct ArrowSchema schema;
    struct ArrowArray array;
    int n_done;
} world;

static void on_done(void *self)
{
    ((world *)self)->n_done++;
}

static void make(world *w, test_rng *r)
{
    hr_evbatch_caps small = {.msgs = 1 + (uint32_t)test_rng_below(r, 60),
                             .levels = 8 + (uint32_t)test_rng_below(r, 200),
                             .rejects = 1,
                             .raw = 64,
                             .texts = 1 + (uint32_t)test_rng_below(r, 20)};
    *w = (world){.a = hr_evbatch_init(aligned(hr_evbatch_bytes(&caps)), &caps),
                 .b = hr_evbatch_init(aligned(hr_evbatch_bytes(&small)), &small)};
    uint64_t n = test_rng_below(r, 250);
    for (uint64_t i = 0; i < n; i++)
        put_random(w->a, r);
    hr_arrow_options o = {.px_scale = 9,
                          .qty_scale = 8,
                          .as_integers = test_rng_chance(r, 2),
                          .done = on_done,
                          .self = w};
    w->mem = aligned(hr_arrow_export_bytes(w->a, HR_ARROW_MESSAGES));
    hr_arrow_export(&w->schema, &w->array, w->a, HR_ARROW_MESSAGES, &o, w->mem);
}

static void drop(world *w)
{
    w->array.release(&w->array);
    assert_int_equal(w->n_done, 0);
    w->schema.release(&w->schema);
    assert_int_equal(w->n_done, 1);
    free(w->a);
    free(w->b);
    free(w->mem);
}

static void test_round_trip(void **state)
{
    (void)state;
    test_rng r;
    test_rng_init(&r, test_seed());
    for (uint64_t lap = test_iters(300); lap > 0; lap--) {
        world w;
        make(&w, &r);
        int64_t from = (int64_t)test_rng_below(&r, w.a->n_msgs + 1u);
        int64_t row = 0;
        hr_status st;
        w.array.offset = from;
        w.array.length = (int64_t)test_rng_below(&r, (uint64_t)(w.a->n_msgs - from + 1));
        do {
            int64_t begin = row;
            st = hr_arrow_import(w.b, &w.schema, &w.array, 9, 8, &row, NULL);
            assert_true(st == HR_OK || st == HR_FULL);
            assert_int_equal(w.b->n_msgs, row - begin);
            assert_shape(w.b);
            for (uint32_t m = 0; m < w.b->n_msgs; m++)
                assert_same(w.a, (uint32_t)(from + begin) + m, w.b, m);
        } while (st == HR_FULL);
        assert_int_equal(row, w.array.length);
        drop(&w);
    }
}

static void spoil(hr_evbatch *b, test_rng *r)
{
    uint32_t m = (uint32_t)test_rng_below(r, b->n_msgs);
    uint32_t l = b->n_levels > 0 ? (uint32_t)test_rng_below(r, b->n_levels) : 0;
    switch (test_rng_below(r, 9)) {
    case 0:
        b->kind[m] = (uint8_t)test_rng_u64(r);
        break;
    case 1:
        b->side[l] = (uint8_t)test_rng_u64(r);
        break;
    case 2:
        b->sym[m] = (int32_t)test_rng_u64(r);
        break;
    case 3:
        b->text[m] = (int32_t)test_rng_u64(r);
        break;
    case 4:
        b->px[l] = (int64_t)test_rng_u64(r);
        break;
    case 5:
        b->qty[l] = (int64_t)test_rng_u64(r);
        break;
    case 6:
        b->level_begin[m] = (int32_t)test_rng_u64(r);
        break;
    case 7:
        b->seq_last[m] = (int64_t)test_rng_u64(r);
        break;
    default:
        b->ts_recv[m] = HR_NULL_I64;
    }
}

static void test_spoilt(void **state)
{
    (void)state;
    test_rng r;
    test_rng_init(&r, test_seed() + 1);
    for (uint64_t lap = test_iters(500); lap > 0; lap--) {
        world w;
        int64_t row = 0;
        hr_err err = HR_ERR_INIT;
        hr_status st = HR_FULL;
        make(&w, &r);
        for (uint64_t n = test_rng_below(&r, 3); n > 0 && w.a->n_msgs > 0; n--)
            spoil(w.a, &r);
        for (int i = 0; i < 1000 && st == HR_FULL; i++) {
            st = hr_arrow_import(w.b, &w.schema, &w.array, 9, 8, &row, &err);
            if (st >= 0) assert_shape(w.b);
        }
        assert_true(st == HR_OK || err.message[0] != '\0');
        drop(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip),
                                       cmocka_unit_test(test_spoilt)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

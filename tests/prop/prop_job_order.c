/* SPDX-License-Identifier: Apache-2.0 */
/* The merge's heap against a search through all sources. */
#include "harness.h"
#include "job/run_order.h"
#include "rng.h"

#define N_MAX 20u

/* The first of those that are in; RUN_ORDER_NONE: none. */
static uint32_t first_of(const run_order *o, const bool *in, uint32_t n, uint32_t but)
{
    uint32_t best = RUN_ORDER_NONE;
    for (uint32_t i = 0; i < n; i++) {
        if (!in[i] || i == but) continue;
        if (best == RUN_ORDER_NONE ||
            run_order_before(o->head[i].time, o->head[i].seq, i, &o->head[best], best))
            best = i;
    }
    return best;
}

static void next_head(test_rng *r, run_head *h)
{
    h->time += (int64_t)test_rng_below(r, 3);
    h->seq = (int64_t)test_rng_below(r, 4) - 1;
}

static void check_order(test_rng *r)
{
    run_order o;
    bool in[N_MAX] = {false};
    uint32_t n = 1 + (uint32_t)test_rng_below(r, N_MAX);
    assert_int_equal(run_order_create(&o, n, NULL), HR_OK);
    assert_int_equal(o.n_waiting, n);
    for (int step = 0; step < 400; step++) {
        if (o.n_waiting > 0 && (o.n_heap == 0 || test_rng_chance(r, 2))) {
            uint32_t i = o.waiting[--o.n_waiting];
            next_head(r, &o.head[i]);
            run_order_push(&o, i);
            in[i] = true;
        } else if (test_rng_chance(r, 4)) {
            in[o.heap[0]] = false;
            run_order_wait(&o);
        } else {
            next_head(r, &o.head[o.heap[0]]);
            run_order_sift(&o);
        }
        uint32_t best = first_of(&o, in, n, RUN_ORDER_NONE);
        if (best == RUN_ORDER_NONE) {
            assert_int_equal(o.n_heap, 0);
            continue;
        }
        assert_int_equal(o.heap[0], best);
        assert_int_equal(run_order_second(&o), first_of(&o, in, n, best));
    }
    run_order_destroy(&o);
}

static void test_order(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t i = 0; i < test_iters(300); i++)
        check_order(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

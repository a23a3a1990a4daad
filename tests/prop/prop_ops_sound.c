/* SPDX-License-Identifier: Apache-2.0 */
/* States of operators that come from a file with a right checksum: those that were saved are taken,
 * however far the rows had come; of those that were changed, what is taken can be run over any rows
 * without leaving its memory, an endless loop or a trap. And operators that say they need no times
 * do not feel them. */
#include "harness.h"

#include <math.h>
#include <stdlib.h>

#include "base/attr.h"
#include "ops/market/op_market.h"
#include "ops/ta/ta.h"
#include "ops/window/op_window.h"
#include "ops_rig.h"
#include "ops_walk.h"
#include "rng.h"

#define ROWS OPS_WALK_ROWS
#define AFTER 300u /* rows of a forged state */

static ops_walk walk;

/* Where: in the first lines, where places are, as often as anywhere. */
static size_t place_of(size_t n_bytes, size_t wide, test_rng *g)
{
    size_t most = test_rng_chance(g, 2) ? n_bytes : HR_MIN(n_bytes, (size_t)768);
    return (size_t)test_rng_below(g, most / wide) * wide;
}

/* One word becomes another that is near it, or far from any, or some bytes do. */
static void forge(unsigned char *state, size_t n_bytes, test_rng *g)
{
    static const uint64_t far[] = {0,         1,         UINT64_MAX,  UINT32_MAX,
                                   INT32_MAX, INT64_MAX, 0x100000000, UINT64_C(1) << 61,
                                   64,        0x7ff00000};
    size_t wide = test_rng_chance(g, 2) ? 4 : 8;
    uint64_t word = 0;
    unsigned char *at = state + place_of(n_bytes, wide, g);
    memcpy(&word, at, wide);
    switch (test_rng_below(g, 5)) {
    case 0:
        word += 1 + test_rng_below(g, 3);
        break;
    case 1:
        word -= 1 + test_rng_below(g, 3);
        break;
    case 2:
        for (uint64_t n = 1 + test_rng_below(g, 4); n > 0; n--)
            state[place_of(n_bytes, 1, g)] ^= (unsigned char)(1 + test_rng_below(g, 255));
        return;
    case 3: /* a word of the same state */
        memcpy(&word, state + place_of(n_bytes, wide, g), wide);
        break;
    default:
        word = far[test_rng_below(g, HR_ARRAY_LEN(far))];
    }
    memcpy(at, &word, wide);
}

typedef struct tally {
    uint32_t n_taken, n_refused;
} tally;

static void check_forged(const hr_op *op, const hr_op_args *a, const void *state, void *forged,
                         size_t n_bytes, test_rng *g, tally *t)
{
    memcpy(forged, state, n_bytes);
    for (uint64_t n = test_rng_chance(g, 4) ? 3 : 1; n > 0; n--)
        forge(forged, n_bytes, g);
    if (!op->is_sound(forged, a)) {
        t->n_refused++;
        return;
    }
    t->n_taken++;
    uint32_t from = (uint32_t)test_rng_below(g, ROWS - AFTER);
    for (uint32_t done = 0, n; done < AFTER; done += n) {
        n = 1 + (uint32_t)test_rng_below(g, 200);
        n = HR_MIN(n, AFTER - done);
        ops_walk_run(&walk, op, a, forged, from + done, n);
    }
}

static void check_op(const hr_op *op, test_rng *g, ops_walk_size how, tally *t)
{
    hr_op_args a = ops_walk_args(op, g, how);
    size_t n_bytes = op->bytes(&a);
    if (n_bytes == SIZE_MAX || n_bytes == 0) return;
    void *state = ops_rig_state(op, &a, &n_bytes);
    void *forged = ops_rig_block(n_bytes);
    const uint32_t last = how == OPS_WALK_MANY ? ROWS : 1200;
    const uint64_t n_forged = n_bytes > 500000 ? 3 : 12;
    if (!op->is_sound(state, &a)) fail_msg("'%s': a fresh state is refused", op->name);
    for (uint32_t at = 0, n; at < last; at += n) {
        n = 1 + (uint32_t)test_rng_below(g, last / 8);
        n = HR_MIN(n, last - at);
        ops_walk_run(&walk, op, &a, state, at, n);
        if (test_rng_chance(g, 3)) state = ops_rig_move(state, n_bytes);
        if (!op->is_sound(state, &a))
            fail_msg("'%s'(%g, %g), %u rows: its own state is refused after %u", op->name, a.v[0],
                     a.v[1], a.max_rows, at + n);
        for (uint64_t i = 0; i < n_forged; i++)
            check_forged(op, &a, state, forged, n_bytes, g, t);
    }
    free(state);
    ops_rig_block_free(forged, n_bytes);
}

static void test_forged(void **unused)
{
    (void)unused;
    static const hr_op_list *const lists[] = {&hr_ops_window, &hr_ops_ta, &hr_ops_market};
    test_rng g;
    test_rng_init(&g, test_seed());
    tally t = {0};
    for (uint64_t it = 0; it < test_iters(6); it++) {
        ops_walk_rows(&walk, &g);
        for (size_t l = 0; l < HR_ARRAY_LEN(lists); l++)
            for (uint32_t i = 0; i < lists[l]->n; i++) {
                const hr_op *op = &lists[l]->op[i];
                if (op->is_sound == NULL) continue;
                check_op(op, &g,
                         it % 6 == 5   ? OPS_WALK_MANY
                         : it % 2 == 0 ? OPS_WALK_SMALL
                                       : OPS_WALK_SOME,
                         &t);
            }
    }
    assert_true(t.n_taken > 1000 && t.n_refused > 1000);
}

/* Values over rows of some times, in other calls than with others. */
static void values_of(const hr_op *op, const hr_op_args *a, test_rng *g, double *values)
{
    const size_t n_bytes = hr_round_up(op->bytes(a), 64);
    void *state = n_bytes > 0 ? aligned_alloc(64, n_bytes) : NULL;
    if (state != NULL) op->init(state, a);
    for (uint32_t at = 0, n; at < 1200; at += n) {
        n = 1 + (uint32_t)test_rng_below(g, 400);
        n = HR_MIN(n, 1200 - at);
        ops_walk_run(&walk, op, a, state, at, n);
    }
    for (uint32_t k = 0; k < op->n_out; k++)
        memcpy(values + (size_t)k * 1200, walk.out[k], 1200 * sizeof *values);
    free(state);
}

/* Where an operator needs no times, it does not feel them. */
static void test_times(void **unused)
{
    (void)unused;
    static const hr_op_list *const lists[] = {&hr_ops_window, &hr_ops_ta, &hr_ops_market};
    static double first[HR_OP_OUT_MAX * 1200];
    static double second[HR_OP_OUT_MAX * 1200];
    static int64_t kept[ROWS];
    uint32_t n_free = 0;
    test_rng g;
    test_rng_init(&g, test_seed() + 3);
    ops_walk_rows(&walk, &g);
    memcpy(kept, walk.ts, sizeof kept);
    for (size_t l = 0; l < HR_ARRAY_LEN(lists); l++)
        for (uint32_t i = 0; i < lists[l]->n * 4; i++) {
            const hr_op *op = &lists[l]->op[i / 4];
            const hr_op_args a = ops_walk_args(op, &g, i % 2 == 0 ? OPS_WALK_SMALL : OPS_WALK_SOME);
            if (op->bytes(&a) == SIZE_MAX || hr_op_needs_times(op, &a)) continue;
            n_free++;
            memcpy(walk.ts, kept, sizeof kept);
            values_of(op, &a, &g, first);
            for (uint32_t k = 0; k < ROWS; k++)
                walk.ts[k] = (int64_t)test_rng_u64(&g);
            values_of(op, &a, &g, second);
            if (memcmp(first, second, op->n_out * 1200 * sizeof *first) != 0)
                fail_msg("'%s'(%g, %g): says that it reads no times", op->name, a.v[0], a.v[1]);
        }
    assert_true(n_free > 200);
}

/* All operators that keep something are looked at. */
static void test_all(void **unused)
{
    (void)unused;
    static const hr_op_list *const lists[] = {&hr_ops_window, &hr_ops_market};
    for (size_t l = 0; l < HR_ARRAY_LEN(lists); l++)
        for (uint32_t i = 0; i < lists[l]->n; i++)
            if (lists[l]->op[i].is_sound == NULL)
                fail_msg("'%s' takes any state", lists[l]->op[i].name);
}

/* Every word of the first lines, one after another. */
static void test_words(void **unused)
{
    (void)unused;
    static const char *const names[] = {"sum", "std",  "kurt",  "quantile", "rank", "hop_mean",
                                        "min", "mean", "first", "lag",      "var"};
    static const uint64_t value[] = {0, 1, UINT64_MAX, INT64_MAX, UINT64_C(1) << 40, 40};
    test_rng g;
    test_rng_init(&g, test_seed());
    ops_walk_rows(&walk, &g);
    for (size_t k = 0; k < HR_ARRAY_LEN(names); k++) {
        const hr_op *op = hr_ops_window.op;
        while (strcmp(op->name, names[k]) != 0)
            op++;
        hr_op_args a = ops_walk_args(op, &g, OPS_WALK_SOME);
        size_t n_bytes;
        if (op->bytes(&a) == SIZE_MAX) continue;
        void *state = ops_rig_state(op, &a, &n_bytes);
        unsigned char *forged = ops_rig_block(n_bytes);
        ops_walk_run(&walk, op, &a, state, 0, 1000);
        for (size_t at = 0; at + 8 <= HR_MIN(n_bytes, (size_t)1024); at += 4)
            for (size_t v = 0; v < HR_ARRAY_LEN(value); v++) {
                memcpy(forged, state, n_bytes);
                memcpy(forged + at, &value[v], at % 8 == 0 && v % 2 == 0 ? 8 : 4);
                if (!op->is_sound(forged, &a)) continue;
                ops_walk_run(&walk, op, &a, forged, 1000, 7);
                ops_walk_run(&walk, op, &a, forged, 1007, AFTER - 7);
            }
        free(state);
        ops_rig_block_free(forged, n_bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_forged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in the order of their values: the tree keeps its bounds whatever comes and goes, and
 * quantile and rank are, to the bit, those of the window's rows sorted, in any tier of the kernels
 * at each call; of few rows too, where few become many and many few, and where calls of many rows,
 * which are sorted, come between calls of few. */
#include "harness.h"

#include <math.h>
#include <stdlib.h>

#include "kern/kern.h"
#include "ops/window/win.h"
#include "ops/window/win_order.h"
#include "ops_rig.h"
#include "rng.h"

#define PATTERNS 10u

/* Row `i` of a pattern. */
static double pattern_value(unsigned pattern, int64_t i, test_rng *r)
{
    double u = test_rng_unit(r);
    switch (pattern) {
    case 0:
        return u;
    case 1:
        return (double)test_rng_below(r, 5) - 2; /* few values, 0 among them */
    case 2:
        return (double)i;
    case 3:
        return (double)-i;
    case 4:
        return (double)(i % 700);
    case 5:
        return test_rng_chance(r, 50) ? u : 0.0;
    case 6:
        return i % 2 == 0 ? u : -1e300 * u;
    case 7: /* many that agree in all but their last bits, with others far away */
        return u < 0.01 ? 0.0 : 50000 + (double)test_rng_below(r, 900) * 0x1p-30;
    case 8: /* agree, once more in what is below that, and below that */
        u = (double)(test_rng_below(r, 3) << 20 | test_rng_below(r, 1 << 20));
        return ldexp(1 + u * 0x1p-50, (int)test_rng_below(r, 3) * 300 - 300);
    default:
        return i / 3000 % 2 == 0 ? -0.0 : (double)i;
    }
}

/* ---- the tree, beside a sorted array ---- */

#define CAP 40000u

static double sorted[CAP];
static uint32_t n_sorted;

/* Values below x. */
static uint32_t lower(double x)
{
    uint32_t from = 0;
    uint32_t to = n_sorted;
    while (from < to) {
        uint32_t mid = (from + to) / 2;
        if (sorted[mid] < x) {
            from = mid + 1;
        } else {
            to = mid;
        }
    }
    return from;
}

/* Values up to x. */
static uint32_t upper(double x)
{
    return lower(nextafter(x, (double)INFINITY));
}

static void sorted_add(double x)
{
    uint32_t at = lower(x);
    memmove(sorted + at + 1, sorted + at, (n_sorted - at) * sizeof *sorted);
    sorted[at] = x;
    n_sorted++;
}

static void sorted_drop(uint32_t at)
{
    n_sorted--;
    memmove(sorted + at, sorted + at + 1, (n_sorted - at) * sizeof *sorted);
}

/* What a node says of a child. */
static void check_child(const hr_order *o, const hr_order_node *n, uint32_t i, uint32_t level)
{
    uint32_t child = n->child[i];
    bool is_only = o->h->height == 1 && n->n == 1;
    uint32_t rows = 0;
    if (level > 0) {
        assert_true(n->key[i] == o->node[child].key[0]);
        for (uint32_t k = 0; k < o->node[child].n; k++)
            rows += o->node[child].rows[k];
    } else {
        rows = o->link[child].n;
        assert_true(n->key[i] == o->leaf[child].v[0]);
        assert_true(rows >= HR_ORDER_LEAF_LEAST || is_only);
    }
    assert_int_equal(rows, n->rows[i]);
}

/* Level by level; the leaves are in the order of their chain. */
static void check_nodes(const hr_order *o, uint32_t first)
{
    static uint32_t list[2][CAP / HR_ORDER_LEAF_LEAST + 2];
    uint32_t m = 1;
    list[0][0] = o->h->root;
    for (uint32_t l = o->h->height; l-- > 0;) {
        uint32_t m_below = 0;
        for (uint32_t k = 0; k < m; k++) {
            const hr_order_node *n = &o->node[list[0][k]];
            uint32_t least = l + 1 < o->h->height ? HR_ORDER_FAN_LEAST : 1 + (l > 0);
            assert_true(n->n >= least && n->n <= HR_ORDER_FAN);
            for (uint32_t i = 0; i < n->n; i++) {
                check_child(o, n, i, l);
                list[1][m_below++] = n->child[i];
            }
            for (uint32_t i = n->n; i < HR_ORDER_FAN; i++)
                assert_true(isinf(n->key[i]));
        }
        m = m_below;
        memcpy(list[0], list[1], m * sizeof **list);
    }
    for (uint32_t k = 0; k < m; k++, first = o->link[first].next)
        assert_int_equal(list[0][k], first);
    assert_int_equal(first, HR_ORDER_NONE);
}

static void check_tree(const hr_order *o)
{
    uint32_t first = o->h->at;
    while (o->link[first].prev != HR_ORDER_NONE)
        first = o->link[first].prev;
    uint32_t k = 0;
    for (uint32_t at = first; at != HR_ORDER_NONE; at = o->link[at].next) {
        if (at == o->h->at) assert_int_equal(o->h->below, k);
        for (uint32_t i = 0; i < HR_ORDER_LEAF; i++) {
            double v = o->leaf[at].v[i];
            assert_true(i < o->link[at].n ? v == sorted[k] : isinf(v));
            k += i < o->link[at].n;
        }
    }
    assert_int_equal(k, n_sorted);
    check_nodes(o, first);
}

static void tree_add(const hr_order *o, double x)
{
    hr_order_path p;
    hr_order_find(o, &p, x);
    if (hr_order_is_full(o, &p)) {
        hr_order_part(o, &p);
        hr_order_find(o, &p, x);
    }
    uint64_t below = lower(x);
    uint64_t upto = upper(x);
    sorted_add(x);
    assert_int_equal(hr_order_add(o, &p, x, true), below + upto);
}

static void tree_drop(const hr_order *o, test_rng *r, unsigned pattern)
{
    /* also from one end, and about one place */
    uint32_t at = (uint32_t)test_rng_below(r, n_sorted);
    if (pattern % 4 == 1) at = 0;
    if (pattern % 4 == 2) at = n_sorted - 1;
    if (pattern % 4 == 3) at = n_sorted / 2;
    double x = sorted[at];
    hr_order_path p;
    sorted_drop(at);
    hr_order_find(o, &p, x);
    hr_order_drop(o, &p, x, true);
}

/* Fills up to n rows, then goes up and down, then to nothing; the block is of n rows exactly. */
static void tree_case(unsigned pattern, uint32_t n, test_rng *r)
{
    size_t n_bytes = hr_order_bytes(n);
    void *block = aligned_alloc(64, n_bytes);
    assert_non_null(block);
    memset(block, 0xa5, n_bytes);
    hr_order o = hr_order_of(block, n);
    hr_order_clear(&o);
    n_sorted = 0;
    int64_t i = 0;
    uint32_t swing = HR_MIN(n, 3000u);
    for (int round = 0; round < 4; round++) {
        for (; n_sorted < n; i++)
            tree_add(&o, pattern_value(pattern, i, r) + 0.0);
        check_tree(&o);
        uint32_t to = round < 2 ? n - swing : round < 3 ? n / 2 : 0;
        while (n_sorted > to) {
            tree_drop(&o, r, (unsigned)test_rng_below(r, 4) * (unsigned)(round > 0));
            if (n_sorted > to && test_rng_chance(r, 3))
                tree_add(&o, pattern_value(pattern, i++, r) + 0.0);
            if (n_sorted > 1) hr_order_seek(&o, (uint32_t)test_rng_below(r, n_sorted));
        }
        check_tree(&o);
    }
    free(block);
}

static void test_tree(void **unused)
{
    (void)unused;
    test_rng r;
    test_rng_init(&r, test_seed());
    static const uint32_t n[] = {1, 24, 25, 64, 65, 130, 1500, 4000};
    for (uint64_t it = 0; it < test_iters(1); it++) {
        for (unsigned k = 0; k < PATTERNS * HR_ARRAY_LEN(n); k++)
            tree_case(k % PATTERNS, n[k / PATTERNS], &r);
        tree_case(0, CAP, &r);
        tree_case(1, CAP, &r);
        tree_case(3, CAP, &r);
    }
}

/* ---- the operators, to the bit ---- */

#define ROWS 12000

static int64_t ts[ROWS];
static double x[ROWS], got[ROWS], cut[ROWS];

static double quantile_of(double q)
{
    double at = q * (double)(n_sorted - 1);
    uint32_t k = (uint32_t)at;
    double part = at - (double)k;
    if (part == 0 || k + 1 >= n_sorted) return sorted[k];
    double step = sorted[k + 1] - sorted[k];
    if (!isfinite(step)) return sorted[k] * (1 - part) + sorted[k + 1] * part;
    return sorted[k] + step * part;
}

static double rank_of(double v)
{
    uint32_t twice = lower(v) + upper(v) - 1;
    return n_sorted == 1 ? 0.5 : (double)twice / (double)(2 * (n_sorted - 1));
}

static void rows_make(unsigned pattern, test_rng *r)
{
    int64_t t = 0;
    for (int64_t i = 0; i < ROWS; i++) {
        int64_t step = (int64_t)test_rng_below(r, 2000);
        t += i / 1500 % 2 == 0 ? step : step / 8; /* few rows become many, and few again */
        if (test_rng_chance(r, 400)) t += 300000; /* many rows leave together */
        if (test_rng_chance(r, 3000)) t += 100000000;
        ts[i] = t;
        bool is_null = test_rng_chance(r, i / 4000 == 1 ? 3 : 30) || (i > 9000 && i < 9400);
        x[i] = is_null ? (double)NAN : pattern_value(pattern, i, r);
    }
}

static void check_rows(const hr_op_args *a, bool is_rank)
{
    static int used[ROWS];
    int m = 0;
    int from = 0;
    n_sorted = 0;
    for (int i = 0; i < ROWS; i++) {
        if (!isfinite(x[i])) {
            assert_true(isnan(got[i]));
            continue;
        }
        used[m++] = i;
        sorted_add(x[i] + 0.0);
        while (a->is_time[0] ? ts[used[from]] <= ts[i] - (int64_t)a->v[0] : m - from > a->v[0])
            sorted_drop(lower(x[used[from++]]));
        bool has_value = a->is_time[0] ? n_sorted <= a->max_rows : m >= a->v[0];
        if (!has_value) {
            assert_true(isnan(got[i]));
            continue;
        }
        double want = is_rank ? rank_of(x[i]) : quantile_of(a->v[1]);
        if (memcmp(&got[i], &want, sizeof want) != 0)
            fail_msg("%s(%g, %g) by_time %d row %d: %.17g for %.17g", is_rank ? "rank" : "quantile",
                     a->v[0], a->v[1], a->is_time[0], i, got[i], want);
    }
}

/* Rows of a call: any up to `most`; 0: now few, now many, about as many as the window has. */
static uint32_t call_of(const hr_op_args *a, uint64_t most, test_rng *r)
{
    if (most > 0) return (uint32_t)test_rng_below(r, most) + 1;
    double some = a->is_time[0] ? 500 : a->v[0];
    uint32_t n = (uint32_t)test_rng_below(r, test_rng_chance(r, 2) ? 3 : (uint64_t)some + 600);
    return test_rng_chance(r, 100) ? ROWS : n + 1;
}

static void run(const hr_op_args *a, bool is_rank, double *out, uint64_t most, test_rng *r)
{
    void *state = aligned_alloc(64, hr_win_bytes_order(a));
    assert_non_null(state);
    memset(state, 0xa5, hr_win_bytes_order(a));
    hr_win_init_order(state, a);
    const size_t room_bytes = hr_win_room_order(a, ROWS);
    void *room = room_bytes > 0 ? ops_rig_block(room_bytes) : NULL;
    for (uint32_t i = 0; i < ROWS;) {
        uint32_t n = call_of(a, most, r);
        n = HR_MIN(n, ROWS - i);
        hr_op_rows rows = {.n = n, .ts = ts + i, .in = {x + i}, .out = {out + i}};
        rows.room = test_rng_chance(r, 4) ? NULL : room;
        if (rows.room != NULL) memset(room, 0xa5, room_bytes);
        hr_kern_init(test_rng_chance(r, 3) ? 0 : hr_cpu_detect());
        if (is_rank) {
            hr_win_rank(state, &rows);
        } else {
            hr_win_quantile(state, &rows);
        }
        i += n;
    }
    if (room != NULL) ops_rig_block_free(room, room_bytes);
    free(state);
}

static void test_operators(void **unused)
{
    (void)unused;
    static const double n[] = {1,   2,   7,   31,  32,  33,  64,   65,   100,  128,
                               129, 200, 255, 256, 257, 300, 1000, 2500, 4096, 4097};
    /* of some 1, 20, 60, 130, 250, 500 and 4,000 rows */
    static const double ns[] = {1000, 20000, 60000, 130000, 250000, 500000, 4000000, 1e15};
    static const double part[] = {0, 0.5, 0.9, 1, 0.123};
    static const uint32_t most[] = {1, 30, 100, 256, 257, 700, ROWS, ROWS};
    const unsigned windows = (unsigned)(HR_ARRAY_LEN(n) + HR_ARRAY_LEN(ns));
    test_rng r;
    test_rng_init(&r, test_seed() + 1);
    for (unsigned k = 0; k < 2 * windows * test_iters(1); k++) {
        unsigned pattern = (k / windows + k) % PATTERNS;
        unsigned at = k % windows;
        bool by_time = at >= HR_ARRAY_LEN(n);
        hr_op_args a = {.v = {by_time ? ns[at - HR_ARRAY_LEN(n)] : n[at]},
                        .is_time = {by_time},
                        .max_rows = most[test_rng_below(&r, HR_ARRAY_LEN(most))]};
        a.v[1] = part[test_rng_below(&r, HR_ARRAY_LEN(part))];
        rows_make(pattern, &r);
        for (int is_rank = 0; is_rank < 2; is_rank++) {
            run(&a, is_rank, got, ROWS, &r);
            run(&a, is_rank, cut, 9, &r);
            assert_memory_equal(got, cut, sizeof got);
            run(&a, is_rank, cut, 0, &r);
            assert_memory_equal(got, cut, sizeof got);
            check_rows(&a, is_rank);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_operators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

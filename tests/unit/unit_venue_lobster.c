/* SPDX-License-Identifier: Apache-2.0 */
/* LOBSTER rows, and two real files against the books that were published with them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <zlib.h>

#include "harness.h"

#include "rng.h"
#include "text/csv.h"
#include "text/decimal.h"
#include "venue/files/lobster.h"

static hr_itch_msg row(const char *text)
{
    hr_itch_msg m;
    hr_itch_step step;
    assert_int_equal(hr_lobster_decode(&step, &m, 1, text, strlen(text), true), HR_OK);
    assert_true(step.n_msgs == 1 && step.n_taken == strlen(text));
    return m;
}

static void test_rows(void **state)
{
    static const char letter[] = "AXDEP";
    (void)state;
    for (int type = 1; type <= 5; type++) {
        char text[64];
        snprintf(text, sizeof text, "34200.004241176,%d,16113575,18,5853300,%d", type,
                 type % 2 ? 1 : -1);
        hr_itch_msg m = row(text);
        assert_true(m.type == letter[type - 1] && m.ts_ns == INT64_C(34200004241176));
        assert_true(m.id == 16113575 && m.qty == 18 && m.px == 5853300);
        assert_int_equal(m.side, type % 2 ? HR_SIDE_BID : HR_SIDE_ASK);
    }
    hr_itch_msg m = row("34200,6,-1,1000,5853300,-1\r\n");
    assert_true(m.type == 'Q' && m.side == HR_SIDE_NONE && m.qty == 1000 && m.px == 5853300);
    assert_int_equal(row("1.5,7,0,0,-1,-1").code, 'H');
    assert_int_equal(row("1.5,7,0,0,0,-1").code, 'Q');
    assert_int_equal(row("1.5,7,0,0,1,-1,null").code, 'T');
    assert_true(row("35821.088778456004,3,1,1,1,1").ts_ns == INT64_C(35821088778456));
    assert_true(row("35821.0887784559996,3,1,1,1,1").ts_ns == INT64_C(35821088778456));
}

static void test_bad_rows(void **state)
{
    static const struct {
        const char *text;
        hr_itch_reason reason;
    } bad[] = {
        {"x,1,2,3,4,1", HR_ITCH_TIME},
        {"-1,1,2,3,4,1", HR_ITCH_TIME},
        {"-0.5,1,2,3,4,1", HR_ITCH_TIME},
        {"86400,1,2,3,4,1", HR_ITCH_TIME},
        {"86399.9999999999,1,2,3,4,1", HR_ITCH_TIME},
        {"1.0000000001x,1,2,3,4,1", HR_ITCH_TIME},
        {"1.,1,2,3,4,1", HR_ITCH_TIME},
        {",1,2,3,4,1", HR_ITCH_TIME},
        {"1,0,2,3,4,1", HR_ITCH_TYPE},
        {"1,8,2,3,4,1", HR_ITCH_TYPE},
        {"1,A,2,3,4,1", HR_ITCH_TYPE},
        {"1,1,-2,3,4,1", HR_ITCH_NUMBER},
        {"1,1,2,-3,4,1", HR_ITCH_NUMBER},
        {"1,1,2,3,-4,1", HR_ITCH_NUMBER},
        {"1,1,2,3,4.5,1", HR_ITCH_NUMBER},
        {"1,1,9223372036854775808,3,4,1", HR_ITCH_NUMBER},
        {"1,7,0,0,2,1", HR_ITCH_NUMBER},
        {"1,1,2,3,4,0", HR_ITCH_SIDE},
        {"1,1,2,3,4,", HR_ITCH_SIDE},
        {"1,1,2,3,4", HR_ITCH_FIELDS},
        {"1,1,2,3,4,1,7,8", HR_ITCH_FIELDS},
        {"\"1,1,2,3,4,1", HR_ITCH_FIELDS},
    };
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(bad); i++) {
        char text[200];
        hr_itch_msg m[2];
        hr_itch_step step;
        const char *first = "1,1,2,3,4,1\n\n";
        bool has_quote = bad[i].text[0] == '"'; /* an open one reaches to the end */
        int n = snprintf(text, sizeof text, "%s%s\n%s", first, bad[i].text,
                         has_quote ? "" : "2,3,2,3,4,1");
        assert_int_equal(hr_lobster_decode(&step, m, 2, text, (size_t)n, true), HR_EINPUT);
        if (step.reason != bad[i].reason) print_message("%s\n", bad[i].text);
        assert_int_equal(step.reason, bad[i].reason);
        assert_true(step.offset == strlen(first) && step.n_msgs == 1);
        size_t at = step.n_taken;
        assert_int_equal(at, strlen(first) + strlen(bad[i].text) + 1);
        assert_int_equal(hr_lobster_decode(&step, m, 2, text + at, (size_t)n - at, true), HR_OK);
        assert_int_equal(step.n_msgs, has_quote ? 0 : 1);
    }
}

static void test_cut_anywhere(void **state)
{
    static const char text[] = "1,1,2,3,4,1\n2.25,4,2,1,4,1\r\n\n3,3,2,2,4,1\n";
    hr_itch_msg want[4];
    hr_itch_msg got[4];
    hr_itch_step step;
    size_t n = sizeof text - 1;
    (void)state;
    assert_int_equal(hr_lobster_decode(&step, want, 4, text, n, true), HR_OK);
    assert_int_equal(step.n_msgs, 3);
    for (size_t cut = 0; cut <= n; cut++) {
        assert_int_equal(hr_lobster_decode(&step, got, 4, text, cut, false), HR_OK);
        size_t at = step.n_taken;
        uint32_t k = step.n_msgs;
        assert_true(at <= cut);
        assert_int_equal(hr_lobster_decode(&step, got + k, 4 - k, text + at, n - at, false), HR_OK);
        assert_int_equal(k + step.n_msgs, 3);
        assert_memory_equal(got, want, 3 * sizeof *got);
    }
    assert_int_equal(hr_lobster_decode(&step, got, 2, text, n, true), HR_FULL);
    assert_int_equal(step.n_msgs, 2);
}

typedef struct rig {
    hr_arena *arena;
    hr_l3 *l3;
    hr_l2 *l2;
} rig;

static rig make_rig(uint32_t max_orders)
{
    rig g;
    hr_pool *far;
    hr_l3_options o = {.max_orders = max_orders, .max_levels = 10000, .max_instruments = 1};
    assert_int_equal(hr_arena_create(&g.arena, NULL, 16u << 20, "test", NULL), HR_OK);
    assert_int_equal(hr_l3_create(&g.l3, g.arena, &o, NULL), HR_OK);
    assert_int_equal(hr_pool_create(&far, g.arena, HR_L2_CHUNK_BYTES, 100, "far", NULL), HR_OK);
    g.l2 = hr_l2_init(hr_arena_alloc(g.arena, hr_l2_bytes(1024), 64), 1024, far, NULL);
    return g;
}

static void test_seeds(void **state)
{
    rig g = make_rig(10);
    hr_l3_change c;
    hr_itch_msg m = row("1,2,77,30,500,1");
    (void)state;
    assert_int_equal(hr_lobster_seed(g.l3, &c, 0, HR_SIDE_BID, 500, 100), HR_OK);
    assert_int_equal(hr_lobster_apply(g.l3, &c, &m), HR_OK);
    assert_true(c.n == 1 && c.qty[0] == 70);
    m.type = 'E';
    assert_int_equal(hr_lobster_apply(g.l3, &c, &m), HR_OK);
    m.type = 'P'; /* hidden: nothing */
    assert_int_equal(hr_lobster_apply(g.l3, &c, &m), HR_OK);
    assert_int_equal(c.n, 0);
    m.type = 'D';
    m.side = HR_SIDE_ASK; /* no seed there */
    assert_int_equal(hr_lobster_apply(g.l3, &c, &m), HR_OK);
    assert_int_equal(c.verdict, HR_L3_UNKNOWN);
    m.side = HR_SIDE_BID;
    m.qty = 41;
    assert_int_equal(hr_lobster_apply(g.l3, &c, &m), HR_OK);
    assert_true(c.verdict == HR_L3_OVER && c.taken == 40);
    assert_int_equal(hr_lobster_seed(g.l3, &c, 0, HR_SIDE_BID, INT64_C(1) << 46, 1), HR_OK);
    assert_int_equal(c.verdict, HR_L3_BAD);
    assert_int_equal(hr_lobster_seed(g.l3, &c, 0, HR_SIDE_NONE, 5, 1), HR_OK);
    assert_int_equal(c.verdict, HR_L3_BAD);
    hr_arena_destroy(&g.arena);
}

/* ---- real files ---- */

/* A whole file, unpacked where it is packed; NULL: not there. */
static char *read_all(const char *name, size_t *n)
{
    static char path[4200];
    const char *dir = test_data_dir();
    if (dir == NULL) return NULL;
    snprintf(path, sizeof path, "%s/lobster/AAPL_2012-06-21_%s", dir, name);
    gzFile f = gzopen(path, "rb");
    if (f == NULL) return NULL;
    size_t cap = 8u << 20;
    char *text = malloc(cap);
    assert_non_null(text);
    int got = gzread(f, text, (unsigned)cap);
    gzclose(f);
    assert_true(got > 0 && (size_t)got < cap);
    *n = (size_t)got;
    return text;
}

/* The numbers of the next row of an orderbook file: ask, size, bid, size, level by level. */
static uint32_t book_row(int64_t *v, uint32_t cap, const char **p, const char *end)
{
    hr_csv_field f[64];
    uint32_t n;
    const char *next;
    if (hr_csv_row(f, HR_MIN(cap, 64u), &n, &next, *p, end, true) != HR_OK) return 0;
    *p = next;
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(hr_int_parse(&v[i], f[i].s, f[i].n), HR_OK);
    return n;
}

static void seed_book(rig *g, const int64_t *v, uint32_t n)
{
    hr_l3_change c;
    for (uint32_t i = 0; i + 1 < n; i += 2) {
        hr_side side = i % 4 == 0 ? HR_SIDE_ASK : HR_SIDE_BID;
        assert_int_equal(hr_lobster_seed(g->l3, &c, 0, side, v[i], v[i + 1]), HR_OK);
        assert_int_equal(hr_l3_follow(g->l2, &c), HR_OK);
    }
}

static void best_of(const rig *g, int64_t v[4])
{
    (void)hr_l2_best(g->l2, HR_SIDE_ASK, &v[0], &v[1]);
    (void)hr_l2_best(g->l2, HR_SIDE_BID, &v[2], &v[3]);
}

static void apply(rig *g, const hr_itch_msg *m, hr_l3_change *c)
{
    assert_int_equal(hr_lobster_apply(g->l3, c, m), HR_OK);
    assert_int_equal(hr_l3_follow(g->l2, c), HR_OK);
}

/* Ten levels after each message. A level is only compared while the first ten can be known: those
 * within the worst price that was in every row so far. */
static void test_ten_levels(void **state)
{
    static hr_itch_msg m[1000];
    hr_itch_step step;
    int64_t v[40];
    hr_l3_change c;
    uint32_t n_levels = 0;
    uint32_t n_bests = 0;
    size_t n_text;
    size_t n_books;
    (void)state;
    char *text = read_all("34200000_34249086_message_10.csv", &n_text);
    char *books = read_all("34200000_34249086_orderbook_10.csv", &n_books);
    if (text == NULL || books == NULL) {
        print_message("# skipped: no LOBSTER files (HR_DATA_DIR)\n");
        free(text);
        free(books);
        return;
    }
    rig g = make_rig(5000);
    const char *p = books;
    assert_int_equal(hr_lobster_decode(&step, m, 1000, text, n_text, true), HR_OK);
    assert_int_equal(step.n_msgs, 999);
    assert_int_equal(book_row(v, 40, &p, books + n_books), 40);
    int64_t known[2] = {v[38], v[36]}; /* bid, ask: the worst that is known */
    seed_book(&g, v, 40);
    for (uint32_t i = 1; i < step.n_msgs; i++) {
        apply(&g, &m[i], &c);
        assert_int_equal(book_row(v, 40, &p, books + n_books), 40);
        known[0] = HR_MAX(known[0], v[38]);
        known[1] = HR_MIN(known[1], v[36]);
        for (uint32_t k = 0; k < 40; k += 2) {
            hr_side side = k % 4 == 0 ? HR_SIDE_ASK : HR_SIDE_BID;
            uint32_t n_orders;
            int64_t qty;
            if (side == HR_SIDE_BID ? v[k] < known[0] : v[k] > known[1]) continue;
            assert_true(hr_l3_level(g.l3, 0, side, v[k], &qty, &n_orders));
            if (qty != v[k + 1]) print_message("row %u level %u\n", i + 1, k / 4);
            assert_int_equal(qty, v[k + 1]);
            n_levels++;
        }
        int64_t best[4];
        best_of(&g, best);
        if (v[2] < known[0] || v[0] > known[1]) continue;
        assert_memory_equal(best, v, sizeof best);
        n_bests++;
    }

    assert_true(n_bests > 150 && n_levels > 6000);
    assert_true(hr_l3_is_sound(g.l3) && hr_l2_is_sound(g.l2));
    print_message("# %u levels and %u tops equal\n", n_levels, n_bests);
    hr_arena_destroy(&g.arena);
    free(text);
    free(books);
}

#define STATES_TRUE 15999 /* so far the ten seeded levels are enough */

/* An hour: equal neighbours dropped on both sides, the states of the best levels are the same. */
static void test_hour(void **state)
{
    static hr_itch_msg m[92000];
    hr_itch_step step;
    int64_t v[40];
    int64_t best[4];
    int64_t last[4] = {0};
    int64_t want[4] = {0};
    hr_l3_change c;
    uint32_t n_states = 0;
    size_t n_text;
    size_t n_books;
    size_t n_seed;
    (void)state;
    char *text = read_all("34200000_37800000_message_50.csv.gz", &n_text);
    char *books = read_all("orderbook_1_first13000.csv.gz", &n_books);
    char *seed = read_all("34200000_34249086_orderbook_10.csv", &n_seed);
    if (text == NULL || books == NULL || seed == NULL) {
        print_message("# skipped: no LOBSTER files (HR_DATA_DIR)\n");
        free(text);
        free(books);
        free(seed);
        return;
    }
    rig g = make_rig(50000);
    const char *p = seed;
    assert_int_equal(book_row(v, 40, &p, seed + n_seed), 40);
    seed_book(&g, v, 40);
    assert_int_equal(hr_lobster_decode(&step, m, 92000, text, n_text, true), HR_OK);
    assert_int_equal(step.n_msgs, 91997);
    p = books;
    bool is_more = true;
    for (uint32_t i = 0; i < step.n_msgs && is_more && n_states < STATES_TRUE; i++) {
        if (i > 0) apply(&g, &m[i], &c);
        best_of(&g, best);
        if (memcmp(best, last, sizeof best) == 0) continue;
        memcpy(last, best, sizeof best);
        do {
            is_more = book_row(v, 4, &p, books + n_books) == 4;
        } while (is_more && memcmp(v, want, sizeof want) == 0);
        if (!is_more) break;
        memcpy(want, v, sizeof want);
        if (memcmp(best, want, sizeof best) != 0) print_message("row %u\n", i + 1);
        assert_memory_equal(best, want, sizeof best);
        n_states++;
    }
    print_message("# %u states equal\n", n_states);
    assert_true(n_states > 10000);
    assert_true(hr_l3_is_sound(g.l3) && hr_l2_is_sound(g.l2));
    hr_arena_destroy(&g.arena);
    free(text);
    free(books);
    free(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),         cmocka_unit_test(test_bad_rows),
        cmocka_unit_test(test_cut_anywhere), cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_ten_levels),   cmocka_unit_test(test_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

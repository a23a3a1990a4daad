/* SPDX-License-Identifier: Apache-2.0 */
/* ITCH 5.0: every type's fields, framing cut anywhere, each kind of damage, the venue's sample. */
#include <stdio.h>

#include "harness.h"

#include "rng.h"
#include "venue/files/itch.h"

static const char TYPES[] = "SRHYLVWKJhAFECXDUPQBINO";

static size_t put(uint8_t *p, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
    return n;
}

#define TS INT64_C(34200123456789)

/* A frame: the head, then `body` as it is, zeros behind it. */
static size_t frame(uint8_t *p, char type, const void *body, size_t n_body)
{
    uint32_t n = hr_itch_length((uint8_t)type);
    assert_true(n >= 11 + n_body);
    memset(p, 0, 2 + n);
    (void)put(p, n, 2);
    p[2] = (uint8_t)type;
    (void)put(p + 3, 258, 2);
    (void)put(p + 5, 7, 2);
    (void)put(p + 7, (uint64_t)TS, 6);
    memcpy(p + 13, body, n_body);
    return 2 + n;
}

static hr_itch_msg decode_one(const uint8_t *p, size_t n)
{
    hr_itch_msg m;
    hr_itch_step step;
    assert_int_equal(hr_itch_decode(&step, &m, 1, p, n, true), HR_OK);
    assert_true(step.n_msgs == 1 && step.n_taken == n);
    assert_true(m.locate == 258 && m.tracking == 7 && m.ts_ns == TS);
    return m;
}

/* id 11, then what the text says; numbers are put where the specification has them */
typedef struct field {
    unsigned at, n;
    uint64_t v;
} field;

static hr_itch_msg decode_fields(char type, const field *f, size_t n_fields, const char *stock,
                                 unsigned stock_at)
{
    uint8_t p[64];
    size_t n = frame(p, type, "", 0);
    for (size_t i = 0; i < n_fields; i++)
        (void)put(p + 2 + f[i].at, f[i].v, f[i].n);
    if (stock != NULL) memcpy(p + 2 + stock_at, stock, 8);
    hr_itch_msg m = decode_one(p, n);
    assert_int_equal(m.type, type);
    if (stock != NULL) assert_memory_equal(m.stock, stock, 8);
    return m;
}
#define FIELDS(type, stock, at, ...)                                                               \
    decode_fields(type, (const field[]){__VA_ARGS__},                                              \
                  HR_ARRAY_LEN(((const field[]){__VA_ARGS__})), stock, at)

static const char AAPL[] = "AAPL    ";
#define REF UINT64_C(0x8877665544332211)
#define MATCH UINT64_C(0xfedcba9876543210)

static void test_order_types(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        hr_itch_msg m = FIELDS("AF" [i], AAPL, 24, { 11, 8, REF }, {19, 1, 'B'},
                               {20, 4, 0xfffffffe}, {32, 4, 0xfffffffd});
        assert_true(m.id == REF && m.side == HR_SIDE_BID && m.qty == 0xfffffffe);
        assert_true(m.px == 0xfffffffd);
    }
    hr_itch_msg m = FIELDS('E', NULL, 0, {11, 8, REF}, {19, 4, 300}, {23, 8, MATCH});
    assert_true(m.id == REF && m.qty == 300 && m.match == MATCH && m.side == HR_SIDE_NONE);
    m = FIELDS('C', NULL, 0, {11, 8, REF}, {19, 4, 300}, {23, 8, MATCH}, {31, 1, 'N'}, {32, 4, 99});
    assert_true(m.id == REF && m.qty == 300 && m.match == MATCH && m.code == 'N' && m.px == 99);
    m = FIELDS('X', NULL, 0, {11, 8, REF}, {19, 4, 5});
    assert_true(m.id == REF && m.qty == 5);
    m = FIELDS('D', NULL, 0, {11, 8, REF});
    assert_true(m.id == REF && m.qty == 0);
    m = FIELDS('U', NULL, 0, {11, 8, REF}, {19, 8, MATCH}, {27, 4, 5}, {31, 4, 77});
    assert_true(m.id == REF && m.id2 == MATCH && m.qty == 5 && m.px == 77);
    m = FIELDS('P', AAPL, 24, {11, 8, 0}, {19, 1, 'S'}, {20, 4, 9}, {32, 4, 8}, {36, 8, MATCH});
    assert_true(m.id == 0 && m.side == HR_SIDE_ASK && m.qty == 9 && m.px == 8 && m.match == MATCH);
}

static void test_other_types(void **state)
{
    (void)state;
    hr_itch_msg m = FIELDS('S', NULL, 0, {11, 1, 'O'});
    assert_int_equal(m.code, 'O');
    m = FIELDS('R', AAPL, 11, {19, 1, 'Q'}, {21, 4, 100});
    assert_true(m.code == 'Q' && m.qty == 100);
    for (int i = 0; i < 3; i++)
        assert_int_equal((FIELDS("HYN" [i], AAPL, 11, { 19, 1, 'P' })).code, 'P');
    assert_int_equal((FIELDS('h', AAPL, 11, {19, 1, 'Q'}, {20, 1, 'H'})).code, 'H');
    assert_int_equal((FIELDS('L', AAPL, 15, {25, 1, 'A'})).code, 'A');
    assert_int_equal((FIELDS('W', NULL, 0, {11, 1, '2'})).code, '2');
    m = FIELDS('V', NULL, 0, {11, 8, 1}, {19, 8, 2}, {27, 8, INT64_MAX});
    assert_true(m.px == 1 && m.px2 == 2 && m.px3 == INT64_MAX);
    m = FIELDS('K', AAPL, 11, {19, 4, 36000}, {23, 1, 'A'}, {24, 4, 5});
    assert_true(m.id == 36000 && m.code == 'A' && m.px == 5);
    m = FIELDS('J', AAPL, 11, {19, 4, 3}, {23, 4, 4}, {27, 4, 2}, {31, 4, 1});
    assert_true(m.px == 3 && m.px2 == 4 && m.px3 == 2 && m.qty == 1);
}

static void test_auction_types(void **state)
{
    (void)state;
    hr_itch_msg m =
        FIELDS('Q', AAPL, 19, {11, 8, 1000000}, {27, 4, 3}, {31, 8, MATCH}, {39, 1, 'O'});
    assert_true(m.qty == 1000000 && m.px == 3 && m.match == MATCH && m.code == 'O');
    assert_true((FIELDS('B', NULL, 0, {11, 8, MATCH})).match == MATCH);
    m = FIELDS('I', AAPL, 28, {11, 8, 10}, {19, 8, 11}, {27, 1, 'S'}, {36, 4, 1}, {40, 4, 2},
               {44, 4, 3});
    assert_true(m.qty == 10 && m.id == 11 && m.code == 'S' && m.px3 == 1 && m.px2 == 2);
    assert_int_equal(m.px, 3);
    m = FIELDS('O', AAPL, 11, {19, 1, 'Y'}, {20, 4, 1}, {24, 4, 2}, {28, 4, 3}, {32, 8, 4});
    assert_true(m.code == 'Y' && m.px3 == 1 && m.px2 == 2 && m.px == 3 && m.id == 4);
}

/* One of each type, whole. */
static size_t make_all(uint8_t *p)
{
    size_t at = 0;
    for (const char *t = TYPES; *t != 0; t++) {
        size_t n = frame(p + at, *t, "", 0);
        if (strchr("AFP", *t) != NULL) p[at + 2 + 19] = 'S';
        at += n;
    }
    return at;
}

/* Whatever the text is cut into, the messages are the same. */
static void test_cut_anywhere(void **state)
{
    uint8_t p[1024];
    static hr_itch_msg want[32];
    static hr_itch_msg got[32];
    hr_itch_step step;
    (void)state;
    size_t n = make_all(p);
    assert_int_equal(hr_itch_decode(&step, want, 32, p, n, true), HR_OK);
    assert_int_equal(step.n_msgs, sizeof TYPES - 1);
    for (size_t cut = 0; cut <= n; cut++) {
        assert_int_equal(hr_itch_decode(&step, got, 32, p, cut, false), HR_OK);
        assert_true(step.n_taken <= cut);
        size_t at = step.n_taken;
        uint32_t k = step.n_msgs;
        assert_int_equal(hr_itch_decode(&step, got + k, 32 - k, p + at, n - at, true), HR_OK);
        assert_int_equal(k + step.n_msgs, sizeof TYPES - 1);
        assert_memory_equal(got, want, (sizeof TYPES - 1) * sizeof *got);
        hr_status st = hr_itch_decode(&step, got, 32, p, cut, true);
        assert_int_equal(st, cut == at ? HR_OK : HR_EINPUT);
        if (st == HR_OK) continue;
        assert_int_equal(step.reason, HR_ITCH_TRUNCATED);
        assert_true(step.offset == at && step.n_taken == cut);
    }
    for (uint32_t cap = 0; cap < 3; cap++) {
        assert_int_equal(hr_itch_decode(&step, got, cap, p, n, true), HR_FULL);
        assert_int_equal(step.n_msgs, cap);
    }
}

/* Each is refused by name with its place, and the next message is read. */
static void test_damage(void **state)
{
    static const struct {
        size_t at;
        uint8_t v;
        hr_itch_reason reason;
    } damage[] = {
        {2, 'Z', HR_ITCH_TYPE},  {2, 0, HR_ITCH_TYPE},    {2, 'U', HR_ITCH_LENGTH},
        {7, 0xff, HR_ITCH_TIME}, {21, 'X', HR_ITCH_SIDE}, {2, 255, HR_ITCH_TYPE},
    };
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(damage); i++) {
        uint8_t p[200];
        hr_itch_msg m[3];
        hr_itch_step step;
        size_t first = frame(p, 'D', "", 0);
        size_t bad = frame(p + first, 'A', "\0\0\0\0\0\0\0\1B", 9);
        size_t n = first + bad + frame(p + first + bad, 'S', "C", 1);
        p[first + damage[i].at] = damage[i].v;
        assert_int_equal(hr_itch_decode(&step, m, 3, p, n, true), HR_EINPUT);
        assert_int_equal(step.reason, damage[i].reason);
        assert_int_equal(step.type, p[first + 2]);
        assert_true(step.offset == first && step.n_taken == first + bad && step.n_msgs == 1);
        size_t at = step.n_taken;
        assert_int_equal(hr_itch_decode(&step, m, 3, p + at, n - at, true), HR_OK);
        assert_true(step.n_msgs == 1 && m[0].code == 'C');
    }
    const uint8_t empty[] = {0, 0, 0};
    hr_itch_msg m;
    hr_itch_step step;
    assert_int_equal(hr_itch_decode(&step, &m, 1, empty, 3, true), HR_EINPUT);
    assert_true(step.reason == HR_ITCH_EMPTY && step.n_taken == 2);
    assert_int_equal(hr_itch_decode(&step, &m, 1, empty, 1, true), HR_EINPUT);
    assert_true(step.reason == HR_ITCH_TRUNCATED && step.n_taken == 1);
    assert_int_equal(hr_itch_decode(&step, &m, 1, empty, 0, true), HR_OK);
    assert_string_equal(hr_itch_reason_name(HR_ITCH_LENGTH), "bad_length");
    assert_string_equal(hr_itch_reason_name(HR_ITCH_REASON_COUNT), "?");
}

static void assert_same_op(const hr_itch_msg *m, const hr_l3_op *got)
{
    hr_l3_op want;
    hr_itch_op(&want, m);
    assert_int_equal(got->what, want.what);
    if (want.what == HR_L3_NONE) return;
    assert_true(got->id == want.id && got->new_id == want.new_id && got->px == want.px);
    assert_true(got->qty == want.qty && got->instrument == want.instrument);
    assert_true(got->side == want.side && !got->is_looked);
}

/* Of damaged text too: the same steps, and operations that say what the messages say. */
static void test_ops(void **state)
{
    static hr_itch_msg m[64];
    static hr_l3_op op[64];
    uint8_t all[1024];
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    size_t n = make_all(all);
    for (uint64_t k = 0; k < test_iters(20000); k++) {
        size_t n_cut = k < n ? k : n - test_rng_below(&r, 40);
        uint8_t *p = malloc(n_cut + 1); /* nothing behind it may be read */
        assert_non_null(p);
        memcpy(p, all, n_cut);
        for (uint64_t d = k % 4; d > 0 && n_cut > 0; d--)
            p[test_rng_below(&r, n_cut)] = (uint8_t)test_rng_u64(&r);
        for (size_t at = 0; at < n_cut;) {
            hr_itch_step a;
            hr_itch_step b;
            hr_status st = hr_itch_decode(&a, m, 64, p + at, n_cut - at, k % 3 != 0);
            assert_int_equal(hr_itch_decode_ops(&b, op, 64, p + at, n_cut - at, k % 3 != 0), st);
            assert_true(a.n_taken == b.n_taken && a.n_msgs == b.n_msgs);
            assert_true(a.reason == b.reason);
            if (st == HR_EINPUT) assert_true(a.offset == b.offset && a.type == b.type);
            for (uint32_t i = 0; i < a.n_msgs; i++)
                assert_same_op(&m[i], &op[i]);
            if (st != HR_EINPUT) break;
            at += a.n_taken;
        }
        free(p);
    }
}

static void test_large_numbers(void **state)
{
    static const struct {
        char type;
        unsigned at;
    } wide[] = {{'Q', 11}, {'I', 11}, {'V', 11}, {'V', 19}, {'V', 27}};
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(wide); i++) {
        uint8_t p[64];
        hr_itch_msg m;
        hr_itch_step step;
        size_t n = frame(p, wide[i].type, "", 0);
        p[2 + wide[i].at] = 0x80;
        assert_int_equal(hr_itch_decode(&step, &m, 1, p, n, true), HR_EINPUT);
        assert_int_equal(step.reason, HR_ITCH_NUMBER);
    }
}

static void do_msg(hr_l3 *b, hr_l3_change *c, char type, uint64_t id, int64_t qty, int64_t px)
{
    hr_itch_msg m = {.type = (uint8_t)type,
                     .side = type == 'A' || type == 'F' ? HR_SIDE_ASK : HR_SIDE_NONE,
                     .locate = 3,
                     .id = id,
                     .qty = qty,
                     .px = px};
    if (type == 'U') m.id2 = id + 100;
    assert_int_equal(hr_itch_apply(b, c, &m), HR_OK);
}

static void test_apply(void **state)
{
    hr_l3_options o = {.max_orders = 4, .max_levels = 4, .max_instruments = 4};
    hr_arena *a;
    hr_l3 *b;
    hr_l3_change c;
    (void)state;
    assert_int_equal(hr_arena_create(&a, NULL, 1u << 16, "test", NULL), HR_OK);
    assert_int_equal(hr_l3_create(&b, a, &o, NULL), HR_OK);
    do_msg(b, &c, 'A', 1, 50, 1000);
    assert_true(c.n == 1 && c.instrument == 3 && c.side[0] == HR_SIDE_ASK && c.qty[0] == 50);
    do_msg(b, &c, 'F', 2, 60, 1000);
    assert_int_equal(c.qty[0], 110);
    do_msg(b, &c, 'E', 1, 10, 0);
    assert_int_equal(c.qty[0], 100);
    do_msg(b, &c, 'C', 1, 10, 999); /* its price is the trade's, not the level's */
    assert_true(c.qty[0] == 90 && c.px[0] == 1000);
    do_msg(b, &c, 'X', 2, 20, 0);
    assert_int_equal(c.qty[0], 70);
    do_msg(b, &c, 'U', 1, 5, 1001);
    assert_true(c.n == 2 && c.qty[0] == 40 && c.qty[1] == 5 && c.px[1] == 1001);
    do_msg(b, &c, 'D', 101, 0, 0);
    assert_true(c.n == 1 && c.qty[0] == 0);
    for (const char *t = "SRHYLVWKJhPQBINO"; *t != 0; t++) {
        do_msg(b, &c, *t, 2, 5, 5);
        assert_true(c.n == 0 && c.verdict == HR_L3_OK && !c.is_clear);
    }
    do_msg(b, &c, 'D', 101, 0, 0);
    assert_int_equal(c.verdict, HR_L3_UNKNOWN);
    hr_arena_destroy(&a);
}

static void test_directory(void **state)
{
    hr_arena *a;
    hr_itch_dir *d;
    char stock[9];
    hr_itch_msg m = {.type = 'R', .locate = 65535, .stock = "ZVZZT   "};
    (void)state;
    assert_int_equal(hr_arena_create(&a, NULL, 1u << 20, "test", NULL), HR_OK);
    assert_int_equal(hr_itch_dir_create(&d, a, NULL), HR_OK);
    assert_int_equal(hr_itch_dir_stock(d, 65535, stock), 0);
    assert_true(hr_itch_dir_note(d, &m) && hr_itch_dir_note(d, &m));
    assert_int_equal(hr_itch_dir_stock(d, 65535, stock), 5);
    assert_string_equal(stock, "ZVZZT");
    memcpy(m.stock, "ABCDEFGH", 8);
    assert_false(hr_itch_dir_note(d, &m));
    assert_int_equal(hr_itch_dir_stock(d, 65535, stock), 8);
    m.type = 'H';
    m.locate = 1;
    assert_true(hr_itch_dir_note(d, &m));
    assert_int_equal(hr_itch_dir_count(d), 1);
    hr_arena_destroy(&a);
    hr_err err = HR_ERR_INIT;
    assert_int_equal(hr_arena_create(&a, NULL, 4096, "test", NULL), HR_OK);
    assert_int_equal(hr_itch_dir_create(&d, a, &err), HR_EBUDGET);
    assert_null(d);
    hr_arena_destroy(&a);
}

/* A real session's beginning: how many of which type was counted by another program. */
static void test_sample(void **state)
{
    static uint8_t text[1 << 17];
    static hr_itch_msg m[1100];
    static char path[4200];
    uint32_t n_of[256] = {0};
    hr_itch_step step;
    hr_arena *a;
    hr_itch_dir *d;
    char stock[9];
    const char *dir = test_data_dir();
    (void)state;
    snprintf(path, sizeof path, "%s/itch/sample.itch", dir != NULL ? dir : "");
    FILE *f = dir != NULL ? fopen(path, "rb") : NULL;
    if (f == NULL) {
        print_message("# skipped: no sample of ITCH (HR_DATA_DIR)\n");
        return;
    }
    size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    assert_int_equal(hr_arena_create(&a, NULL, 1u << 20, "test", NULL), HR_OK);
    assert_int_equal(hr_itch_dir_create(&d, a, NULL), HR_OK);
    assert_int_equal(hr_itch_decode(&step, m, 1100, text, n, true), HR_OK);
    assert_true(step.n_msgs == 1000 && step.n_taken == n);
    for (uint32_t i = 0; i < step.n_msgs; i++) {
        n_of[m[i].type]++;
        assert_true(i == 0 || m[i].ts_ns >= m[i - 1].ts_ns);
        assert_true(hr_itch_dir_note(d, &m[i]));
    }
    assert_true(n_of['S'] == 1 && n_of['R'] == 993 && n_of['H'] == 3 && n_of['Y'] == 3);
    assert_int_equal(hr_itch_dir_count(d), 993);
    assert_int_equal(hr_itch_dir_stock(d, 2, stock), 2);
    assert_string_equal(stock, "AA");
    hr_arena_destroy(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_types),   cmocka_unit_test(test_other_types),
        cmocka_unit_test(test_auction_types), cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_damage),        cmocka_unit_test(test_ops),
        cmocka_unit_test(test_large_numbers), cmocka_unit_test(test_apply),
        cmocka_unit_test(test_directory),     cmocka_unit_test(test_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The event batch: layout, dictionary of instruments, rejects; and the schemas' small functions. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "col/evbatch.h"

static const hr_evbatch_caps caps = {
    .msgs = 10, .levels = 37, .rejects = 3, .raw = 100, .texts = 2};

static int setup(void **state)
{
    size_t n = hr_evbatch_bytes(&caps);
    assert_int_equal(n % 64, 0);
    char *mem = aligned_alloc(64, n + 64);
    memset(mem, 0x5a, n + 64);
    *state = hr_evbatch_init(mem, &caps);
    return 0;
}

static int teardown(void **state)
{
    const char *end = (const char *)*state + hr_evbatch_bytes(&caps);
    for (int i = 0; i < 64; i++)
        assert_int_equal(end[i], 0x5a);
    free(*state);
    return 0;
}

static void test_layout(void **state)
{
    hr_evbatch *b = *state;
    const void *columns[] = {b->ts_event, b->ts_recv, b->seq_first,  b->seq_last, b->seq_prev,
                             b->src_line, b->sym,     b->text,       b->flags,    b->kind,
                             b->px,       b->qty,     b->side,       b->syms,     b->rejects,
                             b->raw,      b->texts,   b->level_begin};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        assert_int_equal((uintptr_t)columns[i] % 64, 0);
    for (uint32_t i = 0; i < caps.msgs; i++)
        b->ts_event[i] = b->src_offset[i] = -1;
    memset(b->side, 0xff, caps.levels); /* the last column of levels: teardown looks behind it */
    memset(b->texts, 0xff, caps.texts * sizeof *b->texts);
    assert_int_equal(b->n_msgs, 0);
    assert_int_equal(b->level_begin[0], 0);
    assert_true(hr_evbatch_has_room(b, 10, 37));
    assert_false(hr_evbatch_has_room(b, 11, 0));
    assert_false(hr_evbatch_has_room(b, 0, 38));
}

static void test_instruments(void **state)
{
    hr_evbatch *b = *state;
    int32_t a = hr_evbatch_sym(b, "binance", "BTCUSDT", 7);
    assert_int_equal(a, 0);
    assert_int_equal(hr_evbatch_sym(b, "binance", "ETHUSDT", 7), 1);
    assert_int_equal(hr_evbatch_sym(b, "binance-futures", "BTCUSDT", 7), 2);
    assert_int_equal(hr_evbatch_sym(b, "binance", "BTCUSDTX", 7), a);
    assert_int_equal(hr_evbatch_sym(b, "", "BTC-PERP.a:b/c_1", 16), 3);
    assert_string_equal(b->syms[2].venue, "binance-futures");
    assert_int_equal(b->syms[0].global_id, -1);
    static const char *const bad[] = {
        "",     ".hidden",   "a b", "a\"b",
        "a\\b", "a\xc3\xa9", "a\n", "12345678901234567890123456789012"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(hr_evbatch_sym(b, "v", bad[i], strlen(bad[i])), -1);
    assert_int_equal(b->n_syms, 4);
    hr_evbatch_reset(b);
    assert_int_equal(b->n_syms, 0);
    assert_int_equal(hr_evbatch_sym(b, "binance", "ETHUSDT", 7), 0);
}

static void test_dictionary_full(void **state)
{
    hr_evbatch *b = *state;
    char name[16];
    for (int lap = 0; lap < 2; lap++) {
        for (int i = 0; i < HR_EVB_SYMS_MAX; i++) {
            int n = snprintf(name, sizeof name, "S%d-%d", lap, i);
            assert_int_equal(hr_evbatch_sym(b, "v", name, (size_t)n), i);
        }
        assert_int_equal(hr_evbatch_sym(b, "v", "ONEMORE", 7), -1);
        assert_int_equal(hr_evbatch_sym(b, "v", name, strlen(name)), HR_EVB_SYMS_MAX - 1);
        hr_evbatch_reset(b);
    }
}

static void test_rejects(void **state)
{
    hr_evbatch *b = *state;
    char raw[200];
    memset(raw, 'x', sizeof raw);
    assert_int_equal(hr_evbatch_reject(b, HR_REJECT_JSON, 5, 2, raw, 60), HR_OK);
    assert_int_equal(b->n_msgs, 1);
    assert_int_equal(b->kind[0], HR_MSG_BAD);
    assert_int_equal(b->sym[0], HR_SYM_UNKNOWN);
    assert_int_equal(b->level_begin[1], 0);
    assert_int_equal(b->rejects[0].raw_len, 60);
    assert_int_equal(hr_evbatch_reject(b, HR_REJECT_CSV, 9, 3, raw, 41), HR_FULL); /* raw bytes */
    assert_int_equal(b->n_msgs, 1);
    assert_int_equal(hr_evbatch_reject(b, HR_REJECT_CSV, 9, 3, raw, 40), HR_OK);
    assert_int_equal(hr_evbatch_reject(b, HR_REJECT_CSV, 9, 3, raw, 0), HR_OK);
    assert_int_equal(hr_evbatch_reject(b, HR_REJECT_CSV, 9, 3, raw, 0), HR_FULL); /* rejects */
    hr_evbatch_reset(b);
    assert_int_equal(hr_evbatch_reject(b, HR_REJECT_CSV, 9, 3, raw, 200), HR_OK);
    assert_int_equal(b->rejects[0].raw_len, 100); /* cut to what a batch keeps */
    assert_int_equal(b->rejects[0].full_len, 200);
}

static void test_names(void **state)
{
    (void)state;
    for (int i = 0; i < HR_REJECT_COUNT; i++) {
        assert_string_not_equal(hr_reject_name((hr_reject_reason)i), "unknown");
        for (int k = 0; k < i; k++)
            assert_string_not_equal(hr_reject_name((hr_reject_reason)i),
                                    hr_reject_name((hr_reject_reason)k));
    }
    assert_string_equal(hr_reject_name(HR_REJECT_COUNT), "unknown");
    assert_string_equal(hr_kind_name(HR_KIND_TICKERS), "tickers");
    assert_string_equal(hr_kind_name(HR_KIND_COUNT), "unknown");
    static const hr_field fields[] = {{.name = "a", .type = HR_COL_I64},
                                      {.name = "b", .type = HR_COL_TEXT},
                                      {.name = "c", .type = HR_COL_ENUM}};
    const hr_schema s = {.name = "s", .n_fields = 3, .fields = fields};
    assert_int_equal(hr_schema_row_bytes(&s), 8 + 48 + 1);
    assert_int_equal(hr_schema_find(&s, "b"), 1);
    assert_int_equal(hr_schema_find(&s, "d"), -1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(test_layout), TEST(test_instruments),
                                       TEST(test_dictionary_full), TEST(test_rejects),
                                       TEST(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

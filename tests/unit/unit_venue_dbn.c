/* SPDX-License-Identifier: Apache-2.0 */
/* DBN: each type of record by version from hand-made bytes, metadata, symbols, each kind of
 * damage. */
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"

#include "dbn_made.h"
#include "rng.h"
#include "venue/files/dbn.h"

#define TS UINT64_C(1715126400000000001)
#define PX INT64_C(5155500000000)
#define TEXT UINT64_C(0x7465787474657874) /* for a value: the text stands beside it */

static hr_arena *arena;

static int set_up(void **state)
{
    (void)state;
    return hr_arena_create(&arena, NULL, 8u << 20, "test", NULL) == HR_OK ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    hr_arena_destroy(&arena);
    return 0;
}

/* ---- layouts ---- */

static void test_layouts_are_whole(void **state)
{
    (void)state;
    for (int id = 0; id < HR_DBN_LAYOUT_COUNT; id++) {
        const hr_dbn_layout *l = hr_dbn_layout_get((hr_dbn_layout_id)id);
        uint8_t used[1024] = {1}; /* the length */
        assert_true(l->bytes % 4 == 0 && l->n_fields + 2u <= HR_DBN_FIELDS_MAX);
        for (int f = 0; f < l->n_fields; f++) {
            const hr_dbn_field *k = &l->fields[f];
            assert_int_equal(hr_dbn_field_find(l, k->name), f);
            assert_true(k->at + k->width <= l->bytes);
            for (int b = 0; b < k->width; b++) {
                assert_int_equal(used[k->at + b], 0);
                used[k->at + b] = 1;
            }
        }
        int time = hr_dbn_field_find(l, "ts_recv");
        if (time < 0) time = hr_dbn_field_find(l, "ts_event");
        assert_int_equal(l->fields[time].at, l->time_at);
    }
    assert_int_equal(hr_dbn_field_find(hr_dbn_layout_get(HR_DBN_MBO), "no"), -1);
}

static void test_length_tells_the_layout(void **state)
{
    (void)state;
    static const struct {
        uint8_t rtype;
        uint16_t bytes;
        uint8_t layout;
    } want[] = {{0x13, 359, HR_DBN_NO_LAYOUT},    {0x13, 360, HR_DBN_DEFINITION_1},
                {0x13, 368, HR_DBN_DEFINITION_1}, {0x13, 400, HR_DBN_DEFINITION_2},
                {0x13, 408, HR_DBN_DEFINITION_2}, {0x13, 520, HR_DBN_DEFINITION_3},
                {0x18, 64, HR_DBN_STATISTICS_1},  {0x18, 72, HR_DBN_STATISTICS_1},
                {0x18, 80, HR_DBN_STATISTICS_3},  {0x15, 80, HR_DBN_ERROR_1},
                {0x15, 320, HR_DBN_ERROR_2},      {0x16, 80, HR_DBN_MAPPING_1},
                {0x16, 176, HR_DBN_MAPPING_2},    {0x17, 80, HR_DBN_SYSTEM_1},
                {0x17, 328, HR_DBN_SYSTEM_2},     {0xa0, 56, HR_DBN_MBO},
                {0x77, 56, HR_DBN_NO_LAYOUT}};
    for (size_t i = 0; i < HR_ARRAY_LEN(want); i++)
        assert_int_equal(hr_dbn_layout_of(want[i].rtype, want[i].bytes), want[i].layout);
    assert_string_equal(hr_dbn_rtype_name(0xa0), "mbo");
    assert_null(hr_dbn_rtype_name(0x77));
}

/* ---- values: one record of each type, by its numbers in the specification ---- */

typedef struct value {
    const char *name;
    uint16_t at, width;
    uint64_t v;
    const char *text; /* NULL: null */
} value;

static void check_values(uint8_t rtype, size_t n_bytes, uint8_t layout, const value *v, size_t n)
{
    uint8_t p[HR_DBN_RECORD_MAX];
    hr_dbn_step step;
    hr_dbn_rec rec;
    (void)dbn_made_head(p, rtype, n_bytes, 5602, TS);
    for (size_t i = 0; i < n; i++) {
        if (v[i].v == TEXT && v[i].text != NULL)
            memcpy(p + v[i].at, v[i].text, strlen(v[i].text));
        else if (v[i].v != TEXT)
            dbn_made_put(p + v[i].at, v[i].v, v[i].width);
    }
    assert_int_equal(hr_dbn_walk(&step, &rec, 1, p, n_bytes, true), HR_OK);
    assert_true(step.n_recs == 1 && step.n_taken == n_bytes && step.n_unknown == 0);
    assert_true(rec.at == 0 && rec.bytes == n_bytes && rec.rtype == rtype);
    assert_int_equal(rec.layout, layout);
    const hr_dbn_layout *l = hr_dbn_layout_get((hr_dbn_layout_id)layout);
    for (size_t i = 0; i < n; i++) {
        char text[HR_DBN_TEXT_MAX];
        size_t k;
        int f = hr_dbn_field_find(l, v[i].name);
        if (f < 0) print_message("%s\n", v[i].name);
        assert_true(f >= 0);
        assert_true(l->fields[f].at == v[i].at && l->fields[f].width == v[i].width);
        bool is_there = hr_dbn_value_text(text, &k, &l->fields[f], p);
        assert_int_equal(is_there, v[i].text != NULL);
        if (!is_there) continue;
        assert_int_equal(k, strlen(v[i].text));
        assert_memory_equal(text, v[i].text, k);
    }
}
#define VALUES(rtype, n_bytes, layout, ...)                                                        \
    check_values(rtype, n_bytes, layout, (const value[]){__VA_ARGS__},                             \
                 HR_ARRAY_LEN(((const value[]){__VA_ARGS__})))
#define HEAD                                                                                       \
    {"publisher_id", 2, 2, 29, "29"}, {"instrument_id", 4, 4, 0xfffffffe, "4294967294"},           \
    {                                                                                              \
        "ts_event", 8, 8, UINT64_MAX, NULL                                                         \
    }
#define ORDER                                                                                      \
    {"price", 16, 8, (uint64_t)-PX, "-5155.5"}, {"size", 24, 4, UINT32_MAX, "4294967295"},         \
        {"side", 29, 1, 'A', "A"},                                                                 \
    {                                                                                              \
        "flags", 30, 1, 0xc8, "200"                                                                \
    }

static void test_trades_and_books(void **state)
{
    (void)state;
    VALUES(0x00, 48, HR_DBN_TRADES, HEAD, ORDER, {"action", 28, 1, 'T', "T"},
           {"depth", 31, 1, 9, "9"}, {"ts_recv", 32, 8, TS, "1715126400000000001"},
           {"ts_in_delta", 40, 4, (uint32_t)-5, "-5"}, {"sequence", 44, 4, 77, "77"});
    VALUES(0x01, 80, HR_DBN_MBP_1, HEAD, ORDER, {"bid_px_00", 48, 8, INT64_MAX, NULL},
           {"ask_px_00", 56, 8, 1, "0.000000001"}, {"bid_sz_00", 64, 4, 3, "3"},
           {"ask_sz_00", 68, 4, 4, "4"}, {"bid_ct_00", 72, 4, 5, "5"},
           {"ask_ct_00", 76, 4, 6, "6"});
    VALUES(0x0a, 368, HR_DBN_MBP_10, HEAD, ORDER, {"bid_px_01", 80, 8, 0, "0"},
           {"bid_px_09", 336, 8, PX, "5155.5"}, {"ask_ct_09", 364, 4, 6, "6"});
}

static void test_tops_and_bars(void **state)
{
    (void)state;
    VALUES(0xc3, 80, HR_DBN_BBO, HEAD, ORDER, {"sequence", 44, 4, 7, "7"},
           {"ask_ct_00", 76, 4, 6, "6"});
    VALUES(0xc4, 80, HR_DBN_BBO, HEAD, ORDER, {"ts_recv", 32, 8, UINT64_MAX, NULL});
    VALUES(0xb1, 80, HR_DBN_CMBP_1, HEAD, ORDER, {"bid_pb_00", 72, 2, 2, "2"},
           {"ask_pb_00", 76, 2, 65535, "65535"}, {"ts_in_delta", 40, 4, 1, "1"});
    VALUES(0xc2, 80, HR_DBN_CMBP_1, HEAD, ORDER, {"action", 28, 1, 0, NULL});
    VALUES(0xc1, 80, HR_DBN_CBBO, HEAD, ORDER, {"ask_pb_00", 76, 2, 3, "3"});
    VALUES(0x21, 56, HR_DBN_OHLCV, HEAD, {"open", 16, 8, 1, "0.000000001"},
           {"high", 24, 8, PX, "5155.5"}, {"low", 32, 8, INT64_MAX, NULL},
           {"close", 40, 8, (uint64_t)INT64_MIN, "-9223372036.854775808"},
           {"volume", 48, 8, UINT64_MAX, "18446744073709551615"});
    VALUES(0xa0, 64, HR_DBN_MBO, HEAD, {"order_id", 16, 8, UINT64_MAX, "18446744073709551615"},
           {"price", 24, 8, PX, "5155.5"}, {"size", 32, 4, 5, "5"}, {"flags", 36, 1, 40, "40"},
           {"channel_id", 37, 1, 1, "1"}, {"action", 38, 1, 0xe9, "\xc3\xa9"},
           {"side", 39, 1, 'B', "B"}, {"ts_recv", 40, 8, 0, "0"},
           {"ts_in_delta", 48, 4, 0x80000000u, "-2147483648"}, {"sequence", 52, 4, 9, "9"});
}

static void test_definitions(void **state)
{
    (void)state;
    VALUES(0x13, 360, HR_DBN_DEFINITION_1, HEAD, {"raw_symbol", 200, 22, TEXT, "ESM4"},
           {"strike_price", 328, 8, PX, "5155.5"}, {"match_algorithm", 342, 1, 'F', "F"},
           {"instrument_class", 325, 1, 'F', "F"}, {"tick_rule", 356, 1, 1, "1"},
           {"contract_multiplier_unit", 354, 1, 0xff, "-1"}, {"appl_id", 178, 2, 0x8000, "-32768"},
           {"raw_instrument_id", 120, 4, 5, "5"});
    VALUES(0x13, 400, HR_DBN_DEFINITION_2, HEAD, {"raw_symbol", 200, 71, TEXT, "A \"B\",C"},
           {"strike_price", 112, 8, INT64_MAX, NULL}, {"asset", 297, 7, TEXT, "ES"},
           {"tick_rule", 389, 1, 1, "1"});
    VALUES(0x13, 520, HR_DBN_DEFINITION_3, HEAD, {"raw_instrument_id", 112, 8, 1, "1"},
           {"raw_symbol", 238, 71, TEXT, NULL}, {"leg_raw_symbol", 416, 71, TEXT, "LEG"},
           {"leg_side", 502, 1, 'B', "B"}, {"asset", 335, 11, TEXT, "ELEVENBYTES"});
}

static void test_others(void **state)
{
    (void)state;
    VALUES(0x14, 112, HR_DBN_IMBALANCE, HEAD, {"ref_price", 24, 8, PX, "5155.5"},
           {"auction_time", 32, 8, UINT64_MAX, NULL}, {"significant_imbalance", 110, 1, 'L', "L"});
    VALUES(0x18, 64, HR_DBN_STATISTICS_1, HEAD, {"quantity", 40, 4, INT32_MAX, NULL},
           {"stat_type", 52, 2, 3, "3"}, {"stat_flags", 57, 1, 255, "255"});
    VALUES(0x18, 64, HR_DBN_STATISTICS_1, {"quantity", 40, 4, (uint32_t)-1, "-1"});
    VALUES(0x18, 80, HR_DBN_STATISTICS_3, HEAD, {"quantity", 40, 8, INT64_MAX, NULL},
           {"stat_type", 56, 2, 3, "3"}, {"stat_flags", 61, 1, 255, "255"});
    VALUES(0x12, 40, HR_DBN_STATUS, HEAD, {"ts_recv", 16, 8, 5, "5"}, {"action", 24, 2, 7, "7"},
           {"is_short_sell_restricted", 32, 1, 'N', "N"});
    VALUES(0x15, 80, HR_DBN_ERROR_1, HEAD, {"err", 16, 64, TEXT, "no"});
    VALUES(0x15, 320, HR_DBN_ERROR_2, HEAD, {"err", 16, 302, TEXT, "no"}, {"code", 318, 1, 3, "3"},
           {"is_last", 319, 1, 255, "255"});
    VALUES(0x16, 80, HR_DBN_MAPPING_1, HEAD, {"stype_in_symbol", 16, 22, TEXT, "ES.FUT"},
           {"stype_out_symbol", 38, 22, TEXT, "ESM4"}, {"end_ts", 72, 8, 1, "1"});
    VALUES(0x16, 176, HR_DBN_MAPPING_2, HEAD, {"stype_in_symbol", 17, 71, TEXT, "ES.FUT"},
           {"stype_out", 88, 1, 1, "1"}, {"stype_out_symbol", 89, 71, TEXT, "ESM4"},
           {"start_ts", 160, 8, UINT64_MAX, NULL});
    VALUES(0x17, 80, HR_DBN_SYSTEM_1, HEAD, {"msg", 16, 64, TEXT, "Heartbeat"});
    VALUES(0x17, 320, HR_DBN_SYSTEM_2, HEAD, {"msg", 16, 303, TEXT, "Heartbeat"},
           {"code", 319, 1, 2, "2"});
}

/* ---- columns ---- */

static void test_columns(void **state)
{
    (void)state;
    uint8_t p[5 * 64];
    hr_dbn_rec recs[5];
    hr_dbn_step step;
    static hr_dbn_table t;
    static const uint64_t id[5] = {1, UINT64_MAX, INT64_MAX, UINT64_C(1) << 63, 5};
    static const int64_t px[5] = {PX, INT64_MAX, INT64_MIN, 1000000000000000000,
                                  -999999999999999999};
    static const uint64_t ts[5] = {0, UINT64_MAX, INT64_MAX, UINT64_MAX - 1, TS};
    for (size_t i = 0; i < 5; i++) {
        hr_dbn_mbo m = {.instrument = 7,
                        .ts_event = ts[i],
                        .order_id = id[i],
                        .px = px[i],
                        .ts_in_delta = -1,
                        .action = 'A',
                        .qty = UINT32_MAX};
        (void)dbn_made_mbo(p + i * 64, &m);
        p[i * 64] = 16;
        dbn_made_put(p + i * 64 + 56, i, 8);
    }
    assert_int_equal(hr_dbn_walk(&step, recs, 5, p, sizeof p, true), HR_OK);
    hr_dbn_table_init(&t, HR_DBN_MBO, true);
    assert_int_equal(t.n_fields, t.layout->n_fields + 1);
    assert_string_equal(t.schema.fields[t.n_fields].name, "symbol");
    assert_string_equal(t.fields[t.n_fields - 1].name, "ts_out");
    int64_t out[5];
    uint32_t first;
#define COLUMN(name)                                                                               \
    hr_dbn_column(out, &first, &t.fields[hr_schema_find(&t.schema, name)], p, recs, 5)
    assert_int_equal(COLUMN("order_id"), 2);
    assert_true(first == 1 && out[0] == 1 && out[1] == HR_NULL_I64 && out[2] == INT64_MAX);
    assert_true(out[3] == HR_NULL_I64 && out[4] == 5);
    assert_int_equal(COLUMN("price"), 2);
    assert_true(first == 2 && out[0] == PX && out[1] == HR_NULL_I64 && out[2] == HR_NULL_I64);
    assert_true(out[3] == HR_NULL_I64 && out[4] == px[4]);
    assert_int_equal(COLUMN("ts_event"), 1);
    assert_true(first == 3 && out[0] == 0 && out[1] == HR_NULL_I64 && out[2] == INT64_MAX);
    assert_int_equal(COLUMN("ts_out"), 0);
    assert_true(out[0] == 0 && out[4] == 4);
    assert_int_equal(COLUMN("ts_in_delta"), 0);
    assert_true(out[0] == -1);
    assert_int_equal(COLUMN("size"), 0);
    assert_true(((uint32_t *)(void *)out)[4] == UINT32_MAX);
    assert_int_equal(COLUMN("action"), 0);
    assert_string_equal(t.columns[hr_schema_find(&t.schema, "action")].dict[((uint8_t *)out)[0]],
                        "A");
#undef COLUMN
}

static void test_texts_that_do_not_fit(void **state)
{
    (void)state;
    uint8_t p[3 * 320];
    hr_dbn_rec recs[3];
    hr_dbn_step step;
    static hr_dbn_table t;
    hr_text out[3];
    uint32_t first;
    for (size_t i = 0; i < 3; i++)
        (void)dbn_made_head(p + i * 320, 0x17, 320, 1, TS);
    memset(p + 16, 'x', 47);
    memset(p + 320 + 16, 'x', 48);
    memcpy(p + 640 + 16, "\xff", 1);
    assert_int_equal(hr_dbn_walk(&step, recs, 3, p, sizeof p, true), HR_OK);
    hr_dbn_table_init(&t, HR_DBN_SYSTEM_2, false);
    const hr_dbn_field *f = &t.fields[hr_schema_find(&t.schema, "msg")];
    assert_int_equal(hr_dbn_column(out, &first, f, p, recs, 3), 2);
    assert_true(first == 1 && out[0].len == 47 && out[1].len == HR_TEXT_NULL);
    assert_true(out[2].len == HR_TEXT_NULL);
    assert_true(hr_dbn_fits(f, p) && !hr_dbn_fits(f, p + 320) && !hr_dbn_fits(f, p + 640));
}

/* ---- damage ---- */

static size_t three(uint8_t *p)
{
    hr_dbn_mbo m = {.instrument = 1, .order_id = 1, .px = PX, .qty = 1, .action = 'A', .side = 'B'};
    for (size_t i = 0; i < 3; i++)
        (void)dbn_made_mbo(p + i * 56, &m);
    return 3 * 56;
}

static void check_bad(const uint8_t *p, size_t n, hr_dbn_reason reason, bool is_lost)
{
    hr_dbn_step step;
    hr_dbn_rec recs[8];
    assert_int_equal(hr_dbn_walk(&step, recs, 8, p, n, true), HR_EINPUT);
    assert_true(step.n_recs == 1 && step.offset == 56);
    assert_int_equal(step.reason, reason);
    assert_int_equal(step.is_lost, is_lost);
    if (is_lost)
        assert_int_equal(step.n_taken, 56);
    else
        assert_true(step.n_taken > 56);
}

static void test_damage(void **state)
{
    (void)state;
    uint8_t p[3 * 56];
    size_t n = three(p);
    for (uint8_t words = 0; words < 4; words++) {
        p[56] = words;
        check_bad(p, n, HR_DBN_LENGTH, true);
    }
    p[56] = 8;
    check_bad(p, n, HR_DBN_SHORT, false);
    p[56] = 255;
    check_bad(p, n, HR_DBN_TRUNCATED, false);
    (void)three(p);
    for (size_t cut = 57; cut < 112; cut++)
        check_bad(p, cut, HR_DBN_TRUNCATED, false);
    memcpy(p + 56, "DBN\2", 4);
    check_bad(p, n, HR_DBN_AGAIN, true);
    assert_string_equal(hr_dbn_reason_name(HR_DBN_SHORT), "short_for_type");
    assert_string_equal(hr_dbn_reason_name(HR_DBN_REASON_COUNT), "?");
}

/* A length and a type of 0 are not «as the one before». */
static void test_zeros(void **state)
{
    (void)state;
    static const uint8_t p[64];
    hr_dbn_step step;
    hr_dbn_rec recs[8];
    assert_int_equal(hr_dbn_walk(&step, recs, 8, p, sizeof p, true), HR_EINPUT);
    assert_true(step.n_recs == 0 && step.is_lost && step.reason == HR_DBN_LENGTH);
    assert_int_equal(hr_dbn_walk(&step, recs, 8, p, 1, false), HR_EINPUT);
}

static void test_walk_goes_on(void **state)
{
    (void)state;
    uint8_t p[4 * 56];
    hr_dbn_step step;
    hr_dbn_rec recs[8];
    size_t n = three(p);
    p[56 + 1] = 0x77; /* unknown */
    assert_int_equal(hr_dbn_walk(&step, recs, 8, p, n, true), HR_OK);
    assert_true(step.n_recs == 3 && step.n_unknown == 1 && step.n_taken == n);
    assert_int_equal(recs[1].layout, HR_DBN_NO_LAYOUT);
    assert_int_equal(hr_dbn_walk(&step, recs, 2, p, n, true), HR_FULL);
    assert_true(step.n_recs == 2 && step.n_taken == 112);
    assert_int_equal(hr_dbn_walk(&step, recs, 8, p, 100, false), HR_OK);
    assert_true(step.n_recs == 1 && step.n_taken == 56);
    assert_int_equal(hr_dbn_walk(&step, recs, 8, p, 0, true), HR_OK);
    assert_true(step.n_recs == 0 && step.n_taken == 0);
}

/* ---- what it is ---- */

static void test_kinds(void **state)
{
    (void)state;
    uint8_t p[3 * 56];
    size_t n = three(p);
    assert_int_equal(hr_dbn_is(p, n), HR_DBN_FRAGMENT);
    assert_int_equal(hr_dbn_is(p, 60), HR_DBN_FRAGMENT);
    assert_int_equal(hr_dbn_is(p, 15), HR_DBN_NOT);
    p[56] = 13;
    assert_int_equal(hr_dbn_is(p, n), HR_DBN_NOT);
    assert_int_equal(hr_dbn_is((const uint8_t *)"DBN\1", 4), HR_DBN_FILE);
    assert_int_equal(hr_dbn_is((const uint8_t *)"DBN\4", 4), HR_DBN_NEWER);
    assert_int_equal(hr_dbn_is((const uint8_t *)"DBN,price,size\n1,2,3\n", 21), HR_DBN_NOT);
    assert_int_equal(hr_dbn_is((const uint8_t *)"\x50\x2a\x4d\x18\x90\0\0\0DBZ\1", 12), HR_DBN_OLD);
    assert_int_equal(hr_dbn_is((const uint8_t *)"{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n", 24),
                     HR_DBN_NOT);
    assert_int_equal(hr_dbn_is(p, 0), HR_DBN_NOT);
}

/* ---- metadata ---- */

static const dbn_made_mapping mapping[] = {{"ESM4", "5602", 20240508, 20240509},
                                           {"ESU4", "5602", 20240509, 20240601},
                                           {"NQM4", "77", 20240101, 20250101},
                                           {"GONE", "", 20240101, 20250101}};

static dbn_made_header plain_header(unsigned version)
{
    return (dbn_made_header){.version = version,
                             .schema = 0,
                             .stype_in = 1,
                             .stype_out = 0,
                             .dataset = "GLBX.MDP3",
                             .mappings = mapping,
                             .n_mappings = 4};
}

static void test_metadata(void **state)
{
    (void)state;
    static uint8_t p[DBN_MADE_HEADER_MAX];
    for (unsigned version = 1; version <= 3; version++) {
        hr_dbn_meta m;
        hr_dbn_mapping_cursor c;
        hr_dbn_interval in;
        const char *s;
        size_t want;
        dbn_made_header h = plain_header(version);
        size_t n = dbn_made_header_put(p, &h);
        assert_int_equal(hr_dbn_prelude(&want, p, 7, NULL), HR_AGAIN);
        assert_int_equal(hr_dbn_prelude(&want, p, n, NULL), HR_OK);
        assert_int_equal(want, n);
        assert_int_equal(hr_dbn_meta_parse(&m, p, n, NULL), HR_OK);
        assert_true(m.version == version && m.schema == 0 && m.stype_in == 1 && m.stype_out == 0);
        assert_string_equal(m.dataset, "GLBX.MDP3");
        assert_true(m.start_ns == 1000 && m.end_ns == UINT64_MAX && m.limit == 77);
        assert_true(m.symbols.n == 4 && m.partial.n == 1 && m.not_found.n == 0 && !m.has_ts_out);
        assert_int_equal(hr_dbn_name(&m.symbols, 1, &s), 4);
        assert_memory_equal(s, "ESU4", 4);
        assert_true(m.n_mappings == 4 && m.n_intervals == 4);
        hr_dbn_mapping_begin(&c, &m);
        for (int i = 0; i < 4; i++)
            assert_true(hr_dbn_mapping_next(&c, &m, &in));
        assert_false(hr_dbn_mapping_next(&c, &m, &in));
        assert_true(in.start == 20240101 && in.n_symbol == 0 && in.n_raw == 4);
        for (size_t cut = 0; cut < n;
             cut++) /* every shorter header is refused, none is read past */
            assert_true(hr_dbn_meta_parse(&m, p, cut, NULL) < 0);
    }
    assert_string_equal(hr_dbn_schema_name(0), "mbo");
    assert_string_equal(hr_dbn_schema_name(19), "bbo-1m");
    assert_string_equal(hr_dbn_schema_name(HR_DBN_SCHEMA_NONE), "mixed");
    assert_string_equal(hr_dbn_schema_name(20), "unknown");
    assert_string_equal(hr_dbn_stype_name(12), "figi_ticker");
    assert_string_equal(hr_dbn_stype_name(13), "unknown");
}

static void bad_meta(size_t at, uint64_t v, unsigned n_bytes, hr_status want)
{
    static uint8_t p[DBN_MADE_HEADER_MAX];
    hr_dbn_meta m;
    hr_err err = HR_ERR_INIT;
    dbn_made_header h = plain_header(2);
    size_t n = dbn_made_header_put(p, &h);
    dbn_made_put(p + at, v, n_bytes);
    assert_int_equal(hr_dbn_meta_parse(&m, p, n, &err), want);
    assert_true(err.message[0] != '\0');
}

static void test_bad_metadata(void **state)
{
    (void)state;
    const size_t lists = 8 + 104;
    const size_t mappings = lists + 4 + 4 * 71 + 4 + 71 + 4;
    bad_meta(3, 4, 1, HR_EUNSUPPORTED);
    bad_meta(0, 'X', 1, HR_EINPUT);
    bad_meta(4, 99, 4, HR_EINPUT);
    bad_meta(8 + 45, 0, 2, HR_EINPUT);
    bad_meta(8 + 45, 2000, 2, HR_EINPUT);
    bad_meta(8 + 100, 1, 4, HR_EUNSUPPORTED);
    bad_meta(lists, UINT32_MAX, 4, HR_EINPUT);
    bad_meta(lists + 4 + 4 * 71, UINT32_MAX, 4, HR_EINPUT);
    bad_meta(mappings, UINT32_MAX, 4, HR_EINPUT);
    bad_meta(mappings, 5, 4, HR_EINPUT);
    bad_meta(mappings + 4 + 71, UINT32_MAX, 4, HR_EINPUT);
    static const uint32_t days[] = {0,        20240001, 20241301, 20240100,
                                    20240132, 20230229, 20240431, 100000101};
    for (size_t i = 0; i < HR_ARRAY_LEN(days); i++)
        bad_meta(mappings + 4 + 71 + 4, days[i], 4, HR_EINPUT);
}

/* ---- symbols ---- */

static void expect(const hr_dbn_dir *d, uint32_t instrument, uint64_t ts, const char *want)
{
    const char *s;
    size_t n = hr_dbn_dir_find(d, instrument, ts, &s);
    assert_int_equal(n, strlen(want));
    assert_memory_equal(s, want, n);
}

#define DAY UINT64_C(86400000000000)
#define MAY_8 (UINT64_C(19851) * DAY)

static void test_symbols(void **state)
{
    (void)state;
    static uint8_t p[DBN_MADE_HEADER_MAX];
    hr_dbn_meta m;
    hr_dbn_dir *d;
    dbn_made_header h = plain_header(3);
    size_t n = dbn_made_header_put(p, &h);
    assert_int_equal(hr_dbn_meta_parse(&m, p, n, NULL), HR_OK);
    assert_int_equal(hr_dbn_dir_create(&d, arena, &m, 2, NULL), HR_OK);
    expect(d, 5602, MAY_8 - 1, "");
    expect(d, 5602, MAY_8, "ESM4");
    expect(d, 5602, MAY_8 + DAY - 1, "ESM4");
    expect(d, 5602, MAY_8 + DAY, "ESU4");
    expect(d, 77, MAY_8, "NQM4");
    expect(d, 78, MAY_8, "");
    expect(d, 5602, UINT64_MAX, "");
    uint8_t rec[176];
    (void)dbn_made_head(rec, 0x16, 176, 5602, TS);
    memcpy(rec + 89, "LIVE", 4);
    assert_true(hr_dbn_dir_note(d, rec));
    expect(d, 5602, MAY_8, "LIVE");
    memcpy(rec + 89, "NEWER", 5);
    assert_true(hr_dbn_dir_note(d, rec));
    expect(d, 5602, 0, "NEWER");
    (void)dbn_made_head(rec, 0x16, 80, 9, TS);
    memcpy(rec + 38, "OLD", 3);
    assert_true(hr_dbn_dir_note(d, rec));
    expect(d, 9, MAY_8, "OLD");
    dbn_made_put(rec + 4, 10, 4);
    assert_false(hr_dbn_dir_note(d, rec)); /* no room */
    expect(d, 10, MAY_8, "");
    (void)dbn_made_head(rec, 0x00, 48, 11, TS);
    assert_true(hr_dbn_dir_note(d, rec));
    expect(d, 11, MAY_8, "");
    h.stype_in = 0;
    h.stype_out = 1;
    static const dbn_made_mapping inverse[] = {{"42", "ESZ4", 20240101, 20250101}};
    h.mappings = inverse;
    h.n_mappings = 1;
    n = dbn_made_header_put(p, &h);
    assert_int_equal(hr_dbn_meta_parse(&m, p, n, NULL), HR_OK);
    assert_int_equal(hr_dbn_dir_create(&d, arena, &m, 0, NULL), HR_OK);
    expect(d, 42, MAY_8, "ESZ4");
    assert_int_equal(hr_dbn_dir_create(&d, arena, NULL, 0, NULL), HR_OK);
    expect(d, 42, MAY_8, "");
    hr_err err = HR_ERR_INIT;
    hr_arena *small;
    assert_int_equal(hr_arena_create(&small, NULL, 4096, "small", NULL), HR_OK);
    assert_int_equal(hr_dbn_dir_create(&d, small, NULL, 100000, &err), HR_EBUDGET);
    hr_arena_destroy(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts_are_whole),
        cmocka_unit_test(test_length_tells_the_layout),
        cmocka_unit_test(test_trades_and_books),
        cmocka_unit_test(test_tops_and_bars),
        cmocka_unit_test(test_definitions),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_texts_that_do_not_fit),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_zeros),
        cmocka_unit_test(test_walk_goes_on),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_bad_metadata),
        cmocka_unit_test(test_symbols),
    };
    return cmocka_run_group_tests_name("venue dbn", tests, set_up, tear_down);
}

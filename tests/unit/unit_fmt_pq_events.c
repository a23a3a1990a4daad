/* SPDX-License-Identifier: Apache-2.0 */
/* Tables as messages: what rows make one message, however steps, row groups and batches cut them;
 * what is rejected and by which name; whose instrument a row is. */
#include <math.h>
#include <stdio.h>

#include "fmt/pq_events.h"
#include "fmt/pq_table.h"
#include "harness.h"
#include "pq_rig.h"

#define CAP (24u << 20)
#define NIL HR_NULL_I64

typedef enum kind { INTS, TIMES, REALS, FLOATS, BITS, TEXTS, SMALL } kind;

/* A column of a table; null: NIL, NaN, 2 for BITS, NULL. */
typedef struct column {
    const char *name;
    kind kind;
    const int64_t *ints;
    const double *reals;
    const char *const *texts;
} column;

static hr_evbatch *batch;
static hr_source_info info;

static int set_up(void **state)
{
    (void)state;
    return pq_rig_open(CAP, 128u << 20) ? 0 : -1;
}

static void new_batch(uint32_t msgs, uint32_t levels)
{
    hr_evbatch_caps caps = {.msgs = msgs, .levels = levels, .rejects = 64, .raw = 4096, .texts = 4};
    void *mem = hr_arena_alloc(arena, hr_evbatch_bytes(&caps), 64);
    assert_non_null(mem);
    batch = hr_evbatch_init(mem, &caps);
}

/* ---- tables ---- */

static void declare(const column *c)
{
    static const hr_pq_phys phys[] = {HR_PQ_INT64,   HR_PQ_INT64,      HR_PQ_DOUBLE, HR_PQ_FLOAT,
                                      HR_PQ_BOOLEAN, HR_PQ_BYTE_ARRAY, HR_PQ_INT32};
    pqb_leaf(&b, &(pqb_leaf_info){.name = c->name,
                                  .phys = phys[c->kind],
                                  .repetition = HR_PQ_OPTIONAL,
                                  .converted = c->kind == TEXTS ? 0 : -1,
                                  .logical = c->kind == TIMES ? 8 : 0});
}

static bool is_null(const column *c, uint32_t i)
{
    if (c->kind == REALS || c->kind == FLOATS) return isnan(c->reals[i]);
    if (c->kind == TEXTS) return c->texts[i] == NULL;
    return c->ints[i] == NIL;
}

static size_t put_value(uint8_t *out, const column *c, uint32_t i)
{
    float single;
    int32_t small;
    uint32_t n;
    switch (c->kind) {
    case REALS:
        memcpy(out, &c->reals[i], 8);
        return 8;
    case FLOATS:
        single = (float)c->reals[i];
        memcpy(out, &single, 4);
        return 4;
    case SMALL:
        small = (int32_t)c->ints[i];
        memcpy(out, &small, 4);
        return 4;
    case TEXTS:
        n = (uint32_t)strlen(c->texts[i]);
        memcpy(out, &n, 4);
        memcpy(out + 4, c->texts[i], n);
        return 4 + n;
    case INTS:
    case TIMES:
    case BITS:
        break;
    }
    memcpy(out, &c->ints[i], 8);
    return 8;
}

static void put_rows(const column *c, uint32_t begin, uint32_t end)
{
    static uint8_t level[1 << 20];
    uint32_t k = 0;
    for (uint32_t i = begin; i < end; i++)
        level[i - begin] = !is_null(c, i);
    size_t n = pqb_sized_levels(body, level, end - begin);
    size_t first = n;
    for (uint32_t i = begin; i < end; i++) {
        if (is_null(c, i)) continue;
        if (c->kind == BITS) {
            if (k % 8 == 0) body[n++] = 0;
            if (c->ints[i] != 0) body[first + k / 8] |= (uint8_t)(1u << k % 8);
            k++;
        } else {
            n += put_value(body + n, c, i);
        }
    }
    pqb_page(&b, &(pqb_page_info){.type = HR_PQ_DATA_PAGE,
                                  .n_values = (int)(end - begin),
                                  .body = body,
                                  .n_body = n});
    pqb_chunk(&b, end - begin, HR_PQ_UNCOMPRESSED);
}

static hr_status open_rows(hr_pq_events **e, const char *path)
{
    char why[256];
    hr_pq_file *f;
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    file = (pqb_bytes){.p = b.p, .n = pqb_finish(&b)};
    err = (hr_err)HR_ERR_INIT;
    info = (hr_source_info){.px_scale = 9, .qty_scale = 8, .source_idx = 3};
    HR_TRY(hr_pq_file_open(&f, pqb_read_at, &file, (int64_t)file.n, &limits, arena, &err));
    HR_TRY(hr_pq_events_sniff(&info, why, sizeof why, path, f, &err));
    return hr_pq_events_create(e, f, &info, arena, &err);
}

static hr_pq_events *table(const column *c, uint32_t n_cols, uint32_t n_rows, uint32_t group_rows)
{
    hr_pq_events *e;
    hr_arena_rewind(arena, mark);
    pqb_init(&b, file_buf, CAP);
    for (uint32_t i = 0; i < n_cols; i++)
        declare(&c[i]);
    for (uint32_t at = 0; at < n_rows; at += group_rows) {
        uint32_t end = at + group_rows < n_rows ? at + group_rows : n_rows;
        for (uint32_t i = 0; i < n_cols; i++)
            put_rows(&c[i], at, end);
        pqb_group(&b, end - at);
    }
    hr_status st = open_rows(&e, "exchange=BINANCE/symbol=BTC-USDT/1.parquet");
    if (st != HR_OK) print_message("# %s\n", err.message);
    assert_int_equal(st, HR_OK);
    return e;
}

static hr_status read_all(hr_pq_events *e)
{
    hr_status st = hr_pq_events_next(e, batch, UINT32_MAX, &err);
    if (st < 0) print_message("# %s\n", err.message);
    return st;
}

static uint32_t levels_of(uint32_t m)
{
    return (uint32_t)(batch->level_begin[m + 1] - batch->level_begin[m]);
}

/* ---- messages ---- */

enum { ROWS = 20000 };
static int64_t ts[ROWS], seq[ROWS], bid[ROWS];
static double px[ROWS], qty[ROWS];

/* Messages of these sizes, one after the other, each with its time and number. */
static uint32_t fill_rows(const uint32_t *sizes, uint32_t n_sizes)
{
    uint32_t n = 0;
    for (uint32_t m = 0; m < n_sizes; m++) {
        for (uint32_t i = 0; i < sizes[m]; i++, n++) {
            ts[n] = INT64_C(1700000000000000000) + m * 1000;
            seq[n] = 100 + m;
            bid[n] = n % 2;
            px[n] = 1 + n / 100.0;
            qty[n] = n % 7;
        }
    }
    return n;
}

static const column delta_table[] = {{.name = "origin_time", .kind = TIMES, .ints = ts},
                                     {.name = "sequence_number", .kind = INTS, .ints = seq},
                                     {.name = "side_is_bid", .kind = BITS, .ints = bid},
                                     {.name = "price", .kind = REALS, .reals = px},
                                     {.name = "size", .kind = REALS, .reals = qty}};

static void expect_message(uint32_t m, uint32_t first_row, uint32_t n, int64_t number)
{
    assert_int_equal(batch->kind[m], HR_MSG_DELTA);
    assert_int_equal(levels_of(m), n);
    assert_int_equal(batch->seq_last[m], number);
    assert_int_equal(batch->src_offset[m], first_row);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = (uint32_t)batch->level_begin[m] + i;
        assert_int_equal(batch->px[at], INT64_C(1000000000) + (first_row + i) * INT64_C(10000000));
        assert_int_equal(batch->side[at], bid[first_row + i] ? HR_SIDE_BID : HR_SIDE_ASK);
    }
}

/* Whatever cuts the rows, a message stays one. 4,095 to 4,097: a step's end. */
static void test_messages_stay_whole(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 4094, 3, 1, 8192, 2, 4000, 5};
    static const uint32_t groups[] = {ROWS, 4096, 1000, 1, 7};
    uint32_t n_rows = fill_rows(sizes, HR_ARRAY_LEN(sizes));
    for (size_t g = 0; g < HR_ARRAY_LEN(groups); g++) {
        if (groups[g] < 1000) n_rows = sizes[0] + 55; /* groups are few in the builder */
        hr_pq_events *e = table(delta_table, 5, n_rows, groups[g]);
        new_batch(64, 65536);
        assert_int_equal(read_all(e), HR_END);
        uint32_t at = 0;
        uint32_t m = 0;
        for (; at < n_rows; m++) {
            uint32_t n = sizes[m] < n_rows - at ? sizes[m] : n_rows - at;
            expect_message(m, at, n, 100 + m);
            at += n;
        }
        assert_int_equal(batch->n_msgs, m);
        assert_int_equal(batch->n_lines, n_rows);
        assert_int_equal(batch->src_end, n_rows);
        assert_int_equal(file.n_outside, 0);
    }
}

/* Batches of any room give the same messages; none is cut, and rows are counted once. */
static void test_batches(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {10, 300, 700, 20, 999, 1, 1000, 30};
    static const uint32_t rooms[] = {1000, 1001, 1500, 1999, 4000};
    uint32_t n_rows = fill_rows(sizes, HR_ARRAY_LEN(sizes));
    for (size_t r = 0; r < HR_ARRAY_LEN(rooms); r++) {
        hr_pq_events *e = table(delta_table, 5, n_rows, 512);
        uint32_t m = 0;
        uint32_t at = 0;
        uint64_t n_lines = 0;
        hr_status st = HR_OK;
        while (st == HR_OK) {
            new_batch(4, rooms[r]);
            st = read_all(e);
            assert_true(batch->n_msgs > 0 || st == HR_END);
            for (uint32_t i = 0; i < batch->n_msgs; i++, m++) {
                expect_message(i, at, sizes[m], 100 + m);
                at += sizes[m];
            }
            assert_int_equal(batch->src_end, at);
            n_lines += batch->n_lines;
            assert_int_equal(n_lines, at);
        }
        assert_int_equal(st, HR_END);
        assert_int_equal(m, HR_ARRAY_LEN(sizes));
    }
}

/* One that no batch holds is named, and what comes after it is read. */
static void test_too_large(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {5, 9000, 6};
    uint32_t n_rows = fill_rows(sizes, 3);
    hr_pq_events *e = table(delta_table, 5, n_rows, 4096);
    new_batch(64, 8000);
    assert_int_equal(read_all(e), HR_OK);
    assert_int_equal(batch->n_msgs, 1);
    expect_message(0, 0, 5, 100);
    assert_int_equal(batch->src_end, 5);
    new_batch(64, 8000);
    assert_int_equal(read_all(e), HR_END);
    assert_int_equal(batch->n_msgs, 2);
    assert_int_equal(batch->kind[0], HR_MSG_BAD);
    assert_int_equal(batch->rejects[0].reason, HR_REJECT_TOO_MANY_LEVELS);
    assert_int_equal(batch->rejects[0].src_offset, 5);
    expect_message(1, 9005, 6, 102);
    assert_int_equal(batch->n_lines, 9006);
}

/* A run goes on at a message's first row. */
static void test_resume(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {4090, 10, 5000, 3};
    static const uint32_t begins[] = {0, 4090, 4100, 9100, 9103};
    uint32_t n_rows = fill_rows(sizes, 4);
    for (uint32_t k = 0; k < 5; k++) {
        hr_pq_events *e = table(delta_table, 5, n_rows, 1024);
        hr_pq_events_skip_to(e, begins[k]);
        uint64_t n_reads = file.n_reads;
        new_batch(64, 65536);
        assert_int_equal(read_all(e), HR_END);
        assert_int_equal(batch->n_msgs, 4 - k);
        if (k < 4) expect_message(0, begins[k], sizes[k], 100 + k);
        assert_int_equal(batch->n_lines, n_rows - begins[k]);
        if (k == 4) assert_int_equal(file.n_reads, n_reads); /* groups before it are not read */
    }
}

/* ---- rows that are no good ---- */

typedef struct expectation {
    uint32_t row;
    hr_reject_reason reason;
} expectation;

static void expect_rejects(const expectation *want, uint32_t n)
{
    for (uint32_t i = 0; i < HR_MIN(batch->n_rejects, n); i++) {
        if (batch->rejects[i].reason != want[i].reason)
            print_message("# reject %u: %s\n", i, hr_reject_name(batch->rejects[i].reason));
        assert_int_equal(batch->rejects[i].src_offset, want[i].row);
        assert_int_equal(batch->rejects[i].src_line, want[i].row + 1);
        assert_int_equal(batch->rejects[i].reason, want[i].reason);
    }
    assert_int_equal(batch->n_rejects, n);
}

static void test_bad_rows(void **state)
{
    (void)state;
    static const uint32_t size[] = {12};
    uint32_t n_rows = fill_rows(size, 1);
    ts[1] = NIL;
    bid[2] = NIL;
    px[3] = (double)NAN;
    qty[4] = (double)NAN;
    px[5] = 0;
    px[6] = -1;
    qty[7] = -0.5;
    px[8] = 1e10;
    px[9] = 1.00000000012345;
    seq[10] = NIL;
    ts[11] = -1;
    hr_pq_events *e = table(delta_table, 5, n_rows, 100);
    new_batch(64, 100);
    assert_int_equal(read_all(e), HR_END);
    static const expectation want[] = {{1, HR_REJECT_NULL},     {2, HR_REJECT_NULL},
                                       {3, HR_REJECT_NULL},     {4, HR_REJECT_NULL},
                                       {5, HR_REJECT_NEGATIVE}, {6, HR_REJECT_NEGATIVE},
                                       {7, HR_REJECT_NEGATIVE}, {8, HR_REJECT_RANGE},
                                       {9, HR_REJECT_RANGE},    {11, HR_REJECT_TIME}};
    expect_rejects(want, HR_ARRAY_LEN(want));
    assert_int_equal(batch->n_msgs, HR_ARRAY_LEN(want) + 2);
    uint32_t last = 0; /* row 10 has no number: it is a message of its own */
    for (uint32_t m = 0; m < batch->n_msgs; m++)
        if (batch->kind[m] == HR_MSG_DELTA) {
            assert_int_equal(levels_of(m), 1);
            assert_int_equal(batch->seq_last[m], last++ == 0 ? 100 : -1);
        }
    assert_int_equal(last, 2);
}

/* A bad row in the middle does not cut its message in two. */
static void test_bad_row_inside(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {5, 2};
    uint32_t n_rows = fill_rows(sizes, 2);
    px[1] = -3;
    ts[3] = NIL;
    hr_pq_events *e = table(delta_table, 5, n_rows, 2);
    new_batch(64, 100);
    assert_int_equal(read_all(e), HR_END);
    assert_int_equal(batch->n_msgs, 4);
    assert_int_equal(batch->n_rejects, 2);
    assert_int_equal(levels_of(2), 3);
    assert_int_equal(batch->src_offset[2], 0);
    assert_int_equal(levels_of(3), 2);
}

static void test_clocks(void **state)
{
    (void)state;
    static const int64_t event[] = {INT64_C(1700000000000), NIL, INT64_C(1700000000000), NIL};
    static const int64_t recv[] = {INT64_C(1700000000000001), INT64_C(1700000000000002), NIL, NIL};
    static const int64_t want_event[] = {INT64_C(1700000000000000000), NIL,
                                         INT64_C(1700000000000000000)};
    static const int64_t want_recv[] = {INT64_C(1700000000000001000), INT64_C(1700000000000002000),
                                        INT64_C(1700000000000000000)};
    static const double ones[] = {1, 1, 1, 1};
    static const char *const sides[] = {"buy", "Sell", "none", "b"};
    const column c[] = {{.name = "timestamp", .kind = INTS, .ints = event}, /* ms and us, by size */
                        {.name = "received_time", .kind = INTS, .ints = recv},
                        {.name = "trade_id", .kind = INTS, .ints = recv},
                        {.name = "side", .kind = TEXTS, .texts = sides},
                        {.name = "price", .kind = REALS, .reals = ones},
                        {.name = "quantity", .kind = REALS, .reals = ones}};
    hr_pq_events *e = table(c, 6, 4, 4);
    new_batch(64, 100);
    assert_int_equal(read_all(e), HR_END);
    static const expectation bad[] = {{3, HR_REJECT_NULL}};
    expect_rejects(bad, 1);
    for (uint32_t m = 0; m < 3; m++) {
        assert_int_equal(batch->kind[m], HR_MSG_TRADE);
        assert_int_equal(batch->ts_event[m], want_event[m]);
        assert_int_equal(batch->ts_recv[m], want_recv[m]);
        assert_int_equal(batch->side[m], m);
    }
}

static void test_sides(void **state)
{
    (void)state;
    enum { A = HR_SIDE_ASK, B = HR_SIDE_BID, X = -1 };
    static const int64_t numbers[] = {1, 2, -1, 0, 3};
    static const int64_t flags[] = {1, 0, 0, 2, -1};
    static const char *const texts[] = {"bid", "S", "unknown", "bogus", ""};
    static const char *const maker[] = {"True", "false", "1", "bid", "x"};
    const struct {
        column c;
        int want[5];
    } cases[] = {{{.name = "side", .kind = SMALL, .ints = numbers}, {B, A, A, X, X}},
                 {{.name = "side", .kind = INTS, .ints = numbers}, {B, A, A, X, X}},
                 {{.name = "side_is_bid", .kind = SMALL, .ints = flags}, {B, A, A, X, X}},
                 {{.name = "is_buyer_maker", .kind = INTS, .ints = flags}, {A, B, B, X, X}},
                 {{.name = "side", .kind = TEXTS, .texts = texts}, {B, A, HR_SIDE_NONE, X, X}},
                 {{.name = "buyer_maker", .kind = TEXTS, .texts = maker}, {A, B, A, X, X}}};
    static const double ones[] = {1, 1, 1, 1, 1};
    static const int64_t times[] = {1, 2, 3, 4, 5};
    for (size_t i = 0; i < HR_ARRAY_LEN(cases); i++) {
        const column c[] = {{.name = "origin_time", .kind = TIMES, .ints = times},
                            {.name = "trade_id", .kind = INTS, .ints = times},
                            cases[i].c,
                            {.name = "price", .kind = REALS, .reals = ones},
                            {.name = "amount", .kind = REALS, .reals = ones}};
        hr_pq_events *e = table(c, 5, 5, 3);
        new_batch(64, 100);
        assert_int_equal(read_all(e), HR_END);
        assert_int_equal(batch->n_msgs, 5);
        uint32_t k = 0;
        hr_msg_kind good = i == 2 ? HR_MSG_DELTA : HR_MSG_TRADE; /* side_is_bid makes a delta */
        for (uint32_t m = 0; m < 5; m++) {
            assert_int_equal(batch->kind[m], cases[i].want[m] == X ? HR_MSG_BAD : good);
            if (cases[i].want[m] != X)
                assert_int_equal(batch->side[batch->level_begin[m]], cases[i].want[m]);
            else
                assert_int_equal(batch->rejects[k++].reason, HR_REJECT_SIDE);
        }
    }
}

/* ---- instruments and ids ---- */

static void test_instruments(void **state)
{
    (void)state;
    static const int64_t times[] = {1, 1, 1, 1, 1, 1, 1};
    static const double ones[] = {1, 1, 1, 1, 1, 1, 1};
    static const int64_t sides[] = {1, 1, 1, 1, 1, 1, 1};
    static const char *const symbols[] = {"BTC-USDT", "BTC-USDT", "ETH-USDT", "ETH-USDT",
                                          NULL,       "a b",      "BTC-USDT"};
    static const char *const venues[] = {"BINANCE",         "BINANCE", "BINANCE", "BINANCE_FUTURES",
                                         "BINANCE_FUTURES", "BINANCE", "../x"};
    const column c[] = {{.name = "origin_time", .kind = TIMES, .ints = times},
                        {.name = "symbol", .kind = TEXTS, .texts = symbols},
                        {.name = "exchange", .kind = TEXTS, .texts = venues},
                        {.name = "side_is_bid", .kind = BITS, .ints = sides},
                        {.name = "price", .kind = REALS, .reals = ones},
                        {.name = "size", .kind = REALS, .reals = ones}};
    static const char *const want[][2] = {
        {"binance", "BTC-USDT"}, {"binance", "ETH-USDT"}, {"binance-futures", "ETH-USDT"}};
    hr_pq_events *e = table(c, 6, 7, 3);
    new_batch(64, 100);
    assert_int_equal(read_all(e), HR_END);
    uint32_t k = 0;
    for (uint32_t m = 0; m < batch->n_msgs; m++) {
        if (batch->kind[m] == HR_MSG_BAD) continue;
        assert_true(k < 3);
        assert_string_equal(batch->syms[batch->sym[m]].venue, want[k][0]);
        assert_string_equal(batch->syms[batch->sym[m]].symbol, want[k][1]);
        assert_int_equal(levels_of(m), k == 0 ? 2 : 1);
        k++;
    }
    assert_int_equal(k, 3);
    assert_int_equal(batch->n_rejects, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(batch->rejects[i].reason, HR_REJECT_SYMBOL);
}

/* An origin time of 0 marks a snapshot, whose clock is the capturer's. */
static void test_lake_snapshot(void **state)
{
    (void)state;
    static const int64_t event[] = {0, 0, 7, 0};
    static const int64_t recv[] = {INT64_C(1700000000000000000), INT64_C(1700000000000000000),
                                   INT64_C(1700000000000000000), NIL};
    static const double ones[] = {1, 1, 1, 1};
    static const int64_t sides[] = {1, 0, 1, 1};
    const column c[] = {{.name = "origin_time", .kind = TIMES, .ints = event},
                        {.name = "received_time", .kind = TIMES, .ints = recv},
                        {.name = "side_is_bid", .kind = BITS, .ints = sides},
                        {.name = "price", .kind = REALS, .reals = ones},
                        {.name = "size", .kind = REALS, .reals = ones}};
    hr_pq_events *e = table(c, 5, 4, 4);
    new_batch(64, 100);
    assert_int_equal(read_all(e), HR_END);
    static const expectation bad[] = {{3, HR_REJECT_NULL}};
    expect_rejects(bad, 1);
    uint32_t k = 0;
    for (uint32_t m = 0; m < batch->n_msgs; m++) {
        if (batch->kind[m] == HR_MSG_BAD) continue;
        assert_int_equal(batch->kind[m], k == 0 ? HR_MSG_SNAPSHOT : HR_MSG_DELTA);
        assert_int_equal(levels_of(m), k == 0 ? 2 : 1);
        assert_int_equal(batch->ts_event[m], k == 0 ? NIL : 7);
        assert_int_equal(batch->ts_recv[m], recv[0]);
        k++;
    }
    assert_int_equal(k, 2);
}

static void test_trade_ids(void **state)
{
    (void)state;
    static const int64_t times[] = {1, 2, 3, 4, 5, 6, 7};
    static const double ones[] = {1, 1, 1, 1, 1, 1, 1};
    static const char *const ids[] = {
        "17", "a-1", NULL, "", "0123456789012345678901234567890123456789012345678", "b-2", "-5"};
    const column c[] = {{.name = "timestamp", .kind = TIMES, .ints = times},
                        {.name = "trade_id", .kind = TEXTS, .texts = ids},
                        {.name = "price", .kind = REALS, .reals = ones},
                        {.name = "quantity", .kind = REALS, .reals = ones}};
    hr_pq_events *e = table(c, 4, 7, 7);
    new_batch(64, 100);
    assert_int_equal(read_all(e), HR_END);
    static const char *const want[] = {NULL, "a-1", NULL, NULL, NULL, "b-2", "-5"};
    static const expectation bad[] = {{4, HR_REJECT_RANGE}};
    expect_rejects(bad, 1);
    for (uint32_t m = 0; m < 7; m++) {
        assert_int_equal(batch->seq_last[m], m == 0 ? 17 : -1);
        assert_int_equal(batch->text[m] >= 0, want[m] != NULL);
        if (want[m] == NULL) continue;
        assert_int_equal(batch->texts[batch->text[m]].len, strlen(want[m]));
        assert_memory_equal(batch->texts[batch->text[m]].byte, want[m], strlen(want[m]));
    }
}

static void test_books(void **state)
{
    (void)state;
    static const int64_t times[] = {1, 2, NIL};
    static const double p[] = {99, 99, 99};
    static const double q[] = {1, (double)NAN, 1};
    static const double none[] = {(double)NAN, (double)NAN, 101};
    const column c[] = {{.name = "origin_time", .kind = TIMES, .ints = times},
                        {.name = "bid_0_price", .kind = REALS, .reals = p},
                        {.name = "bid_0_size", .kind = REALS, .reals = q},
                        {.name = "ask_0_price", .kind = REALS, .reals = none},
                        {.name = "ask_0_size", .kind = REALS, .reals = none}};
    hr_pq_events *e = table(c, 5, 3, 2);
    new_batch(64, 100);
    assert_int_equal(read_all(e), HR_END);
    static const expectation bad[] = {{1, HR_REJECT_NULL}, {2, HR_REJECT_NULL}};
    expect_rejects(bad, 2);
    assert_int_equal(batch->kind[0], HR_MSG_SNAPSHOT);
    assert_int_equal(levels_of(0), 1);
    assert_int_equal(batch->flags[0], HR_FLAG_SNAPSHOT);
}

/* ---- numbers ---- */

static void test_decimals_of_doubles(void **state)
{
    (void)state;
    static const struct {
        double v;
        int64_t want;
    } doubles[] = {{0.1, 100000000},
                   {65432.1, INT64_C(65432100000000)},
                   {0.00031099999999999997, 311000},
                   {0.1 + 0.2, 300000000},
                   {150000000.1, INT64_C(150000000100000000)}, /* past 2^53 in nanounits */
                   {999999999, INT64_C(999999999000000000)},
                   {1e9, HR_PQ_MARK(HR_REJECT_RANGE)},
                   {1e-10, HR_PQ_MARK(HR_REJECT_RANGE)},
                   {1.23456789e-5, HR_PQ_MARK(HR_REJECT_RANGE)},
                   {(double)INFINITY, HR_PQ_MARK(HR_REJECT_RANGE)},
                   {-0.0, 0},
                   {-2.5, INT64_C(-2500000000)},
                   {(double)NAN, HR_NULL_I64}};
    static const struct {
        float v;
        int64_t want;
    } floats[] = {{0.1f, 100000000},
                  {65432.1f, INT64_C(65432100000000)},
                  {0.000311f, 311000},
                  {16777216.0f, INT64_C(16777216000000000)},
                  {1.1754944e-38f, HR_PQ_MARK(HR_REJECT_RANGE)}};
    for (unsigned guess = 0; guess <= 9; guess++) {
        for (size_t i = 0; i < HR_ARRAY_LEN(doubles); i++) {
            unsigned digits = guess;
            assert_int_equal(hr_pq_fixed_of(doubles[i].v, 9, false, &digits), doubles[i].want);
        }
        for (size_t i = 0; i < HR_ARRAY_LEN(floats); i++) {
            unsigned digits = guess;
            assert_int_equal(hr_pq_fixed_of((double)floats[i].v, 9, true, &digits), floats[i].want);
        }
    }
    unsigned digits = 0;
    for (int64_t i = 1; i < 2000000; i += 37) { /* every decimal comes back from its double */
        double v = (double)i / 1e5;
        assert_int_equal(hr_pq_fixed_of(v, 9, false, &digits), i * 10000);
    }
}

static void test_number_carriers(void **state)
{
    (void)state;
    static const int64_t times[] = {1, 2, 3};
    static const double reals[] = {0.1, 2.5, 3};
    static const char *const texts[] = {"0.1", "2.5", "3e0"};
    static const int64_t ints[] = {1, 2, 3};
    const column px_columns[] = {{.name = "price", .kind = REALS, .reals = reals},
                                 {.name = "price", .kind = FLOATS, .reals = reals},
                                 {.name = "price", .kind = TEXTS, .texts = texts},
                                 {.name = "price", .kind = SMALL, .ints = ints}};
    for (size_t i = 0; i < HR_ARRAY_LEN(px_columns); i++) {
        const column c[] = {{.name = "timestamp", .kind = TIMES, .ints = times},
                            {.name = "trade_id", .kind = INTS, .ints = times},
                            px_columns[i],
                            {.name = "quantity", .kind = SMALL, .ints = ints}};
        hr_pq_events *e = table(c, 4, 3, 3);
        new_batch(64, 100);
        assert_int_equal(read_all(e), HR_END);
        assert_int_equal(batch->n_rejects, 0);
        for (uint32_t m = 0; m < 3; m++) {
            int64_t want = i == 3 ? ints[m] * 1000000000 : (int64_t)(reals[m] * 10) * 100000000;
            assert_int_equal(batch->px[m], want);
            assert_int_equal(batch->qty[m], ints[m] * 100000000);
        }
    }
}

static void test_refused_tables(void **state)
{
    (void)state;
    static const struct {
        pqb_leaf_info leaf[5];
        const char *word;
    } cases[] = {
        {{{.name = "a", .phys = HR_PQ_INT64}}, "none of the known"},
        {{{.name = "action", .phys = HR_PQ_INT64}, {.name = "order_id", .phys = HR_PQ_INT64}},
         "single orders"},
        {{{.name = "timestamp", .phys = HR_PQ_BYTE_ARRAY},
          {.name = "trade_id", .phys = HR_PQ_INT64},
          {.name = "price", .phys = HR_PQ_DOUBLE},
          {.name = "size", .phys = HR_PQ_DOUBLE}},
         "'timestamp' has a type"},
        {{{.name = "timestamp", .phys = HR_PQ_INT64},
          {.name = "trade_id", .phys = HR_PQ_INT64},
          {.name = "price", .phys = HR_PQ_DOUBLE},
          {.name = "size", .phys = HR_PQ_DOUBLE},
          {.name = "symbol", .phys = HR_PQ_INT64}},
         "'symbol' has a type"},
        {{{.name = "timestamp", .phys = HR_PQ_INT64},
          {.name = "trade_id", .phys = HR_PQ_INT64},
          {.name = "price", .phys = HR_PQ_DOUBLE},
          {.name = "size", .phys = HR_PQ_DOUBLE, .repetition = HR_PQ_REPEATED}},
         "'size' is nested"}};
    for (size_t i = 0; i < HR_ARRAY_LEN(cases); i++) {
        hr_pq_events *e;
        hr_arena_rewind(arena, mark);
        pqb_init(&b, file_buf, CAP);
        for (int k = 0; k < 5 && cases[i].leaf[k].name != NULL; k++) {
            pqb_leaf_info leaf = cases[i].leaf[k];
            leaf.converted = -1;
            pqb_leaf(&b, &leaf);
        }
        assert_int_equal(open_rows(&e, "x.parquet"), HR_EUNSUPPORTED);
        if (strstr(err.message, cases[i].word) == NULL) print_message("# %s\n", err.message);
        assert_non_null(strstr(err.message, cases[i].word));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages_stay_whole),
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_bad_rows),
        cmocka_unit_test(test_bad_row_inside),
        cmocka_unit_test(test_clocks),
        cmocka_unit_test(test_sides),
        cmocka_unit_test(test_instruments),
        cmocka_unit_test(test_lake_snapshot),
        cmocka_unit_test(test_trade_ids),
        cmocka_unit_test(test_books),
        cmocka_unit_test(test_decimals_of_doubles),
        cmocka_unit_test(test_number_carriers),
        cmocka_unit_test(test_refused_tables),
    };
    return cmocka_run_group_tests(tests, set_up, pq_rig_close);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A table of which some instruments and times are wanted: what is not left out is the same, message
 * for message, as when all of it is read and what is not wanted is dropped, and what lies between
 * has as many rows; from whatever row a reading begins. */
#include <stdio.h>

#include "base/digest.h"
#include "fmt/pq_table.h"
#include "fmt/pq_write.h"
#include "harness.h"
#include "rng.h"

#define ROWS 60000u
#define N_SYMBOLS 6u
#define FILE_BYTES ((size_t)8 << 20)
#define T0 INT64_C(1700000000000000000)

/* What a reading gave: messages that are wanted, each with the rows dropped right before it. */
typedef struct entry {
    hr_digest digest;
    int64_t row, n_dropped;
} entry;
typedef struct outcome {
    entry *e;
    uint32_t n;
    int64_t n_dropped; /* since the last one */
    int64_t n_read;    /* rows that were read */
    int64_t end;
} outcome;

static int64_t ts[2][ROWS], seq[ROWS];
static double px[ROWS], qty[ROWS];
static uint8_t is_bid[ROWS];
static hr_text symbol[ROWS];
static const void *const column[] = {ts[0], ts[1], seq, is_bid, px, qty, symbol};
static uint32_t n_rows, row_at;
static uint8_t *file_p;
static size_t file_n;
static bool is_trades;
static hr_arena *arena;
static void *batch_mem;
static outcome all, some;
static const hr_evbatch_caps caps = {
    .msgs = 4096, .levels = 65536, .rejects = 64, .raw = 4096, .texts = 4};

static void make_rows(test_rng *r)
{
    uint32_t left = 0;
    uint32_t id = 0;
    uint32_t most = test_rng_chance(r, 2) ? 20000 : 3000;
    bool is_still = test_rng_chance(r, 3); /* one number and time for all */
    unsigned null = test_rng_chance(r, 2) ? 1u << 30 : 200;
    n_rows = 1 + (uint32_t)test_rng_below(r, ROWS);
    for (uint32_t i = 0; i < n_rows; i++, left--) {
        if (left == 0) {
            left = 1 + (uint32_t)test_rng_below(r, most);
            id = (uint32_t)test_rng_below(r, N_SYMBOLS);
        }
        seq[i] = i == 0 ? 7 : seq[i - 1] + (!is_still && test_rng_chance(r, 3));
        ts[0][i] = T0 + seq[i] * 1000;
        ts[1][i] = test_rng_chance(r, null) ? HR_NULL_I64 : ts[0][i] + 17;
        if (i > 0 && seq[i] == seq[i - 1]) ts[1][i] = ts[1][i - 1];
        is_bid[i] = test_rng_chance(r, 2);
        px[i] = (double)(100 + test_rng_below(r, 500)) / 100;
        qty[i] = (double)test_rng_below(r, 100000) / 1000;
        memset(&symbol[i], 0, sizeof symbol[i]);
        symbol[i].len = (uint8_t)snprintf(symbol[i].byte, sizeof symbol[i].byte, "S%u-USDT", id);
    }
}

static hr_status put(void *self, const void *p, size_t n_bytes, hr_err *err)
{
    (void)self;
    if (n_bytes > FILE_BYTES - file_n) return HR_FAIL(err, HR_ENOSPC, "too long");
    memcpy(file_p + file_n, p, n_bytes);
    file_n += n_bytes;
    return HR_OK;
}

static int64_t read_at(void *self, void *buf, size_t n_bytes, int64_t offset)
{
    (void)self;
    size_t n = HR_MIN(n_bytes, file_n - (size_t)offset);
    memcpy(buf, file_p + offset, n);
    return (int64_t)n;
}

static const void *get(void *self, uint32_t col, uint32_t block, uint32_t *n, hr_err *err)
{
    const hr_rows_source *rows = self;
    (void)block;
    (void)err;
    *n = (uint32_t)rows->n_rows;
    size_t width = col == 3 ? 1 : col == 6 ? sizeof(hr_text) : 8;
    return (const char *)column[col] + row_at * width;
}

static void write_file(test_rng *r)
{
    hr_field fields[] = {
        {.name = "origin_time", .type = HR_COL_TS},
        {.name = "received_time", .type = HR_COL_TS, .nullable = true},
        {.name = "sequence_number", .type = HR_COL_I64},
        {.name = is_trades ? "is_buyer_maker" : "side_is_bid", .type = HR_COL_BOOL},
        {.name = "price", .type = HR_COL_F64},
        {.name = "size", .type = HR_COL_F64},
        {.name = "symbol", .type = HR_COL_TEXT}};
    const hr_schema schema = {.name = "t", .n_fields = HR_ARRAY_LEN(fields), .fields = fields};
    hr_pq_write_options opt = HR_PQ_WRITE_OPTIONS_DEFAULT;
    hr_pq_scratch *s;
    hr_pq_writer *w;
    size_t n_mem = hr_pq_writer_bytes(&schema, 1024);
    opt.page_rows = 100 + (uint32_t)test_rng_below(r, 6000);
    uint32_t group = 500 + (uint32_t)test_rng_below(r, 40000);
    size_t mark = hr_arena_mark(arena);
    void *mem = hr_arena_alloc(arena, n_mem, 64);
    assert_int_equal(hr_pq_scratch_create(&s, arena, &opt, NULL), HR_OK);
    file_n = 0;
    assert_int_equal(hr_pq_writer_init(&w, mem, n_mem, &schema, 1024, &opt, put, NULL, NULL),
                     HR_OK);
    for (row_at = 0; row_at < n_rows; row_at += group) {
        hr_rows_source rows = {.n_blocks = 1, .n_rows = HR_MIN(group, n_rows - row_at), .get = get};
        rows.self = &rows;
        assert_int_equal(hr_pq_writer_row_group(w, s, &rows, NULL), HR_OK);
    }
    assert_int_equal(hr_pq_writer_finish(w, s, NULL), HR_OK);
    hr_arena_rewind(arena, mark);
}

static bool is_wanted(const hr_pq_want *w, const char *name, int64_t time)
{
    bool yes = w->n_symbols == 0;
    for (uint32_t i = 0; i < w->n_symbols; i++)
        if (strlen(name) == w->symbol[i].n && memcmp(name, w->symbol[i].s, w->symbol[i].n) == 0)
            yes = true;
    return yes && time >= w->from_ns && time < w->to_ns;
}

static void add_message(outcome *o, const hr_evbatch *b, uint32_t m, const hr_pq_want *w)
{
    uint32_t at = (uint32_t)b->level_begin[m];
    uint32_t n = (uint32_t)b->level_begin[m + 1] - at;
    const char *name = b->sym[m] >= 0 ? b->syms[b->sym[m]].symbol : "";
    assert_int_not_equal(b->kind[m], HR_MSG_BAD);
    if (b->kind[m] == HR_MSG_OTHER) {
        assert_int_equal(b->flags[m], HR_FLAG_LEFT_OUT);
        assert_int_equal(n, 0);
        o->n_dropped += b->seq_first[m];
        return;
    }
    o->n_read += n;
    if (!is_wanted(w, name, b->ts_recv[m])) {
        o->n_dropped += n;
        return;
    }
    entry *e = &o->e[o->n++];
    *e = (entry){.row = b->src_offset[m], .n_dropped = o->n_dropped};
    o->n_dropped = 0;
    hr_digest_add(&e->digest, &b->ts_event[m], sizeof *b->ts_event);
    hr_digest_add(&e->digest, &b->ts_recv[m], sizeof *b->ts_recv);
    hr_digest_add(&e->digest, &b->seq_last[m], sizeof *b->seq_last);
    hr_digest_add(&e->digest, name, strlen(name));
    hr_digest_add(&e->digest, b->px + at, n * sizeof *b->px);
    hr_digest_add(&e->digest, b->qty + at, n * sizeof *b->qty);
    hr_digest_add(&e->digest, b->side + at, n);
}

/* From this row on, in batches of random size. want: told to the table. */
static void read_table(outcome *o, test_rng *r, int64_t row, const hr_pq_want *w, bool tells)
{
    char why[128];
    hr_pq_file *f;
    hr_pq_events *e;
    const hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_source_info info = {.px_scale = 9, .qty_scale = 8, .n_sources = 1, .n_lanes = 1};
    size_t mark = hr_arena_mark(arena);
    hr_status st = HR_OK;
    *o = (outcome){.e = o->e, .end = row};
    assert_int_equal(hr_pq_file_open(&f, read_at, NULL, (int64_t)file_n, &limits, arena, NULL),
                     HR_OK);
    assert_int_equal(hr_pq_events_sniff(&info, why, sizeof why, "x.parquet", f, NULL), HR_OK);
    assert_int_equal(hr_pq_events_create(&e, f, &info, arena, NULL), HR_OK);
    if (tells) assert_int_equal(hr_pq_events_want(e, w, NULL), HR_OK);
    hr_pq_events_skip_to(e, row);
    while (st == HR_OK) {
        hr_evbatch *b = hr_evbatch_init(batch_mem, &caps);
        st = hr_pq_events_next(e, b, 1 + (uint32_t)test_rng_below(r, 3000), NULL);
        assert_true(st >= 0);
        for (uint32_t m = 0; m < b->n_msgs; m++) {
            assert_true(b->src_offset[m] >= o->end);
            add_message(o, b, m, w);
        }
        o->end += (int64_t)b->n_lines;
        assert_int_equal(b->src_end, o->end); /* where a resumed reading begins */
    }
    hr_arena_rewind(arena, mark);
}

static void expect_tail(uint32_t from, bool is_whole)
{
    assert_int_equal(some.n, all.n - from);
    if (some.n > 0 || is_whole) assert_int_equal(some.n_dropped, all.n_dropped);
    assert_int_equal(some.end, n_rows);
    for (uint32_t i = 0; i < some.n; i++) {
        const entry *a = &all.e[from + i];
        const entry *b = &some.e[i];
        assert_int_equal(a->row, b->row);
        if (i > 0 || is_whole) assert_int_equal(a->n_dropped, b->n_dropped);
        assert_memory_equal(&a->digest, &b->digest, sizeof a->digest);
    }
}

static void test_want(void **state)
{
    static char name[N_SYMBOLS][16];
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    int64_t n_read = 0;
    int64_t n_all = 0;
    for (uint64_t i = test_iters(40); i > 0; i--) {
        hr_pq_bytes wanted[N_SYMBOLS];
        hr_pq_want w = {.symbol = wanted, .from_ns = INT64_MIN, .to_ns = INT64_MAX};
        is_trades = test_rng_chance(&r, 3);
        make_rows(&r);
        write_file(&r);
        for (uint32_t k = 0; k < N_SYMBOLS; k++) {
            if (!test_rng_chance(&r, 3)) continue;
            uint32_t len = (uint32_t)snprintf(name[k], sizeof name[k], "S%u-USDT", k);
            wanted[w.n_symbols++] = (hr_pq_bytes){.s = name[k], .n = len};
        }
        int64_t last = ts[0][n_rows - 1] - T0;
        if (test_rng_chance(&r, 2)) w.to_ns = T0 + (int64_t)test_rng_below(&r, (uint64_t)last + 20);
        if (is_trades && test_rng_chance(&r, 2))
            w.from_ns = T0 + (int64_t)test_rng_below(&r, (uint64_t)last + 20);
        read_table(&all, &r, 0, &w, false);
        read_table(&some, &r, 0, &w, true);
        expect_tail(0, true);
        n_read += some.n_read;
        n_all += all.n_read;
        if (all.n == 0) continue;
        uint32_t from = (uint32_t)test_rng_below(&r, all.n);
        read_table(&some, &r, all.e[from].row, &w, true);
        expect_tail(from, false);
    }
    print_message("# %lld of %lld rows read\n", (long long)n_read, (long long)n_all);
    assert_true(n_read < n_all / 4 * 3);
}

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(hr_arena_create(&arena, NULL, (size_t)96 << 20, "test", NULL), HR_OK);
    file_p = hr_arena_alloc(arena, FILE_BYTES, 64);
    batch_mem = hr_arena_alloc(arena, hr_evbatch_bytes(&caps), 64);
    all.e = hr_arena_alloc(arena, ROWS * sizeof *all.e, 64);
    some.e = hr_arena_alloc(arena, ROWS * sizeof *some.e, 64);
    assert_non_null(some.e);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    hr_arena_destroy(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_want)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A table read in parts, by one thread that now and then reads ahead, or by several: the same
 * messages, levels and rejects as when one reads it all, and the same error where it is damaged. */
#include <stdatomic.h>
#include <stdio.h>

#include "base/digest.h"
#include "conc/thread.h"
#include "fmt/pq_table.h"
#include "fmt/pq_write.h"
#include "harness.h"
#include "rng.h"

#define ROWS 30000u
#define FILE_BYTES ((size_t)4 << 20)
#define N_HELPERS 2

typedef struct bytes {
    uint8_t *p;
    size_t n;
} bytes;

/* What a reading gave. */
typedef struct outcome {
    hr_digest digest;
    hr_status status;
    char message[HR_ERR_MSG_BYTES];
} outcome;

typedef struct helper {
    hr_pq_events *e;
    atomic_uint is_over;
    hr_thread thread;
} helper;

static int64_t ts[2][ROWS], seq[ROWS];
static double px[ROWS], qty[ROWS];
static uint8_t is_bid[ROWS];
static const void *const column[] = {ts[0], ts[1], seq, is_bid, px, qty};
static uint32_t n_rows, row_at;
static bytes file;
static hr_arena *arena;
static void *batch_mem;
static const hr_evbatch_caps caps = {
    .msgs = 4096, .levels = 8192, .rejects = 64, .raw = 4096, .texts = 4};

static void make_rows(test_rng *r)
{
    uint32_t left = 0;
    uint32_t most = 1 + (uint32_t)test_rng_below(r, test_rng_chance(r, 4) ? 9000 : 20);
    unsigned bad = test_rng_chance(r, 2) ? 1u << 30 : 3000;
    n_rows = 1 + (uint32_t)test_rng_below(r, ROWS);
    for (uint32_t i = 0; i < n_rows; i++, left--) {
        if (left == 0) left = 1 + (uint32_t)test_rng_below(r, most);
        bool is_next = i == 0 || left == 1;
        seq[i] = i == 0 ? 7 : seq[i - 1] + is_next;
        ts[0][i] = INT64_C(1700000000000000000) + seq[i] * 1000;
        ts[1][i] = test_rng_chance(r, bad) ? -5 : ts[0][i] + 17;
        is_bid[i] = test_rng_chance(r, 2);
        px[i] = test_rng_chance(r, bad) ? -1.0 : (double)(100 + test_rng_below(r, 500)) / 100;
        qty[i] = (double)test_rng_below(r, 100000) / 1000;
    }
}

static hr_status put(void *self, const void *p, size_t n_bytes, hr_err *err)
{
    (void)self;
    if (n_bytes > FILE_BYTES - file.n) return HR_FAIL(err, HR_ENOSPC, "too long");
    memcpy(file.p + file.n, p, n_bytes);
    file.n += n_bytes;
    return HR_OK;
}

static int64_t read_at(void *self, void *buf, size_t n_bytes, int64_t offset)
{
    (void)self;
    size_t n = HR_MIN(n_bytes, file.n - (size_t)offset);
    memcpy(buf, file.p + offset, n);
    return (int64_t)n;
}

static const void *get(void *self, uint32_t col, uint32_t block, uint32_t *n, hr_err *err)
{
    const hr_rows_source *rows = self;
    (void)block;
    (void)err;
    *n = (uint32_t)rows->n_rows;
    size_t width = col == 3 ? 1 : 8;
    return (const char *)column[col] + row_at * width;
}

static void write_file(test_rng *r)
{
    static const hr_field fields[] = {{.name = "origin_time", .type = HR_COL_TS},
                                      {.name = "received_time", .type = HR_COL_TS},
                                      {.name = "sequence_number", .type = HR_COL_I64},
                                      {.name = "side_is_bid", .type = HR_COL_BOOL},
                                      {.name = "price", .type = HR_COL_F64},
                                      {.name = "size", .type = HR_COL_F64}};
    const hr_schema schema = {.name = "t", .n_fields = HR_ARRAY_LEN(fields), .fields = fields};
    static const hr_pq_codec codecs[] = {HR_PQ_ZSTD, HR_PQ_SNAPPY, HR_PQ_UNCOMPRESSED};
    hr_pq_write_options opt = HR_PQ_WRITE_OPTIONS_DEFAULT;
    hr_pq_scratch *s;
    hr_pq_writer *w;
    size_t n_mem = hr_pq_writer_bytes(&schema, 64);
    opt.codec = codecs[test_rng_below(r, 3)];
    opt.page_rows = 100 + (uint32_t)test_rng_below(r, 9000);
    uint32_t group = 500 + (uint32_t)test_rng_below(r, 20000);
    size_t mark = hr_arena_mark(arena);
    void *mem = hr_arena_alloc(arena, n_mem, 64);
    assert_int_equal(hr_pq_scratch_create(&s, arena, &opt, NULL), HR_OK);
    file.n = 0;
    assert_int_equal(hr_pq_writer_init(&w, mem, n_mem, &schema, 64, &opt, put, NULL, NULL), HR_OK);
    for (row_at = 0; row_at < n_rows; row_at += group) {
        hr_rows_source rows = {.n_blocks = 1, .n_rows = HR_MIN(group, n_rows - row_at), .get = get};
        rows.self = &rows;
        assert_int_equal(hr_pq_writer_row_group(w, s, &rows, NULL), HR_OK);
    }
    assert_int_equal(hr_pq_writer_finish(w, s, NULL), HR_OK);
    hr_arena_rewind(arena, mark);
}

static hr_status open_table(hr_pq_events **e, uint32_t n_lanes, int64_t skip_to, hr_err *err)
{
    char why[128];
    hr_pq_file *f;
    const hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_source_info info = {.px_scale = 9, .qty_scale = 8, .n_sources = 1, .n_lanes = n_lanes};
    HR_TRY(hr_pq_file_open(&f, read_at, NULL, (int64_t)file.n, &limits, arena, err));
    HR_TRY(hr_pq_events_sniff(&info, why, sizeof why, "x.parquet", f, err));
    HR_TRY(hr_pq_events_create(e, f, &info, arena, err));
    hr_pq_events_skip_to(*e, skip_to);
    return HR_OK;
}

static void add_batch(hr_digest *d, const hr_evbatch *b)
{
    hr_digest_add(d, b->ts_event, b->n_msgs * sizeof *b->ts_event);
    hr_digest_add(d, b->ts_recv, b->n_msgs * sizeof *b->ts_recv);
    hr_digest_add(d, b->seq_last, b->n_msgs * sizeof *b->seq_last);
    hr_digest_add(d, b->src_offset, b->n_msgs * sizeof *b->src_offset);
    hr_digest_add(d, b->kind, b->n_msgs);
    hr_digest_add(d, b->level_begin, (b->n_msgs + 1) * sizeof *b->level_begin);
    hr_digest_add(d, b->px, b->n_levels * sizeof *b->px);
    hr_digest_add(d, b->qty, b->n_levels * sizeof *b->qty);
    hr_digest_add(d, b->side, b->n_levels);
    for (uint32_t i = 0; i < b->n_rejects; i++)
        hr_digest_add(d, &b->rejects[i].reason, 1);
}

/* r: helps at random; NULL: others do. */
static void drain(hr_pq_events *e, test_rng *r, outcome *o, hr_err *err)
{
    hr_status st = HR_OK;
    while (st == HR_OK) {
        hr_evbatch *b = hr_evbatch_init(batch_mem, &caps);
        for (uint64_t n = r != NULL ? test_rng_below(r, 6) : 0; n > 0; n--)
            assert_true(hr_pq_events_help(e) >= 0);
        st = hr_pq_events_next(e, b, 2000, err);
        if (st >= 0) add_batch(&o->digest, b);
    }
    o->status = st;
    if (st < 0) snprintf(o->message, sizeof o->message, "%s", err->message);
}

static void *help(void *arg)
{
    helper *h = arg;
    while (atomic_load(&h->is_over) == 0)
        assert_true(hr_pq_events_help(h->e) >= 0);
    return NULL;
}

static void read_table(outcome *o, uint32_t n_lanes, int64_t skip_to, test_rng *r)
{
    hr_pq_events *e;
    hr_err err = HR_ERR_INIT;
    static helper h[N_HELPERS];
    const hr_thread_options any = HR_THREAD_OPTIONS_DEFAULT;
    uint32_t n_helpers = n_lanes > 1 && r == NULL ? N_HELPERS : 0;
    size_t mark = hr_arena_mark(arena);
    memset(o, 0, sizeof *o);
    o->status = open_table(&e, n_lanes, skip_to, &err);
    for (uint32_t i = 0; i < n_helpers && o->status == HR_OK; i++) {
        h[i] = (helper){.e = e};
        assert_int_equal(hr_thread_start(&h[i].thread, &any, help, &h[i], NULL), HR_OK);
    }
    if (o->status == HR_OK) drain(e, r, o, &err);
    for (uint32_t i = 0; i < n_helpers; i++) {
        atomic_store(&h[i].is_over, 1);
        assert_int_equal(hr_thread_join(&h[i].thread, NULL), HR_OK);
        h[i] = (helper){0};
    }
    hr_arena_rewind(arena, mark);
}

static void test_parts(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t i = test_iters(30); i > 0; i--) {
        outcome alone;
        outcome ahead;
        outcome several;
        make_rows(&r);
        write_file(&r);
        if (test_rng_chance(&r, 3))
            file.p[4 + test_rng_below(&r, file.n - 4)] ^= (uint8_t)(1 + test_rng_below(&r, 255));
        int64_t skip_to = test_rng_chance(&r, 2) ? 0 : (int64_t)test_rng_below(&r, n_rows + 1);
        read_table(&alone, 1, skip_to, NULL);
        read_table(&ahead, 2, skip_to, &r);
        read_table(&several, 3, skip_to, NULL);
        assert_memory_equal(&alone, &ahead, sizeof alone);
        assert_memory_equal(&alone, &several, sizeof alone);
    }
}

/* Windows bound what is read ahead. */
static void test_bound(void **state)
{
    test_rng r;
    hr_pq_events *e;
    hr_err err = HR_ERR_INIT;
    uint32_t n = 0;
    size_t mark = hr_arena_mark(arena);
    (void)state;
    test_rng_init(&r, test_seed());
    do
        make_rows(&r);
    while (n_rows < (HR_PQ_WINDOWS + 1) * HR_PQ_ROWS);
    write_file(&r);
    assert_int_equal(open_table(&e, 2, 0, &err), HR_OK);
    while (hr_pq_events_help(e) == HR_OK)
        n++;
    assert_in_range(n, HR_PQ_PARTS * HR_PQ_WINDOWS, HR_PQ_PARTS * HR_PQ_WINDOWS);
    hr_arena_rewind(arena, mark);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parts), cmocka_unit_test(test_bound)};
    if (hr_arena_create(&arena, NULL, (size_t)128 << 20, "test", NULL) != HR_OK) return 1;
    file.p = hr_arena_alloc(arena, FILE_BYTES, 64);
    batch_mem = hr_arena_alloc(arena, hr_evbatch_bytes(&caps), 64);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

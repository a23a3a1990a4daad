/* SPDX-License-Identifier: Apache-2.0 */
/* Where a source cuts its text into chunks changes nothing: buffers of every size over more than a
 * line, so that each byte of a line ends a chunk once, for every text format and container. */
#include <stdio.h>
#include <stdlib.h>

#include "base/digest.h"
#include "harness.h"
#include "pack.h"
#include "pipe/source.h"
#include "rng.h"
#include "synth/synth.h"

#define TEXT_MAX (1u << 16)
#define CAP_WHOLE (1u << 18)
#define PATH "/venue=binance/symbol=BTCUSDT/f"

static char text[TEXT_MAX + HR_SYNTH_LINE_MAX];
static size_t n_text;
static char packed[2 * TEXT_MAX];
static const hr_evbatch_caps caps = {
    .msgs = 1024, .levels = 8192, .rejects = 256, .raw = 1 << 17, .texts = 256};

static void synth(hr_synth_format format)
{
    hr_synth *s;
    hr_synth_options opt = HR_SYNTH_OPTIONS_DEFAULT;
    opt.format = format;
    opt.seed = 1; /* no message longer than the buffers below */
    opt.n_instruments = 2;
    opt.n_levels = 600;
    opt.n_bad = 5;
    opt.has_snapshots = false;
    assert_int_equal(hr_synth_create(&s, &opt, NULL), HR_OK);
    n_text = 0;
    for (size_t n = 1; n > 0 && n_text < 12000; n_text += n)
        n = hr_synth_next(s, text + n_text);
    hr_synth_destroy(&s);
    while (n_text > 0 && text[n_text - 1] != '\n')
        n_text--;
}

static void add(const char *line)
{
    size_t n = strlen(line);
    memcpy(text + n_text, line, n);
    n_text += n;
}

static void cryptofeed(void)
{
    char line[512];
    n_text = 0;
    for (int i = 0; i < 40; i++) {
        snprintf(line, sizeof line, "wss://stream.binance.com:9443/stream <-> 17231616%02d.5\n", i);
        if (i % 9 == 0) add(line);
        snprintf(line, sizeof line,
                 "17231616%02d.%d: {\"stream\":\"btcusdt@depth\",\"data\":{\"e\":\"depthUpdate\","
                 "\"E\":1723161600000,\"s\":\"BTCUSDT\",\"U\":%d,\"u\":%d,\"b\":[[\"%d.5\",\"1\"]],"
                 "\"a\":[]}}\n",
                 i, i, i + 1, i + 1, i + 1);
        add(line);
        if (i % 7 == 3) add("17231616.1: no message\n\n");
    }
}

/* Three rows a message under their header, with errors and blank lines between. */
static void table(bool is_snapshot)
{
    char line[512];
    n_text = 0;
    add(is_snapshot ? "exchange,symbol,timestamp,local_timestamp,asks[0].price,asks[0].amount,"
                      "bids[0].price,bids[0].amount\n"
                    : "symbol,timestamp,first_update_id,last_update_id,side,update_type,price,qty,"
                      "pu\n");
    for (int i = 0; i < 120; i++) {
        if (is_snapshot)
            snprintf(line, sizeof line,
                     "binance,BTCUSDT,1723161600%06d,1723161600999999,7,1,%d,2\n", i, 1 + i % 5);
        else
            snprintf(line, sizeof line, "BTCUSDT,17231616000%02d,1,2,%c,set,%d.5,1,-1\n", i / 3,
                     i % 3 == 0 ? 'b' : 'a', i + 1);
        add(line);
        if (i % 15 == 4) add("\r\n");
        if (i % 20 == 7) add("x,y\n");
    }
}

static void make(int kind)
{
    switch (kind) {
    case 0:
        synth(HR_SYNTH_CAPTURE);
        break;
    case 1:
        synth(HR_SYNTH_CAPTURE_JSON);
        break;
    case 2:
        synth(HR_SYNTH_NDJSON);
        break;
    case 3:
        cryptofeed();
        break;
    case 4:
        synth(HR_SYNTH_TARDIS);
        break;
    case 5:
        synth(HR_SYNTH_TARDIS_TRADES);
        break;
    case 6:
        table(true);
        break;
    default:
        table(false);
        break;
    }
}

static size_t pack(hr_container c)
{
    return test_pack(packed, sizeof packed, text, n_text, c, 0);
}

static void put_file(const hr_sys *sys, size_t n)
{
    (void)sys->mkdir(sys->self, -100, "/venue=binance", 0755);
    (void)sys->mkdir(sys->self, -100, "/venue=binance/symbol=BTCUSDT", 0755);
    test_put_file(PATH, packed, n);
}

static void digest_batch(hr_digest *d, const hr_evbatch *b)
{
    char line[256];
    uint32_t n_rejects = 0;
    for (uint32_t m = 0; m < b->n_msgs; m++) {
        int n = snprintf(line, sizeof line, "%d %u %lld %lld ", b->kind[m], b->flags[m],
                         (long long)b->src_offset[m], (long long)b->src_line[m]);
        hr_digest_add(d, line, (size_t)n);
        if (b->kind[m] == HR_MSG_BAD) {
            const hr_reject *r = &b->rejects[n_rejects++];
            n = snprintf(line, sizeof line, "%d %u %lld", r->reason, r->full_len,
                         (long long)r->src_line);
            hr_digest_add(d, line, (size_t)n);
            hr_digest_add(d, b->raw + r->raw_begin, r->raw_len);
            continue;
        }
        n = snprintf(line, sizeof line, "%lld %lld %lld %lld %lld %s\n", (long long)b->ts_event[m],
                     (long long)b->ts_recv[m], (long long)b->seq_first[m],
                     (long long)b->seq_last[m], (long long)b->seq_prev[m],
                     b->sym[m] >= 0 ? b->syms[b->sym[m]].symbol : "-");
        hr_digest_add(d, line, (size_t)n);
        size_t k = (size_t)b->level_begin[m];
        size_t n_levels = (size_t)b->level_begin[m + 1] - k;
        hr_digest_add(d, b->px + k, n_levels * sizeof *b->px);
        hr_digest_add(d, b->qty + k, n_levels * sizeof *b->qty);
        hr_digest_add(d, b->side + k, n_levels);
    }
    for (uint32_t i = 0; i < b->n_syms; i++) { /* none that no message names */
        bool is_named = false;
        for (uint32_t m = 0; m < b->n_msgs; m++)
            is_named = is_named || (b->kind[m] != HR_MSG_BAD && b->sym[m] == (int32_t)i);
        assert_true(is_named);
    }
}

/* Digest of all events with buffers of this size, and how many chunks there were. */
static void read_all(hr_digest *d, uint64_t *n_chunks, size_t text_cap, uint32_t target_rows)
{
    static hr_source s; /* large */
    hr_budget budget;
    hr_arena *arena;
    hr_pool *batches;
    hr_source_info info = {.px_scale = 2, .qty_scale = 3};
    hr_status st = HR_OK;
    hr_err err = HR_ERR_INIT;
    *d = (hr_digest){{0, 0}};
    hr_budget_init(&budget, 64u << 20);
    assert_int_equal(hr_arena_create(&arena, NULL, 8u << 20, "test", NULL), HR_OK);
    assert_int_equal(hr_pool_create(&batches, arena, hr_evbatch_bytes(&caps), HR_SOURCE_SLOTS + 1,
                                    "batches", NULL),
                     HR_OK);
    st = hr_source_open(&s, PATH, &info, &budget, text_cap, &err);
    if (st != HR_OK) print_message("%s\n", err.message);
    assert_int_equal(st, HR_OK);
    while (!s.is_done) {
        hr_evbatch *b = hr_source_head(&s);
        if (b != NULL) {
            digest_batch(d, b);
            hr_source_advance(&s);
            hr_pool_put(batches, b);
            continue;
        }
        for (size_t k = 0; k <= text_cap % 4; k++) /* the filler may be ahead */
            assert_true(hr_source_fill(&s, NULL) >= 0);
        assert_true(hr_source_decode(&s, batches, &caps, target_rows, NULL) >= 0);
    }
    *n_chunks = s.fill_seq;
    hr_source_close(&s);
    hr_arena_destroy(&arena);
}

static void check_kind(const hr_sys *sys, int kind, hr_container c, size_t cap, size_t step)
{
    hr_digest want;
    hr_digest got;
    uint64_t n_chunks;
    make(kind);
    put_file(sys, pack(c));
    read_all(&want, &n_chunks, CAP_WHOLE, UINT32_MAX);
    assert_in_range(n_chunks, 1, 2);
    for (size_t k = cap; k < cap + 420; k += step) {
        read_all(&got, &n_chunks, k, k % 5 == 0 ? 3 : UINT32_MAX);
        assert_true(n_chunks >= n_text / (cap + 420));
        if (memcmp(&got, &want, sizeof got) != 0)
            print_message("kind %d, %s, buffers of %zu\n", kind, hr_container_name(c), k);
        assert_memory_equal(&got, &want, sizeof got);
    }
}

static void test_cuts(void **state)
{
    static hr_sys_sim *sim;
    (void)state;
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    const hr_sys *sys = hr_sys_sim_table(sim);
    hr_sys_install(sys);
    for (int kind = 0; kind < 8; kind++) {
        size_t cap = kind < 4 ? 2000 : 3000; /* more than a line, or a message of a table */
        check_kind(sys, kind, HR_CONTAINER_PLAIN, cap, 1);
        check_kind(sys, kind, HR_CONTAINER_GZIP, cap, 7);
        check_kind(sys, kind, HR_CONTAINER_ZSTD, cap, 11);
    }
    hr_sys_install(hr_sys_real());
    hr_sys_sim_destroy(&sim);
}

/* ---- messages longer than a buffer ---- */

#define MSGS_MAX 1024

typedef struct place {
    int64_t offset, line;
    uint32_t n_before; /* messages */
} place;

typedef struct reading {
    uint32_t n_msgs, n_places;
    hr_digest msg[MSGS_MAX];
    place at[MSGS_MAX]; /* where each batch began */
} reading;

static void make_large(test_rng *r)
{
    char line[512];
    n_text = 0;
    add("symbol,timestamp,first_update_id,last_update_id,side,update_type,price,qty,pu\n");
    for (int i = 0; i < 60; i++) {
        uint64_t n_rows = i % 20 == 7 ? 100 + test_rng_below(r, 200) : 1 + test_rng_below(r, 5);
        for (uint64_t k = 0; k < n_rows; k++) {
            snprintf(line, sizeof line, "BTCUSDT,17231616000%02d,1,2,a,set,%d.5,1,-1\n", i,
                     (int)k + 1);
            if (k > 0 && test_rng_chance(r, 100)) memset(line, 'x', test_rng_below(r, 40));
            add(line);
        }
        if (i % 25 != 3) continue;
        memset(text + n_text, 'y', 6000); /* a line longer than any buffer here */
        n_text += 6000;
        add("\n");
    }
}

static void keep(reading *r, const hr_source *s, const hr_evbatch *b)
{
    assert_true(r->n_msgs + b->n_msgs <= MSGS_MAX && r->n_places < MSGS_MAX);
    r->at[r->n_places++] = (place){s->pos_offset, s->pos_line, r->n_msgs};
    for (uint32_t m = 0; m < b->n_msgs; m++) {
        hr_digest d = {{0, 0}};
        char line[128];
        size_t k = (size_t)b->level_begin[m];
        int n = snprintf(line, sizeof line, "%d %lld %lld %lld", b->kind[m],
                         (long long)b->src_offset[m], (long long)b->src_line[m],
                         (long long)b->ts_event[m]);
        hr_digest_add(&d, line, (size_t)n);
        hr_digest_add(&d, b->px + k, (size_t)(b->level_begin[m + 1] - b->level_begin[m]) * 8);
        r->msg[r->n_msgs++] = d;
    }
}

/* The filler takes n_ahead steps more than it needs. */
static void read_from(reading *r, const place *from, size_t text_cap, uint32_t n_ahead)
{
    static hr_source s;
    hr_budget budget;
    hr_arena *arena;
    hr_pool *batches;
    hr_source_info info = {.px_scale = 2, .qty_scale = 3};
    r->n_msgs = r->n_places = 0;
    hr_budget_init(&budget, 64u << 20);
    assert_int_equal(hr_arena_create(&arena, NULL, 8u << 20, "test", NULL), HR_OK);
    assert_int_equal(hr_pool_create(&batches, arena, hr_evbatch_bytes(&caps), HR_SOURCE_SLOTS + 1,
                                    "batches", NULL),
                     HR_OK);
    assert_int_equal(hr_source_open(&s, PATH, &info, &budget, text_cap, NULL), HR_OK);
    if (from != NULL) assert_int_equal(hr_source_resume(&s, from->offset, from->line, NULL), HR_OK);
    while (!s.is_done) {
        hr_evbatch *b = hr_source_head(&s);
        if (b != NULL) {
            keep(r, &s, b);
            hr_source_advance(&s);
            hr_pool_put(batches, b);
            continue;
        }
        for (uint32_t k = 0; k <= n_ahead; k++)
            assert_true(hr_source_fill(&s, NULL) >= 0);
        assert_true(hr_source_decode(&s, batches, &caps, 3, NULL) >= 0);
    }
    hr_source_close(&s);
    hr_arena_destroy(&arena);
}

/* Where such a message is split depends on its first byte and the buffer alone: not on how far the
 * filler was, nor on where a run went on. */
static void test_large(void **state)
{
    static hr_sys_sim *sim;
    static reading want;
    static reading got;
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    const hr_sys *sys = hr_sys_sim_table(sim);
    hr_sys_install(sys);
    for (size_t cap = 3000; cap < 5000; cap += 97) {
        make_large(&r);
        put_file(sys, pack(cap % 2 == 0 ? HR_CONTAINER_GZIP : HR_CONTAINER_PLAIN));
        read_from(&want, NULL, cap, 0);
        assert_true(want.n_msgs > 60);
        for (uint32_t ahead = 1; ahead < 4; ahead++) {
            read_from(&got, NULL, cap, ahead);
            assert_int_equal(got.n_msgs, want.n_msgs);
            assert_memory_equal(got.msg, want.msg, want.n_msgs * sizeof *want.msg);
        }
        for (uint32_t i = 1; i < want.n_places; i += 1 + (uint32_t)test_rng_below(&r, 4)) {
            const place *from = &want.at[i];
            read_from(&got, from, cap, i % 4);
            assert_int_equal(got.n_msgs, want.n_msgs - from->n_before);
            assert_memory_equal(got.msg, want.msg + from->n_before, got.n_msgs * sizeof *got.msg);
        }
    }
    hr_sys_install(hr_sys_real());
    hr_sys_sim_destroy(&sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cuts), cmocka_unit_test(test_large)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Sources of bytes: where they are cut into chunks changes nothing, whatever the bytes are; a run
 * that goes on at any batch's beginning reads what the whole one read from there on. */
#include <stdio.h>
#include <stdlib.h>

#include "base/digest.h"
#include "dbn_made.h"
#include "harness.h"
#include "pack.h"
#include "pipe/source.h"
#include "venue/files/itch.h"

#define BYTES_MAX (1u << 17)
#define CAP_WHOLE (1u << 19)
#define MSGS_MAX 4096u
#define PATH "/f"

static uint8_t text[BYTES_MAX];
static size_t n_text;
static hr_format format; /* records that are not all of known types need to be told */
static char packed[2 * BYTES_MAX];
static const hr_evbatch_caps caps = {
    .msgs = 512, .levels = 4096, .rejects = 256, .raw = 1 << 17, .texts = 16};

/* ---- files ---- */

static const dbn_made_mapping mapping[] = {{"ESM4", "5", 20240508, 20240509},
                                           {"A name", "6", 20240508, 20240509}};

/* Symbols longer than the smallest buffers; mbo and everything else behind them. */
static void make_dbn(test_rng *r, bool has_header)
{
    dbn_made_header h = {.version = 3,
                         .schema = HR_DBN_SCHEMA_NONE,
                         .stype_in = 1,
                         .dataset = "GLBX.MDP3",
                         .mappings = mapping,
                         .n_mappings = 2};
    n_text = has_header ? dbn_made_header_put(text, &h) : 0;
    for (int i = 0; i < 400; i++) {
        hr_dbn_mbo m = {.instrument = 5 + (uint32_t)test_rng_below(r, 3),
                        .publisher = (uint16_t)(1 + test_rng_below(r, 2)),
                        .ts_event = UINT64_C(1715126400000000000) + (uint64_t)i,
                        .order_id = test_rng_below(r, 50),
                        .px = (int64_t)test_rng_below(r, 100) * 250000000,
                        .qty = (uint32_t)test_rng_below(r, 9),
                        .flags = (uint8_t)test_rng_u64(r)};
        m.ts_recv = m.ts_event + 5;
        m.action = "ACMRTFN"[test_rng_below(r, 7)];
        m.side = "BAN"[test_rng_below(r, 3)];
        n_text += i == 0 || test_rng_chance(r, 2) ? dbn_made_mbo(text + n_text, &m)
                                                  : dbn_made_random(text + n_text, r);
    }
}

static size_t put_length(uint8_t *out, const uint8_t *p, size_t n)
{
    out[0] = (uint8_t)(n >> 8);
    out[1] = (uint8_t)n;
    memcpy(out + 2, p, n);
    return n + 2;
}

/* Ethernet, IPv4 and UDP around it, in pcap of little-endian nanoseconds. */
static size_t put_frame(uint8_t *out, const uint8_t *p, size_t n)
{
    size_t here = n + 42;
    memset(out, 0, 16 + 42);
    dbn_made_put(out, 1715126400, 4);
    dbn_made_put(out + 8, here, 4);
    dbn_made_put(out + 12, here, 4);
    out += 16;
    out[12] = 8;
    out[14] = 0x45;
    out[14 + 9] = 17;
    out[34 + 4] = (uint8_t)((n + 8) >> 8);
    out[34 + 5] = (uint8_t)(n + 8);
    memcpy(out + 42, p, n);
    return 16 + here;
}

static void make_itch(test_rng *r)
{
    n_text = 0;
    for (int i = 0; i < 900; i++) {
        hr_itch_msg m = {.type = (uint8_t) "SRAEXDUPQ"[i < 2 ? i : 2 + (int)test_rng_below(r, 7)],
                         .locate = (uint16_t)(1 + test_rng_below(r, 3)),
                         .ts_ns = i,
                         .id = test_rng_below(r, 90),
                         .px = 1 + (int64_t)test_rng_below(r, 1000),
                         .qty = 1 + (int64_t)test_rng_below(r, 1000)};
        memcpy(m.stock, "AAPL    ", 8);
        size_t n = hr_itch_put(text + n_text, &m);
        if (i > 9 && test_rng_chance(r, 60)) text[n_text + 2] = 'z';
        n_text += n;
    }
}

/* Packets that come twice, late, not at all, cut in two ways; now and then another session's. */
static void make_mold(test_rng *r, bool is_pcap)
{
    uint64_t next = 1;
    n_text = 0;
    if (is_pcap) {
        static const uint8_t head[24] = {0x4d, 0x3c, 0xb2, 0xa1, [20] = 1};
        memcpy(text, head, sizeof head);
        n_text = sizeof head;
    }
    for (int i = 0; i < 150; i++) {
        uint8_t p[1024];
        uint64_t u = test_rng_below(r, 20);
        uint64_t seq = next + (u == 0 ? 1 + test_rng_below(r, 9) : 0);
        if (i > 0 && u < 5 && u > 0) seq -= test_rng_below(r, HR_MIN(seq, 30));
        uint32_t n = i == 0 ? 3 : (uint32_t)test_rng_below(r, 9);
        size_t at = 20;
        memcpy(p, i > 0 && u == 19 ? "ANOTHER   " : "SESSION   ", 10);
        for (unsigned k = 0; k < 8; k++)
            p[10 + k] = (uint8_t)(seq >> (56 - 8 * k));
        p[18] = 0;
        p[19] = (uint8_t)n;
        for (uint32_t k = 0; k < n; k++) {
            hr_itch_msg m = {.type = i == 0 ? 'R' : (uint8_t) "AEXDUP"[test_rng_below(r, 6)],
                             .locate = (uint16_t)(i == 0 ? k + 1 : 1 + test_rng_below(r, 3)),
                             .ts_ns = i,
                             .id = seq + k,
                             .px = 1 + (int64_t)test_rng_below(r, 1000),
                             .qty = 1};
            memcpy(m.stock, "AAPL    ", 8);
            size_t len = hr_itch_put(p + at, &m);
            if (i > 0 && test_rng_chance(r, 90)) p[at + 2] = 'z';
            at += len;
        }
        if (i > 9 && test_rng_chance(r, 30)) at--; /* broken */
        if (is_pcap)
            n_text += put_frame(text + n_text, p, at);
        else
            n_text += put_length(text + n_text, p, at);
        next = HR_MAX(next, seq + n);
    }
}

static void make(test_rng *r, int kind)
{
    if (kind >= 3)
        make_mold(r, kind == 4);
    else if (kind == 2)
        make_itch(r);
    else
        make_dbn(r, kind == 0);
    format = kind == 1 ? HR_FORMAT_DBN : HR_FORMAT_UNKNOWN;
    if (test_rng_chance(r, 2)) n_text -= 1 + test_rng_below(r, 15);
    assert_true(n_text < BYTES_MAX - 1024);
}

static size_t pack(hr_container c)
{
    return test_pack(packed, sizeof packed, text, n_text, c, 500);
}

/* ---- reading ---- */

typedef struct place {
    int64_t offset, line;
    uint32_t n_before; /* messages */
} place;

typedef struct reading {
    uint32_t n_msgs, n_places;
    uint64_t n_lines;
    hr_digest msg[MSGS_MAX];
    place at[MSGS_MAX]; /* where each batch began */
} reading;

static void keep(reading *r, const hr_source *s, const hr_evbatch *b)
{
    uint32_t n_rejects = 0;
    assert_true(r->n_msgs + b->n_msgs <= MSGS_MAX && r->n_places < MSGS_MAX);
    r->at[r->n_places++] = (place){s->pos_offset, s->pos_line, r->n_msgs};
    r->n_lines += b->n_lines;
    for (uint32_t m = 0; m < b->n_msgs; m++) {
        hr_digest d = {{0, 0}};
        char line[256];
        size_t k = (size_t)b->level_begin[m];
        size_t n_levels = (size_t)b->level_begin[m + 1] - k;
        int n =
            snprintf(line, sizeof line, "%d %u %lld %lld %lld %lld %lld %lld %lld %s %s",
                     b->kind[m], b->flags[m], (long long)b->src_offset[m],
                     (long long)b->src_line[m], (long long)b->ts_event[m], (long long)b->ts_recv[m],
                     (long long)b->seq_first[m], (long long)b->seq_last[m],
                     (long long)b->seq_prev[m], b->sym[m] >= 0 ? b->syms[b->sym[m]].symbol : "-",
                     b->sym[m] >= 0 ? b->syms[b->sym[m]].venue : "-");
        hr_digest_add(&d, line, (size_t)n);
        hr_digest_add(&d, b->px + k, n_levels * sizeof *b->px);
        hr_digest_add(&d, b->qty + k, n_levels * sizeof *b->qty);
        hr_digest_add(&d, b->side + k, n_levels);
        if (b->kind[m] == HR_MSG_BAD) {
            const hr_reject *j = &b->rejects[n_rejects++];
            hr_digest_add(&d, b->raw + j->raw_begin, j->raw_len);
            hr_digest_add(&d, &j->reason, sizeof j->reason);
        }
        r->msg[r->n_msgs++] = d;
    }
}

/* What the source holds behind a place (NULL: all of it); an error's code. */
static hr_status read_from(reading *r, const place *from, size_t cap, uint32_t target, hr_err *err)
{
    static hr_source s;
    hr_budget budget;
    hr_arena *arena;
    hr_pool *batches;
    hr_source_info info = {.px_scale = 9, .qty_scale = 3, .format = format};
    hr_status st = HR_OK;
    r->n_msgs = r->n_places = 0;
    r->n_lines = 0;
    hr_budget_init(&budget, 64u << 20);
    assert_int_equal(hr_arena_create(&arena, NULL, 8u << 20, "test", NULL), HR_OK);
    assert_int_equal(hr_pool_create(&batches, arena, hr_evbatch_bytes(&caps), HR_SOURCE_SLOTS + 1,
                                    "batches", NULL),
                     HR_OK);
    hr_err opening = HR_ERR_INIT;
    st = hr_source_open(&s, PATH, &info, &budget, cap, &opening);
    if (st != HR_OK) print_message("# %s\n", opening.message);
    assert_int_equal(st, HR_OK);
    if (from != NULL) assert_int_equal(hr_source_resume(&s, from->offset, from->line, NULL), HR_OK);
    while (!s.is_done && st >= 0) {
        hr_evbatch *b = hr_source_head(&s);
        if (b != NULL) {
            keep(r, &s, b);
            hr_source_advance(&s);
            hr_pool_put(batches, b);
            continue;
        }
        for (size_t k = 0; k <= cap % 4 && st >= 0; k++) /* the filler may be ahead */
            st = hr_source_fill(&s, err);
        if (st >= 0) st = hr_source_decode(&s, batches, &caps, target, err);
    }
    hr_source_close(&s);
    hr_arena_destroy(&arena);
    return st < 0 ? st : HR_OK;
}

static void check_same(const reading *got, const reading *want, uint32_t from)
{
    assert_int_equal(got->n_msgs, want->n_msgs - from);
    assert_memory_equal(got->msg, want->msg + from, got->n_msgs * sizeof *got->msg);
}

static reading whole;
static reading part;

static void check_file(test_rng *r, int kind, hr_container c)
{
    size_t n = pack(c);
    test_put_file(PATH, packed, n);
    assert_true(read_from(&whole, NULL, CAP_WHOLE, UINT32_MAX, NULL) >= 0);
    assert_true(whole.n_msgs > 100);
    for (int i = 0; i < 12; i++) {
        /* more than a record, and less than some metadata */
        size_t least = kind == 2 && c == HR_CONTAINER_PLAIN ? 64 : 1100;
        size_t cap = least + test_rng_below(r, 1 + (1u << test_rng_below(r, 14)));
        uint32_t target = test_rng_chance(r, 2) ? UINT32_MAX : 1 + (uint32_t)test_rng_below(r, 90);
        assert_true(read_from(&part, NULL, cap, target, NULL) >= 0);
        check_same(&part, &whole, 0);
        assert_int_equal(part.n_lines, whole.n_lines);
    }
    static reading places;
    memcpy(&places, &part, sizeof places);
    for (int i = 0; i < 12; i++) {
        const place *from = &places.at[test_rng_below(r, places.n_places)];
        size_t cap = 1100 + test_rng_below(r, 9000);
        assert_true(read_from(&part, from, cap, 1 + (uint32_t)test_rng_below(r, 50), NULL) >= 0);
        check_same(&part, &whole, from->n_before);
    }
}

static void each_kind(void (*check)(test_rng *r, int kind))
{
    static hr_sys_sim *sim;
    test_rng r;
    test_rng_init(&r, test_seed());
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    hr_sys_install(hr_sys_sim_table(sim));
    for (int kind = 0; kind < 5; kind++)
        check(&r, kind);
    hr_sys_install(hr_sys_real());
    hr_sys_sim_destroy(&sim);
}

static void check_cuts(test_rng *r, int kind)
{
    static const hr_container containers[] = {HR_CONTAINER_PLAIN, HR_CONTAINER_GZIP,
                                              HR_CONTAINER_ZSTD};
    for (int i = 0; i < 6; i++) {
        make(r, kind);
        check_file(r, kind, containers[i % 3]);
    }
}

static void test_cuts(void **state)
{
    (void)state;
    each_kind(check_cuts);
}

/* Where nothing is found behind damage the source says where it is, for any buffer; for ITCH a
 * length of any value is one. */
static void check_lost(test_rng *r, int kind)
{
    if (kind >= 2) return;
    for (int i = 0; i < 40; i++) {
        make_dbn(r, kind == 0);
        format = kind == 1 ? HR_FORMAT_DBN : HR_FORMAT_UNKNOWN;
        size_t at = kind == 0 ? 8 + (size_t)text[4] + ((size_t)text[5] << 8) : 0;
        uint64_t n_records = 20 + test_rng_below(r, 350);
        for (uint64_t k = 0; k < n_records; k++)
            at += text[at] * 4u;
        static const uint8_t bad[][4] = {{0, 9, 9, 9}, {3, 9, 9, 9}, {'D', 'B', 'N', 2}};
        memcpy(text + at, bad[i % 3], 4);
        test_put_file(PATH, packed, pack(i % 2 == 0 ? HR_CONTAINER_PLAIN : HR_CONTAINER_ZSTD));
        hr_err err = HR_ERR_INIT;
        assert_int_equal(read_from(&part, NULL, 1100 + test_rng_below(r, 20000), 50, &err),
                         HR_EINPUT);
        assert_int_equal(err.offset, at);
    }
}

static void test_lost(void **state)
{
    (void)state;
    each_kind(check_lost);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cuts), cmocka_unit_test(test_lost)};
    return cmocka_run_group_tests_name("pipe framing", tests, NULL, NULL);
}

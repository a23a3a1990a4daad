/* SPDX-License-Identifier: Apache-2.0 */
/* Packets lost, twice, late and cut in other ways, against a receiver that keeps a list: which
 * messages come out, in which order, what is missing before them, and what is marked. */
#include "harness.h"
#include "rng.h"
#include "venue/files/itch.h"
#include "venue/files/mold.h"

#define PACKETS 120u
#define BYTES_MAX (1u << 17)
#define MSGS_MAX 4096u

static hr_arena *arena;
static uint8_t text[BYTES_MAX];
static size_t n_text;

typedef struct seen {
    uint64_t id;        /* a message; 0: a hole */
    int64_t last, next; /* of a hole */
    bool is_marked;
} seen;

typedef struct list {
    seen at[MSGS_MAX];
    uint32_t n;
    uint64_t n_twice;
} list;

static list want;
static list got;

static size_t put_packet(uint8_t *out, uint64_t seq, uint32_t n)
{
    uint8_t *p = out + 2;
    size_t at = HR_MOLD_HEAD;
    memcpy(p, "SESSION 01", HR_MOLD_SESSION);
    for (unsigned k = 0; k < 8; k++)
        p[10 + k] = (uint8_t)(seq >> (56 - 8 * k));
    p[18] = (uint8_t)(n >> 8);
    p[19] = (uint8_t)n;
    for (uint32_t k = 0; k < n; k++) {
        hr_itch_msg m = {
            .type = 'A', .locate = 1, .ts_ns = 5, .id = seq + k, .px = 10000, .qty = 1};
        memcpy(m.stock, "AAPL    ", 8);
        at += hr_itch_put(p + at, &m);
    }
    out[0] = (uint8_t)(at >> 8);
    out[1] = (uint8_t)at;
    return at + 2;
}

/* The receiver: a number after the other; what is not there when a later one comes is missing. */
static void receive(uint64_t *next, bool *has_hole, uint64_t seq, uint32_t n)
{
    if (seq > *next) {
        want.at[want.n++] =
            (seen){.last = (int64_t)*next - 1, .next = (int64_t)seq, .is_marked = true};
        *next = seq;
        *has_hole = true;
    }
    for (uint64_t id = seq; id < seq + n; id++) {
        if (id < *next) {
            want.n_twice++;
            continue;
        }
        want.at[want.n++] = (seen){.id = id, .is_marked = *has_hole};
        *next = id + 1;
    }
}

static void make(test_rng *r)
{
    uint64_t top = 1;
    uint64_t next = 1;
    bool has_hole = false;
    n_text = want.n = 0;
    want.n_twice = 0;
    for (uint32_t i = 0; i < PACKETS; i++) {
        uint64_t u = test_rng_below(r, 12);
        uint64_t seq = top;
        uint32_t n = (uint32_t)test_rng_below(r, 12);
        if (u == 0) seq += test_rng_below(r, 20);                        /* some are lost */
        if (u >= 1 && u <= 4) seq -= test_rng_below(r, HR_MIN(seq, 40)); /* twice, late */
        n_text += put_packet(text + n_text, seq, n);
        receive(&next, &has_hole, seq, n);
        top = HR_MAX(top, seq + n);
    }
    assert_true(n_text < BYTES_MAX && want.n < MSGS_MAX);
}

/* Marks them in pieces, as a source is cut. */
static void mark(const hr_mold_source *s, test_rng *r)
{
    hr_mold_state state = {0};
    size_t at = 0;
    while (at < n_text) {
        hr_mold_frame f;
        size_t piece = 1 + test_rng_below(r, 3000);
        size_t end = at + HR_MIN(n_text - at, piece);
        while (hr_mold_next(s, &f, text + at, end - at) == HR_OK) {
            assert_int_equal(f.kind, HR_MOLD_PACKET);
            hr_mold_mark(s, &state, text + at + f.at);
            at += f.bytes;
        }
    }
}

static void note(const hr_evbatch *b)
{
    assert_int_equal(b->n_rejects, 0);
    for (uint32_t m = 0; m < b->n_msgs; m++) {
        bool is_marked = (b->flags[m] & HR_FLAG_GAP) != 0;
        assert_true(got.n < MSGS_MAX);
        if (b->kind[m] == HR_MSG_STATUS) {
            got.at[got.n++] =
                (seen){.last = b->seq_prev[m], .next = b->seq_first[m], .is_marked = is_marked};
        } else if (b->kind[m] == HR_MSG_ORDER) {
            got.at[got.n++] = (seen){.id = (uint64_t)b->seq_first[m], .is_marked = is_marked};
        } else if ((b->flags[m] & HR_FLAG_DUPLICATE) != 0) {
            got.n_twice += (uint64_t)b->seq_first[m];
        }
    }
}

static void decode(const hr_source_info *info, test_rng *r)
{
    const hr_evbatch_caps caps = {.msgs = 16 + (uint32_t)test_rng_below(r, 200),
                                  .levels = 16 + (uint32_t)test_rng_below(r, 200),
                                  .rejects = 4,
                                  .raw = 4096,
                                  .texts = 1};
    void *mem = hr_arena_alloc(arena, hr_evbatch_bytes(&caps), 64);
    assert_non_null(mem);
    size_t pos = 0;
    int64_t line = 1;
    hr_status st;
    got.n = 0;
    got.n_twice = 0;
    do {
        hr_evbatch *b = hr_evbatch_init(mem, &caps);
        uint32_t target = test_rng_chance(r, 2) ? UINT32_MAX : 1 + (uint32_t)test_rng_below(r, 40);
        st = hr_mold_decode(info, b, (const char *)text, n_text, &pos, 0, &line, target, true);
        assert_true(b->n_msgs > 0);
        note(b);
    } while (st == HR_FULL);
    assert_int_equal(st, HR_OK);
    assert_true(pos == n_text && line == PACKETS + 1);
}

static void test_receiver(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    static hr_source_info info = {
        .format = HR_FORMAT_MOLD, .venue = "nasdaq", .px_scale = 9, .qty_scale = 8};
    for (int i = 0; i < 400; i++) {
        hr_mold_source s;
        assert_int_equal(hr_arena_create(&arena, NULL, 4u << 20, "test", NULL), HR_OK);
        make(&r);
        assert_true(hr_mold_is(&s, text, n_text) && s.around == HR_MOLD_LENGTHS);
        memcpy(s.session, text + 2, HR_MOLD_SESSION);
        s.has_session = true;
        info.mold = &s;
        mark(&s, &r);
        decode(&info, &r);
        assert_int_equal(got.n, want.n);
        assert_int_equal(got.n_twice, want.n_twice);
        for (uint32_t k = 0; k < want.n; k++) {
            const seen *a = &got.at[k];
            const seen *b = &want.at[k];
            assert_true(a->id == b->id && a->last == b->last && a->next == b->next &&
                        a->is_marked == b->is_marked);
        }
        hr_arena_destroy(&arena);
    }
}

/* A packet that no batch holds is one reject; what is none, and numbers that cannot be, are told.
 */
static void test_shapes(void **state)
{
    (void)state;
    static hr_source_info info = {
        .format = HR_FORMAT_MOLD, .venue = "nasdaq", .px_scale = 9, .qty_scale = 8};
    static const hr_evbatch_caps caps = {
        .msgs = 16, .levels = 16, .rejects = 4, .raw = 4096, .texts = 1};
    hr_mold_source s = {.around = HR_MOLD_LENGTHS, .has_session = true};
    hr_mold_state marks = {0};
    hr_mold_frame f;
    size_t pos = 0;
    int64_t line = 1;
    memcpy(s.session, "SESSION 01", HR_MOLD_SESSION);
    assert_int_equal(hr_arena_create(&arena, NULL, 1u << 20, "test", NULL), HR_OK);
    hr_evbatch *b = hr_evbatch_init(hr_arena_alloc(arena, hr_evbatch_bytes(&caps), 64), &caps);
    info.mold = &s;
    n_text = put_packet(text, 1, 40);
    hr_mold_mark(&s, &marks, text + 2);
    assert_int_equal(
        hr_mold_decode(&info, b, (const char *)text, n_text, &pos, 7, &line, UINT32_MAX, true),
        HR_OK);
    assert_true(b->n_rejects == 1 && b->rejects[0].reason == HR_REJECT_TOO_MANY_LEVELS);
    assert_true(b->rejects[0].src_offset == 7 && b->n_msgs == 1 && pos == n_text && line == 2);
    n_text = put_packet(text, 0, 1); /* no number is 0 */
    assert_int_equal(hr_mold_next(&s, &f, text, n_text), HR_OK);
    assert_int_equal(f.kind, HR_MOLD_BROKEN);
    (void)put_packet(text, UINT64_MAX, 1);
    assert_int_equal(hr_mold_next(&s, &f, text, n_text), HR_OK);
    assert_int_equal(f.kind, HR_MOLD_BROKEN);
    n_text = put_packet(text, 9, 0);
    text[20] = text[21] = 0xff; /* the end of the session */
    assert_int_equal(hr_mold_next(&s, &f, text, n_text), HR_OK);
    assert_int_equal(f.kind, HR_MOLD_PACKET);
    assert_int_equal(hr_mold_next(&s, &f, text, n_text - 1), HR_AGAIN);
    text[2] = 0xff; /* a session that looks like a mark is nobody's */
    hr_mold_mark(&s, &marks, text + 2);
    assert_true(text[2] != 0xff && marks.next == 41);
    hr_arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_receiver),
                                       cmocka_unit_test(test_shapes)};
    return cmocka_run_group_tests_name("venue mold", tests, NULL, NULL);
}

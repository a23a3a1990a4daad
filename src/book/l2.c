/* SPDX-License-Identifier: Apache-2.0 */
/* Each side works on keys: the price in ticks, negated for bids, so that the best level has the
 * least key on both sides. A window holds keys [base, base + n_ticks) as quantities with a
 * two-level bitmap; all other levels have greater keys and live in the far store.
 *
 * A level inside the window costs no division and, but for words of the bitmap that fill or empty,
 * no branch that depends on data: the quotient px / tick is a product with the inverse of the
 * tick's odd part modulo 2^64 and a rotation, and tick divides px exactly when that quotient is at
 * most UINT64_MAX / tick (Granlund and Montgomery 1994, section 9). Counts are taken from the
 * bitmap when asked for. Where the touch went is looked at once a call, not once a level. */
#include "book/l2.h"

#include <string.h>

#include "base/assert.h"
#include "book/far.h"

struct hr_l2 {
    /* one cache line: all that a level inside the window needs */
    uint64_t inverse;   /* of the odd part of tick, modulo 2^64 */
    uint64_t max_ticks; /* UINT64_MAX / tick; 0 before the first price */
    int64_t base[2];    /* key of window offset 0 */
    int64_t *qty;       /* [2 * n_ticks], bids first */
    uint64_t *bits;     /* [2 * n_ticks / 64] bit set where qty is not 0 */
    uint64_t *summary;  /* [2 * n_summary] bit set where a word of bits is not 0 */
    uint32_t shift;     /* trailing zero bits of tick */
    uint32_t n_ticks;   /* a power of two */
    /* the rest */
    int64_t tick; /* 0 before the first price */
    uint32_t n_summary;
    uint32_t n_outside; /* levels set outside the window since it was last thought about */
    char *own;          /* the window given at init; qty, bits and summary may be in a wide block */
    uint32_t own_ticks;
    hr_pool *wide;    /* NULL: the book stays as it is */
    void *wide_block; /* NULL: not taken */
    hr_far far[2];
};
_Static_assert(offsetof(hr_l2, tick) == HR_CACHE_LINE, "what is hot fills one line");

#define CHUNK_DIR_MIN 256u
#define WIDEN_AFTER 4096u

static uint32_t dir_cap(uint32_t n_ticks)
{
    return HR_MAX(n_ticks / 8, CHUNK_DIR_MIN);
}

static uint32_t summary_words(uint32_t n_ticks)
{
    return (n_ticks / 64 + 63) / 64;
}

static size_t window_bytes(uint32_t n_ticks)
{
    return 2 * n_ticks / 8 + hr_round_up(2 * 8u * summary_words(n_ticks), 64) +
           2 * n_ticks * sizeof(int64_t);
}

size_t hr_l2_bytes(uint32_t n_ticks)
{
    size_t directory = dir_cap(n_ticks) * (sizeof(int64_t) + sizeof(void *));
    return hr_round_up(sizeof(hr_l2), 64) + window_bytes(n_ticks) + hr_round_up(2 * directory, 64);
}

size_t hr_l2_wide_bytes(void)
{
    return window_bytes(HR_L2_WIDE_TICKS);
}

uint32_t hr_l2_far_min(uint32_t n_ticks)
{
    return dir_cap(n_ticks) / 2 * (FAR_PAIR_MIN + 1);
}

static void set_tick(hr_l2 *b, int64_t tick)
{
    b->tick = tick;
    b->shift = tick == 0 ? 0 : (uint32_t)__builtin_ctzll((uint64_t)tick);
    b->max_ticks = tick == 0 ? 0 : UINT64_MAX / (uint64_t)tick;
    uint64_t odd = tick == 0 ? 1 : (uint64_t)tick >> b->shift;
    uint64_t x = odd; /* right to 3 bits; each step of Newton doubles them */
    for (int i = 0; i < 5; i++)
        x *= 2 - odd * x;
    b->inverse = x;
}

/* The window is in p from now on: zeroed memory of window_bytes(n_ticks). */
static void use_window(hr_l2 *b, char *p, uint32_t n_ticks)
{
    b->n_ticks = n_ticks;
    b->n_summary = summary_words(n_ticks);
    b->bits = (uint64_t *)(void *)p; /* beside the head: one page */
    p += 2 * n_ticks / 8;
    b->summary = (uint64_t *)(void *)p;
    p += hr_round_up(2 * 8u * b->n_summary, 64);
    b->qty = (int64_t *)(void *)p;
}

hr_l2 *hr_l2_init(void *mem, uint32_t n_ticks, hr_pool *far, hr_pool *wide)
{
    HR_ASSERT(n_ticks >= 64 && n_ticks <= 65536 && (n_ticks & (n_ticks - 1)) == 0);
    HR_ASSERT(hr_pool_block_bytes(far) >= HR_L2_CHUNK_BYTES);
    HR_ASSERT(wide == NULL || hr_pool_block_bytes(wide) >= hr_l2_wide_bytes());
    memset(mem, 0, hr_l2_bytes(n_ticks));
    hr_l2 *b = mem;
    b->own = (char *)mem + hr_round_up(sizeof *b, 64);
    b->own_ticks = n_ticks;
    b->wide = n_ticks < HR_L2_WIDE_TICKS ? wide : NULL;
    use_window(b, b->own, n_ticks);
    char *p = b->own + window_bytes(n_ticks);
    for (int s = 0; s < 2; s++) {
        int64_t *first_key = (int64_t *)(void *)p;
        p += dir_cap(n_ticks) * sizeof(int64_t);
        hr_far_init(&b->far[s], first_key, (hr_far_chunk **)(void *)p, dir_cap(n_ticks), far);
        p += dir_cap(n_ticks) * sizeof(void *);
    }
    set_tick(b, 0);
    return b;
}

/* ---- the window ---- */

static int64_t *qty_of(const hr_l2 *b, int s)
{
    return b->qty + (size_t)s * b->n_ticks;
}

static uint64_t *bits_of(const hr_l2 *b, int s)
{
    return b->bits + (size_t)s * (b->n_ticks / 64);
}

/* First word of the side's bitmap at or after `from` that is not 0, or n_ticks / 64. */
static inline uint32_t next_word(const hr_l2 *b, int s, uint32_t from)
{
    const uint64_t *summary = b->summary + (size_t)s * b->n_summary;
    uint32_t at = from / 64;
    if (at >= b->n_summary) return b->n_ticks / 64;
    uint64_t word = summary[at] & (~UINT64_C(0) << (from % 64));
    while (word == 0) {
        if (++at == b->n_summary) return b->n_ticks / 64;
        word = summary[at];
    }
    return at * 64 + (uint32_t)__builtin_ctzll(word);
}

/* Offset of the best level, or n_ticks when the window is empty. */
static inline uint32_t first_offset(const hr_l2 *b, int s)
{
    uint32_t w = next_word(b, s, 0);
    if (w == b->n_ticks / 64) return b->n_ticks;
    return w * 64 + (uint32_t)__builtin_ctzll(bits_of(b, s)[w]);
}

static uint32_t window_count(const hr_l2 *b, int s)
{
    const uint64_t *bits = bits_of(b, s);
    uint32_t n = 0;
    for (uint32_t w = 0; w < b->n_ticks / 64; w++)
        n += (uint32_t)__builtin_popcountll(bits[w]);
    return n;
}

/* A word of the bitmap leaves it; its levels must be dealt with by the caller. */
static uint64_t take_word(hr_l2 *b, int s, uint32_t w)
{
    uint64_t word = bits_of(b, s)[w];
    bits_of(b, s)[w] = 0;
    b->summary[(size_t)s * b->n_summary + w / 64] &= ~(UINT64_C(1) << (w % 64));
    return word;
}

static void put_level(hr_l2 *b, int s, uint64_t at, int64_t qty)
{
    qty_of(b, s)[at] = qty;
    bits_of(b, s)[at / 64] |= UINT64_C(1) << (at % 64);
    b->summary[(size_t)s * b->n_summary + at / 4096] |= UINT64_C(1) << (at / 64 % 64);
}

/* By the bitmap: a wide window that is nearly empty costs nearly nothing. */
static void clear_window(hr_l2 *b, int s)
{
    for (uint32_t w = next_word(b, s, 0); w < b->n_ticks / 64; w = next_word(b, s, w + 1))
        for (uint64_t word = take_word(b, s, w); word != 0; word &= word - 1)
            qty_of(b, s)[w * 64 + (uint32_t)__builtin_ctzll(word)] = 0;
}

static void rebuild_bits(hr_l2 *b, int s)
{
    const int64_t *qty = qty_of(b, s);
    uint64_t *summary = b->summary + (size_t)s * b->n_summary;
    memset(summary, 0, (size_t)8 * b->n_summary);
    for (uint32_t w = 0; w < b->n_ticks / 64; w++) {
        uint64_t word = 0;
        for (uint32_t i = 0; i < 64; i++)
            word |= (uint64_t)(qty[w * 64 + i] != 0) << i;
        bits_of(b, s)[w] = word;
        if (word != 0) summary[w / 64] |= UINT64_C(1) << (w % 64);
    }
}

static int64_t base_for(const hr_l2 *b, int64_t best)
{
    int64_t before = b->n_ticks / 4;
    return best < INT64_MIN + before ? INT64_MIN : best - before;
}

static void pull_in(hr_l2 *b, int s)
{
    int64_t key;
    int64_t qty;
    while (b->far[s].n_levels > 0) {
        hr_far_front(&b->far[s], &key, &qty);
        uint64_t at = (uint64_t)key - (uint64_t)b->base[s];
        if (at >= b->n_ticks) break;
        put_level(b, s, at, qty);
        hr_far_pop_front(&b->far[s]);
    }
}

/* Levels move `by` offsets away from the best, those that leave the window become far; worst first,
 * so that each is the far store's best. */
static hr_status shift_away(hr_l2 *b, int s, uint64_t by)
{
    int64_t *qty = qty_of(b, s);
    for (uint32_t w = b->n_ticks / 64; w-- > 0;) {
        if (bits_of(b, s)[w] == 0) continue;
        for (uint64_t word = take_word(b, s, w); word != 0;) {
            uint32_t bit = 63 - (uint32_t)__builtin_clzll(word);
            uint64_t at = w * 64u + bit;
            int64_t v = qty[at];
            word &= ~(UINT64_C(1) << bit);
            qty[at] = 0;
            if (by < b->n_ticks - at)
                put_level(b, s, at + by, v);
            else
                HR_TRY(hr_far_set(&b->far[s], b->base[s] + (int64_t)at, v));
        }
    }
    return HR_OK;
}

/* Levels move `by` offsets towards the best, which stands at least that far in. */
static void shift_near(hr_l2 *b, int s, uint64_t by)
{
    int64_t *qty = qty_of(b, s);
    for (uint32_t w = next_word(b, s, 0); w < b->n_ticks / 64; w = next_word(b, s, w + 1)) {
        for (uint64_t word = take_word(b, s, w); word != 0; word &= word - 1) {
            uint64_t at = w * 64u + (uint32_t)__builtin_ctzll(word);
            int64_t v = qty[at];
            qty[at] = 0;
            put_level(b, s, at - by, v);
        }
    }
}

/* Moves the window so that `best` stands a quarter in; no level may be better than that. */
static HR_NOINLINE hr_status recentre(hr_l2 *b, int s, int64_t best)
{
    int64_t base = base_for(b, best);
    if (base < b->base[s])
        HR_TRY(shift_away(b, s, (uint64_t)b->base[s] - (uint64_t)base));
    else if (base > b->base[s])
        shift_near(b, s, (uint64_t)base - (uint64_t)b->base[s]);
    b->base[s] = base;
    pull_in(b, s);
    return HR_OK;
}

/* Many levels stand outside: the window moves to a wide block, if there is one. What the book says
 * does not depend on it. */
static HR_NOINLINE void widen(hr_l2 *b)
{
    b->n_outside = 0;
    if (b->wide == NULL || b->wide_block != NULL) return;
    b->wide_block = hr_pool_get(b->wide);
    if (b->wide_block == NULL) return; /* asked again later */
    hr_l2 was = *b;
    memset(b->wide_block, 0, hr_l2_wide_bytes());
    use_window(b, b->wide_block, HR_L2_WIDE_TICKS);
    for (int s = 0; s < 2; s++) {
        uint32_t first = first_offset(&was, s);
        if (first == was.n_ticks) continue;
        b->base[s] = base_for(b, was.base[s] + (int64_t)first);
        uint64_t move = (uint64_t)was.base[s] - (uint64_t)b->base[s];
        for (uint32_t at = first; at < was.n_ticks; at++)
            if (qty_of(&was, s)[at] != 0) put_level(b, s, at + move, qty_of(&was, s)[at]);
        pull_in(b, s);
        clear_window(&was, s);
    }
}

void hr_l2_reset(hr_l2 *b)
{
    for (int s = 0; s < 2; s++) {
        clear_window(b, s);
        hr_far_reset(&b->far[s]);
    }
    set_tick(b, 0);
}

void hr_l2_fini(hr_l2 *b)
{
    hr_l2_reset(b);
    if (b->wide_block == NULL) return;
    hr_pool_put(b->wide, b->wide_block);
    b->wide_block = NULL;
    use_window(b, b->own, b->own_ticks);
}

/* After removals the best level may have moved far from the window's start, or out of it. */
static hr_status follow_touch(hr_l2 *b, int s)
{
    uint32_t at = first_offset(b, s);
    if (at < b->n_ticks / 4 * 3) return HR_OK;
    if (at < b->n_ticks) return recentre(b, s, b->base[s] + (int64_t)at);
    int64_t key;
    int64_t qty;
    if (b->far[s].n_levels == 0) return HR_OK;
    hr_far_front(&b->far[s], &key, &qty);
    return recentre(b, s, key);
}

/* ---- levels ---- */

/* A key outside the window; the caller sets it again inside when *is_inside. */
static HR_NOINLINE hr_status set_outside(hr_l2 *b, int s, int64_t key, int64_t qty, bool *is_inside)
{
    *is_inside = false;
    bool is_empty = b->far[s].n_levels == 0 && first_offset(b, s) == b->n_ticks;
    b->n_outside++;
    if (key > b->base[s] && !is_empty) return hr_far_set(&b->far[s], key, qty);
    if (qty == 0) return HR_OK;
    *is_inside = true;
    if (!is_empty) return recentre(b, s, key);
    b->base[s] = base_for(b, key);
    return HR_OK;
}

static int64_t gcd(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t t = a % b;
        a = b;
        b = t;
    }
    return a;
}

/* Each tick becomes `factor` ticks: levels move apart, those that leave the window become far. */
static hr_status spread(hr_l2 *b, int s, int64_t factor)
{
    HR_TRY(follow_touch(b, s)); /* a message under way may have emptied the window */
    uint32_t first = first_offset(b, s);
    if (first == b->n_ticks) return HR_OK;
    int64_t best = b->base[s] + (int64_t)first;
    HR_TRY(recentre(b, s, best));
    first = (uint32_t)(best - b->base[s]);
    int64_t *qty = qty_of(b, s);
    hr_far_scale(&b->far[s], factor);
    int64_t base = base_for(b, best * factor);
    bool is_clamped = best * factor - base != (int64_t)first; /* at the end of the number range */
    /* Ticks from the best that stay inside. */
    int64_t reach = is_clamped ? 0 : (int64_t)(b->n_ticks - 1 - first) / factor;
    for (int64_t i = b->n_ticks - 1 - first; i > 0; i--) { /* worst first, each moves up */
        int64_t v = qty[first + i];
        if (v == 0) continue;
        qty[first + i] = 0;
        if (i <= reach)
            qty[first + i * factor] = v;
        else
            HR_TRY(hr_far_set(&b->far[s], (best + i) * factor, v));
    }
    int64_t best_qty = qty[first];
    qty[first] = 0;
    qty[best * factor - base] = best_qty;
    b->base[s] = base;
    pull_in(b, s);
    rebuild_bits(b, s);
    return HR_OK;
}

/* A price between two ticks: the tick becomes fine enough for it and for the rest of the message,
 * so that a snapshot learns it once. */
static HR_NOINLINE hr_status refine_tick(hr_l2 *b, const int64_t *px, const int64_t *qty,
                                         uint32_t n)
{
    int64_t tick = gcd(px[0], b->tick);
    for (uint32_t i = 1; i < n && tick != 1; i++)
        if (qty[i] != 0) tick = gcd(tick, px[i]);
    if (b->tick != 0) {
        HR_TRY(spread(b, HR_SIDE_BID, b->tick / tick));
        HR_TRY(spread(b, HR_SIDE_ASK, b->tick / tick));
    }
    set_tick(b, tick);
    return HR_OK;
}

/* What one level needs of the book, in registers. */
typedef struct ruler {
    uint64_t inverse, max_ticks;
    uint64_t n_ticks;
    uint32_t shift;
} ruler;

static inline ruler ruler_of(const hr_l2 *b)
{
    return (ruler){b->inverse, b->max_ticks, b->n_ticks, b->shift};
}

static inline uint64_t ticks_of(const ruler *r, int64_t px)
{
    uint64_t x = (uint64_t)px * r->inverse;
    return x >> r->shift | x << (-r->shift & 63);
}

/* All ones for a bid: (v ^ flip) - flip negates v then. */
static inline uint64_t flip_of(uint8_t side)
{
    return (uint64_t)side - 1;
}

/* Sets the quantity at a window offset. True when that emptied a word of the bitmap. */
static inline bool set_inside(hr_l2 *b, uint8_t side, uint64_t at, int64_t qty)
{
    uint64_t x = at + (b->n_ticks & -(uint64_t)side);
    uint64_t *word = &b->bits[x / 64];
    uint64_t old = *word;
    uint64_t now = (old & ~(UINT64_C(1) << (x % 64))) | (uint64_t)(qty != 0) << (x % 64);
    b->qty[x] = qty;
    *word = now;
    if (HR_LIKELY((old == 0) == (now == 0))) return false;
    b->summary[(size_t)side * b->n_summary + at / 4096] ^= UINT64_C(1) << (at / 64 % 64);
    return now == 0;
}

HR_INLINE hr_status apply(hr_l2 *b, const uint8_t *side, const int64_t *px, const int64_t *qty,
                          uint32_t n, const int64_t *watch_key, bool *hit)
{
    ruler r = ruler_of(b);
    bool is_emptied = false;
    bool is_outside = false;
    bool is_hit = false;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t s = side[i];
        HR_DASSERT(s <= 1 && px[i] > 0 && qty[i] >= 0);
        uint64_t flip = flip_of(s);
        if (watch_key != NULL) is_hit |= (int64_t)(((uint64_t)px[i] ^ flip) - flip) <= watch_key[s];
        uint64_t ticks = ticks_of(&r, px[i]);
        if (HR_UNLIKELY(ticks > r.max_ticks)) {
            if (qty[i] == 0) continue; /* no level can be there */
            HR_TRY(refine_tick(b, px + i, qty + i, n - i));
            r = ruler_of(b);
            ticks = ticks_of(&r, px[i]);
        }
        uint64_t key = (ticks ^ flip) - flip;
        uint64_t at = key - (uint64_t)b->base[s];
        if (HR_UNLIKELY(at >= r.n_ticks)) {
            bool is_inside;
            is_outside = true;
            HR_TRY(set_outside(b, s, (int64_t)key, qty[i], &is_inside));
            if (!is_inside) continue;
            at = key - (uint64_t)b->base[s];
        }
        is_emptied |= set_inside(b, s, at, qty[i]);
    }
    if (watch_key != NULL) *hit = is_hit;
    if (!is_emptied && !is_outside) return HR_OK;
    HR_TRY(follow_touch(b, HR_SIDE_BID));
    HR_TRY(follow_touch(b, HR_SIDE_ASK));
    if (b->n_outside >= WIDEN_AFTER) widen(b);
    return HR_OK;
}

hr_status hr_l2_apply(hr_l2 *b, const uint8_t *side, const int64_t *px, const int64_t *qty,
                      uint32_t n)
{
    return apply(b, side, px, qty, n, NULL, NULL);
}

hr_status hr_l2_apply_watch(hr_l2 *b, const uint8_t *side, const int64_t *px, const int64_t *qty,
                            uint32_t n, const int64_t watch_px[2], bool *hit)
{
    int64_t bid = watch_px[HR_SIDE_BID];
    int64_t ask = watch_px[HR_SIDE_ASK];
    const int64_t key[2] = {bid == HR_NULL_I64 ? INT64_MAX : -bid,
                            ask == HR_NULL_I64 ? INT64_MAX : ask};
    return apply(b, side, px, qty, n, key, hit);
}

void hr_l2_prefetch(const hr_l2 *b)
{
    __builtin_prefetch(b);
}

void hr_l2_prefetch_levels(const hr_l2 *b, const uint8_t *side, const int64_t *px, uint32_t n)
{
    ruler r = ruler_of(b);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t flip = flip_of(side[i]);
        uint64_t at = (ticks_of(&r, px[i]) ^ flip) - flip - (uint64_t)b->base[side[i]];
        uint64_t x = (at & (r.n_ticks - 1)) + (r.n_ticks & -(uint64_t)side[i]);
        __builtin_prefetch(&b->qty[x], 1);
    }
}

/* ---- reading ---- */

/* Modulo 2^64: a window that reaches past the last price has offsets that no level can have. */
static int64_t price_of(const hr_l2 *b, hr_side s, int64_t key)
{
    uint64_t ticks = s == HR_SIDE_BID ? -(uint64_t)key : (uint64_t)key;
    return (int64_t)(ticks * (uint64_t)b->tick);
}

bool hr_l2_best(const hr_l2 *b, hr_side side, int64_t *px, int64_t *qty)
{
    uint32_t at = first_offset(b, (int)side);
    *px = *qty = 0;
    if (at == b->n_ticks) return false; /* the window is never empty while the far store is not */
    *px = price_of(b, side, b->base[side] + (int64_t)at);
    *qty = qty_of(b, (int)side)[at];
    return true;
}

uint32_t hr_l2_export(const hr_l2 *b, hr_side side, uint32_t from, uint32_t cap, int64_t *px,
                      int64_t *qty)
{
    const uint64_t *bits = bits_of(b, (int)side);
    uint32_t seen = window_count(b, (int)side);
    uint32_t n = 0;
    uint32_t skip = from;
    for (uint32_t w = 0; from < seen && w < b->n_ticks / 64 && n < cap; w++) {
        for (uint64_t word = bits[w]; word != 0 && n < cap; word &= word - 1) {
            uint32_t at = w * 64 + (uint32_t)__builtin_ctzll(word);
            if (skip > 0) {
                skip--;
                continue;
            }
            px[n] = price_of(b, side, b->base[side] + (int64_t)at);
            qty[n++] = qty_of(b, (int)side)[at];
        }
    }
    const hr_far *f = &b->far[side];
    for (uint32_t c = 0; c < f->n_chunks && n < cap; c++) {
        const hr_far_chunk *chunk = f->chunk[c];
        for (uint32_t i = from > seen ? from - seen : 0; i < chunk->n && n < cap; i++) {
            px[n] = price_of(b, side, chunk->key[i]);
            qty[n++] = chunk->qty[i];
        }
        seen += (uint32_t)chunk->n;
    }
    return n;
}

uint32_t hr_l2_top(const hr_l2 *b, hr_side side, uint32_t n, int64_t *px, int64_t *qty)
{
    const uint64_t *bits = bits_of(b, (int)side);
    const int64_t *window = qty_of(b, (int)side);
    uint64_t zero = (uint64_t)price_of(b, side, b->base[side]);
    uint64_t step = side == HR_SIDE_BID ? -(uint64_t)b->tick : (uint64_t)b->tick;
    uint32_t got = 0;
    for (uint32_t w = next_word(b, (int)side, 0); w < b->n_ticks / 64;
         w = next_word(b, (int)side, w + 1)) {
        uint64_t word = bits[w];
        do {
            if (got == n) return got;
            uint32_t at = w * 64 + (uint32_t)__builtin_ctzll(word);
            px[got] = (int64_t)(zero + at * step);
            qty[got++] = window[at];
            word &= word - 1;
        } while (word != 0);
    }
    if (got < n && b->far[side].n_levels > 0)
        got += hr_l2_export(b, side, got, n - got, px + got, qty + got);
    for (uint32_t i = got; i < n; i++)
        px[i] = qty[i] = HR_NULL_I64;
    return got;
}

/* Offset of the best level; the first word of the summary is all of it up to 4,096 ticks. */
HR_INLINE uint32_t front_offset(const hr_l2 *b, hr_side s)
{
    uint64_t first = s == HR_SIDE_BID ? b->summary[0] : b->summary[b->n_summary];
    if (HR_UNLIKELY(first == 0)) return first_offset(b, (int)s);
    uint32_t w = (uint32_t)__builtin_ctzll(first);
    return w * 64 + (uint32_t)__builtin_ctzll(bits_of(b, (int)s)[w]);
}

/* Both sides are stored together: who reads them as a pair would else wait for two stores. */
void hr_l2_front_get(const hr_l2 *b, hr_l2_front *out)
{
    uint32_t bid = front_offset(b, HR_SIDE_BID);
    uint32_t ask = front_offset(b, HR_SIDE_ASK);
    int64_t bid_px = HR_NULL_I64;
    int64_t ask_px = HR_NULL_I64;
    int64_t bid_qty = HR_NULL_I64;
    int64_t ask_qty = HR_NULL_I64;
    if (HR_LIKELY(bid != b->n_ticks)) {
        bid_px = price_of(b, HR_SIDE_BID, b->base[0] + (int64_t)bid);
        bid_qty = qty_of(b, 0)[bid];
    }
    if (HR_LIKELY(ask != b->n_ticks)) {
        ask_px = price_of(b, HR_SIDE_ASK, b->base[1] + (int64_t)ask);
        ask_qty = qty_of(b, 1)[ask];
    }
    *out = (hr_l2_front){{bid_px, ask_px}, {bid_qty, ask_qty}, {bid, ask}};
}

#define SUM_FIRST 5
#define SUM_ALL 10

/* Presence of the 64 offsets from `at` on. */
static inline uint64_t bits_from(const hr_l2 *b, int s, uint32_t at)
{
    const uint64_t *bits = bits_of(b, s);
    uint32_t w = at / 64;
    uint64_t is_inside = -(uint64_t)(w + 1 < b->n_ticks / 64); /* what follows is another's */
    return bits[w] >> (at % 64) | (bits[w + 1] & is_inside) << 1 << (63 - at % 64);
}

/* Quantities of the levels of `bits` below the SUM_ALL-th, branch for branch the same each time. */
static inline uint64_t sum_dense(const int64_t *qty, uint64_t bits, int64_t *first, int64_t *all)
{
    uint64_t sum = 0;
    uint64_t any = 0;
#pragma GCC unroll 10
    for (int i = 0; i < SUM_ALL; i++) {
        uint64_t q = (uint64_t)qty[(unsigned)__builtin_ctzll(bits)];
        bits &= bits - 1;
        any |= q;
        sum += q;
        if (i == SUM_FIRST - 1) *first = (int64_t)sum;
    }
    *all = (int64_t)sum;
    return any;
}

/* Levels far apart, or fewer than are asked for. */
static HR_NOINLINE uint64_t sum_sparse(const hr_l2 *b, int s, int64_t *first, int64_t *all)
{
    int64_t px[SUM_ALL];
    int64_t qty[SUM_ALL];
    uint32_t n = hr_l2_top(b, (hr_side)s, SUM_ALL, px, qty);
    uint64_t sum = 0;
    uint64_t any = 0;
    *first = 0;
    for (uint32_t i = 0; i < n; i++) {
        any |= (uint64_t)qty[i];
        sum += (uint64_t)qty[i];
        if (i < SUM_FIRST) *first = (int64_t)sum;
    }
    *all = (int64_t)sum;
    return any;
}

bool hr_l2_sums(const hr_l2 *b, const hr_l2_front *front, int64_t best5[2], int64_t best10[2])
{
    uint64_t any = 0;
    uint64_t bits[2] = {0};
    for (int s = 0; s < 2; s++)
        if (HR_LIKELY(front->at[s] < b->n_ticks)) bits[s] = bits_from(b, s, front->at[s]);
    for (int s = 0; s < 2; s++) {
        if (HR_LIKELY(__builtin_popcountll(bits[s]) >= SUM_ALL))
            any |= sum_dense(qty_of(b, s) + front->at[s], bits[s], &best5[s], &best10[s]);
        else
            any |= sum_sparse(b, s, &best5[s], &best10[s]);
    }
    return any >> 58 == 0;
}

uint32_t hr_l2_level_count(const hr_l2 *b, hr_side side)
{
    return window_count(b, (int)side) + b->far[side].n_levels;
}

bool hr_l2_is_crossed(const hr_l2 *b)
{
    int64_t bid;
    int64_t ask;
    int64_t qty;
    return hr_l2_best(b, HR_SIDE_BID, &bid, &qty) && hr_l2_best(b, HR_SIDE_ASK, &ask, &qty) &&
           bid >= ask;
}

static bool is_side_sound(const hr_l2 *b, int s)
{
    const uint64_t *bits = bits_of(b, s);
    const uint64_t *summary = b->summary + (size_t)s * b->n_summary;
    for (uint32_t i = 0; i < b->n_ticks; i++)
        if ((bits[i / 64] >> (i % 64) & 1) != (qty_of(b, s)[i] != 0)) return false;
    for (uint32_t w = 0; w < b->n_ticks / 64; w++)
        if ((summary[w / 64] >> (w % 64) & 1) != (bits[w] != 0)) return false;
    const hr_far *f = &b->far[s];
    if (window_count(b, s) == 0) return f->n_levels == 0;
    int64_t last;
    if (__builtin_add_overflow(b->base[s], (int64_t)b->n_ticks - 1, &last)) return f->n_levels == 0;
    return hr_far_is_sound(f, last);
}

bool hr_l2_is_sound(const hr_l2 *b)
{
    return is_side_sound(b, 0) && is_side_sound(b, 1);
}

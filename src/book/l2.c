/* SPDX-License-Identifier: Apache-2.0 */
/* Each side works on keys: the price in ticks, negated for bids, so that the best level has the
 * least key on both sides. A window holds keys [base, base + n_ticks) as quantities with a
 * two-level bitmap; all other levels have greater keys and live in the far store. */
#include "book/l2.h"

#include <string.h>

#include "base/assert.h"
#include "book/far.h"

typedef struct ladder {
    int64_t base;
    uint32_t n_window;
    uint32_t n_summary; /* words */
    int64_t *qty;       /* [n_ticks] */
    uint64_t *bits;     /* [n_ticks / 64] bit set where qty is not 0 */
    uint64_t *summary;  /* [n_summary] bit set where a word of bits is not 0 */
    hr_far far;
} ladder;

struct hr_l2 {
    int64_t tick; /* 0 until the first price */
    double per_tick;
    uint32_t n_ticks;
    ladder side[2];
};

#define CHUNK_DIR_MIN 64u

static uint32_t dir_cap(uint32_t n_ticks)
{
    return HR_MAX(n_ticks / 8, CHUNK_DIR_MIN);
}

static uint32_t summary_words(uint32_t n_ticks)
{
    return (n_ticks / 64 + 63) / 64;
}

size_t hr_l2_bytes(uint32_t n_ticks)
{
    size_t side = n_ticks * sizeof(int64_t) + n_ticks / 8 + 8u * summary_words(n_ticks) +
                  dir_cap(n_ticks) * (sizeof(int64_t) + sizeof(void *));
    return hr_round_up(sizeof(hr_l2), 64) + 2 * hr_round_up(side, 64);
}

hr_l2 *hr_l2_init(void *mem, uint32_t n_ticks, hr_pool *far)
{
    HR_ASSERT(n_ticks >= 64 && n_ticks <= 65536 && (n_ticks & (n_ticks - 1)) == 0);
    HR_ASSERT(hr_pool_block_bytes(far) >= HR_L2_CHUNK_BYTES);
    memset(mem, 0, hr_l2_bytes(n_ticks));
    hr_l2 *b = mem;
    char *p = (char *)mem + hr_round_up(sizeof *b, 64);
    b->n_ticks = n_ticks;
    for (int s = 0; s < 2; s++) {
        ladder *l = &b->side[s];
        char *begin = p;
        l->n_summary = summary_words(n_ticks);
        l->qty = (int64_t *)(void *)p;
        p += n_ticks * sizeof *l->qty;
        l->bits = (uint64_t *)(void *)p;
        p += n_ticks / 8;
        l->summary = (uint64_t *)(void *)p;
        p += 8u * l->n_summary;
        l->far.first_key = (int64_t *)(void *)p;
        p += dir_cap(n_ticks) * sizeof(int64_t);
        l->far.chunk = (hr_far_chunk **)(void *)p;
        p += dir_cap(n_ticks) * sizeof(void *);
        l->far.cap_chunks = dir_cap(n_ticks);
        l->far.pool = far;
        p = begin + hr_round_up((size_t)(p - begin), 64);
    }
    return b;
}

static void clear_window(hr_l2 *b, ladder *l)
{
    memset(l->qty, 0, b->n_ticks * sizeof *l->qty);
    memset(l->bits, 0, b->n_ticks / 8);
    memset(l->summary, 0, 8u * l->n_summary);
    l->n_window = 0;
}

void hr_l2_reset(hr_l2 *b)
{
    for (int s = 0; s < 2; s++) {
        clear_window(b, &b->side[s]);
        hr_far_reset(&b->side[s].far);
    }
}

void hr_l2_fini(hr_l2 *b)
{
    hr_l2_reset(b);
}

/* Offset of the best level; the window must not be empty. */
static uint32_t first_offset(const ladder *l)
{
    for (uint32_t s = 0;; s++) {
        HR_DASSERT(s < l->n_summary);
        if (l->summary[s] == 0) continue;
        uint32_t w = s * 64 + (uint32_t)__builtin_ctzll(l->summary[s]);
        return w * 64 + (uint32_t)__builtin_ctzll(l->bits[w]);
    }
}

/* Next set offset at or after `from`, or n_ticks. */
static uint32_t next_offset(const ladder *l, uint32_t from, uint32_t n_ticks)
{
    uint32_t w = from / 64;
    if (from >= n_ticks) return n_ticks;
    uint64_t word = l->bits[w] & (~UINT64_C(0) << (from % 64));
    while (word == 0) {
        if (++w == n_ticks / 64) return n_ticks;
        word = l->bits[w];
    }
    return w * 64 + (uint32_t)__builtin_ctzll(word);
}

static void rebuild_bits(hr_l2 *b, ladder *l)
{
    memset(l->summary, 0, 8u * l->n_summary);
    l->n_window = 0;
    for (uint32_t w = 0; w < b->n_ticks / 64; w++) {
        uint64_t word = 0;
        for (uint32_t i = 0; i < 64; i++)
            word |= (uint64_t)(l->qty[w * 64 + i] != 0) << i;
        l->bits[w] = word;
        l->n_window += (uint32_t)__builtin_popcountll(word);
        if (word != 0) l->summary[w / 64] |= UINT64_C(1) << (w % 64);
    }
}

/* Window offsets from `from` on go to the far store, worst first. */
static hr_status push_out(hr_l2 *b, ladder *l, uint32_t from)
{
    for (uint32_t i = b->n_ticks; i-- > from;) {
        if (l->qty[i] == 0) continue;
        HR_TRY(hr_far_set(&l->far, l->base + (int64_t)i, l->qty[i]));
        l->qty[i] = 0;
    }
    return HR_OK;
}

static void pull_in(hr_l2 *b, ladder *l)
{
    int64_t key;
    int64_t qty;
    while (l->far.n_levels > 0) {
        hr_far_front(&l->far, &key, &qty);
        HR_DASSERT(key >= l->base);
        if (key - l->base >= (int64_t)b->n_ticks) break;
        l->qty[key - l->base] = qty;
        hr_far_pop_front(&l->far);
    }
}

/* Moves the window so that `best` stands a quarter in; no level may be better than that. */
static HR_NOINLINE hr_status recentre(hr_l2 *b, ladder *l, int64_t best)
{
    int64_t n = b->n_ticks;
    int64_t base = best - n / 4;
    int64_t by = base - l->base;
    if (by < 0) {
        int64_t shift = -by < n ? -by : n;
        HR_TRY(push_out(b, l, (uint32_t)(n - shift)));
        memmove(l->qty + shift, l->qty, (size_t)(n - shift) * sizeof *l->qty);
        memset(l->qty, 0, (size_t)shift * sizeof *l->qty);
    } else {
        int64_t shift = by < n ? by : n;
        memmove(l->qty, l->qty + shift, (size_t)(n - shift) * sizeof *l->qty);
        memset(l->qty + (n - shift), 0, (size_t)shift * sizeof *l->qty);
    }
    l->base = base;
    pull_in(b, l); /* also when the window was emptied for a finer tick */
    rebuild_bits(b, l);
    return HR_OK;
}

/* After a removal: the best level may have moved far from the window's start, or out of it. */
static hr_status follow_touch(hr_l2 *b, ladder *l)
{
    if (l->n_window == 0) {
        int64_t key;
        int64_t qty;
        if (l->far.n_levels == 0) return HR_OK;
        hr_far_front(&l->far, &key, &qty);
        return recentre(b, l, key);
    }
    uint32_t at = first_offset(l);
    return at < b->n_ticks / 4 * 3 ? HR_OK : recentre(b, l, l->base + (int64_t)at);
}

static hr_status set_key(hr_l2 *b, ladder *l, int64_t key, int64_t qty)
{
    uint64_t at = (uint64_t)(key - l->base);
    if (HR_UNLIKELY(at >= b->n_ticks)) {
        bool is_empty = l->n_window == 0 && l->far.n_levels == 0;
        if (key > l->base && !is_empty) return hr_far_set(&l->far, key, qty);
        if (qty == 0) return HR_OK;
        if (is_empty)
            l->base = key - (int64_t)(b->n_ticks / 4);
        else
            HR_TRY(recentre(b, l, key));
        at = (uint64_t)(key - l->base);
    }
    int64_t old = l->qty[at];
    uint64_t bit = UINT64_C(1) << (at % 64);
    l->qty[at] = qty;
    if (qty != 0) {
        if (old == 0) {
            l->bits[at / 64] |= bit;
            l->summary[at / 4096] |= UINT64_C(1) << (at / 64 % 64);
            l->n_window++;
        }
        return HR_OK;
    }
    if (old == 0) return HR_OK;
    l->n_window--;
    l->bits[at / 64] &= ~bit;
    if (l->bits[at / 64] != 0) return HR_OK;
    l->summary[at / 4096] &= ~(UINT64_C(1) << (at / 64 % 64));
    return follow_touch(b, l);
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

/* A price between two ticks: the tick becomes finer and every key grows by the same factor. */
static HR_NOINLINE hr_status refine_tick(hr_l2 *b, int64_t px)
{
    int64_t tick = gcd(px, b->tick);
    int64_t factor = b->tick / tick;
    for (int s = 0; s < 2 && b->tick != 0; s++) {
        ladder *l = &b->side[s];
        HR_TRY(push_out(b, l, 0));
        clear_window(b, l);
        for (uint32_t c = 0; c < l->far.n_chunks; c++) {
            hr_far_chunk *chunk = l->far.chunk[c];
            for (uint32_t i = 0; i < chunk->n; i++)
                chunk->key[i] *= factor;
            l->far.first_key[c] = chunk->key[0];
        }
        l->base *= factor;
    }
    b->tick = tick;
    b->per_tick = 1.0 / (double)tick;
    for (int s = 0; s < 2; s++)
        HR_TRY(follow_touch(b, &b->side[s]));
    return HR_OK;
}

/* px / tick when tick divides px, without an integer division where a double is exact enough. */
static inline bool to_ticks(const hr_l2 *b, int64_t px, int64_t *out)
{
    int64_t q = (int64_t)((double)px * b->per_tick + 0.5);
    if (HR_LIKELY(q * b->tick == px)) {
        *out = q;
        return true;
    }
    if (b->tick == 0 || px % b->tick != 0) return false;
    *out = px / b->tick;
    return true;
}

static inline hr_status set_level(hr_l2 *b, uint8_t side, int64_t px, int64_t qty)
{
    int64_t ticks;
    if (HR_UNLIKELY(!to_ticks(b, px, &ticks))) {
        if (qty == 0) return HR_OK; /* no level can be there */
        HR_TRY(refine_tick(b, px));
        ticks = px / b->tick;
    }
    return set_key(b, &b->side[side], side == HR_SIDE_BID ? -ticks : ticks, qty);
}

hr_status hr_l2_apply(hr_l2 *b, const uint8_t *side, const int64_t *px, const int64_t *qty,
                      uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        HR_TRY(set_level(b, side[i], px[i], qty[i]));
    return HR_OK;
}

hr_status hr_l2_apply_watch(hr_l2 *b, const uint8_t *side, const int64_t *px, const int64_t *qty,
                            uint32_t n, const int64_t watch_px[2], bool *hit)
{
    int64_t bid = watch_px[HR_SIDE_BID]; /* HR_NULL_I64 is below every price */
    int64_t ask = watch_px[HR_SIDE_ASK] == HR_NULL_I64 ? INT64_MAX : watch_px[HR_SIDE_ASK];
    bool any = false;
    for (uint32_t i = 0; i < n; i++) {
        any |= side[i] == HR_SIDE_BID ? px[i] >= bid : px[i] <= ask;
        HR_TRY(set_level(b, side[i], px[i], qty[i]));
    }
    *hit = any;
    return HR_OK;
}

static int64_t price_of(const hr_l2 *b, hr_side s, int64_t key)
{
    return (s == HR_SIDE_BID ? -key : key) * b->tick;
}

bool hr_l2_best(const hr_l2 *b, hr_side side, int64_t *px, int64_t *qty)
{
    const ladder *l = &b->side[side];
    *px = *qty = 0;
    if (l->n_window == 0) return false; /* the window is never empty while the far store is not */
    uint32_t at = first_offset(l);
    *px = price_of(b, side, l->base + (int64_t)at);
    *qty = l->qty[at];
    return true;
}

uint32_t hr_l2_export(const hr_l2 *b, hr_side side, uint32_t from, uint32_t cap, int64_t *px,
                      int64_t *qty)
{
    const ladder *l = &b->side[side];
    uint32_t seen = 0;
    uint32_t n = 0;
    if (from < l->n_window) {
        for (uint32_t at = next_offset(l, 0, b->n_ticks); at < b->n_ticks && n < cap;
             at = next_offset(l, at + 1, b->n_ticks)) {
            if (seen++ < from) continue;
            px[n] = price_of(b, side, l->base + (int64_t)at);
            qty[n++] = l->qty[at];
        }
    }
    seen = l->n_window;
    for (uint32_t c = 0; c < l->far.n_chunks && n < cap; c++) {
        const hr_far_chunk *chunk = l->far.chunk[c];
        uint32_t first = from > seen ? from - seen : 0;
        for (uint32_t i = first; i < chunk->n && n < cap; i++) {
            px[n] = price_of(b, side, chunk->key[i]);
            qty[n++] = chunk->qty[i];
        }
        seen += chunk->n;
    }
    return n;
}

uint32_t hr_l2_top(const hr_l2 *b, hr_side side, uint32_t n, int64_t *px, int64_t *qty)
{
    const ladder *l = &b->side[side];
    uint32_t got = 0;
    if (l->n_window > 0) {
        uint32_t first = first_offset(l);
        uint32_t w = first / 64;
        uint64_t word = l->bits[w];
        int64_t step = side == HR_SIDE_BID ? -b->tick : b->tick;
        int64_t zero = price_of(b, side, l->base);
        while (got < n) {
            while (word == 0 && ++w < b->n_ticks / 64)
                word = l->bits[w];
            if (word == 0) break;
            uint32_t at = w * 64 + (uint32_t)__builtin_ctzll(word);
            word &= word - 1;
            px[got] = zero + (int64_t)at * step;
            qty[got++] = l->qty[at];
        }
    }
    if (got < n && l->far.n_levels > 0)
        got += hr_l2_export(b, side, l->n_window, n - got, px + got, qty + got);
    for (uint32_t i = got; i < n; i++)
        px[i] = qty[i] = HR_NULL_I64;
    return got;
}

uint32_t hr_l2_level_count(const hr_l2 *b, hr_side side)
{
    return b->side[side].n_window + b->side[side].far.n_levels;
}

bool hr_l2_is_crossed(const hr_l2 *b)
{
    int64_t bid;
    int64_t ask;
    int64_t qty;
    return hr_l2_best(b, HR_SIDE_BID, &bid, &qty) && hr_l2_best(b, HR_SIDE_ASK, &ask, &qty) &&
           bid >= ask;
}

static bool is_ladder_sound(const hr_l2 *b, const ladder *l)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < b->n_ticks; i++) {
        bool is_set = l->bits[i / 64] >> (i % 64) & 1;
        if (is_set != (l->qty[i] != 0)) return false;
        n += is_set;
    }
    for (uint32_t w = 0; w < b->n_ticks / 64; w++)
        if ((l->summary[w / 64] >> (w % 64) & 1) != (l->bits[w] != 0)) return false;
    if (n != l->n_window || (n == 0 && l->far.n_levels > 0)) return false;
    int64_t last = l->base + (int64_t)b->n_ticks - 1;
    n = 0;
    for (uint32_t c = 0; c < l->far.n_chunks; c++) {
        const hr_far_chunk *chunk = l->far.chunk[c];
        if (chunk->n == 0 || chunk->n > FAR_ENTRIES || l->far.first_key[c] != chunk->key[0])
            return false;
        for (uint32_t i = 0; i < chunk->n; i++) {
            if (chunk->key[i] <= last || chunk->qty[i] == 0) return false;
            last = chunk->key[i];
        }
        n += chunk->n;
    }
    return n == l->far.n_levels;
}

bool hr_l2_is_sound(const hr_l2 *b)
{
    return is_ladder_sound(b, &b->side[0]) && is_ladder_sound(b, &b->side[1]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Quantiles of a window within 1/128 of the value: rows are counted in buckets by sign, exponent
 * and six bits of the mantissa (DDSketch, Masson, Rim and Lee 2019, with its logarithm read off the
 * bits). Counts are whole numbers, so leaving rows are taken out exactly.
 *
 * The bucket of the quantile is kept: a row moves it by one filled bucket at most for each row that
 * comes or goes, and three levels of bits (64^3 buckets) find the next filled one. */
#include "ops/window/win.h"
#include "ops/window/win_fold.h"

#define BUCKETS (1u << 18)
#define ZERO (1u << 17) /* the first bucket that is not negative */
#define SHIFT 46        /* bits of the mantissa that are not looked at */

typedef struct sketch {
    uint32_t at;    /* the bucket of the quantile, filled if there are rows */
    uint32_t below; /* rows in buckets before it */
    uint64_t n;
    uint64_t top;
    char pad[40];
    uint64_t middle[64]; /* a bit: a word of `filled` that is not 0 */
    uint64_t filled[BUCKETS / 64];
    uint32_t count[BUCKETS];
} sketch;
_Static_assert(sizeof(sketch) % 64 == 0, "sketch: whole lines");

size_t hr_win_bytes_sketch(const hr_op_args *a)
{
    return hr_win_line(HR_WIN_HEAD + sizeof(sketch) + hr_win_ring(a) * (a->is_time[0] ? 12 : 4));
}

void hr_win_init_sketch(void *state, const hr_op_args *a)
{
    hr_win *w = hr_win_begin(state, a);
    memset((char *)w + HR_WIN_HEAD, 0, sizeof(sketch));
}

/* Rows that fall into buckets from `first` on, PASS of them: as many as are counted there. Few
 * passes as a rule, since values of a window are near each other. */
#define PASS 256u

static bool counts_are_sound(const hr_win *w, const sketch *s, const uint32_t *ring, uint32_t first)
{
    uint32_t n[PASS] = {0};
    for (uint64_t p = w->from; p < w->end; p++) {
        uint32_t b = ring[p & (w->cap - 1)];
        if (b >= first && b - first < PASS) n[b - first]++;
    }
    return memcmp(n, s->count + first, sizeof n) == 0;
}

/* All bits are those of the counts, and so is the place that is followed. */
static bool bits_are_sound(const sketch *s)
{
    uint64_t top = 0;
    uint64_t middle = 0;
    uint64_t filled = 0;
    uint64_t below = 0;
    uint64_t n = 0;
    for (uint32_t b = 0; b < BUCKETS; b++) {
        if (b == s->at) below = n;
        n += s->count[b];
        filled |= (uint64_t)(s->count[b] > 0) << (b & 63);
        if ((b & 63) != 63) continue;
        if (s->filled[b >> 6] != filled) return false;
        middle |= (uint64_t)(filled != 0) << (b >> 6 & 63);
        filled = 0;
        if ((b >> 6 & 63) != 63) continue;
        if (s->middle[b >> 12] != middle) return false;
        top |= (uint64_t)(middle != 0) << (b >> 12);
        middle = 0;
    }
    return n == s->n && top == s->top &&
           (n == 0 || (s->at < BUCKETS && s->count[s->at] > 0 && s->below == below));
}

bool hr_win_is_sound_sketch(const void *state, const hr_op_args *a)
{
    const hr_win *w = state;
    if (!hr_win_is_sound(w, a, hr_win_ring(a))) return false;
    const sketch *s = (const sketch *)(const void *)((const char *)state + HR_WIN_HEAD);
    const int64_t *ts = (const int64_t *)(const void *)(s + 1);
    const uint32_t *ring = (const uint32_t *)(const void *)(ts + (w->width_ns > 0 ? w->cap : 0));
    if (w->width_ns == 0 && w->from != (w->end > w->n ? w->end - w->n : 0)) return false;
    if (s->n != w->end - w->from || !bits_are_sound(s)) return false;
    for (uint32_t first = 0; first < BUCKETS;) {
        if (s->count[first] == 0) {
            first++;
            continue;
        }
        first = HR_MIN(first, BUCKETS - PASS);
        if (!counts_are_sound(w, s, ring, first)) return false;
        first += PASS;
    }
    return true;
}

HR_INLINE uint32_t bucket_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint32_t size = (uint32_t)(bits >> SHIFT) & (ZERO - 1);
    return bits >> 63 ? ZERO - 1 - size : ZERO + size;
}

HR_INLINE double bucket_value(uint32_t b)
{
    uint64_t size = b < ZERO ? ZERO - 1 - b : b - ZERO;
    if (size == 0) return 0;
    uint64_t bits = size << SHIFT | UINT64_C(1) << (SHIFT - 1);
    double x;
    memcpy(&x, &bits, sizeof x);
    return b < ZERO ? -x : x;
}

HR_INLINE unsigned lowest(uint64_t bits)
{
    return (unsigned)__builtin_ctzll(bits);
}

HR_INLINE unsigned highest(uint64_t bits)
{
    return 63 - (unsigned)__builtin_clzll(bits);
}

/* Bits above and below one; none at the ends. */
HR_INLINE uint64_t above(uint64_t bits, uint32_t i)
{
    return bits & (~UINT64_C(1) << (i & 63));
}

HR_INLINE uint64_t below(uint64_t bits, uint32_t i)
{
    return bits & ((UINT64_C(1) << (i & 63)) - 1);
}

/* The next filled bucket; there is one. */
static uint32_t sketch_next(const sketch *s, uint32_t b)
{
    uint64_t bits = above(s->filled[b >> 6], b);
    if (bits != 0) return (b & ~63u) | lowest(bits);
    uint32_t word = b >> 6;
    bits = above(s->middle[word >> 6], word);
    if (bits == 0) {
        uint32_t i = lowest(above(s->top, word >> 6));
        word = i << 6 | lowest(s->middle[i]);
    } else {
        word = (word & ~63u) | lowest(bits);
    }
    return word << 6 | lowest(s->filled[word]);
}

static uint32_t sketch_prev(const sketch *s, uint32_t b)
{
    uint64_t bits = below(s->filled[b >> 6], b);
    if (bits != 0) return (b & ~63u) | highest(bits);
    uint32_t word = b >> 6;
    bits = below(s->middle[word >> 6], word);
    if (bits == 0) {
        uint32_t i = highest(below(s->top, word >> 6));
        word = i << 6 | highest(s->middle[i]);
    } else {
        word = (word & ~63u) | highest(bits);
    }
    return word << 6 | highest(s->filled[word]);
}

HR_INLINE void sketch_add(sketch *s, uint32_t b)
{
    if (s->count[b]++ == 0) {
        s->filled[b >> 6] |= UINT64_C(1) << (b & 63);
        s->middle[b >> 12] |= UINT64_C(1) << (b >> 6 & 63);
        s->top |= UINT64_C(1) << (b >> 12);
    }
    if (s->n++ == 0) {
        s->at = b;
        s->below = 0;
    } else {
        s->below += b < s->at;
    }
}

HR_INLINE void sketch_drop(sketch *s, uint32_t b)
{
    s->n--;
    s->below -= b < s->at;
    if (--s->count[b] > 0) return;
    s->filled[b >> 6] &= ~(UINT64_C(1) << (b & 63));
    if (s->filled[b >> 6] != 0) return;
    s->middle[b >> 12] &= ~(UINT64_C(1) << (b >> 6 & 63));
    if (s->middle[b >> 12] == 0) s->top &= ~(UINT64_C(1) << (b >> 12));
}

/* To the bucket that holds the k-th least row. */
HR_INLINE void sketch_seek(sketch *s, uint64_t k)
{
    while (k < s->below) {
        s->at = sketch_prev(s, s->at);
        s->below -= s->count[s->at];
    }
    while (k - s->below >= s->count[s->at]) {
        s->below += s->count[s->at];
        s->at = sketch_next(s, s->at);
    }
}

void hr_win_sketch(void *state, const hr_op_rows *r)
{
    hr_win *w = state;
    sketch *s = (sketch *)(void *)((char *)state + HR_WIN_HEAD);
    int64_t *ts = (int64_t *)(void *)(s + 1); /* by time */
    uint32_t *ring = (uint32_t *)(void *)(ts + (w->width_ns > 0 ? w->cap : 0));
    const uint64_t mask = w->cap - 1;
    for (uint32_t i = 0; i < r->n; i++) {
        double x = r->in[0][i];
        r->out[0][i] = (double)NAN;
        if (hr_win_is_null(x)) continue;
        bool has_value = true;
        uint64_t gone = w->from;
        uint64_t p = w->end;
        if (w->width_ns > 0) {
            has_value = hr_win_pass(w, ts, r->ts[i]);
        } else {
            w->end++;
            w->from = w->end > w->n ? w->end - w->n : 0;
            has_value = w->end >= w->n;
        }
        uint32_t b = bucket_of(x);
        ring[p & mask] = b;
        sketch_add(s, b);
        for (; gone < w->from; gone++)
            sketch_drop(s, ring[gone & mask]);
        sketch_seek(s, (uint64_t)(w->arg * (double)(s->n - 1)));
        if (has_value) r->out[0][i] = bucket_value(s->at);
    }
}

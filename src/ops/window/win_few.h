/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_WINDOW_WIN_FEW_H
#define HR_OPS_WINDOW_WIN_FEW_H
/* The order of up to 256 rows. A row stays in its slot as long as it is in the window, and each
 * slot has its place in the order of all values: a byte. One row for another moves the places
 * between theirs by one, 32 in a vector, where the values would be four. The place of a new value
 * is how many are below it, counted over all slots, which waits for no row before it; the slot at
 * a place is found by comparing all. No branch depends on a value.
 *
 * Places are kept less half of their bytes, as signed bytes are compared. Slots without a row are
 * +infinity and have places too; bytes behind the slots are 127 and stay so. Values are finite and
 * never -0. See docs/modules/window.md. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#define HR_FEW_MOST 256u
#define HR_FEW_LEAST 32u /* bytes of places */

#if defined(__AVX2__)
#define HR_FEW_WIDE 32u
#else
#define HR_FEW_WIDE 16u
#endif
#define HR_FEW_LANES (HR_FEW_WIDE / 8)

typedef int8_t hr_few_bytes HR_VECTOR(HR_FEW_WIDE);
typedef uint64_t hr_few_words HR_VECTOR(HR_FEW_WIDE);
typedef double hr_few_values HR_VECTOR(HR_FEW_WIDE);
typedef int64_t hr_few_counts HR_VECTOR(HR_FEW_WIDE);

typedef struct hr_few {
    double *v;        /* [n_slots], a multiple of 8 */
    int8_t *place;    /* [n_bytes] */
    uint32_t n_slots; /* at most n_bytes */
    uint32_t n_bytes; /* hr_few_bytes_of */
} hr_few;

/** Bytes of the places of so many slots: a power of two. */
HR_INLINE uint32_t hr_few_bytes_of(uint32_t n_slots)
{
    uint32_t n = HR_FEW_LEAST;
    while (n < n_slots)
        n *= 2;
    return n;
}

/** A place in every byte. */
HR_INLINE void hr_few_place(hr_few_bytes *out, const hr_few *f, uint32_t place)
{
    *out = (int8_t)((int32_t)place - (int32_t)f->n_bytes / 2) - (hr_few_bytes){0};
}

/** Without rows; the first n slots are used. */
HR_INLINE void hr_few_clear(const hr_few *f, uint32_t n)
{
    for (uint32_t i = 0; i < f->n_slots; i++)
        f->v[i] = (double)INFINITY;
    for (uint32_t i = 0; i < f->n_bytes; i++)
        f->place[i] = i < n ? (int8_t)((int32_t)i - (int32_t)f->n_bytes / 2) : INT8_MAX;
}

/** With those beside it: values are loaded as vectors, and a load waits for a store of a part of
 * what it wants. */
HR_INLINE void hr_few_put(double *v, uint32_t slot, double x)
{
    static const int64_t mark[2 * HR_FEW_LANES - 1] = {[HR_FEW_LANES - 1] = -1};
    const uint32_t lane = slot % HR_FEW_LANES;
    hr_few_values *group = (hr_few_values *)(void *)(v + (slot - lane));
    const hr_few_values fresh = x - (hr_few_values){0};
    hr_few_counts mine HR_UNINIT;
    memcpy(&mine, mark + (HR_FEW_LANES - 1) - lane, sizeof mine);
#if defined(__AVX2__)
    *group = _mm256_blendv_pd(*group, fresh, (hr_few_values)mine);
#else
    *group = (hr_few_values)(((hr_few_counts)fresh & mine) | ((hr_few_counts)*group & ~mine));
#endif
}

/* How many values are below x beside the one in its slot: its place. That is told before x is
 * stored: where it goes is known late by time, and until then no load behind it would be made. */
HR_INLINE void hr_few_below(hr_few_bytes *out, const hr_few *f, uint32_t slot, double x)
{
    const double *v = f->v;
    const double *end = v + f->n_slots;
#if defined(__AVX2__)
    const __m256d fresh = _mm256_set1_pd(x);
    __m256i even = _mm256_set_epi64x(0, 0, 0, f->n_bytes / 2);
    __m128i own = _mm_castpd_si128(
        _mm_cmp_sd(_mm256_castpd256_pd128(fresh), _mm_load_sd(v + slot), _CMP_GT_OQ));
    __m256i odd =
        _mm256_sub_epi64(_mm256_setzero_si256(), _mm256_zextsi128_si256(_mm_move_epi64(own)));
    for (; v != end; v += 8) {
        __m256d low = _mm256_cmp_pd(fresh, _mm256_load_pd(v), _CMP_GT_OQ);
        __m256d high = _mm256_cmp_pd(fresh, _mm256_load_pd(v + 4), _CMP_GT_OQ);
        even = _mm256_add_epi64(even, _mm256_castpd_si256(low)); /* true is -1 */
        odd = _mm256_add_epi64(odd, _mm256_castpd_si256(high));
    }
    even = _mm256_add_epi64(even, odd);
    __m128i both = _mm_add_epi64(_mm256_castsi256_si128(even), _mm256_extracti128_si256(even, 1));
    both = _mm_add_epi64(both, _mm_unpackhi_epi64(both, both));
    *out = (hr_few_bytes)_mm256_sub_epi8(_mm256_setzero_si256(), _mm256_broadcastb_epi8(both));
#else
    const hr_few_values fresh = x - (hr_few_values){0};
    hr_few_counts even = {v[slot] < x};
    hr_few_counts odd = {0};
    for (; v != end; v += 4) {
        const hr_few_values *at = (const hr_few_values *)(const void *)v;
        even += fresh > at[0];
        odd += fresh > at[1];
    }
    even += odd;
    hr_few_place(out, f, (uint32_t) - (even[0] + even[1]));
#endif
}

/* Of two vectors the byte that is not 0. */
HR_INLINE void hr_few_numbers(uint32_t *slot, const hr_few_bytes *found)
{
#if defined(__SSE2__)
#if defined(__AVX2__)
    __m256i a = (__m256i)found[0];
    __m256i b = (__m256i)found[1];
    __m128i low = _mm_or_si128(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    __m128i high = _mm_or_si128(_mm256_castsi256_si128(b), _mm256_extracti128_si256(b, 1));
#else
    __m128i low = (__m128i)found[0];
    __m128i high = (__m128i)found[1];
#endif
    __m128i all = _mm_or_si128(_mm_unpacklo_epi64(low, high), _mm_unpackhi_epi64(low, high));
    all = _mm_sad_epu8(all, _mm_setzero_si128());
    slot[0] = (uint32_t)_mm_cvtsi128_si32(all);
    slot[1] = (uint32_t)_mm_extract_epi16(all, 4);
#else
    for (uint32_t k = 0; k < 2; k++) {
        hr_few_words words = (hr_few_words)found[k];
        slot[k] = (uint32_t)(((words[0] | words[1]) * UINT64_C(0x0101010101010101)) >> 56);
    }
#endif
}

/* A bit of each byte: all are 0 or all are 1. */
#if defined(__AVX2__)
#define HR_FEW_BITS(v) ((uint64_t)(uint32_t)_mm256_movemask_epi8((__m256i)(v)))
#elif defined(__SSE2__)
#define HR_FEW_BITS(v) ((uint64_t)(uint32_t)_mm_movemask_epi8((__m128i)(v)))
#endif

#define HR_FEW_EIGHT(i) i, i + 1, i + 2, i + 3, i + 4, i + 5, i + 6, i + 7
#define HR_FEW_ALL(i)                                                                              \
    HR_FEW_EIGHT(i), HR_FEW_EIGHT(i + 8), HR_FEW_EIGHT(i + 16), HR_FEW_EIGHT(i + 24)

/* Slots by their places, as they are gone over. */
typedef struct hr_few_search {
    hr_few_bytes want[2];
    hr_few_bytes found[2];
    uint64_t bits[2];
    bool is_asked;
} hr_few_search;

/* The slots of bytes i and on. */
HR_INLINE void hr_few_look(hr_few_search *s, const hr_few *f, const hr_few_bytes *is, uint32_t i)
{
    static const uint8_t number[HR_FEW_MOST] HR_ALIGNED(64) = {
        HR_FEW_ALL(0),   HR_FEW_ALL(32),  HR_FEW_ALL(64),  HR_FEW_ALL(96),
        HR_FEW_ALL(128), HR_FEW_ALL(160), HR_FEW_ALL(192), HR_FEW_ALL(224)};
    for (uint32_t k = 0; k < 2; k++) {
        hr_few_bytes it = *is == s->want[k];
#if defined(HR_FEW_BITS)
        if (f->n_bytes <= 64) {
            s->bits[k] |= HR_FEW_BITS(it) << i;
            continue;
        }
#endif
        s->found[k] |= it & *(const hr_few_bytes *)(const void *)(number + i);
    }
}

HR_INLINE void hr_few_slots(uint32_t *slot, const hr_few_search *s, const hr_few *f)
{
#if defined(HR_FEW_BITS)
    if (f->n_bytes <= 64) {
        slot[0] = (uint32_t)__builtin_ctzll(s->bits[0]);
        slot[1] = (uint32_t)__builtin_ctzll(s->bits[1]);
        return;
    }
#endif
    hr_few_numbers(slot, s->found);
}

/* A slot goes to a place, which is in every byte of *to; those that were between go on by one. */
HR_INLINE void hr_few_move(const hr_few *f, uint32_t slot, const hr_few_bytes *to, hr_few_search *s)
{
    const hr_few_bytes from = f->place[slot] - (hr_few_bytes){0};
    for (uint32_t i = 0; i < f->n_bytes; i += HR_FEW_WIDE) {
        hr_few_bytes *at = (hr_few_bytes *)(void *)(f->place + i);
        const hr_few_bytes was = *at;
        hr_few_bytes is = was + (was > from); /* true is -1 */
        /* of 256 the place before the first would not be a byte */
        is -= f->n_bytes < HR_FEW_MOST ? is > *to - 1 : ~(*to > is);
        const hr_few_bytes mine = was == from;
#if defined(__AVX2__)
        is = (hr_few_bytes)_mm256_blendv_epi8((__m256i)is, (__m256i)*to, (__m256i)mine);
#else
        is = (is & ~mine) | (*to & mine);
#endif
        *at = is;
        if (s->is_asked) hr_few_look(s, f, &is, i);
    }
}

/** A row comes into a slot. */
HR_INLINE void hr_few_add(const hr_few *f, uint32_t slot, double x)
{
    hr_few_search none = {.is_asked = false};
    hr_few_bytes to;
    hr_few_below(&to, f, slot, x);
    hr_few_put(f->v, slot, x);
    hr_few_move(f, slot, &to, &none);
}

/** As hr_few_add; and the slots at two places. */
HR_INLINE void hr_few_add_and_find(const hr_few *f, uint32_t slot, double x, const uint32_t *place,
                                   uint32_t *at)
{
    hr_few_search s = {.is_asked = true};
    hr_few_bytes to;
    hr_few_place(&s.want[0], f, place[0]);
    hr_few_place(&s.want[1], f, place[1]);
    hr_few_below(&to, f, slot, x);
    hr_few_put(f->v, slot, x);
    hr_few_move(f, slot, &to, &s);
    hr_few_slots(at, &s, f);
}

/** A row leaves its slot; n_left: rows that stay. */
HR_INLINE void hr_few_drop(const hr_few *f, uint32_t slot, uint32_t n_left)
{
    hr_few_search none = {.is_asked = false};
    hr_few_bytes to;
    hr_few_place(&to, f, n_left);
    hr_few_put(f->v, slot, (double)INFINITY);
    hr_few_move(f, slot, &to, &none);
}

/** A row comes into a slot: of the others those below x and those up to it, together. */
HR_INLINE uint64_t hr_few_twice(const hr_few *f, uint32_t slot, double x)
{
    const hr_few_values fresh = x - (hr_few_values){0};
    const double *v = f->v;
    const double *end = v + f->n_slots;
    const double was = v[slot];
    hr_few_counts below = {0};
    hr_few_counts upto = {0};
    for (; v != end; v += 2 * HR_FEW_LANES) {
        const hr_few_values *at = (const hr_few_values *)(const void *)v;
        below += fresh > at[0];
        upto += fresh >= at[0];
        below += fresh > at[1];
        upto += fresh >= at[1];
    }
    below += upto;
    int64_t count = 0;
    for (uint32_t i = 0; i < HR_FEW_LANES; i++)
        count -= below[i];
    hr_few_put(f->v, slot, x);
    return (uint64_t)count - (was < x) - (was <= x);
}

#endif

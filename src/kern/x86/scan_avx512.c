/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/kern_scan.h"
#include "kern/x86/tier.h"

#define LANE 64

/* The next up to 64 bytes; *live has a bit for each. The last part is loaded under a mask. */
HR_INLINE __m512i load_next(uint64_t *live, const char *p, size_t left)
{
    if (left >= LANE) {
        *live = UINT64_MAX;
        return _mm512_loadu_si512((const void *)p);
    }
    *live = low_bits(left);
    return load_part(p, left);
}

static const char *find(const char *p, const char *end, char c)
{
    const __m512i want = _mm512_set1_epi8(c);
    uint64_t live;
    for (; p < end; p += LANE) {
        __m512i v = load_next(&live, p, (size_t)(end - p));
        uint64_t hit = _mm512_cmpeq_epi8_mask(v, want) & live;
        if (hit != 0) return p + __builtin_ctzll(hit);
        if (end - p <= LANE) break;
    }
    return NULL;
}

static size_t find_all(uint32_t *restrict at, size_t cap, const char *restrict p, uint32_t n,
                       char c)
{
    const __m512i want = _mm512_set1_epi8(c);
    size_t k = 0;
    uint64_t live;
    for (size_t i = 0; i < n; i += LANE) {
        __m512i v = load_next(&live, p + i, n - i);
        uint64_t hit = _mm512_cmpeq_epi8_mask(v, want) & live;
        for (; hit != 0; hit &= hit - 1) {
            if (k == cap) return k;
            at[k++] = (uint32_t)(i + (unsigned)__builtin_ctzll(hit));
        }
    }
    return k;
}

static const char *csv_row(uint32_t *restrict comma, uint32_t cap, uint32_t *n_commas,
                           const char *restrict p, const char *end)
{
    const __m512i want_comma = _mm512_set1_epi8(',');
    const __m512i want_eol = _mm512_set1_epi8('\n');
    const __m512i want_quote = _mm512_set1_epi8('"');
    const size_t n_bytes = (size_t)(end - p);
    uint32_t n = 0;
    uint64_t live;
    size_t stop_at = n_bytes;
    for (size_t i = 0; i < n_bytes; i += LANE) {
        __m512i v = load_next(&live, p + i, n_bytes - i);
        uint64_t commas = _mm512_cmpeq_epi8_mask(v, want_comma) & live;
        uint64_t stop =
            (_mm512_cmpeq_epi8_mask(v, want_eol) | _mm512_cmpeq_epi8_mask(v, want_quote)) & live;
        if (stop != 0) commas &= stop ^ (stop - 1); /* up to the stop */
        for (; commas != 0; commas &= commas - 1, n++)
            if (n < cap) comma[n] = (uint32_t)(i + (unsigned)__builtin_ctzll(commas));
        if (stop == 0) continue;
        stop_at = i + (unsigned)__builtin_ctzll(stop);
        break;
    }
    *n_commas = n;
    return p + stop_at;
}

static size_t ascii(const char *p, size_t n)
{
    uint64_t live;
    for (size_t i = 0; i < n; i += LANE) {
        uint64_t high = _mm512_movepi8_mask(load_next(&live, p + i, n - i));
        if (high != 0) return i + (unsigned)__builtin_ctzll(high);
    }
    return n;
}

void hr_kern_scan_avx512(hr_kern_scan *k)
{
    *k = (hr_kern_scan){.find = find, .find_all = find_all, .csv_row = csv_row, .ascii = ascii};
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <immintrin.h>

#include "base/attr.h"
#include "kern/kern_scan.h"

#define LANE 32

HR_INLINE __m256i load(const char *p)
{
    return _mm256_loadu_si256((const void *)p);
}

HR_INLINE uint32_t equal(__m256i v, __m256i want)
{
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, want));
}

static const char *find(const char *p, const char *end, char c)
{
    const __m256i want = _mm256_set1_epi8(c);
    for (; end - p >= LANE; p += LANE) {
        uint32_t hit = equal(load(p), want);
        if (hit != 0) return p + _tzcnt_u32(hit);
    }
    return hr_kern_find_c(p, end, c);
}

static size_t find_all(uint32_t *restrict at, size_t cap, const char *restrict p, uint32_t n,
                       char c)
{
    const __m256i want = _mm256_set1_epi8(c);
    size_t k = 0;
    uint32_t i = 0;
    for (; n - i >= LANE; i += LANE) {
        uint32_t hit = equal(load(p + i), want);
        for (; hit != 0; hit = _blsr_u32(hit)) {
            if (k == cap) return k;
            at[k++] = i + _tzcnt_u32(hit);
        }
    }
    for (; i < n && k < cap; i++)
        if (p[i] == c) at[k++] = i;
    return k;
}

static const char *csv_row(uint32_t *restrict comma, uint32_t cap, uint32_t *n_commas,
                           const char *restrict p, const char *end)
{
    const __m256i want_comma = _mm256_set1_epi8(',');
    const __m256i want_eol = _mm256_set1_epi8('\n');
    const __m256i want_quote = _mm256_set1_epi8('"');
    const char *row = p;
    uint32_t n = 0;
    for (; end - p >= LANE; p += LANE) {
        __m256i v = load(p);
        uint32_t commas = equal(v, want_comma);
        uint32_t stop = (uint32_t)_mm256_movemask_epi8(
            _mm256_or_si256(_mm256_cmpeq_epi8(v, want_eol), _mm256_cmpeq_epi8(v, want_quote)));
        commas &= _blsmsk_u32(stop); /* up to the stop; all of them when there is none */
        const uint32_t base = (uint32_t)(p - row);
        for (; commas != 0; commas = _blsr_u32(commas), n++)
            if (n < cap) comma[n] = base + _tzcnt_u32(commas);
        if (stop != 0) {
            *n_commas = n;
            return p + _tzcnt_u32(stop);
        }
    }
    for (; p < end && *p != '\n' && *p != '"'; p++) {
        if (*p != ',') continue;
        if (n < cap) comma[n] = (uint32_t)(p - row);
        n++;
    }
    *n_commas = n;
    return p;
}

static size_t ascii(const char *p, size_t n)
{
    size_t i = 0;
    for (; n - i >= LANE; i += LANE) {
        uint32_t high = (uint32_t)_mm256_movemask_epi8(load(p + i));
        if (high != 0) return i + _tzcnt_u32(high);
    }
    return i + hr_kern_ascii_c(p + i, n - i);
}

void hr_kern_scan_avx2(hr_kern_scan *k)
{
    *k = (hr_kern_scan){.find = find, .find_all = find_all, .csv_row = csv_row, .ascii = ascii};
}

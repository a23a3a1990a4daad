/* SPDX-License-Identifier: Apache-2.0 */
/* Level lists, [["price","quantity"],...]: most bytes of a depth feed are these. The fast loop
 * takes the shape every venue sends, a level at a time in vectors; a level that does not fit them
 * goes digit by digit, and anything else through the general reader, with equal outcome. */
#include <string.h>

#include "text/decimal.h"
#include "text/decimal_inl.h"
#include "text/digits_inl.h"
#include "text/json.h"

#define LEVEL_SLACK 96 /* a window and what is looked at behind it */

/* The bytes n at p, as a number to compare with text in the machine's (little-endian) order. */
HR_INLINE uint64_t bytes(const char *p, unsigned n)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v & (UINT64_MAX >> (64 - 8 * n));
}

#define BETWEEN UINT64_C(0x222c22)  /* "," */
#define NEXT UINT64_C(0x225b2c5d22) /* "],[" and the quote that opens the next price */
#define CLOSE UINT64_C(0x5d22)      /* "] */

/* A bit for each of the 64 bytes at p that is no digit, and the last one always. */
HR_INLINE uint64_t window(const char *p)
{
    uint64_t end = UINT64_C(1) << 63;
    for (int i = 0; i < 4; i++)
        end |= (uint64_t)hr_digits_end(hr_digits_load(p + 16 * i)) << (16 * i);
    return end;
}

/* Without the lowest run of ones. */
HR_INLINE uint64_t behind_run(uint64_t bits)
{
    return bits & (bits + (bits & (0 - bits)));
}

typedef struct wide {
    hr_digits_scale px, qty;
} wide;

/* The level at p[*at], the first byte of its price, in the window whose bits are in all; *end has
 * those not below. Its numbers are stored; *at and *end move behind its quantity. False: another
 * shape, or it goes on past the window. */
HR_INLINE bool take_wide(const char *p, uint64_t *at, uint64_t *end, uint64_t all, const wide *to,
                         int64_t *px, int64_t *qty)
{
    hr_digits_span a;
    hr_digits_span b;
    if (!hr_digits_find(&a, end, p, *at, &to->px)) return false;
    const uint64_t next = a.stop + 3;
    /* The run behind a price is the three bytes between, and no sign or blank more. */
    if (bytes(p + a.stop, 3) != BETWEEN || next > 63 || (all >> next & 1) != 0) return false;
    *end = behind_run(*end);
    if (!hr_digits_find(&b, end, p, next, &to->qty)) return false;
    if (bytes(p + b.stop, 2) != CLOSE) return false;
    const __m128i both = hr_digits_sum(hr_digits_align(hr_digits_load(p + *at), &a, &to->px),
                                       hr_digits_align(hr_digits_load(p + next), &b, &to->qty));
    _mm_storel_epi64((void *)px, both);
    _mm_storeh_pd((void *)qty, _mm_castsi128_pd(both));
    *at = b.stop;
    return true;
}

/* Levels from p, the first byte of a price, while they have the shape price","quantity"],[" and fit
 * the vectors. Returns the first byte of the price it did not take, with *n counted up, or, where
 * the list goes on otherwise after a level, the byte after that level's bracket with *is_last set.
 * A window of 64 bytes holds two to four levels. The way from one to the next is a few operations
 * on its bits; the numbers hang on places alone, so that the processor has several in flight. */
static const char *levels_wide(const char *p, const char *limit, int64_t *restrict px,
                               int64_t *restrict qty, uint32_t cap, const unsigned scale[2],
                               uint32_t *n_levels, bool *is_last)
{
    const wide to = {.px = hr_digits_scale_init(scale[0]), .qty = hr_digits_scale_init(scale[1])};
    uint32_t n = *n_levels;
    uint64_t taken = 1;
    *is_last = false;
    while (taken > 0 && n < cap && limit - p >= LEVEL_SLACK) {
        const uint64_t all = window(p);
        uint64_t end = all;
        uint64_t at = 0;
        taken = 0;
        while (take_wide(p, &at, &end, all, &to, px + n, qty + n)) {
            n++;
            if (HR_UNLIKELY(bytes(p + at, 5) != NEXT)) {
                *n_levels = n;
                *is_last = true;
                return p + at + 2;
            }
            at += 5;
            const uint64_t same_again = 2 * at - taken; /* where another of its length would end */
            taken = at;
            if (same_again > 65 || (all >> at & 1) != 0 || n == cap) break;
            end = behind_run(end);
        }
        p += taken;
    }
    *n_levels = n;
    return p;
}

/* One ["p","q"] at p with LEVEL_SLACK readable bytes; NULL: not of the ordinary shape. */
static inline const char *level_fast(const char *p, int64_t *px, int64_t *qty,
                                     const unsigned scale[2])
{
    if (p[0] != '[' || p[1] != '"') return NULL;
    if (!hr_decimal_fast(px, &p, p + 2, scale[0])) return NULL;
    if (p[0] != '"' || p[1] != ',' || p[2] != '"') return NULL;
    if (!hr_decimal_fast(qty, &p, p + 3, scale[1])) return NULL;
    if (p[0] != '"' || p[1] != ']') return NULL;
    return p + 2;
}

static hr_status number(hr_json *j, int64_t *out, unsigned scale)
{
    hr_json_str s;
    if (!hr_json_decimal_text(j, &s)) return HR_EINPUT;
    if (s.has_escape) return HR_EINPUT;
    return hr_decimal_parse(out, s.s, s.n, scale);
}

static hr_status level_slow(hr_json *j, int64_t *px, int64_t *qty, unsigned px_scale,
                            unsigned qty_scale)
{
    if (!hr_json_enter_array(j)) return HR_EINPUT;
    if (!hr_json_next_item(j)) return HR_EINPUT;
    HR_TRY(number(j, px, px_scale));
    if (!hr_json_next_item(j)) return HR_EINPUT;
    HR_TRY(number(j, qty, qty_scale));
    while (hr_json_next_item(j))
        if (!hr_json_skip(j)) return HR_EINPUT;
    return j->error == NULL ? HR_OK : HR_EINPUT;
}

/* As many levels as have the ordinary shape, from the cursor (at a level's bracket) on. The cursor
 * is after the last of them; false: there was none. */
static bool take_levels(hr_json *j, int64_t *px, int64_t *qty, uint32_t cap,
                        const unsigned scale[2], uint32_t *n)
{
    const uint32_t n_before = *n;
    const bool is_wide = scale[0] <= HR_DIGITS_SCALE_MAX && scale[1] <= HR_DIGITS_SCALE_MAX;
    const char *p = j->p;
    while (*n < cap && j->limit - p >= LEVEL_SLACK) {
        bool is_last = false;
        if (is_wide && p[0] == '[' && p[1] == '"') {
            p = levels_wide(p + 2, j->limit, px, qty, cap, scale, n, &is_last) - 2;
            if (is_last) {
                j->p = p + 2;
                return true;
            }
            if (*n == cap || j->limit - p < LEVEL_SLACK) break;
        }
        const char *after = level_fast(p, &px[*n], &qty[*n], scale);
        if (after == NULL) break;
        ++*n;
        p = after;
        if (p[0] != ',' || p[1] != '[') {
            j->p = p;
            return true;
        }
        p++;
    }
    /* p is at a bracket that was not taken, behind a comma unless there was no level. */
    if (*n == n_before) return false;
    j->p = p - 1;
    return true;
}

hr_status hr_json_levels(hr_json *j, int64_t *px, int64_t *qty, uint32_t cap, unsigned px_scale,
                         unsigned qty_scale, uint32_t *n_out)
{
    const unsigned scale[2] = {px_scale, qty_scale};
    uint32_t n = 0;
    *n_out = 0;
    if (!hr_json_enter_array(j)) return HR_EINPUT;
    while (hr_json_next_item(j)) {
        if (n == cap) return HR_FULL;
        if (take_levels(j, px, qty, cap, scale, &n)) continue;
        HR_TRY(level_slow(j, &px[n], &qty[n], px_scale, qty_scale));
        n++;
    }
    *n_out = n;
    return j->error == NULL ? HR_OK : HR_EINPUT;
}

const char *hr_json_levels_short(const char *p, const char *limit, int64_t *px, int64_t *qty,
                                 uint32_t cap, const unsigned scale[2], uint32_t *n_out)
{
    uint32_t n = 0;
    if (limit - p < LEVEL_SLACK || p[0] != '[' || scale[0] > HR_DIGITS_SCALE_MAX ||
        scale[1] > HR_DIGITS_SCALE_MAX)
        return NULL;
    p++;
    *n_out = 0;
    if (*p == ']') return p + 1;
    for (;;) { /* p: at a level's bracket */
        bool is_last;
        if (p[0] != '[' || p[1] != '"') return NULL;
        p = levels_wide(p + 2, limit, px, qty, cap, scale, &n, &is_last);
        if (!is_last) { /* one that does not fit the vectors */
            p -= 2;
            if (n == cap || limit - p < LEVEL_SLACK) return NULL;
            p = level_fast(p, &px[n], &qty[n], scale);
            if (p == NULL) return NULL;
            n++;
        }
        if (p[0] == ']') break;
        if (p[0] != ',') return NULL;
        p++;
    }
    int64_t low = 0;
    for (uint32_t i = 0; i < n; i++)
        low |= px[i] - 1;
    *n_out = n;
    return low < 0 ? NULL : p + 1;
}

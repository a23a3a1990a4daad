/* SPDX-License-Identifier: Apache-2.0 */
/* Level lists, [["price","quantity"],...]: most bytes of a depth feed are these. The fast loop
 * takes the shape every venue sends; anything else goes level by level through the general reader,
 * with equal outcome. */
#include "text/decimal.h"
#include "text/decimal_inl.h"
#include "text/json.h"

#define LEVEL_SLACK 96 /* two numbers of up to 32 bytes, brackets, quotes and commas */

/* One ["p","q"] at p with LEVEL_SLACK readable bytes; NULL: not of the ordinary shape. */
static inline const char *level_fast(const char *p, int64_t *px, int64_t *qty, unsigned px_scale,
                                     unsigned qty_scale)
{
    if (p[0] != '[' || p[1] != '"') return NULL;
    if (!hr_decimal_fast(px, &p, p + 2, px_scale)) return NULL;
    if (p[0] != '"' || p[1] != ',' || p[2] != '"') return NULL;
    if (!hr_decimal_fast(qty, &p, p + 3, qty_scale)) return NULL;
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

hr_status hr_json_levels(hr_json *j, int64_t *px, int64_t *qty, uint32_t cap, unsigned px_scale,
                         unsigned qty_scale, uint32_t *n_out)
{
    uint32_t n = 0;
    *n_out = 0;
    if (!hr_json_enter_array(j)) return HR_EINPUT;
    while (hr_json_next_item(j)) {
        if (n == cap) return HR_FULL;
        const char *after = NULL;
        /* The inner loop stays in registers as long as the shape holds. */
        while (j->end - j->p >= LEVEL_SLACK &&
               (after = level_fast(j->p, &px[n], &qty[n], px_scale, qty_scale)) != NULL) {
            n++;
            j->p = after;
            if (after[0] != ',' || after[1] != '[' || n == cap) break;
            j->p = after + 1;
            after = NULL;
        }
        if (after == NULL) {
            if (n == cap) return HR_FULL;
            HR_TRY(level_slow(j, &px[n], &qty[n], px_scale, qty_scale));
            n++;
        }
    }
    *n_out = n;
    return j->error == NULL ? HR_OK : HR_EINPUT;
}

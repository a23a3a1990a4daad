/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/ta/ta_cols.h"

#include <string.h>

/* Four rows; of any place. Sixteen at a time hide how long an addition takes. */
typedef hr_ta_rows4 rows4;
#define AT HR_TA_AT
#define TO HR_TA_TO

#define IN_MOST 4

HR_INLINE void size_rows(uint32_t i, uint32_t n, const double *const *x, int n_in,
                         hr_wide_bits *most)
{
    for (int j = 0; j < n_in; j++)
        most[j] = hr_wide_size(most[j], hr_wide_get(x[j] + i, n));
}

/* the largest size, in the upper half of its bits */
HR_INLINE int64_t sizes(const double *const *x, int n_in, uint32_t m)
{
    hr_wide_bits most[IN_MOST] = {{0}};
    int64_t all = 0;
    HR_WIDE_EACH(m, size_rows, x, n_in, most);
    for (int j = 0; j < n_in; j++)
        for (int k = 0; k < HR_TA_WIDE; k++)
            all = all > most[j][k] ? all : most[j][k];
    return all;
}

bool HR_TA_FN(is_whole)(const double *x, uint32_t m)
{
    return sizes(&x, 1, m) < HR_TA_EXPONENT(1024);
}

bool HR_TA_FN(is_clean)(hr_ta *s, const double *const *x, int n_in, uint32_t m)
{
    int64_t most;
    if (n_in == 1)
        most = sizes(x, 1, m);
    else if (n_in == 2)
        most = sizes(x, 2, m);
    else if (n_in == 3)
        most = sizes(x, 3, m);
    else
        most = sizes(x, IN_MOST, m);
    return hr_ta_is_told(s, most);
}

static void clean(double *y, uint32_t m)
{
    for (uint32_t i = 0; i < m; i++)
        y[i] = hr_ta_or_null(y[i]);
}

#define OUT_MOST 3
#define PART 32

/* m <= PART rows of which some have a null */
static HR_NOINLINE void part(hr_ta *s, uint32_t m, const double *const *x, double *const *y,
                             int n_in, int n_out, hr_ta_cols_fn cols)
{
    double in[IN_MOST][PART] HR_UNINIT;
    double out[OUT_MOST][PART] HR_UNINIT;
    uint32_t row[PART] HR_UNINIT;
    uint32_t n = 0;
    const double *from[IN_MOST];
    double *to[OUT_MOST];
    for (uint32_t i = 0; i < m; i++) {
        bool is_row = true;
        for (int j = 0; j < n_in; j++) {
            in[j][n] = x[j][i];
            is_row = is_row && isfinite(x[j][i]);
        }
        row[n] = i;
        n += is_row;
    }
    for (int j = 0; j < n_in; j++)
        from[j] = in[j];
    for (int j = 0; j < n_out; j++)
        to[j] = out[j];
    if (n > 0) cols(s, n, from, to);
    s->seen += n;
    for (int j = 0; j < n_out; j++) {
        for (uint32_t i = 0; i < m; i++)
            y[j][i] = (double)NAN;
        for (uint32_t i = 0; i < n; i++)
            y[j][row[i]] = out[j][i];
    }
}

void HR_TA_FN(chunks)(hr_ta *s, const hr_op_rows *r, hr_ta_shape shape, hr_ta_cols_fn cols)
{
    const int n_in = shape.n_in;
    const int n_out = shape.n_out;
    s->behind = 0;
    for (uint32_t at = 0; at < r->n;) {
        const double *x[HR_OP_IN_MAX];
        double *y[HR_OP_OUT_MAX];
        uint32_t m = HR_TA_CHUNK - (uint32_t)(s->seen % HR_TA_CHUNK);
        if (m > r->n - at) m = r->n - at;
        for (int j = 0; j < n_in; j++)
            x[j] = r->in[j] + at;
        for (int j = 0; j < n_out; j++)
            y[j] = r->out[j] + at;
        bool is_done = shape.try ? shape.try(s, m, x, y) : HR_TA_FN(is_clean)(s, x, n_in, m);
        if (is_done) {
            if (!shape.try) cols(s, m, x, y);
            s->seen += m;
            s->behind += m;
        } else {
            s->behind = 0;
            if (m > PART) m = PART;
            part(s, m, x, y, n_in, n_out, cols);
        }
        for (int j = 0; j < n_out && (s->is_wild || shape.divides); j++)
            clean(y[j], m);
        at += m;
    }
    s->behind = 0;
}

void HR_TA_FN(ways)(hr_ta *s, int j, const double *x, uint32_t m, double *y)
{
    HR_TA_COLUMN(room);
    HR_TA_ROOM(rows);
    const double *last = hr_ta_last(s, 0, x, m, room);
    double *way = hr_ta_lead(s, j, rows);
    for (uint32_t i = 0; i < m; i++)
        way[i] = fabs(x[i] - last[i]);
    hr_ta_past(s, 0, x, m);
    if (s->seen == 0) way[0] = 0;
    HR_TA_FN(sums)(y, hr_ta_keep(s, j, way, m), 1, s->ring[j].cap, m);
}

void HR_TA_FN(weighed)(double *y, const double *w, const double *weight, uint32_t n, uint32_t m)
{
    uint32_t i = 0;
    for (; m - i >= 16; i += 16) {
        const double *from = w + i;
        rows4 a = weight[0] * AT(from);
        rows4 b = weight[0] * AT(from + 4);
        rows4 c = weight[0] * AT(from + 8);
        rows4 d = weight[0] * AT(from + 12);
        for (uint32_t k = 1; k < n; k++) {
            a += weight[k] * AT(from + k);
            b += weight[k] * AT(from + k + 4);
            c += weight[k] * AT(from + k + 8);
            d += weight[k] * AT(from + k + 12);
        }
        TO(y + i) = a;
        TO(y + i + 4) = b;
        TO(y + i + 8) = c;
        TO(y + i + 12) = d;
    }
    for (; i < m; i++) {
        double all = weight[0] * w[i];
        for (uint32_t k = 1; k < n; k++)
            all += weight[k] * w[i + k];
        y[i] = all;
    }
}

void HR_TA_FN(slopes)(double *y, const double *w, uint32_t n, uint32_t m)
{
    const double by = 12 / ((double)n * ((double)n * n - 1));
    uint32_t i = 0;
    for (; m - i >= 16; i += 16) {
        rows4 a = {0};
        rows4 b = {0};
        rows4 c = {0};
        rows4 d = {0};
        for (uint32_t k = 0; k < n / 2; k++) {
            double far = (n - 1) / 2.0 - k;
            const double *old = w + i + k;
            const double *new = w + i + n - 1 - k;
            a += far * (AT(new) - AT(old));
            b += far * (AT(new + 4) - AT(old + 4));
            c += far * (AT(new + 8) - AT(old + 8));
            d += far * (AT(new + 12) - AT(old + 12));
        }
        TO(y + i) = a * by;
        TO(y + i + 4) = b * by;
        TO(y + i + 8) = c * by;
        TO(y + i + 12) = d * by;
    }
    for (; i < m; i++) {
        double all = 0;
        for (uint32_t k = 0; k < n / 2; k++)
            all += ((n - 1) / 2.0 - k) * (w[i + n - 1 - k] - w[i + k]);
        y[i] = all * by;
    }
}

typedef int64_t bits4 HR_VECTOR(32);

#define MAGNITUDE(x) ((rows4)((bits4)(x)&mask))

void HR_TA_FN(distances)(double *y, const double *w, const double *mean, uint32_t n, uint32_t m)
{
    const bits4 mask = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
    uint32_t i = 0;
    for (; m - i >= 16; i += 16) {
        rows4 a = {0};
        rows4 b = {0};
        rows4 c = {0};
        rows4 d = {0};
        for (uint32_t k = 0; k < n; k++) {
            a += MAGNITUDE(AT(w + i + k) - AT(mean + i));
            b += MAGNITUDE(AT(w + i + k + 4) - AT(mean + i + 4));
            c += MAGNITUDE(AT(w + i + k + 8) - AT(mean + i + 8));
            d += MAGNITUDE(AT(w + i + k + 12) - AT(mean + i + 12));
        }
        TO(y + i) = a;
        TO(y + i + 4) = b;
        TO(y + i + 8) = c;
        TO(y + i + 12) = d;
    }
    for (; i < m; i++) {
        double all = 0;
        for (uint32_t k = 0; k < n; k++)
            all += fabs(w[i + k] - mean[i]);
        y[i] = all;
    }
}

HR_INLINE hr_wide better(hr_wide a, hr_wide b, bool is_top)
{
    return is_top ? hr_wide_more(a, b) : hr_wide_less_of(a, b);
}

/* the best of four rows, or of what four rows have in them, which may overlap */
HR_INLINE void best_rows(uint32_t i, uint32_t n, double *to, const double *w, const uint32_t *at,
                         bool is_top)
{
    hr_wide a = better(hr_wide_get(w + i, n), hr_wide_get(w + at[0] + i, n), is_top);
    hr_wide b = better(hr_wide_get(w + at[1] + i, n), hr_wide_get(w + at[2] + i, n), is_top);
    hr_wide_put(to + i, better(a, b, is_top), n);
}

HR_INLINE void bests(double *y, const double *w, uint32_t n, uint32_t m, bool is_top)
{
    HR_TA_ROOM(best);
    uint32_t len = n - 1 + m;
    uint32_t wide = 1;
    for (; 4 * wide < n; wide *= 4) {
        const uint32_t at[] = {wide, 2 * wide, 3 * wide};
        len -= 3 * wide;
        HR_WIDE_EACH(len, best_rows, best, w, at, is_top);
        w = best;
    }
    uint32_t last = n - wide;
    const uint32_t at[] = {HR_MIN(wide, last), HR_MIN(2 * wide, last), last};
    HR_WIDE_EACH(m, best_rows, y, w, at, is_top);
}

/* what the best of some rows is, and how many rows ago it was */
typedef struct told {
    hr_wide value, age;
} told;

/* of b, the later one, and a */
HR_INLINE told later(told a, told b, bool is_top)
{
    hr_wide_bits is_old = is_top ? a.value > b.value : a.value < b.value;
    return (told){better(a.value, b.value, is_top), hr_wide_pick(is_old, a.age, b.age)};
}

/* w: rows, or the best of some with its age; gone: rows that those of the last of the four are
 * ahead of them */
HR_INLINE told told_at(const double *w, const double *age, uint32_t gone, uint32_t n)
{
    hr_wide ago = hr_wide_of(gone);
    if (age) ago += hr_wide_get(age, n);
    return (told){hr_wide_get(w, n), ago};
}

HR_INLINE void age_rows(uint32_t i, uint32_t n, double *to, double *to_age, const double *w,
                        const double *age, const uint32_t *at, bool is_top)
{
    told t[4];
    t[0] = told_at(w + i, age ? age + i : NULL, at[2], n);
    for (int k = 0; k < 3; k++)
        t[k + 1] = told_at(w + i + at[k], age ? age + i + at[k] : NULL, at[2] - at[k], n);
    told all = later(later(t[0], t[1], is_top), later(t[2], t[3], is_top), is_top);
    if (to) hr_wide_put(to + i, all.value, n);
    hr_wide_put(to_age + i, all.age, n);
}

HR_INLINE void since(double *y, const double *w, uint32_t n, uint32_t m, bool is_top)
{
    HR_TA_ROOM(best);
    HR_TA_ROOM(age);
    if (n <= 4) {
        const uint32_t at[] = {HR_MIN(1u, n - 1), HR_MIN(2u, n - 1), n - 1};
        HR_WIDE_EACH(m, age_rows, NULL, y, w, NULL, at, is_top);
        return;
    }
    uint32_t len = n - 4 + m;
    const uint32_t first[] = {1, 2, 3};
    HR_WIDE_EACH(len, age_rows, best, age, w, NULL, first, is_top);
    uint32_t wide = 4;
    for (; 4 * wide < n; wide *= 4) { /* in place: only rows from i on are read for row i */
        const uint32_t at[] = {wide, 2 * wide, 3 * wide};
        len -= 3 * wide;
        HR_WIDE_EACH(len, age_rows, best, age, best, age, at, is_top);
    }
    uint32_t last = n - wide;
    const uint32_t at[] = {HR_MIN(wide, last), HR_MIN(2 * wide, last), last};
    HR_WIDE_EACH(m, age_rows, NULL, y, best, age, at, is_top);
}

void HR_TA_FN(since_top)(double *y, const double *w, uint32_t n, uint32_t m)
{
    since(y, w, n, m, true);
}

void HR_TA_FN(since_low)(double *y, const double *w, uint32_t n, uint32_t m)
{
    since(y, w, n, m, false);
}

_Static_assert(HR_TA_SMALL <= 64, "fours of fours of fours");

void HR_TA_FN(tops)(double *y, const double *w, uint32_t n, uint32_t m)
{
    bests(y, w, n, m, true);
}

void HR_TA_FN(lows)(double *y, const double *w, uint32_t n, uint32_t m)
{
    bests(y, w, n, m, false);
}

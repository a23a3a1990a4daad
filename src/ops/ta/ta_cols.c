/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/ta/ta_cols.h"

#include <string.h>

/* Four rows; of any place. Sixteen at a time hide how long an addition takes. */
typedef double rows4 HR_VECTOR(32) HR_ALIGNED(8);
#define AT(p) (*(const rows4 *)(const void *)(p))
#define TO(p) (*(rows4 *)(void *)(p))

/* the bits of a size that any x has, with most added: the top one is set where one is that large */
static uint64_t sizes(const double *x, uint32_t m, uint64_t most)
{
    uint64_t all = 0;
    for (uint32_t i = 0; i < m; i++) {
        uint64_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        all |= (bits & INT64_MAX) + most;
    }
    return all >> 63;
}

#define EXPONENT(e) ((UINT64_C(2048) - 1023 - (e)) << 52)

bool HR_TA_FN(is_whole)(const double *x, uint32_t m)
{
    return sizes(x, m, EXPONENT(1024)) == 0;
}

/* Whether no row has a null. Products of two and sums of any number of values below 2^300 are
 * finite: until there was a larger one, and where nothing is divided, nothing has to be cleaned. */
static bool is_clean(hr_ta *s, const double *const *x, int n_in, uint32_t m)
{
    uint64_t large = 0;
    uint64_t null = 0;
    for (int j = 0; j < n_in; j++)
        large |= sizes(x[j], m, EXPONENT(300));
    if (!large) return true;
    s->is_wild = true;
    for (int j = 0; j < n_in; j++)
        null |= sizes(x[j], m, EXPONENT(1024));
    return null == 0;
}

static void clean(double *y, uint32_t m)
{
    for (uint32_t i = 0; i < m; i++)
        y[i] = hr_ta_or_null(y[i]);
}

#define IN_MOST 4
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
    for (uint32_t at = 0; at < r->n;) {
        const double *x[HR_OP_IN_MAX];
        double *y[HR_OP_OUT_MAX];
        uint32_t m = HR_TA_CHUNK - (uint32_t)(s->seen % HR_TA_CHUNK);
        if (m > r->n - at) m = r->n - at;
        for (int j = 0; j < n_in; j++)
            x[j] = r->in[j] + at;
        for (int j = 0; j < n_out; j++)
            y[j] = r->out[j] + at;
        if (is_clean(s, x, n_in, m)) {
            cols(s, m, x, y);
            s->seen += m;
        } else {
            if (m > PART) m = PART;
            part(s, m, x, y, n_in, n_out, cols);
        }
        for (int j = 0; j < n_out && (s->is_wild || shape.divides); j++)
            clean(y[j], m);
        at += m;
    }
}

/* the first rows, one by one, until there is a first value; how many */
static uint32_t lin_head(hr_ta_lin *f, const double *x, double *y, uint32_t m)
{
    uint32_t i = 0;
    for (; i < m && f->taken < f->lead; i++) {
        f->base += x[i];
        y[i] = (double)NAN;
        if (++f->taken == f->lead) {
            f->base /= f->div;
            y[i] = f->base;
        }
    }
    return i;
}

/* powers 1 to HR_TA_STRIPE of a */
static void lin_powers(double *power, double a)
{
    const double a2 = a * a;
    const double a4 = a2 * a2;
    const double a8 = a4 * a4;
    const double a16 = a8 * a8;
    const rows4 first = {a, a2, a2 * a, a4};
    const rows4 next = first * a4;
    TO(power) = first;
    TO(power + 4) = next;
    TO(power + 8) = first * a8;
    TO(power + 12) = next * a8;
    for (uint32_t i = 0; i < 16; i += 4)
        TO(power + 16 + i) = AT(power + i) * a16;
}

/* Row by row. The rows of the first stripe behind the first value go by that. */
static uint32_t lin_rows(hr_ta_lin *f, const double *power, const double *x, double *y, uint32_t m)
{
    uint32_t place = f->taken % HR_TA_STRIPE;
    bool is_first = f->taken - place < f->lead;
    uint32_t n = HR_MIN(m, HR_TA_STRIPE - place);
    double part = place == 0 ? 0 : f->part;
    for (uint32_t i = 0; i < n; i++) {
        if (is_first) {
            f->base = y[i] = f->a * f->base + f->k * x[i];
            continue;
        }
        part = f->a * part + f->k * x[i];
        y[i] = power[place + i] * f->base + part;
    }
    if (place + n == HR_TA_STRIPE && n > 0) f->base = y[n - 1];
    f->part = part;
    f->taken += n;
    return n;
}

/* rows i of four stripes, i + 1, ... become vectors of one row of each, and back */
#define TURN(a, b, c, d)                                                                           \
    do {                                                                                           \
        rows4 p = __builtin_shufflevector(a, b, 0, 4, 2, 6);                                       \
        rows4 q = __builtin_shufflevector(a, b, 1, 5, 3, 7);                                       \
        rows4 r = __builtin_shufflevector(c, d, 0, 4, 2, 6);                                       \
        rows4 t = __builtin_shufflevector(c, d, 1, 5, 3, 7);                                       \
        (a) = __builtin_shufflevector(p, r, 0, 1, 4, 5);                                           \
        (b) = __builtin_shufflevector(q, t, 0, 1, 4, 5);                                           \
        (c) = __builtin_shufflevector(p, r, 2, 3, 6, 7);                                           \
        (d) = __builtin_shufflevector(q, t, 2, 3, 6, 7);                                           \
    } while (0)

/* what the rows of eight stripes add, each from 0 on; twice four hide how long a step takes */
static void lin_stripes(double a, double k, const double *x, double *y)
{
    const uint32_t far = 4 * HR_TA_STRIPE;
    rows4 low = {0};
    rows4 high = {0};
    for (uint32_t i = 0; i < HR_TA_STRIPE; i += 4) {
        const double *from = x + i;
        rows4 row[8];
        for (uint32_t j = 0; j < 4; j++) {
            row[j] = AT(from + j * HR_TA_STRIPE);
            row[4 + j] = AT(from + far + j * HR_TA_STRIPE);
        }
        TURN(row[0], row[1], row[2], row[3]);
        TURN(row[4], row[5], row[6], row[7]);
        for (uint32_t j = 0; j < 4; j++) {
            row[j] = low = a * low + k * row[j];
            row[4 + j] = high = a * high + k * row[4 + j];
        }
        TURN(row[0], row[1], row[2], row[3]);
        TURN(row[4], row[5], row[6], row[7]);
        double *to = y + i;
        for (uint32_t j = 0; j < 4; j++) {
            TO(to + j * HR_TA_STRIPE) = row[j];
            TO(to + far + j * HR_TA_STRIPE) = row[4 + j];
        }
    }
}

void HR_TA_FN(lin)(hr_ta_lin *f, const double *x, double *y, uint32_t m)
{
    double power[HR_TA_STRIPE] HR_UNINIT;
    uint32_t i = lin_head(f, x, y, m);
    if (i < m) lin_powers(power, f->a);
    while (i < m) {
        if (f->taken % HR_TA_STRIPE != 0 || m - i < 8 * HR_TA_STRIPE) {
            i += lin_rows(f, power, x + i, y + i, m - i);
            continue;
        }
        lin_stripes(f->a, f->k, x + i, y + i);
        double base = f->base;
        for (uint32_t k = 0; k < 8; k++, i += HR_TA_STRIPE) {
            for (uint32_t j = 0; j < HR_TA_STRIPE; j += 4)
                TO(y + i + j) = AT(power + j) * base + AT(y + i + j);
            base = y[i + HR_TA_STRIPE - 1];
        }
        f->base = base;
        f->taken += 8 * HR_TA_STRIPE;
    }
    if (m > 0) f->last = y[m - 1];
}

/* by fours; k: what is left of the value before the four */
static double lin_each_row(hr_ta_lin *f, uint32_t place, double c, double x)
{
    f->part = place == 0 ? c * x : (1 - c) * f->part + c * x;
    f->k = place == 0 ? 1 - c : (1 - c) * f->k;
    double y = f->k * f->base + f->part;
    if (place == 3) f->base = y;
    return y;
}

void HR_TA_FN(lin_each)(hr_ta_lin *f, const double *c, const double *x, double *y, uint32_t m)
{
    uint32_t i = 0;
    if (m > 0 && f->taken == 0) {
        f->base = y[i] = x[i];
        i++;
        f->taken = 1;
    }
    uint32_t place = (uint32_t)(f->taken - 1) % 4;
    f->taken += m - i;
    for (; i < m && place != 0; i++, place = (place + 1) % 4)
        y[i] = lin_each_row(f, place, c[i], x[i]);
    for (; m - i >= 4; i += 4) {
        double keep[4] = {0};
        double part[4] = {0};
        for (uint32_t k = 0; k < 4; k++) {
            keep[k] = 1 - c[i + k];
            part[k] = c[i + k] * x[i + k];
        }
        for (uint32_t k = 1; k < 4; k++) {
            part[k] = keep[k] * part[k - 1] + part[k];
            keep[k] = keep[k] * keep[k - 1];
        }
        double base = f->base;
        for (uint32_t k = 0; k < 4; k++)
            y[i + k] = keep[k] * base + part[k];
        f->base = y[i + 3];
    }
    for (; i < m; i++, place++)
        y[i] = lin_each_row(f, place, c[i], x[i]);
}

void HR_TA_FN(sums)(double *y, const double *w, double by, uint32_t n, uint32_t m)
{
    double four[HR_TA_SPAN] HR_UNINIT;
    uint32_t whole = n / 4 * 4;
    for (uint32_t i = 0; i + 3 < n - 1 + m; i++)
        four[i] = (w[i] + w[i + 1]) + (w[i + 2] + w[i + 3]);
    const double *from = whole > 0 ? four : w;
    uint32_t one = whole > 0 ? 4 : 1;
    uint32_t i = 0;
    for (; m - i >= 16; i += 16) {
        rows4 a = AT(from + i);
        rows4 b = AT(from + i + 4);
        rows4 c = AT(from + i + 8);
        rows4 d = AT(from + i + 12);
        uint32_t k = one;
        for (; k < whole; k += 4) {
            a += AT(four + i + k);
            b += AT(four + i + k + 4);
            c += AT(four + i + k + 8);
            d += AT(four + i + k + 12);
        }
        for (; k < n; k++) {
            a += AT(w + i + k);
            b += AT(w + i + k + 4);
            c += AT(w + i + k + 8);
            d += AT(w + i + k + 12);
        }
        TO(y + i) = a * by;
        TO(y + i + 4) = b * by;
        TO(y + i + 8) = c * by;
        TO(y + i + 12) = d * by;
    }
    for (; i < m; i++) {
        double all = from[i];
        uint32_t k = one;
        for (; k < whole; k += 4)
            all += four[i + k];
        for (; k < n; k++)
            all += w[i + k];
        y[i] = all * by;
    }
}

void HR_TA_FN(weighed)(double *y, const double *w, double by, uint32_t n, uint32_t m)
{
    uint32_t i = 0;
    for (; m - i >= 16; i += 16) {
        rows4 a = AT(w + i);
        rows4 b = AT(w + i + 4);
        rows4 c = AT(w + i + 8);
        rows4 d = AT(w + i + 12);
        for (uint32_t k = 1; k < n; k++) {
            double weight = k + 1.0;
            a += weight * AT(w + i + k);
            b += weight * AT(w + i + k + 4);
            c += weight * AT(w + i + k + 8);
            d += weight * AT(w + i + k + 12);
        }
        TO(y + i) = a * by;
        TO(y + i + 4) = b * by;
        TO(y + i + 8) = c * by;
        TO(y + i + 12) = d * by;
    }
    for (; i < m; i++) {
        double all = w[i];
        for (uint32_t k = 1; k < n; k++)
            all += (k + 1.0) * w[i + k];
        y[i] = all * by;
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

/* of two neighbours, each the best of so many rows, the better, and how many rows ago it was */
static void later(double *restrict to, double *restrict to_age, const double *restrict w,
                  const double *restrict age, uint32_t far, uint32_t m)
{
    const double older = far;
    const double *restrict now = w + far;
    const double *restrict now_age = age + far;
    for (uint32_t i = 0; i < m; i++) {
        double old_age = age[i] + older;
        to_age[i] = now[i] >= w[i] ? now_age[i] : old_age;
    }
    for (uint32_t i = 0; i < m; i++)
        to[i] = now[i] >= w[i] ? now[i] : w[i];
}

void HR_TA_FN(since_top)(double *y, double *w, uint32_t n, uint32_t m)
{
    double other[HR_TA_SPAN] HR_UNINIT;
    double age[HR_TA_SPAN] HR_UNINIT;
    double other_age[HR_TA_SPAN] HR_UNINIT;
    double *from[] = {w, age};
    double *to[] = {other, other_age};
    uint32_t len = n - 1 + m;
    for (uint32_t i = 0; i < len; i++)
        age[i] = 0;
    for (uint32_t wide = 1; wide < n;) {
        uint32_t far = 2 * wide <= n ? wide : n - wide;
        len -= far;
        later(to[0], to[1], from[0], from[1], far, len);
        for (int k = 0; k < 2; k++) {
            double *last = from[k];
            from[k] = to[k];
            to[k] = last;
        }
        wide += far;
    }
    memcpy(y, from[1], m * sizeof *y);
}

/* the best of four rows, or of what four rows have in them, which may overlap */
#define FOURS(fn, best)                                                                            \
    static void fn(double *restrict to, const double *restrict w, const uint32_t *at, uint32_t m)  \
    {                                                                                              \
        const double *restrict a = w + at[0];                                                      \
        const double *restrict b = w + at[1];                                                      \
        const double *restrict c = w + at[2];                                                      \
        for (uint32_t i = 0; i < m; i++)                                                           \
            to[i] = best(best(w[i], a[i]), best(b[i], c[i]));                                      \
    }
FOURS(fours_more, hr_ta_more)
FOURS(fours_less, hr_ta_less_of)

typedef void (*fours_fn)(double *restrict to, const double *restrict w, const uint32_t *at,
                         uint32_t m);

HR_INLINE void bests(double *y, const double *w, uint32_t n, uint32_t m, fours_fn fours)
{
    double one[HR_TA_SPAN] HR_UNINIT;
    double two[HR_TA_SPAN] HR_UNINIT;
    uint32_t len = n - 1 + m;
    uint32_t wide = 1;
    for (int k = 0; 4 * wide < n; k++) {
        const uint32_t at[] = {wide, 2 * wide, 3 * wide};
        double *to = k == 0 ? one : two;
        len -= 3 * wide;
        fours(to, w, at, len);
        w = to;
        wide *= 4;
    }
    uint32_t last = n - wide;
    const uint32_t at[] = {HR_MIN(wide, last), HR_MIN(2 * wide, last), last};
    fours(y, w, at, m);
}

_Static_assert(HR_TA_SMALL <= 64, "fours of fours of fours");

void HR_TA_FN(tops)(double *y, const double *w, uint32_t n, uint32_t m)
{
    bests(y, w, n, m, fours_more);
}

void HR_TA_FN(lows)(double *y, const double *w, uint32_t n, uint32_t m)
{
    bests(y, w, n, m, fours_less);
}

/* What is far from pivot loses digits: such a row again, from its own window. */
static double variance_of(const double *w, uint32_t n, double *mean_of)
{
    double all = 0;
    double squares = 0;
    for (uint32_t k = 0; k < n; k++)
        all += w[k] - w[n - 1];
    double mean = all / n;
    for (uint32_t k = 0; k < n; k++) {
        double d = w[k] - w[n - 1] - mean;
        squares += d * d;
    }
    *mean_of = w[n - 1] + mean;
    return squares / n;
}

/* sums about pivot: the same number for all rows of HR_TA_CHUNK, whatever the calls */
static void variances_by(double *mean, double *y, const double *w, double pivot, uint32_t n,
                         uint32_t m)
{
    double d[HR_TA_SPAN] HR_UNINIT;
    double by = 1.0 / n;
    for (uint32_t i = 0; i < n - 1 + m; i++)
        d[i] = w[i] - pivot;
    HR_TA_FN(sums)(mean, d, by, n, m);
    for (uint32_t i = 0; i < n - 1 + m; i++)
        d[i] = d[i] * d[i];
    HR_TA_FN(sums)(y, d, by, n, m);
    uint64_t again = 0;
    for (uint32_t i = 0; i < m; i++) {
        double off = mean[i];
        double all = y[i];
        double v = all - off * off;
        again |= v * 4096 >= all ? 0u : 1u;
        y[i] = v * 4096 >= all ? v : -1;
        mean[i] = off + pivot;
    }
    for (uint32_t i = 0; i < m && again; i++)
        if (y[i] < 0) y[i] = variance_of(w + i, n, &mean[i]);
    for (uint32_t i = 0; i < m; i++)
        y[i] = y[i] <= 1e-28 * mean[i] * mean[i] ? 0 : y[i];
}

void HR_TA_FN(variances)(hr_ta *s, int j, const double *x, double *mean, double *y, uint32_t m)
{
    double w[HR_TA_SPAN] HR_UNINIT;
    hr_ta_ring *r = &s->ring[j];
    uint32_t n = r->cap;
    hr_ta_span(s, j, x, m, w);
    for (uint32_t i = 0; i < m;) {
        if (r->at == 0) s->sum[j].now.hi = w[n - 1 + i];
        uint32_t rows = HR_TA_CHUNK - r->at;
        if (rows > m - i) rows = m - i;
        variances_by(mean + i, y + i, w + i, s->sum[j].now.hi, n, rows);
        i += rows;
        r->at = (r->at + rows) % HR_TA_CHUNK;
    }
}

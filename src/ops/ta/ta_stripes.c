/* SPDX-License-Identifier: Apache-2.0 */
/* What goes on over all rows, by stripes of HR_TA_STRIPE of them: what the rows of a stripe make by
 * themselves is worked out for sixteen stripes side by side, then each is put behind the value
 * before its stripe. Which rows a stripe has hangs on their place among all rows alone. */
#include "ops/ta/ta_cols.h"

typedef hr_ta_rows4 rows4;
#define AT HR_TA_AT
#define TO HR_TA_TO
#define ABREAST 4 /* vectors of four stripes: they hide how long a step takes */
#define FEW (4 * HR_TA_STRIPE)
#define MANY (ABREAST * FEW)

typedef enum stripe_of {
    OF_LIN,     /* v = a v + k x from 0 */
    OF_SUM,     /* of rows */
    OF_PRODUCT, /* of rows */
} stripe_of;

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
    const rows4 first = {a, a2, a2 * a, a4};
    const rows4 next = first * a4;
    const double a8 = a4 * a4;
    TO(power) = first;
    TO(power + 4) = next;
    TO(power + 8) = first * a8;
    TO(power + 12) = next * a8;
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

#define STEP(v, x) (what == OF_SUM ? (v) + (x) : what == OF_PRODUCT ? (v) * (x) : a * (v) + k * (x))

/* what the rows of four stripes, or of ABREAST times as many, make, each from nothing on */
HR_INLINE void stripes(stripe_of what, uint32_t abreast, double a, double k, const double *x,
                       double *y)
{
    rows4 v[ABREAST] HR_UNINIT;
    for (uint32_t g = 0; g < abreast; g++)
        v[g] = (rows4){0} + (what == OF_PRODUCT ? 1.0 : 0.0);
    for (uint32_t i = 0; i < HR_TA_STRIPE; i += 4) {
        for (uint32_t g = 0; g < abreast; g++) {
            const double *from = x + i + g * FEW;
            double *to = y + i + g * FEW;
            rows4 r0 = AT(from);
            rows4 r1 = AT(from + HR_TA_STRIPE);
            rows4 r2 = AT(from + 2 * HR_TA_STRIPE);
            rows4 r3 = AT(from + 3 * HR_TA_STRIPE);
            TURN(r0, r1, r2, r3);
            r0 = STEP(v[g], r0);
            r1 = STEP(r0, r1);
            r2 = STEP(r1, r2);
            v[g] = r3 = STEP(r2, r3);
            TURN(r0, r1, r2, r3);
            TO(to) = r0;
            TO(to + HR_TA_STRIPE) = r1;
            TO(to + 2 * HR_TA_STRIPE) = r2;
            TO(to + 3 * HR_TA_STRIPE) = r3;
        }
    }
}

/* of so many rows, at the start of a stripe; 0: too few */
HR_INLINE uint32_t stripes_some(stripe_of what, double a, double k, const double *x, double *y,
                                uint32_t m)
{
    if (m < FEW) return 0;
    if (m < MANY) {
        stripes(what, 1, a, k, x, y);
        return FEW;
    }
    stripes(what, ABREAST, a, k, x, y);
    return MANY;
}

void HR_TA_FN(lin)(hr_ta_lin *f, const double *x, double *y, uint32_t m)
{
    double power[HR_TA_STRIPE] HR_UNINIT;
    uint32_t i = lin_head(f, x, y, m);
    if (i < m) lin_powers(power, f->a);
    const double whole = i < m ? power[HR_TA_STRIPE - 1] : 0;
    while (i < m) {
        uint32_t n = f->taken % HR_TA_STRIPE != 0
                         ? 0
                         : stripes_some(OF_LIN, f->a, f->k, x + i, y + i, m - i);
        if (n == 0) {
            i += lin_rows(f, power, x + i, y + i, m - i);
            continue;
        }
        double base = f->base;
        for (uint32_t k = 0; k < n; k += HR_TA_STRIPE) {
            double *part = y + i + k;
            double next = whole * base + part[HR_TA_STRIPE - 1];
            for (uint32_t j = 0; j < HR_TA_STRIPE; j += 4)
                TO(part + j) = AT(power + j) * base + AT(part + j);
            base = next;
        }
        f->base = base;
        f->taken += n;
        i += n;
    }
    if (m > 0) f->last = y[m - 1];
}

#define LINS 3
typedef void (*make_fn)(uint32_t i, uint32_t n, const hr_wide *v, double *const *y);

HR_INLINE void make_part(uint32_t i, uint32_t n, double *const *x, int lins, make_fn make,
                         double *const *y)
{
    hr_wide v[LINS] HR_UNINIT;
    for (int j = 0; j < lins; j++)
        v[j] = hr_wide_get(x[j] + i, n);
    make(i, n, v, y);
}

/* what stripes make of row i on, put behind the values before theirs */
HR_INLINE void make_stripe(uint32_t i, const double *power, const double *base, double *const *x,
                           int lins, make_fn make, double *const *y)
{
    for (uint32_t j = 0; j < HR_TA_STRIPE; j += 4) {
        rows4 all[LINS] HR_UNINIT;
        for (int f = 0; f < lins; f++)
            all[f] = AT(power + j) * base[f] + AT(x[f] + i + j);
        for (uint32_t h = 0; h < 4; h += HR_TA_WIDE) {
            hr_wide v[LINS] HR_UNINIT;
            for (int f = 0; f < lins; f++)
                v[f] = HR_TA_PART(all[f], h);
            make(i + j + h, HR_TA_WIDE, v, y);
        }
    }
}

/* Averages of one factor a, of as many rows so far: each as lin has them, into x too but where they
 * go by whole stripes. */
HR_INLINE void lins_of(hr_ta_lin *f, double *const *x, uint32_t m, int lins, make_fn make,
                       double *const *y)
{
    double power[HR_TA_STRIPE] HR_UNINIT;
    lin_powers(power, f->a);
    const double whole = power[HR_TA_STRIPE - 1];
    for (uint32_t i = 0; i < m;) {
        bool is_whole = f->taken >= f->lead && f->taken % HR_TA_STRIPE == 0;
        uint32_t n = 0;
        for (int j = 0; j < lins && is_whole; j++)
            n = stripes_some(OF_LIN, f[j].a, f[j].k, x[j] + i, x[j] + i, m - i);
        if (n == 0) {
            n = HR_MIN(m - i, HR_TA_STRIPE - (uint32_t)(f->taken % HR_TA_STRIPE));
            for (int j = 0; j < lins; j++)
                HR_TA_FN(lin)(&f[j], x[j] + i, x[j] + i, n);
            for (uint32_t k = 0; k < n; k++)
                make_part(i + k, 1, x, lins, make, y);
            i += n;
            continue;
        }
        double base[LINS] = {0};
        for (int j = 0; j < lins; j++)
            base[j] = f[j].base;
        for (uint32_t end = i + n; i < end; i += HR_TA_STRIPE) {
            double next[LINS] = {0};
            for (int j = 0; j < lins; j++)
                next[j] = whole * base[j] + x[j][i + HR_TA_STRIPE - 1];
            make_stripe(i, power, base, x, lins, make, y);
            for (int j = 0; j < lins; j++)
                base[j] = next[j];
        }
        for (int j = 0; j < lins; j++) {
            f[j].base = f[j].last = base[j];
            f[j].taken += n;
        }
    }
}

#define OF_LINS(name, lins, outputs)                                                               \
    HR_INLINE void make_##name(uint32_t i, uint32_t n, const hr_wide *v, double *const *y)         \
    {                                                                                              \
        outputs                                                                                    \
    }                                                                                              \
    void HR_TA_FN(lins_##name)(hr_ta_lin * f, double *const *x, double *const *y, uint32_t m)      \
    {                                                                                              \
        lins_of(f, x, m, lins, make_##name, y);                                                    \
    }
/* clang-format off */
OF_LINS(share, 2, hr_wide_put(y[0] + i, hr_wide_or_null(100 * v[0] / (v[0] + v[1])), n);)
OF_LINS(apart, 2, hr_wide_put(y[0] + i,
                              hr_wide_or_null(100 * hr_wide_abs(v[0] - v[1]) / (v[0] + v[1])), n);)
OF_LINS(by_third, 3, hr_wide by = 100 / v[2];
                     hr_wide_put(y[0] + i, hr_wide_or_null(v[0] * by), n);
                     hr_wide_put(y[1] + i, hr_wide_or_null(v[1] * by), n);)
/* clang-format on */

void HR_TA_FN(pile)(hr_ta *s, const double *x, double *y, uint32_t m)
{
    hr_ta_lin *f = &s->lin[2];
    const double high = s->sum[0].now.hi;
    const double low = s->sum[0].now.lo;
    for (uint32_t i = 0; i < m;) {
        uint32_t place = f->taken % HR_TA_STRIPE;
        uint32_t n = place != 0 ? 0 : stripes_some(OF_SUM, 1, 1, x + i, y + i, m - i);
        double base = f->base;
        for (uint32_t k = 0; k < n; k += HR_TA_STRIPE) {
            double *part = y + i + k;
            double next = base + part[HR_TA_STRIPE - 1];
            for (uint32_t j = 0; j < HR_TA_STRIPE; j += 4)
                TO(part + j) = high + (low + (base + AT(part + j)));
            base = next;
        }
        if (n == 0) {
            f->part = place == 0 ? x[i] : f->part + x[i];
            double all = base + f->part;
            y[i] = high + (low + all);
            if (place == HR_TA_STRIPE - 1) base = all;
            n = 1;
        }
        f->base = base;
        f->taken += n;
        i += n;
    }
    if ((s->seen + m) % HR_TA_CHUNK != 0) return;
    s->sum[0].now = hr_ta_plus(s->sum[0].now, hr_ta_one(f->base));
    f->base = 0;
    f->taken = 0;
}

/* row by row, where a change past the range is none */
static uint32_t follow_rows(hr_ta_lin *f, const double *times, double *y, uint32_t m)
{
    uint32_t n = 0;
    for (uint32_t place = f->taken % HR_TA_STRIPE; n < m && place < HR_TA_STRIPE; place++, n++) {
        double before = place == 0 ? 1 : f->part;
        f->part = before * times[n];
        if (!isfinite(f->base * f->part)) f->part = before;
        y[n] = f->base * f->part;
        if (place == HR_TA_STRIPE - 1) f->base = y[n];
    }
    f->taken += n;
    return n;
}

void HR_TA_FN(follow)(hr_ta_lin *f, const double *times, double *y, uint32_t m)
{
    for (uint32_t i = 0; i < m;) {
        uint32_t n = f->taken % HR_TA_STRIPE != 0
                         ? 0
                         : stripes_some(OF_PRODUCT, 1, 1, times + i, y + i, m - i);
        rows4 past[HR_TA_STRIPE / 4] = {{0}}; /* apart: an addition waits for the one before it */
        double base = f->base;
        for (uint32_t k = 0; k < n; k += HR_TA_STRIPE) {
            double *part = y + i + k;
            double next = base * part[HR_TA_STRIPE - 1];
            for (uint32_t j = 0; j < HR_TA_STRIPE; j += 4) {
                rows4 v = base * AT(part + j);
                past[j / 4] += v - v;
                TO(part + j) = v;
            }
            base = next;
        }
        rows4 all = (past[0] + past[1]) + (past[2] + past[3]);
        if (n > 0 && (all[0] + all[1]) + (all[2] + all[3]) == 0) {
            f->base = base;
            f->taken += n;
            i += n;
            continue;
        }
        for (uint32_t to = i + HR_MAX(n, 1u); i < to;)
            i += follow_rows(f, times + i, y + i, to - i);
    }
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

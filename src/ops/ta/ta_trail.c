/* SPDX-License-Identifier: Apache-2.0 */
/* What others have beside Tulip's: stops that trail the price, averages that turn with it, fractal
 * bands, the Hurst exponent. Row by row. */
#include <math.h>

#include "base/powers.h"
#include "ops/ta/ta_parts.h"

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* ---- stops ---- */

enum { CLOSE, RANGE, UP, DOWN, RISES, BEGUN, TOP, BOTTOM, STOPPED }; /* places in v */

/* Wilder's average of true ranges from the second row on; null in the first n rows. */
static double range_step(hr_ta *s, const double *x)
{
    double n = s->n[0];
    double last = s->v[CLOSE];
    s->v[CLOSE] = x[2];
    if (s->seen == 0) return (double)NAN;
    double tr = larger(x[0] - x[1], larger(fabs(x[0] - last), fabs(x[1] - last)));
    if (s->seen < s->n[0]) {
        s->v[RANGE] += tr;
        return (double)NAN;
    }
    s->v[RANGE] =
        s->seen == s->n[0] ? (s->v[RANGE] + tr) / n : s->v[RANGE] + (tr - s->v[RANGE]) / n;
    return s->v[RANGE];
}

/* Bands `width` about `middle` that only close in while the trend holds. y: the stop; it again as
 * the upper or the lower band. */
static void bands_step(hr_ta *s, double *y, double middle, double width, double last, double close)
{
    double *v = s->v;
    double up = middle + width;
    double down = middle - width;
    if (v[BEGUN] == 0 || up < v[UP] || last > v[UP]) v[UP] = up;
    if (v[BEGUN] == 0 || down > v[DOWN] || last < v[DOWN]) v[DOWN] = down;
    v[BEGUN] = 1;
    v[RISES] = close > (v[RISES] != 0 ? v[DOWN] : v[UP]) ? 1 : 0;
    y[0] = v[RISES] != 0 ? v[DOWN] : v[UP];
    y[v[RISES] != 0 ? 2 : 1] = y[0];
}

static void step_supertrend(hr_ta *s, const double *x, double *y)
{
    double last = s->v[CLOSE];
    double range = range_step(s, x);
    if (s->seen < s->n[0]) return;
    double middle = (x[0] + x[1]) / 2;
    if (s->v[BEGUN] == 0) s->v[RISES] = x[2] >= middle ? 1 : 0;
    bands_step(s, y, middle, s->p[1] * range, last, x[2]);
}
HR_TA_DEFINE(supertrend, 3, 3, hr_ta_no_setup, step_supertrend)

static void step_atrstop(hr_ta *s, const double *x, double *y)
{
    double last = s->v[CLOSE];
    double range = range_step(s, x);
    if (s->seen < s->n[0]) return;
    if (s->v[BEGUN] == 0) s->v[RISES] = x[2] >= last ? 1 : 0;
    bands_step(s, y, x[2], s->p[1] * range, last, x[2]);
}
HR_TA_DEFINE(atrstop, 3, 3, hr_ta_no_setup, step_atrstop)

/* The extreme close of the trend is TOP or BOTTOM; before the first stop both are kept. */
static void step_volstop(hr_ta *s, const double *x, double *y)
{
    double *v = s->v;
    double range = s->v[RANGE]; /* of the row before */
    double close = x[2];
    (void)range_step(s, x);
    if (s->seen == 0) v[TOP] = v[BOTTOM] = v[UP] = close; /* UP: the first close */
    if (s->seen + 1 == s->n[0]) v[RISES] = close > v[UP] ? 1 : 0;
    if (s->seen > s->n[0]) {
        double sign = v[RISES] != 0 ? 1 : -1;
        double stop = (v[RISES] != 0 ? v[TOP] : v[BOTTOM]) - sign * s->p[1] * range;
        bool is_stop = sign * close < sign * stop;
        if (v[STOPPED] != 0) {
            y[0] = stop;
            y[1] = is_stop;
        }
        if (is_stop) {
            v[STOPPED] = 1;
            v[RISES] = v[RISES] != 0 ? 0 : 1;
            v[TOP] = v[BOTTOM] = close;
        }
    }
    v[TOP] = larger(v[TOP], close);
    v[BOTTOM] = -larger(-v[BOTTOM], -close);
}
HR_TA_DEFINE(volstop, 3, 2, hr_ta_no_setup, step_volstop)

/* ---- averages ---- */

static void step_mcginley(hr_ta *s, const double *x, double *y)
{
    if (s->seen > 0) {
        double r = x[0] / s->v[0];
        double next = s->v[0] + (x[0] - s->v[0]) / (s->p[1] * s->p[0] * (r * r) * (r * r));
        if (!isfinite(next)) return;
        y[0] = s->v[0] = next;
    } else {
        s->v[0] = x[0];
    }
}
HR_TA_DEFINE(mcginley, 1, 1, hr_ta_no_setup, step_mcginley)

/* Arc tangent: halved twice by the tangent of half an angle, then its series. */
static double arc_tangent(double x)
{
    const double half_pi = 1.57079632679489661923;
    double a = fabs(x);
    bool is_over = a > 1;
    if (is_over) a = 1 / a;
    a = a / (1 + sqrt(1 + a * a));
    a = a / (1 + sqrt(1 + a * a)); /* at most tan(pi / 16) */
    double z = a * a;
    double sum = 0;
    for (int k = 25; k >= 1; k -= 2)
        sum = 1.0 / k - z * sum;
    double angle = 4 * a * sum;
    if (is_over) angle = half_pi - angle;
    return x < 0 ? -angle : angle;
}

enum { I2, Q2, RE, IM, PERIOD, PHASE, MAMA, FAMA, HAS };
enum { PRICE, SMOOTH, DETREND, QUAD };

HR_INLINE void setup_mama(hr_ta *s)
{
    for (int j = 0; j < 4; j++)
        hr_ta_room(s, j, 16, 1);
}

/* Hilbert's transform over the values of ring j, of k rows before. */
static double transform(hr_ta *s, int j, uint32_t k)
{
    return 0.0962 * hr_ta_ago(s, j, k) + 0.5769 * hr_ta_ago(s, j, k + 2) -
           0.5769 * hr_ta_ago(s, j, k + 4) - 0.0962 * hr_ta_ago(s, j, k + 6);
}

/* The period of the cycle, held within bounds about the one before. */
static double period_of(const double *v)
{
    double now = v[IM] != 0 && v[RE] != 0 ? 6.28318530717958647693 / arc_tangent(v[IM] / v[RE]) : 0;
    double last = v[PERIOD];
    if (now > 1.5 * last) now = 1.5 * last;
    if (now < 0.67 * last) now = 0.67 * last;
    if (now < 6) now = 6;
    if (now > 50) now = 50;
    return 0.2 * now + 0.8 * last;
}

/* One row of the phasor; gives the factor of the average. */
static double phasor(hr_ta *s)
{
    double *v = s->v;
    double adjust = 0.075 * v[PERIOD] + 0.54;
    double smooth = (4 * hr_ta_ago(s, PRICE, 0) + 3 * hr_ta_ago(s, PRICE, 1) +
                     2 * hr_ta_ago(s, PRICE, 2) + hr_ta_ago(s, PRICE, 3)) /
                    10;
    (void)hr_ta_push(s, SMOOTH, smooth);
    (void)hr_ta_push(s, DETREND, transform(s, SMOOTH, 0) * adjust);
    double q1 = transform(s, DETREND, 0) * adjust;
    double i1 = hr_ta_ago(s, DETREND, 3);
    (void)hr_ta_push(s, QUAD, q1);
    double ji = transform(s, DETREND, 3) * adjust;
    double jq = transform(s, QUAD, 0) * adjust;
    double i2 = 0.2 * (i1 - jq) + 0.8 * v[I2];
    double q2 = 0.2 * (q1 + ji) + 0.8 * v[Q2];
    v[RE] = 0.2 * (i2 * v[I2] + q2 * v[Q2]) + 0.8 * v[RE];
    v[IM] = 0.2 * (i2 * v[Q2] - q2 * v[I2]) + 0.8 * v[IM];
    v[I2] = i2;
    v[Q2] = q2;
    v[PERIOD] = period_of(v);
    double phase = i1 != 0 ? arc_tangent(q1 / i1) * 57.29577951308232087680 : 0;
    double turned = larger(v[PHASE] - phase, 1);
    v[PHASE] = phase;
    return larger(s->p[0] / turned, s->p[1]);
}

static void step_mama(hr_ta *s, const double *x, double *y)
{
    double *v = s->v;
    (void)hr_ta_push(s, PRICE, x[0]);
    if (s->seen < 5) return;
    if (s->seen == 5) {
        double sum = 0;
        for (uint32_t k = 6; k-- > 0;)
            sum += hr_ta_ago(s, PRICE, k);
        v[MAMA] = v[FAMA] = sum / 6;
    } else {
        double a = phasor(s);
        v[MAMA] = a * x[0] + (1 - a) * v[MAMA];
        v[FAMA] = 0.5 * a * v[MAMA] + (1 - 0.5 * a) * v[FAMA];
    }
    y[0] = v[MAMA];
    y[1] = v[FAMA];
}
HR_TA_DEFINE(mama, 1, 2, setup_mama, step_mama)

/* ---- fractals ---- */

HR_INLINE void setup_fcb(hr_ta *s)
{
    for (int j = 0; j < 2; j++)
        hr_ta_room(s, j, 2 * s->n[0] + 1, 1);
    s->v[0] = s->v[1] = (double)NAN;
}

/* Whether the value in the middle of ring j is above all others, times sign. */
static bool is_peak(hr_ta *s, int j, double sign)
{
    double middle = sign * hr_ta_ago(s, j, s->n[0]);
    for (uint32_t k = 0; k <= 2 * s->n[0]; k++)
        if (k != s->n[0] && sign * hr_ta_ago(s, j, k) >= middle) return false;
    return true;
}

static void step_fcb(hr_ta *s, const double *x, double *y)
{
    for (int j = 0; j < 2; j++) {
        (void)hr_ta_push(s, j, x[j]);
        if (hr_ta_is_full(s, j) && is_peak(s, j, j == 0 ? 1 : -1))
            s->v[j] = hr_ta_ago(s, j, s->n[0]);
        y[j] = s->v[j];
    }
}
HR_TA_DEFINE(fcb, 2, 2, setup_fcb, step_fcb)

/* ---- rescaled range ---- */

#define PARTS_MOST 32u
#define PART_LEAST 8u

HR_INLINE void setup_hurst(hr_ta *s)
{
    hr_ta_room(s, 0, s->n[0], 1);
}

/* Mean over the parts of the range of sums about the mean by the deviation; 0: a part is flat. */
static double rescaled(hr_ta *s, uint32_t parts)
{
    uint32_t size = s->n[0] / parts;
    double all = 0;
    for (uint32_t part = 0; part < parts; part++) {
        uint32_t from = (part + 1) * size - 1; /* rows ago of its first */
        double sum = 0;
        for (uint32_t k = 0; k < size; k++)
            sum += hr_ta_ago(s, 0, from - k);
        double mean = sum / size;
        double at = 0;
        double top = -HUGE_VAL;
        double bottom = HUGE_VAL;
        double squares = 0;
        for (uint32_t k = 0; k < size; k++) {
            double d = hr_ta_ago(s, 0, from - k) - mean;
            at += d;
            squares += d * d;
            top = larger(top, at);
            bottom = -larger(-bottom, -at);
        }
        if (!(squares > 0)) return 0;
        all += (top - bottom) / sqrt(squares / size);
    }
    return all / parts;
}

/* Least squares slope of log(rescaled range) against log(size of the parts). */
static double exponent(hr_ta *s)
{
    double n = 0;
    double sx = 0;
    double sy = 0;
    double xx = 0;
    double xy = 0;
    for (uint32_t parts = 1; parts <= PARTS_MOST && s->n[0] / parts >= PART_LEAST; parts *= 2) {
        double size = s->n[0] / parts; /* whole */
        double rs = rescaled(s, parts);
        if (!(rs > 0)) return (double)NAN;
        double x = hr_log_ratio(size, 1);
        double y = hr_log_ratio(rs, 1);
        n++;
        sx += x;
        sy += y;
        xx += x * x;
        xy += x * y;
    }
    return (n * xy - sx * sy) / (n * xx - sx * sx);
}

static void step_hurst(hr_ta *s, const double *x, double *y)
{
    double last = s->v[0];
    s->v[0] = x[0];
    if (s->seen == 0) return;
    double r = hr_log_ratio(x[0], last);
    (void)hr_ta_push(s, 0, r); /* null where a value is not above 0: as long as it is inside */
    if (hr_ta_is_full(s, 0)) y[0] = exponent(s);
}
HR_TA_DEFINE(hurst, 1, 1, setup_hurst, step_hurst)

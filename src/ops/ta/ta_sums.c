/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of windows, what two of them make, variances. */
#include "ops/ta/ta_cols.h"

typedef hr_ta_rows4 rows4;
#define AT HR_TA_AT
#define TO HR_TA_TO
#define SUM_FOURS 8 /* that a sum has in registers */

#define FOUR(p) ((AT(p) + AT((p) + 1)) + (AT((p) + 2) + AT((p) + 3)))

/* Of n = 4 fours + at most 3 rows: what goes out of the window at one end is still in a register
 * when the next four come in at the other. The next row. */
HR_INLINE uint32_t sums_of(double *y, const double *w, double by, uint32_t n, uint32_t m,
                           uint32_t fours)
{
    rows4 f[SUM_FOURS] HR_UNINIT;
    uint32_t rest = n - 4 * fours;
    uint32_t i = 0;
    for (uint32_t k = 0; k + 1 < fours && m >= 4; k++)
        f[k] = FOUR(w + 4 * k);
    for (; m - i >= 4; i += 4) {
        const double *last = w + i + 4 * fours;
        f[fours - 1] = FOUR(last - 4);
        rows4 all = f[0];
        for (uint32_t k = 1; k < fours; k++)
            all += f[k];
        if (rest > 0) all += AT(last);
        if (rest > 1) all += AT(last + 1);
        if (rest > 2) all += AT(last + 2);
        TO(y + i) = all * by;
        for (uint32_t k = 1; k < fours; k++)
            f[k - 1] = f[k];
    }
    return i;
}

/* of any n */
static uint32_t sums_long(double *y, const double *w, double by, uint32_t n, uint32_t m)
{
    uint32_t i = 0;
    for (; m - i >= 16; i += 16) {
        const double *from = w + i;
        bool is_four = n >= 4;
        rows4 v[4] HR_UNINIT;
        for (uint32_t j = 0; j < 4; j++)
            v[j] = is_four ? FOUR(from + 4 * j) : AT(from + 4 * j);
        uint32_t k = is_four ? 4 : 1;
        for (; k + 4 <= n; k += 4)
            for (uint32_t j = 0; j < 4; j++)
                v[j] += FOUR(from + k + 4 * j);
        for (; k < n; k++)
            for (uint32_t j = 0; j < 4; j++)
                v[j] += AT(from + k + 4 * j);
        for (uint32_t j = 0; j < 4; j++)
            TO(y + i + 4 * j) = v[j] * by;
    }
    return i;
}

static uint32_t sums_whole(double *y, const double *w, double by, uint32_t n, uint32_t m)
{
    switch (n / 4) {
    case 1:
        return sums_of(y, w, by, n, m, 1);
    case 2:
        return sums_of(y, w, by, n, m, 2);
    case 3:
        return sums_of(y, w, by, n, m, 3);
    case 4:
        return sums_of(y, w, by, n, m, 4);
    case 5:
        return sums_of(y, w, by, n, m, 5);
    case 6:
        return sums_of(y, w, by, n, m, 6);
    case 7:
        return sums_of(y, w, by, n, m, 7);
    case SUM_FOURS:
        return sums_of(y, w, by, n, m, SUM_FOURS);
    default:
        return sums_long(y, w, by, n, m);
    }
}

HR_INLINE double sum_row(const double *w, uint32_t n)
{
    double all = w[0];
    uint32_t k = 1;
    if (n >= 4) all = (w[0] + w[1]) + (w[2] + w[3]);
    if (n >= 4) k = 4;
    for (; k + 4 <= n; k += 4)
        all += (w[k] + w[k + 1]) + (w[k + 2] + w[k + 3]);
    for (; k < n; k++)
        all += w[k];
    return all;
}

void HR_TA_FN(sums)(double *y, const double *w, double by, uint32_t n, uint32_t m)
{
    for (uint32_t i = sums_whole(y, w, by, n, m); i < m; i++)
        y[i] = sum_row(w + i, n) * by;
}

/* what two sums make, of n rows from row i on */
typedef void (*two_fn)(uint32_t i, uint32_t n, hr_wide a, hr_wide b, void *to);

/* Two windows; or one, as distances from pivot and their squares. */
typedef struct two_windows {
    const double *w[2];
    bool is_far;
    double pivot;
} two_windows;

/* both, of the four rows at i */
HR_INLINE void two_at(const two_windows *t, uint32_t i, rows4 *both)
{
    both[0] = AT(t->w[0] + i);
    if (t->is_far) {
        both[0] -= t->pivot;
        both[1] = both[0] * both[0];
    } else {
        both[1] = AT(t->w[1] + i);
    }
}

HR_INLINE void two_more(const two_windows *t, uint32_t i, rows4 *both)
{
    rows4 more[2] HR_UNINIT;
    two_at(t, i, more);
    for (int j = 0; j < 2; j++)
        both[j] += more[j];
}

HR_INLINE void two_fours(const two_windows *t, uint32_t i, rows4 *both)
{
    rows4 a[2] HR_UNINIT;
    rows4 b[2] HR_UNINIT;
    rows4 c[2] HR_UNINIT;
    rows4 d[2] HR_UNINIT;
    two_at(t, i, a);
    two_at(t, i + 1, b);
    two_at(t, i + 2, c);
    two_at(t, i + 3, d);
    for (int j = 0; j < 2; j++)
        both[j] = (a[j] + b[j]) + (c[j] + d[j]);
}

/* as sums_of, of two windows at once */
HR_INLINE uint32_t two_of(const two_windows *t, uint32_t n, uint32_t m, uint32_t fours, two_fn make,
                          void *to)
{
    rows4 f[SUM_FOURS][2] HR_UNINIT;
    uint32_t rest = n - 4 * fours;
    uint32_t i = 0;
    for (uint32_t k = 0; k + 1 < fours && m >= 4; k++)
        two_fours(t, 4 * k, f[k]);
    for (; m - i >= 4; i += 4) {
        rows4 all[2] HR_UNINIT;
        two_fours(t, i + 4 * (fours - 1), f[fours - 1]);
        for (int j = 0; j < 2; j++) {
            all[j] = f[0][j];
            for (uint32_t k = 1; k < fours; k++)
                all[j] += f[k][j];
        }
        if (rest > 0) two_more(t, i + 4 * fours, all);
        if (rest > 1) two_more(t, i + 4 * fours + 1, all);
        if (rest > 2) two_more(t, i + 4 * fours + 2, all);
        for (uint32_t k = 1; k < fours; k++)
            for (int j = 0; j < 2; j++)
                f[k - 1][j] = f[k][j];
        for (uint32_t h = 0; h < 4; h += HR_TA_WIDE)
            make(i + h, HR_TA_WIDE, HR_TA_PART(all[0], h), HR_TA_PART(all[1], h), to);
    }
    return i;
}

/* of any n */
static HR_NOINLINE void two_columns(const two_windows *t, uint32_t n, uint32_t m, double *const *y)
{
    HR_TA_ROOM(far);
    HR_TA_ROOM(square);
    const double *w[] = {t->w[0], t->w[1]};
    for (uint32_t i = 0; i < n - 1 + m && t->is_far; i++) {
        far[i] = w[0][i] - t->pivot;
        square[i] = far[i] * far[i];
    }
    for (int j = 0; j < 2; j++)
        HR_TA_FN(sums)(y[j], t->is_far ? (j == 0 ? far : square) : w[j], 1, n, m);
}

/* two_of of each number of fours, a function each; the next row */
typedef uint32_t (*two_fours_fn)(const two_windows *t, uint32_t n, uint32_t m, void *to);
#define TWO_MOST 7
#define TWO_FOURS(name, type, far, fours)                                                          \
    static HR_NOINLINE uint32_t name##_##fours(const two_windows *t, uint32_t n, uint32_t m,       \
                                               void *to)                                           \
    {                                                                                              \
        const two_windows mine = {{t->w[0], t->w[1]}, far, t->pivot};                              \
        type into = *(type *)to;                                                                   \
        uint32_t i = two_of(&mine, n, m, fours, make_##name, &into);                               \
        *(type *)to = into;                                                                        \
        return i;                                                                                  \
    }
#define TWO_ALL(name, type, far)                                                                   \
    TWO_FOURS(name, type, far, 1)                                                                  \
    TWO_FOURS(name, type, far, 2)                                                                  \
    TWO_FOURS(name, type, far, 3)                                                                  \
    TWO_FOURS(name, type, far, 4)                                                                  \
    TWO_FOURS(name, type, far, 5)                                                                  \
    TWO_FOURS(name, type, far, 6)                                                                  \
    TWO_FOURS(name, type, far, 7)                                                                  \
    static const two_fours_fn name##_fours[TWO_MOST] = {name##_1, name##_2, name##_3, name##_4,    \
                                                        name##_5, name##_6, name##_7};

static void two(const two_windows *t, uint32_t n, uint32_t m, const two_fours_fn *of, two_fn make,
                void *to)
{
    HR_TA_COLUMN(a);
    HR_TA_COLUMN(b);
    double *const y[] = {a, b};
    uint32_t fours = n / 4;
    uint32_t i = fours > 0 && fours <= TWO_MOST ? of[fours - 1](t, n, m, to) : 0;
    if (i == m) return;
    two_windows rest = *t;
    rest.w[0] += i;
    rest.w[1] += i;
    two_columns(&rest, n, m - i, y);
    for (uint32_t k = 0; i < m;) {
        uint32_t some = HR_MIN(HR_TA_WIDE, m - i);
        make(i, some, hr_wide_get(a + k, some), hr_wide_get(b + k, some), to);
        i += some;
        k += some;
    }
}

typedef struct ratio_to {
    double *y;
    double times;
} ratio_to;

#define OF_TWO(name, value)                                                                        \
    HR_INLINE void make_##name(uint32_t i, uint32_t n, hr_wide a, hr_wide b, void *to)             \
    {                                                                                              \
        const ratio_to *r = to;                                                                    \
        double *y = r->y + i;                                                                      \
        hr_wide v = (value);                                                                       \
        hr_wide_put(y, hr_wide_or_null(v), n);                                                     \
    }                                                                                              \
    TWO_ALL(name, ratio_to, false)                                                                 \
    static void two_##name(double *y, const double *const *w, double times, uint32_t n,            \
                           uint32_t m)                                                             \
    {                                                                                              \
        const two_windows both = {{w[0], w[1]}, false, 0};                                         \
        ratio_to to = {y, times};                                                                  \
        two(&both, n, m, name##_fours, make_##name, &to);                                          \
    }

/* clang-format off */
OF_TWO(ratio, a / b * r->times)
OF_TWO(ratio_more, a / b * r->times + hr_wide_get(y, n))
OF_TWO(share, a * r->times / (a + b))
OF_TWO(balance, (a - b) * r->times / (a + b))
/* clang-format on */

void HR_TA_FN(ratios)(double *y, const double *const *w, hr_ta_ratio how, double times, uint32_t n,
                      uint32_t m)
{
    switch (how) {
    case HR_TA_RATIO:
        two_ratio(y, w, times, n, m);
        break;
    case HR_TA_RATIO_MORE:
        two_ratio_more(y, w, times, n, m);
        break;
    case HR_TA_SHARE:
        two_share(y, w, times, n, m);
        break;
    case HR_TA_BALANCE:
        two_balance(y, w, times, n, m);
        break;
    default:
        break;
    }
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

typedef struct variance_to {
    double *y[2];
    double by, pivot, root;
    hr_wide_bits lost;
} variance_to;

/* From sums of distances and of their squares to means and variances (or roots of them times
 * root); -1 where digits are lost. What is below 1e-28 of the mean squared cannot be told from 0.
 */
HR_INLINE void variance_rows(uint32_t i, uint32_t n, hr_wide far, hr_wide square, variance_to *t,
                             bool is_root)
{
    hr_wide all = square * t->by;
    hr_wide off = far * t->by;
    hr_wide v = all - off * off;
    hr_wide middle = off + t->pivot;
    hr_wide_bits is_lost = ~(v * 4096 >= all);
    hr_wide value = hr_wide_only(v > 1e-28 * middle * middle, v);
    if (is_root) value = hr_wide_sqrt(value) * t->root;
    hr_wide_put(t->y[0] + i, hr_wide_pick(is_lost, hr_wide_of(-1), value), n);
    hr_wide_put(t->y[1] + i, middle, n);
    t->lost |= is_lost;
}

HR_INLINE void make_variance(uint32_t i, uint32_t n, hr_wide a, hr_wide b, void *to)
{
    variance_rows(i, n, a, b, to, false);
}

TWO_ALL(variance, variance_to, true)

HR_INLINE void make_root(uint32_t i, uint32_t n, hr_wide a, hr_wide b, void *to)
{
    variance_rows(i, n, a, b, to, true);
}
TWO_ALL(root, variance_to, true)

/* those rows again */
static HR_NOINLINE void variances_again(double *const *y, const double *w, double root, uint32_t n,
                                        uint32_t m)
{
    for (uint32_t i = 0; i < m; i++) {
        if (y[0][i] >= 0) continue;
        double v = variance_of(w + i, n, &y[1][i]);
        if (v <= 1e-28 * y[1][i] * y[1][i]) v = 0;
        y[0][i] = root > 0 ? sqrt(v) * root : v;
    }
}

/* sums about pivot: the same number for all rows of HR_TA_CHUNK, whatever the calls */
static void variances_by(double *const *y, const double *w, double pivot, double root, uint32_t n,
                         uint32_t m)
{
    int64_t again = 0;
    const two_windows both = {{w, w}, true, pivot};
    variance_to to = {.y = {y[0], y[1]}, .by = 1.0 / n, .pivot = pivot, .root = root};
    if (root > 0)
        two(&both, n, m, root_fours, make_root, &to);
    else
        two(&both, n, m, variance_fours, make_variance, &to);
    for (int k = 0; k < HR_TA_WIDE; k++)
        again |= to.lost[k];
    if (again != 0) variances_again(y, w, root, n, m);
}

void HR_TA_FN(variances)(hr_ta *s, int j, const double *w, double *const *y, uint32_t m,
                         double root)
{
    hr_ta_ring *r = &s->ring[j];
    uint32_t n = r->cap;
    for (uint32_t i = 0; i < m;) {
        double *const to[] = {y[0] + i, y[1] + i};
        if (r->at == 0) s->sum[j].now.hi = w[n - 1 + i];
        uint32_t rows = HR_TA_CHUNK - r->at;
        if (rows > m - i) rows = m - i;
        variances_by(to, w + i, s->sum[j].now.hi, root, n, rows);
        i += rows;
        r->at = (r->at + rows) % HR_TA_CHUNK;
    }
}

void HR_TA_FN(variances_in)(hr_ta *s, int j, const double *x, double *const *y, uint32_t m,
                            double root)
{
    HR_TA_ROOM(room);
    HR_TA_FN(variances)(s, j, hr_ta_window(s, j, x, m, room), y, m, root);
}

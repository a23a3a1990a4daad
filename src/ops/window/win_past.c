/* SPDX-License-Identifier: Apache-2.0 */
/* Single rows of a window or before it, and what is carried on over all rows. */
#include "base/powers.h"
#include "ops/window/win_past.h"

#define PAST(name, what)                                                                           \
    void hr_win_##name(void *state, const hr_op_rows *r)                                           \
    {                                                                                              \
        hr_win *w = state;                                                                         \
        if (w->width_ns > 0) {                                                                     \
            hr_past_time(w, r, what);                                                              \
        } else {                                                                                   \
            hr_past_rows(w, r, what);                                                              \
        }                                                                                          \
    }

PAST(first, HR_PAST_FIRST)
PAST(last, HR_PAST_LAST)
PAST(count, HR_PAST_COUNT)

size_t hr_win_bytes_past(const hr_op_args *a)
{
    return hr_win_line(HR_WIN_HEAD + hr_win_ring(a) * (a->is_time[0] ? 16 : 8));
}

void hr_win_init_past(void *state, const hr_op_args *a)
{
    (void)hr_win_begin(state, a);
}

bool hr_win_is_sound_past(const void *state, const hr_op_args *a)
{
    return hr_win_is_sound(state, a, hr_win_ring(a));
}

uint32_t hr_win_warm_up_lag(const hr_op_args *a)
{
    return a->is_time[0] ? 0 : (uint32_t)a->v[0];
}

uint32_t hr_win_warm_up_none(const hr_op_args *a)
{
    (void)a;
    return 0;
}

/* ---- over all rows so far, or with weights that fade ---- */

typedef struct carried {
    double high, low; /* a sum as two doubles; or value; or sums of weighted values, of weights */
    double alpha;
    double half_ns;
    int64_t newest;
    uint64_t n;
    char pad[16];
} carried;
_Static_assert(sizeof(carried) == 64, "carried: one line");

size_t hr_win_bytes_carried(const hr_op_args *a)
{
    (void)a;
    return sizeof(carried);
}

void hr_win_init_carried(void *state, const hr_op_args *a)
{
    (void)a;
    *(carried *)state = (carried){.newest = INT64_MIN};
}

void hr_win_init_span(void *state, const hr_op_args *a)
{
    *(carried *)state = (carried){.newest = INT64_MIN, .alpha = 2 / (a->v[0] + 1)};
}

void hr_win_init_alpha(void *state, const hr_op_args *a)
{
    *(carried *)state = (carried){.newest = INT64_MIN, .alpha = a->v[0]};
}

void hr_win_init_half(void *state, const hr_op_args *a)
{
    *(carried *)state = (carried){.newest = INT64_MIN, .half_ns = a->v[0]};
}

/* Of the arguments alone: the rest is numbers. */
static bool carried_is_sound(const carried *c, const carried *fresh)
{
    return memcmp(&c->alpha, &fresh->alpha, sizeof c->alpha) == 0 &&
           memcmp(&c->half_ns, &fresh->half_ns, sizeof c->half_ns) == 0;
}

#define CARRIED_IS_SOUND(name)                                                                     \
    bool hr_win_is_sound_##name(const void *state, const hr_op_args *a)                            \
    {                                                                                              \
        carried fresh;                                                                             \
        hr_win_init_##name(&fresh, a);                                                             \
        return carried_is_sound(state, &fresh);                                                    \
    }

CARRIED_IS_SOUND(carried)
CARRIED_IS_SOUND(span)
CARRIED_IS_SOUND(alpha)
CARRIED_IS_SOUND(half)

/* The error of high + x is exact (Knuth's two-sum) and kept in low, so what is lost is in the
 * 106th bit of the sum. */
HR_INLINE double carry_sum(carried *c, double x)
{
    double s = c->high + x;
    double bb = s - c->high;
    double low = c->low + ((c->high - (s - bb)) + (x - bb));
    c->high = s + low;
    c->low = low - (c->high - s);
    return c->high + c->low;
}

HR_INLINE double carry_min(carried *c, double x)
{
    if (c->n == 1 || x < c->high) c->high = x;
    return c->high;
}

HR_INLINE double carry_max(carried *c, double x)
{
    if (c->n == 1 || x > c->high) c->high = x;
    return c->high;
}

HR_INLINE double carry_mean(carried *c, double x)
{
    return carry_sum(c, x) / (double)c->n;
}

HR_INLINE double carry_count(carried *c, double x)
{
    (void)x;
    return (double)c->n;
}

HR_INLINE double carry_ewma(carried *c, double x)
{
    c->high = c->n == 1 ? x : c->high + c->alpha * (x - c->high);
    return c->high;
}

#define CARRY(name, step)                                                                          \
    void hr_win_##name(void *state, const hr_op_rows *r)                                           \
    {                                                                                              \
        carried c = *(carried *)state;                                                             \
        for (uint32_t i = 0; i < r->n; i++) {                                                      \
            double x = r->in[0][i];                                                                \
            if (hr_win_is_null(x)) {                                                               \
                r->out[0][i] = (double)NAN;                                                        \
                continue;                                                                          \
            }                                                                                      \
            c.n++;                                                                                 \
            r->out[0][i] = hr_win_or_null(step(&c, x));                                            \
        }                                                                                          \
        *(carried *)state = c;                                                                     \
    }

CARRY(cumsum, carry_sum)
CARRY(cummean, carry_mean)
CARRY(cummin, carry_min)
CARRY(cummax, carry_max)
CARRY(cumcount, carry_count)
CARRY(ewma, carry_ewma)
CARRY(ewma_alpha, carry_ewma)

void hr_win_ewma_time(void *state, const hr_op_rows *r)
{
    carried c = *(carried *)state;
    for (uint32_t i = 0; i < r->n; i++) {
        double x = r->in[0][i];
        if (hr_win_is_null(x)) {
            r->out[0][i] = (double)NAN;
            continue;
        }
        if (r->ts[i] > c.newest) {
            double dt = (double)((uint64_t)r->ts[i] - (uint64_t)c.newest);
            double keep = c.n == 0 ? 0 : hr_exp2(-dt / c.half_ns);
            c.high *= keep;
            c.low *= keep;
            c.newest = r->ts[i];
        }
        c.n++;
        c.high += x;
        c.low += 1;
        r->out[0][i] = hr_win_or_null(c.high / c.low);
    }
    *(carried *)state = c;
}

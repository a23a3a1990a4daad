/* SPDX-License-Identifier: Apache-2.0 */
/* What is held from row to row: the newest value there was, how old it is, whether it changed, and
 * a switch with two thresholds. */
#include "ops/window/win.h"
#include "ops/window/win_fold.h"

typedef struct latch {
    double value; /* the newest x; of a switch 0 or 1 */
    double above, below;
    int64_t age;
    int64_t newest; /* time of all rows, those without an x as well */
    int64_t since;  /* newest, when x came */
    uint64_t n;     /* rows with an x */
    char pad[8];
} latch;
_Static_assert(sizeof(latch) == 64, "latch: one line");

#define AGE_NONE INT64_C(8640000000000000) /* the longest duration there is: no limit */

size_t hr_win_bytes_latch(const hr_op_args *a)
{
    (void)a;
    return sizeof(latch);
}

size_t hr_win_bytes_switch(const hr_op_args *a)
{
    return a->v[1] <= a->v[0] ? sizeof(latch) : SIZE_MAX;
}

void hr_win_init_latch(void *state, const hr_op_args *a)
{
    *(latch *)state = (latch){.newest = INT64_MIN, .age = (int64_t)a->v[0]};
}

void hr_win_init_switch(void *state, const hr_op_args *a)
{
    *(latch *)state = (latch){.newest = INT64_MIN, .above = a->v[0], .below = a->v[1]};
}

/* Of the arguments alone: the rest is numbers. */
static bool latch_is_sound(const latch *s, const latch *fresh)
{
    return s->age == fresh->age && memcmp(&s->above, &fresh->above, sizeof s->above) == 0 &&
           memcmp(&s->below, &fresh->below, sizeof s->below) == 0;
}

bool hr_win_is_sound_latch(const void *state, const hr_op_args *a)
{
    latch fresh;
    hr_win_init_latch(&fresh, a);
    return latch_is_sound(state, &fresh);
}

bool hr_win_is_sound_switch(const void *state, const hr_op_args *a)
{
    latch fresh;
    hr_win_init_switch(&fresh, a);
    return latch_is_sound(state, &fresh);
}

uint32_t hr_win_warm_up_one(const hr_op_args *a)
{
    (void)a;
    return 1;
}

/* The age of the newest x, ns. */
HR_INLINE uint64_t latch_pass(latch *s, double x, int64_t t)
{
    if (t > s->newest) s->newest = t;
    if (!hr_win_is_null(x)) {
        s->value = x;
        s->since = s->newest;
        s->n++;
    }
    return (uint64_t)s->newest - (uint64_t)s->since;
}

void hr_win_fill(void *state, const hr_op_rows *r)
{
    latch s = *(latch *)state;
    const uint64_t most = s.age >= AGE_NONE ? UINT64_MAX : (uint64_t)s.age;
    for (uint32_t i = 0; i < r->n; i++) {
        uint64_t age = latch_pass(&s, r->in[0][i], r->ts[i]);
        r->out[0][i] = s.n > 0 && age <= most ? s.value : (double)NAN;
    }
    *(latch *)state = s;
}

void hr_win_since(void *state, const hr_op_rows *r)
{
    latch s = *(latch *)state;
    for (uint32_t i = 0; i < r->n; i++) {
        uint64_t age = latch_pass(&s, r->in[0][i], r->ts[i]);
        r->out[0][i] = s.n > 0 ? (double)age / 1e9 : (double)NAN;
    }
    *(latch *)state = s;
}

void hr_win_changed(void *state, const hr_op_rows *r)
{
    latch s = *(latch *)state;
    for (uint32_t i = 0; i < r->n; i++) {
        double x = r->in[0][i];
        r->out[0][i] = (double)NAN;
        if (hr_win_is_null(x)) continue;
        if (s.n > 0) r->out[0][i] = x != s.value;
        s.value = x;
        s.n = 1;
    }
    *(latch *)state = s;
}

void hr_win_hysteresis(void *state, const hr_op_rows *r)
{
    latch s = *(latch *)state;
    for (uint32_t i = 0; i < r->n; i++) {
        double x = r->in[0][i];
        r->out[0][i] = (double)NAN;
        if (hr_win_is_null(x)) continue;
        s.value = x >= s.above ? 1 : x <= s.below ? 0 : s.value;
        r->out[0][i] = s.value;
    }
    *(latch *)state = s;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Windows that stand still: tumbling (one after another), hopping (one every so often), and
 * sessions (up to a gap).
 *
 * A hopping window is made of panes as long as what its width and its step have in common. Rows go
 * into the newest pane; where windows end, panes before `mid` are there as suffixes of them, those
 * behind it as one aggregate; when no suffix is left, the panes of the window are turned into them.
 * So a pane is joined three times, whatever the width. See docs/modules/window.md. */
#include "ops/window/win.h"
#include "ops/window/win_fold.h"

#define PANES_MOST 4096

typedef enum pane_what { SUM, MEAN, LEAST, MOST, FIRST, LAST, COUNT, VAR, STD } pane_what;

/* The parts that a value needs are kept, the others are not. */
typedef struct total {
    double n;
    double high, low; /* the sum, as two doubles; or least, most, first, last */
    double ref, off;  /* the mean is ref + off, ref the oldest row: large values take nothing */
    double m2;        /* squares about the mean */
} total;

HR_INLINE void total_sum(total *a, double high, double low)
{
    double s = a->high + high;
    double b = s - a->high;
    low += a->low + ((a->high - (s - b)) + (high - b));
    a->high = s + low;
    a->low = low - (a->high - s);
}

HR_INLINE void total_join(total *a, const total *b, pane_what what)
{
    if (b->n == 0) return;
    if (a->n == 0) {
        *a = *b;
        return;
    }
    double n = a->n + b->n;
    if (what == SUM || what == MEAN) total_sum(a, b->high, b->low);
    if (what == LEAST && b->high < a->high) a->high = b->high;
    if (what == MOST && b->high > a->high) a->high = b->high;
    if (what == LAST) a->high = b->high;
    if (what == VAR || what == STD) {
        double part = b->n / n;
        double d = (b->ref - a->ref) + (b->off - a->off);
        a->m2 += b->m2 + d * d * (a->n * part);
        a->off += d * part;
    }
    a->n = n;
}

HR_INLINE void total_add(total *a, double x, pane_what what)
{
    total_join(a, &(total){.n = 1, .high = x, .ref = x}, what);
}

HR_INLINE double total_value(const total *a, pane_what what)
{
    if (what == COUNT) return a->n;
    if (what == MEAN) return (a->high + a->low) / a->n;
    if (what == VAR) return a->m2 / a->n;
    if (what == STD) return sqrt(a->m2 / a->n);
    return what == SUM ? a->high + a->low : a->high;
}

/* ---- panes ---- */

typedef struct pane {
    int64_t k;
    total all; /* of the pane; up to mid of it and those behind it */
} pane;

typedef struct panes {
    int64_t wide; /* of a pane, ns or rows */
    int64_t n;    /* of a window */
    int64_t each; /* between ends of windows */
    int64_t by_time;
    uint64_t mask;
    int64_t newest;
    uint64_t rows;
    int64_t at;    /* pane of the newest row in a window */
    int64_t ended; /* windows, in steps */
    int64_t mid;
    bool has_rows, is_open; /* any; in the pane `at` */
    total now, back;
    double value;
} panes;

#define PANES_HEAD 256u
_Static_assert(sizeof(panes) <= PANES_HEAD, "head of panes");

static int64_t common(int64_t a, int64_t b)
{
    while (b != 0) { /* Euclid: fewer than 92 steps */
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t step_of(const hr_op_args *a, bool is_hop)
{
    return (int64_t)a->v[is_hop ? 1 : 0];
}

static size_t bytes_of(const hr_op_args *a, bool is_hop)
{
    if (is_hop && a->is_time[0] != a->is_time[1]) return SIZE_MAX;
    int64_t width = (int64_t)a->v[0];
    int64_t n = width / common(width, step_of(a, is_hop));
    if (n > PANES_MOST) return SIZE_MAX;
    return hr_win_line(PANES_HEAD + hr_win_cap((uint64_t)n) * sizeof(pane));
}

static void panes_init(panes *p, const hr_op_args *a, bool is_hop)
{
    memset(p, 0, sizeof *p);
    int64_t width = (int64_t)a->v[0];
    int64_t step = step_of(a, is_hop);
    p->wide = common(width, step);
    p->n = width / p->wide;
    p->each = step / p->wide;
    p->by_time = a->is_time[0];
    p->mask = hr_win_cap((uint64_t)p->n) - 1;
    p->newest = INT64_MIN;
    p->mid = INT64_MIN;
    p->value = (double)NAN;
}

static void init_of(void *state, const hr_op_args *a, bool is_hop)
{
    memset(state, 0, bytes_of(a, is_hop));
    panes_init(state, a, is_hop);
}

/* Places are masked, so all but the widths and counts is numbers; a bool is 0 or 1. */
static bool is_sound_of(const panes *p, const hr_op_args *a, bool is_hop)
{
    panes fresh;
    unsigned char flags[2];
    panes_init(&fresh, a, is_hop);
    memcpy(flags, (const char *)p + offsetof(panes, has_rows), sizeof flags);
    return p->wide == fresh.wide && p->n == fresh.n && p->each == fresh.each &&
           p->by_time == fresh.by_time && p->mask == fresh.mask && p->rows <= INT64_MAX / 2 &&
           flags[0] <= 1 && flags[1] <= 1;
}

static pane *pane_at(panes *p, int64_t k)
{
    pane *ring = (pane *)(void *)((char *)p + PANES_HEAD);
    return &ring[(uint64_t)k & p->mask];
}

/* The pane of the newest row is whole. */
HR_INLINE void pane_close(panes *p, pane_what what)
{
    *pane_at(p, p->at) = (pane){.k = p->at, .all = p->now};
    total_join(&p->back, &p->now, what);
    p->now = (total){0};
    p->is_open = false;
}

/* The window that ends with step `last`; rows are in it, and no row is behind it. */
HR_INLINE void window_end(panes *p, int64_t last, pane_what what)
{
    uint64_t end = (uint64_t)last * (uint64_t)p->each; /* of panes; times may be any */
    int64_t from = (int64_t)(end - (uint64_t)p->n);
    if (p->is_open) pane_close(p, what);
    if (from > p->mid) {
        total rest = {0};
        for (uint64_t i = 1; i <= (uint64_t)p->n; i++) {
            int64_t k = (int64_t)(end - i);
            pane *one = pane_at(p, k);
            total sum = one->k == k ? one->all : (total){0};
            total_join(&sum, &rest, what);
            rest = sum;
            *one = (pane){.k = k, .all = sum};
        }
        p->mid = (int64_t)(end - 1);
        p->back = (total){0};
    }
    total all = pane_at(p, from)->all;
    total_join(&all, &p->back, what);
    p->value = hr_win_or_null(total_value(&all, what));
}

/* Windows up to pane k end; the newest that has rows gives the value. */
HR_INLINE void windows_end(panes *p, int64_t k, pane_what what)
{
    int64_t last = floor_div(k, p->each);
    if (!p->has_rows) p->ended = last;
    if (last <= p->ended) return;
    int64_t past = p->at > INT64_MAX - p->n ? INT64_MAX : p->at + p->n;
    int64_t with_rows = HR_MIN(last, floor_div(past, p->each));
    if (with_rows > p->ended) window_end(p, with_rows, what);
    p->ended = last;
}

/* k: the pane of a row that comes. Where windows are shorter than the steps between them, some rows
 * are in none. */
HR_INLINE void pane_add(panes *p, int64_t k, double x, pane_what what)
{
    int64_t in_step = k % p->each;
    if (in_step < 0) in_step += p->each;
    if (p->each > p->n && in_step < p->each - p->n) return;
    if (p->is_open && k != p->at) pane_close(p, what);
    p->at = k;
    p->is_open = true;
    p->has_rows = true;
    total_add(&p->now, x, what);
}

HR_INLINE void panes_run(void *state, const hr_op_rows *r, pane_what what)
{
    panes *p = state;
    for (uint32_t i = 0; i < r->n; i++) {
        double x = r->in[0][i];
        if (hr_win_is_null(x)) {
            r->out[0][i] = (double)NAN;
            continue;
        }
        if (p->by_time) {
            p->newest = HR_MAX(p->newest, r->ts[i]);
            int64_t k = floor_div(p->newest, p->wide);
            windows_end(p, k, what);
            pane_add(p, k, x, what);
            p->rows++;
        } else {
            pane_add(p, (int64_t)p->rows / p->wide, x, what);
            p->rows++;
            bool is_whole = p->rows >= (uint64_t)(p->n * p->wide);
            if (is_whole && p->rows % (uint64_t)(p->each * p->wide) == 0)
                windows_end(p, (int64_t)p->rows / p->wide, what);
        }
        r->out[0][i] = p->value;
    }
}

size_t hr_win_bytes_tumble(const hr_op_args *a)
{
    return bytes_of(a, false);
}

size_t hr_win_bytes_hop(const hr_op_args *a)
{
    return bytes_of(a, true);
}

void hr_win_init_tumble(void *state, const hr_op_args *a)
{
    init_of(state, a, false);
}

void hr_win_init_hop(void *state, const hr_op_args *a)
{
    init_of(state, a, true);
}

bool hr_win_is_sound_tumble(const void *state, const hr_op_args *a)
{
    return is_sound_of(state, a, false);
}

bool hr_win_is_sound_hop(const void *state, const hr_op_args *a)
{
    return is_sound_of(state, a, true);
}

uint32_t hr_win_warm_up_hop(const hr_op_args *a)
{
    if (a->is_time[0]) return 0;
    uint32_t step = (uint32_t)a->v[1];
    return ((uint32_t)a->v[0] + step - 1) / step * step - 1;
}

/* ---- sessions ---- */

typedef struct session {
    int64_t gap;
    int64_t newest;
    total all;
} session;
_Static_assert(sizeof(session) == 64, "session: one line");

size_t hr_win_bytes_session(const hr_op_args *a)
{
    (void)a;
    return sizeof(session);
}

void hr_win_init_session(void *state, const hr_op_args *a)
{
    *(session *)state = (session){.gap = (int64_t)a->v[0], .newest = INT64_MIN};
}

bool hr_win_is_sound_session(const void *state, const hr_op_args *a)
{
    return ((const session *)state)->gap == (int64_t)a->v[0];
}

HR_INLINE void session_run(void *state, const hr_op_rows *r, pane_what what)
{
    session s = *(session *)state;
    for (uint32_t i = 0; i < r->n; i++) {
        double x = r->in[0][i];
        if (hr_win_is_null(x)) {
            r->out[0][i] = (double)NAN;
            continue;
        }
        if (r->ts[i] > s.newest) {
            if ((uint64_t)r->ts[i] - (uint64_t)s.newest > (uint64_t)s.gap) s.all = (total){0};
            s.newest = r->ts[i];
        }
        total_add(&s.all, x, what);
        r->out[0][i] = hr_win_or_null(total_value(&s.all, what));
    }
    *(session *)state = s;
}

#define PANE(name, what)                                                                           \
    void hr_win_tumble_##name(void *state, const hr_op_rows *r)                                    \
    {                                                                                              \
        panes_run(state, r, what);                                                                 \
    }                                                                                              \
    void hr_win_hop_##name(void *state, const hr_op_rows *r)                                       \
    {                                                                                              \
        panes_run(state, r, what);                                                                 \
    }                                                                                              \
    void hr_win_session_##name(void *state, const hr_op_rows *r)                                   \
    {                                                                                              \
        session_run(state, r, what);                                                               \
    }

PANE(sum, SUM)
PANE(mean, MEAN)
PANE(min, LEAST)
PANE(max, MOST)
PANE(first, FIRST)
PANE(last, LAST)
PANE(count, COUNT)
PANE(var, VAR)
PANE(std, STD)

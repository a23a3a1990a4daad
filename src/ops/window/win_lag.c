/* SPDX-License-Identifier: Apache-2.0 */
/* A row before, and changes from it: rows without a null go straight from one column to another,
 * and only the last of a call are kept. */
#include "ops/window/win_past.h"

/* Four rows; of any place. */
typedef double rows4 HR_VECTOR(32) HR_ALIGNED(8);
typedef int64_t bits4 HR_VECTOR(32);
#define AT(p) (*(const rows4 *)(const void *)(p))
#define TO(p) (*(rows4 *)(void *)(p))

/* The values of rows that all have one before them; whether one of them is null. (x - x) is 0 or
 * null, and its bits are those of 0 or not. */
HR_INLINE bool past_pairs(const double *restrict x, const double *restrict old,
                          double *restrict out, uint32_t m, hr_past_what what)
{
    int64_t null = 0;
    for (uint32_t i = 0; i < m; i++) {
        double none = x[i] - x[i];
        int64_t bits;
        memcpy(&bits, &none, sizeof bits);
        null |= bits;
        out[i] = hr_past_value(what, x[i], old[i], 0);
    }
    return null != 0;
}

/* the same of PAST_LAG: by hand, since compilers make two loops of it, each bound by the cache */
HR_INLINE bool past_copy(const double *x, const double *old, double *out, uint32_t m)
{
    bits4 null = {0};
    uint32_t i = 0;
    for (; m - i >= 4; i += 4) {
        null |= (bits4)(AT(x + i) - AT(x + i));
        TO(out + i) = AT(old + i);
    }
    bool rest = past_pairs(x + i, old + i, out + i, m - i, HR_PAST_LAG);
    return rest || (null[0] | null[1] | null[2] | null[3]) != 0;
}

/* The first m rows of x, of which behind rows before them are whole too, straight from one column
 * to the other; false where one is null, and nothing has been done but to out. */
HR_INLINE bool past_whole(hr_win *w, const double *x, uint32_t behind, double *out, uint32_t m,
                          hr_past_what what)
{
    double *ring = hr_past_ring(w);
    const uint64_t mask = w->cap - 1;
    bool is_null = false;
    uint32_t i = 0;
    for (; i < m && behind + i < w->n; i++) {
        uint64_t p = w->end + i;
        double old = ring[(p - w->n) & mask];
        is_null |= hr_win_is_null(x[i]);
        out[i] = p >= w->n ? hr_past_value(what, x[i], old, 0) : (double)NAN;
    }
    if (i < m)
        is_null |= what == HR_PAST_LAG ? past_copy(x + i, x + i - w->n, out + i, m - i)
                                       : past_pairs(x + i, x + i - w->n, out + i, m - i, what);
    if (is_null) return false;
    uint32_t kept = HR_MIN(m, (uint32_t)w->cap); /* all slots: a state does not tell the cuts */
    for (uint32_t k = m - kept; k < m; k++)
        ring[(w->end + k) & mask] = x[k];
    w->end += m;
    return true;
}

#define PAST_ROWS 1024u /* at a time, where none of them is null */
#define PAST_FEW 32u    /* where one was */

/* rows from which on values are of a row before */
HR_INLINE void past_columns(hr_win *w, const hr_op_rows *r, hr_past_what what)
{
    uint32_t behind = 0;
    uint32_t most = PAST_ROWS;
    for (uint32_t at = 0; at < r->n;) {
        const double *x = r->in[0] + at;
        uint32_t m = HR_MIN(most, r->n - at);
        if (past_whole(w, x, behind, r->out[0] + at, m, what)) {
            behind += m;
            most = HR_MIN(2 * most, PAST_ROWS);
        } else { /* one may come soon again */
            most = PAST_FEW;
            m = HR_MIN(PAST_FEW, m);
            hr_past_rows(w, &(hr_op_rows){.n = m, .in = {x}, .out = {r->out[0] + at}}, what);
            behind = 0;
        }
        at += m;
    }
}

#define PAST(name, what)                                                                           \
    void HR_WIN_FN(name)(void *state, const hr_op_rows *r)                                         \
    {                                                                                              \
        hr_win *w = state;                                                                         \
        if (w->width_ns > 0) {                                                                     \
            hr_past_time(w, r, what);                                                              \
        } else {                                                                                   \
            past_columns(w, r, what);                                                              \
        }                                                                                          \
    }

PAST(lag, HR_PAST_LAG)
PAST(diff, HR_PAST_DIFF)
PAST(pct, HR_PAST_PCT)

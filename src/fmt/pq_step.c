/* SPDX-License-Identifier: Apache-2.0 */
#include "fmt/pq_step.h"

#include <string.h>

#include "kern/kern.h"

#define KEY_FLAGS (HR_FLAG_SNAPSHOT | HR_FLAG_AGG)

static bool has(const pq_table *t, int c)
{
    return t->col[c].cursor != NULL;
}

/* ---- are all rows good ---- */

static bool is_negative(uint64_t any)
{
    return any >> 63 != 0;
}

/* Nulls, and other values below `least`, each as a truth. */
static void count_low(const int64_t *v, uint32_t n, int64_t least, bool *has_null, bool *has_low)
{
    int64_t null = 0;
    int64_t low = 0;
    for (uint32_t i = 0; i < n; i++) {
        null |= -(int64_t)(v[i] == HR_NULL_I64);
        low |= -(int64_t)((v[i] < least) & (v[i] != HR_NULL_I64));
    }
    *has_null = null != 0;
    *has_low = low != 0;
}

static bool ids_are_good(const pq_table *t, int c, uint64_t any)
{
    bool has_null;
    bool has_low;
    if (!is_negative(any)) return true;
    count_low(t->col[c].value, t->n, -1, &has_null, &has_low);
    return !has_low;
}

/* Every row has this clock's time. *is_bad: some row has what is none. */
static bool has_times(const pq_table *t, int c, uint64_t any, bool *is_bad)
{
    bool has_null = false;
    if (!has(t, c)) return false;
    if (is_negative(any)) count_low(t->col[c].value, t->n, 0, &has_null, is_bad);
    return !has_null;
}

static bool has_zero(const int64_t *v, uint32_t n)
{
    int64_t zero = 0;
    for (uint32_t i = 0; i < n; i++)
        zero |= -(int64_t)(v[i] == 0);
    return zero != 0;
}

static bool times_are_good(const pq_table *t, const uint64_t *any)
{
    bool is_bad = false;
    bool has_recv = has_times(t, PQ_C_RECV, any[PQ_C_RECV], &is_bad);
    bool has_event = !is_bad && has_times(t, PQ_C_EVENT, any[PQ_C_EVENT], &is_bad);
    if (is_bad) return false;
    return has_recv || (has_event &&
                        !(hr_pq_has_lake_snapshots(t) && has_zero(t->col[PQ_C_EVENT].value, t->n)));
}

/* A null is no name either. */
static bool heads_are_good(const pq_table *t, const uint64_t *any)
{
    static const int ids[] = {PQ_C_SEQ, PQ_C_FIRST, PQ_C_PREV, PQ_C_FLAGS};
    for (size_t i = 0; i < HR_ARRAY_LEN(ids); i++)
        if (!ids_are_good(t, ids[i], any[ids[i]])) return false;
    return times_are_good(t, any) && !is_negative(any[PQ_C_SYMBOL] | any[PQ_C_VENUE]);
}

/* Prices over 0, sizes from 0 on, and a side, which is narrowed on the way. */
static bool levels_are_good(pq_step *s, const pq_table *t)
{
    const hr_kern_rows *k = &hr_kern_get()->rows;
    const int64_t *px = t->col[PQ_C_PX].value;
    const int64_t *side = t->col[PQ_C_SIDE].value;
    uint64_t sides = 0;
    if (!has(t, PQ_C_SIDE)) return false;
    for (uint32_t i = 0; i < t->n; i++) {
        s->side[i] = (uint8_t)side[i];
        sides |= (uint64_t)side[i];
    }
    return sides <= 1 && !is_negative(k->any(px, t->n) | k->any(t->col[PQ_C_QTY].value, t->n)) &&
           !has_zero(px, t->n);
}

/* ---- where messages begin ---- */

/* any: bits of each column's values. The first row of a step always counts: the message before it
 * may be open. */
static void find_begins(pq_step *s, const pq_table *t, uint64_t any[PQ_C_SIDE])
{
    const hr_kern_rows *k = &hr_kern_get()->rows;
    memset(s->begins, 0, sizeof s->begins);
    s->begins[0] = 1;
    for (int c = 0; c < PQ_C_SIDE; c++) {
        any[c] = 0;
        if (!has(t, c)) continue;
        const int64_t *v = t->col[c].value;
        /* A row after the last of a message begins one, whatever it says. */
        any[c] = c == PQ_C_FLAGS ? k->breaks(s->begins, v, t->n, KEY_FLAGS, HR_FLAG_LAST)
                                 : k->changes(s->begins, v, t->n);
    }
}

void hr_pq_step_survey(pq_step *s, const pq_table *t)
{
    uint64_t any[PQ_C_SIDE];
    s->n = t->n;
    s->is_clean = false;
    if (t->n == 0 || !levels_are_good(s, t)) return;
    find_begins(s, t, any);
    s->is_clean = heads_are_good(t, any);
}

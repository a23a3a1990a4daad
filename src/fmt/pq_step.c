/* SPDX-License-Identifier: Apache-2.0 */
#include "fmt/pq_step.h"

#include <string.h>

#define KEY_FLAGS (HR_FLAG_SNAPSHOT | HR_FLAG_AGG)
#define BLOCK 64u

static bool has(const pq_table *t, int c)
{
    return t->col[c].cursor != NULL;
}

/* ---- are all rows good ---- */

/* Bits that any of the values has. */
static uint64_t bits_of(const int64_t *v, uint32_t n)
{
    uint64_t any = 0;
    for (uint32_t i = 0; i < n; i++)
        any |= (uint64_t)v[i];
    return any;
}

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

static bool ids_are_good(const pq_table *t, int c)
{
    bool has_null;
    bool has_low;
    if (!has(t, c) || !is_negative(bits_of(t->col[c].value, t->n))) return true;
    count_low(t->col[c].value, t->n, -1, &has_null, &has_low);
    return !has_low;
}

/* Every row has this clock's time. *is_bad: some row has what is none. */
static bool has_times(const pq_table *t, int c, bool *is_bad)
{
    bool has_null = false;
    if (!has(t, c)) return false;
    if (is_negative(bits_of(t->col[c].value, t->n)))
        count_low(t->col[c].value, t->n, 0, &has_null, is_bad);
    return !has_null;
}

static bool has_zero(const int64_t *v, uint32_t n)
{
    int64_t zero = 0;
    for (uint32_t i = 0; i < n; i++)
        zero |= -(int64_t)(v[i] == 0);
    return zero != 0;
}

static bool times_are_good(const pq_table *t)
{
    bool is_bad = false;
    bool has_recv = has_times(t, PQ_C_RECV, &is_bad);
    bool has_event = !is_bad && has_times(t, PQ_C_EVENT, &is_bad);
    if (is_bad) return false;
    return has_recv || (has_event && !(hr_pq_has_lake_snapshots(t) &&
                                       has_zero(t->col[PQ_C_EVENT].value, t->n)));
}

static bool names_are_good(const pq_table *t, int c)
{
    return !has(t, c) || !is_negative(bits_of(t->col[c].value, t->n)); /* a null is none either */
}

/* Prices over 0, sizes from 0 on, and a side, which is narrowed on the way. */
static bool levels_are_good(pq_step *s, const pq_table *t)
{
    const int64_t *px = t->col[PQ_C_PX].value;
    const int64_t *qty = t->col[PQ_C_QTY].value;
    const int64_t *side = t->col[PQ_C_SIDE].value;
    uint64_t signs = 0;
    uint64_t sides = 0;
    for (uint32_t i = 0; i < t->n; i++)
        signs |= (uint64_t)px[i] | ((uint64_t)px[i] - 1) | (uint64_t)qty[i];
    for (uint32_t i = 0; i < t->n; i++) {
        sides |= (uint64_t)side[i];
        s->side[i] = (uint8_t)side[i];
    }
    return !is_negative(signs) && sides <= 1;
}

static bool all_are_good(pq_step *s, const pq_table *t)
{
    static const int ids[] = {PQ_C_SEQ, PQ_C_FIRST, PQ_C_PREV, PQ_C_FLAGS};
    if (!has(t, PQ_C_SIDE) || !levels_are_good(s, t) || !times_are_good(t)) return false;
    for (size_t i = 0; i < HR_ARRAY_LEN(ids); i++)
        if (!ids_are_good(t, ids[i])) return false;
    return names_are_good(t, PQ_C_SYMBOL) && names_are_good(t, PQ_C_VENUE);
}

/* ---- where messages begin ---- */

static void add_changes(uint64_t *diff, const int64_t *v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        diff[i] |= (uint64_t)v[i] ^ (uint64_t)v[(int64_t)i - 1];
}

/* A row after the last of a message begins one, whatever it says. */
static void add_flags(uint64_t *diff, const int64_t *v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint64_t before = (uint64_t)v[(int64_t)i - 1];
        diff[i] |= (((uint64_t)v[i] ^ before) & KEY_FLAGS) | (before & HR_FLAG_LAST);
    }
}

static uint64_t bits_that_differ(const uint64_t *diff)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < BLOCK; i++)
        bits |= (uint64_t)(diff[i] != 0) << i;
    return bits;
}

/* The first row of a step always counts: the message before it may be open. */
static void find_begins(pq_step *s, const pq_table *t)
{
    for (uint32_t at = 0; at < t->n; at += BLOCK) {
        uint64_t diff[BLOCK] = {0};
        uint32_t skip = at == 0;
        uint32_t n = HR_MIN(t->n - at, BLOCK) - skip;
        for (int c = 0; c < PQ_C_SIDE; c++) {
            const int64_t *v = t->col[c].value + at + skip;
            if (!has(t, c)) continue;
            if (c == PQ_C_FLAGS)
                add_flags(diff + skip, v, n);
            else
                add_changes(diff + skip, v, n);
        }
        s->begins[at / BLOCK] = bits_that_differ(diff) | skip;
    }
}

void hr_pq_step_survey(pq_step *s, const pq_table *t)
{
    s->n = t->n;
    s->is_clean = t->n > 0 && all_are_good(s, t);
    if (s->is_clean) find_begins(s, t);
}

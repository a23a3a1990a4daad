/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a table that are read, found before the first is: runs of rows within row groups. */
#include "fmt/pq_select.h"
#include "fmt/pq_table.h"

#include <string.h>

#define GROUP_RUNS 64u /* of a row group: more of them cost more than they spare */
#define MORE_RUNS 8192u

/* The least n with n * unit >= v, both from 0 on. */
static int64_t ceil_div(int64_t v, int64_t unit)
{
    return v / unit + (v % unit != 0);
}

/* Times in the column's unit. Plain integers say their unit by their size, row by row: no range. A
 * row without a time of the capturer's has the venue's. */
static bool time_range(const pq_table *t, const hr_pq_want *w, hr_pq_range *out)
{
    int col = hr_pq_table_find(t->file, PQ_C_RECV);
    bool is_recv = col >= 0;
    if (!is_recv) col = hr_pq_table_find(t->file, PQ_C_EVENT);
    if (col < 0 || (w->from_ns == INT64_MIN && w->to_ns == INT64_MAX)) return false;
    const hr_pq_column *c = hr_pq_file_column(t->file, (uint32_t)col);
    if (c->phys != HR_PQ_INT64 || c->logical != HR_PQ_L_TIMESTAMP || c->unit_ns <= 0) return false;
    *out = (hr_pq_range){.col = (uint32_t)col,
                         .by = HR_PQ_BY_I64,
                         .or_null = is_recv,
                         .min = INT64_MIN,
                         .max = INT64_MAX};
    if (w->from_ns > 0) out->min = ceil_div(w->from_ns, c->unit_ns);
    if (w->to_ns < INT64_MAX) out->max = w->to_ns > 0 ? ceil_div(w->to_ns, c->unit_ns) - 1 : -1;
    return true;
}

static bool is_wanted(const pq_table *t, const hr_pq_want *w)
{
    const hr_pq_bytes *s = w->symbol;
    size_t n = strlen(t->info.symbol);
    for (uint32_t i = 0; i < w->n_symbols; i++)
        if (s[i].n == n && memcmp(s[i].s, t->info.symbol, n) == 0) return true;
    return w->n_symbols == 0;
}

static void add_run(pq_table *t, uint32_t group, int64_t first, const hr_pq_rows *rows)
{
    pq_run *last = t->n_runs > 0 ? &t->run[t->n_runs - 1] : NULL;
    int64_t begin = first + rows->begin;
    int64_t end = first + rows->end;
    bool is_near = last != NULL && last->group == group && begin - last->end < HR_PQ_ROWS;
    if (is_near)
        last->end = end; /* it costs more to go there than to read on */
    else
        t->run[t->n_runs++] = (pq_run){.begin = begin, .end = end, .group_row = first, group};
}

/* An index that is damaged is no reason not to read what it is about. */
static bool is_forgiven(hr_status st)
{
    return st == HR_ECORRUPT || st == HR_ELIMIT || st == HR_EBUDGET || st == HR_EUNSUPPORTED;
}

static hr_status add_group(pq_table *t, uint32_t group, int64_t first, const hr_pq_query *q,
                           uint32_t cap, hr_err *err)
{
    hr_pq_rows rows[GROUP_RUNS];
    hr_pq_rows all = {0, hr_pq_row_group_rows(t->file, group)};
    hr_pq_selection got = {.rows = rows, .cap = cap};
    if (all.end == 0) return HR_OK;
    hr_err ignored = HR_ERR_INIT;
    hr_status st = hr_pq_select(t->file, group, q, &got, &ignored);
    if (st != HR_OK) {
        if (is_forgiven(st)) {
            add_run(t, group, first, &all);
            return HR_OK;
        }
        if (err != NULL) *err = ignored;
        return st;
    }
    for (uint32_t i = 0; i < got.n; i++)
        add_run(t, group, first, &rows[i]);
    return HR_OK;
}

hr_status hr_pq_table_want(pq_table *t, const hr_pq_want *w, hr_arena *arena, hr_err *err)
{
    hr_pq_range range[2];
    hr_pq_query q = {.range = range, .use = HR_PQ_USE_ALL, .scratch = arena};
    uint32_t n_groups = hr_pq_file_row_groups(t->file);
    uint32_t spare = HR_MIN(n_groups * (GROUP_RUNS - 1), MORE_RUNS);
    int symbol = hr_pq_table_find(t->file, PQ_C_SYMBOL);
    if (w->n_symbols > 0 && symbol >= 0)
        range[q.n_ranges++] = (hr_pq_range){.col = (uint32_t)symbol,
                                            .by = HR_PQ_BY_BYTES,
                                            .one_of = w->symbol,
                                            .n_one_of = w->n_symbols};
    if (time_range(t, w, &range[q.n_ranges])) q.n_ranges++;
    bool is_none = symbol < 0 && !is_wanted(t, w);
    bool tells = hr_pq_file_is_parquet(t->file); /* Arrow says nothing of its batches */
    if ((q.n_ranges == 0 || !tells) && !is_none) return HR_OK;
    t->run = hr_arena_alloc(arena, (n_groups + spare + 1u) * sizeof *t->run, 64);
    if (t->run == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to choose rows of a table");
    t->n_runs = 0;
    t->n_rows = 0;
    for (uint32_t g = 0; g < n_groups; g++) {
        uint32_t before = t->n_runs;
        uint32_t cap = HR_MIN(spare + 1, GROUP_RUNS);
        if (!is_none) HR_TRY(add_group(t, g, t->n_rows, &q, cap, err));
        uint32_t n = t->n_runs - before;
        spare -= n > 1 ? n - 1 : 0;
        t->n_rows += hr_pq_row_group_rows(t->file, g);
    }
    return HR_OK;
}

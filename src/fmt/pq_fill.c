/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of a table. Its columns are read in parts, each by whoever claims it; a part may be ahead
 * of the step at hand by the windows that there are. One thread, the owner, takes the steps in
 * order. */
#include "base/sys.h"
#include "conc/machine.h"
#include "fmt/pq_coded.h"
#include "fmt/pq_table.h"

#define SPINS 256u
#define WAIT_NS 20000

/* Goes to the next run; false: there is none. */
static bool open_run(const pq_table *t, pq_place *p)
{
    while (p->next_run < t->n_runs) {
        const pq_run *r = &t->run[p->next_run++];
        if (r->end <= t->skip_to) continue;
        p->row = HR_MAX(r->begin, t->skip_to);
        p->rows = hr_pq_row_group_rows(t->file, r->group);
        p->pass = p->row - r->group_row;
        p->left = r->end - p->row;
        p->next_group = r->group + 1;
        return true;
    }
    p->row = t->n_rows;
    return false;
}

/* Rows of the next step from this place, 0: the table ends. *opens: it begins a row group or a
 * run. */
static uint32_t next_rows(const pq_table *t, pq_place *p, bool *opens)
{
    *opens = t->run != NULL && p->left == 0;
    if (*opens && !open_run(t, p)) return 0;
    while (p->left == 0) {
        if (p->next_group == hr_pq_file_row_groups(t->file)) return 0;
        p->rows = hr_pq_row_group_rows(t->file, p->next_group++);
        p->pass = HR_MIN(HR_MAX(t->skip_to - p->row, (int64_t)0), p->rows); /* not wanted */
        p->row += p->pass;
        p->left = p->rows - p->pass;
        *opens = p->left > 0;
    }
    return (uint32_t)HR_MIN(p->left, (int64_t)HR_PQ_ROWS);
}

static hr_status read_one(pq_table *t, pq_stored *s, int column, uint64_t step, uint32_t n,
                          bool opens, hr_err *err)
{
    if (s->cursor == NULL) return HR_OK;
    if (opens) {
        const pq_place *p = &s->part->place;
        HR_TRY(hr_pq_cursor_seek_row(s->cursor, p->next_group - 1, p->pass, err));
        if (!hr_pq_cursor_kept_dict(s->cursor)) s->is_converted = false;
    }
    s->into = s->window + step % t->n_windows * HR_PQ_ROWS;
    return hr_pq_table_read(t, s, column, n, err);
}

/* The part's next step. HR_END: there is none. */
static hr_status read_step(pq_table *t, pq_part *p, uint64_t step, hr_err *err)
{
    bool opens;
    uint32_t n = next_rows(t, &p->place, &opens);
    if (n == 0) return HR_END;
    for (int i = 0; i < PQ_C_COUNT; i++)
        if (t->col[i].part == p) HR_TRY(read_one(t, &t->col[i], i, step, n, opens, err));
    for (uint32_t i = 0; i < t->n_level; i++)
        HR_TRY(read_one(t, &t->level[i], i % 2 == 0 ? PQ_C_PX : PQ_C_QTY, step, n, opens, err));
    p->place.left -= n;
    p->place.row += n;
    return HR_OK;
}

/* The next step of a part that nobody else is at, if it is one before `end`. HR_AGAIN: it is not,
 * or somebody is, or it failed before. */
static hr_status claim(pq_table *t, pq_part *p, uint64_t end)
{
    uint32_t expect = 0;
    hr_status st = HR_AGAIN;
    if (atomic_load_explicit(&p->n_read, memory_order_relaxed) >= end ||
        !atomic_compare_exchange_strong_explicit(&p->busy, &expect, 1, memory_order_acquire,
                                                 memory_order_relaxed))
        return HR_AGAIN;
    uint64_t step = atomic_load_explicit(&p->n_read, memory_order_relaxed);
    if (step < end && p->failed == HR_OK) {
        st = read_step(t, p, step, &p->err);
        if (st < 0) p->failed = st;
        if (st == HR_OK)
            atomic_store_explicit(&p->n_read, step + 1, memory_order_release); /* pairs: is_read */
    }
    atomic_store_explicit(&p->busy, 0, memory_order_release); /* pairs: the claim above */
    return st;
}

static bool is_read(pq_part *p, uint64_t step)
{
    return atomic_load_explicit(&p->n_read, memory_order_acquire) > step;
}

/* True when the part will not come to this step. */
static bool has_failed(pq_part *p)
{
    uint32_t expect = 0;
    if (!atomic_compare_exchange_strong_explicit(&p->busy, &expect, 1, memory_order_acquire,
                                                 memory_order_relaxed))
        return false;
    bool failed = p->failed != HR_OK;
    atomic_store_explicit(&p->busy, 0, memory_order_release);
    return failed;
}

/* Reads what nobody reads yet, and waits for what somebody does: the time of one part's step. */
static void settle(pq_table *t, uint64_t step)
{
    const hr_sys *sys = hr_sys_get();
    uint32_t n_open = t->n_parts;
    for (uint32_t n_spins = 0; n_open > 0; n_spins++) {
        n_open = 0;
        for (uint32_t i = 0; i < t->n_parts; i++) {
            pq_part *p = t->part[i];
            if (is_read(p, step)) continue;
            (void)claim(t, p, step + 1);
            if (!is_read(p, step) && !has_failed(p)) n_open++;
        }
        if (n_open > 0 && n_spins < SPINS)
            hr_cpu_relax();
        else if (n_open > 0)
            sys->sleep_ns(sys->self, WAIT_NS);
    }
}

static hr_status take_step(pq_table *t, hr_err *err)
{
    uint64_t step = t->n_steps;
    atomic_store_explicit(&t->at_step, step, memory_order_release); /* pairs: hr_pq_table_help */
    settle(t, step);
    for (uint32_t i = 0; i < t->n_parts; i++) {
        pq_part *p = t->part[i];
        if (is_read(p, step)) continue;
        if (err != NULL) *err = p->err; /* of the first column in their order, whoever met it */
        return p->failed;
    }
    for (int i = 0; i < PQ_C_COUNT; i++)
        if (t->col[i].cursor != NULL)
            t->col[i].value = t->col[i].window + step % t->n_windows * HR_PQ_ROWS;
    for (uint32_t i = 0; i < t->n_level; i++)
        t->level[i].value = t->level[i].window;
    t->n_steps++;
    return HR_OK;
}

hr_status hr_pq_table_fill(pq_table *t, hr_err *err)
{
    bool opens;
    t->at = t->n = 0;
    uint32_t n = next_rows(t, &t->place, &opens);
    t->row = t->place.row;
    if (n == 0) return HR_END;
    HR_TRY(take_step(t, err));
    t->place.left -= n;
    t->place.row += n;
    t->n = n;
    return HR_OK;
}

hr_status hr_pq_table_help(pq_table *t)
{
    if (t->n_parts == 1) return HR_AGAIN;
    uint64_t end = atomic_load_explicit(&t->at_step, memory_order_acquire) + t->n_windows;
    for (uint64_t most = end - t->n_windows + 1; most <= end;
         most++) /* who is behind comes first */
        for (uint32_t i = 0; i < t->n_parts; i++)
            if (claim(t, t->part[i], most) == HR_OK) return HR_OK;
    return HR_AGAIN;
}

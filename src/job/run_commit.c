/* SPDX-License-Identifier: Apache-2.0 */
/* Commits. At a mark every shard has cut its chains; then the state is written down (frozen) and
 * the merge goes on, while encoders finish the cuts and a lane that comes by makes parts,
 * checkpoint and manifest line durable (publishes). One commit is on its way at a time. */
#include <stdio.h>

#include "base/assert.h"
#include "job/run_parts.h"

static bool is_at_mark(hr_run *r)
{
    const run_unit *u = &r->unit[(r->next_unit - 1) % RUN_UNITS];
    return r->mark_pending &&
           atomic_load_explicit(&u->pending, memory_order_acquire) == 0; /* pairs: run_apply */
}

static size_t put_extra(const hr_run *r, char *out, size_t cap)
{
    size_t n = (size_t)snprintf(out, cap, "\"sources\":[");
    for (uint32_t i = 0; i < r->n_sources; i++) {
        const hr_source *s = &r->source[i];
        n += (size_t)snprintf(out + n, cap - n, "%s{\"offset\":%lld,\"line\":%lld,\"done\":%s}",
                              i > 0 ? "," : "", (long long)s->pos_offset, (long long)s->pos_line,
                              s->is_done ? "true" : "false");
    }
    n += (size_t)snprintf(out + n, cap - n, "],\"rows\":{");
    hr_counts sum;
    run_sum_counts(r, &sum);
    for (int k = 0; k < HR_KIND_COUNT; k++)
        n += (size_t)snprintf(out + n, cap - n, "%s\"%s\":%llu", k > 0 ? "," : "",
                              hr_kind_name((hr_kind)k), (unsigned long long)sum.written[k]);
    return n + (size_t)snprintf(out + n, cap - n, "}");
}

/* A run that is only watched has nothing to write: it ends with its input. */
static hr_status end_check(hr_run *r)
{
    r->is_ended = r->is_complete = true;
    r->mark_pending = false;
    atomic_store_explicit(&r->is_over, 1, memory_order_release);
    return HR_OK;
}

/* All shards stand at the mark: nobody else touches desks, counts or positions. */
hr_status run_freeze(hr_run *r, hr_err *err)
{
    run_pending *p = &r->pending;
    if (!is_at_mark(r)) return HR_AGAIN;
    if (r->check != NULL || r->tap != NULL) return end_check(r);
    run_note_positions(r);
    p->epoch = r->n_marks++ % 2;
    p->commit = (hr_commit){.parts = r->epoch[p->epoch].parts,
                            .extra = p->extra,
                            .reject_bytes = r->ds.reject_end,
                            .is_end = r->is_final_mark};
    if (!r->is_final_mark) {
        snprintf(p->state, sizeof p->state, "state-%u.bin", r->ds.n_commits + 1);
        p->commit.state_file = p->state;
        HR_TRY(run_state_save(r, p->state, &p->commit.state_bytes, &p->commit.state_crc, err));
    }
    size_t n = put_extra(r, p->extra, p->extra_cap);
    HR_ASSERT(n < p->extra_cap);
    run_all_counts(r, &p->counts);
    r->rows_since_commit = 0;
    r->mark_pending = false;
    r->is_ended = r->is_final_mark;
    atomic_store_explicit(&p->is_set, 1, memory_order_release); /* pairs: run_publish */
    return HR_OK;
}

/* The files of this epoch hold nothing that anybody will read again. */
static void reset_spill(hr_run *r, uint32_t epoch)
{
    for (uint32_t i = 0; i < r->n_shards; i++)
        hr_rows_reset_spill(&r->shard[i].env.rows, epoch);
}

static hr_status publish(hr_run *r, hr_err *err)
{
    run_pending *p = &r->pending;
    if (atomic_load_explicit(&p->is_set, memory_order_acquire) == 0) /* pairs: run_freeze */
        return HR_AGAIN;
    run_epoch *e = &r->epoch[p->epoch]; /* known only now */
    if (atomic_load_explicit(&e->n_cuts_open, memory_order_acquire) > 0) return HR_AGAIN;
    char old[64];
    snprintf(old, sizeof old, "state-%u.bin", r->ds.n_commits);
    p->commit.n_parts = atomic_load_explicit(&e->n_parts, memory_order_relaxed);
    hr_status st = hr_dataset_commit(&r->ds, &p->commit, err);
    if (st != HR_OK) return st;
    hr_dataset_remove(&r->ds, old);
    reset_spill(r, p->epoch);
    atomic_store_explicit(&e->n_parts, 0, memory_order_relaxed);
    r->committed = p->counts;
    r->is_complete = p->commit.is_end;
    bool stops = atomic_load_explicit(&r->stop_wanted, memory_order_relaxed) != 0;
    atomic_store_explicit(&p->is_set, 0, memory_order_release); /* pairs: run_merge */
    if (r->is_complete || stops) atomic_store_explicit(&r->is_over, 1, memory_order_release);
    return HR_OK;
}

hr_status run_publish(hr_run *r, hr_err *err)
{
    if (!run_enter(r, &r->publish_busy)) return HR_AGAIN;
    hr_status st = publish(r, err);
    run_leave(r, &r->publish_busy, st, err);
    return st;
}

void run_drop_unpublished(hr_run *r)
{
    run_pending *p = &r->pending;
    for (int i = 0; i < 2; i++) {
        run_epoch *e = &r->epoch[i];
        uint32_t n = atomic_load_explicit(&e->n_parts, memory_order_relaxed);
        hr_dataset_rollback(&r->ds, e->parts, HR_MIN(n, RUN_PARTS_MAX));
    }
    if (atomic_load_explicit(&p->is_set, memory_order_relaxed) && p->commit.state_file != NULL)
        hr_dataset_drop_file(&r->ds, p->commit.state_file);
}

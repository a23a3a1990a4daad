/* SPDX-License-Identifier: Apache-2.0 */
#include "job/listen.h"

#include <string.h>

#include "base/sys.h"

#define POLL_NS 2000000
#define STATE_EXTRA 128u /* what a pool keeps beside a block */

static hr_status carve(hr_listener *l, const hr_listen_needs *needs, hr_err *err)
{
    const hr_plan *p = l->o->plan;
    size_t each = hr_round_up(needs->state_bytes, 64) + STATE_EXTRA;
    size_t share = (size_t)p->memory_bytes / 8;
    size_t n_states = HR_MIN(HR_MAX(share / each, (size_t)1), (size_t)p->instruments);
    size_t n = hr_row_out_bytes(&l->to, needs->field, needs->n_fields) + needs->extra_bytes +
               n_states * each + p->instruments * 2 * sizeof *l->state + (64u << 10);
    if (n >= (size_t)p->memory_bytes)
        return HR_FAIL(err, HR_EBUDGET, "--memory: rows alone take %zu bytes", n);
    l->n_bytes = n;
    HR_TRY(hr_arena_create(&l->arena, NULL, n, "rows", err));
    l->state = hr_arena_alloc(l->arena, p->instruments * sizeof *l->state, 64);
    l->order = hr_arena_alloc(l->arena, p->instruments * sizeof *l->order, 64);
    if (l->state == NULL || l->order == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for %u instruments", p->instruments);
    return hr_pool_create(&l->states, l->arena, needs->state_bytes, (uint32_t)n_states,
                          "instruments", err);
}

hr_status hr_listener_open(hr_listener *l, const hr_listen_options *o, hr_listen_report *report,
                           const hr_listen_needs *needs, hr_err *err)
{
    memset(l, 0, sizeof *l);
    memset(report, 0, sizeof *report);
    l->o = o;
    l->report = report;
    l->to = o->to;
    l->to.index_bytes = (size_t)o->plan->memory_bytes / 16;
    hr_row_out_init(&l->rows);
    HR_TRY(carve(l, needs, err));
    l->tap.held_bytes = l->n_bytes;
    HR_TRY(hr_run_create_tapped(&l->run, o->plan, &l->tap, err)); /* before any row is written */
    return hr_row_out_open(&l->rows, &l->to, needs->field, needs->n_fields, l->arena, err);
}

void *hr_listener_state(hr_listener *l, const hr_desk *d, bool *is_new, hr_err *err)
{
    void *state = l->state[d->id];
    *is_new = state == NULL;
    if (state != NULL) return state;
    state = hr_pool_get(l->states);
    if (state == NULL) {
        (void)HR_FAIL(err, HR_EBUDGET, "memory for %u instruments is used up: raise --memory",
                      hr_pool_total(l->states));
        return NULL;
    }
    l->report->instruments++;
    l->order[l->n_states++] = state;
    return l->state[d->id] = state;
}

bool hr_listen_touch(hr_book_of of, const hr_desk *d, const hr_evbatch *b, uint32_t m,
                     int64_t px[2], int64_t qty[2])
{
    if (of == HR_BOOK_OF_TICKER) {
        uint32_t at = (uint32_t)b->level_begin[m];
        for (uint32_t s = 0; s < 2; s++) {
            bool is_there = b->qty[at + s] > 0;
            px[s] = is_there ? b->px[at + s] : HR_NULL_I64;
            qty[s] = is_there ? b->qty[at + s] : HR_NULL_I64;
        }
        return true;
    }
    if (!hr_seq_is_live(&d->seq)) return false;
    hr_l2_front front;
    hr_l2_front_get(d->book, &front);
    memcpy(px, front.px, sizeof front.px);
    memcpy(qty, front.qty, sizeof front.qty);
    return true;
}

/* ---- the run ---- */

static bool is_stopped(const hr_listener *l)
{
    return l->o->stop != NULL && atomic_load_explicit(l->o->stop, memory_order_relaxed) != 0;
}

/* Nothing can be kept half done, so it is asked twice: at once. */
static void watch(hr_listener *l)
{
    const hr_sys *sys = hr_sys_get();
    while (hr_run_is_running(l->run)) {
        if (is_stopped(l)) {
            hr_run_request_stop(l->run);
            hr_run_request_stop(l->run);
            return;
        }
        sys->sleep_ns(sys->self, POLL_NS);
    }
}

static void take_report(hr_listener *l)
{
    hr_run_report r;
    hr_run_report_get(l->run, &r);
    for (int i = 0; i < HR_REJECT_COUNT; i++)
        l->report->rejected += r.counts.rejected[i];
    l->report->gaps = r.counts.gaps + r.counts.resets;
    l->report->seconds = r.seconds;
}

static hr_status run(hr_listener *l, hr_listen_end_fn end, hr_err *err)
{
    hr_status st = hr_run_start(l->run, err);
    if (st == HR_OK) watch(l);
    hr_status waited = hr_run_wait(l->run, st == HR_OK ? err : NULL);
    if (st == HR_OK) st = waited;
    take_report(l);
    HR_TRY(st);
    if (is_stopped(l))
        return HR_FAIL(err, HR_ESTOPPED, "stopped before the end of the input%s%s%s",
                       l->o->to.path != NULL ? ": '" : "",
                       l->o->to.path != NULL ? l->o->to.path : "",
                       l->o->to.path != NULL ? "' was not written" : "");
    HR_TRY(end(l->tap.self, err));
    HR_TRY(hr_row_out_finish(&l->rows, err));
    l->report->rows = l->rows.n_rows;
    l->report->bytes_out = l->rows.file.n_bytes;
    return HR_OK;
}

hr_status hr_listener_run(hr_listener *l, const hr_tap *tap, hr_listen_end_fn end, hr_err *err)
{
    l->tap.self = tap->self;
    l->tap.message = tap->message;
    return run(l, end, err);
}

void hr_listener_close(hr_listener *l)
{
    hr_row_out_abandon(&l->rows);
    hr_run_destroy(&l->run);
    hr_arena_destroy(&l->arena);
}

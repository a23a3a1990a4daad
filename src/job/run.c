/* SPDX-License-Identifier: Apache-2.0 */
#include "job/run.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/digest.h"
#include "base/sys.h"
#include "conc/machine.h"
#include "job/run_parts.h"
#include "job/tap.h"
#include "kern/kern.h"

#define IDLE_SPINS 64u
#define IDLE_SLEEP_NS 50000
#define STOP_WAIT_NS 1000000000

void run_fail(hr_run *r, const hr_err *err)
{
    while (!run_try_lock(&r->err_busy)) {
    }
    if (atomic_load_explicit(&r->failed, memory_order_relaxed) == 0) {
        r->err = *err;
        atomic_store_explicit(&r->failed, 1, memory_order_relaxed);
    }
    run_unlock(&r->err_busy);
    atomic_store_explicit(&r->is_over, 1, memory_order_release);
}

/* ---- lanes ---- */

typedef hr_status (*task_fn)(hr_run *r, run_lane *l, hr_err *err);

static hr_status task_apply(hr_run *r, run_lane *l, hr_err *err)
{
    hr_status result = HR_AGAIN;
    for (uint32_t k = 0; k < r->n_shards; k++) {
        run_shard *s = &r->shard[(l->idx + k) % r->n_shards];
        if (!run_enter(r, &s->busy)) continue;
        s->calc.rec = r->calc != NULL && r->calc->program.signals != NULL ? l->rec : NULL;
        hr_status st = run_apply(r, s, err);
        run_leave(r, &s->busy, st, err);
        if (st < 0) return st;
        if (st != HR_OK) continue;
        hr_rec_add(l->rec, HR_RUN_UNITS, 1);
        result = HR_OK;
    }
    return result;
}

static hr_status task_merge(hr_run *r, run_lane *l, hr_err *err)
{
    (void)l;
    if (!run_enter(r, &r->merge_busy)) return HR_AGAIN;
    hr_status st = run_merge(r, err);
    run_leave(r, &r->merge_busy, st, err);
    return st;
}

static hr_status task_freeze(hr_run *r, run_lane *l, hr_err *err)
{
    (void)l;
    if (!run_enter(r, &r->merge_busy)) return HR_AGAIN;
    hr_status st = r->mark_pending ? run_freeze(r, err) : HR_AGAIN;
    run_leave(r, &r->merge_busy, st, err);
    return st;
}

static hr_status task_publish(hr_run *r, run_lane *l, hr_err *err)
{
    (void)l;
    return run_publish(r, err);
}

static hr_status task_decode(hr_run *r, run_lane *l, hr_err *err)
{
    uint32_t target = atomic_load_explicit(&r->target_rows, memory_order_relaxed);
    /* Sources with nothing decoded first: the merge stands still until each has its next message.
     */
    for (uint32_t ahead = 0; ahead < HR_SOURCE_SLOTS; ahead++) {
        for (uint32_t i = 0; i < r->n_sources; i++) {
            if (r->n_sources > 1 && hr_source_ahead(&r->source[i]) != ahead) continue;
            hr_status st = hr_source_decode(&r->source[i], r->batches, &r->caps, target, err);
            if (st == HR_OK) hr_rec_add(l->rec, HR_RUN_BATCHES, 1);
            if (st != HR_AGAIN) return st;
        }
        if (r->n_sources == 1) break;
    }
    return HR_AGAIN;
}

static hr_status task_fill(hr_run *r, run_lane *l, hr_err *err)
{
    hr_status result = HR_AGAIN;
    (void)l;
    for (uint32_t i = 0; i < r->n_sources; i++) {
        hr_source *s = &r->source[i];
        if (!run_enter(r, &s->fill_busy)) continue;
        int64_t before = s->reader.next_take;
        hr_status st = hr_source_fill(s, err);
        int64_t n_blocks = s->reader.next_take - before;
        if (n_blocks > 0)
            atomic_fetch_add_explicit(&r->bytes_seen, n_blocks * (int64_t)HR_READER_BLOCK_BYTES,
                                      memory_order_relaxed);
        if (st < 0) hr_err_prefix(err, "'%s'", s->path);
        run_leave(r, &s->fill_busy, st, err);
        if (st < 0) return st;
        if (st == HR_OK) result = HR_OK;
    }
    return result;
}

static hr_status task_encode(hr_run *r, run_lane *l, hr_err *err)
{
    return run_encode(r, l, err);
}

/* What frees memory comes first, what takes it last: so the run never wedges itself. */
static const struct {
    hr_stage stage;
    task_fn fn;
} tasks[] = {
    {HR_STAGE_ENCODE, task_encode}, {HR_STAGE_COMMIT, task_publish}, {HR_STAGE_APPLY, task_apply},
    {HR_STAGE_COMMIT, task_freeze}, {HR_STAGE_MERGE, task_merge},    {HR_STAGE_DECODE, task_decode},
    {HR_STAGE_FILL, task_fill},
};

static hr_status work_once(hr_run *r, run_lane *l, uint64_t *since, hr_err *err)
{
    for (size_t i = 0; i < HR_ARRAY_LEN(tasks); i++) {
        hr_status st = tasks[i].fn(r, l, err);
        if (st == HR_AGAIN) continue;
        *since = hr_rec_end(l->rec, tasks[i].stage, *since);
        return st;
    }
    return HR_AGAIN;
}

/* A stop waits for the next commit, which keeps the work under way; not for long, though, and not
 * when it is asked for again. What is then dropped is done anew when the run is resumed. */
static void heed_stop(hr_run *r, int64_t *since_ns, int64_t now)
{
    uint32_t n_wanted = atomic_load_explicit(&r->stop_wanted, memory_order_relaxed);
    if (n_wanted == 0) return;
    if (*since_ns == 0) *since_ns = now;
    if (n_wanted > 1 || now - *since_ns > STOP_WAIT_NS)
        atomic_store_explicit(&r->is_over, 1, memory_order_release);
}

static void tune(hr_run *r, int64_t now)
{
    if (r->plan->target == HR_TARGET_LATENCY) return;
    uint64_t n_rows = atomic_load_explicit(&r->rows_seen, memory_order_relaxed);
    uint32_t target = run_tune_next(&r->tune, now, n_rows);
    if (target > 0) atomic_store_explicit(&r->target_rows, target, memory_order_relaxed);
}

static void *lane_main(void *arg)
{
    run_lane *l = arg;
    hr_run *r = l->run;
    const hr_sys *sys = hr_sys_get();
    hr_err err = HR_ERR_INIT;
    uint64_t since = hr_rec_begin(l->rec);
    int64_t stop_since_ns = 0;
    uint32_t n_idle = 0;
    while (atomic_load_explicit(&r->is_over, memory_order_acquire) == 0) {
        hr_status st = work_once(r, l, &since, &err);
        if (st < 0) {
            run_fail(r, &err);
            break;
        }
        if (l->idx == 0) {
            int64_t now = hr_sys_mono_ns();
            tune(r, now);
            heed_stop(r, &stop_since_ns, now);
        }
        if (st == HR_OK) {
            n_idle = 0;
            continue;
        }
        if (++n_idle < IDLE_SPINS)
            hr_cpu_relax();
        else
            sys->sleep_ns(sys->self, IDLE_SLEEP_NS);
        since = hr_rec_end(l->rec, HR_STAGE_IDLE, since);
    }
    return NULL;
}

/* ---- opening ---- */

static void default_out(hr_run *r, char *out, size_t cap)
{
    if (r->plan->out[0] != '\0')
        snprintf(out, cap, "%s", r->plan->out);
    else
        snprintf(out, cap, "%s.headrace", r->plan->inputs[0]);
}

static HR_NOINLINE hr_status open_sources(hr_run *r, hr_err *err)
{
    const hr_plan *p = r->plan;
    r->n_sources = p->n_inputs;
    r->source = hr_heap_zero(r->n_sources, sizeof *r->source);
    if (r->source == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for %u inputs", r->n_sources);
    for (uint32_t i = 0; i < r->n_sources; i++)
        r->source[i].reader.fd = -1;
    HR_TRY(run_order_create(&r->order, r->n_sources, err));
    size_t share = r->memory_bytes / 16 / r->n_sources / (HR_SOURCE_SLOTS + 1);
    size_t text_cap = (size_t)p->line_bytes + HR_READER_BLOCK_BYTES;
    if (text_cap > share) text_cap = HR_MAX(share, 2 * (size_t)HR_READER_BLOCK_BYTES);
    for (uint32_t i = 0; i < r->n_sources; i++) {
        hr_source_info info = {.format = (hr_format)p->format,
                               .source_idx = (int32_t)i,
                               .wants_seed = true,
                               .n_sources = r->n_sources,
                               .n_lanes = r->n_lanes,
                               .px_scale = p->px_scale,
                               .qty_scale = p->qty_scale,
                               .share_decimals = p->share_decimals};
        memcpy(info.venue, p->venue, HR_MIN(sizeof info.venue, sizeof p->venue));
        memcpy(info.symbol, p->symbol, HR_MIN(sizeof info.symbol, sizeof p->symbol));
        HR_TRY(hr_source_open(&r->source[i], p->inputs[i], &info, &r->budget, text_cap, err));
        r->all_bytes += r->source[i].reader.size_bytes;
    }
    for (uint32_t i = 0; i < r->n_sources; i++) /* one book of orders, so one shard */
        if (r->source[i].info.has_orders) r->n_shards = 1;
    return run_want(r, err);
}

/* The dataset's identity: the plan's part of it, how parts are cut, and what the inputs are. */
static void make_identity(hr_run *r)
{
    hr_digest inputs = {{0, 0}};
    char digest[HR_DIGEST_TEXT];
    size_t n = hr_plan_identity(r->plan, r->identity, sizeof r->identity);
    n += (size_t)snprintf(r->identity + n, sizeof r->identity - n, " group_bytes=%zu buffer=%lld",
                          (size_t)(r->plan->memory_bytes / 32),
                          (long long)(r->plan->memory_bytes / 16));
    for (uint32_t i = 0; i < r->n_sources; i++) { /* a digest: the list may be long */
        char text[128];
        int n_text =
            snprintf(text, sizeof text, "%lld:%s", (long long)r->source[i].reader.size_bytes,
                     hr_format_name(r->source[i].info.format));
        if (r->source[i].book != NULL)
            n_text += snprintf(text + n_text, sizeof text - (size_t)n_text, "+%lld",
                               (long long)hr_lobster_book_bytes(r->source[i].book));
        hr_digest_add(&inputs, text, (size_t)n_text);
    }
    hr_digest_text(digest, &inputs);
    snprintf(r->identity + n, sizeof r->identity - n, " inputs=%u:%s", r->n_sources, digest);
}

/* What of() names is worked out in the order of all messages, so there is one shard. */
static hr_status open_calc(hr_run *r, hr_err *err)
{
    if (!hr_plan_has_calc(r->plan)) return HR_OK;
    r->calc = hr_heap_zero(1, sizeof *r->calc);
    if (r->calc == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for expressions");
    HR_TRY(hr_calc_setup_open(r->calc, r->plan, r->n_lanes, err));
    if (!hr_calc_is_written(r->plan)) {
        hr_calc_setup_close(r->calc);
        hr_heap_free(r->calc);
        r->calc = NULL;
        return HR_OK;
    }
    if (r->calc->program.e->n_part > 1) r->n_shards = 1;
    r->cfg.calc = r->calc;
    return hr_calc_setup_tables(r->calc, &r->tables, err);
}

static hr_status open_all(hr_run *r, hr_open_mode mode, hr_err *err)
{
    char out[HR_DATASET_PATH_MAX];
    hr_machine m;
    hr_machine_read(&m);
    r->n_lanes = r->plan->lanes > 0 ? r->plan->lanes : m.n_cpus;
    if (r->n_lanes > RUN_LANES_MAX) r->n_lanes = RUN_LANES_MAX;
    r->n_shards = r->tap != NULL ? 1 : r->n_lanes;
    if (r->plan->n_inputs == 0) return HR_FAIL(err, HR_EUSAGE, "no input: name a file");
    hr_sys_real_force_threads(strcmp(r->plan->io, "threads") == 0);
    HR_TRY(open_sources(r, err));
    hr_tables_init(&r->tables, r->plan->depth, r->plan->px_scale, r->plan->qty_scale);
    r->cfg.plan = r->plan;
    r->cfg.writes_none = mode == HR_OPEN_NONE;
    r->cfg.tables = &r->tables;
    if (mode != HR_OPEN_NONE) HR_TRY(open_calc(r, err));
    HR_TRY(run_carve(r, err));
    make_identity(r);
    default_out(r, out, sizeof out);
    if (mode != HR_OPEN_NONE)
        HR_TRY(hr_dataset_open(&r->ds, out, mode, r->identity, &r->tail, err));
    for (uint32_t i = 0; i < r->n_shards; i++) {
        run_shard *s = &r->shard[i];
        s->idx = i;
        s->env.cfg = &r->cfg;
        s->env.cuts = r->cuts;
        s->env.orders = r->orders;
        s->env.calc = r->calc != NULL ? &s->calc : NULL;
        s->calc.span = HR_SPAN_SIGNAL;
        hr_rows_init(&s->env.rows, r->blocks, r->ds.root, s->io, r->io_blocks);
    }
    r->was_complete = r->tail.is_ended;
    if (r->tail.has_commit && !r->tail.is_ended) {
        r->resumed = true;
        HR_TRY(run_state_load(r, err));
        run_all_counts(r, &r->committed);
    }
    r->commit_rows = r->plan->commit_rows > 0 ? r->plan->commit_rows : 8 << 20;
    if (mode == HR_OPEN_NONE) r->commit_rows = INT64_MAX; /* the only mark is the last */
    run_tune_init(&r->tune, r->plan->batch_min, r->plan->batch_max, hr_sys_mono_ns());
    atomic_store_explicit(&r->target_rows,
                          r->plan->target == HR_TARGET_LATENCY ? r->plan->batch_min
                                                               : run_tune_first(&r->tune),
                          memory_order_relaxed);
    return HR_OK;
}

static hr_status create(hr_run **out, const hr_plan *plan, hr_open_mode mode, const hr_tap *tap,
                        hr_err *err)
{
    *out = NULL;
    hr_run *r = hr_heap_zero(1, sizeof *r);
    if (r == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for a run");
    r->plan = plan;
    r->tap = tap;
    hr_kern_init(hr_cpu_detect() & plan->cpu_mask); /* before any lane runs */
    hr_dataset_init(&r->ds);
    size_t held = tap != NULL ? tap->held_bytes : 0;
    r->memory_bytes = (size_t)plan->memory_bytes - HR_MIN(held, (size_t)plan->memory_bytes);
    hr_budget_init(&r->budget, r->memory_bytes);
    hr_status st = open_all(r, mode, err);
    if (st != HR_OK) {
        hr_run_destroy(&r);
        return st;
    }
    *out = r;
    return HR_OK;
}

static bool would_start(const hr_plan *plan, const hr_tap *tap)
{
    hr_run *r = NULL;
    hr_status st = create(&r, plan, HR_OPEN_NONE, tap, NULL);
    hr_run_destroy(&r);
    return st == HR_OK;
}

/* Many sizes grow with memory, so what would do is found by trying: to a sixteenth, in megabytes;
 * 0 when nothing up to 25 times as much does. */
static int64_t find_memory(const hr_plan *plan, const hr_tap *tap)
{
    hr_plan *p = hr_heap_alloc(sizeof *p);
    if (p == NULL) return 0;
    *p = *plan;
    int64_t low = plan->memory_bytes;
    int64_t high = 0;
    for (int i = 0; i < 8 && high == 0; i++) {
        p->memory_bytes = low + low / 2;
        if (would_start(p, tap))
            high = p->memory_bytes;
        else
            low = p->memory_bytes;
    }
    for (int i = 0; i < 3 && high > 0; i++) {
        p->memory_bytes = low + (high - low) / 2;
        *(would_start(p, tap) ? &high : &low) = p->memory_bytes;
    }
    hr_heap_free(p);
    return (high + 999999) / 1000000;
}

static hr_status create_or_advise(hr_run **out, const hr_plan *plan, hr_open_mode mode,
                                  const hr_tap *tap, hr_err *err)
{
    hr_status st = create(out, plan, mode, tap, err);
    if (st != HR_EBUDGET || err == NULL) return st;
    int64_t mb = find_memory(plan, tap);
    if (mb > 0)
        hr_err_prefix(err, "engine.memory of %lld bytes is too small, %lld MB would do",
                      (long long)plan->memory_bytes, (long long)mb);
    else
        hr_err_prefix(err, "engine.memory of %lld bytes is too small",
                      (long long)plan->memory_bytes);
    return st;
}

hr_status hr_run_create(hr_run **out, const hr_plan *plan, hr_open_mode mode, hr_err *err)
{
    return create_or_advise(out, plan, mode, NULL, err);
}

hr_status hr_run_create_tapped(hr_run **out, const hr_plan *plan, const hr_tap *tap, hr_err *err)
{
    return create_or_advise(out, plan, HR_OPEN_NONE, tap, err);
}

hr_status hr_run_start(hr_run *r, hr_err *err)
{
    hr_machine m;
    hr_machine_read(&m);
    bool pins = r->plan->pin == HR_PIN_ON ||
                (r->plan->pin == HR_PIN_AUTO && r->n_lanes > 1 && r->n_lanes <= m.n_cpus);
    r->started_ns = hr_sys_mono_ns();
    if (r->was_complete) {
        atomic_store_explicit(&r->is_over, 1, memory_order_release);
        return HR_OK;
    }
    for (uint32_t i = 0; i < r->n_lanes; i++) {
        run_lane *l = &r->lane[i];
        l->run = r;
        char name[HR_THREAD_NAME_BYTES];
        snprintf(name, sizeof name, "lane-%u", i);
        hr_thread_options opt = {.name = name, .cpu = pins ? m.cpu[i % m.n_cpus] : -1};
        hr_err why = HR_ERR_INIT;
        hr_status st = hr_thread_start(&l->thread, &opt, lane_main, l, &why);
        if (st == HR_OK) continue;
        run_fail(r, &why);
        if (err != NULL) *err = why;
        return st;
    }
    return HR_OK;
}

bool hr_run_is_running(const hr_run *r)
{
    return atomic_load_explicit(&r->is_over, memory_order_acquire) == 0;
}

hr_status hr_run_wait(hr_run *r, hr_err *err)
{
    for (uint32_t i = 0; i < r->n_lanes; i++)
        HR_TRY(hr_thread_join(&r->lane[i].thread, err));
    r->ended_ns = hr_sys_mono_ns();
    if (atomic_load_explicit(&r->failed, memory_order_acquire) == 0) {
        r->stopped = !r->was_complete && !r->is_complete;
        if (r->stopped) run_drop_unpublished(r);
        return HR_OK;
    }
    if (err != NULL) *err = r->err;
    return r->err.code;
}

void hr_run_request_stop(hr_run *r)
{
    atomic_fetch_add_explicit(&r->stop_wanted, 1, memory_order_relaxed);
}

void hr_run_progress(const hr_run *r, int64_t *done_bytes, int64_t *all_bytes, uint64_t *rows)
{
    *done_bytes = atomic_load_explicit(&r->bytes_seen, memory_order_relaxed);
    *all_bytes = r->all_bytes;
    *rows = atomic_load_explicit(&r->rows_seen, memory_order_relaxed);
}

void hr_run_destroy(hr_run **pr)
{
    hr_run *r = *pr;
    *pr = NULL;
    if (r == NULL) return;
    if (r->arena != NULL)
        for (uint32_t i = 0; i < r->n_shards; i++)
            if (r->shard[i].env.rows.blocks != NULL) hr_rows_fini(&r->shard[i].env.rows);
    for (uint32_t i = 0; i < r->n_sources && r->source != NULL; i++)
        hr_source_close(&r->source[i]);
    hr_heap_free(r->source);
    if (r->calc != NULL) hr_calc_setup_close(r->calc);
    hr_heap_free(r->calc);
    run_order_destroy(&r->order);
    hr_dataset_close(&r->ds);
    hr_arena_destroy(&r->arena);
    hr_heap_free(r);
}

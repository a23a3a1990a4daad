/* SPDX-License-Identifier: Apache-2.0 */
/* What a run says of itself: its recorder's names, its counts, its report. */
#include <stdio.h>
#include <string.h>

#include "job/run_parts.h"
#include "kern/kern.h"

static const char *const stage_names[HR_STAGE_COUNT + 1] = {"read",   "decode", "merge", "apply",
                                                            "encode", "commit", "idle",  "signal"};

const char *hr_stage_name(hr_stage s)
{
    return (unsigned)s < HR_STAGE_COUNT ? stage_names[s] : "unknown";
}

static const char *const counter_names[HR_RUN_COUNTER_COUNT] = {
    "batches", "units", "rows_encoded", "row_bytes", "bytes_written", "parts"};

const char *hr_run_counter_name(hr_run_counter c)
{
    return (unsigned)c < HR_RUN_COUNTER_COUNT ? counter_names[c] : "unknown";
}

hr_status run_carve_recorder(hr_run *r, hr_err *err)
{
    hr_rec_options opt = HR_REC_OPTIONS_DEFAULT;
    opt.n_lanes = r->n_lanes;
    bool has_signals = r->calc != NULL && r->calc->program.signals != NULL;
    opt.n_stages = HR_STAGE_COUNT + (has_signals ? 1 : 0);
    opt.n_counters = HR_RUN_COUNTER_COUNT;
    opt.stage_name = stage_names;
    opt.counter_name = counter_names;
    /* A second of a 4 GHz clock and 184 KiB each: for the stages whose spread matters. */
    opt.hist_bits = 32;
    opt.hist_mask = 1u << HR_STAGE_DECODE | 1u << HR_STAGE_APPLY | 1u << HR_STAGE_ENCODE;
    if (has_signals) opt.hist_mask |= 1u << HR_SPAN_SIGNAL;
    HR_TRY(hr_rec_create(&r->rec, r->arena, &opt, err));
    for (uint32_t i = 0; i < r->n_lanes; i++)
        r->lane[i].rec = hr_rec_lane_at(r->rec, i);
    return HR_OK;
}

void run_sum_counts(const hr_run *r, hr_counts *out)
{
    *out = r->base;
    hr_counts_add(out, &r->merge_counts);
    for (uint32_t i = 0; i < r->n_shards; i++)
        hr_counts_add(out, &r->shard[i].env.counts);
}

static void add_desks(const hr_run *r, hr_counts *c)
{
    uint32_t n = atomic_load_explicit(&r->n_desks, memory_order_acquire);
    for (uint32_t i = 0; i < n; i++) {
        const hr_desk *d = r->desk[i];
        c->gaps += d->seq.n_gaps;
        c->duplicates += d->seq.n_duplicates;
        c->stale += d->seq.n_stale;
        c->resets += d->seq.n_resets;
        if (d->has_depth && d->seq.ever_synced) c->synced++;
        if (d->has_depth && !d->seq.ever_synced) c->never_synced++;
        c->checksums += d->n_checksums;
        c->checksums_equal += d->n_checksums_equal;
        if (d->check == NULL) continue;
        c->ticker_checks += d->check->n_checks;
        c->ticker_checks_equal += d->check->n_equal;
        c->ticker_evicted += d->check->n_evicted;
    }
}

void run_all_counts(const hr_run *r, hr_counts *out)
{
    run_sum_counts(r, out);
    add_desks(r, out);
    for (uint32_t i = 0; i < r->n_sources; i++)
        out->lines += (uint64_t)(r->source[i].pos_line - 1);
}

static hr_stage_time time_of(const hr_run *r, const hr_rec_totals *sum, uint32_t i)
{
    return (hr_stage_time){.ns = sum->ns[i],
                           .n_spans = sum->n_spans[i],
                           .p50_ns = hr_rec_percentile_ns(r->rec, i, 50),
                           .p99_ns = hr_rec_percentile_ns(r->rec, i, 99),
                           .max_ns = sum->max_ns[i]};
}

static void report_stages(const hr_run *r, hr_run_report *out)
{
    hr_rec_totals sum = {0};
    hr_rec_read(r->rec, &sum);
    for (uint32_t i = 0; i < HR_STAGE_COUNT; i++)
        out->stage[i] = time_of(r, &sum, i);
    if (hr_rec_shape(r->rec)->n_stages > HR_SPAN_SIGNAL)
        out->signal = time_of(r, &sum, HR_SPAN_SIGNAL);
    memcpy(out->counter, sum.counter, sizeof out->counter);
}

void hr_run_report_get(const hr_run *r, hr_run_report *out)
{
    memset(out, 0, sizeof *out);
    if (r->stopped)
        out->counts = r->committed;
    else
        run_all_counts(r, &out->counts);
    report_stages(r, out);
    out->bytes_read = atomic_load_explicit(&r->bytes_seen, memory_order_relaxed);
    for (uint32_t i = 0; i < r->n_sources; i++) {
        const hr_source *s = &r->source[i];
        if (s->events == NULL)
            out->bytes_text += s->pos_offset;
        else
            out->bytes_read += atomic_load_explicit(&s->table_bytes, memory_order_relaxed);
    }
    out->bytes_read = HR_MIN(out->bytes_read, r->all_bytes);
    for (uint32_t i = 0; i < r->n_shards; i++)
        out->spilled_blocks += r->shard[i].env.rows.n_spilled_blocks;
    out->seconds = (double)(r->ended_ns - r->started_ns) * 1e-9;
    out->lanes = r->n_lanes;
    out->n_commits = r->ds.n_commits;
    out->n_instruments = atomic_load_explicit(&r->n_desks, memory_order_relaxed);
    out->budget_bytes = r->budget.cap_bytes;
    out->carved_bytes = atomic_load_explicit(&r->budget.used_bytes, memory_order_relaxed);
    snprintf(out->io, sizeof out->io, "%s",
             r->n_sources > 0
                 ? r->source[0].events != NULL ? "pread" : hr_reader_backend(&r->source[0].reader)
                 : "none");
    out->cpu = hr_cpu_tier_name(hr_kern_get()->cpu_flags);
    snprintf(out->out, sizeof out->out, "%s", r->ds.root);
    out->resumed = r->resumed;
    out->was_complete = r->was_complete;
    out->stopped = r->stopped;
}

bool hr_counts_balance(const hr_counts *c, char *text, size_t cap)
{
    uint64_t read = c->levels + c->snapshot_levels + c->trades + c->tickers + c->set_aside_rows;
    uint64_t written =
        c->written[HR_KIND_DELTAS] + c->written[HR_KIND_TRADES] + c->written[HR_KIND_TICKERS];
    bool ok = read == written + c->filtered_rows;
    snprintf(text, cap, "%llu rows read = %llu written + %llu filtered%s", (unsigned long long)read,
             (unsigned long long)written, (unsigned long long)c->filtered_rows,
             ok ? "" : ": DOES NOT ADD UP");
    return ok;
}

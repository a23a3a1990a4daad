/* SPDX-License-Identifier: Apache-2.0 */
#include "prof/recorder.h"

#include <cpuid.h>
#include <string.h>

#include "base/assert.h"

#define CALIBRATE_NS 200000
#define STANDS_STILL_READS 1000u /* a real clock has moved by then */
#define CALIBRATE_READS                                                                            \
    1000000              /* a clock that has not moved after so many looks is not real time */
#define LONG_NS 10000000 /* from then on the time since create is the better base */

struct hr_rec {
    hr_rec_options opt;
    hr_rec_lane *lane;
    hr_hist *hist; /* n_lanes x those of hist_mask */
    bool is_tsc;
    uint64_t t0;
    int64_t mono0_ns;
    uint64_t first_rate; /* ns a tick, 32.32 fixed point */
};

static uint64_t get(const _Atomic uint64_t *p)
{
    return atomic_load_explicit(p, memory_order_relaxed);
}

static uint32_t hists_a_lane(const hr_rec_options *opt)
{
    return (uint32_t)__builtin_popcount(opt->hist_mask);
}

size_t hr_rec_bytes(const hr_rec_options *opt)
{
    size_t n_hists = (size_t)opt->n_lanes * hists_a_lane(opt);
    size_t bytes = sizeof(hr_rec) + opt->n_lanes * sizeof(hr_rec_lane) + n_hists * sizeof(hr_hist);
    if (n_hists > 0) bytes += n_hists * hr_hist_bytes(opt->hist_bits);
    return bytes + (size_t)6 * HR_CACHE_LINE; /* padding and redzones of three tables */
}

/* Source: Intel SDM 3B 17.17.1 and AMD APM 3 E.4.7: CPUID 8000_0007h, EDX bit 8, invariant TSC. */
static bool has_steady_tsc(void)
{
    unsigned a;
    unsigned b;
    unsigned c;
    unsigned d;
    return __get_cpuid(0x80000007u, &a, &b, &c, &d) != 0 && (d & (1u << 8)) != 0;
}

static uint64_t rate_of(uint64_t ticks, uint64_t ns)
{
    return (uint64_t)(((unsigned __int128)ns << 32) / ticks);
}

/* False where the counter and the clock do not go together, as with a virtual clock. */
static bool calibrate(hr_rec *r)
{
    r->mono0_ns = hr_sys_mono_ns();
    r->t0 = __builtin_ia32_rdtsc();
    for (uint32_t i = 0; i < CALIBRATE_READS; i++) {
        int64_t ns = hr_sys_mono_ns() - r->mono0_ns;
        uint64_t ticks = __builtin_ia32_rdtsc() - r->t0;
        if (ns == 0 && i > STANDS_STILL_READS) return false;
        if (ns < CALIBRATE_NS || ticks == 0) continue;
        r->first_rate = rate_of(ticks, (uint64_t)ns);
        return r->first_rate != 0;
    }
    return false;
}

static hr_status carve(hr_rec *r, hr_arena *arena, hr_err *err)
{
    const hr_rec_options *o = &r->opt;
    uint32_t n_hists = o->n_lanes * hists_a_lane(o);
    uint32_t next = 0;
    r->lane = hr_arena_alloc(arena, o->n_lanes * sizeof *r->lane, HR_CACHE_LINE);
    if (n_hists > 0) r->hist = hr_arena_alloc(arena, n_hists * sizeof *r->hist, HR_CACHE_LINE);
    if (r->lane == NULL || (n_hists > 0 && r->hist == NULL))
        return HR_FAIL(err, HR_EBUDGET, "no memory for a recorder of %u lanes", o->n_lanes);
    memset(r->lane, 0, o->n_lanes * sizeof *r->lane);
    for (uint32_t i = 0; i < o->n_lanes; i++) {
        r->lane[i].running = HR_REC_NO_STAGE;
        r->lane[i].is_tsc = r->is_tsc;
        for (uint32_t s = 0; s < o->n_stages; s++) {
            if ((o->hist_mask >> s & 1) == 0) continue;
            HR_TRY(hr_hist_init(&r->hist[next], arena, o->hist_bits, err));
            r->lane[i].stage[s].hist = &r->hist[next++];
        }
    }
    return HR_OK;
}

hr_status hr_rec_create(hr_rec **out, hr_arena *arena, const hr_rec_options *opt, hr_err *err)
{
    *out = NULL;
    if (opt->n_lanes == 0 || opt->n_lanes > HR_REC_LANES_MAX || opt->n_stages > HR_REC_STAGES_MAX ||
        opt->n_counters > HR_REC_COUNTERS_MAX || opt->hist_mask >> opt->n_stages != 0)
        return HR_FAIL(err, HR_EINTERNAL, "a recorder of %u lanes, %u stages, %u counters",
                       opt->n_lanes, opt->n_stages, opt->n_counters);
    hr_rec *r = hr_arena_alloc(arena, sizeof *r, HR_CACHE_LINE);
    if (r == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for a recorder");
    *r = (hr_rec){.opt = *opt};
    r->is_tsc = !opt->use_mono && has_steady_tsc() && calibrate(r);
    if (!r->is_tsc) r->mono0_ns = hr_sys_mono_ns();
    HR_TRY(carve(r, arena, err));
    *out = r;
    return HR_OK;
}

hr_rec_lane *hr_rec_lane_at(hr_rec *r, uint32_t lane)
{
    HR_ASSERT(lane < r->opt.n_lanes);
    return &r->lane[lane];
}

const hr_rec_options *hr_rec_shape(const hr_rec *r)
{
    return &r->opt;
}

const char *hr_rec_clock(const hr_rec *r)
{
    return r->is_tsc ? "tsc" : "mono";
}

/* ns a tick, the better known the longer we run. */
static uint64_t rate_now(const hr_rec *r)
{
    if (!r->is_tsc) return UINT64_C(1) << 32;
    int64_t ns = hr_sys_mono_ns() - r->mono0_ns;
    uint64_t ticks = __builtin_ia32_rdtsc() - r->t0;
    return ns < LONG_NS || ticks == 0 ? r->first_rate : rate_of(ticks, (uint64_t)ns);
}

static uint64_t scale(uint64_t ticks, uint64_t rate)
{
    return (uint64_t)(((unsigned __int128)ticks * rate) >> 32);
}

uint64_t hr_rec_ticks_to_ns(const hr_rec *r, uint64_t ticks)
{
    return scale(ticks, rate_now(r));
}

static void add_lane(const hr_rec *r, const hr_rec_lane *l, uint64_t rate, hr_rec_totals *out)
{
    for (uint32_t i = 0; i < r->opt.n_stages; i++) {
        const hr_rec_stage *s = &l->stage[i];
        out->ns[i] += scale(get(&s->ticks), rate);
        out->n_spans[i] += get(&s->n_spans);
        out->max_ns[i] = HR_MAX(out->max_ns[i], scale(get(&s->max_ticks), rate));
    }
    for (uint32_t i = 0; i < r->opt.n_counters; i++)
        out->counter[i] += get(&l->counter[i]);
}

void hr_rec_read_lane(const hr_rec *r, uint32_t lane, hr_rec_totals *out)
{
    HR_ASSERT(lane < r->opt.n_lanes);
    *out = (hr_rec_totals){.elapsed_ns = hr_sys_mono_ns() - r->mono0_ns};
    add_lane(r, &r->lane[lane], rate_now(r), out);
}

void hr_rec_read(const hr_rec *r, hr_rec_totals *out)
{
    uint64_t rate = rate_now(r);
    *out = (hr_rec_totals){.elapsed_ns = hr_sys_mono_ns() - r->mono0_ns};
    for (uint32_t i = 0; i < r->opt.n_lanes; i++)
        add_lane(r, &r->lane[i], rate, out);
}

uint64_t hr_rec_percentile_ns(const hr_rec *r, uint32_t stage, double percent)
{
    const hr_hist *h[HR_REC_LANES_MAX];
    if (stage >= r->opt.n_stages || (r->opt.hist_mask >> stage & 1) == 0) return 0;
    for (uint32_t i = 0; i < r->opt.n_lanes; i++)
        h[i] = r->lane[i].stage[stage].hist;
    return hr_rec_ticks_to_ns(r, hr_hist_percentile_of(h, r->opt.n_lanes, percent));
}

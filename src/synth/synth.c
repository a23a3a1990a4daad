/* SPDX-License-Identifier: Apache-2.0 */
#include "synth/synth.h"

#include <stdio.h>
#include <string.h>

#include "mem/mem.h"
#include "synth/synth_int.h"

#define START_NS INT64_C(1723161600000000000) /* 2024-08-09 */

/* ---- generation ---- */

static synth_instrument *choose(hr_synth *s)
{
    uint32_t n = s->opt.n_instruments;
    uint32_t x = synth_below(&s->venue, s->zipf[n - 1]);
    uint32_t low = 0;
    while (n > 1) {
        uint32_t half = n / 2;
        if (s->zipf[low + half - 1] <= x) {
            low += half;
            n -= half;
        } else {
            n = half;
        }
    }
    return &s->inst[low];
}

static bool is_enough(const hr_synth *s)
{
    uint64_t n =
        s->opt.format == HR_SYNTH_TARDIS_TRADES ? s->n_made : HR_MIN(s->truth.levels, s->n_made);
    return n >= s->opt.n_levels;
}

/* The instrument that the next event concerns; past the end, one with something under way. */
static synth_instrument *next_instrument(hr_synth *s)
{
    if (!is_enough(s)) return choose(s);
    if (s->lines_at_end == 0) s->lines_at_end = s->truth.lines;
    while (s->drain_at < s->opt.n_instruments) {
        synth_instrument *in = &s->inst[s->drain_at];
        if (!hr_synth_is_settled(s, in)) return in;
        s->drain_at++;
    }
    return NULL;
}

size_t hr_synth_next(hr_synth *s, char *out)
{
    uint64_t before = s->truth.lines;
    s->p = out;
    /* A step whose message is dropped may write nothing. */
    while (s->truth.lines == before && s->status == HR_OK) {
        if (!s->has_header) hr_synth_put_header(s);
        s->has_header = true;
        synth_instrument *in = next_instrument(s);
        if (in == NULL) break;
        hr_synth_pass_time(s);
        hr_synth_feed(s, in);
    }
    if (s->status != HR_OK) return 0;
    return s->opt.format == HR_SYNTH_EVENTS ? (size_t)(s->truth.lines - before)
                                            : (size_t)(s->p - out);
}

hr_status hr_synth_status(const hr_synth *s)
{
    return s->status;
}

/* ---- lifecycle ---- */

static void name_instrument(synth_instrument *in, uint32_t i)
{
    static const char *const known[] = {"BTC", "ETH", "SOL", "XRP", "BNB", "ADA", "DOGE", "LTC"};
    if (i < HR_ARRAY_LEN(known))
        snprintf(in->name, sizeof in->name, "%sUSDT", known[i]);
    else
        snprintf(in->name, sizeof in->name, "C%03uUSDT", i % 10000);
    for (size_t k = 0; k < sizeof in->name; k++)
        in->stream[k] =
            in->name[k] >= 'A' && in->name[k] <= 'Z' ? (char)(in->name[k] + 32) : in->name[k];
}

static void seed_rng(hr_synth_rng *r, uint64_t seed)
{
    r->a = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    r->b = seed ^ UINT64_C(0xd1342543de82ef95);
    for (int i = 0; i < 16; i++)
        (void)synth_rnd(r);
}

static void begin_instruments(hr_synth *s)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < s->opt.n_instruments; i++) {
        synth_instrument *in = &s->inst[i];
        name_instrument(in, i);
        in->tick0 = 100000 + (int64_t)synth_below(&s->venue, 6000000);
        in->id = in->prev_id = 1000000 + (int64_t)synth_below(&s->venue, 1000000000);
        in->sync_in = s->opt.has_snapshots ? 3 + (int32_t)synth_below(&s->feed, 4) : -1;
        in->snapshot = s->snapshots + (size_t)i * 2 * HR_SYNTH_SNAPSHOT_DEPTH;
        hr_synth_seed_book(s, in);
        sum += 1 + 1000000 / (i + 2); /* Zipf with exponent 1 */
        s->zipf[i] = sum;
    }
}

static hr_status check(const hr_synth_options *o, hr_err *err)
{
    if (o->n_instruments == 0 || o->n_instruments > HR_SYNTH_INSTRUMENTS_MAX)
        return HR_FAIL(err, HR_EUSAGE, "1 to %d instruments can be made", HR_SYNTH_INSTRUMENTS_MAX);
    if (o->rate == 0 || o->rate > HR_SYNTH_RATE_MAX)
        return HR_FAIL(err, HR_EUSAGE, "rate is 1 to %d a second", HR_SYNTH_RATE_MAX);
    if (o->n_gaps > HR_SYNTH_FAULTS_MAX || o->n_duplicates > HR_SYNTH_FAULTS_MAX ||
        o->n_disorder > HR_SYNTH_FAULTS_MAX || o->n_bad > HR_SYNTH_FAULTS_MAX)
        return HR_FAIL(err, HR_EUSAGE, "at most %d faults of a kind can be made",
                       HR_SYNTH_FAULTS_MAX);
    if (o->format == HR_SYNTH_TARDIS_TRADES &&
        (o->n_gaps > 0 || o->n_duplicates > 0 || o->n_disorder > 0 || !o->has_trades))
        return HR_FAIL(
            err, HR_EUSAGE,
            "a file of trades holds no depth messages: gaps, duplicates and disorder need"
            " another format");
    if (o->format == HR_SYNTH_EVENTS && o->n_bad > 0)
        return HR_FAIL(err, HR_EUSAGE, "bad lines need a text format: a table has none");
    return HR_OK;
}

static bool allocate(hr_synth *s)
{
    const hr_synth_options *o = &s->opt;
    const uint32_t n_faults[3] = {o->n_gaps, o->n_duplicates, o->n_disorder};
    size_t n = o->n_instruments;
    s->inst = hr_heap_zero(n, sizeof *s->inst);
    s->zipf = hr_heap_zero(n, sizeof *s->zipf);
    s->snapshots = hr_heap_zero(n * 2 * HR_SYNTH_SNAPSHOT_DEPTH, sizeof *s->snapshots);
    bool ok = s->inst != NULL && s->zipf != NULL && s->snapshots != NULL;
    for (int i = 0; i < 3; i++) {
        s->fault[i] = hr_heap_zero(n_faults[i] + 1u, sizeof *s->fault[i]);
        ok = ok && s->fault[i] != NULL;
    }
    return ok;
}

hr_status hr_synth_create(hr_synth **out, const hr_synth_options *opt, hr_err *err)
{
    *out = NULL;
    HR_TRY(check(opt, err));
    hr_synth *s = hr_heap_zero(1, sizeof *s);
    if (s != NULL) s->opt = *opt;
    if (s == NULL || !allocate(s)) {
        hr_synth_destroy(&s);
        return HR_FAIL(err, HR_ENOMEM, "no memory for %u instruments", opt->n_instruments);
    }
    seed_rng(&s->venue, opt->seed);
    seed_rng(&s->feed, ~opt->seed);
    s->now_ns = START_NS;
    s->mean_gap_ns = UINT64_C(1000000000) / opt->rate;
    begin_instruments(s);
    *out = s;
    return HR_OK;
}

void hr_synth_destroy(hr_synth **ps)
{
    hr_synth *s = *ps;
    *ps = NULL;
    if (s == NULL) return;
    hr_heap_free(s->inst);
    hr_heap_free(s->zipf);
    hr_heap_free(s->snapshots);
    for (int i = 0; i < 3; i++)
        hr_heap_free(s->fault[i]);
    hr_heap_free(s);
}

/* ---- truth ---- */

void hr_synth_truth_get(const hr_synth *s, hr_synth_truth *out)
{
    *out = s->truth;
    out->drain_lines = s->lines_at_end == 0 ? 0 : s->truth.lines - s->lines_at_end;
    out->gap = s->fault[0];
    out->duplicate = s->fault[1];
    out->late = s->fault[2];
    out->ts_first = START_NS;
    out->ts_last = s->now_ns;
}

void hr_synth_instrument_get(const hr_synth *s, uint32_t i, hr_synth_instrument *out)
{
    const synth_instrument *in = &s->inst[i];
    *out = (hr_synth_instrument){.name = in->name,
                                 .last_id = in->id,
                                 .last_trade_id = in->trade_id,
                                 .tick0 = in->tick0,
                                 .messages = in->messages,
                                 .levels = in->levels,
                                 .trades = in->trades,
                                 .tickers = in->tickers,
                                 .snapshots = in->snapshots,
                                 .ticker_checks = in->checks,
                                 .is_whole = in->is_whole};
}

uint32_t hr_synth_top(const hr_synth *s, uint32_t i, uint8_t side, uint32_t n, hr_synth_level *out)
{
    const synth_instrument *in = &s->inst[i];
    int32_t step = side == 0 ? -1 : 1;
    uint32_t got = 0;
    for (int32_t cell = in->best[side]; cell > 0 && cell < SYNTH_WINDOW && got < n; cell += step)
        if (in->qty[side][cell] != 0)
            out[got++] =
                (hr_synth_level){.qty = in->qty[side][cell], .cell = (uint16_t)cell, .side = side};
    return got;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The truth file: what was made, and what a reader must find. One JSON object; its keys are in
 * docs/modules/synth.md. */
#include <stdarg.h>
#include <stdio.h>

#include "app/gen.h"
#include "app/gen_out.h"

#define TOP 10
#define PIECE_BYTES 4096

typedef unsigned long long ull;
typedef long long ll;

/* The first error of a chain of writes. */
typedef struct printer {
    hr_gen_out *out;
    hr_status status;
    hr_err *err;
} printer;

HR_PRINTF(2, 3) static void print(printer *p, const char *format, ...)
{
    va_list args;
    if (p->status != HR_OK) return;
    va_start(args, format);
    int n = vsnprintf(hr_gen_out_room(p->out), PIECE_BYTES, format, args);
    va_end(args);
    p->status = n < 0 || n >= PIECE_BYTES
                    ? HR_FAIL(p->err, HR_EINTERNAL, "a piece of the truth is too long")
                    : hr_gen_out_took(p->out, (size_t)n, p->err);
}

static void print_counts(printer *p, const hr_synth_truth *t)
{
    print(p,
          "{\"lines\":%llu,\"messages\":%llu,\"levels\":%llu,\"trades\":%llu,\"tickers\":%llu,"
          "\"snapshots\":%llu,\"snapshot_levels\":%llu,\"snapshots_inside\":%llu,",
          (ull)t->lines, (ull)t->messages, (ull)t->levels, (ull)t->trades, (ull)t->tickers,
          (ull)t->snapshots, (ull)t->snapshot_levels, (ull)t->snapshots_inside);
    print(p,
          "\"gaps\":%llu,\"duplicates\":%llu,\"disorder\":%llu,\"bad\":%llu,"
          "\"drain_lines\":%llu,\"ts_first\":%lld,\"ts_last\":%lld,\n",
          (ull)t->gaps, (ull)t->duplicates, (ull)t->disorder, (ull)t->bad, (ull)t->drain_lines,
          (ll)t->ts_first, (ll)t->ts_last);
}

/* By the venue's rules a late message is a gap where it is missed and stale where it comes. */
static void print_expected(printer *p, const hr_synth *s, const hr_synth_options *o,
                           const hr_synth_truth *t)
{
    uint64_t n_whole = 0;
    uint64_t n_seen = 0;
    bool has_ids = o->format <= HR_SYNTH_NDJSON;
    for (uint32_t i = 0; i < o->n_instruments; i++) {
        hr_synth_instrument in;
        hr_synth_instrument_get(s, i, &in);
        n_whole += in.is_whole && in.messages > 0;
        n_seen += in.messages > 0;
    }
    print(p,
          "\"expect\":{\"gaps\":%llu,\"duplicates\":%llu,\"stale\":%llu,\"rejected\":%llu,"
          "\"ticker_checks\":%llu,\"synced\":%llu,\"never_synced\":%llu},\n",
          has_ids ? (ull)(t->gaps + t->disorder) : 0, has_ids ? (ull)t->duplicates : 0,
          has_ids || o->format == HR_SYNTH_EVENTS ? (ull)t->disorder : 0, (ull)t->bad,
          (ull)t->ticker_checks, (ull)n_whole, (ull)(n_seen - n_whole));
}

static void print_faults(printer *p, const hr_synth *s, const char *name, const hr_synth_fault *f,
                         uint64_t n)
{
    print(p, "\"%s\":[", name);
    for (uint64_t i = 0; i < n; i++) {
        hr_synth_instrument in;
        hr_synth_instrument_get(s, f[i].inst, &in);
        print(p, "%s{\"symbol\":\"%s\",\"first\":%lld,\"last\":%lld,\"line\":%llu}",
              i > 0 ? ",\n" : "\n", in.name, (ll)f[i].first, (ll)f[i].last, (ull)f[i].line);
    }
    print(p, "],\n");
}

static void print_side(printer *p, const hr_synth *s, uint32_t i, int64_t tick0, uint8_t side)
{
    hr_synth_level level[TOP];
    uint32_t n = hr_synth_top(s, i, side, TOP, level);
    print(p, "\"%s\":[", side == 0 ? "bids" : "asks");
    for (uint32_t k = 0; k < n; k++)
        print(p, "%s[\"%lld.%02lld\",\"%u.%03u\"]", k > 0 ? "," : "",
              (ll)((tick0 + level[k].cell) / 100), (ll)((tick0 + level[k].cell) % 100),
              level[k].qty / 1000, level[k].qty % 1000);
    print(p, "]");
}

static void print_instruments(printer *p, const hr_synth *s, uint32_t n)
{
    const char *sep = "";
    print(p, "\"instruments\":{");
    for (uint32_t i = 0; i < n; i++) {
        hr_synth_instrument in;
        hr_synth_instrument_get(s, i, &in);
        if (in.messages + in.trades == 0) continue;
        print(p,
              "%s\n\"%s\":{\"messages\":%llu,\"levels\":%llu,\"trades\":%llu,\"tickers\":%llu,"
              "\"snapshots\":%llu,\"ticker_checks\":%llu,\"last_id\":%lld,\"last_trade_id\":%lld,"
              "\"whole\":%s,",
              sep, in.name, (ull)in.messages, (ull)in.levels, (ull)in.trades, (ull)in.tickers,
              (ull)in.snapshots, (ull)in.ticker_checks, (ll)in.last_id, (ll)in.last_trade_id,
              in.is_whole ? "true" : "false");
        print_side(p, s, i, in.tick0, 0);
        print(p, ",");
        print_side(p, s, i, in.tick0, 1);
        print(p, "}");
        sep = ",";
    }
    print(p, "}}\n");
}

hr_status hr_gen_truth_write(const char *path, const hr_synth *s, const hr_synth_options *o,
                             hr_err *err)
{
    hr_synth_truth t;
    printer p = {.err = err};
    HR_TRY(hr_gen_out_open(&p.out, path, HR_GEN_CHUNK_BYTES, PIECE_BYTES, err));
    hr_synth_truth_get(s, &t);
    print_counts(&p, &t);
    print_expected(&p, s, o, &t);
    print_faults(&p, s, "gap_list", t.gap, t.gaps);
    print_faults(&p, s, "duplicate_list", t.duplicate, t.duplicates);
    print_faults(&p, s, "disorder_list", t.late, t.disorder);
    print_instruments(&p, s, o->n_instruments);
    if (p.status == HR_OK) p.status = hr_gen_out_finish(p.out, err);
    if (p.status == HR_OK) p.status = hr_gen_out_publish(p.out, err);
    hr_gen_out_close(&p.out);
    return p.status;
}

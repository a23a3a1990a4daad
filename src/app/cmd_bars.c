/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "app/app.h"
#include "app/app_listen.h"
#include "job/bars_run.h"

typedef struct options {
    hr_app_listen x;
    int64_t every_ns, ticks; /* -1: not given */
    const char *volume, *notional;
    int of, price;
    bool split, fill, partial;
} options;

static hr_status set_amount(hr_wide *out, const char *option, const char *text, unsigned scale,
                            hr_err *err)
{
    hr_status st = hr_wide_parse(out, text, strlen(text), scale);
    if (st == HR_OK && *out > 0) return HR_OK;
    if (st == HR_ERANGE)
        return HR_FAIL(err, HR_EUSAGE, "%s: '%.80s' has more than %u decimals or is too large",
                       option, text, scale);
    return HR_FAIL(err, HR_EUSAGE, "%s: '%.80s' is not an amount above 0 such as 2.5", option,
                   text);
}

static hr_status set_rule(hr_bar_rule *r, const options *o, hr_err *err)
{
    const hr_plan *p = &o->x.plan;
    int n = (o->every_ns >= 0) + (o->ticks >= 0) + (o->volume != NULL) + (o->notional != NULL);
    *r = (hr_bar_rule){.split = o->split, .fill = o->fill};
    if (n != 1)
        return HR_FAIL(err, HR_EUSAGE, "%s: name one of --every, --ticks, --volume and --notional",
                       n == 0 ? "what closes a bar" : "a bar is closed by one thing");
    if (o->every_ns >= 0) {
        r->kind = HR_BAR_TIME;
        r->width_ns = o->every_ns;
        if (!hr_bar_width_is_even(r->width_ns))
            return HR_FAIL(err, HR_EUSAGE,
                           "--every: bars begin at midnight UTC, so the width "
                           "divides a day, or is whole days");
    } else if (o->ticks >= 0) {
        r->kind = HR_BAR_TICK;
        r->n_ticks = (uint64_t)o->ticks;
    } else if (o->volume != NULL) {
        r->kind = HR_BAR_VOLUME;
        HR_TRY(set_amount(&r->threshold, "--volume", o->volume, p->qty_scale, err));
    } else {
        r->kind = HR_BAR_NOTIONAL;
        HR_TRY(set_amount(&r->threshold, "--notional", o->notional,
                          (unsigned)p->px_scale + p->qty_scale, err));
    }
    return HR_OK;
}

static hr_status check_rule(const hr_bar_rule *r, const options *o, hr_err *err)
{
    bool has_amount = r->kind == HR_BAR_VOLUME || r->kind == HR_BAR_NOTIONAL;
    if (o->split && !has_amount)
        return HR_FAIL(err, HR_EUSAGE, "--split: only bars of --volume or --notional part trades");
    if (o->fill && r->kind != HR_BAR_TIME)
        return HR_FAIL(err, HR_EUSAGE, "--fill: only bars of --every can be empty");
    if (has_amount && o->of != HR_BARS_OF_TRADES)
        return HR_FAIL(err, HR_EUSAGE, "--of: only trades have volume and notional");
    if (o->price >= 0 && o->of == HR_BARS_OF_TRADES)
        return HR_FAIL(err, HR_EUSAGE, "--price: trades have one; it is for --of book and ticker");
    return HR_OK;
}

static hr_status parse_args(options *o, hr_bars_options *job, int argc, char **argv, hr_err *err)
{
    static const char *const of[] = {"trades", "book", "ticker", NULL};
    static const char *const price[] = {"mid", "bid", "ask", NULL};
    const int64_t days = INT64_C(86400) * 1000000000;
    const hr_opt table[] = {
        {"--every", "D", "bars of time, aligned to UTC midnight: 1s, 1m, 1h, 24h", HR_OPT_DURATION,
         &o->every_ns, 1, 366 * days, NULL},
        {"--ticks", "N", "bars of N trades, or changes of the touch", HR_OPT_COUNT, &o->ticks, 1,
         INT64_MAX, NULL},
        {"--volume", "Q", "bars of this quantity", HR_OPT_TEXT, &o->volume, 0, 0, NULL},
        {"--notional", "A", "bars of this much price times quantity", HR_OPT_TEXT, &o->notional, 0,
         0, NULL},
        {"--split", NULL, "part the trade that passes the threshold (default: it closes the bar)",
         HR_OPT_ON, &o->split, 0, 0, NULL},
        {"--fill", NULL, "empty bars of time too, flat at the last close", HR_OPT_ON, &o->fill, 0,
         0, NULL},
        {"--partial", NULL, "the bar that the input's end cut short too (of time: always)",
         HR_OPT_ON, &o->partial, 0, 0, NULL},
        {"--of", "W", "trades (default), book (the rebuilt touch) or ticker", HR_OPT_CHOICE, &o->of,
         0, 0, of},
        {"--price", "P", "mid (default), bid or ask, of book and ticker", HR_OPT_CHOICE, &o->price,
         0, 0, price},
        HR_OPTS_LISTEN(o->x, "times of bars and joins: local (default) or venue"),
    };
    hr_opts opts = {
        .verb = "bars",
        .about =
            "Bars by time, count, volume or notional from whatever `run` reads, as CSV on\n"
            "standard output or a file. A trade or change before the open bar's start is late:\n"
            "counted, and in no bar.",
        .example = "headrace bars capture.ndjson.gz --every 1m --out bars.parquet",
        .opt = table,
        .n_opt = HR_ARRAY_LEN(table),
    };
    HR_TRY(hr_app_listen_parse(&o->x, &opts, argc, argv, err));
    *job = (hr_bars_options){.listen = hr_app_listen_options(&o->x),
                             .of = (hr_bars_of)o->of,
                             .price = o->price >= 0 ? (hr_bar_price)o->price : HR_BAR_MID,
                             .partial = o->partial};
    HR_TRY(set_rule(&job->rule, o, err));
    return check_rule(&job->rule, o, err);
}

static void print(const options *o, const hr_bars_report *r)
{
    const hr_app_figure figure[] = {
        {"changes", "changes of the touch", r->changes},
        {"late", "late", r->late},
        {"parted", "partings of trades", r->parted},
        {"unfilled", "empty stretches too long to fill", r->unfilled},
        {"partial", "open at the end (--partial writes them)", r->partial},
    };
    hr_app_listen_print(&o->x, &r->listen, "bars", figure, HR_ARRAY_LEN(figure));
}

int hr_cmd_bars(int argc, char **argv)
{
    static const options none = {
        .x = HR_APP_LISTEN_DEFAULT, .every_ns = -1, .ticks = -1, .price = -1};
    static options o; /* too large for a frame */
    hr_bars_options job;
    hr_bars_report report;
    hr_err err = HR_ERR_INIT;
    o = none;
    hr_plan_init(&o.x.plan);
    hr_status st = parse_args(&o, &job, argc, argv, &err);
    if (st == HR_OK) st = hr_bars_run(&job, &report, &err);
    if (st == HR_OK) print(&o, &report);
    hr_plan_fini(&o.x.plan);
    return st == HR_OK || st == HR_END ? HR_EXIT_OK : hr_app_fail(&err);
}

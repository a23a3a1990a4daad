/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app_listen.h"

#include <signal.h>
#include <stdio.h>

#include "app/app_check.h"
#include "app/app_plan.h"
#include "app/app_stdin.h"

const char *const hr_app_clocks[] = {"local", "venue", NULL};
const char *const hr_app_trades[] = {"first", "single", "agg", "all", NULL};

typedef unsigned long long ull;

static _Atomic uint32_t stop_wanted;

static void on_signal(int sig)
{
    (void)sig;
    atomic_store_explicit(&stop_wanted, 1, memory_order_relaxed);
}

static hr_status take(hr_app_listen *x, int n_args, char **args, hr_err *err)
{
    hr_plan *p = &x->plan;
    hr_app_check_plan(p);
    HR_TRY(hr_app_plan_add(p, n_args, args, err));
    hr_opts_engine_apply(&x->engine, p);
    if (x->from_ns >= 0) p->from_ns = x->from_ns;
    if (x->to_ns >= 0) p->to_ns = x->to_ns;
    /* Of what a plan may say on output and books nothing is made here. */
    p->depth = 1;
    p->rows_on = HR_ROWS_ON_BBO;
    for (int k = 0; k < HR_KIND_COUNT; k++)
        p->write[k] = false;
    if (p->n_inputs == 0) return HR_FAIL(err, HR_EUSAGE, "no input: name a capture or a plan");
    if (x->skip_missing) p->skips_missing = true;
    HR_TRY(hr_app_stdin_take(p, err));
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    HR_TRY(hr_plan_check(p, err));
    return hr_app_plan_expand_too(p, x->takes_too, err);
}

hr_status hr_app_listen_parse(hr_app_listen *x, hr_opts *opts, int argc, char **argv, hr_err *err)
{
    int n_args;
    opts->args = "INPUT... | PLAN.yaml";
    opts->min_args = 1;
    opts->max_args = HR_PLAN_INPUTS_MAX;
    HR_TRY(hr_opts_parse(opts, argc, argv, &n_args, err));
    return take(x, n_args, argv + 1, err);
}

hr_status hr_app_listen_parse_behind(hr_app_listen *x, hr_opts *opts, const char **first,
                                     const bool *is_alone, int argc, char **argv, hr_err *err)
{
    int n_args;
    opts->args = "EXPR INPUT... | EXPR PLAN.yaml";
    opts->max_args = HR_PLAN_INPUTS_MAX + 1;
    HR_TRY(hr_opts_parse(opts, argc, argv, &n_args, err));
    *first = n_args > 0 ? argv[1] : NULL;
    if (*is_alone) return HR_OK;
    if (n_args < 2)
        return HR_FAIL(err, HR_EUSAGE, "%s: %s is missing (headrace %s -h)", opts->verb,
                       n_args == 0 ? "EXPR" : "INPUT", opts->verb);
    return take(x, n_args - 1, argv + 2, err);
}

hr_listen_options hr_app_listen_options(const hr_app_listen *x)
{
    return (hr_listen_options){.plan = &x->plan,
                               .to = {.path = x->out, .json = x->json, .force = x->force},
                               .clock = (hr_clock)x->clock,
                               .trades = (hr_trade_kinds)x->trades,
                               .keep_repeated = x->keep_repeated,
                               .stop = &stop_wanted};
}

static void print_json(const hr_listen_report *r, const hr_app_figure *common, size_t n_common,
                       const hr_app_figure *figure, size_t n_figures)
{
    printf("{\"rows\":%llu,\"instruments\":%u", (ull)r->rows, r->instruments);
    for (size_t i = 0; i < n_common; i++)
        printf(",\"%s\":%llu", common[i].name, (ull)common[i].n);
    for (size_t i = 0; i < n_figures; i++)
        printf(",\"%s\":%llu", figure[i].name, (ull)figure[i].n);
    printf(",\"bytes_out\":%lld,\"seconds\":%.6f}\n", (long long)r->bytes_out, r->seconds);
}

void hr_app_listen_print(const hr_app_listen *x, const hr_listen_report *r, const char *rows,
                         const hr_app_figure *figure, size_t n_figures)
{
    const hr_app_figure common[] = {
        {"trades", "trades", r->trades},
        {"repeated", "repeated trades", r->repeated},
        {"other_kind", "trades of the other kind (--trades)", r->other_kind},
        {"no_time", "trades without a venue time", r->no_time},
        {"books", "books", r->books},
        {"books_no_time", "books without a venue time", r->books_no_time},
        {"rejected", "rejected messages", r->rejected},
        {"gaps", "gaps", r->gaps},
    };
    if (x->json && x->out != NULL) {
        print_json(r, common, HR_ARRAY_LEN(common), figure, n_figures);
        return;
    }
    FILE *to = x->out != NULL ? stdout : stderr;
    fprintf(to, "%llu %s of %u instruments", (ull)r->rows, rows, r->instruments);
    const char *sep = ": ";
    for (size_t i = 0; i < HR_ARRAY_LEN(common) + n_figures; i++) {
        const hr_app_figure *f =
            i < HR_ARRAY_LEN(common) ? &common[i] : &figure[i - HR_ARRAY_LEN(common)];
        if (f->n == 0) continue;
        fprintf(to, "%s%llu %s", sep, (ull)f->n, f->what);
        sep = ", ";
    }
    fprintf(to, "; %.3f s\n", r->seconds);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app.h"
#include "app/app_listen.h"
#include "job/asof_run.h"

typedef struct options {
    hr_app_listen x;
    int64_t tolerance_ns;
    int book;
} options;

static hr_status parse_args(options *o, hr_asof_options *job, int argc, char **argv, hr_err *err)
{
    static const char *const book[] = {"depth", "ticker", NULL};
    const hr_opt table[] = {
        {"--tolerance", "D", "a book older than this is none, e.g. 5s", HR_OPT_DURATION,
         &o->tolerance_ns, 0, INT64_MAX, NULL},
        {"--book", "W", "depth (the rebuilt book, default) or ticker", HR_OPT_CHOICE, &o->book, 0,
         0, book},
        HR_OPTS_LISTEN(o->x, "times of bars and joins: local (default) or venue"),
    };
    hr_opts opts = {
        .verb = "asof",
        .about =
            "Each trade with the best bid and ask of the newest book strictly before it: what has\n"
            "the same time is not before it. Trades and books may be in one input or in several, of"
            "\nall formats that `run` reads. As CSV on standard output or a file.",
        .example = "headrace asof capture.ndjson.gz --clock venue --tolerance 5s",
        .opt = table,
        .n_opt = HR_ARRAY_LEN(table),
    };
    HR_TRY(hr_app_listen_parse(&o->x, &opts, argc, argv, err));
    *job = (hr_asof_options){.listen = hr_app_listen_options(&o->x),
                             .book = (hr_book_of)o->book,
                             .tolerance_ns = o->tolerance_ns};
    return HR_OK;
}

static void print(const options *o, const hr_asof_report *r)
{
    const hr_app_figure figure[] = {
        {"joined", "joined", r->joined},
        {"none", "without a book", r->none},
        {"too_old", "with a book too old (--tolerance)", r->too_old},
        {"forgotten", "too late for the books kept", r->forgotten},
        {"hurried", "that could wait no longer", r->hurried},
        {"late_books", "books with falling times", r->late_books},
    };
    hr_app_listen_print(&o->x, &r->listen, "rows", figure, HR_ARRAY_LEN(figure));
}

int hr_cmd_asof(int argc, char **argv)
{
    static const options none = {.x = HR_APP_LISTEN_DEFAULT, .tolerance_ns = INT64_MAX};
    static options o; /* too large for a frame */
    hr_asof_options job;
    hr_asof_report report;
    hr_err err = HR_ERR_INIT;
    o = none;
    hr_plan_init(&o.x.plan);
    hr_status st = parse_args(&o, &job, argc, argv, &err);
    if (st == HR_OK) st = hr_asof_run(&job, &report, &err);
    if (st == HR_OK) print(&o, &report);
    hr_plan_fini(&o.x.plan);
    return st == HR_OK || st == HR_END ? HR_EXIT_OK : hr_app_fail(&err);
}

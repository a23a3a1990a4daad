/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/app_calc.h"
#include "app/app_listen.h"
#include "job/calc_batch.h"
#include "job/calc_table.h"

typedef struct options {
    hr_app_listen x;
    const char *params, *plugin, *stages;
    char *stage_text; /* the names, cut apart */
    const char *stage[HR_ROW_STAGES_MAX];
    uint32_t n_stages;
    int book, rows, dates;
    int64_t max_rows;
    bool explains, lists;
    hr_expr_param param[HR_APP_PARAMS_MAX];
    char param_name[HR_APP_PARAMS_MAX][HR_EXPR_NAME_MAX + 1];
    uint32_t n_params;
    hr_calc_words words; /* of a table's columns */
    bool is_table;
    hr_calc_report report;
    hr_err why; /* the first input is neither a table nor known */
} options;

static hr_calc_table columns; /* too large for a frame, and for the options that are copied */

static const char *const books[] = {"depth", "ticker", NULL};
static const char *const row_kinds[] = {"all", "valued", "true", NULL};
static const char *const date_orders[] = {"unknown", "month-first", "day-first", NULL};

/* ---- the command line ---- */

static hr_status parse_args(options *o, const char **text, int argc, char **argv, hr_err *err)
{
    const hr_opt table[] = {
        {"--list", NULL, "every function with what it takes and gives (with NAME: that one)",
         HR_OPT_ON, &o->lists, 0, 0, NULL},
        {"--explain", NULL, "the program: its steps, what they keep, and what each took", HR_OPT_ON,
         &o->explains, 0, 0, NULL},
        {"--param", "PARAMS", "values of $names: n=20,span=2s", HR_OPT_TEXT, &o->params, 0, 0,
         NULL},
        {"--plugin", "FILE", "a shared object with functions and stages of its own", HR_OPT_TEXT,
         &o->plugin, 0, 0, NULL},
        {"--stage", "NAMES", "stages of the plugin that rows go through first: despike,even",
         HR_OPT_TEXT, &o->stages, 0, 0, NULL},
        {"--rows", "W", "all (default), valued (some output is not null) or true (some condition)",
         HR_OPT_CHOICE, &o->rows, 0, 0, row_kinds},
        {"--book", "W", "depth (the rebuilt book, default) or ticker", HR_OPT_CHOICE, &o->book, 0,
         0, books},
        {"--max-rows", "N", "rows that a window of time holds (default: 15000)", HR_OPT_COUNT,
         &o->max_rows, 1, 1 << 24, NULL},
        {"--dates", "W", "of 01/03/2017 in a table: month-first or day-first", HR_OPT_CHOICE,
         &o->dates, 0, 0, date_orders},
        {"--time", "COLUMN", "of a table: its times; none: rows are numbered", HR_OPT_TEXT,
         &o->words.time, 0, 0, NULL},
        {"--by", "COLUMN", "of a table: its instruments; none: the file is one", HR_OPT_TEXT,
         &o->words.by, 0, 0, NULL},
        HR_OPTS_LISTEN(o->x, "times of rows: venue (default) or local"),
    };
    hr_opts opts = {
        .verb = "calc",
        .about =
            "Expressions over each event of whatever `run` reads, or each row of a table (CSV,\n"
            "Parquet, Arrow; bars: date,open,high,low,close,volume), as CSV on standard output\n"
            "or a file. EXPR: 'ema(mid, 20) - mid', or 'name: expression; name: expression';\n"
            "@FILE reads it from a file.",
        .example = "headrace calc 'fast: ema(mid, 2s); up: mid > fast' capture.ndjson.gz",
        .opt = table,
        .n_opt = HR_ARRAY_LEN(table),
    };
    return hr_app_listen_parse_behind(&o->x, &opts, text, &o->lists, argc, argv, err);
}

/* ---- what was read, in words ---- */

static void print_explain(const hr_program *p, const hr_calc_report *r, const uint64_t *step_ns)
{
    hr_app_explain(stderr, p, r->rows, step_ns);
    fprintf(stderr, "%zu bytes an instrument, %u steps, %llu rows\n", r->state_bytes, p->e->n_step,
            (unsigned long long)r->rows);
}

static void print(const options *o, const hr_calc_report *r)
{
    const hr_app_figure figure[] = {
        {"rows_worked_out", "worked out", r->rows},
        {"rows_dropped", "dropped by stages", r->dropped},
        {"rows_no_time", "without any time", r->no_time},
        {"rows_older", "older than one before them", r->older},
        {"unmet", "instruments of of() that never came", r->unmet},
    };
    hr_app_listen_print(&o->x, &r->listen, "rows", figure, HR_ARRAY_LEN(figure));
    if (r->reject_1[0] != '\0') fprintf(stderr, "headrace: first rejected: %s\n", r->reject_1);
    if (r->older > 0)
        fprintf(stderr, "headrace: rows go back in time, and windows do not: sort the table\n");
    if (r->unmet > 0)
        fprintf(stderr, "headrace: of(\"%s\", ..): no such instrument in the input\n", r->unmet_1);
}

/* ---- the run ---- */

static hr_status run_on(options *o, const hr_program *p, hr_err *err)
{
    hr_calc_options job = {.listen = hr_app_listen_options(&o->x),
                           .book = (hr_book_of)o->book,
                           .rows = (hr_calc_rows)o->rows,
                           .program = p,
                           .measures = o->explains};
    hr_calc_table_options table = {.table = &columns, .o = &job, .words = &o->words};
    uint64_t *step_ns = hr_arena_alloc(p->arena, (p->e->n_step + 1) * sizeof *step_ns, 8);
    if (step_ns == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for an expression");
    hr_status st = o->is_table ? hr_calc_table_run(&table, &o->report, step_ns, err)
                               : hr_calc_run(&job, &o->report, step_ns, err);
    if (st != HR_OK) return st;
    if (o->explains) print_explain(p, &o->report, step_ns);
    print(o, &o->report);
    return HR_OK;
}

/* "a,b" as names. */
static hr_status take_stages(options *o, hr_err *err)
{
    if (o->stages == NULL) return HR_OK;
    if (o->is_table)
        return HR_FAIL(err, HR_EUSAGE, "--stage: rows of a table go through no stages");
    o->stage_text = hr_heap_strdup(o->stages);
    if (o->stage_text == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for stages");
    char *rest = o->stage_text;
    for (char *name = strsep(&rest, ","); name != NULL; name = strsep(&rest, ",")) {
        if (name[0] == '\0')
            return HR_FAIL(err, HR_EUSAGE,
                           "--stage: expected names with commas between, found '%s'", o->stages);
        if (o->n_stages == HR_ROW_STAGES_MAX)
            return HR_FAIL(err, HR_EUSAGE, "--stage: at most %u stages", HR_ROW_STAGES_MAX);
        o->stage[o->n_stages++] = name;
    }
    return HR_OK;
}

/* What is said of columns is said of a table; else the first input tells. */
static hr_status tell_table(options *o, const char *first, hr_err *err)
{
    hr_format f = (hr_format)o->x.engine.format;
    o->is_table = f != HR_FORMAT_UNKNOWN
                      ? hr_format_is_records(f)
                      : o->words.time != NULL || o->words.by != NULL || o->dates != 0;
    if (f != HR_FORMAT_UNKNOWN || o->is_table) return HR_OK;
    return hr_calc_table_is(&o->is_table, &o->why, first, err);
}

/* Behind the message on a name that there is not: what there is. */
static void add_columns(const options *o, const char *first, hr_err *err)
{
    char list[160];
    size_t at = strlen(err->message);
    if (strstr(err->message, "expected a column") == NULL) return;
    if (o->why.code != HR_OK && !o->is_table)
        *err = o->why;
    else if (o->is_table)
        snprintf(err->message + at, sizeof err->message - at, "\n  columns of '%.80s': %s", first,
                 hr_calc_columns_list(list, sizeof list, &columns));
    else
        snprintf(
            err->message + at, sizeof err->message - at,
            "\n  '%.80s' holds events: mid, bid_px[0], trade.px and so on; where it has columns"
            " of its own, --time COLUMN takes it as a table",
            first);
}

/* What cannot be read is: when its turn comes, it is said why. */
static bool is_any_table(const char *path)
{
    bool is;
    hr_err why = HR_ERR_INIT;
    return hr_calc_table_is(&is, &why, path, NULL) != HR_OK || is;
}

HR_NOINLINE static hr_status run(options *o, const char *text, hr_err *err)
{
    hr_program program;
    size_t n;
    const char *first = o->x.plan.inputs[0];
    char *plugins[1] = {(char *)(uintptr_t)o->plugin};
    HR_TRY(hr_app_params_parse(o->param, o->param_name, &o->n_params, o->params, err));
    HR_TRY(hr_app_expr_text(&text, &n, err));
    o->words.dates = (hr_csv_order)o->dates;
    o->words.is_local = o->x.clock == HR_CLOCK_LOCAL;
    HR_TRY(tell_table(o, first, err));
    if (o->is_table) HR_TRY(hr_calc_table_open(&columns, first, &o->words, err));
    HR_TRY(take_stages(o, err));
    hr_program_options po = {.text = text,
                             .n_text = n,
                             .column = o->is_table ? columns.column : hr_market_columns,
                             .n_column = o->is_table ? columns.n_column : hr_market_n_columns,
                             .param = o->param,
                             .n_param = o->n_params,
                             .plugin = plugins,
                             .n_plugins = o->plugin != NULL,
                             .stage = o->stage,
                             .n_stages = o->n_stages,
                             .max_rows = (uint32_t)o->max_rows,
                             .batch_rows = HR_CALC_STEP_ROWS};
    hr_status st = hr_program_open(&program, &po, err);
    if (st == HR_EUSAGE) add_columns(o, first, err);
    if (st == HR_OK) st = run_on(o, &program, err);
    hr_program_close(&program);
    return st;
}

static hr_status list(const options *o, const char *name, hr_err *err)
{
    char *plugins[1] = {(char *)(uintptr_t)o->plugin};
    return hr_app_list_functions(stdout, name, o->x.json, plugins, o->plugin != NULL, err);
}

int hr_cmd_calc(int argc, char **argv)
{
    static const options none = {
        .x = HR_APP_LISTEN_DEFAULT, .max_rows = HR_PLAN_CALC_MAX_ROWS, .why = HR_ERR_INIT};
    static options o; /* too large for a frame */
    const char *text = NULL;
    hr_err err = HR_ERR_INIT;
    o = none;
    o.x.clock = HR_CLOCK_VENUE;
    o.x.takes_too = is_any_table;
    hr_plan_init(&o.x.plan);
    hr_status st = parse_args(&o, &text, argc, argv, &err);
    if (st == HR_OK && o.lists)
        st = list(&o, text, &err);
    else if (st == HR_OK)
        st = run(&o, text, &err);
    hr_plan_fini(&o.x.plan);
    hr_heap_free(o.stage_text);
    return st == HR_OK || st == HR_END ? HR_EXIT_OK : hr_app_fail(&err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/app_check.h"
#include "app/app_csv.h"
#include "app/app_dbn.h"
#include "app/app_table.h"
#include "app/opts.h"
#include "app/where.h"
#include "pipe/source.h"

#define MEMORY_BYTES ((size_t)256 << 20)
#define LINE_BYTES ((size_t)5 << 20)
#define ROWS_MAX 1000
#define SHOWN_BYTES 200

typedef long long ll;
typedef unsigned long long ull;

typedef struct options {
    const char *path;
    const char *where;
    int64_t n_rows;
    int format;
    bool head, json;
} options;

/* ---- text ---- */

static void print_source(const hr_source *s)
{
    printf("%s: %s, %s, %lld bytes\n%s\nvenue %s, instrument %s\n", s->path,
           hr_container_name(s->container), hr_format_name(s->info.format),
           (ll)s->reader.size_bytes, s->why, s->info.venue[0] != '\0' ? s->info.venue : "by row",
           s->info.symbol[0] != '\0' ? s->info.symbol : "several, or by row");
}

static void print_source_json(const hr_source *s)
{
    printf("{\"path\":");
    hr_app_json_text(s->path);
    printf(",\"format\":\"%s\",\"container\":\"%s\",\"why\":", hr_format_name(s->info.format),
           hr_container_name(s->container));
    hr_app_json_text(s->why);
    printf(",\"bytes\":%lld", (ll)s->reader.size_bytes);
}

/* The next line of [*p, end); its length without the line end. */
static size_t next_line(const char **p, const char *end)
{
    const char *eol = memchr(*p, '\n', (size_t)(end - *p));
    size_t n = (size_t)((eol != NULL ? eol : end) - *p);
    *p = eol != NULL ? eol + 1 : end;
    return n > 0 && (*p)[-1] == '\r' ? n - 1 : n;
}

static void print_line(const char *s, size_t n, bool json)
{
    char text[SHOWN_BYTES + 4];
    size_t k = HR_MIN(n, (size_t)SHOWN_BYTES);
    for (size_t i = 0; i < k; i++)
        text[i] = s[i] == '\0' ? '?' : s[i];
    snprintf(text + k, sizeof text - k, "%s", n > k ? "..." : "");
    if (json)
        hr_app_json_text(text);
    else
        printf("%s\n", text);
}

/* A CSV's columns are its schema. */
static void print_header(const hr_source *s, const char *p, const char *end, bool json)
{
    if (!s->info.has_header || p == end) return;
    const char *line = p;
    size_t n = next_line(&p, end);
    if (!json) {
        printf("columns: %.*s\n", (int)HR_MIN(n, (size_t)4000), line);
        return;
    }
    printf(",\"columns\":[");
    for (size_t i = 0; i <= n;) {
        const char *comma = memchr(line + i, ',', n - i);
        size_t k = comma != NULL ? (size_t)(comma - line) - i : n - i;
        printf("%s{\"name\":", i > 0 ? "," : "");
        print_line(line + i, k, true);
        putchar('}');
        i += k + 1;
    }
    putchar(']');
}

static void print_head(const options *o, const char *p, const char *end)
{
    if (o->json) printf(",\"head\":[");
    for (int64_t i = 0; i < o->n_rows && p < end; i++) {
        const char *line = p;
        size_t n = next_line(&p, end);
        if (o->json && i > 0) putchar(',');
        print_line(line, n, o->json);
    }
    if (o->json) putchar(']');
}

/* ---- what a whole pass over the file finds ---- */

static void print_instruments(const hr_app_checked *x)
{
    char first[40];
    char last[40];
    printf("%u instruments\n", hr_check_instruments(x->run));
    for (uint32_t i = 0; i < hr_check_instruments(x->run); i++) {
        hr_check_instrument in;
        hr_check_instrument_get(x->check, x->run, i, &in);
        hr_app_time_text(first, in.first_ns);
        hr_app_time_text(last, in.last_ns);
        printf("  %s %s: %llu depth messages, %llu levels, %llu snapshots, %llu trades, %llu "
               "tickers, %llu gaps%s\n    %s to %s\n",
               in.venue, in.symbol, (ull)in.messages, (ull)in.levels, (ull)in.snapshots,
               (ull)in.trades, (ull)in.tickers, (ull)in.gaps,
               !in.has_depth || in.was_synced ? "" : ", never synced", first, last);
    }
}

static void time_span(const hr_app_checked *x, int64_t *first, int64_t *last)
{
    *first = *last = HR_NULL_I64;
    for (uint32_t i = 0; i < hr_check_instruments(x->run); i++) {
        hr_check_instrument in;
        hr_check_instrument_get(x->check, x->run, i, &in);
        if (in.first_ns == HR_NULL_I64) continue;
        if (*first == HR_NULL_I64 || in.first_ns < *first) *first = in.first_ns;
        if (in.last_ns > *last) *last = in.last_ns;
    }
}

static void print_span(int64_t first, int64_t last)
{
    char text[2][40];
    hr_app_time_text(text[0], first);
    hr_app_time_text(text[1], last);
    if (first == HR_NULL_I64)
        printf("time: none\n");
    else
        printf("time: %s to %s (%.3f s)\n", text[0], text[1], (double)(last - first) * 1e-9);
}

static void print_span_json(int64_t first, int64_t last)
{
    if (first == HR_NULL_I64)
        printf(",\"first_ns\":null,\"last_ns\":null");
    else
        printf(",\"first_ns\":%lld,\"last_ns\":%lld", (ll)first, (ll)last);
}

static void print_checked(const hr_app_checked *x, bool json)
{
    const hr_counts *c = &x->report.counts;
    hr_check_source s;
    int64_t first;
    int64_t last;
    hr_check_source_get(x->run, 0, &s);
    time_span(x, &first, &last);
    if (json && s.is_table) {
        printf(",\"read_as\":\"%s\",\"why_read\":", s.format);
        hr_app_json_text(s.why);
    }
    if (json) {
        printf(",\"rows\":%lld,\"messages\":%llu,\"levels\":%llu,\"snapshots\":%llu,"
               "\"trades\":%llu,\"tickers\":%llu,\"other\":%llu,\"rejected\":%llu,\"gaps\":%llu",
               (ll)s.rows, (ull)c->messages, (ull)c->levels, (ull)c->snapshots, (ull)c->trades,
               (ull)c->tickers, (ull)c->other, (ull)hr_check_count(x->check, HR_FINDING_REJECT),
               (ull)c->gaps);
        print_span_json(first, last);
        putchar(',');
        hr_app_check_json_instruments(x);
        return;
    }
    if (s.is_table) printf("read as %s: %s\n", s.format, s.why);
    printf("%lld %s: %llu depth messages with %llu levels, %llu snapshots, %llu trades, %llu "
           "tickers, %llu others, %llu rejected; %llu gaps\n",
           (ll)s.rows, s.is_table ? "rows" : "lines", (ull)c->messages, (ull)c->levels,
           (ull)c->snapshots, (ull)c->trades, (ull)c->tickers, (ull)c->other,
           (ull)hr_check_count(x->check, HR_FINDING_REJECT), (ull)c->gaps);
    print_span(first, last);
    print_instruments(x);
}

/* HR_EUNSUPPORTED: no table of events. Damage further on is told after what came before it. */
static hr_status print_pass(const options *o, hr_err *err)
{
    static hr_plan plan;
    hr_app_checked x;
    hr_app_check_plan(&plan);
    plan.format = o->format;
    hr_status st = hr_plan_add_input(&plan, o->path, err);
    if (st == HR_OK) {
        st = hr_app_check_run(&x, &plan, err);
        if (st == HR_OK) print_checked(&x, o->json);
        if (st == HR_OK && x.end != HR_OK) {
            *err = x.err;
            st = x.end;
        }
        hr_app_check_close(&x);
    }
    hr_plan_fini(&plan);
    return st;
}

/* ---- the verb ---- */

static hr_status inspect_text(const options *o, hr_err *err)
{
    hr_budget budget;
    static hr_source s; /* one a process; too large for a frame */
    hr_source_info info = {.format = (hr_format)o->format,
                           .px_scale = HR_PX_SCALE,
                           .qty_scale = HR_QTY_SCALE,
                           .takes_records = true};
    hr_budget_init(&budget, MEMORY_BYTES);
    hr_status st = hr_source_open(&s, o->path, &info, &budget, LINE_BYTES, err);
    hr_status passed = HR_OK;
    if (st == HR_OK) {
        do
            st = hr_source_fill(&s, err);
        while (st == HR_AGAIN && s.fill_seq == 0);
        const char *p = s.slot[0].text;
        const char *end = p + s.slot[0].len;
        if (o->json)
            print_source_json(&s);
        else
            print_source(&s);
        print_header(&s, p, end, o->json);
        if (st >= 0 && !o->head)
            passed = hr_format_is_records(s.info.format)
                         ? hr_app_csv_print(o->path, s.info.format, o->json, err)
                         : print_pass(o, err);
        print_head(o, p, end);
        if (o->json) printf(",\"complete\":%s}\n", st >= 0 && passed == HR_OK ? "true" : "false");
        st = st < 0 ? st : passed;
    }
    hr_source_close(&s);
    return st;
}

/* Where rows carry our flags, they say which came after a gap. */
static void print_gap_rows(const hr_app_span *span, bool json)
{
    if (json && span->has_flags)
        printf(",\"gap_rows\":%llu", (ull)span->gap_rows);
    else if (json)
        printf(",\"gap_rows\":null");
    else if (span->has_flags)
        printf("%llu rows of books that were not whole\n", (ull)span->gap_rows);
}

/* Tables that are no events: books, features, others' tables. */
static hr_status print_table_span(const options *o, hr_app_table *t, hr_err *err)
{
    hr_app_span span;
    hr_source_info info = {0};
    HR_TRY(hr_app_table_span(t, &span, err));
    hr_sniff_path(&info, o->path);
    if (o->json) {
        printf(",\"rows\":%lld", (ll)hr_pq_file_rows(t->file));
        print_gap_rows(&span, true);
        print_span_json(span.first_ns, span.last_ns);
        printf(",\"instruments\":[");
        if (info.symbol[0] != '\0') {
            printf("{\"venue\":");
            hr_app_json_text(info.venue);
            printf(",\"symbol\":");
            hr_app_json_text(info.symbol);
            putchar('}');
        }
        putchar(']');
        return HR_OK;
    }
    print_span(span.first_ns, span.last_ns);
    if (info.symbol[0] != '\0') printf("instrument %s %s, by the path\n", info.venue, info.symbol);
    print_gap_rows(&span, false);
    return HR_OK;
}

static void print_table_head(const options *o, const hr_app_table *t)
{
    const hr_pq_file *f = t->file;
    if (o->json) {
        printf("{\"path\":");
        hr_app_json_text(o->path);
        if (hr_pq_file_is_parquet(f)) {
            printf(",\"format\":\"parquet\",\"container\":\"plain\",\"why\":\"begins with PAR1\","
                   "\"created_by\":");
            hr_app_json_text(hr_pq_file_created_by(f));
        } else {
            printf(",\"format\":\"arrow\",\"container\":\"plain\",\"why\":");
            hr_app_json_text(hr_pq_file_kind(f));
        }
        printf(",\"bytes\":%lld,\"row_groups\":%u,", (ll)t->size_bytes, hr_pq_file_row_groups(f));
    } else if (!hr_pq_file_is_parquet(f)) {
        printf("%s: %s, %lld bytes\n%lld rows in %u record batches, %u columns\n", o->path,
               hr_pq_file_kind(f), (ll)t->size_bytes, (ll)hr_pq_file_rows(f),
               hr_pq_file_row_groups(f), hr_pq_file_columns(f));
    } else {
        printf("%s: Parquet (begins with PAR1), written by %s, %lld bytes\n"
               "%lld rows in %u row groups, %u columns\n",
               o->path, hr_pq_file_created_by(f), (ll)t->size_bytes, (ll)hr_pq_file_rows(f),
               hr_pq_file_row_groups(f), hr_pq_file_columns(f));
    }
}

static void print_where(const hr_app_table *t, const hr_where_report *r, const char *where)
{
    printf(
        "\n%s: %lld of %lld rows match\nleft out: %u of %u row groups (%u by bounds, %u by Bloom "
        "filters, %u by page indexes), %u of %u pages whose index was asked; %lld of %lld bytes "
        "read\n",
        where, (ll)r->n_match, (ll)hr_pq_file_rows(t->file),
        r->n_out_bounds + r->n_out_bloom + r->n_out_pages, r->n_groups, r->n_out_bounds,
        r->n_out_bloom, r->n_out_pages, r->n_pages_out, r->n_pages, (ll)r->bytes_read,
        (ll)t->size_bytes);
    if (r->n_unused > 0)
        printf("%u row groups have an index that is damaged or contradicts their statistics: it "
               "was not used\n",
               r->n_unused);
}

static void print_where_json(const hr_where_report *r, const char *where)
{
    printf("],\"where\":{\"condition\":");
    hr_app_json_text(where);
    printf(",\"matches\":%lld,\"rows_read\":%lld,\"row_groups\":%u,\"out_by_bounds\":%u,"
           "\"out_by_bloom\":%u,\"out_by_pages\":%u,\"pages\":%u,\"pages_out\":%u,"
           "\"unused_indexes\":%u,\"bytes_read\":%lld}",
           (ll)r->n_match, (ll)r->n_rows_read, r->n_groups, r->n_out_bounds, r->n_out_bloom,
           r->n_out_pages, r->n_pages, r->n_pages_out, r->n_unused, (ll)r->bytes_read);
}

/* The rows that match, and how little had to be read for them. */
static hr_status inspect_where(const options *o, hr_app_table *t, hr_err *err)
{
    static hr_where w;
    hr_where_report report;
    HR_TRY(hr_where_parse(&w, t->file, o->where, err));
    print_table_head(o, t);
    if (o->json) {
        hr_app_table_print_schema(t, true);
        printf(",\"head\":[");
    } else {
        hr_app_table_print_names(t);
    }
    hr_status st = hr_where_print(t, &w, o->n_rows, o->json, &report, err);
    if (o->json) {
        print_where_json(&report, o->where);
        printf(",\"complete\":%s}\n", st == HR_OK ? "true" : "false");
    } else {
        print_where(t, &report, o->where);
    }
    return st;
}

static hr_status inspect_table(const options *o, hr_app_table *t, hr_err *err)
{
    hr_err ignored = HR_ERR_INIT;
    hr_status st = HR_OK;
    if (o->where != NULL) return inspect_where(o, t, err);
    print_table_head(o, t);
    hr_app_table_print_schema(t, o->json);
    hr_app_csv_print_origin(t->file, o->json);
    if (!o->head) {
        st = print_pass(o, &ignored);
        if (st == HR_EUNSUPPORTED) {
            st = print_table_span(o, t, err);
        } else if (st == HR_OK) {
            hr_app_span span;
            st = hr_app_table_span(t, &span, err);
            if (st == HR_OK) print_gap_rows(&span, o->json);
        } else {
            *err = ignored;
        }
    }
    if (o->json) putchar(',');
    hr_status shown = hr_app_table_print_rows(t, o->n_rows, o->json, st == HR_OK ? err : &ignored);
    if (st == HR_OK) st = shown;
    if (o->json) printf(",\"complete\":%s}\n", st == HR_OK ? "true" : "false");
    return st;
}

static hr_status inspect(const options *o, hr_err *err)
{
    hr_app_table t;
    bool is_table;
    bool is_dbn = false;
    if (o->format == 0 && o->where == NULL) {
        hr_status dbn = hr_app_dbn_inspect(&is_dbn, o->path, o->n_rows, o->head, o->json, err);
        if (is_dbn || dbn != HR_OK) return dbn;
    }
    hr_status st = hr_app_table_open(&t, o->path, &is_table, err);
    if (st == HR_OK && !is_table && o->where != NULL)
        st = HR_FAIL(err, HR_EUSAGE, "--where: '%s' is no table", o->path);
    if (st == HR_OK) st = is_table ? inspect_table(o, &t, err) : inspect_text(o, err);
    hr_app_table_close(&t);
    return st;
}

int hr_cmd_inspect(int argc, char **argv)
{
    hr_err err = HR_ERR_INIT;
    options o = {.n_rows = 10};
    int n_args;
    const hr_opt table[] = {
        {"--rows", "N", "rows or lines to show (default: 10)", HR_OPT_COUNT, &o.n_rows, 0, ROWS_MAX,
         NULL},
        {"--head", NULL, "look at the beginning only: no counts, no span of time", HR_OPT_ON,
         &o.head, 0, 0, NULL},
        {"--where", "CONDITION", "rows of a table: COLUMN=VALUE or COLUMN=LOW..HIGH", HR_OPT_TEXT,
         &o.where, 0, 0, NULL},
        {"--format", "F", "format of the file, when it cannot be told", HR_OPT_FORMAT, &o.format, 0,
         0, NULL},
        {"--json", NULL, "the report as JSON", HR_OPT_ON, &o.json, 0, 0, NULL},
    };
    const hr_opts opts = {
        .verb = "inspect",
        .args = "FILE",
        .about = "Shows what a file is: format and why, schema, rows, span of time, instruments, "
                 "gaps, and\nits first rows or lines. Reads all of the file unless --head is "
                 "given; verify checks it.",
        .example = "headrace inspect capture.ndjson.gz --rows 3",
        .opt = table,
        .n_opt = HR_ARRAY_LEN(table),
        .min_args = 1,
        .max_args = 1,
    };
    hr_status st = hr_opts_parse(&opts, argc, argv, &n_args, &err);
    if (st == HR_END) return HR_EXIT_OK;
    o.path = argv[1];
    if (st == HR_OK) st = inspect(&o, &err);
    return st == HR_OK ? HR_EXIT_OK : hr_app_fail(&err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/opts.h"
#include "base/sys.h"
#include "fmt/pq_read.h"
#include "pipe/source.h"
#include "store/dataset.h"
#include "text/decimal.h"

#define MEMORY_BYTES ((size_t)256 << 20)
#define ROWS_MAX 1000

static int64_t read_fd(void *self, void *buf, size_t n_bytes, int64_t offset)
{
    return hr_sys_pread_full(*(int *)self, buf, n_bytes, offset);
}

static const char *type_text(const hr_pq_column *c, char *out, size_t cap)
{
    static const char *const phys[] = {"boolean", "int32",  "int64",  "int96",
                                       "float",   "double", "binary", "fixed"};
    switch (c->logical) {
    case HR_PQ_L_STRING:
        return "string";
    case HR_PQ_L_DECIMAL:
        snprintf(out, cap, "decimal(%u,%u)", c->precision, c->scale);
        return out;
    case HR_PQ_L_TIMESTAMP:
        snprintf(out, cap, "timestamp(%s%s)",
                 c->unit_ns == 1      ? "ns"
                 : c->unit_ns == 1000 ? "us"
                                      : "ms",
                 c->is_utc ? ", UTC" : "");
        return out;
    case HR_PQ_L_UINT:
        snprintf(out, cap, "u%s", phys[c->phys]);
        return out;
    case HR_PQ_L_NONE:
    case HR_PQ_L_INT:
    case HR_PQ_L_DATE:
    case HR_PQ_L_TIME:
    case HR_PQ_L_UUID:
    case HR_PQ_L_FLOAT16:
    case HR_PQ_L_OTHER:
        break;
    }
    return phys[c->phys];
}

static void print_time(int64_t v, int32_t unit_ns)
{
    char date[11];
    int64_t ns = v * unit_ns;
    int64_t day = ns / INT64_C(86400000000000) - (ns % INT64_C(86400000000000) < 0);
    int64_t rest = ns - day * INT64_C(86400000000000);
    int64_t s = rest / 1000000000;
    hr_date_text(date, (int32_t)day);
    printf("%sT%02lld:%02lld:%02lld.%09lldZ", date, (long long)(s / 3600), (long long)(s / 60 % 60),
           (long long)(s % 60), (long long)(rest % 1000000000));
}

static hr_status print_value(hr_pq_cursor *c, const hr_pq_column *col, hr_err *err)
{
    uint32_t n;
    int64_t v;
    double d;
    hr_pq_bytes s;
    if (col->phys == HR_PQ_FLOAT || col->phys == HR_PQ_DOUBLE) {
        HR_TRY(hr_pq_read_f64(c, &d, 1, &n, err));
        if (!isnan(d)) printf("%.10g", d);
        return HR_OK;
    }
    if (col->phys == HR_PQ_BYTE_ARRAY || col->phys == HR_PQ_FIXED) {
        HR_TRY(hr_pq_read_bytes(c, &s, 1, &n, err));
        for (uint32_t i = 0; s.s != NULL && i < s.n && i < 64; i++)
            putchar(s.s[i] >= 0x20 && s.s[i] < 0x7f ? s.s[i] : '?');
        return HR_OK;
    }
    HR_TRY(hr_pq_read_i64(c, &v, 1, &n, err));
    if (v == HR_NULL_I64) return HR_OK;
    char text[HR_DECIMAL_TEXT_MAX];
    if (col->logical == HR_PQ_L_TIMESTAMP && col->phys == HR_PQ_INT64) {
        print_time(v, col->unit_ns);
    } else {
        (void)hr_decimal_format(text, v, col->logical == HR_PQ_L_DECIMAL ? col->scale : 0);
        fputs(text, stdout);
    }
    return HR_OK;
}

static hr_status print_rows(hr_pq_file *f, hr_arena *arena, int64_t n_rows, hr_err *err)
{
    uint32_t n_cols = hr_pq_file_columns(f);
    hr_pq_cursor **cur = hr_arena_alloc(arena, n_cols * sizeof *cur, 64);
    if (cur == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for %u columns", n_cols);
    const char *sep = "";
    for (uint32_t i = 0; i < n_cols; i++) {
        const hr_pq_column *col = hr_pq_file_column(f, i);
        cur[i] = NULL;
        if (!col->is_flat) continue;
        HR_TRY(hr_pq_cursor_create(&cur[i], f, i, arena, err));
        HR_TRY(hr_pq_cursor_seek(cur[i], 0, err));
        printf("%s%s", sep, col->name);
        sep = ",";
    }
    for (int64_t r = 0; r < n_rows; r++) {
        putchar('\n');
        sep = "";
        for (uint32_t i = 0; i < n_cols; i++) {
            if (cur[i] == NULL) continue;
            fputs(sep, stdout);
            HR_TRY(print_value(cur[i], hr_pq_file_column(f, i), err));
            sep = ",";
        }
    }
    putchar('\n');
    return HR_OK;
}

static hr_status inspect_table(const char *path, int fd, int64_t size, int64_t n_rows,
                               hr_arena *arena, hr_err *err)
{
    hr_pq_file *f;
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    char text[64];
    HR_TRY(hr_pq_file_open(&f, read_fd, &fd, size, &limits, arena, err));
    printf("%s: Parquet, written by %s\n%lld rows in %u row groups, %u columns\n", path,
           hr_pq_file_created_by(f), (long long)hr_pq_file_rows(f), hr_pq_file_row_groups(f),
           hr_pq_file_columns(f));
    for (uint32_t i = 0; i < hr_pq_file_columns(f); i++) {
        const hr_pq_column *c = hr_pq_file_column(f, i);
        printf("  %-12s %s%s%s\n", c->name, type_text(c, text, sizeof text),
               c->nullable ? ", null" : "", c->is_flat ? "" : " (nested, not shown)");
    }
    if (hr_pq_file_row_groups(f) == 0) return HR_OK;
    return print_rows(f, arena, HR_MIN(n_rows, hr_pq_row_group_rows(f, 0)), err);
}

static hr_status inspect_text(const char *path, int64_t n_rows, hr_err *err)
{
    hr_budget budget;
    hr_source s;
    hr_source_info info = {.px_scale = HR_PX_SCALE, .qty_scale = HR_QTY_SCALE};
    hr_budget_init(&budget, MEMORY_BYTES);
    hr_status st = hr_source_open(&s, path, &info, &budget, (size_t)5 << 20, err);
    if (st == HR_OK) {
        printf("%s: %s, %s\n%s\nvenue %s, instrument %s\n", path, hr_container_name(s.container),
               hr_format_name(s.info.format), s.why,
               s.info.venue[0] != '\0' ? s.info.venue : "by row",
               s.info.symbol[0] != '\0' ? s.info.symbol : "several, or by row");
        do
            st = hr_source_fill(&s, err);
        while (st == HR_AGAIN && s.fill_seq == 0);
        const char *p = s.slot[0].text;
        const char *end = p + s.slot[0].len;
        for (int64_t i = 0; i < n_rows && p < end; i++) {
            const char *eol = memchr(p, '\n', (size_t)(end - p));
            int n = (int)((eol != NULL ? eol : end) - p);
            printf("%.*s%s\n", HR_MIN(n, 200), p, n > 200 ? "..." : "");
            p = eol != NULL ? eol + 1 : end;
        }
        st = st < 0 ? st : HR_OK;
    }
    hr_source_close(&s);
    return st;
}

static hr_status inspect(const char *path, int64_t n_rows, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_sys_stat info;
    char magic[4] = {0};
    int fd = hr_sys_open(-100 /* AT_FDCWD */, path, 0 /* O_RDONLY */, 0);
    if (fd < 0) return HR_FAIL_SYS(err, fd, "cannot open '%s'", path);
    hr_arena *arena = NULL;
    hr_status st = sys->fstat(sys->self, fd, &info) < 0 || info.is_dir
                       ? HR_FAIL(err, HR_EINPUT, "'%s' is no file", path)
                       : HR_OK;
    if (st == HR_OK && hr_sys_pread_full(fd, magic, 4, 0) == 4 &&
        (memcmp(magic, "PAR1", 4) == 0 || memcmp(magic, "PARE", 4) == 0)) {
        st = hr_arena_create(&arena, NULL, MEMORY_BYTES, "inspect", err);
        if (st == HR_OK) st = inspect_table(path, fd, info.size_bytes, n_rows, arena, err);
    } else if (st == HR_OK) {
        st = inspect_text(path, n_rows, err);
    }
    hr_arena_destroy(&arena);
    (void)hr_sys_close(fd);
    return st;
}

int hr_cmd_inspect(int argc, char **argv)
{
    hr_err err = HR_ERR_INIT;
    int64_t n_rows = 10;
    int n_args;
    const hr_opt table[] = {
        {"--rows", "N", "rows or lines to show (default: 10)", HR_OPT_COUNT, &n_rows, 0, ROWS_MAX,
         NULL},
    };
    const hr_opts opts = {
        .verb = "inspect",
        .args = "FILE",
        .about = "Shows what a file is: format and why, schema, rows, and its first rows or lines.",
        .example = "headrace inspect capture.ndjson.gz --rows 3",
        .opt = table,
        .n_opt = HR_ARRAY_LEN(table),
        .min_args = 1,
        .max_args = 1,
    };
    hr_status st = hr_opts_parse(&opts, argc, argv, &n_args, &err);
    if (st == HR_OK) st = inspect(argv[1], n_rows, &err);
    return st == HR_OK || st == HR_END ? HR_EXIT_OK : hr_app_fail(&err);
}

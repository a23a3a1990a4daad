/* SPDX-License-Identifier: Apache-2.0 */
/* Every value of every flat column of a Parquet or Arrow file, as text, for comparison with other
 * readers: rows <tab> number, then for each column either nested <tab> name                 it is
 * left out column <tab> name <tab> kind      kind: int, float, bytes value lines decimal integer;
 * bits of the double in hex; bytes in hex or "null"; "nan" is any NaN, "wide" an integer that 64
 * bits do not hold. Exit 3 and one line on stderr: the file was refused or is damaged; what was
 * read before it is printed all the same. HR_PQ_DUMP_MB: its memory. pq_dump FILE pq_dump FILE
 * --where USE COLUMN MIN MAX    the rows that may lie in the range, by HR_PQ_USE_*, and how many
 * do: "selected <tab> N <tab> found <tab> M". Numbers as text, bytes in hex. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/ipc_read.h"
#include "fmt/pq_select.h"

#define STEP 1000u

static int64_t read_at(void *self, void *buf, size_t n, int64_t offset)
{
    FILE *f = self;
    if (fseek(f, (long)offset, SEEK_SET) != 0) return -5;
    return (int64_t)fread(buf, 1, n, f);
}

static bool is_float(const hr_pq_column *c)
{
    return c->phys == HR_PQ_FLOAT || c->phys == HR_PQ_DOUBLE || c->logical == HR_PQ_L_FLOAT16;
}

static bool is_bytes(const hr_pq_column *c)
{
    return (c->phys == HR_PQ_BYTE_ARRAY || c->phys == HR_PQ_FIXED) &&
           c->logical != HR_PQ_L_DECIMAL && !is_float(c);
}

/* Of the rows of a read. */
static uint8_t is_null[STEP];

/* An INT64 that is no unsigned number holds every value, those of the marks too. */
static bool may_be_wide(const hr_pq_column *c)
{
    return c->phys != HR_PQ_INT64 || c->logical == HR_PQ_L_UINT || c->logical == HR_PQ_L_DECIMAL;
}

static hr_status dump_ints(hr_pq_cursor *c, const hr_pq_column *col, hr_err *err)
{
    static int64_t v[STEP];
    uint32_t n;
    HR_TRY(hr_pq_read_i64(c, v, STEP, &n, err));
    for (uint32_t i = 0; i < n; i++) {
        if (is_null[i])
            puts("null");
        else if (v[i] == HR_PQ_WIDE_I64 && may_be_wide(col))
            puts("wide");
        else
            printf("%" PRId64 "\n", v[i]);
    }
    return HR_OK;
}

static hr_status dump_floats(hr_pq_cursor *c, hr_err *err)
{
    static double v[STEP];
    uint32_t n;
    HR_TRY(hr_pq_read_f64(c, v, STEP, &n, err));
    for (uint32_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &v[i], 8);
        if (v[i] != v[i])
            puts(is_null[i] ? "null" : "nan");
        else
            printf("%016" PRIx64 "\n", bits);
    }
    return HR_OK;
}

static hr_status dump_bytes(hr_pq_cursor *c, hr_err *err)
{
    static hr_pq_bytes v[STEP];
    uint32_t n;
    HR_TRY(hr_pq_read_bytes(c, v, STEP, &n, err));
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; v[i].s != NULL && k < v[i].n; k++)
            printf("%02x", (uint8_t)v[i].s[k]);
        puts(is_null[i] ? "null" : "");
    }
    return HR_OK;
}

static hr_status dump_column(hr_pq_file *f, uint32_t col, hr_arena *arena, hr_err *err)
{
    const hr_pq_column *c = hr_pq_file_column(f, col);
    hr_pq_cursor *cur;
    HR_TRY(hr_pq_cursor_create(&cur, f, col, arena, err));
    hr_pq_cursor_mark_nulls(cur, is_null);
    printf("column\t%s\t%s\n", c->name, is_float(c) ? "float" : is_bytes(c) ? "bytes" : "int");
    for (uint32_t g = 0; g < hr_pq_file_row_groups(f); g++) {
        hr_status st = hr_pq_cursor_seek(cur, g, err);
        while (st == HR_OK)
            st = is_float(c)   ? dump_floats(cur, err)
                 : is_bytes(c) ? dump_bytes(cur, err)
                               : dump_ints(cur, c, err);
        if (st != HR_END) return st;
    }
    return HR_OK;
}

/* ---- where ---- */

#define TEXT_MAX 4096u
#define RUNS_MAX 4096u

static hr_pq_bytes unhex(const char *hex, char *out)
{
    size_t n = HR_MIN(strlen(hex) / 2, (size_t)TEXT_MAX);
    for (size_t i = 0; i < n; i++) {
        const char two[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        out[i] = (char)strtoul(two, NULL, 16);
    }
    return (hr_pq_bytes){.s = out, .n = (uint32_t)n};
}

static int order(hr_pq_bytes a, hr_pq_bytes b)
{
    uint32_t n = HR_MIN(a.n, b.n);
    int v = n > 0 ? memcmp(a.s, b.s, n) : 0;
    return v != 0 ? v : (a.n > b.n) - (a.n < b.n);
}

/* Values among the next rows of the cursor that lie in the range; *n_left: rows to read. */
static hr_status count_step(hr_pq_cursor *c, const hr_pq_range *r, int64_t *n_left, uint64_t *found,
                            hr_err *err)
{
    static int64_t v[STEP];
    static double d[STEP];
    static hr_pq_bytes s[STEP];
    uint32_t cap = (uint32_t)HR_MIN(*n_left, (int64_t)STEP);
    uint32_t n;
    HR_TRY(r->by == HR_PQ_BY_I64   ? hr_pq_read_i64(c, v, cap, &n, err)
           : r->by == HR_PQ_BY_F64 ? hr_pq_read_f64(c, d, cap, &n, err)
                                   : hr_pq_read_bytes(c, s, cap, &n, err));
    for (uint32_t i = 0; i < n; i++) {
        if (is_null[i]) continue;
        *found += r->by == HR_PQ_BY_I64 ? v[i] >= r->min && v[i] <= r->max
                  : r->by == HR_PQ_BY_F64
                      ? d[i] >= r->min_f64 && d[i] <= r->max_f64
                      : order(s[i], r->min_bytes) >= 0 && order(s[i], r->max_bytes) <= 0;
    }
    *n_left -= n;
    return HR_OK;
}

static hr_status where(hr_pq_file *f, char **arg, hr_arena *arena, hr_err *err)
{
    static char low[TEXT_MAX];
    static char high[TEXT_MAX];
    static hr_pq_rows rows[RUNS_MAX];
    int col = hr_pq_file_find(f, arg[1]);
    if (col < 0) return HR_FAIL(err, HR_EINPUT, "no column '%s'", arg[1]);
    const hr_pq_column *meta = hr_pq_file_column(f, (uint32_t)col);
    hr_pq_range r = {.col = (uint32_t)col,
                     .by = is_float(meta)   ? HR_PQ_BY_F64
                           : is_bytes(meta) ? HR_PQ_BY_BYTES
                                            : HR_PQ_BY_I64,
                     .min = strtoll(arg[2], NULL, 10),
                     .max = strtoll(arg[3], NULL, 10),
                     .min_f64 = strtod(arg[2], NULL),
                     .max_f64 = strtod(arg[3], NULL),
                     .min_bytes = unhex(arg[2], low),
                     .max_bytes = unhex(arg[3], high)};
    hr_pq_query q = {
        .range = &r, .n_ranges = 1, .use = (unsigned)strtoul(arg[0], NULL, 10), .scratch = arena};
    hr_pq_cursor *c;
    uint64_t found = 0;
    int64_t selected = 0;
    HR_TRY(hr_pq_cursor_create(&c, f, (uint32_t)col, arena, err));
    hr_pq_cursor_mark_nulls(c, is_null);
    for (uint32_t g = 0; g < hr_pq_file_row_groups(f); g++) {
        hr_pq_selection got = {.rows = rows, .cap = RUNS_MAX};
        HR_TRY(hr_pq_select(f, g, &q, &got, err));
        for (uint32_t i = 0; i < got.n; i++) {
            int64_t left = rows[i].end - rows[i].begin;
            selected += left;
            HR_TRY(hr_pq_cursor_seek_row(c, g, rows[i].begin, err));
            while (left > 0)
                HR_TRY(count_step(c, &r, &left, &found, err));
        }
    }
    printf("selected\t%" PRId64 "\tfound\t%" PRIu64 "\n", selected, found);
    return HR_OK;
}

static int fail(const hr_err *err)
{
    fprintf(stderr, "%s\n", err->message);
    return 3;
}

static int dump(hr_pq_file *f, hr_arena *arena)
{
    int code = 0;
    printf("rows\t%" PRId64 "\n", hr_pq_file_rows(f));
    for (uint32_t i = 0; i < hr_pq_file_columns(f); i++) {
        size_t mark = hr_arena_mark(arena);
        hr_err why = HR_ERR_INIT;
        if (!hr_pq_file_column(f, i)->is_flat)
            printf("nested\t%s\n", hr_pq_file_column(f, i)->name);
        else if (dump_column(f, i, arena, &why) != HR_OK)
            code = code == 0 ? fail(&why) : code;
        hr_arena_rewind(arena, mark);
    }
    return code;
}

static hr_status open_file(hr_pq_file **f, FILE *in, hr_arena *arena, hr_err *err)
{
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    return hr_table_file_open(f, read_at, in, ftell(in), &limits, arena, err);
}

int main(int argc, char **argv)
{
    hr_err err = HR_ERR_INIT;
    hr_arena *arena;
    hr_pq_file *f;
    int code = 2;
    const char *mb = getenv("HR_PQ_DUMP_MB");
    size_t cap = (mb != NULL ? (size_t)strtoul(mb, NULL, 10) : 512) << 20;
    bool is_where = argc == 7 && strcmp(argv[2], "--where") == 0;
    FILE *in = argc == 2 || is_where ? fopen(argv[1], "rb") : NULL;
    if (in == NULL || fseek(in, 0, SEEK_END) != 0) return 2;
    if (hr_arena_create(&arena, NULL, cap, "dump", &err) != HR_OK) return 2;
    if (open_file(&f, in, arena, &err) != HR_OK)
        code = fail(&err);
    else if (is_where)
        code = where(f, argv + 3, arena, &err) == HR_OK ? 0 : fail(&err);
    else
        code = dump(f, arena);
    hr_arena_destroy(&arena);
    fclose(in);
    return code;
}

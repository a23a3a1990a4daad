/* SPDX-License-Identifier: Apache-2.0 */
/* Every value of every flat column of a Parquet file, as text, for comparison with other readers:
 *   rows <tab> number, then for each column either
 *   nested <tab> name                 it is left out
 *   column <tab> name <tab> kind      kind: int, float, bytes
 *   value lines                       decimal integer; bits of the double in hex; bytes in hex
 * or "null"; "nan" is any NaN, "wide" an integer that 64 bits do not hold. Exit 3 and one line on
 * stderr: the file was refused or is damaged; what was read before it is printed all the same.
 * HR_PQ_DUMP_MB: its memory. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/pq_read.h"

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

int main(int argc, char **argv)
{
    hr_err err = HR_ERR_INIT;
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_arena *arena;
    hr_pq_file *f;
    int code = 0;
    const char *mb = getenv("HR_PQ_DUMP_MB");
    size_t cap = (mb != NULL ? (size_t)strtoul(mb, NULL, 10) : 512) << 20;
    FILE *in = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (in == NULL || fseek(in, 0, SEEK_END) != 0) return 2;
    if (hr_arena_create(&arena, NULL, cap, "dump", &err) != HR_OK) return 2;
    hr_status st = hr_pq_file_open(&f, read_at, in, ftell(in), &limits, arena, &err);
    if (st != HR_OK) code = 3;
    if (st == HR_OK) printf("rows\t%" PRId64 "\n", hr_pq_file_rows(f));
    for (uint32_t i = 0; code != 2 && st == HR_OK && i < hr_pq_file_columns(f); i++) {
        size_t mark = hr_arena_mark(arena);
        if (!hr_pq_file_column(f, i)->is_flat) {
            printf("nested\t%s\n", hr_pq_file_column(f, i)->name);
            continue;
        }
        hr_err why = HR_ERR_INIT;
        if (dump_column(f, i, arena, &why) != HR_OK) {
            if (code == 0) err = why;
            code = 3;
        }
        hr_arena_rewind(arena, mark);
    }
    if (code == 3) fprintf(stderr, "%s\n", err.message);
    hr_arena_destroy(&arena);
    fclose(in);
    return code;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app_table.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/app_check.h"
#include "base/sys.h"
#include "fmt/ipc_read.h"
#include "text/decimal.h"

#define MEMORY_BYTES ((size_t)256 << 20)
#define STEP 4096u
#define VALUE_MAX 128u

static int64_t read_fd(void *self, void *buf, size_t n_bytes, int64_t offset)
{
    hr_app_table *t = self;
    int64_t n = hr_sys_pread_full(t->fd, buf, n_bytes, offset);
    if (n > 0) t->n_read += n;
    return n;
}

hr_status hr_app_table_open(hr_app_table *t, const char *path, bool *is_table, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_sys_stat info;
    char magic[HR_IPC_SNIFF_BYTES] = {0};
    *is_table = false;
    *t = (hr_app_table){.fd = hr_sys_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0)};
    if (t->fd < 0) return HR_FAIL_SYS(err, t->fd, "cannot open '%s'", path);
    int rc = sys->fstat(sys->self, t->fd, &info);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot stat '%s'", path);
    if (info.is_dir)
        return HR_FAIL(err, HR_EINPUT, "'%s' is a folder: name a file (verify takes a dataset)",
                       path);
    t->size_bytes = info.size_bytes;
    int64_t n = hr_sys_pread_full(t->fd, magic, sizeof magic, 0);
    if (n < 0) return HR_FAIL_SYS(err, n, "cannot read '%s'", path);
    if (!hr_pq_sniff(magic, (size_t)n) && hr_ipc_sniff(magic, (size_t)n) == HR_IPC_NOT)
        return HR_OK;
    *is_table = true;
    HR_TRY(hr_arena_create(&t->arena, NULL, MEMORY_BYTES, "inspect", err));
    hr_status st =
        hr_table_file_open(&t->file, read_fd, t, info.size_bytes, &limits, t->arena, err);
    if (st != HR_OK) hr_err_prefix(err, "'%s'", path);
    return st;
}

void hr_app_table_close(hr_app_table *t)
{
    if (t->fd >= 0) (void)hr_sys_close(t->fd);
    t->fd = -1;
    hr_arena_destroy(&t->arena);
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
                 c->unit_ns == 1         ? "ns"
                 : c->unit_ns == 1000    ? "us"
                 : c->unit_ns == 1000000 ? "ms"
                                         : "s",
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
        break;
    case HR_PQ_L_FLOAT16:
        return "half";
    case HR_PQ_L_OTHER:
        if (!c->is_flat) return "group";
        break;
    }
    return phys[c->phys];
}

void hr_app_table_print_schema(const hr_app_table *t, bool json)
{
    char text[64];
    if (json) printf("\"columns\":[");
    for (uint32_t i = 0; i < hr_pq_file_columns(t->file); i++) {
        const hr_pq_column *c = hr_pq_file_column(t->file, i);
        if (!json) {
            printf("  %-12s %s%s%s\n", c->name, type_text(c, text, sizeof text),
                   c->nullable ? ", null" : "", c->is_flat ? "" : " (nested, not shown)");
            continue;
        }
        printf("%s{\"name\":", i > 0 ? "," : "");
        hr_app_json_text(c->name);
        printf(",\"type\":\"%s\",\"nullable\":%s}", type_text(c, text, sizeof text),
               c->nullable ? "true" : "false");
    }
    if (json) putchar(']');
}

/* The next value of a column as text; *is_null: there is none. */
static hr_status next_text(hr_pq_cursor *c, const hr_pq_column *col, char out[VALUE_MAX],
                           bool *is_null, hr_err *err)
{
    uint32_t n = 0;
    int64_t v = 0;
    double d = 0;
    hr_pq_bytes s = {0};
    out[0] = '\0';
    if (col->phys == HR_PQ_FLOAT || col->phys == HR_PQ_DOUBLE || col->logical == HR_PQ_L_FLOAT16) {
        HR_TRY(hr_pq_read_f64(c, &d, 1, &n, err));
        *is_null = n == 0 || isnan(d);
        if (!*is_null) snprintf(out, VALUE_MAX, "%.10g", d);
        return HR_OK;
    }
    bool is_bytes = col->phys == HR_PQ_BYTE_ARRAY || col->phys == HR_PQ_FIXED;
    if (is_bytes && col->logical != HR_PQ_L_DECIMAL) {
        HR_TRY(hr_pq_read_bytes(c, &s, 1, &n, err));
        *is_null = n == 0 || s.s == NULL;
        for (uint32_t i = 0; !*is_null && i < s.n && i < 64; i++) {
            out[i] = s.s[i];
            if (s.s[i] < 0x20 || s.s[i] >= 0x7f) out[i] = '?';
            out[i + 1] = '\0';
        }
        return HR_OK;
    }
    HR_TRY(hr_pq_read_i64(c, &v, 1, &n, err));
    *is_null = n == 0 || v == HR_NULL_I64;
    if (*is_null) return HR_OK;
    int64_t ns;
    if (col->logical == HR_PQ_L_TIMESTAMP && col->phys == HR_PQ_INT64 &&
        !__builtin_mul_overflow(v, (int64_t)col->unit_ns, &ns))
        hr_app_time_text(out, ns);
    else
        (void)hr_decimal_format(out, v, col->logical == HR_PQ_L_DECIMAL ? col->scale : 0);
    return HR_OK;
}

hr_status hr_app_table_print_row(hr_app_table *t, hr_pq_cursor **cur, bool json, hr_err *err)
{
    char text[VALUE_MAX];
    const char *sep = "";
    for (uint32_t i = 0; i < hr_pq_file_columns(t->file); i++) {
        bool is_null = false;
        if (cur[i] == NULL) continue;
        HR_TRY(next_text(cur[i], hr_pq_file_column(t->file, i), text, &is_null, err));
        fputs(sep, stdout);
        if (json)
            hr_app_json_text(is_null ? NULL : text);
        else
            fputs(text, stdout);
        sep = ",";
    }
    return HR_OK;
}

void hr_app_table_print_names(const hr_app_table *t)
{
    const char *sep = "";
    for (uint32_t i = 0; i < hr_pq_file_columns(t->file); i++) {
        const hr_pq_column *col = hr_pq_file_column(t->file, i);
        if (!col->is_flat) continue;
        printf("%s%s", sep, col->name);
        sep = ",";
    }
}

hr_status hr_app_table_print_rows(hr_app_table *t, int64_t n_rows, bool json, hr_err *err)
{
    uint32_t n_cols = hr_pq_file_columns(t->file);
    size_t mark = hr_arena_mark(t->arena);
    hr_pq_cursor **cur = hr_arena_alloc(t->arena, n_cols * sizeof(hr_pq_cursor *), 64);
    hr_status st = HR_OK;
    if (cur == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for %u columns", n_cols);
    if (json)
        printf("\"head\":[");
    else
        hr_app_table_print_names(t);
    bool has_rows = hr_pq_file_row_groups(t->file) > 0 && n_rows > 0;
    for (uint32_t i = 0; i < n_cols && st == HR_OK; i++) {
        const hr_pq_column *col = hr_pq_file_column(t->file, i);
        cur[i] = NULL;
        if (!col->is_flat || !has_rows) continue;
        st = hr_pq_cursor_create(&cur[i], t->file, i, t->arena, err);
        if (st == HR_OK) st = hr_pq_cursor_seek(cur[i], 0, err);
    }
    if (has_rows) n_rows = HR_MIN(n_rows, hr_pq_row_group_rows(t->file, 0));
    for (int64_t r = 0; has_rows && r < n_rows && st == HR_OK; r++) {
        printf("%s", json ? (r > 0 ? ",[" : "[") : "\n");
        st = hr_app_table_print_row(t, cur, json, err);
        if (json) putchar(']');
    }
    printf("%s", json ? "]" : "\n");
    hr_arena_rewind(t->arena, mark);
    return st;
}

/* The time that rows are ordered by: ours, Crypto Lake's, else the first timestamp. */
static int time_column(const hr_pq_file *f)
{
    static const char *const names[] = {"ts_recv", "received_time", "ts_event", "origin_time"};
    for (size_t i = 0; i < HR_ARRAY_LEN(names); i++) {
        int col = hr_pq_file_find(f, names[i]);
        if (col >= 0 && hr_pq_file_column(f, (uint32_t)col)->logical == HR_PQ_L_TIMESTAMP)
            return col;
    }
    for (uint32_t i = 0; i < hr_pq_file_columns(f); i++)
        if (hr_pq_file_column(f, i)->logical == HR_PQ_L_TIMESTAMP &&
            hr_pq_file_column(f, i)->is_flat)
            return (int)i;
    return -1;
}

typedef void (*value_fn)(hr_app_span *out, int64_t v, int64_t unit_ns);

static void note_time(hr_app_span *out, int64_t v, int64_t unit_ns)
{
    if (v == HR_NULL_I64 || __builtin_mul_overflow(v, unit_ns, &v)) return;
    if (out->first_ns == HR_NULL_I64 || v < out->first_ns) out->first_ns = v;
    if (v > out->last_ns) out->last_ns = v;
}

static void note_flags(hr_app_span *out, int64_t v, int64_t unit_ns)
{
    (void)unit_ns;
    if (v != HR_NULL_I64) out->gap_rows += (v & (HR_FLAG_GAP | HR_FLAG_UNSYNCED)) != 0;
}

static hr_status read_column(hr_app_table *t, uint32_t col, value_fn fn, hr_app_span *out,
                             hr_err *err)
{
    hr_pq_cursor *c;
    uint32_t n;
    hr_status st;
    const hr_pq_column *meta = hr_pq_file_column(t->file, col);
    int64_t unit_ns = meta->phys == HR_PQ_INT96 ? 1 : meta->unit_ns;
    size_t mark = hr_arena_mark(t->arena);
    int64_t *v = hr_arena_alloc(t->arena, STEP * sizeof *v, 64);
    if (v == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to read '%s'", meta->name);
    st = hr_pq_cursor_create(&c, t->file, col, t->arena, err);
    for (uint32_t g = 0; g < hr_pq_file_row_groups(t->file) && st == HR_OK; g++) {
        st = hr_pq_cursor_seek(c, g, err);
        while (st == HR_OK && (st = hr_pq_read_i64(c, v, STEP, &n, err)) == HR_OK)
            for (uint32_t i = 0; i < n; i++)
                fn(out, v[i], unit_ns);
        if (st == HR_END) st = HR_OK;
    }
    hr_arena_rewind(t->arena, mark);
    return st;
}

hr_status hr_app_table_span(hr_app_table *t, hr_app_span *out, hr_err *err)
{
    int time = time_column(t->file);
    int flags = hr_pq_file_find(t->file, "flags");
    *out = (hr_app_span){.first_ns = HR_NULL_I64, .last_ns = HR_NULL_I64};
    if (time >= 0) {
        snprintf(out->column, sizeof out->column, "%.63s",
                 hr_pq_file_column(t->file, (uint32_t)time)->name);
        HR_TRY(read_column(t, (uint32_t)time, note_time, out, err));
    }
    if (flags < 0) return HR_OK;
    const hr_pq_column *meta = hr_pq_file_column(t->file, (uint32_t)flags);
    if (meta->phys != HR_PQ_INT32 && meta->phys != HR_PQ_INT64) return HR_OK;
    out->has_flags = true;
    return read_column(t, (uint32_t)flags, note_flags, out, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a Parquet or Arrow file: a step of rows of each column that is wanted, a row group at a
 * time. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/sys.h"
#include "fmt/ipc_read.h"
#include "fmt/pq_events.h"
#include "job/calc_input.h"
#include "text/wide.h"

#define STEP_ROWS 1024u
#define LOOK_BYTES ((size_t)64 << 20)
#define NS_PER_DAY INT64_C(86400000000000)
#define BAD_REAL 0x7ff8dead00000000ull /* a NaN that no reader gives */

/* A column of a step. What is null is NaN, HR_NULL_I64 or a text of length HR_TEXT_NULL. */
typedef struct column {
    const hr_pq_column *meta; /* NULL: there is none */
    hr_pq_cursor *cursor;
    hr_calc_cells cells;
    bool is_real;  /* whole ones are wanted as numbers */
    double *real;  /* of numbers; a cell that is none is BAD_REAL */
    int64_t *i64;  /* of times; whole numbers as names */
    hr_text *text; /* of names, and of texts as times; longer ones are cut and marked so */
} column;

typedef struct reader {
    hr_calc_input in;
    int fd;
    hr_arena *arena;
    hr_pq_file *file;
    column *number; /* [n_used] */
    column time, time_2, clock, symbol, venue;
    hr_pq_bytes *bytes; /* [STEP_ROWS] */
    uint32_t next_group;
    int64_t left;   /* of the open row group, not read yet */
    int64_t row;    /* of the file, the next */
    uint32_t n, at; /* rows of the step; the next of them */
} reader;

/* ---- opening ---- */

static int64_t read_at(void *self, void *buf, size_t n_bytes, int64_t offset)
{
    return hr_sys_pread_full(*(const int *)self, buf, n_bytes, offset);
}

static void close_reader(hr_calc_input *in)
{
    reader *r = (reader *)(void *)in;
    if (r->fd >= 0) (void)hr_sys_close(r->fd);
    hr_arena_destroy(&r->arena);
    hr_heap_free(in->table);
    hr_heap_free(r);
}

static reader *reader_new(const char *path, hr_err *err)
{
    reader *r = hr_heap_zero(1, sizeof *r);
    if (r == NULL) {
        (void)HR_FAIL(err, HR_ENOMEM, "no memory to read '%s'", path);
        return NULL;
    }
    r->in.path = path;
    r->fd = -1;
    return r;
}

static hr_status open_file(reader *r, const char *path, size_t memory_bytes, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_sys_stat st;
    HR_TRY(hr_arena_create(&r->arena, NULL, memory_bytes, "table", err));
    r->fd = hr_sys_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (r->fd < 0) return HR_FAIL_SYS(err, r->fd, "cannot open '%s'", path);
    int rc = sys->fstat(sys->self, r->fd, &st);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot stat '%s'", path);
    hr_status result =
        hr_table_file_open(&r->file, read_at, &r->fd, st.size_bytes, &limits, r->arena, err);
    if (result != HR_OK) hr_err_prefix(err, "'%s'", path);
    return result;
}

bool hr_calc_is_parquet(const char *path)
{
    char head[HR_IPC_SNIFF_BYTES] = {0};
    int fd = hr_sys_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return false;
    int64_t n = hr_sys_pread_full(fd, head, sizeof head, 0);
    (void)hr_sys_close(fd);
    if (n <= 0) return false;
    return hr_pq_sniff(head, (size_t)n) || hr_ipc_sniff(head, (size_t)n) != HR_IPC_NOT;
}

bool hr_calc_parquet_is_events(const char *path)
{
    char why[128];
    hr_source_info info = {.format = HR_FORMAT_UNKNOWN};
    reader *r = reader_new(path, NULL);
    if (r == NULL) return false;
    bool is_events = open_file(r, path, LOOK_BYTES, NULL) == HR_OK &&
                     hr_pq_events_sniff(&info, why, sizeof why, path, r->file, NULL) == HR_OK;
    close_reader(&r->in);
    return is_events;
}

/* ---- columns ---- */

static bool is_float(const hr_pq_column *c)
{
    return c->phys == HR_PQ_FLOAT || c->phys == HR_PQ_DOUBLE || c->logical == HR_PQ_L_FLOAT16;
}

static bool is_int(const hr_pq_column *c)
{
    return (c->phys == HR_PQ_INT32 || c->phys == HR_PQ_INT64) &&
           (c->logical == HR_PQ_L_NONE || c->logical == HR_PQ_L_INT || c->logical == HR_PQ_L_UINT);
}

static hr_calc_cells cells_of(const hr_pq_column *c)
{
    if (!c->is_flat) return HR_CALC_OTHERS;
    if (c->phys == HR_PQ_BOOLEAN) return HR_CALC_TRUTHS;
    if (c->phys == HR_PQ_INT96 || c->logical == HR_PQ_L_TIMESTAMP) return HR_CALC_TIMES;
    if (c->logical == HR_PQ_L_DATE) return HR_CALC_DATES;
    if (c->logical == HR_PQ_L_TIME) return HR_CALC_CLOCKS;
    if (is_int(c) || is_float(c) || c->logical == HR_PQ_L_DECIMAL) return HR_CALC_NUMBERS;
    bool is_text = (c->phys == HR_PQ_BYTE_ARRAY || c->phys == HR_PQ_FIXED) &&
                   (c->logical == HR_PQ_L_STRING || c->logical == HR_PQ_L_NONE);
    return is_text ? HR_CALC_TEXTS : HR_CALC_OTHERS;
}

static hr_status read_columns(const reader *r, hr_calc_table *t, const char *path, hr_err *err)
{
    uint32_t n = hr_pq_file_columns(r->file);
    t->n_column = 0;
    t->has_header = true;
    t->is_first_empty = false;
    for (uint32_t i = 0; i < n; i++) {
        const hr_pq_column *c = hr_pq_file_column(r->file, i);
        hr_status st = hr_calc_columns_add(t, c->name, strlen(c->name), cells_of(c), err);
        if (st != HR_OK) {
            hr_err_prefix(err, "'%s'", path);
            return st;
        }
    }
    return HR_OK;
}

hr_status hr_calc_parquet_columns(hr_calc_table *t, const char *path, hr_err *err)
{
    reader *r = reader_new(path, err);
    if (r == NULL) return HR_ENOMEM;
    hr_status st = open_file(r, path, LOOK_BYTES, err);
    if (st == HR_OK) st = read_columns(r, t, path, err);
    close_reader(&r->in);
    return st;
}

typedef enum column_use { USE_NUMBER, USE_TIME, USE_NAME } column_use;

static hr_status open_column(reader *r, column *c, uint32_t at, column_use use, hr_err *err)
{
    if (at == HR_CALC_NO_FIELD) return HR_OK;
    c->meta = hr_pq_file_column(r->file, at);
    c->cells = (hr_calc_cells)r->in.table->cells[at];
    bool has_i64 = use == USE_NAME ? c->cells == HR_CALC_NUMBERS : c->cells != HR_CALC_TEXTS;
    c->is_real = use == USE_NUMBER || c->meta->logical == HR_PQ_L_DECIMAL;
    bool has_text = use != USE_NUMBER && c->cells == HR_CALC_TEXTS;
    HR_TRY(hr_pq_cursor_create(&c->cursor, r->file, at, r->arena, err));
    c->real = hr_arena_alloc(r->arena, STEP_ROWS * sizeof *c->real, 64);
    if (has_i64) c->i64 = hr_arena_alloc(r->arena, STEP_ROWS * sizeof *c->i64, 64);
    if (has_text) c->text = hr_arena_alloc(r->arena, STEP_ROWS * sizeof *c->text, 64);
    if (c->real != NULL && (!has_i64 || c->i64 != NULL) && (!has_text || c->text != NULL))
        return HR_OK;
    return HR_FAIL(err, HR_EBUDGET, "no memory for rows of column '%s': raise --memory",
                   c->meta->name);
}

static hr_status open_columns(reader *r, hr_err *err)
{
    const hr_calc_table *t = r->in.table;
    HR_TRY(open_column(r, &r->time, t->time, USE_TIME, err));
    HR_TRY(open_column(r, &r->time_2, t->time_2, USE_TIME, err));
    HR_TRY(open_column(r, &r->clock, t->clock, USE_TIME, err));
    HR_TRY(open_column(r, &r->symbol, t->symbol, USE_NAME, err));
    HR_TRY(open_column(r, &r->venue, t->venue, USE_NAME, err));
    for (uint32_t i = 0; i < r->in.o->n_used; i++)
        HR_TRY(open_column(r, &r->number[i], r->in.field[i], USE_NUMBER, err));
    return HR_OK;
}

/* ---- a step of a column ---- */

static double bad_real(void)
{
    uint64_t bits = BAD_REAL;
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static bool is_bad_real(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits == BAD_REAL;
}

static void take_text(column *c, uint32_t at, const hr_pq_bytes *b)
{
    hr_text *t = &c->text[at];
    *t = (hr_text){.len = HR_TEXT_NULL};
    if (b->s == NULL) return;
    t->len = (uint8_t)HR_MIN(b->n, (uint32_t)HR_TEXT_CAP + 1); /* one more: too long */
    memcpy(t->byte, b->s, HR_MIN(b->n, (uint32_t)HR_TEXT_CAP));
}

static hr_status read_texts(reader *r, column *c, uint32_t n, hr_err *err)
{
    for (uint32_t at = 0; at < n;) {
        uint32_t k;
        HR_TRY(hr_pq_read_bytes(c->cursor, r->bytes, n - at, &k, err));
        for (uint32_t i = 0; i < k; i++) {
            const hr_pq_bytes *b = &r->bytes[i];
            double *to = &c->real[at + i];
            if (c->text != NULL)
                take_text(c, at + i, b);
            else if (!hr_calc_cell_number(to, b->s, b->s != NULL ? b->n : 0))
                *to = bad_real();
        }
        at += k;
    }
    return HR_OK;
}

/* Whole numbers of all kinds; as numbers where they are to be. */
static hr_status read_whole(column *c, uint32_t n, hr_err *err)
{
    uint32_t k;
    unsigned scale = c->meta->logical == HR_PQ_L_DECIMAL ? c->meta->scale : 0;
    HR_TRY(hr_pq_read_i64(c->cursor, c->i64, n, &k, err));
    for (uint32_t i = 0; c->is_real && i < k; i++) {
        int64_t v = c->i64[i];
        c->real[i] = v == HR_NULL_I64      ? (double)NAN
                     : v == HR_PQ_WIDE_I64 ? bad_real()
                                           : hr_wide_double(v, scale);
    }
    return k == n ? HR_OK : HR_END;
}

static hr_status read_real(column *c, uint32_t n, hr_err *err)
{
    uint32_t k;
    HR_TRY(hr_pq_read_f64(c->cursor, c->real, n, &k, err));
    for (uint32_t i = 0; i < k; i++)
        if (!isfinite(c->real[i])) c->real[i] = (double)NAN;
    return k == n ? HR_OK : HR_END;
}

static hr_status read_column(reader *r, column *c, uint32_t n, hr_err *err)
{
    if (c->meta == NULL) return HR_OK;
    hr_status st = c->cells == HR_CALC_TEXTS ? read_texts(r, c, n, err)
                   : is_float(c->meta)       ? read_real(c, n, err)
                                             : read_whole(c, n, err);
    if (st == HR_END)
        st = HR_FAIL(err, HR_ECORRUPT, "column '%s' of row group %u ends early", c->meta->name,
                     r->next_group - 1);
    return st;
}

static hr_status seek(const reader *r, const column *c, hr_err *err)
{
    return c->meta == NULL ? HR_OK : hr_pq_cursor_seek(c->cursor, r->next_group, err);
}

static hr_status open_group(reader *r, hr_err *err)
{
    HR_TRY(seek(r, &r->time, err));
    HR_TRY(seek(r, &r->time_2, err));
    HR_TRY(seek(r, &r->clock, err));
    HR_TRY(seek(r, &r->symbol, err));
    HR_TRY(seek(r, &r->venue, err));
    for (uint32_t i = 0; i < r->in.o->n_used; i++)
        HR_TRY(seek(r, &r->number[i], err));
    r->left = hr_pq_row_group_rows(r->file, r->next_group++);
    return HR_OK;
}

static hr_status read_step(reader *r, hr_err *err)
{
    const _Atomic uint32_t *stop = r->in.o->stop;
    if (stop != NULL && atomic_load_explicit(stop, memory_order_relaxed) != 0)
        return HR_FAIL(err, HR_ESTOPPED, "stopped before its end");
    while (r->left == 0) {
        if (r->next_group == hr_pq_file_row_groups(r->file)) return HR_END;
        HR_TRY(open_group(r, err));
    }
    uint32_t n = (uint32_t)HR_MIN(r->left, (int64_t)STEP_ROWS);
    HR_TRY(read_column(r, &r->time, n, err));
    HR_TRY(read_column(r, &r->time_2, n, err));
    HR_TRY(read_column(r, &r->clock, n, err));
    HR_TRY(read_column(r, &r->symbol, n, err));
    HR_TRY(read_column(r, &r->venue, n, err));
    for (uint32_t i = 0; i < r->in.o->n_used; i++)
        HR_TRY(read_column(r, &r->number[i], n, err));
    r->left -= n;
    r->n = n;
    r->at = 0;
    return HR_OK;
}

/* ---- a row ---- */

static void reject(const reader *r, const char *what, const column *c)
{
    char place[64];
    uint32_t group = r->next_group - 1;
    snprintf(place, sizeof place, "row %lld (row group %u)", (long long)r->row + 1, group);
    hr_calc_reject(r->in.o->rejects, r->in.path, place, "expected %s in column '%s'", what,
                   c->meta->name);
}

/* A double as text, for times in seconds with decimals. */
static hr_status real_time(int64_t *ns, double v)
{
    char text[HR_CSV_REAL_TEXT];
    hr_csv_time time;
    if (!isfinite(v) || v < 0) return HR_EINPUT;
    HR_TRY(hr_csv_time_parse(&time, text, hr_csv_real_text(text, v), HR_CSV_ORDER_NONE));
    *ns = time.ns;
    return HR_OK;
}

static bool scaled(int64_t *ns, int64_t v, int64_t unit_ns)
{
    return v != HR_NULL_I64 && v != HR_PQ_WIDE_I64 && !__builtin_mul_overflow(v, unit_ns, ns);
}

static int64_t unit_of(const column *c)
{
    return c->cells == HR_CALC_DATES ? NS_PER_DAY : HR_MAX(c->meta->unit_ns, 1);
}

/* A column's time at the row, alone. */
static hr_status whole_time(int64_t *ns, const reader *r, const column *c)
{
    uint32_t at = r->at;
    if (c->cells == HR_CALC_TEXTS)
        return c->text[at].len <= HR_TEXT_CAP
                   ? hr_calc_cell_time(ns, &c->text[at], NULL, r->in.o->words->dates)
                   : HR_EINPUT;
    if (is_float(c->meta) || c->meta->logical == HR_PQ_L_DECIMAL) return real_time(ns, c->real[at]);
    if (c->cells == HR_CALC_NUMBERS) return hr_csv_time_int(ns, c->i64[at]);
    return scaled(ns, c->i64[at], unit_of(c)) ? HR_OK : HR_EINPUT;
}

/* A date and a time of day. Where that is text it may be a time as a whole. */
static hr_status joined_time(int64_t *ns, const reader *r)
{
    char text[HR_CSV_TIME_TEXT];
    uint32_t at = r->at;
    const hr_text *clock = r->clock.cells == HR_CALC_TEXTS ? &r->clock.text[at] : NULL;
    hr_text date;
    int64_t of_day;
    if (clock != NULL && clock->len > HR_TEXT_CAP) return HR_EINPUT;
    if (clock != NULL && r->time.cells == HR_CALC_TEXTS)
        return r->time.text[at].len <= HR_TEXT_CAP
                   ? hr_calc_cell_time(ns, &r->time.text[at], clock, r->in.o->words->dates)
                   : HR_EINPUT;
    HR_TRY(whole_time(ns, r, &r->time));
    if (clock != NULL) {
        (void)hr_calc_cell_text(&date, text, hr_csv_time_text(text, *ns, HR_CSV_AS_DATE));
        return hr_calc_cell_time(ns, &date, clock, HR_CSV_ORDER_NONE);
    }
    if (!scaled(&of_day, r->clock.i64[at], unit_of(&r->clock))) return HR_EINPUT;
    return __builtin_add_overflow(*ns, of_day, ns) ? HR_EINPUT : HR_OK;
}

static bool is_null(const column *c, uint32_t at)
{
    return c->cells == HR_CALC_TEXTS ? c->text[at].len == HR_TEXT_NULL
           : is_float(c->meta)       ? isnan(c->real[at])
                                     : c->i64[at] == HR_NULL_I64;
}

static bool take_time(const reader *r, hr_calc_row *out)
{
    const column *c = &r->time;
    if (r->time_2.meta != NULL && is_null(c, r->at)) c = &r->time_2;
    hr_status st = r->clock.meta != NULL ? joined_time(&out->ts, r) : whole_time(&out->ts, r, c);
    if (st == HR_OK) return true;
    reject(r, st == HR_AGAIN ? "a date with its month or day first, as --dates says," : "a time",
           c);
    return false;
}

static bool take_name(const reader *r, hr_text *out, const column *c)
{
    char text[24];
    if (c->meta == NULL) return true;
    if (c->cells == HR_CALC_TEXTS) {
        *out = c->text[r->at];
        if (out->len > 0 && out->len <= HR_TEXT_CAP) return true;
    } else if (is_int(c->meta) && c->i64[r->at] > HR_PQ_WIDE_I64) {
        int n = snprintf(text, sizeof text, "%lld", (long long)c->i64[r->at]);
        return hr_calc_cell_text(out, text, (size_t)n);
    }
    reject(r, "an instrument of 1 to 47 bytes", c);
    return false;
}

static bool take_row(const reader *r, hr_calc_row *out)
{
    const hr_calc_input *in = &r->in;
    out->ts = HR_NULL_I64;
    out->symbol = in->symbol;
    out->venue = in->venue;
    out->value = in->value;
    if (r->time.meta != NULL && !take_time(r, out)) return false;
    if (!take_name(r, &out->symbol, &r->symbol) || !take_name(r, &out->venue, &r->venue))
        return false;
    for (uint32_t i = 0; i < in->o->n_used; i++) {
        in->value[i] = r->number[i].real[r->at];
        if (!is_bad_real(in->value[i])) continue;
        reject(r, "a number (of up to 18 digits)", &r->number[i]);
        return false;
    }
    return true;
}

static hr_status next_row(hr_calc_input *in, hr_calc_row *out, hr_err *err)
{
    reader *r = (reader *)(void *)in;
    for (;;) {
        if (r->at == r->n) {
            hr_status st = read_step(r, err);
            if (st < 0) hr_err_prefix(err, "'%s'", in->path);
            if (st != HR_OK) return st;
        }
        bool is_good = take_row(r, out);
        r->at++;
        r->row++;
        if (is_good) return HR_OK;
    }
}

static const hr_calc_input_ops ops = {.next = next_row, .close = close_reader};

hr_status hr_calc_parquet_open(hr_calc_input **out, const char *path,
                               const hr_calc_input_options *o, hr_err *err)
{
    reader *r = reader_new(path, err);
    if (r == NULL) return HR_ENOMEM;
    hr_calc_input *in = &r->in;
    in->ops = &ops;
    *out = in;
    in->o = o;
    HR_TRY(open_file(r, path, o->memory_bytes, err));
    in->table = hr_heap_zero(1, sizeof *in->table);
    in->field = hr_arena_alloc(r->arena, (o->n_used + 1) * sizeof *in->field, 8);
    in->value = hr_arena_alloc(r->arena, (o->n_used + 1) * sizeof *in->value, 8);
    r->number = hr_arena_alloc(r->arena, (o->n_used + 1) * sizeof *r->number, 64);
    r->bytes = hr_arena_alloc(r->arena, STEP_ROWS * sizeof *r->bytes, 64);
    if (in->table == NULL || in->field == NULL || in->value == NULL || r->number == NULL ||
        r->bytes == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory to read '%s': raise --memory", path);
    HR_TRY(read_columns(r, in->table, path, err));
    HR_TRY(hr_calc_input_map(in, err));
    hr_status st = open_columns(r, err);
    if (st != HR_OK) hr_err_prefix(err, "'%s'", path);
    return st;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a Parquet or Arrow file: a step of rows of each column that is wanted, a row group at a
 * time. A step without a bad cell is handed on as it was read; of another, good rows close ranks.
 */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/sys.h"
#include "fmt/ipc_read.h"
#include "fmt/pq_coded.h"
#include "fmt/pq_events.h"
#include "job/calc_input.h"
#include "text/wide.h"

#define STEP_ROWS 1024u
#define LOOK_BYTES ((size_t)64 << 20)
#define KNOWN_MAX 65536u /* texts of a dictionary beside which something is kept */
#define NS_PER_DAY INT64_C(86400000000000)
#define BAD_REAL 0x7ff8dead00000000ull /* a NaN that no reader gives */

/* A column of a step. What is null is NaN, HR_NULL_I64, a text of length HR_TEXT_NULL, bytes
 * without any. */
typedef struct column {
    const hr_pq_column *meta; /* NULL: there is none */
    hr_pq_cursor *cursor;
    hr_calc_cells cells;
    bool is_real;  /* whole ones are wanted as numbers */
    bool has_bad;  /* some cell of the step is BAD_REAL */
    double *real;  /* of numbers; a cell that is none is BAD_REAL */
    int64_t *i64;  /* of times; whole numbers as names */
    hr_text *text; /* of texts as times; longer ones are cut and marked so */
    /* of names */
    uint32_t *code;              /* of the step's rows */
    hr_calc_names step;          /* what they stand for: a dictionary, or own */
    uint32_t n_text;             /* of the dictionary; a code past it is null */
    hr_pq_bytes *own;            /* [STEP_ROWS] of rows without dictionary */
    char *own_bytes;             /* [STEP_ROWS][HR_TEXT_CAP] */
    struct hr_calc_line **known; /* beside the dictionary of the row group */
    uint32_t n_known, cap_known; /* n_known 0: no dictionary was met yet */
} column;

typedef struct reader {
    hr_calc_input in;
    int fd;
    hr_arena *arena;
    hr_pq_file *file;
    column *number; /* [n_used] */
    double **value; /* [n_used] their numbers */
    column time, time_2, clock, symbol, venue;
    int64_t *ts;        /* [STEP_ROWS] */
    hr_pq_bytes *bytes; /* [STEP_ROWS] */
    uint32_t next_group;
    int64_t left;   /* of the open row group, not read yet */
    uint32_t n, at; /* rows of the step; the next of them */
    bool is_clean;  /* all of them are good, and have their times in ts */
    int64_t row;    /* of the file, the first of the step */
    const char *lacks;      /* of the row that was looked at last: what it should have ... */
    const column *lacks_in; /* ... and where */
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

/* HR_AGAIN: by its first bytes it is neither Parquet nor Arrow. */
static hr_status open_file(reader *r, const char *path, size_t memory_bytes, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    char head[HR_IPC_SNIFF_BYTES] = {0};
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_sys_stat st;
    r->fd = hr_sys_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (r->fd < 0) return HR_FAIL_SYS(err, r->fd, "cannot open '%s'", path);
    int64_t n = hr_sys_pread_full(r->fd, head, sizeof head, 0);
    if (n < 0) return HR_FAIL_SYS(err, n, "cannot read '%s'", path);
    if (!hr_pq_sniff(head, (size_t)n) && hr_ipc_sniff(head, (size_t)n) == HR_IPC_NOT)
        return HR_AGAIN;
    HR_TRY(hr_arena_create(&r->arena, NULL, memory_bytes, "table", err));
    int rc = sys->fstat(sys->self, r->fd, &st);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot stat '%s'", path);
    hr_status result =
        hr_table_file_open(&r->file, read_at, &r->fd, st.size_bytes, &limits, r->arena, err);
    if (result != HR_OK) hr_err_prefix(err, "'%s'", path);
    return result;
}

hr_status hr_calc_parquet_is_table(bool *is, const char *path, hr_err *err)
{
    char how[128];
    hr_err why = HR_ERR_INIT;
    hr_source_info info = {.format = HR_FORMAT_UNKNOWN};
    reader *r = reader_new(path, err);
    if (r == NULL) return HR_ENOMEM;
    hr_status st = open_file(r, path, LOOK_BYTES, &why);
    const bool is_other = st == HR_AGAIN;
    if (st == HR_OK) st = hr_pq_events_sniff(&info, how, sizeof how, path, r->file, &why);
    close_reader(&r->in);
    if (is_other) return HR_AGAIN;
    *is = st != HR_OK;
    return hr_calc_looked(st, &why, err);
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
    bool has_text = use == USE_TIME && c->cells == HR_CALC_TEXTS;
    bool has_names = use == USE_NAME;
    HR_TRY(hr_pq_cursor_create(&c->cursor, r->file, at, r->arena, err));
    c->real = hr_arena_alloc(r->arena, STEP_ROWS * sizeof *c->real, 64);
    if (has_i64) c->i64 = hr_arena_alloc(r->arena, STEP_ROWS * sizeof *c->i64, 64);
    if (has_text) c->text = hr_arena_alloc(r->arena, STEP_ROWS * sizeof *c->text, 64);
    if (has_names) {
        c->code = hr_arena_alloc(r->arena, STEP_ROWS * sizeof *c->code, 64);
        c->own = hr_arena_alloc(r->arena, STEP_ROWS * sizeof *c->own, 64);
        c->own_bytes = hr_arena_alloc(r->arena, STEP_ROWS * HR_TEXT_CAP, 64);
    }
    bool is_named = c->code != NULL && c->own != NULL && c->own_bytes != NULL;
    if (c->real != NULL && (!has_i64 || c->i64 != NULL) && (!has_text || c->text != NULL) &&
        (!has_names || is_named))
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
            if (c->text != NULL) {
                take_text(c, at + i, b);
            } else if (!hr_calc_cell_number(to, b->s, b->s != NULL ? b->n : 0)) {
                *to = bad_real();
                c->has_bad = true;
            }
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
        c->has_bad |= v == HR_PQ_WIDE_I64;
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

/* ---- a step of names ---- */

/* Row `at` has this text for itself, or, of two equal ones, that of the row above. */
static void own_text(column *c, uint32_t at, hr_pq_bytes b)
{
    const hr_pq_bytes *above = at > 0 ? &c->own[c->code[at - 1]] : NULL;
    char *to = c->own_bytes + (size_t)at * HR_TEXT_CAP;
    uint32_t n = b.s != NULL ? b.n : 0;
    c->code[at] = at;
    c->own[at] = (hr_pq_bytes){.s = to, .n = n};
    if (n > HR_TEXT_CAP) return; /* which is too long */
    if (above != NULL && above->n == n && (n == 0 || memcmp(above->s, b.s, n) == 0))
        c->code[at] = c->code[at - 1];
    else if (n > 0)
        memcpy(to, b.s, n);
}

static hr_pq_bytes of_dict(const hr_pq_dict *d, uint32_t code)
{
    return code < d->n ? d->text[code] : (hr_pq_bytes){0};
}

static void own_coded(column *c, const hr_pq_dict *d, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++)
        own_text(c, i, of_dict(d, c->code[i]));
}

static hr_status own_read(reader *r, column *c, uint32_t at, uint32_t *n, hr_err *err)
{
    HR_TRY(hr_pq_read_bytes(c->cursor, r->bytes, *n, n, err));
    for (uint32_t i = 0; i < *n; i++)
        own_text(c, at + i, r->bytes[i]);
    return HR_OK;
}

/* What the caller keeps beside a dictionary. Without room it does without. */
static void begin_dict(reader *r, column *c, uint32_t n)
{
    const size_t each = sizeof(struct hr_calc_line *);
    if (n > c->cap_known && n <= KNOWN_MAX) {
        c->known = hr_arena_alloc(r->arena, 2 * n * each, 8);
        c->cap_known = c->known != NULL ? 2 * n : 0;
    }
    if (n > 0 && n <= c->cap_known) memset(c->known, 0, n * each);
    c->n_known = n;
}

/* Codes of the dictionary, where all rows of the step have one; else texts of their own. */
static hr_status read_names(reader *r, column *c, uint32_t n, hr_err *err)
{
    const bool may_be_coded = c->meta->phys == HR_PQ_BYTE_ARRAY;
    hr_pq_dict dict = {.n = 0};
    bool is_own = !may_be_coded;
    for (uint32_t k, at = 0; at < n; at += k) {
        hr_status st = HR_AGAIN;
        k = n - at;
        if (may_be_coded) st = hr_pq_read_coded(c->cursor, &dict, c->code + at, n - at, &k, err);
        if (st != HR_OK && st != HR_AGAIN) return st;
        if (st == HR_AGAIN && !is_own) own_coded(c, &dict, 0, at);
        is_own |= st == HR_AGAIN;
        if (st == HR_AGAIN)
            HR_TRY(own_read(r, c, at, &k, err));
        else if (is_own)
            own_coded(c, &dict, at, at + k);
    }
    if (!is_own && c->n_known != dict.n) begin_dict(r, c, dict.n);
    bool is_known = !is_own && dict.n <= c->cap_known;
    c->step = (hr_calc_names){
        .code = c->code, .text = is_own ? c->own : dict.text, .known = is_known ? c->known : NULL};
    c->n_text = is_own ? STEP_ROWS : dict.n;
    return HR_OK;
}

/* Whole numbers as texts; others are none. */
static void name_numbers(column *c, uint32_t n)
{
    char text[24];
    for (uint32_t i = 0; i < n; i++) {
        bool is_name = is_int(c->meta) && c->i64[i] > HR_PQ_WIDE_I64;
        int len = is_name ? snprintf(text, sizeof text, "%lld", (long long)c->i64[i]) : 0;
        own_text(c, i, (hr_pq_bytes){.s = text, .n = (uint32_t)len});
    }
    c->step = (hr_calc_names){.code = c->code, .text = c->own};
    c->n_text = STEP_ROWS;
}

static bool is_name(const column *c, uint32_t row)
{
    uint32_t code = c->code[row];
    return code < c->n_text && c->step.text[code].n - 1 < HR_TEXT_CAP;
}

static hr_status read_column(reader *r, column *c, uint32_t n, hr_err *err)
{
    if (c->meta == NULL) return HR_OK;
    c->has_bad = false;
    bool is_text = c->cells == HR_CALC_TEXTS;
    hr_status st = is_text && c->code != NULL ? read_names(r, c, n, err)
                   : is_text                  ? read_texts(r, c, n, err)
                   : is_float(c->meta)        ? read_real(c, n, err)
                                              : read_whole(c, n, err);
    if (st == HR_OK && !is_text && c->code != NULL) name_numbers(c, n);
    if (st == HR_END)
        st = HR_FAIL(err, HR_ECORRUPT, "column '%s' of row group %u ends early", c->meta->name,
                     r->next_group - 1);
    return st;
}

static hr_status seek(const reader *r, column *c, hr_err *err)
{
    c->n_known = 0;
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
    r->row += r->n;
    r->n = n;
    r->at = 0;
    return HR_OK;
}

/* ---- a row ---- */

static void reject(const reader *r)
{
    char place[64];
    long long row = r->row + r->at + 1;
    snprintf(place, sizeof place, "row %lld (row group %u)", row, r->next_group - 1);
    hr_calc_reject(r->in.o->rejects, r->in.path, place, "expected %s in column '%s'", r->lacks,
                   r->lacks_in->meta->name);
}

static bool lacks(reader *r, const char *what, const column *c)
{
    r->lacks = what;
    r->lacks_in = c;
    return false;
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

static bool take_time(reader *r)
{
    const column *c = &r->time;
    int64_t *ns = &r->ts[r->at];
    if (r->time_2.meta != NULL && is_null(c, r->at)) c = &r->time_2;
    hr_status st = r->clock.meta != NULL ? joined_time(ns, r) : whole_time(ns, r, c);
    if (st == HR_OK) return true;
    return lacks(
        r, st == HR_AGAIN ? "a date with its month or day first, as --dates says," : "a time", c);
}

static bool take_name(reader *r, const column *c)
{
    return c->meta == NULL || is_name(c, r->at) || lacks(r, "an instrument of 1 to 47 bytes", c);
}

/* False: the row lacks something. */
static bool take_row(reader *r)
{
    if (r->time.meta != NULL && !take_time(r)) return false;
    if (!take_name(r, &r->symbol) || !take_name(r, &r->venue)) return false;
    for (uint32_t i = 0; i < r->in.o->n_used; i++)
        if (is_bad_real(r->number[i].real[r->at]))
            return lacks(r, "a number (of up to 18 digits)", &r->number[i]);
    return true;
}

/* ---- a step of rows ---- */

/* True: all n are times, and in r->ts. */
static bool take_times(const reader *r, uint32_t n)
{
    const column *c = &r->time;
    if (c->meta == NULL) return true;
    if (r->clock.meta != NULL) return false;
    if (c->cells == HR_CALC_NUMBERS && is_int(c->meta)) return hr_csv_time_ints(r->ts, c->i64, n);
    if (c->cells != HR_CALC_TIMES && c->cells != HR_CALC_DATES) return false;
    const int64_t unit = unit_of(c);
    const int64_t least = HR_MAX(INT64_MIN / unit, HR_PQ_WIDE_I64 + 1);
    const int64_t most = INT64_MAX / unit;
    bool is_bad = false;
    for (uint32_t i = 0; i < n; i++) {
        int64_t v = c->i64[i];
        is_bad |= (v < least) | (v > most);
        r->ts[i] = (int64_t)((uint64_t)v * (uint64_t)unit);
    }
    return !is_bad;
}

static bool are_names(const column *c, uint32_t n)
{
    bool is_bad = false;
    for (uint32_t i = 0; c->meta != NULL && i < n; i++)
        is_bad |= !is_name(c, i);
    return !is_bad;
}

static bool all_good(const reader *r, uint32_t n)
{
    for (uint32_t i = 0; i < r->in.o->n_used; i++)
        if (r->number[i].has_bad) return false;
    return take_times(r, n) && are_names(&r->symbol, n) && are_names(&r->venue, n);
}

/* Rejects what comes before the next good row; r->at is then behind the last good one after it,
 * whose first is returned. */
static uint32_t take_stretch(reader *r)
{
    uint32_t first = r->at;
    for (; r->at < r->n; r->at++) {
        if (take_row(r)) continue;
        if (r->at > first) break; /* rejected when its turn comes */
        reject(r);
        first++;
    }
    return first;
}

static hr_calc_names names_from(const column *c, uint32_t row, hr_calc_one_name *of_all)
{
    if (c->meta == NULL) return hr_calc_one(of_all);
    hr_calc_names names = c->step;
    names.code += row;
    return names;
}

static hr_status next_span(hr_calc_input *in, hr_calc_span *out, hr_err *err)
{
    reader *r = (reader *)(void *)in;
    uint32_t first;
    do {
        if (r->at == r->n) {
            hr_status st = read_step(r, err);
            if (st < 0) hr_err_prefix(err, "'%s'", in->path);
            if (st != HR_OK) return st;
            r->is_clean = all_good(r, r->n);
        }
        first = r->is_clean ? 0 : take_stretch(r);
        if (r->is_clean) r->at = r->n;
    } while (first == r->at);
    for (uint32_t i = 0; i < in->o->n_used; i++)
        r->value[i] = r->number[i].real + first;
    *out = (hr_calc_span){.n = r->at - first,
                          .ts = r->time.meta != NULL ? r->ts + first : NULL,
                          .venue = names_from(&r->venue, first, &in->venue),
                          .symbol = names_from(&r->symbol, first, &in->symbol),
                          .value = r->value};
    return HR_OK;
}

static const hr_calc_input_ops ops = {.next = next_span, .close = close_reader};

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
    r->value = hr_arena_alloc(r->arena, (o->n_used + 1) * sizeof *r->value, 8);
    r->ts = hr_arena_alloc(r->arena, STEP_ROWS * sizeof *r->ts, 64);
    r->number = hr_arena_alloc(r->arena, (o->n_used + 1) * sizeof *r->number, 64);
    r->bytes = hr_arena_alloc(r->arena, STEP_ROWS * sizeof *r->bytes, 64);
    if (in->table == NULL || in->field == NULL || r->value == NULL || r->ts == NULL ||
        r->number == NULL || r->bytes == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory to read '%s': raise --memory", path);
    HR_TRY(read_columns(r, in->table, path, err));
    HR_TRY(hr_calc_input_map(in, err));
    hr_status st = open_columns(r, err);
    if (st != HR_OK) hr_err_prefix(err, "'%s'", path);
    return st;
}

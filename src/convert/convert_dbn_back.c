/* SPDX-License-Identifier: Apache-2.0 */
/* A table of DBN records, as convert_dbn.c makes it, to DBN again: the header as it was, each
 * record from its row. Where the table has no header, the rows' instruments, symbols and times make
 * one; they are read once more for that. */
#include <stdio.h>
#include <string.h>

#include "convert/convert_dbn.h"
#include "convert/table_in.h"
#include "text/decimal.h"
#include "venue/files/dbn_make.h"

#define BUDGET_BYTES ((size_t)1 << 30)
#define TABLE_BYTES ((size_t)512 << 20)
#define SPANS_MAX 262144u
#define NS_PER_DAY UINT64_C(86400000000000)

typedef struct back_column {
    const hr_pq_column *meta; /* NULL: symbol, and there is none */
    hr_pq_cursor *cursor;
    bool is_text;
    int64_t mul; /* of a price's or time's unit */
    int64_t *whole;
} back_column;

typedef struct back_job {
    const hr_convert_options *o;
    hr_convert_report *r;
    hr_budget budget;
    hr_arena *arena, *out_arena, *header_arena, *dir_arena;
    hr_table_in in;
    uint8_t layout, version;
    hr_dbn_table table;
    back_column column[HR_DBN_FIELDS_MAX]; /* by field of the table, then symbol */
    uint8_t *recs;                         /* HR_TABLE_IN_STEP of n_rec bytes */
    uint32_t n_rec;
    uint8_t fill[HR_DBN_RECORD_MAX + 4];
    hr_text *symbol; /* of the step's rows */
    /* the header */
    bool is_fragment;
    uint8_t *header; /* NULL: to be made */
    size_t n_header;
    hr_dbn_dir *dir;     /* of the header that was kept */
    uint32_t instrument; /* whose symbol was compared last */
    uint64_t day;
    hr_text named;
    bool has_named;
    hr_dbn_spans spans;
    uint64_t first_ns, last_ns;
    bool is_dry; /* looks for what the header is to say */
    hr_out_file out;
} back_job;

/* ---- is it one ---- */

static bool has_head(const hr_pq_file *file)
{
    static const char *const names[] = {"rtype", "publisher_id", "instrument_id", "ts_event"};
    for (size_t i = 0; i < HR_ARRAY_LEN(names); i++)
        if (hr_pq_file_find(file, names[i]) < 0) return false;
    return true;
}

hr_status hr_convert_dbn_probe(bool *is_records, const char *path, hr_err *err)
{
    return hr_table_in_probe(is_records, path, has_head, err);
}

/* ---- which layout ---- */

/* A value of the table's metadata as text of at most cap - 1 bytes; "": it has none. */
static void read_key(const back_job *j, char *out, size_t cap, const char *key)
{
    uint32_t n;
    const char *s = hr_pq_file_meta(j->in.file, key, &n);
    out[0] = '\0';
    if (s == NULL || n >= cap) return;
    memcpy(out, s, n);
    out[n] = '\0';
}

static uint64_t read_number(const back_job *j, const char *key)
{
    char text[24];
    int64_t v = 0;
    read_key(j, text, sizeof text, key);
    return hr_int_parse(&v, text, strlen(text)) == HR_OK && v > 0 ? (uint64_t)v : 0;
}

/* How many of the table's columns the layout has, or 0 where it has one that the table has not. */
static uint32_t covers(const back_job *j, const hr_dbn_layout *l)
{
    for (uint32_t i = 0; i < l->n_fields; i++)
        if (hr_pq_file_find(j->in.file, l->fields[i].name) < 0) return 0;
    return l->n_fields;
}

/* By name, else by its columns: the layout that has most of them. Of types with several versions
 * that of the file's, or the last. */
static uint8_t find_layout(const back_job *j)
{
    char want[24];
    uint32_t most = 0;
    uint8_t best = HR_DBN_NO_LAYOUT;
    read_key(j, want, sizeof want, HR_DBN_KEY_LAYOUT);
    const uint64_t version = read_number(j, HR_DBN_KEY_VERSION);
    for (uint8_t i = 0; i < HR_DBN_LAYOUT_COUNT; i++) {
        const hr_dbn_layout *l = hr_dbn_layout_get((hr_dbn_layout_id)i);
        char name[24];
        snprintf(name, sizeof name, "%.16s-%u", l->name, l->versions[0]);
        if (strcmp(name, want) == 0) return i;
        const uint32_t n = covers(j, l);
        const bool is_of = version >= l->versions[0] && version <= l->versions[1];
        if (n < most || n == 0 || (version != 0 && !is_of)) continue;
        most = n;
        best = i;
    }
    return best;
}

static hr_status set_layout(back_job *j, hr_err *err)
{
    char kind[16];
    j->layout = find_layout(j);
    if (j->layout == HR_DBN_NO_LAYOUT)
        return HR_FAIL(err, HR_EINPUT, "'%s': its columns are those of no type of DBN records",
                       j->o->in);
    read_key(j, kind, sizeof kind, HR_DBN_KEY_KIND);
    j->is_fragment = strcmp(kind, "fragment") == 0;
    hr_dbn_table_init(&j->table, (hr_dbn_layout_id)j->layout,
                      hr_pq_file_find(j->in.file, "ts_out") >= 0);
    const uint64_t version = read_number(j, HR_DBN_KEY_VERSION);
    const uint8_t *of = j->table.layout->versions;
    j->version = version >= 1 && version <= 3 ? (uint8_t)version : of[1];
    if (j->version < of[0] || j->version > of[1])
        return HR_FAIL(err, HR_EINPUT, "'%s': %s records of these columns are not of version %u",
                       j->o->in, j->table.layout->name, j->version);
    return HR_OK;
}

/* ---- columns ---- */

static bool is_whole(const hr_pq_column *m)
{
    return m->phys == HR_PQ_INT32 || m->phys == HR_PQ_INT64 || m->logical == HR_PQ_L_DECIMAL;
}

/* The unit of what the column holds, in the record's; 0: it cannot be. */
static int64_t unit_of(const hr_pq_column *m, uint8_t type)
{
    if (type == HR_DBN_PRICE)
        return m->logical == HR_PQ_L_DECIMAL && m->scale <= 9 ? hr_pow10[9 - m->scale] : 0;
    if (m->logical == HR_PQ_L_DECIMAL && m->scale > 0) return 0;
    if (type == HR_DBN_TIME) return m->logical == HR_PQ_L_TIMESTAMP ? m->unit_ns : 1;
    return m->logical == HR_PQ_L_TIMESTAMP ? 0 : 1;
}

static hr_status open_column(back_job *j, back_column *c, const char *name, uint8_t type,
                             hr_err *err)
{
    const int at = hr_pq_file_find(j->in.file, name);
    if (at < 0) return HR_FAIL(err, HR_EINPUT, "'%s': column '%s' is missing", j->o->in, name);
    *c = (back_column){.meta = hr_pq_file_column(j->in.file, (uint32_t)at),
                       .is_text = type == HR_DBN_TEXT || type == HR_DBN_CHAR};
    const bool fits = c->is_text ? c->meta->logical == HR_PQ_L_STRING : is_whole(c->meta);
    c->mul = fits && !c->is_text ? unit_of(c->meta, type) : 1;
    if (!fits || c->mul == 0)
        return HR_FAIL(err, HR_EINPUT, "'%s': column '%s' is not of the type that DBN needs",
                       j->o->in, name);
    if (!c->is_text) {
        c->whole = hr_arena_alloc(j->arena, HR_TABLE_IN_STEP * sizeof *c->whole, 64);
        if (c->whole == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to read '%s'", j->o->in);
    }
    return hr_pq_cursor_create(&c->cursor, j->in.file, (uint32_t)at, j->arena, err);
}

static hr_status refuse_unknown(const back_job *j, hr_err *err)
{
    for (uint32_t c = 0; c < hr_pq_file_columns(j->in.file); c++) {
        const char *name = hr_pq_file_column(j->in.file, c)->name;
        bool is_known = false;
        for (uint32_t i = 0; i <= j->table.n_fields && !is_known; i++)
            is_known = strcmp(j->table.columns[i].name, name) == 0;
        if (!is_known)
            return HR_FAIL(err, HR_EINPUT, "'%s': %s records have no column '%s'", j->o->in,
                           j->table.layout->name, name);
    }
    return HR_OK;
}

static hr_status open_columns(back_job *j, hr_err *err)
{
    const uint32_t n = j->table.n_fields;
    HR_TRY(refuse_unknown(j, err));
    for (uint32_t i = 0; i < n; i++)
        HR_TRY(
            open_column(j, &j->column[i], j->table.fields[i].name, j->table.fields[i].type, err));
    if (hr_pq_file_find(j->in.file, "symbol") >= 0)
        HR_TRY(open_column(j, &j->column[n], "symbol", HR_DBN_TEXT, err));
    j->symbol = hr_arena_alloc(j->arena, HR_TABLE_IN_STEP * sizeof *j->symbol, 64);
    j->recs = hr_arena_alloc(j->arena, (size_t)HR_TABLE_IN_STEP * j->n_rec, 64);
    if (j->symbol == NULL || j->recs == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory to read '%s'", j->o->in);
    return HR_OK;
}

static uint8_t nibble(char c)
{
    return (uint8_t)(c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 255);
}

/* Bytes of a record that are no field, as the table has them; else zeros. */
static void set_fill(back_job *j)
{
    uint32_t n = 0;
    const uint32_t least =
        j->table.layout->bytes + (j->table.n_fields > j->table.layout->n_fields ? 8u : 0u);
    const char *hex = hr_pq_file_meta(j->in.file, HR_DBN_KEY_FILL, &n);
    bool is_good = hex != NULL && n % 8 == 0 && n / 2 >= least && n / 2 <= HR_DBN_RECORD_MAX;
    for (uint32_t i = 0; i < n / 2 && is_good; i++) {
        const uint8_t a = nibble(hex[2 * i]);
        const uint8_t b = nibble(hex[2 * i + 1]);
        is_good = a != 255 && b != 255;
        j->fill[i] = (uint8_t)(a << 4 | (b & 15));
    }
    is_good = is_good && j->fill[0] == n / 8;
    j->n_rec = is_good ? n / 2 : least;
    if (!is_good) memset(j->fill, 0, sizeof j->fill);
    j->fill[0] = (uint8_t)(j->n_rec / 4);
}

/* ---- the header ---- */

static hr_status read_header(back_job *j, const char *text, uint32_t n_text, hr_err *err)
{
    hr_dbn_meta meta;
    hr_arena *scratch = NULL;
    const size_t n = (size_t)read_number(j, HR_DBN_KEY_HEADER_BYTES);
    if (n < HR_DBN_PRELUDE || n > HR_DBN_HEADER_KEPT_MAX)
        return HR_FAIL(err, HR_ECORRUPT, "'%s' says no size", HR_DBN_KEY_HEADER_BYTES);
    HR_TRY(hr_arena_create(&j->header_arena, &j->budget, n + 4096, "DBN header", err));
    j->header = hr_arena_alloc(j->header_arena, n, 64);
    if (j->header == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for the DBN header");
    HR_TRY(hr_arena_create(&scratch, &j->budget, hr_dbn_keep_header_bytes(n, n_text), "DBN header",
                           err));
    hr_status st = hr_dbn_keep_header(j->header, n, text, n_text, scratch, err);
    hr_arena_destroy(&scratch);
    if (st != HR_OK) return st;
    HR_TRY(hr_dbn_meta_parse(&meta, j->header, n, err));
    j->n_header = n;
    const bool has_ts_out = j->table.n_fields > j->table.layout->n_fields;
    if (meta.has_ts_out != has_ts_out || meta.version != j->version)
        return HR_FAIL(err, HR_EINPUT, "the header that is kept is of version %u, %s ts_out",
                       meta.version, meta.has_ts_out ? "with" : "without");
    HR_TRY(hr_arena_create(&scratch, &j->budget, hr_dbn_dir_bytes(&meta, 1), "DBN symbols", err));
    st = hr_dbn_dir_create(&j->dir, scratch, &meta, 1, err);
    j->dir_arena = scratch;
    return st;
}

static hr_status find_header(back_job *j, hr_err *err)
{
    uint32_t n = 0;
    const char *text = hr_pq_file_meta(j->in.file, HR_DBN_KEY_HEADER, &n);
    if (j->is_fragment) return HR_OK;
    if (text != NULL && n > 0) {
        hr_status st = read_header(j, text, n, err);
        if (st != HR_OK) hr_err_prefix(err, "'%s'", j->o->in);
        return st;
    }
    const bool was_file = read_number(j, HR_DBN_KEY_VERSION) > 0;
    j->is_dry = true;
    j->first_ns = UINT64_MAX;
    j->r->loss[HR_LOSS_DBN_HEADER] = was_file;
    const size_t bytes = hr_dbn_spans_bytes(SPANS_MAX);
    HR_TRY(hr_arena_create(&j->header_arena, &j->budget, bytes, "DBN symbols", err));
    return hr_dbn_spans_create(&j->spans, j->header_arena, SPANS_MAX, err);
}

static uint16_t schema_of(const back_job *j)
{
    char name[24];
    read_key(j, name, sizeof name, HR_DBN_KEY_SCHEMA);
    if (name[0] == '\0') snprintf(name, sizeof name, "%.16s", j->table.layout->name);
    return hr_dbn_schema_from_name(name, strlen(name));
}

static hr_status make_header(back_job *j, hr_err *err)
{
    hr_dbn_made made = {.version = j->version,
                        .schema = schema_of(j),
                        .has_ts_out = j->table.n_fields > j->table.layout->n_fields,
                        .start_ns = j->first_ns == UINT64_MAX ? 0 : j->first_ns,
                        .end_ns = j->last_ns + 1,
                        .spans = &j->spans};
    read_key(j, made.dataset, sizeof made.dataset, HR_DBN_KEY_DATASET);
    HR_TRY(hr_dbn_made_bytes(&j->n_header, &made, err));
    HR_TRY(hr_arena_create(&j->dir_arena, &j->budget, j->n_header + 4096, "DBN header", err));
    j->header = hr_arena_alloc(j->dir_arena, j->n_header, 64);
    if (j->header == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for the DBN header");
    hr_dbn_made_put(j->header, &made);
    return HR_OK;
}

/* ---- rows ---- */

static hr_status fail_value(const back_job *j, uint32_t row, const char *column, hr_err *err)
{
    return HR_FAIL(err, HR_EINPUT, "'%s': row %llu: DBN has no room for the value of '%s'",
                   j->o->in, (unsigned long long)j->r->rows + row + 1, column);
}

/* The record's value of one that is none; false: there is no such. */
static bool null_of(int64_t *out, uint8_t type)
{
    *out = type == HR_DBN_TIME ? -1 : type == HR_DBN_QTY32 ? INT32_MAX : INT64_MAX;
    return type == HR_DBN_PRICE || type == HR_DBN_TIME || type == HR_DBN_QTY32 ||
           type == HR_DBN_QTY64;
}

static bool is_in_range(int64_t v, const hr_dbn_field *f)
{
    const unsigned bits = 8u * f->width;
    switch ((hr_dbn_type)f->type) {
    case HR_DBN_U8:
    case HR_DBN_U16:
    case HR_DBN_U32:
        return v >= 0 && v < INT64_C(1) << bits;
    case HR_DBN_I8:
    case HR_DBN_I16:
    case HR_DBN_I32:
        return v >= -(INT64_C(1) << (bits - 1)) && v < INT64_C(1) << (bits - 1);
    case HR_DBN_QTY32:
        return v >= INT32_MIN && v < INT32_MAX;
    case HR_DBN_U64:
    case HR_DBN_TIME:
        return v >= 0;
    case HR_DBN_I64:
    case HR_DBN_PRICE:
    case HR_DBN_QTY64:
    case HR_DBN_CHAR:
    case HR_DBN_TEXT:
        break;
    }
    return v != HR_PQ_WIDE_I64;
}

static hr_status put_numbers(back_job *j, uint32_t col, uint32_t n, hr_err *err)
{
    const back_column *c = &j->column[col];
    const hr_dbn_field *f = &j->table.fields[col];
    uint32_t k;
    for (uint32_t at = 0; at < n; at += k)
        HR_TRY(hr_pq_read_i64(c->cursor, c->whole + at, n - at, &k, err));
    uint8_t *to = j->recs + f->at;
    for (uint32_t i = 0; i < n; i++, to += j->n_rec) {
        int64_t v = c->whole[i];
        if (v == HR_NULL_I64 && !null_of(&v, f->type)) {
            j->r->loss[HR_LOSS_NULL] += !j->is_dry;
            v = 0;
        } else if (c->whole[i] != HR_NULL_I64) {
            const bool is_wide = v == HR_PQ_WIDE_I64 || __builtin_mul_overflow(v, c->mul, &v);
            if (is_wide || !is_in_range(v, f)) return fail_value(j, i, f->name, err);
        }
        memcpy(to, &v, f->width); /* little-endian, as the format */
    }
    return HR_OK;
}

/* A letter is one of Latin-1, as the column holds it: in UTF-8. */
static bool put_letter(uint8_t *to, const char *s, uint32_t n)
{
    const uint8_t *u = (const uint8_t *)s;
    const bool is_long = n == 2 && (u[0] == 0xc2 || u[0] == 0xc3);
    *to = (uint8_t)(n == 0 ? 0 : is_long ? (u[0] & 3u) << 6 | (u[1] & 63u) : u[0]);
    return n == 0 || is_long || (n == 1 && u[0] < 0x80);
}

static bool put_text(uint8_t *to, const hr_dbn_field *f, const hr_pq_bytes *s)
{
    if (f->type == HR_DBN_CHAR) return put_letter(to, s->s, s->n);
    if (s->n > f->width || (s->n > 0 && memchr(s->s, 0, s->n) != NULL)) return false;
    memset(to, 0, f->width);
    if (s->n > 0) memcpy(to, s->s, s->n);
    return true;
}

static hr_status put_texts(back_job *j, uint32_t col, uint32_t n, hr_err *err)
{
    const hr_dbn_field *f = &j->table.fields[col];
    hr_pq_bytes bytes[64];
    for (uint32_t at = 0; at < n;) {
        uint32_t k = 0;
        HR_TRY(hr_pq_read_bytes(j->column[col].cursor, bytes, HR_MIN(n - at, 64u), &k, err));
        for (uint32_t i = 0; i < k; i++, at++) {
            const hr_pq_bytes none = {.s = ""};
            j->r->loss[HR_LOSS_NULL] += bytes[i].s == NULL && !j->is_dry;
            if (!put_text(j->recs + (size_t)at * j->n_rec + f->at, f,
                          bytes[i].s != NULL ? &bytes[i] : &none))
                return fail_value(j, at, f->name, err);
        }
    }
    return HR_OK;
}

/* ---- symbols ---- */

static hr_status note_symbol(back_job *j, const uint8_t *rec, const hr_text *s, hr_err *err)
{
    uint32_t instrument;
    const uint64_t ts = hr_dbn_time(rec, j->layout);
    memcpy(&instrument, rec + 4, sizeof instrument);
    if (ts != UINT64_MAX) {
        j->first_ns = HR_MIN(j->first_ns, ts);
        j->last_ns = HR_MAX(j->last_ns, ts);
    }
    if (s->len == 0 || s->len == HR_TEXT_NULL || ts / NS_PER_DAY >= UINT32_MAX) return HR_OK;
    if (hr_dbn_spans_note(&j->spans, instrument, (uint32_t)(ts / NS_PER_DAY), s->byte, s->len))
        return HR_OK;
    return HR_FAIL(err, HR_ELIMIT, "'%s': more than %u symbols of instruments", j->o->in,
                   SPANS_MAX);
}

static void compare_symbol(back_job *j, const uint8_t *rec, const hr_text *s)
{
    uint32_t instrument;
    const char *kept;
    const uint64_t ts = hr_dbn_time(rec, j->layout);
    memcpy(&instrument, rec + 4, sizeof instrument);
    const uint64_t day = ts / NS_PER_DAY;
    const bool is_again = j->has_named && j->instrument == instrument && j->day == day &&
                          s->len == j->named.len &&
                          (s->len == HR_TEXT_NULL || memcmp(s->byte, j->named.byte, s->len) == 0);
    if (is_again) return;
    const size_t n = hr_dbn_dir_find(j->dir, instrument, ts, &kept);
    const size_t n_have = s->len == HR_TEXT_NULL ? 0 : s->len;
    const bool is_same = n_have == 0 || (n == n_have && memcmp(kept, s->byte, n) == 0);
    j->r->loss[HR_LOSS_DBN_SYMBOL] += !is_same;
    j->instrument = instrument;
    j->day = day;
    j->named = *s;
    j->has_named = is_same;
}

static hr_status read_symbols(back_job *j, uint32_t n, hr_err *err)
{
    hr_pq_bytes bytes[64];
    hr_pq_cursor *cursor = j->column[j->table.n_fields].cursor;
    for (uint32_t at = 0; at < n && cursor == NULL; at++)
        j->symbol[at].len = HR_TEXT_NULL;
    for (uint32_t at = 0; at < n && cursor != NULL;) {
        uint32_t k = 0;
        HR_TRY(hr_pq_read_bytes(cursor, bytes, HR_MIN(n - at, 64u), &k, err));
        for (uint32_t i = 0; i < k; i++, at++) {
            hr_text *t = &j->symbol[at];
            if (bytes[i].s != NULL && bytes[i].n > HR_TEXT_CAP)
                return fail_value(j, at, "symbol", err);
            t->len = bytes[i].s != NULL ? (uint8_t)bytes[i].n : HR_TEXT_NULL;
            if (bytes[i].s != NULL) memcpy(t->byte, bytes[i].s, bytes[i].n);
        }
    }
    return HR_OK;
}

/* ---- passes ---- */

static hr_status take_step(back_job *j, uint32_t n, hr_err *err)
{
    HR_TRY(read_symbols(j, n, err));
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *rec = j->recs + (size_t)i * j->n_rec;
        if (j->is_dry)
            HR_TRY(note_symbol(j, rec, &j->symbol[i], err));
        else if (j->dir != NULL)
            compare_symbol(j, rec, &j->symbol[i]);
        if (hr_dbn_layout_of(rec[1], j->n_rec) != j->layout) return fail_value(j, i, "rtype", err);
    }
    if (!j->is_dry) HR_TRY(hr_out_put(&j->out, j->recs, (size_t)n * j->n_rec, err));
    j->r->rows += n;
    return HR_OK;
}

static hr_status read_step(void *self, uint32_t n, hr_err *err)
{
    back_job *j = self;
    for (uint32_t i = 0; i < n; i++)
        memcpy(j->recs + (size_t)i * j->n_rec, j->fill, j->n_rec);
    for (uint32_t c = 0; c < j->table.n_fields; c++)
        HR_TRY(j->column[c].is_text ? put_texts(j, c, n, err) : put_numbers(j, c, n, err));
    return take_step(j, n, err);
}

static hr_status seek(back_job *j, uint32_t group, hr_err *err)
{
    for (uint32_t c = 0; c <= j->table.n_fields; c++)
        if (j->column[c].cursor != NULL) HR_TRY(hr_pq_cursor_seek(j->column[c].cursor, group, err));
    return HR_OK;
}

static hr_status pass(back_job *j, hr_err *err)
{
    const uint32_t n = hr_pq_file_row_groups(j->in.file);
    j->r->rows = 0;
    for (uint32_t g = 0; g < n; g++) {
        HR_TRY(seek(j, g, err));
        HR_TRY(hr_table_in_group(&j->in, g, read_step, j, err));
        if (j->o->progress != NULL)
            j->o->progress(j->o->self, j->is_dry ? 1 : 2, (double)(g + 1) / (double)n);
    }
    return HR_OK;
}

/* ---- the whole ---- */

static hr_status refuse_losses(const back_job *j, hr_err *err)
{
    for (uint32_t l = 0; l < HR_LOSS_COUNT && !j->o->lossy; l++)
        if (j->r->loss[l] > 0)
            return HR_FAIL(err, HR_EUSAGE,
                           "DBN of '%s' would not be what it was: --lossy writes it", j->o->in);
    return HR_OK;
}

static hr_status write(back_job *j, hr_err *err)
{
    if (j->is_dry) {
        HR_TRY(pass(j, err));
        HR_TRY(make_header(j, err));
        j->is_dry = false;
    }
    if (j->header != NULL) HR_TRY(hr_out_put(&j->out, j->header, j->n_header, err));
    HR_TRY(pass(j, err));
    HR_TRY(refuse_losses(j, err));
    HR_TRY(hr_out_finish(&j->out, NULL, j->o->force, err));
    j->r->read = j->r->written = j->r->lines = j->r->rows;
    j->r->bytes_out = j->out.n_bytes;
    return HR_OK;
}

static hr_status convert(back_job *j, hr_err *err)
{
    size_t n;
    j->r->container = hr_out_container(j->o->out, &n);
    j->r->to = HR_TO_DBN;
    HR_TRY(hr_arena_create(&j->arena, &j->budget, TABLE_BYTES, "table", err));
    HR_TRY(hr_table_in_open(&j->in, j->o, j->arena, err));
    j->r->bytes_in = j->in.size_bytes;
    HR_TRY(set_layout(j, err));
    set_fill(j);
    HR_TRY(open_columns(j, err));
    HR_TRY(find_header(j, err));
    j->r->loss[HR_LOSS_DBN_REST] = read_number(j, HR_DBN_KEY_ODD);
    j->r->loss[HR_LOSS_DBN_LEFT_OUT] = read_number(j, HR_DBN_KEY_LEFT_OUT);
    HR_TRY(hr_arena_create(&j->out_arena, &j->budget, hr_out_bytes() + (64u << 10), "output", err));
    HR_TRY(hr_out_open(&j->out, j->o->out, j->r->container, j->o->force, j->out_arena, err));
    return write(j, err);
}

hr_status hr_convert_dbn_back(const hr_convert_options *o, hr_convert_report *report, hr_err *err)
{
    back_job *j = hr_heap_zero(1, sizeof *j);
    if (j == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory to convert '%s'", o->in);
    j->o = o;
    j->r = report;
    j->in.fd = j->out.fd = -1;
    report->from = "records";
    hr_budget_init(&j->budget, BUDGET_BYTES);
    hr_status st = convert(j, err);
    hr_out_abandon(&j->out, false);
    hr_table_in_close(&j->in);
    hr_arena_destroy(&j->arena);
    hr_arena_destroy(&j->out_arena);
    hr_arena_destroy(&j->header_arena);
    hr_arena_destroy(&j->dir_arena);
    hr_heap_free(j);
    return st;
}

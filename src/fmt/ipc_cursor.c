/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors over the record batches of an Arrow file: dictionaries, and the calls of the reader. */
#include <math.h>
#include <string.h>

#include "fmt/ipc_array.h"
#include "fmt/narrow.h"
#include "fmt/pq_coded.h"

#define TEXTS 64u
#define CHUNK_BYTES 4096u

typedef struct ipc_cursor {
    hr_pq_cursor base; /* first: a cursor is passed on by it */
    const ipc_col *col;
    ipc_array rows;      /* of the batch: values, or indexes into the dictionary */
    ipc_array dict_rows; /* of the dictionary that is being read */
    bool is_broken;      /* until the next seek */
    /* the dictionary: base.n_dict values in base.dict or base.dict_text */
    uint32_t dict_next; /* of the file's dictionaries, the first that was not looked at */
    bool has_base;      /* one of the column's came, and no other will in a file */
    size_t n_chunk;     /* used of base.dict_raw, the newest piece of its texts */
} ipc_cursor;

static ipc_cursor *cursor_of(hr_pq_cursor *c)
{
    return (ipc_cursor *)(void *)c;
}

static const ipc_file *file_of(const ipc_cursor *c)
{
    return (const ipc_file *)(const void *)c->base.file;
}

/* Values that are kept as their 64 bits. */
static bool is_text_kind(const ipc_type *t)
{
    return t->kind == IPC_TEXT || t->kind == IPC_VIEW || t->kind == IPC_FIXED;
}

/* ---- dictionaries ---- */

/* Room for n values, those that are there kept. */
static hr_status dict_room(ipc_cursor *c, size_t n, hr_err *err)
{
    bool is_text = is_text_kind(&c->col->type);
    pq_buffer *b = is_text ? &c->base.dict_text : &c->base.dict;
    size_t each = is_text ? sizeof(hr_pq_bytes) : sizeof(int64_t);
    const uint8_t *old = b->p;
    if (n > c->base.file->limits.dict_bytes / each)
        return HR_FAIL(err, HR_ELIMIT, "column '%s': a dictionary of %zu values is too large",
                       c->base.column->name, n);
    HR_TRY(hr_pq_buffer_grow(&c->base, b, n * each, err));
    if (b->p != old && c->base.n_dict > 0) memcpy(b->p, old, c->base.n_dict * each);
    return HR_OK;
}

/* Texts into the newest piece; where it is full, a larger one follows it and both stay. */
static hr_status keep_texts(ipc_cursor *c, hr_pq_bytes *text, uint32_t n, hr_err *err)
{
    pq_buffer *raw = &c->base.dict_raw;
    size_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += text[i].n;
    if (raw->p == NULL || sum > raw->cap - c->n_chunk) {
        size_t want = HR_MAX(HR_MAX(sum, 2 * raw->cap), (size_t)CHUNK_BYTES);
        if (want / 2 > c->base.file->limits.dict_bytes)
            return HR_FAIL(err, HR_ELIMIT, "column '%s': a dictionary's texts are too long",
                           c->base.column->name);
        HR_TRY(hr_pq_buffer_grow(&c->base, raw, want, err));
        c->n_chunk = 0;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (text[i].s == NULL) continue;
        uint8_t *to = raw->p + c->n_chunk;
        if (text[i].n > 0) memcpy(to, text[i].s, text[i].n);
        text[i].s = (const char *)to;
        c->n_chunk += text[i].n;
    }
    return HR_OK;
}

static hr_status append_texts(ipc_cursor *c, hr_err *err)
{
    hr_pq_bytes *text = (hr_pq_bytes *)(void *)c->base.dict_text.p + c->base.n_dict;
    ipc_array *a = &c->dict_rows;
    for (uint32_t n; a->row < a->n_rows; text += n) {
        uint32_t most = (uint32_t)HR_MIN(a->n_rows - a->row, (int64_t)TEXTS);
        HR_TRY(hr_ipc_array_bytes(&c->base, a, text, most, &n, err));
        HR_TRY(keep_texts(c, text, n, err));
    }
    return HR_OK;
}

static hr_status append_numbers(ipc_cursor *c, hr_err *err)
{
    int64_t *out = (int64_t *)(void *)c->base.dict.p + c->base.n_dict;
    ipc_array *a = &c->dict_rows;
    for (uint32_t n; a->row < a->n_rows; out += n) {
        n = (uint32_t)HR_MIN(a->n_rows - a->row, (int64_t)HR_PQ_STEP);
        HR_TRY(a->type.kind == IPC_REAL ? hr_ipc_array_reals(&c->base, a, out, n, err)
                                        : hr_ipc_array_ints(&c->base, a, out, n, err));
    }
    return HR_OK;
}

static hr_status append_dict(ipc_cursor *c, const ipc_dict *d, hr_err *err)
{
    ipc_file *f = (ipc_file *)(void *)c->base.file;
    HR_TRY(hr_ipc_load(f, &d->block, err));
    HR_TRY(
        hr_ipc_array_open(&c->base, &c->dict_rows, &c->col->type, &(ipc_place){0}, &d->block, err));
    HR_TRY(dict_room(c, c->base.n_dict + (size_t)c->dict_rows.n_rows, err));
    HR_TRY(is_text_kind(&c->col->type) ? append_texts(c, err) : append_numbers(c, err));
    c->base.n_dict += (uint32_t)c->dict_rows.n_rows;
    return HR_OK;
}

/* The dictionary as a batch sees it: the last whole one before it, and what was added since. */
static hr_status find_dict(ipc_cursor *c, uint32_t group, hr_err *err)
{
    const ipc_file *f = file_of(c);
    if (c->dict_next > 0 && f->dicts[c->dict_next - 1].before > group) {
        c->dict_next = 0;
        c->has_base = false;
    }
    uint32_t end = c->dict_next;
    uint32_t begin = end; /* what is read: from the last whole one on */
    for (; end < f->n_dicts && f->dicts[end].before <= group; end++) {
        if (f->dicts[end].id != c->col->dict_id || f->dicts[end].is_delta) continue;
        if (c->has_base && f->kind == HR_IPC_FILE)
            return HR_FAIL(err, HR_ECORRUPT, "column '%s' has two dictionaries in one file",
                           c->base.column->name);
        begin = end;
        c->has_base = true;
        c->base.n_dict = 0;
        c->n_chunk = 0;
    }
    if (!c->has_base) c->base.n_dict = 0;
    for (; begin < end; begin++)
        if (f->dicts[begin].id == c->col->dict_id) HR_TRY(append_dict(c, &f->dicts[begin], err));
    c->dict_next = end;
    return HR_OK;
}

/* ---- places ---- */

static hr_status create(hr_pq_cursor **out, hr_pq_file *f, uint32_t col, hr_arena *arena,
                        hr_err *err)
{
    ipc_cursor *c = hr_arena_alloc(arena, sizeof *c, 64);
    if (c == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to read '%s'", f->columns[col].name);
    memset(c, 0, sizeof *c);
    c->base.file = f;
    c->base.arena = arena;
    c->base.col = col;
    c->base.column = &f->columns[col];
    c->col = &((const ipc_file *)(const void *)f)->schema.cols[col];
    *out = &c->base;
    return HR_OK;
}

static hr_status check_batch(const ipc_file *f, const ipc_block *k, hr_err *err)
{
    const ipc_batch *b = &f->batch;
    uint64_t n_buffers = f->schema.n_buffers;
    for (uint32_t i = 0; i < b->variadic.n; i++)
        n_buffers += (uint64_t)hr_fb_le64(b->variadic.p + 8 * (size_t)i);
    if (b->nodes.n == f->schema.n_nodes && b->buffers.n == n_buffers &&
        b->variadic.n == f->schema.n_views)
        return HR_OK;
    return HR_FAIL(err, HR_ECORRUPT,
                   "the batch at offset %lld has %u columns and %u buffers, its schema %u and %llu",
                   (long long)k->at, b->nodes.n, b->buffers.n, f->schema.n_nodes,
                   (unsigned long long)n_buffers);
}

static hr_status seek(hr_pq_cursor *base, uint32_t rg, int64_t row, hr_err *err)
{
    ipc_cursor *c = cursor_of(base);
    ipc_file *f = (ipc_file *)(void *)base->file;
    const ipc_block *k = &f->blocks[rg];
    const ipc_place place = {c->col->node, c->col->buffer, c->col->variadic};
    base->group = rg;
    base->rows_left = 0;
    c->is_broken = true;
    if (row < 0 || row > base->file->group_rows[rg])
        return HR_FAIL(err, HR_EINTERNAL, "row %lld of %lld", (long long)row,
                       (long long)base->file->group_rows[rg]);
    if (c->col->has_dict) {
        hr_status st = find_dict(c, rg, err);
        if (st != HR_OK) {
            c->dict_next = 0;
            c->has_base = false;
            return st;
        }
    }
    HR_TRY(hr_ipc_load(f, k, err));
    HR_TRY(check_batch(f, k, err));
    HR_TRY(hr_ipc_array_open(base, &c->rows, c->col->has_dict ? &c->col->index : &c->col->type,
                             &place, k, err));
    if (c->rows.n_rows != f->batch.n_rows || f->batch.n_rows != base->file->group_rows[rg])
        return HR_FAIL(err, HR_ECORRUPT,
                       "column '%s' has %lld rows in a batch of %lld, at offset %lld",
                       base->column->name, (long long)c->rows.n_rows, (long long)f->batch.n_rows,
                       (long long)k->at);
    c->rows.row = row;
    base->rows_left = c->rows.n_rows - row;
    c->is_broken = false;
    return HR_OK;
}

/* ---- reads ---- */

/* What a read begins with. HR_END: no rows are left. */
static hr_status begin_read(ipc_cursor *c, uint32_t *n_out, hr_err *err)
{
    *n_out = 0;
    c->base.n_marked = 0;
    if (c->is_broken)
        return HR_FAIL(err, HR_ECORRUPT, "column '%s' cannot be read on", c->base.column->name);
    return c->base.rows_left == 0 ? HR_END : HR_OK;
}

static hr_status broken(ipc_cursor *c, hr_status st)
{
    if (st < 0) c->is_broken = true;
    return st;
}

static void took(ipc_cursor *c, uint32_t n)
{
    c->base.rows_left -= n;
    if (c->base.is_null != NULL) c->base.n_marked += n;
}

static void mark(const ipc_cursor *c, uint32_t i, bool is_null)
{
    if (c->base.is_null != NULL) c->base.is_null[c->base.n_marked + i] = is_null;
}

static void mark_array(const ipc_cursor *c, const ipc_array *a, uint32_t n)
{
    if (c->base.is_null == NULL) return;
    for (uint32_t i = 0; i < n; i++)
        mark(c, i, a->type.kind == IPC_NULLS || (a->has_nulls && c->base.level[i] == 0));
}

/* The next n indexes into base.index, a null as n_dict. */
static hr_status read_indexes(ipc_cursor *c, uint32_t n, hr_err *err)
{
    const uint32_t n_dict = c->base.n_dict;
    HR_TRY(hr_ipc_array_ints(&c->base, &c->rows, c->base.wide, n, err));
    for (uint32_t i = 0; i < n; i++) {
        bool is_null = c->rows.has_nulls && c->base.level[i] == 0;
        if (!is_null && (uint64_t)c->base.wide[i] >= n_dict)
            return HR_FAIL(err, HR_ECORRUPT,
                           "column '%s', batch %u: index %lld of a dictionary of %u values",
                           c->base.column->name, c->base.group, (long long)c->base.wide[i], n_dict);
        c->base.index[i] = is_null ? n_dict : (uint32_t)c->base.wide[i];
    }
    return HR_OK;
}

/* The next n <= HR_PQ_STEP values, as 64 bits; reals as those of doubles. */
static hr_status read_step(ipc_cursor *c, int64_t *out, uint32_t n, int64_t null_value, hr_err *err)
{
    const int64_t *dict = (const int64_t *)(const void *)c->base.dict.p;
    bool is_real = c->col->type.kind == IPC_REAL;
    if (!c->col->has_dict) {
        HR_TRY(is_real ? hr_ipc_array_reals(&c->base, &c->rows, out, n, err)
                       : hr_ipc_array_ints(&c->base, &c->rows, out, n, err));
        mark_array(c, &c->rows, n);
        took(c, n);
        return HR_OK;
    }
    HR_TRY(read_indexes(c, n, err));
    for (uint32_t i = 0; i < n; i++) {
        bool is_null = c->base.index[i] == c->base.n_dict;
        out[i] = is_null ? null_value : dict[c->base.index[i]];
        mark(c, i, is_null || (!is_real && out[i] == HR_NULL_I64));
    }
    took(c, n);
    return HR_OK;
}

static hr_status read_ints(hr_pq_cursor *base, void *out, size_t width, uint32_t cap,
                           uint32_t *n_out, hr_err *err)
{
    ipc_cursor *c = cursor_of(base);
    ipc_kind kind = c->col->type.kind;
    uint32_t at = 0;
    HR_TRY(begin_read(c, n_out, err));
    if (kind == IPC_REAL || is_text_kind(&c->col->type))
        return HR_FAIL(err, HR_EUNSUPPORTED, "column '%s' does not hold integers",
                       base->column->name);
    for (uint32_t n; at < cap && base->rows_left > 0; at += n) {
        n = (uint32_t)HR_MIN((int64_t)HR_MIN(cap - at, HR_PQ_STEP), base->rows_left);
        int64_t *to = width == 8 ? (int64_t *)out + at : base->wide;
        HR_TRY(broken(c, read_step(c, to, n, HR_NULL_I64, err)));
        hr_narrow((char *)out + at * width, to, n, width);
    }
    *n_out = at;
    return HR_OK;
}

static hr_status read_f64(hr_pq_cursor *base, double *out, uint32_t cap, uint32_t *n_out,
                          hr_err *err)
{
    ipc_cursor *c = cursor_of(base);
    const double nan_value = (double)NAN;
    ipc_kind kind = c->col->type.kind;
    int64_t null_bits = HR_NULL_I64;
    uint32_t at = 0;
    HR_TRY(begin_read(c, n_out, err));
    if (kind == IPC_DECIMAL || is_text_kind(&c->col->type))
        return HR_FAIL(err, HR_EUNSUPPORTED, "column '%s' does not hold floating-point numbers",
                       base->column->name);
    if (kind == IPC_REAL) memcpy(&null_bits, &nan_value, sizeof null_bits);
    for (uint32_t n; at < cap && base->rows_left > 0; at += n) {
        const int64_t *v = base->wide;
        n = (uint32_t)HR_MIN((int64_t)HR_MIN(cap - at, HR_PQ_STEP), base->rows_left);
        HR_TRY(broken(c, read_step(c, base->wide, n, null_bits, err)));
        if (kind == IPC_REAL) memcpy(out + at, v, n * sizeof *out);
        for (uint32_t i = 0; i < n && kind != IPC_REAL; i++)
            out[at + i] = v[i] <= HR_PQ_WIDE_I64 ? nan_value : (double)v[i];
    }
    *n_out = at;
    return HR_OK;
}

static hr_status read_bytes(hr_pq_cursor *base, hr_pq_bytes *out, uint32_t cap, uint32_t *n_out,
                            hr_err *err)
{
    ipc_cursor *c = cursor_of(base);
    const hr_pq_bytes *dict = (const hr_pq_bytes *)(const void *)base->dict_text.p;
    uint32_t n = (uint32_t)HR_MIN((int64_t)HR_MIN(cap, HR_PQ_STEP), base->rows_left);
    HR_TRY(begin_read(c, n_out, err));
    bool is_fixed = base->column->phys == HR_PQ_FIXED; /* as it lies, little-endian */
    if (!is_text_kind(&c->col->type) && (!is_fixed || c->col->has_dict))
        return HR_FAIL(err, HR_EUNSUPPORTED, "column '%s' does not hold bytes", base->column->name);
    if (!c->col->has_dict) {
        HR_TRY(broken(c, hr_ipc_array_bytes(base, &c->rows, out, n, n_out, err)));
        mark_array(c, &c->rows, *n_out);
    } else {
        HR_TRY(broken(c, read_indexes(c, n, err)));
        for (uint32_t i = 0; i < n; i++) {
            out[i] = base->index[i] < base->n_dict ? dict[base->index[i]] : (hr_pq_bytes){0};
            mark(c, i, out[i].s == NULL);
        }
        *n_out = n;
    }
    took(c, *n_out);
    return HR_OK;
}

/* Texts of a dictionary as its indexes, booleans as themselves; a null is the dictionary's size. */
static hr_status code_step(ipc_cursor *c, uint32_t *index, uint32_t n, hr_err *err)
{
    const hr_pq_bytes *text = (const hr_pq_bytes *)(const void *)c->base.dict_text.p;
    if (c->col->type.kind == IPC_BITS) {
        HR_TRY(read_step(c, c->base.wide, n, HR_NULL_I64, err));
        for (uint32_t i = 0; i < n; i++)
            index[i] = c->base.wide[i] == HR_NULL_I64 ? 2 : (uint32_t)c->base.wide[i];
        return HR_OK;
    }
    HR_TRY(read_indexes(c, n, err));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = c->base.index[i];
        index[i] = k < c->base.n_dict && text[k].s == NULL ? c->base.n_dict : k;
        mark(c, i, index[i] == c->base.n_dict);
    }
    took(c, n);
    return HR_OK;
}

static hr_status read_coded(hr_pq_cursor *base, hr_pq_dict *dict, uint32_t *index, uint32_t cap,
                            uint32_t *n_out, hr_err *err)
{
    ipc_cursor *c = cursor_of(base);
    uint32_t at = 0;
    bool is_bits = c->col->type.kind == IPC_BITS;
    HR_TRY(begin_read(c, n_out, err));
    if (!is_bits && !(c->col->has_dict && is_text_kind(&c->col->type))) {
        *n_out = (uint32_t)HR_MIN((int64_t)cap, base->rows_left);
        return HR_AGAIN;
    }
    *dict = (hr_pq_dict){.n = is_bits ? 2 : base->n_dict};
    if (!is_bits) dict->text = (const hr_pq_bytes *)(const void *)base->dict_text.p;
    for (uint32_t n; at < cap && base->rows_left > 0; at += n) {
        n = (uint32_t)HR_MIN((int64_t)HR_MIN(cap - at, HR_PQ_STEP), base->rows_left);
        HR_TRY(broken(c, code_step(c, index + at, n, err)));
    }
    *n_out = at;
    return HR_OK;
}

const hr_pq_ops hr_ipc_ops = {
    .twin = hr_ipc_file_twin,
    .create = create,
    .seek = seek,
    .read_ints = read_ints,
    .read_f64 = read_f64,
    .read_bytes = read_bytes,
    .read_coded = read_coded,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors: one column chunk, page by page, values on demand. */
#include "fmt/pq_read.h"

#include <math.h>
#include <string.h>

#include "fmt/narrow.h"
#include "fmt/pq_coded.h"
#include "fmt/pq_file.h"

/* parquet-mr before 1.2.9 left the dictionary's header out of a chunk's size (PARQUET-816). The
 * rows say where a chunk ends; its size only bounds what a damaged header may claim. */
#define CHUNK_SLACK_BYTES 100

/* ---- opening ---- */

hr_status hr_pq_cursor_create(hr_pq_cursor **out, hr_pq_file *f, uint32_t col, hr_arena *arena,
                              hr_err *err)
{
    *out = NULL;
    if (col >= f->n_columns)
        return HR_FAIL(err, HR_EINTERNAL, "column %u of %u", col, f->n_columns);
    if (!f->columns[col].is_flat)
        return HR_FAIL(err, HR_EUNSUPPORTED, "column '%s' is nested", f->columns[col].name);
    if (f->ops != NULL) return f->ops->create(out, f, col, arena, err);
    hr_pq_cursor *c = hr_arena_alloc(arena, sizeof *c, 64);
    if (c == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to read '%s'", f->columns[col].name);
    memset(c, 0, sizeof *c);
    c->file = f;
    c->arena = arena;
    c->col = col;
    c->column = &f->columns[col];
    *out = c;
    return HR_OK;
}

hr_status hr_pq_cursor_seek(hr_pq_cursor *c, uint32_t rg, hr_err *err)
{
    const hr_pq_file *f = c->file;
    if (rg >= f->n_groups) return HR_FAIL(err, HR_EINTERNAL, "row group %u of %u", rg, f->n_groups);
    if (f->ops != NULL) return f->ops->seek(c, rg, 0, err);
    const pq_chunk *k = &f->chunks[(size_t)rg * f->n_columns + c->col];
    c->chunk = k;
    c->group = rg;
    c->at = c->end = 0;
    c->rows_left = 0;
    c->page_left = 0;
    c->n_dict = c->n_kept = 0;
    c->has_dict = false;
    c->window_bytes = 0;
    if (k->is_encrypted)
        return HR_FAIL(err, HR_EUNSUPPORTED, "column '%s' is encrypted", c->column->name);
    if (k->is_elsewhere)
        return HR_FAIL(err, HR_EUNSUPPORTED, "column '%s' lies in another file", c->column->name);
    if (k->codec == HR_PQ_LZO)
        return HR_FAIL(err, HR_EUNSUPPORTED,
                       "column '%s' is compressed with LZO, which is not read", c->column->name);
    if (k->codec < HR_PQ_UNCOMPRESSED || k->codec > HR_PQ_LZ4_RAW)
        return HR_FAIL(err, HR_EUNSUPPORTED, "column '%s': codec %d is not known", c->column->name,
                       k->codec);
    if (f->group_rows[rg] == 0) return HR_OK; /* its offsets were not checked */
    c->at = k->first_offset;
    bool needs_slack = strncmp(hr_pq_file_created_by(f), "parquet-mr", 10) == 0;
    c->end = HR_MIN(c->at + k->packed_bytes + (needs_slack ? CHUNK_SLACK_BYTES : 0), f->size_bytes);
    c->rows_left = f->group_rows[rg];
    return HR_OK;
}

/* ---- values ---- */

static bool get_plain(hr_pq_cursor *c, int64_t *out, uint32_t n)
{
    const hr_pq_column *col = c->column;
    size_t width = hr_pq_value_width(col);
    if (width == 0 || (size_t)(c->p_end - c->p) / width < n) return false;
    hr_pq_values_widen(c->p, col, out, n);
    c->p += n * width;
    return true;
}

static bool get_delta(hr_pq_cursor *c, int64_t *out, uint32_t n)
{
    if (!hr_pq_delta_get(&c->ints, out, n)) return false;
    for (uint32_t i = 0; i < n && c->column->phys == HR_PQ_INT32; i++) {
        uint32_t low = (uint32_t)(uint64_t)out[i]; /* deltas of 32-bit values wrap at 32 bits */
        out[i] = c->column->logical == HR_PQ_L_UINT ? (int64_t)low : (int32_t)low;
    }
    bool is_wide = c->column->phys == HR_PQ_INT64 && c->column->logical == HR_PQ_L_UINT;
    for (uint32_t i = 0; i < n && is_wide; i++)
        if (out[i] < 0) out[i] = HR_PQ_WIDE_I64;
    return true;
}

static bool get_indexes(hr_pq_cursor *c, uint32_t n)
{
    if (!hr_pq_hybrid_get(&c->indexes, c->index, n)) return false;
    uint32_t most = 0;
    for (uint32_t i = 0; i < n; i++)
        most = HR_MAX(most, c->index[i]);
    return n == 0 || most < c->n_dict;
}

/* n values without nulls; n <= HR_PQ_STEP. */
static bool get_dense(hr_pq_cursor *c, int64_t *out, uint32_t n)
{
    const int64_t *dict = (const int64_t *)(const void *)c->dict.p;
    switch (c->mode) {
    case PQ_MODE_PLAIN:
        return get_plain(c, out, n);
    case PQ_MODE_DELTA:
        return get_delta(c, out, n);
    case PQ_MODE_BITS:
        if (!hr_pq_hybrid_get(&c->indexes, c->index, n)) return false;
        for (uint32_t i = 0; i < n; i++)
            out[i] = (int64_t)c->index[i];
        return true;
    case PQ_MODE_DICT:
        if (!get_indexes(c, n)) return false;
        for (uint32_t i = 0; i < n; i++)
            out[i] = dict[c->index[i]];
        return true;
    case PQ_MODE_VIEWS:
        break;
    }
    return false;
}

bool hr_pq_levels_get(hr_pq_cursor *c, uint32_t n, uint32_t *k)
{
    *k = n;
    if (!c->has_levels || hr_pq_hybrid_skip(&c->levels, 1, n)) return true;
    if (!hr_pq_hybrid_get(&c->levels, c->level, n)) return false;
    *k = 0;
    for (uint32_t i = 0; i < n; i++)
        *k += c->level[i]; /* of width 1, so at most n */
    return true;
}

/* After hr_pq_levels_get, which leaves level[] alone where it found no null. */
static void mark_nulls(hr_pq_cursor *c, uint32_t n, uint32_t k)
{
    uint8_t *out = c->is_null + c->n_marked;
    for (uint32_t i = 0; i < n; i++)
        out[i] = k < n && c->level[i] == 0;
    c->n_marked += n;
}

void hr_pq_cursor_mark_nulls(hr_pq_cursor *c, uint8_t *is_null)
{
    c->is_null = is_null;
}

/* Up to HR_PQ_STEP rows of the page, nulls as null_value. */
static bool get_rows(hr_pq_cursor *c, int64_t *out, uint32_t n, int64_t null_value)
{
    uint32_t k;
    if (!hr_pq_levels_get(c, n, &k) || (k > 0 && !get_dense(c, out, k))) return false;
    if (c->is_null != NULL) mark_nulls(c, n, k);
    if (k == n) return true;
    for (uint32_t i = n; i-- > 0;) { /* without branches: k stays where a null is */
        k -= c->level[i];
        int64_t v = out[k];
        out[i] = c->level[i] != 0 ? v : null_value;
    }
    return true;
}

/* ---- texts ---- */

static bool get_plain_bytes(hr_pq_cursor *c, hr_pq_bytes *out, uint32_t n)
{
    size_t width = hr_pq_value_width(c->column);
    if (c->column->phys == HR_PQ_BYTE_ARRAY) {
        for (uint32_t i = 0; i < n; i++)
            if (!hr_pq_bytes_take(&c->p, c->p_end, &out[i])) return false;
        return true;
    }
    if ((size_t)(c->p_end - c->p) / width < n) return false;
    for (uint32_t i = 0; i < n; i++, c->p += width)
        out[i] = (hr_pq_bytes){.s = (const char *)c->p, .n = (uint32_t)width};
    return true;
}

static bool get_dict_bytes(hr_pq_cursor *c, hr_pq_bytes *out, uint32_t n)
{
    const hr_pq_bytes *text = (const hr_pq_bytes *)(const void *)c->dict_text.p;
    size_t width = hr_pq_value_width(c->column);
    if (!get_indexes(c, n)) return false;
    for (uint32_t i = 0; i < n; i++)
        out[i] = width == 0 ? text[c->index[i]]
                            : (hr_pq_bytes){.s = (const char *)c->dict_raw.p + c->index[i] * width,
                                            .n = (uint32_t)width};
    return true;
}

static bool get_views(hr_pq_cursor *c, hr_pq_bytes *out, uint32_t n)
{
    const hr_pq_bytes *view = (const hr_pq_bytes *)(const void *)c->views.p;
    if (n > c->n_views - c->view_at) return false;
    memcpy(out, view + c->view_at, n * sizeof *out);
    c->view_at += n;
    return true;
}

static bool get_byte_rows(hr_pq_cursor *c, hr_pq_bytes *out, uint32_t n)
{
    uint32_t k;
    if (!hr_pq_levels_get(c, n, &k)) return false;
    bool ok = k == 0                     ? true
              : c->mode == PQ_MODE_DICT  ? get_dict_bytes(c, out, k)
              : c->mode == PQ_MODE_VIEWS ? get_views(c, out, k)
                                         : c->mode == PQ_MODE_PLAIN && get_plain_bytes(c, out, k);
    if (ok && c->is_null != NULL) mark_nulls(c, n, k);
    if (!ok || k == n) return ok;
    for (uint32_t i = n; i-- > 0;)
        out[i] = c->level[i] != 0 ? out[--k] : (hr_pq_bytes){.s = NULL};
    return true;
}

/* The next rows of a page, at most cap. */
static hr_status read_texts(hr_pq_cursor *c, hr_pq_bytes *out, uint32_t cap, uint32_t *n_out,
                            hr_err *err)
{
    uint32_t n = 0;
    *n_out = 0;
    HR_TRY(hr_pq_next_page(c, err)); /* views end with their page */
    while (n < cap && c->page_left > 0) {
        uint32_t k = HR_MIN(HR_MIN(cap - n, c->page_left), HR_PQ_STEP);
        if (!get_byte_rows(c, out + n, k))
            return hr_pq_damaged(c, err, "values are cut or out of range");
        n += k;
        c->page_left -= k;
        c->rows_left -= k;
    }
    *n_out = n;
    return HR_OK;
}

/* ---- reads ---- */

/* The next rows, at most cap of one page and one step; *n_out of them. */
static hr_status read_wide(hr_pq_cursor *c, int64_t *out, uint32_t cap, uint32_t *n_out,
                           int64_t null_value, hr_err *err)
{
    HR_TRY(hr_pq_next_page(c, err));
    uint32_t n = HR_MIN(HR_MIN(cap, c->page_left), HR_PQ_STEP);
    if (!get_rows(c, out, n, null_value))
        return hr_pq_damaged(c, err, "values are cut or out of range");
    c->page_left -= n;
    c->rows_left -= n;
    *n_out = n;
    return HR_OK;
}

/* Decimals of variable length come as texts do. */
static hr_status read_wide_bytes(hr_pq_cursor *c, int64_t *out, uint32_t cap, uint32_t *n_out,
                                 hr_err *err)
{
    hr_pq_bytes s[64];
    HR_TRY(read_texts(c, s, HR_MIN(cap, 64u), n_out, err));
    for (uint32_t i = 0; i < *n_out; i++)
        out[i] =
            s[i].s == NULL ? HR_NULL_I64 : hr_pq_decimal_widen((const uint8_t *)s[i].s, s[i].n);
    return HR_OK;
}

/* Rows of the page, at most n, that hold no null and go to their place in one piece. */
static uint32_t whole_rows(hr_pq_cursor *c, size_t width, uint32_t n)
{
    bool is_direct = c->mode == PQ_MODE_DICT ||
                     (width == 8 && (c->mode == PQ_MODE_PLAIN || c->mode == PQ_MODE_DELTA));
    if (!is_direct) return 0;
    return c->has_levels ? (uint32_t)HR_MIN(hr_pq_hybrid_ahead(&c->levels, 1), (uint64_t)n) : n;
}

static bool get_whole(hr_pq_cursor *c, char *out, size_t width, uint32_t n)
{
    const hr_pq_values dict = {.value = (const int64_t *)(const void *)c->dict.p, .n = c->n_dict};
    if (c->has_levels && !hr_pq_hybrid_skip(&c->levels, 1, n)) return false;
    if (c->is_null != NULL) {
        memset(c->is_null + c->n_marked, 0, n);
        c->n_marked += n;
    }
    if (c->mode == PQ_MODE_DICT) return hr_pq_hybrid_look_up(&c->indexes, &dict, out, width, n);
    return get_dense(c, (int64_t *)(void *)out, n);
}

/* The next rows, at most cap, of one page. */
static hr_status read_some(hr_pq_cursor *c, char *out, size_t width, uint32_t cap, uint32_t *n_out,
                           hr_err *err)
{
    int64_t *wide = width == 8 ? (int64_t *)(void *)out : c->wide;
    uint32_t room = width == 8 ? cap : HR_MIN(cap, HR_PQ_STEP);
    hr_status st;
    if (c->column->phys != HR_PQ_BYTE_ARRAY) {
        HR_TRY(hr_pq_next_page(c, err));
        uint32_t n = whole_rows(c, width, HR_MIN(cap, c->page_left));
        if (n > 0) {
            if (!get_whole(c, out, width, n))
                return hr_pq_damaged(c, err, "values are cut or out of range");
            c->page_left -= n;
            c->rows_left -= n;
            *n_out = n;
            return HR_OK;
        }
        st = read_wide(c, wide, room, n_out, HR_NULL_I64, err);
    } else {
        st = read_wide_bytes(c, wide, room, n_out, err);
    }
    if (st == HR_OK) hr_narrow(out, wide, *n_out, width);
    return st;
}

hr_status hr_pq_read_entries(hr_pq_cursor *c, int64_t *out, uint32_t cap, uint32_t *n_out,
                             hr_err *err)
{
    uint32_t n = 0;
    *n_out = 0;
    c->n_marked = 0;
    for (uint32_t k; n < cap && c->page_left > 0; n += k)
        HR_TRY(
            read_some(c, (char *)(out + n), sizeof *out, HR_MIN(cap - n, c->page_left), &k, err));
    *n_out = n;
    return HR_OK;
}

hr_status hr_pq_read_ints(hr_pq_cursor *c, void *out, size_t width_bytes, uint32_t cap,
                          uint32_t *n_out, hr_err *err)
{
    const hr_pq_column *col = c->column;
    bool is_bytes = col->phys == HR_PQ_FIXED || col->phys == HR_PQ_BYTE_ARRAY;
    uint32_t n = 0;
    *n_out = 0;
    c->n_marked = 0;
    if (c->file->ops != NULL) return c->file->ops->read_ints(c, out, width_bytes, cap, n_out, err);
    if (col->phys == HR_PQ_FLOAT || col->phys == HR_PQ_DOUBLE ||
        (is_bytes && col->logical != HR_PQ_L_DECIMAL))
        return HR_FAIL(err, HR_EUNSUPPORTED, "column '%s' does not hold integers", col->name);
    if (c->rows_left == 0) return HR_END;
    while (n < cap && c->rows_left > 0) {
        uint32_t k;
        HR_TRY(read_some(c, (char *)out + n * width_bytes, width_bytes, cap - n, &k, err));
        n += k;
    }
    *n_out = n;
    return HR_OK;
}

hr_status hr_pq_read_i64(hr_pq_cursor *c, int64_t *out, uint32_t cap, uint32_t *n_out, hr_err *err)
{
    return hr_pq_read_ints(c, out, sizeof *out, cap, n_out, err);
}

static bool holds_doubles(const hr_pq_column *col)
{
    return col->phys == HR_PQ_FLOAT || col->phys == HR_PQ_DOUBLE ||
           (col->phys == HR_PQ_FIXED && col->logical == HR_PQ_L_FLOAT16);
}

hr_status hr_pq_read_f64(hr_pq_cursor *c, double *out, uint32_t cap, uint32_t *n_out, hr_err *err)
{
    const hr_pq_column *col = c->column;
    const double nan_value = (double)NAN;
    bool is_double = holds_doubles(col);
    bool is_int =
        col->logical != HR_PQ_L_DECIMAL &&
        (col->phys == HR_PQ_BOOLEAN || col->phys == HR_PQ_INT32 || col->phys == HR_PQ_INT64);
    int64_t null_bits = HR_NULL_I64;
    uint32_t n = 0;
    *n_out = 0;
    c->n_marked = 0;
    if (c->file->ops != NULL) return c->file->ops->read_f64(c, out, cap, n_out, err);
    if (!is_double && !is_int)
        return HR_FAIL(err, HR_EUNSUPPORTED, "column '%s' does not hold floating-point numbers",
                       col->name);
    if (is_double) memcpy(&null_bits, &nan_value, 8);
    if (c->rows_left == 0) return HR_END;
    while (n < cap && c->rows_left > 0) {
        uint32_t k = 0;
        HR_TRY(read_wide(c, c->wide, cap - n, &k, null_bits, err));
        if (is_double) memcpy(out + n, c->wide, k * sizeof *out);
        for (uint32_t i = 0; i < k && is_int; i++)
            out[n + i] = c->wide[i] <= HR_PQ_WIDE_I64 ? nan_value : (double)c->wide[i];
        n += k;
    }
    *n_out = n;
    return HR_OK;
}

hr_status hr_pq_read_bytes(hr_pq_cursor *c, hr_pq_bytes *out, uint32_t cap, uint32_t *n_out,
                           hr_err *err)
{
    const hr_pq_column *col = c->column;
    *n_out = 0;
    c->n_marked = 0;
    if (c->file->ops != NULL) return c->file->ops->read_bytes(c, out, cap, n_out, err);
    if (col->phys != HR_PQ_BYTE_ARRAY && col->phys != HR_PQ_FIXED && col->phys != HR_PQ_INT96)
        return HR_FAIL(err, HR_EUNSUPPORTED, "column '%s' does not hold bytes", col->name);
    return c->rows_left == 0 ? HR_END : read_texts(c, out, cap, n_out, err);
}

/* ---- rows ---- */

hr_status hr_pq_pass_rows(hr_pq_cursor *c, uint32_t n, hr_err *err)
{
    hr_pq_bytes s[64];
    uint8_t *is_null = c->is_null;
    bool is_text = c->column->phys == HR_PQ_BYTE_ARRAY;
    bool ok = true;
    c->is_null = NULL;
    for (uint32_t k; ok && n > 0; n -= k) {
        k = HR_MIN(n, is_text ? (uint32_t)HR_ARRAY_LEN(s) : HR_PQ_STEP);
        ok = is_text ? get_byte_rows(c, s, k) : get_rows(c, c->wide, k, 0);
        c->page_left -= k;
        c->rows_left -= k;
    }
    c->is_null = is_null;
    return ok ? HR_OK : hr_pq_damaged(c, err, "values are cut or out of range");
}

hr_status hr_pq_cursor_seek_row(hr_pq_cursor *c, uint32_t rg, int64_t row, hr_err *err)
{
    if (c->file->ops != NULL) {
        c->n_kept = 0;
        return rg < c->file->n_groups
                   ? c->file->ops->seek(c, rg, row, err)
                   : HR_FAIL(err, HR_EINTERNAL, "row group %u of %u", rg, c->file->n_groups);
    }
    bool may_keep = c->chunk != NULL && c->group == rg && c->has_dict && row > 0;
    uint32_t n_kept = may_keep ? c->n_dict : 0;
    HR_TRY(hr_pq_cursor_seek(c, rg, err));
    c->n_kept = n_kept;
    if (row < 0 || row > c->rows_left)
        return HR_FAIL(err, HR_EINTERNAL, "row %lld of %lld", (long long)row,
                       (long long)c->rows_left);
    if (row == c->rows_left) {
        c->rows_left = 0;
        return HR_OK;
    }
    hr_status st = hr_pq_find_row(c, row, err);
    if (st != HR_OK) {
        c->at = c->end; /* reads fail until the next seek */
        c->page_left = 0;
    }
    return st;
}

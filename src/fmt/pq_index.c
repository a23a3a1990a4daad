/* SPDX-License-Identifier: Apache-2.0 */
#include "fmt/pq_index.h"

#include <string.h>

#define SPOT_BYTES_MIN 7u /* three fields of two bytes and a stop */

/* ---- statistics ---- */

typedef struct stats {
    hr_pq_bound min, max;
    hr_pq_bound old_min, old_max; /* deprecated: of signed order, whatever the type */
    int64_t n_nulls;
} stats;

static hr_pq_bound take_bound(hr_thrift_in *t)
{
    hr_pq_bound b;
    b.p = hr_tr_binary(t, &b.n);
    return b;
}

static void read_stats(hr_thrift_in *t, stats *s)
{
    hr_tr_field f = {0};
    while (hr_tr_next(t, &f)) {
        bool is_bytes = f.type == HR_TR_BINARY;
        if (f.id == 1 && is_bytes)
            s->old_max = take_bound(t);
        else if (f.id == 2 && is_bytes)
            s->old_min = take_bound(t);
        else if (f.id == 3)
            s->n_nulls = hr_tr_int(t, f.type);
        else if (f.id == 5 && is_bytes)
            s->max = take_bound(t);
        else if (f.id == 6 && is_bytes)
            s->min = take_bound(t);
        else
            hr_tr_skip(t, f.type);
    }
}

static void read_meta(hr_thrift_in *t, stats *s, hr_pq_detail *out)
{
    hr_tr_field f = {0};
    while (hr_tr_next(t, &f)) {
        if (f.id == 12 && f.type == HR_TR_STRUCT)
            read_stats(t, s);
        else if (f.id == 14)
            out->bloom.at = hr_tr_int(t, f.type);
        else if (f.id == 15)
            out->bloom.n_bytes = hr_tr_int(t, f.type);
        else
            hr_tr_skip(t, f.type);
    }
}

/* Types whose order the format leaves open, or whose bounds may be cut where that is no bound. */
static bool has_order(const hr_pq_column *c)
{
    return c->phys != HR_PQ_INT96 && c->logical != HR_PQ_L_OTHER &&
           !(c->phys == HR_PQ_BYTE_ARRAY && c->logical == HR_PQ_L_DECIMAL);
}

static bool is_signed_int(const hr_pq_column *c)
{
    return (c->phys == HR_PQ_INT32 || c->phys == HR_PQ_INT64) && c->logical != HR_PQ_L_UINT &&
           c->logical != HR_PQ_L_OTHER;
}

void hr_pq_chunk_detail(const hr_pq_file *f, uint32_t rg, uint32_t col, hr_pq_detail *out)
{
    const pq_chunk *c = &f->chunks[(size_t)rg * f->n_columns + col];
    hr_thrift_in t = {.p = f->footer + c->footer_at, .end = f->footer + f->footer_bytes};
    hr_tr_field field = {0};
    stats s = {.n_nulls = -1};
    bool has_meta = false;
    *out = (hr_pq_detail){0};
    while (hr_tr_next(&t, &field)) {
        if (field.id == 3 && field.type == HR_TR_STRUCT && !has_meta) {
            has_meta = true;
            read_meta(&t, &s, out);
        } else if (field.id == 4) {
            out->offset_index.at = hr_tr_int(&t, field.type);
        } else if (field.id == 5) {
            out->offset_index.n_bytes = hr_tr_int(&t, field.type);
        } else if (field.id == 6) {
            out->column_index.at = hr_tr_int(&t, field.type);
        } else if (field.id == 7) {
            out->column_index.n_bytes = hr_tr_int(&t, field.type);
        } else {
            hr_tr_skip(&t, field.type);
        }
    }
    const hr_pq_column *column = &f->columns[col];
    bool is_ordered = hr_pq_is_ordered(f, col);
    out->n_nulls = s.n_nulls;
    if (is_ordered) {
        out->min = s.min;
        out->max = s.max;
    }
    if (is_signed_int(column) && out->min.p == NULL && out->max.p == NULL) {
        out->min = s.old_min;
        out->max = s.old_max;
    }
}

bool hr_pq_is_ordered(const hr_pq_file *f, uint32_t col)
{
    return f->orders != NULL && f->n_orders == f->n_columns && f->orders[col] != 0 &&
           has_order(&f->columns[col]);
}

bool hr_pq_chunk_minmax_i64(const hr_pq_file *f, uint32_t rg, uint32_t col, int64_t *min,
                            int64_t *max)
{
    const hr_pq_column *c = &f->columns[col];
    hr_pq_detail d;
    *min = *max = 0;
    if (!is_signed_int(c)) return false;
    hr_pq_chunk_detail(f, rg, col, &d);
    size_t width = hr_pq_value_width(c);
    if (d.min.p == NULL || d.min.n != width || d.max.p == NULL || d.max.n != width) return false;
    *min = hr_pq_value_widen(d.min.p, c);
    *max = hr_pq_value_widen(d.max.p, c);
    return true;
}

/* ---- places ---- */

hr_status hr_pq_place_check(const hr_pq_file *f, const hr_pq_place *place, hr_err *err)
{
    if (place->at < 4 || place->n_bytes <= 0 || place->at > f->size_bytes - place->n_bytes)
        return HR_FAIL(err, HR_ECORRUPT, "a page index lies outside the file");
    if (place->n_bytes > (int64_t)f->limits.footer_bytes)
        return HR_FAIL(err, HR_ELIMIT, "a page index of %lld bytes", (long long)place->n_bytes);
    return HR_OK;
}

hr_status hr_pq_place_read(hr_pq_file *f, const hr_pq_place *place, uint8_t *buf, hr_err *err)
{
    int64_t got = f->read_at(f->self, buf, (size_t)place->n_bytes, place->at);
    if (got < 0) return HR_FAIL_SYS(err, got, "cannot read at offset %lld", (long long)place->at);
    return got == place->n_bytes ? HR_OK : HR_FAIL(err, HR_ECORRUPT, "a page index is cut short");
}

/* ---- offset index ---- */

/* At the list of pages: its length. */
static uint32_t find_spots(hr_thrift_in *t)
{
    hr_tr_field f = {0};
    uint8_t type;
    while (hr_tr_next(t, &f)) {
        if (f.id != 1 || f.type != HR_TR_LIST) {
            hr_tr_skip(t, f.type);
            continue;
        }
        size_t n_bytes = (size_t)(t->end - t->p);
        uint32_t n = hr_tr_list(t, &type);
        return type == HR_TR_STRUCT && n <= n_bytes / SPOT_BYTES_MIN ? n : 0;
    }
    return 0;
}

uint32_t hr_pq_spots_count(const uint8_t *p, size_t n)
{
    hr_thrift_in t = {.p = p, .end = p + n};
    return find_spots(&t);
}

static void read_spot(hr_thrift_in *t, hr_pq_spot *s)
{
    hr_tr_field f = {0};
    *s = (hr_pq_spot){.offset = -1, .row = -1, .n_bytes = -1};
    while (hr_tr_next(t, &f)) {
        int64_t v = hr_tr_int(t, f.type);
        if (f.id == 1) s->offset = v;
        if (f.id == 2) s->n_bytes = v;
        if (f.id == 3) s->row = v;
    }
}

bool hr_pq_spots_read(const hr_pq_file *f, uint32_t rg, uint32_t col, const hr_pq_bound *index,
                      hr_pq_spot *out)
{
    const pq_chunk *c = &f->chunks[(size_t)rg * f->n_columns + col];
    int64_t end = c->first_offset + c->packed_bytes;
    int64_t at = c->first_offset;
    int64_t row = 0;
    hr_thrift_in t = {.p = index->p, .end = index->p + index->n};
    uint32_t n = find_spots(&t);
    for (uint32_t i = 0; i < n; i++) {
        hr_pq_spot *s = &out[i];
        read_spot(&t, s);
        bool is_ok = !t.is_bad && s->offset >= at && s->offset <= end && s->n_bytes >= 0 &&
                     s->n_bytes <= end - s->offset && (i == 0 ? s->row == 0 : s->row >= row) &&
                     s->row <= f->group_rows[rg];
        if (!is_ok) return false;
        at = s->offset + s->n_bytes;
        row = s->row;
    }
    return n > 0;
}

/* ---- column index ---- */

bool hr_pq_page_bounds_begin(hr_pq_page_bounds *w, const hr_pq_bound *index)
{
    hr_thrift_in t = {.p = index->p, .end = index->p + index->n};
    hr_tr_field f = {0};
    uint32_t n[4] = {0};
    uint32_t n_counts = 0;
    *w = (hr_pq_page_bounds){0};
    while (hr_tr_next(&t, &f)) {
        hr_thrift_in list = t;
        uint8_t type;
        if (f.id >= 1 && f.id <= 3 && f.type == HR_TR_LIST) {
            n[f.id] = hr_tr_list(&list, &type);
            bool fits =
                f.id == 1 ? type == HR_TR_TRUE || type == HR_TR_FALSE : type == HR_TR_BINARY;
            if (!fits) return false;
            *(f.id == 1 ? &w->nulls : f.id == 2 ? &w->mins : &w->maxs) = list;
        } else if (f.id == 4) {
            w->order = hr_tr_int(&list, f.type);
        } else if (f.id == 5 && f.type == HR_TR_LIST) {
            n_counts = hr_tr_list(&list, &type);
            w->counts = list;
            w->has_counts = type >= 4 && type <= 6; /* integers, as zigzag */
        }
        hr_tr_skip(&t, f.type);
    }
    w->n_pages = n[1];
    w->has_counts = w->has_counts && n_counts == n[1];
    return !t.is_bad && n[1] > 0 && n[2] == n[1] && n[3] == n[1];
}

bool hr_pq_page_bounds_next(hr_pq_page_bounds *w, hr_pq_bound *min, hr_pq_bound *max, bool *is_null)
{
    if (w->nulls.p == w->nulls.end) return false;
    *is_null = *w->nulls.p++ == HR_TR_TRUE;
    *min = take_bound(&w->mins);
    *max = take_bound(&w->maxs);
    w->page_nulls = w->has_counts ? hr_tr_zigzag(&w->counts) : -1;
    return !w->mins.is_bad && !w->maxs.is_bad && !w->counts.is_bad;
}

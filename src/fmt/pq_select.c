/* SPDX-License-Identifier: Apache-2.0 */
#include "fmt/pq_select.h"

#include <math.h>
#include <string.h>

#include "fmt/pq_index.h"

/* ---- bounds ---- */

static bool is_half(const hr_pq_column *c)
{
    return c->phys == HR_PQ_FIXED && c->logical == HR_PQ_L_FLOAT16;
}

hr_pq_carrier hr_pq_carrier_of(const hr_pq_column *c)
{
    if (c->phys == HR_PQ_FLOAT || c->phys == HR_PQ_DOUBLE || is_half(c)) return HR_PQ_BY_F64;
    bool is_bytes = c->phys == HR_PQ_BYTE_ARRAY || c->phys == HR_PQ_FIXED;
    return is_bytes && c->logical != HR_PQ_L_DECIMAL ? HR_PQ_BY_BYTES : HR_PQ_BY_I64;
}

/* As the column's values are widened; what 64 bits do not hold becomes the end it lies beyond. */
static bool wide_bound(const hr_pq_column *c, const hr_pq_bound *b, int64_t *out)
{
    size_t width = c->phys == HR_PQ_BOOLEAN ? 1 : hr_pq_value_width(c);
    if (b->p == NULL || b->n != width || width == 0) return false;
    if (c->phys == HR_PQ_BOOLEAN) {
        *out = b->p[0] != 0;
        return true;
    }
    *out = hr_pq_value_widen(b->p, c);
    bool is_wide = *out == HR_PQ_WIDE_I64 && (c->logical == HR_PQ_L_UINT || c->phys == HR_PQ_FIXED);
    if (is_wide) *out = c->phys == HR_PQ_FIXED && (b->p[0] & 0x80) != 0 ? INT64_MIN : INT64_MAX;
    return true;
}

static bool real_bound(const hr_pq_column *c, const hr_pq_bound *b, double *out)
{
    if (b->p == NULL || b->n != hr_pq_value_width(c)) return false;
    int64_t bits = hr_pq_value_widen(b->p, c);
    memcpy(out, &bits, 8);
    return !isnan(*out);
}

/* a below b, by unsigned bytes, the shorter first. */
static bool is_below(const uint8_t *a, size_t n_a, const uint8_t *b, size_t n_b)
{
    size_t n = HR_MIN(n_a, n_b);
    int order = n > 0 ? memcmp(a, b, n) : 0;
    return order < 0 || (order == 0 && n_a < n_b);
}

/* Whether one of the values lies between the bounds. */
static bool may_hold_one(const hr_pq_range *r, const hr_pq_bound *min, const hr_pq_bound *max)
{
    uint32_t low = 0;
    for (uint32_t high = r->n_one_of; min->p != NULL && low < high;) { /* the first from min on */
        uint32_t mid = low + (high - low) / 2;
        const hr_pq_bytes *v = &r->one_of[mid];
        if (is_below((const uint8_t *)v->s, v->n, min->p, min->n))
            low = mid + 1;
        else
            high = mid;
    }
    if (low == r->n_one_of) return false;
    const hr_pq_bytes *v = &r->one_of[low];
    return max->p == NULL || !is_below(max->p, max->n, (const uint8_t *)v->s, v->n);
}

static bool may_hold(const hr_pq_column *c, const hr_pq_range *r, const hr_pq_bound *min,
                     const hr_pq_bound *max)
{
    if (r->by == HR_PQ_BY_BYTES && r->one_of != NULL) return may_hold_one(r, min, max);
    const uint8_t *low = (const uint8_t *)r->min_bytes.s;
    const uint8_t *high = (const uint8_t *)r->max_bytes.s;
    int64_t v;
    double x;
    switch (r->by) {
    case HR_PQ_BY_I64:
        return !(wide_bound(c, min, &v) && r->max < v) && !(wide_bound(c, max, &v) && r->min > v);
    case HR_PQ_BY_F64:
        return !(real_bound(c, min, &x) && r->max_f64 < x) &&
               !(real_bound(c, max, &x) && r->min_f64 > x);
    case HR_PQ_BY_BYTES:
        break;
    }
    if (high != NULL && min->p != NULL && is_below(high, r->max_bytes.n, min->p, min->n))
        return false;
    return low == NULL || max->p == NULL || !is_below(max->p, max->n, low, r->min_bytes.n);
}

/* A range that no value is in: it begins above its end, or where there is no order. */
static bool is_void(const hr_pq_range *r)
{
    const hr_pq_bytes *a = &r->min_bytes;
    const hr_pq_bytes *b = &r->max_bytes;
    if (r->by == HR_PQ_BY_I64) return r->min > r->max;
    if (r->by == HR_PQ_BY_F64) return !(r->min_f64 <= r->max_f64);
    if (r->one_of != NULL) return r->n_one_of == 0;
    return a->s != NULL && b->s != NULL &&
           is_below((const uint8_t *)b->s, b->n, (const uint8_t *)a->s, a->n);
}

/* ---- Bloom filters ---- */

static bool is_one_value(const hr_pq_range *r)
{
    const hr_pq_bytes *a = &r->min_bytes;
    const hr_pq_bytes *b = &r->max_bytes;
    if (r->by == HR_PQ_BY_I64) return r->min == r->max;
    if (r->by == HR_PQ_BY_F64) return r->min_f64 == r->max_f64;
    return a->s != NULL && b->s != NULL && a->n == b->n &&
           (a->n == 0 || memcmp(a->s, b->s, a->n) == 0);
}

/* The range's one value as PLAIN writes it. NULL: it has no single form, or none at all. */
static const uint8_t *plain_of(const hr_pq_column *c, const hr_pq_range *r, uint8_t buf[16],
                               size_t *n)
{
    float narrow = (float)r->min_f64;
    *n = 0;
    if (r->by == HR_PQ_BY_BYTES) {
        *n = r->min_bytes.n;
        return (const uint8_t *)r->min_bytes.s;
    }
    if (r->by == HR_PQ_BY_F64 && r->min_f64 == 0) return NULL; /* two zeros */
    switch (c->phys) {
    case HR_PQ_INT32:
    case HR_PQ_INT64:
        *n = c->phys == HR_PQ_INT32 ? 4 : 8;
        memcpy(buf, &r->min, *n); /* little-endian: the low bytes come first */
        return hr_pq_value_widen(buf, c) == r->min ? buf : NULL;
    case HR_PQ_DOUBLE:
        *n = 8;
        memcpy(buf, &r->min_f64, 8);
        return buf;
    case HR_PQ_FLOAT:
        *n = 4;
        memcpy(buf, &narrow, 4);
        return (double)narrow == r->min_f64 ? buf : NULL;
    case HR_PQ_FIXED:
        *n = c->type_length;
        if (is_half(c) || *n > 16) return NULL;
        for (size_t i = 0; i < *n; i++) {
            size_t shift = 8 * (*n - 1 - i);
            buf[i] = (uint8_t)(shift < 64 ? r->min >> shift : r->min >> 63);
        }
        return hr_pq_decimal_widen(buf, *n) == r->min ? buf : NULL;
    case HR_PQ_BOOLEAN:
    case HR_PQ_INT96:
    case HR_PQ_BYTE_ARRAY:
        break;
    }
    return NULL;
}

/* A block is read a value: for more values than this the filter is not worth asking. */
#define ONE_OF_MAX 64u

static hr_status ask_bloom_each(hr_pq_file *f, const hr_pq_range *r, const hr_pq_detail *d,
                                bool *may, hr_err *err)
{
    *may = r->n_one_of > ONE_OF_MAX;
    for (uint32_t i = 0; i < r->n_one_of && !*may; i++) {
        uint64_t hash = hr_pq_xxh64(r->one_of[i].s, r->one_of[i].n);
        HR_TRY(hr_pq_bloom_probe(f, &d->bloom, hash, may, err));
    }
    return HR_OK;
}

static hr_status ask_bloom(hr_pq_file *f, const hr_pq_range *r, const hr_pq_detail *d, bool *may,
                           hr_err *err)
{
    uint8_t buf[16];
    size_t n;
    *may = true;
    if (d->bloom.at == 0) return HR_OK;
    if (r->by == HR_PQ_BY_BYTES && r->one_of != NULL) return ask_bloom_each(f, r, d, may, err);
    if (!is_one_value(r)) return HR_OK;
    const uint8_t *p = plain_of(&f->columns[r->col], r, buf, &n);
    return p != NULL ? hr_pq_bloom_probe(f, &d->bloom, hr_pq_xxh64(p, n), may, err) : HR_OK;
}

/* ---- pages ---- */

/* What is left of the row group, in the scratch arena. */
typedef struct rows_left {
    hr_pq_rows *rows;
    uint32_t n, cap;
} rows_left;

static void add_rows(rows_left *l, int64_t begin, int64_t end)
{
    if (begin >= end) return;
    if (l->n > 0 && l->rows[l->n - 1].end == begin)
        l->rows[l->n - 1].end = end;
    else if (l->n < l->cap)
        l->rows[l->n++] = (hr_pq_rows){begin, end};
}

/* A column's part in a query, page by page. */
typedef struct page_query {
    hr_pq_file *f;
    uint32_t rg;
    const hr_pq_range *range;
    hr_arena *arena;
    hr_pq_selection *out;
    hr_err *err;
    bool or_null; /* there may be some, and they satisfy the range */
} page_query;

static hr_status load_index(page_query *q, const hr_pq_place *place, hr_pq_bound *out)
{
    HR_TRY(hr_pq_place_check(q->f, place, q->err));
    uint8_t *p = hr_arena_alloc(q->arena, (size_t)place->n_bytes, 1);
    if (p == NULL)
        return HR_FAIL(q->err, HR_EBUDGET, "no memory for a page index of %lld bytes",
                       (long long)place->n_bytes);
    *out = (hr_pq_bound){.p = p, .n = (uint32_t)place->n_bytes};
    return hr_pq_place_read(q->f, place, p, q->err);
}

static hr_status damaged_index(const page_query *q)
{
    return HR_FAIL(q->err, HR_ECORRUPT, "column '%s', row group %u: a damaged page index",
                   q->f->columns[q->range->col].name, q->rg);
}

/* Whether bounds of pages may come to this bound of their chunk. Either may have been cut short,
 * which is seen by its length alone. */
static bool is_met(const hr_pq_bound *chunk, const hr_pq_bound *pages)
{
    return chunk->p == NULL || pages->p == NULL || chunk->n != pages->n ||
           memcmp(chunk->p, pages->p, chunk->n) == 0;
}

/* True when a is below b as the column's values are; either may be without. */
static bool is_lower(const hr_pq_column *c, const hr_pq_bound *a, const hr_pq_bound *b)
{
    int64_t v;
    int64_t w;
    double x;
    double y;
    if (a->p == NULL || b->p == NULL) return false;
    switch (hr_pq_carrier_of(c)) {
    case HR_PQ_BY_I64:
        return wide_bound(c, a, &v) && wide_bound(c, b, &w) && v < w;
    case HR_PQ_BY_F64:
        return real_bound(c, a, &x) && real_bound(c, b, &y) && x < y;
    case HR_PQ_BY_BYTES:
        break;
    }
    return is_below(a->p, a->n, b->p, b->n);
}

/* Whether the pages' bounds and counts of nulls agree with their chunk's and with their rows. An
 * index that they contradict is not used: it would leave out rows that are there. */
static hr_status check_bounds(const page_query *q, const hr_pq_detail *d, const hr_pq_spot *spot,
                              hr_pq_page_bounds w, bool *agrees)
{
    const hr_pq_column *c = &q->f->columns[q->range->col];
    bool is_ordered = hr_pq_is_ordered(q->f, q->range->col);
    hr_pq_bound low = {0};
    hr_pq_bound high = {0};
    hr_pq_bound last[2] = {{0}, {0}};
    int64_t n_nulls = 0;
    *agrees = true;
    for (uint32_t i = 0; i < w.n_pages; i++) {
        hr_pq_bound min;
        hr_pq_bound max;
        bool is_null;
        if (!hr_pq_page_bounds_next(&w, &min, &max, &is_null)) return damaged_index(q);
        int64_t end = i + 1 < w.n_pages ? spot[i + 1].row : q->f->group_rows[q->rg];
        if (w.page_nulls >= 0 && is_null != (w.page_nulls == end - spot[i].row)) *agrees = false;
        n_nulls = w.page_nulls < 0 || n_nulls < 0 ? -1 : n_nulls + HR_MIN(w.page_nulls, end);
        if (is_null) continue;
        bool falls = is_lower(c, &min, &last[0]) || is_lower(c, &max, &last[1]);
        bool rises = is_lower(c, &last[0], &min) || is_lower(c, &last[1], &max);
        if (is_ordered && ((w.order == 1 && falls) || (w.order == 2 && rises))) *agrees = false;
        last[0] = min;
        last[1] = max;
        if (low.p == NULL || is_lower(c, &min, &low)) low = min;
        if (high.p == NULL || is_lower(c, &high, &max)) high = max;
        if (is_ordered && is_lower(c, &max, &min)) *agrees = false;
    }
    if (n_nulls >= 0 && d->n_nulls >= 0 && n_nulls != d->n_nulls) *agrees = false;
    if (is_ordered && !(is_met(&d->min, &low) && is_met(&d->max, &high))) *agrees = false;
    return HR_OK;
}

static bool page_may_hold(const page_query *q, const hr_pq_page_bounds *w, bool is_ordered,
                          bool is_null, const hr_pq_bound *min, const hr_pq_bound *max)
{
    if (q->or_null && (is_null || w->page_nulls != 0)) return true;
    if (is_null) return false;
    return !is_ordered || may_hold(&q->f->columns[q->range->col], q->range, min, max);
}

/* Keeps of *left the rows of pages that may hold the range: both lists ascend, one walk. */
static hr_status keep_pages(page_query *q, const hr_pq_spot *spot, hr_pq_page_bounds *w,
                            rows_left *left)
{
    bool is_ordered = hr_pq_is_ordered(q->f, q->range->col);
    rows_left kept = {.cap = left->n + w->n_pages};
    uint32_t k = 0;
    kept.rows = hr_arena_alloc(q->arena, kept.cap * sizeof *kept.rows, 64);
    if (kept.rows == NULL) return HR_FAIL(q->err, HR_EBUDGET, "no memory for %u pages", w->n_pages);
    for (uint32_t i = 0; i < w->n_pages; i++) {
        hr_pq_bound min;
        hr_pq_bound max;
        bool is_null;
        if (!hr_pq_page_bounds_next(w, &min, &max, &is_null)) return damaged_index(q);
        q->out->n_pages++;
        if (!page_may_hold(q, w, is_ordered, is_null, &min, &max)) {
            q->out->n_pages_out++;
            continue;
        }
        int64_t begin = spot[i].row;
        int64_t end = i + 1 < w->n_pages ? spot[i + 1].row : q->f->group_rows[q->rg];
        /* add_rows wrote all n.
         * NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
        while (k < left->n && left->rows[k].end <= begin)
            k++;
        /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
        for (uint32_t j = k; j < left->n && left->rows[j].begin < end; j++)
            add_rows(&kept, HR_MAX(begin, left->rows[j].begin), HR_MIN(end, left->rows[j].end));
    }
    *left = kept;
    return HR_OK;
}

static hr_status ask_pages(page_query *q, const hr_pq_detail *d, rows_left *left)
{
    hr_pq_bound columns;
    hr_pq_bound offsets;
    hr_pq_page_bounds walk;
    if (d->column_index.n_bytes == 0 || d->offset_index.n_bytes == 0) return HR_OK;
    HR_TRY(load_index(q, &d->column_index, &columns));
    HR_TRY(load_index(q, &d->offset_index, &offsets));
    uint32_t n = hr_pq_spots_count(offsets.p, offsets.n);
    hr_pq_spot *spot = hr_arena_alloc(q->arena, (n + 1u) * sizeof *spot, 64);
    if (spot == NULL) return HR_FAIL(q->err, HR_EBUDGET, "no memory for %u pages", n);
    if (!hr_pq_spots_read(q->f, q->rg, q->range->col, &offsets, spot) ||
        !hr_pq_page_bounds_begin(&walk, &columns) || walk.n_pages != n)
        return damaged_index(q);
    bool agrees;
    HR_TRY(check_bounds(q, d, spot, walk, &agrees));
    if (!agrees) {
        q->out->is_doubtful = true;
        return HR_OK;
    }
    q->or_null = q->range->or_null && d->n_nulls != 0;
    uint32_t n_out = q->out->n_pages_out;
    HR_TRY(keep_pages(q, spot, &walk, left));
    if (q->out->n_pages_out > n_out) q->out->by |= HR_PQ_USE_PAGES;
    return HR_OK;
}

/* ---- selection ---- */

static hr_status check_query(const hr_pq_file *f, const hr_pq_query *q, hr_err *err)
{
    for (uint32_t i = 0; i < q->n_ranges; i++) {
        const hr_pq_range *r = &q->range[i];
        if (r->col >= f->n_columns)
            return HR_FAIL(err, HR_EINTERNAL, "column %u of %u", r->col, f->n_columns);
        const hr_pq_column *c = &f->columns[r->col];
        if (!c->is_flat) return HR_FAIL(err, HR_EUNSUPPORTED, "column '%s' is nested", c->name);
        if (hr_pq_carrier_of(c) != r->by)
            return HR_FAIL(err, HR_EUNSUPPORTED, "column '%s' holds values of another kind",
                           c->name);
    }
    return HR_OK;
}

/* Without reading a page: *by is not 0 when no row of the group satisfies the range. */
static hr_status ask_chunk(hr_pq_file *f, const hr_pq_query *q, uint32_t rg, const hr_pq_range *r,
                           unsigned *by, hr_err *err)
{
    hr_pq_detail d;
    bool may = !is_void(r);
    hr_pq_chunk_detail(f, rg, r->col, &d);
    *by = 0;
    if (r->or_null && d.n_nulls != 0) return HR_OK; /* some, or it is not said */
    bool is_null = d.n_nulls == f->group_rows[rg] && d.min.p == NULL && d.max.p == NULL;
    if (may && (q->use & HR_PQ_USE_STATISTICS) != 0)
        may = !is_null && may_hold(&f->columns[r->col], r, &d.min, &d.max);
    if (!may) *by = HR_PQ_USE_STATISTICS;
    if (may && (q->use & HR_PQ_USE_BLOOM) != 0) {
        HR_TRY(ask_bloom(f, r, &d, &may, err));
        if (!may) *by = HR_PQ_USE_BLOOM;
    }
    return HR_OK;
}

/* What costs no or little reading first: page indexes last. */
static hr_status ask(hr_pq_file *f, uint32_t rg, const hr_pq_query *q, rows_left *left,
                     hr_pq_selection *out, hr_err *err)
{
    for (uint32_t i = 0; i < q->n_ranges && left->n > 0; i++) {
        HR_TRY(ask_chunk(f, q, rg, &q->range[i], &out->by, err));
        if (out->by != 0) left->n = 0;
    }
    for (uint32_t i = 0; i < q->n_ranges && left->n > 0; i++) {
        page_query pages = {
            .f = f, .rg = rg, .range = &q->range[i], .arena = q->scratch, .out = out, .err = err};
        hr_pq_detail d;
        if ((q->use & HR_PQ_USE_PAGES) == 0) break;
        hr_pq_chunk_detail(f, rg, q->range[i].col, &d);
        HR_TRY(ask_pages(&pages, &d, left));
    }
    return HR_OK;
}

static void hand_out(const rows_left *left, hr_pq_selection *out)
{
    out->n = HR_MIN(left->n, out->cap);
    if (out->n == 0) return;
    memcpy(out->rows, left->rows, out->n * sizeof *out->rows);
    out->rows[out->n - 1].end = left->rows[left->n - 1].end;
}

hr_status hr_pq_select(hr_pq_file *f, uint32_t rg, const hr_pq_query *q, hr_pq_selection *out,
                       hr_err *err)
{
    *out = (hr_pq_selection){.rows = out->rows, .cap = out->cap};
    if (rg >= f->n_groups || out->cap == 0)
        return HR_FAIL(err, HR_EINTERNAL, "row group %u of %u, room for %u", rg, f->n_groups,
                       out->cap);
    HR_TRY(check_query(f, q, err));
    hr_pq_rows all = {0, f->group_rows[rg]};
    rows_left left = {.rows = &all, .n = all.end > 0, .cap = 1};
    size_t mark = hr_arena_mark(q->scratch);
    /* What tells nothing of itself leaves all its rows. */
    hr_status st = f->ops == NULL ? ask(f, rg, q, &left, out, err) : HR_OK;
    if (st == HR_OK) hand_out(&left, out);
    hr_arena_rewind(q->scratch, mark);
    return st;
}

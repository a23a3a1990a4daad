/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors: one column chunk, page by page, values on demand. */
#include "fmt/pq_read.h"

#include <math.h>
#include <string.h>

#include "base/assert.h"
#include "fmt/codec.h"
#include "fmt/pq_encode.h"
#include "fmt/pq_file.h"

/* RLE / bit-packed hybrid. Source: Encodings.md. */
typedef struct hybrid {
    const uint8_t *p, *end;
    unsigned width;
    uint64_t run_left, packed_left; /* values */
    uint32_t run_value;
    uint64_t bits;
    unsigned have;
    bool is_bad;
} hybrid;

/* DELTA_BINARY_PACKED. */
typedef struct delta {
    const uint8_t *p, *end;
    uint64_t block_values, mini_values, left;
    uint32_t n_minis, mini;
    const uint8_t *widths;
    int64_t value, min;
    uint64_t mini_left;
    unsigned __int128 bits;
    unsigned have, width;
    bool is_first, is_bad;
} delta;

struct hr_pq_cursor {
    hr_pq_file *file;
    uint32_t col;
    hr_codec_ctx *codec;
    uint8_t *packed, *raw, *dict_raw;
    size_t packed_cap, raw_cap, dict_cap;
    int64_t *dict;
    hr_pq_bytes *dict_bytes;
    uint32_t n_dict;
    /* the row group */
    int64_t at, end; /* file offsets */
    int64_t rows_left;
    const pq_chunk *chunk;
    /* the page */
    uint32_t page_left; /* rows */
    hr_pq_encoding encoding;
    const uint8_t *p, *p_end;
    hybrid levels, indexes;
    delta ints;
    uint32_t split_at, split_n;
    bool has_levels;
};

#define STEP 512u

/* ---- decoders ---- */

static uint64_t varint(const uint8_t **p, const uint8_t *end, bool *is_bad)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && *p < end; shift += 7) {
        uint8_t b = *(*p)++;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (b < 0x80) return v;
    }
    *is_bad = true;
    return 0;
}

static void hybrid_run(hybrid *h)
{
    uint64_t head = varint(&h->p, h->end, &h->is_bad);
    size_t width_bytes = (h->width + 7) / 8;
    if (h->is_bad) return;
    if (head & 1) {
        h->packed_left = (head >> 1) * 8;
        h->bits = 0;
        h->have = 0;
        if (head >> 1 > UINT32_MAX) h->is_bad = true;
        return;
    }
    h->run_left = head >> 1;
    if ((size_t)(h->end - h->p) < width_bytes || h->run_left == 0) {
        h->is_bad = true;
        return;
    }
    h->run_value = 0;
    memcpy(&h->run_value, h->p, width_bytes);
    h->p += width_bytes;
    if (h->width < 32 && h->run_value >> h->width != 0) h->is_bad = true; /* levels index arrays */
}

static uint32_t packed_value(hybrid *h)
{
    while (h->have < h->width) {
        if (h->p == h->end) {
            h->is_bad = true;
            return 0;
        }
        h->bits |= (uint64_t)*h->p++ << h->have;
        h->have += 8;
    }
    uint32_t v = (uint32_t)(h->bits & ((UINT64_C(1) << h->width) - 1));
    h->bits >>= h->width;
    h->have -= h->width;
    return v;
}

static void hybrid_get(hybrid *h, uint32_t *out, uint32_t n)
{
    uint32_t i = 0;
    while (i < n && !h->is_bad) {
        if (h->run_left > 0) {
            uint32_t k = (uint32_t)HR_MIN(h->run_left, (uint64_t)(n - i));
            for (uint32_t j = 0; j < k; j++)
                out[i + j] = h->run_value;
            h->run_left -= k;
            i += k;
        } else if (h->packed_left > 0) {
            uint32_t k = (uint32_t)HR_MIN(h->packed_left, (uint64_t)(n - i));
            for (uint32_t j = 0; j < k; j++)
                out[i + j] = packed_value(h);
            h->packed_left -= k;
            i += k;
        } else {
            hybrid_run(h);
        }
    }
}

static hybrid hybrid_begin(const uint8_t *p, const uint8_t *end, unsigned width)
{
    return (hybrid){.p = p, .end = end, .width = width, .is_bad = width > 32};
}

static int64_t unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static void delta_begin(delta *d, const uint8_t *p, const uint8_t *end)
{
    *d = (delta){.p = p, .end = end, .is_first = true};
    d->block_values = varint(&d->p, end, &d->is_bad);
    uint64_t n_minis = varint(&d->p, end, &d->is_bad);
    d->left = varint(&d->p, end, &d->is_bad);
    d->value = unzigzag(varint(&d->p, end, &d->is_bad));
    if (n_minis == 0 || n_minis > 4096 || d->block_values == 0 || d->block_values > 1u << 24 ||
        d->block_values % n_minis != 0) {
        d->is_bad = true;
        return;
    }
    d->n_minis = (uint32_t)n_minis;
    d->mini_values = d->block_values / n_minis;
    d->mini = d->n_minis;
}

static void delta_mini(delta *d)
{
    if (d->mini == d->n_minis) {
        d->min = unzigzag(varint(&d->p, d->end, &d->is_bad));
        if (d->is_bad || (size_t)(d->end - d->p) < d->n_minis) {
            d->is_bad = true;
            return;
        }
        d->widths = d->p;
        d->p += d->n_minis;
        d->mini = 0;
    }
    d->width = d->widths[d->mini++];
    d->mini_left = d->mini_values;
    d->bits = 0;
    d->have = 0;
    if (d->width > 64) d->is_bad = true;
}

static void delta_get(delta *d, int64_t *out, uint32_t n)
{
    for (uint32_t i = 0; i < n && !d->is_bad; i++) {
        if (d->left == 0) {
            d->is_bad = true;
            return;
        }
        d->left--;
        if (d->is_first) {
            d->is_first = false;
            out[i] = d->value;
            continue;
        }
        if (d->mini_left == 0) delta_mini(d);
        while (d->have < d->width && !d->is_bad) {
            if (d->p == d->end) {
                d->is_bad = true;
                return;
            }
            d->bits |= (unsigned __int128)*d->p++ << d->have;
            d->have += 8;
        }
        uint64_t v = d->width == 0 ? 0 : (uint64_t)d->bits & (~UINT64_C(0) >> (64 - d->width));
        d->bits >>= d->width;
        d->have -= d->width;
        d->mini_left--;
        d->value = (int64_t)((uint64_t)d->value + (uint64_t)d->min + v);
        out[i] = d->value;
    }
}

/* ---- opening ---- */

/* Largest pages of the column, from their headers: buffers are sized once. */
static hr_status survey(hr_pq_cursor *c, hr_err *err)
{
    const hr_pq_file *f = c->file;
    for (uint32_t g = 0; g < f->n_groups; g++) {
        const pq_chunk *k = &f->chunks[(size_t)g * f->n_columns + c->col];
        int64_t at = k->first_offset;
        int64_t end = at + k->packed_bytes;
        while (at < end) {
            pq_page page;
            HR_TRY(hr_pq_page_head(f, at, end, &page, err));
            size_t raw = (size_t)page.raw_bytes;
            c->packed_cap = HR_MAX(c->packed_cap, (size_t)page.packed_bytes);
            if (page.type == HR_PQ_DICTIONARY_PAGE)
                c->dict_cap = HR_MAX(c->dict_cap, raw);
            else
                c->raw_cap = HR_MAX(c->raw_cap, raw);
            at += (int64_t)page.head_bytes + page.packed_bytes;
        }
    }
    return HR_OK;
}

hr_status hr_pq_cursor_create(hr_pq_cursor **out, hr_pq_file *f, uint32_t col, hr_arena *arena,
                              hr_err *err)
{
    *out = NULL;
    if (!f->columns[col].is_flat)
        return HR_FAIL(err, HR_EUNSUPPORTED, "column '%s' is nested", f->columns[col].name);
    hr_pq_cursor *c = hr_arena_alloc(arena, sizeof *c, 64);
    if (c == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to read '%s'", f->columns[col].name);
    memset(c, 0, sizeof *c);
    c->file = f;
    c->col = col;
    HR_TRY(survey(c, err));
    size_t n_dict = c->dict_cap / 4 + 1;
    if (c->dict_cap > f->limits.dict_bytes)
        return HR_FAIL(err, HR_ELIMIT, "dictionary of '%s' is too large", f->columns[col].name);
    c->packed = hr_arena_alloc(arena, c->packed_cap + 64, 64);
    c->raw = hr_arena_alloc(arena, c->raw_cap + 64, 64);
    c->dict_raw = hr_arena_alloc(arena, c->dict_cap + 64, 64);
    c->dict = hr_arena_alloc(arena, n_dict * sizeof *c->dict, 64);
    c->dict_bytes = hr_arena_alloc(arena, n_dict * sizeof *c->dict_bytes, 64);
    if (c->packed == NULL || c->raw == NULL || c->dict_raw == NULL || c->dict == NULL ||
        c->dict_bytes == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for the pages of '%s': raise engine.memory",
                       f->columns[col].name);
    hr_codec_options codec = {.decode = HR_CODEC_DECODE_COMMON,
                              .decode_bytes = HR_MAX(c->raw_cap, c->dict_cap)};
    for (uint32_t g = 0; g < f->n_groups; g++)
        if (f->chunks[(size_t)g * f->n_columns + col].codec == HR_PQ_BROTLI)
            codec.decode |= HR_CODEC_BIT(HR_PQ_BROTLI);
    HR_TRY(hr_codec_ctx_create(&c->codec, arena, &codec, err));
    *out = c;
    return HR_OK;
}

hr_status hr_pq_cursor_seek(hr_pq_cursor *c, uint32_t rg, hr_err *err)
{
    const hr_pq_file *f = c->file;
    if (rg >= f->n_groups) return HR_FAIL(err, HR_EINTERNAL, "row group %u of %u", rg, f->n_groups);
    c->chunk = &f->chunks[(size_t)rg * f->n_columns + c->col];
    c->at = c->chunk->first_offset;
    c->end = c->at + c->chunk->packed_bytes;
    c->rows_left = f->group_rows[rg];
    c->page_left = 0;
    c->n_dict = 0;
    return c->chunk->n_values == c->rows_left
               ? HR_OK
               : HR_FAIL(err, HR_ECORRUPT,
                         "column '%s' has another number of values than its row group",
                         f->columns[c->col].name);
}

static hr_status damaged(const hr_pq_cursor *c, hr_err *err, const char *why)
{
    (void)HR_FAIL(err, HR_ECORRUPT, "column '%s': %s in the page before offset %lld",
                  c->file->columns[c->col].name, why, (long long)c->at);
    return HR_ECORRUPT;
}

/* ---- pages ---- */

static hr_status load_body(hr_pq_cursor *c, const pq_page *p, uint8_t *out, hr_err *err)
{
    const hr_pq_file *f = c->file;
    if ((size_t)p->packed_bytes > c->packed_cap)
        return damaged(c, err, "a larger page than announced");
    int64_t got = f->read_at(f->self, c->packed, (size_t)p->packed_bytes, c->at + p->head_bytes);
    if (got < 0) return HR_FAIL_SYS(err, got, "cannot read at offset %lld", (long long)c->at);
    if (got != p->packed_bytes) return damaged(c, err, "the file ends");
    if (p->has_crc && hr_pq_crc(0, c->packed, (size_t)got) != (uint32_t)p->crc)
        return damaged(c, err, "wrong checksum");
    size_t plain =
        p->is_v2 ? (size_t)(p->def_bytes + p->rep_bytes) : 0; /* levels of v2 are never packed */
    memcpy(out, c->packed, plain);
    hr_pq_codec codec =
        p->is_v2 && !p->is_compressed ? HR_PQ_UNCOMPRESSED : (hr_pq_codec)c->chunk->codec;
    if ((size_t)p->raw_bytes == plain) return HR_OK;
    hr_status st = hr_codec_decode(c->codec, codec, out + plain, (size_t)p->raw_bytes - plain,
                                   c->packed + plain, (size_t)got - plain, err);
    if (st != HR_OK)
        hr_err_prefix(err, "column '%s', page at offset %lld", f->columns[c->col].name,
                      (long long)c->at);
    return st;
}

static int64_t widen(const uint8_t *p, hr_pq_phys phys, const hr_pq_column *col)
{
    int64_t v = 0;
    if (phys == HR_PQ_INT32) {
        int32_t x;
        memcpy(&x, p, 4);
        return col->logical == HR_PQ_L_UINT ? (int64_t)(uint32_t)x : x;
    }
    if (phys == HR_PQ_FLOAT) {
        float x;
        memcpy(&x, p, 4);
        double y = (double)x;
        memcpy(&v, &y, 8);
        return v;
    }
    if (phys == HR_PQ_FIXED) { /* decimals, big-endian */
        int64_t x = (p[0] & 0x80) != 0 ? -1 : 0;
        for (uint32_t i = 0; i < col->type_length; i++)
            x = (int64_t)((uint64_t)x << 8 | p[i]);
        return x;
    }
    if (phys == HR_PQ_INT96) { /* ns of day, then Julian day */
        int64_t ns;
        uint32_t day;
        memcpy(&ns, p, 8);
        memcpy(&day, p + 8, 4);
        return (int64_t)((uint64_t)((int64_t)day - 2440588) * UINT64_C(86400000000000) +
                         (uint64_t)ns);
    }
    memcpy(&v, p, 8);
    return v;
}

static size_t value_width(const hr_pq_column *col)
{
    switch (col->phys) {
    case HR_PQ_INT32:
    case HR_PQ_FLOAT:
        return 4;
    case HR_PQ_INT64:
    case HR_PQ_DOUBLE:
        return 8;
    case HR_PQ_INT96:
        return 12;
    case HR_PQ_FIXED:
        return col->type_length;
    case HR_PQ_BOOLEAN:
    case HR_PQ_BYTE_ARRAY:
        break;
    }
    return 0;
}

static bool take_bytes(const uint8_t **p, const uint8_t *end, hr_pq_bytes *out)
{
    uint32_t n;
    if (end - *p < 4) return false;
    memcpy(&n, *p, 4);
    if (n > (size_t)(end - *p - 4)) return false;
    *out = (hr_pq_bytes){.s = (const char *)*p + 4, .n = n};
    *p += 4 + n;
    return true;
}

static hr_status load_dict(hr_pq_cursor *c, const pq_page *p, hr_err *err)
{
    const hr_pq_column *col = &c->file->columns[c->col];
    HR_TRY(load_body(c, p, c->dict_raw, err));
    const uint8_t *at = c->dict_raw;
    const uint8_t *end = at + p->raw_bytes;
    size_t width = value_width(col);
    if ((size_t)p->n_values > c->dict_cap / 4) return damaged(c, err, "too many dictionary values");
    for (int32_t i = 0; i < p->n_values; i++) {
        if (col->phys == HR_PQ_BYTE_ARRAY) {
            if (!take_bytes(&at, end, &c->dict_bytes[i]))
                return damaged(c, err, "a cut dictionary value");
            continue;
        }
        if (width == 0 || (size_t)(end - at) < width) return damaged(c, err, "a cut dictionary");
        c->dict_bytes[i] = (hr_pq_bytes){.s = (const char *)at, .n = (uint32_t)width};
        c->dict[i] = widen(at, col->phys, col);
        at += width;
    }
    c->n_dict = (uint32_t)p->n_values;
    return HR_OK;
}

static hr_status begin_levels(hr_pq_cursor *c, const pq_page *p, hr_err *err)
{
    c->has_levels = c->file->columns[c->col].nullable;
    c->p = c->raw;
    c->p_end = c->raw + p->raw_bytes;
    if (p->is_v2) {
        if (p->rep_bytes != 0) return damaged(c, err, "repetition levels in a flat column");
        if (c->has_levels) c->levels = hybrid_begin(c->p, c->p + p->def_bytes, 1);
        c->p += p->def_bytes;
    } else if (c->has_levels) {
        uint32_t n;
        if (p->def_encoding != HR_PQ_RLE) return HR_FAIL(err, HR_EUNSUPPORTED, "bit-packed levels");
        if (p->raw_bytes < 4) return damaged(c, err, "cut levels");
        memcpy(&n, c->p, 4);
        if (n > (uint32_t)p->raw_bytes - 4) return damaged(c, err, "cut levels");
        c->levels = hybrid_begin(c->p + 4, c->p + 4 + n, 1);
        c->p += 4 + n;
    }
    return HR_OK;
}

static hr_status begin_values(hr_pq_cursor *c, const pq_page *p, hr_err *err)
{
    c->encoding = (hr_pq_encoding)p->encoding;
    switch (c->encoding) {
    case HR_PQ_PLAIN_DICTIONARY:
    case HR_PQ_RLE_DICTIONARY:
        if (c->p == c->p_end) {
            c->indexes = hybrid_begin(c->p, c->p_end, 0);
            return HR_OK;
        }
        c->indexes = hybrid_begin(c->p + 1, c->p_end, *c->p);
        return c->indexes.is_bad ? damaged(c, err, "a bad index width") : HR_OK;
    case HR_PQ_DELTA_BINARY_PACKED:
        if (c->p == c->p_end) return HR_OK;
        delta_begin(&c->ints, c->p, c->p_end);
        return c->ints.is_bad ? damaged(c, err, "a bad delta header") : HR_OK;
    case HR_PQ_BYTE_STREAM_SPLIT: {
        size_t width = value_width(&c->file->columns[c->col]);
        if (width == 0 || width > 8)
            return HR_FAIL(err, HR_EUNSUPPORTED, "byte stream split of this type");
        c->split_n = (uint32_t)((size_t)(c->p_end - c->p) / width);
        c->split_at = 0;
        return HR_OK;
    }
    case HR_PQ_RLE:
        if (c->file->columns[c->col].phys != HR_PQ_BOOLEAN || c->p_end - c->p < 4) break;
        c->indexes = hybrid_begin(c->p + 4, c->p_end, 1);
        return HR_OK;
    case HR_PQ_PLAIN:
        if (c->file->columns[c->col].phys == HR_PQ_BOOLEAN) {
            c->indexes = hybrid_begin(c->p, c->p_end, 1);
            c->indexes.packed_left = (uint64_t)(c->p_end - c->p) * 8;
        }
        return HR_OK;
    case HR_PQ_BIT_PACKED:
    case HR_PQ_DELTA_LENGTH_BYTE_ARRAY:
    case HR_PQ_DELTA_BYTE_ARRAY:
        break;
    }
    return HR_FAIL(err, HR_EUNSUPPORTED, "column '%s': encoding %d is not read yet",
                   c->file->columns[c->col].name, p->encoding);
}

static hr_status next_page(hr_pq_cursor *c, hr_err *err)
{
    while (c->page_left == 0) {
        pq_page p;
        if (c->at >= c->end) return damaged(c, err, "too few values");
        HR_TRY(hr_pq_page_head(c->file, c->at, c->end, &p, err));
        if (p.type == HR_PQ_DICTIONARY_PAGE) {
            if ((size_t)p.raw_bytes > c->dict_cap)
                return damaged(c, err, "a larger dictionary than announced");
            HR_TRY(load_dict(c, &p, err));
        } else if (p.type == HR_PQ_DATA_PAGE || p.type == HR_PQ_DATA_PAGE_V2) {
            if (p.n_values > c->rows_left || (size_t)p.raw_bytes > c->raw_cap)
                return damaged(c, err, "more values than rows");
            HR_TRY(load_body(c, &p, c->raw, err));
            c->page_left = (uint32_t)p.n_values;
            HR_TRY(begin_levels(c, &p, err));
            HR_TRY(begin_values(c, &p, err));
        }
        c->at += (int64_t)p.head_bytes + p.packed_bytes;
    }
    return HR_OK;
}

/* ---- values ---- */

static bool get_split(hr_pq_cursor *c, int64_t *out, uint32_t n)
{
    const hr_pq_column *col = &c->file->columns[c->col];
    size_t width = value_width(col);
    if (n > c->split_n - c->split_at) return false;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t bytes[16] = {0};
        for (size_t k = 0; k < width; k++)
            bytes[k] = c->p[k * c->split_n + c->split_at + i];
        out[i] = widen(bytes, col->phys, col);
    }
    c->split_at += n;
    return true;
}

static bool get_plain(hr_pq_cursor *c, int64_t *out, uint32_t n)
{
    const hr_pq_column *col = &c->file->columns[c->col];
    size_t width = value_width(col);
    if (width == 0 || (size_t)(c->p_end - c->p) / width < n) return false;
    if (width == 8 && col->phys != HR_PQ_FIXED) {
        memcpy(out, c->p, n * sizeof *out);
    } else {
        for (uint32_t i = 0; i < n; i++)
            out[i] = widen(c->p + i * width, col->phys, col);
    }
    c->p += n * width;
    return true;
}

/* n values without nulls; n <= STEP. */
static bool get_dense(hr_pq_cursor *c, int64_t *out, uint32_t n)
{
    uint32_t index[STEP];
    bool is_bool = c->file->columns[c->col].phys == HR_PQ_BOOLEAN;
    if (n == 0) return true;
    if (is_bool || c->encoding == HR_PQ_RLE_DICTIONARY || c->encoding == HR_PQ_PLAIN_DICTIONARY) {
        hybrid_get(&c->indexes, index, n);
        if (c->indexes.is_bad) return false;
        for (uint32_t i = 0; i < n; i++) {
            if (!is_bool && index[i] >= c->n_dict) return false;
            out[i] = is_bool ? (int64_t)index[i] : c->dict[index[i]];
        }
        return true;
    }
    if (c->encoding == HR_PQ_DELTA_BINARY_PACKED) {
        delta_get(&c->ints, out, n);
        if (c->file->columns[c->col].phys == HR_PQ_INT32)
            for (uint32_t i = 0; i < n; i++) /* deltas of 32-bit values wrap at 32 bits */
                out[i] = (int32_t)(uint32_t)(uint64_t)out[i];
        return !c->ints.is_bad;
    }
    return c->encoding == HR_PQ_BYTE_STREAM_SPLIT ? get_split(c, out, n) : get_plain(c, out, n);
}

/* Up to STEP rows of the page, nulls as null_value. */
static bool get_rows(hr_pq_cursor *c, int64_t *out, uint32_t n, int64_t null_value)
{
    uint32_t level[STEP];
    if (!c->has_levels) return get_dense(c, out, n);
    hybrid_get(&c->levels, level, n);
    if (c->levels.is_bad) return false;
    uint32_t k = 0;
    for (uint32_t i = 0; i < n; i++)
        k += level[i];
    if (k > n) return false;
    if (!get_dense(c, out, k)) return false;
    if (k == n) return true;
    for (uint32_t i = n; i-- > 0;)
        out[i] = level[i] != 0 ? out[--k] : null_value;
    return true;
}

static hr_status read_raw(hr_pq_cursor *c, int64_t *out, uint32_t cap, uint32_t *n_out,
                          int64_t null_value, hr_err *err)
{
    uint32_t n = 0;
    *n_out = 0;
    if (c->rows_left == 0) return HR_END;
    while (n < cap && c->rows_left > 0) {
        HR_TRY(next_page(c, err));
        uint32_t step = HR_MIN(HR_MIN(cap - n, c->page_left), STEP);
        if (!get_rows(c, out + n, step, null_value))
            return damaged(c, err, "values are cut or out of range");
        n += step;
        c->page_left -= step;
        c->rows_left -= step;
    }
    *n_out = n;
    return HR_OK;
}

hr_status hr_pq_read_i64(hr_pq_cursor *c, int64_t *out, uint32_t cap, uint32_t *n_out, hr_err *err)
{
    const hr_pq_column *col = &c->file->columns[c->col];
    bool is_wide =
        col->phys == HR_PQ_FIXED && (col->logical != HR_PQ_L_DECIMAL || col->precision > 18);
    if (col->phys == HR_PQ_BYTE_ARRAY || col->phys == HR_PQ_FLOAT || col->phys == HR_PQ_DOUBLE ||
        is_wide)
        return HR_FAIL(err, HR_EUNSUPPORTED, "column '%s' does not hold integers", col->name);
    return read_raw(c, out, cap, n_out, HR_NULL_I64, err);
}

hr_status hr_pq_read_f64(hr_pq_cursor *c, double *out, uint32_t cap, uint32_t *n_out, hr_err *err)
{
    const hr_pq_column *col = &c->file->columns[c->col];
    const double nan_value = (double)NAN;
    int64_t null_bits;
    memcpy(&null_bits, &nan_value, 8);
    if (col->phys != HR_PQ_FLOAT && col->phys != HR_PQ_DOUBLE)
        return HR_FAIL(err, HR_EUNSUPPORTED, "column '%s' does not hold floating-point numbers",
                       col->name);
    return read_raw(c, (int64_t *)(void *)out, cap, n_out, null_bits, err);
}

static bool get_bytes(hr_pq_cursor *c, hr_pq_bytes *out)
{
    uint32_t index;
    const hr_pq_column *col = &c->file->columns[c->col];
    if (c->encoding == HR_PQ_RLE_DICTIONARY || c->encoding == HR_PQ_PLAIN_DICTIONARY) {
        hybrid_get(&c->indexes, &index, 1);
        if (c->indexes.is_bad || index >= c->n_dict) return false;
        *out = c->dict_bytes[index];
        return true;
    }
    if (c->encoding != HR_PQ_PLAIN) return false;
    if (col->phys == HR_PQ_BYTE_ARRAY) return take_bytes(&c->p, c->p_end, out);
    size_t width = value_width(col);
    if (width == 0 || (size_t)(c->p_end - c->p) < width) return false;
    *out = (hr_pq_bytes){.s = (const char *)c->p, .n = (uint32_t)width};
    c->p += width;
    return true;
}

hr_status hr_pq_read_bytes(hr_pq_cursor *c, hr_pq_bytes *out, uint32_t cap, uint32_t *n_out,
                           hr_err *err)
{
    uint32_t n = 0;
    *n_out = 0;
    if (c->rows_left == 0) return HR_END;
    HR_TRY(next_page(c, err)); /* views end with their page */
    for (; n < cap && c->page_left > 0; n++) {
        uint32_t level = 1;
        if (c->has_levels) hybrid_get(&c->levels, &level, 1);
        if (c->has_levels && c->levels.is_bad) return damaged(c, err, "cut levels");
        out[n] = (hr_pq_bytes){.s = NULL};
        if (level != 0 && !get_bytes(c, &out[n]))
            return damaged(c, err, "values are cut or out of range");
        c->page_left--;
        c->rows_left--;
    }
    *n_out = n;
    return HR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of a column chunk: headers, bodies, dictionaries, and where their values begin. */
#include <stdio.h>
#include <string.h>

#include "fmt/codec_block.h"
#include "fmt/pq_encode.h"
#include "fmt/pq_file.h"
#include "fmt/pq_index.h"
#include "kern/kern.h"

#define HEAD_BYTES 2048u          /* read at first: enough for all but long statistics */
#define WINDOW_BYTES 16384u       /* read at once, at least */
#define HEAD_BYTES_MAX (1u << 20) /* a header over it is refused */

hr_status hr_pq_damaged(hr_pq_cursor *c, hr_err *err, const char *why)
{
    int64_t at = c->at;
    c->page_left = 0; /* whoever goes on meets the end of the chunk, not stale pointers */
    c->at = c->end;
    return HR_FAIL(err, HR_ECORRUPT, "column '%s', row group %u: %s, near offset %lld",
                   c->column->name, c->group, why, (long long)at);
}

static uint8_t *alloc(hr_pq_cursor *c, size_t n_bytes)
{
    _Atomic uint32_t *busy = c->file->grow_busy;
    uint32_t expect = 0;
    while (busy != NULL && !atomic_compare_exchange_weak_explicit(
                               busy, &expect, 1, memory_order_acquire, memory_order_relaxed))
        expect = 0;
    uint8_t *p = hr_arena_alloc(c->arena, n_bytes, 64);
    if (busy != NULL) atomic_store_explicit(busy, 0, memory_order_release);
    return p;
}

hr_status hr_pq_buffer_grow(hr_pq_cursor *c, pq_buffer *b, size_t need_bytes, hr_err *err)
{
    if (need_bytes <= b->cap && b->p != NULL) return HR_OK;
    size_t cap = HR_MAX(need_bytes, b->cap + b->cap / 2);
    uint8_t *p = alloc(c, cap + 64);
    if (p == NULL) {
        cap = need_bytes;
        p = alloc(c, cap + 64);
    }
    if (p == NULL)
        return HR_FAIL(err, HR_EBUDGET,
                       "no memory for a page of '%s' (%zu bytes): raise engine.memory",
                       c->column->name, need_bytes);
    b->p = p;
    b->cap = cap;
    return HR_OK;
}

/* ---- headers ---- */

static void read_data_head(hr_thrift_in *t, pq_page *p)
{
    hr_tr_field f = {0};
    while (hr_tr_next(t, &f)) {
        if (f.type >= HR_TR_BINARY) {
            hr_tr_skip(t, f.type);
            continue;
        }
        int32_t v = hr_tr_int32(t, f.type);
        if (f.id == 1) p->n_values = v;
        if (!p->is_v2 && f.id == 2) p->encoding = v;
        if (!p->is_v2 && f.id == 3) p->def_encoding = v;
        if (p->is_v2 && f.id == 4) p->encoding = v;
        if (p->is_v2 && f.id == 5) p->def_bytes = v;
        if (p->is_v2 && f.id == 6) p->rep_bytes = v;
        if (p->is_v2 && f.id == 7) p->is_compressed = v != 0;
    }
}

static bool parse_head(const uint8_t *buf, size_t n, pq_page *p)
{
    hr_thrift_in t = {.p = buf, .end = buf + n};
    hr_tr_field f = {0};
    *p = (pq_page){.type = -1,
                   .raw_bytes = -1,
                   .packed_bytes = -1,
                   .n_values = -1,
                   .encoding = -1,
                   .def_encoding = -1,
                   .is_compressed = true};
    while (hr_tr_next(&t, &f)) {
        if (f.id == 1)
            p->type = hr_tr_int32(&t, f.type);
        else if (f.id == 2)
            p->raw_bytes = hr_tr_int32(&t, f.type);
        else if (f.id == 3)
            p->packed_bytes = hr_tr_int32(&t, f.type);
        else if (f.id == 4) {
            p->crc = (uint32_t)hr_tr_int(&t, f.type);
            p->has_crc = true;
        } else if ((f.id == 5 || f.id == 7 || f.id == 8) && f.type == HR_TR_STRUCT) {
            p->is_v2 = f.id == 8;
            if (p->is_v2) p->def_bytes = p->rep_bytes = -1;
            read_data_head(&t, p);
        } else {
            hr_tr_skip(&t, f.type);
        }
    }
    p->head_bytes = (uint32_t)(t.p - buf);
    return !t.is_bad;
}

/* The format requires these fields, and has no checksum over them: one that is not there may be one
 * whose number was damaged, and a default in its place would read other values. */
static bool head_is_whole(const pq_page *p)
{
    if (p->type == HR_PQ_INDEX_PAGE) return true;
    return p->n_values >= 0 && p->encoding >= 0 &&
           (p->type != HR_PQ_DATA_PAGE || p->def_encoding >= 0);
}

static bool head_is_valid(const pq_page *p, int64_t left)
{
    int64_t levels = (int64_t)p->def_bytes + p->rep_bytes;
    return head_is_whole(p) && p->raw_bytes >= 0 && p->packed_bytes >= 0 && p->def_bytes >= 0 &&
           p->rep_bytes >= 0 && p->packed_bytes <= left - (int64_t)p->head_bytes &&
           levels <= p->packed_bytes && levels <= p->raw_bytes &&
           p->is_v2 == (p->type == HR_PQ_DATA_PAGE_V2);
}

/* The bytes from this offset on, need of them or more, want if they have to be read; *got is less
 * than need where the file ends. They stay until the next call. */
static hr_status fetch(hr_pq_cursor *c, int64_t at, size_t need, size_t want, size_t *got,
                       uint8_t **out, hr_err *err)
{
    const hr_pq_file *f = c->file;
    int64_t skip = at - c->window_at;
    bool is_inside = skip >= 0 && skip < (int64_t)c->window_bytes;
    size_t have = is_inside ? c->window_bytes - (size_t)skip : 0;
    *got = have;
    *out = c->packed.p + (is_inside ? skip : 0);
    if (have >= need) return HR_OK;
    c->window_bytes = 0;
    if (want > c->packed.cap) {
        have = 0;
        HR_TRY(hr_pq_buffer_grow(c, &c->packed, want, err));
    }
    if (have > 0) memmove(c->packed.p, *out, have);
    *out = c->packed.p;
    int64_t n = f->read_at(f->self, c->packed.p + have, want - have, at + (int64_t)have);
    if (n < 0) return HR_FAIL_SYS(err, n, "cannot read at offset %lld", (long long)c->at);
    c->window_at = at;
    c->window_bytes = *got = have + (size_t)n;
    return HR_OK;
}

hr_status hr_pq_page_head(hr_pq_cursor *c, pq_page *out, hr_err *err)
{
    const hr_pq_file *f = c->file;
    const size_t left = (size_t)(c->end - c->at);
    bool is_read = false;
    for (size_t room = HEAD_BYTES; !is_read; room *= 8) {
        uint8_t *buf;
        size_t got;
        size_t need = HR_MIN(HR_MIN(room, (size_t)HEAD_BYTES_MAX), left);
        HR_TRY(fetch(c, c->at, need, HR_MIN(HR_MAX(need, WINDOW_BYTES), left), &got, &buf, err));
        is_read = parse_head(buf, HR_MIN(got, (size_t)HEAD_BYTES_MAX), out);
        if (!is_read && (got < need || need == left || need == HEAD_BYTES_MAX)) break;
    }
    if (!is_read || !head_is_valid(out, c->end - c->at)) {
        bool is_past = c->at >= c->chunk->first_offset + c->chunk->packed_bytes;
        return hr_pq_damaged(c, err, is_past ? "too few values" : "a damaged page header");
    }
    if ((uint32_t)out->raw_bytes > f->limits.page_bytes)
        return HR_FAIL(err, HR_ELIMIT, "column '%s': a page of %d bytes at offset %lld, at most %u",
                       c->column->name, out->raw_bytes, (long long)c->at, f->limits.page_bytes);
    return HR_OK;
}

/* ---- bodies ---- */

/* The page's bytes as the file has them; with them, on the way, the next page's header. */
static hr_status read_packed(hr_pq_cursor *c, const pq_page *p, uint8_t **out, hr_err *err)
{
    const int64_t at = c->at + p->head_bytes;
    const size_t n = (size_t)p->packed_bytes;
    size_t want = HR_MIN(HR_MAX(n + HEAD_BYTES, WINDOW_BYTES), (size_t)(c->end - at));
    size_t got;
    HR_TRY(fetch(c, at, n, HR_MAX(want, n), &got, out, err));
    if (got < n) return hr_pq_damaged(c, err, "the file ends");
    if (p->has_crc && hr_pq_crc(0, *out, n) != p->crc)
        return hr_pq_damaged(c, err, "wrong checksum");
    return HR_OK;
}

/* *body: in `to`, or as the file has it, which stays until the next page is begun. */
static hr_status load_body(hr_pq_cursor *c, const pq_page *p, pq_buffer *to, uint8_t **body,
                           hr_err *err)
{
    size_t raw = (size_t)p->raw_bytes;
    size_t packed = (size_t)p->packed_bytes;
    hr_pq_codec codec = (hr_pq_codec)c->chunk->codec;
    uint8_t *from;
    /* Arrow before 3.0 compressed pages of version 2 and said they were not. */
    bool is_plain = codec == HR_PQ_UNCOMPRESSED || (p->is_v2 && !p->is_compressed && raw == packed);
    if (is_plain && raw != packed) return hr_pq_damaged(c, err, "a plain page of two sizes");
    HR_TRY(read_packed(c, p, &from, err));
    size_t levels = (size_t)p->def_bytes + (size_t)p->rep_bytes; /* of v2: never compressed */
    *body = is_plain ? from : NULL;
    if (!is_plain && codec == HR_PQ_ZSTD && levels == 0) {
        size_t at = hr_zstd_stored(from, packed, raw);
        *body = at > 0 ? from + at : NULL;
    }
    if (*body != NULL) return HR_OK;
    HR_TRY(hr_pq_buffer_grow(c, to, raw, err));
    *body = to->p;
    memcpy(to->p, from, levels);
    if (raw == levels) return HR_OK;
    hr_status st = hr_codec_decode(c->file->codec, codec, to->p + levels, raw - levels,
                                   from + levels, packed - levels, err);
    if (st != HR_OK)
        hr_err_prefix(err, "column '%s', row group %u, page at offset %lld", c->column->name,
                      c->group, (long long)c->at);
    return st;
}

/* A dictionary outlives the pages that are read after it. */
static hr_status load_dict_body(hr_pq_cursor *c, const pq_page *p, hr_err *err)
{
    uint8_t *body;
    size_t raw = (size_t)p->raw_bytes;
    HR_TRY(load_body(c, p, &c->dict_raw, &body, err));
    HR_TRY(hr_pq_buffer_grow(c, &c->dict_raw, raw, err));
    if (body != c->dict_raw.p && raw > 0) memcpy(c->dict_raw.p, body, raw);
    return HR_OK;
}

static hr_status load_dict(hr_pq_cursor *c, const pq_page *p, hr_err *err)
{
    const hr_pq_column *col = c->column;
    size_t width = hr_pq_value_width(col);
    size_t n = (size_t)p->n_values;
    if (c->has_dict) return hr_pq_damaged(c, err, "a second dictionary");
    if (col->phys == HR_PQ_BOOLEAN) return hr_pq_damaged(c, err, "a dictionary of booleans");
    if (p->encoding != HR_PQ_PLAIN && p->encoding != HR_PQ_PLAIN_DICTIONARY)
        return hr_pq_damaged(c, err, "a dictionary of unknown encoding");
    if ((uint32_t)p->raw_bytes > c->file->limits.dict_bytes)
        return HR_FAIL(err, HR_ELIMIT, "dictionary of '%s' is too large", col->name);
    if (n > (size_t)p->raw_bytes / (width == 0 ? 4 : width))
        return hr_pq_damaged(c, err, "too many dictionary values");
    HR_TRY(load_dict_body(c, p, err));
    const uint8_t *at = c->dict_raw.p;
    const uint8_t *end = at + p->raw_bytes;
    if (width == 0) {
        HR_TRY(hr_pq_buffer_grow(c, &c->dict_text, n * sizeof(hr_pq_bytes), err));
        hr_pq_bytes *text = (hr_pq_bytes *)(void *)c->dict_text.p;
        for (size_t i = 0; i < n; i++)
            if (!hr_pq_bytes_take(&at, end, &text[i]))
                return hr_pq_damaged(c, err, "a cut dictionary value");
    } else {
        HR_TRY(hr_pq_buffer_grow(c, &c->dict, n * sizeof(int64_t), err));
        hr_pq_values_widen(at, col, (int64_t *)(void *)c->dict.p, n);
    }
    c->n_dict = (uint32_t)n;
    c->has_dict = true;
    return HR_OK;
}

/* ---- where values begin ---- */

/* The deprecated encoding: a bit a value from the highest bit of each byte down, no length before
 * it. Turned over in place, it is a packed run. */
static hr_status begin_packed_levels(hr_pq_cursor *c, const pq_page *p, hr_err *err)
{
    size_t n = ((size_t)p->n_values + 7) / 8;
    uint8_t *at = c->body;
    if (n > (size_t)p->raw_bytes) return hr_pq_damaged(c, err, "cut levels");
    for (size_t i = 0; i < n; i++) {
        unsigned v = at[i];
        v = (v & 0x0fu) << 4 | v >> 4;
        v = (v & 0x33u) << 2 | (v >> 2 & 0x33u);
        at[i] = (uint8_t)((v & 0x55u) << 1 | (v >> 1 & 0x55u));
    }
    hr_pq_hybrid_begin_packed(&c->levels, at, at + n, 1);
    c->p += n;
    return HR_OK;
}

static hr_status begin_levels(hr_pq_cursor *c, const pq_page *p, hr_err *err)
{
    c->has_levels = c->column->nullable;
    c->p = c->body;
    c->p_end = c->body + p->raw_bytes;
    if (p->is_v2) {
        c->p += p->rep_bytes; /* a flat column has none, but some writers put their zeros */
        if (c->has_levels) hr_pq_hybrid_begin(&c->levels, c->p, c->p + p->def_bytes, 1);
        c->p += p->def_bytes;
    } else if (c->has_levels) {
        uint32_t n;
        if (p->def_encoding == HR_PQ_BIT_PACKED) return begin_packed_levels(c, p, err);
        if (p->def_encoding != HR_PQ_RLE)
            return HR_FAIL(err, HR_EUNSUPPORTED, "column '%s' has levels of encoding %d",
                           c->column->name, p->def_encoding);
        if (p->raw_bytes < 4) return hr_pq_damaged(c, err, "cut levels");
        memcpy(&n, c->p, 4);
        if (n > (uint32_t)p->raw_bytes - 4) return hr_pq_damaged(c, err, "cut levels");
        hr_pq_hybrid_begin(&c->levels, c->p + 4, c->p + 4 + n, 1);
        c->p += 4 + n;
    }
    return HR_OK;
}

/* Streams are put together at once: what follows is plain. */
static hr_status begin_split(hr_pq_cursor *c, hr_err *err)
{
    size_t width = hr_pq_value_width(c->column);
    size_t n_bytes = (size_t)(c->p_end - c->p);
    size_t n = n_bytes / width;
    if (n * width != n_bytes) return hr_pq_damaged(c, err, "streams of unequal length");
    HR_TRY(hr_pq_buffer_grow(c, &c->flat, n_bytes, err));
    if (width == 8) hr_kern_get()->enc.join8(c->flat.p, c->p, n);
    for (size_t k = 0; k < width && width != 8; k++)
        for (size_t i = 0; i < n; i++)
            c->flat.p[i * width + k] = c->p[k * n + i];
    c->p = c->flat.p;
    c->p_end = c->p + n_bytes;
    return HR_OK;
}

/* A stream of lengths, each below 2^31, into the views; *end: the first byte behind it. */
static hr_status read_lengths(hr_pq_cursor *c, const pq_page *p, const uint8_t *at,
                              const uint8_t **end, hr_err *err)
{
    hr_pq_delta d;
    if (!hr_pq_delta_begin(&d, at, c->p_end) || d.n_values > (uint64_t)p->n_values)
        return hr_pq_damaged(c, err, "bad lengths of texts");
    if (d.n_values > c->file->limits.page_bytes / sizeof(hr_pq_bytes))
        return HR_FAIL(err, HR_ELIMIT, "column '%s': %llu texts in a page", c->column->name,
                       (unsigned long long)d.n_values);
    c->n_views = (uint32_t)d.n_values;
    c->view_at = 0;
    HR_TRY(hr_pq_buffer_grow(c, &c->views, c->n_views * sizeof(hr_pq_bytes), err));
    hr_pq_bytes *view = (hr_pq_bytes *)(void *)c->views.p;
    for (uint32_t i = 0; i < c->n_views;) {
        uint32_t k = HR_MIN(c->n_views - i, HR_PQ_STEP);
        if (!hr_pq_delta_get(&d, c->wide, k)) return hr_pq_damaged(c, err, "cut lengths of texts");
        for (uint32_t j = 0; j < k; j++, i++) {
            if (c->wide[j] < 0 || c->wide[j] > INT32_MAX)
                return hr_pq_damaged(c, err, "a length of a text below zero");
            view[i] = (hr_pq_bytes){.s = "", .n = (uint32_t)c->wide[j]};
        }
    }
    *end = hr_pq_delta_end(&d);
    return *end != NULL ? HR_OK : hr_pq_damaged(c, err, "cut lengths of texts");
}

static hr_status begin_lengths(hr_pq_cursor *c, const pq_page *p, hr_err *err)
{
    const uint8_t *at;
    HR_TRY(read_lengths(c, p, c->p, &at, err));
    hr_pq_bytes *view = (hr_pq_bytes *)(void *)c->views.p;
    for (uint32_t i = 0; i < c->n_views; i++) {
        if (view[i].n > (size_t)(c->p_end - at)) return hr_pq_damaged(c, err, "a cut text");
        view[i].s = (const char *)at;
        at += view[i].n;
    }
    return HR_OK;
}

/* Walks the lengths of the suffixes beside those of the prefixes, which the views hold. Without
 * out: adds up what the texts take. With it: writes them. */
static hr_status join_prefixes(hr_pq_cursor *c, const uint8_t *lengths, const uint8_t *suffixes,
                               uint8_t *out, uint64_t *total, hr_err *err)
{
    hr_pq_bytes *view = (hr_pq_bytes *)(void *)c->views.p;
    hr_pq_delta d;
    const uint8_t *at = suffixes;
    const char *text = "";
    uint64_t before = 0; /* length of the text before */
    *total = 0;
    if (!hr_pq_delta_begin(&d, lengths, c->p_end) || d.n_values != c->n_views)
        return hr_pq_damaged(c, err, "bad lengths of suffixes");
    for (uint32_t i = 0; i < c->n_views; i++) {
        int64_t n;
        if (i % HR_PQ_STEP == 0 &&
            !hr_pq_delta_get(&d, c->wide, HR_MIN(c->n_views - i, HR_PQ_STEP)))
            return hr_pq_damaged(c, err, "cut lengths of suffixes");
        n = c->wide[i % HR_PQ_STEP];
        if (n < 0 || view[i].n > before || (at != NULL && n > c->p_end - at))
            return hr_pq_damaged(c, err, "a cut suffix, or a prefix longer than the text before");
        before = view[i].n + (uint64_t)n;
        *total += before;
        if (*total > c->file->limits.page_bytes)
            return HR_FAIL(err, HR_ELIMIT, "column '%s': texts of a page over %u bytes",
                           c->column->name, c->file->limits.page_bytes);
        if (out == NULL) continue;
        memcpy(out, text, view[i].n);
        memcpy(out + view[i].n, at, (size_t)n);
        at += n;
        view[i] = (hr_pq_bytes){.s = (const char *)out, .n = (uint32_t)before};
        text = view[i].s;
        out += before;
    }
    return HR_OK;
}

static hr_status begin_prefixes(hr_pq_cursor *c, const pq_page *p, hr_err *err)
{
    const uint8_t *lengths;
    uint64_t total;
    hr_pq_delta d;
    HR_TRY(read_lengths(c, p, c->p, &lengths, err));
    HR_TRY(join_prefixes(c, lengths, NULL, NULL, &total, err));
    if (!hr_pq_delta_begin(&d, lengths, c->p_end))
        return hr_pq_damaged(c, err, "bad lengths of suffixes");
    while (d.left > 0)
        if (!hr_pq_delta_get(&d, c->wide, (uint32_t)HR_MIN(d.left, (uint64_t)HR_PQ_STEP)))
            return hr_pq_damaged(c, err, "cut lengths of suffixes");
    const uint8_t *suffixes = hr_pq_delta_end(&d);
    if (suffixes == NULL) return hr_pq_damaged(c, err, "cut lengths of suffixes");
    HR_TRY(hr_pq_buffer_grow(c, &c->flat, (size_t)total, err));
    HR_TRY(join_prefixes(c, lengths, suffixes, c->flat.p, &total, err));
    if (c->column->phys != HR_PQ_FIXED) return HR_OK;
    const hr_pq_bytes *view = (const hr_pq_bytes *)(const void *)c->views.p;
    for (uint32_t i = 0; i < c->n_views; i++)
        if (view[i].n != c->column->type_length)
            return hr_pq_damaged(c, err, "a value of another length than its type");
    c->mode = PQ_MODE_PLAIN;
    c->p = c->flat.p;
    c->p_end = c->p + total;
    return HR_OK;
}

static hr_status begin_bits(hr_pq_cursor *c, hr_err *err)
{
    uint32_t n;
    if (c->p_end - c->p < 4) return hr_pq_damaged(c, err, "cut booleans");
    memcpy(&n, c->p, 4);
    if (n > (size_t)(c->p_end - c->p - 4)) return hr_pq_damaged(c, err, "cut booleans");
    hr_pq_hybrid_begin(&c->indexes, c->p + 4, c->p + 4 + n, 1);
    return HR_OK;
}

static bool encoding_fits(hr_pq_encoding e, hr_pq_phys phys)
{
    bool is_bool = phys == HR_PQ_BOOLEAN;
    switch (e) {
    case HR_PQ_PLAIN:
        return true;
    case HR_PQ_PLAIN_DICTIONARY:
    case HR_PQ_RLE_DICTIONARY:
        return !is_bool;
    case HR_PQ_RLE:
        return is_bool;
    case HR_PQ_DELTA_BINARY_PACKED:
        return phys == HR_PQ_INT32 || phys == HR_PQ_INT64;
    case HR_PQ_DELTA_LENGTH_BYTE_ARRAY:
        return phys == HR_PQ_BYTE_ARRAY;
    case HR_PQ_DELTA_BYTE_ARRAY:
        return phys == HR_PQ_BYTE_ARRAY || phys == HR_PQ_FIXED;
    case HR_PQ_BYTE_STREAM_SPLIT:
        return !is_bool && phys != HR_PQ_BYTE_ARRAY && phys != HR_PQ_INT96;
    case HR_PQ_BIT_PACKED:
        break;
    }
    return false;
}

static hr_status begin_values(hr_pq_cursor *c, const pq_page *p, hr_err *err)
{
    hr_pq_encoding e = (hr_pq_encoding)p->encoding;
    bool is_bool = c->column->phys == HR_PQ_BOOLEAN;
    if (!encoding_fits(e, c->column->phys))
        return HR_FAIL(err, HR_EUNSUPPORTED, "column '%s': encoding %d of physical type %d",
                       c->column->name, p->encoding, (int)c->column->phys);
    c->mode = is_bool ? PQ_MODE_BITS : PQ_MODE_PLAIN;
    if (is_bool) hr_pq_hybrid_begin_packed(&c->indexes, c->p, c->p_end, 1);
    if (c->p == c->p_end) return HR_OK; /* nulls alone: nothing to take */
    switch (e) {
    case HR_PQ_PLAIN_DICTIONARY:
    case HR_PQ_RLE_DICTIONARY:
        if (!c->has_dict) return hr_pq_damaged(c, err, "indexes without a dictionary");
        c->mode = PQ_MODE_DICT;
        hr_pq_hybrid_begin(&c->indexes, c->p + 1, c->p_end, *c->p);
        return c->indexes.is_bad ? hr_pq_damaged(c, err, "a bad index width") : HR_OK;
    case HR_PQ_DELTA_BINARY_PACKED:
        c->mode = PQ_MODE_DELTA;
        return hr_pq_delta_begin(&c->ints, c->p, c->p_end)
                   ? HR_OK
                   : hr_pq_damaged(c, err, "a bad delta header");
    case HR_PQ_BYTE_STREAM_SPLIT:
        return begin_split(c, err);
    case HR_PQ_RLE:
        return begin_bits(c, err);
    case HR_PQ_DELTA_LENGTH_BYTE_ARRAY:
        c->mode = PQ_MODE_VIEWS;
        return begin_lengths(c, p, err);
    case HR_PQ_DELTA_BYTE_ARRAY:
        c->mode = PQ_MODE_VIEWS;
        return begin_prefixes(c, p, err);
    case HR_PQ_PLAIN:
    case HR_PQ_BIT_PACKED:
        break;
    }
    return HR_OK;
}

static hr_status begin_page(hr_pq_cursor *c, const pq_page *p, hr_err *err)
{
    if (p->n_values > c->rows_left) return hr_pq_damaged(c, err, "more values than rows");
    HR_TRY(load_body(c, p, &c->raw, &c->body, err));
    HR_TRY(begin_levels(c, p, err));
    return begin_values(c, p, err);
}

hr_status hr_pq_next_page(hr_pq_cursor *c, hr_err *err)
{
    while (c->page_left == 0) {
        pq_page p = {0};
        hr_status st = HR_OK;
        if (c->at >= c->end) return hr_pq_damaged(c, err, "too few values");
        HR_TRY(hr_pq_page_head(c, &p, err));
        bool has_rows = p.type == HR_PQ_DATA_PAGE || p.type == HR_PQ_DATA_PAGE_V2;
        if (p.type == HR_PQ_DICTIONARY_PAGE)
            st = load_dict(c, &p, err);
        else if (has_rows)
            st = begin_page(c, &p, err);
        if (st != HR_OK) {
            c->at = c->end; /* no reading on past a page that was refused */
            return st;
        }
        c->at += (int64_t)p.head_bytes + p.packed_bytes;
        if (has_rows) c->page_left = (uint32_t)p.n_values;
    }
    return HR_OK;
}

/* ---- a row of the chunk ---- */

/* The offset index of the row group, if it has one; it is read once. */
static hr_status load_spots(hr_pq_cursor *c, hr_err *err)
{
    hr_pq_detail d;
    hr_pq_bound index;
    hr_pq_file *f = c->file;
    if (c->n_spots > 0 && c->spots_group == c->group) return HR_OK;
    c->n_spots = 0;
    hr_pq_chunk_detail(f, c->group, c->col, &d);
    if (d.offset_index.n_bytes == 0) return HR_OK;
    HR_TRY(hr_pq_place_check(f, &d.offset_index, err));
    c->window_bytes = 0;
    HR_TRY(hr_pq_buffer_grow(c, &c->packed, (size_t)d.offset_index.n_bytes, err));
    HR_TRY(hr_pq_place_read(f, &d.offset_index, c->packed.p, err));
    index = (hr_pq_bound){.p = c->packed.p, .n = (uint32_t)d.offset_index.n_bytes};
    uint32_t n = hr_pq_spots_count(index.p, index.n);
    HR_TRY(hr_pq_buffer_grow(c, &c->spots, n * sizeof(hr_pq_spot), err));
    if (!hr_pq_spots_read(f, c->group, c->col, &index, (hr_pq_spot *)(void *)c->spots.p))
        return hr_pq_damaged(c, err, "a damaged page index");
    c->n_spots = n;
    c->spots_group = c->group;
    return HR_OK;
}

/* Over pages by their headers, until the next holds the row; takes the dictionary on the way.
 * only_dict: no further. *row: what is left to pass. */
static hr_status walk_heads(hr_pq_cursor *c, int64_t *row, bool only_dict, hr_err *err)
{
    while (*row > 0) {
        pq_page p = {0};
        if (c->at >= c->end) return hr_pq_damaged(c, err, "too few values");
        HR_TRY(hr_pq_page_head(c, &p, err));
        bool has_rows = p.type == HR_PQ_DATA_PAGE || p.type == HR_PQ_DATA_PAGE_V2;
        if (has_rows && (only_dict || p.n_values > *row)) return HR_OK;
        if (has_rows) {
            *row -= p.n_values;
            c->rows_left -= p.n_values;
        } else if (p.type == HR_PQ_DICTIONARY_PAGE) {
            HR_TRY(load_dict(c, &p, err));
        }
        c->at += (int64_t)p.head_bytes + p.packed_bytes;
    }
    return HR_OK;
}

hr_status hr_pq_find_row(hr_pq_cursor *c, int64_t row, hr_err *err)
{
    uint32_t low = 0;
    int64_t left = row;
    int64_t n_rows = c->rows_left;
    if (row == 0) return HR_OK;
    HR_TRY(load_spots(c, err));
    const hr_pq_spot *spot = (const hr_pq_spot *)(const void *)c->spots.p;
    if (c->n_spots == 0) c->n_kept = 0; /* it lies on the way */
    if (c->n_kept > 0) {
        c->n_dict = c->n_kept;
        c->has_dict = true;
    } else if (c->n_spots == 0 || spot[0].offset != c->at) {
        HR_TRY(walk_heads(c, &left, c->n_spots > 0, err));
    }
    if (c->n_spots > 0) {
        for (uint32_t high = c->n_spots; high - low > 1;) { /* the last that begins by then */
            uint32_t mid = low + (high - low) / 2;
            *(spot[mid].row <= row ? &low : &high) = mid;
        }
        left = row - spot[low].row;
        c->at = spot[low].offset;
        c->rows_left = n_rows - spot[low].row;
        int64_t end = low + 1 < c->n_spots ? spot[low + 1].row : n_rows;
        HR_TRY(hr_pq_next_page(c, err));
        if (c->page_left != end - spot[low].row)
            return hr_pq_damaged(c, err, "a page of other rows than its index says");
    }
    if (left == 0) return HR_OK;
    HR_TRY(hr_pq_next_page(c, err));
    return hr_pq_pass_rows(c, (uint32_t)left, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fmt/ipc_array.h"

#include <math.h>
#include <string.h>

#include "fmt/codec_block.h"

#define WINDOW_BYTES ((size_t)64 << 10)
#define LENT_BYTES ((int64_t)48 << 10) /* of texts at a time, one at least */
#define VIEW_BYTES 16u
#define VIEW_INLINE 12u

static hr_status damaged(const hr_pq_cursor *c, hr_err *err, int64_t at, const char *why)
{
    return HR_FAIL(err, HR_ECORRUPT, "column '%s', batch %u: %s, near offset %lld", c->column->name,
                   c->group, why, (long long)at);
}

static const ipc_file *file_of(const hr_pq_cursor *c)
{
    return (const ipc_file *)(const void *)c->file;
}

/* ---- buffers ---- */

static hr_status fetch(const hr_pq_cursor *c, void *to, size_t n, int64_t at, hr_err *err)
{
    int64_t got = c->file->read_at(c->file->self, to, n, at);
    if (got < 0) return HR_FAIL_SYS(err, got, "cannot read at offset %lld", (long long)at);
    return (size_t)got == n ? HR_OK : damaged(c, err, at, "the file is cut short");
}

/* Compressed buffers begin with an i64 of what they hold; -1: as it is. */
static hr_status open_packed(const hr_pq_cursor *c, ipc_buf *b, int codec, hr_err *err)
{
    uint8_t head[8];
    if (b->n_bytes == 0) return HR_OK;
    if (b->n_bytes < 8) return damaged(c, err, b->at, "a compressed buffer without its length");
    HR_TRY(fetch(c, head, sizeof head, b->at, err));
    int64_t n = hr_fb_le64(head);
    b->at += 8;
    b->stored_bytes -= 8;
    b->n_bytes = b->stored_bytes;
    if (n == -1) return HR_OK;
    if (n < 0) return damaged(c, err, b->at, "a compressed buffer of a negative length");
    if (n > c->file->limits.page_bytes || (size_t)b->stored_bytes > file_of(c)->packed_cap)
        return HR_FAIL(err, HR_ELIMIT,
                       "column '%s', batch %u: a compressed buffer of %lld bytes, at most %u are "
                       "read: write smaller batches",
                       c->column->name, c->group, (long long)n, c->file->limits.page_bytes);
    b->n_bytes = n;
    b->codec = codec;
    return HR_OK;
}

static hr_status open_buf(const hr_pq_cursor *c, ipc_buf *b, const ipc_batch *batch, uint32_t i,
                          const ipc_block *k, hr_err *err)
{
    pq_buffer mem = b->mem;
    *b = (ipc_buf){.mem = mem, .codec = HR_IPC_PLAIN};
    if (i >= batch->buffers.n) return damaged(c, err, k->at, "a batch with too few buffers");
    const uint8_t *p = batch->buffers.p + (size_t)i * IPC_BUFFER_BYTES;
    int64_t at = hr_fb_le64(p);
    int64_t n = hr_fb_le64(p + 8);
    if (at < 0 || n < 0 || at > k->body_bytes || n > k->body_bytes - at)
        return damaged(c, err, k->at, "a buffer outside of its batch");
    b->at = k->body_at + at;
    b->stored_bytes = b->n_bytes = n;
    return batch->codec == HR_IPC_PLAIN ? HR_OK : open_packed(c, b, batch->codec, err);
}

static hr_status unpack(hr_pq_cursor *c, ipc_buf *b, hr_err *err)
{
    size_t n = (size_t)b->n_bytes;
    size_t stored = (size_t)b->stored_bytes;
    uint8_t *packed = file_of(c)->packed;
    bool ok;
    HR_TRY(hr_pq_buffer_grow(c, &b->mem, n, err));
    HR_TRY(fetch(c, packed, stored, b->at, err));
    if (b->codec == IPC_LZ4_FRAME)
        ok = hr_lz4_decode_frames(b->mem.p, n, packed, stored);
    else
        ok =
            hr_codec_decode(c->file->codec, HR_PQ_ZSTD, b->mem.p, n, packed, stored, NULL) == HR_OK;
    if (!ok)
        return damaged(c, err, b->at,
                       b->codec == IPC_ZSTD ? "a buffer is damaged, or no zstd"
                                            : "a buffer is damaged, or no LZ4 frame");
    b->win_at = 0;
    b->win_bytes = n;
    return HR_OK;
}

/* n bytes of a buffer from here on; good until the next call on it. */
static hr_status get(hr_pq_cursor *c, ipc_buf *b, int64_t at, size_t n, const uint8_t **out,
                     hr_err *err)
{
    static const uint8_t none[1];
    *out = none;
    if (at < 0 || at > b->n_bytes || (int64_t)n > b->n_bytes - at)
        return damaged(c, err, b->at, "a buffer is too short for its rows");
    if (n == 0) return HR_OK;
    if (b->codec != HR_IPC_PLAIN && b->win_bytes == 0) HR_TRY(unpack(c, b, err));
    if (at < b->win_at || at - b->win_at > (int64_t)b->win_bytes ||
        n > b->win_bytes - (size_t)(at - b->win_at)) {
        if (n > c->file->limits.page_bytes)
            return HR_FAIL(err, HR_ELIMIT, "column '%s': a value of %zu bytes, at most %u are read",
                           c->column->name, n, c->file->limits.page_bytes);
        size_t want = (size_t)HR_MIN((int64_t)HR_MAX(n, WINDOW_BYTES), b->n_bytes - at);
        b->win_bytes = 0;
        HR_TRY(hr_pq_buffer_grow(c, &b->mem, HR_MAX(want, WINDOW_BYTES), err));
        HR_TRY(fetch(c, b->mem.p, want, b->at + at, err));
        b->win_at = at;
        b->win_bytes = want;
    }
    *out = b->mem.p + (at - b->win_at);
    return HR_OK;
}

/* ---- opening ---- */

/* Buffers of texts that views point into, as many as the batch says. */
static hr_status open_views(hr_pq_cursor *c, ipc_array *a, const ipc_place *place, uint32_t first,
                            const ipc_block *k, hr_err *err)
{
    const ipc_batch *b = &file_of(c)->batch;
    if (place->variadic >= b->variadic.n)
        return damaged(c, err, k->at, "a batch that does not count the buffers of its views");
    int64_t n = hr_fb_le64(b->variadic.p + (size_t)place->variadic * 8);
    if (n < 0 || n > b->buffers.n) return damaged(c, err, k->at, "a wrong number of buffers");
    a->n_views = 0;
    if (n > a->cap_views) {
        pq_buffer mem = {0};
        size_t cap = HR_MAX((size_t)n, 2 * (size_t)a->cap_views);
        HR_TRY(hr_pq_buffer_grow(c, &mem, cap * sizeof *a->views, err));
        memset(mem.p, 0, cap * sizeof *a->views);
        if (a->views != NULL) memcpy(mem.p, a->views, a->cap_views * sizeof *a->views);
        a->views = (ipc_buf *)(void *)mem.p; /* with the memory that they had */
        a->cap_views = (uint32_t)cap;
    }
    for (uint32_t i = 0; i < n; i++)
        HR_TRY(open_buf(c, &a->views[i], b, first + i, k, err));
    a->n_views = (uint32_t)n;
    return HR_OK;
}

hr_status hr_ipc_array_open(hr_pq_cursor *c, ipc_array *a, const ipc_type *type,
                            const ipc_place *place, const ipc_block *k, hr_err *err)
{
    const ipc_batch *b = &file_of(c)->batch;
    uint64_t at = place->buffer;
    a->type = *type;
    a->row = a->n_rows = 0;
    if (place->node >= b->nodes.n || place->variadic > b->variadic.n)
        return damaged(c, err, k->at, "a batch with too few columns");
    const uint8_t *node = b->nodes.p + (size_t)place->node * IPC_NODE_BYTES;
    int64_t n_rows = hr_fb_le64(node);
    int64_t n_nulls = hr_fb_le64(node + 8);
    if (n_rows < 0 || n_rows > INT32_MAX || n_nulls > n_rows)
        return damaged(c, err, k->at, "a wrong number of rows");
    a->has_nulls = n_nulls != 0 && type->kind != IPC_NULLS;
    if (n_rows == 0 || type->kind == IPC_NULLS) { /* whatever buffers there are */
        a->n_rows = n_rows;
        return HR_OK;
    }
    for (uint32_t i = 0; i < place->variadic; i++)
        at += HR_MIN((uint64_t)hr_fb_le64(b->variadic.p + 8 * (size_t)i), UINT32_MAX);
    if (at > b->buffers.n) return damaged(c, err, k->at, "a batch with too few buffers");
    uint32_t first = (uint32_t)at;
    HR_TRY(open_buf(c, &a->valid, b, first, k, err));
    HR_TRY(open_buf(c, &a->main, b, first + 1, k, err));
    if (type->kind == IPC_TEXT) HR_TRY(open_buf(c, &a->data, b, first + 2, k, err));
    if (type->kind == IPC_VIEW) HR_TRY(open_views(c, a, place, first + 2, k, err));
    if (a->has_nulls && a->valid.n_bytes == 0)
        return damaged(c, err, k->at, "nulls without a bitmap");
    a->n_rows = n_rows;
    return HR_OK;
}

/* ---- rows ---- */

/* level[i] of the next n rows, where there are nulls. */
static hr_status read_valid(hr_pq_cursor *c, ipc_array *a, uint32_t n, hr_err *err)
{
    const uint8_t *p;
    uint32_t shift = (uint32_t)(a->row % 8);
    if (!a->has_nulls) return HR_OK;
    HR_TRY(get(c, &a->valid, a->row / 8, (shift + n + 7) / 8, &p, err));
    for (uint32_t i = 0; i < n; i++)
        c->level[i] = (p[(shift + i) / 8] >> (shift + i) % 8) & 1u;
    return HR_OK;
}

/* The next n values of fixed size. */
static hr_status values(hr_pq_cursor *c, ipc_array *a, uint32_t n, const uint8_t **p, hr_err *err)
{
    return get(c, &a->main, a->row * a->type.width, (size_t)n * a->type.width, p, err);
}

static uint64_t low_bytes(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;
    for (unsigned i = n; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

static void widen_small(int64_t *out, const uint8_t *p, uint32_t n, const ipc_type *t)
{
    const unsigned up = 64 - 8 * t->width;
    for (uint32_t i = 0; i < n; i++, p += t->width) {
        uint64_t v = low_bytes(p, t->width) << up;
        out[i] = t->is_signed ? (int64_t)v >> up : (int64_t)(v >> up);
    }
}

static void widen_ints(int64_t *out, const uint8_t *p, uint32_t n, const ipc_type *t)
{
    if (t->width < 8) {
        widen_small(out, p, n, t);
        return;
    }
    memcpy(out, p, n * sizeof *out);
    for (uint32_t i = 0; i < n && !t->is_signed; i++)
        if (out[i] < 0) out[i] = HR_PQ_WIDE_I64;
}

/* What 64 bits do not hold, and what stands for a null here, is HR_PQ_WIDE_I64. */
static void widen_decimals(int64_t *out, const uint8_t *p, uint32_t n, unsigned width)
{
    const ipc_type small = {IPC_INT, width, true};
    if (width < 8) {
        widen_small(out, p, n, &small);
        return;
    }
    for (uint32_t i = 0; i < n; i++, p += width) {
        int64_t v = hr_fb_le64(p);
        uint64_t rest = 0;
        for (unsigned k = 8; k < width; k += 8)
            rest |= (uint64_t)(hr_fb_le64(p + k) ^ (v < 0 ? -1 : 0));
        out[i] = rest == 0 && v != HR_NULL_I64 ? v : HR_PQ_WIDE_I64;
    }
}

static hr_status read_bits(hr_pq_cursor *c, ipc_array *a, int64_t *out, uint32_t n, hr_err *err)
{
    const uint8_t *p;
    uint32_t shift = (uint32_t)(a->row % 8);
    HR_TRY(get(c, &a->main, a->row / 8, (shift + n + 7) / 8, &p, err));
    for (uint32_t i = 0; i < n; i++)
        out[i] = (p[(shift + i) / 8] >> (shift + i) % 8) & 1;
    return HR_OK;
}

static void put_nulls(const hr_pq_cursor *c, const ipc_array *a, int64_t *out, uint32_t n,
                      int64_t null_value)
{
    for (uint32_t i = 0; i < n && a->has_nulls; i++)
        if (c->level[i] == 0) out[i] = null_value;
}

hr_status hr_ipc_array_ints(hr_pq_cursor *c, ipc_array *a, int64_t *out, uint32_t n, hr_err *err)
{
    const uint8_t *p;
    if (a->type.kind == IPC_NULLS) {
        for (uint32_t i = 0; i < n; i++)
            out[i] = HR_NULL_I64;
        a->row += n;
        return HR_OK;
    }
    HR_TRY(read_valid(c, a, n, err));
    if (a->type.kind == IPC_BITS) {
        HR_TRY(read_bits(c, a, out, n, err));
    } else {
        HR_TRY(values(c, a, n, &p, err));
        if (a->type.kind == IPC_DECIMAL)
            widen_decimals(out, p, n, a->type.width);
        else
            widen_ints(out, p, n, &a->type);
    }
    put_nulls(c, a, out, n, HR_NULL_I64);
    a->row += n;
    return HR_OK;
}

/* Sign, five bits of exponent, ten of fraction. */
static double half_of(uint16_t h)
{
    int exponent = (h >> 10) & 31;
    int fraction = h & 1023;
    double v = exponent == 31  ? (fraction != 0 ? (double)NAN : (double)INFINITY)
               : exponent == 0 ? ldexp(fraction, -24)
                               : ldexp(fraction + 1024, exponent - 25);
    return h >> 15 ? -v : v;
}

static double real_of(const uint8_t *p, uint32_t width)
{
    float single;
    double v;
    if (width == 2) return half_of((uint16_t)(p[0] | p[1] << 8));
    if (width == 8) {
        memcpy(&v, p, sizeof v);
        return v;
    }
    memcpy(&single, p, sizeof single);
    return (double)single;
}

hr_status hr_ipc_array_reals(hr_pq_cursor *c, ipc_array *a, int64_t *out, uint32_t n, hr_err *err)
{
    const double nan_value = (double)NAN;
    const uint8_t *p;
    int64_t null_bits;
    HR_TRY(read_valid(c, a, n, err));
    HR_TRY(values(c, a, n, &p, err));
    for (uint32_t i = 0; i < n; i++) {
        double v = real_of(p + (size_t)i * a->type.width, a->type.width);
        memcpy(&out[i], &v, sizeof v);
    }
    memcpy(&null_bits, &nan_value, sizeof null_bits);
    put_nulls(c, a, out, n, null_bits);
    a->row += n;
    return HR_OK;
}

/* ---- texts ---- */

static int64_t offset_at(const uint8_t *p, uint32_t width, uint32_t i)
{
    return width == 8 ? hr_fb_le64(p + 8 * (size_t)i) : (int32_t)hr_fb_le32(p + 4 * (size_t)i);
}

static hr_status lend_texts(hr_pq_cursor *c, ipc_array *a, hr_pq_bytes *out, uint32_t n,
                            uint32_t *n_out, hr_err *err)
{
    const uint8_t *p;
    const uint8_t *text;
    uint32_t w = a->type.width;
    uint32_t k = 0;
    HR_TRY(get(c, &a->main, a->row * w, (size_t)(n + 1) * w, &p, err));
    int64_t first = offset_at(p, w, 0);
    int64_t end = first;
    for (int64_t next; k < n; k++, end = next) {
        next = offset_at(p, w, k + 1);
        if (next < end) return damaged(c, err, a->main.at, "offsets that go back");
        if (next - end > UINT32_MAX) return damaged(c, err, a->main.at, "a text that is too long");
        if (k > 0 && next - first > LENT_BYTES) break;
    }
    if (first < 0) return damaged(c, err, a->main.at, "a negative offset");
    HR_TRY(get(c, &a->data, first, (size_t)(end - first), &text, err));
    for (uint32_t i = 0; i < k; i++) {
        int64_t from = offset_at(p, w, i);
        out[i] = (hr_pq_bytes){.s = (const char *)text + (from - first),
                               .n = (uint32_t)(offset_at(p, w, i + 1) - from)};
    }
    *n_out = k;
    return HR_OK;
}

/* i32 length, then up to 12 bytes of text; or its first 4, i32 buffer, i32 offset. False: the text
 * would displace one that was lent already. */
static hr_status lend_view(hr_pq_cursor *c, ipc_array *a, const uint8_t *view, hr_pq_bytes *out,
                           bool *fits, hr_err *err)
{
    const uint8_t *text;
    uint32_t n = hr_fb_le32(view);
    uint32_t which = hr_fb_le32(view + 8);
    int64_t at = (int32_t)hr_fb_le32(view + 12);
    *fits = true;
    *out = (hr_pq_bytes){.s = (const char *)view + 4, .n = n};
    if (n <= VIEW_INLINE) return HR_OK;
    if (n > INT32_MAX || which >= a->n_views)
        return damaged(c, err, a->main.at, "a view of no buffer");
    ipc_buf *b = &a->views[which];
    bool is_there =
        b->win_bytes > 0 && at >= b->win_at && at + n <= b->win_at + (int64_t)b->win_bytes;
    *fits = is_there || !b->is_lent;
    if (!*fits) return HR_OK;
    HR_TRY(get(c, b, at, n, &text, err));
    b->is_lent = true;
    out->s = (const char *)text;
    return HR_OK;
}

static hr_status lend_views(hr_pq_cursor *c, ipc_array *a, hr_pq_bytes *out, uint32_t n,
                            uint32_t *n_out, hr_err *err)
{
    const uint8_t *p;
    uint32_t k = 0;
    HR_TRY(values(c, a, n, &p, err));
    for (uint32_t i = 0; i < a->n_views; i++)
        a->views[i].is_lent = false;
    for (bool fits; k < n; k++) {
        if (a->has_nulls && c->level[k] == 0) continue;
        HR_TRY(lend_view(c, a, p + (size_t)k * VIEW_BYTES, &out[k], &fits, err));
        if (!fits) break;
    }
    *n_out = k;
    return HR_OK;
}

hr_status hr_ipc_array_bytes(hr_pq_cursor *c, ipc_array *a, hr_pq_bytes *out, uint32_t n,
                             uint32_t *n_out, hr_err *err)
{
    const uint8_t *p;
    *n_out = 0;
    if (n == 0) return HR_OK;
    HR_TRY(read_valid(c, a, n, err));
    if (a->type.kind == IPC_TEXT) {
        HR_TRY(lend_texts(c, a, out, n, n_out, err));
    } else if (a->type.kind == IPC_VIEW) {
        HR_TRY(lend_views(c, a, out, n, n_out, err));
    } else {
        uint32_t w = a->type.width;
        n = HR_MAX(HR_MIN(n, (uint32_t)WINDOW_BYTES / HR_MAX(w, 1u)), 1u);
        HR_TRY(values(c, a, n, &p, err));
        for (uint32_t i = 0; i < n; i++)
            out[i] = (hr_pq_bytes){.s = (const char *)p + (size_t)i * w, .n = w};
        *n_out = n;
    }
    for (uint32_t i = 0; i < *n_out && a->has_nulls; i++)
        if (c->level[i] == 0) out[i] = (hr_pq_bytes){.s = NULL};
    a->row += *n_out;
    return HR_OK;
}

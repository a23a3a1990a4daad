/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_THRIFT_WRITE_H
#define HR_FMT_THRIFT_WRITE_H
/* Thrift compact protocol, writing, into a fixed buffer. A full buffer is spilled where the caller
 * says how; else overflow is remembered, checked once at the end. Source: apache/thrift,
 * doc/specs/thrift-compact-protocol.md. Private to fmt. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"

#define HR_THRIFT_DEPTH 16

typedef struct hr_thrift_out {
    uint8_t *p;
    size_t n, cap;
    bool is_full; /* something did not fit, or a spill failed */
    bool (*spill)(void *self, const uint8_t *p, size_t n); /* NULL: none */
    void *spill_self;
    int16_t last[HR_THRIFT_DEPTH]; /* last field id a struct level */
    int depth;
} hr_thrift_out;

HR_INLINE void hr_tw_init(hr_thrift_out *t, void *buf, size_t cap)
{
    memset(t, 0, sizeof *t);
    t->p = buf;
    t->cap = cap;
}

/** Hands what is in the buffer to spill. */
HR_INLINE void hr_tw_flush(hr_thrift_out *t)
{
    if (t->n > 0 && !t->spill(t->spill_self, t->p, t->n)) t->is_full = true;
    t->n = 0;
}

HR_INLINE void hr_tw_raw(hr_thrift_out *t, const void *bytes, size_t n)
{
    if (n > t->cap - t->n && t->spill != NULL) hr_tw_flush(t);
    if (n > t->cap && t->spill != NULL) { /* a long text passes by the buffer */
        if (!t->spill(t->spill_self, bytes, n)) t->is_full = true;
        return;
    }
    if (n > t->cap - t->n) {
        t->is_full = true;
        return;
    }
    memcpy(t->p + t->n, bytes, n);
    t->n += n;
}

HR_INLINE void hr_tw_byte(hr_thrift_out *t, uint8_t v)
{
    hr_tw_raw(t, &v, 1);
}

HR_INLINE void hr_tw_varint(hr_thrift_out *t, uint64_t v)
{
    uint8_t b[10];
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        b[n++] = (uint8_t)(v | 0x80);
    b[n++] = (uint8_t)v;
    hr_tw_raw(t, b, n);
}

HR_INLINE void hr_tw_zigzag(hr_thrift_out *t, int64_t v)
{
    hr_tw_varint(t, ((uint64_t)v << 1) ^ (uint64_t)(v >> 63));
}

HR_INLINE void hr_tw_field(hr_thrift_out *t, int16_t id, uint8_t type)
{
    int step = id - t->last[t->depth];
    bool is_short = step > 0 && step < 16;
    hr_tw_byte(t, is_short ? (uint8_t)(step << 4 | type) : type);
    if (!is_short) hr_tw_zigzag(t, id);
    t->last[t->depth] = id;
}

HR_INLINE void hr_tw_i32(hr_thrift_out *t, int16_t id, int32_t v)
{
    hr_tw_field(t, id, 5);
    hr_tw_zigzag(t, v);
}

HR_INLINE void hr_tw_i64(hr_thrift_out *t, int16_t id, int64_t v)
{
    hr_tw_field(t, id, 6);
    hr_tw_zigzag(t, v);
}

HR_INLINE void hr_tw_bool(hr_thrift_out *t, int16_t id, bool v)
{
    hr_tw_field(t, id, v ? 1 : 2);
}

HR_INLINE void hr_tw_bytes(hr_thrift_out *t, const void *s, size_t n)
{
    hr_tw_varint(t, n);
    hr_tw_raw(t, s, n);
}

HR_INLINE void hr_tw_text(hr_thrift_out *t, int16_t id, const char *s)
{
    hr_tw_field(t, id, 8);
    hr_tw_bytes(t, s, strlen(s));
}

HR_INLINE void hr_tw_list(hr_thrift_out *t, int16_t id, uint8_t elem_type, uint32_t n)
{
    hr_tw_field(t, id, 9);
    uint8_t b = (uint8_t)((n < 15 ? n : 15) << 4 | elem_type);
    hr_tw_raw(t, &b, 1);
    if (n >= 15) hr_tw_varint(t, n);
}

/* id 0: a struct inside a list, without a field header. */
HR_INLINE void hr_tw_begin(hr_thrift_out *t, int16_t id)
{
    if (id != 0) hr_tw_field(t, id, 12);
    t->last[++t->depth] = 0;
}

HR_INLINE void hr_tw_end(hr_thrift_out *t)
{
    uint8_t stop = 0;
    t->depth--;
    hr_tw_raw(t, &stop, 1);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "fmt/ipc_fb.h"

#define VTABLE_HEAD 4u

static uint16_t le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static bool fits(const hr_fb *b, uint32_t at, uint32_t n)
{
    return at <= b->n && n <= b->n - at;
}

static hr_fb_table bad_table(hr_fb *b)
{
    b->is_bad = true;
    return (hr_fb_table){0};
}

static hr_fb_table table_at(hr_fb *b, uint32_t at)
{
    hr_fb_table t = {.at = at};
    if (at == 0 || !fits(b, at, 4)) return bad_table(b);
    int64_t vtable = (int64_t)at - (int32_t)hr_fb_le32(b->p + at);
    if (vtable < 0 || vtable > b->n || !fits(b, (uint32_t)vtable, VTABLE_HEAD)) return bad_table(b);
    t.vtable = (uint32_t)vtable;
    t.vtable_bytes = le16(b->p + t.vtable);
    t.n_bytes = le16(b->p + t.vtable + 2);
    bool ok = t.vtable_bytes >= VTABLE_HEAD && t.vtable_bytes % 2 == 0 && t.n_bytes >= 4 &&
              fits(b, t.vtable, t.vtable_bytes) && fits(b, at, t.n_bytes);
    return ok ? t : bad_table(b);
}

/* Where the field of n bytes lies, 0: absent. */
static uint32_t field_at(hr_fb *b, const hr_fb_table *t, unsigned field, uint32_t n)
{
    uint32_t slot = VTABLE_HEAD + 2 * field;
    if (t->at == 0 || slot + 2 > t->vtable_bytes) return 0;
    uint32_t off = le16(b->p + t->vtable + slot);
    if (off == 0) return 0;
    if (off < 4 || off > t->n_bytes || n > t->n_bytes - off) {
        b->is_bad = true;
        return 0;
    }
    return t->at + off;
}

/* What the offset at this place points to, 0: nowhere. */
static uint32_t follow(hr_fb *b, uint32_t at)
{
    uint32_t off = hr_fb_le32(b->p + at);
    if (off == 0 || off > b->n - at) {
        b->is_bad = true;
        return 0;
    }
    return at + off;
}

hr_fb_table hr_fb_root(hr_fb *b)
{
    if (!fits(b, 0, 4)) return bad_table(b);
    uint32_t at = follow(b, 0);
    return at != 0 ? table_at(b, at) : (hr_fb_table){0};
}

bool hr_fb_has(hr_fb *b, const hr_fb_table *t, unsigned field)
{
    return field_at(b, t, field, 1) != 0;
}

int64_t hr_fb_int(hr_fb *b, const hr_fb_table *t, unsigned field, unsigned width, int64_t absent)
{
    uint32_t at = field_at(b, t, field, width);
    if (at == 0) return absent;
    const uint8_t *p = b->p + at;
    return width == 1   ? (int8_t)*p
           : width == 2 ? (int16_t)le16(p)
           : width == 4 ? (int32_t)hr_fb_le32(p)
                        : hr_fb_le64(p);
}

hr_fb_table hr_fb_child(hr_fb *b, const hr_fb_table *t, unsigned field)
{
    uint32_t at = field_at(b, t, field, 4);
    if (at != 0) at = follow(b, at);
    return at != 0 ? table_at(b, at) : (hr_fb_table){0};
}

hr_fb_vector hr_fb_elements(hr_fb *b, const hr_fb_table *t, unsigned field, uint32_t elem_bytes)
{
    hr_fb_vector v = {0};
    uint32_t at = field_at(b, t, field, 4);
    if (at != 0) at = follow(b, at);
    if (at == 0) return v;
    if (!fits(b, at, 4) || hr_fb_le32(b->p + at) > (b->n - at - 4) / elem_bytes) {
        b->is_bad = true;
        return v;
    }
    v.n = hr_fb_le32(b->p + at);
    v.p = b->p + at + 4;
    return v;
}

hr_fb_table hr_fb_nth(hr_fb *b, const hr_fb_vector *v, uint32_t i)
{
    uint32_t at = follow(b, (uint32_t)(v->p - b->p) + 4 * i);
    return at != 0 ? table_at(b, at) : (hr_fb_table){0};
}

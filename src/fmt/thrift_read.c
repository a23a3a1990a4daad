/* SPDX-License-Identifier: Apache-2.0 */
#include "fmt/thrift_read.h"

uint64_t hr_tr_varint(hr_thrift_in *t)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && !t->is_bad; shift += 7) {
        if (t->p == t->end) break;
        uint8_t b = *t->p++;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (b < 0x80) return v;
    }
    t->is_bad = true;
    return 0;
}

int64_t hr_tr_zigzag(hr_thrift_in *t)
{
    uint64_t v = hr_tr_varint(t);
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

bool hr_tr_next(hr_thrift_in *t, hr_tr_field *f)
{
    if (t->is_bad || t->p == t->end) {
        t->is_bad = true;
        return false;
    }
    uint8_t b = *t->p++;
    f->type = b & 15;
    if (f->type == HR_TR_STOP) return false;
    f->id = (int16_t)((b >> 4) != 0 ? f->id + (b >> 4) : hr_tr_zigzag(t));
    return !t->is_bad;
}

uint32_t hr_tr_list(hr_thrift_in *t, uint8_t *elem_type)
{
    *elem_type = 0;
    if (t->is_bad || t->p == t->end) {
        t->is_bad = true;
        return 0;
    }
    uint8_t b = *t->p++;
    uint64_t n = b >> 4;
    *elem_type = b & 15;
    if (n == 15) n = hr_tr_varint(t);
    if (n > (uint64_t)(t->end - t->p)) t->is_bad = true; /* every element takes a byte at least */
    return t->is_bad ? 0 : (uint32_t)n;
}

const uint8_t *hr_tr_binary(hr_thrift_in *t, uint32_t *n)
{
    uint64_t len = hr_tr_varint(t);
    *n = 0;
    if (t->is_bad || len > (uint64_t)(t->end - t->p)) {
        t->is_bad = true;
        return t->end;
    }
    const uint8_t *p = t->p;
    t->p += len;
    *n = (uint32_t)len;
    return p;
}

/* Open containers on the way down: how many values each still holds. A struct counts as endless. */
typedef struct open_value {
    uint64_t left;
    uint8_t type, other; /* of elements; a map alternates between two */
    bool is_struct;
} open_value;

static void skip_bytes(hr_thrift_in *t, uint64_t n)
{
    if (n > (uint64_t)(t->end - t->p)) {
        t->is_bad = true;
        return;
    }
    t->p += n;
}

static bool open_container(hr_thrift_in *t, uint8_t type, open_value *o)
{
    *o = (open_value){0};
    if (type == HR_TR_STRUCT) {
        o->is_struct = true;
        return true;
    }
    if (type == HR_TR_LIST || type == HR_TR_SET) {
        o->left = hr_tr_list(t, &o->type);
        o->other = o->type;
        return true;
    }
    if (type != HR_TR_MAP) return false;
    uint64_t n = hr_tr_varint(t);
    if (n == 0 || t->is_bad) return true;
    if (n > (uint64_t)(t->end - t->p)) {
        t->is_bad = true;
        return true;
    }
    uint8_t b = *t->p++;
    *o = (open_value){.left = 2 * n, .type = b >> 4, .other = b & 15};
    return true;
}

static void skip_plain(hr_thrift_in *t, uint8_t type, bool in_list)
{
    uint32_t n;
    if (type == HR_TR_TRUE || type == HR_TR_FALSE)
        skip_bytes(t, in_list ? 1 : 0);
    else if (type == HR_TR_I8)
        skip_bytes(t, 1);
    else if (type <= 6)
        (void)hr_tr_varint(t);
    else if (type == 7)
        skip_bytes(t, 8);
    else if (type == HR_TR_UUID)
        skip_bytes(t, 16);
    else if (type == HR_TR_BINARY)
        (void)hr_tr_binary(t, &n);
    else
        t->is_bad = true;
}

void hr_tr_skip(hr_thrift_in *t, uint8_t type)
{
    open_value stack[HR_TR_DEPTH_MAX];
    unsigned depth = 0;
    if (!open_container(t, type, &stack[0])) {
        skip_plain(t, type, false);
        return;
    }
    for (depth = 1; depth > 0 && !t->is_bad;) {
        open_value *o = &stack[depth - 1];
        uint8_t next = o->type;
        if (o->is_struct) {
            hr_tr_field f = {0};
            if (!hr_tr_next(t, &f)) {
                depth--;
                continue;
            }
            next = f.type;
        } else {
            if (o->left == 0) {
                depth--;
                continue;
            }
            o->left--;
            o->type = o->other;
            o->other = next;
        }
        if (depth == HR_TR_DEPTH_MAX && next >= HR_TR_LIST && next <= HR_TR_STRUCT) {
            t->is_bad = true;
        } else if (depth < HR_TR_DEPTH_MAX && open_container(t, next, &stack[depth])) {
            depth++;
        } else {
            skip_plain(t, next, !o->is_struct);
        }
    }
}

int64_t hr_tr_int(hr_thrift_in *t, uint8_t type)
{
    if (type == HR_TR_I8 && t->p < t->end) return (int8_t)*t->p++;
    if (type >= 4 && type <= 6) return hr_tr_zigzag(t);
    if (type == HR_TR_TRUE || type == HR_TR_FALSE) return type == HR_TR_TRUE;
    hr_tr_skip(t, type);
    return 0;
}

int32_t hr_tr_int32(hr_thrift_in *t, uint8_t type)
{
    int64_t v = hr_tr_int(t, type);
    if (v < INT32_MIN || v > INT32_MAX) t->is_bad = true;
    return t->is_bad ? 0 : (int32_t)v;
}

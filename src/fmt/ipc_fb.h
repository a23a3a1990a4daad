/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_IPC_FB_H
#define HR_FMT_IPC_FB_H
/* Flatbuffers, read in place: as much as Arrow's metadata needs. Nothing is trusted: every offset,
 * length and count is checked against the buffer before it is used; what fails marks the buffer bad
 * and reads as absent, so a caller looks at is_bad once, at the end. Private to fmt.
 * Source: FlatBuffers, "FlatBuffer Internals".
 *
 *   buffer   u32 offset of the root table from here
 *   table    i32 distance back to its vtable, then its fields
 *   vtable   u16 own bytes, u16 bytes of the table, u16 a field: its place in the table, 0 absent
 *   vector   u32 count, then the elements; a string is one of bytes
 *   Offsets are u32, from where they stand, forward. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

typedef struct hr_fb {
    const uint8_t *p;
    uint32_t n;
    bool is_bad;
} hr_fb;

/** at 0: there is none; its fields then read as absent. */
typedef struct hr_fb_table {
    uint32_t at, vtable;
    uint32_t n_bytes, vtable_bytes;
} hr_fb_table;

/** Elements as they lie, unaligned; NULL: absent. n > 0 only where they are there. */
typedef struct hr_fb_vector {
    const uint8_t *p;
    uint32_t n;
} hr_fb_vector;

HR_INLINE uint32_t hr_fb_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

HR_INLINE int64_t hr_fb_le64(const uint8_t *p)
{
    return (int64_t)((uint64_t)hr_fb_le32(p + 4) << 32 | hr_fb_le32(p));
}

hr_fb_table hr_fb_root(hr_fb *b);
bool hr_fb_has(hr_fb *b, const hr_fb_table *t, unsigned field);
/** A scalar of width bytes (1, 2, 4, 8), signed; absent: what it is by default. */
int64_t hr_fb_int(hr_fb *b, const hr_fb_table *t, unsigned field, unsigned width, int64_t absent);
hr_fb_table hr_fb_child(hr_fb *b, const hr_fb_table *t, unsigned field);
hr_fb_vector hr_fb_elements(hr_fb *b, const hr_fb_table *t, unsigned field, uint32_t elem_bytes);
/** Element i < v->n of a vector of tables (elem_bytes 4). */
hr_fb_table hr_fb_nth(hr_fb *b, const hr_fb_vector *v, uint32_t i);

#endif

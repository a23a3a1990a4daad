/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_IPC_BUILD_H
#define HR_FMT_IPC_BUILD_H
/* Flatbuffers, written from their end backwards into memory of fixed size: what is referred to
 * comes first. Places are distances from the end, 0 none. What does not fit sets is_full. Private
 * to fmt; see ipc_fb.h for the layout. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define HR_FBB_FIELDS 8u

typedef struct hr_fbb {
    uint8_t *p;
    uint32_t cap, n; /* the n bytes at the end are written */
    bool is_full;
    /* the table at hand */
    uint32_t begin, n_fields;
    uint32_t field[HR_FBB_FIELDS];
} hr_fbb;

void hr_fbb_init(hr_fbb *b, void *mem, uint32_t cap);
uint32_t hr_fbb_text(hr_fbb *b, const char *s);
/** n structs of each bytes, which hold int64. */
uint32_t hr_fbb_structs(hr_fbb *b, const void *p, uint32_t n, uint32_t each);
uint32_t hr_fbb_places(hr_fbb *b, const uint32_t *place, uint32_t n);

/* A table: begin, its fields in any order, end. One at a time. */
void hr_fbb_begin(hr_fbb *b);
void hr_fbb_int(hr_fbb *b, unsigned field, unsigned width, int64_t v);
void hr_fbb_place(hr_fbb *b, unsigned field, uint32_t place);
uint32_t hr_fbb_end(hr_fbb *b);
/** The whole, a multiple of 8 bytes long; NULL where it did not fit. */
const uint8_t *hr_fbb_finish(hr_fbb *b, uint32_t root, uint32_t *n_bytes);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "fmt/ipc_build.h"

#include <string.h>

#include "base/assert.h"

void hr_fbb_init(hr_fbb *b, void *mem, uint32_t cap)
{
    memset(b, 0, sizeof *b);
    b->p = mem;
    b->cap = cap;
}

/* Room for n bytes before what is written, or NULL. */
static uint8_t *take(hr_fbb *b, uint32_t n)
{
    if (b->is_full || n > b->cap - b->n) {
        b->is_full = true;
        return NULL;
    }
    b->n += n;
    return b->p + b->cap - b->n;
}

static void put(hr_fbb *b, const void *bytes, uint32_t n)
{
    uint8_t *to = take(b, n);
    if (to != NULL && n > 0) memcpy(to, bytes, n);
}

/* Zeros, so that what follows the next n bytes is aligned. */
static void align(hr_fbb *b, uint32_t to, uint32_t n)
{
    uint32_t pad = (0u - (b->n + n)) & (to - 1);
    uint8_t *p = take(b, pad);
    if (p != NULL) memset(p, 0, pad);
}

static void put_u32(hr_fbb *b, uint32_t v)
{
    put(b, &v, sizeof v);
}

static void put_u16(hr_fbb *b, uint32_t v)
{
    uint16_t narrow = (uint16_t)v;
    put(b, &narrow, sizeof narrow);
}

uint32_t hr_fbb_text(hr_fbb *b, const char *s)
{
    uint32_t n = (uint32_t)strlen(s);
    align(b, 4, n + 1);
    put(b, s, n + 1);
    put_u32(b, n);
    return b->n;
}

uint32_t hr_fbb_structs(hr_fbb *b, const void *p, uint32_t n, uint32_t each)
{
    align(b, 8, n * each);
    put(b, p, n * each);
    put_u32(b, n);
    return b->n;
}

uint32_t hr_fbb_places(hr_fbb *b, const uint32_t *place, uint32_t n)
{
    align(b, 4, 0);
    for (uint32_t i = n; i-- > 0;)
        put_u32(b, b->n + 4 - place[i]);
    put_u32(b, n);
    return b->n;
}

void hr_fbb_begin(hr_fbb *b)
{
    memset(b->field, 0, sizeof b->field);
    b->begin = b->n;
    b->n_fields = 0;
}

static void note(hr_fbb *b, unsigned field)
{
    HR_ASSERT(field < HR_FBB_FIELDS && b->field[field] == 0);
    b->field[field] = b->n;
    b->n_fields = HR_MAX(b->n_fields, field + 1);
}

void hr_fbb_int(hr_fbb *b, unsigned field, unsigned width, int64_t v)
{
    align(b, width, 0);
    put(b, &v, width); /* little-endian: the low bytes come first */
    note(b, field);
}

void hr_fbb_place(hr_fbb *b, unsigned field, uint32_t place)
{
    align(b, 4, 0);
    put_u32(b, b->n + 4 - place);
    note(b, field);
}

uint32_t hr_fbb_end(hr_fbb *b)
{
    align(b, 4, 0);
    uint8_t *head = take(b, 4);
    uint32_t table = b->n;
    for (uint32_t i = b->n_fields; i-- > 0;)
        put_u16(b, b->field[i] != 0 ? table - b->field[i] : 0);
    put_u16(b, table - b->begin);
    put_u16(b, 4 + 2 * b->n_fields);
    uint32_t back = b->n - table;
    if (head != NULL) memcpy(head, &back, sizeof back);
    return table;
}

const uint8_t *hr_fbb_finish(hr_fbb *b, uint32_t root, uint32_t *n_bytes)
{
    align(b, 8, 4);
    put_u32(b, b->n + 4 - root);
    *n_bytes = b->n;
    return b->is_full ? NULL : b->p + b->cap - b->n;
}

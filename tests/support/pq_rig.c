/* SPDX-License-Identifier: Apache-2.0 */
#include "pq_rig.h"

uint8_t *file_buf, *body;
pqb b;
pqb_bytes file;
hr_arena *arena;
hr_err err;
size_t mark;

bool pq_rig_open(size_t cap, size_t arena_bytes)
{
    if (hr_arena_create(&arena, NULL, arena_bytes, "test", NULL) != HR_OK) return false;
    file_buf = hr_arena_alloc(arena, cap, 64);
    body = hr_arena_alloc(arena, cap, 64);
    mark = hr_arena_mark(arena);
    return true;
}

int pq_rig_close(void **state)
{
    (void)state;
    hr_arena_destroy(&arena);
    return 0;
}

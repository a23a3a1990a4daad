/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_PQ_RIG_H
#define HR_TESTS_SUPPORT_PQ_RIG_H
/* What tests of hand-made files work with. */
#include "base/status.h"
#include "mem/mem.h"
#include "pq_handmade.h"

extern uint8_t *file_buf, *body; /* the file, and a page's body before it goes there */
extern pqb b;
extern pqb_bytes file;
extern hr_arena *arena;
extern hr_err err;
extern size_t mark; /* of the arena: a case begins there */

/** Room for a file and a body of cap bytes each, and what is left of the arena for the reader.
 * False: there is none. */
bool pq_rig_open(size_t cap, size_t arena_bytes);
int pq_rig_close(void **state);

#endif

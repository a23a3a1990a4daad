/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BOOK_FAR_H
#define HR_BOOK_FAR_H
/* Levels outside the window of one book side: sorted by key in chunks of one shared pool, found
 * through a directory of each chunk's first key. Private to book. */
#include "book/l2.h"

#define FAR_ENTRIES ((HR_L2_CHUNK_BYTES - 16) / 16)

typedef struct hr_far_chunk {
    uint32_t n;
    uint32_t pad[3];
    int64_t key[FAR_ENTRIES];
    int64_t qty[FAR_ENTRIES];
} hr_far_chunk;
_Static_assert(sizeof(hr_far_chunk) <= HR_L2_CHUNK_BYTES, "a chunk is one pool block");

/* Two neighbouring chunks always hold more than this, so a directory of n holds at least
 * n / 2 * (FAR_PAIR_MIN + 1) levels. */
#define FAR_PAIR_MIN (FAR_ENTRIES / 2)

typedef struct hr_far {
    hr_pool *pool;
    int64_t *first_key;   /* [cap_chunks] */
    hr_far_chunk **chunk; /* [cap_chunks] */
    uint32_t n_chunks, cap_chunks;
    uint32_t n_levels;
} hr_far;

void hr_far_reset(hr_far *f);
/** qty 0 removes. HR_EBUDGET when the pool or the directory is full. */
HR_MUST_USE hr_status hr_far_set(hr_far *f, int64_t key, int64_t qty);
/** First (best) level; the far store must not be empty. */
void hr_far_front(const hr_far *f, int64_t *key, int64_t *qty);
void hr_far_pop_front(hr_far *f);
/** Multiplies every key. */
void hr_far_scale(hr_far *f, int64_t factor);
/** Full invariant check for tests: ordered, all keys above `last`, counted, chunks full enough. */
bool hr_far_is_sound(const hr_far *f, int64_t last);

#endif

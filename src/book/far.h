/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BOOK_FAR_H
#define HR_BOOK_FAR_H
/* Levels outside the window of one book side: sorted by key in chunks of one shared pool, found
 * through a directory of each chunk's first key. Private to book. */
#include "book/l2.h"

#define FAR_ENTRIES 127
#define FAR_GROUP 16 /* keys that one step of a search compares at once */

/* Places from n on hold INT64_MAX as key, so that searches need no bounds. */
typedef struct hr_far_chunk {
    int64_t key[FAR_ENTRIES + 1];
    int64_t qty[FAR_ENTRIES];
    uint64_t n;
} hr_far_chunk;
_Static_assert(sizeof(hr_far_chunk) == HR_L2_CHUNK_BYTES, "a chunk is one pool block");

/* Two neighbouring chunks always hold more than this, so a directory of n holds at least
 * n / 2 * (FAR_PAIR_MIN + 1) levels. */
#define FAR_PAIR_MIN (FAR_ENTRIES / 2)

typedef struct hr_far {
    hr_pool *pool;
    int64_t *first_key;   /* [cap_chunks], INT64_MAX from n_chunks on */
    hr_far_chunk **chunk; /* [cap_chunks] */
    uint32_t n_chunks;
    uint32_t cap_chunks; /* a multiple of FAR_GROUP */
    uint32_t n_levels;
} hr_far;

void hr_far_init(hr_far *f, int64_t *first_key, hr_far_chunk **chunk, uint32_t cap_chunks,
                 hr_pool *pool);
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

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_WINDOW_WIN_LATE_ROWS_H
#define HR_OPS_WINDOW_WIN_LATE_ROWS_H
/* Rows in the order of their times, those of one time in the order in which they came: a B+-tree
 * whose leaves are chained. Rows leave at its left end alone, so nothing is ever joined: every leaf
 * and node but those at the two ends is half full or more. A row is looked for from the right end,
 * up as far as it is late: O(log d) for one that d rows stand behind, O(1) for one in order.
 *
 * Nodes are indexes into one block, so a state can be copied. See docs/modules/window.md. */
#include "ops/window/win_ring.h"

#define HR_LATE_LEAF 32u
#define HR_LATE_FAN 32u
#define HR_LATE_HEIGHT 10u /* of 2^31 rows: 2^27 leaves, a sixteenth of it a level */
#define HR_LATE_NONE 0xffffffffu

typedef struct hr_late_head {
    uint32_t n_rows;
    uint32_t height;                /* levels of nodes above the leaves, at least 1 */
    uint32_t first, last;           /* leaves */
    uint32_t skip;                  /* rows of the first leaf that have left */
    uint32_t n_leaves, n_nodes;     /* ever used */
    uint32_t free_leaf, free_node;  /* chained by `next`, and by child[0] */
    uint32_t spine[HR_LATE_HEIGHT]; /* the last node of each level; the root is the highest */
    uint32_t pad[13];
} hr_late_head;
_Static_assert(sizeof(hr_late_head) % 64 == 0, "late: whole lines");

typedef struct hr_late_leaf {
    int64_t ts[HR_LATE_LEAF];
    double x[HR_LATE_LEAF];
} hr_late_leaf;

typedef struct hr_late_link {
    uint32_t n, next;
} hr_late_link;

/* key: rows under child `i` are as late or later, those under the one before it as early or
 * earlier; of the first it may be less than that. Level 0: the children are leaves. */
typedef struct hr_late_node {
    int64_t key[HR_LATE_FAN];
    uint32_t child[HR_LATE_FAN];
    uint32_t n;
    uint32_t pad[15];
} hr_late_node;
_Static_assert(sizeof(hr_late_node) % 64 == 0, "late: whole lines");

/** The parts of a block. */
typedef struct hr_late {
    hr_late_head *h;
    hr_late_link *link;
    hr_late_leaf *leaf;
    hr_late_node *node;
} hr_late;

/** Bytes for so many rows, a multiple of 64. */
uint64_t hr_late_bytes(uint64_t n_rows);

/** The parts of a block for so many rows, 64-byte aligned. */
hr_late hr_late_of(void *block, uint64_t n_rows);

/** Empty. */
void hr_late_clear(const hr_late *o);

/** Of a block from a file, for so many rows: no row that comes or goes can lead out of it, and all
 * values are finite. Times may be any. */
bool hr_late_is_sound(const hr_late *o, uint64_t cap_rows);

/** A row that is older than the last, or for which the last leaf has no room. */
void hr_late_put_slow(const hr_late *o, int64_t t, double x);

/** The first leaf has no row left; it is not the last. */
void hr_late_trim(const hr_late *o);

HR_INLINE int64_t hr_late_oldest(const hr_late *o)
{
    return o->leaf[o->h->first].ts[o->h->skip];
}

HR_INLINE double hr_late_first(const hr_late *o)
{
    return o->leaf[o->h->first].x[o->h->skip];
}

HR_INLINE int64_t hr_late_newest(const hr_late *o)
{
    return o->leaf[o->h->last].ts[o->link[o->h->last].n - 1];
}

HR_INLINE double hr_late_last(const hr_late *o)
{
    return o->leaf[o->h->last].x[o->link[o->h->last].n - 1];
}

HR_INLINE void hr_late_put(const hr_late *o, int64_t t, double x)
{
    uint32_t n = o->link[o->h->last].n;
    hr_late_leaf *leaf = &o->leaf[o->h->last];
    if (HR_LIKELY(n < HR_LATE_LEAF && (n == 0 || leaf->ts[n - 1] <= t))) {
        leaf->ts[n] = t;
        leaf->x[n] = x;
        o->link[o->h->last].n = n + 1;
    } else {
        hr_late_put_slow(o, t, x);
    }
    o->h->n_rows++;
}

/** The oldest row leaves. */
HR_INLINE double hr_late_pop(const hr_late *o)
{
    hr_late_head *h = o->h;
    double x = o->leaf[h->first].x[h->skip++];
    h->n_rows--;
    if (HR_UNLIKELY(h->skip == o->link[h->first].n)) {
        if (h->first != h->last) {
            hr_late_trim(o);
        } else {
            o->link[h->first].n = 0;
        }
        h->skip = 0;
    }
    return x;
}

#endif

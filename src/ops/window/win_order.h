/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_WINDOW_WIN_ORDER_H
#define HR_OPS_WINDOW_WIN_ORDER_H
/* The rows of a window in the order of their values: a B+-tree whose leaves are chained. A leaf has
 * up to 64 values and is searched and shifted as vectors, always whole, so nothing is guessed by a
 * branch. A place in the order (that of a quantile) is followed from row to row.
 *
 * Nodes are indexes into one block, so a state can be copied. Every leaf but a single one holds
 * HR_ORDER_LEAF_LEAST rows or more, every node but the root HR_ORDER_FAN_LEAST children: that
 * bounds the block and the height. A split or a merge moves a node's worth at each level at most.
 *
 * Values are finite and never -0. Unused slots are +infinity. See docs/modules/window.md. */
#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__SSE4_1__)
#include <smmintrin.h>
#endif

#include "ops/window/win_ring.h"

#define HR_ORDER_LEAF 64u
#define HR_ORDER_LEAF_LEAST 24u
#define HR_ORDER_LEAF_MERGED 56u /* two leaves of so many rows become one */
#define HR_ORDER_FAN 32u
#define HR_ORDER_FAN_LEAST 12u
#define HR_ORDER_FAN_MERGED 28u
#define HR_ORDER_HEIGHT 10u /* of 2^31 rows: 2^31 / 24 leaves, a twelfth of it a level */
#define HR_ORDER_NONE 0xffffffffu

typedef struct hr_order_head {
    uint32_t root, height;         /* levels of nodes above the leaves, at least 1 */
    uint32_t n_leaves, n_nodes;    /* ever used */
    uint32_t free_leaf, free_node; /* chained by `next`, and by child[0] */
    uint32_t at;                   /* the leaf of the place that is followed */
    uint32_t below;                /* rows in leaves before it */
    uint32_t pad[8];
} hr_order_head;
_Static_assert(sizeof(hr_order_head) == 64, "order: one line");

typedef struct hr_order_leaf {
    double v[HR_ORDER_LEAF];
} hr_order_leaf;

typedef struct hr_order_link {
    uint32_t n, prev, next, pad;
} hr_order_link;

/* Level 0: the children are leaves. */
typedef struct hr_order_node {
    double key[HR_ORDER_FAN]; /* least value under each child */
    uint32_t child[HR_ORDER_FAN];
    uint32_t rows[HR_ORDER_FAN]; /* under each child */
    uint32_t n;
    uint32_t pad[15];
} hr_order_node;
_Static_assert(sizeof(hr_order_node) % 64 == 0, "order: whole lines");

/** The parts of a block. */
typedef struct hr_order {
    hr_order_head *h;
    hr_order_link *link;
    hr_order_leaf *leaf;
    hr_order_node *node;
} hr_order;

/** From the parent of a leaf (level 0) to the root: nodes, and the child taken in each. */
typedef struct hr_order_path {
    uint32_t node[HR_ORDER_HEIGHT];
    uint32_t at[HR_ORDER_HEIGHT];
    uint32_t leaf;
} hr_order_path;

/** Bytes for so many rows, a multiple of 64. */
uint64_t hr_order_bytes(uint64_t n_rows);

/** The parts of a block for so many rows, 64-byte aligned. */
hr_order hr_order_of(void *block, uint64_t n_rows);

/** Empty. */
void hr_order_clear(const hr_order *o);

/** The leaf of a path is full: it and the full nodes above are parted. The path is spent. */
void hr_order_part(const hr_order *o, hr_order_path *p);

/** The leaf of a path has fewer rows than it should: it is joined with one beside it, or takes of
 * it; likewise the nodes above. */
void hr_order_mend(const hr_order *o, const hr_order_path *p);

/** The first value of the leaf of a path is another. */
void hr_order_note(const hr_order *o, const hr_order_path *p, double least);

/** A row that left was above all of its leaf, as it can be where rows come from a file: another one
 * leaves. */
void hr_order_forget(const hr_order *o, const hr_order_path *p);

/** Rows below x, in all leaves. */
uint64_t hr_order_below_all(const hr_order *o, double x);

/** Of a block from a file: it holds n_rows rows of at most cap_rows, and no row that comes or goes
 * can lead out of it. How many rows are under nodes is numbers. */
bool hr_order_is_sound(const hr_order *o, uint64_t cap_rows, uint64_t n_rows);

/** Between the two rows about a place. */
HR_INLINE double hr_order_between(double low, double high, double part)
{
    if (part == 0) return low;
    double step = high - low;
    if (HR_UNLIKELY(hr_win_is_null(step))) return low * (1 - part) + high * part;
    return low + step * part;
}

/** The place that is followed goes to the leaf of the k-th least row, from 0. */
HR_INLINE void hr_order_seek(const hr_order *o, uint32_t k)
{
    hr_order_head *h = o->h;
    while (HR_UNLIKELY(k < h->below)) {
        h->at = o->link[h->at].prev;
        h->below -= o->link[h->at].n;
    }
    while (HR_UNLIKELY(k - h->below >= o->link[h->at].n)) {
        h->below += o->link[h->at].n;
        h->at = o->link[h->at].next;
    }
}

/** The k-th least row, in the leaf that is followed or the first of the next. */
HR_INLINE double hr_order_at(const hr_order *o, uint32_t k)
{
    const hr_order_head *h = o->h;
    uint32_t i = k - h->below;
    uint32_t n = o->link[h->at].n;
    if (HR_LIKELY(i < n)) return o->leaf[h->at].v[i];
    return o->leaf[o->link[h->at].next].v[0];
}

/* ---- sorted values, +infinity behind them; n: a multiple of 8 ---- */

HR_INLINE uint32_t hr_order_upto(const double *v, uint32_t n, double x)
{
    int64_t count = 0;
    for (uint32_t i = 0; i < n; i++)
        count += v[i] <= x;
    return (uint32_t)count;
}

HR_INLINE uint32_t hr_order_below(const double *v, uint32_t n, double x)
{
    int64_t count = 0;
    for (uint32_t i = 0; i < n; i++)
        count += v[i] < x;
    return (uint32_t)count;
}

#if defined(__AVX2__)

/* One place on: the last of a, the first three of b. */
HR_INLINE __m256d hr_order_up(__m256d a, __m256d b)
{
    return _mm256_shuffle_pd(_mm256_permute2f128_pd(a, b, 0x21), b, 5);
}

/* One place back: the last three of a, the first of b. */
HR_INLINE __m256d hr_order_down(__m256d a, __m256d b)
{
    return _mm256_shuffle_pd(a, _mm256_permute2f128_pd(a, b, 0x21), 5);
}

HR_INLINE void hr_order_put(double *v, uint32_t n, double x)
{
    const __m256d fresh = _mm256_set1_pd(x);
    __m256d before = _mm256_set1_pd(-(double)INFINITY);
    for (uint32_t i = 0; i < n; i += 4) {
        __m256d now = _mm256_load_pd(v + i);
        __m256d left = hr_order_up(before, now);
        _mm256_store_pd(v + i, _mm256_max_pd(left, _mm256_min_pd(fresh, now)));
        before = now;
    }
}

HR_INLINE void hr_order_take(double *v, uint32_t n, double x)
{
    const __m256d gone = _mm256_set1_pd(x);
    const __m256d none = _mm256_set1_pd((double)INFINITY);
    __m256d now = _mm256_load_pd(v);
    for (uint32_t i = 0; i < n; i += 4) {
        __m256d next = i + 4 < n ? _mm256_load_pd(v + i + 4) : none;
        __m256d right = hr_order_down(now, next);
        __m256d stays = _mm256_cmp_pd(now, gone, _CMP_LT_OQ);
        _mm256_store_pd(v + i, _mm256_blendv_pd(right, now, stays));
        now = next;
    }
}

/* One for another. */
HR_INLINE void hr_order_swap(double *v, uint32_t n, double gone_x, double x)
{
    const __m256d gone = _mm256_set1_pd(gone_x);
    const __m256d fresh = _mm256_set1_pd(x);
    const __m256d none = _mm256_set1_pd((double)INFINITY);
    __m256d before = _mm256_set1_pd(-(double)INFINITY);
    __m256d now = _mm256_load_pd(v);
    for (uint32_t i = 0; i < n; i += 4) {
        __m256d next = i + 4 < n ? _mm256_load_pd(v + i + 4) : none;
        __m256d right = hr_order_down(now, next);
        __m256d kept = _mm256_blendv_pd(right, now, _mm256_cmp_pd(now, gone, _CMP_LT_OQ));
        __m256d left = hr_order_up(before, kept);
        _mm256_store_pd(v + i, _mm256_max_pd(left, _mm256_min_pd(fresh, kept)));
        before = kept;
        now = next;
    }
}

#elif defined(__SSE4_1__)

HR_INLINE void hr_order_put(double *v, uint32_t n, double x)
{
    const __m128d fresh = _mm_set1_pd(x);
    __m128d before = _mm_set1_pd(-(double)INFINITY);
    for (uint32_t i = 0; i < n; i += 2) {
        __m128d now = _mm_load_pd(v + i);
        __m128d left = _mm_shuffle_pd(before, now, 1);
        _mm_store_pd(v + i, _mm_max_pd(left, _mm_min_pd(fresh, now)));
        before = now;
    }
}

HR_INLINE void hr_order_take(double *v, uint32_t n, double x)
{
    const __m128d gone = _mm_set1_pd(x);
    __m128d now = _mm_load_pd(v);
    for (uint32_t i = 0; i < n; i += 2) {
        __m128d next = i + 2 < n ? _mm_load_pd(v + i + 2) : _mm_set1_pd((double)INFINITY);
        __m128d right = _mm_shuffle_pd(now, next, 1);
        _mm_store_pd(v + i, _mm_blendv_pd(right, now, _mm_cmplt_pd(now, gone)));
        now = next;
    }
}

/* One for another. */
HR_INLINE void hr_order_swap(double *v, uint32_t n, double gone_x, double x)
{
    const __m128d gone = _mm_set1_pd(gone_x);
    const __m128d fresh = _mm_set1_pd(x);
    __m128d before = _mm_set1_pd(-(double)INFINITY);
    __m128d now = _mm_load_pd(v);
    for (uint32_t i = 0; i < n; i += 2) {
        __m128d next = i + 2 < n ? _mm_load_pd(v + i + 2) : _mm_set1_pd((double)INFINITY);
        __m128d right = _mm_shuffle_pd(now, next, 1);
        __m128d kept = _mm_blendv_pd(right, now, _mm_cmplt_pd(now, gone));
        __m128d left = _mm_shuffle_pd(before, kept, 1);
        _mm_store_pd(v + i, _mm_max_pd(left, _mm_min_pd(fresh, kept)));
        before = kept;
        now = next;
    }
}

#else

HR_INLINE void hr_order_swap(double *v, uint32_t n, double gone, double x)
{
    double before = -(double)INFINITY;
    for (uint32_t i = 0; i < n; i++) {
        double next = i + 1 < n ? v[i + 1] : (double)INFINITY;
        double kept = v[i] < gone ? v[i] : next;
        double least = HR_MIN(x, kept);
        v[i] = HR_MAX(before, least);
        before = kept;
    }
}

HR_INLINE void hr_order_put(double *v, uint32_t n, double x)
{
    hr_order_swap(v, n, (double)INFINITY, x);
}

HR_INLINE void hr_order_take(double *v, uint32_t n, double x)
{
    hr_order_swap(v, n, x, (double)INFINITY);
}

#endif

/* ---- rows come and go ---- */

/* The last child whose least value is not above x, or the first. */
HR_INLINE uint32_t hr_order_child(const hr_order_node *n, double x)
{
    uint32_t upto = hr_order_upto(n->key, HR_ORDER_FAN, x);
    return upto - (upto > 0);
}

HR_INLINE void hr_order_find(const hr_order *o, hr_order_path *p, double x)
{
    uint32_t at = o->h->root;
    for (uint32_t l = o->h->height; l-- > 0;) {
        const hr_order_node *n = &o->node[at];
        uint32_t i = hr_order_child(n, x);
        p->node[l] = at;
        p->at[l] = i;
        at = n->child[i];
    }
    p->leaf = at;
}

/* Is the leaf before the one that is followed? A value equal to that one's first is not. */
HR_INLINE uint32_t hr_order_is_before(const hr_order *o, uint32_t leaf, double x)
{
    uint32_t at = o->h->at;
    return (uint32_t)(leaf != at) & (uint32_t)(x < o->leaf[at].v[0]);
}

/* One row more (or fewer) under a child; the rows under those before it. The rows are stored as
 * whole vectors, as they are loaded: a load waits for a store of a part of what it wants. */
HR_INLINE uint64_t hr_order_count(hr_order_node *n, uint32_t child, uint32_t by)
{
    uint32_t before = 0;
    for (uint32_t i = 0; i < HR_ORDER_FAN; i++) {
        before += i < child ? n->rows[i] : 0;
        n->rows[i] += i == child ? by : 0;
    }
    return before;
}

HR_INLINE uint64_t hr_order_count_all(const hr_order *o, const hr_order_path *p, uint32_t by)
{
    uint64_t before = 0;
    for (uint32_t l = 0; l < o->h->height; l++)
        before += hr_order_count(&o->node[p->node[l]], p->at[l], by);
    return before;
}

/* Rows below x and rows up to it, together; p: found, and counted already. */
HR_INLINE uint64_t hr_order_twice(const hr_order *o, const double *v, double x, uint64_t before)
{
    int64_t upto = 0;
    int64_t below = 0;
    for (uint32_t i = 0; i < HR_ORDER_LEAF; i++) {
        upto += v[i] <= x;
        below += v[i] < x;
    }
    /* else its equals may be in leaves before */
    uint64_t all = HR_LIKELY(below > 0) ? before + (uint64_t)below : hr_order_below_all(o, x);
    return all + before + (uint64_t)upto;
}

HR_INLINE bool hr_order_is_full(const hr_order *o, const hr_order_path *p)
{
    return o->link[p->leaf].n == HR_ORDER_LEAF;
}

/** A row comes where it was found. is_counted: rows are counted under all nodes (always or never),
 * and what is given back is how many were below it and how many up to it, together. */
HR_INLINE uint64_t hr_order_add(const hr_order *o, const hr_order_path *p, double x,
                                bool is_counted)
{
    double *v = o->leaf[p->leaf].v;
    uint64_t twice = 0;
    if (is_counted) twice = hr_order_twice(o, v, x, hr_order_count_all(o, p, 1));
    if (HR_UNLIKELY(x < v[0])) hr_order_note(o, p, x);
    o->h->below += hr_order_is_before(o, p->leaf, x);
    o->link[p->leaf].n++;
    hr_order_put(v, HR_ORDER_LEAF, x);
    return twice;
}

/** A row leaves where it was found. */
HR_INLINE void hr_order_drop(const hr_order *o, const hr_order_path *p, double x, bool is_counted)
{
    double *v = o->leaf[p->leaf].v;
    bool is_first = !(v[0] < x);
    o->h->below -= hr_order_is_before(o, p->leaf, x);
    if (is_counted) (void)hr_order_count_all(o, p, UINT32_MAX);
    hr_order_take(v, HR_ORDER_LEAF, x);
    if (HR_UNLIKELY(is_first)) hr_order_note(o, p, v[0]);
    uint32_t n = --o->link[p->leaf].n;
    if (HR_UNLIKELY(v[n] < (double)INFINITY)) hr_order_forget(o, p);
    if (HR_UNLIKELY(n < HR_ORDER_LEAF_LEAST)) hr_order_mend(o, p);
}

#endif

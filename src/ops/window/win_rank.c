/* SPDX-License-Identifier: Apache-2.0 */
/* Order statistics of a window, exact: a binary trie over the 64 bits of each value, in the order
 * of the values, with single-child paths left out and the rows under each node counted. It needs no
 * balancing: no path is longer than 64 nodes, whatever comes, and about log2 of the number of
 * different values for those that come. Nodes are indexes, so a state can be copied. */
#include "ops/window/win.h"
#include "ops/window/win_fold.h"

#define LEAF 0x80000000u
#define NONE 0xffffffffu
#define ROWS_LIMIT 0x7ffffff0u

typedef struct node {
    uint32_t child[2]; /* of a leaf: with LEAF */
    uint32_t count;    /* rows under it */
    uint32_t bit;      /* the highest in which the values under it differ */
} node;

typedef struct leaf {
    uint64_t key;
    uint32_t count;
    uint32_t next; /* of those that are free */
} leaf;

typedef struct trie {
    uint32_t root;
    uint32_t n_nodes, n_leaves; /* ever used */
    uint32_t free_node, free_leaf;
    char pad[44];
} trie;
_Static_assert(sizeof(trie) == 64, "trie: one line");

/* The parts of a state. */
typedef struct order {
    hr_win *w;
    trie *t;
    leaf *leaves;
    node *nodes;
    uint64_t *ring; /* keys of the rows */
    int64_t *ts;    /* by time */
} order;

static order order_of(void *state)
{
    order o = {.w = state};
    char *p = (char *)state + HR_WIN_HEAD;
    size_t n = o.w->n;
    o.t = (trie *)(void *)p;
    p += sizeof(trie);
    o.leaves = (leaf *)(void *)p;
    p += n * sizeof(leaf);
    o.nodes = (node *)(void *)p;
    p += n * sizeof(node);
    o.ring = (uint64_t *)(void *)p;
    p += o.w->cap * sizeof(uint64_t);
    o.ts = (int64_t *)(void *)p;
    return o;
}

size_t hr_win_bytes_order(const hr_op_args *a)
{
    uint64_t n = a->is_time[0] ? a->max_rows : (uint64_t)a->v[0];
    if (n > ROWS_LIMIT) return SIZE_MAX;
    uint64_t bytes = HR_WIN_HEAD + sizeof(trie) + n * (sizeof(leaf) + sizeof(node));
    return hr_win_line(bytes + hr_win_ring(a) * (a->is_time[0] ? 16 : 8));
}

void hr_win_init_order(void *state, const hr_op_args *a)
{
    memset(state, 0, hr_win_bytes_order(a));
    hr_win_init(state, a);
    trie *t = order_of(state).t;
    t->root = NONE;
    t->free_node = NONE;
    t->free_leaf = NONE;
}

/* Keys compare as their values do; -0 is 0. */
HR_INLINE uint64_t key_of(double x)
{
    uint64_t bits;
    x += 0.0;
    memcpy(&bits, &x, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

HR_INLINE double key_value(uint64_t key)
{
    uint64_t bits = key >> 63 ? key ^ UINT64_C(1) << 63 : ~key;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

HR_INLINE unsigned side(uint64_t key, const node *n)
{
    return (unsigned)(key >> n->bit) & 1;
}

HR_INLINE uint32_t rows_under(const order *o, uint32_t at)
{
    return at & LEAF ? o->leaves[at & ~LEAF].count : o->nodes[at].count;
}

static uint32_t leaf_take(const order *o, uint64_t key)
{
    trie *t = o->t;
    uint32_t i = t->free_leaf;
    if (i == NONE) {
        i = t->n_leaves++;
    } else {
        t->free_leaf = o->leaves[i].next;
    }
    o->leaves[i] = (leaf){.key = key, .count = 1};
    return i | LEAF;
}

static uint32_t node_take(const order *o)
{
    trie *t = o->t;
    uint32_t i = t->free_node;
    if (i == NONE) return t->n_nodes++;
    t->free_node = o->nodes[i].child[0];
    return i;
}

static void order_add(const order *o, uint64_t key)
{
    trie *t = o->t;
    if (t->root == NONE) {
        t->root = leaf_take(o, key);
        return;
    }
    uint32_t at = t->root;
    while (!(at & LEAF))
        at = o->nodes[at].child[side(key, &o->nodes[at])];
    uint64_t differ = o->leaves[at & ~LEAF].key ^ key;
    /* 64: none, the way leads to the leaf */
    unsigned bit = differ == 0 ? 64 : 63 - (unsigned)__builtin_clzll(differ);
    uint32_t *link = &t->root;
    while (!(*link & LEAF) && (bit == 64 || o->nodes[*link].bit > bit)) {
        node *n = &o->nodes[*link];
        n->count++;
        link = &n->child[side(key, n)];
    }
    if (bit == 64) {
        o->leaves[*link & ~LEAF].count++;
        return;
    }
    uint32_t fresh = node_take(o);
    node *n = &o->nodes[fresh];
    n->bit = bit;
    n->count = rows_under(o, *link) + 1;
    unsigned mine = side(key, n);
    n->child[1 - mine] = *link;
    n->child[mine] = leaf_take(o, key);
    *link = fresh;
}

/* key is in it */
static void order_drop(const order *o, uint64_t key)
{
    trie *t = o->t;
    uint32_t *link = &t->root;
    uint32_t *above = NULL;
    while (!(*link & LEAF)) {
        node *n = &o->nodes[*link];
        n->count--;
        above = link;
        link = &n->child[side(key, n)];
    }
    uint32_t i = *link & ~LEAF;
    if (--o->leaves[i].count > 0) return;
    o->leaves[i].next = t->free_leaf;
    t->free_leaf = i;
    if (!above) {
        t->root = NONE;
        return;
    }
    uint32_t gone = *above;
    node *n = &o->nodes[gone];
    *above = n->child[1 - side(key, n)];
    n->child[0] = t->free_node;
    t->free_node = gone;
}

/* The k-th least, from 0. */
static double order_at(const order *o, uint32_t k)
{
    uint32_t at = o->t->root;
    while (!(at & LEAF)) {
        const node *n = &o->nodes[at];
        uint32_t low = rows_under(o, n->child[0]);
        bool is_high = k >= low;
        k -= is_high ? low : 0;
        at = n->child[is_high];
    }
    return key_value(o->leaves[at & ~LEAF].key);
}

/* Mean place of the rows of this key, 0 to 1; half for a single row. */
static double order_rank(const order *o, uint64_t key, uint64_t n_rows)
{
    uint32_t at = o->t->root;
    uint64_t less = 0;
    while (!(at & LEAF)) {
        const node *n = &o->nodes[at];
        unsigned s = side(key, n);
        if (s == 1) less += rows_under(o, n->child[0]);
        at = n->child[s];
    }
    uint64_t twice = 2 * less + o->leaves[at & ~LEAF].count - 1;
    return n_rows == 1 ? 0.5 : (double)twice / (double)(2 * (n_rows - 1));
}

static double order_quantile(const order *o, double q, uint64_t n_rows)
{
    double at = q * (double)(n_rows - 1);
    uint32_t k = (uint32_t)at;
    double part = at - (double)k;
    double low = order_at(o, k);
    if (part == 0 || k + 1 >= n_rows) return low;
    double high = order_at(o, k + 1);
    double step = high - low;
    if (hr_win_is_null(step)) return low * (1 - part) + high * part;
    return low + step * part;
}

/* A row comes, rows leave. False: the window has no value. */
static bool order_pass(const order *o, uint64_t key, int64_t t)
{
    hr_win *w = o->w;
    uint64_t mask = w->cap - 1;
    uint64_t gone = w->from;
    bool has_value = true;
    uint64_t p = w->end;
    if (w->width_ns > 0) {
        has_value = hr_win_pass(w, o->ts, t);
    } else {
        w->end++;
        w->from = w->end > w->n ? w->end - w->n : 0;
        has_value = w->end >= w->n;
    }
    for (; gone < w->from; gone++)
        order_drop(o, o->ring[gone & mask]);
    o->ring[p & mask] = key;
    order_add(o, key);
    return has_value;
}

HR_INLINE void order_run(void *state, const hr_op_rows *r, bool is_rank)
{
    order o = order_of(state);
    for (uint32_t i = 0; i < r->n; i++) {
        double x = r->in[0][i];
        double v = (double)NAN;
        if (!hr_win_is_null(x)) {
            uint64_t key = key_of(x);
            if (order_pass(&o, key, r->ts[i])) {
                uint64_t n = o.w->end - o.w->from;
                v = is_rank ? order_rank(&o, key, n) : order_quantile(&o, o.w->arg, n);
            }
        }
        r->out[0][i] = hr_win_or_null(v);
    }
}

void hr_win_rank(void *state, const hr_op_rows *r)
{
    order_run(state, r, true);
}

void hr_win_quantile(void *state, const hr_op_rows *r)
{
    order_run(state, r, false);
}

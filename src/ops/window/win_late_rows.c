/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/window/win_late_rows.h"

#define HALF (HR_LATE_LEAF / 2)
#define HALF_FAN (HR_LATE_FAN / 2)

/* From the parent of a leaf (level 0) up: nodes, and the child taken in each. */
typedef struct path {
    uint32_t node[HR_LATE_HEIGHT];
    uint32_t at[HR_LATE_HEIGHT];
} path;

static uint64_t leaves_most(uint64_t n_rows)
{
    return n_rows / HALF + 3;
}

/* Those at the two ends beside the ones that are half full, at each level, and a root. */
static uint64_t nodes_most(uint64_t n_rows, uint32_t *n_levels)
{
    uint64_t most = 2;
    uint64_t n = leaves_most(n_rows);
    *n_levels = 1;
    while (n > 2) {
        n = n / HALF_FAN + 2;
        most += n;
        ++*n_levels;
    }
    return most;
}

uint64_t hr_late_bytes(uint64_t n_rows)
{
    uint32_t n_levels;
    return sizeof(hr_late_head) + hr_win_line(leaves_most(n_rows) * sizeof(hr_late_link)) +
           leaves_most(n_rows) * sizeof(hr_late_leaf) +
           nodes_most(n_rows, &n_levels) * sizeof(hr_late_node);
}

hr_late hr_late_of(void *block, uint64_t n_rows)
{
    hr_late o = {.h = block};
    char *p = block;
    p += sizeof(hr_late_head);
    o.link = (hr_late_link *)(void *)p;
    p += hr_win_line(leaves_most(n_rows) * sizeof(hr_late_link));
    o.leaf = (hr_late_leaf *)(void *)p;
    p += leaves_most(n_rows) * sizeof(hr_late_leaf);
    o.node = (hr_late_node *)(void *)p;
    return o;
}

static uint32_t leaf_get(const hr_late *o)
{
    hr_late_head *h = o->h;
    uint32_t i = h->free_leaf;
    if (i == HR_LATE_NONE) {
        i = h->n_leaves++;
    } else {
        h->free_leaf = o->link[i].next;
    }
    o->link[i] = (hr_late_link){.next = HR_LATE_NONE};
    return i;
}

static uint32_t node_get(const hr_late *o)
{
    hr_late_head *h = o->h;
    uint32_t i = h->free_node;
    if (i == HR_LATE_NONE) {
        i = h->n_nodes++;
    } else {
        h->free_node = o->node[i].child[0];
    }
    memset(&o->node[i], 0, sizeof o->node[i]);
    return i;
}

static void node_free(const hr_late *o, uint32_t i)
{
    o->node[i].n = 0; /* tells it from those in the tree */
    o->node[i].child[0] = o->h->free_node;
    o->h->free_node = i;
}

static void node_put(hr_late_node *n, uint32_t at, int64_t key, uint32_t child)
{
    uint32_t behind = n->n - at;
    memmove(n->key + at + 1, n->key + at, behind * sizeof *n->key);
    memmove(n->child + at + 1, n->child + at, behind * sizeof *n->child);
    n->key[at] = key;
    n->child[at] = child;
    n->n++;
}

void hr_late_clear(const hr_late *o)
{
    hr_late_head *h = o->h;
    *h = (hr_late_head){.height = 1, .free_leaf = HR_LATE_NONE, .free_node = HR_LATE_NONE};
    h->first = leaf_get(o);
    h->last = h->first;
    h->spine[0] = node_get(o);
    node_put(&o->node[h->spine[0]], 0, INT64_MIN, h->first);
}

/* ---- a row comes ---- */

/* Up the right end until the row is not before all that is under a node, then down; the leaf. */
static uint32_t find(const hr_late *o, path *p, int64_t t)
{
    const hr_late_head *h = o->h;
    uint32_t from = 0;
    while (from + 1 < h->height && t < o->node[h->spine[from]].key[0])
        from++;
    for (uint32_t l = from + 1; l < h->height; l++) {
        p->node[l] = h->spine[l];
        p->at[l] = o->node[h->spine[l]].n - 1;
    }
    uint32_t at = h->spine[from];
    for (uint32_t l = from + 1; l-- > 0;) {
        const hr_late_node *n = &o->node[at];
        uint32_t i = n->n - 1;
        while (i > 0 && t < n->key[i])
            i--;
        p->node[l] = at;
        p->at[l] = i;
        at = n->child[i];
    }
    return at;
}

static void root_grow(const hr_late *o, path *p)
{
    hr_late_head *h = o->h;
    uint32_t l = h->height++;
    uint32_t root = node_get(o);
    node_put(&o->node[root], 0, INT64_MIN, h->spine[l - 1]);
    h->spine[l] = root;
    p->node[l] = root;
    p->at[l] = 0;
}

/* A node is full: the one behind it, which takes half of it, or at the right end nothing. */
static uint32_t node_part(const hr_late *o, uint32_t at, bool is_end)
{
    uint32_t fresh = node_get(o);
    hr_late_node *a = &o->node[at];
    hr_late_node *b = &o->node[fresh];
    if (is_end) return fresh;
    memcpy(b->key, a->key + HALF_FAN, HALF_FAN * sizeof *b->key);
    memcpy(b->child, a->child + HALF_FAN, HALF_FAN * sizeof *b->child);
    b->n = HALF_FAN;
    a->n = HALF_FAN;
    return fresh;
}

/* A new child behind the one of a path, which is spent. */
static void child_put(const hr_late *o, path *p, int64_t key, uint32_t child)
{
    hr_late_head *h = o->h;
    for (uint32_t l = 0;; l++) {
        uint32_t at = p->node[l];
        uint32_t i = p->at[l] + 1;
        if (o->node[at].n < HR_LATE_FAN) {
            node_put(&o->node[at], i, key, child);
            return;
        }
        if (l + 1 == h->height) root_grow(o, p);
        uint32_t fresh = node_part(o, at, h->spine[l] == at && i == HR_LATE_FAN);
        if (i <= o->node[at].n && o->node[at].n < HR_LATE_FAN) {
            node_put(&o->node[at], i, key, child);
        } else {
            node_put(&o->node[fresh], i - o->node[at].n, key, child);
        }
        if (h->spine[l] == at) h->spine[l] = fresh;
        child = fresh;
        key = o->node[fresh].key[0];
    }
}

static void leaf_open(hr_late_leaf *leaf, hr_late_link *link, uint32_t at, int64_t t, double x)
{
    uint32_t behind = link->n - at;
    memmove(leaf->ts + at + 1, leaf->ts + at, behind * sizeof *leaf->ts);
    memmove(leaf->x + at + 1, leaf->x + at, behind * sizeof *leaf->x);
    leaf->ts[at] = t;
    leaf->x[at] = x;
    link->n++;
}

/* The leaf is full: one behind it, which takes half of it, or at the right end nothing. */
static void leaf_part(const hr_late *o, path *p, uint32_t at, uint32_t i, int64_t t, double x)
{
    hr_late_head *h = o->h;
    uint32_t fresh = leaf_get(o);
    hr_late_leaf *a = &o->leaf[at];
    hr_late_leaf *b = &o->leaf[fresh];
    bool is_end = at == h->last && i == HR_LATE_LEAF;
    o->link[fresh].next = o->link[at].next;
    o->link[at].next = fresh;
    if (at == h->last) h->last = fresh;
    if (!is_end) {
        memcpy(b->ts, a->ts + HALF, HALF * sizeof *b->ts);
        memcpy(b->x, a->x + HALF, HALF * sizeof *b->x);
        o->link[fresh].n = HALF;
        o->link[at].n = HALF;
    }
    int64_t key = is_end ? t : b->ts[0];
    if (i <= HALF) {
        leaf_open(a, &o->link[at], i, t, x);
    } else {
        leaf_open(b, &o->link[fresh], is_end ? 0 : i - HALF, t, x);
    }
    child_put(o, p, key, fresh);
}

void hr_late_put_slow(const hr_late *o, int64_t t, double x)
{
    hr_late_head *h = o->h;
    path p HR_UNINIT;
    uint32_t at = find(o, &p, t);
    hr_late_leaf *leaf = &o->leaf[at];
    hr_late_link *link = &o->link[at];
    if (at == h->first && h->skip > 0 && link->n == HR_LATE_LEAF) {
        link->n -= h->skip;
        memmove(leaf->ts, leaf->ts + h->skip, link->n * sizeof *leaf->ts);
        memmove(leaf->x, leaf->x + h->skip, link->n * sizeof *leaf->x);
        h->skip = 0;
    }
    uint32_t i = link->n;
    uint32_t least = at == h->first ? h->skip : 0;
    while (i > least && t < leaf->ts[i - 1])
        i--;
    if (link->n < HR_LATE_LEAF) {
        leaf_open(leaf, link, i, t, x);
    } else {
        leaf_part(o, &p, at, i, t, x);
    }
}

/* ---- rows leave ---- */

void hr_late_trim(const hr_late *o)
{
    hr_late_head *h = o->h;
    uint32_t gone = h->first;
    h->first = o->link[gone].next;
    o->link[gone].next = h->free_leaf;
    h->free_leaf = gone;
    uint32_t left[HR_LATE_HEIGHT] HR_UNINIT;
    uint32_t at = h->spine[h->height - 1];
    for (uint32_t l = h->height; l-- > 0;) {
        left[l] = at;
        at = o->node[at].child[0];
    }
    for (uint32_t l = 0; l < h->height; l++) {
        hr_late_node *n = &o->node[left[l]];
        n->n--;
        memmove(n->key, n->key + 1, n->n * sizeof *n->key);
        memmove(n->child, n->child + 1, n->n * sizeof *n->child);
        if (n->n > 0) break;
        node_free(o, left[l]);
    }
    while (h->height > 1 && o->node[h->spine[h->height - 1]].n == 1) {
        node_free(o, h->spine[h->height - 1]);
        h->height--;
    }
}

/* ---- states from a file ---- */

/* The tree from left to right. */
typedef struct walk {
    const hr_late *o;
    path p; /* nodes, and the child that is next in each */
    uint32_t n_leaves, n_nodes;
    uint32_t met[HR_LATE_HEIGHT]; /* nodes of each level */
    uint32_t leaf;                /* the next of the chain */
    uint64_t n_rows;
} walk;

static bool enter(walk *k, uint32_t at, uint32_t level)
{
    const hr_late_head *h = k->o->h;
    if (at >= h->n_nodes || k->n_nodes++ == h->n_nodes) return false;
    const hr_late_node *n = &k->o->node[at];
    bool is_end = k->met[level]++ == 0 || at == h->spine[level];
    uint32_t least = !is_end ? HALF_FAN : level > 0 && level + 1 == h->height ? 2 : 1;
    if (n->n < least || n->n > HR_LATE_FAN) return false;
    k->p.node[level] = at;
    k->p.at[level] = 0;
    return true;
}

/* A chain with an end does not meet a leaf twice, nor then is a node above them met twice. */
static bool leaf_is_sound(walk *k, uint32_t at)
{
    const hr_late_head *h = k->o->h;
    if (at != k->leaf || at >= h->n_leaves || k->n_leaves++ == h->n_leaves) return false;
    const hr_late_link *link = &k->o->link[at];
    uint32_t skip = at == h->first ? h->skip : 0;
    uint32_t least = at == h->first || at == h->last ? 1 : HALF;
    bool is_empty = h->n_rows == 0 && h->first == h->last && link->n == 0 && skip == 0;
    if (!is_empty && (link->n < least || link->n > HR_LATE_LEAF || skip >= link->n)) return false;
    for (uint32_t i = skip; i < link->n; i++)
        if (hr_win_is_null(k->o->leaf[at].x[i])) return false;
    k->n_rows += link->n - skip;
    k->leaf = link->next;
    return (at == h->last) == (link->next == HR_LATE_NONE);
}

static bool tree_is_sound(walk *k)
{
    const hr_late_head *h = k->o->h;
    uint32_t l = h->height - 1;
    if (!enter(k, h->spine[l], l)) return false;
    while (l < h->height) {
        const hr_late_node *n = &k->o->node[k->p.node[l]];
        uint32_t i = k->p.at[l];
        if (i == n->n) {
            l++;
            continue;
        }
        k->p.at[l]++;
        if (l > 0) {
            if (!enter(k, n->child[i], --l)) return false;
        } else if (!leaf_is_sound(k, n->child[i])) {
            return false;
        }
    }
    for (l = 0; l < h->height; l++) /* the last that were met */
        if (k->p.node[l] != h->spine[l]) return false;
    return k->leaf == HR_LATE_NONE && k->n_rows == h->n_rows;
}

/* What is not in the tree is chained. A chain that meets that of the tree ends as it does. */
static bool free_are_sound(const walk *k)
{
    const hr_late_head *h = k->o->h;
    uint32_t at = h->free_leaf;
    for (uint32_t i = k->n_leaves; i < h->n_leaves; i++) {
        if (at >= h->n_leaves || at == h->last) return false;
        at = k->o->link[at].next;
    }
    if (at != HR_LATE_NONE) return false;
    at = h->free_node;
    for (uint32_t i = k->n_nodes; i < h->n_nodes; i++) {
        if (at >= h->n_nodes || k->o->node[at].n != 0) return false;
        at = k->o->node[at].child[0];
    }
    return at == HR_LATE_NONE;
}

bool hr_late_is_sound(const hr_late *o, uint64_t cap_rows)
{
    const hr_late_head *h = o->h;
    uint32_t n_levels;
    if (h->n_leaves > leaves_most(cap_rows) || h->n_nodes > nodes_most(cap_rows, &n_levels))
        return false;
    if (h->height < 1 || h->height > HR_MIN(n_levels, HR_LATE_HEIGHT)) return false;
    walk k = {.o = o, .leaf = h->first};
    return h->n_rows <= cap_rows && tree_is_sound(&k) && free_are_sound(&k);
}

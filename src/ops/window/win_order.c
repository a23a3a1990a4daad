/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/window/win_order.h"

#include <float.h>

static uint64_t leaves_most(uint64_t n_rows)
{
    return n_rows / HR_ORDER_LEAF_LEAST + 1;
}

/* A root beside the nodes that are full enough, at each level. */
static uint64_t nodes_most(uint64_t n_rows)
{
    uint64_t most = 0;
    for (uint64_t n = leaves_most(n_rows); n > 1; n /= HR_ORDER_FAN_LEAST)
        most += n / HR_ORDER_FAN_LEAST + 1;
    return most + 1;
}

uint64_t hr_order_bytes(uint64_t n_rows)
{
    uint64_t links = hr_win_line(leaves_most(n_rows) * sizeof(hr_order_link));
    return sizeof(hr_order_head) + links + leaves_most(n_rows) * sizeof(hr_order_leaf) +
           nodes_most(n_rows) * sizeof(hr_order_node);
}

hr_order hr_order_of(void *block, uint64_t n_rows)
{
    hr_order o = {.h = block};
    char *p = block;
    p += sizeof(hr_order_head);
    o.link = (hr_order_link *)(void *)p;
    p += hr_win_line(leaves_most(n_rows) * sizeof(hr_order_link));
    o.leaf = (hr_order_leaf *)(void *)p;
    p += leaves_most(n_rows) * sizeof(hr_order_leaf);
    o.node = (hr_order_node *)(void *)p;
    return o;
}

static void clear_keys(double *v, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++)
        v[i] = (double)INFINITY;
}

static uint32_t leaf_get(const hr_order *o)
{
    hr_order_head *h = o->h;
    uint32_t i = h->free_leaf;
    if (i == HR_ORDER_NONE) {
        i = h->n_leaves++;
    } else {
        h->free_leaf = o->link[i].next;
    }
    clear_keys(o->leaf[i].v, 0, HR_ORDER_LEAF);
    o->link[i] = (hr_order_link){.prev = HR_ORDER_NONE, .next = HR_ORDER_NONE};
    return i;
}

static void leaf_free(const hr_order *o, uint32_t i)
{
    o->link[i].next = o->h->free_leaf;
    o->h->free_leaf = i;
}

static uint32_t node_get(const hr_order *o)
{
    hr_order_head *h = o->h;
    uint32_t i = h->free_node;
    if (i == HR_ORDER_NONE) {
        i = h->n_nodes++;
    } else {
        h->free_node = o->node[i].child[0];
    }
    memset(&o->node[i], 0, sizeof o->node[i]);
    clear_keys(o->node[i].key, 0, HR_ORDER_FAN);
    return i;
}

static void node_free(const hr_order *o, uint32_t i)
{
    o->node[i].n = 0; /* tells it from those in the tree */
    o->node[i].child[0] = o->h->free_node;
    o->h->free_node = i;
}

void hr_order_clear(const hr_order *o)
{
    *o->h = (hr_order_head){.height = 1, .free_leaf = HR_ORDER_NONE, .free_node = HR_ORDER_NONE};
    o->h->root = node_get(o);
    o->h->at = leaf_get(o);
    o->node[o->h->root].child[0] = o->h->at;
    o->node[o->h->root].n = 1;
}

/* ---- children of nodes ---- */

static void node_open(hr_order_node *n, uint32_t at, uint32_t by)
{
    uint32_t behind = n->n - at;
    memmove(n->key + at + by, n->key + at, behind * sizeof *n->key);
    memmove(n->child + at + by, n->child + at, behind * sizeof *n->child);
    memmove(n->rows + at + by, n->rows + at, behind * sizeof *n->rows);
    n->n += by;
}

static void node_close(hr_order_node *n, uint32_t at, uint32_t by)
{
    uint32_t behind = n->n - at - by;
    memmove(n->key + at, n->key + at + by, behind * sizeof *n->key);
    memmove(n->child + at, n->child + at + by, behind * sizeof *n->child);
    memmove(n->rows + at, n->rows + at + by, behind * sizeof *n->rows);
    clear_keys(n->key, n->n - by, n->n);
    n->n -= by;
}

static void node_copy(hr_order_node *to, uint32_t at, const hr_order_node *from, uint32_t i,
                      uint32_t n)
{
    memcpy(to->key + at, from->key + i, n * sizeof *to->key);
    memcpy(to->child + at, from->child + i, n * sizeof *to->child);
    memcpy(to->rows + at, from->rows + i, n * sizeof *to->rows);
}

void hr_order_note(const hr_order *o, const hr_order_path *p, double least)
{
    for (uint32_t l = 0; l < o->h->height; l++) {
        hr_order_node *n = &o->node[p->node[l]];
        n->key[p->at[l]] = least;
        if (p->at[l] > 0) return;
    }
}

void hr_order_forget(const hr_order *o, const hr_order_path *p)
{
    uint32_t n = o->link[p->leaf].n;
    o->leaf[p->leaf].v[n] = (double)INFINITY;
    if (n == 0) hr_order_note(o, p, (double)INFINITY);
}

uint64_t hr_order_below_all(const hr_order *o, double x)
{
    uint64_t below = 0;
    uint32_t at = o->h->root;
    for (uint32_t l = o->h->height; l-- > 0;) {
        const hr_order_node *n = &o->node[at];
        uint32_t last = hr_order_below(n->key, HR_ORDER_FAN, x);
        last -= last > 0;
        for (uint32_t i = 0; i < last; i++)
            below += n->rows[i];
        at = n->child[last];
    }
    return below + hr_order_below(o->leaf[at].v, HR_ORDER_LEAF, x);
}

static uint32_t node_rows(const hr_order_node *n)
{
    uint32_t rows = 0;
    for (uint32_t i = 0; i < n->n; i++)
        rows += n->rows[i];
    return rows;
}

/* So many children (or less than 0: of b) go from the end of a to the front of b. */
static void node_level(hr_order_node *a, hr_order_node *b, int32_t by)
{
    if (by > 0) {
        uint32_t n = (uint32_t)by;
        node_open(b, 0, n);
        node_copy(b, 0, a, a->n - n, n);
        node_close(a, a->n - n, n);
    } else {
        uint32_t n = (uint32_t)-by;
        node_copy(a, a->n, b, 0, n);
        a->n += n;
        node_close(b, 0, n);
    }
}

static void leaf_level(const hr_order *o, uint32_t a, uint32_t b, int32_t by)
{
    double *va = o->leaf[a].v;
    double *vb = o->leaf[b].v;
    hr_order_link *la = &o->link[a];
    hr_order_link *lb = &o->link[b];
    if (by > 0) {
        uint32_t n = (uint32_t)by;
        memmove(vb + n, vb, lb->n * sizeof *vb);
        memcpy(vb, va + la->n - n, n * sizeof *vb);
        clear_keys(va, la->n - n, la->n);
    } else {
        uint32_t n = (uint32_t)-by;
        memcpy(va + la->n, vb, n * sizeof *va);
        memmove(vb, vb + n, (lb->n - n) * sizeof *vb);
        clear_keys(vb, lb->n - n, lb->n);
    }
    la->n -= (uint32_t)by; /* modulo 2^32, as below */
    lb->n += (uint32_t)by;
    if (o->h->at == b) o->h->below -= (uint32_t)by;
}

/* What a node says of its child `i`. */
static void child_note(const hr_order *o, hr_order_node *n, uint32_t i, uint32_t level)
{
    uint32_t at = n->child[i];
    n->key[i] = level == 0 ? o->leaf[at].v[0] : o->node[at].key[0];
    n->rows[i] = level == 0 ? o->link[at].n : node_rows(&o->node[at]);
}

/* ---- parting ---- */

/* A new child behind child `i`. */
static void child_put(const hr_order *o, hr_order_node *n, uint32_t i, uint32_t child,
                      uint32_t level)
{
    node_open(n, i + 1, 1);
    n->child[i + 1] = child;
    child_note(o, n, i, level);
    child_note(o, n, i + 1, level);
}

static void root_grow(const hr_order *o, hr_order_path *p)
{
    hr_order_head *h = o->h;
    uint32_t root = node_get(o);
    o->node[root].child[0] = h->root;
    o->node[root].n = 1;
    p->node[h->height] = root;
    p->at[h->height] = 0;
    h->root = root;
    h->height++;
}

static void node_part(const hr_order *o, hr_order_path *p, uint32_t level)
{
    uint32_t at = p->node[level];
    uint32_t fresh = node_get(o);
    node_level(&o->node[at], &o->node[fresh], (int32_t)HR_ORDER_FAN / 2);
    child_put(o, &o->node[p->node[level + 1]], p->at[level + 1], fresh, level + 1);
    if (p->at[level] < HR_ORDER_FAN / 2) return;
    p->node[level] = fresh;
    p->at[level] -= HR_ORDER_FAN / 2;
    p->at[level + 1]++;
}

void hr_order_part(const hr_order *o, hr_order_path *p)
{
    if (o->node[o->h->root].n == HR_ORDER_FAN) root_grow(o, p);
    for (uint32_t l = o->h->height - 1; l-- > 0;) {
        if (o->node[p->node[l]].n == HR_ORDER_FAN) node_part(o, p, l);
    }
    hr_order_node *parent = &o->node[p->node[0]];
    uint32_t at = parent->child[p->at[0]];
    uint32_t fresh = leaf_get(o);
    hr_order_link *link = &o->link[at];
    o->link[fresh].prev = at;
    o->link[fresh].next = link->next;
    if (link->next != HR_ORDER_NONE) o->link[link->next].prev = fresh;
    link->next = fresh;
    leaf_level(o, at, fresh, (int32_t)HR_ORDER_LEAF / 2);
    child_put(o, parent, p->at[0], fresh, 0);
}

/* ---- joining ---- */

/* What goes from a to b that both are even; or all of b to a where it is not much. */
static int32_t level_by(uint32_t na, uint32_t nb, uint32_t merged)
{
    if (na + nb <= merged) return -(int32_t)nb;
    return (int32_t)na - (int32_t)((na + nb) / 2);
}

static void leaf_unlink(const hr_order *o, uint32_t a, uint32_t b)
{
    uint32_t next = o->link[b].next;
    o->link[a].next = next;
    if (next != HR_ORDER_NONE) o->link[next].prev = a;
    if (o->h->at == b) {
        o->h->at = a;
        o->h->below -= o->link[a].n;
    }
    leaf_free(o, b);
}

/* Children `i` and `i + 1` of a node become one, or as full as each other. True: one. */
static bool children_level(const hr_order *o, hr_order_node *n, uint32_t i, uint32_t level)
{
    uint32_t a = n->child[i];
    uint32_t b = n->child[i + 1];
    bool is_one;
    if (level == 0) {
        leaf_level(o, a, b, level_by(o->link[a].n, o->link[b].n, HR_ORDER_LEAF_MERGED));
        is_one = o->link[b].n == 0;
        if (is_one) leaf_unlink(o, a, b);
    } else {
        node_level(&o->node[a], &o->node[b],
                   level_by(o->node[a].n, o->node[b].n, HR_ORDER_FAN_MERGED));
        is_one = o->node[b].n == 0;
        if (is_one) node_free(o, b);
    }
    if (is_one) {
        node_close(n, i + 1, 1);
    } else {
        child_note(o, n, i + 1, level);
    }
    child_note(o, n, i, level);
    return is_one;
}

void hr_order_mend(const hr_order *o, const hr_order_path *p)
{
    hr_order_head *h = o->h;
    for (uint32_t l = 0; l < h->height; l++) {
        hr_order_node *n = &o->node[p->node[l]];
        if (n->n == 1) return; /* one leaf */
        uint32_t i = p->at[l];
        if (!children_level(o, n, i - (i > 0), l)) return;
        if (l + 1 == h->height && n->n == 1 && l > 0) {
            h->root = n->child[0];
            h->height--;
            node_free(o, p->node[l]);
            return;
        }
        if (n->n >= HR_ORDER_FAN_LEAST) return;
    }
}

/* ---- states from a file ---- */

/* The tree from left to right. */
typedef struct walk {
    const hr_order *o;
    hr_order_path p; /* nodes, and the child that is next in each */
    uint32_t n_leaves, n_nodes;
    uint32_t leaf; /* the one before */
    double last;   /* value before */
    uint64_t n_rows;
    bool has_place; /* the leaf that is followed was met */
} walk;

static bool enter(walk *k, uint32_t at, uint32_t level)
{
    const hr_order_head *h = k->o->h;
    if (at >= h->n_nodes || k->n_nodes++ == h->n_nodes) return false;
    const hr_order_node *n = &k->o->node[at];
    bool is_root = level + 1 == h->height;
    uint32_t least = !is_root ? HR_ORDER_FAN_LEAST : level > 0 ? 2 : 1;
    if (n->n < least || n->n > HR_ORDER_FAN) return false;
    for (uint32_t i = n->n; i < HR_ORDER_FAN; i++)
        if (!(n->key[i] >= (double)INFINITY)) return false;
    k->p.node[level] = at;
    k->p.at[level] = 0;
    return true;
}

/* Leaves that are chained both ways cannot be met twice, nor then a node above them. */
static bool leaf_is_sound(walk *k, uint32_t at, double key)
{
    const hr_order_head *h = k->o->h;
    if (at >= h->n_leaves || k->n_leaves == h->n_leaves) return false;
    const hr_order_link *link = &k->o->link[at];
    const double *v = k->o->leaf[at].v;
    bool is_chained = k->n_leaves++ == 0 ? link->prev == HR_ORDER_NONE
                                         : link->prev == k->leaf && k->o->link[k->leaf].next == at;
    if (!is_chained || link->n > HR_ORDER_LEAF || !(v[0] == key)) return false;
    for (uint32_t i = 0; i < link->n; i++) {
        if (!(v[i] >= k->last && v[i] < (double)INFINITY)) return false;
        k->last = v[i];
    }
    for (uint32_t i = link->n; i < HR_ORDER_LEAF; i++)
        if (!(v[i] >= (double)INFINITY)) return false;
    bool is_place = at == h->at;
    if (is_place && k->n_rows != h->below) return false;
    k->has_place = k->has_place || is_place;
    k->n_rows += link->n;
    k->leaf = at;
    bool is_one = k->n_leaves == 1 && link->next == HR_ORDER_NONE;
    return is_one || link->n >= HR_ORDER_LEAF_LEAST;
}

static bool tree_is_sound(walk *k)
{
    const hr_order_head *h = k->o->h;
    uint32_t l = h->height - 1;
    if (!enter(k, h->root, l)) return false;
    while (l < h->height) {
        const hr_order_node *n = &k->o->node[k->p.node[l]];
        uint32_t i = k->p.at[l];
        if (i == n->n) {
            l++;
            continue;
        }
        k->p.at[l]++;
        if (l == 0) {
            if (!leaf_is_sound(k, n->child[i], n->key[i])) return false;
        } else {
            l--;
            if (!enter(k, n->child[i], l) || !(k->o->node[n->child[i]].key[0] == n->key[i]))
                return false;
        }
    }
    return k->o->link[k->leaf].next == HR_ORDER_NONE && k->has_place;
}

/* What is not in the tree is chained, and holds nothing. A leaf of the tree that
 * holds nothing is the only one. */
static bool free_are_sound(const walk *k)
{
    const hr_order_head *h = k->o->h;
    uint32_t at = h->free_leaf;
    for (uint32_t i = k->n_leaves; i < h->n_leaves; i++) {
        if (at >= h->n_leaves || at == k->leaf || k->o->link[at].n != 0) return false;
        at = k->o->link[at].next;
    }
    if (at != HR_ORDER_NONE) return false;
    at = h->free_node;
    for (uint32_t i = k->n_nodes; i < h->n_nodes; i++) {
        if (at >= h->n_nodes || k->o->node[at].n != 0) return false;
        at = k->o->node[at].child[0];
    }
    return at == HR_ORDER_NONE;
}

bool hr_order_is_sound(const hr_order *o, uint64_t cap_rows, uint64_t n_rows)
{
    const hr_order_head *h = o->h;
    if (h->height < 1 || h->height > HR_ORDER_HEIGHT || n_rows > cap_rows) return false;
    if (h->n_leaves > leaves_most(cap_rows) || h->n_nodes > nodes_most(cap_rows)) return false;
    walk k = {.o = o, .last = -DBL_MAX};
    if (!tree_is_sound(&k) || k.n_rows != n_rows) return false;
    return free_are_sound(&k);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* One block: the head, the two hashes, the orders, the levels, the chains of levels.
 *
 * Indices of orders and levels count from 1; 0 is none. A node or level that is free is linked
 * through its `next` or `head`; those above `fresh` were never used, so that memory is touched only
 * as far as it is needed. What an instrument's levels are is kept apart (chain, first): only the
 * coming and going of levels reads it. */
#include "book/l3.h"

#include <string.h>

#include "base/assert.h"
#include "book/l3_map.h"

typedef struct node {
    uint64_t id;
    int64_t qty;
    uint32_t next; /* later at the same price; of a free node: the next free one */
    uint32_t prev;
    uint32_t level;
    uint32_t unused; /* two nodes a cache line, none in two */
} node;
_Static_assert(sizeof(node) == 32, "two a cache line");

typedef struct level {
    int64_t px;
    int64_t qty;   /* sum over the queue */
    uint32_t n;    /* orders in the queue; 0: free */
    uint32_t head; /* of a free level: the next free one */
    uint32_t tail;
    uint32_t book; /* instrument << 1 | side */
} level;
_Static_assert(sizeof(level) == 32, "two a cache line");

typedef struct chain {
    uint32_t next, prev; /* levels of one instrument, both sides, in no order */
} chain;

enum { ORDERS, LEVELS };

struct hr_l3 {
    hr_l3_map map[2]; /* ORDERS, LEVELS */
    uint64_t key[2];
    node *node;
    level *level;
    const char *base[2]; /* node, level, as looking ahead steps over either */
    chain *chain;
    uint32_t *first; /* [max_instruments] head of the chain */
    uint32_t node_free, node_fresh;
    uint32_t level_free, level_fresh;
    hr_l3_options opt;
    hr_l3_stats stats;
};

const char *hr_l3_verdict_name(hr_l3_verdict v)
{
    static const char *const name[] = {
#define HR_L3_VERDICT_NAME(id, text) text,
        HR_L3_VERDICT_LIST(HR_L3_VERDICT_NAME)
#undef HR_L3_VERDICT_NAME
    };
    return (unsigned)v < HR_L3_VERDICT_COUNT ? name[v] : "?";
}

/* ---- memory ---- */

typedef struct layout {
    size_t orders, levels, node, level, chain, first, total;
} layout;

static bool is_in_range(const hr_l3_options *o)
{
    return o->max_orders >= 1 && o->max_orders <= HR_L3_ORDERS_MAX && o->max_levels >= 1 &&
           o->max_levels <= HR_L3_LEVELS_MAX && o->max_instruments >= 1 &&
           o->max_instruments <= HR_L3_INSTRUMENTS_MAX;
}

static size_t place(size_t *at, size_t n, size_t elem_bytes)
{
    size_t here = *at;
    *at = hr_round_up(here + n * elem_bytes, HR_CACHE_LINE);
    return here;
}

static layout plan_layout(const hr_l3_options *o)
{
    layout l;
    size_t at = hr_round_up(sizeof(hr_l3), HR_CACHE_LINE);
    l.orders = place(&at, (size_t)1 << hr_l3_map_bits(o->max_orders), sizeof(uint64_t));
    l.levels = place(&at, (size_t)1 << hr_l3_map_bits(o->max_levels), sizeof(uint64_t));
    l.node = place(&at, (size_t)o->max_orders + 1, sizeof(node));
    l.level = place(&at, (size_t)o->max_levels + 1, sizeof(level));
    l.chain = place(&at, (size_t)o->max_levels + 1, sizeof(chain));
    l.first = place(&at, o->max_instruments, sizeof(uint32_t));
    l.total = at;
    return l;
}

size_t hr_l3_bytes(const hr_l3_options *o)
{
    return is_in_range(o) ? plan_layout(o).total : 0;
}

static hr_l3_map map_at(void *slots, uint32_t n)
{
    uint32_t bits = hr_l3_map_bits(n);
    return (hr_l3_map){
        .slot = slots, .mask = (uint32_t)((UINT64_C(1) << bits) - 1), .shift = 32 - bits};
}

hr_status hr_l3_create(hr_l3 **out, hr_arena *arena, const hr_l3_options *o, hr_err *err)
{
    *out = NULL;
    if (!is_in_range(o))
        return HR_FAIL(err, HR_EUSAGE, "%u orders, %u levels and %u instruments: out of range",
                       o->max_orders, o->max_levels, o->max_instruments);
    layout l = plan_layout(o);
    char *p = hr_arena_alloc(arena, l.total, HR_CACHE_LINE);
    if (p == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no room for %u orders: %zu bytes, the arena has %zu",
                       o->max_orders, l.total, hr_arena_left(arena));
    hr_arena_want_huge(p, l.total);
    hr_l3 *b = (hr_l3 *)p;
    *b = (hr_l3){.opt = *o};
    hr_l3_map_key(b->key, o->key);
    b->map[ORDERS] = map_at(p + l.orders, o->max_orders);
    b->map[LEVELS] = map_at(p + l.levels, o->max_levels);
    b->node = (node *)(p + l.node);
    b->level = (level *)(p + l.level);
    b->base[ORDERS] = p + l.node;
    b->base[LEVELS] = p + l.level;
    b->chain = (chain *)(p + l.chain);
    b->first = (uint32_t *)(p + l.first);
    hr_l3_reset(b);
    *out = b;
    return HR_OK;
}

void hr_l3_reset(hr_l3 *b)
{
    memset(b->map[ORDERS].slot, 0, ((size_t)b->map[ORDERS].mask + 1) * sizeof(uint64_t));
    memset(b->map[LEVELS].slot, 0, ((size_t)b->map[LEVELS].mask + 1) * sizeof(uint64_t));
    memset(b->first, 0, b->opt.max_instruments * sizeof *b->first);
    b->node_free = b->level_free = 0;
    b->node_fresh = b->level_fresh = 1;
    b->stats.n_orders = b->stats.n_levels = 0;
}

/* ---- parts ---- */

static void begin(hr_l3_change *out)
{
    out->verdict = HR_L3_OK;
    out->n = 0;
    out->instrument = 0;
    out->is_clear = false;
    out->taken = 0;
}

static void judge(hr_l3 *b, hr_l3_change *out, hr_l3_verdict v)
{
    out->verdict = v;
    b->stats.n_verdicts[v]++;
}

/* Names a level and what stands on it now. */
static void tell(hr_l3_change *out, const level *l)
{
    out->instrument = l->book >> 1;
    out->side[out->n] = l->book & 1;
    out->px[out->n] = l->px;
    out->qty[out->n] = l->qty;
    out->n++;
}

/* The order's index, or 0; *at is then the slot where it belongs. */
static uint32_t order_seek(const hr_l3 *b, uint64_t id, uint32_t hash, uint32_t *at)
{
    *at = hr_l3_map_home(&b->map[ORDERS], hash);
    uint32_t i = hr_l3_map_seek(&b->map[ORDERS], hash, at);
    while (i != 0 && b->node[i].id != id) { /* same 32 bits of the hash: one pair in 2^32 */
        *at = (*at + 1) & b->map[ORDERS].mask;
        i = hr_l3_map_seek(&b->map[ORDERS], hash, at);
    }
    return i;
}

static uint32_t order_find(const hr_l3 *b, uint64_t id, uint32_t *at)
{
    return order_seek(b, id, hr_l3_hash_id(b->key, id), at);
}

static uint32_t level_seek(const hr_l3 *b, uint32_t book, int64_t px, uint32_t hash, uint32_t *at)
{
    *at = hr_l3_map_home(&b->map[LEVELS], hash);
    uint32_t i = hr_l3_map_seek(&b->map[LEVELS], hash, at);
    while (i != 0 && (b->level[i].px != px || b->level[i].book != book)) {
        *at = (*at + 1) & b->map[LEVELS].mask;
        i = hr_l3_map_seek(&b->map[LEVELS], hash, at);
    }
    return i;
}

static uint32_t level_find(const hr_l3 *b, uint32_t book, int64_t px)
{
    uint32_t at;
    return level_seek(b, book, px, hr_l3_hash_level(b->key, book, px), &at);
}

static bool has_free_level(const hr_l3 *b)
{
    return b->level_free != 0 || b->level_fresh <= b->opt.max_levels;
}

static void chain_add(hr_l3 *b, uint32_t i)
{
    uint32_t *first = &b->first[b->level[i].book >> 1];
    b->chain[i] = (chain){.next = *first};
    if (*first != 0) b->chain[*first].prev = i;
    *first = i;
}

static void chain_remove(hr_l3 *b, uint32_t i)
{
    chain c = b->chain[i];
    if (c.prev != 0)
        b->chain[c.prev].next = c.next;
    else
        b->first[b->level[i].book >> 1] = c.next;
    if (c.next != 0) b->chain[c.next].prev = c.prev;
}

/* Finds or makes the level; 0: none is free. */
static uint32_t level_get(hr_l3 *b, uint32_t book, int64_t px, uint32_t hash)
{
    uint32_t at;
    uint32_t i = level_seek(b, book, px, hash, &at);
    if (HR_LIKELY(i != 0) || !has_free_level(b)) return i;
    if (b->level_free != 0) {
        i = b->level_free;
        b->level_free = b->level[i].head;
    } else {
        i = b->level_fresh++;
    }
    b->level[i] = (level){.px = px, .book = book};
    hr_l3_map_put(&b->map[LEVELS], at, hash, i);
    chain_add(b, i);
    b->stats.n_levels++;
    return i;
}

static void level_drop(hr_l3 *b, uint32_t i)
{
    uint32_t at;
    level *l = &b->level[i];
    (void)level_seek(b, l->book, l->px, hr_l3_hash_level(b->key, l->book, l->px), &at);
    hr_l3_map_erase(&b->map[LEVELS], at);
    chain_remove(b, i);
    l->head = b->level_free;
    b->level_free = i;
    b->stats.n_levels--;
}

static void queue_append(hr_l3 *b, uint32_t level_idx, uint32_t i)
{
    level *l = &b->level[level_idx];
    node *o = &b->node[i];
    o->level = level_idx;
    o->next = 0;
    o->prev = l->tail;
    uint32_t *before = l->tail != 0 ? &b->node[l->tail].next : &l->head;
    *before = i;
    l->tail = i;
    l->n++;
    l->qty += o->qty;
}

static void queue_remove(hr_l3 *b, uint32_t i)
{
    const node *o = &b->node[i];
    level *l = &b->level[o->level];
    uint32_t *before = o->prev != 0 ? &b->node[o->prev].next : &l->head;
    uint32_t *behind = o->next != 0 ? &b->node[o->next].prev : &l->tail;
    *before = o->next;
    *behind = o->prev;
    l->n--;
    l->qty -= o->qty;
}

static uint32_t node_get(hr_l3 *b)
{
    uint32_t i = b->node_free;
    if (i != 0) {
        b->node_free = b->node[i].next;
    } else {
        if (b->node_fresh > b->opt.max_orders) return 0;
        i = b->node_fresh++;
    }
    b->stats.n_orders++;
    return i;
}

/* The last that was freed is the first used again: it is likely in the caches. */
static void node_put(hr_l3 *b, uint32_t i)
{
    b->node[i].next = b->node_free;
    b->node_free = i;
    b->stats.n_orders--;
}

/* ---- operations ---- */

static bool is_good(const hr_l3 *b, const hr_l3_op *o)
{
    return o->px >= 1 && o->qty >= 1 && o->side <= HR_SIDE_ASK &&
           o->instrument < b->opt.max_instruments;
}

static uint32_t book_of(const hr_l3_op *op)
{
    return op->instrument << 1 | op->side;
}

/* b where mask is all ones, a where it is 0. */
static uint64_t pick(uint64_t a, uint64_t b, uint64_t mask)
{
    return a ^ ((a ^ b) & mask);
}

/* Without branches: what comes next is anyone's guess, and a wrong one costs more than a hash. */
static void hash_op(const hr_l3 *b, hr_l3_op *op)
{
    uint64_t add = -(uint64_t)(op->what == HR_L3_ADD);
    uint64_t x = pick(op->new_id, (uint64_t)op->px, add);
    uint64_t y = pick(b->key[0], book_of(op), add);
    op->hash = hr_l3_hash_id(b->key, op->id);
    op->hash2 = hr_l3_hash(b->key, x, y, pick(HR_L3_MIX, b->key[1], add));
    op->is_looked = true;
}

static hr_status add(hr_l3 *b, hr_l3_change *out, const hr_l3_op *op)
{
    uint32_t at;
    if (HR_UNLIKELY(!is_good(b, op))) {
        judge(b, out, HR_L3_BAD);
        return HR_OK;
    }
    if (HR_UNLIKELY(order_seek(b, op->id, op->hash, &at) != 0)) {
        judge(b, out, HR_L3_DUPLICATE);
        return HR_OK;
    }
    bool has_node = b->node_free != 0 || b->node_fresh <= b->opt.max_orders;
    uint32_t level_idx = has_node ? level_get(b, book_of(op), op->px, op->hash2) : 0;
    if (HR_UNLIKELY(level_idx == 0)) {
        judge(b, out, HR_L3_FULL);
        return HR_EBUDGET;
    }
    if (HR_UNLIKELY(b->level[level_idx].qty > INT64_MAX - op->qty)) {
        judge(b, out, HR_L3_BAD); /* so large a level holds an order: it is not a new one */
        return HR_OK;
    }
    uint32_t i = node_get(b);
    b->node[i].id = op->id;
    b->node[i].qty = op->qty;
    hr_l3_map_put(&b->map[ORDERS], at, op->hash, i);
    queue_append(b, level_idx, i);
    tell(out, &b->level[level_idx]);
    judge(b, out, HR_L3_OK);
    return HR_OK;
}

/* Takes at most qty; `over` is the verdict where that is more than is left. */
static void take(hr_l3 *b, hr_l3_change *out, const hr_l3_op *op, int64_t qty, hr_l3_verdict over)
{
    uint32_t at;
    uint32_t i = order_seek(b, op->id, op->hash, &at);
    if (HR_UNLIKELY(i == 0 || qty < 1)) {
        judge(b, out, i == 0 ? HR_L3_UNKNOWN : HR_L3_BAD);
        return;
    }
    node *o = &b->node[i];
    uint32_t level_idx = o->level;
    level *l = &b->level[level_idx];
    if (qty < o->qty) {
        o->qty -= qty;
        l->qty -= qty;
        out->taken = qty;
        tell(out, l);
        judge(b, out, HR_L3_OK);
        return;
    }
    out->taken = o->qty;
    judge(b, out, qty > o->qty ? over : HR_L3_OK);
    queue_remove(b, i);
    hr_l3_map_erase(&b->map[ORDERS], at);
    node_put(b, i);
    tell(out, l);
    if (l->n == 0) level_drop(b, level_idx);
}

/* Room at the price for the order's new quantity? level_idx 0: nothing stands there yet. */
static bool is_sum_good(const hr_l3 *b, uint32_t i, uint32_t level_idx, int64_t qty)
{
    const node *o = &b->node[i];
    if (level_idx == 0) return true;
    int64_t others = b->level[level_idx].qty - (level_idx == o->level ? o->qty : 0);
    return others <= INT64_MAX - qty;
}

static void move_order(hr_l3 *b, hr_l3_change *out, uint32_t i, int64_t px, int64_t qty)
{
    node *o = &b->node[i];
    uint32_t old = o->level;
    level *l = &b->level[old];
    uint32_t book = l->book;
    bool is_same = l->px == px;
    queue_remove(b, i);
    if (!is_same) {
        tell(out, l);
        if (l->n == 0) level_drop(b, old);
    }
    uint32_t level_idx = old;
    if (!is_same) level_idx = level_get(b, book, px, hr_l3_hash_level(b->key, book, px));
    o->qty = qty;
    queue_append(b, level_idx, i);
    tell(out, &b->level[level_idx]);
}

static void rename_order(hr_l3 *b, uint32_t i, uint32_t at, const hr_l3_op *op)
{
    hr_l3_map_erase(&b->map[ORDERS], at);
    (void)order_seek(b, op->new_id, op->hash2, &at);
    b->node[i].id = op->new_id;
    hr_l3_map_put(&b->map[ORDERS], at, op->hash2, i);
}

static hr_status replace(hr_l3 *b, hr_l3_change *out, const hr_l3_op *op)
{
    uint32_t at;
    uint32_t new_at;
    uint32_t i = order_seek(b, op->id, op->hash, &at);
    if (HR_UNLIKELY(i == 0 || op->px < 1 || op->qty < 1)) {
        judge(b, out, i == 0 ? HR_L3_UNKNOWN : HR_L3_BAD);
        return HR_OK;
    }
    bool is_new = op->new_id != op->id;
    if (HR_UNLIKELY(is_new && order_seek(b, op->new_id, op->hash2, &new_at) != 0)) {
        judge(b, out, HR_L3_DUPLICATE);
        return HR_OK;
    }
    const level *l = &b->level[b->node[i].level];
    uint32_t to = level_find(b, l->book, op->px);
    if (HR_UNLIKELY(to == 0 && l->n > 1 && !has_free_level(b))) {
        judge(b, out, HR_L3_FULL);
        return HR_EBUDGET;
    }
    if (HR_UNLIKELY(!is_sum_good(b, i, to, op->qty))) {
        judge(b, out, HR_L3_BAD);
        return HR_OK;
    }
    move_order(b, out, i, op->px, op->qty);
    if (is_new) rename_order(b, i, at, op);
    judge(b, out, HR_L3_OK);
    return HR_OK;
}

hr_status hr_l3_apply(hr_l3 *b, hr_l3_change *out, hr_l3_op *op)
{
    begin(out);
    if (!op->is_looked) hash_op(b, op);
    switch ((hr_l3_what)op->what) {
    case HR_L3_ADD:
        return add(b, out, op);
    case HR_L3_EXECUTE:
    case HR_L3_CANCEL:
        take(b, out, op, op->qty, HR_L3_OVER);
        break;
    case HR_L3_DELETE:
        take(b, out, op, INT64_MAX, HR_L3_OK);
        break;
    case HR_L3_REPLACE:
        return replace(b, out, op);
    case HR_L3_NONE:
        break;
    }
    return HR_OK;
}

hr_status hr_l3_add(hr_l3 *b, hr_l3_change *out, const hr_l3_order *order)
{
    hr_l3_op op = {.id = order->id,
                   .px = order->px,
                   .qty = order->qty,
                   .instrument = order->instrument,
                   .side = order->side,
                   .what = HR_L3_ADD};
    return hr_l3_apply(b, out, &op);
}

static void take_by_id(hr_l3 *b, hr_l3_change *out, uint64_t id, int64_t qty, hr_l3_verdict over)
{
    const hr_l3_op op = {.id = id, .hash = hr_l3_hash_id(b->key, id)};
    begin(out);
    take(b, out, &op, qty, over);
}

void hr_l3_execute(hr_l3 *b, hr_l3_change *out, uint64_t id, int64_t qty)
{
    take_by_id(b, out, id, qty, HR_L3_OVER);
}

void hr_l3_cancel(hr_l3 *b, hr_l3_change *out, uint64_t id, int64_t qty)
{
    take_by_id(b, out, id, qty, HR_L3_OVER);
}

void hr_l3_delete(hr_l3 *b, hr_l3_change *out, uint64_t id)
{
    take_by_id(b, out, id, INT64_MAX, HR_L3_OK);
}

hr_status hr_l3_replace(hr_l3 *b, hr_l3_change *out, uint64_t id, uint64_t new_id, int64_t px,
                        int64_t qty)
{
    hr_l3_op op = {.id = id, .new_id = new_id, .px = px, .qty = qty, .what = HR_L3_REPLACE};
    return hr_l3_apply(b, out, &op);
}

void hr_l3_modify(hr_l3 *b, hr_l3_change *out, uint64_t id, int64_t qty)
{
    uint32_t at;
    begin(out);
    uint32_t i = order_find(b, id, &at);
    if (HR_UNLIKELY(i == 0)) {
        judge(b, out, HR_L3_UNKNOWN);
        return;
    }
    node *o = &b->node[i];
    level *l = &b->level[o->level];
    if (HR_UNLIKELY(qty < 1 || !is_sum_good(b, i, o->level, qty))) {
        judge(b, out, HR_L3_BAD);
        return;
    }
    judge(b, out, HR_L3_OK);
    if (qty > o->qty) {
        move_order(b, out, i, l->px, qty);
    } else if (qty < o->qty) {
        l->qty -= o->qty - qty;
        o->qty = qty;
        tell(out, l);
    }
}

/* All orders of a level that is about to go. */
static void drop_queue(hr_l3 *b, uint32_t head)
{
    uint32_t at;
    for (uint32_t i = head; i != 0;) {
        uint32_t next = b->node[i].next;
        (void)order_find(b, b->node[i].id, &at);
        hr_l3_map_erase(&b->map[ORDERS], at);
        node_put(b, i);
        i = next;
    }
}

void hr_l3_clear(hr_l3 *b, hr_l3_change *out, uint32_t instrument)
{
    begin(out);
    if (instrument >= b->opt.max_instruments) {
        judge(b, out, HR_L3_BAD);
        return;
    }
    while (b->first[instrument] != 0) {
        uint32_t i = b->first[instrument];
        drop_queue(b, b->level[i].head);
        b->level[i].n = 0;
        level_drop(b, i);
    }
    out->instrument = instrument;
    out->is_clear = true;
    judge(b, out, HR_L3_OK);
}

hr_status hr_l3_follow(hr_l2 *book, const hr_l3_change *change)
{
    if (change->is_clear) hr_l2_reset(book);
    if (change->n == 0) return HR_OK;
    return hr_l2_apply(book, change->side, change->px, change->qty, change->n);
}

/* ---- looking ahead: without branches, see hash_op ---- */

/* The second place is of use to an add and a replace. */
void hr_l3_look_home(const hr_l3 *b, hr_l3_op *op)
{
    hash_op(b, op);
    const hr_l3_map *second = &b->map[op->what == HR_L3_ADD];
    __builtin_prefetch(&b->map[ORDERS].slot[hr_l3_map_home(&b->map[ORDERS], op->hash)], 1);
    __builtin_prefetch(&second->slot[hr_l3_map_home(second, op->hash2)], 1);
}

/* The first with this hash: where it is another one, a hint is lost. */
void hr_l3_look_up(const hr_l3 *b, hr_l3_op *op)
{
    bool is_add = op->what == HR_L3_ADD;
    const hr_l3_map *m = &b->map[is_add];
    const char *base = b->base[is_add];
    uint32_t h = (uint32_t)pick(op->hash, op->hash2, -(uint64_t)is_add);
    uint32_t at = hr_l3_map_home(m, h);
    op->at = hr_l3_map_seek(m, h, &at);
    __builtin_prefetch(base + (size_t)op->at * sizeof(node), 1);
}

/* A level's last order; an order's level and its neighbours: the same word is the last of the one
 * and the level of the other. What was freed since is some other one: a hint is lost. */
void hr_l3_look_around(const hr_l3 *b, const hr_l3_op *op)
{
    _Static_assert(sizeof(node) == sizeof(level), "look_up steps over either");
    _Static_assert(offsetof(node, level) == offsetof(level, tail), "one word for both");
    bool is_add = op->what == HR_L3_ADD;
    const char *base = b->base[is_add];
    const char *to = b->base[!is_add];
    const node *o = (const node *)(const void *)(base + (size_t)op->at * sizeof(node));
    uint32_t others = (uint32_t)is_add - 1; /* none or all */
    __builtin_prefetch(to + (size_t)o->level * sizeof(node), 1);
    __builtin_prefetch(&b->node[o->next & others], 1);
    __builtin_prefetch(&b->node[o->prev & others], 1);
}

/* ---- questions ---- */

static void describe(const hr_l3 *b, hr_l3_order *out, uint32_t i)
{
    const node *o = &b->node[i];
    const level *l = &b->level[o->level];
    *out = (hr_l3_order){
        .id = o->id, .px = l->px, .qty = o->qty, .instrument = l->book >> 1, .side = l->book & 1};
}

bool hr_l3_find(const hr_l3 *b, hr_l3_order *out, uint64_t id)
{
    uint32_t at;
    uint32_t i = order_find(b, id, &at);
    if (i == 0) return false;
    describe(b, out, i);
    return true;
}

bool hr_l3_ahead(const hr_l3 *b, uint64_t id, uint32_t *n_orders, int64_t *qty)
{
    uint32_t at;
    uint32_t i = order_find(b, id, &at);
    *n_orders = 0;
    *qty = 0;
    if (i == 0) return false;
    for (i = b->node[i].prev; i != 0; i = b->node[i].prev) {
        ++*n_orders;
        *qty += b->node[i].qty;
    }
    return true;
}

/* The level, or 0 for none, also where nothing can stand there. */
static uint32_t level_of(const hr_l3 *b, uint32_t instrument, hr_side side, int64_t px)
{
    if (instrument >= b->opt.max_instruments || (unsigned)side > HR_SIDE_ASK) return 0;
    return level_find(b, instrument << 1 | (uint32_t)side, px);
}

bool hr_l3_level(const hr_l3 *b, uint32_t instrument, hr_side side, int64_t px, int64_t *qty,
                 uint32_t *n_orders)
{
    uint32_t i = level_of(b, instrument, side, px);
    *qty = i != 0 ? b->level[i].qty : 0;
    *n_orders = i != 0 ? b->level[i].n : 0;
    return i != 0;
}

uint32_t hr_l3_queue(const hr_l3 *b, uint32_t instrument, hr_side side, int64_t px, uint32_t cap,
                     hr_l3_order *out)
{
    uint32_t n = 0;
    uint32_t l = level_of(b, instrument, side, px);
    for (uint32_t i = l != 0 ? b->level[l].head : 0; i != 0 && n < cap; i = b->node[i].next)
        describe(b, &out[n++], i);
    return n;
}

uint32_t hr_l3_queue_behind(const hr_l3 *b, uint64_t id, uint32_t cap, hr_l3_order *out)
{
    uint32_t n = 0;
    uint32_t at;
    uint32_t i = order_find(b, id, &at);
    if (i == 0) return 0;
    for (i = b->node[i].next; i != 0 && n < cap; i = b->node[i].next)
        describe(b, &out[n++], i);
    return n;
}

void hr_l3_stats_get(const hr_l3 *b, hr_l3_stats *out)
{
    *out = b->stats;
}

/* ---- soundness ---- */

static bool is_queue_sound(const hr_l3 *b, uint32_t level_idx)
{
    const level *l = &b->level[level_idx];
    uint32_t n = 0;
    uint32_t prev = 0;
    int64_t qty = 0;
    uint32_t at;
    for (uint32_t i = l->head; i != 0; i = b->node[i].next) {
        const node *o = &b->node[i];
        if (n++ == l->n || o->prev != prev || o->level != level_idx || o->qty < 1) return false;
        if (order_find(b, o->id, &at) != i) return false;
        qty += o->qty;
        prev = i;
    }
    return n > 0 && n == l->n && qty == l->qty && l->tail == prev;
}

static uint32_t count_slots(const hr_l3_map *m)
{
    uint32_t n = 0;
    for (size_t i = 0; i <= m->mask; i++)
        n += m->slot[i] != 0;
    return n;
}

bool hr_l3_is_sound(const hr_l3 *b)
{
    uint32_t n_levels = 0;
    uint32_t n_orders = 0;
    for (uint32_t k = 0; k < b->opt.max_instruments; k++) {
        uint32_t prev = 0;
        for (uint32_t i = b->first[k]; i != 0; i = b->chain[i].next) {
            const level *l = &b->level[i];
            if (n_levels++ == b->stats.n_levels || l->book >> 1 != k) return false;
            if (b->chain[i].prev != prev || level_find(b, l->book, l->px) != i) return false;
            if (!is_queue_sound(b, i)) return false;
            n_orders += l->n;
            prev = i;
        }
    }
    return n_levels == b->stats.n_levels && n_orders == b->stats.n_orders &&
           count_slots(&b->map[LEVELS]) == n_levels && count_slots(&b->map[ORDERS]) == n_orders;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "book/l3_state.h"

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
    size_t spare, levels, node, level, chain, first, total;
    uint32_t ring; /* a power of two */
} layout;

static bool is_in_range(const hr_l3_options *o)
{
    return o->max_orders >= 1 && o->max_orders <= HR_L3_ORDERS_MAX && o->max_levels >= 1 &&
           o->max_levels <= HR_L3_LEVELS_MAX && o->max_instruments >= 1 &&
           o->max_instruments <= HR_L3_INSTRUMENTS_MAX;
}

/* A quarter to half as many places as orders: of ids in a row only those that live long fall out.
 */
static uint32_t ring_of(uint32_t max_orders)
{
    uint32_t n = 1;
    while (n <= max_orders / 4)
        n *= 2;
    return n;
}

static size_t place(size_t *at, size_t n, size_t elem_bytes)
{
    size_t here = *at;
    *at = hr_round_up(here + n * elem_bytes, HR_CACHE_LINE);
    return here;
}

static layout plan_layout(const hr_l3_options *o)
{
    layout l = {.ring = ring_of(o->max_orders)};
    size_t at = hr_round_up(sizeof(hr_l3), HR_CACHE_LINE);
    l.spare = place(&at, (size_t)1 << hr_l3_map_bits(o->max_orders), sizeof(uint64_t));
    l.levels = place(&at, (size_t)1 << hr_l3_map_bits(o->max_levels), sizeof(uint64_t));
    l.node = place(&at, (size_t)l.ring + o->max_orders + 1, sizeof(node));
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
    *b = (hr_l3){.opt = *o, .ring_mask = l.ring - 1};
    hr_l3_map_key(b->key, o->key);
    b->spare = map_at(p + l.spare, o->max_orders);
    b->levels = map_at(p + l.levels, o->max_levels);
    b->node = (node *)(p + l.node);
    b->level = (level *)(p + l.level);
    b->chain = (chain *)(p + l.chain);
    b->first = (uint32_t *)(p + l.first);
    hr_l3_reset(b);
    *out = b;
    return HR_OK;
}

void hr_l3_reset(hr_l3 *b)
{
    memset(b->spare.slot, 0, ((size_t)b->spare.mask + 1) * sizeof(uint64_t));
    memset(b->levels.slot, 0, ((size_t)b->levels.mask + 1) * sizeof(uint64_t));
    memset(b->node, 0, ((size_t)b->ring_mask + 2) * sizeof *b->node);
    memset(b->level, 0, sizeof *b->level); /* what a lost hint reads */
    memset(b->first, 0, b->opt.max_instruments * sizeof *b->first);
    b->node_free = b->level_free = 0;
    b->node_fresh = (uint32_t)b->ring_mask + 2;
    b->level_fresh = 1;
    b->stats.n_orders = b->stats.n_levels = 0;
}

/* ---- parts ---- */

static void begin(hr_l3_change *out)
{
    out->verdict = HR_L3_OK;
    out->n = 0;
    out->instrument = 0;
    out->is_clear = out->is_edge = false;
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
    hr_l3_map_put(&b->levels, at, hash, i);
    chain_add(b, i);
    b->stats.n_levels++;
    return i;
}

static void level_drop(hr_l3 *b, uint32_t i)
{
    uint32_t at;
    level *l = &b->level[i];
    (void)level_seek(b, l->book, l->px, hr_l3_hash_level(b->key, l->book, l->px), &at);
    hr_l3_map_erase(&b->levels, at);
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

/* The last that was freed is the first used again: it is likely in the caches. There is one: no
 * more orders live than there are spare nodes. */
static uint32_t spare_get(hr_l3 *b)
{
    uint32_t i = b->node_free;
    if (i == 0) return b->node_fresh++;
    b->node_free = b->node[i].next;
    return i;
}

static void spare_put(hr_l3 *b, uint32_t i)
{
    uint32_t at;
    uint64_t id = b->node[i].id;
    (void)spare_seek(b, id, hr_l3_hash_id(b->key, id), &at);
    hr_l3_map_erase(&b->spare, at);
    b->node[place_of(b, id)].n_spare--;
    b->node[i].next = b->node_free;
    b->node_free = i;
}

/* Another one takes its place in the ring. */
static HR_NOINLINE void move_out(hr_l3 *b, uint32_t i)
{
    uint32_t at;
    uint32_t to = spare_get(b);
    node *o = &b->node[i];
    level *l = &b->level[o->level];
    uint32_t hash = hr_l3_hash_id(b->key, o->id);
    (void)spare_seek(b, o->id, hash, &at);
    hr_l3_map_put(&b->spare, at, hash, to);
    b->node[to] = *o;
    *(o->prev != 0 ? &b->node[o->prev].next : &l->head) = to;
    *(o->next != 0 ? &b->node[o->next].prev : &l->tail) = to;
    o->level = 0;
    o->n_spare++;
}

/* Its place, where no order has this id. */
static uint32_t node_get(hr_l3 *b, uint64_t id)
{
    uint32_t i = place_of(b, id);
    if (HR_UNLIKELY(b->node[i].level != 0)) move_out(b, i);
    b->node[i].id = id;
    b->stats.n_orders++;
    return i;
}

static void node_put(hr_l3 *b, uint32_t i)
{
    b->node[i].level = 0;
    b->stats.n_orders--;
    if (HR_UNLIKELY(is_spare(b, i))) spare_put(b, i);
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

/* Finds or makes the level; 0: none is free. The hint is good unless the level went since. */
static uint32_t level_of_add(hr_l3 *b, const hr_l3_op *op)
{
    uint32_t book = book_of(op);
    if (!op->is_looked) return level_get(b, book, op->px, hr_l3_hash_level(b->key, book, op->px));
    const level *l = &b->level[op->at];
    if (HR_LIKELY(l->n != 0 && l->px == op->px && l->book == book)) return op->at;
    return level_get(b, book, op->px, op->hash);
}

static hr_status add(hr_l3 *b, hr_l3_change *out, const hr_l3_op *op)
{
    if (HR_UNLIKELY(!is_good(b, op))) {
        judge(b, out, HR_L3_BAD);
        return HR_OK;
    }
    if (HR_UNLIKELY(order_find(b, op->id) != 0)) {
        judge(b, out, HR_L3_DUPLICATE);
        return HR_OK;
    }
    uint32_t level_idx = b->stats.n_orders < b->opt.max_orders ? level_of_add(b, op) : 0;
    if (HR_UNLIKELY(level_idx == 0)) {
        judge(b, out, HR_L3_FULL);
        return HR_EBUDGET;
    }
    if (HR_UNLIKELY(b->level[level_idx].qty > INT64_MAX - op->qty)) {
        judge(b, out, HR_L3_BAD); /* so large a level holds an order: it is not a new one */
        return HR_OK;
    }
    uint32_t i = node_get(b, op->id);
    b->node[i].qty = op->qty;
    queue_append(b, level_idx, i);
    tell(out, &b->level[level_idx]);
    out->is_edge = b->level[level_idx].n == 1;
    judge(b, out, HR_L3_OK);
    return HR_OK;
}

/* As order_find, by what was seen ahead where it was looked for. */
static uint32_t order_of_op(const hr_l3 *b, const hr_l3_op *op)
{
    if (HR_UNLIKELY(op->is_spare) && op->at != 0) {
        const node *o = &b->node[op->at];
        if (o->id == op->id && o->level != 0) return op->at;
    }
    return order_find(b, op->id);
}

/* Takes at most qty; `over` is the verdict where that is more than is left. */
static void take(hr_l3 *b, hr_l3_change *out, const hr_l3_op *op, int64_t qty, hr_l3_verdict over)
{
    uint32_t i = order_of_op(b, op);
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
    node_put(b, i);
    tell(out, l);
    out->is_edge = l->n == 0;
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

static void move_order(hr_l3 *b, hr_l3_change *out, uint32_t i, const hr_l3_op *to)
{
    uint32_t old = b->node[i].level;
    level *l = &b->level[old];
    uint32_t book = l->book;
    bool is_same = l->px == to->px;
    queue_remove(b, i);
    node_put(b, i);
    if (!is_same) {
        tell(out, l);
        out->is_edge = l->n == 0;
        if (l->n == 0) level_drop(b, old);
    }
    uint32_t level_idx = old;
    if (!is_same) level_idx = level_get(b, book, to->px, hr_l3_hash_level(b->key, book, to->px));
    i = node_get(b, to->new_id);
    b->node[i].qty = to->qty;
    queue_append(b, level_idx, i);
    tell(out, &b->level[level_idx]);
    out->is_edge |= !is_same && b->level[level_idx].n == 1;
}

static hr_status replace(hr_l3 *b, hr_l3_change *out, const hr_l3_op *op)
{
    uint32_t i = order_of_op(b, op);
    if (HR_UNLIKELY(i == 0 || op->px < 1 || op->qty < 1)) {
        judge(b, out, i == 0 ? HR_L3_UNKNOWN : HR_L3_BAD);
        return HR_OK;
    }
    if (HR_UNLIKELY(op->new_id != op->id && order_find(b, op->new_id) != 0)) {
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
    move_order(b, out, i, op);
    judge(b, out, HR_L3_OK);
    return HR_OK;
}

hr_status hr_l3_apply(hr_l3 *b, hr_l3_change *out, hr_l3_op *op)
{
    begin(out);
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
    const hr_l3_op op = {.id = id};
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
    begin(out);
    uint32_t i = order_find(b, id);
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
        move_order(b, out, i, &(hr_l3_op){.new_id = id, .px = l->px, .qty = qty});
    } else if (qty < o->qty) {
        l->qty -= o->qty - qty;
        o->qty = qty;
        tell(out, l);
    }
}

/* All orders of a level that is about to go. */
static void drop_queue(hr_l3 *b, uint32_t head)
{
    for (uint32_t i = head; i != 0;) {
        uint32_t next = b->node[i].next;
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

hr_status hr_l3_follow_prices(hr_l2 *book, const hr_l3_change *change)
{
    int64_t one[2];
    if (change->is_clear) hr_l2_reset(book);
    if (!change->is_edge) return HR_OK;
    for (uint32_t i = 0; i < change->n; i++)
        one[i] = change->qty[i] != 0;
    return hr_l2_apply(book, change->side, change->px, one, change->n);
}

/* ---- looking ahead ----
 *
 * Without branches: what comes next is anyone's guess, and a wrong one costs more than what it
 * saves.
 */

/* b where mask is all ones, a where it is 0. */
static uintptr_t pick(uintptr_t a, uintptr_t b, uintptr_t mask)
{
    return a ^ ((a ^ b) & mask);
}

/* All ones for an add. */
static uint32_t add_mask(const hr_l3_op *op)
{
    return -(uint32_t)(op->what == HR_L3_ADD);
}

/* The order's place; that of an add's level or of a replacement. */
void hr_l3_look_home(const hr_l3 *b, hr_l3_op *op)
{
    op->hash = hr_l3_hash_level(b->key, book_of(op), op->px);
    op->at = 0;
    op->is_looked = true;
    op->is_spare = false;
    uintptr_t slot = (uintptr_t)&b->levels.slot[hr_l3_map_home(&b->levels, op->hash)];
    uintptr_t other = (uintptr_t)&b->node[place_of(b, op->new_id)];
    uintptr_t is_add = -(uintptr_t)(op->what == HR_L3_ADD);
    __builtin_prefetch(&b->node[place_of(b, op->id)], 1);
    __builtin_prefetch((const void *)pick(other, slot, is_add), 1);
}

static void look_at_neighbours(const hr_l3 *b, const node *o)
{
    __builtin_prefetch(&b->level[o->level], 1);
    __builtin_prefetch(&b->node[o->next], 1);
    __builtin_prefetch(&b->node[o->prev], 1);
}

/* The place is another one's: an add will drive that out, all else looks among the spare ones. Rare
 * where most orders die young. */
static HR_NOINLINE void look_aside(const hr_l3 *b, hr_l3_op *op, const node *o)
{
    bool is_add = op->what == HR_L3_ADD;
    uint32_t hash = hr_l3_hash_id(b->key, is_add ? o->id : op->id);
    __builtin_prefetch(&b->spare.slot[hr_l3_map_home(&b->spare, hash)], 1);
    if (is_add) {
        look_at_neighbours(b, o);
        return;
    }
    op->is_spare = true;
    op->hash = hash;
    op->at = 0;
}

/* The level, of an add the one in its first slot; the neighbours of an order that is there. Where
 * it is another one, a hint is lost. */
void hr_l3_look_up(const hr_l3 *b, hr_l3_op *op)
{
    uint32_t is_add = add_mask(op);
    const node *o = &b->node[place_of(b, op->id)];
    uint64_t s = b->levels.slot[hr_l3_map_home(&b->levels, op->hash) & is_add];
    uint32_t found = (uint32_t)s & -(uint32_t)((uint32_t)(s >> 32) == op->hash);
    op->at = o->level ^ ((o->level ^ found) & is_add);
    __builtin_prefetch(&b->level[op->at], 1);
    __builtin_prefetch(&b->node[o->next & ~is_add], 1);
    __builtin_prefetch(&b->node[o->prev & ~is_add], 1);
    bool is_other = o->level != 0 && o->id != op->id;
    bool is_elsewhere = (o->id != op->id || o->level == 0) && o->n_spare != 0;
    if (HR_UNLIKELY(op->what == HR_L3_ADD ? is_other : is_elsewhere)) look_aside(b, op, o);
}

/* The last order of an add's level; a spare order. */
void hr_l3_look_around(const hr_l3 *b, hr_l3_op *op)
{
    if (HR_UNLIKELY(op->is_spare)) {
        uint32_t at = hr_l3_map_home(&b->spare, op->hash);
        op->at = hr_l3_map_seek(&b->spare, op->hash, &at);
        __builtin_prefetch(&b->node[op->at], 1);
        return;
    }
    uint32_t at = op->at & -(uint32_t)op->is_looked;
    __builtin_prefetch(&b->node[b->level[at].tail & add_mask(op)], 1);
}

/* What is around a spare order. */
void hr_l3_look_last(const hr_l3 *b, const hr_l3_op *op)
{
    if (HR_UNLIKELY(op->is_spare && op->at != 0)) look_at_neighbours(b, &b->node[op->at]);
}

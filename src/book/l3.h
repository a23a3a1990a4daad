/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BOOK_L3_H
#define HR_BOOK_L3_H
/* Order by order books of many instruments: orders by id, in a ring of places and one flat hash for
 * those that fall out of it; queues by price level in order of arrival. Each operation says which
 * price levels changed and what stands on them now, so that a book by price (hr_l2) follows without
 * looking.
 *
 * Threads: single owner. Memory: one block from an arena at create, sized by the most orders, price
 * levels and instruments; nothing is taken later. What does not fit is HR_EBUDGET and leaves the
 * books as they were. Wrong messages are judged and counted (hr_l3_verdict), never trusted.
 * Determinism: nothing that can be asked depends on the key or on where an order lies in memory.
 * See docs/modules/l3.md. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "book/l2.h"
#include "mem/mem.h"

typedef struct hr_l3 hr_l3;

#define HR_L3_ORDERS_MAX (UINT32_C(1) << 31)
#define HR_L3_LEVELS_MAX (UINT32_C(1) << 30)
#define HR_L3_INSTRUMENTS_MAX (UINT32_C(1) << 30)

typedef struct hr_l3_options {
    uint32_t max_orders;      /* live at a time, 1 to HR_L3_ORDERS_MAX */
    uint32_t max_levels;      /* prices at which an order stands, both sides, all instruments */
    uint32_t max_instruments; /* instruments are 0 to max_instruments - 1 */
    uint64_t key;             /* of the hash: any value; a secret one where ids may be hostile */
} hr_l3_options;

/* How an operation was judged. All but OK are counted; all but OK and OVER change nothing. */
#define HR_L3_VERDICT_LIST(X)                                                                      \
    X(HR_L3_OK, "ok")                                                                              \
    X(HR_L3_UNKNOWN, "unknown_order")     /* no live order has this id */                          \
    X(HR_L3_DUPLICATE, "duplicate_order") /* the (new) id is live: that order stays as it is */    \
    X(HR_L3_OVER, "more_than_there")      /* took more than was left: the order is gone */         \
    X(HR_L3_BAD, "bad_value") /* side, px or qty below 1, instrument, a level past INT64_MAX */    \
    X(HR_L3_FULL, "no_room")  /* the call returned HR_EBUDGET */

typedef enum hr_l3_verdict {
#define HR_L3_VERDICT_ENUM(name, text) name,
    HR_L3_VERDICT_LIST(HR_L3_VERDICT_ENUM)
#undef HR_L3_VERDICT_ENUM
        HR_L3_VERDICT_COUNT
} hr_l3_verdict;
const char *hr_l3_verdict_name(hr_l3_verdict v);

typedef struct hr_l3_order {
    uint64_t id; /* any value */
    int64_t px;  /* 1 to INT64_MAX, in whatever unit the caller keeps */
    int64_t qty; /* left, >= 1 */
    uint32_t instrument;
    uint8_t side; /* HR_SIDE_BID or HR_SIDE_ASK */
} hr_l3_order;

/* What an operation did. side, px, qty: the n levels that changed and their new totals (0: no order
 * is left there), as hr_l2_apply takes them. A replace names the level that was left first. Only
 * the first n entries are written. */
typedef struct hr_l3_change {
    hr_l3_verdict verdict;
    uint32_t n;          /* 0 to 2 */
    uint32_t instrument; /* of the order; valid where n > 0 or is_clear */
    bool is_clear;       /* the whole instrument went */
    bool is_edge;        /* a level came or went: what prices there are has changed */
    uint8_t side[2];
    int64_t taken; /* by execute, cancel and delete: what really went */
    int64_t px[2];
    int64_t qty[2];
} hr_l3_change;

typedef struct hr_l3_stats {
    uint32_t n_orders; /* live */
    uint32_t n_levels;
    uint64_t n_verdicts[HR_L3_VERDICT_COUNT]; /* since create; a reset does not clear them */
} hr_l3_stats;

/** Bytes of the one block, for carving (the arena adds up to 64 for alignment). 0: the options are
 * out of range. */
size_t hr_l3_bytes(const hr_l3_options *o);
/** HR_EUSAGE: options out of range. HR_EBUDGET: the arena has no room. Touches the hash and the
 * ring, so their memory is there; spare orders and levels are touched as they come. */
HR_MUST_USE hr_status hr_l3_create(hr_l3 **out, hr_arena *arena, const hr_l3_options *o,
                                   hr_err *err);
/** No order anywhere. O(hash and ring). */
void hr_l3_reset(hr_l3 *b);

/* ---- operations: O(1), all but clear; HR_OK also where out->verdict says that it was wrong ----
 */

/** Behind all others at its price. HR_EBUDGET: no order or no level is free. */
HR_MUST_USE hr_status hr_l3_add(hr_l3 *b, hr_l3_change *out, const hr_l3_order *order);
/** Takes qty from the order, wherever it stands in its queue; at 0 the order is gone. */
void hr_l3_execute(hr_l3 *b, hr_l3_change *out, uint64_t id, int64_t qty);
/** The same for books; the order keeps its place. */
void hr_l3_cancel(hr_l3 *b, hr_l3_change *out, uint64_t id, int64_t qty);
void hr_l3_delete(hr_l3 *b, hr_l3_change *out, uint64_t id);
/** The order gets a new id (the old one is allowed), price and quantity and goes behind all others
 * there, also at its old price; instrument and side stay. HR_EBUDGET: no level is free. */
HR_MUST_USE hr_status hr_l3_replace(hr_l3 *b, hr_l3_change *out, uint64_t id, uint64_t new_id,
                                    int64_t px, int64_t qty);
/** Sets what is left at the same price: less keeps the place in the queue, more loses it. An equal
 * qty changes nothing (n is 0). For a venue where any change loses the place: hr_l3_replace. */
void hr_l3_modify(hr_l3 *b, hr_l3_change *out, uint64_t id, int64_t qty);
/** Drops all orders of an instrument. O(its orders). */
void hr_l3_clear(hr_l3 *b, hr_l3_change *out, uint32_t instrument);

/** Brings the change to a book by price of the same instrument (a clear resets it). As
 * hr_l2_apply. */
HR_MUST_USE hr_status hr_l3_follow(hr_l2 *book, const hr_l3_change *change);

/** The same for a book that says which prices there are, best first, and holds 1 at each:
 * quantities are asked of the orders (hr_l3_level). Most changes are none to it. */
HR_MUST_USE hr_status hr_l3_follow_prices(hr_l2 *book, const hr_l3_change *change);

/* ---- operations of a batch: made some events ahead, so that their waits for memory overlap ----
 */

typedef enum hr_l3_what {
    HR_L3_NONE, /* changes nothing */
    HR_L3_ADD,
    HR_L3_EXECUTE,
    HR_L3_CANCEL,
    HR_L3_DELETE,
    HR_L3_REPLACE,
} hr_l3_what;

/** An operation: the caller fills all above `hash` (new_id: 0 where there is none) and sets
 * is_looked and is_spare to false. The rest is of use to the book that looked alone. */
typedef struct hr_l3_op {
    uint64_t id;
    uint64_t new_id;     /* replace */
    int64_t px;          /* add, replace */
    int64_t qty;         /* all but delete */
    uint32_t instrument; /* add */
    uint8_t side;        /* add */
    uint8_t what;        /* hr_l3_what */
    bool is_looked;
    bool is_spare; /* its order is not at its place */
    uint32_t hash; /* of the level (add), of a spare order's id */
    uint32_t at;   /* its likely level, or spare order; 0: none */
} hr_l3_op;
_Static_assert(sizeof(hr_l3_op) == 48, "four in three cache lines");

/** Ask memory for what the operation will read. Each step needs what the one before asked for, so
 * call them some events apart: 24, 18, 12 and 6 ahead are good. They change nothing, and each may
 * be left out; what happens in between makes them worse hints, never a wrong result. */
void hr_l3_look_home(const hr_l3 *b, hr_l3_op *op);
void hr_l3_look_up(const hr_l3 *b, hr_l3_op *op);
void hr_l3_look_around(const hr_l3 *b, hr_l3_op *op);
void hr_l3_look_last(const hr_l3 *b, const hr_l3_op *op);
/** All four for a row of operations of which `last` was just made: its home, and what is due of
 * those before it. The one to apply is `ahead` before it. */
HR_INLINE void hr_l3_look(const hr_l3 *b, hr_l3_op *ops, uint32_t last, uint32_t ahead)
{
    uint32_t step = ahead / 4;
    hr_l3_look_home(b, &ops[last]);
    if (last >= step) hr_l3_look_up(b, &ops[last - step]);
    if (last >= step * 2) hr_l3_look_around(b, &ops[last - step * 2]);
    if (last >= step * 3) hr_l3_look_last(b, &ops[last - step * 3]);
}
/** As the function of the same name. HR_L3_NONE: verdict OK, n is 0. */
HR_MUST_USE hr_status hr_l3_apply(hr_l3 *b, hr_l3_change *out, hr_l3_op *op);

/* ---- questions ---- */

bool hr_l3_find(const hr_l3 *b, hr_l3_order *out, uint64_t id);
/** Orders and quantity that stand before this one at its price. false: unknown. O(orders ahead). */
bool hr_l3_ahead(const hr_l3 *b, uint64_t id, uint32_t *n_orders, int64_t *qty);
/** Total and number of orders at a price; false (and 0, 0) where none stands. */
bool hr_l3_level(const hr_l3 *b, uint32_t instrument, hr_side side, int64_t px, int64_t *qty,
                 uint32_t *n_orders);
/** The first orders of a level's queue, up to cap; returns how many were written. */
uint32_t hr_l3_queue(const hr_l3 *b, uint32_t instrument, hr_side side, int64_t px, uint32_t cap,
                     hr_l3_order *out);
/** Those behind a live order, in the same queue. */
uint32_t hr_l3_queue_behind(const hr_l3 *b, uint64_t id, uint32_t cap, hr_l3_order *out);
void hr_l3_stats_get(const hr_l3 *b, hr_l3_stats *out);
/** Full check of every invariant, for tests: O(everything). */
bool hr_l3_is_sound(const hr_l3 *b);

#endif

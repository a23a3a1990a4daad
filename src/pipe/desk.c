/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe/desk.h"

#include <string.h>

#include "base/assert.h"
#include "pipe/desk_calc.h"
#include "pipe/desk_rows.h"
#include "venue/checksum.h"

#define CUT_STEP 64u

/* A message kept for a snapshot: this head, then px[], qty[], side[] of its levels, padded to 8
 * bytes. */
typedef struct kept {
    int64_t first, last, prev;
    uint32_t n_levels;
    uint32_t n_bytes; /* head included */
} kept;

void hr_counts_add(hr_counts *sum, const hr_counts *part)
{
    uint64_t *a = (uint64_t *)sum;
    const uint64_t *b = (const uint64_t *)part;
    _Static_assert(sizeof(hr_counts) % sizeof(uint64_t) == 0, "all counters are 64 bit");
    for (size_t i = 0; i < sizeof(hr_counts) / sizeof(uint64_t); i++)
        a[i] += b[i];
}

static void clear_top(hr_desk *d)
{
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < HR_BOOK_DEPTH_MAX; i++)
            d->top_px[s][i] = d->top_qty[s][i] = HR_NULL_I64;
    memset(d->top_changed, 0xff, sizeof d->top_changed);
}

static size_t own_bytes(uint32_t n_open)
{
    return hr_round_up(sizeof(hr_desk) + n_open * sizeof(hr_desk_open), 64);
}

size_t hr_desk_bytes(const hr_plan *plan)
{
    return own_bytes(hr_plan_kinds(plan)) + hr_round_up(hr_l2_bytes(plan->window_ticks), 64) +
           hr_round_up(hr_featset_bytes(), 64);
}

hr_desk *hr_desk_init(void *mem, const hr_desk_config *cfg, int32_t id, const char *venue,
                      const char *symbol, int format)
{
    const hr_plan *plan = cfg->plan;
    hr_desk *d = mem;
    const uint32_t n_open = hr_plan_kinds(plan);
    memset(d, 0, own_bytes(n_open));
    d->n_open = n_open;
    char *p = (char *)mem + own_bytes(n_open);
    d->book = hr_l2_init(p, plan->window_ticks, cfg->far_pool, cfg->wide_pool);
    p += hr_round_up(hr_l2_bytes(plan->window_ticks), 64);
    d->features = hr_featset_init(p, plan->window_ns, plan->px_scale, plan->qty_scale);
    d->id = id;
    memcpy(d->venue, venue, strnlen(venue, HR_VENUE_MAX));
    memcpy(d->symbol, symbol, strnlen(symbol, HR_SYMBOL_MAX));
    hr_seq_init(&d->seq, hr_seq_rule_for(venue, format));
    d->order_rule = (uint8_t)hr_seq_rule_of_orders(venue);
    d->n_parts = HR_DESK_NO_PARTS;
    d->gap_flags = HR_FLAG_UNSYNCED;
    d->seq_last_good = -1;
    d->last_recv_ns = INT64_MIN;
    d->grid_next_ns = INT64_MIN;
    for (uint32_t k = 0; k < n_open; k++)
        d->open[k].date = INT32_MIN;
    clear_top(d);
    return d;
}

void hr_desk_drop_kept(hr_desk *d, const hr_desk_config *cfg)
{
    if (d->buffer != NULL) hr_pool_put(cfg->buffer_pool, d->buffer);
    d->buffer = NULL;
    d->buffer_head = d->buffer_len = d->buffer_msgs = 0;
}

void hr_desk_fini(hr_desk *d, hr_desk_env *env)
{
    hr_l2_fini(d->book);
    hr_desk_drop_kept(d, env->cfg);
    if (d->check != NULL) hr_pool_put(env->cfg->check_pool, d->check);
    d->check = NULL;
    for (uint32_t k = 0; k < d->n_open; k++)
        hr_chain_free(&d->open[k].chain, env->rows.blocks);
}

uint32_t hr_desk_blocks_needed(const hr_desk_config *cfg, uint32_t n_levels)
{
    /* Deltas: one block more than they fill; every other table: one row, at most one new block
     * each; a cut starts a new block. */
    uint32_t block = cfg->layout[HR_KIND_DELTAS].cap_rows;
    uint32_t group = cfg->group_rows[HR_KIND_DELTAS];
    if (HR_LIKELY(n_levels < block && n_levels < group))
        return 2 + HR_KIND_PLAIN + cfg->calc_blocks;
    return n_levels / block + n_levels / group + 2 + HR_KIND_PLAIN + cfg->calc_blocks;
}

uint32_t hr_desk_cuts_needed(const hr_desk_config *cfg, uint32_t n_levels)
{
    uint32_t group = cfg->group_rows[HR_KIND_DELTAS];
    return (HR_LIKELY(n_levels < group) ? 0 : n_levels / group) + 2 + 2 * HR_KIND_PLAIN +
           cfg->calc_cuts;
}

hr_status hr_desk_env_reserve_cuts(hr_desk_env *env, uint32_t n)
{
    while (env->n_cut_stash < n) {
        hr_cut *c = hr_pool_get(env->cuts);
        if (c == NULL) return HR_AGAIN;
        c->next = env->cut_stash;
        env->cut_stash = c;
        env->n_cut_stash++;
    }
    return HR_OK;
}

void hr_desk_cut_all(hr_desk *d, hr_desk_env *env)
{
    if (d->calc != NULL) hr_desk_calc_flush(d, env);
    for (uint32_t k = 0; k < d->n_open; k++)
        hr_desk_cut(d, env, (hr_kind)k);
}

hr_status hr_desk_spill(hr_desk *d, hr_desk_env *env, bool whole, hr_err *err)
{
    for (uint32_t k = 0; k < d->n_open; k++)
        HR_TRY(hr_rows_spill(&env->rows, &env->cfg->layout[k], &d->open[k].chain, whole, err));
    return HR_OK;
}

/* ---- messages kept aside ---- */

static void drop_oldest(hr_desk *d, hr_desk_env *env)
{
    kept k;
    memcpy(&k, d->buffer + d->buffer_head, sizeof k);
    d->buffer_head += k.n_bytes;
    d->buffer_msgs--;
    env->counts.buffer_drops++;
}

/* Keeps the newest messages: the snapshot to come is as new as they are. */
static void keep(hr_desk *d, hr_desk_env *env, const int64_t ids[3], const hr_desk_levels *v)
{
    const hr_desk_config *cfg = env->cfg;
    uint32_t n = v->n;
    size_t bytes = hr_round_up(sizeof(kept) + n * 17u, 8);
    if (bytes > cfg->buffer_bytes / 2) {
        hr_desk_drop_kept(d, cfg);
        env->counts.buffer_drops++;
        return;
    }
    if (d->buffer == NULL && (d->buffer = hr_pool_get(cfg->buffer_pool)) == NULL) {
        env->counts.buffer_drops++; /* books of orders alone: others have one each */
        return;
    }
    while (d->buffer_msgs > 0 && d->buffer_len - d->buffer_head + bytes > cfg->buffer_bytes)
        drop_oldest(d, env);
    if (d->buffer_len + bytes > cfg->buffer_bytes) {
        memmove(d->buffer, d->buffer + d->buffer_head, d->buffer_len - d->buffer_head);
        d->buffer_len -= d->buffer_head;
        d->buffer_head = 0;
    }
    kept k = {
        .first = ids[0], .last = ids[1], .prev = ids[2], .n_levels = n, .n_bytes = (uint32_t)bytes};
    char *p = d->buffer + d->buffer_len;
    memcpy(p, &k, sizeof k);
    memcpy(p + sizeof k, v->px, n * 8u);
    memcpy(p + sizeof k + n * 8u, v->qty, n * 8u);
    memcpy(p + sizeof k + n * 16u, v->side, n);
    size_t end = sizeof k + n * 17u;
    memset(p + end, 0, bytes - end); /* checkpoints hold it: no stale bytes */
    d->buffer_len += (uint32_t)bytes;
    d->buffer_msgs++;
}

static void keep_message(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg)
{
    uint32_t at = (uint32_t)b->level_begin[msg];
    const int64_t ids[3] = {b->seq_first[msg], b->seq_last[msg], b->seq_prev[msg]};
    const hr_desk_levels v = {.side = b->side + at,
                              .px = b->px + at,
                              .qty = b->qty + at,
                              .n = (uint32_t)b->level_begin[msg + 1] - at};
    keep(d, env, ids, &v);
}

/* An order as two levels: its own, and behind it what else it says. */
#define KEPT_ORDER 0x10u /* above every action */
_Static_assert((HR_ORDER_MASK >> HR_ORDER_SHIFT) < KEPT_ORDER, "an action fits below");
void hr_desk_keep_order(hr_desk *d, hr_desk_env *env, int64_t seq, const hr_desk_op *op)
{
    const int64_t ids[3] = {seq, seq, -1};
    const int64_t px[2] = {op->px, op->id};
    const int64_t qty[2] = {op->qty, op->prev};
    const uint8_t side[2] = {(uint8_t)op->side, (uint8_t)(KEPT_ORDER | op->action)};
    const hr_desk_levels v = {.side = side, .px = px, .qty = qty, .n = 2};
    keep(d, env, ids, &v);
}

/* The oldest that is kept, off the buffer. */
static void take_kept(hr_desk *d, kept *k, hr_desk_levels *v)
{
    const char *p = d->buffer + d->buffer_head;
    memcpy(k, p, sizeof *k);
    const int64_t *px = (const int64_t *)(const void *)(p + sizeof *k);
    *v = (hr_desk_levels){.side = (const uint8_t *)p + sizeof *k + k->n_levels * 16u,
                          .px = px,
                          .qty = px + k->n_levels,
                          .n = k->n_levels};
    d->buffer_head += k->n_bytes;
    d->buffer_msgs--;
}

bool hr_desk_take_order(hr_desk *d, int64_t *seq, hr_desk_op *op)
{
    kept k;
    hr_desk_levels v;
    while (d->buffer_msgs > 0) {
        take_kept(d, &k, &v);
        if (v.n != 2 || (v.side[1] & KEPT_ORDER) == 0) continue;
        *seq = k.last;
        *op = (hr_desk_op){.action = (hr_order_action)(v.side[1] & (KEPT_ORDER - 1u)),
                           .side = (hr_side)v.side[0],
                           .px = v.px[0],
                           .qty = v.qty[0],
                           .id = v.px[1],
                           .prev = v.qty[1]};
        return true;
    }
    return false;
}

/* ---- the book ---- */

static void touch_of(const hr_desk *d, hr_touch *t)
{
    (void)hr_l2_best(d->book, HR_SIDE_BID, &t->bid_px, &t->bid_qty);
    (void)hr_l2_best(d->book, HR_SIDE_ASK, &t->ask_px, &t->ask_qty);
}

static HR_NOINLINE void check_book(hr_desk *d, int64_t id)
{
    hr_touch t;
    touch_of(d, &t);
    hr_tickcheck_book(d->check, id, &t);
}

static HR_NOINLINE hr_status book_is_full(const hr_desk *d, hr_status st, hr_err *err)
{
    return HR_FAIL(err, st,
                   "book of '%s' does not fit its memory: raise engine.memory or"
                   " book.window_ticks",
                   d->symbol);
}

/* A row stands for each change of the touch, and nothing of the book but its features is written:
 * then the touch alone is compared, and the rest of the top is only added up. */
static bool is_touch_enough(const hr_plan *plan)
{
    return plan->rows_on == HR_ROWS_ON_BBO && !plan->write[HR_KIND_BOOKS] &&
           plan->depth >= HR_FEAT_DEPTH;
}

/* *hit: may the watched levels have changed? */
HR_INLINE hr_status apply_levels(hr_desk *d, const hr_desk_env *env, const uint8_t *side,
                              const int64_t *px, const int64_t *qty, uint32_t n, bool *hit,
                              hr_err *err)
{
    static const int64_t any[2] = {HR_NULL_I64, HR_NULL_I64};
    *hit = true;
    hr_status st = is_touch_enough(env->cfg->plan)
                       ? hr_l2_apply(d->book, side, px, qty, n)
                       : hr_l2_apply_watch(d->book, side, px, qty, n,
                                           d->is_watched_valid ? d->watch_px : any, hit);
    return HR_LIKELY(st == HR_OK) ? HR_OK : book_is_full(d, st, err);
}

/* Takes new values over the old ones; a bit for each that differs. */
static uint64_t take_changes(int64_t *old, const int64_t *now, uint32_t n)
{
    uint64_t mask = 0;
    for (uint32_t i = 0; i < n; i++) {
        mask |= (uint64_t)(old[i] != now[i]) << i;
        old[i] = now[i];
    }
    return mask;
}

/* Where no book rows are written nobody asks which values changed below the watched levels. */
static bool refresh_unwritten(hr_desk *d, uint32_t depth, uint32_t watch)
{
    bool changed = false;
    for (int s = 0; s < 2; s++) {
        int64_t px[HR_BOOK_DEPTH_MAX] HR_UNINIT; /* as many as are read are written */
        int64_t qty[HR_BOOK_DEPTH_MAX] HR_UNINIT;
        px[0] = d->top_px[s][0];
        qty[0] = d->top_qty[s][0];
        if (watch > 1) {
            memcpy(px, d->top_px[s], watch * sizeof *px);
            memcpy(qty, d->top_qty[s], watch * sizeof *qty);
        }
        (void)hr_l2_top(d->book, (hr_side)s, depth, d->top_px[s], d->top_qty[s]);
        for (uint32_t i = 0; i < watch; i++)
            changed |= px[i] != d->top_px[s][i] || qty[i] != d->top_qty[s][i];
        d->watch_px[s] = d->top_px[s][watch - 1];
    }
    d->is_watched_valid = true;
    return changed;
}

/* Reads the top; true when it differs from the last book row. Sets the watch to its worst prices.
 */
static bool refresh_top(hr_desk *d, const hr_desk_config *cfg)
{
    uint32_t depth = cfg->plan->depth;
    uint32_t watch = cfg->plan->rows_on == HR_ROWS_ON_BBO ? 1 : depth;
    if (!cfg->plan->write[HR_KIND_BOOKS]) return refresh_unwritten(d, depth, watch);
    uint64_t watched = UINT64_MAX >> (64 - watch);
    bool changed = false;
    for (int s = 0; s < 2; s++) {
        int64_t px[HR_BOOK_DEPTH_MAX] HR_UNINIT; /* as many as are read are written */
        int64_t qty[HR_BOOK_DEPTH_MAX] HR_UNINIT;
        (void)hr_l2_top(d->book, (hr_side)s, depth, px, qty);
        uint64_t px_mask = take_changes(d->top_px[s], px, depth);
        uint64_t qty_mask = take_changes(d->top_qty[s], qty, depth);
        changed |= ((px_mask | qty_mask) & watched) != 0;
        d->top_changed[2 * s] |= px_mask;
        d->top_changed[2 * s + 1] |= qty_mask;
        d->watch_px[s] = px[watch - 1];
    }
    d->is_watched_valid = true;
    return changed;
}

void hr_desk_lose_book(hr_desk *d)
{
    hr_l2_reset(d->book);
    hr_featset_break(d->features);
    d->is_watched_valid = false;
    d->n_parts = HR_DESK_NO_PARTS;
    d->gap_flags = d->seq.ever_synced ? HR_FLAG_GAP : HR_FLAG_UNSYNCED;
    clear_top(d);
}

hr_row_key hr_desk_key_of(const hr_evbatch *b, uint32_t msg, uint32_t flags)
{
    int64_t clock = b->ts_event[msg] != HR_NULL_I64 ? b->ts_event[msg] : b->ts_recv[msg];
    return (hr_row_key){.ts_event = b->ts_event[msg],
                        .ts_recv = b->ts_recv[msg],
                        .clock_ns = clock,
                        .seq = b->seq_last[msg],
                        .flags = flags | HR_FLAG_LAST};
}

/* Grid rows stand at whole multiples of the grid and show the book before the message that passes
 * them. */
static HR_NOINLINE void grid_rows(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg)
{
    const hr_plan *plan = env->cfg->plan;
    hr_row_key key = hr_desk_key_of(b, msg, 0);
    int64_t slot = key.clock_ns / plan->grid_ns;
    if (d->grid_next_ns == INT64_MIN) d->grid_next_ns = (slot + 1) * plan->grid_ns;
    if (key.clock_ns < d->grid_next_ns) return;
    /* One row at the newest passed grid time: a silent hour is one row, not 3,600. */
    if (d->is_watched_valid) {
        (void)refresh_top(d, env->cfg);
        key.ts_event = key.clock_ns = slot * plan->grid_ns;
        key.seq = d->seq.last;
        hr_desk_put_book_row(d, env, &key);
    }
    d->grid_next_ns = (slot + 1) * plan->grid_ns;
}

/* Takes the book's touch; true when it differs from the last row's. */
static bool refresh_touch(hr_desk *d, const hr_l2_front *now)
{
    uint64_t diff = 0;
    for (int s = 0; s < 2; s++) {
        diff |= (uint64_t)(now->px[s] ^ d->top_px[s][0]);
        diff |= (uint64_t)(now->qty[s] ^ d->top_qty[s][0]);
        d->top_px[s][0] = d->watch_px[s] = now->px[s];
        d->top_qty[s][0] = now->qty[s];
    }
    d->is_watched_valid = true;
    return diff != 0;
}

static void touch_row(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                      uint32_t flags)
{
    hr_l2_front front;
    hr_l2_front_get(d->book, &front);
    if (!refresh_touch(d, &front)) return;
    if (HR_UNLIKELY(front.px[0] >= front.px[1]) && front.px[1] != HR_NULL_I64) {
        flags |= HR_FLAG_CROSSED;
        env->counts.crossed++;
    }
    hr_row_key key = hr_desk_key_of(b, msg, flags);
    hr_desk_put_touch_row(d, env, &key, &front);
}

static void book_row(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                     uint32_t flags)
{
    if (HR_UNLIKELY((flags & HR_FLAG_MORE) != 0) && env->cfg->plan->rows_on != HR_ROWS_ON_GRID) {
        d->is_watched_valid = false; /* a row is due when the event ends */
        return;
    }
    if (is_touch_enough(env->cfg->plan)) {
        touch_row(d, env, b, msg, flags);
        return;
    }
    if (env->cfg->plan->rows_on == HR_ROWS_ON_GRID) {
        d->is_watched_valid = true;
        d->watch_px[0] = d->watch_px[1] = HR_NULL_I64;
        return;
    }
    if (!refresh_top(d, env->cfg)) return;
    if (d->top_px[0][0] != HR_NULL_I64 && d->top_px[1][0] != HR_NULL_I64 &&
        d->top_px[0][0] >= d->top_px[1][0]) {
        flags |= HR_FLAG_CROSSED;
        env->counts.crossed++;
    }
    hr_row_key key = hr_desk_key_of(b, msg, flags);
    hr_desk_put_book_row(d, env, &key);
}

/* ---- messages ---- */

void hr_desk_gap(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                 hr_gap_cause cause)
{
    hr_desk_put_gap(d, env, b->ts_event[msg], b->ts_recv[msg], cause,
                    d->order_rule != HR_SEQ_NONE && b->kind[msg] == HR_MSG_ORDER
                        ? b->seq_last[msg]
                        : b->seq_first[msg]);
    hr_desk_lose_book(d);
    hr_desk_drop_kept(d, env->cfg);
}

hr_status hr_desk_take_levels(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                              const hr_desk_levels *v, hr_err *err)
{
    bool hit = false;
    uint32_t flags = b->flags[msg] & ~HR_ORDER_MASK;
    env->counts.levels += v->n;
    if (env->cfg->plan->rows_on == HR_ROWS_ON_GRID) grid_rows(d, env, b, msg);
    d->gap_flags = 0;
    hr_desk_put_levels(d, env, b, msg, v, flags);
    HR_TRY(apply_levels(d, env, v->side, v->px, v->qty, v->n, &hit, err));
    if (hit) book_row(d, env, b, msg, flags);
    return HR_OK;
}

void hr_desk_end_event(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg)
{
    uint32_t flags = b->flags[msg] & ~HR_ORDER_MASK;
    bool is_due = !d->is_watched_valid && env->cfg->plan->rows_on != HR_ROWS_ON_GRID;
    if ((flags & HR_FLAG_MORE) == 0 && is_due && hr_seq_is_live(&d->seq))
        book_row(d, env, b, msg, flags);
}

hr_status hr_desk_take_part(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                            const hr_desk_levels *v, uint32_t flags, hr_err *err)
{
    bool hit;
    env->counts.snapshot_levels += v->n;
    hr_desk_put_levels(d, env, b, msg, v, flags);
    return apply_levels(d, env, v->side, v->px, v->qty, v->n, &hit, err);
}

void hr_desk_book_is_whole(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg)
{
    d->is_watched_valid = false;
    book_row(d, env, b, msg, HR_FLAG_SNAPSHOT);
}

/* Drops what stands behind the depth that the venue keeps. */
static hr_status cut_depth(hr_desk *d, uint32_t depth, hr_err *err)
{
    for (int s = 0; s < 2; s++) {
        uint32_t n = hr_l2_level_count(d->book, (hr_side)s);
        while (n > depth) {
            int64_t px[CUT_STEP] HR_UNINIT;
            int64_t qty[CUT_STEP] HR_UNINIT;
            uint8_t side[CUT_STEP];
            uint32_t step = HR_MIN(n - depth, CUT_STEP);
            uint32_t got = hr_l2_export(d->book, (hr_side)s, n - step, step, px, qty);
            memset(qty, 0, sizeof qty);
            memset(side, s, sizeof side);
            hr_status st = hr_l2_apply(d->book, side, px, qty, got);
            if (st != HR_OK) return book_is_full(d, st, err);
            n -= step;
        }
    }
    return HR_OK;
}

/* What the venue says of the book after a message. False: its checksum is not ours. */
static hr_status follow_note(hr_desk *d, hr_desk_env *env, const hr_book_note *note, bool *is_equal,
                             hr_err *err)
{
    *is_equal = true;
    if (note->depth > 0) d->depth_cut = note->depth;
    if (d->depth_cut > 0) HR_TRY(cut_depth(d, d->depth_cut, err));
    if (note->checksum == HR_CHECKSUM_NONE) return HR_OK;
    const hr_plan *plan = env->cfg->plan;
    *is_equal = hr_book_crc(d->book, note, plan->px_scale, plan->qty_scale) == note->crc;
    d->n_checksums++;
    d->n_checksums_equal += *is_equal;
    return HR_OK;
}

/* The book is not the venue's: nothing of it can be trusted until the next snapshot. */
static void on_bad_checksum(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg)
{
    hr_seq_lose(&d->seq);
    hr_desk_gap(d, env, b, msg, HR_GAP_CHECKSUM);
}

/* A delta that says something of the book after it: rows are written when that was looked at. */
static HR_NOINLINE hr_status on_noted_delta(hr_desk *d, hr_desk_env *env, const hr_evbatch *b,
                                            uint32_t msg, hr_err *err)
{
    uint32_t at = (uint32_t)b->level_begin[msg];
    uint32_t n = (uint32_t)b->level_begin[msg + 1] - at;
    uint32_t flags = b->flags[msg];
    bool hit = false;
    bool is_equal;
    hr_book_note note;
    if (!hr_evbatch_note_of(&note, b, msg)) note = (hr_book_note){0};
    HR_TRY(apply_levels(d, env, b->side + at, b->px + at, b->qty + at, n, &hit, err));
    HR_TRY(follow_note(d, env, &note, &is_equal, err));
    if (is_equal) {
        d->gap_flags = 0;
        d->seq_last_good = b->seq_last[msg];
    } else {
        on_bad_checksum(d, env, b, msg);
        flags |= d->gap_flags;
    }
    hr_desk_put_deltas(d, env, b, msg, flags);
    if (is_equal && hit) book_row(d, env, b, msg, flags);
    return HR_OK;
}

static hr_status on_delta(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                          hr_err *err)
{
    uint32_t at = (uint32_t)b->level_begin[msg];
    uint32_t n = (uint32_t)b->level_begin[msg + 1] - at;
    bool hit = false;
    d->has_depth = true;
    env->counts.messages++;
    env->counts.levels += n;
    __builtin_prefetch(d->open[HR_KIND_FEATURES].chain.last, 1); /* most messages end with a row */
    if (env->cfg->plan->rows_on == HR_ROWS_ON_GRID) grid_rows(d, env, b, msg);
    hr_seq_verdict v = hr_seq_delta(&d->seq, b->seq_first[msg], b->seq_last[msg], b->seq_prev[msg]);
    uint32_t flags = b->flags[msg];
    switch (v) {
    case HR_SEQ_APPLY:
    case HR_SEQ_APPLY_FIRST:
        if (b->text[msg] >= 0) return on_noted_delta(d, env, b, msg, err);
        d->gap_flags = 0;
        d->seq_last_good = b->seq_last[msg];
        if (env->cfg->plan->write[HR_KIND_DELTAS])
            hr_desk_put_deltas(d, env, b, msg, flags);
        else
            env->counts.filtered_rows += n;
        HR_TRY(apply_levels(d, env, b->side + at, b->px + at, b->qty + at, n, &hit, err));
        if (d->check != NULL) check_book(d, b->seq_last[msg]);
        if (hit) book_row(d, env, b, msg, flags);
        return HR_OK;
    case HR_SEQ_DUPLICATE:
    case HR_SEQ_STALE:
        flags |= d->gap_flags | (v == HR_SEQ_STALE ? HR_FLAG_STALE : HR_FLAG_DUPLICATE);
        break;
    case HR_SEQ_WAIT:
        flags |= d->gap_flags;
        break;
    case HR_SEQ_BUFFER:
        flags |= d->gap_flags;
        keep_message(d, env, b, msg);
        break;
    case HR_SEQ_HOLE:
    case HR_SEQ_RESET:
        hr_desk_gap(d, env, b, msg, v == HR_SEQ_HOLE ? HR_GAP_SEQ_HOLE : HR_GAP_VENUE_RESET);
        if (v == HR_SEQ_RESET && d->check != NULL) hr_tickcheck_restart(d->check);
        flags |= d->gap_flags;
        if (hr_seq_keeps(&d->seq)) keep_message(d, env, b, msg);
        break;
    }
    hr_desk_put_deltas(d, env, b, msg, flags);
    return HR_OK;
}

static hr_status replay_kept(hr_desk *d, hr_desk_env *env, hr_err *err)
{
    bool hit;
    while (d->buffer_msgs > 0) {
        kept k;
        hr_desk_levels lv;
        const uint32_t head = d->buffer_head;
        take_kept(d, &k, &lv);
        hr_seq_verdict v = hr_seq_replay(&d->seq, k.first, k.last, k.prev);
        if (v == HR_SEQ_HOLE) {
            d->buffer_head = head;
            d->buffer_msgs++;
            hr_desk_lose_book(d);
            return HR_OK; /* the snapshot is too old for what was kept: wait for the next */
        }
        if (v != HR_SEQ_APPLY && v != HR_SEQ_APPLY_FIRST) continue;
        HR_TRY(apply_levels(d, env, lv.side, lv.px, lv.qty, lv.n, &hit, err));
        d->seq_last_good = k.last;
        if (d->check != NULL) check_book(d, k.last);
    }
    hr_desk_drop_kept(d, env->cfg);
    return HR_OK;
}

static hr_status on_snapshot(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                             hr_err *err)
{
    uint32_t at = (uint32_t)b->level_begin[msg];
    uint32_t n = (uint32_t)b->level_begin[msg + 1] - at;
    bool hit;
    d->has_depth = true;
    env->counts.snapshots++;
    env->counts.snapshot_levels += n;
    if (env->cfg->plan->rows_on == HR_ROWS_ON_GRID) grid_rows(d, env, b, msg);
    if (!hr_seq_snapshot(&d->seq, b->seq_last[msg])) {
        hr_desk_put_deltas(d, env, b, msg, b->flags[msg] | HR_FLAG_STALE);
        return HR_OK;
    }
    hr_desk_put_deltas(d, env, b, msg, b->flags[msg] | HR_FLAG_RESET);
    hr_l2_reset(d->book);
    d->gap_flags = 0;
    d->is_watched_valid = false;
    d->seq_last_good = b->seq_last[msg];
    HR_TRY(apply_levels(d, env, b->side + at, b->px + at, b->qty + at, n, &hit, err));
    if (b->text[msg] >= 0) {
        hr_book_note note;
        bool is_equal;
        if (!hr_evbatch_note_of(&note, b, msg)) note = (hr_book_note){0};
        HR_TRY(follow_note(d, env, &note, &is_equal, err));
        if (!is_equal) on_bad_checksum(d, env, b, msg);
    }
    HR_TRY(replay_kept(d, env, err));
    if (hr_seq_is_live(&d->seq)) book_row(d, env, b, msg, HR_FLAG_SNAPSHOT);
    return HR_OK;
}

static hr_status on_ticker(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                           hr_err *err)
{
    uint32_t at = (uint32_t)b->level_begin[msg];
    env->counts.tickers++;
    hr_desk_put_ticker(d, env, b, msg);
    if (d->check == NULL) {
        d->check = hr_pool_get(env->cfg->check_pool);
        if (d->check == NULL)
            return HR_FAIL(err, HR_ELIMIT, "more than limits.instruments carry tickers");
        hr_tickcheck_init(d->check);
    }
    hr_touch t = {.bid_px = b->px[at],
                  .bid_qty = b->qty[at],
                  .ask_px = b->px[at + 1],
                  .ask_qty = b->qty[at + 1]};
    hr_tickcheck_ticker(d->check, b->seq_last[msg], &t);
    return HR_OK;
}

static void on_trade(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg)
{
    uint32_t at = (uint32_t)b->level_begin[msg];
    hr_row_key key = hr_desk_key_of(b, msg, 0);
    env->counts.trades++;
    hr_desk_put_trade(d, env, b, msg);
    if (!env->cfg->writes_none)
        hr_featset_trade(d->features, key.clock_ns, b->px[at], b->qty[at]);
    if (env->orders != NULL) hr_desk_end_event(d, env, b, msg);
}

/* Messages of the source are missing and no snapshot will come: the book stays as it is, what
 * follows says that it is not whole. Told twice is told once. */
static void on_hole(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg)
{
    if (d->seq_last_good >= b->seq_first[msg] - 1) return;
    d->seq_last_good = b->seq_prev[msg];
    d->seq.n_gaps++;
    hr_desk_put_gap(d, env, b->ts_event[msg], b->ts_recv[msg], HR_GAP_SEQ_HOLE, b->seq_first[msg]);
    d->seq_last_good = b->seq_first[msg] - 1;
}

/* The connection was lost, or a message of this instrument was unusable. */
static void on_status(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg)
{
    if ((b->flags[msg] & (HR_FLAG_GAP | HR_FLAG_RESET)) == HR_FLAG_GAP) {
        on_hole(d, env, b, msg);
        return;
    }
    bool was_live = hr_seq_is_live(&d->seq);
    hr_l3_change ignored;
    hr_seq_lose(&d->seq);
    d->n_parts = HR_DESK_NO_PARTS;
    if (env->orders != NULL) hr_l3_clear(env->orders, &ignored, (uint32_t)d->id);
    if (was_live) hr_desk_gap(d, env, b, msg, HR_GAP_RECONNECT);
}

static hr_status take_message(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                              hr_err *err)
{
    if (b->kind[msg] != HR_MSG_STATUS) d->source_idx = b->source_idx;
    if (b->ts_recv[msg] > d->last_recv_ns) d->last_recv_ns = b->ts_recv[msg];
    switch ((hr_msg_kind)b->kind[msg]) {
    case HR_MSG_DELTA:
        return on_delta(d, env, b, msg, err);
    case HR_MSG_SNAPSHOT:
        return on_snapshot(d, env, b, msg, err);
    case HR_MSG_TRADE:
        on_trade(d, env, b, msg);
        return HR_OK;
    case HR_MSG_TICKER:
        return on_ticker(d, env, b, msg, err);
    case HR_MSG_STATUS:
        on_status(d, env, b, msg);
        return HR_OK;
    case HR_MSG_ORDER:
        return hr_desk_order(d, env, b, msg, err);
    case HR_MSG_BAD:
    case HR_MSG_OTHER:
    case HR_MSG_KIND_COUNT:
        break;
    }
    return HR_OK;
}

hr_status hr_desk_message(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                          hr_err *err)
{
    if (HR_UNLIKELY(d->calc != NULL)) hr_desk_calc_take_up(env);
    hr_status st = take_message(d, env, b, msg, err);
    if (HR_UNLIKELY(d->calc != NULL) && st == HR_OK) hr_desk_calc_message(d, env, b, msg);
    return st;
}

bool hr_desk_trade(hr_trade *out, const hr_desk *d, const hr_evbatch *b, uint32_t msg)
{
    uint32_t at = (uint32_t)b->level_begin[msg];
    *out = (hr_trade){.ts_event = b->ts_event[msg], .ts_recv = b->ts_recv[msg]};
    if (b->kind[msg] == HR_MSG_ORDER) {
        if (!d->fill.is_set) return false;
        out->px = d->fill.px;
        out->qty = d->fill.qty;
        out->id = d->fill.id;
        out->side = d->fill.side;
        return true;
    }
    if (b->kind[msg] != HR_MSG_TRADE) return false;
    out->px = b->px[at];
    out->qty = b->qty[at];
    out->id = b->seq_last[msg];
    out->text = b->text[msg] >= 0 ? &b->texts[b->text[msg]] : NULL;
    out->side = b->side[at];
    out->is_agg = (b->flags[msg] & HR_FLAG_AGG) != 0;
    return true;
}

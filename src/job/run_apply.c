/* SPDX-License-Identifier: Apache-2.0 */
/* Shards: each reads all units and applies the messages of its own instruments. */
#include "base/assert.h"
#include "job/run_check.h"
#include "job/tap.h"

#define PIECES_AHEAD 8u

static bool is_mine(const hr_run *r, const run_shard *s, int32_t id)
{
    return (uint32_t)id % r->n_shards == s->idx;
}

/* Moves the outbox to the encoders' queue. */
static void hand_out(hr_run *r, run_shard *s)
{
    hr_desk_env *env = &s->env;
    if (env->outbox_first == NULL) return;
    for (const hr_cut *c = env->outbox_first; c != NULL; c = c->next)
        atomic_fetch_add_explicit(&r->epoch[c->epoch % 2].n_cuts_open, 1,
                                  memory_order_relaxed); /* ordered by the queue's lock */
    while (!run_try_lock(&r->cutq_busy)) {
    }
    if (r->cutq_last != NULL)
        r->cutq_last->next = env->outbox_first;
    else
        r->cutq_first = env->outbox_first;
    r->cutq_last = env->outbox_last;
    run_unlock(&r->cutq_busy);
    env->outbox_first = env->outbox_last = NULL;
}

/* Blocks are gone: give some back to the pool by writing full ones of our desks to the spill file.
 * When encoders still hold cuts, they will free blocks sooner. */
static hr_status make_room(hr_run *r, run_shard *s, hr_err *err)
{
    hand_out(r, s);
    for (int i = 0; i < 2; i++)
        if (atomic_load_explicit(&r->epoch[i].n_cuts_open, memory_order_acquire) > 0)
            return HR_AGAIN;
    uint32_t n = atomic_load_explicit(&r->n_desks, memory_order_acquire);
    uint32_t before = hr_pool_free_count(r->blocks);
    uint32_t goal = hr_pool_total(r->blocks) / 2;
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t k = 0; k < n && hr_pool_free_count(r->blocks) < goal; k++) {
            uint32_t id = s->spill_desk++ % n;
            if (is_mine(r, s, (int32_t)id))
                HR_TRY(hr_desk_spill(r->desk[id], &s->env, pass == 1, err));
        }
        if (hr_pool_free_count(r->blocks) > before) return HR_OK;
    }
    return HR_AGAIN; /* another shard holds them all; it will spill in its turn */
}

static hr_status reserve(hr_run *r, run_shard *s, uint32_t n_levels, hr_err *err)
{
    if (hr_desk_env_reserve_cuts(&s->env, hr_desk_cuts_needed(&r->cfg, n_levels)) != HR_OK) {
        hand_out(r, s);
        return HR_AGAIN;
    }
    uint32_t need = hr_desk_blocks_needed(&r->cfg, n_levels);
    if (need > hr_pool_total(r->blocks) / 2)
        return HR_FAIL(err, HR_EBUDGET,
                       "a message of %u levels needs more row memory: raise engine.memory",
                       n_levels);
    if (hr_rows_reserve(&s->env.rows, need) == HR_OK) return HR_OK;
    HR_TRY(make_room(r, s, err));
    return hr_rows_reserve(&s->env.rows, need);
}

static hr_status give(hr_run *r, run_shard *s, hr_desk *d, const hr_evbatch *b, uint32_t m,
                      hr_err *err)
{
    run_check_mark mark HR_UNINIT; /* only a check uses it */
    if (HR_LIKELY(r->check == NULL)) {
        hr_status st = hr_desk_message(d, &s->env, b, m, err);
        if (HR_LIKELY(r->tap == NULL) || st != HR_OK) return st;
        return r->tap->message(r->tap->self, d, b, m, err);
    }
    run_check_before(&mark, d, &s->env);
    HR_TRY(hr_desk_message(d, &s->env, b, m, err));
    run_check_after(r, d, &s->env, b, m, &mark);
    return HR_OK;
}

/* A lost connection concerns every instrument that its source fed. */
static hr_status apply_status(hr_run *r, run_shard *s, const hr_evbatch *b, uint32_t m, hr_err *err)
{
    uint32_t n = atomic_load_explicit(&r->n_desks, memory_order_acquire);
    for (uint32_t id = 0; id < n; id++) {
        hr_desk *d = r->desk[id];
        if (!is_mine(r, s, (int32_t)id) || d->source_idx != b->source_idx || !d->has_depth)
            continue;
        hr_status st = reserve(r, s, 1, err);
        if (st != HR_OK) return st;
        HR_TRY(give(r, s, d, b, m, err)); /* twice is once: a lost book stays lost */
    }
    return HR_OK;
}

static hr_status apply_one(hr_run *r, run_shard *s, hr_desk *d, const hr_evbatch *b, uint32_t m,
                           hr_err *err)
{
    hr_status st = reserve(r, s, hr_desk_levels_needed(d, b, m), err);
    return HR_LIKELY(st == HR_OK) ? give(r, s, d, b, m, err) : st;
}

static hr_status apply_piece(hr_run *r, run_shard *s, const run_piece *p, hr_err *err)
{
    const hr_evbatch *b = p->batch;
    if (p->shard != RUN_ALL_SHARDS && p->shard != s->idx) return HR_OK;
    if (HR_LIKELY(p->desk >= 0)) {
        for (; s->at < p->end; s->at++)
            HR_TRY(apply_one(r, s, r->desk[p->desk], b, s->at, err));
        return HR_OK;
    }
    for (; s->at < p->end; s->at++) {
        uint32_t m = s->at;
        hr_msg_kind k = (hr_msg_kind)b->kind[m];
        if (k == HR_MSG_STATUS) {
            hr_status st = apply_status(r, s, b, m, err);
            if (st != HR_OK) return st;
            continue;
        }
        if (k == HR_MSG_BAD || k == HR_MSG_OTHER) continue;
        int32_t id = b->syms[b->sym[m]].global_id;
        if (p->shard == RUN_ALL_SHARDS && !is_mine(r, s, id)) continue;
        HR_TRY(apply_one(r, s, r->desk[id], b, m, err));
    }
    return HR_OK;
}

/* Pieces of many sources come in turns: too many streams for the processor to follow by itself. */
static void ask_ahead(const run_shard *s, const run_unit *u)
{
    uint32_t k = s->piece + PIECES_AHEAD;
    if (k >= u->n_pieces) return;
    const run_piece *p = &u->piece[k];
    if (p->shard != RUN_ALL_SHARDS && p->shard != s->idx) return;
    const hr_evbatch *b = p->batch;
    const int64_t *px = b->px + p->level;
    const int64_t *qty = b->qty + p->level;
    __builtin_prefetch(px);
    __builtin_prefetch(px + 8);
    __builtin_prefetch(qty);
    __builtin_prefetch(qty + 8);
    __builtin_prefetch(b->side + p->level);
    __builtin_prefetch(b->ts_recv + p->begin);
    __builtin_prefetch(b->ts_event + p->begin);
    __builtin_prefetch(b->seq_first + p->begin);
    __builtin_prefetch(b->seq_last + p->begin);
    __builtin_prefetch(b->seq_prev + p->begin);
    __builtin_prefetch(b->level_begin + p->begin);
    __builtin_prefetch(b->flags + p->begin);
    __builtin_prefetch(b->kind + p->begin);
}

static hr_status apply_pieces(hr_run *r, run_shard *s, const run_unit *u, hr_err *err)
{
    for (; s->piece < u->n_pieces; s->piece++) {
        ask_ahead(s, u);
        hr_status st = apply_piece(r, s, &u->piece[s->piece], err);
        if (st != HR_OK) return st;
        if (s->piece + 1 < u->n_pieces) s->at = u->piece[s->piece + 1].begin;
    }
    return HR_OK;
}

static hr_status reserve_for_cuts(hr_run *r, run_shard *s, hr_err *err)
{
    uint32_t n_blocks = r->cfg.calc_blocks;
    if (hr_desk_env_reserve_cuts(&s->env, HR_KIND_COUNT + r->cfg.calc_cuts) != HR_OK) {
        hand_out(r, s);
        return HR_AGAIN;
    }
    if (n_blocks == 0 || hr_rows_reserve(&s->env.rows, n_blocks) == HR_OK) return HR_OK;
    HR_TRY(make_room(r, s, err));
    return hr_rows_reserve(&s->env.rows, n_blocks);
}

/* Every chain of every desk is cut: what follows belongs to the next commit. */
static hr_status apply_mark(hr_run *r, run_shard *s, hr_err *err)
{
    uint32_t n = atomic_load_explicit(&r->n_desks, memory_order_acquire);
    for (; s->mark_desk < n; s->mark_desk++) {
        if (!is_mine(r, s, (int32_t)s->mark_desk)) continue;
        hr_status st = reserve_for_cuts(r, s, err);
        if (st != HR_OK) return st;
        hr_desk_cut_all(r->desk[s->mark_desk], &s->env);
    }
    if (r->calc != NULL) HR_TRY(hr_program_check(&r->calc->program, err));
    s->mark_desk = 0;
    s->env.epoch++;
    hr_rows_turn(&s->env.rows, s->env.epoch);
    return HR_OK;
}

hr_status run_apply(hr_run *r, run_shard *s, hr_err *err)
{
    if (s->next_unit == atomic_load_explicit(&r->published, memory_order_acquire)) return HR_AGAIN;
    run_unit *u = &r->unit[s->next_unit % RUN_UNITS];
    if (!s->in_unit) {
        s->piece = 0;
        s->at = u->n_pieces > 0 ? u->piece[0].begin : 0;
        s->in_unit = true;
    }
    hr_status st = u->n_pieces > 0 ? apply_pieces(r, s, u, err) : apply_mark(r, s, err);
    hand_out(r, s);
    if (st != HR_OK) return st;
    s->in_unit = false;
    s->next_unit++;
    /* After the last shard's touch the merge may reuse the unit. The last one sees what the others
     * did: its acquire pairs with their releases. */
    uint32_t left = atomic_load_explicit(&u->pending, memory_order_acquire);
    while (left > 1 &&
           !atomic_compare_exchange_weak_explicit(&u->pending, &left, left - 1,
                                                  memory_order_acq_rel, memory_order_acquire)) {
    }
    if (left == 1) {
        for (uint32_t i = 0; i < u->n_held; i++)
            run_batch_release(r, u->held[i]);
        atomic_store_explicit(&u->pending, 0,
                              memory_order_release); /* pairs: unit_is_free, run_commit */
    }
    return HR_OK;
}

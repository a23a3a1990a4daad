/* SPDX-License-Identifier: Apache-2.0 */
/* The merge: heads of all sources, ordered by (time, sequence, source), become units that every
 * shard reads. It is the one sequential place of a run: instruments get their numbers here, rejects
 * their order, commits their position. */
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "job/run_check.h"
#include "pipe/reject_text.h"
#include "text/json.h"

/* ---- instruments ---- */

static uint32_t hash_name(const char *venue, const char *symbol)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (const char *p = venue; *p != '\0'; p++)
        h = (h ^ (unsigned char)*p) * 0x100000001b3u;
    h = (h ^ '/') * 0x100000001b3u;
    for (const char *p = symbol; *p != '\0'; p++)
        h = (h ^ (unsigned char)*p) * 0x100000001b3u;
    return (uint32_t)(h ^ (h >> 32));
}

hr_desk *run_desk(hr_run *r, const char *venue, const char *symbol, int format, hr_err *err)
{
    uint32_t slot = hash_name(venue, symbol) & r->hash_mask;
    for (; r->desk_hash[slot] >= 0; slot = (slot + 1) & r->hash_mask) {
        hr_desk *d = r->desk[r->desk_hash[slot]];
        if (strcmp(d->symbol, symbol) == 0 && strcmp(d->venue, venue) == 0) return d;
    }
    uint32_t id = atomic_load_explicit(&r->n_desks, memory_order_relaxed);
    void *mem = id < r->plan->instruments ? hr_pool_get(r->desk_pool) : NULL;
    if (mem == NULL) {
        (void)HR_FAIL(err, HR_ELIMIT, "more than %u instruments: raise limits.instruments",
                      r->plan->instruments);
        return NULL;
    }
    r->desk[id] = hr_desk_init(mem, &r->cfg, (int32_t)id, venue, symbol, format);
    if (r->calc != NULL)
        r->desk[id]->calc = hr_desk_calc_init((char *)mem + hr_desk_bytes(r->plan), r->calc,
                                              &r->shard[id % r->n_shards].env, r->desk[id]);
    r->desk_hash[slot] = (int32_t)id;
    atomic_store_explicit(&r->n_desks, id + 1, memory_order_release); /* pairs: shards at a mark */
    return r->desk[id];
}

/* The instrument's desk is made when its first message is merged: how many there are at a commit
 * must not hang on what else a batch holds. */
static hr_status resolve_sym(hr_run *r, const hr_source *s, hr_evb_sym *sym, hr_err *err)
{
    if (sym->global_id != -1) return HR_OK;
    const hr_desk *d = run_desk(r, sym->venue, sym->symbol, (int)s->info.format, err);
    if (d == NULL) return HR_ELIMIT;
    sym->global_id = d->id;
    return HR_OK;
}

static bool is_desk_of(const hr_desk *d, const hr_evb_sym *sym)
{
    return strcmp(d->symbol, sym->symbol) == 0 && strcmp(d->venue, sym->venue) == 0;
}

/* What is known of a batch's instruments before its first message is merged: which are not wanted,
 * and whether the source has more than one. */
static hr_status resolve_syms(hr_run *r, hr_source *s, hr_evbatch *b, hr_err *err)
{
    for (uint32_t i = 0; i < b->n_syms; i++) {
        hr_evb_sym *sym = &b->syms[i];
        if (sym->global_id != -1) continue;
        if (!run_is_wanted(r->plan, sym->symbol)) {
            sym->global_id = RUN_SYM_LEFT_OUT;
        } else if (s->is_named) {
            continue; /* nobody will ask, and the answer would hang on the size of batches */
        } else if (s->only_id == -1) {
            HR_TRY(resolve_sym(r, s, sym, err));
            s->only_id = sym->global_id;
        } else if (s->only_id >= 0 && !is_desk_of(r->desk[s->only_id], sym)) {
            s->only_id = -2;
        }
    }
    return b->sym[0] >= 0 ? resolve_sym(r, s, &b->syms[b->sym[0]], err) : HR_OK;
}

/* ---- rejects ---- */

static hr_status write_reject(hr_run *r, const hr_source *s, const hr_evbatch *b,
                              const hr_reject *j, hr_err *err)
{
    if (r->check != NULL) return run_check_reject(r, s->info.source_idx, j), HR_OK;
    if (r->tap != NULL) return HR_OK; /* counted, that is all */
    char *out = r->state_buf;         /* free between commits; the merge is its only user then */
    size_t n = hr_reject_text(out, b, j, s->info.source_idx);
    return hr_dataset_reject(&r->ds, out, n, err);
}

static hr_status check_reject_limit(const hr_run *r, const hr_source *s, const hr_reject *j,
                                    hr_err *err)
{
    uint64_t all = 0;
    for (int i = 0; i < HR_REJECT_COUNT; i++)
        all += r->merge_counts.rejected[i];
    if (r->plan->rejects == 0 || all <= (uint64_t)r->plan->rejects) return HR_OK;
    return HR_FAIL(err, HR_EINPUT,
                   "more than %lld rejects (limits.rejects), the last in '%s' at line %lld",
                   (long long)r->plan->rejects, s->path, (long long)j->src_line);
}

static hr_status note_rejects(hr_run *r, hr_source *s, const hr_evbatch *b, uint32_t begin,
                              uint32_t end, hr_err *err)
{
    if (b->n_rejects == 0) return HR_OK;
    uint32_t k = s->next_reject;
    for (uint32_t m = begin; m < end; m++) {
        if (b->kind[m] != HR_MSG_BAD) continue;
        const hr_reject *j = &b->rejects[k++];
        r->merge_counts.rejected[j->reason]++;
        HR_TRY(write_reject(r, s, b, j, err));
        HR_TRY(check_reject_limit(r, s, j, err));
    }
    s->next_reject = k;
    return HR_OK;
}

/* ---- units ---- */

static bool unit_is_free(hr_run *r)
{
    run_unit *u = &r->unit[r->next_unit % RUN_UNITS];
    return atomic_load_explicit(&u->pending, memory_order_acquire) ==
           0; /* pairs: a shard's last touch */
}

static run_unit *open_unit(hr_run *r)
{
    run_unit *u = &r->unit[r->next_unit % RUN_UNITS];
    u->n_pieces = u->n_held = 0;
    return u;
}

/* Whose messages these are, when one can tell: a connection's state concerns all. */
static uint32_t shard_of(const hr_run *r, const hr_evbatch *b, uint32_t begin, uint32_t end)
{
    const int32_t sym = b->sym[begin];
    for (uint32_t m = begin; m < end; m++)
        if (b->sym[m] != sym || b->kind[m] == HR_MSG_STATUS) return RUN_ALL_SHARDS;
    if (sym < 0 || b->syms[sym].global_id < 0) return RUN_ALL_SHARDS;
    return (uint32_t)b->syms[sym].global_id % r->n_shards;
}

/* The unit keeps the batch until the last shard has been through it. */
static void add_piece(hr_run *r, run_unit *u, uint32_t source, hr_evbatch *b, uint32_t begin,
                      uint32_t end)
{
    run_head *h = &r->order.head[source];
    uint32_t shard = h->is_plain ? h->shard : shard_of(r, b, begin, end);
    u->piece[u->n_pieces++] = (run_piece){.batch = b,
                                          .begin = begin,
                                          .end = end,
                                          .shard = shard,
                                          .desk = h->is_plain ? h->desk : -1,
                                          .level = (uint32_t)b->level_begin[begin]};
    if (h->held == r->next_unit + 1) return;
    h->held = r->next_unit + 1;
    atomic_fetch_add_explicit(&b->n_users, 1, memory_order_relaxed);
    u->held[u->n_held++] = b;
}

static void publish(hr_run *r, run_unit *u)
{
    atomic_store_explicit(&u->pending, r->n_shards, memory_order_relaxed);
    r->next_unit++;
    atomic_store_explicit(&r->published, r->next_unit, memory_order_release); /* pairs: run_apply */
}

void run_batch_release(hr_run *r, hr_evbatch *b)
{
    if (atomic_fetch_sub_explicit(&b->n_users, 1, memory_order_acq_rel) == 1)
        hr_pool_put(r->batches, b);
}

/* A message whose instrument cannot be told, or is not wanted, goes no further than here. */
static void set_aside(hr_run *r, hr_evbatch *b, uint32_t m)
{
    uint32_t n = (uint32_t)(b->level_begin[m + 1] - b->level_begin[m]);
    hr_msg_kind k = (hr_msg_kind)b->kind[m];
    r->merge_counts.filtered_rows += k == HR_MSG_TICKER || k == HR_MSG_TRADE ? 1 : n;
    r->merge_counts.set_aside_rows += k == HR_MSG_TICKER || k == HR_MSG_TRADE ? 1 : n;
    b->kind[m] = HR_MSG_OTHER;
}

/* What has no instrument or is left out is counted here, once. A snapshot that names no instrument
 * belongs to its source's only one. */
static hr_status settle_messages(hr_run *r, hr_source *s, hr_evbatch *b, uint32_t begin,
                                 uint32_t end, hr_err *err)
{
    for (uint32_t m = begin; m < end; m++) {
        hr_msg_kind k = (hr_msg_kind)b->kind[m];
        if ((b->flags[m] & HR_FLAG_LEFT_OUT) != 0 && k == HR_MSG_OTHER) {
            r->merge_counts.filtered_rows += (uint64_t)b->seq_first[m];
            r->merge_counts.set_aside_rows += (uint64_t)b->seq_first[m];
            continue;
        }
        if (k == HR_MSG_OTHER || k == HR_MSG_STATUS) r->merge_counts.other++;
        if (k == HR_MSG_OTHER && (b->flags[m] & HR_FLAG_DUPLICATE) != 0)
            r->merge_counts.duplicates += (uint64_t)b->seq_first[m];
        if (k == HR_MSG_BAD || k == HR_MSG_OTHER || k == HR_MSG_STATUS) continue;
        if (b->sym[m] == HR_SYM_UNKNOWN && s->only_id >= 0) {
            const hr_desk *d = r->desk[s->only_id];
            b->sym[m] = hr_evbatch_sym(b, d->venue, d->symbol, strlen(d->symbol));
            if (b->sym[m] >= 0) b->syms[b->sym[m]].global_id = d->id;
        }
        if (b->sym[m] < 0) r->merge_counts.no_symbol++;
        if (b->sym[m] >= 0) HR_TRY(resolve_sym(r, s, &b->syms[b->sym[m]], err));
        if (b->sym[m] < 0 || b->syms[b->sym[m]].global_id == RUN_SYM_LEFT_OUT) set_aside(r, b, m);
    }
    return HR_OK;
}

/* What counts for a commit: levels and messages, but for those that are left out, of which a file
 * may tell more or less. */
static int64_t rows_of(const hr_evbatch *b, uint32_t begin, uint32_t end, bool is_plain)
{
    int64_t n = 0;
    if (is_plain) return b->level_begin[end] - b->level_begin[begin] + (int64_t)(end - begin);
    for (uint32_t m = begin; m < end; m++)
        if ((b->flags[m] & HR_FLAG_LEFT_OUT) == 0)
            n += b->level_begin[m + 1] - b->level_begin[m] + 1;
    return n;
}

/* ---- order ---- */

static int64_t message_time(const hr_source *s, const hr_evbatch *b, uint32_t m)
{
    return b->ts_recv[m] > s->time_max ? b->ts_recv[m] : s->time_max;
}

static void finish_head(hr_run *r, hr_source *s, hr_evbatch *b)
{
    hr_source_advance(s);
    s->next_reject = 0;
    r->order.head[s - r->source].held = 0;
    run_batch_release(r, b);
}

static void set_head(run_head *h, const hr_source *s, const hr_evbatch *b)
{
    h->time = message_time(s, b, s->at);
    h->seq = b->seq_last[s->at];
}

/* Sets the source's head from its next message: false when it is not ready or done. */
static bool find_head(hr_run *r, uint32_t i)
{
    hr_source *s = &r->source[i];
    run_head *h = &r->order.head[i];
    hr_evbatch *b = hr_source_head(s);
    while (b != NULL && s->at == b->n_msgs) {
        s->is_inside = b->goes_on;
        finish_head(r, s, b);
        b = hr_source_head(s);
    }
    if (s->is_done || b == NULL) return false;
    run_leave_out(r->plan, s, b);
    set_head(h, s, b);
    return true;
}

/* Looks once at each message of a batch whose first is next. */
static void learn_batch(const hr_run *r, const hr_source *s, const hr_evbatch *b, run_head *h)
{
    const int32_t sym = b->sym[0];
    bool is_odd = r->check != NULL || b->n_rejects > 0 || sym < 0 || b->syms[sym].global_id < 0 ||
                  b->ts_recv[0] < s->time_max;
    for (uint32_t m = 0; m < b->n_msgs && !is_odd; m++)
        is_odd = b->kind[m] > HR_MSG_TICKER || b->sym[m] != sym ||
                 (b->flags[m] & HR_FLAG_NO_TIME) != 0 ||
                 (m > 0 &&
                  (b->ts_recv[m] < b->ts_recv[m - 1] || b->src_offset[m] == b->src_offset[m - 1]));
    h->is_plain = !is_odd;
    h->desk = is_odd ? -1 : b->syms[sym].global_id;
    h->shard = is_odd ? RUN_ALL_SHARDS : (uint32_t)h->desk % r->n_shards;
}

/* Takes those who waited and are ready into the order; false while any is not. */
static bool admit(hr_run *r)
{
    run_order *o = &r->order;
    uint32_t n = 0;
    for (uint32_t k = 0; k < o->n_waiting; k++) {
        uint32_t i = o->waiting[k];
        if (find_head(r, i))
            run_order_push(o, i);
        else if (!r->source[i].is_done)
            o->waiting[n++] = i;
    }
    o->n_waiting = n;
    return n == 0;
}

/* How far this source's head may go before the second source's message comes. */
static uint32_t stretch(const hr_run *r, uint32_t i, const hr_evbatch *b)
{
    const hr_source *s = &r->source[i];
    uint32_t second = run_order_second(&r->order);
    uint32_t end = s->at + 1;
    if (second == RUN_ORDER_NONE) return b->n_msgs;
    const run_head *h = &r->order.head[second];
    int64_t time = message_time(s, b, s->at);
    for (; end < b->n_msgs; end++) {
        if (b->ts_recv[end] > time) time = b->ts_recv[end];
        if (!run_order_before(time, b->seq_last[end], i, h, second)) break;
    }
    return end;
}

static uint32_t clip_to_commit(const hr_run *r, const hr_evbatch *b, uint32_t begin, uint32_t end,
                               bool is_plain)
{
    int64_t left = r->commit_rows - r->rows_since_commit;
    if (rows_of(b, begin, end, is_plain) < left) return end;
    uint32_t m = begin;
    for (int64_t n = 0; m < end && n < left; m++)
        n += rows_of(b, m, m + 1, is_plain);
    return m;
}

/* The messages of one line stay together: a resumed run goes on at a line's beginning. */
static uint32_t end_of_line(const hr_evbatch *b, uint32_t end)
{
    while (end < b->n_msgs && b->src_offset[end] == b->src_offset[end - 1])
        end++;
    return end;
}

/* Stands some source inside a line that several batches share? No commit comes there. */
static bool is_inside_line(const hr_run *r)
{
    for (uint32_t i = 0; i < r->n_sources; i++)
        if (r->source[i].is_inside) return true;
    return false;
}

void run_note_positions(hr_run *r)
{
    for (uint32_t i = 0; i < r->n_sources; i++) {
        hr_source *s = &r->source[i];
        const hr_evbatch *b = hr_source_head(s);
        if (b == NULL || s->at == 0 || s->at == b->n_msgs) continue;
        s->pos_offset = b->src_offset[s->at];
        s->pos_line = b->src_line[s->at];
    }
}

/* Waits for the commit before this one: one is on its way at a time. */
static hr_status mark(hr_run *r, bool is_final)
{
    if (atomic_load_explicit(&r->pending.is_set, memory_order_acquire) != 0)
        return HR_AGAIN; /* pairs: run_publish */
    r->mark_pending = true;
    r->is_final_mark = is_final;
    publish(r, open_unit(r));
    return HR_OK;
}

/* What a stretch of no plain batch takes beside the rest: rejects, instruments, times. */
static hr_status look_at_each(hr_run *r, hr_source *s, hr_evbatch *b, uint32_t begin, uint32_t end,
                              hr_err *err)
{
    HR_TRY(note_rejects(r, s, b, begin, end, err));
    HR_TRY(settle_messages(r, s, b, begin, end, err));
    for (uint32_t m = begin; m < end; m++) {
        if (HR_UNLIKELY(r->check != NULL)) run_check_time(r, s, b, m);
        s->time_max = message_time(s, b, m);
        if (b->flags[m] & HR_FLAG_NO_TIME) b->ts_recv[m] = s->time_max;
    }
    return HR_OK;
}

/* The first source's messages up to the second's. */
static hr_status take_stretch(hr_run *r, run_unit *u, hr_err *err)
{
    uint32_t i = r->order.heap[0];
    hr_source *s = &r->source[i];
    run_head *h = &r->order.head[i];
    hr_evbatch *b = hr_source_head(s);
    uint32_t begin = s->at;
    if (begin == 0) {
        HR_TRY(resolve_syms(r, s, b, err));
        learn_batch(r, s, b, h);
    }
    uint32_t end = r->rows_since_commit < r->commit_rows
                       ? clip_to_commit(r, b, begin, stretch(r, i, b), h->is_plain)
                       : begin + 1; /* a commit waits for a line's end */
    if (HR_LIKELY(h->is_plain)) {
        s->time_max = b->ts_recv[end - 1];
    } else {
        end = end_of_line(b, end);
        HR_TRY(look_at_each(r, s, b, begin, end, err));
    }
    int64_t n_rows = rows_of(b, begin, end, h->is_plain);
    r->rows_since_commit += n_rows;
    uint64_t seen = atomic_load_explicit(&r->rows_seen, memory_order_relaxed); /* ours alone */
    atomic_store_explicit(&r->rows_seen, seen + (uint64_t)n_rows, memory_order_relaxed);
    s->at = end;
    add_piece(r, u, i, b, begin, end);
    if (HR_LIKELY(end < b->n_msgs)) {
        set_head(h, s, b);
        run_order_sift(&r->order);
    } else if (find_head(r, i)) {
        run_order_sift(&r->order);
    } else {
        run_order_wait(&r->order);
    }
    return HR_OK;
}

/* Is a source awaited that may stay silent for as long as it likes? */
static bool waits_for_stream(const hr_run *r)
{
    const run_order *o = &r->order;
    for (uint32_t k = 0; k < o->n_waiting; k++)
        if (r->source[o->waiting[k]].reader.is_stream) return true;
    return false;
}

/* One unit: stretches as long as every live source's next message is known. So does a commit, for
 * its files say which sources are at their end: that must not hang on how soon it was seen. */
hr_status run_merge(hr_run *r, hr_err *err)
{
    run_order *o = &r->order;
    if (r->is_ended || r->mark_pending || !unit_is_free(r)) return HR_AGAIN;
    bool is_known = admit(r);
    if (r->rows_since_commit >= r->commit_rows && !is_inside_line(r) &&
        (is_known || waits_for_stream(r)))
        return mark(r, false);
    if (!is_known) return HR_AGAIN;
    if (o->n_heap == 0) return mark(r, true);
    run_unit *u = open_unit(r);
    while (u->n_pieces < RUN_PIECES && o->n_heap > 0 && admit(r) &&
           (r->rows_since_commit < r->commit_rows || is_inside_line(r)))
        HR_TRY(take_stretch(r, u, err));
    publish(r, u);
    return HR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "venue/seq.h"

#include "venue/venue.h"

hr_seq_rule hr_seq_rule_for(const char *venue, int format)
{
    const hr_format_facts *f = hr_format_facts_of((hr_format)format);
    if (f->has_rule) return (hr_seq_rule)f->rule;
    const hr_venue *v = hr_venue_find(venue);
    return v != NULL ? v->rule : HR_SEQ_BINANCE_FUTURES;
}

hr_seq_rule hr_seq_rule_of_orders(const char *venue)
{
    const hr_venue *v = hr_venue_find(venue);
    return v != NULL ? v->order_rule : HR_SEQ_NONE;
}

void hr_seq_init(hr_seq *s, hr_seq_rule rule)
{
    *s = (hr_seq){.rule = (uint8_t)rule, .last = -1, .chain = -1, .back = -1};
}

static bool is_numbered(const hr_seq *s)
{
    return s->rule == HR_SEQ_BINANCE_SPOT || s->rule == HR_SEQ_BINANCE_FUTURES;
}

/* Snapshots come in the stream, and each is newer than all before it. */
static bool is_in_stream(const hr_seq *s)
{
    return s->rule == HR_SEQ_NONE || s->rule == HR_SEQ_STEP || s->rule == HR_SEQ_CHAIN;
}

/* first <= have + 1, for every id. */
static bool joins(int64_t have, int64_t first)
{
    return first <= have || first - 1 == have;
}

/* Does a message follow id `have`? DUPLICATE, STALE, HOLE or APPLY. */
static hr_seq_verdict follows(const hr_seq *s, int64_t have, int64_t first, int64_t last,
                              int64_t prev)
{
    switch ((hr_seq_rule)s->rule) {
    case HR_SEQ_NONE:
        return HR_SEQ_APPLY;
    case HR_SEQ_MONOTONE:
        return last < have ? HR_SEQ_STALE : HR_SEQ_APPLY;
    case HR_SEQ_BINANCE_SPOT:
        if (last <= have) return last == have ? HR_SEQ_DUPLICATE : HR_SEQ_STALE;
        return joins(have, first) ? HR_SEQ_APPLY : HR_SEQ_HOLE;
    case HR_SEQ_BINANCE_FUTURES:
        if (last <= have) return last == have ? HR_SEQ_DUPLICATE : HR_SEQ_STALE;
        return prev == have ? HR_SEQ_APPLY : HR_SEQ_HOLE;
    case HR_SEQ_STEP:
        if (last <= have) return last == have ? HR_SEQ_DUPLICATE : HR_SEQ_STALE;
        return joins(have, first) ? HR_SEQ_APPLY : HR_SEQ_HOLE;
    case HR_SEQ_CHAIN:
        if (last < 0 || prev == have) return HR_SEQ_APPLY;
        if (last <= have) return last == have ? HR_SEQ_DUPLICATE : HR_SEQ_STALE;
        return HR_SEQ_HOLE;
    case HR_SEQ_AFTER:
        if (last <= have) return last == have ? HR_SEQ_DUPLICATE : HR_SEQ_STALE;
        return HR_SEQ_APPLY;
    case HR_SEQ_RULE_COUNT:
        break;
    }
    return HR_SEQ_HOLE;
}

/* The first message after a snapshot with id s->last. */
static hr_seq_verdict follows_snapshot(const hr_seq *s, int64_t first, int64_t last, int64_t prev)
{
    switch ((hr_seq_rule)s->rule) {
    case HR_SEQ_NONE:
    case HR_SEQ_MONOTONE:
    case HR_SEQ_STEP:
    case HR_SEQ_CHAIN:
    case HR_SEQ_AFTER:
    case HR_SEQ_RULE_COUNT:
        return HR_SEQ_APPLY_FIRST; /* no state of theirs: they are live at once */
    case HR_SEQ_BINANCE_SPOT:
        if (last <= s->last) return HR_SEQ_STALE;
        return joins(s->last, first) ? HR_SEQ_APPLY_FIRST : HR_SEQ_HOLE;
    case HR_SEQ_BINANCE_FUTURES:
        /* A message that names the snapshot's id as its predecessor follows it just as surely. */
        if (last < s->last) return HR_SEQ_STALE;
        return first <= s->last || prev == s->last ? HR_SEQ_APPLY_FIRST : HR_SEQ_HOLE;
    }
    return HR_SEQ_HOLE;
}

static hr_seq_verdict offer(hr_seq *s, int64_t first, int64_t last, int64_t prev)
{
    hr_seq_verdict v = s->state == HR_SEQ_SYNCING ? follows_snapshot(s, first, last, prev)
                                                  : follows(s, s->last, first, last, prev);
    if (v == HR_SEQ_APPLY || v == HR_SEQ_APPLY_FIRST) {
        s->last = last;
        s->state = HR_SEQ_LIVE;
    } else if (v == HR_SEQ_HOLE) {
        s->state = HR_SEQ_LOST;
    }
    return v;
}

static hr_seq_verdict count(hr_seq *s, hr_seq_verdict v)
{
    if (v == HR_SEQ_DUPLICATE) s->n_duplicates++;
    if (v == HR_SEQ_STALE) s->n_stale++;
    if (v == HR_SEQ_HOLE) s->n_gaps++;
    return v;
}

/* A stale message: late, or the venue's numbers start anew? See the header. */
static hr_seq_verdict judge_stale(hr_seq *s, int64_t before, int64_t first, int64_t last,
                                  int64_t prev)
{
    if (last >= HR_MAX(s->chain, s->last) / 2) return HR_SEQ_STALE;
    s->back = last;
    if (before < 0 || follows(s, before, first, last, prev) != HR_SEQ_APPLY) return HR_SEQ_STALE;
    s->n_resets++;
    s->back = -1;
    s->chain = last;
    s->last = -1;
    if (s->state != HR_SEQ_BUFFERING) s->state = HR_SEQ_LOST;
    return HR_SEQ_RESET;
}

hr_seq_verdict hr_seq_delta(hr_seq *s, int64_t first, int64_t last, int64_t prev)
{
    bool has_chain = s->chain >= 0 && s->rule != HR_SEQ_NONE;
    if ((s->rule == HR_SEQ_CHAIN || s->rule == HR_SEQ_STEP) && last < 0)
        return hr_seq_is_live(s) ? HR_SEQ_APPLY : HR_SEQ_WAIT;
    hr_seq_verdict step = has_chain ? follows(s, s->chain, first, last, prev) : HR_SEQ_APPLY;
    int64_t before = s->back;
    s->back = -1;
    if (step == HR_SEQ_STALE) step = judge_stale(s, before, first, last, prev);
    if (step == HR_SEQ_RESET) return step;
    if (step == HR_SEQ_DUPLICATE || step == HR_SEQ_STALE) return count(s, step);
    if (has_chain && step == HR_SEQ_APPLY) s->n_steps++;
    s->chain = last;
    if (s->rule == HR_SEQ_MONOTONE && !hr_seq_is_live(s)) {
        /* Tables of deltas alone: no snapshot will come, so the book is trusted from here on. */
        s->state = HR_SEQ_LIVE;
        s->ever_synced = 1;
        s->n_syncs++;
        s->last = last;
        return HR_SEQ_APPLY_FIRST;
    }
    if (hr_seq_is_live(s)) return count(s, offer(s, first, last, prev));
    if (step == HR_SEQ_HOLE) return count(s, step);
    return hr_seq_keeps(s) ? HR_SEQ_BUFFER : HR_SEQ_WAIT;
}

bool hr_seq_keeps(const hr_seq *s)
{
    return !is_in_stream(s);
}

hr_seq_verdict hr_seq_replay(hr_seq *s, int64_t first, int64_t last, int64_t prev)
{
    return offer(s, first, last, prev);
}

bool hr_seq_snapshot(hr_seq *s, int64_t id)
{
    if (!is_in_stream(s) && hr_seq_is_live(s) && id < s->last) {
        s->n_stale++;
        return false;
    }
    s->state = is_numbered(s) ? HR_SEQ_SYNCING : HR_SEQ_LIVE;
    s->last = id;
    if (s->rule == HR_SEQ_STEP || s->rule == HR_SEQ_CHAIN) s->chain = id;
    s->back = -1;
    s->ever_synced = 1;
    s->n_syncs++;
    return true;
}

void hr_seq_lose(hr_seq *s)
{
    if (hr_seq_is_live(s)) s->n_gaps++;
    if (s->state != HR_SEQ_BUFFERING) s->state = HR_SEQ_LOST;
    s->chain = s->back = -1;
}

bool hr_seq_is_sound(const hr_seq *s)
{
    if (s->rule >= HR_SEQ_RULE_COUNT || s->state > HR_SEQ_LOST || s->ever_synced > 1) return false;
    if (s->last < -1 || s->chain < -1 || s->back < -1) return false;
    if ((s->state == HR_SEQ_BUFFERING) == (s->ever_synced == 1)) return false;
    return s->state != HR_SEQ_SYNCING || is_numbered(s);
}

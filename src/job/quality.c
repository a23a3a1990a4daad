/* SPDX-License-Identifier: Apache-2.0 */
#include "job/quality.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "mem/mem.h"

#define NO_ROW UINT32_MAX
#define SIDE_SLOTS (HR_QUALITY_SLOTS / 2)
#define SKEW_MAX ((UINT64_C(1) << HR_QUALITY_BITS) - 1)

/* The merge's view of an instrument. */
typedef struct placed {
    int64_t hour;
    uint32_t row; /* NO_ROW: no message yet */
} placed;

/* The shard's. */
typedef struct noted {
    int64_t hour;
    uint32_t row;
    bool has_touch, has_time;
    int64_t bid_px, ask_px; /* of the whole book before this message */
    int64_t trade_px;       /* the last */
    int64_t recv_ns;        /* highest so far */
    uint64_t count[HR_QUALITY_COUNTS];
    uint64_t n_skew;              /* in hist_hour */
    uint32_t slot_low, slot_high; /* of it in use */
} noted;

/* Which row an (instrument, hour) has. The merge adds, shards look up. */
typedef struct place_slot {
    _Atomic uint64_t key; /* 0: empty; release: the merge, acquire: shards */
    uint32_t row;
} place_slot;

struct hr_quality {
    uint32_t n_instruments, n_sources, cap_rows;
    uint32_t n_rows; /* given out, the first of every instrument included: the merge's */
    uint32_t mask;
    hr_quality_row *row; /* [cap_rows]: row i is the first of instrument i */
    place_slot *slot;    /* [mask + 1] */
    placed *placed;
    noted *noted;
    uint64_t *hist;      /* [n_instruments][HR_QUALITY_SLOTS] */
    uint32_t *hist_hour; /* the same, of the hour at hand */
    uint64_t *rejects;   /* [n_sources][HR_REJECT_COUNT] */
    /* after the run */
    uint32_t *owner;              /* of a row */
    const hr_quality_row **order; /* by instrument, then hour */
    uint32_t *begin;              /* [n_instruments + 1] */
};

int64_t hr_quality_hour(int64_t ns)
{
    return ns / HR_QUALITY_HOUR_NS - (ns % HR_QUALITY_HOUR_NS < 0);
}

static void row_init(hr_quality_row *r)
{
    memset(r, 0, sizeof *r);
    r->first_ns = r->last_ns = HR_NULL_I64;
}

hr_status hr_quality_create(hr_quality **out, uint32_t n_instruments, uint32_t n_sources,
                            uint32_t n_rows, hr_err *err)
{
    uint32_t n_slots = 64;
    *out = NULL;
    hr_quality *q = hr_heap_zero(1, sizeof *q);
    if (q == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for a report");
    q->n_instruments = n_instruments;
    q->n_sources = n_sources;
    q->cap_rows = HR_MAX(n_rows, n_instruments);
    q->n_rows = n_instruments;
    while (n_slots < 2 * q->cap_rows)
        n_slots *= 2;
    q->mask = n_slots - 1;
    q->row = hr_heap_zero(q->cap_rows, sizeof *q->row);
    q->slot = hr_heap_zero(n_slots, sizeof *q->slot);
    q->placed = hr_heap_zero(n_instruments, sizeof *q->placed);
    q->noted = hr_heap_zero(n_instruments, sizeof *q->noted);
    q->hist = hr_heap_zero((size_t)n_instruments * HR_QUALITY_SLOTS, sizeof *q->hist);
    q->hist_hour = hr_heap_zero((size_t)n_instruments * HR_QUALITY_SLOTS, sizeof *q->hist_hour);
    q->rejects = hr_heap_zero((size_t)n_sources * HR_REJECT_COUNT + 1, sizeof *q->rejects);
    q->owner = hr_heap_zero(q->cap_rows, sizeof *q->owner);
    q->order = hr_heap_zero(q->cap_rows, sizeof(hr_quality_row *));
    q->begin = hr_heap_zero(n_instruments + 1, sizeof *q->begin);
    if (q->row == NULL || q->slot == NULL || q->placed == NULL || q->noted == NULL ||
        q->hist == NULL || q->hist_hour == NULL || q->rejects == NULL || q->owner == NULL ||
        q->order == NULL || q->begin == NULL) {
        hr_quality_destroy(&q);
        return HR_FAIL(err, HR_ENOMEM, "no memory for a report on %u instruments", n_instruments);
    }
    for (uint32_t i = 0; i < n_instruments; i++)
        q->placed[i].row = q->noted[i].row = NO_ROW;
    *out = q;
    return HR_OK;
}

void hr_quality_destroy(hr_quality **pq)
{
    hr_quality *q = *pq;
    *pq = NULL;
    if (q == NULL) return;
    hr_heap_free(q->row);
    hr_heap_free(q->slot);
    hr_heap_free(q->placed);
    hr_heap_free(q->noted);
    hr_heap_free(q->hist);
    hr_heap_free(q->hist_hour);
    hr_heap_free(q->rejects);
    hr_heap_free(q->owner);
    hr_heap_free(q->order);
    hr_heap_free(q->begin);
    hr_heap_free(q);
}

/* ---- rows ---- */

/* Hours of 64-bit nanoseconds are within 2^22 of 1970. */
static uint64_t key_of(uint32_t instrument, int64_t hour)
{
    return ((uint64_t)instrument + 1) << 32 | (uint32_t)(hour + (INT64_C(1) << 30));
}

static uint32_t slot_of(const hr_quality *q, uint64_t key)
{
    return (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & q->mask;
}

/* NO_ROW: none. At most half of the slots are taken. */
static uint32_t find_row(const hr_quality *q, uint64_t key)
{
    for (uint32_t at = slot_of(q, key);; at = (at + 1) & q->mask) {
        uint64_t there =
            atomic_load_explicit(&q->slot[at].key, memory_order_acquire); /* pairs: add_row */
        if (there == key) return q->slot[at].row;
        if (there == 0) return NO_ROW;
    }
}

static void add_row(hr_quality *q, uint64_t key, uint32_t row)
{
    uint32_t at = slot_of(q, key);
    while (atomic_load_explicit(&q->slot[at].key, memory_order_relaxed) != 0)
        at = (at + 1) & q->mask;
    q->slot[at].row = row;
    atomic_store_explicit(&q->slot[at].key, key, memory_order_release); /* pairs: find_row */
}

/* Without a receive time it belongs where the one before it did. */
static int64_t hour_after(int64_t recv_ns, int64_t hour)
{
    return recv_ns > 0 ? hr_quality_hour(recv_ns) : hour;
}

void hr_quality_place(hr_quality *q, uint32_t instrument, int64_t recv_ns)
{
    HR_ASSERT(instrument < q->n_instruments);
    placed *p = &q->placed[instrument];
    int64_t hour = hour_after(recv_ns, p->hour);
    if (HR_LIKELY(p->row != NO_ROW && p->hour == hour)) return;
    uint64_t key = key_of(instrument, hour);
    uint32_t row = find_row(q, key);
    p->hour = hour;
    if (row == NO_ROW) {
        if (p->row != NO_ROW && q->n_rows == q->cap_rows) return; /* folded */
        row = p->row == NO_ROW ? instrument : q->n_rows++;
        row_init(&q->row[row]);
        q->row[row].hour = hour;
        q->owner[row] = instrument + 1;
        add_row(q, key, row);
    }
    p->row = row;
}

void hr_quality_fall(hr_quality *q, uint32_t instrument)
{
    uint32_t row = q->placed[instrument].row;
    if (row != NO_ROW) q->row[row].time_falls++;
}

void hr_quality_reject(hr_quality *q, uint32_t source, hr_reject_reason reason)
{
    if (source < q->n_sources && reason < HR_REJECT_COUNT)
        q->rejects[(size_t)source * HR_REJECT_COUNT + reason]++;
}

/* ---- skew ---- */

uint32_t hr_quality_slot(int64_t v)
{
    uint64_t size = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    if (size > SKEW_MAX) size = SKEW_MAX;
    uint32_t shift = 56u - (uint32_t)__builtin_clzll(size | HR_QUALITY_SUB);
    uint32_t at = shift * HR_QUALITY_SUB + (uint32_t)(size >> shift);
    return v < 0 ? SIDE_SLOTS - at : SIDE_SLOTS + at;
}

int64_t hr_quality_slot_top(uint32_t slot)
{
    bool is_below = slot < SIDE_SLOTS;
    uint32_t at = is_below ? SIDE_SLOTS - slot : slot - SIDE_SLOTS;
    uint32_t shift = at < 2 * HR_QUALITY_SUB ? 0 : at / HR_QUALITY_SUB - 1;
    int64_t low = (int64_t)(at - shift * HR_QUALITY_SUB) << shift;
    return is_below ? -low : low + (INT64_C(1) << shift) - 1;
}

static int64_t clip(int64_t v, const hr_quality_skew *s)
{
    return v < s->min ? s->min : v > s->max ? s->max : v;
}

/* Rank of the value that percent of n do not exceed, from 1. */
static uint64_t rank_of(uint64_t n, uint32_t percent)
{
    uint64_t rank = n / 100 * percent + (n % 100 * percent + 99) / 100;
    return HR_MAX(rank, 1u);
}

/* The hour at hand ends: its percentiles go to its row, unless a longer stretch of that hour has
 * set them, its counts to the instrument's. */
static void close_hour(hr_quality *q, uint32_t instrument)
{
    noted *s = &q->noted[instrument];
    uint32_t *hour = q->hist_hour + (size_t)instrument * HR_QUALITY_SLOTS;
    uint64_t *all = q->hist + (size_t)instrument * HR_QUALITY_SLOTS;
    if (s->n_skew == 0) return;
    hr_quality_row *r = &q->row[s->row];
    bool is_longer = s->n_skew > r->n_skew_part;
    uint64_t rank50 = rank_of(s->n_skew, 50);
    uint64_t rank99 = rank_of(s->n_skew, 99);
    uint64_t n = 0;
    for (uint32_t i = s->slot_low; i <= s->slot_high; i++) {
        uint64_t before = n;
        n += hour[i];
        all[i] += hour[i];
        hour[i] = 0;
        if (!is_longer) continue;
        if (before < rank50 && n >= rank50) r->skew.p50 = clip(hr_quality_slot_top(i), &r->skew);
        if (before < rank99 && n >= rank99) r->skew.p99 = clip(hr_quality_slot_top(i), &r->skew);
    }
    if (is_longer) r->n_skew_part = s->n_skew;
    s->n_skew = 0;
}

static void note_skew(hr_quality *q, uint32_t instrument, hr_quality_row *r,
                      const hr_quality_event *e)
{
    noted *s = &q->noted[instrument];
    int64_t skew;
    if (e->recv_ns <= 0 || e->event_ns == HR_NULL_I64) return;
    if (__builtin_sub_overflow(e->recv_ns, e->event_ns, &skew)) skew = INT64_MAX;
    uint32_t at = hr_quality_slot(skew);
    q->hist_hour[(size_t)instrument * HR_QUALITY_SLOTS + at]++;
    s->slot_low = s->n_skew == 0 ? at : HR_MIN(s->slot_low, at);
    s->slot_high = s->n_skew == 0 ? at : HR_MAX(s->slot_high, at);
    s->n_skew++;
    if (r->skew.n == 0 || skew < r->skew.min) r->skew.min = skew;
    if (r->skew.n == 0 || skew > r->skew.max) r->skew.max = skew;
    r->skew.n++;
    r->skew.sum_s += skew / 1000000000;
    r->skew.sum_ns += skew % 1000000000;
}

/* ---- noting ---- */

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* Prices are above 0, so both sides of the comparisons fit 64 bits without a sign. */
static void note_trade(noted *s, hr_quality_row *r, int64_t px)
{
    uint64_t now = (uint64_t)px;
    r->trades++;
    if (s->has_touch) {
        uint64_t twice_mid = (uint64_t)s->bid_px + (uint64_t)s->ask_px;
        r->from_mid += distance(2 * now, twice_mid) > twice_mid / (100 / HR_QUALITY_MID_PERCENT);
    }
    if (s->trade_px > 0) {
        uint64_t last = (uint64_t)s->trade_px;
        r->from_last += distance(now, last) > last / (100 / HR_QUALITY_LAST_PERCENT);
    }
    s->trade_px = px;
}

/* was: the row of the message before it, in whose hour a silence began. */
static void note_time(noted *s, hr_quality_row *was, hr_quality_row *r, int64_t recv_ns)
{
    if (recv_ns <= 0) return;
    if (s->has_time && recv_ns > s->recv_ns) {
        int64_t silence = recv_ns - s->recv_ns;
        was->silences += silence > HR_QUALITY_SILENCE_NS;
        if (silence > was->silence_ns) {
            was->silence_ns = silence;
            was->silence_at_ns = s->recv_ns;
        }
    }
    if (!s->has_time || recv_ns > s->recv_ns) s->recv_ns = recv_ns;
    s->has_time = true;
    if (r->first_ns == HR_NULL_I64 || recv_ns < r->first_ns) r->first_ns = recv_ns;
    if (r->last_ns == HR_NULL_I64 || recv_ns > r->last_ns) r->last_ns = recv_ns;
}

static void note_touch(noted *s, hr_quality_row *r, const hr_quality_event *e)
{
    if (e->is_crossed) {
        r->crossed += e->bid_px > e->ask_px;
        r->locked += e->bid_px <= e->ask_px;
    }
    s->has_touch = e->is_whole && e->bid_px > 0 && e->ask_px > 0 && e->bid_px < e->ask_px;
    s->bid_px = e->bid_px;
    s->ask_px = e->ask_px;
}

/* The row of a message; a lost connection, told by the source and not by the instrument, belongs to
 * the one before it. */
static hr_quality_row *turn_to(hr_quality *q, uint32_t instrument, const hr_quality_event *e)
{
    noted *s = &q->noted[instrument];
    int64_t hour = hour_after(e->recv_ns, s->hour);
    bool is_new = e->kind != HR_MSG_STATUS && (s->row == NO_ROW || hour != s->hour);
    if (HR_UNLIKELY(is_new)) {
        uint32_t row = find_row(q, key_of(instrument, hour));
        if (row != NO_ROW && row != s->row) {
            close_hour(q, instrument);
            s->row = row;
        }
        s->hour = hour;
    }
    return s->row != NO_ROW ? &q->row[s->row] : NULL;
}

void hr_quality_note(hr_quality *q, uint32_t instrument, const hr_quality_event *e)
{
    HR_ASSERT(instrument < q->n_instruments);
    noted *s = &q->noted[instrument];
    uint32_t was = s->row;
    hr_quality_row *r = turn_to(q, instrument, e);
    if (r == NULL) return;
    for (uint32_t i = 0; i < HR_QUALITY_COUNTS; i++) {
        r->count[i] += e->count[i] - s->count[i];
        s->count[i] = e->count[i];
    }
    if (e->kind != HR_MSG_STATUS) {
        r->n[e->kind]++;
        r->n_folded += s->hour != r->hour;
        if (e->kind != HR_MSG_TRADE && e->kind != HR_MSG_TICKER) r->levels += e->n_levels;
        note_time(s, was != NO_ROW ? &q->row[was] : r, r, e->recv_ns);
        note_skew(q, instrument, r, e);
    }
    if (e->trade_px > 0) note_trade(s, r, e->trade_px);
    note_touch(s, r, e);
}

/* ---- reading ---- */

double hr_quality_mean(const hr_quality_skew *s)
{
    return s->n > 0 ? ((double)s->sum_s * 1e9 + (double)s->sum_ns) / (double)s->n : 0;
}

static int by_hour(const void *pa, const void *pb)
{
    const hr_quality_row *a = *(const hr_quality_row *const *)pa;
    const hr_quality_row *b = *(const hr_quality_row *const *)pb;
    return (a->hour > b->hour) - (a->hour < b->hour);
}

void hr_quality_end(hr_quality *q)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < q->n_instruments; i++)
        close_hour(q, i);
    /* Counting sort by owner: begin[i + 1] is first the number of i's rows, then where they go. */
    for (uint32_t k = 0; k < q->n_rows; k++)
        if (q->owner[k] > 0) q->begin[q->owner[k]]++;
    for (uint32_t i = 0; i <= q->n_instruments; i++) {
        n += q->begin[i];
        q->begin[i] = n;
    }
    for (uint32_t k = q->n_rows; k-- > 0;)
        if (q->owner[k] > 0) q->order[--q->begin[q->owner[k]]] = &q->row[k];
    for (uint32_t i = 0; i < q->n_instruments; i++)
        q->begin[i] = q->begin[i + 1];
    q->begin[q->n_instruments] = n;
    for (uint32_t i = 0; i < q->n_instruments; i++)
        qsort(q->order + q->begin[i], q->begin[i + 1] - q->begin[i], sizeof *q->order, by_hour);
}

const hr_quality_row *const *hr_quality_rows(const hr_quality *q, uint32_t instrument, uint32_t *n)
{
    *n = q->begin[instrument + 1] - q->begin[instrument];
    return q->order + q->begin[instrument];
}

static void add_counts(hr_quality_row *sum, const hr_quality_row *r)
{
    for (uint32_t i = 0; i < HR_MSG_KIND_COUNT; i++)
        sum->n[i] += r->n[i];
    for (uint32_t i = 0; i < HR_QUALITY_COUNTS; i++)
        sum->count[i] += r->count[i];
    sum->levels += r->levels;
    sum->trades += r->trades;
    sum->time_falls += r->time_falls;
    sum->crossed += r->crossed;
    sum->locked += r->locked;
    sum->from_mid += r->from_mid;
    sum->from_last += r->from_last;
    sum->silences += r->silences;
    sum->n_folded += r->n_folded;
}

static void add_row_to(hr_quality_row *sum, const hr_quality_row *r, bool is_first)
{
    add_counts(sum, r);
    if (is_first || r->hour < sum->hour) sum->hour = r->hour;
    /* Of equal ones the earliest, whatever the order of instruments. */
    if (r->silence_ns > sum->silence_ns ||
        (r->silence_ns == sum->silence_ns && r->silence_at_ns < sum->silence_at_ns)) {
        sum->silence_ns = r->silence_ns;
        sum->silence_at_ns = r->silence_at_ns;
    }
    if (r->first_ns != HR_NULL_I64 && (sum->first_ns == HR_NULL_I64 || r->first_ns < sum->first_ns))
        sum->first_ns = r->first_ns;
    if (r->last_ns != HR_NULL_I64 && (sum->last_ns == HR_NULL_I64 || r->last_ns > sum->last_ns))
        sum->last_ns = r->last_ns;
    if (r->skew.n == 0) return;
    if (sum->skew.n == 0 || r->skew.min < sum->skew.min) sum->skew.min = r->skew.min;
    if (sum->skew.n == 0 || r->skew.max > sum->skew.max) sum->skew.max = r->skew.max;
    sum->skew.n += r->skew.n;
    sum->skew.sum_s += r->skew.sum_s;
    sum->skew.sum_ns += r->skew.sum_ns;
}

/* The value of a rank over the histograms of instruments begin to end. */
static int64_t ranked(const hr_quality *q, uint32_t begin, uint32_t end, uint64_t rank)
{
    uint64_t n = 0;
    for (uint32_t k = 0; k < HR_QUALITY_SLOTS; k++) {
        for (uint32_t i = begin; i < end; i++)
            if (q->noted[i].row != NO_ROW) n += q->hist[(size_t)i * HR_QUALITY_SLOTS + k];
        if (n >= rank) return hr_quality_slot_top(k);
    }
    return INT64_MAX;
}

static void sum_of(const hr_quality *q, uint32_t begin, uint32_t end, hr_quality_row *out)
{
    bool is_first = true;
    row_init(out);
    for (uint32_t i = begin; i < end; i++) {
        uint32_t n;
        const hr_quality_row *const *row = hr_quality_rows(q, i, &n);
        for (uint32_t k = 0; k < n; k++) {
            add_row_to(out, row[k], is_first);
            is_first = false;
        }
    }
    if (out->skew.n == 0) return;
    out->skew.p50 = clip(ranked(q, begin, end, rank_of(out->skew.n, 50)), &out->skew);
    out->skew.p99 = clip(ranked(q, begin, end, rank_of(out->skew.n, 99)), &out->skew);
}

void hr_quality_sum(const hr_quality *q, uint32_t instrument, hr_quality_row *out)
{
    sum_of(q, instrument, instrument + 1, out);
}

void hr_quality_total(const hr_quality *q, hr_quality_row *out)
{
    sum_of(q, 0, q->n_instruments, out);
}

const uint64_t *hr_quality_rejects(const hr_quality *q, uint32_t source)
{
    return q->rejects + (size_t)source * HR_REJECT_COUNT;
}

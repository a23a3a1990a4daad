/* SPDX-License-Identifier: Apache-2.0 */
/* Rules over columns. Rows go by in chunks; within one each rule goes over its own column, since
 * most of them have nothing to say of most rows, and what they said is put in order of rows behind.
 */
#include "eval/signal.h"

#include <math.h>
#include <string.h>

#include "base/sort.h"

#define CHUNK_ROWS 256u
#define BLOCK 32u
#define NO_GATE INT64_MIN

/* of one instrument */
typedef struct head {
    uint64_t n_rows;
    int64_t newest_ns;
    uint64_t spare[6];
} head;
_Static_assert(sizeof(head) == 64, "the rules begin on a line of their own");

typedef struct rule_state {
    int64_t gate_ns; /* before it, nothing changes */
    uint64_t run;    /* 2 * (1 + the row that `when` is true from on) + is_on; 0: it is not */
} rule_state;

typedef struct hit {
    uint64_t since;
    uint32_t row;
    uint16_t rule;
    bool is_on;
} hit;

typedef struct change {
    rule_state before;
    uint32_t rank;
} change;

struct hr_signals_out {
    hr_signal_event *event;
    hit *hit;
    change *change;
    uint32_t n, cap;
};

/* A chunk under way: rows from to end of the call. */
typedef struct chunk {
    const double *const *column;
    const int64_t *now; /* of row `from` on: the newest time of all rows up to each */
    uint64_t row0;      /* what row 0 of the call is among all of the instrument */
    uint32_t from, end;
    hit *hit;
    uint32_t n_hit, cap_hit;
    uint16_t rule;
} chunk;

/* ---- columns ---- */

static bool is_true(double v)
{
    return fabs(v) > 0; /* null is not */
}

/* How many of a block are true, or false: no branches, several at once. */
static uint64_t count_true(const double *x)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < BLOCK; i++)
        n += fabs(x[i]) > 0;
    return n;
}

static uint64_t count_false(const double *x)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < BLOCK; i++)
        n += x[i] == 0;
    return n;
}

/* The first of x[i..n) that is true, or n. */
static uint32_t find_true(const double *x, uint32_t i, uint32_t n)
{
    if (i < n && is_true(x[i])) return i;
    while (n - i >= BLOCK && i < n && count_true(x + i) == 0)
        i += BLOCK;
    while (i < n && !is_true(x[i]))
        i++;
    return i;
}

/* The first of x[i..n) that is false, or n. */
static uint32_t find_false(const double *x, uint32_t i, uint32_t n)
{
    if (i < n && x[i] == 0) return i;
    while (n - i >= BLOCK && i < n && count_false(x + i) == 0)
        i += BLOCK;
    while (i < n && x[i] != 0)
        i++;
    return i;
}

/* The first of x[i..n) that is not true, or n. */
static uint32_t find_untrue(const double *x, uint32_t i, uint32_t n)
{
    while (i < n && is_true(x[i]))
        i++;
    return i;
}

/* The first row from i on at which the gate is open, or the chunk's end. */
static uint32_t find_open(const chunk *c, int64_t gate_ns, uint32_t i)
{
    if (gate_ns == NO_GATE) return i;
    uint32_t end = c->end;
    while (i < end) {
        uint32_t middle = i + (end - i) / 2;
        if (c->now[middle - c->from] < gate_ns)
            i = middle + 1;
        else
            end = middle;
    }
    return i;
}

static int64_t gate_of(const chunk *c, uint32_t row, int64_t wait_ns)
{
    int64_t at;
    if (wait_ns == 0) return NO_GATE;
    return __builtin_add_overflow(c->now[row - c->from], wait_ns, &at) ? INT64_MAX : at;
}

/* ---- one rule over one chunk ---- */

/* false: there is no room for it */
static bool put(chunk *c, uint32_t row, bool is_on, const rule_state *st)
{
    if (c->n_hit == c->cap_hit) return false;
    c->hit[c->n_hit++] =
        (hit){.since = st->run / 2 - 1, .row = row, .rule = c->rule, .is_on = is_on};
    return true;
}

static bool turn_off(chunk *c, const hr_signal_rule *r, rule_state *st, uint32_t *i)
{
    uint32_t at = find_open(c, st->gate_ns, *i);
    at = r->until == HR_SIGNAL_NONE ? find_false(c->column[r->when], at, c->end)
                                    : find_true(c->column[r->until], at, c->end);
    *i = at + 1;
    if (at >= c->end) return true;
    if (!put(c, at, false, st)) return false;
    *st = (rule_state){.gate_ns = gate_of(c, at, r->cooldown_ns)};
    return true;
}

static bool turn_on(chunk *c, const hr_signal_rule *r, rule_state *st, uint32_t *i)
{
    const double *when = c->column[r->when];
    uint32_t at = *i;
    if (st->run == 0) {
        at = find_true(when, at, c->end);
        *i = at;
        if (at >= c->end) return true;
        st->run = 2 * (c->row0 + at + 1);
    }
    uint64_t row = st->run / 2 - 1 + r->confirm - 1; /* where its run is long enough */
    uint32_t least = at;
    if (row > c->row0 + at) least = (uint32_t)HR_MIN(row - c->row0, (uint64_t)c->end);
    uint32_t go = find_open(c, st->gate_ns, least);
    uint32_t end = HR_MIN(go + 1, c->end);
    uint32_t broken = find_untrue(when, at, end);
    *i = broken + 1;
    if (broken < end) {
        st->run = 0;
        return true;
    }
    if (go >= c->end) return true;
    if (!put(c, go, true, st)) return false;
    st->run |= 1;
    st->gate_ns = gate_of(c, go, r->hold_ns);
    *i = go + 1;
    return true;
}

static bool run_rule(chunk *c, const hr_signal_rule *r, rule_state *st)
{
    for (uint32_t i = c->from; i < c->end;) {
        bool is_on = (st->run & 1) != 0;
        if (!(is_on ? turn_off(c, r, st, &i) : turn_on(c, r, st, &i))) return false;
    }
    return true;
}

/* ---- all rules over one chunk ---- */

/* Most rules have nothing to say in most chunks, and all of that is known from one column. */
static bool is_quiet(const chunk *c, const hr_signal_scan *look, uint64_t run)
{
    if (run == 0) return find_true(c->column[look->when], c->from, c->end) == c->end;
    if ((run & 1) == 0) return false;
    if (look->until != HR_SIGNAL_NONE)
        return find_true(c->column[look->until], c->from, c->end) == c->end;
    return find_false(c->column[look->when], c->from, c->end) == c->end;
}

/* false: there was no room; nothing has changed. */
static bool run_rules(const hr_signals *s, chunk *c, rule_state *state, change *changed)
{
    uint32_t n_changed = 0;
    for (uint32_t k = 0; k < s->n_rule; k++) {
        if (is_quiet(c, &s->scan[k], state[k].run)) continue;
        rule_state before = state[k];
        c->rule = s->rank[k];
        bool ok = run_rule(c, &s->rule[s->rank[k]], &state[k]);
        if (before.run != state[k].run || before.gate_ns != state[k].gate_ns)
            changed[n_changed++] = (change){before, k};
        if (ok) continue;
        while (n_changed-- > 0)
            state[changed[n_changed].rank] = changed[n_changed].before;
        return false;
    }
    return true;
}

static void fill(hr_signal_event *e, const hr_signals *s, const chunk *c, const hit *h,
                 const int64_t *ts)
{
    const hr_signal_rule *r = &s->rule[h->rule];
    *e = (hr_signal_event){.row = c->row0 + h->row,
                           .since = h->since,
                           .ts = ts[h->row],
                           .at = h->row,
                           .rule = h->rule,
                           .is_on = h->is_on,
                           .n_value = (uint8_t)r->n_value,
                           .score = (double)NAN};
    if (r->score != HR_SIGNAL_NONE) e->score = c->column[r->score][h->row];
    for (uint32_t k = 0; k < r->n_value; k++)
        e->value[k] = c->column[r->value[k]][h->row];
}

/* The hits of a chunk, which are in order of rules, as events in order of rows. */
static void give(const hr_signals *s, const chunk *c, const int64_t *ts, hr_signals_out *o)
{
    uint32_t place[CHUNK_ROWS + 1] = {0};
    uint32_t n_rows = c->end - c->from;
    if (c->n_hit == 0) return;
    for (uint32_t k = 0; k < c->n_hit; k++)
        place[c->hit[k].row - c->from + 1]++;
    for (uint32_t i = 0; i < n_rows; i++)
        place[i + 1] += place[i];
    for (uint32_t k = 0; k < c->n_hit; k++) {
        const hit *h = &c->hit[k];
        fill(&o->event[o->n + place[h->row - c->from]++], s, c, h, ts);
    }
    o->n += c->n_hit;
}

/* Takes a chunk; false: o is full. */
static bool run_chunk(const hr_signals *s, void *state, chunk *c, const int64_t *ts,
                      hr_signals_out *o)
{
    head *h = state;
    int64_t now[CHUNK_ROWS];
    int64_t newest = h->newest_ns;
    for (uint32_t i = 0; i < c->end - c->from; i++) {
        newest = HR_MAX(newest, ts[c->from + i]);
        now[i] = newest;
    }
    c->now = now;
    c->n_hit = 0;
    c->cap_hit = o->cap - o->n;
    if (!run_rules(s, c, (rule_state *)(h + 1), o->change)) return false;
    h->newest_ns = newest;
    h->n_rows += c->end - c->from;
    give(s, c, ts, o);
    return true;
}

size_t hr_signals_state_bytes(const hr_signals *s)
{
    return sizeof(head) + hr_round_up(s->n_rule * sizeof(rule_state), 64);
}

void hr_signals_init(void *state, const hr_signals *s)
{
    head *h = state;
    rule_state *rule = (rule_state *)(h + 1);
    memset(state, 0, hr_signals_state_bytes(s));
    h->newest_ns = INT64_MIN;
    for (uint32_t i = 0; i < s->n_rule; i++)
        rule[i].gate_ns = NO_GATE;
}

/* A run of `when` begins at a row that was. */
bool hr_signals_is_sound(const void *state, const hr_signals *s)
{
    const head *h = state;
    const rule_state *rule = (const rule_state *)(h + 1);
    bool ok = h->n_rows < UINT64_C(1) << 62;
    for (uint32_t i = 0; i < s->n_rule && ok; i++)
        ok = rule[i].run == 0 || (rule[i].run / 2 > 0 && rule[i].run / 2 <= h->n_rows);
    return ok;
}

uint32_t hr_signals_run(const hr_signals *s, void *state, const hr_signal_rows *r, uint32_t from,
                        hr_signals_out *o)
{
    const head *h = state;
    uint32_t most = CHUNK_ROWS;
    o->n = 0;
    while (from < r->n) {
        chunk c = {.column = r->column,
                   .row0 = h->n_rows - from,
                   .from = from,
                   .end = from + HR_MIN(most, r->n - from),
                   .hit = o->hit};
        if (run_chunk(s, state, &c, r->ts, o))
            from = c.end;
        else if (o->n > 0)
            break;
        else
            most = (c.end - c.from) / 2; /* one row always fits: a rule says one thing a row */
    }
    return from;
}

/* ---- memory ---- */

size_t hr_signals_out_bytes(const hr_signals *s, uint32_t cap)
{
    size_t n = HR_MAX(cap, HR_MAX(s->n_rule, 1u));
    return sizeof(hr_signals_out) + n * (sizeof(hr_signal_event) + sizeof(hit)) +
           HR_MAX(s->n_rule, 1u) * sizeof(change) + 256;
}

hr_status hr_signals_out_create(hr_signals_out **out, hr_arena *arena, const hr_signals *s,
                                uint32_t cap, hr_err *err)
{
    cap = HR_MAX(cap, HR_MAX(s->n_rule, 1u));
    hr_signals_out *o = hr_arena_alloc(arena, sizeof *o, 64);
    hr_signal_event *event = hr_arena_alloc(arena, cap * sizeof *event, 8);
    hit *hits = hr_arena_alloc(arena, cap * sizeof *hits, 8);
    change *changes = hr_arena_alloc(arena, HR_MAX(s->n_rule, 1u) * sizeof *changes, 8);
    if (o == NULL || event == NULL || hits == NULL || changes == NULL)
        return HR_FAIL(err, HR_ENOMEM, "no memory for %u events of signals", cap);
    *o = (hr_signals_out){.event = event, .hit = hits, .change = changes, .cap = cap};
    *out = o;
    return HR_OK;
}

const hr_signal_event *hr_signals_events(const hr_signals_out *o, uint32_t *n)
{
    *n = o->n;
    return o->event;
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

hr_status hr_signals_make(hr_signals *out, hr_arena *arena, const hr_expr *expr,
                          const hr_signal_rule *rule, uint32_t n, hr_err *err)
{
    if (n > HR_SIGNAL_MAX)
        return HR_FAIL(err, HR_ELIMIT, "more than %u signals: %u", HR_SIGNAL_MAX, n);
    uint16_t *rank = hr_arena_alloc(arena, HR_MAX(n, 1u) * sizeof *rank, 8);
    hr_signal_scan *scan = hr_arena_alloc(arena, HR_MAX(n, 1u) * sizeof *scan, 8);
    size_t mark = hr_arena_mark(arena);
    uint64_t *key = hr_arena_alloc(arena, HR_MAX(n, 1u) * sizeof *key, 8);
    if (rank == NULL || scan == NULL || key == NULL)
        return HR_FAIL(err, HR_ENOMEM, "no memory for %u signals", n);
    for (uint32_t i = 0; i < n; i++) /* highest priority first, then order */
        key[i] = (uint64_t)(INT64_C(2147483647) - rule[i].priority) << 32 | i;
    hr_sort(key, n, sizeof *key, compare_keys);
    for (uint32_t i = 0; i < n; i++) {
        rank[i] = (uint16_t)key[i];
        scan[i] = (hr_signal_scan){.when = rule[rank[i]].when, .until = rule[rank[i]].until};
    }
    memset(key, 0, n * sizeof *key); /* an arena's fresh memory is zero */
    hr_arena_rewind(arena, mark);
    *out = (hr_signals){.expr = expr, .rule = rule, .rank = rank, .scan = scan, .n_rule = n};
    if (expr != NULL) out->n_own = expr->n_out;
    return HR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Deltas a second into L2 books, and nanoseconds a feature row. The stream is made before the clock
 * starts: messages of about 12 levels, most of them within a few ticks of a touch that wanders,
 * some far, one of three removals, as the synthetic venue makes them. Best and median of several
 * rounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"
#include "book/l2.h"
#include "calc/feat.h"
#include "figure.h"
#include "mem/mem.h"

#define ROUNDS 15
#define N_LEVELS (1u << 20)
#define SYMBOLS_MAX 500u
#define WINDOW 1024u
#define DEPTH 10u
#define CELLS 4096

typedef struct stream {
    uint32_t n_msgs;
    uint16_t *sym;   /* [n_msgs] */
    uint32_t *begin; /* [n_msgs + 1] */
    uint8_t *side;   /* [N_LEVELS] */
    int64_t *px, *qty;
} stream;

typedef struct model {
    int64_t tick0;
    int32_t best[2];
    uint8_t has[2][CELLS];
} model;

static uint64_t seed = 88172645463325252u;

static uint32_t below(uint32_t n)
{
    seed ^= seed << 13; /* xorshift64, Marsaglia 2003 */
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(((seed >> 32) * n) >> 32);
}

static int32_t geometric(uint32_t mean, int32_t cap)
{
    int32_t n = 0;
    while (n < cap && below(mean + 1) != 0)
        n++;
    return n;
}

/* One level near the touch, sometimes inside the spread, sometimes far; never crossed. */
static void change(model *m, uint8_t *side_out, int64_t *px, int64_t *qty)
{
    uint8_t side = (uint8_t)below(2);
    int32_t sign = side == 0 ? -1 : 1;
    int32_t cell = m->best[side] + sign * geometric(below(8) == 0 ? 200 : 12, 900);
    int32_t room = m->best[1] - m->best[0] - 1;
    if (room > 0 && below(6) == 0) cell = m->best[side] - sign;
    cell = HR_MAX(8, HR_MIN(cell, CELLS - 9));
    bool is_edge = side == 0 ? m->best[0] < CELLS / 4 : m->best[1] > CELLS / 4 * 3;
    bool removes = m->has[side][cell] && below(3) == 0 && !(is_edge && cell == m->best[side]);
    m->has[side][cell] = !removes;
    if (!removes && sign * (cell - m->best[side]) < 0) m->best[side] = cell;
    while (!m->has[side][m->best[side]])
        m->best[side] += sign;
    *side_out = side;
    *px = (m->tick0 + cell) * 10000000;
    *qty = removes ? 0 : 1000 + (int64_t)below(1u << 30);
}

static bool alloc_stream(stream *s, hr_arena *a)
{
    s->sym = hr_arena_alloc(a, N_LEVELS * sizeof *s->sym, 64);
    s->begin = hr_arena_alloc(a, (N_LEVELS + 1) * sizeof *s->begin, 64);
    s->side = hr_arena_alloc(a, N_LEVELS, 64);
    s->px = hr_arena_alloc(a, N_LEVELS * sizeof *s->px, 64);
    s->qty = hr_arena_alloc(a, N_LEVELS * sizeof *s->qty, 64);
    return s->qty != NULL;
}

static void make_stream(stream *s, model *m, uint32_t n_syms)
{
    for (uint32_t at = 0; at < N_LEVELS;) {
        uint32_t n = 1 + (uint32_t)geometric(11, 63);
        uint32_t sym = below(n_syms);
        s->sym[s->n_msgs] = (uint16_t)sym;
        s->begin[s->n_msgs++] = at;
        for (; n > 0 && at < N_LEVELS; n--, at++)
            change(&m[sym], &s->side[at], &s->px[at], &s->qty[at]);
        s->begin[s->n_msgs] = at;
    }
}

/* A book like that of a liquid pair with a tiny tick: about 2,000 levels a side, thin at the touch,
 * half of the updates more than 8,000 ticks from it, most of them levels that come or go. Distances
 * are drawn like those of a recorded day of one such pair (quartiles 1,700, 8,200 and 15,000). */
typedef struct wide_model {
    int64_t mid;
    uint32_t n[2];
    int64_t px[2][4096];
} wide_model;

static void wide_change(wide_model *m, uint8_t *side_out, int64_t *px, int64_t *qty)
{
    uint8_t side = (uint8_t)below(2);
    uint32_t dice = below(100);
    uint32_t n = m->n[side];
    int64_t away = below(4) == 0 ? below(2000) : below(1u << (10 + below(10) / 2));
    away = below(4) == 0 ? away : away + below(14000);
    *side_out = side;
    *qty = 1 + (int64_t)below(1u << 30);
    *px = side == 0 ? m->mid - away : m->mid + 1 + away;
    if (n > 0 && dice < (n > 2000 ? 55 : 20)) { /* one goes */
        uint32_t i = below(n);
        *px = m->px[side][i];
        m->px[side][i] = m->px[side][n - 1];
        m->n[side]--;
        *qty = 0;
    } else if (n > 0 && dice < 65) { /* one changes */
        *px = m->px[side][below(n)];
    } else if (dice < 72 || n == 4096) { /* one goes that was not there */
        *qty = 0;
    } else {
        m->px[side][m->n[side]++] = *px;
    }
    *px *= 10000000;
}

/* A first snapshot of 1,000 levels a side, one in five absent. */
static bool fill(hr_l2 *b, model *m)
{
    m->tick0 = 100000 + (int64_t)below(6000000);
    m->best[0] = CELLS / 2 - 1;
    m->best[1] = CELLS / 2 + 1;
    for (int32_t i = 0; i < 1000; i++) {
        for (uint8_t side = 0; side < 2; side++) {
            int32_t cell = side == 0 ? m->best[0] - i : m->best[1] + i;
            int64_t px = (m->tick0 + cell) * 10000000;
            int64_t qty = 1 + (int64_t)below(1u << 30);
            if (i > 0 && below(5) == 0) continue;
            m->has[side][cell] = 1;
            if (hr_l2_apply(b, &side, &px, &qty, 1) != HR_OK) return false;
        }
    }
    return true;
}

/* The heads of books are asked for eight messages ahead, the lines of the levels four ahead. */
static void look_ahead(const stream *s, hr_l2 **book, uint32_t k)
{
    if (k + 8 >= s->n_msgs) return;
    hr_l2_prefetch(book[s->sym[k + 8]]);
    uint32_t at = s->begin[k + 4];
    hr_l2_prefetch_levels(book[s->sym[k + 4]], s->side + at, s->px + at, s->begin[k + 5] - at);
}

/* Each takes messages [from, to). */
static bool apply_ahead(const stream *s, hr_l2 **book, uint32_t from, uint32_t to)
{
    for (uint32_t k = from; k < to; k++) {
        uint32_t at = s->begin[k];
        look_ahead(s, book, k);
        if (hr_l2_apply(book[s->sym[k]], s->side + at, s->px + at, s->qty + at,
                        s->begin[k + 1] - at) != HR_OK)
            return false;
    }
    return true;
}

static bool apply_plain(const stream *s, hr_l2 **book, uint32_t from, uint32_t to)
{
    for (uint32_t k = from; k < to; k++) {
        uint32_t at = s->begin[k];
        if (hr_l2_apply(book[s->sym[k]], s->side + at, s->px + at, s->qty + at,
                        s->begin[k + 1] - at) != HR_OK)
            return false;
    }
    return true;
}

/* As the pipeline: the top is read when a level at or better than the touch was named. */
static uint32_t n_rows;
static bool apply_and_read(const stream *s, hr_l2 **book, uint32_t from, uint32_t to)
{
    static int64_t watch[SYMBOLS_MAX][2];
    int64_t px[2][DEPTH];
    int64_t qty[2][DEPTH];
    for (uint32_t i = 0; from == 0 && i < SYMBOLS_MAX; i++)
        watch[i][0] = watch[i][1] = HR_NULL_I64;
    if (from == 0) n_rows = 0;
    for (uint32_t k = from; k < to; k++) {
        uint32_t at = s->begin[k];
        hr_l2 *b = book[s->sym[k]];
        int64_t *w = watch[s->sym[k]];
        bool hit;
        look_ahead(s, book, k);
        if (hr_l2_apply_watch(b, s->side + at, s->px + at, s->qty + at, s->begin[k + 1] - at, w,
                              &hit) != HR_OK)
            return false;
        if (!hit) continue;
        for (int side = 0; side < 2; side++) {
            (void)hr_l2_top(b, (hr_side)side, DEPTH, px[side], qty[side]);
            w[side] = px[side][0];
        }
        n_rows++;
    }
    return true;
}

/* The machine is shared: each piece of the work is timed alone and the best of its rounds counts;
 * the sum of these is what an undisturbed round takes. */
#define PIECES 64
typedef struct timing {
    int64_t best_ns[PIECES], round_ns[ROUNDS];
} timing;

static void note(timing *t, int round, uint32_t piece, int64_t ns)
{
    if (round == 0 || ns < t->best_ns[piece]) t->best_ns[piece] = ns;
    t->round_ns[round] = (piece == 0 ? 0 : t->round_ns[round]) + ns;
}

static void report(const char *name, timing *t, double n, const char *per)
{
    int64_t best = 0;
    for (int i = 0; i < PIECES; i++)
        best += t->best_ns[i];
    double mid = (double)figure_median(t->round_ns, ROUNDS);
    printf("%-28s %6.2f ns a %s, %6.1f M/s undisturbed; median round %6.2f ns, %6.1f M/s\n", name,
           (double)best / n, per, n * 1e3 / (double)best, mid / n,
           n * 1e3 / mid);
    figure(name, "best", n * 1e3 / (double)best, "M/s");
    figure(name, "median", n * 1e3 / mid, "M/s");
}

static void run(const char *name, const stream *s, hr_l2 **book,
                bool (*fn)(const stream *, hr_l2 **, uint32_t, uint32_t))
{
    timing t;
    for (int i = 0; i < ROUNDS; i++) {
        for (uint32_t k = 0; k < PIECES; k++) {
            uint32_t from = (uint32_t)((uint64_t)s->n_msgs * k / PIECES);
            uint32_t to = (uint32_t)((uint64_t)s->n_msgs * (k + 1) / PIECES);
            int64_t t0 = hr_sys_mono_ns();
            if (!fn(s, book, from, to)) printf("%s: failed\n", name);
            note(&t, i, k, hr_sys_mono_ns() - t0);
        }
    }
    report(name, &t, N_LEVELS, "delta");
}

static bool bench_books(uint32_t n_syms)
{
    static hr_l2 *book[SYMBOLS_MAX];
    hr_arena *a;
    hr_pool *far;
    hr_pool *wide;
    stream s = {0};
    char name[64];
    if (hr_arena_create(&a, NULL, 256u << 20, "bench", NULL) != HR_OK) return false;
    model *m = hr_arena_alloc(a, n_syms * sizeof *m, 64);
    bool ok = m != NULL &&
              hr_pool_create(&far, a, HR_L2_CHUNK_BYTES, 40 * n_syms, "far", NULL) == HR_OK &&
              hr_pool_create(&wide, a, hr_l2_wide_bytes(), 8, "wide", NULL) == HR_OK;
    for (uint32_t i = 0; ok && i < n_syms; i++) {
        book[i] = hr_l2_init(hr_arena_alloc(a, hr_l2_bytes(WINDOW), 64), WINDOW, far, wide);
        ok = fill(book[i], &m[i]);
    }
    ok = ok && alloc_stream(&s, a);
    if (ok) {
        make_stream(&s, m, n_syms);
        snprintf(name, sizeof name, "apply, %u book(s)", n_syms);
        run(name, &s, book, apply_plain);
        snprintf(name, sizeof name, "apply ahead, %u book(s)", n_syms);
        run(name, &s, book, apply_ahead);
        snprintf(name, sizeof name, "apply + top %u, %u book(s)", DEPTH, n_syms);
        run(name, &s, book, apply_and_read);
        printf("  %.1f levels a message, a top of %u read after %.0f %% of them\n",
               (double)N_LEVELS / s.n_msgs, DEPTH, 100.0 * n_rows / s.n_msgs);
    }
    hr_arena_destroy(&a);
    return ok;
}

/* With a wide window to take, or without. */
static bool bench_wide(bool has_wide)
{
    hr_arena *a;
    hr_pool *far;
    hr_pool *wide = NULL;
    stream s = {0};
    if (hr_arena_create(&a, NULL, 64u << 20, "bench", NULL) != HR_OK) return false;
    wide_model *m = hr_arena_alloc(a, sizeof *m, 64);
    bool ok = m != NULL && alloc_stream(&s, a) &&
              hr_pool_create(&far, a, HR_L2_CHUNK_BYTES, 400, "far", NULL) == HR_OK;
    if (ok && has_wide) ok = hr_pool_create(&wide, a, hr_l2_wide_bytes(), 1, "wide", NULL) == HR_OK;
    if (ok) {
        hr_l2 *b = hr_l2_init(hr_arena_alloc(a, hr_l2_bytes(WINDOW), 64), WINDOW, far, wide);
        m->mid = 6000000;
        for (uint32_t at = 0; at < N_LEVELS; s.n_msgs++) {
            uint32_t n = 1 + (uint32_t)geometric(35, 63);
            s.begin[s.n_msgs] = at;
            m->mid += (int64_t)below(41) - 20;
            for (; n > 0 && at < N_LEVELS; n--, at++)
                wide_change(m, &s.side[at], &s.px[at], &s.qty[at]);
            s.begin[s.n_msgs + 1] = at;
        }
        run(has_wide ? "apply, 1 wide book" : "apply, 1 wide, no block", &s, &b, apply_plain);
        run(has_wide ? "apply + top, 1 wide book" : "apply + top, 1 wide, no block", &s, &b,
            apply_and_read);
        printf("  %u and %u levels at the end\n", hr_l2_level_count(b, HR_SIDE_BID),
               hr_l2_level_count(b, HR_SIDE_ASK));
    }
    hr_arena_destroy(&a);
    return ok;
}

/* ---- features ---- */

#define N_FEAT_ROWS (PIECES * 2048u)
static bool bench_features(void)
{
    hr_arena *a;
    timing t;
    if (hr_arena_create(&a, NULL, 64u << 20, "bench", NULL) != HR_OK) return false;
    hr_featset *f =
        hr_featset_init(hr_arena_alloc(a, hr_featset_bytes(), 64), INT64_C(10000000000), 9, 8);
    int64_t(*top)[4][DEPTH] = hr_arena_alloc(a, 256 * sizeof *top, 64);
    uint16_t *pick = hr_arena_alloc(a, N_FEAT_ROWS * sizeof *pick, 64);
    double sum = 0;
    for (uint32_t k = 0; k < 256; k++) {
        int64_t mid = 50000 + k / 8;
        for (uint32_t i = 0; i < DEPTH; i++) {
            top[k][0][i] = (mid - i) * 10000000;
            top[k][2][i] = (mid + 1 + i) * 10000000;
            top[k][1][i] = 1 + below(1u << 30);
            top[k][3][i] = 1 + below(1u << 30);
        }
    }
    int walk = 128;
    for (uint32_t i = 0; i < N_FEAT_ROWS; i++) { /* about one row in five moves the mid */
        walk = HR_MAX(0, HR_MIN(255, walk + (int)below(7) - 3));
        pick[i] = (uint16_t)walk;
    }
    int64_t ts = INT64_C(1700000000000000000);
    for (int r = 0; r < ROUNDS; r++) {
        int64_t t0 = hr_sys_mono_ns();
        for (uint32_t i = 0; i < N_FEAT_ROWS; i++) {
            double out[HR_FEAT_COUNT];
            int64_t(*k)[DEPTH] = top[pick[i]];
            ts += 3000000;
            if (i % 5 == 0) hr_featset_trade(f, ts, k[0][0], k[1][0]);
            hr_featset_row(f, out, ts, k[0], k[1], k[2], k[3], DEPTH);
            sum += out[HR_FEAT_MID];
            if (i % 2048 != 2047) continue;
            note(&t, r, i / 2048, hr_sys_mono_ns() - t0);
            t0 = hr_sys_mono_ns();
        }
    }
    report("feature row", &t, N_FEAT_ROWS, "row");
    hr_arena_destroy(&a);
    return sum > 0;
}

/* An argument picks one part: one, many, wide, feat. */
static bool is_wanted(int argc, char **argv, const char *part)
{
    return argc < 2 || strcmp(argv[1], part) == 0;
}

int main(int argc, char **argv)
{
    bool ok = true;
    if (is_wanted(argc, argv, "one")) ok = ok && bench_books(1);
    if (is_wanted(argc, argv, "many")) ok = ok && bench_books(SYMBOLS_MAX);
    if (is_wanted(argc, argv, "wide")) ok = ok && bench_wide(true) && bench_wide(false);
    if (is_wanted(argc, argv, "feat")) ok = ok && bench_features();
    return ok ? 0 : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Events a second into order by order books. The stream is made before the clock starts. Processor
 * time of this thread, in pieces of one long walk: their median and the least.
 *
 *   churn     N live orders; each pair of events deletes a random one and adds another
 *   session   N live orders in 500 instruments: 45 % adds, 35 % deletes, 8 % executions, 7 %
 *             cancels, 5 % replaces, all of random live orders
 *   itch      the same session as ITCH messages: decoded, then decoded and applied
 *
 * bench_l3 [MILLION LIVE ORDERS] [churn|session|itch] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "book/l3.h"
#include "figure.h"
#include "mem/mem.h"
#include "venue/files/itch.h"

#define N_INSTRUMENTS 500u
#define N_EVENTS (1u << 20)
#define PIECES 32u
#define BATCH 512u
#define AHEAD 24u

static uint64_t seed = 88172645463325252u;

static uint64_t draw(void)
{
    seed ^= seed << 13; /* xorshift64, Marsaglia 2003 */
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static uint32_t below(uint32_t n)
{
    return (uint32_t)(((draw() >> 32) * n) >> 32);
}

/* What is live, without the books: enough to make messages that are right. */
typedef struct live {
    uint64_t id;
    uint32_t qty;
    uint16_t locate;
} live;

typedef struct bench {
    hr_arena *arena;
    hr_l3 *books;
    live *live;
    uint32_t n_live, cap;
    uint64_t next_id;
    hr_itch_msg *msg; /* [N_EVENTS] */
    bool is_ahead;    /* with hints */
} bench;

/* Most orders stand near the touch, thinning out over some 200 prices a side. */
static int64_t price(uint32_t locate, uint8_t side)
{
    int64_t mid = 100000 + (int64_t)locate * 1000;
    int64_t away = 1 + below(1 + below(200));
    return (side == HR_SIDE_BID ? mid - away : mid + away) * 100;
}

static hr_itch_msg make_add(bench *b)
{
    uint16_t locate = (uint16_t)below(N_INSTRUMENTS);
    uint8_t side = (uint8_t)below(2);
    b->next_id += 1 + below(3);
    live *l = &b->live[b->n_live++];
    *l = (live){.id = b->next_id, .qty = 100 * (1 + below(10)), .locate = locate};
    return (hr_itch_msg){.type = 'A',
                         .side = side,
                         .locate = locate,
                         .id = l->id,
                         .px = price(locate, side),
                         .qty = l->qty};
}

static hr_itch_msg make_other(bench *b, uint8_t type)
{
    uint32_t i = below(b->n_live);
    live *l = &b->live[i];
    hr_itch_msg m = {.type = type, .side = HR_SIDE_NONE, .locate = l->locate, .id = l->id};
    if (type == 'U') {
        m.id2 = l->id = b->next_id += 1 + below(3);
        m.px = price(l->locate, (uint8_t)below(2));
        m.qty = l->qty = 100 * (1 + below(10));
        return m;
    }
    bool is_all = type == 'D' || l->qty <= 100;
    m.qty = type == 'D' ? 0 : 100;
    l->qty -= 100;
    if (is_all) *l = b->live[--b->n_live];
    return m;
}

static uint8_t session_type(void)
{
    uint32_t dice = below(100);
    return dice < 45 ? 'A' : dice < 80 ? 'D' : dice < 88 ? 'E' : dice < 95 ? 'X' : 'U';
}

static void make_stream(bench *b, bool is_churn, uint32_t target)
{
    for (uint32_t i = 0; i < N_EVENTS; i++) {
        uint8_t type = is_churn ? (i % 2 == 0 ? 'D' : 'A') : session_type();
        if (b->n_live <= target / 2 + 1) type = 'A';
        if (b->n_live >= b->cap - 1) type = 'D';
        b->msg[i] = type == 'A' ? make_add(b) : make_other(b, type);
    }
}

static bool setup(bench *b, uint32_t n_live)
{
    hr_l3_options o = {.max_orders = n_live + N_EVENTS / 4,
                       .max_levels = N_INSTRUMENTS * 1000,
                       .max_instruments = N_INSTRUMENTS};
    hr_l3_change c;
    b->cap = o.max_orders;
    size_t bytes = hr_l3_bytes(&o) + (size_t)b->cap * sizeof(live) +
                   (size_t)N_EVENTS * sizeof(hr_itch_msg) + 4096;
    if (hr_arena_create(&b->arena, NULL, bytes, "bench", NULL) != HR_OK) return false;
    if (hr_l3_create(&b->books, b->arena, &o, NULL) != HR_OK) return false;
    b->live = hr_arena_alloc(b->arena, b->cap * sizeof *b->live, 64);
    b->msg = hr_arena_alloc(b->arena, N_EVENTS * sizeof *b->msg, 64);
    if (b->msg == NULL) return false;
    int64_t t0 = figure_thread_ns();
    while (b->n_live < n_live) {
        hr_itch_msg m = make_add(b);
        if (hr_itch_apply(b->books, &c, &m) != HR_OK) return false;
    }
    double ns = (double)(figure_thread_ns() - t0);
    hr_l3_stats s;
    hr_l3_stats_get(b->books, &s);
    printf("%u live orders on %u levels: %.1f bytes an order (room for %u: %.1f); filled at %.0f "
           "ns an add, drawing included\n",
           s.n_orders, s.n_levels, (double)hr_l3_bytes(&o) / n_live, o.max_orders,
           (double)hr_l3_bytes(&o) / o.max_orders, ns / n_live);
    return true;
}

/* What one read costs that waits for another, at random over memory of this size: the measure for
 * the rest on a machine with neighbours. */
static void bench_read(const bench *b)
{
    uint64_t x = 0;
    const uint32_t n = 1u << 18;
    int64_t t0 = figure_thread_ns();
    for (uint32_t i = 0; i < n; i++)
        x = b->live[((x + i + 7) * UINT64_C(0x9e3779b97f4a7c15) >> 32) * b->n_live >> 32].id + x;
    double ns = (double)(figure_thread_ns() - t0) / n;
    printf("one read in %.0f MB %22.1f ns (%llx)\n", (double)b->n_live * sizeof(live) / 1e6, ns,
           (unsigned long long)x);
    figure("read", "one", ns, "ns");
}

static void report(const char *name, int64_t ns[PIECES], double n_each)
{
    int64_t least = ns[0];
    for (uint32_t k = 0; k < PIECES; k++)
        least = HR_MIN(least, ns[k]);
    double mid = (double)figure_median(ns, PIECES);
    printf("%-28s median %6.1f ns an event, %5.1f M/s; least %6.1f ns\n", name, mid / n_each,
           n_each * 1e3 / mid, (double)least / n_each);
    figure(name, "median", n_each * 1e3 / mid, "M/s");
}

static bool apply_batch(bench *b, hr_itch_msg *m, uint32_t n, uint64_t *sum)
{
    static hr_l3_op op[BATCH + AHEAD]; /* those behind the last change nothing */
    memset(&op[n], 0, AHEAD * sizeof op[0]);
    for (uint32_t i = 0; i < n + AHEAD; i++) {
        hr_l3_change c;
        if (i < n) hr_itch_op(&op[i], &m[i]);
        if (b->is_ahead) hr_l3_look(b->books, op, i, AHEAD);
        if (i < AHEAD) continue;
        if (hr_l3_apply(b->books, &c, &op[i - AHEAD]) != HR_OK) return false;
        for (uint32_t l = 0; l < c.n; l++)
            *sum = figure_mix(*sum, c.qty[l]);
    }
    return true;
}

static bool run(bench *b, const char *name)
{
    int64_t ns[PIECES];
    uint64_t sum = 0;
    hr_l3_stats s;
    for (uint32_t k = 0; k < PIECES; k++) {
        int64_t t0 = figure_thread_ns();
        for (uint32_t i = N_EVENTS / PIECES * k; i < N_EVENTS / PIECES * (k + 1); i += BATCH)
            if (!apply_batch(b, &b->msg[i], BATCH, &sum)) return false;
        ns[k] = figure_thread_ns() - t0;
    }
    report(name, ns, N_EVENTS / PIECES);
    figure_check(name, sum);
    hr_l3_stats_get(b->books, &s);
    for (int v = HR_L3_OK + 1; v < HR_L3_VERDICT_COUNT; v++) {
        if (s.n_verdicts[v] != 0)
            printf("  %s: %llu\n", hr_l3_verdict_name((hr_l3_verdict)v),
                   (unsigned long long)s.n_verdicts[v]);
    }
    return true;
}

/* One stream without hints, one with. */
static bool run_both(bench *b, const char *name, bool is_churn, uint32_t target)
{
    char text[64];
    bool ok = true;
    for (int ahead = 0; ok && ahead < 2; ahead++) {
        b->is_ahead = ahead == 1;
        make_stream(b, is_churn, target);
        snprintf(text, sizeof text, "%s%s, %u M live", name, ahead == 1 ? " ahead" : "",
                 target / 1000000);
        ok = run(b, text);
    }
    return ok;
}

/* ---- ITCH ---- */

static size_t put(uint8_t *p, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
    return n;
}

static size_t encode(uint8_t *p, const hr_itch_msg *m)
{
    uint32_t n = hr_itch_length(m->type);
    uint8_t *o = p + 2;
    memset(p, 0, n + 2);
    (void)put(p, n, 2);
    o[0] = m->type;
    (void)put(o + 1, m->locate, 2);
    (void)put(o + 5, UINT64_C(34200000000000), 6);
    (void)put(o + 11, m->id, 8);
    if (m->type == 'A') {
        o[19] = m->side == HR_SIDE_BID ? 'B' : 'S';
        (void)put(o + 20, (uint64_t)m->qty, 4);
        (void)put(o + 32, (uint64_t)m->px, 4);
    } else if (m->type == 'U') {
        (void)put(o + 19, m->id2, 8);
        (void)put(o + 27, (uint64_t)m->qty, 4);
        (void)put(o + 31, (uint64_t)m->px, 4);
    } else if (m->type != 'D') {
        (void)put(o + 19, (uint64_t)m->qty, 4);
    }
    return n + 2;
}

static bool run_itch(bench *b, bool applies, const uint8_t *text, size_t n_bytes)
{
    static hr_itch_msg m[BATCH];
    uint64_t sum = 0;
    uint32_t n_msgs = 0;
    int64_t t0 = figure_thread_ns();
    for (size_t at = 0; at < n_bytes;) {
        hr_itch_step step;
        hr_status st = hr_itch_decode(&step, m, BATCH, text + at, n_bytes - at, true);
        if (st != HR_OK && st != HR_FULL) return false;
        if (applies && !apply_batch(b, m, step.n_msgs, &sum)) return false;
        sum += m[0].id;
        n_msgs += step.n_msgs;
        at += step.n_taken;
    }
    double ns = (double)(figure_thread_ns() - t0);
    const char *name = applies ? "itch to books" : "itch decode";
    printf("%-28s %6.1f ns a message, %5.1f M/s, %.2f GB/s (%llx)\n", name, ns / n_msgs,
           n_msgs * 1e3 / ns, (double)n_bytes / ns, (unsigned long long)sum);
    figure(name, "rate", n_msgs * 1e3 / ns, "M/s");
    return true;
}

static bool bench_itch(bench *b, uint32_t target)
{
    size_t n = 0;
    hr_arena *a;
    if (hr_arena_create(&a, NULL, (size_t)N_EVENTS * 52, "text", NULL) != HR_OK) return false;
    uint8_t *text = hr_arena_alloc(a, (size_t)N_EVENTS * 52, 64);
    make_stream(b, false, target);
    for (uint32_t i = 0; i < N_EVENTS; i++)
        n += encode(text + n, &b->msg[i]);
    b->is_ahead = true;
    bool ok =
        run_itch(b, false, text, n) && run_itch(b, false, text, n) && run_itch(b, true, text, n);
    hr_arena_destroy(&a);
    return ok;
}

static bool is_wanted(int argc, char **argv, const char *part)
{
    return argc < 3 || strcmp(argv[2], part) == 0;
}

int main(int argc, char **argv)
{
    bench b = {0};
    uint32_t millions = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1;
    uint32_t target = HR_MAX(1u, HR_MIN(millions, 100u)) * 1000000;
    bool ok = setup(&b, target);
    if (ok) bench_read(&b);
    if (is_wanted(argc, argv, "churn")) ok = ok && run_both(&b, "churn", true, target);
    if (is_wanted(argc, argv, "session")) ok = ok && run_both(&b, "session", false, target);
    if (is_wanted(argc, argv, "itch")) ok = ok && bench_itch(&b, target);
    hr_arena_destroy(&b.arena);
    return ok ? 0 : 1;
}

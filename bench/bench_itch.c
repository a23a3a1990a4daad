/* SPDX-License-Identifier: Apache-2.0 */
/* A day of ITCH from a file, in memory before the clock starts: decoded; decoded and applied to
 * order by order books; the same with the prices of each side in order, and with whole books by
 * price, that follow. Processor time of this thread,
 * in turns; the median of the turns.
 *
 * bench_itch FILE [TURNS] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"
#include "book/l3.h"
#include "figure.h"
#include "mem/mem.h"
#include "venue/files/itch.h"

#define BATCH 512u
#define AHEAD 24u
#define TURNS_MAX 99
#define PIECE_BYTES ((size_t)1 << 20)
#define PIECES_MAX 16384
#define ORDERS (1u << 20)
#define LEVELS (1u << 18)
#define WINDOW 256u
#define LOCATES 8192u

typedef enum part { DECODE, ORDERS_ONLY, WITH_PRICES, WITH_LEVELS, N_PARTS } part;
static const char *const names[N_PARTS] = {
    "itch decode", "itch to orders", "itch to orders and prices", "itch to orders and levels"};

typedef struct bench {
    const uint8_t *text;
    size_t n_bytes;
    uint64_t n_msgs;
    hr_arena *arena;
    hr_l3 *orders;
    hr_l2 *book[LOCATES]; /* by locate, made when first named */
    hr_pool *far;
    char *room;
    size_t n_room, each;
} bench;

static bool load(bench *b, const char *path)
{
    int fd = hr_sys_open(-100, path, 0, 0);
    hr_sys_stat st;
    const hr_sys *sys = hr_sys_get();
    hr_arena *a;
    if (fd < 0 || sys->fstat(sys->self, fd, &st) < 0) return false;
    b->n_bytes = (size_t)st.size_bytes;
    if (hr_arena_create(&a, NULL, b->n_bytes + 4096, "text", NULL) != HR_OK) return false;
    uint8_t *text = hr_arena_alloc(a, b->n_bytes + 64, 64);
    b->text = text;
    return hr_sys_pread_full(fd, text, b->n_bytes, 0) == st.size_bytes;
}

static bool set_up(bench *b)
{
    const hr_l3_options o = {
        .max_orders = ORDERS, .max_levels = LEVELS, .max_instruments = LOCATES};
    b->each = (hr_l2_bytes(WINDOW) + 63) & ~(size_t)63;
    b->n_room = 2048;
    size_t n = hr_l3_bytes(&o) + b->n_room * b->each + 20000u * HR_L2_CHUNK_BYTES + (1u << 20);
    if (hr_arena_create(&b->arena, NULL, n, "books", NULL) != HR_OK) return false;
    b->room = hr_arena_alloc(b->arena, b->n_room * b->each, 64);
    return b->room != NULL && hr_l3_create(&b->orders, b->arena, &o, NULL) == HR_OK &&
           hr_pool_create(&b->far, b->arena, HR_L2_CHUNK_BYTES, 16000, "far", NULL) == HR_OK;
}

static void empty(bench *b)
{
    hr_l3_reset(b->orders);
    for (uint32_t i = 0; i < LOCATES; i++)
        if (b->book[i] != NULL) hr_l2_reset(b->book[i]);
}

static hr_l2 *book_of(bench *b, uint32_t locate)
{
    hr_l2 **at = &b->book[locate % LOCATES];
    if (*at == NULL) *at = hr_l2_init(b->room + --b->n_room * b->each, WINDOW, b->far, NULL);
    return *at;
}

/* Books by price, looked ahead at as orders are: heads, then lines of levels. */
static void follow(bench *b, const hr_l3_change *c, uint32_t n)
{
    for (uint32_t i = 0; i < n + AHEAD; i++) {
        if (i < n) hr_l2_prefetch(book_of(b, c[i].instrument));
        if (i >= AHEAD / 2 && i - AHEAD / 2 < n) {
            const hr_l3_change *k = &c[i - AHEAD / 2];
            hr_l2_prefetch_levels(book_of(b, k->instrument), k->side, k->px, k->n);
        }
        if (i < AHEAD) continue;
        const hr_l3_change *k = &c[i - AHEAD];
        if (k->n > 0 && hr_l3_follow(book_of(b, k->instrument), k) != HR_OK) exit(1);
    }
}

static void follow_prices(bench *b, const hr_l3_change *c, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!c[i].is_edge) continue;
        if (hr_l3_follow_prices(book_of(b, c[i].instrument), &c[i]) != HR_OK) exit(1);
    }
}

/* Operations behind the last change nothing. */
static void apply(bench *b, hr_l3_op *op, uint32_t n, part p)
{
    static hr_l3_change c[BATCH];
    memset(&op[n], 0, AHEAD * sizeof op[0]);
    for (uint32_t i = 0; i < n + AHEAD; i++) {
        hr_l3_look(b->orders, op, i, AHEAD);
        if (i >= AHEAD && hr_l3_apply(b->orders, &c[i - AHEAD], &op[i - AHEAD]) != HR_OK) exit(1);
    }
    if (p == WITH_PRICES) follow_prices(b, c, n);
    if (p == WITH_LEVELS) follow(b, c, n);
}

static void note_piece(int64_t least[PIECES_MAX], size_t at, int64_t *t)
{
    int64_t now = figure_thread_ns();
    int64_t *best = &least[HR_MIN(at / PIECE_BYTES, (size_t)PIECES_MAX - 1)];
    if (*best == 0 || now - *t < *best) *best = now - *t;
    *t = now;
}

/* ns a message; each piece of the file in the least time so far. */
static double run(bench *b, part p, int64_t least[PIECES_MAX])
{
    static hr_itch_msg m[BATCH];
    static hr_l3_op op[BATCH + AHEAD];
    b->n_msgs = 0;
    if (p != DECODE) empty(b);
    int64_t t0 = figure_thread_ns();
    int64_t t = t0;
    for (size_t at = 0; at < b->n_bytes;) {
        hr_itch_step step;
        const uint8_t *text = b->text + at;
        hr_status st = p == DECODE
                           ? hr_itch_decode(&step, m, BATCH, text, b->n_bytes - at, true)
                           : hr_itch_decode_ops(&step, op, BATCH, text, b->n_bytes - at, true);
        if (st != HR_OK && st != HR_FULL) exit(1);
        if (p != DECODE) apply(b, op, step.n_msgs, p);
        b->n_msgs += step.n_msgs;
        size_t next = at + step.n_taken;
        if (next / PIECE_BYTES != at / PIECE_BYTES || next == b->n_bytes) note_piece(least, at, &t);
        at = next;
    }
    return (double)(figure_thread_ns() - t0) / (double)b->n_msgs;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static bench b;
    static double ns[N_PARTS][TURNS_MAX];
    static int64_t least[N_PARTS][PIECES_MAX];
    int turns = argc > 2 ? (int)HR_MIN(strtol(argv[2], NULL, 10), TURNS_MAX) : 5;
    if (argc < 2 || turns < 1 || !load(&b, argv[1]) || !set_up(&b)) return 1;
    for (int k = 0; k < turns; k++)
        for (int p = 0; p < N_PARTS; p++)
            ns[p][k] = run(&b, (part)p, least[p]);
    for (int p = 0; p < N_PARTS; p++) {
        qsort(ns[p], (size_t)turns, sizeof ns[p][0], by_size);
        double mid = ns[p][turns / 2];
        double sum = 0;
        for (int k = 0; k < PIECES_MAX; k++)
            sum += (double)least[p][k];
        printf("%-28s %6.1f ns a message, best of each piece %6.1f, %5.1f M/s\n", names[p], mid,
               sum / (double)b.n_msgs, 1e3 / mid);
        figure(names[p], "rate", 1e3 / mid, "M/s");
    }
    return 0;
}

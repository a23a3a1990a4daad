/* SPDX-License-Identifier: Apache-2.0 */
/* Window operators: ns a row, the middle of many batches, for windows of 10 to 10^6 rows; and of
 * time, where the rows are 1 us apart. `worst` is the dearest batch of all.
 *
 *     bench_window                                  all of that
 *     bench_window column FILE OP rows|time WIDTH   OP (quantiles of 0.9) over a column as
 *                                                   bench_window_peers.py makes it: ns a row, and
 *                                                   the sum and number of the values; the middle
 *                                                   of the passes of some tenths of a second
 *     bench_window drift OP WIDTH                   OP over 10^9 rows: the last values against
 *                                                   those of a state that saw the last rows alone
 *     bench_window calls OP rows|time [ROWS]        OP in calls of 1 to 4,096 rows over windows of
 *                                                   10 to 10,000 rows, or of so many: of a walk,
 *                                                   of random rows, of few values and of rows
 *                                                   that only rise */
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"
#include "figure.h"
#include "kern/kern.h"
#include "ops/window/op_window.h"

#define BATCH 2048
#define BATCHES 201
#define ROWS (1 << 18)
/* Over a column: a process of some milliseconds is not up to speed yet, and those who share the
 * memory with it can be heard for tens of them. */
#define PASSES_LEAST 7
#define PASSES_MOST 401
#define PASSES_NS 300000000

static double x[ROWS], y[ROWS], out[ROWS];
static int64_t ts[ROWS];
static char room_block[1 << 18] HR_ALIGNED(64);
static void *room; /* of calls of the operator at hand; NULL: it has none */

static void rows_make(void)
{
    uint64_t s = 88172645463325252u;
    double px[2] = {50000, 3000};
    for (int i = 0; i < ROWS; i++) {
        for (int k = 0; k < 2; k++) {
            s ^= s << 13;
            s ^= s >> 7;
            s ^= s << 17;
            px[k] += 0.01 * (double)((int64_t)(s % 201) - 100);
        }
        x[i] = px[0];
        y[i] = px[1];
    }
}

static uint64_t run(const hr_op *op, void *state, uint64_t at, uint32_t n)
{
    uint32_t i = (uint32_t)(at % ROWS);
    for (uint32_t k = 0; k < n; k++)
        ts[i + k] = (int64_t)(at + k) * 1000;
    hr_op_rows r = {.n = n, .ts = ts + i, .in = {x + i, y + i}, .out = {out + i}, .room = room};
    int64_t before = figure_thread_ns();
    op->run(state, &r);
    return (uint64_t)(figure_thread_ns() - before);
}

static double part_of(const hr_op *op)
{
    return op->n_arg > 1 && op->arg[1].kind == HR_OP_REAL ? 0.9 : 0;
}

static void *state_make(const hr_op *op, const hr_op_args *a)
{
    void *state = aligned_alloc(64, op->bytes(a));
    const size_t room_bytes = op->room != NULL ? op->room(a, ROWS) : 0;
    if (!state || room_bytes > sizeof room_block) exit(1);
    room = room_bytes > 0 ? room_block : NULL;
    op->init(state, a);
    return state;
}

static double one(const hr_op *op, uint32_t n, bool by_time)
{
    hr_op_args a = {.v = {n, part_of(op)}, .max_rows = n};
    if (by_time) {
        a.is_time[0] = true;
        a.v[0] = (double)n * 1000;
    }
    void *state = state_make(op, &a);
    uint64_t at = 0;
    for (; at < 2 * (uint64_t)n + BATCH; at += BATCH)
        run(op, state, at, BATCH);
    int64_t ns[BATCHES];
    for (int i = 0; i < BATCHES; i++, at += BATCH)
        ns[i] = (int64_t)run(op, state, at, BATCH);
    free(state);
    double middle = (double)figure_median(ns, BATCHES) / BATCH;
    char of[64];
    (void)snprintf(of, sizeof of, "%s%s/%u", op->name, by_time ? "_time" : "", n);
    figure(of, "row", middle, "ns");
    figure(of, "worst", (double)ns[BATCHES - 1] / BATCH, "ns");
    return middle;
}

static const hr_op *op_named(const char *name)
{
    for (uint32_t i = 0; i < hr_ops_window.n; i++) {
        if (strcmp(hr_ops_window.op[i].name, name) == 0) return &hr_ops_window.op[i];
    }
    printf("no operator '%s'\n", name);
    exit(1);
}

/* FILE: times, then values, 8 bytes each. */
static int column(const char *path, const hr_op *op, bool by_time, double width)
{
    hr_sys_stat st;
    const hr_sys *sys = hr_sys_get();
    int fd = hr_sys_open(AT_FDCWD, path, O_RDONLY, 0);
    if (fd < 0 || sys->fstat(sys->self, fd, &st) < 0) return 1;
    size_t n_bytes = (size_t)st.size_bytes;
    uint32_t n = (uint32_t)(n_bytes / 16);
    int64_t *file = malloc(n_bytes);
    double *values = malloc(n_bytes / 2);
    if (!file || !values || hr_sys_pread_full(fd, file, n_bytes, 0) != st.size_bytes) return 1;
    (void)hr_sys_close(fd);
    hr_op_args a = {.v = {width, part_of(op)}, .is_time = {by_time}, .max_rows = 1 << 16};
    void *state = state_make(op, &a);
    memset(values, 0, n_bytes / 2); /* as above: pages */
    const double *px = (const double *)(const void *)(file + n);
    int64_t took[PASSES_MOST];
    int passes = 0;
    for (int64_t all = 0; passes < PASSES_LEAST || (passes < PASSES_MOST && all < PASSES_NS);) {
        op->init(state, &a);
        int64_t before = figure_thread_ns();
        for (uint32_t i = 0; i < n; i += BATCH) {
            uint32_t some = HR_MIN(n - i, BATCH);
            hr_op_rows r = {.n = some, .ts = file + i, .in = {px + i}, .out = {values + i}};
            r.room = room;
            op->run(state, &r);
        }
        took[passes] = figure_thread_ns() - before;
        all += took[passes++];
    }
    double ns = (double)figure_median(took, (size_t)passes);
    double sum = 0;
    uint32_t n_values = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (isnan(values[i])) continue;
        sum += values[i];
        n_values++;
    }
    figure(op->name, "row", ns / n, "ns");
    printf("values %u %.17g\n", n_values, sum);
    free(state);
    free(values);
    free(file);
    return 0;
}

#define DRIFT_ROWS 1000000000

/* Every row that is seen has left but for the last window: what is still felt of the others is the
 * drift, as a part of the values. */
static int drift(const hr_op *op, uint32_t width)
{
    static double alone[ROWS];
    hr_op_args a = {.v = {width, part_of(op)}, .max_rows = 1};
    if (width > ROWS / 2) return 1;
    void *state = state_make(op, &a);
    double ns = 0;
    for (int i = 0; i < ROWS; i++)
        x[i] *= i % 1000 == 0 ? 1e6 : 1;
    uint64_t at = 0;
    for (; at + ROWS < DRIFT_ROWS; at += ROWS)
        ns += (double)run(op, state, at, ROWS);
    rows_make();
    ns += (double)run(op, state, at, ROWS);
    op->init(state, &a);
    hr_op_rows r = {.n = ROWS, .ts = ts, .in = {x, y}, .out = {alone}, .room = room};
    op->run(state, &r);
    free(state);
    double most = 0;
    for (int i = (int)width; i < ROWS; i++) {
        double size = fabs(alone[i]);
        most = fmax(most, fabs(out[i] - alone[i]) / (size > 0 ? size : 1));
    }
    figure(op->name, "rows", (double)(at + ROWS), "rows");
    figure(op->name, "drift", most, "of-the-value");
    figure(op->name, "row", ns / (double)(at + ROWS), "ns");
    return 0;
}

#define CALLS_ROWS 4096
#define CALLS_TURNS 41

static void rows_of_kind(const char *kind)
{
    uint64_t s = 88172645463325252u;
    for (int i = 0; i < ROWS; i++) {
        s ^= s << 13;
        s ^= s >> 7;
        s ^= s << 17;
        x[i] = kind[0] == 'u' ? i : kind[0] == 'f' ? (double)(s % 7) : (double)(s >> 11);
    }
}

/* The middle of some turns, of as many rows each, in calls of `call`. */
static void calls_of(const hr_op *op, bool by_time, uint32_t n, uint32_t call, const char *kind)
{
    hr_op_args a = {.v = {n, part_of(op)}, .max_rows = by_time ? 1 << 16 : n};
    if (by_time) {
        a.is_time[0] = true;
        a.v[0] = (double)n * 1000;
    }
    void *state = state_make(op, &a);
    int64_t ns[CALLS_TURNS];
    uint64_t at = 0;
    for (; at < 2 * (uint64_t)n + CALLS_ROWS; at += CALLS_ROWS)
        run(op, state, at, CALLS_ROWS);
    for (int t = 0; t < CALLS_TURNS; t++, at += CALLS_ROWS) {
        uint32_t i = (uint32_t)(at % ROWS);
        for (uint32_t k = 0; k < CALLS_ROWS; k++)
            ts[i + k] = (int64_t)(at + k) * 1000;
        hr_op_rows r = {.n = call, .ts = ts + i, .in = {x + i, y + i}, .out = {out + i}};
        r.room = room;
        int64_t before = figure_thread_ns();
        for (uint32_t k = 0; k < CALLS_ROWS; k += call) {
            r.n = HR_MIN(call, CALLS_ROWS - k);
            op->run(state, &r);
            r.ts += r.n;
            r.in[0] += r.n;
            r.in[1] += r.n;
            r.out[0] += r.n;
        }
        ns[t] = figure_thread_ns() - before;
    }
    free(state);
    char of[64];
    (void)snprintf(of, sizeof of, "%s%s/%u/%s/%u", op->name, by_time ? "_time" : "", n, kind, call);
    figure(of, "row", (double)figure_median(ns, CALLS_TURNS) / CALLS_ROWS, "ns");
}

static int calls(const hr_op *op, bool by_time, uint32_t only)
{
    static const uint32_t n[] = {10, 20, 50, 100, 200, 256, 1000, 10000};
    static const uint32_t call[] = {1, 16, 130, 256, 1024, CALLS_ROWS};
    static const char *const kinds[] = {"walk", "random", "few", "up"};
    for (size_t k = 0; k < HR_ARRAY_LEN(kinds); k++) {
        if (k > 0) rows_of_kind(kinds[k]);
        for (size_t i = 0; i < HR_ARRAY_LEN(n); i++)
            for (size_t c = 0; c < HR_ARRAY_LEN(call); c++)
                if (only == 0 || only == n[i]) calls_of(op, by_time, n[i], call[c], kinds[k]);
    }
    return 0;
}

/* A process of some milliseconds is not up to speed yet. */
static void warm_up(void)
{
    const hr_op *op = op_named("sum");
    hr_op_args a = {.v = {1000}, .max_rows = 1000};
    void *state = state_make(op, &a);
    uint64_t at = 0;
    for (uint64_t ns = 0; ns < 200000000; at += BATCH)
        ns += run(op, state, at, BATCH);
    free(state);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"sum",    "mean",     "std",  "min",   "max",
                                        "zscore", "kurt",     "corr", "slope", "lag",
                                        "sketch", "quantile", "rank"};
    hr_kern_init(hr_cpu_detect());
    rows_make();
    memset(out, 0, sizeof out); /* a page's first touch is not the operator's */
    memset(ts, 0, sizeof ts);
    if (argc == 6 && strcmp(argv[1], "column") == 0)
        return column(argv[2], op_named(argv[3]), argv[4][0] == 't', strtod(argv[5], NULL));
    if (argc == 4 && strcmp(argv[1], "drift") == 0)
        return drift(op_named(argv[2]), (uint32_t)strtoul(argv[3], NULL, 10));
    if (argc >= 4 && strcmp(argv[1], "calls") == 0)
        return calls(op_named(argv[2]), argv[3][0] == 't',
                     argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 0);
    warm_up();
    for (size_t k = 0; k < HR_ARRAY_LEN(names); k++) {
        const hr_op *op = op_named(names[k]);
        double least = one(op, 10, false);
        double most = least;
        for (uint32_t n = 100; n <= 1000000; n *= 10) {
            double ns = one(op, n, false);
            least = HR_MIN(least, ns);
            most = HR_MAX(most, ns);
        }
        figure(op->name, "most_by_least", most / least, "x");
        (void)one(op, 1000, true);
        (void)one(op, 100000, true);
    }
    return 0;
}

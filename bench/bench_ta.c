/* SPDX-License-Identifier: Apache-2.0 */
/* The technical analysis library: ns a row of every function, and beside Tulip Indicators where
 * HR_PEER_TULIP names its shared library (its C files compiled by `cc -O3 -fPIC -shared`).
 *
 *     bench_ta [BATCH [ROWS [PERIOD [NAME]...]]]
 *
 * Ours is called with BATCH rows at a time, its state carried on; Tulip once with all ROWS, its
 * best: ROWS = 4096 stay in cache, 1000000 do not. PERIOD: of functions that have none by default
 * (else 10, 20 and so on). Both in turns by processor time, each by its best turn: a neighbour on
 * the other half of a core takes more from loops that fill it than from those that wait for
 * themselves. */
#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval/eval_parts.h"
#include "figure.h"
#include "kern/kern.h"
#include "ops/ta/ta.h"
#include "ops/window/op_window.h"

#define ROWS_MOST (1u << 20)
#define TURNS 101
#define TURN_NS 60000
#define COLUMNS 7 /* open, high, low, close, volume, within -1 to 1, more than 0 */

typedef int (*tulip_fn)(int size, double const *const *in, double const *args, double *const *out);
typedef int (*tulip_start_fn)(double const *args);

typedef struct work {
    const hr_op *op;
    hr_op_args args;
    const double *in[HR_OP_IN_MAX];
    void *state;
    tulip_fn tulip;
    uint32_t batch, rows;
} work;

#define STRIDE (ROWS_MOST + 584) /* so that no two columns lie alike in their pages */
static double column[COLUMNS][STRIDE], out[HR_OP_OUT_MAX][STRIDE];
static int64_t ts[ROWS_MOST];
static const char *const of_windows[] = {"lag", "max", "min", "sum", "var"};

/* Four of Tulip's are of the language, not operators: a step of a program calls these. */
#define OF_LANGUAGE(fn, kind)                                                                      \
    static void run_##fn(void *state, const hr_op_rows *r)                                         \
    {                                                                                              \
        (void)state;                                                                               \
        hr_eval_unary(kind)(r->out[0], r->in[0], r->n);                                            \
    }
OF_LANGUAGE(abs, HR_EXPR_ABS)
OF_LANGUAGE(exp, HR_EXPR_EXP)
OF_LANGUAGE(ln, HR_EXPR_LOG)
OF_LANGUAGE(sqrt, HR_EXPR_SQRT)

#define LANGUAGE_OP(fn)                                                                            \
    {                                                                                              \
        .name = #fn, .group = "math", .n_in = 1, .in = {"real"}, .n_out = 1,                       \
        .bytes = hr_op_no_bytes, .init = hr_op_no_init, .run = run_##fn                            \
    }
static const hr_op of_language[] = {LANGUAGE_OP(abs), LANGUAGE_OP(exp), LANGUAGE_OP(ln),
                                    LANGUAGE_OP(sqrt)};

static double unit(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return (double)(*s >> 11) * 0x1p-53;
}

static void rows_make(void)
{
    uint64_t s = 88172645463325252u;
    double last = 1000;
    for (uint32_t i = 0; i < ROWS_MOST; i++) {
        double first = last * (1 + 0.002 * (unit(&s) - 0.5));
        last = first * (1 + 0.002 * (unit(&s) - 0.5));
        column[0][i] = first;
        column[1][i] = HR_MAX(first, last) * (1 + 0.001 * unit(&s));
        column[2][i] = HR_MIN(first, last) * (1 - 0.001 * unit(&s));
        column[3][i] = last;
        column[4][i] = 500 + 10000 * unit(&s);
        column[5][i] = 1.98 * unit(&s) - 0.99;
        column[6][i] = 20 * unit(&s) + 1e-9;
        ts[i] = i * INT64_C(1000000000);
    }
}

/* the column that an input is */
static const double *column_of(const hr_op *op, int i)
{
    static const char *const names[] = {"open", "high", "low", "close", "volume"};
    for (int j = 0; j < 5; j++)
        if (strcmp(op->in[i], names[j]) == 0) return column[j];
    if (strcmp(op->group, "math") != 0 || op->n_in > 1) return column[i == 0 ? 3 : 0];
    static const char *const signed_ones[] = {"abs", "acos", "asin"};
    for (size_t j = 0; j < HR_ARRAY_LEN(signed_ones); j++)
        if (strcmp(op->name, signed_ones[j]) == 0) return column[5];
    return column[6];
}

static void ours(const work *w)
{
    for (uint32_t at = 0; at < w->rows; at += w->batch) {
        hr_op_rows r = {.n = HR_MIN(w->batch, w->rows - at), .ts = ts + at};
        for (int i = 0; i < w->op->n_in; i++)
            r.in[i] = w->in[i] + at;
        for (int i = 0; i < w->op->n_out; i++)
            r.out[i] = out[i] + at;
        w->op->run(w->state, &r);
    }
}

static void theirs(const work *w)
{
    double *to[HR_OP_OUT_MAX];
    for (int i = 0; i < w->op->n_out; i++)
        to[i] = out[i];
    if (w->tulip((int)w->rows, w->in, w->args.v, to) != 0) exit(1);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The clock is read outside: it takes as long as some hundred rows. From a fresh state: products
 * since the first row, of the same rows over and over, would leave the range of numbers. */
static int64_t turn(const work *w, void (*whose)(const work *), int repeat)
{
    w->op->init(w->state, &w->args);
    int64_t before = figure_thread_ns();
    for (int k = 0; k < repeat; k++)
        whose(w);
    return figure_thread_ns() - before;
}

/* how far apart ours and theirs are, of the last rows: the same work was done */
static double apart(const work *w)
{
    ours(w);
    double last[HR_OP_OUT_MAX];
    uint32_t n = w->rows;
    for (int i = 0; i < w->op->n_out; i++)
        last[i] = out[i][n - 1];
    char name[64];
    (void)snprintf(name, sizeof name, "ti_%s_start", w->op->name);
    tulip_start_fn start = NULL;
    *(void **)&start = dlsym(RTLD_DEFAULT, name);
    uint32_t skip = start ? (uint32_t)start(w->args.v) : 0;
    theirs(w);
    double most = 0;
    for (int i = 0; i < w->op->n_out; i++) {
        double value = out[i][n - 1 - skip];
        most = fmax(most, fabs(value - last[i]) / fmax(fabs(value), 1e-3));
    }
    return most;
}

/* whether the goal is met; false too where there is nothing to compare to */
static bool measure(work *w)
{
    int64_t a = INT64_MAX;
    int64_t b = INT64_MAX;
    w->op->init(w->state, &w->args);
    double far = w->tulip ? apart(w) : 0;
    int64_t once = turn(w, ours, 1);
    int repeat = (int)(TURN_NS / (once + 1)) + 1;
    for (int t = 0; t < TURNS; t++) {
        a = least(a, turn(w, ours, repeat));
        if (w->tulip) b = least(b, turn(w, theirs, repeat));
    }
    double each = (double)repeat * w->rows;
    figure(w->op->name, "row", (double)a / each, "ns");
    if (!w->tulip) return false;
    double ratio = (double)b / (double)a;
    figure(w->op->name, "tulip", (double)b / each, "ns");
    figure(w->op->name, "tulip_by_ours", ratio, "x");
    if (far > 1e-6) figure(w->op->name, "apart", far, "of-value");
    return ratio >= 1.5;
}

static bool one(const hr_op *op, work *w, void *tulip, double period)
{
    w->op = op;
    w->args = (hr_op_args){.max_rows = 1};
    for (int i = 0; i < op->n_arg; i++) {
        double usual = op->arg[i].by_default;
        w->args.v[i] = isnan(usual) ? period * (i + 1) : usual;
    }
    for (int i = 0; i < op->n_in; i++)
        w->in[i] = column_of(op, i);
    char name[64];
    (void)snprintf(name, sizeof name, "ti_%s", op->name);
    w->tulip = NULL;
    if (tulip) *(void **)&w->tulip = dlsym(tulip, name);
    size_t bytes = op->bytes(&w->args);
    w->state = aligned_alloc(64, bytes + 64);
    if (!w->state) exit(1);
    bool is_met = measure(w);
    free(w->state);
    return is_met;
}

static bool is_asked(int argc, char **argv, const char *name)
{
    for (int i = 4; i < argc; i++)
        if (strcmp(argv[i], name) == 0) return true;
    return argc <= 4;
}

int main(int argc, char **argv)
{
    work w = {.batch = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 4096,
              .rows = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 4096};
    double period = argc > 3 ? strtod(argv[3], NULL) : 10;
    if (w.batch == 0 || w.rows < 1024 || w.rows > ROWS_MOST || period < 1) return 2;
    const char *path = getenv("HR_PEER_TULIP");
    void *tulip = path ? dlopen(path, RTLD_NOW | RTLD_GLOBAL) : NULL;
    if (path && !tulip) return 77;
    hr_kern_init(hr_cpu_detect());
    rows_make();
    double met = 0;
    for (uint32_t i = 0; i < hr_ops_ta.n; i++)
        if (is_asked(argc, argv, hr_ops_ta.op[i].name))
            met += one(&hr_ops_ta.op[i], &w, tulip, period);
    for (size_t i = 0; i < HR_ARRAY_LEN(of_language); i++)
        if (is_asked(argc, argv, of_language[i].name))
            met += one(&of_language[i], &w, tulip, period);
    for (size_t k = 0; k < HR_ARRAY_LEN(of_windows); k++)
        for (uint32_t i = 0; i < hr_ops_window.n; i++)
            if (strcmp(hr_ops_window.op[i].name, of_windows[k]) == 0 &&
                is_asked(argc, argv, of_windows[k]))
                met += one(&hr_ops_window.op[i], &w, tulip, period);
    if (tulip) figure("ta", "at_least_1.5", met, "functions");
    return 0;
}

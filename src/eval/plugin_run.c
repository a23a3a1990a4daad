/* SPDX-License-Identifier: Apache-2.0 */
/* Calls into plugins. An operator's functions have no place for whose they are, so each operator
 * has a slot of a table with functions of its own.
 *
 * A plugin writes outputs into a block of ours, PLUGIN_ROWS at a time, with a mark behind the last
 * row of each; its state has a mark on both sides:
 *
 *   offset  size       of a state
 *   0       8          bytes of the plugin's state
 *   8       56         mark
 *   64      rounded    the plugin's state
 *   ...     64         mark */
#include "eval/plugin_parts.h"

#include <math.h>
#include <string.h>

#define MARK UINT64_C(0xa6e4c3185f7d92b1) /* no number that a computation gives */
#define MARKS (PLUGIN_MARK_BYTES / 8u)
#define OUT_BYTES (PLUGIN_ROWS * 8u + PLUGIN_MARK_BYTES)
#define KEEP_BYTES (PLUGIN_ROWS + PLUGIN_MARK_BYTES)
#define TAIL_BYTES 4096u /* what is written far behind the end should meet nothing else */

typedef struct head {
    uint64_t n_bytes;
    uint64_t mark[MARKS - 1];
} head;
_Static_assert(sizeof(head) == 64, "a plugin's state is aligned like ours");

typedef struct slot {
    _Atomic(hr_plugin *) plugin; /* NULL: free */
    uint32_t op;
} slot;

/* Written while a plugin is opened or closed, by one thread. */
static slot slots[HR_PLUGIN_OPS_MAX];

/* ---- marks ---- */

static void put_marks(void *p, uint32_t n_bytes)
{
    uint64_t mark = MARK;
    for (uint32_t i = 0; i < n_bytes; i += 8)
        memcpy((char *)p + i, &mark, 8);
}

static bool has_marks(const void *p, uint32_t n_bytes)
{
    uint64_t differ = 0;
    for (uint32_t i = 0; i < n_bytes; i += 8) {
        uint64_t v;
        memcpy(&v, (const char *)p + i, 8);
        differ |= v ^ MARK;
    }
    return differ == 0;
}

static size_t guarded_bytes(uint64_t n_bytes)
{
    return sizeof(head) + hr_round_up((size_t)n_bytes, 64) + PLUGIN_MARK_BYTES;
}

static void *guard(void *state, size_t n_bytes)
{
    head *h = state;
    memset(state, 0, guarded_bytes(n_bytes));
    h->n_bytes = n_bytes;
    put_marks(h->mark, sizeof h->mark);
    put_marks((char *)(h + 1) + n_bytes, (uint32_t)(-n_bytes & 63u & ~7u));
    put_marks((char *)(h + 1) + hr_round_up(n_bytes, 64), PLUGIN_MARK_BYTES);
    return h + 1;
}

static plugin_fault_kind state_fault(const void *state, uint64_t n_bytes)
{
    const head *h = state;
    if (h->n_bytes != n_bytes || !has_marks(h->mark, sizeof h->mark)) return PLUGIN_FAULT_BEFORE;
    const char *end = (const char *)(h + 1) + n_bytes;
    const char *mark = (const char *)(h + 1) + hr_round_up((size_t)n_bytes, 64);
    bool ok =
        has_marks(end, (uint32_t)(-n_bytes & 63u & ~7u)) && has_marks(mark, PLUGIN_MARK_BYTES);
    return ok ? PLUGIN_FAULT_NONE : PLUGIN_FAULT_BEHIND;
}

static bool is_faulty(const hr_plugin *p)
{
    return atomic_load_explicit(&p->fault, memory_order_relaxed) != 0;
}

/* The first fault stays. */
static void tell(hr_plugin *p, plugin_fault_kind kind, bool is_stage, uint32_t which, uint32_t out)
{
    uint64_t none = 0;
    uint64_t packed =
        (uint64_t)kind | (uint64_t)is_stage << 8 | (uint64_t)out << 16 | (uint64_t)which << 32;
    atomic_compare_exchange_strong_explicit(&p->fault, &none, packed, memory_order_relaxed,
                                            memory_order_relaxed);
}

plugin_fault hr_plugin_fault(const hr_plugin *p)
{
    uint64_t v = atomic_load_explicit(&p->fault, memory_order_relaxed);
    return (plugin_fault){.kind = (uint8_t)v,
                          .is_stage = (v >> 8 & 1) != 0,
                          .out = (uint8_t)(v >> 16),
                          .which = (uint16_t)(v >> 32)};
}

static void make_null(double *out, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        out[i] = (double)NAN;
}

/* A block of the pool; there are as many as threads, so that one comes back where there is none. */
static double *block_get(hr_pool *pool)
{
    double *p;
    while ((p = hr_pool_get(pool)) == NULL)
        ;
    return p;
}

/* What a plugin may write of n rows. */
static void block_open(double *block, double **out, uint32_t n_out, uint32_t n)
{
    for (uint32_t k = 0; k < n_out; k++) {
        out[k] = block + (size_t)k * OUT_BYTES / sizeof *block;
        make_null(out[k], n);
        put_marks(out[k] + n, PLUGIN_MARK_BYTES);
    }
}

/* The output behind whose end something was written, or n_out. */
static uint32_t block_fault(double *const *out, uint32_t n_out, uint32_t n)
{
    for (uint32_t k = 0; k < n_out; k++)
        if (!has_marks(out[k] + n, PLUGIN_MARK_BYTES)) return k;
    return n_out;
}

static void copy_finite(double *restrict to, const double *restrict from, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        to[i] = fabs(from[i]) <= 1.7976931348623157e308 ? from[i] : (double)NAN;
}

size_t hr_plugin_block_bytes(uint32_t n_out)
{
    return (size_t)n_out * OUT_BYTES + KEEP_BYTES + TAIL_BYTES;
}

/* ---- operators ---- */

static const headrace_op *op_of(const slot *s)
{
    const hr_plugin *p = atomic_load_explicit(&s->plugin, memory_order_acquire);
    return &p->info->op[s->op];
}

static headrace_args args_of(const hr_op_args *a, uint32_t n, uint8_t is_time[HR_OP_ARG_MAX])
{
    for (uint32_t i = 0; i < HR_OP_ARG_MAX; i++)
        is_time[i] = a->is_time[i];
    return (headrace_args){.struct_size = sizeof(headrace_args),
                           .n = n,
                           .value = a->v,
                           .is_time = is_time,
                           .max_rows = a->max_rows};
}

static uint64_t own_bytes(const headrace_op *op, const hr_op_args *a)
{
    uint8_t is_time[HR_OP_ARG_MAX];
    headrace_args args = args_of(a, op->n_arg, is_time);
    return op->bytes == NULL ? 0 : op->bytes(op->self, &args);
}

static size_t slot_bytes(uint32_t which, const hr_op_args *a)
{
    uint64_t n = own_bytes(op_of(&slots[which]), a);
    return n > HR_PLUGIN_STATE_MAX ? SIZE_MAX : guarded_bytes(n);
}

static void slot_init(uint32_t which, void *state, const hr_op_args *a)
{
    const headrace_op *op = op_of(&slots[which]);
    uint8_t is_time[HR_OP_ARG_MAX];
    headrace_args args = args_of(a, op->n_arg, is_time);
    void *own = guard(state, (size_t)own_bytes(op, a));
    if (op->init != NULL) op->init(op->self, own, &args);
}

static uint32_t slot_warm_up(uint32_t which, const hr_op_args *a)
{
    const headrace_op *op = op_of(&slots[which]);
    uint8_t is_time[HR_OP_ARG_MAX];
    headrace_args args = args_of(a, op->n_arg, is_time);
    return op->warm_up == NULL ? 0 : op->warm_up(op->self, &args);
}

/* The rows from `at` on that one call takes; what it did wrong. */
static plugin_fault_kind run_piece(const slot *s, const hr_plugin *p, void *state,
                                   const hr_op_rows *r, uint32_t at, double *block, uint32_t *bad)
{
    const headrace_op *op = &p->info->op[s->op];
    head *h = state;
    uint64_t n_bytes = h->n_bytes;
    double *out[HR_OP_OUT_MAX];
    const double *in[HR_OP_IN_MAX];
    uint32_t n = HR_MIN(PLUGIN_ROWS, r->n - at);
    block_open(block, out, op->n_out, n);
    for (uint32_t k = 0; k < op->n_in; k++)
        in[k] = r->in[k] + at;
    headrace_rows rows = {
        .struct_size = sizeof rows, .n = n, .ts = r->ts + at, .in = in, .out = out};
    double *given[HR_OP_OUT_MAX]; /* a plugin may write over its own pointers */
    memcpy(given, out, sizeof given);
    op->run(op->self, h + 1, &rows);
    *bad = block_fault(given, op->n_out, n);
    if (*bad < op->n_out) return PLUGIN_FAULT_OUT;
    for (uint32_t k = 0; k < op->n_out; k++)
        copy_finite(r->out[k] + at, given[k], n);
    return state_fault(state, n_bytes);
}

static void slot_run(uint32_t which, void *state, const hr_op_rows *r)
{
    const slot *s = &slots[which];
    hr_plugin *p = atomic_load_explicit(&s->plugin, memory_order_acquire);
    const head *h = state;
    plugin_fault_kind kind = PLUGIN_FAULT_NONE;
    uint32_t bad = 0;
    if (!is_faulty(p)) {
        double *block = block_get(p->pool);
        /* its size is only worth reading where the marks behind it stand */
        if (!has_marks(h->mark, sizeof h->mark)) kind = PLUGIN_FAULT_BEFORE;
        for (uint32_t at = 0; at < r->n && kind == PLUGIN_FAULT_NONE; at += PLUGIN_ROWS)
            kind = run_piece(s, p, state, r, at, block, &bad);
        hr_pool_put(p->pool, block);
        if (kind != PLUGIN_FAULT_NONE) tell(p, kind, false, s->op, bad);
    }
    if (!is_faulty(p)) return;
    for (uint32_t k = 0; k < p->info->op[s->op].n_out; k++)
        make_null(r->out[k], r->n);
}

static bool slot_is_sound(uint32_t which, const void *state, const hr_op_args *a)
{
    return state_fault(state, own_bytes(op_of(&slots[which]), a)) == PLUGIN_FAULT_NONE;
}

/* ---- the table ---- */

#define SLOT(h, l)                                                                                 \
    static size_t bytes_##h##l(const hr_op_args *a)                                                \
    {                                                                                              \
        return slot_bytes(0x##h##l, a);                                                            \
    }                                                                                              \
    static void init_##h##l(void *state, const hr_op_args *a)                                      \
    {                                                                                              \
        slot_init(0x##h##l, state, a);                                                             \
    }                                                                                              \
    static void run_##h##l(void *state, const hr_op_rows *r)                                       \
    {                                                                                              \
        slot_run(0x##h##l, state, r);                                                              \
    }                                                                                              \
    static uint32_t warm_##h##l(const hr_op_args *a)                                               \
    {                                                                                              \
        return slot_warm_up(0x##h##l, a);                                                          \
    }                                                                                              \
    static bool sound_##h##l(const void *state, const hr_op_args *a)                               \
    {                                                                                              \
        return slot_is_sound(0x##h##l, state, a);                                                  \
    }
#define ENTRY(h, l) {bytes_##h##l, init_##h##l, run_##h##l, warm_##h##l, sound_##h##l},
#define ROW(X, h)                                                                                  \
    X(h, 0)                                                                                        \
    X(h, 1)                                                                                        \
    X(h, 2)                                                                                        \
    X(h, 3)                                                                                        \
    X(h, 4)                                                                                        \
    X(h, 5)                                                                                        \
    X(h, 6)                                                                                        \
    X(h, 7)                                                                                        \
    X(h, 8)                                                                                        \
    X(h, 9)                                                                                        \
    X(h, a)                                                                                        \
    X(h, b)                                                                                        \
    X(h, c)                                                                                        \
    X(h, d)                                                                                        \
    X(h, e)                                                                                        \
    X(h, f)
#define ALL(X)                                                                                     \
    ROW(X, 0)                                                                                      \
    ROW(X, 1)                                                                                      \
    ROW(X, 2)                                                                                      \
    ROW(X, 3)                                                                                      \
    ROW(X, 4)                                                                                      \
    ROW(X, 5)                                                                                      \
    ROW(X, 6)                                                                                      \
    ROW(X, 7)                                                                                      \
    ROW(X, 8)                                                                                      \
    ROW(X, 9)                                                                                      \
    ROW(X, a)                                                                                      \
    ROW(X, b)                                                                                      \
    ROW(X, c)                                                                                      \
    ROW(X, d)                                                                                      \
    ROW(X, e)                                                                                      \
    ROW(X, f)

/* clang-format off */
ALL(SLOT)

static const struct slot_functions {
    size_t (*bytes)(const hr_op_args *a);
    void (*init)(void *state, const hr_op_args *a);
    void (*run)(void *state, const hr_op_rows *r);
    uint32_t (*warm_up)(const hr_op_args *a);
    bool (*is_sound)(const void *state, const hr_op_args *a);
} functions[] = {
    ALL(ENTRY)
};
/* clang-format on */
_Static_assert(HR_ARRAY_LEN(functions) == HR_PLUGIN_OPS_MAX, "each slot has its functions");

bool hr_plugin_bind(hr_plugin *p, uint32_t i)
{
    for (uint32_t k = 0; k < HR_PLUGIN_OPS_MAX; k++) {
        if (atomic_load_explicit(&slots[k].plugin, memory_order_relaxed) != NULL) continue;
        slots[k].op = i;
        atomic_store_explicit(&slots[k].plugin, p, memory_order_release); /* pairs: op_of */
        p->slot[i] = k;
        p->op[i].bytes = functions[k].bytes;
        p->op[i].init = functions[k].init;
        p->op[i].run = functions[k].run;
        p->op[i].warm_up = functions[k].warm_up;
        p->op[i].is_sound = functions[k].is_sound;
        return true;
    }
    return false;
}

void hr_plugin_unbind(hr_plugin *p, uint32_t i)
{
    if (p->slot[i] == PLUGIN_NO_SLOT) return;
    atomic_store_explicit(&slots[p->slot[i]].plugin, NULL, memory_order_release);
    p->slot[i] = PLUGIN_NO_SLOT;
}

/* ---- stages ---- */

size_t hr_plugin_stage_bytes(const headrace_stage *s)
{
    return guarded_bytes(s->state_bytes);
}

void hr_row_stage_init(const hr_row_stage *s, void *state)
{
    const headrace_stage *own = &s->plugin->info->stage[s->which];
    void *block = guard(state, (size_t)own->state_bytes);
    if (own->init != NULL) own->init(own->self, block);
}

bool hr_row_stage_is_sound(const hr_row_stage *s, const void *state)
{
    return state_fault(state, s->plugin->info->stage[s->which].state_bytes) == PLUGIN_FAULT_NONE;
}

static plugin_fault_kind stage_piece(const hr_row_stage *s, void *state, const hr_row_stage_rows *r,
                                     uint32_t at, double *block, uint32_t *bad)
{
    const headrace_stage *own = &s->plugin->info->stage[s->which];
    double *out[HEADRACE_STAGE_OUT_MAX];
    double *given[HEADRACE_STAGE_OUT_MAX];
    const double *in[HEADRACE_STAGE_IN_MAX];
    uint32_t n = HR_MIN(PLUGIN_ROWS, r->n - at);
    uint8_t *keep = (uint8_t *)block + (size_t)s->n_out * OUT_BYTES;
    block_open(block, out, s->n_out, n);
    memset(keep, 1, n);
    put_marks(keep + n, PLUGIN_MARK_BYTES);
    for (uint32_t k = 0; k < s->n_in; k++)
        in[k] = r->in[k] + at;
    memcpy(given, out, sizeof given);
    headrace_stage_rows rows = {
        .struct_size = sizeof rows, .n = n, .ts = r->ts + at, .in = in, .out = out, .keep = keep};
    own->run(own->self, (head *)state + 1, &rows);
    *bad = block_fault(given, s->n_out, n);
    if (*bad < s->n_out) return PLUGIN_FAULT_OUT;
    if (!has_marks(keep + n, PLUGIN_MARK_BYTES)) return PLUGIN_FAULT_KEEP;
    for (uint32_t k = 0; k < s->n_out; k++)
        copy_finite(r->out[k] + at, given[k], n);
    for (uint32_t i = 0; i < n; i++)
        r->keep[at + i] = keep[i] != 0;
    return state_fault(state, own->state_bytes);
}

uint32_t hr_row_stage_run(const hr_row_stage *s, void *state, const hr_row_stage_rows *r)
{
    hr_plugin *p = s->plugin;
    plugin_fault_kind kind = PLUGIN_FAULT_NONE;
    uint32_t bad = 0;
    uint32_t n_kept = 0;
    if (!is_faulty(p)) {
        double *block = block_get(p->pool);
        kind = state_fault(state, p->info->stage[s->which].state_bytes);
        for (uint32_t at = 0; at < r->n && kind == PLUGIN_FAULT_NONE; at += PLUGIN_ROWS)
            kind = stage_piece(s, state, r, at, block, &bad);
        hr_pool_put(p->pool, block);
        if (kind != PLUGIN_FAULT_NONE) tell(p, kind, true, s->which, bad);
    }
    if (is_faulty(p)) {
        memset(r->keep, 1, r->n);
        for (uint32_t k = 0; k < s->n_out; k++)
            make_null(r->out[k], r->n);
    }
    for (uint32_t i = 0; i < r->n; i++)
        n_kept += r->keep[i];
    return n_kept;
}

void hr_row_stage_compact(void *column, const uint8_t *keep, uint32_t n)
{
    uint64_t *v = column;
    uint32_t to = 0;
    for (uint32_t i = 0; i < n; i++) {
        v[to] = v[i];
        to += keep[i];
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* From a graph to a program: parts, steps in order, and registers shared by what does not live at
 * the same time. */
#include "eval/eval.h"

#include <math.h>
#include <string.h>

#include "eval/eval_parts.h"

#define NONE EVAL_NONE

typedef struct value {
    uint32_t place; /* of an input or output, or a register once it is known; NONE */
    uint32_t last;  /* step that reads it last; NONE: none does */
    bool is_reg;
} value;

typedef struct builder {
    hr_eval *e;
    const hr_expr *x;
    hr_arena *arena;
    uint32_t *val_of; /* [node] its first value in the part at hand; NONE */
    uint32_t *out_of; /* [node] its place among the outputs of a part other than 0; NONE */
    uint32_t *root;   /* [node] whose value it is: raw() is its input */
    uint32_t *ahead;  /* [node] the first window over the same rows, maybe itself; NONE */
    uint32_t *step_of; /* [node] the step of a call */
    value *val;
    hr_eval_step *step;
    uint32_t *at; /* operands of steps, as values and then as places */
    uint32_t *free_reg;
    hr_eval_in *in;
    uint32_t n_val, n_step, n_at, n_in, n_reg, n_free, part;
    size_t room_bytes; /* of calls: the most of all operators */
} builder;

static const hr_op *op_of(const builder *b, const hr_expr_node *n)
{
    return hr_expr_op(b->x->env, n->which);
}

/* ---- windows over the same rows ---- */

static bool is_shareable(const builder *b, uint32_t node)
{
    const hr_expr_node *n = &b->x->node[node];
    if (n->kind != HR_EXPR_CALL || b->root[node] != node) return false;
    const hr_op *op = op_of(b, n);
    return op->behind != NULL && op->rows_behind(&b->x->args[n->args]) > 0;
}

static bool have_same_rows(const builder *b, const hr_expr_node *n, const hr_expr_node *m)
{
    const hr_op_args *a = &b->x->args[n->args];
    const hr_op_args *c = &b->x->args[m->args];
    return n->scope == m->scope && b->root[n->in[0]] == b->root[m->in[0]] &&
           a->max_rows == c->max_rows && memcmp(a->v, c->v, sizeof *a->v) == 0 &&
           a->is_time[0] == c->is_time[0];
}

/* Of windows over the same rows the first, which keeps them; ahead of itself where there are
 * others. `list` is room for as many as there are nodes. */
static void find_windows(builder *b, uint32_t *list)
{
    const hr_expr_node *node = b->x->node;
    uint32_t n_list = 0;
    for (uint32_t i = 0; i < b->x->n_node; i++) {
        b->ahead[i] = NONE;
        if (!is_shareable(b, i)) continue;
        uint32_t k = 0;
        while (k < n_list && !have_same_rows(b, &node[i], &node[list[k]]))
            k++;
        if (k == n_list) {
            list[n_list++] = i;
            continue;
        }
        uint32_t most = op_of(b, &node[i])->rows_behind(&b->x->args[node[i].args]);
        b->ahead[i] = b->ahead[list[k]] = list[k];
        b->e->slice_rows = HR_MIN(b->e->slice_rows, most);
    }
}

static uint32_t new_value(builder *b)
{
    b->val[b->n_val] = (value){.place = NONE, .last = NONE};
    return b->n_val++;
}

static uint32_t new_input(builder *b, hr_eval_in in)
{
    for (uint32_t i = 0; i < b->n_in; i++)
        if (b->in[i].is_of == in.is_of && b->in[i].which == in.which && b->in[i].idx == in.idx)
            return i;
    b->in[b->n_in] = in;
    b->val[b->n_in] = (value){.place = b->n_in, .last = NONE}; /* inputs are the first values */
    return b->n_in++;
}

/* ---- inputs ---- */

static uint32_t column_named(const hr_expr_env *env, const char *name)
{
    for (uint32_t i = 0; i < env->n_column; i++)
        if (strcmp(env->column[i].name, name) == 0) return i;
    return NONE;
}

/* Levels that operators of the part read, as inputs. */
static hr_status take_levels(builder *b, hr_eval_part *p)
{
    static const char *const name[] = {"bid_px", "bid_qty", "ask_px", "ask_qty"};
    const hr_expr *x = b->x;
    for (uint32_t i = 0; i < x->n_node; i++) {
        const hr_expr_node *n = &x->node[i];
        if (n->kind != HR_EXPR_CALL || n->scope != b->part || op_of(b, n)->levels == NULL) continue;
        uint32_t k = HR_MIN(op_of(b, n)->levels(&x->args[n->args]), HR_OP_LEVEL_MAX);
        p->n_level = HR_MAX(p->n_level, k);
    }
    if (p->n_level == 0) return HR_OK;
    uint32_t *levels = hr_arena_alloc(b->arena, 4 * p->n_level * sizeof *levels, 8);
    if (levels == NULL) return HR_ENOMEM;
    p->levels = levels;
    for (uint32_t i = 0; i < 4 * p->n_level; i++) {
        uint32_t which = column_named(x->env, name[i % 4]);
        levels[i] = new_input(b, (hr_eval_in){.which = (uint16_t)which, .idx = i / 4});
    }
    return HR_OK;
}

static void take_inputs(builder *b)
{
    for (uint32_t i = 0; i < b->x->n_node; i++) {
        const hr_expr_node *n = &b->x->node[i];
        b->val_of[i] = NONE;
        if (n->scope != b->part) continue;
        if (n->kind == HR_EXPR_COLUMN)
            b->val_of[i] = new_input(b, (hr_eval_in){.which = n->which, .idx = n->args});
        if (n->kind == HR_EXPR_OF)
            b->val_of[i] = new_input(b, (hr_eval_in){.is_of = true,
                                                     .which = b->x->node[n->in[0]].scope,
                                                     .idx = b->out_of[n->in[0]]});
    }
    b->n_val = b->n_in;
}

/* ---- steps ---- */

static hr_eval_step *new_step(builder *b, unsigned kind, uint32_t node)
{
    hr_eval_step *s = &b->step[b->n_step++];
    *s = (hr_eval_step){.kind = (uint8_t)kind, .node = node, .at = b->n_at, .ahead = NONE};
    return s;
}

static void reads(builder *b, hr_eval_step *s, uint32_t val)
{
    b->at[b->n_at++] = val;
    b->val[val].last = (uint32_t)(s - b->step);
    s->n_in++;
}

static void gives(builder *b, hr_eval_step *s, uint32_t val)
{
    b->at[b->n_at++] = val;
    s->n_out++;
}

/* The value of an input; a constant is put into a column first. */
static uint32_t value_of(builder *b, uint32_t node)
{
    node = b->root[node];
    const hr_expr_node *n = &b->x->node[node];
    if (n->kind == HR_EXPR_PICK) return b->val_of[n->in[0]] + n->pick;
    if (n->kind != HR_EXPR_CONST || b->val_of[node] != NONE) return b->val_of[node];
    hr_eval_step *s = new_step(b, EVAL_FILL, node);
    s->k = hr_eval_const(n);
    b->val_of[node] = new_value(b);
    gives(b, s, b->val_of[node]);
    return b->val_of[node];
}

static void add_call(builder *b, uint32_t i, hr_eval_part *p)
{
    const hr_expr_node *n = &b->x->node[i];
    const hr_op *op = op_of(b, n);
    uint32_t in[HR_OP_IN_MAX];
    for (uint32_t k = 0; k < n->n_in; k++)
        in[k] = value_of(b, n->in[k]);
    const uint32_t first = b->ahead[i];
    const bool is_behind = first != NONE && first != i;
    hr_eval_step *s = new_step(b, HR_EXPR_CALL, i);
    s->op = is_behind ? op->behind : op;
    s->args = &b->x->args[n->args];
    s->state_at = p->state_bytes;
    s->leads = first == i;
    if (s->op->bytes != NULL) p->state_bytes += hr_round_up(s->op->bytes(s->args), 64);
    const size_t room = s->op->room != NULL ? s->op->room(s->args, b->e->batch_rows) : 0;
    s->has_room = room > 0;
    p->reads_times |= op->is_foreign || hr_op_needs_times(op, s->args);
    b->room_bytes = HR_MAX(b->room_bytes, room);
    for (uint32_t k = 0; k < n->n_in; k++)
        reads(b, s, in[k]);
    if (is_behind) {
        s->ahead = b->step_of[first];
        s->ahead_at = b->step[s->ahead].state_at;
        reads(b, s, b->val_of[first] + 1); /* what the first says of each row */
    }
    b->step_of[i] = (uint32_t)(s - b->step);
    b->val_of[i] = b->n_val;
    for (uint32_t k = 0; k < op->n_out + (s->leads ? 1u : 0u); k++)
        gives(b, s, new_value(b));
}

static void add_built_in(builder *b, uint32_t i)
{
    const hr_expr_node *n = &b->x->node[i];
    const hr_expr_node *const first = &b->x->node[b->root[n->in[0]]];
    const hr_expr_node *const second = &b->x->node[b->root[n->in[n->n_in - 1]]];
    uint32_t in[HR_OP_IN_MAX] = {0};
    eval_form form = EVAL_VV;
    double k = 0;
    if (n->n_in == 2 && second->kind == HR_EXPR_CONST) {
        form = EVAL_VK;
        k = hr_eval_const(second);
    } else if (n->n_in == 2 && first->kind == HR_EXPR_CONST) {
        form = EVAL_KV;
        k = hr_eval_const(first);
    }
    for (uint32_t j = 0; j < n->n_in; j++) /* a constant stands in k; both cannot be */
        in[j] = value_of(b, n->in[(form == EVAL_VK && j == 1)   ? 0
                                  : (form == EVAL_KV && j == 0) ? 1
                                                                : j]);
    hr_eval_step *s = new_step(b, n->kind, i);
    s->form = (uint8_t)form;
    s->k = k;
    for (uint32_t j = 0; j < n->n_in; j++)
        reads(b, s, in[j]);
    b->val_of[i] = new_value(b);
    gives(b, s, b->val_of[i]);
}

static void add_steps(builder *b, hr_eval_part *p)
{
    for (uint32_t i = 0; i < b->x->n_node; i++) {
        const hr_expr_node *n = &b->x->node[i];
        if (n->scope != b->part || b->root[i] != i) continue;
        if (n->kind == HR_EXPR_CALL)
            add_call(b, i, p);
        else if (n->kind < HR_EXPR_OF && n->kind > HR_EXPR_COLUMN)
            add_built_in(b, i);
    }
}

/* The node becomes output `out`: its value is made there, or copied. */
static void add_output(builder *b, uint32_t node, uint32_t out)
{
    const hr_expr_node *n = &b->x->node[b->root[node]];
    if (n->kind == HR_EXPR_CONST) {
        hr_eval_step *s = new_step(b, EVAL_FILL, b->root[node]);
        s->k = hr_eval_const(n);
        uint32_t v = new_value(b);
        b->val[v].place = b->n_in + out;
        gives(b, s, v);
        return;
    }
    uint32_t v = value_of(b, node);
    if (b->val[v].place == NONE) {
        b->val[v].place = b->n_in + out;
        return;
    }
    hr_eval_step *s = new_step(b, EVAL_COPY, node);
    reads(b, s, v);
    uint32_t to = new_value(b);
    b->val[to].place = b->n_in + out;
    gives(b, s, to);
}

static void add_outputs(builder *b, hr_eval_part *p)
{
    for (uint32_t i = 0; b->part == 0 && i < b->x->n_out; i++)
        add_output(b, b->x->out[i].node, p->n_out++);
    for (uint32_t i = 0; b->part > 0 && i < b->x->n_node; i++)
        if (b->x->node[i].scope == b->part && b->out_of[i] != NONE) add_output(b, i, b->out_of[i]);
}

/* ---- registers ---- */

static uint32_t place_of(builder *b, uint32_t v, const hr_eval_part *p)
{
    value *val = &b->val[v];
    if (val->place == NONE) {
        uint32_t reg = b->n_free > 0 ? b->free_reg[--b->n_free] : b->n_reg++;
        val->place = p->n_in + p->n_out + reg;
        val->is_reg = true;
    }
    return val->place;
}

static void drop(builder *b, uint32_t v, const hr_eval_part *p)
{
    if (!b->val[v].is_reg) return;
    b->val[v].is_reg = false;
    b->free_reg[b->n_free++] = b->val[v].place - p->n_in - p->n_out;
}

/* What a step gives is placed before what it reads last is given up: they never overlap. */
static void place_all(builder *b, const hr_eval_part *p)
{
    for (uint32_t i = 0; i < b->n_step; i++) {
        const hr_eval_step *s = &b->step[i];
        uint32_t in[HR_OP_IN_MAX];
        uint32_t out[HR_OP_OUT_MAX];
        memcpy(in, b->at + s->at, s->n_in * sizeof *in);
        memcpy(out, b->at + s->at + s->n_in, s->n_out * sizeof *out);
        for (uint32_t k = 0; k < s->n_in; k++)
            b->at[s->at + k] = place_of(b, in[k], p);
        for (uint32_t k = 0; k < s->n_out; k++)
            b->at[s->at + s->n_in + k] = place_of(b, out[k], p);
        for (uint32_t k = 0; k < s->n_in; k++)
            if (b->val[in[k]].last == i) drop(b, in[k], p);
        for (uint32_t k = 0; k < s->n_out; k++)
            if (b->val[out[k]].last == NONE) drop(b, out[k], p);
    }
}

/* ---- the whole ---- */

static hr_status build_part(builder *b, hr_eval_part *p)
{
    b->n_val = b->n_step = b->n_at = b->n_in = b->n_reg = b->n_free = 0;
    *p = (hr_eval_part){.symbol = b->part > 0 ? b->x->symbol[b->part - 1] : NULL};
    for (uint32_t i = 0; b->part > 0 && i < b->x->n_node; i++)
        if (b->x->node[i].scope == b->part && b->out_of[i] != NONE) p->n_out++;
    HR_TRY(take_levels(b, p));
    take_inputs(b);
    add_steps(b, p);
    add_outputs(b, p);
    p->n_in = b->n_in;
    place_all(b, p);
    hr_eval_in *in = hr_arena_alloc(b->arena, HR_MAX(b->n_in, 1u) * sizeof *in, 8);
    hr_eval_step *step = hr_arena_alloc(b->arena, HR_MAX(b->n_step, 1u) * sizeof *step, 8);
    uint32_t *at = hr_arena_alloc(b->arena, HR_MAX(b->n_at, 1u) * sizeof *at, 8);
    if (in == NULL || step == NULL || at == NULL) return HR_ENOMEM;
    memcpy(in, b->in, b->n_in * sizeof *in);
    memcpy(step, b->step, b->n_step * sizeof *step);
    memcpy(at, b->at, b->n_at * sizeof *at);
    p->in = in;
    p->step = step;
    p->val = at;
    p->n_step = b->n_step;
    p->n_reg = b->n_reg;
    p->first_step = b->e->n_step;
    b->e->n_step += b->n_step;
    size_t places = (size_t)p->n_in + p->n_out + p->n_reg;
    size_t work = hr_round_up(sizeof(hr_op_book) + places * sizeof(double *), 64) +
                  hr_round_up((size_t)p->n_reg * b->e->batch_rows * sizeof(double), 64);
    b->e->work_bytes = HR_MAX(b->e->work_bytes, work + b->room_bytes);
    return HR_OK;
}

/* Which values of other parts are taken, numbered part by part; whose value raw() is. */
static void find_exports(builder *b)
{
    const hr_expr *x = b->x;
    for (uint32_t i = 0; i < x->n_node; i++) {
        b->out_of[i] = NONE;
        b->root[i] = x->node[i].kind == HR_EXPR_RAW ? b->root[x->node[i].in[0]] : i;
        if (x->node[i].kind == HR_EXPR_OF) b->out_of[x->node[i].in[0]] = 0;
    }
    uint32_t n[HR_EXPR_SYMBOL_MAX + 1] = {0};
    for (uint32_t i = 0; i < x->n_node; i++)
        if (b->out_of[i] != NONE) b->out_of[i] = n[x->node[i].scope]++;
}

static hr_status room(builder *b, hr_arena *scratch)
{
    size_t n = b->x->n_node;
    size_t n_out = b->x->n_out;
    size_t steps = 2 * n + n_out + 1;
    size_t operands = 0;
    for (size_t i = 0; i < n; i++)
        operands += b->x->node[i].n_in + HR_OP_OUT_MAX;
    size_t vals = n * 2 + 4 * HR_OP_LEVEL_MAX + operands + n_out + 1;
    b->val_of = hr_arena_alloc(scratch, (n + 1) * sizeof *b->val_of, 8);
    b->out_of = hr_arena_alloc(scratch, (n + 1) * sizeof *b->out_of, 8);
    b->root = hr_arena_alloc(scratch, (n + 1) * sizeof *b->root, 8);
    b->ahead = hr_arena_alloc(scratch, (n + 1) * sizeof *b->ahead, 8);
    b->step_of = hr_arena_alloc(scratch, (n + 1) * sizeof *b->step_of, 8);
    b->val = hr_arena_alloc(scratch, vals * sizeof *b->val, 8);
    b->step = hr_arena_alloc(scratch, steps * sizeof *b->step, 8);
    b->at = hr_arena_alloc(scratch, (operands + 2 * steps) * sizeof *b->at, 8);
    b->free_reg = hr_arena_alloc(scratch, vals * sizeof *b->free_reg, 8);
    b->in = hr_arena_alloc(scratch, (n + 4 * HR_OP_LEVEL_MAX + 1) * sizeof *b->in, 8);
    bool ok = b->val_of != NULL && b->out_of != NULL && b->root != NULL && b->ahead != NULL &&
              b->step_of != NULL && b->val != NULL && b->step != NULL && b->at != NULL &&
              b->free_reg != NULL && b->in != NULL;
    return ok ? HR_OK : HR_ENOMEM;
}

static hr_status build(hr_eval **out, builder *b, hr_arena *scratch)
{
    HR_TRY(room(b, scratch));
    hr_eval *e = hr_arena_alloc(b->arena, sizeof *e, 8);
    hr_eval_part *part = hr_arena_alloc(b->arena, (b->x->n_symbol + 1) * sizeof *part, 8);
    if (e == NULL || part == NULL) return HR_ENOMEM;
    *e = (hr_eval){.x = b->x, .part = part, .n_part = b->x->n_symbol + 1};
    e->batch_rows = e->slice_rows = b->e->batch_rows;
    b->e = e;
    find_exports(b);
    find_windows(b, b->step_of);
    for (b->part = 0; b->part < e->n_part; b->part++)
        HR_TRY(build_part(b, &part[b->part]));
    *out = e;
    return HR_OK;
}

hr_status hr_eval_create(hr_eval **out, hr_arena *arena, hr_arena *scratch, const hr_expr *x,
                         uint32_t batch_rows, hr_err *err)
{
    size_t mark = hr_arena_mark(scratch);
    hr_eval wanted = {.batch_rows = HR_MIN(HR_MAX(batch_rows, 1u), HR_EVAL_ROWS_MAX)};
    builder b = {.x = x, .arena = arena, .e = &wanted};
    hr_status st = build(out, &b, scratch);
    hr_arena_rewind(scratch, mark);
    if (st != HR_OK) return HR_FAIL(err, st, "no memory for a program of %u parts", x->n_node);
    return HR_OK;
}

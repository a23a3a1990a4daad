/* SPDX-License-Identifier: Apache-2.0 */
#include "eval/program.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ops/market/op_market.h"
#include "ops/ta/ta.h"
#include "ops/window/op_window.h"

#define SCRATCH_BYTES ((size_t)160 << 20) /* address space: only what is used is touched */
#define PROGRAM_BYTES ((size_t)64 << 20)

static const hr_op_list *const library[] = {&hr_ops_window, &hr_ops_ta, &hr_ops_market};

hr_status hr_program_ops(hr_program *p, char *const *plugin, uint32_t n_plugins, uint32_t n_threads,
                         hr_err *err)
{
    const hr_op_list *list[HR_ARRAY_LEN(library) + HR_PROGRAM_PLUGINS_MAX];
    uint32_t n = 0;
    for (; n < HR_ARRAY_LEN(library); n++)
        list[n] = library[n];
    if (n_plugins > HR_PROGRAM_PLUGINS_MAX)
        return HR_FAIL(err, HR_ELIMIT, "at most %u plugins", HR_PROGRAM_PLUGINS_MAX);
    for (uint32_t i = 0; i < n_plugins; i++) {
        HR_TRY(hr_plugin_open(&p->plugin[i], p->arena, plugin[i], HR_MAX(n_threads, 1u), err));
        p->n_plugins++;
        list[n++] = hr_plugin_ops(p->plugin[i]);
    }
    return hr_ops_merge(&p->ops, p->arena, list, n, err);
}

hr_status hr_program_check(const hr_program *p, hr_err *err)
{
    for (uint32_t i = 0; i < p->n_plugins; i++)
        HR_TRY(hr_plugin_check(p->plugin[i], err));
    return HR_OK;
}

/* The line and a caret, behind the message. */
static void show_place(hr_err *err, const char *text, size_t n)
{
    char caret[HR_EXPR_CARET_BYTES];
    if (err == NULL || err->offset < 0 || (size_t)err->offset > n) return;
    hr_expr_caret(caret, text, n, (size_t)err->offset);
    size_t at = strlen(err->message);
    if (at + strlen(caret) + 2 > sizeof err->message) return;
    err->message[at] = '\n';
    memcpy(err->message + at + 1, caret, strlen(caret) + 1);
}

static hr_status read_text(hr_program *p, const hr_program_options *o, hr_arena *scratch,
                           hr_err *err)
{
    hr_expr *x = NULL;
    hr_status st = hr_expr_parse(&x, p->arena, scratch, &p->env, o->text, o->n_text, err);
    if (st == HR_EUSAGE || st == HR_ELIMIT) show_place(err, o->text, o->n_text);
    HR_TRY(st);
    p->x = x;
    p->n_own = x->n_out;
    return HR_OK;
}

static hr_status read_signals(hr_program *p, const hr_program_options *o, hr_arena *scratch,
                              hr_err *err)
{
    hr_signal_fault fault = {0};
    const hr_signals_source src = {.env = &p->env,
                                   .text = o->text,
                                   .n_text = o->n_text,
                                   .spec = o->signal,
                                   .n_spec = o->n_signal};
    hr_status st = hr_signals_read(&p->signals, p->arena, scratch, &src, &fault, err);
    if (st != HR_OK && fault.text != NULL && err != NULL) {
        err->offset = (int64_t)fault.at;
        show_place(err, fault.text, fault.n);
    }
    HR_TRY(st);
    p->x = p->signals->expr;
    p->n_own = p->signals->n_own;
    return HR_OK;
}

/* Stages give columns that expressions may read. */
static hr_status open_stages(hr_program *p, const hr_program_options *o, hr_err *err)
{
    if (o->n_stages == 0) return HR_OK;
    const hr_row_stages_source src = {.plugin = p->plugin,
                                      .n_plugins = p->n_plugins,
                                      .name = o->stage,
                                      .n_names = o->n_stages,
                                      .column = o->column,
                                      .n_column = o->n_column};
    HR_TRY(hr_row_stages_open(&p->stages, p->arena, &src, err));
    p->env.column = p->stages->column;
    p->env.n_column = p->stages->n_column;
    return HR_OK;
}

static hr_status open_in(hr_program *p, const hr_program_options *o, hr_arena *scratch, hr_err *err)
{
    HR_TRY(hr_program_ops(p, o->plugin, o->n_plugins, o->n_threads, err));
    p->env = (hr_expr_env){.column = o->column,
                           .n_column = o->n_column,
                           .ops = &p->ops,
                           .n_ops = 1,
                           .param = o->param,
                           .n_param = o->n_param,
                           .max_rows = o->max_rows};
    HR_TRY(open_stages(p, o, err));
    HR_TRY(o->n_signal > 0 ? read_signals(p, o, scratch, err) : read_text(p, o, scratch, err));
    HR_TRY(hr_eval_create(&p->e, p->arena, scratch, p->x, o->batch_rows, err));
    return p->stages != NULL ? hr_row_stages_bind(p->stages, p->arena, p->e, err) : HR_OK;
}

hr_status hr_program_open(hr_program *p, const hr_program_options *o, hr_err *err)
{
    hr_arena *scratch = NULL;
    memset(p, 0, sizeof *p);
    HR_TRY(hr_arena_create(&p->arena, NULL, PROGRAM_BYTES, "expressions", err));
    hr_status st = hr_arena_create(&scratch, NULL, SCRATCH_BYTES, "expressions", err);
    if (st == HR_OK) st = open_in(p, o, scratch, err);
    hr_arena_destroy(&scratch);
    return st;
}

void hr_program_close(hr_program *p)
{
    for (uint32_t i = 0; i < p->n_plugins; i++)
        hr_plugin_close(&p->plugin[i]);
    hr_arena_destroy(&p->arena);
    memset(p, 0, sizeof *p);
}

bool hr_program_wants(const hr_program *p, hr_calc_rows rows, const double *value, size_t stride)
{
    for (uint32_t i = 0; rows != HR_CALC_ROWS_ALL && i < p->n_own; i++) {
        double v = value[i * stride];
        bool is_condition = p->x->node[p->x->out[i].node].type == HR_EXPR_CONDITION;
        if (rows == HR_CALC_ROWS_VALUED ? !isnan(v) : is_condition && v == 1) return true;
    }
    return rows == HR_CALC_ROWS_ALL;
}

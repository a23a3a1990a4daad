/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe/desk_calc.h"

#include <string.h>

#include "base/assert.h"
#include "pipe/desk_rows.h"

#define ROWS_MAX 64u
#define ROWS_MIN 8u
#define EVENTS_MAX 32768u /* signals that a batch may turn */

/* A row that waits. */
typedef struct kept_row {
    hr_row_key key;
    uint64_t taken; /* as hr_calc_desk_work.taken */
    double in[];    /* of part 0 */
} kept_row;

typedef struct hr_desk_calc {
    uint32_t part; /* worked out on this desk's rows beside part 0; 0: none */
    uint32_t n_rows;
    int32_t day; /* of the rows that wait */
    int32_t spare;
    hr_tradegate gate;
} hr_desk_calc;

/* ---- setup ---- */

bool hr_calc_is_written(const hr_plan *plan)
{
    return (plan->expressions != NULL && plan->write[HR_KIND_CALC]) ||
           (plan->n_signals > 0 && plan->write[HR_KIND_SIGNALS]);
}

static hr_status read_program(hr_calc_setup *s, const hr_plan *plan, uint32_t n_signals,
                              uint32_t n_threads, hr_err *err)
{
    hr_signal_spec *spec = hr_heap_zero(HR_MAX(n_signals, 1u), sizeof *spec);
    if (spec == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for signals");
    for (uint32_t i = 0; i < n_signals; i++) {
        const hr_plan_signal *g = &plan->signal[i];
        spec[i] = (hr_signal_spec){.name = g->name,
                                   .when = g->when,
                                   .until = g->until,
                                   .score = g->score,
                                   .n_value = g->n_value,
                                   .confirm = g->confirm,
                                   .priority = g->priority,
                                   .cooldown_ns = g->cooldown_ns,
                                   .hold_ns = g->hold_ns};
        for (uint32_t k = 0; k < g->n_value; k++)
            spec[i].value[k] = g->value[k];
    }
    const char *text = plan->expressions != NULL ? plan->expressions : "";
    hr_program_options o = {.text = text,
                            .n_text = strlen(text),
                            .signal = spec,
                            .n_signal = n_signals,
                            .column = hr_market_columns,
                            .n_column = hr_market_n_columns,
                            .plugin = plan->plugins,
                            .n_plugins = plan->n_plugins,
                            .n_threads = n_threads,
                            .stage = (const char *const *)plan->stages,
                            .n_stages = plan->n_stages,
                            .max_rows = plan->calc_max_rows,
                            .batch_rows = ROWS_MAX};
    hr_status st = hr_program_open(&s->program, &o, err);
    hr_heap_free(spec);
    if (st != HR_OK) hr_err_prefix(err, "calc");
    return st;
}

static uint32_t n_rules(const hr_calc_setup *s)
{
    return s->program.signals != NULL ? s->program.signals->n_rule : 0;
}

hr_status hr_calc_setup_open(hr_calc_setup *s, const hr_plan *plan, uint32_t n_threads, hr_err *err)
{
    memset(s, 0, sizeof *s);
    HR_TRY(read_program(s, plan, plan->n_signals, n_threads, err));
    if (!hr_calc_is_written(plan)) return HR_OK;
    if (plan->n_signals > 0 && !plan->write[HR_KIND_SIGNALS]) { /* they were right: that is all */
        hr_program_close(&s->program);
        HR_TRY(read_program(s, plan, 0, n_threads, err));
    }
    const hr_eval *e = s->program.e;
    s->rows = plan->calc_rows;
    s->cap_rows = plan->target == HR_TARGET_LATENCY ? 1 : ROWS_MAX;
    while (s->cap_rows > ROWS_MIN && s->cap_rows * n_rules(s) > EVENTS_MAX)
        s->cap_rows /= 2;
    hr_market_rows_init(&s->read, &s->program, plan->px_scale, plan->qty_scale);
    size_t row = sizeof(kept_row) + e->part[0].n_in * sizeof(double);
    s->rows_at = hr_round_up(sizeof(hr_desk_calc), 64);
    s->state_at = s->rows_at + hr_round_up(row * s->cap_rows, 64);
    s->signals_at = s->state_at + hr_round_up(e->part[0].state_bytes, 64);
    s->stages_at = s->signals_at;
    if (s->program.signals != NULL)
        s->stages_at += hr_round_up(hr_signals_state_bytes(s->program.signals), 64);
    s->desk_bytes = s->stages_at + s->read.stage_bytes;
    return HR_OK;
}

void hr_calc_setup_close(hr_calc_setup *s)
{
    hr_program_close(&s->program);
}

hr_status hr_calc_setup_tables(const hr_calc_setup *s, hr_tables *t, hr_err *err)
{
    const hr_expr *x = s->program.x;
    uint32_t n_value = 0;
    for (uint32_t i = 0; i < n_rules(s); i++)
        n_value = HR_MAX(n_value, s->program.signals->rule[i].n_value);
    for (uint32_t i = 0; i < s->program.n_own; i++) {
        const char *name = x->out[i].name[0] != '\0' ? x->out[i].name : "value";
        if (hr_schema_find(&t->schema[HR_KIND_CALC], name) >= 0)
            return HR_FAIL(err, HR_EPLAN,
                           "calc.expressions: '%s' is a column of the table already: another name",
                           name);
        if (!hr_tables_add_output(t, name))
            return HR_FAIL(err, HR_ELIMIT, "calc.expressions: at most %u outputs, found %u",
                           HR_TABLE_FIELDS_MAX - HR_CALC_FIRST, s->program.n_own);
    }
    hr_tables_add_values(t, n_value);
    return HR_OK;
}

void hr_calc_setup_size(hr_calc_setup *s, const hr_desk_config *cfg)
{
    uint32_t events = s->cap_rows * n_rules(s);
    s->n_blocks = s->cap_rows / cfg->layout[HR_KIND_CALC].cap_rows +
                  events / cfg->layout[HR_KIND_SIGNALS].cap_rows + 6;
    s->n_cuts =
        s->cap_rows / cfg->group_rows[HR_KIND_CALC] + events / cfg->group_rows[HR_KIND_SIGNALS] + 6;
}

hr_status hr_calc_work_init(hr_calc_desk_work *w, const hr_calc_setup *s, hr_arena *arena,
                            hr_err *err)
{
    const hr_eval *e = s->program.e;
    const hr_eval_part *p = &e->part[0];
    size_t columns = p->n_in + (size_t)p->n_out + 1;
    memset(w, 0, sizeof *w);
    w->column = hr_arena_alloc(arena, columns * s->cap_rows * sizeof *w->column, 64);
    w->in_at = hr_arena_alloc(arena, (p->n_in + 1) * sizeof *w->in_at, 8);
    w->out_at = hr_arena_alloc(arena, (p->n_out + 1) * sizeof *w->out_at, 8);
    w->part_row = hr_arena_alloc(arena, s->read.most_in * sizeof *w->part_row, 8);
    w->eval = hr_arena_alloc(arena, e->work_bytes, 64);
    w->wide = hr_arena_alloc(arena, s->read.n_wide * sizeof *w->wide, 8);
    bool ok = w->wide != NULL && w->column != NULL && w->in_at != NULL && w->out_at != NULL &&
              w->part_row != NULL && w->eval != NULL &&
              hr_eval_others_init(&w->others, e, arena) == HR_OK;
    if (!ok) return HR_FAIL(err, HR_EBUDGET, "no memory for expressions: raise engine.memory");
    for (uint32_t i = 0; i < p->n_in; i++)
        w->in_at[i] = w->column + (size_t)i * s->cap_rows;
    for (uint32_t i = 0; i < p->n_out; i++)
        w->out_at[i] = w->column + (size_t)(p->n_in + i) * s->cap_rows;
    if (s->program.signals == NULL) return HR_OK;
    return hr_signals_out_create(&w->events, arena, s->program.signals,
                                 HR_MAX(n_rules(s) * s->cap_rows, 1u), err);
}

/* ---- rows ---- */

struct hr_desk_calc *hr_desk_calc_init(void *mem, const hr_calc_setup *s, hr_desk_env *env,
                                       const hr_desk *d)
{
    hr_desk_calc *c = mem;
    /* all of it, though operators do with less: a thread that takes messages shall not meet pages
       for the first time between them, and a checkpoint, which has the block as it is, holds
       nothing that was there before */
    memset(mem, 0, s->desk_bytes);
    hr_tradegate_init(&c->gate, HR_TRADES_FIRST, false);
    hr_eval_init(&s->program.e->part[0], (char *)mem + s->state_at);
    if (s->program.signals != NULL)
        hr_signals_init((char *)mem + s->signals_at, s->program.signals);
    if (s->program.stages != NULL)
        hr_row_stages_init(s->program.stages, (char *)mem + s->stages_at);
    c->part = hr_eval_others_meet(&env->calc->others, d->venue, d->symbol);
    return c;
}

static kept_row *row_at(const hr_calc_setup *s, hr_desk_calc *c, uint32_t i)
{
    size_t each = sizeof(kept_row) + s->program.e->part[0].n_in * sizeof(double);
    return (kept_row *)(void *)((char *)c + s->rows_at + i * each);
}

static void put_signals(hr_desk *d, hr_desk_env *env, const int64_t *ts, uint32_t n)
{
    const hr_calc_setup *s = env->cfg->calc;
    const hr_signals *g = s->program.signals;
    hr_calc_desk_work *w = env->calc;
    const double *const *out = (const double *const *)w->out_at;
    hr_signal_rows rows = {.n = n, .ts = ts, .column = out};
    for (uint32_t at = 0; at < n;) {
        uint32_t n_events;
        at = hr_signals_run(g, (char *)d->calc + s->signals_at, &rows, at, w->events);
        const hr_signal_event *ev = hr_signals_events(w->events, &n_events);
        for (uint32_t i = 0; i < n_events; i++) {
            const hr_signal_rule *rule = &g->rule[ev[i].rule];
            const kept_row *r = row_at(s, d->calc, ev[i].at);
            bool is_put = hr_desk_put_signal(d, env, &r->key, d->calc->day, rule->name,
                                             rule->priority, &ev[i]);
            if (is_put && w->rec != NULL) (void)hr_rec_end(w->rec, w->span, r->taken);
        }
    }
}

void hr_desk_calc_flush(hr_desk *d, hr_desk_env *env)
{
    const hr_calc_setup *s = env->cfg->calc;
    const hr_eval_part *p = &s->program.e->part[0];
    hr_desk_calc *c = d->calc;
    hr_calc_desk_work *w = env->calc;
    int64_t ts[ROWS_MAX];
    uint32_t n = c->n_rows;
    if (n == 0) return;
    for (uint32_t i = 0; i < n; i++) {
        const kept_row *r = row_at(s, c, i);
        ts[i] = r->key.clock_ns;
        for (uint32_t k = 0; k < p->n_in; k++)
            w->column[(size_t)k * s->cap_rows + i] = r->in[k];
    }
    hr_eval_rows rows = {.n = n, .ts = ts, .in = w->in_at, .out = w->out_at};
    hr_eval_run(s->program.e, p, (char *)c + s->state_at, w->eval, &rows);
    const double *const *out = (const double *const *)w->out_at;
    for (uint32_t i = 0; i < n && s->program.n_own > 0; i++)
        if (hr_program_wants(&s->program, s->rows, out[0] + i, s->cap_rows))
            hr_desk_put_calc(d, env, &row_at(s, c, i)->key, c->day, out, s->program.n_own, i);
    if (s->program.signals != NULL) put_signals(d, env, ts, n);
    c->n_rows = 0;
}

/* ---- messages ---- */

static void keep(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg,
                 hr_market_event *e)
{
    const hr_calc_setup *s = env->cfg->calc;
    hr_calc_desk_work *w = env->calc;
    hr_desk_calc *c = d->calc;
    hr_row_key key = hr_desk_key_of(b, msg, b->flags[msg] & ~HR_ORDER_MASK);
    e->ts_event = b->ts_event[msg];
    e->ts_recv = b->ts_recv[msg];
    if (hr_seq_is_live(&d->seq)) e->book = d->book;
    void *stages = (char *)c + s->stages_at;
    if (!hr_market_rows_pass(&s->read, stages, key.clock_ns, e, w->wide)) return;
    int32_t day = hr_day_of(d->last_recv_ns);
    if (c->n_rows > 0 && day != c->day) hr_desk_calc_flush(d, env);
    c->day = day;
    if (c->part != 0) {
        hr_market_rows_read(&s->read, c->part, e, w->wide, w->part_row);
        hr_eval_others_run(&w->others, c->part, key.clock_ns, w->part_row, w->eval, NULL);
    }
    kept_row *r = row_at(s, c, c->n_rows++);
    r->key = key;
    r->taken = w->taken;
    hr_market_rows_read(&s->read, 0, e, w->wide, r->in);
    if (s->program.e->n_part > 1) hr_eval_others_take(&w->others, &s->program.e->part[0], r->in);
    if (c->n_rows == s->cap_rows) hr_desk_calc_flush(d, env);
}

static bool ends_event(const hr_evbatch *b, uint32_t msg)
{
    hr_msg_kind k = (hr_msg_kind)b->kind[msg];
    return (b->flags[msg] & HR_FLAG_MORE) == 0 &&
           (k == HR_MSG_DELTA || k == HR_MSG_SNAPSHOT || k == HR_MSG_ORDER);
}

void hr_desk_calc_message(hr_desk *d, hr_desk_env *env, const hr_evbatch *b, uint32_t msg)
{
    hr_trade trade;
    if (b->ts_recv[msg] == HR_NULL_I64 && b->ts_event[msg] == HR_NULL_I64) return;
    if (hr_desk_trade(&trade, d, b, msg) && hr_tradegate_takes(&d->calc->gate, &trade)) {
        hr_market_event e = {
            .px = trade.px, .qty = trade.qty, .side = trade.side, .is_trade = true};
        keep(d, env, b, msg, &e);
    }
    if (ends_event(b, msg) && hr_seq_is_live(&d->seq)) {
        hr_market_event e = {.is_trade = false};
        keep(d, env, b, msg, &e);
    }
}

/* ---- checkpoints ---- */

void hr_desk_calc_pack(const hr_desk *d, const hr_desk_config *cfg, hr_pack *k)
{
    const hr_calc_setup *s = cfg->calc;
    HR_ASSERT(d->calc->n_rows == 0);
    hr_desk_pack_tables(d, HR_KIND_PLAIN, d->n_open, k);
    hr_pack_bytes(k, d->calc, sizeof *d->calc);
    hr_pack_bytes(k, (char *)d->calc + s->state_at, s->desk_bytes - s->state_at);
}

/* A right checksum does not say who wrote it. */
static bool is_sound(const hr_calc_setup *s, const hr_desk_calc *c)
{
    const hr_program *p = &s->program;
    const char *at = (const char *)c;
    if (!hr_eval_is_sound(&p->e->part[0], at + s->state_at)) return false;
    if (p->signals != NULL && !hr_signals_is_sound(at + s->signals_at, p->signals)) return false;
    return p->stages == NULL || hr_row_stages_is_sound(p->stages, at + s->stages_at);
}

bool hr_desk_calc_unpack(hr_desk *d, const hr_desk_config *cfg, hr_unpack *u)
{
    const hr_calc_setup *s = cfg->calc;
    hr_desk_calc *c = d->calc;
    hr_desk_unpack_tables(d, HR_KIND_PLAIN, d->n_open, u);
    hr_unpack_bytes(u, c, sizeof *c);
    hr_unpack_bytes(u, (char *)c + s->state_at, s->desk_bytes - s->state_at);
    return !u->is_bad && c->n_rows == 0 && c->part < s->program.e->n_part &&
           c->gate.kinds <= HR_TRADES_ALL && is_sound(s, c);
}

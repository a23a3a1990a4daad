/* SPDX-License-Identifier: Apache-2.0 */
#include "eval/eval_others.h"

#include <math.h>
#include <string.h>

static uint32_t n_values(const hr_eval *e)
{
    uint32_t n = 0;
    for (uint32_t i = 1; i < e->n_part; i++)
        n += e->part[i].n_out;
    return n;
}

static size_t block_bytes(const hr_eval *e)
{
    size_t n = hr_round_up(e->n_part * sizeof(bool), 64);
    n += hr_round_up(n_values(e) * sizeof(double), 64);
    for (uint32_t i = 1; i < e->n_part; i++)
        n += hr_round_up(e->part[i].state_bytes, 64);
    return n;
}

static uint32_t most_columns(const hr_eval *e)
{
    uint32_t n = 1;
    for (uint32_t i = 1; i < e->n_part; i++)
        n = HR_MAX(n, HR_MAX(e->part[i].n_in, e->part[i].n_out));
    return n;
}

size_t hr_eval_others_bytes(const hr_eval *e)
{
    return block_bytes(e) + e->n_part * (sizeof(uint32_t) + sizeof(size_t)) +
           most_columns(e) * 3 * sizeof(double) + 512;
}

hr_status hr_eval_others_init(hr_eval_others *o, const hr_eval *e, hr_arena *arena)
{
    size_t at = hr_round_up(e->n_part * sizeof(bool), 64);
    uint32_t n = n_values(e);
    uint32_t most = most_columns(e);
    *o = (hr_eval_others){.e = e, .n_bytes = block_bytes(e)};
    o->block = hr_arena_alloc(arena, o->n_bytes, 64);
    o->first = hr_arena_alloc(arena, e->n_part * sizeof *o->first, 8);
    o->state_at = hr_arena_alloc(arena, e->n_part * sizeof *o->state_at, 8);
    o->in = hr_arena_alloc(arena, most * sizeof *o->in, 8);
    o->in_at = hr_arena_alloc(arena, most * sizeof *o->in_at, 8);
    o->out_at = hr_arena_alloc(arena, most * sizeof *o->out_at, 8);
    if (o->block == NULL || o->first == NULL || o->state_at == NULL || o->in == NULL ||
        o->in_at == NULL || o->out_at == NULL)
        return HR_ENOMEM;
    memset(o->block, 0, o->n_bytes); /* as a desk's: hot threads, checkpoints */
    o->is_met = (bool *)(void *)o->block;
    o->value = (double *)(void *)(o->block + at);
    for (uint32_t i = 0; i < n; i++)
        o->value[i] = (double)NAN;
    at += hr_round_up(n * sizeof(double), 64);
    n = 0;
    for (uint32_t i = 1; i < e->n_part; i++) {
        o->first[i] = n;
        o->state_at[i] = at;
        hr_eval_init(&e->part[i], o->block + at);
        n += e->part[i].n_out;
        at += hr_round_up(e->part[i].state_bytes, 64);
    }
    return HR_OK;
}

bool hr_eval_others_is_sound(const hr_eval_others *o)
{
    for (uint32_t i = 0; i < o->e->n_part; i++) {
        unsigned char is_met;
        memcpy(&is_met, o->block + i * sizeof is_met, sizeof is_met);
        if (is_met > 1) return false;
        if (i > 0 && !hr_eval_is_sound(&o->e->part[i], o->block + o->state_at[i])) return false;
    }
    return true;
}

static bool is_called(const char *name, const char *venue, const char *symbol)
{
    size_t n = strlen(venue);
    if (strcmp(name, symbol) == 0) return true;
    return strncmp(name, venue, n) == 0 && name[n] == ':' && strcmp(name + n + 1, symbol) == 0;
}

uint32_t hr_eval_others_meet(hr_eval_others *o, const char *venue, const char *symbol)
{
    for (uint32_t i = 1; i < o->e->n_part; i++) {
        if (o->is_met[i] || !is_called(o->e->part[i].symbol, venue, symbol)) continue;
        o->is_met[i] = true;
        return i;
    }
    return 0;
}

void hr_eval_others_run(hr_eval_others *o, uint32_t part, int64_t ts, const double *in, void *work,
                        uint64_t *step_ns)
{
    const hr_eval_part *p = &o->e->part[part];
    memcpy(o->in, in, p->n_in * sizeof *in);
    hr_eval_others_take(o, p, o->in);
    for (uint32_t i = 0; i < p->n_in; i++)
        o->in_at[i] = &o->in[i];
    for (uint32_t i = 0; i < p->n_out; i++)
        o->out_at[i] = &o->value[o->first[part] + i];
    hr_eval_rows r = {.n = 1, .ts = &ts, .in = o->in_at, .out = o->out_at, .step_ns = step_ns};
    hr_eval_run(o->e, p, o->block + o->state_at[part], work, &r);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "eval/row_stages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "text/nearest.h"

/* What is known while stages are put one behind the other. */
typedef struct builder {
    const hr_row_stages_source *src;
    hr_row_stages *s;
    hr_expr_column *column;
    hr_row_given *given;
    hr_err *err;
} builder;

/* ---- names ---- */

/* "name", or "plugin.name". */
static bool is_called(const char *text, const hr_plugin *p, const hr_row_stage *g)
{
    const char *plugin = hr_plugin_name(p);
    size_t n = strlen(plugin);
    if (strcmp(text, g->name) == 0) return true;
    return strncmp(text, plugin, n) == 0 && text[n] == '.' && strcmp(text + n + 1, g->name) == 0;
}

static hr_status find_stage(const builder *b, const char *name, const hr_row_stage **out)
{
    hr_nearest near = hr_nearest_start(name);
    char more[96];
    const hr_plugin *of = NULL;
    *out = NULL;
    for (uint32_t i = 0; i < b->src->n_plugins; i++) {
        uint32_t n;
        const hr_plugin *p = b->src->plugin[i];
        const hr_row_stage *g = hr_plugin_stages(p, &n);
        for (uint32_t k = 0; k < n; k++) {
            hr_nearest_offer(&near, g[k].name);
            if (!is_called(name, p, &g[k])) continue;
            if (*out != NULL)
                return HR_FAIL(b->err, HR_EUSAGE,
                               "two plugins have a stage '%.63s': name it as '%s.%s' or '%s.%s'",
                               name, hr_plugin_name(of), g[k].name, hr_plugin_name(p), g[k].name);
            *out = &g[k];
            of = p;
        }
    }
    if (*out != NULL) return HR_OK;
    return HR_FAIL(b->err, HR_EUSAGE, "no plugin has a stage '%.63s'%s", name,
                   hr_nearest_text(&near, more, sizeof more));
}

/* "bid_px[3]": the length of its base, and the index; UINT32_MAX where there are no brackets. */
static size_t split(const char *name, uint32_t *idx)
{
    size_t n = strcspn(name, "[");
    *idx = name[n] == '\0' ? UINT32_MAX : (uint32_t)strtoul(name + n + 1, NULL, 10);
    return n;
}

static uint32_t column_named(const builder *b, const char *name, size_t n)
{
    for (uint32_t i = 0; i < b->s->n_column; i++)
        if (strncmp(b->column[i].name, name, n) == 0 && b->column[i].name[n] == '\0') return i;
    return UINT32_MAX;
}

/* idx: as split gives it. */
static bool has_index(const builder *b, uint32_t which, uint32_t idx)
{
    uint32_t n = b->column[which].n_idx;
    return n == 0 ? idx == UINT32_MAX : idx < n;
}

/* ---- places ---- */

/* Where the newest of that column is: among what was given, counted from the first output on, or
 * UINT32_MAX. */
static uint32_t given_at(const hr_row_stages *s, uint32_t which, uint32_t idx)
{
    uint32_t n = s->n_out;
    while (n-- > 0)
        if (s->given[n].which == which && s->given[n].idx == idx) return n;
    return UINT32_MAX;
}

/* The place among what is read off an event; it is added where it is new. */
static uint32_t in_at(hr_row_stages *s, uint32_t which, uint32_t idx)
{
    for (uint32_t i = 0; i < s->n_in; i++)
        if (s->in[i].which == which && s->in[i].idx == idx) return i;
    s->in[s->n_in] = (hr_eval_in){.which = (uint16_t)which, .idx = idx};
    return s->n_in++;
}

/* Places of outputs are told from those of inputs by this until the number of inputs is known. */
#define GIVEN (UINT32_C(1) << 31)

static hr_status take_ins(builder *b, hr_row_stage_place *at)
{
    const hr_row_stage *g = at->stage;
    for (uint32_t i = 0; i < g->n_in; i++) {
        uint32_t idx;
        size_t n = split(g->in[i], &idx);
        uint32_t which = column_named(b, g->in[i], n);
        if (which == UINT32_MAX || !has_index(b, which, idx))
            return HR_FAIL(b->err, HR_EUSAGE,
                           "the stage '%s' reads the column '%s', which is not in this input",
                           g->name, g->in[i]);
        idx = idx == UINT32_MAX ? 0 : idx;
        uint32_t k = given_at(b->s, which, idx);
        at->in[i] = k != UINT32_MAX ? k | GIVEN : in_at(b->s, which, idx);
    }
    return HR_OK;
}

static hr_status take_outs(builder *b, hr_row_stage_place *at)
{
    const hr_row_stage *g = at->stage;
    at->first_out = b->s->n_out;
    for (uint32_t i = 0; i < g->n_out; i++) {
        uint32_t idx;
        size_t n = split(g->out[i], &idx);
        uint32_t which = column_named(b, g->out[i], n);
        bool is_new = which == UINT32_MAX;
        if (is_new ? idx != UINT32_MAX : !has_index(b, which, idx))
            return HR_FAIL(b->err, HR_EUSAGE,
                           "the stage '%s' gives the column '%s', which is neither new nor in this"
                           " input",
                           g->name, g->out[i]);
        if (is_new) {
            which = b->s->n_column++;
            b->column[which] = (hr_expr_column){.name = g->out[i], .unit = {.is_open = true}};
        }
        b->given[b->s->n_out++] =
            (hr_row_given){.which = (uint16_t)which, .idx = idx == UINT32_MAX ? 0 : idx};
    }
    return HR_OK;
}

static hr_status no_memory(hr_err *err)
{
    return HR_FAIL(err, HR_ENOMEM, "no memory for stages");
}

hr_status hr_row_stages_open(hr_row_stages **out, hr_arena *arena, const hr_row_stages_source *src,
                             hr_err *err)
{
    *out = NULL;
    if (src->n_names > HR_ROW_STAGES_MAX)
        return HR_FAIL(err, HR_ELIMIT, "at most %u stages, found %u", HR_ROW_STAGES_MAX,
                       src->n_names);
    hr_row_stages *s = hr_arena_alloc(arena, sizeof *s, 64);
    size_t most_out = (size_t)src->n_names * HEADRACE_STAGE_OUT_MAX;
    size_t most_in = (size_t)src->n_names * HEADRACE_STAGE_IN_MAX;
    builder b = {.src = src, .s = s, .err = err};
    b.column = hr_arena_alloc(arena, (src->n_column + most_out) * sizeof *b.column, 8);
    b.given = hr_arena_alloc(arena, (most_out + 1) * sizeof *b.given, 8);
    hr_eval_in *in = hr_arena_alloc(arena, (most_in + 1) * sizeof *in, 8);
    if (s == NULL || b.column == NULL || b.given == NULL || in == NULL) return no_memory(err);
    memset(s, 0, sizeof *s);
    memcpy(b.column, src->column, src->n_column * sizeof *b.column);
    s->column = b.column;
    s->n_column = src->n_column;
    s->given = b.given;
    s->in = in;
    for (uint32_t i = 0; i < src->n_names; i++) {
        hr_row_stage_place *at = &s->stage[s->n_stage++];
        HR_TRY(find_stage(&b, src->name[i], &at->stage));
        HR_TRY(take_ins(&b, at));
        HR_TRY(take_outs(&b, at));
        at->state_at = s->state_bytes;
        s->state_bytes += at->stage->state_bytes;
    }
    *out = s;
    return HR_OK;
}

/* ---- with a program ---- */

static void bind_part(hr_row_stages *s, const hr_eval_part *p, uint32_t *at)
{
    for (uint32_t i = 0; i < p->n_in; i++) {
        at[i] = HR_ROW_STAGES_NONE;
        if (p->in[i].is_of) continue;
        uint32_t k = given_at(s, p->in[i].which, p->in[i].idx);
        at[i] = k != UINT32_MAX ? k | GIVEN : in_at(s, p->in[i].which, p->in[i].idx);
    }
}

static uint32_t place(const hr_row_stages *s, uint32_t at)
{
    return at != HR_ROW_STAGES_NONE && (at & GIVEN) != 0 ? s->n_in + (at & ~GIVEN) : at;
}

hr_status hr_row_stages_bind(hr_row_stages *s, hr_arena *arena, const hr_eval *e, hr_err *err)
{
    size_t most = s->n_in;
    for (uint32_t i = 0; i < e->n_part; i++)
        most += e->part[i].n_in;
    hr_eval_in *in = hr_arena_alloc(arena, (most + 1) * sizeof *in, 8);
    s->part_at = hr_arena_alloc(arena, e->n_part * sizeof *s->part_at, 8);
    if (in == NULL || s->part_at == NULL) return no_memory(err);
    memcpy(in, s->in, s->n_in * sizeof *in);
    s->in = in;
    s->part = e->part;
    s->n_part = e->n_part;
    for (uint32_t i = 0; i < e->n_part; i++) {
        s->part_at[i] = hr_arena_alloc(arena, (e->part[i].n_in + 1) * sizeof **s->part_at, 8);
        if (s->part_at[i] == NULL) return no_memory(err);
        bind_part(s, &e->part[i], s->part_at[i]);
    }
    s->n_wide = s->n_in + s->n_out;
    for (uint32_t i = 0; i < s->n_stage; i++) {
        s->stage[i].first_out += s->n_in;
        for (uint32_t k = 0; k < s->stage[i].stage->n_in; k++)
            s->stage[i].in[k] = place(s, s->stage[i].in[k]);
    }
    for (uint32_t i = 0; i < e->n_part; i++)
        for (uint32_t k = 0; k < e->part[i].n_in; k++)
            s->part_at[i][k] = place(s, s->part_at[i][k]);
    return HR_OK;
}

/* ---- rows ---- */

void hr_row_stages_init(const hr_row_stages *s, void *state)
{
    for (uint32_t i = 0; i < s->n_stage; i++)
        hr_row_stage_init(s->stage[i].stage, (char *)state + s->stage[i].state_at);
}

bool hr_row_stages_is_sound(const hr_row_stages *s, const void *state)
{
    for (uint32_t i = 0; i < s->n_stage; i++) {
        const hr_row_stage_place *at = &s->stage[i];
        if (!hr_row_stage_is_sound(at->stage, (const char *)state + at->state_at)) return false;
    }
    return true;
}

bool hr_row_stages_run(const hr_row_stages *s, void *state, int64_t ts, double *wide)
{
    for (uint32_t i = 0; i < s->n_stage; i++) {
        const hr_row_stage_place *at = &s->stage[i];
        const double *in[HEADRACE_STAGE_IN_MAX];
        double *out[HEADRACE_STAGE_OUT_MAX];
        uint8_t keep;
        for (uint32_t k = 0; k < at->stage->n_in; k++)
            in[k] = wide + at->in[k];
        for (uint32_t k = 0; k < at->stage->n_out; k++)
            out[k] = wide + at->first_out + k;
        hr_row_stage_rows r = {.n = 1, .ts = &ts, .in = in, .out = out, .keep = &keep};
        if (hr_row_stage_run(at->stage, (char *)state + at->state_at, &r) == 0) return false;
    }
    return true;
}

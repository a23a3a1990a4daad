/* SPDX-License-Identifier: Apache-2.0 */
#include "job/calc_lines.h"

hr_status hr_calc_lines_init(hr_calc_lines *s, hr_calc_batch *batch, uint32_t max_lines,
                             hr_arena *arena)
{
    *s = (hr_calc_lines){
        .batch = batch, .arena = arena, .mask = 2 * HR_CALC_LINES_MAX - 1, .max_lines = max_lines};
    s->slot = hr_arena_alloc(arena, (s->mask + 1) * sizeof(hr_calc_line *), 64);
    s->line = hr_arena_alloc(arena, max_lines * sizeof *s->line, 64);
    s->label = hr_arena_alloc(arena, max_lines * sizeof *s->label, 64);
    return s->slot != NULL && s->line != NULL && s->label != NULL ? HR_OK : HR_ENOMEM;
}

static bool is_line(const hr_calc_line *l, hr_pq_bytes venue, hr_pq_bytes symbol)
{
    return hr_calc_text_is(&l->label->symbol, symbol) && hr_calc_text_is(&l->label->venue, venue);
}

static uint32_t hash_of(uint32_t h, hr_pq_bytes t)
{
    for (uint32_t i = 0; i < t.n; i++)
        h = (h ^ (unsigned char)t.s[i]) * 16777619u;
    return h ^ h >> 15;
}

static hr_text text_of(hr_pq_bytes b)
{
    hr_text t = {.len = (uint8_t)b.n};
    if (b.n > 0) memcpy(t.byte, b.s, b.n);
    return t;
}

static hr_calc_line *add(hr_calc_lines *s, hr_pq_bytes venue, hr_pq_bytes symbol, hr_err *err)
{
    size_t n = s->batch->e->part[0].state_bytes;
    char *state = s->n_lines < s->max_lines ? hr_arena_alloc(s->arena, n, 64) : NULL;
    if (state == NULL) {
        (void)HR_FAIL(err, HR_EBUDGET, "memory for %u instruments is used up: raise --memory",
                      s->n_lines);
        return NULL;
    }
    hr_calc_label *label = &s->label[s->n_lines];
    *label = (hr_calc_label){.venue = text_of(venue), .symbol = text_of(symbol)};
    hr_calc_line *l = &s->line[s->n_lines++];
    hr_calc_line_init(s->batch, l, state, label);
    return l;
}

hr_calc_line *hr_calc_lines_find(hr_calc_lines *s, const hr_calc_span *span, uint32_t i,
                                 hr_err *err)
{
    const hr_pq_bytes venue = hr_calc_name_text(&span->venue, i);
    const hr_pq_bytes symbol = hr_calc_name_text(&span->symbol, i);
    hr_calc_line *l = s->last;
    if (l == NULL || !is_line(l, venue, symbol)) {
        uint32_t at = hash_of(hash_of(2166136261u, venue), symbol) & s->mask;
        for (; (l = s->slot[at]) != NULL; at = (at + 1) & s->mask)
            if (is_line(l, venue, symbol)) break;
        if (l == NULL) l = s->slot[at] = add(s, venue, symbol, err);
        if (l == NULL) return NULL;
    }
    s->last = l;
    if (span->symbol.known != NULL) *hr_calc_name_known(&span->symbol, i) = l;
    return l;
}

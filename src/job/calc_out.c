/* SPDX-License-Identifier: Apache-2.0 */
#include "job/calc_out.h"

#include <string.h>

#define AHEAD 32u /* rows */

hr_status hr_calc_out_fields(hr_row_field *field, uint32_t *n_fields, const hr_expr *x, hr_err *err)
{
    if (x->n_out > HR_CALC_OUTPUTS_MAX)
        return HR_FAIL(err, HR_ELIMIT,
                       "at most %u outputs, found %u: begin names with _ of what"
                       " is only used by others",
                       HR_CALC_OUTPUTS_MAX, x->n_out);
    field[0] = (hr_row_field){"ts_event", HR_CELL_TIME, 0};
    field[1] = (hr_row_field){"instrument", HR_CELL_NAME, 0};
    for (uint32_t i = 0; i < x->n_out; i++) {
        const char *name = x->out[i].name[0] != '\0' ? x->out[i].name : "value";
        for (uint32_t k = 0; k < i + 2; k++)
            if (strcmp(field[k].name, name) == 0)
                return HR_FAIL(err, HR_EUSAGE,
                               "'%s' is a column of the output already: another name", name);
        field[i + 2] = (hr_row_field){name, HR_CELL_REAL, 0};
    }
    *n_fields = x->n_out + 2;
    return HR_OK;
}

/* Rows that are wanted close ranks. Returns how many they are. */
static uint32_t keep_wanted(const hr_program *p, hr_calc_rows rows, hr_calc_batch *b)
{
    uint32_t n = 0;
    if (rows == HR_CALC_ROWS_ALL && b->n_quiet == 0) return b->n;
    for (uint32_t i = 0; i < b->n; i++) {
        if (b->is_quiet[i] || !hr_program_wants(p, rows, b->out + b->place[i], b->cap)) continue;
        b->ts[n] = b->ts[i];
        b->which[n] = b->which[i];
        b->place[n] = b->place[i];
        n++;
    }
    return n;
}

/* Values by place, those that are not finite as null. Each instrument's come one by one out of its
 * own stretch: more stretches than the processor follows by itself, so it is told what comes. */
static void gather(double *restrict to, const double *from, const uint32_t *place, uint32_t n)
{
    const uint64_t full = UINT64_C(0x7ff) << 52;
    const uint64_t null = UINT64_C(0x7ff8) << 48;
    const uint32_t n_ahead = n > AHEAD ? n - AHEAD : 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t v;
        if (i < n_ahead) __builtin_prefetch(from + place[i + AHEAD]);
        memcpy(&v, &from[place[i]], sizeof v);
        v = (v & full) == full ? null : v;
        memcpy(&to[i], &v, sizeof v);
    }
}

/* n rows from row `at` on, for which there is room. */
static hr_status put_columns(hr_row_out *out, const hr_calc_batch *b, uint32_t at, uint32_t n,
                             hr_err *err)
{
    memcpy(hr_row_out_column(out, 0), b->ts + at, n * sizeof *b->ts);
    const hr_text **text = hr_row_out_column(out, 1);
    for (uint32_t i = 0; i < n; i++)
        text[i] = &b->lines[b->which[at + i]]->label->symbol;
    for (uint32_t c = 0; c < b->e->part[0].n_out; c++) {
        const double *from = b->out + (size_t)c * b->cap;
        gather(hr_row_out_column(out, c + 2), from, b->place + at, n);
    }
    return hr_row_out_took(out, n, err);
}

static hr_status put_row(hr_row_out *out, const hr_calc_batch *b, uint32_t i, hr_err *err)
{
    hr_cell cell[HR_ROW_FIELDS_MAX] HR_UNINIT;
    cell[0] = hr_cell_i64(b->ts[i]);
    cell[1] = hr_cell_text(&b->lines[b->which[i]]->label->symbol);
    for (uint32_t c = 0; c < b->e->part[0].n_out; c++)
        hr_cell_set_real(&cell[c + 2], b->out[(size_t)c * b->cap + b->place[i]]);
    return hr_row_out_put(out, cell, err);
}

hr_status hr_calc_out_put(hr_row_out *out, const hr_program *p, hr_calc_rows rows, hr_calc_batch *b,
                          hr_err *err)
{
    const bool has_columns = hr_row_out_has_columns(out);
    uint32_t n_rows = keep_wanted(p, rows, b);
    for (uint32_t n, at = 0; at < n_rows; at += n) {
        n = has_columns ? HR_MIN(n_rows - at, hr_row_out_room(out)) : 1;
        HR_TRY(has_columns ? put_columns(out, b, at, n, err) : put_row(out, b, at, err));
    }
    return HR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_CALC_OUT_H
#define HR_JOB_CALC_OUT_H
/* What a batch worked out as rows of a file: to Parquet and Arrow column by column, to text row by
 * row. Private to job. */
#include "convert/row_out.h"
#include "eval/program.h"
#include "job/calc_batch.h"

#define HR_CALC_OUTPUTS_MAX (HR_ROW_FIELDS_MAX - 2u)

/** Names of outputs as fields: ts_event, instrument, then the outputs; field[HR_ROW_FIELDS_MAX]. */
HR_MUST_USE hr_status hr_calc_out_fields(hr_row_field *field, uint32_t *n_fields, const hr_expr *x,
                                         hr_err *err);
/** In the batch's emit: those of its rows that are not quiet and that `rows` asks for. */
HR_MUST_USE hr_status hr_calc_out_put(hr_row_out *out, const hr_program *p, hr_calc_rows rows,
                                      hr_calc_batch *b, hr_err *err);

#endif

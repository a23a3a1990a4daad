/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_APP_APP_CALC_H
#define HR_APP_APP_CALC_H
/* What the program says of expressions, and how it takes them. */
#include <stdio.h>

#include "eval/program.h"

#define HR_APP_PARAMS_MAX 64u

/** "fast=2s,k=0.5" as parameters; list NULL: none. name holds their names. */
HR_MUST_USE hr_status hr_app_params_parse(hr_expr_param *param, char name[][HR_EXPR_NAME_MAX + 1],
                                          uint32_t *n_params, const char *list, hr_err *err);
/** *text "@FILE" becomes what the file holds, HR_EXPR_TEXT_MAX bytes at most; *n its length. */
HR_MUST_USE hr_status hr_app_expr_text(const char **text, size_t *n, hr_err *err);
/** Every function, or that of one name, those of plugins too; json: one object a line of a list. */
HR_MUST_USE hr_status hr_app_list_functions(FILE *to, const char *name, bool json,
                                            char *const *plugin, uint32_t n_plugins, hr_err *err);
/** The program's steps, with what each took of n_rows rows. */
void hr_app_explain(FILE *to, const hr_program *p, uint64_t n_rows, const uint64_t *step_ns);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_APP_APP_CHECK_H
#define HR_APP_APP_CHECK_H
/* A watched run that writes nothing, for the verbs that look at files. */
#include "job/check.h"

typedef struct hr_app_checked {
    hr_check *check;
    hr_run *run;
    hr_run_report report;
    hr_status end; /* HR_OK, or HR_ECORRUPT with `err`: the input is damaged from some place on */
    hr_err err;
} hr_app_checked;

/** A plan that only checks: the touch alone, no table. hr_plan_fini undoes it. */
void hr_app_check_plan(hr_plan *plan);
/** Reads all inputs of the plan (borrowed until close). Damaged input is HR_OK with x->end set;
 *  other failures are returned. Close after either. */
HR_MUST_USE hr_status hr_app_check_run(hr_app_checked *x, const hr_plan *plan, hr_err *err);
/** The same; q gathers figures by hour, NULL: none. */
HR_MUST_USE hr_status hr_app_check_measured(hr_app_checked *x, const hr_plan *plan,
                                            struct hr_quality *q, hr_err *err);
void hr_app_check_close(hr_app_checked *x);
/** "instruments":[..] as a JSON member. */
void hr_app_check_json_instruments(const hr_app_checked *x);
/** "sources":[..] as a JSON member. */
void hr_app_check_json_sources(const hr_app_checked *x);
/** Prints s as a JSON string, or null; bytes that are no UTF-8 as if they were Latin-1. */
void hr_app_json_text(const char *s);
/** Prints a time as YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ; "-" for HR_NULL_I64. */
void hr_app_time_text(char out[40], int64_t ns);

#endif

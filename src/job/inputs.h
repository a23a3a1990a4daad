/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_INPUTS_H
#define HR_JOB_INPUTS_H
/* What the inputs of a plan stand for: folders, patterns and ranges of days to files. See
 * docs/modules/plan.md, "Inputs". */
#include "pipe/plan.h"

typedef struct hr_inputs_options {
    bool keeps_datasets;                       /* a folder with a manifest stays as it is named */
    /* of a file that is no input: take it all the same, where its folder holds nothing else? */
    bool (*takes_too)(const char *path);
    void (*say)(void *self, const char *text); /* each file left out, each day that is missing */
    void *self;
} hr_inputs_options;

typedef struct hr_inputs_report {
    bool any_pattern;    /* some input was no plain path */
    uint32_t n_left_out; /* files below a folder that are no input of ours */
    uint32_t n_missing;  /* days of a range without a file, which the plan allows */
    uint32_t n_repeated; /* files met before */
} hr_inputs_report;

/** Replaces p->inputs by files. A path that exists is itself, whatever is in its name; matches of
 * one input are sorted by path, inputs keep their order. Without a folder, pattern or range nothing
 * changes. Sets p->out where it is empty and the first input is a folder: FOLDER.headrace. */
HR_MUST_USE hr_status hr_inputs_expand(hr_plan *p, const hr_inputs_options *o,
                                       hr_inputs_report *report, hr_err *err);

#endif

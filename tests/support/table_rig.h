/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_TABLE_RIG_H
#define HR_TESTS_SUPPORT_TABLE_RIG_H
/* A plain table opened for its rows, as calc opens it. Too large for a frame, and not to be moved:
 * what is open points into it. */
#include "job/calc_input.h"

typedef struct table_rig {
    hr_calc_table table;
    hr_calc_words words;
    uint32_t used[1];
    hr_calc_rejects rejects;
    hr_calc_input_options options;
    hr_calc_input *in; /* the caller's to close */
} table_rig;

/** Any other outcome than an open table fails the test. words: NULL, nothing is said of its
 * columns; number: the column whose numbers are wanted, or NULL; stop: as in the options. */
void table_rig_open(table_rig *t, const char *path, const hr_calc_words *words, const char *number,
                    const _Atomic uint32_t *stop);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_VERB_RUN_H
#define HR_TESTS_SUPPORT_VERB_RUN_H
/* A verb of the program inside a test, over whatever hr_sys table is installed: what it prints is
 * caught. */
#include <stddef.h>

#define VERB_TEXT_MAX (256u << 10)

typedef struct verb_result {
    int code; /* exit code */
    char out[VERB_TEXT_MAX], err[VERB_TEXT_MAX];
} verb_result;

/** line: the verb and its arguments, separated by single blanks. */
void verb_run(const char *line, verb_result *r);

#endif

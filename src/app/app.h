/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_APP_APP_H
#define HR_APP_APP_H
/* Verbs of the program: each takes its own argv (argv[0] is the verb) and returns an exit code. */
#include "base/status.h"

int hr_cmd_asof(int argc, char **argv);
int hr_cmd_bars(int argc, char **argv);
int hr_cmd_calc(int argc, char **argv);
int hr_cmd_convert(int argc, char **argv);
int hr_cmd_gen(int argc, char **argv);
int hr_cmd_inspect(int argc, char **argv);
int hr_cmd_run(int argc, char **argv);
int hr_cmd_verify(int argc, char **argv);

/** Prints "headrace: message" and gives the exit code that belongs to it. */
int hr_app_fail(const hr_err *err);

#endif

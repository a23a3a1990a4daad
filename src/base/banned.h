/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BASE_BANNED_H
#define HR_BASE_BANNED_H
/* Calls that do not compile: they write past ends, keep hidden state, or cannot tell an error. The
 * build puts this header before every source. The C headers come first, so that their own
 * declarations are read before the names are spoiled. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* macros in some C headers */
#undef sprintf
#undef vsprintf
#undef alloca
/* the end of the target is not known to them */
#pragma GCC poison strcpy strcat strncat stpcpy sprintf vsprintf gets
/* leaves a text without its end */
#pragma GCC poison strncpy stpncpy
/* hidden state, shared by threads */
#pragma GCC poison strtok gmtime localtime ctime asctime rand srand drand48
/* errors that cannot be told */
#pragma GCC poison atoi atol atoll atof
/* a shell; names that another program can take first */
#pragma GCC poison system popen tmpnam tempnam mktemp
/* unbounded stack */
#pragma GCC poison alloca

#endif

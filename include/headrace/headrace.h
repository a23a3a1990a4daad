/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HEADRACE_HEADRACE_H
#define HEADRACE_HEADRACE_H
/* The public face of libheadrace. */

#define HEADRACE_VERSION_MAJOR 0
#define HEADRACE_VERSION_MINOR 1
#define HEADRACE_VERSION_PATCH 0

#endif

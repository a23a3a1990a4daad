/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BASE_ASSERT_H
#define HR_BASE_ASSERT_H
/* Programmer errors only, never outside data. HR_ASSERT is always on; HR_DASSERT in debug builds.
 */
#include "base/attr.h"

HR_NORETURN HR_COLD void hr_assert_fail(const char *expr, const char *file, int line);

#define HR_ASSERT(expr) (HR_LIKELY(expr) ? (void)0 : hr_assert_fail(#expr, __FILE__, __LINE__))
#ifdef HR_DEBUG
#define HR_DASSERT(expr) HR_ASSERT(expr)
#else
#define HR_DASSERT(expr) ((void)0)
#endif

#endif

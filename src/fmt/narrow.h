/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_NARROW_H
#define HR_FMT_NARROW_H
/* Whole numbers that were read as 64 bits into a narrower column. Private to fmt. */
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/** width: 1, 2 or 4 bytes; the caller knows that they fit. */
HR_INLINE void hr_narrow(void *out, const int64_t *v, uint32_t n, size_t width)
{
    for (uint32_t i = 0; width == 1 && i < n; i++)
        ((uint8_t *)out)[i] = (uint8_t)v[i];
    for (uint32_t i = 0; width == 2 && i < n; i++)
        ((uint16_t *)out)[i] = (uint16_t)v[i];
    for (uint32_t i = 0; width == 4 && i < n; i++)
        ((uint32_t *)out)[i] = (uint32_t)v[i];
}

#endif

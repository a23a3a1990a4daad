/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_WINDOW_WIN_LATE_SUMS_H
#define HR_OPS_WINDOW_WIN_LATE_SUMS_H
/* Exact sums of doubles and of their squares: whole numbers over the range of all of them, in limbs
 * of 32 bits that are kept in 64 (Neal 2015, "Fast exact summation using small and large
 * superaccumulators"). A row is added to three or five limbs and taken out of them again; no carry
 * is passed on meanwhile, so a limb is the plain sum of what each row of the window has there. The
 * order in which rows came and those that have left cannot be felt. */
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

#define HR_LATE_LIMBS 68u         /* of sums: 2^-1074 is the unit of the first */
#define HR_LATE_SQUARE_LIMBS 136u /* of squares: 2^-2148 */
#define HR_LATE_SUM_ROWS 0x3fffffffu

typedef struct hr_late_sum {
    int64_t limb[HR_LATE_LIMBS];
    uint32_t count[64]; /* rows whose lowest limb it is */
    uint64_t filled;    /* a bit for each count that is not 0 */
    uint64_t pad[3];
} hr_late_sum;
_Static_assert(sizeof(hr_late_sum) % 64 == 0, "sum: whole lines");

typedef struct hr_late_squares {
    hr_late_sum sum;
    int64_t limb[HR_LATE_SQUARE_LIMBS];
} hr_late_squares;
_Static_assert(sizeof(hr_late_squares) % 64 == 0, "sum: whole lines");

/* |x| = size * 2^(place - 1074), place up to 2045. */
HR_INLINE uint64_t hr_late_parts(uint64_t bits, uint32_t *place)
{
    uint64_t size = bits & ((UINT64_C(1) << 52) - 1);
    uint32_t exponent = (uint32_t)(bits >> 52) & 0x7ff;
    *place = exponent - (exponent > 0);
    return size | (uint64_t)(exponent > 0) << 52;
}

/* sign: 1 for a row that comes, -1 for one that leaves; x: finite. */
HR_INLINE void hr_late_sum_add(hr_late_sum *s, double x, int sign)
{
    uint64_t bits;
    uint32_t place;
    __builtin_memcpy(&bits, &x, sizeof bits);
    uint64_t size = hr_late_parts(bits, &place);
    if (size == 0) return;
    uint32_t i = place >> 5;
    int64_t by = bits >> 63 ? -sign : sign;
    uint64_t low = (size & UINT32_MAX) << (place & 31);
    uint64_t high = ((size >> 32) << (place & 31)) + (low >> 32);
    s->limb[i] += by * (int64_t)(low & UINT32_MAX);
    s->limb[i + 1] += by * (int64_t)(high & UINT32_MAX);
    s->limb[i + 2] += by * (int64_t)(high >> 32);
    s->count[i] += (uint32_t)sign; /* modulo 2^32 */
    uint64_t bit = UINT64_C(1) << i;
    s->filled = s->count[i] > 0 ? s->filled | bit : s->filled & ~bit;
}

HR_INLINE void hr_late_squares_add(hr_late_squares *s, double x, int sign)
{
    uint64_t bits;
    uint32_t place;
    hr_late_sum_add(&s->sum, x, sign);
    __builtin_memcpy(&bits, &x, sizeof bits);
    uint64_t size = hr_late_parts(bits, &place);
    __extension__ typedef unsigned __int128 wide;
    wide square = (wide)size * size;
    uint32_t shift = 2 * place & 31;
    int64_t *limb = s->limb + (2 * place >> 5);
    uint64_t carry = 0;
    for (int k = 0; k < 4; k++) {
        carry += (uint64_t)(uint32_t)(square >> (32 * k)) << shift;
        limb[k] += sign * (int64_t)(carry & UINT32_MAX);
        carry >>= 32;
    }
    limb[4] += sign * (int64_t)carry;
}

/** The sum, rounded once. */
double hr_late_sum_value(const hr_late_sum *s);

/** Population variance of the n rows whose sums these are, n up to HR_LATE_SUM_ROWS: n times the
 * sum of squares less the square of the sum, exact and rounded once, by n^2. */
double hr_late_squares_var(const hr_late_squares *s, uint32_t n);

#endif

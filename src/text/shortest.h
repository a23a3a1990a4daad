/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TEXT_SHORTEST_H
#define HR_TEXT_SHORTEST_H
/* The shortest decimal that is read as a double (R. Giulietti, "The Schubfach way to render
 * doubles", 2020). */
#include <stdint.h>

/* digits * 10^exponent */
typedef struct hr_shortest {
    uint64_t digits; /* up to 17, the last of them not 0 */
    int exponent;
} hr_shortest;

/** Of the decimals with the fewest digits that are read as v (nearest, ties to even) the nearest. v
 * is positive and normal. */
hr_shortest hr_shortest_of(double v);

/* [k + 292]: 10^k to 128 bits, rounded up, the high 64 first. Private to shortest.c. */
extern const uint64_t hr_shortest_pow10[617][2];

#endif

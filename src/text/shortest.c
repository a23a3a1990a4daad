/* SPDX-License-Identifier: Apache-2.0 */
#include "text/shortest.h"

#include <stdbool.h>
#include <string.h>

#include "base/assert.h"
#include "text/wide.h"

#define POW10_FIRST (-292)
#define MANTISSA_BITS 52
#define BIAS 1075 /* of the exponent of a mantissa that is a whole number */

/* floor(log10(2^q)), and of 3/4 of it; floor(log2(10^k)): for exponents of doubles exact. */
static int log10_pow2(int q, bool is_three_quarters)
{
    return (q * 1262611 - (is_three_quarters ? 524031 : 0)) >> 22;
}

static int log2_pow10(int k)
{
    return (k * 1741647) >> 19;
}

/* The upper 64 bits of g * c >> 64; the lowest bit says too whether any below it was set. */
static uint64_t round_to_odd(const uint64_t *g, uint64_t c)
{
    const hr_uwide low = (hr_uwide)g[1] * c;
    const hr_uwide high = (hr_uwide)g[0] * c + (uint64_t)(low >> 64);
    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

static hr_shortest without_zeros(uint64_t digits, int exponent)
{
    while (digits % 10 == 0) {
        digits /= 10;
        exponent++;
    }
    return (hr_shortest){.digits = digits, .exponent = exponent};
}

hr_shortest hr_shortest_of(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    const uint64_t mantissa = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1);
    const int biased = (int)(bits >> MANTISSA_BITS);
    HR_DASSERT(biased > 0 && biased < 2047);
    const uint64_t c = mantissa | UINT64_C(1) << MANTISSA_BITS;
    const int q = biased - BIAS;
    const bool is_even = c % 2 == 0;
    const bool is_power = mantissa == 0 && biased > 1; /* the number below it is nearer */
    const int k = log10_pow2(q, is_power);
    const int h = q + log2_pow10(-k) + 1;
    const uint64_t *g = hr_shortest_pow10[-k - POW10_FIRST];
    /* four times v and the ends of what is read as v, by 10^k */
    const uint64_t at = round_to_odd(g, 4 * c << h);
    const uint64_t low = round_to_odd(g, (4 * c - 2 + is_power) << h) + !is_even;
    const uint64_t high = round_to_odd(g, (4 * c + 2) << h) - !is_even;
    const uint64_t s = at / 4;
    const uint64_t tens = s / 10;
    bool is_under = low <= 40 * tens;
    bool is_over = 40 * tens + 40 <= high;
    if (is_under != is_over) return without_zeros(tens + is_over, k + 1);
    is_under = low <= 4 * s;
    is_over = 4 * s + 4 <= high;
    if (is_under != is_over) return without_zeros(s + is_over, k);
    const uint64_t middle = 4 * s + 2;
    const bool is_up = at > middle || (at == middle && s % 2 != 0);
    return without_zeros(s + is_up, k);
}

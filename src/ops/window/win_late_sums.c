/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/window/win_late_sums.h"

#include <math.h>
#include <string.h>

#define DIGITS (HR_LATE_SQUARE_LIMBS + 6u)

/* digit[0] is worth 2^(32 * place) units. */
typedef struct whole {
    uint32_t digit[DIGITS];
    uint32_t n, place;
    bool is_negative;
} whole;

/* Limbs [from, from + n) with their carries passed on. */
static void carry_on(whole *w, const int64_t *limb, uint32_t from, uint32_t n)
{
    int64_t carry = 0;
    for (uint32_t i = 0; i < n; i++) {
        carry += limb[from + i];
        w->digit[i] = (uint32_t)carry;
        carry >>= 32;
    }
    w->place = from;
    w->is_negative = carry < 0;
    w->digit[n] = (uint32_t)carry;
    w->n = n + 1;
    if (!w->is_negative) return;
    uint64_t one = 1;
    for (uint32_t i = 0; i <= n; i++) {
        one += ~w->digit[i];
        w->digit[i] = (uint32_t)one;
        one >>= 32;
    }
}

/* 2^63 and more, odd where bits below were lost, that it is rounded as it should be; times
 * 2^*exponent. 0: all digits are. */
static uint64_t leading(const whole *w, int *exponent)
{
    uint32_t top = w->n;
    while (top > 0 && w->digit[top - 1] == 0)
        top--;
    if (top == 0) return 0;
    uint32_t at = top - 1;
    uint64_t high = (uint64_t)w->digit[at] << 32 | (at > 0 ? w->digit[at - 1] : 0);
    uint32_t third = at > 1 ? w->digit[at - 2] : 0;
    uint32_t any = 0;
    for (uint32_t i = 0; i + 2 < at; i++)
        any |= w->digit[i];
    unsigned shift = (unsigned)__builtin_clz(w->digit[at]);
    uint64_t below = (uint64_t)third << shift;
    uint64_t size = high << shift | below >> 32;
    *exponent = 32 * ((int)w->place + (int)at - 1) - (int)shift;
    return size | (uint64_t)((below & UINT32_MAX) != 0 || any != 0);
}

/* Half of it, that it has a sign bit to spare; the bit that goes is kept as a lost one. */
static double rounded(uint64_t size)
{
    return (double)(int64_t)(size >> 1 | (size & 1));
}

/* x * 2^e, where the power is an ordinary number as one product. */
static double scaled(double x, int e)
{
    if (e < -1022 || e > 1023) return ldexp(x, e);
    uint64_t bits = (uint64_t)(e + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return x * power;
}

/* The limbs that rows have something in. */
static void span_of(const hr_late_sum *s, uint32_t *from, uint32_t *to)
{
    *from = (uint32_t)__builtin_ctzll(s->filled);
    *to = 63 - (uint32_t)__builtin_clzll(s->filled) + 3;
}

double hr_late_sum_value(const hr_late_sum *s)
{
    whole w;
    uint32_t from;
    uint32_t to;
    int e;
    if (s->filled == 0) return 0;
    span_of(s, &from, &to);
    carry_on(&w, s->limb, from, to - from);
    uint64_t size = leading(&w, &e);
    if (size == 0) return 0;
    double v = scaled(rounded(size), e + 1 - 1074);
    return w.is_negative ? -v : v;
}

static void multiply(whole *w, uint32_t by)
{
    uint64_t carry = 0;
    for (uint32_t i = 0; i < w->n; i++) {
        carry += (uint64_t)w->digit[i] * by;
        w->digit[i] = (uint32_t)carry;
        carry >>= 32;
    }
    w->digit[w->n++] = (uint32_t)carry;
}

/* a -= b^2; a has the place of b^2 or a lower one, and is not less. */
static void take_square(whole *a, const whole *b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = 0;
    int64_t borrow = 0;
    uint32_t at = 2 * b->place - a->place;
    for (uint32_t c = 0; at + c < a->n; c++) {
        uint32_t first = c < b->n ? 0 : c - b->n + 1;
        uint32_t last = HR_MIN(c + 1, b->n);
        for (uint32_t i = first; i < last; i++)
            product += (uint64_t)b->digit[i] * b->digit[c - i];
        borrow += (int64_t)a->digit[at + c] - (int64_t)(uint32_t)product;
        a->digit[at + c] = (uint32_t)borrow;
        borrow >>= 32;
        product >>= 32;
    }
}

double hr_late_squares_var(const hr_late_squares *s, uint32_t n)
{
    whole sum;
    whole squares;
    uint32_t from;
    uint32_t to;
    int e;
    if (s->sum.filled == 0) return 0;
    span_of(&s->sum, &from, &to);
    carry_on(&sum, s->sum.limb, from, to - from);
    carry_on(&squares, s->limb, 2 * from, 2 * (to - from));
    multiply(&squares, n);
    take_square(&squares, &sum);
    uint64_t size = leading(&squares, &e);
    if (size == 0) return 0;
    return scaled(rounded(size) / ((double)n * (double)n), e + 1 - 2148);
}

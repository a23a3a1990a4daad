/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/expr_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const hr_expr_unit open_unit = {.is_open = true};

bool hr_expr_unit_agree(hr_expr_unit *out, hr_expr_unit a, hr_expr_unit b)
{
    if (a.is_open || b.is_open) {
        *out = open_unit;
        return true;
    }
    *out = a.is_free ? b : a;
    return a.is_free || b.is_free || memcmp(a.power, b.power, sizeof a.power) == 0;
}

bool hr_expr_unit_times(hr_expr_unit *out, hr_expr_unit a, hr_expr_unit b, int sign)
{
    *out = open_unit;
    if (a.is_open || b.is_open) return true;
    *out = (hr_expr_unit){.is_free = a.is_free && b.is_free};
    for (unsigned i = 0; i < HR_EXPR_BASES; i++) {
        int power = a.power[i] + sign * b.power[i];
        if (power > HR_EXPR_POWER_MAX || power < -HR_EXPR_POWER_MAX) return false;
        out->power[i] = (int8_t)power;
    }
    return true;
}

bool hr_expr_unit_is_ratio(hr_expr_unit u)
{
    static const int8_t none[HR_EXPR_BASES];
    return u.is_open || memcmp(u.power, none, sizeof none) == 0;
}

bool hr_expr_unit_power(hr_expr_unit *out, hr_expr_unit u, double power)
{
    *out = u;
    for (unsigned i = 0; i < HR_EXPR_BASES; i++) {
        double p = u.power[i] * power;
        if (!(fabs(p) <= HR_EXPR_POWER_MAX) || p != rint(p)) return u.power[i] == 0;
        out->power[i] = (int8_t)p;
    }
    return true;
}

static hr_expr_unit of_base(hr_expr_base base, int power)
{
    hr_expr_unit u = {0};
    u.power[base] = (int8_t)power;
    return u;
}

bool hr_expr_unit_rule(hr_expr_unit *out, unsigned rule, const hr_expr_unit *in, uint32_t n_in)
{
    hr_expr_unit a = n_in > 0 ? in[0] : open_unit;
    hr_expr_unit b = n_in > 1 ? in[1] : open_unit;
    switch ((hr_op_unit)rule) {
    case HR_OP_SAME:
        *out = a;
        for (uint32_t i = 1; i < n_in; i++)
            if (!hr_expr_unit_agree(out, *out, in[i])) return false;
        return true;
    case HR_OP_SQUARE:
        return hr_expr_unit_times(out, a, a, 1);
    case HR_OP_PRODUCT:
        return hr_expr_unit_times(out, a, b, 1);
    case HR_OP_PER:
        return hr_expr_unit_times(out, a, b, -1);
    case HR_OP_RATIO:
        *out = (hr_expr_unit){0};
        return true;
    case HR_OP_COUNT:
        *out = of_base(HR_EXPR_COUNT, 1);
        return true;
    case HR_OP_SPAN:
        *out = of_base(HR_EXPR_TIME, 1);
        return true;
    case HR_OP_RATE:
        *out = of_base(HR_EXPR_TIME, -1);
        return true;
    case HR_OP_PRICE:
        *out = of_base(HR_EXPR_PRICE, 1);
        return true;
    case HR_OP_QUANTITY:
        *out = of_base(HR_EXPR_QUANTITY, 1);
        return true;
    case HR_OP_ANY:
        break;
    }
    *out = open_unit;
    return true;
}

/* "price^2*count" of the powers of that sign; the number of bases in it. */
static unsigned side_text(char *out, size_t cap, hr_expr_unit u, int sign)
{
    static const char *const names[HR_EXPR_BASES] = {"price", "quantity", "time", "count"};
    unsigned n = 0;
    size_t k = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < HR_EXPR_BASES; i++) {
        int power = u.power[i] * sign;
        if (power <= 0) continue;
        k += (size_t)snprintf(out + k, cap - k, "%s%s", n > 0 ? "*" : "", names[i]);
        if (power > 1) k += (size_t)snprintf(out + k, cap - k, "^%d", power);
        n++;
    }
    return n;
}

const char *hr_expr_unit_text(char *out, size_t cap, hr_expr_unit u)
{
    char above[48];
    char below[48];
    unsigned n_above = side_text(above, sizeof above, u, 1);
    unsigned n_below = side_text(below, sizeof below, u, -1);
    if (u.is_open || u.is_free)
        snprintf(out, cap, u.is_open ? "any unit" : "number");
    else if (n_above + n_below == 0)
        snprintf(out, cap, "ratio");
    else if (n_below == 0)
        snprintf(out, cap, "%s", above);
    else
        snprintf(out, cap, n_below > 1 ? "%s/(%s)" : "%s/%s", n_above > 0 ? above : "1", below);
    return out;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "venue/files/lobster.h"

#include <string.h>

#include "text/csv.h"
#include "text/decimal.h"

#define N_FIELDS 6u
#define FIELDS_MAX 7u
#define DAY_NS (INT64_C(86400) * 1000000000)
#define SEED_PX_BITS 46
#define TIME_DECIMALS 9u
#define TIME_TEXT_MAX 32u

enum { F_TIME, F_TYPE, F_ID, F_SIZE, F_PRICE, F_DIRECTION };

static bool take_int(int64_t *out, const hr_csv_field *f)
{
    return hr_int_parse(out, f->s, f->n) == HR_OK;
}

/* Seconds to nanoseconds. Digits past the ninth decimal are what a float made of the time on its
 * way (35821.088778456004): the nearest nanosecond is what was meant. */
static bool take_time(int64_t *out, const char *s, size_t n)
{
    const char *dot = memchr(s, '.', n);
    size_t n_whole = dot != NULL ? (size_t)(dot - s) : n;
    size_t n_digits = HR_MIN(n, n_whole + 1 + TIME_DECIMALS);
    bool rounds_up = n > n_digits && s[n_digits] >= '5';
    if (n_whole > 0 && (s[0] < '0' || s[0] > '9')) return false; /* no sign, no "-0" */
    if (n > TIME_TEXT_MAX || hr_decimal_parse(out, s, n_digits, TIME_DECIMALS) != HR_OK)
        return false;
    for (size_t i = n_digits; i < n; i++) {
        if (s[i] < '0' || s[i] > '9') return false;
    }
    *out += rounds_up;
    return *out < DAY_NS;
}

/* Type 7 says by its price what the session does. */
static uint8_t state_code(int64_t px)
{
    return px == -1 ? 'H' : px == 0 ? 'Q' : px == 1 ? 'T' : 0;
}

static hr_itch_reason take_row(hr_itch_msg *o, const hr_csv_field *f)
{
    static const char letter[] = "-AXDEPQH";
    int64_t ts_ns;
    int64_t type;
    int64_t id;
    int64_t size;
    int64_t px;
    int64_t direction;
    if (!take_time(&ts_ns, f[F_TIME].s, f[F_TIME].n)) return HR_ITCH_TIME;
    if (!take_int(&type, &f[F_TYPE]) || type < 1 || type > 7) return HR_ITCH_TYPE;
    if (!take_int(&id, &f[F_ID]) || !take_int(&size, &f[F_SIZE]) || !take_int(&px, &f[F_PRICE]))
        return HR_ITCH_NUMBER;
    if (!take_int(&direction, &f[F_DIRECTION]) || (direction != 1 && direction != -1))
        return HR_ITCH_SIDE;
    *o = (hr_itch_msg){.type = (uint8_t)letter[type], .side = HR_SIDE_NONE, .ts_ns = ts_ns};
    if (type == 7) {
        o->code = state_code(px);
        return o->code != 0 ? HR_ITCH_FINE : HR_ITCH_NUMBER;
    }
    if (size < 0 || px < 0) return HR_ITCH_NUMBER;
    o->qty = size;
    o->px = px;
    if (type == 6) return HR_ITCH_FINE; /* its id is -1, its direction a convention */
    if (id < 0) return HR_ITCH_NUMBER;
    o->id = (uint64_t)id;
    o->side = direction == 1 ? HR_SIDE_BID : HR_SIDE_ASK;
    return HR_ITCH_FINE;
}

static bool is_blank(const hr_csv_field *f, uint32_t n)
{
    return n == 1 && f[0].n == 0;
}

static hr_status refuse(hr_itch_step *step, hr_itch_reason reason, size_t n_skip)
{
    step->reason = reason;
    step->offset = step->n_taken;
    step->n_taken += n_skip;
    return HR_EINPUT;
}

hr_status hr_lobster_decode(hr_itch_step *step, hr_itch_msg *out, uint32_t cap, const char *p,
                            size_t n_bytes, bool at_eof)
{
    hr_csv_field f[FIELDS_MAX];
    *step = (hr_itch_step){.reason = HR_ITCH_FINE};
    while (step->n_taken < n_bytes) {
        uint32_t n;
        const char *next;
        const char *row = p + step->n_taken;
        hr_status st = hr_csv_row(f, FIELDS_MAX, &n, &next, row, p + n_bytes, at_eof);
        if (st == HR_AGAIN || st == HR_END) break;
        size_t n_row = (size_t)(next - row);
        if (st == HR_OK && is_blank(f, n)) {
            step->n_taken += n_row;
            continue;
        }
        if (step->n_msgs == cap) return HR_FULL;
        if (st != HR_OK || n < N_FIELDS) return refuse(step, HR_ITCH_FIELDS, n_row);
        hr_itch_reason reason = take_row(&out[step->n_msgs], f);
        if (reason != HR_ITCH_FINE) return refuse(step, reason, n_row);
        step->n_taken += n_row;
        step->n_msgs++;
    }
    return HR_OK;
}

static uint64_t seed_id(uint16_t locate, uint8_t side, int64_t px)
{
    return HR_LOBSTER_SEED | (uint64_t)locate << (SEED_PX_BITS + 1) | (uint64_t)px << 1 | side;
}

static bool has_seed_id(uint8_t side, int64_t px)
{
    return side <= HR_SIDE_ASK && px >= 0 && px < INT64_C(1) << SEED_PX_BITS;
}

hr_status hr_lobster_seed(hr_l3 *b, hr_l3_change *out, uint16_t locate, hr_side side, int64_t px,
                          int64_t qty)
{
    bool is_good = has_seed_id((uint8_t)side, px);
    hr_l3_order o = {.id = is_good ? seed_id(locate, (uint8_t)side, px) : HR_LOBSTER_SEED,
                     .px = is_good ? px : 0, /* the book judges and counts it */
                     .qty = qty,
                     .instrument = locate,
                     .side = (uint8_t)side};
    return hr_l3_add(b, out, &o);
}

hr_status hr_lobster_apply(hr_l3 *b, hr_l3_change *out, const hr_itch_msg *m)
{
    hr_l3_order o;
    bool takes = m->type == 'X' || m->type == 'D' || m->type == 'E';
    if (!takes || hr_l3_find(b, &o, m->id) || !has_seed_id(m->side, m->px))
        return hr_itch_apply(b, out, m);
    uint64_t id = seed_id(m->locate, m->side, m->px);
    if (!hr_l3_find(b, &o, id)) return hr_itch_apply(b, out, m);
    if (m->type == 'E')
        hr_l3_execute(b, out, id, m->qty);
    else
        hr_l3_cancel(b, out, id, m->qty);
    return HR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to bytes: the way back of itch.c, for the types that files of our own need. */
#include <string.h>

#include "venue/files/itch.h"

static uint8_t *put16(uint8_t *p, uint64_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
    return p + 2;
}

static uint8_t *put32(uint8_t *p, uint64_t v)
{
    return put16(put16(p, v >> 16), v);
}

static uint8_t *put48(uint8_t *p, uint64_t v)
{
    return put32(put16(p, v >> 32), v);
}

static uint8_t *put64(uint8_t *p, uint64_t v)
{
    return put32(put32(p, v >> 32), v);
}

static uint8_t *put_stock(uint8_t *p, const char stock[8])
{
    for (int i = 0; i < 8; i++)
        p[i] = stock[i] != '\0' ? (uint8_t)stock[i] : ' ';
    return p + 8;
}

/* A, F and P agree up to their price. */
static uint8_t *put_order(uint8_t *p, const hr_itch_msg *m)
{
    p = put64(p, m->id);
    *p++ = m->side == HR_SIDE_ASK ? 'S' : 'B';
    p = put32(p, (uint64_t)m->qty);
    p = put_stock(p, m->stock);
    return put32(p, (uint64_t)m->px);
}

/* Round lots of 100, a tier 1 common stock in production: what readers look at is the name. */
static uint8_t *put_directory(uint8_t *p, const hr_itch_msg *m)
{
    static const uint8_t rest[14] = {'N', 'C', 'Z', ' ', 'P', 'N', ' ', '1', 'N', 0, 0, 0, 0, 'N'};
    p = put_stock(p, m->stock);
    *p++ = m->code != 0 ? m->code : 'Q';
    *p++ = 'N';
    p = put32(p, (uint64_t)m->qty);
    memcpy(p, rest, sizeof rest);
    return p + sizeof rest;
}

static uint8_t *put_fields(uint8_t *p, const hr_itch_msg *m)
{
    switch (m->type) {
    case 'S':
        *p = m->code;
        return p + 1;
    case 'R':
        return put_directory(p, m);
    case 'A':
        return put_order(p, m);
    case 'P':
        return put64(put_order(p, m), m->match);
    case 'E':
        return put64(put32(put64(p, m->id), (uint64_t)m->qty), m->match);
    case 'C':
        p = put64(put32(put64(p, m->id), (uint64_t)m->qty), m->match);
        *p++ = m->code != 0 ? m->code : 'Y';
        return put32(p, (uint64_t)m->px);
    case 'X':
        return put32(put64(p, m->id), (uint64_t)m->qty);
    case 'D':
        return put64(p, m->id);
    case 'U':
        p = put64(put64(p, m->id), m->id2);
        return put32(put32(p, (uint64_t)m->qty), (uint64_t)m->px);
    case 'Q':
        p = put_stock(put64(p, (uint64_t)m->qty), m->stock);
        p = put64(put32(p, (uint64_t)m->px), m->match);
        *p = m->code != 0 ? m->code : 'O';
        return p + 1;
    default:
        return NULL;
    }
}

size_t hr_itch_put(uint8_t *out, const hr_itch_msg *m)
{
    uint8_t *p = put16(out, hr_itch_length(m->type));
    *p++ = m->type;
    p = put48(put16(put16(p, m->locate), m->tracking), (uint64_t)m->ts_ns);
    p = put_fields(p, m);
    return p != NULL ? (size_t)(p - out) : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "dbn_made.h"

#include <string.h>

void dbn_made_put(uint8_t *p, uint64_t value, unsigned n_bytes)
{
    for (unsigned i = 0; i < n_bytes; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

static size_t put_name(uint8_t *p, const char *s, size_t width)
{
    memset(p, 0, width);
    memcpy(p, s, strlen(s));
    return width;
}

static size_t put_count(uint8_t *p, uint32_t n)
{
    dbn_made_put(p, n, 4);
    return 4;
}

size_t dbn_made_header_put(uint8_t *p, const dbn_made_header *h)
{
    size_t width = h->version == 1 ? 22 : 71;
    uint8_t *f = p + 8;
    memset(p, 0, 108);
    memcpy(p, "DBN", 3);
    p[3] = (uint8_t)h->version;
    (void)put_name(f, h->dataset, 16);
    dbn_made_put(f + 16, h->schema, 2);
    dbn_made_put(f + 18, 1000, 8);
    dbn_made_put(f + 26, UINT64_MAX, 8);
    dbn_made_put(f + 34, 77, 8);
    uint8_t *k = f + (h->version == 1 ? 50 : 42);
    k[0] = h->stype_in;
    k[1] = h->stype_out;
    k[2] = h->ts_out;
    if (h->version > 1) dbn_made_put(k + 3, width, 2);
    uint8_t *q = f + 100;
    q += put_count(q, 0);
    q += put_count(q, h->n_mappings);
    for (uint32_t i = 0; i < h->n_mappings; i++)
        q += put_name(q, h->mappings[i].raw, width);
    q += put_count(q, 1);
    q += put_name(q, "PART", width);
    q += put_count(q, 0);
    q += put_count(q, h->n_mappings);
    for (uint32_t i = 0; i < h->n_mappings; i++) {
        const dbn_made_mapping *m = &h->mappings[i];
        q += put_name(q, m->raw, width);
        q += put_count(q, 1);
        q += put_count(q, m->start);
        q += put_count(q, m->end);
        q += put_name(q, m->symbol, width);
    }
    dbn_made_put(p + 4, (uint64_t)(q - f), 4);
    return (size_t)(q - p);
}

size_t dbn_made_head(uint8_t *p, uint8_t rtype, size_t n_bytes, uint32_t instrument, uint64_t ts)
{
    memset(p, 0, n_bytes);
    p[0] = (uint8_t)(n_bytes / 4);
    p[1] = rtype;
    dbn_made_put(p + 2, 1, 2);
    dbn_made_put(p + 4, instrument, 4);
    dbn_made_put(p + 8, ts, 8);
    return n_bytes;
}

size_t dbn_made_mbo(uint8_t *p, const hr_dbn_mbo *m)
{
    (void)dbn_made_head(p, 0xa0, 56, m->instrument, m->ts_event);
    dbn_made_put(p + 2, m->publisher, 2);
    dbn_made_put(p + 16, m->order_id, 8);
    dbn_made_put(p + 24, (uint64_t)m->px, 8);
    dbn_made_put(p + 32, m->qty, 4);
    p[36] = m->flags;
    p[37] = m->channel;
    p[38] = (uint8_t)m->action;
    p[39] = (uint8_t)m->side;
    dbn_made_put(p + 40, m->ts_recv, 8);
    dbn_made_put(p + 48, (uint32_t)m->ts_in_delta, 4);
    dbn_made_put(p + 52, m->sequence, 4);
    return 56;
}

static uint64_t special(test_rng *r)
{
    static const uint64_t v[] = {0,
                                 1,
                                 UINT64_MAX,
                                 INT64_MAX,
                                 UINT64_C(1) << 63,
                                 UINT64_C(999999999999999999),
                                 INT32_MAX,
                                 UINT32_MAX,
                                 UINT64_C(1000000000000000000)};
    return v[test_rng_below(r, HR_ARRAY_LEN(v))];
}

size_t dbn_made_random(uint8_t *p, test_rng *r)
{
    static const struct {
        uint8_t rtype;
        uint16_t bytes;
    } type[] = {{0x00, 48},  {0x01, 80},  {0x0a, 368}, {0xa0, 56},  {0xa0, 56},  {0xc3, 80},
                {0xb1, 80},  {0xc0, 80},  {0x20, 56},  {0x12, 40},  {0x13, 360}, {0x13, 400},
                {0x13, 520}, {0x14, 112}, {0x18, 64},  {0x18, 80},  {0x15, 80},  {0x15, 320},
                {0x16, 80},  {0x16, 176}, {0x17, 80},  {0x17, 320}, {0x77, 20},  {0x99, 1020}};
    uint64_t i = test_rng_below(r, HR_ARRAY_LEN(type));
    size_t n = type[i].bytes;
    if (test_rng_chance(r, 8)) n = HR_MIN(n + 8, (size_t)1020);
    (void)dbn_made_head(p, type[i].rtype, n, (uint32_t)test_rng_below(r, 8),
                        UINT64_C(1715126400000000000) + test_rng_below(r, 1u << 30));
    test_rng_bytes(r, p + 16, n - 16);
    for (size_t at = 16; at + 8 <= n; at += 8)
        if (test_rng_chance(r, 3)) dbn_made_put(p + at, special(r), 8);
    return n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata to be written; dbn_meta.c has its layout. */
#include "venue/files/dbn_make.h"

#include <stdio.h>

#include "base/sort.h"
#include "text/date.h"

#define FIXED 100u
#define WIDTH_1 22u
#define WIDTH 71u
#define STYPE_INSTRUMENT 0
#define STYPE_RAW 1

/* ---- spans ---- */

static uint32_t slots_of(uint32_t cap)
{
    uint32_t n = 16;
    while (n < 2 * cap)
        n *= 2;
    return n;
}

size_t hr_dbn_spans_bytes(uint32_t cap)
{
    return cap * sizeof(hr_dbn_span) + slots_of(cap) * sizeof(uint32_t) + 256;
}

hr_status hr_dbn_spans_create(hr_dbn_spans *s, hr_arena *arena, uint32_t cap, hr_err *err)
{
    const uint32_t slots = slots_of(cap);
    *s = (hr_dbn_spans){.cap = cap, .mask = slots - 1};
    s->span = hr_arena_alloc(arena, cap * sizeof *s->span, 64);
    s->slot = hr_arena_alloc(arena, slots * sizeof *s->slot, 64);
    if (s->span == NULL || s->slot == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for the symbols of %u instruments", cap);
    memset(s->slot, 0, slots * sizeof *s->slot);
    return HR_OK;
}

bool hr_dbn_spans_note(hr_dbn_spans *s, uint32_t instrument, uint32_t day, const char *symbol,
                       size_t n)
{
    uint32_t i = (instrument * UINT32_C(2654435769) >> 7) & s->mask;
    while (s->slot[i] != 0 && s->span[s->slot[i] - 1].instrument != instrument)
        i = (i + 1) & s->mask;
    if (s->slot[i] != 0) {
        hr_dbn_span *last = &s->span[s->slot[i] - 1];
        if (strlen(last->symbol) == n && memcmp(last->symbol, symbol, n) == 0) {
            last->first_day = HR_MIN(last->first_day, day);
            last->last_day = HR_MAX(last->last_day, day);
            return true;
        }
    }
    if (s->n == s->cap || n > WIDTH) return false;
    hr_dbn_span *span = &s->span[s->n++];
    *span = (hr_dbn_span){.instrument = instrument, .first_day = day, .last_day = day};
    memcpy(span->symbol, symbol, n);
    s->slot[i] = s->n;
    return true;
}

void hr_dbn_spans_reset(hr_dbn_spans *s)
{
    s->n = 0;
    memset(s->slot, 0, ((size_t)s->mask + 1) * sizeof *s->slot);
}

static int by_symbol(const void *a, const void *b)
{
    const hr_dbn_span *x = a;
    const hr_dbn_span *y = b;
    const int order = strcmp(x->symbol, y->symbol);
    if (order != 0) return order;
    if (x->first_day != y->first_day) return x->first_day < y->first_day ? -1 : 1;
    return (x->instrument > y->instrument) - (x->instrument < y->instrument);
}

static bool is_first_of_symbol(const hr_dbn_spans *s, uint32_t i)
{
    return i == 0 || strcmp(s->span[i - 1].symbol, s->span[i].symbol) != 0;
}

static uint32_t count_symbols(const hr_dbn_spans *s)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->n; i++)
        n += is_first_of_symbol(s, i);
    return n;
}

/* ---- bytes ---- */

static uint8_t *put(uint8_t *p, uint64_t v, unsigned n_bytes)
{
    memcpy(p, &v, n_bytes); /* little-endian, as the format */
    return p + n_bytes;
}

static uint8_t *put_text(uint8_t *p, const char *s, size_t width)
{
    const size_t n = HR_MIN(strlen(s), width);
    memset(p, 0, width);
    memcpy(p, s, n);
    return p + width;
}

static uint32_t yyyymmdd(uint32_t day)
{
    int y;
    int m;
    int d;
    hr_date_of_days((int64_t)day, &y, &m, &d);
    return (uint32_t)(y * 10000 + m * 100 + d);
}

hr_status hr_dbn_made_bytes(size_t *out, const hr_dbn_made *m, hr_err *err)
{
    const size_t width = m->version == 1 ? WIDTH_1 : WIDTH;
    for (uint32_t i = 0; i < m->spans->n; i++)
        if (strlen(m->spans->span[i].symbol) >= width)
            return HR_FAIL(err, HR_EUNSUPPORTED,
                           "DBN of version %u has no room for the symbol '%s'", m->version,
                           m->spans->span[i].symbol);
    hr_sort(m->spans->span, m->spans->n, sizeof *m->spans->span, by_symbol);
    const size_t n_symbols = count_symbols(m->spans);
    *out = HR_DBN_PRELUDE + FIXED + 4 + 4 + n_symbols * width + 4 + 4 + 4 +
           n_symbols * (width + 4) + m->spans->n * (8 + width);
    if (m->version > 2) *out = (*out + 7) / 8 * 8; /* as the venue has it since then */
    return HR_OK;
}

static uint8_t *put_mappings(uint8_t *p, const hr_dbn_spans *s, size_t width)
{
    p = put(p, count_symbols(s), 4);
    for (uint32_t i = 0; i < s->n;) {
        uint32_t end = i + 1;
        while (end < s->n && !is_first_of_symbol(s, end))
            end++;
        p = put_text(p, s->span[i].symbol, width);
        p = put(p, end - i, 4);
        for (; i < end; i++) {
            char number[16];
            snprintf(number, sizeof number, "%u", s->span[i].instrument);
            p = put(p, yyyymmdd(s->span[i].first_day), 4);
            p = put(p, yyyymmdd(s->span[i].last_day + 1), 4);
            p = put_text(p, number, width);
        }
    }
    return p;
}

void hr_dbn_made_put(uint8_t *out, const hr_dbn_made *m)
{
    const size_t width = m->version == 1 ? WIDTH_1 : WIDTH;
    size_t n = 0;
    const hr_dbn_spans *s = m->spans;
    if (hr_dbn_made_bytes(&n, m, NULL) != HR_OK) return; /* the caller has asked */
    memset(out, 0, n);
    memcpy(out, "DBN", 3);
    out[3] = m->version;
    uint8_t *p = put(out + 4, n - HR_DBN_PRELUDE, 4);
    uint8_t *fixed = p;
    p = put_text(p, m->dataset, HR_DBN_DATASET_MAX);
    p = put(p, m->schema, 2);
    p = put(p, m->start_ns, 8);
    p = put(p, m->end_ns, 8);
    p = put(p, 0, 8);                               /* no limit */
    if (m->version == 1) p = put(p, UINT64_MAX, 8); /* number of records: not said */
    p = put(p, STYPE_RAW, 1);
    p = put(p, STYPE_INSTRUMENT, 1);
    p = put(p, m->has_ts_out, 1);
    if (m->version > 1) (void)put(p, width, 2);
    p = put(fixed + FIXED, 0, 4); /* no schema definition */
    p = put(p, count_symbols(s), 4);
    for (uint32_t i = 0; i < s->n; i++)
        if (is_first_of_symbol(s, i)) p = put_text(p, s->span[i].symbol, width);
    p = put(p, 0, 8); /* none partial, none not found */
    (void)put_mappings(p, s, width);
}

uint16_t hr_dbn_schema_from_name(const char *name, size_t n)
{
    for (uint16_t i = 0; i < 64; i++) {
        const char *have = hr_dbn_schema_name(i);
        if (strlen(have) == n && memcmp(have, name, n) == 0 && strcmp(have, "unknown") != 0)
            return i;
    }
    return HR_DBN_SCHEMA_NONE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata, behind the prelude's eight bytes; W: bytes of a symbol, 22 in version 1.
 *
 *   offset size  meaning
 *        0   16  dataset, NULs behind it
 *       16    2  schema, 0xffff: several
 *       18    8  start, ns
 *       26    8  end, ns, UINT64_MAX: open
 *       34    8  most records, 0: no limit
 *      (42    8  version 1: number of records, unused)
 *       42    1  symbols are given as (stype_in, 0xff: several)
 *       43    1  and are made (stype_out)
 *       44    1  1: each record ends in ts_out
 *      (45    2  from version 2: W)
 *       ..       reserved, up to offset 100
 *      100    4  bytes of a schema definition: 0
 *      104       symbols, partial, not found: number (4), W bytes each
 *                mappings: number (4); of each its symbol (W), number of intervals (4), and of each
 *                interval its first day (4), the day after its last (4), the symbol (W)
 *
 * Days are the decimal YYYYMMDD. */
#include <string.h>

#include "base/sort.h"
#include "venue/files/dbn.h"

#define FIXED 100u
#define WIDTH_1 22u
#define WIDTH_MAX 1024u
#define NS_PER_DAY UINT64_C(86400000000000)
#define LIVE_WIDTH 72u /* a mapping record's symbol and its end */
#define DAYS_MAX 3000000u

static uint16_t le16(const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint32_t le32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t le64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static size_t text_len(const uint8_t *p, size_t width)
{
    while (width > 0 && p[width - 1] == 0)
        width--;
    return width;
}

/* ---- names of numbers ---- */

const char *hr_dbn_schema_name(uint16_t schema)
{
    static const char *const name[] = {
        "mbo",      "mbp-1",    "mbp-10",     "tbbo",       "trades", "ohlcv-1s",  "ohlcv-1m",
        "ohlcv-1h", "ohlcv-1d", "definition", "statistics", "status", "imbalance", "ohlcv-eod",
        "cmbp-1",   "cbbo-1s",  "cbbo-1m",    "tcbbo",      "bbo-1s", "bbo-1m"};
    if (schema == HR_DBN_SCHEMA_NONE) return "mixed";
    return schema < HR_ARRAY_LEN(name) ? name[schema] : "unknown";
}

const char *hr_dbn_stype_name(uint8_t stype)
{
    static const char *const name[] = {
        "instrument_id",   "raw_symbol", "smart",      "continuous", "parent",
        "nasdaq_symbol",   "cms_symbol", "isin",       "us_code",    "bbg_comp_id",
        "bbg_comp_ticker", "figi",       "figi_ticker"};
    if (stype == HR_DBN_STYPE_NONE) return "mixed";
    return stype < HR_ARRAY_LEN(name) ? name[stype] : "unknown";
}

/* ---- metadata ---- */

hr_status hr_dbn_prelude(size_t *n_bytes, const uint8_t *p, size_t n, hr_err *err)
{
    if (n < HR_DBN_PRELUDE) return HR_AGAIN;
    hr_dbn_kind kind = hr_dbn_is(p, n);
    if (kind == HR_DBN_NEWER)
        return HR_FAIL(err, HR_EUNSUPPORTED, "DBN version %u: versions 1 to 3 are read", p[3]);
    if (memcmp(p, "DBN", 3) != 0 || kind != HR_DBN_FILE)
        return HR_FAIL(err, HR_EINPUT, "no DBN header");
    uint32_t len = le32(p + 4);
    if (len < HR_DBN_META_MIN) {
        (void)HR_FAIL(err, HR_EINPUT, "metadata of %u bytes: it has at least %u", len,
                      HR_DBN_META_MIN);
        return hr_err_at(err, 4, -1, -1), HR_EINPUT;
    }
    *n_bytes = (size_t)HR_DBN_PRELUDE + len;
    return HR_OK;
}

typedef struct scan {
    const uint8_t *begin, *p, *end;
    hr_err *err;
} scan;

static hr_status fail(const scan *s, const char *what)
{
    (void)HR_FAIL(s->err, HR_EINPUT, "DBN metadata: %s", what);
    (void)hr_err_at(s->err, s->p - s->begin, -1, -1);
    return HR_EINPUT;
}

static hr_status take_count(scan *s, uint32_t *n, const char *what)
{
    if (s->end - s->p < 4) return fail(s, what);
    *n = le32(s->p);
    s->p += 4;
    return HR_OK;
}

static hr_status take_names(scan *s, hr_dbn_names *out, uint32_t width, const char *what)
{
    HR_TRY(take_count(s, &out->n, what));
    if ((uint64_t)(s->end - s->p) / width < out->n) return fail(s, what);
    out->p = s->p;
    out->width = width;
    s->p += (size_t)out->n * width;
    return HR_OK;
}

static bool is_day(uint32_t yyyymmdd)
{
    static const uint8_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint32_t y = yyyymmdd / 10000;
    uint32_t m = yyyymmdd / 100 % 100;
    uint32_t d = yyyymmdd % 100;
    bool is_leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return y >= 1 && y <= 9999 && m >= 1 && m <= 12 && d >= 1 &&
           d <= days[m - 1] - (uint32_t)(m == 2 && !is_leap);
}

static hr_status check_mappings(scan *s, hr_dbn_meta *m)
{
    static const char cut[] = "it ends inside the symbol mappings";
    size_t each = 8 + (size_t)m->width;
    HR_TRY(take_count(s, &m->n_mappings, cut));
    m->mappings = s->p;
    for (uint32_t i = 0; i < m->n_mappings; i++) { /* each takes some of the bytes */
        uint32_t n;
        if ((size_t)(s->end - s->p) < (size_t)m->width + 4) return fail(s, cut);
        s->p += m->width;
        HR_TRY(take_count(s, &n, cut));
        if ((size_t)(s->end - s->p) / each < n) return fail(s, cut);
        for (uint32_t k = 0; k < n; k++, s->p += each)
            if (!is_day(le32(s->p)) || !is_day(le32(s->p + 4)))
                return fail(s, "an interval of a mapping has no date");
        m->n_intervals += n;
    }
    m->end = s->p;
    return HR_OK;
}

hr_status hr_dbn_meta_parse(hr_dbn_meta *out, const uint8_t *p, size_t n, hr_err *err)
{
    size_t want = 0;
    hr_status st = hr_dbn_prelude(&want, p, n, err);
    if (st == HR_AGAIN || (st == HR_OK && want != n))
        return HR_FAIL(err, HR_EINPUT, "DBN metadata is not whole");
    if (st != HR_OK) return st;
    const uint8_t *f = p + HR_DBN_PRELUDE;
    scan s = {.begin = p, .p = f + FIXED, .end = p + n, .err = err};
    hr_dbn_meta m = {.version = p[3], .schema = le16(f + 16), .start_ns = le64(f + 18)};
    memcpy(m.dataset, f, HR_DBN_DATASET_MAX);
    m.end_ns = le64(f + 26);
    m.limit = le64(f + 34);
    const uint8_t *k = f + (m.version == 1 ? 50 : 42);
    m.stype_in = k[0];
    m.stype_out = k[1];
    m.has_ts_out = k[2] != 0;
    m.width = m.version == 1 ? WIDTH_1 : le16(k + 3);
    if (m.width == 0 || m.width > WIDTH_MAX)
        return fail(&s, "symbols have no or too great a width");
    uint32_t n_definition;
    HR_TRY(take_count(&s, &n_definition, "it ends before the symbols"));
    if (n_definition != 0)
        return HR_FAIL(err, HR_EUNSUPPORTED, "DBN metadata with a schema definition");
    HR_TRY(take_names(&s, &m.symbols, m.width, "it ends inside the symbols"));
    HR_TRY(take_names(&s, &m.partial, m.width, "it ends inside the partial symbols"));
    HR_TRY(take_names(&s, &m.not_found, m.width, "it ends inside the symbols not found"));
    HR_TRY(check_mappings(&s, &m));
    *out = m;
    return HR_OK;
}

size_t hr_dbn_name(const hr_dbn_names *names, uint32_t i, const char **out)
{
    const uint8_t *p = names->p + (size_t)i * names->width;
    *out = (const char *)p;
    return text_len(p, names->width);
}

void hr_dbn_mapping_begin(hr_dbn_mapping_cursor *c, const hr_dbn_meta *m)
{
    *c = (hr_dbn_mapping_cursor){.p = m->mappings, .n_mappings = m->n_mappings};
}

bool hr_dbn_mapping_next(hr_dbn_mapping_cursor *c, const hr_dbn_meta *m, hr_dbn_interval *out)
{
    while (c->n_intervals == 0) {
        if (c->n_mappings == 0) return false;
        c->n_mappings--;
        c->raw = c->p;
        c->n_intervals = le32(c->p + m->width);
        c->p += m->width + 4;
    }
    c->n_intervals--;
    const uint8_t *symbol = c->p + 8;
    *out = (hr_dbn_interval){.start = le32(c->p),
                             .end = le32(c->p + 4),
                             .raw = (const char *)c->raw,
                             .symbol = (const char *)symbol,
                             .n_raw = text_len(c->raw, m->width),
                             .n_symbol = text_len(symbol, m->width)};
    c->p = symbol + m->width;
    return true;
}

/* ---- the directory: intervals by instrument and day, found through a hash of the instruments ----
 */

typedef struct entry {
    uint32_t instrument;
    uint32_t start, end; /* days since the epoch; live: any day */
    uint32_t n;
    const char *s;
} entry;

struct hr_dbn_dir {
    entry *entries; /* of the metadata, sorted; behind them the live ones */
    uint32_t n_sorted, n_live, cap_live;
    char *live;     /* [cap_live][LIVE_WIDTH] */
    uint32_t *slot; /* index of an instrument's first entry + 1, 0 free */
    uint32_t mask;
};

/* Days since 1970-01-01 (Hinnant's days_from_civil). Days before it are 0. */
static uint32_t day_of(uint32_t yyyymmdd)
{
    uint32_t m = yyyymmdd / 100 % 100;
    uint32_t y = yyyymmdd / 10000 - (m <= 2);
    uint32_t era = y / 400;
    uint32_t yoe = y - era * 400;
    uint32_t doy = (153 * (m + (m > 2 ? 0 : 12) - 3) + 2) / 5 + yyyymmdd % 100 - 1;
    uint32_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    uint32_t days = era * 146097 + doe;
    return days > 719468 ? days - 719468 : 0;
}

static bool number_of(uint32_t *out, const char *s, size_t n)
{
    uint64_t v = 0;
    if (n == 0 || n > 10) return false;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9') return false;
        v = v * 10 + (uint64_t)(s[i] - '0');
    }
    *out = (uint32_t)v;
    return v <= UINT32_MAX;
}

static int by_instrument(const void *a, const void *b)
{
    const entry *x = a;
    const entry *y = b;
    if (x->instrument != y->instrument) return x->instrument < y->instrument ? -1 : 1;
    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    return (x->s > y->s) - (x->s < y->s); /* one order, whatever sorts */
}

static uint64_t entries_of(const hr_dbn_meta *m)
{
    bool has_ids = m != NULL && (m->stype_out == 0 || m->stype_in == 0);
    return has_ids ? m->n_intervals : 0;
}

static uint64_t slots_of(uint64_t n)
{
    uint64_t slots = 16;
    while (slots < 2 * n)
        slots *= 2;
    return slots;
}

size_t hr_dbn_dir_bytes(const hr_dbn_meta *m, uint32_t n_live)
{
    uint64_t n = entries_of(m) + n_live;
    return sizeof(hr_dbn_dir) + (size_t)n * sizeof(entry) + (size_t)n_live * LIVE_WIDTH +
           (size_t)slots_of(n) * sizeof(uint32_t) + 512;
}

static uint32_t *slot_of(const hr_dbn_dir *d, uint32_t instrument)
{
    uint32_t i = (instrument * UINT32_C(2654435769) >> 7) & d->mask;
    while (d->slot[i] != 0 && d->entries[d->slot[i] - 1].instrument != instrument)
        i = (i + 1) & d->mask;
    return &d->slot[i];
}

static void fill(hr_dbn_dir *d, const hr_dbn_meta *m)
{
    hr_dbn_mapping_cursor c;
    hr_dbn_interval in;
    bool out_is_id = m->stype_out == 0;
    hr_dbn_mapping_begin(&c, m);
    while (hr_dbn_mapping_next(&c, m, &in)) {
        const char *s = out_is_id ? in.raw : in.symbol;
        size_t n = out_is_id ? in.n_raw : in.n_symbol;
        uint32_t id;
        if (n == 0 ||
            !number_of(&id, out_is_id ? in.symbol : in.raw, out_is_id ? in.n_symbol : in.n_raw))
            continue;
        d->entries[d->n_sorted++] = (entry){.instrument = id,
                                            .start = day_of(in.start),
                                            .end = day_of(in.end),
                                            .n = (uint32_t)n,
                                            .s = s};
    }
    hr_sort(d->entries, d->n_sorted, sizeof *d->entries, by_instrument);
    for (uint32_t i = d->n_sorted; i > 0; i--) /* the first of an instrument's entries stays */
        *slot_of(d, d->entries[i - 1].instrument) = i;
}

hr_status hr_dbn_dir_create(hr_dbn_dir **out, hr_arena *arena, const hr_dbn_meta *m,
                            uint32_t n_live, hr_err *err)
{
    uint64_t n = entries_of(m) + n_live;
    uint64_t slots = slots_of(n);
    *out = NULL;
    hr_dbn_dir *d = NULL;
    if (n < UINT32_MAX / 4) d = hr_arena_alloc(arena, sizeof *d, 64);
    if (d != NULL) {
        d->entries = hr_arena_alloc(arena, (size_t)HR_MAX(n, 1u) * sizeof *d->entries, 64);
        d->live = hr_arena_alloc(arena, (size_t)HR_MAX(n_live, 1u) * LIVE_WIDTH, 64);
        d->slot = hr_arena_alloc(arena, (size_t)slots * sizeof *d->slot, 64);
    }
    if (d == NULL || d->entries == NULL || d->live == NULL || d->slot == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for the symbols of %llu instruments",
                       (unsigned long long)n);
    d->cap_live = n_live;
    d->mask = (uint32_t)slots - 1;
    if (entries_of(m) > 0) fill(d, m);
    *out = d;
    return HR_OK;
}

bool hr_dbn_dir_note(hr_dbn_dir *d, const uint8_t *rec)
{
    uint8_t id = hr_dbn_layout_of(rec[1], rec[0] * 4u);
    if (id != HR_DBN_MAPPING_1 && id != HR_DBN_MAPPING_2) return true;
    const hr_dbn_layout *l = hr_dbn_layout_get((hr_dbn_layout_id)id);
    const hr_dbn_field *f = &l->fields[hr_dbn_field_find(l, "stype_out_symbol")];
    uint32_t instrument = le32(rec + 4);
    uint32_t *slot = slot_of(d, instrument);
    bool is_live = *slot > d->n_sorted;
    if (!is_live && d->n_live == d->cap_live) return false;
    uint32_t i = is_live ? *slot - 1 : d->n_sorted + d->n_live++;
    char *text = d->live + (size_t)(i - d->n_sorted) * LIVE_WIDTH;
    memset(text, 0, LIVE_WIDTH);
    memcpy(text, rec + f->at, f->width);
    d->entries[i] = (entry){.instrument = instrument,
                            .end = DAYS_MAX,
                            .n = (uint32_t)strnlen(text, f->width),
                            .s = text};
    *slot = i + 1; /* what the stream says is newer than its metadata */
    return true;
}

size_t hr_dbn_dir_find(const hr_dbn_dir *d, uint32_t instrument, uint64_t ts_ns, const char **out)
{
    uint32_t at = *slot_of(d, instrument);
    uint64_t day = ts_ns / NS_PER_DAY;
    uint32_t end = at > d->n_sorted ? at : d->n_sorted;
    *out = "";
    if (at == 0) return 0;
    for (uint32_t i = at - 1; i < end && d->entries[i].instrument == instrument; i++) {
        const entry *e = &d->entries[i];
        if (day < e->start || day >= e->end) continue;
        *out = e->s;
        return e->n;
    }
    return 0;
}

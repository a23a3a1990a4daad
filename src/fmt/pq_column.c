/* SPDX-License-Identifier: Apache-2.0 */
/* One page of a column at a time: nulls taken out, statistics, a dictionary while it pays. */
#include <string.h>
#ifdef __SSE4_2__
#include <nmmintrin.h>
#endif

#include "base/assert.h"
#include "fmt/pq_build.h"
#include "fmt/pq_encode.h"
#include "kern/kern.h"

/* Values from which the two encodings are compared first: enough for a dictionary to fill up. */
#define SAMPLE 4096u
/* A byte that zstd has to unpack weighs this part of one that is stored. */
#define UNPACK_SHARE 32u

bool hr_pq_is_integer(const hr_field *f)
{
    return f->type != HR_COL_ENUM && !hr_col_is_text(f->type) && f->type != HR_COL_BOOL;
}

/* ---- values without nulls ---- */

/* level[i] = 1 where row i has a value. */
static uint32_t compact_i64(hr_pq_scratch *s, const int64_t *v, uint32_t n)
{
    uint32_t k = 0;
    for (uint32_t i = 0; i < n; i++) {
        bool is_set = v[i] != HR_NULL_I64;
        s->value[k] = v[i];
        s->level[i] = is_set;
        k += is_set;
    }
    return k;
}

static uint32_t compact_f64(hr_pq_scratch *s, const int64_t *bits, uint32_t n)
{
    uint32_t k = 0;
    for (uint32_t i = 0; i < n; i++) {
        /* NaN: the exponent full and a fraction behind it. */
        bool is_set = (uint64_t)bits[i] << 1 <= UINT64_C(0xffe0000000000000);
        s->value[k] = bits[i];
        s->level[i] = is_set;
        k += is_set;
    }
    return k;
}

void hr_pq_page_dense(hr_pq_scratch *s, const hr_field *f, const void *raw, pq_note *note)
{
    const int64_t *v = raw;
    uint32_t n = note->n_rows;
    s->n_dense = n - note->n_nulls;
    s->dense = v;
    if (f->type == HR_COL_U32) {
        const uint32_t *narrow = raw;
        for (uint32_t i = 0; i < n; i++)
            s->value[i] = narrow[i];
        s->dense = s->value;
    } else if (note->n_nulls > 0) {
        s->n_dense = f->type == HR_COL_F64 ? compact_f64(s, v, n) : compact_i64(s, v, n);
        s->dense = s->value;
        note->n_nulls = n - s->n_dense;
    }
}

/* ---- statistics ---- */

static double as_double(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, 8);
    return v;
}

static int text_order(const char *a, size_t n_a, const char *b, size_t n_b)
{
    int order = memcmp(a, b, HR_MIN(n_a, n_b));
    return order != 0 ? order : (n_a > n_b) - (n_a < n_b);
}

int hr_pq_stat_order(const hr_field *f, uint64_t a, const hr_text *a_text, uint64_t b,
                     const hr_text *b_text)
{
    switch (f->type) {
    case HR_COL_TEXT:
    case HR_COL_TEXT_AT:
        return text_order(a_text->byte, a_text->len, b_text->byte, b_text->len);
    case HR_COL_ENUM:
        return text_order(f->dict[a], strlen(f->dict[a]), f->dict[b], strlen(f->dict[b]));
    case HR_COL_F64:
        return (as_double(a) > as_double(b)) - (as_double(a) < as_double(b));
    case HR_COL_I64:
    case HR_COL_TS:
    case HR_COL_DEC:
    case HR_COL_U32:
    case HR_COL_BOOL:
        break;
    }
    return ((int64_t)a > (int64_t)b) - ((int64_t)a < (int64_t)b);
}

void hr_pq_stat_join(pq_stat *a, const pq_stat *b, const hr_field *f)
{
    if (!b->is_set) return;
    if (!a->is_set) {
        *a = *b;
        return;
    }
    if (hr_pq_stat_order(f, b->min, &b->text_min, a->min, &a->text_min) < 0) {
        a->min = b->min;
        a->text_min = b->text_min;
    }
    if (hr_pq_stat_order(f, b->max, &b->text_max, a->max, &a->text_max) > 0) {
        a->max = b->max;
        a->text_max = b->text_max;
    }
}

static void survey_i64(hr_pq_scratch *s, const hr_field *f, const int64_t *v, pq_note *note)
{
    const hr_kern_stat *k = &hr_kern_get()->stat;
    hr_stat_i64 r;
    if (f->type == HR_COL_U32) {
        hr_pq_page_dense(s, f, v, note);
        v = s->dense;
    }
    k->minmax_i64(&r, v, NULL, note->n_rows);
    s->dense = v;
    s->n_dense = note->n_rows;
    if (f->nullable && f->type != HR_COL_U32 && r.min == HR_NULL_I64) {
        s->dense = s->value;
        s->n_dense = compact_i64(s, v, note->n_rows);
        note->n_nulls = note->n_rows - s->n_dense;
        k->minmax_i64(&r, s->dense, NULL, s->n_dense);
    }
    note->stat.is_set = s->n_dense > 0;
    note->stat.min = (uint64_t)r.min;
    note->stat.max = (uint64_t)r.max;
}

static void survey_f64(hr_pq_scratch *s, const hr_field *f, const double *v, pq_note *note)
{
    hr_stat_f64 r;
    hr_kern_get()->stat.minmax_f64(&r, v, NULL, note->n_rows);
    s->dense = (const int64_t *)(const void *)v;
    s->n_dense = note->n_rows;
    note->stat.is_set = r.n_nan < note->n_rows;
    memcpy(&note->stat.min, &r.min, 8);
    memcpy(&note->stat.max, &r.max, 8);
    if (f->nullable && r.n_nan > 0) {
        s->n_dense = compact_f64(s, s->dense, note->n_rows);
        s->dense = s->value;
        note->n_nulls = note->n_rows - s->n_dense;
    }
}

/* One byte a row: which of them occur. An index past the names is null where that may be. */
static hr_status survey_bytes(const hr_field *f, const uint8_t *v, pq_note *note, hr_err *err)
{
    uint8_t seen[256] = {0};
    uint32_t n_names = f->type == HR_COL_BOOL ? 256 : f->n_dict;
    for (uint32_t i = 0; i < note->n_rows; i++)
        seen[v[i]] = 1;
    for (uint32_t x = 0; x < HR_MIN(n_names, 256u); x++) {
        if (!seen[x]) continue;
        uint64_t bits = f->type == HR_COL_BOOL ? x != 0 : x;
        const pq_stat one = {.is_set = true, .min = bits, .max = bits};
        hr_pq_stat_join(&note->stat, &one, f);
    }
    bool has_null = false;
    for (uint32_t x = n_names; x < 256; x++)
        has_null |= seen[x] != 0;
    if (!has_null) return HR_OK;
    if (!f->nullable)
        return HR_FAIL(err, HR_EINTERNAL, "column '%s' holds an index without a name", f->name);
    for (uint32_t i = 0; i < note->n_rows; i++)
        note->n_nulls += v[i] >= n_names;
    return HR_OK;
}

/* The first eight bytes as a number that is ordered as they are, nothing as zeros: of texts with
 * different ones it is the order. */
HR_INLINE uint64_t text_key(const hr_text *t)
{
    uint64_t v;
    memcpy(&v, t->byte, 8);
    v = __builtin_bswap64(v);
    return t->len >= 8 ? v : t->len == 0 ? 0 : v & ~UINT64_C(0) << (64 - 8 * t->len);
}

/* Is a before b? */
HR_INLINE bool text_is_less(uint64_t a_key, const hr_text *a, uint64_t b_key, const hr_text *b)
{
    if (a_key != b_key) return a_key < b_key;
    if (a->len <= 8 && b->len <= 8) return a->len < b->len; /* zeros alone may be more */
    return text_order(a->byte, a->len, b->byte, b->len) < 0;
}

HR_INLINE void survey_texts(const hr_field *f, hr_col_type type, const void *raw, pq_note *note)
{
    const hr_text *last = NULL;
    const hr_text *min = NULL;
    const hr_text *max = NULL;
    uint64_t min_key = 0;
    uint64_t max_key = 0;
    for (uint32_t i = 0; i < note->n_rows; i++) {
        const hr_text *t = hr_col_text(type, raw, i);
        if (t->len > HR_TEXT_CAP) {
            note->n_nulls += f->nullable; /* a required column holds an empty text instead */
            continue;
        }
        if (t == last) continue;
        last = t;
        const uint64_t key = text_key(t);
        if (min == NULL || text_is_less(key, t, min_key, min)) {
            min = t;
            min_key = key;
        }
        if (max == NULL || text_is_less(max_key, max, key, t)) {
            max = t;
            max_key = key;
        }
    }
    note->stat.is_set = min != NULL;
    if (min == NULL) return;
    note->stat.text_min = *min;
    note->stat.text_max = *max;
}

static void survey_text(const hr_field *f, const void *raw, pq_note *note)
{
    if (f->type == HR_COL_TEXT_AT)
        survey_texts(f, HR_COL_TEXT_AT, raw, note);
    else
        survey_texts(f, HR_COL_TEXT, raw, note);
}

/* ---- dictionary of integers ---- */

void hr_pq_column_begin(hr_pq_scratch *s)
{
    if (s->n_dict > 0) memset(s->slot, 0, sizeof *s->slot << s->slot_bits);
    s->slot_bits = PQ_SLOT_BITS_MIN;
    s->n_dict = 0;
    s->dict_refused = false;
    s->plain_wins = false;
    s->is_sorted = false;
    s->sample_cost = 0;
    s->sample_n = 0;
    s->n_index = 0;
}

/* Prices are multiples of a tick: a hash must not bring those together. It decides where a value is
 * looked for, never its index, so the file does not depend on it. */
HR_INLINE uint32_t dict_hash(int64_t v)
{
#ifdef __SSE4_2__
    return (uint32_t)_mm_crc32_u64(0, (uint64_t)v);
#else
    uint64_t h = (uint64_t)v * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)((h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93) >> 32);
#endif
}

HR_INLINE uint32_t dict_find(const hr_pq_scratch *s, int64_t v)
{
    const uint32_t mask = (1u << s->slot_bits) - 1;
    uint32_t at = dict_hash(v) & mask;
    while (s->slot[at] != 0 && s->dict[s->slot[at] - 1] != v)
        at = (at + 1) & mask;
    return at;
}

static HR_NOINLINE void dict_grow(hr_pq_scratch *s)
{
    memset(s->slot, 0, sizeof *s->slot << s->slot_bits);
    s->slot_bits = HR_MIN(s->slot_bits + 2, PQ_SLOT_BITS_MAX);
    for (uint32_t i = 0; i < s->n_dict; i++)
        s->slot[dict_find(s, s->dict[i])] = (uint16_t)(i + 1);
}

/* A value that is new. The index of one that finds no room is of no use and no harm. */
static HR_NOINLINE uint16_t dict_add(hr_pq_scratch *s, int64_t v)
{
    if (s->n_dict == PQ_DICT_MAX) {
        s->dict_refused = true;
        return 0;
    }
    if (s->n_dict >= 1u << (s->slot_bits - 3) && s->slot_bits < PQ_SLOT_BITS_MAX) dict_grow(s);
    s->dict[s->n_dict] = v;
    s->slot[dict_find(s, v)] = (uint16_t)(s->n_dict + 1);
    return (uint16_t)s->n_dict++;
}

/* Not in its own slot: in one after it, or new. */
static HR_NOINLINE uint16_t dict_search(hr_pq_scratch *s, int64_t v)
{
    uint32_t at = dict_find(s, v);
    return s->slot[at] != 0 ? (uint16_t)(s->slot[at] - 1) : dict_add(s, v);
}

HR_INLINE uint16_t dict_index(hr_pq_scratch *s, const uint16_t *slot, const int64_t *dict,
                              uint32_t mask, int64_t v)
{
    const uint32_t entry = slot[dict_hash(v) & mask];
    return HR_LIKELY(entry != 0 && dict[entry - 1] == v) ? (uint16_t)(entry - 1)
                                                         : dict_search(s, v);
}

/* Indexes of n values, new ones added; false when the dictionary is full. Columns of a book keep
 * their values for rows on end: four at a time are compared before any is looked up. */
static bool dict_take(hr_pq_scratch *s, uint16_t *index, const int64_t *v, uint32_t n)
{
    const uint16_t *slot = s->slot;
    const int64_t *dict = s->dict;
    uint32_t i = 1;
    if (n == 0) return true;
    index[0] = dict_search(s, v[0]);
    for (; n - i >= 4 && !s->dict_refused; i += 4) {
        const int64_t was = v[i - 1];
        if (((v[i] ^ was) | (v[i + 1] ^ was) | (v[i + 2] ^ was) | (v[i + 3] ^ was)) == 0) {
            const uint64_t same = index[i - 1] * UINT64_C(0x0001000100010001);
            memcpy(index + i, &same, 8);
            continue;
        }
        /* A table that grows meanwhile is searched with the old mask, which is only slower. */
        const uint32_t mask = (1u << s->slot_bits) - 1;
        for (uint32_t k = i; k < i + 4; k++)
            index[k] = dict_index(s, slot, dict, mask, v[k]);
    }
    for (; i < n; i++)
        index[i] = dict_search(s, v[i]);
    return !s->dict_refused;
}

/* Bits of n values as indexes, of which n_changes differ from the one before: packed, or as runs
 * with what they lend to the groups between them. */
static uint64_t index_bits(const hr_pq_scratch *s, uint64_t n, uint64_t n_changes)
{
    unsigned width = hr_bit_width(s->n_dict > 0 ? s->n_dict - 1 : 0);
    uint64_t runs = (n_changes + 1) * (16 + (width + 7u) / 8 * 8);
    return HR_MIN(n * width, runs);
}

/* ---- without a dictionary ---- */

static uint64_t packed_bytes(hr_pq_scratch *s, size_t n_raw)
{
    size_t n = s->packed_cap;
    hr_status st = hr_codec_encode(s->codec, s->codec_id, s->packed, &n, s->page, n_raw, NULL);
    return st == HR_OK ? HR_MIN(n, n_raw) : n_raw;
}

/* Bits that n_raw bytes of the page cost: those that are left of them, and what it takes to have
 * them back. */
static uint64_t cost_bits(hr_pq_scratch *s, size_t n_raw)
{
    return 8 * packed_bytes(s, n_raw) + 8 * (uint64_t)n_raw / UNPACK_SHARE;
}

/* Both encodings tried on some integers: differences waste the zeros that prices and sizes in small
 * units end with; zstd sees them in plain ones. */
static uint64_t try_both(hr_pq_scratch *s, const int64_t *v, uint32_t n)
{
    memcpy(s->page, v, n * sizeof *v);
    uint64_t plain = cost_bits(s, n * sizeof *v);
    uint64_t delta = cost_bits(s, hr_pq_put_delta(s->page, v, n));
    s->plain_wins = plain < delta;
    return HR_MIN(plain, delta);
}

/* A column that never falls has a value of its dictionary once: they grow as the rows do. */
static bool steps_refuse(hr_pq_scratch *s, const uint16_t *index, uint32_t n, uint64_t n_rows)
{
    unsigned width = hr_bit_width(s->n_dict - 1);
    uint64_t n_dict = s->n_dict * n_rows / n;
    s->sample_cost = try_both(s, s->dense, n); /* like is compared with like */
    if (n_dict > PQ_DICT_MAX && n_rows > n) return true;
    s->index_cost = cost_bits(s, hr_pq_put_hybrid(s->page, index, n, width));
    memcpy(s->page, s->dict, s->n_dict * sizeof *s->dict);
    uint64_t dict_cost = cost_bits(s, s->n_dict * sizeof *s->dict);
    s->entry_cost = dict_cost / s->n_dict;
    return s->index_cost + dict_cost >= s->sample_cost;
}

/* Is it clear from the first values that change that a dictionary does not pay? Its own bits are
 * spread over the whole chunk. */
static bool sample_refuses(hr_pq_scratch *s, const hr_field *f, const uint16_t *index, uint32_t n,
                           uint64_t n_rows)
{
    hr_stat_gap steps;
    hr_kern_get()->stat.gap(&steps, s->dense, n);
    s->sample_n = n;
    s->sample_changes = (uint32_t)steps.n_change;
    s->index_bits = index_bits(s, n, s->sample_changes);
    s->index_cost = s->index_bits;
    s->entry_cost = 64;
    /* Doubles: a dictionary takes no more room than zstd's own repeats in plain ones and a third of
     * the time; those that hardly come again have their bytes split. */
    if (f->type == HR_COL_F64) {
        s->sample_cost = 64 * (uint64_t)n;
        return s->n_dict > n / 2;
    }
    if (f->type == HR_COL_U32) return false; /* it has one in any case */
    if (s->n_dict > n - n / 4) return true;
    /* What never falls, times and numbers of messages, leaves differences that zstd shortens. */
    if (steps.n_back == 0) return steps_refuse(s, index, n, n_rows);
    s->sample_cost = hr_pq_delta_bits(s->dense, n);
    uint64_t dict_bits = (uint64_t)s->n_dict * 64 * n / HR_MAX(n_rows, (uint64_t)1);
    return s->index_cost + dict_bits >= s->sample_cost;
}

static bool is_constant(const hr_pq_scratch *s, const hr_field *f, const pq_note *note)
{
    hr_stat_i64 r = {.min = (int64_t)note->stat.min, .max = (int64_t)note->stat.max};
    if (s->n_dense == 0) return false;
    if (f->type == HR_COL_F64) { /* zeros of both signs and NaNs: only equal bits are equal */
        if (as_double(note->stat.min) < as_double(note->stat.max)) return false;
        hr_kern_get()->stat.minmax_i64(&r, s->dense, NULL, s->n_dense);
    }
    return r.min == r.max;
}

static void consider(hr_pq_scratch *s, const hr_field *f, pq_note *note, uint64_t n_rows)
{
    uint32_t n = s->n_dense;
    bool is_kept = n <= s->index_cap - s->n_index;
    uint16_t *index = is_kept ? s->index + s->n_index : s->page_index;
    note->index_at = is_kept ? s->n_index : PQ_NO_INDEX;
    if (is_constant(s, f, note)) {
        s->dict_refused = !dict_take(s, index, s->dense, 1);
        for (uint32_t i = 1; i < n; i++)
            index[i] = index[0];
    } else {
        uint32_t first = s->sample_n == 0 ? HR_MIN(n, SAMPLE) : 0;
        s->dict_refused = !dict_take(s, index, s->dense, first) ||
                          (first > 0 && sample_refuses(s, f, index, first, n_rows)) ||
                          !dict_take(s, index + first, s->dense + first, n - first);
    }
    if (is_kept) s->n_index += n;
    if (s->dict_refused && f->type != HR_COL_F64 && f->type != HR_COL_U32)
        (void)try_both(s, s->dense, HR_MIN(n, n_rows >= 16 * SAMPLE ? SAMPLE : SAMPLE / 4));
}

/* ---- a dictionary in an order that zstd likes ---- */

#define DIGIT_BITS 11u
#define SORT_MIN 1024u /* values: fewer are not worth it */
#define DEAL 8u

/* What the sort works in, of the room for packed pages: no page is in work meanwhile. */
typedef struct sort_room {
    uint32_t count[1u << DIGIT_BITS];
    uint16_t from[2][PQ_DICT_MAX];
} sort_room;

/* One digit: values and where they are from, in its order. */
static void sort_digit(sort_room *room, int64_t *restrict out, const int64_t *restrict v,
                       unsigned pass, uint32_t n, uint64_t base, unsigned shift)
{
    const uint64_t mask = (1u << DIGIT_BITS) - 1;
    const uint16_t *from = room->from[pass & 1];
    uint16_t *from_out = room->from[~pass & 1];
    uint32_t at = 0;
    memset(room->count, 0, sizeof room->count);
    for (uint32_t i = 0; i < n; i++)
        room->count[((uint64_t)v[i] - base) >> shift & mask]++;
    for (size_t i = 0; i <= mask; i++) {
        uint32_t k = room->count[i];
        room->count[i] = at;
        at += k;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t to = room->count[((uint64_t)v[i] - base) >> shift & mask]++;
        out[to] = v[i];
        from_out[to] = from[i];
    }
}

/* Ascending values to dict, dealt out: DEAL stretches of them in turns. A value shares its upper
 * bytes with the one before it in its stretch; from there zstd copies them, DEAL values back, where
 * its reader need not wait for what it wrote just before. */
static void deal(hr_pq_scratch *s, const int64_t *v, const uint16_t *from, uint32_t n)
{
    const uint32_t each = (n + DEAL - 1) / DEAL;
    uint32_t to = 0;
    for (uint32_t i = 0; i < each; i++) {
        for (uint32_t k = i; k < n; k += each, to++) {
            s->dict[to] = v[k];
            s->slot[from[k]] = (uint16_t)to; /* under eight values a slot: column_begin clears it */
        }
    }
}

void hr_pq_sort_dict(hr_pq_scratch *s, const pq_chunk_meta *m, const hr_field *f)
{
    hr_stat_i64 ends;
    hr_stat_gap steps;
    sort_room *room = (sort_room *)(void *)s->packed;
    int64_t *v[2] = {s->dict, (int64_t *)(void *)s->page};
    uint32_t n = s->n_dict;
    unsigned pass = 0;
    const hr_kern_stat *k = &hr_kern_get()->stat;
    /* Every index must have been kept: none can be found again. */
    if (f->type == HR_COL_F64 || n < SORT_MIN || m->codec == HR_PQ_UNCOMPRESSED ||
        m->n_pages > PQ_PAGES_MAX || s->n_index != (uint64_t)(m->n_values - m->n_nulls))
        return;
    HR_ASSERT(sizeof *room <= s->packed_cap && n * sizeof *v[1] <= s->page_cap);
    k->gap(&steps, s->dict, n);
    k->minmax_i64(&ends, s->dict, NULL, n);
    for (uint32_t i = 0; i < n; i++)
        room->from[0][i] = (uint16_t)i;
    unsigned bits = steps.n_back == 0 ? 0 : hr_bit_width((uint64_t)ends.max - (uint64_t)ends.min);
    for (unsigned shift = 0; shift < bits; shift += DIGIT_BITS, pass++)
        sort_digit(room, v[~pass & 1], v[pass & 1], pass, n, (uint64_t)ends.min, shift);
    if ((pass & 1) == 0) memcpy(v[1], s->dict, n * sizeof *s->dict);
    deal(s, v[1], room->from[pass & 1], n);
    s->is_sorted = true;
}

const uint16_t *hr_pq_page_indexes(hr_pq_scratch *s, const pq_note *note)
{
    if (s->is_sorted) {
        const uint16_t *index = s->index + note->index_at;
        for (uint32_t i = 0; i < s->n_dense; i++)
            s->page_index[i] = s->slot[index[i]];
        return s->page_index;
    }
    if (note->index_at != PQ_NO_INDEX) return s->index + note->index_at;
    for (uint32_t i = 0; i < s->n_dense; i++)
        s->page_index[i] = (uint16_t)(s->slot[dict_find(s, s->dense[i])] - 1);
    return s->page_index;
}

/* ---- the survey and what follows from it ---- */

hr_status hr_pq_page_survey(hr_pq_scratch *s, const hr_field *f, const void *raw, pq_note *note,
                            uint64_t n_rows, hr_err *err)
{
    note->n_nulls = 0;
    note->index_at = PQ_NO_INDEX;
    note->stat.is_set = false;
    if (hr_col_is_text(f->type)) {
        survey_text(f, raw, note);
        if (!s->dict_refused) hr_pq_texts_survey(s, f, raw, note);
        return HR_OK;
    }
    if (!hr_pq_is_integer(f)) return survey_bytes(f, raw, note, err);
    if (f->type == HR_COL_F64)
        survey_f64(s, f, raw, note);
    else
        survey_i64(s, f, raw, note);
    if (!s->dict_refused) consider(s, f, note, n_rows);
    return HR_OK;
}

void hr_pq_choose(pq_chunk_meta *m, const hr_field *f, const hr_pq_scratch *s)
{
    uint64_t n = (uint64_t)(m->n_values - m->n_nulls);
    bool is_short = s->sample_n == 0 || s->n_dict == 1 || f->type == HR_COL_U32;
    if (!is_short) { /* the sample stands for the chunk */
        uint64_t changes = s->sample_changes * n / s->sample_n;
        uint64_t indexes = index_bits(s, n, changes) * s->index_cost / HR_MAX(s->index_bits, 1u);
        uint64_t dict_cost = indexes + s->n_dict * s->entry_cost;
        is_short = dict_cost < s->sample_cost * n / s->sample_n;
    }
    m->encoding = HR_PQ_PLAIN;
    if (f->type == HR_COL_ENUM) {
        m->encoding = HR_PQ_RLE_DICTIONARY;
    } else if (hr_col_is_text(f->type)) {
        if (!s->dict_refused && n > 0 && hr_pq_texts_pay(s, n)) m->encoding = HR_PQ_RLE_DICTIONARY;
    } else if (!hr_pq_is_integer(f) || n == 0) {
        m->encoding = HR_PQ_PLAIN;
    } else if (!s->dict_refused && is_short) {
        m->encoding = HR_PQ_RLE_DICTIONARY;
    } else if (s->plain_wins) {
        m->encoding = HR_PQ_PLAIN;
    } else if (f->type == HR_COL_F64) {
        m->encoding = HR_PQ_BYTE_STREAM_SPLIT;
    } else if (f->type != HR_COL_U32) {
        m->encoding = HR_PQ_DELTA_BINARY_PACKED;
    }
    m->has_dict = m->encoding == HR_PQ_RLE_DICTIONARY;
}

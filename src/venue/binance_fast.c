/* SPDX-License-Identifier: Apache-2.0 */
/* The short way through a line: exactly the shape that Binance sends and captures keep, read once,
 * from left to right, with the line's end, the text's encoding and the numbers found in the same
 * pass. Whatever looks otherwise is left to the general reader, which also explains what is wrong:
 * so nothing here has an error to tell, and no answer here may differ from the general one. */
#include <string.h>

#include "text/json_inl.h"
#include "venue/binance_fields.h"

/* Readable bytes wanted at a key: it, the longest short value and the look behind them. */
#define FAST_SLACK 160

typedef struct cursor {
    const char *p; /* NULL: not of the ordinary shape */
    const char *limit;
} cursor;

/* Where a text of ASCII without escapes ends that begins at p, at most 31 bytes; NULL. */
HR_INLINE const char *text_end(const char *p)
{
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i slash = _mm_set1_epi8('\\');
    const __m128i first = _mm_set1_epi8(0x20);
    for (int i = 0; i < 32; i += 16) {
        const __m128i t = _mm_loadu_si128((const void *)(p + i));
        unsigned close = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(t, quote));
        /* Signed: control bytes and those of other encodings alike are below a blank. */
        unsigned bad = (unsigned)_mm_movemask_epi8(
            _mm_or_si128(_mm_cmpeq_epi8(t, slash), _mm_cmpgt_epi8(first, t)));
        if (close != 0) {
            if ((bad & (close ^ (close - 1))) != 0) return NULL;
            return p + i + __builtin_ctz(close);
        }
        if (bad != 0) return NULL;
    }
    return NULL;
}

HR_INLINE const char *read_text(const char *p, hr_json_str *out)
{
    if (*p != '"') return NULL;
    const char *close = text_end(p + 1);
    if (close == NULL) return NULL;
    *out = (hr_json_str){.s = p + 1, .n = (size_t)(close - p - 1)};
    return close + 1;
}

/* An integer of at most 16 digits, or NULL. */
HR_INLINE const char *read_int(const char *p, int64_t *out)
{
    const __m128i t = hr_digits_load(p);
    unsigned n = (unsigned)__builtin_ctz(hr_digits_end(t) | 0x10000);
    if (HR_UNLIKELY(n == 0 || (n > 1 && p[0] == '0') || !hr_json_ends_value(p[n]))) return NULL;
    const __m128i digits = _mm_shuffle_epi8(t, hr_digits_place(n));
    *out = _mm_cvtsi128_si64(hr_digits_sum(digits, digits));
    return p + n;
}

/* "12.50" */
HR_INLINE const char *read_decimal(const char *p, int64_t *out, unsigned scale)
{
    hr_digits_span s;
    const hr_digits_scale to = hr_digits_scale_init(scale);
    const __m128i t = hr_digits_load(p + 1);
    if (p[0] != '"' || !hr_digits_find_one(&s, t, p + 1, &to) || p[s.stop + 1] != '"') return NULL;
    const __m128i digits = hr_digits_align(t, &s, &to);
    *out = _mm_cvtsi128_si64(hr_digits_sum(digits, digits));
    return p + s.stop + 2;
}

HR_INLINE const char *read_bool(const char *p, bool *out)
{
    *out = p[0] == 't';
    if (memcmp(p, "true", 4) == 0) return p + 4;
    return memcmp(p, "false", 5) == 0 ? p + 5 : NULL;
}

/* A value that is left out: a text, an integer, true or false. */
static const char *skip_value(const char *p)
{
    hr_json_str text;
    int64_t number;
    bool flag;
    if (*p == '"') return read_text(p, &text);
    if (*p == 't' || *p == 'f') return read_bool(p, &flag);
    return read_int(p, &number);
}

/* The sides stand next to each other behind the batch's levels. */
static void fill_side(hr_evbatch *b, uint32_t at, uint32_t n, hr_side side)
{
    if (HR_UNLIKELY(n > 64 || at + 64 > b->cap_levels)) {
        memset(b->side + at, (int)side, n);
        return;
    }
    const __m128i v = _mm_set1_epi8((char)side);
    for (uint32_t i = 0; i < n; i += 16)
        _mm_storeu_si128((void *)(b->side + at + i), v);
}

static const char *read_levels(const hr_line *l, const char *p, hr_binance_fields *f, hr_side side)
{
    hr_evbatch *b = l->batch;
    const unsigned scale[2] = {l->info->px_scale, l->info->qty_scale};
    uint32_t at = b->n_levels + f->n_bids + f->n_asks;
    uint32_t n;
    p = hr_json_levels_short(p, l->limit, b->px + at, b->qty + at, b->cap_levels - at, scale, &n);
    if (p == NULL) return NULL;
    fill_side(b, at, n, side);
    f->seen |= HR_BIT(side == HR_SIDE_BID ? HR_BK_GOT_BID_LIST : HR_BK_GOT_ASK_LIST);
    if (side == HR_SIDE_BID)
        f->n_bids = n;
    else
        f->n_asks = n;
    return p;
}

static const char *read_side(const hr_line *l, const char *p, hr_binance_fields *f, hr_side side)
{
    bool is_bid = side == HR_SIDE_BID;
    if (*p == '[') return read_levels(l, p, f, side);
    if (*p == '"') {
        f->seen |= HR_BIT(is_bid ? HR_BK_GOT_BID_PX : HR_BK_GOT_ASK_PX);
        return read_decimal(p, is_bid ? &f->bid_px : &f->ask_px, l->info->px_scale);
    }
    int64_t ignored;
    const char *end = read_int(p, &ignored);
    if (is_bid || end == NULL) return end;
    f->seen |= HR_BIT(HR_BK_GOT_A_NUMBER);
    f->a_number = (hr_json_str){.s = p, .n = (size_t)(end - p)};
    return end;
}

static const char *read_event(const char *p, hr_binance_fields *f)
{
    hr_json_str name;
    p = read_text(p, &name);
    if (p == NULL) return NULL;
    f->event = hr_binance_event(name);
    return f->event == HR_EVENT_FOREIGN ? NULL : p;
}

#define FIELD(key, call)                                                                           \
    do {                                                                                           \
        *bit = HR_BIT(key);                                                                        \
        return call;                                                                               \
    } while (0)

/* The value of a key of one letter. *bit: that of the key, 0 when it is none of ours. */
HR_INLINE const char *read_letter(const hr_line *l, const char *p, hr_binance_fields *f, char key,
                                  uint32_t *bit)
{
    switch (key) {
    case 'e':
        FIELD(HR_BK_EVENT, read_event(p, f));
    case 'E':
        FIELD(HR_BK_E_TIME, read_int(p, &f->e_time));
    case 'T':
        FIELD(HR_BK_T_TIME, read_int(p, &f->t_time));
    case 's':
        FIELD(HR_BK_SYMBOL, read_text(p, &f->symbol));
    case 'U':
        FIELD(HR_BK_FIRST, read_int(p, &f->first));
    case 'u':
        FIELD(HR_BK_LAST, read_int(p, &f->last));
    case 'b':
        FIELD(HR_BK_BIDS, read_side(l, p, f, HR_SIDE_BID));
    case 'a':
        FIELD(HR_BK_ASKS, read_side(l, p, f, HR_SIDE_ASK));
    case 't':
        FIELD(HR_BK_TRADE_ID, read_int(p, &f->trade_id));
    case 'p':
        FIELD(HR_BK_PRICE, read_decimal(p, &f->price, l->info->px_scale));
    case 'q':
        FIELD(HR_BK_QTY, read_decimal(p, &f->qty, l->info->qty_scale));
    case 'm':
        FIELD(HR_BK_MAKER, read_bool(p, &f->is_maker));
    case 'B':
        FIELD(HR_BK_BID_QTY, read_decimal(p, &f->bid_qty, l->info->qty_scale));
    case 'A':
        FIELD(HR_BK_ASK_QTY, read_decimal(p, &f->ask_qty, l->info->qty_scale));
    default:
        *bit = 0;
        return key > ' ' && key != '"' && key != '\\' ? skip_value(p) : NULL;
    }
}

/* The members of the message at p (its bracket); the byte after it. */
static const char *read_message(const hr_line *l, const char *p, hr_binance_fields *f)
{
    if (*p != '{') return NULL;
    do {
        uint32_t head;
        uint32_t bit = 0;
        p++;
        if (HR_UNLIKELY(l->limit - p < FAST_SLACK)) return NULL;
        memcpy(&head, p, 4);
        if (HR_LIKELY((head & 0xffff00ff) == 0x3a220022)) { /* "?": */
            p = read_letter(l, p + 4, f, p[1], &bit);
        } else if (memcmp(p, "\"pu\":", 5) == 0) {
            bit = HR_BIT(HR_BK_PREV);
            p = read_int(p + 5, &f->prev);
        } else if (memcmp(p, "\"ps\":", 5) == 0) {
            p = skip_value(p + 5);
        } else {
            return NULL;
        }
        if (HR_UNLIKELY(p == NULL || (f->seen & bit) != 0)) return NULL;
        f->seen |= bit;
    } while (*p == ',');
    return *p == '}' ? p + 1 : NULL;
}

/* A time in ns: 17 to 19 digits, below the year 2255. */
static const char *read_time(int64_t *out, const char *p)
{
    uint32_t end = hr_digits_end(hr_digits_load(p)) | hr_digits_end(hr_digits_load(p + 16)) << 16;
    unsigned n = (unsigned)__builtin_ctz(end | 0x80000000);
    int64_t high = 0;
    if (n <= 16 || n > 19 || p[0] == '0' || (n == 19 && p[0] == '9')) return NULL;
    for (unsigned i = 0; i < n - 16; i++)
        high = high * 10 + (p[i] - '0');
    const __m128i low = hr_digits_load(p + n - 16);
    *out = high * INT64_C(10000000000000000) + _mm_cvtsi128_si64(hr_digits_sum(low, low));
    return p + n;
}

/* {"stream":"name","data":  with the capturer's time before it or not; p itself when it is none. */
static const char *read_envelope(hr_line *l, const char *p, hr_binance_fields *f)
{
    if (memcmp(p, "{\"capture_ns\":", 14) == 0) {
        p = read_time(&l->ts_recv, p + 14);
        if (p == NULL || *p != ',') return NULL;
    } else if (memcmp(p, "{\"stream\":", 10) != 0) {
        return p;
    }
    if (memcmp(p + 1, "\"stream\":", 9) != 0) return NULL;
    p = read_text(p + 10, &f->stream);
    if (p == NULL || memcmp(p, ",\"data\":", 8) != 0) return NULL;
    return p + 8;
}

const char *hr_binance_fast(hr_line *l, const char *p)
{
    hr_binance_fields f HR_UNINIT; /* a value is read only where its bit in `seen` is set */
    f.seen = f.n_bids = f.n_asks = 0;
    f.event = HR_EVENT_NONE;
    f.stream = (hr_json_str){0};
    if (l->limit - p < 2 * FAST_SLACK || l->info->px_scale > HR_DIGITS_SCALE_MAX ||
        l->info->qty_scale > HR_DIGITS_SCALE_MAX)
        return NULL;
    if (l->info->format == HR_FORMAT_CAPTURE_PREFIX) {
        p = read_time(&l->ts_recv, p);
        if (p == NULL || *p++ != ' ') return NULL;
    }
    const char *object = read_envelope(l, p, &f);
    if (object == NULL) return NULL;
    const char *end = read_message(l, object, &f);
    if (end == NULL || l->limit - end < 4) return NULL;
    if (object != p && *end++ != '}') return NULL;
    if (*end == '\r') end++;
    if (*end != '\n') return NULL;
    return hr_binance_put(l, &f) == HR_LINE_DONE ? end : NULL;
}

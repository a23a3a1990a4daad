/* SPDX-License-Identifier: Apache-2.0 */
/* Framings: what stands around a venue's message on a line of a capture. */
#include <string.h>

#include "text/csv.h"
#include "text/decimal.h"
#include "venue/binance_fields.h"
#include "venue/files/dbn.h"
#include "venue/read.h"
#include "venue/venue.h"

#define NS_PER_MS INT64_C(1000000)

/* Eight bytes of the name's end tell instruments apart: most begin alike. */
static uint32_t cache_slot(const char *symbol, size_t n)
{
    uint64_t v = 0;
    memcpy(&v, symbol + (n > 8 ? n - 8 : 0), n > 8 ? 8 : n);
    return (uint32_t)((v * UINT64_C(0x9e3779b97f4a7c15)) >> 57);
}
_Static_assert(HR_LINE_CACHE_SLOTS == 128, "seven bits of the product");

int hr_line_symbol(const hr_line *l, uint32_t msg, const char *symbol, size_t n)
{
    hr_evbatch *b = l->batch;
    if (n > HR_SYMBOL_MAX) return HR_LINE_REJECT(HR_REJECT_SYMBOL);
    int16_t *slot = &l->cache->sym[cache_slot(symbol, n)];
    int32_t sym = *slot;
    if (sym < 0 || sym >= (int32_t)b->n_syms || memcmp(b->syms[sym].symbol, symbol, n) != 0 ||
        b->syms[sym].symbol[n] != '\0') {
        sym = hr_evbatch_sym(b, l->info->venue, symbol, n);
        if (sym < 0)
            return b->n_syms == HR_EVB_SYMS_MAX ? HR_LINE_FULL : HR_LINE_REJECT(HR_REJECT_SYMBOL);
        *slot = (int16_t)sym;
    }
    b->sym[msg] = sym;
    return HR_LINE_DONE;
}

int hr_line_other(const hr_line *l)
{
    uint32_t msg = hr_line_begin(l);
    l->batch->kind[msg] = HR_MSG_OTHER;
    l->batch->ts_recv[msg] = l->ts_recv;
    hr_line_commit(l, 0);
    return HR_LINE_DONE;
}

HR_COLD void hr_line_undo(const hr_line *l, uint32_t n_msgs, uint32_t n_levels, uint32_t n_syms)
{
    hr_evbatch *b = l->batch;
    b->n_msgs = n_msgs;
    b->n_levels = n_levels;
    /* Instruments only ever go in behind the others, so none that stays was placed past one that
     * goes. */
    for (uint32_t i = 0; b->n_syms > n_syms && i < 2 * HR_EVB_SYMS_MAX; i++)
        if (b->sym_hash[i] >= (int32_t)n_syms) b->sym_hash[i] = -1;
    b->n_syms = n_syms;
}

bool hr_ms_to_ns(int64_t *out, int64_t ms)
{
    return !__builtin_mul_overflow(ms, NS_PER_MS, out);
}

bool hr_seconds_to_ns(int64_t *out, const char *s, size_t n)
{
    /* Python prints up to 7 fractional digits here; anything finer than 1 ns is not a time of ours.
     */
    const char *point = memchr(s, '.', n);
    size_t n_whole = point != NULL ? (size_t)(point - s) : n;
    size_t n_frac = n - n_whole;
    int64_t whole;
    int64_t frac = 0;
    char text[24] = "0";
    if (n_frac > 20 || hr_int_parse(&whole, s, n_whole) != HR_OK || whole < 0) return false;
    if (point != NULL) {
        memcpy(text + 1, point, n_frac);
        if (hr_decimal_parse(&frac, text, n_frac + 1, 9) != HR_OK) return false;
    }
    return !__builtin_mul_overflow(whole, INT64_C(1000000000), out) &&
           !__builtin_add_overflow(*out, frac, out);
}

static int decode_json(hr_line *l, const char *s, size_t n)
{
    hr_json j;
    hr_json_init_within(&j, s, n, l->limit);
    const uint32_t n_msgs = l->batch->n_msgs;
    const uint32_t n_levels = l->batch->n_levels;
    const uint32_t n_syms = l->batch->n_syms;
    const uint32_t n_texts = l->batch->n_texts;
    int rc = l->venue->decode(l, &j);
    if (rc == HR_LINE_DONE && !hr_json_at_end(&j)) rc = HR_LINE_REJECT(HR_REJECT_JSON);
    if (HR_UNLIKELY(rc != HR_LINE_DONE)) {
        hr_line_undo(l, n_msgs, n_levels, n_syms);
        l->batch->n_texts = n_texts;
        return rc;
    }
    return l->batch->n_msgs > n_msgs ? HR_LINE_DONE : hr_line_other(l);
}

/* `<recv_ns> <json>` */
static int decode_prefix(hr_line *l)
{
    const char *space = memchr(l->s, ' ', l->n);
    if (space == NULL) return HR_LINE_REJECT(HR_REJECT_TIME);
    if (hr_int_parse(&l->ts_recv, l->s, (size_t)(space - l->s)) != HR_OK || l->ts_recv < 0)
        return HR_LINE_REJECT(HR_REJECT_TIME);
    return decode_json(l, space + 1, l->n - (size_t)(space + 1 - l->s));
}

static const char *find(const char *s, size_t n, const char *what)
{
    return memmem(s, n, what, strlen(what));
}

/* The symbol of a request: behind answer_symbol up to the next & or blank, or the url's last part.
 */
static hr_json_str url_symbol(const hr_venue *v, const char *s, size_t n)
{
    const char *at = s;
    if (v->answer_symbol != NULL) {
        at = find(s, n, v->answer_symbol);
        if (at == NULL) return (hr_json_str){0};
        at += strlen(v->answer_symbol);
    } else {
        for (const char *p = s; p < s + n && *p != '?'; p++)
            if (*p == '/') at = p + 1;
    }
    const char *p = at;
    while (p < s + n && *p != '&' && *p != ' ' && *p != '?')
        p++;
    return (hr_json_str){.s = at, .n = (size_t)(p - at)};
}

static bool is_book_request(const hr_venue *v, const char *s, size_t n)
{
    for (int i = 0; i < HR_VENUE_PARTS_MAX && v->answers[i] != NULL; i++)
        if (find(s, n, v->answers[i]) != NULL) return true;
    return false;
}

/* `url -> time: body`: an answer to a request. */
static int decode_answer(hr_line *l, const char *arrow)
{
    size_t rest = l->n - (size_t)(arrow + 4 - l->s);
    const char *colon = find(arrow + 4, rest, ": ");
    if (colon == NULL) return HR_LINE_REJECT(HR_REJECT_TIME);
    if (!hr_seconds_to_ns(&l->ts_recv, arrow + 4, (size_t)(colon - arrow - 4)))
        return HR_LINE_REJECT(HR_REJECT_TIME);
    size_t url = (size_t)(arrow - l->s);
    if (!is_book_request(l->venue, l->s, url)) return hr_line_other(l);
    l->hint = url_symbol(l->venue, l->s, url);
    return decode_json(l, colon + 2, l->n - (size_t)(colon + 2 - l->s));
}

/* `url <-> time`: a connection was opened, so what was known from the one before is lost. */
static int decode_status(hr_line *l, const char *arrow)
{
    const char *time = arrow + 5;
    if (!hr_seconds_to_ns(&l->ts_recv, time, (size_t)(l->s + l->n - time)))
        return HR_LINE_REJECT(HR_REJECT_TIME);
    uint32_t msg = hr_line_begin(l);
    l->batch->kind[msg] = HR_MSG_STATUS;
    l->batch->flags[msg] = HR_FLAG_RESET;
    l->batch->ts_recv[msg] = l->ts_recv;
    hr_line_commit(l, 0);
    return HR_LINE_DONE;
}

static int decode_cryptofeed(hr_line *l)
{
    if (l->s[0] >= '0' && l->s[0] <= '9') {
        const char *colon = find(l->s, l->n, ": ");
        if (colon == NULL || !hr_seconds_to_ns(&l->ts_recv, l->s, (size_t)(colon - l->s)))
            return HR_LINE_REJECT(HR_REJECT_TIME);
        return decode_json(l, colon + 2, l->n - (size_t)(colon + 2 - l->s));
    }
    if (l->n > 14 && memcmp(l->s, "configuration:", 14) == 0) return hr_line_other(l);
    const char *space = memchr(l->s, ' ', l->n);
    size_t rest = space == NULL ? 0 : l->n - (size_t)(space - l->s);
    if (rest > 5 && memcmp(space, " <-> ", 5) == 0) return decode_status(l, space);
    if (rest > 4 && memcmp(space, " <- ", 4) == 0) return hr_line_other(l);
    if (rest > 4 && memcmp(space, " -> ", 4) == 0) return decode_answer(l, space);
    return HR_LINE_REJECT(HR_REJECT_UNKNOWN);
}

/* Our own captures' envelope around another venue's message: {"capture_ns":..,"data":..}. */
static int decode_envelope(hr_line *l)
{
    hr_json j;
    hr_json_str key;
    hr_json data = {0};
    hr_json_init_within(&j, l->s, l->n, l->limit);
    if (!hr_json_enter_object(&j)) return hr_read_wrong_type(hr_json_peek(&j));
    while (hr_json_next_key(&j, &key)) {
        int rc = HR_LINE_DONE;
        if (HR_IS(key, "data")) data = j;
        rc = HR_IS(key, "capture_ns") ? hr_read_int(&j, &l->ts_recv) : hr_read_skip(&j);
        if (rc != HR_LINE_DONE) return rc;
        if (HR_IS(key, "data")) data.end = j.p;
    }
    if (j.error != NULL || data.p == NULL || l->ts_recv == HR_NULL_I64) return hr_read_broken(&j);
    while (data.p < data.end && (*data.p == ' ' || *data.p == '\t'))
        data.p++;
    return decode_json(l, data.p, (size_t)(data.end - data.p));
}

static int decode_line(hr_line *l)
{
    switch ((hr_envelope)l->envelope) {
    case HR_ENVELOPE_PREFIX:
        return decode_prefix(l);
    case HR_ENVELOPE_CRYPTOFEED:
        return decode_cryptofeed(l);
    case HR_ENVELOPE_ORDERS:
        return hr_bitstamp_order(l);
    case HR_ENVELOPE_CAPTURE:
        return decode_envelope(l);
    case HR_ENVELOPE_NONE:
        break;
    }
    return decode_json(l, l->s, l->n);
}

static bool is_blank(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] != ' ' && s[i] != '\t') return false;
    return true;
}

/* Decodes one line; HR_FULL: the batch has no room and nothing was taken. */
static hr_status take_line(hr_line *l)
{
    hr_evbatch *b = l->batch;
    /* Room for any small message; level lists and rejects say so themselves. */
    if (!hr_evbatch_has_room(b, 1, 4)) return HR_FULL;
    int rc = hr_utf8_valid(l->s, l->n) ? decode_line(l) : HR_LINE_REJECT(HR_REJECT_UTF8);
    if (rc == HR_LINE_DONE) return HR_OK;
    if (rc == HR_LINE_FULL) {
        if (b->n_msgs > 0) return HR_FULL;
        rc = HR_LINE_REJECT(HR_REJECT_TOO_MANY_LEVELS);
    }
    return hr_evbatch_reject(b, (hr_reject_reason)(-1 - rc), l->offset, l->number, l->s, l->n);
}

/* A line the general way. *next: past its end; NULL: the line is not whole yet. */
static hr_status take_any(hr_line *l, const char **next, bool at_eof)
{
    const char *eol = hr_find_newline(l->s, l->limit);
    *next = eol != NULL ? eol + 1 : at_eof ? l->limit : NULL;
    if (*next == NULL) return HR_OK;
    l->n = (size_t)((eol != NULL ? eol : l->limit) - l->s);
    if (l->n > 0 && l->s[l->n - 1] == '\r') l->n--;
    return is_blank(l->s, l->n) ? HR_OK : take_line(l);
}

static hr_dbn_source dbn_source(const hr_source_info *info)
{
    hr_dbn_source s = {.has_orders = true};
    if (info->dbn != NULL) s = *info->dbn;
    s.source_idx = info->source_idx;
    s.px_scale = info->px_scale;
    s.qty_scale = info->qty_scale;
    memcpy(s.venue, info->venue, sizeof s.venue);
    return s;
}

hr_status hr_dbn_decode_text(const hr_source_info *info, hr_evbatch *b, const char *text,
                             size_t len, size_t *pos, int64_t base_offset, int64_t *line,
                             uint32_t target_rows, bool at_eof)
{
    /* HR_END: nothing is found behind damage, and all of it is one reject; sources refuse such
     * bytes before they come here. */
    const hr_dbn_source s = dbn_source(info);
    hr_status st = hr_dbn_decode(&s, b, (const uint8_t *)text, len, pos, base_offset, line,
                                 target_rows, at_eof);
    return st == HR_END ? HR_OK : st;
}

static hr_status decode_lines(const hr_source_info *info, hr_evbatch *b, const char *text,
                              size_t len, size_t *pos, int64_t base_offset, int64_t *line,
                              uint32_t target_rows, bool at_eof)
{
    hr_line_cache cache;
    memset(&cache, 0xff, sizeof cache);
    const hr_venue *venue = hr_venue_find(info->venue);
    if (venue == NULL) venue = &hr_venue_binance;
    const bool is_binance = venue->decode == hr_binance_decode;
    uint8_t envelope = hr_format_facts_of(info->format)->envelope;
    const bool may_be_short = is_binance && envelope != HR_ENVELOPE_CRYPTOFEED;
    if (is_binance && envelope == HR_ENVELOPE_CAPTURE)
        envelope = HR_ENVELOPE_NONE; /* it looks
                                        inside */
    const char *end = text + len;
    const char *p = text + *pos;
    if (base_offset == 0 && *pos == 0 && len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) p += 3;
    hr_status st = HR_OK;
    hr_line l = {.info = info,
                 .venue = venue,
                 .batch = b,
                 .cache = &cache,
                 .limit = end,
                 .envelope = envelope};
    while (p < end) {
        l.s = p;
        l.offset = base_offset + (p - text);
        l.number = *line;
        l.ts_recv = HR_NULL_I64;
        const char *next = may_be_short ? hr_binance_fast(&l, p) : NULL;
        if (next != NULL) {
            next++;
        } else {
            l.ts_recv = HR_NULL_I64;
            l.hint.n = 0;
            st = take_any(&l, &next, at_eof);
            if (st != HR_OK || next == NULL) break;
        }
        p = next;
        *pos = (size_t)(p - text);
        ++*line;
        b->n_lines++;
        if (b->n_msgs + b->n_levels >= target_rows && p < end) {
            st = HR_FULL;
            break;
        }
    }
    b->src_end = base_offset + (int64_t)*pos;
    return st;
}

hr_status hr_decode_text(const hr_source_info *info, hr_evbatch *b, const char *text, size_t len,
                         size_t *pos, int64_t base_offset, int64_t *line, uint32_t target_rows,
                         bool at_eof)
{
    hr_decode_fn decode = hr_format_facts_of(info->format)->decode;
    b->source_idx = info->source_idx;
    return decode != NULL
               ? decode(info, b, text, len, pos, base_offset, line, target_rows, at_eof)
               : decode_lines(info, b, text, len, pos, base_offset, line, target_rows, at_eof);
}

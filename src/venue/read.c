/* SPDX-License-Identifier: Apache-2.0 */
#include "venue/read.h"

#include "text/date.h"
#include "text/decimal.h"
#include "text/json_inl.h"

#define NS_PER_S INT64_C(1000000000)

int hr_read_wrong_type(hr_json_type t)
{
    return HR_LINE_REJECT(t == HR_JSON_ERROR  ? HR_REJECT_JSON
                          : t == HR_JSON_NULL ? HR_REJECT_NULL
                                              : HR_REJECT_FIELD_TYPE);
}

int hr_read_broken(const hr_json *j)
{
    return HR_LINE_REJECT(j->error != NULL ? HR_REJECT_JSON : HR_REJECT_FIELD_MISSING);
}

int hr_read_skip(hr_json *j)
{
    return hr_json_skip(j) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_JSON);
}

/* ---- values ---- */

static int number_text(hr_json *j, hr_json_str *s)
{
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_STRING && t != HR_JSON_NUMBER) return hr_read_wrong_type(t);
    if (hr_json_decimal_text(j, s)) return HR_LINE_DONE;
    return HR_LINE_REJECT(t == HR_JSON_STRING ? HR_REJECT_JSON : HR_REJECT_NUMBER);
}

int hr_read_int(hr_json *j, int64_t *out)
{
    hr_json_str s;
    if (HR_LIKELY(hr_json_short_int(j, out))) return HR_LINE_DONE;
    int rc = number_text(j, &s);
    if (rc != HR_LINE_DONE) return rc;
    hr_status st = hr_int_parse(out, s.s, s.n);
    if (st != HR_OK) return hr_line_reject_number(st);
    return *out < 0 ? HR_LINE_REJECT(HR_REJECT_NEGATIVE) : HR_LINE_DONE;
}

int hr_read_number_text(hr_json_str text, int64_t *out, unsigned scale)
{
    hr_status st = hr_decimal_parse(out, text.s, text.n, scale);
    return st == HR_OK ? HR_LINE_DONE : hr_line_reject_number(st);
}

int hr_read_signed(hr_json *j, int64_t *out, unsigned scale)
{
    hr_json_str s;
    if (HR_LIKELY(hr_json_short_decimal(j, out, scale))) return HR_LINE_DONE;
    int rc = number_text(j, &s);
    return rc == HR_LINE_DONE ? hr_read_number_text(s, out, scale) : rc;
}

int hr_read_decimal(hr_json *j, int64_t *out, unsigned scale)
{
    int rc = hr_read_signed(j, out, scale);
    return rc == HR_LINE_DONE && *out < 0 ? HR_LINE_REJECT(HR_REJECT_NEGATIVE) : rc;
}

int hr_read_decimal_or_none(hr_json *j, int64_t *out, unsigned scale)
{
    hr_json probe = *j;
    hr_json_str s;
    hr_json_type t = hr_json_peek(&probe);
    if (t == HR_JSON_NULL || (t == HR_JSON_STRING && hr_json_string(&probe, &s) && s.n == 0)) {
        *out = 0;
        return hr_read_skip(j);
    }
    return hr_read_decimal(j, out, scale);
}

int hr_read_text(hr_json *j, hr_json_str *out)
{
    if (HR_LIKELY(hr_json_short_string(j, out))) return HR_LINE_DONE;
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_STRING) return hr_read_wrong_type(t);
    return hr_json_string(j, out) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_JSON);
}

int hr_read_id(hr_json *j, hr_json_str *out)
{
    if (hr_json_peek(j) != HR_JSON_NUMBER) return hr_read_text(j, out);
    return hr_json_number(j, out) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_JSON);
}

/* ---- times ---- */

static int scaled_time(hr_json *j, int64_t *ns, int64_t unit)
{
    int64_t v;
    int rc = hr_read_int(j, &v);
    if (rc != HR_LINE_DONE) return rc;
    return __builtin_mul_overflow(v, unit, ns) ? HR_LINE_REJECT(HR_REJECT_TIME) : HR_LINE_DONE;
}

int hr_read_ms(hr_json *j, int64_t *ns)
{
    hr_json_str s;
    hr_json begin = *j;
    char frac[24] = "0";
    int64_t part;
    if (HR_LIKELY(scaled_time(j, ns, 1000000) == HR_LINE_DONE)) return HR_LINE_DONE;
    *j = begin;
    int rc = number_text(j, &s);
    if (rc != HR_LINE_DONE) return rc;
    const char *point = memchr(s.s, '.', s.n);
    size_t n_whole = point != NULL ? (size_t)(point - s.s) : s.n;
    size_t n_frac = s.n - n_whole;
    if (n_frac > 20 || hr_int_parse(ns, s.s, n_whole) != HR_OK || *ns < 0)
        return HR_LINE_REJECT(HR_REJECT_TIME);
    memcpy(frac + 1, s.s + n_whole, n_frac);
    if (hr_decimal_parse(&part, frac, n_frac + 1, 6) != HR_OK ||
        __builtin_mul_overflow(*ns, INT64_C(1000000), ns) || __builtin_add_overflow(*ns, part, ns))
        return HR_LINE_REJECT(HR_REJECT_TIME);
    return HR_LINE_DONE;
}

int hr_read_us(hr_json *j, int64_t *ns)
{
    return scaled_time(j, ns, 1000);
}

int hr_read_seconds(hr_json *j, int64_t *ns)
{
    hr_json_str s;
    int rc = number_text(j, &s);
    if (rc != HR_LINE_DONE) return rc;
    return hr_seconds_to_ns(ns, s.s, s.n) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_TIME);
}

/* n digits at s, or -1. */
static int64_t digits(const char *s, size_t n)
{
    int64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9') return -1;
        v = v * 10 + (s[i] - '0');
    }
    return v;
}

static bool parse_rfc3339(const char *s, size_t n, int64_t *ns)
{
    if (n < 20 || n > 30 || s[4] != '-' || s[7] != '-' || (s[10] != 'T' && s[10] != ' ') ||
        s[13] != ':' || s[16] != ':' || s[n - 1] != 'Z')
        return false;
    int64_t y = digits(s, 4), mo = digits(s + 5, 2), d = digits(s + 8, 2);
    int64_t h = digits(s + 11, 2), mi = digits(s + 14, 2), sec = digits(s + 17, 2);
    if (y < 1970 || y > 2261 || mo < 1 || mo > 12 || d < 1 || d > 31 || h < 0 || h > 23 || mi < 0 ||
        mi > 59 || sec < 0 || sec > 60)
        return false;
    int64_t frac = 0;
    if (s[19] == '.') {
        size_t n_frac = n - 21;
        frac = digits(s + 20, n_frac);
        if (n_frac == 0 || frac < 0) return false;
        for (size_t i = n_frac; i < 9; i++)
            frac *= 10;
    } else if (n != 20) {
        return false;
    }
    *ns = ((hr_date_days(y, mo, d) * 24 + h) * 3600 + mi * 60 + sec) * NS_PER_S + frac;
    return true;
}

int hr_read_rfc3339(hr_json *j, int64_t *ns)
{
    hr_json_str s;
    int rc = hr_read_text(j, &s);
    if (rc != HR_LINE_DONE) return rc;
    return parse_rfc3339(s.s, s.n, ns) ? HR_LINE_DONE : HR_LINE_REJECT(HR_REJECT_TIME);
}

/* ---- levels ---- */

int hr_read_put_level(const hr_line *l, hr_side side, int64_t px, int64_t qty, uint32_t *n)
{
    hr_evbatch *b = l->batch;
    uint32_t at = b->n_levels + *n;
    if (px < 0 || qty < 0 || (px == 0 && qty > 0)) return HR_LINE_REJECT(HR_REJECT_NEGATIVE);
    if (px == 0) return HR_LINE_DONE; /* removes nothing: all prices are above 0 */
    if (at == b->cap_levels) return HR_LINE_FULL;
    b->px[at] = px;
    b->qty[at] = qty;
    b->side[at] = (uint8_t)side;
    ++*n;
    return HR_LINE_DONE;
}

static int read_level(const hr_line *l, hr_json *j, hr_side side, uint32_t *n)
{
    int64_t px, qty;
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_ARRAY) return hr_read_wrong_type(t);
    (void)hr_json_enter_array(j);
    if (!hr_json_next_item(j)) return hr_read_broken(j);
    int rc = hr_read_decimal(j, &px, l->info->px_scale);
    if (rc != HR_LINE_DONE) return rc;
    if (!hr_json_next_item(j)) return hr_read_broken(j);
    rc = hr_read_decimal(j, &qty, l->info->qty_scale);
    if (rc != HR_LINE_DONE) return rc;
    while (hr_json_next_item(j))
        if (!hr_json_skip(j)) return HR_LINE_REJECT(HR_REJECT_JSON);
    if (j->error != NULL) return HR_LINE_REJECT(HR_REJECT_JSON);
    return hr_read_put_level(l, side, px, qty, n);
}

int hr_read_best(const hr_line *l, hr_json *j, int64_t best[2])
{
    uint32_t n = 0;
    if (!hr_evbatch_has_room(l->batch, 1, 4)) return HR_LINE_FULL;
    int rc = hr_read_levels(l, j, HR_SIDE_BID, &n);
    if (rc != HR_LINE_DONE || n == 0) return rc;
    best[0] = l->batch->px[l->batch->n_levels];
    best[1] = l->batch->qty[l->batch->n_levels];
    return HR_LINE_DONE;
}

/* All at once where they have the ordinary shape; false: nothing is known. */
static bool levels_at_once(const hr_line *l, hr_json *j, hr_side side, uint32_t *n)
{
    hr_evbatch *b = l->batch;
    const hr_json begin = *j;
    uint32_t at = b->n_levels + *n;
    uint32_t got = 0;
    hr_status st = hr_json_levels(j, b->px + at, b->qty + at, b->cap_levels - at, l->info->px_scale,
                                  l->info->qty_scale, &got);
    int64_t low = 0;
    for (uint32_t i = 0; st == HR_OK && i < got;
         i++) /* sign bit: price below 1, quantity below 0 */
        low |= (b->px[at + i] - 1) | b->qty[at + i];
    if (st != HR_OK || low < 0) {
        *j = begin;
        return false;
    }
    memset(b->side + at, (int)side, got);
    *n += got;
    return true;
}

int hr_read_levels(const hr_line *l, hr_json *j, hr_side side, uint32_t *n)
{
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_ARRAY) return hr_read_wrong_type(t);
    if (HR_LIKELY(levels_at_once(l, j, side, n))) return HR_LINE_DONE;
    (void)hr_json_enter_array(j);
    while (hr_json_next_item(j)) {
        int rc = read_level(l, j, side, n);
        if (rc != HR_LINE_DONE) return rc;
    }
    return j->error != NULL ? HR_LINE_REJECT(HR_REJECT_JSON) : HR_LINE_DONE;
}

static bool is_key(hr_json_str key, const char *name)
{
    return key.n == strlen(name) && memcmp(key.s, name, key.n) == 0;
}

int hr_read_level_objects(const hr_line *l, hr_json *j, hr_side side, const char *px_key,
                          const char *qty_key, uint32_t *n)
{
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_ARRAY) return hr_read_wrong_type(t);
    (void)hr_json_enter_array(j);
    while (hr_json_next_item(j)) {
        int64_t px = -1, qty = -1;
        hr_json_str key;
        t = hr_json_peek(j);
        if (t != HR_JSON_OBJECT) return hr_read_wrong_type(t);
        (void)hr_json_enter_object(j);
        while (hr_json_next_key(j, &key)) {
            int rc = is_key(key, px_key)    ? hr_read_decimal(j, &px, l->info->px_scale)
                     : is_key(key, qty_key) ? hr_read_decimal(j, &qty, l->info->qty_scale)
                                            : hr_read_skip(j);
            if (rc != HR_LINE_DONE) return rc;
        }
        if (j->error != NULL || px < 0 || qty < 0) return hr_read_broken(j);
        int rc = hr_read_put_level(l, side, px, qty, n);
        if (rc != HR_LINE_DONE) return rc;
    }
    return j->error != NULL ? HR_LINE_REJECT(HR_REJECT_JSON) : HR_LINE_DONE;
}

/* ---- whole messages ---- */

int hr_read_begin(const hr_line *l, hr_msg_kind kind, int64_t event_ns, hr_json_str symbol,
                  uint32_t *msg)
{
    hr_evbatch *b = l->batch;
    if (!hr_evbatch_has_room(b, 1, 4)) return HR_LINE_FULL;
    uint32_t m = *msg = hr_line_begin(l);
    b->kind[m] = (uint8_t)kind;
    b->ts_event[m] = event_ns;
    b->ts_recv[m] = l->ts_recv != HR_NULL_I64 ? l->ts_recv : event_ns;
    if (b->ts_recv[m] == HR_NULL_I64) {
        if (l->info->head_time_ns <= 0) return HR_LINE_REJECT(HR_REJECT_TIME);
        b->ts_recv[m] = l->info->head_time_ns;
        b->flags[m] |= HR_FLAG_NO_TIME;
    }
    if (kind == HR_MSG_SNAPSHOT) b->flags[m] |= HR_FLAG_SNAPSHOT;
    if (symbol.n == 0) symbol = l->hint;
    if (symbol.n == 0) symbol = (hr_json_str){.s = l->info->symbol, .n = strlen(l->info->symbol)};
    return symbol.n == 0 ? HR_LINE_REJECT(HR_REJECT_SYMBOL)
                         : hr_line_symbol(l, m, symbol.s, symbol.n);
}

/* An id that is no number is kept as text. */
static int put_trade_id(const hr_line *l, uint32_t m, hr_json_str id)
{
    hr_evbatch *b = l->batch;
    if (id.n == 0) return HR_LINE_DONE;
    if (hr_int_parse(&b->seq_last[m], id.s, id.n) == HR_OK && b->seq_last[m] >= 0) {
        b->seq_first[m] = b->seq_last[m];
        return HR_LINE_DONE;
    }
    b->seq_last[m] = -1;
    if (id.n > HR_TEXT_CAP || id.has_escape) return HR_LINE_REJECT(HR_REJECT_RANGE);
    if (b->n_texts == b->cap_texts) return HR_LINE_FULL;
    hr_text *t = &b->texts[b->n_texts];
    *t = (hr_text){.len = (uint8_t)id.n};
    memcpy(t->byte, id.s, id.n);
    b->text[m] = (int32_t)b->n_texts++;
    return HR_LINE_DONE;
}

int hr_read_put_trade(const hr_line *l, int64_t event_ns, hr_json_str symbol, hr_side taker,
                      int64_t px, int64_t qty, hr_json_str id)
{
    uint32_t m;
    uint32_t n = 0;
    if (px <= 0 || qty <= 0) return HR_LINE_REJECT(HR_REJECT_NEGATIVE);
    int rc = hr_read_begin(l, HR_MSG_TRADE, event_ns, symbol, &m);
    if (rc == HR_LINE_DONE) rc = put_trade_id(l, m, id);
    if (rc == HR_LINE_DONE) rc = hr_read_put_level(l, taker, px, qty, &n);
    if (rc == HR_LINE_DONE) hr_line_commit(l, n);
    return rc;
}

int hr_read_put_ticker(const hr_line *l, int64_t event_ns, hr_json_str symbol, const int64_t bid[2],
                       const int64_t ask[2], int64_t id)
{
    uint32_t m;
    hr_evbatch *b = l->batch;
    int rc = hr_read_begin(l, HR_MSG_TICKER, event_ns, symbol, &m);
    if (rc != HR_LINE_DONE) return rc;
    b->seq_first[m] = b->seq_last[m] = id;
    for (uint32_t s = 0; s < 2; s++) {
        const int64_t *v = s == 0 ? bid : ask;
        bool is_unsaid = v[1] == HR_NULL_I64;
        if (v[0] < 0 || (v[1] < 0 && !is_unsaid)) return HR_LINE_REJECT(HR_REJECT_NEGATIVE);
        bool is_empty = v[0] == 0 || v[1] == 0;
        b->px[b->n_levels + s] = is_empty ? 0 : v[0];
        b->qty[b->n_levels + s] = is_empty || is_unsaid ? 0 : v[1];
        b->side[b->n_levels + s] = (uint8_t)s;
    }
    hr_line_commit(l, 2);
    return HR_LINE_DONE;
}

int hr_read_put_note(const hr_line *l, uint32_t msg, const hr_book_note *note)
{
    return hr_evbatch_note(l->batch, msg, note) == HR_OK ? HR_LINE_DONE : HR_LINE_FULL;
}

/* ---- walking ---- */

int hr_read_object(const hr_line *l, hr_json *j, hr_read_key_fn fn, void *self)
{
    hr_json_str key;
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_OBJECT) return hr_read_wrong_type(t);
    (void)hr_json_enter_object(j);
    while (hr_json_next_key(j, &key)) {
        int rc = fn(self, l, j, key);
        if (rc != HR_LINE_DONE) return rc;
    }
    return j->error != NULL ? HR_LINE_REJECT(HR_REJECT_JSON) : HR_LINE_DONE;
}

int hr_read_list(const hr_line *l, hr_json *j, hr_read_item_fn fn, void *self)
{
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_ARRAY) return hr_read_wrong_type(t);
    (void)hr_json_enter_array(j);
    while (hr_json_next_item(j)) {
        int rc = fn(self, l, j);
        if (rc != HR_LINE_DONE) return rc;
    }
    return j->error != NULL ? HR_LINE_REJECT(HR_REJECT_JSON) : HR_LINE_DONE;
}

int hr_read_fields(hr_json *j, const char *const *names, uint32_t n, hr_json *at, uint32_t *seen)
{
    hr_json_str key;
    hr_json_type t = hr_json_peek(j);
    memset(at, 0, n * sizeof *at);
    *seen = 0;
    if (t != HR_JSON_OBJECT) return hr_read_wrong_type(t);
    (void)hr_json_enter_object(j);
    while (hr_json_next_key(j, &key)) {
        for (uint32_t i = 0; i < n; i++) {
            if (strncmp(names[i], key.s, key.n) != 0 || names[i][key.n] != '\0') continue;
            at[i] = *j;
            *seen |= HR_READ_BIT(i);
            break;
        }
        if (!hr_json_skip(j)) return HR_LINE_REJECT(HR_REJECT_JSON);
    }
    return j->error != NULL ? HR_LINE_REJECT(HR_REJECT_JSON) : HR_LINE_DONE;
}

int hr_read_side(hr_json *j, hr_side *side)
{
    hr_json_str s;
    int rc = hr_read_text(j, &s);
    if (rc != HR_LINE_DONE) return rc;
    *side = HR_IS(s, "buy") || HR_IS(s, "BUY") || HR_IS(s, "Buy") ? HR_SIDE_BID : HR_SIDE_ASK;
    if (*side == HR_SIDE_BID || HR_IS(s, "sell") || HR_IS(s, "SELL") || HR_IS(s, "Sell"))
        return HR_LINE_DONE;
    return HR_LINE_REJECT(HR_REJECT_SIDE);
}

/* ["buy", "px", "qty"] behind the *self levels of the message. */
static int on_change(void *self, const hr_line *l, hr_json *j)
{
    hr_side side = HR_SIDE_BID;
    int64_t v[2];
    int i = 0;
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_ARRAY) return hr_read_wrong_type(t);
    (void)hr_json_enter_array(j);
    for (; hr_json_next_item(j); i++) {
        int rc = i == 0   ? hr_read_side(j, &side)
                 : i == 1 ? hr_read_decimal(j, &v[0], l->info->px_scale)
                 : i == 2 ? hr_read_decimal(j, &v[1], l->info->qty_scale)
                          : hr_read_skip(j);
        if (rc != HR_LINE_DONE) return rc;
    }
    if (j->error != NULL || i < 3) return hr_read_broken(j);
    return hr_read_put_level(l, side, v[0], v[1], self);
}

int hr_read_changes(const hr_line *l, hr_json *j, uint32_t *n)
{
    return hr_read_list(l, j, on_change, n);
}

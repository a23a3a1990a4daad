/* SPDX-License-Identifier: Apache-2.0 */
/* ITCH and LOBSTER messages as ORDER and TRADE messages of a batch. */
#include <stdio.h>
#include <string.h>

#include "text/csv.h"
#include "text/date.h"
#include "text/decimal.h"
#include "venue/files/lobster.h"
#include "venue/files/mold.h"
#include "venue/files/orders.h"
#include "venue/line.h"

#define STEP 16u
#define CACHE_SLOTS 512u
#define PX_DECIMALS 4u /* of both formats */
#define NS_PER_DAY INT64_C(86400000000000)
#define NS_PER_HOUR INT64_C(3600000000000)

/* Instruments of the batch by locate: hints, valid while the batch has them. */
typedef struct cache {
    uint16_t locate[CACHE_SLOTS];
    int16_t sym[CACHE_SLOTS]; /* -1 none */
} cache;

/* Of a feed's number: ours is it times mul, or by div. */
typedef struct units {
    int64_t mul, div;
} units;

typedef struct writer {
    const hr_source_info *info;
    hr_evbatch *b;
    cache *seen;
    units px, qty;
    int64_t offset, number; /* of the message at hand */
} writer;

/* In its daily files or in packets. */
static bool is_itch(const hr_source_info *info)
{
    return info->format == HR_FORMAT_ITCH || info->format == HR_FORMAT_MOLD;
}

static int reject_of(hr_itch_reason r)
{
    switch (r) {
    case HR_ITCH_TYPE:
        return HR_REJECT_UNKNOWN;
    case HR_ITCH_TIME:
        return HR_REJECT_TIME;
    case HR_ITCH_SIDE:
        return HR_REJECT_SIDE;
    case HR_ITCH_NUMBER:
        return HR_REJECT_NUMBER;
    case HR_ITCH_FIELDS:
        return HR_REJECT_CSV;
    case HR_ITCH_TRUNCATED:
        return HR_REJECT_TRUNCATED;
    case HR_ITCH_FINE:
    case HR_ITCH_EMPTY:
    case HR_ITCH_LENGTH:
    case HR_ITCH_REASON_COUNT:
        break;
    }
    return HR_REJECT_FIELD_MISSING;
}

/* The instrument of a message: a line's outcome. */
static int find_sym(const writer *w, const hr_itch_msg *m, int32_t *out)
{
    char name[9] = {0};
    size_t n;
    uint32_t slot = m->locate % CACHE_SLOTS;
    hr_evbatch *b = w->b;
    if (w->seen->sym[slot] >= 0 && w->seen->locate[slot] == m->locate) {
        *out = w->seen->sym[slot];
        return HR_LINE_DONE;
    }
    const char *s = w->info->symbol;
    bool is_listed = true;
    if (is_itch(w->info)) {
        n = w->info->stocks != NULL ? hr_itch_dir_stock(w->info->stocks, m->locate, name) : 0;
        is_listed = n > 0;
        if (n == 0 && m->stock[0] != '\0') {
            memcpy(name, m->stock, 8);
            for (n = 8; n > 0 && name[n - 1] == ' '; n--)
                name[n - 1] = '\0';
        }
        s = name;
    } else {
        n = strlen(s);
    }
    *out = hr_evbatch_sym(b, w->info->venue, s, n);
    if (*out < 0)
        return b->n_syms == HR_EVB_SYMS_MAX ? HR_LINE_FULL : HR_LINE_REJECT(HR_REJECT_SYMBOL);
    if (!is_listed)
        return HR_LINE_DONE; /* what one message names holds for no other: cuts must not show */
    w->seen->locate[slot] = m->locate;
    w->seen->sym[slot] = (int16_t)*out;
    return HR_LINE_DONE;
}

/* A price of 0 and a quantity are what they are; everything must fit 18 digits. */
static bool scaled(int64_t *out, int64_t v, units u)
{
    *out = v / u.div;
    return *out * u.div == v && !__builtin_mul_overflow(*out, u.mul, out) &&
           *out < HR_DECIMAL_LIMIT;
}

/* What a message becomes. */
typedef struct event {
    hr_msg_kind kind;
    hr_order_action action;
    hr_side side;
    int64_t px, qty;
    uint64_t id;
    int64_t prev;
} event;

static int put(const writer *w, const hr_itch_msg *m, const event *e)
{
    hr_evbatch *b = w->b;
    uint32_t i = b->n_msgs;
    uint32_t at = b->n_levels;
    int rc = find_sym(w, m, &b->sym[i]);
    if (rc != HR_LINE_DONE) return rc;
    if (e->id > INT64_MAX) return HR_LINE_REJECT(HR_REJECT_RANGE);
    if (!scaled(&b->px[at], e->px, w->px) || !scaled(&b->qty[at], e->qty, w->qty))
        return HR_LINE_REJECT(HR_REJECT_RANGE);
    b->side[at] = (uint8_t)e->side;
    b->ts_event[i] = b->ts_recv[i] = w->info->day_ns + m->ts_ns;
    bool is_order = e->kind == HR_MSG_ORDER;
    b->seq_first[i] = is_order || e->id > 0 ? (int64_t)e->id : -1;
    b->seq_last[i] = is_order ? -1 : b->seq_first[i];
    b->seq_prev[i] = e->prev;
    b->src_offset[i] = w->offset;
    b->src_line[i] = w->number;
    b->text[i] = -1;
    b->flags[i] = (uint32_t)e->action << HR_ORDER_SHIFT;
    b->kind[i] = (uint8_t)e->kind;
    b->n_levels++;
    b->n_msgs++;
    b->level_begin[b->n_msgs] = (int32_t)b->n_levels;
    return HR_LINE_DONE;
}

static int put_other(const writer *w)
{
    hr_evbatch *b = w->b;
    uint32_t i = b->n_msgs;
    b->ts_event[i] = b->ts_recv[i] = HR_NULL_I64;
    b->seq_first[i] = b->seq_last[i] = b->seq_prev[i] = -1;
    b->src_offset[i] = w->offset;
    b->src_line[i] = w->number;
    b->sym[i] = HR_SYM_UNKNOWN;
    b->text[i] = -1;
    b->flags[i] = 0;
    b->kind[i] = HR_MSG_OTHER;
    b->n_msgs++;
    b->level_begin[b->n_msgs] = (int32_t)b->n_levels;
    return HR_LINE_DONE;
}

/* Who took: LOBSTER says whose order was hit; ITCH has long said B for all. */
static hr_side hidden_taker(const writer *w, const hr_itch_msg *m)
{
    if (is_itch(w->info)) return HR_SIDE_NONE;
    return m->side == HR_SIDE_BID ? HR_SIDE_ASK : HR_SIDE_BID;
}

static int put_trade(const writer *w, const hr_itch_msg *m, hr_side taker, int64_t match)
{
    if (m->qty == 0 || m->px == 0) return put_other(w); /* a cross that did not take place */
    const event e = {.kind = HR_MSG_TRADE,
                     .side = taker,
                     .px = m->px,
                     .qty = m->qty,
                     .id = match > 0 ? (uint64_t)match : 0,
                     .prev = -1};
    return put(w, m, &e);
}

static int put_message(const writer *w, const hr_itch_msg *m)
{
    bool has_match = is_itch(w->info);
    int64_t match = has_match && m->match > 0 && m->match <= INT64_MAX ? (int64_t)m->match : -1;
    event e = {.kind = HR_MSG_ORDER, .side = HR_SIDE_NONE, .qty = m->qty, .id = m->id, .prev = -1};
    if (!hr_evbatch_has_room(w->b, 1, 1)) return HR_LINE_FULL;
    switch (m->type) {
    case 'A':
    case 'F':
        e.action = HR_ORDER_ADD;
        e.side = (hr_side)m->side;
        e.px = m->px;
        break;
    case 'C': /* not printed: a cross trade tells of it again */
        e.action = m->code == 'N' ? HR_ORDER_CANCEL : HR_ORDER_EXECUTE;
        e.px = m->px;
        e.prev = match;
        break;
    case 'E':
        e.action = HR_ORDER_EXECUTE;
        e.prev = match;
        break;
    case 'X':
        e.action = HR_ORDER_CANCEL;
        break;
    case 'D':
        e.action = HR_ORDER_DELETE;
        e.qty = 0;
        break;
    case 'U':
        if (m->id2 > INT64_MAX) return HR_LINE_REJECT(HR_REJECT_RANGE);
        e.action = HR_ORDER_REPLACE;
        e.px = m->px;
        e.prev = (int64_t)m->id2;
        break;
    case 'P':
        return put_trade(w, m, hidden_taker(w, m), match);
    case 'Q':
        return put_trade(w, m, HR_SIDE_NONE, match);
    default:
        return put_other(w);
    }
    if (w->info->seed != NULL && e.action != HR_ORDER_ADD) { /* where it stands, if not by id */
        e.side = (hr_side)m->side;
        e.px = m->px;
        e.qty = m->qty;
    }
    return put(w, m, &e);
}

/* ---- the book that LOBSTER publishes ---- */

static int put_seed(const writer *w, const hr_itch_msg *m, uint8_t side, uint32_t k, uint32_t flags)
{
    const hr_lobster_row *row = w->info->seed;
    hr_evbatch *b = w->b;
    int64_t px;
    const uint32_t at = b->n_msgs;
    if (row->qty[side][k] <= 0 || row->px[side][k] <= 0) return HR_LINE_DONE;
    if (!hr_evbatch_has_room(b, 1, 1)) return HR_LINE_FULL;
    if (!scaled(&px, row->px[side][k], w->px)) return HR_LINE_REJECT(HR_REJECT_RANGE);
    const event e = {.kind = HR_MSG_ORDER,
                     .action = HR_ORDER_ADD,
                     .side = (hr_side)side,
                     .px = row->px[side][k],
                     .qty = row->qty[side][k],
                     .id = (uint64_t)hr_order_rest(side, px),
                     .prev = -1};
    int rc = put(w, m, &e);
    if (rc == HR_LINE_DONE) b->flags[at] |= flags;
    return rc;
}

/* The first row of the published books holds what the first message did: it stands for all before
 * the second. A trade is told nevertheless. */
static int put_first(const writer *w, const hr_itch_msg *m)
{
    const hr_lobster_row *row = w->info->seed;
    hr_evbatch *b = w->b;
    const uint32_t n_msgs = b->n_msgs;
    const uint32_t n_levels = b->n_levels;
    int rc = HR_LINE_DONE;
    for (uint32_t k = row->n; rc == HR_LINE_DONE && k-- > 0;) {
        uint32_t first = b->n_msgs == n_msgs ? HR_FLAG_SNAPSHOT | HR_FLAG_RESET : 0;
        rc = put_seed(w, m, HR_SIDE_BID, k, first | HR_FLAG_MORE);
        first = b->n_msgs == n_msgs ? HR_FLAG_SNAPSHOT | HR_FLAG_RESET : 0;
        if (rc == HR_LINE_DONE)
            rc = put_seed(w, m, HR_SIDE_ASK, k, first | (k > 0 ? HR_FLAG_MORE : 0));
    }
    if (rc == HR_LINE_DONE && !hr_evbatch_has_room(b, 1, 1)) rc = HR_LINE_FULL;
    if (rc == HR_LINE_DONE)
        rc = m->type == 'E'   ? put_trade(w, m, hidden_taker(w, m), -1)
             : m->type == 'P' ? put_message(w, m)
                              : put_other(w);
    if (rc == HR_LINE_DONE) return rc;
    b->n_msgs = n_msgs;
    b->n_levels = n_levels;
    return rc;
}

static hr_status put_bad(const writer *w, int reason, const char *raw, size_t n)
{
    return hr_evbatch_reject(w->b, (hr_reject_reason)reason, w->offset, w->number, raw, n);
}

/* One message, or a reject for it. HR_FULL: nothing was taken. */
static hr_status take(const writer *w, const hr_itch_msg *m, const char *raw, size_t n)
{
    bool is_first = w->info->seed != NULL && w->number == 1;
    int rc = is_first ? put_first(w, m) : put_message(w, m);
    if (rc == HR_LINE_DONE) return HR_OK;
    if (rc != HR_LINE_FULL) return put_bad(w, -1 - rc, raw, n);
    return w->b->n_msgs > 0 ? HR_FULL : put_bad(w, HR_REJECT_TOO_MANY_LEVELS, raw, n);
}

static hr_status step_of(const writer *w, hr_itch_step *step, hr_itch_msg *m, const char *p,
                         size_t n, bool at_eof)
{
    return is_itch(w->info) ? hr_itch_decode(step, m, STEP, (const uint8_t *)p, n, at_eof)
                            : hr_lobster_decode(step, m, 1, p, n, at_eof);
}

static units units_of(unsigned scale, unsigned decimals)
{
    bool is_finer = scale >= decimals;
    return (units){.mul = is_finer ? hr_pow10[scale - decimals] : 1,
                   .div = is_finer ? 1 : hr_pow10[decimals - scale]};
}

hr_status hr_orders_decode(const hr_source_info *info, hr_evbatch *b, const char *text, size_t len,
                           size_t *pos, int64_t base_offset, int64_t *line, uint32_t target_rows,
                           bool at_eof)
{
    cache seen;
    hr_itch_msg m[STEP];
    writer w = {.info = info,
                .b = b,
                .seen = &seen,
                .px = units_of(info->px_scale, PX_DECIMALS),
                .qty = units_of(info->qty_scale, info->share_decimals)};
    bool is_binary = is_itch(info);
    hr_status st = HR_OK;
    b->source_idx = info->source_idx;
    memset(&seen, 0xff, sizeof seen);
    while (st == HR_OK && *pos < len) {
        hr_itch_step step;
        size_t at = *pos;
        hr_status got = step_of(&w, &step, m, text + at, len - at, at_eof);
        if (step.n_taken == 0) break;
        size_t end = at + step.n_taken;
        size_t good_end = got == HR_EINPUT ? at + step.offset : end;
        for (uint32_t i = 0; i < step.n_msgs && st == HR_OK; i++) {
            size_t n = is_binary ? hr_itch_length(m[i].type) + 2 : good_end - at;
            w.offset = base_offset + (int64_t)at;
            w.number = *line;
            st = take(&w, &m[i], text + at, n);
            if (st != HR_OK) break;
            at += n;
            ++*line;
            b->n_lines++;
            *pos = at;
            if (b->n_msgs + b->n_levels >= target_rows && at < len) st = HR_FULL;
        }
        if (st == HR_OK && got == HR_EINPUT) {
            w.offset = base_offset + (int64_t)good_end;
            w.number = *line;
            st = put_bad(&w, reject_of(step.reason), text + good_end, end - good_end);
            if (st != HR_OK) break;
            ++*line;
            b->n_lines++;
        }
        if (st == HR_OK) *pos = end;
    }
    b->src_end = base_offset + (int64_t)*pos;
    return st;
}

/* ---- recognising ---- */

/* Does the head begin with messages of the right lengths? */
static bool looks_like_itch(const uint8_t *p, size_t n)
{
    uint32_t n_good = 0;
    while (n >= 3 && n_good < 8) {
        size_t len = (size_t)p[0] << 8 | p[1];
        if (len == 0 || len != hr_itch_length(p[2])) return false;
        n_good++;
        if (len + 2 > n) break;
        p += len + 2;
        n -= len + 2;
    }
    return n_good > 0;
}

static bool looks_like_lobster(const char *s, size_t n)
{
    hr_itch_step step;
    hr_itch_msg m;
    const char *point = memchr(s, '.', HR_MIN(n, (size_t)8)); /* of the time: seconds of a day */
    if (point == NULL || hr_find_newline(s, s + n) == NULL) return false;
    return hr_lobster_decode(&step, &m, 1, s, n, false) != HR_EINPUT && step.n_msgs == 1;
}

static bool number_at(const char *s, size_t n, int *out)
{
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9') return false;
        *out = *out * 10 + (s[i] - '0');
    }
    return true;
}

/* Is the day in daylight saving time at noon? United States, since 1987. */
static bool is_summer(int y, int m, int d)
{
    int64_t first_march = hr_date_days(y, 3, 1), first_april = hr_date_days(y, 4, 1);
    int64_t first_november = hr_date_days(y, 11, 1), day = hr_date_days(y, m, d);
    /* 1970-01-01 was a Thursday; days to the first Sunday of a month that begins on day f */
#define TO_SUNDAY(f) ((10 - ((f) % 7)) % 7)
    int64_t begin =
        y >= 2007 ? first_march + TO_SUNDAY(first_march) + 7 : first_april + TO_SUNDAY(first_april);
    int64_t end = first_november + TO_SUNDAY(first_november) - (y >= 2007 ? 0 : 7);
#undef TO_SUNDAY
    return day >= begin && day < end;
}

static bool set_day(int64_t *ns, int y, int m, int d)
{
    if (y < 1987 || y > 2200 || m < 1 || m > 12 || d < 1 || d > 31) return false;
    *ns = hr_date_days(y, m, d) * NS_PER_DAY + (is_summer(y, m, d) ? 4 : 5) * NS_PER_HOUR;
    return true;
}

/* 2012-06-21 anywhere, or what stands in the venue's own names: 01302019.NASDAQ_ITCH50. */
bool hr_orders_path_day(int64_t *ns, const char *path)
{
    int y, m, d;
    for (const char *p = path; strlen(p) >= 10; p++)
        if (p[4] == '-' && p[7] == '-' && number_at(p, 4, &y) && number_at(p + 5, 2, &m) &&
            number_at(p + 8, 2, &d) && set_day(ns, y, m, d))
            return true;
    for (const char *p = strstr(path, ".NASDAQ"); p != NULL && p - path >= 8; p = NULL)
        if (number_at(p - 8, 2, &m) && number_at(p - 6, 2, &d) && number_at(p - 4, 4, &y))
            return set_day(ns, y, m, d);
    return false;
}

int64_t hr_orders_midnight(int64_t ts_ns)
{
    int y, m, d;
    int64_t out = 0;
    int64_t day =
        (ts_ns - 5 * NS_PER_HOUR) / NS_PER_DAY; /* in winter; or an hour before midnight */
    for (int64_t k = day + 1; k >= day; k--) {
        hr_date_of_days(k, &y, &m, &d);
        if (set_day(&out, y, m, d) && out <= ts_ns) return out;
    }
    return 0;
}

/* AAPL_2012-06-21_..: what stands before the first underscore. */
static void find_symbol(hr_source_info *info, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    size_t n = strcspn(name, "_.");
    if (info->symbol[0] == '\0' && n > 0 && n <= HR_SYMBOL_MAX && name[n] == '_')
        memcpy(info->symbol, name, n);
}

bool hr_orders_sniff(hr_source_info *info, char *why, size_t why_cap, const char *path,
                     const char *head, size_t head_len)
{
    hr_mold_source mold;
    if (info->format == HR_FORMAT_UNKNOWN) {
        if (hr_mold_is(&mold, (const uint8_t *)head, head_len))
            info->format = HR_FORMAT_MOLD;
        else if (looks_like_itch((const uint8_t *)head, head_len))
            info->format = HR_FORMAT_ITCH;
        else if (looks_like_lobster(head, head_len))
            info->format = HR_FORMAT_LOBSTER;
    }
    if (!is_itch(info) && info->format != HR_FORMAT_LOBSTER) return false;
    info->has_orders = true;
    bool has_day = hr_orders_path_day(&info->day_ns, path);
    if (info->venue[0] == '\0') memcpy(info->venue, "nasdaq", 7);
    if (info->format == HR_FORMAT_LOBSTER) find_symbol(info, path);
    snprintf(why, why_cap, "%s; %s",
             info->format == HR_FORMAT_ITCH   ? "messages have ITCH 5.0's types and lengths"
             : info->format == HR_FORMAT_MOLD ? "packets of MoldUDP64"
                                              : "rows are LOBSTER's messages",
             has_day ? "the day is in its path" : "no day in its path: times count from 1970");
    return true;
}

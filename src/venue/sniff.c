/* SPDX-License-Identifier: Apache-2.0 */
/* What a source is, told from its first bytes and its path. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "text/csv.h"
#include "venue/files/csv_events.h"
#include "venue/files/dbn.h"
#include "venue/venue.h"

#define SNIFF_LINES_MAX 4096

static const char known_formats[] =
    "known are capture, capture-json, cryptofeed and ndjson, tardis, tardis-trades, "
    "tardis-snapshot, binance-depth-csv, dbn, itch, lobster, the CSV files of "
    "docs/modules/csv.md and Crypto Lake style Parquet";

/* What the head's messages tell together. */
typedef struct findings {
    char symbol[HR_SYMBOL_MAX + 1];
    bool has_symbol, has_two;
    bool has_pu, has_coin_pair, has_perp, has_named_ticker;
    bool has_diff_depth, has_depth_without_pu;
    bool is_fstream, is_dstream, is_spot_host, has_foreign_host;
    char venue[HR_VENUE_MAX + 1]; /* an envelope names it, as our own captures do */
    const hr_venue *host;         /* first venue of the table that a url names */
    const hr_venue *mark;         /* first whose marks a line carries */
    bool is_binance;              /* some message has the shape of one of Binance's */
    int64_t time_ns;              /* the first in a message, 0 none */
    uint32_t n_lines;
} findings;

/* The keys of one message, and of the one inside its "data". */
typedef struct message {
    hr_json_str event, symbol, stream, venue;
    bool has_event_time, has_pu, has_u, has_bid, has_ask, has_bid_qty, has_ask_qty;
    bool has_snapshot_id, has_lists, has_coin_pair;
    int64_t time_ns;
} message;

static const char *find(const char *s, size_t n, const char *what)
{
    return memmem(s, n, what, strlen(what));
}

static bool is(hr_json_str s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.s, text, s.n) == 0;
}

static void note_symbol(findings *f, const char *s, size_t n)
{
    if (n == 0 || n > HR_SYMBOL_MAX) return;
    if (n > 5 && memcmp(s + n - 5, "_PERP", 5) == 0) f->has_perp = true;
    if (f->has_two) return;
    if (f->has_symbol && (strlen(f->symbol) != n || memcmp(f->symbol, s, n) != 0)) {
        f->has_two = true;
        return;
    }
    memcpy(f->symbol, s, n);
    f->symbol[n] = '\0';
    f->has_symbol = true;
}

static void note_time(message *m, hr_json_str key, int64_t v)
{
    int64_t unit = is(key, "capture_ns") ? 1 : 1000000;
    if (m->time_ns == 0 && v > 0 && __builtin_mul_overflow(v, unit, &m->time_ns)) m->time_ns = 0;
    if (is(key, "E")) m->has_event_time = true;
}

static void note_text(message *m, hr_json_str key, hr_json_str v)
{
    if (is(key, "e")) m->event = v;
    if (is(key, "s") || is(key, "symbol")) m->symbol = v;
    if (is(key, "stream")) m->stream = v;
    if (is(key, "venue")) m->venue = v;
    if (is(key, "b")) m->has_bid = true;
    if (is(key, "a")) m->has_ask = true;
    if (is(key, "B")) m->has_bid_qty = true;
    if (is(key, "A")) m->has_ask_qty = true;
    /* COIN-M messages name their pair, which ends in USD; a USD-M one, where named, in USDT. */
    if (is(key, "ps") && v.n > 3 && memcmp(v.s + v.n - 3, "USD", 3) == 0) m->has_coin_pair = true;
}

static void note_number(message *m, hr_json_str key, hr_json *j)
{
    int64_t v;
    m->has_u = m->has_u || is(key, "u");
    m->has_pu = m->has_pu || is(key, "pu");
    m->has_snapshot_id = m->has_snapshot_id || is(key, "lastUpdateId");
    bool is_time = is(key, "E") || is(key, "T") || is(key, "capture_ns");
    if (is_time && hr_json_int(j, &v)) note_time(m, key, v);
}

/* Only hints: a text that is no JSON ends the look at it, the decoder says what is wrong.
 * inner: set to the message in "data", or the first of several. */
static void read_message(message *m, hr_json *j, hr_json *inner)
{
    hr_json_str key;
    hr_json_str v;
    (void)hr_json_enter_object(j);
    while (hr_json_next_key(j, &key)) {
        hr_json_type t = hr_json_peek(j);
        hr_json probe = *j;
        if (is(key, "data") && (t == HR_JSON_OBJECT || t == HR_JSON_ARRAY)) {
            bool is_there =
                t == HR_JSON_OBJECT || (hr_json_enter_array(&probe) && hr_json_next_item(&probe) &&
                                        hr_json_peek(&probe) == HR_JSON_OBJECT);
            if (is_there) *inner = probe;
        } else if (t == HR_JSON_STRING) {
            if (hr_json_string(&probe, &v)) note_text(m, key, v);
        } else if (t == HR_JSON_NUMBER) {
            note_number(m, key, &probe);
        } else if (t == HR_JSON_ARRAY) {
            m->has_lists = m->has_lists || is(key, "bids");
        }
        if (!hr_json_skip(j)) return;
    }
}

static void note_message(findings *f, const message *m)
{
    char name[HR_SYMBOL_MAX + 1];
    bool is_depth = is(m->event, "depthUpdate");
    bool is_ticker =
        m->has_u && m->has_bid && m->has_ask && m->has_bid_qty && m->has_ask_qty && m->symbol.n > 0;
    if (m->symbol.n > 0)
        note_symbol(f, m->symbol.s, m->symbol.n);
    else if (m->stream.n > 0)
        note_symbol(f, name, hr_binance_stream_symbol(name, sizeof name, m->stream));
    if (f->time_ns == 0) f->time_ns = m->time_ns;
    if (m->venue.s != NULL &&
        (is(m->venue, hr_venue_binance.name) || is(m->venue, hr_venue_binance_futures.name) ||
         is(m->venue, hr_venue_binance_delivery.name)))
        memcpy(f->venue, m->venue.s, m->venue.n);
    f->has_pu = f->has_pu || m->has_pu;
    f->has_coin_pair = f->has_coin_pair || m->has_coin_pair;
    if (is(m->event, "bookTicker")) f->has_named_ticker = true;
    if (is_depth && !m->has_pu) f->has_depth_without_pu = true;
    if (is_depth && !hr_binance_stream_is_partial(m->stream)) f->has_diff_depth = true;
    if ((m->event.n > 0 && m->has_event_time) || (m->has_snapshot_id && m->has_lists) ||
        is_ticker || (m->stream.n > 0 && memchr(m->stream.s, '@', m->stream.n) != NULL))
        f->is_binance = true;
}

/* All parts of a mark, which '&' joins. */
static bool has_mark(const char *s, size_t n, const char *mark)
{
    while (*mark != '\0') {
        size_t part = strcspn(mark, "&");
        if (memmem(s, n, mark, part) == NULL) return false;
        mark += part + (mark[part] == '&');
    }
    return true;
}

static void note_mark(findings *f, const char *s, size_t n)
{
    uint32_t n_venues;
    const hr_venue *const *v = hr_venue_all(&n_venues);
    for (uint32_t i = 0; f->mark == NULL && i < n_venues; i++)
        for (int k = 0; k < HR_VENUE_PARTS_MAX && v[i]->marks[k] != NULL; k++)
            if (has_mark(s, n, v[i]->marks[k])) f->mark = v[i];
    if (f->mark == NULL && hr_coinbase_is_orders(s, n)) f->mark = &hr_venue_coinbase;
}

static bool names_host(const hr_venue *v, const char *s, size_t n)
{
    for (int k = 0; k < HR_VENUE_PARTS_MAX && v->hosts[k] != NULL; k++)
        if (find(s, n, v->hosts[k]) != NULL) return true;
    return false;
}

static void note_other_host(findings *f, const char *s, size_t n)
{
    uint32_t n_venues;
    const hr_venue *const *v = hr_venue_all(&n_venues);
    for (uint32_t i = 0; f->host == NULL && i < n_venues; i++)
        if (names_host(v[i], s, n)) f->host = v[i];
    if (f->host == NULL) f->has_foreign_host = true;
}

static void note_host(findings *f, const char *s, size_t n)
{
    bool is_fstream = names_host(&hr_venue_binance_futures, s, n);
    bool is_dstream = names_host(&hr_venue_binance_delivery, s, n);
    f->is_fstream = f->is_fstream || is_fstream;
    f->is_dstream = f->is_dstream || is_dstream;
    if (!names_host(&hr_venue_binance, s, n))
        note_other_host(f, s, n);
    else if (!is_fstream && !is_dstream)
        f->is_spot_host = true;
}

static void note_line(findings *f, const char *s, size_t n)
{
    const char *url = n > 0 && (s[0] == 'w' || s[0] == 'h') ? find(s, n, "://") : NULL;
    const char *space = url != NULL ? memchr(s, ' ', n) : NULL;
    if (url != NULL) note_host(f, s, space != NULL ? (size_t)(space - s) : n);
    const char *body = memchr(s, '{', n);
    f->n_lines++;
    note_mark(f, s, n);
    if (body == NULL) return;
    message m = {0};
    hr_json j;
    hr_json inner = {0};
    hr_json ignored;
    hr_json_init(&j, body, (size_t)(s + n - body));
    read_message(&m, &j, &inner);
    if (inner.p != NULL) read_message(&m, &inner, &ignored);
    note_message(f, &m);
}

/* The value of key=... in a path, as hive partitions have it. */
static bool path_key(char *out, size_t cap, const char *path, const char *key)
{
    size_t key_len = strlen(key);
    for (const char *p = strstr(path, key); p != NULL; p = strstr(p + 1, key)) {
        if ((p != path && p[-1] != '/') || p[key_len] != '=') continue;
        const char *v = p + key_len + 1;
        size_t n = strcspn(v, "/");
        if (n == 0 || n >= cap) return false;
        memcpy(out, v, n);
        out[n] = '\0';
        return true;
    }
    return false;
}

/* Crypto Lake writes BINANCE_FUTURES; we write binance-futures. */
static void fold_venue(char *s)
{
    for (; *s != '\0'; s++)
        *s = *s == '_' ? '-' : (char)tolower((unsigned char)*s);
}

void hr_sniff_path(hr_source_info *info, const char *path)
{
    char venue[HR_VENUE_MAX + 1];
    if (info->venue[0] == '\0' && (path_key(venue, sizeof venue, path, "venue") ||
                                   path_key(venue, sizeof venue, path, "exchange"))) {
        fold_venue(venue);
        memcpy(info->venue, venue, sizeof venue);
    }
    if (info->symbol[0] == '\0') (void)path_key(info->symbol, sizeof info->symbol, path, "symbol");
}

/* cryptofeed names its files after the venue: "KRAKEN.ws.48.0.gz". Length of that name, 0 none. */
static size_t file_venue(const char **name, const char *path)
{
    const char *slash = strrchr(path, '/');
    *name = slash != NULL ? slash + 1 : path;
    size_t n = strspn(*name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
    return n >= 3 && (*name)[n] == '.' ? n : 0;
}

static bool file_is(const char *path, const char *venue)
{
    const char *name;
    size_t n = file_venue(&name, path);
    return n == strlen(venue) && memcmp(name, venue, n) == 0;
}

static hr_format framing_of(const char *s, size_t n)
{
    size_t digits = 0;
    while (digits < n && s[digits] >= '0' && s[digits] <= '9')
        digits++;
    if (digits > 0 && digits < n && s[digits] == ' ') {
        bool is_orders = (find(s, n, " order_") != NULL || find(s, n, " trade {") != NULL) &&
                         digits + 1 < n && s[digits + 1] != '{';
        return is_orders ? HR_FORMAT_BITSTAMP_ORDERS : HR_FORMAT_CAPTURE_PREFIX;
    }
    if (digits > 0 && digits < n && (s[digits] == '.' || s[digits] == ':') &&
        find(s, n, ": ") != NULL)
        return HR_FORMAT_CRYPTOFEED;
    if (n > 14 && memcmp(s, "configuration:", 14) == 0) return HR_FORMAT_CRYPTOFEED;
    if (find(s, n, "://") != NULL && s[0] != '{' &&
        (find(s, n, " <-> ") != NULL || find(s, n, " -> ") != NULL || find(s, n, " <- ") != NULL))
        return HR_FORMAT_CRYPTOFEED;
    if (s[0] == '{' || s[0] == '[')
        return find(s, n, "\"capture_ns\"") != NULL ? HR_FORMAT_CAPTURE_JSON : HR_FORMAT_NDJSON;
    return HR_FORMAT_UNKNOWN;
}

static void note_head(findings *f, const char *p, const char *end)
{
    while (p < end && f->n_lines < SNIFF_LINES_MAX) {
        const char *eol = hr_find_newline(p, end);
        if (eol == NULL && f->n_lines > 0) break; /* cut by the size of the head */
        note_line(f, p, (size_t)((eol != NULL ? eol : end) - p));
        if (eol == NULL) break;
        p = eol + 1;
    }
}

/* The host is certain, the file's name is next, then what only one of the venues sends. */
static const char *venue_of(const findings *f, const char *path)
{
    const hr_venue *spot = &hr_venue_binance;
    const hr_venue *futures = &hr_venue_binance_futures;
    const hr_venue *delivery = &hr_venue_binance_delivery;
    if (f->venue[0] != '\0') return f->venue;
    if (f->is_dstream) return delivery->name;
    if (f->is_fstream) return futures->name;
    if (f->is_spot_host) return spot->name;
    if (file_is(path, delivery->file)) return delivery->name;
    if (file_is(path, futures->file)) return futures->name;
    if (f->has_perp || f->has_coin_pair) return delivery->name;
    return f->has_pu || f->has_named_ticker ? futures->name : spot->name;
}

/* Only Binance's messages can be read: whatever shows none is refused, by name where it has one,
 * unless the plan says what it is. */
static hr_status check_venue(const hr_source_info *info, const findings *f, bool is_forced,
                             const char *path, const char *s, size_t n, hr_err *err)
{
    const char *name;
    size_t n_name = info->format == HR_FORMAT_CRYPTOFEED ? file_venue(&name, path) : 0;
    bool is_host = f->is_spot_host || f->is_fstream || f->is_dstream;
    if (f->has_foreign_host && !is_host)
        return HR_FAIL(err, HR_EUNSUPPORTED,
                       "'%s' is a capture of a venue that is not supported: '%.*s'", path,
                       (int)HR_MIN(n, 80), s);
    if (is_host || is_forced || strncmp(info->venue, "binance", 7) == 0) return HR_OK;
    if (n_name > 0 && strncmp(name, "BINANCE", 7) != 0)
        return HR_FAIL(err, HR_EUNSUPPORTED,
                       "'%s' is a capture of %.*s, a venue that is not supported", path,
                       (int)n_name, name);
    if (f->is_binance || n_name > 0) return HR_OK;
    return HR_FAIL(
        err, HR_EUNSUPPORTED,
        "venue of '%s' is unknown: no message in its head tells it (input.venue or --venue can); "
        "it begins with '%.*s'; %s",
        path, (int)HR_MIN(n, 60), s, known_formats);
}

/* A venue of the table other than Binance, whose messages are told apart above; NULL: none. What
 * the user says is certain, then the host, the file's name, what only its messages hold. */
static const hr_venue *other_venue(const hr_source_info *info, const findings *f, const char *path)
{
    const hr_venue *named = hr_venue_find(info->venue);
    uint32_t n_venues;
    const hr_venue *const *v = hr_venue_all(&n_venues);
    if (named != NULL) return named->decode != hr_binance_decode ? named : NULL;
    if (info->venue[0] != '\0') return NULL;
    if (f->host != NULL) return f->host;
    if (f->is_spot_host || f->is_fstream || f->is_dstream) return NULL;
    for (uint32_t i = 0; i < n_venues; i++)
        if (v[i]->decode != hr_binance_decode && v[i]->file != NULL && file_is(path, v[i]->file))
            return v[i];
    return f->is_binance ? NULL : f->mark;
}

static void learn(hr_source_info *info, const hr_venue *v, const char *p, const char *end)
{
    for (uint32_t n = 0; v->learn != NULL && p < end && n < SNIFF_LINES_MAX; n++) {
        const char *eol = hr_find_newline(p, end);
        if (eol == NULL && n > 0) return;
        if (eol == NULL) eol = end; /* one line, longer than the head */
        v->learn(info, p, (size_t)(eol - p));
        p = eol + (eol < end);
    }
}

static hr_status sniff_lines(hr_source_info *info, char *why, size_t why_cap, const char *path,
                             const char *p, const char *end, hr_err *err)
{
    findings f = {0};
    const char *eol = hr_find_newline(p, end);
    size_t n = (size_t)((eol != NULL ? eol : end) - p);
    bool is_forced = info->format != HR_FORMAT_UNKNOWN;
    if (!is_forced) info->format = framing_of(p, n);
    if (info->format == HR_FORMAT_UNKNOWN || hr_format_is_csv(info->format))
        return HR_FAIL(err, HR_EUNSUPPORTED, "%s of '%s' is not known: it begins with '%.*s'; %s",
                       is_forced ? "CSV header" : "format", path, (int)HR_MIN(n, 60), p,
                       known_formats);
    if (info->format == HR_FORMAT_BITSTAMP_ORDERS) {
        info->has_orders = true;
        if (info->venue[0] == '\0') memcpy(info->venue, "bitstamp", 9);
        if (info->symbol[0] == '\0') memcpy(info->symbol, "BTCUSD", 7); /* its only one then */
        snprintf(why, why_cap, "lines are a time, the name of an event of Bitstamp's and its data");
        return HR_OK;
    }
    note_head(&f, p, end);
    const hr_venue *other = other_venue(info, &f, path);
    if (other != NULL) {
        snprintf(info->venue, sizeof info->venue, "%s", other->name);
        info->head_time_ns = f.time_ns;
        learn(info, other, p, end);
        snprintf(why, why_cap, "first line is framed as %s; messages of %s",
                 hr_format_name(info->format), other->name);
        return HR_OK;
    }
    HR_TRY(check_venue(info, &f, is_forced, path, p, n, err));
    if (info->venue[0] == '\0') snprintf(info->venue, sizeof info->venue, "%s", venue_of(&f, path));
    if (info->symbol[0] == '\0' && f.has_symbol && !f.has_two)
        memcpy(info->symbol, f.symbol, sizeof f.symbol);
    info->head_time_ns = f.time_ns;
    info->has_diff_depth = f.has_diff_depth;
    snprintf(why, why_cap, "first line is framed as %s; %s", hr_format_name(info->format),
             f.has_pu                 ? "depth updates carry pu"
             : f.has_depth_without_pu ? "depth updates without pu"
                                      : "no depth update in the head");
    return HR_OK;
}

/* HR_END: it is none. */
static hr_status sniff_dbn(hr_source_info *info, char *why, size_t why_cap, const char *path,
                           const char *head, size_t head_len, hr_err *err)
{
    hr_dbn_kind kind = hr_dbn_is((const uint8_t *)head, head_len);
    if (kind == HR_DBN_NEWER)
        return HR_FAIL(err, HR_EUNSUPPORTED, "'%s': DBN version %u: versions 1 to 3 are read", path,
                       (unsigned char)head[3]);
    if (kind != HR_DBN_FILE && kind != HR_DBN_FRAGMENT && info->format == HR_FORMAT_UNKNOWN)
        return HR_END;
    info->format = HR_FORMAT_DBN;
    if (kind == HR_DBN_FILE)
        snprintf(why, why_cap, "header of DBN version %u", (unsigned char)head[3]);
    else
        snprintf(why, why_cap, "DBN records without a header");
    return HR_OK;
}

hr_status hr_sniff_text(hr_source_info *info, char *why, size_t why_cap, const char *path,
                        const char *head, size_t head_len, hr_err *err)
{
    const char *end = head + head_len;
    const char *p = head;
    if (info->is_text) {
        snprintf(why, why_cap, "text");
        return HR_OK;
    }
    hr_sniff_path(info, path);
    if (info->format == HR_FORMAT_UNKNOWN || info->format == HR_FORMAT_DBN) {
        hr_status dbn = sniff_dbn(info, why, why_cap, path, head, head_len, err);
        if (dbn != HR_END) return dbn;
    }
    if (hr_orders_sniff(info, why, why_cap, path, head, head_len)) return HR_OK;
    if (head_len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) p += 3;
    while (p < end && (*p == '\n' || *p == '\r'))
        p++;
    if (p == end) return HR_FAIL(err, HR_EUNSUPPORTED, "'%s' is empty", path);
    const char *eol = hr_find_newline(p, end);
    const size_t n = (size_t)((eol != NULL ? eol : end) - p);
    hr_status st = hr_csv_file_sniff(info, why, why_cap, path, p, n, err);
    if (st == HR_OK && hr_format_is_records(info->format) && !info->takes_records)
        return HR_FAIL(
            err, HR_EUNSUPPORTED,
            "'%s' is a table and holds no events (%s): headrace convert makes Parquet of "
            "it",
            path, why);
    if (st != HR_END) return st;
    st = hr_csv_sniff_header(info, p, n, err);
    if (st == HR_END) return sniff_lines(info, why, why_cap, path, p, end, err);
    if (st != HR_OK) {
        hr_err_prefix(err, "'%s'", path);
        return st;
    }
    snprintf(why, why_cap, "CSV header of %s", hr_format_name(info->format));
    return HR_OK;
}

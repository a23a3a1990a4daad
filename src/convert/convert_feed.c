/* SPDX-License-Identifier: Apache-2.0 */
/* Captures as cryptofeed makes them: `url <-> time`, `url -> time: answer`, `time: message`, times
 * in seconds. Each line is decoded again before it is written: what that does not give back is
 * lost. */
#include <string.h>

#include "base/assert.h"
#include "convert/feed_words.h"
#include "convert/pen.h"

#define BIT(loss) (UINT64_C(1) << (loss))
#define LINE_BYTES ((size_t)4 << 20)
#define NS_PER_US 1000
#define NS_PER_MS 1000000
#define NS_PER_S INT64_C(1000000000)
#define NS_PER_DAY (86400 * NS_PER_S)

struct hr_feed_out {
    hr_source_info info;        /* of a reader */
    const hr_feed_words *words; /* of the first instrument's venue; NULL: none was met */
    char venue[HR_VENUE_MAX + 1];
    hr_evbatch *back; /* the line, decoded */
    hr_out_file *file;
    bool has_line; /* a line with the url is written */
    char *line;
    size_t n;
    bool is_full; /* the line is too long */
};

static const hr_evbatch_caps back_caps = {
    .msgs = 64, .levels = 65536, .rejects = 64, .raw = 160u << 10, .texts = 64};

size_t hr_feed_out_bytes(void)
{
    return sizeof(hr_feed_out) + LINE_BYTES + hr_evbatch_bytes(&back_caps) + (64u << 10);
}

hr_status hr_feed_out_create(hr_feed_out **out, const hr_convert_options *o, hr_arena *arena,
                             hr_err *err)
{
    *out = NULL;
    hr_feed_out *t = hr_arena_alloc(arena, sizeof *t, 64);
    if (t == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to write a capture");
    memset(t, 0, sizeof *t);
    t->info = (hr_source_info){
        .format = HR_FORMAT_CRYPTOFEED, .px_scale = o->px_scale, .qty_scale = o->qty_scale};
    t->line = hr_arena_alloc(arena, LINE_BYTES, 64);
    void *mem = hr_arena_alloc(arena, hr_evbatch_bytes(&back_caps), 64);
    if (t->line == NULL || mem == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory to write a capture");
    t->back = hr_evbatch_init(mem, &back_caps);
    *out = t;
    return HR_OK;
}

static void set_venue(hr_feed_out *t, const char *venue)
{
    memcpy(t->venue, venue, strnlen(venue, HR_VENUE_MAX));
    memcpy(t->info.venue, t->venue, sizeof t->venue);
    t->words = hr_feed_words_of(t->venue, 0);
}

void hr_feed_out_begin(hr_feed_out *t, hr_out_file *file)
{
    t->file = file;
    if (t->venue[0] == '\0') set_venue(t, "binance"); /* connections alone: no venue is lost */
}

/* ---- pieces of a line ---- */

static void put(hr_feed_out *t, const char *s, size_t n)
{
    t->is_full = t->is_full || n > LINE_BYTES - t->n;
    if (t->is_full) return;
    memcpy(t->line + t->n, s, n);
    t->n += n;
}

static void put_text(hr_feed_out *t, const char *s)
{
    put(t, s, strlen(s));
}

static void put_number(hr_feed_out *t, int64_t v, unsigned scale)
{
    char text[HR_DECIMAL_TEXT_MAX];
    put(t, text, hr_decimal_format(text, v, scale));
}

static void put_small(hr_feed_out *t, const char *s)
{
    for (; *s != '\0'; s++) {
        const char c = *s >= 'A' && *s <= 'Z' ? (char)(*s + 32) : *s;
        put(t, &c, 1);
    }
}

static int64_t floor_to(int64_t ns, int64_t unit)
{
    return ns / unit - (ns % unit < 0);
}

static void put_digits(hr_feed_out *t, int64_t v, int n, const char *behind)
{
    char text[8];
    HR_ASSERT(n <= 8);
    for (int i = n - 1; i >= 0; i--) {
        text[i] = (char)('0' + v % 10);
        v /= 10;
    }
    put(t, text, (size_t)n);
    put_text(t, behind);
}

/* Source of the calendar: howardhinnant.github.io/date_algorithms.html, civil_from_days. */
static void put_utc(hr_feed_out *t, int64_t ns)
{
    const int64_t z = floor_to(ns, NS_PER_DAY) + 719468;
    const int64_t era = z / 146097;
    const int64_t day = z - era * 146097;
    const int64_t y = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    const int64_t of_year = day - (365 * y + y / 4 - y / 100);
    const int64_t m = (5 * of_year + 2) / 153;
    const int64_t month = m < 10 ? m + 3 : m - 9;
    const int64_t s = floor_to(ns, NS_PER_S) - floor_to(ns, NS_PER_DAY) * 86400;
    put_digits(t, y + era * 400 + (month <= 2), 4, "-");
    put_digits(t, month, 2, "-");
    put_digits(t, of_year - (153 * m + 2) / 5 + 1, 2, "T");
    put_digits(t, s / 3600, 2, ":");
    put_digits(t, s / 60 % 60, 2, ":");
    put_digits(t, s % 60, 2, ".");
    put_digits(t, floor_to(ns, NS_PER_US) - floor_to(ns, NS_PER_S) * 1000000, 6, "Z");
}

static bool note_of(hr_book_note *note, const hr_evbatch *b, uint32_t m)
{
    *note = (hr_book_note){0};
    return b->text[m] >= 0 && b->kind[m] != HR_MSG_TRADE && hr_evbatch_note_of(note, b, m);
}

/* With at least so many decimals: a checksum may read them. */
static void put_padded(hr_feed_out *t, int64_t v, unsigned scale, uint32_t decimals)
{
    char text[2 * HR_DECIMAL_TEXT_MAX];
    size_t n = hr_decimal_format(text, v, scale);
    const char *point = memchr(text, '.', n);
    uint32_t has = point != NULL ? (uint32_t)(text + n - point - 1) : 0;
    if (has == 0 && decimals > 0) text[n++] = '.';
    for (; has < HR_MIN(decimals, 18u); has++)
        text[n++] = '0';
    put(t, text, n);
}

static void put_time(hr_feed_out *t, const hr_evbatch *b, uint32_t m, char hole);

/* What stands around a level's numbers. */
static void put_frame(hr_feed_out *t, const char *text, const hr_evbatch *b, uint32_t m, uint32_t i)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p != '%')
            put(t, p, 1);
        else if (*++p == 'C')
            put_text(t, b->side[i] == HR_SIDE_BID ? "Buy" : "Sell");
        else if (*p == '+')
            put_text(t, b->side[i] == HR_SIDE_BID ? "" : "-");
        else if (*p == 's')
            put_text(t, b->syms[b->sym[m]].symbol);
        else
            put_time(t, b, m, *p);
    }
}

static void put_level(hr_feed_out *t, const hr_evbatch *b, uint32_t m, uint32_t i, bool *is_first)
{
    const hr_feed_words *w = t->words;
    const bool is_gone = b->qty[i] == 0 && w->gone != NULL;
    hr_book_note note;
    (void)note_of(&note, b, m);
    if (!*is_first) put(t, ",", 1);
    *is_first = false;
    put_frame(t, is_gone ? w->gone : w->level[0], b, m, i);
    put_padded(t, b->px[i], t->info.px_scale, note.px_decimals);
    if (is_gone && w->gone_tail != NULL) {
        put_frame(t, w->gone_tail, b, m, i);
        return;
    }
    put_frame(t, w->level[1], b, m, i);
    put_padded(t, b->qty[i], t->info.qty_scale, note.qty_decimals);
    put_frame(t, w->tail != NULL && b->kind[m] == HR_MSG_DELTA ? w->tail : w->level[2], b, m, i);
}

static void put_rows(hr_feed_out *t, const hr_evbatch *b, uint32_t m)
{
    bool is_first = true;
    for (uint32_t i = (uint32_t)b->level_begin[m]; i < (uint32_t)b->level_begin[m + 1]; i++)
        put_level(t, b, m, i, &is_first);
}

static void put_side(hr_feed_out *t, const hr_evbatch *b, uint32_t m, hr_side side)
{
    bool is_first = true;
    for (uint32_t i = (uint32_t)b->level_begin[m]; i < (uint32_t)b->level_begin[m + 1]; i++)
        if (b->side[i] == side && (b->kind[m] != HR_MSG_TICKER || b->qty[i] != 0))
            put_level(t, b, m, i, &is_first);
}

static void put_best(hr_feed_out *t, const hr_evbatch *b, uint32_t m, hr_side side)
{
    const size_t n = t->n;
    put_side(t, b, m, side);
    if (t->n == n) put_text(t, "null");
}

static void put_sides(hr_feed_out *t, const hr_evbatch *b, uint32_t m, bool is_long)
{
    const uint32_t at = (uint32_t)b->level_begin[m];
    const bool asks_first = at < (uint32_t)b->level_begin[m + 1] && b->side[at] == HR_SIDE_ASK;
    for (int k = 0; k < 2; k++) {
        const bool is_ask = (k == 0) == asks_first;
        put_text(t, k == 0 ? "\"" : ",\"");
        put_text(t, is_ask ? (is_long ? "asks" : "a") : (is_long ? "bids" : "b"));
        put_text(t, "\":[");
        put_side(t, b, m, is_ask ? HR_SIDE_ASK : HR_SIDE_BID);
        put(t, "]", 1);
    }
}

static void put_changes(hr_feed_out *t, const hr_evbatch *b, uint32_t m)
{
    for (uint32_t i = (uint32_t)b->level_begin[m]; i < (uint32_t)b->level_begin[m + 1]; i++) {
        if (i > (uint32_t)b->level_begin[m]) put(t, ",", 1);
        put_text(t, b->side[i] == HR_SIDE_BID ? "[\"buy\",\"" : "[\"sell\",\"");
        put_number(t, b->px[i], t->info.px_scale);
        put_text(t, "\",\"");
        put_number(t, b->qty[i], t->info.qty_scale);
        put_text(t, "\"]");
    }
}

/* ---- holes ---- */

static bool has(const hr_evbatch *b, uint32_t m, char hole)
{
    hr_book_note note;
    if (hole == 't') return b->ts_event[m] != HR_NULL_I64;
    if (hole == 'l') return b->seq_last[m] >= 0;
    if (hole == 'p') return b->seq_prev[m] >= 0;
    return hole == 'k' && note_of(&note, b, m) && note.checksum != HR_CHECKSUM_NONE;
}

static void put_time(hr_feed_out *t, const hr_evbatch *b, uint32_t m, char hole)
{
    const int64_t ns = b->ts_event[m] != HR_NULL_I64 ? b->ts_event[m] : b->ts_recv[m];
    if (hole == 'u')
        put_utc(t, ns);
    else if (hole == 'e' || hole == 'h')
        put_number(t, ns, hole == 'e' ? 9 : 6);
    else
        put_number(t,
                   floor_to(ns, hole == 't'   ? NS_PER_MS
                                : hole == 'w' ? NS_PER_US
                                : hole == 'z' ? NS_PER_S
                                              : 1),
                   0);
}

static void put_taker(hr_feed_out *t, const hr_evbatch *b, uint32_t at, char hole)
{
    static const char *const name[][3] = {
        {"d", "buy", "sell"}, {"D", "sell", "buy"}, {"C", "Buy", "Sell"},  {"T", "B", "A"},
        {"y", "0", "1"},      {"j", "b", "s"},      {"m", "false", "true"}};
    for (size_t i = 0; i < HR_ARRAY_LEN(name); i++)
        if (name[i][0][0] == hole) put_text(t, name[i][b->side[at] == HR_SIDE_BID ? 1 : 2]);
}

static void put_id(hr_feed_out *t, const hr_evbatch *b, uint32_t m)
{
    if (b->text[m] < 0) {
        put_number(t, b->seq_last[m], 0);
        return;
    }
    const hr_text *id = &b->texts[b->text[m]];
    put(t, id->byte, id->len);
}

/* The number that stands for the instrument and kind, a new one where none does yet; 0: there are
 * no more. */
static uint32_t channel_of(hr_feed_out *t, const hr_evbatch *b, uint32_t m)
{
    static const char kinds[HR_MSG_KIND_COUNT] = {
        [HR_MSG_DELTA] = 'b', [HR_MSG_SNAPSHOT] = 'b', [HR_MSG_TRADE] = 't', [HR_MSG_TICKER] = 'k'};
    hr_source_info *info = &t->info;
    const char *symbol = b->syms[b->sym[m]].symbol;
    const char kind = kinds[b->kind[m]];
    for (uint32_t i = 0; i < info->n_channels; i++)
        if (info->channel[i].kind == kind && strcmp(info->channel[i].symbol, symbol) == 0)
            return info->channel[i].id;
    const size_t n = strlen(symbol);
    if (info->n_channels == HR_CHANNELS_MAX || symbol[0] != 't' || n < 2 ||
        n > HR_CHANNEL_SYMBOL_MAX)
        return 0; /* t: of trading, others are no instruments */
    hr_channel *c = &info->channel[info->n_channels++];
    *c = (hr_channel){.id = info->n_channels, .kind = kind};
    memcpy(c->symbol, symbol, n);
    return c->id;
}

static void put_amount(hr_feed_out *t, const hr_evbatch *b, uint32_t at, char hole)
{
    const uint32_t i = at + (hole == 'a' || hole == 'A');
    const bool is_px = hole == 'x' || hole == 'a' || hole == 'b';
    const int64_t sign = hole == 'g' && b->side[at] == HR_SIDE_ASK ? -1 : 1;
    put_number(t, is_px ? b->px[i] : sign * b->qty[i],
               is_px ? t->info.px_scale : t->info.qty_scale);
}

static void put_hole(hr_feed_out *t, const hr_evbatch *b, uint32_t m, char hole)
{
    const uint32_t at = (uint32_t)b->level_begin[m];
    const char *symbol = b->syms[b->sym[m]].symbol;
    hr_book_note note;
    if (strchr("twnzehu", hole) != NULL) put_time(t, b, m, hole);
    if (strchr("dDCTyjm", hole) != NULL) put_taker(t, b, at, hole);
    if (strchr("xqgbBaA", hole) != NULL) put_amount(t, b, at, hole);
    if (hole == 's') put_text(t, symbol);
    if (hole == 'S') put_small(t, symbol);
    if (hole == 'f') put_number(t, b->seq_first[m], 0);
    if (hole == 'l') put_number(t, b->seq_last[m], 0);
    if (hole == 'p') put_number(t, b->seq_prev[m], 0);
    if (hole == 'i') put_id(t, b, m);
    if (hole == 'o' || hole == 'O') put_sides(t, b, m, hole == 'O');
    if (hole == '1' || hole == '2') put_side(t, b, m, hole == '1' ? HR_SIDE_BID : HR_SIDE_ASK);
    if (hole == '3' || hole == '4') put_best(t, b, m, hole == '3' ? HR_SIDE_BID : HR_SIDE_ASK);
    if (hole == 'c') put_changes(t, b, m);
    if (hole == 'r') put_rows(t, b, m);
    if (hole == 'H') put_number(t, channel_of(t, b, m), 0);
    (void)note_of(&note, b, m);
    if (hole == 'k') put_number(t, (int32_t)note.crc, 0);
    if (hole == 'K') put_number(t, note.crc, 0);
    if (hole == 'N') put_number(t, note.depth > 0 ? note.depth : 1000, 0);
}

static void fill(hr_feed_out *t, const char *text, const hr_evbatch *b, uint32_t m)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '<' && !has(b, m, p[1])) {
            p = strchr(p, '>');
        } else if (*p == '<') {
            p++;
        } else if (*p == '%') {
            put_hole(t, b, m, *++p);
        } else if (*p != '>') {
            put(t, p, 1);
        }
    }
}

/* ---- lines ---- */

static const char *words_for(const hr_feed_words *w, const hr_evbatch *b, uint32_t m)
{
    switch ((hr_msg_kind)b->kind[m]) {
    case HR_MSG_DELTA:
        return w->delta;
    case HR_MSG_SNAPSHOT:
        return w->snapshot;
    case HR_MSG_TRADE:
        return (b->flags[m] & HR_FLAG_AGG) != 0 ? w->aggregate : w->trade;
    case HR_MSG_TICKER:
        return w->ticker;
    case HR_MSG_BAD:
    case HR_MSG_STATUS:
    case HR_MSG_OTHER:
    case HR_MSG_ORDER:
    case HR_MSG_KIND_COUNT:
        break;
    }
    return NULL;
}

/* False: there are no words for it. */
static bool make_line(hr_feed_out *t, const hr_evbatch *b, uint32_t m)
{
    const hr_feed_words *w = t->words;
    t->n = 0;
    t->is_full = false;
    if (b->kind[m] == HR_MSG_STATUS) {
        put_text(t, w->url);
        put_text(t, " <-> ");
        put_number(t, b->ts_recv[m], 9);
        put(t, "\n", 1);
        return true;
    }
    const char *text = words_for(w, b, m);
    if (text == NULL) return false;
    if (b->kind[m] == HR_MSG_SNAPSHOT && w->answer != NULL) {
        fill(t, w->answer, b, m);
        put_text(t, " -> ");
    }
    put_number(t, b->ts_recv[m], 9);
    put_text(t, ": ");
    fill(t, text, b, m);
    put(t, "\n", 1);
    return !t->is_full;
}

/* ---- what a reader would not give back ---- */

static bool same_text(const hr_evbatch *a, uint32_t m, const hr_evbatch *b)
{
    if (a->text[m] < 0 || b->text[0] < 0) return a->text[m] < 0 && b->text[0] < 0;
    const hr_text *x = &a->texts[a->text[m]];
    const hr_text *y = &b->texts[b->text[0]];
    return x->len == y->len && memcmp(x->byte, y->byte, x->len) == 0;
}

/* Levels as they lie; or, each side alone: HR_LOSS_LEVEL_ORDER. */
static uint64_t level_losses(const hr_evbatch *a, uint32_t m, const hr_evbatch *b)
{
    const uint32_t at = (uint32_t)a->level_begin[m];
    const uint32_t n = (uint32_t)a->level_begin[m + 1] - at;
    if (n != b->n_levels) return BIT(HR_LOSS_KIND);
    if (memcmp(a->px + at, b->px, n * sizeof *b->px) == 0 &&
        memcmp(a->qty + at, b->qty, n * sizeof *b->qty) == 0 &&
        memcmp(a->side + at, b->side, n) == 0)
        return 0;
    for (uint8_t s = 0; s <= HR_SIDE_NONE; s++) {
        uint32_t k = 0;
        for (uint32_t i = at; i < at + n; i++) {
            if (a->side[i] != s) continue;
            while (k < n && b->side[k] != s)
                k++;
            if (k == n || a->px[i] != b->px[k] || a->qty[i] != b->qty[k]) return BIT(HR_LOSS_KIND);
            k++;
        }
    }
    return BIT(HR_LOSS_LEVEL_ORDER);
}

static bool same_name(const hr_evbatch *a, uint32_t m, const hr_evbatch *b)
{
    if (a->sym[m] < 0 || b->sym[0] < 0) return a->sym[m] < 0 && b->sym[0] < 0;
    const hr_evb_sym *x = &a->syms[a->sym[m]];
    const hr_evb_sym *y = &b->syms[b->sym[0]];
    return strcmp(x->symbol, y->symbol) == 0 && strcmp(x->venue, y->venue) == 0;
}

static uint64_t compare(const hr_evbatch *a, uint32_t m, const hr_evbatch *b)
{
    const uint32_t flags = HR_FLAG_SNAPSHOT | HR_FLAG_RESET | HR_FLAG_MORE | HR_FLAG_GAP;
    const bool is_book = a->kind[m] == HR_MSG_DELTA || a->kind[m] == HR_MSG_SNAPSHOT;
    if (b->n_msgs != 1 || b->kind[0] != a->kind[m] || !same_name(a, m, b) ||
        ((a->flags[m] ^ b->flags[0]) & flags) != 0)
        return BIT(HR_LOSS_KIND);
    uint64_t bits = level_losses(a, m, b);
    if (a->ts_event[m] == HR_NULL_I64 && b->ts_event[0] != HR_NULL_I64)
        bits |= BIT(HR_LOSS_NO_EVENT);
    else if (a->ts_event[m] != b->ts_event[0])
        bits |= BIT(HR_LOSS_TIME);
    if (a->ts_recv[m] != b->ts_recv[0]) bits |= BIT(HR_LOSS_TIME);
    if (a->seq_first[m] != b->seq_first[0] || a->seq_last[m] != b->seq_last[0] ||
        a->seq_prev[m] != b->seq_prev[0])
        bits |= BIT(HR_LOSS_SEQ);
    if (((a->flags[m] ^ b->flags[0]) & HR_FLAG_AGG) != 0) bits |= BIT(HR_LOSS_AGG);
    return same_text(a, m, b) ? bits : bits | BIT(is_book ? HR_LOSS_CHECKSUM : HR_LOSS_SEQ);
}

static void read_back(hr_feed_out *t)
{
    size_t pos = 0;
    int64_t line = 1;
    hr_evbatch_reset(t->back);
    if (hr_decode_text(&t->info, t->back, t->line, t->n, &pos, 0, &line, UINT32_MAX, true) != HR_OK)
        t->back->n_msgs = 0;
}

/* The first instrument's venue is the file's. */
static void note_venue(hr_feed_out *t, const hr_evbatch *b, uint32_t m)
{
    if (t->venue[0] == '\0') set_venue(t, b->syms[b->sym[m]].venue);
}

static uint64_t try_words(hr_feed_out *t, const hr_feed_words *w, const hr_evbatch *b, uint32_t m)
{
    t->words = w;
    if (!make_line(t, b, m)) return BIT(HR_LOSS_KIND);
    read_back(t);
    return compare(b, m, t->back);
}

/* Those that lose nothing, else those that lose the least, the message last of all. */
static uint64_t choose_words(hr_feed_out *t, const hr_evbatch *b, uint32_t m)
{
    const hr_feed_words *w;
    const hr_feed_words *best = t->words;
    uint64_t least = UINT64_MAX;
    uint64_t bits = UINT64_MAX;
    for (uint32_t i = 0; least != 0 && (w = hr_feed_words_of(t->venue, i)) != NULL; i++) {
        bits = try_words(t, w, b, m);
        if (bits >= least) continue;
        least = bits;
        best = w;
    }
    return bits == least ? least : try_words(t, best, b, m);
}

uint64_t hr_feed_out_losses(hr_feed_out *t, const hr_evbatch *b, uint32_t m)
{
    const bool is_status = b->kind[m] == HR_MSG_STATUS;
    if (!is_status && b->sym[m] < 0) return BIT(HR_LOSS_NO_NAME);
    if (!is_status) note_venue(t, b, m);
    if (is_status && t->venue[0] == '\0') return 0; /* looked at again before it is written */
    if (t->words == NULL || (!is_status && strcmp(b->syms[b->sym[m]].venue, t->venue) != 0))
        return BIT(HR_LOSS_WORDS);
    return b->ts_recv[m] < 0 ? BIT(HR_LOSS_KIND) : choose_words(t, b, m);
}

/* What a reader must know before the first message: the url, which tells the venue, by a request
 * where no connection comes first; and what numbers stand for. */
static hr_status put_head(hr_feed_out *t, const hr_evbatch *b, uint32_t m, hr_err *err)
{
    hr_pen k = hr_pen_init(t->file, err);
    hr_pen_text(&k, t->words->url);
    hr_pen_text(&k, " <- ");
    hr_pen_decimal(&k, b->ts_recv[m], 9);
    hr_pen_text(&k, ": {}\n");
    for (uint32_t i = 0; t->words->binds && i < t->info.n_channels; i++) {
        const hr_channel *c = &t->info.channel[i];
        hr_pen_decimal(&k, b->ts_recv[m], 9);
        hr_pen_text(&k, ": {\"event\":\"subscribed\",\"channel\":\"");
        hr_pen_text(&k, c->kind == 'b' ? "book" : c->kind == 't' ? "trades" : "ticker");
        hr_pen_int(&k, "\",\"chanId\":", c->id);
        hr_pen_text(&k, ",\"symbol\":\"");
        hr_pen_text(&k, c->symbol);
        hr_pen_text(&k, c->kind == 'b' ? "\",\"prec\":\"P0\"}\n" : "\"}\n");
    }
    return hr_pen_end(&k);
}

hr_status hr_feed_out_message(hr_feed_out *t, const hr_evbatch *b, uint32_t m, uint64_t *n_rows,
                              hr_err *err)
{
    const bool is_status = b->kind[m] == HR_MSG_STATUS;
    if (!t->has_line && (!is_status || t->words->binds)) HR_TRY(put_head(t, b, m, err));
    t->has_line = true;
    *n_rows += (uint64_t)(b->level_begin[m + 1] - b->level_begin[m]);
    return hr_out_put(t->file, t->line, t->n, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Bitfinex v2 (docs.bitfinex.com, WebSocket public channels, checksum):
 *   {"event":"subscribed","channel":"book","chanId":5,"symbol":"tBTCUSD","prec":"P0",..}
 *   [5,[[px,count,amount],..],seq]          the whole book; amount above 0: bid
 *   [5,[px,count,amount],seq]               a level; count 0: it is gone, amount 1 bid, -1 ask
 *   [5,"cs",checksum,seq]                   of the book as it is now; no level changes
 *   [6,"te",[id,ms,amount,px],seq]          a trade; amount above 0: the taker bought
 *   [6,"tu",[..],seq]                       the same trade again
 *   [7,[bid,sum of 25 bids,ask,sum of 25 asks,..],seq]
 *
 * Messages name a channel by its number, which the head of the source binds to an instrument; a
 * message of a channel that the head did not show is refused (bad_symbol), and so is one of a
 * number that stood for two. seq, where switched on, counts a whole connection and cannot tell what
 * one instrument lost: books are taken in order of arrival and proved by their checksums.
 *
 * The sizes of a ticker are not those of its prices but sums that the venue made in binary floating
 * point (1.7023900800000002): they are not read and left unsaid. The list of trades that opens a
 * channel is from before it and left out. So are raw books (R0), funding and other channels. */
#include "venue/read.h"
#include "venue/venue.h"

/* Letters of hr_channel.kind */
enum { BOOK = 'b', TRADES = 't', TICKER = 'k', OTHER = 'o', TWICE = '2' };

static const hr_channel *find_channel(const hr_source_info *info, int64_t id)
{
    for (uint32_t i = 0; i < info->n_channels; i++)
        if (info->channel[i].id == id) return &info->channel[i];
    return NULL;
}

static hr_json_str symbol_of(const hr_channel *c)
{
    return (hr_json_str){.s = c->symbol, .n = strlen(c->symbol)};
}

/* price, count, amount: the side is the amount's sign. The bracket is taken. */
static int read_level(const hr_line *l, hr_json *j, uint32_t *n)
{
    int64_t px, count;
    int64_t qty = 0;
    int i = 0;
    for (; hr_json_next_item(j); i++) {
        int rc = i == 0   ? hr_read_decimal(j, &px, l->info->px_scale)
                 : i == 1 ? hr_read_int(j, &count)
                 : i == 2 ? hr_read_signed(j, &qty, l->info->qty_scale)
                          : hr_read_skip(j);
        if (rc != HR_LINE_DONE) return rc;
    }
    if (j->error != NULL || i < 3) return hr_read_broken(j);
    if (qty == 0) return HR_LINE_REJECT(HR_REJECT_SIDE);
    hr_side side = qty > 0 ? HR_SIDE_BID : HR_SIDE_ASK;
    return hr_read_put_level(l, side, px, count == 0 ? 0 : qty > 0 ? qty : -qty, n);
}

static int on_row(void *self, const hr_line *l, hr_json *j)
{
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_ARRAY) return hr_read_wrong_type(t);
    (void)hr_json_enter_array(j);
    return read_level(l, j, self);
}

static int put_book(const hr_line *l, hr_json *j, const hr_channel *c)
{
    hr_json probe = *j;
    uint32_t msg;
    uint32_t n = 0;
    if (!hr_json_enter_array(&probe)) return hr_read_wrong_type(hr_json_peek(j));
    bool is_level = hr_json_next_item(&probe) && hr_json_peek(&probe) == HR_JSON_NUMBER;
    int rc = hr_read_begin(l, is_level ? HR_MSG_DELTA : HR_MSG_SNAPSHOT, HR_NULL_I64, symbol_of(c),
                           &msg);
    if (rc != HR_LINE_DONE) return rc;
    if (is_level) {
        (void)hr_json_enter_array(j);
        rc = read_level(l, j, &n);
    } else {
        rc = hr_read_list(l, j, on_row, &n);
    }
    if (rc == HR_LINE_DONE) hr_line_commit(l, n);
    return rc;
}

static int put_checksum(const hr_line *l, hr_json *j, const hr_channel *c)
{
    int64_t crc;
    uint32_t msg;
    if (!hr_json_next_item(j)) return hr_read_broken(j);
    int rc = hr_read_signed(j, &crc, 0);
    if (rc == HR_LINE_DONE && (crc < INT32_MIN || crc > INT32_MAX))
        rc = HR_LINE_REJECT(HR_REJECT_RANGE);
    if (rc == HR_LINE_DONE) rc = hr_read_begin(l, HR_MSG_DELTA, HR_NULL_I64, symbol_of(c), &msg);
    if (rc != HR_LINE_DONE) return rc;
    hr_book_note note = {.crc = (uint32_t)crc, .checksum = HR_CHECKSUM_BITFINEX};
    rc = hr_read_put_note(l, msg, &note);
    if (rc == HR_LINE_DONE) hr_line_commit(l, 0);
    return rc;
}

static int put_trade(const hr_line *l, hr_json *j, const hr_channel *c)
{
    hr_json_str id = {0};
    int64_t ns = HR_NULL_I64;
    int64_t qty = 0;
    int64_t px = 0;
    int i = 0;
    if (!hr_json_next_item(j)) return hr_read_broken(j);
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_ARRAY) return hr_read_wrong_type(t);
    (void)hr_json_enter_array(j);
    for (; hr_json_next_item(j); i++) {
        int rc = i == 0   ? hr_read_id(j, &id)
                 : i == 1 ? hr_read_ms(j, &ns)
                 : i == 2 ? hr_read_signed(j, &qty, l->info->qty_scale)
                 : i == 3 ? hr_read_decimal(j, &px, l->info->px_scale)
                          : hr_read_skip(j);
        if (rc != HR_LINE_DONE) return rc;
    }
    if (j->error != NULL || i < 4) return hr_read_broken(j);
    return hr_read_put_trade(l, ns, symbol_of(c), qty > 0 ? HR_SIDE_BID : HR_SIDE_ASK, px,
                             qty > 0 ? qty : -qty, id);
}

/* An empty side is null. */
static int read_price(const hr_line *l, hr_json *j, int64_t *out)
{
    if (hr_json_peek(j) == HR_JSON_NULL) return hr_read_skip(j);
    return hr_read_decimal(j, out, l->info->px_scale);
}

static int put_ticker(const hr_line *l, hr_json *j, const hr_channel *c)
{
    int64_t bid[2] = {0, HR_NULL_I64};
    int64_t ask[2] = {0, HR_NULL_I64};
    int i = 0;
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_ARRAY) return hr_read_wrong_type(t);
    (void)hr_json_enter_array(j);
    for (; hr_json_next_item(j); i++) {
        int rc = i == 0   ? read_price(l, j, &bid[0])
                 : i == 2 ? read_price(l, j, &ask[0])
                          : hr_read_skip(j);
        if (rc != HR_LINE_DONE) return rc;
    }
    if (j->error != NULL || i < 4) return hr_read_broken(j);
    return hr_read_put_ticker(l, HR_NULL_I64, symbol_of(c), bid, ask, -1);
}

/* [number, "word", ..]: "hb" says that a channel lives. */
static int put_word(const hr_line *l, hr_json *j, int64_t id)
{
    const hr_channel *c = find_channel(l->info, id);
    hr_json_str word;
    int rc = hr_read_text(j, &word);
    if (rc != HR_LINE_DONE) return rc;
    const bool is_check = HR_IS(word, "cs");
    if (!is_check && !HR_IS(word, "te")) return HR_LINE_DONE;
    if (c == NULL || c->kind == TWICE) return HR_LINE_REJECT(HR_REJECT_SYMBOL);
    if (is_check) return c->kind == BOOK ? put_checksum(l, j, c) : HR_LINE_DONE;
    return c->kind == TRADES ? put_trade(l, j, c) : HR_LINE_DONE;
}

static int put_payload(const hr_line *l, hr_json *j, int64_t id)
{
    const hr_channel *c = find_channel(l->info, id);
    if (c == NULL || c->kind == TWICE) return HR_LINE_REJECT(HR_REJECT_SYMBOL);
    if (c->kind == BOOK) return put_book(l, j, c);
    return c->kind == TICKER ? put_ticker(l, j, c) : hr_read_skip(j);
}

static int decode(const hr_line *l, hr_json *j)
{
    int64_t id;
    hr_json_type t = hr_json_peek(j);
    if (t == HR_JSON_OBJECT) return hr_read_skip(j); /* events: see learn */
    if (t != HR_JSON_ARRAY) return hr_read_wrong_type(t);
    (void)hr_json_enter_array(j);
    if (!hr_json_next_item(j)) return hr_read_broken(j);
    int rc = hr_read_int(j, &id);
    if (rc != HR_LINE_DONE) return rc;
    if (!hr_json_next_item(j)) return hr_read_broken(j);
    rc = hr_json_peek(j) == HR_JSON_STRING ? put_word(l, j, id) : put_payload(l, j, id);
    if (rc != HR_LINE_DONE) return rc;
    while (hr_json_next_item(j))
        if (!hr_json_skip(j)) return HR_LINE_REJECT(HR_REJECT_JSON);
    return j->error != NULL ? HR_LINE_REJECT(HR_REJECT_JSON) : HR_LINE_DONE;
}

/* ---- channels ---- */

static char kind_of(hr_json_str channel, hr_json_str symbol, hr_json_str prec)
{
    if (symbol.n < 2 || symbol.s[0] != 't') return OTHER;
    if (HR_IS(channel, "trades")) return TRADES;
    if (HR_IS(channel, "ticker")) return TICKER;
    return HR_IS(channel, "book") && prec.n == 2 && prec.s[0] == 'P' ? BOOK : OTHER;
}

static void bind(hr_source_info *info, uint32_t id, char kind, hr_json_str symbol)
{
    hr_channel c = {.id = id, .kind = kind};
    if (symbol.n > HR_CHANNEL_SYMBOL_MAX) return;
    if (symbol.n > 0) memcpy(c.symbol, symbol.s, symbol.n);
    for (uint32_t i = 0; i < info->n_channels; i++) {
        hr_channel *have = &info->channel[i];
        if (have->id != id) continue;
        if (have->kind != kind || strcmp(have->symbol, c.symbol) != 0) have->kind = TWICE;
        return;
    }
    if (info->n_channels < HR_CHANNELS_MAX) info->channel[info->n_channels++] = c;
}

/* The object of an event may stand behind a time, or in an envelope. */
static void learn(hr_source_info *info, const char *line, size_t n)
{
    enum { E_EVENT, E_CHANNEL, E_ID, E_SYMBOL, E_PREC, N };
    static const char *const keys[N] = {"event", "channel", "chanId", "symbol", "prec"};
    const uint32_t need = HR_READ_BIT(E_CHANNEL) | HR_READ_BIT(E_ID);
    const char *event = memmem(line, n, "\"subscribed\"", 12);
    const char *open = event != NULL ? memrchr(line, '{', (size_t)(event - line)) : NULL;
    hr_json j;
    hr_json at[N];
    uint32_t seen;
    hr_json_str channel;
    hr_json_str symbol = {0};
    hr_json_str prec = {0};
    int64_t id;
    if (open == NULL) return;
    hr_json_init(&j, open, n - (size_t)(open - line));
    if (hr_read_fields(&j, keys, N, at, &seen) != HR_LINE_DONE || (seen & need) != need) return;
    if (hr_read_text(&at[E_CHANNEL], &channel) != HR_LINE_DONE ||
        hr_read_int(&at[E_ID], &id) != HR_LINE_DONE || id > UINT32_MAX)
        return;
    if ((seen & HR_READ_BIT(E_SYMBOL)) != 0 && hr_read_text(&at[E_SYMBOL], &symbol) != HR_LINE_DONE)
        return;
    if ((seen & HR_READ_BIT(E_PREC)) != 0 && hr_read_text(&at[E_PREC], &prec) != HR_LINE_DONE)
        return;
    bind(info, (uint32_t)id, kind_of(channel, symbol, prec), symbol);
}

/* The first line switches checksums on. */
#define REQUEST(name, more)                                                                        \
    "{\"event\":\"subscribe\",\"channel\":\"" name "\",\"symbol\":\"$\"" more "}"
static const hr_request requests[] = {
    {"book", REQUEST("book", ",\"prec\":\"P0\",\"freq\":\"F0\",\"len\":\"250\""), 0},
    {"trades", REQUEST("trades", ""), 0},
    {"ticker", REQUEST("ticker", ""), 0},
};
#undef REQUEST

const hr_venue hr_venue_bitfinex = {
    .name = "bitfinex",
    .file = "BITFINEX",
    .hosts = {"api.bitfinex.com/ws", "api-pub.bitfinex.com/ws"},
    .marks = {"\"event\":\"subscribed\"&\"chanId\":"},
    .rule = HR_SEQ_NONE,
    .decode = decode,
    .learn = learn,
    .opening = "{\"event\":\"conf\",\"flags\":131072}", /* checksums of books */
    .requests = requests,
    .n_requests = HR_ARRAY_LEN(requests),
    .silent_s = 45,
};

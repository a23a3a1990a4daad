/* SPDX-License-Identifier: Apache-2.0 */
/* BitMEX (www.bitmex.com/app/wsAPI; blog.bitmex.com: "Removing ID schema on orderbook feeds",
 * "Changes to Order Book Level 2 Data"):
 *   {"table":"orderBookL2"|"orderBookL2_25","action":"partial"|"insert"|"update"|"delete","data":[
 *    {"symbol":..,"id":..,"side":"Buy","size":..,"price":..,"timestamp":..},..],
 *    "filter":{"symbol":..}}
 *   {"table":"orderBook10","action":..,"data":[{"symbol":..,"bids":[[px,qty],..],"asks":[..],
 *    "timestamp":..},..]}: whole each time
 *   {"table":"trade","data":[{"timestamp":..,"symbol":..,"side":"Buy","size":..,"price":..,
 *    "trdMatchID":..},..]}
 *   {"table":"quote","data":[{"timestamp":..,"symbol":..,"bidSize":..,"bidPrice":..,"askPrice":..,
 *    "askSize":..},..]}
 *
 * There is no sequence. Until April 2023 updates and deletes name a level by its id alone, and ids
 * lie on a line: id = number of the instrument * 10^8 - price / step. Number and step are learned
 * from rows of the head that carry both; without them such a row cannot be read. Since June 2023
 * ids are arbitrary and each row has its price. */
#include <string.h>

#include "venue/read.h"
#include "venue/venue.h"

#define IDS_A_SYMBOL INT64_C(100000000)
#define LEARN_ROWS_MAX 256 /* of a line */
#define KIND_LEVELS 'L'

enum { ENV_TABLE, ENV_ACTION, ENV_DATA, ENV_FILTER, N_ENV };
static const char *const env_keys[N_ENV] = {"table", "action", "data", "filter"};

typedef enum table {
    TABLE_OTHER,
    TABLE_LEVELS,
    TABLE_TOP,
    TABLE_TRADE,
    TABLE_QUOTE,
} table;

static table table_of(hr_json_str s)
{
    if (HR_IS(s, "orderBookL2") || HR_IS(s, "orderBookL2_25")) return TABLE_LEVELS;
    if (HR_IS(s, "orderBook10")) return TABLE_TOP;
    if (HR_IS(s, "trade")) return TABLE_TRADE;
    return HR_IS(s, "quote") ? TABLE_QUOTE : TABLE_OTHER;
}

/* Any row: what it does not have stays as it was. */
typedef struct row {
    hr_json_str symbol, match;
    hr_json levels[2]; /* of a top, by hr_side */
    hr_side side;
    int64_t id, px, qty; /* -1 unsaid */
    int64_t bid[2], ask[2];
    int64_t ns;
} row;

static int on_row_key(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    row *r = self;
    const unsigned px_scale = l->info->px_scale;
    const unsigned qty_scale = l->info->qty_scale;
    if (HR_IS(key, "symbol")) return hr_read_text(j, &r->symbol);
    if (HR_IS(key, "id")) return hr_read_int(j, &r->id);
    if (HR_IS(key, "side")) return hr_read_side(j, &r->side);
    if (HR_IS(key, "size")) return hr_read_decimal(j, &r->qty, qty_scale);
    if (HR_IS(key, "price")) return hr_read_decimal(j, &r->px, px_scale);
    if (HR_IS(key, "timestamp")) return hr_read_rfc3339(j, &r->ns);
    if (HR_IS(key, "trdMatchID")) return hr_read_text(j, &r->match);
    if (HR_IS(key, "bidPrice")) return hr_read_decimal_or_none(j, &r->bid[0], px_scale);
    if (HR_IS(key, "bidSize")) return hr_read_decimal_or_none(j, &r->bid[1], qty_scale);
    if (HR_IS(key, "askPrice")) return hr_read_decimal_or_none(j, &r->ask[0], px_scale);
    if (HR_IS(key, "askSize")) return hr_read_decimal_or_none(j, &r->ask[1], qty_scale);
    if (HR_IS(key, "bids")) r->levels[HR_SIDE_BID] = *j;
    if (HR_IS(key, "asks")) r->levels[HR_SIDE_ASK] = *j;
    return hr_read_skip(j);
}

static int read_row(const hr_line *l, hr_json *j, row *r)
{
    *r = (row){.side = HR_SIDE_NONE, .id = -1, .px = -1, .qty = -1, .ns = HR_NULL_I64};
    return hr_read_object(l, j, on_row_key, r);
}

/* ---- the line of ids ---- */

static hr_channel *line_of(const hr_source_info *info, hr_json_str symbol)
{
    for (uint32_t i = 0; i < info->n_channels; i++) {
        const hr_channel *c = &info->channel[i];
        if (c->kind == KIND_LEVELS && strlen(c->symbol) == symbol.n &&
            memcmp(c->symbol, symbol.s, symbol.n) == 0)
            return (hr_channel *)(uintptr_t)c;
    }
    return NULL;
}

static int64_t steps_of(uint32_t number, int64_t id)
{
    return (int64_t)number * IDS_A_SYMBOL - id;
}

/* A row with id and price: the first of its symbol sets the line, the others must lie on it, or
 * there is none (step 0). */
static void learn_row(hr_source_info *info, const row *r)
{
    if (r->id <= 0 || r->px <= 0 || r->id >= IDS_A_SYMBOL * UINT32_MAX) return;
    hr_channel *c = line_of(info, r->symbol);
    if (c != NULL) {
        int64_t px;
        if (__builtin_mul_overflow(steps_of(c->id, r->id), c->step, &px) || px != r->px)
            c->step = 0;
        return;
    }
    if (info->n_channels == HR_CHANNELS_MAX || r->symbol.n == 0 ||
        r->symbol.n > HR_CHANNEL_SYMBOL_MAX)
        return;
    uint32_t number = (uint32_t)(r->id / IDS_A_SYMBOL + 1);
    int64_t steps = steps_of(number, r->id);
    c = &info->channel[info->n_channels++];
    *c = (hr_channel){.id = number, .kind = KIND_LEVELS};
    if (steps > 0 && r->px % steps == 0) c->step = r->px / steps;
    memcpy(c->symbol, r->symbol.s, r->symbol.n);
}

static void learn(hr_source_info *info, const char *line, size_t n)
{
    static const char mark[] = "\"orderBookL2";
    const hr_line l = {.info = info};
    hr_json j;
    hr_json at[N_ENV];
    uint32_t seen;
    if (memmem(line, n, mark, sizeof mark - 1) == NULL) return;
    info->has_diff_depth = true;
    const char *body = memchr(line, '{', n);
    if (body == NULL || memmem(line, n, "\"price\"", 7) == NULL) return;
    hr_json_init(&j, body, (size_t)(line + n - body));
    if (hr_read_fields(&j, env_keys, N_ENV, at, &seen) != HR_LINE_DONE) return;
    hr_json *data = &at[ENV_DATA];
    if (data->p == NULL || !hr_json_enter_array(data)) return;
    for (int i = 0; i < LEARN_ROWS_MAX && hr_json_next_item(data); i++) {
        row r;
        if (read_row(&l, data, &r) != HR_LINE_DONE) return;
        learn_row(info, &r);
    }
}

static int price_of(const hr_line *l, const row *r, int64_t *px)
{
    *px = r->px;
    if (r->px >= 0) return HR_LINE_DONE;
    const hr_channel *c = line_of(l->info, r->symbol);
    if (c == NULL || c->step == 0 || r->id < 0) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    int64_t steps = steps_of(c->id, r->id);
    if (steps <= 0 || steps > IDS_A_SYMBOL || __builtin_mul_overflow(steps, c->step, px))
        return HR_LINE_REJECT(HR_REJECT_RANGE);
    return HR_LINE_DONE;
}

/* ---- levels ---- */

typedef enum action { ACTION_PARTIAL, ACTION_SET, ACTION_DELETE, ACTION_OTHER } action;

static action action_of(hr_json_str s)
{
    if (HR_IS(s, "partial")) return ACTION_PARTIAL;
    if (HR_IS(s, "insert") || HR_IS(s, "update")) return ACTION_SET;
    return HR_IS(s, "delete") ? ACTION_DELETE : ACTION_OTHER;
}

/* Rows of one symbol are one message. */
typedef struct open_message {
    action action;
    hr_json_str symbol; /* n == 0: none is open */
    uint32_t m, n;
} open_message;

static void note_time(const hr_line *l, uint32_t m, int64_t ns)
{
    hr_evbatch *b = l->batch;
    if (ns == HR_NULL_I64 || (b->ts_event[m] != HR_NULL_I64 && b->ts_event[m] >= ns)) return;
    b->ts_event[m] = ns;
    if (l->ts_recv == HR_NULL_I64 && (b->flags[m] & HR_FLAG_NO_TIME) == 0) b->ts_recv[m] = ns;
}

static int begin_message(const hr_line *l, open_message *o, hr_json_str symbol, int64_t ns)
{
    if (o->symbol.n > 0) hr_line_commit(l, o->n);
    o->symbol = symbol;
    o->n = 0;
    return hr_read_begin(l, o->action == ACTION_PARTIAL ? HR_MSG_SNAPSHOT : HR_MSG_DELTA, ns,
                         symbol, &o->m);
}

static int on_level(void *self, const hr_line *l, hr_json *j)
{
    open_message *o = self;
    row r;
    int64_t px;
    int rc = read_row(l, j, &r);
    if (rc != HR_LINE_DONE) return rc;
    if (o->action == ACTION_DELETE) r.qty = 0;
    if (r.side == HR_SIDE_NONE || r.qty < 0 || r.symbol.n == 0)
        return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    rc = price_of(l, &r, &px);
    if (rc != HR_LINE_DONE) return rc;
    bool is_same = o->symbol.n == r.symbol.n && memcmp(o->symbol.s, r.symbol.s, r.symbol.n) == 0;
    if (!is_same) rc = begin_message(l, o, r.symbol, r.ns);
    if (rc != HR_LINE_DONE) return rc;
    note_time(l, o->m, r.ns);
    return hr_read_put_level(l, r.side, px, r.qty, &o->n);
}

/* The whole book of a symbol without orders names it only in the filter. */
static int put_empty(const hr_line *l, hr_json *filter)
{
    row r;
    uint32_t m;
    int rc = read_row(l, filter, &r);
    if (rc != HR_LINE_DONE || r.symbol.n == 0) return rc;
    rc = hr_read_begin(l, HR_MSG_SNAPSHOT, HR_NULL_I64, r.symbol, &m);
    if (rc == HR_LINE_DONE) hr_line_commit(l, 0);
    return rc;
}

static int put_levels(const hr_line *l, hr_json *at, action a)
{
    open_message o = {.action = a};
    if (a == ACTION_OTHER) return HR_LINE_REJECT(HR_REJECT_UNKNOWN);
    int rc = hr_read_list(l, &at[ENV_DATA], on_level, &o);
    if (rc != HR_LINE_DONE) return rc;
    if (o.symbol.n > 0)
        hr_line_commit(l, o.n);
    else if (a == ACTION_PARTIAL && at[ENV_FILTER].p != NULL)
        rc = put_empty(l, &at[ENV_FILTER]);
    return rc;
}

/* ---- tops, trades, quotes ---- */

static int on_top(void *self, const hr_line *l, hr_json *j)
{
    row r;
    uint32_t m;
    uint32_t n = 0;
    (void)self;
    int rc = read_row(l, j, &r);
    if (rc == HR_LINE_DONE) rc = hr_read_begin(l, HR_MSG_SNAPSHOT, r.ns, r.symbol, &m);
    for (int s = 0; s < 2 && rc == HR_LINE_DONE; s++)
        if (r.levels[s].p != NULL) rc = hr_read_levels(l, &r.levels[s], (hr_side)s, &n);
    if (rc == HR_LINE_DONE) hr_line_commit(l, n);
    return rc;
}

static int on_trade(void *self, const hr_line *l, hr_json *j)
{
    row r;
    (void)self;
    int rc = read_row(l, j, &r);
    if (rc != HR_LINE_DONE) return rc;
    if (r.symbol.n > 0 && r.symbol.s[0] == '.') return HR_LINE_DONE; /* an index: nobody traded */
    if (r.side == HR_SIDE_NONE || r.px < 0 || r.qty < 0)
        return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    return hr_read_put_trade(l, r.ns, r.symbol, r.side, r.px, r.qty, r.match);
}

static int on_quote(void *self, const hr_line *l, hr_json *j)
{
    row r;
    (void)self;
    int rc = read_row(l, j, &r);
    return rc == HR_LINE_DONE ? hr_read_put_ticker(l, r.ns, r.symbol, r.bid, r.ask, -1) : rc;
}

static int decode(const hr_line *l, hr_json *j)
{
    hr_json at[N_ENV];
    hr_json_str name = {0};
    hr_json_str text = {0};
    uint32_t seen;
    if (hr_json_peek(j) == HR_JSON_ARRAY) return hr_read_skip(j); /* an answer to a request */
    int rc = hr_read_fields(j, env_keys, N_ENV, at, &seen);
    if (rc != HR_LINE_DONE || at[ENV_TABLE].p == NULL || at[ENV_DATA].p == NULL) return rc;
    rc = hr_read_text(&at[ENV_TABLE], &name);
    if (rc == HR_LINE_DONE && at[ENV_ACTION].p != NULL) rc = hr_read_text(&at[ENV_ACTION], &text);
    if (rc != HR_LINE_DONE) return rc;
    switch (table_of(name)) {
    case TABLE_LEVELS:
        return put_levels(l, at, action_of(text));
    case TABLE_TOP:
        return l->info->has_diff_depth ? HR_LINE_DONE
                                       : hr_read_list(l, &at[ENV_DATA], on_top, NULL);
    case TABLE_TRADE: /* a partial repeats what was before the subscription */
        if (action_of(text) == ACTION_PARTIAL) return HR_LINE_DONE;
        return hr_read_list(l, &at[ENV_DATA], on_trade, NULL);
    case TABLE_QUOTE:
        return hr_read_list(l, &at[ENV_DATA], on_quote, NULL);
    case TABLE_OTHER:
        break;
    }
    return HR_LINE_DONE;
}

#define REQUEST(name) "{\"op\":\"subscribe\",\"args\":[<\"" name ":$\">]}"
static const hr_request requests[] = {
    {"book", REQUEST("orderBookL2"), 20},
    {"trades", REQUEST("trade"), 20},
    {"ticker", REQUEST("quote"), 20},
};
#undef REQUEST

const hr_venue hr_venue_bitmex = {
    .name = "bitmex",
    .file = "BITMEX",
    .hosts = {"bitmex.com"},
    .marks = {"\"table\":\"orderBookL2", "\"table\":\"trade\"&\"trdMatchID\":",
              "\"table\":\"quote\"&\"bidSize\":", "\"table\":\"orderBook10\""},
    .rule = HR_SEQ_NONE,
    .decode = decode,
    .learn = learn,
    .requests = requests,
    .n_requests = HR_ARRAY_LEN(requests),
    .keep_alive = "ping",
    .keep_alive_s = 5,
    .silent_s = 60,
};

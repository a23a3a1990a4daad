/* SPDX-License-Identifier: Apache-2.0 */
/* Hyperliquid (hyperliquid.gitbook.io: WebSocket subscriptions, info endpoint):
 *   {"channel":"l2Book","data":{"coin":..,"time":ms,"levels":[[{"px":..,"sz":..,"n":..},..],[..]]}}
 *   {"channel":"bbo","data":{"coin":..,"time":ms,"bbo":[{"px":..,"sz":..,"n":..}|null,..]}}
 *   {"channel":"trades","data":[{"coin":..,"side":"B"|"A","px":..,"sz":..,"time":ms,"tid":..,
 *    "hash":..,"users":[..]},..]}
 * and the data of an l2Book alone, as requests answer.
 *
 * Each book is whole, bids first, and there is no sequence: nothing can be missed. Side B says that
 * the buyer took. A pair of the spot market without a name of its own, "@107", is written
 * "spot:107". */
#include <stdio.h>
#include <string.h>

#include "venue/read.h"
#include "venue/venue.h"

enum { ENV_CHANNEL, ENV_DATA, ENV_LEVELS, N_ENV };
static const char *const env_keys[N_ENV] = {"channel", "data", "levels"};

/* A coin as a symbol; text: room for one that is written otherwise. */
static hr_json_str symbol_of(hr_json_str coin, char text[HR_SYMBOL_MAX + 1])
{
    if (coin.n < 2 || coin.s[0] != '@' || coin.n + 4 > HR_SYMBOL_MAX) return coin;
    int n = snprintf(text, HR_SYMBOL_MAX + 1, "spot:%.*s", (int)coin.n - 1, coin.s + 1);
    return (hr_json_str){.s = text, .n = (size_t)n};
}

/* ---- books ---- */

typedef struct book {
    hr_json_str coin;
    hr_json levels, bbo; /* where the lists begin */
    int64_t ns;
} book;

static int on_book_key(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    book *k = self;
    (void)l;
    if (HR_IS(key, "coin")) return hr_read_text(j, &k->coin);
    if (HR_IS(key, "time")) return hr_read_ms(j, &k->ns);
    if (HR_IS(key, "levels")) k->levels = *j;
    if (HR_IS(key, "bbo")) k->bbo = *j;
    return hr_read_skip(j);
}

static int put_book(const hr_line *l, hr_json *data)
{
    char text[HR_SYMBOL_MAX + 1];
    book k = {.ns = HR_NULL_I64};
    uint32_t m;
    uint32_t n = 0;
    int rc = hr_read_object(l, data, on_book_key, &k);
    if (rc != HR_LINE_DONE) return rc;
    if (k.levels.p == NULL || k.coin.n == 0) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    hr_json_type t = hr_json_peek(&k.levels);
    if (t != HR_JSON_ARRAY) return hr_read_wrong_type(t);
    rc = hr_read_begin(l, HR_MSG_SNAPSHOT, k.ns, symbol_of(k.coin, text), &m);
    (void)hr_json_enter_array(&k.levels);
    for (int s = 0; s < 2 && rc == HR_LINE_DONE; s++) {
        if (!hr_json_next_item(&k.levels)) return hr_read_broken(&k.levels);
        rc = hr_read_level_objects(l, &k.levels, (hr_side)s, "px", "sz", &n);
    }
    if (rc == HR_LINE_DONE) hr_line_commit(l, n);
    return rc;
}

static int on_best_key(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    int64_t *best = self;
    if (HR_IS(key, "px")) return hr_read_decimal(j, &best[0], l->info->px_scale);
    if (HR_IS(key, "sz")) return hr_read_decimal(j, &best[1], l->info->qty_scale);
    return hr_read_skip(j);
}

static int put_best(const hr_line *l, hr_json *data)
{
    char text[HR_SYMBOL_MAX + 1];
    book k = {.ns = HR_NULL_I64};
    int64_t best[2][2] = {{0}};
    int rc = hr_read_object(l, data, on_book_key, &k);
    if (rc != HR_LINE_DONE) return rc;
    if (k.bbo.p == NULL || k.coin.n == 0) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    hr_json_type t = hr_json_peek(&k.bbo);
    if (t != HR_JSON_ARRAY) return hr_read_wrong_type(t);
    (void)hr_json_enter_array(&k.bbo);
    for (int s = 0; s < 2; s++) {
        if (!hr_json_next_item(&k.bbo)) return hr_read_broken(&k.bbo);
        rc = hr_json_peek(&k.bbo) == HR_JSON_NULL ? hr_read_skip(&k.bbo)
                                                  : hr_read_object(l, &k.bbo, on_best_key, best[s]);
        if (rc != HR_LINE_DONE) return rc;
    }
    return hr_read_put_ticker(l, k.ns, symbol_of(k.coin, text), best[0], best[1], -1);
}

/* ---- trades ---- */

typedef struct trade {
    hr_json_str coin, side, id;
    int64_t px, qty, ns;
} trade;

static int on_trade_key(void *self, const hr_line *l, hr_json *j, hr_json_str key)
{
    trade *t = self;
    if (HR_IS(key, "coin")) return hr_read_text(j, &t->coin);
    if (HR_IS(key, "side")) return hr_read_text(j, &t->side);
    if (HR_IS(key, "px")) return hr_read_decimal(j, &t->px, l->info->px_scale);
    if (HR_IS(key, "sz")) return hr_read_decimal(j, &t->qty, l->info->qty_scale);
    if (HR_IS(key, "time")) return hr_read_ms(j, &t->ns);
    if (HR_IS(key, "tid")) return hr_read_id(j, &t->id);
    return hr_read_skip(j);
}

static int on_trade(void *self, const hr_line *l, hr_json *j)
{
    char text[HR_SYMBOL_MAX + 1];
    trade t = {.ns = HR_NULL_I64};
    (void)self;
    int rc = hr_read_object(l, j, on_trade_key, &t);
    if (rc != HR_LINE_DONE) return rc;
    if (t.coin.n == 0 || t.side.n == 0) return HR_LINE_REJECT(HR_REJECT_FIELD_MISSING);
    if (!HR_IS(t.side, "A") && !HR_IS(t.side, "B")) return HR_LINE_REJECT(HR_REJECT_SIDE);
    return hr_read_put_trade(l, t.ns, symbol_of(t.coin, text),
                             HR_IS(t.side, "B") ? HR_SIDE_BID : HR_SIDE_ASK, t.px, t.qty, t.id);
}

static int decode(const hr_line *l, hr_json *j)
{
    hr_json at[N_ENV];
    hr_json whole = *j;
    hr_json_str name;
    uint32_t seen;
    int rc = hr_read_fields(j, env_keys, N_ENV, at, &seen);
    if (rc != HR_LINE_DONE) return rc;
    if (at[ENV_CHANNEL].p == NULL) return at[ENV_LEVELS].p != NULL ? put_book(l, &whole) : rc;
    rc = hr_read_text(&at[ENV_CHANNEL], &name);
    if (rc != HR_LINE_DONE || at[ENV_DATA].p == NULL) return rc;
    if (HR_IS(name, "l2Book")) return put_book(l, &at[ENV_DATA]);
    if (HR_IS(name, "bbo")) return put_best(l, &at[ENV_DATA]);
    if (HR_IS(name, "trades")) return hr_read_list(l, &at[ENV_DATA], on_trade, NULL);
    return HR_LINE_DONE;
}

#define REQUEST(name)                                                                              \
    "{\"method\":\"subscribe\",\"subscription\":{\"type\":\"" name "\",\"coin\":\"$\"}}"
static const hr_request requests[] = {
    {"book", REQUEST("l2Book"), 0},
    {"trades", REQUEST("trades"), 0},
    {"ticker", REQUEST("bbo"), 0},
};
#undef REQUEST

const hr_venue hr_venue_hyperliquid = {
    .name = "hyperliquid",
    .file = "HYPERLIQUID",
    .hosts = {"hyperliquid.xyz", "hyperliquid-testnet.xyz"},
    .marks = {"\"channel\":\"l2Book\"", "\"channel\":\"bbo\"&\"coin\":",
              "\"channel\":\"trades\"&\"coin\":", "\"coin\":&\"levels\":"},
    .rule = HR_SEQ_NONE,
    .decode = decode,
    .requests = requests,
    .n_requests = HR_ARRAY_LEN(requests),
    .keep_alive = "{\"method\":\"ping\"}",
    .keep_alive_s = 50,
    .silent_s = 10,
};

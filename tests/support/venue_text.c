/* SPDX-License-Identifier: Apache-2.0 */
#include "venue_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "harness.h"

void venue_put(venue_text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(t->s + t->n, sizeof t->s - t->n, format, args);
    va_end(args);
    assert_true(n >= 0 && t->n + (size_t)n < sizeof t->s);
    t->n += (size_t)n;
}

void venue_put_number(venue_text *t, int64_t v, unsigned decimals, bool trimmed)
{
    int64_t unit = 1;
    for (unsigned i = 0; i < decimals; i++)
        unit *= 10;
    venue_put(t, "%lld.%0*lld", (long long)(v / unit), (int)decimals, (long long)(v % unit));
    while (trimmed && t->s[t->n - 1] == '0')
        t->n--;
    if (t->s[t->n - 1] == '.') t->n--;
    t->s[t->n] = '\0';
}

void venue_put_pairs(venue_text *t, const venue_level *level, uint32_t n, const char *quote)
{
    for (uint32_t i = 0; i < n; i++) {
        venue_put(t, "%s[%s", i > 0 ? "," : "", quote);
        venue_put_number(t, level[i].px, 2, true);
        venue_put(t, "%s,%s", quote, quote);
        venue_put_number(t, level[i].qty, 3, true);
        venue_put(t, "%s]", quote);
    }
}

void venue_put_rfc3339(venue_text *t, int64_t ms)
{
    char day[32];
    struct tm tm;
    time_t s = (time_t)(ms / 1000);
    assert_non_null(gmtime_r(&s, &tm));
    assert_true(strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm) > 0);
    venue_put(t, "%s.%03lldZ", day, (long long)(ms % 1000));
}

uint32_t venue_crc(const char *s, size_t n)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < n; i++) {
        crc ^= (unsigned char)s[i];
        for (int k = 0; k < 8; k++)
            crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

/* ---- Kraken ---- */

/* Digits without the point and the zeros in front. */
static void kraken_digits(venue_text *t, int64_t v)
{
    if (v > 0) venue_put(t, "%lld", (long long)v);
}

static uint32_t kraken_crc(const venue_event *e)
{
    static venue_text t;
    t.n = 0;
    for (int s = HR_SIDE_ASK; s >= HR_SIDE_BID; s--)
        for (uint32_t i = 0; i < HR_MIN(e->n_top[s], 10); i++) {
            kraken_digits(&t, e->top[s][i].px);
            kraken_digits(&t, e->top[s][i].qty);
        }
    return venue_crc(t.s, t.n);
}

static void kraken_v1_levels(venue_text *t, const venue_event *e, int side, const char *key)
{
    venue_put(t, "\"%s\":[", key);
    for (uint32_t i = 0; i < e->n[side]; i++) {
        venue_put(t, "%s[\"", i > 0 ? "," : "");
        venue_put_number(t, e->level[side][i].px, 2, false);
        venue_put(t, "\",\"");
        venue_put_number(t, e->level[side][i].qty, 3, false);
        venue_put(t, "\",\"");
        venue_put_number(t, e->ms, 3, false);
        venue_put(t, "\"]");
    }
    venue_put(t, "]");
}

static void kraken_v1_put(venue_text *t, int64_t v, unsigned decimals)
{
    venue_put(t, "\"");
    venue_put_number(t, v, decimals, false);
    venue_put(t, "\"");
}

static void kraken_v1_book(venue_text *t, const venue_event *e)
{
    bool is_snapshot = e->kind == HR_MSG_SNAPSHOT;
    bool has_one = !is_snapshot && (e->n[0] == 0 || e->n[1] == 0);
    venue_put(t, "[336,{");
    for (int s = HR_SIDE_ASK; s >= HR_SIDE_BID; s--) {
        if (has_one && e->n[s] == 0) continue;
        kraken_v1_levels(t, e, s,
                         s == HR_SIDE_ASK ? is_snapshot ? "as" : "a"
                         : is_snapshot    ? "bs"
                                          : "b");
        if (s == HR_SIDE_ASK && !has_one) venue_put(t, is_snapshot ? "," : "},{");
    }
    if (has_one && e->n[0] == 0 && e->n[1] == 0) venue_put(t, "\"a\":[]");
    if (!is_snapshot) venue_put(t, ",\"c\":\"%u\"", kraken_crc(e));
    venue_put(t, "},\"book-10\",\"ABC/USD\"]\n");
}

static void kraken_v1(venue_text *t, const venue_event *e)
{
    venue_put_number(t, e->recv_ms, 3, false);
    venue_put(t, ": ");
    if (e->kind == HR_MSG_TRADE) {
        venue_put(t, "[337,[[");
        kraken_v1_put(t, e->level[0][0].px, 2);
        venue_put(t, ",");
        kraken_v1_put(t, e->level[0][0].qty, 3);
        venue_put(t, ",");
        kraken_v1_put(t, e->ms, 3);
        venue_put(t, ",\"%s\",\"l\",\"\"]],\"trade\",\"ABC/USD\"]\n",
                  e->side == HR_SIDE_BID ? "b" : "s");
    } else if (e->kind == HR_MSG_TICKER) {
        const int64_t v[] = {e->n[0] ? e->level[0][0].px : 0, e->n[1] ? e->level[1][0].px : 0,
                             e->ms, e->n[0] ? e->level[0][0].qty : 0,
                             e->n[1] ? e->level[1][0].qty : 0};
        venue_put(t, "[338,[");
        for (int i = 0; i < 5; i++) {
            kraken_v1_put(t, v[i], i < 2 ? 2 : 3);
            venue_put(t, i < 4 ? "," : "],\"spread\",\"ABC/USD\"]\n");
        }
    } else {
        kraken_v1_book(t, e);
    }
}

static void kraken_v2_levels(venue_text *t, const venue_event *e, int side)
{
    venue_put(t, "\"%s\":[", side == HR_SIDE_BID ? "bids" : "asks");
    for (uint32_t i = 0; i < e->n[side]; i++) {
        venue_put(t, "%s{\"price\":", i > 0 ? "," : "");
        venue_put_number(t, e->level[side][i].px, 2, false);
        venue_put(t, ",\"qty\":");
        venue_put_number(t, e->level[side][i].qty, 3, false);
        venue_put(t, "}");
    }
    venue_put(t, "],");
}

static void kraken_v2(venue_text *t, const venue_event *e)
{
    static const char *const channel[] = {"book", "book", "trade", "ticker"};
    venue_put(t, "{\"channel\":\"%s\",\"type\":\"%s\",\"data\":[{\"symbol\":\"ABC/USD\",",
              channel[e->kind], e->kind == HR_MSG_SNAPSHOT ? "snapshot" : "update");
    if (e->kind == HR_MSG_TRADE) {
        venue_put(t, "\"side\":\"%s\",\"price\":", e->side == HR_SIDE_BID ? "buy" : "sell");
        venue_put_number(t, e->level[0][0].px, 2, true);
        venue_put(t, ",\"qty\":");
        venue_put_number(t, e->level[0][0].qty, 3, true);
        venue_put(t, ",\"trade_id\":%lld,", (long long)e->last);
    } else if (e->kind == HR_MSG_TICKER) {
        for (int s = 0; s < 2; s++) {
            if (e->n[s] == 0) continue;
            venue_put(t, "\"%s\":", s == 0 ? "bid" : "ask");
            venue_put_number(t, e->level[s][0].px, 2, true);
            venue_put(t, ",\"%s\":", s == 0 ? "bid_qty" : "ask_qty");
            venue_put_number(t, e->level[s][0].qty, 3, true);
            venue_put(t, ",");
        }
    } else {
        kraken_v2_levels(t, e, HR_SIDE_BID);
        kraken_v2_levels(t, e, HR_SIDE_ASK);
        venue_put(t, "\"checksum\":%u,", kraken_crc(e));
    }
    venue_put(t, "\"timestamp\":\"");
    venue_put_rfc3339(t, e->ms);
    venue_put(t, "\"}]}\n");
}

const venue_case venue_case_kraken_v1 = {.label = "Kraken v1",
                                         .venue = "kraken",
                                         .symbol = "ABC/USD",
                                         .format = HR_FORMAT_CRYPTOFEED,
                                         .rule = HR_SEQ_NONE,
                                         .depth = 10,
                                         .n_checked = 10,
                                         .has_no_trade_id = true,
                                         .write = kraken_v1};
const venue_case venue_case_kraken_v2 = {.label = "Kraken v2",
                                         .venue = "kraken",
                                         .symbol = "ABC/USD",
                                         .format = HR_FORMAT_NDJSON,
                                         .rule = HR_SEQ_NONE,
                                         .depth = 10,
                                         .n_checked = 10,
                                         .write = kraken_v2};

/* ---- OKX ---- */

static int32_t okx_crc(const venue_event *e)
{
    static venue_text t;
    t.n = 0;
    for (uint32_t i = 0; i < 25; i++)
        for (int s = 0; s < 2; s++) {
            if (i >= e->n_top[s]) continue;
            venue_put(&t, "%s", t.n > 0 ? ":" : "");
            venue_put_number(&t, e->top[s][i].px, 2, true);
            venue_put(&t, ":");
            venue_put_number(&t, e->top[s][i].qty, 3, true);
        }
    return (int32_t)venue_crc(t.s, t.n);
}

static void okx_level(venue_text *t, const venue_event *e, int side, const char *px,
                      const char *qty)
{
    venue_put(t, ",\"%s\":\"", px);
    if (e->n[side] > 0) venue_put_number(t, e->level[side][0].px, 2, true);
    venue_put(t, "\",\"%s\":\"", qty);
    if (e->n[side] > 0) venue_put_number(t, e->level[side][0].qty, 3, true);
    venue_put(t, "\"");
}

static void okx_write(venue_text *t, const venue_event *e, bool has_ids, bool has_crc)
{
    static const char *const channel[] = {"books", "books", "trades", "tickers"};
    venue_put(t, "{\"arg\":{\"channel\":\"%s\",\"instId\":\"ABC-USDT\"},", channel[e->kind]);
    if (e->kind <= HR_MSG_SNAPSHOT)
        venue_put(t, "\"action\":\"%s\",", e->kind == HR_MSG_SNAPSHOT ? "snapshot" : "update");
    venue_put(t, "\"data\":[{\"ts\":\"%lld\"", (long long)e->ms);
    if (e->kind == HR_MSG_TRADE) {
        okx_level(t, e, 0, "px", "sz");
        venue_put(t, ",\"side\":\"%s\",\"tradeId\":\"%lld\"",
                  e->side == HR_SIDE_BID ? "buy" : "sell", (long long)e->last);
    } else if (e->kind == HR_MSG_TICKER) {
        okx_level(t, e, 0, "bidPx", "bidSz");
        okx_level(t, e, 1, "askPx", "askSz");
    } else {
        venue_put(t, ",\"asks\":[");
        venue_put_pairs(t, e->level[1], e->n[1], "\"");
        venue_put(t, "],\"bids\":[");
        venue_put_pairs(t, e->level[0], e->n[0], "\"");
        venue_put(t, "],\"checksum\":%d", has_crc ? okx_crc(e) : 0);
        if (has_ids)
            venue_put(t, ",\"seqId\":%lld,\"prevSeqId\":%lld", (long long)e->last,
                      e->kind == HR_MSG_SNAPSHOT ? -1LL : (long long)e->prev);
    }
    venue_put(t, "}]}\n");
}

static void okx(venue_text *t, const venue_event *e)
{
    okx_write(t, e, true, false);
}

static void okx_old(venue_text *t, const venue_event *e)
{
    okx_write(t, e, false, true);
}

const venue_case venue_case_okx = {.label = "OKX",
                                   .venue = "okx",
                                   .symbol = "ABC-USDT",
                                   .format = HR_FORMAT_NDJSON,
                                   .rule = HR_SEQ_CHAIN,
                                   .write = okx};
/* Before 2022: no ids, but checksums. */
const venue_case venue_case_okx_old = {.label = "OKX without ids",
                                       .venue = "okx",
                                       .symbol = "ABC-USDT",
                                       .format = HR_FORMAT_NDJSON,
                                       .rule = HR_SEQ_NONE,
                                       .n_checked = 25,
                                       .write = okx_old};

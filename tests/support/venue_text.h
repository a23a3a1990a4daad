/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_VENUE_TEXT_H
#define HR_TESTS_SUPPORT_VENUE_TEXT_H
/* Venues' messages written by us from a model book, for the property test of the adapters: one
 * venue_case a venue and shape of message. Prices are whole cents, quantities whole thousandths. */
#include <stddef.h>

#include "rng.h"
#include "venue/seq.h"
#include "venue/venue.h"

#define VENUE_TEXT_LEVELS 80

typedef struct venue_level {
    int64_t px, qty; /* cents, thousandths; qty 0 removes */
    bool is_new;     /* was not in the book before */
} venue_level;

/** What happened at the venue; a case's write() puts it into the venue's words. */
typedef struct venue_event {
    hr_msg_kind kind;          /* DELTA, SNAPSHOT, TRADE or TICKER */
    int64_t first, last, prev; /* ids as the case's rule has them; trade id in last */
    int64_t ms;                /* venue time */
    int64_t recv_ms;           /* for framings that carry one */
    hr_side side;              /* a trade's taker */
    uint32_t n[2];             /* levels by side; TRADE: one in level[0]; TICKER: best of each
                                  side, where there is one */
    venue_level level[2][VENUE_TEXT_LEVELS];
    uint32_t n_top[2]; /* the whole book after it, as the venue keeps it, best first */
    venue_level top[2][VENUE_TEXT_LEVELS];
} venue_event;

typedef struct venue_text {
    char s[65536];
    size_t n;
} venue_text;
void venue_put(venue_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** 12345 cents, 2 decimals: "123.45". trimmed: without zeros behind ("123.4", "7"). */
void venue_put_number(venue_text *t, int64_t v, unsigned decimals, bool trimmed);
/** Levels as "[px,qty],..."; quote: "\"" or "". */
void venue_put_pairs(venue_text *t, const venue_level *level, uint32_t n, const char *quote);
/** "2021-04-17T16:43:05.123Z" */
void venue_put_rfc3339(venue_text *t, int64_t ms);
/** CRC-32, bit by bit. */
uint32_t venue_crc(const char *s, size_t n);

typedef struct venue_case {
    const char *label, *venue, *symbol;
    hr_format format;     /* NDJSON, or CRYPTOFEED where answers to requests are needed */
    hr_seq_rule rule;     /* what its ids are made for */
    uint32_t depth;       /* levels a side that the venue keeps, 0: all */
    uint32_t n_checked;   /* levels a side that a checksum sums up, 0: there is none */
    bool is_split;        /* a message tells either of levels gone, or changed, or new */
    bool is_whole_only;   /* every book message is the whole book */
    bool has_no_trade_id; /* trades, */
    bool has_no_ticker;
    void (*write)(venue_text *t, const venue_event *e);
} venue_case;

#define VENUE_CASES(X)                                                                             \
    X(bitstamp)                                                                                    \
    X(bitmex)                                                                                      \
    X(bitmex_old)                                                                                  \
    X(bybit)                                                                                       \
    X(bybit_old)                                                                                   \
    X(coinbase)                                                                                    \
    X(coinbase_advanced)                                                                           \
    X(deribit)                                                                                     \
    X(gateio)                                                                                      \
    X(gateio_futures)                                                                              \
    X(gemini)                                                                                      \
    X(hitbtc)                                                                                      \
    X(hitbtc_old)                                                                                  \
    X(hyperliquid)                                                                                 \
    X(kraken_v1)                                                                                   \
    X(kraken_v2)                                                                                   \
    X(kucoin)                                                                                      \
    X(okx)                                                                                         \
    X(okx_old)                                                                                     \
    X(poloniex)
#define VENUE_CASE_EXTERN(id) extern const venue_case venue_case_##id;
VENUE_CASES(VENUE_CASE_EXTERN)
#undef VENUE_CASE_EXTERN

#endif

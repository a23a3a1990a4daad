/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_VENUE_VENUE_H
#define HR_VENUE_VENUE_H
/* The table of venues: for each, how its messages are told from others, decoded and kept in order.
 * A venue is one file with one hr_venue in it, named in venues.c. See docs/guides/add-a-venue.md.
 */
#include "text/json.h"
#include "venue/line.h"
#include "venue/request.h"
#include "venue/seq.h"

#define HR_VENUE_PARTS_MAX 6

typedef struct hr_venue {
    const char *name;                      /* "kraken": as plans and datasets write it */
    const char *file;                      /* captures' file names begin so: "KRAKEN"; NULL none */
    const char *hosts[HR_VENUE_PARTS_MAX]; /* parts of the urls it is reached by */
    /* Texts that stand in its messages and in no other venue's: all parts of one entry, which are
     * joined by '&'. Looked for in the head of captures that name no host. */
    const char *marks[HR_VENUE_PARTS_MAX];
    /* Requests whose answers are books, parts of their urls; and what stands before the symbol
     * there ("symbol="), or NULL: it is the url's last part. */
    const char *answers[HR_VENUE_PARTS_MAX];
    const char *answer_symbol;
    hr_seq_rule rule;
    hr_seq_rule order_rule; /* of its order by order feed, where rule is NONE; NONE: it has none */
    /** One line's JSON, whole: messages into l->batch, or hr_line_other for what is left out. What
     * was written before a reject is undone by the caller. */
    int (*decode)(const hr_line *l, hr_json *j);
    /** Looks at a line of the head: what later messages leave unsaid (channel numbers). May be
     * NULL. */
    void (*learn)(hr_source_info *info, const char *line, size_t n);
    /* ---- the live feed ---- */
    const char *opening;        /* sent once a connection, before any request; NULL: nothing */
    const hr_request *requests; /* how channels are subscribed, see hr_venue_subscribe */
    uint32_t n_requests;
    const char *keep_alive; /* text to send when silent; NULL: WebSocket pings only */
    uint32_t keep_alive_s;  /* every so many seconds without a message of ours; 0: never */
    uint32_t silent_s;      /* a book channel silent for longer is stale */
} hr_venue;

/** By name; NULL: not known. */
const hr_venue *hr_venue_find(const char *name);
/** The requests that subscribe a channel ("book", "trades", "ticker") of n symbols, each ended by
 * '\n'; returns the length. 0: does not fit, not offered, or a symbol that is none. */
size_t hr_venue_subscribe(const hr_venue *v, char *out, size_t cap, const char *channel,
                          const char *const *symbols, uint32_t n);
/** All, in order of name; *n: how many. */
const hr_venue *const *hr_venue_all(uint32_t *n);
/** "binance, binance-delivery, ...". Returns the length. */
size_t hr_venue_names(char *out, size_t cap);

#define HR_VENUE_LIST(X)                                                                           \
    X(binance)                                                                                     \
    X(binance_delivery)                                                                            \
    X(binance_futures)                                                                             \
    X(bitfinex)                                                                                    \
    X(bitmex)                                                                                      \
    X(bitstamp)                                                                                    \
    X(bybit)                                                                                       \
    X(coinbase)                                                                                    \
    X(deribit)                                                                                     \
    X(gateio)                                                                                      \
    X(gateio_futures)                                                                              \
    X(gemini)                                                                                      \
    X(hitbtc)                                                                                      \
    X(hyperliquid)                                                                                 \
    X(kraken)                                                                                      \
    X(kucoin)                                                                                      \
    X(okx)                                                                                         \
    X(poloniex)
#define HR_VENUE_EXTERN(id) extern const hr_venue hr_venue_##id;
HR_VENUE_LIST(HR_VENUE_EXTERN)
#undef HR_VENUE_EXTERN

#endif

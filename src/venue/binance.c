/* SPDX-License-Identifier: Apache-2.0 */
#include "venue/venue.h"

/* Books begin with the answer to a request; pings are WebSocket's own. Futures have no single
 * trades among their documented streams. */
#define REQUEST(stream) "{\"method\":\"SUBSCRIBE\",\"params\":[<\"~@" stream "\">],\"id\":1}"
static const hr_request requests[] = {
    {"book", REQUEST("depth@100ms"), 0},
    {"trades", REQUEST("trade"), 0},
    {"ticker", REQUEST("bookTicker"), 0},
};
static const hr_request futures_requests[] = {
    {"book", REQUEST("depth@100ms"), 0},
    {"trades", REQUEST("aggTrade"), 0},
    {"ticker", REQUEST("bookTicker"), 0},
};
#undef REQUEST

#define COMMON(r)                                                                                  \
    .answers = {"/depth"}, .answer_symbol = "symbol=", .decode = hr_binance_decode, .requests = r, \
    .n_requests = HR_ARRAY_LEN(r), .silent_s = 60
const hr_venue hr_venue_binance = {
    .name = "binance",
    .file = "BINANCE",
    .hosts = {"binance."},
    .rule = HR_SEQ_BINANCE_SPOT,
    COMMON(requests),
};
const hr_venue hr_venue_binance_delivery = {
    .name = "binance-delivery",
    .file = "BINANCE_DELIVERY",
    .hosts = {"dstream.binance", "dapi.binance"},
    .rule = HR_SEQ_BINANCE_FUTURES,
    COMMON(futures_requests),
};
const hr_venue hr_venue_binance_futures = {
    .name = "binance-futures",
    .file = "BINANCE_FUTURES",
    .hosts = {"fstream.binance", "fapi.binance"},
    .rule = HR_SEQ_BINANCE_FUTURES,
    COMMON(futures_requests),
};

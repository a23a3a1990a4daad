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

const hr_venue hr_venue_binance = {
    .name = "binance",
    .file = "BINANCE",
    .hosts = {"binance."},
    .answers = {"/depth"},
    .answer_symbol = "symbol=",
    .rule = HR_SEQ_BINANCE_SPOT,
    .decode = hr_binance_decode,
    .requests = requests,
    .n_requests = HR_ARRAY_LEN(requests),
    .silent_s = 60,
};
const hr_venue hr_venue_binance_delivery = {
    .name = "binance-delivery",
    .file = "BINANCE_DELIVERY",
    .hosts = {"dstream.binance", "dapi.binance"},
    .answers = {"/depth"},
    .answer_symbol = "symbol=",
    .rule = HR_SEQ_BINANCE_FUTURES,
    .decode = hr_binance_decode,
    .requests = futures_requests,
    .n_requests = HR_ARRAY_LEN(futures_requests),
    .silent_s = 60,
};
const hr_venue hr_venue_binance_futures = {
    .name = "binance-futures",
    .file = "BINANCE_FUTURES",
    .hosts = {"fstream.binance", "fapi.binance"},
    .answers = {"/depth"},
    .answer_symbol = "symbol=",
    .rule = HR_SEQ_BINANCE_FUTURES,
    .decode = hr_binance_decode,
    .requests = futures_requests,
    .n_requests = HR_ARRAY_LEN(futures_requests),
    .silent_s = 60,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "venue/venue.h"

const hr_venue hr_venue_binance = {
    .name = "binance",
    .file = "BINANCE",
    .hosts = {"binance."},
    .answers = {"/depth"},
    .answer_symbol = "symbol=",
    .rule = HR_SEQ_BINANCE_SPOT,
    .decode = hr_binance_decode,
};
const hr_venue hr_venue_binance_delivery = {
    .name = "binance-delivery",
    .file = "BINANCE_DELIVERY",
    .hosts = {"dstream.binance", "dapi.binance"},
    .answers = {"/depth"},
    .answer_symbol = "symbol=",
    .rule = HR_SEQ_BINANCE_FUTURES,
    .decode = hr_binance_decode,
};
const hr_venue hr_venue_binance_futures = {
    .name = "binance-futures",
    .file = "BINANCE_FUTURES",
    .hosts = {"fstream.binance", "fapi.binance"},
    .answers = {"/depth"},
    .answer_symbol = "symbol=",
    .rule = HR_SEQ_BINANCE_FUTURES,
    .decode = hr_binance_decode,
};

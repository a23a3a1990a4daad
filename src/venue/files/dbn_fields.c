/* SPDX-License-Identifier: Apache-2.0 */
/* The layouts: every field of every type of record, by version. Bytes that no field covers are
 * reserved. A type's layouts are in order of length. */
#include <string.h>

#include "venue/files/dbn.h"

#define FIELD(name, at, width, type)                                                               \
    {                                                                                              \
#name, at, width, type                                                                     \
    }
#define U8(name, at) FIELD(name, at, 1, HR_DBN_U8)
#define I8(name, at) FIELD(name, at, 1, HR_DBN_I8)
#define U16(name, at) FIELD(name, at, 2, HR_DBN_U16)
#define I16(name, at) FIELD(name, at, 2, HR_DBN_I16)
#define U32(name, at) FIELD(name, at, 4, HR_DBN_U32)
#define I32(name, at) FIELD(name, at, 4, HR_DBN_I32)
#define U64(name, at) FIELD(name, at, 8, HR_DBN_U64)
#define PRICE(name, at) FIELD(name, at, 8, HR_DBN_PRICE)
#define TIME(name, at) FIELD(name, at, 8, HR_DBN_TIME)
#define QTY32(name, at) FIELD(name, at, 4, HR_DBN_QTY32)
#define QTY64(name, at) FIELD(name, at, 8, HR_DBN_QTY64)
#define CHAR(name, at) FIELD(name, at, 1, HR_DBN_CHAR)
#define TEXT(name, at, width) FIELD(name, at, width, HR_DBN_TEXT)
#define PAIR(n, at)                                                                                \
    PRICE(bid_px_##n, at), PRICE(ask_px_##n, at + 8), U32(bid_sz_##n, at + 16),                    \
        U32(ask_sz_##n, at + 20), U32(bid_ct_##n, at + 24), U32(ask_ct_##n, at + 28)
#define CONSOLIDATED_PAIR(n, at)                                                                   \
    PRICE(bid_px_##n, at), PRICE(ask_px_##n, at + 8), U32(bid_sz_##n, at + 16),                    \
        U32(ask_sz_##n, at + 20), U16(bid_pb_##n, at + 24), U16(ask_pb_##n, at + 28)
#define HEAD U8(rtype, 1), U16(publisher_id, 2), U32(instrument_id, 4), TIME(ts_event, 8)
/* Of trades, mbp-1 and mbp-10. */
#define EVENT                                                                                      \
    HEAD, PRICE(price, 16), U32(size, 24), CHAR(action, 28), CHAR(side, 29), U8(flags, 30),        \
        U8(depth, 31), TIME(ts_recv, 32), I32(ts_in_delta, 40), U32(sequence, 44)
/* Runs of the definitions, whose versions put them elsewhere. */
#define LIMITS                                                                                     \
    HEAD, TIME(ts_recv, 16), PRICE(min_price_increment, 24), PRICE(display_factor, 32),            \
        TIME(expiration, 40), TIME(activation, 48), PRICE(high_limit_price, 56),                   \
        PRICE(low_limit_price, 64), PRICE(max_price_variation, 72)
#define UNITS(at)                                                                                  \
    PRICE(unit_of_measure_qty, at), PRICE(min_price_increment_amount, at + 8),                     \
        PRICE(price_ratio, at + 16)
#define SIZES(at)                                                                                  \
    I32(market_depth_implied, at), I32(market_depth, at + 4), U32(market_segment_id, at + 8),      \
        U32(max_trade_vol, at + 12), I32(min_lot_size, at + 16), I32(min_lot_size_block, at + 20), \
        I32(min_lot_size_round_lot, at + 24), U32(min_trade_vol, at + 28)
#define CONTRACT(at)                                                                               \
    I32(contract_multiplier, at), I32(decay_quantity, at + 4), I32(original_contract_size, at + 8)
#define MATURITY(at)                                                                               \
    I16(appl_id, at), U16(maturity_year, at + 2), U16(decay_start_date, at + 4),                   \
        U16(channel_id, at + 6)
#define NAMES(at, symbol, asset_width)                                                             \
    TEXT(currency, at, 4), TEXT(settl_currency, at + 4, 4), TEXT(secsubtype, at + 8, 6),           \
        TEXT(raw_symbol, at + 14, symbol), TEXT(group, at + 14 + symbol, 21),                      \
        TEXT(exchange, at + 35 + symbol, 5), TEXT(asset, at + 40 + symbol, asset_width),           \
        KINDS(at + 40 + symbol + asset_width)
#define KINDS(at)                                                                                  \
    TEXT(cfi, at, 7), TEXT(security_type, at + 7, 7), TEXT(unit_of_measure, at + 14, 31),          \
        TEXT(underlying, at + 45, 21), TEXT(strike_price_currency, at + 66, 4)
#define UPDATE(at)                                                                                 \
    CHAR(security_update_action, at), U8(maturity_month, at + 1), U8(maturity_day, at + 2),        \
        U8(maturity_week, at + 3), CHAR(user_defined_instrument, at + 4),                          \
        I8(contract_multiplier_unit, at + 5), I8(flow_schedule_type, at + 6),                      \
        U8(tick_rule, at + 7)

/* 48 bytes */
static const hr_dbn_field trades_fields[] = {
    EVENT,
};

/* 80 bytes */
static const hr_dbn_field mbp_1_fields[] = {
    EVENT,
    PAIR(00, 48),
};

/* 368 bytes */
static const hr_dbn_field mbp_10_fields[] = {
    EVENT,         PAIR(00, 48),  PAIR(01, 80),  PAIR(02, 112), PAIR(03, 144), PAIR(04, 176),
    PAIR(05, 208), PAIR(06, 240), PAIR(07, 272), PAIR(08, 304), PAIR(09, 336),
};

/* 56 bytes */
static const hr_dbn_field mbo_fields[] = {
    HEAD,
    U64(order_id, 16),
    PRICE(price, 24),
    U32(size, 32),
    U8(flags, 36),
    U8(channel_id, 37),
    CHAR(action, 38),
    CHAR(side, 39),
    TIME(ts_recv, 40),
    I32(ts_in_delta, 48),
    U32(sequence, 52),
};

/* 80 bytes */
static const hr_dbn_field bbo_fields[] = {
    HEAD,          PRICE(price, 16),  U32(size, 24),     CHAR(side, 29),
    U8(flags, 30), TIME(ts_recv, 32), U32(sequence, 44), PAIR(00, 48),
};

/* 80 bytes */
static const hr_dbn_field cmbp_1_fields[] = {
    HEAD,
    PRICE(price, 16),
    U32(size, 24),
    CHAR(action, 28),
    CHAR(side, 29),
    U8(flags, 30),
    TIME(ts_recv, 32),
    I32(ts_in_delta, 40),
    CONSOLIDATED_PAIR(00, 48),
};

/* 80 bytes */
static const hr_dbn_field cbbo_fields[] = {
    HEAD,
    PRICE(price, 16),
    U32(size, 24),
    CHAR(side, 29),
    U8(flags, 30),
    TIME(ts_recv, 32),
    CONSOLIDATED_PAIR(00, 48),
};

/* 56 bytes */
static const hr_dbn_field ohlcv_fields[] = {
    HEAD, PRICE(open, 16), PRICE(high, 24), PRICE(low, 32), PRICE(close, 40), U64(volume, 48),
};

/* 40 bytes */
static const hr_dbn_field status_fields[] = {
    HEAD,
    TIME(ts_recv, 16),
    U16(action, 24),
    U16(reason, 26),
    U16(trading_event, 28),
    CHAR(is_trading, 30),
    CHAR(is_quoting, 31),
    CHAR(is_short_sell_restricted, 32),
};

/* 360 bytes */
static const hr_dbn_field definition_1_fields[] = {
    LIMITS,
    PRICE(trading_reference_price, 80),
    UNITS(88),
    I32(inst_attrib_value, 112),
    U32(underlying_id, 116),
    U32(raw_instrument_id, 120),
    SIZES(124),
    CONTRACT(160),
    U16(trading_reference_date, 176),
    MATURITY(178),
    NAMES(186, 22, 7),
    CHAR(instrument_class, 325),
    PRICE(strike_price, 328),
    CHAR(match_algorithm, 342),
    U8(md_security_trading_status, 343),
    U8(main_fraction, 344),
    U8(price_display_format, 345),
    U8(settl_price_type, 346),
    U8(sub_fraction, 347),
    U8(underlying_product, 348),
    UPDATE(349),
};

/* 400 bytes */
static const hr_dbn_field definition_2_fields[] = {
    LIMITS,
    PRICE(trading_reference_price, 80),
    UNITS(88),
    PRICE(strike_price, 112),
    I32(inst_attrib_value, 120),
    U32(underlying_id, 124),
    U32(raw_instrument_id, 128),
    SIZES(132),
    CONTRACT(164),
    U16(trading_reference_date, 176),
    MATURITY(178),
    NAMES(186, 71, 7),
    CHAR(instrument_class, 374),
    CHAR(match_algorithm, 375),
    U8(md_security_trading_status, 376),
    U8(main_fraction, 377),
    U8(price_display_format, 378),
    U8(settl_price_type, 379),
    U8(sub_fraction, 380),
    U8(underlying_product, 381),
    UPDATE(382),
};

/* 520 bytes */
static const hr_dbn_field definition_3_fields[] = {
    LIMITS,
    UNITS(80),
    PRICE(strike_price, 104),
    U64(raw_instrument_id, 112),
    PRICE(leg_price, 120),
    PRICE(leg_delta, 128),
    I32(inst_attrib_value, 136),
    U32(underlying_id, 140),
    SIZES(144),
    CONTRACT(176),
    U32(leg_instrument_id, 188),
    I32(leg_ratio_price_numerator, 192),
    I32(leg_ratio_price_denominator, 196),
    I32(leg_ratio_qty_numerator, 200),
    I32(leg_ratio_qty_denominator, 204),
    U32(leg_underlying_id, 208),
    MATURITY(212),
    U16(leg_count, 220),
    U16(leg_index, 222),
    NAMES(224, 71, 11),
    TEXT(leg_raw_symbol, 416, 71),
    CHAR(instrument_class, 487),
    CHAR(match_algorithm, 488),
    U8(main_fraction, 489),
    U8(price_display_format, 490),
    U8(sub_fraction, 491),
    U8(underlying_product, 492),
    UPDATE(493),
    CHAR(leg_instrument_class, 501),
    CHAR(leg_side, 502),
};

/* 112 bytes */
static const hr_dbn_field imbalance_fields[] = {
    HEAD,
    TIME(ts_recv, 16),
    PRICE(ref_price, 24),
    TIME(auction_time, 32),
    PRICE(cont_book_clr_price, 40),
    PRICE(auct_interest_clr_price, 48),
    PRICE(ssr_filling_price, 56),
    PRICE(ind_match_price, 64),
    PRICE(upper_collar, 72),
    PRICE(lower_collar, 80),
    U32(paired_qty, 88),
    U32(total_imbalance_qty, 92),
    U32(market_imbalance_qty, 96),
    U32(unpaired_qty, 100),
    CHAR(auction_type, 104),
    CHAR(side, 105),
    U8(auction_status, 106),
    U8(freeze_status, 107),
    U8(num_extensions, 108),
    CHAR(unpaired_side, 109),
    CHAR(significant_imbalance, 110),
};

/* 64 bytes */
static const hr_dbn_field statistics_1_fields[] = {
    HEAD,
    TIME(ts_recv, 16),
    TIME(ts_ref, 24),
    PRICE(price, 32),
    QTY32(quantity, 40),
    U32(sequence, 44),
    I32(ts_in_delta, 48),
    U16(stat_type, 52),
    U16(channel_id, 54),
    U8(update_action, 56),
    U8(stat_flags, 57),
};

/* 80 bytes */
static const hr_dbn_field statistics_3_fields[] = {
    HEAD,
    TIME(ts_recv, 16),
    TIME(ts_ref, 24),
    PRICE(price, 32),
    QTY64(quantity, 40),
    U32(sequence, 48),
    I32(ts_in_delta, 52),
    U16(stat_type, 56),
    U16(channel_id, 58),
    U8(update_action, 60),
    U8(stat_flags, 61),
};

/* 80 bytes */
static const hr_dbn_field error_1_fields[] = {
    HEAD,
    TEXT(err, 16, 64),
};

/* 320 bytes */
static const hr_dbn_field error_2_fields[] = {
    HEAD,
    TEXT(err, 16, 302),
    U8(code, 318),
    U8(is_last, 319),
};

/* 80 bytes */
static const hr_dbn_field mapping_1_fields[] = {
    HEAD,
    TEXT(stype_in_symbol, 16, 22),
    TEXT(stype_out_symbol, 38, 22),
    TIME(start_ts, 64),
    TIME(end_ts, 72),
};

/* 176 bytes */
static const hr_dbn_field mapping_2_fields[] = {
    HEAD,
    U8(stype_in, 16),
    TEXT(stype_in_symbol, 17, 71),
    U8(stype_out, 88),
    TEXT(stype_out_symbol, 89, 71),
    TIME(start_ts, 160),
    TIME(end_ts, 168),
};

/* 80 bytes */
static const hr_dbn_field system_1_fields[] = {
    HEAD,
    TEXT(msg, 16, 64),
};

/* 320 bytes */
static const hr_dbn_field system_2_fields[] = {
    HEAD,
    TEXT(msg, 16, 303),
    U8(code, 319),
};

#define LAYOUT(id, name, array, bytes, time, first, last)                                          \
    [id] = {name, array, bytes, HR_ARRAY_LEN(array), time, {first, last}}
static const hr_dbn_layout layouts[HR_DBN_LAYOUT_COUNT] = {
    LAYOUT(HR_DBN_TRADES, "trades", trades_fields, 48, 32, 1, 3),
    LAYOUT(HR_DBN_MBP_1, "mbp-1", mbp_1_fields, 80, 32, 1, 3),
    LAYOUT(HR_DBN_MBP_10, "mbp-10", mbp_10_fields, 368, 32, 1, 3),
    LAYOUT(HR_DBN_MBO, "mbo", mbo_fields, 56, 40, 1, 3),
    LAYOUT(HR_DBN_BBO, "bbo", bbo_fields, 80, 32, 1, 3),
    LAYOUT(HR_DBN_CMBP_1, "cmbp-1", cmbp_1_fields, 80, 32, 1, 3),
    LAYOUT(HR_DBN_CBBO, "cbbo", cbbo_fields, 80, 32, 1, 3),
    LAYOUT(HR_DBN_OHLCV, "ohlcv", ohlcv_fields, 56, 8, 1, 3),
    LAYOUT(HR_DBN_STATUS, "status", status_fields, 40, 16, 1, 3),
    LAYOUT(HR_DBN_DEFINITION_1, "definition", definition_1_fields, 360, 16, 1, 1),
    LAYOUT(HR_DBN_DEFINITION_2, "definition", definition_2_fields, 400, 16, 2, 2),
    LAYOUT(HR_DBN_DEFINITION_3, "definition", definition_3_fields, 520, 16, 3, 3),
    LAYOUT(HR_DBN_IMBALANCE, "imbalance", imbalance_fields, 112, 16, 1, 3),
    LAYOUT(HR_DBN_STATISTICS_1, "statistics", statistics_1_fields, 64, 16, 1, 2),
    LAYOUT(HR_DBN_STATISTICS_3, "statistics", statistics_3_fields, 80, 16, 3, 3),
    LAYOUT(HR_DBN_ERROR_1, "error", error_1_fields, 80, 8, 1, 1),
    LAYOUT(HR_DBN_ERROR_2, "error", error_2_fields, 320, 8, 2, 3),
    LAYOUT(HR_DBN_MAPPING_1, "symbol-mapping", mapping_1_fields, 80, 8, 1, 1),
    LAYOUT(HR_DBN_MAPPING_2, "symbol-mapping", mapping_2_fields, 176, 8, 2, 3),
    LAYOUT(HR_DBN_SYSTEM_1, "system", system_1_fields, 80, 8, 1, 1),
    LAYOUT(HR_DBN_SYSTEM_2, "system", system_2_fields, 320, 8, 2, 3),
};

const hr_dbn_layout *hr_dbn_layout_get(hr_dbn_layout_id id)
{
    return &layouts[id];
}

int hr_dbn_field_find(const hr_dbn_layout *l, const char *name)
{
    for (int i = 0; i < l->n_fields; i++)
        if (strcmp(l->fields[i].name, name) == 0) return i;
    return -1;
}

/* ---- types ---- */

typedef struct rtype_info {
    const char *name; /* NULL: no such type */
    uint8_t first, n; /* its layouts */
} rtype_info;

static const rtype_info rtypes[256] = {
    [0x00] = {"mbp-0", HR_DBN_TRADES, 1},
    [0x01] = {"mbp-1", HR_DBN_MBP_1, 1},
    [0x0a] = {"mbp-10", HR_DBN_MBP_10, 1},
    [0x11] = {"ohlcv-deprecated", HR_DBN_OHLCV, 1},
    [0x12] = {"status", HR_DBN_STATUS, 1},
    [0x13] = {"instrument-def", HR_DBN_DEFINITION_1, 3},
    [0x14] = {"imbalance", HR_DBN_IMBALANCE, 1},
    [0x15] = {"error", HR_DBN_ERROR_1, 2},
    [0x16] = {"symbol-mapping", HR_DBN_MAPPING_1, 2},
    [0x17] = {"system", HR_DBN_SYSTEM_1, 2},
    [0x18] = {"statistics", HR_DBN_STATISTICS_1, 2},
    [0x20] = {"ohlcv-1s", HR_DBN_OHLCV, 1},
    [0x21] = {"ohlcv-1m", HR_DBN_OHLCV, 1},
    [0x22] = {"ohlcv-1h", HR_DBN_OHLCV, 1},
    [0x23] = {"ohlcv-1d", HR_DBN_OHLCV, 1},
    [0x24] = {"ohlcv-eod", HR_DBN_OHLCV, 1},
    [0xa0] = {"mbo", HR_DBN_MBO, 1},
    [0xb1] = {"cmbp-1", HR_DBN_CMBP_1, 1},
    [0xc0] = {"cbbo-1s", HR_DBN_CBBO, 1},
    [0xc1] = {"cbbo-1m", HR_DBN_CBBO, 1},
    [0xc2] = {"tcbbo", HR_DBN_CMBP_1, 1},
    [0xc3] = {"bbo-1s", HR_DBN_BBO, 1},
    [0xc4] = {"bbo-1m", HR_DBN_BBO, 1},
};

const char *hr_dbn_rtype_name(uint8_t rtype)
{
    return rtypes[rtype].name;
}

uint8_t hr_dbn_layout_of(uint8_t rtype, size_t n_bytes)
{
    const rtype_info *t = &rtypes[rtype];
    for (uint32_t i = t->n; i > 0; i--)
        if (layouts[t->first + i - 1].bytes <= n_bytes) return (uint8_t)(t->first + i - 1);
    return HR_DBN_NO_LAYOUT;
}

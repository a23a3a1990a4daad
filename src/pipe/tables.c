/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe/tables.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "calc/feat.h"

static const char *const side_names[] = {"bid", "ask", "none"};
static const char *const taker_names[] = {"buy", "sell", "none"};
static const char *const cause_names[HR_GAP_CAUSE_COUNT] = {
    "seq_hole",   "seq_back",    "reconnect",    "parse_error",
    "local_drop", "venue_reset", "never_synced", "checksum"};

static const char *const state_names[] = {"off", "on"};

static void add(hr_tables *t, hr_kind kind, const char *name, hr_col_type type, uint8_t scale,
                bool nullable)
{
    hr_schema *s = &t->schema[kind];
    HR_ASSERT(s->n_fields < HR_TABLE_FIELDS_MAX);
    t->field[kind][s->n_fields++] =
        (hr_field){.name = name, .type = type, .scale = scale, .nullable = nullable};
}

static void add_enum(hr_tables *t, hr_kind kind, const char *name, const char *const *dict,
                     uint16_t n_dict)
{
    hr_schema *s = &t->schema[kind];
    t->field[kind][s->n_fields++] =
        (hr_field){.name = name, .type = HR_COL_ENUM, .dict = dict, .n_dict = n_dict};
}

static void add_head(hr_tables *t, hr_kind kind)
{
    add(t, kind, "ts_event", HR_COL_TS, 0, true);
    add(t, kind, "ts_recv", HR_COL_TS, 0, false);
}

static void add_book(hr_tables *t, uint32_t depth, uint8_t px_scale, uint8_t qty_scale)
{
    static const char *const part[4] = {"bid_px", "bid_qty", "ask_px", "ask_qty"};
    add_head(t, HR_KIND_BOOKS);
    add(t, HR_KIND_BOOKS, "seq", HR_COL_I64, 0, true);
    add(t, HR_KIND_BOOKS, "flags", HR_COL_U32, 0, false);
    for (uint32_t i = 0; i < 4 * depth; i++) {
        snprintf(t->book_name[i], HR_TABLE_NAME_BYTES, "%s_%u", part[i % 4], (i / 4) % 100);
        add(t, HR_KIND_BOOKS, t->book_name[i], HR_COL_DEC, i % 2 == 0 ? px_scale : qty_scale, true);
    }
}

void hr_tables_init(hr_tables *t, uint32_t depth, uint8_t px_scale, uint8_t qty_scale)
{
    HR_ASSERT(depth >= 1 && depth <= HR_BOOK_DEPTH_MAX);
    memset(t, 0, sizeof *t);
    for (int k = 0; k < HR_KIND_COUNT; k++) {
        t->schema[k].name = hr_kind_name((hr_kind)k);
        t->schema[k].fields = t->field[k];
    }
    add_head(t, HR_KIND_DELTAS);
    add(t, HR_KIND_DELTAS, "seq", HR_COL_I64, 0, true);
    add(t, HR_KIND_DELTAS, "seq_first", HR_COL_I64, 0, true);
    add(t, HR_KIND_DELTAS, "seq_prev", HR_COL_I64, 0, true);
    add_enum(t, HR_KIND_DELTAS, "side", side_names, 3);
    add(t, HR_KIND_DELTAS, "px", HR_COL_DEC, px_scale, false);
    add(t, HR_KIND_DELTAS, "qty", HR_COL_DEC, qty_scale, false);
    add(t, HR_KIND_DELTAS, "flags", HR_COL_U32, 0, false);

    add_head(t, HR_KIND_TRADES);
    add(t, HR_KIND_TRADES, "seq", HR_COL_I64, 0, true);
    add_enum(t, HR_KIND_TRADES, "side", taker_names, 3);
    add(t, HR_KIND_TRADES, "px", HR_COL_DEC, px_scale, false);
    add(t, HR_KIND_TRADES, "qty", HR_COL_DEC, qty_scale, false);
    add(t, HR_KIND_TRADES, "trade_id", HR_COL_TEXT, 0, true);
    add(t, HR_KIND_TRADES, "flags", HR_COL_U32, 0, false);

    add_head(t, HR_KIND_TICKERS);
    add(t, HR_KIND_TICKERS, "seq", HR_COL_I64, 0, true);
    add(t, HR_KIND_TICKERS, "bid_px", HR_COL_DEC, px_scale, false);
    add(t, HR_KIND_TICKERS, "bid_qty", HR_COL_DEC, qty_scale, false);
    add(t, HR_KIND_TICKERS, "ask_px", HR_COL_DEC, px_scale, false);
    add(t, HR_KIND_TICKERS, "ask_qty", HR_COL_DEC, qty_scale, false);
    add(t, HR_KIND_TICKERS, "flags", HR_COL_U32, 0, false);

    add_book(t, depth, px_scale, qty_scale);

    add_head(t, HR_KIND_FEATURES);
    add(t, HR_KIND_FEATURES, "seq", HR_COL_I64, 0, true);
    add(t, HR_KIND_FEATURES, "flags", HR_COL_U32, 0, false);
    for (int i = 0; i < HR_FEAT_COUNT; i++)
        add(t, HR_KIND_FEATURES, hr_feat_names[i], HR_COL_F64, 0, true);

    add_head(t, HR_KIND_GAPS);
    add(t, HR_KIND_GAPS, "seq_last_good", HR_COL_I64, 0, true);
    add(t, HR_KIND_GAPS, "seq_next", HR_COL_I64, 0, true);
    add_enum(t, HR_KIND_GAPS, "cause", cause_names, HR_GAP_CAUSE_COUNT);

    add_head(t, HR_KIND_CALC);
    add(t, HR_KIND_CALC, "seq", HR_COL_I64, 0, true);
    add(t, HR_KIND_CALC, "flags", HR_COL_U32, 0, false);

    add_head(t, HR_KIND_SIGNALS);
    add(t, HR_KIND_SIGNALS, "seq", HR_COL_I64, 0, true);
    add(t, HR_KIND_SIGNALS, "signal", HR_COL_TEXT, 0, false);
    add_enum(t, HR_KIND_SIGNALS, "state", state_names, HR_ARRAY_LEN(state_names));
    add(t, HR_KIND_SIGNALS, "priority", HR_COL_I64, 0, false);
    add(t, HR_KIND_SIGNALS, "score", HR_COL_F64, 0, true);
}

bool hr_tables_add_output(hr_tables *t, const char *name)
{
    if (t->schema[HR_KIND_CALC].n_fields == HR_TABLE_FIELDS_MAX) return false;
    add(t, HR_KIND_CALC, name, HR_COL_F64, 0, true);
    return true;
}

void hr_tables_add_values(hr_tables *t, uint32_t n)
{
    static const char *const name[] = {"value_1", "value_2", "value_3", "value_4",
                                       "value_5", "value_6", "value_7", "value_8"};
    for (uint32_t i = 0; i < n && i < HR_ARRAY_LEN(name); i++)
        add(t, HR_KIND_SIGNALS, name[i], HR_COL_F64, 0, true);
}

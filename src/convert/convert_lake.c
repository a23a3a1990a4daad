/* SPDX-License-Identifier: Apache-2.0 */
/* Crypto Lake's tables of one instrument, under its own column names. Sources:
 * crypto-lake.com/data, the vendor's lakeapi (main.py, orderbook.py) and analysis-sharing
 * (lake_to_hftbacktest.py): prices and sizes are doubles, rows of origin_time 0 are a snapshot.
 * What a row must be like for fmt/pq_events.c to give the message back is what is lost otherwise.
 */
#include <string.h>

#include "convert/one_name.h"
#include "convert/row_group.h"
#include "text/decimal.h"
#include "text/wide.h"

#define BIT(loss) (UINT64_C(1) << (loss))
#define FIELDS_MAX (3 + 4 * HR_LAKE_DEPTH)
#define EXACT_BELOW INT64_C(1000000000000000) /* 15 digits: the reader finds them in a double */

enum { C_EVENT, C_RECV, C_SEQ, C_SIDE, C_PX, C_QTY, C_ID, C_COUNT };

typedef struct column {
    const char *name;
    int meaning;
    hr_col_type type;
} column;

static const column deltas[] = {
    {"origin_time", C_EVENT, HR_COL_TS},
    {"received_time", C_RECV, HR_COL_TS},
    {"sequence_number", C_SEQ, HR_COL_I64},
    {"side_is_bid", C_SIDE, HR_COL_BOOL},
    {"price", C_PX, HR_COL_F64},
    {"size", C_QTY, HR_COL_F64},
};
static const column trades[] = {
    {"side", C_SIDE, HR_COL_ENUM},       {"quantity", C_QTY, HR_COL_F64},
    {"price", C_PX, HR_COL_F64},         {"trade_id", C_ID, HR_COL_I64},
    {"origin_time", C_EVENT, HR_COL_TS}, {"received_time", C_RECV, HR_COL_TS},
};
static const column book[] = {
    {"origin_time", C_EVENT, HR_COL_TS},
    {"received_time", C_RECV, HR_COL_TS},
    {"sequence_number", C_SEQ, HR_COL_I64},
};
#define LEVEL(side, i) side "_" #i "_price", side "_" #i "_size",
#define LEVELS(side)                                                                               \
    LEVEL(side, 0)                                                                                 \
    LEVEL(side, 1) LEVEL(side, 2) LEVEL(side, 3) LEVEL(side, 4) LEVEL(side, 5) LEVEL(side, 6)      \
        LEVEL(side, 7) LEVEL(side, 8) LEVEL(side, 9) LEVEL(side, 10) LEVEL(side, 11)               \
            LEVEL(side, 12) LEVEL(side, 13) LEVEL(side, 14) LEVEL(side, 15) LEVEL(side, 16)        \
                LEVEL(side, 17) LEVEL(side, 18) LEVEL(side, 19)
static const char *const level_names[] = {LEVELS("bid") LEVELS("ask")};
_Static_assert(HR_ARRAY_LEN(level_names) == (size_t)4 * HR_LAKE_DEPTH, "two names a level");
static const char *const taker[] = {"buy", "sell", "unknown"}; /* by hr_side */

struct hr_lake_out {
    hr_target_format to;
    uint8_t px_scale, qty_scale;
    bool has_text_ids; /* of some trade */
    hr_one_name name;
    /* the message that was held before */
    int64_t last_event, last_recv, last_seq;
    uint8_t last_kind;
    bool has_last;
    hr_schema schema;
    hr_field field[FIELDS_MAX];
    int at[C_COUNT]; /* field by meaning */
    hr_row_groups group;
};

bool hr_lake_out_is(hr_target_format to)
{
    return hr_target_facts_of(to)->form == HR_FORM_LAKE;
}

/* ---- schema ---- */

static void add(hr_schema *schema, hr_field *field, const char *name, hr_col_type type)
{
    hr_field *f = &field[schema->n_fields++];
    *f = (hr_field){
        .name = name, .type = type, .nullable = type != HR_COL_BOOL && type != HR_COL_ENUM};
    if (type != HR_COL_ENUM) return;
    f->dict = taker;
    f->n_dict = HR_ARRAY_LEN(taker);
}

static void make_schema(hr_schema *schema, hr_field *field, int *at, hr_target_format to,
                        bool has_text_ids)
{
    const bool is_deltas = to == HR_TO_LAKE_DELTAS;
    const bool is_trades = to == HR_TO_LAKE_TRADES;
    const column *c = is_deltas ? deltas : is_trades ? trades : book;
    const size_t n = is_deltas   ? HR_ARRAY_LEN(deltas)
                     : is_trades ? HR_ARRAY_LEN(trades)
                                 : HR_ARRAY_LEN(book);
    *schema = (hr_schema){.name = hr_target_format_name(to), .fields = field};
    for (size_t i = 0; i < n; i++) {
        at[c[i].meaning] = schema->n_fields;
        add(schema, field, c[i].name,
            c[i].meaning == C_ID && has_text_ids ? HR_COL_TEXT : c[i].type);
    }
    for (size_t i = 0; to == HR_TO_LAKE_BOOK && i < HR_ARRAY_LEN(level_names); i++)
        add(schema, field, level_names[i], HR_COL_F64);
}

static hr_row_groups_options group_options(const hr_schema *schema, hr_ipc_kind arrow, bool packs)
{
    const bool is_book = schema->n_fields == FIELDS_MAX;
    return (hr_row_groups_options){.schema = schema,
                                   .cap_rows = is_book ? 8192 : 65536,
                                   .max_groups = is_book ? 1024 : 8192,
                                   .arrow = arrow,
                                   .packs_arrow = packs};
}

size_t hr_lake_out_bytes(hr_target_format to)
{
    hr_schema schema;
    hr_field field[FIELDS_MAX];
    int at[C_COUNT];
    make_schema(&schema, field, at, to, true);
    hr_row_groups_options parquet = group_options(&schema, HR_IPC_NOT, false);
    hr_row_groups_options arrow = group_options(&schema, HR_IPC_FILE, true);
    return sizeof(hr_lake_out) + 64 +
           HR_MAX(hr_row_groups_bytes(&parquet), hr_row_groups_bytes(&arrow));
}

hr_status hr_lake_out_create(hr_lake_out **out, const hr_convert_options *o, hr_target_format to,
                             hr_arena *arena, hr_err *err)
{
    hr_source_info info = {0};
    *out = NULL;
    hr_lake_out *t = hr_arena_alloc(arena, sizeof *t, 64);
    if (t == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to write a table of Crypto Lake's");
    memset(t, 0, sizeof *t);
    t->to = to;
    t->px_scale = o->px_scale;
    t->qty_scale = o->qty_scale;
    hr_sniff_path(&info, o->out);
    hr_one_name_init(&t->name, &info);
    *out = t;
    return HR_OK;
}

hr_status hr_lake_out_begin(hr_lake_out *t, const hr_convert_report *r, const hr_convert_options *o,
                            hr_out_file *file, hr_arena *arena, hr_err *err)
{
    make_schema(&t->schema, t->field, t->at, t->to, t->has_text_ids);
    t->name.has_first = t->has_last = false;
    hr_row_groups_options opt = group_options(&t->schema, r->arrow, o->packs_arrow);
    return hr_row_groups_create(&t->group, &opt, file, arena, err);
}

/* ---- what cannot be held ---- */

static bool is_exact(int64_t v)
{
    while (v != 0 && v % 10 == 0)
        v /= 10;
    return v > -EXACT_BELOW && v < EXACT_BELOW;
}

/* The venue's time as the table has it. */
static int64_t event_cell(const hr_lake_out *t, const hr_evbatch *b, uint32_t m)
{
    const int64_t event = b->ts_event[m];
    if (t->to == HR_TO_LAKE_DELTAS && b->kind[m] == HR_MSG_SNAPSHOT) return 0;
    if (event < 0) return HR_NULL_I64;
    return event == 0 && t->to == HR_TO_LAKE_DELTAS ? HR_NULL_I64 : event;
}

static uint64_t time_losses(const hr_lake_out *t, const hr_evbatch *b, uint32_t m)
{
    const int64_t event = b->ts_event[m];
    if (b->ts_recv[m] < 0) return BIT(HR_LOSS_TIME);
    if (t->to == HR_TO_LAKE_DELTAS && b->kind[m] == HR_MSG_SNAPSHOT)
        return event != HR_NULL_I64 ? BIT(HR_LOSS_SNAPSHOT_TIME) : 0;
    return event_cell(t, b, m) != event ? BIT(HR_LOSS_TIME) : 0;
}

static uint64_t level_losses(const hr_evbatch *b, uint32_t m)
{
    uint64_t bits = 0;
    for (uint32_t i = (uint32_t)b->level_begin[m]; i < (uint32_t)b->level_begin[m + 1]; i++) {
        if (b->px[i] <= 0 || b->qty[i] < 0) return BIT(HR_LOSS_PX);
        if (!is_exact(b->px[i]) || !is_exact(b->qty[i])) bits |= BIT(HR_LOSS_ROUNDED);
    }
    return bits;
}

static uint64_t trade_losses(hr_lake_out *t, const hr_evbatch *b, uint32_t m)
{
    uint64_t bits = (b->flags[m] & HR_FLAG_AGG) != 0 ? BIT(HR_LOSS_AGG) : 0;
    int64_t v;
    if (b->text[m] < 0) return bits;
    const hr_text *id = &b->texts[b->text[m]];
    const bool is_number = hr_int_parse(&v, id->byte, id->len) == HR_OK && v >= 0;
    t->has_text_ids = true;
    return is_number || id->len == 0 || b->seq_last[m] >= 0 ? bits | BIT(HR_LOSS_SEQ) : bits;
}

uint64_t hr_lake_out_head_losses(hr_lake_out *t, const hr_evbatch *b, uint32_t m)
{
    uint64_t bits = hr_one_name_losses(&t->name, b, m) | time_losses(t, b, m) | level_losses(b, m);
    if (b->seq_first[m] != b->seq_last[m] || b->seq_prev[m] >= 0) bits |= BIT(HR_LOSS_SEQ);
    if (b->kind[m] != HR_MSG_TRADE && b->text[m] >= 0) bits |= BIT(HR_LOSS_CHECKSUM);
    return bits;
}

/* Rows of equal times, number and kind are one message to a reader. */
static uint64_t border_losses(const hr_lake_out *t, const hr_evbatch *b, uint32_t m)
{
    if (b->level_begin[m] == b->level_begin[m + 1]) return BIT(HR_LOSS_EMPTY);
    return t->has_last && b->kind[m] == t->last_kind && event_cell(t, b, m) == t->last_event &&
                   b->ts_recv[m] == t->last_recv && b->seq_last[m] == t->last_seq
               ? BIT(HR_LOSS_BORDER)
               : 0;
}

uint64_t hr_lake_out_losses(hr_lake_out *t, const hr_evbatch *b, uint32_t m)
{
    const hr_msg_kind kind = (hr_msg_kind)b->kind[m];
    const bool is_trade = kind == HR_MSG_TRADE;
    const bool is_book = kind == HR_MSG_DELTA || kind == HR_MSG_SNAPSHOT;
    if (t->to == HR_TO_LAKE_TRADES ? !is_trade : !is_book) return BIT(HR_LOSS_KIND);
    uint64_t bits = hr_lake_out_head_losses(t, b, m);
    bits |= is_trade ? trade_losses(t, b, m) : border_losses(t, b, m);
    if (bits >= BIT(HR_LOSS_WHOLE)) return bits;
    t->last_event = event_cell(t, b, m);
    t->last_recv = b->ts_recv[m];
    t->last_seq = b->seq_last[m];
    t->last_kind = b->kind[m];
    t->has_last = true;
    return bits;
}

/* ---- rows ---- */

static void put_i64(hr_lake_out *t, int c, int64_t v)
{
    ((int64_t *)(void *)t->group.column[t->at[c]])[t->group.n_rows] = v;
}

static void put_real(hr_lake_out *t, uint32_t field, int64_t v, uint8_t scale)
{
    ((double *)(void *)t->group.column[field])[t->group.n_rows] = hr_wide_double(v, scale);
}

static void put_level(hr_lake_out *t, uint32_t px_field, uint32_t qty_field, int64_t px,
                      int64_t qty)
{
    put_real(t, px_field, px, t->px_scale);
    put_real(t, qty_field, qty, t->qty_scale);
}

static void put_times(hr_lake_out *t, const hr_evbatch *b, uint32_t m)
{
    put_i64(t, C_EVENT, event_cell(t, b, m));
    put_i64(t, C_RECV, b->ts_recv[m] < 0 ? HR_NULL_I64 : b->ts_recv[m]);
}

static void put_seq(hr_lake_out *t, int c, int64_t seq)
{
    put_i64(t, c, seq < 0 ? HR_NULL_I64 : seq);
}

static void put_id(hr_lake_out *t, const hr_evbatch *b, uint32_t m)
{
    char number[HR_DECIMAL_TEXT_MAX];
    if (!t->has_text_ids) {
        put_seq(t, C_ID, b->seq_last[m]);
        return;
    }
    hr_text *to = &((hr_text *)(void *)t->group.column[t->at[C_ID]])[t->group.n_rows];
    memset(to, 0, sizeof *to);
    to->len = HR_TEXT_NULL;
    if (b->text[m] >= 0) *to = b->texts[b->text[m]];
    if (b->text[m] >= 0 || b->seq_last[m] < 0) return;
    to->len = (uint8_t)hr_decimal_format(number, b->seq_last[m], 0);
    memcpy(to->byte, number, to->len);
}

static hr_status end_row(hr_lake_out *t, uint64_t *n_rows, hr_err *err)
{
    ++*n_rows;
    return ++t->group.n_rows == t->group.cap_rows ? hr_row_groups_write(&t->group, err) : HR_OK;
}

hr_status hr_lake_out_message(hr_lake_out *t, const hr_evbatch *b, uint32_t m, uint64_t *n_rows,
                              hr_err *err)
{
    for (uint32_t i = (uint32_t)b->level_begin[m]; i < (uint32_t)b->level_begin[m + 1]; i++) {
        uint8_t *side = (uint8_t *)t->group.column[t->at[C_SIDE]] + t->group.n_rows;
        put_times(t, b, m);
        put_level(t, (uint32_t)t->at[C_PX], (uint32_t)t->at[C_QTY], b->px[i], b->qty[i]);
        if (t->to == HR_TO_LAKE_TRADES) {
            *side = b->side[i];
            put_id(t, b, m);
        } else {
            *side = b->side[i] == HR_SIDE_BID;
            put_seq(t, C_SEQ, b->seq_last[m]);
        }
        HR_TRY(end_row(t, n_rows, err));
    }
    return HR_OK;
}

hr_status hr_lake_out_top(hr_lake_out *t, const hr_evbatch *b, uint32_t m, const hr_top *top,
                          uint64_t *n_rows, hr_err *err)
{
    put_times(t, b, m);
    put_seq(t, C_SEQ, b->seq_last[m]);
    for (uint32_t i = 0; i < 2 * HR_LAKE_DEPTH; i++) {
        const uint32_t side = i / HR_LAKE_DEPTH;
        const uint32_t at = i % HR_LAKE_DEPTH;
        const uint32_t field = 3 + 2 * i;
        if (at < top->n[side]) {
            put_level(t, field, field + 1, top->px[side][at], top->qty[side][at]);
            continue;
        }
        for (uint32_t k = field; k < field + 2; k++)
            ((double *)(void *)t->group.column[k])[t->group.n_rows] = __builtin_nan("");
    }
    return end_row(t, n_rows, err);
}

hr_status hr_lake_out_finish(hr_lake_out *t, hr_err *err)
{
    return hr_row_groups_finish(&t->group, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Messages as rows of a table, Parquet or Arrow: gathered in columns, written a group at a time. */
#include <string.h>

#include "convert/row_group.h"
#include "fmt/pq_mixed.h"
#include "pipe/tables.h"

#define GROUP_ROWS 65536u
#define GROUPS_MAX 8192u /* 536,870,912 rows a file */

/* Columns by meaning; a table has those of its schema. */
enum { C_BID_PX = HR_MIXED_COLUMNS, C_BID_QTY, C_ASK_PX, C_ASK_QTY, C_COUNT };

struct hr_table_out {
    const hr_schema *schema;
    hr_mixed_schema mixed;
    hr_tables tables;
    hr_target_format to;
    uint8_t format; /* hr_format of the input */
    hr_row_groups group;
    int at[C_COUNT]; /* field by meaning, -1 absent */
};

hr_ipc_kind hr_out_arrow(const char *path)
{
    size_t n = strlen(path);
    if (hr_out_ends_with(path, n, ".arrow") || hr_out_ends_with(path, n, ".feather"))
        return HR_IPC_FILE;
    return hr_out_ends_with(path, n, ".arrows") ? HR_IPC_STREAM : HR_IPC_NOT;
}

static hr_row_groups_options group_options(const hr_schema *schema, hr_ipc_kind arrow, bool packs)
{
    return (hr_row_groups_options){.schema = schema,
                                   .cap_rows = GROUP_ROWS,
                                   .max_groups = GROUPS_MAX,
                                   .hint = "use run, which makes parts",
                                   .arrow = arrow,
                                   .packs_arrow = packs};
}

/* Of the widest of its tables, in either form. */
size_t hr_table_out_bytes(void)
{
    hr_mixed_schema s;
    hr_mixed_schema_init(&s, HR_PX_SCALE, HR_QTY_SCALE);
    hr_row_groups_options parquet = group_options(&s.schema, HR_IPC_NOT, false);
    hr_row_groups_options arrow = group_options(&s.schema, HR_IPC_FILE, true);
    return sizeof(hr_table_out) +
           HR_MAX(hr_row_groups_bytes(&parquet), hr_row_groups_bytes(&arrow));
}

static const hr_schema *pick_schema(hr_table_out *t, uint8_t px_scale, uint8_t qty_scale)
{
    hr_mixed_schema_init(&t->mixed, px_scale, qty_scale);
    hr_tables_init(&t->tables, 1, px_scale, qty_scale);
    if (t->to == HR_TO_DELTAS) return &t->tables.schema[HR_KIND_DELTAS];
    if (t->to == HR_TO_TRADES) return &t->tables.schema[HR_KIND_TRADES];
    if (t->to == HR_TO_TICKERS) return &t->tables.schema[HR_KIND_TICKERS];
    return &t->mixed.schema;
}

static void map_columns(hr_table_out *t)
{
    static const char *const ticker[] = {"bid_px", "bid_qty", "ask_px", "ask_qty"};
    for (int i = 0; i < HR_MIXED_COLUMNS; i++)
        t->at[i] = hr_schema_find(t->schema, t->mixed.field[i].name);
    for (int i = 0; i < 4; i++)
        t->at[C_BID_PX + i] = hr_schema_find(t->schema, ticker[i]);
}

hr_status hr_table_out_create(hr_table_out **out, const hr_convert_report *r,
                              const hr_convert_options *o, hr_out_file *file, hr_arena *arena,
                              hr_err *err)
{
    *out = NULL;
    hr_table_out *t = hr_arena_alloc(arena, sizeof *t, 64);
    if (t == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to write a table");
    t->to = r->to;
    t->format = (uint8_t)r->format;
    t->schema = pick_schema(t, o->px_scale, o->qty_scale);
    map_columns(t);
    hr_row_groups_options opt = group_options(t->schema, r->arrow, o->packs_arrow);
    HR_TRY(hr_row_groups_create(&t->group, &opt, file, arena, err));
    *out = t;
    return HR_OK;
}

/* ---- cells of the row at n_rows; columns that the table lacks are passed over ---- */

static void cell_i64(hr_table_out *t, int c, int64_t v)
{
    if (t->at[c] >= 0) ((int64_t *)(void *)t->group.column[t->at[c]])[t->group.n_rows] = v;
}

static void cell_id(hr_table_out *t, int c, int64_t id)
{
    cell_i64(t, c, id < 0 ? HR_NULL_I64 : id);
}

static void cell_u8(hr_table_out *t, int c, uint8_t v)
{
    if (t->at[c] >= 0) ((uint8_t *)t->group.column[t->at[c]])[t->group.n_rows] = v;
}

static void cell_u32(hr_table_out *t, int c, uint32_t v)
{
    if (t->at[c] >= 0) ((uint32_t *)(void *)t->group.column[t->at[c]])[t->group.n_rows] = v;
}

/* s: NULL for null. */
static void cell_text(hr_table_out *t, int c, const char *s, size_t n)
{
    if (t->at[c] < 0) return;
    hr_text *to = &((hr_text *)(void *)t->group.column[t->at[c]])[t->group.n_rows];
    memset(to, 0, sizeof *to);
    to->len = HR_TEXT_NULL;
    if (s == NULL || n > HR_TEXT_CAP) return;
    memcpy(to->byte, s, n);
    to->len = (uint8_t)n;
}

static void put_head(hr_table_out *t, const hr_evbatch *b, uint32_t m)
{
    const hr_evb_sym *s = b->sym[m] >= 0 ? &b->syms[b->sym[m]] : NULL;
    const hr_text *id = b->text[m] >= 0 ? &b->texts[b->text[m]] : NULL;
    cell_i64(t, HR_MIXED_TS_EVENT, b->ts_event[m]);
    cell_i64(t, HR_MIXED_TS_RECV, b->ts_recv[m]);
    cell_id(t, HR_MIXED_SEQ, b->seq_last[m]);
    cell_id(t, HR_MIXED_SEQ_FIRST, b->seq_first[m]);
    cell_id(t, HR_MIXED_SEQ_PREV, b->seq_prev[m]);
    cell_u8(t, HR_MIXED_KIND, b->kind[m]);
    cell_u8(t, HR_MIXED_FORMAT, t->format);
    cell_text(t, HR_MIXED_VENUE, s != NULL ? s->venue : NULL, s != NULL ? strlen(s->venue) : 0);
    cell_text(t, HR_MIXED_SYMBOL, s != NULL ? s->symbol : NULL, s != NULL ? strlen(s->symbol) : 0);
    cell_text(t, HR_MIXED_TRADE_ID, id != NULL ? id->byte : NULL, id != NULL ? id->len : 0);
}

static hr_status end_row(hr_table_out *t, uint32_t flags, hr_err *err)
{
    cell_u32(t, HR_MIXED_FLAGS, flags);
    t->group.n_rows++;
    return t->group.n_rows == GROUP_ROWS ? hr_row_groups_write(&t->group, err) : HR_OK;
}

static hr_status put_ticker(hr_table_out *t, const hr_evbatch *b, uint32_t m, hr_err *err)
{
    uint32_t at = (uint32_t)b->level_begin[m];
    put_head(t, b, m);
    for (uint32_t side = 0; side < 2; side++) {
        cell_i64(t, C_BID_PX + 2 * (int)side, b->px[at + side]);
        cell_i64(t, C_BID_QTY + 2 * (int)side, b->qty[at + side]);
    }
    return end_row(t, b->flags[m] | HR_FLAG_LAST, err);
}

hr_status hr_table_out_message(hr_table_out *t, const hr_evbatch *b, uint32_t m, uint64_t *n_rows,
                               hr_err *err)
{
    uint32_t at = (uint32_t)b->level_begin[m];
    uint32_t end = (uint32_t)b->level_begin[m + 1];
    ++*n_rows;
    if (t->to == HR_TO_TICKERS) return put_ticker(t, b, m, err);
    if (at == end) { /* a message without levels is a row all the same */
        put_head(t, b, m);
        cell_u8(t, HR_MIXED_SIDE, HR_SIDE_NONE);
        cell_i64(t, HR_MIXED_PX, HR_NULL_I64);
        cell_i64(t, HR_MIXED_QTY, HR_NULL_I64);
        return end_row(t, b->flags[m] | HR_FLAG_LAST, err);
    }
    *n_rows += end - at - 1;
    for (; at < end; at++) {
        put_head(t, b, m);
        cell_u8(t, HR_MIXED_SIDE, b->side[at]);
        cell_i64(t, HR_MIXED_PX, b->px[at]);
        cell_i64(t, HR_MIXED_QTY, b->qty[at]);
        HR_TRY(end_row(t, b->flags[m] | (at + 1 == end ? HR_FLAG_LAST : 0), err));
    }
    return HR_OK;
}

hr_status hr_table_out_finish(hr_table_out *t, hr_err *err)
{
    return hr_row_groups_finish(&t->group, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Order messages as LOBSTER's rows. Each row says side and price of its order, which events of
 * executions and cancellations need not: the orders are kept as they come. */
#include <string.h>

#include "book/l3.h"
#include "convert/convert_parts.h"
#include "convert/one_name.h"
#include "text/decimal.h"
#include "venue/files/orders.h"
#include "venue/line.h"

#define ORDERS_MAX (UINT32_C(1) << 21)
#define LEVELS_MAX (UINT32_C(1) << 19)
#define PX_DECIMALS 4u
#define TIME_DECIMALS 9u
#define NS_PER_S INT64_C(1000000000)
#define NS_PER_DAY INT64_C(86400000000000)
#define ROW_MAX (6 * HR_DECIMAL_TEXT_MAX + 8)
#define BIT(loss) (UINT64_C(1) << (loss))

enum { T_ADD = 1, T_CANCEL, T_DELETE, T_EXECUTE, T_HIDDEN, T_CROSS };

typedef struct lobster_row {
    int type;
    int64_t id, qty, px;
    bool is_sell;
} lobster_row;

struct hr_lobster_out {
    hr_out_file *file;
    hr_l3 *book;
    uint8_t px_scale, qty_scale, share_decimals;
    hr_one_name name;
    int64_t day_ns;
    bool has_day, has_rows;
    /* of the message at hand */
    lobster_row row[2];
    uint32_t n_rows;
    int64_t ts_ns; /* of the day */
};

static hr_l3_options book_options(void)
{
    return (hr_l3_options){
        .max_orders = ORDERS_MAX, .max_levels = LEVELS_MAX, .max_instruments = 1, .key = 1};
}

size_t hr_lobster_out_bytes(void)
{
    const hr_l3_options o = book_options();
    return sizeof(hr_lobster_out) + hr_l3_bytes(&o) + 256;
}

hr_status hr_lobster_out_create(hr_lobster_out **out, const hr_convert_options *o, hr_arena *arena,
                                hr_err *err)
{
    const hr_l3_options options = book_options();
    hr_source_info info = {.format = HR_FORMAT_LOBSTER};
    char why[128];
    hr_lobster_out *t = hr_arena_alloc(arena, sizeof *t, 64);
    *out = t;
    if (t == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to write LOBSTER's rows");
    memset(t, 0, sizeof *t);
    t->px_scale = o->px_scale;
    t->qty_scale = o->qty_scale;
    t->share_decimals = o->share_decimals;
    t->has_day = hr_orders_path_day(&t->day_ns, o->out);
    hr_sniff_path(&info, o->out);
    if (!hr_orders_sniff(&info, why, sizeof why, o->out, "", 0)) info.symbol[0] = '\0';
    hr_one_name_init(&t->name, &info);
    return hr_l3_create(&t->book, arena, &options, err);
}

void hr_lobster_out_begin(hr_lobster_out *t, hr_out_file *file)
{
    t->file = file;
    t->name.has_first = false;
    hr_l3_reset(t->book);
}

/* ---- what is lost ---- */

static bool to_units(int64_t *out, int64_t v, unsigned scale, unsigned decimals)
{
    if (scale < decimals)
        return !__builtin_mul_overflow(v, hr_pow10[decimals - scale], out) &&
               *out < HR_DECIMAL_LIMIT;
    *out = v / hr_pow10[scale - decimals];
    return v % hr_pow10[scale - decimals] == 0;
}

static uint64_t trade_row(hr_lobster_out *t, const hr_evbatch *b, uint32_t m, lobster_row r)
{
    uint64_t bits = 0;
    uint8_t taker = b->side[b->level_begin[m]];
    if (r.px == 0 || r.qty == 0) return BIT(HR_LOSS_PX); /* such a row is no trade */
    if (b->seq_last[m] >= 0 || b->text[m] >= 0 || b->seq_prev[m] >= 0) bits |= BIT(HR_LOSS_SEQ);
    if ((b->flags[m] & HR_FLAG_AGG) != 0) bits |= BIT(HR_LOSS_AGG);
    r.type = taker == HR_SIDE_NONE ? T_CROSS : T_HIDDEN;
    r.id = taker == HR_SIDE_NONE ? -1 : 0;
    r.is_sell = taker != HR_SIDE_ASK; /* the order that was hit */
    t->row[0] = r;
    t->n_rows = 1;
    return bits;
}

/* A row of an order that stood: its side and price, as far as they are known. */
static uint64_t known_row(hr_lobster_out *t, const hr_evbatch *b, uint32_t m, lobster_row r)
{
    hr_l3_order o;
    uint8_t side = b->side[b->level_begin[m]];
    bool says = side != HR_SIDE_NONE || r.px != 0 || (r.type == T_DELETE && r.qty != 0);
    uint64_t bits = says ? BIT(HR_LOSS_ORDER_PX) : 0;
    bool is_known = hr_l3_find(t->book, &o, (uint64_t)r.id);
    if (is_known) {
        r.is_sell = o.side == HR_SIDE_ASK;
        r.px = o.px;
        if (r.type == T_DELETE) r.qty = o.qty;
    } else {
        r.is_sell = side == HR_SIDE_ASK;
        if (side == HR_SIDE_NONE || r.px == 0) bits |= BIT(HR_LOSS_ORDER);
    }
    t->row[0] = r;
    t->n_rows = 1;
    return bits;
}

/* The old order goes and a new one comes: two rows. */
static uint64_t replace_rows(hr_lobster_out *t, const hr_evbatch *b, uint32_t m, lobster_row r)
{
    hr_l3_order o;
    if (r.px == 0 || !hr_l3_find(t->book, &o, (uint64_t)r.id)) return BIT(HR_LOSS_NO_ORDER);
    bool is_sell = o.side == HR_SIDE_ASK;
    t->row[0] =
        (lobster_row){.type = T_DELETE, .id = r.id, .qty = o.qty, .px = o.px, .is_sell = is_sell};
    t->row[1] = (lobster_row){
        .type = T_ADD, .id = b->seq_prev[m], .qty = r.qty, .px = r.px, .is_sell = is_sell};
    t->n_rows = 2;
    return BIT(HR_LOSS_REPLACE);
}

static uint64_t order_rows(hr_lobster_out *t, const hr_evbatch *b, uint32_t m, lobster_row r)
{
    const hr_order_action action = hr_order_action_of(b->flags[m]);
    const uint8_t side = b->side[b->level_begin[m]];
    uint64_t bits = b->seq_last[m] >= 0 ? BIT(HR_LOSS_SEQ) : 0;
    if ((b->flags[m] & (HR_FLAG_SNAPSHOT | HR_FLAG_MORE)) != 0) bits |= BIT(HR_LOSS_BORDER);
    if (action != HR_ORDER_REPLACE && b->seq_prev[m] >= 0) bits |= BIT(HR_LOSS_SEQ);
    r.id = b->seq_first[m];
    switch (action) {
    case HR_ORDER_ADD:
        if (side == HR_SIDE_NONE) break;
        r.type = T_ADD;
        r.is_sell = side == HR_SIDE_ASK;
        t->row[0] = r;
        t->n_rows = 1;
        return bits;
    case HR_ORDER_EXECUTE:
        r.type = T_EXECUTE;
        return bits | known_row(t, b, m, r);
    case HR_ORDER_CANCEL:
        r.type = T_CANCEL;
        return bits | known_row(t, b, m, r);
    case HR_ORDER_DELETE:
        r.type = T_DELETE;
        return bits | known_row(t, b, m, r);
    case HR_ORDER_REPLACE:
        return bits | replace_rows(t, b, m, r);
    case HR_ORDER_MODIFY:
    case HR_ORDER_CLEAR:
    case HR_ORDER_PUT:
    case HR_ORDER_NOTE:
        break;
    }
    return BIT(HR_LOSS_KIND);
}

/* The time of the day in New York. */
static uint64_t set_time(hr_lobster_out *t, const hr_evbatch *b, uint32_t m)
{
    const bool has_event = b->ts_event[m] != HR_NULL_I64;
    const int64_t ts = has_event ? b->ts_event[m] : b->ts_recv[m];
    uint64_t bits = 0;
    int64_t day = t->has_day ? t->day_ns : 0;
    if (!t->has_day && ts >= NS_PER_DAY) {
        day = hr_orders_midnight(ts);
        bits |= BIT(HR_LOSS_DAY);
    }
    t->ts_ns = ts - day;
    if (ts < day || t->ts_ns >= NS_PER_DAY) return BIT(HR_LOSS_OTHER_DAY);
    if (!has_event) return bits | BIT(HR_LOSS_NO_EVENT);
    return ts != b->ts_recv[m] ? bits | BIT(HR_LOSS_RECV) : bits;
}

static hr_status follow(hr_lobster_out *t, const lobster_row *r)
{
    hr_l3_change ignored;
    const hr_l3_order o = {.id = (uint64_t)r->id,
                           .px = r->px,
                           .qty = r->qty,
                           .side = r->is_sell ? HR_SIDE_ASK : HR_SIDE_BID};
    if (r->type == T_ADD) return hr_l3_add(t->book, &ignored, &o);
    if (r->type == T_DELETE) hr_l3_delete(t->book, &ignored, o.id);
    if (r->type == T_EXECUTE || r->type == T_CANCEL) hr_l3_cancel(t->book, &ignored, o.id, r->qty);
    return HR_OK;
}

hr_status hr_lobster_out_losses(hr_lobster_out *t, const hr_evbatch *b, uint32_t m, uint64_t *bits,
                                hr_err *err)
{
    lobster_row r = {0};
    const uint32_t at = (uint32_t)b->level_begin[m];
    const bool is_trade = b->kind[m] == HR_MSG_TRADE;
    t->n_rows = 0;
    *bits = BIT(HR_LOSS_KIND);
    if (!is_trade && b->kind[m] != HR_MSG_ORDER) return HR_OK;
    *bits = hr_one_name_losses(&t->name, b, m);
    if (*bits < BIT(HR_LOSS_WHOLE)) *bits |= set_time(t, b, m);
    if (*bits >= BIT(HR_LOSS_WHOLE)) return HR_OK;
    if (b->px[at] < 0 || b->qty[at] < 0)
        *bits |= BIT(HR_LOSS_PX);
    else if (!to_units(&r.px, b->px[at], t->px_scale, PX_DECIMALS) ||
             !to_units(&r.qty, b->qty[at], t->qty_scale, t->share_decimals))
        *bits |= BIT(HR_LOSS_DIGITS);
    else
        *bits |= is_trade ? trade_row(t, b, m, r) : order_rows(t, b, m, r);
    if (*bits >= BIT(HR_LOSS_WHOLE)) return HR_OK;
    for (uint32_t i = 0; i < t->n_rows; i++)
        if (follow(t, &t->row[i]) != HR_OK)
            return HR_FAIL(err, HR_EBUDGET, "more than %u orders, or %u prices, at a time",
                           ORDERS_MAX, LEVELS_MAX);
    return HR_OK;
}

/* ---- writing ---- */

/* The file is known by the point in its first time. */
static size_t put_time(const hr_lobster_out *t, char *p)
{
    size_t n = hr_decimal_format(p, t->ts_ns, TIME_DECIMALS);
    if (t->has_rows || t->ts_ns % NS_PER_S != 0) return n;
    memcpy(p + n, ".0", 2);
    return n + 2;
}

hr_status hr_lobster_out_message(hr_lobster_out *t, uint64_t *n_rows, hr_err *err)
{
    for (uint32_t i = 0; i < t->n_rows; i++) {
        const lobster_row *r = &t->row[i];
        const int64_t field[] = {r->type, r->id, r->qty, r->px, r->is_sell ? -1 : 1};
        char *p = hr_out_room(t->file, ROW_MAX, err);
        if (p == NULL) return err != NULL ? err->code : HR_EIO;
        size_t n = put_time(t, p);
        for (size_t k = 0; k < HR_ARRAY_LEN(field); k++) {
            p[n++] = ',';
            n += hr_decimal_format(p + n, field[k], 0);
        }
        p[n++] = '\n';
        hr_out_took(t->file, n);
        t->has_rows = true;
        ++*n_rows;
    }
    return HR_OK;
}

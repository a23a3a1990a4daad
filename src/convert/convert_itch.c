/* SPDX-License-Identifier: Apache-2.0 */
/* Order messages as Nasdaq TotalView-ITCH 5.0. The first pass gathers the instruments: a day opens
 * with its directory. The live orders of whoever reads the file are followed: a change in place has
 * to be told as what goes and what comes. */
#include <string.h>

#include "convert/convert_parts.h"
#include "text/decimal.h"
#include "venue/files/itch.h"
#include "venue/files/orders.h"

#define NAMES_MAX 65535u
#define SLOTS 131072u
#define NS_PER_DAY INT64_C(86400000000000)
#define BIT(loss) (UINT64_C(1) << (loss))
#define ORDERS_MAX (2u << 20) /* live at a time; with more, changes in place cannot be told */
#define LEVELS_MAX (1u << 20)

struct hr_itch_out {
    hr_out_file *file;
    int64_t px_unit, qty_unit; /* of ours in one of ITCH's; 0: ours are coarser */
    int64_t px_mul, qty_mul;   /* then: the other way */
    int64_t day_ns, last_ns;
    bool has_day; /* the output's path says it */
    uint32_t n_names;
    char name[NAMES_MAX][8];
    uint16_t slot[SLOTS]; /* index + 1; 0 empty */
    hr_l3 *book;          /* as a reader has it */
    bool is_lost;         /* more orders than it holds */
    bool has_changes;     /* seen in the first pass: else nobody asks the book in the second */
    bool is_second;
    hr_l3_order was; /* of a change: the order before it; qty 0: there is none */
};

static hr_l3_options book_options(void)
{
    return (hr_l3_options){.max_orders = ORDERS_MAX,
                           .max_levels = LEVELS_MAX,
                           .max_instruments = NAMES_MAX + 1,
                           .key = 1};
}

size_t hr_itch_out_bytes(void)
{
    const hr_l3_options o = book_options();
    return sizeof(hr_itch_out) + hr_l3_bytes(&o) + 512;
}

static void set_units(int64_t *unit, int64_t *mul, unsigned scale, unsigned decimals)
{
    *unit = scale >= decimals ? hr_pow10[scale - decimals] : 0;
    *mul = scale < decimals ? hr_pow10[decimals - scale] : 1;
}

hr_status hr_itch_out_create(hr_itch_out **out, const hr_convert_options *o, hr_arena *arena,
                             hr_err *err)
{
    hr_itch_out *t = hr_arena_alloc(arena, sizeof *t, 64);
    *out = t;
    if (t == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to write ITCH");
    memset(t, 0, sizeof *t);
    set_units(&t->px_unit, &t->px_mul, o->px_scale, 4);
    set_units(&t->qty_unit, &t->qty_mul, o->qty_scale, o->share_decimals);
    t->has_day = hr_orders_path_day(&t->day_ns, o->out);
    const hr_l3_options options = book_options();
    return hr_l3_create(&t->book, arena, &options, err);
}

/* ---- instruments ---- */

static void padded(char out[8], const char *symbol)
{
    memset(out, 0, 8);
    memcpy(out, symbol, strnlen(symbol, 8));
}

static uint16_t *find(hr_itch_out *t, const char name[8])
{
    uint64_t v;
    memcpy(&v, name, sizeof v);
    uint32_t k = (uint32_t)((v * UINT64_C(0x9e3779b97f4a7c15)) >> 47);
    _Static_assert(SLOTS == 1u << 17, "the product's upper 17 bits");
    while (t->slot[k] != 0 && memcmp(t->name[t->slot[k] - 1], name, 8) != 0)
        k = (k + 1) % SLOTS;
    return &t->slot[k];
}

/* Number of the instrument, 1 to 65,535; 0: no more fit. */
static uint16_t locate_of(hr_itch_out *t, const char *symbol)
{
    char name[8];
    padded(name, symbol);
    uint16_t *slot = find(t, name);
    if (*slot != 0) return *slot;
    if (t->n_names == NAMES_MAX) return 0;
    memcpy(t->name[t->n_names++], name, 8);
    *slot = (uint16_t)t->n_names;
    return *slot;
}

/* ---- what is lost ---- */

static bool to_units(int64_t *out, int64_t v, int64_t unit, int64_t mul)
{
    if (unit > 0) {
        *out = v / unit;
        return v % unit == 0 && *out <= UINT32_MAX;
    }
    return !__builtin_mul_overflow(v, mul, out) && *out <= UINT32_MAX;
}

static int64_t day_of(const hr_itch_out *t, int64_t ts)
{
    if (t->has_day) return t->day_ns;
    return ts < NS_PER_DAY ? 0 : hr_orders_midnight(ts);
}

static bool is_change(const hr_evbatch *b, uint32_t m)
{
    hr_order_action a = hr_order_action_of(b->flags[m]);
    return b->kind[m] == HR_MSG_ORDER && (a == HR_ORDER_MODIFY || a == HR_ORDER_PUT);
}

static bool holds(const hr_evbatch *b, uint32_t m)
{
    hr_order_action a = hr_order_action_of(b->flags[m]);
    return b->kind[m] == HR_MSG_TRADE ||
           (b->kind[m] == HR_MSG_ORDER && a != HR_ORDER_CLEAR && a != HR_ORDER_NOTE);
}

/* What a change in place comes to: the order is there, and what it becomes is something else. */
static uint64_t change_losses(hr_itch_out *t, const hr_evbatch *b, uint32_t m)
{
    const uint32_t at = (uint32_t)b->level_begin[m];
    const bool is_put = hr_order_action_of(b->flags[m]) == HR_ORDER_PUT;
    t->has_changes = true;
    if (t->is_lost) return BIT(HR_LOSS_KIND);
    if (!hr_l3_find(t->book, &t->was, (uint64_t)b->seq_first[m])) {
        t->was.qty = 0;
        return is_put && b->side[at] != HR_SIDE_NONE ? BIT(HR_LOSS_CHANGE) : BIT(HR_LOSS_NO_ORDER);
    }
    const bool is_there = b->px[at] == 0 || b->px[at] == t->was.px;
    if (b->qty[at] <= 0) return BIT(HR_LOSS_NO_ORDER);
    return is_there && b->qty[at] == t->was.qty ? BIT(HR_LOSS_SAME) : BIT(HR_LOSS_CHANGE);
}

static hr_status apply_change(hr_itch_out *t, hr_l3_change *ch, const hr_l3_order *o)
{
    if (t->was.qty == 0) return hr_l3_add(t->book, ch, o);
    if (o->px == 0 || o->px == t->was.px) {
        hr_l3_modify(t->book, ch, o->id, o->qty);
        return HR_OK;
    }
    return hr_l3_replace(t->book, ch, o->id, o->id, o->px, o->qty);
}

/* Brings what is written to the reader's book. */
static void follow(hr_itch_out *t, const hr_evbatch *b, uint32_t m)
{
    const uint32_t at = (uint32_t)b->level_begin[m];
    const hr_l3_order o = {.id = (uint64_t)b->seq_first[m],
                           .px = b->px[at],
                           .qty = b->qty[at],
                           .instrument = locate_of(t, b->syms[b->sym[m]].symbol),
                           .side = b->side[at]};
    hr_l3_change ch;
    hr_status st = HR_OK;
    switch (hr_order_action_of(b->flags[m])) {
    case HR_ORDER_ADD:
        st = hr_l3_add(t->book, &ch, &o);
        break;
    case HR_ORDER_EXECUTE:
    case HR_ORDER_CANCEL:
        hr_l3_cancel(t->book, &ch, o.id, o.qty);
        break;
    case HR_ORDER_DELETE:
        hr_l3_delete(t->book, &ch, o.id);
        break;
    case HR_ORDER_REPLACE:
        st = hr_l3_replace(t->book, &ch, o.id, (uint64_t)b->seq_prev[m], o.px, o.qty);
        break;
    case HR_ORDER_MODIFY:
    case HR_ORDER_PUT:
        st = apply_change(t, &ch, &o);
        break;
    case HR_ORDER_CLEAR:
    case HR_ORDER_NOTE:
        break;
    }
    t->is_lost = st != HR_OK;
}

static uint64_t find_losses(hr_itch_out *t, const hr_evbatch *b, uint32_t m)
{
    uint64_t bits = 0;
    int64_t v;
    if (!holds(b, m)) return BIT(HR_LOSS_KIND);
    if (b->sym[m] < 0) return BIT(HR_LOSS_NO_NAME);
    const hr_evb_sym *s = &b->syms[b->sym[m]];
    uint32_t at = (uint32_t)b->level_begin[m];
    if (strlen(s->symbol) > 8 || locate_of(t, s->symbol) == 0) return BIT(HR_LOSS_LONG_NAME);
    if (!to_units(&v, b->px[at], t->px_unit, t->px_mul) ||
        !to_units(&v, b->qty[at], t->qty_unit, t->qty_mul))
        return BIT(HR_LOSS_DIGITS);
    int64_t ns = b->ts_recv[m] - day_of(t, b->ts_recv[m]);
    if (ns < 0 || ns >= NS_PER_DAY) return BIT(HR_LOSS_OTHER_DAY);
    if (!t->has_day && b->ts_recv[m] >= NS_PER_DAY) bits |= BIT(HR_LOSS_DAY);
    if (b->ts_event[m] != b->ts_recv[m]) bits |= BIT(HR_LOSS_NO_EVENT);
    if (strcmp(s->venue, "nasdaq") != 0) bits |= BIT(HR_LOSS_VENUE_NAME);
    if (is_change(b, m)) bits |= change_losses(t, b, m);
    if (b->kind[m] == HR_MSG_ORDER) return b->seq_last[m] >= 0 ? bits | BIT(HR_LOSS_SEQ) : bits;
    if (b->side[at] != HR_SIDE_NONE) bits |= BIT(HR_LOSS_TAKER);
    if (b->text[m] >= 0) bits |= BIT(HR_LOSS_TRADE_ID);
    return bits;
}

uint64_t hr_itch_out_losses(hr_itch_out *t, const hr_evbatch *b, uint32_t m)
{
    uint64_t bits = find_losses(t, b, m);
    bool asks = !t->is_second || t->has_changes;
    if (b->kind[m] == HR_MSG_ORDER && bits < BIT(HR_LOSS_WHOLE) && asks && !t->is_lost)
        follow(t, b, m);
    return bits;
}

/* ---- writing ---- */

static hr_status put(hr_itch_out *t, const hr_itch_msg *m, hr_err *err)
{
    uint8_t bytes[HR_ITCH_BYTES_MAX];
    return hr_out_put(t->file, bytes, hr_itch_put(bytes, m), err);
}

hr_status hr_itch_out_begin(hr_itch_out *t, hr_out_file *file, hr_err *err)
{
    hr_itch_msg m = {.type = 'S', .code = 'O'};
    t->file = file;
    t->is_second = true;
    t->is_lost = false;
    hr_l3_reset(t->book);
    HR_TRY(put(t, &m, err));
    for (uint32_t i = 0; i < t->n_names; i++) {
        m = (hr_itch_msg){.type = 'R', .code = 'Q', .locate = (uint16_t)(i + 1), .qty = 100};
        memcpy(m.stock, t->name[i], 8);
        HR_TRY(put(t, &m, err));
    }
    return HR_OK;
}

static uint8_t type_of(const hr_evbatch *b, uint32_t m)
{
    bool has_px = b->px[b->level_begin[m]] != 0;
    if (b->kind[m] == HR_MSG_TRADE) return 'P';
    switch (hr_order_action_of(b->flags[m])) {
    case HR_ORDER_ADD:
        return 'A';
    case HR_ORDER_EXECUTE:
        return has_px ? 'C' : 'E';
    case HR_ORDER_CANCEL: /* with a price: executed, not printed */
        return has_px ? 'C' : 'X';
    case HR_ORDER_DELETE:
        return 'D';
    case HR_ORDER_REPLACE:
        return 'U';
    case HR_ORDER_MODIFY: /* put_change */
    case HR_ORDER_PUT:
    case HR_ORDER_CLEAR:
    case HR_ORDER_NOTE:
        break;
    }
    return 0;
}

/* An order that shrinks where it stands keeps its place: a cancel of the rest. Any other change
 * loses it: the order goes, and comes again under its number, so that later messages find it. */
static hr_status put_change(hr_itch_out *t, hr_itch_msg o, const hr_evbatch *b, uint32_t m,
                            hr_err *err)
{
    const uint32_t at = (uint32_t)b->level_begin[m];
    const int64_t px = b->px[at] != 0 ? b->px[at] : t->was.px;
    const int64_t less = px == t->was.px ? t->was.qty - b->qty[at] : 0;
    if (!to_units(&o.px, px, t->px_unit, t->px_mul) ||
        !to_units(&o.qty, less > 0 ? less : b->qty[at], t->qty_unit, t->qty_mul))
        return HR_FAIL(err, HR_EINTERNAL, "a change that ITCH has no room for");
    if (t->was.qty > 0 && less > 0) {
        o.type = 'X';
        return put(t, &o, err);
    }
    if (t->was.qty > 0) {
        o.side = t->was.side;
        o.type = 'D';
        HR_TRY(put(t, &o, err));
    }
    o.type = 'A';
    return put(t, &o, err);
}

hr_status hr_itch_out_message(hr_itch_out *t, const hr_evbatch *b, uint32_t m, uint64_t *n_rows,
                              hr_err *err)
{
    uint32_t at = (uint32_t)b->level_begin[m];
    const hr_evb_sym *s = &b->syms[b->sym[m]];
    hr_itch_msg o = {.type = type_of(b, m),
                     .side = b->side[at],
                     .locate = locate_of(t, s->symbol),
                     .ts_ns = b->ts_recv[m] - day_of(t, b->ts_recv[m])};
    if (!to_units(&o.px, b->px[at], t->px_unit, t->px_mul) ||
        !to_units(&o.qty, b->qty[at], t->qty_unit, t->qty_mul))
        return HR_FAIL(err, HR_EINTERNAL, "a price that ITCH has no room for");
    bool is_trade = b->kind[m] == HR_MSG_TRADE;
    o.id = is_trade ? 0 : (uint64_t)b->seq_first[m];
    if (is_trade)
        o.match = b->seq_last[m] > 0 ? (uint64_t)b->seq_last[m] : 0;
    else if (o.type == 'U')
        o.id2 = (uint64_t)b->seq_prev[m];
    else if (b->seq_prev[m] > 0)
        o.match = (uint64_t)b->seq_prev[m];
    if (o.type == 'C' && hr_order_action_of(b->flags[m]) == HR_ORDER_CANCEL) o.code = 'N';
    if (o.type == 'P') o.side = HR_SIDE_BID; /* as the venue has it for all */
    memcpy(o.stock, s->symbol, strnlen(s->symbol, 8));
    t->last_ns = o.ts_ns;
    ++*n_rows;
    return is_change(b, m) ? put_change(t, o, b, m, err) : put(t, &o, err);
}

hr_status hr_itch_out_finish(hr_itch_out *t, hr_err *err)
{
    const hr_itch_msg m = {.type = 'S', .code = 'C', .ts_ns = t->last_ns};
    return put(t, &m, err);
}

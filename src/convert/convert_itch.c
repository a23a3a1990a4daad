/* SPDX-License-Identifier: Apache-2.0 */
/* Order messages as Nasdaq TotalView-ITCH 5.0. The first pass gathers the instruments: a day opens
 * with its directory. */
#include <string.h>

#include "convert/convert_parts.h"
#include "text/decimal.h"
#include "venue/files/itch.h"
#include "venue/files/orders.h"

#define NAMES_MAX 65535u
#define SLOTS 131072u
#define NS_PER_DAY INT64_C(86400000000000)
#define BIT(loss) (UINT64_C(1) << (loss))

struct hr_itch_out {
    hr_out_file *file;
    int64_t px_unit, qty_unit; /* of ours in one of ITCH's; 0: ours are coarser */
    int64_t px_mul, qty_mul;   /* then: the other way */
    int64_t day_ns, last_ns;
    bool has_day; /* the output's path says it */
    uint32_t n_names;
    char name[NAMES_MAX][8];
    uint16_t slot[SLOTS]; /* index + 1; 0 empty */
};

size_t hr_itch_out_bytes(void)
{
    return sizeof(hr_itch_out) + 64;
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
    return HR_OK;
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

static bool holds(const hr_evbatch *b, uint32_t m)
{
    hr_order_action a = hr_order_action_of(b->flags[m]);
    return b->kind[m] == HR_MSG_TRADE ||
           (b->kind[m] == HR_MSG_ORDER && a != HR_ORDER_MODIFY && a != HR_ORDER_CLEAR &&
            a != HR_ORDER_PUT && a != HR_ORDER_NOTE);
}

uint64_t hr_itch_out_losses(hr_itch_out *t, const hr_evbatch *b, uint32_t m)
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
    if (b->kind[m] == HR_MSG_ORDER) return b->seq_last[m] >= 0 ? bits | BIT(HR_LOSS_SEQ) : bits;
    if (b->side[at] != HR_SIDE_NONE) bits |= BIT(HR_LOSS_TAKER);
    if (b->text[m] >= 0) bits |= BIT(HR_LOSS_TRADE_ID);
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
    case HR_ORDER_MODIFY:
    case HR_ORDER_CLEAR:
    case HR_ORDER_PUT:
    case HR_ORDER_NOTE:
        break;
    }
    return 0;
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
    return put(t, &o, err);
}

hr_status hr_itch_out_finish(hr_itch_out *t, hr_err *err)
{
    const hr_itch_msg m = {.type = 'S', .code = 'C', .ts_ns = t->last_ns};
    return put(t, &m, err);
}

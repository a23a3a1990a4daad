/* SPDX-License-Identifier: Apache-2.0 */
/* Messages about orders as lines of Bitstamp's log: `<recv_ms> order_created {..}`. What a log says
 * beside them, the order's own time in seconds and the venue's books, no event has. */
#include <string.h>

#include "convert/pen.h"

#define BIT(l) (UINT64_C(1) << (l))
#define NS_PER_MS 1000000
#define LINE_MAX 256u

static const char *name_of(const hr_evbatch *b, uint32_t m)
{
    if (b->kind[m] == HR_MSG_TRADE) return " trade {\"price\": ";
    switch (hr_order_action_of(b->flags[m])) {
    case HR_ORDER_ADD:
        return " order_created {\"price\": \"";
    case HR_ORDER_MODIFY:
        return " order_changed {\"price\": \"";
    case HR_ORDER_DELETE:
        return " order_deleted {\"price\": \"";
    case HR_ORDER_EXECUTE:
    case HR_ORDER_CANCEL:
    case HR_ORDER_REPLACE:
    case HR_ORDER_CLEAR:
    case HR_ORDER_PUT:
    case HR_ORDER_NOTE:
        break;
    }
    return NULL;
}

static uint64_t trade_losses(const hr_evbatch *b, uint32_t m)
{
    const uint32_t at = (uint32_t)b->level_begin[m];
    uint64_t bits = 0;
    if (b->px[at] <= 0 || b->qty[at] <= 0) return BIT(HR_LOSS_PX);
    if (b->text[m] >= 0) return BIT(HR_LOSS_TRADE_ID);
    if (b->side[at] != HR_SIDE_NONE) bits |= BIT(HR_LOSS_TAKER);
    if (b->seq_first[m] != b->seq_last[m] || b->seq_prev[m] >= 0) bits |= BIT(HR_LOSS_SEQ);
    return (b->flags[m] & HR_FLAG_AGG) != 0 ? bits | BIT(HR_LOSS_AGG) : bits;
}

static uint64_t order_losses(const hr_evbatch *b, uint32_t m)
{
    const uint32_t at = (uint32_t)b->level_begin[m];
    uint64_t bits = 0;
    if (name_of(b, m) == NULL) return BIT(HR_LOSS_KIND);
    if (b->px[at] < 0 || b->qty[at] < 0) return BIT(HR_LOSS_PX);
    if (b->side[at] == HR_SIDE_NONE && hr_order_action_of(b->flags[m]) == HR_ORDER_ADD)
        return BIT(HR_LOSS_KIND);
    if (b->side[at] == HR_SIDE_NONE) bits |= BIT(HR_LOSS_NO_SIDE);
    return b->seq_last[m] >= 0 || b->seq_prev[m] >= 0 ? bits | BIT(HR_LOSS_SEQ) : bits;
}

uint64_t hr_bitstamp_losses(const hr_losses *l, const hr_evbatch *b, uint32_t m)
{
    const bool is_trade = b->kind[m] == HR_MSG_TRADE;
    if (b->sym[m] < 0) return BIT(HR_LOSS_NO_NAME);
    const hr_evb_sym *s = &b->syms[b->sym[m]];
    if (strcmp(l->first.symbol, s->symbol) != 0 || strcmp(l->first.venue, s->venue) != 0)
        return BIT(HR_LOSS_OTHER_NAME);
    uint64_t bits = is_trade ? trade_losses(b, m) : order_losses(b, m);
    if (strcmp(l->read.symbol, s->symbol) != 0) bits |= BIT(HR_LOSS_NAME);
    if (strcmp(l->read.venue, s->venue) != 0) bits |= BIT(HR_LOSS_VENUE_NAME);
    if (b->ts_event[m] != HR_NULL_I64) bits |= BIT(HR_LOSS_EVENT);
    if (b->ts_recv[m] < 0) bits |= BIT(HR_LOSS_BEFORE_1970);
    if (b->ts_recv[m] % NS_PER_MS != 0) bits |= BIT(HR_LOSS_TIME);
    if ((b->flags[m] & (HR_FLAG_SNAPSHOT | HR_FLAG_MORE)) != 0) bits |= BIT(HR_LOSS_BORDER);
    return bits;
}

void hr_bitstamp_put(const hr_text_out *t, hr_pen *k, const hr_evbatch *b, uint32_t m)
{
    const uint32_t at = (uint32_t)b->level_begin[m];
    const bool is_trade = b->kind[m] == HR_MSG_TRADE;
    const char *quote = is_trade ? "" : "\"";
    hr_pen_room(k, LINE_MAX);
    hr_pen_decimal(k, b->ts_recv[m] / NS_PER_MS, 0);
    hr_pen_text(k, name_of(b, m));
    hr_pen_decimal(k, b->px[at], t->px_scale);
    hr_pen_text(k, quote);
    hr_pen_text(k, ", \"amount\": ");
    hr_pen_text(k, quote);
    hr_pen_decimal(k, b->qty[at], t->qty_scale);
    hr_pen_text(k, quote);
    if (!is_trade || b->seq_last[m] >= 0)
        hr_pen_int(k, ", \"id\": ", is_trade ? b->seq_last[m] : b->seq_first[m]);
    if (!is_trade) hr_pen_int(k, ", \"order_type\": ", b->side[at] == HR_SIDE_ASK);
    hr_pen_text(k, "}\n");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What each target cannot hold of a message. The rules are those of the decoders that would read
 * the target back: what they would not give back is lost. */
#include <string.h>

#include "job/convert_parts.h"

#define BIT(l) (1u << (l))
#define NS_PER_US 1000
#define NS_PER_MS 1000000
#define US_LEAST INT64_C(100000000000000) /* readers take smaller numbers for milliseconds */

_Static_assert(HR_LOSS_COUNT <= 32, "losses are bits");

const char *hr_loss_text(hr_loss l)
{
    static const char *const text[HR_LOSS_COUNT] = {
#define LOSS_TEXT(id, what) [id] = what,
        HR_LOSS_LIST(LOSS_TEXT)
#undef LOSS_TEXT
    };
    return (unsigned)l < HR_LOSS_COUNT ? text[l] : "unknown";
}

void hr_losses_init(hr_losses *l, hr_target_format to, const char *out_path)
{
    hr_source_info info = {0};
    memset(l, 0, sizeof *l);
    l->to = to;
    hr_sniff_path(&info, out_path);
    l->has_name = info.symbol[0] != '\0';
}

static bool same_names(const hr_evb_sym *a, const hr_evb_sym *b)
{
    return strcmp(a->symbol, b->symbol) == 0 && strcmp(a->venue, b->venue) == 0;
}

static bool holds_kind(hr_target_format to, hr_msg_kind k)
{
    switch (to) {
    case HR_TO_DELTAS:
    case HR_TO_TARDIS:
        return k == HR_MSG_DELTA || k == HR_MSG_SNAPSHOT;
    case HR_TO_TRADES:
    case HR_TO_TARDIS_TRADES:
        return k == HR_MSG_TRADE;
    case HR_TO_TICKERS:
        return k == HR_MSG_TICKER;
    case HR_TO_CAPTURE:
    case HR_TO_CAPTURE_JSON:
        return k != HR_MSG_STATUS && k != HR_MSG_ORDER;
    case HR_TO_AUTO:
    case HR_TO_EVENTS:
    case HR_TO_ITCH: /* convert_itch.c */
    case HR_TO_RECORDS:
    case HR_TO_RECORDS_CSV:
    case HR_TO_COUNT:
        break;
    }
    return true;
}

static uint32_t table_losses(hr_losses *l, const hr_evbatch *b, uint32_t m)
{
    uint32_t bits = l->has_name ? 0 : BIT(HR_LOSS_NAME);
    if (b->sym[m] < 0) return bits | BIT(HR_LOSS_NO_NAME);
    if (!same_names(&l->first, &b->syms[b->sym[m]])) return bits | BIT(HR_LOSS_OTHER_NAME);
    if (l->to == HR_TO_DELTAS && l->has_last && b->seq_last[m] == l->last_seq &&
        b->ts_event[m] == l->last_event && b->kind[m] == l->last_kind)
        bits |= BIT(HR_LOSS_BORDER);
    return bits;
}

static bool has_us(int64_t ns)
{
    return ns % NS_PER_US == 0 && (ns == 0 || ns / NS_PER_US >= US_LEAST);
}

static uint32_t csv_losses(hr_losses *l, const hr_evbatch *b, uint32_t m)
{
    uint32_t bits = 0;
    int64_t event = b->ts_event[m];
    if (b->sym[m] < 0) return BIT(HR_LOSS_NO_NAME);
    if (event == HR_NULL_I64) bits |= BIT(HR_LOSS_NO_EVENT);
    if ((event != HR_NULL_I64 && !has_us(event)) || !has_us(b->ts_recv[m]))
        bits |= BIT(HR_LOSS_TIME);
    if (l->to == HR_TO_TARDIS_TRADES) {
        const hr_text *id = b->text[m] >= 0 ? &b->texts[b->text[m]] : NULL;
        if (id != NULL && memchr(id->byte, '"', id->len) != NULL) bits |= BIT(HR_LOSS_TRADE_ID);
        return (b->flags[m] & HR_FLAG_AGG) ? bits | BIT(HR_LOSS_AGG) : bits;
    }
    if (b->seq_last[m] >= 0 || b->seq_first[m] >= 0) bits |= BIT(HR_LOSS_SEQ);
    if (l->has_last && event == l->last_event && b->ts_recv[m] == l->last_recv &&
        b->kind[m] == l->last_kind && same_names(&l->last, &b->syms[b->sym[m]]))
        bits |= BIT(HR_LOSS_BORDER);
    return bits;
}

static uint32_t json_losses(const hr_losses *l, const hr_evbatch *b, uint32_t m)
{
    uint32_t bits = 0;
    hr_msg_kind k = (hr_msg_kind)b->kind[m];
    const hr_evb_sym *s = b->sym[m] >= 0 ? &b->syms[b->sym[m]] : NULL;
    if (s != NULL &&
        (strncmp(s->venue, "binance", 7) != 0 || strcmp(s->venue, l->first.venue) != 0))
        bits |= BIT(HR_LOSS_VENUE);
    if (k == HR_MSG_TRADE && b->seq_last[m] < 0) bits |= BIT(HR_LOSS_TRADE_ID);
    if (k == HR_MSG_TRADE && b->side[b->level_begin[m]] == HR_SIDE_NONE) bits |= BIT(HR_LOSS_SIDE);
    if (k != HR_MSG_TRADE && (b->seq_last[m] < 0 || b->seq_first[m] < 0))
        bits |= BIT(HR_LOSS_NO_SEQ);
    if (k == HR_MSG_SNAPSHOT && b->seq_first[m] != b->seq_last[m]) bits |= BIT(HR_LOSS_SEQ);
    int64_t event = b->ts_event[m];
    if (event != HR_NULL_I64 && (event < 0 || event % NS_PER_MS != 0)) bits |= BIT(HR_LOSS_TIME);
    return bits;
}

static void note_held(hr_losses *l, const hr_evbatch *b, uint32_t m)
{
    l->last_event = b->ts_event[m];
    l->last_recv = b->ts_recv[m];
    l->last_seq = b->seq_last[m];
    l->last_kind = b->kind[m];
    if (b->sym[m] >= 0) l->last = b->syms[b->sym[m]];
    l->has_last = true;
}

uint32_t hr_losses_of(hr_losses *l, const hr_evbatch *b, uint32_t m)
{
    uint32_t bits = 0;
    hr_msg_kind k = (hr_msg_kind)b->kind[m];
    if (l->to == HR_TO_EVENTS) return 0;
    if (!holds_kind(l->to, k)) return BIT(HR_LOSS_KIND);
    if (!l->has_first && b->sym[m] >= 0) {
        l->first = b->syms[b->sym[m]];
        l->has_first = true;
    }
    bool is_json = l->to == HR_TO_CAPTURE || l->to == HR_TO_CAPTURE_JSON;
    if (!is_json && b->level_begin[m] == b->level_begin[m + 1]) bits |= BIT(HR_LOSS_EMPTY);
    if (is_json)
        bits |= json_losses(l, b, m);
    else if (l->to == HR_TO_TARDIS || l->to == HR_TO_TARDIS_TRADES)
        bits |= csv_losses(l, b, m);
    else
        bits |= table_losses(l, b, m);
    if ((k == HR_MSG_DELTA || k == HR_MSG_SNAPSHOT) && b->text[m] >= 0)
        bits |= BIT(HR_LOSS_CHECKSUM);
    if (bits < BIT(HR_LOSS_WHOLE)) note_held(l, b, m);
    return bits;
}

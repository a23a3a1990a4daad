/* SPDX-License-Identifier: Apache-2.0 */
/* What each target cannot hold of a message. The rules are those of the decoders that would read
 * the target back: what they would not give back is lost. */
#include <stdio.h>
#include <string.h>

#include "convert/convert_parts.h"
#include "venue/files/csv_events.h"

#define BIT(l) (UINT64_C(1) << (l))
#define NS_PER_US 1000
#define NS_PER_MS 1000000

_Static_assert(HR_LOSS_COUNT <= 64, "losses are bits");

const char *hr_loss_text(hr_loss l)
{
    static const char *const text[HR_LOSS_COUNT] = {
#define LOSS_TEXT(id, what) [id] = what,
        HR_LOSS_LIST(LOSS_TEXT)
#undef LOSS_TEXT
    };
    return (unsigned)l < HR_LOSS_COUNT ? text[l] : "unknown";
}

static bool is_binance_csv(hr_target_format to)
{
    return hr_target_facts_of(to)->form == HR_FORM_BINANCE_CSV;
}

/* Instrument and venue as the decoder will have them of that path. */
static void read_names(hr_losses *l, hr_source_info *info, const char *out_path)
{
    char why[128];
    const char *header = hr_text_out_header(l->to);
    if (hr_csv_file_sniff(info, why, sizeof why, out_path, header, strlen(header), NULL) != HR_OK)
        info->symbol[0] = '\0';
    memcpy(l->read.symbol, info->symbol, sizeof info->symbol);
    memcpy(l->read.venue, info->venue, sizeof info->venue);
}

void hr_losses_init(hr_losses *l, hr_target_format to, const char *out_path)
{
    hr_source_info info = {0};
    memset(l, 0, sizeof *l);
    l->to = to;
    hr_sniff_path(&info, out_path);
    l->has_name = info.symbol[0] != '\0';
    if (to == HR_TO_BITSTAMP_ORDERS) { /* as a reader has them, unless the path says others */
        snprintf(l->read.venue, sizeof l->read.venue, "%s",
                 info.venue[0] != '\0' ? info.venue : "bitstamp");
        snprintf(l->read.symbol, sizeof l->read.symbol, "%s",
                 info.symbol[0] != '\0' ? info.symbol : "BTCUSD");
    }
    if (is_binance_csv(to)) read_names(l, &info, out_path);
    if (to == HR_TO_BINANCE_DEPTH) /* as its column of the one before tells a reader */
        snprintf(l->read.venue, sizeof l->read.venue, "%s",
                 info.venue[0] != '\0' ? info.venue : "binance-futures");
}

static bool same_names(const hr_evb_sym *a, const hr_evb_sym *b)
{
    return strcmp(a->symbol, b->symbol) == 0 && strcmp(a->venue, b->venue) == 0;
}

static bool holds_kind(hr_target_format to, hr_msg_kind k, bool is_agg)
{
    if ((hr_target_facts_of(to)->holds & HR_HOLDS(k)) == 0) return false;
    return !is_binance_csv(to) || k != HR_MSG_TRADE || is_agg == (to == HR_TO_BINANCE_AGG_TRADES);
}

static uint64_t table_losses(hr_losses *l, const hr_evbatch *b, uint32_t m)
{
    uint64_t bits = l->has_name ? 0 : BIT(HR_LOSS_NAME);
    if (b->sym[m] < 0) return bits | BIT(HR_LOSS_NO_NAME);
    if (!same_names(&l->first, &b->syms[b->sym[m]])) return bits | BIT(HR_LOSS_OTHER_NAME);
    if (l->to == HR_TO_DELTAS && l->has_last && b->seq_last[m] == l->last_seq &&
        b->ts_event[m] == l->last_event && b->kind[m] == l->last_kind)
        bits |= BIT(HR_LOSS_BORDER);
    return bits;
}

static bool has_us(int64_t ns)
{
    return ns % NS_PER_US == 0 && (ns == 0 || ns / NS_PER_US >= HR_CSV_US_LEAST);
}

static uint64_t touch_losses(const hr_evbatch *b, uint32_t m)
{
    uint64_t bits = 0;
    for (uint32_t i = (uint32_t)b->level_begin[m]; i < (uint32_t)b->level_begin[m + 1]; i++) {
        if (b->px[i] < 0 || b->qty[i] < 0 || (b->px[i] == 0 && b->qty[i] != 0))
            bits |= BIT(HR_LOSS_PX);
        if (b->qty[i] == 0 && b->px[i] != 0) bits |= BIT(HR_LOSS_EMPTY_PX);
    }
    return bits;
}

uint64_t hr_losses_of_times(const hr_evbatch *b, uint32_t m)
{
    const int64_t event = b->ts_event[m];
    uint64_t bits = event == HR_NULL_I64 ? BIT(HR_LOSS_NO_EVENT) : 0;
    if ((event != HR_NULL_I64 && !has_us(event)) || !has_us(b->ts_recv[m]))
        bits |= BIT(HR_LOSS_TIME);
    return bits;
}

static uint64_t csv_losses(hr_losses *l, const hr_evbatch *b, uint32_t m)
{
    if (b->sym[m] < 0) return BIT(HR_LOSS_NO_NAME);
    uint64_t bits = hr_losses_of_times(b, m);
    int64_t event = b->ts_event[m];
    if (l->to == HR_TO_TARDIS_TRADES) {
        const hr_text *id = b->text[m] >= 0 ? &b->texts[b->text[m]] : NULL;
        if (id != NULL && memchr(id->byte, '"', id->len) != NULL) bits |= BIT(HR_LOSS_TRADE_ID);
        return (b->flags[m] & HR_FLAG_AGG) ? bits | BIT(HR_LOSS_AGG) : bits;
    }
    if (b->seq_last[m] >= 0 || b->seq_first[m] >= 0) bits |= BIT(HR_LOSS_SEQ);
    if (l->to == HR_TO_TARDIS_QUOTES && b->seq_prev[m] >= 0) bits |= BIT(HR_LOSS_SEQ);
    if (l->to == HR_TO_TARDIS_QUOTES) return bits | touch_losses(b, m);
    if (l->has_last && event == l->last_event && b->ts_recv[m] == l->last_recv &&
        b->kind[m] == l->last_kind && same_names(&l->last, &b->syms[b->sym[m]]))
        bits |= BIT(HR_LOSS_BORDER);
    return bits;
}

static uint64_t json_losses(const hr_losses *l, const hr_evbatch *b, uint32_t m)
{
    uint64_t bits = 0;
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

/* One time, of which a file has one unit. */
static uint64_t binance_time_losses(hr_losses *l, const hr_evbatch *b, uint32_t m)
{
    uint64_t bits = 0;
    const int64_t event = b->ts_event[m] != HR_NULL_I64 ? b->ts_event[m] : b->ts_recv[m];
    if (b->ts_event[m] == HR_NULL_I64)
        bits |= BIT(HR_LOSS_NO_EVENT);
    else if (event != b->ts_recv[m])
        bits |= BIT(HR_LOSS_RECV);
    bool is_in_ms = event >= 0 && event % NS_PER_MS == 0;
    if (!is_in_ms && !has_us(event)) bits |= BIT(HR_LOSS_TIME);
    l->needs_us = l->needs_us || !is_in_ms;
    return bits;
}

/* One instrument's, named by the path. */
static uint64_t binance_csv_losses(hr_losses *l, const hr_evbatch *b, uint32_t m)
{
    uint64_t bits = 0;
    const uint32_t at = (uint32_t)b->level_begin[m];
    if (b->sym[m] < 0) return BIT(HR_LOSS_NO_NAME);
    const hr_evb_sym *s = &b->syms[b->sym[m]];
    if (!same_names(&l->first, s)) return BIT(HR_LOSS_OTHER_NAME);
    const bool is_trade = l->to != HR_TO_BINANCE_BOOK_TICKER;
    if (!is_trade) bits |= touch_losses(b, m);
    if (is_trade && (b->px[at] <= 0 || b->qty[at] < 0)) return BIT(HR_LOSS_PX);
    if (is_trade && b->side[at] == HR_SIDE_NONE) return BIT(HR_LOSS_SIDE);
    if (b->seq_last[m] < 0 || b->text[m] >= 0)
        return BIT(is_trade ? HR_LOSS_TRADE_ID : HR_LOSS_NO_SEQ);
    if (strcmp(l->read.symbol, s->symbol) != 0) bits |= BIT(HR_LOSS_NAME);
    if (strcmp(l->read.venue, s->venue) != 0) bits |= BIT(HR_LOSS_VENUE_NAME);
    if (b->seq_first[m] != b->seq_last[m] || b->seq_prev[m] >= 0) bits |= BIT(HR_LOSS_SEQ);
    return bits | binance_time_losses(l, b, m);
}

/* Of any instruments, of one venue. */
static uint64_t binance_depth_losses(hr_losses *l, const hr_evbatch *b, uint32_t m)
{
    if (b->sym[m] < 0) return BIT(HR_LOSS_NO_NAME);
    if (b->seq_first[m] < 0 || b->seq_last[m] < 0) return BIT(HR_LOSS_NO_SEQ);
    const hr_evb_sym *s = &b->syms[b->sym[m]];
    uint64_t bits = strcmp(l->read.venue, s->venue) != 0 ? BIT(HR_LOSS_VENUE_NAME) : 0;
    if (l->has_last && b->ts_event[m] == l->last_event && b->seq_last[m] == l->last_seq &&
        b->kind[m] == l->last_kind && same_names(&l->last, s))
        bits |= BIT(HR_LOSS_BORDER);
    return bits | binance_time_losses(l, b, m);
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

uint64_t hr_losses_of(hr_losses *l, const hr_evbatch *b, uint32_t m)
{
    uint64_t bits = 0;
    hr_msg_kind k = (hr_msg_kind)b->kind[m];
    if (l->to == HR_TO_EVENTS) return 0;
    if (!holds_kind(l->to, k, (b->flags[m] & HR_FLAG_AGG) != 0)) return BIT(HR_LOSS_KIND);
    if (!l->has_first && b->sym[m] >= 0) {
        l->first = b->syms[b->sym[m]];
        l->has_first = true;
    }
    const uint8_t form = hr_target_facts_of(l->to)->form;
    if (form != HR_FORM_JSON && b->level_begin[m] == b->level_begin[m + 1])
        bits |= BIT(HR_LOSS_EMPTY);
    if (form == HR_FORM_JSON)
        bits |= json_losses(l, b, m);
    else if (l->to == HR_TO_BITSTAMP_ORDERS)
        bits |= hr_bitstamp_losses(l, b, m);
    else if (form == HR_FORM_BINANCE_CSV)
        bits |= binance_csv_losses(l, b, m);
    else if (form == HR_FORM_BINANCE_DEPTH)
        bits |= binance_depth_losses(l, b, m);
    else if (form == HR_FORM_CSV)
        bits |= csv_losses(l, b, m);
    else
        bits |= table_losses(l, b, m);
    if ((k == HR_MSG_DELTA || k == HR_MSG_SNAPSHOT) && b->text[m] >= 0)
        bits |= BIT(HR_LOSS_CHECKSUM);
    if (bits < BIT(HR_LOSS_WHOLE)) note_held(l, b, m);
    return bits;
}

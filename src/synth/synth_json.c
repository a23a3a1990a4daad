/* SPDX-License-Identifier: Apache-2.0 */
/* Binance's messages. Source: the venue's own documentation of its streams and of the REST depth
 * answer, and the captures that the decoder's tests read. */
#include "synth/synth_int.h"
#include "synth/synth_text.h"

static char *put_head(const hr_synth *s, char *p, const hr_synth_event *ev, const char *channel)
{
    if (s->opt.format == HR_SYNTH_NDJSON) return p;
    if (s->opt.format == HR_SYNTH_CAPTURE) {
        p = synth_put_uint(p, (uint64_t)ev->ts_recv);
        p = SYNTH_PUT(p, " {\"stream\":\"");
    } else {
        p = SYNTH_PUT(p, "{\"capture_ns\":");
        p = synth_put_uint(p, (uint64_t)ev->ts_recv);
        p = SYNTH_PUT(p, ",\"stream\":\"");
    }
    p = synth_put_text(p, s->inst[ev->inst].stream);
    p = synth_put_text(p, channel);
    return SYNTH_PUT(p, "\",\"data\":");
}

static char *put_time(char *p, int64_t ns)
{
    return synth_put_uint(p, (uint64_t)ns / 1000000);
}

static char *put_symbol(const hr_synth *s, char *p, const hr_synth_event *ev)
{
    p = SYNTH_PUT(p, ",\"s\":\"");
    p = synth_put_text(p, s->inst[ev->inst].name);
    *p++ = '"';
    return p;
}

static char *put_level(char *p, const hr_synth_event *ev, const hr_synth_level *l)
{
    p = SYNTH_PUT(p, "[\"");
    p = synth_put_px(p, (uint32_t)ev->tick0 + l->cell);
    p = SYNTH_PUT(p, "\",\"");
    p = synth_put_qty(p, l->qty);
    return SYNTH_PUT(p, "\"]");
}

static char *put_side(char *p, const hr_synth_event *ev, uint8_t side)
{
    char *begin = p;
    for (uint32_t i = 0; i < ev->n_levels; i++) {
        if (ev->levels[i].side != side) continue;
        *p++ = ',';
        p = put_level(p, ev, &ev->levels[i]);
    }
    *begin = '['; /* over the first comma */
    if (p == begin) p++;
    *p++ = ']';
    return p;
}

static char *put_depth(const hr_synth *s, char *p, const hr_synth_event *ev)
{
    p = put_head(s, p, ev, "@depth@0ms");
    p = SYNTH_PUT(p, "{\"e\":\"depthUpdate\",\"E\":");
    p = put_time(p, ev->ts_event);
    if (s->opt.futures) {
        p = SYNTH_PUT(p, ",\"T\":");
        p = put_time(p, ev->ts_event);
    }
    p = put_symbol(s, p, ev);
    p = SYNTH_PUT(p, ",\"U\":");
    p = synth_put_uint(p, (uint64_t)ev->first);
    p = SYNTH_PUT(p, ",\"u\":");
    p = synth_put_uint(p, (uint64_t)ev->last);
    if (s->opt.futures) {
        p = SYNTH_PUT(p, ",\"pu\":");
        p = synth_put_uint(p, (uint64_t)ev->prev);
    }
    p = SYNTH_PUT(p, ",\"b\":");
    p = put_side(p, ev, 0);
    p = SYNTH_PUT(p, ",\"a\":");
    p = put_side(p, ev, 1);
    *p++ = '}';
    return p;
}

static char *put_ticker(const hr_synth *s, char *p, const hr_synth_event *ev)
{
    p = put_head(s, p, ev, "@bookTicker");
    p = SYNTH_PUT(p, "{\"u\":");
    p = synth_put_uint(p, (uint64_t)ev->last);
    p = put_symbol(s, p, ev);
    p = SYNTH_PUT(p, ",\"b\":\"");
    p = synth_put_px(p, (uint32_t)ev->tick0 + ev->levels[0].cell);
    p = SYNTH_PUT(p, "\",\"B\":\"");
    p = synth_put_qty(p, ev->levels[0].qty);
    p = SYNTH_PUT(p, "\",\"a\":\"");
    p = synth_put_px(p, (uint32_t)ev->tick0 + ev->levels[1].cell);
    p = SYNTH_PUT(p, "\",\"A\":\"");
    p = synth_put_qty(p, ev->levels[1].qty);
    return SYNTH_PUT(p, "\"}");
}

static char *put_trade(const hr_synth *s, char *p, const hr_synth_event *ev)
{
    p = put_head(s, p, ev, "@trade");
    p = SYNTH_PUT(p, "{\"e\":\"trade\",\"E\":");
    p = put_time(p, ev->ts_event);
    p = put_symbol(s, p, ev);
    p = SYNTH_PUT(p, ",\"t\":");
    p = synth_put_uint(p, (uint64_t)ev->last);
    p = SYNTH_PUT(p, ",\"p\":\"");
    p = synth_put_px(p, (uint32_t)ev->tick0 + ev->levels[0].cell);
    p = SYNTH_PUT(p, "\",\"q\":\"");
    p = synth_put_qty(p, ev->levels[0].qty);
    p = SYNTH_PUT(p, "\",\"T\":");
    p = put_time(p, ev->ts_event);
    return ev->levels[0].side == 0 ? SYNTH_PUT(p, ",\"m\":true}") : SYNTH_PUT(p, ",\"m\":false}");
}

/* A REST answer has no stream; the symbol is put in so that a capture of many can be told apart. */
static char *put_snapshot(const hr_synth *s, char *p, const hr_synth_event *ev)
{
    if (s->opt.format == HR_SYNTH_CAPTURE) {
        p = synth_put_uint(p, (uint64_t)ev->ts_recv);
        *p++ = ' ';
    } else if (s->opt.format == HR_SYNTH_CAPTURE_JSON) {
        p = SYNTH_PUT(p, "{\"capture_ns\":");
        p = synth_put_uint(p, (uint64_t)ev->ts_recv);
        p = SYNTH_PUT(p, ",\"data\":");
    }
    p = SYNTH_PUT(p, "{\"lastUpdateId\":");
    p = synth_put_uint(p, (uint64_t)ev->last);
    p = SYNTH_PUT(p, ",\"E\":");
    p = put_time(p, ev->ts_event);
    p = SYNTH_PUT(p, ",\"symbol\":\"");
    p = synth_put_text(p, s->inst[ev->inst].name);
    p = SYNTH_PUT(p, "\",\"bids\":");
    p = put_side(p, ev, 0);
    p = SYNTH_PUT(p, ",\"asks\":");
    p = put_side(p, ev, 1);
    *p++ = '}';
    return p;
}

void hr_synth_put_json(hr_synth *s, const hr_synth_event *ev)
{
    char *p = s->p;
    bool has_envelope = s->opt.format != HR_SYNTH_NDJSON;
    switch (ev->kind) {
    case HR_SYNTH_DEPTH:
        p = put_depth(s, p, ev);
        break;
    case HR_SYNTH_TICKER:
        p = put_ticker(s, p, ev);
        break;
    case HR_SYNTH_TRADE:
        p = put_trade(s, p, ev);
        break;
    case HR_SYNTH_SNAPSHOT:
        p = put_snapshot(s, p, ev);
        has_envelope = s->opt.format == HR_SYNTH_CAPTURE_JSON;
        break;
    }
    if (has_envelope) *p++ = '}';
    *p++ = '\n';
    s->p = p;
    s->truth.lines++;
}

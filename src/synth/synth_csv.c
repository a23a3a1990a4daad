/* SPDX-License-Identifier: Apache-2.0 */
/* Tardis CSV: incremental_book_L2 and trades. Source: docs.tardis.dev, "Downloadable CSV files".
 * Lines that no reader can use, of every text format, are here too. */
#include "synth/synth_int.h"
#include "synth/synth_text.h"

void hr_synth_put_header(hr_synth *s)
{
    static const char book[] =
        "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n";
    static const char trades[] = "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n";
    if (!synth_is_csv(s)) return;
    s->p = synth_put_text(s->p, s->opt.format == HR_SYNTH_TARDIS ? book : trades);
    s->truth.lines++;
}

static char *put_row(const hr_synth *s, char *p, const hr_synth_event *ev, const hr_synth_level *l,
                     const char *head, size_t n_head)
{
    memcpy(p, head, n_head);
    p += n_head;
    if (s->opt.format == HR_SYNTH_TARDIS)
        p = l->side == 0 ? SYNTH_PUT(p, "bid,") : SYNTH_PUT(p, "ask,");
    else /* the taker's side */
        p = l->side == 0 ? SYNTH_PUT(p, "sell,") : SYNTH_PUT(p, "buy,");
    p = synth_put_px(p, (uint32_t)ev->tick0 + l->cell);
    *p++ = ',';
    p = synth_put_qty(p, l->qty);
    *p++ = '\n';
    return p;
}

void hr_synth_put_csv(hr_synth *s, const hr_synth_event *ev)
{
    char head[128];
    char *p = s->opt.futures ? SYNTH_PUT(head, "binance-futures,") : SYNTH_PUT(head, "binance,");
    p = synth_put_text(p, s->inst[ev->inst].name);
    *p++ = ',';
    p = synth_put_uint(p, (uint64_t)ev->ts_event / 1000);
    *p++ = ',';
    p = synth_put_uint(p, (uint64_t)ev->ts_recv / 1000);
    *p++ = ',';
    if (ev->kind == HR_SYNTH_TRADE)
        p = synth_put_uint(p, (uint64_t)ev->last);
    else
        p = ev->kind == HR_SYNTH_SNAPSHOT ? SYNTH_PUT(p, "true") : SYNTH_PUT(p, "false");
    *p++ = ',';
    size_t n_head = (size_t)(p - head);
    p = s->p;
    for (uint32_t i = 0; i < ev->n_levels; i++)
        p = put_row(s, p, ev, &ev->levels[i], head, n_head);
    s->p = p;
    s->truth.lines += ev->n_levels;
}

static const char bad_depth[] = "{\"e\":\"depthUpdate\",\"E\":1,\"s\":\"BAD\",\"U\":1,\"u\":2,"
                                "\"b\":[[\"--1\",\"1\"]],\"a\":[]}";
static const char *const bad_json[] = {
    bad_depth,
    "{\"e\":\"trade\",\"s\":\"BAD\",\"t\":1,\"p\":\"1e400\",\"q\":\"1\",\"m\":true}",
    "{\"u\":1,\"s\":\"BAD\",\"b\":\"-1\",\"B\":\"1\",\"a\":\"2\",\"A\":\"1\"}",
    "{\"e\":\"depthUpdate\",\"s\":\"BAD\"",
    "[1,2",
};

static const char *const bad_csv[] = {
    "binance,BAD,1723161600000000,1723161600000000,false,bid,--1,1",
    "binance,BAD,1723161600000000,1723161600000000,false,bid,1e400,1",
    "binance,BAD,yesterday,1723161600000000,false,bid,1,1",
    "binance,BAD,1723161600000000,1723161600000000,false,up,1,1",
    "binance,BAD,1723161600000000",
};

void hr_synth_put_bad(hr_synth *s)
{
    uint32_t i = synth_below(&s->feed, HR_ARRAY_LEN(bad_json));
    char *p = s->p;
    if (s->opt.format == HR_SYNTH_EVENTS) return;
    if (s->opt.format == HR_SYNTH_CAPTURE) {
        p = synth_put_uint(p, (uint64_t)s->now_ns);
        *p++ = ' ';
    }
    p = synth_put_text(p, synth_is_csv(s) ? bad_csv[i] : bad_json[i]);
    *p++ = '\n';
    s->p = p;
    s->truth.bad++;
    s->truth.lines++;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Venues: the first byte picks one, the second framing and scales, the third the size of the
 * pieces. The rest is lines: the head teaches (learn), the whole in one go, line by line and in
 * pieces must agree, and every message must be one that a desk may be given. */
#include <stdio.h>
#include <stdlib.h>

#include "venue/venue.h"
#include "venue_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* New ones go to the end, so that the corpus means what it meant: 'A' is the first. */
static const char *const names[] = {"kraken",   "okx",         "bybit",          "deribit",
                                    "bitmex",   "hyperliquid", "bitfinex",       "bitstamp",
                                    "coinbase", "gateio",      "gateio-futures", "gemini",
                                    "hitbtc",   "kucoin",      "poloniex"};
#define N_NAMES (sizeof names / sizeof *names)

static void require(bool ok, const char *what)
{
    if (ok) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static void learn(hr_source_info *info, const hr_venue *v, const char *s, size_t n)
{
    const char *end = s + n;
    while (v->learn != NULL && s < end) {
        const char *eol = memchr(s, '\n', (size_t)(end - s));
        const char *stop = eol != NULL ? eol : end;
        v->learn(info, s, (size_t)(stop - s));
        s = stop + 1;
    }
    require(info->n_channels <= HR_CHANNELS_MAX, "more channels than there is room for");
}

static void check_message(const hr_evbatch *b, uint32_t m)
{
    const uint32_t at = (uint32_t)b->level_begin[m];
    const uint32_t end = (uint32_t)b->level_begin[m + 1];
    const bool is_depth = b->kind[m] == HR_MSG_DELTA || b->kind[m] == HR_MSG_SNAPSHOT;
    hr_book_note note;
    require(b->kind[m] < HR_MSG_KIND_COUNT && at <= end && end <= b->n_levels, "shape");
    require(b->seq_first[m] >= -1 && b->seq_last[m] >= -1 && b->seq_prev[m] >= -1, "ids");
    require(b->text[m] < (int32_t)b->n_texts, "text");
    if (b->text[m] >= 0 && is_depth) require(hr_evbatch_note_of(&note, b, m), "note");
    if (b->kind[m] == HR_MSG_TRADE) require(end - at == 1 && b->qty[at] > 0, "trade");
    if (b->kind[m] == HR_MSG_TICKER) require(end - at == 2, "ticker");
    if (b->kind[m] == HR_MSG_ORDER) {
        require(end - at == 1 && b->side[at] <= HR_SIDE_NONE && b->px[at] >= 0 && b->qty[at] >= 0,
                "order");
        require(b->seq_first[m] >= 0 && b->sym[m] < (int32_t)b->n_syms, "id of an order");
        return;
    }
    if (b->kind[m] >= HR_MSG_BAD) require(end == at, "levels of none");
    if (b->kind[m] < HR_MSG_BAD)
        require(b->sym[m] >= 0 && b->sym[m] < (int32_t)b->n_syms && b->ts_recv[m] != HR_NULL_I64,
                "instrument or time");
    for (uint32_t i = at; i < end; i++)
        require(b->side[i] <= HR_SIDE_ASK && b->qty[i] >= 0 &&
                    (b->px[i] > 0 || (b->kind[m] == HR_MSG_TICKER && b->px[i] == 0)),
                "level");
}

static void check_messages(const hr_source_info *info, const char *s, size_t n)
{
    static void *mem;
    const hr_evbatch_caps caps = {
        .msgs = 4096, .levels = 8192, .rejects = 4096, .raw = 1 << 20, .texts = 4096};
    size_t pos = 0;
    int64_t line = 1;
    hr_status st;
    if (mem == NULL) mem = aligned_alloc(64, hr_evbatch_bytes(&caps));
    if (mem == NULL) abort();
    hr_evbatch *b = hr_evbatch_init(mem, &caps);
    do {
        size_t before = pos;
        hr_evbatch_reset(b);
        st = hr_decode_text(info, b, s, n, &pos, 0, &line, 65536, true);
        for (uint32_t m = 0; m < b->n_msgs; m++)
            check_message(b, m);
        require(st == HR_OK || (st == HR_FULL && pos > before), "stuck");
    } while (st == HR_FULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const hr_format formats[] = {HR_FORMAT_NDJSON, HR_FORMAT_CAPTURE_PREFIX,
                                        HR_FORMAT_CAPTURE_JSON, HR_FORMAT_CRYPTOFEED};
    if (n < 3 || n > VENUE_CHECK_TEXT_MAX) return 0;
    const hr_venue *v = hr_venue_find(names[(data[0] + N_NAMES - 'A' % N_NAMES) % N_NAMES]);
    require(v != NULL, "a name that is not in the table");
    hr_source_info info = {.format = formats[data[1] % 4],
                           .px_scale = data[1] / 4 % 16,
                           .qty_scale = (uint8_t)(data[1] / 64 * 3),
                           .head_time_ns = 7};
    snprintf(info.venue, sizeof info.venue, "%s", v->name);
    const char *text = (const char *)data + 3;
    learn(&info, v, text, n - 3);
    const char *wrong = venue_check_lines(text, n - 3, &info, 1u + data[2] * 3u);
    require(wrong == NULL, wrong);
    check_messages(&info, text, n - 3);
    return 0;
}

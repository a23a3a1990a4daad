/* SPDX-License-Identifier: Apache-2.0 */
/* Text decoders: the first byte picks the format, the second how the text is cut. Three readings
 * must agree in every message, reject, place and time: the whole text in large batches, where lines
 * go the short way; the whole text in small batches; and the text in pieces that end anywhere, each
 * in memory of its own size, where the short way has no room and the general one reads. */
#include <stdlib.h>
#include <string.h>

#include "venue/adapter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TAIL 512 /* empty lines behind the text: room to look ahead, for the last line too */

typedef struct reading {
    const hr_source_info *info;
    hr_evbatch *batch;
    uint64_t digest;
    uint64_t n_lines;
    int64_t line;
    uint32_t target;
} reading;

static uint64_t mix(uint64_t h, int64_t v)
{
    return (h ^ (uint64_t)v) * 0x100000001b3u;
}

static uint64_t mix_bytes(uint64_t h, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h = mix(h, s[i]);
    return mix(h, (int64_t)n);
}

static uint64_t digest_message(uint64_t h, const hr_evbatch *b, uint32_t m)
{
    if (b->level_begin[m] > b->level_begin[m + 1]) abort();
    if (b->kind[m] != HR_MSG_BAD && b->sym[m] >= (int32_t)b->n_syms) abort();
    h = mix(mix(mix(h, b->kind[m]), b->flags[m]), b->src_line[m]);
    h = mix(mix(mix(h, b->ts_event[m]), b->ts_recv[m]), b->src_offset[m]);
    h = mix(mix(mix(h, b->seq_first[m]), b->seq_last[m]), b->seq_prev[m]);
    if (b->sym[m] >= 0) {
        const hr_evb_sym *s = &b->syms[b->sym[m]];
        h = mix_bytes(mix_bytes(h, s->venue, strlen(s->venue)), s->symbol, strlen(s->symbol));
    }
    if (b->text[m] >= 0) h = mix_bytes(h, b->texts[b->text[m]].byte, b->texts[b->text[m]].len);
    for (int32_t i = b->level_begin[m]; i < b->level_begin[m + 1]; i++)
        h = mix(mix(mix(h, b->px[i]), b->qty[i]), b->side[i]);
    return h;
}

static void take_batch(reading *r)
{
    const hr_evbatch *b = r->batch;
    uint32_t k = 0;
    if (b->n_levels > b->cap_levels || b->n_msgs > b->cap_msgs) abort();
    for (uint32_t m = 0; m < b->n_msgs; m++) {
        r->digest = digest_message(r->digest, b, m);
        if (b->kind[m] != HR_MSG_BAD) continue;
        if (k == b->n_rejects) abort();
        const hr_reject *j = &b->rejects[k++];
        r->digest = mix(mix(mix(r->digest, j->reason), j->src_offset), j->src_line);
        r->digest = mix_bytes(r->digest, b->raw + j->raw_begin, j->raw_len);
    }
    if (k != b->n_rejects) abort();
    r->n_lines += b->n_lines;
}

static reading begin(const hr_source_info *info, uint32_t target)
{
    static void *mem;
    const hr_evbatch_caps caps = {
        .msgs = 4096, .levels = 8192, .rejects = 4096, .raw = 1 << 20, .texts = 4096};
    if (mem == NULL) mem = aligned_alloc(64, hr_evbatch_bytes(&caps));
    if (mem == NULL) abort();
    return (reading){
        .info = info, .batch = hr_evbatch_init(mem, &caps), .line = 1, .target = target};
}

/* What of text[0, n) was taken. */
static size_t decode(reading *r, const char *text, size_t n, size_t offset, bool at_eof)
{
    size_t pos = 0;
    for (;;) {
        size_t before = pos;
        hr_evbatch_reset(r->batch);
        hr_status st = hr_decode_text(r->info, r->batch, text, n, &pos, (int64_t)offset, &r->line,
                                      r->target, at_eof);
        if (r->batch->src_end != (int64_t)(offset + pos)) abort();
        take_batch(r);
        if (st == HR_OK) break;
        if (st != HR_FULL || (pos == before && r->batch->n_msgs == 0)) abort();
    }
    if (at_eof && pos != n) abort();
    return pos;
}

static reading decode_pieces(const hr_source_info *info, const char *text, size_t n, uint8_t seed)
{
    reading r = begin(info, 65536);
    uint32_t random = seed;
    size_t base = 0;
    size_t end = 0;
    do {
        random = random * 1664525u + 1013904223u; /* Numerical Recipes' generator */
        end += 1 + (random >> 16) % (1 + n / (1 + seed % 32));
        end = end < n ? end : n;
        char *piece = malloc(end - base + 1);
        if (piece == NULL) abort();
        memcpy(piece + 1, text + base, end - base); /* the end is the allocation's */
        base += decode(&r, piece + 1, end - base, base, end == n);
        free(piece);
    } while (end < n);
    return r;
}

static void check(const reading *a, const reading *b)
{
    if (a->digest != b->digest || a->n_lines != b->n_lines || a->line != b->line) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const hr_format formats[] = {HR_FORMAT_CAPTURE_PREFIX, HR_FORMAT_NDJSON,
                                        HR_FORMAT_CRYPTOFEED, HR_FORMAT_UNKNOWN};
    hr_source_info info = {
        .px_scale = 9, .qty_scale = 8, .venue = "binance", .head_time_ns = 1600000000000000000};
    char why[128];
    if (size < 2 || size > 60000) return 0;
    const size_t n = size - 2 + TAIL;
    char *text = malloc(n);
    if (text == NULL) return 0;
    memcpy(text, data + 2, size - 2);
    memset(text + size - 2, '\n', TAIL);
    info.format = formats[data[0] % 4];
    if (info.format != HR_FORMAT_UNKNOWN ||
        hr_sniff_text(&info, why, sizeof why, "venue=binance/symbol=Y/f", text, n, NULL) == HR_OK) {
        reading whole = begin(&info, 65536);
        (void)decode(&whole, text, n, 0, true);
        reading small = begin(&info, 1 + data[1] % 16);
        (void)decode(&small, text, n, 0, true);
        check(&whole, &small);
        reading pieces = decode_pieces(&info, text, n, data[1]);
        check(&whole, &pieces);
    }
    free(text);
    return 0;
}

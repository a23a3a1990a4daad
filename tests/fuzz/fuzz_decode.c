/* SPDX-License-Identifier: Apache-2.0 */
/* Text decoders: the first byte picks the format, the second how the text is cut into batches.
 * Whatever the cut, the messages are the same, and every batch is well formed. */
#include <stdlib.h>
#include <string.h>

#include "venue/adapter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t mix(uint64_t h, int64_t v)
{
    return (h ^ (uint64_t)v) * 0x100000001b3u;
}

static uint64_t digest(uint64_t h, const hr_evbatch *b)
{
    for (uint32_t m = 0; m < b->n_msgs; m++) {
        if (b->level_begin[m] > b->level_begin[m + 1]) abort();
        h = mix(mix(mix(mix(h, b->kind[m]), b->seq_last[m]), b->ts_recv[m]), b->src_offset[m]);
        if (b->kind[m] != HR_MSG_BAD && b->sym[m] >= (int32_t)b->n_syms) abort();
        for (int32_t i = b->level_begin[m]; i < b->level_begin[m + 1]; i++)
            h = mix(mix(mix(h, b->px[i]), b->qty[i]), b->side[i]);
    }
    if (b->n_levels > b->cap_levels || b->n_msgs > b->cap_msgs) abort();
    return h;
}

static uint64_t decode(const hr_source_info *info, const char *text, size_t n, uint32_t target)
{
    static void *mem;
    const hr_evbatch_caps caps = {
        .msgs = 4096, .levels = 8192, .rejects = 4096, .raw = 1 << 20, .texts = 4096};
    if (mem == NULL) mem = aligned_alloc(64, hr_evbatch_bytes(&caps));
    if (mem == NULL) abort();
    hr_evbatch *b = hr_evbatch_init(mem, &caps);
    uint64_t h = 0;
    size_t pos = 0;
    int64_t line = 1;
    for (;;) {
        size_t before = pos;
        hr_status st = hr_decode_text(info, b, text, n, &pos, 0, &line, target, true);
        h = digest(h, b);
        if (st == HR_OK) break;
        if (st != HR_FULL || (pos == before && b->n_msgs == 0)) abort();
        hr_evbatch_reset(b);
    }
    return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const hr_format formats[] = {HR_FORMAT_CAPTURE_PREFIX, HR_FORMAT_NDJSON,
                                        HR_FORMAT_CRYPTOFEED, HR_FORMAT_UNKNOWN};
    hr_source_info info = {.px_scale = 9, .qty_scale = 8, .venue = "binance"};
    char why[128];
    if (size < 2 || size > 60000) return 0;
    char *text = malloc(size + 64);
    if (text == NULL) return 0;
    memcpy(text, data + 2, size - 2);
    memset(text + size - 2, 0, 64);
    info.format = formats[data[0] % 4];
    if (info.format != HR_FORMAT_UNKNOWN ||
        hr_sniff_text(&info, why, sizeof why, "venue=x/symbol=Y/f", text, size - 2, NULL) ==
            HR_OK) {
        uint64_t whole = decode(&info, text, size - 2, 65536);
        if (decode(&info, text, size - 2, 1 + data[1] % 16) != whole) abort();
    }
    free(text);
    return 0;
}

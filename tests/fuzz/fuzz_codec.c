/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of every codec: the first byte names it, the next two the size it is said to have. */
#include <stdlib.h>
#include <string.h>

#include "fmt/codec.h"

#define OUT_BYTES 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static hr_arena *arena;
    static hr_codec_ctx *ctx;
    static uint8_t out[OUT_BYTES + 64];
    if (arena == NULL) {
        const hr_codec_options opt = {.decode = HR_CODEC_DECODE_COMMON | HR_CODEC_BIT(HR_PQ_BROTLI),
                                      .decode_bytes = OUT_BYTES};
        if (hr_arena_create(&arena, NULL, hr_codec_ctx_bytes(&opt) + 65536, "fuzz", NULL) !=
                HR_OK ||
            hr_codec_ctx_create(&ctx, arena, &opt, NULL) != HR_OK)
            abort();
    }
    if (size < 3) return 0;
    size_t n = data[1] | (size_t)data[2] << 8;
    memset(out + n, 0xa5, 64);
    hr_status st =
        hr_codec_decode(ctx, (hr_pq_codec)(data[0] % 8), out, n, data + 3, size - 3, NULL);
    if (st != HR_OK && st != HR_ECORRUPT && st != HR_EUNSUPPORTED) abort();
    for (size_t i = n; i < n + 64; i++)
        if (out[i] != 0xa5) abort();
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Brotli's decoder with a heap of fixed size: its window grows by steps up to twice the output,
 * and its tables come and go with each block, so what it frees is used again. */
#include <brotli/decode.h>

#include "base/attr.h"
#include "fmt/codec_block.h"
#include "fmt/fixed_heap.h"

#define WINDOW_MAX ((size_t)1 << 24)
/* State, context maps, and the three groups of up to 256 prefix tables: 2,520, 4,320 and at most
 * 3,936 bytes a table (kMaxHuffmanTableSize of brotli/c/dec/decode.c). */
#define TABLES_BYTES ((size_t)3 << 20)

struct hr_brotli {
    hr_fixed_heap heap; /* its window and tables: about a dozen pieces */
};

static size_t heap_bytes(size_t dst_bytes_max)
{
    size_t window = 1024;
    while (window < WINDOW_MAX && window < dst_bytes_max)
        window *= 2;
    return 2 * (window + 1024) + TABLES_BYTES;
}

size_t hr_brotli_bytes(size_t dst_bytes_max)
{
    return sizeof(hr_brotli) + heap_bytes(dst_bytes_max) + 256;
}

hr_brotli *hr_brotli_create(hr_arena *arena, size_t dst_bytes_max)
{
    hr_brotli *b = hr_arena_alloc(arena, sizeof *b, 64);
    if (b == NULL) return NULL;
    b->heap.n = 0;
    b->heap.mem_bytes = heap_bytes(dst_bytes_max);
    b->heap.mem = hr_arena_alloc(arena, b->heap.mem_bytes, 64);
    return b->heap.mem != NULL ? b : NULL;
}

bool hr_brotli_decode(hr_brotli *b, void *dst, size_t dst_bytes, const void *src, size_t src_bytes)
{
    uint8_t *out = dst;
    const uint8_t *in = src;
    size_t n_out = dst_bytes;
    b->heap.n = 0;
    BrotliDecoderState *s =
        BrotliDecoderCreateInstance(hr_fixed_heap_get, hr_fixed_heap_put, &b->heap);
    if (s == NULL) return false;
    BrotliDecoderResult rc = BrotliDecoderDecompressStream(s, &src_bytes, &in, &n_out, &out, NULL);
    BrotliDecoderDestroyInstance(s);
    return rc == BROTLI_DECODER_RESULT_SUCCESS && n_out == 0 && src_bytes == 0;
}

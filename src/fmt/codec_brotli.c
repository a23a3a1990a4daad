/* SPDX-License-Identifier: Apache-2.0 */
/* Brotli's decoder with a heap of fixed size: its window grows by steps up to twice the output,
 * and its tables come and go with each block, so what it frees is used again. */
#include <brotli/decode.h>
#include <string.h>

#include "base/attr.h"
#include "fmt/codec_block.h"

#define PIECES 32u /* alive at once; the decoder has about a dozen */
#define WINDOW_MAX ((size_t)1 << 24)
/* State, context maps, and the three groups of up to 256 prefix tables: 2,520, 4,320 and at most
 * 3,936 bytes a table (kMaxHuffmanTableSize of brotli/c/dec/decode.c). */
#define TABLES_BYTES ((size_t)3 << 20)

struct hr_brotli {
    char *heap;
    size_t heap_bytes;
    uint32_t n; /* pieces, by offset */
    struct {
        size_t at, n_bytes;
    } piece[PIECES];
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
    b->n = 0;
    b->heap_bytes = heap_bytes(dst_bytes_max);
    b->heap = hr_arena_alloc(arena, b->heap_bytes, 64);
    return b->heap != NULL ? b : NULL;
}

/* The first gap that is wide enough. */
static void *piece_get(void *self, size_t n_bytes)
{
    hr_brotli *b = self;
    size_t at = 0;
    uint32_t i = 0;
    if (b->n == PIECES || n_bytes > b->heap_bytes) return NULL;
    n_bytes = hr_round_up(HR_MAX(n_bytes, (size_t)1), 64);
    for (; i < b->n && b->piece[i].at - at < n_bytes; i++)
        at = b->piece[i].at + b->piece[i].n_bytes;
    if (at > b->heap_bytes || b->heap_bytes - at < n_bytes) return NULL;
    memmove(&b->piece[i + 1], &b->piece[i], (b->n - i) * sizeof b->piece[0]);
    b->piece[i].at = at;
    b->piece[i].n_bytes = n_bytes;
    b->n++;
    return b->heap + at;
}

static void piece_put(void *self, void *p)
{
    hr_brotli *b = self;
    if (p == NULL) return;
    size_t at = (size_t)((char *)p - b->heap);
    for (uint32_t i = 0; i < b->n; i++) {
        if (b->piece[i].at != at) continue;
        b->n--;
        memmove(&b->piece[i], &b->piece[i + 1], (b->n - i) * sizeof b->piece[0]);
        return;
    }
}

bool hr_brotli_decode(hr_brotli *b, void *dst, size_t dst_bytes, const void *src, size_t src_bytes)
{
    uint8_t *out = dst;
    const uint8_t *in = src;
    size_t n_out = dst_bytes;
    b->n = 0;
    BrotliDecoderState *s = BrotliDecoderCreateInstance(piece_get, piece_put, b);
    if (s == NULL) return false;
    BrotliDecoderResult rc = BrotliDecoderDecompressStream(s, &src_bytes, &in, &n_out, &out, NULL);
    BrotliDecoderDestroyInstance(s);
    return rc == BROTLI_DECODER_RESULT_SUCCESS && n_out == 0 && src_bytes == 0;
}

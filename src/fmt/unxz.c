/* SPDX-License-Identifier: Apache-2.0 */
#include "fmt/unxz.h"

#include <lzma.h>
#include <string.h>

#include "fmt/fixed_heap.h"

#define HEAD_BYTES 12u /* of a stream */
/* Beside the dictionary: tables and state of filters, sums over the index. 36 KB with liblzma 5.4,
 * which estimates 68 KB against its limit. */
#define TABLES_BYTES ((size_t)128 << 10)
#define ID_LZMA2 0x21u
#define DICT_BITS_MAX 40u

struct hr_unxz {
    lzma_stream stream;
    lzma_allocator allocator;
    hr_fixed_heap heap;
    bool is_open;
};

bool hr_unxz_is(const void *head, size_t n_bytes)
{
    return n_bytes >= 6 && memcmp(head,
                                  "\xfd"
                                  "7zXZ",
                                  6) == 0;
}

/* The next number of a block's head; false: it is cut. */
static bool take_number(const uint8_t **p, const uint8_t *end, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; *p < end && shift < 63; shift += 7) {
        uint8_t c = *(*p)++;
        *out |= (uint64_t)(c & 0x7f) << shift;
        if ((c & 0x80) == 0) return true;
    }
    return false;
}

size_t hr_unxz_window(const void *head, size_t n_bytes)
{
    const uint8_t *p = head;
    const uint8_t *end = p + n_bytes;
    uint64_t ignored, id, n;
    if (!hr_unxz_is(head, n_bytes) || n_bytes < HEAD_BYTES + 2 || p[HEAD_BYTES] == 0) return 0;
    uint8_t flags = p[HEAD_BYTES + 1];
    p += HEAD_BYTES + 2;
    if ((flags & 0x40) != 0 && !take_number(&p, end, &ignored)) return 0;
    if ((flags & 0x80) != 0 && !take_number(&p, end, &ignored)) return 0;
    for (unsigned k = 0; k <= (flags & 3u); k++) {
        if (!take_number(&p, end, &id) || !take_number(&p, end, &n)) return 0;
        if (n >= (uint64_t)(end - p)) return 0;
        if (id == ID_LZMA2 && n == 1 && p[0] < DICT_BITS_MAX)
            return (size_t)(2u | (p[0] & 1u)) << (p[0] / 2 + 11);
        p += n;
    }
    return 0;
}

static size_t heap_bytes(size_t window_bytes)
{
    return window_bytes + TABLES_BYTES;
}

size_t hr_unxz_bytes(size_t window_bytes)
{
    return sizeof(hr_unxz) + heap_bytes(window_bytes) + 128;
}

static void *get(void *self, size_t n, size_t elem_bytes)
{
    (void)n; /* liblzma says 1 */
    return hr_fixed_heap_get(self, elem_bytes);
}

hr_unxz *hr_unxz_create(hr_arena *arena, size_t window_bytes)
{
    hr_unxz *z = hr_arena_alloc(arena, sizeof *z, 64);
    if (z == NULL) return NULL;
    memset(z, 0, sizeof *z);
    z->heap.mem_bytes = heap_bytes(window_bytes);
    z->heap.mem = hr_arena_alloc(arena, z->heap.mem_bytes, 64);
    z->allocator.alloc = get;
    z->allocator.free = hr_fixed_heap_put;
    z->allocator.opaque = &z->heap;
    return z->heap.mem != NULL ? z : NULL;
}

void hr_unxz_reset(hr_unxz *z)
{
    static const lzma_stream fresh = LZMA_STREAM_INIT;
    z->stream = fresh; /* what it held lies in the heap alone */
    z->stream.allocator = &z->allocator;
    z->heap.n = 0;
    z->is_open = false;
}

static hr_status judge(lzma_ret rc, const char **why)
{
    switch ((int)rc) {
    case LZMA_OK:
    case LZMA_BUF_ERROR: /* it could not go on: more input or room will do */
        return HR_OK;
    case LZMA_STREAM_END:
        return HR_END;
    case LZMA_MEM_ERROR:
    case LZMA_MEMLIMIT_ERROR:
        return HR_ELIMIT;
    case LZMA_OPTIONS_ERROR:
        *why = "it has filters or flags that are not known";
        return HR_EUNSUPPORTED;
    case LZMA_FORMAT_ERROR:
        *why = "bytes after its end that are no stream";
        return HR_ECORRUPT;
    default:
        *why = "bad block";
        return HR_ECORRUPT;
    }
}

hr_status hr_unxz_step(hr_unxz *z, const uint8_t **src, size_t *src_bytes, uint8_t **dst,
                       size_t *dst_bytes, const char **why)
{
    lzma_stream *s = &z->stream;
    lzma_ret rc = LZMA_OK;
    if (!z->is_open) rc = lzma_stream_decoder(s, z->heap.mem_bytes, 0);
    if (rc != LZMA_OK) return judge(rc, why);
    z->is_open = true;
    s->next_in = *src;
    s->avail_in = *src_bytes;
    s->next_out = *dst;
    s->avail_out = *dst_bytes;
    rc = lzma_code(s, LZMA_RUN);
    *src = s->next_in;
    *src_bytes = s->avail_in;
    *dst = s->next_out;
    *dst_bytes = s->avail_out;
    if (rc == LZMA_STREAM_END) z->is_open = false;
    return judge(rc, why);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* zstd frames that hold their content as it is: RFC 8878, a single segment whose size stands in
 * four bytes, and raw blocks. Any decoder copies them; ours does not even that where it is one
 * block. */
#include <string.h>

#include "base/attr.h"
#include "fmt/codec_block.h"

#define MAGIC UINT32_C(0xfd2fb528)
#define SINGLE_SEGMENT_SIZE4 0xa0u
#define FRAME_HEAD 9u
#define BLOCK_HEAD 3u
#define BLOCK_MAX (128u << 10)

size_t hr_zstd_stored_bytes(size_t n)
{
    size_t n_blocks = n == 0 ? 1 : (n + BLOCK_MAX - 1) / BLOCK_MAX;
    return FRAME_HEAD + n_blocks * BLOCK_HEAD + n;
}

size_t hr_zstd_store(uint8_t *dst, const void *src, size_t n)
{
    const uint8_t *from = src;
    const uint32_t magic = MAGIC;
    const uint32_t size = (uint32_t)n;
    uint8_t *at = dst + FRAME_HEAD;
    memcpy(dst, &magic, 4);
    dst[4] = SINGLE_SEGMENT_SIZE4;
    memcpy(dst + 5, &size, 4);
    for (bool is_last = false; !is_last;) {
        is_last = n <= BLOCK_MAX;
        size_t k = is_last ? n : BLOCK_MAX;
        uint32_t head = (uint32_t)k << 3 | is_last; /* type 0: raw */
        memcpy(at, &head, BLOCK_HEAD);
        if (k > 0) memcpy(at + BLOCK_HEAD, from, k);
        at += BLOCK_HEAD + k;
        from += k;
        n -= k;
    }
    return (size_t)(at - dst);
}

size_t hr_zstd_stored(const uint8_t *src, size_t src_bytes, size_t n)
{
    uint32_t magic;
    uint32_t size;
    uint32_t head = 0;
    if (n > BLOCK_MAX || src_bytes != FRAME_HEAD + BLOCK_HEAD + n) return 0;
    memcpy(&magic, src, 4);
    memcpy(&size, src + 5, 4);
    memcpy(&head, src + FRAME_HEAD, BLOCK_HEAD);
    bool is_stored = magic == MAGIC && src[4] == SINGLE_SEGMENT_SIZE4 && size == n &&
                     head == ((uint32_t)n << 3 | 1);
    return is_stored ? FRAME_HEAD + BLOCK_HEAD : 0;
}

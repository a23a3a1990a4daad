/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "fmt/codec.h"

#define WINDOW HR_INFLATE_WINDOW_MAX
#define XZ_WINDOW ((size_t)1 << 20) /* liblzma clears what it takes */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static hr_arena *arena;
    static hr_inflate *z[4];
    static uint8_t out[1 << 16];
    if (arena == NULL) {
        size_t cap = hr_inflate_bytes(HR_CONTAINER_GZIP, 0) +
                     hr_inflate_bytes(HR_CONTAINER_ZSTD, WINDOW) +
                     hr_inflate_bytes(HR_CONTAINER_ZIP, 0) +
                     hr_inflate_bytes(HR_CONTAINER_XZ, XZ_WINDOW) + 65536;
        if (hr_arena_create(&arena, NULL, cap, "fuzz", NULL) != HR_OK ||
            hr_inflate_create(&z[0], arena, HR_CONTAINER_GZIP, 0, NULL) != HR_OK ||
            hr_inflate_create(&z[1], arena, HR_CONTAINER_ZSTD, WINDOW, NULL) != HR_OK ||
            hr_inflate_create(&z[2], arena, HR_CONTAINER_ZIP, 0, NULL) != HR_OK ||
            hr_inflate_create(&z[3], arena, HR_CONTAINER_XZ, XZ_WINDOW, NULL) != HR_OK)
            abort();
    }
    for (int k = 0; k < 4; k++) {
        const uint8_t *in = data;
        size_t n_in = size;
        hr_inflate_reset(z[k]);
        if (hr_inflate_window(data, size < HR_INFLATE_HEAD ? size : HR_INFLATE_HEAD, 0) >
            HR_INFLATE_WINDOW_MAX)
            abort();
        for (int step = 0; step < 256; step++) {
            uint8_t *to = out;
            size_t left = sizeof out;
            hr_status st = hr_inflate_step(z[k], &in, &n_in, &to, &left, NULL);
            if (st < 0 || st == HR_AGAIN) break;
        }
        if (hr_inflate_finish(z[k], NULL) != HR_OK) continue;
    }
    return 0;
}

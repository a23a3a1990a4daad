/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_PACK_H
#define HR_TESTS_SUPPORT_PACK_H
/* Texts in each container, as files of whichever hr_sys is in force. */
#include <stddef.h>

#include "fmt/codec.h"

/** Bytes of the packed text. frame_bytes: of text in each frame of zstd (a reader has nothing of a
 * block before the block is whole); 0: one frame. */
size_t test_pack(void *out, size_t cap, const void *text, size_t n, hr_container c,
                 size_t frame_bytes);
/** A whole file, in place of one that is there. */
void test_put_file(const char *path, const void *bytes, size_t n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BASE_CRC32C_H
#define HR_BASE_CRC32C_H
#include <stddef.h>
#include <stdint.h>

/** CRC-32C (Castagnoli) of n bytes, going on from crc (0 to start). x86-64-v2 has the instruction.
 */
uint32_t hr_crc32c(uint32_t crc, const void *p, size_t n);

typedef uint32_t (*hr_crc32c_fn)(uint32_t crc, const void *p, size_t n);
/** Another function of the same meaning, faster on this processor; at start, before other threads
 *  run. NULL: the one here. */
void hr_crc32c_install(hr_crc32c_fn fn);

#endif

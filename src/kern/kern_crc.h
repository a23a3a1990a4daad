/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_KERN_KERN_CRC_H
#define HR_KERN_KERN_CRC_H
/* Checksums, reflected, with zlib's convention: start with 0, feed the result back to go on. */
#include <stddef.h>
#include <stdint.h>

/** crc of what came before, followed by the n bytes at p (any alignment). */
typedef uint32_t (*hr_kern_crc_fn)(uint32_t crc, const void *p, size_t n);

typedef struct hr_kern_crc {
    hr_kern_crc_fn crc32;  /* IEEE 802.3, polynomial 0x04c11db7: Parquet pages, gzip */
    hr_kern_crc_fn crc32c; /* Castagnoli, 0x1edc6f41: our manifests */
} hr_kern_crc;

uint32_t hr_kern_crc32_c(uint32_t crc, const void *p, size_t n);
uint32_t hr_kern_crc32c_c(uint32_t crc, const void *p, size_t n);
#define HR_KERN_CRC_SCALAR                                                                         \
    {                                                                                              \
        .crc32 = hr_kern_crc32_c, .crc32c = hr_kern_crc32c_c                                       \
    }

void hr_kern_crc_init(hr_kern_crc *k, unsigned cpu_flags);
void hr_kern_crc_pclmul(hr_kern_crc *k); /* crc32 by PCLMULQDQ; needs SSE 4.1 */
void hr_kern_crc_sse42(hr_kern_crc *k);  /* crc32c by its instruction; needs PCLMULQDQ too */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BASE_DIGEST_H
#define HR_BASE_DIGEST_H
/* A 128-bit digest of a list of texts: SipHash-2-4, each item keyed by the digest before it, so
 * that neither two items run together nor their order is lost. Against accidents, not attackers. */
#include <stddef.h>
#include <stdint.h>

#define HR_DIGEST_TEXT 33 /* bytes hr_digest_text writes, NUL included */

typedef struct hr_digest {
    uint64_t half[2];
} hr_digest;

/** SipHash-2-4 with 128 bits of output. Source: Aumasson and Bernstein, "SipHash", 2012, and their
 *  reference code for the long output. O(n), any thread. */
hr_digest hr_siphash(hr_digest key, const void *p, size_t n_bytes);
/** Adds one item; start from a zeroed digest. */
void hr_digest_add(hr_digest *d, const void *p, size_t n_bytes);
/** 32 hexadecimal digits. */
void hr_digest_text(char out[HR_DIGEST_TEXT], const hr_digest *d);

#endif

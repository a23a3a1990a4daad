/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_UNXZ_H
#define HR_FMT_UNXZ_H
/* The .xz container by liblzma, in memory of ours: streams with any of its filters and checks.
 * Private to fmt. Source: tukaani.org, The .xz File Format, version 1.1.0. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "mem/mem.h"

typedef struct hr_unxz hr_unxz;

/** Does a stream begin so? */
bool hr_unxz_is(const void *head, size_t n_bytes);
/** The dictionary that the first block asks for; 0: the head does not say. */
size_t hr_unxz_window(const void *head, size_t n_bytes);
/** window_bytes: the largest dictionary. */
size_t hr_unxz_bytes(size_t window_bytes);
/** NULL: the arena is too small. */
hr_unxz *hr_unxz_create(hr_arena *arena, size_t window_bytes);
/** The next byte opens a stream. */
void hr_unxz_reset(hr_unxz *z);
/** One step as hr_inflate_step's. HR_OK; HR_END: a stream ended. HR_ECORRUPT and HR_EUNSUPPORTED
 * with *why; HR_ELIMIT: it needs more memory than there is. */
HR_MUST_USE hr_status hr_unxz_step(hr_unxz *z, const uint8_t **src, size_t *src_bytes,
                                   uint8_t **dst, size_t *dst_bytes, const char **why);

#endif

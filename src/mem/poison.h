/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_MEM_POISON_H
#define HR_MEM_POISON_H
/* AddressSanitizer marks for memory we manage ourselves; nothing in other builds. */
#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define HR_HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HR_HAS_ASAN 1
#endif
#endif
#ifdef HR_HAS_ASAN
#include <sanitizer/asan_interface.h>
#define HR_POISON(p, n) ASAN_POISON_MEMORY_REGION((p), (n))
#define HR_UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#define HR_REDZONE_BYTES 64
#else
#define HR_POISON(p, n) ((void)(p), (void)(n))
#define HR_UNPOISON(p, n) ((void)(p), (void)(n))
#define HR_REDZONE_BYTES 0
#endif

#endif

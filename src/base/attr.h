/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BASE_ATTR_H
#define HR_BASE_ATTR_H
/* Compiler attributes, gathered here so that no other file spells one. */

#define HR_MUST_USE __attribute__((warn_unused_result))
#define HR_PRINTF(fmt_idx, arg_idx) __attribute__((format(printf, fmt_idx, arg_idx)))
#define HR_NOINLINE __attribute__((noinline))
#define HR_INLINE static inline __attribute__((always_inline, unused))
#define HR_COLD __attribute__((cold))
#define HR_LIKELY(x) __builtin_expect(!!(x), 1)
#define HR_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define HR_ALIGNED(n) __attribute__((aligned(n)))
/** A vector type of so many bytes, wider than the processor's too. */
#define HR_VECTOR(bytes) __attribute__((vector_size(bytes)))
#define HR_UNUSED __attribute__((unused))
/** A large variable that hardening need not clear: every part is written before it is read. */
#define HR_UNINIT __attribute__((uninitialized))
#define HR_NORETURN __attribute__((noreturn))
#define HR_API __attribute__((visibility("default")))
/** Unsigned wrap-around below is meant (hashes, checksums): keep UBSan's integer group quiet. */
#define HR_CACHE_LINE 64

#define HR_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define HR_MIN(a, b) ((a) < (b) ? (a) : (b))
#define HR_MAX(a, b) ((a) > (b) ? (a) : (b))

#endif

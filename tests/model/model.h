/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_MODEL_MODEL_H
#define HR_TESTS_MODEL_MODEL_H
/* Every interleaving of a few threads over the real source, and every value that C11's orders let a
 * load see: a file that includes this one before a source file gets its atomics checked.
 *
 * Threads are coroutines that change at atomic operations only. A load may return any store that
 * its thread's view does not rule out; a release hands the view on, an acquire takes it, operations
 * of sequential consistency agree on one order a place. Plain data is asked about by model_touch:
 * an access that does not see the one before it is a race. What is explored: all schedules with at
 * most so many preemptions, all loads of the newest MODEL_OLD stores. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_THREADS 3
#define MODEL_OLD 3u

typedef struct model_case {
    const char *name;
    void (*init)(void); /* before each schedule, alone */
    void (*thread[MODEL_THREADS])(void);
    unsigned n_threads, n_preemptions;
    void (*check)(void);                      /* after each, alone */
    bool weak_release, weak_acquire, weak_sc; /* orders left out: the case must then fail */
} model_case;

/** Number of schedules tried; *wrong: NULL, or what the last one found. */
uint64_t model_explore(const model_case *c, const char **wrong);
/** From a thread or check: this schedule is wrong. */
void model_fail(const char *why);
/** Exclusive access to the plain bytes that begin at p. */
void model_touch(const void *p);
/** A counter that decides nothing: no change of threads there. */
void model_ignore(const void *p);
/** Sleeps while the newest value of *word is expect, until model_wake. */
void model_wait(const _Atomic uint32_t *word, uint32_t expect);
void model_wake(const _Atomic uint32_t *word);

uint64_t model_load(const void *p, size_t size, memory_order o);
void model_store(void *p, size_t size, uint64_t v, memory_order o);
uint64_t model_add(void *p, size_t size, uint64_t v, memory_order o);
bool model_cas(void *p, size_t size, void *expected, uint64_t v, memory_order o, memory_order fail);

#define MODEL_VALUE(p) __typeof__(*(p) + 0u) /* without _Atomic */
#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub_explicit
#undef atomic_compare_exchange_weak_explicit
#undef atomic_compare_exchange_strong_explicit
#define atomic_load_explicit(p, o) ((MODEL_VALUE(p))model_load((p), sizeof *(p), (o)))
#define atomic_store_explicit(p, v, o) model_store((p), sizeof *(p), (uint64_t)(v), (o))
#define MODEL_ADD(p, v, o)                                                                         \
    ({                                                                                             \
        MODEL_VALUE(p) old_ = (MODEL_VALUE(p))model_add((p), sizeof *(p), (v), (o));               \
        old_;                                                                                      \
    })
#define atomic_fetch_add_explicit(p, v, o) MODEL_ADD(p, (uint64_t)(v), o)
#define atomic_fetch_sub_explicit(p, v, o) MODEL_ADD(p, UINT64_C(0) - (uint64_t)(v), o)
#define atomic_compare_exchange_weak_explicit(p, e, v, o, f)                                       \
    model_cas((p), sizeof *(p), (e), (uint64_t)(v), (o), (f))
#define atomic_compare_exchange_strong_explicit(p, e, v, o, f)                                     \
    model_cas((p), sizeof *(p), (e), (uint64_t)(v), (o), (f))

#endif

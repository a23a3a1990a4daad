/* SPDX-License-Identifier: Apache-2.0 */
#include "noalloc.h"

#include <errno.h>
#include <execinfo.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 64u

static _Thread_local bool thread_is_hot;
static _Atomic uint64_t n_malloc, n_calloc, n_realloc, n_free;
static _Atomic uint32_t has_first;
static void *first_frame[TEST_NOALLOC_FRAMES];
static int first_frames;

static void count(_Atomic uint64_t *n)
{
    if (!thread_is_hot) return;
    thread_is_hot = false; /* the unwinder may ask for memory itself */
    atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
    if (atomic_exchange_explicit(&has_first, 1, memory_order_relaxed) == 0)
        first_frames = backtrace(first_frame, TEST_NOALLOC_FRAMES);
    thread_is_hot = true;
}

#ifdef TEST_NOALLOC_HOOKED

int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *p, size_t n)
{
    (void)p;
    (void)n;
    count(&n_malloc);
}

static void on_free(const volatile void *p)
{
    if (p != NULL) count(&n_free);
}

static void install(void)
{
    (void)__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}

#else

/* The C library's own names for its heap: what a program that replaces malloc builds on. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t elem_bytes);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);
void __libc_free(void *p);

#define EXPORT __attribute__((visibility("default")))
EXPORT void *malloc(size_t n);
EXPORT void *calloc(size_t n, size_t elem_bytes);
EXPORT void *realloc(void *p, size_t n);
EXPORT void *memalign(size_t align, size_t n);
EXPORT void *aligned_alloc(size_t align, size_t n);
EXPORT int posix_memalign(void **out, size_t align, size_t n);
EXPORT void free(void *p);

void *malloc(size_t n)
{
    count(&n_malloc);
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t elem_bytes)
{
    count(&n_calloc);
    return __libc_calloc(n, elem_bytes);
}

void *realloc(void *p, size_t n)
{
    count(&n_realloc);
    return __libc_realloc(p, n);
}

void *memalign(size_t align, size_t n)
{
    count(&n_malloc);
    return __libc_memalign(align, n);
}

void *aligned_alloc(size_t align, size_t n)
{
    return memalign(align, n);
}

int posix_memalign(void **out, size_t align, size_t n)
{
    void *p = memalign(align, n);
    if (p == NULL) return ENOMEM;
    *out = p;
    return 0;
}

void free(void *p)
{
    if (p != NULL) count(&n_free);
    __libc_free(p);
}

static void install(void)
{
}

#endif

void test_noalloc_start(void)
{
    void *frame[2];
    (void)backtrace(frame, 2); /* its first call loads a library */
    install();
}

void test_noalloc_hot(bool is_hot)
{
    thread_is_hot = is_hot;
}

static uint64_t get(const _Atomic uint64_t *n)
{
    return atomic_load_explicit(n, memory_order_relaxed);
}

test_noalloc_calls test_noalloc_read(void)
{
    test_noalloc_calls c = {.n_malloc = get(&n_malloc),
                            .n_calloc = get(&n_calloc),
                            .n_realloc = get(&n_realloc),
                            .n_free = get(&n_free),
                            .n_frames = first_frames};
    memcpy(c.frame, first_frame, sizeof c.frame);
    return c;
}

uint64_t test_noalloc_total(void)
{
    return get(&n_malloc) + get(&n_calloc) + get(&n_realloc) + get(&n_free);
}

void test_noalloc_print(void)
{
    test_noalloc_calls c = test_noalloc_read();
    printf("# heap calls of hot threads: malloc %llu, calloc %llu, realloc %llu, free %llu\n",
           (unsigned long long)c.n_malloc, (unsigned long long)c.n_calloc,
           (unsigned long long)c.n_realloc, (unsigned long long)c.n_free);
    fflush(stdout);
    for (int i = 0; i < c.n_frames; i++) {
        (void)!write(STDOUT_FILENO, "# ", 2);
        backtrace_symbols_fd(&c.frame[i], 1, STDOUT_FILENO); /* addr2line -e takes the offset */
    }
}

void test_noalloc_reset(void)
{
    atomic_store_explicit(&n_malloc, 0, memory_order_relaxed);
    atomic_store_explicit(&n_calloc, 0, memory_order_relaxed);
    atomic_store_explicit(&n_realloc, 0, memory_order_relaxed);
    atomic_store_explicit(&n_free, 0, memory_order_relaxed);
    atomic_store_explicit(&has_first, 0, memory_order_relaxed);
    first_frames = 0;
}

/* ---- the table ---- */

static struct {
    hr_sys table;
    const hr_sys *inner;
    struct start {
        hr_thread_fn fn;
        void *arg;
    } start[THREADS_MAX];
    _Atomic uint32_t n_started;
} hot;

static void *run_hot(void *arg)
{
    const struct start *s = arg;
    thread_is_hot = true;
    void *result = s->fn(s->arg);
    thread_is_hot = false;
    return result;
}

static int start_hot(void *self, uintptr_t *out, hr_thread_fn fn, void *arg)
{
    uint32_t i = atomic_fetch_add_explicit(&hot.n_started, 1, memory_order_relaxed);
    if (i >= THREADS_MAX) return -EAGAIN;
    hot.start[i] = (struct start){.fn = fn, .arg = arg};
    return hot.inner->thread_start(self, out, run_hot, &hot.start[i]);
}

const hr_sys *test_noalloc_table(const hr_sys *inner)
{
    hot.inner = inner;
    hot.table = *inner; /* self stays: the calls go straight to inner's functions */
    hot.table.thread_start = start_hot;
    atomic_store_explicit(&hot.n_started, 0, memory_order_relaxed);
    return &hot.table;
}

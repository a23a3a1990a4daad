/* SPDX-License-Identifier: Apache-2.0 */
/* The ring, the pool and the parking place, their own source under every schedule; and that the
 * checker sees what goes wrong when an order is left out. */
#include <stdio.h>
#include <stdlib.h>

#include "model.h"
/* the sources themselves, with their atomics replaced */
#include "conc/park.c"
#include "conc/spsc.c"
#include "mem/pool.c"

#include "base/sys.h"
#include "harness.h"

static hr_arena *arena;

/* ---- ring: three items through room for two ---- */

#define ITEMS 3u

static _Alignas(64) hr_spsc ring;
static uint32_t items[ITEMS];
static uint32_t n_popped;

static void ring_init(void)
{
    hr_arena_rewind(arena, 0);
    if (hr_spsc_init(&ring, arena, 2, NULL) != HR_OK) abort();
    model_ignore(&ring.n_full);
    memset(items, 0, sizeof items);
    n_popped = 0;
}

static void ring_producer(void)
{
    uint32_t k = 0;
    for (int i = 0; i < 5 && k < ITEMS; i++) {
        model_touch(&items[k]);
        items[k] = k + 1;
        k += hr_spsc_push(&ring, &items[k]);
    }
}

static void take(const uint32_t *item)
{
    model_touch(item);
    if (item != &items[n_popped] || *item != n_popped + 1) model_fail("not the next item");
    n_popped++;
}

static void ring_consumer(void)
{
    for (int i = 0; i < 2; i++) {
        void *item = hr_spsc_pop(&ring);
        if (item != NULL) take(item);
    }
    void *many[2];
    uint32_t n = hr_spsc_pop_many(&ring, many, 2);
    for (uint32_t i = 0; i < n; i++)
        take(many[i]);
}

static void ring_check(void)
{
    for (void *item; (item = hr_spsc_pop(&ring)) != NULL;)
        take(item);
    if (hr_spsc_count(&ring) != 0) model_fail("an item is left");
}

/* Room for one: the producer writes again what the consumer has given back. */
static void reuse_init(void)
{
    ring_init();
    if (hr_spsc_init(&ring, arena, 1, NULL) != HR_OK) abort();
}

static void reuse_producer(void)
{
    for (int i = 0; i < 4; i++) {
        if (hr_spsc_count(&ring) != 0) continue; /* taken: it is ours again */
        model_touch(&items[0]);
        if (!hr_spsc_push(&ring, &items[0])) model_fail("full after it was empty");
    }
}

static void reuse_consumer(void)
{
    for (int i = 0; i < 3; i++)
        if (atomic_load_explicit(&ring.tail, memory_order_acquire) >
            atomic_load_explicit(&ring.head, memory_order_relaxed)) {
            model_touch(&items[0]); /* while it is still in the ring */
            if (hr_spsc_pop(&ring) == NULL) model_fail("empty after it was not");
        }
}

/* ---- pool: two or three threads, two blocks ---- */

static hr_pool *pool;
static uint32_t owner[2];

static void pool_init(void)
{
    hr_arena_rewind(arena, 0);
    if (hr_pool_create(&pool, arena, 64, 2, "model", NULL) != HR_OK) abort();
    model_ignore(&pool->n_free);
    model_ignore(&pool->n_empty);
    memset(owner, 0, sizeof owner);
}

static uint32_t *get_block(void)
{
    char *b = hr_pool_get(pool);
    if (b == NULL) return NULL;
    model_touch(b);
    uint32_t *o = &owner[(size_t)(b - pool->base) / pool->stride];
    if ((*o)++ != 0) model_fail("a block handed out twice");
    return o;
}

static void put_block(uint32_t *o)
{
    if (o == NULL) return;
    char *b = pool->base + (size_t)(o - owner) * pool->stride;
    model_touch(b);
    (*o)--;
    hr_pool_put(pool, b);
}

static void pool_once(void)
{
    put_block(get_block());
}

/* Takes both and returns them in the other order: what makes a head come back. */
static void pool_both(void)
{
    uint32_t *a = get_block();
    uint32_t *b = get_block();
    put_block(a);
    put_block(b);
}

static void pool_check(void)
{
    uint32_t n = 0;
    uint64_t head = atomic_load_explicit(&pool->head, memory_order_relaxed);
    for (uint32_t k = (uint32_t)head; k != NONE && n <= 2; n++)
        k = atomic_load_explicit(&pool->next[k], memory_order_relaxed);
    if (n != 2) model_fail("a block is lost or listed twice");
}

/* ---- parking: no wake-up is lost ---- */

static hr_park park;
static _Atomic uint32_t work;

static void model_sys_wait(void *self, const _Atomic uint32_t *word, uint32_t expect, int64_t ns)
{
    (void)self;
    (void)ns;
    model_wait(word, expect);
}

static void model_sys_wake(void *self, const _Atomic uint32_t *word)
{
    (void)self;
    model_wake(word);
}

static void park_init(void)
{
    hr_park_init(&park);
    atomic_init(&work, 0);
}

static void park_waiter(void)
{
    for (int i = 0; i < 3; i++) {
        uint32_t key = hr_park_arm(&park);
        if (atomic_load_explicit(&work, memory_order_acquire) != 0) {
            hr_park_disarm(&park);
            return;
        }
        hr_park_wait(&park, key, 1);
        if (atomic_load_explicit(&work, memory_order_acquire) != 0) return;
    }
}

static void park_waker(void)
{
    atomic_store_explicit(&work, 1, memory_order_release);
    hr_park_wake(&park);
}

static void park_idler(void)
{
    hr_park_wake(&park); /* for nothing */
}

static const model_case cases[] = {
    {"ring, three items", ring_init, {ring_producer, ring_consumer}, 2, 4, ring_check, 0, 0, 0},
    {"ring, one place again", reuse_init, {reuse_producer, reuse_consumer}, 2, 4, NULL, 0, 0, 0},
    {"pool, two threads", pool_init, {pool_both, pool_both}, 2, 4, pool_check, 0, 0, 0},
    {"pool, three threads",
     pool_init,
     {pool_once, pool_both, pool_once},
     3,
     2,
     pool_check,
     0,
     0,
     0},
    {"parking", park_init, {park_waiter, park_waker}, 2, 9, NULL, 0, 0, 0},
    {"parking, two sleep", park_init, {park_waiter, park_waiter, park_waker}, 3, 2, NULL, 0, 0, 0},
    {"parking, woken for nothing",
     park_init,
     {park_waiter, park_waker, park_idler},
     3,
     3,
     NULL,
     0,
     0,
     0},
};

static void test_all_schedules(void **state)
{
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(cases); i++) {
        const char *wrong;
        uint64_t n = model_explore(&cases[i], &wrong);
        print_message("# %s: %llu schedules\n", cases[i].name, (unsigned long long)n);
        if (wrong != NULL) fail_msg("%s: %s", cases[i].name, wrong);
        assert_true(n > 50);
    }
}

/* Each order that is left out is missed somewhere. */
static void test_sees(void **state)
{
    static const struct {
        size_t at;
        bool release, acquire, sc;
    } weak[] = {{0, true, false, false}, {0, false, true, false}, {1, true, false, false},
                {1, false, true, false}, {2, true, false, false}, {2, false, true, false},
                {4, false, false, true}};
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(weak); i++) {
        const char *wrong;
        model_case c = cases[weak[i].at];
        c.weak_release = weak[i].release;
        c.weak_acquire = weak[i].acquire;
        c.weak_sc = weak[i].sc;
        uint64_t n = model_explore(&c, &wrong);
        print_message("# %s, weaker: %s after %llu schedules\n", c.name,
                      wrong != NULL ? wrong : "nothing found", (unsigned long long)n);
        assert_non_null(wrong);
    }
}

int main(void)
{
    static hr_sys table;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_schedules),
                                       cmocka_unit_test(test_sees)};
    table = *hr_sys_real();
    table.wait = model_sys_wait;
    table.wake = model_sys_wake;
    hr_sys_install(&table);
    if (hr_arena_create(&arena, NULL, 1u << 20, "model", NULL) != HR_OK) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sys.h"
#include "conc/park.h"
#include "conc/thread.h"
#include "harness.h"
#include "rng.h"

#define LONG_NS INT64_C(30000000000) /* a lost wake-up shows as a test that takes this long */

static void test_wait_ends_by_time(void **state)
{
    hr_park p;
    (void)state;
    hr_park_init(&p);
    uint32_t key = hr_park_arm(&p);
    int64_t t0 = hr_sys_mono_ns();
    hr_park_wait(&p, key, 2000000);
    assert_true(hr_sys_mono_ns() - t0 < LONG_NS);
    assert_int_equal(p.n_armed, 0);
    hr_park_wait(&p, hr_park_arm(&p), 0);
    hr_park_wait(&p, hr_park_arm(&p), -1);
    assert_int_equal(p.n_armed, 0);
}

static void test_wake_between_arm_and_wait(void **state)
{
    hr_park p;
    (void)state;
    hr_park_init(&p);
    uint32_t key = hr_park_arm(&p);
    hr_park_wake(&p);
    int64_t t0 = hr_sys_mono_ns();
    hr_park_wait(&p, key, LONG_NS);
    assert_true(hr_sys_mono_ns() - t0 < LONG_NS);
    key = hr_park_arm(&p);
    hr_park_disarm(&p);
    assert_int_equal(p.n_armed, 0);
}

/* Two threads pass a turn to and fro; each rests until it is its turn. */
typedef struct pair {
    hr_park park[2];
    _Atomic uint32_t turn;
    uint32_t n_turns;
} pair;

typedef struct player {
    pair *p;
    uint32_t parity;
} player;

static void await_turn(pair *p, uint32_t parity, uint32_t turn)
{
    while (atomic_load_explicit(&p->turn, memory_order_acquire) != turn) {
        uint32_t key = hr_park_arm(&p->park[parity]);
        if (atomic_load_explicit(&p->turn, memory_order_acquire) == turn) {
            hr_park_disarm(&p->park[parity]);
            return;
        }
        hr_park_wait(&p->park[parity], key, LONG_NS);
    }
}

static void *play(void *arg)
{
    const player *me = arg;
    for (uint32_t turn = me->parity; turn < me->p->n_turns; turn += 2) {
        await_turn(me->p, me->parity, turn);
        atomic_store_explicit(&me->p->turn, turn + 1, memory_order_release);
        hr_park_wake(&me->p->park[!me->parity]);
    }
    return NULL;
}

static void test_no_wake_is_lost(void **state)
{
    static pair p;
    player side[2] = {{&p, 0}, {&p, 1}};
    hr_thread t[2] = {0};
    hr_thread_options opt = HR_THREAD_OPTIONS_DEFAULT;
    (void)state;
    p.n_turns = (uint32_t)test_iters(20000);
    hr_park_init(&p.park[0]);
    hr_park_init(&p.park[1]);
    int64_t t0 = hr_sys_mono_ns();
    for (int i = 0; i < 2; i++)
        assert_int_equal(hr_thread_start(&t[i], &opt, play, &side[i], NULL), HR_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(hr_thread_join(&t[i], NULL), HR_OK);
    assert_int_equal(p.turn, p.n_turns);
    assert_true(hr_sys_mono_ns() - t0 < LONG_NS);
    assert_int_equal(p.park[0].n_armed + p.park[1].n_armed, 0);
}

/* Several rest at one place; one wake-up gets them all. */
typedef struct crowd {
    hr_park park;
    _Atomic uint32_t open;
} crowd;

static void *wait_at_gate(void *arg)
{
    crowd *c = arg;
    while (atomic_load_explicit(&c->open, memory_order_acquire) == 0) {
        uint32_t key = hr_park_arm(&c->park);
        if (atomic_load_explicit(&c->open, memory_order_acquire) != 0)
            hr_park_disarm(&c->park);
        else
            hr_park_wait(&c->park, key, LONG_NS);
    }
    return NULL;
}

static void test_all_wake(void **state)
{
    static crowd c;
    hr_thread t[4] = {0};
    hr_thread_options opt = HR_THREAD_OPTIONS_DEFAULT;
    (void)state;
    hr_park_init(&c.park);
    int64_t t0 = hr_sys_mono_ns();
    for (int i = 0; i < 4; i++)
        assert_int_equal(hr_thread_start(&t[i], &opt, wait_at_gate, &c, NULL), HR_OK);
    atomic_store_explicit(&c.open, 1, memory_order_release);
    hr_park_wake(&c.park);
    for (int i = 0; i < 4; i++)
        assert_int_equal(hr_thread_join(&t[i], NULL), HR_OK);
    assert_true(hr_sys_mono_ns() - t0 < LONG_NS);
    assert_int_equal(c.park.n_armed, 0);
}

static void test_idle_ladder(void **state)
{
    hr_park p;
    hr_idle idle;
    hr_idle_options opt = {.n_spins = 3, .n_yields = 2, .park_ns = 1000};
    (void)state;
    hr_park_init(&p);
    hr_idle_init(&idle, &opt, &p);
    for (int i = 0; i < 5; i++) {
        hr_idle_step(&idle, 0);
        assert_false(idle.is_armed);
    }
    hr_idle_step(&idle, 0);
    assert_true(idle.is_armed);
    assert_int_equal(p.n_armed, 1);
    assert_int_equal(idle.n_parks, 0);
    hr_idle_step(&idle, 0);
    assert_int_equal(idle.n_parks, 1);
    assert_int_equal(p.n_armed, 0);
    hr_idle_step(&idle, 0); /* still nothing to do: armed again at once */
    assert_true(idle.is_armed);
    hr_idle_step(&idle, 1);
    assert_false(idle.is_armed);
    assert_int_equal(p.n_armed, 0);
    assert_int_equal(idle.round, 0);
}

static void test_idle_without_park(void **state)
{
    hr_idle idle;
    hr_idle_options spin = HR_IDLE_OPTIONS_SPIN;
    hr_idle_options nap = {.park_ns = 100};
    hr_idle_options yields = {.n_spins = 1};
    (void)state;
    hr_idle_init(&idle, &spin, NULL);
    for (int i = 0; i < 1000; i++)
        hr_idle_step(&idle, 0);
    assert_int_equal(idle.n_parks, 0);
    hr_idle_init(&idle, &yields, NULL);
    for (int i = 0; i < 1000; i++)
        hr_idle_step(&idle, 0);
    assert_int_equal(idle.n_parks, 0);
    hr_idle_init(&idle, &nap, NULL);
    hr_idle_step(&idle, 0);
    assert_int_equal(idle.n_parks, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wait_ends_by_time), cmocka_unit_test(test_wake_between_arm_and_wait),
        cmocka_unit_test(test_no_wake_is_lost),   cmocka_unit_test(test_all_wake),
        cmocka_unit_test(test_idle_ladder),       cmocka_unit_test(test_idle_without_park)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

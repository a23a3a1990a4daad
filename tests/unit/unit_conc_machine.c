/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>

#include "conc/machine.h"
#include "conc/thread.h"
#include "harness.h"

static void test_quota(void **state)
{
    (void)state;
    assert_int_equal(hr_machine_parse_quota("max 100000\n"), 0);
    assert_int_equal(hr_machine_parse_quota("200000 100000\n"), 2);
    assert_int_equal(hr_machine_parse_quota("150000 100000\n"), 2);
    assert_int_equal(hr_machine_parse_quota("5000 100000\n"), 1);
    assert_int_equal(hr_machine_parse_quota("9223372036854775807 1"), 0);
    assert_int_equal(hr_machine_parse_quota("100000 0"), 0);
    assert_int_equal(hr_machine_parse_quota("-1 100000"), 0);
    assert_int_equal(hr_machine_parse_quota(""), 0);
}

static void test_machine(void **state)
{
    hr_machine m;
    cpu_set_t set;
    (void)state;
    hr_machine_read(&m);
    assert_in_range(m.n_cpus, 1, HR_CPUS_MAX);
    assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
    assert_true(m.n_cpus <= (uint32_t)CPU_COUNT(&set));
    for (uint32_t i = 0; i < m.n_cpus; i++)
        assert_true(CPU_ISSET((size_t)m.cpu[i], &set));
    assert_int_equal(hr_thread_pin(100000), HR_EUNSUPPORTED);
}

typedef struct seen {
    char name[HR_THREAD_NAME_BYTES];
    int cpu;
    int n_cpus;
} seen;

static void *look(void *arg)
{
    seen *s = arg;
    cpu_set_t set;
    prctl(PR_GET_NAME, s->name, 0, 0, 0);
    s->cpu = sched_getcpu();
    s->n_cpus = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : -1;
    return NULL;
}

static void test_thread(void **state)
{
    hr_machine m;
    hr_thread t = {0};
    seen s = {0};
    hr_err err = HR_ERR_INIT;
    (void)state;
    hr_machine_read(&m);
    hr_thread_options opt = {.name = "a-name-that-is-too-long", .cpu = m.cpu[m.n_cpus - 1]};
    assert_int_equal(hr_thread_start(&t, &opt, look, &s, &err), HR_OK);
    assert_int_equal(hr_thread_join(&t, &err), HR_OK);
    assert_int_equal(hr_thread_join(&t, &err), HR_OK);
    assert_string_equal(s.name, "a-name-that-is-");
    if (t.is_pinned) {
        assert_int_equal(s.cpu, opt.cpu);
        assert_int_equal(s.n_cpus, 1);
    }
    opt = (hr_thread_options)HR_THREAD_OPTIONS_DEFAULT;
    assert_int_equal(hr_thread_start(&t, &opt, look, &s, &err), HR_OK);
    assert_int_equal(hr_thread_join(&t, &err), HR_OK);
    assert_false(t.is_pinned);
}

static void test_thread_that_cannot_start(void **state)
{
    hr_sys_fail *f;
    hr_thread t = {0};
    hr_thread_options opt = {.name = "reader", .cpu = -1};
    hr_err err = HR_ERR_INIT;
    (void)state;
    hr_sys_fault fault = {.call = "thread_start", .nth = 1, .sys_errno = EAGAIN};
    assert_int_equal(hr_sys_fail_create(&f, hr_sys_real(), &fault), HR_OK);
    hr_sys_install(hr_sys_fail_table(f));
    assert_int_equal(hr_thread_start(&t, &opt, look, NULL, &err), HR_EIO);
    assert_non_null(strstr(err.message, "cannot start thread 'reader'"));
    assert_int_equal(hr_thread_join(&t, &err), HR_OK);
    hr_sys_install(NULL);
    hr_sys_fail_destroy(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_quota), cmocka_unit_test(test_machine),
                                       cmocka_unit_test(test_thread),
                                       cmocka_unit_test(test_thread_that_cannot_start)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

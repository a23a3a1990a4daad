/* SPDX-License-Identifier: Apache-2.0 */
/* Many files made durable at once, on the simulated disk: after a power cut they are there; a disk
 * that refuses is named, and nothing stays open. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/sys.h"
#include "harness.h"
#include "store/flush.h"

#define N_FILES 100

static void write_files(void)
{
    for (int i = 0; i < N_FILES; i++) {
        char name[32];
        snprintf(name, sizeof name, "f%d", i);
        int fd = hr_sys_open(AT_FDCWD, name, O_WRONLY | O_CREAT, 0666);
        assert_true(fd >= 0);
        assert_int_equal(hr_sys_write_full(fd, name, sizeof name), sizeof name);
        assert_int_equal(hr_sys_close(fd), 0);
    }
}

static hr_status flush_files(hr_flush *f, hr_err *err)
{
    hr_status st = HR_OK;
    for (int i = 0; i < N_FILES && st == HR_OK; i++) {
        char name[32];
        snprintf(name, sizeof name, "f%d", i);
        st = hr_flush_add(f, AT_FDCWD, name, err);
    }
    hr_status rest = hr_flush_wait(f, st == HR_OK ? err : NULL);
    return st != HR_OK ? st : rest;
}

static void test_survives(void **state)
{
    static hr_flush f;
    hr_sys_sim *sim;
    hr_sys_stat st;
    (void)state;
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    const hr_sys *sys = hr_sys_sim_table(sim);
    hr_sys_install(sys);
    write_files();
    assert_int_equal(hr_flush_open(&f, NULL), HR_OK);
    assert_int_equal(flush_files(&f, NULL), HR_OK);
    assert_int_equal(hr_flush_add(&f, AT_FDCWD, ".", NULL), HR_OK);
    assert_int_equal(hr_flush_wait(&f, NULL), HR_OK);
    hr_flush_fini(&f);
    hr_sys_sim_crash(sim, 7);
    for (int i = 0; i < N_FILES; i++) {
        char name[32];
        snprintf(name, sizeof name, "f%d", i);
        assert_int_equal(sys->stat(sys->self, AT_FDCWD, name, &st), 0);
        assert_int_equal(st.size_bytes, 32);
    }
    hr_sys_install(hr_sys_real());
    hr_sys_sim_destroy(&sim);
}

static void test_fails(void **state)
{
    static hr_flush f;
    (void)state;
    for (uint64_t nth = 1; nth <= N_FILES; nth += 9) {
        hr_sys_sim *sim;
        hr_sys_fail *fail;
        hr_err err = HR_ERR_INIT;
        hr_sys_fault fault = {.call = "sync", .nth = nth, .sys_errno = EIO};
        assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
        assert_int_equal(hr_sys_fail_create(&fail, hr_sys_sim_table(sim), &fault), HR_OK);
        hr_sys_install(hr_sys_fail_table(fail));
        write_files();
        assert_int_equal(hr_flush_open(&f, NULL), HR_OK);
        assert_int_equal(flush_files(&f, &err), HR_EIO);
        assert_non_null(strstr(err.message, "cannot sync 'f"));
        hr_flush_fini(&f);
        assert_int_equal(f.n_open, 0);
        hr_sys_install(hr_sys_real());
        hr_sys_fail_destroy(&fail);
        hr_sys_sim_destroy(&sim);
    }
}

static void test_interrupts(void **state)
{
    static hr_flush f;
    hr_sys_sim *sim;
    hr_sys_fail *fail;
    hr_sys_fault fault = {.eintr_every = 2};
    (void)state;
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    hr_sys_install(hr_sys_sim_table(sim));
    write_files();
    assert_int_equal(hr_sys_fail_create(&fail, hr_sys_sim_table(sim), &fault), HR_OK);
    hr_sys_install(hr_sys_fail_table(fail));
    assert_int_equal(hr_flush_open(&f, NULL), HR_OK);
    assert_int_equal(flush_files(&f, NULL), HR_OK);
    assert_int_equal(hr_flush_add(&f, AT_FDCWD, "missing", NULL), HR_ENOENT);
    hr_flush_fini(&f);
    hr_sys_install(hr_sys_real());
    hr_sys_fail_destroy(&fail);
    hr_sys_sim_destroy(&sim);
}

/* Signals without end: an error, no hang. */
static void test_interrupted_for_ever(void **state)
{
    static hr_flush f;
    hr_sys_sim *sim;
    hr_sys_fail *fail;
    hr_sys_fault fault = {.call = "sync", .nth = 1, .forever = true, .sys_errno = EINTR};
    (void)state;
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    hr_sys_install(hr_sys_sim_table(sim));
    write_files();
    assert_int_equal(hr_sys_fail_create(&fail, hr_sys_sim_table(sim), &fault), HR_OK);
    hr_sys_install(hr_sys_fail_table(fail));
    assert_int_equal(hr_flush_open(&f, NULL), HR_OK);
    assert_int_equal(flush_files(&f, NULL), HR_EIO);
    assert_int_equal(f.n_open, 0);
    hr_flush_fini(&f);
    hr_sys_install(hr_sys_real());
    hr_sys_fail_destroy(&fail);
    hr_sys_sim_destroy(&sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_survives),
        cmocka_unit_test(test_fails),
        cmocka_unit_test(test_interrupts),
        cmocka_unit_test(test_interrupted_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

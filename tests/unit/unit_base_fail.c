/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"
#include "harness.h"

static hr_sys_sim *sim;
static hr_sys_fail *fail;

/* A failing table over a fresh simulated one, with one open file. */
static const hr_sys *begin(const hr_sys_fault *fault, int *fd)
{
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    const hr_sys *in = hr_sys_sim_table(sim);
    *fd = in->open(in->self, AT_FDCWD, "f", O_RDWR | O_CREAT, 0644);
    assert_true(*fd >= 0);
    assert_int_equal(hr_sys_fail_create(&fail, in, fault), HR_OK);
    return hr_sys_fail_table(fail);
}

static void end(void)
{
    hr_sys_fail_destroy(&fail);
    assert_null(fail);
    hr_sys_fail_destroy(&fail);
    hr_sys_sim_destroy(&sim);
}

static void test_nth_call_fails_once(void **state)
{
    int fd;
    (void)state;
    const hr_sys *s = begin(&(hr_sys_fault){.call = "pwrite", .nth = 3, .sys_errno = ENOSPC}, &fd);
    for (int i = 1; i <= 5; i++) {
        assert_int_equal(s->pwrite(s->self, fd, "ab", 2, 0), i == 3 ? -ENOSPC : 2);
        assert_int_equal(hr_sys_fail_fired(fail), i >= 3);
    }
    assert_int_equal(s->sync(s->self, fd), 0);
    assert_int_equal(hr_sys_fail_seen(fail), 5);
    end();
}

static void test_nth_call_fails_for_ever(void **state)
{
    int fd;
    (void)state;
    const hr_sys *s = begin(&(hr_sys_fault){.nth = 2, .sys_errno = EIO, .forever = true}, &fd);
    hr_sys_stat st;
    char c;
    uintptr_t t;
    hr_sys_aio *q;
    assert_int_equal(s->sync(s->self, fd), 0);
    assert_int_equal(s->sync(s->self, fd), -EIO);
    assert_int_equal(s->read(s->self, fd, &c, 1), -EIO);
    assert_int_equal(s->write(s->self, fd, "c", 1), -EIO);
    assert_int_equal(s->pread(s->self, fd, &c, 1, 0), -EIO);
    assert_int_equal(s->pwrite(s->self, fd, "c", 1, 0), -EIO);
    assert_int_equal(s->truncate(s->self, fd, 0), -EIO);
    assert_int_equal(s->stat(s->self, AT_FDCWD, "f", &st), -EIO);
    assert_int_equal(s->fstat(s->self, fd, &st), -EIO);
    assert_int_equal(s->rename(s->self, AT_FDCWD, "f", AT_FDCWD, "g"), -EIO);
    assert_int_equal(s->unlink(s->self, AT_FDCWD, "f", false), -EIO);
    assert_int_equal(s->mkdir(s->self, AT_FDCWD, "d", 0755), -EIO);
    assert_int_equal(s->list(s->self, AT_FDCWD, "/", NULL, NULL), -EIO);
    assert_int_equal(s->lock(s->self, fd), -EIO);
    assert_int_equal(s->random(s->self, &c, 1), -EIO);
    assert_null(s->map(s->self, 100));
    assert_int_equal(s->thread_start(s->self, &t, NULL, NULL), -EIO);
    assert_int_equal(s->aio_open(s->self, &q, 1), -EIO);
    assert_int_equal(s->open(s->self, AT_FDCWD, "f", O_RDONLY, 0), -EIO);
    assert_int_equal(hr_sys_fail_seen(fail), 19);
    /* a close that fails has closed all the same */
    assert_int_equal(s->close(s->self, fd), -EIO);
    const hr_sys *in = hr_sys_sim_table(sim);
    assert_int_equal(in->close(in->self, fd), -EBADF);
    end();
}

static void test_short_counts_and_signals(void **state)
{
    int fd;
    char buf[100];
    (void)state;
    const hr_sys *s = begin(&(hr_sys_fault){.short_max = 3, .eintr_every = 2}, &fd);
    for (int i = 0; i < 100; i++)
        buf[i] = (char)i;
    hr_sys_install(s);
    assert_int_equal(hr_sys_pwrite_full(fd, buf, 100, 0), 100);
    memset(buf, 0, sizeof buf);
    assert_int_equal(hr_sys_pread_full(fd, buf, 100, 0), 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(buf[i], i);
    assert_int_equal(hr_sys_read_full(fd, buf, 50), 50);
    assert_int_equal(hr_sys_write_full(fd, buf, 100), 100);
    assert_int_equal(hr_sys_pread_full(fd, buf, 100, 140), 10); /* the file ends */
    assert_int_equal(hr_sys_sync(fd), 0);
    assert_int_equal(hr_sys_close(fd), 0);
    assert_true(hr_sys_fail_seen(fail) > 4 * 34);
    hr_sys_install(NULL);
    end();
}

static void test_short_counts_of_one_call(void **state)
{
    int fd;
    (void)state;
    const hr_sys *s = begin(&(hr_sys_fault){.call = "pwrite", .short_max = 1}, &fd);
    assert_int_equal(s->pwrite(s->self, fd, "abc", 3, 0), 1);
    assert_int_equal(s->write(s->self, fd, "abc", 3), 3);
    end();
}

static void test_faults_reach_aio(void **state)
{
    int fd;
    (void)state;
    const hr_sys *s = begin(&(hr_sys_fault){.call = "pwrite", .nth = 2, .sys_errno = EDQUOT}, &fd);
    hr_sys_aio *q;
    hr_sys_aio_done done[2];
    hr_sys_aio_op op = {.kind = HR_AIO_WRITE, .fd = fd, .buf = "abcd", .n_bytes = 4, .tag = 7};
    assert_int_equal(s->aio_open(s->self, &q, 4), 0);
    assert_int_equal(s->aio_submit(s->self, q, &op), 0);
    assert_int_equal(s->aio_submit(s->self, q, &op), 0);
    assert_int_equal(s->aio_reap(s->self, q, done, 2, true), 2);
    assert_int_equal(done[0].result, 4);
    assert_int_equal(done[1].result, -EDQUOT);
    assert_string_equal(s->aio_name(s->self, q), "inline");
    s->aio_close(s->self, q);
    end();
}

static void test_kill_before(void **state)
{
    int fd;
    int status;
    (void)state;
    const hr_sys *s = begin(&(hr_sys_fault){.call = "sync", .nth = 2, .kill_before = true}, &fd);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (s->sync(s->self, fd) != 0) _exit(1);
        s->sync(s->self, fd);
        _exit(2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
    end();
}

__attribute__((noinline)) static int sync_here(const hr_sys *s, int fd)
{
    int rc = s->sync(s->self, fd);
    return rc < 0 ? rc : 1; /* no tail call: it is a place of its own */
}

__attribute__((noinline)) static int sync_there(const hr_sys *s, int fd)
{
    int rc = s->sync(s->self, fd);
    return rc < 0 ? rc : 2;
}

/* Two functions are two places; a loop is one; another kind of call is another. */
static void test_places(void **state)
{
    static hr_sys_place place[HR_SYS_PLACES_MAX];
    hr_sys_fault fault = {0};
    (void)state;
    for (volatile int k = 0; k < 2; k++) { /* the same calls again, one of them spoilt */
        int fd;
        int bad = 0;
        const hr_sys *s = begin(&fault, &fd);
        for (volatile int i = 1; i <= 3; i++) { /* volatile: so that no loop is unrolled */
            bad += sync_there(s, fd) == -EIO;
            assert_int_equal(s->truncate(s->self, fd, 0), 0);
            bad += sync_here(s, fd) == -EIO;
        }
        assert_int_equal(bad, k);
        assert_int_equal(hr_sys_fail_places(fail, place), 3);
        assert_int_equal(hr_sys_fail_seen(fail), k == 0 ? 9 : 3);
        assert_int_equal(hr_sys_fail_hit_place(fail), k == 0 ? 0 : fault.place);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(place[i].n_calls, 3);
            assert_true(place[i].n_frames >= 1);
            if (strcmp(hr_sys_fail_kind(place[i].kind), "sync") == 0)
                fault = (hr_sys_fault){.place = place[i].id, .nth = 2, .sys_errno = EIO};
        }
        end();
    }
}

static void test_text(void **state)
{
    static const char *const bad[] = {
        "call",        "call=",  "call=nosuch", "nth=x", "nth=",
        "errno=EWHAT", "what=1", "nth=1,,",     "=",     "call=aaaaaaaaaaaaaaaaaaaaaaaaa"};
    hr_err err = HR_ERR_INIT;
    char c;
    (void)state;
    assert_int_equal(hr_sys_fail_install_text(NULL, &err), HR_OK);
    assert_int_equal(hr_sys_fail_install_text("", &err), HR_OK);
    for (size_t i = 0; i < HR_ARRAY_LEN(bad); i++) {
        assert_int_equal(hr_sys_fail_install_text(bad[i], &err), HR_EUSAGE);
        assert_non_null(strstr(err.message, "HEADRACE_FAULT"));
    }
    assert_ptr_equal(hr_sys_get(), hr_sys_real());
    assert_int_equal(hr_sys_fail_install_text(
                         "call=random,nth=1,errno=EAGAIN,forever=1,short=1,slow_us=1,kill=0", &err),
                     HR_OK);
    const hr_sys *s = hr_sys_get();
    assert_string_equal(s->name, "failing");
    assert_int_equal(s->random(s->self, &c, 1), -EAGAIN);
    assert_int_equal(s->random(s->self, &c, 1), -EAGAIN);
    hr_sys_install(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nth_call_fails_once),
                                       cmocka_unit_test(test_nth_call_fails_for_ever),
                                       cmocka_unit_test(test_short_counts_and_signals),
                                       cmocka_unit_test(test_short_counts_of_one_call),
                                       cmocka_unit_test(test_faults_reach_aio),
                                       cmocka_unit_test(test_kill_before),
                                       cmocka_unit_test(test_places),
                                       cmocka_unit_test(test_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The real back end, in a folder of its own. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/sys.h"
#include "harness.h"

static int dir_fd;
static char dir_path[64];

static int set_up(void **state)
{
    const hr_sys *s = hr_sys_real();
    (void)state;
    snprintf(dir_path, sizeof dir_path, "%s/hr-sys-XXXXXX", P_tmpdir);
    if (mkdtemp(dir_path) == NULL) return -1;
    dir_fd = s->open(s->self, AT_FDCWD, dir_path, O_RDONLY | O_DIRECTORY, 0);
    return dir_fd >= 0 ? 0 : -1;
}

static int remove_name(void *arg, const char *name, bool is_dir)
{
    const hr_sys *s = arg;
    (void)s->unlink(s->self, dir_fd, name, is_dir);
    return 0;
}

static int tear_down(void **state)
{
    const hr_sys *s = hr_sys_real();
    (void)state;
    s->list(s->self, dir_fd, ".", remove_name, (void *)(uintptr_t)s);
    s->close(s->self, dir_fd);
    return s->unlink(s->self, AT_FDCWD, dir_path, true);
}

static void test_files(void **state)
{
    const hr_sys *s = hr_sys_real();
    hr_sys_stat st;
    char buf[16] = {0};
    (void)state;
    int fd = hr_sys_open(dir_fd, "a", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(hr_sys_open(dir_fd, "a", O_RDWR | O_CREAT | O_EXCL, 0600), -EEXIST);
    assert_int_equal(hr_sys_open(dir_fd, "b", O_RDONLY, 0), -ENOENT);
    assert_int_equal(hr_sys_write_full(fd, "abcdef", 6), 6);
    assert_int_equal(hr_sys_pwrite_full(fd, "XY", 2, 1), 2);
    assert_int_equal(hr_sys_read_full(fd, buf, 16), 0);
    assert_int_equal(hr_sys_pread_full(fd, buf, 16, 0), 6);
    assert_string_equal(buf, "aXYdef");
    assert_int_equal(hr_sys_sync(fd), 0);
    assert_int_equal(hr_sys_sync(dir_fd), 0);
    assert_int_equal(hr_sys_truncate(fd, 3), 0);
    assert_int_equal(s->fstat(s->self, fd, &st), 0);
    assert_true(st.size_bytes == 3 && st.is_file && !st.is_dir && st.ino != 0);
    assert_int_equal(s->stat(s->self, dir_fd, ".", &st), 0);
    assert_true(st.is_dir && !st.is_file);
    assert_int_equal(hr_sys_close(fd), 0);
    assert_int_equal(hr_sys_close(fd), -EBADF);
    assert_int_equal(hr_sys_pread_full(-1, buf, 1, 0), -EBADF);
    assert_int_equal(hr_sys_read_full(-1, buf, 1), -EBADF);
    assert_int_equal(hr_sys_pwrite_full(-1, buf, 1, 0), -EBADF);
    assert_int_equal(hr_sys_write_full(-1, buf, 1), -EBADF);
    assert_int_equal(hr_sys_sync(-1), -EBADF);
    assert_int_equal(hr_sys_truncate(-1, 0), -EBADF);
    assert_int_equal(s->fstat(s->self, -1, &st), -EBADF);
}

static int count_names(void *arg, const char *name, bool is_dir)
{
    int *n = arg;
    (void)name;
    n[is_dir]++;
    return n[0] + n[1] == 3;
}

/* Room beyond the end leaves the size alone; a file system may not have it. */
static void test_reserve(void **state)
{
    const hr_sys *s = hr_sys_real();
    hr_sys_stat st;
    (void)state;
    int fd = hr_sys_open(dir_fd, "reserved", O_RDWR | O_CREAT, 0644);
    assert_true(fd >= 0);
    int rc = s->reserve(s->self, fd, 0, 65536);
    assert_true(rc == 0 || rc == -EOPNOTSUPP);
    assert_int_equal(s->fstat(s->self, fd, &st), 0);
    assert_int_equal(st.size_bytes, 0);
    assert_int_equal(s->reserve(s->self, -1, 0, 1), -EBADF);
    assert_int_equal(hr_sys_truncate(fd, 0), 0);
    hr_sys_close(fd);
}

static void test_names(void **state)
{
    const hr_sys *s = hr_sys_real();
    hr_sys_stat st;
    int n[2] = {0};
    (void)state;
    assert_int_equal(s->mkdir(s->self, dir_fd, "d", 0700), 0);
    assert_int_equal(s->mkdir(s->self, dir_fd, "d", 0700), -EEXIST);
    assert_int_equal(s->mkdir(s->self, dir_fd, "d/e", 0700), 0);
    hr_sys_close(hr_sys_open(dir_fd, "d/x", O_RDWR | O_CREAT, 0600));
    assert_int_equal(s->rename(s->self, dir_fd, "d/x", dir_fd, "d/y"), 0);
    assert_int_equal(s->rename(s->self, dir_fd, "d/x", dir_fd, "d/y"), -ENOENT);
    assert_int_equal(s->stat(s->self, dir_fd, "d/x", &st), -ENOENT);
    hr_sys_close(hr_sys_open(dir_fd, "d/z", O_RDWR | O_CREAT, 0600));
    assert_int_equal(s->list(s->self, dir_fd, "d", count_names, n), 0);
    assert_int_equal(n[0], 2);
    assert_int_equal(n[1], 1);
    assert_int_equal(s->list(s->self, dir_fd, "none", count_names, n), -ENOENT);
    assert_int_equal(s->unlink(s->self, dir_fd, "d", true), -ENOTEMPTY);
    assert_int_equal(s->unlink(s->self, dir_fd, "d/e", false), -EISDIR);
    assert_int_equal(s->unlink(s->self, dir_fd, "d/e", true), 0);
    assert_int_equal(s->unlink(s->self, dir_fd, "d/y", false), 0);
    assert_int_equal(s->unlink(s->self, dir_fd, "d/z", false), 0);
    assert_int_equal(s->unlink(s->self, dir_fd, "d", true), 0);
}

static void test_lock(void **state)
{
    (void)state;
    int a = hr_sys_open(dir_fd, "lock", O_RDWR | O_CREAT, 0600);
    int b = hr_sys_open(dir_fd, "lock", O_RDWR, 0);
    assert_int_equal(hr_sys_lock(a), 0);
    assert_int_equal(hr_sys_lock(b), -EWOULDBLOCK);
    hr_sys_close(a);
    assert_int_equal(hr_sys_lock(b), 0);
    hr_sys_close(b);
}

static void test_time_and_chance(void **state)
{
    const hr_sys *s = hr_sys_real();
    uint64_t a[4] = {0};
    uint64_t b[4] = {0};
    (void)state;
    int64_t t0 = hr_sys_mono_ns();
    s->sleep_ns(s->self, 1000000);
    assert_true(hr_sys_mono_ns() - t0 >= 1000000);
    assert_true(hr_sys_wall_ns() > INT64_C(1500000000000000000));
    assert_int_equal(s->random(s->self, a, sizeof a), 0);
    assert_int_equal(s->random(s->self, b, sizeof b), 0);
    assert_memory_not_equal(a, b, sizeof a);
}

static void test_memory(void **state)
{
    const hr_sys *s = hr_sys_real();
    (void)state;
    unsigned char *p = s->map(s->self, 100000);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % 4096, 0);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(p[i], 0);
    s->unmap(s->self, p, 100000);
    assert_null(s->map(s->self, SIZE_MAX / 2));
}

/* Threads have room for many of the largest frames that the house allows. */
static void *stack_bytes(void *arg)
{
    pthread_attr_t attr;
    if (pthread_getattr_np(pthread_self(), &attr) == 0) {
        pthread_attr_getstacksize(&attr, arg);
        pthread_attr_destroy(&attr);
    }
    return NULL;
}

static void test_threads(void **state)
{
    const hr_sys *s = hr_sys_real();
    uintptr_t t;
    size_t n = 0;
    (void)state;
    assert_int_equal(s->thread_start(s->self, &t, stack_bytes, &n), 0);
    assert_int_equal(s->thread_join(s->self, t), 0);
    assert_true(n >= 256u << 10);
}

#define N_OPS 16

static void run_aio(const char *name)
{
    const hr_sys *s = hr_sys_real();
    static char block[N_OPS][4096];
    hr_sys_aio_done done[N_OPS];
    hr_sys_aio *q;
    int fd = hr_sys_open(dir_fd, "aio", O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(s->aio_open(s->self, &q, N_OPS), 0);
    if (name != NULL) assert_string_equal(s->aio_name(s->self, q), name);
    assert_int_equal(s->aio_reap(s->self, q, done, N_OPS, true), 0); /* nothing under way */
    for (int pass = 0; pass < 2; pass++) {
        uint32_t seen = 0;
        for (int i = 0; i < N_OPS; i++) {
            memset(block[i], pass == 0 ? i + 1 : 0, 4096);
            hr_sys_aio_op op = {.kind = pass == 0 ? HR_AIO_WRITE : HR_AIO_READ,
                                .fd = fd,
                                .buf = block[i],
                                .n_bytes = 4096,
                                .offset = i * INT64_C(4096),
                                .tag = (uint64_t)i};
            assert_int_equal(s->aio_submit(s->self, q, &op), 0);
            if (i == N_OPS - 1) assert_int_equal(s->aio_submit(s->self, q, &op), -EAGAIN);
        }
        for (int n = 0; n < N_OPS;) {
            int got = s->aio_reap(s->self, q, done, 5, true);
            assert_in_range(got, 1, 5);
            for (int i = 0; i < got; i++) {
                assert_int_equal(done[i].result, 4096);
                seen |= 1u << done[i].tag;
            }
            n += got;
        }
        assert_int_equal(seen, (1u << N_OPS) - 1);
    }
    for (int i = 0; i < N_OPS; i++)
        assert_int_equal(block[i][4095], i + 1);
    hr_sys_aio_op bad = {.fd = -1, .buf = block, .n_bytes = 1, .tag = 99};
    assert_int_equal(s->aio_submit(s->self, q, &bad), 0);
    assert_int_equal(s->aio_reap(s->self, q, done, 1, true), 1);
    assert_int_equal(done[0].result, -EBADF);
    bad.fd = fd;
    assert_int_equal(s->aio_submit(s->self, q, &bad), 0);
    s->aio_close(s->self, q); /* waits for what is under way */
    hr_sys_close(fd);
}

static void test_aio(void **state)
{
    const hr_sys *s = hr_sys_real();
    hr_sys_aio *q;
    (void)state;
    assert_int_equal(s->aio_open(s->self, &q, 0), -EINVAL);
    assert_null(q);
    assert_int_equal(s->aio_open(s->self, &q, 65), -EINVAL);
    run_aio(NULL); /* io_uring where the machine has it */
    hr_sys_real_force_threads(true);
    run_aio("threads");
    hr_sys_real_force_threads(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),           cmocka_unit_test(test_names),
        cmocka_unit_test(test_reserve),         cmocka_unit_test(test_lock),
        cmocka_unit_test(test_time_and_chance), cmocka_unit_test(test_memory),
        cmocka_unit_test(test_threads),         cmocka_unit_test(test_aio)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

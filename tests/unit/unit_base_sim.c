/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>

#include "base/sys.h"
#include "harness.h"

typedef struct ctx {
    hr_sys_sim *sim;
    const hr_sys *s;
} ctx;

static int set_up(void **state)
{
    static ctx c;
    if (hr_sys_sim_create(&c.sim, 1) != HR_OK) return -1;
    c.s = hr_sys_sim_table(c.sim);
    *state = &c;
    return 0;
}

static int tear_down(void **state)
{
    ctx *c = *state;
    hr_sys_sim_destroy(&c->sim);
    assert_null(c->sim);
    hr_sys_sim_destroy(&c->sim);
    return 0;
}

static int open_at(const hr_sys *s, const char *path, int flags)
{
    return s->open(s->self, AT_FDCWD, path, flags, 0644);
}

static void put(const hr_sys *s, const char *path, const char *text, bool is_synced)
{
    int fd = open_at(s, path, O_WRONLY | O_CREAT | O_TRUNC);
    assert_true(fd >= 0);
    assert_int_equal(s->write(s->self, fd, text, strlen(text)), strlen(text));
    if (is_synced) assert_int_equal(s->sync(s->self, fd), 0);
    assert_int_equal(s->close(s->self, fd), 0);
}

static void sync_dir(const hr_sys *s, const char *path)
{
    int fd = open_at(s, path, O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    assert_int_equal(s->sync(s->self, fd), 0);
    assert_int_equal(s->close(s->self, fd), 0);
}

/* The content as a string, or NULL when the file is not there. */
static const char *get(const hr_sys *s, const char *path)
{
    static char text[256];
    int fd = open_at(s, path, O_RDONLY);
    if (fd < 0) return NULL;
    int64_t n = s->pread(s->self, fd, text, sizeof text - 1, 0);
    assert_true(n >= 0);
    text[n] = '\0';
    s->close(s->self, fd);
    return text;
}

static void test_files(void **state)
{
    const hr_sys *s = ((ctx *)*state)->s;
    char buf[16] = {0};
    int fd = open_at(s, "a", O_RDWR | O_CREAT | O_EXCL);
    assert_true(fd >= 0);
    assert_int_equal(open_at(s, "a", O_RDWR | O_CREAT | O_EXCL), -EEXIST);
    assert_int_equal(s->pwrite(s->self, fd, "xyz", 3, 5), 3);
    assert_int_equal(s->read(s->self, fd, buf, 16), 8);
    assert_memory_equal(buf, "\0\0\0\0\0xyz", 8);
    assert_int_equal(s->read(s->self, fd, buf, 16), 0);
    assert_int_equal(s->truncate(s->self, fd, 6), 0);
    assert_int_equal(s->truncate(s->self, fd, 8), 0);
    assert_int_equal(s->pread(s->self, fd, buf, 16, 0), 8);
    assert_memory_equal(buf, "\0\0\0\0\0x\0\0", 8);
    hr_sys_stat st;
    assert_int_equal(s->fstat(s->self, fd, &st), 0);
    assert_int_equal(st.size_bytes, 8);
    assert_true(st.is_file);
    assert_int_equal(s->close(s->self, fd), 0);
    assert_int_equal(s->close(s->self, fd), -EBADF);
    assert_int_equal(s->read(s->self, fd, buf, 1), -EBADF);
    assert_int_equal(s->sync(s->self, 3), -EBADF);

    fd = open_at(s, "a", O_WRONLY | O_APPEND);
    assert_int_equal(s->write(s->self, fd, "end", 3), 3);
    assert_int_equal(s->read(s->self, fd, buf, 1), -EBADF);
    assert_int_equal(s->pwrite(s->self, fd, "", 1, -1), -EINVAL);
    assert_int_equal(s->truncate(s->self, fd, -1), -EINVAL);
    s->close(s->self, fd);
    fd = open_at(s, "a", O_RDONLY);
    assert_int_equal(s->write(s->self, fd, "no", 2), -EBADF);
    assert_int_equal(s->truncate(s->self, fd, 0), -EINVAL);
    assert_int_equal(s->pread(s->self, fd, buf, 16, 0), 11);
    s->close(s->self, fd);
}

static void test_names(void **state)
{
    const hr_sys *s = ((ctx *)*state)->s;
    hr_sys_stat st;
    assert_int_equal(s->mkdir(s->self, AT_FDCWD, "d", 0755), 0);
    assert_int_equal(s->mkdir(s->self, AT_FDCWD, "d/", 0755), -EEXIST);
    assert_int_equal(s->mkdir(s->self, AT_FDCWD, "/", 0755), -EEXIST);
    assert_int_equal(s->mkdir(s->self, AT_FDCWD, "x/y", 0755), -ENOENT);
    assert_int_equal(s->mkdir(s->self, AT_FDCWD, "d/e", 0755), 0);
    put(s, "d/f", "text", false);
    assert_int_equal(s->mkdir(s->self, AT_FDCWD, "d/f/g", 0755), -ENOTDIR);
    assert_int_equal(s->stat(s->self, AT_FDCWD, "/d/./e/../f", &st), 0);
    assert_true(st.is_file && !st.is_dir && st.size_bytes == 4);
    assert_int_equal(s->unlink(s->self, AT_FDCWD, "d", true), -ENOTEMPTY);
    assert_int_equal(s->unlink(s->self, AT_FDCWD, "d/e", false), -EISDIR);
    assert_int_equal(s->unlink(s->self, AT_FDCWD, "d/f", true), -ENOTDIR);
    assert_int_equal(s->unlink(s->self, AT_FDCWD, "d/g", false), -ENOENT);
    assert_int_equal(s->rename(s->self, AT_FDCWD, "d", AT_FDCWD, "d/e/d"), -EINVAL);
    assert_int_equal(s->rename(s->self, AT_FDCWD, "d/f", AT_FDCWD, "d/e"), -EISDIR);
    assert_int_equal(s->rename(s->self, AT_FDCWD, "d/e", AT_FDCWD, "d/f"), -ENOTDIR);
    assert_int_equal(open_at(s, "d", O_RDWR), -EISDIR);
    assert_int_equal(open_at(s, "d/f", O_RDONLY | O_DIRECTORY), -ENOTDIR);

    int dir = open_at(s, "d", O_RDONLY | O_DIRECTORY);
    put(s, "other", "other", false);
    assert_int_equal(s->rename(s->self, AT_FDCWD, "other", dir, "f"), 0);
    assert_string_equal(get(s, "d/f"), "other");
    assert_null(get(s, "other"));
    assert_int_equal(s->unlink(s->self, dir, "f", false), 0);
    assert_int_equal(s->unlink(s->self, dir, "e", true), 0);
    assert_int_equal(s->unlink(s->self, AT_FDCWD, "d", true), 0);
    assert_int_equal(s->open(s->self, dir, "late", O_RDWR | O_CREAT, 0644), -ENOENT);
    s->close(s->self, dir);
}

static int count_names(void *arg, const char *name, bool is_dir)
{
    int *n = arg;
    n[is_dir]++;
    return strcmp(name, "stop") == 0;
}

static void test_list(void **state)
{
    const hr_sys *s = ((ctx *)*state)->s;
    int n[2] = {0};
    s->mkdir(s->self, AT_FDCWD, "d", 0755);
    s->mkdir(s->self, AT_FDCWD, "d/sub", 0755);
    put(s, "d/1", "", false);
    put(s, "d/2", "", false);
    put(s, "d/sub/3", "", false);
    assert_int_equal(s->list(s->self, AT_FDCWD, "d", count_names, n), 0);
    assert_int_equal(n[0], 2);
    assert_int_equal(n[1], 1);
    assert_int_equal(s->list(s->self, AT_FDCWD, "none", count_names, n), -ENOENT);
    assert_int_equal(s->list(s->self, AT_FDCWD, "d/1", count_names, n), -ENOTDIR);
    n[0] = 0;
    s->mkdir(s->self, AT_FDCWD, "e", 0755);
    put(s, "e/stop", "", false);
    put(s, "e/x", "", false);
    assert_int_equal(s->list(s->self, AT_FDCWD, "e", count_names, n), 0);
    assert_int_equal(n[0], 1);
}

static void test_lock(void **state)
{
    ctx *c = *state;
    const hr_sys *s = c->s;
    put(s, "lock", "", false);
    int a = open_at(s, "lock", O_RDWR);
    int b = open_at(s, "lock", O_RDWR);
    assert_int_equal(s->lock(s->self, a), 0);
    assert_int_equal(s->lock(s->self, a), 0);
    assert_int_equal(s->lock(s->self, b), -EWOULDBLOCK);
    s->close(s->self, a);
    assert_int_equal(s->lock(s->self, b), 0);
    hr_sys_sim_kill(c->sim);
    a = open_at(s, "lock", O_RDWR);
    assert_int_equal(s->lock(s->self, a), 0);
    s->close(s->self, a);
}

static void test_capacity(void **state)
{
    ctx *c = *state;
    const hr_sys *s = c->s;
    char buf[1200] = {1};
    hr_sys_sim_set_capacity(c->sim, 1024 + 100);
    int fd = open_at(s, "full", O_RDWR | O_CREAT);
    assert_int_equal(s->write(s->self, fd, buf, 1200), 1024);
    assert_int_equal(s->write(s->self, fd, buf, 1), -ENOSPC);
    assert_int_equal(s->pwrite(s->self, fd, buf, 600, 100), 600); /* no growth: no need of room */
    assert_int_equal(s->truncate(s->self, fd, 2000), -ENOSPC);
    int other = open_at(s, "other", O_RDWR | O_CREAT);
    assert_int_equal(s->write(s->self, other, buf, 1), -ENOSPC);
    assert_int_equal(s->unlink(s->self, AT_FDCWD, "full", false), 0);
    assert_int_equal(s->write(s->self, other, buf, 1), -ENOSPC); /* still open: still held */
    s->close(s->self, fd);
    assert_int_equal(s->write(s->self, other, buf, 1), 1);
    s->close(s->self, other);
}

static void test_clock(void **state)
{
    ctx *c = *state;
    const hr_sys *s = c->s;
    int64_t mono = s->mono_ns(s->self);
    int64_t wall = s->wall_ns(s->self);
    assert_int_equal(s->mono_ns(s->self), mono);
    s->sleep_ns(s->self, 250);
    hr_sys_sim_advance(c->sim, 750);
    assert_int_equal(s->mono_ns(s->self) - mono, 1000);
    assert_int_equal(s->wall_ns(s->self) - wall, 1000);
}

static void test_random_is_seeded(void **state)
{
    hr_sys_sim *other;
    const hr_sys *s = ((ctx *)*state)->s;
    unsigned char a[32];
    unsigned char b[32];
    assert_int_equal(hr_sys_sim_create(&other, 1), HR_OK);
    const hr_sys *o = hr_sys_sim_table(other);
    s->random(s->self, a, sizeof a);
    o->random(o->self, b, sizeof b);
    assert_memory_equal(a, b, sizeof a);
    o->random(o->self, b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
    hr_sys_sim_destroy(&other);
}

static void test_kill_keeps_what_was_written(void **state)
{
    ctx *c = *state;
    put(c->s, "a", "written", false);
    hr_sys_sim_kill(c->sim);
    assert_string_equal(get(c->s, "a"), "written");
}

static void test_crash_keeps_what_was_synced(void **state)
{
    ctx *c = *state;
    put(c->s, "a", "synced", true);
    sync_dir(c->s, "/");
    for (uint64_t seed = 0; seed < 50; seed++) {
        hr_sys_sim_crash(c->sim, seed);
        assert_non_null(get(c->s, "a"));
        assert_string_equal(get(c->s, "a"), "synced");
    }
}

static void test_crash_may_take_the_rest(void **state)
{
    ctx *c = *state;
    const hr_sys *s = c->s;
    int n_names_lost = 0;
    int n_bytes_lost = 0;
    int n_unlinks_undone = 0;
    int n_kept = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        put(s, "old", "old", true);
        put(s, "bytes", "", true);
        s->unlink(s->self, AT_FDCWD, "name", false);
        sync_dir(s, "/");
        put(s, "name", "name", true);
        put(s, "bytes", "bytes", false);
        assert_int_equal(s->unlink(s->self, AT_FDCWD, "old", false), 0);
        hr_sys_sim_crash(c->sim, seed);
        assert_non_null(get(s, "bytes"));
        n_names_lost += get(s, "name") == NULL;
        n_unlinks_undone += get(s, "old") != NULL;
        n_bytes_lost += strcmp(get(s, "bytes"), "bytes") != 0;
        n_kept += get(s, "name") != NULL && get(s, "old") == NULL;
    }
    assert_true(n_names_lost > 20 && n_bytes_lost > 20 && n_unlinks_undone > 20 && n_kept > 20);
}

static void test_crash_takes_orphans(void **state)
{
    ctx *c = *state;
    const hr_sys *s = c->s;
    int n_lost = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        s->mkdir(s->self, AT_FDCWD, "d", 0755);
        put(s, "d/f", "f", true);
        sync_dir(s, "d");
        hr_sys_sim_crash(c->sim, seed); /* the name "d" itself was never synced */
        hr_sys_stat st;
        if (s->stat(s->self, AT_FDCWD, "d", &st) == -ENOENT) {
            n_lost++;
            assert_int_equal(s->mkdir(s->self, AT_FDCWD, "d", 0755), 0);
            assert_null(get(s, "d/f"));
        } else {
            assert_string_equal(get(s, "d/f"), "f");
        }
        s->unlink(s->self, AT_FDCWD, "d/f", false);
        s->unlink(s->self, AT_FDCWD, "d", true);
        sync_dir(s, "/");
    }
    assert_true(n_lost > 10);
}

static void test_nodes_are_reused(void **state)
{
    const hr_sys *s = ((ctx *)*state)->s;
    for (int i = 0; i < 10000; i++) {
        put(s, "a", "x", false);
        assert_int_equal(s->rename(s->self, AT_FDCWD, "a", AT_FDCWD, "b"), 0);
        if (i % 50 == 0) sync_dir(s, "/");
    }
    assert_string_equal(get(s, "b"), "x");
}

static void test_aio_is_inline(void **state)
{
    const hr_sys *s = ((ctx *)*state)->s;
    hr_sys_aio *q;
    hr_sys_aio_done done[4];
    char buf[4] = {0};
    int fd = open_at(s, "a", O_RDWR | O_CREAT);
    assert_int_equal(s->aio_open(s->self, &q, 0), -EINVAL);
    assert_int_equal(s->aio_open(s->self, &q, 65), -EINVAL);
    assert_int_equal(s->aio_open(s->self, &q, 2), 0);
    hr_sys_aio_op op = {.kind = HR_AIO_WRITE, .fd = fd, .buf = "abcd", .n_bytes = 4, .tag = 7};
    assert_int_equal(s->aio_submit(s->self, q, &op), 0);
    op = (hr_sys_aio_op){.fd = fd, .buf = buf, .n_bytes = 4, .offset = 2, .tag = 8};
    assert_int_equal(s->aio_submit(s->self, q, &op), 0);
    assert_int_equal(s->aio_submit(s->self, q, &op), -EAGAIN);
    assert_int_equal(s->aio_reap(s->self, q, done, 4, true), 2);
    assert_true(done[0].tag == 7 && done[0].result == 4);
    assert_true(done[1].tag == 8 && done[1].result == 2);
    assert_string_equal(buf, "cd");
    assert_int_equal(s->aio_reap(s->self, q, done, 4, true), 0);
    assert_string_equal(s->aio_name(s->self, q), "inline");
    s->aio_close(s->self, q);
    s->close(s->self, fd);
}

static void expect_file(hr_sys_sim *sim, const char *path, const char *text)
{
    const hr_sys *s = hr_sys_sim_table(sim);
    char buf[64] = {0};
    int fd = open_at(s, path, O_RDONLY);
    if (text == NULL) {
        assert_int_equal(fd, -ENOENT);
        return;
    }
    assert_true(fd >= 0);
    assert_int_equal(s->pread(s->self, fd, buf, sizeof buf, 0), (int64_t)strlen(text));
    assert_string_equal(buf, text);
    s->close(s->self, fd);
}

static void sync_root(const hr_sys *s)
{
    int fd = open_at(s, "/", O_RDONLY | O_DIRECTORY);
    assert_int_equal(s->sync(s->self, fd), 0);
    s->close(s->self, fd);
}

/* One file is rewritten and one is new: a sector, a size, a name; every subset of the three. */
static void test_crash_is_spelt_out(void **state)
{
    const ctx *c = *state;
    hr_sys_sim *copy;
    put(c->s, "/old", "abc", true);
    sync_root(c->s);
    put(c->s, "/old", "abcdef", false);
    put(c->s, "/new", "", true);
    assert_int_equal(hr_sys_sim_create(&copy, 2), HR_OK);
    for (uint64_t mask = 0; mask < 8; mask++) {
        assert_int_equal(hr_sys_sim_copy(copy, c->sim), HR_OK);
        assert_int_equal(hr_sys_sim_crash_to(copy, mask), 3);
        bool grows = (mask & 1) != 0; /* a file's size comes before its sectors, names last */
        bool has_bytes = (mask & 2) != 0;
        const hr_sys *s = hr_sys_sim_table(copy);
        char buf[8] = {0};
        int fd = open_at(s, "/old", O_RDONLY);
        assert_int_equal(s->pread(s->self, fd, buf, 8, 0), grows ? 6 : 3);
        assert_memory_equal(buf, "abc", 3);
        assert_memory_equal(buf + 3, grows && has_bytes ? "def" : "\0\0\0", 3);
        s->close(s->self, fd);
        expect_file(copy, "/new", (mask & 4) != 0 ? "" : NULL);
    }
    expect_file(c->sim, "/old", "abcdef"); /* copies leave it alone */
    hr_sys_sim_destroy(&copy);
}

/* After a sync that failed, the next one succeeds and does nothing. */
static void test_lost_sync(void **state)
{
    const ctx *c = *state;
    put(c->s, "/f", "old", true);
    sync_root(c->s);
    int fd = open_at(c->s, "/f", O_WRONLY);
    hr_sys_sim_lose_sync(c->sim, 1);
    assert_int_equal(c->s->pwrite(c->s->self, fd, "new", 3, 0), 3);
    assert_int_equal(c->s->sync(c->s->self, fd), -EIO);
    expect_file(c->sim, "/f", "new");
    assert_int_equal(c->s->sync(c->s->self, fd), 0);
    assert_int_equal(hr_sys_sim_crash_to(c->sim, UINT64_MAX), 0);
    expect_file(c->sim, "/f", "old");
}

static void count_call(void *arg, const char *call, int fd)
{
    char *seen = arg;
    (void)fd;
    seen[strlen(seen)] = call[0];
}

static void test_watch(void **state)
{
    const ctx *c = *state;
    char seen[32] = "";
    hr_sys_sim_watch(c->sim, count_call, seen);
    int fd = open_at(c->s, "/f", O_RDWR | O_CREAT);
    c->s->pwrite(c->s->self, fd, "x", 1, 0);
    char byte;
    c->s->pread(c->s->self, fd, &byte, 1, 0);
    c->s->sync(c->s->self, fd);
    c->s->truncate(c->s->self, fd, 0);
    c->s->close(c->s->self, fd);
    c->s->mkdir(c->s->self, AT_FDCWD, "/d", 0777);
    c->s->rename(c->s->self, AT_FDCWD, "/f", AT_FDCWD, "/d/f");
    c->s->unlink(c->s->self, AT_FDCWD, "/d/f", false);
    hr_sys_sim_watch(c->sim, NULL, NULL);
    assert_string_equal(seen, "opstmru");
}

static void test_reserve(void **state)
{
    const ctx *c = *state;
    static const char block[4096];
    int a = open_at(c->s, "/a", O_RDWR | O_CREAT);
    int b = open_at(c->s, "/b", O_RDWR | O_CREAT);
    hr_sys_sim_set_capacity(c->sim, 8192);
    assert_int_equal(c->s->reserve(c->s->self, a, 0, 8193), -ENOSPC);
    assert_int_equal(c->s->reserve(c->s->self, a, 0, 4096), 0);
    assert_int_equal(c->s->pwrite(c->s->self, b, block, 4096, 0), 4096);
    assert_int_equal(c->s->pwrite(c->s->self, b, block, 1, 4096), -ENOSPC);
    assert_int_equal(c->s->pwrite(c->s->self, a, block, 4096, 0), 4096);
    assert_int_equal(c->s->truncate(c->s->self, a, 0), 0); /* gives it back */
    assert_int_equal(c->s->pwrite(c->s->self, b, block, 4096, 4096), 4096);
    assert_int_equal(c->s->reserve(c->s->self, a, -1, 1), -EINVAL);
    assert_int_equal(c->s->reserve(c->s->self, -1, 0, 1), -EBADF);
    c->s->close(c->s->self, a);
    c->s->close(c->s->self, b);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(test_files),
                                       CASE(test_names),
                                       CASE(test_list),
                                       CASE(test_lock),
                                       CASE(test_capacity),
                                       CASE(test_clock),
                                       CASE(test_random_is_seeded),
                                       CASE(test_kill_keeps_what_was_written),
                                       CASE(test_crash_keeps_what_was_synced),
                                       CASE(test_crash_may_take_the_rest),
                                       CASE(test_crash_takes_orphans),
                                       CASE(test_nodes_are_reused),
                                       CASE(test_crash_is_spelt_out),
                                       CASE(test_lost_sync),
                                       CASE(test_watch),
                                       CASE(test_reserve),
                                       CASE(test_aio_is_inline)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated disk against a naive model, and what a crash may and may not do to it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/sys.h"
#include "harness.h"
#include "rng.h"

#define SECTOR 512u
#define FILE_MAX 8192u
#define N_NAMES 6

typedef struct image {
    size_t size;
    unsigned char p[FILE_MAX];
} image;

static int open_at(const hr_sys *s, const char *path, int flags)
{
    return s->open(s->self, AT_FDCWD, path, flags, 0644);
}

static void sync_path(const hr_sys *s, const char *path)
{
    int fd = open_at(s, path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(s->sync(s->self, fd), 0);
    s->close(s->self, fd);
}

static bool read_image(const hr_sys *s, const char *path, image *m)
{
    int fd = open_at(s, path, O_RDONLY);
    memset(m, 0, sizeof *m);
    if (fd < 0) return false;
    int64_t n = s->pread(s->self, fd, m->p, sizeof m->p, 0);
    assert_true(n >= 0);
    m->size = (size_t)n;
    s->close(s->self, fd);
    return true;
}

/* One random write or truncation, done to the file and to the model. */
static void mutate(const hr_sys *s, int fd, image *m, test_rng *r)
{
    if (test_rng_chance(r, 5)) {
        size_t size = test_rng_below(r, FILE_MAX);
        assert_int_equal(s->truncate(s->self, fd, (int64_t)size), 0);
        if (size < m->size) memset(m->p + size, 0, m->size - size);
        m->size = size;
        return;
    }
    unsigned char buf[1500];
    size_t n = 1 + test_rng_below(r, sizeof buf);
    size_t at = test_rng_below(r, FILE_MAX - n);
    test_rng_bytes(r, buf, n);
    assert_int_equal(s->pwrite(s->self, fd, buf, n, (int64_t)at), n);
    memcpy(m->p + at, buf, n);
    if (at + n > m->size) m->size = at + n;
}

/* Every sector is the old or the new one, but for at most one. */
static void check_crashed(const image *old, const image *new, const image *got)
{
    size_t lo = old->size < new->size ? old->size : new->size;
    size_t hi = old->size > new->size ? old->size : new->size;
    unsigned n_odd = 0;
    assert_true(got->size >= lo && got->size <= hi);
    for (size_t at = 0; at < got->size; at += SECTOR) {
        size_t n = got->size - at < SECTOR ? got->size - at : SECTOR;
        bool is_old = memcmp(got->p + at, old->p + at, n) == 0;
        bool is_new = memcmp(got->p + at, new->p + at, n) == 0;
        n_odd += !is_old && !is_new;
        if (memcmp(old->p + at, new->p + at, SECTOR) == 0) assert_true(is_new);
    }
    assert_true(n_odd <= 1);
}

static image live, safe, got;

static void test_bytes(void **state)
{
    test_rng r;
    hr_sys_sim *sim;
    (void)state;
    test_rng_init(&r, test_seed());
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    const hr_sys *s = hr_sys_sim_table(sim);
    s->close(s->self, open_at(s, "f", O_RDWR | O_CREAT));
    sync_path(s, "/");
    memset(&live, 0, sizeof live);
    for (uint64_t i = 0; i < test_iters(1000); i++) {
        int fd = open_at(s, "f", O_RDWR);
        safe = live; /* a crash settles what it leaves */
        for (uint64_t k = test_rng_below(&r, 8); k > 0; k--) {
            mutate(s, fd, &live, &r);
            if (test_rng_chance(&r, 4)) {
                assert_int_equal(s->sync(s->self, fd), 0);
                safe = live;
            }
        }
        assert_true(read_image(s, "f", &got));
        assert_int_equal(got.size, live.size);
        assert_memory_equal(got.p, live.p, FILE_MAX);
        hr_sys_sim_crash(sim, test_rng_u64(&r));
        assert_true(read_image(s, "f", &got));
        check_crashed(&safe, &live, &got);
        live = got;
    }
    hr_sys_sim_destroy(&sim);
}

/* Names: model[k] is the ino behind name k, 0 for none. */
static uint64_t ino_of(const hr_sys *s, int k)
{
    char path[8];
    hr_sys_stat st;
    snprintf(path, sizeof path, "n%d", k);
    return s->stat(s->self, AT_FDCWD, path, &st) == 0 ? st.ino : 0;
}

static void name_step(const hr_sys *s, uint64_t model[N_NAMES], test_rng *r)
{
    int a = (int)test_rng_below(r, N_NAMES);
    int b = (int)test_rng_below(r, N_NAMES);
    char from[8];
    char to[8];
    snprintf(from, sizeof from, "n%d", a);
    snprintf(to, sizeof to, "n%d", b);
    if (test_rng_chance(r, 3)) {
        int fd = open_at(s, from, O_RDWR | O_CREAT | O_EXCL);
        assert_true(fd >= 0 ? model[a] == 0 : fd == -EEXIST && model[a] != 0);
        if (fd >= 0) s->close(s->self, fd);
        model[a] = ino_of(s, a);
    } else if (test_rng_chance(r, 2)) {
        int rc = s->unlink(s->self, AT_FDCWD, from, false);
        assert_int_equal(rc, model[a] != 0 ? 0 : -ENOENT);
        model[a] = 0;
    } else {
        int rc = s->rename(s->self, AT_FDCWD, from, AT_FDCWD, to);
        assert_int_equal(rc, model[a] != 0 ? 0 : -ENOENT);
        if (rc == 0 && a != b) {
            model[b] = model[a];
            model[a] = 0;
        }
    }
}

static void test_names(void **state)
{
    test_rng r;
    hr_sys_sim *sim;
    uint64_t model[N_NAMES] = {0};
    (void)state;
    test_rng_init(&r, test_seed() + 1);
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    const hr_sys *s = hr_sys_sim_table(sim);
    for (uint64_t i = 0; i < test_iters(5000); i++) {
        for (uint64_t k = test_rng_below(&r, 10); k > 0; k--)
            name_step(s, model, &r);
        for (int k = 0; k < N_NAMES; k++)
            assert_int_equal(ino_of(s, k), model[k]);
        if (test_rng_chance(&r, 2)) {
            sync_path(s, "/"); /* all is settled: the crash may change nothing */
            hr_sys_sim_crash(sim, test_rng_u64(&r));
            for (int k = 0; k < N_NAMES; k++)
                assert_int_equal(ino_of(s, k), model[k]);
        } else if (test_rng_chance(&r, 4)) {
            hr_sys_sim_crash(sim, test_rng_u64(&r));
            for (int k = 0; k < N_NAMES; k++)
                model[k] = ino_of(s, k);
        }
    }
    hr_sys_sim_destroy(&sim);
}

#define VERSION_BYTES 3000

/* Writes a whole new version beside the old one and moves it into place. */
static void replace(const hr_sys *s, uint8_t version, bool with_sync, unsigned n_steps)
{
    unsigned char buf[VERSION_BYTES];
    memset(buf, version, sizeof buf);
    int fd = open_at(s, "tmp", O_WRONLY | O_CREAT | O_TRUNC);
    assert_true(fd >= 0);
    if (n_steps > 0) assert_int_equal(s->write(s->self, fd, buf, sizeof buf), sizeof buf);
    if (n_steps > 1 && with_sync) assert_int_equal(s->sync(s->self, fd), 0);
    s->close(s->self, fd);
    if (n_steps > 2) assert_int_equal(s->rename(s->self, AT_FDCWD, "tmp", AT_FDCWD, "f"), 0);
    if (n_steps > 3) sync_path(s, "/");
}

/* The version that stands in "f" whole, or -1 when it is damaged. */
static int whole_version(const image *m)
{
    if (m->size != VERSION_BYTES) return -1;
    for (size_t i = 1; i < m->size; i++)
        if (m->p[i] != m->p[0]) return -1;
    return m->p[0];
}

static void test_replace_is_atomic(void **state)
{
    test_rng r;
    hr_sys_sim *sim;
    int n_damaged = 0;
    (void)state;
    test_rng_init(&r, test_seed() + 2);
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    const hr_sys *s = hr_sys_sim_table(sim);
    replace(s, 0, true, 4);
    int version = 0;
    for (uint64_t i = 1; i < test_iters(2000); i++) {
        unsigned n_steps = (unsigned)test_rng_below(&r, 5);
        uint8_t next = (uint8_t)i;
        replace(s, next, true, n_steps);
        hr_sys_sim_crash(sim, test_rng_u64(&r));
        assert_true(read_image(s, "f", &got));
        int now = whole_version(&got);
        if (n_steps == 4)
            assert_int_equal(now, next);
        else
            assert_true(now == version || (n_steps == 3 && now == next));
        version = now;
    }
    for (uint64_t i = 0; i < 200; i++) { /* and the simulation does catch who forgets to sync */
        replace(s, 1, true, 4);
        replace(s, 2, false, 4);
        hr_sys_sim_crash(sim, test_rng_u64(&r));
        assert_true(read_image(s, "f", &got));
        n_damaged += whole_version(&got) != 2;
    }
    assert_true(n_damaged > 20);
    hr_sys_sim_destroy(&sim);
}

static void test_log_keeps_its_prefix(void **state)
{
    test_rng r;
    hr_sys_sim *sim;
    (void)state;
    test_rng_init(&r, test_seed() + 3);
    for (uint64_t i = 0; i < test_iters(500); i++) {
        assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
        const hr_sys *s = hr_sys_sim_table(sim);
        int fd = open_at(s, "log", O_WRONLY | O_CREAT | O_APPEND);
        sync_path(s, "/");
        uint64_t n_synced = 0;
        uint64_t n = test_rng_below(&r, 200);
        for (uint64_t k = 0; k < n; k++) {
            assert_int_equal(s->write(s->self, fd, &k, sizeof k), sizeof k);
            if (!test_rng_chance(&r, 3)) continue;
            assert_int_equal(s->sync(s->self, fd), 0);
            n_synced = k + 1;
        }
        hr_sys_sim_crash(sim, test_rng_u64(&r));
        assert_true(read_image(s, "log", &got));
        assert_true(got.size >= n_synced * sizeof(uint64_t));
        for (uint64_t k = 0; k < n_synced; k++)
            assert_memory_equal(got.p + k * sizeof k, &k, sizeof k);
        hr_sys_sim_destroy(&sim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bytes), cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_replace_is_atomic),
                                       cmocka_unit_test(test_log_keeps_its_prefix)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Read-ahead: order, ends, streams, short and interrupted transfers, files that shrink. */
#include "pipe/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "harness.h"

#define BLOCK ((int64_t)HR_READER_BLOCK_BYTES)

static hr_sys_sim *sim;
static hr_arena *arena;

static char byte_at(int64_t i)
{
    return (char)(i % 251 + i / BLOCK);
}

static int set_up(void **state)
{
    (void)state;
    if (hr_sys_sim_create(&sim, 1) != HR_OK) return -1;
    hr_sys_install(hr_sys_sim_table(sim));
    return hr_arena_create(&arena, NULL, hr_reader_bytes() + 65536, "reader", NULL) == HR_OK ? 0
                                                                                             : -1;
}

static int tear_down(void **state)
{
    (void)state;
    hr_arena_destroy(&arena);
    hr_sys_install(NULL);
    hr_sys_sim_destroy(&sim);
    return 0;
}

static void make_file(const char *path, int64_t n_bytes)
{
    static char block[HR_READER_BLOCK_BYTES];
    int fd = hr_sys_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_true(fd >= 0);
    for (int64_t at = 0; at < n_bytes; at += BLOCK) {
        int64_t n = HR_MIN(BLOCK, n_bytes - at);
        for (int64_t i = 0; i < n; i++)
            block[i] = byte_at(at + i);
        assert_int_equal(hr_sys_write_full(fd, block, (size_t)n), n);
    }
    (void)hr_sys_close(fd);
}

/* Takes all blocks from `from` on and compares them; the status that ended it. */
static hr_status take_all(hr_reader *r, int64_t from, int64_t *end, hr_err *err)
{
    const char *block;
    size_t n;
    *end = from;
    for (int idle = 0; idle < 1000000;) {
        hr_status st = hr_reader_take(r, &block, &n, err);
        if (st == HR_AGAIN) {
            idle++;
            continue;
        }
        if (st != HR_OK) return st;
        for (size_t i = 0; i < n; i++)
            assert_int_equal(block[i], byte_at(*end + (int64_t)i));
        *end += (int64_t)n;
        hr_reader_give(r);
    }
    return HR_AGAIN;
}

static void test_sizes(void **state)
{
    const int64_t sizes[] = {0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 4 * BLOCK, 9 * BLOCK + 77};
    hr_err err = HR_ERR_INIT;
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(sizes); i++) {
        hr_reader r;
        int64_t end;
        size_t mark = hr_arena_mark(arena);
        make_file("f", sizes[i]);
        assert_int_equal(hr_reader_open(&r, "f", arena, &err), HR_OK);
        assert_string_equal(hr_reader_backend(&r), "inline");
        assert_int_equal(r.size_bytes, sizes[i]);
        assert_int_equal(take_all(&r, 0, &end, &err), HR_END);
        assert_int_equal(end, sizes[i]);
        hr_reader_close(&r);
        hr_reader_close(&r); /* twice is no harm */
        hr_arena_rewind(arena, mark);
    }
}

static void test_seek(void **state)
{
    hr_reader r;
    hr_err err = HR_ERR_INIT;
    int64_t end;
    (void)state;
    make_file("f", 5 * BLOCK + 3);
    assert_int_equal(hr_reader_open(&r, "f", arena, &err), HR_OK);
    hr_reader_seek(&r, 3 * BLOCK);
    assert_int_equal(take_all(&r, 3 * BLOCK, &end, &err), HR_END);
    assert_int_equal(end, 5 * BLOCK + 3);
    hr_reader_close(&r);
}

static void test_refusals(void **state)
{
    hr_reader r;
    hr_arena *small;
    hr_err err = HR_ERR_INIT;
    const hr_sys *sys = hr_sys_get();
    (void)state;
    assert_int_equal(hr_reader_open(&r, "absent", arena, &err), HR_ENOENT);
    assert_non_null(strstr(err.message, "cannot open 'absent'"));
    hr_reader_close(&r);
    assert_int_equal(sys->mkdir(sys->self, AT_FDCWD, "dir", 0777), 0);
    assert_int_equal(hr_reader_open(&r, "dir", arena, &err), HR_EINPUT);
    assert_string_equal(err.message, "'dir' is a directory, a file was expected");
    hr_reader_close(&r);
    make_file("f", 10);
    assert_int_equal(hr_arena_create(&small, NULL, HR_READER_BLOCK_BYTES, "small", NULL), HR_OK);
    assert_int_equal(hr_reader_open(&r, "f", small, &err), HR_EBUDGET);
    assert_string_equal(err.message, "no memory to read 'f'");
    hr_reader_close(&r);
    hr_arena_destroy(&small);
}

/* The file ends before its size: what is there is not taken for all of it. */
static void test_shrinks(void **state)
{
    hr_reader r;
    hr_err err = HR_ERR_INIT;
    int64_t end;
    (void)state;
    make_file("f", 3 * BLOCK);
    assert_int_equal(hr_reader_open(&r, "f", arena, &err), HR_OK);
    int fd = hr_sys_open(AT_FDCWD, "f", O_WRONLY, 0);
    assert_int_equal(hr_sys_truncate(fd, BLOCK + 5), 0);
    (void)hr_sys_close(fd);
    assert_int_equal(take_all(&r, 0, &end, &err), HR_EIO);
    assert_int_equal(end, BLOCK);
    assert_string_equal(err.message,
                        "file became shorter while it was read: 262149 of 786432 bytes");
    hr_reader_close(&r);
}

static void with_fault(const hr_sys_fault *fault, hr_status want, const char *message)
{
    hr_reader r;
    hr_sys_fail *f;
    hr_err err = HR_ERR_INIT;
    int64_t end = -1;
    size_t mark = hr_arena_mark(arena);
    make_file("f", 3 * BLOCK + 9);
    assert_int_equal(hr_sys_fail_create(&f, hr_sys_sim_table(sim), fault), HR_OK);
    hr_sys_install(hr_sys_fail_table(f));
    hr_status st = hr_reader_open(&r, "f", arena, &err);
    if (st == HR_OK) st = take_all(&r, 0, &end, &err);
    hr_reader_close(&r);
    assert_int_equal(st, want);
    if (message != NULL) assert_non_null(strstr(err.message, message));
    if (want == HR_END) assert_int_equal(end, 3 * BLOCK + 9);
    hr_sys_install(hr_sys_sim_table(sim));
    hr_sys_fail_destroy(&f);
    hr_arena_rewind(arena, mark);
}

static void test_faults(void **state)
{
    (void)state;
    with_fault(&(hr_sys_fault){.short_max = 61}, HR_END, NULL);
    with_fault(&(hr_sys_fault){.eintr_every = 2}, HR_END, NULL);
    with_fault(&(hr_sys_fault){.call = "open", .nth = 1, .sys_errno = EACCES}, HR_EACCES,
               "cannot open 'f'");
    with_fault(&(hr_sys_fault){.call = "fstat", .nth = 1, .sys_errno = EIO}, HR_EIO,
               "cannot stat 'f'");
    with_fault(&(hr_sys_fault){.call = "aio_open", .nth = 1, .sys_errno = ENOMEM}, HR_ENOMEM,
               "cannot start reading 'f'");
    with_fault(&(hr_sys_fault){.call = "pread", .nth = 2, .forever = true, .sys_errno = EIO},
               HR_EIO, "cannot read at offset 262144");
}

/* A pipe on standard input: in order, to its end, without a size. */
static void test_stream(void **state)
{
    int ends[2];
    char text[1000];
    hr_reader r;
    hr_err err = HR_ERR_INIT;
    int64_t end;
    (void)state;
    hr_sys_install(NULL);
    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < (int)sizeof text; i++)
        text[i] = byte_at(i);
    assert_int_equal(write(ends[1], text, sizeof text), sizeof text);
    close(ends[1]);
    int kept = dup(0);
    assert_int_equal(dup2(ends[0], 0), 0);
    close(ends[0]);
    assert_int_equal(hr_reader_open(&r, "-", arena, &err), HR_OK);
    assert_true(r.is_stream);
    assert_string_equal(hr_reader_backend(&r), "stream");
    assert_int_equal(take_all(&r, 0, &end, &err), HR_END);
    assert_int_equal(end, sizeof text);
    hr_reader_close(&r);
    dup2(kept, 0);
    close(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sizes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_seek, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shrinks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stream, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

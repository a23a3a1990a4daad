/* SPDX-License-Identifier: Apache-2.0 */
/* Tables that a lane writes while the next group is filled: the bytes, calls and errors of those
 * that are written where they are filled, whichever write fails, for Parquet and Arrow; what is
 * given up in the middle of a write is joined and leaves nothing. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/sys.h"
#include "convert/row_out.h"
#include "harness.h"
#include "rng.h"

#define GROUP 32768u /* rows, as row_out has them */
#define N_REAL 8u
#define N_FIELDS (N_REAL + 2u)
#define STEP 5000u /* rows at a time; groups end within one */

static const hr_row_field fields[N_FIELDS] = {{"t", HR_CELL_TIME, 0}, {"name", HR_CELL_TEXT, 0},
                                              {"a", HR_CELL_REAL, 0}, {"b", HR_CELL_REAL, 0},
                                              {"c", HR_CELL_REAL, 0}, {"d", HR_CELL_REAL, 0},
                                              {"e", HR_CELL_REAL, 0}, {"f", HR_CELL_REAL, 0},
                                              {"g", HR_CELL_REAL, 0}, {"h", HR_CELL_REAL, 0}};

/* What came of a table. */
typedef struct result {
    hr_status st;
    hr_err err;
    uint64_t n_writes;
    uint32_t made; /* kinds of call */
    char *bytes;   /* NULL: no such file */
    size_t n_bytes;
} result;

typedef struct job {
    const char *path;
    uint32_t n_lane_groups;
    uint32_t n_rows;
    uint32_t max_groups; /* 0: as many as there are */
    bool gives_up;       /* behind the rows */
    hr_sys_fault fault;
} job;

static void fill(hr_row_out *o, test_rng *rng, uint32_t n)
{
    int64_t *ts = hr_row_out_column(o, 0);
    hr_text *name = hr_row_out_column(o, 1);
    for (uint32_t i = 0; i < n; i++) {
        ts[i] = (int64_t)(o->n_rows + i) * 1000;
        name[i] = hr_text_of(test_rng_chance(rng, 2) ? "one" : "another");
    }
    for (uint32_t c = 2; c < N_FIELDS; c++) {
        double *v = hr_row_out_column(o, c);
        for (uint32_t i = 0; i < n; i++)
            v[i] = test_rng_unit(rng);
    }
}

static hr_status put_rows(hr_row_out *o, const job *j, hr_err *err)
{
    test_rng rng;
    test_rng_init(&rng, 7);
    for (uint32_t at = 0, n; at < j->n_rows; at += n) {
        n = HR_MIN(HR_MIN(j->n_rows - at, STEP), hr_row_out_room(o));
        fill(o, &rng, n);
        HR_TRY(hr_row_out_took(o, n, err));
    }
    return HR_OK;
}

static void load(result *r, const char *path)
{
    hr_sys_stat st;
    const hr_sys *sys = hr_sys_get();
    if (sys->stat(sys->self, AT_FDCWD, path, &st) != 0) return;
    r->n_bytes = (size_t)st.size_bytes;
    r->bytes = malloc(r->n_bytes);
    assert_non_null(r->bytes);
    int fd = hr_sys_open(AT_FDCWD, path, O_RDONLY, 0);
    assert_true(fd >= 0);
    assert_int_equal(hr_sys_pread_full(fd, r->bytes, r->n_bytes, 0), r->n_bytes);
    assert_int_equal(hr_sys_close(fd), 0);
}

static void write_table(const job *j, result *r)
{
    hr_arena *arena = NULL;
    hr_row_out *o = calloc(1, sizeof *o);
    hr_row_target to = {
        .path = j->path, .index_bytes = 1u << 20, .n_lane_groups = j->n_lane_groups};
    size_t n = hr_row_out_bytes(&to, fields, N_FIELDS);
    assert_non_null(o);
    assert_int_equal(hr_arena_create(&arena, NULL, n, "t", NULL), HR_OK);
    hr_row_out_init(o);
    r->st = hr_row_out_open(o, &to, fields, N_FIELDS, arena, &r->err);
    if (j->max_groups > 0) o->group.max_groups = j->max_groups;
    if (r->st == HR_OK) r->st = put_rows(o, j, &r->err);
    if (r->st == HR_OK && !j->gives_up) r->st = hr_row_out_finish(o, &r->err);
    hr_row_out_abandon(o);
    hr_arena_destroy(&arena);
    free(o);
}

/* On a disk of its own, on which nothing is left open. */
static result run(const job *j)
{
    hr_sys_sim *sim;
    hr_sys_fail *fail;
    result r = {.err = HR_ERR_INIT};
    char part[64];
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    assert_int_equal(hr_sys_fail_create(&fail, hr_sys_sim_table(sim), &j->fault), HR_OK);
    hr_sys_install(hr_sys_fail_table(fail));
    write_table(j, &r);
    r.n_writes = hr_sys_fail_seen(fail);
    r.made = hr_sys_fail_made(fail);
    hr_sys_install(hr_sys_sim_table(sim));
    load(&r, j->path);
    result left = {0};
    snprintf(part, sizeof part, "/.%s.part", j->path + 1);
    load(&left, part);
    assert_null(left.bytes);
    assert_int_equal(hr_sys_sim_open_count(sim), 0);
    assert_int_equal(hr_sys_fail_maps(fail), 0);
    hr_sys_install(NULL);
    hr_sys_fail_destroy(&fail);
    hr_sys_sim_destroy(&sim);
    return r;
}

static bool has_made(const result *r, const char *call)
{
    for (unsigned i = 0; hr_sys_fail_kind(i) != NULL; i++)
        if (strcmp(hr_sys_fail_kind(i), call) == 0) return (r->made >> i & 1) != 0;
    return false;
}

static void expect_equal(const result *a, const result *b)
{
    assert_int_equal(a->st, b->st);
    assert_string_equal(a->err.message, b->err.message);
    assert_int_equal(a->n_writes, b->n_writes);
    assert_int_equal(a->n_bytes, b->n_bytes);
    assert_int_equal(a->bytes == NULL, b->bytes == NULL);
    if (b->bytes != NULL) assert_memory_equal(a->bytes, b->bytes, b->n_bytes);
}

/* With a lane as without one, whatever may be under way on it; what it was. */
static result expect_same(job j)
{
    static const uint32_t n_groups[] = {1, 3};
    j.n_lane_groups = 0;
    result here = run(&j);
    assert_false(has_made(&here, "thread_start"));
    for (size_t i = 0; i < HR_ARRAY_LEN(n_groups); i++) {
        j.n_lane_groups = n_groups[i];
        result there = run(&j);
        expect_equal(&there, &here);
        assert_int_equal(has_made(&there, "thread_start"), j.n_rows >= GROUP);
        free(there.bytes);
    }
    free(here.bytes);
    here.bytes = NULL;
    return here;
}

static const char *const paths[] = {"/t.parquet", "/t.arrow", "/t.arrows"};

static void test_same_bytes(void **state)
{
    static const uint32_t n_rows[] = {0,         1,         GROUP - 1,     GROUP,
                                      GROUP + 1, 2 * GROUP, 3 * GROUP - 1, 5 * GROUP};
    (void)state;
    for (size_t p = 0; p < HR_ARRAY_LEN(paths); p++) {
        for (size_t i = 0; i < HR_ARRAY_LEN(n_rows); i++) {
            job j = {.path = paths[p], .n_rows = n_rows[i], .fault = {.call = "write"}};
            result r = expect_same(j);
            assert_int_equal(r.st, HR_OK);
            assert_true(r.n_bytes > n_rows[i] * N_REAL * 6);
        }
    }
}

/* Each write in turn, of the first group to the footer, once and for ever. */
static void test_full_disk(void **state)
{
    static const uint32_t n_rows[] = {3 * GROUP, 3 * GROUP + 7};
    uint64_t n_failed = 0;
    (void)state;
    for (size_t i = 0; i < 2 * HR_ARRAY_LEN(n_rows); i++) {
        result r = {0};
        uint64_t nth = 1;
        do {
            job j = {.path = paths[i / 2],
                     .n_rows = n_rows[i % 2],
                     .fault = {.call = "write",
                               .nth = nth,
                               .sys_errno = nth % 2 != 0 ? ENOSPC : EIO,
                               .forever = nth % 3 == 0}};
            r = expect_same(j);
            if (r.st != HR_OK) {
                assert_int_equal(r.st, nth % 2 != 0 ? HR_ENOSPC : HR_EIO);
                assert_int_equal(r.n_writes, nth); /* none after it */
                assert_int_equal(r.n_bytes, 0);
                assert_non_null(strstr(r.err.message, "cannot write '/.t."));
                n_failed++;
            }
        } while (r.st != HR_OK && ++nth < 100);
        assert_int_equal(r.st, HR_OK);
    }
    assert_true(n_failed > 4 * 3);
}

/* A table that is full, of which a write failed before or not: that comes first. */
static void test_full_table(void **state)
{
    bool was[2] = {false, false};
    (void)state;
    for (uint64_t nth = 0; nth < 8; nth++) {
        job j = {.path = "/t.parquet",
                 .n_rows = 4 * GROUP,
                 .max_groups = 2,
                 .fault = {.call = "write", .nth = nth, .sys_errno = EIO}};
        result r = expect_same(j);
        assert_true(r.st == HR_EIO || r.st == HR_ELIMIT);
        was[r.st == HR_EIO] = true;
    }
    assert_true(was[0] && was[1]);
}

static void test_no_thread(void **state)
{
    (void)state;
    job j = {.path = "/t.parquet", .n_rows = 2 * GROUP + 1, .fault = {.call = "thread_start"}};
    result want = run(&j);
    j.n_lane_groups = 1;
    j.fault.nth = 1;
    j.fault.sys_errno = EAGAIN;
    result r = run(&j);
    assert_true(has_made(&r, "thread_start"));
    assert_int_equal(r.n_writes, 1); /* it is asked for once */
    assert_int_equal(r.st, HR_OK);
    assert_int_equal(r.n_bytes, want.n_bytes);
    assert_memory_equal(r.bytes, want.bytes, want.n_bytes);
    free(want.bytes);
    free(r.bytes);
}

/* ---- given up while the lane writes ---- */

static _Atomic int stage; /* 1: a write has begun; 2: the owner goes on */

static void hold_write(void *arg, const char *call, int fd)
{
    int none = 0;
    const hr_sys *sys = hr_sys_real();
    (void)arg;
    (void)fd;
    if (strcmp(call, "write") != 0) return;
    if (!atomic_compare_exchange_strong(&stage, &none, 1)) return;
    while (atomic_load(&stage) != 2)
        sys->sleep_ns(sys->self, 10000);
}

static void test_given_up(void **state)
{
    const hr_sys *sys = hr_sys_real();
    hr_sys_sim *sim;
    hr_sys_stat st;
    (void)state;
    for (size_t p = 0; p < HR_ARRAY_LEN(paths); p++) {
        hr_arena *arena = NULL;
        hr_row_out *o = calloc(1, sizeof *o);
        hr_row_target to = {.path = paths[p], .index_bytes = 1u << 20, .n_lane_groups = 1};
        job j = {.n_rows = GROUP + 9};
        assert_non_null(o);
        atomic_store(&stage, 0);
        assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
        hr_sys_install(hr_sys_sim_table(sim));
        hr_sys_sim_watch(sim, hold_write, NULL);
        size_t n = hr_row_out_bytes(&to, fields, N_FIELDS);
        assert_int_equal(hr_arena_create(&arena, NULL, n, "t", NULL), HR_OK);
        assert_int_equal(hr_row_out_open(o, &to, fields, N_FIELDS, arena, NULL), HR_OK);
        assert_int_equal(put_rows(o, &j, NULL), HR_OK);
        while (atomic_load(&stage) != 1)
            sys->sleep_ns(sys->self, 10000);
        atomic_store(&stage, 2);
        hr_row_out_abandon(o);
        hr_row_out_abandon(o); /* nothing more to do */
        hr_arena_destroy(&arena);
        free(o);
        assert_int_equal(hr_sys_sim_open_count(sim), 0);
        assert_true(hr_sys_get()->stat(hr_sys_get()->self, AT_FDCWD, paths[p], &st) < 0);
        hr_sys_install(NULL);
        hr_sys_sim_destroy(&sim);
    }
}

/* At any row: before the lane runs, with a group on it, behind a failure that was not heard of. */
static void test_given_up_anywhere(void **state)
{
    (void)state;
    for (uint32_t n_rows = 0; n_rows <= 3 * GROUP; n_rows += GROUP / 2) {
        for (uint64_t nth = 0; nth < 2; nth++) {
            job j = {.path = "/t.parquet",
                     .n_lane_groups = 1,
                     .n_rows = n_rows,
                     .gives_up = true,
                     .fault = {.call = "write", .nth = nth, .sys_errno = EIO}};
            result r = run(&j);
            assert_null(r.bytes);
            assert_int_equal(r.st, nth > 0 && n_rows >= 2 * GROUP ? HR_EIO : HR_OK);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bytes), cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_full_table), cmocka_unit_test(test_no_thread),
        cmocka_unit_test(test_given_up),   cmocka_unit_test(test_given_up_anywhere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

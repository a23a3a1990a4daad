/* SPDX-License-Identifier: Apache-2.0 */
/* One bit of the manifest or of the checkpoint turns between a kill and the resume: it is found, or
 * the work is done again; never is it believed. One bit of a dataset at rest turns: verify finds it
 * and names the file, and a reader of that file finds it or reads the same values. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "fault_case.h"
#include "fmt/pq_read.h"
#include "harness.h"
#include "rng.h"
#include "store/verify.h"

static fault_world world;

static int set_up(void **state)
{
    test_engine e = TEST_ENGINE_DEFAULT;
    hr_synth_options opt = HR_SYNTH_OPTIONS_DEFAULT;
    *state = &world;
    opt.n_instruments = 2;
    opt.n_levels = 500;
    opt.n_gaps = 1;
    e.commit_rows = 700;
    e.instruments = 2;
    fault_world_init(&world, &e, &opt);
    return 0;
}

static void flip(const char *file, uint64_t n_flips, uint64_t *n_found)
{
    test_rng rng;
    test_rng_init(&rng, test_seed());
    for (uint64_t i = 0; i < test_iters(n_flips); i++) {
        fault_case c = {.fault = {.call = "unlink", .nth = 2, .freeze = true},
                        .flip = file,
                        .flip_bit = test_rng_u64(&rng)};
        fault_result r;
        const char *bad = fault_case_check(&world, &c, &r);
        if (bad != NULL)
            print_error("%s, bit %llu: %s\n", file, (unsigned long long)c.flip_bit, bad);
        assert_null(bad);
        *n_found += r.resumed == HR_ECORRUPT;
    }
    printf("# states %llu\n", (unsigned long long)test_iters(n_flips));
}

static void test_manifest(void **state)
{
    uint64_t n_found = 0;
    (void)state;
    flip("manifest.jsonl", 150, &n_found);
    assert_true(n_found > 0);
}

/* Killed when commit 2 was named and its forerunner's checkpoint about to go. */
static void test_checkpoint(void **state)
{
    uint64_t n_found = 0;
    (void)state;
    flip("state-2.bin", 250, &n_found);
    assert_int_equal(n_found, test_iters(250));
}

/* ---- a dataset at rest: what verify and a reader make of each flip ---- */

#define PATHS_MAX 64

static hr_sys_sim *disk;

typedef struct findings {
    const char *want; /* how every finding must begin */
    uint32_t n, n_others;
} findings;

static void say(void *self, const char *text)
{
    findings *f = self;
    f->n++;
    if (strncmp(text, f->want, strlen(f->want)) == 0) return;
    f->n_others++;
    if (f->n_others == 1) print_error("%s\n", text);
}

static hr_verify_result verify(findings *f)
{
    hr_verify_result r;
    hr_err err = HR_ERR_INIT;
    fault_still_alive();
    if (hr_dataset_verify("/out", &r, say, f, &err) != HR_OK) print_error("%s\n", err.message);
    fault_all_done();
    return r;
}

static void put_byte(const char *path, size_t at, unsigned char byte)
{
    const hr_sys *sys = hr_sys_sim_table(disk);
    int fd = sys->open(sys->self, AT_FDCWD, path, O_WRONLY, 0);
    assert_int_equal(sys->pwrite(sys->self, fd, &byte, 1, (int64_t)at), 1);
    assert_int_equal(sys->close(sys->self, fd), 0);
}

/* Runs the engine to its end, or until it dies just after its nth commit: of a small book, for
 * verify reads the whole dataset again for each flip. */
static void make_dataset(uint64_t dies_after)
{
    bool dies = dies_after > 0;
    hr_sys_fault fault = {.call = "unlink", .nth = dies_after, .freeze = true};
    hr_sys_fail *f;
    test_engine e = world.engine;
    hr_synth_options opt = HR_SYNTH_OPTIONS_DEFAULT;
    opt.n_instruments = 1;
    opt.n_levels = 300;
    opt.n_gaps = 1;
    opt.n_bad = 2;
    opt.seed = test_seed();
    e.instruments = 1;
    e.commit_rows = dies ? 120 : 100000;
    assert_int_equal(hr_sys_sim_create(&disk, 1), HR_OK);
    const hr_sys *sys = hr_sys_sim_table(disk);
    assert_true(test_engine_capture(sys, e.input, &opt) > 0);
    assert_int_equal(hr_sys_fail_create(&f, sys, &fault), HR_OK);
    hr_sys_install(hr_sys_fail_table(f));
    hr_status st = test_engine_run(&e, NULL, NULL);
    assert_int_equal(st, dies ? HR_EIO : HR_OK);
    hr_sys_install(sys);
    hr_sys_fail_destroy(&f);
    hr_sys_sim_kill(disk);
}

static void drop_dataset(void)
{
    hr_sys_install(NULL);
    hr_sys_sim_destroy(&disk);
}

/* Which bits of a byte to turn: one by dice, or each. */
static unsigned first_bit(test_rng *rng)
{
    return fault_is_full() ? 0 : (unsigned)test_rng_below(rng, 8);
}

static unsigned bit_step(void)
{
    return fault_is_full() ? 1 : 8;
}

static uint64_t parts_of_line(const char *text, size_t line)
{
    uint64_t n = 0;
    for (; line > 0; line--)
        text = strchr(text, '\n') + 1;
    const char *end = strchr(text, '\n');
    for (const char *p = strstr(text, "{\"path\""); p != NULL && p < end;
         p = strstr(p + 1, "{\"path\""))
        n++;
    return n;
}

/* The line is named, its parts alone are not looked at. */
static void test_every_byte_of_manifest(void **state)
{
    test_rng rng;
    size_t n;
    uint64_t n_flips = 0;
    size_t line = 0;
    (void)state;
    test_rng_init(&rng, test_seed());
    make_dataset(2);
    char *text = fault_load(hr_sys_sim_table(disk), "/out/manifest.jsonl", &n);
    findings none = {.want = ""};
    hr_verify_result whole = verify(&none);
    assert_int_equal(none.n, 0);
    for (size_t at = 0; at < n; line += text[at] == '\n', at++)
        for (unsigned bit = first_bit(&rng); bit < 8; bit += bit_step(), n_flips++) {
            char want[32];
            snprintf(want, sizeof want, "manifest.jsonl:");
            findings f = {.want = want};
            put_byte("/out/manifest.jsonl", at, (unsigned char)(text[at] ^ 1 << bit));
            hr_verify_result r = verify(&f);
            /* a line end that is gone takes the next line along; the last line's checkpoint may
             * then be the one before it, which is gone already */
            uint64_t gone = parts_of_line(text, line);
            if (text[at] == '\n' && at + 1 < n) gone += parts_of_line(text, line + 1);
            bool is_last = line == 2 || (line == 1 && text[at] == '\n');
            if (f.n == 0 || (!is_last && f.n_others > 0) || r.n_parts != whole.n_parts - gone)
                print_error("byte %zu, bit %u: %u findings, %llu parts\n", at, bit, f.n,
                            (unsigned long long)r.n_parts);
            assert_true(f.n > 0 && (is_last || f.n_others == 0));
            assert_int_equal(r.n_parts, whole.n_parts - gone);
            put_byte("/out/manifest.jsonl", at, (unsigned char)text[at]);
        }
    printf("# states %llu, lines %zu\n", (unsigned long long)n_flips, line);
    assert_true(line == 3);
    free(text);
    drop_dataset();
}

static void test_every_byte_of_checkpoint(void **state)
{
    test_rng rng;
    size_t n;
    uint64_t n_flips = 0;
    (void)state;
    test_rng_init(&rng, test_seed());
    make_dataset(1);
    char *text = fault_load(hr_sys_sim_table(disk), "/out/state-1.bin", &n);
    assert_non_null(text);
    for (size_t at = 0; at < n; at++)
        for (unsigned bit = first_bit(&rng); bit < 8; bit += bit_step(), n_flips++) {
            findings f = {.want = "state-1.bin: checksum"};
            put_byte("/out/state-1.bin", at, (unsigned char)(text[at] ^ 1 << bit));
            (void)verify(&f);
            assert_int_equal(f.n, 1);
            assert_int_equal(f.n_others, 0);
            put_byte("/out/state-1.bin", at, (unsigned char)text[at]);
        }
    printf("# states %llu\n", (unsigned long long)n_flips);
    free(text);
    drop_dataset();
}

/* ---- Parquet ---- */

static hr_arena *arena;

static int64_t read_at(void *self, void *buf, size_t n, int64_t offset)
{
    return hr_sys_pread_full(*(int *)self, buf, n, offset);
}

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
    const unsigned char *c = p;
    for (size_t i = 0; i < n; i++)
        h = (h ^ c[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
    return h;
}

static hr_status mix_column(uint64_t *h, hr_pq_file *f, uint32_t col)
{
    static int64_t v[1024];
    static hr_pq_bytes text[64];
    hr_pq_cursor *cur;
    const hr_pq_column *m = hr_pq_file_column(f, col);
    bool is_bytes =
        (m->phys == HR_PQ_BYTE_ARRAY || m->phys == HR_PQ_FIXED) && m->logical != HR_PQ_L_DECIMAL;
    bool is_float = m->phys == HR_PQ_FLOAT || m->phys == HR_PQ_DOUBLE;
    *h = mix(*h, m->name, strlen(m->name));
    *h = mix(*h, &m->logical, sizeof m->logical);
    *h = mix(*h, &m->scale, sizeof m->scale);
    *h = mix(*h, &m->unit_ns, sizeof m->unit_ns);
    HR_TRY(hr_pq_cursor_create(&cur, f, col, arena, NULL));
    for (uint32_t g = 0; g < hr_pq_file_row_groups(f); g++) {
        HR_TRY(hr_pq_cursor_seek(cur, g, NULL));
        for (;;) {
            uint32_t n = 0;
            hr_status st = is_bytes ? hr_pq_read_bytes(cur, text, HR_ARRAY_LEN(text), &n, NULL)
                           : is_float
                               ? hr_pq_read_f64(cur, (double *)(void *)v, HR_ARRAY_LEN(v), &n, NULL)
                               : hr_pq_read_i64(cur, v, HR_ARRAY_LEN(v), &n, NULL);
            if (st < 0) return st;
            for (uint32_t i = 0; i < n && is_bytes; i++)
                *h = mix(*h, text[i].s, text[i].s != NULL ? text[i].n : 0);
            if (!is_bytes) *h = mix(*h, v, n * sizeof *v);
            if (n == 0) break;
        }
    }
    return HR_OK;
}

/* All that a reader of this one file gets: names, types, values. An error is one that it says. */
static hr_status read_all(const char *path, uint64_t *digest)
{
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_pq_file *f;
    hr_sys_stat st;
    const hr_sys *sys = hr_sys_sim_table(disk);
    size_t mark = hr_arena_mark(arena);
    *digest = UINT64_C(0xcbf29ce484222325);
    int fd = sys->open(sys->self, AT_FDCWD, path, O_RDONLY, 0);
    assert_int_equal(sys->fstat(sys->self, fd, &st), 0);
    hr_status result = hr_pq_file_open(&f, read_at, &fd, st.size_bytes, &limits, arena, NULL);
    if (result == HR_OK) {
        int64_t rows = hr_pq_file_rows(f);
        *digest = mix(*digest, &rows, sizeof rows);
        for (uint32_t i = 0; i < hr_pq_file_columns(f) && result == HR_OK; i++)
            result = mix_column(digest, f, i);
    }
    assert_int_equal(sys->close(sys->self, fd), 0);
    hr_arena_rewind(arena, mark);
    return result;
}

typedef struct flip_sums {
    uint64_t n, n_found_by_reading, n_harmless, n_wrong;
} flip_sums;

static void flip_byte(const char *path, const char *text, size_t at, unsigned bit, uint64_t want,
                      flip_sums *sums)
{
    uint64_t digest;
    findings f = {.want = path + strlen("/out/")};
    put_byte(path, at, (unsigned char)(text[at] ^ 1 << bit));
    (void)verify(&f);
    hr_status st = read_all(path, &digest);
    sums->n++;
    if (st < 0)
        sums->n_found_by_reading++;
    else if (digest == want)
        sums->n_harmless++;
    else
        sums->n_wrong++;
    if (f.n != 1 || f.n_others != 0 || (st == HR_OK && digest != want))
        print_error("%s, byte %zu, bit %u: %u findings, %u of them of others%s\n", path, at, bit,
                    f.n, f.n_others,
                    st == HR_OK && digest != want ? ", other values are read" : "");
    put_byte(path, at, (unsigned char)text[at]);
    assert_int_equal(f.n, 1);
    assert_int_equal(f.n_others, 0);
}

static void flip_part(const char *path, test_rng *rng, flip_sums *footers, flip_sums *pages)
{
    uint64_t want;
    uint64_t n_page_bytes = 0;
    uint32_t n_footer;
    size_t n;
    char *text = fault_load(hr_sys_sim_table(disk), path, &n);
    assert_non_null(text);
    assert_true(read_all(path, &want) == HR_OK);
    memcpy(&n_footer, text + n - 8, sizeof n_footer);
    size_t footer = n - 8 - n_footer;
    bool takes_all = fault_is_full() || n < 4096; /* small ones are mostly page headers */
    for (size_t at = 0; at < n; at++)
        for (unsigned bit = first_bit(rng); bit < 8; bit += bit_step()) {
            bool is_page = at < footer;
            if (is_page && !takes_all && n_page_bytes++ % 64 != 0) continue;
            flip_byte(path, text, at, bit, want, is_page ? pages : footers);
        }
    free(text);
}

static void print_flips(const char *what, const flip_sums *s)
{
    printf("# states %llu of %s: %llu found by reading, %llu change no value, %llu change values\n",
           (unsigned long long)s->n, what, (unsigned long long)s->n_found_by_reading,
           (unsigned long long)s->n_harmless, (unsigned long long)s->n_wrong);
}

/* verify names the part and no other, whatever the byte; a reader finds it, or reads the same. */
static void test_every_byte_of_footers(void **state)
{
    test_rng rng;
    char path[1024] = "/out/";
    flip_sums footers = {0};
    flip_sums pages = {0};
    uint32_t n_parts = 0;
    size_t n;
    (void)state;
    test_rng_init(&rng, test_seed());
    make_dataset(0);
    assert_int_equal(hr_arena_create(&arena, NULL, (size_t)64 << 20, "flips", NULL), HR_OK);
    char *text = fault_load(hr_sys_sim_table(disk), "/out/manifest.jsonl", &n);
    for (const char *at = text; (at = strstr(at, "\"path\":\"")) != NULL; n_parts++) {
        at += strlen("\"path\":\"");
        snprintf(path, sizeof path, "/out/%.*s", (int)strcspn(at, "\""), at);
        flip_part(path, &rng, &footers, &pages);
    }
    printf("# parts %u\n", n_parts);
    print_flips("footers", &footers);
    print_flips("pages", &pages);
    free(text);
    hr_arena_destroy(&arena);
    drop_dataset();
    assert_int_equal(footers.n_wrong, 0);
    assert_int_equal(pages.n_wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manifest),
        cmocka_unit_test(test_checkpoint),
        cmocka_unit_test(test_every_byte_of_manifest),
        cmocka_unit_test(test_every_byte_of_checkpoint),
        cmocka_unit_test(test_every_byte_of_footers),
    };
    return cmocka_run_group_tests(tests, set_up, fault_tear_down);
}

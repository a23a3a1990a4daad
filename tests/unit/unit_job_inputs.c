/* SPDX-License-Identifier: Apache-2.0 */
/* Folders, patterns and ranges of days to files, on the simulated disk. */
#include "job/inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/sys.h"
#include "harness.h"

#define LINE                                                                                       \
    "{\"e\":\"depthUpdate\",\"E\":1723161600000,\"s\":\"BTCUSDT\",\"U\":1,\"u\":2,\"b\":[],"       \
    "\"a\":[]}\n"

static hr_sys_sim *sim;
static hr_plan plan;
static char said[4096];

static void make(const char *path, const char *text)
{
    int fd = hr_sys_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(hr_sys_write_full(fd, text, strlen(text)), strlen(text));
    (void)hr_sys_close(fd);
}

static void make_dir(const char *path)
{
    const hr_sys *sys = hr_sys_get();
    assert_int_equal(sys->mkdir(sys->self, AT_FDCWD, path, 0777), 0);
}

static int set_up(void **state)
{
    (void)state;
    if (hr_sys_sim_create(&sim, 1) != HR_OK) return -1;
    hr_sys_install(hr_sys_sim_table(sim));
    make_dir("/c");
    make_dir("/c/sub");
    make_dir("/c/.hidden");
    make_dir("/c/ours");
    make_dir("/c/x.headrace");
    make("/c/b-2024-01-02.ndjson", LINE);
    make("/c/b-2024-01-01.ndjson", LINE);
    make("/c/b-2024-01-04.ndjson", LINE);
    make("/c/.dot.ndjson", LINE);
    make("/c/.hidden/a.ndjson", LINE);
    make("/c/sub/deep.ndjson", LINE);
    make("/c/readme", "what is here\n");
    make("/c/empty", "");
    make("/c/ours/manifest.jsonl", "{}\n");
    make("/c/ours/a.ndjson", LINE);
    make("/c/x.headrace/a.ndjson", LINE);
    make("/c/odd*name{..}.ndjson", LINE);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    hr_plan_fini(&plan);
    hr_sys_install(NULL);
    hr_sys_sim_destroy(&sim);
    return 0;
}

static void note(void *self, const char *text)
{
    size_t n = strlen(said);
    (void)self;
    snprintf(said + n, sizeof said - n, "%s\n", text);
}

static hr_inputs_report report;

static hr_status expand(const char *a, const char *b, bool keeps_datasets, hr_err *err)
{
    const hr_inputs_options o = {.keeps_datasets = keeps_datasets, .say = note};
    bool skips = plan.skips_missing;
    hr_plan_fini(&plan);
    hr_plan_init(&plan);
    plan.skips_missing = skips;
    said[0] = '\0';
    assert_int_equal(hr_plan_add_input(&plan, a, NULL), HR_OK);
    if (b != NULL) assert_int_equal(hr_plan_add_input(&plan, b, NULL), HR_OK);
    return hr_inputs_expand(&plan, &o, &report, err);
}

static void expect(const char *a, const char *b, const char *const *want, uint32_t n)
{
    hr_err err = HR_ERR_INIT;
    hr_status st = expand(a, b, false, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(st, HR_OK);
    for (uint32_t i = 0; i < n && i < plan.n_inputs; i++)
        assert_string_equal(plan.inputs[i], want[i]);
    assert_int_equal(plan.n_inputs, n);
}
#define EXPECT(a, b, ...)                                                                          \
    do {                                                                                           \
        const char *const want_[] = {__VA_ARGS__};                                                 \
        expect(a, b, want_, HR_ARRAY_LEN(want_));                                                  \
    } while (0)

static void expect_refused(const char *a, hr_status want, const char *part)
{
    hr_err err = HR_ERR_INIT;
    assert_int_equal(expand(a, NULL, false, &err), want);
    if (strstr(err.message, part) == NULL) fail_msg("'%s': %s", a, err.message);
    assert_int_equal(plan.n_inputs, 1); /* as it was */
}

static void test_folder(void **state)
{
    (void)state;
    EXPECT("/c/", NULL, "/c/b-2024-01-01.ndjson", "/c/b-2024-01-02.ndjson",
           "/c/b-2024-01-04.ndjson", "/c/odd*name{..}.ndjson", "/c/sub/deep.ndjson");
    assert_int_equal(report.n_left_out, 2);
    assert_non_null(strstr(said, "left out: '/c/empty' is empty"));
    assert_non_null(strstr(said, "'/c/readme' is not known"));
    assert_null(strstr(said, "ours"));
    assert_string_equal(plan.out, "/c.headrace");
    EXPECT("/c", "/c/b-2024-01-02.ndjson", "/c/b-2024-01-01.ndjson", "/c/b-2024-01-02.ndjson",
           "/c/b-2024-01-04.ndjson", "/c/odd*name{..}.ndjson", "/c/sub/deep.ndjson");
    assert_int_equal(report.n_repeated, 1);
    expect_refused("/c/.hidden/../ours", HR_EUSAGE, "is a dataset");
    expect_refused("/c/ours", HR_EUSAGE, "is a dataset");
    EXPECT("/c/.hidden", NULL, "/c/.hidden/a.ndjson"); /* by name it is taken */
    make_dir("/none");
    expect_refused("/none", HR_ENOENT, "holds no file that can be read");
}

static void test_patterns(void **state)
{
    (void)state;
    EXPECT("/c/b-*.ndjson", NULL, "/c/b-2024-01-01.ndjson", "/c/b-2024-01-02.ndjson",
           "/c/b-2024-01-04.ndjson");
    EXPECT("/*/b-2024-01-0[1-2].ndjson", NULL, "/c/b-2024-01-01.ndjson", "/c/b-2024-01-02.ndjson");
    EXPECT("/c/**/*.ndjson", "/c/readme", "/c/b-2024-01-01.ndjson", "/c/b-2024-01-02.ndjson",
           "/c/b-2024-01-04.ndjson", "/c/odd*name{..}.ndjson", "/c/sub/deep.ndjson", "/c/readme");
    EXPECT("/c/*/d?ep.ndjson", "/c/s*", "/c/sub/deep.ndjson"); /* a folder that matches */
    assert_int_equal(report.n_repeated, 1);
    EXPECT("/c/**", NULL, "/c/b-2024-01-01.ndjson", "/c/b-2024-01-02.ndjson",
           "/c/b-2024-01-04.ndjson", "/c/odd*name{..}.ndjson", "/c/sub/deep.ndjson");
    EXPECT("/c/odd*name{..}.ndjson", NULL, "/c/odd*name{..}.ndjson"); /* it is there: itself */
    assert_false(report.any_pattern);
    expect_refused("/c/*.gz", HR_ENOENT, "no file matches '/c/*.gz'");
    expect_refused("/c/readme/*", HR_ENOENT, "no file matches");
}

static void test_days(void **state)
{
    (void)state;
    EXPECT("/c/b-{2024-01-01..2024-01-02}.ndjson", NULL, "/c/b-2024-01-01.ndjson",
           "/c/b-2024-01-02.ndjson");
    EXPECT("/c/*-{2024-01-01..2024-01-02}.*", NULL, "/c/b-2024-01-01.ndjson",
           "/c/b-2024-01-02.ndjson");
    expect_refused("/c/b-{2024-01-01..2024-01-04}.ndjson", HR_ENOENT,
                   "'/c/b-2024-01-03.ndjson' is missing");
    expect_refused("/c/b-{2024-01-04..2024-01-01}.ndjson", HR_EUSAGE, "a range of days is");
    expect_refused("/c/b-{1990-01-01..2024-01-01}.ndjson", HR_ELIMIT, "more than 1024 days");
    plan.skips_missing = true;
    EXPECT("/c/b-{2024-01-01..2024-01-04}.ndjson", NULL, "/c/b-2024-01-01.ndjson",
           "/c/b-2024-01-02.ndjson", "/c/b-2024-01-04.ndjson");
    assert_int_equal(report.n_missing, 1);
    assert_non_null(strstr(said, "'/c/b-2024-01-03.ndjson': this day is missing"));
    plan.skips_missing = false;
}

static void test_datasets(void **state)
{
    hr_err err = HR_ERR_INIT;
    (void)state;
    assert_int_equal(expand("/c/ours/", "/c/sub", true, &err), HR_OK);
    assert_int_equal(plan.n_inputs, 2);
    assert_string_equal(plan.inputs[0], "/c/ours");
    assert_string_equal(plan.inputs[1], "/c/sub/deep.ndjson");
}

static void test_too_many(void **state)
{
    (void)state;
    make_dir("/many");
    for (int i = 0; i < 1025; i++) {
        char path[32];
        snprintf(path, sizeof path, "/many/%04d.csv", i);
        make(path, "x");
    }
    expect_refused("/many/*", HR_ELIMIT, "stands for more than 1024 files");
    expect_refused("/many", HR_ENOENT, "holds no file"); /* none of them is ours */
    assert_int_equal(report.n_left_out, 1025);
    assert_non_null(strstr(said, "'/many/0000.csv'"));
}

static void test_listing_fails(void **state)
{
    hr_sys_fail *f;
    hr_err err = HR_ERR_INIT;
    const hr_sys_fault fault = {.call = "list", .nth = 1, .sys_errno = EACCES};
    (void)state;
    assert_int_equal(hr_sys_fail_create(&f, hr_sys_sim_table(sim), &fault), HR_OK);
    hr_sys_install(hr_sys_fail_table(f));
    assert_int_equal(expand("/c/*", NULL, false, &err), HR_EACCES);
    assert_non_null(strstr(err.message, "cannot list '/c'"));
    hr_sys_install(hr_sys_sim_table(sim));
    hr_sys_fail_destroy(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folder),   cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_days),     cmocka_unit_test(test_datasets),
        cmocka_unit_test(test_too_many), cmocka_unit_test(test_listing_fails),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

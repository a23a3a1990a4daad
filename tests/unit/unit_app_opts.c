/* SPDX-License-Identifier: Apache-2.0 */
/* The option table: every type, every refusal with its exact words, arguments and `--`. */
#include "app/opts.h"

#include <stdio.h>

#include "harness.h"
#include "kern/cpu.h"
#include "venue/adapter.h"

#define ARGS_MAX 8

typedef struct values {
    bool on, off;
    const char *text;
    int64_t count, size, duration, time;
    int choice;
    hr_opts_engine engine;
    int n_args;
    char *argv[ARGS_MAX + 1];
} values;

static values v;

/* Parses a line of words parted by blanks; "''" is an empty word. */
static hr_status parse(const char *line, hr_err *err)
{
    static const char *const words[] = {"red", "green", NULL};
    static char copy[256];
    int argc = 1;
    v = (values){.off = true, .engine = HR_OPTS_ENGINE_DEFAULT, .choice = -1, .argv = {"verb"}};
    const hr_opt table[] = {
        {"--on", NULL, "on", HR_OPT_ON, &v.on, 0, 0, NULL},
        {"--no-off", NULL, "off", HR_OPT_OFF, &v.off, 0, 0, NULL},
        {"--text", "T", "text", HR_OPT_TEXT, &v.text, 0, 0, NULL},
        {"--count", "N", "count", HR_OPT_COUNT, &v.count, -2, 9, NULL},
        {"--size", "S", "size", HR_OPT_SIZE, &v.size, 1024, 1 << 20, NULL},
        {"--duration", "D", "duration", HR_OPT_DURATION, &v.duration, 1000, 1000000000, NULL},
        {"--time", "T", "time", HR_OPT_TIME, &v.time, 0, 0, NULL},
        {"--choice", "C", "choice", HR_OPT_CHOICE, &v.choice, 0, 0, words},
        HR_OPTS_ENGINE(v.engine),
    };
    const hr_opts opts = {.verb = "verb",
                          .args = "FILE...",
                          .about = "about",
                          .example = "headrace verb",
                          .opt = table,
                          .n_opt = HR_ARRAY_LEN(table),
                          .min_args = 1,
                          .max_args = 3};
    snprintf(copy, sizeof copy, "%s", line);
    for (char *p = copy; *p != '\0' && argc < ARGS_MAX; argc++) {
        size_t n = strcspn(p, " ");
        char *after = p + n + (p[n] == ' ');
        p[n] = '\0';
        v.argv[argc] = strcmp(p, "''") == 0 ? p + 2 : p;
        p = after;
    }
    hr_err_reset(err);
    return hr_opts_parse(&opts, argc, v.argv, &v.n_args, err);
}

static void test_values(void **state)
{
    hr_err err;
    (void)state;
    assert_int_equal(parse("a --on --no-off --text hello --count=-2", &err), HR_OK);
    assert_true(v.on);
    assert_false(v.off);
    assert_string_equal(v.text, "hello");
    assert_int_equal(v.count, -2);
    assert_int_equal(parse("--size 1MiB --duration=1s --choice green a", &err), HR_OK);
    assert_int_equal(v.size, 1 << 20);
    assert_int_equal(v.duration, 1000000000);
    assert_int_equal(parse("--time 1970-01-02 a", &err), HR_OK);
    assert_int_equal(v.time, INT64_C(86400000000000));
    assert_int_equal(parse("--size 1MiB --duration=1s --choice green a", &err), HR_OK);
    assert_int_equal(v.choice, 1);
    assert_int_equal(parse("a --count 3 --count 4", &err), HR_OK);
    assert_int_equal(v.count, 4); /* the last wins */
    assert_int_equal(parse("a --text=--on", &err), HR_OK);
    assert_string_equal(v.text, "--on");
    assert_false(v.on);
    assert_int_equal(parse("a --text -- --on", &err), HR_OK); /* a value like any other */
    assert_string_equal(v.text, "--");
    assert_true(v.on);
    assert_int_equal(parse("a --text==x=", &err), HR_OK);
    assert_string_equal(v.text, "=x=");
}

static void test_arguments(void **state)
{
    hr_err err;
    (void)state;
    assert_int_equal(parse("a --on b --count 3 -", &err), HR_OK);
    assert_int_equal(v.n_args, 3);
    assert_string_equal(v.argv[1], "a");
    assert_string_equal(v.argv[2], "b");
    assert_string_equal(v.argv[3], "-");
    assert_int_equal(parse("--on -- --count -h --", &err), HR_OK);
    assert_int_equal(v.n_args, 3);
    assert_string_equal(v.argv[1], "--count");
    assert_string_equal(v.argv[2], "-h");
    assert_string_equal(v.argv[3], "--");
    assert_int_equal(parse("''", &err), HR_OK);
    assert_int_equal(v.n_args, 1);
    assert_string_equal(v.argv[1], "");
}

static void test_engine(void **state)
{
    hr_err err;
    hr_plan plan;
    (void)state;
    hr_plan_init(&plan);
    plan.format = HR_FORMAT_NDJSON;
    plan.lanes = 7;
    assert_int_equal(parse("a", &err), HR_OK);
    hr_opts_engine_apply(&v.engine, &plan); /* nothing given: the plan stands */
    assert_int_equal(plan.format, HR_FORMAT_NDJSON);
    assert_int_equal(plan.lanes, 7);
    assert_int_equal(plan.memory_bytes, 512000000);
    assert_int_equal(plan.cpu_mask, HR_CPU_ALL);
    assert_int_equal(parse("a --format tardis --lanes 2 --memory=64MB", &err), HR_OK);
    hr_opts_engine_apply(&v.engine, &plan);
    assert_int_equal(plan.format, HR_FORMAT_TARDIS_L2);
    assert_int_equal(plan.lanes, 2);
    assert_int_equal(plan.memory_bytes, 64000000);
    assert_int_equal(parse("a --cpu-mask scalar", &err), HR_OK);
    hr_opts_engine_apply(&v.engine, &plan);
    assert_int_equal(plan.cpu_mask, 0);
    assert_int_equal(parse("a --cpu-mask -avx512", &err), HR_OK);
    hr_opts_engine_apply(&v.engine, &plan);
    assert_int_equal(plan.cpu_mask, HR_CPU_ALL & ~HR_CPU_AVX512);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *line, *message;
    } bad[] = {
        {"", "verb: FILE... is missing (headrace verb -h)"},
        {"a b c d", "verb: 'd' is one argument too many (headrace verb -h)"},
        {"a --onn", "unknown option '--onn', did you mean '--on'? (headrace verb -h)"},
        {"a --cont=3", "unknown option '--cont', did you mean '--count'? (headrace verb -h)"},
        {"a --anything", "unknown option '--anything' (headrace verb -h)"},
        {"a -x", "unknown option '-x' (headrace verb -h)"},
        {"a -on", "unknown option '-on', did you mean '--on'? (headrace verb -h)"},
        {"a --=x", "unknown option '--' (headrace verb -h)"},
        {"a --on=1", "--on takes no value"},
        {"a --no-off=", "--no-off takes no value"},
        {"a --count", "--count takes a value: N"},
        {"a --text", "--text takes a value: T"},
        {"a --text=", "--text: its value is empty"},
        {"a --text ''", "--text: its value is empty"},
        {"a --count x", "--count: 'x' is not -2 to 9"},
        {"a --count 10", "--count: '10' is not -2 to 9"},
        {"a --count -3", "--count: '-3' is not -2 to 9"},
        {"a --count 1.5", "--count: '1.5' is not -2 to 9"},
        {"a --count=", "--count: '' is not -2 to 9"},
        {"a --count 99999999999999999999", "--count: '99999999999999999999' is not -2 to 9"},
        {"a --size 5mb", "--size: '5mb' is not a size such as 512MB"},
        {"a --size 1", "--size: '1' is not 1KiB to 1MiB"},
        {"a --size 2MiB", "--size: '2MiB' is not 1KiB to 1MiB"},
        {"a --size 99999999999TB", "--size: '99999999999TB' is not 1KiB to 1MiB"},
        {"a --time noon",
         "--time: 'noon' is not a time such as 2024-08-08T12:00:00Z, or ns since 1970"},
        {"a --duration 5", "--duration: '5' is not a duration such as 10s"},
        {"a --duration 2s", "--duration: '2s' is not 1us to 1s"},
        {"a --choice gren", "--choice: 'gren' is not one of red green, did you mean 'green'?"},
        {"a --choice blue", "--choice: 'blue' is not one of red green"},
        {"a --cpu-mask avx",
         "--cpu-mask: 'avx' is not a tier (scalar sse42 pclmul avx2 avx512 all), then -NAME to "
         "leave out"},
        {"a --lanes 0", "--lanes: '0' is not 1 to 64"},
        {"a --memory 1MB", "--memory: '1MB' is not 64MB to 16TiB"},
    };
    hr_err err;
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(bad); i++) {
        assert_int_equal(parse(bad[i].line, &err), HR_EUSAGE);
        assert_string_equal(err.message, bad[i].message);
    }
    assert_int_equal(parse("a --format ndjsn", &err), HR_EUSAGE);
    assert_non_null(strstr(err.message, "is not known, did you mean 'ndjson'? one of capture"));
}

/* What is foreign and long is cut, so that the message still ends with what to do. */
static void test_long_words(void **state)
{
    char line[200];
    hr_err err;
    (void)state;
    memset(line, '-', sizeof line);
    line[sizeof line - 1] = '\0';
    assert_int_equal(parse(line, &err), HR_EUSAGE);
    assert_non_null(strstr(err.message, "(headrace verb -h)"));
    memcpy(line, "--choice=", 9);
    assert_int_equal(parse(line, &err), HR_EUSAGE);
    assert_non_null(strstr(err.message, "is not one of red green"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),     cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_engine),     cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_long_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Window operators against pandas: tests/prop/ops_window_cases.txt, made by
 * tools/window_cases.py. */
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ops/window/op_window.h"

#define ROWS_MOST 128
#define LINE_MOST 4096
#define TOLERANCE 1e-9

typedef struct column {
    int n;
    double v[ROWS_MOST];
} column;

static column ts, x, y;

/* {1,nan,2} */
static column column_read(const char *text)
{
    column c = {0};
    const char *p = strchr(text, '{');
    assert_non_null(p);
    for (p++; *p != '}' && *p != 0;) {
        char *end;
        assert_true(c.n < ROWS_MOST);
        c.v[c.n] = strtod(p, &end);
        assert_true(end != p);
        c.n++;
        p = *end == ',' ? end + 1 : end;
    }
    return c;
}

static const hr_op *op_named(const char *name)
{
    for (uint32_t k = 0; k < hr_ops_window.n; k++) {
        if (strcmp(hr_ops_window.op[k].name, name) == 0) return &hr_ops_window.op[k];
    }
    fail_msg("no operator '%s'", name);
    return NULL;
}

/* NAME [PART] WINDOW {VALUES} */
static int case_check(const char *line)
{
    char name[32];
    char first[32];
    char second[32];
    assert_int_equal(sscanf(line, "%31s %31s %31s", name, first, second), 3);
    const char *window = second[0] == '{' ? first : second;
    const hr_op *op = op_named(name);
    hr_op_args a = {.max_rows = ROWS_MOST};
    if (op->n_arg > 0) a.v[0] = strtod(window, NULL);
    if (window == second) a.v[1] = strtod(first, NULL);
    if (strchr(window, 's') != NULL) {
        a.is_time[0] = true;
        a.v[0] *= 1e9;
    }
    static int64_t ns[ROWS_MOST];
    static double out[ROWS_MOST];
    for (int i = 0; i < ts.n; i++)
        ns[i] = (int64_t)ts.v[i] * 1000000;
    void *state = aligned_alloc(64, op->bytes(&a));
    assert_non_null(state);
    op->init(state, &a);
    hr_op_rows r = {.n = (uint32_t)x.n, .ts = ns, .in = {x.v, y.v}, .out = {out}};
    op->run(state, &r);
    free(state);
    static column want;
    want = column_read(line);
    assert_int_equal(want.n, x.n);
    int n = 0;
    for (int i = 0; i < want.n; i++) {
        if (isnan(want.v[i])) continue;
        n++;
        if (!(fabs(out[i] - want.v[i]) <= TOLERANCE * (1 + fabs(want.v[i]))))
            fail_msg("%s %s row %d: %.17g, not %.17g", name, window, i, out[i], want.v[i]);
    }
    return n;
}

static void test_cases(void **unused)
{
    (void)unused;
    static char line[LINE_MOST];
    char path[1024];
    const char *root = getenv("HR_SOURCE_ROOT");
    (void)snprintf(path, sizeof path, "%s/tests/prop/ops_window_cases.txt", root ? root : ".");
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    int n_cases = 0;
    int n_values = 0;
    while (fgets(line, LINE_MOST, f)) {
        if (line[0] == '#') continue;
        if (line[0] == '$') {
            column *c = line[1] == 't' ? &ts : line[1] == 'x' ? &x : &y;
            *c = column_read(line);
            continue;
        }
        n_values += case_check(line);
        n_cases++;
    }
    assert_int_equal(fclose(f), 0);
    print_message("# %d cases, %d values\n", n_cases, n_values);
    assert_true(n_cases > 100 && n_values > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

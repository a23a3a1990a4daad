/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kern_tiers.h"
#include "rng.h"

#define CAP 5000
#define CANARY 0xdeadbeefu

static kern_tier tier[KERN_TIERS_MAX];
static size_t n_tiers;

/* density: a special byte about once in so many; 0 for none. */
static void fill(test_rng *r, char *p, size_t n, unsigned density)
{
    static const char special[] = {',',  '\n',       '"',        ',',       ',',
                                   '\r', (char)0x80, (char)0xff, (char)0xac};
    for (size_t i = 0; i < n; i++) {
        p[i] = (char)('a' + test_rng_below(r, 26));
        if (density > 0 && test_rng_chance(r, density))
            p[i] = special[test_rng_below(r, sizeof special)];
    }
}

static void check_text(const char *p, size_t n, size_t cap)
{
    static uint32_t at[2][CAP + 1];
    const hr_kern_scan *c = &tier[0].k.scan;
    for (size_t t = 1; t < n_tiers; t++) {
        const hr_kern_scan *k = &tier[t].k.scan;
        uint32_t m[2];
        for (int b = 0; b < 3; b++)
            assert_ptr_equal(k->find(p, p + n, ",\n\x80"[b]), c->find(p, p + n, ",\n\x80"[b]));
        assert_int_equal(k->ascii(p, n), c->ascii(p, n));
        at[0][cap] = at[1][cap] = CANARY;
        size_t n0 = c->find_all(at[0], cap, p, (uint32_t)n, ',');
        size_t n1 = k->find_all(at[1], cap, p, (uint32_t)n, ',');
        assert_int_equal(n0, n1);
        assert_memory_equal(at[0], at[1], n0 * sizeof at[0][0]);
        const char *e0 = c->csv_row(at[0], (uint32_t)cap, &m[0], p, p + n);
        const char *e1 = k->csv_row(at[1], (uint32_t)cap, &m[1], p, p + n);
        assert_ptr_equal(e0, e1);
        assert_int_equal(m[0], m[1]);
        assert_memory_equal(at[0], at[1], (m[0] < cap ? m[0] : cap) * sizeof at[0][0]);
        assert_int_equal(at[0][cap], CANARY);
        assert_int_equal(at[1][cap], CANARY);
    }
}

static void test_scan(void **state)
{
    static const unsigned density[] = {0, 1, 3, 12, 60};
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (size_t n = 0; n <= 4 * 64 + 3; n++) {
        for (size_t d = 0; d < 5; d++) {
            size_t shift = test_rng_below(&r, 65) * test_rng_below(&r, 2);
            char *p = kern_edge_end(0, n, shift);
            fill(&r, p, n, density[d]);
            check_text(p, n, test_rng_chance(&r, 2) ? CAP : test_rng_below(&r, n + 1));
        }
    }
    for (size_t i = test_iters(20); i > 0; i--) {
        size_t n = 100000 + test_rng_below(&r, 1000);
        char *p = kern_edge_end(0, n, test_rng_below(&r, 64));
        fill(&r, p, n, i % 2 != 0 ? 30 : 0);
        if (i % 4 == 0) p[n - 1 - test_rng_below(&r, 70)] = ",\n\"\x80"[test_rng_below(&r, 4)];
        check_text(p, n, CAP);
    }
}

/* ---- timing ---- */

typedef struct job {
    const hr_kern_scan *k;
    const char *p;
    size_t n;
    uint32_t at[1 << 17];
} job;

static volatile size_t sink;

static void run_find(void *arg)
{
    job *j = arg;
    sink += j->k->find(j->p, j->p + j->n, '@') != NULL;
}

static void run_find_all(void *arg)
{
    job *j = arg;
    sink += j->k->find_all(j->at, 1 << 17, j->p, (uint32_t)j->n, '\n');
}

static void run_ascii(void *arg)
{
    job *j = arg;
    sink += j->k->ascii(j->p, j->n);
}

static void run_csv(void *arg)
{
    job *j = arg;
    uint32_t n;
    const char *end = j->p + j->n;
    for (const char *p = j->p; p < end; p++) {
        p = j->k->csv_row(j->at, 64, &n, p, end);
        sink += n;
    }
}

static int bench(void)
{
    static job j;
    static const char row[] =
        "binance-futures,BTCUSDT,1718582400020000,1718582400041234,false,bid,66612.7,0.018\n";
    char *p = (char *)kern_edge(0);
    j.p = p;
    for (j.n = 0; j.n < 1 << 20; j.n += sizeof row - 1)
        memcpy(p + j.n, row, sizeof row - 1);
    for (size_t t = 0; t < n_tiers; t++) {
        j.k = &tier[t].k.scan;
        kern_bench(tier[t].name, "find", run_find, &j, j.n, j.n);
        kern_bench(tier[t].name, "find_all lines", run_find_all, &j, j.n, j.n);
        kern_bench(tier[t].name, "ascii", run_ascii, &j, j.n, j.n);
        kern_bench(tier[t].name, "csv_row (unit: row)", run_csv, &j, j.n, j.n / (sizeof row - 1));
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_scan)};
    n_tiers = kern_tiers(tier);
    if (argc > 1 && strcmp(argv[1], "--bench") == 0) return bench();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

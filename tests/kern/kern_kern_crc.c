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

static kern_tier tier[KERN_TIERS_MAX];
static size_t n_tiers;

static uint32_t plain(uint32_t poly, uint32_t crc, const uint8_t *p, size_t n)
{
    crc = ~crc;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1 ? poly : 0);
    }
    return ~crc;
}

static void check(const uint8_t *p, size_t n, uint32_t start)
{
    const uint32_t a = plain(0xedb88320, start, p, n);
    const uint32_t b = plain(0x82f63b78, start, p, n);
    for (size_t t = 0; t < n_tiers; t++) {
        const hr_kern_crc *k = &tier[t].k.crc;
        assert_int_equal(k->crc32(start, p, n), a);
        assert_int_equal(k->crc32c(start, p, n), b);
        size_t cut = n / 3;
        assert_int_equal(k->crc32(k->crc32(start, p, cut), p + cut, n - cut), a);
        assert_int_equal(k->crc32c(k->crc32c(start, p, cut), p + cut, n - cut), b);
    }
}

static void test_crc(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (size_t n = 0; n <= 1100; n++) {
        uint8_t *p = kern_edge_end(0, n, test_rng_below(&r, 17));
        test_rng_bytes(&r, p, n);
        check(p, n, n % 2 != 0 ? (uint32_t)test_rng_u64(&r) : 0);
    }
    for (size_t n = 4000; n < 20000; n += 1 + test_rng_below(&r, 900)) {
        uint8_t *p = kern_edge_end(0, n, test_rng_below(&r, 17));
        test_rng_bytes(&r, p, n);
        check(p, n, (uint32_t)test_rng_u64(&r));
    }
}

/* The check values of the CRC catalogue. */
static void test_known(void **state)
{
    (void)state;
    for (size_t t = 0; t < n_tiers; t++) {
        assert_int_equal(tier[t].k.crc.crc32(0, "123456789", 9), 0xcbf43926);
        assert_int_equal(tier[t].k.crc.crc32c(0, "123456789", 9), 0xe3069283);
    }
}

static void test_masks(void **state)
{
    unsigned flags;
    (void)state;
    assert_int_equal(hr_cpu_flags_parse(&flags, "avx3"), HR_EUSAGE);
    assert_int_equal(hr_cpu_flags_parse(&flags, "scalar"), HR_OK);
    assert_int_equal(flags, 0);
    assert_ptr_equal(hr_kern_get()->crc.crc32, hr_kern_crc32_c);
    assert_int_equal(hr_kern_get()->cpu_flags, 0);
    assert_int_equal(hr_cpu_flags_parse(&flags, ""), HR_OK);
    flags &= hr_cpu_detect();
    hr_kern_init(flags);
    assert_int_equal(hr_kern_get()->cpu_flags, flags);
    print_message("# this machine: %s\n", hr_cpu_tier_name(flags));
    hr_kern_init(0);
}

typedef struct job {
    hr_kern_crc_fn fn;
    const uint8_t *p;
    size_t n;
} job;

static volatile uint32_t sink;

static void run(void *arg)
{
    const job *j = arg;
    sink += j->fn(0, j->p, j->n);
}

static int bench(void)
{
    static const size_t size[] = {100, 4096, 1 << 16, 1 << 20};
    for (size_t t = 0; t < n_tiers; t++) {
        for (size_t i = 0; i < 4; i++) {
            char name[32];
            job j = {.fn = tier[t].k.crc.crc32, .p = kern_edge(0), .n = size[i]};
            snprintf(name, sizeof name, "crc32 %zu", size[i]);
            kern_bench(tier[t].name, name, run, &j, j.n, j.n);
            j.fn = tier[t].k.crc.crc32c;
            snprintf(name, sizeof name, "crc32c %zu", size[i]);
            kern_bench(tier[t].name, name, run, &j, j.n, j.n);
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_crc), cmocka_unit_test(test_known),
                                       cmocka_unit_test(test_masks)};
    n_tiers = kern_tiers(tier);
    if (argc > 1 && strcmp(argv[1], "--bench") == 0) return bench();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_RNG_H
#define HR_TESTS_SUPPORT_RNG_H
/* Seeded generator for tests (xoshiro256**, Blackman and Vigna 2018). The seed comes from
 * HR_TEST_SEED or a fixed default and is printed, so a failure replays. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct test_rng {
    uint64_t s[4];
} test_rng;

uint64_t test_seed(void);               /* HR_TEST_SEED, or 1; printed once as a TAP comment */
uint64_t test_iters(uint64_t standard); /* standard scaled by HR_TEST_ITERS (a factor, 1.0) */
void test_rng_init(test_rng *r, uint64_t seed);
uint64_t test_rng_u64(test_rng *r);
uint64_t test_rng_below(test_rng *r, uint64_t n); /* 0 to n - 1; n > 0 */
double test_rng_unit(test_rng *r);                /* [0, 1) */
bool test_rng_chance(test_rng *r, unsigned one_in);
void test_rng_bytes(test_rng *r, void *out, size_t n);
/** Path of the real captures, or NULL (print a skip and return 77 where it is absent): HR_DATA_DIR,
 * or
 *  ../shared/data beside the source tree. */
const char *test_data_dir(void);

#endif

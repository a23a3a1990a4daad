/* SPDX-License-Identifier: Apache-2.0 */
#include "rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static uint64_t splitmix(uint64_t *x)
{
    uint64_t z = (*x += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t test_seed(void)
{
    static bool printed;
    const char *text = getenv("HR_TEST_SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 0) : 1;
    if (!printed) {
        printf("# HR_TEST_SEED=%llu\n", (unsigned long long)seed);
        printed = true;
    }
    return seed;
}

uint64_t test_iters(uint64_t standard)
{
    const char *text = getenv("HR_TEST_ITERS");
    double factor = text != NULL ? strtod(text, NULL) : 1.0;
    double n = (double)standard * (factor > 0 ? factor : 1.0);
    return n < 1 ? 1 : (uint64_t)n;
}

void test_rng_init(test_rng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        r->s[i] = splitmix(&seed);
}

uint64_t test_rng_u64(test_rng *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint64_t test_rng_below(test_rng *r, uint64_t n)
{
    return (uint64_t)(((unsigned __int128)test_rng_u64(r) * n) >> 64);
}

double test_rng_unit(test_rng *r)
{
    return (double)(test_rng_u64(r) >> 11) * 0x1.0p-53;
}

bool test_rng_chance(test_rng *r, unsigned one_in)
{
    return test_rng_below(r, one_in) == 0;
}

void test_rng_bytes(test_rng *r, void *out, size_t n)
{
    unsigned char *p = out;
    for (size_t i = 0; i < n; i++)
        p[i] = (unsigned char)test_rng_u64(r);
}

const char *test_data_dir(void)
{
    static char path[4096];
    struct stat st;
    const char *env = getenv("HR_DATA_DIR");
    const char *root = getenv("HR_SOURCE_ROOT");
    if (env != NULL)
        snprintf(path, sizeof path, "%s", env);
    else
        snprintf(path, sizeof path, "%s/../shared/data", root != NULL ? root : ".");
    return stat(path, &st) == 0 ? path : NULL;
}

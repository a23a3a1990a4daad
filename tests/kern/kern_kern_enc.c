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

#define MANY 2000
#define GUARD 64

/* Results go here; the bytes after them must stay as they were. */
static uint8_t out[2][(MANY + 1) * 8 + GUARD];

static void expect_same(size_t n)
{
    assert_memory_equal(out[0], out[1], n + GUARD);
    for (size_t i = n; i < n + GUARD; i++)
        assert_int_equal(out[1][i], 0xa5);
}

static void prepare(void)
{
    memset(out, 0xa5, sizeof out);
}

static uint64_t value(test_rng *r, unsigned kind, size_t i)
{
    switch (kind) {
    case 0:
        return test_rng_u64(r);
    case 1:
        return test_rng_chance(r, 2) ? (uint64_t)INT64_MAX : (uint64_t)INT64_MIN;
    case 2:
        return i * 1000 + test_rng_below(r, 50);
    default:
        return 42;
    }
}

static void check_split(const hr_kern_enc *k, const void *v, size_t n)
{
    prepare();
    hr_kern_split8_c(out[0], v, n);
    k->split8(out[1], v, n);
    expect_same(n * 8);
    uint8_t *in = kern_edge_end(1, n * 8, n % 3);
    memcpy(in, out[0], n * 8);
    prepare();
    hr_kern_join8_c(out[0], in, n);
    k->join8(out[1], in, n);
    expect_same(n * 8);
    assert_memory_equal(out[0], v, n * 8);
}

static void check_delta(const hr_kern_enc *k, const int64_t *v, size_t n_values)
{
    const size_t n = n_values - 1;
    prepare();
    int64_t m0 = hr_kern_delta_c((void *)out[0], v, n);
    int64_t m1 = k->delta((void *)out[1], v, n);
    assert_true(m0 == m1);
    expect_same(n * 8);
    uint64_t w0 = hr_kern_rebase_c((void *)out[0], n, (uint64_t)m0);
    uint64_t w1 = k->rebase((void *)out[1], n, (uint64_t)m1);
    assert_true(w0 == w1);
    expect_same(n * 8);
    uint64_t *d = kern_edge_end(1, n * 8, 8);
    memcpy(d, out[0], n * 8);
    prepare();
    int64_t s0 = hr_kern_undelta_c((void *)out[0], d, n, (uint64_t)m0, v[0]);
    int64_t s1 = k->undelta((void *)out[1], d, n, (uint64_t)m0, v[0]);
    assert_true(s0 == s1 && s0 == v[n]);
    expect_same(n * 8);
    assert_memory_equal(out[0], v + 1, n * 8);
}

static void check_length(test_rng *r, size_t n)
{
    for (unsigned kind = 0; kind < 4; kind++) {
        int64_t *v = kern_edge_end(0, n * 8, 8 * test_rng_below(r, 9));
        for (size_t i = 0; i < n; i++)
            v[i] = (int64_t)value(r, kind, i);
        uint8_t *odd = kern_edge_end(2, n * 8, test_rng_below(r, 9));
        memcpy(odd, v, n * 8);
        for (size_t t = 1; t < n_tiers; t++) {
            check_split(&tier[t].k.enc, odd, n);
            if (n > 0) check_delta(&tier[t].k.enc, v, n);
        }
    }
}

static void test_enc(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (size_t n = 0; n <= 4 * 64 + 3; n++)
        check_length(&r, n);
    check_length(&r, MANY);
}

/* Bit by bit: the format's own words. */
static void plain_pack(uint8_t *to, const uint64_t *v, size_t n, unsigned width)
{
    for (size_t i = 0; i < n * width; i++)
        if (v[i / width] >> i % width & 1) to[i / 8] = (uint8_t)(to[i / 8] | 1u << i % 8);
}

static void test_pack(void **state)
{
    static uint64_t v[256];
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed() + 1);
    for (unsigned width = 0; width <= 64; width++) {
        for (size_t n = 0; n <= 256; n += 32) {
            const size_t bytes = n / 8 * width;
            for (size_t i = 0; i < n; i++) {
                v[i] = test_rng_chance(&r, 8) ? UINT64_MAX : test_rng_u64(&r);
                v[i] = width == 0 ? 0 : v[i] >> (64 - width);
            }
            uint8_t *want = kern_edge_end(0, bytes, test_rng_below(&r, 9));
            memset(want, 0, bytes);
            plain_pack(want, v, n, width);
            for (size_t t = 0; t < n_tiers; t++) {
                prepare();
                tier[t].k.enc.pack(out[1], v, n, width);
                memcpy(out[0], want, bytes);
                expect_same(bytes);
                prepare();
                tier[t].k.enc.unpack((void *)out[1], want, n, width);
                memcpy(out[0], v, n * 8);
                expect_same(n * 8);
                if (width > 32) continue;
                prepare();
                tier[t].k.enc.unpack32((void *)out[1], want, n, width);
                for (size_t i = 0; i < n; i++)
                    memcpy(out[0] + 4 * i, &v[i], 4);
                expect_same(n * 4);
            }
        }
    }
}

static void test_pack16(void **state)
{
    uint64_t wide[128];
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed() + 2);
    for (unsigned width = 0; width <= 16; width++) {
        for (size_t n = 0; n <= 128; n += 8) {
            const size_t bytes = n / 8 * width;
            uint16_t *v = kern_edge_end(1, n * 2, 2 * test_rng_below(&r, 9));
            for (size_t i = 0; i < n; i++)
                wide[i] = v[i] = (uint16_t)(test_rng_u64(&r) & ((1u << width) - 1));
            for (size_t t = 0; t < n_tiers; t++) {
                uint8_t *got = kern_edge_end(0, bytes, 0);
                memset(out, 0, bytes);
                plain_pack(out[0], wide, n, width);
                got[-1] = 0xa5;
                tier[t].k.enc.pack16(got, v, n, width);
                assert_memory_equal(got, out[0], bytes);
                assert_int_equal(got[-1], 0xa5);
            }
        }
    }
}

/* ---- timing ---- */

typedef struct job {
    const hr_kern_enc *k;
    int64_t *v;
    uint64_t *w;
    uint8_t *b;
    size_t n;
    unsigned width;
} job;

static volatile int64_t sink;

static void run_split(void *arg)
{
    const job *j = arg;
    j->k->split8(j->b, j->v, j->n);
}

static void run_join(void *arg)
{
    const job *j = arg;
    j->k->join8(j->w, j->b, j->n);
}

static void run_delta(void *arg)
{
    const job *j = arg;
    sink += j->k->delta(j->w, j->v, j->n);
}

static void run_rebase(void *arg)
{
    const job *j = arg;
    sink += (int64_t)j->k->rebase(j->w, j->n, 1);
}

static void run_undelta(void *arg)
{
    const job *j = arg;
    sink += j->k->undelta(j->v, j->w, j->n, 1, 0);
}

static void run_pack(void *arg)
{
    const job *j = arg;
    j->k->pack(j->b, j->w, j->n, j->width);
}

static void run_unpack(void *arg)
{
    const job *j = arg;
    j->k->unpack((void *)j->v, j->b, j->n, j->width);
}

static void run_unpack32(void *arg)
{
    const job *j = arg;
    j->k->unpack32((void *)j->v, j->b, j->n, j->width);
}

static int bench(void)
{
    static const unsigned width[] = {1, 5, 8, 13, 20, 32, 47, 64};
    job j = {.v = (void *)kern_edge(0), .w = (void *)kern_edge(1), .b = kern_edge(2), .n = 4096};
    for (size_t t = 0; t < n_tiers; t++) {
        j.k = &tier[t].k.enc;
        kern_bench(tier[t].name, "split8", run_split, &j, j.n * 8, j.n);
        kern_bench(tier[t].name, "join8", run_join, &j, j.n * 8, j.n);
        kern_bench(tier[t].name, "delta", run_delta, &j, j.n * 8, j.n);
        kern_bench(tier[t].name, "rebase", run_rebase, &j, j.n * 8, j.n);
        kern_bench(tier[t].name, "undelta", run_undelta, &j, j.n * 8, j.n);
    }
    j.k = &tier[0].k.enc;
    for (size_t i = 0; i < sizeof width / sizeof width[0]; i++) {
        char name[32];
        j.width = width[i];
        for (size_t k = 0; k < j.n; k++)
            j.w[k] = (k * 0x9e3779b97f4a7c15u) >> (64 - j.width);
        snprintf(name, sizeof name, "pack %u", j.width);
        kern_bench("scalar", name, run_pack, &j, j.n * 8, j.n);
        snprintf(name, sizeof name, "unpack %u", j.width);
        kern_bench("scalar", name, run_unpack, &j, j.n * 8, j.n);
        if (j.width > 32) continue;
        snprintf(name, sizeof name, "unpack32 %u", j.width);
        for (size_t t = 0; t < n_tiers; t++) {
            j.k = &tier[t].k.enc;
            kern_bench(tier[t].name, name, run_unpack32, &j, j.n * 4, j.n);
        }
        j.k = &tier[0].k.enc;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_enc), cmocka_unit_test(test_pack),
                                       cmocka_unit_test(test_pack16)};
    n_tiers = kern_tiers(tier);
    if (argc > 1 && strcmp(argv[1], "--bench") == 0) return bench();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

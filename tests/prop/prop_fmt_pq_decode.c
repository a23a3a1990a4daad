/* SPDX-License-Identifier: Apache-2.0 */
/* The streams inside pages, written here bit by bit as the format says, read in steps of any size:
 * the same values, and no byte behind the stream is looked at. */
#include <stdlib.h>
#include <string.h>

#include "fmt/pq_decode.h"
#include "harness.h"
#include "rng.h"

#define MANY 1500u

static uint8_t buf[MANY * 12 + 4096];
static size_t n_buf;
static uint8_t bit_at;

static void put_bits(uint64_t v, unsigned width)
{
    for (unsigned i = 0; i < width; i++) {
        if (bit_at == 0) buf[n_buf++] = 0;
        buf[n_buf - 1] |= (uint8_t)((v >> i & 1) << bit_at);
        bit_at = (uint8_t)((bit_at + 1) % 8);
    }
}

static void put_varint(uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        buf[n_buf++] = (uint8_t)(v | 0x80);
    buf[n_buf++] = (uint8_t)v;
}

static uint64_t zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

/* Behind the stream lies memory that may not be read: a heap block of its very size. */
static uint8_t *exact_copy(void)
{
    uint8_t *p = malloc(n_buf > 0 ? n_buf : 1);
    assert_non_null(p);
    memcpy(p, buf, n_buf);
    return p;
}

static uint64_t below_width(test_rng *r, unsigned width)
{
    return width == 0 ? 0 : test_rng_u64(r) >> (64 - width);
}

static uint32_t step(test_rng *r, uint32_t most, uint32_t left)
{
    uint32_t k = 1 + (uint32_t)test_rng_below(r, test_rng_chance(r, 3) ? 9 : most);
    return HR_MIN(k, left);
}

/* ---- hybrid ---- */

static uint32_t put_runs(test_rng *r, uint32_t *v, unsigned width)
{
    uint32_t n = 0;
    while (n < MANY - 300) {
        if (test_rng_chance(r, 2)) {
            uint32_t k = 1 + (uint32_t)test_rng_below(r, test_rng_chance(r, 4) ? 290 : 12);
            uint32_t x = (uint32_t)below_width(r, width);
            put_varint((uint64_t)k << 1);
            for (unsigned i = 0; i < (width + 7) / 8; i++)
                buf[n_buf++] = (uint8_t)(x >> 8 * i);
            for (uint32_t i = 0; i < k; i++)
                v[n++] = x;
        } else {
            uint32_t groups = 1 + (uint32_t)test_rng_below(r, 20);
            put_varint((uint64_t)groups << 1 | 1);
            bit_at = 0;
            for (uint32_t i = 0; i < 8 * groups; i++) {
                v[n] = (uint32_t)below_width(r, width);
                put_bits(v[n++], width);
            }
        }
        if (test_rng_chance(r, 8)) break;
    }
    return n;
}

static void check_hybrid(test_rng *r, unsigned width)
{
    static uint32_t want[MANY];
    static uint32_t got[MANY];
    hr_pq_hybrid h;
    n_buf = bit_at = 0;
    uint32_t n = put_runs(r, want, width);
    uint8_t *p = exact_copy();
    hr_pq_hybrid_begin(&h, p, p + n_buf, width);
    for (uint32_t at = 0; at < n;) {
        uint32_t k = step(r, 400, n - at);
        assert_true(hr_pq_hybrid_get(&h, got + at, k));
        at += k;
    }
    assert_memory_equal(got, want, n * sizeof *got);
    assert_false(hr_pq_hybrid_get(&h, got, 1));
    size_t cut = test_rng_below(r, n_buf);
    uint8_t *q = malloc(cut + 1); /* cut anywhere: no value beyond what is there */
    memcpy(q, p, cut);
    hr_pq_hybrid_begin(&h, q, q + cut, width);
    memset(got, 0, sizeof got);
    uint32_t at = 0;
    while (at < n && hr_pq_hybrid_get(&h, got + at, 1))
        at++;
    assert_memory_equal(got, want, at * sizeof *got);
    free(q);
    free(p);
}

/* n values of the stream through a dictionary, by steps; true: all of them came. The output has no
 * byte too many either. */
static bool look_up_all(test_rng *r, hr_pq_hybrid *h, const hr_pq_values *dict,
                        const uint32_t *want, uint32_t n, size_t width_bytes)
{
    static uint32_t index[MANY];
    for (uint32_t at = 0, k; at < n; at += k) {
        k = step(r, 700, n - at);
        if (test_rng_chance(r, 5)) { /* the stream's other reads leave it where it goes on */
            assert_true(hr_pq_hybrid_ahead(h, want[at] + 1) == 0);
            uint64_t ahead = hr_pq_hybrid_ahead(h, want[at]);
            assert_true(ahead < k || hr_pq_hybrid_skip(h, want[at], k));
            if (ahead < k && !hr_pq_hybrid_get(h, index, k)) return false;
            continue;
        }
        uint8_t *out = malloc(k * width_bytes);
        assert_non_null(out);
        bool is_good = hr_pq_hybrid_look_up(h, dict, out, width_bytes, k);
        for (uint32_t i = 0; is_good && i < k; i++)
            assert_memory_equal(out + i * width_bytes, &dict->value[want[at + i]], width_bytes);
        free(out);
        if (!is_good) return false;
    }
    return true;
}

static void check_look_up(test_rng *r, unsigned width)
{
    static uint32_t want[MANY];
    hr_pq_hybrid h;
    uint32_t most = 0;
    size_t width_bytes = (size_t)1 << test_rng_below(r, 4);
    n_buf = bit_at = 0;
    uint32_t n = put_runs(r, want, width);
    for (uint32_t i = 0; i < n; i++)
        most = HR_MAX(most, want[i]);
    int64_t *value = malloc((most + 1u) * sizeof *value);
    assert_non_null(value);
    for (uint32_t i = 0; i <= most; i++)
        value[i] = (int64_t)test_rng_u64(r);
    uint8_t *p = exact_copy();
    hr_pq_values dict = {.value = value, .n = most + 1};
    hr_pq_hybrid_begin(&h, p, p + n_buf, width);
    assert_true(look_up_all(r, &h, &dict, want, n, width_bytes));
    assert_false(hr_pq_hybrid_look_up(&h, &dict, want, 1, 1));
    dict.n = most; /* one index at least lies past it */
    uint8_t *out = malloc(n * width_bytes);
    assert_non_null(out);
    hr_pq_hybrid_begin(&h, p, p + n_buf, width);
    assert_false(hr_pq_hybrid_look_up(&h, &dict, out, width_bytes, n));
    dict.n = most + 1;
    uint8_t *q = malloc(n_buf);
    memcpy(q, p, n_buf - 1); /* cut */
    hr_pq_hybrid_begin(&h, q, q + n_buf - 1, width);
    assert_false(hr_pq_hybrid_look_up(&h, &dict, out, width_bytes, n) && width > 0);
    free(q);
    free(out);
    free(p);
    free(value);
}

static void test_look_up(void **state)
{
    (void)state;
    test_rng r;
    test_rng_init(&r, test_seed());
    for (uint64_t i = 0; i < test_iters(20); i++)
        for (unsigned width = 0; width <= 17; width++)
            check_look_up(&r, width);
}

static void test_hybrid(void **state)
{
    (void)state;
    test_rng r;
    test_rng_init(&r, test_seed());
    for (uint64_t i = 0; i < test_iters(20); i++)
        for (unsigned width = 0; width <= 32; width++)
            check_hybrid(&r, width);
    hr_pq_hybrid h;
    uint32_t v;
    hr_pq_hybrid_begin(&h, buf, buf + 8, 33);
    assert_false(hr_pq_hybrid_get(&h, &v, 1));
    hr_pq_hybrid_begin_packed(&h, buf, buf + 8, 0);
    assert_false(hr_pq_hybrid_skip(&h, 0, 1));
}

/* ---- delta ---- */

typedef struct shape {
    uint32_t block, minis;
} shape;

static void put_delta(test_rng *r, const int64_t *v, uint32_t n, shape s)
{
    uint32_t mini = s.block / s.minis;
    put_varint(s.block);
    put_varint(s.minis);
    put_varint(n);
    put_varint(zigzag(v[0]));
    for (uint32_t at = 1; at < n; at += s.block) {
        uint32_t k = HR_MIN(s.block, n - at);
        int64_t min = INT64_MAX;
        for (uint32_t i = 0; i < k; i++) {
            int64_t d = (int64_t)((uint64_t)v[at + i] - (uint64_t)v[at + i - 1]);
            min = HR_MIN(min, d);
        }
        put_varint(zigzag(min));
        size_t widths = n_buf;
        n_buf += s.minis;
        memset(buf + widths, (int)test_rng_below(r, 256), s.minis); /* of unused ones: anything */
        for (uint32_t m = 0; m * mini < k; m++) {
            uint64_t bits = 0;
            for (uint32_t i = m * mini; i < (m + 1) * mini && i < k; i++)
                bits |= (uint64_t)v[at + i] - (uint64_t)v[at + i - 1] - (uint64_t)min;
            unsigned width = bits == 0 ? 0 : 64 - (unsigned)__builtin_clzll(bits);
            buf[widths + m] = (uint8_t)width;
            bit_at = 0;
            for (uint32_t i = m * mini; i < (m + 1) * mini; i++)
                put_bits(i < k ? (uint64_t)v[at + i] - (uint64_t)v[at + i - 1] - (uint64_t)min : 0,
                         width);
        }
    }
}

static void check_delta(test_rng *r, unsigned width, shape s)
{
    static int64_t want[MANY];
    static int64_t got[MANY];
    hr_pq_delta d;
    uint32_t n = 1 + (uint32_t)test_rng_below(r, MANY - 1);
    n_buf = bit_at = 0;
    for (uint32_t i = 0; i < n; i++)
        want[i] = (int64_t)((i > 0 ? (uint64_t)want[i - 1] : 0) + below_width(r, width) - 3);
    put_delta(r, want, n, s);
    uint8_t *p = exact_copy();
    assert_true(hr_pq_delta_begin(&d, p, p + n_buf));
    assert_true(d.n_values == n);
    for (uint32_t at = 0; at < n;) {
        uint32_t k = step(r, 512, n - at);
        assert_true(hr_pq_delta_get(&d, got + at, k));
        at += k;
    }
    assert_memory_equal(got, want, n * sizeof *got);
    assert_true(hr_pq_delta_end(&d) == p + n_buf);
    assert_false(hr_pq_delta_get(&d, got, 1));
    size_t cut = test_rng_below(r, n_buf);
    uint8_t *q = malloc(cut + 1);
    memcpy(q, p, cut);
    uint32_t at = 0;
    if (hr_pq_delta_begin(&d, q, q + cut)) {
        while (at < n && hr_pq_delta_get(&d, got + at, 1))
            at++;
        if (at < n) assert_null(hr_pq_delta_end(&d));
    }
    assert_memory_equal(got, want, at * sizeof *got);
    free(q);
    free(p);
}

static void test_delta(void **state)
{
    (void)state;
    static const shape shapes[] = {{128, 4}, {2048, 8}, {256, 1}, {32, 4}, {8, 1}, {96, 4}};
    test_rng r;
    test_rng_init(&r, test_seed());
    for (uint64_t i = 0; i < test_iters(4); i++)
        for (unsigned width = 0; width <= 64; width++)
            for (size_t k = 0; k < HR_ARRAY_LEN(shapes); k++)
                check_delta(&r, width, shapes[k]);
}

/* ---- values ---- */

static void test_widen(void **state)
{
    (void)state;
    test_rng r;
    uint8_t bytes[16 * 40];
    test_rng_init(&r, test_seed());
    static const hr_pq_column columns[] = {
        {.phys = HR_PQ_INT32},
        {.phys = HR_PQ_INT32, .logical = HR_PQ_L_UINT},
        {.phys = HR_PQ_INT64},
        {.phys = HR_PQ_INT64, .logical = HR_PQ_L_UINT},
        {.phys = HR_PQ_INT96},
        {.phys = HR_PQ_FLOAT},
        {.phys = HR_PQ_DOUBLE},
        {.phys = HR_PQ_FIXED, .type_length = 2, .logical = HR_PQ_L_FLOAT16},
        {.phys = HR_PQ_FIXED, .type_length = 8, .logical = HR_PQ_L_DECIMAL},
        {.phys = HR_PQ_FIXED, .type_length = 13, .logical = HR_PQ_L_DECIMAL}};
    for (size_t i = 0; i < HR_ARRAY_LEN(columns); i++) {
        const hr_pq_column *c = &columns[i];
        int64_t out[40];
        test_rng_bytes(&r, bytes, sizeof bytes);
        hr_pq_values_widen(bytes, c, out, 40);
        for (size_t k = 0; k < 40; k++)
            assert_true(out[k] == hr_pq_value_widen(bytes + k * hr_pq_value_width(c), c));
    }
    static const hr_pq_column none = {.phys = HR_PQ_BYTE_ARRAY};
    assert_int_equal(hr_pq_value_widen(bytes, &none), 0);
    assert_int_equal(hr_pq_value_width(&none), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hybrid),
                                       cmocka_unit_test(test_look_up), cmocka_unit_test(test_delta),
                                       cmocka_unit_test(test_widen)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

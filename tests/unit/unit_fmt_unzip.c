/* SPDX-License-Identifier: Apache-2.0 */
/* Zip archives as streams: every way to write one file of them, any cut of input and output; what
 * is damaged, encrypted or holds more is told apart. */
#include <libdeflate.h>

#include "fmt/codec.h"
#include "harness.h"
#include "rng.h"

#define N 20000u

typedef struct shape {
    bool is_deflated, has_tail, has_tail_mark, is_wide, has_folder;
} shape;

static uint8_t text[N], packed[4 * N], out[N + 1];
static size_t n_packed;
static hr_arena *arena;
static hr_inflate *zip;

static int set_up(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (size_t i = 0; i < N; i++)
        text[i] = (uint8_t)(i % 101 + test_rng_below(&r, 3));
    size_t cap = hr_inflate_bytes(HR_CONTAINER_ZIP, 0) + 65536;
    return hr_arena_create(&arena, NULL, cap, "test", NULL) == HR_OK &&
                   hr_inflate_create(&zip, arena, HR_CONTAINER_ZIP, 0, NULL) == HR_OK
               ? 0
               : 1;
}

static int tear_down(void **state)
{
    (void)state;
    hr_inflate_destroy(&zip);
    hr_arena_destroy(&arena);
    return 0;
}

static void put(uint64_t v, unsigned n_bytes)
{
    for (unsigned i = 0; i < n_bytes; i++)
        packed[n_packed++] = (uint8_t)(v >> (8 * i));
}

static void put_local(unsigned flags, unsigned method, uint32_t crc, uint32_t n, const char *name)
{
    put(0x04034b50, 4);
    put(20, 2);
    put(flags, 2);
    put(method, 2);
    put(0, 4); /* time, date */
    put(crc, 4);
    put(n, 4);
    put(n, 4);
    put(strlen(name), 2);
    put(3, 2); /* an extra field of three bytes */
    memcpy(packed + n_packed, name, strlen(name));
    n_packed += strlen(name);
    put(0xabcdef, 3);
}

static void put_file(const shape *s, size_t n)
{
    uint32_t crc = libdeflate_crc32(0, text, n);
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    size_t at = n_packed;
    if (s->has_folder) put_local(0, 0, 0, 0, "folder/");
    size_t head = n_packed;
    put_local(s->has_tail ? 8 : 0, s->is_deflated ? 8 : 0, s->has_tail ? 0 : crc,
              s->has_tail ? 0 : (uint32_t)n, "folder/file.csv");
    size_t data = n_packed;
    if (s->is_deflated) {
        n_packed += libdeflate_deflate_compress(c, text, n, packed + data, sizeof packed - data);
        if (!s->has_tail) { /* the packed size */
            size_t end = n_packed;
            n_packed = head + 18;
            put(end - data, 4);
            n_packed = end;
        }
    } else {
        memcpy(packed + data, text, n);
        n_packed += n;
    }
    libdeflate_free_compressor(c);
    if (!s->has_tail) return;
    if (s->has_tail_mark) put(0x08074b50, 4);
    put(crc, 4);
    put(n_packed - at, s->is_wide ? 8 : 4);
    put(n, s->is_wide ? 8 : 4);
}

static void put_directory(void)
{
    put(0x02014b50, 4);
    for (int i = 0; i < 42; i++)
        put((uint64_t)i * 7, 1);
    put(0x06054b50, 4);
    for (int i = 0; i < 18; i++)
        put(0, 1);
}

static hr_status run(size_t n, size_t in_max, size_t out_max, size_t *n_out, hr_err *err)
{
    hr_inflate_reset(zip);
    const uint8_t *in = packed;
    uint8_t *to = out;
    size_t fed = 0;
    size_t have = 0;
    for (;;) {
        size_t left = HR_MIN(out_max, (size_t)(out + sizeof out - to));
        hr_status st = hr_inflate_step(zip, &in, &have, &to, &left, err);
        *n_out = (size_t)(to - out);
        if (st < 0) return st;
        if (st == HR_FULL && to == out + sizeof out) return st;
        if (st != HR_AGAIN) continue;
        if (fed == n) return hr_inflate_finish(zip, err);
        assert_int_equal(have, 0);
        have = HR_MIN(in_max, n - fed);
        fed += have;
    }
}

static void test_shapes(void **state)
{
    static const size_t sizes[] = {0, 1, 300, N};
    static const size_t cuts[] = {1, 5, 1000, SIZE_MAX};
    (void)state;
    for (unsigned k = 0; k < 32; k++) {
        const shape s = {(k & 1) != 0, (k & 2) != 0, (k & 4) != 0, (k & 8) != 0, (k & 16) != 0};
        if (s.has_tail && !s.is_deflated) continue; /* nobody could tell its end */
        for (size_t i = 0; i < HR_ARRAY_LEN(sizes) * 16; i++) {
            size_t n_out;
            size_t n = sizes[i / 16];
            n_packed = 0;
            put_file(&s, n);
            put_directory();
            assert_int_equal(run(n_packed, cuts[i % 4], cuts[i / 4 % 4], &n_out, NULL), HR_OK);
            assert_int_equal(n_out, n);
            assert_memory_equal(out, text, n);
        }
    }
}

static void test_damage(void **state)
{
    static const shape shapes[] = {{.is_deflated = true},
                                   {.is_deflated = true, .has_tail = true, .has_tail_mark = true},
                                   {.is_deflated = false}};
    (void)state;
    for (size_t k = 0; k < HR_ARRAY_LEN(shapes); k++) {
        hr_err err = HR_ERR_INIT;
        size_t n_out;
        n_packed = 0;
        put_file(&shapes[k], 3000);
        size_t end = n_packed;
        put_directory();
        for (size_t cut = 0; cut < end; cut++) {
            assert_int_equal(run(cut, SIZE_MAX, SIZE_MAX, &n_out, &err), HR_ECORRUPT);
            assert_memory_equal(out, text, n_out);
        }
        size_t in_data = end / 2; /* any value will do there, but not the right checksum */
        packed[in_data] ^= 1;
        assert_int_equal(run(n_packed, SIZE_MAX, SIZE_MAX, &n_out, &err), HR_ECORRUPT);
        packed[in_data] ^= 1;
        packed[end + 1] = 'x';
        assert_int_equal(run(n_packed, SIZE_MAX, SIZE_MAX, &n_out, &err), HR_ECORRUPT);
    }
}

static void expect_refusal(hr_status want, const char *text_of)
{
    hr_err err = HR_ERR_INIT;
    size_t n_out;
    assert_int_equal(run(n_packed, SIZE_MAX, SIZE_MAX, &n_out, &err), want);
    assert_non_null(strstr(err.message, text_of));
}

static void test_refusals(void **state)
{
    const shape s = {.is_deflated = true};
    (void)state;
    n_packed = 0;
    put_file(&s, 300);
    put_file(&s, 300);
    put_directory();
    expect_refusal(HR_EUNSUPPORTED, "several files");
    n_packed = 0;
    put_local(1, 8, 0, 10, "a");
    expect_refusal(HR_EUNSUPPORTED, "encrypted");
    n_packed = 0;
    put_local(0, 12, 0, 10, "a");
    expect_refusal(HR_EUNSUPPORTED, "stored nor deflated");
    n_packed = 0;
    put_local(8, 0, 0, 0, "a");
    expect_refusal(HR_EUNSUPPORTED, "size is not in its header");
    n_packed = 0;
    put_directory();
    expect_refusal(HR_ECORRUPT, "no file");
    assert_int_equal(hr_container_sniff("PK\3\4", 4), HR_CONTAINER_ZIP);
    assert_int_equal(hr_container_sniff("PK\3", 3), HR_CONTAINER_PLAIN);
    assert_string_equal(hr_container_name(HR_CONTAINER_ZIP), "zip");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

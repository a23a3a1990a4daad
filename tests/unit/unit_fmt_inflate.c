/* SPDX-License-Identifier: Apache-2.0 */
/* Streams: any cut of input and output gives the same bytes; ends, padding and damage are told
 * apart. */
#include <libdeflate.h>
#include <lzma.h>
#include <zstd.h>

#include "fmt/codec.h"
#include "harness.h"
#include "rng.h"

#define N 200000u
#define WINDOW ((size_t)8 << 20)

static uint8_t text[N], packed[2 * N], out[N + 1];
static size_t n_packed;
static hr_arena *arena;
static hr_inflate *stream[3]; /* gzip, zstd, xz */

static int set_up(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (size_t i = 0; i < N; i++)
        text[i] = (uint8_t)(i % 101 + test_rng_below(&r, 3));
    size_t cap = hr_inflate_bytes(HR_CONTAINER_GZIP, 0) +
                 hr_inflate_bytes(HR_CONTAINER_ZSTD, WINDOW) +
                 hr_inflate_bytes(HR_CONTAINER_XZ, WINDOW) + 65536;
    return hr_arena_create(&arena, NULL, cap, "test", NULL) == HR_OK &&
                   hr_inflate_create(&stream[0], arena, HR_CONTAINER_GZIP, 0, NULL) == HR_OK &&
                   hr_inflate_create(&stream[1], arena, HR_CONTAINER_ZSTD, WINDOW, NULL) == HR_OK &&
                   hr_inflate_create(&stream[2], arena, HR_CONTAINER_XZ, WINDOW, NULL) == HR_OK
               ? 0
               : 1;
}

static int tear_down(void **state)
{
    (void)state;
    hr_inflate_destroy(&stream[0]);
    hr_inflate_destroy(&stream[1]);
    hr_inflate_destroy(&stream[2]);
    hr_arena_destroy(&arena);
    return 0;
}

static void pack(int k, const void *from, size_t n)
{
    if (k == 2) {
        assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, from, n, packed,
                                                 &n_packed, sizeof packed),
                         LZMA_OK);
        return;
    }
    if (k == 1) {
        n_packed += ZSTD_compress(packed + n_packed, sizeof packed - n_packed, from, n, 3);
        return;
    }
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    n_packed += libdeflate_gzip_compress(c, from, n, packed + n_packed, sizeof packed - n_packed);
    libdeflate_free_compressor(c);
}

/* Feeds n bytes in pieces of in_max to room of out_max; the status of the end. */
static hr_status run(int k, size_t n, size_t in_max, size_t out_max, size_t *n_out, hr_err *err)
{
    hr_inflate_reset(stream[k]);
    const uint8_t *in = packed;
    uint8_t *to = out;
    size_t fed = 0;
    size_t have = 0;
    for (;;) {
        size_t left = HR_MIN(out_max, (size_t)(out + sizeof out - to));
        hr_status st = hr_inflate_step(stream[k], &in, &have, &to, &left, err);
        *n_out = (size_t)(to - out);
        if (st < 0) return st;
        if (st == HR_FULL && to == out + sizeof out) return st;
        if (st != HR_AGAIN) continue;
        if (fed == n) return hr_inflate_finish(stream[k], err);
        assert_int_equal(have, 0); /* what wants more has taken all */
        have = HR_MIN(in_max, n - fed);
        fed += have;
    }
}

static void expect_all(int k, size_t n)
{
    static const size_t cuts[] = {1, 7, 1000, SIZE_MAX};
    for (size_t i = 0; i < 4; i++) {
        for (size_t o = 0; o < 4; o++) {
            size_t n_out;
            assert_int_equal(run(k, n_packed, cuts[i], cuts[o], &n_out, NULL), HR_OK);
            assert_int_equal(n_out, n);
            assert_memory_equal(out, text, n);
        }
    }
}

static void test_members(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        n_packed = 0;
        pack(k, text, 5000);
        expect_all(k, 5000);
        pack(k, text + 5000, 0);
        pack(k, text + 5000, 1);
        expect_all(k, 5001);
        pack(k, text + 5001, N - 5001);
        pack(k, text, 0);
        expect_all(k, N);
        memset(packed + n_packed, 0, 700); /* what a tape's last block leaves */
        n_packed += 700;
        expect_all(k, N);
    }
}

static void test_damage(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        hr_err err = HR_ERR_INIT;
        size_t n_out;
        n_packed = 0;
        assert_int_equal(run(k, 0, 1, 1, &n_out, &err), HR_ECORRUPT); /* no member at all */
        pack(k, text, 3000);
        for (size_t cut = 1; cut < n_packed; cut++) {
            assert_int_equal(run(k, cut, SIZE_MAX, SIZE_MAX, &n_out, &err), HR_ECORRUPT);
            assert_memory_equal(out, text, n_out);
        }
        size_t whole = n_packed;
        packed[n_packed++] = 'x';
        assert_int_equal(run(k, n_packed, 1, SIZE_MAX, &n_out, &err), HR_ECORRUPT);
        assert_true(err.offset >= (int64_t)whole && err.offset <= (int64_t)n_packed);
        packed[n_packed - 1] = 0;
        packed[n_packed++] = 'x';
        assert_int_equal(run(k, n_packed, 1, SIZE_MAX, &n_out, &err), HR_ECORRUPT);
        assert_non_null(strstr(err.message, "after its end"));
        assert_int_equal(err.offset, whole + 1);
    }
    n_packed = 0;
    pack(0, text, 3000);
    size_t n_out;
    packed[n_packed - 6] ^= 1;
    hr_err err = HR_ERR_INIT;
    assert_int_equal(run(0, n_packed, SIZE_MAX, SIZE_MAX, &n_out, &err), HR_ECORRUPT);
    assert_non_null(strstr(err.message, "checksum"));
}

static void test_plain_and_sniff(void **state)
{
    hr_arena *a;
    hr_inflate *z;
    (void)state;
    assert_int_equal(hr_container_sniff("\x1f\x8b", 2), HR_CONTAINER_GZIP);
    assert_int_equal(hr_container_sniff("\x1f", 1), HR_CONTAINER_PLAIN);
    assert_int_equal(hr_container_sniff("\x28\xb5\x2f\xfd", 4), HR_CONTAINER_ZSTD);
    assert_int_equal(hr_container_sniff("\x28\xb5\x2f", 3), HR_CONTAINER_PLAIN);
    assert_int_equal(hr_container_sniff("", 0), HR_CONTAINER_PLAIN);
    assert_string_equal(hr_container_name(HR_CONTAINER_ZSTD), "zstd");
    assert_int_equal(hr_arena_create(&a, NULL, 8192, "test", NULL), HR_OK);
    assert_int_equal(hr_inflate_create(&z, a, HR_CONTAINER_ZSTD, WINDOW, NULL), HR_EBUDGET);
    assert_int_equal(hr_inflate_create(&z, a, HR_CONTAINER_PLAIN, 0, NULL), HR_OK);
    const uint8_t *in = text;
    size_t n_in = 100;
    uint8_t *to = out;
    size_t left = 60;
    assert_int_equal(hr_inflate_step(z, &in, &n_in, &to, &left, NULL), HR_OK);
    assert_int_equal(hr_inflate_step(z, &in, &n_in, &to, &left, NULL), HR_FULL);
    left = 60;
    assert_int_equal(hr_inflate_step(z, &in, &n_in, &to, &left, NULL), HR_OK);
    assert_int_equal(hr_inflate_step(z, &in, &n_in, &to, &left, NULL), HR_AGAIN);
    assert_int_equal(hr_inflate_finish(z, NULL), HR_OK);
    assert_memory_equal(out, text, 100);
    hr_arena_destroy(&a);
}

/* An empty block behind the head of a frame with a window of 1 << log bytes. */
static void pack_window(unsigned log)
{
    const uint8_t frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0, (uint8_t)((log - 10) << 3), 1, 0, 0};
    memcpy(packed, frame, sizeof frame);
    n_packed = sizeof frame;
}

static void test_windows(void **state)
{
    hr_err err = HR_ERR_INIT;
    size_t n_out;
    (void)state;
    pack_window(23);
    assert_int_equal(run(1, n_packed, 1, SIZE_MAX, &n_out, &err), HR_OK);
    pack_window(24);
    assert_int_equal(run(1, n_packed, 1, SIZE_MAX, &n_out, &err), HR_ELIMIT);
    assert_non_null(strstr(err.message, "engine.memory"));
    assert_int_equal(hr_inflate_window(packed, n_packed, 0), 1u << 24);
    assert_int_equal(hr_inflate_window(packed, n_packed, 99u << 20), 99u << 20);
    assert_int_equal(hr_inflate_window(packed, n_packed, SIZE_MAX), HR_INFLATE_WINDOW_MAX);
    pack_window(31);
    assert_int_equal(hr_inflate_window(packed, n_packed, 0), HR_INFLATE_WINDOW_MAX);
    pack_window(10);
    assert_int_equal(hr_inflate_window(packed, n_packed, 0), 8u << 20);
    assert_int_equal(hr_inflate_window(packed, 5, 0), 8u << 20);
}

/* Streams parted by zeros; the checks that there are; blocks that name their sizes. */
static void test_xz_streams(void **state)
{
    static const lzma_check checks[] = {LZMA_CHECK_NONE, LZMA_CHECK_CRC32, LZMA_CHECK_CRC64,
                                        LZMA_CHECK_SHA256};
    hr_err err = HR_ERR_INIT;
    size_t n_out;
    (void)state;
    n_packed = 0;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(lzma_easy_buffer_encode(6, checks[i], NULL, text + 1000 * i, 1000, packed,
                                                 &n_packed, sizeof packed),
                         LZMA_OK);
        memset(packed + n_packed, 0, 4 * i);
        n_packed += 4 * i;
    }
    expect_all(2, 4000);
    n_packed = 0;
    pack(2, text, 1000);
    size_t whole = n_packed;
    n_packed += 3;
    memset(packed + whole, 0, 3);
    pack(2, text, 1000); /* zeros that are no multiple of four */
    assert_int_equal(run(2, n_packed, 1, SIZE_MAX, &n_out, &err), HR_ECORRUPT);
    assert_int_equal(err.offset, whole + 3);
    for (size_t at = 12; at < whole; at++) { /* every byte is under a checksum */
        packed[at] ^= 0x10;
        hr_status st = run(2, whole, SIZE_MAX, SIZE_MAX, &n_out, &err);
        if (st != HR_ECORRUPT && st != HR_EUNSUPPORTED && st != HR_ELIMIT)
            fail_msg("byte %zu changed: %d", at, (int)st);
        packed[at] ^= 0x10;
    }
}

static void pack_dictionary(uint32_t n_bytes)
{
    lzma_options_lzma o;
    assert_false(lzma_lzma_preset(&o, 0));
    o.dict_size = n_bytes;
    const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &o}, {LZMA_VLI_UNKNOWN, NULL}};
    n_packed = 0;
    assert_int_equal(lzma_stream_buffer_encode((lzma_filter *)(uintptr_t)filters, LZMA_CHECK_CRC32,
                                               NULL, text, 1000, packed, &n_packed, sizeof packed),
                     LZMA_OK);
}

static void test_xz_windows(void **state)
{
    hr_err err = HR_ERR_INIT;
    size_t n_out;
    (void)state;
    pack_dictionary(WINDOW);
    assert_int_equal(run(2, n_packed, 1, SIZE_MAX, &n_out, &err), HR_OK);
    pack_dictionary(12u << 20);
    assert_int_equal(run(2, n_packed, 1, SIZE_MAX, &n_out, &err), HR_ELIMIT);
    assert_non_null(strstr(err.message, "xz: a block's dictionary is over"));
    assert_non_null(strstr(err.message, "engine.memory"));
    assert_int_equal(hr_inflate_window(packed, HR_INFLATE_HEAD, 0), 12u << 20);
    for (size_t n = 0; n < HR_INFLATE_HEAD; n++)
        assert_true(hr_inflate_window(packed, n, 0) >= WINDOW);
    assert_int_equal(hr_container_sniff(packed, 6), HR_CONTAINER_XZ);
    assert_int_equal(hr_container_sniff(packed, 5), HR_CONTAINER_PLAIN);
    assert_string_equal(hr_container_name(HR_CONTAINER_XZ), "xz");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),    cmocka_unit_test(test_damage),
        cmocka_unit_test(test_xz_streams), cmocka_unit_test(test_xz_windows),
        cmocka_unit_test(test_windows),    cmocka_unit_test(test_plain_and_sniff)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Whole blocks: every codec round-trips and refuses what is cut or of another size; framings that
 * others write; nothing allocates. */
#include <libdeflate.h>
#include <lz4.h>
#include <lz4frame.h>
#include <snappy-c.h>

#include "fmt/codec.h"
#include "fmt/codec_block.h"
#include "harness.h"
#include "rng.h"

#define N 300000u

/* By Google's encoder, quality 8: small_text() and 300,000 bytes of long_text(). */
static const uint8_t brotli_small[] = {0x1b, 0xb7, 0x00, 0x00, 0xa4, 0x41, 0xd2,
                                       0xd8, 0xda, 0xa4, 0x20, 0xa2, 0x28, 0x96,
                                       0x8c, 0xa5, 0x49, 0xbd, 0x5d, 0xa2, 0x2d};
static const uint8_t brotli_long[] = {
    0x5b, 0xdf, 0x93, 0x04, 0xc0, 0x91, 0x1a, 0xf5, 0xc5, 0xec, 0x6e, 0x60, 0x9e, 0x29, 0x0f, 0xd4,
    0x29, 0x0e, 0xcc, 0x73, 0x73, 0xa9, 0x0b, 0x29, 0x4a, 0xbc, 0x31, 0x6c, 0x1b, 0x9c, 0x3d, 0xc1,
    0x8c, 0x48, 0x43, 0x7c, 0x79, 0x34, 0xc1, 0x6f, 0x0b, 0x00, 0x42, 0x30, 0x82, 0x62, 0xf8, 0xfc,
    0x18, 0x00, 0xc2, 0x9f, 0x4c, 0x45, 0x02, 0x02, 0x00, 0x21, 0x18, 0x41, 0x31, 0x9c, 0x20, 0x29,
    0x9a, 0x61, 0x39, 0x5e, 0x10, 0x25, 0x59, 0x51, 0x35, 0xdd, 0x30, 0x2d, 0xdb, 0x71, 0x3d, 0x3f,
    0x08, 0x85, 0x23, 0xd1, 0x58, 0x3c, 0x91, 0x4c, 0xa5, 0x33, 0xd9, 0x5c, 0xbe, 0x50, 0x2c, 0x95,
    0x2b, 0xd5, 0x5a, 0xbd, 0xd1, 0x6c, 0xb5, 0x3b, 0xdd, 0x5e, 0x7f, 0x30, 0x1c, 0x8d, 0x27, 0xd3,
    0xd9, 0x7c, 0xb1, 0x5c, 0xad, 0x37, 0xdb, 0xdd, 0xfe, 0x70, 0x3c, 0x9d, 0x2f, 0xd7, 0xdb, 0xfd,
    0xf1, 0x7c, 0xbd, 0x3f, 0xdf, 0xdf, 0x9f, 0xa4, 0x68, 0x86, 0xe5, 0x78, 0x41, 0x94, 0x64, 0x45,
    0xd5, 0x74, 0xc3, 0xb4, 0x6c, 0xc7, 0xf5, 0xfc, 0x20, 0x8c, 0xe2, 0x24, 0xcd, 0xf2, 0xa2, 0xac,
    0xea, 0xa6, 0xed, 0xfa, 0x61, 0x9c, 0xe6, 0x65, 0xdd, 0x6c, 0x77, 0xfb, 0xc3, 0xf1, 0x74, 0xbe,
    0x5c, 0x6f, 0xf7, 0xc7, 0xf3, 0xf5, 0xfe, 0x7c, 0x7f, 0x7f, 0x84, 0x09, 0x92, 0xa2, 0x19, 0x96,
    0xe3, 0x05, 0x51, 0x92, 0x15, 0x55, 0xd3, 0x0d, 0xd3, 0xb2, 0x1d, 0xd7, 0xf3, 0x83, 0x30, 0x8a,
    0x93, 0x34, 0xcb, 0x8b, 0xb2, 0xaa, 0x9b, 0xb6, 0xeb, 0x87, 0x71, 0x9a, 0x97, 0x75, 0xdb, 0x8f,
    0xf3, 0xba, 0x9f, 0xf7, 0xfb, 0x01, 0x84, 0x60, 0x04, 0xcd, 0x07};

static uint8_t text[N], packed[2 * N], out[N + 16];
static hr_arena *arena;
static hr_codec_ctx *ctx;

static int set_up(void **state)
{
    const hr_codec_options opt = {.decode = HR_CODEC_DECODE_COMMON | HR_CODEC_BIT(HR_PQ_BROTLI),
                                  .decode_bytes = N,
                                  .encode = HR_CODEC_BIT(HR_PQ_ZSTD) | HR_CODEC_BIT(HR_PQ_SNAPPY) |
                                            HR_CODEC_BIT(HR_PQ_GZIP) | HR_CODEC_BIT(HR_PQ_LZ4_RAW),
                                  .level = 1};
    (void)state;
    return hr_arena_create(&arena, NULL, hr_codec_ctx_bytes(&opt) + 65536, "test", NULL) == HR_OK &&
                   hr_codec_ctx_create(&ctx, arena, &opt, NULL) == HR_OK
               ? 0
               : 1;
}

static int tear_down(void **state)
{
    (void)state;
    hr_arena_destroy(&arena);
    return 0;
}

static size_t small_text(void)
{
    size_t n = 0;
    for (int i = 0; i < 20; i++, n += 9)
        memcpy(text + n, "headrace ", 9);
    memcpy(text + n, "mill", 4);
    return n + 4;
}

static size_t long_text(void)
{
    for (size_t i = 0; i < N; i++)
        text[i] = (uint8_t)(i % 251);
    return N;
}

static void expect_decodes(hr_pq_codec codec, size_t n_packed, size_t n)
{
    memset(out, 0xa5, n + 16);
    assert_int_equal(hr_codec_decode(ctx, codec, out, n, packed, n_packed, NULL), HR_OK);
    assert_memory_equal(out, text, n);
    for (size_t i = n; i < n + 16; i++)
        assert_int_equal(out[i], 0xa5);
}

/* One byte less and one more, of output and of input, are damage; so is every cut. */
static void expect_exact(hr_pq_codec codec, size_t n_packed, size_t n)
{
    hr_err err = HR_ERR_INIT;
    expect_decodes(codec, n_packed, n);
    assert_int_equal(hr_codec_decode(ctx, codec, out, n + 1, packed, n_packed, &err), HR_ECORRUPT);
    if (n > 0)
        assert_int_equal(hr_codec_decode(ctx, codec, out, n - 1, packed, n_packed, &err),
                         HR_ECORRUPT);
    size_t step = n_packed > 4096 ? n_packed / 512 : 1;
    for (size_t cut = n > 0 ? 1 : n_packed; cut < n_packed; cut += step)
        assert_int_equal(hr_codec_decode(ctx, codec, out, n, packed, cut, &err), HR_ECORRUPT);
    expect_decodes(codec, n_packed, n); /* and no failure lingers */
}

static size_t encode(hr_pq_codec codec, size_t n)
{
    size_t n_packed = hr_codec_bound(codec, n);
    assert_true(n_packed <= sizeof packed);
    assert_int_equal(hr_codec_encode(ctx, codec, packed, &n_packed, text, n, NULL), HR_OK);
    return n_packed;
}

static const hr_pq_codec written[] = {HR_PQ_UNCOMPRESSED, HR_PQ_SNAPPY, HR_PQ_GZIP, HR_PQ_ZSTD,
                                      HR_PQ_LZ4_RAW};

static void test_round_trip(void **state)
{
    (void)state;
    uint64_t before = hr_heap_calls();
    for (size_t k = 0; k < HR_ARRAY_LEN(written); k++) {
        size_t n = small_text();
        expect_exact(written[k], encode(written[k], n), n);
        n = long_text();
        expect_exact(written[k], encode(written[k], n), n);
        expect_decodes(written[k], encode(written[k], 0), 0);
        expect_decodes(written[k], encode(written[k], 1), 1);
    }
    assert_int_equal(hr_heap_calls(), before);
}

/* Bytes that repeat at all distances and not at all, read by the library's own decoder. */
/* Frames that store are frames: the library reads them; where they are one block, we find it. */
static void test_stored(void **state)
{
    static const size_t sizes[] = {0, 1, 255, 65792, 131071, 131072, 131073, 262144, N};
    (void)state;
    long_text();
    for (size_t i = 0; i < HR_ARRAY_LEN(sizes); i++) {
        size_t n = sizes[i];
        memset(packed, 0xa5, n + 64);
        size_t k = hr_zstd_store(packed, text, n);
        assert_int_equal(k, hr_zstd_stored_bytes(n));
        assert_int_equal(packed[k], 0xa5);
        expect_decodes(HR_PQ_ZSTD, k, n);
        size_t at = hr_zstd_stored(packed, k, n);
        assert_int_equal(at, n <= 131072 ? k - n : 0);
        assert_int_equal(hr_zstd_stored(packed, k, n + 1), 0);
        assert_int_equal(hr_zstd_stored(packed, k - 1, n), 0);
        for (size_t bit = 0; bit < 96; bit++) { /* nothing else is taken for one */
            packed[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(hr_zstd_stored(packed, k, n), 0);
            packed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static void test_snappy_against_library(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t i = 0; i < test_iters(300); i++) {
        size_t n = test_rng_below(&r, test_rng_chance(&r, 8) ? N : 700);
        size_t at = 0;
        while (at < n) {
            size_t k = 1 + test_rng_below(&r, 200);
            k = HR_MIN(k, n - at);
            if (at > 0 && test_rng_chance(&r, 2)) {
                size_t back = 1 + test_rng_below(&r, HR_MIN(at, (size_t)70000));
                for (size_t j = 0; j < k; j++)
                    text[at + j] = text[at + j - back];
            } else {
                test_rng_bytes(&r, text + at, k);
            }
            at += k;
        }
        size_t n_packed = encode(HR_PQ_SNAPPY, n);
        size_t n_out = sizeof out;
        assert_int_equal(snappy_uncompress((char *)packed, n_packed, (char *)out, &n_out),
                         SNAPPY_OK);
        assert_int_equal(n_out, n);
        assert_memory_equal(out, text, n);
    }
}

static size_t gzip(uint8_t *to, const void *from, size_t n)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    n = libdeflate_gzip_compress(c, from, n, to, 2 * N - (size_t)(to - packed));
    libdeflate_free_compressor(c);
    return n;
}

/* Members one after the other; the last one empty, so that its trailer comes after dst is full. */
static void test_gzip_members(void **state)
{
    (void)state;
    size_t n = small_text();
    size_t at = gzip(packed, text, 100);
    at += gzip(packed + at, text + 100, n - 100);
    expect_decodes(HR_PQ_GZIP, at, n);
    at += gzip(packed + at, text, 0);
    expect_decodes(HR_PQ_GZIP, at, n);
    assert_int_equal(hr_codec_decode(ctx, HR_PQ_GZIP, out, n, packed, at - 1, NULL), HR_ECORRUPT);
    packed[at - 8] ^= 1; /* the empty member's checksum */
    assert_int_equal(hr_codec_decode(ctx, HR_PQ_GZIP, out, n, packed, at, NULL), HR_ECORRUPT);
    packed[at - 8] ^= 1;
    packed[at] = 0;
    assert_int_equal(hr_codec_decode(ctx, HR_PQ_GZIP, out, n, packed, at + 1, NULL), HR_ECORRUPT);
    assert_int_equal(hr_codec_decode(ctx, HR_PQ_GZIP, out, n, packed, 0, NULL), HR_ECORRUPT);
}

static void put_be32(uint8_t *p, size_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static size_t hadoop_run(uint8_t *to, const uint8_t *from, size_t n, size_t block)
{
    size_t at = 4;
    put_be32(to, n);
    for (size_t i = 0; i < n; i += block) {
        int k = (int)HR_MIN(block, n - i);
        int m = LZ4_compress_default((const char *)from + i, (char *)to + at + 4, k, (int)N);
        put_be32(to + at, (size_t)m);
        at += 4 + (size_t)m;
    }
    return at;
}

static void test_lz4_framings(void **state)
{
    (void)state;
    size_t n = long_text();
    size_t at = hadoop_run(packed, text, 1000, 1000);
    at += hadoop_run(packed + at, text + 1000, n - 1000, 65536); /* several blocks in a run */
    expect_exact(HR_PQ_LZ4_HADOOP, at, n);
    at = (size_t)LZ4_compress_default((char *)text, (char *)packed, (int)n, (int)sizeof packed);
    expect_decodes(HR_PQ_LZ4_HADOOP, at, n);
    for (unsigned k = 0; k < 16; k++) {
        LZ4F_preferences_t p = LZ4F_INIT_PREFERENCES;
        p.frameInfo.blockSizeID = LZ4F_max64KB;
        p.frameInfo.blockMode = k & 1 ? LZ4F_blockIndependent : LZ4F_blockLinked;
        p.frameInfo.contentChecksumFlag = k & 2 ? LZ4F_contentChecksumEnabled : 0;
        p.frameInfo.blockChecksumFlag = k & 4 ? LZ4F_blockChecksumEnabled : 0;
        p.frameInfo.contentSize = k & 8 ? n : 0;
        at = LZ4F_compressFrame(packed, sizeof packed, text, n, &p);
        expect_exact(HR_PQ_LZ4_HADOOP, at, n);
    }
    test_rng r;
    test_rng_init(&r, test_seed());
    test_rng_bytes(&r, text, n); /* stored blocks, two frames */
    at = LZ4F_compressFrame(packed, sizeof packed, text, 200000, NULL);
    at += LZ4F_compressFrame(packed + at, sizeof packed - at, text + 200000, n - 200000, NULL);
    expect_decodes(HR_PQ_LZ4_HADOOP, at, n);
}

static void test_brotli(void **state)
{
    (void)state;
    uint64_t before = hr_heap_calls();
    memcpy(packed, brotli_small, sizeof brotli_small);
    expect_exact(HR_PQ_BROTLI, sizeof brotli_small, small_text());
    memcpy(packed, brotli_long, sizeof brotli_long);
    expect_exact(HR_PQ_BROTLI, sizeof brotli_long, long_text());
    assert_int_equal(hr_heap_calls(), before);
}

static void test_refuses(void **state)
{
    hr_err err = HR_ERR_INIT;
    hr_codec_ctx *none;
    const hr_codec_options nothing = {.decode = 0};
    size_t n;
    (void)state;
    assert_int_equal(hr_codec_ctx_create(&none, arena, &nothing, &err), HR_OK);
    const hr_pq_codec with_state[] = {HR_PQ_ZSTD, HR_PQ_GZIP, HR_PQ_LZ4_RAW, HR_PQ_SNAPPY};
    for (size_t k = 0; k < HR_ARRAY_LEN(with_state); k++) {
        n = sizeof packed;
        assert_int_equal(hr_codec_encode(none, with_state[k], packed, &n, text, 100, &err),
                         HR_EUNSUPPORTED);
        n = 3;
        assert_int_equal(hr_codec_encode(ctx, with_state[k], packed, &n, text, 100, &err),
                         HR_EINTERNAL);
    }
    const hr_pq_codec read_with_state[] = {HR_PQ_ZSTD, HR_PQ_GZIP, HR_PQ_BROTLI};
    for (size_t k = 0; k < HR_ARRAY_LEN(read_with_state); k++)
        assert_int_equal(hr_codec_decode(none, read_with_state[k], out, 1, packed, 1, &err),
                         HR_EUNSUPPORTED);
    n = sizeof packed;
    assert_int_equal(hr_codec_encode(ctx, HR_PQ_BROTLI, packed, &n, text, 1, &err),
                     HR_EUNSUPPORTED);
    assert_int_equal(hr_codec_decode(ctx, HR_PQ_LZO, out, 1, packed, 1, &err), HR_EUNSUPPORTED);
    n = sizeof packed;
    assert_int_equal(hr_codec_encode(ctx, HR_PQ_LZ4_RAW, packed, &n, text, (size_t)1 << 32, &err),
                     HR_ELIMIT);
    assert_int_equal(hr_codec_decode(ctx, HR_PQ_LZ4_RAW, out, 1, packed, (size_t)1 << 32, &err),
                     HR_ELIMIT);
}

static void test_budget(void **state)
{
    (void)state;
    hr_codec_options opt = {.decode = HR_CODEC_DECODE_COMMON | HR_CODEC_BIT(HR_PQ_BROTLI),
                            .decode_bytes = 1000,
                            .level = 6};
    for (uint32_t k = 0; k < 8; k++) {
        hr_arena *a;
        hr_codec_ctx *x;
        opt.encode = HR_CODEC_BIT(k);
        size_t need = hr_codec_ctx_bytes(&opt);
        assert_int_equal(hr_arena_create(&a, NULL, need + 16384, "test", NULL), HR_OK);
        assert_int_equal(hr_codec_ctx_create(&x, a, &opt, NULL), HR_OK);
        hr_arena_destroy(&a);
        for (size_t cap = 4096; cap < need / 2; cap += need / 40) {
            assert_int_equal(hr_arena_create(&a, NULL, cap, "test", NULL), HR_OK);
            if (hr_arena_left(a) < need / 2)
                assert_int_equal(hr_codec_ctx_create(&x, a, &opt, NULL), HR_EBUDGET);
            hr_arena_destroy(&a);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip),
                                       cmocka_unit_test(test_stored),
                                       cmocka_unit_test(test_snappy_against_library),
                                       cmocka_unit_test(test_gzip_members),
                                       cmocka_unit_test(test_lz4_framings),
                                       cmocka_unit_test(test_brotli),
                                       cmocka_unit_test(test_refuses),
                                       cmocka_unit_test(test_budget)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

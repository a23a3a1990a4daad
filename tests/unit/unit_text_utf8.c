/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 against its definition: decode, then ask whether the number is one and was written in the
 * fewest bytes. Every sequence of three bytes, the edges of those of four, at every place. */
#include "harness.h"
#include "kern/cpu.h"
#include "kern/kern.h"
#include "text/json.h"

/* Bytes of the well-formed sequence at p, or 0. */
static size_t plain_sequence(const unsigned char *p, size_t n)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = 1;
    uint32_t v = p[0];
    if (v < 0x80) return 1;
    while (len < 6 && (p[0] << len & 0x80) != 0)
        len++;
    if (len < 2 || len > 4 || len > n) return 0;
    v &= 0x7fu >> len;
    for (size_t i = 1; i < len; i++) {
        if (p[i] >> 6 != 2) return 0;
        v = v << 6 | (p[i] & 0x3f);
    }
    return v >= least[len] && v <= 0x10ffff && v >> 11 != 0x1b ? len : 0;
}

static bool plain_valid(const unsigned char *p, size_t n)
{
    size_t len;
    for (size_t i = 0; i < n; i += len)
        if ((len = plain_sequence(p + i, n - i)) == 0) return false;
    return true;
}

static void test_three(void **state)
{
    unsigned char s[3];
    uint32_t n_wrong = 0;
    (void)state;
    for (uint32_t v = 0; v < 1u << 24; v++) {
        s[0] = (unsigned char)(v >> 16);
        s[1] = (unsigned char)(v >> 8);
        s[2] = (unsigned char)v;
        n_wrong += hr_utf8_valid((const char *)s, 3) != plain_valid(s, 3);
    }
    assert_int_equal(n_wrong, 0);
}

static void test_four(void **state)
{
    static const unsigned char edge[] = {0x00, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x9f, 0xa0,
                                         0xbf, 0xc0, 0xc2, 0xe0, 0xf0, 0xf4, 0xf5, 0xff};
    char text[400];
    (void)state;
    for (uint32_t a = 0xc0; a < 0x100; a++)
        for (uint32_t k = 0; k < 16u * 16 * 16; k++) {
            unsigned char s[4] = {(unsigned char)a, edge[k >> 8], edge[k >> 4 & 15], edge[k & 15]};
            for (size_t n = 1; n <= 4; n++)
                assert_int_equal(hr_utf8_valid((const char *)s, n), plain_valid(s, n));
        }
    static const char *const words[] = {"\xc3\xa9",     "\xe2\x82\xac",     "\xf0\x9f\x98\x80",
                                        "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\xaf"};
    for (size_t w = 0; w < HR_ARRAY_LEN(words); w++)
        for (size_t at = 0; at + 4 < sizeof text; at++) {
            memset(text, 'x', sizeof text);
            memcpy(text + at, words[w], strlen(words[w]));
            assert_int_equal(hr_utf8_valid(text, sizeof text), w < 3);
            assert_int_equal(hr_utf8_valid(text, at + strlen(words[w])), w < 3);
            assert_int_equal(hr_utf8_valid(text, at + 1), false);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_three), cmocka_unit_test(test_four)};
    hr_kern_init(hr_cpu_detect());
    return cmocka_run_group_tests(tests, NULL, NULL);
}

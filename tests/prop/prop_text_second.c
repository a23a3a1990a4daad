/* SPDX-License-Identifier: Apache-2.0 */
/* Random texts, near the grammar and a little beside it, through the checks of text_check.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rng.h"
#include "text_check.h"

#define TEXT_MAX 4096

static size_t put(char *out, size_t at, const char *s)
{
    size_t n = strlen(s);
    if (at + n > TEXT_MAX) return at;
    memcpy(out + at, s, n);
    return at + n;
}

/* Words of an alphabet at random, so that most texts are nearly right. */
static size_t babble(test_rng *r, char *out, const char *const *words, size_t n_words, size_t most)
{
    size_t at = 0;
    size_t n = test_rng_below(r, most);
    for (size_t i = 0; i < n; i++)
        at = put(out, at, words[test_rng_below(r, n_words)]);
    return at;
}

static size_t number(test_rng *r, char *out, size_t at)
{
    char text[64];
    size_t n = 0;
    if (test_rng_chance(r, 12)) text[n++] = '-';
    for (size_t i = test_rng_below(r, 11); i > 0; i--)
        text[n++] = (char)('0' + test_rng_below(r, 10));
    if (!test_rng_chance(r, 3)) {
        text[n++] = '.';
        for (size_t i = test_rng_below(r, 20); i > 0; i--)
            text[n++] = (char)('0' + (test_rng_chance(r, 2) ? 0 : test_rng_below(r, 10)));
    }
    if (test_rng_chance(r, 12))
        n += (size_t)snprintf(text + n, 8, "e%d", (int)test_rng_below(r, 40) - 20);
    if (test_rng_chance(r, 12)) text[n++] = "x-+ .e"[test_rng_below(r, 6)];
    text[n] = '\0';
    return put(out, at, text);
}

static void verdict(const char *wrong, const char *s, size_t n)
{
    if (wrong != NULL) print_message("%s: '%.*s'\n", wrong, (int)n, s);
    assert_null(wrong);
}

/* An allocation of the exact size: AddressSanitizer then sees every read past the end. */
static char *exact(const char *s, size_t n)
{
    char *p = malloc(n > 0 ? n : 1);
    assert_non_null(p);
    memcpy(p, s, n);
    return p;
}

static void test_decimal(void **state)
{
    static char text[TEXT_MAX];
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t i = test_iters(200000); i > 0; i--) {
        size_t n = number(&r, text, 0);
        if (test_rng_chance(&r, 2)) n = put(text, n, "\",\"0123456789abcdefghijklmnopqrstuv");
        char *s = exact(text, n);
        verdict(text_check_decimal(s, n, (unsigned)test_rng_below(&r, 19)), s, n);
        free(s);
    }
    static const char *const odd[] = {"1.2.3                                   ",
                                      "1.5e3                                   ",
                                      "12345678.                               ",
                                      "99999999.9999999999                     ",
                                      "999999999999999999.5",
                                      "900000000000091000.99999199999"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        verdict(text_check_decimal(odd[i], strlen(odd[i]), 10), odd[i], strlen(odd[i]));
}

static void test_long_exponent(void **state)
{
    static char text[1100010];
    (void)state;
    memset(text, '0', sizeof text);
    text[1] = '.';
    memcpy(text + sizeof text - 9, "5e1100000", 9); /* exactly 5 */
    verdict(text_check_decimal(text, sizeof text, 9), text, 32);
}

static void test_json(void **state)
{
    static const char *const words[] = {"{",     "}",      "[",       "]",       ",",  ":",
                                        "\"a\"", "1",      "-0.5",    "1e3",     "01", "true",
                                        "false", "null",   "\"\\n\"", " ",       "\n", "\"\\u",
                                        "\"",    "12ab\"", "\\",      "{\"k\":", "[[", "]]"};
    static char text[TEXT_MAX];
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed() + 1);
    for (uint64_t i = test_iters(200000); i > 0; i--) {
        size_t n = babble(&r, text, words, sizeof words / sizeof words[0], 14);
        char *s = exact(text, n);
        verdict(text_check_json(s, n), s, n);
        free(s);
    }
}

static void test_deep(void **state)
{
    static char text[400];
    (void)state;
    for (size_t depth = 60; depth < 70; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        verdict(text_check_json(text, 2 * depth), text, 2 * depth);
    }
}

static void test_levels(void **state)
{
    static char text[TEXT_MAX];
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed() + 2);
    for (uint64_t i = test_iters(20000); i > 0; i--) {
        bool is_clean = !test_rng_chance(&r, 3);
        size_t at = put(text, 0, "[");
        for (size_t k = test_rng_below(&r, 70); k > 0; k--) {
            const char *quote = is_clean || !test_rng_chance(&r, 20) ? "\"" : "";
            at = put(text, at, "[");
            at = put(text, at, quote);
            at = is_clean ? put(text, at, "61773.6") : number(&r, text, at);
            at = put(text, at, "\",\"");
            at = is_clean && k % 2 != 0 ? put(text, at, "1001") : number(&r, text, at);
            at = put(text, at, quote);
            if (!is_clean && test_rng_chance(&r, 20)) at = put(text, at, ",[\"more\"]");
            at = put(text, at, k == 1 ? "]" : "],");
        }
        at = put(text, at, test_rng_chance(&r, 30) ? "" : "]");
        char *s = exact(text, at);
        verdict(text_check_levels(s, at, 9, 8), s, at);
        free(s);
    }
}

static void test_csv(void **state)
{
    static const char *const words[] = {",",
                                        "\n",
                                        "\r\n",
                                        "\"",
                                        "\"\"",
                                        "a",
                                        "1234.5",
                                        "\r",
                                        "\",\"",
                                        "\"\n",
                                        "abc",
                                        ",,",
                                        "long field of some bytes",
                                        ","};
    static char text[TEXT_MAX];
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed() + 3);
    for (uint64_t i = test_iters(30000); i > 0; i--) {
        size_t n = babble(&r, text, words, sizeof words / sizeof words[0], 30);
        char *s = exact(text, n);
        verdict(text_check_csv(s, n, test_rng_chance(&r, 3) ? 3 : 64), s, n);
        free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decimal), cmocka_unit_test(test_long_exponent),
        cmocka_unit_test(test_json),    cmocka_unit_test(test_deep),
        cmocka_unit_test(test_levels),  cmocka_unit_test(test_csv)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

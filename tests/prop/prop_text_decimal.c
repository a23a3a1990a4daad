/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rng.h"
#include "text/decimal.h"
#include "text/json.h"
#include "text_check.h"

/* Digit by digit with 128 bits: the plain reading of the contract. */
static hr_status naive(int64_t *out, const char *s, size_t n, unsigned scale)
{
    unsigned __int128 v = 0;
    size_t i = 0;
    bool minus = n > 0 && s[0] == '-';
    size_t digits = 0;
    size_t frac = 0;
    bool point = false;
    bool big = false;
    i += minus;
    size_t first = i;
    for (; i < n; i++) {
        if (s[i] == '.' && !point && i > first) {
            point = true;
            continue;
        }
        if (s[i] < '0' || s[i] > '9') return HR_EINPUT;
        digits++;
        if (point && ++frac > scale) {
            if (s[i] != '0') big = true;
            continue;
        }
        if (v > (unsigned __int128)1 << 100)
            big = true;
        else
            v = v * 10 + (unsigned)(s[i] - '0');
    }
    if (digits == 0 || (point && frac == 0)) return HR_EINPUT;
    for (size_t k = frac < scale ? frac : scale; k < scale; k++)
        v *= 10;
    if (big || v >= (unsigned __int128)1000000000000000000) return HR_ERANGE;
    *out = minus ? -(int64_t)v : (int64_t)v;
    return HR_OK;
}

static size_t random_number(test_rng *r, char *out)
{
    size_t n = 0;
    if (test_rng_chance(r, 10)) out[n++] = '-';
    size_t whole = test_rng_below(r, 12);
    for (size_t i = 0; i < whole; i++)
        out[n++] = (char)('0' + (test_rng_chance(r, 3) ? 0 : test_rng_below(r, 10)));
    if (!test_rng_chance(r, 4)) {
        out[n++] = '.';
        size_t frac = test_rng_below(r, 12);
        for (size_t i = 0; i < frac; i++)
            out[n++] = (char)('0' + (test_rng_chance(r, 2) ? 0 : test_rng_below(r, 10)));
    }
    if (test_rng_chance(r, 30)) out[n++] = "x-+ e"[test_rng_below(r, 4)];
    return n;
}

static void test_against_naive(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    uint64_t iters = test_iters(300000);
    for (uint64_t i = 0; i < iters; i++) {
        char text[96];
        int64_t got = 7;
        int64_t want = 7;
        const char *next;
        size_t n = random_number(&r, text);
        unsigned scale = (unsigned)test_rng_below(&r, 10);
        hr_status st = hr_decimal_parse(&got, text, n, scale);
        hr_status expect = naive(&want, text, n, scale);
        if (st != expect || got != want) print_message("'%.*s' scale %u\n", (int)n, text, scale);
        assert_int_equal(st, expect);
        if (st != HR_OK) continue;
        assert_int_equal(got, want);
        if (text[0] != '-') {
            memcpy(text + n, "\",\"abcdefghijklmnopqrstuvwxyz0123456789", 39);
            assert_int_equal(text_check_scan(&got, &next, text, text + n + 39, scale), HR_OK);
            assert_int_equal(got, want);
            assert_ptr_equal(next, text + n);
            assert_int_equal(text_check_scan(&got, &next, text, text + n, scale), HR_OK);
            assert_int_equal(got, want);
        }
        char back[HR_DECIMAL_TEXT_MAX];
        size_t len = hr_decimal_format(back, want, scale);
        assert_int_equal(hr_decimal_parse(&got, back, len, scale), HR_OK);
        assert_int_equal(got, want);
    }
}

static void test_table(void **state)
{
    static const struct {
        const char *text;
        unsigned scale;
        hr_status st;
        int64_t value;
    } t[] = {{"61773.6", 9, HR_OK, 61773600000000},
             {"0.00000637", 9, HR_OK, 6370},
             {"1e400", 9, HR_ERANGE, 0},
             {"0e400", 9, HR_OK, 0},
             {"1e-3", 9, HR_OK, 1000000},
             {"1.5E2", 2, HR_OK, 15000},
             {"--1", 9, HR_EINPUT, 0},
             {"", 9, HR_EINPUT, 0},
             {".", 9, HR_EINPUT, 0},
             {"1.", 9, HR_EINPUT, 0},
             {"1e", 9, HR_EINPUT, 0},
             {"123456789012345678901234567890", 9, HR_ERANGE, 0},
             {"0.0000000001", 9, HR_ERANGE, 0},
             {"0.10000000000000000000", 9, HR_OK, 100000000},
             {"999999999.999999999", 9, HR_OK, 999999999999999999},
             {"1000000000", 9, HR_ERANGE, 0},
             {"00.5", 1, HR_OK, 5}};
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        int64_t v = 0;
        hr_status st = hr_decimal_parse(&v, t[i].text, strlen(t[i].text), t[i].scale);
        if (st != t[i].st) print_message("'%s'\n", t[i].text);
        assert_int_equal(st, t[i].st);
        if (st == HR_OK) assert_int_equal(v, t[i].value);
    }
}

/* Level lists through the fast loop equal the same text with a blank put in, which takes the slow
 * way. */
static void test_levels(void **state)
{
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed() + 1);
    for (uint64_t k = 0; k < test_iters(3000); k++) {
        static char fast[8192], slow[16384];
        size_t nf = 0;
        size_t ns = 0;
        uint32_t n = (uint32_t)test_rng_below(&r, 40);
        fast[nf++] = slow[ns++] = '[';
        for (uint32_t i = 0; i < n; i++) {
            char px[96], qty[96];
            size_t np = random_number(&r, px);
            size_t nq = random_number(&r, qty);
            nf += (size_t)snprintf(fast + nf, 256, "%s[\"%.*s\",\"%.*s\"]", i > 0 ? "," : "",
                                   (int)np, px, (int)nq, qty);
            ns += (size_t)snprintf(slow + ns, 256, "%s [ \"%.*s\" , \"%.*s\" ] ", i > 0 ? "," : "",
                                   (int)np, px, (int)nq, qty);
        }
        fast[nf++] = slow[ns++] = ']';
        hr_json a, b;
        static int64_t pa[64], qa[64], pb[64], qb[64];
        uint32_t na, nb;
        hr_json_init(&a, fast, nf);
        hr_json_init(&b, slow, ns);
        hr_status sa = hr_json_levels(&a, pa, qa, 64, 9, 8, &na);
        hr_status sb = hr_json_levels(&b, pb, qb, 64, 9, 8, &nb);
        assert_int_equal(sa, sb);
        if (sa != HR_OK) continue;
        assert_int_equal(na, n);
        assert_int_equal(nb, n);
        assert_memory_equal(pa, pb, n * sizeof *pa);
        assert_memory_equal(qa, qb, n * sizeof *qa);
        assert_true(hr_json_at_end(&a));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table),
                                       cmocka_unit_test(test_against_naive),
                                       cmocka_unit_test(test_levels)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

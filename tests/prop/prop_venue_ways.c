/* SPDX-License-Identifier: Apache-2.0 */
/* What the synthetic venue says, a few bytes of it changed at random, by every way through the
 * decoders: venue_check.h. */
#include <stdlib.h>

#include "harness.h"
#include "rng.h"
#include "synth/synth.h"
#include "venue_check.h"

#define N_TEXT (1u << 20)
#define PIECE 6000u

static char text[N_TEXT + HR_SYNTH_LINE_MAX];
static size_t n_text;

static void make(hr_synth_format format, bool futures, uint64_t seed)
{
    hr_synth *s;
    hr_synth_options opt = HR_SYNTH_OPTIONS_DEFAULT;
    opt.format = format;
    opt.futures = futures;
    opt.seed = seed;
    opt.n_instruments = 3;
    opt.n_levels = 4000;
    opt.n_bad = 20;
    opt.has_snapshots = false; /* long lines that say little */
    assert_int_equal(hr_synth_create(&s, &opt, NULL), HR_OK);
    n_text = 0;
    for (size_t n = 1; n > 0 && n_text < N_TEXT; n_text += n)
        n = hr_synth_next(s, text + n_text);
    hr_synth_destroy(&s);
}

/* Whole lines from a random place, at most PIECE bytes. */
static size_t pick(test_rng *r, char *out)
{
    size_t at = test_rng_below(r, n_text - PIECE);
    const char *begin = memchr(text + at, '\n', n_text - at);
    if (begin == NULL) return 0;
    const char *end = begin + 1;
    for (const char *p = end; (p = memchr(p, '\n', (size_t)(text + n_text - p))) != NULL; p++) {
        if (p - begin > (ptrdiff_t)PIECE) break;
        end = p + 1;
    }
    memcpy(out, begin + 1, (size_t)(end - begin - 1));
    return (size_t)(end - begin - 1);
}

static size_t spoil(test_rng *r, char *s, size_t n)
{
    static const char bytes[] = "0123456789.,:-+eE\"{}[]\\ \t\r\n\0nulltrue\x80\xc3\xa9\xffuUbBaA";
    for (uint64_t k = test_rng_below(r, 6); k > 0 && n > 2; k--) {
        size_t at = test_rng_below(r, n - 1);
        size_t len = 1 + test_rng_below(r, test_rng_chance(r, 4) ? 40 : 2);
        char c = bytes[test_rng_below(r, sizeof bytes - 1)];
        len = HR_MIN(len, n - 1 - at);
        switch (test_rng_below(r, 4)) {
        case 0:
            s[at] = c;
            break;
        case 1: /* out */
            memmove(s + at, s + at + len, n - at - len);
            n -= len;
            break;
        case 2: /* in */
            memmove(s + at + 1, s + at, n - at);
            s[at] = c;
            n++;
            break;
        default: /* twice */
            memmove(s + at + len, s + at, n - at);
            n += len;
            break;
        }
    }
    s[n - 1] = '\n';
    return n;
}

static void fail_with(const char *wrong, const char *s, size_t n)
{
    if (wrong == NULL) return;
    print_message("%s:\n%.*s\n", wrong, (int)HR_MIN(n, 3000u), s);
    fail();
}

static void test_lines(void **state)
{
    static const struct {
        hr_synth_format made;
        hr_format read;
    } kinds[] = {{HR_SYNTH_CAPTURE, HR_FORMAT_CAPTURE_PREFIX},
                 {HR_SYNTH_CAPTURE_JSON, HR_FORMAT_CAPTURE_JSON},
                 {HR_SYNTH_NDJSON, HR_FORMAT_NDJSON}};
    static char piece[2 * PIECE];
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (unsigned k = 0; k < 6; k++) {
        make(kinds[k % 3].made, k >= 3, test_rng_u64(&r));
        for (uint64_t i = test_iters(1500); i > 0; i--) {
            hr_source_info info = {.format = kinds[k % 3].read,
                                   .px_scale = (uint8_t)test_rng_below(&r, 10),
                                   .qty_scale = (uint8_t)test_rng_below(&r, 10),
                                   .venue = "binance",
                                   .head_time_ns = 7};
            size_t n = spoil(&r, piece, pick(&r, piece));
            fail_with(venue_check_lines(piece, n, &info, 1 + test_rng_below(&r, 700)), piece, n);
        }
    }
}

static void test_rows(void **state)
{
    static const char *const header[] = {
        "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n",
        "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"};
    static char table[2 * PIECE];
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (unsigned k = 0; k < 2; k++) {
        make(k == 0 ? HR_SYNTH_TARDIS : HR_SYNTH_TARDIS_TRADES, false, test_rng_u64(&r));
        const size_t n_head = strlen(header[k]);
        memcpy(table, header[k], n_head);
        for (uint64_t i = test_iters(3000); i > 0; i--) {
            size_t n = n_head + spoil(&r, table + n_head, pick(&r, table + n_head));
            fail_with(venue_check_rows(table, n, 1 + test_rng_below(&r, 700)), table, n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

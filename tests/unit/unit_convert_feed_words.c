/* SPDX-License-Identifier: Apache-2.0 */
/* The words of each venue are whole: holes that are known, brackets that close, levels where books
 * are, and a venue that can be read. */
#include <stdio.h>
#include <string.h>

#include "convert/feed_words.h"
#include "harness.h"
#include "venue/venue.h"

#define HOLES "sStwnzehuflpixqgdDCTyjmbBaA34oO12rckKNH"

static void check_text(const char *text)
{
    int depth = 0;
    if (text == NULL) return;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '%') {
            assert_true(p[1] != '\0' && strchr(HOLES, p[1]) != NULL);
            p++;
        } else if (*p == '<') {
            assert_true(depth == 0 && p[1] != '\0' && strchr("tlpk", p[1]) != NULL);
            depth = 1;
            p++;
        } else if (*p == '>') {
            assert_int_equal(depth, 1);
            depth = 0;
        }
    }
    assert_int_equal(depth, 0);
}

static void check_words(const hr_feed_words *w)
{
    const char *text[] = {w->snapshot, w->delta, w->trade, w->aggregate, w->ticker, w->answer};
    bool has_any = false;
    for (size_t i = 0; i < HR_ARRAY_LEN(text); i++) {
        check_text(text[i]);
        has_any = has_any || text[i] != NULL;
        const bool has_levels = text[i] != NULL && strpbrk(text[i], "%") != NULL &&
                                (strstr(text[i], "%r") != NULL || strstr(text[i], "%O") != NULL ||
                                 strstr(text[i], "%o") != NULL);
        for (int k = 0; k < 3 && has_levels; k++)
            assert_non_null(w->level[k]);
    }
    assert_true(has_any && strstr(w->url, "://") != NULL && strchr(w->url, ' ') == NULL);
}

static void test_words(void **state)
{
    (void)state;
    uint32_t n;
    const hr_venue *const *v = hr_venue_all(&n);
    for (uint32_t i = 0; i < n; i++) {
        const hr_feed_words *w;
        uint32_t k = 0;
        for (; (w = hr_feed_words_of(v[i]->name, k)) != NULL; k++)
            check_words(w);
        assert_true(k > 0); /* each venue that is read is written */
    }
    assert_null(hr_feed_words_of("nobody", 0));
    assert_null(hr_feed_words_of("binance", 1));
}

/* A reader that sees the url alone must find this venue. */
static void test_urls(void **state)
{
    (void)state;
    uint32_t n;
    const hr_venue *const *v = hr_venue_all(&n);
    for (uint32_t i = 0; i < n; i++) {
        char line[256];
        char why[128];
        hr_source_info info = {.px_scale = 9, .qty_scale = 8};
        const hr_feed_words *w = hr_feed_words_of(v[i]->name, 0);
        const int k = snprintf(line, sizeof line, "%s <-> 1700000000.5\n", w->url);
        assert_int_equal(hr_sniff_text(&info, why, sizeof why, "x", line, (size_t)k, NULL), HR_OK);
        assert_string_equal(info.venue, v[i]->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_urls),
    };
    return cmocka_run_group_tests_name("convert feed words", tests, NULL, NULL);
}

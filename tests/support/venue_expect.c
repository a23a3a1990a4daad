/* SPDX-License-Identifier: Apache-2.0 */
#include "venue_expect.h"

#include <stdio.h>

#include "harness.h"
#include "venue_rig.h"

hr_source_info venue_source;
const hr_evbatch *venue_batch;

#define TEXT_MAX 4096
#define N_TEXTS 8

/* In turn, so that several are valid at once. */
static const char *quoted(const char *s)
{
    static char texts[N_TEXTS][TEXT_MAX];
    static unsigned next;
    char *out = texts[next++ % N_TEXTS];
    size_t n = strlen(s);
    assert_true(n < TEXT_MAX);
    for (size_t i = 0; i <= n; i++)
        out[i] = s[i] == '\'' ? '"' : s[i];
    return out;
}

void venue_use(const char *venue)
{
    venue_source = venue_info(HR_FORMAT_NDJSON);
    memset(venue_source.venue, 0, sizeof venue_source.venue);
    memcpy(venue_source.venue, venue, strlen(venue));
    venue_source.symbol[0] = '\0';
    venue_source.head_time_ns = 1;
}

void venue_learn(const char *line)
{
    line = quoted(line);
    hr_venue_find(venue_source.venue)->learn(&venue_source, line, strlen(line));
}

void venue_read(const char *lines)
{
    venue_batch = venue_decode(&venue_source, quoted(lines));
}

void venue_read_answer(const char *url, const char *body)
{
    static char line[TEXT_MAX];
    hr_source_info info = venue_source;
    info.format = HR_FORMAT_CRYPTOFEED;
    int n = snprintf(line, sizeof line, "%s -> 1.0: %s\n", url, quoted(body));
    assert_true(n > 0 && (size_t)n < sizeof line);
    venue_batch = venue_decode(&info, line);
}

void venue_expect(uint32_t m, hr_msg_kind kind, const char *symbol, int64_t ns)
{
    const hr_evbatch *b = venue_batch;
    assert_true(m < b->n_msgs);
    assert_int_equal(b->kind[m], kind);
    assert_string_equal(b->syms[b->sym[m]].symbol, symbol);
    assert_string_equal(b->syms[b->sym[m]].venue, venue_source.venue);
    assert_int_equal(b->ts_event[m], ns);
    assert_int_equal(b->flags[m] & HR_FLAG_SNAPSHOT, kind == HR_MSG_SNAPSHOT);
}

void venue_expect_ids(uint32_t m, int64_t first, int64_t last, int64_t prev)
{
    assert_int_equal(venue_batch->seq_first[m], first);
    assert_int_equal(venue_batch->seq_last[m], last);
    assert_int_equal(venue_batch->seq_prev[m], prev);
}

void venue_expect_text(uint32_t m, const char *text)
{
    assert_true(venue_batch->text[m] >= 0);
    const hr_text *t = &venue_batch->texts[venue_batch->text[m]];
    assert_int_equal(t->len, strlen(text));
    assert_memory_equal(t->byte, text, t->len);
}

void venue_expect_level(uint32_t i, hr_side side, int64_t px, int64_t qty)
{
    assert_true(i < venue_batch->n_levels);
    assert_int_equal(venue_batch->side[i], side);
    assert_int_equal(venue_batch->px[i], px);
    assert_int_equal(venue_batch->qty[i], qty);
}

void venue_expect_other(const char *line)
{
    venue_read(line);
    if (venue_batch->n_msgs != 1 || venue_batch->kind[0] != HR_MSG_OTHER)
        print_message("# not left out: %s\n", line);
    assert_int_equal(venue_batch->n_msgs, 1);
    assert_int_equal(venue_batch->kind[0], HR_MSG_OTHER);
}

void venue_expect_sniffed(const char *line, const char *venue)
{
    char why[128];
    static hr_source_info got;
    got = (hr_source_info){.px_scale = 2, .qty_scale = 3};
    line = quoted(line);
    assert_int_equal(hr_sniff_text(&got, why, sizeof why, "f", line, strlen(line), NULL), HR_OK);
    assert_string_equal(got.venue, venue);
}

void venue_expect_swaps(const char *line, const venue_swap *swap, size_t n)
{
    static char text[TEXT_MAX];
    static char whole[TEXT_MAX];
    snprintf(whole, sizeof whole, "%s", quoted(line));
    line = whole;
    assert_int_equal(venue_reason(&venue_source, line), -1);
    for (size_t i = 0; i < n; i++) {
        const char *from = quoted(swap[i].from);
        const char *at = strstr(line, from);
        if (at == NULL) print_message("# not there: %s\n", from);
        assert_non_null(at);
        int len = snprintf(text, sizeof text, "%.*s%s%s", (int)(at - line), line,
                           quoted(swap[i].to), at + strlen(from));
        assert_true(len > 0 && (size_t)len < sizeof text);
        int got = venue_reason(&venue_source, text);
        if (got != swap[i].reason)
            print_message("# %s: %s\n", text,
                          got < 0 ? "taken" : hr_reject_name((hr_reject_reason)got));
        assert_int_equal(got, swap[i].reason);
    }
}

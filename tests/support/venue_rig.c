/* SPDX-License-Identifier: Apache-2.0 */
#include "venue_rig.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

#define TEXT_MAX (1u << 20)
#define TAIL 512

static char room[TEXT_MAX + TAIL];

static hr_evbatch *batch(uint32_t cap_levels, unsigned which)
{
    static void *mems[2];
    void *mem = mems[which];
    hr_evbatch_caps caps = {
        .msgs = 4096, .levels = 65536, .rejects = 512, .raw = 1 << 20, .texts = 512};
    if (mem == NULL) mem = mems[which] = aligned_alloc(64, hr_evbatch_bytes(&caps));
    assert_non_null(mem);
    caps.levels = cap_levels;
    return hr_evbatch_init(mem, &caps);
}

static size_t put(const char *text, size_t n)
{
    assert_true(n <= TEXT_MAX);
    memcpy(room, text, n);
    memset(room + n, 0, TAIL);
    return n;
}

hr_source_info venue_info(hr_format format)
{
    return (hr_source_info){
        .format = format, .px_scale = 2, .qty_scale = 3, .venue = "binance", .head_time_ns = 7};
}

hr_source_info venue_csv_info(const char *text)
{
    char why[128];
    hr_source_info info = {.px_scale = 2, .qty_scale = 3};
    assert_int_equal(hr_sniff_text(&info, why, sizeof why, "f.csv", text, strlen(text), NULL),
                     HR_OK);
    return info;
}

static void expect_equal(const hr_evbatch *a, const hr_evbatch *b, bool has_last_end)
{
    assert_int_equal(a->n_msgs, b->n_msgs);
    assert_int_equal(a->n_levels, b->n_levels);
    assert_int_equal(a->n_rejects, b->n_rejects);
#define EXPECT_COLUMN(name, n) assert_memory_equal(a->name, b->name, (n) * sizeof *a->name)
    EXPECT_COLUMN(ts_event, a->n_msgs);
    EXPECT_COLUMN(ts_recv, a->n_msgs);
    EXPECT_COLUMN(seq_first, a->n_msgs);
    EXPECT_COLUMN(seq_last, a->n_msgs);
    EXPECT_COLUMN(seq_prev, a->n_msgs);
    EXPECT_COLUMN(src_offset, a->n_msgs);
    EXPECT_COLUMN(src_line, a->n_msgs);
    EXPECT_COLUMN(sym, a->n_msgs);
    EXPECT_COLUMN(text, a->n_msgs);
    EXPECT_COLUMN(flags, a->n_msgs);
    EXPECT_COLUMN(kind, a->n_msgs);
    EXPECT_COLUMN(level_begin, a->n_msgs + 1);
    EXPECT_COLUMN(px, a->n_levels);
    EXPECT_COLUMN(qty, a->n_levels);
    EXPECT_COLUMN(side, a->n_levels);
    EXPECT_COLUMN(syms, a->n_syms);
    for (uint32_t i = 0; i < a->n_rejects; i++) {
        assert_int_equal(a->rejects[i].reason, b->rejects[i].reason);
        if (has_last_end) assert_int_equal(a->rejects[i].full_len, b->rejects[i].full_len);
    }
}

/* Empty lines behind the text give the short ways room to look ahead, and may change nothing. */
static void decode_roomy(hr_evbatch *b, const hr_source_info *info, const char *text)
{
    size_t pos = 0;
    int64_t line = 1;
    size_t n = put(text, strlen(text));
    memset(room + n, '\n', TAIL);
    assert_int_equal(hr_decode_text(info, b, room, n + TAIL, &pos, 0, &line, UINT32_MAX, true),
                     HR_OK);
}

const hr_evbatch *venue_decode(const hr_source_info *info, const char *text)
{
    const hr_evbatch *b;
    const size_t n = strlen(text);
    hr_evbatch *roomy = batch(65536, 1);
    decode_roomy(roomy, info, text);
    assert_int_equal(venue_decode_small(&b, info, text, 65536), HR_OK);
    expect_equal(b, roomy, n > 0 && text[n - 1] == '\n');
    return b;
}

hr_status venue_decode_small(const hr_evbatch **out, const hr_source_info *info, const char *text,
                             uint32_t cap_levels)
{
    hr_evbatch *b = batch(cap_levels, 0);
    size_t pos = 0;
    int64_t line = 1;
    size_t n = put(text, strlen(text));
    hr_status st = hr_decode_text(info, b, room, n, &pos, 0, &line, UINT32_MAX, true);
    if (st == HR_OK) assert_int_equal(pos, n);
    *out = b;
    return st;
}

const hr_evbatch *venue_decode_split(const hr_source_info *info, const char *text, size_t step)
{
    hr_evbatch *b = batch(65536, 0);
    const size_t n = strlen(text);
    size_t base = 0;
    size_t end = 0;
    int64_t line = 1;
    do {
        size_t pos = 0;
        end = HR_MIN(n, end + step);
        size_t len = put(text + base, end - base);
        assert_int_equal(
            hr_decode_text(info, b, room, len, &pos, (int64_t)base, &line, UINT32_MAX, end == n),
            HR_OK);
        base += pos;
        assert_int_equal(b->src_end, (int64_t)base);
    } while (end < n);
    assert_int_equal(base, n);
    return b;
}

int venue_reason(const hr_source_info *info, const char *line)
{
    const hr_evbatch *b = venue_decode(info, line);
    if (b->n_rejects == 0) return -1;
    assert_int_equal(b->n_rejects, 1);
    assert_int_equal(b->n_msgs, 1);
    assert_int_equal(b->n_levels, 0);
    assert_int_equal(b->n_syms, 0);
    assert_int_equal(b->kind[0], HR_MSG_BAD);
    return b->rejects[0].reason;
}

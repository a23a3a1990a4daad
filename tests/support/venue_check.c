/* SPDX-License-Identifier: Apache-2.0 */
#include "venue_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAIL 512u /* more than any short way looks ahead */
#define ROOM (VENUE_CHECK_TEXT_MAX + 2 * TAIL)

static hr_evbatch *batch(unsigned which)
{
    static void *mems[2];
    static const hr_evbatch_caps caps = {
        .msgs = ROOM, .levels = ROOM, .rejects = ROOM, .raw = 4 * ROOM, .texts = ROOM};
    if (mems[which] == NULL) mems[which] = aligned_alloc(64, hr_evbatch_bytes(&caps));
    if (mems[which] == NULL) abort();
    return hr_evbatch_init(mems[which], &caps);
}

static const char *same_reject(const hr_evbatch *a, const hr_evbatch *b, uint32_t i, bool reasons)
{
    const hr_reject *x = &a->rejects[i];
    const hr_reject *y = &b->rejects[i];
    if (x->src_offset != y->src_offset) return "offset of a reject";
    if (x->src_line != y->src_line) return "line of a reject";
    if (x->full_len != y->full_len) return "length of a reject";
    if (!reasons) return NULL;
    if (x->reason != y->reason) return "reason of a reject";
    if (x->raw_len != y->raw_len ||
        memcmp(a->raw + x->raw_begin, b->raw + y->raw_begin, x->raw_len) != 0)
        return "text of a reject";
    return NULL;
}

const char *venue_check_same(const hr_evbatch *a, const hr_evbatch *b, bool with_reasons)
{
    if (a->n_msgs != b->n_msgs) return "number of messages";
    if (a->n_levels != b->n_levels) return "number of levels";
    if (a->n_rejects != b->n_rejects) return "number of rejects";
    if (a->n_syms != b->n_syms) return "number of instruments";
    if (a->n_texts != b->n_texts) return "number of texts";
#define SAME(name, n)                                                                              \
    if (memcmp(a->name, b->name, (n) * sizeof *a->name) != 0) return #name
    SAME(kind, a->n_msgs);
    SAME(flags, a->n_msgs);
    SAME(src_offset, a->n_msgs);
    SAME(src_line, a->n_msgs);
    SAME(level_begin, a->n_msgs + 1);
    for (uint32_t m = 0; m < a->n_msgs; m++) {
        if (a->kind[m] == HR_MSG_BAD) continue; /* the rest is not its */
        if (a->ts_event[m] != b->ts_event[m]) return "ts_event";
        if (a->ts_recv[m] != b->ts_recv[m]) return "ts_recv";
        if (a->seq_first[m] != b->seq_first[m]) return "seq_first";
        if (a->seq_last[m] != b->seq_last[m]) return "seq_last";
        if (a->seq_prev[m] != b->seq_prev[m]) return "seq_prev";
        if (a->sym[m] != b->sym[m]) return "sym";
        if (a->text[m] != b->text[m]) return "text";
    }
    SAME(px, a->n_levels);
    SAME(qty, a->n_levels);
    SAME(side, a->n_levels);
    for (uint32_t i = 0; i < a->n_syms; i++)
        if (strcmp(a->syms[i].venue, b->syms[i].venue) != 0 ||
            strcmp(a->syms[i].symbol, b->syms[i].symbol) != 0)
            return "an instrument";
    SAME(texts, a->n_texts);
    for (uint32_t i = 0; i < a->n_rejects; i++) {
        const char *wrong = same_reject(a, b, i, with_reasons);
        if (wrong != NULL) return wrong;
    }
    return NULL;
}

/* Decodes s[0, n) with n_behind blank lines after it; how far, or SIZE_MAX. */
static size_t decode(hr_evbatch *b, const hr_source_info *info, const char *s, size_t n,
                     size_t n_behind, size_t base, int64_t *line, bool at_eof)
{
    static char room[ROOM + TAIL];
    size_t pos = 0;
    memcpy(room, s, n);
    memset(room + n, '\n', n_behind);
    memset(room + n + n_behind, 0, TAIL);
    hr_status st =
        hr_decode_text(info, b, room, n + n_behind, &pos, (int64_t)base, line, UINT32_MAX, at_eof);
    return st == HR_OK ? pos : SIZE_MAX;
}

static const char *whole(hr_evbatch *b, const hr_source_info *info, const char *s, size_t n,
                         size_t n_behind)
{
    int64_t line = 1;
    size_t pos = decode(b, info, s, n, n_behind, 0, &line, true);
    return pos == n + n_behind ? NULL : "the whole: not read to its end";
}

static const char *pieces(hr_evbatch *b, const hr_source_info *info, const char *s, size_t n,
                          size_t step)
{
    size_t base = 0;
    size_t end = 0;
    int64_t line = 1;
    while (end < n) {
        end = HR_MIN(n, end + step);
        size_t pos = decode(b, info, s + base, end - base, 0, base, &line, end == n);
        if (pos == SIZE_MAX) return "pieces: not read";
        base += pos;
    }
    return base == n ? NULL : "pieces: an end is left";
}

static const char *line_by_line(hr_evbatch *b, const hr_source_info *info, const char *s, size_t n)
{
    int64_t line = 1;
    size_t next;
    for (size_t at = 0; at < n; at = next) {
        const char *eol = memchr(s + at, '\n', n - at);
        next = eol != NULL ? (size_t)(eol + 1 - s) : n;
        if (decode(b, info, s + at, next - at, 0, at, &line, true) != next - at)
            return "a line alone: not read to its end";
    }
    return NULL;
}

/* "text" and the name of the way, for the one who reads the failure. */
static const char *verdict(const char *way, const char *failed, const hr_evbatch *a,
                           const hr_evbatch *b, bool with_reasons)
{
    static char text[128];
    const char *wrong = failed != NULL ? failed : venue_check_same(a, b, with_reasons);
    if (wrong == NULL) return NULL;
    snprintf(text, sizeof text, "%s: %s", way, wrong);
    return text;
}

const char *venue_check_lines(const char *s, size_t n, const hr_source_info *info, size_t step)
{
    const char *wrong;
    hr_evbatch *a = batch(0);
    if (n == 0 || n > VENUE_CHECK_TEXT_MAX || s[n - 1] != '\n') return NULL;
    const char *failed = whole(a, info, s, n, TAIL);
    hr_evbatch *b = batch(1);
    if (failed == NULL) failed = line_by_line(b, info, s, n);
    if ((wrong = verdict("each line alone", failed, a, b, true)) != NULL) return wrong;
    b = batch(1);
    failed = pieces(b, info, s, n, step);
    return verdict("in pieces", failed, a, b, true);
}

/* ---- rows ---- */

/* Prices and amounts change places in each row that has all fields; false: not that kind. */
static bool swap_columns(char *out, const char *s, size_t n)
{
    if (memchr(s, '"', n) != NULL || memchr(s, '\r', n) != NULL) return false;
    size_t next;
    for (size_t at = 0; at < n; at = next) {
        const char *eol = memchr(s + at, '\n', n - at);
        const char *comma[9];
        unsigned n_commas = 0;
        if (eol == NULL) return false;
        next = (size_t)(eol + 1 - s);
        for (const char *p = s + at; p < eol; p++)
            if (*p == ',' && n_commas < 9) comma[n_commas++] = p;
        memcpy(out + at, s + at, next - at);
        if (n_commas != 7) continue;
        char *to = out + (comma[5] + 1 - s);
        size_t n_amount = (size_t)(eol - comma[6] - 1);
        memcpy(to, comma[6] + 1, n_amount);
        to[n_amount] = ',';
        memcpy(to + n_amount + 1, comma[5] + 1, (size_t)(comma[6] - comma[5] - 1));
    }
    return true;
}

static bool sniff(hr_source_info *info, const char *s, size_t n)
{
    char why[128];
    *info = (hr_source_info){.px_scale = 2, .qty_scale = 3};
    static const char path[] = "data/spot/BTCUSDT-aggTrades-2024-01-02.csv"; /* for rows alone */
    return hr_sniff_text(info, why, sizeof why, path, s, n, NULL) == HR_OK &&
           hr_format_is_csv(info->format);
}

const char *venue_check_rows(const char *s, size_t n, size_t step)
{
    static char swapped[VENUE_CHECK_TEXT_MAX];
    hr_source_info info;
    const char *wrong;
    if (n == 0 || n > VENUE_CHECK_TEXT_MAX || s[n - 1] != '\n' || !sniff(&info, s, n)) return NULL;
    hr_evbatch *a = batch(0);
    const char *failed = whole(a, &info, s, n, 0);
    hr_evbatch *b = batch(1);
    if (failed == NULL) failed = pieces(b, &info, s, n, step);
    if ((wrong = verdict("in pieces", failed, a, b, true)) != NULL) return wrong;
    if (a->n_rejects == 0) { /* blank lines may lengthen a bad row's text */
        b = batch(1);
        failed = whole(b, &info, s, n, TAIL);
        if ((wrong = verdict("with room behind", failed, a, b, true)) != NULL) return wrong;
    }
    if (info.format != HR_FORMAT_TARDIS_L2 || info.n_columns != 8 || !swap_columns(swapped, s, n))
        return NULL;
    if (!sniff(&info, swapped, n)) return "columns in another order: not known";
    a = batch(0);
    failed = whole(a, &info, swapped, n, 0);
    return verdict("columns in another order", failed, a, b, false);
}

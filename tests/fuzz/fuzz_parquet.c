/* SPDX-License-Identifier: Apache-2.0 */
/* A whole file from memory: its footer, every flat column by each reader that takes it, from the
 * first row and from others, what its statistics and indexes leave to read, and, where it has a
 * table's columns, its events in batches small enough to cut messages. */
#include <stdlib.h>
#include <string.h>

#include "fmt/pq_events.h"
#include "fmt/pq_select.h"
#include "mem_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_BYTES (48u << 20)
#define STEPS_MAX 64 /* reads of a column, batches of a table */

static volatile uint8_t touched;

static hr_status read_texts(hr_pq_cursor *c)
{
    static hr_pq_bytes s[64]; /* no more than there are null marks */
    uint32_t n;
    hr_status st = hr_pq_read_bytes(c, s, 64, &n, NULL);
    for (uint32_t i = 0; st == HR_OK && i < n; i++)
        for (uint32_t k = 0; s[i].s != NULL && k < s[i].n; k++)
            touched ^= (uint8_t)s[i].s[k];
    return st;
}

static void read_column(hr_pq_file *f, uint32_t col, hr_arena *arena)
{
    static int64_t v[700];
    static double d[700];
    hr_pq_cursor *c;
    if (hr_pq_cursor_create(&c, f, col, arena, NULL) != HR_OK) return;
    for (int how = 0; how < 3; how++) {
        for (uint32_t g = 0; g < hr_pq_file_row_groups(f) && g < 4; g++) {
            uint32_t n;
            hr_status st = hr_pq_cursor_seek(c, g, NULL);
            for (int step = 0; step < STEPS_MAX && st == HR_OK; step++)
                st = how == 0   ? hr_pq_read_i64(c, v, 700, &n, NULL)
                     : how == 1 ? hr_pq_read_f64(c, d, 700, &n, NULL)
                                : read_texts(c);
        }
    }
}

/* Ranges that are met, missed, and of one value, as Bloom filters want it. */
static void select_rows(hr_pq_file *f, uint32_t col, hr_arena *arena)
{
    static const int64_t bound[][2] = {{0, 0}, {7, 7}, {-100, 100}, {INT64_MAX, INT64_MAX}};
    for (uint32_t g = 0; g < hr_pq_file_row_groups(f) && g < 4; g++)
        for (uint32_t i = 0; i < 3 * HR_ARRAY_LEN(bound); i++) {
            const int64_t *v = bound[i / 3];
            hr_pq_rows rows[8];
            hr_pq_range r = {.col = col,
                             .by = (hr_pq_carrier)(i % 3),
                             .min = v[0],
                             .max = v[1],
                             .min_f64 = (double)v[0],
                             .max_f64 = (double)v[1],
                             .min_bytes = {.s = "A", .n = 1},
                             .max_bytes = {.s = v[0] == 7 ? "A" : "a", .n = 1}};
            hr_pq_query q = {.range = &r, .n_ranges = 1, .use = HR_PQ_USE_ALL, .scratch = arena};
            hr_pq_selection got = {.rows = rows, .cap = 8};
            size_t used = hr_arena_used(arena);
            hr_status st = hr_pq_select(f, g, &q, &got, NULL);
            if (hr_arena_used(arena) != used || got.n > 8 || (st != HR_OK && got.n > 0)) abort();
            for (uint32_t k = 0; k < got.n; k++)
                if (rows[k].begin < (k > 0 ? rows[k - 1].end : 0) || rows[k].begin >= rows[k].end ||
                    rows[k].end > hr_pq_row_group_rows(f, g))
                    abort();
        }
}

static void read_from_rows(hr_pq_file *f, uint32_t col, hr_arena *arena)
{
    static int64_t v[64];
    static uint8_t is_null[64];
    hr_pq_cursor *c;
    if (hr_pq_cursor_create(&c, f, col, arena, NULL) != HR_OK) return;
    hr_pq_cursor_mark_nulls(c, is_null);
    for (uint32_t g = 0; g < hr_pq_file_row_groups(f) && g < 4; g++) {
        int64_t n_rows = hr_pq_row_group_rows(f, g);
        for (int64_t i = 0; i < 4; i++) {
            uint32_t n;
            int64_t row = HR_MIN(n_rows / 3 * i + i, n_rows);
            if (row > 100000) continue; /* of a footer's claim: many empty pages are no news */
            hr_status st = hr_pq_cursor_seek_row(c, g, row, NULL);
            if (st == HR_OK) st = hr_pq_read_i64(c, v, 64, &n, NULL);
            if (st == HR_OK && n > n_rows - row) abort();
            if (st == HR_EUNSUPPORTED) (void)read_texts(c);
        }
    }
}

/* wants: some instruments and times; what need not be read is then left out. */
static void read_events(const hr_pq_file *f, hr_pq_file *table, bool wants, hr_arena *arena)
{
    static const hr_pq_bytes names[] = {{.s = "A", .n = 1}, {.s = "BTC-USDT", .n = 8}};
    static const hr_pq_want want = {
        .symbol = names, .n_symbols = 2, .from_ns = 1000, .to_ns = INT64_C(1700000000000000000)};
    static const hr_evbatch_caps caps = {
        .msgs = 16, .levels = 40, .rejects = 8, .raw = 64, .texts = 4};
    hr_source_info info = {.px_scale = 9, .qty_scale = 8};
    hr_pq_events *e;
    char why[128];
    if (hr_pq_events_sniff(&info, why, sizeof why, "symbol=A/1.parquet", f, NULL) != HR_OK ||
        hr_pq_events_create(&e, table, &info, arena, NULL) != HR_OK)
        return;
    if (wants && hr_pq_events_want(e, &want, NULL) != HR_OK) return;
    void *mem = hr_arena_alloc(arena, hr_evbatch_bytes(&caps), 64);
    if (mem == NULL) return;
    hr_status st = HR_OK;
    for (int step = 0; step < STEPS_MAX && st == HR_OK; step++) {
        hr_evbatch *b = hr_evbatch_init(mem, &caps);
        st = hr_pq_events_next(e, b, UINT32_MAX, NULL);
        if (b->n_msgs > caps.msgs || b->n_levels > caps.levels || b->n_texts > caps.texts) abort();
        for (uint32_t m = 0; st >= 0 && m < b->n_msgs; m++) {
            if (b->level_begin[m] > b->level_begin[m + 1]) abort();
            if (wants && b->kind[m] == HR_MSG_OTHER && b->flags[m] == HR_FLAG_LEFT_OUT &&
                (b->seq_first[m] <= 0 || b->seq_first[m] > hr_pq_file_rows(f)))
                abort();
            if (b->sym[m] >= 0 && (uint32_t)b->sym[m] >= b->n_syms) abort();
            for (int32_t i = b->level_begin[m]; i < b->level_begin[m + 1]; i++)
                if (b->side[i] > HR_SIDE_NONE || b->px[i] < 0 || b->qty[i] < 0) abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static hr_arena *arena;
    hr_pq_file *f;
    mem_file self = {.p = data, .n = size};
    hr_pq_limits limits = {.footer_bytes = 1u << 20,
                           .columns = 256,
                           .row_groups = 256,
                           .page_bytes = 1u << 20,
                           .dict_bytes = 1u << 20};
    if (arena == NULL && hr_arena_create(&arena, NULL, ARENA_BYTES, "fuzz", NULL) != HR_OK)
        return 0;
    hr_arena_rewind(arena, 0);
    if (hr_pq_file_open(&f, mem_file_read, &self, (int64_t)size, &limits, arena, NULL) != HR_OK)
        return 0;
    size_t mark = hr_arena_mark(arena);
    uint32_t n_value;
    const char *value = hr_pq_file_meta(f, "ARROW:schema", &n_value);
    for (uint32_t i = 0; i < n_value; i++)
        touched ^= (uint8_t)value[i];
    for (uint32_t i = 0; i < hr_pq_file_columns(f) && i < 16; i++) {
        read_column(f, i, arena);
        hr_arena_rewind(arena, mark);
        select_rows(f, i, arena);
        read_from_rows(f, i, arena);
        hr_arena_rewind(arena, mark);
    }
    read_events(f, f, false, arena);
    hr_arena_rewind(arena, mark);
    read_events(f, f, true, arena);
    return 0;
}

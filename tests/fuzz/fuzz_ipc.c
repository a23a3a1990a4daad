/* SPDX-License-Identifier: Apache-2.0 */
/* A whole Arrow file or stream from memory: its metadata, every flat column by each reader, from
 * the first row and from others, batches back and forth, and, where it has a table's columns, its
 * events in batches small enough to cut messages, alone and in parts ahead: they must be equal. */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "fmt/ipc_read.h"
#include "fmt/pq_coded.h"
#include "fmt/pq_events.h"
#include "mem_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_BYTES (64u << 20)
#define STEPS_MAX 64  /* reads of a column, batches of a table */
#define GROUPS_MAX 6u /* batches that are looked at */
#define CAP 700u

static volatile uint8_t touched;

static void touch(const hr_pq_bytes *s, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; s[i].s != NULL && k < s[i].n; k++)
            touched ^= (uint8_t)s[i].s[k];
}

static hr_status read_coded(hr_pq_cursor *c, uint32_t *n)
{
    static uint32_t index[CAP];
    hr_pq_dict dict;
    hr_status st = hr_pq_read_coded(c, &dict, index, CAP, n, NULL);
    for (uint32_t i = 0; st == HR_OK && i < *n; i++) {
        if (index[i] > dict.n) abort();
        if (dict.text != NULL && index[i] < dict.n) touch(&dict.text[index[i]], 1);
    }
    return st;
}

/* how: 0 integers, 1 numbers, 2 texts, 3 indexes. Rows of one batch, as many as it says. */
static void read_batch(hr_pq_cursor *c, int how, int64_t n_left, uint8_t *is_null)
{
    static int64_t v[CAP];
    static double d[CAP];
    static hr_pq_bytes s[CAP];
    hr_status st = HR_OK;
    hr_pq_cursor_mark_nulls(c, how == 2 ? is_null : NULL);
    for (int step = 0; step < STEPS_MAX && st == HR_OK; step++) {
        uint32_t n = 0;
        st = how == 0   ? hr_pq_read_i64(c, v, CAP, &n, NULL)
             : how == 1 ? hr_pq_read_f64(c, d, CAP, &n, NULL)
             : how == 2 ? hr_pq_read_bytes(c, s, CAP, &n, NULL)
                        : read_coded(c, &n);
        if (st == HR_OK && how == 2) touch(s, n);
        for (uint32_t i = 0; st == HR_OK && how == 2 && i < n; i++)
            if ((s[i].s == NULL) != (is_null[i] != 0)) abort();
        if (st != HR_OK) break;
        n_left -= n;
        if (n_left < 0 || n == 0) abort();
    }
    if (st == HR_END && n_left != 0) abort();
}

static void read_column(hr_pq_file *f, uint32_t col, hr_arena *arena)
{
    static uint8_t is_null[CAP];
    hr_pq_cursor *c;
    uint32_t n_groups = HR_MIN(hr_pq_file_row_groups(f), GROUPS_MAX);
    if (hr_pq_cursor_create(&c, f, col, arena, NULL) != HR_OK) return;
    for (int how = 0; how < 4; how++)
        for (uint32_t i = 0; i < 2 * n_groups; i++) {
            uint32_t g = i < n_groups ? i : 2 * n_groups - 1 - i; /* and back */
            int64_t n = hr_pq_row_group_rows(f, g);
            int64_t from = i < n_groups ? 0 : n / 3;
            if (hr_pq_cursor_seek_row(c, g, from, NULL) == HR_OK)
                read_batch(c, how, n - from, is_null);
        }
}

#define MUST(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) abort();                                                                      \
    } while (0)

static void check_batch(hr_digest *d, const hr_evbatch *b)
{
    MUST(b->n_msgs <= b->cap_msgs && b->n_levels <= b->cap_levels && b->n_texts <= b->cap_texts);
    for (uint32_t m = 0; m < b->n_msgs; m++) {
        MUST(b->level_begin[m] <= b->level_begin[m + 1] && b->kind[m] < HR_MSG_KIND_COUNT);
        MUST(b->sym[m] >= -1 && b->sym[m] < (int32_t)b->n_syms);
        MUST(b->text[m] >= -1 && b->text[m] < (int32_t)b->n_texts);
    }
    for (uint32_t i = 0; i < b->n_levels; i++)
        MUST(b->px[i] >= 0 && b->qty[i] >= 0 && b->side[i] <= HR_SIDE_NONE);
    hr_digest_add(d, b->ts_recv, b->n_msgs * sizeof *b->ts_recv);
    hr_digest_add(d, b->level_begin, (b->n_msgs + 1) * sizeof *b->level_begin);
    hr_digest_add(d, b->px, b->n_levels * sizeof *b->px);
    hr_digest_add(d, b->side, b->n_levels);
}

typedef struct outcome {
    hr_digest digest;
    hr_status status;
} outcome;

static void read_events(hr_pq_file *f, uint32_t n_lanes, outcome *o, hr_arena *arena)
{
    static const hr_evbatch_caps caps = {
        .msgs = 16, .levels = 40, .rejects = 8, .raw = 64, .texts = 4};
    hr_source_info info = {.px_scale = 9, .qty_scale = 8, .n_sources = 1, .n_lanes = n_lanes};
    hr_pq_events *e;
    char why[128];
    memset(o, 0, sizeof *o);
    o->status = hr_pq_events_sniff(&info, why, sizeof why, "symbol=A/1.arrow", f, NULL);
    if (o->status == HR_OK) o->status = hr_pq_events_create(&e, f, &info, arena, NULL);
    void *mem = hr_arena_alloc(arena, hr_evbatch_bytes(&caps), 64);
    if (mem == NULL) o->status = HR_EBUDGET;
    for (int step = 0; step < STEPS_MAX && o->status == HR_OK; step++) {
        hr_evbatch *b = hr_evbatch_init(mem, &caps);
        while (step % 2 == 0 && hr_pq_events_help(e) == HR_OK) {
        }
        o->status = hr_pq_events_next(e, b, UINT32_MAX, NULL);
        if (o->status >= 0) check_batch(&o->digest, b);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static hr_arena *arena;
    hr_pq_file *f;
    mem_file self = {.p = data, .n = size};
    outcome alone;
    outcome ahead;
    hr_pq_limits limits = {
        .footer_bytes = 1u << 20, .columns = 256, .page_bytes = 1u << 20, .dict_bytes = 1u << 20};
    if (arena == NULL && hr_arena_create(&arena, NULL, ARENA_BYTES, "fuzz", NULL) != HR_OK)
        return 0;
    hr_arena_rewind(arena, 0);
    (void)hr_ipc_sniff(data, size);
    if (hr_ipc_file_open(&f, mem_file_read, &self, (int64_t)size, &limits, arena, NULL) != HR_OK)
        return 0;
    size_t mark = hr_arena_mark(arena);
    for (uint32_t i = 0; i < hr_pq_file_columns(f) && i < 16; i++) {
        read_column(f, i, arena);
        hr_arena_rewind(arena, mark);
    }
    read_events(f, 1, &alone, arena);
    hr_arena_rewind(arena, mark);
    read_events(f, 2, &ahead, arena);
    if (alone.status != HR_EBUDGET && ahead.status != HR_EBUDGET)
        MUST(memcmp(&alone, &ahead, sizeof alone) == 0);
    return 0;
}

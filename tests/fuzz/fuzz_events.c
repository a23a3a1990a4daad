/* SPDX-License-Identifier: Apache-2.0 */
/* Any Parquet file as a stream of events: whatever it holds, a batch has the shape that books and
 * checks rely on. */
#include <string.h>

#include "fmt/pq_events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct file {
    const uint8_t *p;
    size_t n;
} file;

static int64_t read_at(void *self, void *buf, size_t n, int64_t offset)
{
    const file *f = self;
    if (offset < 0 || (uint64_t)offset >= f->n) return 0;
    size_t k = HR_MIN(n, f->n - (size_t)offset);
    memcpy(buf, f->p + offset, k);
    return (int64_t)k;
}

#define MUST(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) __builtin_trap();                                                             \
    } while (0)

static void check_batch(const hr_evbatch *b)
{
    uint32_t n_bad = 0;
    MUST(b->n_msgs <= b->cap_msgs && b->n_levels <= b->cap_levels && b->level_begin[0] == 0);
    MUST(b->level_begin[b->n_msgs] == (int32_t)b->n_levels);
    for (uint32_t m = 0; m < b->n_msgs; m++) {
        int32_t n = b->level_begin[m + 1] - b->level_begin[m];
        MUST(n >= 0 && b->kind[m] < HR_MSG_KIND_COUNT);
        MUST(b->sym[m] >= -1 && b->sym[m] < (int32_t)b->n_syms);
        MUST(b->text[m] >= -1 && b->text[m] < (int32_t)b->n_texts);
        MUST(b->seq_last[m] >= -1 && b->seq_first[m] >= -1 && b->seq_prev[m] >= -1);
        MUST(b->kind[m] != HR_MSG_TRADE || n == 1);
        MUST(b->kind[m] != HR_MSG_TICKER || n == 2);
        n_bad += b->kind[m] == HR_MSG_BAD;
    }
    MUST(n_bad == b->n_rejects);
    for (uint32_t i = 0; i < b->n_levels; i++)
        MUST(b->px[i] >= 0 && b->qty[i] >= 0 && b->side[i] <= HR_SIDE_NONE);
}

static void read_all(hr_pq_events *e, hr_evbatch *b, const hr_evbatch_caps *caps, void *mem)
{
    hr_status st = HR_OK;
    for (int i = 0; i < 64 && st == HR_OK; i++) {
        b = hr_evbatch_init(mem, caps);
        st = hr_pq_events_next(e, b, 4096, NULL);
        if (st >= 0) check_batch(b);
        if (st == HR_OK) MUST(b->n_msgs > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const hr_evbatch_caps caps = {
        .msgs = 1024, .levels = 16384, .rejects = 256, .raw = 1024, .texts = 128};
    hr_arena *arena;
    hr_pq_file *f;
    hr_pq_events *e;
    char why[128];
    file self = {.p = data, .n = size};
    hr_source_info info = {.px_scale = HR_PX_SCALE, .qty_scale = HR_QTY_SCALE};
    hr_pq_limits limits = {.footer_bytes = 1u << 20,
                           .columns = 256,
                           .row_groups = 256,
                           .page_bytes = 1u << 20,
                           .dict_bytes = 1u << 20};
    if (hr_arena_create(&arena, NULL, 64u << 20, "fuzz", NULL) != HR_OK) return 0;
    void *mem = hr_arena_alloc(arena, hr_evbatch_bytes(&caps), 64);
    if (hr_pq_file_open(&f, read_at, &self, (int64_t)size, &limits, arena, NULL) == HR_OK &&
        hr_pq_events_sniff(&info, why, sizeof why, "fuzz", f, NULL) == HR_OK &&
        hr_pq_events_create(&e, f, &info, arena, NULL) == HR_OK)
        read_all(e, NULL, &caps, mem);
    hr_arena_destroy(&arena);
    return 0;
}

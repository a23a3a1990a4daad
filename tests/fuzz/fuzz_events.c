/* SPDX-License-Identifier: Apache-2.0 */
/* Any Parquet file as a stream of events: whatever it holds, a batch has the shape that books and
 * checks rely on. */
#include <string.h>

#include "base/digest.h"
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

/* What a reading gave. */
typedef struct outcome {
    hr_digest digest;
    hr_status status;
} outcome;

static void add_batch(hr_digest *d, const hr_evbatch *b)
{
    hr_digest_add(d, b->ts_recv, b->n_msgs * sizeof *b->ts_recv);
    hr_digest_add(d, b->seq_last, b->n_msgs * sizeof *b->seq_last);
    hr_digest_add(d, b->level_begin, (b->n_msgs + 1) * sizeof *b->level_begin);
    hr_digest_add(d, b->px, b->n_levels * sizeof *b->px);
    hr_digest_add(d, b->qty, b->n_levels * sizeof *b->qty);
    hr_digest_add(d, b->side, b->n_levels);
}

static void read_all(hr_pq_events *e, outcome *o, const hr_evbatch_caps *caps, void *mem)
{
    for (int i = 0; i < 64 && o->status == HR_OK; i++) {
        hr_evbatch *b = hr_evbatch_init(mem, caps);
        while (i % 2 == 0 && hr_pq_events_help(e) == HR_OK) {
        }
        o->status = hr_pq_events_next(e, b, 4096, NULL);
        if (o->status >= 0) check_batch(b);
        if (o->status >= 0) add_batch(&o->digest, b);
        if (o->status == HR_OK) MUST(b->n_msgs > 0);
    }
}

static void read_file(file *self, uint32_t n_lanes, outcome *o)
{
    static const hr_evbatch_caps caps = {
        .msgs = 1024, .levels = 16384, .rejects = 256, .raw = 1024, .texts = 128};
    hr_arena *arena;
    hr_pq_file *f;
    hr_pq_events *e;
    char why[128];
    hr_source_info info = {
        .px_scale = HR_PX_SCALE, .qty_scale = HR_QTY_SCALE, .n_sources = 1, .n_lanes = n_lanes};
    hr_pq_limits limits = {.footer_bytes = 1u << 20,
                           .columns = 256,
                           .row_groups = 256,
                           .page_bytes = 1u << 20,
                           .dict_bytes = 1u << 20};
    memset(o, 0, sizeof *o);
    o->status = HR_EBUDGET;
    if (hr_arena_create(&arena, NULL, 64u << 20, "fuzz", NULL) != HR_OK) return;
    void *mem = hr_arena_alloc(arena, hr_evbatch_bytes(&caps), 64);
    o->status = hr_pq_file_open(&f, read_at, self, (int64_t)self->n, &limits, arena, NULL);
    if (o->status == HR_OK) o->status = hr_pq_events_sniff(&info, why, sizeof why, "fuzz", f, NULL);
    if (o->status == HR_OK) o->status = hr_pq_events_create(&e, f, &info, arena, NULL);
    if (o->status == HR_OK) read_all(e, o, &caps, mem);
    hr_arena_destroy(&arena);
}

/* Read by one lane, and in parts ahead of it: the same, unless memory ends. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    file self = {.p = data, .n = size};
    outcome alone;
    outcome ahead;
    read_file(&self, 1, &alone);
    read_file(&self, 2, &ahead);
    if (alone.status == HR_EBUDGET || ahead.status == HR_EBUDGET) return 0;
    MUST(memcmp(&alone, &ahead, sizeof alone) == 0);
    return 0;
}

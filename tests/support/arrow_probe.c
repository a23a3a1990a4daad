/* SPDX-License-Identifier: Apache-2.0 */
/* The Arrow interface as a shared library for test_arrow.py: makes a batch whose values follow from
 * the row number, exports it, and sums up what it is given. */
#include <stdlib.h>
#include <string.h>

#include "col/arrow_batch.h"

#define PROBE __attribute__((visibility("default")))

static const hr_evbatch_caps caps = {
    .msgs = 4096, .levels = 16384, .rejects = 1, .raw = 64, .texts = 4096};
static int n_done;

typedef struct held {
    void *batch, *mem;
} held;

static void on_done(void *self)
{
    held *h = self;
    n_done++;
    free(h->batch);
    free(h->mem);
    free(h);
}

static void put(hr_evbatch *b, int64_t i)
{
    static const char *const symbols[] = {"BTCUSDT", "ETHUSDT", "SOLUSDT"};
    uint32_t m = b->n_msgs;
    bool is_trade = i % 3 == 2;
    uint32_t n = is_trade ? 1 : (uint32_t)(i % 4);
    b->kind[m] = is_trade ? HR_MSG_TRADE : HR_MSG_DELTA;
    b->ts_event[m] = i % 5 == 0 ? HR_NULL_I64 : INT64_C(1700000000000000000) + i;
    b->ts_recv[m] = INT64_C(1700000000000000100) + i;
    b->seq_first[m] = b->seq_last[m] = i % 7 == 0 ? -1 : i;
    b->seq_prev[m] = i - 1;
    b->src_offset[m] = i;
    b->src_line[m] = i + 1;
    b->flags[m] = 0;
    b->text[m] = -1;
    b->sym[m] = hr_evbatch_sym(b, "binance", symbols[i % 3], 7);
    if (is_trade && i % 2 == 0) {
        hr_text *t = &b->texts[b->n_texts];
        *t = (hr_text){.byte = "trade", .len = 5};
        b->text[m] = (int32_t)b->n_texts++;
    }
    for (uint32_t k = 0; k < n; k++) {
        b->side[b->n_levels] = (uint8_t)((uint32_t)i + k) % 2;
        b->px[b->n_levels] = INT64_C(1500000000) * (i + 1);
        b->qty[b->n_levels++] = INT64_C(25000000) * (int64_t)k;
    }
    b->n_msgs++;
    b->level_begin[b->n_msgs] = (int32_t)b->n_levels;
}

PROBE int probe_make(int64_t n, int table, int as_integers, struct ArrowSchema *schema,
                     struct ArrowArray *array)
{
    held *h = calloc(1, sizeof *h);
    h->batch = aligned_alloc(64, (hr_evbatch_bytes(&caps) + 63) & ~(size_t)63);
    hr_evbatch *b = hr_evbatch_init(h->batch, &caps);
    hr_arrow_options o = {.px_scale = HR_PX_SCALE,
                          .qty_scale = HR_QTY_SCALE,
                          .as_integers = as_integers != 0,
                          .done = on_done,
                          .self = h};
    for (int64_t i = 0; i < n; i++)
        put(b, i);
    size_t bytes = hr_arrow_export_bytes(b, (hr_arrow_table)table);
    h->mem = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
    hr_arrow_export(schema, array, b, (hr_arrow_table)table, &o, h->mem);
    return 0;
}

PROBE int probe_done(void)
{
    return n_done;
}

/* sums: messages, levels, prices, quantities, update ids, receive times (wrapping). Returns an
 * hr_status; message holds 512 bytes. */
PROBE int probe_take(struct ArrowSchema *schema, struct ArrowArray *array, int64_t sums[6],
                     char *message)
{
    hr_evbatch_caps small = {.msgs = 100, .levels = 256, .rejects = 1, .raw = 64, .texts = 40};
    void *mem = aligned_alloc(64, (hr_evbatch_bytes(&small) + 63) & ~(size_t)63);
    hr_evbatch *b = hr_evbatch_init(mem, &small);
    hr_err err = HR_ERR_INIT;
    int64_t row = 0;
    hr_status st = HR_FULL;
    memset(sums, 0, 6 * sizeof *sums);
    while (st == HR_FULL) {
        st = hr_arrow_import(b, schema, array, HR_PX_SCALE, HR_QTY_SCALE, &row, &err);
        if (st < 0) break;
        sums[0] += b->n_msgs;
        sums[1] += b->n_levels;
        for (uint32_t i = 0; i < b->n_levels; i++) {
            sums[2] += b->px[i];
            sums[3] += b->qty[i];
        }
        for (uint32_t m = 0; m < b->n_msgs; m++) {
            sums[4] += b->seq_last[m];
            sums[5] += b->ts_recv[m] - INT64_C(1700000000000000000);
        }
    }
    memcpy(message, err.message, sizeof err.message);
    array->release(array);
    schema->release(schema);
    free(mem);
    return (int)st;
}

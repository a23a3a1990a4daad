/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_COL_ARROW_BATCH_H
#define HR_COL_ARROW_BATCH_H
/* Event batches through the Arrow C data interface.
 *
 * table      rows            columns
 * messages   one a message   ts_event, ts_recv, kind, venue, symbol, seq, seq_first, seq_prev,
 *                            flags, src_offset, src_line, trade_id,
 *                            levels: list<struct<side, px, qty>>
 * levels     one a level     side, px, qty
 * trades     one a trade     ts_event, ts_recv, venue, symbol, seq, side, px, qty, trade_id, flags
 *
 * Times are timestamp[ns, UTC], prices and quantities decimal64 of the batch's scales (or int64
 * with the scale as metadata "headrace.scale"), names dictionaries of utf8. Messages and levels are
 * the batch's own columns, not copied; validity bitmaps, dictionaries and the trades are made in
 * memory that the caller gives.
 *
 * Threads: an export may be released on any thread. Memory: all of it the caller's. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "col/evbatch.h"
#include "headrace/arrow.h"

typedef enum hr_arrow_table {
    HR_ARROW_MESSAGES = 0,
    HR_ARROW_LEVELS = 1,
    HR_ARROW_TRADES = 2,
    HR_ARROW_TABLE_COUNT = 3,
} hr_arrow_table;

/** Called once, when the last piece of schema and array is released: from then on the batch and the
 * memory are the caller's again. On the thread that releases. */
typedef void (*hr_arrow_done_fn)(void *self);

typedef struct hr_arrow_options {
    uint8_t px_scale, qty_scale;
    bool as_integers;      /* int64 and metadata instead of decimal64, for readers that lack it */
    hr_arrow_done_fn done; /* may be NULL */
    void *self;
} hr_arrow_options;

/** Bytes of memory that this export takes. */
size_t hr_arrow_export_bytes(const hr_evbatch *b, hr_arrow_table table);
/** Fills *schema and *array; mem: 64-byte aligned, hr_arrow_export_bytes long. The batch must not
 * change until `done`. O(messages), for trades a copy of them. */
void hr_arrow_export(struct ArrowSchema *schema, struct ArrowArray *array, const hr_evbatch *b,
                     hr_arrow_table table, const hr_arrow_options *o, void *mem);

/** Rows of a messages or trades table from *row on into b (which is reset first), until the rows or
 *  b's room are used up. *row moves on. HR_OK: all rows are taken; HR_FULL: call again with a fresh
 *  batch. HR_EUNSUPPORTED: a column is missing or of a type that is not taken; HR_EINPUT: the
 *  structures contradict themselves, or a row is no message; the message names column and row.
 *  Columns may be in any order, have offsets, and differ in what loses nothing: utf8 with or
 *  without dictionary, times of any unit, decimals of 64 or 128 bits and other scales.
 *  Nothing is released: both structures stay the caller's. Buffers are trusted to be as long as
 *  the lengths say: the interface has no means to check that. */
HR_MUST_USE hr_status hr_arrow_import(hr_evbatch *b, const struct ArrowSchema *schema,
                                      const struct ArrowArray *array, uint8_t px_scale,
                                      uint8_t qty_scale, int64_t *row, hr_err *err);

#endif

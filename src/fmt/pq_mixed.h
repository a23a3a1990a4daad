/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_PQ_MIXED_H
#define HR_FMT_PQ_MIXED_H
/* The events table: every message of a stream in its order, any kind, any instrument, in one file.
 * A row is one price level; rows of one message follow each other and the last has HR_FLAG_LAST. A
 * message without levels is one row with side "none" and neither price nor quantity. `format` names
 * what the message was read from: sequence rules hang on it. What an event batch holds of a message
 * is held exactly, but for the place in the source. */
#include "col/evbatch.h"
#include "fmt/pq_read.h"
#include "venue/adapter.h"

enum {
    HR_MIXED_TS_EVENT,
    HR_MIXED_TS_RECV,
    HR_MIXED_KIND,
    HR_MIXED_VENUE,
    HR_MIXED_SYMBOL,
    HR_MIXED_SEQ,
    HR_MIXED_SEQ_FIRST,
    HR_MIXED_SEQ_PREV,
    HR_MIXED_SIDE,
    HR_MIXED_PX,
    HR_MIXED_QTY,
    HR_MIXED_TRADE_ID,
    HR_MIXED_FLAGS,
    HR_MIXED_FORMAT,
    HR_MIXED_COLUMNS
};

typedef struct hr_mixed_schema {
    hr_schema schema;
    hr_field field[HR_MIXED_COLUMNS];
    const char *format_name[HR_FORMAT_COUNT];
} hr_mixed_schema;
/** In place, self-contained; fields in the order of the enum. `kind` follows hr_msg_kind, `side`
 * hr_side, `format` hr_format. */
void hr_mixed_schema_init(hr_mixed_schema *s, uint8_t px_scale, uint8_t qty_scale);

/** True when the file has the columns of an events table. */
bool hr_pq_is_mixed(const hr_pq_file *f);

typedef struct hr_pq_mixed hr_pq_mixed;
/** Reads the first rows too: told->format is what the events came from, told->has_orders whether
 * some tell of single orders. */
HR_MUST_USE hr_status hr_pq_mixed_create(hr_pq_mixed **out, hr_pq_file *f,
                                         const hr_source_info *info, hr_source_info *told,
                                         hr_arena *arena, hr_err *err);
void hr_pq_mixed_skip_to(hr_pq_mixed *e, int64_t row);
/** As hr_pq_events_next. */
HR_MUST_USE hr_status hr_pq_mixed_next(hr_pq_mixed *e, hr_evbatch *b, uint32_t target_rows,
                                       hr_err *err);

#endif

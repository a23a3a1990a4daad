/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_VENUE_FILES_DBN_MAKE_H
#define HR_VENUE_FILES_DBN_MAKE_H
/* DBN to be written: metadata of what the records themselves say. No I/O. See docs/modules/dbn.md.
 */
#include "venue/files/dbn.h"

/** The symbol of an instrument from one UTC day to another, both with records. */
typedef struct hr_dbn_span {
    uint32_t instrument;
    uint32_t first_day, last_day; /* since the epoch */
    char symbol[72];              /* NULs behind it */
} hr_dbn_span;

/* Spans in order of coming; an instrument's last one is found by its number. */
typedef struct hr_dbn_spans {
    hr_dbn_span *span;
    uint32_t *slot; /* index + 1 of an instrument's last span, 0 free */
    uint32_t n, cap, mask;
} hr_dbn_spans;
size_t hr_dbn_spans_bytes(uint32_t cap);
HR_MUST_USE hr_status hr_dbn_spans_create(hr_dbn_spans *s, hr_arena *arena, uint32_t cap,
                                          hr_err *err);
/** Notes that the instrument had this symbol (n bytes, at most 71) on this day. Days may come in
 * any order. false: no room for one more. */
bool hr_dbn_spans_note(hr_dbn_spans *s, uint32_t instrument, uint32_t day, const char *symbol,
                       size_t n);

/** As if nothing had been noted. */
void hr_dbn_spans_reset(hr_dbn_spans *s);

typedef struct hr_dbn_made {
    uint8_t version; /* 1 to 3 */
    uint16_t schema;
    bool has_ts_out;
    char dataset[HR_DBN_DATASET_MAX + 1];
    uint64_t start_ns, end_ns; /* the end is the first that no longer counts */
    hr_dbn_spans *spans;       /* raw symbols to instruments; put in order by the first call */
} hr_dbn_made;
/** Prelude and metadata; HR_EUNSUPPORTED: a symbol that version 1 has no room for. */
HR_MUST_USE hr_status hr_dbn_made_bytes(size_t *out, const hr_dbn_made *m, hr_err *err);
void hr_dbn_made_put(uint8_t *out, const hr_dbn_made *m);
/** HR_DBN_SCHEMA_NONE for "mixed" and where it is none. */
uint16_t hr_dbn_schema_from_name(const char *name, size_t n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_STORE_PART_H
#define HR_STORE_PART_H
/* A part: one file of one table, instrument and day. Its name follows from what it is. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "col/schema.h"

#define HR_DATASET_PATH_MAX 1024

typedef struct hr_part {
    uint8_t kind;
    int32_t date;
    uint32_t number;
    const char *venue, *symbol; /* borrowed */
    uint64_t n_rows, n_bytes;
    uint32_t crc32c;
    int64_t ts_first, ts_last; /* ts_recv */
} hr_part;

/** Relative path of a part; is_temp: where it is written first. */
void hr_part_path(char *out, size_t cap, const hr_part *p, bool is_temp);
/** Order of parts in a manifest, for hr_sort: table, venue, symbol, date, number. */
int hr_part_compare(const void *va, const void *vb);
/** Text of a date, YYYY-MM-DD. */
void hr_date_text(char out[11], int32_t days);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CONVERT_TABLE_IN_H
#define HR_CONVERT_TABLE_IN_H
/* A Parquet file of a conversion, that its columns' cursors read a step of rows at a time. */
#include "convert/convert.h"
#include "fmt/pq_read.h"

#define HR_TABLE_IN_STEP 1024u /* rows */

typedef struct hr_table_in {
    const hr_convert_options *o;
    int fd; /* -1: none; lasts as long as the file */
    int64_t size_bytes;
    hr_pq_file *file;
} hr_table_in;

/** Opens o->in; the arena holds its footer and whatever cursors take. */
HR_MUST_USE hr_status hr_table_in_open(hr_table_in *t, const hr_convert_options *o, hr_arena *arena,
                                       hr_err *err);
/** Also of one that was never opened, where fd is -1. */
void hr_table_in_close(hr_table_in *t);

/** All rows of a group, to which the cursors were set: step reads and takes exactly n of every
 * column; its HR_END is a column that ends early. HR_ESTOPPED: the caller's flag was raised. */
typedef hr_status (*hr_table_in_take)(void *self, uint32_t n, hr_err *err);
HR_MUST_USE hr_status hr_table_in_group(const hr_table_in *t, uint32_t group, hr_table_in_take step,
                                        void *self, hr_err *err);

/** Whether path is a Parquet file that `knows` knows. False of standard input, of what is no file,
 * and of damage: that is told by whoever reads it. */
HR_MUST_USE hr_status hr_table_in_probe(bool *is_known, const char *path,
                                        bool (*knows)(const hr_pq_file *file), hr_err *err);

#endif

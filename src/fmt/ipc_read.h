/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_IPC_READ_H
#define HR_FMT_IPC_READ_H
/* Arrow IPC files (Feather V2) and streams behind the calls of the Parquet reader: a record batch
 * is a row group, a column a column. Nothing in a file is trusted, and nothing in it is
 * checksummed: damaged values may read as other values. See docs/modules/ipc.md. */
#include "fmt/pq_read.h"

typedef enum hr_ipc_kind {
    HR_IPC_NOT = 0,
    HR_IPC_FILE,   /* begins with ARROW1, ends in a footer */
    HR_IPC_STREAM, /* messages one after the other, from the schema on */
} hr_ipc_kind;

#define HR_IPC_SNIFF_BYTES 16u
/** By the first HR_IPC_SNIFF_BYTES of a file. */
hr_ipc_kind hr_ipc_sniff(const void *head, size_t n_bytes);

/** As hr_pq_file_open. Of the limits, footer_bytes bounds the footer and each message's metadata,
 * columns all fields with those nested in others, page_bytes a compressed buffer once it is
 * decompressed, dict_bytes a dictionary. */
HR_MUST_USE hr_status hr_ipc_file_open(hr_pq_file **out, hr_read_at_fn read_at, void *self,
                                       int64_t size_bytes, const hr_pq_limits *limits,
                                       hr_arena *arena, hr_err *err);
/** A Parquet or an Arrow file, by its first bytes. */
HR_MUST_USE hr_status hr_table_file_open(hr_pq_file **out, hr_read_at_fn read_at, void *self,
                                         int64_t size_bytes, const hr_pq_limits *limits,
                                         hr_arena *arena, hr_err *err);

#endif

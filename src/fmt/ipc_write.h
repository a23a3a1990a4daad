/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_IPC_WRITE_H
#define HR_FMT_IPC_WRITE_H
/* Flat tables of hr_schema as Arrow IPC: files (Feather V2) and streams, metadata V5, every buffer
 * on a multiple of 64 bytes of the file, so that a reader that maps it copies nothing. Bytes are a
 * pure function of (schema, options, values). Memory: fixed, from the arena.
 * See docs/modules/ipc.md for the types. */
#include "fmt/ipc_read.h"
#include "fmt/pq_write.h"

typedef struct hr_ipc_write_options {
    hr_ipc_kind kind;     /* HR_IPC_FILE, HR_IPC_STREAM */
    bool is_packed;       /* bodies compressed, zstd level 1 */
    uint32_t batch_rows;  /* at most so many a batch */
    uint32_t max_batches; /* of a file: its footer names each */
    hr_sink_fn sink;
    void *sink_self;
} hr_ipc_write_options;

typedef struct hr_ipc_writer hr_ipc_writer;
size_t hr_ipc_writer_bytes(const hr_schema *schema, const hr_ipc_write_options *opt);
/** Writes schema and dictionaries at once. The schema is borrowed until finish. */
HR_MUST_USE hr_status hr_ipc_writer_create(hr_ipc_writer **out, const hr_schema *schema,
                                           const hr_ipc_write_options *opt, hr_arena *arena,
                                           hr_err *err);
/** One record batch of rows->n_rows <= batch_rows. */
HR_MUST_USE hr_status hr_ipc_writer_batch(hr_ipc_writer *w, const hr_rows_source *rows,
                                          hr_err *err);
/** End of the stream; a file's footer. */
HR_MUST_USE hr_status hr_ipc_writer_finish(hr_ipc_writer *w, hr_err *err);

#endif

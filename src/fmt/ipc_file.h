/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_IPC_FILE_H
#define HR_FMT_IPC_FILE_H
/* An Arrow file's messages and cursors. Private to the reader. */
#include "fmt/ipc_meta.h"
#include "fmt/ipc_read.h"
#include "fmt/pq_file.h"

/* Where a message lies. */
typedef struct ipc_block {
    int64_t at; /* its metadata, behind their length */
    int64_t body_at, body_bytes;
    uint32_t meta_bytes;
} ipc_block;

typedef struct ipc_dict {
    ipc_block block;
    int64_t id;
    uint32_t before; /* the batches before it do not see it */
    bool is_delta;
} ipc_dict;

typedef struct ipc_file {
    hr_pq_file base; /* first: a file is passed on by it */
    ipc_schema schema;
    hr_ipc_kind kind;
    ipc_block *blocks; /* a record batch each */
    ipc_dict *dicts;
    uint32_t n_dicts;
    uint32_t codecs; /* HR_CODEC_BIT */
    uint8_t *packed; /* of whatever cursor decompresses a buffer: room for the largest */
    size_t packed_cap;
    /* the message at hand */
    uint8_t *meta;
    uint32_t meta_cap;
    int64_t meta_at; /* of which block, -1 none */
    hr_fb fb;
    ipc_message message;
    ipc_batch batch;
} ipc_file;

/** Metadata of a batch or a dictionary's into f->message and f->batch, if they are not there. */
HR_MUST_USE hr_status hr_ipc_load(ipc_file *f, const ipc_block *k, hr_err *err);

HR_MUST_USE hr_status hr_ipc_file_twin(hr_pq_file **out, const hr_pq_file *f, hr_arena *arena,
                                       hr_err *err);
extern const hr_pq_ops hr_ipc_ops;

#endif

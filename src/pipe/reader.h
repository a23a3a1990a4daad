/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_PIPE_READER_H
#define HR_PIPE_READER_H
/* Read-ahead over one file: a few blocks in flight, handed out in order. One owner at a time. */
#include "base/sys.h"
#include "mem/mem.h"

#define HR_READER_BLOCKS 4u
#define HR_READER_BLOCK_BYTES (256u << 10)

typedef struct hr_reader {
    int fd;
    bool is_stream; /* a pipe: read in order, nothing in flight */
    bool at_eof;
    hr_sys_aio *aio;
    char *block[HR_READER_BLOCKS];
    int64_t got[HR_READER_BLOCKS];  /* bytes, INT64_MIN while in flight */
    int64_t next_submit, next_take; /* block numbers */
    int64_t size_bytes;
} hr_reader;

size_t hr_reader_bytes(void);
HR_MUST_USE hr_status hr_reader_open(hr_reader *r, const char *path, hr_arena *arena, hr_err *err);
void hr_reader_close(hr_reader *r);
const char *hr_reader_backend(const hr_reader *r);
/** Before the first take: begin at this offset (a multiple of the block size is best). */
void hr_reader_seek(hr_reader *r, int64_t offset);
/** HR_OK with a block; HR_AGAIN: still in flight; HR_END. The block is the reader's until
 * hr_reader_give. */
HR_MUST_USE hr_status hr_reader_take(hr_reader *r, const char **block, size_t *n_bytes,
                                     hr_err *err);
void hr_reader_give(hr_reader *r);

#endif

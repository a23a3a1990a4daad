/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_IPC_ARRAY_H
#define HR_FMT_IPC_ARRAY_H
/* One array of a batch, read from its first row to its last. What is not compressed is read by
 * windows as the rows come, what is, whole. Private to fmt. */
#include "fmt/ipc_file.h"

typedef struct ipc_buf {
    int64_t at, stored_bytes; /* in the file, behind the length of what is compressed */
    int64_t n_bytes;          /* of the buffer; of it [win_at, win_at + win_bytes) is in mem */
    int codec;                /* HR_IPC_PLAIN: as it lies */
    pq_buffer mem;
    int64_t win_at;
    size_t win_bytes;
    bool is_lent; /* a view of this read points into the window */
} ipc_buf;

typedef struct ipc_array {
    ipc_type type;
    int64_t n_rows, row;
    bool has_nulls;
    ipc_buf valid, main, data; /* bits; values, offsets or views; texts */
    ipc_buf *views;            /* texts of views */
    uint32_t n_views, cap_views;
} ipc_array;

/* Of a column in a batch: node, buffer, and views before it. */
typedef struct ipc_place {
    uint32_t node, buffer, variadic;
} ipc_place;

/** Begins at row 0. The batch is the file's message at hand. Memory is the cursor's. */
HR_MUST_USE hr_status hr_ipc_array_open(hr_pq_cursor *c, ipc_array *a, const ipc_type *type,
                                        const ipc_place *place, const ipc_block *k, hr_err *err);
/* The next n <= HR_PQ_STEP rows, that there are. After it c->level[i] == 0 is a null, where the
 * array has_nulls. */
/** Integers, booleans, decimals; nulls are HR_NULL_I64. */
HR_MUST_USE hr_status hr_ipc_array_ints(hr_pq_cursor *c, ipc_array *a, int64_t *out, uint32_t n,
                                        hr_err *err);
/** Floating-point numbers as the bits of doubles; nulls are NaN. */
HR_MUST_USE hr_status hr_ipc_array_reals(hr_pq_cursor *c, ipc_array *a, int64_t *out, uint32_t n,
                                         hr_err *err);
/** Texts and values of fixed size, as many of n as can be lent at once; nulls have no pointer. Good
 * until the next call. */
HR_MUST_USE hr_status hr_ipc_array_bytes(hr_pq_cursor *c, ipc_array *a, hr_pq_bytes *out,
                                         uint32_t n, uint32_t *n_out, hr_err *err);

#endif

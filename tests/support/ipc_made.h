/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_IPC_MADE_H
#define HR_TESTS_SUPPORT_IPC_MADE_H
/* Arrow in memory: where a writer's bytes go and a reader's come from, and messages made by hand,
 * as no writer would make them. */
#include "fmt/ipc_build.h"
#include "fmt/ipc_meta.h"
#include "fmt/ipc_write.h"

#define IPCM_CAP ((size_t)4 << 20)

typedef struct ipcm_bytes {
    uint8_t *p;
    size_t n, cap;
    uint64_t n_outside;        /* reads where the file is not */
    uint64_t n_calls, fail_at; /* of either; the fail_at-th fails, 0 none */
} ipcm_bytes;
hr_status ipcm_put(void *self, const void *bytes, size_t n, hr_err *err);
int64_t ipcm_read_at(void *self, void *buf, size_t n, int64_t offset);

/* ---- by hand: what is not said is right ---- */
typedef struct ipcm_field {
    const char *name;
    int type;        /* IPC_T_... */
    int64_t a, b, c; /* scalars of the type's table, by their order there */
    bool has_dict;
    int64_t dict_id;
    const struct ipcm_field *children;
    uint32_t n_children;
} ipcm_field;

typedef struct ipcm_buffer {
    const void *p;
    int64_t n;
    int64_t says_at, says_n; /* where not 0: what the batch claims instead; -1 counts as said */
} ipcm_buffer;

typedef struct ipcm_batch {
    int64_t n_rows;
    const int64_t *nodes; /* rows and nulls, of each */
    uint32_t n_nodes;
    const ipcm_buffer *buffers;
    uint32_t n_buffers;
    int codec; /* + 1; 0 none */
    const int64_t *variadic;
    uint32_t n_variadic;
    bool is_dict, is_delta;
    int64_t dict_id;
    int64_t body_bytes; /* claimed, 0: as it is */
} ipcm_batch;

typedef struct ipcm {
    ipcm_bytes *out;
    int version; /* HR_IPC_V5 */
    int endian;
    bool is_legacy; /* no mark before lengths */
} ipcm;
void ipcm_schema(ipcm *m, const ipcm_field *fields, uint32_t n);
void ipcm_batch_put(ipcm *m, const ipcm_batch *b);
void ipcm_end(ipcm *m);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_STORE_DATASET_H
#define HR_STORE_DATASET_H
/* A dataset on disk, below its root:
 *
 *     manifest.jsonl     one line a commit, append-only; its last whole line is the truth
 *     <kind>/venue=<v>/symbol=<s>/date=<d>/part-<n>.parquet
 *     rejects.ndjson     rows that could not be used
 *     state-<n>.bin      checkpoint of the last commit of a run that has not ended
 *
 * Parts are written beside their place, synced, renamed; then the manifest names them. What the
 * manifest does not name is not part of the dataset. See docs/modules/store.md. */
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "store/flush.h"
#include "store/manifest.h"
#include "store/part.h"

#define HR_REJECT_NAME "rejects.ndjson"
#define HR_STATE_NAME_BYTES 128u

typedef struct hr_dataset {
    char root[HR_DATASET_PATH_MAX];
    int root_fd;
    hr_manifest manifest;
    int reject_fd;
    int64_t reject_end;
    int64_t reject_committed; /* reject_end as of the last commit */
    uint32_t n_commits;
    hr_flush flush;
} hr_dataset;

/** How to treat what is there already. */
typedef enum hr_open_mode {
    HR_OPEN_NEW = 0,
    HR_OPEN_FORCE = 1,
    HR_OPEN_RESUME = 2,
    HR_OPEN_NONE = 3, /* a run without a dataset: it only checks */
} hr_open_mode;

/** Nothing open: may be closed. */
void hr_dataset_init(hr_dataset *d);
/** Creates the folder (or takes it over), locks it. HR_EEXIST names --resume and --force. */
HR_MUST_USE hr_status hr_dataset_open(hr_dataset *d, const char *root, hr_open_mode mode,
                                      const char *identity, hr_manifest_tail *tail, hr_err *err);
void hr_dataset_close(hr_dataset *d);
/** Opens the part's temporary file, making its folders. */
HR_MUST_USE hr_status hr_part_create(hr_dataset *d, const hr_part *p, int *fd, hr_err *err);
/** Appends to the reject file. */
HR_MUST_USE hr_status hr_dataset_reject(hr_dataset *d, const char *text, size_t n, hr_err *err);
/** Creates a file of the dataset beside its place; a commit makes it durable and names it. */
HR_MUST_USE hr_status hr_dataset_begin_file(hr_dataset *d, const char *name, int *fd, hr_err *err);
/** Takes back a file that was begun, under either name. */
void hr_dataset_drop_file(hr_dataset *d, const char *name);
/** Removes a file that is no longer named; absent is fine. */
void hr_dataset_remove(hr_dataset *d, const char *name);
/** Where such a file lies before a commit names it. */
void hr_dataset_temp_name(char out[HR_STATE_NAME_BYTES], const char *name);

/** A commit on its way: what it is of, and how far it is. */
typedef struct hr_commit {
    hr_part *parts;
    uint32_t n_parts;
    const char *extra;      /* JSON members of the manifest line ("\"sources\":[...]") */
    const char *state_file; /* begun and written, its descriptor closed; NULL: the run ended */
    uint32_t state_crc;
    int64_t state_bytes;
    int64_t reject_bytes; /* of the reject file that count */
    bool is_end;
    uint8_t step; /* 0 at first */
    uint32_t at;
} hr_commit;
/** Goes on with a commit without waiting for the disk, but for the manifest's own sync at its end:
 * makes parts and checkpoint durable under their names, then appends the line. HR_OK: it is done;
 * HR_AGAIN: call again. One thread at a time; others may create parts and append rejects meanwhile.
 */
HR_MUST_USE hr_status hr_dataset_commit(hr_dataset *d, hr_commit *c, hr_err *err);
/** Takes back what is no part of the last commit: these parts, under either name, and rejects. What
 * cannot be removed is left; nothing reads it. */
void hr_dataset_rollback(hr_dataset *d, const hr_part *parts, uint32_t n_parts);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_STORE_VERIFY_H
#define HR_STORE_VERIFY_H
/* Checks a dataset against its manifest: every line's checksum, every part's size, checksum and
 * rows, the checkpoint's size and checksum, order by receive time, and crossed books. */
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef struct hr_verify_result {
    uint64_t n_commits, n_parts, n_rows, n_bytes;
    uint64_t n_unsorted, n_crossed,
        n_gap_rows; /* rows out of order; book rows crossed; deltas flagged after a gap */
    uint64_t n_findings;
    bool is_ended;
} hr_verify_result;

/** Called for each finding: what and where. */
typedef void (*hr_verify_fn)(void *self, const char *text);

/** A Parquet file alone: every page of every flat column is decoded; order and crossed books as
 * above. HR_OK also when there are findings. */
HR_MUST_USE hr_status hr_table_verify(const char *path, hr_verify_result *out, hr_verify_fn say,
                                      void *self, hr_err *err);
/** HR_OK also when there are findings; an error means that the check itself could not be done. */
HR_MUST_USE hr_status hr_dataset_verify(const char *root, hr_verify_result *out, hr_verify_fn say,
                                        void *self, hr_err *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_RUN_H
#define HR_JOB_RUN_H
/* The main job: inputs -> books and features -> a dataset. See docs/modules/job.md. */
#include "pipe/desk.h"
#include "pipe/plan.h"
#include "store/dataset.h"

typedef enum hr_stage {
    HR_STAGE_FILL = 0, /* read-ahead, decompression, cutting into chunks */
    HR_STAGE_DECODE = 1,
    HR_STAGE_MERGE = 2,
    HR_STAGE_APPLY = 3,  /* sequence, book, features, rows */
    HR_STAGE_ENCODE = 4, /* Parquet, compression, writing */
    HR_STAGE_COMMIT = 5,
    HR_STAGE_IDLE = 6,
    HR_STAGE_COUNT = 7,
} hr_stage;
const char *hr_stage_name(hr_stage s);
/* What the recorder keeps behind them. No part of a lane's time: it overlaps apply, and others. */
#define HR_SPAN_SIGNAL ((uint32_t)HR_STAGE_COUNT)

typedef enum hr_run_counter {
    HR_RUN_BATCHES = 0,       /* batches decoded */
    HR_RUN_UNITS = 1,         /* stretches of batches applied to a shard */
    HR_RUN_ROWS_ENCODED = 2,  /* rows of all tables */
    HR_RUN_ROW_BYTES = 3,     /* their size as plain columns */
    HR_RUN_BYTES_WRITTEN = 4, /* part files */
    HR_RUN_PARTS = 5,
    HR_RUN_COUNTER_COUNT = 6,
} hr_run_counter;
const char *hr_run_counter_name(hr_run_counter c);

/** One stage's spans, over all lanes. */
typedef struct hr_stage_time {
    uint64_t ns, n_spans, p50_ns, p99_ns, max_ns;
} hr_stage_time;

typedef struct hr_run_report {
    hr_counts counts; /* when stopped: up to the last commit */
    double seconds;
    hr_stage_time stage[HR_STAGE_COUNT];
    hr_stage_time signal; /* of each row of `signals`: from when the apply stage took up the message
                             that caused it until the row was there */
    uint64_t counter[HR_RUN_COUNTER_COUNT];
    int64_t bytes_read, bytes_text; /* of the inputs: as they lie, and decompressed */
    uint64_t spilled_blocks;
    uint32_t lanes, n_commits, n_instruments;
    size_t budget_bytes, carved_bytes;
    char io[16];
    const char *cpu; /* tier of the kernels: hr_cpu_tier_name */
    char out[HR_DATASET_PATH_MAX];
    bool resumed, was_complete, stopped;
} hr_run_report;

typedef struct hr_run hr_run;
/** Opens the inputs and the dataset and carves the memory. plan is borrowed until destroy. */
HR_MUST_USE hr_status hr_run_create(hr_run **out, const hr_plan *plan, hr_open_mode mode,
                                    hr_err *err);
/** Starts the lanes. */
HR_MUST_USE hr_status hr_run_start(hr_run *r, hr_err *err);
/** Any thread, while it runs: bytes of input read, and of all input; rows so far. */
void hr_run_progress(const hr_run *r, int64_t *done_bytes, int64_t *all_bytes, uint64_t *rows);
bool hr_run_is_running(const hr_run *r);
/** Waits for the lanes; the first error, if any. */
HR_MUST_USE hr_status hr_run_wait(hr_run *r, hr_err *err);
/** Signal handler safe. The run goes on to its next commit, for at most a second, and stops there;
 * when asked again it stops at once. Either way the dataset stands at its last commit, so a resumed
 * run ends with the bytes of one that was never stopped. */
void hr_run_request_stop(hr_run *r);
void hr_run_report_get(const hr_run *r, hr_run_report *out);
/** read = written + rejected + filtered; false names what does not add up in text. */
bool hr_counts_balance(const hr_counts *c, char *text, size_t cap);
void hr_run_destroy(hr_run **r);

#endif

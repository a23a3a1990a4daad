/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_RUN_TUNE_H
#define HR_JOB_RUN_TUNE_H
/* Which batch size a run goes on with: the one that gave most rows a second so far. Its neighbours
 * are tried now and then, an interval in eight each; the clock decides nothing but speed, the bytes
 * that come out are the same at any size. Private to the lanes. */
#include <stdint.h>

#define RUN_TUNE_SIZES 11        /* 64 to 65,536 by doubling */
#define RUN_TUNE_NS 50000000     /* an interval */
#define RUN_TUNE_FIRST_ROWS 8192 /* keeps a batch and what is made of it in a core's cache */

typedef struct run_tune {
    uint32_t size[RUN_TUNE_SIZES];
    double rate[RUN_TUNE_SIZES]; /* rows a ns, smoothed; 0: not tried yet */
    uint32_t n, home, at;        /* sizes; the best so far; the one of this interval */
    uint32_t n_intervals;
    int64_t since_ns;
    uint64_t since_rows;
} run_tune;

/** Sizes from least to most, doubling; begins at RUN_TUNE_FIRST_ROWS or the nearest there is. */
void run_tune_init(run_tune *t, uint32_t least, uint32_t most, int64_t now_ns);
/** The size to begin with. */
uint32_t run_tune_first(const run_tune *t);
/** n_rows: of the run so far. The size from now on; 0: as before. */
uint32_t run_tune_next(run_tune *t, int64_t now_ns, uint64_t n_rows);

#endif

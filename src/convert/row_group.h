/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CONVERT_ROW_GROUP_H
#define HR_CONVERT_ROW_GROUP_H
/* Rows of a table, gathered in columns and written a group at a time: row groups of Parquet, record
 * batches of Arrow. Whoever fills the columns counts the rows and writes when there are cap_rows of
 * them. With a lane groups are encoded, packed and written by a thread of its own; the bytes are
 * the same. Fixed memory. */
#include "convert/convert_parts.h"
#include "convert/row_lane.h"
#include "fmt/ipc_write.h"
#include "fmt/pq_write.h"

typedef struct hr_row_groups_options {
    const hr_schema *schema; /* borrowed until finish */
    uint32_t cap_rows;       /* of a group */
    uint32_t max_groups;
    size_t index_bytes; /* Parquet: bounds the groups by what is noted of them until the end;
                           0: nothing does */
    const char *hint;   /* behind the message that the file is full; NULL: none */
    hr_ipc_kind arrow;  /* HR_IPC_NOT: Parquet */
    bool packs_arrow;   /* zstd */
    uint32_t n_lane_groups; /* full groups that may be under way on a thread that writes them, up to
                               HR_ROW_LANE_GROUPS_MAX, a set of columns each; it is started by the
                               first of them. 0: no such thread */
    uint32_t n_meta;    /* Parquet: key-value metadata, borrowed until finish */
    const char *const *meta_keys;
    const char *const *meta_values;
} hr_row_groups_options;

typedef struct hr_row_groups {
    union { /* of the group that is filled; columns change when it is written */
        struct {
            char *column[HR_ROW_COLUMNS_MAX]; /* by field of the schema: cap_rows values each */
            uint32_t n_rows;                  /* that are in them */
        };
        hr_row_set set;
    };
    uint32_t cap_rows, n_groups, max_groups;
    const char *hint;
    hr_out_file *file;
    hr_pq_scratch *scratch;
    hr_pq_writer *writer;
    hr_ipc_writer *arrow; /* NULL: Parquet */
    hr_row_lane *lane;    /* NULL: groups are written where they are filled */
} hr_row_groups;

/** Bytes of arena that it takes. */
size_t hr_row_groups_bytes(const hr_row_groups_options *o);
/** g and file stay where they are until finish or stop. */
HR_MUST_USE hr_status hr_row_groups_create(hr_row_groups *g, const hr_row_groups_options *o,
                                           hr_out_file *file, hr_arena *arena, hr_err *err);
/** The rows at hand as one group, if there are some. HR_ELIMIT: there are max_groups already. With
 * a lane: hands them over; what went wrong with a group comes with the next, or at the end. */
HR_MUST_USE hr_status hr_row_groups_write(hr_row_groups *g, hr_err *err);
/** Those that are left, and the file's end. */
HR_MUST_USE hr_status hr_row_groups_finish(hr_row_groups *g, hr_err *err);
/** Nobody writes any more: joins the lane, with what went wrong there. Before the file is given up;
 * of groups that are zeroed or finished, too. */
hr_status hr_row_groups_stop(hr_row_groups *g, hr_err *err);

#endif

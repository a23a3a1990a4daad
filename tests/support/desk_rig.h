/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_DESK_RIG_H
#define SUPPORT_DESK_RIG_H
/* One desk with pools of its own, fed by hand. */
#include "pipe/desk.h"

typedef struct desk_rig {
    hr_plan plan;
    hr_tables tables;
    hr_desk_config cfg;
    hr_desk_env env;
    hr_arena *arena;
    hr_desk *desk;
    uint32_t n_blocks;
} desk_rig;

typedef struct desk_rig_options {
    const char *venue, *symbol;
    int format; /* hr_format */
    uint32_t far_chunks, checks, n_blocks, buffer_bytes, max_levels;
    uint32_t orders; /* live ones at most; 0: no book of orders */
} desk_rig_options;

/** All defaults, nothing allocated: the plan may be changed until desk_rig_open. */
void desk_rig_init(desk_rig *g);
void desk_rig_open(desk_rig *g, const desk_rig_options *o);
void desk_rig_close(desk_rig *g);
/** One message, with the room it may need. */
HR_MUST_USE hr_status desk_rig_message(desk_rig *g, const hr_evbatch *b, uint32_t msg, hr_err *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_EVAL_PLUGINS_H
#define HR_EVAL_PLUGINS_H
/* Plugins: shared objects with operators and stages, against include/headrace/plugin.h.
 *
 * What a plugin says of itself is checked when it is opened. What it does is guarded where it can
 * be: it writes into memory of ours with a mark behind each output and on both sides of its state,
 * and a mark that is gone makes everything of that plugin null from there on, and the run an error
 * (hr_plugin_check). A plugin is code of the same process all the same: only open what you trust.
 *
 * Memory: in the caller's arena. Operators and stages run on any thread; open and close do not, and
 * what a plugin gives is valid until it is closed. See docs/modules/plugins.md. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "expr/op.h"
#include "headrace/plugin.h"
#include "mem/mem.h"

#define HR_PLUGIN_OPS_MAX 256u   /* of all plugins that are open in a process */
#define HR_PLUGIN_STAGES_MAX 16u /* of one plugin */
#define HR_PLUGIN_STATE_MAX ((size_t)1 << 30)

typedef struct hr_plugin hr_plugin;

/* What rows go through before they are looked at: n_out columns that are new or take another's
 * place, and rows that are dropped. */
typedef struct hr_row_stage {
    const char *name;
    const char *what;
    const char *in[HEADRACE_STAGE_IN_MAX];
    const char *out[HEADRACE_STAGE_OUT_MAX];
    uint32_t n_in, n_out;
    size_t state_bytes; /* of one instrument, a multiple of 64 */
    hr_plugin *plugin;
    uint32_t which;
} hr_row_stage;

/** n_threads: that run it at the same time (more of them wait for each other). HR_ENOENT, HR_EIO:
 * it cannot be loaded; HR_EINPUT: it is no plugin, of another version, or says something of itself
 * that cannot be: err names path, field, what was expected and what was found. HR_ELIMIT,
 * HR_ENOMEM. Runs code of the plugin. */
HR_MUST_USE hr_status hr_plugin_open(hr_plugin **out, hr_arena *arena, const char *path,
                                     uint32_t n_threads, hr_err *err);
/** NULL is fine. Its operators must not be used any more; its memory stays the arena's. */
void hr_plugin_close(hr_plugin **p);

/** For hr_ops_merge; the operators' group is the plugin's name. */
const hr_op_list *hr_plugin_ops(const hr_plugin *p);
const hr_row_stage *hr_plugin_stages(const hr_plugin *p, uint32_t *n);
const char *hr_plugin_name(const hr_plugin *p);
const char *hr_plugin_version(const hr_plugin *p);

/** HR_EINPUT, with a message, once an operator or stage has written where it must not: then what
 * it gave is worth nothing. Any thread; before the results of a run are relied on. */
HR_MUST_USE hr_status hr_plugin_check(const hr_plugin *p, hr_err *err);

/* ---- running a stage ---- */

typedef struct hr_row_stage_rows {
    uint32_t n;
    const int64_t *ts;       /* [n] */
    const double *const *in; /* [n_in][n] */
    double *const *out;      /* [n_out][n]; overlaps nothing */
    uint8_t *keep;           /* [n], written: 1 or 0 */
} hr_row_stage_rows;

void hr_row_stage_init(const hr_row_stage *s, void *state); /* state: 64-byte aligned */
/** Of a state that comes from a file: is it one of this stage, its marks in place? */
bool hr_row_stage_is_sound(const hr_row_stage *s, const void *state);
/** Returns how many rows are kept. */
uint32_t hr_row_stage_run(const hr_row_stage *s, void *state, const hr_row_stage_rows *r);
/** Moves the rows kept to the front of a column of n values of 8 bytes. */
void hr_row_stage_compact(void *column, const uint8_t *keep, uint32_t n);

#endif

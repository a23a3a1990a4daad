/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_EVAL_PLUGIN_PARTS_H
#define HR_EVAL_PLUGIN_PARTS_H
/* What the parts of the host of plugins share. */
#include <stdatomic.h>

#include "eval/plugins.h"

#define PLUGIN_ROWS 256u /* of one call into a plugin */
#define PLUGIN_MARK_BYTES 64u
#define PLUGIN_NO_SLOT UINT32_MAX

typedef enum plugin_fault_kind {
    PLUGIN_FAULT_NONE,
    PLUGIN_FAULT_OUT,    /* behind the end of an output */
    PLUGIN_FAULT_KEEP,   /* behind the end of the rows kept */
    PLUGIN_FAULT_BEFORE, /* before its state */
    PLUGIN_FAULT_BEHIND, /* behind its state */
} plugin_fault_kind;

/* The first fault. */
typedef struct plugin_fault {
    uint8_t kind;
    bool is_stage;
    uint16_t which; /* of ops or stages */
    uint8_t out;
} plugin_fault;

struct hr_plugin {
    const char *path, *load_path;
    const headrace_plugin_info *info;
    hr_op *op;
    hr_op_list ops;
    hr_row_stage *stage;
    uint32_t *slot; /* [n_op]; PLUGIN_NO_SLOT: none yet */
    hr_pool *pool;  /* of blocks that outputs are written to: each PLUGIN_ROWS, and a mark */
    void *handle;
    _Atomic uint64_t fault; /* plugin_fault, packed; 0: none */
};

/* ---- plugin_check.c ---- */
/** Whether what it says of itself can be. */
HR_MUST_USE hr_status hr_plugin_validate(const char *path, const headrace_plugin_info *info,
                                         hr_err *err);

/* ---- plugin_run.c ---- */
/** Bytes of a block for so many outputs. */
size_t hr_plugin_block_bytes(uint32_t n_out);
size_t hr_plugin_stage_bytes(const headrace_stage *s);
plugin_fault hr_plugin_fault(const hr_plugin *p);
/** Fills in the functions of p->op[i] and takes a slot for it; false: there is none left. */
bool hr_plugin_bind(hr_plugin *p, uint32_t i);
void hr_plugin_unbind(hr_plugin *p, uint32_t i);

#endif

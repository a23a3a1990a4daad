/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HEADRACE_PLUGIN_H
#define HEADRACE_PLUGIN_H
/* Operators and stages of your own: a shared object that exports one function, headrace_plugin.
 * Nothing else of headrace is needed to build it: cc -O2 -fPIC -shared -o mine.so mine.c
 *
 * Rules for every function here:
 *   - It is called from any thread, also at the same time with different states: no variables that
 *     change but the state.
 *   - The state is one block without pointers. It is copied, saved to disk and given back to
 *     another process.
 *   - The rows of one instrument come in order, cut into calls at any place: how they are cut must
 *     not change a bit of what comes out.
 *   - Null is NaN, in and out; what is not finite becomes null. Outputs are null where nothing is
 *     written.
 *   - No allocation, no input or output, no waiting: O(1) or O(log) a row.
 *   - It never fails, never ends the process, and lets no C++ exception out.
 * Memory that a call is given is valid until it returns. A write behind the end of an output or of
 * the state is noticed, and ends the run.
 *
 * All structs that a plugin fills begin with their size; set it with sizeof. What is not told here
 * is zero. */
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEADRACE_PLUGIN_ABI 1u

#define HEADRACE_IN_MAX 6u /* of an operator */
#define HEADRACE_OUT_MAX 8u
#define HEADRACE_ARG_MAX 8u
#define HEADRACE_STAGE_IN_MAX 16u
#define HEADRACE_STAGE_OUT_MAX 8u
#define HEADRACE_NAME_MAX 63u            /* bytes */
#define HEADRACE_TEXT_MAX 400u           /* bytes, of `what` */
#define HEADRACE_NOT_TOGETHER UINT64_MAX /* of bytes() */

/* ---- operators: functions for expressions, as ema(mid, 20) ---- */

/* Of an argument. */
#define HEADRACE_INT 0u    /* a whole number */
#define HEADRACE_REAL 1u   /* a number */
#define HEADRACE_TIME 2u   /* a duration, ns */
#define HEADRACE_WINDOW 3u /* a number of rows, or a duration */

typedef struct headrace_arg {
    uint32_t struct_size;
    uint32_t kind;
    const char *name;
    double least, most; /* of rows where it is a window; durations are 1 us to 100 days */
    double by_default;  /* NaN: must be given */
} headrace_arg;

/* Arguments as an expression gives them: all there, each within its bounds. */
typedef struct headrace_args {
    uint32_t struct_size;
    uint32_t n;
    const double *value;    /* [n]; durations in ns */
    const uint8_t *is_time; /* [n]; 1: a duration */
    uint32_t
        max_rows; /* that a window of time has to hold; where there are more, values are null */
    uint32_t reserved;
} headrace_args;

/* What an output is counted in, from the inputs. */
#define HEADRACE_UNIT_SAME 0u    /* as the first input; all inputs have to agree */
#define HEADRACE_UNIT_RATIO 1u   /* a pure number */
#define HEADRACE_UNIT_SQUARE 2u  /* the first input's, squared */
#define HEADRACE_UNIT_PRODUCT 3u /* of the first two inputs' */
#define HEADRACE_UNIT_PER 4u     /* the first input's by the second's */
#define HEADRACE_UNIT_COUNT 5u
#define HEADRACE_UNIT_SPAN 6u /* seconds */
#define HEADRACE_UNIT_RATE 7u /* per second */
#define HEADRACE_UNIT_PRICE 8u
#define HEADRACE_UNIT_QUANTITY 9u
#define HEADRACE_UNIT_ANY 10u /* told by no rule: agrees with every unit */

typedef struct headrace_rows {
    uint32_t struct_size;
    uint32_t n;
    const int64_t *ts;       /* [n], ns; within an instrument a row may be older than its last */
    const double *const *in; /* [n_in][n] */
    double *const *out;      /* [n_out][n]; overlaps nothing */
} headrace_rows;

typedef struct headrace_op {
    uint32_t struct_size;
    uint32_t n_in, n_arg, n_out;
    const char *name;      /* as expressions call it: letters, digits, '_' */
    const char *what;      /* one sentence, with the formula */
    const char *const *in; /* [n_in] names */
    /* The columns that the inputs are where none is given ("trade.px", "bid_px[0]"), [n_in], or
     * NULL. Such an operator takes its arguments by place and its inputs by name. */
    const char *const *column;
    const headrace_arg *arg; /* [n_arg] */
    const char *const *out;  /* [n_out] names; one output may be "" */
    const uint32_t *unit;    /* [n_out] HEADRACE_UNIT_ */
    void *self;              /* handed to each function */
    /** Bytes of the state. HEADRACE_NOT_TOGETHER: these arguments do not go together. NULL: 0. */
    uint64_t (*bytes)(void *self, const headrace_args *a);
    /** state: zeroed, 64-byte aligned. NULL where zeros will do. */
    void (*init)(void *self, void *state, const headrace_args *a);
    void (*run)(void *self, void *state, const headrace_rows *r);
    /** Rows (without nulls) before the first that has a value; NULL: 0. */
    uint32_t (*warm_up)(void *self, const headrace_args *a);
} headrace_op;

/* ---- stages: what rows go through before they are looked at ---- */

typedef struct headrace_stage_rows {
    uint32_t struct_size;
    uint32_t n;
    const int64_t *ts;       /* [n], ns */
    const double *const *in; /* [n_in][n] */
    double *const *out;      /* [n_out][n]; overlaps nothing */
    uint8_t *keep;           /* [n], all 1; 0 drops the row */
} headrace_stage_rows;

typedef struct headrace_stage {
    uint32_t struct_size;
    uint32_t n_in, n_out;
    uint32_t reserved;
    const char *name;
    const char *what;
    const char *const *in;  /* [n_in] columns that it reads: "mid", "bid_px[0]" */
    const char *const *out; /* [n_out] columns that it gives: new ones, or others of that name */
    void *self;
    uint64_t state_bytes; /* of one instrument */
    /** state: zeroed, 64-byte aligned. NULL where zeros will do. */
    void (*init)(void *self, void *state);
    void (*run)(void *self, void *state, const headrace_stage_rows *r);
} headrace_stage;

/* ---- the plugin ---- */

typedef struct headrace_plugin_info {
    uint32_t abi; /* HEADRACE_PLUGIN_ABI */
    uint32_t struct_size;
    const char *name;    /* letters, digits, '_', '-', '.' */
    const char *version; /* yours */
    uint32_t n_op, n_stage;
    const headrace_op *op;       /* [n_op] */
    const headrace_stage *stage; /* [n_stage] */
} headrace_plugin_info;

/* What the host does for a plugin. */
typedef struct headrace_host {
    uint32_t abi; /* of the host */
    uint32_t struct_size;
    const char *version; /* of headrace */
    void *self;
    /** Why headrace_plugin gives NULL; only while it runs. */
    void (*refuse)(void *self, const char *why);
} headrace_host;

#if defined(__GNUC__)
#define HEADRACE_EXPORT __attribute__((visibility("default")))
#else
#define HEADRACE_EXPORT
#endif

/** The one function of a plugin. What it gives stays as it is until the plugin is unloaded. NULL:
 * it cannot run here. host_abi: host->abi, which may be looked at before anything else of host. */
HEADRACE_EXPORT const headrace_plugin_info *headrace_plugin(uint32_t host_abi,
                                                            const headrace_host *host);

#ifdef __cplusplus
}
#endif

#endif

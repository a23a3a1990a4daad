/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_PIPE_PLAN_H
#define HR_PIPE_PLAN_H
/* The plan: one YAML file, every key defaulted. Unknown keys, wrong types and impossible values are
 * errors with line, column, what was expected and the nearest name. See docs/modules/plan.md. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/status.h"
#include "col/schema.h"
#include "eval/program.h"

#define HR_PLAN_INPUTS_MAX 1024
#define HR_PLAN_PATH_MAX 1024
#define HR_PLAN_SYMBOLS_MAX 1024
#define HR_PLAN_PLUGINS_MAX 32

/* Rings of windows of time have 2^k slots for so many rows and those of a call. */
#define HR_PLAN_CALC_MAX_ROWS 15000u

typedef enum hr_target { HR_TARGET_THROUGHPUT = 0, HR_TARGET_LATENCY = 1 } hr_target;
typedef enum hr_rows_on {
    HR_ROWS_ON_TOP = 0,  /* a book row at each change of the top N */
    HR_ROWS_ON_BBO = 1,  /* at each change of the best bid or ask */
    HR_ROWS_ON_GRID = 2, /* at each tick of a time grid */
} hr_rows_on;
/* A signal as the plan has it; texts are the plan's own. */
typedef struct hr_plan_signal {
    char *name, *when, *until, *score; /* until, score: NULL where there is none */
    char *value[HR_SIGNAL_VALUE_MAX];
    uint32_t n_value, confirm;
    int32_t priority;
    int64_t cooldown_ns, hold_ns;
} hr_plan_signal;

typedef enum hr_pin { HR_PIN_AUTO = 0, HR_PIN_ON = 1, HR_PIN_OFF = 2 } hr_pin;

typedef struct hr_plan {
    /* input: */
    char **inputs; /* input.paths: list (or one string) */
    uint32_t n_inputs;
    int format;      /* input.format: hr_format, 0 = sniff */
    char venue[24];  /* input.venue: "" = sniff */
    char symbol[32]; /* input.symbol: for messages that name none */
    char **symbols;  /* input.symbols: keep only these (others are filtered); empty = all */
    uint32_t n_symbols;
    bool skips_missing; /* input.skip_missing: days of a range without a file are left out */
    int64_t from_ns; /* input.from: time; write nothing received before it. INT64_MIN: no bound */
    int64_t to_ns;   /* input.to: time; nor what is received from it on. INT64_MAX: no bound */
    /* output: */
    char out[HR_PLAN_PATH_MAX]; /* output.path: "" = "<first input's name>.headrace" */
    bool write[HR_KIND_COUNT];  /* output.deltas .trades .tickers .books .features .gaps .calc
                                   .signals: bool, all true */
    int zstd_level;             /* output.zstd_level: 1..19; 1 */
    uint32_t row_group_rows;    /* output.row_group_rows: 1,024..16,777,216; 1,048,576 */
    int64_t commit_rows; /* output.commit_rows: input rows between commits; 0 = from memory */
    /* book: */
    uint32_t depth;        /* book.depth: 1..50, 10 */
    hr_rows_on rows_on;    /* book.rows: top | bbo | grid */
    int64_t grid_ns;       /* book.grid: duration, 1s; used with rows: grid */
    uint32_t window_ticks; /* book.window_ticks: power of two 64..65536; 1,024 */
    /* features: */
    int64_t window_ns; /* features.window: duration, 10s */
    /* calc: */
    char *expressions;      /* calc.expressions: text; NULL: none */
    hr_calc_rows calc_rows; /* calc.rows: all | valued | true */
    uint32_t calc_max_rows; /* calc.max_rows: that a window of time holds */
    char **plugins;         /* calc.plugins: shared objects with functions of their own */
    uint32_t n_plugins;
    char **stages; /* calc.stages: of these, that rows go through before expressions */
    uint32_t n_stages;
    /* signals: a list of mappings: name, when, until, score, values, confirm, cooldown, hold,
     * priority */
    hr_plan_signal *signal;
    uint32_t n_signals;
    /* numbers: */
    uint8_t px_scale;  /* numbers.price_decimals: 0..18, 9 */
    uint8_t share_decimals; /* numbers.share_decimals: 0..18, 0 */
    uint8_t qty_scale; /* numbers.quantity_decimals: 0..18, 8 */
    /* engine: */
    int64_t memory_bytes; /* engine.memory: size, 512MB; least 64MB */
    uint32_t lanes;       /* engine.lanes: 0 = one a usable core */
    hr_target target;     /* engine.target: throughput | latency */
    int64_t deadline_ns;  /* engine.deadline: duration after which the run commits and stops; 0 */
    uint32_t batch_min, batch_max; /* engine.batch_min, .batch_max: 64..65,536; 1,024 and 32,768 */
    hr_pin pin;                    /* engine.pin: auto | on | off */
    unsigned cpu_mask; /* engine.cpu_mask: HR_CPU_* flags that kernels may use; all ones */
    char io[16];       /* engine.io: auto | io_uring | threads */
    /* limits: */
    uint32_t instruments; /* limits.instruments: 1..65,536; 1,024 */
    uint32_t orders;      /* limits.orders: live at a time, of all instruments; 0: as many as an
                             tenth of engine.memory holds */
    int64_t line_bytes;   /* limits.line: size, 4MB */
    int64_t rejects;      /* limits.rejects: stop with exit 3 past this many; 0 = never */
} hr_plan;

void hr_plan_init(hr_plan *p); /* all defaults */
void hr_plan_fini(hr_plan *p);
/** It has expressions or signals. */
HR_INLINE bool hr_plan_has_calc(const hr_plan *p)
{
    return p->expressions != NULL || p->n_signals > 0;
}
/** Tables that its desks may write, the first of hr_kind. */
HR_INLINE uint32_t hr_plan_kinds(const hr_plan *p)
{
    return hr_plan_has_calc(p) ? HR_KIND_COUNT : HR_KIND_PLAIN;
}
/** Parses YAML text over the defaults. subject: file name for messages. HR_EPLAN with line and
 * column. */
HR_MUST_USE hr_status hr_plan_parse(hr_plan *p, const char *subject, const char *text,
                                    size_t n_bytes, hr_err *err);
/** Checks values against each other and the machine (batch_min <= batch_max, ...). */
HR_MUST_USE hr_status hr_plan_check(const hr_plan *p, hr_err *err);
HR_MUST_USE hr_status hr_plan_add_input(hr_plan *p, const char *path, hr_err *err);
/** "128MB", "1GiB", "4096" -> bytes (MB = 10^6, MiB = 2^20). "500ms", "10s", "1h" -> ns. */
HR_MUST_USE hr_status hr_size_parse(int64_t *out, const char *text);
HR_MUST_USE hr_status hr_duration_parse(int64_t *out, const char *text);
/** "2024-08-08", "2024-08-08T12:00", "2024-08-08T12:00:00.5Z" (UTC, up to nine decimals), or ns
 * since the epoch, as digits alone. */
HR_MUST_USE hr_status hr_time_parse(int64_t *out, const char *text);
/** The shortest exact text that they take; out: HR_UNIT_TEXT bytes, which it returns. */
#define HR_UNIT_TEXT 32
const char *hr_size_text(char *out, int64_t bytes);
const char *hr_duration_text(char *out, int64_t ns);
/** Canonical text of everything that can change output bytes (not lanes, memory, batch sizes,
 * pinning): the dataset's identity for resume. The list of symbols is a count and a digest, so two
 * plans never look alike because a list was cut. NUL-terminated; returns its length, which is below
 * HR_PLAN_IDENTITY_MAX. cap: at least HR_PLAN_IDENTITY_MAX. */
#define HR_PLAN_IDENTITY_MAX 768
size_t hr_plan_identity(const hr_plan *p, char *out, size_t cap);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_EVAL_SIGNAL_H
#define HR_EVAL_SIGNAL_H
/* Signals: conditions that turn on and off, with hysteresis, confirmation, cool-down and priority,
 * over the columns that one graph of expressions gives.
 *
 * States of a rule, per instrument: off (where `when` may be gathering its run of rows) and on.
 *   off -> on   `when` true for `confirm` rows in a row, `cooldown` gone since it went off last
 *   on -> off   `until` true (without one: `when` false), `hold` gone since it went on
 * at most one of them a row. Null is never true, and never false: a null `when` ends its run, but
 * turns nothing off. Times are the newest of the rows so far.
 *
 * Memory: what is read lies in an arena of the caller; a state is one block without pointers. Any
 * thread; an out belongs to one. See docs/modules/signals.md. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "expr/expr.h"

#define HR_SIGNAL_MAX 4096u
#define HR_SIGNAL_VALUE_MAX 8u
#define HR_SIGNAL_CONFIRM_MAX 1000000u
#define HR_SIGNAL_DURATION_MAX_NS INT64_C(8640000000000000) /* 100 days */
#define HR_SIGNAL_NONE UINT32_MAX

/* A rule as a plan gives it. Expressions are as in hr_expr_parse, one each without a name; a line
 * may end anywhere within. */
typedef struct hr_signal_spec {
    const char *name; /* letters, digits, '_', '-' and '.' */
    const char *when;
    const char *until; /* NULL: off when `when` is false */
    const char *score; /* NULL: none */
    const char *value[HR_SIGNAL_VALUE_MAX];
    uint32_t n_value;
    uint32_t confirm; /* rows; 0 is 1 */
    int32_t priority; /* of one row's events the highest comes first, then the rules' order */
    int64_t cooldown_ns, hold_ns;
} hr_signal_spec;

/* A rule over columns: indices of hr_expr.out. */
typedef struct hr_signal_rule {
    const char *name;
    int64_t cooldown_ns, hold_ns;
    uint32_t when, until, score; /* until, score: or HR_SIGNAL_NONE */
    uint32_t value[HR_SIGNAL_VALUE_MAX];
    uint32_t n_value;
    uint32_t confirm; /* at least 1 */
    int32_t priority;
} hr_signal_rule;

/* What a rule looks at, close together for all of them. */
typedef struct hr_signal_scan {
    uint32_t when, until; /* as in the rule */
} hr_signal_scan;

typedef struct hr_signals {
    const hr_expr *expr;        /* its first n_own outputs are those of the caller's text */
    const hr_signal_rule *rule; /* in the order of the specs */
    const uint16_t *rank;       /* rules by priority, then order */
    const hr_signal_scan *scan; /* in that order */
    uint32_t n_rule, n_own;
} hr_signals;

typedef struct hr_signals_source {
    const hr_expr_env *env;
    const char *text; /* definitions that are outputs of their own, or empty */
    size_t n_text;
    const hr_signal_spec *spec;
    uint32_t n_spec;
} hr_signals_source;

/* What to show beside a message: hr_expr_caret(line, text, n, at). */
typedef struct hr_signal_fault {
    const char *text; /* of the source or of one of its specs; NULL: the message says it all */
    size_t n, at;
} hr_signal_fault;

/** Reads the source as one graph, so that the signals share parts among them and with the text.
 * *out and all it points to, names too, lie in arena; scratch is rewound. The outputs behind the
 * first n_own are what signals read, each node once.
 * HR_EUSAGE, HR_ELIMIT: err names signal and key ("signal 'x', values[2]: line 1, column 4: ...");
 * its place and *fault are within that text. HR_ENOMEM. fault and err may be NULL. */
HR_MUST_USE hr_status hr_signals_read(const hr_signals **out, hr_arena *arena, hr_arena *scratch,
                                      const hr_signals_source *src, hr_signal_fault *fault,
                                      hr_err *err);

/** The same from rules that know their columns; expr may be NULL. The rules are borrowed. */
HR_MUST_USE hr_status hr_signals_make(hr_signals *out, hr_arena *arena, const hr_expr *expr,
                                      const hr_signal_rule *rule, uint32_t n, hr_err *err);

typedef struct hr_signal_event {
    uint64_t row;   /* the instrument's rows are counted from 0 on, over all calls */
    uint64_t since; /* the row that `when` was true from on, when it turned on */
    int64_t ts;     /* of the row */
    uint32_t at;    /* the row among those of the call */
    uint16_t rule;
    bool is_on;
    uint8_t n_value;
    double score; /* null where there is none */
    double value[HR_SIGNAL_VALUE_MAX];
} hr_signal_event;

typedef struct hr_signals_out hr_signals_out;
/** Room for cap events a call, at least as many as there are rules. */
HR_MUST_USE hr_status hr_signals_out_create(hr_signals_out **out, hr_arena *arena,
                                            const hr_signals *s, uint32_t cap, hr_err *err);
/** Bytes of that. */
size_t hr_signals_out_bytes(const hr_signals *s, uint32_t cap);
/** What the last call gave, in order of row, priority and rule. */
const hr_signal_event *hr_signals_events(const hr_signals_out *o, uint32_t *n);

typedef struct hr_signal_rows {
    uint32_t n;
    const int64_t *ts;           /* [n], ns */
    const double *const *column; /* by output of the graph, [n] each */
} hr_signal_rows;

/** A multiple of 64, of one instrument. */
size_t hr_signals_state_bytes(const hr_signals *s);
/** Of a state that comes from a file: may it be run? */
bool hr_signals_is_sound(const void *state, const hr_signals *s);
void hr_signals_init(void *state, const hr_signals *s); /* state: 64-byte aligned */
/** Takes the rows from `from` on; returns the first it did not take: r->n, or less where out is
 * full: call again once its events are used. The same events for any cut of rows into calls.
 * O(rules) a row, mostly a comparison. */
uint32_t hr_signals_run(const hr_signals *s, void *state, const hr_signal_rows *r, uint32_t from,
                        hr_signals_out *o);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_PIPE_PLAN_PARSE_H
#define HR_PIPE_PLAN_PARSE_H
/* What the parts of the plan's reader share. Private to plan*.c. */
#include <string.h>
#include <yaml.h>

#include "base/digest.h"
#include "pipe/plan.h"
#include "text/nearest.h"

typedef struct plan_parse {
    hr_plan *plan;
    const char *subject, *text;
    size_t n_bytes;
    yaml_parser_t yaml;
    yaml_event_t event;
    hr_err *err;
    uint64_t seen; /* a bit a key */
} plan_parse;

hr_status hr_plan_complain(plan_parse *p, yaml_mark_t at, const char *text, const char *name,
                           const char *more, const hr_nearest *near);
/** The next event. */
HR_MUST_USE hr_status hr_plan_next(plan_parse *p);
/** The scalar at hand as a text of its own, in place of *to. */
HR_MUST_USE hr_status hr_plan_keep_text(plan_parse *p, char **to, size_t most);
HR_INLINE const char *hr_plan_text(const plan_parse *p)
{
    return (const char *)p->event.data.scalar.value;
}
HR_INLINE bool hr_plan_has_nul(const plan_parse *p)
{
    return strlen(hr_plan_text(p)) != p->event.data.scalar.length;
}

/* ---- plan_signals.c ---- */
/** The value of the section `signals`. */
HR_MUST_USE hr_status hr_plan_read_signals(plan_parse *p);
void hr_plan_free_signal(hr_plan_signal *g);
/** Of everything that expressions and signals give. */
void hr_plan_digest_calc(char digest[HR_DIGEST_TEXT], const hr_plan *p);

#endif

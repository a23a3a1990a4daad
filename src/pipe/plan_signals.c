/* SPDX-License-Identifier: Apache-2.0 */
/* Signals in a plan: a list of mappings. */
#include <stdio.h>

#include "mem/mem.h"
#include "pipe/plan_parse.h"
#include "text/decimal.h"

void hr_plan_free_signal(hr_plan_signal *g)
{
    hr_heap_free(g->name);
    hr_heap_free(g->when);
    hr_heap_free(g->until);
    hr_heap_free(g->score);
    for (uint32_t i = 0; i < g->n_value; i++)
        hr_heap_free(g->value[i]);
    memset(g, 0, sizeof *g);
}

typedef enum signal_type { S_TEXT, S_VALUES, S_COUNT, S_DURATION, S_PRIORITY } signal_type;
static const struct signal_key {
    const char *key;
    signal_type type;
    size_t offset;
} signal_keys[] = {
    {"name", S_TEXT, offsetof(hr_plan_signal, name)},
    {"when", S_TEXT, offsetof(hr_plan_signal, when)},
    {"until", S_TEXT, offsetof(hr_plan_signal, until)},
    {"score", S_TEXT, offsetof(hr_plan_signal, score)},
    {"values", S_VALUES, 0},
    {"confirm", S_COUNT, offsetof(hr_plan_signal, confirm)},
    {"cooldown", S_DURATION, offsetof(hr_plan_signal, cooldown_ns)},
    {"hold", S_DURATION, offsetof(hr_plan_signal, hold_ns)},
    {"priority", S_PRIORITY, offsetof(hr_plan_signal, priority)},
};

static hr_status signal_number(plan_parse *p, const struct signal_key *k, hr_plan_signal *g)
{
    const char *text = hr_plan_text(p);
    char *at = (char *)g + k->offset;
    int64_t v = 0;
    bool is_negative = k->type == S_PRIORITY && text[0] == '-';
    hr_status st = k->type == S_DURATION
                       ? hr_duration_parse(&v, text)
                       : hr_int_parse(&v, text + is_negative, strlen(text + is_negative));
    int64_t most = k->type == S_DURATION ? HR_SIGNAL_DURATION_MAX_NS
                   : k->type == S_COUNT  ? HR_SIGNAL_CONFIRM_MAX
                                         : INT32_MAX;
    if (st != HR_OK || v < (k->type == S_COUNT) || v > most)
        return hr_plan_complain(
            p, p->event.start_mark, "wrong value", text,
            k->type == S_DURATION ? " of a signal: expected a duration up to 100d"
            : k->type == S_COUNT  ? " of a signal: expected a whole number from 1 to 1000000"
                                  : " of a signal: expected a whole number",
            NULL);
    int32_t v32 = (int32_t)(is_negative ? -v : v);
    if (k->type == S_DURATION)
        memcpy(at, &v, sizeof v);
    else
        memcpy(at, &v32, sizeof v32);
    return HR_OK;
}

static hr_status signal_values(plan_parse *p, hr_plan_signal *g)
{
    if (p->event.type != YAML_SEQUENCE_START_EVENT)
        return hr_plan_complain(p, p->event.start_mark, "expected a list for", "values", "", NULL);
    for (;;) {
        HR_TRY(hr_plan_next(p));
        if (p->event.type == YAML_SEQUENCE_END_EVENT) return HR_OK;
        if (p->event.type != YAML_SCALAR_EVENT || g->n_value == HR_SIGNAL_VALUE_MAX)
            return hr_plan_complain(p, p->event.start_mark, "expected at most 8 expressions in",
                                    "values", "", NULL);
        HR_TRY(hr_plan_keep_text(p, &g->value[g->n_value], HR_EXPR_TEXT_MAX));
        g->n_value++;
    }
}

static const struct signal_key *known_signal_key(plan_parse *p)
{
    hr_nearest near = hr_nearest_start(hr_plan_text(p));
    for (size_t i = 0; i < HR_ARRAY_LEN(signal_keys); i++) {
        if (strcmp(signal_keys[i].key, hr_plan_text(p)) == 0) return &signal_keys[i];
        hr_nearest_offer(&near, signal_keys[i].key);
    }
    (void)hr_plan_complain(p, p->event.start_mark, "unknown key", hr_plan_text(p), " of a signal",
                           &near);
    return NULL;
}

static hr_status signal_value(plan_parse *p, const struct signal_key *k, hr_plan_signal *g)
{
    HR_TRY(hr_plan_next(p));
    if (k->type == S_VALUES) return signal_values(p, g);
    if (p->event.type != YAML_SCALAR_EVENT || hr_plan_has_nul(p))
        return hr_plan_complain(p, p->event.start_mark, "wrong value for", k->key,
                                ": expected one value", NULL);
    if (k->type != S_TEXT) return signal_number(p, k, g);
    return hr_plan_keep_text(p, (char **)(void *)((char *)g + k->offset), HR_EXPR_TEXT_MAX);
}

static hr_status read_signal(plan_parse *p, hr_plan_signal *g)
{
    unsigned seen = 0;
    yaml_mark_t start = p->event.start_mark;
    for (;;) {
        HR_TRY(hr_plan_next(p));
        if (p->event.type == YAML_MAPPING_END_EVENT) break;
        if (p->event.type != YAML_SCALAR_EVENT || hr_plan_has_nul(p))
            return hr_plan_complain(p, p->event.start_mark, "expected a key in", "signals", "",
                                    NULL);
        const struct signal_key *k = known_signal_key(p);
        if (k == NULL) return HR_EPLAN;
        unsigned bit = 1u << (k - signal_keys);
        if (seen & bit)
            return hr_plan_complain(p, p->event.start_mark, "key given twice:", k->key, "", NULL);
        seen |= bit;
        HR_TRY(signal_value(p, k, g));
    }
    if (g->name == NULL || g->when == NULL)
        return hr_plan_complain(p, start, "a signal without", g->name == NULL ? "name" : "when", "",
                                NULL);
    return HR_OK;
}

hr_status hr_plan_read_signals(plan_parse *p)
{
    hr_plan *plan = p->plan;
    HR_TRY(hr_plan_next(p));
    if (p->event.type != YAML_SEQUENCE_START_EVENT)
        return hr_plan_complain(p, p->event.start_mark, "expected a list under", "signals", "",
                                NULL);
    for (;;) {
        HR_TRY(hr_plan_next(p));
        if (p->event.type == YAML_SEQUENCE_END_EVENT) return HR_OK;
        if (p->event.type != YAML_MAPPING_START_EVENT)
            return hr_plan_complain(p, p->event.start_mark, "expected name:, when:, .. in",
                                    "signals", "", NULL);
        if (plan->n_signals == HR_SIGNAL_MAX)
            return hr_plan_complain(p, p->event.start_mark, "one too many of", "signals",
                                    ": at most 4096", NULL);
        hr_plan_signal *grown = hr_heap_grow(plan->signal, (plan->n_signals + 1u) * sizeof *grown);
        if (grown == NULL) return HR_FAIL(p->err, HR_ENOMEM, "no memory for the plan");
        plan->signal = grown;
        memset(&grown[plan->n_signals], 0, sizeof *grown);
        HR_TRY(read_signal(p, &grown[plan->n_signals++]));
    }
}

static void add_word(hr_digest *d, const char *text)
{
    if (text != NULL) hr_digest_add(d, text, strlen(text) + 1);
    hr_digest_add(d, "", 1);
}

void hr_plan_digest_calc(char digest[HR_DIGEST_TEXT], const hr_plan *p)
{
    char numbers[160];
    hr_digest d = {{0, 0}};
    int n = snprintf(numbers, sizeof numbers, "rows=%d max=%u write=%d%d", (int)p->calc_rows,
                     p->calc_max_rows, p->write[HR_KIND_CALC], p->write[HR_KIND_SIGNALS]);
    if (p->n_stages > 0) /* only there: datasets made before them are told by the same text */
        snprintf(numbers + n, sizeof numbers - (size_t)n, " plugins=%u stages=%u", p->n_plugins,
                 p->n_stages);
    add_word(&d, numbers);
    add_word(&d, p->expressions);
    for (uint32_t i = 0; i < p->n_plugins; i++)
        add_word(&d, p->plugins[i]);
    for (uint32_t i = 0; i < p->n_stages; i++)
        add_word(&d, p->stages[i]);
    for (uint32_t i = 0; i < p->n_signals; i++) {
        const hr_plan_signal *g = &p->signal[i];
        snprintf(numbers, sizeof numbers, "%u %d %lld %lld %u", g->confirm, g->priority,
                 (long long)g->cooldown_ns, (long long)g->hold_ns, g->n_value);
        add_word(&d, numbers);
        add_word(&d, g->name);
        add_word(&d, g->when);
        add_word(&d, g->until);
        add_word(&d, g->score);
        for (uint32_t k = 0; k < g->n_value; k++)
            add_word(&d, g->value[k]);
    }
    hr_digest_text(digest, &d);
}

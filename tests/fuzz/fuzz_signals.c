/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of features and signals, divided by bytes 0x1f: an error whose place is in one of them, or
 * rules over columns of their types; no text may add outputs or end before its bracket does. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval/signal.h"
#include "expr_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SPECS 3u
#define TEXTS (1 + SPECS * 5)

static void need(bool ok)
{
    if (!ok) abort();
}

/* Texts of their own, so that a read past the end is seen; those that are not there are NULL. */
static void cut(const uint8_t *data, size_t size, char *text[TEXTS])
{
    size_t at = 0;
    for (size_t i = 0; i < TEXTS; i++) {
        text[i] = NULL;
        if (at > size || (i > 0 && at == size)) continue;
        const uint8_t *end = size > at ? memchr(data + at, 0x1f, size - at) : NULL;
        size_t n = end != NULL ? (size_t)(end - data) - at : size - at;
        text[i] = calloc(n + 1, 1);
        need(text[i] != NULL);
        memcpy(text[i], data + at, n);
        at += n + 1;
    }
}

static uint32_t make_specs(char *text[TEXTS], hr_signal_spec spec[SPECS])
{
    static const char *const names[SPECS] = {"a", "b", "c"};
    uint32_t n = 0;
    for (; n < SPECS && text[1 + n * 5] != NULL; n++) {
        char **of = text + 1 + (size_t)n * 5;
        spec[n] = (hr_signal_spec){.name = names[n], .when = of[0]};
        if (of[1] != NULL && of[1][0] != '\0') spec[n].until = of[1];
        if (of[2] != NULL && of[2][0] != '\0') spec[n].score = of[2];
        for (uint32_t k = 0; k < 2; k++)
            if (of[3 + k] != NULL) spec[n].value[spec[n].n_value++] = of[3 + k];
    }
    return n;
}

static void check_error(char *text[TEXTS], const hr_signal_fault *fault, const hr_err *err)
{
    bool is_known = fault->text == NULL;
    need(err->code == HR_EUSAGE || err->code == HR_ELIMIT);
    need(err->message[0] != '\0');
    for (size_t i = 0; i < TEXTS; i++)
        is_known = is_known || (fault->text == text[i] && fault->n == strlen(text[i]));
    need(is_known && (fault->text == NULL || fault->at <= fault->n));
    if (fault->text == NULL) return;
    char line[HR_EXPR_CARET_BYTES];
    need((size_t)err->offset == fault->at);
    hr_expr_caret(line, fault->text, fault->n, fault->at);
}

static bool is_type(const hr_signals *s, uint32_t column, hr_expr_type type)
{
    return column == HR_SIGNAL_NONE ||
           (column < s->expr->n_out && s->expr->node[s->expr->out[column].node].type == type);
}

static void check_signals(const hr_signals *s, expr_rig *rig, const char *own)
{
    hr_err err = HR_ERR_INIT;
    uint32_t n_parts = 0;
    for (uint32_t i = 0; i < s->n_rule; i++) {
        const hr_signal_rule *r = &s->rule[i];
        need(is_type(s, r->when, HR_EXPR_CONDITION) && is_type(s, r->until, HR_EXPR_CONDITION));
        need(r->when != HR_SIGNAL_NONE && is_type(s, r->score, HR_EXPR_NUMBER));
        for (uint32_t k = 0; k < r->n_value; k++)
            need(r->value[k] < s->expr->n_out);
        n_parts += 3 + r->n_value;
    }
    need(s->n_own <= s->expr->n_out && s->expr->n_out <= s->n_own + n_parts);
    const hr_expr *alone = expr_rig_read(rig, own, strlen(own), &err);
    if (alone == NULL) { /* nothing but names to be used, or nothing */
        need(s->n_own == 0);
        need(strstr(err.message, "expected an output") || strstr(err.message, "expected an expr"));
        return;
    }
    need(alone->n_out == s->n_own);
    for (uint32_t i = 0; i < s->n_own; i++)
        need(strcmp(alone->out[i].name, s->expr->out[i].name) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static expr_rig rig;
    static expr_rig other;
    char *text[TEXTS];
    hr_signal_spec spec[SPECS];
    hr_signal_fault fault;
    hr_err err = HR_ERR_INIT;
    const hr_signals *s = NULL;
    if (rig.arena == NULL) {
        expr_rig_open(&rig);
        expr_rig_open(&other);
    }
    if (size > 100000) return 0;
    cut(data, size, text);
    hr_signals_source src = {.env = expr_rig_env(), .text = text[0], .n_text = strlen(text[0])};
    src.spec = spec;
    src.n_spec = make_specs(text, spec);
    hr_arena_rewind(rig.arena, 0);
    if (hr_signals_read(&s, rig.arena, rig.scratch, &src, &fault, &err) == HR_OK)
        check_signals(s, &other, text[0]);
    else
        check_error(text, &fault, &err);
    for (size_t i = 0; i < TEXTS; i++)
        free(text[i]);
    return 0;
}

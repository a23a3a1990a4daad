/* SPDX-License-Identifier: Apache-2.0 */
/* Any text: an error with a place inside it, or a graph whose print reads as the same graph. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "expr_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PRINT_MAX (HR_EXPR_TEXT_MAX + 1u)

static void need(bool ok)
{
    if (!ok) abort();
}

static void check_nodes(const hr_expr *x)
{
    for (uint32_t i = 0; i < x->n_node; i++) {
        const hr_expr_node *n = &x->node[i];
        need(n->scope <= x->n_symbol && (n->kind != HR_EXPR_CALL || n->args < x->n_args));
        for (uint32_t k = 0; k < n->n_in; k++) {
            const hr_expr_node *in = &x->node[n->in[k]];
            need(n->in[k] < i);
            need(in->kind == HR_EXPR_CONST || (in->scope == n->scope) != (n->kind == HR_EXPR_OF));
        }
    }
    for (uint32_t i = 0; i < x->n_out; i++)
        need(x->out[i].node < x->n_node);
}

static bool is_same(const hr_expr *a, const hr_expr *b)
{
    bool ok = a->n_node == b->n_node && a->n_args == b->n_args && a->n_out == b->n_out &&
              a->n_symbol == b->n_symbol;
    ok = ok && memcmp(a->node, b->node, a->n_node * sizeof *a->node) == 0;
    ok = ok && memcmp(a->args, b->args, a->n_args * sizeof *a->args) == 0;
    for (uint32_t i = 0; ok && i < a->n_out; i++)
        ok = a->out[i].node == b->out[i].node && strcmp(a->out[i].name, b->out[i].name) == 0;
    for (uint32_t i = 0; ok && i < a->n_symbol; i++)
        ok = strcmp(a->symbol[i], b->symbol[i]) == 0;
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static expr_rig first;
    static expr_rig second;
    static char printed[PRINT_MAX];
    char caret[HR_EXPR_CARET_BYTES];
    hr_err err = HR_ERR_INIT;
    if (first.arena == NULL) {
        expr_rig_open(&first);
        expr_rig_open(&second);
    }
    char *text = malloc(size > 0 ? size : 1); /* of its own, so that a read past the end is seen */
    need(text != NULL);
    if (size > 0) memcpy(text, data, size);
    const hr_expr *x = expr_rig_read(&first, text, size, &err);
    if (x == NULL) {
        need(err.code == HR_EUSAGE || err.code == HR_ELIMIT);
        need(size > HR_EXPR_TEXT_MAX || (err.offset >= 0 && (size_t)err.offset <= size));
        if (err.offset >= 0) hr_expr_caret(caret, text, size, (size_t)err.offset);
        free(text);
        return 0;
    }
    free(text);
    check_nodes(x);
    size_t n = hr_expr_print(printed, sizeof printed, x);
    if (n > HR_EXPR_TEXT_MAX) return 0;
    const hr_expr *again = expr_rig_read(&second, printed, n, &err);
    need(again != NULL && is_same(x, again));
    return 0;
}

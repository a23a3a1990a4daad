/* SPDX-License-Identifier: Apache-2.0 */
/* What a plugin says of itself, looked at before anything of it is used. Strings are read no
 * further than they may go. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "eval/plugin_parts.h"
#include "expr/expr_parts.h"

#define LEAST_NS 1e3
#define MOST_NS 8.64e15

/* op.h's numbers are the ABI's */
_Static_assert(HEADRACE_IN_MAX == HR_OP_IN_MAX && HEADRACE_OUT_MAX == HR_OP_OUT_MAX &&
                   HEADRACE_ARG_MAX == HR_OP_ARG_MAX,
               "bounds");
_Static_assert(HEADRACE_INT == HR_OP_INT && HEADRACE_REAL == HR_OP_REAL &&
                   HEADRACE_TIME == HR_OP_TIME && HEADRACE_WINDOW == HR_OP_WINDOW,
               "kinds of arguments");
_Static_assert(HEADRACE_UNIT_SAME == HR_OP_SAME && HEADRACE_UNIT_RATIO == HR_OP_RATIO &&
                   HEADRACE_UNIT_SQUARE == HR_OP_SQUARE && HEADRACE_UNIT_PRODUCT == HR_OP_PRODUCT &&
                   HEADRACE_UNIT_PER == HR_OP_PER && HEADRACE_UNIT_COUNT == HR_OP_COUNT &&
                   HEADRACE_UNIT_SPAN == HR_OP_SPAN && HEADRACE_UNIT_RATE == HR_OP_RATE &&
                   HEADRACE_UNIT_PRICE == HR_OP_PRICE && HEADRACE_UNIT_QUANTITY == HR_OP_QUANTITY &&
                   HEADRACE_UNIT_ANY == HR_OP_ANY,
               "units");
_Static_assert(HEADRACE_NAME_MAX == HR_EXPR_NAME_MAX, "names");

/* The part of the plugin that is being looked at. */
typedef struct subject {
    const char *path;
    const char *what; /* "operator", "stage", or NULL: the plugin itself */
    const char *name; /* NULL: by number */
    uint32_t i;
    hr_err *err;
} subject;

HR_PRINTF(3, 4) static hr_status refuse(const subject *s, const char *field, const char *fmt, ...)
{
    char said[HR_ERR_MSG_BYTES];
    char who[128] = "";
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(said, sizeof said, fmt, ap);
    va_end(ap);
    if (s->what != NULL && s->name != NULL)
        snprintf(who, sizeof who, "%s '%s', ", s->what, s->name);
    else if (s->what != NULL)
        snprintf(who, sizeof who, "%s %u, ", s->what, s->i);
    return HR_FAIL(s->err, HR_EINPUT, "plugin '%s': %s%s: %s", s->path, who, field, said);
}

static hr_status check_number(const subject *s, const char *field, uint64_t v, uint64_t least,
                              uint64_t most)
{
    if (v >= least && v <= most) return HR_OK;
    if (least == most)
        return refuse(s, field, "expected %llu, found %llu", (unsigned long long)least,
                      (unsigned long long)v);
    return refuse(s, field, "expected %llu to %llu, found %llu", (unsigned long long)least,
                  (unsigned long long)most, (unsigned long long)v);
}

static hr_status check_there(const subject *s, const char *field, bool is_there)
{
    return is_there ? HR_OK : refuse(s, field, "expected a pointer, found NULL");
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* more: characters beside letters and digits. */
static hr_status check_name(const subject *s, const char *field, const char *name, const char *more)
{
    if (name == NULL) return check_there(s, field, false);
    size_t n = strnlen(name, HEADRACE_NAME_MAX + 1);
    bool ok = n > 0 && n <= HEADRACE_NAME_MAX && is_letter(name[0]);
    for (size_t i = 0; i < n && ok; i++) {
        bool is_digit = name[i] >= '0' && name[i] <= '9';
        ok = is_letter(name[i]) || is_digit || strchr(more, name[i]) != NULL;
    }
    if (ok) return HR_OK;
    char shown[HEADRACE_NAME_MAX + 1];
    for (size_t i = 0; i < HR_MIN(n, HEADRACE_NAME_MAX); i++)
        shown[i] = name[i] >= 0x20 && name[i] < 0x7f ? name[i] : '?';
    return refuse(s, field, "expected a name of 1 to %u letters, digits and '_', found '%.*s'",
                  HEADRACE_NAME_MAX, (int)HR_MIN(n, HEADRACE_NAME_MAX), shown);
}

static hr_status check_text(const subject *s, const char *field, const char *text, size_t most)
{
    HR_TRY(check_there(s, field, text != NULL));
    if (strnlen(text, most + 1) <= most) return HR_OK;
    return refuse(s, field, "expected at most %zu bytes, found more", most);
}

/* A column as an operator or a stage names it: "trade.px", "bid_px[0]". */
static hr_status check_column(const subject *s, const char *field, const char *name)
{
    char base[HEADRACE_NAME_MAX + 1];
    HR_TRY(check_there(s, field, name != NULL));
    size_t n = strnlen(name, HEADRACE_NAME_MAX + 1);
    size_t n_base = n <= HEADRACE_NAME_MAX ? strcspn(name, "[") : n;
    if (n_base < n) {
        size_t n_digit = strspn(name + n_base + 1, "0123456789");
        const char *end = name + n_base + 1 + n_digit;
        if (n_digit == 0 || n_digit > 4 || strcmp(end, "]") != 0)
            return refuse(s, field, "expected a column, as 'mid' or 'bid_px[0]', found '%s'", name);
    }
    snprintf(base, sizeof base, "%.*s", (int)HR_MIN(n_base, HEADRACE_NAME_MAX), name);
    return check_name(s, field, n_base <= HEADRACE_NAME_MAX ? base : name, ".");
}

/* ---- operators ---- */

static bool is_word(const char *name)
{
    static const char *const words[] = {"and", "or", "not", "null", "true", "false"};
    for (size_t i = 0; i < HR_ARRAY_LEN(words); i++)
        if (strcmp(name, words[i]) == 0) return true;
    for (uint32_t i = 0; i < EXPR_BUILTINS; i++)
        if (strcmp(name, hr_expr_builtins[i].name) == 0) return true;
    return false;
}

static hr_status check_arg(const subject *s, const headrace_arg *a, const char *field)
{
    HR_TRY(check_name(s, field, a->name, ""));
    if (a->kind > HEADRACE_WINDOW)
        return refuse(s, field, "expected kind 0 to 3, found %u", a->kind);
    if (a->kind != HEADRACE_TIME && !(a->least <= a->most))
        return refuse(s, field, "expected least <= most, found %g and %g", a->least, a->most);
    bool is_span = a->kind == HEADRACE_TIME;
    double least = is_span ? LEAST_NS : a->least;
    double most = is_span ? MOST_NS : a->most;
    if (isnan(a->by_default) || (a->by_default >= least && a->by_default <= most)) return HR_OK;
    return refuse(s, field, "expected by_default to be NaN or from %g to %g, found %g", least, most,
                  a->by_default);
}

/* Inputs and arguments are one list of labels. */
static hr_status check_labels(const subject *s, const headrace_op *op)
{
    const char *name[HEADRACE_IN_MAX + HEADRACE_ARG_MAX];
    char field[32];
    uint32_t n = op->n_in + op->n_arg;
    for (uint32_t i = 0; i < n; i++) {
        bool is_in = i < op->n_in;
        name[i] = is_in ? op->in[i] : op->arg[i - op->n_in].name;
        snprintf(field, sizeof field, is_in ? "in[%u]" : "arg[%u]", is_in ? i : i - op->n_in);
        if (is_in) HR_TRY(check_name(s, field, name[i], ""));
        if (!is_in) {
            const headrace_arg *a = &op->arg[i - op->n_in];
            HR_TRY(check_number(s, field, a->struct_size, sizeof *a, sizeof *a));
            HR_TRY(check_arg(s, a, field));
        }
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(name[i], name[k]) == 0)
                return refuse(s, field, "expected a name of its own, found '%s' again", name[i]);
        if (is_in && op->column != NULL) {
            snprintf(field, sizeof field, "column[%u]", i);
            HR_TRY(check_column(s, field, op->column[i]));
        }
    }
    return HR_OK;
}

static hr_status check_outs(const subject *s, const headrace_op *op)
{
    char field[32];
    for (uint32_t i = 0; i < op->n_out; i++) {
        snprintf(field, sizeof field, "unit[%u]", i);
        HR_TRY(check_number(s, field, op->unit[i], 0, HEADRACE_UNIT_ANY));
        snprintf(field, sizeof field, "out[%u]", i);
        bool is_alone = op->n_out == 1 && op->out[i] != NULL && op->out[i][0] == '\0';
        if (!is_alone) HR_TRY(check_name(s, field, op->out[i], ""));
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(op->out[i], op->out[k]) == 0)
                return refuse(s, field, "expected a name of its own, found '%s' again", op->out[i]);
    }
    return HR_OK;
}

/* With the least that it must be given: a size that cannot be is better told now. */
static hr_status check_bytes(const subject *s, const headrace_op *op)
{
    double value[HEADRACE_ARG_MAX] = {0};
    uint8_t is_time[HEADRACE_ARG_MAX] = {0};
    for (uint32_t i = 0; i < op->n_arg; i++) {
        const headrace_arg *a = &op->arg[i];
        is_time[i] = a->kind == HEADRACE_TIME;
        value[i] = !isnan(a->by_default) ? a->by_default : is_time[i] ? LEAST_NS : a->least;
    }
    headrace_args args = {.struct_size = sizeof args,
                          .n = op->n_arg,
                          .value = value,
                          .is_time = is_time,
                          .max_rows = 1};
    uint64_t n = op->bytes == NULL ? 0 : op->bytes(op->self, &args);
    if (n == HEADRACE_NOT_TOGETHER || n <= HR_PLUGIN_STATE_MAX) return HR_OK;
    return refuse(s, "bytes", "expected at most %zu, found %llu", HR_PLUGIN_STATE_MAX,
                  (unsigned long long)n);
}

static hr_status check_op(subject *s, const headrace_op *op)
{
    HR_TRY(check_number(s, "struct_size", op->struct_size, sizeof *op, sizeof *op));
    HR_TRY(check_name(s, "name", op->name, ""));
    s->name = op->name;
    if (is_word(op->name)) return refuse(s, "name", "'%s' is a word of the language", op->name);
    HR_TRY(check_text(s, "what", op->what, HEADRACE_TEXT_MAX));
    HR_TRY(check_number(s, "n_in", op->n_in, 0, HEADRACE_IN_MAX));
    HR_TRY(check_number(s, "n_arg", op->n_arg, 0, HEADRACE_ARG_MAX));
    HR_TRY(check_number(s, "n_out", op->n_out, 1, HEADRACE_OUT_MAX));
    HR_TRY(check_there(s, "in", op->n_in == 0 || op->in != NULL));
    HR_TRY(check_there(s, "arg", op->n_arg == 0 || op->arg != NULL));
    HR_TRY(check_there(s, "out", op->out != NULL));
    HR_TRY(check_there(s, "unit", op->unit != NULL));
    HR_TRY(check_there(s, "run", op->run != NULL));
    HR_TRY(check_labels(s, op));
    HR_TRY(check_outs(s, op));
    return check_bytes(s, op);
}

/* ---- stages ---- */

static hr_status check_stage(subject *s, const headrace_stage *g)
{
    char field[32];
    HR_TRY(check_number(s, "struct_size", g->struct_size, sizeof *g, sizeof *g));
    HR_TRY(check_name(s, "name", g->name, ""));
    s->name = g->name;
    HR_TRY(check_text(s, "what", g->what, HEADRACE_TEXT_MAX));
    HR_TRY(check_number(s, "n_in", g->n_in, 0, HEADRACE_STAGE_IN_MAX));
    HR_TRY(check_number(s, "n_out", g->n_out, 0, HEADRACE_STAGE_OUT_MAX));
    HR_TRY(check_there(s, "in", g->n_in == 0 || g->in != NULL));
    HR_TRY(check_there(s, "out", g->n_out == 0 || g->out != NULL));
    HR_TRY(check_there(s, "run", g->run != NULL));
    HR_TRY(check_number(s, "state_bytes", g->state_bytes, 0, HR_PLUGIN_STATE_MAX));
    for (uint32_t i = 0; i < g->n_in; i++) {
        snprintf(field, sizeof field, "in[%u]", i);
        HR_TRY(check_column(s, field, g->in[i]));
    }
    for (uint32_t i = 0; i < g->n_out; i++) {
        snprintf(field, sizeof field, "out[%u]", i);
        HR_TRY(check_column(s, field, g->out[i]));
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(g->out[i], g->out[k]) == 0)
                return refuse(s, field, "expected a name of its own, found '%s' again", g->out[i]);
    }
    return HR_OK;
}

hr_status hr_plugin_validate(const char *path, const headrace_plugin_info *info, hr_err *err)
{
    subject own = {.path = path, .err = err};
    HR_TRY(check_number(&own, "abi", info->abi, HEADRACE_PLUGIN_ABI, HEADRACE_PLUGIN_ABI));
    HR_TRY(check_number(&own, "struct_size", info->struct_size, sizeof *info, sizeof *info));
    HR_TRY(check_name(&own, "name", info->name, "-."));
    HR_TRY(check_text(&own, "version", info->version, HEADRACE_NAME_MAX));
    HR_TRY(check_number(&own, "n_op", info->n_op, 0, HR_PLUGIN_OPS_MAX));
    HR_TRY(check_number(&own, "n_stage", info->n_stage, 0, HR_PLUGIN_STAGES_MAX));
    HR_TRY(check_there(&own, "op", info->n_op == 0 || info->op != NULL));
    HR_TRY(check_there(&own, "stage", info->n_stage == 0 || info->stage != NULL));
    if (info->n_op + info->n_stage == 0)
        return refuse(&own, "n_op", "expected an operator or a stage, found none");
    for (uint32_t i = 0; i < info->n_op; i++) {
        subject s = {.path = path, .what = "operator", .i = i, .err = err};
        HR_TRY(check_op(&s, &info->op[i]));
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(info->op[i].name, info->op[k].name) == 0)
                return refuse(&s, "name", "expected a name of its own, found it twice");
    }
    for (uint32_t i = 0; i < info->n_stage; i++) {
        subject s = {.path = path, .what = "stage", .i = i, .err = err};
        HR_TRY(check_stage(&s, &info->stage[i]));
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(info->stage[i].name, info->stage[k].name) == 0)
                return refuse(&s, "name", "expected a name of its own, found it twice");
    }
    return HR_OK;
}

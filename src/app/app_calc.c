/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app_calc.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/app_check.h"
#include "base/sys.h"
#include "pipe/plan.h"
#include "text/nearest.h"

#define STEP_TEXT 160

/* ---- parameters ---- */

static hr_status take_param(hr_expr_param *p, char name[HR_EXPR_NAME_MAX + 1], const char *s,
                            size_t n, hr_err *err)
{
    char value[64];
    const char *eq = memchr(s, '=', n);
    size_t n_name = eq != NULL ? (size_t)(eq - s) : 0;
    size_t n_value = eq != NULL ? n - n_name - 1 : 0;
    if (n_name == 0 || n_name > HR_EXPR_NAME_MAX || n_value == 0 || n_value >= sizeof value)
        return HR_FAIL(err, HR_EUSAGE, "--param: expected NAME=VALUE, found '%.*s'",
                       (int)HR_MIN(n, (size_t)80), s);
    memcpy(name, s, n_name);
    name[n_name] = '\0';
    memcpy(value, eq + 1, n_value);
    value[n_value] = '\0';
    char *end;
    int64_t ns;
    *p = (hr_expr_param){.name = name, .value = strtod(value, &end)};
    if (*end == '\0' && isfinite(p->value)) return HR_OK;
    if (hr_duration_parse(&ns, value) != HR_OK)
        return HR_FAIL(err, HR_EUSAGE, "--param: '%s' is no number nor a duration such as 10s",
                       value);
    p->value = (double)ns;
    p->is_time = true;
    return HR_OK;
}

hr_status hr_app_params_parse(hr_expr_param *param, char name[][HR_EXPR_NAME_MAX + 1],
                              uint32_t *n_params, const char *list, hr_err *err)
{
    *n_params = 0;
    while (list != NULL && *list != '\0') {
        size_t n = strcspn(list, ",");
        if (*n_params == HR_APP_PARAMS_MAX)
            return HR_FAIL(err, HR_ELIMIT, "--param: at most %u", HR_APP_PARAMS_MAX);
        HR_TRY(take_param(&param[*n_params], name[*n_params], list, n, err));
        for (uint32_t i = 0; i < *n_params; i++)
            if (strcmp(param[i].name, param[*n_params].name) == 0)
                return HR_FAIL(err, HR_EUSAGE, "--param: '%s' is given twice", param[i].name);
        ++*n_params;
        list += n + (list[n] == ',');
    }
    return HR_OK;
}

hr_status hr_app_expr_text(const char **text, size_t *n, hr_err *err)
{
    static char held[HR_EXPR_TEXT_MAX + 2];
    *n = strlen(*text);
    if ((*text)[0] != '@') return HR_OK;
    const char *path = *text + 1;
    int fd = hr_sys_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return HR_FAIL_SYS(err, fd, "cannot open '%s'", path);
    int64_t got = hr_sys_read_full(fd, held, sizeof held - 1);
    (void)hr_sys_close(fd);
    if (got < 0) return HR_FAIL_SYS(err, got, "cannot read '%s'", path);
    *text = held;
    *n = (size_t)got;
    return HR_OK;
}

/* ---- functions ---- */

static void print_arg(FILE *to, const hr_op_arg *a)
{
    static const char *const kind[] = {"whole number", "number", "duration", "rows or duration"};
    fprintf(to, "    %-12s %s", a->name, kind[a->kind]);
    if (a->kind != HR_OP_TIME) fprintf(to, " %g to %g", a->least, a->most);
    if (isnan(a->by_default))
        fputs("\n", to);
    else if (a->kind == HR_OP_TIME)
        fprintf(to, ", default %gs\n", a->by_default / 1e9);
    else
        fprintf(to, ", default %g\n", a->by_default);
}

static void print_signature(FILE *to, const hr_op *op)
{
    bool by_name = op->column[0] != NULL;
    const char *sep = "";
    fprintf(to, "%s(", op->name);
    for (uint32_t i = 0; !by_name && i < op->n_in; i++, sep = ", ")
        fprintf(to, "%s%s", sep, op->in[i]);
    for (uint32_t i = 0; i < op->n_arg; i++, sep = ", ")
        fprintf(to, "%s%s", sep, op->arg[i].name);
    for (uint32_t i = 0; by_name && i < op->n_in; i++, sep = ", ")
        fprintf(to, "%s%s: %s", sep, op->in[i], op->column[i]);
    fputs(")", to);
    for (uint32_t i = 0; op->n_out > 1 && i < op->n_out; i++)
        fprintf(to, "%s%s", i == 0 ? " ." : " .", op->out[i]);
}

static const char *unit_name(unsigned unit)
{
    static const char *const name[] = {
        "as its input", "ratio", "its input squared", "product", "quotient", "count", "seconds",
        "1/second",     "price", "quantity",          "open"};
    return unit < HR_ARRAY_LEN(name) ? name[unit] : "open";
}

static void print_text(FILE *to, const hr_op *op)
{
    print_signature(to, op);
    fprintf(to, "\n    %s\n", op->what);
    for (uint32_t i = 0; i < op->n_arg; i++)
        print_arg(to, &op->arg[i]);
    fprintf(to, "    gives %s", unit_name(op->unit[0]));
    if (op->seed != NULL && op->seed[0] != '\0') fprintf(to, "; %s", op->seed);
    if (op->source != NULL && op->source[0] != '\0') fprintf(to, "\n    %s", op->source);
    fputs("\n", to);
}

static void print_member(const char *name, const char *value)
{
    printf(",\"%s\":", name);
    hr_app_json_text(value != NULL ? value : "");
}

/* rows before the first value, with the defaults, and 10, 20 and so on of what has none */
static uint32_t usual_warm_up(const hr_op *op)
{
    hr_op_args a = {.max_rows = 1};
    for (uint32_t i = 0; i < op->n_arg; i++) {
        const hr_op_arg *arg = &op->arg[i];
        a.is_time[i] = arg->kind == HR_OP_TIME;
        a.v[i] = isnan(arg->by_default) ? HR_MIN(10.0 * (i + 1), arg->most) : arg->by_default;
    }
    return op->warm_up(&a);
}

static void print_json(const hr_op *op)
{
    static const char *const kind[] = {"int", "real", "time", "window"};
    printf("{\"name\":");
    hr_app_json_text(op->name);
    print_member("group", op->group);
    print_member("what", op->what);
    print_member("seed", op->seed);
    print_member("source", op->source);
    printf(",\"inputs\":[");
    for (uint32_t i = 0; i < op->n_in; i++) {
        printf("%s{\"name\":\"%s\"", i > 0 ? "," : "", op->in[i]);
        if (op->column[i] != NULL) print_member("column", op->column[i]);
        printf("}");
    }
    printf("],\"arguments\":[");
    for (uint32_t i = 0; i < op->n_arg; i++) {
        const hr_op_arg *a = &op->arg[i];
        printf("%s{\"name\":\"%s\",\"kind\":\"%s\",\"least\":%.17g,\"most\":%.17g,\"default\":",
               i > 0 ? "," : "", a->name, kind[a->kind], a->least, a->most);
        if (isnan(a->by_default))
            printf("null}");
        else
            printf("%.17g}", a->by_default);
    }
    printf("],\"outputs\":[");
    for (uint32_t i = 0; i < op->n_out; i++) {
        printf("%s{\"name\":\"%s\"", i > 0 ? "," : "", op->out[i]);
        print_member("unit", unit_name(op->unit[i]));
        printf("}");
    }
    printf("],\"reads_levels\":%s,\"warm_up\":%u}", op->levels != NULL ? "true" : "false",
           usual_warm_up(op));
}

static void print_names(FILE *to, const char *lead, const char *const *name, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        fprintf(to, "%s%s", i == 0 ? lead : ", ", name[i]);
}

/* Stages of plugins, or that of one name; returns how many. */
static uint32_t print_stages(FILE *to, const hr_program *p, const char *name, hr_nearest *near)
{
    uint32_t n_shown = 0;
    for (uint32_t i = 0; i < p->n_plugins; i++) {
        uint32_t n;
        const hr_row_stage *g = hr_plugin_stages(p->plugin[i], &n);
        for (uint32_t k = 0; k < n; k++) {
            hr_nearest_offer(near, g[k].name);
            if (name != NULL && strcmp(name, g[k].name) != 0) continue;
            fprintf(to, "%s: stage of %s\n    %s\n   ", g[k].name, hr_plugin_name(p->plugin[i]),
                    g[k].what);
            print_names(to, " reads ", g[k].in, g[k].n_in);
            print_names(to, g[k].n_in > 0 ? "; gives " : " gives ", g[k].out, g[k].n_out);
            fputs("\n", to);
            n_shown++;
        }
    }
    return n_shown;
}

hr_status hr_app_list_functions(FILE *to, const char *name, bool json, char *const *plugin,
                                uint32_t n_plugins, hr_err *err)
{
    hr_program p = {0};
    char near_text[96];
    uint32_t n = 0;
    HR_TRY(hr_arena_create(&p.arena, NULL, (size_t)4 << 20, "functions", err));
    hr_status st = hr_program_ops(&p, plugin, n_plugins, 1, err);
    hr_nearest near = hr_nearest_start(name != NULL ? name : "");
    if (st == HR_OK && json) printf("[");
    for (uint32_t i = 0; st == HR_OK && i < p.ops.n; i++) {
        const hr_op *op = &p.ops.op[i];
        hr_nearest_offer(&near, op->name);
        if (name != NULL && strcmp(name, op->name) != 0) continue;
        if (json) printf("%s", n > 0 ? ",\n" : "");
        n++;
        if (json)
            print_json(op);
        else
            print_text(to, op);
    }
    if (st == HR_OK && !json) n += print_stages(to, &p, name, &near);
    if (st == HR_OK && json) printf("]\n");
    if (st == HR_OK && !json && name == NULL)
        fputs("\nThe language has besides: + - * / % ^, < <= > >= == !=, and, or, not, "
              "where(condition, a, b),\nis_null(x), abs(x), exp(x), log(x), sqrt(x), raw(x) (x "
              "without its unit), and of(\"X\", value),\nwhat instrument X gave last. A name is "
              "called with its arguments by place, then by name.\n",
              to);
    if (st == HR_OK && n == 0)
        st = HR_FAIL(err, HR_EUSAGE, "there is no function '%.60s'%s", name,
                     hr_nearest_text(&near, near_text, sizeof near_text));
    hr_program_close(&p);
    return st;
}

/* ---- the program ---- */

void hr_app_explain(FILE *to, const hr_program *p, uint64_t n_rows, const uint64_t *step_ns)
{
    const hr_eval *e = p->e;
    uint64_t all = 0;
    for (uint32_t i = 0; i < e->n_step; i++)
        all += step_ns[i];
    fprintf(to, "%5s  %-44s %-12s %9s %8s %8s %5s\n", "step", "what", "output", "warm-up", "bytes",
            "ns/row", "%");
    for (uint32_t k = 0; k < e->n_part; k++) {
        const hr_eval_part *part = &e->part[k];
        if (k > 0) fprintf(to, "of \"%s\":\n", part->symbol);
        for (uint32_t i = 0; i < part->n_step; i++) {
            char text[STEP_TEXT];
            hr_eval_step_facts f = hr_eval_step_get(e, part, i);
            uint64_t ns = step_ns[part->first_step + i];
            hr_eval_step_text(text, sizeof text, e, part, i);
            const char *out = f.out == UINT32_MAX || k > 0 ? "" : p->x->out[f.out].name;
            if (k == 0 && f.out != UINT32_MAX && out[0] == '\0') out = "value";
            fprintf(to, "%5u  %-44s %-12s %9u %8zu %8.2f %5.1f\n", i + 1, text, out, f.warm_up,
                    f.state_bytes, n_rows > 0 ? (double)ns / (double)n_rows : 0,
                    all > 0 ? 100.0 * (double)ns / (double)all : 0);
        }
    }
}

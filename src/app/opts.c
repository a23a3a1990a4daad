/* SPDX-License-Identifier: Apache-2.0 */
#include "app/opts.h"

#include <stdio.h>
#include <string.h>

#include "kern/cpu.h"
#include "text/decimal.h"
#include "text/nearest.h"
#include "venue/adapter.h"

#define LONG_LIST 200u

static void help(const hr_opts *o)
{
    char left[64];
    printf("headrace %s%s%s%s\n\n%s\n", o->verb, o->args[0] != '\0' ? " " : "", o->args,
           o->n_opt > 0 ? " [OPTION...]" : "", o->about);
    for (size_t i = 0; i < o->n_opt; i++) {
        const hr_opt *k = &o->opt[i];
        snprintf(left, sizeof left, "%s%s%s", k->name, k->value != NULL ? " " : "",
                 k->value != NULL ? k->value : "");
        printf("%s  %-20s %s\n", i == 0 ? "\n" : "", left, k->what);
    }
    printf("\nexample: %s\n", o->example);
}

static bool is_flag(const hr_opt *k)
{
    return k->type == HR_OPT_ON || k->type == HR_OPT_OFF;
}

/* ---- values ---- */

static hr_status bad_value(const hr_opt *k, const char *text, const char *expected,
                           const hr_nearest *near, hr_err *err)
{
    char meant[96] = "";
    if (near != NULL) (void)hr_nearest_text(near, meant, sizeof meant);
    if (strlen(expected) > LONG_LIST && meant[0] != '\0') /* what is cut is the list */
        return HR_FAIL(err, HR_EUSAGE, "%s: '%.80s' is not known%s %s", k->name, text, meant,
                       expected);
    return HR_FAIL(err, HR_EUSAGE, "%s: '%.80s' is not %s%s", k->name, text, expected, meant);
}

static hr_status set_number(const hr_opt *k, const char *text, hr_err *err)
{
    int64_t v;
    char low[HR_UNIT_TEXT];
    char high[HR_UNIT_TEXT];
    char range[2 * HR_UNIT_TEXT + 8];
    const char *(*show)(char *out, int64_t v) = NULL;
    hr_status st;
    if (k->type == HR_OPT_SIZE) {
        show = hr_size_text;
        st = hr_size_parse(&v, text);
        if (st == HR_EINPUT) return bad_value(k, text, "a size such as 512MB", NULL, err);
    } else if (k->type == HR_OPT_DURATION) {
        show = hr_duration_text;
        st = hr_duration_parse(&v, text);
        if (st == HR_EINPUT) return bad_value(k, text, "a duration such as 10s", NULL, err);
    } else {
        st = hr_int_parse(&v, text, strlen(text));
    }
    if (st != HR_OK || v < k->low || v > k->high) {
        if (show != NULL)
            snprintf(range, sizeof range, "%s to %s", show(low, k->low), show(high, k->high));
        else
            snprintf(range, sizeof range, "%lld to %lld", (long long)k->low, (long long)k->high);
        return bad_value(k, text, range, NULL, err);
    }
    memcpy(k->out, &v, sizeof v);
    return HR_OK;
}

/* The word of index i that may stand here, or NULL past the last. */
static const char *word_at(const hr_opt *k, int i)
{
    if (k->type == HR_OPT_CHOICE) return k->choice[i];
    return i + 1 < HR_FORMAT_COUNT ? hr_format_name((hr_format)(i + 1)) : NULL;
}

static hr_status set_word(const hr_opt *k, const char *text, hr_err *err)
{
    char list[512] = "one of";
    hr_nearest near = hr_nearest_start(text);
    for (int i = 0; word_at(k, i) != NULL; i++) {
        const char *word = word_at(k, i);
        size_t n = strlen(list);
        int v = k->type == HR_OPT_CHOICE ? i : i + 1;
        if (strcmp(word, text) == 0) return memcpy(k->out, &v, sizeof v), HR_OK;
        snprintf(list + n, sizeof list - n, " %s", word);
        hr_nearest_offer(&near, word);
    }
    return bad_value(k, text, list, &near, err);
}

static hr_status set_cpu(const hr_opt *k, const char *text, hr_err *err)
{
    unsigned flags;
    if (hr_cpu_flags_parse(&flags, text) != HR_OK)
        return bad_value(k, text,
                         "a tier (scalar sse42 pclmul avx2 avx512 all), then -NAME to leave out",
                         NULL, err);
    int64_t v = flags;
    memcpy(k->out, &v, sizeof v);
    return HR_OK;
}

static hr_status set_time(const hr_opt *k, const char *text, hr_err *err)
{
    int64_t v;
    if (hr_time_parse(&v, text) != HR_OK)
        return bad_value(k, text, "a time such as 2024-08-08T12:00:00Z, or ns since 1970", NULL,
                         err);
    memcpy(k->out, &v, sizeof v);
    return HR_OK;
}

static hr_status set_value(const hr_opt *k, const char *text, hr_err *err)
{
    bool on = k->type == HR_OPT_ON;
    switch (k->type) {
    case HR_OPT_ON:
    case HR_OPT_OFF:
        memcpy(k->out, &on, sizeof on);
        return HR_OK;
    case HR_OPT_TEXT:
        if (text[0] == '\0') return HR_FAIL(err, HR_EUSAGE, "%s: its value is empty", k->name);
        memcpy(k->out, &text, sizeof text);
        return HR_OK;
    case HR_OPT_COUNT:
    case HR_OPT_SIZE:
    case HR_OPT_DURATION:
        return set_number(k, text, err);
    case HR_OPT_TIME:
        return set_time(k, text, err);
    case HR_OPT_CHOICE:
    case HR_OPT_FORMAT:
        return set_word(k, text, err);
    case HR_OPT_CPU:
        break;
    }
    return set_cpu(k, text, err);
}

/* ---- the line ---- */

static hr_status unknown(const hr_opts *o, const char *arg, size_t n_name, hr_err *err)
{
    char name[64];
    char meant[96];
    snprintf(name, sizeof name, "%.*s", (int)HR_MIN(n_name, sizeof name - 1), arg);
    hr_nearest near = hr_nearest_start(name);
    for (size_t i = 0; i < o->n_opt; i++)
        hr_nearest_offer(&near, o->opt[i].name);
    return HR_FAIL(err, HR_EUSAGE, "unknown option '%s'%s (headrace %s -h)", name,
                   hr_nearest_text(&near, meant, sizeof meant), o->verb);
}

/* The option at argv[*i], its value with it. */
static hr_status take_option(const hr_opts *o, int argc, char **argv, int *i, hr_err *err)
{
    const char *arg = argv[*i];
    size_t n_name = strcspn(arg, "=");
    bool has_value = arg[n_name] == '=';
    for (size_t k = 0; k < o->n_opt; k++) {
        const hr_opt *opt = &o->opt[k];
        if (strlen(opt->name) != n_name || memcmp(opt->name, arg, n_name) != 0) continue;
        if (is_flag(opt))
            return has_value ? HR_FAIL(err, HR_EUSAGE, "%s takes no value", opt->name)
                             : set_value(opt, "", err);
        if (has_value) return set_value(opt, arg + n_name + 1, err);
        if (*i + 1 >= argc)
            return HR_FAIL(err, HR_EUSAGE, "%s takes a value: %s", opt->name, opt->value);
        ++*i;
        return set_value(opt, argv[*i], err);
    }
    return unknown(o, arg, n_name, err);
}

hr_status hr_opts_parse(const hr_opts *o, int argc, char **argv, int *n_args, hr_err *err)
{
    bool ended = false;
    int n = 0;
    for (int i = 1; i < argc; i++) {
        if (ended || argv[i][0] != '-' || argv[i][1] == '\0') {
            argv[++n] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            ended = true;
        } else if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
            help(o);
            return HR_END;
        } else {
            HR_TRY(take_option(o, argc, argv, &i, err));
        }
    }
    if (n < o->min_args)
        return HR_FAIL(err, HR_EUSAGE, "%s: %s is missing (headrace %s -h)", o->verb, o->args,
                       o->verb);
    if (n > o->max_args)
        return HR_FAIL(err, HR_EUSAGE, "%s: '%.80s' is one argument too many (headrace %s -h)",
                       o->verb, argv[o->max_args + 1], o->verb);
    *n_args = n;
    return HR_OK;
}

void hr_opts_engine_apply(const hr_opts_engine *e, hr_plan *plan)
{
    if (e->format != HR_FORMAT_UNKNOWN) plan->format = e->format;
    if (e->lanes >= 0) plan->lanes = (uint32_t)e->lanes;
    if (e->memory_bytes >= 0) plan->memory_bytes = e->memory_bytes;
    if (e->px_decimals >= 0) plan->px_scale = (uint8_t)e->px_decimals;
    if (e->qty_decimals >= 0) plan->qty_scale = (uint8_t)e->qty_decimals;
    if (e->share_decimals >= 0) plan->share_decimals = (uint8_t)e->share_decimals;
    if (e->cpu_mask >= 0) plan->cpu_mask = (unsigned)e->cpu_mask;
}

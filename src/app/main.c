/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "base/sys.h"
#include "kern/kern.h"

typedef struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} verb;

static const verb verbs[] = {
    {"run", hr_cmd_run, "read captures, rebuild books, write a dataset"},
    {"verify", hr_cmd_verify, "check captures, tables or a dataset"},
    {"inspect", hr_cmd_inspect, "show what a file is and its first rows"},
    {"gen", hr_cmd_gen, "make a realistic capture with its ground truth"},
};

int hr_app_fail(const hr_err *err)
{
    fprintf(stderr, "headrace: %s\n", err->message);
    return (int)hr_status_exit(err->code);
}

int hr_app_usage(const char *name, const char *text)
{
    fprintf(stderr, "headrace %s: %s (headrace %s -h shows how)\n", name, text, name);
    return HR_EXIT_USAGE;
}

const char *hr_app_option(int argc, char **argv, int *i, const char *name)
{
    size_t n = strlen(name);
    if (strncmp(argv[*i], name, n) != 0) return NULL;
    if (argv[*i][n] == '=') return argv[*i] + n + 1;
    if (argv[*i][n] != '\0' || *i + 1 >= argc) return NULL;
    ++*i;
    return argv[*i];
}

static int help(FILE *to)
{
    fprintf(to, "headrace " HR_VERSION
                ": market data into verified books, features and columnar datasets\n\n");
    for (size_t i = 0; i < HR_ARRAY_LEN(verbs); i++)
        fprintf(to, "  headrace %-8s %s\n", verbs[i].name, verbs[i].what);
    fprintf(to, "\nheadrace VERB -h shows a verb's options and an example.\n");
    return to == stdout ? HR_EXIT_OK : HR_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    hr_err err = HR_ERR_INIT;
    if (argc < 2) return help(stderr);
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0) return help(stdout);
    if (strcmp(argv[1], "--version") == 0) {
        printf("headrace " HR_VERSION "\n");
        return HR_EXIT_OK;
    }
    hr_kern_init(hr_cpu_detect()); /* a run narrows it to its plan's engine.cpu_mask */
    if (hr_sys_fail_install_text(getenv("HEADRACE_FAULT"), &err) != HR_OK) return hr_app_fail(&err);
    for (size_t i = 0; i < HR_ARRAY_LEN(verbs); i++)
        if (strcmp(argv[1], verbs[i].name) == 0) return verbs[i].run(argc - 1, argv + 1);
    fprintf(stderr, "headrace: unknown verb '%s'\n", argv[1]);
    return HR_EXIT_USAGE;
}

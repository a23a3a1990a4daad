/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "base/sys.h"
#include "kern/kern.h"
#include "text/nearest.h"

typedef struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} verb;

static const verb verbs[] = {
    {"run", hr_cmd_run, "read captures, rebuild books, write a dataset"},
    {"convert", hr_cmd_convert, "write a file in another format"},
    {"bars", hr_cmd_bars, "make bars of trades or of the best bid and ask"},
    {"asof", hr_cmd_asof, "join each trade with the newest book before it"},
    {"calc", hr_cmd_calc, "work out expressions over each event, or each row of a table"},
    {"verify", hr_cmd_verify, "check captures, tables or a dataset"},
    {"inspect", hr_cmd_inspect, "show what a file is and its first rows"},
    {"gen", hr_cmd_gen, "make a realistic capture with its ground truth"},
};

static int help(FILE *to)
{
    fprintf(to, "headrace " HR_VERSION
                ": market data into verified books, features and columnar datasets\n\n");
    for (size_t i = 0; i < HR_ARRAY_LEN(verbs); i++)
        fprintf(to, "  headrace %-8s %s\n", verbs[i].name, verbs[i].what);
    fprintf(to, "\nheadrace VERB -h shows a verb's options and an example.\n");
    return to == stdout ? HR_EXIT_OK : HR_EXIT_USAGE;
}

static int run_verb(int argc, char **argv)
{
    char meant[96];
    hr_nearest near = hr_nearest_start(argv[0]);
    for (size_t i = 0; i < HR_ARRAY_LEN(verbs); i++) {
        if (strcmp(argv[0], verbs[i].name) == 0) return verbs[i].run(argc, argv);
        hr_nearest_offer(&near, verbs[i].name);
    }
    fprintf(stderr, "headrace: unknown verb '%.80s'%s (headrace -h)\n", argv[0],
            hr_nearest_text(&near, meant, sizeof meant));
    return HR_EXIT_USAGE;
}

static int run(int argc, char **argv)
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
    return run_verb(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    int code = run(argc, argv);
    if (fflush(stdout) == 0 && ferror(stdout) == 0) return code;
    fprintf(stderr, "headrace: cannot write to standard output\n");
    return code == HR_EXIT_OK ? HR_EXIT_ENV : code; /* what went wrong first says more */
}

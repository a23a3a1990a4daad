/* SPDX-License-Identifier: Apache-2.0 */
#include "verb_run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/app.h"
#include "base/attr.h"

#define ARGS_MAX 16

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} verbs[] = {
    {"asof", hr_cmd_asof},       {"bars", hr_cmd_bars},     {"calc", hr_cmd_calc},
    {"convert", hr_cmd_convert}, {"gen", hr_cmd_gen},       {"inspect", hr_cmd_inspect},
    {"run", hr_cmd_run},         {"verify", hr_cmd_verify},
};

/* Puts a file in the place of descriptor fd; returns what was there. */
static int catch_fd(int fd, int *file)
{
    int old = dup(fd);
    *file = memfd_create("caught", MFD_CLOEXEC);
    if (old < 0 || *file < 0 || dup2(*file, fd) < 0) abort();
    return old;
}

static void release_fd(int fd, int old, int file, char *text)
{
    if (dup2(old, fd) < 0) abort();
    ssize_t n = pread(file, text, VERB_TEXT_MAX - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    (void)close(old);
    (void)close(file);
}

void verb_run(const char *line, verb_result *r)
{
    char text[1024];
    char *argv[ARGS_MAX + 1];
    char *rest;
    int argc = 0;
    int file[2];
    if (strlen(line) >= sizeof text) abort();
    memcpy(text, line, strlen(line) + 1);
    for (char *p = strtok_r(text, " ", &rest); p != NULL && argc < ARGS_MAX;
         p = strtok_r(NULL, " ", &rest))
        argv[argc++] = p;
    argv[argc] = NULL;
    fflush(stdout);
    fflush(stderr);
    int old[2] = {catch_fd(STDOUT_FILENO, &file[0]), catch_fd(STDERR_FILENO, &file[1])};
    r->code = -1;
    for (size_t i = 0; i < HR_ARRAY_LEN(verbs); i++)
        if (strcmp(argv[0], verbs[i].name) == 0) r->code = verbs[i].run(argc, argv);
    fflush(stdout);
    fflush(stderr);
    release_fd(STDOUT_FILENO, old[0], file[0], r->out);
    release_fd(STDERR_FILENO, old[1], file[1], r->err);
    (void)signal(SIGINT, SIG_DFL); /* verbs take these */
    (void)signal(SIGTERM, SIG_DFL);
    if (r->code < 0) abort(); /* no such verb */
}

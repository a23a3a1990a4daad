/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app_plan.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/sys.h"
#include "job/inputs.h"

static bool is_plan(const char *path)
{
    size_t n = strlen(path);
    return (n > 5 && strcmp(path + n - 5, ".yaml") == 0) ||
           (n > 4 && strcmp(path + n - 4, ".yml") == 0);
}

static hr_status load_plan(hr_plan *p, const char *path, hr_err *err)
{
    static char text[(1 << 20) + 1]; /* one more than a plan may have */
    int fd = hr_sys_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return HR_FAIL_SYS(err, fd, "cannot open plan '%s'", path);
    int64_t n = hr_sys_read_full(fd, text, sizeof text);
    (void)hr_sys_close(fd);
    if (n < 0) return HR_FAIL_SYS(err, n, "cannot read plan '%s'", path);
    return hr_plan_parse(p, path, text, (size_t)n, err);
}

hr_status hr_app_plan_add(hr_plan *plan, int n_args, char **args, hr_err *err)
{
    for (int i = 0; i < n_args; i++)
        HR_TRY(is_plan(args[i]) ? load_plan(plan, args[i], err)
                                : hr_plan_add_input(plan, args[i], err));
    return HR_OK;
}

static void say(void *self, const char *text)
{
    (void)self;
    fprintf(stderr, "%s\n", text);
}

static hr_status expand(hr_plan *plan, const hr_inputs_options *o, hr_err *err)
{
    hr_inputs_report r;
    HR_TRY(hr_inputs_expand(plan, o, &r, err));
    if (r.n_left_out + r.n_missing + r.n_repeated == 0) return HR_OK;
    fprintf(stderr, "inputs: %u taken, %u left out", plan->n_inputs, r.n_left_out);
    if (r.n_missing > 0) fprintf(stderr, ", %u days missing", r.n_missing);
    if (r.n_repeated > 0) fprintf(stderr, ", %u named twice", r.n_repeated);
    fputc('\n', stderr);
    return HR_OK;
}

hr_status hr_app_plan_expand(hr_plan *plan, bool keeps_datasets, hr_err *err)
{
    const hr_inputs_options o = {.keeps_datasets = keeps_datasets, .say = say};
    return expand(plan, &o, err);
}

hr_status hr_app_plan_expand_too(hr_plan *plan, bool (*takes_too)(const char *path), hr_err *err)
{
    const hr_inputs_options o = {.takes_too = takes_too, .say = say};
    return expand(plan, &o, err);
}

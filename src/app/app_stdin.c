/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app_stdin.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "mem/mem.h"

#define PATH_BYTES 32
#define COPY_BYTES ((size_t)256 << 10)

static hr_status copy_to(int fd, const char *folder, char *block, hr_err *err)
{
    for (;;) {
        int64_t n = hr_sys_read_full(STDIN_FILENO, block, COPY_BYTES);
        if (n < 0) return HR_FAIL_SYS(err, n, "cannot read standard input");
        int64_t put = hr_sys_write_full(fd, block, (size_t)n);
        if (put < 0) return HR_FAIL_SYS(err, put, "cannot keep standard input in '%s'", folder);
        if ((size_t)n < COPY_BYTES) return HR_OK;
    }
}

/* The copy stays open, for its path leads through it. */
static hr_status keep(char path[PATH_BYTES], hr_err *err)
{
    const char *folder = getenv("TMPDIR");
    if (folder == NULL || folder[0] == '\0') folder = "/tmp";
    int fd = hr_sys_open(AT_FDCWD, folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) return HR_FAIL_SYS(err, fd, "cannot keep standard input in '%s'", folder);
    char *block = hr_heap_alloc(COPY_BYTES);
    hr_status st = block != NULL ? copy_to(fd, folder, block, err)
                                 : HR_FAIL(err, HR_ENOMEM, "no memory to copy standard input");
    hr_heap_free(block);
    snprintf(path, PATH_BYTES, "/dev/fd/%d", fd);
    if (st != HR_OK) (void)hr_sys_close(fd);
    return st;
}

hr_status hr_app_stdin_take(hr_plan *p, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    char path[PATH_BYTES] = "/dev/stdin";
    hr_sys_stat st;
    bool is_taken = false;
    for (uint32_t i = 0; i < p->n_inputs; i++) {
        if (strcmp(p->inputs[i], "-") != 0) continue;
        if (is_taken) return HR_FAIL(err, HR_EUSAGE, "standard input is named twice");
        is_taken = true;
        int rc = sys->fstat(sys->self, STDIN_FILENO, &st);
        if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot stat standard input");
        if (!st.is_file) HR_TRY(keep(path, err));
        char *text = hr_heap_strdup(path);
        if (text == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for the names of inputs");
        hr_heap_free(p->inputs[i]);
        p->inputs[i] = text;
    }
    return HR_OK;
}

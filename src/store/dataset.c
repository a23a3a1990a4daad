/* SPDX-License-Identifier: Apache-2.0 */
#include "store/dataset.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/sys.h"
#include "mem/mem.h"

static int sys_mkdir(int dir, const char *path)
{
    const hr_sys *sys = hr_sys_get();
    int rc = sys->mkdir(sys->self, dir, path, 0777);
    return rc == -EEXIST ? 0 : rc;
}

static int make_parents(int dir, const char *path)
{
    char part[HR_DATASET_PATH_MAX];
    for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        size_t n = (size_t)(slash - path);
        if (n >= sizeof part) return -ENAMETOOLONG;
        memcpy(part, path, n);
        part[n] = '\0';
        int rc = sys_mkdir(dir, part);
        if (rc < 0) return rc;
    }
    return 0;
}

/* ---- opening ---- */

static int sync_dir(const char *path)
{
    int fd = hr_sys_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) return fd;
    int rc = hr_sys_sync(fd);
    (void)hr_sys_close(fd);
    return rc;
}

/* Makes one folder and makes its name durable. One that was there may not have been synced by who
 * made it; but where it is not ours to open its parent, it is not ours to sync it. */
static int make_durable(const char *path, size_t n)
{
    char text[HR_DATASET_PATH_MAX];
    const hr_sys *sys = hr_sys_get();
    memcpy(text, path, n);
    text[n] = '\0';
    int made = sys->mkdir(sys->self, AT_FDCWD, text, 0777);
    if (made < 0 && made != -EEXIST) return made;
    while (n > 0 && text[n - 1] != '/')
        n--;
    memcpy(text + n, ".", 2);
    int rc = sync_dir(text);
    return made == 0 ? rc : 0;
}

static int make_root(const char *root)
{
    size_t n = strlen(root);
    while (n > 1 && root[n - 1] == '/')
        n--;
    for (size_t i = 1; i <= n; i++) {
        if (i < n && (root[i] != '/' || root[i - 1] == '/')) continue;
        int rc = make_durable(root, i);
        if (rc < 0) return rc;
    }
    return 0;
}

typedef struct keeper {
    hr_dataset *d;
    const char *name;
} keeper;

static int forget_state(void *arg, const char *name, bool is_dir)
{
    const keeper *k = arg;
    if (is_dir || strncmp(name, "state-", 6) != 0 || strcmp(name, k->name) == 0) return 0;
    size_t n = strspn(name + 6, "0123456789");
    if (n > 0 && strcmp(name + 6 + n, ".bin") == 0) hr_dataset_remove(k->d, name);
    return 0;
}

/* A run that died between naming a commit and removing what it replaced, or that could not remove
 * it, left a checkpoint behind. */
static void forget_states_but(hr_dataset *d, const char *name)
{
    const hr_sys *sys = hr_sys_get();
    keeper k = {.d = d, .name = name};
    (void)sys->list(sys->self, d->root_fd, ".", forget_state, &k);
}

/* What of the identity differs: the files read, or the plan. */
static hr_status refuse_other(const hr_dataset *d, const char *was, const char *now, hr_err *err)
{
    static const char key[] = " inputs=";
    const char *a = strstr(was, key);
    const char *b = strstr(now, key);
    if (a == NULL || b == NULL || a - was != b - now || memcmp(was, now, (size_t)(a - was)) != 0)
        return HR_FAIL(err, HR_EUSAGE,
                       "'%s' was made by another plan or from other input: use --force", d->root);
    a += sizeof key - 1;
    b += sizeof key - 1;
    int n_a = (int)strcspn(a, ":");
    int n_b = (int)strcspn(b, ":");
    if (n_a == n_b && memcmp(a, b, (size_t)n_a) == 0)
        return HR_FAIL(err, HR_EUSAGE,
                       "'%s' was made from other input: of its %.*s files some are of another size "
                       "or format now: use --force",
                       d->root, n_a, a);
    return HR_FAIL(err, HR_EUSAGE,
                   "'%s' was made from other input: %.*s files then, %.*s now: name the same ones, "
                   "or use --force",
                   d->root, n_a, a, n_b, b);
}

static hr_status take_over(hr_dataset *d, hr_open_mode mode, const char *identity,
                           hr_manifest_tail *tail, hr_err *err)
{
    if (mode == HR_OPEN_RESUME) {
        HR_TRY(hr_manifest_read(&d->manifest, tail, err));
        if (tail->bytes > 0 && strcmp(tail->identity, identity) != 0)
            return refuse_other(d, tail->identity, identity, err);
    }
    int rc = hr_sys_truncate(d->manifest.fd, tail->bytes);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot truncate the manifest of '%s'", d->root);
    if (tail->bytes > 0) HR_TRY(hr_manifest_settle(&d->manifest, tail, err));
    if (mode != HR_OPEN_NEW) forget_states_but(d, tail->state_file);
    d->manifest.end = tail->bytes;
    d->n_commits = tail->n_commits;
    rc = hr_sys_truncate(d->reject_fd, tail->reject_bytes);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot truncate the reject file of '%s'", d->root);
    d->reject_end = d->reject_committed = tail->reject_bytes;
    if (tail->bytes == 0) HR_TRY(hr_manifest_begin(&d->manifest, identity, err));
    if (tail->is_ended) return HR_OK;
    rc = hr_manifest_reserve(&d->manifest);
    if (rc < 0)
        return HR_FAIL_SYS(err, rc, "cannot reserve room for the manifest of '%s'", d->root);
    return HR_OK;
}

/* Removes the parts that one manifest line names; nothing else in the folder is ours to delete. */
static void forget_parts(hr_dataset *d, const char *line, size_t n)
{
    const hr_sys *sys = hr_sys_get();
    json_error_t je;
    json_t *j = hr_manifest_line_is_sound(line, n) ? json_loadb(line, n, 0, &je) : NULL;
    const json_t *parts = json_object_get(j, "parts");
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const char *path = json_string_value(json_object_get(json_array_get(parts, i), "path"));
        if (path == NULL || path[0] == '/' || strstr(path, "..") != NULL) continue;
        (void)sys->unlink(sys->self, d->root_fd, path, false);
    }
    json_decref(j);
}

/* The manifest goes first: at no instant does it name a part that is gone. */
static hr_status forget_dataset(hr_dataset *d, hr_err *err)
{
    size_t n_text = 0;
    char *text = NULL;
    HR_TRY(hr_manifest_load(&d->manifest, &text, &n_text, err));
    int rc = hr_sys_truncate(d->manifest.fd, 0);
    if (rc >= 0) rc = hr_sys_sync(d->manifest.fd);
    if (rc < 0) {
        hr_heap_free(text);
        return HR_FAIL_SYS(err, rc, "cannot empty the manifest of '%s'", d->root);
    }
    const char *p = text;
    const char *end = text + n_text;
    for (const char *nl; p < end && (nl = memchr(p, '\n', (size_t)(end - p))) != NULL; p = nl + 1)
        forget_parts(d, p, (size_t)(nl - p));
    hr_heap_free(text);
    return HR_OK;
}

void hr_dataset_init(hr_dataset *d)
{
    memset(d, 0, sizeof *d);
    d->root_fd = d->reject_fd = -1;
    hr_manifest_init(&d->manifest);
}

hr_status hr_dataset_open(hr_dataset *d, const char *root, hr_open_mode mode, const char *identity,
                          hr_manifest_tail *tail, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_dataset_init(d);
    memset(tail, 0, sizeof *tail);
    if (snprintf(d->root, sizeof d->root, "%s", root) >= (int)sizeof d->root)
        return HR_FAIL(err, HR_EUSAGE, "path of the dataset is too long");
    int rc = make_root(root);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot make '%s'", root);
    d->root_fd = hr_sys_open(AT_FDCWD, root, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (d->root_fd < 0) return HR_FAIL_SYS(err, d->root_fd, "cannot open '%s'", root);
    hr_sys_stat st;
    rc = sys->stat(sys->self, d->root_fd, HR_MANIFEST_NAME, &st);
    if (rc < 0 && rc != -ENOENT)
        return HR_FAIL_SYS(err, rc, "cannot stat the manifest of '%s'", root);
    bool exists = rc == 0;
    if (exists && mode == HR_OPEN_NEW)
        return HR_FAIL(err, HR_EEXIST,
                       "'%s' holds a dataset already: use --resume to go on with it or"
                       " --force to replace it",
                       root);
    HR_TRY(hr_manifest_open(&d->manifest, d->root_fd, d->root, err));
    d->reject_fd = hr_sys_open(d->root_fd, HR_REJECT_NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (d->reject_fd < 0)
        return HR_FAIL_SYS(err, d->reject_fd, "cannot open the reject file in '%s'", root);
    HR_TRY(hr_flush_open(&d->flush, err));
    if (exists && mode == HR_OPEN_FORCE) HR_TRY(forget_dataset(d, err));
    return take_over(d, mode, identity, tail, err);
}

void hr_dataset_close(hr_dataset *d)
{
    hr_flush_fini(&d->flush);
    if (d->reject_fd >= 0) (void)hr_sys_close(d->reject_fd);
    hr_manifest_close(&d->manifest);
    if (d->root_fd >= 0) (void)hr_sys_close(d->root_fd);
    d->reject_fd = d->root_fd = -1;
}

/* ---- files ---- */

hr_status hr_part_create(hr_dataset *d, const hr_part *p, int *fd, hr_err *err)
{
    char path[HR_DATASET_PATH_MAX];
    hr_part_path(path, sizeof path, p, true);
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    *fd = hr_sys_open(d->root_fd, path, flags, 0666);
    if (*fd == -ENOENT) {
        int rc = make_parents(d->root_fd, path);
        if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot make the folder of '%s/%s'", d->root, path);
        *fd = hr_sys_open(d->root_fd, path, flags, 0666);
    }
    return *fd < 0 ? HR_FAIL_SYS(err, *fd, "cannot create '%s/%s'", d->root, path) : HR_OK;
}

hr_status hr_dataset_reject(hr_dataset *d, const char *text, size_t n, hr_err *err)
{
    int64_t w = hr_sys_pwrite_full(d->reject_fd, text, n, d->reject_end);
    if (w < 0) return HR_FAIL_SYS(err, w, "cannot write the reject file of '%s'", d->root);
    d->reject_end += w;
    return HR_OK;
}

void hr_dataset_temp_name(char out[HR_STATE_NAME_BYTES], const char *name)
{
    snprintf(out, HR_STATE_NAME_BYTES, ".%s.tmp", name);
}

hr_status hr_dataset_begin_file(hr_dataset *d, const char *name, int *fd, hr_err *err)
{
    char temp[HR_STATE_NAME_BYTES];
    hr_dataset_temp_name(temp, name);
    *fd = hr_sys_open(d->root_fd, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return *fd < 0 ? HR_FAIL_SYS(err, *fd, "cannot create '%s/%s'", d->root, temp) : HR_OK;
}

void hr_dataset_drop_file(hr_dataset *d, const char *name)
{
    char temp[HR_STATE_NAME_BYTES];
    hr_dataset_temp_name(temp, name);
    hr_dataset_remove(d, temp);
    hr_dataset_remove(d, name);
}

void hr_dataset_remove(hr_dataset *d, const char *name)
{
    const hr_sys *sys = hr_sys_get();
    (void)sys->unlink(sys->self, d->root_fd, name, false);
}

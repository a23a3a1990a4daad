/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that make parts and checkpoint durable and name them. */
#include <stdio.h>
#include <string.h>

#include "base/sort.h"
#include "base/sys.h"
#include "store/dataset.h"

#define RENAMES_A_STEP 64u /* between two looks at other work */

static hr_status rename_part(hr_dataset *d, const hr_part *p, hr_err *err)
{
    char temp[HR_DATASET_PATH_MAX];
    char path[HR_DATASET_PATH_MAX];
    hr_part_path(temp, sizeof temp, p, true);
    hr_part_path(path, sizeof path, p, false);
    int rc = hr_sys_rename(d->root_fd, temp, d->root_fd, path);
    return rc < 0 ? HR_FAIL_SYS(err, rc, "cannot rename '%s/%s'", d->root, temp) : HR_OK;
}

static bool is_inside(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    return strncmp(path, folder, n) == 0 && path[n] == '/';
}

/* Every folder between the root and the part, so that a new one survives too; those that the next
 * part shares are its to sync. Parts come sorted, so each folder's parts stand together. */
static hr_status sync_folders(hr_dataset *d, const hr_part *p, const hr_part *next, hr_err *err)
{
    char path[HR_DATASET_PATH_MAX];
    char after[HR_DATASET_PATH_MAX] = "";
    hr_part_path(path, sizeof path, p, false);
    if (next != NULL) hr_part_path(after, sizeof after, next, false);
    for (char *slash = strrchr(path, '/'); slash != NULL; slash = strrchr(path, '/')) {
        *slash = '\0';
        if (is_inside(after, path)) break;
        HR_TRY(hr_flush_add(&d->flush, d->root_fd, path, err));
    }
    return HR_OK;
}

static void line_put_part(hr_manifest_line *l, const hr_part *p, bool is_first)
{
    char path[HR_DATASET_PATH_MAX];
    hr_part_path(path, sizeof path, p, false);
    hr_manifest_printf(
        l,
        "%s{\"path\":\"%s\",\"rows\":%llu,\"bytes\":%llu,\"crc32c\":\"%08x\",\"ts\":[%lld,%lld]}",
        is_first ? "" : ",", path, (unsigned long long)p->n_rows, (unsigned long long)p->n_bytes,
        p->crc32c, (long long)p->ts_first, (long long)p->ts_last);
}

static hr_status put_commit_line(hr_dataset *d, const hr_commit *c, hr_err *err)
{
    hr_manifest_line l = hr_manifest_line_begin(&d->manifest);
    hr_manifest_printf(&l, "{\"commit\":%u,\"end\":%s,", d->n_commits + 1,
                       c->is_end ? "true" : "false");
    hr_manifest_put(&l, c->extra, strlen(c->extra));
    hr_manifest_printf(&l, ",\"reject_bytes\":%lld,", (long long)c->reject_bytes);
    if (c->state_file != NULL)
        hr_manifest_printf(&l, "\"state\":\"%s\",\"state_bytes\":%lld,\"state_crc32c\":\"%08x\",",
                           c->state_file, (long long)c->state_bytes, c->state_crc);
    hr_manifest_printf(&l, "\"parts\":[");
    for (uint32_t i = 0; i < c->n_parts; i++)
        line_put_part(&l, &c->parts[i], i == 0);
    hr_manifest_put(&l, "]", 1);
    HR_TRY(hr_manifest_line_end(&l, err));
    d->n_commits++;
    d->reject_committed = c->reject_bytes;
    return HR_OK;
}

/* ---- the steps of a commit; each HR_OK when it is over, HR_AGAIN when it is to be called again
 * ---- */

static hr_status step_sort(hr_dataset *d, hr_commit *c, hr_err *err)
{
    char temp[HR_STATE_NAME_BYTES];
    hr_sort(c->parts, c->n_parts, sizeof *c->parts, hr_part_compare);
    if (c->state_file == NULL) return HR_OK;
    hr_dataset_temp_name(temp, c->state_file);
    return hr_flush_add(&d->flush, d->root_fd, temp, err);
}

static hr_status step_sync_parts(hr_dataset *d, hr_commit *c, hr_err *err)
{
    char temp[HR_DATASET_PATH_MAX];
    for (; c->at < c->n_parts && hr_flush_has_room(&d->flush); c->at++) {
        hr_part_path(temp, sizeof temp, &c->parts[c->at], true);
        HR_TRY(hr_flush_add(&d->flush, d->root_fd, temp, err));
    }
    hr_status st = hr_flush_poll(&d->flush, err);
    return st == HR_OK && c->at < c->n_parts ? HR_AGAIN : st;
}

static hr_status step_rename(hr_dataset *d, hr_commit *c, hr_err *err)
{
    char temp[HR_STATE_NAME_BYTES];
    uint32_t end = HR_MIN(c->n_parts, c->at + RENAMES_A_STEP);
    for (; c->at < end; c->at++)
        HR_TRY(rename_part(d, &c->parts[c->at], err));
    if (c->at < c->n_parts) return HR_AGAIN;
    if (c->state_file == NULL) return HR_OK;
    hr_dataset_temp_name(temp, c->state_file);
    int rc = hr_sys_rename(d->root_fd, temp, d->root_fd, c->state_file);
    return rc < 0 ? HR_FAIL_SYS(err, rc, "cannot rename '%s/%s'", d->root, temp) : HR_OK;
}

static hr_status step_sync_folders(hr_dataset *d, hr_commit *c, hr_err *err)
{
    for (; c->at < c->n_parts && hr_flush_has_room(&d->flush); c->at++) {
        const hr_part *p = &c->parts[c->at];
        HR_TRY(sync_folders(d, p, c->at + 1 < c->n_parts ? p + 1 : NULL, err));
    }
    hr_status st = hr_flush_poll(&d->flush, err);
    return st == HR_OK && c->at < c->n_parts ? HR_AGAIN : st;
}

static hr_status step_sync_root(hr_dataset *d, hr_commit *c, hr_err *err)
{
    static const char *const names[] = {HR_REJECT_NAME, "."};
    for (; c->at < HR_ARRAY_LEN(names); c->at++)
        HR_TRY(hr_flush_add(&d->flush, d->root_fd, names[c->at], err));
    return hr_flush_poll(&d->flush, err);
}

static hr_status step_name(hr_dataset *d, hr_commit *c, hr_err *err)
{
    return put_commit_line(d, c, err);
}

/* Nothing may be under way when files go or the queue closes. */
static void forget_syncs(hr_dataset *d)
{
    hr_err why = HR_ERR_INIT;
    hr_status st = hr_flush_wait(&d->flush, &why);
    (void)st;
}

hr_status hr_dataset_commit(hr_dataset *d, hr_commit *c, hr_err *err)
{
    static hr_status (*const steps[])(hr_dataset *, hr_commit *, hr_err *) = {
        step_sort, step_sync_parts, step_rename, step_sync_folders, step_sync_root, step_name};
    while (c->step < HR_ARRAY_LEN(steps)) {
        hr_status st = steps[c->step](d, c, err);
        if (st < 0) forget_syncs(d);
        if (st != HR_OK) return st;
        c->step++;
        c->at = 0;
    }
    return HR_OK;
}

void hr_dataset_rollback(hr_dataset *d, const hr_part *parts, uint32_t n_parts)
{
    const hr_sys *sys = hr_sys_get();
    char path[HR_DATASET_PATH_MAX];
    forget_syncs(d);
    for (uint32_t i = 0; i < 2 * n_parts; i++) {
        hr_part_path(path, sizeof path, &parts[i / 2], i % 2 == 0);
        (void)sys->unlink(sys->self, d->root_fd, path, false);
    }
    (void)hr_sys_truncate(d->reject_fd, d->reject_committed);
    d->reject_end = d->reject_committed;
}

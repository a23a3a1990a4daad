/* SPDX-License-Identifier: Apache-2.0 */
#include "store/dataset.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/crc32c.h"
#include "base/sort.h"
#include "base/sys.h"

#define MANIFEST_NAME "manifest.jsonl"
#define REJECT_NAME "rejects.ndjson"
#define STATE_NAME_BYTES 128u
#define RENAMES_A_STEP 64u /* between two looks at other work */
#define MANIFEST_MAX (1u << 30)
#define CRC_MEMBER ",\"crc32c\":\"" /* the last member of every line; it covers all before it */

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

/* ---- manifest lines ---- */

/* Length of the line's covered part when its checksum holds, else 0. The checksum's own bytes must
 * be those that line_end writes: there is no other way to spell it. */
static size_t checked_length(const char *line, size_t n)
{
    char want[32];
    size_t tail = strlen(CRC_MEMBER) + 8 + 2; /* member, 8 digits, quote and brace */
    if (n < tail) return 0;
    const char *at = line + n - tail;
    snprintf(want, sizeof want, CRC_MEMBER "%08x\"}", hr_crc32c(0, line, (size_t)(at - line)));
    return memcmp(at, want, tail) == 0 ? (size_t)(at - line) : 0;
}

static void copy_text(char *out, size_t cap, const json_t *v)
{
    const char *s = json_string_value(v);
    snprintf(out, cap, "%s", s != NULL ? s : "");
}

hr_status hr_manifest_check_version(const struct json_t *line, hr_err *err)
{
    json_int_t version = json_integer_value(json_object_get(line, "headrace"));
    if (version == HR_MANIFEST_VERSION) return HR_OK;
    return HR_FAIL(err, HR_EUNSUPPORTED,
                   "the dataset is of format version %lld, this program knows %d: use the headrace "
                   "that made it, or --force",
                   (long long)version, HR_MANIFEST_VERSION);
}

/* HR_END: the line is not whole. */
static hr_status read_line(hr_manifest_tail *t, const char *line, size_t n, hr_err *err)
{
    json_error_t je;
    if (checked_length(line, n) == 0) return HR_END;
    json_t *j = json_loadb(line, n, 0, &je);
    if (j == NULL && json_error_code(&je) == json_error_out_of_memory)
        return HR_FAIL(err, HR_ENOMEM, "no memory to read the manifest");
    if (j == NULL) return HR_FAIL(err, HR_ECORRUPT, "a manifest line is no JSON: %s", je.text);
    if (json_object_get(j, "identity") != NULL) {
        hr_status st = hr_manifest_check_version(j, err);
        if (st != HR_OK) {
            json_decref(j);
            return st;
        }
        copy_text(t->identity, sizeof t->identity, json_object_get(j, "identity"));
    } else {
        t->has_commit = true;
        t->n_commits = (uint32_t)json_integer_value(json_object_get(j, "commit"));
        t->is_ended = json_is_true(json_object_get(j, "end"));
        copy_text(t->state_file, sizeof t->state_file, json_object_get(j, "state"));
        t->state_bytes = json_integer_value(json_object_get(j, "state_bytes"));
        char crc[16];
        copy_text(crc, sizeof crc, json_object_get(j, "state_crc32c"));
        t->state_crc = (uint32_t)strtoul(crc, NULL, 16);
        t->reject_bytes = json_integer_value(json_object_get(j, "reject_bytes"));
    }
    json_decref(j);
    return HR_OK;
}

static hr_status load_manifest(hr_dataset *d, char **out, size_t *n_out, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_sys_stat st;
    int rc = sys->fstat(sys->self, d->manifest_fd, &st);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot stat the manifest of '%s'", d->root);
    if (st.size_bytes > MANIFEST_MAX)
        return HR_FAIL(err, HR_ELIMIT, "manifest of '%s' is too large", d->root);
    char *text = hr_heap_alloc((size_t)st.size_bytes + 1);
    if (text == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for the manifest of '%s'", d->root);
    int64_t n = hr_sys_pread_full(d->manifest_fd, text, (size_t)st.size_bytes, 0);
    if (n < 0) {
        hr_heap_free(text);
        return HR_FAIL_SYS(err, n, "cannot read the manifest of '%s'", d->root);
    }
    *out = text;
    *n_out = (size_t)n;
    return HR_OK;
}

/* Only the last line may be torn (its end may well have reached the disk before its middle); a bad
 * line with a good one behind it is damage. */
static bool holds_sound_line(const char *p, size_t n)
{
    const char *end = p + n;
    for (const char *nl; p < end && (nl = memchr(p, '\n', (size_t)(end - p))) != NULL; p = nl + 1)
        if (checked_length(p, (size_t)(nl - p)) > 0) return true;
    return false;
}

static hr_status read_manifest(hr_dataset *d, hr_manifest_tail *t, hr_err *err)
{
    size_t n = 0;
    char *text = NULL;
    HR_TRY(load_manifest(d, &text, &n, err));
    const char *p = text;
    const char *end = text + n;
    const char *nl;
    hr_status st = HR_OK;
    while (p < end && (nl = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        st = read_line(t, p, (size_t)(nl - p), err);
        if (st != HR_OK) break;
        t->last_line = p - text;
        p = nl + 1;
        t->bytes = p - text;
    }
    bool is_damaged = holds_sound_line(p, (size_t)(end - p));
    hr_heap_free(text);
    if (st < 0) return st;
    if (is_damaged)
        return HR_FAIL(err, HR_ECORRUPT, "manifest of '%s' is damaged at byte %lld", d->root,
                       (long long)t->bytes);
    return HR_OK;
}

/* A line is written through one small buffer: a commit of many parts takes no more memory. It
 * counts only when its last member, the checksum, is there; less than that is a torn line. */
typedef struct line_out {
    hr_dataset *d;
    size_t n; /* bytes waiting in d->line_buf */
    int64_t at;
    uint32_t crc;
    int64_t failed; /* 0, or what the first failed write said */
} line_out;

static void line_flush(line_out *l)
{
    if (l->failed == 0 && l->n > 0) {
        int64_t w = hr_sys_pwrite_full(l->d->manifest_fd, l->d->line_buf, l->n, l->at);
        if (w < 0) l->failed = w;
    }
    l->at += (int64_t)l->n;
    l->n = 0;
}

static void line_put(line_out *l, const char *text, size_t n)
{
    l->crc = hr_crc32c(l->crc, text, n);
    while (n > 0) {
        size_t step = HR_MIN(n, HR_MANIFEST_BUFFER_BYTES - l->n);
        memcpy(l->d->line_buf + l->n, text, step);
        l->n += step;
        text += step;
        n -= step;
        if (l->n == HR_MANIFEST_BUFFER_BYTES) line_flush(l);
    }
}

static void line_printf(line_out *l, const char *fmt, ...) HR_PRINTF(2, 3);

/* At most one path and its numbers. */
static void line_printf(line_out *l, const char *fmt, ...)
{
    char text[HR_DATASET_PATH_MAX + 256];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    HR_ASSERT(n >= 0 && (size_t)n < sizeof text);
    line_put(l, text, (size_t)n);
}

static hr_status line_end(line_out *l, hr_err *err)
{
    hr_dataset *d = l->d;
    line_printf(l, CRC_MEMBER "%08x\"}\n", l->crc);
    line_flush(l);
    if (l->failed != 0)
        return HR_FAIL_SYS(err, l->failed, "cannot write the manifest of '%s'", d->root);
    int rc = hr_sys_sync(d->manifest_fd);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot sync the manifest of '%s'", d->root);
    d->manifest_end = l->at;
    return HR_OK;
}

/* JSON text of s, quotes included. */
static void line_put_json(line_out *l, const char *s)
{
    line_put(l, "\"", 1);
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (c < 0x20)
            line_printf(l, "\\u%04x", c);
        else if (c == '"' || c == '\\')
            line_printf(l, "\\%c", c);
        else
            line_put(l, s, 1);
    }
    line_put(l, "\"", 1);
}

static hr_status begin_manifest(hr_dataset *d, const char *identity, hr_err *err)
{
    line_out l = {.d = d, .at = d->manifest_end};
    line_printf(&l, "{\"headrace\":%d,\"identity\":", HR_MANIFEST_VERSION);
    line_put_json(&l, identity);
    return line_end(&l, err);
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

/* The last line may have been read from the cache alone: who wrote it was killed before its sync,
 * or the sync failed, after which Linux holds the pages for clean. Nothing may build on it before
 * it is on the disk, so it is written anew. */
static hr_status settle_last_line(hr_dataset *d, const hr_manifest_tail *t, hr_err *err)
{
    int64_t n = 0;
    for (int64_t at = t->last_line; at < t->bytes && n >= 0; at += n) {
        size_t want = HR_MIN((size_t)(t->bytes - at), HR_MANIFEST_BUFFER_BYTES);
        n = hr_sys_pread_full(d->manifest_fd, d->line_buf, want, at);
        if (n == 0) n = -EIO;
        if (n > 0) n = hr_sys_pwrite_full(d->manifest_fd, d->line_buf, (size_t)n, at);
    }
    if (n >= 0) n = hr_sys_sync(d->manifest_fd);
    if (n < 0) return HR_FAIL_SYS(err, n, "cannot sync the manifest of '%s'", d->root);
    return HR_OK;
}

/* Room for the next manifest line, so that a disk which fills up with parts does not take the
 * commit that would name them. Where the file system has no such thing, there is none. */
static int reserve_manifest(hr_dataset *d)
{
    const hr_sys *sys = hr_sys_get();
    int rc = -EINTR;
    for (int i = 0; i < HR_SYS_EINTR_MAX && rc == -EINTR; i++)
        rc = sys->reserve(sys->self, d->manifest_fd, d->manifest_end, HR_MANIFEST_RESERVE_BYTES);
    if (rc == -EOPNOTSUPP || rc == -ENOSYS || rc == -EINVAL) return 0;
    d->has_reserve = rc >= 0;
    return rc;
}

static hr_status take_over(hr_dataset *d, hr_open_mode mode, const char *identity,
                           hr_manifest_tail *tail, hr_err *err)
{
    if (mode == HR_OPEN_RESUME) {
        HR_TRY(read_manifest(d, tail, err));
        if (tail->bytes > 0 && strcmp(tail->identity, identity) != 0)
            return HR_FAIL(err, HR_EUSAGE,
                           "'%s' was made by another plan or from other input: use --force",
                           d->root);
    }
    int rc = hr_sys_truncate(d->manifest_fd, tail->bytes);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot truncate the manifest of '%s'", d->root);
    if (tail->bytes > 0) HR_TRY(settle_last_line(d, tail, err));
    if (mode != HR_OPEN_NEW) forget_states_but(d, tail->state_file);
    d->manifest_end = tail->bytes;
    d->n_commits = tail->n_commits;
    rc = hr_sys_truncate(d->reject_fd, tail->reject_bytes);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot truncate the reject file of '%s'", d->root);
    d->reject_end = d->reject_committed = tail->reject_bytes;
    if (tail->bytes == 0) HR_TRY(begin_manifest(d, identity, err));
    if (tail->is_ended) return HR_OK;
    rc = reserve_manifest(d);
    return rc < 0 ? HR_FAIL_SYS(err, rc, "no room for the manifest of '%s'", d->root) : HR_OK;
}

/* Removes the parts that one manifest line names; nothing else in the folder is ours to delete. */
static void forget_parts(hr_dataset *d, const char *line, size_t n)
{
    const hr_sys *sys = hr_sys_get();
    json_error_t je;
    json_t *j = checked_length(line, n) > 0 ? json_loadb(line, n, 0, &je) : NULL;
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
    HR_TRY(load_manifest(d, &text, &n_text, err));
    int rc = hr_sys_truncate(d->manifest_fd, 0);
    if (rc >= 0) rc = hr_sys_sync(d->manifest_fd);
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
    d->root_fd = d->manifest_fd = d->reject_fd = -1;
}

hr_status hr_dataset_open(hr_dataset *d, const char *root, hr_open_mode mode, const char *identity,
                          hr_manifest_tail *tail, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_dataset_init(d);
    memset(tail, 0, sizeof *tail);
    if (snprintf(d->root, sizeof d->root, "%s", root) >= (int)sizeof d->root)
        return HR_FAIL(err, HR_EUSAGE, "path of the dataset is too long");
    d->line_buf = hr_heap_alloc(HR_MANIFEST_BUFFER_BYTES);
    if (d->line_buf == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for dataset '%s'", root);
    int rc = make_root(root);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot make '%s'", root);
    d->root_fd = hr_sys_open(AT_FDCWD, root, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (d->root_fd < 0) return HR_FAIL_SYS(err, d->root_fd, "cannot open '%s'", root);
    hr_sys_stat st;
    bool exists = sys->stat(sys->self, d->root_fd, MANIFEST_NAME, &st) == 0;
    if (exists && mode == HR_OPEN_NEW)
        return HR_FAIL(err, HR_EEXIST,
                       "'%s' holds a dataset already: use --resume to go on with it or"
                       " --force to replace it",
                       root);
    d->manifest_fd = hr_sys_open(d->root_fd, MANIFEST_NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (d->manifest_fd < 0)
        return HR_FAIL_SYS(err, d->manifest_fd, "cannot open the manifest in '%s'", root);
    rc = hr_sys_lock(d->manifest_fd);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "another run works on '%s'", root);
    d->reject_fd = hr_sys_open(d->root_fd, REJECT_NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (d->reject_fd < 0)
        return HR_FAIL_SYS(err, d->reject_fd, "cannot open the reject file in '%s'", root);
    HR_TRY(hr_flush_open(&d->flush, err));
    if (exists && mode == HR_OPEN_FORCE) HR_TRY(forget_dataset(d, err));
    return take_over(d, mode, identity, tail, err);
}

void hr_dataset_close(hr_dataset *d)
{
    hr_flush_fini(&d->flush);
    if (d->has_reserve) (void)hr_sys_truncate(d->manifest_fd, d->manifest_end);
    d->has_reserve = false;
    if (d->reject_fd >= 0) (void)hr_sys_close(d->reject_fd);
    if (d->manifest_fd >= 0) (void)hr_sys_close(d->manifest_fd);
    if (d->root_fd >= 0) (void)hr_sys_close(d->root_fd);
    d->reject_fd = d->manifest_fd = d->root_fd = -1;
    hr_heap_free(d->line_buf);
    d->line_buf = NULL;
}

/* ---- parts ---- */

/* Civil date of a day number. Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms",
 * civil_from_days. */
void hr_date_text(char out[11], int32_t days)
{
    int64_t z = (int64_t)days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int64_t day = doy - (153 * mp + 2) / 5 + 1;
    int64_t month = mp < 10 ? mp + 3 : mp - 9;
    int64_t year = yoe + era * 400 + (month <= 2);
    snprintf(out, 11, "%04u-%02u-%02u", (unsigned)(year % 10000), (unsigned)(month % 100),
             (unsigned)(day % 100));
}

/* A symbol may hold '/' and ':', which a folder's name must not: they are written as in URLs. */
static void fold_symbol(char *out, size_t cap, const char *s)
{
    size_t n = 0;
    for (; *s != '\0' && n + 4 < cap; s++) {
        if (*s == '/' || *s == ':')
            n += (size_t)snprintf(out + n, cap - n, "%%%02X", (unsigned char)*s);
        else
            out[n++] = *s;
    }
    out[n] = '\0';
}

void hr_part_path(char *out, size_t cap, const hr_part *p, bool is_temp)
{
    char date[11];
    char symbol[128];
    hr_date_text(date, p->date);
    fold_symbol(symbol, sizeof symbol, p->symbol);
    snprintf(out, cap, "%s/venue=%s/symbol=%s/date=%s/%spart-%u.parquet%s",
             hr_kind_name((hr_kind)p->kind), p->venue[0] != '\0' ? p->venue : "unknown", symbol,
             date, is_temp ? "." : "", p->number, is_temp ? ".tmp" : "");
}

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

/* ---- commit ---- */

static void temp_name(char out[STATE_NAME_BYTES], const char *name)
{
    snprintf(out, STATE_NAME_BYTES, ".%s.tmp", name);
}

static int compare_parts(const void *va, const void *vb)
{
    const hr_part *a = va;
    const hr_part *b = vb;
    int c = (int)a->kind - (int)b->kind;
    if (c == 0) c = strcmp(a->venue, b->venue);
    if (c == 0) c = strcmp(a->symbol, b->symbol);
    if (c == 0) c = (a->date > b->date) - (a->date < b->date);
    return c != 0 ? c : (a->number > b->number) - (a->number < b->number);
}

static hr_status rename_part(hr_dataset *d, const hr_part *p, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    char temp[HR_DATASET_PATH_MAX];
    char path[HR_DATASET_PATH_MAX];
    hr_part_path(temp, sizeof temp, p, true);
    hr_part_path(path, sizeof path, p, false);
    int rc = sys->rename(sys->self, d->root_fd, temp, d->root_fd, path);
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

static void line_put_part(line_out *l, const hr_part *p, bool is_first)
{
    char path[HR_DATASET_PATH_MAX];
    hr_part_path(path, sizeof path, p, false);
    line_printf(
        l,
        "%s{\"path\":\"%s\",\"rows\":%llu,\"bytes\":%llu,\"crc32c\":\"%08x\",\"ts\":[%lld,%lld]}",
        is_first ? "" : ",", path, (unsigned long long)p->n_rows, (unsigned long long)p->n_bytes,
        p->crc32c, (long long)p->ts_first, (long long)p->ts_last);
}

static hr_status put_commit_line(hr_dataset *d, const hr_commit *c, hr_err *err)
{
    line_out l = {.d = d, .at = d->manifest_end};
    line_printf(&l, "{\"commit\":%u,\"end\":%s,", d->n_commits + 1, c->is_end ? "true" : "false");
    line_put(&l, c->extra, strlen(c->extra));
    line_printf(&l, ",\"reject_bytes\":%lld,", (long long)c->reject_bytes);
    if (c->state_file != NULL)
        line_printf(&l, "\"state\":\"%s\",\"state_bytes\":%lld,\"state_crc32c\":\"%08x\",",
                    c->state_file, (long long)c->state_bytes, c->state_crc);
    line_printf(&l, "\"parts\":[");
    for (uint32_t i = 0; i < c->n_parts; i++)
        line_put_part(&l, &c->parts[i], i == 0);
    line_put(&l, "]", 1);
    HR_TRY(line_end(&l, err));
    d->n_commits++;
    d->reject_committed = c->reject_bytes;
    return HR_OK;
}

/* ---- the steps of a commit; each HR_OK when it is over, HR_AGAIN when it is to be called again
 * ---- */

static hr_status step_sort(hr_dataset *d, hr_commit *c, hr_err *err)
{
    char temp[STATE_NAME_BYTES];
    hr_sort(c->parts, c->n_parts, sizeof *c->parts, compare_parts);
    if (c->state_file == NULL) return HR_OK;
    temp_name(temp, c->state_file);
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
    const hr_sys *sys = hr_sys_get();
    char temp[STATE_NAME_BYTES];
    uint32_t end = HR_MIN(c->n_parts, c->at + RENAMES_A_STEP);
    for (; c->at < end; c->at++)
        HR_TRY(rename_part(d, &c->parts[c->at], err));
    if (c->at < c->n_parts) return HR_AGAIN;
    if (c->state_file == NULL) return HR_OK;
    temp_name(temp, c->state_file);
    int rc = sys->rename(sys->self, d->root_fd, temp, d->root_fd, c->state_file);
    return rc < 0 ? HR_FAIL_SYS(err, rc, "cannot write '%s/%s'", d->root, c->state_file) : HR_OK;
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
    static const char *const names[] = {REJECT_NAME, "."};
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

hr_status hr_dataset_begin_file(hr_dataset *d, const char *name, int *fd, hr_err *err)
{
    char temp[STATE_NAME_BYTES];
    temp_name(temp, name);
    *fd = hr_sys_open(d->root_fd, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return *fd < 0 ? HR_FAIL_SYS(err, *fd, "cannot create '%s/%s'", d->root, temp) : HR_OK;
}

void hr_dataset_drop_file(hr_dataset *d, const char *name)
{
    char temp[STATE_NAME_BYTES];
    temp_name(temp, name);
    hr_dataset_remove(d, temp);
    hr_dataset_remove(d, name);
}

void hr_dataset_remove(hr_dataset *d, const char *name)
{
    const hr_sys *sys = hr_sys_get();
    (void)sys->unlink(sys->self, d->root_fd, name, false);
}

bool hr_manifest_line_is_sound(const char *line, size_t n)
{
    return checked_length(line, n) > 0;
}

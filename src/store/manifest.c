/* SPDX-License-Identifier: Apache-2.0 */
#include "store/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/crc32c.h"
#include "base/sys.h"
#include "mem/mem.h"

#define MANIFEST_MAX (1u << 30)
#define PRINT_MAX 1280u             /* a path and its numbers */
#define CRC_MEMBER ",\"crc32c\":\"" /* the last member of every line; it covers all before it */

/* ---- opening ---- */

void hr_manifest_init(hr_manifest *m)
{
    memset(m, 0, sizeof *m);
    m->fd = -1;
}

hr_status hr_manifest_open(hr_manifest *m, int root_fd, const char *root, hr_err *err)
{
    m->root = root;
    m->buf = hr_heap_alloc(HR_MANIFEST_BUFFER_BYTES);
    if (m->buf == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for dataset '%s'", root);
    m->fd = hr_sys_open(root_fd, HR_MANIFEST_NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (m->fd < 0) return HR_FAIL_SYS(err, m->fd, "cannot open the manifest in '%s'", root);
    int rc = hr_sys_lock(m->fd);
    if (rc == -EWOULDBLOCK) return HR_FAIL_SYS(err, rc, "another run works on '%s'", root);
    return rc < 0 ? HR_FAIL_SYS(err, rc, "cannot lock the manifest of '%s'", root) : HR_OK;
}

void hr_manifest_close(hr_manifest *m)
{
    if (m->has_reserve) (void)hr_sys_truncate(m->fd, m->end);
    if (m->fd >= 0) (void)hr_sys_close(m->fd);
    hr_heap_free(m->buf);
    hr_manifest_init(m);
}

/* ---- reading ---- */

/* Length of the line's covered part when its checksum holds, else 0. The checksum's own bytes must
 * be those that hr_manifest_line_end writes: there is no other way to spell it. */
static size_t checked_length(const char *line, size_t n)
{
    char want[32];
    size_t tail = strlen(CRC_MEMBER) + 8 + 2; /* member, 8 digits, quote and brace */
    if (n < tail) return 0;
    const char *at = line + n - tail;
    snprintf(want, sizeof want, CRC_MEMBER "%08x\"}", hr_crc32c(0, line, (size_t)(at - line)));
    return memcmp(at, want, tail) == 0 ? (size_t)(at - line) : 0;
}

bool hr_manifest_line_is_sound(const char *line, size_t n)
{
    return checked_length(line, n) > 0;
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

hr_status hr_manifest_load(hr_manifest *m, char **out, size_t *n_out, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_sys_stat st;
    int rc = sys->fstat(sys->self, m->fd, &st);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot stat the manifest of '%s'", m->root);
    if (st.size_bytes > MANIFEST_MAX)
        return HR_FAIL(err, HR_ELIMIT, "manifest of '%s' is too large", m->root);
    char *text = hr_heap_alloc((size_t)st.size_bytes + 1);
    if (text == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for the manifest of '%s'", m->root);
    int64_t n = hr_sys_pread_full(m->fd, text, (size_t)st.size_bytes, 0);
    if (n < 0) {
        hr_heap_free(text);
        return HR_FAIL_SYS(err, n, "cannot read the manifest of '%s'", m->root);
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

hr_status hr_manifest_read(hr_manifest *m, hr_manifest_tail *t, hr_err *err)
{
    size_t n = 0;
    char *text = NULL;
    HR_TRY(hr_manifest_load(m, &text, &n, err));
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
        return HR_FAIL(err, HR_ECORRUPT, "manifest of '%s' is damaged at byte %lld", m->root,
                       (long long)t->bytes);
    return HR_OK;
}

/* ---- writing ---- */

hr_manifest_line hr_manifest_line_begin(hr_manifest *m)
{
    return (hr_manifest_line){.to = m, .at = m->end};
}

static void line_flush(hr_manifest_line *l)
{
    if (l->failed == 0 && l->n > 0) {
        int64_t w = hr_sys_pwrite_full(l->to->fd, l->to->buf, l->n, l->at);
        if (w < 0) l->failed = w;
    }
    l->at += (int64_t)l->n;
    l->n = 0;
}

void hr_manifest_put(hr_manifest_line *l, const char *text, size_t n)
{
    l->crc = hr_crc32c(l->crc, text, n);
    while (n > 0) {
        size_t step = HR_MIN(n, HR_MANIFEST_BUFFER_BYTES - l->n);
        memcpy(l->to->buf + l->n, text, step);
        l->n += step;
        text += step;
        n -= step;
        if (l->n == HR_MANIFEST_BUFFER_BYTES) line_flush(l);
    }
}

/* At most one path and its numbers. */
void hr_manifest_printf(hr_manifest_line *l, const char *fmt, ...)
{
    char text[PRINT_MAX];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    HR_ASSERT(n >= 0 && (size_t)n < sizeof text);
    hr_manifest_put(l, text, (size_t)n);
}

hr_status hr_manifest_line_end(hr_manifest_line *l, hr_err *err)
{
    hr_manifest *m = l->to;
    hr_manifest_printf(l, CRC_MEMBER "%08x\"}\n", l->crc);
    line_flush(l);
    if (l->failed != 0)
        return HR_FAIL_SYS(err, l->failed, "cannot write the manifest of '%s'", m->root);
    int rc = hr_sys_sync(m->fd);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot sync the manifest of '%s'", m->root);
    m->end = l->at;
    return HR_OK;
}

/* JSON text of s, quotes included. */
static void put_json(hr_manifest_line *l, const char *s)
{
    hr_manifest_put(l, "\"", 1);
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (c < 0x20)
            hr_manifest_printf(l, "\\u%04x", c);
        else if (c == '"' || c == '\\')
            hr_manifest_printf(l, "\\%c", c);
        else
            hr_manifest_put(l, s, 1);
    }
    hr_manifest_put(l, "\"", 1);
}

hr_status hr_manifest_begin(hr_manifest *m, const char *identity, hr_err *err)
{
    hr_manifest_line l = hr_manifest_line_begin(m);
    hr_manifest_printf(&l, "{\"headrace\":%d,\"identity\":", HR_MANIFEST_VERSION);
    put_json(&l, identity);
    return hr_manifest_line_end(&l, err);
}

/* ---- keeping ---- */

/* The last line may have been read from the cache alone: who wrote it was killed before its sync,
 * or the sync failed, after which Linux holds the pages for clean. Nothing may build on it before
 * it is on the disk, so it is written anew. */
hr_status hr_manifest_settle(hr_manifest *m, const hr_manifest_tail *t, hr_err *err)
{
    const char *step = "read";
    int64_t n = 0;
    for (int64_t at = t->last_line; at < t->bytes && n >= 0; at += n) {
        size_t want = HR_MIN((size_t)(t->bytes - at), HR_MANIFEST_BUFFER_BYTES);
        step = "read";
        n = hr_sys_pread_full(m->fd, m->buf, want, at);
        if (n == 0) n = -EIO;
        if (n < 0) break;
        step = "write";
        n = hr_sys_pwrite_full(m->fd, m->buf, (size_t)n, at);
    }
    if (n >= 0) {
        step = "sync";
        n = hr_sys_sync(m->fd);
    }
    if (n < 0) return HR_FAIL_SYS(err, n, "cannot %s the manifest of '%s' again", step, m->root);
    return HR_OK;
}

/* Room for the next manifest line, so that a disk which fills up with parts does not take the
 * commit that would name them. Where the file system has no such thing, there is none. */
int hr_manifest_reserve(hr_manifest *m)
{
    const hr_sys *sys = hr_sys_get();
    int rc = -EINTR;
    for (int i = 0; i < HR_SYS_EINTR_MAX && rc == -EINTR; i++)
        rc = sys->reserve(sys->self, m->fd, m->end, HR_MANIFEST_RESERVE_BYTES);
    if (rc == -EOPNOTSUPP || rc == -ENOSYS || rc == -EINVAL) return 0;
    m->has_reserve = rc >= 0;
    return rc;
}

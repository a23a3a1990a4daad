/* SPDX-License-Identifier: Apache-2.0 */
#include "store/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/sys.h"
#include "fmt/ipc_read.h"
#include "fmt/pq_read.h"
#include "store/dataset.h"

#define STEP 4096u
#define READ_BYTES ((size_t)1 << 20)

typedef struct checker {
    const char *root;
    int root_fd;
    hr_verify_result *out;
    hr_verify_fn say;
    void *self;
    hr_arena *arena;
    char *buf;
    struct { /* what the last sound line says of files that are no parts */
        char state[64];
        int64_t state_bytes, reject_bytes;
        uint32_t state_crc;
    } tail;
} checker;

static void finding(checker *c, const char *fmt, ...) HR_PRINTF(2, 3);

static void finding(checker *c, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    c->out->n_findings++;
    c->say(c->self, text);
}

/* Not damage as such: what the system said when it was asked. */
static void no_access(checker *c, const char *path, const char *step, int64_t rc)
{
    char buf[128];
    finding(c, "%s: cannot %s: %s", path, step, strerror_r((int)-rc, buf, sizeof buf));
}

/* A file that the manifest names. */
static int open_named(checker *c, const char *path)
{
    int fd = hr_sys_open(c->root_fd, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd == -ENOENT)
        finding(c, "%s: named in the manifest, not there", path);
    else if (fd < 0)
        no_access(c, path, "open", fd);
    return fd;
}

static int64_t read_fd(void *self, void *buf, size_t n_bytes, int64_t offset)
{
    return hr_sys_pread_full(*(int *)self, buf, n_bytes, offset);
}

/* Size and checksum of the whole file; false when they are not what the manifest says. */
static bool check_bytes(checker *c, int fd, const char *path, int64_t want_bytes, uint32_t want_crc)
{
    uint32_t crc = 0;
    int64_t at = 0;
    for (;;) {
        int64_t n = hr_sys_pread_full(fd, c->buf, READ_BYTES, at);
        if (n < 0) {
            char step[48];
            snprintf(step, sizeof step, "read at byte %lld", (long long)at);
            no_access(c, path, step, n);
            return false;
        }
        crc = hr_crc32c(crc, c->buf, (size_t)n);
        at += n;
        if (n < (int64_t)READ_BYTES) break;
    }
    if (at != want_bytes)
        finding(c, "%s: %lld bytes, the manifest says %lld", path, (long long)at,
                (long long)want_bytes);
    else if (crc != want_crc)
        finding(c, "%s: checksum %08x, the manifest says %08x", path, crc, want_crc);
    else
        return true;
    return false;
}

/* ---- rows ---- */

/* The columns that rows are judged by; those that a table lacks have no cursor. */
enum { C_RECV, C_FLAGS, C_BID, C_ASK, C_COUNT };

typedef struct row_check {
    checker *c;
    const char *path;
    hr_pq_cursor *cursor[C_COUNT];
    int64_t *value[C_COUNT];
    int64_t row, last_recv;
    uint64_t n_unsorted, n_crossed;
} row_check;

static hr_status open_rows(row_check *k, hr_pq_file *f, hr_err *err)
{
    static const char *const names[C_COUNT] = {"ts_recv", "flags", "bid_px_0", "ask_px_0"};
    for (int i = 0; i < C_COUNT; i++) {
        int col = hr_pq_file_find(f, names[i]);
        if (col < 0) continue;
        hr_pq_phys phys = hr_pq_file_column(f, (uint32_t)col)->phys;
        if (phys != HR_PQ_INT32 && phys != HR_PQ_INT64) continue;
        k->value[i] = hr_arena_alloc(k->c->arena, STEP * sizeof(int64_t), 64);
        if (k->value[i] == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to read rows");
        HR_TRY(hr_pq_cursor_create(&k->cursor[i], f, (uint32_t)col, k->c->arena, err));
    }
    return HR_OK;
}

static void judge_row(row_check *k, uint32_t i)
{
    hr_verify_result *out = k->c->out;
    int64_t row = k->row + i;
    if (k->cursor[C_RECV] != NULL && k->value[C_RECV][i] != HR_NULL_I64) {
        if (k->value[C_RECV][i] < k->last_recv && k->n_unsorted++ == 0)
            finding(k->c, "%s: row %lld was received before the row ahead of it", k->path,
                    (long long)row);
        k->last_recv = k->value[C_RECV][i];
    }
    if (k->cursor[C_FLAGS] != NULL && k->value[C_FLAGS][i] != HR_NULL_I64)
        out->n_gap_rows += (k->value[C_FLAGS][i] & (HR_FLAG_GAP | HR_FLAG_UNSYNCED)) != 0;
    if (k->cursor[C_BID] != NULL && k->cursor[C_ASK] != NULL) {
        int64_t bid = k->value[C_BID][i];
        int64_t ask = k->value[C_ASK][i];
        k->n_crossed += bid != HR_NULL_I64 && ask != HR_NULL_I64 && bid >= ask;
    }
}

static hr_status read_step(row_check *k, uint32_t want, hr_err *err)
{
    for (int i = 0; i < C_COUNT; i++) {
        uint32_t n = 0;
        if (k->cursor[i] == NULL) continue;
        hr_status st = hr_pq_read_i64(k->cursor[i], k->value[i], want, &n, err);
        if (st < 0) return st;
        if (n != want) return HR_FAIL(err, HR_ECORRUPT, "a column ends before its rows do");
    }
    for (uint32_t i = 0; i < want; i++)
        judge_row(k, i);
    k->row += want;
    return HR_OK;
}

static void check_rows(checker *c, hr_pq_file *f, const char *path)
{
    hr_err err = HR_ERR_INIT;
    row_check k = {.c = c, .path = path, .last_recv = INT64_MIN};
    hr_status st = open_rows(&k, f, &err);
    for (uint32_t g = 0; g < hr_pq_file_row_groups(f) && st == HR_OK; g++) {
        int64_t left = hr_pq_row_group_rows(f, g);
        for (int i = 0; i < C_COUNT && st == HR_OK; i++)
            if (k.cursor[i] != NULL) st = hr_pq_cursor_seek(k.cursor[i], g, &err);
        for (; left > 0 && st == HR_OK; left -= STEP)
            st = read_step(&k, (uint32_t)HR_MIN(left, (int64_t)STEP), &err);
    }
    c->out->n_unsorted += k.n_unsorted;
    c->out->n_crossed += k.n_crossed;
    if (st != HR_OK) finding(c, "%s: after row %lld: %s", path, (long long)k.row, err.message);
}

static hr_status read_column(checker *c, hr_pq_file *f, uint32_t col, hr_err *err)
{
    hr_pq_cursor *cur;
    hr_pq_bytes text[64];
    const hr_pq_column *meta = hr_pq_file_column(f, col);
    int64_t *v = hr_arena_alloc(c->arena, STEP * sizeof *v, 64);
    if (v == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to read '%s'", meta->name);
    HR_TRY(hr_pq_cursor_create(&cur, f, col, c->arena, err));
    bool is_bytes = (meta->phys == HR_PQ_BYTE_ARRAY || meta->phys == HR_PQ_FIXED) &&
                    meta->logical != HR_PQ_L_DECIMAL;
    bool is_float = meta->phys == HR_PQ_FLOAT || meta->phys == HR_PQ_DOUBLE;
    for (uint32_t g = 0; g < hr_pq_file_row_groups(f); g++) {
        int64_t left = hr_pq_row_group_rows(f, g);
        HR_TRY(hr_pq_cursor_seek(cur, g, err));
        while (left > 0) {
            uint32_t n = 0;
            uint32_t cap = (uint32_t)HR_MIN(left, is_bytes ? 64 : (int64_t)STEP);
            hr_status st = is_bytes   ? hr_pq_read_bytes(cur, text, cap, &n, err)
                           : is_float ? hr_pq_read_f64(cur, (double *)(void *)v, cap, &n, err)
                                      : hr_pq_read_i64(cur, v, cap, &n, err);
            if (st < 0) return st;
            if (n == 0)
                return HR_FAIL(err, HR_ECORRUPT, "column '%s' ends before its rows do", meta->name);
            left -= n;
        }
    }
    return HR_OK;
}

/* Every value of every column: pages fail their checksums or do not decode. */
static void read_columns(checker *c, hr_pq_file *f, const char *path)
{
    for (uint32_t i = 0; i < hr_pq_file_columns(f); i++) {
        hr_err err = HR_ERR_INIT;
        size_t mark = hr_arena_mark(c->arena);
        if (hr_pq_file_column(f, i)->is_flat && read_column(c, f, i, &err) != HR_OK)
            finding(c, "%s: %s", path, err.message);
        hr_arena_rewind(c->arena, mark);
    }
}

static void check_table(checker *c, int fd, const char *path, int64_t size, uint64_t want_rows)
{
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_pq_file *f;
    hr_err err = HR_ERR_INIT;
    size_t mark = hr_arena_mark(c->arena);
    if (hr_pq_file_open(&f, read_fd, &fd, size, &limits, c->arena, &err) != HR_OK) {
        finding(c, "%s: %s", path, err.message);
    } else if ((uint64_t)hr_pq_file_rows(f) != want_rows || hr_pq_file_row_groups(f) != 1) {
        finding(c, "%s: %lld rows, the manifest says %llu", path, (long long)hr_pq_file_rows(f),
                (unsigned long long)want_rows);
    } else {
        c->out->n_rows += want_rows;
        check_rows(c, f, path);
    }
    hr_arena_rewind(c->arena, mark);
}

static void check_part(checker *c, const json_t *part)
{
    const char *path = json_string_value(json_object_get(part, "path"));
    const char *crc = json_string_value(json_object_get(part, "crc32c"));
    int64_t bytes = json_integer_value(json_object_get(part, "bytes"));
    c->out->n_parts++;
    if (path == NULL || crc == NULL || path[0] == '/' || strstr(path, "..") != NULL) {
        finding(c, HR_MANIFEST_NAME ": a part without a proper path");
        return;
    }
    int fd = open_named(c, path);
    if (fd < 0) return;
    c->out->n_bytes += (uint64_t)bytes;
    if (check_bytes(c, fd, path, bytes, (uint32_t)strtoul(crc, NULL, 16)))
        check_table(c, fd, path, bytes,
                    (uint64_t)json_integer_value(json_object_get(part, "rows")));
    (void)hr_sys_close(fd);
}

static void note_tail(checker *c, const json_t *line)
{
    const char *name = json_string_value(json_object_get(line, "state"));
    const char *crc = json_string_value(json_object_get(line, "state_crc32c"));
    snprintf(c->tail.state, sizeof c->tail.state, "%s", name != NULL ? name : "");
    c->tail.state_bytes = json_integer_value(json_object_get(line, "state_bytes"));
    c->tail.state_crc = crc != NULL ? (uint32_t)strtoul(crc, NULL, 16) : 0;
    c->tail.reject_bytes = json_integer_value(json_object_get(line, "reject_bytes"));
}

/* HR_EUNSUPPORTED for a dataset of another format version: nothing that follows can be judged. */
static hr_status check_line(checker *c, const char *line, size_t n, uint64_t number, hr_err *err)
{
    json_error_t je;
    json_t *j = hr_manifest_line_is_sound(line, n) ? json_loadb(line, n, 0, &je) : NULL;
    if (j == NULL) {
        finding(c, HR_MANIFEST_NAME ":%llu: the line fails its checksum",
                (unsigned long long)number);
        return HR_OK;
    }
    hr_status st = number == 1 ? hr_manifest_check_version(j, err) : HR_OK;
    const json_t *parts = json_object_get(j, "parts");
    if (parts != NULL) c->out->n_commits++;
    c->out->is_ended = json_is_true(json_object_get(j, "end"));
    note_tail(c, j);
    for (size_t i = 0; i < json_array_size(parts) && st == HR_OK; i++)
        check_part(c, json_array_get(parts, i));
    json_decref(j);
    return st;
}

/* The checkpoint a resume would start from, and the length of the reject file. */
static void check_tail(checker *c)
{
    const hr_sys *sys = hr_sys_get();
    hr_sys_stat st;
    if (c->tail.state[0] != '\0' && strchr(c->tail.state, '/') == NULL) {
        int fd = open_named(c, c->tail.state);
        if (fd >= 0)
            (void)check_bytes(c, fd, c->tail.state, c->tail.state_bytes, c->tail.state_crc);
        if (fd >= 0) (void)hr_sys_close(fd);
    }
    if (c->tail.reject_bytes == 0) return;
    int rc = sys->stat(sys->self, c->root_fd, HR_REJECT_NAME, &st);
    if (rc < 0 && rc != -ENOENT)
        no_access(c, HR_REJECT_NAME, "stat", rc);
    else if (rc < 0 || st.size_bytes < c->tail.reject_bytes)
        finding(c, HR_REJECT_NAME ": shorter than the %lld bytes that the manifest says",
                (long long)c->tail.reject_bytes);
}

/* All of the manifest, for hr_heap_free. */
static hr_status load_manifest(checker *c, char **out, size_t *n_out, hr_err *err)
{
    hr_manifest m;
    hr_manifest_init(&m);
    m.root = c->root;
    m.fd = hr_sys_open(c->root_fd, HR_MANIFEST_NAME, O_RDONLY | O_CLOEXEC, 0);
    if (m.fd == -ENOENT) return HR_FAIL_SYS(err, m.fd, "no " HR_MANIFEST_NAME ": not a dataset");
    if (m.fd < 0) return HR_FAIL_SYS(err, m.fd, "cannot open the manifest");
    hr_status st = hr_manifest_load(&m, out, n_out, err);
    hr_manifest_close(&m);
    return st;
}

/* Whether a run has committed since n bytes were read: then what they name may rightly be gone. */
static bool has_grown(const checker *c, size_t n)
{
    const hr_sys *sys = hr_sys_get();
    hr_sys_stat st;
    int rc = sys->stat(sys->self, c->root_fd, HR_MANIFEST_NAME, &st);
    return rc == 0 && (size_t)st.size_bytes > n;
}

static hr_status check_manifest(checker *c, hr_err *err)
{
    char *text = NULL;
    size_t n = 0;
    HR_TRY(load_manifest(c, &text, &n, err));
    uint64_t number = 0;
    const char *p = text;
    const char *end = text + n;
    hr_status st = HR_OK;
    for (const char *nl;
         st == HR_OK && p < end && (nl = memchr(p, '\n', (size_t)(end - p))) != NULL; p = nl + 1)
        st = check_line(c, p, (size_t)(nl - p), ++number, err);
    if (p < end && st == HR_OK)
        finding(c, HR_MANIFEST_NAME ":%llu: the last line is torn", (unsigned long long)number + 1);
    hr_heap_free(text);
    if (st == HR_OK && !has_grown(c, n)) check_tail(c);
    return st;
}

hr_status hr_dataset_verify(const char *root, hr_verify_result *out, hr_verify_fn say, void *self,
                            hr_err *err)
{
    checker c = {.root = root, .out = out, .say = say, .self = self, .root_fd = -1};
    memset(out, 0, sizeof *out);
    hr_status st = hr_arena_create(&c.arena, NULL, (size_t)256 << 20, "verify", err);
    if (st != HR_OK) return st;
    c.buf = hr_arena_alloc(c.arena, READ_BYTES, 64);
    c.root_fd = hr_sys_open(AT_FDCWD, root, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (c.root_fd < 0) st = HR_FAIL_SYS(err, c.root_fd, "cannot open '%s'", root);
    if (st == HR_OK) st = check_manifest(&c, err);
    if (c.root_fd >= 0) (void)hr_sys_close(c.root_fd);
    hr_arena_destroy(&c.arena);
    return st;
}

hr_status hr_table_verify(const char *path, hr_verify_result *out, hr_verify_fn say, void *self,
                          hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_sys_stat info;
    hr_pq_file *f;
    hr_err damage = HR_ERR_INIT;
    checker c = {.out = out, .say = say, .self = self, .root_fd = -1};
    memset(out, 0, sizeof *out);
    int fd = hr_sys_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return HR_FAIL_SYS(err, fd, "cannot open '%s'", path);
    hr_status st = hr_arena_create(&c.arena, NULL, (size_t)256 << 20, "verify", err);
    int rc = sys->fstat(sys->self, fd, &info);
    if (st == HR_OK && rc < 0) st = HR_FAIL_SYS(err, rc, "cannot stat '%s'", path);
    if (st == HR_OK &&
        hr_table_file_open(&f, read_fd, &fd, info.size_bytes, &limits, c.arena, &damage) != HR_OK) {
        finding(&c, "%s: %s", path, damage.message);
    } else if (st == HR_OK) {
        out->n_parts = 1;
        out->n_bytes = (uint64_t)info.size_bytes;
        out->n_rows = (uint64_t)hr_pq_file_rows(f);
        read_columns(&c, f, path);
        if (out->n_findings == 0) check_rows(&c, f, path);
    }
    (void)hr_sys_close(fd);
    hr_arena_destroy(&c.arena);
    return st;
}

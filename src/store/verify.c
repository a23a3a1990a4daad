/* SPDX-License-Identifier: Apache-2.0 */
#include "store/verify.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/sys.h"
#include "fmt/pq_read.h"
#include "store/dataset.h"

#define STEP 4096u
#define READ_BYTES ((size_t)1 << 20)

typedef struct checker {
    int root_fd;
    hr_verify_result *out;
    hr_verify_fn say;
    void *self;
    hr_arena *arena;
    char *buf;
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
            finding(c, "%s: cannot be read at byte %lld", path, (long long)at);
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

static int64_t *column(checker *c, hr_pq_file *f, const char *name, hr_pq_cursor **cur)
{
    int col = hr_pq_file_find(f, name);
    int64_t *v = hr_arena_alloc(c->arena, STEP * sizeof *v, 64);
    *cur = NULL;
    if (col < 0 || v == NULL) return v;
    if (hr_pq_cursor_create(cur, f, (uint32_t)col, c->arena, NULL) != HR_OK) *cur = NULL;
    return v;
}

static uint32_t step(hr_pq_cursor *cur, int64_t *v)
{
    uint32_t n = 0;
    if (cur == NULL || hr_pq_read_i64(cur, v, STEP, &n, NULL) != HR_OK) return 0;
    return n;
}

static void check_rows(checker *c, hr_pq_file *f, const char *path)
{
    hr_pq_cursor *ts, *flags, *bid, *ask;
    int64_t *v_ts = column(c, f, "ts_recv", &ts);
    int64_t *v_flags = column(c, f, "flags", &flags);
    int64_t *v_bid = column(c, f, "bid_px_0", &bid);
    int64_t *v_ask = column(c, f, "ask_px_0", &ask);
    int64_t last = INT64_MIN;
    hr_pq_cursor *all[4] = {ts, flags, bid, ask};
    for (int i = 0; i < 4; i++)
        if (all[i] != NULL && hr_pq_cursor_seek(all[i], 0, NULL) != HR_OK) {
            finding(c, "%s: a column cannot be read", path);
            return;
        }
    uint32_t n;
    while ((n = step(ts, v_ts)) > 0) {
        bool has_flags = step(flags, v_flags) == n;
        bool has_book = step(bid, v_bid) == n && step(ask, v_ask) == n && bid != NULL;
        for (uint32_t i = 0; i < n; i++) {
            c->out->n_unsorted += v_ts[i] < last;
            last = v_ts[i];
            if (has_flags)
                c->out->n_gap_rows += (v_flags[i] & (HR_FLAG_GAP | HR_FLAG_UNSYNCED)) != 0;
            if (has_book && v_bid[i] != HR_NULL_I64 && v_ask[i] != HR_NULL_I64)
                c->out->n_crossed += v_bid[i] >= v_ask[i];
        }
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
        finding(c, "manifest.jsonl: a part without a proper path");
        return;
    }
    int fd = hr_sys_open(c->root_fd, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) {
        finding(c, "%s: named in the manifest, not there", path);
        return;
    }
    c->out->n_bytes += (uint64_t)bytes;
    if (check_bytes(c, fd, path, bytes, (uint32_t)strtoul(crc, NULL, 16)))
        check_table(c, fd, path, bytes,
                    (uint64_t)json_integer_value(json_object_get(part, "rows")));
    (void)hr_sys_close(fd);
}

static void check_line(checker *c, const char *line, size_t n, uint64_t number)
{
    json_error_t je;
    json_t *j = hr_manifest_line_is_sound(line, n) ? json_loadb(line, n, 0, &je) : NULL;
    if (j == NULL) {
        finding(c, "manifest.jsonl:%llu: the line fails its checksum", (unsigned long long)number);
        return;
    }
    const json_t *parts = json_object_get(j, "parts");
    if (parts != NULL) c->out->n_commits++;
    c->out->is_ended = json_is_true(json_object_get(j, "end"));
    for (size_t i = 0; i < json_array_size(parts); i++)
        check_part(c, json_array_get(parts, i));
    json_decref(j);
}

static hr_status check_manifest(checker *c, hr_err *err)
{
    int fd = hr_sys_open(c->root_fd, "manifest.jsonl", O_RDONLY | O_CLOEXEC, 0);
    const hr_sys *sys = hr_sys_get();
    hr_sys_stat st;
    if (fd < 0) return HR_FAIL_SYS(err, fd, "no manifest.jsonl: not a dataset");
    int rc = sys->fstat(sys->self, fd, &st);
    char *text =
        rc == 0 && st.size_bytes < 1 << 30 ? hr_heap_alloc((size_t)st.size_bytes + 1) : NULL;
    int64_t n = text != NULL ? hr_sys_pread_full(fd, text, (size_t)st.size_bytes, 0) : -5;
    (void)hr_sys_close(fd);
    if (n < 0) {
        hr_heap_free(text);
        return HR_FAIL_SYS(err, n, "cannot read the manifest");
    }
    uint64_t number = 0;
    const char *p = text;
    const char *end = text + n;
    for (const char *nl; p < end && (nl = memchr(p, '\n', (size_t)(end - p))) != NULL; p = nl + 1)
        check_line(c, p, (size_t)(nl - p), ++number);
    if (p < end)
        finding(c, "manifest.jsonl:%llu: the last line is torn", (unsigned long long)number + 1);
    hr_heap_free(text);
    return HR_OK;
}

hr_status hr_dataset_verify(const char *root, hr_verify_result *out, hr_verify_fn say, void *self,
                            hr_err *err)
{
    checker c = {.out = out, .say = say, .self = self, .root_fd = -1};
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

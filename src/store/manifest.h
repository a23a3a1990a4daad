/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_STORE_MANIFEST_H
#define HR_STORE_MANIFEST_H
/* The file that says what a dataset is: one JSON object a line, each ending in the CRC-32C of what
 * is before it. A line counts only when that checksum is there; less is a torn line. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define HR_MANIFEST_NAME "manifest.jsonl"
#define HR_MANIFEST_VERSION 1
#define HR_MANIFEST_BUFFER_BYTES ((size_t)16 << 10)
#define HR_MANIFEST_RESERVE_BYTES 65536

typedef struct hr_manifest {
    const char *root; /* the dataset's, for errors; borrowed */
    int fd;
    int64_t end;      /* of its whole lines */
    bool has_reserve; /* room behind the end, which close gives back */
    char *buf;        /* HR_MANIFEST_BUFFER_BYTES: lines are written through it */
} hr_manifest;

/** What the last whole line of a manifest says. */
typedef struct hr_manifest_tail {
    bool has_commit;
    bool is_ended;
    uint32_t n_commits;
    int64_t bytes;     /* of whole lines */
    int64_t last_line; /* where the last of them begins */
    char state_file[64];
    uint32_t state_crc;
    int64_t state_bytes;
    int64_t reject_bytes;
    char identity[4096];
} hr_manifest_tail;

/** Nothing open: may be closed. */
void hr_manifest_init(hr_manifest *m);
/** Opens or makes the file, and locks it: HR_EACCES where another run holds it. */
HR_MUST_USE hr_status hr_manifest_open(hr_manifest *m, int root_fd, const char *root, hr_err *err);
void hr_manifest_close(hr_manifest *m);

/* ---- reading ---- */

/** The file whole; hr_heap_free the text. */
HR_MUST_USE hr_status hr_manifest_load(hr_manifest *m, char **text, size_t *n, hr_err *err);
/** What its last whole line says. A torn line at its end is left out, damage before that is
 * HR_ECORRUPT. */
HR_MUST_USE hr_status hr_manifest_read(hr_manifest *m, hr_manifest_tail *t, hr_err *err);
/** True when a line (without its line end) holds its own checksum. */
bool hr_manifest_line_is_sound(const char *line, size_t n);
/** Of the first line: HR_EUNSUPPORTED names a version that is not ours. */
struct json_t;
HR_MUST_USE hr_status hr_manifest_check_version(const struct json_t *line, hr_err *err);

/* ---- writing ---- */

/** A line on its way through one small buffer: a commit of many parts takes no more memory. */
typedef struct hr_manifest_line {
    hr_manifest *to;
    size_t n; /* bytes waiting */
    int64_t at;
    uint32_t crc;
    int64_t failed; /* 0, or what the first failed write said */
} hr_manifest_line;

hr_manifest_line hr_manifest_line_begin(hr_manifest *m);
void hr_manifest_put(hr_manifest_line *l, const char *text, size_t n);
/** At most one path and its numbers. */
void hr_manifest_printf(hr_manifest_line *l, const char *fmt, ...) HR_PRINTF(2, 3);
/** Adds the checksum and makes the line durable: that is the commit. */
HR_MUST_USE hr_status hr_manifest_line_end(hr_manifest_line *l, hr_err *err);
/** The first line. */
HR_MUST_USE hr_status hr_manifest_begin(hr_manifest *m, const char *identity, hr_err *err);
/** Writes the last line anew, before anything builds on it. */
HR_MUST_USE hr_status hr_manifest_settle(hr_manifest *m, const hr_manifest_tail *t, hr_err *err);
/** Room for the next line, where the file system has such a thing. 0, or -errno. */
int hr_manifest_reserve(hr_manifest *m);

#endif

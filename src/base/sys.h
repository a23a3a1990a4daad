/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BASE_SYS_H
#define HR_BASE_SYS_H
/* The seam: all I/O, time, randomness, threads and raw memory pass this one table of function
 * pointers, fixed at start. Three back ends: real, failing (wraps another), simulated (memory disk
 * with "written", "synced" and "directory synced" kept apart, virtual clock).
 * No other file may call libc for these; the lint fails the build.
 *
 * Every call returns >= 0, or -errno. EINTR and short counts pass through raw; the hr_sys_*_full
 * helpers below loop over them. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct hr_sys_stat {
    int64_t size_bytes;
    int64_t mtime_ns;
    uint64_t dev;
    uint64_t ino;
    bool is_dir;
    bool is_file;
} hr_sys_stat;

typedef void *(*hr_thread_fn)(void *arg);
/** Called once per directory entry (not "." and ".."), in no order. Non-zero ends the listing. */
typedef int (*hr_sys_list_fn)(void *arg, const char *name, bool is_dir);

/* Asynchronous reads, writes and syncs. One owner thread per queue. The real back end uses io_uring
 * where the kernel allows it and else a small thread pool; the others complete inline on submit. */
typedef struct hr_sys_aio hr_sys_aio;
typedef enum hr_aio_kind {
    HR_AIO_READ = 0,
    HR_AIO_WRITE = 1,
    HR_AIO_SYNC = 2, /* of fd, durable on completion; the rest of the op is unused */
} hr_aio_kind;
typedef struct hr_sys_aio_op {
    hr_aio_kind kind;
    int fd;
    void *buf;
    size_t n_bytes;
    int64_t offset;
    uint64_t tag; /* handed back with the completion */
} hr_sys_aio_op;
typedef struct hr_sys_aio_done {
    uint64_t tag;
    int64_t result; /* bytes moved, or -errno */
} hr_sys_aio_done;

typedef struct hr_sys {
    void *self;
    const char *name;
    /* files; dir_fd may be AT_FDCWD */
    int (*open)(void *self, int dir_fd, const char *path, int flags, unsigned mode);
    int (*close)(void *self, int fd);
    int64_t (*read)(void *self, int fd, void *buf, size_t n_bytes);
    int64_t (*write)(void *self, int fd, const void *buf, size_t n_bytes);
    int64_t (*pread)(void *self, int fd, void *buf, size_t n_bytes, int64_t offset);
    int64_t (*pwrite)(void *self, int fd, const void *buf, size_t n_bytes, int64_t offset);
    int (*sync)(void *self, int fd); /* file or directory, durable on return */
    int (*truncate)(void *self, int fd, int64_t size_bytes);
    /* room for n_bytes from offset on, beyond the end too; the size stays. -EOPNOTSUPP: not here.
     * Given back by truncate. */
    int (*reserve)(void *self, int fd, int64_t offset, int64_t n_bytes);
    int (*stat)(void *self, int dir_fd, const char *path, hr_sys_stat *out);
    int (*fstat)(void *self, int fd, hr_sys_stat *out);
    int (*rename)(void *self, int from_dir, const char *from, int to_dir, const char *to);
    int (*unlink)(void *self, int dir_fd, const char *path, bool is_dir);
    int (*mkdir)(void *self, int dir_fd, const char *path, unsigned mode);
    int (*list)(void *self, int dir_fd, const char *path, hr_sys_list_fn fn, void *arg);
    int (*lock)(void *self, int fd); /* exclusive advisory, non-blocking: -EWOULDBLOCK if held */
    /* time: nanoseconds */
    int64_t (*wall_ns)(void *self);
    int64_t (*mono_ns)(void *self);
    int64_t (*cpu_ns)(void *self); /* that the calling thread had a processor */
    void (*sleep_ns)(void *self, int64_t ns);
    int (*random)(void *self, void *buf, size_t n_bytes);
    /* memory: zeroed, page aligned; NULL when refused */
    void *(*map)(void *self, size_t n_bytes);
    void (*unmap)(void *self, void *p, size_t n_bytes);
    void (*want_huge)(void *self, void *p, size_t n_bytes); /* large pages there: a wish */
    /* threads */
    int (*thread_start)(void *self, uintptr_t *out, hr_thread_fn fn, void *arg);
    int (*thread_join)(void *self, uintptr_t thread);
    /* Sleeps while *word is `expect`, for timeout_ns at most; may return early. wake: all that wait
     * on it. Real under every back end: threads are. */
    void (*wait)(void *self, const _Atomic uint32_t *word, uint32_t expect, int64_t timeout_ns);
    void (*wake)(void *self, const _Atomic uint32_t *word);
    /* asynchronous I/O */
    int (*aio_open)(void *self, hr_sys_aio **out, unsigned depth);
    int (*aio_submit)(void *self, hr_sys_aio *q, const hr_sys_aio_op *op); /* -EAGAIN: queue full */
    int (*aio_reap)(void *self, hr_sys_aio *q, hr_sys_aio_done *done, unsigned cap, bool wait);
    const char *(*aio_name)(void *self, hr_sys_aio *q); /* "io_uring", "threads", "inline" */
    void (*aio_close)(void *self, hr_sys_aio *q);
} hr_sys;

/** The real back end. Set force_thread_aio (tests, `--io threads`) to leave io_uring out. */
const hr_sys *hr_sys_real(void);
void hr_sys_real_force_threads(bool force);

/** The table in force; hr_sys_real() until hr_sys_install is called, which must be before any
 * thread is started. */
const hr_sys *hr_sys_get(void);
void hr_sys_install(const hr_sys *sys);

/* Short names for the calls used everywhere. */
int hr_sys_open(int dir_fd, const char *path, int flags, unsigned mode);
int hr_sys_close(int fd);
int hr_sys_sync(int fd);
int hr_sys_truncate(int fd, int64_t size_bytes);
int hr_sys_lock(int fd);
int hr_sys_rename(int from_dir, const char *from, int to_dir, const char *to);
int64_t hr_sys_wall_ns(void);
int64_t hr_sys_mono_ns(void);
int64_t hr_sys_cpu_ns(void);

/* Interrupted calls are made again, HR_SYS_EINTR_MAX times in a row at most; then -EINTR is what
 * they give: a storm of signals is no reason to hang. */
#define HR_SYS_EINTR_MAX 1000
/* Whole transfers: loop over EINTR and short counts. */
/** Reads until n_bytes or end of file; returns the bytes read or -errno. */
int64_t hr_sys_pread_full(int fd, void *buf, size_t n_bytes, int64_t offset);
int64_t hr_sys_read_full(int fd, void *buf, size_t n_bytes);
/** Writes all of it; returns n_bytes or -errno (a write that moves nothing is -ENOSPC). */
int64_t hr_sys_pwrite_full(int fd, const void *buf, size_t n_bytes, int64_t offset);
int64_t hr_sys_write_full(int fd, const void *buf, size_t n_bytes);

/* ---- failing back end: wraps `inner` and spoils chosen calls (tests, fault runs) ---- */
typedef struct hr_sys_fault {
    const char *call;     /* "pread", "pwrite", "sync", ... or NULL for any fallible call */
    uint64_t nth;         /* 1-based index of the call that fails; 0: none */
    bool forever;         /* the nth and all later ones */
    int sys_errno;        /* error to give, or 0 with short_max */
    size_t short_max;     /* > 0: transfers move at most this many bytes */
    unsigned eintr_every; /* > 0: each such call gives EINTR first */
    unsigned slow_us;     /* each such call sleeps so long first: a slow disk */
    bool kill_before;     /* SIGKILL ourselves before the nth call (white-box crash tests) */
    bool freeze;    /* the same inside one process: the nth call and all after it fail with EIO and
                       touch nothing, so what is on disk is what a kill there would leave */
    uint64_t place; /* != 0: only calls from this place (hr_sys_place.id) count and fail */
} hr_sys_fault;

/* Where calls come from: a kind of call, and the return addresses of the functions it came through,
 * innermost first. Two calls from one function that share their way up are one place only where the
 * compiler made one of them. */
#define HR_SYS_PLACE_DEPTH 4
#define HR_SYS_PLACES_MAX 1024u
typedef struct hr_sys_place {
    uint64_t id;      /* != 0; the same in every run of one program */
    uint64_t n_calls; /* this often */
    unsigned kind;    /* hr_sys_fail_kind */
    unsigned n_frames;
    uintptr_t frame[HR_SYS_PLACE_DEPTH]; /* as the program's file counts, wherever it was loaded */
} hr_sys_place;
typedef struct hr_sys_fail hr_sys_fail;
HR_MUST_USE hr_status hr_sys_fail_create(hr_sys_fail **out, const hr_sys *inner,
                                         const hr_sys_fault *fault);
const hr_sys *hr_sys_fail_table(hr_sys_fail *f);
/** Number of matching calls seen so far: the N to iterate to. */
uint64_t hr_sys_fail_seen(const hr_sys_fail *f);
/** Which kinds of call were made, and which of them met the fault: bit i is the kind whose name is
 * hr_sys_fail_kind(i), NULL beyond the last. */
uint32_t hr_sys_fail_made(const hr_sys_fail *f);
uint32_t hr_sys_fail_hit(const hr_sys_fail *f);
const char *hr_sys_fail_kind(unsigned i);
/** Copies the places that calls came from, in no order; returns how many there are. More than
 * HR_SYS_PLACES_MAX are not told apart: then it returns HR_SYS_PLACES_MAX. */
uint32_t hr_sys_fail_places(hr_sys_fail *f, hr_sys_place out[HR_SYS_PLACES_MAX]);
/** Place of the first call that met the fault; 0: none did. */
uint64_t hr_sys_fail_hit_place(const hr_sys_fail *f);
/** Regions mapped and not unmapped. */
int64_t hr_sys_fail_maps(const hr_sys_fail *f);
bool hr_sys_fail_fired(const hr_sys_fail *f);
void hr_sys_fail_destroy(hr_sys_fail **f);
/** Reads HEADRACE_FAULT="call=pwrite,nth=3,errno=ENOSPC,forever=1,short=1,eintr=3,slow_us=9,
 * kill=1" and installs a failing table over the real one for the whole process; HR_OK and no change
 * when text is NULL. count=1 prints on exit how many calls of each name were made. */
HR_MUST_USE hr_status hr_sys_fail_install_text(const char *text, hr_err *err);

/* ---- simulated back end ---- */
typedef struct hr_sys_sim hr_sys_sim;
HR_MUST_USE hr_status hr_sys_sim_create(hr_sys_sim **out, uint64_t seed);
const hr_sys *hr_sys_sim_table(hr_sys_sim *sim);
void hr_sys_sim_destroy(hr_sys_sim **sim);
/** Power loss: open files vanish, every unsynced 512-byte sector is kept, dropped or (one of them)
 *  torn or zeroed in the bytes that were rewritten, each unsynced create/rename/unlink is kept or
 *  undone; choices come from `seed`.
 */
void hr_sys_sim_crash(hr_sys_sim *sim, uint64_t seed);
/** Process death only: open files vanish, all written bytes stay. */
void hr_sys_sim_kill(hr_sys_sim *sim);
/** Power loss with every choice spelt out, and none torn: bit n of mask keeps the n-th unsynced
 * unit (a sector, a file's new size, a change of names). Returns how many there were; those beyond
 * 64 are kept. */
uint32_t hr_sys_sim_crash_to(hr_sys_sim *sim, uint64_t mask);
/** `to` becomes equal to `from`, but has nothing open: what a power loss here would find. */
HR_MUST_USE hr_status hr_sys_sim_copy(hr_sys_sim *to, hr_sys_sim *from);
/** Called before every call that changes the disk, outside its lock: by one thread at a time only
 * where one thread makes such calls. call: "pwrite", "sync", ...; fd: or -1. NULL: no more. */
typedef void (*hr_sys_sim_watch_fn)(void *arg, const char *call, int fd);
void hr_sys_sim_watch(hr_sys_sim *sim, hr_sys_sim_watch_fn fn, void *arg);
/** From now on the nth sync fails with EIO as on Linux: the file's unsynced bytes stay readable,
 * the next sync of them does nothing and succeeds. 0: none. */
void hr_sys_sim_lose_sync(hr_sys_sim *sim, uint64_t nth);
void hr_sys_sim_set_capacity(hr_sys_sim *sim, int64_t bytes);
/** Descriptors that are open. */
uint32_t hr_sys_sim_open_count(hr_sys_sim *sim);
void hr_sys_sim_advance(hr_sys_sim *sim, int64_t ns);

#endif

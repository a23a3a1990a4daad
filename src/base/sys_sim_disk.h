/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BASE_SYS_SIM_DISK_H
#define HR_BASE_SYS_SIM_DISK_H
/* The simulated disk: a tree of nodes in memory, kept twice.
 *   live: what the running process sees
 *   safe: what a power loss cannot take: file bytes as of the file's last sync, names as of the
 *         directory's last sync
 * Between the two lie the unsynced bytes of each file and a log of name changes. A crash makes one
 * new state out of both, by seed. Syncing a file does not make its name safe: that takes a sync of
 * the directory, as POSIX has it, although many file systems are kinder.
 * Threads: none of its own; sys_sim.c holds one lock around every call. Private to base. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HR_SIM_NODES_MAX 4096u
#define HR_SIM_NAME_BYTES 256u
#define HR_SIM_SECTOR_BYTES 512u
#define HR_SIM_FILE_MAX ((size_t)1 << 31)
#define HR_SIM_ROOT 0u

typedef struct hr_sim_bytes { /* p[size .. cap) is zero */
    unsigned char *p;
    size_t cap;
    size_t size;
} hr_sim_bytes;

typedef struct hr_sim_node {
    uint64_t ino; /* never used twice; 0: the slot is free */
    bool is_dir;
    bool is_marked;   /* scratch of the collector */
    uint32_t parent;  /* directories */
    uint32_t n_links; /* names in the live tree */
    uint32_t n_open;
    int32_t lock_fd; /* holder, -1: nobody */
    int64_t mtime_ns;
    hr_sim_bytes live, safe;
    size_t dirty_lo, dirty_hi; /* where live and safe may differ */
    size_t reserved;           /* there is room up to here */
} hr_sim_node;

typedef struct hr_sim_name {
    uint32_t dir;
    uint32_t node;
    char text[HR_SIM_NAME_BYTES];
} hr_sim_name;

typedef struct hr_sim_names {
    hr_sim_name *at;
    size_t n;
    size_t cap;
} hr_sim_names;

typedef enum hr_sim_op_kind {
    HR_SIM_LINK,   /* name[0] appears */
    HR_SIM_UNLINK, /* name[0] goes */
    HR_SIM_RENAME, /* name[0] becomes name[1] */
} hr_sim_op_kind;

typedef struct hr_sim_op {
    hr_sim_op_kind kind;
    bool is_synced[2]; /* by directory; safe when all that it touches are */
    hr_sim_name name[2];
} hr_sim_op;

typedef struct hr_sim_disk {
    hr_sim_node *node; /* HR_SIM_NODES_MAX */
    uint32_t n_nodes;  /* slots ever used */
    uint64_t next_ino;
    hr_sim_names live, safe;
    hr_sim_op *op; /* in order of time */
    size_t n_ops, cap_ops;
    int64_t capacity_bytes;
} hr_sim_disk;

/* All return 0 or more, or -errno, as hr_sys does. */
int hr_sim_disk_init(hr_sim_disk *d);
void hr_sim_disk_fini(hr_sim_disk *d);
/** Follows path from directory `from`; an absolute path starts at the root. */
int hr_sim_disk_find(const hr_sim_disk *d, uint32_t from, const char *path, uint32_t *node);
/** The directory and last name of path; the name itself need not exist. */
int hr_sim_disk_place(const hr_sim_disk *d, uint32_t from, const char *path, hr_sim_name *place);
int hr_sim_disk_make(hr_sim_disk *d, const hr_sim_name *place, bool is_dir, int64_t now_ns,
                     uint32_t *node);
int hr_sim_disk_unlink(hr_sim_disk *d, const hr_sim_name *place, bool is_dir);
int hr_sim_disk_rename(hr_sim_disk *d, const hr_sim_name *from, const hr_sim_name *to);
int64_t hr_sim_disk_read(const hr_sim_disk *d, uint32_t node, void *buf, size_t n, int64_t offset);
int64_t hr_sim_disk_write(hr_sim_disk *d, uint32_t node, const void *buf, size_t n, int64_t offset);
int hr_sim_disk_truncate(hr_sim_disk *d, uint32_t node, int64_t size);
int hr_sim_disk_reserve(hr_sim_disk *d, uint32_t node, int64_t offset, int64_t n);
int hr_sim_disk_sync(hr_sim_disk *d, uint32_t node);
/** A sync that fails: a file's unsynced bytes stay readable and count as synced, but are not. What
 * changed in a directory stays unsynced. */
int hr_sim_disk_lose_sync(hr_sim_disk *d, uint32_t node);
/** No file may be open. */
void hr_sim_disk_crash(hr_sim_disk *d, uint64_t seed);
/** The same with every choice spelt out, and none torn: bit n of mask keeps the n-th unsynced unit
 * (sector, size, name). How many there were; those beyond 64 are kept. */
uint32_t hr_sim_disk_crash_to(hr_sim_disk *d, uint64_t mask);
/** `to`, initialised, becomes equal to `from`, with nothing open. */
int hr_sim_disk_copy(hr_sim_disk *to, const hr_sim_disk *from);
/** splitmix64 step: the one generator of the simulation. */
uint64_t hr_sim_random(uint64_t *state);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine can do, one thread: the limits that stages are held against. Medians of five. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"
#include "figure.h"
#include "memory_read.h"

#define BYTES ((size_t)256 << 20)
#define RUNS 5
#define FILE_NAME "bench_machine.tmp"

typedef struct machine {
    uint64_t *a, *b;
    char *file;
    volatile uint64_t sum;
} machine;

typedef void (*work_fn)(machine *m);

/* Of memory: processor time, so that neighbours do not count; of files, the wall's. */
static int64_t median_ns(machine *m, work_fn work, bool is_file)
{
    int64_t ns[RUNS];
    for (int i = 0; i < RUNS; i++) {
        int64_t t = is_file ? hr_sys_mono_ns() : figure_cpu_ns();
        work(m);
        ns[i] = (is_file ? hr_sys_mono_ns() : figure_cpu_ns()) - t;
    }
    return figure_median(ns, RUNS);
}

static void read_all(machine *m)
{
    m->sum += memory_read(m->a, BYTES);
}

static void write_all(machine *m)
{
    memset(m->a, (int)m->sum, BYTES);
}

static void copy_all(machine *m)
{
    memcpy(m->b, m->a, BYTES);
}

/* The first touch of fresh memory: a fault and a cleared page for each 4 KiB. */
static void fault_all(machine *m)
{
    const hr_sys *sys = hr_sys_get();
    unsigned char *p = sys->map(sys->self, BYTES);
    if (p == NULL) return;
    for (size_t i = 0; i < BYTES; i += 4096)
        p[i] = 1;
    m->sum += p[BYTES / 2];
    sys->unmap(sys->self, p, BYTES);
}

/* A chain of loads, each address from the one before: latency of memory. */
#define HOPS ((size_t)1 << 20)
static void chase(machine *m)
{
    uint64_t at = 0;
    for (size_t i = 0; i < HOPS; i++)
        at = m->b[at];
    m->sum += at;
}

static void shuffle(machine *m)
{
    size_t n = BYTES / 8;
    uint64_t r = 88172645463325252u;
    for (size_t i = 0; i < n; i++)
        m->b[i] = i;
    for (size_t i = n - 1; i > 0; i--) { /* Sattolo: one cycle through all */
        r ^= r << 13;
        r ^= r >> 7;
        r ^= r << 17;
        size_t k = (size_t)(r % i);
        uint64_t t = m->b[i];
        m->b[i] = m->b[k];
        m->b[k] = t;
    }
}

static void write_file(machine *m)
{
    int fd = hr_sys_open(AT_FDCWD, FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) return;
    (void)hr_sys_write_full(fd, m->a, BYTES / 4);
    (void)hr_sys_sync(fd);
    (void)hr_sys_close(fd);
}

static void read_file(machine *m)
{
    int fd = hr_sys_open(AT_FDCWD, FILE_NAME, O_RDONLY, 0);
    if (fd < 0) return;
    (void)hr_sys_read_full(fd, m->b, BYTES / 4);
    (void)hr_sys_close(fd);
}

static void sync_small(machine *m)
{
    int fd = hr_sys_open(AT_FDCWD, FILE_NAME ".s", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) return;
    (void)hr_sys_write_full(fd, m->a, 4096);
    (void)hr_sys_sync(fd);
    (void)hr_sys_close(fd);
}

static void show(const char *what, double value, const char *unit)
{
    printf("%-44s %9.2f %s\n", what, value, unit);
    figure(what, "machine", value, unit);
}

static double gb_s(int64_t ns, size_t bytes)
{
    return (double)bytes / (double)ns;
}

int main(void)
{
    const hr_sys *sys = hr_sys_get();
    static machine m;
    m.a = sys->map(sys->self, BYTES);
    m.b = sys->map(sys->self, BYTES);
    if (m.a == NULL || m.b == NULL) return 77;
    write_all(&m);
    copy_all(&m);
    show("memory, read", gb_s(median_ns(&m, read_all, false), BYTES), "GB/s");
    show("memory, write", gb_s(median_ns(&m, write_all, false), BYTES), "GB/s");
    show("memory, copy", gb_s(median_ns(&m, copy_all, false), BYTES), "GB/s");
    show("memory, first touch", (double)median_ns(&m, fault_all, false) / (double)(BYTES / 4096),
         "ns/page");
    shuffle(&m);
    show("memory, dependent load over 256 MB", (double)median_ns(&m, chase, false) / (double)HOPS,
         "ns");
    show("file, write 64 MB and sync", gb_s(median_ns(&m, write_file, true), BYTES / 4), "GB/s");
    show("file, read 64 MB from the page cache", gb_s(median_ns(&m, read_file, true), BYTES / 4),
         "GB/s");
    show("file, create, write 4 KB and sync", (double)median_ns(&m, sync_small, true) * 1e-3, "us");
    (void)sys->unlink(sys->self, AT_FDCWD, FILE_NAME, false);
    (void)sys->unlink(sys->self, AT_FDCWD, FILE_NAME ".s", false);
    return 0;
}

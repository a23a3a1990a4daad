/* SPDX-License-Identifier: Apache-2.0 */
#include "places.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- names ---- */

typedef struct symbols {
    const char *file;
    const Elf64_Sym *sym;
    size_t n;
    const char *names;
    uint64_t base; /* lowest address, where offsets count from */
} symbols;

static void find_base(symbols *s, const Elf64_Ehdr *head)
{
    const Elf64_Phdr *p = (const void *)(s->file + head->e_phoff);
    s->base = UINT64_MAX;
    for (unsigned i = 0; i < head->e_phnum; i++)
        if (p[i].p_type == PT_LOAD && p[i].p_vaddr < s->base) s->base = p[i].p_vaddr;
}

/* This program's, mapped for as long as it runs. */
static const symbols *own_symbols(void)
{
    static symbols s;
    struct stat st;
    if (s.file != NULL) return &s;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0) abort();
    s.file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (s.file == MAP_FAILED) abort();
    (void)close(fd);
    const Elf64_Ehdr *head = (const void *)s.file;
    const Elf64_Shdr *part = (const void *)(s.file + head->e_shoff);
    find_base(&s, head);
    for (unsigned i = 0; i < head->e_shnum; i++) {
        if (part[i].sh_type != SHT_SYMTAB) continue;
        s.sym = (const void *)(s.file + part[i].sh_offset);
        s.n = part[i].sh_size / sizeof *s.sym;
        s.names = s.file + part[part[i].sh_link].sh_offset;
    }
    return &s;
}

/* "" where the program was stripped. */
static const char *name_of(uintptr_t frame, uint64_t *offset)
{
    const symbols *s = own_symbols();
    uint64_t at = frame - 1 + s->base; /* in the call, not after it: that may be another function */
    for (size_t i = 0; i < s->n; i++)
        if (ELF64_ST_TYPE(s->sym[i].st_info) == STT_FUNC && at >= s->sym[i].st_value &&
            at - s->sym[i].st_value < s->sym[i].st_size) {
            *offset = at + 1 - s->sym[i].st_value;
            return s->names + s->sym[i].st_name;
        }
    *offset = frame;
    return "";
}

static bool is_seam(uintptr_t frame)
{
    uint64_t offset;
    const char *name = name_of(frame, &offset);
    return strncmp(name, "hr_sys_", 7) == 0 || strncmp(name, "hr_aio_inline_", 14) == 0;
}

static uintptr_t site_of(const hr_sys_place *p)
{
    for (unsigned i = 0; i < p->n_frames; i++)
        if (!is_seam(p->frame[i])) return p->frame[i];
    return 0;
}

const char *places_name(const hr_sys_place *p, char *out, size_t cap)
{
    int n = snprintf(out, cap, "%s", hr_sys_fail_kind(p->kind));
    for (unsigned i = 0; i < p->n_frames && n > 0 && (size_t)n < cap; i++) {
        uint64_t offset;
        const char *name = name_of(p->frame[i], &offset);
        n += snprintf(out + n, cap - (size_t)n, "%s%s+%#llx", i == 0 ? " from " : " < ", name,
                      (unsigned long long)offset);
    }
    return out;
}

/* ---- the set ---- */

static test_place *find(test_places *t, uint64_t id, uint64_t role)
{
    for (uint32_t i = 0; i < t->n; i++)
        if (t->place[i].at.id == id && t->place[i].role == role) return &t->place[i];
    return NULL;
}

uint32_t places_add(test_places *t, hr_sys_fail *f, uint64_t role)
{
    static hr_sys_place all[HR_SYS_PLACES_MAX];
    uint32_t n = hr_sys_fail_places(f, all);
    uint32_t before = t->n;
    if (n == HR_SYS_PLACES_MAX) abort(); /* some may not have been told apart */
    for (uint32_t i = 0; i < n; i++) {
        if (find(t, all[i].id, role) != NULL) continue;
        if (t->n == PLACES_MAX) abort();
        t->place[t->n++] = (test_place){.at = all[i], .role = role};
    }
    return t->n - before;
}

void places_hit(test_places *t, uint64_t id, uint64_t role)
{
    test_place *p = find(t, id, role);
    if (p != NULL) p->n_hits++;
}

/* ---- the report ---- */

typedef struct tally {
    uint32_t n, n_hit;
    struct {
        uint64_t key;
        bool is_hit;
    } at[PLACES_MAX];
} tally;

static void count(tally *t, uint64_t key, bool is_hit)
{
    uint32_t i = 0;
    while (i < t->n && t->at[i].key != key)
        i++;
    if (i == t->n) {
        t->at[t->n].key = key;
        t->at[t->n++].is_hit = false;
    }
    t->n_hit += is_hit && !t->at[i].is_hit;
    t->at[i].is_hit = t->at[i].is_hit || is_hit;
}

uint32_t places_report(const test_places *t)
{
    static tally sites;
    static tally ways;
    char name[512];
    uint32_t n_left = 0;
    sites.n = sites.n_hit = ways.n = ways.n_hit = 0;
    for (uint32_t i = 0; i < t->n; i++) {
        const test_place *p = &t->place[i];
        count(&sites, (uint64_t)site_of(&p->at) << 8 | p->at.kind, p->n_hits > 0);
        count(&ways, p->at.id, p->n_hits > 0);
        if (getenv("HR_TEST_SITES") != NULL)
            printf("# %u of %llu: %s\n", p->n_hits, (unsigned long long)p->at.n_calls,
                   places_name(&p->at, name, sizeof name));
        if (p->n_hits > 0) continue;
        n_left++;
        printf("# role %llu, never failed: %s\n", (unsigned long long)p->role,
               places_name(&p->at, name, sizeof name));
    }
    printf("# sites %u/%u\n# ways to them %u/%u\n", sites.n_hit, sites.n, ways.n_hit, ways.n);
    return n_left;
}

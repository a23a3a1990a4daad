/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sys_sim_disk.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/sys.h"

#define PATH_PARTS_MAX 64

uint64_t hr_sim_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static bool chance(uint64_t *rng, unsigned percent)
{
    return hr_sim_random(rng) % 100 < percent;
}

/* ---- memory: straight from the real table, so that no test of the heap sees the simulation ----
 */

static void *take(size_t n)
{
    const hr_sys *real = hr_sys_real();
    return real->map(real->self, n);
}

static void give(void *p, size_t n)
{
    const hr_sys *real = hr_sys_real();
    if (p != NULL) real->unmap(real->self, p, n);
}

/* Makes room for `need` elements in a zero-filled table; the old content is kept. */
static int grow(void **p, size_t *cap, size_t need, size_t elem_bytes)
{
    if (need <= *cap) return 0;
    size_t to = *cap == 0 ? 16 : *cap;
    while (to < need)
        to *= 2;
    void *q = take(to * elem_bytes);
    if (q == NULL) return -ENOMEM;
    if (*cap > 0) memcpy(q, *p, *cap * elem_bytes);
    give(*p, *cap * elem_bytes);
    *p = q;
    *cap = to;
    return 0;
}

static int bytes_reserve(hr_sim_bytes *b, size_t size)
{
    void *p = b->p;
    if (size > HR_SIM_FILE_MAX) return -EFBIG;
    int rc = grow(&p, &b->cap, size <= b->cap ? size : HR_MAX(size, (size_t)4096), 1);
    b->p = p;
    return rc;
}

static void bytes_cut(hr_sim_bytes *b, size_t size)
{
    if (size < b->size) memset(b->p + size, 0, b->size - size);
    b->size = size;
}

static void bytes_free(hr_sim_bytes *b)
{
    give(b->p, b->cap);
    *b = (hr_sim_bytes){0};
}

/* ---- names ---- */

static hr_sim_name *names_find(const hr_sim_names *t, uint32_t dir, const char *text)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->at[i].dir == dir && strcmp(t->at[i].text, text) == 0) return &t->at[i];
    return NULL;
}

static int names_reserve(hr_sim_names *t, size_t n)
{
    void *p = t->at;
    int rc = grow(&p, &t->cap, n, sizeof *t->at);
    t->at = p;
    return rc;
}

/* Room was reserved. A name that is there is bound anew. */
static void names_put(hr_sim_names *t, const hr_sim_name *name)
{
    hr_sim_name *there = names_find(t, name->dir, name->text);
    HR_ASSERT(there != NULL || t->n < t->cap);
    *(there != NULL ? there : &t->at[t->n++]) = *name;
}

static void names_drop(hr_sim_names *t, hr_sim_name *name)
{
    *name = t->at[--t->n];
}

static bool has_children(const hr_sim_names *t, uint32_t dir)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->at[i].dir == dir) return true;
    return false;
}

/* Room in the live names and the log, so that a change is recorded whole or not at all. */
static int reserve_change(hr_sim_disk *d)
{
    void *p = d->op;
    int rc = grow(&p, &d->cap_ops, d->n_ops + 1, sizeof *d->op);
    d->op = p;
    return rc < 0 ? rc : names_reserve(&d->live, d->live.n + 1);
}

static void record(hr_sim_disk *d, hr_sim_op_kind kind, const hr_sim_name *a, const hr_sim_name *b)
{
    hr_sim_op *op = &d->op[d->n_ops++];
    *op = (hr_sim_op){.kind = kind, .name[0] = *a};
    op->name[1] = b != NULL ? *b : *a;
}

/* Does op to a table of names, if it still makes sense there. */
static int apply(hr_sim_names *t, const hr_sim_op *op)
{
    int rc = names_reserve(t, t->n + 1);
    if (rc < 0) return rc;
    hr_sim_name *from = names_find(t, op->name[0].dir, op->name[0].text);
    bool is_same = from != NULL && from->node == op->name[0].node;
    switch (op->kind) {
    case HR_SIM_LINK:
        names_put(t, &op->name[0]);
        break;
    case HR_SIM_UNLINK:
        if (is_same) names_drop(t, from);
        break;
    case HR_SIM_RENAME:
        if (!is_same) break;
        names_drop(t, from);
        names_put(t, &op->name[1]);
        break;
    }
    return 0;
}

/* ---- nodes ---- */

static void node_free(hr_sim_node *n)
{
    bytes_free(&n->live);
    bytes_free(&n->safe);
    *n = (hr_sim_node){.lock_fd = -1};
}

static void mark_names(hr_sim_disk *d, const hr_sim_names *t)
{
    for (size_t i = 0; i < t->n; i++) {
        d->node[t->at[i].node].is_marked = true;
        d->node[t->at[i].dir].is_marked = true;
    }
}

/* Frees nodes that no tree, no logged change and no descriptor can reach. */
static void collect(hr_sim_disk *d)
{
    for (uint32_t i = 0; i < d->n_nodes; i++)
        d->node[i].is_marked = i == HR_SIM_ROOT || d->node[i].n_open > 0;
    mark_names(d, &d->live);
    mark_names(d, &d->safe);
    for (size_t i = 0; i < d->n_ops; i++)
        for (int k = 0; k < 2; k++) {
            d->node[d->op[i].name[k].node].is_marked = true;
            d->node[d->op[i].name[k].dir].is_marked = true;
        }
    for (uint32_t i = 0; i < d->n_nodes; i++)
        if (d->node[i].ino != 0 && !d->node[i].is_marked) node_free(&d->node[i]);
}

static int node_take(hr_sim_disk *d, uint32_t *out)
{
    if (d->n_nodes < HR_SIM_NODES_MAX) {
        *out = d->n_nodes++;
        return 0;
    }
    collect(d);
    for (uint32_t i = 0; i < HR_SIM_NODES_MAX; i++)
        if (d->node[i].ino == 0) {
            *out = i;
            return 0;
        }
    return -ENOSPC;
}

int hr_sim_disk_init(hr_sim_disk *d)
{
    *d = (hr_sim_disk){.next_ino = 1, .capacity_bytes = INT64_MAX};
    d->node = take(HR_SIM_NODES_MAX * sizeof *d->node);
    if (d->node == NULL) return -ENOMEM;
    for (uint32_t i = 0; i < HR_SIM_NODES_MAX; i++)
        d->node[i].lock_fd = -1;
    d->node[HR_SIM_ROOT].ino = d->next_ino++;
    d->node[HR_SIM_ROOT].is_dir = true;
    d->node[HR_SIM_ROOT].n_links = 1;
    d->n_nodes = 1;
    return 0;
}

void hr_sim_disk_fini(hr_sim_disk *d)
{
    for (uint32_t i = 0; d->node != NULL && i < d->n_nodes; i++)
        node_free(&d->node[i]);
    give(d->node, HR_SIM_NODES_MAX * sizeof *d->node);
    give(d->live.at, d->live.cap * sizeof *d->live.at);
    give(d->safe.at, d->safe.cap * sizeof *d->safe.at);
    give(d->op, d->cap_ops * sizeof *d->op);
    *d = (hr_sim_disk){0};
}

/* ---- paths ---- */

/* The next part of *path; 1, 0 at the end, or -ENAMETOOLONG. */
static int next_part(const char **path, char part[HR_SIM_NAME_BYTES])
{
    const char *p = *path;
    while (*p == '/')
        p++;
    size_t n = strcspn(p, "/");
    *path = p + n;
    if (n >= HR_SIM_NAME_BYTES) return -ENAMETOOLONG;
    memcpy(part, p, n);
    part[n] = '\0';
    return n > 0;
}

static int step(const hr_sim_disk *d, uint32_t *at, const char *part)
{
    if (!d->node[*at].is_dir) return -ENOTDIR;
    if (strcmp(part, ".") == 0) return 0;
    if (strcmp(part, "..") == 0) {
        *at = *at == HR_SIM_ROOT ? HR_SIM_ROOT : d->node[*at].parent;
        return 0;
    }
    const hr_sim_name *name = names_find(&d->live, *at, part);
    if (name == NULL) return -ENOENT;
    *at = name->node;
    return 0;
}

int hr_sim_disk_find(const hr_sim_disk *d, uint32_t from, const char *path, uint32_t *node)
{
    char part[HR_SIM_NAME_BYTES];
    uint32_t at = path[0] == '/' ? HR_SIM_ROOT : from;
    if (*path == '\0') return -ENOENT;
    for (int i = 0; i < PATH_PARTS_MAX; i++) {
        int rc = next_part(&path, part);
        if (rc == 0) {
            *node = at;
            return 0;
        }
        if (rc > 0) rc = step(d, &at, part);
        if (rc < 0) return rc;
    }
    return -ENAMETOOLONG;
}

int hr_sim_disk_place(const hr_sim_disk *d, uint32_t from, const char *path, hr_sim_name *place)
{
    uint32_t at = path[0] == '/' ? HR_SIM_ROOT : from;
    int rc = next_part(&path, place->text);
    if (rc <= 0) return rc < 0 ? rc : -ENOENT;
    for (int i = 0; i < PATH_PARTS_MAX; i++) {
        char part[HR_SIM_NAME_BYTES];
        rc = next_part(&path, part);
        if (rc < 0) return rc;
        if (rc == 0) {
            if (strcmp(place->text, ".") == 0 || strcmp(place->text, "..") == 0) return -EINVAL;
            place->dir = at;
            place->node = 0;
            return d->node[at].is_dir ? 0 : -ENOTDIR;
        }
        rc = step(d, &at, place->text);
        if (rc < 0) return rc;
        memcpy(place->text, part, sizeof part);
    }
    return -ENAMETOOLONG;
}

/* ---- changes of names ---- */

int hr_sim_disk_make(hr_sim_disk *d, const hr_sim_name *place, bool is_dir, int64_t now_ns,
                     uint32_t *node)
{
    uint32_t i = 0;
    if (names_find(&d->live, place->dir, place->text) != NULL) return -EEXIST;
    if (d->node[place->dir].n_links == 0) return -ENOENT; /* its directory was removed */
    int rc = reserve_change(d);
    if (rc == 0) rc = node_take(d, &i);
    if (rc < 0) return rc;
    d->node[i] = (hr_sim_node){.ino = d->next_ino++,
                               .is_dir = is_dir,
                               .parent = place->dir,
                               .n_links = 1,
                               .lock_fd = -1,
                               .mtime_ns = now_ns};
    hr_sim_name name = *place;
    name.node = i;
    names_put(&d->live, &name);
    record(d, HR_SIM_LINK, &name, NULL);
    *node = i;
    return 0;
}

int hr_sim_disk_unlink(hr_sim_disk *d, const hr_sim_name *place, bool is_dir)
{
    hr_sim_name *name = names_find(&d->live, place->dir, place->text);
    if (name == NULL) return -ENOENT;
    hr_sim_node *n = &d->node[name->node];
    if (n->is_dir != is_dir) return is_dir ? -ENOTDIR : -EISDIR;
    if (is_dir && has_children(&d->live, name->node)) return -ENOTEMPTY;
    int rc = reserve_change(d);
    if (rc < 0) return rc;
    name = names_find(&d->live, place->dir, place->text); /* the table may have moved */
    record(d, HR_SIM_UNLINK, name, NULL);
    n->n_links--;
    names_drop(&d->live, name);
    return 0;
}

/* Whether directory `dir` is `top` or lies below it. */
static bool is_below(const hr_sim_disk *d, uint32_t dir, uint32_t top)
{
    for (uint32_t i = 0; i < HR_SIM_NODES_MAX && dir != HR_SIM_ROOT; i++) {
        if (dir == top) return true;
        dir = d->node[dir].parent;
    }
    return dir == top;
}

/* What stands at the target must make way. */
static int check_target(const hr_sim_disk *d, const hr_sim_name *from, const hr_sim_name *to)
{
    bool is_dir = d->node[from->node].is_dir;
    if (is_dir && is_below(d, to->dir, from->node)) return -EINVAL;
    const hr_sim_name *there = names_find(&d->live, to->dir, to->text);
    if (there == NULL) return 0;
    if (d->node[there->node].is_dir != is_dir) return is_dir ? -ENOTDIR : -EISDIR;
    return is_dir && has_children(&d->live, there->node) ? -ENOTEMPTY : 0;
}

int hr_sim_disk_rename(hr_sim_disk *d, const hr_sim_name *from, const hr_sim_name *to)
{
    const hr_sim_name *source = names_find(&d->live, from->dir, from->text);
    if (source == NULL) return -ENOENT;
    hr_sim_name old = *source;
    const hr_sim_name *there = names_find(&d->live, to->dir, to->text);
    if (there != NULL && there->node == old.node) return 0;
    int rc = check_target(d, &old, to);
    if (rc == 0) rc = reserve_change(d);
    if (rc < 0) return rc;
    there = names_find(&d->live, to->dir, to->text);
    if (there != NULL) d->node[there->node].n_links--;
    hr_sim_name new = *to;
    new.node = old.node;
    record(d, HR_SIM_RENAME, &old, &new);
    names_drop(&d->live, names_find(&d->live, old.dir, old.text));
    names_put(&d->live, &new);
    d->node[new.node].parent = new.dir;
    return 0;
}

/* ---- file contents ---- */

static void touch(hr_sim_node *n, size_t lo, size_t hi)
{
    bool is_clean = n->dirty_lo == n->dirty_hi;
    n->dirty_lo = is_clean ? lo : HR_MIN(n->dirty_lo, lo);
    n->dirty_hi = is_clean ? hi : HR_MAX(n->dirty_hi, hi);
}

static size_t round_sector(size_t n)
{
    return (n + HR_SIM_SECTOR_BYTES - 1) & ~(size_t)(HR_SIM_SECTOR_BYTES - 1);
}

/* Bytes that node may grow to within the disk's capacity. */
static size_t size_limit(const hr_sim_disk *d, uint32_t node)
{
    int64_t others = 0;
    for (uint32_t i = 0; i < d->n_nodes; i++)
        if (i != node && (d->node[i].n_links > 0 || d->node[i].n_open > 0))
            others += (int64_t)HR_MAX(round_sector(d->node[i].live.size), d->node[i].reserved);
    if (others >= d->capacity_bytes) return 0;
    size_t room = (size_t)(d->capacity_bytes - others) & ~(size_t)(HR_SIM_SECTOR_BYTES - 1);
    return HR_MIN(room, HR_SIM_FILE_MAX);
}

int64_t hr_sim_disk_read(const hr_sim_disk *d, uint32_t node, void *buf, size_t n, int64_t offset)
{
    const hr_sim_bytes *b = &d->node[node].live;
    if (d->node[node].is_dir) return -EISDIR;
    if (offset < 0) return -EINVAL;
    if ((uint64_t)offset >= b->size) return 0;
    n = HR_MIN(n, b->size - (size_t)offset);
    memcpy(buf, b->p + offset, n);
    return (int64_t)n;
}

int64_t hr_sim_disk_write(hr_sim_disk *d, uint32_t node, const void *buf, size_t n, int64_t offset)
{
    hr_sim_node *f = &d->node[node];
    if (f->is_dir) return -EISDIR;
    if (offset < 0) return -EINVAL;
    if ((uint64_t)offset > HR_SIM_FILE_MAX || n > HR_SIM_FILE_MAX) return -EFBIG;
    size_t at = (size_t)offset;
    if (n == 0) return 0;
    if (round_sector(at + n) > round_sector(f->live.size)) {
        size_t limit = HR_MAX(size_limit(d, node), round_sector(f->live.size));
        limit = HR_MAX(limit, f->reserved);
        if (at >= limit) return -ENOSPC;
        n = HR_MIN(n, limit - at); /* as a full disk does: what fits is written */
    }
    int rc = bytes_reserve(&f->live, at + n);
    if (rc < 0) return rc;
    memcpy(f->live.p + at, buf, n);
    touch(f, at, at + n);
    f->live.size = HR_MAX(f->live.size, at + n);
    return (int64_t)n;
}

int hr_sim_disk_truncate(hr_sim_disk *d, uint32_t node, int64_t size)
{
    hr_sim_node *f = &d->node[node];
    if (f->is_dir) return -EISDIR;
    if (size < 0) return -EINVAL;
    if ((uint64_t)size > HR_SIM_FILE_MAX) return -EFBIG;
    size_t to = (size_t)size;
    f->reserved = 0;
    if (to < f->live.size) {
        touch(f, to, f->live.size);
        bytes_cut(&f->live, to);
        return 0;
    }
    if (round_sector(to) > round_sector(f->live.size) && to > size_limit(d, node)) return -ENOSPC;
    int rc = bytes_reserve(&f->live, to);
    if (rc == 0) f->live.size = to;
    return rc;
}

int hr_sim_disk_reserve(hr_sim_disk *d, uint32_t node, int64_t offset, int64_t n)
{
    hr_sim_node *f = &d->node[node];
    if (f->is_dir || offset < 0 || n <= 0) return -EINVAL;
    if ((uint64_t)offset > HR_SIM_FILE_MAX || (uint64_t)n > HR_SIM_FILE_MAX) return -EFBIG;
    size_t to = round_sector((size_t)(offset + n));
    if (to > HR_MAX(f->reserved, round_sector(f->live.size)) && to > size_limit(d, node))
        return -ENOSPC;
    f->reserved = HR_MAX(f->reserved, to);
    return 0;
}

/* What Linux does with pages that it could not write: they stay readable and count as clean, so
 * that the next sync has nothing to do and says that all is well. */
static int lose_sync(hr_sim_node *f)
{
    int rc = bytes_reserve(&f->safe, f->live.size);
    if (rc < 0) return rc;
    bytes_cut(&f->safe, HR_MIN(f->live.size, f->safe.size));
    f->safe.size = f->live.size;
    f->dirty_lo = f->dirty_hi = 0;
    return 0;
}

static int sync_file(hr_sim_node *f)
{
    int rc = bytes_reserve(&f->safe, f->live.size);
    if (rc < 0) return rc;
    size_t hi = HR_MIN(f->dirty_hi, f->live.size);
    if (f->dirty_lo < hi)
        memcpy(f->safe.p + f->dirty_lo, f->live.p + f->dirty_lo, hi - f->dirty_lo);
    bytes_cut(&f->safe, HR_MIN(f->live.size, f->safe.size));
    f->safe.size = f->live.size;
    f->dirty_lo = f->dirty_hi = 0;
    return 0;
}

/* Every change that touches the directory is settled in it; one that touches two waits for both. */
static int sync_dir(hr_sim_disk *d, uint32_t dir)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < d->n_ops; i++) {
        hr_sim_op *op = &d->op[i];
        for (int k = 0; k < 2; k++)
            if (op->name[k].dir == dir) op->is_synced[k] = true;
        if (op->is_synced[0] && op->is_synced[1]) {
            int rc = apply(&d->safe, op);
            if (rc < 0) return rc;
        } else {
            d->op[n_kept++] = *op;
        }
    }
    d->n_ops = n_kept;
    return 0;
}

int hr_sim_disk_sync(hr_sim_disk *d, uint32_t node)
{
    return d->node[node].is_dir ? sync_dir(d, node) : sync_file(&d->node[node]);
}

int hr_sim_disk_lose_sync(hr_sim_disk *d, uint32_t node)
{
    return d->node[node].is_dir ? 0 : lose_sync(&d->node[node]);
}

/* ---- power loss ---- */

typedef struct dice {
    uint64_t rng;
    unsigned keep_percent; /* drawn per crash, with the extremes likely: all kept, all lost */
    bool can_tear;         /* one sector of one crash may be torn or zeroed */
    bool is_spelt;         /* no dice at all: bit n of mask keeps the n-th unit */
    uint64_t mask;
    uint32_t n_units;
} dice;

/* Whether the next unsynced unit (a sector, a file's size, a change of names) survives. */
static bool keeps(dice *c)
{
    uint32_t n = c->n_units++;
    if (c->is_spelt) return n >= 64 || (c->mask >> n & 1) != 0;
    return chance(&c->rng, c->keep_percent);
}

static unsigned draw_keep_percent(uint64_t *rng)
{
    switch (hr_sim_random(rng) % 8) {
    case 0:
        return 0;
    case 1:
        return 100;
    default:
        return (unsigned)(hr_sim_random(rng) % 101);
    }
}

/* One sector of safe becomes what the disk holds after the crash. Bytes that were not rewritten
 * since the last sync are never harmed: a sector holds the end of one append and the start of the
 * next. */
static void crash_sector(unsigned char *safe, const unsigned char *live, dice *c)
{
    if (memcmp(safe, live, HR_SIM_SECTOR_BYTES) == 0) return;
    if (!c->can_tear || !chance(&c->rng, 10)) {
        if (keeps(c)) memcpy(safe, live, HR_SIM_SECTOR_BYTES);
        return;
    }
    c->can_tear = false;
    if (chance(&c->rng, 50)) {
        memcpy(safe, live, 1 + hr_sim_random(&c->rng) % (HR_SIM_SECTOR_BYTES - 1));
        return;
    }
    for (size_t i = 0; i < HR_SIM_SECTOR_BYTES; i++)
        if (safe[i] != live[i]) safe[i] = 0;
}

static size_t crash_size(size_t old, size_t new, dice *c)
{
    size_t lo = HR_MIN(old, new);
    size_t hi = HR_MAX(old, new);
    if (lo == hi || keeps(c)) return new;
    if (c->is_spelt || chance(&c->rng, 50)) return old;
    size_t between = round_sector(lo + hr_sim_random(&c->rng) % (hi - lo));
    return HR_MIN(between, hi);
}

static void crash_file(hr_sim_node *f, dice *c)
{
    size_t size = crash_size(f->safe.size, f->live.size, c);
    size_t span = round_sector(HR_MAX(HR_MAX(f->safe.size, f->live.size), f->dirty_hi));
    if (bytes_reserve(&f->safe, span) < 0 || bytes_reserve(&f->live, span) < 0) return;
    size_t first = f->dirty_lo & ~(size_t)(HR_SIM_SECTOR_BYTES - 1);
    for (size_t at = first; at < f->dirty_hi; at += HR_SIM_SECTOR_BYTES)
        crash_sector(f->safe.p + at, f->live.p + at, c);
    f->safe.size = span; /* so that the cut clears all that lies beyond the end */
    bytes_cut(&f->safe, size);
    if (span > 0) memcpy(f->live.p, f->safe.p, span);
    f->live.size = size;
    f->dirty_lo = f->dirty_hi = 0;
}

/* A directory whose own name was lost takes what was in it along. */
static void drop_orphans(hr_sim_disk *d)
{
    size_t before;
    do {
        before = d->safe.n;
        for (uint32_t i = 0; i < d->n_nodes; i++)
            d->node[i].is_marked = i == HR_SIM_ROOT;
        for (size_t i = 0; i < d->safe.n; i++)
            d->node[d->safe.at[i].node].is_marked = true;
        for (size_t i = d->safe.n; i > 0; i--)
            if (!d->node[d->safe.at[i - 1].dir].is_marked) names_drop(&d->safe, &d->safe.at[i - 1]);
    } while (d->safe.n < before);
}

static void crash(hr_sim_disk *d, dice *c)
{
    for (uint32_t i = 0; i < d->n_nodes; i++)
        if (d->node[i].ino != 0 && !d->node[i].is_dir) crash_file(&d->node[i], c);
    if (!c->is_spelt) c->keep_percent = draw_keep_percent(&c->rng);
    for (size_t i = 0; i < d->n_ops; i++)
        if (keeps(c)) HR_ASSERT(apply(&d->safe, &d->op[i]) == 0);
    d->n_ops = 0;
    drop_orphans(d);
    HR_ASSERT(names_reserve(&d->live, d->safe.n) == 0);
    if (d->safe.n > 0) memcpy(d->live.at, d->safe.at, d->safe.n * sizeof *d->safe.at);
    d->live.n = d->safe.n;
    for (uint32_t i = 0; i < d->n_nodes; i++)
        d->node[i].n_links = i == HR_SIM_ROOT;
    for (size_t i = 0; i < d->live.n; i++) {
        hr_sim_node *n = &d->node[d->live.at[i].node];
        n->n_links++;
        n->parent = d->live.at[i].dir;
    }
    collect(d);
}

void hr_sim_disk_crash(hr_sim_disk *d, uint64_t seed)
{
    dice c = {.rng = seed};
    c.keep_percent = draw_keep_percent(&c.rng);
    c.can_tear = chance(&c.rng, 50);
    crash(d, &c);
}

uint32_t hr_sim_disk_crash_to(hr_sim_disk *d, uint64_t mask)
{
    dice c = {.is_spelt = true, .mask = mask};
    crash(d, &c);
    return c.n_units;
}

/* ---- copies ---- */

static int bytes_copy(hr_sim_bytes *to, const hr_sim_bytes *from)
{
    int rc = bytes_reserve(to, from->size);
    if (rc < 0) return rc;
    if (from->size > 0) memcpy(to->p, from->p, from->size);
    if (to->size > from->size) memset(to->p + from->size, 0, to->size - from->size);
    to->size = from->size;
    return 0;
}

static int names_copy(hr_sim_names *to, const hr_sim_names *from)
{
    int rc = names_reserve(to, from->n);
    if (rc < 0) return rc;
    if (from->n > 0) memcpy(to->at, from->at, from->n * sizeof *from->at);
    to->n = from->n;
    return 0;
}

static int node_copy(hr_sim_node *to, const hr_sim_node *from)
{
    hr_sim_bytes live = to->live;
    hr_sim_bytes safe = to->safe;
    int rc = bytes_copy(&live, &from->live);
    if (rc == 0) rc = bytes_copy(&safe, &from->safe);
    *to = *from;
    to->live = live; /* its own memory, kept from copy to copy */
    to->safe = safe;
    to->n_open = 0;
    to->lock_fd = -1;
    return rc;
}

int hr_sim_disk_copy(hr_sim_disk *to, const hr_sim_disk *from)
{
    int rc = names_copy(&to->live, &from->live);
    if (rc == 0) rc = names_copy(&to->safe, &from->safe);
    void *op = to->op;
    if (rc == 0) rc = grow(&op, &to->cap_ops, from->n_ops, sizeof *to->op);
    to->op = op;
    for (uint32_t i = 0; i < from->n_nodes && rc == 0; i++)
        rc = node_copy(&to->node[i], &from->node[i]);
    if (rc < 0) return rc;
    if (from->n_ops > 0) memcpy(to->op, from->op, from->n_ops * sizeof *from->op);
    for (uint32_t i = from->n_nodes; i < to->n_nodes; i++)
        node_free(&to->node[i]);
    to->n_ops = from->n_ops;
    to->n_nodes = from->n_nodes;
    to->next_ino = from->next_ino;
    to->capacity_bytes = from->capacity_bytes;
    return 0;
}

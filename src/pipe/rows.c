/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe/rows.h"

#include <fcntl.h>
#include <string.h>

#include "base/assert.h"
#include "base/sys.h"
#include "pipe/rows_pack.h"
#include "pipe/tables.h"

hr_row_pack hr_row_pack_of(hr_kind kind)
{
    return kind == HR_KIND_DELTAS  ? HR_PACK_RUNS
           : kind == HR_KIND_BOOKS ? HR_PACK_CHANGES
                                   : HR_PACK_COLUMNS;
}

/* Each column may lose up to 63 bytes to alignment. */
static hr_status lay_columns(hr_row_layout *l, hr_err *err)
{
    uint32_t n = l->schema->n_fields;
    size_t row_bytes = hr_schema_row_bytes(l->schema);
    size_t lost = sizeof(hr_row_block) + 64u * (n + 1);
    size_t at = hr_round_up(sizeof(hr_row_block), 64);
    if (l->block_bytes < lost + row_bytes)
        return HR_FAIL(err, HR_EBUDGET,
                       "a row of '%s' does not fit a block of %u bytes: raise"
                       " engine.memory or lower book.depth",
                       l->schema->name, l->block_bytes);
    l->cap_rows = (uint32_t)((l->block_bytes - lost) / row_bytes);
    for (uint32_t i = 0; i < n; i++) {
        l->offset[i] = (uint32_t)at;
        at = hr_round_up(at + (size_t)l->width[i] * l->cap_rows, 64);
    }
    HR_ASSERT(at <= l->block_bytes);
    return HR_OK;
}

hr_status hr_row_layout_init(hr_row_layout *l, const hr_schema *schema, hr_row_pack pack,
                             uint32_t block_bytes, hr_arena *arena, hr_err *err)
{
    uint32_t n = schema->n_fields;
    *l = (hr_row_layout){.schema = schema, .pack = pack, .block_bytes = block_bytes};
    l->offset = hr_arena_alloc(arena, n * sizeof *l->offset, 64);
    l->width = hr_arena_alloc(arena, n, 64);
    if (l->offset == NULL || l->width == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for the row layout of '%s'", schema->name);
    for (uint32_t i = 0; i < n; i++)
        l->width[i] = (uint8_t)hr_col_width(schema->fields[i].type);
    HR_TRY(lay_columns(l, err));
    if (pack == HR_PACK_COLUMNS) return HR_OK;
    l->n_packed = pack == HR_PACK_CHANGES ? n - HR_BOOK_LEVEL0 : 0;
    l->row_bytes = hr_packed_row_bytes(pack, l->n_packed);
    l->offset[0] = (uint32_t)hr_round_up(sizeof(hr_row_block), 64);
    l->cap_rows = (block_bytes - l->offset[0]) / l->row_bytes;
    if (l->cap_rows == 0)
        return HR_FAIL(err, HR_EBUDGET,
                       "a row of '%s' does not fit a block of %u bytes: raise engine.memory",
                       schema->name, block_bytes);
    return HR_OK;
}

void hr_rows_init(hr_rows *r, hr_pool *blocks, const char *spill_dir, char *io, uint32_t io_blocks)
{
    *r = (hr_rows){.blocks = blocks, .spill_dir = spill_dir, .io = io, .io_blocks = io_blocks};
    r->spilled[0].fd = r->spilled[1].fd = -1;
    r->spill = &r->spilled[0];
}

void hr_rows_fini(hr_rows *r)
{
    while (r->stash != NULL) {
        hr_row_block *b = r->stash;
        r->stash = b->next;
        hr_pool_put(r->blocks, b);
    }
    r->n_stash = 0;
    for (int i = 0; i < 2; i++) {
        if (r->spilled[i].fd >= 0) (void)hr_sys_close(r->spilled[i].fd);
        r->spilled[i].fd = -1;
    }
}

void hr_rows_turn(hr_rows *r, uint32_t epoch)
{
    r->spill = &r->spilled[epoch % 2];
    HR_ASSERT(r->spill->end == 0);
}

void hr_rows_reset_spill(hr_rows *r, uint32_t epoch)
{
    hr_row_spill *s = &r->spilled[epoch % 2];
    if (s->fd < 0 || s->end == 0) return;
    (void)hr_sys_truncate(s->fd, 0);
    s->end = 0;
}

hr_status hr_rows_reserve(hr_rows *r, uint32_t n)
{
    while (r->n_stash < n) {
        hr_row_block *b = hr_pool_get(r->blocks);
        if (b == NULL) return HR_AGAIN;
        b->next = r->stash;
        r->stash = b;
        r->n_stash++;
    }
    return HR_OK;
}

/* The file has no name: a kill leaves nothing behind. */
static hr_status spill_open(hr_rows *r, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    char path[2048];
    size_t n = strlen(r->spill_dir);
    if (n + 8 > sizeof path) return HR_FAIL(err, HR_ELIMIT, "path too long: '%s'", r->spill_dir);
    memcpy(path, r->spill_dir, n);
    memcpy(path + n, "/.spill", 8);
    int fd = sys->open(sys->self, AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd == -17 /* EEXIST: left by a killed run, or another shard between create and unlink */) {
        (void)sys->unlink(sys->self, AT_FDCWD, path, false);
        fd = sys->open(sys->self, AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    }
    if (fd < 0) return HR_FAIL_SYS(err, fd, "cannot create spill file '%s'", path);
    r->spill->fd = fd;
    int rc = sys->unlink(sys->self, AT_FDCWD, path, false);
    if (rc < 0 && rc != -2) return HR_FAIL_SYS(err, rc, "cannot unlink spill file '%s'", path);
    return HR_OK;
}

/* Up to io_blocks blocks in one write; then they are free. */
static hr_status spill_some(hr_rows *r, const hr_row_layout *l, hr_row_chain *c,
                            const hr_row_block *stop, hr_err *err)
{
    uint32_t n = 0;
    c->first->before_offset = c->spill_offset;
    c->first->before_blocks = c->spill_blocks;
    for (hr_row_block *b = c->first; b != stop && n < r->io_blocks; b = b->next)
        memcpy(r->io + (size_t)n++ * l->block_bytes, b, l->block_bytes);
    int64_t w = hr_sys_pwrite_full(r->spill->fd, r->io, (size_t)n * l->block_bytes, r->spill->end);
    if (w < 0) return HR_FAIL_SYS(err, w, "cannot write spill file in '%s'", r->spill_dir);
    c->spill_offset = r->spill->end;
    c->spill_blocks = n;
    r->spill->end += (int64_t)n * l->block_bytes;
    r->n_spilled_blocks += n;
    for (; n > 0; n--) {
        hr_row_block *b = c->first;
        c->n_spilled += b->n_rows;
        c->first = b->next;
        if (c->first == NULL) c->last = NULL;
        hr_pool_put(r->blocks, b);
    }
    return HR_OK;
}

hr_status hr_rows_spill(hr_rows *r, const hr_row_layout *l, hr_row_chain *c, bool whole,
                        hr_err *err)
{
    const hr_row_block *stop = whole ? NULL : c->last;
    if (c->first == stop) return HR_OK;
    if (r->spill->fd < 0) HR_TRY(spill_open(r, err));
    while (c->first != stop)
        HR_TRY(spill_some(r, l, c, stop, err));
    return HR_OK;
}

static const hr_row_block *block_at(const char *blocks, const hr_row_layout *l, uint32_t i)
{
    return (const hr_row_block *)(const void *)(blocks + (size_t)i * l->block_bytes);
}

static hr_status damaged(const hr_row_layout *l, hr_err *err)
{
    return HR_FAIL(err, HR_ECORRUPT, "the spill file of '%s' changed under us", l->schema->name);
}

/* The group's rows end at *at; it becomes where they begin. */
static hr_status unpack_group(const hr_row_layout *l, const char *blocks, uint32_t n, char *out,
                              const size_t *col_offset, uint64_t *at, hr_err *err)
{
    uint64_t rows = 0;
    for (uint32_t i = 0; i < n; i++)
        rows += block_at(blocks, l, i)->n_rows;
    if (rows > *at) return damaged(l, err);
    *at -= rows;
    uint64_t row = *at;
    for (uint32_t i = 0; i < n; i++) {
        const hr_row_block *b = block_at(blocks, l, i);
        if (!hr_unpack(b, l, out, col_offset, row)) return damaged(l, err);
        row += b->n_rows;
    }
    return HR_OK;
}

/* From the last group to the first. */
static hr_status gather_spilled(const hr_row_chain *c, const hr_row_layout *l, int spill_fd,
                                char *out, const size_t *col_offset, void *scratch,
                                uint32_t n_scratch, hr_err *err)
{
    uint64_t at = c->n_spilled;
    int64_t offset = c->spill_offset;
    uint32_t n = c->spill_blocks;
    while (n > 0) {
        if (n > n_scratch) return damaged(l, err);
        size_t bytes = (size_t)n * l->block_bytes;
        int64_t got = hr_sys_pread_full(spill_fd, scratch, bytes, offset);
        if (got < 0) return HR_FAIL_SYS(err, got, "cannot read the spill file");
        if ((size_t)got != bytes)
            return HR_FAIL(err, HR_ECORRUPT, "the spill file ends at %lld", (long long)offset);
        HR_TRY(unpack_group(l, scratch, n, out, col_offset, &at, err));
        const hr_row_block *first = scratch;
        if (first->before_blocks > 0 && first->before_offset >= offset) return damaged(l, err);
        offset = first->before_offset;
        n = first->before_blocks;
    }
    return at == 0 ? HR_OK : damaged(l, err);
}

hr_status hr_chain_gather(const hr_row_chain *c, const hr_row_layout *l, int spill_fd, char *out,
                          const size_t *col_offset, void *scratch, uint32_t n_scratch, hr_err *err)
{
    uint64_t at = c->n_spilled;
    HR_TRY(gather_spilled(c, l, spill_fd, out, col_offset, scratch, n_scratch, err));
    for (hr_row_block *b = c->first; b != NULL; b = b->next) {
        if (!hr_unpack(b, l, out, col_offset, at))
            return HR_FAIL(err, HR_EINTERNAL, "a row block of '%s' is not as it was written",
                           l->schema->name);
        at += b->n_rows;
    }
    HR_ASSERT(at == c->n_rows);
    return HR_OK;
}

void hr_chain_free(hr_row_chain *c, hr_pool *blocks)
{
    while (c->first != NULL) {
        hr_row_block *b = c->first;
        c->first = b->next;
        hr_pool_put(blocks, b);
    }
    *c = (hr_row_chain){0};
}

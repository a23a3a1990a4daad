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

void hr_rows_init(hr_rows *r, hr_pool *blocks, hr_pool *extents, const char *spill_dir, char *io,
                  uint32_t io_blocks)
{
    *r = (hr_rows){.blocks = blocks,
                   .extents = extents,
                   .spill_fd = -1,
                   .spill_dir = spill_dir,
                   .io = io,
                   .io_blocks = io_blocks};
}

void hr_rows_fini(hr_rows *r)
{
    while (r->stash != NULL) {
        hr_row_block *b = r->stash;
        r->stash = b->next;
        hr_pool_put(r->blocks, b);
    }
    r->n_stash = 0;
    if (r->spill_fd >= 0) (void)hr_sys_close(r->spill_fd);
    r->spill_fd = -1;
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
    r->spill_fd = fd;
    int rc = sys->unlink(sys->self, AT_FDCWD, path, false);
    if (rc < 0 && rc != -2) return HR_FAIL_SYS(err, rc, "cannot unlink spill file '%s'", path);
    return HR_OK;
}

/* Up to io_blocks blocks in one write; then they are free. */
static hr_status spill_some(hr_rows *r, const hr_row_layout *l, hr_row_chain *c, hr_spill_extent *x,
                            const hr_row_block *stop, hr_err *err)
{
    uint32_t n = 0;
    for (hr_row_block *b = c->first; b != stop && n < r->io_blocks; b = b->next)
        memcpy(r->io + (size_t)n++ * l->block_bytes, b, l->block_bytes);
    int64_t w = hr_sys_pwrite_full(r->spill_fd, r->io, (size_t)n * l->block_bytes, r->spill_end);
    if (w < 0) return HR_FAIL_SYS(err, w, "cannot write spill file in '%s'", r->spill_dir);
    r->spill_end += (int64_t)n * l->block_bytes;
    r->n_spilled_blocks += n;
    x->n_blocks += n;
    for (; n > 0; n--) {
        hr_row_block *b = c->first;
        x->n_rows += b->n_rows;
        c->first = b->next;
        if (c->first == NULL) c->last = NULL;
        hr_pool_put(r->blocks, b);
    }
    return HR_OK;
}

hr_status hr_rows_spill(hr_rows *r, const hr_row_layout *l, hr_row_chain *c, bool whole,
                        hr_err *err)
{
    hr_row_block *stop = whole ? NULL : c->last;
    if (c->first == stop) return HR_OK;
    if (r->spill_fd < 0) HR_TRY(spill_open(r, err));
    hr_spill_extent *x = c->spill_last;
    if (x == NULL || x->offset + (int64_t)x->n_blocks * l->block_bytes != r->spill_end) {
        x = hr_pool_get(r->extents);
        if (x == NULL) return HR_FAIL(err, HR_EBUDGET, "spill index is full: raise engine.memory");
        *x = (hr_spill_extent){.offset = r->spill_end};
        if (c->spill_last != NULL)
            c->spill_last->next = x;
        else
            c->spill_first = x;
        c->spill_last = x;
    }
    while (c->first != stop)
        HR_TRY(spill_some(r, l, c, x, stop, err));
    return HR_OK;
}

/* The next rows of a spilled stretch; n_rows counts up to the chain's. */
static hr_status unpack_some(const hr_row_chain *c, const hr_row_layout *l, const char *blocks,
                             uint32_t n, char *out, const size_t *col_offset, uint64_t *at,
                             hr_err *err)
{
    for (uint32_t i = 0; i < n; i++) {
        const hr_row_block *b =
            (const hr_row_block *)(const void *)(blocks + (size_t)i * l->block_bytes);
        if (*at + b->n_rows > c->n_rows || !hr_unpack(b, l, out, col_offset, *at))
            return HR_FAIL(err, HR_ECORRUPT, "the spill file of '%s' changed under us",
                           l->schema->name);
        *at += b->n_rows;
    }
    return HR_OK;
}

hr_status hr_chain_gather(const hr_row_chain *c, const hr_row_layout *l, int spill_fd, char *out,
                          const size_t *col_offset, void *scratch, uint32_t n_scratch, hr_err *err)
{
    uint64_t at = 0;
    for (const hr_spill_extent *x = c->spill_first; x != NULL; x = x->next) {
        for (uint32_t i = 0; i < x->n_blocks;) {
            uint32_t k = HR_MIN(n_scratch, x->n_blocks - i);
            size_t bytes = (size_t)k * l->block_bytes;
            int64_t offset = x->offset + (int64_t)i * l->block_bytes;
            int64_t n = hr_sys_pread_full(spill_fd, scratch, bytes, offset);
            if (n < 0) return HR_FAIL_SYS(err, n, "cannot read the spill file");
            if ((size_t)n != bytes)
                return HR_FAIL(err, HR_ECORRUPT, "the spill file ends at %lld", (long long)offset);
            HR_TRY(unpack_some(c, l, scratch, k, out, col_offset, &at, err));
            i += k;
        }
    }
    for (hr_row_block *b = c->first; b != NULL; b = b->next) {
        if (!hr_unpack(b, l, out, col_offset, at))
            return HR_FAIL(err, HR_EINTERNAL, "a row block of '%s' is not as it was written",
                           l->schema->name);
        at += b->n_rows;
    }
    HR_ASSERT(at == c->n_rows);
    return HR_OK;
}

void hr_chain_free(hr_row_chain *c, hr_pool *blocks, hr_pool *extents)
{
    while (c->first != NULL) {
        hr_row_block *b = c->first;
        c->first = b->next;
        hr_pool_put(blocks, b);
    }
    while (c->spill_first != NULL) {
        hr_spill_extent *x = c->spill_first;
        c->spill_first = x->next;
        hr_pool_put(extents, x);
    }
    *c = (hr_row_chain){0};
}

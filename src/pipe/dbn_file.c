/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe/dbn_file.h"

#include <fcntl.h>
#include <string.h>

#include "base/sys.h"

#define BUF_BYTES ((size_t)256 << 10) /* stays in the second cache, with the records' places */
#define HEAD_BYTES 65536u
#define LOOK_BYTES 2048u
#define LIVE_MAX 65536u /* instruments that mapping records may name */
#define IDLE_NS 20000

/* ---- what it is ---- */

/* Damage is told by whoever reads the file: here it ends what can be looked at. */
static hr_status look_inside(hr_dbn_kind *out, const uint8_t *head, size_t n, hr_err *err)
{
    uint8_t text[LOOK_BYTES];
    uint8_t *to = text;
    size_t left = sizeof text;
    hr_arena *arena = NULL;
    hr_inflate *z = NULL;
    hr_container c = hr_container_sniff(head, n);
    size_t window = hr_inflate_window(head, n, 0);
    HR_TRY(hr_arena_create(&arena, NULL, hr_inflate_bytes(c, window) + 4096, "look", err));
    hr_status st = hr_inflate_create(&z, arena, c, window, err);
    hr_err damage = HR_ERR_INIT;
    while (st == HR_OK && hr_inflate_step(z, &head, &n, &to, &left, &damage) == HR_OK) {
    }
    if (st == HR_OK) *out = hr_dbn_is(text, sizeof text - left);
    hr_arena_destroy(&arena);
    return st;
}

static hr_status look(hr_dbn_kind *out, const char *path, int fd, uint8_t *head, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_sys_stat info;
    int rc = sys->fstat(sys->self, fd, &info);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot stat '%s'", path);
    if (!info.is_file) return HR_OK;
    int64_t n = hr_sys_pread_full(fd, head, HEAD_BYTES, 0);
    if (n < 0) return HR_FAIL_SYS(err, n, "cannot read '%s'", path);
    if (hr_container_sniff(head, (size_t)n) != HR_CONTAINER_PLAIN)
        return look_inside(out, head, (size_t)n, err);
    *out = hr_dbn_is(head, (size_t)n);
    return HR_OK;
}

hr_status hr_dbn_file_probe(hr_dbn_kind *out, const char *path, hr_err *err)
{
    hr_arena *arena = NULL;
    *out = HR_DBN_NOT;
    if (strcmp(path, "-") == 0) return HR_OK;
    HR_TRY(hr_arena_create(&arena, NULL, HEAD_BYTES + 4096, "head", err));
    uint8_t *head = hr_arena_alloc(arena, HEAD_BYTES, 64);
    int fd = hr_sys_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    hr_status st = fd < 0         ? HR_FAIL_SYS(err, fd, "cannot open '%s'", path)
                   : head == NULL ? HR_FAIL(err, HR_ENOMEM, "no memory to read '%s'", path)
                                  : look(out, path, fd, head, err);
    if (fd >= 0) (void)hr_sys_close(fd);
    hr_arena_destroy(&arena);
    return st;
}

/* ---- bytes ---- */

static hr_status take_block(hr_dbn_file *f, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    const char *block;
    hr_status st;
    while ((st = hr_reader_take(&f->reader, &block, &f->n_in, err)) == HR_AGAIN)
        sys->sleep_ns(sys->self, IDLE_NS); /* a read is in flight */
    if (st != HR_OK) return st;
    f->in = (const uint8_t *)block;
    f->has_block = true;
    return HR_OK;
}

/* Straight into the buffer: a copy less than through the reader's blocks. */
static hr_status fill_plain(hr_dbn_file *f, hr_err *err)
{
    int64_t left = f->size_bytes - f->n_read;
    size_t want = (size_t)HR_MIN((int64_t)(f->cap - f->len), left);
    int64_t n = hr_sys_pread_full(f->reader.fd, f->buf + f->len, want, f->n_read);
    if (n < 0) return HR_FAIL_SYS(err, n, "cannot read at offset %lld", (long long)f->n_read);
    f->n_read += n;
    f->len += (size_t)n;
    if ((size_t)n < want)
        return HR_FAIL(err, HR_EIO, "file became shorter while it was read: %lld of %lld bytes",
                       (long long)f->n_read, (long long)f->size_bytes);
    f->at_eof = f->n_read == f->size_bytes;
    return HR_OK;
}

static hr_status fill_inflated(hr_dbn_file *f, hr_err *err)
{
    while (f->len < f->cap && !f->at_eof) {
        if (!f->has_block) {
            hr_status st = take_block(f, err);
            f->at_eof = st == HR_END;
            if (st == HR_END) return hr_inflate_finish(f->inflate, err);
            if (st != HR_OK) return st;
            f->n_read += (int64_t)f->n_in;
        }
        uint8_t *to = f->buf + f->len;
        size_t left = f->cap - f->len;
        hr_status st = HR_OK;
        while (left > 0 &&
               (st = hr_inflate_step(f->inflate, &f->in, &f->n_in, &to, &left, err)) == HR_OK) {
        }
        if (st < 0) return st;
        f->len = f->cap - left;
        if (f->n_in == 0 && left > 0) { /* a full buffer may still hide bytes in the decoder */
            hr_reader_give(&f->reader);
            f->has_block = false;
        }
    }
    return HR_OK;
}

/* Moves what is not taken to the front and fills the rest. */
static hr_status fill(hr_dbn_file *f, hr_err *err)
{
    memmove(f->buf, f->buf + f->pos, f->len - f->pos);
    f->offset += (int64_t)f->pos;
    f->len -= f->pos;
    f->pos = 0;
    return f->inflate != NULL ? fill_inflated(f, err) : fill_plain(f, err);
}

/* ---- opening ---- */

static hr_status read_meta(hr_dbn_file *f, hr_err *err)
{
    size_t n = 0;
    hr_status st = hr_dbn_prelude(&n, f->buf, f->len, err);
    if (st == HR_AGAIN) return HR_FAIL(err, HR_EINPUT, "DBN header: it is cut short");
    if (st != HR_OK) return st;
    if (n > HR_DBN_META_MAX)
        return HR_FAIL(err, HR_ELIMIT, "DBN metadata of %zu bytes: at most %zu are read", n,
                       HR_DBN_META_MAX);
    HR_TRY(hr_arena_create(&f->meta_arena, f->budget, n + 4096, "DBN metadata", err));
    uint8_t *meta = hr_arena_alloc(f->meta_arena, n, 64);
    if (meta == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for DBN metadata");
    for (size_t got = 0; got < n;) {
        size_t k = HR_MIN(f->len - f->pos, n - got);
        memcpy(meta + got, f->buf + f->pos, k);
        f->pos += k;
        got += k;
        if (got == n) break;
        if (f->at_eof)
            return HR_FAIL(err, HR_EINPUT, "DBN metadata: %zu of %zu bytes are there", got, n);
        HR_TRY(fill(f, err));
    }
    f->header = meta;
    f->n_header = n;
    return hr_dbn_meta_parse(&f->meta, meta, n, err);
}

static hr_status open_dir(hr_dbn_file *f, hr_err *err)
{
    const hr_dbn_meta *m = f->kind == HR_DBN_FILE ? &f->meta : NULL;
    size_t n = hr_dbn_dir_bytes(m, LIVE_MAX);
    HR_TRY(hr_arena_create(&f->dir_arena, f->budget, n, "DBN symbols", err));
    return hr_dbn_dir_create(&f->dir, f->dir_arena, m, LIVE_MAX, err);
}

static hr_status carve(hr_dbn_file *f, size_t window, hr_err *err)
{
    size_t n = hr_reader_bytes() + hr_inflate_bytes(f->container, window) + BUF_BYTES +
               HR_DBN_FILE_RECS * sizeof(hr_dbn_rec) + (64u << 10);
    HR_TRY(hr_arena_create(&f->arena, f->budget, n, f->path, err));
    f->cap = BUF_BYTES;
    f->buf = hr_arena_alloc(f->arena, BUF_BYTES, 64);
    f->found = hr_arena_alloc(f->arena, HR_DBN_FILE_RECS * sizeof *f->found, 64);
    if (f->buf == NULL || f->found == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory to read '%s'", f->path);
    return f->container != HR_CONTAINER_PLAIN
               ? hr_inflate_create(&f->inflate, f->arena, f->container, window, err)
               : HR_OK;
}

static hr_status open_file(hr_dbn_file *f, hr_err *err)
{
    uint8_t magic[HR_INFLATE_HEAD] = {0};
    int fd = hr_sys_open(AT_FDCWD, f->path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return HR_FAIL_SYS(err, fd, "cannot open");
    int64_t n = hr_sys_pread_full(fd, magic, sizeof magic, 0);
    (void)hr_sys_close(fd);
    if (n < 0) return HR_FAIL_SYS(err, n, "cannot read");
    if (hr_dbn_is(magic, (size_t)n) == HR_DBN_OLD)
        return HR_FAIL(err, HR_EUNSUPPORTED,
                       ".dbz is the format before DBN: the venue's tools rewrite it as .dbn.zst");
    f->container = hr_container_sniff(magic, (size_t)n);
    size_t room = f->budget != NULL ? f->budget->cap_bytes / 8 : 0;
    HR_TRY(carve(f, hr_inflate_window(magic, (size_t)n, room), err));
    HR_TRY(hr_reader_open(&f->reader, f->path, f->arena, err));
    f->size_bytes = f->reader.size_bytes;
    HR_TRY(fill(f, err));
    f->kind = hr_dbn_is(f->buf, f->len);
    if (f->kind == HR_DBN_NOT) return HR_FAIL(err, HR_EINPUT, "no DBN: neither header nor records");
    if (f->kind != HR_DBN_FRAGMENT) HR_TRY(read_meta(f, err));
    return open_dir(f, err);
}

hr_status hr_dbn_file_open(hr_dbn_file *f, const char *path, hr_budget *budget, hr_err *err)
{
    *f = (hr_dbn_file){.path = path, .budget = budget, .reader.fd = -1, .first_ns = UINT64_MAX};
    hr_status st = open_file(f, err);
    if (st != HR_OK) hr_err_prefix(err, "'%s'", path);
    return st;
}

void hr_dbn_file_close(hr_dbn_file *f)
{
    hr_reader_close(&f->reader);
    hr_arena_destroy(&f->dir_arena);
    hr_arena_destroy(&f->meta_arena);
    hr_arena_destroy(&f->arena);
}

/* ---- records ---- */

static hr_status damage(hr_dbn_file *f, hr_err *err)
{
    static const char *const text[HR_DBN_REASON_COUNT] = {
        [HR_DBN_LENGTH] = "a record's length is below the 16 bytes of its head",
        [HR_DBN_AGAIN] = "another DBN header: one file after another is not read",
        [HR_DBN_TRUNCATED] = "the file ends inside a record",
    };
    int64_t at = f->p_offset + (int64_t)f->step.offset;
    (void)HR_FAIL(err, HR_EINPUT, "'%s': %s, at offset %lld of the decompressed bytes", f->path,
                  text[f->step.reason] != NULL ? text[f->step.reason] : "damage", (long long)at);
    (void)hr_err_at(err, at, -1, -1);
    return HR_EINPUT;
}

static bool is_mapping(const hr_dbn_rec *r)
{
    return r->layout == HR_DBN_MAPPING_1 || r->layout == HR_DBN_MAPPING_2;
}

/* The next of the records that were found: a mapping ends them, since it counts for what follows.
 */
static void give(hr_dbn_file *f)
{
    uint32_t i = f->n_begun;
    while (i < f->n_found) {
        const hr_dbn_rec *r = &f->found[i++];
        f->n_of[r->rtype]++;
        if (is_mapping(r)) break;
        if (r->layout == HR_DBN_NO_LAYOUT) continue;
        uint64_t ts = hr_dbn_time(f->p + r->at, r->layout);
        if (ts == UINT64_MAX) continue;
        f->first_ns = HR_MIN(f->first_ns, ts);
        f->last_ns = HR_MAX(f->last_ns, ts);
    }
    f->recs = f->found + f->n_begun;
    f->n_recs = i - f->n_begun;
    f->n_records += f->n_recs;
}

static void pass_over(hr_dbn_file *f)
{
    f->pos += f->step.n_taken;
    f->step = (hr_dbn_step){0};
    f->walked = HR_OK;
}

static void give_bad(hr_dbn_file *f)
{
    f->bad = f->p + f->step.offset;
    f->n_bad = (uint32_t)(f->step.n_taken - f->step.offset);
    f->bad_offset = f->p_offset + (int64_t)f->step.offset;
    f->n_short++;
    pass_over(f);
}

static hr_status walk(hr_dbn_file *f, hr_err *err)
{
    for (;;) {
        if (f->walked == HR_EINPUT && f->step.reason != HR_DBN_SHORT) return damage(f, err);
        if (f->walked == HR_EINPUT) {
            give_bad(f);
            return HR_OK;
        }
        pass_over(f);
        f->p = f->buf + f->pos;
        f->p_offset = f->offset + (int64_t)f->pos;
        f->walked =
            hr_dbn_walk(&f->step, f->found, HR_DBN_FILE_RECS, f->p, f->len - f->pos, f->at_eof);
        f->n_found = f->step.n_recs;
        f->n_unknown += f->step.n_unknown;
        if (f->n_found > 0) return HR_OK;
        if (f->walked == HR_EINPUT) continue;
        if (f->at_eof) return HR_END;
        pass_over(f);
        hr_status st = fill(f, err);
        if (st != HR_OK) {
            hr_err_prefix(err, "'%s'", f->path);
            return st;
        }
    }
}

hr_status hr_dbn_file_next(hr_dbn_file *f, hr_err *err)
{
    if (f->n_recs > 0 && is_mapping(&f->recs[f->n_recs - 1]))
        f->n_unnamed += !hr_dbn_dir_note(f->dir, f->p + f->recs[f->n_recs - 1].at);
    f->n_begun += f->n_recs;
    f->n_recs = 0;
    f->bad = NULL;
    if (f->n_begun == f->n_found) {
        f->n_begun = f->n_found = 0;
        HR_TRY(walk(f, err));
    }
    give(f);
    return HR_OK;
}

size_t hr_dbn_file_symbol(const hr_dbn_file *f, const hr_dbn_rec *rec, const char **out)
{
    uint32_t instrument;
    const uint8_t *p = f->p + rec->at;
    memcpy(&instrument, p + 4, sizeof instrument);
    return hr_dbn_dir_find(f->dir, instrument, hr_dbn_time(p, rec->layout), out);
}

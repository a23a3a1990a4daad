/* SPDX-License-Identifier: Apache-2.0 */
/* Where a file's messages lie.
 *
 *   file     "ARROW1", 2 bytes of padding, a stream, footer, i32 its bytes, "ARROW1"
 *   stream   messages; the first is the schema; ends where the file does, or with a length of 0
 *   message  u32 0xffffffff (not before 0.15), i32 length, metadata of that length, body */
#include "fmt/ipc_read.h"

#include <string.h>

#include "fmt/ipc_file.h"

#define HEAD_BYTES 8 /* the magic and its padding */
#define TAIL_BYTES 10
#define MESSAGES_MAX (1u << 20) /* batches, and dictionaries, of a file */
#define FIRST_META_MAX (1u << 20)

hr_ipc_kind hr_ipc_sniff(const void *head, size_t n_bytes)
{
    const uint8_t *p = head;
    if (n_bytes >= 8 && memcmp(p, HR_IPC_MAGIC "\0\0", 8) == 0) return HR_IPC_FILE;
    if (n_bytes >= 8 && memcmp(p, HR_IPC_MAGIC_V1, 4) == 0) return HR_IPC_FILE;
    if (n_bytes < HR_IPC_SNIFF_BYTES) return HR_IPC_NOT;
    bool is_new = hr_fb_le32(p) == HR_IPC_CONTINUES;
    uint32_t n = hr_fb_le32(p + (is_new ? 4 : 0));
    uint32_t root = hr_fb_le32(p + (is_new ? 8 : 4));
    bool is_meta = n >= 16 && n <= FIRST_META_MAX && root >= 4 && root <= n - 4;
    /* Without the mark the length must be what writers pad it to, for want of other signs. */
    return is_meta && (is_new || ((n + 4) % 8 == 0 && root <= 64)) ? HR_IPC_STREAM : HR_IPC_NOT;
}

/* ---- bytes ---- */

static hr_status read_whole(const ipc_file *f, void *to, size_t n, int64_t at, const char *what,
                            hr_err *err)
{
    int64_t got = f->base.read_at(f->base.self, to, n, at);
    if (got < 0) return HR_FAIL_SYS(err, got, "cannot read %s at offset %lld", what, (long long)at);
    return (size_t)got == n
               ? HR_OK
               : HR_FAIL(err, HR_ECORRUPT, "cut short in %s at offset %lld", what, (long long)at);
}

static hr_status meta_room(ipc_file *f, uint32_t n, hr_arena *arena, hr_err *err)
{
    if (n <= f->meta_cap) return HR_OK;
    f->meta_at = -1;
    f->meta_cap = 0;
    uint32_t cap = HR_MAX(n, 4096u) * 2;
    f->meta = hr_arena_alloc(arena, cap, 8);
    if (f->meta == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for a message of %u bytes: raise engine.memory",
                       n);
    f->meta_cap = cap;
    return HR_OK;
}

/* The length before a message's metadata. HR_END: the stream ends here. */
static hr_status read_length(const ipc_file *f, int64_t at, int64_t end, ipc_block *k, hr_err *err)
{
    uint8_t head[8] = {0};
    size_t n = (size_t)HR_MIN(end - at, (int64_t)sizeof head);
    if (n == 0) return HR_END;
    if (n < 4) return HR_FAIL(err, HR_ECORRUPT, "cut short at offset %lld", (long long)at);
    HR_TRY(read_whole(f, head, n, at, "a message", err));
    bool is_new = hr_fb_le32(head) == HR_IPC_CONTINUES;
    if (is_new && n < 8)
        return HR_FAIL(err, HR_ECORRUPT, "cut short at offset %lld", (long long)at);
    k->meta_bytes = hr_fb_le32(head + (is_new ? 4 : 0));
    k->at = at + (is_new ? 8 : 4);
    if (k->meta_bytes == 0) return HR_END;
    if (k->meta_bytes > f->base.limits.footer_bytes || k->meta_bytes > end - k->at)
        return HR_FAIL(err, HR_ECORRUPT, "metadata of %u bytes at offset %lld do not fit",
                       k->meta_bytes, (long long)at);
    return HR_OK;
}

hr_status hr_ipc_load(ipc_file *f, const ipc_block *k, hr_err *err)
{
    if (f->meta_at == k->at) return HR_OK;
    f->meta_at = -1;
    HR_TRY(read_whole(f, f->meta, k->meta_bytes, k->at, "metadata", err));
    f->fb = (hr_fb){.p = f->meta, .n = k->meta_bytes};
    hr_status st = hr_ipc_message_read(&f->message, &f->fb, err);
    if (st == HR_OK && f->message.type != IPC_MSG_SCHEMA) {
        hr_fb_table data = f->message.header;
        if (f->message.type == IPC_MSG_DICTIONARY) data = hr_fb_child(&f->fb, &data, IPC_DICT_DATA);
        if (f->message.type > IPC_MSG_BATCH || data.at == 0)
            st = HR_FAIL(err, HR_ECORRUPT, "a message of type %d", f->message.type);
        else
            st = hr_ipc_batch_read(&f->batch, &f->fb, &data, err);
    }
    if (st != HR_OK) {
        hr_err_prefix(err, "message at offset %lld", (long long)k->at);
        return st;
    }
    f->meta_at = k->at;
    return HR_OK;
}

/* ---- what there is ---- */

typedef struct scan {
    ipc_file *f;
    hr_arena *arena;
    int64_t end; /* of the messages */
    uint32_t cap_groups, cap_dicts;
    hr_err *err;
} scan;

/* Twice as many, or NULL. The old ones stay where they are: at most as much again. */
static void *grown(hr_arena *arena, const void *old, uint32_t n, uint32_t cap, size_t each)
{
    void *p = hr_arena_alloc(arena, cap * each, 8);
    if (p != NULL && n > 0) memcpy(p, old, n * each);
    return p;
}

static hr_status no_memory(hr_err *err)
{
    return HR_FAIL(err, HR_EBUDGET, "no memory for a list of batches: raise engine.memory");
}

static hr_status add_batch(scan *s, const ipc_block *k)
{
    hr_pq_file *f = &s->f->base;
    if (f->n_groups == MESSAGES_MAX)
        return HR_FAIL(s->err, HR_ELIMIT, "more than %u record batches", MESSAGES_MAX);
    if (f->n_groups == s->cap_groups) {
        s->cap_groups = HR_MAX(s->cap_groups * 2, 64u);
        f->group_rows =
            grown(s->arena, f->group_rows, f->n_groups, s->cap_groups, sizeof *f->group_rows);
        s->f->blocks =
            grown(s->arena, s->f->blocks, f->n_groups, s->cap_groups, sizeof *s->f->blocks);
        if (f->group_rows == NULL || s->f->blocks == NULL) return no_memory(s->err);
    }
    f->group_rows[f->n_groups] = s->f->batch.n_rows;
    s->f->blocks[f->n_groups++] = *k;
    f->n_rows += s->f->batch.n_rows; /* 2^20 times 2^31 at most */
    return HR_OK;
}

static hr_status add_dict(scan *s, const ipc_block *k)
{
    ipc_file *f = s->f;
    const hr_fb_table *t = &f->message.header;
    if (f->n_dicts == MESSAGES_MAX)
        return HR_FAIL(s->err, HR_ELIMIT, "more than %u dictionaries", MESSAGES_MAX);
    if (f->n_dicts == s->cap_dicts) {
        s->cap_dicts = HR_MAX(s->cap_dicts * 2, 16u);
        f->dicts = grown(s->arena, f->dicts, f->n_dicts, s->cap_dicts, sizeof *f->dicts);
        if (f->dicts == NULL) return no_memory(s->err);
    }
    f->dicts[f->n_dicts++] = (ipc_dict){
        .block = *k,
        .id = hr_fb_int(&f->fb, t, IPC_DICT_ID, 8, 0),
        .before = f->base.n_groups,
        .is_delta = hr_fb_int(&f->fb, t, IPC_DICT_IS_DELTA, 1, 0) != 0,
    };
    return f->fb.is_bad ? HR_FAIL(s->err, HR_ECORRUPT, "a damaged dictionary at offset %lld",
                                  (long long)k->at)
                        : HR_OK;
}

/* A buffer that is stored in more than this holds more than is read. */
static void note_packed(ipc_file *f)
{
    const hr_fb_vector *v = &f->batch.buffers;
    size_t most = hr_codec_bound(HR_PQ_ZSTD, f->base.limits.page_bytes);
    for (uint32_t i = 0; i < v->n; i++) {
        int64_t n = hr_fb_le64(v->p + (size_t)i * IPC_BUFFER_BYTES + 8);
        if (n > (int64_t)f->packed_cap && n <= f->message.body_bytes)
            f->packed_cap = HR_MIN((size_t)n, most);
    }
}

/* The message at this offset, noted. *type: 0 at the end of the stream. */
static hr_status take_message(scan *s, int64_t at, ipc_block *k, int *type)
{
    ipc_file *f = s->f;
    *type = 0;
    hr_status st = read_length(f, at, s->end, k, s->err);
    if (st != HR_OK) return st == HR_END ? HR_OK : st;
    HR_TRY(meta_room(f, k->meta_bytes, s->arena, s->err));
    HR_TRY(hr_ipc_load(f, k, s->err));
    k->body_at = k->at + k->meta_bytes;
    k->body_bytes = f->message.body_bytes;
    *type = f->message.type;
    if (k->body_bytes > s->end - k->body_at)
        return HR_FAIL(s->err, HR_ECORRUPT,
                       "the message at offset %lld is cut short: its body has %lld bytes, the file "
                       "%lld",
                       (long long)at, (long long)k->body_bytes, (long long)(s->end - k->body_at));
    if (*type == IPC_MSG_SCHEMA) return HR_OK;
    if (f->batch.codec != HR_IPC_PLAIN) {
        note_packed(f);
        f->codecs |= HR_CODEC_BIT(f->batch.codec == IPC_ZSTD ? HR_PQ_ZSTD : HR_PQ_LZ4_HADOOP);
    }
    return *type == IPC_MSG_BATCH ? add_batch(s, k) : add_dict(s, k);
}

static hr_status take_schema(scan *s, hr_fb *b, const hr_fb_table *t, int version)
{
    ipc_file *f = s->f;
    HR_TRY(hr_ipc_schema_read(&f->schema, b, t, version, f->base.limits.columns, s->arena, s->err));
    f->base.columns = f->schema.columns;
    f->base.n_columns = f->schema.n_columns;
    return HR_OK;
}

static hr_status scan_stream(scan *s)
{
    ipc_file *f = s->f;
    ipc_block k = {0};
    int type;
    HR_TRY(take_message(s, 0, &k, &type));
    if (type != IPC_MSG_SCHEMA)
        return HR_FAIL(s->err, HR_ECORRUPT, "the stream does not begin with its schema");
    HR_TRY(take_schema(s, &f->fb, &f->message.header, f->message.version));
    int64_t at = k.body_at + k.body_bytes;
    for (; at < s->end; at = k.body_at + k.body_bytes) {
        HR_TRY(take_message(s, at, &k, &type));
        if (type == 0) break;
        if (type == IPC_MSG_SCHEMA)
            return HR_FAIL(s->err, HR_ECORRUPT, "a second schema at offset %lld", (long long)at);
    }
    if (at >= s->end) f->base.kind = "Arrow stream without its end mark"; /* cut, maybe */
    if (at < s->end && k.at < s->end)
        return HR_FAIL(s->err, HR_EUNSUPPORTED,
                       "%lld bytes after the end of the stream, at offset %lld: one stream is read",
                       (long long)(s->end - k.at), (long long)k.at);
    return HR_OK;
}

/* Messages that the footer names: at least 8 bytes on, as no other begins earlier. */
static hr_status scan_blocks(scan *s, const hr_fb_vector *blocks, int want)
{
    for (uint32_t i = 0; i < blocks->n; i++) {
        const uint8_t *p = blocks->p + (size_t)i * IPC_BLOCK_BYTES;
        int64_t at = hr_fb_le64(p);
        ipc_block k = {0};
        int type;
        if (at < HEAD_BYTES || at >= s->end)
            return HR_FAIL(s->err, HR_ECORRUPT, "the footer names a message at offset %lld",
                           (long long)at);
        HR_TRY(take_message(s, at, &k, &type));
        if (type != want)
            return HR_FAIL(s->err, HR_ECORRUPT, "the message at offset %lld is of type %d, not %d",
                           (long long)at, type, want);
    }
    return HR_OK;
}

static hr_status scan_file(scan *s)
{
    ipc_file *f = s->f;
    uint8_t tail[TAIL_BYTES];
    int64_t size = f->base.size_bytes;
    if (size < HEAD_BYTES + TAIL_BYTES)
        return HR_FAIL(s->err, HR_ECORRUPT, "too short for an Arrow file");
    HR_TRY(read_whole(f, tail, TAIL_BYTES, size - TAIL_BYTES, "the footer", s->err));
    if (memcmp(tail + 4, HR_IPC_MAGIC, 6) != 0)
        return HR_FAIL(s->err, HR_ECORRUPT,
                       "no ARROW1 at its end: the file is cut short, or was never finished");
    uint32_t n = hr_fb_le32(tail);
    if (n > f->base.limits.footer_bytes || n > size - HEAD_BYTES - TAIL_BYTES)
        return HR_FAIL(s->err, HR_ECORRUPT, "a footer of %u bytes does not fit", n);
    uint8_t *p = hr_arena_alloc(s->arena, n + 1u, 8);
    if (p == NULL) return HR_FAIL(s->err, HR_EBUDGET, "no memory for a footer of %u bytes", n);
    s->end = size - TAIL_BYTES - n;
    HR_TRY(read_whole(f, p, n, s->end, "the footer", s->err));
    hr_fb b = {.p = p, .n = n};
    hr_fb_table t = hr_fb_root(&b);
    hr_fb_table schema = hr_fb_child(&b, &t, IPC_FOOTER_SCHEMA);
    hr_fb_vector dicts = hr_fb_elements(&b, &t, IPC_FOOTER_DICTS, IPC_BLOCK_BYTES);
    hr_fb_vector batches = hr_fb_elements(&b, &t, IPC_FOOTER_BATCHES, IPC_BLOCK_BYTES);
    int version = (int)hr_fb_int(&b, &t, IPC_FOOTER_VERSION, 2, 0);
    if (b.is_bad || schema.at == 0) return HR_FAIL(s->err, HR_ECORRUPT, "the footer is damaged");
    if (version < HR_IPC_V4 || version > HR_IPC_V5)
        return HR_FAIL(s->err, HR_EUNSUPPORTED, "metadata version V%d: V4 and V5 are read",
                       version + 1);
    HR_TRY(take_schema(s, &b, &schema, version));
    HR_TRY(scan_blocks(s, &dicts, IPC_MSG_DICTIONARY));
    return scan_blocks(s, &batches, IPC_MSG_BATCH);
}

/* ---- opening ---- */

static hr_status open_codec(ipc_file *f, hr_arena *arena, hr_err *err)
{
    hr_codec_options opt = {.decode = f->codecs};
    f->packed = f->packed_cap > 0 ? hr_arena_alloc(arena, f->packed_cap, 64) : NULL;
    if (f->packed == NULL && f->packed_cap > 0)
        return HR_FAIL(
            err, HR_EBUDGET,
            "no memory for compressed buffers of %zu bytes: raise engine.memory, or write "
            "smaller batches",
            f->packed_cap);
    return hr_codec_ctx_create(&f->base.codec, arena, &opt, err);
}

hr_status hr_ipc_file_open(hr_pq_file **out, hr_read_at_fn read_at, void *self, int64_t size_bytes,
                           const hr_pq_limits *limits, hr_arena *arena, hr_err *err)
{
    uint8_t head[HR_IPC_SNIFF_BYTES] = {0};
    *out = NULL;
    ipc_file *f = hr_arena_alloc(arena, sizeof *f, 64);
    if (f == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for an Arrow file");
    memset(f, 0, sizeof *f);
    f->base.read_at = read_at;
    f->base.self = self;
    f->base.size_bytes = size_bytes;
    f->base.limits = *limits;
    f->base.ops = &hr_ipc_ops;
    f->meta_at = -1;
    size_t n = (size_t)HR_MIN(size_bytes, (int64_t)sizeof head);
    HR_TRY(read_whole(f, head, n, 0, "its beginning", err));
    f->kind = hr_ipc_sniff(head, n);
    if (memcmp(head, HR_IPC_MAGIC_V1, 4) == 0)
        return HR_FAIL(err, HR_EUNSUPPORTED, "Feather V1, which is not read: write it as V2");
    f->base.kind = f->kind == HR_IPC_FILE ? "Arrow file" : "Arrow stream";
    scan s = {.f = f, .arena = arena, .end = size_bytes, .err = err};
    if (f->kind == HR_IPC_NOT)
        return HR_FAIL(err, HR_ECORRUPT, "neither an Arrow file nor a stream");
    HR_TRY(f->kind == HR_IPC_FILE ? scan_file(&s) : scan_stream(&s));
    HR_TRY(open_codec(f, arena, err));
    *out = &f->base;
    return HR_OK;
}

hr_status hr_table_file_open(hr_pq_file **out, hr_read_at_fn read_at, void *self,
                             int64_t size_bytes, const hr_pq_limits *limits, hr_arena *arena,
                             hr_err *err)
{
    uint8_t head[HR_IPC_SNIFF_BYTES] = {0};
    int64_t n = size_bytes > 0
                    ? read_at(self, head, (size_t)HR_MIN(size_bytes, (int64_t)sizeof head), 0)
                    : 0;
    *out = NULL;
    if (n < 0) return HR_FAIL_SYS(err, n, "cannot read the beginning of the file");
    return hr_ipc_sniff(head, (size_t)n) != HR_IPC_NOT
               ? hr_ipc_file_open(out, read_at, self, size_bytes, limits, arena, err)
               : hr_pq_file_open(out, read_at, self, size_bytes, limits, arena, err);
}

hr_status hr_ipc_file_twin(hr_pq_file **out, const hr_pq_file *f, hr_arena *arena, hr_err *err)
{
    const ipc_file *of = (const ipc_file *)(const void *)f;
    ipc_file *twin = hr_arena_alloc(arena, sizeof *twin, 64);
    if (twin == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for another thread's reading");
    *twin = *of;
    twin->meta_at = -1;
    twin->meta = hr_arena_alloc(arena, of->meta_cap + 1u, 8);
    if (twin->meta == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory for another thread's reading");
    HR_TRY(open_codec(twin, arena, err));
    *out = &twin->base;
    return HR_OK;
}

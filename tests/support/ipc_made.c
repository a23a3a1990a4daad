/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc_made.h"

#include <string.h>

#include "base/assert.h"

#define META_CAP 65536u
#define DEPTH_MAX 80

static uint8_t meta[META_CAP];

hr_status ipcm_put(void *self, const void *bytes, size_t n, hr_err *err)
{
    ipcm_bytes *f = self;
    if (++f->n_calls == f->fail_at) return HR_FAIL(err, HR_EIO, "the disk is gone");
    HR_ASSERT(n <= f->cap - f->n);
    if (n > 0) memcpy(f->p + f->n, bytes, n);
    f->n += n;
    return HR_OK;
}

int64_t ipcm_read_at(void *self, void *buf, size_t n, int64_t offset)
{
    ipcm_bytes *f = self;
    if (++f->n_calls == f->fail_at) return -5; /* EIO */
    if (offset < 0 || (uint64_t)offset > f->n || n > f->n - (size_t)offset) {
        f->n_outside++;
        return 0;
    }
    if (n > 0) memcpy(buf, f->p + offset, n);
    return (int64_t)n;
}

static void put(ipcm *m, const void *bytes, size_t n)
{
    hr_status st = ipcm_put(m->out, bytes, n, NULL);
    HR_ASSERT(st == HR_OK);
}

static void put_message(ipcm *m, hr_fbb *b, int type, uint32_t header, int64_t body_bytes)
{
    static const uint8_t zeros[8];
    const uint32_t mark = HR_IPC_CONTINUES;
    uint32_t n;
    hr_fbb_begin(b);
    hr_fbb_int(b, IPC_MESSAGE_BODY, 8, body_bytes);
    hr_fbb_place(b, IPC_MESSAGE_HEADER, header);
    hr_fbb_int(b, IPC_MESSAGE_VERSION, 2, m->version);
    hr_fbb_int(b, IPC_MESSAGE_TYPE, 1, type);
    const uint8_t *p = hr_fbb_finish(b, hr_fbb_end(b), &n);
    HR_ASSERT(p != NULL);
    uint32_t pad = m->is_legacy ? 4 : 0;
    uint32_t length = n + pad;
    if (!m->is_legacy) put(m, &mark, sizeof mark);
    put(m, &length, sizeof length);
    put(m, p, n);
    put(m, zeros, pad);
}

static uint32_t put_type(hr_fbb *b, const ipcm_field *f)
{
    hr_fbb_begin(b);
    switch (f->type) {
    case IPC_T_INT: /* bits, is signed */
        hr_fbb_int(b, 0, 4, f->a);
        hr_fbb_int(b, 1, 1, f->b);
        break;
    case IPC_T_DECIMAL: /* precision, scale, bits */
        hr_fbb_int(b, 0, 4, f->a);
        hr_fbb_int(b, 1, 4, f->b);
        hr_fbb_int(b, 2, 4, f->c);
        break;
    case IPC_T_FLOAT:
    case IPC_T_DATE:
    case IPC_T_TIMESTAMP:
    case IPC_T_DURATION:
    case IPC_T_INTERVAL:
    case IPC_T_UNION:
        hr_fbb_int(b, 0, 2, f->a);
        break;
    case IPC_T_TIME: /* unit, bits */
        hr_fbb_int(b, 0, 2, f->a);
        hr_fbb_int(b, 1, 4, f->b);
        break;
    case IPC_T_FIXED:
    case IPC_T_FIXED_LIST:
        hr_fbb_int(b, 0, 4, f->a);
        break;
    default:
        break;
    }
    return hr_fbb_end(b);
}

static uint32_t end_field(hr_fbb *b, const ipcm_field *f, uint32_t children)
{
    uint32_t dict = 0;
    uint32_t name = hr_fbb_text(b, f->name);
    uint32_t type = put_type(b, f);
    if (f->has_dict) {
        hr_fbb_begin(b);
        hr_fbb_int(b, IPC_DICTIONARY_ID, 8, f->dict_id);
        dict = hr_fbb_end(b); /* of int32 indexes, by default */
    }
    hr_fbb_begin(b);
    hr_fbb_place(b, IPC_FIELD_NAME, name);
    hr_fbb_place(b, IPC_FIELD_TYPE, type);
    hr_fbb_place(b, IPC_FIELD_CHILDREN, children);
    if (dict != 0) hr_fbb_place(b, IPC_FIELD_DICTIONARY, dict);
    hr_fbb_int(b, IPC_FIELD_NULLABLE, 1, 1);
    hr_fbb_int(b, IPC_FIELD_TYPE_TYPE, 1, f->type);
    return hr_fbb_end(b);
}

/* Children have none of their own but the first, which may: a chain. */
static uint32_t put_field(hr_fbb *b, const ipcm_field *f)
{
    const ipcm_field *chain[DEPTH_MAX];
    uint32_t depth = 0;
    uint32_t place[8];
    for (; f != NULL; f = f->n_children > 0 ? &f->children[0] : NULL) {
        HR_ASSERT(depth < DEPTH_MAX);
        chain[depth++] = f;
    }
    place[0] = end_field(b, chain[depth - 1], hr_fbb_places(b, NULL, 0));
    for (depth--; depth-- > 0;) {
        const ipcm_field *now = chain[depth];
        HR_ASSERT(now->n_children <= HR_ARRAY_LEN(place));
        for (uint32_t i = 1; i < now->n_children; i++)
            place[i] = end_field(b, &now->children[i], hr_fbb_places(b, NULL, 0));
        place[0] = end_field(b, now, hr_fbb_places(b, place, now->n_children));
    }
    return place[0];
}

void ipcm_schema(ipcm *m, const ipcm_field *fields, uint32_t n)
{
    hr_fbb b;
    uint32_t place[16];
    HR_ASSERT(n <= HR_ARRAY_LEN(place));
    hr_fbb_init(&b, meta, META_CAP);
    for (uint32_t i = 0; i < n; i++)
        place[i] = put_field(&b, &fields[i]);
    uint32_t all = hr_fbb_places(&b, place, n);
    hr_fbb_begin(&b);
    hr_fbb_place(&b, IPC_SCHEMA_FIELDS, all);
    hr_fbb_int(&b, IPC_SCHEMA_ENDIAN, 2, m->endian);
    put_message(m, &b, IPC_MSG_SCHEMA, hr_fbb_end(&b), 0);
}

/* Buffers one after the other, each on a multiple of 8 bytes. */
static int64_t place_buffers(int64_t *out, const ipcm_batch *k)
{
    int64_t at = 0;
    for (uint32_t i = 0; i < k->n_buffers; i++) {
        const ipcm_buffer *f = &k->buffers[i];
        out[2 * i] = f->says_at != 0 ? f->says_at : at;
        out[2 * i + 1] = f->says_n != 0 ? f->says_n : f->n;
        at += (f->n + 7) & ~INT64_C(7);
    }
    return at;
}

void ipcm_batch_put(ipcm *m, const ipcm_batch *k)
{
    static const uint8_t zeros[8];
    hr_fbb b;
    int64_t places[2 * 32];
    uint32_t codec = 0;
    HR_ASSERT(k->n_buffers <= 32);
    int64_t n_body = place_buffers(places, k);
    hr_fbb_init(&b, meta, META_CAP);
    if (k->codec != 0) {
        hr_fbb_begin(&b);
        hr_fbb_int(&b, 0, 1, k->codec - 1);
        codec = hr_fbb_end(&b);
    }
    uint32_t buffers = hr_fbb_structs(&b, places, k->n_buffers, IPC_BUFFER_BYTES);
    uint32_t nodes = hr_fbb_structs(&b, k->nodes, k->n_nodes, IPC_NODE_BYTES);
    uint32_t views = hr_fbb_structs(&b, k->variadic, k->n_variadic, 8);
    hr_fbb_begin(&b);
    hr_fbb_int(&b, IPC_BATCH_ROWS, 8, k->n_rows);
    hr_fbb_place(&b, IPC_BATCH_NODES, nodes);
    hr_fbb_place(&b, IPC_BATCH_BUFFERS, buffers);
    if (codec != 0) hr_fbb_place(&b, IPC_BATCH_CODEC, codec);
    if (k->n_variadic > 0) hr_fbb_place(&b, IPC_BATCH_VARIADIC, views);
    uint32_t head = hr_fbb_end(&b);
    if (k->is_dict) {
        hr_fbb_begin(&b);
        hr_fbb_int(&b, IPC_DICT_ID, 8, k->dict_id);
        hr_fbb_place(&b, IPC_DICT_DATA, head);
        hr_fbb_int(&b, IPC_DICT_IS_DELTA, 1, k->is_delta);
        head = hr_fbb_end(&b);
    }
    put_message(m, &b, k->is_dict ? IPC_MSG_DICTIONARY : IPC_MSG_BATCH, head,
                k->body_bytes != 0 ? k->body_bytes : n_body);
    for (uint32_t i = 0; i < k->n_buffers; i++) {
        put(m, k->buffers[i].p, (size_t)k->buffers[i].n);
        put(m, zeros, (size_t)(-k->buffers[i].n & 7));
    }
}

void ipcm_end(ipcm *m)
{
    static const uint32_t end[2] = {HR_IPC_CONTINUES, 0};
    put(m, end, sizeof end);
}

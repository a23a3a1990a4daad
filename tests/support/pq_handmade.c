/* SPDX-License-Identifier: Apache-2.0 */
#include "pq_handmade.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "fmt/pq_encode.h"
#include "fmt/thrift_write.h"

static void put(pqb *b, const void *bytes, size_t n)
{
    if (n > b->cap - b->n) {
        fprintf(stderr, "pq_handmade: the buffer is too small\n");
        abort();
    }
    if (n > 0) memcpy(b->p + b->n, bytes, n);
    b->n += n;
}

void pqb_init(pqb *b, void *buf, size_t cap)
{
    memset(b, 0, sizeof *b);
    b->p = buf;
    b->cap = cap;
    b->n_rows = -1;
    put(b, "PAR1", 4);
    b->chunk_at = b->n;
}

void pqb_leaf(pqb *b, const pqb_leaf_info *leaf)
{
    if (b->n_leaves == PQB_LEAVES_MAX) abort();
    b->leaf[b->n_leaves++] = *leaf;
}

static void put_stats(hr_thrift_out *t, int16_t id, const pqb_page_info *p)
{
    static const uint8_t zeros[3 << 20];
    if (p->n_stats == 0) return;
    hr_tw_begin(t, id);
    hr_tw_field(t, 5, 8);
    hr_tw_bytes(t, zeros, p->n_stats / 2);
    hr_tw_field(t, 6, 8);
    hr_tw_bytes(t, zeros, p->n_stats - p->n_stats / 2);
    hr_tw_end(t);
}

void pqb_page(pqb *b, const pqb_page_info *p)
{
    hr_thrift_out t;
    hr_tw_init(&t, b->p + b->n, b->cap - b->n);
    hr_tw_begin(&t, 0);
    hr_tw_i32(&t, 1, (int32_t)p->type);
    hr_tw_field(&t, 2, 5);
    hr_tw_zigzag(&t, p->raw_bytes != 0 ? p->raw_bytes : (int64_t)p->n_body);
    hr_tw_field(&t, 3, 5);
    hr_tw_zigzag(&t, p->packed_bytes != 0 ? p->packed_bytes : (int64_t)p->n_body);
    uint32_t crc = hr_pq_crc(0, p->body, p->n_body) ^ (p->has_bad_crc ? 1u : 0u);
    if (p->has_crc || p->has_bad_crc) hr_tw_i32(&t, 4, (int32_t)crc);
    if (p->type == HR_PQ_DATA_PAGE) {
        hr_tw_begin(&t, 5);
        hr_tw_i32(&t, 1, p->n_values);
        hr_tw_i32(&t, 2, (int32_t)p->encoding);
        hr_tw_i32(&t, 3, p->def_encoding != 0 ? p->def_encoding : HR_PQ_RLE);
        hr_tw_i32(&t, 4, HR_PQ_RLE);
        put_stats(&t, 5, p);
        hr_tw_end(&t);
    } else if (p->type == HR_PQ_DICTIONARY_PAGE) {
        hr_tw_begin(&t, 7);
        hr_tw_i32(&t, 1, p->n_values);
        hr_tw_i32(&t, 2, (int32_t)p->encoding);
        hr_tw_end(&t);
    } else if (p->type == HR_PQ_DATA_PAGE_V2) {
        hr_tw_begin(&t, 8);
        hr_tw_i32(&t, 1, p->n_values);
        hr_tw_i32(&t, 2, 0);
        hr_tw_i32(&t, 3, p->n_values);
        hr_tw_i32(&t, 4, (int32_t)p->encoding);
        hr_tw_i32(&t, 5, p->def_bytes);
        hr_tw_i32(&t, 6, p->rep_bytes);
        hr_tw_bool(&t, 7, p->is_compressed);
        put_stats(&t, 8, p);
        hr_tw_end(&t);
    }
    hr_tw_end(&t);
    if (t.is_full) abort();
    bool has_rows = p->type == HR_PQ_DATA_PAGE || p->type == HR_PQ_DATA_PAGE_V2;
    if (has_rows && b->n_spots < PQB_SPOTS_MAX && p->n_bound <= sizeof b->spot[0].min) {
        pqb_spot *s = &b->spot[b->n_spots++];
        *s = (pqb_spot){.chunk = b->n_chunks,
                        .offset = (int64_t)b->n,
                        .n_bytes = (int64_t)(t.n + p->n_body),
                        .n_rows = p->n_values,
                        .n_bound = p->min != NULL ? (uint32_t)p->n_bound : UINT32_MAX};
        if (p->min != NULL) memcpy(s->min, p->min, p->n_bound);
        if (p->max != NULL) memcpy(s->max, p->max, p->n_bound);
    }
    b->n += t.n;
    put(b, p->body, p->n_body);
}

void pqb_chunk(pqb *b, int64_t n_values, int64_t codec)
{
    uint32_t leaf = 0;
    uint32_t nth = b->n_chunks - b->first_chunk[b->n_groups];
    if (b->n_chunks == PQB_CHUNKS_MAX) abort();
    for (uint32_t i = 0; i < b->n_leaves; i++) {
        if (b->leaf[i].n_children > 0) continue;
        leaf = i;
        if (nth-- == 0) break;
    }
    b->chunk[b->n_chunks++] = (pqb_chunk_info){.offset = (int64_t)b->chunk_at,
                                               .n_values = n_values,
                                               .packed_bytes = (int64_t)(b->n - b->chunk_at),
                                               .raw_bytes = (int64_t)(b->n - b->chunk_at),
                                               .phys = (int)b->leaf[leaf].phys,
                                               .codec = codec};
    b->chunk_at = b->n;
}

void pqb_group(pqb *b, int64_t n_rows)
{
    if (b->n_groups == PQB_GROUPS_MAX) abort();
    b->rows[b->n_groups++] = n_rows;
    b->first_chunk[b->n_groups] = b->n_chunks;
}

static void put_element(hr_thrift_out *t, const pqb_leaf_info *e)
{
    hr_tw_begin(t, 0);
    if (e->n_children == 0) hr_tw_i32(t, 1, (int32_t)e->phys);
    if (e->type_length != 0) hr_tw_i32(t, 2, e->type_length);
    hr_tw_i32(t, 3, e->repetition);
    hr_tw_text(t, 4, e->name);
    if (e->n_children > 0) hr_tw_i32(t, 5, e->n_children);
    if (e->converted >= 0) hr_tw_i32(t, 6, e->converted);
    if (e->converted == 5) hr_tw_i32(t, 7, e->scale);
    if (e->converted == 5) hr_tw_i32(t, 8, e->precision);
    if (e->logical != 0) {
        hr_tw_begin(t, 10);
        hr_tw_begin(t, (int16_t)e->logical);
        if (e->logical == 8) {
            hr_tw_bool(t, 1, true);
            hr_tw_begin(t, 2);
            hr_tw_begin(t, 3);
            hr_tw_end(t);
            hr_tw_end(t);
        }
        hr_tw_end(t);
        hr_tw_end(t);
    }
    hr_tw_end(t);
}

static void put_chunk_stats(hr_thrift_out *t, const pqb_chunk_info *c)
{
    if (c->min == NULL && c->max == NULL && !c->has_nulls) return;
    hr_tw_begin(t, 12);
    for (int is_min = 0; is_min < 2; is_min++) {
        const void *p = is_min ? c->min : c->max;
        if (!c->is_old_stats || p == NULL) continue;
        hr_tw_field(t, is_min ? 2 : 1, 8);
        hr_tw_bytes(t, p, is_min ? c->n_min : c->n_max);
    }
    if (c->has_nulls) hr_tw_i64(t, 3, c->n_nulls);
    for (int is_min = 0; is_min < 2; is_min++) {
        const void *p = is_min ? c->min : c->max;
        if (c->is_old_stats || p == NULL) continue;
        hr_tw_field(t, is_min ? 6 : 5, 8);
        hr_tw_bytes(t, p, is_min ? c->n_min : c->n_max);
    }
    hr_tw_end(t);
}

static void put_chunk(hr_thrift_out *t, const pqb_chunk_info *c)
{
    hr_tw_begin(t, 0);
    if (c->has_path) hr_tw_text(t, 1, "elsewhere.parquet");
    hr_tw_i64(t, 2, c->offset);
    hr_tw_begin(t, 3);
    hr_tw_i32(t, 1, c->phys);
    hr_tw_field(t, 4, 5);
    hr_tw_zigzag(t, c->codec);
    hr_tw_i64(t, 5, c->n_values);
    hr_tw_i64(t, 6, c->raw_bytes);
    hr_tw_i64(t, 7, c->packed_bytes);
    hr_tw_i64(t, 9, c->offset);
    put_chunk_stats(t, c);
    if (c->bloom_at != 0) hr_tw_i64(t, 14, c->bloom_at);
    if (c->bloom_bytes != 0) hr_tw_i32(t, 15, (int32_t)c->bloom_bytes);
    hr_tw_end(t);
    if (c->offset_index_at != 0) hr_tw_i64(t, 4, c->offset_index_at);
    if (c->offset_index_bytes != 0) hr_tw_i32(t, 5, (int32_t)c->offset_index_bytes);
    if (c->column_index_at != 0) hr_tw_i64(t, 6, c->column_index_at);
    if (c->column_index_bytes != 0) hr_tw_i32(t, 7, (int32_t)c->column_index_bytes);
    if (c->has_crypto) {
        hr_tw_begin(t, 8);
        hr_tw_end(t);
    }
    hr_tw_end(t);
}

/* ---- between pages and footer ---- */

int64_t pqb_extra(pqb *b, const void *bytes, size_t n)
{
    int64_t at = (int64_t)b->n;
    put(b, bytes, n);
    return at;
}

static void put_bounds(hr_thrift_out *t, const pqb *b, uint32_t chunk, uint32_t n, int16_t id)
{
    hr_tw_list(t, id, id == 1 ? 1 : 8, n);
    for (uint32_t i = 0; i < b->n_spots; i++) {
        const pqb_spot *s = &b->spot[i];
        bool is_null = s->n_bound == UINT32_MAX;
        if (s->chunk != chunk) continue;
        if (id == 1)
            hr_tw_byte(t, is_null ? 1 : 2);
        else
            hr_tw_bytes(t, id == 2 ? s->min : s->max, is_null ? 0 : s->n_bound);
    }
}

void pqb_indexes(pqb *b, uint32_t chunk)
{
    static uint8_t buf[64 * PQB_SPOTS_MAX * 2];
    pqb_chunk_info *c = &b->chunk[chunk];
    hr_thrift_out t;
    uint32_t n = 0;
    int64_t row = 0;
    for (uint32_t i = 0; i < b->n_spots; i++)
        n += b->spot[i].chunk == chunk;
    hr_tw_init(&t, buf, sizeof buf);
    hr_tw_begin(&t, 0);
    for (int16_t id = 1; id <= 3; id++)
        put_bounds(&t, b, chunk, n, id);
    hr_tw_i32(&t, 4, 0);
    hr_tw_end(&t);
    if (t.is_full) abort();
    c->column_index_at = pqb_extra(b, buf, t.n);
    c->column_index_bytes = (int64_t)t.n;
    hr_tw_init(&t, buf, sizeof buf);
    hr_tw_begin(&t, 0);
    hr_tw_list(&t, 1, 12, n);
    for (uint32_t i = 0; i < b->n_spots; i++) {
        const pqb_spot *s = &b->spot[i];
        if (s->chunk != chunk) continue;
        hr_tw_begin(&t, 0);
        hr_tw_i64(&t, 1, s->offset);
        hr_tw_i32(&t, 2, (int32_t)s->n_bytes);
        hr_tw_i64(&t, 3, row);
        hr_tw_end(&t);
        row += s->n_rows;
    }
    hr_tw_end(&t);
    if (t.is_full) abort();
    c->offset_index_at = pqb_extra(b, buf, t.n);
    c->offset_index_bytes = (int64_t)t.n;
}

/* After BloomFilter.md: block by the upper half of the hash, a bit a word by the lower. */
void pqb_bloom(pqb *b, uint32_t chunk, const uint64_t *hash, size_t n, uint32_t n_blocks)
{
    static const uint32_t salt[8] = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
                                     0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};
    uint8_t head[64];
    hr_thrift_out t;
    hr_tw_init(&t, head, sizeof head);
    hr_tw_begin(&t, 0);
    hr_tw_i32(&t, 1, (int32_t)(32 * n_blocks));
    for (int16_t id = 2; id <= 4; id++) { /* blocks, xxHash, uncompressed */
        hr_tw_begin(&t, id);
        hr_tw_begin(&t, 1);
        hr_tw_end(&t);
        hr_tw_end(&t);
    }
    hr_tw_end(&t);
    b->chunk[chunk].bloom_at = pqb_extra(b, head, t.n);
    b->chunk[chunk].bloom_bytes = (int64_t)t.n + 32 * (int64_t)n_blocks;
    uint8_t *bits = b->p + b->n;
    for (uint32_t i = 0; i < n_blocks; i++)
        (void)pqb_extra(b, (const uint8_t[32]){0}, 32);
    for (size_t i = 0; i < n; i++) {
        uint8_t *block = bits + 32 * ((hash[i] >> 32) * n_blocks >> 32);
        for (unsigned k = 0; k < 8; k++) {
            uint32_t bit = (uint32_t)hash[i] * salt[k] >> 27;
            block[4 * k + bit / 8] |= (uint8_t)(1u << bit % 8);
        }
    }
}

size_t pqb_finish(pqb *b)
{
    hr_thrift_out t;
    int64_t sum = 0;
    uint32_t n_top = 0;
    uint32_t inside = 0;
    for (uint32_t i = 0; i < b->n_groups; i++)
        sum += b->rows[i];
    for (uint32_t i = 0; i < b->n_leaves; i++) {
        if (inside == 0)
            n_top++;
        else
            inside--;
        inside += (uint32_t)b->leaf[i].n_children;
    }
    hr_tw_init(&t, b->p + b->n, b->cap - b->n);
    hr_tw_begin(&t, 0);
    hr_tw_i32(&t, 1, 1);
    hr_tw_list(&t, 2, 12, b->n_leaves + 1);
    hr_tw_begin(&t, 0);
    hr_tw_text(&t, 4, "schema");
    hr_tw_i32(&t, 5, (int32_t)n_top);
    hr_tw_end(&t);
    for (uint32_t i = 0; i < b->n_leaves; i++)
        put_element(&t, &b->leaf[i]);
    hr_tw_i64(&t, 3, b->n_rows >= 0 ? b->n_rows : sum);
    hr_tw_list(&t, 4, 12, b->n_groups);
    for (uint32_t g = 0; g < b->n_groups; g++) {
        hr_tw_begin(&t, 0);
        hr_tw_list(&t, 1, 12, b->first_chunk[g + 1] - b->first_chunk[g]);
        for (uint32_t i = b->first_chunk[g]; i < b->first_chunk[g + 1]; i++)
            put_chunk(&t, &b->chunk[i]);
        hr_tw_i64(&t, 2, 0);
        hr_tw_i64(&t, 3, b->rows[g]);
        hr_tw_end(&t);
    }
    hr_tw_text(&t, 6, "by hand");
    if (b->order != 0) {
        uint32_t n_columns = 0;
        for (uint32_t i = 0; i < b->n_leaves; i++)
            n_columns += b->leaf[i].n_children == 0;
        hr_tw_list(&t, 7, 12, n_columns);
        for (uint32_t i = 0; i < n_columns; i++) {
            hr_tw_begin(&t, 0);
            hr_tw_begin(&t, (int16_t)b->order);
            hr_tw_end(&t);
            hr_tw_end(&t);
        }
    }
    if (b->has_encryption) {
        hr_tw_begin(&t, 8);
        hr_tw_end(&t);
    }
    hr_tw_end(&t);
    if (t.is_full) abort();
    uint32_t n = (uint32_t)t.n;
    b->n += n;
    put(b, &n, 4);
    put(b, "PAR1", 4);
    return b->n;
}

/* ---- bodies ---- */

size_t pqb_varint(uint8_t *out, uint64_t v)
{
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        out[n++] = (uint8_t)(v | 0x80);
    out[n++] = (uint8_t)v;
    return n;
}

size_t pqb_zigzag(uint8_t *out, int64_t v)
{
    return pqb_varint(out, ((uint64_t)v << 1) ^ (uint64_t)(v >> 63));
}

size_t pqb_levels(uint8_t *out, const uint8_t *v, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < n;) {
        size_t run = 1;
        while (i + run < n && v[i + run] == v[i])
            run++;
        k += pqb_varint(out + k, run << 1);
        out[k++] = v[i];
        i += run;
    }
    return k;
}

size_t pqb_sized_levels(uint8_t *out, const uint8_t *v, size_t n)
{
    uint32_t k = (uint32_t)pqb_levels(out + 4, v, n);
    memcpy(out, &k, 4);
    return k + 4;
}

size_t pqb_delta(uint8_t *out, const int64_t *v, size_t n)
{
    size_t k = pqb_varint(out, 32);
    k += pqb_varint(out + k, 1);
    k += pqb_varint(out + k, n);
    k += pqb_zigzag(out + k, n > 0 ? v[0] : 0);
    for (size_t i = 1; i < n; i += 32) {
        k += pqb_zigzag(out + k, 0);
        out[k++] = 64;
        for (size_t j = i; j < i + 32; j++) {
            uint64_t d = j < n ? (uint64_t)v[j] - (uint64_t)v[j - 1] : 0;
            memcpy(out + k, &d, 8);
            k += 8;
        }
    }
    return k;
}

int64_t pqb_read_at(void *self, void *buf, size_t n, int64_t offset)
{
    pqb_bytes *f = self;
    f->n_reads++;
    if (f->fail_at > 0 && --f->fail_at == 0) return -5;
    if (offset < f->watch_to && offset + (int64_t)n > f->watch_from) f->n_watched++;
    if (offset < 0 || (uint64_t)offset > f->n || n > f->n - (size_t)offset) f->n_outside++;
    if (offset < 0 || (uint64_t)offset >= f->n) return 0;
    size_t k = HR_MIN(n, f->n - (size_t)offset);
    if (k > 0) memcpy(buf, f->p + offset, k);
    return (int64_t)k;
}

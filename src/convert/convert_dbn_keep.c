/* SPDX-License-Identifier: Apache-2.0 */
/* What a table of DBN records says of the file beside its columns: its header as it was, and the
 * bytes of records that are no fields. These are the same in every record of all files that are
 * known, so one record's stand for all and the others are counted. */
#include "convert/convert_dbn.h"

#include <stdio.h>
#include <string.h>

#define PACKED_MAX ((size_t)6 << 20) /* a footer of Parquet may have 16 MiB, of which this is 8 */

/* ---- bytes that no field has ---- */

void hr_dbn_rest_init(hr_dbn_rest *r, const hr_dbn_table *t)
{
    memset(r, 0, sizeof *r);
    memset(r->is_rest, 0xff, sizeof r->is_rest);
    for (uint32_t i = 0; i < t->n_fields; i++)
        memset(r->is_rest + t->fields[i].at, 0, t->fields[i].width);
}

/* A text ends at its first NUL: what is behind it is no text of the column's. */
static bool has_rest_of_text(const hr_dbn_table *t, const uint8_t *rec)
{
    uint8_t any = 0;
    for (uint32_t i = 0; i < t->n_fields; i++) {
        const hr_dbn_field *f = &t->fields[i];
        if (f->type != HR_DBN_TEXT) continue;
        for (size_t k = strnlen((const char *)rec + f->at, f->width); k < f->width; k++)
            any |= rec[f->at + k];
    }
    return any != 0;
}

static bool has_text(const hr_dbn_table *t)
{
    for (uint32_t i = 0; i < t->n_fields; i++)
        if (t->fields[i].type == HR_DBN_TEXT) return true;
    return false;
}

void hr_dbn_rest_look(hr_dbn_rest *r, const hr_dbn_table *t, const uint8_t *p,
                      const hr_dbn_rec *recs, uint32_t n)
{
    const bool asks_texts = has_text(t);
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *rec = p + recs[i].at;
        uint8_t differs = 0;
        if (r->n_bytes == 0) {
            r->n_bytes = recs[i].bytes;
            for (uint32_t k = 0; k < r->n_bytes; k++)
                r->fill[k] = rec[k] & r->is_rest[k];
        }
        const uint32_t n_same = HR_MIN(r->n_bytes, recs[i].bytes);
        for (uint32_t k = 0; k < n_same; k++)
            differs |= (uint8_t)((rec[k] ^ r->fill[k]) & r->is_rest[k]);
        r->n_odd +=
            differs != 0 || recs[i].bytes != r->n_bytes || (asks_texts && has_rest_of_text(t, rec));
    }
}

/* ---- base64 (RFC 4648) ---- */

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static size_t put_base64(char *out, const uint8_t *p, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i += 3) {
        const uint32_t b = i + 1 < n ? p[i + 1] : 0;
        const uint32_t c = i + 2 < n ? p[i + 2] : 0;
        const uint32_t v = (uint32_t)p[i] << 16 | b << 8 | c;
        out[k++] = letters[v >> 18];
        out[k++] = letters[v >> 12 & 63];
        out[k++] = i + 1 < n ? letters[v >> 6 & 63] : '=';
        out[k++] = i + 2 < n ? letters[v & 63] : '=';
    }
    out[k] = '\0';
    return k;
}

/* Returns the bytes, SIZE_MAX: it is none. */
static size_t read_base64(uint8_t *out, const char *s, size_t n)
{
    size_t k = 0;
    uint32_t v = 0;
    size_t n_pad = 0;
    if (n % 4 != 0) return SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        const char *at = s[i] != '\0' ? strchr(letters, s[i]) : NULL;
        const bool is_pad = s[i] == '=' && i + 2 >= n;
        if ((at == NULL && !is_pad) || (at != NULL && n_pad > 0)) return SIZE_MAX;
        n_pad += is_pad;
        v = v << 6 | (is_pad ? 0 : (uint32_t)(at - letters));
        if (i % 4 != 3) continue;
        out[k++] = (uint8_t)(v >> 16);
        out[k++] = (uint8_t)(v >> 8);
        out[k++] = (uint8_t)v;
    }
    return k - n_pad;
}

/* ---- the header ---- */

static hr_codec_options codec_options(void)
{
    return (hr_codec_options){.encode = HR_CODEC_BIT(HR_PQ_ZSTD), .level = 3};
}

/* Base64 of it, packed; "" where that is too much. */
static hr_status pack_header(hr_dbn_keep *k, const uint8_t *header, size_t n_header,
                             hr_arena **arena, hr_budget *budget, hr_err *err)
{
    static char none[1];
    const hr_codec_options opt = codec_options();
    hr_codec_ctx *codec = NULL;
    k->header = none;
    if (n_header == 0 || n_header > HR_DBN_HEADER_KEPT_MAX) return HR_OK;
    size_t n = hr_codec_bound(HR_PQ_ZSTD, n_header);
    const size_t cap = HR_MIN(n, PACKED_MAX) / 3 * 4 + 8;
    HR_TRY(hr_arena_create(arena, budget, hr_codec_ctx_bytes(&opt) + n + cap + 4096, "DBN header",
                           err));
    uint8_t *packed = hr_arena_alloc(*arena, n, 64);
    char *text = hr_arena_alloc(*arena, cap, 64);
    if (packed == NULL || text == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory to keep the DBN header");
    HR_TRY(hr_codec_ctx_create(&codec, *arena, &opt, err));
    HR_TRY(hr_codec_encode(codec, HR_PQ_ZSTD, packed, &n, header, n_header, err));
    if (n > PACKED_MAX) return HR_OK;
    (void)put_base64(text, packed, n);
    k->header = text;
    return HR_OK;
}

size_t hr_dbn_keep_header_bytes(size_t n_out, size_t n_text)
{
    const hr_codec_options opt = {.decode = HR_CODEC_BIT(HR_PQ_ZSTD), .decode_bytes = n_out};
    return hr_codec_ctx_bytes(&opt) + n_text + 4096;
}

hr_status hr_dbn_keep_header(uint8_t *out, size_t n_out, const char *text, size_t n_text,
                             hr_arena *scratch, hr_err *err)
{
    const hr_codec_options opt = {.decode = HR_CODEC_BIT(HR_PQ_ZSTD), .decode_bytes = n_out};
    hr_codec_ctx *codec = NULL;
    uint8_t *packed = hr_arena_alloc(scratch, n_text + 4, 64);
    if (packed == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for the DBN header");
    const size_t n = read_base64(packed, text, n_text);
    if (n == SIZE_MAX) return HR_FAIL(err, HR_ECORRUPT, "'%s' is no base64", HR_DBN_KEY_HEADER);
    HR_TRY(hr_codec_ctx_create(&codec, scratch, &opt, err));
    return hr_codec_decode(codec, HR_PQ_ZSTD, out, n_out, packed, n, err);
}

/* ---- keys ---- */

static void say(hr_dbn_keep *k, const char *key, const char *value)
{
    k->key[k->n] = key;
    k->value[k->n++] = value;
}

hr_status hr_dbn_keep_begin(hr_dbn_keep *k, const hr_dbn_table *t, const hr_dbn_meta *meta,
                            const uint8_t *header, size_t n_header, hr_arena **arena,
                            hr_budget *budget, hr_err *err)
{
    memset(k, 0, sizeof *k);
    snprintf(k->layout, sizeof k->layout, "%.16s-%u", t->layout->name, t->layout->versions[0]);
    if (header != NULL) {
        snprintf(k->number[0], sizeof k->number[0], "%u", meta->version);
        snprintf(k->number[1], sizeof k->number[1], "%zu", n_header);
        HR_TRY(pack_header(k, header, n_header, arena, budget, err));
        say(k, HR_DBN_KEY_VERSION, k->number[0]);
        say(k, HR_DBN_KEY_DATASET, meta->dataset);
        say(k, HR_DBN_KEY_SCHEMA, hr_dbn_schema_name(meta->schema));
        say(k, HR_DBN_KEY_HEADER_BYTES, k->number[1]);
        say(k, HR_DBN_KEY_HEADER, k->header);
    }
    say(k, HR_DBN_KEY_KIND, header != NULL ? "file" : "fragment");
    say(k, HR_DBN_KEY_LAYOUT, k->layout);
    say(k, HR_DBN_KEY_FILL, k->fill);
    say(k, HR_DBN_KEY_ODD, k->number[2]);
    say(k, HR_DBN_KEY_LEFT_OUT, k->number[3]);
    return HR_OK;
}

void hr_dbn_keep_end(hr_dbn_keep *k, const hr_dbn_rest *rest, uint64_t n_left_out)
{
    for (uint32_t i = 0; i < rest->n_bytes; i++)
        snprintf(k->fill + (size_t)2 * i, 3, "%02x", rest->fill[i]);
    snprintf(k->number[2], sizeof k->number[2], "%llu", (unsigned long long)rest->n_odd);
    snprintf(k->number[3], sizeof k->number[3], "%llu", (unsigned long long)n_left_out);
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CONVERT_CONVERT_DBN_H
#define HR_CONVERT_CONVERT_DBN_H
/* What a table of DBN records keeps in its Parquet metadata so that the file can be made of it
 * again, byte for byte. See docs/modules/dbn.md. */
#include "convert/convert_parts.h"
#include "venue/files/dbn.h"

#define HR_DBN_KEY_VERSION "dbn.version" /* these three: of a file, not of a fragment */
#define HR_DBN_KEY_DATASET "dbn.dataset"
#define HR_DBN_KEY_SCHEMA "dbn.schema"
#define HR_DBN_KEY_KIND "dbn.kind"     /* file, fragment */
#define HR_DBN_KEY_LAYOUT "dbn.layout" /* name and first version: definition-2 */
#define HR_DBN_KEY_HEADER "dbn.header" /* prelude and metadata: base64 of zstd; "": too large */
#define HR_DBN_KEY_HEADER_BYTES "dbn.header_bytes"
#define HR_DBN_KEY_FILL "dbn.fill"         /* a record without its fields, in hex; "": no record */
#define HR_DBN_KEY_ODD "dbn.odd"           /* records that have other bytes besides their fields */
#define HR_DBN_KEY_LEFT_OUT "dbn.left_out" /* the file's records that are not in the table */
#define HR_DBN_KEYS 10u

#define HR_DBN_HEADER_KEPT_MAX ((size_t)64 << 20) /* bytes of prelude and metadata */

/* Bytes of records that no field has. */
typedef struct hr_dbn_rest {
    uint8_t is_rest[HR_DBN_RECORD_MAX + 4]; /* 0xff where no field is */
    uint8_t fill[HR_DBN_RECORD_MAX + 4];    /* of the first record */
    uint32_t n_bytes;                       /* of that; 0: none yet */
    uint64_t n_odd;
} hr_dbn_rest;
void hr_dbn_rest_init(hr_dbn_rest *r, const hr_dbn_table *t);
void hr_dbn_rest_look(hr_dbn_rest *r, const hr_dbn_table *t, const uint8_t *p,
                      const hr_dbn_rec *recs, uint32_t n);

/** What the table's metadata says, texts that end in NUL; values are borrowed until the writer is
 * done. */
typedef struct hr_dbn_keep {
    const char *key[HR_DBN_KEYS], *value[HR_DBN_KEYS];
    uint32_t n;
    char number[4][24], layout[24];
    char fill[2 * HR_DBN_RECORD_MAX + 16];
    char *header; /* NUL-terminated base64 */
} hr_dbn_keep;
/** All but what is known only at the end. header: NULL, of a fragment. arena: made here, the
 * caller's to destroy, also after a failure. */
HR_MUST_USE hr_status hr_dbn_keep_begin(hr_dbn_keep *k, const hr_dbn_table *t,
                                        const hr_dbn_meta *meta, const uint8_t *header,
                                        size_t n_header, hr_arena **arena, hr_budget *budget,
                                        hr_err *err);
void hr_dbn_keep_end(hr_dbn_keep *k, const hr_dbn_rest *rest, uint64_t n_left_out);

/** The bytes that hr_dbn_keep_begin was given: n_text of base64 into n_out bytes at out. scratch:
 * an arena for what it takes. HR_ECORRUPT: it is no such text. */
HR_MUST_USE hr_status hr_dbn_keep_header(uint8_t *out, size_t n_out, const char *text,
                                         size_t n_text, hr_arena *scratch, hr_err *err);
/** Bytes of such an arena. */
size_t hr_dbn_keep_header_bytes(size_t n_out, size_t n_text);

/** Is it Parquet with records of DBN, by their columns? */
HR_MUST_USE hr_status hr_convert_dbn_probe(bool *is_records, const char *path, hr_err *err);
/** hr_convert of such a table, to DBN. */
HR_MUST_USE hr_status hr_convert_dbn_back(const hr_convert_options *o, hr_convert_report *report,
                                          hr_err *err);

#endif

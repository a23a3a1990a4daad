/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_DBN_MADE_H
#define HR_TESTS_SUPPORT_DBN_MADE_H
/* DBN bytes for tests, written without the decoder's own code but for the layouts' lengths. */
#include "rng.h"
#include "venue/files/dbn.h"

#define DBN_MADE_HEADER_MAX 4096u

typedef struct dbn_made_mapping {
    const char *raw, *symbol;
    uint32_t start, end; /* YYYYMMDD */
} dbn_made_mapping;

typedef struct dbn_made_header {
    unsigned version;
    uint16_t schema;
    uint8_t stype_in, stype_out, ts_out;
    const char *dataset;
    const dbn_made_mapping *mappings; /* one interval each; their raw symbols are the symbols */
    uint32_t n_mappings;
} dbn_made_header;

/** Prelude and metadata; returns their bytes. */
size_t dbn_made_header_put(uint8_t *p, const dbn_made_header *h);
/** The first sixteen bytes of a record of n_bytes; zeros up to there. Returns n_bytes. */
size_t dbn_made_head(uint8_t *p, uint8_t rtype, size_t n_bytes, uint32_t instrument, uint64_t ts);
/** value's low n_bytes, little-endian. */
void dbn_made_put(uint8_t *p, uint64_t value, unsigned n_bytes);
/** An mbo record. */
size_t dbn_made_mbo(uint8_t *p, const hr_dbn_mbo *m);
/** Of a random type, with random bytes behind the head, some of them the values that mean null;
 * now and then of an unknown type or with eight bytes more. */
size_t dbn_made_random(uint8_t *p, test_rng *r);

#endif

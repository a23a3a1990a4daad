/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_PQ_DECODE_H
#define HR_FMT_PQ_DECODE_H
/* Streams inside Parquet pages. Source: apache/parquet-format, Encodings.md. Private to fmt.
 * Nothing is trusted: a stream that ends early, or breaks a rule, sets is_bad and stays so; no byte
 * outside [p, end) is read. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fmt/pq_read.h"

/** RLE / bit-packed hybrid: levels, dictionary indexes, booleans. */
typedef struct hr_pq_hybrid {
    const uint8_t *p, *end;
    uint64_t run_left, packed_left; /* values */
    uint64_t bit;                   /* of the packed run that begins at p */
    uint32_t run_value;
    unsigned width;
    bool is_bad;
} hr_pq_hybrid;
/** width over 32 is bad. */
void hr_pq_hybrid_begin(hr_pq_hybrid *h, const uint8_t *p, const uint8_t *end, unsigned width);
/** One packed run to the end, without a header: plain booleans. */
void hr_pq_hybrid_begin_packed(hr_pq_hybrid *h, const uint8_t *p, const uint8_t *end,
                               unsigned width);
/** Every value is below 2^width. False: bad. */
bool hr_pq_hybrid_get(hr_pq_hybrid *h, uint32_t *out, uint32_t n);
/** Passes n values when they are known to be this one: a run is open that holds them. */
bool hr_pq_hybrid_skip(hr_pq_hybrid *h, uint32_t value, uint32_t n);
/** How many values ahead are known to be this one; opens a run where none is. 0: it may differ, or
 * the stream is bad. */
uint64_t hr_pq_hybrid_ahead(hr_pq_hybrid *h, uint32_t value);
/** A dictionary of n values. */
typedef struct hr_pq_values {
    const int64_t *value;
    uint32_t n;
} hr_pq_values;
/** n indexes as the values they stand for, each its low width_bytes (1, 2, 4 or 8), to out, which
 * is aligned to them. False: bad, or an index past the dictionary; out holds no values then. */
bool hr_pq_hybrid_look_up(hr_pq_hybrid *h, const hr_pq_values *dict, void *out, size_t width_bytes,
                          uint32_t n);

/** DELTA_BINARY_PACKED. */
typedef struct hr_pq_delta {
    const uint8_t *p, *end; /* p: the packed values of the current miniblock */
    const uint8_t *widths;
    uint64_t n_values;    /* as announced */
    uint64_t left;        /* of them */
    uint64_t mini_values; /* values a miniblock holds */
    uint64_t mini_left;
    uint64_t bit; /* in the current miniblock */
    int64_t value, min;
    uint32_t n_minis, mini;
    unsigned width;
    bool is_first, is_bad;
} hr_pq_delta;
/** False: the header is bad. */
bool hr_pq_delta_begin(hr_pq_delta *d, const uint8_t *p, const uint8_t *end);
bool hr_pq_delta_get(hr_pq_delta *d, int64_t *out, uint32_t n);
/** After the last value: the first byte behind the stream, its padding included; NULL when cut. */
const uint8_t *hr_pq_delta_end(hr_pq_delta *d);

/** Bytes of a plain value; 0 for BOOLEAN and BYTE_ARRAY. */
size_t hr_pq_value_width(const hr_pq_column *col);
/** A plain value of this column at p as 64 bits: integers as they are, floating-point numbers as
 * the bits of a double. HR_PQ_WIDE_I64 for what 64 bits do not hold. */
int64_t hr_pq_value_widen(const uint8_t *p, const hr_pq_column *col);
/** n of them. */
void hr_pq_values_widen(const uint8_t *p, const hr_pq_column *col, int64_t *out, size_t n);
/** Big-endian two's complement. */
int64_t hr_pq_decimal_widen(const uint8_t *p, size_t n_bytes);
/** Length-prefixed bytes; moves *p behind them. False: cut. */
bool hr_pq_bytes_take(const uint8_t **p, const uint8_t *end, hr_pq_bytes *out);

#endif

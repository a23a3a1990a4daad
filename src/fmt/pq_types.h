/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_PQ_TYPES_H
#define HR_FMT_PQ_TYPES_H
/* Constants of the Parquet format. Source: apache/parquet-format, src/main/thrift/parquet.thrift.
 */
#include <stdint.h>

/** Key of the last key-value pair of our footers: the value is 8 hex digits, the CRC-32C of every
 * byte of the footer before them. */
#define HR_PQ_FOOTER_CRC_KEY "headrace.footer.crc32c"
#define HR_PQ_CSV_KEY "headrace.csv" /* of a table made of CSV that is no events: its format */

typedef enum hr_pq_phys {
    HR_PQ_BOOLEAN = 0,
    HR_PQ_INT32 = 1,
    HR_PQ_INT64 = 2,
    HR_PQ_INT96 = 3,
    HR_PQ_FLOAT = 4,
    HR_PQ_DOUBLE = 5,
    HR_PQ_BYTE_ARRAY = 6,
    HR_PQ_FIXED = 7,
} hr_pq_phys;

typedef enum hr_pq_encoding {
    HR_PQ_PLAIN = 0,
    HR_PQ_PLAIN_DICTIONARY = 2,
    HR_PQ_RLE = 3,
    HR_PQ_BIT_PACKED = 4,
    HR_PQ_DELTA_BINARY_PACKED = 5,
    HR_PQ_DELTA_LENGTH_BYTE_ARRAY = 6,
    HR_PQ_DELTA_BYTE_ARRAY = 7,
    HR_PQ_RLE_DICTIONARY = 8,
    HR_PQ_BYTE_STREAM_SPLIT = 9,
} hr_pq_encoding;

typedef enum hr_pq_codec {
    HR_PQ_UNCOMPRESSED = 0,
    HR_PQ_SNAPPY = 1,
    HR_PQ_GZIP = 2,
    HR_PQ_LZO = 3,
    HR_PQ_BROTLI = 4,
    HR_PQ_LZ4_HADOOP = 5,
    HR_PQ_ZSTD = 6,
    HR_PQ_LZ4_RAW = 7,
} hr_pq_codec;

typedef enum hr_pq_page_type {
    HR_PQ_DATA_PAGE = 0,
    HR_PQ_INDEX_PAGE = 1,
    HR_PQ_DICTIONARY_PAGE = 2,
    HR_PQ_DATA_PAGE_V2 = 3,
} hr_pq_page_type;

typedef enum hr_pq_repetition {
    HR_PQ_REQUIRED = 0,
    HR_PQ_OPTIONAL = 1,
    HR_PQ_REPEATED = 2
} hr_pq_repetition;

#endif

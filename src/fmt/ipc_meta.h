/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_IPC_META_H
#define HR_FMT_IPC_META_H
/* Arrow's metadata: messages, schemas, record batches. Private to fmt.
 * Source: apache/arrow, format/{Schema,Message,File}.fbs and docs "Arrow Columnar Format". */
#include "fmt/ipc_fb.h"
#include "fmt/pq_read.h"

#define HR_IPC_MAGIC "ARROW1"
#define HR_IPC_MAGIC_V1 "FEA1" /* Feather before it was Arrow: known, not read */
#define HR_IPC_CONTINUES UINT32_C(0xffffffff) /* before a message's length, since 0.15 */
#define HR_IPC_V4 3
#define HR_IPC_V5 4
#define HR_IPC_DEPTH_MAX 64 /* of nested fields */
#define HR_IPC_PLAIN (-1)   /* no compression */

/* Numbers of the unions in the schemas. */
enum { IPC_MSG_SCHEMA = 1, IPC_MSG_DICTIONARY = 2, IPC_MSG_BATCH = 3 };
enum { IPC_LZ4_FRAME = 0, IPC_ZSTD = 1 };
enum {
    IPC_T_NULL = 1,
    IPC_T_INT,
    IPC_T_FLOAT,
    IPC_T_BINARY,
    IPC_T_UTF8,
    IPC_T_BOOL,
    IPC_T_DECIMAL,
    IPC_T_DATE,
    IPC_T_TIME,
    IPC_T_TIMESTAMP,
    IPC_T_INTERVAL,
    IPC_T_LIST,
    IPC_T_STRUCT,
    IPC_T_UNION,
    IPC_T_FIXED,
    IPC_T_FIXED_LIST,
    IPC_T_MAP,
    IPC_T_DURATION,
    IPC_T_LARGE_BINARY,
    IPC_T_LARGE_UTF8,
    IPC_T_LARGE_LIST,
    IPC_T_RUN_END,
    IPC_T_BINARY_VIEW,
    IPC_T_UTF8_VIEW,
    IPC_T_LIST_VIEW,
    IPC_T_LARGE_LIST_VIEW,
    IPC_T_COUNT
};
/* Fields of the tables that are written and read here, by their ids. */
enum { IPC_MESSAGE_VERSION, IPC_MESSAGE_TYPE, IPC_MESSAGE_HEADER, IPC_MESSAGE_BODY };
enum { IPC_SCHEMA_ENDIAN, IPC_SCHEMA_FIELDS, IPC_SCHEMA_META };
enum {
    IPC_FIELD_NAME,
    IPC_FIELD_NULLABLE,
    IPC_FIELD_TYPE_TYPE,
    IPC_FIELD_TYPE,
    IPC_FIELD_DICTIONARY,
    IPC_FIELD_CHILDREN
};
enum { IPC_DICTIONARY_ID, IPC_DICTIONARY_INDEX };
enum { IPC_BATCH_ROWS, IPC_BATCH_NODES, IPC_BATCH_BUFFERS, IPC_BATCH_CODEC, IPC_BATCH_VARIADIC };
enum { IPC_DICT_ID, IPC_DICT_DATA, IPC_DICT_IS_DELTA };
enum { IPC_FOOTER_VERSION, IPC_FOOTER_SCHEMA, IPC_FOOTER_DICTS, IPC_FOOTER_BATCHES };
#define IPC_BLOCK_BYTES 24u  /* i64 offset, i32 metadata's bytes, 4 of padding, i64 body's bytes */
#define IPC_NODE_BYTES 16u   /* i64 rows, i64 nulls */
#define IPC_BUFFER_BYTES 16u /* i64 offset in the body, i64 bytes */

/* How a column's values lie. */
typedef enum ipc_kind {
    IPC_NESTED, /* not read */
    IPC_NULLS,  /* nothing but nulls, and no buffers */
    IPC_INT,
    IPC_REAL,
    IPC_BITS,
    IPC_DECIMAL,
    IPC_FIXED,
    IPC_TEXT, /* offsets of width bytes */
    IPC_VIEW,
} ipc_kind;

typedef struct ipc_type {
    ipc_kind kind;
    uint32_t width; /* of a value; of an offset */
    bool is_signed;
} ipc_type;

/* A column, and where a batch has it. */
typedef struct ipc_col {
    ipc_type type;  /* of the values */
    ipc_type index; /* into the dictionary */
    bool has_dict;
    int64_t dict_id;
    uint32_t node, buffer; /* its first; `variadic` views before it may have more buffers */
    uint32_t variadic;
} ipc_col;

typedef struct ipc_schema {
    hr_pq_column *columns;
    ipc_col *cols;
    uint32_t n_columns;
    uint32_t n_nodes, n_buffers, n_views; /* of a batch; buffers without those of views' data */
} ipc_schema;

typedef struct ipc_message {
    int type; /* IPC_MSG_... */
    int version;
    int64_t body_bytes;
    hr_fb_table header;
} ipc_message;

typedef struct ipc_batch {
    int64_t n_rows;
    hr_fb_vector nodes, buffers, variadic;
    int codec; /* IPC_LZ4_FRAME, IPC_ZSTD, HR_IPC_PLAIN */
} ipc_batch;

HR_MUST_USE hr_status hr_ipc_message_read(ipc_message *out, hr_fb *b, hr_err *err);
/** version: of the metadata, it says which buffers a union has. */
HR_MUST_USE hr_status hr_ipc_schema_read(ipc_schema *out, hr_fb *b, const hr_fb_table *t,
                                         int version, uint32_t max_fields, hr_arena *arena,
                                         hr_err *err);
HR_MUST_USE hr_status hr_ipc_batch_read(ipc_batch *out, hr_fb *b, const hr_fb_table *t,
                                        hr_err *err);

#endif

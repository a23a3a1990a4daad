/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_PIPE_DESK_STATE_H
#define HR_PIPE_DESK_STATE_H
/* Flat images for checkpoints: bounded writing and checked reading. */
#include <string.h>

#include "pipe/desk.h"

/* A small buffer before a file: images may be larger than memory allows in one piece. */
typedef struct hr_pack {
    char *p;
    size_t n, cap;
    int fd;
    int64_t at;     /* bytes in the file */
    uint32_t crc;   /* CRC-32C of them */
    int64_t failed; /* 0, or -errno of the first failed write */
} hr_pack;
typedef struct hr_unpack {
    char *p;
    size_t at, n, cap;
    int fd;
    int64_t file_at;
    uint32_t crc;
    int64_t failed; /* 0, or -errno of a read */
    bool is_bad;    /* read past the end, or the file could not be read: zeros were given */
} hr_unpack;

void hr_pack_flush(hr_pack *k);
void hr_pack_bytes(hr_pack *k, const void *v, size_t n);
void hr_unpack_bytes(hr_unpack *u, void *v, size_t n);
/** True when all of the file was taken. */
bool hr_unpack_at_end(hr_unpack *u);
HR_INLINE void hr_pack_i64(hr_pack *k, int64_t v)
{
    hr_pack_bytes(k, &v, sizeof v);
}
HR_INLINE int64_t hr_unpack_i64(hr_unpack *u)
{
    int64_t v;
    hr_unpack_bytes(u, &v, sizeof v);
    return v;
}

/** Dates and part numbers of the tables from `first` to before `end`. */
void hr_desk_pack_tables(const hr_desk *d, uint32_t first, uint32_t end, hr_pack *k);
void hr_desk_unpack_tables(hr_desk *d, uint32_t first, uint32_t end, hr_unpack *u);
/** The desk's chains must be empty (just cut). */
void hr_desk_pack(const hr_desk *d, const hr_desk_config *cfg, hr_pack *k);
/** Its live orders; the book by price must hold their levels. */
void hr_desk_pack_orders(const hr_desk *d, const hr_l3 *orders, hr_pack *k);
/** Behind hr_desk_unpack; false: no orders of a book. */
bool hr_desk_unpack_orders(const hr_desk *d, hr_l3 *orders, hr_unpack *u);
/** Into a fresh desk; false when the image is not one. */
bool hr_desk_unpack(hr_desk *d, hr_desk_env *env, hr_unpack *u);

#endif

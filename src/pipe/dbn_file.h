/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_PIPE_DBN_FILE_H
#define HR_PIPE_DBN_FILE_H
/* A DBN file, plain, zstd (any number of frames) or gzip, as a stream of records in fixed memory:
 * metadata whole, then some thousand records at a time. One owner. */
#include "fmt/codec.h"
#include "mem/mem.h"
#include "pipe/reader.h"
#include "venue/files/dbn.h"

#define HR_DBN_META_MAX ((size_t)256 << 20) /* bytes of metadata */
#define HR_DBN_FILE_RECS 4096u              /* records at hand, at most */

typedef struct hr_dbn_file {
    const char *path;
    hr_container container;
    hr_dbn_kind kind;
    hr_dbn_meta meta; /* of HR_DBN_FILE */
    const uint8_t *header; /* prelude and metadata as they lie in the file, n_header bytes */
    size_t n_header;
    hr_dbn_dir *dir;
    hr_budget *budget;
    hr_arena *arena, *meta_arena, *dir_arena;
    hr_reader reader; /* its read-ahead is for what is compressed */
    int64_t size_bytes, n_read;
    hr_inflate *inflate;
    const uint8_t *in;
    size_t n_in;
    bool has_block;
    /* decompressed bytes */
    uint8_t *buf;
    size_t cap, len, pos;
    int64_t offset; /* of buf[0] */
    bool at_eof;
    /* the records at hand */
    const hr_dbn_rec *recs;
    uint32_t n_recs;
    const uint8_t *p;  /* what their places are counted from */
    int64_t p_offset;  /* its place in the decompressed source */
    hr_dbn_rec *found; /* of the last walk, n_found; n_begun were given before recs */
    uint32_t n_found, n_begun;
    hr_dbn_step step;
    hr_status walked;
    const uint8_t *bad; /* with no record at hand: one that is too short for its type; else NULL */
    uint32_t n_bad;     /* bytes */
    int64_t bad_offset;
    /* so far */
    uint64_t n_records, n_unknown, n_short, n_unnamed;
    uint64_t n_of[256];         /* by rtype */
    uint64_t first_ns, last_ns; /* UINT64_MAX, 0: none */
} hr_dbn_file;

/** What the file's first bytes are, decompressed. Pipes are HR_DBN_NOT: they are read once. */
HR_MUST_USE hr_status hr_dbn_file_probe(hr_dbn_kind *out, const char *path, hr_err *err);
/** HR_EUNSUPPORTED: .dbz, or a newer version. Close after any outcome. */
HR_MUST_USE hr_status hr_dbn_file_open(hr_dbn_file *f, const char *path, hr_budget *budget,
                                       hr_err *err);
void hr_dbn_file_close(hr_dbn_file *f);
/** The next records: f->recs, f->n_recs of them, at f->p, those of unknown types among them; or
 *  none and f->bad. HR_END: no more. HR_EINPUT: damage; err->offset is the place in the
 *  decompressed source; what came before it was given. */
HR_MUST_USE hr_status hr_dbn_file_next(hr_dbn_file *f, hr_err *err);
/** The symbol of a record at hand; returns its length, 0: not known. */
size_t hr_dbn_file_symbol(const hr_dbn_file *f, const hr_dbn_rec *rec, const char **out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_APP_GEN_OUT_H
#define HR_APP_GEN_OUT_H
/* One output file of `gen`: compressed by its name (.gz, .zst), written beside its place and
 * renamed when it is whole, so that no half file ever bears the name. Memory: one chunk and the
 * room behind it, and as much again where it compresses. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define HR_GEN_CHUNK_BYTES ((size_t)1 << 20)
#define HR_GEN_PATH_MAX 1024

typedef struct hr_gen_out hr_gen_out;
/** "-" is standard output; a device or pipe is written in place. chunk_bytes are gathered before a
 * write; each is a gzip member or zstd frame of its own. */
HR_MUST_USE hr_status hr_gen_out_open(hr_gen_out **out, const char *path, size_t chunk_bytes,
                                      size_t room_bytes, hr_err *err);
/** Room for at least room_bytes; good until the next call. */
char *hr_gen_out_room(hr_gen_out *o);
/** n bytes were put there. */
HR_MUST_USE hr_status hr_gen_out_took(hr_gen_out *o, size_t n, hr_err *err);
/** Copies any number of bytes. The shape of hr_sink_fn. */
HR_MUST_USE hr_status hr_gen_out_write(void *self, const void *bytes, size_t n, hr_err *err);
/** Everything is on the disk, under its final name after hr_gen_out_publish. */
HR_MUST_USE hr_status hr_gen_out_finish(hr_gen_out *o, hr_err *err);
HR_MUST_USE hr_status hr_gen_out_publish(hr_gen_out *o, hr_err *err);
const char *hr_gen_out_path(const hr_gen_out *o);
/** What was not published is removed. NULL is fine. */
void hr_gen_out_close(hr_gen_out **o);

#endif

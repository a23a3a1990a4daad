/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_PIPE_FRAMING_H
#define HR_PIPE_FRAMING_H
/* Sources of bytes instead of lines: where their messages end, and what stands before the first.
 * Private to the source; one entry a format. */
#include "pipe/source.h"
#include "venue/files/dbn.h"
#include "venue/files/mold.h"

typedef struct hr_framing {
    const char *unit; /* what a message is called */
    /** Some need what came before: all of the source goes through `whole` once, in order. */
    bool has_past;
    /** Bytes of the whole messages at the front of [p, p + n), and how many they are. HR_EINPUT: at
     *  *len is none, and where the next one begins cannot be known. */
    hr_status (*whole)(hr_source *s, uint8_t *p, size_t n, size_t *len, uint64_t *n_msgs);
    /** Reads what the source's beginning says into s->info and memory of its own; sets
     *  s->head_bytes. head: the first decompressed bytes, at most a MiB. */
    hr_status (*open)(hr_source *s, hr_budget *budget, const uint8_t *head, size_t n_head,
                      hr_err *err);
} hr_framing;
/** Before a run goes on at this place: what came before it, once more. */
HR_MUST_USE hr_status hr_framing_past(hr_source *s, int64_t offset, hr_err *err);
/** NULL: lines. */
const hr_framing *hr_framing_of(hr_format f);

#endif

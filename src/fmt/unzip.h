/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_UNZIP_H
#define HR_FMT_UNZIP_H
/* What stands around the deflated bytes of a zip archive, read as a stream from its beginning: one
 * file, stored or deflated, and any folders. Private to fmt.
 * Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.9 (data descriptor). */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef enum hr_unzip_state {
    HR_UNZIP_HEAD = 0, /* a signature and what it opens */
    HR_UNZIP_NAME = 1, /* the rest of a local header is passed over */
    HR_UNZIP_DATA = 2, /* the caller's: the file's bytes */
    HR_UNZIP_TAIL = 3, /* a data descriptor */
    HR_UNZIP_END = 4,  /* the central directory: nothing more is read */
} hr_unzip_state;

typedef struct hr_unzip {
    uint8_t state; /* hr_unzip_state */
    bool is_deflated, has_tail, is_folder, any_file;
    uint8_t last_of_name;
    uint8_t n_kept;
    uint8_t kept[32];
    uint32_t n_name, n_pass; /* bytes of the name and of all that is passed over, still to come */
    uint32_t crc;            /* of the output so far */
    uint32_t want_crc;
    uint64_t left; /* stored: bytes still to come */
} hr_unzip;

/** Takes bytes of heads and tails up to the next state that is the caller's (DATA, END). HR_OK: it
 * is there. HR_AGAIN: p is used up. HR_ECORRUPT, HR_EUNSUPPORTED with *why. */
HR_MUST_USE hr_status hr_unzip_walk(hr_unzip *z, const uint8_t **p, size_t *n, const char **why);
/** The file's last byte was handed out. */
void hr_unzip_data_ended(hr_unzip *z);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_VENUE_REQUEST_H
#define HR_VENUE_REQUEST_H
/* Requests to a venue from templates. Private to venue.
 *
 * In a template `$` stands for a symbol, `~` for it in small letters, and `<...>` is repeated for
 * each, with commas between:
 *     {"op":"subscribe","args":[<{"channel":"books","instId":"$"}>]}
 * One without `<` makes a line of its own for each symbol. */
#include <stddef.h>
#include <stdint.h>

typedef struct hr_request {
    const char *channel; /* "book", "trades", "ticker" */
    const char *text;    /* template */
    uint32_t per_line;   /* symbols at most in a line that takes several; 0: no limit */
} hr_request;

/** All lines for these symbols, each ended by '\n'; returns the length without the NUL behind it.
 *  0: no template of this channel, no symbol, one with a byte that symbols do not have, or it does
 *  not fit. */
size_t hr_request_fill(char *out, size_t cap, const hr_request *requests, size_t n_requests,
                       const char *channel, const char *const *symbols, uint32_t n);

#endif

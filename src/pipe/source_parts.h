/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_PIPE_SOURCE_PARTS_H
#define HR_PIPE_SOURCE_PARTS_H
/* Lines that are one long list: a book of orders of a hundred thousand entries, longer than any
 * batch and perhaps than any text. They are handed on in parts, cut between two entries; a part
 * that goes on with a line begins with the line's own head:
 *
 *     1723161600000000000 {"sequence":7,"bids":[["1","2","id"],            ends behind a comma
 *     1723161600000000000 {"sequence":7,"continues":1,"bids":[["1","2","id"],..
 *
 * "continues" says how many entries went before, so that who reads the last part knows whether any
 * was lost. Private to sources; one owner, the filler. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HR_PARTS_HEAD 1024u
#define HR_PARTS_PREFIX (HR_PARTS_HEAD + 64u)

typedef struct hr_parts {
    bool is_on;
    bool is_in;      /* the text at hand begins inside a long line */
    bool goes_on;    /* and so will the next */
    const char *key; /* the list that it is in */
    int64_t n_entries;
    uint32_t n_head, n_prefix;
    char head[HR_PARTS_HEAD];
    char prefix[HR_PARTS_PREFIX]; /* of the text at hand, where it is_in */
} hr_parts;

/** How much of a text of n bytes goes on as it is, where a long line is in it or begins behind it.
 *  False: there is none, or it is no list. */
bool hr_parts_cut(hr_parts *p, const char *text, size_t n, size_t *len);
/** The text is handed on: the prefix of the next. */
void hr_parts_next(hr_parts *p);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_PIPE_LINES_H
#define HR_PIPE_LINES_H
/* The lines of one file of text, one by one, whatever it is packed in. One owner. */
#include "pipe/source.h"

typedef struct hr_lines {
    hr_source source;
    uint64_t n_taken; /* texts of the source */
    hr_slot *slot;    /* the text at hand; NULL: none */
    const char *p;
    int64_t number;
    const _Atomic uint32_t *stop; /* != 0: give up; may be NULL */
} hr_lines;

typedef struct hr_text_line {
    const char *s; /* good until the next line */
    size_t n;      /* without the line end, and without a byte order mark */
    int64_t offset, number;
    bool is_cut; /* the beginning of one that is longer than line_bytes */
} hr_text_line;

/** For a file that is not open: what close needs. */
void hr_lines_init(hr_lines *l);
/** info: what is forced, as for hr_source_open. */
HR_MUST_USE hr_status hr_lines_open(hr_lines *l, const char *path, const hr_source_info *info,
                                    hr_budget *budget, size_t line_bytes,
                                    const _Atomic uint32_t *stop, hr_err *err);
void hr_lines_close(hr_lines *l);
/** The next line, empty ones too; HR_END after the last; HR_ESTOPPED. */
HR_MUST_USE hr_status hr_lines_next(hr_lines *l, hr_text_line *out, hr_err *err);

#endif

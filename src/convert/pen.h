/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CONVERT_PEN_H
#define HR_CONVERT_PEN_H
/* A line of text that grows in an output file's own buffer. The first failure stays; what comes
 * after it is dropped. Private to convert. */
#include "convert/convert_parts.h"
#include "text/decimal.h"

typedef struct hr_pen {
    hr_out_file *file;
    char *p;
    size_t n, room; /* n: not yet taken */
    hr_status st;
    hr_err *err;
} hr_pen;
HR_INLINE hr_pen hr_pen_init(hr_out_file *file, hr_err *err)
{
    return (hr_pen){.file = file, .st = HR_OK, .err = err};
}
/** Room for at least this many bytes more (at most 1 MiB): what is put asks for its own. */
void hr_pen_room(hr_pen *k, size_t want);
void hr_pen_put(hr_pen *k, const char *s, size_t n);
void hr_pen_text(hr_pen *k, const char *s);
/** v x 10^-scale in its shortest form. */
void hr_pen_decimal(hr_pen *k, int64_t v, unsigned scale);
/** A name and a whole number. */
void hr_pen_int(hr_pen *k, const char *name, int64_t v);
/** Takes the line. */
HR_MUST_USE hr_status hr_pen_end(hr_pen *k);
/** The first four columns of Tardis' CSV, of message m, and the comma behind them. */
void hr_text_out_head(hr_pen *k, const hr_evbatch *b, uint32_t m);
/** Message m as a line of Bitstamp's log; hr_bitstamp_losses lets it be none that has no name. */
void hr_bitstamp_put(const hr_text_out *t, hr_pen *k, const hr_evbatch *b, uint32_t m);

#endif

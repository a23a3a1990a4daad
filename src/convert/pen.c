/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/pen.h"

#include <string.h>

#define ROOM_BYTES ((size_t)65536)

void hr_pen_room(hr_pen *k, size_t want)
{
    if (k->st != HR_OK || k->room - k->n >= want) return;
    hr_out_took(k->file, k->n);
    k->n = 0;
    k->room = HR_MAX(want, ROOM_BYTES);
    k->p = hr_out_room(k->file, k->room, k->err);
    if (k->p == NULL) k->st = k->err != NULL ? k->err->code : HR_EIO;
}

void hr_pen_put(hr_pen *k, const char *s, size_t n)
{
    hr_pen_room(k, n);
    if (k->st != HR_OK) return;
    memcpy(k->p + k->n, s, n);
    k->n += n;
}

void hr_pen_text(hr_pen *k, const char *s)
{
    hr_pen_put(k, s, strlen(s));
}

void hr_pen_decimal(hr_pen *k, int64_t v, unsigned scale)
{
    hr_pen_room(k, HR_DECIMAL_TEXT_MAX);
    if (k->st == HR_OK) k->n += hr_decimal_format(k->p + k->n, v, scale);
}

void hr_pen_int(hr_pen *k, const char *name, int64_t v)
{
    hr_pen_text(k, name);
    hr_pen_decimal(k, v, 0);
}

hr_status hr_pen_end(hr_pen *k)
{
    if (k->st == HR_OK) hr_out_took(k->file, k->n);
    k->n = k->room = 0;
    return k->st;
}

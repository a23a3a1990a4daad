/* SPDX-License-Identifier: Apache-2.0 */
#include "job/calc_input.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "convert/convert_parts.h"
#include "text/nearest.h"
#include "venue/adapter.h"

void hr_calc_reject(hr_calc_rejects *r, const char *path, const char *place, const char *fmt, ...)
{
    va_list args;
    if (r->n++ > 0) return;
    int n = snprintf(r->first, sizeof r->first, "%.160s:%.60s: ", path, place);
    if (n < 0 || (size_t)n >= sizeof r->first) return;
    va_start(args, fmt);
    vsnprintf(r->first + n, sizeof r->first - (size_t)n, fmt, args);
    va_end(args);
}

bool hr_calc_cell_text(hr_text *out, const char *s, size_t n)
{
    if (n == 0 || n > HR_TEXT_CAP) return false;
    *out = (hr_text){.len = (uint8_t)n};
    memcpy(out->byte, s, n);
    return true;
}

/* ---- names by the path ---- */

/* Bytes of name[0..n) without an end that is in the list. */
static size_t without(const char *name, size_t n, const char *const *list)
{
    for (; *list != NULL; list++)
        if (n > strlen(*list) && hr_out_ends_with(name, n, *list)) return n - strlen(*list);
    return n;
}

/* Of "dir/BRK.B.csv.gz" "BRK.B". */
static void take_stem(hr_text *out, const char *path)
{
    static const char *const ends[] = {".csv",     ".txt",    ".tsv", ".parquet", ".pq",
                                       ".feather", ".arrows", ".ipc", ".arrow",   NULL};
    static const char *const packed[] = {".gz", ".zst", ".xz", ".zip", NULL};
    const char *base = strrchr(path, '/');
    base = base != NULL ? base + 1 : path;
    if (strncmp(path, "/dev/", 5) == 0) base = "stdin"; /* numbers of descriptors are no names */
    size_t n = without(base, strlen(base), packed);
    n = without(base, n, ends);
    *out = (hr_text){.len = (uint8_t)HR_MIN(n, (size_t)HR_TEXT_CAP)};
    memcpy(out->byte, base, out->len);
}

static void take_text(hr_text *out, const char *s)
{
    *out = (hr_text){.len = (uint8_t)HR_MIN(strlen(s), (size_t)HR_TEXT_CAP)};
    memcpy(out->byte, s, out->len);
}

static void take_names(hr_calc_input *in)
{
    hr_source_info info = {.format = HR_FORMAT_UNKNOWN};
    hr_sniff_path(&info, in->path);
    if (in->o->symbol[0] != '\0')
        take_text(&in->symbol.text, in->o->symbol);
    else if (info.symbol[0] != '\0')
        take_text(&in->symbol.text, info.symbol);
    else if (in->symbol.text.len == 0)
        take_stem(&in->symbol.text, in->path);
    take_text(&in->venue.text, in->o->venue[0] != '\0' ? in->o->venue : info.venue);
    in->symbol.bytes = (hr_pq_bytes){.s = in->symbol.text.byte, .n = in->symbol.text.len};
    in->venue.bytes = (hr_pq_bytes){.s = in->venue.text.byte, .n = in->venue.text.len};
}

/* ---- columns ---- */

static hr_status lacks(const hr_calc_input *in, const char *name, hr_err *err)
{
    char text[96];
    hr_nearest near = hr_nearest_start(name);
    for (uint32_t i = 0; i < in->table->n_column; i++)
        hr_nearest_offer(&near, in->table->name[i]);
    return HR_FAIL(err, HR_EINPUT, "'%s': expected a column '%s' as in the first file%s", in->path,
                   name, hr_nearest_text(&near, text, sizeof text));
}

hr_status hr_calc_input_map(hr_calc_input *in, hr_err *err)
{
    const hr_calc_input_options *o = in->o;
    hr_status st = hr_calc_columns_find(in->table, o->words, err);
    for (uint32_t i = 0; st == HR_OK && i < o->n_used; i++) {
        const char *name = o->first->name[o->used[i]];
        in->field[i] = hr_calc_columns_of(in->table, name);
        if (in->field[i] == HR_CALC_NO_FIELD) return lacks(in, name, err);
        st = hr_calc_columns_check(in->table, in->field[i], err);
    }
    if (st != HR_OK) hr_err_prefix(err, "'%s'", in->path);
    return st;
}

hr_status hr_calc_input_columns(hr_calc_table *t, const char *path, const hr_calc_words *w,
                                hr_err *err)
{
    t->n_column = 0;
    t->has_header = true;
    t->is_first_empty = false;
    hr_status st = hr_calc_parquet_columns(t, path, err);
    if (st == HR_AGAIN) st = hr_calc_csv_columns(t, path, err);
    HR_TRY(st);
    st = hr_calc_columns_find(t, w, err);
    if (st != HR_OK) hr_err_prefix(err, "'%s'", path);
    return st;
}

/* ---- rows ---- */

hr_status hr_calc_input_open(hr_calc_input **out, const hr_calc_input_options *o, const char *path,
                             hr_err *err)
{
    *out = NULL;
    hr_calc_input *in = NULL;
    hr_status st = hr_calc_parquet_open(&in, path, o, err);
    if (st == HR_AGAIN) {
        hr_calc_input_close(&in);
        st = hr_calc_csv_open(&in, path, o, err);
    }
    if (st == HR_OK) {
        take_names(in);
        *out = in;
    } else {
        hr_calc_input_close(&in);
    }
    return st;
}

hr_status hr_calc_input_next(hr_calc_input *in, hr_calc_span *out, hr_err *err)
{
    return in->ops->next(in, out, err);
}

void hr_calc_input_close(hr_calc_input **in)
{
    if (*in != NULL) (*in)->ops->close(*in);
    *in = NULL;
}

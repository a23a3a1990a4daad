/* SPDX-License-Identifier: Apache-2.0 */
/* The structures come from another library and are checked as far as they can be: shapes, counts,
 * offsets and indexes before a row is read, values row by row. */
#include <string.h>

#include "col/arrow_batch.h"

typedef enum access {
    ACCESS_INT,    /* width bytes, signed or not */
    ACCESS_DEC128, /* 16 bytes, little endian */
    ACCESS_UTF8,   /* offsets of width 4 or 8, bytes */
    ACCESS_INDEX,  /* width bytes into a dictionary of UTF8 */
} access_kind;

/* One column, ready to read: row i of the parent is element `begin + i`. */
typedef struct column {
    const char *name;
    access_kind access;
    uint8_t width;
    bool is_signed;
    int64_t begin, length; /* elements from `begin` on that may be read */
    const uint8_t *valid;  /* NULL: none is null */
    const void *data;
    const char *bytes; /* UTF8 */
    int64_t factor;    /* times to ns, numbers to our scale; < 0: divide by -factor */
    /* the dictionary's values */
    uint8_t text_width;
    int64_t text_begin, n_texts;
    const uint8_t *text_valid;
    const void *text_offsets;
    const char *text_bytes;
} column;

typedef struct span {
    const char *s;
    int64_t n; /* -1: null */
} span;

typedef struct table {
    bool is_trades;
    int64_t length;
    column ts_event, ts_recv, kind, venue, symbol, seq, seq_first, seq_prev, flags, src_offset,
        src_line, trade_id, side, px, qty;
    /* levels: the list's offsets */
    uint8_t list_width;
    int64_t list_begin, n_items;
    const void *list_offsets;
    const uint8_t *list_valid;
} table;

/* ---- shapes ---- */

static hr_status bad(hr_err *err, const char *name, const char *what)
{
    return HR_FAIL(err, HR_EINPUT, "arrow column '%s': %s", name, what);
}

static hr_status unsupported(hr_err *err, const char *name, const char *format)
{
    return HR_FAIL(err, HR_EUNSUPPORTED, "arrow column '%s' has type '%.40s', which is not taken",
                   name, format);
}

/* Counts that hold for any array; `need`: elements from its offset on that the parent reads. */
static hr_status check_array(const struct ArrowSchema *s, const struct ArrowArray *a,
                             const char *name, int64_t need, int64_t n_buffers, hr_err *err)
{
    int64_t end;
    if (s == NULL || a == NULL) return bad(err, name, "is not there");
    if (s->release == NULL || a->release == NULL) return bad(err, name, "is released already");
    if (s->format == NULL) return bad(err, name, "has no format");
    if (a->length < 0 || a->offset < 0 || a->null_count < -1 || a->null_count > a->length ||
        __builtin_add_overflow(a->length, a->offset, &end))
        return bad(err, name, "its length, offset or null count cannot be");
    if (a->length < need) return bad(err, name, "is shorter than its table");
    if (a->n_children != s->n_children || a->n_children < 0)
        return bad(err, name, "schema and array differ in children");
    if (a->n_children > 0 && (a->children == NULL || s->children == NULL))
        return bad(err, name, "its children are not there");
    if ((a->dictionary == NULL) != (s->dictionary == NULL))
        return bad(err, name, "schema and array differ in their dictionary");
    if (a->n_buffers != n_buffers) return bad(err, name, "has not the buffers of its type");
    if (n_buffers > 0 && a->buffers == NULL) return bad(err, name, "its buffers are not there");
    if (a->null_count > 0 && a->buffers[0] == NULL)
        return bad(err, name, "has nulls and no validity bitmap");
    return HR_OK;
}

static bool starts_with(const char *s, const char *what)
{
    return strncmp(s, what, strlen(what)) == 0;
}

static bool int_format(const char *format, uint8_t *width, bool *is_signed)
{
    static const char letters[] = "cCsSiIlL";
    const char *at = format[0] != '\0' && format[1] == '\0' ? strchr(letters, format[0]) : NULL;
    if (at == NULL) return false;
    *width = (uint8_t)(1u << ((at - letters) / 2));
    *is_signed = (at - letters) % 2 == 0;
    return true;
}

static uint8_t utf8_width(const char *format)
{
    return strcmp(format, "u") == 0 ? 4 : strcmp(format, "U") == 0 ? 8 : 0;
}

/* What every column has: validity, data, and where its first row is. */
static hr_status take_base(column *c, const struct ArrowSchema *s, const struct ArrowArray *a,
                           const char *name, int64_t skip, int64_t rows, int64_t n_buffers,
                           hr_err *err)
{
    int64_t need;
    memset(c, 0, sizeof *c);
    if (__builtin_add_overflow(skip, rows, &need)) return bad(err, name, "its offset cannot be");
    HR_TRY(check_array(s, a, name, need, n_buffers, err));
    if (__builtin_add_overflow(a->offset, skip, &c->begin))
        return bad(err, name, "its offset cannot be");
    c->name = name;
    c->length = rows;
    c->factor = 1;
    c->valid = a->null_count == 0 ? NULL : a->buffers[0];
    c->data = n_buffers > 1 ? a->buffers[1] : NULL;
    if (rows > 0 && n_buffers > 1 && c->data == NULL) return bad(err, name, "has no data");
    return HR_OK;
}

static hr_status take_int(column *c, const struct ArrowSchema *s, const struct ArrowArray *a,
                          const char *name, int64_t skip, int64_t rows, hr_err *err)
{
    uint8_t width = 0;
    bool is_signed = false;
    if (s != NULL && s->format != NULL &&
        (!int_format(s->format, &width, &is_signed) || s->dictionary != NULL))
        return unsupported(err, name, s->format);
    HR_TRY(take_base(c, s, a, name, skip, rows, 2, err));
    c->access = ACCESS_INT;
    c->width = width;
    c->is_signed = is_signed;
    return HR_OK;
}

static hr_status take_time(column *c, const struct ArrowSchema *s, const struct ArrowArray *a,
                           const char *name, int64_t skip, int64_t rows, hr_err *err)
{
    int64_t factor = 0;
    if (s != NULL && s->format != NULL) {
        factor = starts_with(s->format, "tsn:")   ? 1
                 : starts_with(s->format, "tsu:") ? 1000
                 : starts_with(s->format, "tsm:") ? 1000000
                 : starts_with(s->format, "tss:") ? 1000000000
                                                  : 0;
        if (factor == 0) return unsupported(err, name, s->format);
    }
    HR_TRY(take_base(c, s, a, name, skip, rows, 2, err));
    c->width = 8;
    c->is_signed = true;
    c->factor = factor;
    return HR_OK;
}

/* "d:precision,scale" or "d:precision,scale,bits"; false: it is neither. */
static bool decimal_format(const char *format, unsigned *scale, unsigned *bits)
{
    unsigned v[3] = {0, 0, 128};
    unsigned n = 0;
    if (!starts_with(format, "d:")) return false;
    for (const char *p = format + 2; n < 3; p++, n++) {
        unsigned digits = 0;
        v[n] = 0;
        for (; *p >= '0' && *p <= '9' && digits < 4; p++, digits++)
            v[n] = v[n] * 10 + (unsigned)(*p - '0');
        if (digits == 0) return false;
        if (*p == '\0') {
            n++;
            break;
        }
        if (*p != ',') return false;
    }
    *scale = v[1];
    *bits = n == 3 ? v[2] : 128;
    return n >= 2 && v[1] <= 38 && (*bits == 64 || *bits == 128);
}

/* The scale that our own integers carry as metadata; -1 when there is none. */
static int meta_scale(const char *meta)
{
    static const char key[] = "headrace.scale";
    int32_t n_pairs;
    if (meta == NULL) return -1;
    memcpy(&n_pairs, meta, 4);
    meta += 4;
    for (int32_t i = 0; i < n_pairs && i < 64; i++) {
        int32_t n_key;
        int32_t n_value;
        memcpy(&n_key, meta, 4);
        if (n_key < 0 || n_key > 1 << 20) return -1;
        const char *k = meta + 4;
        memcpy(&n_value, k + n_key, 4);
        if (n_value < 0 || n_value > 1 << 20) return -1;
        const char *v = k + n_key + 4;
        if (n_key == (int32_t)sizeof key - 1 && memcmp(k, key, sizeof key - 1) == 0 &&
            n_value >= 1 && n_value <= 2) {
            int scale = 0;
            for (int32_t d = 0; d < n_value; d++)
                scale = v[d] >= '0' && v[d] <= '9' ? scale * 10 + (v[d] - '0') : 1000;
            return scale <= 38 ? scale : -1;
        }
        meta = v + n_value;
    }
    return -1;
}

static hr_status take_number(column *c, const struct ArrowSchema *s, const struct ArrowArray *a,
                             const char *name, int64_t skip, int64_t rows, unsigned want,
                             hr_err *err)
{
    unsigned scale = 0;
    unsigned bits = 64;
    if (s != NULL && s->format != NULL && !decimal_format(s->format, &scale, &bits)) {
        int in_meta = strcmp(s->format, "l") == 0 ? meta_scale(s->metadata) : -1;
        if (in_meta < 0) return unsupported(err, name, s->format);
        scale = (unsigned)in_meta;
    }
    HR_TRY(take_base(c, s, a, name, skip, rows, 2, err));
    c->access = bits == 64 ? ACCESS_INT : ACCESS_DEC128;
    c->width = 8;
    c->is_signed = true;
    unsigned steps = scale > want ? scale - want : want - scale;
    if (steps > 18) return unsupported(err, name, s->format);
    for (unsigned i = 0; i < steps; i++)
        c->factor *= 10;
    if (scale > want) c->factor = -c->factor;
    return HR_OK;
}

/* Buffers need not be aligned. */
static int64_t raw_int(const void *data, uint8_t width, bool is_signed, int64_t i)
{
    const char *p = (const char *)data + i * width;
    uint64_t v = 0;
    memcpy(&v, p, width); /* little endian, as the decimals below */
    if (is_signed && width < 8 && (v >> (8 * width - 1)) != 0) v |= ~UINT64_C(0) << (8 * width);
    return (int64_t)v;
}

/* Offsets must not fall and must start at 0 or later; what they point to is trusted. */
static bool offsets_rise(const void *data, uint8_t width, int64_t begin, int64_t n)
{
    int64_t last = 0;
    for (int64_t i = begin; i <= begin + n; i++) {
        int64_t v = raw_int(data, width, true, i);
        if (v < last) return false;
        last = v;
    }
    return true;
}

static hr_status take_dictionary(column *c, const struct ArrowSchema *s, const struct ArrowArray *a,
                                 const char *name, hr_err *err)
{
    HR_TRY(check_array(s, a, name, 0, 3, err));
    c->text_width = utf8_width(s->format);
    if (c->text_width == 0 || s->dictionary != NULL) return unsupported(err, name, s->format);
    c->n_texts = a->length;
    c->text_begin = a->offset;
    c->text_valid = a->null_count == 0 ? NULL : a->buffers[0];
    c->text_offsets = a->buffers[1];
    c->text_bytes = a->buffers[2];
    if (a->length == 0) return HR_OK;
    if (c->text_offsets == NULL || c->text_bytes == NULL)
        return bad(err, name, "its dictionary has no data");
    return offsets_rise(c->text_offsets, c->text_width, c->text_begin, c->n_texts)
               ? HR_OK
               : bad(err, name, "the offsets of its dictionary fall");
}

static hr_status take_text(column *c, const struct ArrowSchema *s, const struct ArrowArray *a,
                           const char *name, int64_t skip, int64_t rows, hr_err *err)
{
    uint8_t width = 0;
    bool is_signed = false;
    if (s == NULL || a == NULL || s->format == NULL) return bad(err, name, "is not there");
    if (s->dictionary != NULL) {
        if (!int_format(s->format, &width, &is_signed)) return unsupported(err, name, s->format);
        HR_TRY(take_base(c, s, a, name, skip, rows, 2, err));
        c->access = ACCESS_INDEX;
        c->width = width;
        c->is_signed = is_signed;
        return take_dictionary(c, s->dictionary, a->dictionary, name, err);
    }
    width = utf8_width(s->format);
    if (width == 0) return unsupported(err, name, s->format);
    HR_TRY(take_base(c, s, a, name, skip, rows, 3, err));
    c->access = ACCESS_UTF8;
    c->width = width;
    c->bytes = a->buffers[2];
    if (rows > 0 && !offsets_rise(c->data, width, c->begin, rows))
        return bad(err, name, "its offsets fall");
    return HR_OK;
}

/* ---- tables ---- */

static int64_t find(const struct ArrowSchema *s, const char *name)
{
    for (int64_t i = 0; i < s->n_children; i++)
        if (s->children[i] != NULL && s->children[i]->name != NULL &&
            strcmp(s->children[i]->name, name) == 0)
            return i;
    return -1;
}

typedef hr_status (*take_fn)(column *c, const struct ArrowSchema *s, const struct ArrowArray *a,
                             const char *name, int64_t skip, int64_t rows, hr_err *err);

static hr_status take(column *c, take_fn fn, const struct ArrowSchema *s,
                      const struct ArrowArray *a, const char *name, hr_err *err)
{
    int64_t i = find(s, name);
    if (i < 0) return HR_FAIL(err, HR_EUNSUPPORTED, "arrow table has no column '%s'", name);
    return fn(c, s->children[i], a->children[i], name, a->offset, a->length, err);
}

static hr_status take_level_columns(table *t, const struct ArrowSchema *s,
                                    const struct ArrowArray *a, unsigned px_scale,
                                    unsigned qty_scale, hr_err *err)
{
    int64_t px = find(s, "px");
    int64_t qty = find(s, "qty");
    if (px < 0 || qty < 0)
        return HR_FAIL(err, HR_EUNSUPPORTED, "arrow table has no columns 'px' and 'qty'");
    HR_TRY(take(&t->side, take_text, s, a, "side", err));
    HR_TRY(take_number(&t->px, s->children[px], a->children[px], "px", a->offset, a->length,
                       px_scale, err));
    return take_number(&t->qty, s->children[qty], a->children[qty], "qty", a->offset, a->length,
                       qty_scale, err);
}

static hr_status take_list(table *t, const struct ArrowSchema *s, const struct ArrowArray *a,
                           int64_t at, unsigned px_scale, unsigned qty_scale, hr_err *err)
{
    column c;
    const struct ArrowSchema *ls = s->children[at];
    const struct ArrowArray *la = a->children[at];
    if (ls->format == NULL || (strcmp(ls->format, "+l") != 0 && strcmp(ls->format, "+L") != 0))
        return unsupported(err, "levels", ls->format != NULL ? ls->format : "");
    HR_TRY(take_base(&c, ls, la, "levels", a->offset, a->length, 2, err));
    if (ls->n_children != 1) return bad(err, "levels", "a list has one child");
    const struct ArrowSchema *is = ls->children[0];
    const struct ArrowArray *ia = la->children[0];
    HR_TRY(check_array(is, ia, "levels.item", 0, 1, err));
    if (strcmp(is->format, "+s") != 0) return unsupported(err, "levels.item", is->format);
    if (ia->null_count != 0 && ia->buffers[0] != NULL)
        return bad(err, "levels.item", "a level may not be null");
    t->list_width = ls->format[1] == 'l' ? 4 : 8;
    t->list_begin = c.begin;
    t->list_offsets = c.data;
    t->list_valid = c.valid;
    t->n_items = ia->length;
    if (a->length > 0 && !offsets_rise(c.data, t->list_width, c.begin, a->length))
        return bad(err, "levels", "its offsets fall");
    return take_level_columns(t, is, ia, px_scale, qty_scale, err);
}

static hr_status take_messages(table *t, const struct ArrowSchema *s, const struct ArrowArray *a,
                               hr_err *err)
{
    HR_TRY(take(&t->kind, take_text, s, a, "kind", err));
    HR_TRY(take(&t->seq_first, take_int, s, a, "seq_first", err));
    HR_TRY(take(&t->seq_prev, take_int, s, a, "seq_prev", err));
    HR_TRY(take(&t->src_offset, take_int, s, a, "src_offset", err));
    return take(&t->src_line, take_int, s, a, "src_line", err);
}

static hr_status take_table(table *t, const struct ArrowSchema *s, const struct ArrowArray *a,
                            unsigned px_scale, unsigned qty_scale, hr_err *err)
{
    memset(t, 0, sizeof *t);
    HR_TRY(check_array(s, a, "(table)", 0, 1, err));
    if (strcmp(s->format, "+s") != 0) return unsupported(err, "(table)", s->format);
    if (a->null_count != 0 && a->buffers[0] != NULL)
        return bad(err, "(table)", "a row may not be null");
    for (int64_t i = 0; i < s->n_children; i++)
        if (s->children[i] == NULL || a->children[i] == NULL)
            return bad(err, "(table)", "a child is not there");
    int64_t levels = find(s, "levels");
    t->length = a->length;
    t->is_trades = levels < 0;
    HR_TRY(take(&t->ts_event, take_time, s, a, "ts_event", err));
    HR_TRY(take(&t->ts_recv, take_time, s, a, "ts_recv", err));
    HR_TRY(take(&t->venue, take_text, s, a, "venue", err));
    HR_TRY(take(&t->symbol, take_text, s, a, "symbol", err));
    HR_TRY(take(&t->seq, take_int, s, a, "seq", err));
    HR_TRY(take(&t->flags, take_int, s, a, "flags", err));
    HR_TRY(take(&t->trade_id, take_text, s, a, "trade_id", err));
    if (t->is_trades) return take_level_columns(t, s, a, px_scale, qty_scale, err);
    HR_TRY(take_messages(t, s, a, err));
    return take_list(t, s, a, levels, px_scale, qty_scale, err);
}

/* ---- values ---- */

static bool bit(const uint8_t *bits, int64_t i)
{
    return bits == NULL || ((bits[i / 8] >> (i % 8)) & 1) != 0;
}

/* HR_NULL_I64: null. False: there is a value and it does not fit. */
static bool get(const column *c, int64_t row, int64_t *out)
{
    int64_t i = c->begin + row;
    *out = HR_NULL_I64;
    if (!bit(c->valid, i)) return true;
    int64_t v;
    if (c->access == ACCESS_DEC128) {
        v = raw_int(c->data, 8, true, 2 * i);
        if (raw_int(c->data, 8, true, 2 * i + 1) != (v < 0 ? -1 : 0)) return false;
    } else {
        v = raw_int(c->data, c->width, c->is_signed, i);
        if (!c->is_signed && c->width == 8 && v < 0) return false;
    }
    if (c->factor < 0) {
        if (v % -c->factor != 0) return false;
        *out = v / -c->factor;
        return *out != HR_NULL_I64;
    }
    return !__builtin_mul_overflow(v, c->factor, out) && *out != HR_NULL_I64;
}

static span text_span(const void *offsets, uint8_t width, const char *bytes, int64_t i)
{
    int64_t from = raw_int(offsets, width, true, i);
    int64_t to = raw_int(offsets, width, true, i + 1);
    if (to > from && bytes == NULL) return (span){.s = NULL, .n = -1};
    return (span){.s = bytes + from, .n = to - from};
}

/* False: an index outside its dictionary. */
static bool get_text(const column *c, int64_t row, span *out)
{
    int64_t i = c->begin + row;
    *out = (span){.s = NULL, .n = -1};
    if (!bit(c->valid, i)) return true;
    if (c->access == ACCESS_UTF8) {
        *out = text_span(c->data, c->width, c->bytes, i);
        return true;
    }
    int64_t index = raw_int(c->data, c->width, c->is_signed, i);
    if (index < 0 || index >= c->n_texts) return false;
    if (!bit(c->text_valid, c->text_begin + index)) return true;
    *out = text_span(c->text_offsets, c->text_width, c->text_bytes, c->text_begin + index);
    return true;
}

static int word_of(span t, const char *const *words, int n)
{
    for (int i = 0; i < n; i++)
        if (t.n == (int64_t)strlen(words[i]) && memcmp(t.s, words[i], (size_t)t.n) == 0) return i;
    return -1;
}

/* ---- rows ---- */

static hr_status bad_row(hr_err *err, int64_t row, const char *name, const char *what)
{
    return HR_FAIL(err, HR_EINPUT, "arrow row %lld, column '%s': %s", (long long)row, name, what);
}

static hr_status get_id(const column *c, int64_t row, int64_t *out, hr_err *err)
{
    if (!get(c, row, out)) return bad_row(err, row, c->name, "does not fit");
    if (*out == HR_NULL_I64) *out = -1;
    return *out < -1 ? bad_row(err, row, c->name, "is negative") : HR_OK;
}

static hr_status set_kind(const table *t, hr_evbatch *b, int64_t row, hr_err *err)
{
    static const char *const kinds[] = {"delta", "snapshot", "trade", "ticker",
                                        "bad",   "status",   "other", "order"};
    span s;
    b->kind[b->n_msgs] = HR_MSG_TRADE;
    if (t->is_trades) return HR_OK;
    if (!get_text(&t->kind, row, &s)) return bad_row(err, row, "kind", "index out of range");
    int kind = word_of(s, kinds, HR_ARRAY_LEN(kinds));
    if (kind < 0) return bad_row(err, row, "kind", "is no kind of message");
    /* The text that was rejected does not come along, so the message is one that is left out. */
    b->kind[b->n_msgs] = (uint8_t)(kind == HR_MSG_BAD ? HR_MSG_OTHER : kind);
    return HR_OK;
}

/* HR_FULL: the dictionary has no room for one more. */
static hr_status set_symbol(const table *t, hr_evbatch *b, int64_t row, hr_err *err)
{
    span v;
    span s;
    char venue[HR_VENUE_MAX + 1] = {0};
    if (!get_text(&t->venue, row, &v)) return bad_row(err, row, "venue", "index out of range");
    if (!get_text(&t->symbol, row, &s)) return bad_row(err, row, "symbol", "index out of range");
    b->sym[b->n_msgs] = HR_SYM_UNKNOWN;
    if (s.n < 0) return HR_OK;
    if (v.n > HR_VENUE_MAX) return bad_row(err, row, "venue", "is too long");
    if (v.n > 0) memcpy(venue, v.s, (size_t)v.n);
    int32_t sym = hr_evbatch_sym(b, venue, s.s, (size_t)s.n);
    if (sym < 0 && b->n_syms == HR_EVB_SYMS_MAX) return HR_FULL;
    if (sym < 0) return bad_row(err, row, "symbol", "is no name of an instrument");
    b->sym[b->n_msgs] = sym;
    return HR_OK;
}

static hr_status set_text(const table *t, hr_evbatch *b, int64_t row, hr_err *err)
{
    span s;
    b->text[b->n_msgs] = -1;
    if (!get_text(&t->trade_id, row, &s))
        return bad_row(err, row, "trade_id", "index out of range");
    if (s.n < 0) return HR_OK;
    if (s.n > HR_TEXT_CAP) return bad_row(err, row, "trade_id", "is too long");
    if (b->n_texts == b->cap_texts) return HR_FULL;
    hr_text *to = &b->texts[b->n_texts];
    memset(to, 0, sizeof *to);
    memcpy(to->byte, s.s, (size_t)s.n);
    to->len = (uint8_t)s.n;
    b->text[b->n_msgs] = (int32_t)b->n_texts++;
    return HR_OK;
}

static hr_status set_head(const table *t, hr_evbatch *b, int64_t row, hr_err *err)
{
    uint32_t m = b->n_msgs;
    int64_t flags;
    HR_TRY(set_kind(t, b, row, err));
    if (!get(&t->ts_event, row, &b->ts_event[m])) return bad_row(err, row, "ts_event", "overflows");
    if (!get(&t->ts_recv, row, &b->ts_recv[m])) return bad_row(err, row, "ts_recv", "overflows");
    bool has_levels = b->kind[m] != HR_MSG_STATUS && b->kind[m] != HR_MSG_OTHER;
    if (b->ts_recv[m] == HR_NULL_I64 && has_levels)
        return bad_row(err, row, "ts_recv", "is null");
    HR_TRY(get_id(&t->seq, row, &b->seq_last[m], err));
    b->seq_first[m] = b->seq_last[m];
    b->seq_prev[m] = -1;
    b->src_offset[m] = row;
    b->src_line[m] = row + 1;
    if (!t->is_trades) {
        HR_TRY(get_id(&t->seq_first, row, &b->seq_first[m], err));
        HR_TRY(get_id(&t->seq_prev, row, &b->seq_prev[m], err));
        HR_TRY(get_id(&t->src_offset, row, &b->src_offset[m], err));
        HR_TRY(get_id(&t->src_line, row, &b->src_line[m], err));
    }
    if (!get(&t->flags, row, &flags) || flags < 0 || flags > UINT32_MAX)
        return bad_row(err, row, "flags", "are no flags");
    b->flags[m] = (uint32_t)flags;
    HR_TRY(set_symbol(t, b, row, err));
    return set_text(t, b, row, err);
}

static hr_status set_level(const table *t, hr_evbatch *b, int64_t item, uint32_t to, int64_t row,
                           hr_err *err)
{
    static const char *const sides[] = {"bid", "ask", "none", "buy", "sell"};
    hr_msg_kind kind = (hr_msg_kind)b->kind[b->n_msgs];
    span s;
    if (!get_text(&t->side, item, &s)) return bad_row(err, row, "side", "index out of range");
    int side = word_of(s, sides, HR_ARRAY_LEN(sides));
    if (side > HR_SIDE_NONE) side -= 3;
    bool may_be_none = kind == HR_MSG_TRADE || kind == HR_MSG_ORDER;
    if (side < 0 || (side == HR_SIDE_NONE && !may_be_none))
        return bad_row(err, row, "side", "is no side");
    if (!get(&t->px, item, &b->px[to])) return bad_row(err, row, "px", "does not fit");
    if (!get(&t->qty, item, &b->qty[to])) return bad_row(err, row, "qty", "does not fit");
    bool may_be_zero = kind == HR_MSG_TICKER || may_be_none;
    if (b->px[to] < (may_be_zero ? 0 : 1)) return bad_row(err, row, "px", "is null or below zero");
    if (b->qty[to] < 0) return bad_row(err, row, "qty", "is null or below zero");
    b->side[to] = (uint8_t)side;
    return HR_OK;
}

static hr_status list_bounds(const table *t, int64_t row, int64_t *from, int64_t *to, hr_err *err)
{
    *from = row;
    *to = row + 1;
    if (t->is_trades) return HR_OK;
    if (!bit(t->list_valid, t->list_begin + row)) return bad_row(err, row, "levels", "is null");
    *from = raw_int(t->list_offsets, t->list_width, true, t->list_begin + row);
    *to = raw_int(t->list_offsets, t->list_width, true, t->list_begin + row + 1);
    return *to <= t->n_items ? HR_OK : bad_row(err, row, "levels", "goes past its items");
}

static bool has_its_shape(const hr_evbatch *b, uint32_t n)
{
    hr_msg_kind kind = (hr_msg_kind)b->kind[b->n_msgs];
    const uint8_t *side = b->side + b->n_levels;
    if (kind == HR_MSG_TRADE || kind == HR_MSG_ORDER) return n == 1;
    if (kind == HR_MSG_TICKER) return n == 2 && side[0] == HR_SIDE_BID && side[1] == HR_SIDE_ASK;
    return (kind != HR_MSG_STATUS && kind != HR_MSG_OTHER) || n == 0;
}

static hr_status take_row(const table *t, hr_evbatch *b, int64_t row, hr_err *err)
{
    int64_t from;
    int64_t to;
    HR_TRY(list_bounds(t, row, &from, &to, err));
    if (to - from > b->cap_levels)
        return HR_FAIL(err, HR_ELIMIT, "arrow row %lld has %lld levels, a batch holds %u",
                       (long long)row, (long long)(to - from), b->cap_levels);
    uint32_t n = (uint32_t)(to - from);
    if (!hr_evbatch_has_room(b, 1, n)) return HR_FULL;
    HR_TRY(set_head(t, b, row, err));
    for (uint32_t i = 0; i < n; i++)
        HR_TRY(set_level(t, b, from + i, b->n_levels + i, row, err));
    if (!has_its_shape(b, n)) return bad_row(err, row, "levels", "are not those of its kind");
    b->n_levels += n;
    b->n_msgs++;
    b->level_begin[b->n_msgs] = (int32_t)b->n_levels;
    return HR_OK;
}

hr_status hr_arrow_import(hr_evbatch *b, const struct ArrowSchema *schema,
                          const struct ArrowArray *array, uint8_t px_scale, uint8_t qty_scale,
                          int64_t *row, hr_err *err)
{
    table t;
    hr_evbatch_reset(b);
    HR_TRY(take_table(&t, schema, array, px_scale, qty_scale, err));
    if (*row < 0 || *row > t.length) return bad(err, "(table)", "has no such row");
    for (; *row < t.length; ++*row) {
        hr_status st = take_row(&t, b, *row, err);
        if (st == HR_FULL && b->n_msgs == 0)
            return HR_FAIL(err, HR_ELIMIT, "arrow row %lld does not fit an empty batch",
                           (long long)*row);
        if (st != HR_OK) return st;
        b->n_lines++;
    }
    return HR_OK;
}

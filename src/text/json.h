/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TEXT_JSON_H
#define HR_TEXT_JSON_H
/* In-place JSON reader for one message at a time. Pull style, no tree, no allocation, no recursion;
 * depth is bounded by HR_JSON_DEPTH_MAX. It is strict (RFC 8259): what it accepts over a whole
 * value is valid JSON. Strings are handed out raw, between the quotes, with a flag where they hold
 * escapes. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define HR_JSON_DEPTH_MAX 64

typedef struct hr_json {
    const char *begin;
    const char *p; /* next byte */
    const char *end;
    const char *limit; /* bytes before it may be read, though not taken: >= end */
    const char *error; /* text of the first error, NULL if none; place is p */
} hr_json;

typedef enum hr_json_type {
    HR_JSON_ERROR = 0,
    HR_JSON_OBJECT,
    HR_JSON_ARRAY,
    HR_JSON_STRING,
    HR_JSON_NUMBER,
    HR_JSON_TRUE,
    HR_JSON_FALSE,
    HR_JSON_NULL,
} hr_json_type;

typedef struct hr_json_str {
    const char *s;
    size_t n;
    bool has_escape;
} hr_json_str;

void hr_json_init(hr_json *j, const char *s, size_t n);
/** A text inside a larger one that is readable up to limit: short texts, too, are read in whole
 * vectors then. The byte at s + n is a control character (a line's end) or limit is s + n. */
void hr_json_init_within(hr_json *j, const char *s, size_t n, const char *limit);
/** Type of the value at the cursor (white space skipped), without consuming it. */
hr_json_type hr_json_peek(hr_json *j);

/* Objects and arrays: enter, then next_* until it says false; false with j->error set is an error.
 *     hr_json_enter_object(j); while (hr_json_next_key(j, &key)) { read or skip the value }   */
bool hr_json_enter_object(hr_json *j);
bool hr_json_next_key(hr_json *j, hr_json_str *key);
bool hr_json_enter_array(hr_json *j);
bool hr_json_next_item(hr_json *j);

bool hr_json_string(hr_json *j, hr_json_str *out);
/** The number's text, grammar-checked. */
bool hr_json_number(hr_json *j, hr_json_str *out);
/** "61773.6" (string) or 61773.6 (number), whichever stands there, as text. */
bool hr_json_decimal_text(hr_json *j, hr_json_str *out);
bool hr_json_int(hr_json *j, int64_t *out);
bool hr_json_bool(hr_json *j, bool *out);
/** Skips one whole value of any type, checking it; iterative, depth-bounded. */
bool hr_json_skip(hr_json *j);
/** True when only white space is left. */
bool hr_json_at_end(hr_json *j);
/** Hot path: a Binance-style level list [["p","q"],["p","q",...],...] at the cursor, values to
 * fixed point. px, qty: at least cap entries; *n_out: levels read. HR_FULL: more than cap levels
 * (cursor undefined); HR_EINPUT: wrong shape or bad number; HR_ERANGE: does not fit the scale.
 * Numbers may be strings or bare; further items of a level are skipped. Negative numbers are handed
 * out as such. */
HR_MUST_USE hr_status hr_json_levels(hr_json *j, int64_t *px, int64_t *qty, uint32_t cap,
                                     unsigned px_scale, unsigned qty_scale, uint32_t *n_out);

/** The list at p (its bracket) where all of it has the ordinary shape, strings without white space
 *  and no price of 0: the byte after it, with *n_out levels read. NULL: another shape, more than
 * cap levels, or too near to limit; nothing is known then. Reads up to limit. */
const char *hr_json_levels_short(const char *p, const char *limit, int64_t *px, int64_t *qty,
                                 uint32_t cap, const unsigned scale[2], uint32_t *n_out);

/** Valid UTF-8 throughout (no overlong forms, no surrogates, <= U+10FFFF). SIMD. */
bool hr_utf8_valid(const char *s, size_t n);

#endif

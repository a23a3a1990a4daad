/* SPDX-License-Identifier: Apache-2.0 */
#include "text/json.h"

#include <string.h>

#include "text/decimal.h"

static bool fail(hr_json *j, const char *why)
{
    if (j->error == NULL) j->error = why;
    return false;
}

static void skip_space(hr_json *j)
{
    while (j->p < j->end && (*j->p == ' ' || *j->p == '\t' || *j->p == '\n' || *j->p == '\r'))
        j->p++;
}

void hr_json_init(hr_json *j, const char *s, size_t n)
{
    *j = (hr_json){.begin = s, .p = s, .end = s + n, .limit = s + n};
}

void hr_json_init_within(hr_json *j, const char *s, size_t n, const char *limit)
{
    *j = (hr_json){.begin = s, .p = s, .end = s + n, .limit = limit};
}

hr_json_type hr_json_peek(hr_json *j)
{
    if (j->error != NULL) return HR_JSON_ERROR;
    skip_space(j);
    if (j->p == j->end) {
        fail(j, "value expected, the text ends");
        return HR_JSON_ERROR;
    }
    switch (*j->p) {
    case '{':
        return HR_JSON_OBJECT;
    case '[':
        return HR_JSON_ARRAY;
    case '"':
        return HR_JSON_STRING;
    case 't':
        return HR_JSON_TRUE;
    case 'f':
        return HR_JSON_FALSE;
    case 'n':
        return HR_JSON_NULL;
    default:
        if (*j->p == '-' || (*j->p >= '0' && *j->p <= '9')) return HR_JSON_NUMBER;
        fail(j, "value expected");
        return HR_JSON_ERROR;
    }
}

static bool enter(hr_json *j, char open, const char *why)
{
    if (j->error != NULL) return false;
    skip_space(j);
    if (j->p == j->end || *j->p != open) return fail(j, why);
    j->p++;
    return true;
}

bool hr_json_enter_object(hr_json *j)
{
    return enter(j, '{', "object expected");
}

bool hr_json_enter_array(hr_json *j)
{
    return enter(j, '[', "array expected");
}

/* Common to objects and arrays: true when an element follows. What stands before the cursor tells
 * whether this is the first: only the opening bracket, never a comma, may be followed by the end.
 */
static bool next_element(hr_json *j, char open, char close)
{
    if (j->error != NULL) return false;
    const char *before = j->p - 1;
    while (before > j->begin &&
           (*before == ' ' || *before == '\t' || *before == '\n' || *before == '\r'))
        before--;
    bool is_first = before >= j->begin && *before == open;
    skip_space(j);
    if (j->p == j->end) return fail(j, "the text ends inside an object or array");
    if (*j->p == close) {
        j->p++;
        return false;
    }
    if (is_first) return true;
    if (*j->p != ',') return fail(j, "comma expected");
    j->p++;
    skip_space(j);
    if (j->p < j->end && *j->p == close) return fail(j, "value expected after a comma");
    return true;
}

bool hr_json_next_item(hr_json *j)
{
    return next_element(j, '[', ']');
}

bool hr_json_next_key(hr_json *j, hr_json_str *key)
{
    if (!next_element(j, '{', '}')) return false;
    if (j->p == j->end || *j->p != '"') return fail(j, "key expected");
    if (!hr_json_string(j, key)) return false;
    skip_space(j);
    if (j->p == j->end || *j->p != ':') return fail(j, "colon expected");
    j->p++;
    return true;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Past an escape at p (the backslash); NULL when it is none. */
static const char *skip_escape(const char *p, const char *end)
{
    if (end - p < 2) return NULL;
    if (p[1] != 'u') return p[1] != '\0' && strchr("\"\\/bfnrt", p[1]) != NULL ? p + 2 : NULL;
    if (end - p < 6) return NULL;
    for (int i = 2; i < 6; i++)
        if (!is_hex(p[i])) return NULL;
    return p + 6;
}

bool hr_json_string(hr_json *j, hr_json_str *out)
{
    if (j->error != NULL) return false;
    skip_space(j);
    if (j->p == j->end || *j->p != '"') return fail(j, "string expected");
    const char *p = j->p + 1;
    const char *begin = p;
    bool has_escape = false;
    for (;;) {
        while (p < j->end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
            p++;
        if (p == j->end) {
            j->p = p;
            return fail(j, "the text ends inside a string");
        }
        if (*p == '"') break;
        if (*p != '\\') {
            j->p = p;
            return fail(j, "control byte inside a string");
        }
        const char *after = skip_escape(p, j->end);
        if (after == NULL) {
            j->p = p;
            return fail(j, "bad escape");
        }
        has_escape = true;
        p = after;
    }
    *out = (hr_json_str){.s = begin, .n = (size_t)(p - begin), .has_escape = has_escape};
    j->p = p + 1;
    return true;
}

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

bool hr_json_number(hr_json *j, hr_json_str *out)
{
    if (j->error != NULL) return false;
    skip_space(j);
    const char *p = j->p;
    if (p < j->end && *p == '-') p++;
    const char *digits = p;
    p = skip_digits(p, j->end);
    if (p == digits) return fail(j, "number expected");
    if (*digits == '0' && p - digits > 1) return fail(j, "number with a leading zero");
    if (p < j->end && *p == '.') {
        const char *frac = ++p;
        p = skip_digits(p, j->end);
        if (p == frac) return fail(j, "digits expected after the point");
    }
    if (p < j->end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < j->end && (*p == '+' || *p == '-')) p++;
        const char *e = p;
        p = skip_digits(p, j->end);
        if (p == e) return fail(j, "digits expected in the exponent");
    }
    *out = (hr_json_str){.s = j->p, .n = (size_t)(p - j->p)};
    j->p = p;
    return true;
}

bool hr_json_decimal_text(hr_json *j, hr_json_str *out)
{
    hr_json_type t = hr_json_peek(j);
    if (t == HR_JSON_STRING) return hr_json_string(j, out);
    if (t == HR_JSON_NUMBER) return hr_json_number(j, out);
    return fail(j, "number expected");
}

bool hr_json_int(hr_json *j, int64_t *out)
{
    hr_json_str s;
    if (!hr_json_number(j, &s)) return false;
    if (hr_int_parse(out, s.s, s.n) != HR_OK) {
        j->p = s.s;
        return fail(j, "integer expected");
    }
    return true;
}

static bool word(hr_json *j, const char *text, size_t n)
{
    if ((size_t)(j->end - j->p) < n || memcmp(j->p, text, n) != 0) return fail(j, "value expected");
    j->p += n;
    return true;
}

bool hr_json_bool(hr_json *j, bool *out)
{
    hr_json_type t = hr_json_peek(j);
    if (t != HR_JSON_TRUE && t != HR_JSON_FALSE) return fail(j, "true or false expected");
    *out = t == HR_JSON_TRUE;
    return t == HR_JSON_TRUE ? word(j, "true", 4) : word(j, "false", 5);
}

static bool skip_scalar(hr_json *j, hr_json_type t)
{
    hr_json_str s;
    switch (t) {
    case HR_JSON_STRING:
        return hr_json_string(j, &s);
    case HR_JSON_NUMBER:
        return hr_json_number(j, &s);
    case HR_JSON_TRUE:
        return word(j, "true", 4);
    case HR_JSON_FALSE:
        return word(j, "false", 5);
    case HR_JSON_NULL:
        return word(j, "null", 4);
    case HR_JSON_ERROR:
    case HR_JSON_OBJECT:
    case HR_JSON_ARRAY:
        break;
    }
    return false;
}

bool hr_json_skip(hr_json *j)
{
    uint64_t is_object = 0; /* one bit a level, innermost lowest */
    unsigned depth = 0;
    hr_json_str key;
    do {
        hr_json_type t = hr_json_peek(j);
        if (t == HR_JSON_OBJECT || t == HR_JSON_ARRAY) {
            if (depth == HR_JSON_DEPTH_MAX) return fail(j, "nested too deeply");
            depth++;
            is_object = is_object << 1 | (t == HR_JSON_OBJECT);
            j->p++;
        } else if (!skip_scalar(j, t)) {
            return false;
        }
        while (depth > 0) {
            bool more = is_object & 1 ? hr_json_next_key(j, &key) : hr_json_next_item(j);
            if (more) break;
            if (j->error != NULL) return false;
            depth--;
            is_object >>= 1;
        }
    } while (depth > 0);
    return true;
}

bool hr_json_at_end(hr_json *j)
{
    if (j->error != NULL) return false;
    skip_space(j);
    return j->p == j->end;
}

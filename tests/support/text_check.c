/* SPDX-License-Identifier: Apache-2.0 */
#include "text_check.h"

#include <stdbool.h>
#include <string.h>

#include "text/csv.h"
#include "text/decimal.h"
#include "text/decimal_inl.h"
#include "text/json.h"

/* ---- decimals: digits as text, the exponent as a number, no arithmetic before the last step ----
 */

static size_t count_digits(const char *s, size_t n, size_t i)
{
    size_t k = i;
    while (k < n && s[k] >= '0' && s[k] <= '9')
        k++;
    return k - i;
}

/* Exponents past +-2^50 stand for infinity: no test text is that long. */
static bool plain_exponent(int64_t *e, const char *s, size_t n, size_t i)
{
    bool minus = i < n && s[i] == '-';
    if (i < n && (s[i] == '-' || s[i] == '+')) i++;
    size_t k = count_digits(s, n, i);
    if (k == 0 || i + k != n) return false;
    *e = 0;
    for (; i < n; i++)
        if (*e < INT64_C(1) << 50) *e = *e * 10 + (s[i] - '0');
    if (minus) *e = -*e;
    return true;
}

static hr_status plain_decimal(int64_t *out, const char *s, size_t n, unsigned scale)
{
    static char digit[1 << 21];
    size_t n_digits = 0;
    int64_t e = 0;
    size_t i = n > 0 && s[0] == '-';
    size_t whole = count_digits(s, n, i);
    if (whole == 0 || n > sizeof digit) return HR_EINPUT;
    memcpy(digit, s + i, whole);
    n_digits = whole;
    i += whole;
    if (i < n && s[i] == '.') {
        size_t frac = count_digits(s, n, ++i);
        if (frac == 0) return HR_EINPUT;
        memcpy(digit + n_digits, s + i, frac);
        n_digits += frac;
        i += frac;
        e = -(int64_t)frac;
    }
    int64_t exponent = 0;
    if (i < n && (s[i] | 0x20) == 'e') {
        if (!plain_exponent(&exponent, s, n, i + 1)) return HR_EINPUT;
    } else if (i != n) {
        return HR_EINPUT;
    }
    e += exponent + (int64_t)scale;
    const char *d = digit;
    while (n_digits > 0 && *d == '0') {
        d++;
        n_digits--;
    }
    while (n_digits > 0 && d[n_digits - 1] == '0') {
        n_digits--;
        e++;
    }
    *out = 0;
    if (n_digits == 0) return HR_OK;
    if (e < 0 || e > 18 || n_digits + (size_t)e > 18) return HR_ERANGE;
    for (size_t k = 0; k < n_digits + (size_t)e; k++)
        *out = *out * 10 + (k < n_digits ? d[k] - '0' : 0);
    if (s[0] == '-') *out = -*out;
    return HR_OK;
}

/* The level scanner's digit loop where it applies, the general reader where it gives up. */
hr_status text_check_scan(int64_t *out, const char **next, const char *s, const char *end,
                          unsigned scale)
{
    int64_t v;
    const char *p = s;
    while (p < end && ((*p >= '0' && *p <= '9') || *p == '.'))
        p++;
    if (end - s >= HR_DECIMAL_SLACK && hr_decimal_fast(&v, next, s, scale) && *next == p) {
        *out = v;
        return HR_OK;
    }
    *next = p;
    return hr_decimal_parse(out, s, (size_t)(p - s), scale);
}

static const char *check_scan(const char *s, size_t n, unsigned scale)
{
    int64_t got = 0;
    int64_t want = 0;
    const char *next = NULL;
    size_t k = 0;
    while (k < n && ((s[k] >= '0' && s[k] <= '9') || s[k] == '.'))
        k++;
    hr_status expect = plain_decimal(&want, s, k, scale);
    if (text_check_scan(&got, &next, s, s + n, scale) != expect) return "scan: status";
    if (next != s + k) return "scan: place";
    return expect == HR_OK && got != want ? "scan: value" : NULL;
}

const char *text_check_decimal(const char *s, size_t n, unsigned scale)
{
    int64_t got = 0;
    int64_t want = 0;
    char text[HR_DECIMAL_TEXT_MAX];
    hr_status expect = plain_decimal(&want, s, n, scale);
    if (hr_decimal_parse(&got, s, n, scale) != expect) return "parse: status";
    if (expect == HR_OK) {
        if (got != want) return "parse: value";
        size_t len = hr_decimal_format(text, got, scale);
        if (len >= sizeof text || strlen(text) != len) return "format: length";
        if (strchr(text, '.') != NULL && text[len - 1] == '0') return "format: not the shortest";
        if (hr_decimal_parse(&got, text, len, scale) != HR_OK || got != want) return "round trip";
    }
    return check_scan(s, n, scale);
}

/* ---- JSON: one table-like automaton with an explicit stack, no shared code ---- */

typedef enum expected {
    WANT_VALUE,
    WANT_VALUE_OR_CLOSE,
    WANT_KEY,
    WANT_KEY_OR_CLOSE,
    WANT_COLON,
    WANT_NEXT, /* comma or close; at depth 0 the end */
} expected;

static size_t plain_string(const char *s, size_t n, size_t i) /* at the quote; 0: bad */
{
    for (i++; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '"') return i + 1;
        if (c < 0x20) return 0;
        if (c != '\\') continue;
        if (++i == n) return 0;
        if (s[i] == 'u') {
            for (int k = 0; k < 4; k++) {
                if (++i == n) return 0;
                unsigned h = (unsigned char)s[i];
                if (h - '0' > 9 && (h | 32) - 'a' > 5) return 0;
            }
        } else if (s[i] == '\0' || strchr("\"\\/bfnrt", s[i]) == NULL) {
            return 0;
        }
    }
    return 0;
}

static size_t plain_number(const char *s, size_t n, size_t i) /* 0: bad */
{
    if (i < n && s[i] == '-') i++;
    size_t k = count_digits(s, n, i);
    if (k == 0 || (k > 1 && s[i] == '0')) return 0;
    i += k;
    if (i < n && s[i] == '.') {
        k = count_digits(s, n, ++i);
        if (k == 0) return 0;
        i += k;
    }
    if (i < n && (s[i] | 0x20) == 'e') {
        i++;
        if (i < n && (s[i] == '+' || s[i] == '-')) i++;
        k = count_digits(s, n, i);
        if (k == 0) return 0;
        i += k;
    }
    return i;
}

static size_t plain_scalar(const char *s, size_t n, size_t i)
{
    static const char *const word[] = {"true", "false", "null"};
    if (s[i] == '"') return plain_string(s, n, i);
    for (int k = 0; k < 3; k++) {
        size_t len = strlen(word[k]);
        if (n - i >= len && memcmp(s + i, word[k], len) == 0) return i + len;
    }
    return plain_number(s, n, i);
}

static bool plain_json(const char *s, size_t n)
{
    char stack[HR_JSON_DEPTH_MAX];
    size_t depth = 0;
    expected state = WANT_VALUE;
    size_t i = 0;
    while (i < n) {
        char c = s[i];
        bool may_close =
            state == WANT_NEXT || state == WANT_VALUE_OR_CLOSE || state == WANT_KEY_OR_CLOSE;
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            i++;
        } else if (c == ']' || c == '}') {
            if (!may_close || depth == 0 || stack[depth - 1] != c) return false;
            depth--;
            state = WANT_NEXT;
            i++;
        } else if (state == WANT_NEXT) {
            if (c != ',' || depth == 0) return false;
            state = stack[depth - 1] == '}' ? WANT_KEY : WANT_VALUE;
            i++;
        } else if (state == WANT_COLON) {
            if (c != ':') return false;
            state = WANT_VALUE;
            i++;
        } else if (state == WANT_KEY || state == WANT_KEY_OR_CLOSE) {
            if (c != '"' || (i = plain_string(s, n, i)) == 0) return false;
            state = WANT_COLON;
        } else if (c == '[' || c == '{') {
            if (depth == HR_JSON_DEPTH_MAX) return false;
            stack[depth++] = c == '[' ? ']' : '}';
            state = c == '[' ? WANT_VALUE_OR_CLOSE : WANT_KEY_OR_CLOSE;
            i++;
        } else {
            if ((i = plain_scalar(s, n, i)) == 0) return false;
            state = WANT_NEXT;
        }
    }
    return depth == 0 && state == WANT_NEXT;
}

const char *text_check_json(const char *s, size_t n)
{
    hr_json j;
    hr_json_init(&j, s, n);
    bool ok = hr_json_skip(&j) && hr_json_at_end(&j);
    if (ok != plain_json(s, n)) return ok ? "json: takes bad text" : "json: refuses good text";
    if (j.p < s || j.p > s + n) return "json: cursor outside";
    return NULL;
}

/* ---- level lists ---- */

static hr_status plain_level(hr_json *j, int64_t *px, int64_t *qty, unsigned px_scale,
                             unsigned qty_scale)
{
    hr_json_str t;
    if (!hr_json_enter_array(j)) return HR_EINPUT;
    for (int k = 0; k < 2; k++) {
        if (!hr_json_next_item(j) || !hr_json_decimal_text(j, &t)) return HR_EINPUT;
        HR_TRY(plain_decimal(k == 0 ? px : qty, t.s, t.n, k == 0 ? px_scale : qty_scale));
    }
    while (hr_json_next_item(j))
        if (!hr_json_skip(j)) return HR_EINPUT;
    return j->error == NULL ? HR_OK : HR_EINPUT;
}

#define LEVELS 64

static hr_status plain_levels(hr_json *j, int64_t *px, int64_t *qty, unsigned px_scale,
                              unsigned qty_scale, uint32_t *n)
{
    *n = 0;
    if (!hr_json_enter_array(j)) return HR_EINPUT;
    while (hr_json_next_item(j)) {
        if (*n == LEVELS) return HR_FULL;
        HR_TRY(plain_level(j, &px[*n], &qty[*n], px_scale, qty_scale));
        ++*n;
    }
    return j->error == NULL ? HR_OK : HR_EINPUT;
}

/* The short way takes a list with equal outcome, or does not take it. */
static const char *check_short_levels(const char *s, size_t n, const unsigned scale[2],
                                      const int64_t *px, const int64_t *qty, int64_t n_want,
                                      const char *want_end)
{
    static char room[1 << 16];
    enum { TAIL = 256 };
    int64_t got_px[LEVELS] = {0};
    int64_t got_qty[LEVELS] = {0};
    uint32_t k = 0;
    if (n > sizeof room - TAIL) return NULL;
    memcpy(room, s, n);
    memset(room + n, '\n', TAIL);
    const char *end =
        hr_json_levels_short(room, room + n + TAIL, got_px, got_qty, LEVELS, scale, &k);
    if (end == NULL) return NULL;
    if (n_want != (int64_t)k || end - room != want_end - s) return "short levels: count or cursor";
    return memcmp(got_px, px, k * sizeof *px) != 0 || memcmp(got_qty, qty, k * sizeof *qty) != 0
               ? "short levels: values"
               : NULL;
}

const char *text_check_levels(const char *s, size_t n, unsigned px_scale, unsigned qty_scale)
{
    const unsigned scale[2] = {px_scale, qty_scale};
    int64_t px[2][LEVELS] = {{0}};
    int64_t qty[2][LEVELS] = {{0}};
    uint32_t k[2] = {0, 0};
    hr_json j[2];
    hr_json_init(&j[0], s, n);
    hr_json_init(&j[1], s, n);
    hr_status got = hr_json_levels(&j[0], px[0], qty[0], LEVELS, px_scale, qty_scale, &k[0]);
    hr_status want = plain_levels(&j[1], px[1], qty[1], px_scale, qty_scale, &k[1]);
    if (got != want) return "levels: status";
    const char *wrong =
        check_short_levels(s, n, scale, px[1], qty[1], want == HR_OK ? (int64_t)k[1] : -1, j[1].p);
    if (wrong != NULL) return wrong;
    if (want != HR_OK) return NULL;
    if (k[0] != k[1] || j[0].p != j[1].p) return "levels: count or cursor";
    if (memcmp(px[0], px[1], k[0] * sizeof px[0][0]) != 0) return "levels: prices";
    return memcmp(qty[0], qty[1], k[0] * sizeof qty[0][0]) != 0 ? "levels: quantities" : NULL;
}

/* ---- CSV ---- */

typedef struct plain_row {
    hr_status st;
    size_t next;
    uint32_t n;
    hr_csv_field f[HR_CSV_FIELDS_MAX];
} plain_row;

/* One field at i; the place of its terminator, n where the text ends, SIZE_MAX: bad or open. */
static size_t plain_field(hr_csv_field *f, const char *s, size_t n, size_t i)
{
    size_t begin = i;
    *f = (hr_csv_field){.s = s + i};
    if (i == n || s[i] != '"') {
        while (i < n && s[i] != ',' && s[i] != '\n')
            i++;
        f->n = (uint32_t)(i - begin);
        if ((i == n || s[i] == '\n') && i > begin && s[i - 1] == '\r') f->n--;
        return i;
    }
    f->s = s + ++begin;
    for (i = begin; i < n; i++) {
        if (s[i] != '"') continue;
        if (i + 1 == n || s[i + 1] != '"') break;
        f->has_quote = true;
        i++;
    }
    if (i >= n) return SIZE_MAX;
    f->n = (uint32_t)(i - begin);
    i++;
    if (i < n && s[i] == '\r' && (i + 1 == n || s[i + 1] == '\n')) i++;
    return i == n || s[i] == ',' || s[i] == '\n' ? i : SIZE_MAX;
}

/* The whole text is there: the reading of the last row is that at its end. */
static void plain_csv(plain_row *r, const char *s, size_t n, uint32_t cap)
{
    size_t i = 0;
    r->n = 0;
    r->st = HR_END;
    r->next = 0;
    if (n == 0) return;
    for (;;) {
        hr_csv_field f;
        i = plain_field(&f, s, n, i);
        if (i == SIZE_MAX || r->n == cap) {
            const char *eol = memchr(s, '\n', n);
            r->st = HR_EINPUT;
            r->next = eol != NULL ? (size_t)(eol - s) + 1 : n;
            return;
        }
        r->f[r->n++] = f;
        if (i == n || s[i] == '\n') break;
        i++;
    }
    r->st = HR_OK;
    r->next = i == n ? n : i + 1;
}

static bool same_row(const plain_row *want, hr_status st, const hr_csv_field *f, uint32_t n)
{
    if (st != want->st) return false;
    if (st != HR_OK) return true;
    if (n != want->n) return false;
    for (uint32_t i = 0; i < n; i++)
        if (f[i].s != want->f[i].s || f[i].n != want->f[i].n ||
            f[i].has_quote != want->f[i].has_quote)
            return false;
    return true;
}

#define PREFIX_BYTES 256 /* the prefixes of a row are tried up to here: the work is quadratic */

static const char *check_prefixes(const plain_row *want, const char *s, size_t n, uint32_t cap)
{
    static hr_csv_field f[HR_CSV_FIELDS_MAX];
    const char *next;
    uint32_t k;
    for (size_t cut = 1; cut <= n && cut <= PREFIX_BYTES; cut++) {
        hr_status st = hr_csv_row(f, cap, &k, &next, s, s + cut, false);
        if (st == HR_AGAIN) continue;
        if (!same_row(want, st, f, k) || next != s + want->next) return "csv: a prefix differs";
    }
    return NULL;
}

const char *text_check_csv(const char *s, size_t n, unsigned cap)
{
    static hr_csv_field f[HR_CSV_FIELDS_MAX];
    static plain_row want;
    for (size_t at = 0; at < n;) {
        const char *next;
        uint32_t k;
        plain_csv(&want, s + at, n - at, cap);
        hr_status st = hr_csv_row(f, cap, &k, &next, s + at, s + n, true);
        if (!same_row(&want, st, f, k)) return "csv: the row differs";
        if (next != s + at + want.next || next <= s + at)
            return "csv: the next row's place differs";
        const char *wrong = check_prefixes(&want, s + at, n - at, cap);
        if (wrong != NULL) return wrong;
        at += want.next;
    }
    return NULL;
}

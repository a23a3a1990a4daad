/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/expr_parts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 64u          /* bytes of a number */
#define SHOWN_MAX 72u           /* characters of the line in a message */
#define MAX_DURATION_NS 8.64e15 /* 100 days: whole ns below it are exact in a double */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word(char c)
{
    return is_letter(c) || is_digit(c);
}

/* Bytes that go on with a character of UTF-8: they take no column. */
static bool is_inner(char c)
{
    return ((unsigned char)c & 0xc0u) == 0x80u;
}

/* ---- messages ---- */

char *hr_expr_caret(char out[HR_EXPR_CARET_BYTES], const char *text, size_t n, size_t at)
{
    size_t first = HR_MIN(at, n);
    while (first > 0 && text[first - 1] != '\n')
        first--;
    size_t end = HR_MIN(at, n);
    size_t from = end;
    while (end < n && text[end] != '\n')
        end++;
    size_t n_before = 0;
    while (from > first && n_before < SHOWN_MAX / 2) {
        from--;
        n_before += !is_inner(text[from]);
    }
    size_t k = (size_t)snprintf(out, HR_EXPR_CARET_BYTES, "  %s", from > first ? "..." : "");
    size_t caret = n_before + (from > first ? 5 : 2);
    size_t n_shown = 0;
    size_t i = from;
    for (; i < end && n_shown < SHOWN_MAX; i++) {
        unsigned char c = (unsigned char)text[i];
        if (is_inner((char)c)) continue;
        /* what is not plain would shift the caret, or do worse to a terminal */
        out[k++] = c == '\t' || c == '\r' ? ' ' : (char)(c < 0x20 || c >= 0x7f ? '?' : c);
        n_shown++;
    }
    snprintf(out + k, HR_EXPR_CARET_BYTES - k, "%s\n%*s^", i < end ? "..." : "", (int)caret, "");
    return out;
}

void hr_expr_place(const expr_work *w, size_t at, int64_t *line, int64_t *column)
{
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < at; i++) {
        *column += !is_inner(w->text[i]);
        if (w->text[i] != '\n') continue;
        ++*line;
        *column = 1;
    }
}

hr_status hr_expr_say(const expr_work *w, hr_status code, size_t at, const char *fmt, ...)
{
    char what[HR_ERR_MSG_BYTES / 2];
    va_list ap;
    if (w->err == NULL) return code;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    at = HR_MIN(at, w->n);
    int64_t line;
    int64_t column;
    hr_expr_place(w, at, &line, &column);
    hr_err_set(w->err, code, 0, __FILE__, __LINE__, "line %lld, column %lld: %s", (long long)line,
               (long long)column, what);
    (void)hr_err_at(w->err, (int64_t)at, line, column);
    return code;
}

void *hr_expr_room(const expr_work *w, size_t n, size_t each_bytes)
{
    size_t n_bytes = HR_MAX(n, 1) * each_bytes;
    void *p = hr_arena_alloc(w->scratch, n_bytes, _Alignof(max_align_t));
    if (p != NULL)
        memset(p, 0, n_bytes);
    else
        (void)HR_FAIL(w->err, HR_ENOMEM, "no memory to read an expression of %u bytes", w->n);
    return p;
}

bool hr_expr_span_is(const expr_work *w, expr_span s, const char *name)
{
    return strlen(name) == s.n && memcmp(w->text + s.at, name, s.n) == 0;
}

const char *hr_expr_found(const expr_work *w, const expr_tok *t, char out[EXPR_FOUND_BYTES])
{
    char c = t->at < w->n ? w->text[t->at] : '\0';
    if (t->kind == TOK_END)
        snprintf(out, EXPR_FOUND_BYTES, "the end of the text");
    else if (t->kind == TOK_NEXT && c == '\n')
        snprintf(out, EXPR_FOUND_BYTES, "the end of the line");
    else if (t->kind == TOK_STRING)
        snprintf(out, EXPR_FOUND_BYTES, "\"%.*s\"", (int)t->n, w->text + t->at);
    else
        snprintf(out, EXPR_FOUND_BYTES, "'%.*s'", (int)t->n, w->text + t->at);
    return out;
}

/* ---- tokens ---- */

typedef struct lexer {
    expr_work *w;
    uint32_t at;
    uint32_t depth; /* open brackets: newlines within mean nothing */
} lexer;

static char peek(const lexer *l, uint32_t ahead)
{
    return ahead < l->w->n - l->at ? l->w->text[l->at + ahead] : '\0';
}

static expr_tok *put(lexer *l, expr_tok_kind kind, uint32_t at, uint32_t n)
{
    expr_tok *t = &l->w->tok[l->w->n_tok++];
    *t = (expr_tok){.kind = (uint8_t)kind, .at = at, .n = (uint16_t)n};
    return t;
}

static const struct unit_name {
    const char *name;
    double ns;
} units[] = {
    {"ns", 1},       {"us", 1e3},       {"ms", 1e6},        {"s", 1e9},
    {"m", 60 * 1e9}, {"h", 3600 * 1e9}, {"d", 86400 * 1e9},
};

/* Digits with _ between two of them; false: a _ out of place. */
static bool digits(const lexer *l, uint32_t *k, char *out, uint32_t *n)
{
    while (is_digit(peek(l, *k)) || peek(l, *k) == '_') {
        char c = peek(l, *k);
        if (c == '_' && (!is_digit(peek(l, *k + 1)) || *k == 0 || !is_digit(peek(l, *k - 1))))
            return false;
        if (c != '_' && *n < NUMBER_MAX - 1) out[(*n)++] = c;
        if (++*k > NUMBER_MAX) break;
    }
    return true;
}

static hr_status lex_suffix(lexer *l, uint32_t k, double value)
{
    uint32_t n = 0;
    while (is_word(peek(l, k + n)))
        n++;
    if (n == 0) {
        put(l, TOK_NUMBER, l->at, k)->value = value;
        l->at += k;
        return HR_OK;
    }
    const char *s = l->w->text + l->at + k;
    for (size_t i = 0; i < HR_ARRAY_LEN(units); i++) {
        if (strlen(units[i].name) != n || memcmp(units[i].name, s, n) != 0) continue;
        double ns = rint(value * units[i].ns);
        if (ns > MAX_DURATION_NS)
            return hr_expr_say(l->w, HR_EUSAGE, l->at, "a duration is at most 100d");
        put(l, TOK_DURATION, l->at, k + n)->value = ns;
        l->at += k + n;
        return HR_OK;
    }
    return hr_expr_say(l->w, HR_EUSAGE, l->at + k,
                       "expected a unit of time behind the number (ns, us, ms, s, m, h, d) or an "
                       "operator, found '%.*s'",
                       (int)HR_MIN(n, HR_EXPR_NAME_MAX), s);
}

static hr_status lex_number(lexer *l)
{
    char text[NUMBER_MAX + 1] = {0};
    uint32_t n = 0;
    uint32_t k = 0;
    bool ok = digits(l, &k, text, &n);
    if (ok && peek(l, k) == '.') {
        if (!is_digit(peek(l, k + 1)))
            return hr_expr_say(l->w, HR_EUSAGE, l->at + k + 1,
                               "expected a digit behind the point of a number");
        if (n < NUMBER_MAX) text[n++] = '.';
        k++;
        ok = digits(l, &k, text, &n);
    }
    bool is_sign = peek(l, k + 1) == '-' || peek(l, k + 1) == '+';
    if (ok && (peek(l, k) == 'e' || peek(l, k) == 'E') && is_digit(peek(l, k + 1 + is_sign))) {
        for (uint32_t i = 0; i < 1u + is_sign && n < NUMBER_MAX; i++)
            text[n++] = peek(l, k + i);
        k += 1u + is_sign;
        ok = digits(l, &k, text, &n);
    }
    if (!ok)
        return hr_expr_say(l->w, HR_EUSAGE, l->at + k, "'_' in a number stands between two digits");
    if (k > NUMBER_MAX - 1)
        return hr_expr_say(l->w, HR_ELIMIT, l->at, "a number has at most %u bytes", NUMBER_MAX - 1);
    double value = strtod(text, NULL);
    if (!isfinite(value)) return hr_expr_say(l->w, HR_EUSAGE, l->at, "the number is too large");
    return lex_suffix(l, k, value);
}

static hr_status long_name(const lexer *l, uint32_t at)
{
    return hr_expr_say(l->w, HR_ELIMIT, at, "a name has at most %u bytes", HR_EXPR_NAME_MAX);
}

static const struct word {
    const char *name;
    expr_tok_kind kind;
    hr_expr_kind op;
} words[] = {
    {"and", TOK_OP, HR_EXPR_AND}, {"or", TOK_OP, HR_EXPR_OR}, {"not", TOK_OP, HR_EXPR_NOT},
    {"null", TOK_NULL, 0},        {"true", TOK_TRUE, 0},      {"false", TOK_FALSE, 0},
};

/* A name with its parts: trade.px. */
static hr_status lex_name(lexer *l)
{
    uint32_t k = 0;
    while (is_word(peek(l, k)) || (peek(l, k) == '.' && is_letter(peek(l, k + 1))))
        k++;
    if (k > HR_EXPR_NAME_MAX) return long_name(l, l->at);
    expr_tok *t = put(l, TOK_NAME, l->at, k);
    for (size_t i = 0; i < HR_ARRAY_LEN(words); i++) {
        if (!hr_expr_span_is(l->w, (expr_span){l->at, k}, words[i].name)) continue;
        t->kind = (uint8_t)words[i].kind;
        t->op = (uint8_t)words[i].op;
    }
    l->at += k;
    return HR_OK;
}

/* What a sign brings before a name: .upper, $n. */
static hr_status lex_signed_name(lexer *l, expr_tok_kind kind)
{
    uint32_t k = 1;
    while (is_word(peek(l, k)))
        k++;
    if (k == 1 || (kind == TOK_FIELD && is_digit(peek(l, 1))))
        return hr_expr_say(l->w, HR_EUSAGE, l->at,
                           kind == TOK_PARAM ? "expected a parameter's name behind '$'"
                                             : "a number begins with a digit, as 0.5");
    if (k > HR_EXPR_NAME_MAX + 1) return long_name(l, l->at);
    put(l, kind, l->at, k);
    l->at += k;
    return HR_OK;
}

static hr_status lex_string(lexer *l)
{
    uint32_t k = 1;
    while (peek(l, k) != '"' && (unsigned char)peek(l, k) >= 0x20)
        k++;
    if (peek(l, k) != '"')
        return hr_expr_say(l->w, HR_EUSAGE, l->at, "expected '\"' before the end of the line");
    if (k == 1) return hr_expr_say(l->w, HR_EUSAGE, l->at, "expected an instrument between \"\"");
    if (k > HR_EXPR_NAME_MAX + 1) return long_name(l, l->at);
    put(l, TOK_STRING, l->at + 1, k - 1);
    l->at += k + 1;
    return HR_OK;
}

static const struct sign {
    const char *text;
    expr_tok_kind kind;
    hr_expr_kind op;
} signs[] = {
    {"<=", TOK_OP, HR_EXPR_LE}, {">=", TOK_OP, HR_EXPR_GE}, {"==", TOK_OP, HR_EXPR_EQ},
    {"!=", TOK_OP, HR_EXPR_NE}, {"<", TOK_OP, HR_EXPR_LT},  {">", TOK_OP, HR_EXPR_GT},
    {"+", TOK_OP, HR_EXPR_ADD}, {"-", TOK_OP, HR_EXPR_SUB}, {"*", TOK_OP, HR_EXPR_MUL},
    {"/", TOK_OP, HR_EXPR_DIV}, {"%", TOK_OP, HR_EXPR_MOD}, {"^", TOK_OP, HR_EXPR_POW},
    {"(", TOK_OPEN, 0},         {")", TOK_CLOSE, 0},        {"[", TOK_INDEX, 0},
    {"]", TOK_INDEX_END, 0},    {",", TOK_COMMA, 0},        {":", TOK_COLON, 0},
    {";", TOK_NEXT, 0},
};

/* What other languages say. */
static const struct habit {
    const char *text, *say;
} habits[] = {
    {"**", "expected a value, found '*': a power is written '^'"},
    {"&&", "expected an operator, found '&&', did you mean 'and'?"},
    {"||", "expected an operator, found '||', did you mean 'or'?"},
    {"&", "expected an operator, found '&', did you mean 'and'?"},
    {"|", "expected an operator, found '|', did you mean 'or'?"},
    {"!", "expected a value, found '!', did you mean 'not'?"},
    {"=", "expected an operator, found '=': '==' compares, ':' gives a name"},
    {"'", "expected a value, found ''': an instrument is written in \"\""},
};

static hr_status lex_sign(lexer *l)
{
    const char *s = l->w->text + l->at;
    size_t left = l->w->n - l->at;
    if (left >= 2 && s[0] == '*' && s[1] == '*')
        return hr_expr_say(l->w, HR_EUSAGE, l->at + 1, "%s", habits[0].say);
    for (size_t i = 0; i < HR_ARRAY_LEN(signs); i++) {
        size_t n = strlen(signs[i].text);
        if (n > left || memcmp(signs[i].text, s, n) != 0) continue;
        put(l, signs[i].kind, l->at, (uint32_t)n)->op = (uint8_t)signs[i].op;
        l->depth += s[0] == '(' || s[0] == '[';
        l->depth -= (s[0] == ')' || s[0] == ']') && l->depth > 0;
        l->at += (uint32_t)n;
        return HR_OK;
    }
    for (size_t i = 1; i < HR_ARRAY_LEN(habits); i++) {
        size_t n = strlen(habits[i].text);
        if (n <= left && memcmp(habits[i].text, s, n) == 0)
            return hr_expr_say(l->w, HR_EUSAGE, l->at, "%s", habits[i].say);
    }
    unsigned char c = (unsigned char)s[0];
    if (c > 0x20 && c < 0x7f)
        return hr_expr_say(l->w, HR_EUSAGE, l->at, "expected an expression, found '%c'", c);
    return hr_expr_say(l->w, HR_EUSAGE, l->at, "expected an expression, found the byte 0x%02x", c);
}

static hr_status lex_one(lexer *l)
{
    char c = peek(l, 0);
    if (c == ' ' || c == '\t' || c == '\r') {
        l->at++;
        return HR_OK;
    }
    if (c == '\n') {
        if (l->depth == 0) put(l, TOK_NEXT, l->at, 1);
        l->at++;
        return HR_OK;
    }
    if (c == '#') {
        while (l->at < l->w->n && l->w->text[l->at] != '\n')
            l->at++;
        return HR_OK;
    }
    if (is_digit(c)) return lex_number(l);
    if (is_letter(c)) return lex_name(l);
    if (c == '$') return lex_signed_name(l, TOK_PARAM);
    if (c == '.') return lex_signed_name(l, TOK_FIELD);
    if (c == '"') return lex_string(l);
    return lex_sign(l);
}

hr_status hr_expr_lex(expr_work *w)
{
    lexer l = {.w = w};
    w->tok = hr_expr_room(w, (size_t)w->n + 1, sizeof *w->tok);
    if (w->tok == NULL) return HR_ENOMEM;
    while (l.at < w->n)
        HR_TRY(lex_one(&l));
    put(&l, TOK_END, w->n, 0);
    return HR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Rules from text. All texts of a plan become one text for the expression reader, so that equal
 * parts are one node, each text behind a name of its own; a place in it is brought back to where it
 * was written. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "eval/signal.h"
#include "expr/expr_type.h"

#define NAME_TRIES 64u
#define KEYS (3u + HR_SIGNAL_VALUE_MAX)
#define KEY_BYTES 24
#define AROUND 32u /* bytes around a text: its name, brackets and ends of lines */
#define NO_PART UINT32_MAX

typedef enum key {
    KEY_WHEN,
    KEY_UNTIL,
    KEY_SCORE,
    KEY_VALUE, /* and those behind it */
} key;

/* A text that differs from all before it. */
typedef struct part {
    const char *text;
    uint32_t n, at;     /* at: in the whole */
    uint32_t spec, key; /* that gave it first */
} part;

typedef struct reader {
    const hr_signals_source *src;
    hr_arena *arena, *scratch;
    hr_signal_fault *fault;
    hr_err *err;
    char *whole;
    size_t n_whole;
    char name[16]; /* that the names of what signals read begin with */
    part *part;
    uint32_t *slot;       /* 1 + part by hash of its text; 0: free */
    uint32_t (*of)[KEYS]; /* [spec][key]: its part, or NO_PART */
    uint32_t n_part, mask;
} reader;

static const char *text_of(const hr_signal_spec *s, uint32_t k)
{
    if (k == KEY_WHEN) return s->when;
    if (k == KEY_UNTIL) return s->until;
    if (k == KEY_SCORE) return s->score;
    return k - KEY_VALUE < s->n_value ? s->value[k - KEY_VALUE] : NULL;
}

static const char *key_text(char out[KEY_BYTES], uint32_t k)
{
    static const char *const names[] = {"when", "until", "score"};
    if (k < KEY_VALUE)
        snprintf(out, KEY_BYTES, "%s", names[k]);
    else
        snprintf(out, KEY_BYTES, "values[%u]", k - KEY_VALUE);
    return out;
}

/* ---- what is wrong, and where ---- */

/* A message about text[at] of one key. what: "line ..." is put before it. */
static hr_status say(const reader *r, hr_status code, const part *p, size_t at, const char *what)
{
    char name[KEY_BYTES];
    int64_t line;
    int64_t column;
    at = HR_MIN(at, p->n);
    expr_work w = {.text = p->text, .n = p->n};
    hr_expr_place(&w, at, &line, &column);
    if (r->fault != NULL) *r->fault = (hr_signal_fault){p->text, p->n, at};
    (void)HR_FAIL(r->err, code, "signal '%s', %s: line %lld, column %lld: %s",
                  r->src->spec[p->spec].name, key_text(name, p->key), (long long)line,
                  (long long)column, what);
    if (r->err != NULL) (void)hr_err_at(r->err, (int64_t)at, line, column);
    return code;
}

/* What an expression's reader said, without the place. */
static const char *without_place(const char *message)
{
    const char *p = strstr(message, "column ");
    p = p == NULL ? NULL : strstr(p, ": ");
    return p == NULL ? message : p + 2;
}

/* The caller's own text ends within something: its reader says it better where nothing follows. */
static hr_status fail_own(const reader *r, hr_status st, const hr_err *found)
{
    hr_expr *ignored;
    const hr_signals_source *s = r->src;
    hr_err err = *found;
    if (r->fault != NULL) *r->fault = (hr_signal_fault){s->text, s->n_text, 0};
    if ((size_t)err.offset >= s->n_text) {
        hr_err_reset(&err);
        hr_status again =
            hr_expr_parse(&ignored, r->scratch, r->scratch, s->env, s->text, s->n_text, &err);
        if (again == HR_OK) err = *found;
    }
    if (r->fault != NULL) r->fault->at = (size_t)HR_MAX(err.offset, 0);
    if (r->err != NULL) *r->err = err;
    return st;
}

static hr_status fail_part(const reader *r, hr_status st, const hr_err *found)
{
    char what[HR_ERR_MSG_BYTES];
    static const char end[] = "found ')'";
    size_t at = (size_t)found->offset;
    uint32_t i = 0;
    while (i + 1 < r->n_part && r->part[i + 1].at <= at)
        i++;
    bool is_name = at < r->part[i].at;
    if (at > (size_t)r->part[i].at + r->part[i].n + 2 && i + 1 < r->n_part) {
        is_name = true;
        i++;
    }
    const part *p = &r->part[i];
    const char *said = without_place(found->message);
    size_t n = strlen(said);
    if (!is_name && at >= (size_t)p->at + p->n && n >= sizeof end &&
        strcmp(said + n + 1 - sizeof end, end) == 0)
        snprintf(what, sizeof what, "%.*sfound the end of the text", (int)(n + 1 - sizeof end),
                 said);
    else
        snprintf(what, sizeof what, "%s", said);
    return say(r, st, p, is_name ? 0 : at - p->at, what);
}

static hr_status fail_whole(const reader *r, hr_status st, const hr_err *found)
{
    bool is_placed = found->offset >= 0;
    bool is_own = r->n_part == 0 || (is_placed && (size_t)found->offset < r->src->n_text + 3);
    if (!is_placed || st == HR_ENOMEM) {
        if (r->err != NULL) *r->err = *found;
        return st;
    }
    return is_own ? fail_own(r, st, found) : fail_part(r, st, found);
}

/* ---- the texts ---- */

/* What would let a text end before its bracket does: ';' or brackets that do not match. */
static hr_status check_brackets(const reader *r, const part *p)
{
    uint32_t open[HR_EXPR_DEPTH_MAX];
    uint32_t n_open = 0;
    char what[HR_ERR_MSG_BYTES];
    for (uint32_t i = 0; i < p->n; i++) {
        char c = p->text[i];
        if (c == '#')
            while (i + 1 < p->n && p->text[i + 1] != '\n')
                i++;
        if (c == '"') {
            i++;
            while (i < p->n && p->text[i] != '"' && (unsigned char)p->text[i] >= 0x20)
                i++;
            if (i == p->n || p->text[i] != '"') return HR_OK; /* the reader says it */
        }
        if (c == ';') return say(r, HR_EUSAGE, p, i, "expected one expression, found ';'");
        if (c == ')' && n_open == 0) return say(r, HR_EUSAGE, p, i, "')' without its '('");
        n_open -= c == ')';
        if (c != '(') continue;
        if (n_open == HR_EXPR_DEPTH_MAX) return HR_OK; /* the same */
        open[n_open++] = i;
    }
    if (n_open == 0) return HR_OK;
    int64_t line;
    int64_t column;
    expr_work w = {.text = p->text, .n = p->n};
    hr_expr_place(&w, open[n_open - 1], &line, &column);
    snprintf(what, sizeof what,
             "expected ')' for the '(' at line %lld, column %lld, found the end of the text",
             (long long)line, (long long)column);
    return say(r, HR_EUSAGE, p, p->n, what);
}

static uint32_t hash_of(const char *s, size_t n)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)s[i]) * 16777619u;
    return h ^ h >> 15;
}

static hr_status add_text(reader *r, uint32_t spec, uint32_t k)
{
    const char *text = text_of(&r->src->spec[spec], k);
    r->of[spec][k] = NO_PART;
    if (text == NULL) return HR_OK;
    part p = {.text = text, .n = (uint32_t)strlen(text), .spec = spec, .key = k};
    if (strspn(text, " \t\r\n") == p.n)
        return say(r, HR_EUSAGE, &p, 0, "expected an expression, found nothing");
    uint32_t at = hash_of(text, p.n) & r->mask;
    for (; r->slot[at] != 0; at = (at + 1) & r->mask) {
        const part *q = &r->part[r->slot[at] - 1];
        r->of[spec][k] = r->slot[at] - 1;
        if (q->n == p.n && memcmp(q->text, text, p.n) == 0) return HR_OK;
    }
    HR_TRY(check_brackets(r, &p));
    char *to = r->whole + r->n_whole;
    p.at = (uint32_t)r->n_whole + (uint32_t)snprintf(to, AROUND, "%s%u:(", r->name, r->n_part);
    memcpy(r->whole + p.at, text, p.n);
    memcpy(r->whole + p.at + p.n, "\n)\n", 3);
    r->n_whole = (size_t)p.at + p.n + 3;
    r->part[r->n_part] = p;
    r->of[spec][k] = r->n_part;
    r->slot[at] = ++r->n_part;
    return HR_OK;
}

/* ---- what is given ---- */

static bool is_name(const char *s)
{
    size_t n = s == NULL ? 0 : strlen(s);
    if (n == 0 || n > HR_EXPR_NAME_MAX) return false;
    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_word && c != '_' && c != '-' && c != '.') return false;
    }
    return true;
}

static hr_status check_spec(const hr_signal_spec *s, uint32_t i, hr_err *err)
{
    if (!is_name(s->name))
        return HR_FAIL(err, HR_EUSAGE,
                       "signal %u: a name has 1 to %u letters, digits, '_', '-' and '.', found "
                       "'%.80s'",
                       i, HR_EXPR_NAME_MAX, s->name == NULL ? "" : s->name);
    if (s->when == NULL) return HR_FAIL(err, HR_EUSAGE, "signal '%s' has no 'when'", s->name);
    if (s->confirm > HR_SIGNAL_CONFIRM_MAX)
        return HR_FAIL(err, HR_EUSAGE, "signal '%s', confirm: expected 1 to %u rows, found %u",
                       s->name, HR_SIGNAL_CONFIRM_MAX, s->confirm);
    if (s->n_value > HR_SIGNAL_VALUE_MAX)
        return HR_FAIL(err, HR_EUSAGE, "signal '%s', values: at most %u, found %u", s->name,
                       HR_SIGNAL_VALUE_MAX, s->n_value);
    const struct {
        const char *key;
        int64_t ns;
    } spans[] = {{"cooldown", s->cooldown_ns}, {"hold", s->hold_ns}};
    for (size_t k = 0; k < HR_ARRAY_LEN(spans); k++)
        if (spans[k].ns < 0 || spans[k].ns > HR_SIGNAL_DURATION_MAX_NS)
            return HR_FAIL(err, HR_EUSAGE, "signal '%s', %s: expected 0 to 100d", s->name,
                           spans[k].key);
    return HR_OK;
}

/* Each name once. The slots are free again when it returns. */
static hr_status check_names(const reader *r)
{
    const hr_signal_spec *spec = r->src->spec;
    for (uint32_t i = 0; i < r->src->n_spec; i++) {
        uint32_t at = hash_of(spec[i].name, strlen(spec[i].name)) & r->mask;
        for (; r->slot[at] != 0; at = (at + 1) & r->mask)
            if (strcmp(spec[r->slot[at] - 1].name, spec[i].name) == 0)
                return HR_FAIL(r->err, HR_EUSAGE, "two signals have the name '%s'", spec[i].name);
        r->slot[at] = i + 1;
    }
    memset(r->slot, 0, ((size_t)r->mask + 1) * sizeof *r->slot);
    return HR_OK;
}

static hr_status no_memory(const reader *r)
{
    return HR_FAIL(r->err, HR_ENOMEM, "no memory to read %u signals", r->src->n_spec);
}

static hr_status make_room(reader *r)
{
    const hr_signals_source *s = r->src;
    size_t n_keys = 0;
    size_t n_bytes = s->n_text + 4;
    for (uint32_t i = 0; i < s->n_spec; i++)
        for (uint32_t k = 0; k < KEYS; k++) {
            const char *text = text_of(&s->spec[i], k);
            n_keys += text != NULL;
            n_bytes += text != NULL ? strlen(text) + AROUND : 0;
        }
    r->mask = 15;
    while (r->mask < 2 * HR_MAX(n_keys, s->n_spec))
        r->mask = 2 * r->mask + 1;
    r->whole = hr_arena_alloc(r->scratch, n_bytes, 1);
    r->part = hr_arena_alloc(r->scratch, HR_MAX(n_keys, 1) * sizeof *r->part, 8);
    r->of = hr_arena_alloc(r->scratch, HR_MAX(s->n_spec, 1u) * sizeof *r->of, 8);
    r->slot = hr_arena_alloc(r->scratch, ((size_t)r->mask + 1) * sizeof *r->slot, 8);
    if (r->whole == NULL || r->part == NULL || r->of == NULL || r->slot == NULL)
        return no_memory(r);
    memset(r->slot, 0, ((size_t)r->mask + 1) * sizeof *r->slot);
    return HR_OK;
}

static bool is_used(const reader *r, const char *name)
{
    const hr_signals_source *s = r->src;
    size_t n = strlen(name);
    if (s->n_text > 0 && memmem(s->text, s->n_text, name, n) != NULL) return true;
    for (uint32_t i = 0; i < s->env->n_column; i++)
        if (strncmp(s->env->column[i].name, name, n) == 0) return true;
    for (uint32_t i = 0; i < s->n_spec; i++)
        for (uint32_t k = 0; k < KEYS; k++) {
            const char *text = text_of(&s->spec[i], k);
            if (text != NULL && strstr(text, name) != NULL) return true;
        }
    return false;
}

/* Names that no text could mean. */
static hr_status choose_name(reader *r)
{
    for (uint32_t i = 0; i < NAME_TRIES; i++) {
        snprintf(r->name, sizeof r->name, "signal%u__", i);
        if (!is_used(r, r->name)) return HR_OK;
    }
    return HR_FAIL(r->err, HR_ELIMIT, "names from 'signal0__' to '%s' are all used", r->name);
}

/* The whole text. What the caller's own leaves open ends at the ';'. */
static hr_status write_whole(reader *r)
{
    const hr_signals_source *s = r->src;
    if (s->n_text > 0) memcpy(r->whole, s->text, s->n_text);
    memcpy(r->whole + s->n_text, "\n;\n", 3);
    r->n_whole = s->n_text + 3;
    for (uint32_t i = 0; i < s->n_spec; i++)
        for (uint32_t k = 0; k < KEYS; k++)
            HR_TRY(add_text(r, i, k));
    if (r->n_whole > HR_EXPR_TEXT_MAX && r->n_part > 0)
        return HR_FAIL(r->err, HR_ELIMIT,
                       "features and %u signals have %zu bytes of expressions, at most %u",
                       s->n_spec, r->n_whole, HR_EXPR_TEXT_MAX);
    return HR_OK;
}

/* ---- what comes of them ---- */

static hr_status check_type(const reader *r, const hr_expr_node *n, uint32_t spec, uint32_t k)
{
    char found[EXPR_KIND_BYTES];
    char what[2 * EXPR_KIND_BYTES];
    const char *wanted = "a number or a condition";
    const char *hint = ": raw(...) makes a number of it";
    bool ok = n->type != HR_EXPR_DURATION;
    if (k == KEY_WHEN || k == KEY_UNTIL) {
        ok = n->type == HR_EXPR_CONDITION;
        wanted = "a condition";
        hint = ": compare it with something";
    } else if (k == KEY_SCORE) {
        ok = n->type == HR_EXPR_NUMBER;
        wanted = "a number";
        if (n->type == HR_EXPR_CONDITION) hint = ": where(..., 1, 0) makes one of it";
    }
    if (ok) return HR_OK;
    part p = r->part[r->of[spec][k]];
    p.spec = spec;
    p.key = k;
    snprintf(what, sizeof what, "expected %s, found %s%s", wanted, hr_expr_kind_text(found, n),
             hint);
    return say(r, HR_EUSAGE, &p, strspn(p.text, " \t\r\n"), what);
}

/* Outputs that no other is equal to, behind those of the caller's text; column: of each part. */
static hr_status make_columns(const reader *r, hr_expr *x, uint32_t n_own, uint32_t *column)
{
    hr_expr_out *out = hr_arena_alloc(r->arena, HR_MAX(x->n_out, 1u) * sizeof *out, 8);
    uint32_t *of_node = hr_arena_alloc(r->scratch, HR_MAX(x->n_node, 1u) * sizeof *of_node, 8);
    if (out == NULL || of_node == NULL) return no_memory(r);
    memset(of_node, 0, x->n_node * sizeof *of_node);
    uint32_t n = 0;
    for (uint32_t i = 0; i < x->n_out; i++) {
        uint32_t *known = &of_node[x->out[i].node];
        if (i < n_own || *known == 0) out[n++] = x->out[i];
        if (*known == 0) *known = n;
        if (i >= n_own) column[i - n_own] = *known - 1;
    }
    x->out = out;
    x->n_out = n;
    return HR_OK;
}

static const char *keep_name(const reader *r, const char *name)
{
    size_t n = strlen(name) + 1;
    char *p = hr_arena_alloc(r->arena, n, 1);
    if (p != NULL) memcpy(p, name, n);
    return p;
}

static hr_status make_rule(const reader *r, hr_signal_rule *rule, uint32_t i,
                           const uint32_t *column)
{
    const hr_signal_spec *s = &r->src->spec[i];
    uint32_t of[KEYS];
    for (uint32_t k = 0; k < KEYS; k++)
        of[k] = r->of[i][k] == NO_PART ? HR_SIGNAL_NONE : column[r->of[i][k]];
    *rule = (hr_signal_rule){.name = keep_name(r, s->name),
                             .cooldown_ns = s->cooldown_ns,
                             .hold_ns = s->hold_ns,
                             .when = of[KEY_WHEN],
                             .until = of[KEY_UNTIL],
                             .score = of[KEY_SCORE],
                             .n_value = s->n_value,
                             .confirm = HR_MAX(s->confirm, 1u),
                             .priority = s->priority};
    memcpy(rule->value, of + KEY_VALUE, sizeof rule->value);
    return rule->name != NULL ? HR_OK : no_memory(r);
}

static hr_status make_signals(const reader *r, const hr_signals **out, const hr_expr *x)
{
    const hr_signals_source *src = r->src;
    uint32_t n_own = x->n_out - r->n_part;
    for (uint32_t i = 0; i < src->n_spec; i++)
        for (uint32_t k = 0; k < KEYS; k++)
            if (r->of[i][k] != NO_PART)
                HR_TRY(check_type(r, &x->node[x->out[n_own + r->of[i][k]].node], i, k));
    hr_expr *own = hr_arena_alloc(r->arena, sizeof *own, 8);
    hr_signals *s = hr_arena_alloc(r->arena, sizeof *s, 8);
    hr_signal_rule *rule = hr_arena_alloc(r->arena, HR_MAX(src->n_spec, 1u) * sizeof *rule, 8);
    uint32_t *column = hr_arena_alloc(r->scratch, HR_MAX(r->n_part, 1u) * sizeof *column, 8);
    if (own == NULL || s == NULL || rule == NULL || column == NULL) return no_memory(r);
    *own = *x;
    HR_TRY(make_columns(r, own, n_own, column));
    for (uint32_t i = 0; i < src->n_spec; i++)
        HR_TRY(make_rule(r, &rule[i], i, column));
    HR_TRY(hr_signals_make(s, r->arena, own, rule, src->n_spec, r->err));
    s->n_own = n_own;
    *out = s;
    return HR_OK;
}

static hr_status read_all(reader *r, const hr_signals **out)
{
    hr_expr *x = NULL;
    hr_err found = HR_ERR_INIT;
    const hr_signals_source *s = r->src;
    if (s->n_spec > HR_SIGNAL_MAX)
        return HR_FAIL(r->err, HR_ELIMIT, "more than %u signals: %u", HR_SIGNAL_MAX, s->n_spec);
    for (uint32_t i = 0; i < s->n_spec; i++)
        HR_TRY(check_spec(&s->spec[i], i, r->err));
    HR_TRY(make_room(r));
    HR_TRY(check_names(r));
    HR_TRY(choose_name(r));
    HR_TRY(write_whole(r));
    hr_status st = hr_expr_parse(&x, r->arena, r->scratch, s->env, r->whole,
                                 r->n_part > 0 ? r->n_whole : s->n_text, &found);
    if (st != HR_OK) return fail_whole(r, st, &found);
    return make_signals(r, out, x);
}

hr_status hr_signals_read(const hr_signals **out, hr_arena *arena, hr_arena *scratch,
                          const hr_signals_source *src, hr_signal_fault *fault, hr_err *err)
{
    reader r = {.src = src, .arena = arena, .scratch = scratch, .fault = fault, .err = err};
    if (fault != NULL) *fault = (hr_signal_fault){0};
    size_t mark = hr_arena_mark(scratch);
    hr_status st = read_all(&r, out);
    hr_arena_rewind(scratch, mark);
    return st;
}

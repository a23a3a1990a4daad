/* SPDX-License-Identifier: Apache-2.0 */
/* Plans by libyaml's events: they carry exact marks, so every complaint names its line and column.
 */
#include "pipe/plan_parse.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/assert.h"
#include "base/digest.h"
#include "base/sys.h"
#include "kern/cpu.h"
#include "mem/mem.h"
#include "text/decimal.h"
#include "text/nearest.h"
#include "venue/adapter.h"

#define PLAN_BYTES_MAX (1u << 20)

typedef enum value_type {
    V_BOOL,
    V_U32,
    V_U8,
    V_INT,
    V_I64,
    V_SIZE,
    V_DURATION,
    V_TIME,
    V_TEXT,
    V_NAME,
    V_CHOICE,
    V_FORMAT,
    V_CPU,
    V_IO,
    V_LIST,
    V_LONG /* char *, from the heap */
} value_type;

typedef struct plan_key {
    const char *section, *key;
    value_type type;
    size_t offset;
    int64_t low, high;         /* numbers; V_TEXT: high is the room */
    const char *const *choice; /* V_CHOICE: NULL-ended */
    const char *what;          /* one line for the reference */
} plan_key;

static const char *const rows_choice[] = {"top", "bbo", "grid", NULL};
static const char *const target_choice[] = {"throughput", "latency", NULL};
static const char *const calc_rows_choice[] = {"all", "valued", "true", NULL};
static const char *const pin_choice[] = {"auto", "on", "off", NULL};
static const char *const io_choice[] = {"auto", "io_uring", "threads", NULL};

#define AT(field) offsetof(hr_plan, field)
#define SEC INT64_C(1000000000)

static const plan_key keys[] = {
    {"input", "paths", V_LIST, AT(inputs), 0, HR_PLAN_INPUTS_MAX, NULL, "files to read"},
    {"input", "format", V_FORMAT, AT(format), 0, 0, NULL,
     "format of all inputs; told from the bytes when absent"},
    {"input", "venue", V_NAME, AT(venue), 0, 24, NULL, "venue of messages that do not say"},
    {"input", "symbol", V_NAME, AT(symbol), 0, 32, NULL, "symbol of messages that name none"},
    {"input", "symbols", V_LIST, AT(symbols), 0, HR_PLAN_SYMBOLS_MAX, NULL, "keep only these"},
    {"input", "skip_missing", V_BOOL, AT(skips_missing), 0, 1, NULL,
     "days of a range without a file are left out"},
    {"input", "from", V_TIME, AT(from_ns), 0, INT64_MAX, NULL,
     "write nothing received before this"},
    {"input", "to", V_TIME, AT(to_ns), 0, INT64_MAX, NULL, "take nothing received from this on"},
    {"output", "path", V_TEXT, AT(out), 0, HR_PLAN_PATH_MAX, NULL, "folder of the dataset"},
    {"output", "deltas", V_BOOL, AT(write[HR_KIND_DELTAS]), 0, 1, NULL, "write level updates"},
    {"output", "trades", V_BOOL, AT(write[HR_KIND_TRADES]), 0, 1, NULL, "write trades"},
    {"output", "tickers", V_BOOL, AT(write[HR_KIND_TICKERS]), 0, 1, NULL, "write book tickers"},
    {"output", "books", V_BOOL, AT(write[HR_KIND_BOOKS]), 0, 1, NULL, "write book rows"},
    {"output", "features", V_BOOL, AT(write[HR_KIND_FEATURES]), 0, 1, NULL, "write feature rows"},
    {"output", "gaps", V_BOOL, AT(write[HR_KIND_GAPS]), 0, 1, NULL, "write gap records"},
    {"output", "calc", V_BOOL, AT(write[HR_KIND_CALC]), 0, 1, NULL, "write rows of expressions"},
    {"output", "signals", V_BOOL, AT(write[HR_KIND_SIGNALS]), 0, 1, NULL,
     "write signals turning on and off"},
    {"output", "zstd_level", V_INT, AT(zstd_level), 1, 19, NULL, "compression of parts"},
    {"output", "row_group_rows", V_U32, AT(row_group_rows), 1024, 16777216, NULL,
     "rows a part at most"},
    {"output", "commit_rows", V_I64, AT(commit_rows), 0, INT64_C(1) << 40, NULL,
     "input rows between commits; 0: 8,388,608"},
    {"book", "depth", V_U32, AT(depth), 1, HR_BOOK_DEPTH_MAX, NULL, "levels a side in a book row"},
    {"book", "rows", V_CHOICE, AT(rows_on), 0, 0, rows_choice, "when a book row is written"},
    {"book", "grid", V_DURATION, AT(grid_ns), 1000000, 86400 * SEC, NULL,
     "time grid, with rows: grid"},
    {"book", "window_ticks", V_U32, AT(window_ticks), 64, 65536, NULL,
     "ticks a side kept dense; a power of two"},
    {"features", "window", V_DURATION, AT(window_ns), 1000000, 3600 * SEC, NULL, "rolling window"},
    {"calc", "expressions", V_LONG, AT(expressions), 0, HR_EXPR_TEXT_MAX, NULL,
     "text of expressions, a line or ; between them"},
    {"calc", "rows", V_CHOICE, AT(calc_rows), 0, 0, calc_rows_choice, "which rows are written"},
    {"calc", "max_rows", V_U32, AT(calc_max_rows), 1, 1 << 24, NULL,
     "rows that a window of time holds"},
    {"calc", "plugins", V_LIST, AT(plugins), 0, HR_PLAN_PLUGINS_MAX, NULL,
     "shared objects with functions and stages of their own"},
    {"calc", "stages", V_LIST, AT(stages), 0, HR_ROW_STAGES_MAX, NULL,
     "stages of plugins that rows go through before expressions"},
    {"numbers", "price_decimals", V_U8, AT(px_scale), 0, 18, NULL, "decimals of prices"},
    {"numbers", "quantity_decimals", V_U8, AT(qty_scale), 0, 18, NULL, "decimals of quantities"},
    {"numbers", "share_decimals", V_U8, AT(share_decimals), 0, 18, NULL,
     "ITCH, LOBSTER: decimals of a quantity that one share stands for"},
    {"engine", "memory", V_SIZE, AT(memory_bytes), 64000000, INT64_C(1) << 44, NULL,
     "all memory, fixed at start"},
    {"engine", "lanes", V_U32, AT(lanes), 0, 64, NULL, "threads; 0: one a usable processor"},
    {"engine", "target", V_CHOICE, AT(target), 0, 0, target_choice,
     "large batches, or small ones at once"},
    {"engine", "deadline", V_DURATION, AT(deadline_ns), 0, 366 * 86400 * SEC, NULL,
     "commit and stop after this long; 0: never"},
    {"engine", "batch_min", V_U32, AT(batch_min), 64, 65536, NULL, "smallest batch, rows"},
    {"engine", "batch_max", V_U32, AT(batch_max), 64, 65536, NULL, "largest batch, rows"},
    {"engine", "pin", V_CHOICE, AT(pin), 0, 0, pin_choice, "lanes pinned to processors"},
    {"engine", "cpu_mask", V_CPU, AT(cpu_mask), 0, 0, NULL,
     "instructions kernels may use: a tier, then -NAME for each to leave out"},
    {"engine", "io", V_IO, AT(io), 0, 16, io_choice, "how files are read and written"},
    {"limits", "instruments", V_U32, AT(instruments), 1, 65536, NULL, "instruments at most"},
    {"limits", "orders", V_U32, AT(orders), 0, 1 << 30, NULL,
     "live orders of order by order inputs at most; 0: from memory"},
    {"limits", "line", V_SIZE, AT(line_bytes), 1024, 1 << 28, NULL, "longest line"},
    {"limits", "rejects", V_I64, AT(rejects), 0, INT64_C(1) << 40, NULL,
     "stop past this many; 0: never"},
};

void hr_plan_init(hr_plan *p)
{
    memset(p, 0, sizeof *p);
    for (int k = 0; k < HR_KIND_COUNT; k++)
        p->write[k] = true;
    p->from_ns = INT64_MIN;
    p->to_ns = INT64_MAX;
    p->zstd_level = 1;
    p->row_group_rows = 1048576;
    p->depth = 10;
    p->grid_ns = SEC;
    p->window_ticks = 1024;
    p->window_ns = 10 * SEC;
    p->calc_max_rows = HR_PLAN_CALC_MAX_ROWS;
    p->px_scale = HR_PX_SCALE;
    p->qty_scale = HR_QTY_SCALE;
    p->memory_bytes = 512000000;
    p->batch_min = 1024;
    p->batch_max = 32768;
    p->cpu_mask = HR_CPU_ALL;
    memcpy(p->io, "auto", 5);
    p->instruments = 1024;
    p->line_bytes = 4000000;
}

void hr_plan_fini(hr_plan *p)
{
    for (uint32_t i = 0; i < p->n_inputs; i++)
        hr_heap_free(p->inputs[i]);
    for (uint32_t i = 0; i < p->n_symbols; i++)
        hr_heap_free(p->symbols[i]);
    for (uint32_t i = 0; i < p->n_signals; i++)
        hr_plan_free_signal(&p->signal[i]);
    hr_heap_free(p->signal);
    hr_heap_free(p->expressions);
    for (uint32_t i = 0; i < p->n_plugins; i++)
        hr_heap_free(p->plugins[i]);
    hr_heap_free(p->plugins);
    for (uint32_t i = 0; i < p->n_stages; i++)
        hr_heap_free(p->stages[i]);
    hr_heap_free(p->stages);
    hr_heap_free(p->inputs);
    hr_heap_free(p->symbols);
    p->signal = NULL;
    p->expressions = NULL;
    p->n_signals = 0;
    p->inputs = p->symbols = p->plugins = p->stages = NULL;
    p->n_inputs = p->n_symbols = p->n_plugins = p->n_stages = 0;
}

static hr_status add_text(char ***list, uint32_t *n, uint32_t cap, const char *text, hr_err *err)
{
    if (*n == cap) return HR_FAIL(err, HR_ELIMIT, "more than %u entries", cap);
    char **grown = hr_heap_grow(*list, (*n + 1u) * sizeof *grown);
    if (grown == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for the plan");
    *list = grown;
    grown[*n] = hr_heap_strdup(text);
    if (grown[*n] == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for the plan");
    ++*n;
    return HR_OK;
}

hr_status hr_plan_add_input(hr_plan *p, const char *path, hr_err *err)
{
    return add_text(&p->inputs, &p->n_inputs, HR_PLAN_INPUTS_MAX, path, err);
}

/* ---- numbers with units ---- */

typedef struct unit {
    const char *name;
    int64_t factor;
} unit;

static const unit sizes[] = {
    {"B", 1},         {"kB", 1000}, {"KB", 1000},     {"KiB", 1 << 10},   {"MB", 1000000},
    {"MiB", 1 << 20}, {"GB", SEC},  {"GiB", 1 << 30}, {"TB", 1000 * SEC}, {"TiB", INT64_C(1) << 40},
    {"", 1}};
static const unit durations[] = {{"ns", 1},       {"us", 1000},      {"ms", 1000000},   {"s", SEC},
                                 {"m", 60 * SEC}, {"h", 3600 * SEC}, {"d", 86400 * SEC}};

static hr_status parse_unit(int64_t *out, const char *text, const unit *units, size_t n_units)
{
    size_t digits = strspn(text, "0123456789");
    int64_t v;
    if (digits == 0 || hr_int_parse(&v, text, digits) != HR_OK)
        return digits == 0 ? HR_EINPUT : HR_ERANGE;
    for (size_t i = 0; i < n_units; i++)
        if (strcmp(text + digits, units[i].name) == 0)
            return __builtin_mul_overflow(v, units[i].factor, out) ? HR_ERANGE : HR_OK;
    return HR_EINPUT;
}

hr_status hr_size_parse(int64_t *out, const char *text)
{
    return parse_unit(out, text, sizes, HR_ARRAY_LEN(sizes));
}

hr_status hr_duration_parse(int64_t *out, const char *text)
{
    return parse_unit(out, text, durations, HR_ARRAY_LEN(durations));
}

/* The shortest whole number of a unit. */
static const char *unit_text(char *out, int64_t v, const unit *units, size_t n_units)
{
    size_t best = 0;
    for (size_t i = 0; i < n_units; i++)
        if (v % units[i].factor == 0 && units[i].factor > units[best].factor) best = i;
    snprintf(out, HR_UNIT_TEXT, "%lld%s", (long long)(v / units[best].factor),
             v != 0 ? units[best].name : "");
    return out;
}

const char *hr_size_text(char *out, int64_t bytes)
{
    return unit_text(out, bytes, sizes, HR_ARRAY_LEN(sizes));
}

const char *hr_duration_text(char *out, int64_t ns)
{
    return unit_text(out, ns, durations, HR_ARRAY_LEN(durations));
}

/* ---- parsing ---- */

_Static_assert(HR_ARRAY_LEN(keys) <= 64, "a bit a key");

#define SHOWN_MAX 80

/* Foreign bytes as they may stand in a message: short, and on one line. */
static const char *shown(char out[SHOWN_MAX + 4], const char *text)
{
    size_t n = 0;
    for (; n < SHOWN_MAX && text[n] != '\0'; n++)
        out[n] = (unsigned char)text[n] < 0x20 || text[n] == 0x7f ? '?' : text[n];
    memcpy(out + n, text[n] != '\0' ? "..." : "", text[n] != '\0' ? 4 : 1);
    return out;
}

hr_status hr_plan_complain(plan_parse *p, yaml_mark_t at, const char *text, const char *name,
                           const char *more, const hr_nearest *near)
{
    char meant[96] = "";
    char safe[SHOWN_MAX + 4];
    long line = (long)at.line + 1;
    long column = (long)at.column + 1;
    if (near != NULL) (void)hr_nearest_text(near, meant, sizeof meant);
    (void)HR_FAIL(p->err, HR_EPLAN, "%s:%ld:%ld: %s '%s'%s%s", p->subject, line, column, text,
                  shown(safe, name), more, meant);
    return p->err != NULL ? hr_err_at(p->err, (int64_t)at.index, line, column) : HR_EPLAN;
}

/* What YAML has and plans do not: one value would stand in two places, or change its type. */
static hr_status refuse_extras(plan_parse *p)
{
    const yaml_event_t *e = &p->event;
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    if (e->type == YAML_ALIAS_EVENT)
        return hr_plan_complain(p, e->start_mark,
                                "aliases are not taken:", (const char *)e->data.alias.anchor, "",
                                NULL);
    if (e->type == YAML_SCALAR_EVENT) {
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
    } else if (e->type == YAML_MAPPING_START_EVENT) {
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
    }
    if (anchor != NULL)
        return hr_plan_complain(p, e->start_mark, "anchors are not taken:", (const char *)anchor,
                                "", NULL);
    if (tag != NULL)
        return hr_plan_complain(p, e->start_mark, "tags are not taken:", (const char *)tag, "",
                                NULL);
    return HR_OK;
}

/* Bytes that are no text have an offset but no mark of their own. */
static yaml_mark_t mark_of(const plan_parse *p, size_t offset)
{
    yaml_mark_t at = {.index = offset};
    for (size_t i = 0; i < offset && i < p->n_bytes; i++) {
        at.column = p->text[i] == '\n' ? 0 : at.column + 1;
        at.line += p->text[i] == '\n';
    }
    return at;
}

hr_status hr_plan_next(plan_parse *p)
{
    yaml_event_delete(&p->event);
    if (yaml_parser_parse(&p->yaml, &p->event) != 0) return refuse_extras(p);
    const char *problem = p->yaml.problem != NULL ? p->yaml.problem : "?";
    yaml_mark_t at = p->yaml.problem_mark;
    if (p->yaml.error == YAML_READER_ERROR) at = mark_of(p, p->yaml.problem_offset);
    return hr_plan_complain(p, at, "not YAML:", problem, "", NULL);
}

static hr_status wrong_near(plan_parse *p, const plan_key *k, const char *expected,
                            const hr_nearest *near)
{
    char more[448];
    snprintf(more, sizeof more, " for '%s.%s': expected %s", k->section, k->key, expected);
    return hr_plan_complain(p, p->event.start_mark, "wrong value", hr_plan_text(p), more, near);
}

static hr_status wrong(plan_parse *p, const plan_key *k, const char *expected)
{
    return wrong_near(p, k, expected, NULL);
}

static hr_status out_of_range(plan_parse *p, const plan_key *k)
{
    char low[HR_UNIT_TEXT];
    char high[HR_UNIT_TEXT];
    char range[96];
    if (k->type == V_SIZE)
        snprintf(range, sizeof range, "%s to %s", hr_size_text(low, k->low),
                 hr_size_text(high, k->high));
    else if (k->type == V_DURATION)
        snprintf(range, sizeof range, "%s to %s", hr_duration_text(low, k->low),
                 hr_duration_text(high, k->high));
    else
        snprintf(range, sizeof range, "%lld to %lld", (long long)k->low, (long long)k->high);
    return wrong(p, k, range);
}

static hr_status set_number(plan_parse *p, const plan_key *k, int64_t v)
{
    char *at = (char *)p->plan + k->offset;
    if (v < k->low || v > k->high) return out_of_range(p, k);
    uint32_t v32 = (uint32_t)v;
    int vi = (int)v;
    switch (k->type) {
    case V_U32:
        memcpy(at, &v32, sizeof v32);
        break;
    case V_U8:
        *(uint8_t *)at = (uint8_t)v;
        break;
    case V_INT:
        memcpy(at, &vi, sizeof vi);
        break;
    case V_I64:
    case V_SIZE:
    case V_DURATION:
    case V_TIME:
        memcpy(at, &v, sizeof v);
        break;
    case V_BOOL:
    case V_TEXT:
    case V_NAME:
    case V_CHOICE:
    case V_FORMAT:
    case V_CPU:
    case V_IO:
    case V_LIST:
    case V_LONG:
        break;
    }
    return HR_OK;
}

/* The index of the value in the key's choices, or -1 with the complaint made. */
static int choose(plan_parse *p, const plan_key *k)
{
    char list[96] = "one of";
    hr_nearest near = hr_nearest_start(hr_plan_text(p));
    for (int i = 0; k->choice[i] != NULL; i++) {
        if (strcmp(k->choice[i], hr_plan_text(p)) == 0) return i;
        size_t n = strlen(list);
        snprintf(list + n, sizeof list - n, " %s", k->choice[i]);
        hr_nearest_offer(&near, k->choice[i]);
    }
    (void)wrong_near(p, k, list, &near);
    return -1;
}

static hr_status set_choice(plan_parse *p, const plan_key *k)
{
    int i = choose(p, k);
    if (i < 0) return HR_EPLAN;
    memcpy((char *)p->plan + k->offset, &i, sizeof i);
    return HR_OK;
}

static hr_status set_io(plan_parse *p, const plan_key *k)
{
    int i = choose(p, k);
    if (i < 0) return HR_EPLAN;
    snprintf(p->plan->io, sizeof p->plan->io, "%s", k->choice[i]);
    return HR_OK;
}

static hr_status set_format(plan_parse *p, const plan_key *k)
{
    hr_nearest near = hr_nearest_start(hr_plan_text(p));
    p->plan->format = (int)hr_format_from_name(hr_plan_text(p));
    if (p->plan->format != HR_FORMAT_UNKNOWN) return HR_OK;
    char list[384] = "one of";
    for (int f = HR_FORMAT_UNKNOWN + 1; f < HR_FORMAT_COUNT; f++) {
        if (hr_format_is_records((hr_format)f)) continue; /* no run reads it */
        size_t n = strlen(list);
        snprintf(list + n, sizeof list - n, " %s", hr_format_name((hr_format)f));
        hr_nearest_offer(&near, hr_format_name((hr_format)f));
    }
    return wrong_near(p, k, list, &near);
}

/* Venues and symbols become names of folders. Source: col/evbatch.h, HR_SYMBOL_MAX. */
static bool is_name(const char *text)
{
    size_t n = strlen(text);
    return n > 0 && text[0] != '.' &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:/") == n;
}

static hr_status set_text(plan_parse *p, const plan_key *k)
{
    size_t n = strlen(hr_plan_text(p));
    char limit[64];
    snprintf(limit, sizeof limit, "at most %lld bytes", (long long)k->high - 1);
    if (n >= (size_t)k->high) return wrong(p, k, limit);
    if (n == 0) return wrong(p, k, "a text");
    if (k->type == V_NAME && !is_name(hr_plan_text(p)))
        return wrong(p, k, "letters, digits and . _ - : / with no dot first");
    memcpy((char *)p->plan + k->offset, hr_plan_text(p), n + 1);
    return HR_OK;
}

/* One entry of a list. */
static hr_status add_entry(plan_parse *p, const plan_key *k)
{
    hr_plan *plan = p->plan;
    const char *text = hr_plan_text(p);
    const struct {
        size_t offset;
        char ***list;
        uint32_t *n;
    } lists[] = {{AT(inputs), &plan->inputs, &plan->n_inputs},
                 {AT(symbols), &plan->symbols, &plan->n_symbols},
                 {AT(plugins), &plan->plugins, &plan->n_plugins},
                 {AT(stages), &plan->stages, &plan->n_stages}};
    size_t at = 0;
    while (lists[at].offset != k->offset)
        at++;
    if (*lists[at].n == (uint32_t)k->high) {
        char more[64];
        snprintf(more, sizeof more, " is one too many: at most %u", *lists[at].n);
        return hr_plan_complain(p, p->event.start_mark, k->key, text, more, NULL);
    }
    bool is_path = k->offset == AT(inputs) || k->offset == AT(plugins);
    if (is_path && (text[0] == '\0' || strlen(text) >= HR_PLAN_PATH_MAX))
        return wrong(p, k, "a path of at most 1023 bytes");
    if (k->offset == AT(symbols) && (strlen(text) > HR_SYMBOL_MAX || !is_name(text)))
        return wrong(p, k, "a symbol of at most 31 letters, digits and . _ - : /");
    if (k->offset == AT(stages) && (strlen(text) > 2 * HR_EXPR_NAME_MAX + 1 || !is_name(text)))
        return wrong(p, k, "the name of a stage of a plugin");
    return add_text(lists[at].list, lists[at].n, (uint32_t)k->high, text, p->err);
}

/* A text of its own. */
hr_status hr_plan_keep_text(plan_parse *p, char **to, size_t most)
{
    if (p->event.data.scalar.length > most)
        return hr_plan_complain(p, p->event.start_mark, "a text too long:", hr_plan_text(p), "",
                                NULL);
    char *text = hr_heap_strdup(hr_plan_text(p));
    if (text == NULL) return HR_FAIL(p->err, HR_ENOMEM, "no memory for the plan");
    hr_heap_free(*to);
    *to = text;
    return HR_OK;
}

static hr_status set_scalar(plan_parse *p, const plan_key *k)
{
    const char *text = hr_plan_text(p);
    int64_t v = 0;
    if (hr_plan_has_nul(p)) return wrong(p, k, "text without NUL bytes");
    switch (k->type) {
    case V_BOOL:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return wrong(p, k, "true or false");
        *(bool *)((char *)p->plan + k->offset) = strcmp(text, "true") == 0;
        return HR_OK;
    case V_U32:
    case V_U8:
    case V_INT:
    case V_I64:
        return hr_int_parse(&v, text, strlen(text)) == HR_OK ? set_number(p, k, v)
                                                             : wrong(p, k, "a whole number");
    case V_SIZE:
        return hr_size_parse(&v, text) == HR_OK ? set_number(p, k, v)
                                                : wrong(p, k, "a size such as 512MB");
    case V_DURATION:
        return hr_duration_parse(&v, text) == HR_OK ? set_number(p, k, v)
                                                    : wrong(p, k, "a duration such as 10s");
    case V_TIME:
        return hr_time_parse(&v, text) == HR_OK
                   ? set_number(p, k, v)
                   : wrong(p, k, "a time such as 2024-08-08T12:00:00Z, or ns since 1970");
    case V_TEXT:
    case V_NAME:
        return set_text(p, k);
    case V_CHOICE:
        return set_choice(p, k);
    case V_FORMAT:
        return set_format(p, k);
    case V_CPU:
        return hr_cpu_flags_parse(&p->plan->cpu_mask, text) == HR_OK
                   ? HR_OK
                   : wrong(p, k,
                           "a tier (scalar sse42 pclmul avx2 avx512 all), then -NAME to leave out");
    case V_IO:
        return set_io(p, k);
    case V_LONG:
        return hr_plan_keep_text(p, (char **)(void *)((char *)p->plan + k->offset),
                                 (size_t)k->high);
    case V_LIST:
        break;
    }
    return add_entry(p, k);
}

static hr_status read_value(plan_parse *p, const plan_key *k)
{
    HR_TRY(hr_plan_next(p));
    if (p->event.type == YAML_SCALAR_EVENT) return set_scalar(p, k);
    if (k->type != V_LIST || p->event.type != YAML_SEQUENCE_START_EVENT)
        return hr_plan_complain(p, p->event.start_mark, "wrong value for", k->key,
                                k->type == V_LIST ? ": expected a list" : ": expected one value",
                                NULL);
    for (;;) {
        HR_TRY(hr_plan_next(p));
        if (p->event.type == YAML_SEQUENCE_END_EVENT) return HR_OK;
        if (p->event.type != YAML_SCALAR_EVENT)
            return hr_plan_complain(p, p->event.start_mark, "expected a list of texts in", k->key,
                                    "", NULL);
        HR_TRY(set_scalar(p, k));
    }
}

static const plan_key *find_key(const char *section, const char *key)
{
    for (size_t i = 0; i < HR_ARRAY_LEN(keys); i++)
        if (strcmp(keys[i].section, section) == 0 && (key == NULL || strcmp(keys[i].key, key) == 0))
            return &keys[i];
    return NULL;
}

/* A key or section by the scalar at hand; NULL with the complaint made. */
static const plan_key *known_key(plan_parse *p, const char *section)
{
    char more[64] = "";
    const plan_key *k = NULL;
    hr_nearest near = hr_nearest_start(hr_plan_text(p));
    if (hr_plan_has_nul(p)) {
        (void)hr_plan_complain(p, p->event.start_mark, "a NUL byte in a name after",
                               hr_plan_text(p), "", NULL);
        return NULL;
    }
    k = section != NULL ? find_key(section, hr_plan_text(p)) : find_key(hr_plan_text(p), NULL);
    if (k != NULL) return k;
    for (size_t i = 0; i < HR_ARRAY_LEN(keys); i++)
        if (section == NULL || strcmp(keys[i].section, section) == 0)
            hr_nearest_offer(&near, section != NULL ? keys[i].key : keys[i].section);
    if (section == NULL) hr_nearest_offer(&near, "signals");
    if (section != NULL) snprintf(more, sizeof more, " in '%s'", section);
    (void)hr_plan_complain(p, p->event.start_mark,
                           section != NULL ? "unknown key" : "unknown section", hr_plan_text(p),
                           more, &near);
    return NULL;
}

static hr_status read_section(plan_parse *p, const char *section)
{
    HR_TRY(hr_plan_next(p));
    if (p->event.type != YAML_MAPPING_START_EVENT)
        return hr_plan_complain(p, p->event.start_mark, "expected keys under", section, "", NULL);
    for (;;) {
        HR_TRY(hr_plan_next(p));
        if (p->event.type == YAML_MAPPING_END_EVENT) return HR_OK;
        if (p->event.type != YAML_SCALAR_EVENT)
            return hr_plan_complain(p, p->event.start_mark, "expected a key in", section, "", NULL);
        const plan_key *k = known_key(p, section);
        if (k == NULL) return HR_EPLAN;
        uint64_t bit = UINT64_C(1) << (k - keys);
        if (p->seen & bit)
            return hr_plan_complain(p, p->event.start_mark, "key given twice:", k->key, "", NULL);
        p->seen |= bit;
        HR_TRY(read_value(p, k));
    }
}

static hr_status read_document(plan_parse *p)
{
    uint64_t sections = 0;
    do
        HR_TRY(hr_plan_next(p));
    while (p->event.type == YAML_STREAM_START_EVENT || p->event.type == YAML_DOCUMENT_START_EVENT);
    if (p->event.type == YAML_STREAM_END_EVENT) return HR_OK; /* an empty plan: all defaults */
    if (p->event.type == YAML_SCALAR_EVENT && p->event.data.scalar.length == 0) return HR_OK;
    if (p->event.type != YAML_MAPPING_START_EVENT)
        return hr_plan_complain(p, p->event.start_mark, "expected sections in", p->subject, "",
                                NULL);
    for (;;) {
        HR_TRY(hr_plan_next(p));
        if (p->event.type == YAML_MAPPING_END_EVENT) break;
        if (p->event.type != YAML_SCALAR_EVENT)
            return hr_plan_complain(p, p->event.start_mark, "expected a section in", p->subject, "",
                                    NULL);
        if (strcmp(hr_plan_text(p), "signals") == 0) {
            if (p->plan->n_signals > 0)
                return hr_plan_complain(p, p->event.start_mark, "section given twice:", "signals",
                                        "", NULL);
            HR_TRY(hr_plan_read_signals(p));
            continue;
        }
        const plan_key *k = known_key(p, NULL);
        if (k == NULL) return HR_EPLAN;
        uint64_t bit = UINT64_C(1) << (k - keys);
        if (sections & bit)
            return hr_plan_complain(p, p->event.start_mark, "section given twice:", k->section, "",
                                    NULL);
        sections |= bit;
        HR_TRY(read_section(p, k->section));
    }
    HR_TRY(hr_plan_next(p));
    HR_TRY(hr_plan_next(p));
    if (p->event.type != YAML_STREAM_END_EVENT)
        return hr_plan_complain(p, p->event.start_mark, "more than one document in", p->subject, "",
                                NULL);
    return HR_OK;
}

hr_status hr_plan_parse(hr_plan *plan, const char *subject, const char *text, size_t n_bytes,
                        hr_err *err)
{
    plan_parse p = {.plan = plan, .subject = subject, .text = text, .n_bytes = n_bytes, .err = err};
    if (n_bytes > PLAN_BYTES_MAX)
        return HR_FAIL(err, HR_EPLAN, "%s: a plan is at most 1 MiB", subject);
    if (yaml_parser_initialize(&p.yaml) == 0)
        return HR_FAIL(err, HR_ENOMEM, "no memory for the plan");
    yaml_parser_set_input_string(&p.yaml, (const unsigned char *)text, n_bytes);
    hr_status st = read_document(&p);
    yaml_event_delete(&p.event);
    yaml_parser_delete(&p.yaml);
    return st;
}

/* auto takes what there is; who asks for io_uring by name wants to know that it is refused here. */
static hr_status check_uring(hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_sys_aio *q = NULL;
    int rc = sys->aio_open(sys->self, &q, 4);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "engine.io: cannot open a queue");
    bool is_uring = strcmp(sys->aio_name(sys->self, q), "io_uring") == 0;
    sys->aio_close(sys->self, q);
    return is_uring ? HR_OK
                    : HR_FAIL(err, HR_EUNSUPPORTED,
                              "engine.io: this system refuses io_uring; take auto or threads");
}

hr_status hr_plan_check(const hr_plan *p, hr_err *err)
{
    if (p->batch_min > p->batch_max)
        return HR_FAIL(err, HR_EPLAN, "engine.batch_min %u is above engine.batch_max %u",
                       p->batch_min, p->batch_max);
    if (p->from_ns >= p->to_ns)
        return HR_FAIL(err, HR_EPLAN, "input.from is not before input.to: nothing would be left");
    if ((p->window_ticks & (p->window_ticks - 1)) != 0)
        return HR_FAIL(err, HR_EPLAN, "book.window_ticks %u is no power of two", p->window_ticks);
    if (p->n_stages > 0 && p->expressions == NULL && p->n_signals == 0)
        return HR_FAIL(
            err, HR_EPLAN,
            "calc.stages without calc.expressions or signals: nothing looks at the rows");
    return strcmp(p->io, "io_uring") == 0 ? check_uring(err) : HR_OK;
}

size_t hr_plan_identity(const hr_plan *p, char *out, size_t cap)
{
    hr_digest symbols = {{0, 0}};
    char digest[HR_DIGEST_TEXT];
    char writes[HR_KIND_PLAIN + 1] = "";
    for (uint32_t i = 0; i < p->n_symbols; i++)
        hr_digest_add(&symbols, p->symbols[i], strlen(p->symbols[i]));
    hr_digest_text(digest, &symbols);
    for (int k = 0; k < HR_KIND_PLAIN; k++)
        writes[k] = p->write[k] ? '1' : '0';
    int n = snprintf(
        out, cap,
        "format=%d venue=%s symbol=%s depth=%u rows=%d grid=%lld ticks=%u window=%lld px=%u qty=%u"
        " zstd=%d group=%u commit=%lld instruments=%u line=%lld write=%s symbols=%u:%s",
        p->format, p->venue, p->symbol, p->depth, (int)p->rows_on, (long long)p->grid_ns,
        p->window_ticks, (long long)p->window_ns, p->px_scale, p->qty_scale, p->zstd_level,
        p->row_group_rows, (long long)p->commit_rows, p->instruments, (long long)p->line_bytes,
        writes, p->n_symbols, digest);
    if (n > 0 && hr_plan_has_calc(p)) {
        hr_plan_digest_calc(digest, p);
        n += snprintf(out + n, cap - (size_t)n, " calc=%u:%s", p->n_signals, digest);
    }
    /* Only where they say something: datasets made before them are told by the same text. */
    if (n > 0 && p->from_ns != INT64_MIN)
        n += snprintf(out + n, cap - (size_t)n, " from=%lld", (long long)p->from_ns);
    if (n > 0 && p->to_ns != INT64_MAX)
        n += snprintf(out + n, cap - (size_t)n, " to=%lld", (long long)p->to_ns);
    if (n > 0 && p->share_decimals != 0)
        n += snprintf(out + n, cap - (size_t)n, " share=%u", p->share_decimals);
    HR_ASSERT(n > 0 && n < HR_PLAN_IDENTITY_MAX && (size_t)n < cap);
    return (size_t)n;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "job/inputs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/sort.h"
#include "base/sys.h"
#include "mem/mem.h"
#include "pipe/source.h"
#include "store/manifest.h"
#include "text/glob.h"

#define CWD (-100)             /* AT_FDCWD */
#define ENTRIES_MAX (1u << 20) /* looked at, in all folders together */
#define DEPTH_MAX 64u
#define SAID_MAX 100u
#define SNIFF_MEMORY ((size_t)256 << 20)
#define SNIFF_TEXT ((size_t)2 << 20)

/* A list of texts that grows. */
typedef struct texts {
    char **at;
    uint32_t n, cap;
} texts;

typedef struct expansion {
    hr_plan *plan;
    const hr_inputs_options *opt;
    hr_inputs_report *report;
    hr_err *err;
    const char *input; /* as it was written */
    texts found;       /* files of it */
    texts todo;        /* folders to walk, or halves of a pattern: path, NUL, rest */
    texts names;       /* of the folder at hand; a folder's begins with '/' */
    texts too;         /* files that are taken where there are no others */
    texts out;
    hr_sys_stat *seen; /* of out; ino 0: could not be told */
    hr_source *source; /* to look at files with */
    uint32_t n_entries;
} expansion;

static hr_status no_memory(hr_err *err)
{
    return HR_FAIL(err, HR_ENOMEM, "no memory for the names of inputs");
}

/* Takes over text, which may be NULL. */
static hr_status push(texts *t, char *text, hr_err *err)
{
    if (text != NULL && t->n == t->cap) {
        uint32_t cap = t->cap > 0 ? 2 * t->cap : 64;
        char **grown = hr_heap_grow(t->at, cap * sizeof *grown);
        if (grown != NULL) {
            t->at = grown;
            t->cap = cap;
        }
    }
    if (text == NULL || t->n == t->cap) {
        hr_heap_free(text);
        return no_memory(err);
    }
    t->at[t->n++] = text;
    return HR_OK;
}

static void clear(texts *t)
{
    while (t->n > 0)
        hr_heap_free(t->at[--t->n]);
}

static void drop(texts *t)
{
    clear(t);
    hr_heap_free(t->at);
    *t = (texts){0};
}

/* folder/name, a slash between them where the folder has none; "" is here. n_more: bytes kept free
 * behind it. */
static char *join(const char *folder, const char *name, size_t n_name, size_t n_more)
{
    size_t n = strlen(folder);
    bool has_slash = n == 0 || folder[n - 1] == '/';
    char *out = hr_heap_alloc(n + n_name + 2 + n_more);
    if (out == NULL) return NULL;
    memcpy(out, folder, n);
    if (!has_slash) out[n++] = '/';
    memcpy(out + n, name, n_name);
    out[n + n_name] = '\0';
    return out;
}

static int look(const char *path, hr_sys_stat *st)
{
    const hr_sys *sys = hr_sys_get();
    return sys->stat(sys->self, CWD, path, st);
}

static bool ends_in(const char *s, const char *end)
{
    size_t n = strlen(s);
    size_t n_end = strlen(end);
    return n > n_end && memcmp(s + n - n_end, end, n_end) == 0;
}

/* A dataset of ours: what a run writes is no input of the next. if_unknown: the answer where the
 * system has none, which whoever opens it then meets. */
static bool is_dataset(const char *folder, bool if_unknown)
{
    hr_sys_stat st;
    char path[HR_PLAN_PATH_MAX + 32];
    int n = snprintf(path, sizeof path, "%s/%s", folder, HR_MANIFEST_NAME);
    if (n <= 0 || (size_t)n >= sizeof path) return false;
    int rc = look(path, &st);
    if (rc == 0) return st.is_file;
    return rc != -ENOENT && rc != -ENOTDIR && if_unknown;
}

/* The folder of a run, begun or about to be. */
static bool is_output(const char *folder)
{
    return ends_in(folder, ".headrace") || is_dataset(folder, false);
}

static void say(const expansion *x, uint32_t n_said, const char *path, const char *why)
{
    char text[HR_PLAN_PATH_MAX + HR_ERR_MSG_BYTES];
    if (x->opt->say == NULL || n_said > SAID_MAX) return;
    if (n_said == SAID_MAX)
        snprintf(text, sizeof text, "more are not named");
    else if (strstr(why, path) != NULL)
        snprintf(text, sizeof text, "left out: %s", why);
    else
        snprintf(text, sizeof text, "left out: '%s': %s", path, why);
    x->opt->say(x->opt->self, text);
}

static void leave_out(expansion *x, const char *path, const char *why)
{
    say(x, x->report->n_left_out++, path, why);
}

static hr_status find(expansion *x, char *path)
{
    if (x->found.n < HR_PLAN_INPUTS_MAX) return push(&x->found, path, x->err);
    hr_heap_free(path);
    return HR_FAIL(x->err, HR_ELIMIT, "'%s' stands for more than %u files: name fewer", x->input,
                   HR_PLAN_INPUTS_MAX);
}

/* ---- folders ---- */

static int note_name(void *arg, const char *name, bool is_dir)
{
    expansion *x = arg;
    size_t n = strlen(name);
    char *text = ++x->n_entries <= ENTRIES_MAX ? hr_heap_alloc(n + 2) : NULL;
    if (text == NULL) return 1;
    text[0] = is_dir ? '/' : ' ';
    memcpy(text + 1, name, n + 1);
    return push(&x->names, text, NULL) != HR_OK;
}

/* What is in a folder, into x->names. A folder that is gone is empty. */
static hr_status list(expansion *x, const char *folder)
{
    const hr_sys *sys = hr_sys_get();
    uint32_t before = x->n_entries;
    clear(&x->names);
    int rc = sys->list(sys->self, CWD, folder[0] != '\0' ? folder : ".", note_name, x);
    if (rc == -ENOENT || rc == -ENOTDIR) return HR_OK;
    if (rc < 0) return HR_FAIL_SYS(x->err, rc, "cannot list '%s'", folder);
    if (x->n_entries > ENTRIES_MAX)
        return HR_FAIL(x->err, HR_ELIMIT, "'%s': more than %u names to look at: name a folder less",
                       x->input, ENTRIES_MAX);
    return x->names.n == x->n_entries - before ? HR_OK : no_memory(x->err);
}

/* Is it an input of ours? What is one, but damaged, is for the run to judge. */
static bool is_input(expansion *x, const char *path, hr_err *why)
{
    hr_budget budget;
    const hr_plan *p = x->plan;
    hr_source_info info = {.format = (hr_format)p->format,
                           .n_sources = 1,
                           .n_lanes = 1,
                           .px_scale = p->px_scale,
                           .qty_scale = p->qty_scale};
    memcpy(info.venue, p->venue, HR_MIN(sizeof info.venue, sizeof p->venue));
    memcpy(info.symbol, p->symbol, HR_MIN(sizeof info.symbol, sizeof p->symbol));
    hr_budget_init(&budget, SNIFF_MEMORY);
    hr_status st = hr_source_open(x->source, path, &info, &budget, SNIFF_TEXT, why);
    hr_source_close(x->source);
    return st != HR_EUNSUPPORTED;
}

/* One entry of a folder that is walked. Takes over path; NULL: there was no memory for it. */
static hr_status take_entry(expansion *x, char *path, bool is_listed_dir)
{
    hr_sys_stat st;
    hr_err why = HR_ERR_INIT;
    if (path == NULL) return no_memory(x->err);
    int rc = look(path, &st);
    if (rc < 0) {
        leave_out(x, path, "it cannot be looked at");
    } else if (st.is_dir && !is_listed_dir) {
        leave_out(x, path, "a link to a folder");
    } else if (st.is_dir) {
        if (!is_output(path)) return push(&x->todo, path, x->err);
    } else if (!st.is_file) {
        leave_out(x, path, "neither a file nor a folder");
    } else if (strlen(path) >= HR_PLAN_PATH_MAX) {
        leave_out(x, path, "its path is too long");
    } else if (is_input(x, path, &why)) {
        return find(x, path);
    } else if (x->opt->takes_too != NULL && x->opt->takes_too(path)) {
        return push(&x->too, path, x->err);
    } else {
        leave_out(x, path, why.message);
    }
    hr_heap_free(path);
    return HR_OK;
}

/* Once a folder was walked: what else is in it, where it holds no input. n_before: found before. */
static hr_status settle(expansion *x, uint32_t n_before)
{
    hr_status st = HR_OK;
    bool is_wanted = x->found.n == n_before;
    while (x->too.n > 0 && st == HR_OK) {
        char *path = x->too.at[--x->too.n];
        if (is_wanted) {
            st = find(x, path);
        } else {
            leave_out(x, path, "a plain table beside files that hold events");
            hr_heap_free(path);
        }
    }
    return st;
}

static uint32_t depth_of(const char *path)
{
    uint32_t n = 0;
    for (; *path != '\0'; path++)
        n += *path == '/';
    return n;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All files below a folder that are inputs. Takes over folder. */
static hr_status walk(expansion *x, char *folder)
{
    const uint32_t floor = x->todo.n;
    const uint32_t before = x->found.n;
    const uint32_t deepest = folder != NULL ? depth_of(folder) + DEPTH_MAX : 0;
    HR_TRY(push(&x->todo, folder, x->err));
    while (x->todo.n > floor) {
        char *at = x->todo.at[--x->todo.n];
        hr_status st = HR_OK;
        if (depth_of(at) > deepest)
            st = HR_FAIL(x->err, HR_ELIMIT, "'%s': folders more than %u deep", x->input, DEPTH_MAX);
        if (st == HR_OK) st = list(x, at);
        /* by name, so that what is left out is said in one order */
        if (st == HR_OK) hr_sort(x->names.at, x->names.n, sizeof *x->names.at, by_text);
        for (uint32_t i = 0; i < x->names.n && st == HR_OK; i++) {
            const char *name = x->names.at[i];
            if (name[1] == '.') continue;
            st = take_entry(x, join(at, name + 1, strlen(name + 1), 0), name[0] == '/');
        }
        hr_heap_free(at);
        HR_TRY(st);
    }
    return settle(x, before);
}

/* ---- patterns ---- */

/* A path that a pattern gave, whole. Takes it over; NULL: there was no memory for it. */
static hr_status take_match(expansion *x, char *path)
{
    hr_sys_stat st;
    if (path == NULL) return no_memory(x->err);
    if (look(path, &st) < 0) {
        hr_heap_free(path);
        return HR_OK;
    }
    if (st.is_dir && !is_output(path)) return walk(x, path);
    if (st.is_file && strlen(path) < HR_PLAN_PATH_MAX) return find(x, path);
    leave_out(x, path,
              st.is_dir    ? "the folder of a dataset"
              : st.is_file ? "its path is too long"
                           : "neither a file nor a folder");
    hr_heap_free(path);
    return HR_OK;
}

/* Path and rest in one text, for todo. */
static hr_status push_half(expansion *x, const char *folder, const char *name, size_t n_name,
                           const char *rest)
{
    size_t n_rest = strlen(rest) + 1;
    char *half = join(folder, name, n_name, n_rest);
    if (half != NULL) memcpy(half + strlen(half) + 1, rest, n_rest);
    return push(&x->todo, half, x->err);
}

/* Any depth goes on below a folder, unless that is hidden or ours. */
static hr_status go_deeper(expansion *x, const char *folder, const char *name, const char *part)
{
    if (name[0] == '.') return HR_OK;
    char *path = join(folder, name, strlen(name), 0);
    if (path == NULL) return no_memory(x->err);
    bool is_ours = is_output(path);
    hr_heap_free(path);
    return is_ours ? HR_OK : push_half(x, folder, name, strlen(name), part);
}

/* One part of a pattern below a folder; rest: what follows it. */
static hr_status match_part(expansion *x, const char *folder, const char *part, size_t n,
                            const char *rest)
{
    bool is_last = rest[strspn(rest, "/")] == '\0';
    bool is_any_depth = n == 2 && memcmp(part, "**", 2) == 0;
    if (!hr_glob_is_pattern(part, n)) {
        return is_last ? take_match(x, join(folder, part, n, 0))
                       : push_half(x, folder, part, n, rest);
    }
    if (is_any_depth && is_last) return walk(x, hr_heap_strdup(folder));
    HR_TRY(list(x, folder));
    if (is_any_depth) {
        if (depth_of(folder) > 2 * DEPTH_MAX)
            return HR_FAIL(x->err, HR_ELIMIT, "'%s': folders too deep", x->input);
        HR_TRY(push_half(x, folder, "", 0, rest));
    }
    /* Matches of the last part may walk folders, which lists anew. */
    texts names = x->names;
    x->names = (texts){0};
    hr_status st = HR_OK;
    for (uint32_t i = 0; i < names.n && st == HR_OK; i++) {
        const char *name = names.at[i] + 1;
        if (is_any_depth)
            st = names.at[i][0] == '/' ? go_deeper(x, folder, name, part) : HR_OK;
        else if (hr_glob_match(part, n, name))
            st = is_last ? take_match(x, join(folder, name, strlen(name), 0))
                         : push_half(x, folder, name, strlen(name), rest);
    }
    drop(&names);
    return st;
}

static hr_status match(expansion *x, const char *pattern)
{
    size_t root = strspn(pattern, "/") > 0 ? 1 : 0;
    HR_TRY(push_half(x, root > 0 ? "/" : "", "", 0, pattern));
    while (x->todo.n > 0) {
        char *half = x->todo.at[--x->todo.n];
        const char *rest = half + strlen(half) + 1;
        rest += strspn(rest, "/");
        size_t n = strcspn(rest, "/");
        size_t len = strlen(half);
        if (len > 1 && half[len - 1] == '/') half[len - 1] = '\0';
        hr_status st = n > 0 ? match_part(x, half, rest, n, rest + n) : HR_OK;
        hr_heap_free(half);
        HR_TRY(st);
    }
    return HR_OK;
}

/* ---- one input ---- */

static char *without_slashes(const char *path)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    return join("", path, n, 0);
}

/* A path or a pattern, its days put in. *n: how many files it stands for. */
static hr_status take_text(expansion *x, const char *text, uint32_t *n)
{
    hr_sys_stat st;
    uint32_t before = x->found.n;
    hr_status result = HR_OK;
    if (look(text, &st) == 0) {
        char *path = st.is_dir ? without_slashes(text) : hr_heap_strdup(text);
        if (path == NULL) return no_memory(x->err);
        result = st.is_dir ? walk(x, path) : find(x, path);
    } else if (hr_glob_is_pattern(text, strlen(text))) {
        result = match(x, text);
    }
    *n = x->found.n - before;
    return result;
}

static hr_status take_days(expansion *x, const hr_glob_days *d)
{
    char text[HR_PLAN_PATH_MAX];
    if (d->last - d->first >= HR_PLAN_INPUTS_MAX)
        return HR_FAIL(x->err, HR_ELIMIT, "'%s' stands for more than %u days", x->input,
                       HR_PLAN_INPUTS_MAX);
    for (int64_t day = d->first; day <= d->last; day++) {
        uint32_t n;
        if (!hr_glob_day_put(text, sizeof text, x->input, d, day))
            return HR_FAIL(x->err, HR_EUSAGE, "'%s': a path is too long", x->input);
        HR_TRY(take_text(x, text, &n));
        if (n > 0) continue;
        if (!x->plan->skips_missing)
            return HR_FAIL(x->err, HR_ENOENT,
                           "'%s' is missing (of '%s'): --skip-missing leaves such days out", text,
                           x->input);
        say(x, x->report->n_missing++, text, "this day is missing");
    }
    return HR_OK;
}

static bool is_known(const expansion *x, const hr_sys_stat *st)
{
    for (uint32_t i = 0; i < x->out.n && st->ino != 0; i++)
        if (x->seen[i].ino == st->ino && x->seen[i].dev == st->dev) return true;
    return false;
}

/* What one input stands for goes behind the others, in order of path. */
static hr_status move_found(expansion *x)
{
    hr_sort(x->found.at, x->found.n, sizeof *x->found.at, by_text);
    for (uint32_t i = 0; i < x->found.n; i++) {
        hr_sys_stat st;
        if (look(x->found.at[i], &st) < 0) st.ino = 0;
        if (is_known(x, &st)) {
            x->report->n_repeated++;
            continue;
        }
        if (x->out.n == HR_PLAN_INPUTS_MAX)
            return HR_FAIL(x->err, HR_ELIMIT, "more than %u input files: name fewer",
                           HR_PLAN_INPUTS_MAX);
        HR_TRY(push(&x->out, hr_heap_strdup(x->found.at[i]), x->err));
        x->seen[x->out.n - 1] = st;
    }
    clear(&x->found);
    return HR_OK;
}

static hr_status take_folder(expansion *x)
{
    char *folder = without_slashes(x->input);
    if (folder == NULL) return no_memory(x->err);
    bool is_ours = is_dataset(folder, true);
    if (is_ours && x->opt->keeps_datasets) return find(x, folder);
    size_t n = strlen(folder);
    if (x->input == x->plan->inputs[0] && x->plan->out[0] == '\0' && folder[n - 1] != '/' &&
        folder[n - 1] != '.' && n + sizeof ".headrace" <= sizeof x->plan->out) {
        memcpy(x->plan->out, folder, n);
        memcpy(x->plan->out + n, ".headrace", sizeof ".headrace");
    }
    if (is_ours) {
        hr_heap_free(folder);
        return HR_FAIL(x->err, HR_EUSAGE,
                       "'%s' is a dataset: name tables of it, such as its folder deltas", x->input);
    }
    HR_TRY(walk(x, folder));
    return x->found.n > 0 ? HR_OK
                          : HR_FAIL(x->err, HR_ENOENT,
                                    "'%s' holds no file that can be read, and no %s of a dataset",
                                    x->input, HR_MANIFEST_NAME);
}

static hr_status take_input(expansion *x, const char *input)
{
    hr_sys_stat st;
    hr_glob_days days;
    uint32_t n;
    x->input = input;
    if (look(input, &st) == 0) return st.is_dir ? take_folder(x) : find(x, hr_heap_strdup(input));
    if (!hr_glob_days_find(&days, input))
        return HR_FAIL(x->err, HR_EUSAGE,
                       "'%s': a range of days is {2024-01-01..2024-01-05} or {20240101..20240105}, "
                       "the same wherever it stands in a path",
                       input);
    if (days.n > 0) return take_days(x, &days);
    if (!hr_glob_is_pattern(input, strlen(input))) return find(x, hr_heap_strdup(input));
    HR_TRY(take_text(x, input, &n));
    return n > 0 ? HR_OK : HR_FAIL(x->err, HR_ENOENT, "no file matches '%s'", input);
}

static bool is_plain(const char *input)
{
    hr_sys_stat st;
    hr_glob_days days;
    if (look(input, &st) == 0) return !st.is_dir;
    return !hr_glob_is_pattern(input, strlen(input)) && hr_glob_days_find(&days, input) &&
           days.n == 0;
}

static hr_status expand(expansion *x)
{
    x->seen = hr_heap_zero(HR_PLAN_INPUTS_MAX, sizeof *x->seen);
    x->source = hr_heap_zero(1, sizeof *x->source);
    if (x->seen == NULL || x->source == NULL) return no_memory(x->err);
    for (uint32_t i = 0; i < x->plan->n_inputs; i++) {
        HR_TRY(take_input(x, x->plan->inputs[i]));
        HR_TRY(move_found(x));
    }
    for (uint32_t i = 0; i < x->plan->n_inputs; i++)
        hr_heap_free(x->plan->inputs[i]);
    hr_heap_free(x->plan->inputs);
    x->plan->inputs = x->out.at;
    x->plan->n_inputs = x->out.n;
    x->out = (texts){0};
    return HR_OK;
}

hr_status hr_inputs_expand(hr_plan *p, const hr_inputs_options *o, hr_inputs_report *report,
                           hr_err *err)
{
    *report = (hr_inputs_report){0};
    for (uint32_t i = 0; i < p->n_inputs; i++)
        if (!is_plain(p->inputs[i])) report->any_pattern = true;
    if (!report->any_pattern) return HR_OK;
    expansion x = {.plan = p, .opt = o, .report = report, .err = err};
    hr_status st = expand(&x);
    drop(&x.found);
    drop(&x.todo);
    drop(&x.too);
    drop(&x.names);
    drop(&x.out);
    hr_heap_free(x.seen);
    hr_heap_free(x.source);
    return st;
}

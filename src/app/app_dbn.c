/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app_dbn.h"

#include <stdio.h>
#include <string.h>

#include "app/app_check.h"
#include "pipe/dbn_file.h"

#define MEMORY_BYTES ((size_t)768 << 20)
#define NAMES_SHOWN 5u
#define SHOWN_BYTES 48

typedef unsigned long long ull;

typedef struct view {
    const char *path;
    hr_budget budget;
    hr_dbn_file file;
    int64_t n_rows; /* still to be shown */
    bool json, head;
    uint8_t layout; /* of the rows before, HR_DBN_NO_LAYOUT: none */
    hr_dbn_table table;
} view;

/* ---- metadata ---- */

static void print_text(const char *s, size_t n, bool json)
{
    char text[HR_DBN_TEXT_MAX + 1];
    size_t k = HR_MIN(n, sizeof text - 1);
    for (size_t i = 0; i < k; i++)
        text[i] = s[i];
    text[k] = '\0';
    if (json) {
        hr_app_json_text(text);
        return;
    }
    for (size_t i = 0; i < k; i++)
        if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] == 0x7f) text[i] = '?';
    printf("%s", text);
}

static void print_time(const char *name, uint64_t ns, bool json)
{
    char text[40];
    bool is_none = ns > INT64_MAX;
    if (json && is_none)
        printf(",\"%s_ns\":null", name);
    else if (json)
        printf(",\"%s_ns\":%llu", name, (ull)ns);
    else {
        hr_app_time_text(text, is_none ? HR_NULL_I64 : (int64_t)ns);
        printf("%s %s", name, text);
    }
}

static void print_names(const char *what, const hr_dbn_names *names, bool json)
{
    const char *s;
    uint32_t n_shown = json ? names->n : HR_MIN(names->n, NAMES_SHOWN);
    if (json)
        printf(",\"%s\":[", what);
    else if (names->n == 0)
        return;
    else
        printf("%s: %u: ", what, names->n);
    for (uint32_t i = 0; i < n_shown; i++) {
        size_t n = hr_dbn_name(names, i, &s);
        printf("%s", i == 0 ? "" : json ? "," : ", ");
        print_text(s, n, json);
    }
    printf("%s", json ? "]" : n_shown < names->n ? ", ...\n" : "\n");
}

static void print_mappings(const hr_dbn_meta *m, bool json)
{
    hr_dbn_mapping_cursor c;
    hr_dbn_interval in;
    hr_dbn_mapping_begin(&c, m);
    if (json)
        printf(",\"mappings\":[");
    else if (m->n_mappings > 0)
        printf("mappings: %u, of %llu intervals\n", m->n_mappings, (ull)m->n_intervals);
    for (uint32_t i = 0; (json || i < NAMES_SHOWN) && hr_dbn_mapping_next(&c, m, &in); i++) {
        printf("%s", json ? (i > 0 ? ",{\"raw\":" : "{\"raw\":") : "  ");
        print_text(in.raw, in.n_raw, json);
        printf(json ? ",\"start\":%u,\"end\":%u,\"symbol\":" : " from %u to before %u: ", in.start,
               in.end);
        print_text(in.symbol, in.n_symbol, json);
        printf("%s", json ? "}" : "\n");
    }
    if (json)
        putchar(']');
    else if (m->n_intervals > NAMES_SHOWN)
        printf("  ...\n");
}

static void print_meta_json(const hr_dbn_meta *m)
{
    printf(",\"version\":%u,\"dataset\":", m->version);
    hr_app_json_text(m->dataset);
    printf(",\"schema\":\"%s\",\"stype_in\":\"%s\",\"stype_out\":\"%s\",\"ts_out\":%s",
           hr_dbn_schema_name(m->schema), hr_dbn_stype_name(m->stype_in),
           hr_dbn_stype_name(m->stype_out), m->has_ts_out ? "true" : "false");
    print_time("start", m->start_ns, true);
    print_time("end", m->end_ns, true);
    if (m->limit != 0)
        printf(",\"limit\":%llu", (ull)m->limit);
    else
        printf(",\"limit\":null");
}

static void print_meta(const view *v)
{
    const hr_dbn_file *f = &v->file;
    const hr_dbn_meta *m = &f->meta;
    const char *container = hr_container_name(f->container);
    bool is_file = f->kind == HR_DBN_FILE;
    if (v->json) {
        printf("{\"path\":");
        hr_app_json_text(v->path);
        printf(",\"format\":\"%s\",\"container\":\"%s\",\"why\":\"%s\",\"bytes\":%lld",
               is_file ? "dbn" : "dbn-fragment", container,
               is_file ? "begins with DBN" : "records of known types and lengths, no header",
               (long long)f->size_bytes);
        if (is_file) print_meta_json(m);
    } else {
        printf("%s: Databento DBN, ", v->path);
        if (is_file)
            printf("version %u (begins with DBN), ", m->version);
        else
            printf("a fragment (records of known types and lengths, no header), ");
        printf("%s, %lld bytes\n", container, (long long)f->size_bytes);
    }
    if (!v->json && is_file) {
        printf("dataset %s, schema %s, %s to %s%s\n", m->dataset, hr_dbn_schema_name(m->schema),
               hr_dbn_stype_name(m->stype_in), hr_dbn_stype_name(m->stype_out),
               m->has_ts_out ? ", with ts_out" : "");
        print_time("asked: start", m->start_ns, false);
        print_time(", end", m->end_ns, false);
        if (m->limit != 0) printf(", at most %llu records", (ull)m->limit);
        putchar('\n');
    }
    if (!is_file) return;
    print_names("symbols", &m->symbols, v->json);
    print_names("partial", &m->partial, v->json);
    print_names("not_found", &m->not_found, v->json);
    print_mappings(m, v->json);
}

/* ---- rows ---- */

static void print_value(const view *v, uint32_t c, const hr_dbn_rec *r)
{
    char text[HR_DBN_TEXT_MAX];
    const char *s = text;
    size_t n = 0;
    bool is_there = true;
    if (c < v->table.n_fields)
        is_there = hr_dbn_value_text(text, &n, &v->table.fields[c], v->file.p + r->at);
    else
        is_there = (n = hr_dbn_file_symbol(&v->file, r, &s)) > 0;
    if (v->json && !is_there)
        printf("null");
    else
        print_text(s, v->json ? n : HR_MIN(n, (size_t)SHOWN_BYTES), v->json);
}

static void begin_rows(view *v, uint8_t layout)
{
    hr_dbn_table_init(&v->table, (hr_dbn_layout_id)layout,
                      v->file.kind == HR_DBN_FILE && v->file.meta.has_ts_out);
    if (v->json)
        printf("%s{\"type\":\"%s\",\"columns\":[", v->layout == HR_DBN_NO_LAYOUT ? "" : "]},",
               v->table.layout->name);
    else
        printf("%s: ", v->table.layout->name);
    for (uint32_t c = 0; c < v->table.schema.n_fields; c++)
        printf(v->json ? "%s\"%s\"" : "%s%s", c > 0 ? "," : "", v->table.columns[c].name);
    printf("%s", v->json ? "],\"rows\":[" : "\n");
    v->layout = layout;
}

static void print_rows(view *v)
{
    const hr_dbn_file *f = &v->file;
    for (uint32_t i = 0; i < f->n_recs && v->n_rows > 0; i++) {
        const hr_dbn_rec *r = &f->recs[i];
        if (r->layout == HR_DBN_NO_LAYOUT) continue;
        bool is_first = r->layout != v->layout;
        if (is_first) begin_rows(v, r->layout);
        if (v->json) printf("%s", is_first ? "[" : ",[");
        for (uint32_t c = 0; c < v->table.schema.n_fields; c++) {
            if (c > 0) putchar(',');
            print_value(v, c, r);
        }
        putchar(v->json ? ']' : '\n');
        v->n_rows--;
    }
}

/* ---- the whole ---- */

static void print_counts(const view *v, bool is_whole)
{
    const hr_dbn_file *f = &v->file;
    const char *sep = "";
    if (v->json)
        printf(",\"records\":%llu,\"by_type\":{", (ull)f->n_records);
    else
        printf("%llu records%s:", (ull)f->n_records, is_whole ? "" : " so far");
    for (unsigned t = 0; t < 256; t++) {
        const char *name = hr_dbn_rtype_name((uint8_t)t);
        if (f->n_of[t] == 0 || name == NULL) continue;
        printf(v->json ? "%s\"%s\":%llu" : "%s %s %llu", sep, name, (ull)f->n_of[t]);
        sep = ",";
    }
    if (v->json) {
        printf("},\"unknown\":%llu,\"rejected\":%llu", (ull)f->n_unknown, (ull)f->n_short);
        print_time("first", f->first_ns, true);
        print_time("last", f->first_ns > INT64_MAX ? UINT64_MAX : f->last_ns, true);
        return;
    }
    printf("%s %llu of unknown types, %llu too short for their type\n", sep, (ull)f->n_unknown,
           (ull)f->n_short);
    if (f->first_ns > INT64_MAX) {
        printf("time: none\n");
        return;
    }
    print_time("time:", f->first_ns, false);
    print_time(" to", f->last_ns, false);
    printf(" (%.3f s)\n", (double)(f->last_ns - f->first_ns) * 1e-9);
}

static hr_status inspect(view *v, hr_err *err)
{
    hr_status st;
    HR_TRY(hr_dbn_file_open(&v->file, v->path, &v->budget, err));
    print_meta(v);
    v->layout = HR_DBN_NO_LAYOUT;
    if (v->json)
        printf(",\"head\":[");
    else
        putchar('\n');
    while ((st = hr_dbn_file_next(&v->file, err)) == HR_OK) {
        print_rows(v);
        if (v->head && v->n_rows == 0) break;
    }
    if (v->json) printf("%s]", v->layout != HR_DBN_NO_LAYOUT ? "]}" : "");
    if (!v->json) putchar('\n');
    if (!v->head) print_counts(v, st == HR_END);
    bool is_whole = st == HR_OK || st == HR_END;
    if (v->json) printf(",\"complete\":%s}\n", is_whole ? "true" : "false");
    return is_whole ? HR_OK : st;
}

hr_status hr_app_dbn_inspect(bool *is_dbn, const char *path, int64_t n_rows, bool head, bool json,
                             hr_err *err)
{
    static view v;
    hr_dbn_kind kind;
    *is_dbn = false;
    HR_TRY(hr_dbn_file_probe(&kind, path, err));
    *is_dbn = kind != HR_DBN_NOT;
    if (!*is_dbn) return HR_OK;
    v = (view){.path = path, .n_rows = n_rows, .head = head, .json = json};
    hr_budget_init(&v.budget, MEMORY_BYTES);
    hr_status st = inspect(&v, err);
    hr_dbn_file_close(&v.file);
    return st;
}

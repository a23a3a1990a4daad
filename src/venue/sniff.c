/* SPDX-License-Identifier: Apache-2.0 */
/* What a source is, told from its first bytes and its path. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "text/csv.h"
#include "venue/line.h"

#define SNIFF_LINES_MAX 4096

static const char known_formats[] =
    "known are capture, capture-json, cryptofeed and ndjson (Binance), tardis, tardis-trades, "
    "tardis-snapshot, binance-depth-csv and Crypto Lake style Parquet";

/* What the head's messages tell together. */
typedef struct findings {
    char symbol[HR_SYMBOL_MAX + 1];
    bool has_symbol, has_two;
    bool has_pu, has_ps, has_depth_without_pu;
    bool is_fstream, is_dstream, is_spot_host, has_foreign_host;
    uint32_t n_lines;
} findings;

static const char *find(const char *s, size_t n, const char *what)
{
    return memmem(s, n, what, strlen(what));
}

static void note_symbol(findings *f, const char *s, size_t n)
{
    if (n == 0 || n > HR_SYMBOL_MAX || f->has_two) return;
    if (f->has_symbol && (strlen(f->symbol) != n || memcmp(f->symbol, s, n) != 0)) {
        f->has_two = true;
        return;
    }
    memcpy(f->symbol, s, n);
    f->symbol[n] = '\0';
    f->has_symbol = true;
}

/* The text of "key":"value" in a line, by plain search: only a hint, the decoder checks. */
static hr_json_str text_after(const char *s, size_t n, const char *key)
{
    const char *at = find(s, n, key);
    if (at == NULL) return (hr_json_str){0};
    at += strlen(key);
    const char *close = memchr(at, '"', (size_t)(s + n - at));
    return close == NULL ? (hr_json_str){0} : (hr_json_str){.s = at, .n = (size_t)(close - at)};
}

static void note_line(findings *f, const char *s, size_t n)
{
    char name[HR_SYMBOL_MAX + 1];
    hr_json_str symbol = text_after(s, n, "\"s\":\"");
    hr_json_str stream = text_after(s, n, "\"stream\":\"");
    if (symbol.n > 0)
        note_symbol(f, symbol.s, symbol.n);
    else if (stream.n > 0)
        note_symbol(f, name, hr_binance_stream_symbol(name, sizeof name, stream));
    bool has_pu = find(s, n, "\"pu\":") != NULL;
    f->has_pu = f->has_pu || has_pu;
    f->has_ps = f->has_ps || find(s, n, "\"ps\":\"") != NULL || find(s, n, "\"pair\":\"") != NULL;
    if (!has_pu && find(s, n, "\"depthUpdate\"") != NULL) f->has_depth_without_pu = true;
    bool is_fstream = find(s, n, "fstream.binance") != NULL || find(s, n, "fapi.binance") != NULL;
    bool is_dstream = find(s, n, "dstream.binance") != NULL || find(s, n, "dapi.binance") != NULL;
    f->is_fstream = f->is_fstream || is_fstream;
    f->is_dstream = f->is_dstream || is_dstream;
    const char *url = find(s, n, "://");
    if (url != NULL && (s[0] == 'w' || s[0] == 'h')) {
        if (find(s, n, "binance.") == NULL)
            f->has_foreign_host = true;
        else if (!is_fstream && !is_dstream)
            f->is_spot_host = true;
    }
    f->n_lines++;
}

/* The value of key=... in a path, as hive partitions have it. */
static bool path_key(char *out, size_t cap, const char *path, const char *key)
{
    size_t key_len = strlen(key);
    for (const char *p = strstr(path, key); p != NULL; p = strstr(p + 1, key)) {
        if ((p != path && p[-1] != '/') || p[key_len] != '=') continue;
        const char *v = p + key_len + 1;
        size_t n = strcspn(v, "/");
        if (n == 0 || n >= cap) return false;
        memcpy(out, v, n);
        out[n] = '\0';
        return true;
    }
    return false;
}

/* Crypto Lake writes BINANCE_FUTURES; we write binance-futures. */
static void fold_venue(char *s)
{
    for (; *s != '\0'; s++)
        *s = *s == '_' ? '-' : (char)tolower((unsigned char)*s);
}

void hr_sniff_path(hr_source_info *info, const char *path)
{
    char venue[HR_VENUE_MAX + 1];
    if (info->venue[0] == '\0' && (path_key(venue, sizeof venue, path, "venue") ||
                                   path_key(venue, sizeof venue, path, "exchange"))) {
        fold_venue(venue);
        memcpy(info->venue, venue, sizeof venue);
    }
    if (info->symbol[0] == '\0') (void)path_key(info->symbol, sizeof info->symbol, path, "symbol");
}

static hr_format framing_of(const char *s, size_t n)
{
    size_t digits = 0;
    while (digits < n && s[digits] >= '0' && s[digits] <= '9')
        digits++;
    if (digits > 0 && digits < n && s[digits] == ' ') return HR_FORMAT_CAPTURE_PREFIX;
    if (digits > 0 && digits < n && (s[digits] == '.' || s[digits] == ':') &&
        find(s, n, ": ") != NULL)
        return HR_FORMAT_CRYPTOFEED;
    if (n > 14 && memcmp(s, "configuration:", 14) == 0) return HR_FORMAT_CRYPTOFEED;
    if (find(s, n, "://") != NULL && s[0] != '{' &&
        (find(s, n, " <-> ") != NULL || find(s, n, " -> ") != NULL || find(s, n, " <- ") != NULL))
        return HR_FORMAT_CRYPTOFEED;
    if (s[0] == '{')
        return find(s, n, "\"capture_ns\"") != NULL ? HR_FORMAT_CAPTURE_JSON : HR_FORMAT_NDJSON;
    return HR_FORMAT_UNKNOWN;
}

static void note_head(findings *f, const char *p, const char *end)
{
    while (p < end && f->n_lines < SNIFF_LINES_MAX) {
        const char *eol = hr_find_newline(p, end);
        if (eol == NULL && f->n_lines > 0) break; /* cut by the size of the head */
        note_line(f, p, (size_t)((eol != NULL ? eol : end) - p));
        if (eol == NULL) break;
        p = eol + 1;
    }
}

static const char *venue_of(const findings *f)
{
    if (f->is_dstream || f->has_ps) return "binance-delivery";
    if (f->is_fstream || f->has_pu) return "binance-futures";
    return "binance";
}

hr_status hr_sniff_text(hr_source_info *info, char *why, size_t why_cap, const char *path,
                        const char *head, size_t head_len, hr_err *err)
{
    const char *end = head + head_len;
    const char *p = head;
    findings f = {0};
    hr_sniff_path(info, path);
    if (head_len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) p += 3;
    while (p < end && (*p == '\n' || *p == '\r'))
        p++;
    if (p == end) return HR_FAIL(err, HR_EUNSUPPORTED, "'%s' is empty", path);
    const char *eol = hr_find_newline(p, end);
    size_t n = (size_t)((eol != NULL ? eol : end) - p);
    bool is_forced = info->format != HR_FORMAT_UNKNOWN;
    if (hr_csv_sniff_header(info, p, n)) {
        snprintf(why, why_cap, "CSV header of %s", hr_format_name(info->format));
        return HR_OK;
    }
    if (!is_forced) info->format = framing_of(p, n);
    if (info->format == HR_FORMAT_UNKNOWN)
        return HR_FAIL(err, HR_EUNSUPPORTED,
                       "format of '%s' is not known: it begins with '%.*s'; %s", path,
                       (int)HR_MIN(n, 60), p, known_formats);
    note_head(&f, p, end);
    if (f.has_foreign_host && !f.is_spot_host && !f.is_fstream && !f.is_dstream)
        return HR_FAIL(err, HR_EUNSUPPORTED,
                       "'%s' is a capture of a venue that is not supported: '%.*s'", path,
                       (int)HR_MIN(n, 80), p);
    if (info->venue[0] == '\0') snprintf(info->venue, sizeof info->venue, "%s", venue_of(&f));
    if (info->symbol[0] == '\0' && f.has_symbol && !f.has_two)
        memcpy(info->symbol, f.symbol, sizeof f.symbol);
    snprintf(why, why_cap, "first line is framed as %s; %s", hr_format_name(info->format),
             f.has_pu                 ? "depth updates carry pu"
             : f.has_depth_without_pu ? "depth updates without pu"
                                      : "no depth update in the head");
    return HR_OK;
}

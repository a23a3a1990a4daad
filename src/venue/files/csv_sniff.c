/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the files of csv_table.h one is: by its header, or, where it has none, by the shape of
 * its first row and its name together. Venue and symbol by the path as data.binance.vision has it:
 * data/{spot,futures/um,futures/cm}/.../BTCUSDT-aggTrades-2024-01-02.zip. */
#include <stdio.h>
#include <string.h>

#include "venue/files/csv_events.h"
#include "venue/files/csv_table.h"

/* "BTCUSDT-aggTrades-2024-01-02.zip": BTCUSDT and aggTrades, or klines' interval. */
typedef struct file_name {
    const char *symbol, *kind;
    size_t n_symbol, n_kind;
} file_name;

static bool has_kind(const file_name *f, const char *kind)
{
    return f->n_kind == strlen(kind) && memcmp(f->kind, kind, f->n_kind) == 0;
}

static size_t digits(const char *s)
{
    return strspn(s, "0123456789");
}

static bool read_name(file_name *f, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *p = slash != NULL ? slash + 1 : path;
    *f = (file_name){.symbol = p};
    f->n_symbol = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (f->n_symbol == 0 || f->n_symbol > HR_SYMBOL_MAX || p[f->n_symbol] != '-') return false;
    f->kind = p + f->n_symbol + 1;
    f->n_kind = strspn(f->kind, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    if (f->n_kind == 0 || f->kind[f->n_kind] != '-') return false;
    const char *date = f->kind + f->n_kind + 1;
    return digits(date) == 4 && date[4] == '-' && digits(date + 5) == 2;
}

static bool is_interval(const file_name *f)
{
    static const char *const intervals[] = {"1s", "1m", "3m", "5m",  "15m", "30m", "1h", "2h",
                                            "4h", "6h", "8h", "12h", "1d",  "3d",  "1w", "1mo"};
    for (size_t i = 0; i < HR_ARRAY_LEN(intervals); i++)
        if (has_kind(f, intervals[i])) return true;
    return false;
}

static bool names_layout(const file_name *f, const hr_csv_layout *l)
{
    return l->may_lack_head && (l->kind != NULL ? has_kind(f, l->kind) : is_interval(f));
}

/* "BTCUSD_PERP", "ETHUSD_240329": contracts in coin. */
static bool is_coin_symbol(const char *s)
{
    const char *line = strchr(s, '_');
    return line != NULL && line - s > 3 && memcmp(line - 3, "USD", 3) == 0 &&
           (strcmp(line, "_PERP") == 0 || digits(line + 1) == 6);
}

/* Symbol by the name, venue by the path, else by what only one market has. */
static void set_names(hr_source_info *info, const hr_csv_table *t, const char *path)
{
    static const char *const part[][2] = {{"futures/um/", "binance-futures"},
                                          {"futures/cm/", "binance-delivery"},
                                          {"data/spot/", "binance"},
                                          {"/spot/", "binance"}};
    file_name name;
    if (info->symbol[0] == '\0' && read_name(&name, path)) {
        memcpy(info->symbol, name.symbol, name.n_symbol);
        info->symbol[name.n_symbol] = '\0';
    }
    for (size_t i = 0; info->venue[0] == '\0' && i < HR_ARRAY_LEN(part); i++)
        if (strstr(path, part[i][0]) != NULL)
            snprintf(info->venue, sizeof info->venue, "%s", part[i][1]);
    if (info->venue[0] != '\0') return;
    bool is_spot = !t->has_header && (t->n_columns == t->layout->n_columns);
    snprintf(info->venue, sizeof info->venue, "%s",
             is_coin_symbol(info->symbol) ? "binance-delivery"
             : is_spot                    ? "binance"
                                          : "binance-futures");
}

/* Rows of events that do not name it are of the file's instrument. */
static bool lacks_symbol(const hr_source_info *info, const hr_csv_layout *l)
{
    return l->is_binance && !hr_format_is_records(info->format) && info->symbol[0] == '\0';
}

static hr_status take(hr_source_info *info, char *why, size_t why_cap, const char *path,
                      const hr_csv_table *t, hr_err *err)
{
    const bool is_forced = info->format != HR_FORMAT_UNKNOWN;
    const hr_csv_layout *l = t->layout;
    info->format = l->format;
    info->has_header = t->has_header;
    info->n_columns = (uint16_t)t->n_columns;
    memset(info->column, 0xff, sizeof info->column);
    for (uint32_t i = 0; i < t->n_columns; i++)
        if (t->column[i] < HR_ARRAY_LEN(info->column)) info->column[t->column[i]] = (int16_t)i;
    if (l->is_binance) set_names(info, t, path);
    if (lacks_symbol(info, l))
        return HR_FAIL(err, HR_EUNSUPPORTED,
                       "'%s' holds %s of one instrument, but its name does not say which: "
                       "symbol=NAME/ in its path does, input.symbol in a plan, or convert --symbol",
                       path, l->what);
    const char *text = t->has_header ? "CSV header of"
                       : is_forced   ? "no header; the first row has the shape of"
                                     : "no header; first row and file name are those of";
    snprintf(why, why_cap, "%s %s", text, l->what);
    return HR_OK;
}

/* Tardis' liquidations and trades have one header; the file's name or folder says which. */
static bool is_for(const hr_csv_table *t, hr_format forced, const char *path)
{
    if (forced != HR_FORMAT_UNKNOWN || t->layout->format != HR_FORMAT_TARDIS_LIQUIDATIONS)
        return true;
    return strstr(path, "liquidations") != NULL;
}

hr_status hr_csv_file_sniff(hr_source_info *info, char *why, size_t why_cap, const char *path,
                            const char *line, size_t n, hr_err *err)
{
    hr_csv_table t;
    file_name name;
    const hr_format forced = info->format;
    bool has_name = read_name(&name, path);
    const char *shape = NULL;
    if (forced != HR_FORMAT_UNKNOWN && hr_csv_layout_of(forced) == NULL) return HR_END;
    for (uint32_t i = 0; i < HR_CSV_LAYOUTS; i++) {
        const hr_csv_layout *l = hr_csv_layout_at(i);
        if (forced != HR_FORMAT_UNKNOWN && l->format != forced) continue;
        hr_status st = hr_csv_table_open(&t, l, line, n, err);
        if (st == HR_END || (st == HR_OK && !is_for(&t, forced, path))) continue;
        if (st != HR_OK) {
            hr_err_prefix(err, "'%s'", path);
            return st;
        }
        bool is_sure =
            t.has_header || forced != HR_FORMAT_UNKNOWN || (has_name && names_layout(&name, l));
        if (is_sure) return take(info, why, why_cap, path, &t, err);
        shape = hr_format_name(l->format);
    }
    if (forced != HR_FORMAT_UNKNOWN)
        return HR_FAIL(err, HR_EUNSUPPORTED, "first line of '%s' is none of %s: '%.*s'", path,
                       hr_csv_layout_of(forced)->what, (int)HR_MIN(n, 120), line);
    if (shape == NULL) return HR_END;
    return HR_FAIL(err, HR_EUNSUPPORTED,
                   "'%s' has no header and rows like those of %s, but its name does not say so: "
                   "--format %s takes it as that",
                   path, shape, shape);
}

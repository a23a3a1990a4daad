/* SPDX-License-Identifier: Apache-2.0 */
#include "app/report.h"

typedef long long ll;

static const char style[] =
    ":root{color-scheme:light dark;--fg:#1c2026;--bg:#fff;--dim:#5b6470;--line:#c9ced6;"
    "--ok:#dfe6ee;--bad:#c2410c;--one:#2563eb}\n"
    "@media (prefers-color-scheme:dark){:root{--fg:#e6e8eb;--bg:#14171b;--dim:#9aa4b0;"
    "--line:#3a414b;--ok:#2a3440;--bad:#fb923c;--one:#7aa7ff}}\n"
    "body{font:15px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);"
    "max-width:70rem;margin:0 auto;padding:1rem}\n"
    "svg{width:100%;height:auto}figure{margin:0}figcaption{color:var(--dim)}\n"
    ".w{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}\n"
    "th,td{border-bottom:1px solid var(--line);padding:.2rem .6rem;text-align:right}\n"
    "th:first-child{text-align:left}.lead{font-size:1.15rem}\n"
    "text{fill:var(--dim);font-size:11px}text.n{text-anchor:end;fill:var(--fg)}\n"
    "rect.g0{fill:var(--ok)}rect.g1{fill:var(--bad);fill-opacity:.4}"
    "rect.g2{fill:var(--bad);fill-opacity:.7}rect.g3{fill:var(--bad)}\n"
    "rect.e{fill:none;stroke:var(--dim);stroke-dasharray:3 3}rect.b{fill:var(--one)}\n"
    "line.ax{stroke:var(--line)}line.s50{stroke:var(--one)}line.s99{stroke:var(--bad);"
    "stroke-width:2.5}circle.s50{fill:var(--one)}circle.s99{fill:var(--bad)}\n";

static void cells(hr_report *r, const hr_quality_row *q)
{
    hr_report_cells(r, q, "<td>", "</td>");
    hr_report_print(r, "</tr>\n");
}

static void table_head(hr_report *r, const char *more)
{
    hr_report_print(r, "<div class=\"w\"><table><thead><tr><th>instrument</th>%s", more);
    hr_report_cells(r, NULL, "<th>", "</th>");
    hr_report_print(r, "</tr></thead><tbody>\n");
}

static void name_cell(hr_report *r, uint32_t i)
{
    hr_report_print(r, "<tr><th scope=\"row\">");
    hr_report_name(r, i);
    hr_report_print(r, "</th>");
}

static void instruments(hr_report *r)
{
    hr_report_print(r, "<section><h2>Instruments</h2>\n");
    table_head(r, "");
    for (uint32_t i = 0; i < r->n; i++) {
        name_cell(r, i);
        cells(r, &r->sum[i]);
    }
    hr_report_print(r, "<tr><th scope=\"row\">all</th>");
    cells(r, &r->total);
    hr_report_print(r, "</tbody></table></div></section>\n");
}

static void hours(hr_report *r)
{
    hr_report_print(r, "<section><h2>Hours</h2><details><summary>Table</summary>\n");
    table_head(r, "<th>hour</th>");
    for (uint32_t i = 0; i < r->n; i++) {
        uint32_t n;
        const hr_quality_row *const *row = hr_quality_rows(r->quality, r->order[i], &n);
        for (uint32_t k = 0; k < n; k++) {
            char hour[40];
            hr_report_hour(hour, row[k]->hour);
            name_cell(r, i);
            hr_report_print(r, "<td>%s</td>", hour);
            cells(r, row[k]);
        }
    }
    hr_report_print(r, "</tbody></table></div></details></section>\n");
}

static void sources(hr_report *r)
{
    hr_report_print(r, "<section><h2>Sources</h2><div class=\"w\"><table><thead><tr><th>path</th>"
                       "<th>format</th><th>rows</th><th>rejects</th></tr></thead><tbody>\n");
    for (uint32_t i = 0; i < hr_check_sources(r->x->run); i++) {
        hr_check_source s;
        hr_check_source_get(r->x->run, i, &s);
        hr_report_print(r, "<tr><th scope=\"row\">");
        hr_report_text(r, s.path);
        hr_report_print(r, "</th><td>%s</td><td>%lld</td><td>", s.format, (ll)s.rows);
        hr_report_rejects(r, i);
        hr_report_print(r, "</td></tr>\n");
    }
    hr_report_print(r, "</tbody></table></div></section>\n");
}

void hr_report_html(hr_report *r)
{
    hr_report_print(r,
                    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                    "<title>Data quality</title>\n<style>\n%s</style></head>\n<body><main>\n"
                    "<h1>Data quality</h1>\n<p class=\"lead\">",
                    style);
    hr_report_lead(r, "<p>", "</p>\n");
    hr_report_pictures(r);
    instruments(r);
    hours(r);
    sources(r);
    hr_report_print(r, "<section><h2>Rules</h2><dl>\n");
    for (uint32_t i = 0; hr_report_rules[i] != NULL; i += 2)
        hr_report_print(r, "<dt><code>%s</code></dt><dd>%s</dd>\n", hr_report_rules[i],
                        hr_report_rules[i + 1]);
    hr_report_print(r, "</dl></section>\n</main></body></html>\n");
}

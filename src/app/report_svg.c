/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures of the HTML report, each with a table of what it shows. */
#include <string.h>

#include "app/report.h"

#define COLUMNS 240
#define ROWS_DRAWN 200u
#define WIDTH 960.0
#define LEFT 170.0
#define ROW 16.0
#define HIGH 180.0

typedef unsigned long long ull;
typedef long long ll;

/* What all instruments together show by column. */
typedef struct column {
    uint64_t messages, n_skew;
    double p50_sum; /* weighted by messages */
    int64_t p99;
} column;

typedef struct picture {
    hr_report *r;
    int64_t per_column; /* hours */
    int n_columns;
    double step;
    column c[COLUMNS];
} picture;

static int column_of(const picture *p, int64_t hour)
{
    return (int)((hour - p->r->hour_first) / p->per_column);
}

static void measure(picture *p)
{
    hr_report *r = p->r;
    p->per_column = (r->n_hours + COLUMNS - 1) / COLUMNS;
    if (p->per_column == 0) p->per_column = 1;
    p->n_columns = (int)((r->n_hours + p->per_column - 1) / p->per_column);
    p->step = (WIDTH - LEFT) / (p->n_columns > 0 ? p->n_columns : 1);
    memset(p->c, 0, sizeof p->c);
    for (uint32_t i = 0; i < r->n; i++) {
        uint32_t n;
        const hr_quality_row *const *row = hr_quality_rows(r->quality, r->order[i], &n);
        for (uint32_t k = 0; k < n; k++) {
            column *c = &p->c[column_of(p, row[k]->hour)];
            const hr_quality_skew *s = &row[k]->skew;
            for (int m = 0; m < HR_MSG_KIND_COUNT; m++)
                c->messages += row[k]->n[m];
            if (s->n == 0) continue;
            if (c->n_skew == 0 || s->p99 > c->p99) c->p99 = s->p99;
            c->n_skew += s->n;
            c->p50_sum += (double)s->p50 * (double)s->n;
        }
    }
}

static void begin_picture(picture *p, const char *name, const char *label, double height)
{
    hr_report_print(p->r,
                    "<section><h2>%s</h2>\n<figure><svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
                    "aria-label=\"%s; the table below has the figures\">\n",
                    name, WIDTH, height, label);
}

/* Times under a picture whose last line is at y. */
static void axis(picture *p, double y)
{
    hr_report *r = p->r;
    int every = p->n_columns / 6 + 1;
    for (int k = 0; k < p->n_columns; k += every) {
        char hour[40];
        if (LEFT + k * p->step > WIDTH - 90) break; /* no room for it */
        hr_report_hour(hour, r->hour_first + k * p->per_column);
        hr_report_print(r, "<text x=\"%.1f\" y=\"%.1f\" class=\"t\">%s</text>\n",
                        LEFT + k * p->step, y + 14, hour);
    }
}

static void end_picture(picture *p, const char *caption, const char *head)
{
    hr_report_print(p->r, "</svg>\n<figcaption>%s", caption);
    if (p->per_column > 1) hr_report_print(p->r, " A column is %lld hours.", (ll)p->per_column);
    hr_report_print(p->r,
                    "</figcaption></figure>\n<details><summary>Table</summary><table>"
                    "<thead>%s</thead><tbody>\n",
                    head);
}

static void end_table(picture *p, int n_rows, int n_columns)
{
    if (n_rows == 0) hr_report_print(p->r, "<tr><td colspan=\"%d\">none</td></tr>\n", n_columns);
    hr_report_print(p->r, "</tbody></table></details></section>\n");
}

static void name_of(hr_report *r, uint32_t i)
{
    hr_check_instrument in;
    hr_check_instrument_get(r->x->check, r->x->run, r->order[i], &in);
    hr_report_text(r, in.venue);
    hr_report_print(r, " ");
    hr_report_text(r, in.symbol);
}

static uint64_t value_of(const hr_quality_row *q, bool is_gaps)
{
    return is_gaps ? q->count[HR_QUALITY_GAPS] : q->silences;
}

static void cell(picture *p, const char *class, int from, int n, double y)
{
    hr_report_print(p->r,
                    "<rect class=\"%s\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.0f\"/>\n",
                    class, LEFT + from * p->step, y, n * p->step, ROW - 3);
}

/* One instrument's line: what is 0 is the ground, what is empty is left open. */
static void strip(picture *p, uint32_t i, bool is_gaps)
{
    hr_report *r = p->r;
    uint32_t n;
    const hr_quality_row *const *row = hr_quality_rows(r->quality, r->order[i], &n);
    double y = i * ROW;
    int next = 0;
    hr_report_print(r, "<text x=\"%.0f\" y=\"%.1f\" class=\"n\">", LEFT - 6, y + ROW - 6);
    name_of(r, i);
    hr_report_print(r, "</text>\n");
    for (uint32_t k = 0; k < n;) {
        int at = column_of(p, row[k]->hour);
        uint64_t v = 0;
        for (; k < n && column_of(p, row[k]->hour) == at; k++)
            v += value_of(row[k], is_gaps);
        if (at > next) cell(p, "e", next, at - next, y);
        cell(p, v == 0 ? "g0" : v == 1 ? "g1" : v < 10 ? "g2" : "g3", at, 1, y);
        next = at + 1;
    }
    if (next < p->n_columns) cell(p, "e", next, p->n_columns - next, y);
}

static void gap_table(picture *p)
{
    hr_report *r = p->r;
    int n_rows = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        uint32_t n;
        const hr_quality_row *const *row = hr_quality_rows(r->quality, r->order[i], &n);
        for (uint32_t k = 0; k < n; k++) {
            char hour[40];
            if (value_of(row[k], true) == 0) continue;
            hr_report_hour(hour, row[k]->hour);
            hr_report_print(r, "<tr><th scope=\"row\">");
            name_of(r, i);
            hr_report_print(r, "</th><td>%s</td><td>%llu</td></tr>\n", hour,
                            (ull)value_of(row[k], true));
            n_rows++;
        }
    }
    end_table(p, n_rows, 3);
}

static int64_t hours_empty(const hr_report *r, uint32_t i)
{
    uint32_t row = 0;
    int64_t n = 0;
    hr_report_hole h;
    while (hr_report_next_hole(r, r->order[i], &row, &h))
        n += h.to - h.from + 1;
    return n;
}

static void silence_table(picture *p)
{
    hr_report *r = p->r;
    for (uint32_t i = 0; i < r->n; i++) {
        char longest[32] = "-";
        char at[40] = "-";
        if (r->sum[i].silence_ns > 0) {
            hr_report_ns(longest, (double)r->sum[i].silence_ns);
            hr_app_time_text(at, r->sum[i].silence_at_ns);
        }
        hr_report_print(r, "<tr><th scope=\"row\">");
        name_of(r, i);
        hr_report_print(r, "</th><td>%s</td><td>%s</td><td>%llu</td><td>%lld</td></tr>\n", longest,
                        at, (ull)r->sum[i].silences, (ll)hours_empty(r, i));
    }
    end_table(p, (int)r->n, 5);
}

static void heat(picture *p, bool is_gaps)
{
    hr_report *r = p->r;
    uint32_t n = HR_MIN(r->n, ROWS_DRAWN);
    begin_picture(p, is_gaps ? "Gaps" : "Silences",
                  is_gaps ? "gaps by hour and instrument" : "silences by hour and instrument",
                  n * ROW + 22);
    for (uint32_t i = 0; i < n; i++)
        strip(p, i, is_gaps);
    axis(p, n * ROW);
    end_picture(p,
                is_gaps ? "Full colour: ten gaps or more in the hour; lighter: 2 to 9, then 1. "
                          "Dashed: no message. The first 200 instruments are drawn."
                        : "Silences longer than 60 s by the hour they begin in, coloured as gaps "
                          "are. Dashed: no message. The first 200 instruments are drawn.",
                is_gaps ? "<tr><th>instrument</th><th>hour</th><th>gaps</th></tr>"
                        : "<tr><th>instrument</th><th>longest</th><th>from</th><th>longer than "
                          "60 s</th><th>empty hours</th></tr>");
    if (is_gaps)
        gap_table(p);
    else
        silence_table(p);
}

static double p50_of(const column *c)
{
    return c->p50_sum / (double)c->n_skew;
}

/* A dot and, from the column with figures before it, a line. */
static void skew_line(picture *p, bool is_p99, double low, double high)
{
    double x0 = 0;
    double y0 = 0;
    bool has_point = false;
    const char *class = is_p99 ? "s99" : "s50";
    for (int k = 0; k < p->n_columns; k++) {
        const column *c = &p->c[k];
        if (c->n_skew == 0) continue;
        double v = is_p99 ? (double)c->p99 : p50_of(c);
        double x = LEFT + (k + 0.5) * p->step;
        double y = 8 + (HIGH - 16) * (high - v) / (high - low);
        hr_report_print(p->r, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\"/>\n", class,
                        x, y);
        if (has_point)
            hr_report_print(
                p->r, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
                class, x0, y0, x, y);
        has_point = true;
        x0 = x;
        y0 = y;
    }
}

static void skew(picture *p)
{
    double low = 0;
    double high = 1;
    int n_rows = 0;
    char text[32];
    for (int k = 0; k < p->n_columns; k++) {
        if (p->c[k].n_skew == 0) continue;
        low = HR_MIN(low, HR_MIN(p50_of(&p->c[k]), (double)p->c[k].p99));
        high = HR_MAX(high, HR_MAX(p50_of(&p->c[k]), (double)p->c[k].p99));
    }
    begin_picture(p, "Clock skew", "receive time less venue time by hour", HIGH + 22);
    hr_report_ns(text, high);
    hr_report_print(p->r, "<text x=\"%.0f\" y=\"14\" class=\"n\">%s</text>\n", LEFT - 6, text);
    hr_report_ns(text, low);
    hr_report_print(p->r,
                    "<text x=\"%.0f\" y=\"%.0f\" class=\"n\">%s</text><line class=\"ax\" "
                    "x1=\"%.0f\" y1=\"%.0f\" x2=\"%.0f\" y2=\"%.0f\"/>\n",
                    LEFT - 6, HIGH - 4, text, LEFT, HIGH, WIDTH, HIGH);
    skew_line(p, false, low, high);
    skew_line(p, true, low, high);
    axis(p, HIGH);
    end_picture(p,
                "Receive time less venue time. Thin: p50 of the instruments, weighted by messages; "
                "thick: the highest p99 of any instrument.",
                "<tr><th>from hour</th><th>p50</th><th>p99</th></tr>");
    for (int k = 0; k < p->n_columns; k++) {
        char hour[40];
        char p99[32];
        if (p->c[k].n_skew == 0) continue;
        hr_report_hour(hour, p->r->hour_first + k * p->per_column);
        hr_report_ns(text, p50_of(&p->c[k]));
        hr_report_ns(p99, (double)p->c[k].p99);
        hr_report_print(p->r, "<tr><th scope=\"row\">%s</th><td>%s</td><td>%s</td></tr>\n", hour,
                        text, p99);
        n_rows++;
    }
    end_table(p, n_rows, 3);
}

static void bars(picture *p)
{
    uint64_t most = 1;
    for (int k = 0; k < p->n_columns; k++)
        most = HR_MAX(most, p->c[k].messages);
    begin_picture(p, "Messages", "messages by hour", HIGH + 22);
    hr_report_print(p->r,
                    "<text x=\"%.0f\" y=\"14\" class=\"n\">%llu</text><line class=\"ax\" "
                    "x1=\"%.0f\" y1=\"%.0f\" x2=\"%.0f\" y2=\"%.0f\"/>\n",
                    LEFT - 6, (ull)most, LEFT, HIGH, WIDTH, HIGH);
    for (int k = 0; k < p->n_columns; k++) {
        double high = (HIGH - 8) * (double)p->c[k].messages / (double)most;
        hr_report_print(
            p->r, "<rect class=\"b\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\"/>\n",
            LEFT + k * p->step, HIGH - high, p->step * 0.9, high);
    }
    axis(p, HIGH);
    end_picture(p, "Messages of all instruments.", "<tr><th>from hour</th><th>messages</th></tr>");
    for (int k = 0; k < p->n_columns; k++) {
        char hour[40];
        hr_report_hour(hour, p->r->hour_first + k * p->per_column);
        hr_report_print(p->r, "<tr><th scope=\"row\">%s</th><td>%llu</td></tr>\n", hour,
                        (ull)p->c[k].messages);
    }
    end_table(p, p->n_columns, 2);
}

void hr_report_pictures(hr_report *r)
{
    static picture p; /* too large for a frame; one thread writes reports */
    p.r = r;
    measure(&p);
    heat(&p, true);
    heat(&p, false);
    skew(&p);
    bars(&p);
}

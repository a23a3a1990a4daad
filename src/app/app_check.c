/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app_check.h"

#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "text/json.h"
#include "venue/adapter.h"

#define NS_PER_DAY INT64_C(86400000000000)

typedef long long ll;
typedef unsigned long long ull;

void hr_app_check_plan(hr_plan *plan)
{
    hr_plan_init(plan);
    plan->depth = 1;
    plan->rows_on = HR_ROWS_ON_BBO;
    for (int k = 0; k < HR_KIND_COUNT; k++)
        plan->write[k] = false;
}

hr_status hr_app_check_measured(hr_app_checked *x, const hr_plan *plan, struct hr_quality *q,
                                hr_err *err)
{
    memset(x, 0, sizeof *x);
    hr_err_reset(&x->err);
    HR_TRY(hr_check_create(&x->check, plan->instruments, err));
    HR_TRY(hr_run_create(&x->run, plan, HR_OPEN_NONE, err));
    hr_check_measure(x->check, q);
    hr_run_watch(x->run, x->check);
    hr_status st = hr_run_start(x->run, err);
    hr_status waited = hr_run_wait(x->run, &x->err);
    if (st != HR_OK) return st;
    hr_run_report_get(x->run, &x->report);
    x->end = waited;
    if (waited == HR_OK || waited == HR_ECORRUPT) return HR_OK;
    if (err != NULL) *err = x->err;
    return waited;
}

hr_status hr_app_check_run(hr_app_checked *x, const hr_plan *plan, hr_err *err)
{
    return hr_app_check_measured(x, plan, NULL, err);
}

void hr_app_check_close(hr_app_checked *x)
{
    hr_run_destroy(&x->run);
    hr_check_destroy(&x->check);
}

void hr_app_json_text(const char *s)
{
    if (s == NULL) {
        fputs("null", stdout);
        return;
    }
    bool is_text = hr_utf8_valid(s, strlen(s));
    putchar('"');
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20 || (c >= 0x80 && !is_text))
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

void hr_app_time_text(char out[40], int64_t ns)
{
    char date[11];
    if (ns == HR_NULL_I64) {
        memcpy(out, "-", 2);
        return;
    }
    int64_t day = ns / NS_PER_DAY - (ns % NS_PER_DAY < 0);
    int64_t rest = ns - day * NS_PER_DAY;
    int64_t s = rest / 1000000000;
    hr_date_text(date, (int32_t)day);
    snprintf(out, 40, "%sT%02d:%02d:%02d.%09dZ", date, (int)(s / 3600), (int)(s / 60 % 60),
             (int)(s % 60), (int)(rest % 1000000000));
}

void hr_app_check_json_instruments(const hr_app_checked *x)
{
    printf("\"instruments\":[");
    for (uint32_t i = 0; i < hr_check_instruments(x->run); i++) {
        hr_check_instrument in;
        hr_check_instrument_get(x->check, x->run, i, &in);
        printf("%s{\"venue\":", i > 0 ? "," : "");
        hr_app_json_text(in.venue);
        printf(",\"symbol\":");
        hr_app_json_text(in.symbol);
        printf(",\"messages\":%llu,\"levels\":%llu,\"snapshots\":%llu,\"trades\":%llu,"
               "\"tickers\":%llu,",
               (ull)in.messages, (ull)in.levels, (ull)in.snapshots, (ull)in.trades,
               (ull)in.tickers);
        printf("\"gaps\":%llu,\"duplicates\":%llu,\"stale\":%llu,\"crossed\":%llu,"
               "\"ticker_checks\":%llu,\"ticker_checks_equal\":%llu,"
               "\"checksums\":%llu,\"checksums_equal\":%llu,\"synced\":%s,",
               (ull)in.gaps, (ull)in.duplicates, (ull)in.stale, (ull)in.crossed,
               (ull)in.ticker_checks, (ull)in.ticker_checks_equal, (ull)in.checksums,
               (ull)in.checksums_equal,
               !in.has_depth   ? "null"
               : in.was_synced ? "true"
                               : "false");
        if (in.first_ns == HR_NULL_I64)
            printf("\"first_ns\":null,\"last_ns\":null}");
        else
            printf("\"first_ns\":%lld,\"last_ns\":%lld}", (ll)in.first_ns, (ll)in.last_ns);
    }
    putchar(']');
}

void hr_app_check_json_sources(const hr_app_checked *x)
{
    printf("\"sources\":[");
    for (uint32_t i = 0; i < hr_check_sources(x->run); i++) {
        hr_check_source s;
        hr_check_source_get(x->run, i, &s);
        printf("%s{\"path\":", i > 0 ? "," : "");
        hr_app_json_text(s.path);
        printf(",\"format\":\"%s\",\"container\":\"%s\",\"why\":", s.format,
               s.is_table ? "parquet" : s.container);
        hr_app_json_text(s.why);
        printf(",\"bytes\":%lld,\"rows\":%lld}", (ll)s.size_bytes, (ll)s.rows);
    }
    putchar(']');
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the plan leaves out: rows of instruments that are not wanted, and those outside the times
 * that are. Tables need not read such rows; those that are read all the same are left out here, so
 * that what comes of a run does not depend on how much a file tells of itself: they have no time,
 * take no place in the order and count for no commit. */
#include <string.h>

#include "base/sort.h"
#include "fmt/pq_mixed.h"
#include "job/run_parts.h"

/* ---- before anything is read ---- */

static int compare_bytes(const void *a, const void *b)
{
    const hr_pq_bytes *x = a;
    const hr_pq_bytes *y = b;
    int order = memcmp(x->s, y->s, HR_MIN(x->n, y->n));
    return order != 0 ? order : x->n < y->n ? -1 : x->n > y->n;
}

/* Rows of these tables before the first that is written only fill the rolling windows: their books
 * are whole in each row, or they have none. A window ends at a step of its own clock, the venue's.
 */
static bool needs_no_past(const hr_source *s)
{
    hr_format f = s->info.format;
    return s->events != NULL && (f == HR_FORMAT_PARQUET_TRADES || f == HR_FORMAT_PARQUET_BOOK) &&
           !hr_pq_is_mixed(s->table);
}

static int64_t first_time(const hr_plan *p, const hr_source *s)
{
    int64_t past = 2 * p->window_ns;
    return p->from_ns <= past || !needs_no_past(s) ? INT64_MIN : p->from_ns - past;
}

hr_status run_want(hr_run *r, hr_err *err)
{
    const hr_plan *p = r->plan;
    hr_status st = HR_OK;
    hr_pq_bytes *symbol = hr_heap_zero(p->n_symbols + 1u, sizeof *symbol);
    if (symbol == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for %u symbols", p->n_symbols);
    for (uint32_t i = 0; i < p->n_symbols; i++)
        symbol[i] = (hr_pq_bytes){.s = p->symbols[i], .n = (uint32_t)strlen(p->symbols[i])};
    hr_sort(symbol, p->n_symbols, sizeof *symbol, compare_bytes);
    hr_pq_want want = {.symbol = symbol, .n_symbols = p->n_symbols, .to_ns = p->to_ns};
    for (uint32_t i = 0; i < r->n_sources && st == HR_OK; i++) {
        hr_source *s = &r->source[i];
        s->is_named = s->events != NULL && !hr_pq_is_mixed(s->table);
        s->row_is_book = needs_no_past(s) && s->info.format == HR_FORMAT_PARQUET_BOOK;
        s->first_ns = want.from_ns = first_time(p, s);
        if (s->events != NULL) st = hr_pq_events_want(s->events, &want, err);
        if (st != HR_OK) hr_err_prefix(err, "'%s'", s->path);
    }
    hr_heap_free(symbol);
    return st;
}

/* ---- as it comes ---- */

bool run_is_wanted(const hr_plan *plan, const char *symbol)
{
    if (plan->n_symbols == 0) return true;
    for (uint32_t i = 0; i < plan->n_symbols; i++)
        if (strcmp(plan->symbols[i], symbol) == 0) return true;
    return false;
}

static int64_t rows_in(const hr_source *s, const hr_evbatch *b, uint32_t m)
{
    hr_msg_kind k = (hr_msg_kind)b->kind[m];
    bool is_one = k == HR_MSG_TRADE || k == HR_MSG_TICKER || s->row_is_book;
    return is_one ? 1 : b->level_begin[m + 1] - b->level_begin[m];
}

static void leave_out(const hr_source *s, hr_evbatch *b, uint32_t m)
{
    b->seq_first[m] = rows_in(s, b, m);
    b->kind[m] = HR_MSG_OTHER;
    b->flags[m] = HR_FLAG_LEFT_OUT;
    if (s->events == NULL) return; /* lines without a time of their own take that of any before */
    b->ts_recv[m] = INT64_MIN;
    b->seq_last[m] = INT64_MIN; /* goes before whatever waits */
}

/* Instruments without a message that is left get no desk: the file might have told. */
static void drop_syms(const hr_plan *p, hr_evbatch *b)
{
    for (uint32_t i = 0; i < b->n_syms; i++)
        if (!run_is_wanted(p, b->syms[i].symbol)) b->syms[i].global_id = RUN_SYM_LEFT_OUT;
}

static void drop_unused_syms(hr_evbatch *b)
{
    bool is_used[HR_EVB_SYMS_MAX] = {false};
    for (uint32_t m = 0; m < b->n_msgs; m++)
        if (b->sym[m] >= 0 && (b->flags[m] & HR_FLAG_LEFT_OUT) == 0) is_used[b->sym[m]] = true;
    for (uint32_t i = 0; i < b->n_syms; i++)
        if (!is_used[i]) b->syms[i].global_id = RUN_SYM_LEFT_OUT;
}

void run_leave_out(const hr_plan *p, const hr_source *s, hr_evbatch *b)
{
    bool is_table = s->events != NULL;
    int64_t time_max = s->time_max;
    if (p->to_ns == INT64_MAX && s->first_ns == INT64_MIN && (!is_table || p->n_symbols == 0))
        return;
    if (is_table) drop_syms(p, b);
    for (uint32_t m = 0; m < b->n_msgs; m++) {
        hr_msg_kind k = (hr_msg_kind)b->kind[m];
        time_max = HR_MAX(time_max, b->ts_recv[m]);
        if (k == HR_MSG_BAD || k == HR_MSG_OTHER) continue;
        int64_t time = (b->flags[m] & HR_FLAG_NO_TIME) != 0 ? time_max : b->ts_recv[m];
        bool is_out = time >= p->to_ns || time < s->first_ns;
        if (is_table && b->sym[m] >= 0)
            is_out = is_out || b->syms[b->sym[m]].global_id == RUN_SYM_LEFT_OUT;
        if (is_out) leave_out(s, b, m);
    }
    if (is_table) drop_unused_syms(b);
}

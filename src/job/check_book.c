/* SPDX-License-Identifier: Apache-2.0 */
/* The book that LOBSTER publishes beside its messages against the rebuilt one, row by row. The file
 * begins in mid-session: what stood deeper than its first row is not known until it is gone, so a
 * level counts only within the worst price that was in every row so far. */
#include <string.h>

#include "job/check_book.h"
#include "text/decimal.h"

#define PX_DECIMALS 4u /* of the file */

static void narrow(check_book *k)
{
    const hr_lobster_row *row = &k->row;
    if (row->n == 0) return;
    uint32_t last = row->n - 1;
    if (row->qty[HR_SIDE_BID][last] > 0)
        k->known[HR_SIDE_BID] = HR_MAX(k->known[HR_SIDE_BID], row->px[HR_SIDE_BID][last]);
    if (row->qty[HR_SIDE_ASK][last] > 0)
        k->known[HR_SIDE_ASK] = HR_MIN(k->known[HR_SIDE_ASK], row->px[HR_SIDE_ASK][last]);
}

void run_check_book_begin(check_book *k, const hr_source *s)
{
    k->book = s->info.seed != NULL ? s->book : NULL;
    if (k->book == NULL) return;
    k->row = *s->info.seed;
    k->known[HR_SIDE_BID] = 0;
    k->known[HR_SIDE_ASK] = INT64_MAX;
    narrow(k);
}

/* The row of this number, from 1; false: there is none, or it cannot be read. */
static bool go_to(check_book *k, hr_check_books *sum, int64_t number)
{
    while (hr_lobster_book_rows(k->book) < number) {
        hr_status st = hr_lobster_book_next(k->book, &k->row, &sum->err);
        if (st != HR_OK) {
            if (st < 0) sum->end = st;
            k->book = NULL;
            return false;
        }
        narrow(k);
    }
    return true;
}

/* One side; false: a level differs, and *f says which, where it is the first. */
static bool compare(check_book *k, hr_check_books *sum, const hr_desk *d, hr_side side,
                    const hr_plan *p, hr_finding *f)
{
    int64_t *px = k->px;
    int64_t *qty = k->qty;
    const hr_lobster_row *row = &k->row;
    const int64_t px_unit = hr_pow10[p->px_scale - PX_DECIMALS];
    const int64_t qty_unit = hr_pow10[p->qty_scale - p->share_decimals];
    bool is_equal = true;
    memset(px, 0, sizeof k->px);
    memset(qty, 0, sizeof k->qty);
    uint32_t n = hr_l2_export(d->book, side, 0, row->n, px, qty);
    for (uint32_t i = 0; i < row->n; i++) {
        int64_t want = row->px[side][i];
        bool is_known = side == HR_SIDE_BID ? want >= k->known[side] : want <= k->known[side];
        if (row->qty[side][i] <= 0 || !is_known) {
            sum->unknown += row->qty[side][i] > 0;
            continue;
        }
        if (i < n && px[i] == want * px_unit && qty[i] == row->qty[side][i] * qty_unit) {
            sum->equal++;
            continue;
        }
        sum->different++;
        if (is_equal && !f->has_touch) {
            f->has_touch = true;
            f->reason = (uint8_t)side;
            f->expect = (int64_t)i + 1;
            f->book = (hr_touch){.bid_px = px[i], .bid_qty = qty[i]};
            f->ticker =
                (hr_touch){.bid_px = want * px_unit, .bid_qty = row->qty[side][i] * qty_unit};
        }
        is_equal = false;
    }
    return is_equal;
}

bool run_check_book_differs(check_book *k, hr_check_books *sum, const hr_desk *d, const hr_plan *p,
                            hr_finding *f)
{
    bool holds = p->px_scale >= PX_DECIMALS && p->qty_scale >= p->share_decimals;
    if (k->book == NULL || !holds || f->line < 2) return false;
    if (hr_lobster_book_rows(k->book) >= f->line || !go_to(k, sum, f->line)) return false;
    sum->rows++;
    bool is_equal = compare(k, sum, d, HR_SIDE_BID, p, f);
    is_equal = compare(k, sum, d, HR_SIDE_ASK, p, f) && is_equal;
    return !is_equal;
}

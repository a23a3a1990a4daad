/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "venue/seq.h"

void hr_tickcheck_init(hr_tickcheck *t)
{
    t->ticker_head = t->ticker_len = t->book_head = t->book_len = 0;
    t->last_checked = -1;
    t->n_checks = t->n_equal = t->n_evicted = 0;
    t->first_diff_id = -1;
}

static bool equal(const hr_touch *a, const hr_touch *b)
{
    return a->bid_px == b->bid_px && a->bid_qty == b->bid_qty && a->ask_px == b->ask_px &&
           a->ask_qty == b->ask_qty;
}

static void check(hr_tickcheck *t, int64_t id, const hr_touch *book, const hr_touch *ticker)
{
    if (id <= t->last_checked) return;
    t->last_checked = id;
    t->n_checks++;
    if (equal(book, ticker)) {
        t->n_equal++;
    } else if (t->first_diff_id < 0) {
        t->first_diff_id = id;
        t->first_diff_book = *book;
        t->first_diff_ticker = *ticker;
    }
}

/* Entries older than id leave the ring; a match at id is compared. Returns true when there was one.
 */
static bool meet(hr_tickcheck *t, hr_tickcheck_entry *ring, uint32_t *head, uint32_t *len,
                 int64_t id, const hr_touch *touch, bool is_book)
{
    while (*len > 0 && ring[*head].id < id) {
        *head = (*head + 1) % HR_TICKCHECK_CAP;
        --*len;
    }
    if (*len == 0 || ring[*head].id != id) return false;
    const hr_touch *other = &ring[*head].touch;
    check(t, id, is_book ? touch : other, is_book ? other : touch);
    return true;
}

static void push(hr_tickcheck *t, hr_tickcheck_entry *ring, uint32_t *head, uint32_t *len,
                 int64_t id, const hr_touch *touch)
{
    if (*len > 0 && ring[(*head + *len - 1) % HR_TICKCHECK_CAP].id >= id) return; /* must rise */
    if (*len == HR_TICKCHECK_CAP) {
        *head = (*head + 1) % HR_TICKCHECK_CAP;
        --*len;
        t->n_evicted++;
    }
    ring[(*head + *len) % HR_TICKCHECK_CAP] = (hr_tickcheck_entry){.id = id, .touch = *touch};
    ++*len;
}

void hr_tickcheck_ticker(hr_tickcheck *t, int64_t id, const hr_touch *touch)
{
    (void)meet(t, t->book, &t->book_head, &t->book_len, id, touch, false);
    push(t, t->ticker, &t->ticker_head, &t->ticker_len, id, touch);
}

void hr_tickcheck_book(hr_tickcheck *t, int64_t id, const hr_touch *touch)
{
    (void)meet(t, t->ticker, &t->ticker_head, &t->ticker_len, id, touch, true);
    push(t, t->book, &t->book_head, &t->book_len, id, touch);
}

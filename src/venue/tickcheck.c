/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "venue/seq.h"

void hr_tickcheck_init(hr_tickcheck *t)
{
    memset(t, 0, sizeof *t);
    t->ticker_newest = t->book_newest = t->last_checked = t->first_diff_id = -1;
}

static bool equal(const hr_touch *a, const hr_touch *b)
{
    return a->bid_px == b->bid_px && a->bid_qty == b->bid_qty && a->ask_px == b->ask_px &&
           a->ask_qty == b->ask_qty;
}

static void check(hr_tickcheck *t, int64_t id, const hr_touch *book, const hr_touch *ticker)
{
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

/* Takes the entry of this id out of the ring, and all older ones, whose partner did not come. */
static const hr_touch *take(const hr_tickcheck_entry *ring, uint32_t *head, uint32_t *len,
                            int64_t id)
{
    while (*len > 0 && ring[*head].id <= id) {
        const hr_tickcheck_entry *e = &ring[*head];
        *head = (*head + 1) % HR_TICKCHECK_CAP;
        --*len;
        if (e->id == id) return &e->touch;
    }
    return NULL;
}

/* True when an older one had to go. */
static bool push(hr_tickcheck_entry *ring, uint32_t *head, uint32_t *len, int64_t id,
                 const hr_touch *touch)
{
    bool is_full = *len == HR_TICKCHECK_CAP;
    if (is_full) {
        *head = (*head + 1) % HR_TICKCHECK_CAP;
        --*len;
    }
    ring[(*head + *len) % HR_TICKCHECK_CAP] = (hr_tickcheck_entry){.id = id, .touch = *touch};
    ++*len;
    return is_full;
}

void hr_tickcheck_ticker(hr_tickcheck *t, int64_t id, const hr_touch *touch)
{
    if (id <= t->ticker_newest) return;
    t->ticker_newest = id;
    const hr_touch *book = take(t->book, &t->book_head, &t->book_len, id);
    if (book != NULL)
        check(t, id, book, touch);
    else if (id > t->book_newest && push(t->ticker, &t->ticker_head, &t->ticker_len, id, touch))
        t->n_evicted += t->book_newest >= 0;
}

void hr_tickcheck_book(hr_tickcheck *t, int64_t id, const hr_touch *touch)
{
    if (id <= t->book_newest) return;
    t->book_newest = id;
    const hr_touch *ticker = take(t->ticker, &t->ticker_head, &t->ticker_len, id);
    if (ticker != NULL)
        check(t, id, touch, ticker);
    else if (id > t->ticker_newest && push(t->book, &t->book_head, &t->book_len, id, touch))
        t->n_evicted += t->ticker_newest >= 0;
}

void hr_tickcheck_restart(hr_tickcheck *t)
{
    t->ticker_head = t->ticker_len = t->book_head = t->book_len = 0;
    t->ticker_newest = t->book_newest = -1;
}

static bool is_ring_sound(const hr_tickcheck_entry *ring, uint32_t head, uint32_t len,
                          int64_t after, int64_t newest)
{
    if (head >= HR_TICKCHECK_CAP || len > HR_TICKCHECK_CAP) return false;
    for (uint32_t i = 0; i < len; i++) {
        int64_t id = ring[(head + i) % HR_TICKCHECK_CAP].id;
        if (id <= after || id > newest) return false;
        after = id;
    }
    return true;
}

bool hr_tickcheck_is_sound(const hr_tickcheck *t)
{
    return t->n_equal <= t->n_checks && t->first_diff_id >= -1 && t->ticker_newest >= -1 &&
           t->book_newest >= -1 &&
           is_ring_sound(t->ticker, t->ticker_head, t->ticker_len, t->book_newest,
                         t->ticker_newest) &&
           is_ring_sound(t->book, t->book_head, t->book_len, t->ticker_newest, t->book_newest);
}

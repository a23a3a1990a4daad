/* SPDX-License-Identifier: Apache-2.0 */
/* Tardis' book_snapshot_<n> and Crypto Lake's book: a row for each snapshot, and for each change of
 * the best n levels of a book. Source: docs.tardis.dev, "Downloadable CSV files". */
#include <stdio.h>
#include <string.h>

#include "convert/pen.h"

#define BIT(loss) (UINT64_C(1) << (loss))
#define HEADER_MAX 4096u
#define ROW_MAX (512u + 4u * HR_TOPS_DEPTH_MAX * (HR_DECIMAL_TEXT_MAX + 1u))

struct hr_tops_out {
    hr_tops *tops;
    hr_lake_out *lake; /* NULL: CSV */
    hr_out_file *file;
    uint32_t depth;
    uint8_t px_scale, qty_scale;
    /* the row of the message that was asked about last */
    uint32_t n[2];
    int64_t px[2][HR_TOPS_DEPTH_MAX], qty[2][HR_TOPS_DEPTH_MAX];
};

uint32_t hr_tops_out_depth(hr_target_format to)
{
    if (to == HR_TO_LAKE_BOOK) return HR_LAKE_DEPTH;
    return to == HR_TO_TARDIS_SNAPSHOT_5 ? 5 : to == HR_TO_TARDIS_SNAPSHOT_25 ? 25 : 0;
}

size_t hr_tops_out_bytes(void)
{
    return sizeof(hr_tops_out) + hr_tops_bytes() + 64;
}

hr_status hr_tops_out_create(hr_tops_out **out, const hr_convert_options *o, hr_format from,
                             hr_lake_out *lake, hr_arena *arena, hr_err *err)
{
    *out = NULL;
    hr_tops_out *t = hr_arena_alloc(arena, sizeof *t, 64);
    if (t == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to write the best levels");
    memset(t, 0, sizeof *t);
    t->depth = hr_tops_out_depth(o->to);
    t->lake = lake;
    t->px_scale = o->px_scale;
    t->qty_scale = o->qty_scale;
    HR_TRY(hr_tops_create(&t->tops, t->depth, (int)from, arena, err));
    *out = t;
    return HR_OK;
}

hr_status hr_tops_out_begin(hr_tops_out *t, hr_out_file *file, hr_err *err)
{
    hr_pen k = hr_pen_init(file, err);
    t->file = file;
    hr_tops_restart(t->tops);
    if (t->lake != NULL) return HR_OK;
    hr_pen_room(&k, HEADER_MAX);
    hr_pen_text(&k, "exchange,symbol,timestamp,local_timestamp");
    for (uint32_t i = 0; i < t->depth; i++) {
        char name[128];
        snprintf(name, sizeof name,
                 ",asks[%u].price,asks[%u].amount,bids[%u].price,bids[%u].amount", i, i, i, i);
        hr_pen_text(&k, name);
    }
    hr_pen_put(&k, "\n", 1);
    return hr_pen_end(&k);
}

void hr_tops_out_lose(hr_tops_out *t)
{
    hr_tops_lose(t->tops);
}

static void take_level(hr_tops_out *t, hr_side side, int64_t px, int64_t qty)
{
    t->px[side][t->n[side]] = px;
    t->qty[side][t->n[side]++] = qty;
}

/* Would a reader of the row give the levels back as they lie? Those of each side are in order. Of
 * CSV bids come before asks, of a table each bid before the ask beside it. */
static bool has_order(const hr_tops_out *t, const uint8_t *side)
{
    if (t->lake == NULL) return memchr(side, HR_SIDE_ASK, t->n[0]) == NULL;
    for (uint32_t i = 0; i < t->depth; i++)
        for (uint8_t s = 0; s < 2; s++)
            if (i < t->n[s] && *side++ != s) return false;
    return true;
}

/* The levels as they lie: from the best of each side on. False: they lie otherwise. */
static bool take_exactly(hr_tops_out *t, const hr_evbatch *b, uint32_t m)
{
    const uint32_t at = (uint32_t)b->level_begin[m];
    t->n[0] = t->n[1] = 0;
    for (uint32_t i = at; i < (uint32_t)b->level_begin[m + 1]; i++) {
        const hr_side side = (hr_side)b->side[i];
        const uint32_t n = t->n[side];
        if (n == t->depth) return false;
        if (n > 0 && side == HR_SIDE_BID && b->px[i] >= t->px[side][n - 1]) return false;
        if (n > 0 && side == HR_SIDE_ASK && b->px[i] <= t->px[side][n - 1]) return false;
        take_level(t, side, b->px[i], b->qty[i]);
    }
    return has_order(t, b->side + at);
}

static void take_top(hr_tops_out *t, const hr_top *top)
{
    t->n[0] = t->n[1] = 0;
    for (int s = 0; s < 2; s++)
        for (uint32_t i = 0; i < top->n[s]; i++)
            take_level(t, (hr_side)s, top->px[s][i], top->qty[s][i]);
}

static bool has_levels(const hr_evbatch *b, uint32_t m)
{
    for (uint32_t i = (uint32_t)b->level_begin[m]; i < (uint32_t)b->level_begin[m + 1]; i++)
        if (b->px[i] <= 0 || b->qty[i] < 0 || b->side[i] > HR_SIDE_ASK) return false;
    return true;
}

/* What a row loses beside its levels. */
static uint64_t head_losses(const hr_tops_out *t, const hr_evbatch *b, uint32_t m)
{
    if (t->lake != NULL) return hr_lake_out_head_losses(t->lake, b, m);
    uint64_t bits = hr_losses_of_times(b, m);
    if (b->seq_last[m] >= 0 || b->seq_first[m] >= 0 || b->seq_prev[m] >= 0)
        bits |= BIT(HR_LOSS_SEQ);
    return b->text[m] >= 0 ? bits | BIT(HR_LOSS_CHECKSUM) : bits;
}

static uint64_t snapshot_losses(hr_tops_out *t, const hr_top *top, const hr_evbatch *b, uint32_t m)
{
    uint64_t bits = head_losses(t, b, m);
    if (!top->has_kept && !top->has_more && take_exactly(t, b, m)) return bits;
    take_top(t, top);
    if (top->has_kept) bits |= BIT(HR_LOSS_WHICH);
    if (top->has_more) bits |= BIT(HR_LOSS_DEPTH);
    return top->has_kept || top->has_more ? bits : bits | BIT(HR_LOSS_LEVEL_ORDER);
}

hr_status hr_tops_out_losses(hr_tops_out *t, const hr_evbatch *b, uint32_t m, uint64_t *bits,
                             hr_err *err)
{
    const hr_msg_kind kind = (hr_msg_kind)b->kind[m];
    hr_top top;
    *bits = BIT(HR_LOSS_KIND);
    if (kind == HR_MSG_STATUS) hr_tops_lose(t->tops);
    if (kind != HR_MSG_DELTA && kind != HR_MSG_SNAPSHOT) return HR_OK;
    *bits = b->sym[m] < 0 ? BIT(HR_LOSS_NO_NAME) : BIT(HR_LOSS_PX);
    if (b->sym[m] < 0 || !has_levels(b, m)) {
        hr_tops_lose(t->tops);
        return HR_OK;
    }
    HR_TRY(hr_tops_take(t->tops, &top, b, m, err));
    if (top.news == HR_TOP_GIVEN) {
        *bits = snapshot_losses(t, &top, b, m);
    } else if (top.news == HR_TOP_CHANGED) {
        take_top(t, &top);
        *bits = head_losses(t, b, m) | BIT(HR_LOSS_WHICH);
    } else {
        *bits = BIT(top.news == HR_TOP_SAME ? HR_LOSS_SAME_TOP : HR_LOSS_NO_BOOK);
    }
    return HR_OK;
}

static void put_level(const hr_tops_out *t, hr_pen *k, hr_side side, uint32_t i)
{
    if (i >= t->n[side]) {
        hr_pen_put(k, ",", 1);
        return;
    }
    hr_pen_decimal(k, t->px[side][i], t->px_scale);
    hr_pen_put(k, ",", 1);
    hr_pen_decimal(k, t->qty[side][i], t->qty_scale);
}

hr_status hr_tops_out_message(hr_tops_out *t, const hr_evbatch *b, uint32_t m, uint64_t *n_rows,
                              hr_err *err)
{
    const hr_top top = {
        .n = {t->n[0], t->n[1]}, .px = {t->px[0], t->px[1]}, .qty = {t->qty[0], t->qty[1]}};
    if (t->lake != NULL) return hr_lake_out_top(t->lake, b, m, &top, n_rows, err);
    hr_pen k = hr_pen_init(t->file, err);
    hr_pen_room(&k, ROW_MAX);
    hr_text_out_head(&k, b, m);
    for (uint32_t i = 0; i < t->depth; i++) {
        if (i > 0) hr_pen_put(&k, ",", 1);
        put_level(t, &k, HR_SIDE_ASK, i);
        hr_pen_put(&k, ",", 1);
        put_level(t, &k, HR_SIDE_BID, i);
    }
    hr_pen_put(&k, "\n", 1);
    ++*n_rows;
    return hr_pen_end(&k);
}

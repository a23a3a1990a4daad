/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_OPS_WINDOW_WIN_FOLD_H
#define HR_OPS_WINDOW_WIN_FOLD_H
/* Sliding aggregates without an inverse: nothing is ever subtracted, so a value is made of the rows
 * in the window alone and rows that have left cannot be felt in it.
 *
 * By rows: blocks of b = n / 2 rows. The window is a suffix of the block before the last, the last
 * block, and a prefix of this one. While this block fills, the last one is turned into its suffix
 * aggregates, from its end, one a row, in place; a new row takes the slot of the oldest suffix,
 * which nobody asks for again. Four joins a row, always: no row is dearer than another.
 *
 * By time: win_chunks.h. See docs/modules/window.md. */
#include "ops/window/win_chunks.h"

/** What is in registers while rows of one block go by. */
typedef struct hr_fold_block {
    double prefix[HR_WIN_WIDTH_MAX], suffix[HR_WIN_WIDTH_MAX], full[HR_WIN_WIDTH_MAX];
} hr_fold_block;

/** The window that ends with row `at` of a block, counted from 1. */
HR_INLINE void hr_fold_whole(double *all, const hr_win *w, const hr_fold_block *f,
                             const double *mine, uint32_t at, double per_n, const hr_fold *k)
{
    uint32_t rest = w->n - at;
    uint32_t n_old = rest - w->block; /* the suffix of the block before the last */
    if (n_old > 0) {
        double per = 1.0 / rest;
        const double *old = mine + (size_t)(at - (w->n & 1)) * k->width;
        hr_fold_part first = hr_fold_parts_of(n_old, w->block, per);
        k->join(all, old, f->full, &first);
    } else {
        hr_fold_copy(all, f->full, k);
    }
    hr_fold_part p = hr_fold_parts_of(rest, at, per_n);
    k->join(all, all, f->prefix, &p);
}

/** Rows from `i` on, to the end of the block or of the rows; the next row. */
HR_INLINE uint32_t hr_fold_in_block(hr_win *w, const hr_op_rows *r, uint32_t i, double *mine,
                                    double *last, hr_fold_block *f, const hr_fold *k)
{
    const unsigned width = k->width;
    const uint32_t b = w->block;
    const uint32_t n = w->n;
    const double per_n = 1.0 / n;
    uint32_t at = w->at;
    uint64_t end = w->end;
    for (; i < r->n && at < b; i++) {
        double one[HR_WIN_WIDTH_MAX] HR_UNINIT;
        double all[HR_WIN_WIDTH_MAX] HR_UNINIT;
        if (HR_UNLIKELY(!hr_fold_lift(one, k, r, i, (double)end))) {
            r->out[0][i] = (double)NAN;
            continue;
        }
        at++;
        end++;
        double *turned = last + (size_t)(b - at) * width;
        if (HR_UNLIKELY(at == 1)) {
            hr_fold_copy(f->prefix, one, k);
            hr_fold_copy(f->suffix, turned, k);
        } else {
            double before = at - 1;
            double per = 1.0 / at;
            hr_fold_part p = hr_fold_parts_of(1, before, per);
            k->join(f->suffix, turned, f->suffix, &p);
            p = hr_fold_parts_of(before, 1, per);
            k->join(f->prefix, f->prefix, one, &p);
            hr_fold_copy(turned, f->suffix, k);
        }
        if (HR_LIKELY(n > 1)) {
            hr_fold_whole(all, w, f, mine, at, per_n, k);
        } else {
            hr_fold_copy(all, one, k);
        }
        hr_fold_copy(mine + (size_t)(at - 1) * width, one, k);
        r->out[0][i] = end >= n ? hr_win_or_null(k->value(all, n, per_n)) : (double)NAN;
    }
    w->at = at;
    w->end = end;
    return i;
}

HR_INLINE void hr_fold_rows(hr_win *w, const hr_op_rows *r, const hr_fold *k)
{
    const size_t half = (size_t)w->block * k->width;
    double *slots = (double *)(void *)((char *)w + HR_WIN_HEAD);
    hr_fold_block f = {0};
    hr_fold_copy(f.prefix, w->prefix, k);
    hr_fold_copy(f.suffix, w->suffix, k);
    hr_fold_copy(f.full, w->full, k);
    for (uint32_t i = 0; i < r->n;) {
        double *mine = slots + (w->odd_block ? half : 0);
        double *last = slots + (w->odd_block ? 0 : half);
        i = hr_fold_in_block(w, r, i, mine, last, &f, k);
        if (w->at == w->block) {
            hr_fold_copy(f.full, f.prefix, k);
            w->odd_block ^= 1;
            w->at = 0;
        }
    }
    hr_fold_copy(w->prefix, f.prefix, k);
    hr_fold_copy(w->suffix, f.suffix, k);
    hr_fold_copy(w->full, f.full, k);
}

/** Of aggregates of so many doubles, made of one column or two. */
HR_INLINE size_t hr_fold_bytes(const hr_op_args *a, unsigned width, unsigned n_columns)
{
    uint64_t bytes = HR_WIN_HEAD;
    if (a->is_time[0]) {
        uint64_t cap = hr_win_ring(a);
        bytes +=
            sizeof(hr_chunks) + cap * (1 + n_columns) * 8 + 2 * (cap / HR_WIN_CHUNK) * width * 8;
    } else {
        uint64_t n = (uint64_t)a->v[0];
        bytes += 2 * (n / 2 > 0 ? n / 2 : 1) * width * 8;
    }
    return hr_win_line(bytes);
}

/** Of one that is behind another, by time. */
HR_INLINE size_t hr_fold_bytes_behind(const hr_op_args *a, unsigned width)
{
    return hr_win_line(HR_WIN_HEAD + sizeof(hr_chunks) +
                       2 * (hr_win_ring(a) / HR_WIN_CHUNK) * width * sizeof(double));
}

/** Rows, and nodes of the tree, are asked for once they are there. By rows the first block turns
 * slots that nothing was written to, and so does the second with what came of it; the first window
 * that is whole ends with the second block and takes none of them. */
HR_INLINE void hr_fold_init(void *state, const hr_op_args *a)
{
    memset(state, 0, HR_WIN_HEAD + (a->is_time[0] ? sizeof(hr_chunks) : 0));
    hr_win_init(state, a);
}

/** Of a state from a file. */
bool hr_fold_is_sound(const void *state, const hr_op_args *a);

HR_INLINE void hr_fold_run(void *state, const hr_op_rows *r, const hr_fold *k)
{
    hr_win *w = state;
    if (w->width_ns > 0) {
        hr_fold_time(w, r, k);
    } else {
        hr_fold_rows(w, r, k);
    }
}

#endif

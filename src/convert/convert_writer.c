/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/convert_writer.h"

/* ---- text and tables of messages as they are ---- */

static hr_status common_losses(hr_writer *w, const hr_evbatch *b, uint32_t m, uint64_t *bits,
                               hr_err *err)
{
    (void)err;
    *bits = hr_losses_of(&w->losses, b, m);
    return HR_OK;
}

static hr_status text_begin(hr_writer *w, hr_err *err)
{
    w->text.file = &w->out;
    w->text.to = w->r->to;
    w->text.px_scale = w->o->px_scale;
    w->text.qty_scale = w->o->qty_scale;
    return hr_text_out_begin(&w->text, err);
}

static hr_status text_message(hr_writer *w, const hr_evbatch *b, uint32_t m, uint64_t *n_rows,
                              hr_err *err)
{
    return hr_text_out_message(&w->text, b, m, n_rows, err);
}

static const hr_writer_ops text_ops = {
    .losses = common_losses, .begin = text_begin, .message = text_message};

static hr_status table_begin(hr_writer *w, hr_err *err)
{
    return hr_table_out_create(&w->table, w->r, w->o, &w->out, w->arena, err);
}

static hr_status table_message(hr_writer *w, const hr_evbatch *b, uint32_t m, uint64_t *n_rows,
                               hr_err *err)
{
    return hr_table_out_message(w->table, b, m, n_rows, err);
}

static hr_status table_finish(hr_writer *w, hr_err *err)
{
    return hr_table_out_finish(w->table, err);
}

static const hr_writer_ops table_ops = {.losses = common_losses,
                                        .begin = table_begin,
                                        .message = table_message,
                                        .finish = table_finish};

/* ---- Crypto Lake's tables ---- */

static hr_status lake_create(hr_writer *w, hr_err *err)
{
    return hr_lake_out_create(&w->lake, w->o, w->r->to, w->arena, err);
}

static hr_status lake_losses(hr_writer *w, const hr_evbatch *b, uint32_t m, uint64_t *bits,
                             hr_err *err)
{
    (void)err;
    *bits = hr_lake_out_losses(w->lake, b, m);
    return HR_OK;
}

static hr_status lake_begin(hr_writer *w, hr_err *err)
{
    return hr_lake_out_begin(w->lake, w->r, w->o, &w->out, w->arena, err);
}

static hr_status lake_message(hr_writer *w, const hr_evbatch *b, uint32_t m, uint64_t *n_rows,
                              hr_err *err)
{
    return hr_lake_out_message(w->lake, b, m, n_rows, err);
}

static hr_status lake_finish(hr_writer *w, hr_err *err)
{
    return hr_lake_out_finish(w->lake, err);
}

static const hr_writer_ops lake_ops = {.bytes = hr_lake_out_bytes,
                                       .create = lake_create,
                                       .losses = lake_losses,
                                       .begin = lake_begin,
                                       .message = lake_message,
                                       .finish = lake_finish};

/* ---- best levels, as CSV or as Lake's table of books ---- */

static size_t tops_bytes(hr_target_format to)
{
    return hr_tops_out_bytes() + (hr_lake_out_is(to) ? hr_lake_out_bytes(to) : 0);
}

static hr_status tops_create(hr_writer *w, hr_err *err)
{
    if (hr_lake_out_is(w->r->to)) HR_TRY(lake_create(w, err));
    return hr_tops_out_create(&w->tops, w->o, w->r->format, w->lake, w->arena, err);
}

static hr_status tops_losses(hr_writer *w, const hr_evbatch *b, uint32_t m, uint64_t *bits,
                             hr_err *err)
{
    return hr_tops_out_losses(w->tops, b, m, bits, err);
}

static void tops_lose(hr_writer *w)
{
    hr_tops_out_lose(w->tops);
}

static hr_status tops_begin(hr_writer *w, hr_err *err)
{
    if (w->lake != NULL) HR_TRY(lake_begin(w, err));
    return hr_tops_out_begin(w->tops, &w->out, err);
}

static hr_status tops_message(hr_writer *w, const hr_evbatch *b, uint32_t m, uint64_t *n_rows,
                              hr_err *err)
{
    return hr_tops_out_message(w->tops, b, m, n_rows, err);
}

static hr_status tops_finish(hr_writer *w, hr_err *err)
{
    return w->lake != NULL ? lake_finish(w, err) : HR_OK;
}

static const hr_writer_ops tops_ops = {.bytes = tops_bytes,
                                       .create = tops_create,
                                       .losses = tops_losses,
                                       .lose = tops_lose,
                                       .begin = tops_begin,
                                       .message = tops_message,
                                       .finish = tops_finish};

/* ---- captures in the words of their venue ---- */

static size_t feed_bytes(hr_target_format to)
{
    (void)to;
    return hr_feed_out_bytes();
}

static hr_status feed_create(hr_writer *w, hr_err *err)
{
    return hr_feed_out_create(&w->feed, w->o, w->arena, err);
}

static hr_status feed_losses(hr_writer *w, const hr_evbatch *b, uint32_t m, uint64_t *bits,
                             hr_err *err)
{
    (void)err;
    *bits = hr_feed_out_losses(w->feed, b, m);
    return HR_OK;
}

static hr_status feed_begin(hr_writer *w, hr_err *err)
{
    (void)err;
    hr_feed_out_begin(w->feed, &w->out);
    return HR_OK;
}

static hr_status feed_message(hr_writer *w, const hr_evbatch *b, uint32_t m, uint64_t *n_rows,
                              hr_err *err)
{
    return hr_feed_out_message(w->feed, b, m, n_rows, err);
}

static const hr_writer_ops feed_ops = {.bytes = feed_bytes,
                                       .create = feed_create,
                                       .losses = feed_losses,
                                       .begin = feed_begin,
                                       .message = feed_message};

/* ---- orders ---- */

static hr_status itch_create(hr_writer *w, hr_err *err)
{
    HR_TRY(hr_arena_create(&w->own, w->budget, hr_itch_out_bytes(), "ITCH", err));
    return hr_itch_out_create(&w->itch, w->o, w->own, err);
}

static hr_status itch_losses(hr_writer *w, const hr_evbatch *b, uint32_t m, uint64_t *bits,
                             hr_err *err)
{
    (void)err;
    *bits = hr_itch_out_losses(w->itch, b, m);
    return HR_OK;
}

static hr_status itch_begin(hr_writer *w, hr_err *err)
{
    return hr_itch_out_begin(w->itch, &w->out, err);
}

static hr_status itch_message(hr_writer *w, const hr_evbatch *b, uint32_t m, uint64_t *n_rows,
                              hr_err *err)
{
    return hr_itch_out_message(w->itch, b, m, n_rows, err);
}

static hr_status itch_finish(hr_writer *w, hr_err *err)
{
    return hr_itch_out_finish(w->itch, err);
}

static const hr_writer_ops itch_ops = {.create = itch_create,
                                       .losses = itch_losses,
                                       .begin = itch_begin,
                                       .message = itch_message,
                                       .finish = itch_finish};

static size_t lobster_bytes(hr_target_format to)
{
    (void)to;
    return hr_lobster_out_bytes();
}

static hr_status lobster_create(hr_writer *w, hr_err *err)
{
    return hr_lobster_out_create(&w->lobster, w->o, w->arena, err);
}

static hr_status lobster_losses(hr_writer *w, const hr_evbatch *b, uint32_t m, uint64_t *bits,
                                hr_err *err)
{
    return hr_lobster_out_losses(w->lobster, b, m, bits, err);
}

static hr_status lobster_begin(hr_writer *w, hr_err *err)
{
    (void)err;
    hr_lobster_out_begin(w->lobster, &w->out);
    return HR_OK;
}

static hr_status lobster_message(hr_writer *w, const hr_evbatch *b, uint32_t m, uint64_t *n_rows,
                                 hr_err *err)
{
    (void)b;
    (void)m;
    return hr_lobster_out_message(w->lobster, n_rows, err);
}

static const hr_writer_ops lobster_ops = {.bytes = lobster_bytes,
                                          .create = lobster_create,
                                          .losses = lobster_losses,
                                          .begin = lobster_begin,
                                          .message = lobster_message};

static hr_status dbn_create(hr_writer *w, hr_err *err)
{
    HR_TRY(hr_arena_create(&w->own, w->budget, hr_dbn_out_bytes(), "DBN", err));
    return hr_dbn_out_create(&w->dbn, w->o, w->own, err);
}

static hr_status dbn_losses(hr_writer *w, const hr_evbatch *b, uint32_t m, uint64_t *bits,
                            hr_err *err)
{
    hr_status st;
    *bits = hr_dbn_out_losses(w->dbn, b, m, &st);
    return st == HR_OK ? HR_OK : HR_FAIL(err, st, "more orders than DBN is made of at a time");
}

static hr_status dbn_begin(hr_writer *w, hr_err *err)
{
    return hr_dbn_out_begin(w->dbn, &w->out, w->own, err);
}

static hr_status dbn_message(hr_writer *w, const hr_evbatch *b, uint32_t m, uint64_t *n_rows,
                             hr_err *err)
{
    (void)b;
    (void)m;
    return hr_dbn_out_message(w->dbn, n_rows, err);
}

static const hr_writer_ops dbn_ops = {
    .create = dbn_create, .losses = dbn_losses, .begin = dbn_begin, .message = dbn_message};

/* ---- which ---- */

const hr_writer_ops *hr_writer_ops_of(hr_target_format to)
{
    static const hr_writer_ops *const own[HR_TO_COUNT] = {[HR_TO_CRYPTOFEED] = &feed_ops,
                                                          [HR_TO_ITCH] = &itch_ops,
                                                          [HR_TO_LOBSTER] = &lobster_ops,
                                                          [HR_TO_DBN] = &dbn_ops};
    if (own[to] != NULL) return own[to];
    if (hr_tops_out_depth(to) > 0) return &tops_ops;
    if (hr_lake_out_is(to)) return &lake_ops;
    return hr_target_facts_of(to)->form == HR_FORM_TABLE ? &table_ops : &text_ops;
}

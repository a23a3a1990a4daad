/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe/desk_state.h"

#include "base/assert.h"

#include "base/crc32c.h"
#include "base/sys.h"
#include "pipe/desk_calc.h"
#include "pipe/desk_rows.h"
#include "venue/adapter.h"

#define EXPORT_STEP 128u
#define QUEUE_STEP 32u

void hr_pack_flush(hr_pack *k)
{
    if (k->failed != 0 || k->n == 0) return;
    int64_t w = hr_sys_pwrite_full(k->fd, k->p, k->n, k->at);
    if (w < 0) {
        k->failed = w;
        return;
    }
    k->crc = hr_crc32c(k->crc, k->p, k->n);
    k->at += w;
    k->n = 0;
}

void hr_pack_bytes(hr_pack *k, const void *v, size_t n)
{
    const char *s = v;
    while (n > 0 && k->failed == 0) {
        size_t step = HR_MIN(n, k->cap - k->n);
        memcpy(k->p + k->n, s, step);
        k->n += step;
        s += step;
        n -= step;
        if (k->n == k->cap) hr_pack_flush(k);
    }
}

static void refill(hr_unpack *u)
{
    int64_t got = hr_sys_pread_full(u->fd, u->p, u->cap, u->file_at);
    u->at = 0;
    u->n = got > 0 ? (size_t)got : 0;
    if (got < 0) u->failed = got;
    u->file_at += (int64_t)u->n;
    u->crc = hr_crc32c(u->crc, u->p, u->n);
}

void hr_unpack_bytes(hr_unpack *u, void *v, size_t n)
{
    char *out = v;
    while (n > 0 && !u->is_bad) {
        if (u->at == u->n) refill(u);
        size_t step = HR_MIN(n, u->n - u->at);
        memcpy(out, u->p + u->at, step);
        u->at += step;
        out += step;
        n -= step;
        if (step == 0) u->is_bad = true;
    }
    if (n > 0) memset(out, 0, n);
}

bool hr_unpack_at_end(hr_unpack *u)
{
    if (u->at == u->n) refill(u);
    return !u->is_bad && u->at == u->n;
}

static void pack_book(const hr_l2 *book, hr_pack *k)
{
    int64_t px[EXPORT_STEP];
    int64_t qty[EXPORT_STEP];
    for (int s = 0; s < 2; s++) {
        uint32_t n = hr_l2_level_count(book, (hr_side)s);
        hr_pack_i64(k, n);
        for (uint32_t at = 0; at < n; at += EXPORT_STEP) {
            uint32_t got = hr_l2_export(book, (hr_side)s, at, HR_MIN(EXPORT_STEP, n - at), px, qty);
            hr_pack_bytes(k, px, got * sizeof *px);
            hr_pack_bytes(k, qty, got * sizeof *qty);
        }
    }
}

static bool unpack_book(hr_l2 *book, hr_unpack *u)
{
    int64_t px[EXPORT_STEP];
    int64_t qty[EXPORT_STEP];
    uint8_t side[EXPORT_STEP];
    for (int s = 0; s < 2; s++) {
        int64_t n = hr_unpack_i64(u);
        memset(side, s, sizeof side);
        for (int64_t at = 0; at < n; at += EXPORT_STEP) {
            uint32_t step = (uint32_t)HR_MIN((int64_t)EXPORT_STEP, n - at);
            memset(px, 0, sizeof px);
            memset(qty, 0, sizeof qty);
            hr_unpack_bytes(u, px, step * sizeof *px);
            hr_unpack_bytes(u, qty, step * sizeof *qty);
            if (u->is_bad) return false;
            for (uint32_t i = 0; i < step; i++)
                if (px[i] <= 0 || qty[i] <= 0) return false;
            if (hr_l2_apply(book, side, px, qty, step) != HR_OK) return false;
        }
    }
    return true;
}

void hr_desk_pack_tables(const hr_desk *d, uint32_t first, uint32_t end, hr_pack *k)
{
    for (uint32_t i = first; i < end; i++)
        hr_pack_bytes(k, &d->open[i].date, sizeof d->open[i].date);
    for (uint32_t i = first; i < end; i++)
        hr_pack_bytes(k, &d->open[i].next_part, sizeof d->open[i].next_part);
}

void hr_desk_unpack_tables(hr_desk *d, uint32_t first, uint32_t end, hr_unpack *u)
{
    for (uint32_t i = first; i < end; i++)
        hr_unpack_bytes(u, &d->open[i].date, sizeof d->open[i].date);
    for (uint32_t i = first; i < end; i++)
        hr_unpack_bytes(u, &d->open[i].next_part, sizeof d->open[i].next_part);
}

/* All plain fields that outlive a commit, in one fixed order, for both directions. TABLES: those
 * that every run has; the others stand with the expressions. */
#define DESK_FIELDS(X, TABLES)                                                                     \
    X(seq)                                                                                         \
    X(source_idx)                                                                                  \
    X(has_depth)                                                                                   \
    X(is_watched_valid)                                                                            \
    X(gap_flags)                                                                                   \
    X(depth_cut)                                                                                   \
    X(n_checksums)                                                                                 \
    X(n_checksums_equal)                                                                           \
    X(seq_last_good)                                                                               \
    X(watch_px)                                                                                    \
    X(grid_next_ns)                                                                                \
    X(last_recv_ns)                                                                                \
    TABLES                                                                                         \
    X(top_px)                                                                                      \
    X(top_qty)                                                                                     \
    X(buffer_head)                                                                                 \
    X(buffer_len)                                                                                  \
    X(buffer_msgs)

void hr_desk_pack(const hr_desk *d, const hr_desk_config *cfg, hr_pack *k)
{
#define PACK(field) hr_pack_bytes(k, &d->field, sizeof d->field);
    DESK_FIELDS(PACK, hr_desk_pack_tables(d, 0, HR_KIND_PLAIN, k);)
#undef PACK
    for (uint32_t i = 0; i < d->n_open; i++)
        HR_ASSERT(d->open[i].chain.n_rows == 0);
    pack_book(d->book, k);
    size_t n = hr_featset_image_bytes();
    if (n > k->cap - k->n) hr_pack_flush(k);
    HR_ASSERT(k->failed != 0 || n <= k->cap - k->n);
    if (k->failed != 0) return;
    hr_featset_save(d->features, k->p + k->n);
    k->n += n;
    if (d->calc != NULL) hr_desk_calc_pack(d, cfg, k);
    hr_pack_i64(k, d->check != NULL);
    if (d->check != NULL) hr_pack_bytes(k, d->check, sizeof *d->check);
    hr_pack_i64(k, d->buffer != NULL);
    if (d->buffer != NULL) hr_pack_bytes(k, d->buffer, d->buffer_len);
}

/* ---- orders: by side, price from the best on, place in the queue ---- */

static uint32_t pack_queue(const hr_desk *d, const hr_l3_order *o, uint32_t n, hr_pack *k)
{
    for (uint32_t i = 0; i < n; i++) {
        hr_pack_i64(k, hr_desk_order_id(d, o[i].id));
        hr_pack_i64(k, o[i].px);
        hr_pack_i64(k, o[i].qty);
    }
    return n;
}

static void pack_level(const hr_desk *d, const hr_l3 *orders, hr_side side, int64_t px, hr_pack *k)
{
    hr_l3_order o[QUEUE_STEP];
    int64_t qty;
    uint32_t n_all;
    if (!hr_l3_level(orders, (uint32_t)d->id, side, px, &qty, &n_all)) return;
    uint32_t n = pack_queue(d, o, hr_l3_queue(orders, (uint32_t)d->id, side, px, QUEUE_STEP, o), k);
    while (n == QUEUE_STEP)
        n = pack_queue(d, o, hr_l3_queue_behind(orders, o[n - 1].id, QUEUE_STEP, o), k);
}

void hr_desk_pack_orders(const hr_desk *d, const hr_l3 *orders, hr_pack *k)
{
    int64_t px[EXPORT_STEP];
    int64_t qty[EXPORT_STEP];
    for (int s = 0; s < 2; s++) {
        uint32_t n = hr_l2_level_count(d->book, (hr_side)s);
        for (uint32_t at = 0; at < n; at += EXPORT_STEP) {
            uint32_t got =
                hr_l2_export(d->book, (hr_side)s, at, HR_MIN(EXPORT_STEP, n - at), px, qty);
            for (uint32_t i = 0; i < got; i++)
                pack_level(d, orders, (hr_side)s, px[i], k);
        }
        hr_pack_i64(k, -1); /* no id */
    }
}

bool hr_desk_unpack_orders(const hr_desk *d, hr_l3 *orders, hr_unpack *u)
{
    for (uint8_t s = 0; s < 2; s++) {
        int64_t id;
        while ((id = hr_unpack_i64(u)) >= 0 && !u->is_bad) {
            hr_l3_change ch;
            int64_t px = hr_unpack_i64(u);
            hr_l3_order o = {.id = hr_desk_order_key(d, id),
                             .px = px,
                             .qty = hr_unpack_i64(u),
                             .instrument = (uint32_t)d->id,
                             .side = s};
            if (hr_l3_add(orders, &ch, &o) != HR_OK || ch.verdict != HR_L3_OK) return false;
        }
    }
    return !u->is_bad;
}

static bool unpack_tail(hr_desk *d, hr_desk_env *env, hr_unpack *u)
{
    if (hr_unpack_i64(u) != 0) {
        d->check = hr_pool_get(env->cfg->check_pool);
        if (d->check == NULL) return false;
        hr_unpack_bytes(u, d->check, sizeof *d->check);
        if (!hr_tickcheck_is_sound(d->check)) return false;
    }
    if (hr_unpack_i64(u) == 0) return !u->is_bad;
    if (d->buffer_len > env->cfg->buffer_bytes || d->buffer_head > d->buffer_len) return false;
    d->buffer = hr_pool_get(env->cfg->buffer_pool);
    if (d->buffer == NULL) return false;
    hr_unpack_bytes(u, d->buffer, d->buffer_len);
    return !u->is_bad;
}

/* The rule hangs on the venue and on a format that the image does not name. */
static bool has_a_rule(const hr_desk *d)
{
    for (int f = HR_FORMAT_UNKNOWN; f < HR_FORMAT_COUNT; f++)
        if (d->seq.rule == (uint8_t)hr_seq_rule_for(d->venue, f) ||
            (d->seq.rule == d->order_rule && d->order_rule != HR_SEQ_NONE))
            return true;
    return false;
}

bool hr_desk_unpack(hr_desk *d, hr_desk_env *env, hr_unpack *u)
{
#define UNPACK(field) hr_unpack_bytes(u, &d->field, sizeof d->field);
    DESK_FIELDS(UNPACK, hr_desk_unpack_tables(d, 0, HR_KIND_PLAIN, u);)
#undef UNPACK
    if (u->is_bad || !has_a_rule(d) || !hr_seq_is_sound(&d->seq) || !unpack_book(d->book, u))
        return false;
    static _Thread_local char image[8192];
    size_t n = hr_featset_image_bytes();
    HR_ASSERT(n <= sizeof image);
    hr_unpack_bytes(u, image, n);
    if (u->is_bad || hr_featset_load(d->features, image, n) != HR_OK) return false;
    if (d->calc != NULL && !hr_desk_calc_unpack(d, env->cfg, u)) return false;
    return unpack_tail(d, env, u);
}

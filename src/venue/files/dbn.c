/* SPDX-License-Identifier: Apache-2.0 */
#include "venue/files/dbn.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are read as they lie");

#define WORD 4u
#define TS_OUT_BYTES 8u
#define VERSION_MAX 3
#define LOOK_RECORDS 16 /* of a fragment */

const char *hr_dbn_reason_name(hr_dbn_reason r)
{
    static const char *const name[] = {
#define HR_DBN_REASON_NAME(id, text) text,
        HR_DBN_REASON_LIST(HR_DBN_REASON_NAME)
#undef HR_DBN_REASON_NAME
    };
    return (unsigned)r < HR_DBN_REASON_COUNT ? name[r] : "?";
}

/* ---- what the bytes are ---- */

static bool is_exact(uint8_t rtype, size_t n_bytes)
{
    uint8_t id = hr_dbn_layout_of(rtype, n_bytes);
    if (id == HR_DBN_NO_LAYOUT) return false;
    size_t more = n_bytes - hr_dbn_layout_get((hr_dbn_layout_id)id)->bytes;
    return more == 0 || more == TS_OUT_BYTES;
}

/* Text cannot pass: its first two bytes as a length and a type would be a bar of 128 bytes or
 * more. */
static bool is_fragment(const uint8_t *p, size_t n)
{
    size_t at = 0;
    int n_whole = 0;
    for (; n_whole < LOOK_RECORDS && n - at >= HR_DBN_HEAD; n_whole++) {
        size_t len = p[at] * WORD;
        if (!is_exact(p[at + 1], len)) return false;
        if (len > n - at) break;
        at += len;
    }
    return n_whole > 0;
}

hr_dbn_kind hr_dbn_is(const uint8_t *head, size_t n_bytes)
{
    /* .dbz: a skippable zstd frame that holds its metadata, then the records' frame */
    if (n_bytes >= 12 && memcmp(head, "\x50\x2a\x4d\x18", 4) == 0 &&
        memcmp(head + 8, "DBZ", 3) == 0)
        return HR_DBN_OLD;
    if (n_bytes >= 4 && memcmp(head, "DBN", 3) == 0 && head[3] > 0 && head[3] < ' ')
        return head[3] <= VERSION_MAX ? HR_DBN_FILE : HR_DBN_NEWER;
    return is_fragment(head, n_bytes) ? HR_DBN_FRAGMENT : HR_DBN_NOT;
}

/* ---- records ---- */

static hr_status bad(hr_dbn_step *s, hr_dbn_reason reason, const uint8_t *p, size_t at,
                     size_t n_taken, bool is_lost)
{
    s->reason = reason;
    s->offset = at;
    s->n_taken = n_taken;
    s->is_lost = is_lost;
    s->rtype = n_taken - at > 1 ? p[at + 1] : 0;
    return HR_EINPUT;
}

/* Begins a record whose text may be another file's header: each must be looked at. */
static bool is_like_header(uint16_t key)
{
    return key == ('D' | 'B' << 8);
}

/* The record at p[at], unlike the one before it, or the first. HR_OK: it is whole,
 * *layout HR_DBN_NO_LAYOUT: of no known type. HR_AGAIN: the rest of it is wanted. */
static hr_status look(hr_dbn_step *s, uint8_t *layout, const uint8_t *p, size_t at, size_t n)
{
    size_t len = p[at] * WORD;
    if (len < HR_DBN_HEAD) return bad(s, HR_DBN_LENGTH, p, at, at, true);
    if (n - at >= 4 && memcmp(p + at, "DBN", 3) == 0 && p[at + 3] > 0 && p[at + 3] <= VERSION_MAX)
        return bad(s, HR_DBN_AGAIN, p, at, at, true);
    if (n - at < len) return HR_AGAIN;
    *layout = hr_dbn_layout_of(p[at + 1], len);
    if (*layout == HR_DBN_NO_LAYOUT && hr_dbn_rtype_name(p[at + 1]) != NULL)
        return bad(s, HR_DBN_SHORT, p, at, at + len, false);
    return HR_OK;
}

/* Records like the first of them, which is whole and known: the places do not wait for what is
 * read, only for the guess that the next is like this one. */
static size_t take_run(hr_dbn_step *step, hr_dbn_rec *out, uint32_t cap, const uint8_t *p,
                       size_t at, size_t n_bytes, uint8_t layout)
{
    uint32_t n = step->n_recs;
    uint16_t key;
    memcpy(&key, p + at, sizeof key);
    const size_t len = (key & 0xffu) * WORD;
    const hr_dbn_rec like = {
        .bytes = (uint16_t)len, .rtype = (uint8_t)(key >> 8), .layout = layout};
    uint32_t most = (uint32_t)HR_MIN((n_bytes - at) / len, (size_t)(cap - n));
    if (is_like_header(key)) most = 1;
    const uint32_t end = n + most;
    for (; n < end; n++, at += len) {
        uint16_t is;
        memcpy(&is, p + at, sizeof is);
        if (is != key) break;
        out[n] = like;
        out[n].at = (uint32_t)at;
    }
    if (layout == HR_DBN_NO_LAYOUT) step->n_unknown += n - step->n_recs;
    step->n_recs = n;
    return at;
}

hr_status hr_dbn_walk(hr_dbn_step *step, hr_dbn_rec *out, uint32_t cap, const uint8_t *p,
                      size_t n_bytes, bool at_eof)
{
    size_t at = 0;
    hr_status st = HR_OK;
    *step = (hr_dbn_step){0};
    while (at < n_bytes) {
        uint8_t layout = HR_DBN_NO_LAYOUT;
        st = look(step, &layout, p, at, n_bytes);
        if (st != HR_OK) break;
        if (step->n_recs == cap) {
            st = HR_FULL;
            break;
        }
        at = take_run(step, out, cap, p, at, n_bytes, layout);
    }
    if (st == HR_EINPUT) return st;
    step->n_taken = at;
    if (st != HR_AGAIN) return st;
    return at_eof ? bad(step, HR_DBN_TRUNCATED, p, at, n_bytes, false) : HR_OK;
}

uint64_t hr_dbn_time(const uint8_t *rec, uint8_t layout)
{
    uint64_t v;
    memcpy(&v, rec + hr_dbn_layout_get((hr_dbn_layout_id)layout)->time_at, sizeof v);
    return v;
}

/* ---- market by order ---- */

static uint8_t side_of(char letter)
{
    return letter == 'B' ? HR_SIDE_BID : letter == 'A' ? HR_SIDE_ASK : HR_SIDE_NONE;
}

/* A null price becomes 0, which the books refuse and count. */
static hr_l3_order order_of(const hr_dbn_mbo *m, uint32_t book)
{
    return (hr_l3_order){.id = m->order_id,
                         .px = m->px != INT64_MAX ? m->px : 0,
                         .qty = m->qty,
                         .instrument = book,
                         .side = side_of(m->side)};
}

static hr_status modify(hr_l3 *b, hr_l3_change *out, const hr_dbn_mbo *m, uint32_t book)
{
    hr_l3_order was;
    hr_l3_order is = order_of(m, book);
    if (!hr_l3_find(b, &was, m->order_id)) return hr_l3_add(b, out, &is);
    if (was.px != is.px) return hr_l3_replace(b, out, m->order_id, m->order_id, is.px, is.qty);
    hr_l3_modify(b, out, m->order_id, is.qty);
    return HR_OK;
}

hr_status hr_dbn_apply(hr_l3 *b, hr_l3_change *out, const hr_dbn_mbo *m, uint32_t book)
{
    bool is_level = (m->flags & (HR_DBN_FLAG_TOB | HR_DBN_FLAG_MBP)) != 0;
    *out = (hr_l3_change){0};
    if (m->action == 'R') {
        hr_l3_clear(b, out, book);
    } else if (is_level) {
        return HR_OK;
    } else if (m->action == 'A') {
        hr_l3_order o = order_of(m, book);
        return hr_l3_add(b, out, &o);
    } else if (m->action == 'C') {
        hr_l3_cancel(b, out, m->order_id, m->qty);
    } else if (m->action == 'M') {
        return modify(b, out, m, book);
    }
    return HR_OK;
}

void hr_dbn_op(hr_l3_op *op, const hr_dbn_mbo *m, uint32_t book)
{
    hr_l3_order o = order_of(m, book);
    bool is_old = m->action == 'C' || m->action == 'M';
    *op = (hr_l3_op){.id = o.id, .px = o.px, .qty = o.qty, .instrument = book, .side = o.side};
    op->what = (uint8_t)(m->action == 'A' ? HR_L3_ADD : is_old ? HR_L3_CANCEL : HR_L3_NONE);
}

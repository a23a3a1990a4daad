/* SPDX-License-Identifier: Apache-2.0 */
/* Messages about orders, and trades, as mbo records. The first pass gathers instruments, their days
 * and the span: metadata comes first. The live orders are followed, for a record names side, price
 * and quantity also of what an event only gives the number of. */
#include <string.h>

#include "convert/convert_parts.h"
#include "text/decimal.h"
#include "venue/files/dbn_make.h"

#define BIT(loss) (UINT64_C(1) << (loss))
#define NAMES_MAX 65535u
#define SLOTS 131072u
#define ORDERS_MAX (2u << 20)
#define LEVELS_MAX (1u << 20)
#define NS_PER_DAY INT64_C(86400000000000)
#define RTYPE_MBO 0xa0
#define META_BYTES 240u /* an instrument's part of the metadata, at most */
#define RECS_MAX 3u     /* of a message */

struct hr_dbn_out {
    hr_out_file *file;
    hr_l3 *book;
    hr_dbn_spans spans;
    int64_t px_mul, px_div, qty_div;
    int64_t first_ns, last_ns;
    char dataset[HR_DBN_DATASET_MAX + 1];
    char venue[HR_VENUE_MAX + 1]; /* as a reader makes it of that */
    uint32_t n_names;
    hr_evb_sym name[NAMES_MAX];
    uint32_t slot[SLOTS]; /* index + 1; 0 empty */
    /* of the message at hand */
    hr_dbn_mbo rec[RECS_MAX];
    uint32_t n_recs;
};

static hr_l3_options book_options(void)
{
    return (hr_l3_options){.max_orders = ORDERS_MAX,
                           .max_levels = LEVELS_MAX,
                           .max_instruments = NAMES_MAX + 1,
                           .key = 1};
}

size_t hr_dbn_out_bytes(void)
{
    const hr_l3_options o = book_options();
    return sizeof(hr_dbn_out) + hr_l3_bytes(&o) + hr_dbn_spans_bytes(NAMES_MAX) +
           NAMES_MAX * META_BYTES + 4096;
}

hr_status hr_dbn_out_create(hr_dbn_out **out, const hr_convert_options *o, hr_arena *arena,
                            hr_err *err)
{
    const hr_l3_options options = book_options();
    hr_dbn_out *t = hr_arena_alloc(arena, sizeof *t, 64);
    *out = t;
    if (t == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to write DBN");
    memset(t, 0, sizeof *t);
    t->first_ns = INT64_MAX;
    t->px_mul = o->px_scale < 9 ? hr_pow10[9 - o->px_scale] : 1;
    t->px_div = o->px_scale > 9 ? hr_pow10[o->px_scale - 9] : 1;
    t->qty_div = hr_pow10[o->qty_scale];
    HR_TRY(hr_dbn_spans_create(&t->spans, arena, NAMES_MAX, err));
    return hr_l3_create(&t->book, arena, &options, err);
}

/* ---- names ---- */

/* Number of the instrument from 1 on; 0: no more fit. */
static uint32_t instrument_of(hr_dbn_out *t, const hr_evb_sym *s)
{
    uint64_t h = 0;
    for (const char *p = s->symbol; *p != '\0'; p++)
        h = (h ^ (uint8_t)*p) * UINT64_C(0x9e3779b97f4a7c15);
    for (const char *p = s->venue; *p != '\0'; p++)
        h = (h ^ (uint8_t)*p) * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t k = (uint32_t)(h >> 47);
    for (; t->slot[k] != 0; k = (k + 1) % SLOTS) {
        const hr_evb_sym *have = &t->name[t->slot[k] - 1];
        if (strcmp(have->symbol, s->symbol) == 0 && strcmp(have->venue, s->venue) == 0)
            return t->slot[k];
    }
    if (t->n_names == NAMES_MAX) return 0;
    t->name[t->n_names++] = *s;
    t->slot[k] = t->n_names;
    return t->n_names;
}

/* Of the first venue: as the venue's own files have it, in big letters. */
static void set_dataset(hr_dbn_out *t, const char *venue)
{
    const size_t n = strnlen(venue, HR_DBN_DATASET_MAX);
    for (size_t i = 0; i < n; i++)
        t->dataset[i] = venue[i] >= 'a' && venue[i] <= 'z' ? (char)(venue[i] - 32) : venue[i];
    hr_dbn_venue(t->venue, t->dataset);
}

/* Books of another venue are another publisher's. */
static uint16_t publisher_of(const hr_dbn_out *t, const hr_evb_sym *s)
{
    for (uint32_t i = 0; i < t->n_names; i++)
        if (strcmp(t->name[i].venue, s->venue) == 0) return (uint16_t)(i + 1);
    return 1;
}

/* ---- records ---- */

static hr_dbn_mbo *put(hr_dbn_out *t, const hr_dbn_mbo *of, char action)
{
    hr_dbn_mbo *m = &t->rec[t->n_recs++];
    *m = *of;
    m->action = action;
    return m;
}

static void say_order(hr_dbn_mbo *m, const hr_l3_order *o)
{
    m->order_id = o->id;
    m->px = o->px;
    m->qty = (uint32_t)o->qty;
    m->side = o->side == HR_SIDE_BID ? 'B' : 'A';
}

/* T of the taker, F and C of the order that stood: as the venue tells of a fill. */
static void put_fill(hr_dbn_out *t, const hr_dbn_mbo *of, const hr_l3_order *was)
{
    const uint32_t qty = (uint32_t)HR_MIN((int64_t)of->qty, was->qty);
    hr_dbn_mbo *m = put(t, of, 'T');
    m->order_id = 0;
    m->qty = qty;
    m->px = of->px != 0 ? of->px : was->px;
    m->side = was->side == HR_SIDE_BID ? 'A' : 'B';
    const int64_t px = m->px;
    for (int i = 0; i < 2; i++) {
        m = put(t, of, i == 0 ? 'F' : 'C');
        say_order(m, was);
        m->px = i == 0 ? px : was->px;
        m->qty = qty;
    }
}

static uint64_t change(hr_dbn_out *t, const hr_dbn_mbo *of, const hr_l3_order *was, bool is_known,
                       hr_order_action action)
{
    if (!is_known && (action == HR_ORDER_MODIFY || of->side == 'N')) return BIT(HR_LOSS_NO_ORDER);
    if (of->qty == 0) return BIT(HR_LOSS_NO_ORDER);
    hr_dbn_mbo *m = put(t, of, 'M');
    if (is_known && of->px == 0) m->px = was->px;
    if (is_known && of->side == 'N') m->side = was->side == HR_SIDE_BID ? 'B' : 'A';
    return action == HR_ORDER_MODIFY ? BIT(HR_LOSS_DBN_FORM) : 0;
}

/* What the order says, of: its fields in DBN's units; 0 where the event has none. */
static uint64_t order_recs(hr_dbn_out *t, const hr_evbatch *b, uint32_t m, const hr_dbn_mbo *of)
{
    hr_l3_order was = {0};
    hr_dbn_mbo *r;
    const hr_order_action action = hr_order_action_of(b->flags[m]);
    const bool is_known = hr_l3_find(t->book, &was, of->order_id);
    switch (action) {
    case HR_ORDER_ADD:
        if (of->side == 'N') return BIT(HR_LOSS_KIND);
        (void)put(t, of, 'A');
        return 0;
    case HR_ORDER_CANCEL:
        r = put(t, of, 'C');
        r->px = is_known ? was.px : INT64_MAX;
        r->side = !is_known ? 'N' : was.side == HR_SIDE_BID ? 'B' : 'A';
        return of->px != 0 || of->side != 'N' ? BIT(HR_LOSS_ORDER_PX) : 0;
    case HR_ORDER_MODIFY:
    case HR_ORDER_PUT:
        return change(t, of, &was, is_known, action);
    case HR_ORDER_CLEAR:
        r = put(t, of, 'R');
        r->order_id = 0;
        r->px = INT64_MAX;
        r->side = 'N';
        return 0;
    case HR_ORDER_NOTE:
        r = put(t, of, 'N');
        if (r->px == 0) r->px = INT64_MAX;
        return b->seq_last[m] >= 0 ? BIT(HR_LOSS_SEQ) : 0;
    case HR_ORDER_EXECUTE:
    case HR_ORDER_DELETE:
    case HR_ORDER_REPLACE:
        break;
    }
    if (!is_known) return BIT(HR_LOSS_NO_ORDER);
    if (action == HR_ORDER_EXECUTE) {
        put_fill(t, of, &was);
        return BIT(HR_LOSS_DBN_FORM);
    }
    say_order(put(t, of, 'C'), &was);
    if (action == HR_ORDER_DELETE) return BIT(HR_LOSS_DBN_FORM);
    r = put(t, of, 'A');
    r->order_id = (uint64_t)b->seq_prev[m];
    r->side = was.side == HR_SIDE_BID ? 'B' : 'A';
    return BIT(HR_LOSS_DBN_FORM) | BIT(HR_LOSS_REPLACE);
}

static uint64_t times_of(hr_dbn_out *t, hr_dbn_mbo *of, const hr_evbatch *b, uint32_t m)
{
    const bool has_event = b->ts_event[m] != HR_NULL_I64;
    if (b->ts_recv[m] < 0 || (has_event && b->ts_event[m] < 0)) return BIT(HR_LOSS_BEFORE_1970);
    of->ts_event = has_event ? (uint64_t)b->ts_event[m] : UINT64_MAX;
    of->ts_recv = (uint64_t)b->ts_recv[m];
    t->first_ns = HR_MIN(t->first_ns, b->ts_recv[m]);
    t->last_ns = HR_MAX(t->last_ns, b->ts_recv[m]);
    return 0;
}

static uint64_t values_of(const hr_dbn_out *t, hr_dbn_mbo *of, const hr_evbatch *b, uint32_t m)
{
    const uint32_t at = (uint32_t)b->level_begin[m];
    const int64_t qty = b->qty[at] / t->qty_div;
    if (b->px[at] < 0 || b->qty[at] < 0) return BIT(HR_LOSS_PX);
    if (b->px[at] % t->px_div != 0 || b->qty[at] % t->qty_div != 0 || qty > UINT32_MAX ||
        __builtin_mul_overflow(b->px[at] / t->px_div, t->px_mul, &of->px) ||
        of->px >= HR_DECIMAL_LIMIT)
        return BIT(HR_LOSS_DBN_DIGITS);
    of->qty = (uint32_t)qty;
    of->side = b->side[at] == HR_SIDE_BID ? 'B' : b->side[at] == HR_SIDE_ASK ? 'A' : 'N';
    return 0;
}

static uint64_t flags_of(hr_dbn_mbo *of, uint32_t flags)
{
    of->flags = (flags & HR_FLAG_MORE) != 0 ? 0 : HR_DBN_FLAG_LAST;
    if ((flags & HR_FLAG_GAP) != 0) of->flags |= HR_DBN_FLAG_MAYBE_BAD;
    if ((flags & HR_FLAG_SNAPSHOT) != 0) of->flags |= HR_DBN_FLAG_SNAPSHOT;
    uint64_t bits = (flags & (HR_FLAG_SNAPSHOT | HR_FLAG_RESET)) != 0 ? BIT(HR_LOSS_BORDER) : 0;
    return (flags & HR_FLAG_AGG) != 0 ? bits | BIT(HR_LOSS_AGG) : bits;
}

static uint64_t make(hr_dbn_out *t, const hr_evbatch *b, uint32_t m)
{
    const bool is_trade = b->kind[m] == HR_MSG_TRADE;
    hr_dbn_mbo of = {.n_words = sizeof of / 4, .rtype = RTYPE_MBO};
    t->n_recs = 0;
    if (!is_trade && b->kind[m] != HR_MSG_ORDER) return BIT(HR_LOSS_KIND);
    if (b->sym[m] < 0) return BIT(HR_LOSS_NO_NAME);
    const hr_evb_sym *s = &b->syms[b->sym[m]];
    uint64_t bits = flags_of(&of, b->flags[m]) | values_of(t, &of, b, m);
    if (bits < BIT(HR_LOSS_WHOLE)) bits |= times_of(t, &of, b, m);
    if (bits >= BIT(HR_LOSS_WHOLE)) return bits;
    if (t->n_names == 0) set_dataset(t, s->venue);
    of.instrument = instrument_of(t, s);
    if (of.instrument == 0 ||
        !hr_dbn_spans_note(&t->spans, of.instrument, (uint32_t)(b->ts_recv[m] / NS_PER_DAY),
                           s->symbol, strlen(s->symbol)))
        return BIT(HR_LOSS_LONG_NAME);
    of.publisher = publisher_of(t, s);
    if (strcmp(t->venue, s->venue) != 0) bits |= BIT(HR_LOSS_VENUE_NAME);
    if (is_trade && of.px == 0) return BIT(HR_LOSS_PX);
    if (is_trade) {
        (void)put(t, &of, 'T');
        return b->seq_last[m] >= 0 || b->text[m] >= 0 ? bits | BIT(HR_LOSS_SEQ) : bits;
    }
    of.order_id = (uint64_t)b->seq_first[m];
    if (b->seq_last[m] >= 0 || b->seq_prev[m] >= 0) bits |= BIT(HR_LOSS_SEQ);
    return bits | order_recs(t, b, m, &of);
}

uint64_t hr_dbn_out_losses(hr_dbn_out *t, const hr_evbatch *b, uint32_t m, hr_status *st)
{
    const uint64_t bits = make(t, b, m);
    *st = HR_OK;
    if (bits >= BIT(HR_LOSS_WHOLE)) t->n_recs = 0;
    for (uint32_t i = 0; i < t->n_recs; i++) {
        hr_l3_change ignored;
        if (i + 1 < t->n_recs) t->rec[i].flags &= (uint8_t)~HR_DBN_FLAG_LAST;
        if (hr_dbn_apply(t->book, &ignored, &t->rec[i], t->rec[i].instrument) != HR_OK)
            *st = HR_EBUDGET;
    }
    return bits;
}

/* ---- writing ---- */

hr_status hr_dbn_out_begin(hr_dbn_out *t, hr_out_file *file, hr_arena *arena, hr_err *err)
{
    size_t n = 0;
    hr_dbn_made made = {.version = 3,
                        .schema = HR_DBN_SCHEMA_MBO,
                        .start_ns = t->first_ns == INT64_MAX ? 0 : (uint64_t)t->first_ns,
                        .end_ns = (uint64_t)t->last_ns + 1,
                        .spans = &t->spans};
    memcpy(made.dataset, t->dataset, sizeof made.dataset);
    t->file = file;
    hr_l3_reset(t->book);
    HR_TRY(hr_dbn_made_bytes(&n, &made, err));
    uint8_t *header = hr_arena_alloc(arena, n, 64);
    if (header == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory for DBN metadata");
    hr_dbn_made_put(header, &made);
    hr_dbn_spans_reset(&t->spans); /* the second pass notes the same again */
    return hr_out_put(file, header, n, err);
}

hr_status hr_dbn_out_message(hr_dbn_out *t, uint64_t *n_rows, hr_err *err)
{
    *n_rows += t->n_recs;
    return hr_out_put(t->file, t->rec, t->n_recs * sizeof t->rec[0], err);
}

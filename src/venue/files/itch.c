/* SPDX-License-Identifier: Apache-2.0 */
#include "venue/files/itch.h"

#include <string.h>

#define HEAD_BYTES 2u /* the frame's length */
#define DAY_NS (INT64_C(86400) * 1000000000)

struct hr_itch_dir {
    char stock[HR_ITCH_LOCATES][8]; /* NULs: unknown */
    uint32_t n;
};

static const uint8_t length_of[256] = {
    ['S'] = 12, ['R'] = 39, ['H'] = 25, ['Y'] = 20, ['L'] = 26, ['V'] = 35, ['W'] = 12, ['K'] = 28,
    ['J'] = 35, ['h'] = 21, ['A'] = 36, ['F'] = 40, ['E'] = 31, ['C'] = 36, ['X'] = 23, ['D'] = 19,
    ['U'] = 35, ['P'] = 44, ['Q'] = 40, ['B'] = 19, ['I'] = 50, ['N'] = 20, ['O'] = 48,
};

uint32_t hr_itch_length(uint8_t type)
{
    return length_of[type];
}

const char *hr_itch_reason_name(hr_itch_reason r)
{
    static const char *const name[] = {
#define HR_ITCH_REASON_NAME(id, text) text,
        HR_ITCH_REASON_LIST(HR_ITCH_REASON_NAME)
#undef HR_ITCH_REASON_NAME
    };
    return (unsigned)r < HR_ITCH_REASON_COUNT ? name[r] : "?";
}

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t be32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap32(v);
}

static uint64_t be64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap64(v);
}

/* The 48 bits from offset 5 on: the message's first bytes are there, so one load of 8 ends with
 * them. */
static int64_t time_of(const uint8_t *m)
{
    return (int64_t)(be64(m + 3) & UINT64_C(0xffffffffffff));
}

static uint8_t side_of(uint8_t letter)
{
    return letter == 'B' ? HR_SIDE_BID : letter == 'S' ? HR_SIDE_ASK : HR_SIDE_NONE;
}

static void take_stock(hr_itch_msg *o, const uint8_t *p)
{
    memcpy(o->stock, p, sizeof o->stock);
}

/* A, F and P agree up to their price. */
static void take_order(hr_itch_msg *o, const uint8_t *m)
{
    o->id = be64(m + 11);
    o->side = side_of(m[19]);
    o->qty = be32(m + 20);
    take_stock(o, m + 24);
    o->px = be32(m + 32);
}

static void take_execution(hr_itch_msg *o, const uint8_t *m)
{
    o->id = be64(m + 11);
    o->qty = be32(m + 19);
    o->match = be64(m + 23);
}

/* Messages that change no order: at most a few in a thousand. */
static HR_NOINLINE void take_rare(hr_itch_msg *o, const uint8_t *m)
{
    switch (m[0]) {
    case 'S':
    case 'W':
        o->code = m[11];
        break;
    case 'R':
        take_stock(o, m + 11);
        o->code = m[19];
        o->qty = be32(m + 21);
        break;
    case 'H':
    case 'Y':
    case 'N':
        take_stock(o, m + 11);
        o->code = m[19];
        break;
    case 'L':
        take_stock(o, m + 15);
        o->code = m[25];
        break;
    case 'V':
        o->px = (int64_t)be64(m + 11);
        o->px2 = (int64_t)be64(m + 19);
        o->px3 = (int64_t)be64(m + 27);
        break;
    case 'K':
        take_stock(o, m + 11);
        o->id = be32(m + 19);
        o->code = m[23];
        o->px = be32(m + 24);
        break;
    case 'J':
        take_stock(o, m + 11);
        o->px = be32(m + 19);
        o->px2 = be32(m + 23);
        o->px3 = be32(m + 27);
        o->qty = be32(m + 31);
        break;
    case 'h':
        take_stock(o, m + 11);
        o->code = m[20];
        break;
    default:
        break;
    }
}

static HR_NOINLINE void take_auction(hr_itch_msg *o, const uint8_t *m)
{
    switch (m[0]) {
    case 'Q':
        o->qty = (int64_t)be64(m + 11);
        take_stock(o, m + 19);
        o->px = be32(m + 27);
        o->match = be64(m + 31);
        o->code = m[39];
        break;
    case 'I':
        o->qty = (int64_t)be64(m + 11);
        o->id = be64(m + 19);
        o->code = m[27];
        take_stock(o, m + 28);
        o->px3 = be32(m + 36);
        o->px2 = be32(m + 40);
        o->px = be32(m + 44);
        break;
    case 'O':
        take_stock(o, m + 11);
        o->code = m[19];
        o->px3 = be32(m + 20);
        o->px2 = be32(m + 24);
        o->px = be32(m + 28);
        o->id = be64(m + 32);
        break;
    case 'B':
        o->match = be64(m + 11);
        break;
    default:
        take_rare(o, m);
        break;
    }
}

static void take_fields(hr_itch_msg *o, const uint8_t *m)
{
    switch (m[0]) {
    case 'A':
    case 'F':
        take_order(o, m);
        break;
    case 'P':
        take_order(o, m);
        o->match = be64(m + 36);
        break;
    case 'E':
        take_execution(o, m);
        break;
    case 'C':
        take_execution(o, m);
        o->code = m[31];
        o->px = be32(m + 32);
        break;
    case 'X':
        o->id = be64(m + 11);
        o->qty = be32(m + 19);
        break;
    case 'D':
        o->id = be64(m + 11);
        break;
    case 'U':
        o->id = be64(m + 11);
        o->id2 = be64(m + 19);
        o->qty = be32(m + 27);
        o->px = be32(m + 31);
        break;
    default:
        take_auction(o, m);
        break;
    }
}

static bool has_side(uint8_t type)
{
    return type == 'A' || type == 'F' || type == 'P';
}

/* What the fields themselves cannot be. V's levels and the large quantities of auctions are 64 bits
 * on the wire. */
static hr_itch_reason check(const hr_itch_msg *o)
{
    if (o->ts_ns >= DAY_NS) return HR_ITCH_TIME;
    if (has_side(o->type) && o->side == HR_SIDE_NONE) return HR_ITCH_SIDE;
    if (o->qty < 0 || o->px < 0) return HR_ITCH_NUMBER;
    if (o->type == 'V' && (o->px2 < 0 || o->px3 < 0)) return HR_ITCH_NUMBER;
    return HR_ITCH_FINE;
}

/* One whole message of n bytes. */
static hr_itch_reason take_msg(hr_itch_msg *o, const uint8_t *m, uint32_t n)
{
    if (HR_UNLIKELY(n != length_of[m[0]]))
        return length_of[m[0]] == 0 ? HR_ITCH_TYPE : HR_ITCH_LENGTH;
    *o = (hr_itch_msg){.type = m[0],
                       .side = HR_SIDE_NONE,
                       .locate = be16(m + 1),
                       .tracking = be16(m + 3),
                       .ts_ns = time_of(m)};
    take_fields(o, m);
    return check(o);
}

static hr_status refuse(hr_itch_step *step, hr_itch_reason reason, uint8_t type, size_t n_skip)
{
    step->reason = reason;
    step->type = type;
    step->offset = step->n_taken;
    step->n_taken += n_skip;
    return HR_EINPUT;
}

/* ---- straight to operations ---- */

/* Where a message that may change orders has its fields. */
typedef struct shape {
    uint32_t px_mask, qty_mask; /* none where it has none */
    uint8_t len;                /* 0: of other types */
    uint8_t what;
    uint8_t px_at, qty_at;
    uint8_t side; /* it has one */
    uint8_t unused[3];
} shape;
_Static_assert(sizeof(shape) == 16, "four a cache line");

#define ALL UINT32_MAX
static const shape shapes[256] = {
    ['A'] = {ALL, ALL, 36, HR_L3_ADD, 32, 20, 1, {0}},
    ['F'] = {ALL, ALL, 40, HR_L3_ADD, 32, 20, 1, {0}},
    ['P'] = {ALL, ALL, 44, HR_L3_NONE, 32, 20, 1, {0}},
    ['E'] = {0, ALL, 31, HR_L3_EXECUTE, 0, 19, 0, {0}},
    ['C'] = {ALL, ALL, 36, HR_L3_EXECUTE, 32, 19, 0, {0}},
    ['X'] = {0, ALL, 23, HR_L3_CANCEL, 0, 19, 0, {0}},
    ['D'] = {0, 0, 19, HR_L3_DELETE, 0, 0, 0, {0}},
    ['U'] = {ALL, ALL, 35, HR_L3_REPLACE, 31, 27, 0, {0}},
};
#define ID2_END 27u /* read of every shape, also where the message is shorter */

static HR_NOINLINE hr_itch_reason take_any_op(hr_l3_op *op, const uint8_t *m, uint32_t n)
{
    hr_itch_msg o;
    hr_itch_reason reason = take_msg(&o, m, n);
    if (reason == HR_ITCH_FINE) hr_itch_op(op, &o);
    return reason;
}

/* Without a branch by type: what comes next is anyone's guess, and only the book has to know. */
static hr_itch_reason take_op(hr_l3_op *op, const uint8_t *m, uint32_t n, size_t n_left)
{
    const shape *s = &shapes[m[0]];
    if (HR_UNLIKELY(n != s->len || n_left < ID2_END)) return take_any_op(op, m, n);
    bool is_ask = m[19] == 'S';
    bool is_fine = (time_of(m) < DAY_NS) & (is_ask | (m[19] == 'B') | (s->side == 0));
    if (HR_UNLIKELY(!is_fine)) return take_any_op(op, m, n);
    op->id = be64(m + 11);
    op->new_id = be64(m + 19) & -(uint64_t)(s->what == HR_L3_REPLACE);
    op->px = be32(m + s->px_at) & s->px_mask;
    op->qty = be32(m + s->qty_at) & s->qty_mask;
    op->instrument = be16(m + 1);
    op->side = s->side != 0 ? is_ask : HR_SIDE_NONE;
    op->what = s->what;
    op->is_looked = op->is_spare = false;
    return HR_ITCH_FINE;
}

/* ---- text ---- */

/* out: hr_itch_msg, or hr_l3_op where is_ops. */
HR_INLINE hr_status decode(hr_itch_step *step, void *out, bool is_ops, uint32_t cap,
                           const uint8_t *p, size_t n_bytes, bool at_eof)
{
    *step = (hr_itch_step){.reason = HR_ITCH_FINE};
    while (n_bytes - step->n_taken >= HEAD_BYTES) {
        const uint8_t *m = p + step->n_taken + HEAD_BYTES;
        size_t n_left = n_bytes - step->n_taken - HEAD_BYTES;
        uint32_t n = be16(m - HEAD_BYTES);
        if (HR_UNLIKELY(n == 0)) return refuse(step, HR_ITCH_EMPTY, 0, HEAD_BYTES);
        if (n > n_left) break;
        if (step->n_msgs == cap) return HR_FULL;
        hr_itch_reason reason = is_ops ? take_op((hr_l3_op *)out + step->n_msgs, m, n, n_left)
                                       : take_msg((hr_itch_msg *)out + step->n_msgs, m, n);
        if (HR_UNLIKELY(reason != HR_ITCH_FINE)) return refuse(step, reason, m[0], HEAD_BYTES + n);
        step->n_taken += HEAD_BYTES + n;
        step->n_msgs++;
    }
    size_t n_rest = n_bytes - step->n_taken;
    if (!at_eof || n_rest == 0) return HR_OK;
    return refuse(step, HR_ITCH_TRUNCATED, n_rest > HEAD_BYTES ? p[step->n_taken + HEAD_BYTES] : 0,
                  n_rest);
}

hr_status hr_itch_decode(hr_itch_step *step, hr_itch_msg *out, uint32_t cap, const uint8_t *p,
                         size_t n_bytes, bool at_eof)
{
    return decode(step, out, false, cap, p, n_bytes, at_eof);
}

hr_status hr_itch_decode_ops(hr_itch_step *step, hr_l3_op *out, uint32_t cap, const uint8_t *p,
                             size_t n_bytes, bool at_eof)
{
    return decode(step, out, true, cap, p, n_bytes, at_eof);
}

size_t hr_itch_whole(const uint8_t *p, size_t n_bytes, uint64_t *n_msgs)
{
    size_t at = 0;
    *n_msgs = 0;
    while (n_bytes - at >= 2) {
        size_t n = ((size_t)p[at] << 8 | p[at + 1]) + 2;
        if (n > n_bytes - at) break;
        at += n;
        ++*n_msgs;
    }
    return at;
}

void hr_itch_op(hr_l3_op *op, const hr_itch_msg *m)
{
    static const uint8_t what[256] = {
        ['A'] = HR_L3_ADD,     ['F'] = HR_L3_ADD,    ['D'] = HR_L3_DELETE,  ['E'] = HR_L3_EXECUTE,
        ['C'] = HR_L3_EXECUTE, ['X'] = HR_L3_CANCEL, ['U'] = HR_L3_REPLACE,
    };
    op->id = m->id;
    op->new_id = m->id2;
    op->px = m->px;
    op->qty = m->qty;
    op->instrument = m->locate;
    op->side = m->side;
    op->what = what[m->type];
    op->is_looked = op->is_spare = false;
}

hr_status hr_itch_apply(hr_l3 *b, hr_l3_change *out, const hr_itch_msg *m)
{
    hr_l3_op op;
    hr_itch_op(&op, m);
    return hr_l3_apply(b, out, &op);
}

hr_status hr_itch_dir_create(hr_itch_dir **out, hr_arena *arena, hr_err *err)
{
    *out = NULL;
    hr_itch_dir *d = hr_arena_alloc(arena, sizeof *d, HR_CACHE_LINE);
    if (d == NULL)
        return HR_FAIL(err, HR_EBUDGET,
                       "no room for the directory of stocks: %zu bytes, the arena "
                       "has %zu",
                       sizeof *d, hr_arena_left(arena));
    memset(d, 0, sizeof *d);
    *out = d;
    return HR_OK;
}

bool hr_itch_dir_note(hr_itch_dir *d, const hr_itch_msg *m)
{
    if (m->type != 'R') return true;
    char *stock = d->stock[m->locate];
    bool is_new = stock[0] == 0;
    bool is_same = is_new || memcmp(stock, m->stock, sizeof m->stock) == 0;
    d->n += is_new;
    memcpy(stock, m->stock, sizeof m->stock);
    if (stock[0] == 0) stock[0] = ' '; /* named, by blanks: it counts once */
    return is_same;
}

uint32_t hr_itch_dir_stock(const hr_itch_dir *d, uint16_t locate, char out[9])
{
    uint32_t n = 8;
    memcpy(out, d->stock[locate], 8);
    while (n > 0 && (out[n - 1] == ' ' || out[n - 1] == 0))
        n--;
    out[n] = 0;
    return n;
}

uint32_t hr_itch_dir_count(const hr_itch_dir *d)
{
    return d->n;
}

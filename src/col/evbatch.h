/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_COL_EVBATCH_H
#define HR_COL_EVBATCH_H
/* The event batch: what decoders make and books eat. Arrow layout of
 *     message<..., levels: list<struct<side, px, qty>>>
 * i.e. message columns, int32 list offsets, and level columns; every column 64-byte aligned and its
 * capacity padded to 64 bytes. Messages keep the order of their source.
 *
 * kind        levels
 * DELTA       each changed price level: side, px, new qty (0 removes)
 * SNAPSHOT    the whole book (replaces what was known)
 * TRADE       one level: aggressor side (BID = buyer was the taker), px, qty
 * TICKER      two levels: best bid, best ask (an empty side has qty 0 and px 0)
 * BAD         none: the source text was rejected; see the reject list
 * STATUS      none: connection opened or lost (flags HR_FLAG_RESET)
 * OTHER       none: understood and left out (klines, subscriptions); counted as filtered
 * ORDER       one level: side, px, qty of an order; what happened to it is in the flags
 *             (hr_order_action), its id in seq_first, see there; HR_FLAG_MORE: the venue's event
 *             goes on
 *
 * Threads: one owner at a time; handed on through slots and rings. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "col/schema.h"

typedef enum hr_msg_kind {
    HR_MSG_DELTA = 0,
    HR_MSG_SNAPSHOT = 1,
    HR_MSG_TRADE = 2,
    HR_MSG_TICKER = 3,
    HR_MSG_BAD = 4,
    HR_MSG_STATUS = 5,
    HR_MSG_OTHER = 6,
    HR_MSG_ORDER = 7,
    HR_MSG_KIND_COUNT = 8,
} hr_msg_kind;

/* What an ORDER message says. seq_first is the order's id (0 to INT64_MAX), seq_last the
 * venue's sequence number or -1; HR_FLAG_SNAPSHOT: part of a book given whole. Side and px may be
 * missing (HR_SIDE_NONE, 0) where the id says it all. */
typedef enum hr_order_action {
    HR_ORDER_ADD = 0,     /* side, px, qty */
    HR_ORDER_EXECUTE = 1, /* qty was traded at the order's price, or at px where it is not 0;
                             seq_prev: number of the match, or -1 */
    HR_ORDER_CANCEL = 2,  /* qty was taken back */
    HR_ORDER_DELETE = 3,  /* all of it was. Where EXECUTE, CANCEL and DELETE have side, px and qty,
                             an  id that is not live stands for hr_order_rest of its level */
    HR_ORDER_REPLACE = 4, /* becomes an order of id seq_prev with px and qty, last in its queue */
    HR_ORDER_MODIFY = 5,  /* qty is left; px where it is not 0 and not the order's: a new place */
    HR_ORDER_CLEAR = 6,   /* all orders of the instrument are gone */
    HR_ORDER_PUT = 7,     /* as MODIFY with side, px and qty; an order that is not there is added */
    HR_ORDER_NOTE = 8,    /* changes nothing: what comes of it follows as a message of its own, or
                             only seq_last is news. With HR_FLAG_SNAPSHOT, where seq_last is there:
                             the orders since the last CLEAR, seq_prev of them, are the book as of
                             then */
} hr_order_action;
/** Id of one order for all at a price whose ids are not known: px above 0, of 18 digits. */
HR_INLINE int64_t hr_order_rest(uint8_t side, int64_t px)
{
    return (INT64_C(1) << 62) | px << 1 | side;
}
#define HR_ORDER_SHIFT 12 /* place of the action in flags */
#define HR_ORDER_MASK (15u << HR_ORDER_SHIFT)
HR_INLINE hr_order_action hr_order_action_of(uint32_t flags)
{
    return (hr_order_action)((flags & HR_ORDER_MASK) >> HR_ORDER_SHIFT);
}

typedef enum hr_side { HR_SIDE_BID = 0, HR_SIDE_ASK = 1, HR_SIDE_NONE = 2 } hr_side;

/* Why a line, message or row went to the reject file. Names are stable: they are written to disk.
 */
#define HR_REJECT_LIST(X)                                                                          \
    X(HR_REJECT_JSON, "bad_json") /* does not parse */                                             \
    X(HR_REJECT_UTF8, "bad_utf8")                                                                  \
    X(HR_REJECT_FIELD_MISSING, "field_missing")                                                    \
    X(HR_REJECT_FIELD_REPEATED, "field_repeated")                                                  \
    X(HR_REJECT_FIELD_TYPE, "field_type") /* wrong nesting or type */                              \
    X(HR_REJECT_NUMBER, "bad_number")     /* not a decimal number */                               \
    X(HR_REJECT_RANGE, "out_of_range")    /* more digits than the fixed point holds */             \
    X(HR_REJECT_NEGATIVE, "negative")     /* price or quantity below zero */                       \
    X(HR_REJECT_TIME, "bad_time")                                                                  \
    X(HR_REJECT_SYMBOL, "bad_symbol") /* absent, ambiguous, not allowed */                         \
    X(HR_REJECT_CSV, "bad_csv")       /* wrong number of fields, open quote */                     \
    X(HR_REJECT_SIDE, "bad_side")                                                                  \
    X(HR_REJECT_LINE_TOO_LONG, "line_too_long")                                                    \
    X(HR_REJECT_TOO_MANY_LEVELS, "too_many_levels")                                                \
    X(HR_REJECT_TRUNCATED, "truncated") /* the source ended inside it */                           \
    X(HR_REJECT_UNKNOWN, "unknown_message")                                                        \
    X(HR_REJECT_NULL, "null_value")

typedef enum hr_reject_reason {
#define HR_REJECT_ENUM(name, text) name,
    HR_REJECT_LIST(HR_REJECT_ENUM)
#undef HR_REJECT_ENUM
        HR_REJECT_COUNT
} hr_reject_reason;
const char *hr_reject_name(hr_reject_reason r);

/* How a venue sums up the best levels of a book, so that both sides can compare. Names are the
 * venues' own. */
typedef enum hr_checksum {
    HR_CHECKSUM_NONE = 0,
    HR_CHECKSUM_KRAKEN = 1,   /* CRC-32 of ten asks, then ten bids: digits, no points, no zeros in
                                 front */
    HR_CHECKSUM_OKX = 2,      /* CRC-32 of 25 bids and asks in turn: "px:qty:px:qty" */
    HR_CHECKSUM_BITFINEX = 3, /* the same, an ask's quantity below zero */
    HR_CHECKSUM_COUNT = 4,
} hr_checksum;
/** What a depth message says of the book after it. */
typedef struct hr_book_note {
    uint32_t crc;
    uint8_t checksum;                  /* hr_checksum */
    uint8_t px_decimals, qty_decimals; /* of the venue's text, where the checksum asks for them */
    uint8_t unused;
    uint32_t depth; /* levels a side that the venue keeps: what is behind them is gone without a
                       word; 0: all */
} hr_book_note;

#define HR_SYMBOL_MAX 31 /* bytes of a symbol; A-Z a-z 0-9 . _ - : / only (no leading dot) */
#define HR_VENUE_MAX 23
#define HR_EVB_SYMS_MAX                                                                            \
    1024 /* distinct instruments in one batch: decode ends the batch before the next */
#define HR_SYM_UNKNOWN (-1) /* message names no instrument: the merge resolves it */

/** A batch-local dictionary entry: messages name instruments by index into it. */
typedef struct hr_evb_sym {
    char venue[HR_VENUE_MAX + 1];
    char symbol[HR_SYMBOL_MAX + 1];
    int32_t global_id; /* filled by the merge */
} hr_evb_sym;

typedef struct hr_reject {
    int64_t src_offset; /* byte offset of the line in the decompressed source, or row number */
    int64_t src_line;   /* 1-based line within the chunk's source; -1 for row formats */
    uint32_t raw_begin; /* into raw[] */
    uint32_t raw_len;   /* bytes kept */
    uint32_t full_len;  /* bytes of the original */
    uint8_t reason;     /* hr_reject_reason */
} hr_reject;

typedef struct hr_evbatch {
    uint32_t n_msgs, cap_msgs;
    uint32_t n_levels, cap_levels;
    uint32_t n_syms;
    uint32_t n_rejects, cap_rejects;
    uint32_t n_raw, cap_raw;
    uint32_t n_texts, cap_texts;
    uint64_t n_lines; /* lines (or rows) consumed to make this batch */
    int64_t src_end;  /* source offset just after the last consumed line */
    int32_t source_idx;
    bool goes_on;             /* the next batch of the source goes on with this one's last line */
    _Atomic uint32_t n_users; /* who still reads it; the last gives it back to its pool */
    /* message columns [cap_msgs] */
    int64_t *ts_event;  /* venue's clock, ns; HR_NULL_I64 where the message has none */
    int64_t *ts_recv;   /* capturer's clock, ns */
    int64_t *seq_first; /* U; == seq_last where the venue gives one id; -1 none */
    int64_t *seq_last;  /* u, lastUpdateId, trade id; -1 none */
    int64_t *seq_prev;  /* pu; -1 none */
    int64_t *src_offset;
    int64_t *src_line; /* 1-based line of the message's first line; row formats: row number + 1 */
    int32_t *sym;      /* index into syms, or HR_SYM_UNKNOWN */
    int32_t *text;     /* index into texts, or -1: a trade's id that is no number; the hr_book_note
                          of a DELTA or SNAPSHOT */
    uint32_t *flags;   /* HR_FLAG_* known to the decoder (SNAPSHOT, RESET, AGG) */
    uint8_t *kind;     /* hr_msg_kind */
    int32_t *level_begin; /* [cap_msgs + 1] list offsets into the level columns */
    /* level columns [cap_levels] */
    int64_t *px;
    int64_t *qty;
    uint8_t *side;
    /* side tables */
    hr_evb_sym *syms;  /* [HR_EVB_SYMS_MAX] */
    int32_t *sym_hash; /* open-addressing index over syms, 2 * HR_EVB_SYMS_MAX slots, -1 empty */
    hr_reject *rejects;
    char *raw;
    hr_text *texts;
} hr_evbatch;

typedef struct hr_evbatch_caps {
    uint32_t msgs;
    uint32_t levels;
    uint32_t rejects;
    uint32_t raw;
    uint32_t texts;
} hr_evbatch_caps;

/** Bytes of one batch with these capacities: one block, header included. */
size_t hr_evbatch_bytes(const hr_evbatch_caps *caps);
/** Lays a batch out in mem (64-byte aligned, hr_evbatch_bytes long) and resets it. */
hr_evbatch *hr_evbatch_init(void *mem, const hr_evbatch_caps *caps);
void hr_evbatch_reset(hr_evbatch *b);
/** Index of (venue, symbol) in the batch's dictionary, added when new; -1 when the dictionary is
 * full or the symbol is too long or has a byte that is not allowed. O(1). */
int32_t hr_evbatch_sym(hr_evbatch *b, const char *venue, const char *symbol, size_t symbol_len);
/** Fixes a note to a depth message, as a text: tables hold it as they hold ids. HR_FULL: no text is
 * left. */
HR_MUST_USE hr_status hr_evbatch_note(hr_evbatch *b, uint32_t msg, const hr_book_note *note);
/** Its note; only where text[msg] >= 0. False: the text, from a file, is none. */
bool hr_evbatch_note_of(hr_book_note *note, const hr_evbatch *b, uint32_t msg);
/** True when at least this much room is left; decoders check it before each line. */
HR_INLINE int hr_evbatch_has_room(const hr_evbatch *b, uint32_t msgs, uint32_t levels)
{
    return b->n_msgs + msgs <= b->cap_msgs && b->n_levels + levels <= b->cap_levels;
}
/** Appends a reject (raw kept up to 64 KiB) and a BAD message; HR_FULL when there is no room:
 *  the caller ends the batch before this line. */
HR_MUST_USE hr_status hr_evbatch_reject(hr_evbatch *b, hr_reject_reason reason, int64_t src_offset,
                                        int64_t src_line, const char *raw, size_t raw_len);

#endif

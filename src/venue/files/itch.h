/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_VENUE_FILES_ITCH_H
#define HR_VENUE_FILES_ITCH_H
/* Nasdaq TotalView-ITCH 5.0: bytes to messages, messages to order books. No I/O: the text may end
 * anywhere, the step says how much of it was taken.
 *
 * Framing (as in the venue's daily files): length of the message (2 bytes, big-endian), message.
 * All numbers are big-endian. Every message begins with
 *
 *   offset size  meaning
 *        0    1  type
 *        1    2  stock locate: the day's number of the instrument, 0 where there is none
 *        3    2  tracking number
 *        5    6  nanoseconds since midnight, New York
 *
 * The rest by type, as far as hr_itch_msg holds it (px fields: 4 decimals; V: 8):
 *
 *   S 12  system event    code 11
 *   R 39  directory       stock 11, code (category) 19, qty (round lot) 21
 *   H 25  trading action  stock 11, code (state H P Q T) 19
 *   Y 20  short sale rule stock 11, code 19
 *   L 26  participant     stock 15, code (state) 25
 *   V 35  breaker levels  px 11, px2 19, px3 27
 *   W 12  breaker status  code (level) 11
 *   K 28  IPO quotation   stock 11, id (release, seconds) 19, code 23, px 24
 *   J 35  auction collar  stock 11, px (reference) 19, px2 (upper) 23, px3 (lower) 27,
 *                         qty (extension) 31
 *   h 21  operational halt stock 11, code (action) 20
 *   A 36  add             id 11, side 19, qty 20, stock 24, px 32
 *   F 40  add, attributed as A
 *   E 31  execute         id 11, qty 19, match 23
 *   C 36  execute, priced id 11, qty 19, match 23, code (printable) 31, px 32
 *   X 23  cancel          id 11, qty 19
 *   D 19  delete          id 11
 *   U 35  replace         id 11, id2 (new) 19, qty 27, px 31
 *   P 44  trade (hidden)  id 11, side 19, qty 20, stock 24, px 32, match 36
 *   Q 40  cross trade     qty 11, stock 19, px 27, match 31, code (kind) 39
 *   B 19  broken trade    match 11
 *   I 50  imbalance       qty (paired) 11, id (imbalance) 19, code (direction) 27, stock 28,
 *                         px3 (far) 36, px2 (near) 40, px (reference) 44
 *   N 20  retail interest stock 11, code 19
 *   O 48  direct listing  stock 11, code (open) 19, px3 (least) 20, px2 (most) 24, px (near) 28,
 *                         id (time, ns) 32
 *
 * Source: Nasdaq TotalView-ITCH 5.0 specification. See docs/modules/l3.md. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "book/l3.h"
#include "mem/mem.h"

/* One message; also what hr_lobster makes. What a type does not have is 0. */
typedef struct hr_itch_msg {
    uint8_t type; /* the venue's letter */
    uint8_t side; /* hr_side; HR_SIDE_NONE where there is none */
    uint8_t code; /* one letter, see above */
    uint8_t unused;
    uint16_t locate;
    uint16_t tracking;
    int64_t ts_ns; /* since midnight */
    uint64_t id;
    union {
        uint64_t id2;
        int64_t px2;
    };
    union {
        uint64_t match;
        int64_t px3;
    };
    int64_t px;
    int64_t qty;
    char stock[8]; /* padded with blanks; NULs where the message names none */
} hr_itch_msg;
_Static_assert(sizeof(hr_itch_msg) == 64, "one cache line");

#define HR_ITCH_REASON_LIST(X)                                                                     \
    X(HR_ITCH_FINE, "fine")                                                                        \
    X(HR_ITCH_EMPTY, "empty_message") /* a length of 0 */                                          \
    X(HR_ITCH_TYPE, "unknown_type")                                                                \
    X(HR_ITCH_LENGTH, "bad_length") /* not the length that the type has */                         \
    X(HR_ITCH_TIME, "bad_time")     /* 24 hours or more */                                         \
    X(HR_ITCH_SIDE, "bad_side")                                                                    \
    X(HR_ITCH_NUMBER, "bad_number")   /* a quantity or price past int64; LOBSTER: no number */     \
    X(HR_ITCH_FIELDS, "bad_csv")      /* LOBSTER: not six fields */                                \
    X(HR_ITCH_TRUNCATED, "truncated") /* the source ends inside it */

typedef enum hr_itch_reason {
#define HR_ITCH_REASON_ENUM(name, text) name,
    HR_ITCH_REASON_LIST(HR_ITCH_REASON_ENUM)
#undef HR_ITCH_REASON_ENUM
        HR_ITCH_REASON_COUNT
} hr_itch_reason;
const char *hr_itch_reason_name(hr_itch_reason r);

/* What one call did. */
typedef struct hr_itch_step {
    size_t n_taken;  /* bytes; a bad message is among them, so the next call goes on behind it */
    uint32_t n_msgs; /* written */
    hr_itch_reason reason; /* with HR_EINPUT */
    uint8_t type;          /* of the bad message, where it has one */
    size_t offset;         /* where in p the bad message (its length; its row) begins */
} hr_itch_step;

/** Bytes of a message of this type, 0: no such type. */
uint32_t hr_itch_length(uint8_t type);

/** Bytes of the whole messages at the front of [p, p + n_bytes), by the lengths that they state,
 * and how many they are. */
size_t hr_itch_whole(const uint8_t *p, size_t n_bytes, uint64_t *n_msgs);

/** Whole messages at the front of [p, p + n_bytes), up to cap of them. HR_OK: all that are whole
 * were taken, the rest (n_bytes - n_taken) is the beginning of one that must be shown again with
 * more. HR_FULL: out holds cap. HR_EINPUT: one is bad, those before it were written; it is skipped
 * by the length it states. at_eof: nothing follows, so a rest is HR_EINPUT (truncated). Reads
 * nothing past p + n_bytes. */
HR_MUST_USE hr_status hr_itch_decode(hr_itch_step *step, hr_itch_msg *out, uint32_t cap,
                                     const uint8_t *p, size_t n_bytes, bool at_eof);

/** The same messages as operations on orders, one each: HR_L3_NONE where it changes none. Refuses
 * what hr_itch_decode refuses; equal to hr_itch_op of its messages where they change an order. */
HR_MUST_USE hr_status hr_itch_decode_ops(hr_itch_step *step, hr_l3_op *out, uint32_t cap,
                                         const uint8_t *p, size_t n_bytes, bool at_eof);

#define HR_ITCH_BYTES_MAX 52 /* of a message with its length */
/** A message as it stands in a file, its length in front: S, R, A, E, C, X, D, U, P and Q; returns
 * its bytes, 0 for another type. What the wire has no room for is cut: quantities of orders and
 * prices are 32 bits. Decoding it again gives the same fields. */
size_t hr_itch_put(uint8_t *out, const hr_itch_msg *m);

/** Brings a message to the books; the instrument is the locate. Types A F E C X D U change them,
 * all others give an empty change. HR_EBUDGET as hr_l3_add. The change's instrument is the order's
 * own: a message that says another is the venue's error and is not looked for here. */
HR_MUST_USE hr_status hr_itch_apply(hr_l3 *b, hr_l3_change *out, const hr_itch_msg *m);
/** The same as an operation, to be looked at ahead and applied by hr_l3_apply. */
void hr_itch_op(hr_l3_op *op, const hr_itch_msg *m);

/* ---- which stock a locate is ---- */

#define HR_ITCH_LOCATES 65536u
typedef struct hr_itch_dir hr_itch_dir;
/** HR_EBUDGET: no room (512 KiB). */
HR_MUST_USE hr_status hr_itch_dir_create(hr_itch_dir **out, hr_arena *arena, hr_err *err);
/** Notes R messages, ignores all others. false: the locate was another stock until now. */
bool hr_itch_dir_note(hr_itch_dir *d, const hr_itch_msg *m);
/** The stock without its blanks, NUL-terminated; returns its length, 0 where none is known. */
uint32_t hr_itch_dir_stock(const hr_itch_dir *d, uint16_t locate, char out[9]);
uint32_t hr_itch_dir_count(const hr_itch_dir *d);

#endif

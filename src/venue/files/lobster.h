/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_VENUE_FILES_LOBSTER_H
#define HR_VENUE_FILES_LOBSTER_H
/* LOBSTER message files: CSV rows of one instrument and one day, no header,
 *
 *   time (seconds since midnight, 9 decimals), type, order id, size, price x 10000, direction
 *
 * to the messages of hr_itch. Times with more decimals (they went through a float) are rounded to
 * the nearest nanosecond. A seventh field (attribution, in some files) is not read.
 *
 *   type                            as   fields
 *   1  new limit order              A    id, side, qty, px
 *   2  part of an order cancelled   X    id, side, qty, px
 *   3  order deleted                D    id, side, qty (what was left), px
 *   4  visible order executed       E    id, side, qty, px
 *   5  hidden order executed        P    id (0 or a number that never stood), side, qty, px
 *   6  cross trade                  Q    qty, px
 *   7  trading status               H    code: H halted (px -1), Q quotes only (0), T trading (1)
 *
 * direction: 1 the order bought (BID), -1 it sold (ASK). Unlike ITCH, rows of types 2 to 4 carry
 * the order's side and price. locate is 0: set it where several files share one hr_l3.
 *
 * A file begins in the middle of a session, so it names orders that it never added. Their levels
 * can be seeded from the orderbook file (hr_lobster_seed): one order a level stands for all of
 * them, and hr_lobster_apply takes from it where an id is unknown. */
#include "venue/files/itch.h"

/** As hr_itch_decode, of rows. Blank lines are skipped; CR LF is taken; at_eof: the last row needs
 * no line end. A bad row is skipped up to its line end. */
HR_MUST_USE hr_status hr_lobster_decode(hr_itch_step *step, hr_itch_msg *out, uint32_t cap,
                                        const char *p, size_t n_bytes, bool at_eof);

#define HR_LOBSTER_LEVELS_MAX 200u
/** A row of an orderbook file: the book after a message, best first; [HR_SIDE_BID], [HR_SIDE_ASK].
 * A level that is not there has quantity 0. */
typedef struct hr_lobster_row {
    uint32_t n; /* levels a side */
    int64_t px[2][HR_LOBSTER_LEVELS_MAX], qty[2][HR_LOBSTER_LEVELS_MAX];
} hr_lobster_row;

/** Ids from here on are those of seeds. */
#define HR_LOBSTER_SEED (UINT64_C(1) << 63)
/** An order that stands for all that was at this price before the file began (px below 2^46; a
 *  larger one is bad_value). As hr_l3_add; twice at one price is duplicate_order. */
HR_MUST_USE hr_status hr_lobster_seed(hr_l3 *b, hr_l3_change *out, uint16_t locate, hr_side side,
                                      int64_t px, int64_t qty);
/** As hr_itch_apply, but a cancel, delete or execution of an unknown id takes its qty from the seed
 * at its side and price, where there is one. */
HR_MUST_USE hr_status hr_lobster_apply(hr_l3 *b, hr_l3_change *out, const hr_itch_msg *m);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_VENUE_EXPECT_H
#define HR_TESTS_SUPPORT_VENUE_EXPECT_H
/* What one line of a venue becomes, for the unit tests of the adapters. Price scale 2, quantity
 * scale 3. In all texts ' stands for ". */
#include "venue/venue.h"

#define MS INT64_C(1000000) /* ns */

extern hr_source_info venue_source;   /* what the decoder is told */
extern const hr_evbatch *venue_batch; /* what the last venue_read gave */

/** Bare lines of this venue from now on. */
void venue_use(const char *venue);
/** What the head of the source says. */
void venue_learn(const char *line);
void venue_read(const char *lines);
/** An answer to a request at this url, received at 1 s. */
void venue_read_answer(const char *url, const char *body);
/** Message m: its kind, instrument and venue's time (HR_NULL_I64: none). */
void venue_expect(uint32_t m, hr_msg_kind kind, const char *symbol, int64_t ns);
void venue_expect_ids(uint32_t m, int64_t first, int64_t last, int64_t prev);
void venue_expect_text(uint32_t m, const char *text);
/** Level i of the batch. */
void venue_expect_level(uint32_t i, hr_side side, int64_t px, int64_t qty);
/** Understood and left out. */
void venue_expect_other(const char *line);
/** A capture that shows this line is this venue's. */
void venue_expect_sniffed(const char *line, const char *venue);

/** A line that is taken becomes one that is refused (or taken still: reason -1) when the first
 *  `from` in it is `to`. */
typedef struct venue_swap {
    const char *from, *to;
    int reason;
} venue_swap;
void venue_expect_swaps(const char *line, const venue_swap *swap, size_t n);
#define VENUE_EXPECT_SWAPS(line, ...)                                                              \
    do {                                                                                           \
        static const venue_swap swaps_[] = {__VA_ARGS__};                                          \
        venue_expect_swaps(line, swaps_, sizeof swaps_ / sizeof *swaps_);                          \
    } while (0)

#endif

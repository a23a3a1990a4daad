/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CONVERT_FEED_WORDS_H
#define HR_CONVERT_FEED_WORDS_H
/* What a venue's messages look like, as texts with holes: % and a letter.
 *   s S    the symbol; in small letters
 *   t w n  venue time in ms, us, ns; z e h: in s, s and ms with decimals; u: 2024-01-02T03:04:05Z
 *   f l p  first, last, previous id; i: id of a trade, number or text
 *   x q g  price, quantity, quantity with a sign
 *   d D C T y j m  the taker: buy, the maker: buy, Buy, B or A, 0 or 1, b or s, does the buyer rest
 *   b B a A  best bid, its quantity, best ask, its quantity; 3 4: best bid, best ask, or null
 *   o O    levels as b and a, as bids and asks; the side that comes first as first
 *   1 2    levels of bids, of asks; r: as they lie; c: as they lie, ["buy","px","qty"]
 *   k K N  the venue's checksum with a sign, without; levels a side that it keeps
 *   H      number of the channel
 * Of a level: s, C its own side, + its sign, u, e. <l...> stands only where hole l has something.
 * Private to convert.
 */
#include <stdbool.h>
#include <stdint.h>

typedef struct hr_feed_words {
    const char *venue;
    const char *url;      /* of its stream */
    const char *answer;   /* url of the request for a snapshot; NULL: it comes in the stream */
    const char *level[3]; /* around price and quantity */
    const char *tail;     /* of a level of a change, where it is another; NULL: level[2] */
    const char *gone;     /* before a level that is taken away, instead of level[0]; may be NULL */
    const char *gone_tail; /* instead of all behind its price; may be NULL */
    bool binds;            /* numbers stand for instruments, and lines in front say which */
    /* NULL: not written */
    const char *snapshot, *delta, *trade, *aggregate, *ticker;
} hr_feed_words;

/** Those of a venue, one after the other, the first first; NULL: there are no more. */
const hr_feed_words *hr_feed_words_of(const char *venue, uint32_t nth);

#endif

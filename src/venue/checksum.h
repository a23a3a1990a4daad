/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_VENUE_CHECKSUM_H
#define HR_VENUE_CHECKSUM_H
/* What venues sum up of a book's best levels. CRC-32 is that of zlib.
 * Sources: Kraken "Calculate book checksum (v2)" and "(v1)"; OKX v5 "Order book channel, Checksum";
 * Bitfinex v2 "WebSocket Checksum". */
#include "book/l2.h"
#include "col/evbatch.h"

/** The checksum note->checksum of the book as it is; scales are those of its values. 0 for
 * HR_CHECKSUM_NONE. Some 50 levels are printed: about 2 us. */
uint32_t hr_book_crc(const hr_l2 *book, const hr_book_note *note, unsigned px_scale,
                     unsigned qty_scale);

#endif

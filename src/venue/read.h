/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_VENUE_READ_H
#define HR_VENUE_READ_H
/* What the adapters read values with. All return an outcome of a line: HR_LINE_DONE, HR_LINE_FULL
 * or a reject. Private to venue. */
#include <string.h>

#include "text/json.h"
#include "venue/line.h"

/** Is the string this literal? */
#define HR_IS(str, literal)                                                                        \
    ((str).n == sizeof(literal) - 1 && memcmp((str).s, (literal), sizeof(literal) - 1) == 0)

/** A value of another type than its place asks for. */
int hr_read_wrong_type(hr_json_type t);
/** The outcome of a text that could not be walked on: j->error is set, or something is missing. */
int hr_read_broken(const hr_json *j);
/** A whole number >= 0, bare or as text. */
int hr_read_int(hr_json *j, int64_t *out);
/** A decimal number, bare or as text, to fixed point; may be below zero. */
int hr_read_signed(hr_json *j, int64_t *out, unsigned scale);
/** The same, >= 0. */
int hr_read_decimal(hr_json *j, int64_t *out, unsigned scale);
/** The same of a value that may be absent: null and "" are 0. */
int hr_read_decimal_or_none(hr_json *j, int64_t *out, unsigned scale);
int hr_read_text(hr_json *j, hr_json_str *out);
/** An id for hr_read_put_trade: a number or a text. */
int hr_read_id(hr_json *j, hr_json_str *out);
/** The number of a text that was read already. */
int hr_read_number_text(hr_json_str text, int64_t *out, unsigned scale);

/** Times to ns since the epoch: milliseconds (decimals allowed), microseconds, decimal seconds
 * (each a number or a text of one), and RFC 3339 as "2021-04-17T16:43:05.000Z" with 0 to 9
 * decimals, UTC. */
int hr_read_ms(hr_json *j, int64_t *ns);
int hr_read_us(hr_json *j, int64_t *ns);
int hr_read_seconds(hr_json *j, int64_t *ns);
int hr_read_rfc3339(hr_json *j, int64_t *ns);

/** A list of levels [price, quantity, ...] of one side, numbers or texts; they are written behind
 * the *n levels that this message has already, and counted there. A removal at price 0 is left out,
 * what is below zero is a reject. */
int hr_read_levels(const hr_line *l, hr_json *j, hr_side side, uint32_t *n);
/** The same of objects; other keys are skipped. */
int hr_read_level_objects(const hr_line *l, hr_json *j, hr_side side, const char *px_key,
                          const char *qty_key, uint32_t *n);
/** The first of a list of levels, best first: price and quantity; unchanged where it is empty. */
int hr_read_best(const hr_line *l, hr_json *j, int64_t best[2]);
/** A list of ["buy" or "sell", price, quantity]. */
int hr_read_changes(const hr_line *l, hr_json *j, uint32_t *n);
/** One level behind the *n of this message. Price and quantity were read. */
int hr_read_put_level(const hr_line *l, hr_side side, int64_t px, int64_t qty, uint32_t *n);

/** Room for a message of few levels, and its head: kind, times (recv from the line; where it has
 * none, the venue's) and the instrument. event_ns may be HR_NULL_I64. */
int hr_read_begin(const hr_line *l, hr_msg_kind kind, int64_t event_ns, hr_json_str symbol,
                  uint32_t *msg);
/** Writes a whole trade. id: a number's text becomes the number, any other text is kept as such;
 * n == 0: none. */
int hr_read_put_trade(const hr_line *l, int64_t event_ns, hr_json_str symbol, hr_side taker,
                      int64_t px, int64_t qty, hr_json_str id);
/** Writes a whole ticker; an empty side is 0, 0. id: -1 none. A quantity of HR_NULL_I64 is one that
 * the venue does not give: 0 beside its price. */
int hr_read_put_ticker(const hr_line *l, int64_t event_ns, hr_json_str symbol, const int64_t bid[2],
                       const int64_t ask[2], int64_t id);
/** Fixes a note to message msg (hr_evbatch_note). */
int hr_read_put_note(const hr_line *l, uint32_t msg, const hr_book_note *note);

/** Walks an object, once a key: fn decides by the key and must consume the value. */
typedef int (*hr_read_key_fn)(void *self, const hr_line *l, hr_json *j, hr_json_str key);
int hr_read_object(const hr_line *l, hr_json *j, hr_read_key_fn fn, void *self);
/** A list of objects or of other values: fn is called at each. */
typedef int (*hr_read_item_fn)(void *self, const hr_line *l, hr_json *j);
int hr_read_list(const hr_line *l, hr_json *j, hr_read_item_fn fn, void *self);
int hr_read_skip(hr_json *j);
/** Walks an object whose keys mean something only once another was read: where the values of these
 * keys stand goes to at[], zeroed where there is none; each is to be read from there. names: at
 * most 32; of a key that is there twice the later counts. *seen: a bit for each that was found. */
int hr_read_fields(hr_json *j, const char *const *names, uint32_t n, hr_json *at, uint32_t *seen);
#define HR_READ_BIT(field) (UINT32_C(1) << (field))
/** "buy" or "sell", in small letters, in capitals or "Buy". */
int hr_read_side(hr_json *j, hr_side *side);

#endif

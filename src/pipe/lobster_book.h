/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_PIPE_LOBSTER_BOOK_H
#define HR_PIPE_LOBSTER_BOOK_H
/* The orderbook file that LOBSTER publishes beside a message file: a row a message, the book after
 * it, ask price, size, bid price, size, level by level, prices x 10000. NAME_message_N.csv has it
 * under NAME_orderbook_N.csv, packed or not. Read row by row, by one thread. */
#include "mem/mem.h"
#include "venue/files/lobster.h"

typedef struct hr_lobster_book hr_lobster_book;

/** HR_END and *out NULL: no such file lies beside this path. */
HR_MUST_USE hr_status hr_lobster_book_open(hr_lobster_book **out, const char *message_path,
                                           hr_budget *budget, hr_err *err);
/** The next row; HR_END: there is none; HR_EINPUT: it is no row of such a file. */
HR_MUST_USE hr_status hr_lobster_book_next(hr_lobster_book *k, hr_lobster_row *row, hr_err *err);
/** Rows read. */
int64_t hr_lobster_book_rows(const hr_lobster_book *k);
int64_t hr_lobster_book_bytes(const hr_lobster_book *k); /* of the file */
const char *hr_lobster_book_path(const hr_lobster_book *k);
void hr_lobster_book_close(hr_lobster_book **k);

#endif

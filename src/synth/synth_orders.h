/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_SYNTH_SYNTH_ORDERS_H
#define HR_SYNTH_SYNTH_ORDERS_H
/* A synthetic order flow as an exchange's feed tells it: ITCH messages of many stocks, with orders
 * added near the touch, cancelled, replaced and executed in price order, and books that never
 * cross. Integers only: the same seed gives the same bytes everywhere. See docs/modules/synth.md.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "venue/files/itch.h"

#define HR_SYNTH_STOCKS_MAX 8192
#define HR_SYNTH_LIVE 256 /* orders of one stock at most */

typedef struct hr_synth_orders_options {
    uint32_t n_stocks; /* 1 to HR_SYNTH_STOCKS_MAX */
    uint64_t n_orders; /* messages about orders */
    uint64_t seed;
    uint64_t rate; /* mean messages a second of simulated time */
} hr_synth_orders_options;

typedef struct hr_synth_orders_truth {
    uint64_t messages, added, executed, cancelled, deleted, replaced, hidden, live;
} hr_synth_orders_truth;

typedef struct hr_synth_orders hr_synth_orders;
HR_MUST_USE hr_status hr_synth_orders_create(hr_synth_orders **out,
                                             const hr_synth_orders_options *o, hr_err *err);
void hr_synth_orders_destroy(hr_synth_orders **s);
/** The next message; false after the last. The day opens with S, one R a stock, and ends with S. */
bool hr_synth_orders_next(hr_synth_orders *s, hr_itch_msg *out);
void hr_synth_orders_truth_get(const hr_synth_orders *s, hr_synth_orders_truth *out);

#endif

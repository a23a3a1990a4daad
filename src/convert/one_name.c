/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/one_name.h"

#include <string.h>

#define BIT(loss) (UINT64_C(1) << (loss))

void hr_one_name_init(hr_one_name *n, const hr_source_info *info)
{
    memset(n, 0, sizeof *n);
    memcpy(n->read.symbol, info->symbol, sizeof info->symbol);
    memcpy(n->read.venue, info->venue, sizeof info->venue);
}

uint64_t hr_one_name_losses(hr_one_name *n, const hr_evbatch *b, uint32_t m)
{
    if (b->sym[m] < 0) return BIT(HR_LOSS_NO_NAME);
    const hr_evb_sym *s = &b->syms[b->sym[m]];
    if (!n->has_first) n->first = *s;
    n->has_first = true;
    if (strcmp(n->first.symbol, s->symbol) != 0 || strcmp(n->first.venue, s->venue) != 0)
        return BIT(HR_LOSS_OTHER_NAME);
    uint64_t bits = strcmp(n->read.symbol, s->symbol) != 0 ? BIT(HR_LOSS_NAME) : 0;
    return strcmp(n->read.venue, s->venue) != 0 ? bits | BIT(HR_LOSS_VENUE_NAME) : bits;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "venue/venue.h"

#include <stdio.h>

#define HR_VENUE_POINTER(id) &hr_venue_##id,
static const hr_venue *const venues[] = {HR_VENUE_LIST(HR_VENUE_POINTER)};
#undef HR_VENUE_POINTER
#define N_VENUES (sizeof venues / sizeof *venues)

const hr_venue *const *hr_venue_all(uint32_t *n)
{
    *n = N_VENUES;
    return venues;
}

const hr_venue *hr_venue_find(const char *name)
{
    for (size_t i = 0; i < N_VENUES; i++)
        if (strcmp(venues[i]->name, name) == 0) return venues[i];
    return NULL;
}

size_t hr_venue_subscribe(const hr_venue *v, char *out, size_t cap, const char *channel,
                          const char *const *symbols, uint32_t n)
{
    return hr_request_fill(out, cap, v->requests, v->n_requests, channel, symbols, n);
}

size_t hr_venue_names(char *out, size_t cap)
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < N_VENUES && n < cap; i++)
        n += (size_t)snprintf(out + n, cap - n, "%s%s", i > 0 ? ", " : "", venues[i]->name);
    return HR_MIN(n, cap - 1);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "text/nearest.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"

#define NAME_MAX_BYTES 64

/* Levenshtein distance, one row; names are short. */
static unsigned distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    unsigned row[NAME_MAX_BYTES];
    for (unsigned i = 0; i <= n_b; i++)
        row[i] = i;
    for (unsigned i = 0; i < n_a; i++) {
        unsigned diagonal = row[0];
        row[0] = i + 1;
        for (unsigned k = 1; k <= n_b; k++) {
            unsigned cost = diagonal + (a[i] != b[k - 1]);
            diagonal = row[k];
            row[k] = HR_MIN(cost, HR_MIN(row[k] + 1, row[k - 1] + 1));
        }
    }
    return row[n_b];
}

hr_nearest hr_nearest_start(const char *name)
{
    /* A third of the letters may be wrong, and never more than three: further off it is a guess. */
    size_t n = strlen(name);
    return (hr_nearest){.name = name, .distance = (unsigned)HR_MIN(n / 3 + 1, (size_t)3) + 1};
}

void hr_nearest_offer(hr_nearest *n, const char *candidate)
{
    size_t n_name = strlen(n->name);
    size_t n_candidate = strlen(candidate);
    if (n_name >= NAME_MAX_BYTES || n_candidate >= NAME_MAX_BYTES) return;
    unsigned d = distance(n->name, n_name, candidate, n_candidate);
    if (d >= n->distance || d >= n_candidate) return; /* nothing in common is not near */
    n->distance = d;
    n->best = candidate;
}

const char *hr_nearest_text(const hr_nearest *n, char *out, size_t cap)
{
    if (n->best == NULL)
        out[0] = '\0';
    else
        snprintf(out, cap, ", did you mean '%s'?", n->best);
    return out;
}

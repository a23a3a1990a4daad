/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TEXT_NEAREST_H
#define HR_TEXT_NEAREST_H
/* The name somebody may have meant: keys of a plan, options, verbs. */
#include <stdbool.h>
#include <stddef.h>

typedef struct hr_nearest {
    const char *name; /* what was given */
    const char *best; /* the nearest so far, or NULL: nothing is near */
    unsigned distance;
} hr_nearest;

/** Begins a search for what is nearest to name. Both stay borrowed. */
hr_nearest hr_nearest_start(const char *name);
/** Offers one candidate; the first of equals wins. Names of 64 bytes or more are near nothing. */
void hr_nearest_offer(hr_nearest *n, const char *candidate);
/** ", did you mean 'NAME'?" into out, or "" when nothing was near. Returns out. */
const char *hr_nearest_text(const hr_nearest *n, char *out, size_t cap);

#endif

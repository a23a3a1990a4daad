/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_TESTS_SUPPORT_PLACES_H
#define HR_TESTS_SUPPORT_PLACES_H
/* The places that calls through the seam come from (hr_sys_place), which of them were made to fail,
 * and their names: function and offset, from this program's own symbol table. A site is a call as
 * it stands in the program, the first function outside the seam; a place also has its way there. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sys.h"

#define PLACES_MAX 2048u

typedef struct test_place {
    hr_sys_place at;
    uint64_t role;   /* of the caller's: the same place in another role is another */
    uint32_t n_hits; /* faults that met it */
} test_place;

typedef struct test_places {
    uint32_t n;
    test_place place[PLACES_MAX];
} test_places;

/** Adds the places of a run; those that are known stay as they are. Returns how many were new. */
uint32_t places_add(test_places *t, hr_sys_fail *f, uint64_t role);
void places_hit(test_places *t, uint64_t id, uint64_t role);
/** "pwrite from write_line+0x4a < hr_dataset_commit+0x1f < ..." */
const char *places_name(const hr_sys_place *p, char *out, size_t cap);
/** Prints "# sites hit/reached" and the same of places, with the names of those that no fault met;
 * returns how many these are. */
uint32_t places_report(const test_places *t);

#endif

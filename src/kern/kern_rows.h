/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_KERN_KERN_ROWS_H
#define HR_KERN_KERN_ROWS_H
/* Columns of a table looked at as a whole: what all rows have in common, and where rows change.
 * Contract of the family: values at their natural alignment, outputs apart from inputs. */
#include <stddef.h>
#include <stdint.h>

/** Bits that any of the values has: the highest tells of a value below zero. */
typedef uint64_t (*hr_kern_any_fn)(const int64_t *v, size_t n);
/** The same, and bit i % 64 of word i / 64 set where row i >= 1 differs from row i - 1. bits has
 * n / 64 words, rounded up; what is set there stays set. */
typedef uint64_t (*hr_kern_changes_fn)(uint64_t *bits, const int64_t *v, size_t n);
/** As changes, of flags: set where row i >= 1 differs from row i - 1 in a bit of `differ`, or row
 * i - 1 has a bit of `ends`. */
typedef uint64_t (*hr_kern_breaks_fn)(uint64_t *bits, const int64_t *v, size_t n, uint64_t differ,
                                      uint64_t ends);

typedef struct hr_kern_rows {
    hr_kern_any_fn any;
    hr_kern_changes_fn changes;
    hr_kern_breaks_fn breaks;
} hr_kern_rows;

uint64_t hr_kern_any_c(const int64_t *v, size_t n);
uint64_t hr_kern_changes_c(uint64_t *bits, const int64_t *v, size_t n);
uint64_t hr_kern_breaks_c(uint64_t *bits, const int64_t *v, size_t n, uint64_t differ,
                          uint64_t ends);
#define HR_KERN_ROWS_SCALAR                                                                        \
    {                                                                                              \
        .any = hr_kern_any_c, .changes = hr_kern_changes_c, .breaks = hr_kern_breaks_c             \
    }

void hr_kern_rows_init(hr_kern_rows *k, unsigned cpu_flags);
void hr_kern_rows_avx2(hr_kern_rows *k);

/* For the tiers' tails: rows from i on. */
uint64_t hr_kern_changes_rest(uint64_t *bits, const int64_t *v, size_t i, size_t n);
uint64_t hr_kern_breaks_rest(uint64_t *bits, const int64_t *v, size_t i, size_t n, uint64_t differ,
                             uint64_t ends);

#endif

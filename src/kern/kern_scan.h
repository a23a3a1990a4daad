/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_KERN_KERN_SCAN_H
#define HR_KERN_KERN_SCAN_H
/* Finding bytes in text. Contract of the family: only the bytes given are read, at any alignment;
 * empty ranges are fine; outputs do not overlap the text. */
#include <stddef.h>
#include <stdint.h>

/** First c in [p, end), or NULL. */
typedef const char *(*hr_kern_find_fn)(const char *p, const char *end, char c);
/** Offsets of each c in the n bytes at p, ascending; stops once cap are found. Returns how many. */
typedef size_t (*hr_kern_find_all_fn)(uint32_t *restrict at, size_t cap, const char *restrict p,
                                      uint32_t n, char c);
/** One pass over a CSV row: stops at the first '\n' or '"', or at end, and returns that place.
 *  comma: offset from p of each ',' before it, the first cap of them; *n_commas counts them all. */
typedef const char *(*hr_kern_csv_row_fn)(uint32_t *restrict comma, uint32_t cap,
                                          uint32_t *n_commas, const char *restrict p,
                                          const char *end);
/** Bytes before the first one that is not ASCII; n when there is none. */
typedef size_t (*hr_kern_ascii_fn)(const char *p, size_t n);

typedef struct hr_kern_scan {
    hr_kern_find_fn find;
    hr_kern_find_all_fn find_all;
    hr_kern_csv_row_fn csv_row;
    hr_kern_ascii_fn ascii;
} hr_kern_scan;

const char *hr_kern_find_c(const char *p, const char *end, char c);
size_t hr_kern_find_all_c(uint32_t *restrict at, size_t cap, const char *restrict p, uint32_t n,
                          char c);
const char *hr_kern_csv_row_c(uint32_t *restrict comma, uint32_t cap, uint32_t *n_commas,
                              const char *restrict p, const char *end);
size_t hr_kern_ascii_c(const char *p, size_t n);
#define HR_KERN_SCAN_SCALAR                                                                        \
    {                                                                                              \
        .find = hr_kern_find_c, .find_all = hr_kern_find_all_c, .csv_row = hr_kern_csv_row_c,      \
        .ascii = hr_kern_ascii_c                                                                   \
    }

void hr_kern_scan_init(hr_kern_scan *k, unsigned cpu_flags);
/* Each puts its tier's functions over what is there. */
void hr_kern_scan_avx2(hr_kern_scan *k);
void hr_kern_scan_avx512(hr_kern_scan *k);
void hr_kern_scan_simde(hr_kern_scan *k); /* tests: the AVX-512 source, emulated */

#endif

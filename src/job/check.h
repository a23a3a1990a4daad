/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_CHECK_H
#define HR_JOB_CHECK_H
/* A run that writes nothing: the same sources, merge and desks as any run, watched. Whatever a desk
 * finds wrong with a message (sequence, ticker, crossed book, order of time) and whatever could not
 * be decoded is kept with its place.
 *
 * Threads: a shard notes for its own desks; the list of findings has a lock. What is kept does not
 * depend on the number of lanes: the first HR_CHECK_EACH of a kind for each instrument. */
#include "job/run.h"

typedef enum hr_finding_kind {
    HR_FINDING_REJECT = 0, /* could not be decoded */
    HR_FINDING_GAP = 1,    /* messages are missing, or the connection was lost */
    HR_FINDING_RESET = 2,  /* the venue began its numbers anew */
    HR_FINDING_BACK = 3,   /* sequence number fell */
    HR_FINDING_TICKER = 4, /* the venue's best bid and ask differ from the rebuilt book's */
    HR_FINDING_CROSSED = 5,
    HR_FINDING_TIME = 6,     /* receive time fell */
    HR_FINDING_CHECKSUM = 7, /* the venue's checksum of the book is not that of the rebuilt one */
    HR_FINDING_BOOK =
        8, /* a level of the book published beside the file is not the rebuilt one's */
    HR_FINDING_KIND_COUNT = 9,
} hr_finding_kind;
/** "reject", "gap", ...: stable, they are in the JSON report. */
const char *hr_finding_name(hr_finding_kind k);

struct hr_quality;

#define HR_CHECK_EACH 8u
#define HR_CHECK_KEEP 65536u

typedef struct hr_finding {
    int64_t line;   /* 1-based; a table's row number + 1 */
    int64_t offset; /* bytes in the decompressed source; a table's row number */
    int64_t id;     /* update id, trade id, or -1 */
    int64_t expect; /* id or receive time that was expected, or -1 */
    int32_t source_idx;
    int32_t desk_id; /* -1: not known */
    uint8_t kind;    /* hr_finding_kind */
    uint8_t reason;  /* hr_reject_reason of a REJECT */
    bool has_touch;
    hr_touch book, ticker; /* BOOK: px and qty of a level, on its side alone */
} hr_finding;

/** What one instrument brought. */
typedef struct hr_check_instrument {
    const char *venue, *symbol; /* borrowed from the run */
    uint64_t messages, levels, snapshots, trades, tickers;
    uint64_t gaps, duplicates, stale, crossed, ticker_checks, ticker_checks_equal;
    uint64_t checksums, checksums_equal;
    int64_t first_ns, last_ns; /* receive time; HR_NULL_I64 when there was none */
    bool has_depth, was_synced;
} hr_check_instrument;

typedef struct hr_check hr_check;
/** limit: instruments at most, as the plan says. */
HR_MUST_USE hr_status hr_check_create(hr_check **out, uint32_t limit, hr_err *err);
void hr_check_destroy(hr_check **c);
/** Figures by hour are gathered too; borrowed until the check is destroyed. Before the run starts.
 */
void hr_check_measure(hr_check *c, struct hr_quality *q);
/** Between hr_run_create with HR_OPEN_NONE and hr_run_start; borrowed until the run is destroyed.
 */
void hr_run_watch(hr_run *r, hr_check *c);

/* After hr_run_wait, before hr_run_destroy. */
/** Findings in order of (source, place); *n_all counts those that were not kept too. */
const hr_finding *hr_check_findings(hr_check *c, uint32_t *n_kept, uint64_t *n_all);
uint64_t hr_check_count(const hr_check *c, hr_finding_kind k);
/** Published books (LOBSTER) against the rebuilt ones, levels in all rows. */
typedef struct hr_check_books {
    uint64_t rows, equal, different;
    uint64_t unknown; /* deeper than the first row showed: orders from before the file */
    hr_status end;    /* below 0: the file could not be read on, err says why */
    hr_err err;
} hr_check_books;
const hr_check_books *hr_check_books_get(const hr_check *c);
/** One line, "what and where"; names borrow from r. */
size_t hr_finding_text(char *out, size_t cap, const hr_finding *f, const hr_run *r);
uint32_t hr_check_instruments(const hr_run *r);
void hr_check_instrument_get(const hr_check *c, const hr_run *r, uint32_t i,
                             hr_check_instrument *out);
/** What source i is: path, format, container and why. Borrowed. */
typedef struct hr_check_source {
    const char *path, *format, *container, *why, *venue, *symbol;
    int64_t size_bytes, rows; /* rows or lines read */
    bool is_table;
} hr_check_source;
void hr_check_source_get(const hr_run *r, uint32_t i, hr_check_source *out);
uint32_t hr_check_sources(const hr_run *r);

#endif

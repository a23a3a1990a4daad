/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_JOB_QUALITY_H
#define HR_JOB_QUALITY_H
/* Figures of data quality by instrument and UTC hour of receive time, gathered by a watched run.
 *
 * Threads: the merge gives rows out, in the order of messages, so which hours have one does not
 * depend on the lanes; a row's counts are its instrument's shard's, its time_falls the merge's.
 * Memory: all of it at create, touched as it is used: rows of about 0.4 KiB, and for each
 * instrument two histograms of HR_QUALITY_SLOTS counters. When no row is left, hours are counted in
 * the row that the instrument had last, and said to be (n_folded). */
#include "col/evbatch.h"

#define HR_QUALITY_ROWS 65536u
#define HR_QUALITY_HOUR_NS INT64_C(3600000000000)
#define HR_QUALITY_SILENCE_NS INT64_C(60000000000)
#define HR_QUALITY_MID_PERCENT 5
#define HR_QUALITY_LAST_PERCENT 10
/* Signed, every power of two cut into 128, up to 2^46 ns: clocks that are a second off must still
 * tell milliseconds apart. 256 slots up to 255, 128 an octave after. */
#define HR_QUALITY_SUB 128u
#define HR_QUALITY_BITS 46u
#define HR_QUALITY_SLOTS (2u * HR_QUALITY_SUB * (HR_QUALITY_BITS - 6u))

/** What a desk counts itself, as it stands after a message. */
typedef enum hr_quality_count {
    HR_QUALITY_GAPS = 0,
    HR_QUALITY_RESETS = 1,
    HR_QUALITY_DUPLICATES = 2,
    HR_QUALITY_STALE = 3,
    HR_QUALITY_CHECKSUMS = 4,
    HR_QUALITY_CHECKSUMS_EQUAL = 5,
    HR_QUALITY_CHECKS = 6, /* of the venue's tickers */
    HR_QUALITY_CHECKS_EQUAL = 7,
    HR_QUALITY_COUNTS = 8,
} hr_quality_count;

/** Receive time less the venue's, ns. Percentiles are at most 1/128 off. */
typedef struct hr_quality_skew {
    uint64_t n;
    int64_t min, max, p50, p99; /* 0 when n is 0 */
    int64_t sum_s, sum_ns;      /* of all, in two parts: seconds and the rest of each */
} hr_quality_skew;

/** An hour of an instrument, or a sum of such. */
typedef struct hr_quality_row {
    int64_t hour; /* since 1970, by receive time; a sum's first */
    uint64_t n[HR_MSG_KIND_COUNT];
    uint64_t count[HR_QUALITY_COUNTS];
    uint64_t levels, trades; /* levels of depth and orders; trades and fills of orders */
    uint64_t time_falls, crossed, locked;
    uint64_t from_mid, from_last; /* trades far from the mid; far from the last trade */
    uint64_t silences;            /* longer than HR_QUALITY_SILENCE_NS, by the hour they begin in */
    int64_t silence_ns, silence_at_ns; /* the longest, and its begin; 0: less than two messages */
    int64_t first_ns, last_ns;         /* receive times; HR_NULL_I64 none */
    uint64_t n_folded;                 /* messages of other hours counted here */
    uint64_t n_skew_part;              /* of the stretch that p50 and p99 are of */
    hr_quality_skew skew;
} hr_quality_row;

/** A message, after its desk has taken it. */
typedef struct hr_quality_event {
    int64_t recv_ns;  /* not above 0: none */
    int64_t event_ns; /* the venue's; HR_NULL_I64: none, or not to be compared */
    uint8_t kind;     /* hr_msg_kind */
    bool is_whole;    /* the book */
    bool is_crossed;  /* a new touch, whose bid is not below its ask */
    uint32_t n_levels;
    int64_t bid_px, ask_px; /* of the whole book; 0: empty side */
    int64_t trade_px;       /* 0: none */
    uint64_t count[HR_QUALITY_COUNTS];
} hr_quality_event;

typedef struct hr_quality hr_quality;
/** n_rows: HR_QUALITY_ROWS, at least one an instrument. */
HR_MUST_USE hr_status hr_quality_create(hr_quality **out, uint32_t n_instruments,
                                        uint32_t n_sources, uint32_t n_rows, hr_err *err);
void hr_quality_destroy(hr_quality **q);

/* ---- the merge ---- */
/** A message of this instrument comes next: its hour has a row from now on, or will never. */
void hr_quality_place(hr_quality *q, uint32_t instrument, int64_t recv_ns);
/** It was received before the one ahead of it. After hr_quality_place. */
void hr_quality_fall(hr_quality *q, uint32_t instrument);
void hr_quality_reject(hr_quality *q, uint32_t source, hr_reject_reason reason);

/* ---- the instrument's shard, after the merge has placed the message ---- */
void hr_quality_note(hr_quality *q, uint32_t instrument, const hr_quality_event *e);

/* ---- after the run ---- */
/** In ns; 0 when there is none. */
double hr_quality_mean(const hr_quality_skew *s);
/** Sums up and sorts. Once. */
void hr_quality_end(hr_quality *q);
/** Rows of an instrument by hour; *n: how many. */
const hr_quality_row *const *hr_quality_rows(const hr_quality *q, uint32_t instrument, uint32_t *n);
/** All hours of an instrument; hour is its first. */
void hr_quality_sum(const hr_quality *q, uint32_t instrument, hr_quality_row *out);
/** All instruments. */
void hr_quality_total(const hr_quality *q, hr_quality_row *out);
const uint64_t *hr_quality_rejects(const hr_quality *q, uint32_t source); /* [HR_REJECT_COUNT] */
/** UTC hour of a time; below 1970 rounded down. */
int64_t hr_quality_hour(int64_t ns);
/** For tests: slot of a value, and the largest value of a slot. */
uint32_t hr_quality_slot(int64_t v);
int64_t hr_quality_slot_top(uint32_t slot);

#endif

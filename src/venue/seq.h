/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_VENUE_SEQ_H
#define HR_VENUE_SEQ_H
/* Sequence rules: one small pure state machine per instrument and channel. See
 * docs/modules/venue.md for each venue's rule and its source. */
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef enum hr_seq_rule {
    HR_SEQ_NONE = 0,        /* no sequence: order of arrival; snapshots in the stream */
    HR_SEQ_BINANCE_SPOT,    /* U <= id + 1; first after snapshot U <= L + 1 <= u */
    HR_SEQ_BINANCE_FUTURES, /* pu == previous u; first after snapshot U <= L <= u */
    HR_SEQ_MONOTONE,  /* seq must not fall (Crypto Lake sequence_number: gaps are not visible; there
                         are no snapshots, so the book starts anew with the row after a loss) */
    HR_SEQ_STEP = 4,  /* first == last before + 1; snapshots in the stream; messages without ids are
                         taken in order of arrival */
    HR_SEQ_CHAIN = 5, /* prev == last before, ids may fall; snapshots in the stream; messages
                         without ids are taken in order of arrival */
    HR_SEQ_AFTER = 6, /* ids (times) rise, holes do not show; snapshots by request */
    HR_SEQ_RULE_COUNT = 7,
} hr_seq_rule;
/* Of order by order feeds that number their messages: each is one more than the one before, a book
 * is given on request. */
#define HR_SEQ_OF_ORDERS HR_SEQ_BINANCE_SPOT
/** A venue's, which its first message about an order puts in force; NONE: it has no such feed. */
hr_seq_rule hr_seq_rule_of_orders(const char *venue);
hr_seq_rule hr_seq_rule_for(const char *venue, int format); /* format: hr_format */

typedef enum hr_seq_state {
    HR_SEQ_BUFFERING = 0, /* no snapshot yet: deltas are kept aside */
    HR_SEQ_SYNCING = 1,   /* snapshot taken, first delta not yet seen */
    HR_SEQ_LIVE = 2,
    HR_SEQ_LOST = 3, /* gap: as BUFFERING, but the book had been whole */
} hr_seq_state;

typedef enum hr_seq_verdict {
    HR_SEQ_APPLY = 0,
    HR_SEQ_APPLY_FIRST = 1, /* apply; the book is whole from here: first delta after the snapshot */
    HR_SEQ_BUFFER = 2,      /* no book yet: keep it for the snapshot to come */
    HR_SEQ_DUPLICATE = 3,   /* its last id is the stream's */
    HR_SEQ_STALE = 4,       /* its last id is behind the stream's */
    HR_SEQ_HOLE = 5,        /* gap found: drop the book, keep this message where any are kept */
    HR_SEQ_RESET = 6,       /* the venue numbers anew: the same */
    HR_SEQ_WAIT = 7,        /* no book yet, and the snapshot to come is in the stream: newer than
                               this, which nobody needs */
} hr_seq_verdict;

/* A venue that starts its numbers anew would look stale for ever. A message whose ids stand below
 * half of what was seen is not late but suspect: it is STALE itself, and when the very next message
 * follows it as the rule says, that one is RESET and the stream goes on from it. One message with
 * a damaged id therefore costs nothing, and repeats of recent messages are never taken for it. */
typedef struct hr_seq {
    uint8_t rule;        /* hr_seq_rule */
    uint8_t state;       /* hr_seq_state */
    uint8_t ever_synced; /* 0 or 1 */
    uint8_t pad[5];
    int64_t last;  /* book id: u of the last applied message, or the snapshot's id; -1 none */
    int64_t chain; /* u of the last message of the stream, whether applied or kept; -1 none yet */
    int64_t back;  /* u of the message before, when that was far behind; else -1 */
    uint64_t n_steps; /* messages that followed the one before them as the venue promises */
    uint64_t n_gaps, n_duplicates, n_stale, n_resets, n_syncs;
} hr_seq;

void hr_seq_init(hr_seq *s, hr_seq_rule rule);
/** A delta message arrives. Moves the state. Pure but for *s. Continuity is checked in every state:
 * a stream without a snapshot still shows its gaps. Ids: -1 to INT64_MAX. */
hr_seq_verdict hr_seq_delta(hr_seq *s, int64_t first, int64_t last, int64_t prev);
/** Are messages kept while there is no book? Not where the snapshot to come is in the stream. */
bool hr_seq_keeps(const hr_seq *s);
/** A message kept aside is offered again after a snapshot. HR_SEQ_HOLE: the snapshot is too old for
 * it; the state is lost again, which is no gap of the stream and is not counted as one. */
hr_seq_verdict hr_seq_replay(hr_seq *s, int64_t first, int64_t last, int64_t prev);
/** A snapshot arrives. True: take it (replace the book, then offer the kept messages again through
 *  hr_seq_replay); false: it is older than the book, which is whole, and is ignored (stale). */
bool hr_seq_snapshot(hr_seq *s, int64_t id);
/** Connection lost, message rejected, buffer overflow: certainty is gone. Counts one gap if the
 * book was live. */
void hr_seq_lose(hr_seq *s);
/** Can this state have come from the calls above under its rule? For states read from disk. */
bool hr_seq_is_sound(const hr_seq *s);
HR_INLINE bool hr_seq_is_live(const hr_seq *s)
{
    return s->state == HR_SEQ_LIVE || s->state == HR_SEQ_SYNCING;
}

/* ---- ticker check: book ids against the venue's own best bid and ask ----
 * Tickers and applied depth messages of equal id must show the same touch; either may come first.
 * Both streams rise, so only the skew between them is kept, in two fixed rings: tickers newer than
 * the newest book state, and book states newer than the newest ticker. What does not rise is left
 * out. While the book is lost none is added; what was kept stays valid. */
#define HR_TICKCHECK_CAP 64
typedef struct hr_touch {
    int64_t bid_px, bid_qty, ask_px, ask_qty; /* empty side: 0, 0 */
} hr_touch;
typedef struct hr_tickcheck_entry {
    int64_t id;
    hr_touch touch;
} hr_tickcheck_entry;
typedef struct hr_tickcheck {
    uint32_t ticker_head, ticker_len; /* rings: oldest at head */
    uint32_t book_head, book_len;
    int64_t ticker_newest, book_newest; /* ids; -1 none yet */
    int64_t last_checked;               /* -1 none */
    uint64_t n_checks, n_equal;
    uint64_t n_evicted; /* kept entries that made room while their partner could still come; before
                           the other stream's first there is none to come and none is counted */
    int64_t first_diff_id; /* -1 none */
    hr_touch first_diff_book, first_diff_ticker;
    hr_tickcheck_entry ticker[HR_TICKCHECK_CAP];
    hr_tickcheck_entry book[HR_TICKCHECK_CAP];
} hr_tickcheck;
void hr_tickcheck_init(hr_tickcheck *t);
void hr_tickcheck_ticker(hr_tickcheck *t, int64_t id, const hr_touch *touch);
/** After a depth message was applied to a whole book. */
void hr_tickcheck_book(hr_tickcheck *t, int64_t id, const hr_touch *touch);
/** The venue numbers anew: what is kept has no partner any more; counts stay. */
void hr_tickcheck_restart(hr_tickcheck *t);
/** For states read from disk: rings in bounds and rising, counts that can be. */
bool hr_tickcheck_is_sound(const hr_tickcheck *t);

#endif

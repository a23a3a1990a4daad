/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_PIPE_SOURCE_H
#define HR_PIPE_SOURCE_H
/* One input: file -> decompressed text -> chunks of whole lines in a ring of slots -> event batches
 * in order. Filling is sequential, decoding is parallel over slots, taking is in order. Each slot's
 * state says whose it is. */
#include <stdatomic.h>

#include "col/evbatch.h"
#include "fmt/codec.h"
#include "fmt/pq_events.h"
#include "mem/mem.h"
#include "pipe/lobster_book.h"
#include "pipe/reader.h"
#include "pipe/source_parts.h"
#include "venue/adapter.h"

#define HR_SOURCE_SLOTS 4u
#define HR_SOURCE_FRONT ((size_t)16 << 10) /* for what the text before leaves; else it moves */

typedef enum hr_slot_state {
    HR_SLOT_EMPTY = 0,    /* the filler's */
    HR_SLOT_TEXT = 1,     /* whoever claims it for decoding */
    HR_SLOT_DECODING = 2, /* that thread's */
    HR_SLOT_DECODED = 3,  /* the merge's */
} hr_slot_state;

typedef struct hr_slot {
    _Atomic uint32_t state; /* hr_slot_state; release on hand-over, acquire on claim */
    char *room;             /* HR_SOURCE_FRONT bytes, then as much as a text may be long */
    char *text;             /* in room; where the text begins */
    size_t len, pos;
    int64_t base_offset; /* of text[0] in the decompressed source */
    int64_t line;        /* number of the line at pos */
    bool is_last;        /* the source ends with this text */
    bool is_cut;         /* the text is the beginning of a line longer than any buffer */
    bool is_full;        /* CSV: a message from its first byte on ends here, for want of room */
    bool goes_on;        /* its last line goes on in the next text */
    const char *tail;    /* CSV: rows at its end whose message may go on: they open the next text.
                            Good until the slot is filled anew */
    size_t n_tail;
    _Atomic uint32_t is_read; /* CSV: all of it is decoded, the tail is known; release, acquire */
    hr_evbatch *batch;
} hr_slot;

struct hr_framing;
typedef struct hr_source {
    const char *path;
    hr_source_info info;
    char why[128];
    hr_container container;
    hr_arena *arena;
    const struct hr_framing *framing; /* NULL: lines */
    hr_arena *names, *index;          /* of instruments, from the head */
    int64_t head_bytes;               /* before the first message */
    struct hr_mold_state *mold;       /* the filler's: MoldUDP64's packets so far */
    hr_reader reader;
    hr_inflate *inflate;
    hr_pq_file *table; /* Parquet, Arrow: rows instead of text */
    hr_pq_events *events;
    _Atomic int64_t table_bytes; /* read of the table */
    bool row_is_book;            /* the table's rows are whole books */
    bool is_named;               /* every message of it names its instrument */
    int64_t first_ns;            /* the table's rows before this time are not wanted */
    _Atomic uint32_t fill_busy;
    /* the filler's */
    char *carry;
    size_t n_carry, text_cap, text_goal;
    const uint8_t *in; /* rest of the reader's block */
    size_t n_in;
    bool has_block, is_fill_done, is_table_done;
    int64_t out_offset; /* decompressed bytes produced so far */
    int64_t skip_to;    /* resume: text before it is dropped */
    int64_t next_line;
    bool is_in_cut_line; /* the rest of a line that was cut is dropped */
    uint64_t fill_seq;
    size_t filled, staged; /* in the slot at hand; of it the lines that are whole */
    int64_t n_staged;      /* messages, where they are framed */
    bool is_staged, is_end;
    uint32_t n_dropped; /* ends of cut lines before it */
    bool is_sequential; /* CSV: a chunk's tail is known only after it was decoded */
    hr_lobster_book
        *book; /* LOBSTER: published beside it; its first row is the seed. The check's */
    hr_lobster_row *seed;
    hr_parts parts;     /* lines that are long lists */
    /* the merge's */
    _Atomic uint64_t take_seq; /* written by the merge; others read it as a hint */
    uint32_t at;               /* next message of the head batch */
    uint32_t next_reject;      /* next reject of the head batch */
    bool is_done;
    bool is_inside;               /* a line that the next batch goes on with */
    int64_t time_max;             /* running maximum of ts_recv */
    int64_t pos_offset, pos_line; /* first byte and line not merged yet */
    int32_t only_id;              /* instrument of this source, -1 none yet, -2 several */
    uint32_t n_slots; /* in use; at most so many batches of this source wait for the merge */
    hr_slot slot[HR_SOURCE_SLOTS];
} hr_source;

size_t hr_source_bytes(hr_container c, size_t text_cap, size_t window_bytes);
/** Opens, recognises the container and the format. info holds what the plan forces. */
HR_MUST_USE hr_status hr_source_open(hr_source *s, const char *path, const hr_source_info *info,
                                     hr_budget *budget, size_t text_cap, hr_err *err);
void hr_source_close(hr_source *s);
/** Resume: continue at this place of the decompressed source. Before the first fill. */
HR_MUST_USE hr_status hr_source_resume(hr_source *s, int64_t offset, int64_t line, hr_err *err);

/** One step of filling; HR_AGAIN: nothing to do now; HR_END: all text is handed out. Caller holds
 * fill_busy. */
HR_MUST_USE hr_status hr_source_fill(hr_source *s, hr_err *err);
/** Claims and decodes one slot into a batch of pool; HR_AGAIN: none ready. Any thread. */
HR_MUST_USE hr_status hr_source_decode(hr_source *s, hr_pool *batches, const hr_evbatch_caps *caps,
                                       uint32_t target_rows, hr_err *err);
/** How many batches are decoded or being decoded, not yet merged: a hint. Any thread. */
uint32_t hr_source_ahead(const hr_source *s);
/** The merge: head batch, or NULL (then is_done says whether for ever). */
hr_evbatch *hr_source_head(hr_source *s);
/** The merge: the head is consumed; its batch is the caller's to release. */
void hr_source_advance(hr_source *s);

#endif

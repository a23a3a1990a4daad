/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_SYNTH_SYNTH_INT_H
#define HR_SYNTH_SYNTH_INT_H
/* The synthetic venue's inside. synth_model.c: what happens at the venue. synth_feed.c: what of it
 * is sent, with which faults. synth_json.c, synth_csv.c: how it is written. */
#include "synth/synth.h"

#define SYNTH_WINDOW 4096 /* ticks of one book; the touch starts in the middle */
#define SYNTH_TRADES_MAX 4u
#define SYNTH_CHANGES_MAX (64u + SYNTH_TRADES_MAX)
#define SYNTH_MID_TICKERS_MAX 4u

typedef struct hr_synth_rng {
    uint64_t a, b;
} hr_synth_rng;

/* xoroshiro128+ (Blackman and Vigna 2018). */
static inline uint64_t synth_rnd(hr_synth_rng *r)
{
    uint64_t a = r->a;
    uint64_t b = r->b;
    uint64_t out = a + b;
    b ^= a;
    r->a = ((a << 24) | (a >> 40)) ^ b ^ (b << 16);
    r->b = (b << 37) | (b >> 27);
    return out;
}

static inline uint32_t synth_below(hr_synth_rng *r, uint32_t n)
{
    return (uint32_t)(((synth_rnd(r) >> 32) * n) >> 32);
}

typedef struct synth_touch {
    int64_t id;
    uint16_t cell[2];
    uint32_t qty[2];
} synth_touch;

typedef struct synth_instrument {
    char name[16];
    char stream[16];
    int64_t tick0;   /* price of cell 0 */
    int32_t best[2]; /* cells */
    int64_t id;      /* last update id */
    int64_t prev_id; /* of the event before: pu */
    int64_t trade_id;
    uint8_t taker_hits; /* side that the last market order consumed */
    uint64_t messages, levels, trades, tickers, snapshots, checks;
    uint32_t n_seen; /* events since the start */
    /* what the reader knows */
    bool is_whole;      /* its book equals the venue's */
    bool is_captured;   /* a snapshot was taken and is not yet sent */
    bool is_gap_open;   /* messages were dropped, none came after them */
    int32_t sync_in;    /* events until a snapshot is taken; -1 none */
    int32_t late_in;    /* events until the taken snapshot is sent */
    uint32_t drop_left; /* events still to be dropped */
    uint32_t n_pending; /* ticker checks that the taken snapshot will admit */
    int64_t drop_first;
    int64_t snapshot_id;
    uint32_t n_snapshot;
    hr_synth_level *snapshot;
    uint32_t qty[2][SYNTH_WINDOW]; /* thousandths */
} synth_instrument;

/* One event of the venue: a depth message, the trades in it, and the touches on the way. */
typedef struct synth_happening {
    uint32_t n, n_trades, n_mid;
    int64_t first, last, prev, ts;
    hr_synth_level change[SYNTH_CHANGES_MAX];
    uint32_t traded[SYNTH_TRADES_MAX]; /* change[i], i < n_trades, is what was left of a level */
    synth_touch mid[SYNTH_MID_TICKERS_MAX];
} synth_happening;

struct hr_synth {
    hr_synth_options opt;
    hr_synth_truth truth;
    hr_synth_rng venue; /* what happens */
    hr_synth_rng feed;  /* what is sent */
    int64_t now_ns;
    uint64_t mean_gap_ns;
    uint64_t excite; /* intensity above the base, 16.16 of the mean */
    uint64_t n_made; /* levels, written or not */
    bool has_header;
    uint32_t drain_at; /* instrument that is being settled at the end */
    uint64_t lines_at_end;
    synth_happening held;     /* waits to be sent late */
    uint64_t n_gaps;          /* begun; truth.gaps are those that ended */
    uint32_t held_by;         /* instrument + 1; 0: none */
    hr_synth_fault *fault[3]; /* gaps, duplicates, disorder */
    uint32_t *zipf;           /* cumulative weights */
    synth_instrument *inst;
    hr_synth_level *snapshots;
    char *p; /* text goes here */
    hr_status status;
};

/* ---- model ---- */
void hr_synth_seed_book(hr_synth *s, synth_instrument *in);
/** Moves the clock to the next arrival. */
void hr_synth_pass_time(hr_synth *s);
/** One event. A snapshot that is due is taken on the way. */
void hr_synth_happen(hr_synth *s, synth_instrument *in, synth_happening *h);

void hr_synth_take_snapshot(synth_instrument *in, int64_t id);

/* ---- feed ---- */
/** One event of this instrument, sent as the faults have it. */
void hr_synth_feed(hr_synth *s, synth_instrument *in);
/** False while something of this instrument is under way. */
bool hr_synth_is_settled(const hr_synth *s, const synth_instrument *in);

/* ---- text ---- */
void hr_synth_put_json(hr_synth *s, const hr_synth_event *ev);
void hr_synth_put_csv(hr_synth *s, const hr_synth_event *ev);
void hr_synth_put_bad(hr_synth *s);
void hr_synth_put_header(hr_synth *s);
static inline bool synth_is_csv(const hr_synth *s)
{
    return s->opt.format == HR_SYNTH_TARDIS || s->opt.format == HR_SYNTH_TARDIS_TRADES;
}
/* Formats without update ids hold their snapshots in the stream, where the book begins. */
static inline bool synth_is_inline(const hr_synth *s)
{
    return synth_is_csv(s) || s->opt.format == HR_SYNTH_EVENTS;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "venue/synth.h"

#include <stdio.h>
#include <string.h>

#include "mem/mem.h"

#define WINDOW 4096 /* ticks of one book; the touch starts in the middle */
#define SNAPSHOT_DEPTH 1000u
#define START_NS INT64_C(1723161600000000000)
#define RECV_LAG_NS INT64_C(1300000)
#define MSG_LEVELS_MAX 64u

typedef struct instrument {
    char name[16];
    char stream[16];
    int64_t tick0;   /* price of cell 0, in hundredths */
    int32_t best[2]; /* cells */
    int64_t id;      /* last update id */
    int64_t prev_id; /* pu of the next message: last id that was sent */
    int64_t trade_id;
    uint32_t n_sent;
    int32_t snapshot_in;     /* messages until a snapshot is sent; -1 none */
    uint32_t qty[2][WINDOW]; /* thousandths */
} instrument;

struct hr_synth {
    hr_synth_options opt;
    hr_synth_truth truth;
    uint64_t rng[2];
    int64_t now_ns;
    uint32_t excite; /* arrivals cluster: rises with each, decays with time */
    uint64_t next_gap, next_duplicate, next_bad; /* at this many levels */
    bool has_header;
    uint32_t *zipf; /* cumulative weights */
    instrument *inst;
};

/* xoroshiro128+ (Blackman and Vigna 2018). */
static uint64_t rnd(hr_synth *s)
{
    uint64_t a = s->rng[0];
    uint64_t b = s->rng[1];
    uint64_t r = a + b;
    b ^= a;
    s->rng[0] = ((a << 24) | (a >> 40)) ^ b ^ (b << 16);
    s->rng[1] = (b << 37) | (b >> 27);
    return r;
}

static uint32_t below(hr_synth *s, uint32_t n)
{
    return (uint32_t)(((rnd(s) >> 32) * n) >> 32);
}

/* Geometric with mean about `mean`: how many times a coin of 1 / (mean + 1) fails. */
static uint32_t geometric(hr_synth *s, uint32_t mean, uint32_t cap)
{
    uint32_t n = 0;
    while (n < cap && below(s, mean + 1) != 0)
        n++;
    return n;
}

/* Heavy tail: a uniform number of low bits, Pareto-like with exponent 1. */
static uint32_t heavy(hr_synth *s)
{
    uint32_t bits = 3 + geometric(s, 4, 17);
    return 1 + (uint32_t)(rnd(s) & ((UINT64_C(1) << bits) - 1));
}

/* ---- text ---- */

static char *put_u64(char *p, uint64_t v)
{
    char digits[20];
    int n = 0;
    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    while (n > 0)
        *p++ = digits[--n];
    return p;
}

static char *put_text(char *p, const char *s)
{
    size_t n = strlen(s);
    memcpy(p, s, n);
    return p + n;
}

/* v / 10^decimals with all decimals written, as the venue does. */
static char *put_fixed(char *p, uint64_t v, unsigned decimals)
{
    uint64_t unit = 1;
    for (unsigned i = 0; i < decimals; i++)
        unit *= 10;
    p = put_u64(p, v / unit);
    *p++ = '.';
    v %= unit;
    for (unit /= 10; unit > 0; unit /= 10)
        *p++ = (char)('0' + v / unit % 10);
    return p;
}

static char *put_price(char *p, const instrument *in, int32_t cell)
{
    return put_fixed(p, (uint64_t)(in->tick0 + cell), 2);
}

static int64_t event_ms(const hr_synth *s)
{
    return s->now_ns / 1000000;
}

/* ---- the model ---- */

static void seed_book(hr_synth *s, instrument *in)
{
    int32_t mid = WINDOW / 2;
    for (int32_t i = 0; i < (int32_t)SNAPSHOT_DEPTH + 200; i++) {
        if (below(s, 5) != 0) in->qty[0][mid - 1 - i] = heavy(s);
        if (below(s, 5) != 0) in->qty[1][mid + 1 + i] = heavy(s);
    }
    in->qty[0][mid - 1] = heavy(s);
    in->qty[1][mid + 1] = heavy(s);
    in->best[0] = mid - 1;
    in->best[1] = mid + 1;
}

static void settle_best(instrument *in)
{
    while (in->best[0] > 0 && in->qty[0][in->best[0]] == 0)
        in->best[0]--;
    while (in->best[1] < WINDOW - 1 && in->qty[1][in->best[1]] == 0)
        in->best[1]++;
}

typedef struct change {
    int32_t cell;
    uint32_t qty;
    uint8_t side;
} change;

/* One level update near the touch, sometimes inside the spread, sometimes far; keeps the book
 * uncrossed and both sides filled. */
static change make_change(hr_synth *s, instrument *in)
{
    uint8_t side = (uint8_t)(rnd(s) & 1);
    int32_t sign = side == 0 ? -1 : 1;
    int32_t distance = (int32_t)geometric(s, below(s, 8) == 0 ? 200 : 12, 900);
    int32_t room = in->best[1] - in->best[0] - 1;
    int32_t cell = in->best[side] + sign * distance;
    if (room > 0 && below(s, 6) == 0)
        cell = in->best[side] - sign * (int32_t)(1 + below(s, (uint32_t)HR_MIN(room, 2)));
    if (side == 0 && cell >= in->best[1]) cell = in->best[1] - 1;
    if (side == 1 && cell <= in->best[0]) cell = in->best[0] + 1;
    if (cell < 8) cell = 8;
    if (cell > WINDOW - 9) cell = WINDOW - 9;
    bool removes = in->qty[side][cell] != 0 && below(s, 3) == 0;
    uint32_t qty = removes ? 0 : heavy(s);
    bool is_edge = side == 0 ? in->best[0] < WINDOW / 4 : in->best[1] > WINDOW / 4 * 3;
    if (qty == 0 && cell == in->best[side] && is_edge)
        qty = 1; /* the walk turns back at its walls */
    in->qty[side][cell] = qty;
    if (qty != 0 && (side == 0 ? cell > in->best[0] : cell < in->best[1])) in->best[side] = cell;
    settle_best(in);
    return (change){.cell = cell, .qty = qty, .side = side};
}

static char *put_head(const hr_synth *s, char *p, const instrument *in, const char *channel)
{
    if (s->opt.format == HR_SYNTH_CAPTURE) {
        p = put_u64(p, (uint64_t)(s->now_ns + RECV_LAG_NS));
        p = put_text(p, " {\"stream\":\"");
    } else if (s->opt.format == HR_SYNTH_CAPTURE_JSON) {
        p = put_text(p, "{\"capture_ns\":");
        p = put_u64(p, (uint64_t)(s->now_ns + RECV_LAG_NS));
        p = put_text(p, ",\"stream\":\"");
    } else {
        return p;
    }
    p = put_text(p, in->stream);
    p = put_text(p, channel);
    return put_text(p, "\",\"data\":");
}

static char *put_tail(hr_synth *s, char *p)
{
    if (s->opt.format != HR_SYNTH_NDJSON) *p++ = '}';
    *p++ = '\n';
    s->truth.lines++;
    return p;
}

static char *put_key(char *p, const char *key, uint64_t v)
{
    return put_u64(put_text(p, key), v);
}

static char *put_side(char *p, const instrument *in, const change *c, uint32_t n, uint8_t side)
{
    bool is_first = true;
    *p++ = '[';
    for (uint32_t i = 0; i < n; i++) {
        if (c[i].side != side) continue;
        if (!is_first) *p++ = ',';
        is_first = false;
        p = put_text(p, "[\"");
        p = put_price(p, in, c[i].cell);
        p = put_text(p, "\",\"");
        p = put_fixed(p, c[i].qty, 3);
        p = put_text(p, "\"]");
    }
    *p++ = ']';
    return p;
}

static char *put_symbol(char *p, const instrument *in)
{
    p = put_text(p, ",\"s\":\"");
    p = put_text(p, in->name);
    *p++ = '"';
    return p;
}

static char *put_tardis_row(hr_synth *s, char *p, const instrument *in, bool is_snapshot,
                            uint8_t side, int32_t cell, uint32_t qty)
{
    p = put_text(p, s->opt.futures ? "binance-futures," : "binance,");
    p = put_text(p, in->name);
    *p++ = ',';
    p = put_u64(p, (uint64_t)(s->now_ns / 1000));
    *p++ = ',';
    p = put_u64(p, (uint64_t)((s->now_ns + RECV_LAG_NS) / 1000));
    p = put_text(p, is_snapshot ? ",true," : ",false,");
    p = put_text(p, side == 0 ? "bid," : "ask,");
    p = put_price(p, in, cell);
    *p++ = ',';
    p = put_fixed(p, qty, 3);
    *p++ = '\n';
    s->truth.lines++;
    return p;
}

static char *put_depth(hr_synth *s, char *p, const instrument *in, const change *c, uint32_t n,
                       int64_t first)
{
    if (s->opt.format == HR_SYNTH_TARDIS) {
        for (uint32_t i = 0; i < n; i++)
            p = put_tardis_row(s, p, in, false, c[i].side, c[i].cell, c[i].qty);
        return p;
    }
    p = put_head(s, p, in, "@depth@0ms");
    p = put_key(p, "{\"e\":\"depthUpdate\",\"E\":", (uint64_t)event_ms(s));
    if (s->opt.futures) p = put_key(p, ",\"T\":", (uint64_t)event_ms(s));
    p = put_symbol(p, in);
    p = put_key(p, ",\"U\":", (uint64_t)first);
    p = put_key(p, ",\"u\":", (uint64_t)in->id);
    if (s->opt.futures) p = put_key(p, ",\"pu\":", (uint64_t)in->prev_id);
    p = put_text(p, ",\"b\":");
    p = put_side(p, in, c, n, 0);
    p = put_text(p, ",\"a\":");
    p = put_side(p, in, c, n, 1);
    *p++ = '}';
    return put_tail(s, p);
}

static char *put_ticker(hr_synth *s, char *p, const instrument *in)
{
    static const char *const px_key[2] = {",\"b\":\"", "\",\"a\":\""};
    static const char *const qty_key[2] = {"\",\"B\":\"", "\",\"A\":\""};
    p = put_head(s, p, in, "@bookTicker");
    p = put_key(p, "{\"u\":", (uint64_t)in->id);
    p = put_symbol(p, in);
    for (int k = 0; k < 2; k++) {
        p = put_text(p, px_key[k]);
        p = put_price(p, in, in->best[k]);
        p = put_text(p, qty_key[k]);
        p = put_fixed(p, in->qty[k][in->best[k]], 3);
    }
    p = put_text(p, "\"}");
    s->truth.tickers++;
    return put_tail(s, p);
}

static char *put_trade(hr_synth *s, char *p, instrument *in)
{
    uint8_t side = (uint8_t)(rnd(s) & 1);
    p = put_head(s, p, in, "@trade");
    p = put_key(p, "{\"e\":\"trade\",\"E\":", (uint64_t)event_ms(s));
    p = put_symbol(p, in);
    p = put_key(p, ",\"t\":", (uint64_t)++in->trade_id);
    p = put_text(p, ",\"p\":\"");
    p = put_price(p, in, in->best[side]);
    p = put_text(p, "\",\"q\":\"");
    p = put_fixed(p, 1 + below(s, in->qty[side][in->best[side]]), 3);
    p = put_key(p, "\",\"T\":", (uint64_t)event_ms(s));
    p = put_text(p, side == 0 ? ",\"m\":true}" : ",\"m\":false}");
    s->truth.trades++;
    return put_tail(s, p);
}

static char *put_snapshot_side(hr_synth *s, char *p, const instrument *in, uint8_t side)
{
    uint32_t n = 0;
    int32_t step = side == 0 ? -1 : 1;
    for (int32_t cell = in->best[side]; cell > 0 && cell < WINDOW && n < SNAPSHOT_DEPTH;
         cell += step) {
        if (in->qty[side][cell] == 0) continue;
        s->truth.snapshot_levels++;
        if (s->opt.format == HR_SYNTH_TARDIS) {
            p = put_tardis_row(s, p, in, true, side, cell, in->qty[side][cell]);
        } else {
            p = put_text(p, n > 0 ? ",[\"" : "[\"");
            p = put_price(p, in, cell);
            p = put_text(p, "\",\"");
            p = put_fixed(p, in->qty[side][cell], 3);
            p = put_text(p, "\"]");
        }
        n++;
    }
    return p;
}

static char *put_snapshot(hr_synth *s, char *p, const instrument *in)
{
    s->truth.snapshots++;
    if (s->opt.format == HR_SYNTH_TARDIS) {
        p = put_snapshot_side(s, p, in, 0);
        return put_snapshot_side(s, p, in, 1);
    }
    if (s->opt.format == HR_SYNTH_CAPTURE) {
        p = put_u64(p, (uint64_t)(s->now_ns + RECV_LAG_NS));
        *p++ = ' ';
    } else if (s->opt.format == HR_SYNTH_CAPTURE_JSON) {
        p = put_key(p, "{\"capture_ns\":", (uint64_t)(s->now_ns + RECV_LAG_NS));
        p = put_text(p, ",\"data\":");
    }
    p = put_key(p, "{\"lastUpdateId\":", (uint64_t)in->id);
    p = put_key(p, ",\"E\":", (uint64_t)event_ms(s));
    p = put_text(p, ",\"symbol\":\"");
    p = put_text(p, in->name);
    p = put_text(p, "\",\"bids\":[");
    p = put_snapshot_side(s, p, in, 0);
    p = put_text(p, "],\"asks\":[");
    p = put_snapshot_side(s, p, in, 1);
    p = put_text(p, "]}");
    if (s->opt.format == HR_SYNTH_CAPTURE_JSON) *p++ = '}';
    *p++ = '\n';
    s->truth.lines++;
    return p;
}

static char *put_bad(hr_synth *s, char *p)
{
    static const char price[] = "{\"e\":\"depthUpdate\",\"E\":1,\"s\":\"BAD\",\"U\":1,\"u\":2,"
                                "\"b\":[[\"--1\",\"1\"]],\"a\":[]}";
    static const char range[] =
        "{\"e\":\"trade\",\"s\":\"BAD\",\"t\":1,\"p\":\"1e400\",\"q\":\"1\",\"m\":true}";
    static const char minus[] =
        "{\"u\":1,\"s\":\"BAD\",\"b\":\"-1\",\"B\":\"1\",\"a\":\"2\",\"A\":\"1\"}";
    static const char *const bad[] = {price, range, minus, "{\"e\":\"depthUpdate\",\"s\":\"BAD\"",
                                      "[1,2"};
    if (s->opt.format == HR_SYNTH_CAPTURE) {
        p = put_u64(p, (uint64_t)(s->now_ns + RECV_LAG_NS));
        *p++ = ' ';
    }
    p = put_text(p, bad[below(s, HR_ARRAY_LEN(bad))]);
    *p++ = '\n';
    s->truth.bad++;
    s->truth.lines++;
    return p;
}

static instrument *choose(hr_synth *s)
{
    uint32_t n = s->opt.n_instruments;
    uint32_t x = below(s, s->zipf[n - 1]);
    uint32_t low = 0;
    while (n > 1) {
        uint32_t half = n / 2;
        if (s->zipf[low + half - 1] <= x) {
            low += half;
            n -= half;
        } else {
            n = half;
        }
    }
    return &s->inst[low];
}

/* Mean gap 1 / rate; a burst shortens the gaps that follow it. */
static void pass_time(hr_synth *s)
{
    uint64_t mean = UINT64_C(1000000000) / s->opt.rate;
    uint64_t gap = (mean * 2 * (1 + below(s, 1000))) / 1000;
    if (s->excite > 0) {
        gap /= 8;
        s->excite--;
    } else if (below(s, 40) == 0) {
        s->excite = geometric(s, 60, 500);
        gap *= 4;
    }
    s->now_ns += (int64_t)gap + 1;
}

/* True when fault number `made` of n is due. */
static bool is_due(const hr_synth *s, uint64_t made, uint32_t n)
{
    if (made >= n || s->opt.format == HR_SYNTH_TARDIS) return false;
    return s->truth.levels >=
           s->opt.n_levels / 8 + (s->opt.n_levels * 3 / 4) * (made + 1) / (n + 1);
}

static char *step_depth(hr_synth *s, char *p, instrument *in)
{
    change c[MSG_LEVELS_MAX];
    uint32_t n = 1 + geometric(s, 11, MSG_LEVELS_MAX - 1);
    for (uint32_t i = 0; i < n; i++)
        c[i] = make_change(s, in);
    int64_t first = in->id + 1 + (s->opt.futures ? (int64_t)below(s, 20) : 0);
    in->id = first + (int64_t)n - 1;
    bool ticks = s->opt.has_tickers && s->opt.format != HR_SYNTH_TARDIS;
    bool early = ticks && below(s, 6) == 0;
    /* Only a book that was synced can lose its sequence: the gap must be seen. */
    bool drops = in->n_sent > 8 && in->snapshot_in < 0 && is_due(s, s->truth.gaps, s->opt.n_gaps);
    if (early) p = put_ticker(s, p, in);
    if (drops) {
        s->truth.gaps++;
        in->snapshot_in = s->opt.has_snapshots ? 20 : -1;
    } else {
        char *begin = p;
        p = put_depth(s, p, in, c, n, first);
        s->truth.messages++;
        s->truth.levels += n;
        if (is_due(s, s->truth.duplicates, s->opt.n_duplicates)) {
            size_t len = (size_t)(p - begin);
            memcpy(p, begin, len);
            p += len;
            s->truth.lines++;
            s->truth.messages++;
            s->truth.levels += n;
            s->truth.duplicates++;
        }
    }
    in->prev_id = in->id; /* of a dropped message too: that is how the gap shows */
    in->n_sent++;
    if (ticks && !early && below(s, 3) == 0) p = put_ticker(s, p, in);
    return p;
}

static size_t step(hr_synth *s, char *out)
{
    char *p = out;
    if (!s->has_header && s->opt.format == HR_SYNTH_TARDIS) {
        p = put_text(p,
                     "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n");
        s->truth.lines++;
    }
    s->has_header = true;
    instrument *in = choose(s);
    pass_time(s);
    if (s->opt.format == HR_SYNTH_TARDIS && in->n_sent == 0 && s->opt.has_snapshots) {
        p = put_snapshot(s, p, in);
        in->snapshot_in = -1;
        pass_time(s);
    }
    p = step_depth(s, p, in);
    if (s->opt.has_trades && s->opt.format != HR_SYNTH_TARDIS && below(s, 5) == 0)
        p = put_trade(s, p, in);
    if (in->snapshot_in == 0 && s->opt.has_snapshots) p = put_snapshot(s, p, in);
    if (in->snapshot_in >= 0) in->snapshot_in--;
    if (is_due(s, s->truth.bad, s->opt.n_bad)) p = put_bad(s, p);
    return (size_t)(p - out);
}

size_t hr_synth_next(hr_synth *s, char *out)
{
    size_t n = 0;
    while (n == 0 && s->truth.levels <
                         s->opt.n_levels) /* a step whose message is dropped may write nothing */
        n = step(s, out);
    return n;
}

/* ---- lifecycle ---- */

static void name_instrument(instrument *in, uint32_t i)
{
    static const char *const known[] = {"BTC", "ETH", "SOL", "XRP", "BNB", "ADA", "DOGE", "LTC"};
    if (i < HR_ARRAY_LEN(known))
        snprintf(in->name, sizeof in->name, "%sUSDT", known[i]);
    else
        snprintf(in->name, sizeof in->name, "C%03uUSDT", i % 10000);
    for (size_t k = 0; k < sizeof in->name; k++)
        in->stream[k] =
            in->name[k] >= 'A' && in->name[k] <= 'Z' ? (char)(in->name[k] + 32) : in->name[k];
}

hr_status hr_synth_create(hr_synth **out, const hr_synth_options *opt, hr_err *err)
{
    *out = NULL;
    if (opt->n_instruments == 0 || opt->n_instruments > HR_SYNTH_INSTRUMENTS_MAX)
        return HR_FAIL(err, HR_EUSAGE, "1 to %d instruments can be made", HR_SYNTH_INSTRUMENTS_MAX);
    if (opt->rate == 0 || opt->rate > 100000000)
        return HR_FAIL(err, HR_EUSAGE, "rate is 1 to 100,000,000 a second");
    hr_synth *s = hr_heap_zero(1, sizeof *s);
    if (s != NULL) s->inst = hr_heap_zero(opt->n_instruments, sizeof *s->inst);
    if (s != NULL) s->zipf = hr_heap_zero(opt->n_instruments, sizeof *s->zipf);
    if (s == NULL || s->inst == NULL || s->zipf == NULL) {
        hr_synth_destroy(&s);
        return HR_FAIL(err, HR_ENOMEM, "no memory for %u instruments", opt->n_instruments);
    }
    s->opt = *opt;
    s->rng[0] = opt->seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    s->rng[1] = opt->seed ^ UINT64_C(0xd1342543de82ef95);
    for (int i = 0; i < 16; i++)
        (void)rnd(s);
    s->now_ns = START_NS;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < opt->n_instruments; i++) {
        instrument *in = &s->inst[i];
        name_instrument(in, i);
        in->tick0 = (int64_t)(100000 + below(s, 6000000));
        in->id = in->prev_id = 1000000 + (int64_t)below(s, 1000000000);
        in->snapshot_in = 3 + (int32_t)below(s, 4);
        seed_book(s, in);
        sum += 1 + 1000000 / (i + 2); /* Zipf with exponent 1 */
        s->zipf[i] = sum;
    }
    *out = s;
    return HR_OK;
}

void hr_synth_destroy(hr_synth **ps)
{
    hr_synth *s = *ps;
    *ps = NULL;
    if (s == NULL) return;
    hr_heap_free(s->inst);
    hr_heap_free(s->zipf);
    hr_heap_free(s);
}

void hr_synth_truth_get(const hr_synth *s, hr_synth_truth *out)
{
    *out = s->truth;
}

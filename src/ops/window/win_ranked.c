/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/window/win_ranked.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "ops/window/win_order.h"

/* ---- sorting ---- */

/* Whole numbers in the order of values. */
HR_INLINE uint64_t bits_of(double v)
{
    uint64_t b;
    memcpy(&b, &v, sizeof b);
    return b ^ (-(b >> 63) | UINT64_C(1) << 63);
}

/* Of rows between two values: the topmost bits in which they differ are two digits. */
typedef struct digits {
    uint64_t least;
    uint32_t shift, bits; /* of a digit */
} digits;

HR_INLINE uint32_t key_of(const digits *d, double v)
{
    return (uint32_t)((bits_of(v) - d->least) >> d->shift);
}

/* As many numbers as there are rows, about: all of them are gone over. */
static digits digits_of(double least, double most, uint32_t n_rows)
{
    digits d = {.least = bits_of(least)};
    d.bits = 31 - (uint32_t)__builtin_clz(n_rows | 256);
    d.bits = HR_MIN(d.bits, HR_RANKED_DIGIT);
    uint64_t range = bits_of(most) - d.least;
    uint32_t range_bits = 64 - (uint32_t)__builtin_clzll(range | 1);
    d.shift = range_bits > 2 * d.bits ? range_bits - 2 * d.bits : 0;
    return d;
}

typedef struct ends {
    double least, most;
} ends;

static ends ends_of(const double *v, uint32_t n)
{
    ends e = {.least = v[0], .most = v[0]};
    uint32_t i = 0;
#if defined(__SSE2__)
    __m128d least[2] = {_mm_set1_pd(v[0]), _mm_set1_pd(v[0])};
    __m128d most[2] = {least[0], least[0]};
    for (; i + 4 <= n; i += 4) {
        for (uint32_t k = 0; k < 2; k++) {
            __m128d x = _mm_loadu_pd(v + i + 2 * k);
            least[k] = _mm_min_pd(least[k], x);
            most[k] = _mm_max_pd(most[k], x);
        }
    }
    least[0] = _mm_min_pd(least[0], least[1]);
    most[0] = _mm_max_pd(most[0], most[1]);
    e.least = HR_MIN(least[0][0], least[0][1]);
    e.most = HR_MAX(most[0][0], most[0][1]);
#endif
    for (; i < n; i++) {
        e.least = HR_MIN(e.least, v[i]);
        e.most = HR_MAX(e.most, v[i]);
    }
    return e;
}

typedef uint16_t lanes HR_VECTOR(16);

/* Counts become the places that begin there, eight at a time; n: a multiple of 8. */
static void places_of(uint16_t *count, uint32_t n, uint32_t from)
{
    const lanes none = {0};
    lanes begin = (uint16_t)from - none;
    for (uint32_t i = 0; i < n; i += 8) {
        lanes *at = (lanes *)(void *)(count + i);
        const lanes of = *at;
        lanes upto = of + __builtin_shufflevector(none, of, 0, 8, 9, 10, 11, 12, 13, 14);
        upto += __builtin_shufflevector(none, upto, 0, 1, 8, 9, 10, 11, 12, 13);
        upto += __builtin_shufflevector(none, upto, 0, 1, 2, 3, 8, 9, 10, 11);
        *at = begin + upto - of;
        begin += __builtin_shufflevector(upto, upto, 7, 7, 7, 7, 7, 7, 7, 7);
    }
}

/* The rows at some places by their keys, those of one key as they came. is_all: the places are all,
 * and the rows on them not told yet. */
HR_INLINE void by_keys(hr_ranked *s, const digits *d, hr_ranked_part in, bool is_all)
{
    const uint32_t bits = d->bits;
    const uint32_t mask = (1u << bits) - 1;
    memset(s->count[0], 0, (mask + 1) * sizeof s->count[0][0]);
    memset(s->count[1], 0, (mask + 1) * sizeof s->count[1][0]);
    for (uint32_t i = in.from; i < in.to; i++) {
        s->count[0][s->key[i] & mask]++;
        s->count[1][s->key[i] >> bits]++;
    }
    places_of(s->count[0], mask + 1, in.from);
    places_of(s->count[1], mask + 1, in.from);
    for (uint32_t i = in.from; i < in.to; i++) {
        const uint32_t key = s->key[i];
        const uint32_t row = is_all ? i : s->id[i];
        s->half[s->count[0][key & mask]++] = key >> bits << 16 | row;
    }
    for (uint32_t i = in.from; i < in.to; i++) {
        const uint32_t it = s->half[i];
        s->id[s->count[1][it >> 16]++] = (uint16_t)it;
    }
}

static digits sort_all(hr_ranked *s, hr_ranked_part all)
{
    const ends e = ends_of(s->v, all.to);
    const digits d = digits_of(e.least, e.most, all.to);
    for (uint32_t i = 0; i < all.to; i++)
        s->key[i] = key_of(&d, s->v[i]);
    by_keys(s, &d, all, true);
    return d;
}

/* The rows at some places, which had one key. */
static digits sort_run(hr_ranked *s, hr_ranked_part run)
{
    ends e = {.least = s->v[s->id[run.from]], .most = s->v[s->id[run.from]]};
    for (uint32_t i = run.from; i < run.to; i++) {
        double x = s->v[s->id[i]];
        e.least = HR_MIN(e.least, x);
        e.most = HR_MAX(e.most, x);
    }
    const digits d = digits_of(e.least, e.most, (uint32_t)run.to - run.from);
    for (uint32_t i = run.from; i < run.to; i++)
        s->key[i] = key_of(&d, s->v[s->id[i]]);
    by_keys(s, &d, run, false);
    return d;
}

/* Where the row at a place belongs, from the first of the run on; false: not near. */
HR_INLINE bool steps_back(uint32_t *to, const hr_ranked *s, uint32_t from, uint32_t at, double x)
{
    uint32_t end = at - from > HR_RANKED_NEAR ? at - HR_RANKED_NEAR : from;
    uint32_t j = at - 1; /* which is above x */
    while (j > end && s->v[s->id[j - 1]] > x)
        j--;
    *to = j;
    return j == from || !(s->v[s->id[j - 1]] > x);
}

/* The rows that have the key of the one at a place. */
static HR_COLD HR_NOINLINE hr_ranked_part run_about(const hr_ranked *s, const digits *d,
                                                    hr_ranked_part in, uint32_t at)
{
    const uint32_t key = key_of(d, s->v[s->id[at]]);
    uint32_t from = at;
    uint32_t to = at + 1;
    while (from > in.from && key_of(d, s->v[s->id[from - 1]]) == key)
        from--;
    while (to < in.to && key_of(d, s->v[s->id[to]]) == key)
        to++;
    return (hr_ranked_part){.from = (uint16_t)from, .to = (uint16_t)to};
}

/* Rows of one key are put in order where they are near their places; else they are sorted by what
 * is below that key. How many such runs there are now. */
static uint32_t mend(hr_ranked *s, const digits *d, hr_ranked_part in, uint32_t n_runs)
{
    double last = -(double)INFINITY;
    for (uint32_t i = in.from; i < in.to; i++) {
        double x = s->v[s->id[i]];
        if (HR_LIKELY(x >= last)) {
            last = x;
            continue;
        }
        uint32_t to;
        if (HR_UNLIKELY(!steps_back(&to, s, in.from, i, x))) {
            hr_ranked_part run = run_about(s, d, in, i);
            s->run[n_runs++] = run;
            i = run.to - 1u;
            last = -(double)INFINITY;
            continue;
        }
        uint16_t it = s->id[i];
        for (uint32_t j = i; j > to; j--)
            s->id[j] = s->id[j - 1];
        s->id[to] = it;
    }
    return n_runs;
}

/* A digit has 8 bits at least, so no row is sorted more than four times. */
static void sort(hr_ranked *s, uint32_t n)
{
    hr_ranked_part all = {.from = 0, .to = (uint16_t)n};
    digits d = sort_all(s, all);
    uint32_t n_runs = mend(s, &d, all, 0);
    while (HR_UNLIKELY(n_runs > 0)) {
        hr_ranked_part run = s->run[--n_runs];
        d = sort_run(s, run);
        n_runs = mend(s, &d, run, n_runs);
    }
}

/* -0 as 0: what comes from a file may have it, and its bits are not in the order of values. */
static void rows_copy(double *to, const double *from, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        to[i] = from[i] + 0.0;
}

/* ---- the window ---- */

HR_INLINE void bit_set(hr_ranked *s, uint32_t at)
{
    s->bits[at / 64] |= UINT64_C(1) << at % 64;
}

HR_INLINE void bit_clear(hr_ranked *s, uint32_t at)
{
    s->bits[at / 64] &= ~(UINT64_C(1) << at % 64);
}

/* The next that is set above one; there is one. */
HR_INLINE uint32_t bit_above(const hr_ranked *s, uint32_t at)
{
    at++;
    uint32_t i = at / 64;
    uint64_t word = s->bits[i] & UINT64_MAX << at % 64;
    while (word == 0)
        word = s->bits[++i];
    return i * 64 + (uint32_t)__builtin_ctzll(word);
}

HR_INLINE uint32_t bit_below(const hr_ranked *s, uint32_t at)
{
    uint32_t i = at / 64;
    uint64_t word = s->bits[i] & ((UINT64_C(1) << at % 64) - 1);
    while (word == 0)
        word = s->bits[--i];
    return i * 64 + 63 - (uint32_t)__builtin_clzll(word);
}

/* The k-th that is set, from 0. */
static uint32_t bit_of(const hr_ranked *s, uint32_t k)
{
    uint32_t i = 0;
    for (;; i++) {
        uint32_t n = (uint32_t)__builtin_popcountll(s->bits[i]);
        if (k < n) break;
        k -= n;
    }
    uint64_t word = s->bits[i];
    for (; k > 0; k--)
        word &= word - 1;
    return i * 64 + (uint32_t)__builtin_ctzll(word);
}

HR_INLINE double value_at(const hr_ranked *s, uint32_t low, uint32_t high, double part)
{
    double v = hr_order_between(s->v[s->id[low]], s->v[s->id[high]], part);
    return hr_win_or_null(v);
}

/* Rows [0, n) are the first full window; each row behind them comes as the oldest leaves. out: of
 * the rows from `before` on. */
static void quantiles(hr_ranked *s, uint32_t n, uint32_t before, uint32_t n_all, double q,
                      double *out)
{
    const double place = q * (double)(n - 1);
    const uint32_t k = (uint32_t)place;
    const double part = k + 1 < n ? place - (double)k : 0;
    const bool is_between = part > 0;
    uint32_t low = bit_of(s, k);
    uint32_t high = is_between ? bit_above(s, low) : low;
    double v = value_at(s, low, high, part);
    if (before < n) out[n - 1 - before] = v;
    for (uint32_t i = n; i < n_all; i++) {
        uint32_t to = s->rank[i];
        uint32_t from = s->rank[i - n];
        bit_set(s, to);
        bit_clear(s, from);
        if (((to < low) & (from < low)) | ((to > high) & (from > high))) {
            out[i - before] = v;
            continue;
        }
        if ((to > low) & (from <= low)) {
            low = bit_above(s, low);
        } else if ((to < low) & (from >= low)) {
            low = bit_below(s, low);
        }
        high = is_between ? bit_above(s, low) : low;
        v = value_at(s, low, high, part);
        out[i - before] = v;
    }
}

/* Where the equals of each row begin and end. */
static void equals_find(hr_ranked *s, uint32_t n)
{
    double last = (double)INFINITY;
    uint32_t first = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t row = s->id[i];
        first = i - ((i - first) & -(uint32_t)(s->v[row] == last)); /* no branch to guess */
        last = s->v[row];
        s->first[row] = (uint16_t)first;
        s->behind[first] = (uint16_t)(i + 1);
    }
}

/* Bits of four words are counted together: of those before a place. */
static void blocks_count(hr_ranked *s, uint32_t n_rows)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i <= n_rows / 256; i++) {
        s->before[i] = (uint16_t)n;
        for (uint32_t k = 0; k < 4; k++)
            n += (uint32_t)__builtin_popcountll(s->bits[4 * i + k]);
    }
}

HR_INLINE uint32_t bits_before(const hr_ranked *s, uint32_t at)
{
    const uint64_t *word = s->bits + at / 256 * 4;
    const uint32_t last = at / 64 % 4;
    uint32_t n = s->before[at / 256];
    for (uint32_t k = 0; k < 3; k++)
        n += k < last ? (uint32_t)__builtin_popcountll(word[k]) : 0;
    return n + (uint32_t)__builtin_popcountll(word[last] & ((UINT64_C(1) << at % 64) - 1));
}

#define NO_PLACE 0xffff00u /* behind all */

/* A bit comes, another goes. */
HR_INLINE void blocks_note(hr_ranked *s, uint32_t to, uint32_t from, uint32_t n_blocks)
{
    const lanes a = (uint16_t)(to / 256) - (lanes){0};
    const lanes b = (uint16_t)(from / 256) - (lanes){0};
    lanes number = {0, 1, 2, 3, 4, 5, 6, 7};
    for (uint32_t i = 0; i < n_blocks; i += 8) {
        lanes *at = (lanes *)(void *)(s->before + i);
        *at += (lanes)((number > b) - (number > a)); /* true is -1 */
        number += 8;
    }
}

/* As quantiles: twice how many of the other rows are below the one that comes, its equals once. */
static void ranks(hr_ranked *s, uint32_t n, uint32_t before, uint32_t n_all, double *out)
{
    equals_find(s, n_all);
    blocks_count(s, n_all);
    const uint32_t n_blocks = n_all / 256 + 1;
    const double others = (double)(2 * (n - 1));
    for (uint32_t i = before < n ? n - 1 : n; i < n_all; i++) {
        if (i >= n) {
            uint32_t to = s->rank[i];
            uint32_t from = s->rank[i - n];
            bit_set(s, to);
            bit_clear(s, from);
            blocks_note(s, to, from, n_blocks);
        }
        uint32_t first = s->first[i];
        uint32_t behind = s->behind[first];
        uint32_t twice = 2 * bits_before(s, first);
        twice += behind - first == 1 ? 0 : bits_before(s, behind) - twice / 2 - 1;
        out[i - before] = (double)twice / others;
    }
}

/* ---- calls ---- */

/* Rows of a ring, the oldest first. */
static uint32_t rows_before(hr_ranked *s, const hr_win *w, const double *ring)
{
    if (w->end < w->n) {
        rows_copy(s->v, ring, (uint32_t)w->end);
        return (uint32_t)w->end;
    }
    uint32_t n = w->n - w->at;
    rows_copy(s->v, ring + w->at, n);
    rows_copy(s->v + n, ring, w->at);
    return w->n;
}

/* Those that have a value. */
static uint32_t rows_with_value(double *to, const double *in, uint32_t n)
{
    uint32_t n_null = 0;
    for (uint32_t i = 0; i < n; i++) {
        to[i] = in[i] + 0.0;
        n_null += hr_win_is_null(in[i]);
    }
    if (HR_LIKELY(n_null == 0)) return n;
    uint32_t k = 0;
    for (uint32_t i = 0; i < n; i++) {
        to[k] = in[i] + 0.0;
        k += !hr_win_is_null(in[i]);
    }
    return k;
}

static void rows_keep(hr_win *w, double *ring, const double *v, uint32_t n)
{
    uint32_t kept = HR_MIN(n, w->n);
    uint32_t at = (w->at + (n - kept)) % w->n;
    uint32_t first = HR_MIN(kept, w->n - at);
    v += n - kept;
    memcpy(ring + at, v, first * sizeof *v);
    memcpy(ring, v + first, (kept - first) * sizeof *v);
    w->at = (w->at + n) % w->n;
    w->end += n;
    w->from = w->end > w->n ? w->end - w->n : 0;
}

/* Values of rows with one are the first of out: each goes to its row. */
static void values_spread(double *out, const double *in, uint32_t n, uint32_t n_values)
{
    for (uint32_t i = n; i-- > 0;)
        out[i] = hr_win_is_null(in[i]) ? (double)NAN : out[--n_values];
}

/* There is room for the rows of the window and n more. */
static void piece(hr_ranked *s, hr_win *w, double *ring, const double *in, double *out, uint32_t n,
                  bool is_rank)
{
    const uint32_t before = rows_before(s, w, ring);
    const uint32_t fresh = rows_with_value(s->v + before, in, n);
    const uint32_t all = before + fresh;
    if (fresh == 0) {
        values_spread(out, in, n, 0);
        return;
    }
    s->n = all;
    sort(s, all);
    for (uint32_t i = 0; i < all; i++)
        s->rank[s->id[i]] = (uint16_t)i;
    memset(s->bits, 0, sizeof s->bits);
    const uint32_t full = HR_MIN(all, w->n);
    for (uint32_t i = 0; i < full; i++)
        bit_set(s, s->rank[i]);
    for (uint32_t i = before; i < full; i++)
        out[i - before] = (double)NAN;
    if (all >= w->n && is_rank) {
        ranks(s, w->n, before, all, out);
    } else if (all >= w->n) {
        quantiles(s, w->n, before, all, w->arg, out);
    }
    rows_keep(w, ring, s->v + before, fresh);
    if (fresh < n) values_spread(out, in, n, fresh);
}

bool hr_ranked_run(hr_win *w, double *ring, const hr_op_rows *r, bool is_rank)
{
    uint32_t n_values = 0;
    for (uint32_t i = 0; i < r->n; i++)
        n_values += !hr_win_is_null(r->in[0][i]);
    if (n_values < hr_ranked_least(w->n)) return false;
    const uint32_t n_pieces = (r->n - 1) / (HR_RANKED_ROWS - w->n) + 1;
    const uint32_t most = (r->n - 1) / n_pieces + 1;
    for (uint32_t i = 0; i < r->n; i += most)
        piece(r->room, w, ring, r->in[0] + i, r->out[0] + i, HR_MIN(most, r->n - i), is_rank);
    return true;
}

/* ---- by time ---- */

/* A place whose bit is set, and how many are set before it. */
typedef struct cursor {
    uint32_t at, k;
} cursor;

/* From a place that may be set no more to the k-th of n that are. */
HR_INLINE cursor cursor_go(const hr_ranked *s, cursor c, bool is_set, uint32_t k, uint32_t n)
{
    if (!is_set && c.k < n) {
        c.at = bit_above(s, c.at);
    } else if (!is_set) {
        c.at = bit_below(s, c.at);
        c.k--;
    }
    for (; c.k < k; c.k++)
        c.at = bit_above(s, c.at);
    for (; c.k > k; c.k--)
        c.at = bit_below(s, c.at);
    return c;
}

/* A row comes to place `to`; rows [gone, from) leave. */
HR_INLINE double quantile_move(hr_ranked *s, cursor *c, uint32_t to, uint32_t gone, uint32_t from,
                               uint32_t n, double q)
{
    bool is_set = true;
    bit_set(s, to);
    c->k += to < c->at;
    for (; gone < from; gone++) {
        const uint32_t left = s->rank[gone];
        bit_clear(s, left);
        c->k -= left < c->at;
        is_set &= left != c->at;
    }
    const double place = q * (double)(n - 1);
    const uint32_t k = (uint32_t)place;
    const double part = k + 1 < n ? place - (double)k : 0;
    *c = cursor_go(s, *c, is_set, k, n);
    return value_at(s, c->at, part > 0 ? bit_above(s, c->at) : c->at, part);
}

HR_INLINE double rank_move(hr_ranked *s, uint32_t row, uint32_t gone, uint32_t from, uint32_t n,
                           uint32_t n_blocks)
{
    bit_set(s, s->rank[row]);
    uint32_t left = gone < from ? s->rank[gone] : NO_PLACE;
    if (gone < from) bit_clear(s, left);
    blocks_note(s, s->rank[row], left, n_blocks);
    while (++gone < from) {
        left = s->rank[gone];
        bit_clear(s, left);
        blocks_note(s, NO_PLACE, left, n_blocks);
    }
    if (n == 1) return 0.5;
    const uint32_t first = s->first[row];
    const uint32_t below = bits_before(s, first);
    const uint32_t equal = bits_before(s, s->behind[first]) - below;
    return (double)(2 * below + equal - 1) / (double)(2 * (n - 1));
}

/* Rows [at, at + n) of the call come, which are sorted with those of the window. */
static HR_NOINLINE void rows_come(hr_ranked *s, hr_win *head, double *ring, int64_t *ts,
                                  const hr_op_rows *r, uint32_t at, uint32_t n, bool is_rank)
{
    hr_win w = *head;
    const uint64_t base = w.from;
    const uint64_t mask = w.cap - 1;
    const uint32_t n_blocks = s->n / 256 + 1;
    uint32_t row = (uint32_t)(w.end - base);
    cursor c = {.at = bit_of(s, 0)};
    if (is_rank) {
        equals_find(s, s->n);
        blocks_count(s, s->n);
    }
    for (uint32_t i = at; i < at + n; i++) {
        r->out[0][i] = (double)NAN;
        if (HR_UNLIKELY(hr_win_is_null(r->in[0][i]))) continue;
        const uint32_t gone = (uint32_t)(w.from - base);
        const bool has_value = hr_win_pass(&w, ts, r->ts[i]);
        ring[(w.end - 1) & mask] = s->v[row];
        const uint32_t from = (uint32_t)(w.from - base);
        const uint32_t n_rows = (uint32_t)(w.end - w.from);
        const double v = is_rank ? rank_move(s, row, gone, from, n_rows, n_blocks)
                                 : quantile_move(s, &c, s->rank[row], gone, from, n_rows, w.arg);
        if (HR_LIKELY(has_value)) r->out[0][i] = v;
        row++;
    }
    *head = w;
}

/* There is room for the rows of the window and n more. */
static void times_piece(hr_win *w, double *ring, int64_t *ts, const hr_op_rows *r, uint32_t at,
                        uint32_t n, bool is_rank)
{
    hr_ranked *s = r->room;
    const uint32_t before = (uint32_t)(w->end - w->from);
    for (uint32_t i = 0; i < before; i++)
        s->v[i] = ring[(w->from + i) & (w->cap - 1)] + 0.0;
    s->n = before + rows_with_value(s->v + before, r->in[0] + at, n);
    sort(s, s->n);
    for (uint32_t i = 0; i < s->n; i++)
        s->rank[s->id[i]] = (uint16_t)i;
    memset(s->bits, 0, sizeof s->bits);
    for (uint32_t i = 0; i < before; i++)
        bit_set(s, s->rank[i]);
    rows_come(s, w, ring, ts, r, at, n, is_rank);
}

uint32_t hr_ranked_times(hr_win *w, double *ring, int64_t *ts, const hr_op_rows *r, bool is_rank)
{
    uint32_t n;
    for (uint32_t i = 0; i < r->n; i += n) {
        const uint64_t rows = w->end - w->from;
        n = r->n - i;
        if (rows <= HR_FEW_MOST / 4 || rows > HR_RANKED_WINDOW) return i;
        if (n < hr_ranked_least((uint32_t)rows)) return i;
        n = HR_MIN(n, HR_RANKED_ROWS - (uint32_t)rows);
        times_piece(w, ring, ts, r, i, n, is_rank);
    }
    return r->n;
}

/* ---- of few rows ---- */

void hr_ranked_places(const hr_ranked *s, const hr_win *w, int8_t *place, uint32_t n_bytes)
{
    const uint32_t n = HR_MIN(s->n, w->n);
    const uint32_t oldest = s->n < w->n ? 0 : w->at; /* its slot */
    int32_t k = -(int32_t)n_bytes / 2;
    for (uint32_t i = 0; i < HR_RANKED_ROWS / 64; i++) {
        for (uint64_t word = s->bits[i]; word != 0; word &= word - 1) {
            uint32_t row = s->id[i * 64 + (uint32_t)__builtin_ctzll(word)];
            uint32_t slot = oldest + row - (s->n - n);
            place[slot < w->n ? slot : slot - w->n] = (int8_t)k++;
        }
    }
    for (uint32_t i = n; i < w->n; i++)
        place[i] = (int8_t)k++;
}

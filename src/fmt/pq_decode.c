/* SPDX-License-Identifier: Apache-2.0 */
#include "fmt/pq_decode.h"

#include <math.h>
#include <string.h>

#include "kern/kern.h"

#define BLOCK_VALUES_MAX (1u << 24)
#define MINIBLOCKS_MAX 4096u
#define GROUPS 256u /* values unpacked at a time; a multiple of 32 */

static uint64_t varint(const uint8_t **p, const uint8_t *end, bool *is_bad)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && *p < end; shift += 7) {
        uint8_t b = *(*p)++;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (b < 0x80) return v;
    }
    *is_bad = true;
    return 0;
}

static int64_t unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

/* An integer of up to 4 bytes that lie before end. */
static uint32_t little(const uint8_t *p, const uint8_t *end, size_t n_bytes)
{
    uint64_t v = 0;
    if (end - p < 8)
        memcpy(&v, p, n_bytes);
    else
        memcpy(&v, p, 8);
    return (uint32_t)(v & ((UINT64_C(1) << 8 * n_bytes) - 1));
}

/* width bits (1 to 64) from this bit on; the caller knows that they lie before end. */
static uint64_t bits_at(const uint8_t *p, const uint8_t *end, uint64_t bit, unsigned width)
{
    const uint8_t *at = p + bit / 8;
    unsigned shift = (unsigned)(bit % 8);
    uint64_t v = 0;
    uint64_t high = 0;
    if (end - at >= 8)
        memcpy(&v, at, 8);
    else
        memcpy(&v, at, (size_t)(end - at));
    v >>= shift;
    if (shift + width > 64) {
        high = at[8];
        v |= high << (64 - shift);
    }
    return v & (~UINT64_C(0) >> (64 - width));
}

/* ---- hybrid ---- */

void hr_pq_hybrid_begin(hr_pq_hybrid *h, const uint8_t *p, const uint8_t *end, unsigned width)
{
    *h = (hr_pq_hybrid){.p = p, .end = end, .width = width, .is_bad = width > 32};
}

void hr_pq_hybrid_begin_packed(hr_pq_hybrid *h, const uint8_t *p, const uint8_t *end,
                               unsigned width)
{
    hr_pq_hybrid_begin(h, p, end, width);
    h->packed_left = width == 0 ? 0 : (uint64_t)(end - p) * 8 / width;
}

static void begin_run(hr_pq_hybrid *h)
{
    size_t width_bytes = (h->width + 7) / 8;
    bool is_short = h->p < h->end && *h->p < 0x80; /* as most are */
    uint64_t head = is_short ? *h->p++ : varint(&h->p, h->end, &h->is_bad);
    if (h->is_bad) return;
    if ((head & 1) != 0) {
        h->packed_left = (head >> 1) * 8;
        h->bit = 0;
        h->is_bad = head >> 1 > UINT32_MAX;
        return;
    }
    h->run_left = head >> 1;
    if ((size_t)(h->end - h->p) < width_bytes || h->run_left == 0) {
        h->is_bad = true;
        return;
    }
    h->run_value = little(h->p, h->end, width_bytes);
    h->p += width_bytes;
    if (h->width < 32 && h->run_value >> h->width != 0) h->is_bad = true; /* levels index arrays */
}

/* n <= 32 values, from a byte's edge. Where the stream holds a whole group from there on it is
 * unpacked at once, whatever lies behind the n. */
static void get_few(const hr_pq_hybrid *h, uint64_t bit, uint32_t *out, uint32_t n)
{
    const uint8_t *p = h->p + bit / 8;
    uint32_t group[32] HR_UNINIT;
    if (n == 0) return;
    if ((size_t)(h->end - p) >= 4 * (size_t)h->width) {
        hr_kern_get()->enc.unpack32(group, p, 32, h->width);
        memcpy(out, group, n * sizeof *out);
        return;
    }
    for (uint32_t i = 0; i < n; i++, bit += h->width)
        out[i] = h->width == 0 ? 0 : (uint32_t)bits_at(h->p, h->end, bit, h->width);
}

/* n packed values were taken. */
static void pass_packed(hr_pq_hybrid *h, uint32_t n)
{
    h->bit += (uint64_t)n * h->width;
    h->packed_left -= n;
    if (h->packed_left == 0) h->p += h->bit / 8; /* a run is whole bytes */
}

/* The last group of a run may be cut where its values are not needed. */
static void get_packed(hr_pq_hybrid *h, uint32_t *out, uint32_t n)
{
    const unsigned width = h->width;
    uint64_t bit = h->bit;
    uint32_t i = 0;
    if (bit + (uint64_t)n * width > (uint64_t)(h->end - h->p) * 8) {
        h->is_bad = true;
        return;
    }
    for (; i < n && bit % 8 != 0; i++, bit += width)
        out[i] = (uint32_t)bits_at(h->p, h->end, bit, width);
    uint32_t k = (n - i) & ~31u; /* eight values are whole bytes, whatever their width */
    if (k > 0) hr_kern_get()->enc.unpack32(out + i, h->p + bit / 8, k, width);
    bit += (uint64_t)k * width;
    get_few(h, bit, out + i + k, n - i - k);
    pass_packed(h, n);
}

/* k times the value; room: entries up to the end of the output, k or more. */
HR_INLINE void fill(uint32_t *out, uint32_t room, uint32_t k, uint32_t value)
{
    if (k <= 16 && room >= 16) { /* short runs, without a loop: what is too much is written over */
        const uint32_t four[4] = {value, value, value, value};
        for (unsigned j = 0; j < 4; j++)
            memcpy(out + 4 * j, four, sizeof four);
        return;
    }
    for (uint32_t j = 0; j < k; j++)
        out[j] = value;
}

bool hr_pq_hybrid_get(hr_pq_hybrid *h, uint32_t *out, uint32_t n)
{
    uint32_t i = 0;
    while (i < n && !h->is_bad) {
        if (h->run_left > 0) {
            uint32_t k = (uint32_t)HR_MIN(h->run_left, (uint64_t)(n - i));
            fill(out + i, n - i, k, h->run_value);
            h->run_left -= k;
            i += k;
        } else if (h->packed_left > 0) {
            uint32_t k = (uint32_t)HR_MIN(h->packed_left, (uint64_t)(n - i));
            get_packed(h, out + i, k);
            i += k;
        } else {
            begin_run(h);
        }
    }
    return !h->is_bad;
}

bool hr_pq_hybrid_skip(hr_pq_hybrid *h, uint32_t value, uint32_t n)
{
    if (h->is_bad || h->run_value != value || h->run_left < n) return false;
    h->run_left -= n;
    return true;
}

uint64_t hr_pq_hybrid_ahead(hr_pq_hybrid *h, uint32_t value)
{
    if (!h->is_bad && h->run_left == 0 && h->packed_left == 0) begin_run(h);
    return h->is_bad || h->run_value != value ? 0 : h->run_left;
}

/* ---- indexes as what they stand for ---- */

#define FILL 24u         /* values that a short run is written as at once */
#define AHEAD_BYTES 8u   /* a short run: one byte and up to four, read as eight */
#define LOOK_VALUES 256u /* a multiple of 32 */

HR_INLINE void put_value(char *out, size_t i, int64_t v, const size_t width)
{
    memcpy(out + i * width, &v, width); /* little-endian: the low bytes come first */
}

HR_INLINE void put_many(char *out, uint32_t n, int64_t v, const size_t width)
{
    for (uint32_t i = 0; i < n; i++)
        put_value(out, i, v, width);
}

/* Runs of up to FILL values as long as one follows the other, each written as FILL values: the next
 * writes over what is too much. Returns the values written; it stops before what is not plain, at
 * the end of either side, and before anything bad. */
HR_INLINE uint32_t look_up_runs(hr_pq_hybrid *h, const hr_pq_values *dict, char *out, uint32_t n,
                                const size_t width)
{
    const uint8_t *p = h->p;
    const size_t value_bytes = (h->width + 7) / 8;
    const uint64_t mask = (UINT64_C(1) << 8 * value_bytes) - 1;
    const uint64_t below = HR_MIN((uint64_t)dict->n, UINT64_C(1) << h->width);
    const int64_t *value = dict->value;
    const uint8_t *end = h->end;
    uint32_t done = 0;
    while (n - done >= FILL && (size_t)(end - p) >= AHEAD_BYTES) {
        uint64_t bytes;
        memcpy(&bytes, p, AHEAD_BYTES);
        const uint64_t index = bytes >> 8 & mask;
        const uint32_t k = (uint32_t)(bytes & 0xff) >> 1;
        if ((bytes & 1) != 0 || k - 1 >= FILL || index >= below) break;
        put_many(out + done * width, FILL, value[index], width);
        done += k;
        p += 1 + value_bytes;
    }
    h->p = p;
    return done;
}

/* Bits as bytes, such as sides are: eight at a time. Whole bytes of the packed run, at most n
 * values; 0: there are none, or it is no case for this. */
static uint32_t look_up_bits(hr_pq_hybrid *h, const hr_pq_values *dict, uint8_t *out, uint32_t n)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint8_t *p = h->p + h->bit / 8;
    if (h->width != 1 || h->bit % 8 != 0 || dict->n < 2) return 0;
    const uint64_t n_bytes =
        HR_MIN(HR_MIN(h->packed_left, (uint64_t)n) / 8, (uint64_t)(h->end - p));
    const uint64_t low = ones * (uint8_t)dict->value[0];
    const uint64_t change = (uint8_t)(dict->value[0] ^ dict->value[1]);
    for (uint64_t i = 0; i < n_bytes; i++) {
        uint64_t bit = ones * p[i] & UINT64_C(0x8040201008040201); /* a bit a byte, each its own */
        bit = (bit + 0x7f * ones) >> 7 & ones;
        bit = low ^ bit * change;
        memcpy(out + 8 * i, &bit, 8); /* little-endian: the first value comes first */
    }
    pass_packed(h, (uint32_t)n_bytes * 8);
    return (uint32_t)n_bytes * 8;
}

/* Columns are written once and are seldom in the cache; but where the dictionary does not fit the
 * first cache, its own misses are in the way of these. */
static void ask_ahead(char *out, const hr_pq_values *dict)
{
    if (dict->n > LOOK_VALUES * 8) return;
    for (uint32_t i = 0; i < LOOK_VALUES * sizeof *dict->value; i += 64)
        __builtin_prefetch(out + i, 1);
}

HR_INLINE uint32_t look_up_packed(hr_pq_hybrid *h, const hr_pq_values *dict, char *out, uint32_t n,
                                  const size_t width)
{
    uint32_t index[LOOK_VALUES] HR_UNINIT;
    uint32_t most = 0;
    uint32_t n_bits = width == 1 ? look_up_bits(h, dict, (uint8_t *)out, n) : 0;
    if (n_bits > 0) return n_bits;
    if (width == 8 && n >= 2 * LOOK_VALUES) ask_ahead(out + LOOK_VALUES * width, dict);
    n = (uint32_t)HR_MIN(HR_MIN(h->packed_left, (uint64_t)n), (uint64_t)LOOK_VALUES);
    get_packed(h, index, n);
    if (h->is_bad) return 0;
    for (uint32_t i = 0; i < n; i++)
        most = HR_MAX(most, index[i]);
    if (most >= dict->n) {
        h->is_bad = true;
        return 0;
    }
    const int64_t *value = dict->value;
#pragma GCC unroll 8
    for (uint32_t i = 0; i < n; i++)
        put_value(out, i, value[index[i]], width);
    return n;
}

HR_INLINE bool look_up(hr_pq_hybrid *h, const hr_pq_values *dict, char *out, const size_t width,
                       uint32_t n)
{
    uint32_t i = 0;
    while (i < n && !h->is_bad) {
        if (h->packed_left > 0) {
            i += look_up_packed(h, dict, out + i * width, n - i, width);
        } else if (h->run_left > 0) {
            uint32_t k = (uint32_t)HR_MIN(h->run_left, (uint64_t)(n - i));
            if (h->run_value >= dict->n) {
                h->is_bad = true;
                break;
            }
            put_many(out + i * width, k, dict->value[h->run_value], width);
            h->run_left -= k;
            i += k;
        } else {
            i += look_up_runs(h, dict, out + i * width, n - i, width);
            if (i < n) begin_run(h);
        }
    }
    return !h->is_bad;
}

bool hr_pq_hybrid_look_up(hr_pq_hybrid *h, const hr_pq_values *dict, void *out, size_t width_bytes,
                          uint32_t n)
{
    switch (width_bytes) { /* one copy of the loops a width */
    case 1:
        return look_up(h, dict, out, 1, n);
    case 2:
        return look_up(h, dict, out, 2, n);
    case 4:
        return look_up(h, dict, out, 4, n);
    default:
        return look_up(h, dict, out, 8, n);
    }
}

/* ---- delta ---- */

bool hr_pq_delta_begin(hr_pq_delta *d, const uint8_t *p, const uint8_t *end)
{
    *d = (hr_pq_delta){.p = p, .end = end, .is_first = true};
    uint64_t block_values = varint(&d->p, end, &d->is_bad);
    uint64_t n_minis = varint(&d->p, end, &d->is_bad);
    d->n_values = d->left = varint(&d->p, end, &d->is_bad);
    d->value = unzigzag(varint(&d->p, end, &d->is_bad));
    if (n_minis == 0 || n_minis > MINIBLOCKS_MAX || block_values == 0 ||
        block_values > BLOCK_VALUES_MAX || block_values % n_minis != 0 ||
        block_values / n_minis % 8 != 0) {
        d->is_bad = true;
        return false;
    }
    d->n_minis = (uint32_t)n_minis;
    d->mini_values = block_values / n_minis;
    d->mini = d->n_minis;
    return !d->is_bad;
}

static uint64_t mini_bytes(const hr_pq_delta *d)
{
    return d->mini_values / 8 * d->width;
}

/* The miniblock before ends with its padding; only the last of all may be cut. */
static void begin_mini(hr_pq_delta *d)
{
    if (mini_bytes(d) > (uint64_t)(d->end - d->p)) {
        d->is_bad = true;
        return;
    }
    d->p += mini_bytes(d);
    d->width = 0;
    if (d->mini == d->n_minis) {
        d->min = unzigzag(varint(&d->p, d->end, &d->is_bad));
        if (d->is_bad || (size_t)(d->end - d->p) < d->n_minis) {
            d->is_bad = true;
            return;
        }
        d->widths = d->p;
        d->p += d->n_minis;
        d->mini = 0;
    }
    d->width = d->widths[d->mini++];
    d->mini_left = d->mini_values;
    d->bit = 0;
    if (d->width > 64) d->is_bad = true;
}

static uint32_t add_one(hr_pq_delta *d, int64_t *out)
{
    uint64_t step = d->width > 0 ? bits_at(d->p, d->end, d->bit, d->width) : 0;
    out[0] = d->value = (int64_t)((uint64_t)d->value + (uint64_t)d->min + step);
    return 1;
}

/* Values of one group of 32 of the miniblock; 0: the group is cut. */
static uint32_t add_part(hr_pq_delta *d, int64_t *out, uint32_t n)
{
    const hr_kern_enc *kern = &hr_kern_get()->enc;
    uint64_t step[32] HR_UNINIT;
    uint64_t at = d->mini_values - d->mini_left;
    uint64_t begin = at / 32 * 4 * d->width;
    if (begin + UINT64_C(4) * d->width > (uint64_t)(d->end - d->p)) return 0;
    kern->unpack(step, d->p + begin, 32, d->width);
    d->value = kern->undelta(out, step + at % 32, n, (uint64_t)d->min, d->value);
    return n;
}

/* Whole groups, of n values as many as there are. */
static uint32_t add_groups(hr_pq_delta *d, int64_t *out, uint32_t n)
{
    const hr_kern_enc *kern = &hr_kern_get()->enc;
    uint64_t step[GROUPS] HR_UNINIT;
    uint32_t k = HR_MIN(n & ~31u, GROUPS);
    kern->unpack(step, d->p + d->bit / 8, k, d->width);
    d->value = kern->undelta(out, step, k, (uint64_t)d->min, d->value);
    return k;
}

/* n values of the miniblock, which are there. */
static void add_values(hr_pq_delta *d, int64_t *out, uint32_t n)
{
    const bool has_groups = d->mini_values % 32 == 0;
    for (uint32_t i = 0; i < n;) {
        uint32_t left = (uint32_t)((d->mini_left - 1) % 32) + 1; /* of the group at hand */
        uint32_t k = !has_groups                 ? 0
                     : left == 32 && n - i >= 32 ? add_groups(d, out + i, n - i)
                                                 : add_part(d, out + i, HR_MIN(n - i, left));
        if (k == 0) k = add_one(d, out + i);
        d->bit += (uint64_t)k * d->width;
        d->mini_left -= k;
        d->left -= k;
        i += k;
    }
}

bool hr_pq_delta_get(hr_pq_delta *d, int64_t *out, uint32_t n)
{
    uint32_t i = 0;
    if (n > d->left) d->is_bad = true;
    if (!d->is_bad && d->is_first && n > 0) {
        d->is_first = false;
        d->left--;
        out[i++] = d->value;
    }
    while (i < n && !d->is_bad) {
        if (d->mini_left == 0) begin_mini(d);
        uint32_t k = (uint32_t)HR_MIN(d->mini_left, (uint64_t)(n - i));
        if (d->is_bad || d->bit + (uint64_t)k * d->width > (uint64_t)(d->end - d->p) * 8) {
            d->is_bad = true;
            break;
        }
        add_values(d, out + i, k);
        i += k;
    }
    return !d->is_bad;
}

const uint8_t *hr_pq_delta_end(hr_pq_delta *d)
{
    if (d->is_bad || d->left > 0 || mini_bytes(d) > (uint64_t)(d->end - d->p)) return NULL;
    return d->p + mini_bytes(d);
}

/* ---- values ---- */

size_t hr_pq_value_width(const hr_pq_column *col)
{
    switch (col->phys) {
    case HR_PQ_INT32:
    case HR_PQ_FLOAT:
        return 4;
    case HR_PQ_INT64:
    case HR_PQ_DOUBLE:
        return 8;
    case HR_PQ_INT96:
        return 12;
    case HR_PQ_FIXED:
        return col->type_length;
    case HR_PQ_BOOLEAN:
    case HR_PQ_BYTE_ARRAY:
        break;
    }
    return 0;
}

int64_t hr_pq_decimal_widen(const uint8_t *p, size_t n_bytes)
{
    uint8_t sign = n_bytes > 0 && (p[0] & 0x80) != 0 ? 0xff : 0;
    uint64_t x = sign != 0 ? ~UINT64_C(0) : 0;
    size_t spare = n_bytes > 8 ? n_bytes - 8 : 0;
    for (size_t i = 0; i < spare; i++)
        if (p[i] != sign) return HR_PQ_WIDE_I64;
    for (size_t i = spare; i < n_bytes; i++)
        x = x << 8 | p[i];
    bool has_sign = (int64_t)x < 0;
    bool is_ok = has_sign == (sign != 0) && (int64_t)x > HR_PQ_WIDE_I64;
    return is_ok ? (int64_t)x : HR_PQ_WIDE_I64;
}

/* IEEE 754 binary16. */
static double half(const uint8_t *p)
{
    unsigned v = (unsigned)p[0] | (unsigned)p[1] << 8;
    int exponent = (int)(v >> 10 & 31);
    double fraction = v & 1023;
    double x = exponent == 31  ? (v & 1023) != 0 ? (double)NAN : (double)INFINITY
               : exponent == 0 ? ldexp(fraction, -24)
                               : ldexp(fraction + 1024, exponent - 25);
    return (v & 0x8000) != 0 ? -x : x;
}

static int64_t double_bits(double v)
{
    int64_t bits;
    memcpy(&bits, &v, 8);
    return bits;
}

/* Impala's and Spark's time: ns of day, then Julian day. */
static int64_t int96_ns(const uint8_t *p)
{
    int64_t ns;
    uint32_t day;
    int64_t out;
    memcpy(&ns, p, 8);
    memcpy(&day, p + 8, 4);
    if (__builtin_mul_overflow((int64_t)day - 2440588, INT64_C(86400000000000), &out) ||
        __builtin_add_overflow(out, ns, &out) || out <= HR_PQ_WIDE_I64)
        return HR_PQ_WIDE_I64;
    return out;
}

int64_t hr_pq_value_widen(const uint8_t *p, const hr_pq_column *col)
{
    int64_t v = 0;
    int32_t x;
    float y;
    switch (col->phys) {
    case HR_PQ_INT32:
        memcpy(&x, p, 4);
        return col->logical == HR_PQ_L_UINT ? (int64_t)(uint32_t)x : x;
    case HR_PQ_FLOAT:
        memcpy(&y, p, 4);
        return double_bits((double)y);
    case HR_PQ_FIXED:
        if (col->logical == HR_PQ_L_FLOAT16) return double_bits(half(p));
        return hr_pq_decimal_widen(p, col->type_length);
    case HR_PQ_INT96:
        return int96_ns(p);
    case HR_PQ_INT64:
        memcpy(&v, p, 8);
        return col->logical == HR_PQ_L_UINT && v < 0 ? HR_PQ_WIDE_I64 : v;
    case HR_PQ_DOUBLE:
        memcpy(&v, p, 8);
        return v;
    case HR_PQ_BOOLEAN:
    case HR_PQ_BYTE_ARRAY:
        break;
    }
    return 0;
}

void hr_pq_values_widen(const uint8_t *p, const hr_pq_column *col, int64_t *out, size_t n)
{
    size_t width = hr_pq_value_width(col);
    bool is_plain = col->phys != HR_PQ_FIXED && col->logical != HR_PQ_L_UINT;
    if (width == 8 && is_plain) {
        if (n > 0) memcpy(out, p, n * sizeof *out);
        return;
    }
    if (col->phys == HR_PQ_INT32 && is_plain) {
        for (size_t i = 0; i < n; i++) {
            int32_t v;
            memcpy(&v, p + i * sizeof v, sizeof v);
            out[i] = v;
        }
        return;
    }
    for (size_t i = 0; i < n; i++)
        out[i] = hr_pq_value_widen(p + i * width, col);
}

bool hr_pq_bytes_take(const uint8_t **p, const uint8_t *end, hr_pq_bytes *out)
{
    uint32_t n;
    if (end - *p < 4) return false;
    memcpy(&n, *p, 4);
    if (n > (size_t)(end - *p - 4)) return false;
    *out = (hr_pq_bytes){.s = (const char *)*p + 4, .n = n};
    *p += 4 + (size_t)n;
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "venue/checksum.h"

#include <string.h>

#include "kern/kern.h"
#include "text/decimal.h"

#define TOP_MAX 25u
#define TEXT_CAP (4u * TOP_MAX * (HR_DECIMAL_TEXT_MAX + 1u))

/* The best levels of a side; what is not there is HR_NULL_I64. */
typedef struct top {
    int64_t px[TOP_MAX], qty[TOP_MAX];
    uint32_t n;
} top;

static void read_top(const hr_l2 *book, hr_side side, uint32_t n, top *t)
{
    t->n = hr_l2_top(book, side, n, t->px, t->qty);
}

/* Digits of v with so many decimals, as the venue prints it, without the point and the zeros in
 * front. */
static size_t put_digits(char *out, int64_t v, unsigned scale, unsigned decimals)
{
    if (decimals <= scale) return hr_decimal_format(out, v / hr_pow10[scale - decimals], 0);
    size_t n = hr_decimal_format(out, v, 0);
    for (unsigned i = scale; i < decimals && n < HR_DECIMAL_TEXT_MAX - 1; i++)
        out[n++] = '0';
    return n;
}

static size_t kraken_side(char *out, const top *t, const hr_book_note *note, unsigned px_scale,
                          unsigned qty_scale)
{
    size_t n = 0;
    for (uint32_t i = 0; i < t->n; i++) {
        n += put_digits(out + n, t->px[i], px_scale, note->px_decimals);
        n += put_digits(out + n, t->qty[i], qty_scale, note->qty_decimals);
    }
    return n;
}

/* A number as JavaScript prints it, which Bitfinex sums up: "2.5e-7" below 1e-6. */
static size_t put_script_number(char *out, int64_t v, unsigned scale)
{
    char digits[HR_DECIMAL_TEXT_MAX];
    const int64_t size = v < 0 ? -v : v;
    if (size == 0 || scale <= 6 || size >= hr_pow10[scale - 6])
        return hr_decimal_format(out, v, scale);
    size_t n_digits = hr_decimal_format(digits, size, 0);
    const unsigned exponent = scale - (unsigned)n_digits + 1;
    while (digits[n_digits - 1] == '0')
        n_digits--;
    size_t n = 0;
    if (v < 0) out[n++] = '-';
    out[n++] = digits[0];
    if (n_digits > 1) out[n++] = '.';
    memcpy(out + n, digits + 1, n_digits - 1);
    n += n_digits - 1;
    out[n++] = 'e';
    out[n++] = '-';
    return n + hr_decimal_format(out + n, exponent, 0);
}

typedef size_t (*put_fn)(char *out, int64_t v, unsigned scale);

static size_t put_pair(char *out, put_fn put, int64_t px, int64_t qty, unsigned px_scale,
                       unsigned qty_scale)
{
    size_t n = put(out, px, px_scale);
    out[n++] = ':';
    n += put(out + n, qty, qty_scale);
    out[n++] = ':';
    return n;
}

uint32_t hr_book_crc(const hr_l2 *book, const hr_book_note *note, unsigned px_scale,
                     unsigned qty_scale)
{
    char text[TEXT_CAP];
    size_t n = 0;
    top bid, ask;
    if (note->checksum == HR_CHECKSUM_NONE) return 0;
    uint32_t depth = note->checksum == HR_CHECKSUM_KRAKEN ? 10 : TOP_MAX;
    read_top(book, HR_SIDE_BID, depth, &bid);
    read_top(book, HR_SIDE_ASK, depth, &ask);
    if (note->checksum == HR_CHECKSUM_KRAKEN) {
        n += kraken_side(text, &ask, note, px_scale, qty_scale);
        n += kraken_side(text + n, &bid, note, px_scale, qty_scale);
    } else {
        bool is_signed = note->checksum == HR_CHECKSUM_BITFINEX;
        put_fn put = is_signed ? put_script_number : hr_decimal_format;
        for (uint32_t i = 0; i < depth; i++) {
            if (i < bid.n) n += put_pair(text + n, put, bid.px[i], bid.qty[i], px_scale, qty_scale);
            if (i < ask.n)
                n += put_pair(text + n, put, ask.px[i], is_signed ? -ask.qty[i] : ask.qty[i],
                              px_scale, qty_scale);
        }
        if (n > 0) n--; /* the last colon */
    }
    return hr_kern_get()->crc.crc32(0, text, n);
}

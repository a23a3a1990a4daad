/* SPDX-License-Identifier: Apache-2.0 */
#include "book/far.h"

#include <string.h>

#include "base/assert.h"

void hr_far_reset(hr_far *f)
{
    for (uint32_t i = 0; i < f->n_chunks; i++)
        hr_pool_put(f->pool, f->chunk[i]);
    f->n_chunks = 0;
    f->n_levels = 0;
}

/* Index of the chunk whose range holds key: the last one that does not begin behind it. */
static uint32_t find_chunk(const hr_far *f, int64_t key)
{
    uint32_t low = 0;
    uint32_t n = f->n_chunks;
    while (n > 1) {
        uint32_t half = n / 2;
        low += f->first_key[low + half] <= key ? half : 0;
        n -= half;
    }
    return low;
}

/* First place in the chunk whose key is not below key. */
static uint32_t find_entry(const hr_far_chunk *c, int64_t key)
{
    uint32_t low = 0;
    uint32_t n = c->n;
    while (n > 0) {
        uint32_t half = n / 2;
        if (c->key[low + half] < key) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

static hr_status insert_chunk(hr_far *f, uint32_t at)
{
    if (f->n_chunks == f->cap_chunks) return HR_EBUDGET;
    hr_far_chunk *c = hr_pool_get(f->pool);
    if (c == NULL) return HR_EBUDGET;
    c->n = 0;
    memmove(f->chunk + at + 1, f->chunk + at, (f->n_chunks - at) * sizeof *f->chunk);
    memmove(f->first_key + at + 1, f->first_key + at, (f->n_chunks - at) * sizeof *f->first_key);
    f->chunk[at] = c;
    f->n_chunks++;
    return HR_OK;
}

static void remove_chunk(hr_far *f, uint32_t at)
{
    hr_pool_put(f->pool, f->chunk[at]);
    f->n_chunks--;
    memmove(f->chunk + at, f->chunk + at + 1, (f->n_chunks - at) * sizeof *f->chunk);
    memmove(f->first_key + at, f->first_key + at + 1, (f->n_chunks - at) * sizeof *f->first_key);
}

static hr_status split(hr_far *f, uint32_t at)
{
    HR_TRY(insert_chunk(f, at + 1));
    hr_far_chunk *a = f->chunk[at];
    hr_far_chunk *b = f->chunk[at + 1];
    uint32_t keep = a->n / 2;
    b->n = a->n - keep;
    memcpy(b->key, a->key + keep, b->n * sizeof *b->key);
    memcpy(b->qty, a->qty + keep, b->n * sizeof *b->qty);
    a->n = keep;
    f->first_key[at + 1] = b->key[0];
    return HR_OK;
}

/* Makes one of chunk `at` and the next when they are nearly empty. */
static void merge_with_next(hr_far *f, uint32_t at)
{
    if (at + 1 >= f->n_chunks) return;
    hr_far_chunk *a = f->chunk[at];
    hr_far_chunk *b = f->chunk[at + 1];
    if (a->n + b->n > FAR_PAIR_MIN) return;
    memcpy(a->key + a->n, b->key, b->n * sizeof *b->key);
    memcpy(a->qty + a->n, b->qty, b->n * sizeof *b->qty);
    a->n += b->n;
    remove_chunk(f, at + 1);
}

static void remove_entry(hr_far *f, uint32_t at, uint32_t i)
{
    hr_far_chunk *c = f->chunk[at];
    c->n--;
    f->n_levels--;
    memmove(c->key + i, c->key + i + 1, (c->n - i) * sizeof *c->key);
    memmove(c->qty + i, c->qty + i + 1, (c->n - i) * sizeof *c->qty);
    if (c->n == 0) {
        remove_chunk(f, at);
        if (at > 0) merge_with_next(f, at - 1);
        return;
    }
    f->first_key[at] = c->key[0];
    if (c->n >= FAR_PAIR_MIN) return;
    merge_with_next(f, at);
    if (at > 0) merge_with_next(f, at - 1);
}

/* Room for key in or beside the full chunk *at. Keys that rise past all others, or fall below
 * them, start a chunk of their own: halving would leave a trail of half-empty ones. */
static hr_status make_room(hr_far *f, uint32_t *at, int64_t key)
{
    const hr_far_chunk *c = f->chunk[*at];
    if (*at == 0 && key < c->key[0]) return insert_chunk(f, 0);
    if (*at + 1 == f->n_chunks && key > c->key[c->n - 1]) return insert_chunk(f, ++*at);
    HR_TRY(split(f, *at));
    if (key >= f->first_key[*at + 1]) ++*at;
    return HR_OK;
}

static hr_status insert_entry(hr_far *f, int64_t key, int64_t qty)
{
    uint32_t at = 0;
    if (f->n_chunks == 0)
        HR_TRY(insert_chunk(f, 0));
    else
        at = find_chunk(f, key);
    if (f->chunk[at]->n == FAR_ENTRIES) HR_TRY(make_room(f, &at, key));
    hr_far_chunk *c = f->chunk[at];
    uint32_t i = find_entry(c, key);
    memmove(c->key + i + 1, c->key + i, (c->n - i) * sizeof *c->key);
    memmove(c->qty + i + 1, c->qty + i, (c->n - i) * sizeof *c->qty);
    c->key[i] = key;
    c->qty[i] = qty;
    c->n++;
    f->first_key[at] = c->key[0];
    f->n_levels++;
    return HR_OK;
}

hr_status hr_far_set(hr_far *f, int64_t key, int64_t qty)
{
    if (f->n_chunks > 0) {
        uint32_t at = find_chunk(f, key);
        hr_far_chunk *c = f->chunk[at];
        uint32_t i = find_entry(c, key);
        if (i < c->n && c->key[i] == key) {
            if (qty == 0)
                remove_entry(f, at, i);
            else
                c->qty[i] = qty;
            return HR_OK;
        }
    }
    return qty == 0 ? HR_OK : insert_entry(f, key, qty);
}

void hr_far_front(const hr_far *f, int64_t *key, int64_t *qty)
{
    HR_DASSERT(f->n_levels > 0);
    *key = f->chunk[0]->key[0];
    *qty = f->chunk[0]->qty[0];
}

void hr_far_pop_front(hr_far *f)
{
    remove_entry(f, 0, 0);
}

void hr_far_scale(hr_far *f, int64_t factor)
{
    for (uint32_t at = 0; at < f->n_chunks; at++) {
        hr_far_chunk *c = f->chunk[at];
        for (uint32_t i = 0; i < c->n; i++)
            c->key[i] *= factor;
        f->first_key[at] = c->key[0];
    }
}

bool hr_far_is_sound(const hr_far *f, int64_t last)
{
    uint32_t n = 0;
    uint32_t before = FAR_ENTRIES;
    for (uint32_t at = 0; at < f->n_chunks; at++) {
        const hr_far_chunk *c = f->chunk[at];
        if (c->n == 0 || c->n > FAR_ENTRIES || f->first_key[at] != c->key[0]) return false;
        if (at > 0 && before + c->n <= FAR_PAIR_MIN) return false;
        for (uint32_t i = 0; i < c->n; i++) {
            if (c->key[i] <= last || c->qty[i] == 0) return false;
            last = c->key[i];
        }
        n += c->n;
        before = c->n;
    }
    return n == f->n_levels;
}

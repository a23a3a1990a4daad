/* SPDX-License-Identifier: Apache-2.0 */
#include "book/far.h"

#include <string.h>

#include "base/assert.h"

static void pad(int64_t *key, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++)
        key[i] = INT64_MAX;
}

void hr_far_init(hr_far *f, int64_t *first_key, hr_far_chunk **chunk, uint32_t cap_chunks,
                 hr_pool *pool)
{
    HR_ASSERT(cap_chunks % FAR_GROUP == 0);
    *f = (hr_far){.pool = pool, .first_key = first_key, .chunk = chunk, .cap_chunks = cap_chunks};
    pad(first_key, 0, cap_chunks);
}

void hr_far_reset(hr_far *f)
{
    for (uint32_t i = 0; i < f->n_chunks; i++)
        hr_pool_put(f->pool, f->chunk[i]);
    pad(f->first_key, 0, f->n_chunks);
    f->n_chunks = 0;
    f->n_levels = 0;
}

/* Searches compare many keys at once and add up the answers, and move by masks: a binary search
 * by branches is wrong half of the time, and each of its loads waits for the one before. */
static inline uint32_t count_below(const int64_t *key, int64_t limit)
{
    uint64_t n = 0;
    for (int i = 0; i < FAR_GROUP; i++)
        n += key[i] < limit;
    return (uint32_t)n;
}

/* Index of the chunk whose range holds key: the last one that does not begin behind it. */
static inline uint32_t find_chunk(const hr_far *f, int64_t key)
{
    uint32_t group = 0;
    for (uint32_t n = (f->n_chunks + FAR_GROUP - 1) / FAR_GROUP; n > 1;) {
        uint32_t half = n / 2;
        group += half & -(uint32_t)(f->first_key[(group + half) * FAR_GROUP] <= key);
        n -= half;
    }
    uint32_t at = group * FAR_GROUP;
    for (int i = 1; i < FAR_GROUP; i++)
        at += f->first_key[group * FAR_GROUP + (uint32_t)i] <= key;
    return HR_MIN(at, f->n_chunks - 1); /* INT64_MAX is a key, too */
}

/* First place in the chunk whose key is not below key. */
static inline uint32_t find_entry(const hr_far_chunk *c, int64_t key)
{
    uint32_t at = 0;
    for (int i = FAR_GROUP - 1; i < FAR_ENTRIES; i += FAR_GROUP)
        at += c->key[i] < key ? FAR_GROUP : 0;
    return at + count_below(c->key + at, key);
}

static hr_status insert_chunk(hr_far *f, uint32_t at)
{
    if (f->n_chunks == f->cap_chunks) return HR_EBUDGET;
    hr_far_chunk *c = hr_pool_get(f->pool);
    if (c == NULL) return HR_EBUDGET;
    c->n = 0;
    pad(c->key, 0, FAR_ENTRIES + 1);
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
    f->first_key[f->n_chunks] = INT64_MAX;
}

static hr_status split(hr_far *f, uint32_t at)
{
    HR_TRY(insert_chunk(f, at + 1));
    hr_far_chunk *a = f->chunk[at];
    hr_far_chunk *b = f->chunk[at + 1];
    uint64_t keep = a->n / 2;
    b->n = a->n - keep;
    memcpy(b->key, a->key + keep, b->n * sizeof *b->key);
    memcpy(b->qty, a->qty + keep, b->n * sizeof *b->qty);
    pad(a->key, keep, a->n);
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
    memmove(c->key + i, c->key + i + 1, (c->n + 1 - i) * sizeof *c->key); /* and the pad behind */
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

/* A key that is not there yet: before entry i of chunk `at`, when there is room. */
static hr_status insert_entry(hr_far *f, uint32_t at, uint32_t i, int64_t key, int64_t qty)
{
    if (HR_UNLIKELY(f->n_chunks == 0)) HR_TRY(insert_chunk(f, 0));
    if (HR_UNLIKELY(f->chunk[at]->n == FAR_ENTRIES)) {
        HR_TRY(make_room(f, &at, key));
        i = find_entry(f->chunk[at], key);
    }
    hr_far_chunk *c = f->chunk[at];
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
    uint32_t at = 0;
    uint32_t i = 0;
    if (HR_LIKELY(f->n_chunks > 0)) {
        at = find_chunk(f, key);
        hr_far_chunk *c = f->chunk[at];
        i = find_entry(c, key);
        if (i < c->n && c->key[i] == key) {
            if (qty == 0)
                remove_entry(f, at, i);
            else
                c->qty[i] = qty;
            return HR_OK;
        }
    }
    return qty == 0 ? HR_OK : insert_entry(f, at, i, key, qty);
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
        for (uint64_t i = 0; i < c->n; i++)
            c->key[i] *= factor;
        f->first_key[at] = c->key[0];
    }
}

bool hr_far_is_sound(const hr_far *f, int64_t last)
{
    uint64_t n = 0;
    uint64_t before = FAR_ENTRIES;
    for (uint32_t at = 0; at < f->n_chunks; at++) {
        const hr_far_chunk *c = f->chunk[at];
        if (c->n == 0 || c->n > FAR_ENTRIES || f->first_key[at] != c->key[0]) return false;
        for (uint64_t i = c->n; i <= FAR_ENTRIES; i++)
            if (c->key[i] != INT64_MAX) return false;
        if (at > 0 && before + c->n <= FAR_PAIR_MIN) return false;
        for (uint64_t i = 0; i < c->n; i++) {
            if (c->key[i] <= last || c->qty[i] == 0) return false;
            last = c->key[i];
        }
        n += c->n;
        before = c->n;
    }
    for (uint32_t at = f->n_chunks; at < f->cap_chunks; at++)
        if (f->first_key[at] != INT64_MAX) return false;
    return n == f->n_levels;
}

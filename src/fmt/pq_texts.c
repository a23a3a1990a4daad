/* SPDX-License-Identifier: Apache-2.0 */
/* The dictionary of a column of texts: names of instruments and the like, which come again and
 * again. Texts that come but once or twice are better off without. */
#include <string.h>

#include "fmt/pq_build.h"

#define SLOT_BITS PQ_SLOT_BITS_MIN
#define SAMPLE 1024u /* values after which it is seen whether it pays */

_Static_assert(sizeof(hr_text) == 48, "texts: six words, of which the last byte is the length");
_Static_assert(PQ_TEXTS_MAX * sizeof(hr_text) <= PQ_DICT_MAX * sizeof(int64_t), "texts: room");
_Static_assert(PQ_TEXTS_MAX * 2 <= 1u << SLOT_BITS, "texts: half of the slots stay empty");
_Static_assert(SLOT_BITS >= PQ_SLOT_BITS_MIN, "texts: column_begin clears so many slots");

static hr_text *texts_of(const hr_pq_scratch *s)
{
    return (hr_text *)(void *)s->dict;
}

/* Its eight bytes from `at` on, nothing as zeros. */
HR_INLINE uint64_t word_of(const hr_text *t, uint32_t at, uint32_t len)
{
    uint64_t v;
    memcpy(&v, (const char *)t + at, sizeof v);
    return len - at >= 8 ? v : v & ~(~UINT64_C(0) << 8 * (len - at));
}

/* It decides where a text is looked for, never its index, so the file does not depend on it. */
HR_INLINE uint32_t hash_of(const hr_text *t, uint32_t len)
{
    uint64_t h = len;
    for (uint32_t at = 0; at < len; at += 8) {
        h = (h ^ word_of(t, at, len)) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    return (uint32_t)(h >> 7) & ((1u << SLOT_BITS) - 1);
}

/* b is in the dictionary: its length is right. */
HR_INLINE bool is_same(const hr_text *a, uint32_t len, const hr_text *b)
{
    if (len != b->len) return false;
    for (uint32_t at = 0; at < len; at += 8)
        if (word_of(a, at, len) != word_of(b, at, len)) return false;
    return true;
}

/* The slot that it has, or that it would get. */
HR_INLINE uint32_t find(const hr_pq_scratch *s, const hr_text *t, uint32_t len)
{
    const hr_text *dict = texts_of(s);
    uint32_t at = hash_of(t, len);
    while (s->slot[at] != 0 && !is_same(t, len, &dict[s->slot[at] - 1]))
        at = (at + 1) & ((1u << SLOT_BITS) - 1);
    return at;
}

/* Of a text that is new: the index, while there is room. */
static HR_NOINLINE uint16_t add(hr_pq_scratch *s, uint32_t slot, const hr_text *t, uint32_t len)
{
    if (s->n_dict == PQ_TEXTS_MAX) {
        s->dict_refused = true;
        return 0;
    }
    hr_text *to = &texts_of(s)[s->n_dict];
    *to = *t;
    to->len = (uint8_t)len; /* a null of a required column is an empty text */
    s->slot[slot] = (uint16_t)(s->n_dict + 1);
    return (uint16_t)s->n_dict++;
}

HR_INLINE bool is_value(const hr_text *t, const hr_field *f, uint32_t *len)
{
    *len = t->len <= HR_TEXT_CAP ? t->len : 0;
    return t->len <= HR_TEXT_CAP || !f->nullable;
}

void hr_pq_texts_survey(hr_pq_scratch *s, const hr_field *f, const hr_text *t, pq_note *note)
{
    const uint32_t n = note->n_rows - note->n_nulls;
    const bool is_kept = n <= s->index_cap - s->n_index;
    uint16_t *index = is_kept ? s->index + s->n_index : s->page_index;
    uint32_t k = 0;
    uint16_t last = 0; /* as the row before, mostly, where rows are of one instrument */
    note->index_at = is_kept ? s->n_index : PQ_NO_INDEX;
    for (uint32_t i = 0; i < note->n_rows && !s->dict_refused; i++) {
        uint32_t len;
        if (!is_value(&t[i], f, &len)) continue;
        if (k == 0 || !is_same(&t[i], len, &texts_of(s)[last])) {
            const uint32_t slot = find(s, &t[i], len);
            last = s->slot[slot] != 0 ? (uint16_t)(s->slot[slot] - 1) : add(s, slot, &t[i], len);
        }
        index[k++] = last;
    }
    if (is_kept) s->n_index += n;
    if (s->sample_n >= SAMPLE) return;
    s->sample_n += n;
    if (s->sample_n >= SAMPLE && !hr_pq_texts_pay(s, s->sample_n)) s->dict_refused = true;
}

bool hr_pq_texts_pay(const hr_pq_scratch *s, uint64_t n_values)
{
    return s->n_dict <= n_values / 2;
}

const uint16_t *hr_pq_texts_indexes(hr_pq_scratch *s, const hr_field *f, const hr_text *t,
                                    const pq_note *note, uint32_t *n)
{
    uint32_t len;
    uint32_t k = 0;
    *n = note->n_rows - note->n_nulls;
    if (note->index_at != PQ_NO_INDEX) return s->index + note->index_at;
    for (uint32_t i = 0; i < note->n_rows; i++)
        if (is_value(&t[i], f, &len))
            s->page_index[k++] = (uint16_t)(s->slot[find(s, &t[i], len)] - 1);
    *n = k;
    return s->page_index;
}

size_t hr_pq_texts_put(const hr_pq_scratch *s, uint8_t *out)
{
    size_t at = 0;
    for (uint32_t i = 0; i < s->n_dict; i++)
        at += hr_pq_put_text(out + at, texts_of(s)[i].byte, texts_of(s)[i].len);
    return at;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The dictionary of a column of texts: names of instruments and the like, which come again and
 * again. Texts that come but once or twice are better off without. */
#include <string.h>

#include "base/assert.h"
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

/* Where a text lies that was met, and its index: rows of one instrument all point to one text. What
 * is not here is looked for by its bytes. */
typedef struct text_ref {
    const hr_text *at;
    uint16_t index;
} text_ref;

#define REF_BITS 11u

/* Nothing is packed before the survey is over. */
static text_ref *refs_of(const hr_pq_scratch *s)
{
    HR_ASSERT(sizeof(text_ref) << REF_BITS <= s->packed_cap);
    return (text_ref *)(void *)s->packed;
}

HR_INLINE text_ref *ref_of(text_ref *refs, const hr_text *t)
{
    return &refs[(uint64_t)(uintptr_t)t * UINT64_C(0x9e3779b97f4a7c15) >> (64 - REF_BITS)];
}

HR_INLINE bool is_value(const hr_text *t, const hr_field *f, uint32_t *len)
{
    *len = t->len <= HR_TEXT_CAP ? t->len : 0;
    return t->len <= HR_TEXT_CAP || !f->nullable;
}

HR_INLINE uint16_t index_of(hr_pq_scratch *s, const hr_text *t, uint32_t len)
{
    const uint32_t slot = find(s, t, len);
    return s->slot[slot] != 0 ? (uint16_t)(s->slot[slot] - 1) : add(s, slot, t, len);
}

static void survey_texts(hr_pq_scratch *s, const hr_field *f, const hr_text *t, uint32_t n,
                         uint16_t *index)
{
    uint16_t last = 0; /* as the row before, mostly, where rows are of one instrument */
    uint32_t k = 0;
    for (uint32_t i = 0; i < n && !s->dict_refused; i++) {
        uint32_t len;
        if (!is_value(&t[i], f, &len)) continue;
        if (k == 0 || !is_same(&t[i], len, &texts_of(s)[last])) last = index_of(s, &t[i], len);
        index[k++] = last;
    }
}

static void survey_refs(hr_pq_scratch *s, const hr_field *f, const hr_text *const *t, uint32_t n,
                        uint16_t *index)
{
    text_ref *refs = refs_of(s);
    uint32_t k = 0;
    if (s->n_dict == 0) memset(refs, 0, sizeof *refs << REF_BITS);
    for (uint32_t i = 0; i < n && !s->dict_refused; i++) {
        text_ref *ref = ref_of(refs, t[i]);
        if (HR_UNLIKELY(ref->at != t[i])) {
            uint32_t len;
            if (!is_value(t[i], f, &len)) continue;
            *ref = (text_ref){.at = t[i], .index = index_of(s, t[i], len)};
        }
        index[k++] = ref->index;
    }
}

void hr_pq_texts_survey(hr_pq_scratch *s, const hr_field *f, const void *raw, pq_note *note)
{
    const uint32_t n = note->n_rows - note->n_nulls;
    const bool is_kept = n <= s->index_cap - s->n_index;
    uint16_t *index = is_kept ? s->index + s->n_index : s->page_index;
    note->index_at = is_kept ? s->n_index : PQ_NO_INDEX;
    if (f->type == HR_COL_TEXT_AT)
        survey_refs(s, f, raw, note->n_rows, index);
    else
        survey_texts(s, f, raw, note->n_rows, index);
    if (is_kept) s->n_index += n;
    if (s->sample_n >= SAMPLE) return;
    s->sample_n += n;
    if (s->sample_n >= SAMPLE && !hr_pq_texts_pay(s, s->sample_n)) s->dict_refused = true;
}

bool hr_pq_texts_pay(const hr_pq_scratch *s, uint64_t n_values)
{
    return s->n_dict <= n_values / 2;
}

const uint16_t *hr_pq_texts_indexes(hr_pq_scratch *s, const hr_field *f, const void *raw,
                                    const pq_note *note, uint32_t *n)
{
    uint32_t len;
    uint32_t k = 0;
    *n = note->n_rows - note->n_nulls;
    if (note->index_at != PQ_NO_INDEX) return s->index + note->index_at;
    for (uint32_t i = 0; i < note->n_rows; i++) {
        const hr_text *t = hr_col_text(f->type, raw, i);
        if (is_value(t, f, &len)) s->page_index[k++] = (uint16_t)(s->slot[find(s, t, len)] - 1);
    }
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

/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/tops.h"

#include <string.h>

#include "book/l2.h"
#include "venue/seq.h"

#define WINDOW_TICKS 1024u
#define FAR_CHUNKS 32768u /* 2 KiB each */
#define KEPT_BYTES (256u << 10)
#define KEPT_BUFFERS 256u
#define SLOTS (2u * HR_TOPS_BOOKS_MAX)

/* A message that waits for a snapshot; its prices, quantities and sides lie behind it. */
typedef struct kept {
    int64_t first, last, prev;
    uint32_t n, n_bytes;
} kept;

typedef struct book {
    hr_evb_sym name;
    hr_seq seq;
    hr_l2 *l2;
    int64_t px[2][HR_TOPS_DEPTH_MAX], qty[2][HR_TOPS_DEPTH_MAX];
    char *kept; /* NULL: nothing is */
    uint32_t n_kept;
    uint32_t depth; /* levels a side that the venue keeps; 0: all */
    bool has_top;
} book;

struct hr_tops {
    uint32_t depth, n_books;
    int format;
    hr_pool *far, *buffers;
    char *l2_mem;
    size_t l2_bytes;
    int16_t slot[SLOTS]; /* index + 1; 0 free */
    book *books;
};

size_t hr_tops_bytes(void)
{
    return sizeof(hr_tops) +
           HR_TOPS_BOOKS_MAX * (sizeof(book) + hr_round_up(hr_l2_bytes(WINDOW_TICKS), 64)) +
           FAR_CHUNKS * (size_t)(HR_L2_CHUNK_BYTES + 64) +
           KEPT_BUFFERS * (size_t)(KEPT_BYTES + 64) + (1u << 20);
}

hr_status hr_tops_create(hr_tops **out, uint32_t depth, int format, hr_arena *arena, hr_err *err)
{
    *out = NULL;
    hr_tops *t = hr_arena_alloc(arena, sizeof *t, 64);
    if (t == NULL) return HR_FAIL(err, HR_EBUDGET, "no memory to follow books");
    memset(t, 0, sizeof *t);
    t->depth = depth;
    t->format = format;
    t->l2_bytes = hr_round_up(hr_l2_bytes(WINDOW_TICKS), 64);
    t->l2_mem = hr_arena_alloc(arena, HR_TOPS_BOOKS_MAX * t->l2_bytes, 64);
    t->books = hr_arena_alloc(arena, HR_TOPS_BOOKS_MAX * sizeof *t->books, 64);
    if (t->l2_mem == NULL || t->books == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory to follow books");
    HR_TRY(hr_pool_create(&t->far, arena, HR_L2_CHUNK_BYTES, FAR_CHUNKS, "levels", err));
    HR_TRY(hr_pool_create(&t->buffers, arena, KEPT_BYTES, KEPT_BUFFERS, "kept messages", err));
    *out = t;
    return HR_OK;
}

static void drop_kept(hr_tops *t, book *k)
{
    if (k->kept != NULL) hr_pool_put(t->buffers, k->kept);
    k->kept = NULL;
    k->n_kept = 0;
}

void hr_tops_restart(hr_tops *t)
{
    for (uint32_t i = 0; i < t->n_books; i++) {
        drop_kept(t, &t->books[i]);
        hr_l2_fini(t->books[i].l2);
    }
    t->n_books = 0;
    memset(t->slot, 0, sizeof t->slot);
}

/* ---- instruments ---- */

static uint32_t hash(const hr_evb_sym *s)
{
    uint32_t h = 2166136261u;
    for (const char *p = s->symbol; *p != '\0'; p++)
        h = (h ^ (uint8_t)*p) * 16777619u;
    for (const char *p = s->venue; *p != '\0'; p++)
        h = (h ^ (uint8_t)*p) * 16777619u;
    return (h ^ h >> 16) % SLOTS;
}

static book *add_book(hr_tops *t, const hr_evb_sym *s)
{
    book *k = &t->books[t->n_books];
    memset(k, 0, sizeof *k);
    k->name = *s;
    k->l2 = hr_l2_init(t->l2_mem + t->n_books * t->l2_bytes, WINDOW_TICKS, t->far, NULL);
    hr_seq_init(&k->seq, hr_seq_rule_for(s->venue, t->format));
    t->n_books++;
    return k;
}

/* NULL: there is no room for another. Half of the slots stay free, so a search ends. */
static book *find_book(hr_tops *t, const hr_evb_sym *s)
{
    uint32_t at = hash(s);
    for (; t->slot[at] != 0; at = (at + 1) % SLOTS) {
        book *k = &t->books[t->slot[at] - 1];
        if (strcmp(k->name.symbol, s->symbol) == 0 && strcmp(k->name.venue, s->venue) == 0)
            return k;
    }
    if (t->n_books == HR_TOPS_BOOKS_MAX) return NULL;
    book *k = add_book(t, s);
    t->slot[at] = (int16_t)t->n_books;
    return k;
}

static void lose(book *k)
{
    hr_l2_reset(k->l2);
    k->has_top = false;
}

void hr_tops_lose(hr_tops *t)
{
    for (uint32_t i = 0; i < t->n_books; i++) {
        hr_seq_lose(&t->books[i].seq);
        drop_kept(t, &t->books[i]);
        lose(&t->books[i]);
    }
}

/* ---- messages put by ---- */

/* Where they outgrow the buffer all go: the snapshot to come is as new as the latest. */
static void keep(hr_tops *t, book *k, const hr_evbatch *b, uint32_t m)
{
    const uint32_t at = (uint32_t)b->level_begin[m];
    const uint32_t n = (uint32_t)b->level_begin[m + 1] - at;
    const size_t bytes = hr_round_up(sizeof(kept) + n * (size_t)17, 8);
    if (k->n_kept + bytes > KEPT_BYTES) drop_kept(t, k);
    if (bytes > KEPT_BYTES) return;
    if (k->kept == NULL && (k->kept = hr_pool_get(t->buffers)) == NULL) return;
    const kept head = {.first = b->seq_first[m],
                       .last = b->seq_last[m],
                       .prev = b->seq_prev[m],
                       .n = n,
                       .n_bytes = (uint32_t)bytes};
    char *p = k->kept + k->n_kept;
    memcpy(p, &head, sizeof head);
    p += sizeof head;
    memcpy(p, b->px + at, n * sizeof *b->px);
    memcpy(p + n * 8u, b->qty + at, n * sizeof *b->qty);
    memcpy(p + n * 16u, b->side + at, n);
    k->n_kept += head.n_bytes;
}

static hr_status apply(const book *k, const uint8_t *side, const int64_t *px, const int64_t *qty,
                       uint32_t n, hr_err *err)
{
    if (hr_l2_apply(k->l2, side, px, qty, n) == HR_OK) return HR_OK;
    return HR_FAIL(err, HR_EBUDGET, "the book of '%s' does not fit its memory", k->name.symbol);
}

/* Drops what stands behind the depth that the venue keeps, where the message says one. */
static hr_status cut_depth(book *k, const hr_evbatch *b, uint32_t m, hr_err *err)
{
    hr_book_note note;
    if (b->text[m] >= 0 && hr_evbatch_note_of(&note, b, m) && note.depth > 0) k->depth = note.depth;
    for (uint8_t s = 0; s < 2 && k->depth > 0; s++) {
        uint32_t n = hr_l2_level_count(k->l2, (hr_side)s);
        for (; n > k->depth; n--) {
            int64_t px;
            int64_t qty;
            (void)hr_l2_export(k->l2, (hr_side)s, n - 1, 1, &px, &qty);
            qty = 0;
            HR_TRY(apply(k, &s, &px, &qty, 1, err));
        }
    }
    return HR_OK;
}

/* What was put by, onto the snapshot. *n_taken: changes that it had not. */
static hr_status replay(hr_tops *t, book *k, uint32_t *n_taken, hr_err *err)
{
    *n_taken = 0;
    for (uint32_t at = 0; at < k->n_kept;) {
        kept head;
        memcpy(&head, k->kept + at, sizeof head);
        hr_seq_verdict v = hr_seq_replay(&k->seq, head.first, head.last, head.prev);
        if (v == HR_SEQ_HOLE) { /* too old a snapshot: the next may be newer */
            k->n_kept -= at;
            memmove(k->kept, k->kept + at, k->n_kept);
            return HR_OK;
        }
        const char *p = k->kept + at + sizeof head;
        const int64_t *px = (const int64_t *)(const void *)p;
        at += head.n_bytes;
        if (v != HR_SEQ_APPLY && v != HR_SEQ_APPLY_FIRST) continue;
        HR_TRY(apply(k, (const uint8_t *)p + head.n * 16u, px, px + head.n, head.n, err));
        ++*n_taken;
    }
    drop_kept(t, k);
    return HR_OK;
}

/* ---- tops ---- */

/* Reads the best levels; true where they differ from those before. */
static bool refresh(const hr_tops *t, book *k)
{
    bool differs = !k->has_top;
    for (int s = 0; s < 2; s++) {
        int64_t px[HR_TOPS_DEPTH_MAX];
        int64_t qty[HR_TOPS_DEPTH_MAX];
        (void)hr_l2_top(k->l2, (hr_side)s, t->depth, px, qty);
        differs = differs || memcmp(px, k->px[s], t->depth * sizeof *px) != 0 ||
                  memcmp(qty, k->qty[s], t->depth * sizeof *qty) != 0;
        memcpy(k->px[s], px, t->depth * sizeof *px);
        memcpy(k->qty[s], qty, t->depth * sizeof *qty);
    }
    k->has_top = true;
    return differs;
}

static void show(const hr_tops *t, hr_top *out, const book *k)
{
    for (int s = 0; s < 2; s++) {
        out->n[s] = HR_MIN(hr_l2_level_count(k->l2, (hr_side)s), t->depth);
        out->px[s] = k->px[s];
        out->qty[s] = k->qty[s];
    }
}

static hr_status take_delta(hr_tops *t, book *k, hr_top *out, const hr_evbatch *b, uint32_t m,
                            hr_err *err)
{
    const uint32_t at = (uint32_t)b->level_begin[m];
    hr_seq_verdict v = hr_seq_delta(&k->seq, b->seq_first[m], b->seq_last[m], b->seq_prev[m]);
    bool has_gap = v == HR_SEQ_HOLE || v == HR_SEQ_RESET;
    if (has_gap) drop_kept(t, k);
    if (has_gap || v == HR_SEQ_WAIT) lose(k);
    if (v == HR_SEQ_BUFFER || (has_gap && hr_seq_keeps(&k->seq))) keep(t, k, b, m);
    out->is_late = v == HR_SEQ_STALE || v == HR_SEQ_DUPLICATE;
    if (out->is_late) return HR_OK;
    out->news = HR_TOP_NO_BOOK;
    if (v != HR_SEQ_APPLY && v != HR_SEQ_APPLY_FIRST) return HR_OK;
    HR_TRY(
        apply(k, b->side + at, b->px + at, b->qty + at, (uint32_t)b->level_begin[m + 1] - at, err));
    HR_TRY(cut_depth(k, b, m, err));
    if ((b->flags[m] & HR_FLAG_MORE) != 0) { /* the venue's event goes on */
        out->news = HR_TOP_SAME;
        return HR_OK;
    }
    out->news = refresh(t, k) ? HR_TOP_CHANGED : HR_TOP_SAME;
    show(t, out, k);
    return HR_OK;
}

static hr_status take_snapshot(hr_tops *t, book *k, hr_top *out, const hr_evbatch *b, uint32_t m,
                               hr_err *err)
{
    const uint32_t at = (uint32_t)b->level_begin[m];
    const uint32_t n = (uint32_t)b->level_begin[m + 1] - at;
    uint32_t n_taken;
    out->is_late = !hr_seq_snapshot(&k->seq, b->seq_last[m]);
    if (out->is_late) return HR_OK;
    hr_l2_reset(k->l2);
    HR_TRY(apply(k, b->side + at, b->px + at, b->qty + at, n, err));
    HR_TRY(cut_depth(k, b, m, err));
    out->news = HR_TOP_GIVEN;
    HR_TRY(replay(t, k, &n_taken, err));
    out->has_kept = n_taken > 0;
    for (int s = 0; s < 2; s++)
        out->has_more = out->has_more || hr_l2_level_count(k->l2, (hr_side)s) > t->depth;
    (void)refresh(t, k);
    show(t, out, k);
    if (!hr_seq_is_live(&k->seq)) lose(k); /* older than what was put by: it stands for itself */
    return HR_OK;
}

hr_status hr_tops_take(hr_tops *t, hr_top *out, const hr_evbatch *b, uint32_t m, hr_err *err)
{
    memset(out, 0, sizeof *out);
    book *k = find_book(t, &b->syms[b->sym[m]]);
    if (k == NULL)
        return HR_FAIL(err, HR_ELIMIT, "more than %d instruments with books", HR_TOPS_BOOKS_MAX);
    return b->kind[m] == HR_MSG_SNAPSHOT ? take_snapshot(t, k, out, b, m, err)
                                         : take_delta(t, k, out, b, m, err);
}

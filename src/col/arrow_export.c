/* SPDX-License-Identifier: Apache-2.0 */
/* One block of memory holds all that an export adds to the batch: the nodes, their pointer lists,
 * bitmaps, dictionaries. Every node, of schema and array alike, counts as one user of the block;
 * children may be moved out and outlive their parent, so the block is done with when the last node
 * is released, whichever it is. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "col/arrow_batch.h"

#define NODES_MAX 32u
#define CHILDREN_MAX 16u
#define TIME_FORMAT "tsn:UTC"

typedef struct block {
    _Atomic uint32_t n_live;
    hr_arrow_done_fn done;
    void *self;
    const hr_evbatch *batch;
    char px_format[24], qty_format[24];
    char px_meta[40], qty_meta[40];
    struct ArrowSchema schema[NODES_MAX];
    struct ArrowArray array[NODES_MAX];
    struct ArrowSchema *schema_child[NODES_MAX];
    struct ArrowArray *array_child[NODES_MAX];
    const void *buffers[3 * NODES_MAX];
    uint32_t n_nodes, n_children, n_buffers;
    char *free; /* rest of the memory */
} block;

static void drop(block *k)
{
    /* Release: what other threads did with the data is over; acquire: the last one sees it. */
    if (atomic_fetch_sub_explicit(&k->n_live, 1, memory_order_acq_rel) != 1) return;
    if (k->done != NULL) k->done(k->self);
}

/* The interface asks a parent to release those children that were not moved out; nodes nest four
 * deep at most. */
static void release_schema(struct ArrowSchema *s)
{
    for (int64_t i = 0; i < s->n_children; i++)
        if (s->children[i]->release != NULL) s->children[i]->release(s->children[i]);
    if (s->dictionary != NULL && s->dictionary->release != NULL)
        s->dictionary->release(s->dictionary);
    block *k = s->private_data;
    s->release = NULL;
    drop(k);
}

static void release_array(struct ArrowArray *a)
{
    for (int64_t i = 0; i < a->n_children; i++)
        if (a->children[i]->release != NULL) a->children[i]->release(a->children[i]);
    if (a->dictionary != NULL && a->dictionary->release != NULL)
        a->dictionary->release(a->dictionary);
    block *k = a->private_data;
    a->release = NULL;
    drop(k);
}

static void *carve(block *k, size_t n)
{
    void *p = k->free;
    k->free += (n + 63u) & ~(size_t)63u;
    return p;
}

/* ---- nodes ---- */

typedef struct node {
    struct ArrowSchema *s;
    struct ArrowArray *a;
} node;

static node node_at(block *k, struct ArrowSchema *s, struct ArrowArray *a, const char *format,
                    const char *name, int64_t length, uint32_t n_buffers)
{
    *s = (struct ArrowSchema){
        .format = format, .name = name, .release = release_schema, .private_data = k};
    *a = (struct ArrowArray){.length = length,
                             .n_buffers = n_buffers,
                             .buffers = &k->buffers[k->n_buffers],
                             .release = release_array,
                             .private_data = k};
    k->n_buffers += n_buffers;
    HR_ASSERT(k->n_buffers <= HR_ARRAY_LEN(k->buffers));
    atomic_fetch_add_explicit(&k->n_live, 2, memory_order_relaxed);
    return (node){.s = s, .a = a};
}

static node add(block *k, const char *format, const char *name, int64_t length, uint32_t n_buffers)
{
    HR_ASSERT(k->n_nodes < NODES_MAX);
    uint32_t i = k->n_nodes++;
    return node_at(k, &k->schema[i], &k->array[i], format, name, length, n_buffers);
}

static void set_children(block *k, node parent, const node *child, uint32_t n)
{
    HR_ASSERT(k->n_children + n <= NODES_MAX);
    parent.s->children = &k->schema_child[k->n_children];
    parent.a->children = &k->array_child[k->n_children];
    parent.s->n_children = parent.a->n_children = n;
    for (uint32_t i = 0; i < n; i++) {
        k->schema_child[k->n_children] = child[i].s;
        k->array_child[k->n_children++] = child[i].a;
    }
}

static node add_plain(block *k, const char *format, const char *name, int64_t n, const void *data)
{
    node x = add(k, format, name, n, 2);
    x.a->buffers[1] = data;
    return x;
}

/* Bit i is set where v[i] >= least: nulls are the smallest values of a column. */
static void set_validity(block *k, node x, const int64_t *v, int64_t least)
{
    int64_t n = x.a->length;
    uint8_t *bits = carve(k, (size_t)(n + 7) / 8);
    memset(bits, 0, (size_t)(n + 7) / 8);
    for (int64_t i = 0; i < n; i++) {
        bool is_there = v[i] >= least;
        bits[i / 8] = (uint8_t)(bits[i / 8] | (uint8_t)is_there << (i % 8));
        x.a->null_count += !is_there;
    }
    x.s->flags = ARROW_FLAG_NULLABLE;
    x.a->buffers[0] = x.a->null_count > 0 ? bits : NULL;
}

static node add_nullable(block *k, const char *format, const char *name, int64_t n,
                         const int64_t *v, int64_t least)
{
    node x = add_plain(k, format, name, n, v);
    set_validity(k, x, v, least);
    return x;
}

static void set_dictionary(node x, node values)
{
    x.s->dictionary = values.s;
    x.a->dictionary = values.a;
}

/* utf8 values from n texts; text(self, i, &len) gives each. */
typedef const char *(*text_fn)(const void *self, uint32_t i, uint32_t *n_bytes);
static node add_texts(block *k, text_fn text, const void *self, uint32_t n, size_t max_bytes)
{
    node x = add(k, "u", "", n, 3);
    int32_t *offset = carve(k, (n + 1) * sizeof *offset);
    char *bytes = carve(k, n * max_bytes + 1);
    offset[0] = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t len;
        const char *s = text(self, i, &len);
        memcpy(bytes + offset[i], s, len);
        offset[i + 1] = offset[i] + (int32_t)len;
    }
    x.a->buffers[1] = offset;
    x.a->buffers[2] = bytes;
    return x;
}

static const char *word_at(const void *self, uint32_t i, uint32_t *n_bytes)
{
    const char *const *words = self;
    *n_bytes = (uint32_t)strlen(words[i]);
    return words[i];
}

static const char *venue_at(const void *self, uint32_t i, uint32_t *n_bytes)
{
    const hr_evbatch *b = self;
    *n_bytes = (uint32_t)strlen(b->syms[i].venue);
    return b->syms[i].venue;
}

static const char *symbol_at(const void *self, uint32_t i, uint32_t *n_bytes)
{
    const hr_evbatch *b = self;
    *n_bytes = (uint32_t)strlen(b->syms[i].symbol);
    return b->syms[i].symbol;
}

static const char *text_at(const void *self, uint32_t i, uint32_t *n_bytes)
{
    const hr_text *t = &((const hr_evbatch *)self)->texts[i];
    *n_bytes = t->len <= HR_TEXT_CAP ? t->len : 0;
    return t->byte;
}

/* A column of indexes into a dictionary, null where negative. */
static node add_index(block *k, const char *name, int64_t n, const int32_t *index, node values)
{
    node x = add_plain(k, "i", name, n, index);
    uint8_t *bits = carve(k, (size_t)(n + 7) / 8);
    memset(bits, 0, (size_t)(n + 7) / 8);
    for (int64_t i = 0; i < n; i++) {
        bits[i / 8] = (uint8_t)(bits[i / 8] | (uint8_t)(index[i] >= 0) << (i % 8));
        x.a->null_count += index[i] < 0;
    }
    x.s->flags = ARROW_FLAG_NULLABLE;
    x.a->buffers[0] = x.a->null_count > 0 ? bits : NULL;
    set_dictionary(x, values);
    return x;
}

static node add_words(block *k, const char *name, int64_t n, const uint8_t *v,
                      const char *const *words, uint32_t n_words)
{
    node x = add_plain(k, "C", name, n, v);
    set_dictionary(x, add_texts(k, word_at, words, n_words, 16));
    return x;
}

static node add_side(block *k, int64_t n, const uint8_t *v, bool is_trade)
{
    static const char *const book[] = {"bid", "ask", "none"};
    static const char *const taker[] = {"buy", "sell", "none"};
    return add_words(k, "side", n, v, is_trade ? taker : book, 3);
}

static node add_venue(block *k, int64_t n, const int32_t *index)
{
    return add_index(k, "venue", n, index,
                     add_texts(k, venue_at, k->batch, k->batch->n_syms, HR_VENUE_MAX));
}

static node add_symbol(block *k, int64_t n, const int32_t *index)
{
    return add_index(k, "symbol", n, index,
                     add_texts(k, symbol_at, k->batch, k->batch->n_syms, HR_SYMBOL_MAX));
}

static node add_trade_id(block *k, int64_t n, const int32_t *index)
{
    return add_index(k, "trade_id", n, index,
                     add_texts(k, text_at, k->batch, k->batch->n_texts, HR_TEXT_CAP));
}

/* Metadata: int32 pairs, then per pair int32 length and bytes of key and of value. */
static void put_meta(char out[40], unsigned scale)
{
    static const char key[] = "headrace.scale";
    char value[4];
    int32_t n = 1;
    int32_t n_key = sizeof key - 1;
    int32_t n_value = snprintf(value, sizeof value, "%u", scale % 100);
    memcpy(out, &n, 4);
    memcpy(out + 4, &n_key, 4);
    memcpy(out + 8, key, (size_t)n_key);
    memcpy(out + 8 + n_key, &n_value, 4);
    memcpy(out + 12 + n_key, value, (size_t)n_value);
}

static void set_formats(block *k, const hr_arrow_options *o)
{
    put_meta(k->px_meta, o->px_scale);
    put_meta(k->qty_meta, o->qty_scale);
    snprintf(k->px_format, sizeof k->px_format, o->as_integers ? "l" : "d:18,%u,64", o->px_scale);
    snprintf(k->qty_format, sizeof k->qty_format, o->as_integers ? "l" : "d:18,%u,64",
             o->qty_scale);
}

static node add_number(block *k, bool is_px, int64_t n, const int64_t *v)
{
    const char *format = is_px ? k->px_format : k->qty_format;
    node x = add_plain(k, format, is_px ? "px" : "qty", n, v);
    if (format[0] == 'l') x.s->metadata = is_px ? k->px_meta : k->qty_meta;
    return x;
}

/* ---- tables ---- */

static node add_list(block *k)
{
    const hr_evbatch *b = k->batch;
    node list = add(k, "+l", "levels", b->n_msgs, 2);
    node item = add(k, "+s", "item", b->n_levels, 1);
    node field[3] = {add_side(k, b->n_levels, b->side, false),
                     add_number(k, true, b->n_levels, b->px),
                     add_number(k, false, b->n_levels, b->qty)};
    list.a->buffers[1] = b->level_begin;
    set_children(k, item, field, 3);
    set_children(k, list, &item, 1);
    return list;
}

static uint32_t put_messages(block *k, node *out)
{
    static const char *const kinds[HR_MSG_KIND_COUNT] = {"delta", "snapshot", "trade", "ticker",
                                                         "bad",   "status",   "other", "order"};
    const hr_evbatch *b = k->batch;
    int64_t n = b->n_msgs;
    uint32_t i = 0;
    out[i++] = add_nullable(k, TIME_FORMAT, "ts_event", n, b->ts_event, HR_NULL_I64 + 1);
    out[i++] = add_nullable(k, TIME_FORMAT, "ts_recv", n, b->ts_recv, HR_NULL_I64 + 1);
    out[i++] = add_words(k, "kind", n, b->kind, kinds, HR_MSG_KIND_COUNT);
    out[i++] = add_venue(k, n, b->sym);
    out[i++] = add_symbol(k, n, b->sym);
    out[i++] = add_nullable(k, "l", "seq", n, b->seq_last, 0);
    out[i++] = add_nullable(k, "l", "seq_first", n, b->seq_first, 0);
    out[i++] = add_nullable(k, "l", "seq_prev", n, b->seq_prev, 0);
    out[i++] = add_plain(k, "I", "flags", n, b->flags);
    out[i++] = add_plain(k, "l", "src_offset", n, b->src_offset);
    out[i++] = add_plain(k, "l", "src_line", n, b->src_line);
    out[i++] = add_trade_id(k, n, b->text);
    out[i++] = add_list(k);
    return i;
}

static uint32_t put_levels(block *k, node *out)
{
    const hr_evbatch *b = k->batch;
    out[0] = add_side(k, b->n_levels, b->side, false);
    out[1] = add_number(k, true, b->n_levels, b->px);
    out[2] = add_number(k, false, b->n_levels, b->qty);
    return 3;
}

static uint32_t count_trades(const hr_evbatch *b)
{
    uint32_t n = 0;
    for (uint32_t m = 0; m < b->n_msgs; m++)
        n += b->kind[m] == HR_MSG_TRADE;
    return n;
}

static uint32_t put_trades(block *k, uint32_t n, node *out)
{
    const hr_evbatch *b = k->batch;
    int64_t *event = carve(k, n * sizeof *event);
    int64_t *recv = carve(k, n * sizeof *recv);
    int64_t *seq = carve(k, n * sizeof *seq);
    int64_t *px = carve(k, n * sizeof *px);
    int64_t *qty = carve(k, n * sizeof *qty);
    int32_t *sym = carve(k, n * sizeof *sym);
    int32_t *text = carve(k, n * sizeof *text);
    uint32_t *flags = carve(k, n * sizeof *flags);
    uint8_t *side = carve(k, n);
    uint32_t i = 0;
    for (uint32_t m = 0; m < b->n_msgs; m++) {
        if (b->kind[m] != HR_MSG_TRADE) continue;
        uint32_t at = (uint32_t)b->level_begin[m];
        event[i] = b->ts_event[m];
        recv[i] = b->ts_recv[m];
        seq[i] = b->seq_last[m];
        px[i] = b->px[at];
        qty[i] = b->qty[at];
        sym[i] = b->sym[m];
        text[i] = b->text[m];
        flags[i] = b->flags[m];
        side[i++] = b->side[at];
    }
    i = 0;
    out[i++] = add_nullable(k, TIME_FORMAT, "ts_event", n, event, HR_NULL_I64 + 1);
    out[i++] = add_nullable(k, TIME_FORMAT, "ts_recv", n, recv, HR_NULL_I64 + 1);
    out[i++] = add_venue(k, n, sym);
    out[i++] = add_symbol(k, n, sym);
    out[i++] = add_nullable(k, "l", "seq", n, seq, 0);
    out[i++] = add_side(k, n, side, true);
    out[i++] = add_number(k, true, n, px);
    out[i++] = add_number(k, false, n, qty);
    out[i++] = add_trade_id(k, n, text);
    out[i++] = add_plain(k, "I", "flags", n, flags);
    return i;
}

size_t hr_arrow_export_bytes(const hr_evbatch *b, hr_arrow_table table)
{
    size_t pad = 64;
    size_t n = sizeof(block) + 4096; /* and the dictionaries of fixed words */
    size_t names = b->n_syms * (size_t)(HR_VENUE_MAX + HR_SYMBOL_MAX + 8);
    size_t texts = b->n_texts * (size_t)(HR_TEXT_CAP + 4);
    size_t rows = table == HR_ARROW_TRADES ? count_trades(b) : b->n_msgs;
    if (table == HR_ARROW_LEVELS) return n;
    n += names + texts + 8 * pad;  /* dictionaries */
    n += 8 * (rows / 8 + 1 + pad); /* bitmaps */
    if (table == HR_ARROW_TRADES) n += rows * (5 * 8 + 3 * 4 + 1) + 9 * pad;
    return n;
}

void hr_arrow_export(struct ArrowSchema *schema, struct ArrowArray *array, const hr_evbatch *b,
                     hr_arrow_table table, const hr_arrow_options *o, void *mem)
{
    block *k = mem;
    node child[CHILDREN_MAX];
    HR_ASSERT(((uintptr_t)mem & 63u) == 0 && table < HR_ARROW_TABLE_COUNT);
    memset(k, 0, sizeof *k);
    k->done = o->done;
    k->self = o->self;
    k->batch = b;
    k->free = (char *)mem + ((sizeof *k + 63u) & ~(size_t)63u);
    set_formats(k, o);
    uint32_t n_trades = table == HR_ARROW_TRADES ? count_trades(b) : 0;
    int64_t n_rows = table == HR_ARROW_MESSAGES ? b->n_msgs
                     : table == HR_ARROW_LEVELS ? b->n_levels
                                                : n_trades;
    node root = node_at(k, schema, array, "+s", "", n_rows, 1);
    uint32_t n = table == HR_ARROW_MESSAGES ? put_messages(k, child)
                 : table == HR_ARROW_LEVELS ? put_levels(k, child)
                                            : put_trades(k, n_trades, child);
    set_children(k, root, child, n);
    HR_ASSERT(k->free <= (char *)mem + hr_arrow_export_bytes(b, table));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Export, import, release exactly once, and structures that contradict themselves. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "col/arrow_batch.h"
#include "rng.h"

static const hr_evbatch_caps caps = {
    .msgs = 512, .levels = 4096, .rejects = 16, .raw = 4096, .texts = 64};

typedef struct world {
    hr_evbatch *a, *b;
    void *mem_a, *mem_b, *mem;
    struct ArrowSchema schema;
    struct ArrowArray array;
    int n_done;
} world;

static void *aligned(size_t n)
{
    void *p = aligned_alloc(64, (n + 63) & ~(size_t)63);
    assert_non_null(p);
    return p;
}

static void on_done(void *self)
{
    ((world *)self)->n_done++;
}

static const hr_arrow_options *options(world *w, bool as_integers)
{
    static hr_arrow_options o;
    o = (hr_arrow_options){
        .px_scale = 9, .qty_scale = 8, .as_integers = as_integers, .done = on_done, .self = w};
    return &o;
}

static void put(hr_evbatch *b, hr_msg_kind kind, const char *symbol, uint32_t n, int64_t seed)
{
    uint32_t m = b->n_msgs;
    b->kind[m] = (uint8_t)kind;
    b->ts_event[m] = seed % 3 == 0 ? HR_NULL_I64 : 1700000000000000000 + seed;
    b->ts_recv[m] = kind == HR_MSG_STATUS ? HR_NULL_I64 : 1700000000000000100 + seed;
    b->seq_first[m] = seed % 4 == 0 ? -1 : seed;
    b->seq_last[m] = seed % 4 == 0 ? -1 : seed + 2;
    b->seq_prev[m] = seed % 5 == 0 ? seed - 1 : -1;
    b->src_offset[m] = 100 * seed;
    b->src_line[m] = seed + 1;
    b->flags[m] = (uint32_t)seed & 0x3ff;
    b->text[m] = -1;
    b->sym[m] = symbol == NULL ? -1 : hr_evbatch_sym(b, "binance", symbol, strlen(symbol));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = b->n_levels + i;
        b->side[at] = (uint8_t)(kind == HR_MSG_TICKER ? i : (uint32_t)(seed + i) % 2);
        b->px[at] = 61773600000000 + (int64_t)at;
        b->qty[at] = (int64_t)i * 1000;
    }
    if (kind == HR_MSG_TRADE && seed % 2 == 1) {
        hr_text *t = &b->texts[b->n_texts];
        memset(t, 0, sizeof *t);
        t->len = (uint8_t)snprintf(t->byte, sizeof t->byte, "id-%d", (int)seed);
        b->text[m] = (int32_t)b->n_texts++;
    }
    b->n_levels += n;
    b->n_msgs++;
    b->level_begin[b->n_msgs] = (int32_t)b->n_levels;
}

static int setup(void **state)
{
    static const char *const symbols[] = {"BTCUSDT", "ETHUSDT", "SOL-PERP", NULL};
    world *w = calloc(1, sizeof *w);
    w->mem_a = aligned(hr_evbatch_bytes(&caps));
    w->mem_b = aligned(hr_evbatch_bytes(&caps));
    w->a = hr_evbatch_init(w->mem_a, &caps);
    w->b = hr_evbatch_init(w->mem_b, &caps);
    for (int64_t i = 0; i < 100; i++) {
        hr_msg_kind kind = (hr_msg_kind)(i % 4);
        uint32_t n = kind == HR_MSG_TRADE ? 1 : kind == HR_MSG_TICKER ? 2 : (uint32_t)(i % 7);
        put(w->a, kind, symbols[i % 3 + (i % 20 == 1)], n, i);
    }
    put(w->a, HR_MSG_STATUS, NULL, 0, 100);
    w->mem = aligned(1 << 20);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world *w = *state;
    free(w->mem_a);
    free(w->mem_b);
    free(w->mem);
    free(w);
    return 0;
}

static void export(world *w, hr_arrow_table table, bool as_integers)
{
    size_t n = hr_arrow_export_bytes(w->a, table);
    assert_true(n < 1 << 20);
    memset((char *)w->mem + n, 0x5a, 64);
    hr_arrow_export(&w->schema, &w->array, w->a, table, options(w, as_integers), w->mem);
    for (int i = 0; i < 64; i++)
        assert_int_equal(((unsigned char *)w->mem)[n + (size_t)i], 0x5a);
    assert_non_null(w->schema.release);
    assert_non_null(w->array.release);
    assert_int_equal(w->schema.n_children, w->array.n_children);
}

static void release(world *w)
{
    if (w->array.release != NULL) w->array.release(&w->array);
    if (w->schema.release != NULL) w->schema.release(&w->schema);
}

static int64_t child(const world *w, const char *name)
{
    for (int64_t i = 0; i < w->schema.n_children; i++)
        if (strcmp(w->schema.children[i]->name, name) == 0) return i;
    fail_msg("no column %s", name);
    return -1;
}

static struct ArrowArray *array_of(world *w, const char *name)
{
    return w->array.children[child(w, name)];
}

static struct ArrowSchema *schema_of(world *w, const char *name)
{
    return w->schema.children[child(w, name)];
}

static void test_export_shares_columns(void **state)
{
    world *w = *state;
    export(w, HR_ARROW_MESSAGES, false);
    assert_string_equal(w->schema.format, "+s");
    assert_int_equal(w->array.length, w->a->n_msgs);
    assert_string_equal(schema_of(w, "ts_event")->format, "tsn:UTC");
    assert_ptr_equal(array_of(w, "ts_event")->buffers[1], w->a->ts_event);
    assert_ptr_equal(array_of(w, "seq")->buffers[1], w->a->seq_last);
    assert_ptr_equal(array_of(w, "symbol")->buffers[1], w->a->sym);
    struct ArrowArray *levels = array_of(w, "levels");
    assert_ptr_equal(levels->buffers[1], w->a->level_begin);
    assert_ptr_equal(levels->children[0]->children[1]->buffers[1], w->a->px);
    assert_string_equal(schema_of(w, "levels")->children[0]->children[1]->format, "d:18,9,64");
    int64_t nulls = 0;
    for (uint32_t m = 0; m < w->a->n_msgs; m++) {
        bool is_null = w->a->ts_event[m] == HR_NULL_I64;
        const uint8_t *bits = array_of(w, "ts_event")->buffers[0];
        assert_int_equal((bits[m / 8] >> (m % 8)) & 1, !is_null);
        nulls += is_null;
    }
    assert_int_equal(array_of(w, "ts_event")->null_count, nulls);
    assert_null(array_of(w, "flags")->buffers[0]);
    release(w);
    assert_int_equal(w->n_done, 1);
}

static void test_release_once(void **state)
{
    world *w = *state;
    for (int order = 0; order < 2; order++) {
        w->n_done = 0;
        export(w, HR_ARROW_MESSAGES, false);
        if (order == 0) {
            w->array.release(&w->array);
            assert_null(w->array.release);
            assert_int_equal(w->n_done, 0);
            w->schema.release(&w->schema);
        } else {
            w->schema.release(&w->schema);
            assert_null(w->schema.release);
            assert_int_equal(w->n_done, 0);
            w->array.release(&w->array);
        }
        assert_int_equal(w->n_done, 1);
    }
}

/* A consumer may move a child (or its dictionary) out and keep it longer than its parent. */
static void test_moved_children(void **state)
{
    world *w = *state;
    export(w, HR_ARROW_MESSAGES, false);
    struct ArrowArray *from = array_of(w, "symbol");
    struct ArrowArray moved = *from;
    from->release = NULL;
    struct ArrowArray words = *moved.dictionary;
    moved.dictionary->release = NULL;
    struct ArrowSchema *from_schema = schema_of(w, "levels");
    struct ArrowSchema moved_schema = *from_schema;
    from_schema->release = NULL;
    release(w);
    assert_int_equal(w->n_done, 0);
    moved.release(&moved);
    assert_int_equal(w->n_done, 0);
    assert_memory_equal(words.buffers[2], "BTCUSDT", 7);
    words.release(&words);
    assert_int_equal(w->n_done, 0);
    moved_schema.release(&moved_schema);
    assert_int_equal(w->n_done, 1);
}

static void assert_same_message(const hr_evbatch *a, uint32_t i, const hr_evbatch *b, uint32_t k)
{
    assert_int_equal(a->kind[i], b->kind[k]);
    assert_int_equal(a->ts_event[i], b->ts_event[k]);
    assert_int_equal(a->ts_recv[i], b->ts_recv[k]);
    assert_int_equal(a->seq_last[i], b->seq_last[k]);
    assert_int_equal(a->flags[i], b->flags[k]);
    if (a->sym[i] < 0)
        assert_int_equal(b->sym[k], -1);
    else
        assert_string_equal(a->syms[a->sym[i]].symbol, b->syms[b->sym[k]].symbol);
    if (a->text[i] < 0)
        assert_int_equal(b->text[k], -1);
    else
        assert_memory_equal(&a->texts[a->text[i]], &b->texts[b->text[k]], sizeof(hr_text));
    int32_t n = a->level_begin[i + 1] - a->level_begin[i];
    assert_int_equal(n, b->level_begin[k + 1] - b->level_begin[k]);
    size_t bytes = (size_t)n * sizeof(int64_t);
    assert_memory_equal(a->px + a->level_begin[i], b->px + b->level_begin[k], bytes);
    assert_memory_equal(a->qty + a->level_begin[i], b->qty + b->level_begin[k], bytes);
    assert_memory_equal(a->side + a->level_begin[i], b->side + b->level_begin[k], (size_t)n);
}

static hr_status import(world *w, int64_t *row, hr_err *err)
{
    return hr_arrow_import(w->b, &w->schema, &w->array, 9, 8, row, err);
}

static void test_round_trip(void **state)
{
    world *w = *state;
    for (int as_integers = 0; as_integers < 2; as_integers++) {
        int64_t row = 0;
        hr_err err = HR_ERR_INIT;
        export(w, HR_ARROW_MESSAGES, as_integers != 0);
        assert_int_equal(import(w, &row, &err), HR_OK);
        assert_int_equal(row, w->a->n_msgs);
        assert_int_equal(w->b->n_msgs, w->a->n_msgs);
        for (uint32_t m = 0; m < w->a->n_msgs; m++) {
            assert_same_message(w->a, m, w->b, m);
            assert_int_equal(w->a->seq_first[m], w->b->seq_first[m]);
            assert_int_equal(w->a->seq_prev[m], w->b->seq_prev[m]);
            assert_int_equal(w->a->src_offset[m], w->b->src_offset[m]);
            assert_int_equal(w->a->src_line[m], w->b->src_line[m]);
        }
        release(w);
    }
}

static void test_trades(void **state)
{
    world *w = *state;
    int64_t row = 0;
    uint32_t k = 0;
    export(w, HR_ARROW_TRADES, false);
    assert_int_equal(w->array.length, 25);
    assert_int_equal(import(w, &row, NULL), HR_OK);
    for (uint32_t m = 0; m < w->a->n_msgs; m++)
        if (w->a->kind[m] == HR_MSG_TRADE) assert_same_message(w->a, m, w->b, k++);
    assert_int_equal(k, w->b->n_msgs);
    release(w);
    export(w, HR_ARROW_LEVELS, false);
    assert_int_equal(w->array.length, w->a->n_levels);
    assert_ptr_equal(array_of(w, "qty")->buffers[1], w->a->qty);
    row = 0;
    assert_int_equal(import(w, &row, NULL), HR_EUNSUPPORTED); /* levels alone are no messages */
    release(w);
}

static void test_slices(void **state)
{
    world *w = *state;
    int64_t row = 0;
    export(w, HR_ARROW_MESSAGES, false);
    w->array.offset = 10; /* a slice of the table: children keep their length */
    w->array.length = 20;
    assert_int_equal(import(w, &row, NULL), HR_OK);
    assert_int_equal(w->b->n_msgs, 20);
    for (uint32_t m = 0; m < 20; m++)
        assert_same_message(w->a, m + 10, w->b, m);
    release(w);
}

static void test_in_parts(void **state)
{
    world *w = *state;
    hr_evbatch_caps small = {.msgs = 7, .levels = 64, .rejects = 1, .raw = 64, .texts = 2};
    void *mem = aligned(hr_evbatch_bytes(&small));
    hr_evbatch *b = hr_evbatch_init(mem, &small);
    int64_t row = 0;
    uint32_t at = 0;
    hr_status st;
    export(w, HR_ARROW_MESSAGES, false);
    do {
        st = hr_arrow_import(b, &w->schema, &w->array, 9, 8, &row, NULL);
        assert_true(st == HR_OK || st == HR_FULL);
        assert_true(b->n_msgs > 0);
        for (uint32_t m = 0; m < b->n_msgs; m++)
            assert_same_message(w->a, at++, b, m);
        assert_int_equal(at, row);
    } while (st == HR_FULL);
    assert_int_equal(at, w->a->n_msgs);
    release(w);
    free(mem);
}

/* What another library may hand over: other units, scales, widths, no dictionaries. */
static void test_other_types(void **state)
{
    world *w = *state;
    static int64_t us[2] = {1700000000000001, 1700000000000002};
    static int64_t wide[4] = {6177360, 0, 6177361, 0};
    static const char *text = "buysell";
    static int32_t offset[3] = {0, 3, 7};
    int64_t row = 0;
    export(w, HR_ARROW_TRADES, false);
    w->array.length = 2;
    schema_of(w, "ts_event")->format = "tsu:Europe/Berlin";
    array_of(w, "ts_event")->buffers[0] = NULL;
    array_of(w, "ts_event")->null_count = 0;
    array_of(w, "ts_event")->buffers[1] = us;
    schema_of(w, "px")->format = "d:38,2";
    array_of(w, "px")->buffers[1] = wide;
    schema_of(w, "side")->format = "u";
    struct ArrowSchema *ds = schema_of(w, "side")->dictionary;
    struct ArrowArray *da = array_of(w, "side")->dictionary;
    schema_of(w, "side")->dictionary = NULL;
    array_of(w, "side")->dictionary = NULL;
    array_of(w, "side")->n_buffers = 3;
    const void *buffers[3] = {NULL, offset, text};
    array_of(w, "side")->buffers = buffers;
    assert_int_equal(import(w, &row, NULL), HR_OK);
    assert_int_equal(w->b->n_msgs, 2);
    assert_int_equal(w->b->ts_event[1], INT64_C(1700000000000002000));
    assert_int_equal(w->b->px[0], INT64_C(61773600000000));
    assert_int_equal(w->b->side[0], HR_SIDE_BID);
    assert_int_equal(w->b->side[1], HR_SIDE_ASK);
    wide[1] = 1; /* more than 64 bits */
    row = 0;
    assert_int_equal(import(w, &row, NULL), HR_EINPUT);
    wide[1] = 0;
    schema_of(w, "px")->format = "d:38,12"; /* finer than ours: must divide */
    row = 0;
    assert_int_equal(import(w, &row, NULL), HR_EINPUT);
    schema_of(w, "side")->dictionary = ds;
    array_of(w, "side")->dictionary = da;
    release(w);
}

/* Each case spoils one thing, expects a refusal that names it, and puts it back. */
typedef void (*spoil_fn)(world *w);
#define SPOIL(name, statement)                                                                     \
    static void spoil_##name(world *w)                                                             \
    {                                                                                              \
        statement;                                                                                 \
    }
SPOIL(root_format, w->schema.format = "+l")
SPOIL(no_format, schema_of(w, "seq")->format = NULL)
SPOIL(float_seq, schema_of(w, "seq")->format = "g")
SPOIL(view_symbol, schema_of(w, "symbol")->dictionary->format = "vu")
SPOIL(float_px, schema_of(w, "levels")->children[0]->children[1]->format = "g")
SPOIL(int_px, schema_of(w, "levels")->children[0]->children[1]->format = "l")
SPOIL(odd_decimal, schema_of(w, "levels")->children[0]->children[1]->format = "d:18")
SPOIL(huge_scale, schema_of(w, "levels")->children[0]->children[1]->format = "d:38,38")
SPOIL(time_is_int, schema_of(w, "ts_recv")->format = "l")
SPOIL(list_is_struct, schema_of(w, "levels")->format = "+s")
SPOIL(item_is_list, schema_of(w, "levels")->children[0]->format = "+l")
SPOIL(name_missing, schema_of(w, "ts_recv")->name = "ts")
SPOIL(name_null, schema_of(w, "ts_recv")->name = NULL)
SPOIL(negative_length, w->array.length = -1)
SPOIL(negative_offset, array_of(w, "seq")->offset = -1)
SPOIL(huge_offset, array_of(w, "seq")->offset = INT64_MAX)
SPOIL(root_offset, w->array.offset = INT64_MAX - 10)
SPOIL(longer_than_children, w->array.length++)
SPOIL(nulls_more_than_rows, array_of(w, "seq")->null_count = 1000)
SPOIL(nulls_below, array_of(w, "seq")->null_count = -2)
SPOIL(null_without_bits, array_of(w, "flags")->null_count = 1)
SPOIL(no_data, array_of(w, "flags")->buffers[1] = NULL)
SPOIL(no_buffers, array_of(w, "flags")->buffers = NULL)
SPOIL(one_buffer, array_of(w, "flags")->n_buffers = 1)
SPOIL(children_differ, array_of(w, "levels")->n_children = 0)
SPOIL(no_children, array_of(w, "levels")->children = NULL)
SPOIL(child_null, w->array.children[3] = NULL)
SPOIL(dictionary_one_side, array_of(w, "kind")->dictionary = NULL)
SPOIL(dictionary_short, array_of(w, "kind")->dictionary->length = 1)
SPOIL(dictionary_no_bytes, array_of(w, "kind")->dictionary->buffers[2] = NULL)
SPOIL(dictionary_no_offsets, array_of(w, "kind")->dictionary->buffers[1] = NULL)
SPOIL(offsets_fall, ((int32_t *)w->a->level_begin)[5] = 0)
SPOIL(offsets_past, ((int32_t *)w->a->level_begin)[w->a->n_msgs] = 100000)
SPOIL(items_short, array_of(w, "levels")->children[0]->length = 3)
SPOIL(item_null, array_of(w, "levels")->children[0]->null_count = 1)
SPOIL(released_child, array_of(w, "seq")->release = NULL)
SPOIL(kind_index, w->a->kind[4] = 9)
SPOIL(side_index, w->a->side[4] = 3)
SPOIL(side_none, w->a->side[2] = HR_SIDE_NONE)
SPOIL(px_zero, w->a->px[4] = 0)
SPOIL(px_negative, w->a->px[3] = -5)
SPOIL(qty_negative, w->a->qty[3] = -1)
SPOIL(recv_null, w->a->ts_recv[3] = HR_NULL_I64)
SPOIL(symbol_index, w->a->sym[3] = 77)
SPOIL(symbol_bytes, memset(w->a->syms[0].symbol, ' ', 3))
SPOIL(trade_of_two, w->a->kind[3] = HR_MSG_TRADE)
SPOIL(ticker_sides, w->a->side[w->a->level_begin[3]] = HR_SIDE_ASK)
SPOIL(status_with_levels, w->a->kind[3] = HR_MSG_STATUS)

static const struct {
    const char *what;
    spoil_fn fn;
    bool before; /* the batch's values, from which the export is made */
} spoils[] = {
#define CASE(name, before)                                                                         \
    {                                                                                              \
#name, spoil_##name, before                                                                \
    }
    CASE(root_format, false),
    CASE(no_format, false),
    CASE(float_seq, false),
    CASE(view_symbol, false),
    CASE(float_px, false),
    CASE(int_px, false),
    CASE(odd_decimal, false),
    CASE(huge_scale, false),
    CASE(time_is_int, false),
    CASE(list_is_struct, false),
    CASE(item_is_list, false),
    CASE(name_missing, false),
    CASE(name_null, false),
    CASE(negative_length, false),
    CASE(negative_offset, false),
    CASE(huge_offset, false),
    CASE(root_offset, false),
    CASE(longer_than_children, false),
    CASE(nulls_more_than_rows, false),
    CASE(nulls_below, false),
    CASE(null_without_bits, false),
    CASE(no_data, false),
    CASE(no_buffers, false),
    CASE(one_buffer, false),
    CASE(children_differ, false),
    CASE(no_children, false),
    CASE(child_null, false),
    CASE(dictionary_one_side, false),
    CASE(dictionary_short, false),
    CASE(dictionary_no_bytes, false),
    CASE(dictionary_no_offsets, false),
    CASE(offsets_fall, false),
    CASE(offsets_past, false),
    CASE(items_short, false),
    CASE(released_child, false),
    CASE(kind_index, false),
    CASE(side_index, false),
    CASE(side_none, false),
    CASE(px_zero, false),
    CASE(px_negative, false),
    CASE(qty_negative, false),
    CASE(recv_null, true),
    CASE(symbol_index, false),
    CASE(symbol_bytes, true),
    CASE(trade_of_two, false),
    CASE(ticker_sides, false),
    CASE(status_with_levels, false),
    CASE(item_null, false),
};

static void test_bad_structures(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof spoils / sizeof *spoils; i++) {
        void *fresh;
        hr_err err = HR_ERR_INIT;
        int64_t row = 0;
        setup(&fresh);
        world *w = fresh;
        if (spoils[i].before) spoils[i].fn(w);
        export(w, HR_ARROW_MESSAGES, false);
        if (!spoils[i].before) spoils[i].fn(w);
        hr_status st = import(w, &row, &err);
        if (st >= 0) fail_msg("%s was taken", spoils[i].what);
        assert_true(err.message[0] != '\0');
        teardown(&fresh); /* memory only: what is spoilt cannot be released */
    }
}

static void test_released(void **state)
{
    world *w = *state;
    int64_t row = 0;
    hr_err err = HR_ERR_INIT;
    export(w, HR_ARROW_TRADES, false);
    struct ArrowArray array = w->array;
    release(w);
    assert_int_equal(import(w, &row, &err), HR_EINPUT);
    assert_non_null(strstr(err.message, "released"));
    (void)array;
    assert_int_equal(hr_arrow_import(w->b, NULL, NULL, 9, 8, &row, &err), HR_EINPUT);
}

static void test_empty(void **state)
{
    world *w = *state;
    hr_evbatch_reset(w->a);
    for (int t = 0; t < HR_ARROW_TABLE_COUNT; t++) {
        int64_t row = 0;
        export(w, (hr_arrow_table)t, false);
        assert_int_equal(w->array.length, 0);
        if (t != HR_ARROW_LEVELS) assert_int_equal(import(w, &row, NULL), HR_OK);
        assert_int_equal(w->b->n_msgs, 0);
        release(w);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_export_shares_columns),
        TEST(test_release_once),
        TEST(test_moved_children),
        TEST(test_round_trip),
        TEST(test_trades),
        TEST(test_slices),
        TEST(test_in_parts),
        TEST(test_other_types),
        cmocka_unit_test(test_bad_structures),
        TEST(test_released),
        TEST(test_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

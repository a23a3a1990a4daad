/* SPDX-License-Identifier: Apache-2.0 */
/* Arrow made by hand: every way a batch can lie, what is refused by name, and damage. */
#include "fmt/ipc_read.h"

#include <stdio.h>

#include "fmt/pq_coded.h"
#include "harness.h"
#include "ipc_made.h"

#define I64(...) ((const int64_t[]){__VA_ARGS__})
#define I32(...) ((const int32_t[]){__VA_ARGS__})
#define BUF(...)                                                                                   \
    {                                                                                              \
        .p = (__VA_ARGS__), .n = sizeof(__VA_ARGS__)                                               \
    }
#define LEN HR_ARRAY_LEN
#define BATCH(rows, ...) (&(ipcm_batch){.n_rows = (rows), __VA_ARGS__})
#define NODES(...) .nodes = I64(__VA_ARGS__), .n_nodes = sizeof(I64(__VA_ARGS__)) / 16
#define BUFFERS(list) .buffers = (list), .n_buffers = (uint32_t)LEN(list)

static ipcm_bytes file;
static hr_arena *arena;
static hr_err err;
static ipcm m;
static hr_pq_file *f;

static const ipcm_field int_field = {.name = "i", .type = IPC_T_INT, .a = 32, .b = 1};
static const ipcm_field text_field = {.name = "t", .type = IPC_T_UTF8};
static const ipcm_field coded_field = {
    .name = "d", .type = IPC_T_UTF8, .has_dict = true, .dict_id = 7};

static int set_up(void **state)
{
    static uint8_t room[IPCM_CAP];
    (void)state;
    file = (ipcm_bytes){.p = room, .cap = sizeof room};
    return hr_arena_create(&arena, NULL, 64u << 20, "test", NULL) == HR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    hr_arena_destroy(&arena);
    return 0;
}

static void begin(const ipcm_field *fields, uint32_t n)
{
    file.n = file.n_calls = file.n_outside = file.fail_at = 0;
    m = (ipcm){.out = &file, .version = HR_IPC_V5};
    if (n > 0) ipcm_schema(&m, fields, n);
}

static hr_status open_with(const hr_pq_limits *limits)
{
    hr_arena_rewind(arena, 0);
    err = (hr_err)HR_ERR_INIT;
    hr_status st = hr_ipc_file_open(&f, ipcm_read_at, &file, (int64_t)file.n, limits, arena, &err);
    assert_int_equal(file.n_outside, 0);
    return st;
}

static hr_status open_file(void)
{
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    return open_with(&limits);
}

static void refuses(hr_status want, const char *word)
{
    hr_status st = open_file();
    if (st != want || strstr(err.message, word) == NULL)
        print_message("# %d, not %d: %s (%s)\n", (int)st, (int)want, err.message, word);
    assert_int_equal(st, want);
    assert_non_null(strstr(err.message, word));
}

/* All of a column as text: integers, texts, "-" for null, blanks between. */
static hr_status read_column(uint32_t col, char *out, size_t cap)
{
    hr_pq_cursor *c;
    uint8_t is_null[64];
    size_t at = 0;
    out[0] = '\0';
    HR_TRY(hr_pq_cursor_create(&c, f, col, arena, &err));
    hr_pq_cursor_mark_nulls(c, is_null);
    bool is_text = hr_pq_file_column(f, col)->phys == HR_PQ_BYTE_ARRAY;
    for (uint32_t g = 0; g < hr_pq_file_row_groups(f); g++) {
        hr_status st = hr_pq_cursor_seek(c, g, &err);
        while (st == HR_OK) {
            int64_t v[64];
            hr_pq_bytes s[64];
            uint32_t n = 0;
            st =
                is_text ? hr_pq_read_bytes(c, s, 64, &n, &err) : hr_pq_read_i64(c, v, 64, &n, &err);
            for (uint32_t i = 0; i < n && at < cap; i++)
                at +=
                    (size_t)(is_null[i] != 0 ? snprintf(out + at, cap - at, "- ")
                             : is_text ? snprintf(out + at, cap - at, "%.*s ", (int)s[i].n, s[i].s)
                                       : snprintf(out + at, cap - at, "%lld ", (long long)v[i]));
        }
        if (st != HR_END) return st;
    }
    assert_int_equal(file.n_outside, 0);
    return HR_OK;
}

static void holds(uint32_t col, const char *want)
{
    char text[512];
    hr_status st = read_column(col, text, sizeof text);
    if (st != HR_OK) print_message("# %s\n", err.message);
    assert_int_equal(st, HR_OK);
    assert_string_equal(text, want);
}

static void fails(uint32_t col, hr_status want, const char *word)
{
    char text[512];
    assert_int_equal(open_file(), HR_OK);
    hr_status st = read_column(col, text, sizeof text);
    if (st != want || strstr(err.message, word) == NULL)
        print_message("# %d: %s (%s)\n", (int)st, err.message, word);
    assert_int_equal(st, want);
    assert_non_null(strstr(err.message, word));
}

/* ---- what is read ---- */

static const uint8_t five_of_eight[] = {0x1b}; /* 1 1 0 1 1 */

static void put_ints(void)
{
    const ipcm_buffer two[] = {BUF(five_of_eight), BUF(I32(1, -2, 3, 4, 5))};
    ipcm_batch_put(&m, BATCH(5, NODES(5, 1), BUFFERS(two)));
}

static void test_framings(void **state)
{
    (void)state;
    for (int how = 0; how < 4; how++) {
        begin(NULL, 0);
        m.version = how % 2 == 0 ? HR_IPC_V5 : HR_IPC_V4;
        m.is_legacy = how >= 2;
        ipcm_schema(&m, &int_field, 1);
        put_ints();
        put_ints();
        if (how % 2 == 0) ipcm_end(&m);
        assert_int_equal(hr_ipc_sniff(file.p, file.n), HR_IPC_STREAM);
        assert_int_equal(open_file(), HR_OK);
        assert_int_equal(hr_pq_file_rows(f), 10);
        assert_string_equal(hr_pq_file_kind(f),
                            how % 2 == 0 ? "Arrow stream" : "Arrow stream without its end mark");
        holds(0, "1 -2 - 4 5 1 -2 - 4 5 ");
    }
    begin(&int_field, 1);
    assert_int_equal(open_file(), HR_OK);
    assert_int_equal(hr_pq_file_rows(f), 0);
    holds(0, "");
}

/* Columns that are passed over take their buffers and nodes with them. */
static void test_nested(void **state)
{
    static const ipcm_field of_list[] = {
        {.name = "item", .type = IPC_T_STRUCT, .children = &int_field, .n_children = 1},
        {.name = "t", .type = IPC_T_UTF8}};
    static const ipcm_field of_union[] = {{.name = "a", .type = IPC_T_NULL}};
    static const ipcm_field fields[] = {
        {.name = "l", .type = IPC_T_LIST, .children = of_list, .n_children = 1},
        {.name = "u", .type = IPC_T_UNION, .a = 1, .children = of_union, .n_children = 1},
        {.name = "v", .type = IPC_T_UTF8_VIEW},
        {.name = "i", .type = IPC_T_INT, .a = 32, .b = 1}};
    (void)state;
    static const char view[32] = "\3\0\0\0abc\0\0\0\0\0\0\0\0\0\21\0\0\0long\0\0\0\0\2\0\0\0";
    static const char texts[] = "--long after twelve--";
    for (int v4 = 0; v4 < 2; v4++) {
        /* list: nulls, offsets; its struct: nulls; the integer: nulls, values; union: types,
         * offsets, before V5 nulls first; its child: none; view: nulls, views, one of texts; ... */
        ipcm_buffer all[13] = {{0}};
        uint32_t n = 7 + (uint32_t)v4;
        all[1] = (ipcm_buffer)BUF(I32(0, 0, 0));
        all[n + 1] = (ipcm_buffer){.p = view, .n = sizeof view};
        all[n + 2] = (ipcm_buffer){.p = texts, .n = sizeof texts - 1};
        all[n + 4] = (ipcm_buffer)BUF(I32(8, 9));
        begin(NULL, 0);
        m.version = v4 != 0 ? HR_IPC_V4 : HR_IPC_V5;
        ipcm_schema(&m, fields, LEN(fields));
        ipcm_batch_put(&m, BATCH(2, NODES(2, 0, 0, 0, 0, 0, 2, 0, 2, 2, 2, 0, 2, 0), .buffers = all,
                                 .n_buffers = n + 5, .variadic = I64(1), .n_variadic = 1));
        if (open_file() != HR_OK) print_message("# %s\n", err.message);
        assert_int_equal(hr_pq_file_columns(f), 4);
        assert_false(hr_pq_file_column(f, 0)->is_flat || hr_pq_file_column(f, 1)->is_flat);
        holds(2, "abc long after twelve ");
        holds(3, "8 9 ");
    }
}

static void put_dict(bool is_delta, const char *a, const char *b)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%s%s", a, b);
    const int32_t ends[] = {0, (int32_t)strlen(a), n};
    const ipcm_buffer three[] = {{0}, {.p = ends, .n = sizeof ends}, {.p = text, .n = n}};
    ipcm_batch_put(&m, BATCH(2, NODES(2, 0), BUFFERS(three), .is_dict = true, .dict_id = 7,
                             .is_delta = is_delta));
}

static void put_coded(int32_t a, int32_t b, int32_t c)
{
    static const uint8_t valid[] = {5};
    const int32_t index[] = {a, b, c};
    const ipcm_buffer two[] = {BUF(valid), {.p = index, .n = sizeof index}};
    ipcm_batch_put(&m, BATCH(3, NODES(3, 1), BUFFERS(two)));
}

static void test_dictionaries(void **state)
{
    hr_pq_cursor *c;
    hr_pq_dict dict;
    uint32_t index[4];
    uint32_t n;
    (void)state;
    begin(&coded_field, 1);
    put_dict(false, "one", "two");
    put_coded(0, 99, 1); /* what a null points to does not matter */
    put_dict(true, "three", "");
    put_coded(2, 0, 3);
    put_dict(false, "new", "er");
    put_coded(1, 0, 0);
    assert_int_equal(open_file(), HR_OK);
    holds(0, "one - two three -  er - new ");
    assert_int_equal(hr_pq_cursor_create(&c, f, 0, arena, &err), HR_OK);
    for (uint32_t i = 0; i < 6; i++) { /* back and forth */
        uint32_t g = i < 3 ? 2 - i : i - 3;
        assert_int_equal(hr_pq_cursor_seek(c, g, &err), HR_OK);
        assert_int_equal(hr_pq_read_coded(c, &dict, index, 4, &n, &err), HR_OK);
        assert_int_equal(n, 3);
        assert_int_equal(dict.n, g == 1 ? 4 : 2);
        assert_int_equal(index[1], dict.n);
        assert_int_equal(dict.text[0].n, 3);
        assert_memory_equal(dict.text[0].s, g == 2 ? "new" : "one", 3);
    }
    begin(&coded_field, 1);
    put_dict(false, "one", "two");
    put_coded(0, 0, 2);
    fails(0, HR_ECORRUPT, "index 2 of a dictionary of 2");
    begin(&coded_field, 1);
    put_coded(0, 0, 0);
    put_dict(false, "one", "two");
    fails(0, HR_ECORRUPT, "index 0 of a dictionary of 0");
}

static void test_compressed(void **state)
{
    /* A frame that stores its one block: magic, flags, sizes, a checksum that nobody looks at. */
    static const uint8_t frame[] = {4, 0, 0, 0, 0,    0, 0, 0, 0x04, 0x22, 0x4d, 0x18, 0x60, 0x40,
                                    0, 4, 0, 0, 0x80, 9, 8, 7, 6,    0,    0,    0,    0};
    static const uint8_t plain[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4};
    static const ipcm_field byte = {.name = "i", .type = IPC_T_INT, .a = 8, .b = 1};
    uint8_t big[sizeof frame];
    const ipcm_buffer one[] = {{0}, BUF(frame)};
    const ipcm_buffer as_is[] = {{0}, BUF(plain)};
    const ipcm_buffer short_one[] = {{0}, {.p = frame, .n = 7}};
    const ipcm_buffer bad[] = {{0}, {.p = big, .n = sizeof big}};
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    char text[64];
    (void)state;
    begin(&byte, 1);
    ipcm_batch_put(&m, BATCH(4, NODES(4, 0), BUFFERS(one), .codec = 1 + IPC_LZ4_FRAME));
    ipcm_batch_put(&m, BATCH(4, NODES(4, 0), BUFFERS(as_is), .codec = 1 + IPC_ZSTD));
    assert_int_equal(open_file(), HR_OK);
    holds(0, "9 8 7 6 1 2 3 4 ");
    begin(&byte, 1);
    ipcm_batch_put(&m, BATCH(4, NODES(4, 0), BUFFERS(one), .codec = 1 + IPC_ZSTD));
    fails(0, HR_ECORRUPT, "no zstd");
    begin(&byte, 1);
    ipcm_batch_put(&m, BATCH(4, NODES(4, 0), BUFFERS(short_one), .codec = 1));
    fails(0, HR_ECORRUPT, "without its length");
    for (int i = 0; i < 3; i++) {
        memcpy(big, frame, sizeof big);
        big[i == 0 ? 0 : i == 1 ? 4 : 7] = i == 2 ? 0x80 : 5;
        begin(&byte, 1);
        ipcm_batch_put(&m, BATCH(4, NODES(4, 0), BUFFERS(bad), .codec = 1));
        fails(0, i == 1 ? HR_ELIMIT : HR_ECORRUPT,
              i == 0   ? "no LZ4 frame"
              : i == 1 ? "at most"
                       : "negative length");
    }
    begin(&byte, 1);
    ipcm_batch_put(&m, BATCH(4, NODES(4, 0), BUFFERS(one), .codec = 1));
    limits.page_bytes = 3;
    assert_int_equal(open_with(&limits), HR_OK);
    assert_int_equal(read_column(0, text, sizeof text), HR_ELIMIT);
}

/* ---- what is refused ---- */

static void test_refusals(void **state)
{
    static ipcm_field deep[80];
    static const ipcm_field unknown = {.name = "x", .type = 99};
    static const ipcm_field odd = {.name = "x", .type = IPC_T_INT, .a = 24};
    (void)state;
    begin(NULL, 0);
    m.endian = 1;
    ipcm_schema(&m, &int_field, 1);
    refuses(HR_EUNSUPPORTED, "big-endian");
    begin(NULL, 0);
    m.version = HR_IPC_V4 - 1;
    ipcm_schema(&m, &int_field, 1);
    refuses(HR_EUNSUPPORTED, "version V3");
    begin(&unknown, 1);
    refuses(HR_EUNSUPPORTED, "type 99");
    begin(&odd, 1);
    refuses(HR_ECORRUPT, "cannot be");
    for (size_t i = 0; i < LEN(deep); i++)
        deep[i] = (ipcm_field){.name = "l",
                               .type = IPC_T_STRUCT,
                               .children = i + 1 < LEN(deep) ? &deep[i + 1] : NULL,
                               .n_children = i + 1 < LEN(deep)};
    begin(&deep[10], 1);
    refuses(HR_ELIMIT, "nested deeper");
    begin(&deep[20], 1);
    assert_int_equal(open_file(), HR_OK);
    begin(&int_field, 1);
    ipcm_schema(&m, &int_field, 1);
    refuses(HR_ECORRUPT, "a second schema");
    begin(NULL, 0);
    put_ints();
    refuses(HR_ECORRUPT, "does not begin with its schema");
    begin(&int_field, 1);
    ipcm_end(&m);
    put_ints();
    refuses(HR_EUNSUPPORTED, "after the end of the stream");
    begin(&int_field, 1);
    ipcm_batch_put(&m, BATCH((int64_t)INT32_MAX + 1, NODES(1, 0)));
    refuses(HR_ELIMIT, "a record batch of 2147483648 rows");
    begin(&int_field, 1);
    ipcm_batch_put(&m, BATCH(0, NODES(0, 0), .codec = 9));
    refuses(HR_EUNSUPPORTED, "compression 8");
    begin(&int_field, 1);
    ipcm_batch_put(&m, BATCH(0, NODES(0, 0), .body_bytes = 8));
    refuses(HR_ECORRUPT, "cut short");
    begin(NULL, 0);
    assert_int_equal(ipcm_put(&file, "FEA1____", 8, &err), HR_OK);
    assert_int_equal(hr_ipc_sniff(file.p, file.n), HR_IPC_FILE);
    refuses(HR_EUNSUPPORTED, "Feather V1");
    begin(NULL, 0);
    refuses(HR_ECORRUPT, "neither");
}

static void test_damage(void **state)
{
    const ipcm_buffer good[] = {{0}, BUF(I32(1, 2))};
    const ipcm_buffer outside[] = {{0}, {.p = I32(1, 2), .n = 8, .says_n = 9}};
    const ipcm_buffer before[] = {{0}, {.p = I32(1, 2), .n = 8, .says_at = -8}};
    const ipcm_buffer three[] = {{0}, BUF(I32(1, 2)), {0}};
    const ipcm_buffer back[] = {{0}, BUF(I32(0, 2, 1)), BUF("abc")};
    const ipcm_buffer minus[] = {{0}, BUF(I32(-1, 0, 1)), BUF("abc")};
    const ipcm_buffer past[] = {{0}, BUF(I32(0, 2, 9)), BUF("abc")};
    (void)state;
    struct {
        const ipcm_field *field;
        ipcm_batch batch;
        const char *word;
    } cases[] = {
        {&int_field, {.n_rows = 2, NODES(2, 0), BUFFERS(outside)}, "outside of its batch"},
        {&int_field, {.n_rows = 2, NODES(2, 0), BUFFERS(before)}, "outside of its batch"},
        {&int_field, {.n_rows = 2, NODES(2, 0), BUFFERS(three)}, "3 buffers"},
        {&int_field, {.n_rows = 3, NODES(3, 0), BUFFERS(good)}, "too short"},
        {&int_field, {.n_rows = 2, NODES(1, 0), BUFFERS(good)}, "1 rows in a batch of 2"},
        {&int_field, {.n_rows = 2, NODES(2, 1), BUFFERS(good)}, "nulls without a bitmap"},
        {&int_field, {.n_rows = 2, NODES(2, 3), BUFFERS(good)}, "a wrong number of rows"},
        {&int_field, {.n_rows = 2, NODES(-2, 0), BUFFERS(good)}, "a wrong number of rows"},
        {&int_field, {.n_rows = 2, NODES(2, 0, 2, 0), BUFFERS(good)}, "2 columns"},
        {&text_field, {.n_rows = 2, NODES(2, 0), BUFFERS(back)}, "go back"},
        {&text_field, {.n_rows = 2, NODES(2, 0), BUFFERS(minus)}, "negative offset"},
        {&text_field, {.n_rows = 2, NODES(2, 0), BUFFERS(past)}, "too short"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        begin(cases[i].field, 1);
        ipcm_batch_put(&m, &cases[i].batch);
        fails(0, HR_ECORRUPT, cases[i].word);
        assert_non_null(strstr(err.message, "offset")); /* and where */
    }
}

/* ---- everything that can be done to a file ---- */

typedef struct rows {
    int64_t id[300];
    uint8_t side[300];
    hr_text text[300];
    const hr_text *at[300];
    bool by_place; /* the column says where its texts lie */
} rows;

static const void *get_rows(void *self, uint32_t col, uint32_t block, uint32_t *n, hr_err *e)
{
    rows *r = self;
    (void)block;
    (void)e;
    *n = 100;
    if (col == 2) return r->by_place ? (const void *)r->at : r->text;
    return col == 0 ? (const void *)r->id : r->side;
}

static hr_status write_as(hr_ipc_kind kind, bool is_packed, bool by_place)
{
    static const char *const names[] = {"bid", "ask"};
    static const hr_field fields[] = {
        {.name = "id", .type = HR_COL_I64, .nullable = true},
        {.name = "side", .type = HR_COL_ENUM, .dict = names, .n_dict = 2},
        {.name = "text", .type = HR_COL_TEXT, .nullable = true}};
    static const hr_field with_places[] = {
        {.name = "id", .type = HR_COL_I64, .nullable = true},
        {.name = "side", .type = HR_COL_ENUM, .dict = names, .n_dict = 2},
        {.name = "text", .type = HR_COL_TEXT_AT, .nullable = true}};
    const hr_schema schema = {
        .name = "t", .n_fields = 3, .fields = by_place ? with_places : fields};
    static rows r;
    hr_ipc_write_options o = {.kind = kind,
                              .is_packed = is_packed,
                              .batch_rows = 100,
                              .max_batches = 2,
                              .sink = ipcm_put,
                              .sink_self = &file};
    hr_rows_source source = {.self = &r, .n_blocks = 1, .n_rows = 100, .get = get_rows};
    hr_ipc_writer *w;
    for (uint32_t i = 0; i < 100; i++) {
        r.id[i] = i % 7 == 0 ? HR_NULL_I64 : (int64_t)i;
        r.side[i] = i % 2;
        r.text[i] = (hr_text){.byte = "trade", .len = i % 5 == 0 ? HR_TEXT_NULL : (uint8_t)(i % 6)};
        r.at[i] = &r.text[i >= 30 && i % 4 != 0 ? i - 30 : i];
    }
    r.by_place = by_place;
    hr_arena_rewind(arena, 0);
    err = (hr_err)HR_ERR_INIT;
    HR_TRY(hr_ipc_writer_create(&w, &schema, &o, arena, &err));
    assert_true(hr_arena_used(arena) <= hr_ipc_writer_bytes(&schema, &o));
    HR_TRY(hr_ipc_writer_batch(w, &source, &err));
    HR_TRY(hr_ipc_writer_batch(w, &source, &err));
    assert_int_equal(hr_ipc_writer_batch(w, &source, NULL),
                     kind == HR_IPC_FILE ? HR_ELIMIT : HR_OK);
    return hr_ipc_writer_finish(w, &err);
}

static hr_status write_file(hr_ipc_kind kind, bool is_packed)
{
    return write_as(kind, is_packed, false);
}

static void test_texts_by_place(void **state)
{
    static uint8_t first[IPCM_CAP];
    (void)state;
    for (int how = 0; how < 4; how++) {
        const hr_ipc_kind kind = how < 2 ? HR_IPC_FILE : HR_IPC_STREAM;
        begin(NULL, 0);
        assert_int_equal(write_as(kind, how % 2 == 1, false), HR_OK);
        const size_t n = file.n;
        memcpy(first, file.p, n);
        begin(NULL, 0);
        assert_int_equal(write_as(kind, how % 2 == 1, true), HR_OK);
        assert_int_equal(file.n, n);
        assert_memory_equal(file.p, first, n);
    }
}

/* Whatever it is: no crash, nothing read where the file is not. */
static hr_status read_all(size_t arena_bytes)
{
    static char text[4096];
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_arena *whole = arena;
    hr_status st = hr_arena_create(&arena, NULL, arena_bytes, "test", NULL);
    if (st == HR_OK) st = open_with(&limits);
    for (uint32_t i = 0; st == HR_OK && i < hr_pq_file_columns(f); i++)
        st = hr_pq_file_column(f, i)->is_flat ? read_column(i, text, sizeof text) : HR_OK;
    assert_int_equal(file.n_outside, 0);
    hr_arena_destroy(&arena);
    arena = whole;
    return st;
}

static void test_flips(void **state)
{
    (void)state;
    for (int how = 0; how < 4; how++) {
        begin(NULL, 0);
        assert_int_equal(write_file(how < 2 ? HR_IPC_FILE : HR_IPC_STREAM, how % 2 == 1), HR_OK);
        assert_int_equal(read_all(4u << 20), HR_OK);
        uint32_t n_seen = 0;
        for (size_t i = 0; i < file.n; i++) {
            uint8_t was = file.p[i];
            file.p[i] = (uint8_t)(was ^ (i % 2 == 0 ? 0xffu : 1u << i % 8));
            n_seen += read_all(4u << 20) != HR_OK;
            file.p[i] = was;
        }
        assert_true(n_seen > 100); /* the others are other values: nothing sums them up */
    }
}

static void test_cuts(void **state)
{
    (void)state;
    for (int how = 0; how < 2; how++) {
        begin(NULL, 0);
        assert_int_equal(write_file(how == 0 ? HR_IPC_FILE : HR_IPC_STREAM, false), HR_OK);
        size_t whole = file.n;
        uint32_t n_good = 0;
        for (file.n = 0; file.n < whole; file.n++)
            n_good += read_all(4u << 20) == HR_OK;
        /* A stream may end after any message: the schema's, the dictionary's, each batch's. */
        assert_int_equal(n_good, how == 0 ? 0 : 5);
    }
}

static void test_failures(void **state)
{
    (void)state;
    begin(NULL, 0);
    assert_int_equal(write_file(HR_IPC_FILE, true), HR_OK);
    uint64_t n_puts = file.n_calls;
    file.n_calls = 0;
    assert_int_equal(read_all(4u << 20), HR_OK);
    uint64_t n_reads = file.n_calls;
    assert_true(n_reads > 10);
    for (file.fail_at = 1; file.fail_at <= n_reads; file.fail_at++) {
        file.n_calls = 0;
        assert_int_equal(read_all(4u << 20), HR_EIO);
    }
    file.fail_at = 0;
    bool has_passed = false;
    for (size_t n = 4096; n < 2u << 20 && !has_passed; n += 4096) {
        hr_status st = read_all(n);
        assert_true(st == HR_OK || st == HR_EBUDGET);
        has_passed = st == HR_OK;
    }
    assert_true(has_passed);
    for (uint64_t i = 1; i <= n_puts; i++) {
        begin(NULL, 0);
        file.fail_at = i;
        assert_int_equal(write_file(HR_IPC_FILE, true), HR_EIO);
        assert_int_equal(file.n_calls, i); /* the sink is not called again */
    }
    file.fail_at = 0;
}

static void test_sniff(void **state)
{
    static const char *const none[] = {"PAR1____________", "{\"stream\":\"x\"}\n1",
                                       "DBN\1............", "\0\f\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                                       "ARROW1"};
    (void)state;
    for (size_t i = 0; i < LEN(none); i++)
        assert_int_equal(hr_ipc_sniff(none[i], i == 4 ? 6 : 16), HR_IPC_NOT);
    assert_int_equal(hr_ipc_sniff("ARROW1\0\0", 8), HR_IPC_FILE);
    assert_int_equal(hr_ipc_sniff("", 0), HR_IPC_NOT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sniff),          cmocka_unit_test(test_framings),
        cmocka_unit_test(test_nested),         cmocka_unit_test(test_dictionaries),
        cmocka_unit_test(test_compressed),     cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_damage),         cmocka_unit_test(test_flips),
        cmocka_unit_test(test_cuts),           cmocka_unit_test(test_failures),
        cmocka_unit_test(test_texts_by_place),
    };
    return cmocka_run_group_tests_name("fmt-ipc", tests, set_up, tear_down);
}

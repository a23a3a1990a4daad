/* SPDX-License-Identifier: Apache-2.0 */
/* One table in many forms: CSV, Parquet and Arrow, its texts by dictionary, without, or both in one
 * row group. The reader of plain tables gives the rows that were put in, in whatever form, and calc
 * writes the same bytes of all. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/sys.h"
#include "fmt/pq_encode.h"
#include "harness.h"
#include "ipc_made.h"
#include "pack.h"
#include "pq_handmade.h"
#include "rng.h"
#include "table_rig.h"
#include "verb_run.h"

#define ROWS_MAX 5000u
#define IDS_MAX 800u
#define DICT_MAX 70000u /* more than the reader keeps something beside */
#define NULL_ID UINT32_MAX
#define TEXT_BYTES (HR_TEXT_CAP + 2)
#define CODE_BYTES 8u /* of a name that is a number */
#define CAP ((size_t)8 << 20)
#define FIRST_NS INT64_C(1704153600000000000)

enum { VENUE, SYMBOL, X, N_TEXTS };
/* How texts are written. */
typedef enum way { AS_PLAIN, AS_CODES, AS_BOTH, AS_MANY } way;

/* A column of texts: the row's is text[id[row]]. Ids 0 and 1 are no names, or no numbers. */
typedef struct texts {
    const char *name;
    hr_pq_phys as; /* in Parquet; INT64: its digits */
    char byte[IDS_MAX][TEXT_BYTES];
    hr_pq_bytes text[IDS_MAX];
    uint32_t n;
    uint32_t id[ROWS_MAX];
    bool is_met[IDS_MAX]; /* stands for what calc keeps of a name */
} texts;

static texts column[N_TEXTS] = {{.name = "venue", .as = HR_PQ_BYTE_ARRAY},
                                {.name = "symbol", .as = HR_PQ_BYTE_ARRAY},
                                {.name = "x", .as = HR_PQ_BYTE_ARRAY}};
static int64_t ts[ROWS_MAX];
static uint32_t n_rows;
static uint8_t file_buf[CAP], body[CAP];
static uint32_t n_first;            /* rows before the first dictionary of DICT_MAX texts */
static uint64_t n_known, n_unknown; /* spans of names, of forms that have both */

/* ---- the table ---- */

static void add_text(texts *c, const char *s, size_t n)
{
    memcpy(c->byte[c->n], s, n);
    c->byte[c->n][n] = '\0';
    c->text[c->n] = (hr_pq_bytes){.s = c->byte[c->n], .n = (uint32_t)n};
    c->n++;
}

/* Names of 1 to 47 bytes, some of them the longest; behind what is none. */
static void add_names(test_rng *r, texts *c, uint32_t n)
{
    static const char tail[TEXT_BYTES] = "zyxwvutsrqponmlkjihgzyxwvutsrqponmlkjihgzyxwvuts";
    char s[2 * TEXT_BYTES];
    add_text(c, "", 0);
    add_text(c, tail, HR_TEXT_CAP + 1);
    for (uint32_t i = 0; i < n; i++) {
        int k = snprintf(s, sizeof s, "S%u%s", i % IDS_MAX, tail);
        int least = k - (int)strlen(tail);
        int most = test_rng_chance(r, 4) ? HR_TEXT_CAP : least + 6;
        add_text(c, s, (size_t)least + test_rng_below(r, (uint64_t)(most - least + 1)));
    }
}

/* Names that are numbers, of one width. */
static void add_codes(texts *c)
{
    char s[16];
    add_text(c, "", 0);
    add_text(c, "", 0);
    for (int i = 0; i < 90; i++)
        add_text(c, s, (size_t)snprintf(s, sizeof s, "%d", 10000000 + i * 7919));
}

static void add_numbers(texts *c)
{
    char s[16];
    add_text(c, "oops", 4);
    add_text(c, "", 0);
    for (uint32_t i = 2; i < 200; i++)
        add_text(c, s, (size_t)snprintf(s, sizeof s, "%u", i));
}

static bool is_good(uint32_t row)
{
    return ts[row] != HR_NULL_I64 && column[VENUE].id[row] - 2 < IDS_MAX &&
           column[SYMBOL].id[row] - 2 < IDS_MAX && column[X].id[row] != 0;
}

/* Rows draw from some ids that follow one another, for a while: dictionaries of row groups differ,
 * and may be as long as one another. Half of the rows repeat the one above. */
static void draw_ids(test_rng *r, texts *c, uint32_t width, unsigned one_bad_in)
{
    const uint32_t n = c->n - 2;
    for (uint32_t i = 0; i < n_rows; i++) {
        uint32_t from = i / 700 * 5;
        uint32_t id = 2 + (from + (uint32_t)test_rng_below(r, width)) % n;
        if (i > 0 && test_rng_chance(r, 2)) id = c->id[i - 1];
        if (i > 0 && one_bad_in > 0 && test_rng_chance(r, one_bad_in))
            id = test_rng_chance(r, 3) ? NULL_ID : (uint32_t)test_rng_below(r, 2);
        c->id[i] = id;
    }
}

/* 1 to most of the rows that are left. */
static uint32_t some_rows(test_rng *r, uint32_t most, uint32_t left)
{
    uint32_t n = 1 + (uint32_t)test_rng_below(r, most);
    return n < left ? n : left;
}

static void make_table(test_rng *r, bool has_codes)
{
    unsigned one_bad_in = test_rng_chance(r, 3) ? 0 : test_rng_chance(r, 2) ? 12 : 400;
    uint32_t n_symbols = has_codes || test_rng_chance(r, 2) ? 7 : IDS_MAX - 2;
    n_rows = 1 + (uint32_t)test_rng_below(r, test_rng_chance(r, 5) ? 50 : ROWS_MAX);
    for (uint32_t k = 0; k < N_TEXTS; k++)
        column[k].n = 0;
    add_names(r, &column[VENUE], 3);
    if (has_codes)
        add_codes(&column[SYMBOL]);
    else
        add_names(r, &column[SYMBOL], n_symbols);
    add_numbers(&column[X]);
    draw_ids(r, &column[VENUE], 3, one_bad_in);
    draw_ids(r, &column[SYMBOL], 1 + (uint32_t)test_rng_below(r, n_symbols),
             has_codes ? 0 : one_bad_in);
    draw_ids(r, &column[X], 150, one_bad_in);
    for (uint32_t i = 1; has_codes && i < n_rows; i++)
        if (test_rng_chance(r, 50)) column[SYMBOL].id[i] = NULL_ID;
    for (uint32_t i = 0; i < n_rows; i++) {
        bool is_null = i > 0 && one_bad_in > 0 && test_rng_chance(r, 4 * one_bad_in);
        ts[i] = is_null ? HR_NULL_I64 : FIRST_NS + i * INT64_C(1000000000);
    }
}

static void put_csv(const char *path)
{
    char *to = (char *)file_buf;
    size_t n = (size_t)snprintf(to, CAP, "time,venue,symbol,x\n");
    for (uint32_t i = 0; i < n_rows; i++) {
        if (ts[i] != HR_NULL_I64) n += (size_t)snprintf(to + n, CAP - n, "%lld", (long long)ts[i]);
        for (uint32_t k = 0; k < N_TEXTS; k++) {
            uint32_t id = column[k].id[i];
            hr_pq_bytes t = id != NULL_ID ? column[k].text[id] : (hr_pq_bytes){.s = ""};
            n += (size_t)snprintf(to + n, CAP - n, ",%.*s", (int)t.n, t.s);
        }
        to[n++] = '\n';
    }
    test_put_file(path, file_buf, n);
}

/* ---- dictionaries ---- */

/* Ids by code; one of them may be there twice, and others never used. */
typedef struct dict {
    uint32_t id[IDS_MAX + 2];
    uint32_t n;
    uint32_t code[IDS_MAX]; /* by id; of two the first */
} dict;

static void add_entry(dict *d, uint32_t id)
{
    if (d->code[id] == NULL_ID) d->code[id] = d->n;
    d->id[d->n++] = id;
}

/* Of these rows, in the order of their first. */
static void make_dict(test_rng *r, dict *d, const texts *c, uint32_t from, uint32_t n)
{
    d->n = 0;
    memset(d->code, 0xff, sizeof d->code);
    if (test_rng_chance(r, 3)) add_entry(d, c->n - 1);
    for (uint32_t i = from; i < from + n; i++)
        if (c->id[i] != NULL_ID && d->code[c->id[i]] == NULL_ID) add_entry(d, c->id[i]);
    if (d->n > 0 && test_rng_chance(r, 3)) add_entry(d, d->id[0]);
}

static uint32_t code_of(test_rng *r, const dict *d, uint32_t id)
{
    bool is_twice = id == d->id[0] && d->id[d->n - 1] == id;
    return is_twice && test_rng_chance(r, 2) ? d->n - 1 : d->code[id];
}

/* ---- Parquet ---- */

static pqb b;

static size_t put_plain(uint8_t *to, hr_pq_phys as, const hr_pq_bytes *t, uint32_t n)
{
    size_t k = 0;
    for (uint32_t i = 0; i < n; i++) {
        int64_t v = as == HR_PQ_INT64 ? strtoll(t[i].s, NULL, 10) : 0;
        if (as == HR_PQ_BYTE_ARRAY) {
            memcpy(to + k, &t[i].n, 4);
            k += 4;
        }
        size_t n_bytes = as == HR_PQ_INT64 ? sizeof v : t[i].n;
        memcpy(to + k, as == HR_PQ_INT64 ? (const char *)&v : t[i].s, n_bytes);
        k += n_bytes;
    }
    return k;
}

/* DELTA_LENGTH_BYTE_ARRAY, or with what a text shares with the one before it DELTA_BYTE_ARRAY. */
static size_t put_delta(uint8_t *to, const hr_pq_bytes *t, uint32_t n, bool shares)
{
    static int64_t shared[ROWS_MAX], rest[ROWS_MAX];
    size_t k = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t s = 0;
        for (; shares && i > 0 && s < HR_MIN(t[i].n, t[i - 1].n) && t[i].s[s] == t[i - 1].s[s]; s++)
            ;
        shared[i] = s;
        rest[i] = t[i].n - s;
    }
    if (shares) k += pqb_delta(to, shared, n);
    k += pqb_delta(to + k, rest, n);
    for (uint32_t i = 0; i < n; i++) {
        memcpy(to + k, t[i].s + shared[i], (size_t)rest[i]);
        k += (size_t)rest[i];
    }
    return k;
}

/* What follows the levels in a page of these rows. d NULL: no codes. */
static size_t put_values(test_rng *r, uint8_t *to, hr_pq_encoding *e, const texts *c, const dict *d,
                         uint32_t from, uint32_t n)
{
    static uint16_t code[ROWS_MAX];
    static hr_pq_bytes text[ROWS_MAX];
    uint32_t k = 0;
    for (uint32_t i = from; i < from + n; i++) {
        if (c->id[i] == NULL_ID) continue;
        text[k] = c->text[c->id[i]];
        code[k++] = d != NULL ? (uint16_t)code_of(r, d, c->id[i]) : 0;
    }
    if (d != NULL) {
        *e = test_rng_chance(r, 2) ? HR_PQ_RLE_DICTIONARY : HR_PQ_PLAIN_DICTIONARY;
        unsigned width = hr_bit_width(d->n > 0 ? d->n - 1 : 0);
        to[0] = (uint8_t)width;
        return 1 + hr_pq_put_hybrid(to + 1, code, k, width);
    }
    static const hr_pq_encoding all[] = {HR_PQ_PLAIN, HR_PQ_DELTA_LENGTH_BYTE_ARRAY,
                                         HR_PQ_DELTA_BYTE_ARRAY};
    *e = all[c->as == HR_PQ_BYTE_ARRAY ? test_rng_below(r, HR_ARRAY_LEN(all)) : 0];
    return *e == HR_PQ_PLAIN ? put_plain(to, c->as, text, k)
                             : put_delta(to, text, k, *e == HR_PQ_DELTA_BYTE_ARRAY);
}

static size_t put_levels(uint8_t *to, bool v2, const texts *c, uint32_t from, uint32_t n)
{
    static uint8_t level[ROWS_MAX];
    for (uint32_t i = 0; i < n; i++)
        level[i] = c != NULL ? c->id[from + i] != NULL_ID : ts[from + i] != HR_NULL_I64;
    return v2 ? pqb_levels(to, level, n) : pqb_sized_levels(to, level, n);
}

static void put_page(test_rng *r, const texts *c, const dict *d, uint32_t from, uint32_t n)
{
    hr_pq_encoding e = HR_PQ_PLAIN;
    bool v2 = test_rng_chance(r, 2);
    size_t n_levels = put_levels(body, v2, c, from, n);
    size_t k = n_levels;
    if (c != NULL) k += put_values(r, body + k, &e, c, d, from, n);
    for (uint32_t i = from; c == NULL && i < from + n; i++) {
        if (ts[i] == HR_NULL_I64) continue;
        memcpy(body + k, &ts[i], 8);
        k += 8;
    }
    pqb_page(&b, PQB_PAGE(.type = v2 ? HR_PQ_DATA_PAGE_V2 : HR_PQ_DATA_PAGE, .encoding = e,
                          .n_values = (int)n, .body = body, .n_body = k,
                          .def_bytes = v2 ? (int)n_levels : 0));
}

/* The rows of a column, NULL: times, in one row group. */
static void put_chunk(test_rng *r, const texts *c, way how, uint32_t from, uint32_t n)
{
    static dict d;
    static hr_pq_bytes entry[IDS_MAX + 2];
    if (c != NULL && how != AS_PLAIN) {
        make_dict(r, &d, c, from, n);
        for (uint32_t i = 0; i < d.n; i++)
            entry[i] = c->text[d.id[i]];
        size_t k = put_plain(body, c->as, entry, d.n);
        pqb_page(&b, PQB_PAGE(.type = HR_PQ_DICTIONARY_PAGE, .encoding = HR_PQ_PLAIN,
                              .n_values = (int)d.n, .body = body, .n_body = k));
    }
    for (uint32_t k, at = from; at < from + n; at += k) {
        k = some_rows(r, 900, from + n - at);
        bool is_coded = how == AS_CODES || (how == AS_BOTH && test_rng_chance(r, 2));
        put_page(r, c, c != NULL && is_coded ? &d : NULL, at, k);
    }
    pqb_chunk(&b, n, HR_PQ_UNCOMPRESSED);
}

static void put_parquet(test_rng *r, const char *path, way how)
{
    pqb_init(&b, file_buf, CAP);
    pqb_leaf(&b, &(pqb_leaf_info){.name = "time",
                                  .phys = HR_PQ_INT64,
                                  .repetition = HR_PQ_OPTIONAL,
                                  .converted = -1,
                                  .logical = 8});
    for (uint32_t k = 0; k < N_TEXTS; k++)
        pqb_leaf(&b, &(pqb_leaf_info){.name = column[k].name,
                                      .phys = column[k].as,
                                      .repetition = HR_PQ_OPTIONAL,
                                      .type_length = column[k].as == HR_PQ_FIXED ? CODE_BYTES : 0,
                                      .converted = column[k].as == HR_PQ_BYTE_ARRAY ? 0 : -1});
    for (uint32_t n, at = 0; at < n_rows; at += n) {
        n = some_rows(r, 2500, n_rows - at);
        put_chunk(r, NULL, AS_PLAIN, at, n);
        for (uint32_t k = 0; k < N_TEXTS; k++)
            put_chunk(r, &column[k], how, at, n);
        pqb_group(&b, n);
    }
    test_put_file(path, file_buf, pqb_finish(&b));
}

/* ---- Arrow ---- */

/* Offsets and bytes of texts. */
typedef struct utf8 {
    int32_t end[DICT_MAX + 1];
    char byte[(ROWS_MAX * TEXT_BYTES > DICT_MAX * 8 ? ROWS_MAX * TEXT_BYTES : DICT_MAX * 8) +
              IDS_MAX * TEXT_BYTES];
    uint32_t n;
} utf8;

static void utf8_add(utf8 *u, hr_pq_bytes t)
{
    int32_t at = u->end[u->n];
    if (t.n > 0) memcpy(u->byte + at, t.s, t.n);
    u->end[++u->n] = at + (int32_t)t.n;
}

static ipcm_buffer bytes_of(const utf8 *u)
{
    return (ipcm_buffer){.p = u->byte, .n = u->end[u->n]};
}

static ipcm_buffer ends_of(const utf8 *u)
{
    return (ipcm_buffer){.p = u->end, .n = (u->n + 1) * (int64_t)sizeof *u->end};
}

/* All texts of a column, begun at the one of id `shift`; then others up to n_least. */
static void put_dictionary(ipcm *m, uint32_t which, uint32_t shift, uint32_t n_least)
{
    static utf8 u;
    const texts *c = &column[which];
    char s[16];
    u.n = 0;
    for (uint32_t i = 0; i < c->n; i++)
        utf8_add(&u, c->text[(i + shift) % c->n]);
    while (u.n < n_least) {
        int k = snprintf(s, sizeof s, "%x", u.n);
        utf8_add(&u, (hr_pq_bytes){.s = s, .n = (uint32_t)k});
    }
    const int64_t nodes[] = {u.n, 0};
    const ipcm_buffer buffers[] = {{0}, ends_of(&u), bytes_of(&u)};
    ipcm_batch_put(m, &(ipcm_batch){.n_rows = u.n,
                                    .nodes = nodes,
                                    .n_nodes = 1,
                                    .buffers = buffers,
                                    .n_buffers = 3,
                                    .is_dict = true,
                                    .dict_id = which});
}

typedef struct arrow_column {
    uint8_t valid[ROWS_MAX / 8 + 1];
    int32_t code[ROWS_MAX];
    utf8 u;
} arrow_column;

static void fill_column(arrow_column *a, const texts *c, uint32_t shift, uint32_t from, uint32_t n)
{
    memset(a->valid, 0, sizeof a->valid);
    a->u.n = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t id = c->id[from + i];
        bool is_null = id == NULL_ID;
        if (!is_null) a->valid[i / 8] |= (uint8_t)(1u << i % 8);
        a->code[i] = is_null ? 0 : (int32_t)((id + c->n - shift) % c->n);
        utf8_add(&a->u, is_null ? (hr_pq_bytes){0} : c->text[id]);
    }
}

static void put_batch(ipcm *m, bool is_coded, const uint32_t *shift, uint32_t from, uint32_t n)
{
    static arrow_column a[N_TEXTS];
    static uint8_t valid[ROWS_MAX / 8 + 1];
    int64_t nodes[2 * (N_TEXTS + 1)] = {n, n};
    ipcm_buffer buffers[2 + 3 * N_TEXTS] = {{.p = valid, .n = (n + 7) / 8},
                                            {.p = ts + from, .n = n * (int64_t)sizeof *ts}};
    uint32_t at = 2;
    memset(valid, 0, sizeof valid);
    for (uint32_t i = 0; i < n; i++)
        if (ts[from + i] != HR_NULL_I64) valid[i / 8] |= (uint8_t)(1u << i % 8);
    for (uint32_t k = 0; k < N_TEXTS; k++) {
        fill_column(&a[k], &column[k], shift[k], from, n);
        nodes[2 * k + 2] = nodes[2 * k + 3] = n; /* nulls: as many as there may be */
        buffers[at++] = (ipcm_buffer){.p = a[k].valid, .n = (n + 7) / 8};
        if (is_coded) {
            buffers[at++] = (ipcm_buffer){.p = a[k].code, .n = n * (int64_t)sizeof *a[k].code};
        } else {
            buffers[at++] = ends_of(&a[k].u);
            buffers[at++] = bytes_of(&a[k].u);
        }
    }
    ipcm_batch_put(m, &(ipcm_batch){.n_rows = n,
                                    .nodes = nodes,
                                    .n_nodes = N_TEXTS + 1,
                                    .buffers = buffers,
                                    .n_buffers = at});
}

/* A stream. Dictionaries are replaced between batches, or not, by others as long; AS_MANY: after
 * the first by a long one. */
static void put_arrow(test_rng *r, const char *path, way how)
{
    ipcm_bytes out = {.p = file_buf, .cap = CAP};
    ipcm m = {.out = &out, .version = HR_IPC_V5};
    ipcm_field field[N_TEXTS + 1] = {{.name = "time", .type = IPC_T_TIMESTAMP, .a = 3}};
    uint32_t shift[N_TEXTS] = {0};
    for (uint32_t k = 0; k < N_TEXTS; k++)
        field[k + 1] = (ipcm_field){
            .name = column[k].name, .type = IPC_T_UTF8, .has_dict = how != AS_PLAIN, .dict_id = k};
    ipcm_schema(&m, field, N_TEXTS + 1);
    for (uint32_t n, at = 0; at < n_rows; at += n) {
        n = some_rows(r, 2500, n_rows - at);
        if (at == 0) n_first = n;
        bool replaces = at == 0 || (how == AS_CODES ? test_rng_chance(r, 2) : at == n_first);
        for (uint32_t k = 0; how != AS_PLAIN && replaces && k < N_TEXTS; k++) {
            shift[k] = (uint32_t)test_rng_below(r, column[k].n);
            put_dictionary(&m, k, shift[k], how == AS_MANY && at > 0 ? DICT_MAX : 0);
        }
        put_batch(&m, how != AS_PLAIN, shift, at, n);
    }
    ipcm_end(&m);
    test_put_file(path, file_buf, out.n);
}

/* ---- reading ---- */

/* What was put beside a name stays with it, and with no other. */
static void check_name(const hr_calc_names *names, uint32_t i, texts *c, uint32_t row)
{
    const hr_pq_bytes want = c->text[c->id[row]];
    const hr_pq_bytes text = hr_calc_name_text(names, i);
    void *met = &c->is_met[c->id[row]];
    assert_int_equal(text.n, want.n);
    assert_memory_equal(text.s, want.s, want.n);
    if (names->known == NULL) return;
    struct hr_calc_line **known = hr_calc_name_known(names, i);
    if (*known == NULL) *known = met;
    assert_ptr_equal(*known, met);
}

static void check_row(const hr_calc_span *s, uint32_t i, uint32_t row)
{
    uint32_t x = column[X].id[row];
    assert_int_equal(s->ts[i], ts[row]);
    check_name(&s->symbol, i, &column[SYMBOL], row);
    check_name(&s->venue, i, &column[VENUE], row);
    if (x == NULL_ID || x == 1)
        assert_true(isnan(s->value[0][i]));
    else
        assert_true(s->value[0][i] == (double)x);
}

/* The next good row from there on, n_rows: none. */
static uint32_t good_from(uint32_t row)
{
    while (row < n_rows && !is_good(row))
        row++;
    return row;
}

/* Names that came as codes have room beside them. row: the span's first. */
static void check_way(const hr_calc_span *s, uint32_t row, way how)
{
    bool is_known = s->symbol.known != NULL;
    bool may_be = how == AS_CODES || (how == AS_MANY && row < n_first);
    if (how == AS_BOTH) {
        n_known += is_known;
        n_unknown += !is_known;
    } else {
        assert_int_equal(is_known, may_be);
        assert_int_equal(s->venue.known != NULL, may_be);
    }
}

static void read_back(const char *path, way how)
{
    static table_rig t;
    hr_calc_span span;
    hr_status st;
    hr_err err = HR_ERR_INIT;
    uint32_t n_good = 0;
    uint32_t row = good_from(0);
    table_rig_open(&t, path, NULL, "x", NULL);
    while ((st = hr_calc_input_next(t.in, &span, &err)) == HR_OK) {
        if (strstr(path, ".csv") == NULL) check_way(&span, row, how);
        for (uint32_t i = 0; i < span.n; i++, row = good_from(row + 1), n_good++) {
            assert_true(row < n_rows);
            check_row(&span, i, row);
        }
    }
    if (st != HR_END) print_message("# %s: %s\n", path, err.message);
    assert_int_equal(st, HR_END);
    assert_int_equal(row, n_rows);
    assert_int_equal(t.rejects.n, n_rows - n_good);
    hr_calc_input_close(&t.in);
}

/* ---- calc ---- */

static size_t calc(char *out, const char *text, const char *path)
{
    static verb_result v;
    char line[256];
    snprintf(line, sizeof line, "calc %s %s --max-rows 128 --out /out.csv --force", text, path);
    verb_run(line, &v);
    if (v.code != 0) print_message("# %s: %s\n", line, v.err);
    assert_int_equal(v.code, 0);
    int fd = hr_sys_open(AT_FDCWD, "/out.csv", O_RDONLY, 0);
    assert_true(fd >= 0);
    int64_t n = hr_sys_read_full(fd, out, CAP);
    assert_int_equal(hr_sys_close(fd), 0);
    assert_true(n > 0 && (size_t)n < CAP);
    return (size_t)n;
}

typedef struct form {
    const char *path;
    way how;
    hr_pq_phys as; /* symbols in Parquet */
} form;

static void calc_all(const char *text, const form *f, uint32_t n)
{
    static char want[CAP], got[CAP];
    size_t k = calc(want, text, f[0].path);
    for (uint32_t i = 1; i < n; i++) {
        assert_int_equal(calc(got, text, f[i].path), k);
        assert_memory_equal(got, want, k);
    }
}

/* ---- the tests ---- */

static void put_form(test_rng *r, const form *f)
{
    column[SYMBOL].as = f->as;
    if (strstr(f->path, ".csv") != NULL)
        put_csv(f->path);
    else if (strstr(f->path, ".arrows") != NULL)
        put_arrow(r, f->path, f->how);
    else
        put_parquet(r, f->path, f->how);
}

static void check_forms(test_rng *r, const form *f, uint32_t n)
{
    hr_sys_sim *sim = NULL;
    char of[64 + TEXT_BYTES];
    assert_int_equal(hr_sys_sim_create(&sim, 1), HR_OK);
    hr_sys_install(hr_sys_sim_table(sim));
    for (uint32_t i = 0; i < n; i++) {
        put_form(r, &f[i]);
        read_back(f[i].path, f[i].how);
    }
    calc_all("s:cumsum(x);m:mean(x,90s)", f, n);
    snprintf(of, sizeof of, "s:cumsum(x);o:of(\"%s\",x)", column[SYMBOL].byte[2]);
    calc_all(of, f, n);
    assert_int_equal(hr_sys_sim_open_count(sim), 0);
    hr_sys_install(NULL);
    hr_sys_sim_destroy(&sim);
}

static void test_texts(void **state)
{
    static const form forms[] = {
        {"/t.csv", AS_PLAIN, HR_PQ_BYTE_ARRAY},
        {"/plain.parquet", AS_PLAIN, HR_PQ_BYTE_ARRAY},
        {"/codes.parquet", AS_CODES, HR_PQ_BYTE_ARRAY},
        {"/both.parquet", AS_BOTH, HR_PQ_BYTE_ARRAY},
        {"/plain.arrows", AS_PLAIN, HR_PQ_BYTE_ARRAY},
        {"/codes.arrows", AS_CODES, HR_PQ_BYTE_ARRAY},
        {"/many.arrows", AS_MANY, HR_PQ_BYTE_ARRAY},
    };
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t round = 0; round < test_iters(20); round++) {
        make_table(&r, false);
        check_forms(&r, forms, HR_ARRAY_LEN(forms));
    }
    assert_true(n_known > 0 && n_unknown > 0);
}

static void test_numbers(void **state)
{
    static const form forms[] = {{"/t.csv", AS_PLAIN, HR_PQ_BYTE_ARRAY},
                                 {"/text.parquet", AS_BOTH, HR_PQ_BYTE_ARRAY},
                                 {"/fixed.parquet", AS_BOTH, HR_PQ_FIXED},
                                 {"/whole.parquet", AS_BOTH, HR_PQ_INT64}};
    test_rng r;
    (void)state;
    test_rng_init(&r, test_seed());
    for (uint64_t round = 0; round < test_iters(6); round++) {
        make_table(&r, true);
        check_forms(&r, forms, HR_ARRAY_LEN(forms));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts),
                                       cmocka_unit_test(test_numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

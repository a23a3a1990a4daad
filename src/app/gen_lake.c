/* SPDX-License-Identifier: Apache-2.0 */
/* Crypto Lake's tables, as its store lays them out: TABLE/exchange=E/symbol=S/dt=DAY/N.parquet,
 * Snappy, prices and sizes as doubles. Sources: crypto-lake.com/data, and the vendor's own lakeapi
 * (main.py, orderbook.py) and analysis-sharing (lake_to_hftbacktest.py) on GitHub, whose code shows
 * the columns, their order, and that rows of origin_time 0 are a snapshot. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "app/gen.h"
#include "app/gen_out.h"
#include "base/sys.h"
#include "fmt/pq_write.h"
#include "mem/mem.h"
#include "store/dataset.h"

#define BOOK_DEPTH 20
#define BOOK_GAP_NS INT64_C(100000000) /* a book row at least this long after the one before */
#define NS_PER_DAY INT64_C(86400000000000)
#define CHUNK_BYTES ((size_t)64 << 10)
#define COLUMNS_MAX (3 + 4 * BOOK_DEPTH)
#define NAME_BYTES 16
#define MEMORY_BYTES ((size_t)64 << 20) /* of all row buffers, about */

enum { T_DELTAS, T_TRADES, T_BOOK, T_COUNT };

static const char *const table_names[T_COUNT] = {"book_delta_v2", "trades", "book"};
static const uint32_t group_max[T_COUNT] = {512, 512, 64}; /* row groups a file */
static const char *const taker_names[2] = {"buy", "sell"};

/* Rows of one instrument and table on their way to a file. */
typedef struct table {
    char *col[COLUMNS_MAX];
    uint32_t n_rows, cap_rows;
    hr_gen_out *out; /* NULL: no file is open */
    hr_pq_writer *writer;
    void *writer_mem;
    uint32_t n_groups, n_files;
    int64_t day;
} table;

typedef struct instrument {
    table table[T_COUNT];
    int64_t book_ns; /* of the last book row */
    int64_t book_id, last_ns, last_recv_ns;
} instrument;

struct hr_gen_lake {
    const hr_synth_options *opt;
    const hr_synth *synth;
    char root[HR_GEN_PATH_MAX];
    hr_schema schema[T_COUNT];
    hr_field field[T_COUNT][COLUMNS_MAX];
    char book_name[4 * BOOK_DEPTH][NAME_BYTES];
    hr_pq_write_options write;
    hr_arena *arena;
    hr_pq_scratch *scratch;
    instrument *inst;
    hr_gen_out **done; /* finished, not yet published */
    uint32_t n_done, cap_done;
    hr_err err;
};

/* ---- schemas ---- */

static void add(hr_gen_lake *l, int t, const char *name, hr_col_type type)
{
    bool nullable = type != HR_COL_BOOL && type != HR_COL_ENUM; /* pandas writes all so */
    hr_field *f = &l->field[t][l->schema[t].n_fields++];
    *f = (hr_field){.name = name, .type = type, .nullable = nullable};
    if (type == HR_COL_ENUM) {
        f->dict = taker_names;
        f->n_dict = 2;
    }
}

static void add_times(hr_gen_lake *l, int t, bool raw)
{
    add(l, t, raw ? "timestamp" : "origin_time", raw ? HR_COL_I64 : HR_COL_TS);
    add(l, t, raw ? "receipt_timestamp" : "received_time", raw ? HR_COL_I64 : HR_COL_TS);
}

static void make_schemas(hr_gen_lake *l, bool raw)
{
    static const char *const part[4] = {"bid_%u_price", "bid_%u_size", "ask_%u_price",
                                        "ask_%u_size"};
    for (int t = 0; t < T_COUNT; t++)
        l->schema[t] = (hr_schema){.name = table_names[t], .fields = l->field[t]};
    add_times(l, T_DELTAS, raw);
    add(l, T_DELTAS, "sequence_number", HR_COL_I64);
    add(l, T_DELTAS, "side_is_bid", HR_COL_BOOL);
    add(l, T_DELTAS, "price", HR_COL_F64);
    add(l, T_DELTAS, "size", HR_COL_F64);
    add(l, T_TRADES, "side", HR_COL_ENUM);
    add(l, T_TRADES, raw ? "amount" : "quantity", HR_COL_F64);
    add(l, T_TRADES, "price", HR_COL_F64);
    add(l, T_TRADES, raw ? "id" : "trade_id", HR_COL_I64);
    add_times(l, T_TRADES, raw);
    add_times(l, T_BOOK, raw);
    add(l, T_BOOK, "sequence_number", HR_COL_I64);
    for (uint32_t i = 0; i < 4 * BOOK_DEPTH; i++) {
        const char *p = part[i / (2 * BOOK_DEPTH) * 2 + i % 2];
        snprintf(l->book_name[i], NAME_BYTES, "%.4s%u%s", p, i / 2 % BOOK_DEPTH, p + 6);
        add(l, T_BOOK, l->book_name[i], HR_COL_F64);
    }
}

/* ---- files ---- */

static const void *get_rows(void *self, uint32_t col, uint32_t block, uint32_t *n_rows, hr_err *err)
{
    const table *t = self;
    (void)block;
    (void)err;
    *n_rows = t->n_rows;
    return t->col[col];
}

static hr_status make_folder(const char *path, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    int rc = sys->mkdir(sys->self, AT_FDCWD, path, 0777);
    return rc < 0 && rc != -EEXIST ? HR_FAIL_SYS(err, rc, "cannot make '%s'", path) : HR_OK;
}

/* "BTCUSDT" is BTC-USDT there, and a perpetual BTC-USDT-PERP. */
static hr_status make_path(const hr_gen_lake *l, uint32_t i, int t, char *path, hr_err *err)
{
    hr_synth_instrument in;
    char day[11];
    size_t n = (size_t)snprintf(path, HR_GEN_PATH_MAX, "%s", l->root);
    const table *tab = &l->inst[i].table[t];
    hr_synth_instrument_get(l->synth, i, &in);
    hr_date_text(day, (int32_t)tab->day);
    for (int k = 0; k < 4; k++) {
        char step[64];
        if (k == 0)
            snprintf(step, sizeof step, "/%s", table_names[t]);
        else if (k == 1)
            snprintf(step, sizeof step, "/exchange=BINANCE%s", l->opt->futures ? "_FUTURES" : "");
        else if (k == 2)
            snprintf(step, sizeof step, "/symbol=%.*s-USDT%s", (int)strlen(in.name) - 4, in.name,
                     l->opt->futures ? "-PERP" : "");
        else
            snprintf(step, sizeof step, "/dt=%s", day);
        if (n + sizeof step + 32 > HR_GEN_PATH_MAX)
            return HR_FAIL(err, HR_EUSAGE, "--out is too long");
        n += (size_t)snprintf(path + n, HR_GEN_PATH_MAX - n, "%s", step);
        HR_TRY(make_folder(path, err));
    }
    snprintf(path + n, HR_GEN_PATH_MAX - n, "/%u.snappy.parquet", tab->n_files);
    return HR_OK;
}

static hr_status open_file(hr_gen_lake *l, uint32_t i, int t, hr_err *err)
{
    char path[HR_GEN_PATH_MAX];
    table *tab = &l->inst[i].table[t];
    size_t bytes = hr_pq_writer_bytes(&l->schema[t], group_max[t]);
    HR_TRY(make_path(l, i, t, path, err));
    if (tab->writer_mem == NULL) tab->writer_mem = hr_heap_alloc(bytes);
    if (tab->writer_mem == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for '%s'", path);
    HR_TRY(hr_gen_out_open(&tab->out, path, CHUNK_BYTES, 0, err));
    tab->n_groups = 0;
    return hr_pq_writer_init(&tab->writer, tab->writer_mem, bytes, &l->schema[t], group_max[t],
                             &l->write, hr_gen_out_write, tab->out, err);
}

static hr_status flush(hr_gen_lake *l, uint32_t i, int t, hr_err *err)
{
    table *tab = &l->inst[i].table[t];
    hr_rows_source rows = {.self = tab, .n_blocks = 1, .n_rows = tab->n_rows, .get = get_rows};
    if (tab->n_rows == 0) return HR_OK;
    if (tab->out == NULL) HR_TRY(open_file(l, i, t, err));
    HR_TRY(hr_pq_writer_row_group(tab->writer, l->scratch, &rows, err));
    tab->n_groups++;
    tab->n_rows = 0;
    return HR_OK;
}

static hr_status end_file(hr_gen_lake *l, uint32_t i, int t, hr_err *err)
{
    table *tab = &l->inst[i].table[t];
    HR_TRY(flush(l, i, t, err));
    if (tab->out == NULL) return HR_OK;
    if (l->n_done == l->cap_done) {
        uint32_t cap = 2 * l->cap_done + 64;
        hr_gen_out **p = hr_heap_grow(l->done, cap * sizeof *p);
        if (p == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for the list of files");
        l->done = p;
        l->cap_done = cap;
    }
    HR_TRY(hr_pq_writer_finish(tab->writer, l->scratch, err));
    HR_TRY(hr_gen_out_finish(tab->out, err));
    l->done[l->n_done++] = tab->out;
    tab->out = NULL;
    tab->n_files++;
    return HR_OK;
}

/* ---- rows ---- */

/* Room for one row of the day that recv_ns lies in. */
static hr_status next_row(hr_gen_lake *l, uint32_t i, int t, int64_t recv_ns, hr_err *err)
{
    table *tab = &l->inst[i].table[t];
    int64_t day = recv_ns / NS_PER_DAY;
    if (day != tab->day && (tab->n_rows > 0 || tab->out != NULL)) {
        HR_TRY(end_file(l, i, t, err));
        tab->n_files = 0;
    }
    tab->day = day;
    if (tab->n_rows < tab->cap_rows) return HR_OK;
    HR_TRY(flush(l, i, t, err));
    return tab->n_groups == group_max[t] ? end_file(l, i, t, err) : HR_OK;
}

static void put_i64(table *t, int col, int64_t v)
{
    ((int64_t *)(void *)t->col[col])[t->n_rows] = v;
}

static void put_f64(table *t, int col, double v)
{
    ((double *)(void *)t->col[col])[t->n_rows] = v;
}

static double price_of(const hr_synth_event *ev, const hr_synth_level *level)
{
    return (double)(ev->tick0 + level->cell) / 100.0;
}

static double size_of(const hr_synth_level *level)
{
    return (double)level->qty / 1000.0;
}

static hr_status take_levels(hr_gen_lake *l, const hr_synth_event *ev, hr_err *err)
{
    table *t = &l->inst[ev->inst].table[T_DELTAS];
    for (uint32_t i = 0; i < ev->n_levels; i++) {
        HR_TRY(next_row(l, ev->inst, T_DELTAS, ev->ts_recv, err));
        put_i64(t, 0, ev->kind == HR_SYNTH_SNAPSHOT ? 0 : ev->ts_event);
        put_i64(t, 1, ev->ts_recv);
        put_i64(t, 2, ev->last);
        t->col[3][t->n_rows] = ev->levels[i].side == 0;
        put_f64(t, 4, price_of(ev, &ev->levels[i]));
        put_f64(t, 5, size_of(&ev->levels[i]));
        t->n_rows++;
    }
    return HR_OK;
}

static hr_status take_trade(hr_gen_lake *l, const hr_synth_event *ev, hr_err *err)
{
    table *t = &l->inst[ev->inst].table[T_TRADES];
    HR_TRY(next_row(l, ev->inst, T_TRADES, ev->ts_recv, err));
    t->col[0][t->n_rows] = ev->levels[0].side == 0; /* a bid was hit: the taker sold */
    put_f64(t, 1, size_of(&ev->levels[0]));
    put_f64(t, 2, price_of(ev, &ev->levels[0]));
    put_i64(t, 3, ev->last);
    put_i64(t, 4, ev->ts_event);
    put_i64(t, 5, ev->ts_recv);
    t->n_rows++;
    return HR_OK;
}

static hr_status put_book(hr_gen_lake *l, uint32_t i, hr_err *err)
{
    instrument *in = &l->inst[i];
    table *t = &in->table[T_BOOK];
    hr_synth_instrument now;
    hr_synth_instrument_get(l->synth, i, &now);
    if (in->book_id == now.last_id) return HR_OK;
    HR_TRY(next_row(l, i, T_BOOK, in->last_recv_ns, err));
    in->book_id = now.last_id;
    in->book_ns = in->last_recv_ns;
    put_i64(t, 0, in->last_ns);
    put_i64(t, 1, in->last_recv_ns);
    put_i64(t, 2, now.last_id);
    for (uint8_t side = 0; side < 2; side++) {
        hr_synth_level level[BOOK_DEPTH];
        uint32_t n = hr_synth_top(l->synth, i, side, BOOK_DEPTH, level);
        for (uint32_t k = 0; k < BOOK_DEPTH; k++) {
            int col = 3 + side * 2 * BOOK_DEPTH + 2 * (int)k;
            double px = k < n ? (double)(now.tick0 + level[k].cell) / 100.0 : __builtin_nan("");
            put_f64(t, col, px);
            put_f64(t, col + 1, k < n ? size_of(&level[k]) : __builtin_nan(""));
        }
    }
    t->n_rows++;
    return HR_OK;
}

static hr_status take(hr_gen_lake *l, const hr_synth_event *ev, hr_err *err)
{
    instrument *in = &l->inst[ev->inst];
    if (ev->kind == HR_SYNTH_TICKER) return HR_OK;
    if (ev->kind == HR_SYNTH_TRADE) return take_trade(l, ev, err);
    HR_TRY(take_levels(l, ev, err));
    in->last_ns = ev->ts_event;
    in->last_recv_ns = ev->ts_recv;
    bool is_due = ev->kind == HR_SYNTH_DEPTH && ev->ts_recv - in->book_ns >= BOOK_GAP_NS;
    return is_due ? put_book(l, ev->inst, err) : HR_OK;
}

hr_status hr_gen_lake_take(void *self, const hr_synth_event *ev)
{
    hr_gen_lake *l = self;
    return take(l, ev, &l->err);
}

/* ---- lifecycle ---- */

static int note_entry(void *arg, const char *name, bool is_dir)
{
    (void)name;
    (void)is_dir;
    *(bool *)arg = true;
    return 1;
}

static hr_status claim_root(const hr_gen_lake *l, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    bool has_entry = false;
    HR_TRY(make_folder(l->root, err));
    int rc = sys->list(sys->self, AT_FDCWD, l->root, note_entry, &has_entry);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot list '%s'", l->root);
    return has_entry ? HR_FAIL(err, HR_EEXIST, "'%s' is not empty: name a new folder", l->root)
                     : HR_OK;
}

static hr_status allocate(hr_gen_lake *l, hr_err *err)
{
    static const uint32_t share[T_COUNT] = {5, 1, 4}; /* tenths of the memory */
    static const uint32_t least[T_COUNT] = {1024, 256, 64};
    static const uint32_t most[T_COUNT] = {131072, 32768, 8192};
    size_t n = l->opt->n_instruments;
    l->inst = hr_heap_zero(n, sizeof *l->inst);
    if (l->inst == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for the tables");
    for (size_t i = 0; i < n * T_COUNT; i++) {
        int t = (int)(i % T_COUNT);
        table *tab = &l->inst[i / T_COUNT].table[t];
        size_t rows = MEMORY_BYTES / 10 * share[t] / n / hr_schema_row_bytes(&l->schema[t]);
        tab->cap_rows = (uint32_t)HR_MIN(HR_MAX(rows, least[t]), most[t]);
        for (int c = 0; c < l->schema[t].n_fields; c++) {
            tab->col[c] = hr_heap_zero(tab->cap_rows, hr_col_width(l->field[t][c].type));
            if (tab->col[c] == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for the tables");
        }
    }
    HR_TRY(hr_arena_create(&l->arena, NULL, hr_pq_scratch_bytes(&l->write) + 65536, "gen", err));
    return hr_pq_scratch_create(&l->scratch, l->arena, &l->write, err);
}

hr_status hr_gen_lake_open(hr_gen_lake **out, const char *root, const hr_synth_options *o, bool raw,
                           hr_err *err)
{
    *out = NULL;
    if (o->n_instruments == 0 || o->n_instruments > HR_GEN_LAKE_INSTRUMENTS_MAX)
        return HR_FAIL(err, HR_EUSAGE, "Crypto Lake's tables can be made for 1 to %d instruments",
                       HR_GEN_LAKE_INSTRUMENTS_MAX);
    if (strlen(root) >= HR_GEN_PATH_MAX || strcmp(root, "-") == 0)
        return HR_FAIL(err, HR_EUSAGE, "--out names the folder of the tables");
    hr_gen_lake *l = hr_heap_zero(1, sizeof *l);
    if (l == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for the tables");
    l->opt = o;
    l->err = (hr_err)HR_ERR_INIT;
    l->write = (hr_pq_write_options)HR_PQ_WRITE_OPTIONS_DEFAULT;
    l->write.codec = HR_PQ_SNAPPY;
    memcpy(l->root, root, strlen(root) + 1);
    make_schemas(l, raw);
    hr_status st = allocate(l, err);
    if (st == HR_OK) st = claim_root(l, err);
    if (st != HR_OK) {
        hr_gen_lake_close(&l);
        return st;
    }
    *out = l;
    return HR_OK;
}

void hr_gen_lake_bind(hr_gen_lake *l, const hr_synth *s)
{
    l->synth = s;
}

void hr_gen_lake_error(const hr_gen_lake *l, hr_err *err)
{
    *err = l->err;
}

hr_status hr_gen_lake_finish(hr_gen_lake *l, hr_err *err)
{
    for (uint32_t i = 0; i < l->opt->n_instruments; i++) {
        if (l->inst[i].last_ns != 0) HR_TRY(put_book(l, i, err));
        for (int t = 0; t < T_COUNT; t++)
            HR_TRY(end_file(l, i, t, err));
    }
    return HR_OK;
}

hr_status hr_gen_lake_publish(hr_gen_lake *l, hr_err *err)
{
    for (uint32_t i = 0; i < l->n_done; i++)
        HR_TRY(hr_gen_out_publish(l->done[i], err));
    return HR_OK;
}

/* Closes a file; the folders that it leaves empty go too, the root as the last. */
static void close_file(const hr_gen_lake *l, hr_gen_out **out)
{
    const hr_sys *sys = hr_sys_get();
    char path[HR_GEN_PATH_MAX];
    if (*out == NULL) return;
    memcpy(path, hr_gen_out_path(*out), strlen(hr_gen_out_path(*out)) + 1);
    hr_gen_out_close(out);
    for (char *end = strrchr(path, '/'); end != NULL; end = strrchr(path, '/')) {
        *end = '\0';
        if (strlen(path) < strlen(l->root) ||
            sys->unlink(sys->self, AT_FDCWD, path, true) < 0) /* not empty: in use */
            break;
    }
}

void hr_gen_lake_close(hr_gen_lake **pl)
{
    hr_gen_lake *l = *pl;
    *pl = NULL;
    if (l == NULL) return;
    for (uint32_t i = 0; l->inst != NULL && i < l->opt->n_instruments; i++) {
        for (int t = 0; t < T_COUNT; t++) {
            table *tab = &l->inst[i].table[t];
            close_file(l, &tab->out);
            hr_heap_free(tab->writer_mem);
            for (int c = 0; c < COLUMNS_MAX; c++)
                hr_heap_free(tab->col[c]);
        }
    }
    for (uint32_t i = 0; i < l->n_done; i++)
        close_file(l, &l->done[i]);
    hr_heap_free(l->done);
    hr_heap_free(l->inst);
    hr_arena_destroy(&l->arena);
    hr_heap_free(l);
}

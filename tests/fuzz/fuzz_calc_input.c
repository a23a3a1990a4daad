/* SPDX-License-Identifier: Apache-2.0 */
/* Any file as a plain table of expressions: CSV, Parquet or Arrow. First byte: how its columns are
 * named; the rest is the file. Two readings give the same rows. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/digest.h"
#include "base/sys.h"
#include "job/calc_input.h"
#include "job/calc_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define USED_MAX 6u
#define ROWS_MAX 5000u

#define MUST(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) __builtin_trap();                                                             \
    } while (0)

static const char path[] = "/venue=v/table.csv";

static void write_file(const uint8_t *data, size_t n)
{
    const hr_sys *sys = hr_sys_get();
    int rc = sys->mkdir(sys->self, AT_FDCWD, "/venue=v", 0777);
    MUST(rc == 0 || rc == -EEXIST);
    int fd = hr_sys_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    MUST(fd >= 0 && hr_sys_write_full(fd, data, n) == (int64_t)n);
    (void)hr_sys_close(fd);
}

static void add_name(hr_digest *d, const hr_calc_names *names, uint32_t row)
{
    hr_pq_bytes name = hr_calc_name_text(names, row);
    MUST(name.n <= HR_TEXT_CAP && (name.n > 0 || names->code == NULL));
    MUST(names->known == NULL || *hr_calc_name_known(names, row) == NULL);
    hr_digest_add(d, name.s, name.n);
}

static void add_row(hr_digest *d, const hr_calc_span *span, uint32_t row, uint32_t n_used)
{
    if (span->ts != NULL) hr_digest_add(d, &span->ts[row], sizeof *span->ts);
    add_name(d, &span->symbol, row);
    add_name(d, &span->venue, row);
    for (uint32_t k = 0; k < n_used; k++) {
        double v = span->value[k][row];
        MUST(v - v == 0 || v != v);
        if (v == v) hr_digest_add(d, &v, sizeof v);
    }
}

static void read_all(hr_digest *d, const hr_calc_input_options *o)
{
    hr_calc_input *in = NULL;
    hr_calc_span span;
    hr_err err = HR_ERR_INIT;
    hr_status st = hr_calc_input_open(&in, o, path, &err);
    MUST((st == HR_OK) == (in != NULL));
    for (uint32_t n = 0; n < ROWS_MAX && st == HR_OK; n += span.n) {
        st = hr_calc_input_next(in, &span, &err);
        if (st != HR_OK) break;
        MUST(span.n > 0 && (span.ts == NULL) == (o->first->time == HR_CALC_NO_FIELD));
        for (uint32_t i = 0; i < span.n; i++)
            add_row(d, &span, i, o->n_used);
    }
    MUST(st >= 0 || err.message[0] != '\0');
    MUST((o->rejects->n > 0) == (o->rejects->first[0] != '\0'));
    hr_digest_add(d, &st, sizeof st);
    hr_digest_add(d, &o->rejects->n, sizeof o->rejects->n);
    hr_calc_input_close(&in);
}

static void read_twice(const hr_calc_table *t, const hr_calc_words *w)
{
    uint32_t used[USED_MAX];
    hr_digest digest[2];
    hr_calc_rejects rejects[2] = {{.n = 0}};
    hr_calc_input_options o = {
        .words = w, .first = t, .used = used, .symbol = "", .venue = "", .memory_bytes = 8u << 20};
    for (uint32_t i = 0; i < t->n_column && o.n_used < USED_MAX; i++)
        if (hr_calc_columns_check(t, i, NULL) == HR_OK) used[o.n_used++] = i;
    for (int i = 0; i < 2; i++) {
        digest[i] = (hr_digest){0};
        o.rejects = &rejects[i];
        read_all(&digest[i], &o);
    }
    MUST(memcmp(&digest[0], &digest[1], sizeof digest[0]) == 0);
    MUST(memcmp(&rejects[0], &rejects[1], sizeof rejects[0]) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static hr_calc_table table;
    hr_sys_sim *sim = NULL;
    hr_err err = HR_ERR_INIT;
    if (n == 0 || n > 1u << 20) return 0;
    hr_calc_words w = {.time = (data[0] & 3) == 1   ? "none"
                               : (data[0] & 3) == 2 ? "a"
                                                    : NULL,
                       .by = (data[0] & 4) != 0 ? "b" : NULL,
                       .dates = (hr_csv_order)(data[0] >> 3 & 1),
                       .is_local = (data[0] & 16) != 0};
    MUST(hr_sys_sim_create(&sim, 1) == HR_OK);
    hr_sys_install(hr_sys_sim_table(sim));
    write_file(data + 1, n - 1);
    bool is_table;
    MUST(hr_calc_table_is(&is_table, &err, path, NULL) == HR_OK);
    if (hr_calc_table_open(&table, path, &w, &err) == HR_OK)
        read_twice(&table, &w);
    else
        MUST(err.message[0] != '\0');
    MUST(hr_sys_sim_open_count(sim) == 0);
    hr_sys_install(NULL);
    hr_sys_sim_destroy(&sim);
    return 0;
}

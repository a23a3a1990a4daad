/* SPDX-License-Identifier: Apache-2.0 */
/* Our side of bench/peers/peer_parquet.py: (ts int64, id int32, side int8, price int64, qty int64)
 * to a Parquet file, zstd level 1, and back into columns of these widths. Processor time.
 *     bench_table values FOLDER    the columns as they lie in memory, a file each, for the others
 *     bench_table pair FILE        writes FILE and reads it, several times over
 *     bench_table read FILE        reads what pair wrote, for a profile */
#include <fcntl.h>
#include <string.h>

#include "base/sys.h"
#include "deltas.h"
#include "figure.h"
#include "fmt/pq_read.h"
#include "fmt/pq_write.h"
#include "kern/kern.h"

#define N_GROUPS 8u
#define GROUP_ROWS 262144u
#define N_ROWS (N_GROUPS * GROUP_ROWS)
#define N_COLUMNS 5
#define ROUNDS 5

static const hr_field fields[N_COLUMNS] = {{.name = "ts", .type = HR_COL_I64},
                                           {.name = "id", .type = HR_COL_U32},
                                           {.name = "side", .type = HR_COL_U32},
                                           {.name = "price", .type = HR_COL_I64},
                                           {.name = "qty", .type = HR_COL_I64}};
static const hr_schema schema = {.name = "deltas", .n_fields = N_COLUMNS, .fields = fields};
static const hr_pq_write_options options = HR_PQ_WRITE_OPTIONS_DEFAULT;
/* In memory: the values as they are given, and as they are read. */
static const size_t width_in[N_COLUMNS] = {8, 4, 4, 8, 8};
static const size_t width_out[N_COLUMNS] = {8, 4, 1, 8, 8};
static char *in[N_COLUMNS], *out[N_COLUMNS];
static uint8_t *side;
static hr_arena *arena;
static uint32_t group;

static bool make_values(void)
{
    uint64_t state = 1;
    for (int c = 0; c < N_COLUMNS; c++) {
        in[c] = hr_arena_alloc(arena, N_ROWS * width_in[c], 64);
        out[c] = hr_arena_alloc(arena, N_ROWS * width_out[c], 64);
        if (in[c] == NULL || out[c] == NULL) return false;
    }
    side = hr_arena_alloc(arena, N_ROWS, 64);
    if (side == NULL) return false;
    const deltas d = {.ts = (void *)in[0],
                      .id = (void *)in[1],
                      .side = side,
                      .price = (void *)in[3],
                      .qty = (void *)in[4]};
    deltas_make(&d, N_ROWS, &state);
    for (uint32_t i = 0; i < N_ROWS; i++)
        ((uint32_t *)(void *)in[2])[i] = side[i];
    for (int c = 0; c < N_COLUMNS; c++)
        memset(out[c], 1, N_ROWS * width_out[c]); /* touched before the clock runs */
    return true;
}

static hr_status put(void *self, const void *bytes, size_t n_bytes, hr_err *err)
{
    int64_t n = hr_sys_write_full(*(int *)self, bytes, n_bytes);
    return n < 0 ? HR_FAIL_SYS(err, n, "cannot write") : HR_OK;
}

static int64_t read_at(void *self, void *buf, size_t n_bytes, int64_t offset)
{
    return hr_sys_pread_full(*(int *)self, buf, n_bytes, offset);
}

static const void *get(void *self, uint32_t col, uint32_t block, uint32_t *n_rows, hr_err *err)
{
    (void)self;
    (void)block;
    (void)err;
    *n_rows = GROUP_ROWS;
    return in[col] + group * GROUP_ROWS * width_in[col];
}

static hr_status write_file(const char *path, hr_pq_scratch *s, void *mem, size_t n_mem)
{
    hr_pq_writer *w;
    hr_rows_source rows = {.n_blocks = 1, .n_rows = GROUP_ROWS, .get = get};
    int fd = hr_sys_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0) return HR_EIO;
    HR_TRY(hr_pq_writer_init(&w, mem, n_mem, &schema, N_GROUPS, &options, put, &fd, NULL));
    for (group = 0; group < N_GROUPS; group++)
        HR_TRY(hr_pq_writer_row_group(w, s, &rows, NULL));
    HR_TRY(hr_pq_writer_finish(w, s, NULL));
    return hr_sys_close(fd) < 0 ? HR_EIO : HR_OK;
}

static hr_status read_column(hr_pq_file *f, uint32_t col)
{
    hr_pq_cursor *c;
    uint32_t n;
    uint32_t at = 0;
    const size_t width = width_out[col];
    HR_TRY(hr_pq_cursor_create(&c, f, col, arena, NULL));
    for (uint32_t g = 0; g < hr_pq_file_row_groups(f); g++) {
        HR_TRY(hr_pq_cursor_seek(c, g, NULL));
        HR_TRY(hr_pq_read_ints(c, out[col] + at * width, width, N_ROWS - at, &n, NULL));
        at += n;
    }
    return at == N_ROWS ? HR_OK : HR_ECORRUPT;
}

static hr_status read_file(const char *path, int64_t *size_bytes)
{
    const hr_sys *sys = hr_sys_get();
    hr_pq_file *f;
    hr_sys_stat st;
    const hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    size_t mark = hr_arena_mark(arena);
    int fd = hr_sys_open(AT_FDCWD, path, O_RDONLY, 0);
    if (fd < 0 || sys->fstat(sys->self, fd, &st) < 0) return HR_EIO;
    *size_bytes = st.size_bytes;
    HR_TRY(hr_pq_file_open(&f, read_at, &fd, st.size_bytes, &limits, arena, NULL));
    for (uint32_t c = 0; c < N_COLUMNS; c++) {
        size_t column = hr_arena_mark(arena);
        HR_TRY(read_column(f, c));
        hr_arena_rewind(arena, column);
    }
    hr_arena_rewind(arena, mark);
    return hr_sys_close(fd) < 0 ? HR_EIO : HR_OK;
}

static bool is_equal(void)
{
    for (int c = 0; c < N_COLUMNS; c++)
        if (memcmp(out[c], c == 2 ? (char *)side : in[c], N_ROWS * width_out[c]) != 0) return false;
    return true;
}

static hr_status pair(const char *path)
{
    hr_pq_scratch *s;
    int64_t out_ns[ROUNDS];
    int64_t in_ns[ROUNDS];
    int64_t size_bytes = 0;
    size_t n_mem = hr_pq_writer_bytes(&schema, N_GROUPS);
    void *mem = hr_arena_alloc(arena, n_mem, 64);
    HR_TRY(hr_pq_scratch_create(&s, arena, &options, NULL));
    for (int i = 0; i < ROUNDS; i++) {
        int64_t t0 = figure_cpu_ns();
        HR_TRY(write_file(path, s, mem, n_mem));
        int64_t t1 = figure_cpu_ns();
        HR_TRY(read_file(path, &size_bytes));
        out_ns[i] = t1 - t0;
        in_ns[i] = figure_cpu_ns() - t1;
    }
    figure("table", "write", N_ROWS * 1e3 / (double)figure_median(out_ns, ROUNDS), "Mrows/s");
    figure("table", "read", N_ROWS * 1e3 / (double)figure_median(in_ns, ROUNDS), "Mrows/s");
    figure("table", "size", (double)size_bytes / N_ROWS, "B/row");
    return is_equal() ? HR_OK : HR_ECORRUPT;
}

static hr_status read_only(const char *path)
{
    int64_t size_bytes = 0;
    for (int i = 0; i < 8 * ROUNDS; i++)
        HR_TRY(read_file(path, &size_bytes));
    return is_equal() ? HR_OK : HR_ECORRUPT;
}

/* One file a column; the side, a byte each. */
static hr_status dump(const char *folder)
{
    char path[512];
    for (int c = 0; c < N_COLUMNS; c++) {
        const char *from = c == 2 ? (const char *)side : in[c];
        snprintf(path, sizeof path, "%s/%s", folder, fields[c].name);
        int fd = hr_sys_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (fd < 0 || hr_sys_write_full(fd, from, N_ROWS * width_out[c]) < 0) return HR_EIO;
        if (hr_sys_close(fd) < 0) return HR_EIO;
    }
    return HR_OK;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        printf("bench_table values FOLDER | pair FILE | read FILE\n");
        return 2;
    }
    hr_kern_init(hr_cpu_detect());
    if (hr_arena_create(&arena, NULL, (size_t)256 << 20, "bench", NULL) != HR_OK || !make_values())
        return 1;
    hr_status st = strcmp(argv[1], "values") == 0 ? dump(argv[2])
                   : strcmp(argv[1], "read") == 0 ? read_only(argv[2])
                                                  : pair(argv[2]);
    if (st != HR_OK) printf("failed: %d\n", st);
    return st == HR_OK ? 0 : 1;
}

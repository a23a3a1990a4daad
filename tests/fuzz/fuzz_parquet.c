/* SPDX-License-Identifier: Apache-2.0 */
/* A whole file from memory: footer, then every flat column of every row group, bounded. */
#include <string.h>

#include "fmt/pq_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct file {
    const uint8_t *p;
    size_t n;
} file;

static int64_t read_at(void *self, void *buf, size_t n, int64_t offset)
{
    const file *f = self;
    if (offset < 0 || (uint64_t)offset >= f->n) return 0;
    size_t k = HR_MIN(n, f->n - (size_t)offset);
    memcpy(buf, f->p + offset, k);
    return (int64_t)k;
}

static void read_column(hr_pq_file *f, uint32_t col, hr_arena *arena)
{
    hr_pq_cursor *c;
    static int64_t v[512];
    static hr_pq_bytes s[64];
    uint32_t n;
    if (hr_pq_cursor_create(&c, f, col, arena, NULL) != HR_OK) return;
    hr_pq_phys phys = hr_pq_file_column(f, col)->phys;
    for (uint32_t g = 0; g < hr_pq_file_row_groups(f) && g < 4; g++) {
        hr_status st = hr_pq_cursor_seek(c, g, NULL);
        for (int step = 0; step < 64 && st == HR_OK; step++) {
            if (phys == HR_PQ_BYTE_ARRAY)
                st = hr_pq_read_bytes(c, s, 64, &n, NULL);
            else if (phys == HR_PQ_DOUBLE || phys == HR_PQ_FLOAT)
                st = hr_pq_read_f64(c, (double *)(void *)v, 512, &n, NULL);
            else
                st = hr_pq_read_i64(c, v, 512, &n, NULL);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hr_arena *arena;
    hr_pq_file *f;
    file self = {.p = data, .n = size};
    hr_pq_limits limits = {.footer_bytes = 1u << 20,
                           .columns = 256,
                           .row_groups = 256,
                           .page_bytes = 1u << 20,
                           .dict_bytes = 1u << 20};
    if (hr_arena_create(&arena, NULL, 32u << 20, "fuzz", NULL) != HR_OK) return 0;
    if (hr_pq_file_open(&f, read_at, &self, (int64_t)size, &limits, arena, NULL) == HR_OK)
        for (uint32_t i = 0; i < hr_pq_file_columns(f) && i < 16; i++)
            read_column(f, i, arena);
    hr_arena_destroy(&arena);
    return 0;
}

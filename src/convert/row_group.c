/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/row_group.h"

#include "base/assert.h"

static hr_pq_write_options parquet_options(const hr_row_groups_options *o)
{
    hr_pq_write_options opt = HR_PQ_WRITE_OPTIONS_DEFAULT;
    opt.created_by = "headrace " HR_VERSION;
    opt.meta_keys = o->meta_keys;
    opt.meta_values = o->meta_values;
    opt.n_meta = o->n_meta;
    return opt;
}

static hr_ipc_write_options arrow_options(const hr_row_groups_options *o)
{
    return (hr_ipc_write_options){.kind = o->arrow,
                                  .is_packed = o->packs_arrow,
                                  .batch_rows = o->cap_rows,
                                  .max_batches = o->max_groups};
}

static uint32_t groups_for(const hr_row_groups_options *o)
{
    if (o->index_bytes == 0) return o->max_groups;
    size_t one = hr_pq_writer_bytes(o->schema, 2) - hr_pq_writer_bytes(o->schema, 1);
    return (uint32_t)HR_MIN(o->index_bytes / one, (size_t)o->max_groups);
}

size_t hr_row_groups_bytes(const hr_row_groups_options *o)
{
    hr_pq_write_options parquet = parquet_options(o);
    hr_ipc_write_options arrow = arrow_options(o);
    size_t n = o->arrow != HR_IPC_NOT
                   ? hr_ipc_writer_bytes(o->schema, &arrow)
                   : hr_pq_scratch_bytes(&parquet) + hr_pq_writer_bytes(o->schema, groups_for(o));
    size_t set = o->cap_rows * hr_schema_row_bytes(o->schema) + o->schema->n_fields * 128u;
    if (o->n_lane_groups > 0) n += o->n_lane_groups * set + hr_row_lane_bytes();
    return n + set + (64u << 10);
}

static hr_status sink_put(void *self, const void *bytes, size_t n_bytes, hr_err *err)
{
    return hr_out_put(self, bytes, n_bytes, err);
}

static hr_status no_memory(const hr_row_groups *g, hr_err *err)
{
    return HR_FAIL(err, HR_EBUDGET, "no memory to write '%s'", g->file->path);
}

static hr_status open_parquet(hr_row_groups *g, const hr_row_groups_options *o, hr_arena *arena,
                              hr_err *err)
{
    hr_pq_write_options opt = parquet_options(o);
    HR_TRY(hr_pq_scratch_create(&g->scratch, arena, &opt, err));
    size_t n = hr_pq_writer_bytes(o->schema, g->max_groups);
    void *mem = hr_arena_alloc(arena, n, 64);
    if (mem == NULL) return no_memory(g, err);
    return hr_pq_writer_init(&g->writer, mem, n, o->schema, g->max_groups, &opt, sink_put, g->file,
                             err);
}

static const void *get_column(void *self, uint32_t col, uint32_t block, uint32_t *n_rows,
                              hr_err *err)
{
    const hr_row_set *set = self;
    (void)block;
    (void)err;
    *n_rows = set->n_rows;
    return set->column[col];
}

/* On the lane, where there is one: of g it takes what is fixed, and the writers. */
static hr_status write_set(void *self, const hr_row_set *set, hr_err *err)
{
    hr_row_groups *g = self;
    hr_rows_source rows = {
        .self = (void *)(uintptr_t)set, .n_blocks = 1, .n_rows = set->n_rows, .get = get_column};
    return g->arrow != NULL ? hr_ipc_writer_batch(g->arrow, &rows, err)
                            : hr_pq_writer_row_group(g->writer, g->scratch, &rows, err);
}

static hr_status make_set(hr_row_set *set, const hr_row_groups *g, const hr_row_groups_options *o,
                          hr_arena *arena, hr_err *err)
{
    for (uint32_t i = 0; i < o->schema->n_fields; i++) {
        size_t width = hr_col_width(o->schema->fields[i].type);
        set->column[i] = hr_arena_alloc(arena, o->cap_rows * width, 64);
        if (set->column[i] == NULL) return no_memory(g, err);
    }
    return HR_OK;
}

static hr_status make_lane(hr_row_groups *g, const hr_row_groups_options *o, hr_arena *arena,
                           hr_err *err)
{
    hr_row_set set = {.n_rows = 0};
    HR_TRY(hr_row_lane_create(&g->lane, write_set, g, arena, err));
    for (uint32_t i = 0; i < o->n_lane_groups; i++) {
        HR_TRY(make_set(&set, g, o, arena, err));
        hr_row_lane_add(g->lane, &set);
    }
    return HR_OK;
}

hr_status hr_row_groups_create(hr_row_groups *g, const hr_row_groups_options *o, hr_out_file *file,
                               hr_arena *arena, hr_err *err)
{
    HR_ASSERT(o->schema->n_fields <= HR_ROW_COLUMNS_MAX);
    *g = (hr_row_groups){
        .cap_rows = o->cap_rows, .max_groups = groups_for(o), .hint = o->hint, .file = file};
    HR_TRY(make_set(&g->set, g, o, arena, err));
    if (o->n_lane_groups > 0) HR_TRY(make_lane(g, o, arena, err));
    if (o->arrow == HR_IPC_NOT) return open_parquet(g, o, arena, err);
    hr_ipc_write_options opt = arrow_options(o);
    opt.sink = sink_put;
    opt.sink_self = file;
    return hr_ipc_writer_create(&g->arrow, o->schema, &opt, arena, err);
}

/* A full group on the lane; without one, and where no thread is to be had, here. */
static hr_status hand_over(hr_row_groups *g, hr_err *err)
{
    if (g->lane != NULL && hr_row_lane_start(g->lane, NULL) != HR_OK) g->lane = NULL;
    if (g->lane != NULL) return hr_row_lane_swap(g->lane, &g->set, err);
    HR_TRY(write_set(g, &g->set, err));
    g->n_rows = 0;
    return HR_OK;
}

hr_status hr_row_groups_write(hr_row_groups *g, hr_err *err)
{
    if (g->n_rows == 0) return HR_OK;
    if (g->n_groups == g->max_groups) {
        HR_TRY(hr_row_groups_stop(g, err)); /* what went wrong before comes first */
        return HR_FAIL(err, HR_ELIMIT, "more than %llu rows in '%s'%s%s",
                       (unsigned long long)g->max_groups * g->cap_rows, g->file->path,
                       g->hint != NULL ? ": " : "", g->hint != NULL ? g->hint : "");
    }
    HR_TRY(hand_over(g, err));
    g->n_groups++;
    return HR_OK;
}

hr_status hr_row_groups_stop(hr_row_groups *g, hr_err *err)
{
    hr_row_lane *l = g->lane;
    g->lane = NULL;
    return hr_row_lane_stop(l, err);
}

hr_status hr_row_groups_finish(hr_row_groups *g, hr_err *err)
{
    HR_TRY(hr_row_groups_stop(g, err));
    HR_TRY(hr_row_groups_write(g, err));
    return g->arrow != NULL ? hr_ipc_writer_finish(g->arrow, err)
                            : hr_pq_writer_finish(g->writer, g->scratch, err);
}

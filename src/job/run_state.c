/* SPDX-License-Identifier: Apache-2.0 */
/* The checkpoint: everything a run needs to go on after its last commit. One little-endian image:
 *
 *   8  magic "HRSTATE3", the last character is the version; of a run with expressions, whose
 *      windows' layout it tells too, "HRSTATE4"
 *   sources: n, then per source offset, line, time_max, only_id, done
 *   counters: hr_counts; those of the tables of expressions last, where there are any
 *   desks: n, then per desk its name, its image (pipe/desk_state.c) and, where inputs have them,
 * its live orders; then what of() took of other instruments, where expressions have it
 *
 * The manifest holds its length and CRC-32C: a damaged one is not used. */
#include <stddef.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/sys.h"
#include "job/run_parts.h"
#include "pipe/desk_state.h"

#define STATE_MAGIC UINT64_C(0x3345544154535248) /* "HRSTATE3" */
#define CALC_MAGIC UINT64_C(0x3445544154535248)  /* "HRSTATE4" */

/* Counters of the tables that come with expressions stand behind the others, and only with them: an
 * image without them is what it was before there were any. */
#define COUNTS_HEAD offsetof(hr_counts, written[HR_KIND_PLAIN])
#define COUNTS_TAIL offsetof(hr_counts, written[HR_KIND_COUNT])

/* Values of other instruments: then there is one shard. */
static bool has_others(const hr_run *r)
{
    return r->calc != NULL && r->calc->program.e->n_part > 1;
}

static hr_eval_others *others_of(hr_run *r)
{
    return &r->shard[0].calc.others;
}

static int64_t magic_of(const hr_run *r)
{
    return (int64_t)(r->calc != NULL ? CALC_MAGIC : STATE_MAGIC);
}

static void pack_run(hr_run *r, hr_pack *k)
{
    uint32_t n_desks = atomic_load_explicit(&r->n_desks, memory_order_acquire);
    hr_counts sum;
    hr_pack_i64(k, magic_of(r));
    hr_pack_i64(k, r->n_sources);
    for (uint32_t i = 0; i < r->n_sources; i++) {
        const hr_source *s = &r->source[i];
        hr_pack_i64(k, s->pos_offset);
        hr_pack_i64(k, s->pos_line);
        hr_pack_i64(k, s->time_max);
        hr_pack_i64(k, s->only_id);
        hr_pack_i64(k, s->is_done);
    }
    run_sum_counts(r, &sum);
    hr_pack_bytes(k, &sum, COUNTS_HEAD);
    hr_pack_bytes(k, (char *)&sum + COUNTS_TAIL, sizeof sum - COUNTS_TAIL);
    if (r->calc != NULL) hr_pack_bytes(k, (char *)&sum + COUNTS_HEAD, COUNTS_TAIL - COUNTS_HEAD);
    hr_pack_i64(k, n_desks);
    for (uint32_t i = 0; i < n_desks; i++) {
        hr_pack_bytes(k, r->desk[i]->venue, sizeof r->desk[i]->venue);
        hr_pack_bytes(k, r->desk[i]->symbol, sizeof r->desk[i]->symbol);
        hr_desk_pack(r->desk[i], &r->cfg, k);
        if (r->orders != NULL) hr_desk_pack_orders(r->desk[i], r->orders, k);
    }
    if (has_others(r)) hr_pack_bytes(k, others_of(r)->block, others_of(r)->n_bytes);
}

hr_status run_state_save(hr_run *r, const char *name, int64_t *n_bytes, uint32_t *crc, hr_err *err)
{
    int fd;
    HR_TRY(hr_dataset_begin_file(&r->ds, name, &fd, err));
    hr_pack k = {.p = r->state_buf, .cap = r->state_cap, .fd = fd};
    pack_run(r, &k);
    hr_pack_flush(&k);
    *n_bytes = k.at;
    *crc = k.crc;
    (void)hr_sys_close(fd);
    if (k.failed != 0)
        return HR_FAIL_SYS(err, k.failed, "cannot write checkpoint '%s/%s'", r->ds.root, name);
    return HR_OK;
}

/* A whole file that begins otherwise is of another version; any other one is damaged. */
static bool is_whole(hr_run *r, hr_unpack *u)
{
    uint32_t crc = 0;
    int64_t at = 0;
    int64_t n;
    while ((n = hr_sys_pread_full(u->fd, r->state_buf, r->state_cap, at)) > 0) {
        crc = hr_crc32c(crc, r->state_buf, (size_t)n);
        at += n;
    }
    if (n < 0) u->failed = n;
    return n == 0 && at == r->tail.state_bytes && crc == r->tail.state_crc;
}

static hr_status damaged(const hr_run *r, const hr_unpack *u, hr_err *err)
{
    if (u->failed < 0)
        return HR_FAIL_SYS(err, u->failed, "cannot read checkpoint '%s/%s'", r->ds.root,
                           r->tail.state_file);
    return HR_FAIL(err, HR_ECORRUPT, "checkpoint '%s/%s' is damaged", r->ds.root,
                   r->tail.state_file);
}

static hr_status check_magic(hr_run *r, hr_unpack *u, hr_err *err)
{
    if (hr_unpack_i64(u) == magic_of(r)) return HR_OK;
    if (u->failed < 0 || !is_whole(r, u)) return damaged(r, u, err);
    return HR_FAIL(err, HR_EUNSUPPORTED,
                   "checkpoint '%s/%s' is of another format version: use the headrace that made "
                   "it, or --force",
                   r->ds.root, r->tail.state_file);
}

static bool load_sources(hr_run *r, hr_unpack *u, hr_err *err)
{
    bool ok = hr_unpack_i64(u) == r->n_sources;
    for (uint32_t i = 0; i < r->n_sources && ok; i++) {
        hr_source *s = &r->source[i];
        int64_t offset = hr_unpack_i64(u);
        int64_t line = hr_unpack_i64(u);
        s->time_max = hr_unpack_i64(u);
        s->only_id = (int32_t)hr_unpack_i64(u);
        s->is_done = hr_unpack_i64(u) != 0;
        ok = !u->is_bad && offset >= 0 && line >= 1 &&
             hr_source_resume(s, offset, line, err) == HR_OK;
        if (s->is_done) s->is_fill_done = s->is_table_done = true;
    }
    return ok;
}

static bool load_desks(hr_run *r, hr_unpack *u, hr_err *err)
{
    int64_t n_desks = hr_unpack_i64(u);
    bool ok = !u->is_bad && n_desks >= 0 && n_desks <= r->plan->instruments;
    for (int64_t i = 0; i < n_desks && ok; i++) {
        char venue[HR_VENUE_MAX + 1];
        char symbol[HR_SYMBOL_MAX + 1];
        hr_unpack_bytes(u, venue, sizeof venue);
        hr_unpack_bytes(u, symbol, sizeof symbol);
        venue[HR_VENUE_MAX] = symbol[HR_SYMBOL_MAX] = '\0';
        hr_desk *d = run_desk(r, venue, symbol, 0, err);
        ok = d != NULL && hr_desk_unpack(d, &r->shard[(uint32_t)i % r->n_shards].env, u) &&
             (r->orders == NULL || hr_desk_unpack_orders(d, r->orders, u));
    }
    if (!ok || !has_others(r)) return ok;
    hr_unpack_bytes(u, others_of(r)->block, others_of(r)->n_bytes);
    return !u->is_bad && hr_eval_others_is_sound(others_of(r));
}

hr_status run_state_load(hr_run *r, hr_err *err)
{
    const hr_manifest_tail *t = &r->tail;
    int fd =
        strchr(t->state_file, '/') == NULL ? hr_sys_open(r->ds.root_fd, t->state_file, 0, 0) : -2;
    if (fd < 0)
        return HR_FAIL_SYS(err, fd, "cannot open checkpoint '%s/%s'", r->ds.root, t->state_file);
    hr_unpack u = {.p = r->state_buf, .cap = r->state_cap, .fd = fd};
    hr_err_reset(err);
    hr_status st = check_magic(r, &u, err);
    if (st != HR_OK) {
        (void)hr_sys_close(fd);
        return st;
    }
    bool ok = load_sources(r, &u, err);
    hr_unpack_bytes(&u, &r->base, COUNTS_HEAD);
    hr_unpack_bytes(&u, (char *)&r->base + COUNTS_TAIL, sizeof r->base - COUNTS_TAIL);
    if (r->calc != NULL)
        hr_unpack_bytes(&u, (char *)&r->base + COUNTS_HEAD, COUNTS_TAIL - COUNTS_HEAD);
    ok = ok && load_desks(r, &u, err) && hr_unpack_at_end(&u) && u.file_at == t->state_bytes &&
         u.crc == t->state_crc;
    (void)hr_sys_close(fd);
    if (ok) return HR_OK;
    if (err != NULL && err->code != HR_OK) return err->code;
    return damaged(r, &u, err);
}

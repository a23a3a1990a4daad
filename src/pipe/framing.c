/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe/framing.h"

#include <stdio.h>
#include <string.h>

#include "venue/itch.h"

#define STOCKS_BYTES (600u << 10)
#define LOOK_BYTES ((size_t)1 << 20) /* of DBN's records, for mappings and publishers */

/* ---- ITCH ---- */

static hr_status itch_whole(const uint8_t *p, size_t n, size_t *len, uint64_t *n_msgs)
{
    *len = hr_itch_whole(p, n, n_msgs);
    return HR_OK;
}

/* The directory that a day begins with. */
static hr_status itch_open(hr_source *s, hr_budget *budget, const uint8_t *p, size_t n, hr_err *err)
{
    hr_itch_dir *dir;
    hr_itch_msg m;
    hr_itch_step step;
    hr_status st;
    HR_TRY(hr_arena_create(&s->names, budget, STOCKS_BYTES, s->path, err));
    HR_TRY(hr_itch_dir_create(&dir, s->names, err));
    while ((st = hr_itch_decode(&step, &m, 1, p, n, false)) != HR_OK || step.n_msgs == 1) {
        if (step.n_msgs == 1) (void)hr_itch_dir_note(dir, &m);
        if (step.n_taken == 0) break;
        p += step.n_taken;
        n -= step.n_taken;
    }
    s->info.stocks = dir;
    return HR_OK;
}

/* ---- DBN ---- */

static hr_status dbn_whole(const uint8_t *p, size_t n, size_t *len, uint64_t *n_msgs)
{
    size_t at = 0;
    for (*n_msgs = 0; at < n; ++*n_msgs) {
        size_t k = p[at] * 4u;
        *len = at;
        if (k < HR_DBN_HEAD) return HR_EINPUT;
        if (n - at < 4) break;
        if (memcmp(p + at, "DBN", 3) == 0 && hr_dbn_is(p + at, n - at) == HR_DBN_FILE)
            return HR_EINPUT;
        if (k > n - at) break;
        at += k;
    }
    *len = at;
    return HR_OK;
}

/* Decompressed bytes from the source's first on; *n: how many are wanted, then how many there are.
 * The symbols may be longer than any head that is looked at. */
static hr_status read_front(hr_source *s, uint8_t *to, size_t *n, hr_err *err)
{
    size_t left = *n;
    int64_t at = 0;
    hr_status st = HR_OK;
    while (left > 0 && st != HR_END) {
        bool is_plain = s->container == HR_CONTAINER_PLAIN;
        uint8_t *in = is_plain ? to : (uint8_t *)s->carry;
        size_t want = is_plain ? left : s->text_cap;
        int64_t got = hr_sys_pread_full(s->reader.fd, in, want, at);
        if (got < 0) return HR_FAIL_SYS(err, got, "cannot read '%s'", s->path);
        if (got == 0) break;
        at += got;
        if (is_plain) {
            to += got;
            left -= (size_t)got;
            continue;
        }
        const uint8_t *p = in;
        size_t n_in = (size_t)got;
        hr_err damage = HR_ERR_INIT; /* told where it is read again */
        while (left > 0 &&
               (st = hr_inflate_step(s->inflate, &p, &n_in, &to, &left, &damage)) == HR_OK) {
        }
        if (st < 0) break;
    }
    if (s->inflate != NULL) hr_inflate_reset(s->inflate);
    *n -= left;
    return HR_OK;
}

static hr_status no_room(const hr_source *s, size_t n, hr_err *err)
{
    return HR_FAIL(err, HR_EBUDGET,
                   "'%s': no memory for the %zu bytes of its symbols: raise engine.memory", s->path,
                   n);
}

/* Metadata and the first records behind it, in s->names; *n bytes. */
static hr_status dbn_front(hr_source *s, hr_budget *budget, size_t n_meta, uint8_t **out, size_t *n,
                           hr_err *err)
{
    *n = n_meta + LOOK_BYTES;
    if (hr_arena_create(&s->names, budget, *n + 4096, s->path, NULL) != HR_OK)
        return no_room(s, n_meta, err);
    *out = hr_arena_alloc(s->names, *n, 64);
    if (*out == NULL) return no_room(s, n_meta, err);
    HR_TRY(read_front(s, *out, n, err));
    if (*n < n_meta)
        return HR_FAIL(err, HR_EINPUT, "'%s': DBN metadata: %zu of %zu bytes are there", s->path,
                       *n, n_meta);
    return HR_OK;
}

/* What is known of the source before its records: who is who, and whose books they are. */
static hr_status dbn_learn(hr_source *s, hr_budget *budget, const hr_dbn_meta *m, const uint8_t *p,
                           size_t n, hr_err *err)
{
    hr_dbn_dir *dir;
    uint32_t n_live = hr_dbn_mapping_count(p, n);
    size_t bytes = hr_dbn_dir_bytes(m, n_live) + sizeof(hr_dbn_source) + 64;
    if (hr_arena_create(&s->index, budget, bytes, s->path, NULL) != HR_OK)
        return no_room(s, bytes, err);
    hr_dbn_source *source = hr_arena_alloc(s->index, sizeof *source, 64);
    HR_TRY(hr_dbn_dir_create(&dir, s->index, m, n_live, err));
    if (source == NULL) return no_room(s, bytes, err);
    memset(source, 0, sizeof *source);
    hr_dbn_learn(source, dir, p, n);
    source->dir = dir;
    source->has_orders = s->info.has_orders;
    s->info.dbn = source;
    return HR_OK;
}

static hr_status dbn_open(hr_source *s, hr_budget *budget, const uint8_t *head, size_t n_head,
                          hr_err *err)
{
    hr_dbn_meta m = {.schema = HR_DBN_SCHEMA_NONE};
    size_t n_meta = 0;
    size_t n;
    uint8_t *front;
    bool has_meta = hr_dbn_is(head, n_head) == HR_DBN_FILE;
    hr_status st = has_meta ? hr_dbn_prelude(&n_meta, head, n_head, err) : HR_OK;
    if (st == HR_AGAIN)
        return HR_FAIL(err, HR_EINPUT, "'%s': DBN header: it is cut short", s->path);
    if (st == HR_OK) HR_TRY(dbn_front(s, budget, n_meta, &front, &n, err));
    if (st == HR_OK && has_meta) st = hr_dbn_meta_parse(&m, front, n_meta, err);
    if (st != HR_OK) {
        hr_err_prefix(err, "'%s'", s->path);
        return st;
    }
    if (has_meta)
        snprintf(s->why, sizeof s->why, "DBN version %u of %s, schema %s", m.version, m.dataset,
                 hr_dbn_schema_name(m.schema));
    if (s->info.venue[0] == '\0') hr_dbn_venue(s->info.venue, m.dataset);
    s->info.has_orders = m.schema == HR_DBN_SCHEMA_NONE || m.schema == HR_DBN_SCHEMA_MBO;
    s->head_bytes = (int64_t)n_meta;
    return dbn_learn(s, budget, has_meta ? &m : NULL, front + n_meta, n - n_meta, err);
}

const hr_framing *hr_framing_of(hr_format f)
{
    static const hr_framing itch = {"message", itch_whole, itch_open};
    static const hr_framing dbn = {"record", dbn_whole, dbn_open};
    return f == HR_FORMAT_ITCH ? &itch : f == HR_FORMAT_DBN ? &dbn : NULL;
}

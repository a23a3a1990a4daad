/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe/framing.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "venue/files/itch.h"
#include "venue/files/orders.h"

#define STOCKS_BYTES (600u << 10)
#define LOOK_BYTES ((size_t)1 << 20) /* of DBN's records, for mappings and publishers */

/* ---- ITCH ---- */

static hr_status itch_whole(hr_source *s, uint8_t *p, size_t n, size_t *len, uint64_t *n_msgs)
{
    (void)s;
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

/* ---- the source's first bytes ---- */

/* Decompressed bytes one after the other. */
typedef struct past {
    int64_t at; /* read of the file */
    const uint8_t *in;
    size_t n_in;
} past;

static hr_status refill(hr_source *s, past *k, uint8_t *in, size_t room, hr_err *err)
{
    int64_t got = hr_sys_pread_full(s->reader.fd, in, room, k->at);
    if (got < 0) return HR_FAIL_SYS(err, got, "cannot read '%s'", s->path);
    k->at += got;
    k->in = in;
    k->n_in = (size_t)got;
    return got > 0 ? HR_OK : HR_END;
}

/* Some more of them; *n: how many are wanted, then how many came; 0: there are no others. */
static hr_status more(hr_source *s, past *k, uint8_t *to, size_t *n, hr_err *err)
{
    size_t left = *n;
    hr_status st = HR_OK;
    if (s->inflate == NULL) {
        st = refill(s, k, to, left, err);
        *n = st == HR_OK ? k->n_in : 0;
        return st < 0 ? st : HR_OK;
    }
    while (left == *n && st >= HR_OK && st != HR_END) {
        if (k->n_in == 0) st = refill(s, k, (uint8_t *)s->carry, s->text_cap, err);
        while (st == HR_OK && left > 0)
            st = hr_inflate_step(s->inflate, &k->in, &k->n_in, &to, &left, err);
        if (st == HR_AGAIN) st = HR_OK;
    }
    *n -= left;
    return st < 0 ? st : HR_OK;
}

/* ---- DBN ---- */

static hr_status dbn_whole(hr_source *s, uint8_t *p, size_t n, size_t *len, uint64_t *n_msgs)
{
    size_t at = 0;
    (void)s;
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

/* The next decompressed bytes; *n: how many are wanted, then how many there are. Damage is told
 * where it is read again. */
static hr_status read_front(hr_source *s, past *k, uint8_t *to, size_t *n, hr_err *err)
{
    size_t done = 0;
    hr_status st = HR_OK;
    hr_err told = HR_ERR_INIT;
    for (size_t step = *n; st == HR_OK && step > 0 && done < *n; done += step) {
        step = *n - done;
        st = more(s, k, to + done, &step, &told);
        if (st != HR_OK) step = 0;
    }
    *n = done;
    if (st >= 0 || st == HR_ECORRUPT || st == HR_ELIMIT) return HR_OK;
    if (err != NULL) *err = told;
    return st;
}

/* An arena for n bytes of symbols. */
static hr_status make_room(hr_source *s, hr_arena **out, hr_budget *budget, size_t n, hr_err *err)
{
    hr_status st = hr_arena_create(out, budget, n + 4096, s->path, err);
    if (st != HR_EBUDGET) return st;
    return HR_FAIL(err, HR_EBUDGET,
                   "'%s': no memory for the %zu bytes of its symbols: raise engine.memory", s->path,
                   n);
}

/* The metadata, in s->names. The symbols may be longer than any head that is looked at. */
static hr_status read_meta(hr_source *s, past *k, hr_budget *budget, size_t n_meta, uint8_t **out,
                           hr_err *err)
{
    size_t n = n_meta;
    HR_TRY(make_room(s, &s->names, budget, n, err));
    *out = hr_arena_alloc(s->names, n, 64);
    HR_ASSERT(*out != NULL);
    HR_TRY(read_front(s, k, *out, &n, err));
    if (n < n_meta)
        return HR_FAIL(err, HR_EINPUT, "'%s': DBN metadata: %zu of %zu bytes are there", s->path, n,
                       n_meta);
    return HR_OK;
}

/* What is known of the source before its records: who is who, and whose books they are. */
static hr_status dbn_learn(hr_source *s, hr_budget *budget, const hr_dbn_meta *m, const uint8_t *p,
                           size_t n, hr_err *err)
{
    hr_dbn_dir *dir;
    uint32_t n_live = hr_dbn_mapping_count(p, n);
    size_t bytes = hr_dbn_dir_bytes(m, n_live) + sizeof(hr_dbn_source) + 64;
    HR_TRY(make_room(s, &s->index, budget, bytes, err));
    hr_dbn_source *source = hr_arena_alloc(s->index, sizeof *source, 64);
    HR_TRY(hr_dbn_dir_create(&dir, s->index, m, n_live, err));
    HR_ASSERT(source != NULL);
    memset(source, 0, sizeof *source);
    hr_dbn_learn(source, dir, p, n);
    source->dir = dir;
    source->has_orders = s->info.has_orders;
    s->info.dbn = source;
    return HR_OK;
}

/* The same from the records behind the metadata. */
static hr_status dbn_look(hr_source *s, past *k, hr_budget *budget, const hr_dbn_meta *m,
                          hr_err *err)
{
    hr_arena *room = NULL;
    size_t n = LOOK_BYTES;
    HR_TRY(make_room(s, &room, budget, n, err));
    uint8_t *p = hr_arena_alloc(room, n, 64);
    HR_ASSERT(p != NULL);
    hr_status st = read_front(s, k, p, &n, err);
    if (s->inflate != NULL) hr_inflate_reset(s->inflate);
    if (st == HR_OK) st = dbn_learn(s, budget, m, p, n, err);
    hr_arena_destroy(&room);
    return st;
}

static hr_status dbn_open(hr_source *s, hr_budget *budget, const uint8_t *head, size_t n_head,
                          hr_err *err)
{
    hr_dbn_meta m = {.schema = HR_DBN_SCHEMA_NONE};
    past k = {0};
    size_t n_meta = 0;
    uint8_t *meta;
    bool has_meta = hr_dbn_is(head, n_head) == HR_DBN_FILE;
    hr_status st = has_meta ? hr_dbn_prelude(&n_meta, head, n_head, err) : HR_OK;
    if (st == HR_AGAIN)
        return HR_FAIL(err, HR_EINPUT, "'%s': DBN header: it is cut short", s->path);
    if (st == HR_OK && has_meta) {
        HR_TRY(read_meta(s, &k, budget, n_meta, &meta, err));
        st = hr_dbn_meta_parse(&m, meta, n_meta, err);
    }
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
    return dbn_look(s, &k, budget, has_meta ? &m : NULL, err);
}

/* ---- MoldUDP64 ---- */

static hr_status mold_whole(hr_source *s, uint8_t *p, size_t n, size_t *len, uint64_t *n_msgs)
{
    const hr_mold_source *m = s->info.mold;
    hr_mold_frame f;
    hr_status st;
    *len = 0;
    for (*n_msgs = 0; (st = hr_mold_next(m, &f, p + *len, n - *len)) == HR_OK; ++*n_msgs) {
        if (f.kind == HR_MOLD_PACKET) hr_mold_mark(m, s->mold, p + *len + f.at);
        *len += f.bytes;
    }
    return st == HR_EINPUT ? HR_EINPUT : HR_OK;
}

/* Which stock a locate is: the directory, or whatever message names it, for a capture may begin in
 * mid-session. */
static void note_stocks(hr_itch_dir *dir, const uint8_t *p, size_t n)
{
    hr_itch_msg m;
    hr_itch_step step;
    while (hr_itch_decode(&step, &m, 1, p, n, true) != HR_OK || step.n_msgs == 1) {
        if (step.n_msgs == 1 && m.stock[0] != '\0' && m.locate != 0) {
            m.type = 'R';
            (void)hr_itch_dir_note(dir, &m);
        }
        if (step.n_taken == 0) break;
        p += step.n_taken;
        n -= step.n_taken;
    }
}

static void begin_mold(hr_source *s, hr_mold_source *m, const uint8_t *packet, int64_t ts_ns)
{
    memcpy(m->session, packet, HR_MOLD_SESSION);
    m->has_session = true;
    if (s->info.day_ns != 0 || ts_ns == HR_NULL_I64) return;
    s->info.day_ns = hr_orders_midnight(ts_ns);
    snprintf(s->why, sizeof s->why, "packets of MoldUDP64; the day is the capture's");
}

/* The session of the first packet, the day, and the stocks. */
static void learn_mold(hr_source *s, hr_mold_source *m, hr_itch_dir *dir, const uint8_t *p,
                       size_t n)
{
    hr_mold_frame f;
    for (; hr_mold_next(m, &f, p, n) == HR_OK; p += f.bytes, n -= f.bytes) {
        const uint8_t *packet = p + f.at;
        if (f.kind != HR_MOLD_PACKET) continue;
        if (!m->has_session) begin_mold(s, m, packet, f.ts_ns);
        if (memcmp(m->session, packet, HR_MOLD_SESSION) == 0)
            note_stocks(dir, packet + HR_MOLD_HEAD, f.n - HR_MOLD_HEAD);
    }
}

static hr_status check_mold(const hr_source *s, const hr_mold_source *m, bool has_frames,
                            hr_err *err)
{
    if (m->around == HR_MOLD_PCAPNG)
        return HR_FAIL(err, HR_EUNSUPPORTED,
                       "'%s' is pcapng: write it as classic pcap (editcap -F pcap)", s->path);
    if (m->around == HR_MOLD_PCAP && m->link != 1)
        return HR_FAIL(err, HR_EUNSUPPORTED, "'%s' is a capture of link type %u: Ethernet is read",
                       s->path, m->link);
    if (has_frames && !m->has_session)
        return HR_FAIL(err, HR_EUNSUPPORTED,
                       "'%s': no packet of MoldUDP64 among the first, behind lengths or in pcap",
                       s->path);
    return HR_OK;
}

static hr_status mold_open(hr_source *s, hr_budget *budget, const uint8_t *head, size_t n_head,
                           hr_err *err)
{
    hr_itch_dir *dir;
    hr_mold_source *m;
    HR_TRY(hr_arena_create(&s->names, budget, STOCKS_BYTES, s->path, err));
    HR_TRY(hr_itch_dir_create(&dir, s->names, err));
    m = hr_arena_alloc(s->names, sizeof *m, 64);
    s->mold = hr_arena_alloc(s->names, sizeof *s->mold, 64);
    if (m == NULL || s->mold == NULL)
        return HR_FAIL(err, HR_EBUDGET, "no memory to read '%s'", s->path);
    *s->mold = (hr_mold_state){0};
    if (!hr_mold_is(m, head, n_head)) *m = (hr_mold_source){.around = HR_MOLD_LENGTHS};
    s->info.mold = m;
    s->info.stocks = dir;
    s->head_bytes = m->around == HR_MOLD_PCAP ? HR_MOLD_PCAP_HEAD : 0;
    const size_t skip = HR_MIN((size_t)s->head_bytes, n_head);
    if (m->around != HR_MOLD_PCAPNG) learn_mold(s, m, dir, head + skip, n_head - skip);
    return check_mold(s, m, n_head > skip, err);
}

/* ---- what came before ---- */

hr_status hr_framing_past(hr_source *s, int64_t offset, hr_err *err)
{
    uint8_t *text = (uint8_t *)s->slot[0].text;
    past k = {0};
    size_t filled = 0;
    int64_t skip = s->head_bytes;
    hr_status st = HR_OK;
    while (offset > 0 && st == HR_OK) {
        size_t n = (size_t)HR_MIN((int64_t)(s->text_cap - filled), offset);
        st = more(s, &k, text + filled, &n, err);
        if (st != HR_OK || n == 0) break;
        offset -= (int64_t)n;
        filled += n;
        size_t drop = (size_t)HR_MIN(skip, (int64_t)filled);
        skip -= (int64_t)drop;
        size_t len;
        uint64_t n_msgs;
        st = s->framing->whole(s, text + drop, filled - drop, &len, &n_msgs);
        len += drop;
        memmove(text, text + len, filled - len);
        filled -= len;
    }
    if (s->inflate != NULL) hr_inflate_reset(s->inflate);
    if (st >= 0 && offset > 0)
        return HR_FAIL(err, HR_EINPUT, "'%s' is shorter than when the run began", s->path);
    return st;
}

const hr_framing *hr_framing_of(hr_format f)
{
    static const hr_framing itch = {"message", false, itch_whole, itch_open};
    static const hr_framing dbn = {"record", false, dbn_whole, dbn_open};
    static const hr_framing mold = {"frame", true, mold_whole, mold_open};
    return f == HR_FORMAT_ITCH   ? &itch
           : f == HR_FORMAT_DBN  ? &dbn
           : f == HR_FORMAT_MOLD ? &mold
                                 : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "venue/files/mold.h"

#include <string.h>

#include "venue/line.h"

#define MARKED 0xff
#define END_OF_SESSION 0xffffu
#define SEQ_MAX (UINT64_C(1) << 62)
#define FRAME_HEAD 16u
#define ETHERNET 14u
#define TYPE_IPV4 0x0800u
#define TYPE_VLAN 0x8100u
#define TYPE_QINQ 0x88a8u
#define UDP 17u
#define LOOK_PACKETS 8
#define NS_PER_S INT64_C(1000000000)
#define PCAPNG 0x0a0d0d0au

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static uint64_t be64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap64(v);
}

static uint32_t word(const hr_mold_source *s, const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return s->is_swapped ? __builtin_bswap32(v) : v;
}

static uint32_t count_of(const uint8_t *packet)
{
    uint32_t n = be16(packet + 18);
    return n == END_OF_SESSION ? 0 : n;
}

/* Do the messages fill it exactly? */
static bool is_packet(const uint8_t *p, size_t n)
{
    if (n < HR_MOLD_HEAD || be64(p + 10) == 0 || be64(p + 10) > SEQ_MAX) return false;
    size_t at = HR_MOLD_HEAD;
    for (uint32_t k = count_of(p); k > 0; k--) {
        if (n - at < 2) return false;
        size_t len = 2u + be16(p + at);
        if (len > n - at) return false;
        at += len;
    }
    return at == n;
}

static hr_mold_kind kind_of(const hr_mold_source *s, const uint8_t *p, size_t n)
{
    if (is_packet(p, n)) return HR_MOLD_PACKET;
    bool is_ours =
        s->has_session && n >= HR_MOLD_SESSION && memcmp(p, s->session, HR_MOLD_SESSION) == 0;
    return is_ours || s->around == HR_MOLD_LENGTHS ? HR_MOLD_BROKEN : HR_MOLD_OTHER;
}

/* What the Ethernet frame p carries: UDP over IPv4, whole. */
static void find_payload(const hr_mold_source *s, hr_mold_frame *f, const uint8_t *p, size_t n)
{
    size_t at = ETHERNET;
    f->kind = HR_MOLD_OTHER;
    for (int tags = 0; tags < 2 && at <= n; tags++) {
        uint16_t type = n >= at ? be16(p + at - 2) : 0;
        if (type == TYPE_VLAN || type == TYPE_QINQ) at += 4;
    }
    if (at + 20 > n || be16(p + at - 2) != TYPE_IPV4) return;
    const uint8_t *ip = p + at;
    size_t head = (ip[0] & 15u) * 4u;
    bool is_fragment = (be16(ip + 6) & 0x3fffu) != 0;
    if (ip[0] >> 4 != 4 || head < 20 || ip[9] != UDP || is_fragment || at + head + 8 > n) return;
    at += head;
    size_t udp = be16(p + at + 4);
    if (udp < 8) return;
    f->at = at + 8;
    f->n = udp - 8;
    if (f->at + f->n > n) {
        f->n = n - f->at;
        bool is_ours = s->has_session && f->n >= HR_MOLD_SESSION &&
                       memcmp(p + f->at, s->session, HR_MOLD_SESSION) == 0;
        if (is_ours) f->kind = HR_MOLD_CUT;
        return;
    }
    f->kind = kind_of(s, p + f->at, f->n);
}

static hr_status next_of_pcap(const hr_mold_source *s, hr_mold_frame *f, const uint8_t *p, size_t n)
{
    if (n < FRAME_HEAD) return HR_AGAIN;
    size_t here = word(s, p + 8);
    uint32_t fraction = word(s, p + 4);
    if (here > HR_MOLD_FRAME_MAX - FRAME_HEAD) return HR_EINPUT;
    if (fraction >= (s->is_ns ? 1000000000u : 1000000u)) return HR_EINPUT;
    f->bytes = FRAME_HEAD + here;
    if (f->bytes > n) return HR_AGAIN;
    f->ts_ns = word(s, p) * NS_PER_S + (int64_t)fraction * (s->is_ns ? 1 : 1000);
    find_payload(s, f, p + FRAME_HEAD, here);
    f->at += FRAME_HEAD;
    return HR_OK;
}

hr_status hr_mold_next(const hr_mold_source *s, hr_mold_frame *f, const uint8_t *p, size_t n)
{
    *f = (hr_mold_frame){.ts_ns = HR_NULL_I64};
    if (s->around == HR_MOLD_PCAP) return next_of_pcap(s, f, p, n);
    if (n < 2) return HR_AGAIN;
    f->at = 2;
    f->n = be16(p);
    f->bytes = f->at + f->n;
    if (f->bytes > n) return HR_AGAIN;
    f->kind = kind_of(s, p + 2, f->n);
    return HR_OK;
}

bool hr_mold_is(hr_mold_source *s, const uint8_t *head, size_t n)
{
    static const struct {
        uint32_t magic;
        bool is_swapped, is_ns;
    } magics[] = {{0xa1b2c3d4, false, false},
                  {0xa1b23c4d, false, true},
                  {0xd4c3b2a1, true, false},
                  {0x4d3cb2a1, true, true}};
    uint32_t magic = 0;
    memset(s, 0, sizeof *s);
    if (n >= HR_MOLD_PCAP_HEAD) memcpy(&magic, head, sizeof magic);
    for (size_t i = 0; i < HR_ARRAY_LEN(magics); i++) {
        if (magics[i].magic != magic) continue;
        s->is_swapped = magics[i].is_swapped;
        s->is_ns = magics[i].is_ns;
        s->around = HR_MOLD_PCAP;
        s->link = word(s, head + 20) & 0x0fffffffu; /* above: of the frames' check sums */
        return true;
    }
    if (magic == PCAPNG) {
        s->around = HR_MOLD_PCAPNG;
        return true;
    }
    s->around = HR_MOLD_LENGTHS;
    int n_good = 0;
    for (; n_good < LOOK_PACKETS; n_good++) {
        hr_mold_frame f;
        if (hr_mold_next(s, &f, head, n) != HR_OK) break;
        if (f.kind != HR_MOLD_PACKET) return false;
        head += f.bytes;
        n -= f.bytes;
    }
    return n_good > 0;
}

/* ---- in order ---- */

static bool is_ours(const hr_mold_source *s, const uint8_t *packet)
{
    return s->has_session && memcmp(packet, s->session, HR_MOLD_SESSION) == 0;
}

static void put_mark(uint8_t *packet, unsigned flags, uint64_t n_before, uint64_t n_missing)
{
    packet[0] = MARKED;
    packet[1] = (uint8_t)flags;
    memcpy(packet + 2, &n_before, 2); /* little-endian, as all we run on */
    memcpy(packet + 4, &n_missing, 6);
}

void hr_mold_mark(const hr_mold_source *s, hr_mold_state *state, uint8_t *packet)
{
    uint64_t seq = be64(packet + 10);
    uint64_t n = count_of(packet);
    uint64_t n_before = 0;
    uint64_t n_missing = 0;
    if (!is_ours(s, packet) || packet[0] == MARKED) {
        if (packet[0] == MARKED) packet[0]--; /* nobody else's mark */
        return;
    }
    if (state->next == 0) state->next = 1;
    if (seq > state->next) {
        n_missing = HR_MIN(seq - state->next, (UINT64_C(1) << 48) - 1);
        state->next = seq;
        state->has_hole = true;
    } else {
        n_before = HR_MIN(n, state->next - seq);
    }
    state->next = HR_MAX(state->next, seq + n);
    put_mark(packet, (n_missing > 0 ? HR_MOLD_HOLE : 0) | (state->has_hole ? HR_MOLD_AFTER : 0),
             n_before, n_missing);
}

/* ---- packets as events ---- */

typedef struct packet {
    hr_mold_frame f;
    const uint8_t *p; /* the frame */
    int64_t offset, number;
    unsigned marks;
    uint64_t seq, n_missing;
    uint32_t n, n_before;
} packet;

static void begin(hr_evbatch *b, const packet *k, hr_msg_kind kind, uint32_t flags)
{
    uint32_t i = b->n_msgs;
    b->kind[i] = (uint8_t)kind;
    b->ts_event[i] = HR_NULL_I64;
    b->ts_recv[i] = k->f.ts_ns;
    b->seq_first[i] = b->seq_last[i] = b->seq_prev[i] = -1;
    b->src_offset[i] = k->offset;
    b->src_line[i] = k->number;
    b->sym[i] = HR_SYM_UNKNOWN;
    b->text[i] = -1;
    b->flags[i] = flags;
    b->n_msgs++;
    b->level_begin[b->n_msgs] = (int32_t)b->n_levels;
}

static void read_marks(packet *k)
{
    const uint8_t *p = k->p + k->f.at;
    k->marks = p[1];
    k->seq = be64(p + 10);
    k->n = count_of(p);
    memcpy(&k->n_before, p + 2, 2);
    memcpy(&k->n_missing, p + 4, 6);
}

/* All messages of a packet have its place and its time. */
static void settle(hr_evbatch *b, const packet *k, uint32_t from, uint32_t from_reject)
{
    bool has_gap = (k->marks & HR_MOLD_AFTER) != 0;
    for (uint32_t i = from; i < b->n_msgs; i++) {
        b->src_offset[i] = k->offset;
        b->src_line[i] = k->number;
        if (k->f.ts_ns != HR_NULL_I64) b->ts_recv[i] = k->f.ts_ns;
        bool is_row = b->kind[i] != HR_MSG_BAD && b->kind[i] != HR_MSG_OTHER;
        if (has_gap && is_row) b->flags[i] |= HR_FLAG_GAP;
    }
    for (uint32_t i = from_reject; i < b->n_rejects; i++)
        b->rejects[i].src_line = k->number;
}

/* A hole whose packet has a message is as old as that. */
static void put_hole(hr_evbatch *b, const packet *k)
{
    uint32_t i = b->n_msgs;
    begin(b, k, HR_MSG_STATUS, HR_FLAG_GAP);
    b->seq_first[i] = (int64_t)k->seq;
    b->seq_prev[i] = (int64_t)(k->seq - k->n_missing) - 1;
    if (k->f.ts_ns == HR_NULL_I64) b->flags[i] |= HR_FLAG_NO_TIME;
}

static hr_status put_messages(const hr_source_info *info, hr_evbatch *b, packet *k)
{
    const uint8_t *p = k->p + k->f.at + HR_MOLD_HEAD;
    size_t n = k->f.n - HR_MOLD_HEAD;
    size_t pos = 0;
    int64_t number = k->number;
    if (!hr_evbatch_has_room(b, 2, 0)) return HR_FULL;
    read_marks(k);
    if ((k->marks & HR_MOLD_HOLE) != 0) put_hole(b, k);
    if (k->n_before > 0) {
        begin(b, k, HR_MSG_OTHER, HR_FLAG_DUPLICATE);
        b->seq_first[b->n_msgs - 1] = k->n_before;
    }
    for (uint32_t i = 0; i < k->n_before; i++)
        pos += 2u + be16(p + pos);
    uint32_t first = b->n_msgs;
    hr_status st =
        hr_orders_decode(info, b, (const char *)p, n, &pos, k->offset, &number, UINT32_MAX, true);
    if (st == HR_OK && k->n == 0) begin(b, k, HR_MSG_OTHER, 0); /* a heartbeat, the end */
    if (st == HR_OK && first > 0 && first < b->n_msgs && b->kind[first - 1] == HR_MSG_STATUS)
        b->ts_event[first - 1] = b->ts_event[first];
    return st;
}

static hr_status refuse(hr_evbatch *b, const packet *k, hr_reject_reason why)
{
    return hr_evbatch_reject(b, why, k->offset, k->number, (const char *)k->p, k->f.bytes);
}

static hr_status take(const hr_source_info *info, hr_evbatch *b, packet *k)
{
    if (!hr_evbatch_has_room(b, 1, 0)) return HR_FULL;
    switch (k->f.kind) {
    case HR_MOLD_OTHER:
        begin(b, k, HR_MSG_OTHER, 0);
        return HR_OK;
    case HR_MOLD_BROKEN:
        return refuse(b, k, HR_REJECT_FIELD_MISSING);
    case HR_MOLD_CUT:
        return refuse(b, k, HR_REJECT_TRUNCATED);
    case HR_MOLD_PACKET:
        break;
    }
    if (k->p[k->f.at] != MARKED) return refuse(b, k, HR_REJECT_UNKNOWN); /* another session */
    return put_messages(info, b, k);
}

/* A packet whole, or nothing of it: HR_FULL. */
static hr_status take_whole(const hr_source_info *info, hr_evbatch *b, packet *k)
{
    const hr_line l = {.info = info, .batch = b};
    const uint32_t n_msgs = b->n_msgs, n_levels = b->n_levels, n_syms = b->n_syms;
    const uint32_t n_rejects = b->n_rejects, n_raw = b->n_raw;
    const uint64_t n_lines = b->n_lines;
    hr_status st = take(info, b, k);
    b->n_lines = n_lines;
    if (st == HR_OK) {
        settle(b, k, n_msgs, n_rejects);
        return HR_OK;
    }
    hr_line_undo(&l, n_msgs, n_levels, n_syms);
    b->n_rejects = n_rejects;
    b->n_raw = n_raw;
    return n_msgs > 0 ? HR_FULL : refuse(b, k, HR_REJECT_TOO_MANY_LEVELS);
}

hr_status hr_mold_decode(const hr_source_info *info, hr_evbatch *b, const char *text, size_t len,
                         size_t *pos, int64_t base_offset, int64_t *line, uint32_t target_rows,
                         bool at_eof)
{
    static const hr_mold_source none = {.around = HR_MOLD_LENGTHS};
    const hr_mold_source *s = info->mold != NULL ? info->mold : &none;
    hr_status st = HR_OK;
    while (*pos < len) {
        packet k = {.p = (const uint8_t *)text + *pos,
                    .offset = base_offset + (int64_t)*pos,
                    .number = *line};
        if (b->n_msgs > 0 && b->n_msgs + b->n_levels >= target_rows) {
            st = HR_FULL;
            break;
        }
        hr_status got = hr_mold_next(s, &k.f, k.p, len - *pos);
        if (got == HR_AGAIN && !at_eof) break;
        if (got == HR_OK) {
            st = take_whole(info, b, &k);
        } else {
            k.f.bytes = len - *pos;
            st = refuse(b, &k, got == HR_AGAIN ? HR_REJECT_TRUNCATED : HR_REJECT_UNKNOWN);
        }
        if (st != HR_OK) break;
        *pos += k.f.bytes;
        ++*line;
        b->n_lines++;
    }
    b->src_end = base_offset + (int64_t)*pos;
    return st;
}

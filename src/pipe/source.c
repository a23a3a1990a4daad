/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe/source.h"

#include <string.h>

#include "base/assert.h"
#include "fmt/ipc_read.h"
#include "pipe/framing.h"
#include "text/csv.h"

#define SNIFF_BYTES (1u << 20)
#define TEXT_PAD 64 /* readable bytes past the text: scanners may load whole words */

size_t hr_source_bytes(hr_container c, size_t text_cap, size_t window_bytes)
{
    return hr_reader_bytes() + hr_inflate_bytes(c, window_bytes) +
           (HR_SOURCE_SLOTS + 1) * (text_cap + HR_SOURCE_FRONT + TEXT_PAD + 128) + (64u << 10);
}

/* ---- opening ---- */

static hr_status read_head(const char *path, uint8_t *head, size_t cap, size_t *n, hr_err *err)
{
    int fd = hr_sys_open(-100 /* AT_FDCWD */, path, 0 /* O_RDONLY */, 0);
    if (fd < 0) return HR_FAIL_SYS(err, fd, "cannot open '%s'", path);
    int64_t got = hr_sys_pread_full(fd, head, cap, 0);
    (void)hr_sys_close(fd);
    if (got < 0) return HR_FAIL_SYS(err, got, "cannot read '%s'", path);
    *n = (size_t)got;
    return HR_OK;
}

static hr_status carve(hr_source *s, size_t window_bytes, hr_err *err)
{
    s->carry = hr_arena_alloc(s->arena, s->text_cap + TEXT_PAD, 64);
    bool ok = s->carry != NULL;
    for (uint32_t i = 0; i < HR_SOURCE_SLOTS; i++) {
        hr_slot *slot = &s->slot[i];
        slot->room = hr_arena_alloc(s->arena, HR_SOURCE_FRONT + s->text_cap + TEXT_PAD, 64);
        ok = ok && slot->room != NULL;
        slot->text = ok ? slot->room + HR_SOURCE_FRONT : NULL;
    }
    if (!ok) return HR_FAIL(err, HR_EBUDGET, "no memory to read '%s'", s->path);
    return s->container != HR_CONTAINER_PLAIN
               ? hr_inflate_create(&s->inflate, s->arena, s->container, window_bytes, err)
               : HR_OK;
}

/* Decompressed head into slot 0's text, for sniffing; the stream is reset afterwards. */
static hr_status sniff(hr_source *s, hr_budget *budget, const uint8_t *head, size_t n_head,
                       hr_err *err)
{
    if (hr_dbn_is(head, n_head) == HR_DBN_OLD)
        return HR_FAIL(err, HR_EUNSUPPORTED,
                       "'%s': .dbz is the format before DBN: the venue's tools rewrite it as "
                       ".dbn.zst",
                       s->path);
    uint8_t *out = (uint8_t *)s->slot[0].text;
    size_t cap = HR_MIN(s->text_cap, (size_t)SNIFF_BYTES);
    size_t left = cap;
    const uint8_t *in = head;
    size_t n_in = n_head;
    hr_status st;
    if (s->container == HR_CONTAINER_PLAIN) {
        left = cap - HR_MIN(cap, n_head);
        memcpy(out, head, cap - left);
    } else {
        uint8_t *to = out;
        hr_err damage = HR_ERR_INIT;
        while ((st = hr_inflate_step(s->inflate, &in, &n_in, &to, &left, &damage)) == HR_OK) {
        }
        hr_inflate_reset(s->inflate);
        /* Where text came out before it, damage is reported where it is read. */
        if (st < 0 && left == cap) {
            if (err != NULL) *err = damage;
            hr_err_prefix(err, "'%s'", s->path);
            return st;
        }
    }
    HR_TRY(hr_sniff_text(&s->info, s->why, sizeof s->why, s->path, (const char *)out, cap - left,
                         err));
    s->info.has_orders = s->info.has_orders || hr_format_has_orders(s->info.format);
    s->framing = hr_framing_of(s->info.format);
    if (s->framing == NULL) return HR_OK;
    st = s->framing->open(s, budget, out, cap - left, err);
    s->skip_to = s->pos_offset = s->head_bytes;
    return st;
}

/* Told to be so: what it begins with does not matter. */
static bool is_text(hr_format f)
{
    return f != HR_FORMAT_UNKNOWN && hr_format_facts_of(f)->kind != HR_FORMAT_IS_TABLE;
}

static int64_t table_read(void *self, void *buf, size_t n_bytes, int64_t offset)
{
    hr_source *s = self;
    int64_t n = hr_sys_pread_full(s->reader.fd, buf, n_bytes, offset);
    if (n > 0) atomic_fetch_add_explicit(&s->table_bytes, n, memory_order_relaxed);
    return n;
}

/* Parquet and Arrow: pages and buffers come by offset, so there is no read-ahead; groups of rows
 * decode in order. */
static hr_status open_table(hr_source *s, bool is_arrow, hr_budget *budget, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_pq_limits limits = HR_PQ_LIMITS_DEFAULT;
    hr_sys_stat st;
    /* An eighth for one table; many leave two thirds for the engine. */
    size_t share = budget->cap_bytes / 3 / HR_MAX(s->info.n_sources, 1u);
    size_t cap = HR_MIN(budget->cap_bytes / 8, share);
    HR_TRY(hr_arena_create(&s->arena, budget, cap, "table", err));
    s->reader.fd = hr_sys_open(-100 /* AT_FDCWD */, s->path, 0 /* O_RDONLY */, 0);
    if (s->reader.fd < 0) return HR_FAIL_SYS(err, s->reader.fd, "cannot open '%s'", s->path);
    int rc = sys->fstat(sys->self, s->reader.fd, &st);
    if (rc < 0) return HR_FAIL_SYS(err, rc, "cannot stat '%s'", s->path);
    s->reader.size_bytes = st.size_bytes;
    hr_status result =
        is_arrow ? hr_ipc_file_open(&s->table, table_read, s, st.size_bytes, &limits, s->arena, err)
                 : hr_pq_file_open(&s->table, table_read, s, st.size_bytes, &limits, s->arena, err);
    if (result == HR_OK)
        result = hr_pq_events_sniff(&s->info, s->why, sizeof s->why, s->path, s->table, err);
    if (result == HR_OK)
        result = hr_pq_events_create(&s->events, s->table, &s->info, s->arena, err);
    if (result == HR_OK) s->info.format = hr_pq_events_format(s->events);
    s->info.has_orders = result == HR_OK && hr_pq_events_has_orders(s->events);
    if (result != HR_OK) hr_err_prefix(err, "'%s'", s->path);
    s->is_fill_done = true;
    if (s->info.n_sources > 4) s->n_slots = 2; /* one to merge, one in the making */
    return result;
}

/* The book that a LOBSTER file begins with, where one lies beside it. */
static hr_status read_seed(hr_source *s, hr_budget *budget, hr_err *err)
{
    hr_status st = hr_lobster_book_open(&s->book, s->path, budget, err);
    if (st != HR_OK) return st == HR_END ? HR_OK : st;
    s->seed = hr_heap_zero(1, sizeof *s->seed);
    if (s->seed == NULL) return HR_FAIL(err, HR_ENOMEM, "no memory for a book");
    st = hr_lobster_book_next(s->book, s->seed, err);
    if (st == HR_OK) s->info.seed = s->seed;
    return st == HR_END ? HR_OK : st;
}

hr_status hr_source_open(hr_source *s, const char *path, const hr_source_info *info,
                         hr_budget *budget, size_t text_cap, hr_err *err)
{
    uint8_t magic[HR_INFLATE_HEAD] = {0};
    size_t n_head = 0;
    size_t n_sources = HR_MAX(info->n_sources, 1u);
    memset(s, 0, sizeof *s);
    s->path = path;
    s->info = *info;
    s->reader.fd = -1;
    s->text_cap = text_cap;
    s->text_goal = HR_MIN(text_cap, (size_t)HR_READER_BLOCK_BYTES);
    s->next_line = s->pos_line = 1;
    s->time_max = INT64_MIN;
    s->only_id = -1;
    s->n_slots = HR_SOURCE_SLOTS;
    HR_TRY(read_head(path, magic, sizeof magic, &n_head, err));
    s->container = hr_container_sniff(magic, n_head);
    if (hr_pq_sniff(magic, n_head)) return open_table(s, false, budget, err);
    if (!is_text(s->info.format) && hr_ipc_sniff(magic, n_head) != HR_IPC_NOT)
        return open_table(s, true, budget, err);
    size_t share = budget->cap_bytes / 3 / n_sources;
    size_t room = share > ((size_t)32 << 20) ? share - ((size_t)32 << 20) : 0;
    size_t window = hr_inflate_window(magic, n_head, room);
    HR_TRY(hr_arena_create(&s->arena, budget, hr_source_bytes(s->container, text_cap, window), path,
                           err));
    HR_TRY(carve(s, window, err));
    HR_TRY(hr_reader_open(&s->reader, path, s->arena, err));
    HR_TRY(
        read_head(path, (uint8_t *)s->carry, HR_MIN(text_cap, (size_t)SNIFF_BYTES), &n_head, err));
    HR_TRY(sniff(s, budget, (const uint8_t *)s->carry, n_head, err));
    if (s->info.format == HR_FORMAT_LOBSTER && s->info.wants_seed)
        HR_TRY(read_seed(s, budget, err));
    s->is_sequential = hr_format_is_sequential(s->info.format);
    s->parts.is_on = s->info.has_orders && hr_format_facts_of(s->info.format)->may_part;
    return HR_OK;
}

void hr_source_close(hr_source *s)
{
    hr_lobster_book_close(&s->book);
    hr_heap_free(s->seed);
    s->seed = NULL;
    hr_reader_close(&s->reader);
    hr_arena_destroy(&s->arena);
    hr_arena_destroy(&s->index);
    hr_arena_destroy(&s->names);
}

hr_status hr_source_resume(hr_source *s, int64_t offset, int64_t line, hr_err *err)
{
    offset = HR_MAX(offset, s->head_bytes);
    if (s->framing != NULL && s->framing->has_past) HR_TRY(hr_framing_past(s, offset, err));
    if (s->container == HR_CONTAINER_PLAIN && offset > s->reader.size_bytes)
        return HR_FAIL(err, HR_EINPUT, "'%s' is shorter than when the run began", s->path);
    s->skip_to = offset;
    s->next_line = s->pos_line = line;
    if (s->events != NULL) hr_pq_events_skip_to(s->events, offset);
    s->pos_offset = offset;
    if (s->container == HR_CONTAINER_PLAIN && !s->reader.is_stream) {
        hr_reader_seek(&s->reader, HR_MAX(offset, 1) - 1); /* with the byte before it */
        s->out_offset = s->reader.next_take * (int64_t)HR_READER_BLOCK_BYTES;
    }
    return HR_OK;
}

/* ---- filling ---- */

/* Next decompressed bytes into [to, to + cap); *n_out of them. HR_AGAIN: I/O in flight; HR_END. */
static hr_status produce(hr_source *s, char *to, size_t cap, size_t *n_out, hr_err *err)
{
    *n_out = 0;
    if (!s->has_block) {
        const char *block;
        hr_status st = hr_reader_take(&s->reader, &block, &s->n_in, err);
        if (st == HR_END && s->inflate != NULL) HR_TRY(hr_inflate_finish(s->inflate, err));
        if (st != HR_OK) return st;
        s->in = (const uint8_t *)block;
        s->has_block = true;
    }
    uint8_t *p = (uint8_t *)to;
    size_t left = cap;
    hr_status st = HR_OK;
    if (s->inflate != NULL) {
        while (left > 0 &&
               (st = hr_inflate_step(s->inflate, &s->in, &s->n_in, &p, &left, err)) == HR_OK) {
        }
        if (st < 0) return st;
    } else {
        size_t n = HR_MIN(left, s->n_in);
        memcpy(p, s->in, n);
        s->in += n;
        s->n_in -= n;
        left -= n;
    }
    if (s->n_in == 0 && left > 0) { /* a full output may still hide bytes inside the decoder */
        hr_reader_give(&s->reader);
        s->has_block = false;
    }
    *n_out = cap - left;
    return HR_OK;
}

/* Drops what a resumed run has read before; moves the rest to the front. A place that is no line's
 * beginning is inside a line that was cut, and refused, before. */
static size_t drop_skipped(hr_source *s, char *p, size_t n)
{
    if (s->out_offset >= s->skip_to) {
        s->out_offset += (int64_t)n;
        return n;
    }
    int64_t skip = s->skip_to - s->out_offset;
    s->out_offset += (int64_t)n;
    if (n > 0 && s->skip_to > 3 /* a byte order mark */ && s->framing == NULL)
        s->is_in_cut_line = p[HR_MIN(skip, (int64_t)n) - 1] != '\n';
    if (skip >= (int64_t)n) return 0;
    memmove(p, p + skip, n - (size_t)skip);
    return n - (size_t)skip;
}

static void publish(hr_source *s, hr_slot *slot, size_t len, bool is_last)
{
    s->next_line += s->n_dropped;
    s->n_dropped = 0;
    slot->len = len;
    slot->pos = 0;
    slot->line = s->next_line;
    slot->is_last = is_last;
    slot->is_cut = s->is_in_cut_line && len > 0;
    slot->n_tail = 0;
    atomic_store_explicit(&slot->is_read, 0, memory_order_relaxed);
    if (s->framing != NULL)
        s->next_line += s->n_staged;
    else if (!s->is_sequential)
        for (const char *p = slot->text, *end = p + len; (p = hr_find_newline(p, end)) != NULL; p++)
            s->next_line++;
    s->fill_seq++;
    s->filled = 0;
    s->is_staged = false;
    s->is_fill_done = is_last;
    atomic_store_explicit(&slot->state, HR_SLOT_TEXT, memory_order_release); /* pairs: decode */
}

/* The filled text up to its last whole message: *len bytes, and how many they are. */
static hr_status frame(hr_source *s, const hr_slot *slot, size_t *len, hr_err *err)
{
    uint64_t n_msgs = 0;
    if (s->framing->whole(s, (uint8_t *)slot->text, s->filled, len, &n_msgs) != HR_OK) {
        int64_t at = slot->base_offset + (int64_t)*len;
        (void)HR_FAIL(err, HR_EINPUT,
                      "no %s at offset %lld of the decompressed bytes, and none can be found "
                      "behind it",
                      s->framing->unit, (long long)at);
        (void)hr_err_at(err, at, -1, -1);
        return HR_EINPUT;
    }
    s->n_staged = (int64_t)n_msgs;
    return HR_OK;
}

/* Cuts the filled text at its last line end; the rest opens the next slot. HR_AGAIN: there is none
 * yet. */
static hr_status cut(hr_source *s, hr_slot *slot, hr_err *err)
{
    size_t len;
    if (s->framing != NULL) {
        HR_TRY(frame(s, slot, &len, err)); /* no message is as long as a slot */
    } else if (s->parts.is_on && hr_parts_cut(&s->parts, slot->text, s->filled, &len)) {
        s->is_in_cut_line = false;
    } else {
        const char *nl = hr_rfind_newline(slot->text, slot->text + s->filled);
        if (nl == NULL && s->filled < s->text_cap) return HR_AGAIN;
        len = nl != NULL ? (size_t)(nl + 1 - slot->text) : s->filled;
        s->is_in_cut_line = nl == NULL;
    }
    s->n_carry = s->filled - len;
    memcpy(s->carry, slot->text + len, s->n_carry);
    s->staged = len;
    s->is_staged = true;
    return HR_OK;
}

/* The text that ends the source, where a long line is in it. */
static bool cut_parts(hr_source *s, hr_slot *slot)
{
    size_t len;
    if (!hr_parts_cut(&s->parts, slot->text, s->filled, &len)) return false;
    s->n_carry = s->filled - len;
    memcpy(s->carry, slot->text + len, s->n_carry);
    s->staged = len;
    s->is_staged = true;
    return true;
}

static void drop_cut_line(hr_source *s, hr_slot *slot)
{
    const char *nl = hr_find_newline(slot->text, slot->text + s->filled);
    size_t n = nl != NULL ? (size_t)(nl + 1 - slot->text) : s->filled;
    s->filled -= n;
    memmove(slot->text, slot->text + n, s->filled);
    slot->base_offset += (int64_t)n;
    if (nl == NULL) return;
    s->is_in_cut_line = false;
    s->n_dropped++;
}

/* Whole lines into the slot, as many as are wanted, or the rest of the source. */
static hr_status stage(hr_source *s, hr_slot *slot, hr_err *err)
{
    if (s->filled == 0) {
        slot->text = slot->room + HR_SOURCE_FRONT;
        memcpy(slot->text, s->carry, s->n_carry);
        slot->base_offset = HR_MAX(s->out_offset, s->skip_to) - (int64_t)s->n_carry;
        s->filled = s->n_carry;
        s->n_carry = 0;
    }
    for (;;) {
        size_t goal = s->filled < s->text_goal ? s->text_goal : s->text_cap;
        size_t n;
        hr_status st = produce(s, slot->text + s->filled, goal - s->filled, &n, err);
        s->is_end = st == HR_END;
        if (st == HR_END && s->parts.is_on && !s->is_in_cut_line && cut_parts(s, slot)) {
            s->is_end = false;
            return HR_OK;
        }
        if (st == HR_END) {
            size_t len;
            if (s->framing != NULL) HR_TRY(frame(s, slot, &len, err));
            s->staged = s->filled;
            s->is_staged = true;
            return HR_OK;
        }
        if (st != HR_OK) return st;
        s->filled += drop_skipped(s, slot->text + s->filled, n);
        if (s->filled == 0) slot->base_offset = HR_MAX(s->out_offset, s->skip_to);
        if (s->is_in_cut_line) drop_cut_line(s, slot);
        if (s->filled < s->text_goal) continue;
        st = cut(s, slot, err);
        if (st != HR_AGAIN) return st;
    }
}

/* The rows that the text before left go in front. Lines that then do not fit wait for the next
 * text: their bytes. */
static size_t prepend(hr_source *s, hr_slot *slot, const hr_slot *prev, size_t *len)
{
    const size_t n = prev->n_tail;
    size_t keep = *len;
    if (n == 0) return 0;
    if (s->is_in_cut_line || n + keep > s->text_cap) {
        const char *end = slot->text + HR_MIN(keep, s->text_cap - n);
        const char *nl = s->is_in_cut_line ? NULL : hr_rfind_newline(slot->text, end);
        keep = nl != NULL ? (size_t)(nl + 1 - slot->text) : 0;
    }
    const size_t rest = *len - keep;
    if (rest > 0) {
        memmove(s->carry + rest, s->carry, s->n_carry);
        memcpy(s->carry, slot->text + keep, rest);
        s->n_carry += rest;
        s->is_in_cut_line = false; /* it will be cut again */
    }
    char *to = n <= HR_SOURCE_FRONT ? slot->text - n : slot->room;
    if (n > HR_SOURCE_FRONT) memmove(to + n, slot->text, keep);
    memcpy(to, prev->tail, n);
    slot->text = to;
    slot->base_offset -= (int64_t)n;
    *len = keep + n;
    return rest;
}

/* Hands the staged text on. CSV: only when the text before it was decoded, for that leaves its
 * unfinished message; reading and inflating go on meanwhile. */
static hr_status hand_on(hr_source *s, hr_slot *slot)
{
    size_t len = s->staged;
    size_t rest = 0;
    if (s->is_sequential && s->fill_seq > 0) {
        hr_slot *prev = &s->slot[(s->fill_seq - 1) % s->n_slots];
        if (atomic_load_explicit(&prev->is_read, memory_order_acquire) == 0) return HR_AGAIN;
        rest = prepend(s, slot, prev, &len);
    }
    if (s->parts.n_prefix > 0) { /* of a line that the text before began */
        slot->text -= s->parts.n_prefix;
        slot->base_offset -= s->parts.n_prefix;
        len += s->parts.n_prefix;
        memcpy(slot->text, s->parts.prefix, s->parts.n_prefix);
    }
    slot->goes_on = s->parts.goes_on;
    if (s->parts.is_on) hr_parts_next(&s->parts);
    slot->is_full = rest > 0;
    publish(s, slot, len, s->is_end && rest == 0);
    return HR_OK;
}

hr_status hr_source_fill(hr_source *s, hr_err *err)
{
    hr_slot *slot = &s->slot[s->fill_seq % s->n_slots];
    if (s->is_fill_done) return HR_END;
    if (atomic_load_explicit(&slot->state, memory_order_acquire) != HR_SLOT_EMPTY) return HR_AGAIN;
    if (!s->is_staged) HR_TRY(stage(s, slot, err));
    return hand_on(s, slot);
}

/* ---- decoding ---- */

static void reject_cut_line(hr_slot *slot)
{
    hr_evbatch *b = slot->batch;
    /* A new batch holds any one reject. */
    hr_status st = hr_evbatch_reject(b, HR_REJECT_LINE_TOO_LONG, slot->base_offset, slot->line,
                                     slot->text, slot->len);
    HR_ASSERT(st == HR_OK);
    slot->pos = slot->len;
    b->n_lines = 1;
    b->src_end = slot->base_offset + (int64_t)slot->len;
}

static void decode_slot(hr_source *s, hr_slot *slot, uint32_t target_rows)
{
    hr_evbatch *b = slot->batch;
    hr_status st = HR_OK;
    memset(slot->text + slot->len, 0, TEXT_PAD);
    if (slot->is_cut)
        reject_cut_line(slot);
    else
        st = hr_decode_text(&s->info, b, slot->text, slot->len, &slot->pos, slot->base_offset,
                            &slot->line, target_rows, slot->is_last || !s->is_sequential);
    if (st == HR_OK && slot->pos == 0 && slot->is_full) /* a message of more rows than fit */
        st = hr_decode_text(&s->info, b, slot->text, slot->len, &slot->pos, slot->base_offset,
                            &slot->line, target_rows, true);
    if (slot->goes_on && slot->pos == slot->len) { /* a part is no line yet */
        b->goes_on = true;
        b->n_lines -= b->n_lines > 0;
        slot->line--;
    }
    if (st == HR_OK && slot->pos < slot->len) {
        slot->tail = slot->text + slot->pos;
        slot->n_tail = slot->len - slot->pos;
        slot->len = slot->pos;
    }
    if (!s->is_sequential || st != HR_OK) return;
    s->next_line = slot->line;
    atomic_store_explicit(&slot->is_read, 1, memory_order_release); /* pairs: hand_on */
}

/* Rows of a table: one slot after the other, by whoever holds fill_busy. */
static hr_status decode_table(hr_source *s, hr_pool *batches, const hr_evbatch_caps *caps,
                              uint32_t target_rows, hr_err *err)
{
    hr_slot *slot = &s->slot[s->fill_seq % s->n_slots];
    if (s->is_table_done ||
        atomic_load_explicit(&slot->state, memory_order_acquire) != HR_SLOT_EMPTY)
        return HR_AGAIN;
    void *mem = hr_pool_get(batches);
    if (mem == NULL) return HR_AGAIN;
    slot->batch = hr_evbatch_init(mem, caps);
    hr_status st = hr_pq_events_next(s->events, slot->batch, target_rows, err);
    if (st < 0) {
        hr_pool_put(batches, mem);
        hr_err_prefix(err, "'%s'", s->path);
        return st;
    }
    slot->pos = slot->len = 0;
    slot->base_offset = slot->batch->src_end;
    slot->line = slot->batch->src_end + 1;
    slot->is_last = s->is_table_done = st == HR_END;
    slot->batch->source_idx = s->info.source_idx;
    s->fill_seq++;
    atomic_store_explicit(&slot->state, HR_SLOT_DECODED, memory_order_release); /* pairs: head */
    return HR_OK;
}

hr_status hr_source_decode(hr_source *s, hr_pool *batches, const hr_evbatch_caps *caps,
                           uint32_t target_rows, hr_err *err)
{
    if (s->events != NULL) {
        uint32_t expect = 0;
        hr_status st = HR_AGAIN;
        if (atomic_load_explicit(&s->fill_busy, memory_order_relaxed) == 0 &&
            atomic_compare_exchange_strong_explicit(&s->fill_busy, &expect, 1, memory_order_acquire,
                                                    memory_order_relaxed)) {
            st = decode_table(s, batches, caps, target_rows, err);
            /* After a failure nobody goes on with a table that was half read. */
            if (st >= 0) atomic_store_explicit(&s->fill_busy, 0, memory_order_release);
        }
        bool has_parts = s->info.n_lanes > s->info.n_sources;
        return st == HR_AGAIN && has_parts ? hr_pq_events_help(s->events) : st;
    }
    uint64_t first = atomic_load_explicit(&s->take_seq, memory_order_relaxed); /* oldest first */
    for (uint32_t i = 0; i < s->n_slots; i++) {
        hr_slot *slot = &s->slot[(first + i) % s->n_slots];
        uint32_t expect = HR_SLOT_TEXT;
        if (atomic_load_explicit(&slot->state, memory_order_relaxed) != HR_SLOT_TEXT) continue;
        void *mem = hr_pool_get(batches);
        if (mem == NULL) return HR_AGAIN;
        if (!atomic_compare_exchange_strong_explicit(&slot->state, &expect, HR_SLOT_DECODING,
                                                     memory_order_acquire, memory_order_relaxed)) {
            hr_pool_put(batches, mem);
            continue;
        }
        slot->batch = hr_evbatch_init(mem, caps);
        decode_slot(s, slot, target_rows);
        slot->batch->source_idx = s->info.source_idx;
        atomic_store_explicit(&slot->state, HR_SLOT_DECODED,
                              memory_order_release); /* pairs: head */
        return HR_OK;
    }
    return HR_AGAIN;
}

/* ---- taking ---- */

uint32_t hr_source_ahead(const hr_source *s)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->n_slots; i++)
        n += atomic_load_explicit(&s->slot[i].state, memory_order_relaxed) >= HR_SLOT_DECODING;
    return n;
}

hr_evbatch *hr_source_head(hr_source *s)
{
    uint64_t seq = atomic_load_explicit(&s->take_seq, memory_order_relaxed);
    hr_slot *slot = &s->slot[seq % s->n_slots];
    if (s->is_done) return NULL;
    if (atomic_load_explicit(&slot->state, memory_order_acquire) != HR_SLOT_DECODED) return NULL;
    return slot->batch;
}

void hr_source_advance(hr_source *s)
{
    uint64_t seq = atomic_load_explicit(&s->take_seq, memory_order_relaxed);
    hr_slot *slot = &s->slot[seq % s->n_slots];
    bool has_more = slot->pos < slot->len;
    s->pos_offset = slot->base_offset + (int64_t)slot->pos;
    s->pos_line = slot->line;
    s->at = 0;
    slot->batch = NULL;
    if (!has_more) {
        s->is_done = slot->is_last;
        atomic_store_explicit(&s->take_seq, seq + 1, memory_order_relaxed);
    }
    atomic_store_explicit(&slot->state, has_more ? HR_SLOT_TEXT : HR_SLOT_EMPTY,
                          memory_order_release);
}

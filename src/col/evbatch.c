/* SPDX-License-Identifier: Apache-2.0 */
#include "col/evbatch.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"

#define RAW_KEEP_MAX 65536u
enum { SYM_HASH_SLOTS = 2 * HR_EVB_SYMS_MAX };

_Static_assert((SYM_HASH_SLOTS & (SYM_HASH_SLOTS - 1)) == 0, "the index is masked");

const char *hr_reject_name(hr_reject_reason r)
{
    static const char *const name[HR_REJECT_COUNT] = {
#define REJECT_NAME(id, text) [id] = text,
        HR_REJECT_LIST(REJECT_NAME)
#undef REJECT_NAME
    };
    return (unsigned)r < HR_REJECT_COUNT ? name[r] : "unknown";
}

/* One walk serves sizing (base == NULL) and layout. */
static char *carve(char *base, size_t *used, size_t n, size_t elem_bytes)
{
    char *p = base != NULL ? base + *used : NULL;
    *used += (n * elem_bytes + 63u) & ~(size_t)63u;
    return p;
}

static size_t layout(hr_evbatch *b, char *base, const hr_evbatch_caps *c)
{
    size_t used = (sizeof(hr_evbatch) + 63u) & ~(size_t)63u;
#define COLUMN(field, n) b->field = (void *)carve(base, &used, (n), sizeof *b->field)
    COLUMN(ts_event, c->msgs);
    COLUMN(ts_recv, c->msgs);
    COLUMN(seq_first, c->msgs);
    COLUMN(seq_last, c->msgs);
    COLUMN(seq_prev, c->msgs);
    COLUMN(src_offset, c->msgs);
    COLUMN(src_line, c->msgs);
    COLUMN(sym, c->msgs);
    COLUMN(text, c->msgs);
    COLUMN(flags, c->msgs);
    COLUMN(kind, c->msgs);
    COLUMN(level_begin, (size_t)c->msgs + 1);
    COLUMN(px, c->levels);
    COLUMN(qty, c->levels);
    COLUMN(side, c->levels);
    COLUMN(syms, HR_EVB_SYMS_MAX);
    COLUMN(sym_hash, SYM_HASH_SLOTS);
    COLUMN(rejects, c->rejects);
    COLUMN(raw, c->raw);
    COLUMN(texts, c->texts);
#undef COLUMN
    return used;
}

size_t hr_evbatch_bytes(const hr_evbatch_caps *caps)
{
    hr_evbatch probe;
    return layout(&probe, NULL, caps);
}

hr_evbatch *hr_evbatch_init(void *mem, const hr_evbatch_caps *caps)
{
    hr_evbatch *b = mem;
    HR_ASSERT(((uintptr_t)mem & 63u) == 0);
    memset(b, 0, sizeof *b);
    b->cap_msgs = caps->msgs;
    b->cap_levels = caps->levels;
    b->cap_rejects = caps->rejects;
    b->cap_raw = caps->raw;
    b->cap_texts = caps->texts;
    layout(b, mem, caps);
    memset(b->sym_hash, 0xff, SYM_HASH_SLOTS * sizeof *b->sym_hash);
    hr_evbatch_reset(b);
    return b;
}

static uint32_t sym_slot(const char *venue, const char *symbol, size_t symbol_len)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (const char *p = venue; *p != '\0'; p++)
        h = (h ^ (unsigned char)*p) * 0x100000001b3u;
    for (size_t i = 0; i < symbol_len; i++)
        h = (h ^ (unsigned char)symbol[i]) * 0x100000001b3u;
    return (uint32_t)(h ^ (h >> 29)) & (SYM_HASH_SLOTS - 1);
}

void hr_evbatch_reset(hr_evbatch *b)
{
    /* Clear only the slots that are taken: batches with few symbols are the rule. */
    for (uint32_t i = 0; i < b->n_syms; i++) {
        const hr_evb_sym *s = &b->syms[i];
        uint32_t slot = sym_slot(s->venue, s->symbol, strlen(s->symbol));
        while (b->sym_hash[slot] != -1) {
            b->sym_hash[slot] = -1;
            slot = (slot + 1) & (SYM_HASH_SLOTS - 1);
        }
    }
    b->n_msgs = b->n_levels = b->n_syms = b->n_rejects = b->n_raw = b->n_texts = 0;
    b->n_lines = 0;
    b->src_end = 0;
    b->source_idx = 0;
    b->goes_on = false;
    atomic_store_explicit(&b->n_users, 1, memory_order_relaxed);
    b->level_begin[0] = 0;
}

static bool symbol_is_clean(const char *s, size_t n)
{
    if (n == 0 || n > HR_SYMBOL_MAX || s[0] == '.') return false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        bool ok = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-' || c == ':' || c == '/';
        if (!ok) return false;
    }
    return true;
}

int32_t hr_evbatch_sym(hr_evbatch *b, const char *venue, const char *symbol, size_t symbol_len)
{
    if (!symbol_is_clean(symbol, symbol_len)) return -1;
    uint32_t slot = sym_slot(venue, symbol, symbol_len);
    for (; b->sym_hash[slot] != -1; slot = (slot + 1) & (SYM_HASH_SLOTS - 1)) {
        const hr_evb_sym *s = &b->syms[b->sym_hash[slot]];
        if (memcmp(s->symbol, symbol, symbol_len) == 0 && s->symbol[symbol_len] == '\0' &&
            strcmp(s->venue, venue) == 0)
            return b->sym_hash[slot];
    }
    if (b->n_syms == HR_EVB_SYMS_MAX) return -1;
    hr_evb_sym *s = &b->syms[b->n_syms];
    memset(s, 0, sizeof *s);
    size_t venue_len = strnlen(venue, HR_VENUE_MAX);
    memcpy(s->venue, venue, venue_len);
    memcpy(s->symbol, symbol, symbol_len);
    s->global_id = -1;
    b->sym_hash[slot] = (int32_t)b->n_syms;
    return (int32_t)b->n_syms++;
}

hr_status hr_evbatch_reject(hr_evbatch *b, hr_reject_reason reason, int64_t src_offset,
                            int64_t src_line, const char *raw, size_t raw_len)
{
    uint32_t keep = raw_len < RAW_KEEP_MAX ? (uint32_t)raw_len : RAW_KEEP_MAX;
    if (keep > b->cap_raw) keep = b->cap_raw;
    if (b->n_rejects == b->cap_rejects || b->n_raw + keep > b->cap_raw || b->n_msgs == b->cap_msgs)
        return HR_FULL;
    hr_reject *r = &b->rejects[b->n_rejects++];
    *r = (hr_reject){.src_offset = src_offset,
                     .src_line = src_line,
                     .raw_begin = b->n_raw,
                     .raw_len = keep,
                     .full_len = raw_len < UINT32_MAX ? (uint32_t)raw_len : UINT32_MAX,
                     .reason = (uint8_t)reason};
    if (keep > 0) memcpy(b->raw + b->n_raw, raw, keep);
    b->n_raw += keep;
    uint32_t i = b->n_msgs++;
    b->ts_event[i] = HR_NULL_I64;
    b->ts_recv[i] = HR_NULL_I64;
    b->seq_first[i] = b->seq_last[i] = b->seq_prev[i] = -1;
    b->src_offset[i] = src_offset;
    b->src_line[i] = src_line;
    b->sym[i] = HR_SYM_UNKNOWN;
    b->text[i] = -1;
    b->flags[i] = 0;
    b->kind[i] = HR_MSG_BAD;
    b->level_begin[i + 1] = (int32_t)b->n_levels;
    return HR_OK;
}

/* The text is "KIND CRC PX_DECIMALS QTY_DECIMALS DEPTH", all but the hexadecimal CRC decimal. */
hr_status hr_evbatch_note(hr_evbatch *b, uint32_t msg, const hr_book_note *note)
{
    char text[HR_TEXT_CAP + 1];
    if (b->n_texts == b->cap_texts) return HR_FULL;
    int n = snprintf(text, sizeof text, "%u %08x %u %u %u", note->checksum, note->crc,
                     note->px_decimals, note->qty_decimals, note->depth);
    hr_text *t = &b->texts[b->n_texts];
    *t = (hr_text){.len = (uint8_t)n};
    memcpy(t->byte, text, (size_t)n);
    b->text[msg] = (int32_t)b->n_texts++;
    return HR_OK;
}

bool hr_evbatch_note_of(hr_book_note *note, const hr_evbatch *b, uint32_t msg)
{
    unsigned v[5];
    char text[HR_TEXT_CAP + 1];
    const hr_text *t = &b->texts[b->text[msg]];
    char extra;
    if (t->len > HR_TEXT_CAP) return false;
    memcpy(text, t->byte, t->len);
    text[t->len] = '\0';
    if (sscanf(text, "%u %x %u %u %u%c", &v[0], &v[1], &v[2], &v[3], &v[4], &extra) != 5 ||
        v[0] >= HR_CHECKSUM_COUNT || v[2] > 18 || v[3] > 18)
        return false;
    *note = (hr_book_note){.checksum = (uint8_t)v[0],
                           .crc = v[1],
                           .px_decimals = (uint8_t)v[2],
                           .qty_decimals = (uint8_t)v[3],
                           .depth = v[4]};
    return true;
}

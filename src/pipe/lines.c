/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe/lines.h"

#include <string.h>

#include "base/sys.h"
#include "text/csv.h"

#define IDLE_NS 20000

void hr_lines_init(hr_lines *l)
{
    memset(l, 0, sizeof *l);
    l->source.reader.fd = -1;
}

hr_status hr_lines_open(hr_lines *l, const char *path, const hr_source_info *info,
                        hr_budget *budget, size_t line_bytes, const _Atomic uint32_t *stop,
                        hr_err *err)
{
    hr_lines_init(l);
    l->stop = stop;
    return hr_source_open(&l->source, path, info, budget, line_bytes + HR_READER_BLOCK_BYTES, err);
}

void hr_lines_close(hr_lines *l)
{
    hr_source_close(&l->source);
}

/* The next text of whole lines; HR_END after the last. */
static hr_status next_text(hr_lines *l, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    hr_source *s = &l->source;
    for (;;) {
        if (l->stop != NULL && atomic_load_explicit(l->stop, memory_order_relaxed) != 0)
            return HR_FAIL(err, HR_ESTOPPED, "stopped before the end of '%s'", s->path);
        hr_status st = hr_source_fill(s, err);
        if (st < 0) {
            hr_err_prefix(err, "'%s'", s->path);
            return st;
        }
        if (s->fill_seq > l->n_taken) {
            l->slot = &s->slot[l->n_taken % s->n_slots];
            l->p = l->slot->text;
            l->number = l->slot->line;
            return HR_OK;
        }
        if (st == HR_END) return HR_END;
        if (st == HR_AGAIN) sys->sleep_ns(sys->self, IDLE_NS); /* a read is in flight */
    }
}

/* One owner reads and fills, so there is nobody to tell but the filler. */
static void done_text(hr_lines *l)
{
    atomic_store_explicit(&l->slot->state, HR_SLOT_EMPTY, memory_order_release);
    l->slot = NULL;
    l->n_taken++;
}

hr_status hr_lines_next(hr_lines *l, hr_text_line *out, hr_err *err)
{
    while (l->slot == NULL || l->p == l->slot->text + l->slot->len) {
        if (l->slot != NULL) done_text(l);
        HR_TRY(next_text(l, err));
    }
    const hr_slot *slot = l->slot;
    const char *end = slot->text + slot->len;
    const char *eol = slot->is_cut ? NULL : hr_find_newline(l->p, end);
    *out = (hr_text_line){.s = l->p,
                          .n = (size_t)((eol != NULL ? eol : end) - l->p),
                          .offset = slot->base_offset + (l->p - slot->text),
                          .number = l->number++,
                          .is_cut = slot->is_cut};
    l->p = eol != NULL ? eol + 1 : end;
    if (out->is_cut) return HR_OK;
    if (out->offset == 0 && out->n >= 3 && memcmp(out->s, "\xef\xbb\xbf", 3) == 0) {
        out->s += 3;
        out->n -= 3;
        out->offset += 3;
    }
    if (out->n > 0 && out->s[out->n - 1] == '\r') out->n--;
    return HR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* First byte: where the text is cut. Whatever the bytes are: frames are taken in order, each once;
 * what comes of them does not depend on the cut nor on the size of batches. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "mem/mem.h"
#include "venue/files/mold.h"

#define BYTES_MAX (1u << 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void need(bool is_true, const char *what)
{
    if (is_true) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static hr_evbatch *batch_of(const hr_evbatch_caps *caps)
{
    hr_arena *a;
    size_t n = hr_evbatch_bytes(caps);
    need(hr_arena_create(&a, NULL, n + 4096, "fuzz", NULL) == HR_OK, "no arena");
    return hr_evbatch_init(hr_arena_alloc(a, n, 64), caps);
}

/* Marks the whole frames in [at, n); where they end. */
static size_t mark(const hr_mold_source *s, hr_mold_state *state, uint8_t *p, size_t at, size_t n)
{
    hr_mold_frame f;
    while (hr_mold_next(s, &f, p + at, n - at) == HR_OK) {
        need(f.bytes > 0 && f.bytes <= n - at, "a frame past its text");
        if (f.kind == HR_MOLD_PACKET) {
            need(f.at + f.n <= f.bytes && f.n >= HR_MOLD_HEAD, "a packet past its frame");
            hr_mold_mark(s, state, p + at + f.at);
        }
        at += f.bytes;
    }
    return at;
}

static uint32_t decode(const hr_source_info *info, hr_evbatch *b, const uint8_t *p, size_t n,
                       size_t cut, uint32_t target)
{
    size_t pos = 0;
    int64_t line = 1;
    uint32_t crc = 0;
    for (size_t end = cut;; end = n) {
        hr_status st;
        do {
            size_t before = pos;
            hr_evbatch_reset(b);
            st = hr_mold_decode(info, b, (const char *)p, end, &pos, 0, &line, target, end == n);
            need(pos <= end && (st != HR_FULL || pos > before), "no progress");
            for (uint32_t m = 0; m < b->n_msgs; m++) {
                int64_t k[5] = {b->kind[m], b->flags[m], b->seq_first[m], b->src_offset[m],
                                b->ts_recv[m]};
                crc = hr_crc32c(crc, k, sizeof k);
            }
        } while (st == HR_FULL);
        need(st == HR_OK, "not all of it is taken");
        if (end == n) return crc;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const hr_evbatch_caps large = {
        .msgs = 65536, .levels = 65536, .rejects = 8192, .raw = 1u << 20, .texts = 1};
    static const hr_evbatch_caps small = {
        .msgs = 40000, .levels = 40000, .rejects = 8000, .raw = 1u << 18, .texts = 1};
    static hr_evbatch *a;
    static hr_evbatch *b;
    static uint8_t whole[BYTES_MAX];
    static uint8_t parts[BYTES_MAX];
    static hr_source_info info = {
        .format = HR_FORMAT_MOLD, .venue = "fuzz", .px_scale = 9, .qty_scale = 8};
    hr_mold_source s;
    if (n < 2 || n > BYTES_MAX) return 0;
    if (a == NULL) a = batch_of(&large);
    if (b == NULL) b = batch_of(&small);
    size_t cut = data[0];
    if (!hr_mold_is(&s, data + 1, n - 1) || s.around == HR_MOLD_PCAPNG)
        s = (hr_mold_source){.around = HR_MOLD_LENGTHS};
    size_t skip = s.around == HR_MOLD_PCAP ? HR_MOLD_PCAP_HEAD : 0;
    n -= 1 + skip;
    memcpy(whole, data + 1 + skip, n);
    memcpy(parts, whole, n);
    hr_mold_frame f;
    for (size_t at = 0; !s.has_session && hr_mold_next(&s, &f, whole + at, n - at) == HR_OK;
         at += f.bytes) {
        if (f.kind != HR_MOLD_PACKET) continue;
        memcpy(s.session, whole + at + f.at, HR_MOLD_SESSION);
        s.has_session = true;
    }
    hr_mold_state one = {0};
    hr_mold_state two = {0};
    cut = n * cut / 256;
    size_t end = mark(&s, &one, whole, 0, n);
    size_t middle = mark(&s, &two, parts, 0, cut);
    need(mark(&s, &two, parts, middle, n) == end, "the cut shows");
    need(memcmp(whole, parts, n) == 0 && one.next == two.next && one.has_hole == two.has_hole,
         "the cut shows in the marks");
    info.mold = &s;
    need(decode(&info, a, whole, n, n, UINT32_MAX) == decode(&info, b, whole, n, middle, 20),
         "the cut shows in the messages");
    return 0;
}

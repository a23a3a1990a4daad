/* SPDX-License-Identifier: Apache-2.0 */
/* First byte: bit 0 LOBSTER rows instead of ITCH, the rest where the text is cut and how small the
 * books are. Whatever the bytes are, the messages do not depend on the cut, every byte is taken,
 * and the books stay sound. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "venue/files/lobster.h"

#define MSGS_MAX 4096
#define N_INSTRUMENTS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void need(bool is_true, const char *what)
{
    if (is_true) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

typedef struct run {
    hr_itch_msg msg[MSGS_MAX];
    uint32_t n_msgs, n_bad;
} run;

static hr_status decode(bool is_csv, hr_itch_step *step, hr_itch_msg *out, uint32_t cap,
                        const uint8_t *p, size_t n, bool at_eof)
{
    if (is_csv) return hr_lobster_decode(step, out, cap, (const char *)p, n, at_eof);
    return hr_itch_decode(step, out, cap, p, n, at_eof);
}

/* Goes on behind what is bad; stops at the cap. Returns the bytes taken. */
static size_t decode_all(run *r, bool is_csv, const uint8_t *p, size_t n, bool at_eof)
{
    size_t at = 0;
    for (;;) {
        hr_itch_step step;
        hr_status st =
            decode(is_csv, &step, r->msg + r->n_msgs, MSGS_MAX - r->n_msgs, p + at, n - at, at_eof);
        need(step.n_taken <= n - at, "more taken than there is");
        need(step.n_msgs <= MSGS_MAX - r->n_msgs, "more messages than fit");
        r->n_msgs += step.n_msgs;
        at += step.n_taken;
        if (st != HR_EINPUT) return at;
        need(step.n_taken > step.offset, "a bad message is not skipped");
        need(step.reason > HR_ITCH_FINE && step.reason < HR_ITCH_REASON_COUNT, "no reason");
        r->n_bad++;
    }
}

/* Straight to operations: the same steps, and what each message says of orders. */
static void check_ops(const uint8_t *p, size_t n)
{
    static hr_itch_msg msg[64];
    static hr_l3_op op[64];
    for (size_t at = 0; at < n;) {
        hr_itch_step a;
        hr_itch_step b;
        hr_status st = hr_itch_decode(&a, msg, 64, p + at, n - at, true);
        need(hr_itch_decode_ops(&b, op, 64, p + at, n - at, true) == st, "operations differ");
        need(a.n_taken == b.n_taken && a.n_msgs == b.n_msgs && a.reason == b.reason &&
                 a.type == b.type && a.offset == b.offset,
             "steps differ");
        for (uint32_t i = 0; i < a.n_msgs; i++) {
            hr_l3_op want;
            hr_itch_op(&want, &msg[i]);
            need(op[i].what == want.what, "an operation differs");
            if (want.what == HR_L3_NONE) continue;
            need(op[i].id == want.id && op[i].new_id == want.new_id && op[i].px == want.px &&
                     op[i].qty == want.qty && op[i].instrument == want.instrument &&
                     op[i].side == want.side && !op[i].is_looked,
                 "an operation differs");
        }
        at += a.n_taken;
    }
}

static void apply_all(const run *r, bool is_csv, uint8_t size)
{
    hr_l3_options o = {.max_orders = 1u + size % 16,
                       .max_levels = 1u + size / 16,
                       .max_instruments = N_INSTRUMENTS,
                       .key = size};
    hr_arena *a;
    hr_l3 *b;
    hr_l3_change c;
    if (hr_arena_create(&a, NULL, hr_l3_bytes(&o) + 64, "fuzz", NULL) != HR_OK) abort();
    if (hr_l3_create(&b, a, &o, NULL) != HR_OK) abort();
    for (uint32_t i = 0; i < r->n_msgs; i++) {
        const hr_itch_msg *m = &r->msg[i];
        hr_status st = is_csv ? hr_lobster_apply(b, &c, m) : hr_itch_apply(b, &c, m);
        need(st == (c.verdict == HR_L3_FULL ? HR_EBUDGET : HR_OK), "status and verdict disagree");
        need(c.n <= 2, "too many levels changed");
        for (uint32_t k = 0; k < c.n; k++) {
            int64_t qty;
            uint32_t n;
            (void)hr_l3_level(b, c.instrument, (hr_side)c.side[k], c.px[k], &qty, &n);
            need(qty == c.qty[k], "a level is not what the change says");
        }
        if (i % 16 == 0) need(hr_l3_is_sound(b), "the books are not sound");
    }
    need(hr_l3_is_sound(b), "the books are not sound");
    hr_arena_destroy(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static run whole;
    static run parts;
    if (n < 2) return 0;
    bool is_csv = data[0] & 1;
    const uint8_t *p = data + 2;
    n -= 2;
    size_t cut = n * (data[0] >> 1) / 128;
    whole.n_msgs = whole.n_bad = parts.n_msgs = parts.n_bad = 0;
    memset(whole.msg, 0, sizeof whole.msg[0]);
    size_t n_taken = decode_all(&whole, is_csv, p, n, true);
    need(n_taken == n || whole.n_msgs == MSGS_MAX, "bytes are left at the end");
    size_t at = decode_all(&parts, is_csv, p, cut, false);
    (void)decode_all(&parts, is_csv, p + at, n - at, true);
    need(parts.n_msgs == whole.n_msgs && parts.n_bad == whole.n_bad, "the cut shows");
    need(memcmp(parts.msg, whole.msg, whole.n_msgs * sizeof *whole.msg) == 0, "the cut shows");
    apply_all(&whole, is_csv, data[1]);
    if (!is_csv) check_ops(p, n);
    return 0;
}

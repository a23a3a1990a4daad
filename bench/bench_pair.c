/* SPDX-License-Identifier: Apache-2.0 */
/* Our side, and the machine's, of what bench/compare.py runs in pairs; one job a process:
 *     bench_pair decode FILE    text (plain) to events; check over every value of depth messages
 *     bench_pair source FILE    the reading path: read, inflate, cut at lines, decode beside it
 *     bench_pair lines FILE     the same without decoding: what is read is let go at once
 *     bench_pair igzip FILE     bare inflate of the same file, from memory to memory
 *     bench_pair gap            the gap scan over columns far larger than the cache
 *     bench_pair read           the same bytes merely summed: what memory gives */
#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <string.h>

#include "base/sys.h"
#include "conc/machine.h"
#include "figure.h"
#include "kern/kern.h"
#include "mem/mem.h"
#include "memory_read.h"
#include "pipe/source.h"
#include "venue/adapter.h"

#define ROUNDS 5
#define TARGET_ROWS 65536
#define TEXT_PAD 64
#define N_BATCHES 6u
#define LINE_BYTES ((size_t)1 << 20)
#define COLUMN_BYTES ((size_t)256 << 20)

static const hr_evbatch_caps caps = {.msgs = 2 * TARGET_ROWS,
                                     .levels = 4 * TARGET_ROWS,
                                     .rejects = 1024,
                                     .raw = 1 << 20,
                                     .texts = 2 * TARGET_ROWS};
static hr_arena *arena;

static int fail(const hr_err *err)
{
    printf("%s\n", err->message);
    return 1;
}

/* The whole file, with a line's worth of zeros after it; NULL where it cannot be read. */
static char *load(const char *path, size_t *n_bytes)
{
    hr_sys_stat st;
    const hr_sys *sys = hr_sys_get();
    int fd = hr_sys_open(AT_FDCWD, path, O_RDONLY, 0);
    if (fd < 0 || sys->fstat(sys->self, fd, &st) < 0) return NULL;
    *n_bytes = (size_t)st.size_bytes;
    char *p = sys->map(sys->self, *n_bytes + TEXT_PAD);
    if (p != NULL && hr_sys_pread_full(fd, p, *n_bytes, 0) != st.size_bytes) p = NULL;
    (void)hr_sys_close(fd);
    return p;
}

/* ---- text to events ---- */

typedef struct totals {
    uint64_t levels, msgs, rejects, sum;
    bool is_checked;
} totals;

static void add_check(totals *t, const hr_evbatch *b)
{
    for (uint32_t m = 0; m < b->n_msgs; m++) {
        if (b->kind[m] != HR_MSG_DELTA) continue;
        t->sum = figure_mix(t->sum, b->ts_event[m]);
        t->sum = figure_mix(figure_mix(t->sum, b->seq_first[m]), b->seq_last[m]);
        for (const char *s = b->sym[m] < 0 ? "" : b->syms[b->sym[m]].symbol; *s != 0; s++)
            t->sum = figure_mix(t->sum, *s);
        for (int32_t l = b->level_begin[m]; l < b->level_begin[m + 1]; l++)
            t->sum = figure_mix(figure_mix(figure_mix(t->sum, b->px[l]), b->qty[l]), b->side[l]);
    }
}

static void add(totals *t, const hr_evbatch *b)
{
    t->levels += b->n_levels;
    t->msgs += b->n_msgs;
    t->rejects += b->n_rejects;
    if (t->is_checked) add_check(t, b);
}

static hr_status decode(totals *t, const hr_source_info *info, hr_evbatch *b, const char *text,
                        size_t n)
{
    size_t pos = 0;
    int64_t line = 1;
    hr_status st;
    do {
        hr_evbatch_reset(b);
        st = hr_decode_text(info, b, text, n, &pos, 0, &line, TARGET_ROWS, true);
        add(t, b);
    } while (st == HR_FULL);
    return st;
}

static int pair_decode(const char *path)
{
    char why[128];
    hr_err err = HR_ERR_INIT;
    int64_t ns[ROUNDS];
    size_t n;
    hr_source_info info = {.px_scale = HR_PX_SCALE, .qty_scale = HR_QTY_SCALE};
    hr_evbatch *b = hr_evbatch_init(hr_arena_alloc(arena, hr_evbatch_bytes(&caps), 64), &caps);
    char *text = load(path, &n);
    totals t = {.is_checked = true};
    if (text == NULL) return 77;
    if (hr_sniff_text(&info, why, sizeof why, path, text, HR_MIN(n, LINE_BYTES), &err) != HR_OK)
        return fail(&err);
    if (decode(&t, &info, b, text, n) != HR_OK || t.rejects > 0) return 1;
    figure_check("decode", t.sum);
    t.is_checked = false;
    for (int i = 0; i < ROUNDS; i++) {
        t.levels = 0;
        int64_t t0 = figure_cpu_ns();
        if (decode(&t, &info, b, text, n) != HR_OK) return 1;
        ns[i] = figure_cpu_ns() - t0;
    }
    double mid = (double)figure_median(ns, ROUNDS);
    figure("pair", "decode", (double)n / mid, "GB/s");
    figure("pair", "levels", (double)t.levels * 1e3 / mid, "M/s");
    return 0;
}

/* ---- compressed text ---- */

typedef struct reading {
    hr_source source;
    hr_pool *batches;
    totals t;
    _Atomic uint32_t is_over;
    int64_t fill_ns, decode_ns; /* processor time of what was not waiting */
    hr_err err;
} reading;

/* As the lanes of a run wait. */
static void idle(bool is_idle, uint32_t *n)
{
    const hr_sys *sys = hr_sys_get();
    *n = is_idle ? *n + 1 : 0;
    if (*n > 2000)
        sys->sleep_ns(sys->self, 50000);
    else if (*n > 0)
        hr_cpu_relax();
}

static uint32_t state_of(const hr_source *s, uint64_t seq)
{
    return atomic_load_explicit(&s->slot[seq % HR_SOURCE_SLOTS].state, memory_order_relaxed);
}

/* Decodes and takes, in order, until the last batch: the other core's part. The clock is a system
 * call: it is read where there is work. */
static void *take_all(void *self)
{
    reading *r = self;
    hr_source *s = &r->source;
    uint32_t n_idle = 0;
    while (!s->is_done && atomic_load_explicit(&r->is_over, memory_order_acquire) == 0) {
        hr_evbatch *b = hr_source_head(s);
        if (b != NULL) {
            add(&r->t, b);
            hr_source_advance(s);
            hr_pool_put(r->batches, b);
            continue;
        }
        bool is_ready =
            state_of(s, atomic_load_explicit(&s->take_seq, memory_order_relaxed)) == HR_SLOT_TEXT;
        idle(!is_ready, &n_idle);
        if (!is_ready) continue;
        int64_t t0 = figure_thread_ns();
        hr_status st = hr_source_decode(s, r->batches, &caps, TARGET_ROWS, NULL);
        idle(st == HR_AGAIN, &n_idle);
        r->decode_ns += figure_thread_ns() - t0;
    }
    return NULL;
}

/* Nothing to read into, or what was read waits for the text before it. */
static bool must_wait(const hr_source *s)
{
    const hr_slot *before = &s->slot[(s->fill_seq + HR_SOURCE_SLOTS - 1) % HR_SOURCE_SLOTS];
    return state_of(s, s->fill_seq) != HR_SLOT_EMPTY ||
           (s->is_staged && s->is_sequential && s->fill_seq > 0 &&
            atomic_load_explicit(&before->is_read, memory_order_relaxed) == 0);
}

static hr_status fill_all(reading *r)
{
    uint32_t n_idle = 0;
    for (;;) {
        if (must_wait(&r->source)) {
            idle(true, &n_idle);
            continue;
        }
        int64_t t0 = figure_thread_ns();
        hr_status st = hr_source_fill(&r->source, &r->err);
        r->fill_ns += figure_thread_ns() - t0;
        if (st < 0) atomic_store_explicit(&r->is_over, 1, memory_order_release);
        if (st < 0 || st == HR_END) return st;
        idle(st == HR_AGAIN, &n_idle);
    }
}

static hr_status read_once(reading *r, const char *path, int64_t *ns)
{
    const hr_sys *sys = hr_sys_get();
    hr_source_info info = {.px_scale = HR_PX_SCALE, .qty_scale = HR_QTY_SCALE};
    hr_budget budget;
    uintptr_t thread;
    hr_budget_init(&budget, (size_t)512 << 20);
    int64_t t0 = hr_sys_mono_ns();
    HR_TRY(hr_source_open(&r->source, path, &info, &budget, LINE_BYTES + HR_READER_BLOCK_BYTES,
                          &r->err));
    int rc = sys->thread_start(sys->self, &thread, take_all, r);
    if (rc < 0) return HR_FAIL_SYS(&r->err, rc, "cannot start a thread");
    hr_status st = fill_all(r);
    (void)sys->thread_join(sys->self, thread);
    *ns = hr_sys_mono_ns() - t0;
    hr_source_close(&r->source);
    return st == HR_END ? HR_OK : st;
}

static int pair_source(const char *path)
{
    static reading r;
    int64_t ns[ROUNDS];
    int64_t fill_ns[ROUNDS];
    int64_t decode_ns[ROUNDS];
    if (hr_pool_create(&r.batches, arena, hr_evbatch_bytes(&caps), N_BATCHES, "batches", &r.err) !=
        HR_OK)
        return fail(&r.err);
    int64_t n = 0;
    for (int i = 0; i < ROUNDS; i++) {
        r.t = (totals){0};
        r.fill_ns = r.decode_ns = 0;
        if (read_once(&r, path, &ns[i]) != HR_OK) return fail(&r.err);
        n = r.source.out_offset;
        fill_ns[i] = r.fill_ns;
        decode_ns[i] = r.decode_ns;
    }
    figure("pair", "wall", (double)n / (double)figure_median(ns, ROUNDS), "GB/s");
    figure("pair", "inflate", (double)n / (double)figure_median(fill_ns, ROUNDS), "GB/s");
    figure("pair", "decode", (double)n / (double)figure_median(decode_ns, ROUNDS), "GB/s");
    return 0;
}

static hr_status lines_once(hr_source *s, const char *path, hr_err *err)
{
    const hr_sys *sys = hr_sys_get();
    const hr_source_info info = {.px_scale = HR_PX_SCALE, .qty_scale = HR_QTY_SCALE};
    hr_budget budget;
    hr_budget_init(&budget, (size_t)512 << 20);
    HR_TRY(hr_source_open(s, path, &info, &budget, LINE_BYTES + HR_READER_BLOCK_BYTES, err));
    for (;;) {
        hr_status st = hr_source_fill(s, err);
        if (st < 0 || st == HR_END) return st == HR_END ? HR_OK : st;
        if (st == HR_AGAIN) {
            sys->sleep_ns(sys->self, 1000); /* a read is in flight */
            continue;
        }
        hr_slot *slot = &s->slot[(s->fill_seq - 1) % HR_SOURCE_SLOTS];
        slot->pos = slot->len;
        atomic_store_explicit(&slot->is_read, 1, memory_order_release);
        atomic_store_explicit(&slot->state, HR_SLOT_EMPTY, memory_order_release);
    }
}

static int pair_lines(const char *path)
{
    static hr_source s;
    hr_err err = HR_ERR_INIT;
    int64_t ns[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        int64_t t0 = figure_cpu_ns();
        if (lines_once(&s, path, &err) != HR_OK) return fail(&err);
        ns[i] = figure_cpu_ns() - t0;
        hr_source_close(&s);
    }
    figure("pair", "inflate", (double)s.out_offset / (double)figure_median(ns, ROUNDS), "GB/s");
    return 0;
}

/* Every member of a file in memory; into a ring of cap bytes where out is too short for all. */
static hr_status igzip(uint8_t *in, size_t n, uint8_t *out, size_t cap, size_t *n_out)
{
    static struct inflate_state z;
    isal_inflate_init(&z);
    z.crc_flag = ISAL_GZIP;
    z.next_in = in;
    z.avail_in = (uint32_t)n;
    z.next_out = out;
    z.avail_out = (uint32_t)cap;
    *n_out = 0;
    for (;;) {
        uint32_t before = z.avail_out;
        if (isal_inflate(&z) != ISAL_DECOMP_OK) return HR_ECORRUPT;
        *n_out += before - z.avail_out;
        if (z.block_state == ISAL_BLOCK_FINISH) {
            if (z.avail_in == 0) return HR_OK;
            isal_inflate_reset(&z);
            z.crc_flag = ISAL_GZIP;
        }
        if (z.avail_out == 0) {
            z.next_out = out;
            z.avail_out = (uint32_t)cap;
        } else if (z.avail_in == 0) {
            return HR_ECORRUPT;
        }
    }
}

static int pair_igzip(const char *path)
{
    const hr_sys *sys = hr_sys_get();
    int64_t ns[ROUNDS];
    int64_t cpu_ns[ROUNDS];
    size_t n;
    size_t n_out;
    uint8_t *in = (uint8_t *)load(path, &n);
    uint8_t *out = hr_arena_alloc(arena, LINE_BYTES, 64);
    if (in == NULL || igzip(in, n, out, LINE_BYTES, &n_out) != HR_OK) return 77;
    size_t cap = n_out + 1;
    out = sys->map(sys->self, cap);
    if (out == NULL) return 77;
    memset(out, 1, cap);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t t0 = hr_sys_mono_ns();
        int64_t c0 = figure_cpu_ns();
        if (igzip(in, n, out, cap, &n_out) != HR_OK) return 1;
        cpu_ns[i] = figure_cpu_ns() - c0;
        ns[i] = hr_sys_mono_ns() - t0;
    }
    figure("pair", "wall", (double)n_out / (double)figure_median(ns, ROUNDS), "GB/s");
    figure("pair", "inflate", (double)n_out / (double)figure_median(cpu_ns, ROUNDS), "GB/s");
    return 0;
}

/* ---- memory ---- */

#define PASSES 15

static int64_t *make_column(void)
{
    const hr_sys *sys = hr_sys_get();
    int64_t *seq = sys->map(sys->self, COLUMN_BYTES);
    if (seq == NULL) return NULL;
    int64_t at = 5123107832006;
    for (size_t i = 0; i < COLUMN_BYTES / sizeof *seq; i++)
        seq[i] = at += i % 100000 == 99999 ? 3 : 1;
    return seq;
}

static int pair_gap(void)
{
    int64_t ns[PASSES];
    hr_stat_gap g = {0};
    const int64_t *seq = make_column();
    if (seq == NULL) return 77;
    for (int i = 0; i < PASSES; i++) {
        int64_t t0 = figure_cpu_ns();
        hr_kern_get()->stat.gap(&g, seq, COLUMN_BYTES / sizeof *seq);
        ns[i] = figure_cpu_ns() - t0;
    }
    figure("pair", "memory", (double)COLUMN_BYTES / (double)figure_median(ns, PASSES), "GB/s");
    return g.n_gap == COLUMN_BYTES / sizeof *seq / 100000 ? 0 : 1;
}

static int pair_read(void)
{
    int64_t ns[PASSES];
    uint64_t sum = 0;
    const int64_t *seq = make_column();
    if (seq == NULL) return 77;
    for (int i = 0; i < PASSES; i++) {
        int64_t t0 = figure_cpu_ns();
        sum += memory_read(seq, COLUMN_BYTES);
        ns[i] = figure_cpu_ns() - t0;
    }
    figure("pair", "memory", (double)COLUMN_BYTES / (double)figure_median(ns, PASSES), "GB/s");
    return sum != 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    unsigned mask = 0;
    const char *tier = getenv("HR_CPU_MASK");
    if (hr_cpu_flags_parse(&mask, tier != NULL ? tier : "") != HR_OK) return 2;
    hr_kern_init(hr_cpu_detect() & mask);
    size_t cap = (N_BATCHES + 1) * (hr_evbatch_bytes(&caps) + 4096) + ((size_t)1 << 20);
    if (hr_arena_create(&arena, NULL, cap, "bench", NULL) != HR_OK) return 1;
    if (strcmp(what, "gap") == 0) return pair_gap();
    if (strcmp(what, "read") == 0) return pair_read();
    if (argc == 3 && strcmp(what, "decode") == 0) return pair_decode(argv[2]);
    if (argc == 3 && strcmp(what, "source") == 0) return pair_source(argv[2]);
    if (argc == 3 && strcmp(what, "lines") == 0) return pair_lines(argv[2]);
    if (argc == 3 && strcmp(what, "igzip") == 0) return pair_igzip(argv[2]);
    printf("bench_pair decode|source|lines|igzip FILE, gap, read\n");
    return argc == 1 ? 77 : 2;
}

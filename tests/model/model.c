/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define PLACES 48u
#define STORES 96u
#define CHOICES 4096u
#define STACK_BYTES (128u << 10)

typedef struct view {
    uint8_t at[PLACES]; /* by place: the oldest store that may still be seen */
} view;

typedef struct store {
    uint64_t value;
    view seen; /* what an acquire of it learns */
} store;

typedef struct place {
    const void *p;
    bool is_ignored;
    uint32_t n;
    uint8_t sc; /* newest store of the one order */
    store s[STORES];
} place;

typedef struct thread {
    ucontext_t at;
    view v;
    bool is_done;
    const _Atomic uint32_t *waits; /* NULL: may run */
} thread;

static const model_case *now;
static place places[PLACES];
static uint32_t n_places;
static thread threads[MODEL_THREADS];
static _Alignas(64) char stacks[MODEL_THREADS][STACK_BYTES];
static ucontext_t home;
static int running = -1; /* thread, or -1: alone */
static unsigned n_switched;
static const char *failed;
/* The choices of this schedule; those before n_kept are the last one's. */
static uint16_t chosen[CHOICES], out_of[CHOICES];
static uint32_t n_chosen, n_kept;

static uint32_t choose(uint32_t n)
{
    if (n <= 1) return 0;
    if (n_chosen == CHOICES) abort();
    if (n_chosen >= n_kept) {
        chosen[n_chosen] = 0;
        out_of[n_chosen] = (uint16_t)n;
    }
    return chosen[n_chosen++];
}

static bool next_schedule(void)
{
    while (n_chosen > 0 && chosen[n_chosen - 1] + 1u == out_of[n_chosen - 1])
        n_chosen--;
    if (n_chosen == 0) return false;
    chosen[n_chosen - 1]++;
    n_kept = n_chosen;
    return true;
}

void model_fail(const char *why)
{
    if (failed == NULL) failed = why;
}

/* ---- threads ---- */

static void body(void)
{
    now->thread[running]();
    threads[running].is_done = true;
    swapcontext(&threads[running].at, &home);
}

/* Another thread may go first. */
static void maybe_switch(void)
{
    if (running >= 0) swapcontext(&threads[running].at, &home);
}

static void run_all(void)
{
    int last = -1;
    for (;;) {
        int ready[MODEL_THREADS];
        uint32_t n = 0;
        bool is_alive = false;
        if (last >= 0 && !threads[last].is_done && threads[last].waits == NULL) ready[n++] = last;
        for (int i = 0; i < (int)now->n_threads; i++) {
            is_alive = is_alive || !threads[i].is_done;
            if (i != last && !threads[i].is_done && threads[i].waits == NULL) ready[n++] = i;
        }
        if (n == 0) {
            if (is_alive) model_fail("all that are left sleep");
            return;
        }
        bool goes_on = ready[0] == last;
        uint32_t k = goes_on && n_switched >= now->n_preemptions ? 0 : choose(n);
        n_switched += goes_on && k > 0;
        last = running = ready[k];
        swapcontext(&home, &threads[last].at);
        running = -1;
        if (failed != NULL) return;
    }
}

/* ---- memory ---- */

static uint32_t place_of(const void *p, size_t size)
{
    for (uint32_t i = 0; i < n_places; i++)
        if (places[i].p == p) return i;
    if (n_places == PLACES) abort();
    place *x = &places[n_places];
    *x = (place){.p = p, .n = 1};
    memcpy(&x->s[0].value, p, size);
    return n_places++;
}

static void join(view *a, const view *b)
{
    for (uint32_t i = 0; i < PLACES; i++)
        if (b->at[i] > a->at[i]) a->at[i] = b->at[i];
}

static bool acquires(memory_order o)
{
    if (now->weak_acquire) return false;
    return o == memory_order_acquire || o == memory_order_acq_rel || o == memory_order_seq_cst;
}

static bool releases(memory_order o)
{
    if (now->weak_release) return false;
    return o == memory_order_release || o == memory_order_acq_rel || o == memory_order_seq_cst;
}

static bool is_sc(memory_order o)
{
    return o == memory_order_seq_cst && !now->weak_sc;
}

/* Puts v behind the newest store; from: the store that a read-modify-write has read. */
static void append(uint32_t k, size_t size, uint64_t v, memory_order o, const store *from)
{
    place *x = &places[k];
    thread *t = &threads[running];
    if (x->n == STORES) abort();
    store *s = &x->s[x->n];
    *s = (store){.value = v};
    t->v.at[k] = s->seen.at[k] = (uint8_t)x->n;
    if (releases(o)) s->seen = t->v;
    if (from != NULL) join(&s->seen, &from->seen); /* a release goes on through it */
    if (is_sc(o)) x->sc = (uint8_t)x->n;
    x->n++;
    memcpy((void *)(uintptr_t)x->p, &v, size);
}

uint64_t model_load(const void *p, size_t size, memory_order o)
{
    uint64_t v = 0;
    memcpy(&v, p, size);
    if (running < 0) return v;
    uint32_t k = place_of(p, size);
    place *x = &places[k];
    if (x->is_ignored) return v;
    maybe_switch();
    view *mine = &threads[running].v;
    uint32_t oldest = mine->at[k];
    if (is_sc(o) && x->sc > oldest) oldest = x->sc;
    if (oldest + MODEL_OLD < x->n) oldest = x->n - MODEL_OLD;
    uint32_t i = x->n - 1 - choose(x->n - oldest);
    mine->at[k] = (uint8_t)i;
    if (acquires(o)) join(mine, &x->s[i].seen);
    return x->s[i].value;
}

void model_store(void *p, size_t size, uint64_t v, memory_order o)
{
    if (running < 0) {
        memcpy(p, &v, size);
        return;
    }
    maybe_switch();
    append(place_of(p, size), size, v, o, NULL);
}

/* The newest value, as a read-modify-write must take it. */
static store *newest(uint32_t k, memory_order o)
{
    place *x = &places[k];
    store *s = &x->s[x->n - 1];
    if (acquires(o)) join(&threads[running].v, &s->seen);
    return s;
}

uint64_t model_add(void *p, size_t size, uint64_t v, memory_order o)
{
    uint64_t old = 0;
    memcpy(&old, p, size);
    uint64_t sum = old + v;
    if (running < 0 || places[place_of(p, size)].is_ignored) {
        memcpy(p, &sum, size);
        return old;
    }
    maybe_switch();
    uint32_t k = place_of(p, size);
    store *s = newest(k, o);
    old = s->value;
    append(k, size, size == 4 ? (uint32_t)(old + v) : old + v, o, s);
    return old;
}

bool model_cas(void *p, size_t size, void *expected, uint64_t v, memory_order o, memory_order fail)
{
    uint64_t want = 0;
    memcpy(&want, expected, size);
    if (running < 0) abort();
    maybe_switch();
    uint32_t k = place_of(p, size);
    place *x = &places[k];
    bool is_equal = x->s[x->n - 1].value == want;
    store *s = newest(k, is_equal ? o : fail);
    if (is_equal) {
        append(k, size, v, o, s);
        return true;
    }
    threads[running].v.at[k] = (uint8_t)(x->n - 1);
    memcpy(expected, &s->value, size);
    return false;
}

void model_touch(const void *p)
{
    if (running < 0) return;
    char byte;
    memcpy(&byte, p, 1);
    uint32_t k = place_of(p, 1);
    place *x = &places[k];
    thread *t = &threads[running];
    if (t->v.at[k] != x->n - 1) model_fail("a race for plain data");
    if (x->n == STORES) abort();
    x->s[x->n] = x->s[x->n - 1];
    t->v.at[k] = (uint8_t)x->n++;
}

void model_ignore(const void *p)
{
    places[place_of(p, 4)].is_ignored = true;
}

void model_wait(const _Atomic uint32_t *word, uint32_t expect)
{
    maybe_switch();
    place *x = &places[place_of((const void *)word, 4)];
    if ((uint32_t)x->s[x->n - 1].value != expect) return;
    threads[running].waits = word;
    maybe_switch();
}

void model_wake(const _Atomic uint32_t *word)
{
    maybe_switch();
    for (unsigned i = 0; i < now->n_threads; i++)
        if (threads[i].waits == word) threads[i].waits = NULL;
}

/* ---- exploring ---- */

static void prepare(unsigned i)
{
    thread *t = &threads[i];
    memset(t, 0, sizeof *t);
    if (getcontext(&t->at) != 0) abort();
    t->at.uc_stack.ss_sp = stacks[i];
    t->at.uc_stack.ss_size = STACK_BYTES;
    makecontext(&t->at, body, 0);
}

uint64_t model_explore(const model_case *c, const char **wrong)
{
    uint64_t n_runs = 0;
    now = c;
    failed = NULL;
    n_chosen = n_kept = 0;
    do {
        n_chosen = n_places = n_switched = 0;
        running = -1;
        c->init();
        for (unsigned i = 0; i < c->n_threads; i++)
            prepare(i);
        run_all();
        running = -1;
        if (failed == NULL && c->check != NULL) c->check();
        n_runs++;
    } while (failed == NULL && next_schedule());
    *wrong = failed;
    return n_runs;
}

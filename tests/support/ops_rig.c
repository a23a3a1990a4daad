/* SPDX-License-Identifier: Apache-2.0 */
#include "ops_rig.h"

#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "harness.h"
#include "mem/mem.h"

#define PAGE 4096u

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ROOM_AROUND true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ROOM_AROUND true
#endif
#endif
#ifndef HAS_ROOM_AROUND
#define HAS_ROOM_AROUND false
#endif

static void *block_of(size_t n_bytes)
{
    void *block = aligned_alloc(64, n_bytes);
    assert_non_null(block);
    return block;
}

void *ops_rig_state(const hr_op *op, const hr_op_args *a, size_t *n_bytes)
{
    *n_bytes = op->bytes(a);
    assert_true(*n_bytes != SIZE_MAX && *n_bytes % 64 == 0);
    void *state = block_of(*n_bytes);
    memset(state, 0xa5, *n_bytes);
    op->init(state, a);
    return state;
}

void *ops_rig_move(void *state, size_t n_bytes)
{
    void *moved = block_of(n_bytes);
    memcpy(moved, state, n_bytes);
    memset(state, 0x5a, n_bytes);
    free(state);
    return moved;
}

void *ops_rig_block(size_t n_bytes)
{
    if (HAS_ROOM_AROUND) return block_of(n_bytes);
    size_t all = hr_round_up(n_bytes, PAGE);
    char *p = mmap(NULL, all + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(p != MAP_FAILED);
    assert_int_equal(mprotect(p + PAGE, all, PROT_READ | PROT_WRITE), 0);
    return p + PAGE + all - n_bytes;
}

void ops_rig_block_free(void *block, size_t n_bytes)
{
    if (HAS_ROOM_AROUND) {
        free(block);
        return;
    }
    size_t all = hr_round_up(n_bytes, PAGE);
    assert_int_equal(munmap((char *)block + n_bytes - all - PAGE, all + 2 * PAGE), 0);
}

void ops_rig_rows(test_rng *r, int n, int64_t *ts, double *x, double *y)
{
    const bool has_late = test_rng_chance(r, 3);
    const bool has_null = test_rng_chance(r, 3);
    const bool has_pause = test_rng_chance(r, 3);
    const bool is_even = test_rng_chance(r, 4);
    int64_t t = 0;
    double px = 1e4;
    for (int i = 0; i < n; i++) {
        if (is_even)
            t += 1000;
        else if (!test_rng_chance(r, 4))
            t += (int64_t)test_rng_below(r, 2000);
        if (has_pause && test_rng_chance(r, 3000)) t += (int64_t)test_rng_below(r, 3000000);
        ts[i] = has_late && test_rng_chance(r, 50) ? t - (int64_t)test_rng_below(r, 5000) : t;
        px += 0.01 * (double)test_rng_below(r, 201) - 1;
        x[i] = has_null && test_rng_chance(r, 40) ? (double)NAN : px;
        y[i] = test_rng_unit(r);
    }
}

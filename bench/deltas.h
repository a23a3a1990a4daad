/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BENCH_DELTAS_H
#define HR_BENCH_DELTAS_H
/* Rows of level updates that look like a venue's: messages of a dozen levels, one instrument of
 * twenty each; prices in ticks around a walk; sizes with a heavy tail, one in four a removal. */
#include <math.h>
#include <stdint.h>

#include "base/attr.h"

typedef struct deltas {
    int64_t *ts, *price, *qty;
    uint32_t *id;
    uint8_t *side;
} deltas;

/* splitmix64, Steele, Lea and Flood 2014. */
HR_INLINE uint64_t deltas_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

HR_INLINE double deltas_unit(uint64_t *state)
{
    return (double)(deltas_random(state) >> 11) * 0x1p-53;
}

static inline void deltas_make(const deltas *d, uint32_t n_rows, uint64_t *state)
{
    int64_t now = INT64_C(1700000000000000000);
    int64_t mid = 4200000;
    uint32_t left = 0;
    uint32_t who = 0;
    for (uint32_t i = 0; i < n_rows; i++) {
        if (left == 0) {
            left = 1 + (uint32_t)(deltas_random(state) % 23);
            now += (int64_t)(deltas_random(state) % 2000) * 1000;
            mid += (int64_t)(deltas_random(state) % 3) - 1;
            who = (uint32_t)(deltas_random(state) % 20);
        }
        left--;
        d->ts[i] = now;
        d->id[i] = 1000 + who;
        d->side[i] = (uint8_t)(deltas_random(state) & 1);
        double far = -log(1 - deltas_unit(state)) * 40;
        int64_t tick = (int64_t)far * (d->side[i] ? 1 : -1);
        d->price[i] = (mid + tick) * 10000000;
        d->qty[i] = (int64_t)(1000 / (1 - deltas_unit(state) * 0.999)) * 10000;
        if (deltas_random(state) % 4 == 0) d->qty[i] = 0;
    }
}

#endif

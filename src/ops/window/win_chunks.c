/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/window/win_chunks.h"

void HR_WIN_FN(chunk_put)(const hr_chunk_place *at, uint64_t chunk, const hr_fold *k)
{
    hr_chunk_put(at, chunk, at->w->prefix, k);
}

void HR_WIN_FN(chunk_middle)(const hr_chunk_place *at, uint64_t lo, uint64_t hi, const hr_fold *k)
{
    hr_chunk_middle(at, lo, hi, k);
}

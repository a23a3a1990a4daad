/* SPDX-License-Identifier: Apache-2.0 */
#include "calc/tradegate.h"

#include <string.h>

void hr_tradegate_init(hr_tradegate *g, hr_trade_kinds kinds, bool keeps_repeated)
{
    memset(g, 0, sizeof *g);
    g->kinds = (uint8_t)kinds;
    g->keeps_repeated = keeps_repeated;
}

/* Source: the finalizer of splitmix64, Steele, Lea, Flood 2014. */
static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) + UINT64_C(0x9e3779b97f4a7c15);
    h = (h ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ (h >> 27)) * UINT64_C(0x94d049bb133111eb);
    return h ^ (h >> 31);
}

static uint64_t text_id(const hr_text *t)
{
    uint64_t h = t->len;
    for (unsigned i = 0; i < t->len && i < HR_TEXT_CAP; i++)
        h = mix(h, (unsigned char)t->byte[i]);
    return h;
}

static bool is_repeated(hr_tradegate *g, const hr_evbatch *b, uint32_t m)
{
    uint32_t at = (uint32_t)b->level_begin[m];
    bool has_text = b->text[m] >= 0;
    if (!has_text && b->seq_last[m] < 0) return false;
    uint64_t id = has_text ? text_id(&b->texts[b->text[m]]) : (uint64_t)b->seq_last[m];
    uint64_t key = mix(mix(mix(0, id), (uint64_t)b->ts_event[m]), (uint64_t)b->px[at]);
    key = mix(mix(key, (uint64_t)b->qty[at]), b->side[at] | (b->flags[m] & HR_FLAG_AGG)) | 1;
    uint64_t far = (b->flags[m] & HR_FLAG_AGG) != 0 ? HR_TRADEGATE_IDS / 2 : 0; /* own numbers */
    uint64_t *slot = &g->seen[(id + far) % HR_TRADEGATE_IDS];
    if (*slot == key) return true;
    *slot = key;
    return false;
}

bool hr_tradegate_takes(hr_tradegate *g, const hr_evbatch *b, uint32_t m)
{
    uint8_t kind = (b->flags[m] & HR_FLAG_AGG) != 0 ? HR_TRADES_AGG : HR_TRADES_SINGLE;
    if (g->kinds == HR_TRADES_FIRST) g->kinds = kind;
    if (g->kinds != HR_TRADES_ALL && g->kinds != kind) {
        g->n_other_kind++;
        return false;
    }
    if (!is_repeated(g, b, m)) return true;
    g->n_repeated++;
    return g->keeps_repeated;
}

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

static bool is_repeated(hr_tradegate *g, const hr_trade *t)
{
    if (t->text == NULL && t->id < 0) return false;
    uint64_t id = t->text != NULL ? text_id(t->text) : (uint64_t)t->id;
    /* Each part by a multiplier of its own, then mixed once: what differs in one part differs. */
    uint64_t key = id + (uint64_t)t->ts_event * UINT64_C(0x9e3779b97f4a7c15) +
                   (uint64_t)t->px * UINT64_C(0xc2b2ae3d27d4eb4f) +
                   (uint64_t)t->qty * UINT64_C(0x165667b19e3779f9);
    key = mix(key, 2u * t->side + t->is_agg) | 1;
    uint64_t far = t->is_agg ? HR_TRADEGATE_IDS / 2 : 0; /* they have numbers of their own */
    uint64_t *slot = &g->seen[(id + far) % HR_TRADEGATE_IDS];
    if (*slot == key) return true;
    *slot = key;
    return false;
}

bool hr_tradegate_takes(hr_tradegate *g, const hr_trade *t)
{
    uint8_t kind = t->is_agg ? HR_TRADES_AGG : HR_TRADES_SINGLE;
    if (g->kinds == HR_TRADES_FIRST) g->kinds = kind;
    if (g->kinds != HR_TRADES_ALL && g->kinds != kind) {
        g->n_other_kind++;
        return false;
    }
    if (!is_repeated(g, t)) return true;
    g->n_repeated++;
    return g->keeps_repeated;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fmt/pq_coded.h"

#include "fmt/pq_file.h"

/* n_dict: indexes below it. */
static bool get_rows(hr_pq_cursor *c, uint32_t *out, uint32_t n, uint32_t n_dict)
{
    uint32_t k;
    uint32_t most = 0;
    if (!hr_pq_levels_get(c, n, &k) || !hr_pq_hybrid_get(&c->indexes, out, k)) return false;
    for (uint32_t i = 0; i < k; i++)
        most = HR_MAX(most, out[i]);
    if (k > 0 && most >= n_dict) return false;
    if (k == n) return true;
    for (uint32_t i = n; i-- > 0;)
        out[i] = c->level[i] != 0 ? out[--k] : n_dict;
    return true;
}

hr_status hr_pq_read_coded(hr_pq_cursor *c, hr_pq_dict *dict, uint32_t *index, uint32_t cap,
                           uint32_t *n_out, hr_err *err)
{
    uint32_t n = 0;
    *n_out = 0;
    if (c->file->ops != NULL) return c->file->ops->read_coded(c, dict, index, cap, n_out, err);
    if (c->rows_left == 0) return HR_END;
    HR_TRY(hr_pq_next_page(c, err));
    if (c->mode != PQ_MODE_DICT && c->mode != PQ_MODE_BITS) {
        *n_out = HR_MIN(cap, c->page_left);
        return HR_AGAIN;
    }
    bool is_bytes = hr_pq_value_width(c->column) == 0;
    *dict = (hr_pq_dict){.n = c->mode == PQ_MODE_BITS ? 2 : c->n_dict};
    if (c->mode == PQ_MODE_BITS)
        dict->value = NULL;
    else if (is_bytes)
        dict->text = (const hr_pq_bytes *)(const void *)c->dict_text.p;
    else
        dict->value = (int64_t *)(void *)c->dict.p;
    for (uint32_t k; n < cap && c->page_left > 0; n += k) {
        k = HR_MIN(HR_MIN(cap - n, c->page_left), HR_PQ_STEP);
        if (!get_rows(c, index + n, k, dict->n))
            return hr_pq_damaged(c, err, "values are cut or out of range");
        c->page_left -= k;
        c->rows_left -= k;
    }
    *n_out = n;
    return HR_OK;
}

bool hr_pq_cursor_kept_dict(const hr_pq_cursor *c)
{
    return c->n_kept > 0;
}

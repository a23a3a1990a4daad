/* SPDX-License-Identifier: Apache-2.0 */
/* Key-value metadata of a file: seldom wanted, so it is read from the footer when asked for. */
#include <string.h>

#include "fmt/pq_file.h"

/* A KeyValue: field 1 the key, field 2 the value. */
static bool read_pair(hr_thrift_in *t, const char *key, const uint8_t **value, uint32_t *n)
{
    hr_tr_field f = {0};
    bool is_it = false;
    const uint8_t *v = NULL;
    uint32_t n_v = 0;
    while (hr_tr_next(t, &f)) {
        uint32_t len;
        if (f.type != HR_TR_BINARY) {
            hr_tr_skip(t, f.type);
            continue;
        }
        const uint8_t *s = hr_tr_binary(t, &len);
        if (t->is_bad) return false;
        if (f.id == 1) is_it = len == strlen(key) && memcmp(s, key, len) == 0;
        if (f.id == 2) {
            v = s;
            n_v = len;
        }
    }
    if (!is_it || v == NULL || t->is_bad) return false;
    *value = v;
    *n = n_v;
    return true;
}

const char *hr_pq_file_meta(const hr_pq_file *f, const char *key, uint32_t *n)
{
    hr_thrift_in t = {.p = f->footer, .end = f->footer + f->footer_bytes};
    hr_tr_field field = {0};
    const uint8_t *value = NULL;
    *n = 0;
    if (!hr_pq_file_is_parquet(f)) return NULL;
    while (value == NULL && hr_tr_next(&t, &field)) {
        uint8_t type;
        if (field.id != 5 || field.type != HR_TR_LIST) {
            hr_tr_skip(&t, field.type);
            continue;
        }
        uint32_t n_pairs = hr_tr_list(&t, &type);
        if (type != HR_TR_STRUCT) return NULL;
        for (uint32_t i = 0; i < n_pairs && value == NULL && !t.is_bad; i++)
            if (read_pair(&t, key, &value, n)) break;
        if (value == NULL && t.is_bad) return NULL;
    }
    return (const char *)value;
}

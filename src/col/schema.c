/* SPDX-License-Identifier: Apache-2.0 */
#include "col/schema.h"

#include <string.h>

size_t hr_col_width(hr_col_type type)
{
    switch (type) {
    case HR_COL_I64:
    case HR_COL_TS:
    case HR_COL_DEC:
    case HR_COL_F64:
        return 8;
    case HR_COL_U32:
        return 4;
    case HR_COL_ENUM:
    case HR_COL_BOOL:
        return 1;
    case HR_COL_TEXT:
        return sizeof(hr_text);
    case HR_COL_TEXT_AT:
        return sizeof(const hr_text *);
    }
    return 0;
}

size_t hr_schema_row_bytes(const hr_schema *s)
{
    size_t n = 0;
    for (uint16_t i = 0; i < s->n_fields; i++)
        n += hr_col_width(s->fields[i].type);
    return n;
}

int hr_schema_find(const hr_schema *s, const char *name)
{
    for (uint16_t i = 0; i < s->n_fields; i++)
        if (strcmp(s->fields[i].name, name) == 0) return i;
    return -1;
}

const char *hr_kind_name(hr_kind kind)
{
    switch (kind) {
    case HR_KIND_DELTAS:
        return "deltas";
    case HR_KIND_TRADES:
        return "trades";
    case HR_KIND_TICKERS:
        return "tickers";
    case HR_KIND_BOOKS:
        return "books";
    case HR_KIND_FEATURES:
        return "features";
    case HR_KIND_GAPS:
        return "gaps";
    case HR_KIND_CALC:
        return "calc";
    case HR_KIND_SIGNALS:
        return "signals";
    case HR_KIND_COUNT:
        break;
    }
    return "unknown";
}

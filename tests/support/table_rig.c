/* SPDX-License-Identifier: Apache-2.0 */
#include "table_rig.h"

#include "harness.h"
#include "job/calc_table.h"

#define MEMORY_BYTES ((size_t)32 << 20)

static void must(hr_status st, const char *path, const hr_err *err)
{
    if (st != HR_OK) fail_msg("%s: %s", path, err->message);
}

void table_rig_open(table_rig *t, const char *path, const hr_calc_words *words, const char *number,
                    const _Atomic uint32_t *stop)
{
    hr_err err = HR_ERR_INIT;
    hr_err why = HR_ERR_INIT;
    bool is_table = false;
    t->words = words != NULL ? *words : (hr_calc_words){.dates = HR_CSV_ORDER_NONE};
    t->rejects = (hr_calc_rejects){.n = 0};
    t->in = NULL;
    must(hr_calc_table_is(&is_table, &why, path, &err), path, &err);
    assert_true(is_table);
    must(hr_calc_table_open(&t->table, path, &t->words, &err), path, &err);
    t->used[0] = number != NULL ? hr_calc_columns_of(&t->table, number) : HR_CALC_NO_FIELD;
    t->options = (hr_calc_input_options){.words = &t->words,
                                         .first = &t->table,
                                         .used = t->used,
                                         .n_used = number != NULL,
                                         .symbol = "",
                                         .venue = "",
                                         .rejects = &t->rejects,
                                         .memory_bytes = MEMORY_BYTES,
                                         .stop = stop};
    must(hr_calc_input_open(&t->in, &t->options, path, &err), path, &err);
}

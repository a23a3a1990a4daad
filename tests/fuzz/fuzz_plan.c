/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "pipe/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static hr_plan p;
    hr_err err = HR_ERR_INIT;
    hr_plan_init(&p);
    hr_status st = hr_plan_parse(&p, "plan", (const char *)data, size, &err);
    if (st == HR_OK) st = hr_plan_check(&p, &err);
    if (st != HR_OK && err.message[0] == '\0') abort(); /* every refusal has its story */
    hr_plan_fini(&p);
    return 0;
}

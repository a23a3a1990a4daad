/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app.h"

#include <stdio.h>

int hr_app_fail(const hr_err *err)
{
    fprintf(stderr, "headrace: %s\n", err->message);
    return (int)hr_status_exit(err->code);
}

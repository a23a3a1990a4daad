/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_CONVERT_ONE_NAME_H
#define HR_CONVERT_ONE_NAME_H
/* The name in outputs of one instrument, which a reader takes from the file's path. */
#include "convert/convert.h"

typedef struct hr_one_name {
    hr_evb_sym read;  /* what a reader takes */
    hr_evb_sym first; /* the first that was met: there can be no other */
    bool has_first;
} hr_one_name;
/** info: as sniffed of the output's path. */
void hr_one_name_init(hr_one_name *n, const hr_source_info *info);
/** What message m loses by it, as hr_losses_of has it. */
uint64_t hr_one_name_losses(hr_one_name *n, const hr_evbatch *b, uint32_t m);

#endif

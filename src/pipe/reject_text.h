/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_PIPE_REJECT_TEXT_H
#define HR_PIPE_REJECT_TEXT_H
/* A reject as a line of a reject file. */
#include "col/evbatch.h"

#define HR_REJECT_TEXT_MAX (512u + 6u * 65536u)
/** Reason, place and the raw bytes (as hex where they are no text), and the line end; out holds
 * HR_REJECT_TEXT_MAX. Returns its length. */
size_t hr_reject_text(char *out, const hr_evbatch *b, const hr_reject *j, int32_t source_idx);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* First byte: framing; second: size of the pieces. The rest: lines, which the short way through
 * Binance's messages and the general one must agree on, in one go and in pieces. */
#include <stdio.h>
#include <stdlib.h>

#include "venue_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const hr_format formats[] = {HR_FORMAT_NDJSON, HR_FORMAT_CAPTURE_PREFIX,
                                        HR_FORMAT_CAPTURE_JSON, HR_FORMAT_CRYPTOFEED};
    if (n < 2) return 0;
    hr_source_info info = {.format = formats[data[0] % 4],
                           .px_scale = data[0] / 4 % 16,
                           .qty_scale = (uint8_t)(data[0] / 64 * 3),
                           .venue = "binance",
                           .head_time_ns = 7};
    const char *wrong = venue_check_lines((const char *)data + 2, n - 2, &info, 1u + data[1] * 3u);
    if (wrong != NULL) {
        fprintf(stderr, "%s\n", wrong);
        abort();
    }
    return 0;
}

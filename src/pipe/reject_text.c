/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe/reject_text.h"

#include <stdio.h>
#include <string.h>

#include "text/json.h"

static size_t put_raw(char *out, const char *raw, uint32_t n)
{
    static const char digit[] = "0123456789abcdef";
    bool is_text = hr_utf8_valid(raw, n);
    size_t at = is_text ? 7 : 11;
    memcpy(out, is_text ? "\"raw\":\"" : "\"raw_hex\":\"", at);
    for (uint32_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)raw[i];
        if (!is_text) {
            out[at++] = digit[c >> 4];
            out[at++] = digit[c & 15];
        } else if (c == '"' || c == '\\') {
            out[at++] = '\\';
            out[at++] = (char)c;
        } else if (c < 0x20) {
            memcpy(out + at, "\\u00", 4);
            out[at + 4] = digit[c >> 4];
            out[at + 5] = digit[c & 15];
            at += 6;
        } else {
            out[at++] = (char)c;
        }
    }
    out[at++] = '"';
    return at;
}

size_t hr_reject_text(char *out, const hr_evbatch *b, const hr_reject *j, int32_t source_idx)
{
    size_t n = (size_t)snprintf(
        out, 512, "{\"reason\":\"%s\",\"source\":%d,\"offset\":%lld,\"line\":%lld,\"bytes\":%u,",
        hr_reject_name((hr_reject_reason)j->reason), source_idx, (long long)j->src_offset,
        (long long)j->src_line, j->full_len);
    n += put_raw(out + n, b->raw + j->raw_begin, j->raw_len);
    memcpy(out + n, "}\n", 2);
    return n + 2;
}

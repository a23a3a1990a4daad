/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const char *hr_status_name(hr_status st)
{
    switch (st) {
#define NAME_CASE(name, value, text)                                                               \
    case name:                                                                                     \
        return #name;
        HR_STATUS_LIST(NAME_CASE)
#undef NAME_CASE
    }
    return "HR_UNKNOWN";
}

const char *hr_status_text(hr_status st)
{
    switch (st) {
#define TEXT_CASE(name, value, text)                                                               \
    case name:                                                                                     \
        return text;
        HR_STATUS_LIST(TEXT_CASE)
#undef TEXT_CASE
    }
    return "unknown status";
}

hr_exit hr_status_exit(hr_status st)
{
    switch (st) {
    case HR_OK:
    case HR_END:
        return HR_EXIT_OK;
    case HR_EUSAGE:
    case HR_EPLAN:
    case HR_EEXIST:
        return HR_EXIT_USAGE;
    case HR_EINPUT:
    case HR_ECORRUPT:
    case HR_EUNSUPPORTED:
    case HR_ERANGE:
        return HR_EXIT_INPUT;
    case HR_EIO:
    case HR_ENOENT:
    case HR_EACCES:
    case HR_ENOSPC:
    case HR_ENOMEM:
    case HR_ESTOPPED:
        return HR_EXIT_ENV;
    case HR_EBUDGET:
    case HR_ELIMIT:
        return HR_EXIT_LIMIT;
    case HR_AGAIN:
    case HR_GAP:
    case HR_FULL:
    case HR_EINTERNAL:
        break;
    }
    return HR_EXIT_INTERNAL;
}

hr_status hr_status_from_errno(int sys_errno)
{
    switch (sys_errno) {
    case 0:
        return HR_OK;
    case ENOENT:
    case ENOTDIR:
        return HR_ENOENT;
    case EEXIST:
        return HR_EEXIST;
    case EACCES:
    case EPERM:
    case EROFS:
        return HR_EACCES;
    case ENOSPC:
    case EDQUOT:
        return HR_ENOSPC;
    case ENOMEM:
        return HR_ENOMEM;
    default:
        return HR_EIO;
    }
}

void hr_err_reset(hr_err *err)
{
    if (err != NULL) *err = (hr_err)HR_ERR_INIT;
}

/* Bytes of the UTF-8 sequence at s that a terminal shows as text; 0: none begins there. */
static size_t shown_bytes(const unsigned char *s)
{
    if (s[0] < 0x80) return s[0] >= 0x20 && s[0] != 0x7f;
    size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4) return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80) return 0; /* also the end of the text */
    bool is_control = s[0] == 0xc2 && s[1] < 0xa0;
    bool is_long = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool is_past = (s[0] == 0xed && s[1] >= 0xa0) || (s[0] == 0xf4 && s[1] >= 0x90);
    return is_control || is_long || is_past ? 0 : n;
}

/* Messages quote what stands in files: no byte of that may steer a terminal or break a log. */
static void clean(char *text)
{
    for (unsigned char *s = (unsigned char *)text; *s != 0;) {
        size_t n = shown_bytes(s);
        if (n == 0) *s = '?';
        s += n == 0 ? 1 : n;
    }
}

hr_status hr_err_set(hr_err *err, hr_status code, int sys_errno, const char *src_file, int src_line,
                     const char *fmt, ...)
{
    if (err == NULL) return code;
    va_list ap;
    char text[HR_ERR_MSG_BYTES];
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (sys_errno != 0 && n >= 0 && (size_t)n < sizeof text) {
        char buf[128];
        const char *why = strerror_r(sys_errno, buf, sizeof buf);
        snprintf(text + n, sizeof text - (size_t)n, ": %s", why);
    }
    clean(text);
    hr_err_reset(err);
    err->code = code;
    err->sys_errno = sys_errno;
    err->src_file = src_file;
    err->src_line = src_line;
    memcpy(err->message, text, sizeof text);
    return code;
}

void hr_err_prefix(hr_err *err, const char *fmt, ...)
{
    if (err == NULL) return;
    va_list ap;
    char text[HR_ERR_MSG_BYTES];
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof text) return;
    size_t room = sizeof text - (size_t)n - 1;
    size_t tail = strlen(err->message);
    if (room < 2) return;
    if (tail > room - 2) tail = room - 2;
    clean(text);
    memcpy(text + n, ": ", 2);
    memcpy(text + n + 2, err->message, tail);
    text[(size_t)n + 2 + tail] = '\0';
    memcpy(err->message, text, sizeof text);
}

hr_status hr_err_at(hr_err *err, int64_t offset, int64_t line, int64_t column)
{
    if (err == NULL) return HR_EINTERNAL;
    if (offset >= 0) err->offset = offset;
    if (line >= 0) err->line = line;
    if (column >= 0) err->column = column;
    return err->code;
}

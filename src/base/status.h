/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_BASE_STATUS_H
#define HR_BASE_STATUS_H
/* The one error idiom: a status code everywhere, an hr_err with the story on cold paths.
 * Zero is success, positive a normal outcome, negative an error. */
#include <stdint.h>

#include "base/attr.h"

/*      name               value  text                                  */
#define HR_STATUS_LIST(X)                                                                          \
    X(HR_OK, 0, "ok")                                                                              \
    X(HR_AGAIN, 1, "not now: a pool is empty or a ring is full")                                   \
    X(HR_END, 2, "end of input")                                                                   \
    X(HR_GAP, 3, "sequence gap")                                                                   \
    X(HR_FULL, 4, "output is full, call again")                                                    \
    X(HR_EUSAGE, -1, "wrong usage")                                                                \
    X(HR_EINPUT, -2, "bad input")                                                                  \
    X(HR_ECORRUPT, -3, "damaged data")                                                             \
    X(HR_EUNSUPPORTED, -4, "not supported")                                                        \
    X(HR_EIO, -5, "input or output error")                                                         \
    X(HR_ENOENT, -6, "not found")                                                                  \
    X(HR_EEXIST, -7, "exists already")                                                             \
    X(HR_EACCES, -8, "not permitted")                                                              \
    X(HR_ENOSPC, -9, "no space left")                                                              \
    X(HR_ENOMEM, -10, "out of memory")                                                             \
    X(HR_EBUDGET, -11, "memory budget exhausted")                                                  \
    X(HR_ELIMIT, -12, "a limit was reached")                                                       \
    X(HR_ERANGE, -13, "value does not fit")                                                        \
    X(HR_EPLAN, -14, "bad plan")                                                                   \
    X(HR_ESTOPPED, -15, "stopped on request")                                                      \
    X(HR_EINTERNAL, -16, "internal error")

typedef enum hr_status {
#define HR_STATUS_ENUM(name, value, text) name = (value),
    HR_STATUS_LIST(HR_STATUS_ENUM)
#undef HR_STATUS_ENUM
} hr_status;

/** Exit codes of the program. Source: docs/ARCHITECTURE.md, "Exit codes". */
typedef enum hr_exit {
    HR_EXIT_OK = 0,
    HR_EXIT_CHECK = 1,
    HR_EXIT_USAGE = 2,
    HR_EXIT_INPUT = 3,
    HR_EXIT_ENV = 4,
    HR_EXIT_LIMIT = 5,
    HR_EXIT_INTERNAL = 6,
} hr_exit;

#define HR_ERR_MSG_BYTES 512

/** The story of one failure. Owned by the caller, may be NULL wherever it is taken.
 *  offset: byte offset in the subject, line: 1-based line, column: 1-based; -1 where unknown. */
typedef struct hr_err {
    hr_status code;
    int sys_errno;
    const char *src_file;
    int src_line;
    int64_t offset;
    int64_t line;
    int64_t column;
    char message[HR_ERR_MSG_BYTES];
} hr_err;

#define HR_ERR_INIT                                                                                \
    {                                                                                              \
        .code = HR_OK, .offset = -1, .line = -1, .column = -1                                      \
    }

const char *hr_status_name(hr_status st);
const char *hr_status_text(hr_status st);
hr_exit hr_status_exit(hr_status st);
/** The status that an errno value means (ENOSPC -> HR_ENOSPC, ENOENT -> HR_ENOENT, ... else
 * HR_EIO). */
hr_status hr_status_from_errno(int sys_errno);

void hr_err_reset(hr_err *err);
hr_status hr_err_set(hr_err *err, hr_status code, int sys_errno, const char *src_file, int src_line,
                     const char *fmt, ...) HR_PRINTF(6, 7);
/** Puts "prefix: " before the message already there (context added on the way up). */
void hr_err_prefix(hr_err *err, const char *fmt, ...) HR_PRINTF(2, 3);
/** Sets the place in the subject; -1 leaves a part as it is. Returns err->code. */
hr_status hr_err_at(hr_err *err, int64_t offset, int64_t line, int64_t column);

/* The value is the code itself, not what the call returned: compilers and analysers then know that
 * a failure is never HR_OK. */
#define HR_FAIL(err, code, ...)                                                                    \
    ((void)hr_err_set((err), (code), 0, __FILE__, __LINE__, __VA_ARGS__), (hr_status)(code))
/** neg_errno: what an hr_sys call returned, i.e. -errno. The code follows from it. */
#define HR_FAIL_SYS(err, neg_errno, ...)                                                           \
    hr_err_set((err), hr_status_from_errno((int)-(neg_errno)), (int)-(neg_errno), __FILE__,        \
               __LINE__, __VA_ARGS__)
#define HR_TRY(expr)                                                                               \
    do {                                                                                           \
        hr_status st_ = (expr);                                                                    \
        if (st_ != HR_OK) return st_;                                                              \
    } while (0)

#endif

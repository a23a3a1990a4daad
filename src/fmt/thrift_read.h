/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HR_FMT_THRIFT_READ_H
#define HR_FMT_THRIFT_READ_H
/* Thrift compact protocol, reading. Nothing is trusted: a read past the end, a varint that is too
 * long or nesting beyond the bound sets is_bad, after which every read gives zeros. Private to fmt.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define HR_TR_DEPTH_MAX 32

enum {
    HR_TR_STOP = 0,
    HR_TR_TRUE = 1,
    HR_TR_FALSE = 2,
    HR_TR_I8 = 3,
    HR_TR_BINARY = 8,
    HR_TR_LIST = 9,
    HR_TR_SET = 10,
    HR_TR_MAP = 11,
    HR_TR_STRUCT = 12,
    HR_TR_UUID = 13
};

typedef struct hr_thrift_in {
    const uint8_t *p, *end;
    bool is_bad;
} hr_thrift_in;

typedef struct hr_tr_field {
    int16_t id;
    uint8_t type;
} hr_tr_field;

uint64_t hr_tr_varint(hr_thrift_in *t);
int64_t hr_tr_zigzag(hr_thrift_in *t);
/** Next field of a struct; false at its end. f keeps the last id: start it at {0}. */
bool hr_tr_next(hr_thrift_in *t, hr_tr_field *f);
/** Elements of a list and their type. */
uint32_t hr_tr_list(hr_thrift_in *t, uint8_t *elem_type);
/** Borrowed bytes. */
const uint8_t *hr_tr_binary(hr_thrift_in *t, uint32_t *n);
/** Skips one value of this type, however nested (within the bound). */
void hr_tr_skip(hr_thrift_in *t, uint8_t type);
/** Value of an integer field of any width; skips anything else. */
int64_t hr_tr_int(hr_thrift_in *t, uint8_t type);
/** The same of a field that the format declares 32 bits wide: a larger value is bad. */
int32_t hr_tr_int32(hr_thrift_in *t, uint8_t type);

#endif

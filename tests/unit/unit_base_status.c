/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/crc32c.h"
#include "base/status.h"
#include "harness.h"

static void test_every_code_has_name_text_and_exit(void **state)
{
    static const hr_status all[] = {
#define CODE(name, value, text) name,
        HR_STATUS_LIST(CODE)
#undef CODE
    };
    (void)state;
    for (size_t i = 0; i < HR_ARRAY_LEN(all); i++) {
        assert_memory_equal(hr_status_name(all[i]), "HR_", 3);
        assert_true(strlen(hr_status_text(all[i])) > 1);
        assert_in_range(hr_status_exit(all[i]), HR_EXIT_OK, HR_EXIT_INTERNAL);
    }
    assert_string_equal(hr_status_name((hr_status)99), "HR_UNKNOWN");
    assert_string_equal(hr_status_text((hr_status)99), "unknown status");
    assert_int_equal(hr_status_exit((hr_status)99), HR_EXIT_INTERNAL);
    assert_int_equal(hr_status_exit(HR_OK), HR_EXIT_OK);
    assert_int_equal(hr_status_exit(HR_EUSAGE), HR_EXIT_USAGE);
    assert_int_equal(hr_status_exit(HR_ECORRUPT), HR_EXIT_INPUT);
    assert_int_equal(hr_status_exit(HR_ENOSPC), HR_EXIT_ENV);
    assert_int_equal(hr_status_exit(HR_EBUDGET), HR_EXIT_LIMIT);
    assert_int_equal(hr_status_exit(HR_EINTERNAL), HR_EXIT_INTERNAL);
}

static void test_from_errno(void **state)
{
    (void)state;
    assert_int_equal(hr_status_from_errno(0), HR_OK);
    assert_int_equal(hr_status_from_errno(ENOENT), HR_ENOENT);
    assert_int_equal(hr_status_from_errno(EEXIST), HR_EEXIST);
    assert_int_equal(hr_status_from_errno(EROFS), HR_EACCES);
    assert_int_equal(hr_status_from_errno(EDQUOT), HR_ENOSPC);
    assert_int_equal(hr_status_from_errno(ENOMEM), HR_ENOMEM);
    assert_int_equal(hr_status_from_errno(EPIPE), HR_EIO);
}

static hr_status use_try(hr_status st)
{
    HR_TRY(st);
    return HR_END;
}

static void test_err(void **state)
{
    hr_err err = HR_ERR_INIT;
    (void)state;
    assert_int_equal(HR_FAIL(&err, HR_EINPUT, "bad %s '%d'", "thing", 7), HR_EINPUT);
    assert_string_equal(err.message, "bad thing '7'");
    assert_int_equal(err.code, HR_EINPUT);
    assert_int_equal(err.offset, -1);
    assert_true(err.src_line > 0 && strstr(err.src_file, "unit_base_status.c") != NULL);
    assert_int_equal(hr_err_at(&err, 10, -1, 3), HR_EINPUT);
    assert_true(err.offset == 10 && err.line == -1 && err.column == 3);
    hr_err_prefix(&err, "file '%s'", "x");
    assert_string_equal(err.message, "file 'x': bad thing '7'");
    assert_int_equal(HR_FAIL_SYS(&err, -ENOSPC, "cannot write 'y'"), HR_ENOSPC);
    assert_int_equal(err.sys_errno, ENOSPC);
    assert_non_null(strstr(err.message, "cannot write 'y': No space"));
    assert_int_equal(HR_FAIL(NULL, HR_EIO, "nobody listens"), HR_EIO);
    hr_err_prefix(NULL, "x");
    hr_err_reset(NULL);
    assert_int_equal(hr_err_at(NULL, 1, 1, 1), HR_EINTERNAL);
    hr_err_reset(&err);
    assert_int_equal(err.code, HR_OK);
    assert_int_equal(use_try(HR_AGAIN), HR_AGAIN);
    assert_int_equal(use_try(HR_OK), HR_END);
}

static void test_long_messages_are_cut(void **state)
{
    hr_err err = HR_ERR_INIT;
    char text[2000];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(HR_FAIL_SYS(&err, -EIO, "%s", text), HR_EIO);
    assert_int_equal(strlen(err.message), HR_ERR_MSG_BYTES - 1);
    hr_err_prefix(&err, "here");
    assert_int_equal(strlen(err.message), HR_ERR_MSG_BYTES - 1);
    assert_memory_equal(err.message, "here: xxx", 9);
    hr_err_prefix(&err, "%s", text); /* no room for it: the message stays */
    assert_memory_equal(err.message, "here: xxx", 9);
}

/* What a file holds is quoted in messages and goes to terminals and logs. */
static void test_messages_are_text(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"plain 'text'", "plain 'text'"},
        {"\x1b[31mred\a\n\t\x7f", "?[31mred????"},
        {"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\xc2\x9b[31m", "??[31m"},                    /* the same escape as a C1 control */
        {"\xff\xfe|\xc3|\xe2\x82", "??|?|??"},         /* no sequence, and cut ones */
        {"\xc0\xaf \xe0\x80\xaf", "?? ???"},           /* longer than need be */
        {"\xed\xa0\x80 \xf4\x90\x80\x80", "??? ????"}, /* surrogates, past the last */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hr_err err = HR_ERR_INIT;
        (void)HR_FAIL(&err, HR_EINPUT, "%s", cases[i].in);
        assert_string_equal(err.message, cases[i].out);
        hr_err_prefix(&err, "%s", cases[i].in);
        char both[64];
        snprintf(both, sizeof both, "%s: %s", cases[i].out, cases[i].out);
        assert_string_equal(err.message, both);
    }
}

static void test_crc32c(void **state)
{
    unsigned char zero[32] = {0};
    (void)state;
    /* Source: RFC 3720, B.4 */
    assert_int_equal(hr_crc32c(0, zero, 32), 0x8a9136aau);
    assert_int_equal(hr_crc32c(0, "123456789", 9), 0xe3069283u);
    assert_int_equal(hr_crc32c(hr_crc32c(0, "1234", 4), "56789", 5), 0xe3069283u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_code_has_name_text_and_exit),
                                       cmocka_unit_test(test_from_errno),
                                       cmocka_unit_test(test_err),
                                       cmocka_unit_test(test_long_messages_are_cut),
                                       cmocka_unit_test(test_messages_are_text),
                                       cmocka_unit_test(test_crc32c)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

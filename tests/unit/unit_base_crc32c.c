/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32C: the catalogue's check value, going on, and another function put in its place. */
#include "base/crc32c.h"
#include "harness.h"

static void test_values(void **state)
{
    static const uint8_t zeros[32];
    (void)state;
    assert_int_equal(hr_crc32c(0, "123456789", 9), 0xe3069283);
    assert_int_equal(hr_crc32c(0, zeros, 32), 0x8a9136aa); /* RFC 3720, B.4 */
    assert_int_equal(hr_crc32c(0, "", 0), 0);
    for (size_t cut = 0; cut <= 9; cut++)
        assert_int_equal(hr_crc32c(hr_crc32c(0, "123456789", cut), &"123456789"[cut], 9 - cut),
                         0xe3069283);
}

static uint32_t another(uint32_t crc, const void *p, size_t n)
{
    (void)p;
    return crc + (uint32_t)n;
}

static void test_install(void **state)
{
    (void)state;
    hr_crc32c_install(another);
    assert_int_equal(hr_crc32c(5, "abc", 3), 8);
    hr_crc32c_install(NULL);
    test_values(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values),
                                       cmocka_unit_test(test_install)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

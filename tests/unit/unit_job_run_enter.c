/* SPDX-License-Identifier: Apache-2.0 */
/* A task that failed is not tried again: another lane could take what it left half done for whole
 * and commit it. */
#include "harness.h"
#include "job/run_parts.h"

static hr_run run;

static void test_nobody_enters_after_a_failure(void **state)
{
    _Atomic uint32_t other = 0;
    hr_err err = HR_ERR_INIT;
    (void)state;
    assert_true(run_enter(&run, &run.merge_busy));
    assert_false(run_enter(&run, &run.merge_busy));
    run_leave(&run, &run.merge_busy, HR_AGAIN, &err);
    assert_true(run_enter(&run, &run.merge_busy));
    hr_status st = HR_FAIL(&err, HR_ENOSPC, "no room");
    run_leave(&run, &run.merge_busy, st, &err);
    assert_int_equal(run.merge_busy, 0);
    assert_int_equal(run.failed, 1); /* before the lock was free */
    assert_int_equal(run.is_over, 1);
    assert_int_equal(run.err.code, HR_ENOSPC);
    assert_false(run_enter(&run, &run.merge_busy));
    assert_false(run_enter(&run, &other));
    assert_int_equal(other, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nobody_enters_after_a_failure)};
    return cmocka_run_group_tests_name("job run_enter", tests, NULL, NULL);
}

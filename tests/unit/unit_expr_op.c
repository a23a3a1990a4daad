/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of operators made one. */
#include "harness.h"

#include "expr/expr_parts.h"
#include "ops/market/op_market.h"
#include "ops/ta/ta.h"
#include "ops/window/op_window.h"

#define OP(name_, group_)                                                                          \
    {                                                                                              \
        .name = name_, .group = group_                                                             \
    }
#define LIST(ops_)                                                                                 \
    {                                                                                              \
        .op = ops_, .n = HR_ARRAY_LEN(ops_)                                                        \
    }

static hr_arena *arena;

static int open_arena(void **unused)
{
    (void)unused;
    return hr_arena_create(&arena, NULL, (size_t)1 << 20, "operators", NULL);
}

static int close_arena(void **unused)
{
    (void)unused;
    hr_arena_destroy(&arena);
    return 0;
}

static const hr_op some[] = {OP("a", "some"), OP("b", "some")};
static const hr_op others[] = {OP("c", "others"), OP("b", "others"), OP("d", "others")};
static const hr_op more[] = {OP("c", "more"), OP("ab", "more")};
static const hr_op twice[] = {OP("e", "twice"), OP("e", "twice")};

static void test_order(void **unused)
{
    (void)unused;
    static const hr_op_list one = LIST(some);
    static const hr_op_list two = LIST(more);
    const hr_op_list *lists[] = {&one, &two};
    hr_op_list all;
    assert_int_equal(hr_ops_merge(&all, arena, lists, 2, NULL), HR_OK);
    assert_int_equal(all.n, 4);
    static const char *const names[] = {"a", "b", "c", "ab"};
    for (uint32_t i = 0; i < all.n; i++)
        assert_string_equal(all.op[i].name, names[i]);
    assert_string_equal(all.op[1].group, "some");
    assert_int_equal(hr_ops_merge(&all, arena, lists, 0, NULL), HR_OK);
    assert_int_equal(all.n, 0);
}

static void test_clash(void **unused)
{
    (void)unused;
    static const hr_op_list one = LIST(some);
    static const hr_op_list two = LIST(others);
    static const hr_op_list own = LIST(twice);
    const hr_op_list *lists[] = {&one, &two};
    hr_op_list all = {.n = 77};
    hr_err err = HR_ERR_INIT;
    assert_int_equal(hr_ops_merge(&all, arena, lists, 2, &err), HR_EEXIST);
    assert_string_equal(err.message, "two operators have the name 'b': of 'some' and of 'others'");
    assert_int_equal(all.n, 77);
    lists[1] = &own;
    assert_int_equal(hr_ops_merge(&all, arena, lists, 2, &err), HR_EEXIST);
    assert_string_equal(err.message, "two operators have the name 'e': of 'twice' and of 'twice'");
}

static void test_limits(void **unused)
{
    (void)unused;
    hr_op_list many = {.op = some, .n = HR_OPS_MAX};
    hr_op_list one = LIST(some);
    const hr_op_list *lists[] = {&many, &one};
    hr_op_list all;
    hr_err err = HR_ERR_INIT;
    assert_int_equal(hr_ops_merge(&all, arena, lists, 2, &err), HR_ELIMIT);
    assert_string_equal(err.message, "more than 65535 operators: 65537");
    assert_int_equal(hr_ops_merge(&all, arena, lists, 1, &err), HR_ENOMEM);
    assert_string_equal(err.message, "no memory for 65535 operators");
    hr_arena *small;
    assert_int_equal(hr_arena_create(&small, NULL, 8 * sizeof(hr_op), "small", NULL), HR_OK);
    lists[0] = &one;
    bool seen[2] = {false, false}; /* of the operators, of what finds them */
    hr_status st = HR_ENOMEM;
    for (size_t room = 0; room < 4 * sizeof(hr_op) && st == HR_ENOMEM; room += 16) {
        hr_arena_rewind(small, 0);
        assert_non_null(hr_arena_alloc(small, hr_arena_left(small) - room, 1));
        st = hr_ops_merge(&all, small, lists, 1, &err);
        if (st == HR_OK) break;
        seen[0] |= strcmp(err.message, "no memory for 2 operators") == 0;
        seen[1] |= strcmp(err.message, "no memory to merge operators") == 0;
    }
    assert_true(st == HR_OK && seen[0] && seen[1]);
    hr_arena_destroy(&small);
}

/* What a program has without plugins goes together, and no operator hides behind what the language
 * has in itself. */
static void test_ours(void **unused)
{
    (void)unused;
    const hr_op_list *lists[] = {&hr_ops_window, &hr_ops_ta, &hr_ops_market};
    hr_op_list all;
    assert_int_equal(hr_ops_merge(&all, arena, lists, 3, NULL), HR_OK);
    assert_int_equal(all.n, hr_ops_window.n + hr_ops_ta.n + hr_ops_market.n);
    for (uint32_t i = 0; i < all.n; i++) {
        for (uint32_t k = 0; k < i; k++)
            assert_string_not_equal(all.op[i].name, all.op[k].name);
        for (uint32_t k = 0; k < EXPR_BUILTINS; k++)
            assert_string_not_equal(all.op[i].name, hr_expr_builtins[k].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_clash, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_limits, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_ours, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

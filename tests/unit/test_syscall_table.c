/* SPDX-License-Identifier: MIT */
#include "formats/syscall_table.h"
#include "formats/xlat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *name_of(uint64_t abi, uint64_t nr)
{
    const struct rn_syscall_info *info = rn_syscall_info(abi, nr);

    return info ? info->name : "";
}

static void numbers_of_each_abi(void **state)
{
    (void)state;
    assert_string_equal(name_of(RN_ABI_X86_64, 0), "read");
    assert_string_equal(name_of(RN_ABI_X86_64, 257), "openat");
    assert_string_equal(name_of(RN_ABI_X86_64, 462), "mseal");
    assert_string_equal(name_of(RN_ABI_I386, 3), "read");
    assert_string_equal(name_of(RN_ABI_I386, 102), "socketcall");
    assert_string_equal(name_of(RN_ABI_I386, 403), "clock_gettime64");
    assert_string_equal(name_of(RN_ABI_AARCH64, 63), "read");
    assert_string_equal(name_of(RN_ABI_AARCH64, 79), "newfstatat");
    assert_string_equal(name_of(RN_ABI_X32, 515), "readv");
    assert_string_equal(name_of(RN_ABI_X32, 0x40000000u + 515), "readv");
}

static void unknown_numbers_have_no_entry(void **state)
{
    (void)state;
    assert_null(rn_syscall_info(RN_ABI_X86_64, 400));
    assert_null(rn_syscall_info(RN_ABI_X86_64, 100000));
    assert_null(rn_syscall_info(RN_ABI_X86_64, UINT64_MAX));
    assert_null(rn_syscall_info(RN_ABI_COUNT, 0));
    assert_int_equal(rn_syscall_limit(RN_ABI_COUNT), 0);
}

static void every_name_leads_back_to_its_number(void **state)
{
    (void)state;
    for (unsigned abi = 0; abi < RN_ABI_COUNT; abi++) {
        unsigned known = 0;

        for (unsigned nr = 0; nr < rn_syscall_limit(abi); nr++) {
            const struct rn_syscall_info *info = rn_syscall_info(abi, nr);

            if (!info)
                continue;
            known++;
            assert_int_equal(rn_syscall_number(abi, info->name, strlen(info->name)), nr);
        }
        assert_true(known > 300);
    }
    assert_int_equal(rn_syscall_number(RN_ABI_X86_64, "socketcall", 10), -1);
    assert_int_equal(rn_syscall_number(RN_ABI_X86_64, "rea", 3), -1);
}

static void check_arg(const struct rn_syscall_info *info, unsigned arg)
{
    const struct rn_arg *a = &info->args[arg];
    bool symbolic = a->type == RN_TYPE_FLAGS || a->type == RN_TYPE_ENUM;
    bool is_struct = a->type >= RN_TYPE_STRUCT_IN && a->type <= RN_TYPE_STRUCT_INOUT;

    assert_non_null(a->name);
    assert_true(a->size_arg < info->arg_count || a->size_arg == RN_ARG_RETURN ||
                a->size_arg == RN_ARG_NONE);
    assert_int_equal(symbolic, a->xlat != RN_XLAT_NONE);
    if (is_struct) {
        assert_true(a->bytes > 0);
        assert_int_not_equal(a->struct_type, RN_STRUCT_RAW);
    }
}

static void check_info(const struct rn_syscall_info *info)
{
    assert_true(info->arg_count <= 6);
    for (unsigned arg = 0; arg < info->arg_count; arg++)
        check_arg(info, arg);
}

static void entries_are_well_formed(void **state)
{
    (void)state;
    for (unsigned abi = 0; abi < RN_ABI_COUNT; abi++)
        for (unsigned nr = 0; nr < rn_syscall_limit(abi); nr++) {
            const struct rn_syscall_info *info = rn_syscall_info(abi, nr);

            for (unsigned i = 0; info && i <= info->variants; i++)
                check_info(&info[i]);
        }
}

static const struct rn_syscall_info *info_for(uint64_t nr, uint64_t arg0, uint64_t arg1)
{
    struct rn_syscall call = {.nr = nr, .abi = RN_ABI_X86_64, .args = {arg0, arg1}};

    return rn_syscall_info_for(&call);
}

static void variants_go_by_operation(void **state)
{
    (void)state;
    assert_int_equal(info_for(72, 3, 1030)->return_type, RN_RETURN_FD);    /* F_DUPFD_CLOEXEC */
    assert_int_equal(info_for(72, 3, 6)->args[2].type, RN_TYPE_STRUCT_IN); /* F_SETLK */
    assert_int_equal(info_for(72, 3, 6)->args[2].struct_type, RN_STRUCT_FLOCK);
    assert_int_equal(info_for(72, 3, 999)->args[2].type, RN_TYPE_HEX);
    assert_int_equal(info_for(202, 0x1000, 0x80)->args[3].type, RN_TYPE_STRUCT_IN); /* WAIT */
    assert_int_equal(info_for(202, 0x1000, 0x81)->arg_count, 3);                    /* WAKE */
    assert_int_equal(info_for(202, 0x1000, 0x181)->arg_count, 3);
    assert_int_equal(info_for(16, 0, 0xffffffff0000541b)->args[2].type, RN_TYPE_STRUCT_OUT);
    assert_ptr_equal(info_for(0, 72, 1030), rn_syscall_info(RN_ABI_X86_64, 0));
    assert_null(info_for(100000, 0, 0));
}

static void sizes_follow_the_abi(void **state)
{
    int nr32 = rn_syscall_number(RN_ABI_I386, "rt_sigaction", 12);

    (void)state;
    assert_int_equal(rn_syscall_info(RN_ABI_X86_64, 13)->args[1].bytes, 32);
    assert_int_equal(rn_syscall_info(RN_ABI_I386, (uint64_t)nr32)->args[1].bytes, 20);
    assert_int_equal(rn_syscall_info(RN_ABI_X32, 515)->args[1].bytes, 8);
    assert_int_equal(rn_syscall_info(RN_ABI_X86_64, 232)->args[1].bytes, 12); /* epoll_wait */
    assert_int_equal(rn_syscall_info(RN_ABI_AARCH64, 22)->args[1].bytes, 16); /* epoll_pwait */
    assert_ptr_equal(rn_syscall_info(RN_ABI_I386, 3), rn_syscall_info(RN_ABI_X86_64, 0));
}

static void what_capture_relies_on(void **state)
{
    const struct rn_syscall_info *read = rn_syscall_info(RN_ABI_X86_64, 0);
    const struct rn_syscall_info *getrandom = rn_syscall_info(RN_ABI_X86_64, 318);
    const struct rn_syscall_info *accept4 = rn_syscall_info(RN_ABI_X86_64, 288);

    (void)state;
    assert_int_equal(read->args[1].type, RN_TYPE_BUFFER_OUT);
    assert_int_equal(read->args[1].size_arg, RN_ARG_RETURN);
    assert_int_equal(getrandom->args[0].type, RN_TYPE_POINTER);
    assert_int_equal(accept4->return_type, RN_RETURN_FD);
    assert_int_equal(accept4->args[1].type, RN_TYPE_SOCKADDR_OUT);
    assert_int_equal(accept4->args[1].size_arg, 2);
    assert_int_equal(rn_syscall_info(RN_ABI_X86_64, 60)->return_type, RN_RETURN_NONE);
}

static void classes(void **state)
{
    (void)state;
    assert_int_equal(rn_syscall_class("file", 4), RN_CLASS_FILE);
    assert_int_equal(rn_syscall_class("%network", 8), RN_CLASS_NETWORK);
    assert_int_equal(rn_syscall_class("files", 5), 0);
    assert_int_equal(rn_syscall_class("", 0), 0);
    assert_int_equal(rn_syscall_class("%", 1), 0);
    for (unsigned i = 0; rn_syscall_class_names[i]; i++)
        assert_int_not_equal(
            rn_syscall_class(rn_syscall_class_names[i], strlen(rn_syscall_class_names[i])), 0);
    assert_int_equal(rn_syscall_info(RN_ABI_X86_64, 257)->classes, RN_CLASS_DESC | RN_CLASS_FILE);
    assert_string_equal(rn_abi_name(RN_ABI_I386), "i386");
    assert_string_equal(rn_abi_name(99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_each_abi),
        cmocka_unit_test(unknown_numbers_have_no_entry),
        cmocka_unit_test(every_name_leads_back_to_its_number),
        cmocka_unit_test(entries_are_well_formed),
        cmocka_unit_test(variants_go_by_operation),
        cmocka_unit_test(sizes_follow_the_abi),
        cmocka_unit_test(what_capture_relies_on),
        cmocka_unit_test(classes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

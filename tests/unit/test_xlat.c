/* SPDX-License-Identifier: MIT */
#include "formats/xlat.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <cmocka.h>

static void check(struct rn_buf *buf, const char *expected)
{
    rn_buf_byte(buf, '\0');
    assert_string_equal((const char *)buf->data, expected);
    rn_buf_free(buf);
}

static void check_flags(unsigned xlat, uint64_t value, const char *expected)
{
    struct rn_buf buf = RN_BUF_INIT;

    rn_xlat_flags(&buf, xlat, value);
    check(&buf, expected);
}

static void check_enum(unsigned xlat, uint64_t value, const char *expected)
{
    struct rn_buf buf = RN_BUF_INIT;

    rn_xlat_enum(&buf, xlat, value);
    check(&buf, expected);
}

static void flags_by_name(void **state)
{
    (void)state;
    check_flags(RN_XLAT_OPEN, O_RDONLY | O_CLOEXEC, "O_RDONLY|O_CLOEXEC");
    check_flags(RN_XLAT_OPEN, O_RDWR | O_CREAT | O_SYNC, "O_RDWR|O_CREAT|O_SYNC");
    check_flags(RN_XLAT_OPEN, O_WRONLY | O_DSYNC, "O_WRONLY|O_DSYNC");
    check_flags(RN_XLAT_OPEN, 0x40000000, "O_RDONLY|0x40000000");
    check_flags(RN_XLAT_OPEN_AARCH64, 040000, "O_RDONLY|O_DIRECTORY");
    check_flags(RN_XLAT_MMAP_PROT, 0, "PROT_NONE");
    check_flags(RN_XLAT_MMAP_PROT, PROT_READ | PROT_EXEC, "PROT_READ|PROT_EXEC");
    check_flags(RN_XLAT_MMAP_FLAGS, MAP_PRIVATE | MAP_ANONYMOUS, "MAP_PRIVATE|MAP_ANONYMOUS");
    check_flags(RN_XLAT_ACCESS_MODE, 0, "F_OK");
    check_flags(RN_XLAT_ACCESS_MODE, 5, "R_OK|X_OK");
    check_flags(RN_XLAT_CLONE_FLAGS, 0x1200011, "CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD");
    check_flags(RN_XLAT_FUTEX_OP, 0x189, "FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME");
    check_flags(RN_XLAT_FUTEX_OP, 0, "FUTEX_WAIT");
    check_flags(RN_XLAT_SOCKET_TYPE, 0x80801, "SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK");
}

static void flags_without_a_name(void **state)
{
    (void)state;
    check_flags(RN_XLAT_AT, 0, "0");
    check_flags(RN_XLAT_AT, 0x10000000, "0x10000000");
    check_flags(RN_XLAT_NONE, 5, "0x5");
    check_flags(RN_XLAT_COUNT, UINT64_MAX, "0xffffffffffffffff");
}

static void enumerations(void **state)
{
    (void)state;
    check_enum(RN_XLAT_WHENCE, 2, "SEEK_END");
    check_enum(RN_XLAT_SOCKET_DOMAIN, 1, "AF_UNIX");
    check_enum(RN_XLAT_SOCKET_DOMAIN, 10, "AF_INET6");
    check_enum(RN_XLAT_WHENCE, 7, "7");
    check_enum(RN_XLAT_WHENCE, 0x1234, "0x1234");
    check_enum(RN_XLAT_NONE, 3, "3");
    check_enum(RN_XLAT_COUNT + 7, 3, "3");
    check_enum(RN_XLAT_RLIMIT, 7, "RLIMIT_NOFILE");
}

static void errno_names(void **state)
{
    (void)state;
    assert_string_equal(rn_errno_name(ENOENT), "ENOENT");
    assert_string_equal(rn_errno_name(EAGAIN), "EAGAIN");
    assert_string_equal(rn_errno_text(ENOENT), "No such file or directory");
    assert_string_equal(rn_errno_name(512), "ERESTARTSYS");
    assert_null(rn_errno_name(0));
    assert_null(rn_errno_name(-1));
    assert_null(rn_errno_name(41));
    assert_null(rn_errno_text(4095));
    assert_int_equal(rn_errno_from_name("ENOENT", 6), ENOENT);
    assert_int_equal(rn_errno_from_name("ENOEN", 5), 0);
    assert_int_equal(rn_errno_from_name("", 0), 0);
}

static void errno_agrees_with_libc(void **state)
{
    (void)state;
    for (int error = 1; error < 134; error++) {
        const char *ours = rn_errno_name(error), *theirs = strerrorname_np(error);

        if (ours && theirs) {
            assert_string_equal(ours, theirs);
            assert_string_equal(rn_errno_text(error), strerrordesc_np(error));
        } else {
            assert_true(!ours == !theirs);
        }
    }
}

static void signal_names(void **state)
{
    (void)state;
    assert_string_equal(rn_signal_name(SIGCHLD), "SIGCHLD");
    assert_string_equal(rn_signal_name(32), "SIGRTMIN");
    assert_string_equal(rn_signal_name(34), "SIGRT_2");
    assert_string_equal(rn_signal_name(64), "SIGRT_32");
    assert_string_equal(rn_signal_name(0), "0");
    assert_string_equal(rn_signal_name(65), "SIG???");
    assert_string_equal(rn_signal_name(UINT32_MAX), "SIG???");
    assert_int_equal(rn_signal_from_name("SIGKILL", 7), SIGKILL);
    assert_int_equal(rn_signal_from_name("KILL", 4), SIGKILL);
    assert_int_equal(rn_signal_from_name("RT_2", 4), 34);
    assert_int_equal(rn_signal_from_name("SIG", 3), 0);
    assert_int_equal(rn_signal_from_name("", 0), 0);
    assert_int_equal(rn_signal_from_name("SIGKILLS", 8), 0);
}

static void ioctl_names(void **state)
{
    (void)state;
    assert_string_equal(rn_ioctl_name(TIOCGWINSZ), "TIOCGWINSZ");
    assert_string_equal(rn_ioctl_name(0x5401), "TCGETS");
    assert_string_equal(rn_ioctl_name(0x40049409), "FICLONE");
    assert_null(rn_ioctl_name(0x12345678));
    assert_null(rn_ioctl_name(0xffffffff00005401));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_by_name),
        cmocka_unit_test(flags_without_a_name),
        cmocka_unit_test(enumerations),
        cmocka_unit_test(errno_names),
        cmocka_unit_test(errno_agrees_with_libc),
        cmocka_unit_test(signal_names),
        cmocka_unit_test(ioctl_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

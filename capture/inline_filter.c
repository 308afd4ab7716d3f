/* SPDX-License-Identifier: MIT */
#include "inline_filter.h"

#include "inject/blob_image.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define LOAD_HIGH(field)                                                                           \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field) + 4)
#define IF_EQUAL(value, then, otherwise)                                                           \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), then, otherwise)
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)

enum rn_status rn_inline_filter_install(struct rn_error *err)
{
    /* The address is compared first: it decides for nearly all calls. The blob lies below 4 GiB. */
    struct sock_filter filter[] = {
        LOAD(instruction_pointer),
        IF_EQUAL(rn_blob_symbols.program_return, 2, 0),
        IF_EQUAL(rn_blob_symbols.own_return, 1, 0),
        IF_EQUAL(rn_blob_symbols.script_return, 0, 4),
        LOAD_HIGH(instruction_pointer),
        IF_EQUAL(0, 0, 2),
        LOAD(arch),
        IF_EQUAL(AUDIT_ARCH_X86_64, 1, 0),
        RETURN(SECCOMP_RET_TRACE),
        RETURN(SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0)
        return RN_OK;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0)
        return RN_OK;
    return rn_fail(err, RN_E_SYSTEM, "cannot install the system call filter");
}

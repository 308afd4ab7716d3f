/* SPDX-License-Identifier: MIT */
#include "syscall_table.h"

#include "gen_tables.h"

#include <string.h>

#define X32_SYSCALL_BIT 0x40000000u

static const uint16_t class_bits[] = {
    RN_CLASS_FILE,  RN_CLASS_NETWORK, RN_CLASS_PROCESS, RN_CLASS_MEMORY,
    RN_CLASS_IPC,   RN_CLASS_DESC,    RN_CLASS_SIGNAL,  RN_CLASS_CREDS,
    RN_CLASS_CLOCK, RN_CLASS_STAT,    RN_CLASS_PURE,
};
const char *const rn_syscall_class_names[] = {
    "file",   "network", "process", "memory", "ipc",  "desc",
    "signal", "creds",   "clock",   "stat",   "pure", NULL,
};
_Static_assert(sizeof(class_bits) / sizeof(class_bits[0]) + 1 ==
                   sizeof(rn_syscall_class_names) / sizeof(rn_syscall_class_names[0]),
               "every class has a name");

const struct rn_syscall_info *rn_syscall_info(uint64_t abi, uint64_t nr)
{
    const struct rn_syscall_numbers *numbers;

    if (abi >= RN_ABI_COUNT)
        return NULL;
    if (abi == RN_ABI_X32)
        nr &= ~(uint64_t)X32_SYSCALL_BIT;
    numbers = &rn_syscall_numbers[abi];
    if (nr >= numbers->count || !numbers->infos[nr])
        return NULL;
    return &rn_syscall_infos[numbers->infos[nr]];
}

static bool variant_applies(const struct rn_syscall_info *variant, const uint64_t args[6])
{
    uint64_t value = args[variant->select_arg] & variant->select_mask;

    for (unsigned i = 0; i < variant->select_count; i++) {
        if (variant->select_values[i] == value)
            return true;
    }
    return false;
}

const struct rn_syscall_info *rn_syscall_info_for(const struct rn_syscall *call)
{
    const struct rn_syscall_info *info = rn_syscall_info(call->abi, call->nr);

    if (!info)
        return NULL;
    for (unsigned i = 1; i <= info->variants; i++) {
        if (variant_applies(&info[i], call->args))
            return &info[i];
    }
    return info;
}

int rn_syscall_number(enum rn_abi abi, const char *name, size_t length)
{
    unsigned limit = rn_syscall_limit(abi);

    for (unsigned nr = 0; nr < limit; nr++) {
        const struct rn_syscall_info *info = rn_syscall_info(abi, nr);

        if (info && strlen(info->name) == length && memcmp(info->name, name, length) == 0)
            return (int)nr;
    }
    return -1;
}

unsigned rn_syscall_limit(enum rn_abi abi)
{
    return (unsigned)abi < RN_ABI_COUNT ? rn_syscall_numbers[abi].count : 0;
}

uint16_t rn_syscall_class(const char *name, size_t length)
{
    if (length && *name == '%') {
        name++;
        length--;
    }
    for (unsigned i = 0; rn_syscall_class_names[i]; i++) {
        const char *known = rn_syscall_class_names[i];

        if (strlen(known) == length && memcmp(known, name, length) == 0)
            return class_bits[i];
    }
    return 0;
}

const char *rn_abi_name(uint64_t abi)
{
    static const char *const names[RN_ABI_COUNT] = {
        [RN_ABI_X86_64] = "x86_64",
        [RN_ABI_I386] = "i386",
        [RN_ABI_X32] = "x32",
        [RN_ABI_AARCH64] = "aarch64",
    };

    return abi < RN_ABI_COUNT ? names[abi] : "unknown";
}

bool rn_syscall_find(const char *label, size_t length, uint64_t *abi, uint64_t *nr)
{
    const char *at = memchr(label, '@', length);
    size_t name = at ? (size_t)(at - label) : length;
    int number;

    for (*abi = 0; *abi < RN_ABI_COUNT; ++*abi) {
        const char *known = rn_abi_name(*abi);

        if (at ? strlen(known) == length - name - 1 && memcmp(known, at + 1, strlen(known)) == 0
               : *abi == RN_ABI_X86_64)
            break;
    }
    if (*abi == RN_ABI_COUNT)
        return false;
    number = rn_syscall_number((enum rn_abi)*abi, label, name);
    *nr = (uint64_t)number;
    return number >= 0;
}

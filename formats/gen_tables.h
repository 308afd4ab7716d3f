/* SPDX-License-Identifier: MIT */
/* What scripts/gen_xlat.awk and scripts/gen_syscalls.awk make: private to xlat.c and
 * syscall_table.c. */
#ifndef RN_GEN_TABLES_H
#define RN_GEN_TABLES_H

#include "syscall_table.h"
#include "xlat.h"

#include <stdint.h>

struct rn_xlat_entry {
    const char *name; /* NULL in holes of an indexed table */
    uint64_t value;
    uint64_t mask;    /* flags: the bits this name speaks of */
    const char *text; /* indexed tables: a description, may be NULL */
};

enum rn_xlat_kind {
    RN_XLAT_KIND_FLAGS,
    RN_XLAT_KIND_ENUM,
    RN_XLAT_KIND_INDEX, /* an enumeration whose entry i has value i */
};

struct rn_xlat_table {
    const struct rn_xlat_entry *entries;
    uint32_t count;
    uint8_t kind; /* enum rn_xlat_kind */
};
extern const struct rn_xlat_table rn_xlat_tables[RN_XLAT_COUNT];

/* By ABI and number: index into rn_syscall_infos, 0 where there is none. */
struct rn_syscall_numbers {
    const uint16_t *infos;
    uint32_t count;
};
extern const struct rn_syscall_info rn_syscall_infos[];
extern const struct rn_syscall_numbers rn_syscall_numbers[RN_ABI_COUNT];

#endif

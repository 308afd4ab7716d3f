/* SPDX-License-Identifier: MIT */
/* Between the files of patch_elf.h. */
#ifndef RN_PATCH_ELF_PRIVATE_H
#define RN_PATCH_ELF_PRIVATE_H

#include "patch_elf.h"

/* Set elf->symbols from the section headers, if they are there. */
void rn_patch_elf_find_symbols(struct rn_patch_elf *elf);

#endif

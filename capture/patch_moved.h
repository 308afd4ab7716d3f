/* SPDX-License-Identifier: MIT */
/* Sites whose instructions before the system call can be executed in a stub (RN_SITE_MOVED). */
#ifndef RN_PATCH_MOVED_H
#define RN_PATCH_MOVED_H

#include "patch.h"
#include "patch_cover.h"

/* Is there one that ends with the `syscall` at `offset`, which is certain to be an instruction? */
bool rn_patch_moved_fits(struct rn_patch_cover *cover, size_t offset, struct rn_site *site);

/* System calls that are made from where they stand, by number. */
bool rn_patch_number_stays(uint32_t number);

#endif

/* SPDX-License-Identifier: MIT */
/* Sites that a direct branch leads into the middle of. */
#ifndef RN_PATCH_BRANCH_H
#define RN_PATCH_BRANCH_H

#include "patch.h"
#include "patch_cover.h"

/* Look at every byte of cover's code that can begin a direct branch (of eight or 32 bits distance)
 * to a replaced byte of a site that must not be jumped to. Unless it is certain that an instruction
 * of another kind stands there, the site's kind is set to 0. The sites are sorted. RN_E_NOMEM. */
RN_MUST_CHECK enum rn_status rn_patch_branch_check(struct rn_patch_cover *cover,
                                                   struct rn_site *sites, size_t count,
                                                   struct rn_error *err);

#endif

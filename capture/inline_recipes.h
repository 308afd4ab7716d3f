/* SPDX-License-Identifier: MIT */
/* What the injected code does with each system call: derived from the table of system calls, so
 * that both engines store the same. */
#ifndef RN_INLINE_RECIPES_H
#define RN_INLINE_RECIPES_H

#include "inject/blob_layout.h"

#include <stdint.h>

/* Fill the recipes and variants of the configuration. selected: bitmap of x86-64 numbers; what is
 * not selected passes unrecorded, unless the engine must see it in any case. */
void rn_inline_recipes(struct rn_blob_config *config, const uint64_t selected[1024 / 64]);

#endif

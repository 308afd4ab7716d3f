/* SPDX-License-Identifier: MIT */
/* Where files of code and their debug information come from that are not on this machine. It is the
 * caller's: nothing here talks to a network. */
#ifndef RN_DEBUG_SOURCE_H
#define RN_DEBUG_SOURCE_H

#include "code_module.h"

enum rn_debug_kind { RN_DEBUG_INFO, RN_DEBUG_EXECUTABLE };

struct rn_debug_source {
    void *context;
    /* The path of a file (malloc'ed) that is said to be of the module's build-id, which is never
     * empty; NULL: there is none. Asked once for each module and kind at most. */
    char *(*find)(void *context, const struct rn_code_module *module, enum rn_debug_kind kind);
    /* What `find` gave has another build-id, or is no file of code: it is not used. May be NULL. */
    void (*refused)(void *context, const struct rn_code_module *module, enum rn_debug_kind kind);
};

#endif

/* SPDX-License-Identifier: MIT */
/* Directories that are CTF traces: that hold a file "metadata" of TSDL, in packets or as plain
 * text. */
#ifndef RN_CTF_FIND_H
#define RN_CTF_FIND_H

#include "formats/status.h"

#include <stddef.h>

#define RN_CTF_TRACES_MAX 256u
#define RN_CTF_DEPTH_MAX  8u /* of directories below the one that is named */

/* Call `function` with the path of each, in order of names, the outer ones first, until it returns
 * false. Symbolic links are not followed. Returns how many there were; errors are as if nothing
 * were there. */
size_t rn_ctf_find(const char *path, bool (*function)(void *context, const char *path),
                   void *context);

#endif

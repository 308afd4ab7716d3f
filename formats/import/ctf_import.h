/* SPDX-License-Identifier: MIT */
/* A CTF trace that is open, as a recording; the format rn_ctf_import is this on a directory. */
#ifndef RN_CTF_IMPORT_H
#define RN_CTF_IMPORT_H

#include "ctf_source.h"
#include "import.h"

RN_MUST_CHECK enum rn_status rn_ctf_import_source(struct rn_ctf_source *source,
                                                  struct rn_import *import, struct rn_error *err);

#endif

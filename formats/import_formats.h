/* SPDX-License-Identifier: MIT */
/* The formats that can be read: one object each, in the file that reads it. */
#ifndef RN_IMPORT_FORMATS_H
#define RN_IMPORT_FORMATS_H

#include "import.h"

extern const struct rn_import_format rn_ctf_import;

#endif

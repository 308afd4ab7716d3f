/* SPDX-License-Identifier: MIT */
/* The formats that can be read: one object each, in the file that reads it. */
#ifndef RN_IMPORT_FORMATS_H
#define RN_IMPORT_FORMATS_H

#include "import.h"

extern const struct rn_import_format rn_nsys_import; /* nsys_read.c */
extern const struct rn_import_format rn_strace_import;
extern const struct rn_import_format rn_perf_script_import, rn_perf_json_import;
extern const struct rn_import_format rn_otlp_json_import, rn_otlp_proto_import;
extern const struct rn_import_format rn_decision_import;
extern const struct rn_import_format rn_chrome_import; /* chrome_read.c */
extern const struct rn_import_format rn_ctf_import;

#endif

/* SPDX-License-Identifier: MIT */
/* Recordings as rows of tables: the exports of rn-convert that are no slices. */
#ifndef RN_CLI_CONVERT_ROWS_H
#define RN_CLI_CONVERT_ROWS_H

#include "cli_convert.h"

extern const struct cli_export_format cli_sqlite_export, cli_avro_export;

#endif

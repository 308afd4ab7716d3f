/* SPDX-License-Identifier: MIT */
/* What the files that write Avro data sets share. */
#ifndef RN_AVRO_PRIVATE_H
#define RN_AVRO_PRIVATE_H

#include "formats/buf.h"
#include "rows.h"

#define RN_AVRO_UUID_TEXT 37u /* bytes, with the NUL */

/* avro_encode.c. The schema of a table: a record of its columns behind `recording`, the UUID. */
void rn_avro_schema(const struct rn_row_table *table, struct rn_buf *out);
/* A row in Avro's binary encoding. Text that is no UTF-8, which Avro has no place for, is escaped:
 * \xNN for its control characters and what is no UTF-8. */
void rn_avro_encode(const struct rn_row *row, const char *uuid, struct rn_buf *out);
/* Lower case, with dashes. */
void rn_avro_uuid(const uint8_t uuid[16], char text[RN_AVRO_UUID_TEXT]);

/* avro_path.c. Days are counted from 1970-01-01, UTC. */
#define RN_AVRO_NO_DAY UINT64_MAX /* data sets that are not divided by days */
/* "TABLE[/day=YYYY-MM-DD][/host=NAME]/UUID-N.avro", NUL-terminated. What a host name may not have
 * in a directory's name is %NN, as Hive and Spark read it; host NULL: none; "" or not known is
 * Hive's name for that. */
void rn_avro_path(const char *table, uint64_t day, const char *host, const char *uuid,
                  uint64_t number, struct rn_buf *out);
/* Is that (`size` bytes) a path that rn_avro_path could have made for this recording? */
bool rn_avro_path_is_own(const char *path, size_t size, const char *uuid);
/* Make the directories above `path`, which is below the directory `root`. */
RN_MUST_CHECK enum rn_status rn_avro_make_above(int root, const char *path, struct rn_error *err);

/* avro_files.c: which files of a data set are of which recording. They lie in a directory of their
 * own beside the tables: ROOT/_recordings/UUID, one path a line. */
/* Remove the files that were of the recording and are not in `files` (paths, each with its NUL,
 * sorted as they were made), then note that these are. */
RN_MUST_CHECK enum rn_status rn_avro_replace_list(int root, const char *uuid,
                                                  const struct rn_buf *files, struct rn_error *err);

#endif

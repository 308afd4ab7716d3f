/* SPDX-License-Identifier: MIT */
/* A file or pipe of another tool, read once from begin to end, in pieces or by lines. What is
 * packed with gzip, bzip2, xz, zstd or lz4 is unpacked: by libarchive, so this is in
 * archive_input.c. Memory: 1 MiB, and the longest line.
 *
 * Not thread-safe. What is handed out is borrowed until the next call. */
#ifndef RN_INPUT_H
#define RN_INPUT_H

#include "status.h"

#include <stddef.h>
#include <stdint.h>

struct rn_input;

#define RN_INPUT_LINE_MAX (16u << 20) /* bytes of a line */
#define RN_INPUT_PEEK_MAX (64u << 10)

/* `path` "-": standard input. A directory is RN_E_USAGE. */
RN_MUST_CHECK enum rn_status rn_input_open(const char *path, struct rn_input **out,
                                           struct rn_error *err);
void rn_input_free(struct rn_input *input);              /* accepts NULL */
const char *rn_input_name(const struct rn_input *input); /* for messages */

/* The first bytes, at most RN_INPUT_PEEK_MAX of them, which stay to be read. Before anything else
 * was read. */
RN_MUST_CHECK enum rn_status rn_input_peek(struct rn_input *input, const uint8_t **data,
                                           size_t *size, struct rn_error *err);

/* The next bytes, at least one; RN_EOF at the end. */
RN_MUST_CHECK enum rn_status rn_input_next(struct rn_input *input, const uint8_t **data,
                                           size_t *size, struct rn_error *err);

/* The next line without its end (\n or \r\n), and with a NUL behind it; the last one may lack the
 * end. RN_EOF at the end; RN_E_LIMIT for a line that is too long, after which reading goes on
 * behind it. Use either this or rn_input_next on an input, not both. */
RN_MUST_CHECK enum rn_status rn_input_line(struct rn_input *input, char **line, size_t *size,
                                           struct rn_error *err);

/* Where what was handed out last begins: bytes, unpacked, from 0; lines from 1. */
uint64_t rn_input_offset(const struct rn_input *input);
uint64_t rn_input_line_number(const struct rn_input *input);

#endif

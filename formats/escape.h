/* SPDX-License-Identifier: MIT */
/* Text that comes from a traced program or from a file, made safe to show. */
#ifndef RN_ESCAPE_H
#define RN_ESCAPE_H

#include "buf.h"

/* As strace prints strings, in double quotes: C escapes, octal for what is not printable ASCII. At
 * most `limit` bytes of `size` are shown; "..." follows where bytes are left out or `more` is set.
 */
void rn_escape_c(struct rn_buf *out, const uint8_t *data, size_t size, size_t limit, bool more);

/* A JSON value: a string in its quotes where the bytes are text, that is valid UTF-8 without NUL;
 * else an array of their numbers, so that nothing is lost and every parser of JSON takes it. */
void rn_escape_json(struct rn_buf *out, const uint8_t *data, size_t size);
/* Always an array of numbers. */
void rn_escape_json_bytes(struct rn_buf *out, const uint8_t *data, size_t size);

/* Are the bytes text: valid UTF-8 without NUL? */
bool rn_text_valid(const uint8_t *data, size_t size);

/* Value of a hexadecimal digit of either case, -1 for anything else. */
int rn_hex_digit(char c);

/* Two lower-case hexadecimal digits a byte, without quotes. */
void rn_escape_hex(struct rn_buf *out, const uint8_t *data, size_t size);

/* A CSV field (RFC 4180): quoted where needed; control characters as in rn_escape_c. */
void rn_escape_csv(struct rn_buf *out, const uint8_t *data, size_t size);

/* For HTML, in text and in quoted attributes: what has a meaning there becomes a reference, the
 * rest is as in rn_escape_terminal. */
void rn_escape_html(struct rn_buf *out, const uint8_t *data, size_t size);

/* For the middle of a line on a terminal: control characters, bytes that are not valid UTF-8, and
 * U+FFFE and U+FFFF become \xNN. What is left is characters of XML 1.0, too. */
void rn_escape_terminal(struct rn_buf *out, const uint8_t *data, size_t size);

/* Length of the valid UTF-8 sequence at `data`, of which there are `size` bytes, at least one; 0 if
 * there is none: overlong forms, surrogates and numbers above U+10FFFF are not valid. */
size_t rn_utf8_length(const uint8_t *data, size_t size);

#endif

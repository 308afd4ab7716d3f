/* SPDX-License-Identifier: MIT */
/* Files that are kept from one recording to the next, in $XDG_CACHE_HOME/renacer (else
 * ~/.cache/renacer). The directory and what is in it is believed only if it belongs to the
 * effective user and nobody else may write it. A file ends with the CRC-64 of all before it
 * (little-endian). A cache that cannot be used is no error: the work is done again. */
#ifndef RN_CACHE_FILES_H
#define RN_CACHE_FILES_H

#include "formats/buf.h"

/* A descriptor of the directory, made if missing; -1: none that can be trusted. NULL: the usual
 * place. The caller closes it. */
int rn_cache_files_open(const char *directory);

/* Append the content of the file of that name, without its checksum; false, with `out` as it was,
 * where there is none, it has more than `limit` bytes or it cannot be believed. `directory` may
 * be -1. */
bool rn_cache_file_read(int directory, const char *name, size_t limit, struct rn_buf *out);

/* Replace it, at once and whole; `content` gets the checksum at its end. The name may have up to 27
 * bytes. */
void rn_cache_file_write(int directory, const char *name, struct rn_buf *content);

#endif

/* SPDX-License-Identifier: MIT */
/* What code is called that a program made while it ran: from the perf map that it wrote
 * (formats/perf_map.h), or from what a recording carries with it (formats/symbol_table.h).
 *
 * Anybody can write into /tmp, and pids are used again. Believed is the file that the recording
 * shows the process open for writing, by device and inode, under the name that the process gave it
 * (which tells the pid that it sees itself); where no opening was recorded, /tmp/perf-PID.map of
 * the process that this boot of this machine ran. In both cases it must be a regular file of the
 * process's user or of the reader, not a symbolic link, not older than the process and not changed
 * after the recording's end (unless the process goes on), of at most RN_PERF_MAP_BYTES_MAX. Of
 * two processes with one pid in one recording the later one's file is all there is.
 *
 * Files are read when first needed, and again when they have grown by an eighth. Memory: the files,
 * and some 100 bytes for each address that was asked for. Not thread-safe. */
#ifndef RN_JIT_NAMES_H
#define RN_JIT_NAMES_H

#include "formats/reader.h"
#include "formats/symbol_table.h"
#include "trace.h"

struct rn_jit_names;

/* Both are borrowed for as long as the result. NULL: no memory. */
struct rn_jit_names *rn_jit_names_new(struct rn_trace *trace, struct rn_reader *reader);
void rn_jit_names_free(struct rn_jit_names *names); /* accepts NULL */

/* Every event, behind rn_trace_feed. */
RN_MUST_CHECK enum rn_status rn_jit_names_feed(struct rn_jit_names *names,
                                               const struct rn_event *event, struct rn_error *err);

/* What lies at the address in the process of the stream; for a return address ask for the byte
 * before it. Valid as long as `names`. NULL: *reason (static) says why, or is NULL where nothing is
 * known of such code in the process, or there is no memory. */
const struct rn_symbol *rn_jit_names_find(struct rn_jit_names *names, uint64_t stream,
                                          uint64_t address, const char **reason);
/* Does the address lie behind something in a named piece of code, as return addresses do, and
 * pointers to functions do not? */
bool rn_jit_names_returns(struct rn_jit_names *names, uint64_t stream, uint64_t address);

/* A name that the recording carries with it: rn_symbol_names_read calls it. */
enum rn_status rn_jit_names_add(void *names, uint64_t stream, uint64_t address, const char *name,
                                struct rn_error *err);
/* All that was found so far, into a table for a recording. */
RN_MUST_CHECK enum rn_status rn_jit_names_fill(const struct rn_jit_names *names,
                                               struct rn_symbol_table *table, struct rn_error *err);

#endif

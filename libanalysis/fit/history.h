/* SPDX-License-Identifier: MIT */
/* A history of runs in an SQLite file, whose schema is in rn-history(5).
 *
 * Adding is idempotent: a run is known by the UUID of its recording. One that is there already
 * changes nothing, unless the recording that is added says more (it was not sealed, or cut, at the
 * time): then it takes the place of the old one. Each addition is one transaction.
 *
 * Not thread-safe; several processes may use one file. */
#ifndef RN_HISTORY_H
#define RN_HISTORY_H

#include "fit.h"
#include "run.h"

#define RN_HISTORY_VERSION 1

struct rn_history;

/* `path` NULL: in memory. Made where it is not there and `writable` is set. RN_E_FORMAT: it is not
 * a history; RN_E_VERSION: of a later version. */
RN_MUST_CHECK enum rn_status rn_history_open(const char *path, bool writable,
                                             struct rn_history **out, struct rn_error *err);
void rn_history_free(struct rn_history *history);

enum rn_history_result { RN_HISTORY_ADDED, RN_HISTORY_KNOWN, RN_HISTORY_REPLACED };
RN_MUST_CHECK enum rn_status rn_history_add(struct rn_history *history, const struct rn_run *run,
                                            enum rn_history_result *result, struct rn_error *err);

struct rn_history_machine {
    int64_t id;
    uint64_t fingerprint, cpu_fingerprint;
    char *cpu, *gpu;
    uint64_t runs, samples;
};
/* Those that have runs, the one that was recorded last first. Free with rn_history_machines_free.
 */
RN_MUST_CHECK enum rn_status rn_history_machines(struct rn_history *history,
                                                 struct rn_history_machine **out, size_t *count,
                                                 struct rn_error *err);
void rn_history_machines_free(struct rn_history_machine *machines, size_t count);

/* Everything of that machine goes into the fit; operation NULL: all. */
RN_MUST_CHECK enum rn_status rn_history_fill(struct rn_history *history, int64_t machine,
                                             const char *operation, struct rn_fit *fit,
                                             struct rn_error *err);

#endif

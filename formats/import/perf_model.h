/* SPDX-License-Identifier: MIT */
/* What events of perf become in a recording, whatever form they were printed in:
 *
 * - entries and exits of system calls (raw_syscalls, syscalls): one system call each pair
 * - sched_process_fork, _exec, _exit, or perf's own records of them: events of processes
 * - sched_switch: a span for each stretch that a thread ran, on a track for each CPU
 * - signal_deliver: signals
 * - all others: moments of their threads, with their text and call chain
 *
 * Memory: some hundred bytes a thread and CPU. */
#ifndef RN_PERF_MODEL_H
#define RN_PERF_MODEL_H

#include "import.h"
#include "perf_sample.h"

#define RN_PERF_CPUS 8192u

struct rn_perf_model;
struct rn_perf_model *rn_perf_model_new(struct rn_import *import, enum rn_abi abi); /* NULL: no
                                                                                     * memory */
void rn_perf_model_free(struct rn_perf_model *model); /* accepts NULL */

/* In order of time, but for a little. *wrong: NULL, or what of the event makes no sense; then
 * nothing came of it. */
RN_MUST_CHECK enum rn_status rn_perf_model_add(struct rn_perf_model *model,
                                               const struct rn_perf_sample *sample,
                                               const char **wrong, struct rn_error *err);
/* perf says between the events that it lost some. */
RN_MUST_CHECK enum rn_status rn_perf_model_lost(struct rn_perf_model *model, uint64_t count,
                                                struct rn_error *err);
/* There are no more: calls that have not returned, and threads on a CPU. */
RN_MUST_CHECK enum rn_status rn_perf_model_finish(struct rn_perf_model *model,
                                                  struct rn_error *err);

/* "x86_64", "aarch64": as perf's headers tell it. */
enum rn_abi rn_perf_abi(const char *arch, size_t size);

#endif

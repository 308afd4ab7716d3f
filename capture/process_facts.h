/* SPDX-License-Identifier: MIT */
/* What /proc says of a process at one moment, gathered before any event is made of it: a second thread
 * can gather while the first one is busy with the process. */
#ifndef RN_PROCESS_FACTS_H
#define RN_PROCESS_FACTS_H

#include "proc_snapshot.h"
#include "syscall_capture.h"

#include "formats/buf.h"
#include "formats/event.h"

#define RN_FACT_BYTES 65536u

/* Texts are NUL-terminated, sizes do not count that; what could not be read is empty. */
struct rn_process_facts {
    struct rn_process process; /* no operation, no thread */
    char name[RN_PROC_NAME_MAX + 1];
    char argv[RN_CAPTURE_ARGV_MAX + 1], exe[4096], cwd[4096], root[4096], env[RN_FACT_BYTES];
    size_t argv_size, exe_size, cwd_size, root_size, env_size;
    bool argv_cut;
    bool has_limits;
    uint64_t limits[2 * RN_PROC_LIMITS];
};

/* env_names: as for rn_proc_environ. */
void rn_process_facts_read(pid_t pid, char *const *env_names, struct rn_process_facts *facts);

/* Open descriptors in a row: read them all (after_exec: see rn_proc_descriptors), then call
 * `function` for each. A buffer whose `failed` is set has lost some. */
void rn_descriptor_list_read(pid_t pid, bool after_exec, struct rn_buf *list);
void rn_descriptor_list_each(const struct rn_buf *list, rn_proc_descriptor_fn *function,
                             void *context);

#endif

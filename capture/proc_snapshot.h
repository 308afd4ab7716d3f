/* SPDX-License-Identifier: MIT */
/* What /proc tells about a running process, as it is now. */
#ifndef RN_PROC_SNAPSHOT_H
#define RN_PROC_SNAPSHOT_H

#include "formats/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Read a file into `to`, NUL-terminated, at most size - 1 bytes. Returns the length, 0 on failure. */
size_t rn_proc_read_path(const char *path, char *to, size_t size);
size_t rn_proc_read(pid_t pid, const char *name, char *to, size_t size); /* of /proc/PID */
/* Where the symbolic link /proc/PID/NAME points to; 0 on failure. NUL-terminated. */
size_t rn_proc_link(pid_t pid, const char *name, char *to, size_t size);

#define RN_PROC_NAME_MAX 15u /* bytes of a thread's name */

struct rn_proc_status {
    pid_t tgid, ppid;
    uint64_t uid, euid, gid, egid, umask;
    uint64_t max_rss_bytes; /* VmHWM; 0 where it has no memory any more */
    char name[RN_PROC_NAME_MAX + 1];
};
bool rn_proc_status(pid_t pid, struct rn_proc_status *status);

/* CPU time of the process so far, its children not counted. */
bool rn_proc_cpu_time(pid_t pid, uint64_t *user_ns, uint64_t *system_ns);

#define RN_PROC_LIMITS 16u /* pairs of soft and hard limit, by RLIMIT_ number */
bool rn_proc_limits(pid_t pid, uint64_t limits[2 * RN_PROC_LIMITS]);

/* Identity of an open descriptor, without asking a file server. */
bool rn_proc_fd_identity(pid_t pid, int fd, struct rn_fd_identity *identity);

/* A descriptor with position and flags. */
bool rn_proc_descriptor(pid_t pid, int fd, struct rn_descriptor *descriptor);

/* Call `function` for each open descriptor; path, `length` bytes without a NUL, is what its link in
 * /proc says. after_exec: the process has just begun a new program, so that none of them is to be
 * closed at the next exec; it is traced by the caller. */
typedef void rn_proc_descriptor_fn(void *context, const struct rn_descriptor *descriptor,
                                   const char *path, size_t length);
bool rn_proc_descriptors(pid_t pid, bool after_exec, rn_proc_descriptor_fn *function,
                         void *context);

/* Call `function` for each number that names an entry of /proc/PID/NAME ("fd", "task"). */
typedef void rn_proc_number_fn(void *context, int number);
bool rn_proc_numbers(pid_t pid, const char *name, rn_proc_number_fn *function, void *context);

/* Call `function` for each executable mapping of a file. *vdso (may be NULL): where the vDSO is, 0
 * where there is none. */
typedef void rn_proc_module_fn(void *context, const struct rn_module *module, const char *path);
bool rn_proc_modules(pid_t pid, rn_proc_module_fn *function, void *context, uint64_t *vdso);

/* The values of chosen variables of /proc/PID/environ as NUL-terminated "NAME=value" strings.
 * Returns the bytes written. names: NULL-terminated. */
size_t rn_proc_environ(pid_t pid, char *const *names, char *to, size_t size);

/* Which system call ABI the program of the process has. */
enum rn_abi rn_proc_abi(pid_t pid);
enum rn_abi rn_native_abi(void); /* that of the recorder */

#endif

/* SPDX-License-Identifier: MIT */
/* GNU build-ids of executables and libraries, remembered by device and inode. */
#ifndef RN_BUILD_ID_H
#define RN_BUILD_ID_H

#include <stdint.h>
#include <sys/types.h>

#define RN_BUILD_ID_MAX 32u

struct rn_build_id {
    uint64_t device, inode, change_ns; /* change_ns: so that a replaced file is read again */
    uint8_t size;                      /* 0: the file has none */
    uint8_t bytes[RN_BUILD_ID_MAX];
};

struct rn_build_ids;
struct rn_build_ids *rn_build_ids_new(void);
void rn_build_ids_free(struct rn_build_ids *ids);

/* Of the file that `path` names inside the root of process `pid`, if it has this inode number. NULL
 * where it cannot be had. Borrowed until the next call. */
const struct rn_build_id *rn_build_ids_get(struct rn_build_ids *ids, pid_t pid, const char *path,
                                           uint64_t inode);
/* Of the file behind a descriptor of the process. */
const struct rn_build_id *rn_build_ids_get_fd(struct rn_build_ids *ids, pid_t pid, int fd);

#endif

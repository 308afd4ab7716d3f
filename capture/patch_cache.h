/* SPDX-License-Identifier: MIT */
/* Sites of files that were searched before: in memory for this recording, on disk for the next.
 * On disk they lie in $XDG_CACHE_HOME/renacer (else ~/.cache/renacer), one file a slot; a file's
 * slot follows from its identity, so the directory cannot grow without bound. What is there is
 * believed only if it belongs to the effective user, nobody else may write it, its checksum is
 * right and it makes sense. Without such a directory there is no disk cache, and nothing is said.
 */
#ifndef RN_PATCH_CACHE_H
#define RN_PATCH_CACHE_H

#include "patch.h"

#include <stdbool.h>
#include <sys/stat.h>

/* Files that are kept in memory; the one not used for longest goes first. */
#define RN_PATCH_CACHE_FILES 256u
#define RN_PATCH_CACHE_SLOTS 1024u

/* What makes two files the same for the cache. */
struct rn_patch_key {
    uint64_t device, inode, size;
    int64_t modified_s, modified_ns;
    int64_t changed_s, changed_ns; /* a modification time can be set back, this one cannot */
};

struct rn_patch_entry {
    struct rn_patch_key key;
    struct rn_sites sites; /* none for a file that rn_sites_find refuses */
    /* The user's: a descriptor of the patched text and its stubs, once made, and the distance that
     * it was made for. The cache closes it with the entry. -1: not made. */
    int patched_fd;
    int64_t stub_distance;
    uint64_t last_use; /* the cache's own */
};

struct rn_patch_cache;

/* directory: where the disk cache goes (made if missing); NULL: the usual place. disk false: memory
 * only. NULL without memory. */
struct rn_patch_cache *rn_patch_cache_new(const char *directory, bool disk);
void rn_patch_cache_free(struct rn_patch_cache *cache); /* accepts NULL */

/* The sites of the file open as fd, searched for only if they are not known. *entry is borrowed: it
 * is valid until the next call. RN_E_SYSTEM, RN_E_NOMEM. */
RN_MUST_CHECK enum rn_status rn_patch_cache_get(struct rn_patch_cache *cache, int fd,
                                                struct rn_patch_entry **entry,
                                                struct rn_error *err);

/* How many files were searched, not found known: for tests and measurements. */
uint64_t rn_patch_cache_searches(const struct rn_patch_cache *cache);

#endif

/* SPDX-License-Identifier: MIT */
/* One slot of the disk cache, a file as in cache_files.h, whose `directory` it takes. */
#ifndef RN_PATCH_CACHE_FILE_H
#define RN_PATCH_CACHE_FILE_H

#include "patch_cache.h"

/* Fill the sites of an entry whose key is set. false: not there, or not to be believed. */
bool rn_patch_cache_file_load(int directory, struct rn_patch_entry *entry);

/* Replaces what the slot held. A failure only means that the file is searched again. */
void rn_patch_cache_file_store(int directory, const struct rn_patch_entry *entry);

#endif

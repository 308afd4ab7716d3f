/* SPDX-License-Identifier: MIT */
#include "patch_cache.h"

#include "cache_files.h"
#include "patch_cache_file.h"
#include "patch_image.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct rn_patch_cache {
    int directory; /* -1: memory only */
    size_t count;
    uint64_t uses, searches;
    struct rn_patch_entry entries[RN_PATCH_CACHE_FILES];
};

struct rn_patch_cache *rn_patch_cache_new(const char *directory, bool disk)
{
    struct rn_patch_cache *cache = calloc(1, sizeof(*cache));

    if (cache)
        cache->directory = disk ? rn_cache_files_open(directory) : -1;
    return cache;
}

static void drop_entry(struct rn_patch_entry *entry)
{
    if (entry->patched_fd >= 0)
        close(entry->patched_fd);
    rn_sites_clear(&entry->sites);
}

void rn_patch_cache_free(struct rn_patch_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < cache->count; i++)
        drop_entry(&cache->entries[i]);
    if (cache->directory >= 0)
        close(cache->directory);
    free(cache);
}

static struct rn_patch_key key_of(const struct stat *file)
{
    return (struct rn_patch_key){.device = file->st_dev,
                                 .inode = file->st_ino,
                                 .size = (uint64_t)file->st_size,
                                 .modified_s = file->st_mtim.tv_sec,
                                 .modified_ns = file->st_mtim.tv_nsec,
                                 .changed_s = file->st_ctim.tv_sec,
                                 .changed_ns = file->st_ctim.tv_nsec};
}

static struct rn_patch_entry *find(struct rn_patch_cache *cache, const struct rn_patch_key *key)
{
    for (size_t i = 0; i < cache->count; i++)
        if (memcmp(&cache->entries[i].key, key, sizeof(*key)) == 0)
            return &cache->entries[i];
    return NULL;
}

/* A place for one more: a new one, or that of the entry not used for longest. */
static struct rn_patch_entry *make_room(struct rn_patch_cache *cache)
{
    struct rn_patch_entry *oldest = &cache->entries[0];

    if (cache->count < RN_PATCH_CACHE_FILES)
        return &cache->entries[cache->count++];
    for (size_t i = 1; i < cache->count; i++)
        if (cache->entries[i].last_use < oldest->last_use)
            oldest = &cache->entries[i];
    drop_entry(oldest);
    return oldest;
}

/* A file that cannot be patched is remembered as one without sites. */
static enum rn_status search(struct rn_patch_cache *cache, int fd, struct rn_sites *sites,
                             struct rn_error *err)
{
    struct rn_error refusal = RN_ERROR_INIT;
    struct rn_patch_image image;
    enum rn_status status = rn_patch_image_load(fd, &image, &refusal);

    cache->searches++;
    if (status == RN_OK)
        status = rn_sites_find(image.bytes, image.size, sites, &refusal);
    rn_patch_image_free(&image);
    if (status == RN_E_FORMAT || status == RN_E_LIMIT)
        return RN_OK;
    if (status != RN_OK && err)
        *err = refusal;
    return status;
}

enum rn_status rn_patch_cache_get(struct rn_patch_cache *cache, int fd,
                                  struct rn_patch_entry **entry, struct rn_error *err)
{
    struct rn_patch_entry fresh = {.patched_fd = -1};
    struct stat file;

    if (fstat(fd, &file) != 0)
        return rn_fail(err, RN_E_SYSTEM, "cannot look at the program's file");
    fresh.key = key_of(&file);
    *entry = find(cache, &fresh.key);
    if (!*entry) {
        if (!rn_patch_cache_file_load(cache->directory, &fresh)) {
            enum rn_status status = search(cache, fd, &fresh.sites, err);

            if (status != RN_OK)
                return status;
            rn_patch_cache_file_store(cache->directory, &fresh);
        }
        *entry = make_room(cache);
        **entry = fresh;
    }
    (*entry)->last_use = ++cache->uses;
    return RN_OK;
}

uint64_t rn_patch_cache_searches(const struct rn_patch_cache *cache)
{
    return cache->searches;
}

/* SPDX-License-Identifier: MIT */
/* From a handle of Vulkan to what the layer knows about it. Whoever uses a map holds its lock. */
#ifndef RN_VULKAN_MAP_H
#define RN_VULKAN_MAP_H

#include <stdbool.h>
#include <stdint.h>

struct rn_vulkan_map_entry {
    uint64_t key; /* 0: unused */
    uint64_t value;
};

/* All zero: empty. */
struct rn_vulkan_map {
    struct rn_vulkan_map_entry *entries;
    uint64_t size; /* 0 or a power of two */
    uint64_t used;
};

/* 0 where the key is not there. */
uint64_t rn_vulkan_map_get(const struct rn_vulkan_map *map, uint64_t key);
/* Also replaces. False: no memory, or the key is 0. */
bool rn_vulkan_map_put(struct rn_vulkan_map *map, uint64_t key, uint64_t value);
/* The value that was there, 0: none. */
uint64_t rn_vulkan_map_remove(struct rn_vulkan_map *map, uint64_t key);
/* Whatever the values point to is the caller's. */
void rn_vulkan_map_free(struct rn_vulkan_map *map);

#endif

/* SPDX-License-Identifier: MIT */
/* Queries of the layer's own, in blocks; what is free is used again. */
#include "vulkan_layer.h"

#include <stdlib.h>

#define POOL_BLOCKS 32u /* of a query pool */
#define QUERIES     (2 * RN_VULKAN_BLOCK_PAIRS)

struct rn_vulkan_query_pool {
    struct rn_vulkan_query_pool *next;
    VkQueryPool handle;
    struct rn_vulkan_block blocks[POOL_BLOCKS];
};

static bool add_pool(struct rn_vulkan_device *device)
{
    const VkQueryPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                        .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                        .queryCount = POOL_BLOCKS * QUERIES};
    struct rn_vulkan_query_pool *pool = calloc(1, sizeof(*pool));

    if (!pool ||
        device->below.CreateQueryPool(device->handle, &info, NULL, &pool->handle) != VK_SUCCESS) {
        free(pool);
        return false;
    }
    pool->next = device->query_pools;
    device->query_pools = pool;
    device->query_pool_count++;
    for (uint32_t i = POOL_BLOCKS; i-- > 0;) {
        pool->blocks[i].pool = pool->handle;
        pool->blocks[i].first = i * QUERIES;
        rn_vulkan_block_give(device, &pool->blocks[i]);
    }
    return true;
}

struct rn_vulkan_block *rn_vulkan_block_take(struct rn_vulkan_device *device)
{
    struct rn_vulkan_block *block;

    if (!device->free_blocks && !add_pool(device))
        return NULL;
    block = device->free_blocks;
    device->free_blocks = block->next;
    return block;
}

void rn_vulkan_block_give(struct rn_vulkan_device *device, struct rn_vulkan_block *block)
{
    block->next = device->free_blocks;
    device->free_blocks = block;
}

void rn_vulkan_queries_free(struct rn_vulkan_device *device)
{
    while (device->query_pools) {
        struct rn_vulkan_query_pool *pool = device->query_pools;

        device->query_pools = pool->next;
        device->below.DestroyQueryPool(device->handle, pool->handle, NULL);
        free(pool);
    }
    device->free_blocks = NULL;
}

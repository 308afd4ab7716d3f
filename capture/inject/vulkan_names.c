/* SPDX-License-Identifier: MIT */
/* Names of entry points, pipelines and labels: each is kept once. Handles die before the results of
 * what ran under their names are read, and programs that are compiled on the fly make many. */
#include "vulkan_layer.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS   4096u
#define NAMES_MAX 65536u
#define TEXT_MAX  1024u

static struct rn_vulkan_name *buckets[BUCKETS];
static uint32_t count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t fnv(const char *text, uint32_t size)
{
    uint64_t hash = 0xcbf29ce484222325ull;

    for (uint32_t i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)text[i]) * 0x100000001b3ull;
    return hash;
}

static const struct rn_vulkan_name *find(const char *text, uint32_t size, uint64_t hash)
{
    for (const struct rn_vulkan_name *name = buckets[hash % BUCKETS]; name; name = name->next)
        if (name->hash == hash && name->size == size && memcmp(name->text, text, size) == 0)
            return name;
    return NULL;
}

static const struct rn_vulkan_name *add(const char *text, uint32_t size, uint64_t hash)
{
    struct rn_vulkan_name *name = count < NAMES_MAX ? malloc(sizeof(*name) + size + 1) : NULL;

    if (!name)
        return NULL;
    count++;
    memcpy(name->text, text, size);
    name->text[size] = '\0';
    name->size = size;
    name->hash = hash;
    name->next = buckets[hash % BUCKETS];
    buckets[hash % BUCKETS] = name;
    return name;
}

const struct rn_vulkan_name *rn_vulkan_name_of(const char *text, uint32_t size)
{
    const struct rn_vulkan_name *name;
    uint64_t hash;

    if (size > TEXT_MAX)
        size = TEXT_MAX;
    hash = fnv(text, size);
    pthread_mutex_lock(&lock);
    name = find(text, size, hash);
    if (!name)
        name = add(text, size, hash);
    pthread_mutex_unlock(&lock);
    return name;
}

const struct rn_vulkan_name *rn_vulkan_name(const char *text)
{
    return text && *text ? rn_vulkan_name_of(text, (uint32_t)strnlen(text, TEXT_MAX)) : NULL;
}

void rn_vulkan_names_forked(void)
{
    pthread_mutex_init(&lock, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Names: made absolute, dots taken out, and what is known to stand under each. */
#include "effect_model.h"

#include "formats/fnv.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_LIMIT 65536u

static uint64_t hash(const char *text)
{
    return effect_mix(rn_fnv(RN_FNV_BEGIN, text, strlen(text)));
}

struct effect_node *effect_node_find(struct rn_effects *effects, const char *path)
{
    struct effect_node *node;
    uint64_t key = hash(path);

    while ((node = rn_id_map_get(&effects->nodes, key))) {
        if (strcmp(node->path, path) == 0)
            return node;
        key++;
    }
    return NULL;
}

struct effect_node *effect_node(struct rn_effects *effects, const char *path)
{
    struct effect_node *node;
    uint64_t key = hash(path);

    while ((node = rn_id_map_get(&effects->nodes, key))) {
        if (strcmp(node->path, path) == 0)
            return node;
        key++;
    }
    if (effects->nodes.count >= RN_EFFECTS_MAX_OBJECTS) {
        effects->over_limit = true;
        return NULL;
    }
    node = calloc(1, sizeof *node);
    if (node)
        node->path = strdup(path);
    if (!node || !node->path || !rn_id_map_set(&effects->nodes, key, node)) {
        if (node)
            free(node->path);
        free(node);
        effects->failed = true;
        return NULL;
    }
    return node;
}

void effect_node_set(struct rn_effects *effects, struct effect_node *node,
                     struct effect_object *object)
{
    struct effect_object *before = node->object;

    if (object) {
        object->names++;
        object->unlinked = false;
    }
    node->object = object;
    node->absent = !object;
    if (!before || before == object || !before->names)
        return;
    if (--before->names == 0) {
        before->unlinked = true;
        effect_object_gone(effects, before);
    }
}

struct effect_object *effect_node_object(struct rn_effects *effects, struct effect_node *node)
{
    struct effect_object *object = node->object;

    if (object)
        return object;
    object = effect_object_new(effects, OBJECT_FILE);
    if (!object)
        return NULL;
    object->placeholder = true;
    if (effects->root) {
        object->owner = effects->root->euid;
        object->group = effects->root->egid;
    }
    object->origin = strdup(node->path);
    effect_node_set(effects, node, object);
    node->existed = !node->was_absent;
    return object;
}

void effect_nodes_free(struct rn_effects *effects)
{
    for (size_t i = 0; i < effects->nodes.capacity; i++) {
        struct effect_node *node = effects->nodes.slots[i].value;

        if (node) {
            free(node->path);
            free(node);
        }
    }
    rn_id_map_free(&effects->nodes);
}

/* "/a/./b/../c/" becomes "/a/c": in place. Where a component is a symbolic link ".." leads
 * elsewhere; then the object's identity still tells which file it is. */
static void take_out_dots(char *path)
{
    char *out = path;
    const char *in = path;

    while (*in) {
        const char *end;
        size_t length;

        while (*in == '/')
            in++;
        end = in + strcspn(in, "/");
        length = (size_t)(end - in);
        if (length == 2 && memcmp(in, "..", 2) == 0) {
            while (out > path && *--out != '/')
                ;
        } else if (length && !(length == 1 && *in == '.')) {
            *out++ = '/';
            memmove(out, in, length);
            out += length;
        }
        in = end;
    }
    if (out == path)
        *out++ = '/';
    *out = '\0';
}

static const char *directory_of(const struct effect_call *call, int64_t dirfd)
{
    const struct effect_fd *fd;

    if ((int32_t)dirfd == AT_FDCWD)
        return call->process->fs ? call->process->fs->cwd : NULL;
    fd = effect_fd(call->process, (uint32_t)dirfd);
    return fd && fd->open->object ? fd->open->object->origin : NULL;
}

char *effect_path(struct effect_call *call, int64_t dirfd, const struct rn_attachment *path)
{
    const char *directory = "";
    char *result;

    if (!path || !path->data || path->size > PATH_LIMIT)
        return NULL;
    if (path->size == 0 || path->data[0] != '/') {
        directory = directory_of(call, dirfd);
        if (!directory)
            return NULL;
    }
    if (asprintf(&result, "%s/%.*s", directory, (int)path->size, (const char *)path->data) < 0) {
        call->effects->failed = true;
        return NULL;
    }
    take_out_dots(result);
    return result;
}

int64_t effect_path_descriptor(const char *path)
{
    static const struct {
        const char *name;
        int64_t fd; /* -1: the number follows */
    } names[] = {{"/dev/stdin", 0}, {"/dev/stdout", 1},     {"/dev/stderr", 2},
                 {"/dev/fd/", -1},  {"/proc/self/fd/", -1}, {"/proc/thread-self/fd/", -1}};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t length = strlen(names[i].name);
        char *end;
        unsigned long fd;

        if (names[i].fd >= 0) {
            if (strcmp(path, names[i].name) == 0)
                return names[i].fd;
            continue;
        }
        if (strncmp(path, names[i].name, length) != 0 || path[length] < '0' || path[length] > '9')
            continue;
        fd = strtoul(path + length, &end, 10);
        if (*end == '\0' && fd < INT32_MAX)
            return (int64_t)fd;
    }
    return -1;
}

/* SPDX-License-Identifier: MIT */
/* The names of what is on the path: calls, kernels, files. */
#include "critical_private.h"

#include "formats/fnv.h"
#include "formats/syscall_table.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t hash_of(uint8_t kind, const char *name, size_t length)
{
    return rn_fnv(rn_fnv(RN_FNV_BEGIN, &kind, 1), name, length);
}

static struct critical_name *make_name(uint8_t kind, const char *text, size_t length)
{
    struct critical_name *name = calloc(1, sizeof *name);

    if (!name)
        return NULL;
    name->text = strndup(text, length);
    if (!name->text) {
        free(name);
        return NULL;
    }
    name->work.kind = kind;
    name->work.name = name->text;
    return name;
}

static struct critical_name *other(struct rn_critical_path *path)
{
    if (!path->other)
        path->other = make_name(RN_KIND_NOTICE, "(other)", sizeof "(other)" - 1);
    return path->other;
}

struct critical_name *rn_critical_name(struct rn_critical_path *path, uint8_t kind,
                                       const char *text, size_t length)
{
    struct critical_name *name;
    uint64_t hash;

    length = strnlen(text, length);
    hash = hash_of(kind, text, length);
    name = rn_id_map_get(&path->names, hash);
    if (name && name->work.kind == kind && strlen(name->text) == length &&
        memcmp(name->text, text, length) == 0)
        return name;
    if (name || path->names.count >= RN_CRITICAL_MAX_NAMES)
        return other(path);
    name = make_name(kind, text, length);
    if (name && !rn_id_map_set(&path->names, hash, name)) {
        free(name->text);
        free(name);
        return NULL;
    }
    return name;
}

struct critical_name *rn_critical_call(struct rn_critical_path *path, const struct rn_syscall *call)
{
    bool known = call->abi < RN_ABI_COUNT && call->nr < CRITICAL_NUMBERS;
    const struct rn_syscall_info *info = rn_syscall_info(call->abi, call->nr);
    struct critical_name *name;
    char text[64];

    if (known && path->calls[call->abi][call->nr])
        return path->calls[call->abi][call->nr];
    if (info)
        snprintf(text, sizeof text, "%s%s%s", info->name, call->abi ? "@" : "",
                 call->abi ? rn_abi_name(call->abi) : "");
    else
        snprintf(text, sizeof text, "syscall_%llu", (unsigned long long)call->nr);
    name = rn_critical_name(path, RN_KIND_SYSCALL, text, sizeof text);
    if (known)
        path->calls[call->abi][call->nr] = name;
    return name;
}

static void name_free(struct critical_name *name)
{
    if (name)
        free(name->text);
    free(name);
}

void rn_critical_names_free(struct rn_critical_path *path)
{
    for (size_t i = 0; i < path->names.capacity; i++)
        name_free(path->names.slots[i].value);
    rn_id_map_free(&path->names);
    name_free(path->other);
}

/* SPDX-License-Identifier: MIT */
/* Files that come about, get their names, and are opened.
 *
 * Who opens a file that another process made (O_EXCL) or gave that name (rename, link) depends on
 * that. It is the same file where it has the same number; that it was found by that name because of
 * the rename is certain where both names are absolute, and nobody may have made the file anew. */
#include "edge_calling.h"

#include "formats/fnv.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/stat.h>

#define NO_DIRECTORY UINT64_MAX

/* ---- names ---- */

static bool is_absolute(const struct rn_attachment *path)
{
    return path->size && path->data[0] == '/';
}

/* Of the same text, seen from the same place. */
static uint64_t path_key(const struct calling *calling, uint64_t directory,
                         const struct rn_attachment *path)
{
    uint64_t place[2] = {edge_calling_host(calling), 0};

    if (!is_absolute(path)) {
        place[0] = calling->process->key;
        place[1] = directory == NO_DIRECTORY ? (uint64_t)AT_FDCWD : (uint64_t)(int32_t)directory;
    }
    return rn_fnv(rn_fnv(RN_FNV_BEGIN, place, sizeof place), path->data, path->size) | 1;
}

static uint64_t whole_name(const struct rn_attachment *path)
{
    return is_absolute(path) ? rn_fnv(RN_FNV_BEGIN, path->data, path->size) | 1 : 0;
}

static uint64_t last_name(const struct rn_attachment *path)
{
    const uint8_t *slash = path->size ? memrchr(path->data, '/', path->size) : NULL;
    size_t begin = slash ? (size_t)(slash - path->data) + 1 : 0;

    return rn_fnv(RN_FNV_BEGIN, path->data + begin, path->size - begin) | 1;
}

static void remember(struct rn_edge_finder *finder, uint64_t key, struct edge_object *object)
{
    struct edge_path *path = &finder->paths[key / 2 % EDGE_PATHS];

    if (object)
        object->holders++;
    edge_object_drop(finder, path->object);
    *path = (struct edge_path){key, object};
}

static struct edge_object *known_by(struct rn_edge_finder *finder, uint64_t key)
{
    const struct edge_path *path = &finder->paths[key / 2 % EDGE_PATHS];

    return path->key == key ? path->object : NULL;
}

void edge_paths_free(struct rn_edge_finder *finder)
{
    for (size_t i = 0; i < EDGE_PATHS; i++)
        edge_object_drop(finder, finder->paths[i].object);
}

/* ---- calls ---- */

struct opening {
    const struct rn_attachment *path; /* NULL not known */
    uint64_t flags, directory;
    bool makes; /* O_EXCL: there was none */
};

static struct opening opening_of(const struct calling *calling)
{
    struct opening opening = {.path = rn_event_attachment(calling->event, RN_ATT_PATH, RN_ARG_ANY),
                              .directory = NO_DIRECTORY};
    const struct rn_attachment *how;

    if (!opening.path)
        return opening;
    opening.flags = calling->call->args[opening.path->arg + 1u < 6 ? opening.path->arg + 1u : 5];
    if (opening.path->arg == 1)
        opening.directory = calling->call->args[0];
    /* openat2's are in a struct. */
    how = rn_event_attachment(calling->event, RN_ATT_STRUCT, 2);
    if (how && how->size >= sizeof opening.flags)
        memcpy(&opening.flags, how->data, sizeof opening.flags);
    opening.makes = (opening.flags & O_CREAT) && (opening.flags & O_EXCL);
    return opening;
}

static void push_open(const struct calling *calling, const struct opening *opening,
                      struct edge_object *object)
{
    if ((opening->flags & O_CREAT) && object->has_named)
        object->reused = true;
    if (object->tells && opening->path)
        edge_calling_push(calling, (struct edge_op){.what = OP_OPEN,
                                                    .object = object,
                                                    .value = whole_name(opening->path),
                                                    .count = last_name(opening->path)});
}

static struct edge_object *first_open(const struct calling *calling, const struct opening *opening,
                                      const struct rn_fd_identity *identity)
{
    struct edge_object *object;

    if (!S_ISREG(identity->mode) && !S_ISFIFO(identity->mode)) {
        edge_table_set(calling->finder, calling->process, identity->fd, NULL);
        return NULL;
    }
    object = edge_hand_out(calling, S_ISFIFO(identity->mode) ? OBJECT_PIPE : OBJECT_FILE, identity);
    if (object && object->kind == OBJECT_PIPE) {
        object->in.trust = FLOW_TENTATIVE;
    } else if (object && opening->makes) {
        object->tells = true;
        edge_calling_push(calling, (struct edge_op){.what = OP_MAKE, .object = object});
    }
    return object;
}

void edge_feed_open(const struct calling *calling)
{
    const struct opening opening = opening_of(calling);
    struct rn_fd_identity identity;
    struct edge_object *object;

    if (!edge_identity_at(calling, 0, &identity)) {
        edge_table_set(calling->finder, calling->process, calling->call->ret, NULL);
        return;
    }
    object = opening.makes
                 ? NULL
                 : edge_object_find(calling->finder, edge_calling_host(calling), &identity);
    if (object) {
        object->holders++;
        edge_table_set(calling->finder, calling->process, identity.fd, object);
        push_open(calling, &opening, object);
    } else {
        object = first_open(calling, &opening, &identity);
    }
    if (object && object->kind == OBJECT_FILE && opening.path &&
        (opening.flags & O_ACCMODE) != O_RDONLY)
        remember(calling->finder, path_key(calling, opening.directory, opening.path), object);
}

static void give_name(const struct calling *calling, uint64_t old_directory,
                      const struct rn_attachment *old, uint64_t new_directory,
                      const struct rn_attachment *new)
{
    struct edge_object *object;
    uint64_t key;

    if (!old || !new)
        return;
    key = path_key(calling, old_directory, old);
    object = known_by(calling->finder, key);
    if (!object)
        return;
    object->tells = true;
    edge_calling_push(calling, (struct edge_op){.what = OP_RENAME,
                                                .object = object,
                                                .value = whole_name(new),
                                                .count = last_name(new)});
    remember(calling->finder, path_key(calling, new_directory, new), object);
    remember(calling->finder, key, NULL);
}

void edge_feed_rename(const struct calling *calling)
{
    give_name(calling, NO_DIRECTORY, rn_event_attachment(calling->event, RN_ATT_PATH, 0),
              NO_DIRECTORY, rn_event_attachment(calling->event, RN_ATT_PATH, 1));
}

void edge_feed_renameat(const struct calling *calling)
{
    /* An exchange gives two names. */
    if (calling->call->args[4] & RENAME_EXCHANGE)
        return;
    give_name(calling, calling->call->args[0], rn_event_attachment(calling->event, RN_ATT_PATH, 1),
              calling->call->args[2], rn_event_attachment(calling->event, RN_ATT_PATH, 3));
}

/* ---- in order ---- */

static void opened(struct rn_edge_finder *finder, const struct edge_op *op)
{
    const struct edge_object *object = op->object;
    bool by_name =
        object->has_named && object->named_process != op->process && object->last_name == op->count;

    if (by_name)
        edge_emit(finder, &object->named, &op->who, RN_EDGE_FILE,
                  object->name && object->name == op->value && !object->reused &&
                      !edge_distrusts(finder, op->who.source) &&
                      !edge_distrusts(finder, object->named.source),
                  0);
    else if (object->has_made && object->made_process != op->process)
        edge_emit(finder, &object->made, &op->who, RN_EDGE_FILE, true, 0);
}

void edge_file_op(struct rn_edge_finder *finder, const struct edge_op *op)
{
    struct edge_object *object = op->object;

    if (op->what == OP_MAKE) {
        object->made = op->who;
        object->made_process = op->process;
        object->has_made = true;
    } else if (op->what == OP_RENAME) {
        object->named = op->who;
        object->named_process = op->process;
        object->has_named = true;
        object->reused = false;
        object->name = op->value;
        object->last_name = op->count;
    } else {
        opened(finder, op);
    }
}

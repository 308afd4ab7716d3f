/* SPDX-License-Identifier: MIT */
/* Opening files by name, and what is known about a name from that. */
#include "effect_model.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Absent names are remembered as long as these are few: who looks for a program in PATH asks for
 * the same ones again and again. */
#define ASKED_NAMES_MAX (1u << 20)

struct opening {
    uint64_t flags;
    uint32_t mode;
    int64_t dirfd;
    uint8_t path_arg;
};

static struct opening opening_of(const struct effect_call *call, enum effect_op op)
{
    const uint64_t *args = call->syscall->args;
    struct opening opening = {.dirfd = AT_FDCWD};
    const struct rn_attachment *how;
    uint64_t words[2] = {0, 0};

    switch (op) {
    case OP_OPEN:
        opening.flags = args[1];
        opening.mode = (uint32_t)args[2];
        break;
    case OP_CREAT:
        opening.flags = O_CREAT | O_WRONLY | O_TRUNC;
        opening.mode = (uint32_t)args[1];
        break;
    case OP_OPENAT:
        opening.flags = args[2];
        opening.mode = (uint32_t)args[3];
        break;
    default: /* openat2: struct open_how begins with flags and mode */
        how = rn_event_attachment(call->event, RN_ATT_STRUCT, 2);
        if (how && how->data && how->size >= sizeof words)
            memcpy(words, how->data, sizeof words);
        opening.flags = words[0];
        opening.mode = (uint32_t)words[1];
        break;
    }
    if (op == OP_OPENAT || op == OP_OPENAT2) {
        opening.dirfd = (int32_t)args[0];
        opening.path_arg = 1;
    }
    return opening;
}

static bool identity_of(const struct rn_event *event, struct rn_fd_identity *identity)
{
    const struct rn_attachment *fd = rn_event_attachment(event, RN_ATT_FD, RN_ARG_ANY);

    if (!fd || !fd->data || fd->size < sizeof *identity)
        return false;
    memcpy(identity, fd->data, sizeof *identity);
    return true;
}

static bool opens_for_writing(uint64_t flags)
{
    return (flags & O_ACCMODE) != O_RDONLY && !(flags & O_PATH);
}

/* A file was made by this call, or began anew. */
static void begin_empty(struct effect_call *call, struct effect_object *object)
{
    uint64_t moved = object->image.moved, unknown = object->image.unknown_moved;

    rn_image_free(&object->image);
    rn_image_init(&object->image, call->effects->options.keep);
    object->image.moved = moved;
    object->image.unknown_moved = unknown;
    object->from_empty = true;
    object->append_only = false;
    object->opaque = NULL;
    object->dirty = true;
    object->concurrent = false;
    object->last_writer = NULL;
    object->place = call->effects->place;
}

static struct effect_object *object_at(struct effect_call *call, struct effect_node *node,
                                       const struct opening *opening, bool certainly_new)
{
    struct rn_effects *effects = call->effects;
    struct rn_fd_identity identity;
    struct effect_object *object;
    bool is_new = false;

    if (!identity_of(call->event, &identity)) {
        object = node ? node->object : NULL;
        if (object && !certainly_new)
            return object;
        object = effect_object_new(effects, OBJECT_FILE);
        if (object)
            object->mode = S_IFREG | effect_masked(call, opening->mode);
        return object;
    }
    if (node && node->object && node->object->inode == 0 && !certainly_new &&
        effect_object_bind(effects, node->object, &identity))
        return node->object;
    object = effect_object_of(effects, &identity, &is_new);
    if (object && !is_new && certainly_new && object->holders == 0) {
        effect_object_forget_inode(effects, object);
        object = effect_object_of(effects, &identity, &is_new);
    }
    if (object && is_new)
        object->mode = (uint32_t)identity.mode;
    return object;
}

static void give_mode(struct effect_call *call, struct effect_object *object)
{
    if (object->has & RN_EFFECT_HAS_MODE)
        return;
    object->has |= RN_EFFECT_HAS_MODE;
    object->mode_place = call->effects->place;
}

/* It was made now, or had these permissions before: the same for whoever looks. */
static bool has_what_was_asked(const struct effect_call *call, const struct effect_object *object,
                               const struct opening *opening)
{
    return opening->flags & O_CREAT && object->inode != 0 &&
           (object->mode & 07777) == effect_masked(call, opening->mode);
}

static void note_file(struct effect_call *call, struct effect_node *node,
                      struct effect_object *object, const struct opening *opening,
                      bool certainly_new)
{
    if (node->object != object)
        effect_node_set(call->effects, node, object);
    if (certainly_new) {
        if (!node->touched)
            node->was_absent = true;
        object->made = true;
        begin_empty(call, object);
        give_mode(call, object);
    } else if (!(opening->flags & O_CREAT) && !node->touched && !node->was_absent) {
        node->existed = true;
    }
    if (opening->flags & O_TRUNC && opens_for_writing(opening->flags)) {
        begin_empty(call, object);
        if (opening->flags & O_CREAT)
            give_mode(call, object);
    } else if (has_what_was_asked(call, object, opening)) {
        give_mode(call, object);
    }
    if (!(object->has & RN_EFFECT_HAS_OWNER))
        object->owner = call->process->euid;
    if (!(object->has & RN_EFFECT_HAS_GROUP))
        object->group = call->process->egid;
    if (opening->flags & O_CREAT || (opening->flags & O_TRUNC && object->dirty)) {
        node->touched = true;
        node->place = call->effects->place;
    }
}

/* Where shared libraries, modules of interpreters, locales and what they are configured by lie. */
static bool is_runtime(const char *path)
{
    static const char *const places[] = {
        "/lib/",           "/lib64/",     "/usr/lib/",     "/usr/lib64/",
        "/usr/local/lib/", "/usr/share/", "/usr/libexec/", "/etc/ld.so.",
        "/etc/locale",     "/proc/",      "/sys/"};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (strncmp(path, places[i], strlen(places[i])) == 0)
            return true;
    }
    return strstr(path, "/__pycache__/") != NULL;
}

/* Libraries in the program open what they record into by the recorder's own descriptor. */
static bool is_recorders(const struct rn_effects *effects, const char *path)
{
    char place[40];
    int length = snprintf(place, sizeof place, "/proc/%" PRIu64 "/fd/", effects->recorder);

    return effects->recorder && strncmp(path, place, (size_t)length) == 0;
}

static void opened(struct effect_call *call, const struct opening *opening, char *path)
{
    struct rn_effects *effects = call->effects;
    struct effect_node *node = NULL;
    struct effect_object *object;
    struct effect_open *open;
    bool certainly_new = false;

    if (path && effect_path_descriptor(path) < 0 && (opening->flags & O_TMPFILE) != O_TMPFILE)
        node = opening->flags & (O_DIRECTORY | O_PATH) ? effect_node_find(effects, path)
                                                       : effect_node(effects, path);
    if (node && opening->flags & O_CREAT)
        certainly_new = opening->flags & O_EXCL || node->absent;
    object = object_at(call, node, opening, certainly_new);
    if (!object)
        return;
    if (path && !object->origin && !object->inherited) {
        object->origin = strdup(path);
        object->runtime = is_runtime(path);
        object->recorders = is_recorders(effects, path);
    }
    if (object->runtime)
        call->rule = RN_RULE_START_UP;
    if (node && object->kind == OBJECT_FILE && !object->inherited)
        note_file(call, node, object, opening, certainly_new);
    if ((opening->flags & O_TMPFILE) == O_TMPFILE) {
        begin_empty(call, object);
        object->unlinked = true;
    }
    open = effect_open_new(effects, object, (uint32_t)(opening->flags & ~(uint64_t)O_CLOEXEC));
    if (open)
        effect_fd_set(effects, call->process, call->syscall->ret, open, opening->flags & O_CLOEXEC,
                      -1);
}

void effect_note_there(struct effect_call *call, int64_t dirfd, uint8_t path_arg)
{
    const struct rn_attachment *name = rn_event_attachment(call->event, RN_ATT_PATH, path_arg);
    uint64_t ret = call->syscall->ret;
    struct rn_effects *effects = call->effects;
    struct effect_node *node = NULL;
    char *path;

    if (!name || name->size == 0 ||
        (ret != 0 && ret != (uint64_t)-ENOENT && ret != (uint64_t)-EEXIST))
        return;
    path = effect_path(call, dirfd, name);
    if (path && effects->nodes.count < ASKED_NAMES_MAX)
        node = effect_node(effects, path);
    free(path);
    if (!node || node->object)
        return;
    node->absent = ret == (uint64_t)-ENOENT;
    if (node->touched)
        return;
    if (!node->absent)
        node->found = !node->was_absent;
    else if (!node->existed && !node->found)
        node->was_absent = true;
}

bool effect_apply_open(struct effect_call *call, enum effect_op op)
{
    struct opening opening;
    char *path;

    if (op == OP_ABSENT || op == OP_ABSENT_AT) {
        effect_note_there(call, op == OP_ABSENT ? AT_FDCWD : (int32_t)call->syscall->args[0],
                          op == OP_ABSENT_AT);
        return false;
    }
    opening = opening_of(call, op);
    if (call->failed) {
        effect_note_there(call, opening.dirfd, opening.path_arg);
        return false;
    }
    path = effect_path(call, opening.dirfd,
                       rn_event_attachment(call->event, RN_ATT_PATH, opening.path_arg));
    opened(call, &opening, path);
    free(path);
    return opens_for_writing(opening.flags);
}

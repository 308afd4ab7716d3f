/* SPDX-License-Identifier: MIT */
/* Names that are made, moved and taken away; attributes that are set by name or descriptor. */
#include "effect_model.h"

#include "formats/crc64.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define RENAME_EXCHANGE_BIT 2u
/* Moving a directory moves every name below it; what a name of unknown kind is, is not known. */
#define MOVE_ALL_NODES 10000u

static struct effect_node *node_at(struct effect_call *call, int64_t dirfd, uint8_t arg)
{
    char *path = effect_path(call, dirfd, rn_event_attachment(call->event, RN_ATT_PATH, arg));
    struct effect_node *node = path ? effect_node(call->effects, path) : NULL;

    free(path);
    return node;
}

static void touch(struct effect_call *call, struct effect_node *node)
{
    node->touched = true;
    node->place = call->effects->place;
}

static void taken_away(struct effect_call *call, struct effect_node *node)
{
    if (!node)
        return;
    if (!node->touched && !node->was_absent)
        node->existed = true;
    effect_node_set(call->effects, node, NULL);
    touch(call, node);
}

static struct effect_object *make(struct effect_call *call, struct effect_node *node,
                                  enum object_kind kind, uint32_t mode)
{
    struct effect_object *object = node ? effect_object_new(call->effects, kind) : NULL;

    if (!object)
        return NULL;
    if (!node->touched)
        node->was_absent = true;
    object->mode = mode;
    object->made = true;
    object->from_empty = true;
    object->owner = call->process->euid;
    object->group = call->process->egid;
    object->has = RN_EFFECT_HAS_MODE;
    object->mode_place = call->effects->place;
    object->origin = strdup(node->path);
    object->place = call->effects->place;
    effect_node_set(call->effects, node, object);
    touch(call, node);
    return object;
}

uint32_t effect_masked(const struct effect_call *call, uint64_t mode)
{
    uint32_t mask = call->process->fs ? call->process->fs->umask : 022;

    return (uint32_t)mode & 07777 & ~mask;
}

static bool is_below(const char *path, const char *directory, size_t length)
{
    return strncmp(path, directory, length) == 0 && path[length] == '/';
}

/* Names below a directory that was moved. Collected first: making the new ones moves the table. */
static void move_below(struct effect_call *call, const char *from, const char *to)
{
    struct rn_effects *effects = call->effects;
    size_t length = strlen(from), count = 0;
    struct effect_node **below = calloc(effects->nodes.count + 1, sizeof *below);

    if (!below) {
        effects->failed = true;
        return;
    }
    for (size_t i = 0; i < effects->nodes.capacity; i++) {
        struct effect_node *node = effects->nodes.slots[i].value;

        if (node && node->object && is_below(node->path, from, length))
            below[count++] = node;
    }
    for (size_t i = 0; i < count; i++) {
        struct effect_object *object = below[i]->object;
        char *path = NULL;
        struct effect_node *node;

        if (asprintf(&path, "%s%s", to, below[i]->path + length) < 0) {
            effects->failed = true;
            break;
        }
        node = effect_node(effects, path);
        if (node) {
            effect_node_set(effects, node, object);
            node->touched |= below[i]->touched;
            node->place = below[i]->place;
            if (object->kind == OBJECT_DIRECTORY) {
                free(object->origin);
                object->origin = strdup(path);
            }
            effect_node_set(effects, below[i], NULL);
        }
        free(path);
    }
    free(below);
}

static void moved(struct effect_call *call, struct effect_node *from, struct effect_node *to,
                  bool exchange)
{
    struct rn_effects *effects = call->effects;
    struct effect_object *object, *other = NULL;

    if (!from || !to || from == to)
        return;
    if (!from->touched && !from->was_absent)
        from->existed = true;
    object = effect_node_object(effects, from);
    if (exchange)
        other = effect_node_object(effects, to);
    if (!object)
        return;
    if (object->kind == OBJECT_DIRECTORY ||
        (object->placeholder && effects->nodes.count < MOVE_ALL_NODES))
        move_below(call, from->path, to->path);
    if (object->dirty)
        object->renamed_unsynced = !object->synced;
    object->holders++; /* it must not go while it has no name */
    if (other)
        other->holders++;
    effect_node_set(effects, to, object);
    effect_node_set(effects, from, other);
    if (object->kind == OBJECT_DIRECTORY) {
        free(object->origin);
        object->origin = strdup(to->path);
    }
    object->holders--;
    if (other)
        other->holders--;
    touch(call, from);
    touch(call, to);
}

static void linked(struct effect_call *call, struct effect_node *from, struct effect_node *to)
{
    struct effect_object *object;

    if (!from || !to)
        return;
    if (!from->touched && !from->was_absent)
        from->existed = true;
    object = effect_node_object(call->effects, from);
    if (!object)
        return;
    if (!to->touched)
        to->was_absent = true;
    effect_node_set(call->effects, to, object);
    touch(call, to);
}

static void make_symlink(struct effect_call *call, struct effect_node *node)
{
    const struct rn_attachment *target = rn_event_attachment(call->event, RN_ATT_PATH, 0);
    struct effect_object *object = make(call, node, OBJECT_SYMLINK, S_IFLNK);

    if (!object)
        return;
    object->has = 0;
    if (target && target->data)
        object->target = strndup((const char *)target->data, target->size);
}

static void make_special(struct effect_call *call, struct effect_node *node, uint64_t mode)
{
    uint32_t type = (uint32_t)mode & S_IFMT;
    enum object_kind kind = type == S_IFREG || type == 0 ? OBJECT_FILE : OBJECT_DEVICE;
    uint32_t given = (type ? type : S_IFREG) | effect_masked(call, mode);
    struct effect_object *object = make(call, node, kind, given);

    if (object)
        object->dirty = true;
}

static int64_t dirfd(const struct effect_call *call, unsigned arg)
{
    return (int32_t)call->syscall->args[arg];
}

/* What could not be made is there already. */
static void not_made(struct effect_call *call, enum effect_op op)
{
    if (call->syscall->ret != (uint64_t)-EEXIST)
        return;
    switch (op) {
    case OP_MKDIR:
    case OP_MKNOD:
        effect_note_there(call, AT_FDCWD, 0);
        break;
    case OP_MKDIRAT:
    case OP_MKNODAT:
        effect_note_there(call, dirfd(call, 0), 1);
        break;
    case OP_LINK:
    case OP_SYMLINK:
        effect_note_there(call, AT_FDCWD, 1);
        break;
    case OP_SYMLINKAT:
        effect_note_there(call, dirfd(call, 1), 2);
        break;
    case OP_LINKAT:
        effect_note_there(call, dirfd(call, 2), 3);
        break;
    default:
        break;
    }
}

bool effect_apply_name(struct effect_call *call, enum effect_op op)
{
    const uint64_t *args = call->syscall->args;

    if (call->failed) {
        not_made(call, op);
        return false;
    }
    switch (op) {
    case OP_UNLINK:
    case OP_RMDIR:
        taken_away(call, node_at(call, AT_FDCWD, 0));
        break;
    case OP_UNLINKAT:
        taken_away(call, node_at(call, dirfd(call, 0), 1));
        break;
    case OP_RENAME:
        moved(call, node_at(call, AT_FDCWD, 0), node_at(call, AT_FDCWD, 1), false);
        break;
    case OP_RENAMEAT:
        moved(call, node_at(call, dirfd(call, 0), 1), node_at(call, dirfd(call, 2), 3),
              args[4] & RENAME_EXCHANGE_BIT);
        break;
    case OP_LINK:
        linked(call, node_at(call, AT_FDCWD, 0), node_at(call, AT_FDCWD, 1));
        break;
    case OP_LINKAT:
        linked(call, node_at(call, dirfd(call, 0), 1), node_at(call, dirfd(call, 2), 3));
        break;
    case OP_SYMLINK:
        make_symlink(call, node_at(call, AT_FDCWD, 1));
        break;
    case OP_SYMLINKAT:
        make_symlink(call, node_at(call, dirfd(call, 1), 2));
        break;
    case OP_MKDIR:
        (void)make(call, node_at(call, AT_FDCWD, 0), OBJECT_DIRECTORY,
                   S_IFDIR | effect_masked(call, args[1]));
        break;
    case OP_MKDIRAT:
        (void)make(call, node_at(call, dirfd(call, 0), 1), OBJECT_DIRECTORY,
                   S_IFDIR | effect_masked(call, args[2]));
        break;
    case OP_MKNOD:
        make_special(call, node_at(call, AT_FDCWD, 0), args[1]);
        break;
    case OP_MKNODAT:
        make_special(call, node_at(call, dirfd(call, 0), 1), args[2]);
        break;
    default:
        return false;
    }
    return true;
}

/* ---- attributes ---- */

/* What a call by name or by descriptor is about, and its name where that is known. */
struct subject {
    struct effect_object *object;
    struct effect_node *node;
};

static struct subject by_name(struct effect_call *call, int64_t directory, uint8_t arg)
{
    char *path = effect_path(call, directory, rn_event_attachment(call->event, RN_ATT_PATH, arg));
    int64_t number = path ? effect_path_descriptor(path) : -1;
    const struct effect_fd *fd = number >= 0 ? effect_fd(call->process, (uint64_t)number) : NULL;
    struct subject subject = {.object = fd ? fd->open->object : NULL};

    if (path && number < 0)
        subject.node = effect_node(call->effects, path);
    if (subject.node)
        subject.object = effect_node_object(call->effects, subject.node);
    free(path);
    return subject;
}

static struct subject by_descriptor(struct effect_call *call)
{
    const struct effect_fd *fd = effect_fd(call->process, (uint32_t)call->syscall->args[0]);

    return (struct subject){.object = fd ? fd->open->object : NULL};
}

/* At the end names are looked at: one through which nothing was done but the attribute counts too.
 */
static void changed(struct effect_call *call, struct subject subject)
{
    subject.object->place = call->effects->place;
    subject.object->attributes_set = true;
    if (subject.node)
        touch(call, subject.node);
}

static void set_mode(struct effect_call *call, struct subject subject, uint64_t mode)
{
    if (!subject.object)
        return;
    subject.object->mode = (subject.object->mode & S_IFMT) | (uint32_t)(mode & 07777);
    subject.object->has |= RN_EFFECT_HAS_MODE;
    subject.object->mode_place = call->effects->place;
    changed(call, subject);
}

static void set_owner(struct effect_call *call, struct subject subject, uint64_t owner,
                      uint64_t group)
{
    if (!subject.object)
        return;
    if ((uint32_t)owner != UINT32_MAX) {
        subject.object->owner = (uint32_t)owner;
        subject.object->has |= RN_EFFECT_HAS_OWNER;
    }
    if ((uint32_t)group != UINT32_MAX) {
        subject.object->group = (uint32_t)group;
        subject.object->has |= RN_EFFECT_HAS_GROUP;
    }
    changed(call, subject);
}

/* utimensat without a path is about the descriptor. A time that is "now" is none that was set. */
static void set_times(struct effect_call *call, enum effect_op op)
{
    bool at = op == OP_UTIMENS;
    const struct rn_attachment *path = rn_event_attachment(call->event, RN_ATT_PATH, at);
    const struct rn_attachment *times = rn_event_attachment(call->event, RN_ATT_STRUCT, at ? 2 : 1);
    struct subject subject;
    int64_t pairs[4];

    if (!times || !times->data || times->size < sizeof pairs)
        return;
    memcpy(pairs, times->data, sizeof pairs);
    if (at && (pairs[3] == UTIME_NOW || pairs[3] == UTIME_OMIT))
        return;
    subject = path ? by_name(call, at ? dirfd(call, 0) : AT_FDCWD, at) : by_descriptor(call);
    if (!subject.object)
        return;
    subject.object->mtime = pairs[2];
    subject.object->has |= RN_EFFECT_HAS_MTIME;
}

/* An access control list that says no more than permissions do: <linux/posix_acl_xattr.h>, a
 * version and entries of tag, permissions and id for owner, group and others. */
static bool plain_acl(const struct rn_content *value, uint32_t *mode)
{
    static const struct {
        uint16_t tag;
        unsigned shift;
    } entries[] = {{0x01, 6}, {0x04, 3}, {0x20, 0}};
    uint16_t words[2];

    if (!value || value->length != 28 || value->head_len != 28)
        return false;
    *mode = 0;
    for (size_t i = 0; i < 3; i++) {
        memcpy(words, value->head + 4 + 8 * i, sizeof words);
        if (words[0] != entries[i].tag || words[1] > 7)
            return false;
        *mode |= (uint32_t)words[1] << entries[i].shift;
    }
    return true;
}

static bool is_access_list(const struct rn_attachment *name)
{
    static const char access_list[] = "system.posix_acl_access";

    return name && name->data && name->size == sizeof access_list - 1 &&
           memcmp(name->data, access_list, sizeof access_list - 1) == 0;
}

static void set_attribute(struct effect_call *call, struct subject subject, bool set)
{
    const struct rn_attachment *name = rn_event_attachment(call->event, RN_ATT_STRING, 1);
    const struct rn_content *value = effect_content(call->event, 0);
    uint64_t sum = set ? 1 : 2;
    uint32_t mode;

    if (!subject.object)
        return;
    if (is_access_list(name) && (!set || plain_acl(value, &mode))) {
        if (set)
            set_mode(call, subject, (subject.object->mode & 07000) | mode);
        return;
    }
    if (name && name->data)
        sum = rn_crc64(sum, name->data, name->size);
    if (value)
        sum ^= effect_mix(value->crc ^ value->length);
    subject.object->attributes += effect_mix(sum);
    changed(call, subject);
}

bool effect_apply_attribute(struct effect_call *call, enum effect_op op)
{
    const uint64_t *args = call->syscall->args;

    if (call->failed)
        return false;
    switch (op) {
    case OP_CHMOD:
        set_mode(call, by_name(call, AT_FDCWD, 0), args[1]);
        break;
    case OP_FCHMOD:
        set_mode(call, by_descriptor(call), args[1]);
        break;
    case OP_FCHMODAT:
        set_mode(call, by_name(call, dirfd(call, 0), 1), args[2]);
        break;
    case OP_CHOWN:
    case OP_LCHOWN:
        set_owner(call, by_name(call, AT_FDCWD, 0), args[1], args[2]);
        break;
    case OP_FCHOWN:
        set_owner(call, by_descriptor(call), args[1], args[2]);
        break;
    case OP_FCHOWNAT:
        set_owner(call, by_name(call, dirfd(call, 0), 1), args[2], args[3]);
        break;
    case OP_UTIMENS:
    case OP_UTIMES:
        set_times(call, op);
        return false;
    case OP_SETXATTR:
    case OP_REMOVEXATTR:
        set_attribute(call, by_name(call, AT_FDCWD, 0), op == OP_SETXATTR);
        break;
    case OP_FSETXATTR:
    case OP_FREMOVEXATTR:
        set_attribute(call, by_descriptor(call), op == OP_FSETXATTR);
        break;
    default:
        return false;
    }
    return true;
}

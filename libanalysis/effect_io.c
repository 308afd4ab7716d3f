/* SPDX-License-Identifier: MIT */
/* Bytes that are read and written, wherever descriptors lead. */
#include "effect_model.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FICLONE_REQUEST      0x40049409u
#define FICLONERANGE_REQUEST 0x4020940du

const struct rn_content *effect_content(const struct rn_event *event, unsigned index)
{
    for (uint32_t i = 0; i < event->attachment_count; i++) {
        if (event->attachments[i].type == RN_ATT_CONTENT && index-- == 0)
            return &event->attachments[i].content;
    }
    return NULL;
}

/* A descriptor of which nothing is known was open before the recording began. */
static const struct effect_fd *descriptor(struct effect_call *call, unsigned arg)
{
    struct rn_effects *effects = call->effects;
    uint32_t number = (uint32_t)call->syscall->args[arg];
    const struct effect_fd *fd = effect_fd(call->process, number);
    struct effect_object *object;
    struct effect_open *open;
    char label[40];

    if (fd || call->failed)
        return fd;
    object = effect_object_new(effects, OBJECT_DEVICE);
    if (!object)
        return NULL;
    snprintf(label, sizeof label, "descriptor %u", number);
    object->label = strdup(label);
    object->inherited = true;
    open = effect_open_new(effects, object, O_RDWR);
    if (open)
        effect_fd_set(effects, call->process, number, open, false, -1);
    return effect_fd(call->process, number);
}

static bool erased(struct effect_call *call, enum rn_rule rule)
{
    call->effects->summary.erased[rule]++;
    return true;
}

/* ---- writing ---- */

static void lay_over_old(struct effect_object *object, bool at_end)
{
    if (object->from_empty)
        return;
    if (object->dirty && object->append_only != at_end && !object->opaque)
        object->opaque = "both appended to and overwritten, and what was there is not known";
    object->append_only = at_end;
}

static void write_file(struct effect_call *call, struct effect_open *open, uint64_t length,
                       const struct rn_content *content, const uint64_t *position)
{
    struct effect_object *object = open->object;
    struct rn_image *image = &object->image;
    uint64_t offset = position ? *position : open->offset;

    if (open->flags & O_APPEND) {
        if (!object->inherited)
            lay_over_old(object, true);
        offset = image->length + object->base;
    } else if (!object->inherited) {
        lay_over_old(object, false);
    }
    if (offset < object->base)
        object->opaque = "written before the place where the program found it";
    else
        rn_image_write(image, offset - object->base, length, content, &call->effects->place);
    if (!position)
        open->offset = offset + length;
    object->synced = false;
    effect_wrote(call, object, length, content);
}

static void write_slot(struct effect_call *call, const struct effect_fd *fd, uint64_t length,
                       const struct rn_content *content)
{
    struct effect_slot *slot;

    if (fd->slot < 0 || (size_t)fd->slot >= call->effects->slot_count)
        return;
    slot = &call->effects->slots[fd->slot];
    if (slot->object != fd->open->object)
        return;
    rn_image_append(&slot->image, length, content, &call->effects->place);
    slot->place = call->effects->place;
}

static bool write_to(struct effect_call *call, const struct effect_fd *fd, uint64_t length,
                     const struct rn_content *content, const uint64_t *position)
{
    struct effect_object *object = fd ? fd->open->object : NULL;

    if (!object)
        return false;
    if (object->internal)
        return erased(call, RN_RULE_INTERNAL_PIPES);
    switch (object->kind) {
    case OBJECT_NULL:
        if (!object->inherited)
            return erased(call, RN_RULE_NULL_DEVICE);
        break;
    case OBJECT_OTHER:
        return erased(call, RN_RULE_DESCRIPTORS);
    case OBJECT_FILE:
        write_file(call, fd->open, length, content, position);
        write_slot(call, fd, length, content);
        return true;
    default:
        break;
    }
    rn_image_append(&object->image, length, content, &call->effects->place);
    write_slot(call, fd, length, content);
    effect_wrote(call, object, length, content);
    return true;
}

/* ---- reading ---- */

static void read_file(struct effect_open *open, uint64_t length, const struct rn_content *content,
                      const uint64_t *position, const struct rn_place *place)
{
    struct effect_object *object = open->object;
    struct rn_image *input = &object->input;
    uint64_t offset = position ? *position : open->offset;

    if (!position)
        open->offset = offset + length;
    if (object->dirty || offset < object->base)
        return;
    if (length == 0 && offset - object->base == input->length)
        object->read_to_end = true;
    /* What was read before is what counts. */
    if (offset - object->base >= input->length)
        rn_image_write(input, offset - object->base, length, content, place);
}

static bool read_from(struct effect_call *call, const struct effect_fd *fd, uint64_t length,
                      const struct rn_content *content, const uint64_t *position)
{
    struct effect_object *object = fd ? fd->open->object : NULL;

    if (!object)
        return false;
    if (object->runtime)
        call->rule = RN_RULE_START_UP;
    if (object->kind == OBJECT_FILE)
        read_file(fd->open, length, content, position, &call->effects->place);
    else if (length == 0)
        object->read_to_end = true;
    else if (!object->internal && object->kind != OBJECT_NULL && object->kind != OBJECT_OTHER)
        rn_image_append(&object->input, length, content, &call->effects->place);
    return false;
}

/* ---- within the kernel ---- */

static bool given_offset(const struct effect_call *call, unsigned arg, uint64_t *offset)
{
    for (uint32_t i = 0; i < call->event->attachment_count; i++) {
        const struct rn_attachment *given = &call->event->attachments[i];

        if (given->type != RN_ATT_STRUCT || given->arg != arg || !(given->flags & RN_ATT_ENTRY))
            continue;
        *offset = 0;
        if (given->data)
            memcpy(offset, given->data, given->size < 8 ? given->size : 8);
        return true;
    }
    return false;
}

/* A transfer of more than fits into one fingerprint has several, one behind the other. */
static bool transfer(struct effect_call *call, unsigned from_arg, unsigned from_offset_arg,
                     unsigned to_arg, unsigned to_offset_arg)
{
    const struct effect_fd *from = descriptor(call, from_arg), *to = descriptor(call, to_arg);
    uint64_t from_at = 0, to_at = 0, left = call->syscall->ret;
    bool has_from = given_offset(call, from_offset_arg, &from_at);
    bool has_to = to_offset_arg < 6 && given_offset(call, to_offset_arg, &to_at);
    const struct rn_content *content;

    from = effect_fd(call->process, (uint32_t)call->syscall->args[from_arg]); /* `to` may be new */
    for (unsigned i = 0; left && (content = effect_content(call->event, i)); i++) {
        uint64_t length = content->length < left ? content->length : left;

        read_from(call, from, length, content, has_from ? &from_at : NULL);
        write_to(call, to, length, content, has_to ? &to_at : NULL);
        from_at += length;
        to_at += length;
        left -= length;
    }
    if (left || call->syscall->ret == 0) /* its end */
        read_from(call, from, left, NULL, has_from ? &from_at : NULL);
    if (left)
        write_to(call, to, left, NULL, has_to ? &to_at : NULL);
    return true;
}

/* ---- length, mappings, order ---- */

static void set_length(struct effect_call *call, struct effect_object *object, uint64_t length)
{
    if (!object || object->kind != OBJECT_FILE)
        return;
    if (length == 0)
        object->from_empty = true;
    else if (!object->from_empty)
        object->opaque = "cut, and what was there is not known";
    if (object->inherited && object->base)
        object->opaque = "cut after the program had found it in use";
    rn_image_truncate(&object->image, length, &call->effects->place);
    object->dirty = true;
    object->synced = false;
    object->place = call->effects->place;
}

static void truncate_name(struct effect_call *call)
{
    char *path = effect_path(call, AT_FDCWD, rn_event_attachment(call->event, RN_ATT_PATH, 0));
    struct effect_node *node = path ? effect_node(call->effects, path) : NULL;

    if (node) {
        set_length(call, effect_node_object(call->effects, node), call->syscall->args[1]);
        node->touched = true;
        node->place = call->effects->place;
    }
    free(path);
}

static bool allocate(struct effect_call *call, struct effect_object *object)
{
    uint64_t mode = call->syscall->args[1], offset = call->syscall->args[2];
    uint64_t length = call->syscall->args[3], end;

    if (!object || object->kind != OBJECT_FILE || mode == FALLOC_FL_KEEP_SIZE ||
        __builtin_add_overflow(offset, length, &end))
        return false;
    object->dirty = true;
    object->place = call->effects->place;
    if (mode == 0) {
        if (object->from_empty && end > object->image.length)
            rn_image_truncate(&object->image, end, &call->effects->place);
        else if (!object->from_empty)
            object->opaque = "lengthened, and what was there is not known";
    } else if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) {
        uint64_t within =
            end < object->image.length || mode & FALLOC_FL_ZERO_RANGE ? end : object->image.length;

        if (mode & FALLOC_FL_KEEP_SIZE && within > object->image.length)
            within = object->image.length;
        if (within > offset)
            rn_image_zero(&object->image, offset, within - offset, &call->effects->place);
    } else {
        object->opaque = "stretches of it were moved";
        object->image.unknown_moved++;
    }
    return true;
}

static bool map(struct effect_call *call)
{
    const uint64_t *args = call->syscall->args;
    const struct effect_fd *fd;
    struct effect_object *object;

    if (args[3] & MAP_ANONYMOUS || call->failed)
        return false;
    fd = effect_fd(call->process, (uint32_t)args[4]);
    object = fd ? fd->open->object : NULL;
    if (!object || object->kind != OBJECT_FILE)
        return false;
    if (object->recorders)
        return erased(call, RN_RULE_START_UP);
    /* MAP_SHARED_VALIDATE has the bits of MAP_SHARED and MAP_PRIVATE. */
    if (!(args[3] & MAP_SHARED) || !(args[2] & PROT_WRITE)) {
        object->mapped = true;
        return false;
    }
    object->shared_map = true;
    object->dirty = true;
    object->place = call->effects->place;
    return true;
}

static bool sync_file(struct effect_call *call, struct effect_object *object)
{
    if (!object || object->kind != OBJECT_FILE || !object->dirty)
        return false;
    object->synced = true;
    object->synced_by = call->thread;
    object->output_at_sync = call->thread->output;
    return false;
}

static bool control(struct effect_call *call, struct effect_object *object)
{
    uint32_t request = (uint32_t)call->syscall->args[1];

    if (call->failed || (request != FICLONE_REQUEST && request != FICLONERANGE_REQUEST))
        return false;
    if (object) {
        object->opaque = "cloned from another file";
        object->image.unknown_moved++;
        object->dirty = true;
        object->place = call->effects->place;
    }
    return true;
}

static struct effect_object *object_of(const struct effect_fd *fd)
{
    return fd ? fd->open->object : NULL;
}

/* Offset -1 of pwritev2 and preadv2 is the description's own. */
static const uint64_t *own_offset(const uint64_t *offset)
{
    return *offset == UINT64_MAX ? NULL : offset;
}

bool effect_apply_io(struct effect_call *call, enum effect_op op)
{
    const uint64_t *args = call->syscall->args;
    uint64_t ret = call->syscall->ret;
    const struct effect_fd *fd;

    if (op == OP_MMAP)
        return map(call);
    if (call->failed)
        return false;
    if (op == OP_TRUNCATE) {
        truncate_name(call);
        return true;
    }
    if (op == OP_SENDFILE)
        return transfer(call, 1, 2, 0, 6);
    if (op == OP_SPLICE || op == OP_COPY_RANGE)
        return transfer(call, 0, 1, 2, 3);
    fd = descriptor(call, op == OP_TEE ? 1 : 0);
    if (fd && fd->open->object && fd->open->object->socket && op >= OP_READ && op <= OP_PREADV2)
        return effect_apply_socket(call, op == OP_READ ? OP_RECV : OP_SEND);
    switch (op) {
    case OP_READ:
        return read_from(call, fd, ret, effect_content(call->event, 0), NULL);
    case OP_PREAD:
        return read_from(call, fd, ret, effect_content(call->event, 0), &args[3]);
    case OP_PREADV2:
        return read_from(call, fd, ret, effect_content(call->event, 0), own_offset(&args[3]));
    case OP_WRITE:
    case OP_VMSPLICE:
        return write_to(call, fd, ret, effect_content(call->event, 0), NULL);
    case OP_PWRITE:
        return write_to(call, fd, ret, effect_content(call->event, 0), &args[3]);
    case OP_PWRITEV2:
        return write_to(call, fd, ret, effect_content(call->event, 0), own_offset(&args[3]));
    case OP_TEE:
        return write_to(call, fd, ret, NULL, NULL);
    case OP_LSEEK:
        if (fd)
            fd->open->offset = ret;
        return false;
    case OP_FTRUNCATE:
        set_length(call, object_of(fd), args[1]);
        return true;
    case OP_FALLOCATE:
        return allocate(call, object_of(fd));
    case OP_FSYNC:
        return sync_file(call, object_of(fd));
    case OP_IOCTL:
        return control(call, object_of(fd));
    default:
        return false;
    }
}

/* SPDX-License-Identifier: MIT */
/* The descriptors that the program began with: its standard streams, and others. And the final
 * content of files, which the recorder states where it cannot be composed. */
#include "effect_model.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const standard_names[] = {"stdin", "stdout", "stderr"};

static int new_slot(struct rn_effects *effects, const struct rn_descriptor *row,
                    struct effect_object *object)
{
    struct effect_slot *slot;

    if (effects->slot_count == EFFECT_SLOTS)
        return -1;
    slot = &effects->slots[effects->slot_count];
    *slot = (struct effect_slot){
        .fd = (int64_t)row->fd, .object = object, .writable = (row->flags & O_ACCMODE) != O_RDONLY};
    rn_image_init(&slot->image, effects->options.keep);
    return (int)effects->slot_count++;
}

static void label(struct rn_effects *effects, struct effect_object *object, uint64_t fd)
{
    char text[40];

    if (object->label)
        return;
    if (fd < 3)
        snprintf(text, sizeof text, "%s", standard_names[fd]);
    else
        snprintf(text, sizeof text, "descriptor %llu", (unsigned long long)fd);
    object->label = strdup(text);
    if (!object->label)
        effects->failed = true;
}

/* The null device is nobody's: standard output and standard error that both go there are not one
 * stream. */
static struct effect_object *inherited_object(struct rn_effects *effects,
                                              const struct rn_descriptor *row)
{
    struct rn_fd_identity identity = {.fd = row->fd,
                                      .device = row->device,
                                      .inode = row->inode,
                                      .rdev = row->rdev,
                                      .mode = row->mode};
    bool is_new;
    struct effect_object *object = effect_object_of(effects, &identity, &is_new);

    if (object && object->kind == OBJECT_NULL)
        object = effect_object_new(effects, OBJECT_NULL);
    if (object)
        object->inherited = true;
    return object;
}

/* Descriptors 1 and 2 after "2>&1" have one open file description: it cannot be seen here, but an
 * equal offset and equal flags of one file are taken for it. */
static struct effect_open *same_description(const struct rn_effects *effects,
                                            const struct effect_process *process,
                                            const struct effect_object *object,
                                            const struct rn_descriptor *row)
{
    for (size_t i = 0; i < effects->slot_count; i++) {
        const struct effect_fd *fd;

        if (effects->slots[i].object != object)
            continue;
        fd = effect_fd(process, (uint64_t)effects->slots[i].fd);
        if (fd && fd->open->object == object &&
            fd->open->flags == (uint32_t)(row->flags & ~(uint64_t)O_CLOEXEC))
            return fd->open;
    }
    return NULL;
}

static void inherit(struct rn_effects *effects, struct effect_process *process,
                    const struct rn_descriptor *row)
{
    struct effect_object *object = inherited_object(effects, row);
    struct effect_open *open;
    int slot;

    if (!object)
        return;
    label(effects, object, row->fd);
    open = same_description(effects, process, object, row);
    slot = new_slot(effects, row, object);
    if (!open) {
        open = effect_open_new(effects, object, (uint32_t)(row->flags & ~(uint64_t)O_CLOEXEC));
        if (!open)
            return;
        open->offset = row->offset;
        if (object->kind == OBJECT_FILE && object->base == 0)
            object->base = row->offset;
    }
    effect_fd_set(effects, process, row->fd, open, row->flags & O_CLOEXEC, slot);
}

/* A descriptor whose making was not seen. */
static void adopt(struct rn_effects *effects, struct effect_process *process,
                  const struct rn_event *event)
{
    const struct rn_descriptor *row = &event->u.descriptor;
    const struct rn_attachment *path = rn_event_attachment(event, RN_ATT_PATH, RN_ARG_ANY);
    struct rn_fd_identity identity = {.fd = row->fd,
                                      .device = row->device,
                                      .inode = row->inode,
                                      .rdev = row->rdev,
                                      .mode = row->mode};
    bool is_new;
    struct effect_object *object = effect_object_of(effects, &identity, &is_new);
    struct effect_open *open;

    if (!object)
        return;
    if (is_new && path && path->data)
        object->origin = strndup((const char *)path->data, path->size);
    open = effect_open_new(effects, object, (uint32_t)row->flags);
    if (!open)
        return;
    open->offset = row->offset;
    effect_fd_set(effects, process, row->fd, open, row->flags & O_CLOEXEC, -1);
}

/* A piece of the final content of a file: from `offset`; the first piece replaces what was
 * composed. */
static void restore(struct rn_effects *effects, const struct rn_event *event)
{
    const struct rn_descriptor *row = &event->u.descriptor;
    const struct rn_attachment *content = rn_event_attachment(event, RN_ATT_CONTENT, RN_ARG_ANY);
    const struct rn_attachment *path = rn_event_attachment(event, RN_ATT_PATH, RN_ARG_ANY);
    char *name = path && path->data ? strndup((const char *)path->data, path->size) : NULL;
    struct effect_node *node = name ? effect_node_find(effects, name) : NULL;
    struct effect_object *object = node ? node->object : NULL;
    const struct rn_extent *first;
    struct rn_place place;

    free(name);
    if (!object || object->kind != OBJECT_FILE)
        return;
    first = rn_image_first(&object->image);
    place = first ? first->place : object->place;
    if (row->offset == 0) {
        effects->summary.known_bytes += object->image.unknown_moved;
        object->appended = object->image.length;
        rn_image_free(&object->image);
        rn_image_init(&object->image, effects->options.keep);
        object->restored = true;
        object->mode = (uint32_t)row->mode;
    }
    if (object->restored && content)
        rn_image_write(&object->image, row->offset, content->content.length, &content->content,
                       &place);
}

void effect_feed_descriptor(struct rn_effects *effects, const struct rn_event *event)
{
    const struct rn_descriptor *row = &event->u.descriptor;
    struct effect_process *process = rn_id_map_get(&effects->processes, row->pid);

    if (row->fd == UINT64_MAX) {
        restore(effects, event);
        return;
    }
    if (!process || effect_fd(process, row->fd))
        return;
    if (process == effects->root && !(event->flags & RN_EVENT_SNAPSHOT) && !effects->started)
        inherit(effects, process, row);
    else
        adopt(effects, process, event);
}

/* SPDX-License-Identifier: MIT */
/* Objects: inodes, pipes, sockets, terminals; those that the program began with, and who writes to
 * them. */
#include "effect_model.h"

#include "formats/crc64.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define WRITERS_MAX 4096u
/* First bytes of inputs that are kept: whether two differ is to be told where they were read in
 * other pieces. */
#define INPUT_KEEP 4096u

uint64_t effect_mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ull;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebull;
    return value ^ (value >> 31);
}

char *effect_text(struct rn_effects *effects, const char *format, ...)
{
    va_list list;
    char *text = NULL;
    int length;

    if (effects->text_count == effects->text_capacity) {
        size_t capacity = effects->text_capacity ? 2 * effects->text_capacity : 64;
        char **texts = realloc(effects->texts, capacity * sizeof *texts);

        if (!texts) {
            effects->failed = true;
            return NULL;
        }
        effects->texts = texts;
        effects->text_capacity = capacity;
    }
    va_start(list, format);
    length = vasprintf(&text, format, list);
    va_end(list);
    if (length < 0) {
        effects->failed = true;
        return NULL;
    }
    effects->texts[effects->text_count++] = text;
    return text;
}

struct effect_object *effect_object_new(struct rn_effects *effects, enum object_kind kind)
{
    struct effect_object *object;

    if (effects->object_count >= RN_EFFECTS_MAX_OBJECTS) {
        effects->over_limit = true;
        return NULL;
    }
    object = calloc(1, sizeof *object);
    if (!object) {
        effects->failed = true;
        return NULL;
    }
    object->kind = (uint8_t)kind;
    rn_image_init(&object->image, effects->options.keep);
    rn_image_init(&object->input, INPUT_KEEP);
    object->next = effects->objects;
    if (effects->objects)
        effects->objects->previous = object;
    effects->objects = object;
    effects->object_count++;
    return object;
}

static enum object_kind kind_of(const struct rn_fd_identity *identity)
{
    switch (identity->mode & S_IFMT) {
    case S_IFREG:
        return OBJECT_FILE;
    case S_IFDIR:
        return OBJECT_DIRECTORY;
    case S_IFLNK:
        return OBJECT_SYMLINK;
    case S_IFIFO:
        return OBJECT_PIPE;
    case S_IFSOCK:
        return OBJECT_SOCKET;
    case S_IFCHR:
        /* Documentation/admin-guide/devices.txt: 1 memory (null, zero, full, random), 4 consoles, 5
         * the terminal at hand, 136 to 143 pseudo-terminals. */
        if (major(identity->rdev) == 1)
            return OBJECT_NULL;
        if (major(identity->rdev) == 4 || major(identity->rdev) == 5 ||
            (major(identity->rdev) >= 136 && major(identity->rdev) <= 143))
            return OBJECT_TERMINAL;
        return OBJECT_DEVICE;
    case S_IFBLK:
        return OBJECT_DEVICE;
    default:
        return OBJECT_OTHER; /* anonymous inodes */
    }
}

static uint64_t inode_key(uint64_t device, uint64_t inode)
{
    return effect_mix(inode + 1) ^ effect_mix(~device);
}

struct effect_object *effect_object_of(struct rn_effects *effects,
                                       const struct rn_fd_identity *identity, bool *is_new)
{
    uint64_t key = inode_key(identity->device, identity->inode);
    enum object_kind kind = kind_of(identity);
    struct effect_object *object = NULL;

    /* Anonymous inodes are all the same one. */
    if (kind != OBJECT_OTHER)
        object = rn_id_map_get(&effects->inodes, key);
    *is_new = false;
    if (object && object->kind == kind && object->device == identity->device &&
        object->inode == identity->inode)
        return object;
    object = effect_object_new(effects, kind);
    if (!object)
        return NULL;
    *is_new = true;
    object->device = identity->device;
    object->inode = identity->inode;
    if (kind != OBJECT_OTHER && !rn_id_map_set(&effects->inodes, key, object))
        effects->failed = true;
    return object;
}

bool effect_object_bind(struct rn_effects *effects, struct effect_object *object,
                        const struct rn_fd_identity *identity)
{
    uint64_t key = inode_key(identity->device, identity->inode);

    if (rn_id_map_get(&effects->inodes, key) ||
        (!object->placeholder && object->kind != kind_of(identity)))
        return false;
    if (!rn_id_map_set(&effects->inodes, key, object))
        effects->failed = true;
    object->kind = (uint8_t)kind_of(identity);
    object->placeholder = false;
    object->device = identity->device;
    object->inode = identity->inode;
    if (!(object->has & RN_EFFECT_HAS_MODE))
        object->mode = (uint32_t)identity->mode;
    return true;
}

void effect_object_forget_inode(struct rn_effects *effects, struct effect_object *object)
{
    uint64_t key = inode_key(object->device, object->inode);

    if (rn_id_map_get(&effects->inodes, key) == object)
        rn_id_map_remove(&effects->inodes, key);
}

static void object_free(struct effect_object *object)
{
    rn_image_free(&object->image);
    rn_image_free(&object->input);
    effect_socket_free(object->socket);
    free(object->writers);
    free(object->origin);
    free(object->label);
    free(object->target);
    free(object);
}

/* A file that was there before keeps its inode while it has a name, known or not. */
void effect_object_gone(struct rn_effects *effects, struct effect_object *object)
{
    if (object->holders || object->names || object->inherited)
        return;
    if ((object->kind == OBJECT_FILE || object->kind == OBJECT_DIRECTORY) && !object->unlinked)
        return;
    if (object->kind == OBJECT_SOCKET)
        effect_socket_closed(effects, object);
    if (object->kind == OBJECT_TERMINAL || object->kind == OBJECT_DEVICE)
        return;
    effect_object_forget_inode(effects, object);
    if (object->previous)
        object->previous->next = object->next;
    else
        effects->objects = object->next;
    if (object->next)
        object->next->previous = object->previous;
    effects->object_count--;
    object_free(object);
}

void effect_objects_free(struct rn_effects *effects)
{
    while (effects->objects) {
        struct effect_object *object = effects->objects;

        effects->objects = object->next;
        object_free(object);
    }
    rn_id_map_free(&effects->inodes);
}

/* ---- who writes ---- */

static struct rn_effect_writer *writer_of(struct effect_object *object, uint64_t stream)
{
    struct rn_effect_writer *writers;
    size_t capacity;

    for (size_t i = object->writer_count; i-- > 0;) {
        if (object->writers[i].stream == stream)
            return &object->writers[i];
    }
    if (object->writer_count == WRITERS_MAX)
        return NULL;
    if (object->writer_count == object->writer_capacity) {
        capacity = object->writer_capacity ? 2 * object->writer_capacity : 4;
        writers = realloc(object->writers, capacity * sizeof *writers);
        if (!writers)
            return NULL;
        object->writers = writers;
        object->writer_capacity = capacity;
    }
    writers = &object->writers[object->writer_count++];
    *writers = (struct rn_effect_writer){.stream = stream, .known = true};
    return writers;
}

/* The first one is known only by what is there when a second one comes. */
static void first_writer(struct effect_object *object)
{
    struct rn_effect_writer *writer = writer_of(object, object->last_writer->stream);

    if (!writer)
        return;
    writer->length = object->image.length;
    writer->known = rn_image_crc(&object->image, true, &writer->crc);
}

static void note_writer(struct effect_call *call, struct effect_object *object, uint64_t length,
                        const struct rn_content *content)
{
    struct effect_thread *thread = call->thread;
    struct rn_effect_writer *writer;

    if (object->last_writer && object->last_writer != thread) {
        if (!effect_knows(thread, call->event->start, object->last_writer, object->last_write_at))
            object->concurrent = true;
        if (object->writer_count == 0)
            first_writer(object);
    }
    object->last_writer = thread;
    object->last_write_at = call->event->start;
    object->chunk_sum += effect_mix((content ? content->crc : 1) ^ effect_mix(length));
    if (object->writer_count == 0)
        return;
    writer = writer_of(object, thread->stream);
    if (!writer)
        return;
    writer->known = writer->known && content;
    if (writer->known)
        writer->crc = rn_crc64_combine(writer->crc, content->crc, length);
    writer->length += length;
}

static void note_output(struct effect_thread *thread, uint64_t length)
{
    thread->output += length;
    thread->output_calls++;
}

void effect_wrote(struct effect_call *call, struct effect_object *object, uint64_t length,
                  const struct rn_content *content)
{
    note_writer(call, object, length, content);
    object->dirty = true;
    object->place = call->effects->place;
    if ((object->inherited && object->label) || object->kind == OBJECT_TERMINAL ||
        object->kind == OBJECT_SOCKET)
        note_output(call->thread, length);
    call->effects->summary.effect_bytes += length;
    if (content)
        call->effects->summary.known_bytes += length;
}

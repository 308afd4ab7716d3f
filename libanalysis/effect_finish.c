/* SPDX-License-Identifier: MIT */
/* From what is known at the end of a recording to the list of its effects. */
#include "effect_model.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct rn_effect *add_to(struct rn_effects *effects, struct rn_effect **list, size_t *count,
                                size_t *capacity)
{
    if (effects->closing)
        return NULL;
    if (*count >= RN_EFFECTS_MAX_OBJECTS) {
        effects->over_limit = true;
        return NULL;
    }
    if (*count == *capacity) {
        size_t wanted = *capacity ? *capacity + *capacity / 2 : 64;
        struct rn_effect *larger = realloc(*list, wanted * sizeof *larger);

        if (!larger) {
            effects->failed = true;
            return NULL;
        }
        *list = larger;
        *capacity = wanted;
    }
    memset(&(*list)[*count], 0, sizeof **list);
    return &(*list)[(*count)++];
}

struct rn_effect *effect_add(struct rn_effects *effects, enum rn_effect_kind kind, const char *name)
{
    struct rn_effect *effect =
        add_to(effects, &effects->effects, &effects->effect_count, &effects->effect_capacity);

    if (!effect)
        return NULL;
    effect->kind = kind;
    if (name)
        effect->name = effect_text(effects, "%s", name);
    return effect;
}

const char *rn_effect_kind_name(enum rn_effect_kind kind)
{
    static const char *const names[] = {[RN_EFFECT_STREAM] = "stream",
                                        [RN_EFFECT_FILE] = "file",
                                        [RN_EFFECT_DIRECTORY] = "directory",
                                        [RN_EFFECT_SYMLINK] = "symbolic link",
                                        [RN_EFFECT_SPECIAL] = "special file",
                                        [RN_EFFECT_REMOVED] = "removed",
                                        [RN_EFFECT_CONNECTION] = "connection",
                                        [RN_EFFECT_DATAGRAMS] = "datagrams",
                                        [RN_EFFECT_CALL] = "call",
                                        [RN_EFFECT_INPUT] = "input",
                                        [RN_EFFECT_FOUND] = "found"};

    return (unsigned)kind < sizeof names / sizeof names[0] && names[kind] ? names[kind] : "?";
}

/* Relative to where the program began, so that two runs in two directories can be compared. */
static const char *display_name(struct rn_effects *effects, const char *path)
{
    const char *top = effects->first_cwd;
    size_t length = top ? strlen(top) : 0;

    if (length > 1 && strncmp(path, top, length) == 0 && path[length] == '/')
        return path + length + 1;
    if (length > 1 && strcmp(path, top) == 0)
        return ".";
    return path;
}

static void name_effect(struct rn_effects *effects, struct rn_effect *effect, const char *path)
{
    effect->absolute = path;
    effect->name = display_name(effects, path);
}

/* ---- content ---- */

static void content(struct rn_effect *effect, const struct effect_object *object)
{
    uint64_t crc;

    effect->image = &object->image;
    effect->gaps_are_zero = object->from_empty || object->restored;
    effect->unknown_begin = !effect->gaps_are_zero;
    effect->mapped_writes = object->shared_map;
    effect->concurrent = object->concurrent;
    effect->writers = object->writers;
    effect->writer_count = object->writer_count;
    effect->chunk_sum = object->chunk_sum;
    effect->device = object->device;
    effect->inode = object->inode;
    effect->synced = object->synced && object->synced_by;
    effect->renamed_unsynced = object->renamed_unsynced;
    effect->has_begin_length = object->restored && object->append_only && object->dirty &&
                               object->image.length >= object->appended;
    if (effect->has_begin_length)
        effect->begin_length = object->image.length - object->appended;
    if (effect->synced) {
        effect->output_at_sync = object->output_at_sync;
        effect->output_total = object->synced_by->output;
        effect->output_calls = object->synced_by->output_calls;
    }
    if (object->restored)
        return;
    if (object->shared_map)
        effect->opaque = "written through a shared mapping";
    else if (object->opaque)
        effect->opaque = object->opaque;
    else if (object->image.failed)
        effect->opaque = "out of memory";
    else if (object->image.unknown_moved && !rn_image_crc(&object->image, true, &crc))
        effect->opaque = "bytes were moved that no fingerprint was taken of";
    else if (!effect->unknown_begin && !rn_image_crc(&object->image, true, &crc))
        effect->opaque = "overwritten in part";
}

static void attributes(struct rn_effect *effect, const struct effect_object *object)
{
    effect->has = object->has;
    effect->mode = object->mode;
    effect->mode_place = object->mode_place;
    effect->owner = object->owner;
    effect->group = object->group;
    effect->mtime = object->mtime;
    effect->attributes = object->attributes;
}

/* ---- names ---- */

static enum rn_effect_kind kind_of(const struct effect_object *object)
{
    switch (object->kind) {
    case OBJECT_DIRECTORY:
        return RN_EFFECT_DIRECTORY;
    case OBJECT_SYMLINK:
        return RN_EFFECT_SYMLINK;
    case OBJECT_FILE:
        return RN_EFFECT_FILE;
    default:
        return RN_EFFECT_SPECIAL;
    }
}

/* The content that a file had under another name before the program. */
static bool came_from_elsewhere(const struct effect_object *object, const struct effect_node *node)
{
    return !object->made && !object->from_empty && object->origin &&
           strcmp(object->origin, node->path) != 0;
}

static void present(struct rn_effects *effects, const struct effect_node *node)
{
    const struct effect_object *object = node->object;
    struct rn_effect *effect = effect_add(effects, kind_of(object), NULL);

    if (!effect)
        return;
    name_effect(effects, effect, node->path);
    effect->place = object->place.start > node->place.start ? object->place : node->place;
    attributes(effect, object);
    effect->target = object->target;
    effect->is_new = node->was_absent;
    if (object->links[1])
        effect->same_as =
            display_name(effects, object->links[object->links[0] == node->path ? 1 : 0]);
    if (effect->kind != RN_EFFECT_FILE)
        return;
    effect->moved = came_from_elsewhere(object, node);
    if (!object->made && !object->from_empty)
        effect->origin = object->origin ? display_name(effects, object->origin) : NULL;
    /* Content that was there before, and was left alone, is none of the program's effects. */
    if (object->dirty || object->restored || object->from_empty)
        content(effect, object);
}

static void finish_node(struct rn_effects *effects, const struct effect_node *node)
{
    const struct effect_object *object = node->object;
    struct rn_effect *effect;

    if (object && object->inherited)
        return;
    if (object) {
        if (node->touched || object->dirty || object->attributes_set)
            present(effects, node);
        return;
    }
    if (node->found && !node->touched) {
        effect = effect_add(effects, RN_EFFECT_FOUND, NULL);
        if (effect)
            name_effect(effects, effect, node->path);
        return;
    }
    /* What was made and is gone again has never been. */
    if (!node->touched || node->was_absent || !node->absent)
        return;
    effect = effect_add(effects, RN_EFFECT_REMOVED, NULL);
    if (!effect)
        return;
    name_effect(effects, effect, node->path);
    effect->place = node->place;
    effect->uncertain = !node->existed;
}

/* What is here is enough for a file that the program began anew, and wrote without gaps in what is
 * known. */
static bool needs_reading(const struct effect_node *node)
{
    const struct effect_object *object = node->object;
    uint64_t crc;

    if (!object || object->kind != OBJECT_FILE || object->inherited || object->restored)
        return false;
    if (!object->dirty)
        return node->touched; /* made or not, moved, or with new attributes */
    return !object->from_empty || object->shared_map || object->opaque ||
           !rn_image_crc(&object->image, true, &crc);
}

void rn_effects_open_files(struct rn_effects *effects, rn_effects_open_file_fn *function,
                           void *context)
{
    for (size_t i = 0; i < effects->nodes.capacity; i++) {
        const struct effect_node *node = effects->nodes.slots[i].value;

        if (node && needs_reading(node))
            function(context, node->path);
    }
}

static int by_path(const void *a, const void *b)
{
    return strcmp((*(struct effect_node *const *)a)->path, (*(struct effect_node *const *)b)->path);
}

/* The first two names of a file, in order. */
static void note_link(const struct effect_node *node)
{
    struct effect_object *object = node->object;

    if (!object || object->kind != OBJECT_FILE || object->names < 2)
        return;
    if (!object->links[0])
        object->links[0] = node->path;
    else if (!object->links[1])
        object->links[1] = node->path;
}

static void finish_nodes(struct rn_effects *effects)
{
    struct effect_node **nodes = calloc(effects->nodes.count + 1, sizeof *nodes);
    size_t count = 0;

    if (!nodes) {
        effects->failed = true;
        return;
    }
    for (size_t i = 0; i < effects->nodes.capacity; i++) {
        if (effects->nodes.slots[i].value)
            nodes[count++] = effects->nodes.slots[i].value;
    }
    qsort(nodes, count, sizeof *nodes, by_path);
    for (size_t i = 0; i < count; i++)
        note_link(nodes[i]);
    for (size_t i = 0; i < count; i++)
        finish_node(effects, nodes[i]);
    free(nodes);
}

/* ---- streams and messages ---- */

static const struct rn_effect *add_stream(struct rn_effects *effects,
                                          const struct effect_object *object, const char *name,
                                          const struct rn_image *image,
                                          const struct rn_place *place)
{
    struct rn_effect *effect = effect_add(effects, RN_EFFECT_STREAM, name);

    if (!effect)
        return NULL;
    content(effect, object);
    effect->image = image;
    effect->place = *place;
    effect->gaps_are_zero = true;
    effect->unknown_begin = false;
    if (!effect->opaque && image->unknown_moved)
        effect->opaque = "bytes were moved that no fingerprint was taken of";
    return effect;
}

/* One inherited object under several numbers: each is compared by itself, and the order among them
 * as a stream of its own. */
static void finish_shared(struct rn_effects *effects, const struct effect_object *object)
{
    static const char *const names[] = {"stdin", "stdout", "stderr"};
    struct rn_buf joint = RN_BUF_INIT;
    size_t written = 0;

    for (size_t i = 0; i < effects->slot_count; i++) {
        const struct effect_slot *slot = &effects->slots[i];
        char name[40];

        if (slot->object != object || slot->image.moved == 0)
            continue;
        if (slot->fd < 3)
            snprintf(name, sizeof name, "%s", names[slot->fd]);
        else
            snprintf(name, sizeof name, "descriptor %lld", (long long)slot->fd);
        add_stream(effects, object, name, &slot->image, &slot->place);
        rn_buf_printf(&joint, "%s%s", written++ ? " and " : "", name);
    }
    rn_buf_byte(&joint, '\0');
    if (written > 1 && !joint.failed)
        add_stream(effects, object, (const char *)joint.data, &object->image, &object->place);
    rn_buf_free(&joint);
}

static size_t slots_of(const struct rn_effects *effects, const struct effect_object *object)
{
    size_t count = 0;

    for (size_t i = 0; i < effects->slot_count; i++)
        count += effects->slots[i].object == object && effects->slots[i].image.moved > 0;
    return count;
}

static void finish_inherited(struct rn_effects *effects, const struct effect_object *object)
{
    if (object->image.moved == 0 && !object->dirty)
        return;
    if (slots_of(effects, object) > 0)
        finish_shared(effects, object);
    else
        add_stream(effects, object, object->label ? object->label : "?", &object->image,
                   &object->place);
}

static void finish_datagrams(struct rn_effects *effects, const struct effect_object *object)
{
    struct rn_effect *effect = effect_add(effects, RN_EFFECT_DATAGRAMS, NULL);

    if (!effect)
        return;
    effect->name = effect_text(effects, "to %s", object->label);
    content(effect, object);
    effect->place = object->place;
    effect->datagrams = object->datagram_count;
    effect->boundary_sum = object->boundary_sum;
}

static void finish_object(struct rn_effects *effects, struct effect_object *object)
{
    if (object->datagrams)
        finish_datagrams(effects, object);
    else if (object->inherited)
        finish_inherited(effects, object);
    else if (object->kind == OBJECT_SOCKET)
        effect_socket_closed(effects, object);
    else if (object->kind == OBJECT_TERMINAL && object->image.moved)
        add_stream(effects, object, "terminal", &object->image, &object->place);
    else if (object->kind == OBJECT_DEVICE && object->image.moved && object->origin)
        add_stream(effects, object, object->origin, &object->image, &object->place);
    else if (object->kind == OBJECT_PIPE && object->image.moved && !object->internal) {
        if (object->input.moved) /* both ends are the program's */
            effects->summary.erased[RN_RULE_INTERNAL_PIPES]++;
        else
            add_stream(effects, object, object->origin ? object->origin : "pipe", &object->image,
                       &object->place);
    }
}

/* ---- inputs ---- */

static void finish_input(struct rn_effects *effects, const struct effect_object *object)
{
    struct rn_effect *input;

    if (object->input.moved == 0 || object->internal || object->runtime ||
        object->kind == OBJECT_SOCKET || object->kind == OBJECT_TERMINAL || object->made)
        return;
    if (object->kind == OBJECT_PIPE && !object->inherited && object->image.moved)
        return;
    if (!object->inherited && (!object->origin || object->kind != OBJECT_FILE))
        return;
    input = add_to(effects, &effects->inputs, &effects->input_count, &effects->input_capacity);
    if (!input)
        return;
    input->kind = RN_EFFECT_INPUT;
    if (object->inherited)
        input->name = object->label;
    else
        name_effect(effects, input, object->origin);
    input->image = &object->input;
    input->complete = object->read_to_end;
    input->place = object->place;
}

static void number_effects(struct rn_effects *effects);

enum rn_status rn_effects_finish(struct rn_effects *effects, struct rn_error *err)
{
    struct rn_effects_summary *summary = &effects->summary;

    for (struct effect_object *object = effects->objects; object; object = object->next) {
        finish_object(effects, object);
        finish_input(effects, object);
    }
    finish_nodes(effects);
    number_effects(effects);
    effect_give_digests(effects);
    summary->io_ns = rn_clock_duration(&effects->clock, effects->io_ticks);
    summary->no_content = !summary->scrubbed && summary->effect_bytes && !summary->known_bytes;
    return effect_status(effects, err);
}

/* By kind and name; what has the same of both keeps its order. */
static int compare_effects(const void *left, const void *right)
{
    const struct rn_effect *a = left, *b = right;
    int order;

    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    order = strcmp(a->name ? a->name : "", b->name ? b->name : "");
    if (order)
        return order;
    if (a->place.start != b->place.start)
        return a->place.start < b->place.start ? -1 : 1;
    return 0;
}

static int compare_connections(const void *left, const void *right)
{
    const struct rn_connection *a = left, *b = right;
    int order = a->name == b->name ? 0 : strcmp(a->name, b->name);

    if (order)
        return order;
    if (a->place.start != b->place.start)
        return a->place.start < b->place.start ? -1 : 1;
    return 0;
}

static void number_effects(struct rn_effects *effects)
{
    struct rn_effect *list = effects->effects;

    if (effects->effect_count)
        qsort(list, effects->effect_count, sizeof *list, compare_effects);
    for (size_t i = 1; i < effects->effect_count; i++) {
        if (list[i].kind == list[i - 1].kind && list[i].name && list[i - 1].name &&
            strcmp(list[i].name, list[i - 1].name) == 0)
            list[i].number = list[i - 1].number + 1;
    }
    if (effects->connection_count)
        qsort(effects->connections, effects->connection_count, sizeof *effects->connections,
              compare_connections);
    if (effects->input_count)
        qsort(effects->inputs, effects->input_count, sizeof *list, compare_effects);
}

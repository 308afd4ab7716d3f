/* SPDX-License-Identifier: MIT */
/* Contents by what rn-scrub left of them, and what it needs to make that. An object is found by its
 * kind and the event that shaped it last, which scrubbing does not change; names it does. */
#include "effect_model.h"

#include <stdlib.h>
#include <string.h>

#define PART_SENT     0u
#define PART_RECEIVED 1u

struct effect_digest {
    struct rn_object object;
    struct rn_effect_digest digest;
};

void effect_feed_object(struct rn_effects *effects, const struct rn_event *event)
{
    const struct rn_attachment *bytes = rn_event_attachment(event, RN_ATT_DIGEST, RN_ARG_ANY);
    struct effect_digest entry = {.object = event->u.object};

    if (!bytes || !bytes->data || bytes->size != sizeof entry.digest.bytes)
        return;
    if (effects->digests.size / sizeof entry >= RN_EFFECTS_MAX_OBJECTS) {
        effects->over_limit = true;
        return;
    }
    entry.digest = (struct rn_effect_digest){
        .known = true, .length = entry.object.length, .key = entry.object.key};
    memcpy(entry.digest.bytes, bytes->data, bytes->size);
    rn_buf_append(&effects->digests, &entry, sizeof entry);
    effects->failed |= effects->digests.failed;
}

static int by_place(const void *left, const void *right)
{
    const struct rn_object *a = &((const struct effect_digest *)left)->object;
    const struct rn_object *b = &((const struct effect_digest *)right)->object;

    if (a->of != b->of)
        return a->of < b->of ? -1 : 1;
    if (a->place_stream != b->place_stream)
        return a->place_stream < b->place_stream ? -1 : 1;
    if (a->place_ordinal != b->place_ordinal)
        return a->place_ordinal < b->place_ordinal ? -1 : 1;
    return a->inode < b->inode ? -1 : a->inode > b->inode;
}

static struct rn_object object_at(enum rn_effect_kind kind, const struct rn_place *place,
                                  uint64_t inode)
{
    return (struct rn_object){
        .of = kind, .place_stream = place->stream, .place_ordinal = place->ordinal, .inode = inode};
}

/* NULL where there is none, or more than one that could be meant. */
static const struct effect_digest *find(const struct rn_effects *effects,
                                        const struct rn_object *object)
{
    const struct effect_digest wanted = {.object = *object};
    const struct effect_digest *list = (const void *)effects->digests.data, *found;
    size_t count = effects->digests.size / sizeof *list;

    found = count ? bsearch(&wanted, list, count, sizeof *list, by_place) : NULL;
    if (!found || (found > list && by_place(found - 1, found) == 0) ||
        (found + 1 < list + count && by_place(found, found + 1) == 0))
        return NULL;
    return found;
}

static void give(const struct rn_effects *effects, struct rn_effect *effect)
{
    const struct rn_object object = object_at(effect->kind, &effect->place, effect->inode);
    const struct effect_digest *found = find(effects, &object);

    if (!found)
        return;
    effect->digest = found->digest;
    effect->is_script = found->object.flags & RN_OBJECT_SCRIPT;
}

static void give_part(const struct rn_effects *effects, const struct rn_connection *connection,
                      uint64_t part, struct rn_effect_digest *digest)
{
    const struct rn_object object = object_at(RN_EFFECT_CONNECTION, &connection->place, part);
    const struct effect_digest *found = find(effects, &object);

    if (found)
        *digest = found->digest;
}

void effect_give_digests(struct rn_effects *effects)
{
    size_t count = effects->digests.size / sizeof(struct effect_digest);

    if (count == 0)
        return;
    qsort(effects->digests.data, count, sizeof(struct effect_digest), by_place);
    for (size_t i = 0; i < effects->effect_count; i++)
        give(effects, &effects->effects[i]);
    for (size_t i = 0; i < effects->input_count; i++)
        give(effects, &effects->inputs[i]);
    for (size_t i = 0; i < effects->connection_count; i++) {
        struct rn_connection *connection = &effects->connections[i];

        give_part(effects, connection, PART_SENT, &connection->sent_digest);
        give_part(effects, connection, PART_RECEIVED, &connection->received_digest);
    }
}

/* ---- making them ---- */

struct listing {
    rn_effects_object_fn *function;
    void *context;
    struct rn_error *err;
};

static enum rn_status list_effect(const struct listing *listing, const struct rn_effect *effect)
{
    struct rn_object object = object_at(effect->kind, &effect->place, effect->inode);
    const struct rn_image *image = effect->image;
    uint64_t crc;

    if (!image || effect->opaque || effect->unknown_begin ||
        !rn_image_crc(image, effect->gaps_are_zero, &crc))
        return RN_OK;
    object.length = image->length;
    if (image->bytes.size >= 2 && memcmp(image->bytes.data, "#!", 2) == 0)
        object.flags = RN_OBJECT_SCRIPT;
    return listing->function(listing->context, &object, crc, listing->err);
}

static enum rn_status list_part(const struct listing *listing,
                                const struct rn_connection *connection, uint64_t part)
{
    struct rn_object object = object_at(RN_EFFECT_CONNECTION, &connection->place, part);
    bool sent = part == PART_SENT;

    if (sent ? !connection->sent_known : !connection->received_known)
        return RN_OK;
    object.length = sent ? connection->sent_length : connection->received_length;
    return listing->function(listing->context, &object,
                             sent ? connection->sent_crc : connection->received_crc, listing->err);
}

enum rn_status rn_effects_objects(const struct rn_effects *effects, rn_effects_object_fn *function,
                                  void *context, struct rn_error *err)
{
    const struct listing listing = {.function = function, .context = context, .err = err};
    enum rn_status status = RN_OK;

    for (size_t i = 0; i < effects->effect_count && status == RN_OK; i++)
        status = list_effect(&listing, &effects->effects[i]);
    for (size_t i = 0; i < effects->input_count && status == RN_OK; i++)
        status = list_effect(&listing, &effects->inputs[i]);
    for (size_t i = 0; i < effects->connection_count && status == RN_OK; i++) {
        status = list_part(&listing, &effects->connections[i], PART_SENT);
        if (status == RN_OK)
            status = list_part(&listing, &effects->connections[i], PART_RECEIVED);
    }
    return status;
}

/* SPDX-License-Identifier: MIT */
#include "manifest.h"
#include "manifest_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT "renacer-index"

/* One member is an array of these, not an object: a long recording has many. */
enum { OFFSET, SIZE, EVENTS, FIRST, LAST, NUMBER, SEGMENT_START, MEMBER_FIELDS };

static json_t *counts_object(const uint64_t counts[RN_KIND_LIMIT])
{
    json_t *object = json_object();

    for (unsigned kind = 0; object && kind < RN_KIND_LIMIT; kind++) {
        char number[16];
        const char *name = rn_kind_name((uint8_t)kind);

        if (counts[kind] == 0)
            continue;
        snprintf(number, sizeof number, "%u", kind);
        if (json_object_set_new(object, name ? name : number, rn_json_u64(counts[kind])) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static void get_counts(json_t *object, uint64_t counts[RN_KIND_LIMIT])
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        uint8_t kind = rn_kind_from_name(name, strlen(name));
        unsigned long number = kind ? kind : strtoul(name, NULL, 10);

        if (number < RN_KIND_LIMIT)
            counts[number] = rn_json_get_u64(value, 0);
    }
}

static json_t *member_array(const struct rn_index_member *member)
{
    return json_pack("[I,I,I,o,o,I,b]", (json_int_t)member->offset, (json_int_t)member->size,
                     (json_int_t)member->events, rn_json_u64(member->first),
                     rn_json_u64(member->last), (json_int_t)member->number,
                     (int)member->segment_start);
}

static json_t *members_array(const struct rn_index *index)
{
    json_t *array = json_array();

    for (size_t i = 0; array && i < index->member_count; i++)
        if (json_array_append_new(array, member_array(&index->members[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

enum rn_status rn_index_to_json(const struct rn_index *index, struct rn_buf *out,
                                struct rn_error *err)
{
    json_t *status = index->has_status ? json_integer(index->status) : json_null();
    json_t *lost = index->lost == UINT64_MAX ? json_null() : rn_json_u64(index->lost);
    json_t *root =
        json_pack("{s:s,s:i,s:o,s:o,s:o,s:o,s:o,s:[s,s,s,s,s,s,s],s:o}", "format", FORMAT,
                  "version", RN_ARCHIVE_VERSION, "sealed_by", rn_json_text(index->sealed_by),
                  "counts", counts_object(index->counts), "lost", lost, "status", status, "end",
                  rn_json_clock(&index->end), "member_fields", "offset", "size", "events", "first",
                  "last", "number", "segment_start", "members", members_array(index));

    return rn_json_dump(root, JSON_COMPACT, out, err);
}

static enum rn_status get_member(const json_t *array, struct rn_index *index, struct rn_error *err)
{
    struct rn_index_member member;

    if (json_array_size(array) < MEMBER_FIELDS)
        return rn_fail(err, RN_E_FORMAT, "member %zu of the index is incomplete",
                       index->member_count);
    member.offset = rn_json_get_u64(json_array_get(array, OFFSET), UINT64_MAX);
    member.size = rn_json_get_u64(json_array_get(array, SIZE), 0);
    member.events = rn_json_get_u64(json_array_get(array, EVENTS), 0);
    member.first = rn_json_get_u64(json_array_get(array, FIRST), 0);
    member.last = rn_json_get_u64(json_array_get(array, LAST), 0);
    member.number = (uint32_t)rn_json_get_u64(json_array_get(array, NUMBER), 0);
    member.segment_start = json_is_true(json_array_get(array, SEGMENT_START));
    return rn_index_add(index, &member, err);
}

static enum rn_status get_index(const json_t *root, struct rn_index *index, struct rn_error *err)
{
    const json_t *members = json_object_get(root, "members");
    const json_t *status = json_object_get(root, "status");
    enum rn_status result = RN_OK;

    get_counts(json_object_get(root, "counts"), index->counts);
    index->lost = rn_json_get_u64(json_object_get(root, "lost"), UINT64_MAX);
    index->has_status = json_is_integer(status);
    index->status = (int)json_integer_value(status);
    index->sealed_by = rn_json_get_text(json_object_get(root, "sealed_by"));
    rn_json_get_clock(json_object_get(root, "end"), &index->end);
    for (size_t i = 0; i < json_array_size(members) && result == RN_OK; i++)
        result = get_member(json_array_get(members, i), index, err);
    return result;
}

enum rn_status rn_index_from_json(const uint8_t *json, size_t size, struct rn_index *index,
                                  struct rn_error *err)
{
    enum rn_status status;
    json_t *root;

    memset(index, 0, sizeof *index);
    status = rn_json_parse(json, size, FORMAT, &root, err);
    if (status != RN_OK)
        return status;
    status = get_index(root, index, err);
    json_decref(root);
    return status;
}

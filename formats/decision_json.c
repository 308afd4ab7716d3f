/* SPDX-License-Identifier: MIT */
/* JSON: an array of objects, read object by object, so that a file may be long, and may grow. */
#include "decision_json.h"

#include <inttypes.h>
#include <string.h>

static bool take_any(struct rn_buf *out, const json_t *value)
{
    size_t size;

    if (!value || json_is_null(value))
        return true;
    if (json_is_string(value)) {
        rn_buf_append(out, json_string_value(value), json_string_length(value));
        return !out->failed;
    }
    size = json_dumpb(value, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
    if (size == 0 || !rn_buf_reserve(out, size))
        return false;
    out->size +=
        json_dumpb(value, (char *)out->data + out->size, size, JSON_COMPACT | JSON_ENCODE_ANY);
    return true;
}

static const char *take_source(struct rn_buf *out, const json_t *value)
{
    const json_t *file = json_object_get(value, "file"), *line = json_object_get(value, "line");

    if (!value || json_is_null(value))
        return NULL;
    if (json_is_string(value)) {
        rn_buf_append(out, json_string_value(value), json_string_length(value));
        return NULL;
    }
    if (!json_is_string(file) || !json_is_integer(line) || json_integer_value(line) < 0)
        return "source_location is neither a string nor an object of file and line";
    rn_buf_append(out, json_string_value(file), json_string_length(file));
    rn_buf_printf(out, ":%" PRIu32, (uint32_t)json_integer_value(line));
    return NULL;
}

static const char *take_id(const json_t *value, struct rn_decision_entry *entry, bool *has_id)
{
    *has_id = value && !json_is_null(value);
    if (!*has_id)
        return NULL;
    if (json_is_integer(value)) {
        entry->id = (uint64_t)json_integer_value(value);
        return NULL;
    }
    if (json_is_string(value) &&
        rn_decision_parse_id(json_string_value(value), json_string_length(value), &entry->id))
        return NULL;
    return "decision_id is neither a number nor hexadecimal";
}

static const char *take_name(struct rn_buf *out, const json_t *object, const char *key,
                             const char *what)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_string(value))
        return what;
    rn_buf_append(out, json_string_value(value), json_string_length(value));
    return NULL;
}

const char *rn_decision_from_json(struct rn_decision_state *state, const json_t *object,
                                  const uint64_t *id, struct rn_decision_entry *entry)
{
    const json_t *time = json_object_get(object, "timestamp_us");
    const json_t *source = json_object_get(object, "source_location");
    struct rn_buf *texts = state->texts;
    bool has_id = id != NULL;
    const char *wrong;

    for (unsigned i = 0; i < 5; i++)
        rn_buf_clear(&texts[i]);
    if (!json_is_object(object))
        return "a decision is no object";
    wrong = take_name(&texts[RN_DECISION_CATEGORY], object, "category",
                      "a decision whose category is no string");
    if (!wrong)
        wrong = take_name(&texts[RN_DECISION_NAME], object, "name",
                          "a decision whose name is no string");
    if (!wrong && time && (!json_is_integer(time) || json_integer_value(time) < 0))
        wrong = "timestamp_us is no number of microseconds";
    if (!wrong)
        wrong = take_source(&texts[RN_DECISION_SOURCE],
                            source ? source : json_object_get(object, "source"));
    if (id)
        entry->id = *id;
    else if (!wrong)
        wrong = take_id(json_object_get(object, "decision_id"), entry, &has_id);
    if (wrong)
        return wrong;
    if (!take_any(&texts[RN_DECISION_INPUT], json_object_get(object, "input")) ||
        !take_any(&texts[RN_DECISION_RESULT], json_object_get(object, "result")))
        return "a decision that cannot be kept as text";
    entry->has_time = time != NULL;
    entry->timestamp_us = time ? (uint64_t)json_integer_value(time) : 0;
    rn_decision_complete(state, has_id, entry);
    return NULL;
}

static size_t skip(const uint8_t *data, size_t size, const char *what)
{
    size_t at = 0;

    while (at < size && data[at] && strchr(what, data[at]))
        at++;
    return at;
}

const char *rn_decision_json_measure(const uint8_t *data, size_t size, unsigned depth_limit,
                                     size_t *length, size_t *at)
{
    unsigned depth = 0;
    bool in_string = false;

    *length = 0;
    for (*at = 0; *at < size; ++*at) {
        uint8_t byte = data[*at];

        if (in_string) {
            if (byte == '\\')
                ++*at;
            in_string = byte != '"';
        } else if (byte == '"') {
            in_string = true;
        } else if (byte == '{' || byte == '[') {
            if (++depth > depth_limit)
                return "nested too deep";
        } else if ((byte == '}' || byte == ']') && depth > 0 && --depth == 0) {
            *length = *at + 1;
            return NULL;
        }
    }
    return NULL;
}

static enum rn_status read_object(struct rn_decision_state *state, const uint8_t *data, size_t size,
                                  struct rn_decision_entry *entry, struct rn_error *err)
{
    json_error_t failure;
    json_t *object = json_loadb((const char *)data, size, JSON_ALLOW_NUL, &failure);
    const char *wrong;

    if (!object)
        return rn_decision_fail(err, RN_E_FORMAT, (uint64_t)failure.position, failure.text);
    wrong = rn_decision_from_json(state, object, NULL, entry);
    json_decref(object);
    return wrong ? rn_decision_fail(err, RN_E_FORMAT, 0, wrong) : RN_OK;
}

enum rn_status rn_decision_json_next(struct rn_decision_state *state, const uint8_t *data,
                                     size_t size, bool last, size_t *used, bool *has_entry,
                                     struct rn_decision_entry *entry, struct rn_error *err)
{
    size_t at = skip(data, size, state->begun ? " \t\r\n," : " \t\r\n"), length, where;
    const char *wrong;
    enum rn_status status;

    *used = at;
    if (at == size)
        return last && state->begun ? rn_decision_fail(err, RN_E_FORMAT, at, "the array is cut")
                                    : RN_EOF;
    if (data[at] == (state->begun ? ']' : '[')) {
        state->begun = !state->begun;
        *used = at + 1;
        return RN_OK;
    }
    if (!state->begun)
        return rn_decision_fail(err, RN_E_FORMAT, at, "what follows the array is no array");
    if (data[at] != '{')
        return rn_decision_fail(err, RN_E_FORMAT, at, "a decision is no object");
    wrong = rn_decision_json_measure(data + at, size - at, RN_DECISION_DEPTH, &length, &where);
    if (wrong)
        return rn_decision_fail(err, RN_E_LIMIT, at + where, wrong);
    if (length == 0)
        return last ? rn_decision_fail(err, RN_E_FORMAT, at, "a decision is cut") : RN_EOF;
    status = read_object(state, data + at, length, entry, err);
    if (status != RN_OK) {
        if (err)
            err->offset += at;
        return status;
    }
    *used = at + length;
    *has_entry = true;
    return RN_OK;
}

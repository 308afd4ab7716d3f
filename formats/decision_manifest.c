/* SPDX-License-Identifier: MIT */
/* The JSON manifest: what a transpiler decided, by id. */
#include "decision_json.h"

#include <stdio.h>
#include <string.h>

static void add_origin(struct rn_buf *out, const json_t *root, const char *key, const char *label)
{
    const json_t *value = json_object_get(root, key);

    if (!json_is_string(value))
        return;
    rn_buf_printf(out, "%s%s %s", out->size ? ", " : "", label, json_string_value(value));
}

struct manifest {
    struct rn_decision_state *state;
    const uint8_t *data;
    size_t size;
};

/* The library does not say where a member was: its name is looked for. */
static enum rn_status fail(const struct manifest *manifest, const char *key, const char *what,
                           struct rn_error *err)
{
    const uint8_t *at = memmem(manifest->data, manifest->size, key, strlen(key));
    char text[256];

    snprintf(text, sizeof text, "decision '%.64s': %s", key, what);
    return rn_decision_fail(err, RN_E_FORMAT, at ? (uint64_t)(at - manifest->data) : 0, text);
}

static enum rn_status read_members(const struct manifest *manifest, json_t *object,
                                   bool all_are_ids, rn_decision_fn *function, void *context,
                                   struct rn_error *err)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        struct rn_decision_entry entry = {.has_time = false};
        const char *wrong;
        enum rn_status status;
        uint64_t id;

        if (!rn_decision_parse_id(key, strlen(key), &id) || !json_is_object(value)) {
            if (all_are_ids)
                return fail(manifest, key, "not an id with an object", err);
            continue;
        }
        wrong = rn_decision_from_json(manifest->state, value, &id, &entry);
        if (wrong)
            return fail(manifest, key, wrong, err);
        status = function(context, &entry, err);
        if (status != RN_OK)
            return status;
    }
    return RN_OK;
}

enum rn_status rn_decision_manifest_read(struct rn_decision_state *state, const uint8_t *data,
                                         size_t size, rn_decision_fn *function, void *context,
                                         struct rn_error *err)
{
    const struct manifest manifest = {state, data, size};
    size_t length, at;
    const char *wrong = rn_decision_json_measure(data, size, RN_DECISION_DEPTH + 2, &length, &at);
    json_error_t failure;
    json_t *root, *decisions;
    enum rn_status status;

    if (wrong)
        return rn_decision_fail(err, RN_E_LIMIT, at, wrong);
    root = json_loadb((const char *)data, size, 0, &failure);
    if (!root)
        return rn_decision_fail(err, RN_E_FORMAT, (uint64_t)failure.position, failure.text);
    add_origin(&state->origin, root, "transpiler_version", "transpiler");
    add_origin(&state->origin, root, "git_commit", "commit");
    add_origin(&state->origin, root, "version", "manifest version");
    rn_buf_byte(&state->origin, '\0');
    decisions = json_object_get(root, "decisions");
    if (json_is_object(decisions))
        status = read_members(&manifest, decisions, true, function, context, err);
    else
        status = read_members(&manifest, root, false, function, context, err);
    json_decref(root);
    return status;
}

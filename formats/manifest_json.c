/* SPDX-License-Identifier: MIT */
#include "manifest.h"
#include "manifest_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT "renacer-archive"

static const char *const abi_names[RN_ABI_COUNT] = {"x86_64", "i386", "x32", "aarch64"};

static json_t *uuid_text(const uint8_t uuid[16])
{
    char text[37];
    size_t at = 0;

    for (unsigned i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text[at++] = '-';
        snprintf(text + at, sizeof text - at, "%02x", uuid[i]);
        at += 2;
    }
    return json_string(text);
}

static bool get_uuid(const char *text, uint8_t uuid[16])
{
    unsigned digits = 0;

    memset(uuid, 0, 16);
    for (; text && *text; text++) {
        const char *hex = "0123456789abcdef", *digit = strchr(hex, *text);

        if (*text == '-')
            continue;
        if (!digit || digits == 32)
            return false;
        uuid[digits / 2] = (uint8_t)(uuid[digits / 2] << 4 | (digit - hex));
        digits++;
    }
    return digits == 32;
}

static json_t *argv_array(char *const *argv)
{
    json_t *array;

    if (!argv)
        return json_null();
    array = json_array();
    for (; *argv; argv++)
        if (json_array_append_new(array, rn_json_text(*argv)) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

/* NULL for no array, or no memory. */
static char **get_argv(const json_t *array)
{
    size_t count = json_array_size(array);
    char **argv = json_is_array(array) ? calloc(count + 1, sizeof *argv) : NULL;

    for (size_t i = 0; argv && i < count; i++) {
        argv[i] = rn_json_get_text(json_array_get(array, i));
        if (!argv[i])
            argv[i] = strdup("");
        if (!argv[i])
            break;
    }
    return argv;
}

static json_t *clock_object(const struct rn_manifest *manifest)
{
    return json_pack("{s:s,s:i,s:o,s:o}", "unit", manifest->tick_unit == RN_TICK_TSC ? "tsc" : "ns",
                     "shift", (int)manifest->tick_shift, "hz", rn_json_u64(manifest->tick_hz),
                     "start", rn_json_clock(&manifest->start));
}

/* NULL, which is left out, where there is none of it. */
static json_t *trace_object(const struct rn_manifest *manifest)
{
    const char *parent = manifest->trace_parent, *state = manifest->trace_state;
    const char *given = manifest->trace_given;

    if (!parent && !state && !given && !manifest->lamport)
        return NULL;
    return json_pack("{s:o*,s:o*,s:o*,s:o*}", "parent", parent ? rn_json_text(parent) : NULL,
                     "state", state ? rn_json_text(state) : NULL, "given",
                     given ? rn_json_text(given) : NULL, "lamport",
                     manifest->lamport ? rn_json_u64(manifest->lamport) : NULL);
}

static void get_trace(const json_t *trace, struct rn_manifest *manifest)
{
    manifest->trace_parent = rn_json_get_text(json_object_get(trace, "parent"));
    manifest->trace_state = rn_json_get_text(json_object_get(trace, "state"));
    manifest->trace_given = rn_json_get_text(json_object_get(trace, "given"));
    manifest->lamport = rn_json_get_u64(json_object_get(trace, "lamport"), 0);
}

json_t *rn_manifest_object(const struct rn_manifest *manifest)
{
    json_t *root = json_pack(
        "{s:s,s:i,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:i,s:o,s:o*,s:o,s:o*,s:o*,s:s,s:o,s:o*}",
        "format", FORMAT, "version", (int)manifest->version, "features",
        manifest->sources ? json_pack("[s]", RN_FEATURE_MERGED) : json_array(), "uuid",
        uuid_text(manifest->uuid), "creator", rn_json_text(manifest->creator), "host",
        rn_json_text(manifest->host), "os", rn_json_text(manifest->os), "boot_id",
        rn_json_text(manifest->boot_id), "engine", rn_json_text(manifest->engine), "cwd",
        rn_json_text(manifest->cwd), "argv", argv_array(manifest->argv), "attached_pid",
        (int)manifest->attached_pid, "selection", rn_json_text(manifest->selection), "stack",
        manifest->stack ? rn_json_text(manifest->stack) : NULL, "content_head",
        rn_json_u64(manifest->content_head), "not_seen",
        manifest->vdso ? json_pack("[s]", "vdso") : NULL, "trace", trace_object(manifest), "abi",
        abi_names[manifest->abi < RN_ABI_COUNT ? manifest->abi : 0], "clock",
        clock_object(manifest), "sources",
        manifest->sources ? rn_manifest_sources_array(manifest) : NULL);

    if (root && manifest->scrubbed) {
        json_object_set_new(root, "scrubbed", rn_json_text(manifest->scrubbed));
        json_object_set_new(root, "scrub_key", rn_json_text(manifest->scrub_key));
    }
    return root;
}

enum rn_status rn_manifest_to_json(const struct rn_manifest *manifest, struct rn_buf *out,
                                   struct rn_error *err)
{
    return rn_json_dump(rn_manifest_object(manifest), JSON_INDENT(1), out, err);
}

static enum rn_status check_version(const json_t *root, struct rn_error *err)
{
    uint64_t version = rn_json_get_u64(json_object_get(root, "version"), 0);
    const json_t *features = json_object_get(root, "features");

    if (version != RN_ARCHIVE_VERSION)
        return rn_fail(err, RN_E_VERSION,
                       "archive version %llu; this program reads version %d: use a newer one",
                       (unsigned long long)version, RN_ARCHIVE_VERSION);
    for (size_t i = 0; i < json_array_size(features); i++) {
        const char *name = json_string_value(json_array_get(features, i));

        if (!name || strcmp(name, RN_FEATURE_MERGED) != 0)
            return rn_fail(err, RN_E_VERSION,
                           "the archive uses feature \"%.100s\", which this program does not "
                           "know: use a newer one",
                           name ? name : "?");
    }
    return RN_OK;
}

static enum rn_abi get_abi(const json_t *value)
{
    const char *name = json_string_value(value);

    for (unsigned i = 0; name && i < RN_ABI_COUNT; i++)
        if (strcmp(name, abi_names[i]) == 0)
            return (enum rn_abi)i;
    return RN_ABI_X86_64;
}

static enum rn_status get_clock(const json_t *clock, struct rn_manifest *manifest,
                                struct rn_error *err)
{
    const char *unit = json_string_value(json_object_get(clock, "unit"));
    uint64_t shift = rn_json_get_u64(json_object_get(clock, "shift"), 0);

    if (!unit || (strcmp(unit, "tsc") != 0 && strcmp(unit, "ns") != 0) || shift > 32)
        return rn_fail(err, RN_E_FORMAT, "the manifest has no clock that makes sense");
    manifest->tick_unit = strcmp(unit, "tsc") == 0 ? RN_TICK_TSC : RN_TICK_NS;
    manifest->tick_shift = (uint32_t)shift;
    manifest->tick_hz = rn_json_get_u64(json_object_get(clock, "hz"), 0);
    rn_json_get_clock(json_object_get(clock, "start"), &manifest->start);
    if (manifest->tick_unit == RN_TICK_TSC && manifest->tick_hz == 0)
        return rn_fail(err, RN_E_FORMAT, "the manifest has no clock rate");
    return RN_OK;
}

static bool has_text(const json_t *array, const char *text)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *item = json_string_value(json_array_get(array, i));

        if (item && strcmp(item, text) == 0)
            return true;
    }
    return false;
}

enum rn_status rn_manifest_from_object(const json_t *root, struct rn_manifest *manifest,
                                       struct rn_error *err)
{
    enum rn_status status = check_version(root, err);

    if (status != RN_OK)
        return status;
    manifest->version = RN_ARCHIVE_VERSION;
    manifest->creator = rn_json_get_text(json_object_get(root, "creator"));
    manifest->host = rn_json_get_text(json_object_get(root, "host"));
    manifest->os = rn_json_get_text(json_object_get(root, "os"));
    manifest->boot_id = rn_json_get_text(json_object_get(root, "boot_id"));
    manifest->engine = rn_json_get_text(json_object_get(root, "engine"));
    manifest->cwd = rn_json_get_text(json_object_get(root, "cwd"));
    manifest->selection = rn_json_get_text(json_object_get(root, "selection"));
    manifest->stack = rn_json_get_text(json_object_get(root, "stack"));
    get_trace(json_object_get(root, "trace"), manifest);
    manifest->scrubbed = rn_json_get_text(json_object_get(root, "scrubbed"));
    manifest->scrub_key = rn_json_get_text(json_object_get(root, "scrub_key"));
    manifest->vdso = has_text(json_object_get(root, "not_seen"), "vdso");
    manifest->argv = get_argv(json_object_get(root, "argv"));
    manifest->attached_pid = (uint32_t)rn_json_get_u64(json_object_get(root, "attached_pid"), 0);
    manifest->content_head = rn_json_get_u64(json_object_get(root, "content_head"), 0);
    manifest->abi = get_abi(json_object_get(root, "abi"));
    if (!get_uuid(json_string_value(json_object_get(root, "uuid")), manifest->uuid))
        return rn_fail(err, RN_E_FORMAT, "the manifest has no UUID");
    status = get_clock(json_object_get(root, "clock"), manifest, err);
    if (status == RN_OK && has_text(json_object_get(root, "features"), RN_FEATURE_MERGED))
        status = rn_manifest_get_sources(json_object_get(root, "sources"), manifest, err);
    return status;
}

enum rn_status rn_manifest_from_json(const uint8_t *json, size_t size, struct rn_manifest *manifest,
                                     struct rn_error *err)
{
    enum rn_status status;
    json_t *root;

    memset(manifest, 0, sizeof *manifest);
    status = rn_json_parse(json, size, FORMAT, &root, err);
    if (status != RN_OK)
        return status;
    status = rn_manifest_from_object(root, manifest, err);
    json_decref(root);
    return status;
}

/* Through its text, so that no field can be forgotten. */
enum rn_status rn_manifest_copy(const struct rn_manifest *from, struct rn_manifest *to,
                                struct rn_error *err)
{
    struct rn_buf text = RN_BUF_INIT;
    enum rn_status status = rn_manifest_to_json(from, &text, err);

    if (status == RN_OK)
        status = rn_manifest_from_json(text.data, text.size, to, err);
    else
        memset(to, 0, sizeof *to);
    rn_buf_free(&text);
    return status;
}

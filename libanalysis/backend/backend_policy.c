/* SPDX-License-Identifier: MIT */
/* A policy from its JSON, whose schema is in rn-policy(5). */
#include "backend_json.h"
#include "backend_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA "rn-policy/1"

/* The code again, with a sentence for it. */
__attribute__((format(printf, 4, 5))) static int say(int code, char *message, size_t size,
                                                     const char *format, ...)
{
    va_list arguments;

    if (!message || !size)
        return code;
    va_start(arguments, format);
    vsnprintf(message, size, format, arguments);
    va_end(arguments);
    return code;
}

static uint8_t use_of(const char *name)
{
    static const char *const names[] = {"", "scalar", "simd", "gpu"};

    for (uint8_t i = 1; i < 4; i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    return 0;
}

static void read_ranges(const struct backend_json *json, const struct backend_json_value *list,
                        struct backend_placement *out)
{
    const struct backend_json_value *at;

    for (at = backend_json_first(json, list); at && out->range_count < BACKEND_MAX_RANGES;
         at = backend_json_next(json, at)) {
        struct backend_range *range = &out->ranges[out->range_count++];

        range->to = backend_json_whole(backend_json_member(json, at, "to"));
        range->use = use_of(backend_json_string(backend_json_member(json, at, "backend")));
        snprintf(range->isa, sizeof range->isa, "%s",
                 backend_json_string(backend_json_member(json, at, "isa")));
    }
}

static void read_bands(const struct backend_json *json, const struct backend_json_value *list,
                       struct backend_placement *out)
{
    const struct backend_json_value *at;

    for (at = backend_json_first(json, list); at && out->band_count + 1 < BACKEND_MAX_RANGES;
         at = backend_json_next(json, at))
        out->bands[out->band_count++] = (struct backend_band){
            .low = backend_json_whole(backend_json_member(json, at, "low")),
            .high = backend_json_whole(backend_json_member(json, at, "high"))};
}

/* What is not fitted needs no reading: this library has the same rules. */
static void read_placement(const struct backend_json *json, const struct backend_json_value *at,
                           struct backend_entry *entry)
{
    const char *data = backend_json_string(backend_json_member(json, at, "data"));
    struct backend_placement *out = &entry->placements[strcmp(data, "device") == 0];

    if (strcmp(backend_json_string(backend_json_member(json, at, "source")), "fitted") != 0 ||
        out->range_count)
        return;
    out->from = backend_json_whole(backend_json_member(json, at, "from"));
    out->to = backend_json_whole(backend_json_member(json, at, "to"));
    read_ranges(json, backend_json_member(json, at, "ranges"), out);
    read_bands(json, backend_json_member(json, at, "crossovers"), out);
}

static int read_operations(const struct backend_json *json, const struct backend_json_value *list,
                           struct rn_backend_policy *policy)
{
    const struct backend_json_value *at, *placement;
    unsigned count = 0;

    for (at = backend_json_first(json, list); at; at = backend_json_next(json, at))
        count++;
    policy->entries = calloc(count + 1, sizeof *policy->entries);
    if (!policy->entries)
        return ENOMEM;
    for (at = backend_json_first(json, list); at; at = backend_json_next(json, at)) {
        struct backend_entry *entry = &policy->entries[policy->entry_count++];

        entry->name = strdup(backend_json_string(backend_json_member(json, at, "name")));
        if (!entry->name)
            return ENOMEM;
        placement = backend_json_first(json, backend_json_member(json, at, "placements"));
        for (; placement; placement = backend_json_next(json, placement))
            read_placement(json, placement, entry);
    }
    return 0;
}

static uint64_t fingerprint_here(void)
{
    static char text[16384];
    FILE *file = fopen("/proc/cpuinfo", "re");
    size_t size = file ? fread(text, 1, sizeof text, file) : 0;

    if (file)
        fclose(file);
    return rn_backend_cpu_fingerprint(text, size);
}

static bool is_of_here(const struct backend_json *json)
{
    const struct backend_json_value *machine = backend_json_member(json, json->values, "machine");
    const char *text = backend_json_string(backend_json_member(json, machine, "cpu_fingerprint"));

    return strtoull(text, NULL, 16) == fingerprint_here();
}

static int read_policy(const struct backend_json *json, struct rn_backend_policy *policy,
                       char *message, size_t size)
{
    const char *schema = backend_json_string(backend_json_member(json, json->values, "schema"));

    if (strcmp(schema, SCHEMA) != 0)
        return say(EPROTO, message, size, "this is no policy: its schema is not " SCHEMA);
    if (!(policy->flags & RN_BACKEND_ANY_MACHINE) && !is_of_here(json))
        return say(EXDEV, message, size, "the policy was made on a machine with another CPU");
    if (read_operations(json, backend_json_member(json, json->values, "operations"), policy) != 0)
        return say(ENOMEM, message, size, "out of memory");
    return 0;
}

int rn_backend_parse(const char *text, size_t size, unsigned flags, struct rn_backend_policy **out,
                     char *message, size_t message_size)
{
    struct rn_backend_policy *policy = calloc(1, sizeof *policy);
    struct backend_json json;
    int status;

    *out = policy;
    if (!policy)
        return say(ENOMEM, message, message_size, "out of memory");
    policy->flags = flags;
    if (!text)
        return 0;
    if (backend_json_parse(&json, text, size))
        status = read_policy(&json, policy, message, message_size);
    else if (json.problem)
        status = say(EPROTO, message, message_size, "no JSON: %s, at byte %llu", json.problem,
                     (unsigned long long)json.offset);
    else
        status = say(ENOMEM, message, message_size, "out of memory");
    backend_json_free(&json);
    return status;
}

/* The whole file; NULL with errno set. */
static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t room = 0, got;

    *size = 0;
    if (!file)
        return NULL;
    do {
        char *grown = *size < room ? text : realloc(text, room = 2 * room + 65536);

        if (!grown || *size > BACKEND_JSON_MAX) {
            free(grown ? grown : text);
            fclose(file);
            errno = grown ? EFBIG : ENOMEM;
            return NULL;
        }
        text = grown;
        got = fread(text + *size, 1, room - *size, file);
        *size += got;
    } while (got > 0);
    if (ferror(file)) {
        free(text);
        text = NULL;
        errno = EIO;
    }
    fclose(file);
    return text;
}

int rn_backend_open(const char *path, unsigned flags, struct rn_backend_policy **out, char *message,
                    size_t message_size)
{
    size_t size = 0;
    char *text = path ? read_file(path, &size) : NULL;
    int code = errno, status;

    if (path && !text) {
        status = rn_backend_parse(NULL, 0, flags, out, message, message_size);
        return status ? status
                      : say(code, message, message_size, "cannot be read: %s", strerror(code));
    }
    status = rn_backend_parse(text, size, flags, out, message, message_size);
    free(text);
    return status;
}

void rn_backend_free(struct rn_backend_policy *policy)
{
    if (!policy)
        return;
    for (struct rn_backend_operation *at = policy->operations, *next; at; at = next) {
        next = at->next;
        free(at->name);
        free(at);
    }
    for (unsigned i = 0; i < policy->entry_count; i++)
        free(policy->entries[i].name);
    free(policy->entries);
    free(policy);
}

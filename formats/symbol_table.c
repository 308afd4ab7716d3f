/* SPDX-License-Identifier: MIT */
/* The member is JSON: files, and of each the addresses that were asked for. Only what was stored is
 * told by it; limits are those of struct rn_symbol. */
#include "symbol_table.h"
#include "escape.h"
#include "manifest_value.h"

#include <stdlib.h>
#include <string.h>

#define FORMAT       "renacer-symbols"
#define VERSION      1
#define BUILD_ID_MAX 64u

struct rn_symbol_table {
    json_t *files;
    json_t *addresses; /* of the last file; borrowed */
    char *path;        /* of it */
    uint8_t build_id[BUILD_ID_MAX];
    uint32_t build_id_size;
    json_t *processes;
    json_t *names; /* of the last process; borrowed */
    uint64_t stream;
};

static enum rn_status no_memory(struct rn_error *err)
{
    return rn_fail(err, RN_E_NOMEM, "no memory for symbols");
}

/* ---- writing ---- */

struct rn_symbol_table *rn_symbol_table_new(void)
{
    struct rn_symbol_table *table = calloc(1, sizeof *table);

    if (!table)
        return NULL;
    table->files = json_array();
    table->processes = json_array();
    if (table->files && table->processes)
        return table;
    rn_symbol_table_free(table);
    return NULL;
}

void rn_symbol_table_free(struct rn_symbol_table *table)
{
    if (!table)
        return;
    json_decref(table->files);
    json_decref(table->processes);
    free(table->path);
    free(table);
}

static bool is_last_file(const struct rn_symbol_table *table, const struct rn_symbol_place *place)
{
    return table->path && strcmp(table->path, place->path) == 0 &&
           table->build_id_size == place->build_id_size &&
           (place->build_id_size == 0 ||
            memcmp(table->build_id, place->build_id, place->build_id_size) == 0);
}

static bool begin_file(struct rn_symbol_table *table, const struct rn_symbol_place *place)
{
    struct rn_buf hex = RN_BUF_INIT;
    json_t *file;

    if (place->build_id_size > BUILD_ID_MAX)
        return false;
    rn_escape_hex(&hex, place->build_id, place->build_id_size);
    rn_buf_byte(&hex, '\0');
    table->addresses = json_array();
    file = hex.failed ? NULL
                      : json_pack("{s:o,s:s,s:o}", "path", rn_json_text(place->path), "build_id",
                                  (const char *)hex.data, "addresses", table->addresses);
    rn_buf_free(&hex);
    if (!file || json_array_append_new(table->files, file) != 0)
        return false;
    free(table->path);
    table->path = strdup(place->path);
    table->build_id_size = place->build_id_size;
    if (place->build_id_size)
        memcpy(table->build_id, place->build_id, place->build_id_size);
    return table->path != NULL;
}

static json_t *frames_of(const struct rn_symbol *symbol)
{
    json_t *frames = json_array();

    for (uint32_t i = 0; frames && i < symbol->count; i++) {
        const struct rn_symbol_frame *frame = &symbol->frames[i];

        const struct rn_symbol_generated *generated = frame->generated;

        json_array_append_new(
            frames,
            json_pack("[o,o,I,b]", rn_json_text(generated ? generated->function : frame->function),
                      rn_json_text(generated ? generated->file : frame->file),
                      (json_int_t)(generated ? generated->line : frame->line),
                      (int)frame->library));
    }
    return frames;
}

/* [cfa_register, cfa_offset, saved, lost, last, offsets of those saved...] */
static json_t *row_of(const struct rn_unwind_row *row)
{
    json_t *list;

    if (!row->known)
        return json_null();
    list = json_pack("[i,i,i,i,b]", (int)row->cfa_register, (int)row->cfa_offset, (int)row->saved,
                     (int)row->lost, (int)row->last);
    for (unsigned i = 0; list && i < RN_UNWIND_REGISTERS; i++)
        if (row->saved & 1u << i)
            json_array_append_new(list, json_integer(row->offset[i]));
    return list;
}

enum rn_status rn_symbol_table_add(struct rn_symbol_table *table,
                                   const struct rn_symbol_place *place,
                                   const struct rn_symbol *symbol, bool call_ends,
                                   struct rn_error *err)
{
    enum rn_symbol_state state = symbol->state < RN_SYMBOL_STATES ? symbol->state : RN_SYMBOL_NONE;
    json_t *address;

    if (!is_last_file(table, place) && !begin_file(table, place))
        return no_memory(err);
    address = json_pack("[o,i,b,o,o]", rn_json_u64(place->offset), (int)state, (int)call_ends,
                        row_of(&symbol->row), frames_of(symbol));
    if (!address || json_array_append_new(table->addresses, address) != 0)
        return no_memory(err);
    return RN_OK;
}

static bool begin_process(struct rn_symbol_table *table, uint64_t stream)
{
    json_t *process;

    table->names = json_array();
    table->stream = stream;
    process = json_pack("{s:o,s:o}", "stream", rn_json_u64(stream), "addresses", table->names);
    return process && json_array_append_new(table->processes, process) == 0;
}

enum rn_status rn_symbol_table_add_name(struct rn_symbol_table *table, uint64_t stream,
                                        uint64_t address, const char *name, struct rn_error *err)
{
    json_t *pair;

    if ((!table->names || table->stream != stream) && !begin_process(table, stream))
        return no_memory(err);
    pair = json_pack("[o,o]", rn_json_u64(address), rn_json_text(name));
    if (!pair || json_array_append_new(table->names, pair) != 0)
        return no_memory(err);
    return RN_OK;
}

enum rn_status rn_symbol_table_write(const struct rn_symbol_table *table, struct rn_buf *out,
                                     struct rn_error *err)
{
    json_t *root =
        json_pack("{s:s,s:i,s:O}", "format", FORMAT, "version", VERSION, "files", table->files);

    if (root && json_array_size(table->processes))
        json_object_set(root, "perf_maps", table->processes);
    return rn_json_dump(root, JSON_COMPACT, out, err);
}

/* ---- reading ---- */

static bool small_number(const json_t *value, int64_t low, int64_t high, int64_t *out)
{
    *out = json_integer_value(value);
    return json_is_integer(value) && *out >= low && *out <= high;
}

static bool read_row(const json_t *list, struct rn_unwind_row *row)
{
    int64_t cfa, offset, saved, lost;
    size_t next = 5;

    *row = (struct rn_unwind_row){0};
    if (json_is_null(list))
        return true;
    if (!small_number(json_array_get(list, 0), 1, RN_UNWIND_REGISTERS - 1, &cfa) ||
        !small_number(json_array_get(list, 1), INT32_MIN, INT32_MAX, &offset) ||
        !small_number(json_array_get(list, 2), 0, UINT8_MAX, &saved) ||
        !small_number(json_array_get(list, 3), 0, UINT8_MAX, &lost))
        return false;
    row->cfa_register = (uint8_t)cfa;
    row->cfa_offset = (int32_t)offset;
    row->saved = (uint8_t)saved;
    row->lost = (uint8_t)lost;
    row->last = json_is_true(json_array_get(list, 4));
    row->known = row->last || row->saved & 1u << RN_UNWIND_RIP;
    for (unsigned i = 0; i < RN_UNWIND_REGISTERS; i++) {
        if (!(row->saved & 1u << i))
            continue;
        if (!small_number(json_array_get(list, next++), INT32_MIN, INT32_MAX, &offset))
            return false;
        row->offset[i] = (int32_t)offset;
    }
    return true;
}

struct reading {
    rn_symbol_table_fn *function;
    void *context;
    struct rn_error *err;
    struct rn_symbol_frame frames[RN_SYMBOL_FRAMES_MAX];
    char *texts[2 * RN_SYMBOL_FRAMES_MAX];
    uint32_t text_count;
};

static void free_texts(struct reading *reading)
{
    while (reading->text_count)
        free(reading->texts[--reading->text_count]);
}

static const char *text_of(struct reading *reading, const json_t *value)
{
    char *text = rn_json_get_text(value);

    if (text)
        reading->texts[reading->text_count++] = text;
    return text;
}

static bool read_frames(struct reading *reading, const json_t *list, struct rn_symbol *symbol)
{
    size_t count = json_array_size(list);

    if (!json_is_array(list) || count > RN_SYMBOL_FRAMES_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *frame = json_array_get(list, i);
        int64_t line;

        if (!small_number(json_array_get(frame, 2), 0, UINT32_MAX, &line))
            return false;
        reading->frames[i] =
            (struct rn_symbol_frame){.function = text_of(reading, json_array_get(frame, 0)),
                                     .file = text_of(reading, json_array_get(frame, 1)),
                                     .line = (uint32_t)line,
                                     .library = json_is_true(json_array_get(frame, 3))};
        if (!reading->frames[i].function)
            return false;
    }
    symbol->frames = reading->frames;
    symbol->count = (uint32_t)count;
    return true;
}

static enum rn_status read_address(struct reading *reading, struct rn_symbol_place *place,
                                   const json_t *address)
{
    struct rn_symbol symbol = {0};
    enum rn_status status;
    int64_t state;

    place->offset = rn_json_get_u64(json_array_get(address, 0), UINT64_MAX);
    if (place->offset == UINT64_MAX ||
        !small_number(json_array_get(address, 1), 0, RN_SYMBOL_STATES - 1, &state) ||
        !read_row(json_array_get(address, 3), &symbol.row) ||
        !read_frames(reading, json_array_get(address, 4), &symbol) ||
        (state == RN_SYMBOL_FOUND) != (symbol.count > 0)) {
        free_texts(reading);
        return rn_fail(reading->err, RN_E_FORMAT, "an address that makes no sense");
    }
    symbol.state = (enum rn_symbol_state)state;
    status = reading->function(reading->context, place, &symbol,
                               json_is_true(json_array_get(address, 2)), reading->err);
    free_texts(reading);
    return status;
}

static bool read_build_id(const json_t *value, uint8_t bytes[BUILD_ID_MAX], uint32_t *size)
{
    const char *hex = json_string_value(value);
    size_t digits = hex ? strlen(hex) : 1;

    if (digits % 2 || digits / 2 > BUILD_ID_MAX)
        return false;
    for (size_t i = 0; i < digits; i += 2) {
        int high = rn_hex_digit(hex[i]), low = rn_hex_digit(hex[i + 1]);

        if (high < 0 || low < 0)
            return false;
        bytes[i / 2] = (uint8_t)(high << 4 | low);
    }
    *size = (uint32_t)(digits / 2);
    return true;
}

static enum rn_status read_file(struct reading *reading, const json_t *file)
{
    const json_t *addresses = json_object_get(file, "addresses"), *address;
    char *path = rn_json_get_text(json_object_get(file, "path"));
    uint8_t build_id[BUILD_ID_MAX];
    struct rn_symbol_place place = {.path = path, .build_id = build_id};
    enum rn_status status = RN_OK;
    size_t i;

    if (!path || !read_build_id(json_object_get(file, "build_id"), build_id, &place.build_id_size))
        status = rn_fail(reading->err, RN_E_FORMAT, "a file that makes no sense");
    for (i = 0; status == RN_OK && i < json_array_size(addresses); i++) {
        address = json_array_get(addresses, i);
        status = read_address(reading, &place, address);
    }
    free(path);
    return status;
}

static enum rn_status open_table(const uint8_t *data, size_t size, json_t **root,
                                 struct rn_error *err)
{
    enum rn_status status = rn_json_parse(data, size, FORMAT, root, err);

    if (status != RN_OK)
        return status;
    if (!json_is_array(json_object_get(*root, "files")))
        status = rn_fail(err, RN_E_FORMAT, "not a table of symbols");
    else if (json_integer_value(json_object_get(*root, "version")) != VERSION)
        status = rn_fail(err, RN_E_VERSION, "symbols of a version that this program does not know");
    return status;
}

enum rn_status rn_symbol_table_read(const uint8_t *data, size_t size, rn_symbol_table_fn *function,
                                    void *context, struct rn_error *err)
{
    struct reading reading = {.function = function, .context = context, .err = err};
    json_t *root = NULL;
    enum rn_status status = open_table(data, size, &root, err);
    const json_t *files = json_object_get(root, "files");

    for (size_t i = 0; status == RN_OK && i < json_array_size(files); i++)
        status = read_file(&reading, json_array_get(files, i));
    json_decref(root);
    return status;
}

static enum rn_status read_process(const json_t *process, rn_symbol_name_fn *function,
                                   void *context, struct rn_error *err)
{
    uint64_t stream = rn_json_get_u64(json_object_get(process, "stream"), UINT64_MAX);
    const json_t *addresses = json_object_get(process, "addresses");
    enum rn_status status = RN_OK;

    if (stream == UINT64_MAX || !json_is_array(addresses))
        return rn_fail(err, RN_E_FORMAT, "a perf map that makes no sense");
    for (size_t i = 0; status == RN_OK && i < json_array_size(addresses); i++) {
        const json_t *pair = json_array_get(addresses, i);
        uint64_t address = rn_json_get_u64(json_array_get(pair, 0), UINT64_MAX);
        char *name = rn_json_get_text(json_array_get(pair, 1));

        if (address == UINT64_MAX || !name)
            status = rn_fail(err, RN_E_FORMAT, "an address of a perf map that makes no sense");
        else
            status = function(context, stream, address, name, err);
        free(name);
    }
    return status;
}

enum rn_status rn_symbol_names_read(const uint8_t *data, size_t size, rn_symbol_name_fn *function,
                                    void *context, struct rn_error *err)
{
    json_t *root = NULL;
    enum rn_status status = open_table(data, size, &root, err);
    const json_t *processes = json_object_get(root, "perf_maps");

    for (size_t i = 0; status == RN_OK && i < json_array_size(processes); i++)
        status = read_process(json_array_get(processes, i), function, context, err);
    json_decref(root);
    return status;
}

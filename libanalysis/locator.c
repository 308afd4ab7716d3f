/* SPDX-License-Identifier: MIT */
#include "locator.h"

#include <stdlib.h>
#include <string.h>

struct rn_locator {
    struct rn_trace *trace;
    const struct rn_reader *reader;
    struct rn_code_map *map;
    struct rn_symbols *symbols;
    struct rn_jit_names *names;
    struct rn_call_stacks *stacks;
    struct rn_error table_error;
    bool damaged;    /* the table; table_error says how */
    uint8_t *states; /* by module: 1 + enum rn_symbol_state of the last failure */
    size_t state_count;
};

static void take_member(void *context, const char *name, const uint8_t *data, size_t size)
{
    struct rn_locator *locator = context;

    if (strcmp(name, RN_MEMBER_SYMBOLS) != 0 ||
        (rn_symbols_add_table(locator->symbols, data, size, &locator->table_error) == RN_OK &&
         rn_symbol_names_read(data, size, rn_jit_names_add, locator->names,
                              &locator->table_error) == RN_OK))
        return;
    rn_fail_in(&locator->table_error, rn_reader_name(locator->reader));
    locator->damaged = true;
}

struct rn_locator *rn_locator_new(struct rn_trace *trace, struct rn_reader *reader)
{
    struct rn_locator *locator = calloc(1, sizeof *locator);

    if (!locator)
        return NULL;
    locator->trace = trace;
    locator->reader = reader;
    locator->map = rn_code_map_new();
    locator->symbols = rn_symbols_new(rn_reader_manifest(reader)->start.realtime_ns);
    locator->names = rn_jit_names_new(trace, reader);
    if (locator->map && locator->symbols && locator->names)
        locator->stacks = rn_call_stacks_new(trace, locator->map, locator->symbols, locator->names);
    if (!locator->stacks) {
        rn_locator_free(locator);
        return NULL;
    }
    rn_reader_on_member(reader, take_member, locator);
    return locator;
}

void rn_locator_use(struct rn_locator *locator, const struct rn_locator_options *options)
{
    rn_symbols_fetch(locator->symbols, options->source);
    rn_symbols_map(locator->symbols, options->maps);
}

void rn_locator_free(struct rn_locator *locator)
{
    if (!locator)
        return;
    rn_call_stacks_free(locator->stacks);
    rn_symbols_free(locator->symbols);
    rn_jit_names_free(locator->names);
    rn_code_map_free(locator->map);
    free(locator->states);
    free(locator);
}

enum rn_status rn_locator_feed(struct rn_locator *locator, const struct rn_event *event,
                               struct rn_error *err)
{
    enum rn_status status = rn_code_map_feed(locator->map, locator->trace, event, err);

    return status == RN_OK ? rn_jit_names_feed(locator->names, event, err) : status;
}

static void note_unknown(struct rn_locator *locator, const struct rn_stack_frame *frame)
{
    size_t id = frame->module ? frame->module->id : 0;

    if (id == 0 || !frame->symbol || frame->symbol->state == RN_SYMBOL_FOUND)
        return;
    if (id >= locator->state_count) {
        size_t count = 2 * id + 64;
        uint8_t *larger = realloc(locator->states, count);

        if (!larger)
            return;
        memset(larger + locator->state_count, 0, count - locator->state_count);
        locator->states = larger;
        locator->state_count = count;
    }
    locator->states[id] = (uint8_t)(1 + frame->symbol->state);
}

enum rn_status rn_locator_stack(struct rn_locator *locator, const struct rn_event *event,
                                struct rn_call_stack *stack, struct rn_error *err)
{
    enum rn_status status = rn_call_stack_of(locator->stacks, event, stack, err);

    for (uint32_t i = 0; status == RN_OK && i < stack->count; i++)
        note_unknown(locator, &stack->frames[i]);
    return status;
}

enum rn_status rn_locator_table(const struct rn_locator *locator, struct rn_buf *out,
                                struct rn_error *err)
{
    struct rn_symbol_table *table = rn_symbol_table_new();
    enum rn_status status = table ? RN_OK : rn_fail(err, RN_E_NOMEM, "no memory for symbols");

    if (status == RN_OK)
        status = rn_symbols_fill(locator->symbols, table, err);
    if (status == RN_OK)
        status = rn_jit_names_fill(locator->names, table, err);
    if (status == RN_OK)
        status = rn_symbol_table_write(table, out, err);
    rn_symbol_table_free(table);
    return status;
}

const struct rn_error *rn_locator_damage(const struct rn_locator *locator)
{
    return locator->damaged ? &locator->table_error : NULL;
}

void rn_locator_unknown(struct rn_locator *locator, rn_locator_module_fn *function, void *context)
{
    size_t count;
    const struct rn_code_module *const *modules = rn_code_map_modules(locator->map, &count);

    for (size_t i = 0; i < count && i + 1 < locator->state_count; i++)
        if (locator->states[i + 1])
            function(context, modules[i], (enum rn_symbol_state)(locator->states[i + 1] - 1));
}

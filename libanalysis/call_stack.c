/* SPDX-License-Identifier: MIT */
#include "call_stack.h"

#include "formats/crc64.h"

#include <stdlib.h>
#include <string.h>

#define CACHE_SLOTS 4096u /* a power of two */
#define FRAME_BYTES 8u

/* A stack that was met: in a process of that version, with those bytes. */
struct cached {
    uint64_t version, hash[2], site;
    struct rn_stack_frame *frames;
    uint32_t count;
    bool cut;
};

struct rn_call_stacks {
    struct rn_trace *trace;
    struct rn_code_map *map;
    struct rn_symbols *symbols;
    struct rn_jit_names *names; /* NULL: none */
    struct cached cache[CACHE_SLOTS];
    struct rn_stack_frame frames[RN_CALL_STACK_MAX];
    uint32_t count;
    bool cut;
    bool failed; /* no memory */
};

struct rn_call_stacks *rn_call_stacks_new(struct rn_trace *trace, struct rn_code_map *map,
                                          struct rn_symbols *symbols, struct rn_jit_names *names)
{
    struct rn_call_stacks *stacks = calloc(1, sizeof *stacks);

    if (!stacks)
        return NULL;
    stacks->trace = trace;
    stacks->map = map;
    stacks->symbols = symbols;
    stacks->names = names;
    return stacks;
}

void rn_call_stacks_free(struct rn_call_stacks *stacks)
{
    if (!stacks)
        return;
    for (size_t i = 0; i < CACHE_SLOTS; i++)
        free(stacks->cache[i].frames);
    free(stacks);
}

/* Runtimes map code that they make from such a file, too, to have it at two places. */
static bool is_made_code(const struct rn_code_module *module)
{
    return strncmp(module->path, "/memfd:", 7) == 0;
}

static void find_made_code(struct rn_call_stacks *stacks, uint64_t stream,
                           struct rn_stack_frame *frame)
{
    const struct rn_symbol *made;
    const char *reason = NULL;

    if (!stacks->names || frame->address == 0)
        return;
    made = rn_jit_names_find(stacks->names, stream, frame->address - 1, &reason);
    if (made)
        frame->symbol = made;
    frame->reason = reason;
}

/* A return address is behind the call: the byte before it belongs to the instruction. The innermost
 * address is behind a system call, too. */
static const struct rn_stack_frame *add_frame(struct rn_call_stacks *stacks, uint64_t stream,
                                              uint64_t address)
{
    struct rn_stack_frame *frame;
    struct rn_code_place place;

    if (stacks->count == RN_CALL_STACK_MAX) {
        stacks->cut = true;
        return NULL;
    }
    frame = &stacks->frames[stacks->count++];
    *frame = (struct rn_stack_frame){.address = address};
    if (address == 0 ||
        !rn_code_map_find(stacks->map, stacks->trace, stream, address - 1, &place)) {
        find_made_code(stacks, stream, frame);
        return frame;
    }
    frame->module = place.module;
    frame->offset = place.offset + 1;
    frame->symbol = rn_symbols_find(stacks->symbols, place.module, place.offset);
    stacks->failed |= !frame->symbol;
    if (is_made_code(place.module))
        find_made_code(stacks, stream, frame);
    return frame;
}

/* ---- a list of return addresses ---- */

static uint64_t word_at(const uint8_t *data, size_t at)
{
    uint64_t word;

    memcpy(&word, data + at, sizeof word);
    return word;
}

/* The first word is a return address only if a call ends there. */
static bool first_word_returns(struct rn_call_stacks *stacks, uint64_t stream, uint64_t word)
{
    struct rn_code_place place;

    if (word && rn_code_map_find(stacks->map, stacks->trace, stream, word - 1, &place) &&
        !is_made_code(place.module))
        return rn_symbols_call_ends(stacks->symbols, place.module, place.offset + 1);
    return stacks->names && rn_jit_names_returns(stacks->names, stream, word);
}

static void walk_list(struct rn_call_stacks *stacks, const struct rn_event *event,
                      const struct rn_attachment *list)
{
    uint64_t first = list->size >= FRAME_BYTES ? word_at(list->data, 0) : 0;

    if (first_word_returns(stacks, event->stream, first))
        add_frame(stacks, event->stream, first);
    for (size_t at = FRAME_BYTES; at + FRAME_BYTES <= list->size; at += FRAME_BYTES)
        if (!add_frame(stacks, event->stream, word_at(list->data, at)))
            return;
    stacks->cut |= (list->flags & RN_ATT_CUT) != 0;
}

/* ---- raw bytes ---- */

struct dump {
    const uint8_t *bytes;
    uint64_t base, size; /* where they were */
};

static bool read_word(const struct dump *dump, uint64_t address, uint64_t *word)
{
    uint64_t at = address - dump->base;

    if (at > dump->size || dump->size - at < sizeof *word)
        return false;
    *word = word_at(dump->bytes, (size_t)at);
    return true;
}

/* From the registers of a function to those of its caller. False: the way is not known. */
static bool step(const struct dump *dump, const struct rn_unwind_row *row,
                 uint64_t registers[RN_UNWIND_REGISTERS])
{
    uint64_t next[RN_UNWIND_REGISTERS];
    uint64_t cfa = registers[row->cfa_register] + (uint64_t)(int64_t)row->cfa_offset;

    memcpy(next, registers, sizeof next);
    for (unsigned i = 0; i < RN_UNWIND_REGISTERS; i++) {
        if (row->saved & 1u << i &&
            !read_word(dump, cfa + (uint64_t)(int64_t)row->offset[i], &next[i]))
            return false;
        if (row->lost & 1u << i)
            next[i] = 0;
    }
    next[RN_UNWIND_RSP] = cfa;
    /* The stack of a caller lies above: no way round in circles. */
    if (cfa <= registers[RN_UNWIND_RSP] || next[RN_UNWIND_RIP] == 0)
        return false;
    memcpy(registers, next, sizeof next);
    return true;
}

static void walk_dump(struct rn_call_stacks *stacks, const struct rn_event *event,
                      const struct rn_attachment *attachment)
{
    const struct rn_stack_frame *frame = &stacks->frames[0];
    struct rn_stack_registers saved;
    uint64_t registers[RN_UNWIND_REGISTERS];
    struct dump dump;

    if (attachment->size < sizeof saved)
        return;
    memcpy(&saved, attachment->data, sizeof saved);
    registers[RN_UNWIND_RIP] = saved.rip;
    registers[RN_UNWIND_RSP] = saved.rsp;
    registers[RN_UNWIND_RBP] = saved.rbp;
    registers[RN_UNWIND_RBX] = saved.rbx;
    registers[RN_UNWIND_R12] = saved.r12;
    registers[RN_UNWIND_R13] = saved.r13;
    registers[RN_UNWIND_R14] = saved.r14;
    registers[RN_UNWIND_R15] = saved.r15;
    dump = (struct dump){.bytes = attachment->data + sizeof saved,
                         .base = saved.rsp,
                         .size = attachment->size - sizeof saved};
    while (frame && frame->symbol && frame->symbol->row.known && !frame->symbol->row.last) {
        if (!step(&dump, &frame->symbol->row, registers)) {
            stacks->cut = true;
            return;
        }
        frame = add_frame(stacks, event->stream, registers[RN_UNWIND_RIP]);
    }
    stacks->cut |= !frame || !frame->symbol || !frame->symbol->row.known;
}

/* ---- one call ---- */

static struct cached *cache_slot(struct rn_call_stacks *stacks, const struct rn_event *event,
                                 const struct rn_attachment *attachment, struct cached *key)
{
    uint64_t mix;

    *key =
        (struct cached){.version = rn_code_map_version(stacks->map, stacks->trace, event->stream),
                        .site = event->u.syscall.site};
    if (attachment) {
        key->hash[0] = rn_crc64(0, attachment->data, attachment->size);
        key->hash[1] = rn_crc64(~UINT64_C(0), attachment->data, attachment->size / 2);
    }
    mix = (key->version ^ key->site ^ key->hash[0]) * 0x9e3779b97f4a7c15;
    return &stacks->cache[mix >> 32 & (CACHE_SLOTS - 1)];
}

static bool is_cached(const struct cached *slot, const struct cached *key)
{
    return slot->frames && key->version && slot->version == key->version &&
           slot->site == key->site && slot->hash[0] == key->hash[0] &&
           slot->hash[1] == key->hash[1];
}

static void walk(struct rn_call_stacks *stacks, const struct rn_event *event,
                 const struct rn_attachment *attachment)
{
    stacks->count = 0;
    stacks->cut = false;
    if (event->u.syscall.site)
        add_frame(stacks, event->stream, event->u.syscall.site);
    if (!attachment || stacks->count == 0)
        return;
    if (attachment->type == RN_ATT_STACK)
        walk_list(stacks, event, attachment);
    else
        walk_dump(stacks, event, attachment);
}

enum rn_status rn_call_stack_of(struct rn_call_stacks *stacks, const struct rn_event *event,
                                struct rn_call_stack *stack, struct rn_error *err)
{
    const struct rn_attachment *attachment =
        rn_event_attachment(event, RN_ATT_STACK_DUMP, RN_ARG_ANY);
    struct cached key, *slot;
    size_t bytes;

    if (!attachment)
        attachment = rn_event_attachment(event, RN_ATT_STACK, RN_ARG_ANY);
    if (attachment && !attachment->data)
        attachment = NULL;
    slot = cache_slot(stacks, event, attachment, &key);
    if (!is_cached(slot, &key)) {
        walk(stacks, event, attachment);
        bytes = stacks->count * sizeof *slot->frames;
        free(slot->frames);
        *slot = key;
        slot->frames = malloc(bytes + 1);
        if (!slot->frames || stacks->failed)
            return rn_fail(err, RN_E_NOMEM, "no memory for stacks");
        memcpy(slot->frames, stacks->frames, bytes);
        slot->count = stacks->count;
        slot->cut = stacks->cut;
    }
    *stack = (struct rn_call_stack){.frames = slot->frames, .count = slot->count, .cut = slot->cut};
    return RN_OK;
}

/* ---- whose call ---- */

/* In the source that was compiled. */
static bool has_line(const struct rn_symbol_frame *frame)
{
    return frame->generated ? frame->generated->line : frame->line;
}

/* In a static program the C library's functions are in the same file, without lines: there the
 * first one with a line is meant. */
const struct rn_symbol_frame *rn_call_stack_owner(const struct rn_call_stack *stack,
                                                  uint32_t *frame)
{
    const struct rn_symbol_frame *own = NULL, *innermost = NULL;
    uint32_t own_frame = 0, innermost_frame = 0;

    for (uint32_t i = 0; i < stack->count; i++) {
        const struct rn_symbol *symbol = stack->frames[i].symbol;

        for (uint32_t k = 0; symbol && k < symbol->count; k++) {
            const struct rn_symbol_frame *candidate = &symbol->frames[k];

            if (!innermost) {
                innermost = candidate;
                innermost_frame = i;
            }
            if (candidate->library ||
                (own && (!has_line(candidate) ||
                         stack->frames[i].module != stack->frames[own_frame].module)))
                continue;
            own = candidate;
            own_frame = i;
            if (has_line(candidate)) {
                *frame = i;
                return own;
            }
        }
    }
    *frame = own ? own_frame : innermost_frame;
    return own ? own : innermost;
}

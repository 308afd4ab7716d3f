/* SPDX-License-Identifier: MIT */
/* The entry points of a shader module for compute, and the size of their work groups: from its
 * SPIR-V (unified1 specification, 2.3 physical layout, 3.52 instructions). */
#include "vulkan_layer.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC              0x07230203u
#define HEADER             5u /* words */
#define OP_ENTRY_POINT     15u
#define OP_EXECUTION_MODE  16u
#define OP_SPEC_COMPOSITE  51u /* OpSpecConstantComposite */
#define OP_FUNCTION        54u
#define OP_DECORATE        71u
#define MODEL_COMPUTE      5u /* GLCompute */
#define MODE_LOCAL_SIZE    17u
#define DECORATION_BUILTIN 11u
#define BUILTIN_WORKGROUP  25u
#define ENTRIES_MAX        256u

struct instruction {
    const uint32_t *words;
    uint32_t count; /* at least 1 */
};

/* False: the module ends here, or its functions begin. */
static bool next(const uint32_t *words, uint64_t count, uint64_t *at, struct instruction *out)
{
    if (*at >= count)
        return false;
    out->words = words + *at;
    out->count = out->words[0] >> 16;
    if (out->count == 0 || out->count > count - *at || (out->words[0] & 0xffff) == OP_FUNCTION)
        return false;
    *at += out->count;
    return true;
}

static uint32_t opcode(const struct instruction *instruction)
{
    return instruction->words[0] & 0xffff;
}

static bool is_entry(const struct instruction *instruction)
{
    return opcode(instruction) == OP_ENTRY_POINT && instruction->count >= 4 &&
           instruction->words[1] == MODEL_COMPUTE;
}

static uint32_t count_entries(const uint32_t *words, uint64_t count)
{
    struct instruction instruction;
    uint64_t at = HEADER;
    uint32_t entries = 0;

    while (next(words, count, &at, &instruction))
        entries += is_entry(&instruction);
    return entries < ENTRIES_MAX ? entries : ENTRIES_MAX;
}

/* The constant that is decorated so overrides every LocalSize; it comes later, and may be one that
 * is specialised. */
static bool is_group_constant(const struct instruction *instruction)
{
    return opcode(instruction) == OP_DECORATE && instruction->count >= 4 &&
           instruction->words[2] == DECORATION_BUILTIN &&
           instruction->words[3] == BUILTIN_WORKGROUP;
}

static bool is_specialised(const struct instruction *instruction, uint32_t id)
{
    return opcode(instruction) == OP_SPEC_COMPOSITE && instruction->count >= 3 &&
           instruction->words[2] == id && id != 0;
}

static void set_group(struct rn_vulkan_module *module, const uint32_t *ids,
                      const struct instruction *mode)
{
    if (mode->count < 6 || mode->words[2] != MODE_LOCAL_SIZE)
        return;
    for (uint32_t i = 0; i < module->count; i++)
        if (ids[i] == mode->words[1])
            memcpy(module->entries[i].group, mode->words + 3, sizeof(module->entries[i].group));
}

static void add_entry(struct rn_vulkan_module *module, uint32_t room, uint32_t *ids,
                      const struct instruction *entry)
{
    const char *text = (const char *)(entry->words + 3);
    uint32_t size = (uint32_t)strnlen(text, 4 * (entry->count - 3));

    if (module->count == room)
        return;
    ids[module->count] = entry->words[2];
    module->entries[module->count].name = rn_vulkan_name_of(text, size);
    module->count++;
}

static void read_instructions(struct rn_vulkan_module *module, uint32_t room, uint32_t *ids,
                              const uint32_t *words, uint64_t count)
{
    struct instruction instruction;
    uint32_t group_constant = 0;
    bool specialised = false;

    for (uint64_t at = HEADER; next(words, count, &at, &instruction);) {
        if (is_entry(&instruction))
            add_entry(module, room, ids, &instruction);
        else if (opcode(&instruction) == OP_EXECUTION_MODE)
            set_group(module, ids, &instruction);
        else if (is_group_constant(&instruction))
            group_constant = instruction.words[1];
        else if (is_specialised(&instruction, group_constant))
            specialised = true;
    }
    for (uint32_t i = 0; specialised && i < module->count; i++)
        memset(module->entries[i].group, 0, sizeof(module->entries[i].group));
}

struct rn_vulkan_module *rn_vulkan_module_read(const uint32_t *words, uint64_t count)
{
    uint32_t room = 0, ids[ENTRIES_MAX];
    struct rn_vulkan_module *module;

    if (count > HEADER && words[0] == MAGIC)
        room = count_entries(words, count);
    module = calloc(1, sizeof(*module) + room * sizeof(module->entries[0]));
    if (module && room)
        read_instructions(module, room, ids, words, count);
    return module;
}

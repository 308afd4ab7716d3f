/* SPDX-License-Identifier: MIT */
/* Lines and inlined functions from debug information. */
#include "symbol_file_private.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#define RANGES_MAX (1u << 24) /* of units, or of the functions of one */
#define DEPTH_MAX  64         /* of entries in each other */

/* ---- ranges ---- */

static bool add_range(struct symbol_ranges *ranges, uint64_t begin, uint64_t end, Dwarf_Off die)
{
    if (begin >= end || ranges->count >= RANGES_MAX)
        return true;
    if (ranges->count == ranges->capacity) {
        size_t capacity = ranges->capacity ? 2 * ranges->capacity : 64;
        struct symbol_range *larger = realloc(ranges->list, capacity * sizeof *larger);

        if (!larger)
            return false;
        ranges->list = larger;
        ranges->capacity = capacity;
    }
    ranges->list[ranges->count++] = (struct symbol_range){begin, end, die};
    return true;
}

static bool add_ranges(struct symbol_ranges *ranges, Dwarf_Die *die)
{
    Dwarf_Addr base, begin, end;
    ptrdiff_t at = 0;
    bool room = true;

    while (room && (at = dwarf_ranges(die, at, &base, &begin, &end)) > 0)
        room = add_range(ranges, begin, end, dwarf_dieoffset(die));
    return room;
}

static int by_begin(const void *left, const void *right)
{
    const struct symbol_range *a = left, *b = right;

    if (a->begin != b->begin)
        return a->begin < b->begin ? -1 : 1;
    return a->die < b->die ? -1 : a->die > b->die;
}

static void sort_ranges(struct symbol_ranges *ranges)
{
    if (ranges->count)
        qsort(ranges->list, ranges->count, sizeof *ranges->list, by_begin);
}

static bool find_range(const struct symbol_ranges *ranges, uint64_t address, Dwarf_Off *die)
{
    size_t low = 0, high = ranges->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (ranges->list[middle].begin <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || address >= ranges->list[low - 1].end)
        return false;
    *die = ranges->list[low - 1].die;
    return true;
}

/* .debug_aranges is missing in what some compilers write; ranges of the units are not. */
void symbol_dwarf_index(struct rn_symbol_file *file)
{
    Dwarf_CU *unit = NULL;
    Dwarf_Die die, sub;
    bool room = true;
    uint8_t type;

    while (room && dwarf_get_units(file->dwarf, unit, &unit, NULL, &type, &die, &sub) == 0)
        room =
            add_ranges(&file->units, type == DW_UT_skeleton && dwarf_tag(&sub) != 0 ? &sub : &die);
    sort_ranges(&file->units);
}

void symbol_dwarf_free(struct rn_symbol_file *file)
{
    for (size_t i = 0; i < file->functions.capacity; i++) {
        struct symbol_ranges *ranges = file->functions.slots[i].value;

        if (ranges)
            free(ranges->list);
        free(ranges);
    }
    rn_id_map_free(&file->functions);
    free(file->units.list);
}

/* ---- functions of a unit ---- */

/* False at the end, and where damage leads back. */
static bool next_sibling(Dwarf_Die *die)
{
    Dwarf_Off before = dwarf_dieoffset(die);

    return dwarf_siblingof(die, die) == 0 && dwarf_dieoffset(die) > before;
}

static bool holds_functions(int tag)
{
    return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_structure_type ||
           tag == DW_TAG_class_type || tag == DW_TAG_union_type || tag == DW_TAG_enumeration_type ||
           tag == DW_TAG_subprogram;
}

/* C++ and Rust have functions in namespaces and types. */
static bool collect(struct symbol_ranges *ranges, Dwarf_Die *parent, int depth)
{
    Dwarf_Die child;
    bool room = true;

    if (depth == DEPTH_MAX || dwarf_child(parent, &child) != 0)
        return true;
    do {
        int tag = dwarf_tag(&child);

        if (tag == DW_TAG_subprogram)
            room = add_ranges(ranges, &child);
        if (room && holds_functions(tag))
            room = collect(ranges, &child, depth + 1);
    } while (room && next_sibling(&child));
    return room;
}

/* Made when first asked. NULL: no memory. */
static const struct symbol_ranges *functions_of(struct rn_symbol_file *file, Dwarf_Die *unit)
{
    uint64_t key = dwarf_dieoffset(unit);
    struct symbol_ranges *ranges = rn_id_map_get(&file->functions, key);

    if (ranges)
        return ranges;
    ranges = calloc(1, sizeof *ranges);
    if (!ranges || !rn_id_map_set(&file->functions, key, ranges)) {
        free(ranges);
        return NULL;
    }
    if (!collect(ranges, unit, 0))
        return NULL;
    sort_ranges(ranges);
    return ranges;
}

/* ---- names and lines ---- */

/* The linked name tells the whole of it (classes, namespaces); the plain one where it has none. */
static const char *function_name(Dwarf_Die *die)
{
    Dwarf_Attribute memory, *attribute = dwarf_attr_integrate(die, DW_AT_linkage_name, &memory);
    const char *name = attribute ? dwarf_formstring(attribute) : NULL;

    if (!name && (attribute = dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &memory)))
        name = dwarf_formstring(attribute);
    return name ? name : dwarf_diename(die);
}

static uint64_t number_of(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute memory, *attribute = dwarf_attr(die, name, &memory);
    Dwarf_Word value;

    return attribute && dwarf_formudata(attribute, &value) == 0 ? value : 0;
}

/* Where an inlined function was called. */
static const char *call_file(Dwarf_Die *unit, Dwarf_Die *die)
{
    uint64_t number = number_of(die, DW_AT_call_file);
    Dwarf_Files *files;
    size_t count;

    if (number == 0 || dwarf_getsrcfiles(unit, &files, &count) != 0 || number >= count)
        return NULL;
    return dwarf_filesrc(files, (size_t)number, NULL, NULL);
}

static void line_at(Dwarf_Die *unit, uint64_t address, const char **source, uint32_t *line)
{
    Dwarf_Line *found = dwarf_getsrc_die(unit, address);
    int number;

    *source = found ? dwarf_linesrc(found, NULL, NULL) : NULL;
    *line = found && dwarf_lineno(found, &number) == 0 && number > 0 ? (uint32_t)number : 0;
}

/* ---- frames ---- */

/* The function, then what was inlined into each other there: outermost first. */
struct scopes {
    Dwarf_Die list[RN_SYMBOL_FRAMES_MAX];
    unsigned count;
};

static void descend(struct scopes *scopes, Dwarf_Die *parent, uint64_t address, int depth)
{
    Dwarf_Die child;

    if (depth == DEPTH_MAX || scopes->count == RN_SYMBOL_FRAMES_MAX ||
        dwarf_child(parent, &child) != 0)
        return;
    do {
        int tag = dwarf_tag(&child);

        if ((tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block) ||
            dwarf_haspc(&child, address) != 1)
            continue;
        if (tag == DW_TAG_inlined_subroutine)
            scopes->list[scopes->count++] = child;
        descend(scopes, &child, address, depth + 1);
        return;
    } while (next_sibling(&child));
}

static bool add_scopes(Dwarf_Die *unit, struct scopes *scopes, uint64_t address,
                       struct rn_symbol *symbol)
{
    const char *source;
    uint32_t line;

    line_at(unit, address, &source, &line);
    while (scopes->count) {
        Dwarf_Die *scope = &scopes->list[--scopes->count];
        const char *name = function_name(scope);

        if (name && !symbol_add_frame(symbol, name, source, line))
            return false;
        source = call_file(unit, scope);
        line = (uint32_t)number_of(scope, DW_AT_call_line);
    }
    return true;
}

/* Assembly: lines, and a name from the symbols alone. */
static bool add_line(const struct rn_symbol_file *file, Dwarf_Die *unit, uint64_t address,
                     struct rn_symbol *symbol)
{
    const struct symbol_entry *entry = symbol_elf_function(file, address);
    const char *source;
    uint32_t line;

    line_at(unit, address, &source, &line);
    return !source || !entry || symbol_add_frame(symbol, entry->name, source, line);
}

bool symbol_dwarf_find(struct rn_symbol_file *file, uint64_t address, struct rn_symbol *symbol)
{
    const struct symbol_ranges *functions;
    struct scopes scopes = {.count = 0};
    Dwarf_Off offset;
    Dwarf_Die unit;

    if (!file->dwarf || !find_range(&file->units, address, &offset) ||
        !dwarf_offdie(file->dwarf, offset, &unit))
        return true;
    functions = functions_of(file, &unit);
    if (!functions)
        return false;
    if (find_range(functions, address, &offset) &&
        dwarf_offdie(file->dwarf, offset, &scopes.list[0])) {
        scopes.count = 1;
        descend(&scopes, &scopes.list[0], address, 0);
        if (!add_scopes(&unit, &scopes, address, symbol))
            return false;
    }
    return symbol->count || add_line(file, &unit, address, symbol);
}

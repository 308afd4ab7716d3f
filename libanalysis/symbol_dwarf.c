/* SPDX-License-Identifier: MIT */
/* Lines and inlined functions from debug information. */
#include "symbol_file_private.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#define UNITS_MAX (1u << 22)

/* ---- which unit ---- */

static bool add_unit(struct rn_symbol_file *file, uint64_t begin, uint64_t end, Dwarf_Off die)
{
    if (begin >= end || file->unit_count >= UNITS_MAX)
        return true;
    if (file->unit_count == file->unit_capacity) {
        size_t capacity = file->unit_capacity ? 2 * file->unit_capacity : 64;
        struct symbol_unit *larger = realloc(file->units, capacity * sizeof *larger);

        if (!larger)
            return false;
        file->units = larger;
        file->unit_capacity = capacity;
    }
    file->units[file->unit_count++] = (struct symbol_unit){begin, end, die};
    return true;
}

static int by_begin(const void *left, const void *right)
{
    const struct symbol_unit *a = left, *b = right;

    if (a->begin != b->begin)
        return a->begin < b->begin ? -1 : 1;
    return a->die < b->die ? -1 : a->die > b->die;
}

/* .debug_aranges is missing in what some compilers write; ranges of the units are not. */
void symbol_dwarf_index(struct rn_symbol_file *file)
{
    Dwarf_CU *unit = NULL;
    Dwarf_Die die, sub;
    bool room = true;
    uint8_t type;

    while (room && dwarf_get_units(file->dwarf, unit, &unit, NULL, &type, &die, &sub) == 0) {
        Dwarf_Addr base, begin, end;
        ptrdiff_t at = 0;

        if (type == DW_UT_skeleton && dwarf_tag(&sub) != 0)
            die = sub;
        while (room && (at = dwarf_ranges(&die, at, &base, &begin, &end)) > 0)
            room = add_unit(file, begin, end, dwarf_dieoffset(&die));
    }
    if (file->unit_count)
        qsort(file->units, file->unit_count, sizeof *file->units, by_begin);
}

static bool unit_at(const struct rn_symbol_file *file, uint64_t address, Dwarf_Die *die)
{
    size_t low = 0, high = file->unit_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (file->units[middle].begin <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && address < file->units[low - 1].end &&
           dwarf_offdie(file->dwarf, file->units[low - 1].die, die) != NULL;
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

/* Innermost first: blocks, inlined functions, the function, the unit. */
static bool add_scopes(Dwarf_Die *unit, Dwarf_Die *scopes, int count, uint64_t address,
                       struct rn_symbol *symbol)
{
    const char *source;
    uint32_t line;

    line_at(unit, address, &source, &line);
    for (int i = 0; i < count && symbol->count < RN_SYMBOL_FRAMES_MAX; i++) {
        int tag = dwarf_tag(&scopes[i]);
        const char *name;

        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
            continue;
        name = function_name(&scopes[i]);
        if (name && !symbol_add_frame(symbol, name, source, line))
            return false;
        if (tag == DW_TAG_subprogram)
            return true;
        source = call_file(unit, &scopes[i]);
        line = (uint32_t)number_of(&scopes[i], DW_AT_call_line);
    }
    return true;
}

bool symbol_dwarf_find(struct rn_symbol_file *file, uint64_t address, struct rn_symbol *symbol)
{
    const struct symbol_entry *entry;
    Dwarf_Die unit, *lexical = NULL, *scopes = NULL;
    const char *source;
    uint32_t line;
    bool fine;
    int count;

    if (!file->dwarf || !unit_at(file, address, &unit))
        return true;
    /* Of an inlined function that gives what it was written in; what it is in is wanted. */
    count = dwarf_getscopes(&unit, address, &lexical);
    if (count > 0)
        count = dwarf_getscopes_die(&lexical[0], &scopes);
    fine = add_scopes(&unit, scopes, count, address, symbol);
    free(lexical);
    free(scopes);
    if (!fine || symbol->count)
        return fine;
    /* Assembly: lines, and a name from the symbols alone. */
    line_at(&unit, address, &source, &line);
    entry = symbol_elf_function(file, address);
    return !source || !entry || symbol_add_frame(symbol, entry->name, source, line);
}

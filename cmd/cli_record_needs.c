/* SPDX-License-Identifier: MIT */
#include "cli_record_needs.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#define TRIPLET "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#define TRIPLET "aarch64-linux-gnu"
#else
#error "the machine number of this architecture is not known here"
#endif

enum { SEGMENTS_MAX = 64, DYNAMIC_MAX = 512, NAMES_MAX = 512, NAME_BYTES = 256, SCRIPTS_MAX = 4 };

static const char usual_directories[] =
    "/lib/" TRIPLET ":/usr/lib/" TRIPLET ":/lib64:/usr/lib64:/lib:/usr/lib:/usr/local/lib:"
    "/usr/local/lib/" TRIPLET ":/usr/local/cuda/lib64";

struct elf {
    int fd;
    Elf64_Ehdr header;
    Elf64_Phdr segments[SEGMENTS_MAX];
    size_t segment_count;
    Elf64_Dyn dynamic[DYNAMIC_MAX];
    size_t dynamic_count;
    uint64_t strings; /* file offset of the string table */
    bool has_interpreter;
    char path[PATH_MAX];
};

/* What is still to be looked at: names of libraries, each once. */
struct search {
    char *names[NAMES_MAX];
    size_t count, next;
    const char *const *sonames;
    size_t soname_count;
    struct cli_needs *needs;
};

static bool read_at(const struct elf *elf, void *to, size_t size, uint64_t offset)
{
    return offset <= INT64_MAX && pread(elf->fd, to, size, (off_t)offset) == (ssize_t)size;
}

static bool is_of_this_machine(const Elf64_Ehdr *header)
{
    return header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_machine == MACHINE;
}

static bool to_offset(const struct elf *elf, uint64_t address, uint64_t *offset)
{
    for (size_t i = 0; i < elf->segment_count; i++) {
        const Elf64_Phdr *segment = &elf->segments[i];

        if (segment->p_type != PT_LOAD || address < segment->p_vaddr ||
            address - segment->p_vaddr >= segment->p_filesz)
            continue;
        *offset = segment->p_offset + (address - segment->p_vaddr);
        return true;
    }
    return false;
}

static void read_dynamic(struct elf *elf, const Elf64_Phdr *segment)
{
    size_t count = segment->p_filesz / sizeof(elf->dynamic[0]);
    uint64_t offset = 0;

    if (count > DYNAMIC_MAX)
        count = DYNAMIC_MAX;
    if (!read_at(elf, elf->dynamic, count * sizeof(elf->dynamic[0]), segment->p_offset))
        return;
    for (size_t i = 0; i < count; i++)
        if (elf->dynamic[i].d_tag == DT_STRTAB &&
            to_offset(elf, elf->dynamic[i].d_un.d_ptr, &offset))
            elf->dynamic_count = count;
    elf->strings = offset;
}

static bool open_elf(struct elf *elf, const char *path)
{
    *elf = (struct elf){.fd = open(path, O_RDONLY | O_CLOEXEC)};
    if (elf->fd < 0)
        return false;
    snprintf(elf->path, sizeof(elf->path), "%s", path);
    if (!read_at(elf, &elf->header, sizeof(elf->header), 0) ||
        memcmp(elf->header.e_ident, ELFMAG, SELFMAG) != 0)
        return false;
    if (!is_of_this_machine(&elf->header) || elf->header.e_phentsize != sizeof(Elf64_Phdr))
        return true;
    elf->segment_count = elf->header.e_phnum < SEGMENTS_MAX ? elf->header.e_phnum : SEGMENTS_MAX;
    if (!read_at(elf, elf->segments, elf->segment_count * sizeof(Elf64_Phdr), elf->header.e_phoff))
        elf->segment_count = 0;
    for (size_t i = 0; i < elf->segment_count; i++)
        if (elf->segments[i].p_type == PT_DYNAMIC)
            read_dynamic(elf, &elf->segments[i]);
        else if (elf->segments[i].p_type == PT_INTERP)
            elf->has_interpreter = true;
    return true;
}

static void close_elf(struct elf *elf)
{
    if (elf->fd >= 0)
        close(elf->fd);
}

static bool read_string(const struct elf *elf, uint64_t at, char text[NAME_BYTES])
{
    ssize_t got = at <= INT64_MAX - elf->strings
                      ? pread(elf->fd, text, NAME_BYTES - 1, (off_t)(elf->strings + at))
                      : -1;

    if (got <= 0)
        return false;
    text[got] = '\0';
    return true;
}

static void add_name(struct search *search, const char *name)
{
    for (size_t i = 0; i < search->soname_count; i++)
        if (search->sonames[i] && strcmp(search->sonames[i], name) == 0)
            search->needs->found[i] = true;
    for (size_t i = 0; i < search->count; i++)
        if (strcmp(search->names[i], name) == 0)
            return;
    if (search->count < NAMES_MAX && (search->names[search->count] = strdup(name)))
        search->count++;
}

static void add_needed(struct search *search, const struct elf *elf)
{
    char name[NAME_BYTES];

    for (size_t i = 0; i < elf->dynamic_count && elf->dynamic[i].d_tag != DT_NULL; i++)
        if (elf->dynamic[i].d_tag == DT_NEEDED &&
            read_string(elf, elf->dynamic[i].d_un.d_val, name))
            add_name(search, name);
}

/* The first one of a list of directories that has the file. */
static bool open_in(const char *list, const char *origin, const char *name, struct elf *elf)
{
    static const char here[] = "$ORIGIN";
    char path[PATH_MAX];

    for (const char *at = list; at && *at; at += strcspn(at, ":"), at += *at == ':') {
        int length = (int)strcspn(at, ":"), skip = 0, origin_length = 0;

        if (strncmp(at, here, sizeof(here) - 1) == 0) {
            skip = (int)sizeof(here) - 1;
            origin_length = (int)(strrchr(origin, '/') ? strrchr(origin, '/') - origin : 0);
        }
        if (length == 0 || snprintf(path, sizeof(path), "%.*s%.*s/%s", origin_length, origin,
                                    length - skip, at + skip, name) >= (int)sizeof(path))
            continue;
        if (open_elf(elf, path) && is_of_this_machine(&elf->header))
            return true;
        close_elf(elf);
    }
    return false;
}

/* The run paths of the program alone: libraries that have their own are found by it mostly. */
static bool open_library(const char *run_path, const char *program, const char *name,
                         struct elf *elf)
{
    if (strchr(name, '/'))
        return open_elf(elf, name);
    return open_in(run_path, program, name, elf) ||
           open_in(getenv("LD_LIBRARY_PATH"), program, name, elf) ||
           open_in(usual_directories, program, name, elf);
}

static void search_all(struct search *search, const struct elf *program)
{
    char run_path[NAME_BYTES] = "";
    struct elf *elf = malloc(sizeof(*elf));

    for (size_t i = 0; i < program->dynamic_count; i++)
        if (program->dynamic[i].d_tag == DT_RUNPATH || program->dynamic[i].d_tag == DT_RPATH)
            (void)read_string(program, program->dynamic[i].d_un.d_val, run_path);
    add_needed(search, program);
    while (elf && search->next < search->count) {
        if (!open_library(run_path, program->path, search->names[search->next++], elf))
            continue;
        add_needed(search, elf);
        close_elf(elf);
    }
    free(elf);
}

static bool find_command(const char *command, char path[PATH_MAX])
{
    const char *list = getenv("PATH");

    if (strchr(command, '/'))
        return snprintf(path, PATH_MAX, "%s", command) < PATH_MAX;
    for (const char *at = list ? list : "/bin:/usr/bin"; *at;
         at += strcspn(at, ":"), at += *at == ':') {
        int length = (int)strcspn(at, ":");

        if (snprintf(path, PATH_MAX, "%.*s%s%s", length, at, length ? "/" : "", command) <
                PATH_MAX &&
            access(path, X_OK) == 0)
            return true;
    }
    return false;
}

/* "#! /usr/bin/env python3" is looked at as python3. */
static bool interpreter_of(const struct elf *script, char path[PATH_MAX])
{
    char line[NAME_BYTES], *word, *next;
    ssize_t got = pread(script->fd, line, sizeof(line) - 1, 0);

    if (got < 3 || line[0] != '#' || line[1] != '!')
        return false;
    line[got] = '\0';
    line[strcspn(line, "\n")] = '\0';
    word = strtok_r(line + 2, " \t", &next);
    if (!word)
        return false;
    if (strcmp(word, "/usr/bin/env") == 0 && !(word = strtok_r(NULL, " \t", &next)))
        return false;
    return find_command(word, path);
}

static bool open_program(const char *command, struct elf *elf)
{
    char path[PATH_MAX];

    if (!find_command(command, path))
        return false;
    for (unsigned i = 0; i < SCRIPTS_MAX; i++) {
        if (open_elf(elf, path))
            return true;
        if (elf->fd < 0 || !interpreter_of(elf, path))
            break;
        close_elf(elf);
    }
    close_elf(elf);
    return false;
}

void cli_needs_find(const char *command, const char *const *sonames, size_t count,
                    struct cli_needs *needs)
{
    struct search search = {.sonames = sonames,
                            .soname_count = count < CLI_NEEDS_MAX ? count : CLI_NEEDS_MAX,
                            .needs = needs};
    struct elf *program = malloc(sizeof(*program));

    *needs = (struct cli_needs){.is_static = false};
    if (program && open_program(command, program)) {
        needs->other_machine = !is_of_this_machine(&program->header);
        needs->is_static = !needs->other_machine && !program->has_interpreter;
        search_all(&search, program);
        close_elf(program);
    }
    for (size_t i = 0; i < search.count; i++)
        free(search.names[i]);
    free(program);
}

const char *cli_needs_obstacle(const struct cli_needs *needs)
{
    if (needs->other_machine)
        return "is of another architecture than the recorder";
    return needs->is_static ? "is linked statically" : NULL;
}

const char *cli_library_obstacle(const char *path)
{
    struct elf *elf = malloc(sizeof(*elf));
    const char *why = NULL;

    if (!elf)
        return NULL;
    if (!open_elf(elf, path))
        why = "is no shared library";
    else if (!is_of_this_machine(&elf->header))
        why = "is of another architecture";
    close_elf(elf);
    free(elf);
    return why;
}

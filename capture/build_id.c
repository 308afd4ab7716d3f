/* SPDX-License-Identifier: MIT */
#include "build_id.h"

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUCKETS     1024u /* a collision only means that a file is read again */
#define HEADERS_MAX 64u
#define NOTES_MAX   4096u

struct rn_build_ids {
    struct rn_build_id entries[BUCKETS];
};

struct rn_build_ids *rn_build_ids_new(void)
{
    return calloc(1, sizeof(struct rn_build_ids));
}

void rn_build_ids_free(struct rn_build_ids *ids)
{
    free(ids);
}

/* Look through one PT_NOTE segment. */
static bool find_note(const uint8_t *notes, size_t size, struct rn_build_id *id)
{
    size_t at = 0;

    while (size - at >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr note; /* the same in both classes */
        uint64_t name, next;

        memcpy(&note, notes + at, sizeof(note));
        name = at + sizeof(note);
        next = name + ((note.n_namesz + 3ull) & ~3ull) + ((note.n_descsz + 3ull) & ~3ull);
        if (next > size)
            return false;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && note.n_descsz > 0 &&
            note.n_descsz <= RN_BUILD_ID_MAX && memcmp(notes + name, "GNU", 4) == 0) {
            id->size = (uint8_t)note.n_descsz;
            memcpy(id->bytes, notes + name + 4, note.n_descsz);
            return true;
        }
        at = (size_t)next;
    }
    return false;
}

static bool read_notes(int fd, uint64_t offset, uint64_t size, struct rn_build_id *id)
{
    uint8_t notes[NOTES_MAX];
    ssize_t got = pread(fd, notes, size < NOTES_MAX ? size : NOTES_MAX, (off_t)offset);

    return got > 0 && find_note(notes, (size_t)got, id);
}

static void read_64(int fd, const Elf64_Ehdr *header, struct rn_build_id *id)
{
    Elf64_Phdr programs[HEADERS_MAX];
    size_t count = header->e_phnum < HEADERS_MAX ? header->e_phnum : HEADERS_MAX;
    ssize_t got = pread(fd, programs, count * sizeof(programs[0]), (off_t)header->e_phoff);

    if (got < 0 || header->e_phentsize != sizeof(programs[0]))
        return;
    for (size_t i = 0; i < (size_t)got / sizeof(programs[0]); i++) {
        if (programs[i].p_type == PT_NOTE &&
            read_notes(fd, programs[i].p_offset, programs[i].p_filesz, id))
            return;
    }
}

static void read_32(int fd, const Elf32_Ehdr *header, struct rn_build_id *id)
{
    Elf32_Phdr programs[HEADERS_MAX];
    size_t count = header->e_phnum < HEADERS_MAX ? header->e_phnum : HEADERS_MAX;
    ssize_t got = pread(fd, programs, count * sizeof(programs[0]), (off_t)header->e_phoff);

    if (got < 0 || header->e_phentsize != sizeof(programs[0]))
        return;
    for (size_t i = 0; i < (size_t)got / sizeof(programs[0]); i++) {
        if (programs[i].p_type == PT_NOTE &&
            read_notes(fd, programs[i].p_offset, programs[i].p_filesz, id))
            return;
    }
}

static void read_build_id(int fd, struct rn_build_id *id)
{
    union {
        unsigned char ident[EI_NIDENT];
        Elf64_Ehdr wide;
        Elf32_Ehdr narrow;
    } header;

    memset(&header, 0, sizeof(header));
    if (pread(fd, &header, sizeof(header), 0) < (ssize_t)sizeof(header.narrow) ||
        memcmp(header.ident, ELFMAG, SELFMAG) != 0)
        return;
    if (header.ident[EI_CLASS] == ELFCLASS64)
        read_64(fd, &header.wide, id);
    else if (header.ident[EI_CLASS] == ELFCLASS32)
        read_32(fd, &header.narrow, id);
}

/* From the cache, or from the file at `path`, a name in /proc. */
static const struct rn_build_id *look_up(struct rn_build_ids *ids, const char *path,
                                         uint64_t inode)
{
    struct rn_build_id *entry;
    uint64_t change_ns;
    struct stat info;
    int fd;

    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode) || (inode != 0 && info.st_ino != inode))
        return NULL;
    change_ns = (uint64_t)info.st_ctim.tv_sec * 1000000000u + (uint64_t)info.st_ctim.tv_nsec;
    entry = &ids->entries[(info.st_ino * 31 + info.st_dev) % BUCKETS];
    if (entry->inode == info.st_ino && entry->device == info.st_dev &&
        entry->change_ns == change_ns)
        return entry->size ? entry : NULL;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    *entry = (struct rn_build_id){
        .device = info.st_dev, .inode = info.st_ino, .change_ns = change_ns};
    read_build_id(fd, entry);
    close(fd);
    return entry->size ? entry : NULL;
}

const struct rn_build_id *rn_build_ids_get(struct rn_build_ids *ids, pid_t pid, const char *path,
                                           uint64_t inode)
{
    char full[4200];

    if (path[0] != '/' ||
        snprintf(full, sizeof(full), "/proc/%d/root%s", (int)pid, path) >= (int)sizeof(full))
        return NULL;
    return look_up(ids, full, inode);
}

const struct rn_build_id *rn_build_ids_get_fd(struct rn_build_ids *ids, pid_t pid, int fd)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
    return look_up(ids, path, 0);
}

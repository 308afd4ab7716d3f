/* SPDX-License-Identifier: MIT */
#include "producer_obstacle.h"

#include "proc_snapshot.h"

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HEADERS_MAX 64u
#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#error "the machine number of this architecture is not known here"
#endif

static const char preload[] = "LD_PRELOAD";
static const char rings[] = "RN_RINGS";

static bool has_environment(pid_t pid)
{
    static char *names[] = {(char *)preload, (char *)rings, NULL};
    char text[16384];
    size_t size = rn_proc_environ(pid, names, text, sizeof(text)), found = 0;

    for (size_t at = 0; at < size; at += strnlen(text + at, size - at) + 1) {
        found += strncmp(text + at, rings, sizeof(rings) - 1) == 0;
        found += strncmp(text + at, preload, sizeof(preload) - 1) == 0 &&
                 strstr(text + at, "librn-") != NULL;
    }
    return found == 2;
}

static bool is_secure(pid_t pid)
{
    Elf64_auxv_t auxv[64];
    size_t size = rn_proc_read(pid, "auxv", (char *)auxv, sizeof(auxv));

    for (size_t i = 0; i < size / sizeof(auxv[0]); i++)
        if (auxv[i].a_type == AT_SECURE)
            return auxv[i].a_un.a_val != 0;
    return false;
}

static bool has_interpreter(int fd, const Elf64_Ehdr *header)
{
    Elf64_Phdr segments[HEADERS_MAX];
    size_t count = header->e_phnum < HEADERS_MAX ? header->e_phnum : HEADERS_MAX;
    size_t bytes = count * sizeof(segments[0]);

    if (header->e_phentsize != sizeof(segments[0]) ||
        pread(fd, segments, bytes, (off_t)header->e_phoff) != (ssize_t)bytes)
        return true;
    for (size_t i = 0; i < count; i++)
        if (segments[i].p_type == PT_INTERP)
            return true;
    return false;
}

static const char *obstacle_in_file(pid_t pid)
{
    Elf64_Ehdr header;
    const char *why = NULL;
    char path[64];
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header))
        why = NULL;
    else if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != MACHINE)
        why = "is of another architecture than the recorder";
    else if (!has_interpreter(fd, &header))
        why = "is linked statically";
    close(fd);
    return why;
}

const char *rn_producer_obstacle(pid_t pid)
{
    const char *why = obstacle_in_file(pid);

    if (why)
        return why;
    if (is_secure(pid))
        return "has more rights than whoever started it";
    if (!has_environment(pid))
        return "was started without LD_PRELOAD and RN_RINGS in its environment";
    return NULL;
}

/* SPDX-License-Identifier: MIT */
#include "proc_snapshot.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define PROC_PATH_MAX 64u
/* For what is read through stdio, whose own buffer would ask for 1024 bytes at a time. */
#define PROC_BUFFER 16384u

static size_t read_all(int fd, char *to, size_t size)
{
    size_t done = 0;

    while (done < size - 1) {
        ssize_t got = read(fd, to + done, size - 1 - done);

        if (got <= 0)
            break;
        done += (size_t)got;
    }
    to[done] = '\0';
    return done;
}

/* The whole of a file that /proc gives in one piece. Takes the descriptor. */
static bool read_once(int fd, char *to, size_t size)
{
    ssize_t got = fd < 0 ? -1 : read(fd, to, size - 1);

    to[got > 0 ? got : 0] = '\0';
    if (fd >= 0)
        close(fd);
    return got > 0;
}

size_t rn_proc_read_path(const char *path, char *to, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t length;

    to[0] = '\0';
    if (fd < 0)
        return 0;
    length = read_all(fd, to, size);
    close(fd);
    return length;
}

size_t rn_proc_read(pid_t pid, const char *name, char *to, size_t size)
{
    char path[PROC_PATH_MAX];

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    return rn_proc_read_path(path, to, size);
}

size_t rn_proc_link(pid_t pid, const char *name, char *to, size_t size)
{
    char path[PROC_PATH_MAX];
    ssize_t length;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    length = readlink(path, to, size - 1);
    to[length > 0 ? length : 0] = '\0';
    return length > 0 ? (size_t)length : 0;
}

/* The number behind "\nNAME:\t", `index` fields further on. */
static uint64_t status_field(const char *text, const char *name, unsigned index, int base)
{
    const char *at = strstr(text, name);
    char *end;
    uint64_t value = 0;

    if (!at)
        return 0;
    at += strlen(name);
    for (unsigned i = 0; i <= index; i++) {
        value = strtoull(at, &end, base);
        at = end;
    }
    return value;
}

/* There the kernel escapes what would break the line. */
static void take_name(const char *text, char name[RN_PROC_NAME_MAX + 1])
{
    static const char begin[] = "Name:\t";
    const char *at = text + sizeof(begin) - 1;

    memset(name, 0, RN_PROC_NAME_MAX + 1);
    if (strncmp(text, begin, sizeof(begin) - 1) != 0)
        return;
    for (size_t i = 0; i < RN_PROC_NAME_MAX && *at && *at != '\n'; i++, at++) {
        bool escaped = at[0] == '\\' && (at[1] == 'n' || at[1] == '\\');

        at += escaped;
        name[i] = escaped && *at == 'n' ? '\n' : *at;
    }
}

bool rn_proc_status(pid_t pid, struct rn_proc_status *status)
{
    char path[PROC_PATH_MAX], text[4096];

    memset(status, 0, sizeof(*status));
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    if (!read_once(open(path, O_RDONLY | O_CLOEXEC), text, sizeof(text)))
        return false;
    take_name(text, status->name);
    status->tgid = (pid_t)status_field(text, "\nTgid:", 0, 10);
    status->ppid = (pid_t)status_field(text, "\nPPid:", 0, 10);
    status->uid = status_field(text, "\nUid:", 0, 10);
    status->euid = status_field(text, "\nUid:", 1, 10);
    status->gid = status_field(text, "\nGid:", 0, 10);
    status->egid = status_field(text, "\nGid:", 1, 10);
    status->umask = status_field(text, "\nUmask:", 0, 8);
    status->max_rss_bytes = status_field(text, "\nVmHWM:", 0, 10) * 1024;
    return true;
}

/* The clock of another process, see clock_getcpuclockid(3): 0 both, 1 user, 2 as scheduled. */
static uint64_t process_clock(pid_t pid, unsigned which)
{
    struct timespec time;

    if (clock_gettime((clockid_t)((~(unsigned)pid << 3) | which), &time) != 0)
        return 0;
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

bool rn_proc_cpu_time(pid_t pid, uint64_t *user_ns, uint64_t *system_ns)
{
    uint64_t both = process_clock(pid, 0);
    uint64_t user = process_clock(pid, 1);
    uint64_t scheduled = process_clock(pid, 2);

    /* The split is sampled by the timer tick, the sum is exact: scale the one to the other. */
    *user_ns = scheduled;
    if (both != 0)
        *user_ns = (uint64_t)((double)scheduled * ((double)user / (double)both));
    *system_ns = scheduled - *user_ns;
    return scheduled != 0;
}

bool rn_proc_limits(pid_t pid, uint64_t limits[2 * RN_PROC_LIMITS])
{
    for (unsigned i = 0; i < RN_PROC_LIMITS; i++) {
        struct rlimit64 limit;

        if (prlimit64(pid, (enum __rlimit_resource)i, NULL, &limit) != 0)
            return false;
        limits[2 * i] = limit.rlim_cur;
        limits[2 * i + 1] = limit.rlim_max;
    }
    return true;
}

static bool identity_at(int directory, const char *name, int fd, struct rn_fd_identity *identity)
{
    struct statx info;

    if (statx(directory, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
              STATX_TYPE | STATX_MODE | STATX_INO, &info) != 0)
        return false;
    *identity = (struct rn_fd_identity){.fd = (uint64_t)fd,
                                        .device = makedev(info.stx_dev_major, info.stx_dev_minor),
                                        .inode = info.stx_ino,
                                        .rdev = makedev(info.stx_rdev_major, info.stx_rdev_minor),
                                        .mode = info.stx_mode};
    return true;
}

bool rn_proc_fd_identity(pid_t pid, int fd, struct rn_fd_identity *identity)
{
    char path[PROC_PATH_MAX];

    snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
    return identity_at(AT_FDCWD, path, fd, identity);
}

/* Where a process keeps what is known of its descriptors; -1: not open. */
struct descriptor_places {
    pid_t pid;
    int links, infos; /* the directories fd and fdinfo */
    int process;      /* a pidfd */
};

static int open_directory(pid_t pid, const char *name)
{
    char path[PROC_PATH_MAX];

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void close_places(struct descriptor_places *places)
{
    const int open_ones[] = {places->links, places->infos, places->process};

    for (size_t i = 0; i < sizeof(open_ones) / sizeof(open_ones[0]); i++)
        if (open_ones[i] >= 0)
            close(open_ones[i]);
}

/* Has it no position, and takes it no notice of one more descriptor that comes and goes? Drivers
 * may: close() flushes. */
static bool is_plain(const struct rn_fd_identity *identity)
{
    static const unsigned majors[] = {1 /* null, zero */, 4, 5, 136 /* terminals */};

    if (S_ISFIFO(identity->mode))
        return true;
    for (size_t i = 0; S_ISCHR(identity->mode) && i < sizeof(majors) / sizeof(majors[0]); i++)
        if (major(identity->rdev) == majors[i])
            return true;
    return false;
}

/* The flags of a plain one are had sooner from a copy of the descriptor than from fdinfo, but for
 * FD_CLOEXEC, which is none of the copy's. */
static bool flags_of_copy(const struct descriptor_places *places, int fd, uint64_t *flags)
{
    int copy = -1, found = -1;

    if (places->process >= 0)
        copy = (int)syscall(SYS_pidfd_getfd, places->process, fd, 0u);
    if (copy >= 0) {
        found = fcntl(copy, F_GETFL);
        close(copy);
    }
    *flags = (uint64_t)(unsigned)found;
    return found >= 0;
}

static bool position_and_flags(struct descriptor_places *places, const char *name,
                               struct rn_descriptor *descriptor)
{
    char text[256];

    if (places->infos < 0)
        places->infos = open_directory(places->pid, "fdinfo");
    if (places->infos < 0 ||
        !read_once(openat(places->infos, name, O_RDONLY | O_CLOEXEC), text, sizeof(text)))
        return false;
    descriptor->offset = status_field(text, "pos:", 0, 10);
    descriptor->flags = status_field(text, "\nflags:", 0, 8);
    return true;
}

static bool descriptor_at(struct descriptor_places *places, int fd,
                          struct rn_descriptor *descriptor)
{
    struct rn_fd_identity identity;
    char name[16];

    snprintf(name, sizeof(name), "%d", fd);
    if (!identity_at(places->links, name, fd, &identity))
        return false;
    *descriptor = (struct rn_descriptor){.pid = (uint64_t)places->pid,
                                         .fd = (uint64_t)fd,
                                         .mode = identity.mode,
                                         .device = identity.device,
                                         .inode = identity.inode,
                                         .rdev = identity.rdev};
    return (is_plain(&identity) && flags_of_copy(places, fd, &descriptor->flags)) ||
           position_and_flags(places, name, descriptor);
}

bool rn_proc_descriptor(pid_t pid, int fd, struct rn_descriptor *descriptor)
{
    struct descriptor_places places = {pid, open_directory(pid, "fd"), -1, -1};
    bool found = places.links >= 0 && descriptor_at(&places, fd, descriptor);

    close_places(&places);
    return found;
}

bool rn_proc_descriptors(pid_t pid, bool after_exec, rn_proc_descriptor_fn *function, void *context)
{
    struct descriptor_places places = {pid, open_directory(pid, "fd"), -1, -1};
    int listing = places.links >= 0 ? fcntl(places.links, F_DUPFD_CLOEXEC, 0) : -1;
    DIR *directory = listing >= 0 ? fdopendir(listing) : NULL;
    char path[4096];
    struct rn_descriptor descriptor;
    struct dirent *entry;

    if (after_exec)
        places.process = (int)syscall(SYS_pidfd_open, pid, 0u);
    while (directory && (entry = readdir(directory))) {
        ssize_t length;

        if (entry->d_name[0] < '0' || entry->d_name[0] > '9' ||
            !descriptor_at(&places, atoi(entry->d_name), &descriptor))
            continue;
        length = readlinkat(places.links, entry->d_name, path, sizeof(path));
        function(context, &descriptor, path, length > 0 ? (size_t)length : 0);
    }
    if (directory)
        closedir(directory);
    else if (listing >= 0)
        close(listing);
    close_places(&places);
    return directory != NULL;
}

bool rn_proc_numbers(pid_t pid, const char *name, rn_proc_number_fn *function, void *context)
{
    char path[PROC_PATH_MAX];
    DIR *directory;
    struct dirent *entry;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    directory = opendir(path);
    if (!directory)
        return false;
    while ((entry = readdir(directory))) {
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
            function(context, atoi(entry->d_name));
    }
    closedir(directory);
    return true;
}

/* A number of /proc/PID/maps and the character behind it. */
static bool take(const char **at, int base, char behind, uint64_t *value)
{
    char *end;

    *value = strtoull(*at, &end, base);
    if (end == *at || *end != behind)
        return false;
    *at = end + 1;
    return true;
}

/* Most lines are of no code, and are done with at their permissions: this runs at each exec. */
static bool parse_mapping(const char *line, struct rn_module *module, const char **path)
{
    uint64_t start, end, offset, major_number, minor_number, inode;

    if (!take(&line, 16, '-', &start) || !take(&line, 16, ' ', &end) || strnlen(line, 5) < 5 ||
        line[2] != 'x')
        return false;
    line += 5; /* "r-xp " */
    if (!take(&line, 16, ' ', &offset) || !take(&line, 16, ':', &major_number) ||
        !take(&line, 16, ' ', &minor_number) || !take(&line, 10, ' ', &inode) || inode == 0 ||
        end <= start)
        return false;
    *module = (struct rn_module){
        .op = RN_MODULE_MAP,
        .address = start,
        .length = end - start,
        .file_offset = offset,
        .device = makedev((unsigned)major_number, (unsigned)minor_number),
        .inode = inode,
    };
    *path = line + strspn(line, " ");
    return true;
}

bool rn_proc_modules(pid_t pid, rn_proc_module_fn *function, void *context, uint64_t *vdso)
{
    char name[PROC_PATH_MAX], buffer[PROC_BUFFER];
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    FILE *file;

    if (vdso)
        *vdso = 0;
    snprintf(name, sizeof(name), "/proc/%d/maps", (int)pid);
    file = fopen(name, "re");
    if (!file)
        return false;
    setvbuf(file, buffer, _IOFBF, sizeof(buffer));
    while ((length = getline(&line, &capacity, file)) > 0) {
        struct rn_module module;
        const char *path;

        if (line[length - 1] == '\n')
            line[length - 1] = '\0';
        if (vdso && strstr(line, "[vdso]"))
            *vdso = strtoull(line, NULL, 16);
        if (!parse_mapping(line, &module, &path))
            continue;
        module.pid = (uint64_t)pid;
        function(context, &module, path);
    }
    free(line);
    fclose(file);
    return true;
}

static bool is_chosen(const char *entry, char *const *names)
{
    for (size_t i = 0; names[i]; i++) {
        size_t length = strlen(names[i]);

        if (strncmp(entry, names[i], length) == 0 && entry[length] == '=')
            return true;
    }
    return false;
}

size_t rn_proc_environ(pid_t pid, char *const *names, char *to, size_t size)
{
    char path[PROC_PATH_MAX], buffer[PROC_BUFFER];
    char *entry = NULL;
    size_t capacity = 0, done = 0;
    ssize_t length;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
    file = fopen(path, "re");
    if (!file)
        return 0;
    setvbuf(file, buffer, _IOFBF, sizeof(buffer));
    while ((length = getdelim(&entry, &capacity, '\0', file)) > 0) {
        size_t bytes = strlen(entry) + 1;

        if (!is_chosen(entry, names) || bytes > size - done)
            continue;
        memcpy(to + done, entry, bytes);
        done += bytes;
    }
    free(entry);
    fclose(file);
    return done;
}

enum rn_abi rn_native_abi(void)
{
#if defined(__aarch64__)
    return RN_ABI_AARCH64;
#elif defined(__x86_64__)
    return RN_ABI_X86_64;
#else
#error "no system call table for this architecture"
#endif
}

enum rn_abi rn_proc_abi(pid_t pid)
{
    Elf64_Ehdr header;
    char path[PROC_PATH_MAX];
    int fd;
    ssize_t got;

    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return rn_native_abi();
    got = read(fd, &header, sizeof(header));
    close(fd);
    if (got < (ssize_t)sizeof(Elf32_Ehdr) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return rn_native_abi();
    if (header.e_machine == EM_386)
        return RN_ABI_I386;
    if (header.e_machine == EM_X86_64 && header.e_ident[EI_CLASS] == ELFCLASS32)
        return RN_ABI_X32;
    return rn_native_abi();
}

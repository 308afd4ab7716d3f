/* SPDX-License-Identifier: MIT */
#include "ctf_source.h"

#include "ctf_frame.h"
#include "formats/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUFFER_BYTES (256u << 10)
/* Anonymous memory that the process that decodes may take: a damaged trace asks for any amount. */
#define CHILD_BYTES (512u << 20)

struct rn_ctf_source {
    char *path;
    char *scratch; /* a directory that is removed at the end; NULL none */
    int fd;
    bool own_fd;
    pid_t child;
    uint8_t *buffer;
    size_t capacity, begin, end;
    struct rn_ctf_frames frames;
};

static enum rn_status source_new(const char *path, struct rn_ctf_source **out, struct rn_error *err)
{
    struct rn_ctf_source *source = calloc(1, sizeof(*source));
    *out = NULL;
    if (!source)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    source->fd = -1;
    source->child = -1;
    source->capacity = BUFFER_BYTES;
    source->path = strdup(path);
    source->buffer = malloc(source->capacity);
    if (!source->path || !source->buffer) {
        rn_ctf_source_free(source);
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    }
    *out = source;
    return RN_OK;
}

enum rn_status rn_ctf_source_attach(const char *name, int fd, struct rn_ctf_source **out,
                                    struct rn_error *err)
{
    enum rn_status status = source_new(name, out, err);
    if (status == RN_OK)
        (*out)->fd = fd;
    return status;
}

/* To what it has come with: a sanitizer's shadow alone is terabytes. Where there is no /proc to say
 * how much that is, there is no limit. */
static void limit_memory(void)
{
    unsigned long long pages;
    FILE *statm = fopen("/proc/self/statm", "re");
    if (statm && fscanf(statm, "%*u %*u %*u %*u %*u %llu", &pages) == 1) {
        rlim_t bytes = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + CHILD_BYTES;
        setrlimit(RLIMIT_DATA, &(struct rlimit){bytes, bytes});
    }
    if (statm)
        fclose(statm);
}

/* In the new process: nothing of the old one may be written or removed by it, so it leaves by
 * _exit. */
static _Noreturn void decode(const struct rn_ctf_source *source, const int pipe_fds[2],
                             pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(2);
    close(pipe_fds[0]);
    static const int deadly[] = {SIGINT,  SIGTERM, SIGHUP, SIGQUIT, SIGABRT,
                                 SIGSEGV, SIGBUS,  SIGFPE, SIGILL};
    for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
        signal(deadly[i], SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    /* What the library prints is of no use to the user, but for the places that it names. */
    int null = open("/dev/null", O_RDWR), log = memfd_create("log", 0);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(log >= 0 ? log : null, STDERR_FILENO);
    }
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    limit_memory();
    _exit(rn_ctf_read(source->path, source->scratch, pipe_fds[1]));
}

static enum rn_status make_scratch(struct rn_ctf_source *source, struct rn_error *err)
{
    if (asprintf(&source->scratch, "%s/rn-convert.XXXXXX", rn_temporary_directory()) < 0) {
        source->scratch = NULL;
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    }
    if (mkdtemp(source->scratch))
        return RN_OK;
    free(source->scratch);
    source->scratch = NULL;
    return rn_fail(err, RN_E_SYSTEM, "cannot make a directory in TMPDIR");
}

enum rn_status rn_ctf_source_open(const char *path, bool salvage, struct rn_ctf_source **out,
                                  struct rn_error *err)
{
    int fds[2];
    enum rn_status status = source_new(path, out, err);
    if (status != RN_OK)
        return status;
    struct rn_ctf_source *source = *out;
    *out = NULL;
    pid_t parent = getpid();
    if (salvage)
        status = make_scratch(source, err);
    if (status == RN_OK && pipe2(fds, O_CLOEXEC) < 0)
        status = rn_fail(err, RN_E_SYSTEM, "cannot make a pipe");
    if (status != RN_OK) {
        rn_ctf_source_free(source);
        return status;
    }
    fcntl(fds[1], F_SETPIPE_SZ, (int)BUFFER_BYTES);
    source->child = fork();
    if (source->child == 0)
        decode(source, fds, parent);
    int cause = errno;
    close(fds[1]);
    source->fd = fds[0];
    source->own_fd = true;
    if (source->child < 0) {
        errno = cause;
        status = rn_fail(err, RN_E_SYSTEM, "cannot start a process that decodes");
        rn_ctf_source_free(source);
        return status;
    }
    *out = source;
    return RN_OK;
}

static int reap(struct rn_ctf_source *source)
{
    int status = 0;
    while (waitpid(source->child, &status, 0) < 0 && errno == EINTR)
        ;
    source->child = -1;
    return status;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info;
    (void)type;
    (void)place;
    remove(path);
    return 0;
}

const char *rn_ctf_source_scratch(const struct rn_ctf_source *source)
{
    return source->scratch;
}

void rn_ctf_source_free(struct rn_ctf_source *source)
{
    if (!source)
        return;
    if (source->own_fd)
        close(source->fd);
    if (source->child > 0) {
        kill(source->child, SIGKILL);
        reap(source);
    }
    if (source->scratch)
        nftw(source->scratch, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    rn_ctf_frames_clear(&source->frames);
    free(source->scratch);
    free(source->buffer);
    free(source->path);
    free(source);
}

/* The pipe ended where a frame was expected. */
static enum rn_status ended(struct rn_ctf_source *source, struct rn_error *err)
{
    int status = source->child > 0 ? reap(source) : 0;
    if (WIFSIGNALED(status))
        rn_fail(err, RN_E_FORMAT,
                "libbabeltrace2 cannot cope with this trace: it was ended by signal %d (%s)",
                WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        rn_fail(err, RN_E_FORMAT, "the trace's events end within one");
    return rn_fail_in(err, source->path);
}

static bool make_room(struct rn_ctf_source *source, size_t need)
{
    memmove(source->buffer, source->buffer + source->begin, source->end - source->begin);
    source->end -= source->begin;
    source->begin = 0;
    if (need <= source->capacity)
        return true;
    uint8_t *larger = realloc(source->buffer, need);
    if (!larger)
        return false;
    source->buffer = larger;
    source->capacity = need;
    return true;
}

/* Have `need` bytes at `begin`. */
static enum rn_status fill(struct rn_ctf_source *source, size_t need, struct rn_error *err)
{
    if (source->end - source->begin >= need)
        return RN_OK;
    if (source->capacity - source->begin < need && !make_room(source, need))
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    while (source->end - source->begin < need) {
        ssize_t count =
            read(source->fd, source->buffer + source->end, source->capacity - source->end);
        if (count == 0)
            return ended(source, err);
        if (count < 0 && errno != EINTR)
            return rn_fail(err, RN_E_SYSTEM, "cannot read from the process that decodes");
        if (count > 0)
            source->end += (size_t)count;
    }
    return RN_OK;
}

enum rn_status rn_ctf_source_next(struct rn_ctf_source *source, struct rn_ctf_message *message,
                                  struct rn_error *err)
{
    for (;;) {
        enum rn_status status = fill(source, RN_CTF_FRAME_HEADER, err);
        if (status != RN_OK)
            return status;
        size_t size = rn_ctf_frame_size(source->buffer + source->begin);
        if (size > RN_CTF_FRAME_MAX)
            return rn_fail_in((rn_fail(err, RN_E_LIMIT, "an event of %zu bytes", size), err),
                              source->path);
        status = fill(source, RN_CTF_FRAME_HEADER + size, err);
        if (status != RN_OK)
            return status;
        const uint8_t *frame = source->buffer + source->begin;
        bool handed_out = false;
        source->begin += RN_CTF_FRAME_HEADER + size;
        status = rn_ctf_frame_decode(&source->frames, frame[0], frame + RN_CTF_FRAME_HEADER, size,
                                     message, &handed_out, err);
        if (status != RN_OK && status != RN_EOF)
            return rn_fail_in(err, source->path);
        if (status == RN_EOF || handed_out)
            return status;
    }
}

const struct rn_ctf_field *rn_ctf_field_named(const struct rn_ctf_message *message, uint8_t scope,
                                              const char *name)
{
    for (size_t i = 0; i < message->field_count; i++) {
        const struct rn_ctf_field *field = &message->fields[i];
        if (field->scope == scope && !strcmp(field->name, name))
            return field;
    }
    return NULL;
}

/* SPDX-License-Identifier: MIT */
/* Generates a recording of processes in a row, joined by pipes, for measurements of rn-merge. Each
 * reads a message from the one before it, makes some calls, and writes a message to the next one.
 * All recordings are of one boot, so that they have one clock.
 *
 *     generate_pipelines [-n EVENTS] [-p PROCESSES] [-s NUMBER] OUT
 */
#include "formats/crc64.h"
#include "formats/syscall_table.h"
#include "formats/writer.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMMIT_EVENTS 16383u
#define PLAIN_CALLS   8u /* between a read and a write */
#define MESSAGE       64u
#define PROCESSES_MAX 4096u
#define CALL_NS       400u

struct generator {
    struct rn_writer *writer;
    uint64_t events, limit, number;
    unsigned processes;
    uint64_t now; /* ns, ticks */
    uint64_t streams[PROCESSES_MAX];
    int pipe2, fork, close, read, write, plain[PLAIN_CALLS];
    uint64_t messages;
};

static uint64_t pid_of(const struct generator *generator, unsigned process)
{
    return 1000 + generator->number * PROCESSES_MAX + process;
}

static enum rn_status add(struct generator *generator, struct rn_event *event, struct rn_error *err)
{
    generator->events++;
    generator->now += CALL_NS;
    return rn_writer_add(generator->writer, event, err);
}

static enum rn_status add_call(struct generator *generator, unsigned process, int nr, uint64_t ret,
                               uint64_t argument, const struct rn_attachment *attachments,
                               uint32_t count, struct rn_error *err)
{
    struct rn_event event = {.kind = RN_KIND_SYSCALL,
                             .stream = (uint32_t)generator->streams[process],
                             .start = generator->now,
                             .duration = CALL_NS / 2,
                             .attachment_count = count,
                             .attachments = attachments};

    event.u.syscall = (struct rn_syscall){.nr = (uint64_t)nr,
                                          .ret = ret,
                                          .site = 0x7f0000011a10 + (uint64_t)nr * 16,
                                          .args = {argument, 0x7ffd00001000, MESSAGE}};
    return add(generator, &event, err);
}

/* Process i reads its pipe i - 1 as descriptor 3 and writes pipe i as descriptor 4. */
static enum rn_status make_pipe(struct generator *generator, unsigned i, struct rn_error *err)
{
    struct rn_fd_identity ends[2];
    struct rn_attachment attachments[2];

    for (unsigned end = 0; end < 2; end++) {
        ends[end] = (struct rn_fd_identity){
            .fd = end ? 4 : 5, .device = 15, .inode = pid_of(generator, i), .mode = S_IFIFO | 0600};
        attachments[end] = (struct rn_attachment){
            .type = RN_ATT_FD, .size = sizeof ends[end], .data = (const uint8_t *)&ends[end]};
    }
    return add_call(generator, i, generator->pipe2, 0, 0, attachments, 2, err);
}

static enum rn_status add_process(struct generator *generator, unsigned i,
                                  struct rn_process process, struct rn_error *err)
{
    struct rn_event event = {.kind = RN_KIND_PROCESS,
                             .stream = (uint32_t)generator->streams[i],
                             .start = generator->now,
                             .u.process = process};

    return add(generator, &event, err);
}

static enum rn_status start_process(struct generator *generator, unsigned i, struct rn_error *err)
{
    struct rn_stream stream = {.type = RN_STREAM_THREAD,
                               .pid = pid_of(generator, i),
                               .tid = pid_of(generator, i),
                               .parent = i ? generator->streams[i - 1] : 0};
    struct rn_process process = {.op = RN_PROCESS_START};
    enum rn_status status =
        rn_writer_add_stream(generator->writer, &stream, "stage", &generator->streams[i], err);

    if (status != RN_OK || i == 0)
        return status == RN_OK ? add_process(generator, 0, process, err) : status;
    process = (struct rn_process){.op = RN_PROCESS_FORK,
                                  .pid = pid_of(generator, i - 1),
                                  .child_stream = generator->streams[i],
                                  .child_tid = pid_of(generator, i),
                                  .clone_flags = SIGCHLD};
    return add_process(generator, i - 1, process, err);
}

static enum rn_status start_all(struct generator *generator, struct rn_error *err)
{
    enum rn_status status = start_process(generator, 0, err);

    for (unsigned i = 1; i < generator->processes && status == RN_OK; i++) {
        struct rn_fd_identity in = {
            .fd = 3, .device = 15, .inode = pid_of(generator, i - 1), .mode = S_IFIFO | 0600};
        struct rn_attachment attachment = {
            .type = RN_ATT_FD, .size = sizeof in, .data = (const uint8_t *)&in};

        status = make_pipe(generator, i - 1, err);
        if (status == RN_OK)
            status = start_process(generator, i, err);
        if (status == RN_OK) /* dup2(5, 3) */
            status = add_call(generator, i, rn_syscall_number(RN_ABI_X86_64, "dup2", 4), 3, 5,
                              &attachment, 1, err);
    }
    return status;
}

static enum rn_status move(struct generator *generator, unsigned i, int nr, uint64_t fd,
                           uint64_t message, struct rn_error *err)
{
    uint8_t head[32] = {0};
    unsigned pipe = nr == generator->read ? i - 1 : i;
    struct rn_attachment content = {.type = RN_ATT_CONTENT, .arg = 1};

    snprintf((char *)head, sizeof head, "%08x message, pipe %8u", (unsigned)message, pipe);
    content.content.length = MESSAGE;
    content.content.head = head;
    content.content.head_len = sizeof head;
    content.content.crc = rn_crc64(0, head, sizeof head);
    return add_call(generator, i, nr, MESSAGE, fd, &content, 1, err);
}

static enum rn_status one_round(struct generator *generator, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (unsigned i = 0; i < generator->processes && status == RN_OK; i++) {
        if (i)
            status = move(generator, i, generator->read, 3, generator->messages, err);
        for (unsigned j = 0; j < PLAIN_CALLS && status == RN_OK; j++)
            status = add_call(generator, i, generator->plain[j], 0, 9, NULL, 0, err);
        if (i + 1 < generator->processes && status == RN_OK)
            status = move(generator, i, generator->write, 4, generator->messages, err);
    }
    generator->messages++;
    return status;
}

static enum rn_status commit(struct generator *generator, struct rn_error *err)
{
    struct rn_writer_commit_info info = {.clock = {.ticks = generator->now,
                                                   .monotonic_ns = generator->now,
                                                   .realtime_ns = generator->now}};

    return rn_writer_commit(generator->writer, &info, err);
}

static enum rn_status generate(struct generator *generator, struct rn_error *err)
{
    enum rn_status status = start_all(generator, err);

    while (status == RN_OK && generator->events < generator->limit) {
        status = one_round(generator, err);
        if (status == RN_OK &&
            rn_writer_pending(generator->writer) + generator->processes * (PLAIN_CALLS + 2) >=
                COMMIT_EVENTS)
            status = commit(generator, err);
    }
    rn_writer_set_status(generator->writer, 0);
    return status == RN_OK ? rn_writer_seal(generator->writer, err) : status;
}

static enum rn_status begin(struct generator *generator, const char *path, struct rn_error *err)
{
    struct rn_writer_options options = {.zstd_level = 0};
    struct rn_manifest manifest;
    enum rn_status status;

    rn_manifest_init(&manifest);
    memset(manifest.uuid, 0, sizeof manifest.uuid);
    memcpy(manifest.uuid, &generator->number, sizeof generator->number);
    memcpy(manifest.uuid + 8, &generator->limit, sizeof generator->limit);
    manifest.creator = strdup("generate_pipelines 1.0");
    manifest.engine = strdup("library");
    manifest.boot_id = strdup("generated");
    manifest.content_head = 32;
    manifest.tick_unit = RN_TICK_NS;
    generator->now = 1767225600000000000u + generator->number; /* 2026-01-01 */
    manifest.start = (struct rn_clock_point){generator->now, generator->now, generator->now, 0};
    status = rn_writer_new(path, &manifest, &options, &generator->writer, err);
    rn_manifest_clear(&manifest);
    return status;
}

static void look_up(struct generator *generator)
{
    static const char *const plain[PLAIN_CALLS] = {"lseek",  "fstat", "getpid", "mmap",
                                                   "munmap", "brk",   "lseek",  "getuid"};

    generator->pipe2 = rn_syscall_number(RN_ABI_X86_64, "pipe2", 5);
    generator->read = rn_syscall_number(RN_ABI_X86_64, "read", 4);
    generator->write = rn_syscall_number(RN_ABI_X86_64, "write", 5);
    for (unsigned i = 0; i < PLAIN_CALLS; i++)
        generator->plain[i] = rn_syscall_number(RN_ABI_X86_64, plain[i], strlen(plain[i]));
}

static bool parse(int argc, char **argv, struct generator *generator)
{
    int letter;

    while ((letter = getopt(argc, argv, "n:p:s:")) != -1) {
        unsigned long long value = letter == '?' ? 0 : strtoull(optarg, NULL, 10);

        if (letter == 'n')
            generator->limit = value;
        else if (letter == 'p' && value >= 1 && value <= PROCESSES_MAX)
            generator->processes = (unsigned)value;
        else if (letter == 's')
            generator->number = value;
        else
            return false;
    }
    return optind + 1 == argc;
}

int main(int argc, char **argv)
{
    static struct generator generator = {.limit = 1000000, .processes = 64};
    struct rn_error err = RN_ERROR_INIT;
    enum rn_status status;

    if (!parse(argc, argv, &generator)) {
        fprintf(stderr, "usage: generate_pipelines [-n EVENTS] [-p PROCESSES] [-s NUMBER] OUT\n");
        return 2;
    }
    look_up(&generator);
    status = begin(&generator, argv[optind], &err);
    if (status == RN_OK)
        status = generate(&generator, &err);
    if (status != RN_OK)
        fprintf(stderr, "generate_pipelines: %s: %s\n", argv[optind], err.what);
    rn_writer_free(generator.writer);
    return status == RN_OK ? 0 : 2;
}

/* SPDX-License-Identifier: MIT */
/* Generates an archive of any length for measurements: a server of several processes and threads
 * that opens, reads and writes files, talks to sockets, waits and gets signals. The same seed gives
 * the same events.
 *
 *     generate_archive [-n EVENTS] [-s SEED] OUT
 */
#include "formats/crc64.h"
#include "formats/syscall_table.h"
#include "formats/writer.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROCESSES     4u
#define THREADS       3u /* of each process */
#define COMMIT_EVENTS 16384u
#define TICK_SHIFT    3u /* 8 ns a tick */
#define HEAD          32u
#define FILES         200u
#define FIRST_PID     1000u

/* What a thread does, again and again: one line a call. */
struct step {
    const char *call;
    uint32_t typical_ns;
    uint32_t failing; /* of 1000 */
    int error;
    uint64_t site;
    enum { PLAIN, OPENS, READS, WRITES, CLOSES } role;
    int nr; /* looked up */
};

static struct step steps[] = {
    {"epoll_wait", 250000, 0, 0, 0x7f0000011a10, PLAIN, 0},
    {"accept4", 2500, 30, 11, 0x7f0000011b20, PLAIN, 0},
    {"recvfrom", 1800, 40, 11, 0x7f0000011c30, READS, 0},
    {"newfstatat", 1100, 80, 2, 0x7f0000012d40, PLAIN, 0},
    {"openat", 3200, 60, 2, 0x7f0000012e50, OPENS, 0},
    {"fstat", 350, 0, 0, 0x7f0000012f60, PLAIN, 0},
    {"mmap", 1500, 0, 0, 0x7f0000013070, PLAIN, 0},
    {"read", 900, 0, 0, 0x7f0000013180, READS, 0},
    {"read", 900, 0, 0, 0x7f0000013180, READS, 0},
    {"read", 900, 0, 0, 0x7f0000013180, READS, 0},
    {"lseek", 200, 0, 0, 0x7f0000013290, PLAIN, 0},
    {"write", 1600, 2, 32, 0x7f00000133a0, WRITES, 0},
    {"write", 1600, 2, 32, 0x7f00000133a0, WRITES, 0},
    {"futex", 4000, 100, 11, 0x7f00000134b0, PLAIN, 0},
    {"close", 500, 0, 0, 0x7f00000135c0, CLOSES, 0},
    {"munmap", 2500, 0, 0, 0x7f00000136d0, PLAIN, 0},
    {"sendto", 6000, 5, 104, 0x7f00000137e0, WRITES, 0},
    {"clock_nanosleep", 60000, 0, 0, 0x7f00000138f0, PLAIN, 0},
};
#define STEPS (sizeof steps / sizeof steps[0])

struct thread {
    uint64_t stream, pid, tid;
    uint64_t now; /* ticks */
    size_t step;
    uint64_t fd;
};

struct generator {
    struct rn_writer *writer;
    struct thread threads[PROCESSES * THREADS];
    uint64_t random;
    uint64_t events, limit;
    char paths[FILES][64];
    uint8_t heads[FILES][HEAD];
};

/* splitmix64 (S. Vigna). */
static uint64_t draw(struct generator *generator)
{
    uint64_t z = generator->random += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Around the typical time, with a long tail: each further doubling is four times as rare. */
static uint64_t draw_ticks(struct generator *generator, uint64_t typical_ns)
{
    uint64_t bits = draw(generator);
    unsigned doublings = (unsigned)__builtin_ctzll(bits | 1ull << 24) / 2;
    uint64_t ns = typical_ns / 2 + typical_ns * (bits >> 40) / (1u << 24);

    return (ns << doublings) >> TICK_SHIFT;
}

static enum rn_status add(struct generator *generator, struct rn_event *event, struct rn_error *err)
{
    generator->events++;
    return rn_writer_add(generator->writer, event, err);
}

/* Which of the attachments a call has: the name of a file, or what was moved. */
static uint32_t attach(struct generator *generator, const struct step *step,
                       struct rn_syscall *call, struct rn_attachment *attachment)
{
    uint64_t file = draw(generator) % FILES;

    memset(attachment, 0, sizeof *attachment);
    attachment->arg = 1;
    if (step->role == OPENS) {
        attachment->type = RN_ATT_PATH;
        attachment->data = (const uint8_t *)generator->paths[file];
        attachment->size = (uint32_t)strlen(generator->paths[file]);
        return 1;
    }
    if ((step->role != READS && step->role != WRITES) || rn_syscall_failed(call))
        return 0;
    attachment->type = RN_ATT_CONTENT;
    attachment->content.length = call->ret;
    attachment->content.head = generator->heads[file];
    attachment->content.head_len = call->ret < HEAD ? (uint32_t)call->ret : HEAD;
    attachment->content.crc =
        rn_crc64(draw(generator) % 1000, generator->heads[file], attachment->content.head_len);
    if (attachment->content.head_len == call->ret)
        attachment->content.crc = rn_crc64(0, generator->heads[file], call->ret);
    return call->ret > 0;
}

static void fill_call(struct generator *generator, struct thread *thread, const struct step *step,
                      struct rn_syscall *call)
{
    uint64_t bits = draw(generator);

    *call = (struct rn_syscall){.nr = (uint64_t)step->nr, .abi = RN_ABI_X86_64, .site = step->site};
    call->args[0] = step->role == OPENS ? (uint64_t)AT_FDCWD : thread->fd;
    call->args[1] = 0x7ffd00001000 + thread->stream * 0x10000 + (bits & 0xf0);
    call->args[2] = step->role == READS ? 4096 : (bits >> 8) % 512;
    if (bits >> 32 & 1)
        call->args[3] = bits >> 48 & 3;
    if (step->role == OPENS)
        call->ret = thread->fd = 5 + (bits >> 16) % 20;
    else if (step->role == READS || step->role == WRITES)
        call->ret = (bits >> 24) % 4 ? (bits >> 26) % 64 * 8 + 1 : call->args[2];
    if ((bits >> 40) % 1000 < step->failing)
        call->ret = (uint64_t) - (int64_t)step->error;
}

static enum rn_status add_call(struct generator *generator, struct thread *thread,
                               struct rn_error *err)
{
    const struct step *step = &steps[thread->step];
    struct rn_attachment attachment;
    struct rn_event event = {
        .kind = RN_KIND_SYSCALL,
        .stream = (uint32_t)thread->stream,
        .start = thread->now,
        .duration = draw_ticks(generator, step->typical_ns),
        .attachments = &attachment,
    };

    fill_call(generator, thread, step, &event.u.syscall);
    event.attachment_count = attach(generator, step, &event.u.syscall, &attachment);
    thread->now += event.duration + draw_ticks(generator, 700);
    thread->step = (thread->step + 1 + (draw(generator) % 16 == 0)) % STEPS;
    return add(generator, &event, err);
}

static enum rn_status add_signal(struct generator *generator, const struct thread *thread,
                                 struct rn_error *err)
{
    struct rn_event event = {
        .kind = RN_KIND_SIGNAL,
        .stream = (uint32_t)thread->stream,
        .start = thread->now,
        .u.signal = {.signo = SIGUSR1, .sender_pid = FIRST_PID},
    };

    return add(generator, &event, err);
}

static enum rn_status add_process(struct generator *generator, const struct thread *thread,
                                  struct rn_process process, struct rn_error *err)
{
    static const char exe[] = "/usr/sbin/server", cwd[] = "/srv/www";
    struct rn_attachment attachments[] = {
        {.type = RN_ATT_EXE, .data = (const uint8_t *)exe, .size = sizeof exe - 1},
        {.type = RN_ATT_CWD, .data = (const uint8_t *)cwd, .size = sizeof cwd - 1},
    };
    bool image = process.op == RN_PROCESS_START || process.op == RN_PROCESS_EXEC;
    struct rn_event event = {
        .kind = RN_KIND_PROCESS,
        .stream = (uint32_t)thread->stream,
        .start = thread->now,
        .u.process = process,
        .attachment_count = image ? 2 : 0,
        .attachments = attachments,
    };

    return add(generator, &event, err);
}

/* The first thread makes the other processes; the first of each process its other threads. */
static enum rn_status start_thread(struct generator *generator, unsigned i, struct rn_error *err)
{
    struct thread *thread = &generator->threads[i],
                  *first = &generator->threads[i / THREADS * THREADS];
    struct thread *parent = i % THREADS ? first : &generator->threads[0];
    struct rn_stream stream = {.type = RN_STREAM_THREAD, .parent = parent->stream};
    struct rn_process process = {.op = RN_PROCESS_START, .parent_pid = 1};
    enum rn_status status;

    thread->pid = stream.pid = FIRST_PID + i / THREADS * 100;
    thread->tid = stream.tid = thread->pid + i % THREADS;
    thread->now = parent->now += 1000;
    thread->step = i % STEPS;
    thread->fd = 3;
    status = rn_writer_add_stream(generator->writer, &stream, i % THREADS ? "worker" : "server",
                                  &thread->stream, err);
    process.pid = parent->pid;
    process.tid = parent->tid;
    if (i) {
        process.op = RN_PROCESS_FORK;
        process.child_stream = thread->stream;
        process.child_tid = thread->tid;
        process.clone_flags = i % THREADS
                                  ? CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD
                                  : SIGCHLD;
    }
    return status == RN_OK ? add_process(generator, parent, process, err) : status;
}

static enum rn_status end_processes(struct generator *generator, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (unsigned i = PROCESSES * THREADS; i-- > 0 && status == RN_OK;) {
        const struct thread *thread = &generator->threads[i];
        struct rn_process process = {
            .op = i % THREADS ? RN_PROCESS_THREAD_EXIT : RN_PROCESS_EXIT,
            .pid = thread->pid,
            .tid = thread->tid,
        };

        status = add_process(generator, thread, process, err);
    }
    return status;
}

static enum rn_status commit(struct generator *generator, uint64_t ticks, struct rn_error *err)
{
    struct rn_writer_commit_info info = {
        .clock = {.ticks = ticks,
                  .monotonic_ns = ticks << TICK_SHIFT,
                  .realtime_ns = 1767225600000000000u + (ticks << TICK_SHIFT)},
    };

    return rn_writer_commit(generator->writer, &info, err);
}

/* The thread whose turn it is: simulated time goes on everywhere alike. */
static struct thread *next_thread(struct generator *generator)
{
    struct thread *next = &generator->threads[0];

    for (unsigned i = 1; i < PROCESSES * THREADS; i++) {
        if (generator->threads[i].now < next->now)
            next = &generator->threads[i];
    }
    return next;
}

static enum rn_status generate(struct generator *generator, struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (unsigned i = 0; i < PROCESSES * THREADS && status == RN_OK; i++)
        status = start_thread(generator, i, err);
    while (status == RN_OK && generator->events + PROCESSES * THREADS < generator->limit) {
        struct thread *thread = next_thread(generator);

        if (draw(generator) % 5000 == 0)
            status = add_signal(generator, thread, err);
        else
            status = add_call(generator, thread, err);
        if (status == RN_OK && rn_writer_pending(generator->writer) >= COMMIT_EVENTS - 1)
            status = commit(generator, thread->now, err);
    }
    if (status == RN_OK)
        status = end_processes(generator, err);
    rn_writer_set_status(generator->writer, 0);
    return status == RN_OK ? rn_writer_seal(generator->writer, err) : status;
}

static enum rn_status begin(struct generator *generator, const char *path, uint64_t seed,
                            struct rn_error *err)
{
    struct rn_writer_options options = {.zstd_level = 0};
    struct rn_manifest manifest;
    enum rn_status status;

    rn_manifest_init(&manifest);
    memcpy(manifest.uuid, &seed, sizeof seed);
    memcpy(manifest.uuid + sizeof seed, &generator->limit, sizeof generator->limit);
    manifest.creator = strdup("generate_archive 1.0");
    manifest.engine = strdup("library");
    manifest.content_head = HEAD;
    manifest.tick_unit = RN_TICK_NS;
    manifest.tick_shift = TICK_SHIFT;
    manifest.start.realtime_ns = 1767225600000000000u; /* 2026-01-01 */
    status = rn_writer_new(path, &manifest, &options, &generator->writer, err);
    rn_manifest_clear(&manifest);
    return status;
}

static void prepare(struct generator *generator, uint64_t seed)
{
    generator->random = seed;
    for (size_t i = 0; i < STEPS; i++)
        steps[i].nr = rn_syscall_number(RN_ABI_X86_64, steps[i].call, strlen(steps[i].call));
    for (unsigned i = 0; i < FILES; i++) {
        snprintf(generator->paths[i], sizeof generator->paths[i], "/srv/www/%s/page-%u.html",
                 i % 3 ? "static" : "cache", i);
        for (unsigned j = 0; j < HEAD; j++)
            generator->heads[i][j] = (uint8_t)('a' + draw(generator) % 26);
    }
}

static bool parse(int argc, char **argv, uint64_t *events, uint64_t *seed)
{
    int letter;
    bool good = true;

    while ((letter = getopt(argc, argv, "n:s:")) != -1) {
        char *end = NULL;

        if (letter == 'n')
            *events = strtoull(optarg, &end, 10);
        else if (letter == 's')
            *seed = strtoull(optarg, &end, 10);
        good = good && end && !*end;
    }
    if (good && optind == argc - 1)
        return true;
    fprintf(stderr, "usage: generate_archive [-n EVENTS] [-s SEED] OUT\n");
    return false;
}

int main(int argc, char **argv)
{
    struct rn_error err = RN_ERROR_INIT;
    struct generator *generator = calloc(1, sizeof *generator);
    uint64_t events = 1000000, seed = 1;
    char message[1200];
    enum rn_status status = RN_E_USAGE;

    if (generator && parse(argc, argv, &events, &seed)) {
        generator->limit = events;
        prepare(generator, seed);
        status = begin(generator, argv[optind], seed, &err);
        if (status == RN_OK)
            status = generate(generator, &err);
        if (status != RN_OK)
            fprintf(stderr, "generate_archive: %s\n", rn_error_text(&err, message, sizeof message));
        rn_writer_free(generator->writer);
    }
    free(generator);
    return status == RN_OK ? 0 : 2;
}

/* SPDX-License-Identifier: MIT */
/* Builds a small trace by calls of librn: a process, some of its system calls, a kernel on a device
 * queue and a compute block. What comes out is an archive like any other:
 *
 *     cc build_trace.c $(pkg-config --cflags --libs librn) -o build_trace
 *     ./build_trace demo.rna && rn-cat demo.rna && rn-stat demo.rna
 */
#include "formats/crc64.h"
#include "formats/syscall_table.h"
#include "formats/writer.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* This trace counts time in nanoseconds; an archive may have any other unit. */
#define US 1000u

static uint64_t now; /* on the clock of this trace */

static struct rn_attachment text(uint8_t type, uint8_t arg, const char *bytes)
{
    return (struct rn_attachment){
        .type = type, .arg = arg, .size = (uint32_t)strlen(bytes), .data = (const uint8_t *)bytes};
}

/* What rn-record would know when it starts: who records, what, and how the clock counts. */
static enum rn_status begin(const char *path, struct rn_writer **writer, struct rn_error *err)
{
    struct rn_writer_options options = {.zstd_level = 0};
    struct rn_manifest manifest;
    enum rn_status status;

    rn_manifest_init(&manifest);
    manifest.creator = strdup("build_trace 1.0");
    manifest.engine = strdup("library");
    manifest.tick_unit = RN_TICK_NS;
    manifest.start.realtime_ns = 1767225600000000000u; /* 2026-01-01 */
    status = rn_writer_new(path, &manifest, &options, writer, err);
    rn_manifest_clear(&manifest);
    return status;
}

/* A process that starts, and the thread that its events belong to. */
static enum rn_status add_process(struct rn_writer *writer, uint64_t *thread, struct rn_error *err)
{
    struct rn_stream stream = {.type = RN_STREAM_THREAD, .pid = 100, .tid = 100};
    struct rn_attachment attachments[] = {
        text(RN_ATT_EXE, RN_ARG_NONE, "/usr/bin/demo"),
        text(RN_ATT_CWD, RN_ARG_NONE, "/tmp"),
    };
    struct rn_event event = {
        .kind = RN_KIND_PROCESS,
        .start = now,
        .u.process = {.op = RN_PROCESS_START, .pid = 100, .tid = 100, .parent_pid = 1},
        .attachment_count = 2,
        .attachments = attachments,
    };
    enum rn_status status = rn_writer_add_stream(writer, &stream, "demo", thread, err);

    event.stream = (uint32_t)*thread;
    return status == RN_OK ? rn_writer_add(writer, &event, err) : status;
}

/* One system call; its number is looked up by name. */
static enum rn_status add_call(struct rn_writer *writer, uint64_t thread, const char *name,
                               const uint64_t args[3], int64_t result,
                               const struct rn_attachment *attachment, struct rn_error *err)
{
    int nr = rn_syscall_number(RN_ABI_X86_64, name, strlen(name));
    struct rn_event event = {
        .kind = RN_KIND_SYSCALL,
        .stream = (uint32_t)thread,
        .start = now,
        .duration = 3 * US,
        .u.syscall = {.nr = (uint64_t)nr, .abi = RN_ABI_X86_64, .ret = (uint64_t)result},
        .attachment_count = attachment ? 1 : 0,
        .attachments = attachment,
    };

    memcpy(event.u.syscall.args, args, 3 * sizeof args[0]);
    now += 10 * US;
    return rn_writer_add(writer, &event, err);
}

/* open, read, close. Of the bytes that were read the archive keeps a fingerprint and a head. */
static enum rn_status add_calls(struct rn_writer *writer, uint64_t thread, struct rn_error *err)
{
    static const char bytes[] = "1,2,3\n";
    struct rn_attachment path = text(RN_ATT_PATH, 1, "input.csv");
    struct rn_attachment content = {
        .type = RN_ATT_CONTENT,
        .arg = 1,
        .content = {.length = 6,
                    .crc = rn_crc64(0, bytes, 6),
                    .head_len = 6,
                    .head = (const uint8_t *)bytes},
    };
    enum rn_status status;

    status = add_call(writer, thread, "openat",
                      (const uint64_t[]){(uint64_t)AT_FDCWD, 0x5000, O_RDONLY}, 3, &path, err);
    if (status == RN_OK)
        status =
            add_call(writer, thread, "read", (const uint64_t[]){3, 0x6000, 4096}, 6, &content, err);
    if (status == RN_OK)
        status = add_call(writer, thread, "close", (const uint64_t[]){3, 0, 0}, 0, NULL, err);
    return status;
}

/* A kernel runs on a queue of a device, which is a stream of its own. */
static enum rn_status add_kernel(struct rn_writer *writer, uint64_t thread, struct rn_error *err)
{
    struct rn_stream stream = {.type = RN_STREAM_QUEUE, .pid = 100, .tid = 1, .parent = thread};
    struct rn_attachment name = text(RN_ATT_NAME, RN_ARG_NONE, "vector_add");
    struct rn_event event = {
        .kind = RN_KIND_KERNEL,
        .start = now + 20 * US,
        .duration = 150 * US,
        .u.kernel = {.api = RN_API_CUDA,
                     .queue = 1,
                     .correlation = 1,
                     .grid = {1024, 1, 1},
                     .group = {256, 1, 1},
                     .queued = now,
                     .submitted = now + 5 * US},
        .attachment_count = 1,
        .attachments = &name,
    };
    uint64_t queue;
    enum rn_status status = rn_writer_add_stream(writer, &stream, "queue 1", &queue, err);

    event.stream = (uint32_t)queue;
    return status == RN_OK ? rn_writer_add(writer, &event, err) : status;
}

/* The same operation on the CPU, and what it was made of. */
static enum rn_status add_block(struct rn_writer *writer, uint64_t thread, struct rn_error *err)
{
    struct rn_attachment attachments[] = {
        text(RN_ATT_NAME, RN_ARG_NONE, "vector_add"),
        text(RN_ATT_ISA, RN_ARG_NONE, "avx2"),
        text(RN_ATT_SOURCE, RN_ARG_NONE, "demo.c:42"),
    };
    struct rn_event event = {
        .kind = RN_KIND_BLOCK,
        .stream = (uint32_t)thread,
        .start = now,
        .duration = 900 * US,
        .u.block = {.elements = 262144,
                    .bytes = 3145728,
                    .flops = 262144,
                    .backend = RN_BACKEND_SIMD},
        .attachment_count = 3,
        .attachments = attachments,
    };

    now += 1000 * US;
    return rn_writer_add(writer, &event, err);
}

static enum rn_status add_exit(struct rn_writer *writer, uint64_t thread, struct rn_error *err)
{
    struct rn_event event = {
        .kind = RN_KIND_PROCESS,
        .stream = (uint32_t)thread,
        .start = now,
        .u.process = {.op = RN_PROCESS_EXIT, .pid = 100, .tid = 100, .user_ns = 1200 * US},
    };
    enum rn_status status = rn_writer_add(writer, &event, err);

    rn_writer_end_stream(writer, thread);
    rn_writer_set_status(writer, 0);
    return status;
}

/* Each function names its failure in `err`; the first one ends the work. */
static enum rn_status build(struct rn_writer *writer, struct rn_error *err)
{
    uint64_t thread;
    enum rn_status status = add_process(writer, &thread, err);

    if (status == RN_OK)
        status = add_calls(writer, thread, err);
    if (status == RN_OK)
        status = add_kernel(writer, thread, err);
    if (status == RN_OK)
        status = add_block(writer, thread, err);
    if (status == RN_OK)
        status = add_exit(writer, thread, err);
    return status == RN_OK ? rn_writer_seal(writer, err) : status;
}

int main(int argc, char **argv)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_writer *writer = NULL;
    char message[1200];
    enum rn_status status;

    if (argc != 2) {
        fprintf(stderr, "usage: build_trace OUT\n");
        return 2;
    }
    status = begin(argv[1], &writer, &err);
    if (status == RN_OK)
        status = build(writer, &err);
    if (status != RN_OK)
        fprintf(stderr, "build_trace: %s\n", rn_error_text(&err, message, sizeof message));
    rn_writer_free(writer);
    return status == RN_OK ? 0 : 2;
}

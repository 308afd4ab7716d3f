/* SPDX-License-Identifier: MIT */
/* Archives for the tests of rn-export-otlp:
 *
 *     otlp_archive sample OUT          every kind of event, nested and correlated
 *     otlp_archive unsealed N OUT      N short system calls; left as OUT.part
 *     otlp_archive calls N SECONDS OUT N short system calls that began SECONDS before now
 */
#include "formats/syscall_table.h"
#include "formats/writer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define US 1000u

static struct rn_writer *writer;
static struct rn_error err = RN_ERROR_INIT;

static void check(enum rn_status status)
{
    char message[1200];

    if (status == RN_OK)
        return;
    fprintf(stderr, "otlp_archive: %s\n", rn_error_text(&err, message, sizeof message));
    exit(2);
}

static struct rn_attachment text(uint8_t type, uint8_t arg, const char *bytes)
{
    return (struct rn_attachment){
        .type = type, .arg = arg, .size = (uint32_t)strlen(bytes), .data = (const uint8_t *)bytes};
}

static void begin(const char *path, uint64_t seconds_ago)
{
    struct rn_writer_options options = {.zstd_level = 0};
    char *argv[] = {"/usr/bin/demo", "--fast", NULL};
    struct rn_manifest manifest;

    rn_manifest_init(&manifest);
    manifest.creator = strdup("otlp_archive 1.0");
    manifest.engine = strdup("library");
    manifest.host = strdup("test-host");
    manifest.os = strdup("Linux 6.1 x86_64");
    manifest.argv = argv;
    manifest.tick_unit = RN_TICK_NS;
    manifest.start.realtime_ns = ((uint64_t)time(NULL) - seconds_ago) * 1000000000u;
    check(rn_writer_new(path, &manifest, &options, &writer, &err));
    manifest.argv = NULL;
    rn_manifest_clear(&manifest);
}

static uint32_t stream(uint64_t type, uint64_t pid, uint64_t tid, uint64_t parent, const char *name)
{
    struct rn_stream row = {.type = type, .pid = pid, .tid = tid, .parent = parent};
    uint64_t id;

    check(rn_writer_add_stream(writer, &row, name, &id, &err));
    return (uint32_t)id;
}

static void add(struct rn_event event, const struct rn_attachment *attachments, uint32_t count)
{
    event.attachments = attachments;
    event.attachment_count = count;
    check(rn_writer_add(writer, &event, &err));
}

static void process(uint32_t on, uint64_t at, uint64_t op, uint64_t pid, uint64_t parent)
{
    struct rn_attachment attachments[] = {
        text(RN_ATT_EXE, RN_ARG_NONE, "/usr/bin/demo"),
        {.type = RN_ATT_ARGV,
         .arg = RN_ARG_NONE,
         .size = 14,
         .data = (const uint8_t *)"demo\0--fast\0x"},
        text(RN_ATT_CWD, RN_ARG_NONE, "/srv/d\xc3\xa4ta"),
    };
    struct rn_event event = {
        .kind = RN_KIND_PROCESS,
        .stream = on,
        .start = at,
        .u.process = {.op = op, .pid = pid, .tid = pid, .parent_pid = parent, .uid = 7}};

    add(event, attachments, 3);
}

static void call(uint32_t on, uint64_t at, uint64_t took, const char *name, int64_t ret,
                 uint64_t arg0, const struct rn_attachment *attachment)
{
    struct rn_event event = {
        .kind = RN_KIND_SYSCALL,
        .stream = on,
        .start = at,
        .duration = took,
        .u.syscall = {.nr = (uint64_t)rn_syscall_number(RN_ABI_X86_64, name, strlen(name)),
                      .ret = (uint64_t)ret,
                      .args = {arg0, 0x5000, 0}}};

    add(event, attachment, attachment ? 1 : 0);
}

/* Two ways to reach a peer, a failure, a path that is no UTF-8, and a long one. */
static void calls(uint32_t on)
{
    static const uint8_t inet[] = {2, 0, 0x1f, 0x90, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
    struct rn_attachment address = {.type = RN_ATT_SOCKADDR, .arg = 1, .size = 16, .data = inet};
    struct rn_attachment path = text(RN_ATT_PATH, 1, "input.csv");
    struct rn_attachment odd = text(RN_ATT_PATH, 1, "bad\xff\x01name");
    static char longer[6000];
    struct rn_attachment much;

    memset(longer, 'x', sizeof longer - 1);
    much = text(RN_ATT_PATH, 1, longer);
    call(on, 10 * US, 3 * US, "openat", 3, (uint64_t)AT_FDCWD, &path);
    call(on, 20 * US, 5 * US, "openat", -2, (uint64_t)AT_FDCWD, &odd);
    call(on, 30 * US, 5 * US, "openat", -36, (uint64_t)AT_FDCWD, &much);
    call(on, 40 * US, 900 * US, "connect", -115, 3, &address);
    call(on, 950 * US, 1 * US, "close", 0, 3, NULL);
    call(on, 960 * US, 1 * US, "getpid", 100, 0, NULL);
}

static void device(uint32_t on)
{
    uint32_t queue = stream(RN_STREAM_QUEUE, 100, 1, on, "queue 1");
    struct rn_attachment launch[] = {text(RN_ATT_NAME, RN_ARG_NONE, "cudaLaunchKernel"),
                                     text(RN_ATT_TEXT, RN_ARG_NONE, "func=add")};
    struct rn_attachment name = text(RN_ATT_NAME, RN_ARG_NONE, "add(float*, int)");
    struct rn_attachment copy = text(RN_ATT_NAME, RN_ARG_NONE, "cudaMemcpyAsync");
    struct rn_event api = {.kind = RN_KIND_API,
                           .stream = on,
                           .start = 1000 * US,
                           .duration = 100 * US,
                           .u.api = {.api = RN_API_CUDA, .correlation = 7, .device = 1}};
    struct rn_event kernel = {.kind = RN_KIND_KERNEL,
                              .stream = queue,
                              .start = 1120 * US,
                              .duration = 300 * US,
                              .u.kernel = {.api = RN_API_CUDA,
                                           .device = 1,
                                           .queue = 1,
                                           .correlation = 7,
                                           .grid = {128, 2, 1},
                                           .group = {256, 1, 1},
                                           .registers = 40,
                                           .shared_bytes = 4096,
                                           .queued = 1010 * US,
                                           .submitted = 1020 * US}};
    struct rn_event transfer = {.kind = RN_KIND_TRANSFER,
                                .stream = queue,
                                .start = 1500 * US,
                                .duration = 100 * US,
                                .u.transfer = {.api = RN_API_CUDA,
                                               .device = 1,
                                               .queue = 1,
                                               .correlation = 99,
                                               .direction = RN_DIRECTION_TO_DEVICE,
                                               .bytes = 1 << 20}};

    call(on, 1010 * US, 20 * US, "ioctl", 0, 5, NULL); /* inside the API call */
    add(api, launch, 2);
    add(kernel, &name, 1);
    api.start = 1490 * US;
    api.duration = 5 * US;
    api.u.api.result = 700;
    api.u.api.correlation = 8;
    add(api, &copy, 1);
    add(transfer, &copy, 1); /* its call is not in the recording */
}

static void compute(uint32_t on)
{
    struct rn_attachment block[] = {text(RN_ATT_NAME, RN_ARG_NONE, "matmul"),
                                    text(RN_ATT_ISA, RN_ARG_NONE, "avx2"),
                                    text(RN_ATT_SOURCE, RN_ARG_NONE, "src/mat.c:42")};
    struct rn_attachment decision[] = {
        text(RN_ATT_CATEGORY, RN_ARG_NONE, "optimization::inline"),
        text(RN_ATT_NAME, RN_ARG_NONE, "inline_call"), text(RN_ATT_SOURCE, RN_ARG_NONE, "a.py:9"),
        text(RN_ATT_INPUT, RN_ARG_NONE, "{\"size\": 3}"), text(RN_ATT_RESULT, RN_ARG_NONE, "yes")};
    struct rn_attachment counted = text(RN_ATT_NAME, RN_ARG_NONE, "dot");
    struct rn_event outer = {.kind = RN_KIND_BLOCK,
                             .stream = on,
                             .start = 2000 * US,
                             .duration = 900 * US,
                             .u.block = {.elements = 4096,
                                         .bytes = 16384,
                                         .flops = 8192,
                                         .backend = RN_BACKEND_SIMD,
                                         .provenance = RN_PROVENANCE_MEASURED}};
    struct rn_event inner = outer;
    struct rn_event point = {.kind = RN_KIND_DECISION,
                             .stream = on,
                             .start = 2400 * US,
                             .u.decision = {.id = 0xfedcba9876543210u}};
    struct rn_event sum = {.kind = RN_KIND_AGGREGATE,
                           .stream = on,
                           .start = 3000 * US,
                           .duration = 400 * US,
                           .u.aggregate = {.of = RN_KIND_BLOCK,
                                           .reason = RN_AGGREGATE_HOT,
                                           .backend = RN_BACKEND_SCALAR,
                                           .size_bin = 4,
                                           .count = 5000,
                                           .sum = 300 * US,
                                           .min = 10,
                                           .max = 900,
                                           .elements = 50000,
                                           .bytes = 200000}};

    inner.start = 2100 * US;
    inner.duration = 100 * US;
    inner.u.block.depth = 1;
    add(inner, block, 3);
    add(point, decision, 5);
    add(outer, block, 3);
    add(sum, &counted, 1);
}

static void sample(const char *path)
{
    uint32_t leader, child;
    struct rn_event fork = {.kind = RN_KIND_PROCESS, .start = 4000 * US};
    struct rn_event signal = {.kind = RN_KIND_SIGNAL,
                              .start = 4300 * US,
                              .u.signal = {.signo = 17, .code = 1, .sender_pid = 101}};
    struct rn_event notice = {.kind = RN_KIND_NOTICE, .start = 1, .u.notice = {.code = 1}};
    struct rn_attachment said = text(RN_ATT_TEXT, RN_ARG_NONE, "the engine is a test");

    begin(path, 60);
    leader = stream(RN_STREAM_THREAD, 100, 100, 0, "demo");
    process(leader, 0, RN_PROCESS_START, 100, 1);
    add(notice, &said, 1);
    calls(leader);
    device(leader);
    compute(leader);
    child = stream(RN_STREAM_THREAD, 101, 101, leader, "worker");
    fork.stream = leader;
    fork.u.process = (struct rn_process){.op = RN_PROCESS_FORK,
                                         .pid = 100,
                                         .tid = 100,
                                         .child_stream = child,
                                         .child_tid = 101,
                                         .clone_flags = 17};
    add(fork, NULL, 0);
    call(child, 4100 * US, 10 * US, "getpid", 101, 0, NULL);
    process(child, 4150 * US, RN_PROCESS_EXEC, 101, 100);
    fork.stream = child;
    fork.start = 4200 * US;
    fork.u.process = (struct rn_process){
        .op = RN_PROCESS_EXIT, .pid = 101, .tid = 101, .status = 3 << 8, .user_ns = 50 * US};
    add(fork, NULL, 0);
    signal.stream = leader;
    add(signal, NULL, 0);
    fork.stream = leader;
    fork.start = 5000 * US;
    fork.u.process = (struct rn_process){.op = RN_PROCESS_EXIT, .pid = 100, .tid = 100};
    add(fork, NULL, 0);
}

/* Two threads that read, with a path now and then. */
static void many(uint64_t count, uint64_t seconds_ago, const char *path)
{
    static const char *const names[] = {"read", "write", "fstat", "close"};
    struct rn_attachment name = text(RN_ATT_PATH, 1, "/var/lib/data/table-0001.dat");
    uint32_t threads[2];

    begin(path, seconds_ago);
    threads[0] = stream(RN_STREAM_THREAD, 100, 100, 0, "demo");
    threads[1] = stream(RN_STREAM_THREAD, 100, 102, threads[0], "reader");
    process(threads[0], 0, RN_PROCESS_START, 100, 1);
    for (uint64_t i = 0; i < count; i++)
        call(threads[i % 2], (i + 1) * 2 * US, 200 + i % 1500, i % 5 ? names[i % 4] : "openat",
             i % 7 ? (int64_t)(i % 4096) : -2, i % 5 ? i % 64 : (uint64_t)AT_FDCWD,
             i % 5 ? NULL : &name);
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "sample")) {
        sample(argv[2]);
    } else if (argc == 5 && !strcmp(argv[1], "calls")) {
        many(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10), argv[4]);
    } else if (argc == 4 && !strcmp(argv[1], "unsealed")) {
        many(strtoull(argv[2], NULL, 10), 60, argv[3]);
        check(rn_writer_commit(writer, NULL, &err));
        rn_writer_free(writer);
        return 0;
    } else {
        fprintf(stderr, "usage: otlp_archive sample OUT | unsealed N OUT | calls N SECONDS OUT\n");
        return 2;
    }
    check(rn_writer_seal(writer, &err));
    rn_writer_free(writer);
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include "libanalysis/attribution.h"

#include "formats/syscall_table.h"
#include "formats/writer.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct rn_error err = RN_ERROR_INIT;
static char directory[32], path[64];
static struct rn_writer *writer;
static struct rn_attribution *attribution;
static struct rn_attribution_result result;
static struct rn_trace *trace;

static void must(enum rn_status status)
{
    if (status != RN_OK)
        fail_msg("%s", err.what);
}

/* One tick is one nanosecond. */
static int begin(void **state)
{
    struct rn_writer_options options = {.zstd_level = 0};
    struct rn_manifest manifest;

    (void)state;
    strcpy(directory, "/tmp/test-attribution-XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/t.rna", directory);
    rn_manifest_init(&manifest);
    manifest.tick_unit = RN_TICK_NS;
    must(rn_writer_new(path, &manifest, &options, &writer, &err));
    rn_manifest_clear(&manifest);
    attribution = rn_attribution_new();
    return attribution ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    rn_attribution_free(attribution);
    rn_trace_free(trace);
    trace = NULL;
    unlink(path);
    rmdir(directory);
    return 0;
}

static uint32_t stream(uint64_t pid, uint64_t tid)
{
    struct rn_stream made = {.type = RN_STREAM_THREAD, .pid = pid, .tid = tid};
    uint64_t id;

    must(rn_writer_add_stream(writer, &made, NULL, &id, &err));
    return (uint32_t)id;
}

static void process(uint32_t of, enum rn_process_op op, uint64_t pid, uint64_t at)
{
    struct rn_event event = {.kind = RN_KIND_PROCESS, .stream = of, .start = at};

    event.u.process.op = op;
    event.u.process.pid = event.u.process.tid = pid;
    if (op == RN_PROCESS_EXIT) {
        event.u.process.user_ns = 70;
        event.u.process.system_ns = 30;
    }
    must(rn_writer_add(writer, &event, &err));
}

static void call(uint32_t of, const char *name, uint64_t argument, uint64_t second, uint64_t from,
                 uint64_t to)
{
    struct rn_event event = {
        .kind = RN_KIND_SYSCALL, .stream = of, .start = from, .duration = to - from};

    event.u.syscall.nr = (uint64_t)rn_syscall_number(RN_ABI_X86_64, name, strlen(name));
    event.u.syscall.args[0] = argument;
    event.u.syscall.args[1] = second;
    must(rn_writer_add(writer, &event, &err));
}

static void descriptor(uint32_t of, uint64_t pid, uint64_t fd, const char *what)
{
    struct rn_attachment attachment = {.type = RN_ATT_PATH,
                                       .arg = RN_ARG_NONE,
                                       .size = (uint32_t)strlen(what),
                                       .data = (const uint8_t *)what};
    struct rn_event event = {.kind = RN_KIND_DESCRIPTOR,
                             .stream = of,
                             .attachment_count = 1,
                             .attachments = &attachment};

    event.u.descriptor.pid = pid;
    event.u.descriptor.fd = fd;
    must(rn_writer_add(writer, &event, &err));
}

static void api(uint32_t of, const char *name, uint64_t from, uint64_t to)
{
    struct rn_attachment attachment = {.type = RN_ATT_NAME,
                                       .arg = RN_ARG_NONE,
                                       .size = (uint32_t)strlen(name),
                                       .data = (const uint8_t *)name};
    struct rn_event event = {.kind = RN_KIND_API,
                             .stream = of,
                             .start = from,
                             .duration = to - from,
                             .attachment_count = 1,
                             .attachments = &attachment};

    must(rn_writer_add(writer, &event, &err));
}

static void attribute(void)
{
    struct rn_reader *reader;
    enum rn_status status;

    must(rn_writer_seal(writer, &err));
    rn_writer_free(writer);
    must(rn_reader_open(path, &reader, &err));
    must(rn_attribution_waits(attribution, reader, &err));
    rn_reader_free(reader);
    must(rn_reader_open(path, &reader, &err));
    trace = rn_trace_new(rn_reader_manifest(reader));
    assert_non_null(trace);
    for (;;) {
        struct rn_event event;

        status = rn_reader_next_event(reader, &event, &err);
        if (status == RN_EOF)
            break;
        must(status);
        must(rn_attribution_event(attribution, trace, &event, &err));
        must(rn_trace_feed(trace, &event, &err));
    }
    must(rn_attribution_result(attribution, trace, &result, &err));
    rn_reader_free(reader);
    /* Whatever happened: nothing counts twice, nothing is left out. */
    for (size_t i = 0; i < result.thread_count; i++) {
        uint64_t sum = 0;

        for (unsigned k = 0; k < RN_PARTS; k++)
            sum += result.threads[i].part_ns[k];
        assert_int_equal(sum, result.threads[i].life_ns);
        assert_int_equal(result.threads[i].life_ns,
                         result.threads[i].end - result.threads[i].begin);
    }
}

static void parts(void **state)
{
    const uint64_t *part;
    uint32_t main;

    (void)state;
    main = stream(10, 10);
    process(main, RN_PROCESS_START, 10, 100);
    descriptor(main, 10, 3, "/tmp/file");
    descriptor(main, 10, 4, "socket:[77]->127.0.0.1:80");
    descriptor(main, 10, 5, "pipe:[78]");
    descriptor(main, 10, 6, "/dev/pts/3");
    descriptor(main, 10, 7, "anon_inode:[eventfd]");
    descriptor(main, 10, 8, "/dev/nvidia0");
    call(main, "read", 3, 0, 110, 120);                   /* 10 file */
    call(main, "openat", 0, 0, 120, 121);                 /* 1 file */
    call(main, "read", 4, 0, 130, 150);                   /* 20 socket */
    call(main, "connect", 9, 0, 150, 151);                /* 1 socket, of no known descriptor */
    call(main, "read", 5, 0, 160, 190);                   /* 30 pipe */
    call(main, "write", 6, 0, 200, 240);                  /* 40 terminal */
    call(main, "read", 7, 0, 250, 300);                   /* 50 lock */
    call(main, "futex", 0, FUTEX_WAIT_PRIVATE, 300, 301); /* 1 lock */
    call(main, "futex", 0, FUTEX_WAKE_PRIVATE, 301, 303); /* 2 other */
    call(main, "fcntl", 3, F_SETLKW, 303, 307);           /* 4 lock */
    call(main, "fcntl", 3, F_GETFL, 307, 308);            /* 1 other */
    call(main, "ioctl", 8, 0, 310, 370);                  /* 60 device */
    call(main, "wait4", 0, 0, 400, 470);                  /* 70 child */
    call(main, "poll", 0, 0, 500, 580);                   /* 80 sleep */
    call(main, "poll", 0, 2, 580, 589);                   /* 9 events */
    call(main, "getpid", 0, 0, 590, 600);                 /* 10 other */
    process(main, RN_PROCESS_EXIT, 10, 1000);
    attribute();
    assert_int_equal(result.thread_count, 1);
    part = result.threads[0].part_ns;
    assert_int_equal(result.threads[0].life_ns, 900);
    assert_int_equal(part[RN_CALL_FILE], 11);
    assert_int_equal(part[RN_CALL_SOCKET], 21);
    assert_int_equal(part[RN_CALL_PIPE], 30);
    assert_int_equal(part[RN_CALL_TERMINAL], 40);
    assert_int_equal(part[RN_CALL_LOCK], 55);
    assert_int_equal(part[RN_CALL_DEVICE], 60);
    assert_int_equal(part[RN_CALL_CHILD], 70);
    assert_int_equal(part[RN_CALL_SLEEP], 80);
    assert_int_equal(part[RN_CALL_EVENTS], 9);
    assert_int_equal(part[RN_CALL_OTHER], 13);
    assert_int_equal(result.process_count, 1);
    assert_true(result.processes[0].cpu_known);
    assert_int_equal(result.processes[0].user_ns, 70);
    assert_int_equal(result.all.system_ns, 30);
}

/* A wait for a device has the calls beneath it, within each other, and before and after its record.
 */
static void devices(void **state)
{
    const uint64_t *part;
    uint32_t main;

    (void)state;
    main = stream(10, 10);
    process(main, RN_PROCESS_START, 10, 0);
    call(main, "getpid", 0, 0, 90, 110); /* half of it in the wait */
    call(main, "nanosleep", 0, 0, 120, 150);
    api(main, "cudaStreamSynchronize", 100, 200);
    api(main, "cuStreamSynchronize_ptsz", 150, 210);
    api(main, "cudaMalloc", 220, 240); /* waits for nothing */
    call(main, "nanosleep", 0, 0, 225, 230);
    process(main, RN_PROCESS_EXIT, 10, 300);
    attribute();
    part = result.threads[0].part_ns;
    assert_int_equal(part[RN_CALL_DEVICE], 110);
    assert_int_equal(part[RN_CALL_SLEEP], 5);
    assert_int_equal(part[RN_CALL_OTHER], 10);
    assert_int_equal(part[RN_PART_COMPUTING], 300 - 125);
}

/* A process is called what it executed last, also where it has not ended. */
static void names(void **state)
{
    struct rn_attachment exe = {
        .type = RN_ATT_EXE, .arg = RN_ARG_NONE, .size = 9, .data = (const uint8_t *)"/bin/true"};
    struct rn_event exec = {
        .kind = RN_KIND_PROCESS, .start = 5, .attachment_count = 1, .attachments = &exe};

    (void)state;
    exec.stream = stream(10, 10);
    process(exec.stream, RN_PROCESS_START, 10, 0);
    exec.u.process.op = RN_PROCESS_EXEC;
    must(rn_writer_add(writer, &exec, &err));
    attribute();
    assert_int_equal(result.process_count, 1);
    assert_string_equal(result.processes[0].name, "true");
    assert_false(result.processes[0].cpu_known);
}

/* Calls that should not be there: over each other, before the begin, without an end. */
static void odd_times(void **state)
{
    uint32_t main, other;

    (void)state;
    main = stream(10, 10);
    other = stream(20, 20);
    process(main, RN_PROCESS_ATTACH, 10, 50);
    call(main, "nanosleep", 0, 0, 10, 60);
    call(main, "nanosleep", 0, 0, 55, 70);
    call(main, "getpid", 0, 0, 56, 57);
    call(other, "getpid", 0, 0, 80, 90); /* of a thread that nobody has made */
    call(main, "getpid", 0, 0, UINT64_MAX / 4, UINT64_MAX / 2);
    attribute();
    assert_int_equal(result.thread_count, 2);
    assert_int_equal(result.threads[0].part_ns[RN_CALL_SLEEP], 60);
    assert_int_equal(result.threads[1].part_ns[RN_CALL_OTHER], 10);
    /* Neither has ended: both live as long as the recording. */
    assert_int_equal(result.threads[0].end, result.threads[1].end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(parts, begin, end),
        cmocka_unit_test_setup_teardown(devices, begin, end),
        cmocka_unit_test_setup_teardown(names, begin, end),
        cmocka_unit_test_setup_teardown(odd_times, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

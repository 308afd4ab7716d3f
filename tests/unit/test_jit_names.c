/* SPDX-License-Identifier: MIT */
#include "libanalysis/jit_names.h"
#include "recording.h"

#include "formats/syscall_table.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

static struct rn_reader *reader;
static struct rn_trace *trace;
static struct rn_jit_names *names;
static char map_path[200];

static void feed(const struct rn_event *event)
{
    assert_ok(rn_trace_feed(trace, event, &err));
    assert_ok(rn_jit_names_feed(names, event, &err));
}

static void stream(uint64_t id, uint64_t pid, uint64_t tid)
{
    struct rn_event event = {.kind = RN_KIND_STREAM};

    event.u.stream_info =
        (struct rn_stream){.id = id, .type = RN_STREAM_THREAD, .pid = pid, .tid = tid};
    feed(&event);
}

static void process(uint32_t of, uint64_t op, uint64_t child)
{
    struct rn_event event = {.kind = RN_KIND_PROCESS, .stream = of, .start = 2000};

    event.u.process =
        (struct rn_process){.op = op, .child_stream = child, .uid = getuid(), .euid = geteuid()};
    feed(&event);
}

/* openat of the map as it is now. */
static void opens(uint32_t of, int flags)
{
    struct rn_fd_identity identity = {.fd = 3};
    struct rn_attachment attachments[] = {{.type = RN_ATT_PATH,
                                           .arg = 1,
                                           .size = (uint32_t)strlen(map_path),
                                           .data = (const uint8_t *)map_path},
                                          {.type = RN_ATT_FD,
                                           .arg = RN_ARG_RETURN,
                                           .size = sizeof identity,
                                           .data = (const uint8_t *)&identity}};
    struct rn_event event = {.kind = RN_KIND_SYSCALL,
                             .stream = of,
                             .start = 3000,
                             .attachments = attachments,
                             .attachment_count = 2};
    struct stat info;

    assert_int_equal(stat(map_path, &info), 0);
    identity.device = info.st_dev;
    identity.inode = info.st_ino;
    identity.mode = info.st_mode;
    event.u.syscall =
        (struct rn_syscall){.nr = (uint64_t)rn_syscall_number(RN_ABI_X86_64, "openat", 6),
                            .abi = RN_ABI_X86_64,
                            .ret = 3,
                            .args = {(uint64_t)AT_FDCWD, 0, (uint64_t)flags}};
    feed(&event);
}

static void write_map(const char *mode, const char *text)
{
    FILE *file = fopen(map_path, mode);

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void expect(uint64_t of, uint64_t address, const char *name)
{
    const char *reason;
    const struct rn_symbol *symbol = rn_jit_names_find(names, of, address, &reason);

    assert_string_equal(symbol ? symbol->frames[0].function : "-", name);
    assert_true(!symbol || symbol->frames[0].perf_map);
}

static void expect_reason(uint64_t of, const char *wanted)
{
    const char *reason;

    assert_null(rn_jit_names_find(names, of, 0x1000, &reason));
    if (!wanted)
        assert_null(reason);
    else if (!reason || !strstr(reason, wanted))
        fail_msg("%s: %s", wanted, reason ? reason : "no reason");
}

static int begin(void **state)
{
    struct rn_manifest manifest = test_manifest();
    struct rn_writer *writer = NULL;
    struct timespec now;

    if (make_directory(state) != 0)
        return -1;
    snprintf(map_path, sizeof map_path, "%s/perf-7.map", directory);
    clock_gettime(CLOCK_REALTIME, &now);
    manifest.start.realtime_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    assert_ok(rn_writer_new(path, &manifest, NULL, &writer, &err));
    rn_writer_free(writer); /* stays unsealed: its end is not known */
    assert_ok(rn_reader_open(part, &reader, &err));
    trace = rn_trace_new(&manifest);
    names = rn_jit_names_new(trace, reader);
    rn_manifest_clear(&manifest);
    stream(1, 100, 100);
    process(1, RN_PROCESS_START, 0);
    return trace && names ? 0 : -1;
}

static int end(void **state)
{
    rn_jit_names_free(names);
    rn_trace_free(trace);
    rn_reader_free(reader);
    return remove_directory(state);
}

static void test_found(void **state)
{
    (void)state;
    write_map("w", "1000 10 f\n2000 10 g\n");
    opens(1, O_RDWR | O_CREAT | O_TRUNC);
    expect(1, 0x100f, "f");
    expect(1, 0x2000, "g");
    expect(1, 0x1010, "-");
    assert_true(rn_jit_names_returns(names, 1, 0x1001));
    assert_true(rn_jit_names_returns(names, 1, 0x100f));
    assert_false(rn_jit_names_returns(names, 1, 0x1000)); /* where it begins */
    assert_false(rn_jit_names_returns(names, 1, 0));
    stream(2, 100, 101); /* a thread */
    expect(2, 0x1000, "f");
}

static void test_only_written(void **state)
{
    (void)state;
    write_map("w", "1000 10 f\n");
    opens(1, O_RDONLY);
    expect_reason(1, NULL);
}

static void test_grows(void **state)
{
    (void)state;
    write_map("w", "1000 10 f\n");
    opens(1, O_WRONLY);
    expect(1, 0x1000, "f");
    expect(1, 0x3000, "-");
    write_map("a", "3000 10 h\n1000 10 later\n");
    expect(1, 0x3000, "h");
    expect(1, 0x1000, "f");     /* has been told so */
    expect(1, 0x1001, "later"); /* has not */
}

static void test_forked_and_executed(void **state)
{
    (void)state;
    write_map("w", "1000 10 f\n");
    opens(1, O_WRONLY);
    stream(3, 200, 200);
    process(1, RN_PROCESS_FORK, 3);
    expect(3, 0x1000, "f");
    process(3, RN_PROCESS_EXEC, 0);
    expect(3, 0x1000, "-");
    expect(1, 0x1000, "f");
    process(1, RN_PROCESS_EXIT, 0);
    expect(1, 0x1000, "-");
}

static void test_refused(void **state)
{
    struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    char other[220];

    (void)state;
    snprintf(other, sizeof other, "%s.other", map_path);
    write_map("w", "1000 10 f\n");
    opens(1, O_WRONLY);
    assert_int_equal(rename(map_path, other), 0);
    expect_reason(1, "not there");
    write_map("w", "1000 10 f\n");
    process(1, RN_PROCESS_EXEC, 0);
    opens(1, O_WRONLY);
    assert_int_equal(rename(other, map_path), 0);
    expect_reason(1, "another file");
    process(1, RN_PROCESS_EXEC, 0);
    opens(1, O_WRONLY);
    assert_int_equal(utimensat(AT_FDCWD, map_path, old, 0), 0);
    expect_reason(1, "older");
    process(1, RN_PROCESS_EXEC, 0);
    write_map("w", "2000 10 g\n");
    opens(1, O_WRONLY);
    expect_reason(1, "no line");
}

static enum rn_status add(void *context, uint64_t of, uint64_t address, const char *name,
                          struct rn_error *error)
{
    (*(unsigned *)context)++;
    assert_int_equal(of, 1);
    assert_int_equal(address, 0x1005);
    assert_string_equal(name, "f");
    return rn_jit_names_add(names, of, address, "carried", error);
}

/* What was asked for goes into the table, and comes back before the file is asked. */
static void test_table(void **state)
{
    struct rn_symbol_table *table = rn_symbol_table_new();
    struct rn_buf out = RN_BUF_INIT;
    unsigned count = 0;

    (void)state;
    write_map("w", "1000 10 f\n");
    opens(1, O_WRONLY);
    expect(1, 0x1005, "f");
    expect(1, 0x5000, "-");
    assert_ok(rn_jit_names_fill(names, table, &err));
    assert_ok(rn_symbol_table_write(table, &out, &err));
    assert_ok(rn_symbol_names_read(out.data, out.size, add, &count, &err));
    assert_int_equal(count, 1);
    expect(1, 0x1005, "carried");
    expect(1, 0x1006, "f");
    assert_true(rn_jit_names_returns(names, 1, 0x1006));
    rn_buf_free(&out);
    rn_symbol_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_found, begin, end),
        cmocka_unit_test_setup_teardown(test_only_written, begin, end),
        cmocka_unit_test_setup_teardown(test_grows, begin, end),
        cmocka_unit_test_setup_teardown(test_forked_and_executed, begin, end),
        cmocka_unit_test_setup_teardown(test_refused, begin, end),
        cmocka_unit_test_setup_teardown(test_table, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

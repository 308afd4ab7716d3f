/* SPDX-License-Identifier: MIT */
/* From the frames of the process that decodes to a recording. */
#include "recording.h"

#include "formats/import/ctf_import.h"

#include <fcntl.h>
#include <sys/mman.h>

#define DAY (1700000000ull * 1000000000)

static struct rn_buf frames;
static const char *names[32];
static unsigned name_count, class_count;

static size_t begin_frame(uint8_t type)
{
    rn_buf_byte(&frames, type);
    rn_buf_u32(&frames, 0);
    return frames.size;
}

static void end_frame(size_t begin)
{
    for (unsigned i = 0; i < 4; i++)
        frames.data[begin - 4 + i] = (uint8_t)((frames.size - begin) >> 8 * i);
}

static void put_trace(const char *domain, const char *tracer)
{
    rn_buf_clear(&frames);
    name_count = class_count = 0;
    size_t begin = begin_frame(RN_CTF_FRAME_TRACE);
    rn_buf_byte(&frames, 3);
    rn_buf_append(&frames, domain, strlen(domain) + 1);
    rn_buf_append(&frames, tracer, strlen(tracer) + 1);
    rn_buf_append(&frames,
                  "host\0"
                  "2.13",
                  10);
    end_frame(begin);
}

static uint32_t put_class(const char *domain, const char *name)
{
    size_t begin = begin_frame(RN_CTF_FRAME_CLASS);
    rn_buf_append(&frames, domain, strlen(domain) + 1);
    rn_buf_text(&frames, name);
    end_frame(begin);
    return class_count++;
}

static uint16_t number_of(const char *name)
{
    for (unsigned i = 0; i < name_count; i++)
        if (!strcmp(names[i], name))
            return (uint16_t)i;
    size_t begin = begin_frame(RN_CTF_FRAME_NAME);
    rn_buf_text(&frames, name);
    end_frame(begin);
    names[name_count] = name;
    return (uint16_t)name_count++;
}

struct field {
    const char *name;
    uint8_t scope, type;
    uint64_t number;
    const char *text;
};
#define CONTEXT(name, number)                                                                      \
    {                                                                                              \
        name, RN_CTF_CONTEXT, RN_CTF_SIGNED, number, NULL                                          \
    }
#define NUMBER(name, number)                                                                       \
    {                                                                                              \
        name, RN_CTF_PAYLOAD, RN_CTF_SIGNED, number, NULL                                          \
    }
#define TEXT(name, text)                                                                           \
    {                                                                                              \
        name, RN_CTF_PAYLOAD, RN_CTF_STRING, 0, text                                               \
    }

static void put_event(uint32_t class, uint32_t cpu, uint64_t at, const struct field *fields,
                      size_t count)
{
    uint16_t numbers[16];
    for (size_t i = 0; i < count; i++)
        numbers[i] = number_of(fields[i].name);
    size_t begin = begin_frame(RN_CTF_FRAME_EVENT);
    rn_buf_u32(&frames, class);
    rn_buf_u32(&frames, cpu);
    rn_buf_byte(&frames, 1);
    rn_buf_u64(&frames, DAY + at);
    for (size_t i = 0; i < count; i++) {
        rn_buf_byte(&frames, (uint8_t)(fields[i].scope | fields[i].type << 4));
        rn_buf_u16(&frames, numbers[i]);
        rn_buf_byte(&frames, 0);
        if (fields[i].text) {
            rn_buf_u32(&frames, (uint32_t)strlen(fields[i].text));
            rn_buf_text(&frames, fields[i].text);
        } else {
            rn_buf_u64(&frames, fields[i].number);
        }
    }
    end_frame(begin);
}
#define EVENT(class, cpu, at, ...)                                                                 \
    put_event(class, cpu, at, (const struct field[]){__VA_ARGS__},                                 \
              sizeof((const struct field[]){__VA_ARGS__}) / sizeof(struct field))

static int frames_file(void)
{
    int fd = memfd_create("frames", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, frames.data, frames.size), (ssize_t)frames.size);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static struct rn_import *new_import(void)
{
    const struct rn_import_options options = {
        .path = path, .creator = "test 1.0", .tool = "ctf", .name = "trace"};
    struct rn_import *import;
    assert_ok(rn_import_new(&options, &import, &err));
    return import;
}

static enum rn_status import_frames(struct rn_import *import)
{
    struct rn_ctf_source *source;
    int fd = frames_file();
    err = (struct rn_error)RN_ERROR_INIT;
    assert_ok(rn_ctf_source_attach("trace", fd, &source, &err));
    enum rn_status status = rn_ctf_import_source(source, import, &err);
    rn_ctf_source_free(source);
    close(fd);
    return status;
}

static struct rn_reader *converted(void)
{
    struct rn_import *import = new_import();
    struct rn_reader *reader;
    end_frame(begin_frame(RN_CTF_FRAME_END));
    assert_ok(import_frames(import));
    assert_ok(rn_import_finish(import, &err));
    rn_import_free(import);
    assert_ok(rn_reader_open(path, &reader, &err));
    return reader;
}

static void assert_text(const struct rn_event *event, uint8_t type, uint8_t arg, const char *text)
{
    const struct rn_attachment *attachment = rn_event_attachment(event, type, arg);
    assert_non_null(attachment);
    assert_int_equal(attachment->size, strlen(text));
    assert_memory_equal(attachment->data, text, attachment->size);
}

static void calls_of_two_threads(void **state)
{
    (void)state;
    put_trace("kernel", "lttng-modules");
    uint32_t begin = put_class("kernel", "syscall_entry_openat");
    uint32_t end = put_class("kernel", "syscall_exit_openat");
    EVENT(begin, 0, 10, CONTEXT("tid", 5), CONTEXT("pid", 5), NUMBER("dfd", (uint64_t)-100),
          TEXT("filename", "/a"), NUMBER("flags", 2), NUMBER("mode", 0));
    EVENT(begin, 1, 12, CONTEXT("tid", 6), CONTEXT("pid", 5), NUMBER("dfd", 3),
          TEXT("filename", "/b"), NUMBER("flags", 0), NUMBER("mode", 0));
    EVENT(end, 0, 20, CONTEXT("tid", 6), CONTEXT("pid", 5), NUMBER("ret", 4));
    EVENT(end, 0, 25, CONTEXT("tid", 5), CONTEXT("pid", 5), NUMBER("ret", (uint64_t)-2));
    struct rn_reader *reader = converted();
    struct rn_event event = next_of(reader, RN_KIND_SYSCALL);
    assert_int_equal(event.u.syscall.nr, 257);
    assert_int_equal(event.u.syscall.args[0], 0xffffff9c);
    assert_int_equal(event.u.syscall.args[2], 2);
    assert_int_equal(event.u.syscall.ret, (uint64_t)-2);
    assert_int_equal(event.duration, 15);
    assert_text(&event, RN_ATT_PATH, 1, "/a");
    event = next_of(reader, RN_KIND_SYSCALL);
    assert_int_equal(event.duration, 8);
    assert_text(&event, RN_ATT_PATH, 1, "/b");
    rn_reader_free(reader);
}

/* Out parameters of read come at its end, and without a context sched_switch says whose it is. */
static void who_runs_on_a_cpu(void **state)
{
    (void)state;
    put_trace("kernel", "lttng-modules");
    uint32_t sched = put_class("kernel", "sched_switch");
    uint32_t begin = put_class("kernel", "syscall_entry_read");
    uint32_t end = put_class("kernel", "syscall_exit_read");
    EVENT(begin, 0, 1, NUMBER("fd", 9), NUMBER("count", 1)); /* of nobody who is known */
    EVENT(sched, 0, 2, TEXT("prev_comm", "a"), NUMBER("prev_tid", 7), TEXT("next_comm", "b"),
          NUMBER("next_tid", 8));
    EVENT(begin, 0, 3, NUMBER("fd", 9), NUMBER("count", 100));
    EVENT(sched, 0, 4, TEXT("prev_comm", "b"), NUMBER("prev_tid", 8), TEXT("next_comm", "idle"),
          NUMBER("next_tid", 0));
    EVENT(sched, 1, 5, TEXT("prev_comm", "x"), NUMBER("prev_tid", 0), TEXT("next_comm", "b"),
          NUMBER("next_tid", 8));
    EVENT(end, 1, 6, NUMBER("ret", 50), NUMBER("buf", 0x1000));
    struct rn_reader *reader = converted();
    struct rn_event event = next_of(reader, RN_KIND_SPAN);
    assert_int_equal(event.u.span.form, RN_SPAN_INSTANT);
    assert_text(&event, RN_ATT_NAME, RN_ARG_ANY, "syscall_entry_read");
    event = next_of(reader, RN_KIND_SPAN);
    assert_text(&event, RN_ATT_NAME, RN_ARG_ANY, "b");
    assert_int_equal(event.duration, 2);
    event = next_of(reader, RN_KIND_SYSCALL);
    assert_int_equal(event.duration, 3);
    assert_int_equal(event.u.syscall.args[0], 9);
    assert_int_equal(event.u.syscall.args[1], 0x1000);
    assert_int_equal(event.u.syscall.args[2], 100);
    assert_int_equal(event.u.syscall.ret, 50);
    rn_reader_free(reader);
}

/* Left by longjmp, a function has no end of its own. */
static void functions_nest(void **state)
{
    (void)state;
    put_trace("ust", "lttng-ust");
    uint32_t begin = put_class("ust", "lttng_ust_cyg_profile:func_entry");
    uint32_t end = put_class("ust", "lttng_ust_cyg_profile:func_exit");
    EVENT(begin, 0, 1, CONTEXT("vtid", 3), CONTEXT("vpid", 3), NUMBER("addr", 0x10));
    EVENT(begin, 0, 2, CONTEXT("vtid", 3), CONTEXT("vpid", 3), NUMBER("addr", 0x20));
    EVENT(begin, 0, 3, CONTEXT("vtid", 3), CONTEXT("vpid", 3), NUMBER("addr", 0x30));
    EVENT(end, 0, 9, CONTEXT("vtid", 3), CONTEXT("vpid", 3), NUMBER("addr", 0x10));
    EVENT(end, 0, 10, CONTEXT("vtid", 3), CONTEXT("vpid", 3), NUMBER("addr", 0x10));
    struct rn_reader *reader = converted();
    for (unsigned i = 1; i <= 3; i++) {
        char name[8];
        struct rn_event event = next_of(reader, RN_KIND_SPAN);
        snprintf(name, sizeof name, "0x%u0", i);
        assert_text(&event, RN_ATT_NAME, RN_ARG_ANY, name);
        assert_int_equal(event.duration, 9 - i);
    }
    rn_reader_free(reader);
}

static void put_lost(uint64_t count)
{
    size_t begin = begin_frame(RN_CTF_FRAME_LOST);
    rn_buf_byte(&frames, 0);
    rn_buf_u64(&frames, count);
    end_frame(begin);
}

static void what_the_tracer_lost(void **state)
{
    (void)state;
    put_trace("", "");
    uint32_t class = put_class("", "event");
    put_lost(3); /* before any time is known */
    put_lost(4);
    EVENT(class, RN_CTF_NO_CPU, 1, NUMBER("n", 5));
    EVENT(class, RN_CTF_NO_CPU, 9, NUMBER("n", 6));
    put_lost(0);
    struct rn_reader *reader = converted();
    struct rn_event event = next_of(reader, RN_KIND_LOSS);
    assert_int_equal(event.u.loss.count, 7);
    uint64_t first = event.start;
    event = next_of(reader, RN_KIND_SPAN);
    assert_int_equal(event.start, first);
    assert_text(&event, RN_ATT_TEXT, RN_ARG_ANY, "{\"n\":5}");
    event = next_of(reader, RN_KIND_LOSS);
    assert_int_equal(event.u.loss.count, 0);
    assert_int_equal(event.start, first + 8);
    rn_reader_free(reader);
}

/* However the frames are cut, there is a message and no crash. */
static void frames_that_are_cut(void **state)
{
    (void)state;
    put_trace("kernel", "lttng-modules");
    uint32_t begin = put_class("kernel", "syscall_entry_openat");
    EVENT(begin, 0, 10, CONTEXT("tid", 5), TEXT("filename", "/a"), NUMBER("flags", 2));
    size_t whole = frames.size;
    for (size_t size = 0; size < whole; size++) {
        struct rn_import *import = new_import();
        frames.size = size;
        assert_status(import_frames(import), RN_E_FORMAT);
        rn_import_free(import);
    }
    for (size_t at = 0; at < whole; at++) {
        struct rn_import *import = new_import();
        frames.size = whole;
        frames.data[at] ^= 0x81;
        assert_int_not_equal(import_frames(import), RN_OK);
        frames.data[at] ^= 0x81;
        rn_import_free(import);
    }
    err = (struct rn_error)RN_ERROR_INIT;
}

static int free_frames(void **state)
{
    rn_buf_free(&frames);
    return remove_directory(state);
}

static void no_source_after_a_failure(void **state)
{
    struct rn_ctf_source *source = (struct rn_ctf_source *)directory;
    char *before = getenv("TMPDIR");
    before = before ? strdup(before) : NULL;

    (void)state;
    assert_int_equal(setenv("TMPDIR", path, 1), 0); /* there is none */
    assert_status(rn_ctf_source_open("trace", true, &source, &err), RN_E_SYSTEM);
    assert_null(source);
    err = (struct rn_error)RN_ERROR_INIT;
    if (before)
        setenv("TMPDIR", before, 1);
    else
        unsetenv("TMPDIR");
    free(before);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_directory, free_frames)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(calls_of_two_threads), CASE(who_runs_on_a_cpu),   CASE(functions_nest),
        CASE(what_the_tracer_lost), CASE(frames_that_are_cut), CASE(no_source_after_a_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

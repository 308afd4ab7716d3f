/* SPDX-License-Identifier: MIT */
/* Recordings for the tests of writer and reader: events made from a number, and checked against
 * it. */
#ifndef RECORDING_H
#define RECORDING_H

#include "formats/archive.h"
#include "formats/reader.h"
#include "formats/writer.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define STREAMS 3u

static struct rn_error err;
static char directory[64], path[128], part[140];

static inline int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/rn-test-XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/t.rna", directory);
    snprintf(part, sizeof part, "%s.part", path);
    return 0;
}

static inline int remove_directory(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    return system(command);
}

/* In the directory; hidden ones are not counted. */
static inline unsigned entries(void)
{
    DIR *open = opendir(directory);
    unsigned count = 0;

    for (struct dirent *entry; (entry = readdir(open));)
        count += entry->d_name[0] != '.';
    closedir(open);
    return count;
}

/* Of status codes, with the message that came with them. */
#define assert_ok(expression) assert_status((expression), RN_OK)
#define assert_status(expression, wanted)                                                          \
    do {                                                                                           \
        enum rn_status got_ = (expression);                                                        \
        char text_[1200];                                                                          \
        if (got_ != (wanted))                                                                      \
            fail_msg("%s is %d: %s", #expression, got_, rn_error_text(&err, text_, sizeof text_)); \
    } while (0)

static inline struct rn_manifest test_manifest(void)
{
    struct rn_manifest manifest;

    rn_manifest_init(&manifest);
    memset(manifest.uuid, 7, 16);
    manifest.creator = strdup("test 1.0");
    manifest.start = (struct rn_clock_point){1000, 1000, 1700000000ull * 1000000000, 10};
    return manifest;
}

static inline struct rn_writer *new_writer(const char *to, const struct rn_writer_options *options)
{
    struct rn_manifest manifest = test_manifest();
    struct rn_writer *writer = NULL;

    assert_ok(rn_writer_new(to, &manifest, options, &writer, &err));
    rn_manifest_clear(&manifest);
    for (uint64_t i = 0; i < STREAMS; i++) {
        struct rn_stream stream = {.type = RN_STREAM_THREAD, .pid = 100, .tid = 100 + i};
        uint64_t id;

        assert_ok(rn_writer_add_stream(writer, &stream, i ? NULL : "main", &id, &err));
        assert_int_equal(id, i + 1);
    }
    return writer;
}

/* What event `number` carries; valid until the next call. Most are system calls. */
static inline struct rn_event numbered_event(uint64_t number)
{
    static struct rn_attachment attachments[2];
    static uint8_t head[32], name[16];
    static uint64_t prefix[2];
    struct rn_event event = {.kind = RN_KIND_SYSCALL,
                             .stream = (uint32_t)(number % STREAMS) + 1,
                             .start = 5000 + number * 10,
                             .duration = number % 7};

    event.u.syscall = (struct rn_syscall){.nr = number % 5,
                                          .ret = number % 11 ? number : (uint64_t)-2,
                                          .site = 0x7f0000001000 + number % 5,
                                          .args = {number, 2, 3, number << 50, 0, number % 2}};
    snprintf((char *)name, sizeof name, "/f%llu", (unsigned long long)(number % 1000));
    attachments[0] = (struct rn_attachment){
        .type = RN_ATT_PATH, .arg = 1, .size = (uint32_t)strlen((char *)name), .data = name};
    memset(head, (int)(number % 251), sizeof head);
    prefix[0] = number;
    prefix[1] = ~number;
    attachments[1] = (struct rn_attachment){.type = RN_ATT_CONTENT,
                                            .arg = 2,
                                            .flags = RN_ATT_CUT,
                                            .content = {.length = 9000,
                                                        .crc = number * 3,
                                                        .prefix_crc = prefix,
                                                        .blocks = 2,
                                                        .head_len = 32,
                                                        .head = head}};
    event.attachments = attachments;
    event.attachment_count = number % 4 ? (number % 4 == 1) + 0u : 2;
    if (number % 97 == 5) {
        event.kind = RN_KIND_SIGNAL;
        event.flags = RN_EVENT_TRACED;
        memset(&event.u, 0, sizeof event.u);
        event.u.signal.signo = 17;
        event.u.signal.code = (uint64_t)-6;
    }
    return event;
}

static inline void add_events(struct rn_writer *writer, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        struct rn_event event = numbered_event(i);

        assert_ok(rn_writer_add(writer, &event, &err));
    }
}

static inline void expect_same(const struct rn_event *got, const struct rn_event *want)
{
    assert_int_equal(got->kind, want->kind);
    assert_int_equal(got->flags, want->flags);
    assert_int_equal(got->stream, want->stream);
    assert_true(got->start == want->start);
    assert_true(got->duration == want->duration);
    assert_memory_equal(&got->u, &want->u, sizeof got->u);
    assert_int_equal(got->attachment_count, want->attachment_count);
    for (uint32_t i = 0; i < got->attachment_count; i++) {
        const struct rn_attachment *a = &got->attachments[i], *b = &want->attachments[i];

        assert_int_equal(a->type, b->type);
        assert_int_equal(a->arg, b->arg);
        assert_int_equal(a->flags, b->flags);
        assert_int_equal(a->size, b->size);
        if (a->size)
            assert_memory_equal(a->data, b->data, a->size);
        assert_true(a->content.length == b->content.length);
        assert_true(a->content.crc == b->content.crc);
        assert_int_equal(a->content.blocks, b->content.blocks);
        assert_int_equal(a->content.head_len, b->content.head_len);
        for (uint32_t block = 0; block < a->content.blocks; block++)
            assert_true(a->content.prefix_crc[block] == b->content.prefix_crc[block]);
        if (a->content.head_len)
            assert_memory_equal(a->content.head, b->content.head, a->content.head_len);
    }
}

static inline void expect_number(const struct rn_event *got, uint64_t number)
{
    struct rn_event want = numbered_event(number);

    expect_same(got, &want);
    assert_true(got->ordinal == number / STREAMS);
}

static inline struct rn_reader *open_reader(const char *from)
{
    struct rn_reader *reader = NULL;

    assert_ok(rn_reader_open(from, &reader, &err));
    return reader;
}

/* The next row that is an event of the program, not a snapshot. */
static inline enum rn_status next_plain(struct rn_reader *reader, struct rn_event *event)
{
    enum rn_status status;

    do
        status = rn_reader_next_event(reader, event, &err);
    while (status == RN_OK && (!RN_KIND_IS_EVENT(event->kind) || event->flags & RN_EVENT_SNAPSHOT));
    return status;
}

static inline void expect_numbers(struct rn_reader *reader, uint64_t from, uint64_t to)
{
    struct rn_event event;

    for (uint64_t i = from; i < to; i++) {
        assert_ok(next_plain(reader, &event));
        expect_number(&event, i);
    }
}

/* The next event of a kind. */
static inline struct rn_event next_of(struct rn_reader *reader, uint8_t kind)
{
    struct rn_event event;

    do
        assert_ok(rn_reader_next_event(reader, &event, &err));
    while (event.kind != kind);
    return event;
}

static inline void expect_end(struct rn_reader *reader)
{
    struct rn_event event;

    assert_status(next_plain(reader, &event), RN_EOF);
    assert_status(next_plain(reader, &event), RN_EOF);
}

static inline void seal(struct rn_writer *writer)
{
    assert_ok(rn_writer_seal(writer, &err));
    rn_writer_free(writer);
    assert_int_equal(access(part, F_OK), -1);
}

#endif

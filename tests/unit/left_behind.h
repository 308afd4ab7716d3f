/* SPDX-License-Identifier: MIT */
/* A recording whose recorder is gone, made by hand: its directory, its file of rings. */
#ifndef RN_TEST_LEFT_BEHIND_H
#define RN_TEST_LEFT_BEHIND_H

#include "recording.h"

#include "formats/ring_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#define RING_SIZE  (1u << 16)
#define DATA_START (256u << 10)

/* A ring file, made by hand: slot 3 has a ring, others may have calls in flight. */
static struct {
    struct rn_ring_file header;
    struct rn_ring_slot slots[RN_RING_SLOTS];
    uint8_t padding[DATA_START];
    uint8_t data[RING_SIZE];
} rings;

static char rings_path[160], archive_path[160];

static inline int set_up(void **state)
{
    if (make_directory(state) != 0)
        return -1;
    snprintf(rings_path, sizeof rings_path, "%s/rings", part);
    snprintf(archive_path, sizeof archive_path, "%s/archive", part);
    memset(&rings, 0, sizeof rings);
    rings.header = (struct rn_ring_file){.magic = RN_RING_MAGIC,
                                         .version = RN_RING_VERSION,
                                         .record_version = RN_RECORD_VERSION,
                                         .slots = RN_RING_SLOTS};
    memset(rings.header.uuid, 7, 16);
    rings.slots[3] = (struct rn_ring_slot){.data_offset = offsetof(typeof(rings), data),
                                           .size = RING_SIZE,
                                           .generation = 2,
                                           .taken = 1};
    return 0;
}

static inline void write_rings(void)
{
    FILE *file = fopen(rings_path, "w");

    assert_int_equal(fwrite(&rings, sizeof rings, 1, file), 1);
    fclose(file);
}

static inline void ring_bytes(const void *bytes, size_t size)
{
    struct rn_ring_slot *slot = &rings.slots[3];

    for (size_t i = 0; i < size; i++)
        rings.data[slot->head++ % RING_SIZE] = ((const uint8_t *)bytes)[i];
}

static inline void ring_attachment(const struct rn_attachment *attachment)
{
    static const uint8_t zeros[8];
    const struct rn_content *content = &attachment->content;
    struct rn_record_attachment raw = {
        .type = attachment->type, .arg = attachment->arg, .flags = attachment->flags};
    struct rn_record_content raw_content = {content->length, content->crc, content->blocks,
                                            content->head_len};

    raw.size = attachment->size;
    if (raw.type == RN_ATT_CONTENT)
        raw.size = (uint32_t)sizeof raw_content + 8 * content->blocks + content->head_len;
    ring_bytes(&raw, sizeof raw);
    if (raw.type == RN_ATT_CONTENT) {
        ring_bytes(&raw_content, sizeof raw_content);
        ring_bytes(content->prefix_crc, 8 * content->blocks);
        ring_bytes(content->head, content->head_len);
    } else {
        ring_bytes(attachment->data, attachment->size);
    }
    ring_bytes(zeros, -raw.size % 8);
}

static inline void ring_event(const struct rn_event *event)
{
    uint64_t begin = rings.slots[3].head;
    struct rn_record record = {.kind = event->kind,
                               .fields = 24,
                               .attachments = (uint8_t)event->attachment_count,
                               .stream = event->stream,
                               .flags = event->flags,
                               .start = event->start,
                               .duration = event->duration};

    ring_bytes(&record, sizeof record);
    ring_bytes(event->u.words, sizeof event->u.words);
    for (uint32_t i = 0; i < event->attachment_count; i++)
        ring_attachment(&event->attachments[i]);
    record.size = (uint32_t)(rings.slots[3].head - begin);
    for (size_t i = 0; i < sizeof record; i++)
        rings.data[(begin + i) % RING_SIZE] = ((const uint8_t *)&record)[i];
}

static inline void ring_numbers(uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        struct rn_event event = numbered_event(i);

        ring_event(&event);
    }
}

static inline void commit_with_position(struct rn_writer *writer, uint64_t position)
{
    const struct rn_writer_source source = {3, 2, position};
    struct rn_writer_commit_info info = {.sources = &source, .source_count = 1};

    assert_ok(rn_writer_commit(writer, &info, &err));
}

static inline void expect_loss(struct rn_reader *reader, uint64_t reason, uint64_t count)
{
    struct rn_event event;

    assert_ok(next_plain(reader, &event));
    assert_int_equal(event.kind, RN_KIND_LOSS);
    assert_int_equal(event.stream, 0);
    assert_int_equal(event.u.loss.reason, reason);
    assert_int_equal(event.u.loss.count, count);
    assert_non_null(rn_event_attachment(&event, RN_ATT_TEXT, RN_ARG_ANY));
}

/* 50 events in the archive, 25 of them in the ring too, and 25 more there only. */
static inline void leave_behind(void)
{
    struct rn_writer *writer = new_writer(path, NULL);

    ring_numbers(25, 50);
    add_events(writer, 0, 50);
    commit_with_position(writer, rings.slots[3].head);
    ring_numbers(50, 75);
    write_rings();
    rn_writer_free(writer);
}

#endif

/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include "formats/record.h"

#define EVENTS 30000u

/* The record of an event whose attachments are one content or none. */
static struct rn_buf make_record(const struct rn_event *event)
{
    const struct rn_content *content =
        event->attachment_count ? &event->attachments[0].content : NULL;
    struct rn_record header = {.kind = event->kind,
                               .fields = 6,
                               .attachments = (uint8_t)event->attachment_count,
                               .stream = event->stream,
                               .flags = event->flags,
                               .start = event->start,
                               .duration = event->duration};
    const uint32_t content_size =
        content ? (uint32_t)sizeof(struct rn_record_content) + content->head_len : 0;
    struct rn_buf buf = RN_BUF_INIT;

    header.size = (uint32_t)sizeof header + 6 * 8;
    if (content)
        header.size += (uint32_t)sizeof(struct rn_record_attachment) + (content_size + 7) / 8 * 8;
    rn_buf_append(&buf, &header, sizeof header);
    rn_buf_append(&buf, event->u.words, 6 * sizeof(uint64_t));
    if (content) {
        const struct rn_record_attachment attachment = {
            .type = RN_ATT_CONTENT, .arg = 1, .size = content_size};
        const struct rn_record_content fixed = {
            .length = content->length, .crc = content->crc, .head_len = content->head_len};
        static const uint8_t zeros[8];

        rn_buf_append(&buf, &attachment, sizeof attachment);
        rn_buf_append(&buf, &fixed, sizeof fixed);
        rn_buf_append(&buf, content->head, content->head_len);
        rn_buf_append(&buf, zeros, -buf.size % 8);
    }
    return buf;
}

/* One of a few events again and again; now and then one that differs from them in one place: its
 * flags, a word, the last byte of its head, or in that it has no content. */
static struct rn_event make_event(uint64_t number, struct rn_attachment *attachment, uint8_t *head)
{
    uint64_t known = number * 7919 % 11;
    struct rn_event event = {.kind = RN_KIND_SYSCALL,
                             .stream = (uint32_t)(known % STREAMS) + 1,
                             .start = 5000 + (number ^ number % 8), /* not quite in order */
                             .duration = number * 31 % 1000,
                             .attachment_count = known % 4 != 0,
                             .attachments = attachment};

    event.u.syscall = (struct rn_syscall){
        .nr = known % 4, .ret = 9, .site = 0x7f0000000000 + known, .args = {known, 0x7ffd00000000}};
    memset(head, (int)known, 9);
    head[8] = number % 101 == 3 ? (uint8_t)number : 0;
    event.flags = number % 103 == 5 ? RN_EVENT_TRACED : 0;
    event.u.words[5] += number % 107 == 7 ? number : 0;
    *attachment = (struct rn_attachment){
        .type = RN_ATT_CONTENT,
        .arg = 1,
        .content = {.length = 100, .crc = known, .head_len = 9, .head = head}};
    if (number % 109 == 11)
        event.attachment_count = 0;
    return event;
}

static struct rn_buf file_bytes(const char *name)
{
    struct rn_buf buf = RN_BUF_INIT;
    FILE *file = fopen(name, "rb");
    uint8_t *to;
    size_t got;

    assert_non_null(file);
    do {
        to = rn_buf_reserve(&buf, 65536);
        assert_non_null(to);
        got = fread(to, 1, 65536, file);
        buf.size += got;
    } while (got);
    fclose(file);
    return buf;
}

/* As an event or as its record, known or new: the archive is the same. */
static void records_are_as_good_as_events(void **state)
{
    struct rn_writer *by_events = new_writer(path, NULL), *by_records;
    struct rn_attachment attachment;
    struct rn_buf events, records;
    char other[160];
    uint8_t head[9];

    (void)state;
    snprintf(other, sizeof other, "%s/other.rna", directory);
    by_records = new_writer(other, NULL);
    for (uint64_t i = 0; i < EVENTS; i++) {
        struct rn_event event = make_event(i, &attachment, head);
        struct rn_buf record = make_record(&event);

        assert_ok(rn_writer_add(by_events, &event, &err));
        assert_ok(rn_writer_add_record(by_records, record.data, record.size, &err));
        rn_buf_free(&record);
    }
    assert_ok(rn_writer_seal(by_events, &err));
    assert_ok(rn_writer_seal(by_records, &err));
    rn_writer_free(by_events);
    rn_writer_free(by_records);
    events = file_bytes(path);
    records = file_bytes(other);
    assert_int_equal(events.size, records.size);
    assert_memory_equal(events.data, records.data, records.size);
    rn_buf_free(&events);
    rn_buf_free(&records);
}

static void records_that_make_no_sense_are_refused(void **state)
{
    struct rn_writer *writer = new_writer(path, NULL);
    struct rn_attachment attachment;
    uint8_t head[9];
    struct rn_event event = make_event(1, &attachment, head);
    struct rn_buf record = make_record(&event);

    (void)state;
    assert_ok(rn_writer_add_record(writer, record.data, record.size, &err));
    assert_ok(rn_writer_add_record(writer, record.data, record.size, &err));
    assert_status(rn_writer_add_record(writer, record.data, 16, &err), RN_E_FORMAT);
    assert_status(rn_writer_add_record(writer, record.data, record.size - 8, &err), RN_E_FORMAT);
    record.data[5] = 200; /* fields */
    assert_status(rn_writer_add_record(writer, record.data, record.size, &err), RN_E_FORMAT);
    record.data[5] = 6;
    record.data[8] = STREAMS + 1;
    assert_status(rn_writer_add_record(writer, record.data, record.size, &err), RN_E_USAGE);
    assert_int_equal(rn_writer_pending(writer), 2);
    rn_buf_free(&record);
    rn_writer_free(writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_are_as_good_as_events, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(records_that_make_no_sense_are_refused, make_directory,
                                        remove_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

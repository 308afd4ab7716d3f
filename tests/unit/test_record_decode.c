/* SPDX-License-Identifier: MIT */
#include "formats/buf.h"
#include "formats/ring_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct rn_error err;
static struct rn_event event;
static struct rn_attachment attachments[RN_RECORD_MAX_ATTACHMENTS];

static void append_attachment(struct rn_buf *buf, uint8_t type, const void *data, uint32_t size)
{
    const struct rn_record_attachment header = {.type = type, .arg = 1, .flags = 2, .size = size};
    static const uint8_t zeros[8];

    rn_buf_append(buf, &header, sizeof header);
    rn_buf_append(buf, data, size);
    rn_buf_append(buf, zeros, (8 - size % 8) % 8);
}

static void append_content(struct rn_buf *buf, uint64_t length, uint32_t blocks, uint32_t head_len,
                           uint32_t bytes_after)
{
    const struct rn_record_content content = {length, 99, blocks, head_len};
    uint8_t bytes[200] = {0};

    memcpy(bytes, &content, sizeof content);
    for (uint32_t i = 0; i < bytes_after; i++)
        bytes[sizeof content + i] = (uint8_t)i;
    append_attachment(buf, RN_ATT_CONTENT, bytes, (uint32_t)sizeof content + bytes_after);
}

/* A call with a path and a content of 10000 bytes. */
static struct rn_buf make_record(void)
{
    const struct rn_record header = {.kind = RN_KIND_SYSCALL,
                                     .fields = 4,
                                     .attachments = 2,
                                     .stream = 3,
                                     .flags = RN_EVENT_TRACED,
                                     .start = 1000,
                                     .duration = 50};
    struct rn_buf buf = RN_BUF_INIT;
    uint32_t size;

    rn_buf_append(&buf, &header, sizeof header);
    for (uint64_t word = 1; word <= 4; word++)
        rn_buf_append(&buf, &word, sizeof word);
    append_attachment(&buf, RN_ATT_PATH, "/etc/hosts", 10);
    append_content(&buf, 10000, 2, 5, 21);
    size = (uint32_t)buf.size;
    memcpy(buf.data, &size, sizeof size);
    return buf;
}

/* In memory of exactly that size, so that a sanitizer sees every read beyond it. */
static enum rn_status decode(const struct rn_buf *buf, size_t available)
{
    uint8_t *exact = malloc(available ? available : 1);
    size_t used = 0;
    enum rn_status status;

    memcpy(exact, buf->data, available);
    status = rn_record_decode(exact, available, &event, attachments, &used, &err);
    if (status == RN_OK)
        assert_true(used <= available && used >= sizeof(struct rn_record));
    free(exact);
    return status;
}

static void fields_and_attachments(void **state)
{
    struct rn_buf buf = make_record();
    size_t used;

    (void)state;
    rn_buf_text(&buf, "next record");
    memset(&event, 0xff, sizeof event);
    assert_int_equal(rn_record_decode(buf.data, buf.size, &event, attachments, &used, &err), RN_OK);
    assert_int_equal(used, buf.size - 11);
    assert_int_equal(event.kind, RN_KIND_SYSCALL);
    assert_int_equal(event.stream, 3);
    assert_int_equal(event.flags, RN_EVENT_TRACED);
    assert_int_equal(event.start, 1000);
    assert_int_equal(event.duration, 50);
    assert_int_equal(event.u.syscall.nr, 1);
    assert_int_equal(event.u.syscall.site, 4);
    assert_int_equal(event.u.syscall.args[0], 0);
    assert_int_equal(event.u.words[23], 0);
    assert_int_equal(event.attachment_count, 2);
    assert_int_equal(event.attachments[0].type, RN_ATT_PATH);
    assert_int_equal(event.attachments[0].arg, 1);
    assert_int_equal(event.attachments[0].flags, 2);
    assert_int_equal(event.attachments[0].size, 10);
    assert_memory_equal(event.attachments[0].data, "/etc/hosts", 10);
    assert_int_equal(event.attachments[1].content.length, 10000);
    assert_int_equal(event.attachments[1].content.crc, 99);
    assert_int_equal(event.attachments[1].content.blocks, 2);
    assert_true(event.attachments[1].content.prefix_crc[1] == 0x0f0e0d0c0b0a0908ull);
    assert_int_equal(event.attachments[1].content.head_len, 5);
    assert_int_equal(event.attachments[1].content.head[0], 16);
    rn_buf_free(&buf);
}

static void every_cut_is_found(void **state)
{
    struct rn_buf buf = make_record();

    (void)state;
    for (size_t available = 0; available < buf.size; available++)
        assert_int_equal(decode(&buf, available), RN_E_FORMAT);
    assert_int_equal(decode(&buf, buf.size), RN_OK);
    rn_buf_free(&buf);
}

/* Every value in every byte of the headers: decoded or refused, never read outside. */
static void damaged_bytes_do_no_harm(void **state)
{
    struct rn_buf buf = make_record();

    (void)state;
    for (size_t at = 0; at < buf.size; at++) {
        uint8_t saved = buf.data[at];

        for (unsigned value = 0; value < 256; value++) {
            buf.data[at] = (uint8_t)value;
            (void)!decode(&buf, buf.size);
        }
        buf.data[at] = saved;
    }
    rn_buf_free(&buf);
}

static void check_patched(size_t offset, uint32_t value, size_t bytes)
{
    struct rn_buf buf = make_record();

    memcpy(buf.data + offset, &value, bytes);
    assert_int_equal(decode(&buf, buf.size), RN_E_FORMAT);
    rn_buf_free(&buf);
}

static void lengths_that_lie_are_refused(void **state)
{
    const size_t path = sizeof(struct rn_record) + 32;
    const size_t content = path + sizeof(struct rn_record_attachment) + 16;
    const size_t body = content + sizeof(struct rn_record_attachment);

    (void)state;
    check_patched(0, 8, 4); /* smaller than its header */
    check_patched(0, UINT32_MAX, 4);
    check_patched(4, 0, 1); /* kind */
    check_patched(4, RN_KIND_LIMIT, 1);
    check_patched(5, 25, 1);              /* fields */
    check_patched(6, 33, 1);              /* attachments */
    check_patched(6, 1, 1);               /* bytes are left over */
    check_patched(6, 3, 1);               /* one too many */
    check_patched(path, RN_ATT_COUNT, 1); /* type */
    check_patched(path + 4, UINT32_MAX, 4);
    check_patched(path + 4, 1000, 4);
    check_patched(content + 4, 8, 4); /* no room for struct rn_record_content */
    check_patched(body, 1, 4);        /* length that has no blocks */
    check_patched(body + 16, 3, 4);   /* blocks */
    check_patched(body + 20, UINT32_MAX, 4);
}

/* As many bytes as there should be, shared out wrongly between block CRCs and head. */
static void wrong_count_of_blocks_is_refused(void **state)
{
    struct rn_record header = {.kind = RN_KIND_SYSCALL, .attachments = 1};
    struct rn_buf buf = RN_BUF_INIT;

    (void)state;
    rn_buf_append(&buf, &header, sizeof header);
    append_content(&buf, 10000, 1, 13, 21);
    header.size = (uint32_t)buf.size;
    memcpy(buf.data, &header, sizeof header);
    assert_int_equal(decode(&buf, buf.size), RN_E_FORMAT);
    rn_buf_free(&buf);
}

static void unaligned_bytes_are_refused(void **state)
{
    struct rn_buf buf = make_record();
    size_t used;

    (void)state;
    assert_int_equal(rn_record_decode(buf.data + 1, buf.size - 1, &event, attachments, &used, &err),
                     RN_E_USAGE);
    rn_buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_and_attachments),
        cmocka_unit_test(every_cut_is_found),
        cmocka_unit_test(damaged_bytes_do_no_harm),
        cmocka_unit_test(lengths_that_lie_are_refused),
        cmocka_unit_test(wrong_count_of_blocks_is_refused),
        cmocka_unit_test(unaligned_bytes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

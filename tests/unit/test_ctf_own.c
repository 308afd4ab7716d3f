/* SPDX-License-Identifier: MIT */
/* Attachments as bytes of a CTF event, and back. */
#include "recording.h"

#include "formats/ctf_own.h"

#define ROOM 8u

static void there_and_back(void **state)
{
    const uint64_t prefix[2] = {11, 22};
    struct rn_attachment text = {.type = RN_ATT_STRING,
                                 .arg = 3,
                                 .flags = RN_ATT_CUT,
                                 .size = 3,
                                 .data = (const uint8_t *)"a\0b"};
    struct rn_attachment content = {.type = RN_ATT_CONTENT, .arg = 1};
    struct rn_attachment out[ROOM];
    struct rn_buf bytes = RN_BUF_INIT, crcs = RN_BUF_INIT;

    (void)state;
    content.content = (struct rn_content){.length = 2 * RN_CONTENT_BLOCK + 1,
                                          .crc = 33,
                                          .prefix_crc = prefix,
                                          .blocks = 2,
                                          .head_len = 4,
                                          .head = (const uint8_t *)"head"};
    rn_ctf_attachment_encode(&bytes, &text);
    rn_ctf_attachment_encode(&bytes, &content);
    rn_ctf_attachment_encode(&bytes, &content);
    assert_int_equal(rn_ctf_attachments_decode(bytes.data, bytes.size, out, ROOM, &crcs), 3);
    assert_int_equal(out[0].type, RN_ATT_STRING);
    assert_int_equal(out[0].arg, 3);
    assert_int_equal(out[0].flags, RN_ATT_CUT);
    assert_int_equal(out[0].size, 3);
    assert_memory_equal(out[0].data, "a\0b", 3);
    for (unsigned i = 1; i < 3; i++) {
        assert_int_equal(out[i].content.length, content.content.length);
        assert_int_equal(out[i].content.crc, 33);
        assert_int_equal(out[i].content.blocks, 2);
        assert_memory_equal(out[i].content.prefix_crc, prefix, sizeof prefix);
        assert_memory_equal(out[i].content.head, "head", 4);
    }
    /* As many as there is room for, and none that is cut. */
    assert_int_equal(rn_ctf_attachments_decode(bytes.data, bytes.size, out, 1, &crcs), 1);
    for (size_t size = 0; size < bytes.size; size++)
        assert_in_range(rn_ctf_attachments_decode(bytes.data, size, out, ROOM, &crcs), 0, 2);
    rn_buf_free(&bytes);
    rn_buf_free(&crcs);
}

/* Lengths that do not agree with each other. */
static void without_sense(void **state)
{
    struct rn_attachment content = {.type = RN_ATT_CONTENT}, out[ROOM];
    struct rn_buf bytes = RN_BUF_INIT, crcs = RN_BUF_INIT;

    (void)state;
    content.content =
        (struct rn_content){.length = 2, .head_len = 2, .head = (const uint8_t *)"hd"};
    rn_ctf_attachment_encode(&bytes, &content);
    for (size_t at = 8; at < 32; at++) {
        uint8_t was = bytes.data[at];
        unsigned count;

        bytes.data[at] = 0xff;
        count = rn_ctf_attachments_decode(bytes.data, bytes.size, out, ROOM, &crcs);
        /* The CRC may be anything, the length up to where there would be a prefix. */
        assert_int_equal(count, at == 8 || (at >= 16 && at < 24));
        bytes.data[at] = was;
    }
    rn_buf_free(&bytes);
    rn_buf_free(&crcs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(without_sense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

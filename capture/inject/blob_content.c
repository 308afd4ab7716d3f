/* SPDX-License-Identifier: MIT */
#include "blob_crc64.h"
#include "blob_parts.h"

#include <stddef.h>

/* A fingerprint in the making. */
struct content {
    struct rn_thread_area *area;
    struct rn_record_content *out;
    uint64_t *prefix; /* sums at each RN_CONTENT_BLOCK */
    uint8_t *head;
    uint64_t crc, moved;
    uint32_t head_len, head_done;
    int need_crc;
};

static void content_begin(struct content *content, struct rn_thread_area *area, uint8_t *bytes,
                          uint64_t length)
{
    uint64_t blocks = length ? (length - 1) / RN_CONTENT_BLOCK : 0;

    content->area = area;
    content->out = (struct rn_record_content *)bytes;
    content->prefix = (uint64_t *)(bytes + sizeof(struct rn_record_content));
    content->head = bytes + sizeof(struct rn_record_content) + blocks * 8;
    content->head_len =
        length < CONFIG->content_head ? (uint32_t)length : (uint32_t)CONFIG->content_head;
    content->head_done = 0;
    content->crc = 0;
    content->moved = 0;
    content->out->length = length;
    content->out->blocks = (uint32_t)blocks;
    content->out->head_len = content->head_len;
    /* What is whole in the head needs no sum: the reader makes it. */
    content->need_crc = content->head_len < length;
}

static void content_head(struct content *content, const uint8_t *from, uint64_t size)
{
    uint64_t room = content->head_len - content->head_done;

    if (size > room)
        size = room;
    copy(content->head + content->head_done, from, size);
    content->head_done += (uint32_t)size;
}

static void content_add(struct content *content, const uint8_t *from, uint64_t size)
{
    content_head(content, from, size);
    if (!content->need_crc)
        return;
    while (size) {
        uint64_t part = RN_CONTENT_BLOCK - content->moved % RN_CONTENT_BLOCK;

        if (part > size)
            part = size;
        content->crc = rn_blob_crc64(content->area, content->crc, from, part);
        content->moved += part;
        from += part;
        size -= part;
        if (content->moved % RN_CONTENT_BLOCK == 0 && content->moved < content->out->length)
            content->prefix[content->moved / RN_CONTENT_BLOCK - 1] = content->crc;
    }
}

static void content_end(struct content *content, uint8_t *bytes)
{
    rn_blob_crc64_end(content->area);
    content->out->crc = content->crc;
    rn_blob_attached(content->area, bytes,
                     (uint32_t)(sizeof(struct rn_record_content) + content->out->blocks * 8u +
                                content->head_len));
}

/* All of a short transfer is its head, and most are short. */
static void attach_head_alone(struct rn_thread_area *area, unsigned arg, const uint8_t *from,
                              uint32_t length)
{
    uint8_t *bytes = rn_blob_attach(area, RN_ATT_CONTENT, (uint8_t)arg, 0);
    struct rn_record_content *out = (struct rn_record_content *)bytes;

    out->length = length;
    out->crc = 0;
    out->blocks = 0;
    out->head_len = length;
    copy(bytes + sizeof(*out), from, length);
    rn_blob_attached(area, bytes, (uint32_t)sizeof(*out) + length);
}

void rn_blob_attach_content(struct rn_thread_area *area, unsigned arg, const struct iovec *vectors,
                            uint64_t count, uint64_t length)
{
    uint8_t *bytes;
    struct content content;

    if (!CONFIG->content_on)
        return;
    if (count == 1 && length <= CONFIG->content_head) {
        attach_head_alone(area, arg, vectors[0].base, (uint32_t)length);
        return;
    }
    bytes = rn_blob_attach(area, RN_ATT_CONTENT, (uint8_t)arg, 0);
    content_begin(&content, area, bytes, length);
    for (uint64_t i = 0; i < count && length; i++) {
        uint64_t part = vectors[i].length < length ? vectors[i].length : length;

        content_add(&content, vectors[i].base, part);
        length -= part;
    }
    content_end(&content, bytes);
}

#define DIRENT_TYPE                                                                                \
    18u /* struct linux_dirent64: inode 8, offset 8, length 2, then type and name                  \
         */
#define DIRENT_NAME 19u
/* More than the longest entry, and little enough for the private stack. */
#define GATHER_BYTES 2048u

/* Type, name and NUL of an entry: how many bytes, `at` being the length field's end. */
static uint64_t entry_bytes(const uint8_t *type, uint64_t room)
{
    uint64_t name = 1;

    while (name < room && type[name])
        name++;
    return name < room ? name + 1 : name;
}

/* Entries are short: they are gathered, because a sum over many bytes costs little more than one
 * over few. */
struct gathered {
    struct content *content;
    uint32_t size;
    uint8_t bytes[GATHER_BYTES + 8];
};

static void gather(struct gathered *all, const uint8_t *from, uint64_t size)
{
    if (all->size + size > GATHER_BYTES) {
        content_add(all->content, all->bytes, all->size);
        all->size = 0;
    }
    copy(all->bytes + all->size, from, size);
    all->size += (uint32_t)size;
}

/* The bytes of all entries together: `all` NULL to count them only. */
static uint64_t walk_dirents(const uint8_t *entries, uint64_t size, struct gathered *all)
{
    uint64_t total = 0;

    for (uint64_t at = 0; at + DIRENT_NAME < size;) {
        uint64_t length = (uint64_t)entries[at + 16] | (uint64_t)entries[at + 17] << 8;
        uint64_t bytes;

        if (length <= DIRENT_NAME || length > size - at)
            break;
        bytes = entry_bytes(entries + at + DIRENT_TYPE, length - DIRENT_TYPE);
        if (all)
            gather(all, entries + at + DIRENT_TYPE, bytes);
        total += bytes;
        at += length;
    }
    return total;
}

void rn_blob_attach_dirents(struct rn_thread_area *area, unsigned arg)
{
    const uint8_t *entries = (const uint8_t *)argument(area, arg);
    struct content content;
    struct gathered all;
    uint8_t *bytes;

    if (!CONFIG->content_on)
        return;
    bytes = rn_blob_attach(area, RN_ATT_CONTENT, (uint8_t)arg, 0);
    content_begin(&content, area, bytes, walk_dirents(entries, area->result, NULL));
    all.content = &content;
    all.size = 0;
    walk_dirents(entries, area->result, &all);
    content_add(&content, all.bytes, all.size);
    content_end(&content, bytes);
}

/* SPDX-License-Identifier: MIT */
/* Bytes of a fuzzer as an archive with a path. Checksums of chunks are made right first, except
 * where the size is odd: else hardly any change would get past them. Included by one target each.
 */
#ifndef ARCHIVE_BYTES_H
#define ARCHIVE_BYTES_H

#include "formats/chunk.h"
#include "formats/crc64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHECKSUM_OFFSET 48u

static void repair_chunk(uint8_t *chunk, size_t available)
{
    struct rn_chunk_header header;
    struct rn_error err = RN_ERROR_INIT;
    uint64_t checksum;

    if (rn_chunk_parse_header(chunk, available, &header, &err) != RN_OK ||
        header.payload_size > available - RN_CHUNK_HEADER_SIZE)
        return;
    checksum = rn_crc64(0, chunk, CHECKSUM_OFFSET);
    checksum = rn_crc64(checksum, chunk + RN_CHUNK_HEADER_SIZE, header.payload_size);
    memcpy(chunk + CHECKSUM_OFFSET, &checksum, sizeof checksum);
}

static void repair(uint8_t *bytes, size_t size)
{
    static const uint8_t magic[] = {'R', 'N', 'C', 1};
    uint8_t *at = bytes;

    while ((at = memmem(at, (size_t)(bytes + size - at), magic, sizeof magic))) {
        repair_chunk(at, (size_t)(bytes + size - at));
        at++;
    }
}

static void read_file(const uint8_t *bytes, size_t size, void (*read)(const char *path))
{
    int fd = memfd_create("archive", MFD_CLOEXEC);
    char path[64];

    if (fd < 0)
        return;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (write(fd, bytes, size) == (ssize_t)size)
        read(path);
    close(fd);
}

static void read_bytes(const uint8_t *data, size_t size, void (*read)(const char *path))
{
    uint8_t *bytes = malloc(size + 1);

    if (!bytes)
        return;
    memcpy(bytes, data, size);
    if (size % 2 == 0)
        repair(bytes, size);
    read_file(bytes, size, read);
    free(bytes);
}

#endif

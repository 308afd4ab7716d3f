/* SPDX-License-Identifier: MIT */
/* Finding the index of a sealed archive without reading what stands before it. */
#include "archive.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 512u
/* Other programs pad an archive to their record size. */
#define MAX_END_BLOCKS 2048u
#define MAGIC_OFFSET   257u

static bool read_block(int fd, uint64_t number, uint8_t block[BLOCK])
{
    return pread(fd, block, BLOCK, (off_t)(number * BLOCK)) == (ssize_t)BLOCK;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* How many blocks stand before the end blocks; 0 where there are none of either. */
static uint64_t blocks_before_end(int fd, uint64_t blocks)
{
    uint64_t last = blocks;
    uint8_t block[BLOCK];

    while (last > 0 && blocks - last <= MAX_END_BLOCKS && read_block(fd, last - 1, block) &&
           is_zero(block, BLOCK))
        last--;
    return blocks - last >= 2 ? last : 0;
}

/* Text up to its end, and zeros from there on. */
static bool is_last_text(const uint8_t block[BLOCK])
{
    const uint8_t *end = memchr(block, 0, BLOCK);

    return !end || (end > block && is_zero(end, (size_t)(block + BLOCK - end)));
}

/* The last member is text, so the first block with a NUL byte, going back from its padding, must be
 * its header: the search ends there, whatever the file holds. */
bool rn_archive_find_last(int fd, const char *member, uint64_t *offset)
{
    uint8_t block[BLOCK];
    struct stat st;
    uint64_t number;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    number = blocks_before_end(fd, (uint64_t)st.st_size / BLOCK);
    if (number < 2 || !read_block(fd, --number, block) || !is_last_text(block))
        return false;
    for (uint64_t read = 0; number > 0 && read <= RN_MEMBER_MAX / BLOCK; read++) {
        if (!read_block(fd, --number, block))
            return false;
        if (!memchr(block, 0, BLOCK))
            continue;
        *offset = number * BLOCK;
        return strncmp((const char *)block, member, 100) == 0 &&
               memcmp(block + MAGIC_OFFSET, "ustar", 5) == 0;
    }
    return false;
}

bool rn_archive_event_number(const char *name, uint32_t *number)
{
    size_t prefix = strlen(RN_MEMBER_EVENTS);
    unsigned long value;
    char *end;

    if (strncmp(name, RN_MEMBER_EVENTS, prefix) != 0 || name[prefix] < '0' || name[prefix] > '9')
        return false;
    value = strtoul(name + prefix, &end, 10);
    if (value > UINT32_MAX || strcmp(end, ".rnc") != 0)
        return false;
    *number = (uint32_t)value;
    return true;
}

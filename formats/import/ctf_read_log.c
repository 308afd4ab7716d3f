/* SPDX-License-Identifier: MIT */
/* Some of what is wrong with a trace libbabeltrace2 only logs. Standard error of the process that
 * decodes is a file of the memory, where it can be looked up. */
#include "ctf_read_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TAIL_BYTES 8192

bool rn_ctf_log_clear(void)
{
    return ftruncate(STDERR_FILENO, 0) == 0 && lseek(STDERR_FILENO, 0, SEEK_SET) == 0;
}

/* The last of what was logged. */
static bool read_log(char text[TAIL_BYTES])
{
    off_t size = lseek(STDERR_FILENO, 0, SEEK_END);
    off_t from = size > TAIL_BYTES - 1 ? size - (TAIL_BYTES - 1) : 0;
    ssize_t count = size > 0 ? pread(STDERR_FILENO, text, TAIL_BYTES - 1, from) : 0;
    if (count <= 0)
        return false;
    text[count] = 0;
    return true;
}

uint64_t rn_ctf_log_offset(void)
{
    static const char key[] = "packet-offset=";
    char text[TAIL_BYTES];
    const char *at = read_log(text) ? strstr(text, key) : NULL;
    return at ? strtoull(at + sizeof(key) - 1, NULL, 10) : RN_CTF_NO_OFFSET;
}

bool rn_ctf_log_metadata(char *out, size_t size)
{
    char text[TAIL_BYTES];
    char *at = read_log(text) ? strstr(text, "At line ") : NULL;
    if (!at)
        return false;
    at[strcspn(at, "\n")] = 0;
    snprintf(out, size, "%s", at);
    return true;
}

void rn_ctf_strip_addresses(char *text)
{
    char *at;
    while ((at = strstr(text, "-addr=0x"))) {
        char *end = at + strlen("-addr=0x");
        while (at > text && at[-1] != ' ')
            at--;
        end += strspn(end, "0123456789abcdef");
        end += strspn(end, ", ");
        memmove(at, end, strlen(end) + 1);
    }
    size_t length = strlen(text);
    while (length && strchr(":, ", text[length - 1]))
        text[--length] = 0;
}

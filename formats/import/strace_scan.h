/* SPDX-License-Identifier: MIT */
/* The text of a line of strace, piece by piece. Lines have a NUL at `end`, so that looking one
 * character ahead is safe; functions move *at behind what they took, and leave it where they fail.
 * Private to strace_*.c. */
#ifndef RN_STRACE_SCAN_H
#define RN_STRACE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Where decoded bytes go: as large as the line may need, so that it never moves. */
struct strace_arena {
    uint8_t *next, *end;
};

struct strace_string {
    const uint8_t *data; /* in the line, or in the arena where it had escapes */
    size_t size;
    bool cut; /* "..." followed: there was more */
};

static inline bool strace_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool strace_is_word(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strace_is_digit(c) || c == '_';
}

static inline bool strace_eat(const char **at, const char *literal)
{
    size_t length = strlen(literal);

    if (strncmp(*at, literal, length) != 0)
        return false;
    *at += length;
    return true;
}

static inline const char *strace_scan_word(const char *at)
{
    while (strace_is_word(*at))
        at++;
    return at;
}

/* 12, -1, 0x1f, 0644, NULL. */
bool strace_scan_number(const char **at, uint64_t *value);
/* Digits alone. False: none, or more than 64 bits. */
bool strace_scan_decimal(const char **at, uint64_t *value);
/* "text", "text"...; *at is at the quote. */
bool strace_scan_string(const char **at, const char *end, struct strace_arena *arena,
                        struct strace_string *string);
/* The end of an argument: before the comma or the closing bracket that is not its own. */
const char *strace_scan_skip(const char *at, const char *end);
/* </etc/passwd>, <TCP:[1.2.3.4:5->6.7.8.9:10]>; *at is at the '<'. */
bool strace_scan_angle(const char **at, const char *end, const char **name, size_t *length);
/* A comment and the space before it; false: there is none. */
bool strace_scan_comment(const char **at, const char *end);

/* `size` zeroed bytes, at a multiple of 8; NULL: no room. */
uint8_t *strace_arena_take(struct strace_arena *arena, size_t size);

#endif

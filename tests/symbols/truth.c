/* SPDX-License-Identifier: MIT */
/* Writes that say which function and line makes them: of C. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SAY(function)                                                                              \
    say_text(function, __LINE__)
#define say_text(function, line)                                                                   \
    do {                                                                                           \
        char text_[64];                                                                            \
        int size_ = snprintf(text_, sizeof text_, "%s truth.c:%d\n", function, line);              \
        if (write(1, text_, (size_t)size_) != size_)                                               \
            _exit(1);                                                                              \
    } while (0)

static inline __attribute__((always_inline)) void inlined(void)
{
    SAY("inlined");
}

static __attribute__((noinline)) void leaf(int depth)
{
    volatile char room[200];

    memset((char *)room, depth, sizeof room);
    SAY("leaf");
    inlined();
}

static __attribute__((noinline)) int recursive(int depth)
{
    if (depth == 0) {
        leaf(depth);
        return 1;
    }
    int below = recursive(depth - 1);
    SAY("recursive");
    return below + depth;
}

static __attribute__((noinline)) void through_pointer(void (*function)(int), int times)
{
    for (int i = 0; i < times; i++)
        function(i);
    SAY("through_pointer");
}

int main(void)
{
    int sum = recursive(5);

    through_pointer(leaf, 20);
    SAY("main");
    return sum == 0;
}

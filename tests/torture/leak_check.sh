#!/bin/sh
# SPDX-License-Identifier: MIT
# AddressSanitizer, whose shadow memory lies where a program has nothing else, and LeakSanitizer, which
# traces the program at its end and cannot do so under a tracer: as under strace -f, it must say so and
# not hang.
# needs: gcc
# as: strace
# engines: apart
cat >leak.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    char *kept = malloc(100), *lost = malloc(argc > 5 ? 1 : 33);
    for (int i = 0; i < 50; i++)
        getppid();
    puts(lost ? "begun" : argv[0]);
    lost = NULL;
    free(kept);
    return 0;
}
END
cat >bound.c <<'END'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    char *room = malloc(10);
    memset(room, 1, 10);
    (void)argv;
    return write(1, room, argc + 15) > 0;
}
END
gcc -g -fsanitize=address -o leak leak.c && gcc -g -fsanitize=address -o bound bound.c || exit 1
ASAN_OPTIONS=detect_leaks=0 ./leak
echo "without: $?"
ASAN_OPTIONS=detect_leaks=1 ./leak 2>&1 | sed 's/==[0-9]*==//' | grep -E 'begun|LeakSanitizer'
./bound 2>&1 | grep -o 'heap-buffer-overflow' | head -n 1

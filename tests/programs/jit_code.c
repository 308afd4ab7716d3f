/* SPDX-License-Identifier: MIT */
/* Makes code while it runs, as runtimes do, writes a perf map of it (under the pid that it sees
 * itself), and calls getppid from that code. With an argument: no map. Prints the map's path. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* g calls f, f calls what it is given; both with frames. */
#if defined(__x86_64__)
static const unsigned char code[] = {0x55, 0x48, 0x89, 0xe5, 0xe8, 2,    0,    0,    0,   0x5d,
                                     0xc3, 0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};
#define F 11u
#else
static const unsigned code[] = {0xa9bf7bfd, 0x910003fd, 0x94000003, 0xa8c17bfd, 0xd65f03c0,
                                0xa9bf7bfd, 0x910003fd, 0xd63f0000, 0xa8c17bfd, 0xd65f03c0};
#define F 20u
#endif

int main(int argc, char **argv)
{
    char path[64];
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void (*function)(pid_t(*)(void));
    FILE *map;

    (void)argv;
    if (memory == MAP_FAILED)
        return 1;
    memcpy(memory, code, sizeof code);
    if (mprotect(memory, 4096, PROT_READ | PROT_EXEC) != 0)
        return 1;
    memcpy(&function, &memory, sizeof function);
    snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)getpid());
    if (argc == 1) {
        map = fopen(path, "w");
        if (!map)
            return 1;
        fprintf(map, "%lx 1000 what was there before\n", (unsigned long)memory);
        fprintf(map, "%lx %x LazyCompile:~g /app.js:7\n", (unsigned long)memory, F);
        fprintf(map, "%lx %zx LazyCompile:~f /app.js:3\n", (unsigned long)memory + F,
                sizeof code - F);
        fclose(map);
    }
    function(getppid);
    puts(path);
    return 0;
}

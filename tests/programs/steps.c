/* SPDX-License-Identifier: MIT */
/* steps COUNTER LIMIT: seek to 1, 2, 3... and say in the shared file COUNTER how far it has come.
 * Whatever a recorder lost can be told from what it has. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int fd = open(argv[1], O_RDWR | O_CREAT, 0666);
    if (fd < 0 || ftruncate(fd, sizeof(uint64_t)) != 0)
        return 2;
    volatile uint64_t *counter =
        mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (counter == MAP_FAILED)
        return 2;
    long limit = atol(argv[2]);
    for (long i = 1; i <= limit; i++) {
        if (lseek(fd, i, SEEK_SET) != i)
            return 3;
        *counter = (uint64_t)i;
    }
    return 0;
}

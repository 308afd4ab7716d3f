/* SPDX-License-Identifier: MIT */
/* copy HOW FROM TO [CHANGE]: copies a file by one way or another, so that two ways can be compared.
 * CHANGE: a byte to add to the last one that is written, where that way goes through this program's
 * memory; else the byte is written over afterwards. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int from, to;
static size_t size;
static int change;

static void check(long result, const char *what)
{
    if (result < 0) {
        perror(what);
        exit(2);
    }
}

static char *whole(void)
{
    char *buffer = malloc(size + 1);
    size_t done = 0;

    while (done < size) {
        ssize_t got = read(from, buffer + done, size - done);

        check(got, "read");
        done += (size_t)got;
    }
    if (size)
        buffer[size - 1] = (char)(buffer[size - 1] + change);
    return buffer;
}

static void by_write(size_t piece)
{
    char *buffer = whole();

    for (size_t done = 0; done < size;) {
        size_t length = size - done < piece ? size - done : piece;
        ssize_t put = write(to, buffer + done, length);

        check(put, "write");
        done += (size_t)put;
    }
    free(buffer);
}

static void by_writev(void)
{
    char *buffer = whole();
    size_t half = size / 3;
    struct iovec parts[2] = {{buffer, half}, {buffer + half, size - half}};

    check(writev(to, parts, 2), "writev");
    free(buffer);
}

static void by_pwrite(void)
{
    char *buffer = whole();
    size_t half = size / 2;

    /* From the end to the begin. */
    check(pwrite(to, buffer + half, size - half, (off_t)half), "pwrite");
    check(pwrite(to, buffer, half, 0), "pwrite");
    free(buffer);
}

static void by_mmap(void)
{
    char *source, *target;

    check(ftruncate(to, (off_t)size), "ftruncate");
    source = mmap(NULL, size, PROT_READ, MAP_PRIVATE, from, 0);
    target = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, to, 0);
    memcpy(target, source, size);
    target[size - 1] = (char)(target[size - 1] + change);
    munmap(target, size);
    munmap(source, size);
}

static void patch_last(void)
{
    char byte;

    if (!change)
        return;
    check(pread(from, &byte, 1, (off_t)size - 1), "pread");
    byte = (char)(byte + change);
    check(pwrite(to, &byte, 1, (off_t)size - 1), "pwrite");
}

static void by_sendfile(void)
{
    for (size_t done = 0; done < size;) {
        ssize_t put = sendfile(to, from, NULL, size - done);

        check(put, "sendfile");
        done += (size_t)put;
    }
    patch_last();
}

static void by_copy_file_range(void)
{
    for (size_t done = 0; done < size;) {
        ssize_t put = copy_file_range(from, NULL, to, NULL, size - done, 0);

        check(put, "copy_file_range");
        done += (size_t)put;
    }
    patch_last();
}

static void by_splice(void)
{
    int ends[2];

    check(pipe(ends), "pipe");
    for (size_t done = 0; done < size;) {
        ssize_t got = splice(from, NULL, ends[1], NULL, 65536, 0);

        check(got, "splice");
        for (ssize_t put = 0; put < got;) {
            ssize_t more = splice(ends[0], NULL, to, NULL, (size_t)(got - put), 0);

            check(more, "splice");
            put += more;
        }
        done += (size_t)got;
    }
    patch_last();
}

int main(int argc, char **argv)
{
    struct stat info;
    const char *how = argc > 1 ? argv[1] : "";

    if (argc < 4)
        return 2;
    from = open(argv[2], O_RDONLY);
    check(from, argv[2]);
    to = open(argv[3], O_RDWR | O_CREAT | O_TRUNC, 0644);
    check(to, argv[3]);
    check(fstat(from, &info), "fstat");
    size = (size_t)info.st_size;
    change = argc > 4 ? atoi(argv[4]) : 0;
    if (!strcmp(how, "write"))
        by_write(65536);
    else if (!strcmp(how, "small"))
        by_write(1000);
    else if (!strcmp(how, "writev"))
        by_writev();
    else if (!strcmp(how, "pwrite"))
        by_pwrite();
    else if (!strcmp(how, "mmap"))
        by_mmap();
    else if (!strcmp(how, "sendfile"))
        by_sendfile();
    else if (!strcmp(how, "copy_file_range"))
        by_copy_file_range();
    else if (!strcmp(how, "splice"))
        by_splice();
    else
        return 2;
    return 0;
}

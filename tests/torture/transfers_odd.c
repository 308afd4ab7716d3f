/* SPDX-License-Identifier: MIT */
/* Transfers of every shape: none, part, more than there is, huge, scattered, inside the kernel, with
 * descriptors beside the bytes. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define HUGE_LENGTH (256ul << 20)

static char buffer[1 << 20];

static void say(const char *what, long result)
{
    printf("%s: %ld %s\n", what, result, result < 0 ? strerror(errno) : "");
}

static void lengths(int file, int zero, int null)
{
    char *huge = mmap(NULL, HUGE_LENGTH, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    say("nothing", read(file, buffer, 0));
    say("nothing to nowhere", read(file, NULL, 0));
    say("more than there is", pread(file, buffer, sizeof(buffer), 0));
    say("behind the end", pread(file, buffer, 10, 1 << 20));
    say("negative", pread(file, buffer, 10, -1));
    say("absurd", syscall(SYS_read, file, buffer, SIZE_MAX));
    say("absurd", syscall(SYS_write, null, buffer, SSIZE_MAX));
    say("huge", write(null, huge, HUGE_LENGTH));
    say("large", read(zero, huge, 8ul << 20));
    for (size_t size = 1; size < 70000; size = size * 3 + 1)
        say("size", pwrite(file, buffer, size, 0));
}

static void partial(void)
{
    int ends[2];
    struct pollfd waiting;

    (void)!pipe2(ends, O_NONBLOCK);
    waiting = (struct pollfd){ends[1], POLLOUT, 0};
    say("part", write(ends[1], buffer, sizeof(buffer)));
    say("full", write(ends[1], buffer, sizeof(buffer)));
    say("poll", poll(&waiting, 1, 0));
    say("some", read(ends[0], buffer, 5000));
    say("part", write(ends[1], buffer, 8000));
    say("wrong end", read(ends[1], buffer, 1));
    close(ends[0]);
    close(ends[1]);
    say("closed", read(ends[0], buffer, 1));
}

static void vectors(int file)
{
    struct iovec many[IOV_MAX + 1], odd[4] = {{buffer, 0}, {buffer, 1}, {NULL, 0}, {buffer + 8, 4095}};

    for (int i = 0; i <= IOV_MAX; i++)
        many[i] = (struct iovec){buffer + i * 3, 3};
    lseek(file, 0, SEEK_SET);
    say("writev", writev(file, odd, 4));
    say("writev of none", writev(file, odd, 0));
    say("writev of 16", writev(file, many, 16));
    say("writev of 17", writev(file, many, 17));
    say("writev of all", writev(file, many, IOV_MAX));
    say("writev of too many", writev(file, many, IOV_MAX + 1));
    lseek(file, 0, SEEK_SET);
    say("readv", readv(file, odd, 4));
    say("readv of 17", readv(file, many, 17));
    say("preadv", preadv(file, many, 20, 7));
    odd[1].iov_len = SIZE_MAX;
    say("readv of absurd", readv(file, odd, 4));
}

static void in_kernel(int file, int null)
{
    int other = open("other", O_RDWR | O_CREAT | O_TRUNC, 0666), ends[2];
    off_t offset = 3;
    loff_t from = 5, to = 0;

    (void)!pipe(ends);
    lseek(file, 0, SEEK_SET);
    say("sendfile", sendfile(other, file, NULL, 1000));
    say("sendfile", sendfile(other, file, &offset, 1000));
    say("copy_file_range", copy_file_range(file, &from, other, &to, 3000, 0));
    say("splice in", splice(file, NULL, ends[1], NULL, 2000, 0));
    say("tee", tee(ends[0], ends[1], 10, SPLICE_F_NONBLOCK));
    say("splice out", splice(ends[0], NULL, null, NULL, 2000, 0));
    close(other);
    close(ends[0]);
    close(ends[1]);
}

static void send_descriptor(int through, int fd)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
    struct iovec vectors[2] = {{"one", 3}, {"two", 3}};
    struct msghdr message = {.msg_iov = vectors, .msg_iovlen = 2, .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};

    memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
    say("sendmsg", sendmsg(through, &message, 0));
}

static void messages(int fd)
{
    char control[64];
    struct iovec vectors[2] = {{buffer, 2}, {buffer + 100, 100}};
    struct msghdr message = {.msg_iov = vectors, .msg_iovlen = 2, .msg_control = control,
                             .msg_controllen = sizeof(control)};
    struct mmsghdr several[3] = {{.msg_hdr = message}, {.msg_hdr = message}, {.msg_hdr = message}};
    int pair[2];

    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair);
    send_descriptor(pair[0], fd);
    say("recvmsg", recvmsg(pair[1], &message, 0));
    say("control", (long)message.msg_controllen);
    say("peek", (send(pair[0], "hello", 5, 0), recv(pair[1], buffer, 2, MSG_PEEK | MSG_TRUNC)));
    say("truncated", recv(pair[1], buffer, 2, MSG_TRUNC));
    say("none", recv(pair[1], buffer, 2, 0));
    say("empty", send(pair[0], "", 0, 0));
    say("empty", recv(pair[1], buffer, 2, 0));
    say("sendmmsg", sendmmsg(pair[0], several, 3, 0));
    say("recvmmsg", recvmmsg(pair[1], several, 3, 0, NULL));
    close(pair[0]);
    say("to nobody", send(pair[1], "x", 1, MSG_NOSIGNAL));
    close(pair[1]);
}

int main(void)
{
    int file = open("file", O_RDWR | O_CREAT | O_TRUNC, 0666);
    int zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY);

    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    for (size_t i = 0; i < sizeof(buffer); i++)
        buffer[i] = (char)(i * 7 + i / 251);
    (void)!write(file, buffer, 100000);
    lengths(file, zero, null);
    partial();
    vectors(file);
    in_kernel(file, null);
    messages(file);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Descriptors that travel: SCM_RIGHTS, dup, F_DUPFD, pidfd_getfd, and what names them. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

int main(void)
{
    int pair[2], received;
    int fd = open("/dev/zero", O_RDONLY);
    char bytes[] = "hello", control[CMSG_SPACE(sizeof(int))];
    struct iovec parts[2] = {{bytes, 2}, {bytes + 2, 3}};
    struct msghdr message = {.msg_iov = parts,
                             .msg_iovlen = 2,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    if (fd < 0 || socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0)
        return 2;
    memset(control, 0, sizeof control);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    if (sendmsg(pair[0], &message, 0) != 5)
        return 3;
    memset(bytes, 0, sizeof bytes);
    if (recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC) != 5 || strcmp(bytes, "hello") != 0)
        return 4;
    memcpy(&received, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof received);
    if (fcntl(received, F_DUPFD_CLOEXEC, 20) != 20)
        return 5;
    return read(20, bytes, sizeof bytes) == sizeof bytes ? 0 : 6;
}

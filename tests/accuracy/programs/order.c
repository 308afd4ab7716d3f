/* SPDX-License-Identifier: MIT */
/* order WORD...: does what the words say, in that order. Two orders of the same words make a pair.
 *   w   write a line to `data`        s  fsync it
 *   o   print a line                  e  print a line to standard error
 *   r   rename `data` to `done`       m  make `marker`
 *   cN  connect to port N of 127.0.0.1, send "ping N", read the answer
 *   pN  the same, but the answer is read at the end
 *   uN  send a datagram to port N     x  exit with status 3 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int data = -1;
static int waiting[16], waiting_count;

static void put(int fd, const char *text)
{
    if (write(fd, text, strlen(text)) < 0)
        exit(2);
}

static void open_data(void)
{
    if (data < 0)
        data = open("data", O_WRONLY | O_CREAT | O_TRUNC, 0644);
}

static void talk(const char *word)
{
    int port = atoi(word + 1), type = *word == 'u' ? SOCK_DGRAM : SOCK_STREAM;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, type, 0);
    char text[64];

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        perror("connect");
        exit(2);
    }
    snprintf(text, sizeof text, "ping %s\n", word + 1);
    put(fd, text);
    if (*word == 'c') {
        if (read(fd, text, sizeof text) < 0)
            exit(2);
        close(fd);
    } else if (*word == 'p') {
        waiting[waiting_count++] = fd;
    } else {
        close(fd);
    }
}

static void act(const char *word)
{
    int fd;

    switch (*word) {
    case 'w':
        open_data();
        put(data, "a line of data\n");
        break;
    case 's':
        open_data();
        fsync(data);
        break;
    case 'o':
        put(1, "done\n");
        break;
    case 'e':
        put(2, "note\n");
        break;
    case 'r':
        rename("data", "done");
        break;
    case 'm':
        fd = open("marker", O_WRONLY | O_CREAT | O_TRUNC, 0644);
        close(fd);
        break;
    case 'x':
        exit(3);
    default:
        talk(word);
        break;
    }
}

int main(int argc, char **argv)
{
    char text[64];

    for (int i = 1; i < argc; i++)
        act(argv[i]);
    for (int i = 0; i < waiting_count; i++) {
        if (read(waiting[i], text, sizeof text) < 0)
            return 2;
    }
    return 0;
}

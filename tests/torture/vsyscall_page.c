/* SPDX-License-Identifier: MIT */
/* notice: uses the vsyscall page unless no vsyscall page
 * Calls of the vsyscall page, which begin at the filter and have no end that a tracer sees, between
 * ordinary ones. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

#define GETTIMEOFDAY ((uintptr_t)0xffffffffff600000)

static void no_page(int signo)
{
    (void)signo;
    (void)!write(1, "no vsyscall page\n", 17);
    _exit(0);
}

int main(void)
{
    long (*get_time)(struct timeval *, void *) =
        (long (*)(struct timeval *, void *))GETTIMEOFDAY;

    signal(SIGSEGV, no_page);
    for (int i = 0; i < 100; i++) {
        struct timeval now = {0, 0};
        long result = get_time(&now, NULL);

        getppid();
        printf("%ld %d\n", result, now.tv_sec > 0);
        fflush(stdout);
    }
    return 0;
}

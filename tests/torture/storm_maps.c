/* SPDX-License-Identifier: MIT */
/* storm: yes
 * Files are mapped to run code from them while signals arrive. (That each is stated is for
 * tests/cli/told_maps.sh.) They must not arrive faster than any tracer can deliver them: a stop for
 * each takes up to 100 us where processors are virtual, and the program would never go on. */
#include "storm.h"

#include <fcntl.h>
#include <sys/mman.h>

#define MAPPINGS 2000

static volatile sig_atomic_t arrived;

static void on_alarm(int signo)
{
    (void)signo;
    arrived++;
}

int main(void)
{
    int file = open("/proc/self/exe", O_RDONLY);

    handle_signal(SIGALRM, on_alarm, SA_RESTART);
    start_storm(1000);
    for (int i = 0; i < MAPPINGS; i++) {
        void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);

        if (code == MAP_FAILED || munmap(code, 4096) != 0)
            fail_test("mmap");
    }
    end_storm();
    puts(arrived > 0 ? "mapped while signals came" : "no signal came");
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* --symbols: what rn-info does, when the program has ended. The recorder itself is loaded before
 * the program starts, and does without the libraries that this takes. */
#include "cli.h"
#include "cli_record.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void cli_record_symbols(const char *output, bool debuginfod)
{
    char *argv[] = {"rn-info", "--embed-symbols", "--quiet", "--", (char *)output, NULL, NULL};
    int status = -1;
    pid_t pid;

    if (debuginfod) {
        argv[3] = "--debuginfod";
        argv[4] = "--";
        argv[5] = (char *)output;
    }
    pid = fork();

    if (pid == 0) {
        cli_execute(argv[0], argv);
        cli_fail("cannot run %s: %s", argv[0], strerror(errno));
        _exit(CLI_EXIT_NOT_FOUND);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (status != 0)
        cli_fail("no symbols were put into %s; 'rn-info --embed-symbols' can do that later",
                 output);
}

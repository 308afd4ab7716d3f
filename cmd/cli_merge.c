/* SPDX-License-Identifier: MIT */
#include "cli_merge.h"

#include "formats/temporary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define COPY_BYTES (256u << 10)

static bool copy_input(int to)
{
    uint8_t *bytes = malloc(COPY_BYTES);
    bool fine = bytes != NULL;
    ssize_t got;

    while (fine && (got = read(STDIN_FILENO, bytes, COPY_BYTES)) != 0) {
        for (ssize_t done = 0; fine && done < got;) {
            ssize_t put = write(to, bytes + done, (size_t)(got - done));

            fine = put > 0 || (put < 0 && errno == EINTR);
            done += put > 0 ? put : 0;
        }
        fine = fine && (got > 0 || errno == EINTR);
    }
    free(bytes);
    return fine;
}

const char *cli_merge_spool(struct cli_merge_spool *spool)
{
    struct rn_error err = RN_ERROR_INIT;

    if (*spool->path) {
        cli_fail("standard input can be given once");
        return NULL;
    }
    if (rn_temporary_file(&spool->fd, &err) != RN_OK) {
        cli_error(&err);
        return NULL;
    }
    snprintf(spool->path, sizeof spool->path, "/proc/self/fd/%d", spool->fd);
    if (copy_input(spool->fd))
        return spool->path;
    cli_fail("%s: cannot keep standard input: %s", rn_temporary_directory(), strerror(errno));
    return NULL;
}

void cli_merge_unspool(struct cli_merge_spool *spool)
{
    if (*spool->path)
        close(spool->fd);
}

void cli_merge_open_many(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* ---- the order of two events ---- */

static const char *answer_of(enum rn_order order)
{
    return order == RN_ORDER_BEFORE ? "yes" : order == RN_ORDER_CONCURRENT ? "concurrent" : "no";
}

int cli_merge_before(const char *path, const char *a, const char *b, bool json)
{
    struct rn_error err = RN_ERROR_INIT;
    enum rn_order order;

    if (rn_merge_order(path, a, b, &order, &err) != RN_OK) {
        cli_error(&err);
        return RN_EXIT_TROUBLE;
    }
    if (json)
        printf("{\"format\":\"renacer-order\",\"version\":1,\"before\":\"%s\"}\n",
               answer_of(order));
    else
        puts(answer_of(order));
    if (fflush(stdout) != 0) {
        cli_fail("cannot write: %s", strerror(errno));
        return RN_EXIT_TROUBLE;
    }
    return order == RN_ORDER_BEFORE ? RN_EXIT_OK : RN_EXIT_ANSWER;
}

/* SPDX-License-Identifier: MIT */
/* Common reasons why programs are slow, each with the numbers that show it. Times are ticks. A
 * pattern that was not found has `found` false, whatever its numbers are. */
#ifndef RN_CRITICAL_PATTERN_H
#define RN_CRITICAL_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

/* One process has more than half of the path, where there are several. */
#define RN_CRITICAL_DOMINANT_SHARE 0.5
/* Calls of one name in a row, at least RUN of them in a run, each of at most CALL_NS on average,
 * and the runs make up this share of the path. */
#define RN_CRITICAL_LOOP_RUN     100u
#define RN_CRITICAL_LOOP_CALL_NS 20000u
#define RN_CRITICAL_LOOP_BYTES   64u /* a transfer of more on average is not tiny */
#define RN_CRITICAL_LOOP_SHARE   0.1
#define RN_CRITICAL_LOOP_PART    20u /* of the loop's time that is in the calls: one in so many */
/* Transfers take more than this share of the time of kernels. */
#define RN_CRITICAL_TRANSFER_SHARE 0.5
/* So many writes, each of less than so many bytes and made durable by itself (O_SYNC, O_DSYNC, or
 * followed by fsync or fdatasync): MANY are always worth a word, FEW where they are this share of
 * the time recorded. */
#define RN_CRITICAL_SYNC_BYTES 4096u
#define RN_CRITICAL_SYNC_FEW   16u
#define RN_CRITICAL_SYNC_MANY  100u
#define RN_CRITICAL_SYNC_SHARE 0.05

struct rn_critical_patterns {
    struct {
        bool found;
        uint64_t pid, ticks;
        const char *program;
    } dominant;
    struct {
        bool found;
        uint64_t pid, tid;
        const char *call; /* name */
        uint64_t runs, calls, bytes;
        uint64_t ticks;    /* from the first call of each run to the end of its last */
        uint64_t in_calls; /* of them, in the calls themselves */
    } loop;
    struct {
        bool found;
        uint64_t transfers, bytes, transfer_ticks;
        uint64_t kernels, kernel_ticks;
    } transfers;
    struct {
        bool found;
        uint64_t writes, bytes;
        uint64_t ticks;   /* in the writes and in what makes them durable */
        const char *path; /* of the file with most of them, NULL unknown */
        uint64_t path_writes;
    } synchronous;
};

#endif

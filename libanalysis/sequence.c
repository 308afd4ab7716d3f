/* SPDX-License-Identifier: MIT */
#include "sequence.h"

#include "formats/syscall_table.h"

#include <stdlib.h>
#include <string.h>

/* The first name is the one that is shown. 46 lines: file, descriptors, network, process. */
static const char *const folded[RN_SEQUENCE_CALLS] = {
    "open openat openat2 creat",
    "close",
    "read readv",
    "write writev",
    "pread64 preadv preadv2",
    "pwrite64 pwritev pwritev2",
    "lseek _llseek",
    "truncate truncate64",
    "ftruncate ftruncate64",
    "fallocate",
    "fsync fdatasync",
    "rename renameat renameat2",
    "unlink unlinkat",
    "link linkat",
    "symlink symlinkat",
    "mkdir mkdirat",
    "rmdir",
    "mknod mknodat",
    "chmod fchmod fchmodat fchmodat2",
    "chown fchown lchown fchownat chown32 fchown32 lchown32",
    "utimensat utime utimes futimesat",
    "setxattr lsetxattr fsetxattr",
    "removexattr lremovexattr fremovexattr",
    "chdir",
    "fchdir",
    "getdents64 getdents",
    "dup",
    "dup2 dup3",
    "pipe pipe2",
    "splice",
    "sendfile sendfile64",
    "copy_file_range",
    "socket",
    "socketpair",
    "connect",
    "bind",
    "listen",
    "accept accept4",
    "sendto sendmsg sendmmsg",
    "recvfrom recvmsg recvmmsg",
    "shutdown",
    "fork vfork clone clone3",
    "execve execveat",
    "wait4 waitid waitpid",
    "kill tkill tgkill",
    "exit_group exit",
};

#define NUMBERS 1024u

struct rn_sequence {
    uint8_t codes[RN_ABI_COUNT][NUMBERS]; /* 1 + index in `folded`; 0: not in the list */
    uint8_t *calls;
    size_t count, capacity;
};

static void add_name(struct rn_sequence *sequence, const char *name, size_t length, unsigned index)
{
    for (unsigned abi = 0; abi < RN_ABI_COUNT; abi++) {
        int nr = rn_syscall_number((enum rn_abi)abi, name, length);

        if (nr >= 0 && (unsigned)nr < NUMBERS)
            sequence->codes[abi][nr] = (uint8_t)(index + 1);
    }
}

struct rn_sequence *rn_sequence_new(void)
{
    struct rn_sequence *sequence = calloc(1, sizeof *sequence);

    for (unsigned i = 0; sequence && i < RN_SEQUENCE_CALLS; i++) {
        for (const char *at = folded[i]; *at; at += strspn(at, " ")) {
            size_t length = strcspn(at, " ");

            add_name(sequence, at, length, i);
            at += length;
        }
    }
    return sequence;
}

void rn_sequence_free(struct rn_sequence *sequence)
{
    if (!sequence)
        return;
    free(sequence->calls);
    free(sequence);
}

enum rn_status rn_sequence_feed(struct rn_sequence *sequence, const struct rn_event *event,
                                struct rn_error *err)
{
    const struct rn_syscall *call = &event->u.syscall;
    uint8_t code;

    if (event->kind != RN_KIND_SYSCALL || event->flags & RN_EVENT_SNAPSHOT ||
        call->abi >= RN_ABI_COUNT || call->nr >= NUMBERS || rn_syscall_failed(call))
        return RN_OK;
    code = sequence->codes[call->abi][call->nr];
    if (!code)
        return RN_OK;
    if (sequence->count == sequence->capacity) {
        size_t capacity = sequence->capacity ? 2 * sequence->capacity : 4096;
        uint8_t *calls;

        if (sequence->count >= RN_SEQUENCE_MAX)
            return rn_fail(err, RN_E_LIMIT, "more than %u calls to compare", RN_SEQUENCE_MAX);
        calls = realloc(sequence->calls, capacity);
        if (!calls)
            return rn_fail(err, RN_E_NOMEM, "no memory for the sequence of calls");
        sequence->calls = calls;
        sequence->capacity = capacity;
    }
    sequence->calls[sequence->count++] = code;
    return RN_OK;
}

size_t rn_sequence_length(const struct rn_sequence *sequence)
{
    return sequence->count;
}

const char *rn_sequence_name(unsigned i)
{
    static char names[RN_SEQUENCE_CALLS][24];

    if (i >= RN_SEQUENCE_CALLS)
        return NULL;
    if (!names[i][0]) {
        size_t length = strcspn(folded[i], " ");

        memcpy(names[i], folded[i], length < sizeof names[i] ? length : sizeof names[i] - 1);
    }
    return names[i];
}

const char *rn_sequence_call(const struct rn_sequence *sequence, size_t i)
{
    return i < sequence->count ? rn_sequence_name(sequence->calls[i] - 1u) : NULL;
}

/* Shortest edit script by E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986):
 * only its length. furthest[k] is how far on diagonal k an edit script of the length at hand gets
 * in `a`. Gives up behind `limit`. */
static size_t edit_distance(const uint8_t *a, size_t count_a, const uint8_t *b, size_t count_b,
                            size_t limit, size_t *furthest, bool *cut_off)
{
    size_t offset = limit + 1;

    *cut_off = false;
    furthest[offset + 1] = 0;
    for (size_t d = 0; d <= limit; d++) {
        for (size_t i = 0; i <= d; i++) {
            size_t k = offset - d + 2 * i; /* diagonal k - offset */
            bool down = i == 0 || (i != d && furthest[k - 1] < furthest[k + 1]);
            size_t x = down ? furthest[k + 1] : furthest[k - 1] + 1;
            size_t y = x + offset - k;

            while (x < count_a && y < count_b && a[x] == b[y]) {
                x++;
                y++;
            }
            furthest[k] = x;
            if (x >= count_a && y >= count_b)
                return d;
        }
    }
    *cut_off = true;
    return limit + 1;
}

static const uint8_t *rest(const struct rn_sequence *sequence, size_t start)
{
    return sequence->count ? sequence->calls + start : NULL;
}

enum rn_status rn_sequence_compare(const struct rn_sequence *a, const struct rn_sequence *b,
                                   double tolerance, struct rn_sequence_result *result,
                                   struct rn_error *err)
{
    size_t total = a->count + b->count, both = a->count < b->count ? a->count : b->count;
    size_t start = 0, end = 0, limit, *furthest;

    memset(result, 0, sizeof *result);
    result->length_a = a->count;
    result->length_b = b->count;
    while (start < both && a->calls[start] == b->calls[start])
        start++;
    while (end < both - start && a->calls[a->count - 1 - end] == b->calls[b->count - 1 - end])
        end++;
    result->divergence = start;
    result->diverges = start < a->count || start < b->count;
    if (!result->diverges)
        return RN_OK;
    /* Twice what is tolerated says enough; and the cost is its square. */
    limit = (size_t)(2 * tolerance * (double)total) + 64;
    if (limit > 20000)
        limit = 20000;
    furthest = calloc(2 * limit + 4, sizeof *furthest);
    if (!furthest)
        return rn_fail(err, RN_E_NOMEM, "no memory to compare the sequences");
    result->distance = edit_distance(rest(a, start), a->count - start - end, rest(b, start),
                                     b->count - start - end, limit, furthest, &result->at_least);
    free(furthest);
    result->difference = total ? (double)result->distance / (double)total : 0;
    return RN_OK;
}

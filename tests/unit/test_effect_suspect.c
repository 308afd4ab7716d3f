/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include "formats/record_encode.h"
#include "formats/syscall_table.h"
#include "libanalysis/effect.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* One call of a stream. */
struct step {
    uint64_t stream;
    const char *name;
    uint64_t args[4], ret;
    uint64_t mode; /* of the descriptor that it gave; 0: not said */
};

static struct rn_event event_of(const struct step *step, struct rn_fd_identity *identity,
                                struct rn_attachment *given)
{
    int nr = rn_syscall_number(RN_ABI_X86_64, step->name, strlen(step->name));
    struct rn_event event = {.kind = RN_KIND_SYSCALL,
                             .stream = (uint32_t)step->stream,
                             .attachment_count = step->mode != 0,
                             .attachments = given};

    assert_true(nr >= 0);
    *identity = (struct rn_fd_identity){.fd = step->ret, .mode = step->mode};
    *given = (struct rn_attachment){.type = RN_ATT_FD,
                                    .arg = RN_ARG_RETURN,
                                    .size = sizeof *identity,
                                    .data = (void *)identity};
    event.u.syscall.nr = (uint64_t)nr;
    event.u.syscall.ret = step->ret;
    memcpy(event.u.syscall.args, step->args, sizeof step->args);
    return event;
}

static bool need_when_read(const struct step *steps, size_t count)
{
    struct rn_writer *writer = new_writer(path, NULL);
    struct rn_fd_identity identity;
    struct rn_attachment given;
    struct rn_reader *reader;
    bool need;

    for (size_t i = 0; i < count; i++) {
        struct rn_event event = event_of(&steps[i], &identity, &given);

        event.start = 5000 + i;
        assert_ok(rn_writer_add(writer, &event, &err));
    }
    assert_ok(rn_writer_seal(writer, &err));
    rn_writer_free(writer);
    assert_ok(rn_reader_open(path, &reader, &err));
    need = rn_effects_need_files(reader);
    rn_reader_free(reader);
    return need;
}

#define STREAMS 3u

/* Stream by stream, from the first on or from the last. */
static bool found_when_recorded(const struct step *steps, size_t count, bool last_first)
{
    struct rn_effects_watch *watch = rn_effects_watch_new();
    const uint8_t *wanted = rn_effects_watch_wanted(watch);
    struct rn_fd_identity identity;
    struct rn_attachment given;
    bool found;

    for (unsigned s = 0; s < STREAMS; s++)
        for (size_t i = 0; i < count; i++) {
            struct rn_event event = event_of(&steps[i], &identity, &given);
            struct rn_buf record = RN_BUF_INIT;

            if (steps[i].stream != (last_first ? STREAMS - s : s + 1) ||
                !wanted[event.u.syscall.nr])
                continue;
            assert_ok(rn_record_encode(&event, &record, &err));
            rn_effects_watch_call(watch, event.stream, &event.u.syscall, record.data, record.size);
            rn_buf_free(&record);
        }
    found = rn_effects_watch_found(watch);
    rn_effects_watch_free(watch);
    return found;
}

/* Whoever watches may find more, but nothing less, whatever stream comes first. */
static bool need_files(const struct step *steps, size_t count)
{
    bool need = need_when_read(steps, count);

    if (need)
        assert_true(found_when_recorded(steps, count, false) &&
                    found_when_recorded(steps, count, true));
    return need;
}

static bool watch_files(const struct step *steps, size_t count)
{
    bool found = found_when_recorded(steps, count, false);

    assert_int_equal(found, found_when_recorded(steps, count, true));
    return found;
}
#define NEED(...)                                                                                  \
    need_files((const struct step[]){__VA_ARGS__},                                                 \
               sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step))

#define WATCH(...)                                                                                 \
    watch_files((const struct step[]){__VA_ARGS__},                                                \
                sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step))

#define NEW   (O_WRONLY | O_CREAT | O_TRUNC)
#define FILE_ 0100644
#define TTY   020666

static void what_is_written_anew_follows(void **state)
{
    (void)state;
    assert_false(NEED({1, "openat", {0, 0, NEW}, 3, FILE_}, {1, "write", {3, 0, 5}, 5, 0}));
    assert_false(
        NEED({1, "openat", {0, 0, O_RDONLY}, 3, FILE_}, {1, "lseek", {3, 9, SEEK_SET}, 9, 0}));
    assert_false(NEED({1, "openat", {0, 0, O_RDWR}, 3, TTY}));
    assert_false(NEED({1, "openat", {0, 0, NEW}, 3, FILE_}, {1, "lseek", {3, 0, SEEK_CUR}, 0, 0}));
    assert_false(NEED({1, "openat", {0, 0, O_RDWR | O_CREAT | O_EXCL}, 3, FILE_},
                      {1, "write", {3, 0, 5}, 5, 0}));
    assert_false(NEED({1, "mmap", {0, 9, PROT_READ, MAP_SHARED}, 4096, 0}));
    assert_false(NEED({1, "pwrite64", {3, 0, 5}, (uint64_t)-9, 0}));
}

static void what_is_changed_does_not(void **state)
{
    (void)state;
    assert_true(NEED({1, "openat", {0, 0, O_RDWR}, 3, FILE_}));
    assert_true(NEED({1, "open", {0, O_WRONLY}, 3, FILE_}));
    assert_true(NEED({1, "open", {0, NEW | O_APPEND}, 3, 0}));
    assert_true(NEED({1, "openat", {0, 0, NEW}, 3, FILE_}, {1, "lseek", {3, 9, SEEK_SET}, 9, 0}));
    assert_true(NEED({1, "openat", {0, 0, O_RDWR | O_CREAT | O_EXCL}, 3, FILE_},
                     {1, "lseek", {3, 9, SEEK_SET}, 9, 0}));
    assert_true(NEED({1, "openat", {0, 0, O_RDWR | O_CREAT | O_EXCL | O_APPEND}, 3, FILE_}));
    assert_true(NEED({1, "openat", {0, 0, O_RDWR | O_CREAT | O_TRUNC}, 3, FILE_}));
    assert_true(NEED({1, "lseek", {1, 0, SEEK_SET}, 0, 0}));
    assert_true(NEED({1, "pwrite64", {3, 0, 5}, 5, 0}));
    assert_true(NEED({1, "mmap", {0, 9, PROT_WRITE, MAP_SHARED}, 4096, 0}));
}

/* Numbers are used again, and by other processes. */
static void descriptors_are_followed_by_stream(void **state)
{
    const struct step made = {1, "openat", {0, 0, NEW}, 3, FILE_};

    (void)state;
    assert_false(NEED(made, {1, "close", {3}, 0, 0}, {2, "lseek", {3, 9, SEEK_SET}, 9, 0}));
    assert_true(NEED(made, {2, "close", {3}, 0, 0}, {1, "lseek", {3, 9, SEEK_SET}, 9, 0}));
    assert_true(NEED(made, {1, "dup2", {3, 7}, 7, 0}, {1, "lseek", {7, 9, SEEK_SET}, 9, 0}));
    assert_true(
        NEED(made, {1, "fcntl", {3, F_DUPFD, 7}, 7, 0}, {1, "lseek", {7, 9, SEEK_SET}, 9, 0}));
    assert_false(
        NEED(made, {1, "fcntl", {3, F_GETFL}, 7, 0}, {1, "lseek", {7, 9, SEEK_SET}, 9, 0}));
}

/* A shell opens what a program writes, and that program moves about in what it reads. */
static void what_is_read_is_told_apart(void **state)
{
    const struct step out = {1, "openat", {0, 0, NEW}, 3, FILE_};
    const struct step in = {2, "openat", {0, 0, O_RDONLY}, 3, FILE_};
    const struct step move = {2, "lseek", {3, 9, SEEK_SET}, 9, 0};

    (void)state;
    assert_false(WATCH(out, {1, "dup2", {3, 1}, 1, 0}, in, move));
    assert_false(WATCH(in, move, {2, "write", {1, 0, 5}, 5, 0}));
    assert_false(WATCH(in, {2, "mmap", {0, 9, PROT_READ, MAP_SHARED}, 4096, 0}));
    assert_false(WATCH({1, "openat", {0, 0, O_RDWR}, 3, TTY}));
    assert_true(WATCH(out, move)); /* it may be the shell's */
    assert_true(WATCH(out, in, {2, "dup2", {1, 3}, 3, 0}, move));
    assert_true(WATCH(out, in, move, {2, "clone", {CLONE_THREAD}, 77, 0}));
    assert_true(WATCH(out, in, move, {1, "clone3", {0}, 77, 0}));
    assert_false(WATCH(out, in, move, {1, "clone", {SIGCHLD}, 77, 0}));
    assert_false(WATCH({1, "pwrite64", {3, 0, 5}, (uint64_t)-9, 0}));
    assert_true(WATCH({1, "pwrite64", {3, 0, 5}, 5, 0}));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_written_anew_follows),
        CASE(what_is_changed_does_not),
        CASE(descriptors_are_followed_by_stream),
        CASE(what_is_read_is_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

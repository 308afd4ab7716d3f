/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include "formats/syscall_table.h"
#include "libanalysis/effect.h"

#include <fcntl.h>
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

static void add_step(struct rn_writer *writer, const struct step *step, uint64_t start)
{
    struct rn_fd_identity identity = {.fd = step->ret, .mode = step->mode};
    struct rn_attachment given = {.type = RN_ATT_FD,
                                  .arg = RN_ARG_RETURN,
                                  .size = sizeof identity,
                                  .data = (void *)&identity};
    int nr = rn_syscall_number(RN_ABI_X86_64, step->name, strlen(step->name));
    struct rn_event event = {.kind = RN_KIND_SYSCALL,
                             .stream = (uint32_t)step->stream,
                             .start = start,
                             .attachment_count = step->mode != 0,
                             .attachments = &given};

    assert_true(nr >= 0);
    event.u.syscall.nr = (uint64_t)nr;
    event.u.syscall.ret = step->ret;
    memcpy(event.u.syscall.args, step->args, sizeof step->args);
    assert_ok(rn_writer_add(writer, &event, &err));
}

static bool need_files(const struct step *steps, size_t count)
{
    struct rn_writer *writer = new_writer(path, NULL);
    struct rn_reader *reader;
    bool need;

    for (size_t i = 0; i < count; i++)
        add_step(writer, &steps[i], 5000 + i);
    assert_ok(rn_writer_seal(writer, &err));
    rn_writer_free(writer);
    assert_ok(rn_reader_open(path, &reader, &err));
    need = rn_effects_need_files(reader);
    rn_reader_free(reader);
    return need;
}
#define NEED(...)                                                                                  \
    need_files((const struct step[]){__VA_ARGS__},                                                 \
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

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_written_anew_follows),
        CASE(what_is_changed_does_not),
        CASE(descriptors_are_followed_by_stream),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

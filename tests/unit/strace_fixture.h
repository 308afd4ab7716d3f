/* SPDX-License-Identifier: MIT */
/* Text of strace becomes a recording, which is read. */
#ifndef STRACE_FIXTURE_H
#define STRACE_FIXTURE_H

#include "recording.h"

#include "formats/import/import_formats.h"
#include "formats/syscall_table.h"

static unsigned problems;
static size_t notes;

static inline void on_problem(void *context, const struct rn_error *problem)
{
    (void)context;
    (void)problem;
    problems++;
}

static inline enum rn_status import_text(const char *text, bool keep_going)
{
    const struct rn_import_options options = {.path = path,
                                              .creator = "test 1.0",
                                              .tool = "strace",
                                              .name = "text.strace",
                                              .keep_going = keep_going,
                                              .on_problem = on_problem};
    struct rn_import *import;
    struct rn_input *input;
    char name[140];
    enum rn_status status;
    FILE *file;

    problems = 0;
    snprintf(name, sizeof name, "%s/text", directory);
    file = fopen(name, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    assert_ok(rn_input_open(name, &input, &err));
    assert_ok(rn_import_new(&options, &import, &err));
    status = rn_strace_import.read(input, import, &err);
    if (status == RN_OK)
        status = rn_import_finish(import, &err);
    notes = rn_import_account(import)->note_count;
    rn_import_free(import);
    rn_input_free(input);
    return status;
}

static inline struct rn_reader *read_text(const char *text)
{
    struct rn_reader *reader;

    assert_ok(import_text(text, false));
    assert_ok(rn_reader_open(path, &reader, &err));
    return reader;
}

static inline struct rn_event next_call(struct rn_reader *reader, const char *name)
{
    struct rn_event event = next_of(reader, RN_KIND_SYSCALL);

    assert_string_equal(rn_syscall_info(event.u.syscall.abi, event.u.syscall.nr)->name, name);
    return event;
}

static inline struct rn_event next_process(struct rn_reader *reader, enum rn_process_op op)
{
    struct rn_event event;

    do
        event = next_of(reader, RN_KIND_PROCESS);
    while (event.u.process.op != op);
    return event;
}

static inline void assert_text(const struct rn_event *event, uint8_t type, uint8_t arg,
                               const char *text)
{
    const struct rn_attachment *found = rn_event_attachment(event, type, arg);

    assert_non_null(found);
    assert_int_equal(found->size, strlen(text));
    assert_memory_equal(found->data, text, found->size);
}

#endif

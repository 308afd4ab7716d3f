/* SPDX-License-Identifier: MIT */
/* Text in the Trace Event Format becomes a recording, which is read. */
#ifndef CHROME_FIXTURE_H
#define CHROME_FIXTURE_H

#include "recording.h"

#include "formats/import/import_formats.h"

static char input_path[160];
static uint64_t problem_offset;
static char problem_text[512];
static const struct rn_import_account *account;
static struct rn_import *import;

static inline void on_problem(void *context, const struct rn_error *problem)
{
    (void)context;
    problem_offset = problem->offset;
    snprintf(problem_text, sizeof problem_text, "%s", problem->what);
}

static inline enum rn_status convert(const char *text, size_t size, bool keep_going)
{
    const struct rn_import_options options = {.path = path,
                                              .creator = "test 1.0",
                                              .tool = "chrome",
                                              .name = "input.json",
                                              .keep_going = keep_going,
                                              .on_problem = on_problem};
    struct rn_input *input;
    enum rn_status status;
    FILE *file;

    snprintf(input_path, sizeof input_path, "%s/input.json", directory);
    file = fopen(input_path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    fclose(file);
    err = (struct rn_error)RN_ERROR_INIT;
    assert_ok(rn_input_open(input_path, &input, &err));
    assert_ok(rn_import_new(&options, &import, &err));
    account = rn_import_account(import);
    status = rn_chrome_import.read(input, import, &err);
    if (status == RN_OK)
        status = rn_import_finish(import, &err);
    rn_input_free(input);
    return status;
}

static inline struct rn_reader *read_back(const char *text)
{
    struct rn_reader *reader;

    assert_ok(convert(text, strlen(text), false));
    assert_ok(rn_reader_open(path, &reader, &err));
    return reader;
}

static inline void done(struct rn_reader *reader)
{
    rn_reader_free(reader);
    rn_import_free(import);
}

static inline void assert_attached(const struct rn_event *event, uint8_t type, const char *text)
{
    const struct rn_attachment *found = rn_event_attachment(event, type, RN_ARG_ANY);

    if (!text) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_int_equal(found->size, strlen(text));
    assert_memory_equal(found->data, text, found->size);
}

static inline uint64_t noted(const char *what)
{
    for (size_t i = 0; i < account->note_count; i++)
        if (strstr(account->notes[i].what, what))
            return account->notes[i].count;
    return 0;
}

#endif

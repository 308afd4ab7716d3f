/* SPDX-License-Identifier: MIT */
/* From a file of another tool to a recording. */
#include "cli_convert.h"
#include "cli_remove.h"

#include <stdlib.h>
#include <string.h>

#define PROBLEMS_SHOWN 10u

struct telling {
    uint64_t problems;
    char *made[4]; /* what a signal would remove */
};

static void on_problem(void *context, const struct rn_error *err)
{
    struct telling *telling = context;

    if (++telling->problems <= PROBLEMS_SHOWN)
        cli_error(err);
}

static void on_making(void *context, bool begins)
{
    (void)context;
    if (begins)
        cli_remove_defer();
    else
        cli_remove_resume();
}

static void on_made(void *context, const char *path, bool tree)
{
    struct telling *telling = context;
    size_t i = 0;

    while (i < sizeof telling->made / sizeof *telling->made && telling->made[i])
        i++;
    if (i < sizeof telling->made / sizeof *telling->made && (telling->made[i] = strdup(path)))
        cli_remove_on_signal(path, tree ? CLI_REMOVE_TREE : CLI_REMOVE_ONE);
}

static void forget_made(struct telling *telling)
{
    for (size_t i = 0; i < sizeof telling->made / sizeof *telling->made; i++)
        if (telling->made[i]) {
            cli_remove_forget(telling->made[i]);
            free(telling->made[i]);
        }
}

/* The input of a format that is read from begin to end; NULL where it is one that is not. */
static enum rn_status open_input(const struct cli_convert *convert, const char *path,
                                 const struct rn_import_format **format, struct rn_input **input,
                                 struct rn_error *err)
{
    const uint8_t *head;
    size_t size;
    enum rn_status status;

    if (convert->from)
        *format = rn_import_format_named(convert->from);
    else
        *format = strcmp(path, "-") == 0 ? NULL : rn_import_format_of_path(path);
    if (*format && (*format)->read_path)
        return RN_OK;
    status = rn_input_open(path, input, err);
    if (status != RN_OK || *format)
        return status;
    status = rn_input_peek(*input, &head, &size, err);
    if (status == RN_OK && !(*format = rn_import_format_of(head, size))) {
        rn_fail(err, RN_E_FORMAT,
                "no known format is recognised (--list names them, --from says which it is)");
        return rn_fail_in(err, rn_input_name(*input));
    }
    return status;
}

static void tell(const struct rn_import *import, const char *name, bool keep_going)
{
    const struct rn_import_account *account = rn_import_account(import);

    for (size_t i = 0; i < account->note_count; i++)
        cli_warn("%s: %s: %llu", name, account->notes[i].what,
                 (unsigned long long)account->notes[i].count);
    if (account->problems && keep_going)
        cli_warn("%s: %llu malformed piece%s left out", name, (unsigned long long)account->problems,
                 account->problems == 1 ? " was" : "s were");
    if (cli_verbose)
        cli_warn("%s: %llu events", name, (unsigned long long)account->events);
}

int cli_convert_import(const struct cli_convert *convert, const char *path, const char *archive)
{
    const struct rn_import_format *format = NULL;
    struct rn_error err = RN_ERROR_INIT;
    struct rn_import *import = NULL;
    struct rn_input *input = NULL;
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    struct telling telling = {0};
    int result = RN_EXIT_TROUBLE;
    enum rn_status status = open_input(convert, path, &format, &input, &err);

    if (status == RN_OK) {
        const struct rn_import_options options = {.path = archive,
                                                  .creator = "rn-convert " RN_VERSION,
                                                  .tool = format->name,
                                                  .name = name,
                                                  .keep_going = convert->keep_going,
                                                  .on_problem = on_problem,
                                                  .on_making = on_making,
                                                  .on_made = on_made,
                                                  .context = &telling};

        status = rn_import_new(&options, &import, &err);
    }
    if (status == RN_OK)
        status = input ? format->read(input, import, &err) : format->read_path(path, import, &err);
    if (status == RN_OK)
        status = rn_import_finish(import, &err);
    if (import)
        tell(import, name, convert->keep_going);
    if (status != RN_OK) {
        if (import && rn_import_account(import)->problems && !convert->keep_going)
            snprintf(err.what + strlen(err.what), sizeof err.what - strlen(err.what),
                     " (--keep-going leaves it out)");
        cli_error(&err);
    } else {
        result = rn_import_account(import)->problems ? RN_EXIT_ANSWER : RN_EXIT_OK;
    }
    rn_import_free(import);
    forget_made(&telling);
    rn_input_free(input);
    return result;
}

/* SPDX-License-Identifier: MIT */
/* Recordings into a history, and whose history it is. */
#include "cli_fit.h"

#include "formats/escape.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static void tell(const char *path, const struct rn_run *run, enum rn_history_result result)
{
    static const char *const words[] = {"added", "is there already",
                                        "takes the place of an older one"};

    if (cli_verbose)
        cli_warn("%s: %s: %zu samples, %zu counts", path, words[result], run->sample_count,
                 run->aggregate_count);
}

static enum rn_status put(struct rn_history **history, const char *name, const struct rn_run *run,
                          enum rn_history_result *result, struct rn_error *err)
{
    enum rn_status status = *history ? RN_OK : rn_history_open(name, true, history, err);

    return status == RN_OK ? rn_history_add(*history, run, result, err) : status;
}

/* What could be read of a damaged recording is added; the message says that there was more. */
static bool add_one(struct rn_history **history, const char *name, const char *path)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_reader *reader;
    enum rn_history_result result;
    struct rn_run run = {.sample_count = 0};
    bool whole;

    if (rn_reader_open(path, &reader, &err) != RN_OK) {
        cli_error(&err);
        return false;
    }
    whole = rn_run_read(reader, &run, &err) == RN_OK;
    if (!whole)
        cli_error(&err);
    if (run.machine.cpu && put(history, name, &run, &result, &err) == RN_OK) {
        tell(path, &run, result);
    } else if (whole) {
        cli_error(&err);
        whole = false;
    }
    if (run.machine.cpu && !run.machine.cpu_fingerprint)
        cli_warn("%s: does not say which CPU it was made on", path);
    if (whole && run.sample_count == 0 && run.aggregate_count == 0)
        cli_warn(
            "%s: has no compute blocks, kernels or transfers; see rn-simd(7) on how to record them",
            path);
    if (run.lost || run.incomplete)
        cli_warn("%s: events are missing; what is there is used", path);
    rn_run_free(&run);
    rn_reader_free(reader);
    return whole;
}

bool cli_fit_add(struct rn_history **history, const char *name, char **paths)
{
    bool whole = true;

    for (; *paths; paths++)
        whole &= add_one(history, name, *paths);
    return whole;
}

static bool has_prefix(const struct rn_history_machine *machine, const char *prefix)
{
    char text[17];

    snprintf(text, sizeof text, "%016" PRIx64, machine->fingerprint);
    return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

const struct rn_history_machine *cli_fit_machine(const struct rn_history_machine *machines,
                                                 size_t count, const char *wanted,
                                                 const char *history, int *status)
{
    const struct rn_history_machine *found = NULL;

    *status = RN_EXIT_ANSWER;
    if (count == 0) {
        cli_fail("%s: the history has no runs: give recordings to add",
                 history ? history : "in memory");
        return NULL;
    }
    if (!wanted && count > 1) {
        cli_fail("%s runs of %zu machines, which cannot be mixed: choose one with --machine "
                 "(--machines lists them)",
                 history ? "the history has" : "the recordings are", count);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (wanted && !has_prefix(&machines[i], wanted))
            continue;
        if (found) {
            cli_fail("--machine '%s' fits several machines: give more digits", wanted);
            return NULL;
        }
        found = &machines[i];
    }
    if (!found)
        cli_fail("--machine '%s': %s of it (--machines lists them)", wanted,
                 history ? "the history has no runs" : "none of the recordings is");
    return found;
}

void cli_fit_list_machines(const struct rn_history_machine *machines, size_t count,
                           struct rn_buf *out)
{
    rn_buf_text(out, "machine           runs     samples  CPU; GPU\n");
    for (size_t i = 0; i < count; i++) {
        const char *cpu = *machines[i].cpu ? machines[i].cpu : "unknown CPU";
        const char *gpu = *machines[i].gpu ? machines[i].gpu : "none";

        rn_buf_printf(out, "%016" PRIx64 "  %4" PRIu64 "  %10" PRIu64 "  ", machines[i].fingerprint,
                      machines[i].runs, machines[i].samples);
        rn_escape_terminal(out, (const uint8_t *)cpu, strlen(cpu));
        rn_buf_text(out, "; ");
        rn_escape_terminal(out, (const uint8_t *)gpu, strlen(gpu));
        rn_buf_byte(out, '\n');
    }
}

/* SPDX-License-Identifier: MIT */
/* rn-info --embed-symbols: a recording that can be resolved where the program is not. */
#include "cli_info.h"

#include "formats/escape.h"
#include "libanalysis/symbol_embed.h"

#include <inttypes.h>
#include <string.h>

static void tell_unknown(void *context, const struct rn_code_module *module,
                         enum rn_symbol_state state)
{
    (void)context;
    if (state != RN_SYMBOL_NONE)
        cli_warn("%s: %s", module->path, rn_symbol_state_text(state));
}

static enum rn_status make_table(const char *path, const struct rn_locator_options *options,
                                 struct rn_buf *table, struct rn_symbol_embed_totals *totals,
                                 struct rn_error *err)
{
    struct rn_reader *reader = NULL;
    enum rn_status status = rn_reader_open(path, &reader, err);

    if (status == RN_OK && rn_reader_manifest(reader)->sources)
        status = rn_fail(err, RN_E_USAGE,
                         "is merged: put symbols into what it was made of, and merge that again");
    if (status == RN_OK)
        status = rn_symbol_table_make(reader, options, tell_unknown, NULL, table, totals, err);
    rn_reader_free(reader);
    return status;
}

static enum rn_status embed(const char *path, const struct rn_buf *table, struct rn_error *err)
{
    struct rn_reader *reader = NULL;
    enum rn_status status = rn_reader_open(path, &reader, err);

    if (status == RN_OK)
        status = rn_symbol_table_embed(reader, path, table, err);
    rn_reader_free(reader);
    return status;
}

bool cli_info_embed(const char *path, const struct rn_locator_options *options, struct rn_buf *out)
{
    struct rn_symbol_embed_totals totals;
    struct rn_error err = RN_ERROR_INIT;
    struct rn_buf table = RN_BUF_INIT;
    enum rn_status status;

    if (strcmp(path, "-") == 0) {
        cli_fail("symbols are put into a file: '-' is none");
        return false;
    }
    status = make_table(path, options, &table, &totals, &err);
    if (status == RN_OK)
        status = embed(path, &table, &err);
    rn_buf_free(&table);
    if (status != RN_OK) {
        rn_fail_in(&err, path);
        cli_error(&err);
        return false;
    }
    if (cli_quiet)
        return true;
    if (totals.made)
        cli_warn("%s: frames of code that a program made, without a name: %" PRIu64 " (%s)", path,
                 totals.made, totals.made_reason);
    rn_escape_terminal(out, (const uint8_t *)path, strlen(path));
    rn_buf_printf(out,
                  ": symbols of %" PRIu64 " frames of %" PRIu64 " calls put in, %" PRIu64
                  " have no name\n",
                  totals.frames, totals.calls, totals.nameless);
    return true;
}

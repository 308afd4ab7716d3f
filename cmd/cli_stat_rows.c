/* SPDX-License-Identifier: MIT */
#include "cli_stat_rows.h"

#include <string.h>
#include <sys/stat.h>

bool cli_stat_read_rows(struct cli_source *source, cli_stat_row_fn *function, void *context,
                        bool *usable)
{
    enum rn_status status = RN_OK;
    struct rn_event event;

    while (status == RN_OK || status == RN_E_FORMAT) {
        struct rn_error err = RN_ERROR_INIT;

        status = cli_source_next(source, &event);
        if (status != RN_OK)
            continue;
        if (function(context, source, &event, &err) != RN_OK) {
            cli_error(&err);
            *usable = false;
            return false;
        }
        status = cli_source_feed(source, &event);
    }
    *usable = status == RN_EOF;
    return *usable && source->damage == 0;
}

bool cli_stat_can_be_read_twice(const char *path, const char *option)
{
    struct stat info;

    if (strcmp(path, "-") != 0 &&
        (stat(path, &info) != 0 || S_ISREG(info.st_mode) || S_ISDIR(info.st_mode)))
        return true;
    cli_usage("%s reads the recording twice: put it into a file first", option);
    return false;
}

bool cli_stat_print(const char *output_path, cli_stat_render_fn *render, const void *context)
{
    struct cli_output *output = cli_output_open(output_path);
    struct rn_buf buf = RN_BUF_INIT;
    bool written;

    if (!output)
        return false;
    render(context, &buf);
    written = cli_output_close(output, &buf);
    rn_buf_free(&buf);
    return written;
}

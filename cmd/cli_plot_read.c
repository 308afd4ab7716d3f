/* SPDX-License-Identifier: MIT */
/* A recording, or a text with models, for a picture. */
#include "cli_plot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (64u << 20) /* bytes of a text with models */

static bool read_stream(FILE *file, const char *path, struct rn_buf *text)
{
    while (text->size <= TEXT_MAX) {
        uint8_t *room = rn_buf_reserve(text, 1 << 16);
        size_t count = room ? fread(room, 1, 1 << 16, file) : 0;

        text->size += count;
        if (count == 0)
            break;
    }
    if (text->failed)
        cli_fail("out of memory");
    else if (ferror(file))
        cli_fail("%s: cannot read: %s", path, strerror(errno));
    else if (text->size > TEXT_MAX)
        cli_fail("%s: is larger than 64 MiB: a text of 'rn-backend-fit --plot-data' is not", path);
    else
        return true;
    return false;
}

static bool read_models(struct rn_plot *plot, const char *path, struct rn_error *err)
{
    bool standard_input = strcmp(path, "-") == 0;
    FILE *file = standard_input ? stdin : fopen(path, "re");
    struct rn_buf text = RN_BUF_INIT;
    bool done = false;

    if (!file) {
        cli_fail("%s: cannot open: %s", path, strerror(errno));
        return false;
    }
    if (read_stream(file, path, &text)) {
        done = rn_plot_read_models(plot, standard_input ? "standard input" : path,
                                   (const char *)text.data, text.size, err) == RN_OK;
        if (!done)
            cli_error(err);
    }
    rn_buf_free(&text);
    if (!standard_input)
        fclose(file);
    return done;
}

/* False where there is nothing to draw of. */
static bool read_recording(struct rn_plot *plot, const char *path, bool *whole,
                           struct rn_error *err)
{
    struct rn_reader *reader = NULL;
    enum rn_status status;

    if (rn_reader_open(path, &reader, err) != RN_OK) {
        cli_error(err);
        return false;
    }
    status = rn_plot_read(plot, reader, err);
    rn_reader_free(reader);
    if (status == RN_OK)
        return true;
    cli_error(err);
    *whole = false;
    return status == RN_E_FORMAT || status == RN_E_LIMIT || status == RN_E_VERSION;
}

struct rn_plot *cli_plot_read(const struct rn_plot_options *options, const char *path, bool *whole)
{
    struct rn_plot *plot = rn_plot_new(options);
    struct rn_error err = RN_ERROR_INIT;
    bool usable;

    if (!plot) {
        cli_fail("out of memory");
        return NULL;
    }
    if (options->type == RN_PLOT_MODELS)
        usable = read_models(plot, path, &err);
    else
        usable = read_recording(plot, path, whole, &err);
    if (usable)
        return plot;
    rn_plot_free(plot);
    return NULL;
}

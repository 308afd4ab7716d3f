/* SPDX-License-Identifier: MIT */
#include "cli_imported.h"

#include <string.h>

static bool begins(const char *text, const char *with)
{
    return text && strncmp(text, with, strlen(with)) == 0;
}

/* Sentences of rn-convert; what the other tool said of itself is none. */
static void tell(const struct rn_event *event, const char *path)
{
    const struct rn_attachment *text = rn_event_attachment(event, RN_ATT_TEXT, RN_ARG_ANY);

    if (text && text->size && text->data[0] != '{' &&
        !(text->size > 13 && memcmp(text->data, "decisions of ", 13) == 0))
        cli_warn("%s: %.*s", path, (int)(text->size < 300 ? text->size : 300),
                 (const char *)text->data);
}

static void tell_batch(struct rn_batch *batch, const char *path)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_event event;

    for (uint32_t row = 0; batch->kind == RN_KIND_NOTICE && row < batch->rows; row++)
        if (rn_batch_event(batch, row, &event, &err) == RN_OK && !(event.flags & RN_EVENT_SNAPSHOT))
            tell(&event, path);
}

void cli_imported_warn(const char *path)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_reader *reader = NULL;
    struct rn_batch batch;

    if (cli_quiet || strcmp(path, "-") == 0 || rn_reader_open(path, &reader, &err) != RN_OK)
        return;
    if (begins(rn_reader_manifest(reader)->creator, "rn-convert "))
        while (rn_reader_next(reader, &batch, &err) == RN_OK)
            tell_batch(&batch, path);
    rn_reader_free(reader);
}

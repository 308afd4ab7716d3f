/* SPDX-License-Identifier: MIT */
/* What was wrong with an input, and what of it a recording does not have. */
#include "import_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum rn_status rn_import_problem(struct rn_import *import, uint64_t line, uint64_t offset,
                                 struct rn_error *err, const char *format, ...)
{
    struct rn_error own = RN_ERROR_INIT;
    char what[sizeof own.what];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    import->account.problems++;
    if (line)
        rn_fail(&own, RN_E_FORMAT, "line %llu: %.400s", (unsigned long long)line, what);
    else
        rn_fail(&own, RN_E_FORMAT, "%s", what);
    if (line || offset == RN_IMPORT_NO_PLACE)
        rn_fail_in(&own, import->name);
    else
        rn_fail_at(&own, import->name, offset);
    if (!import->options.keep_going) {
        *err = own;
        return RN_E_FORMAT;
    }
    if (import->options.on_problem)
        import->options.on_problem(import->options.context, &own);
    return RN_OK;
}

bool rn_import_keeps_going(const struct rn_import *import)
{
    return import->options.keep_going;
}

struct rn_attachment rn_import_attachment(uint8_t type, const void *data, size_t size)
{
    bool cut = size > UINT16_MAX;

    return (struct rn_attachment){.type = type,
                                  .arg = RN_ARG_NONE,
                                  .flags = cut ? RN_ATT_CUT : 0,
                                  .size = cut ? UINT16_MAX : (uint32_t)size,
                                  .data = data};
}

void rn_import_note(struct rn_import *import, const char *what, uint64_t count)
{
    size_t i = 0;

    while (i < import->account.note_count && strcmp(import->notes[i].what, what) != 0)
        i++;
    if (i == RN_IMPORT_NOTES) {
        i--;
        import->notes[i].what = "other things";
    }
    if (i == import->account.note_count)
        import->notes[import->account.note_count++] = (struct rn_import_note){what, 0};
    import->notes[i].count += count;
}

/* Kept to the end: what is true of all of a recording may be found out late. */
enum rn_status rn_import_notice(struct rn_import *import, enum rn_notice_code code,
                                const char *text, struct rn_error *err)
{
    size_t length = strlen(text);
    char *copy;

    for (size_t i = 0; i < import->notice_count; i++)
        if (strcmp(import->notices[i] + 1, text) == 0)
            return RN_OK;
    if (import->notice_count == RN_IMPORT_NOTES)
        return RN_OK;
    copy = malloc(length + 2);
    if (!copy)
        return rn_fail(err, RN_E_NOMEM, "no memory for a notice");
    copy[0] = (char)code;
    memcpy(copy + 1, text, length + 1);
    import->notices[import->notice_count++] = copy;
    return RN_OK;
}

const struct rn_import_account *rn_import_account(const struct rn_import *import)
{
    return &import->account;
}

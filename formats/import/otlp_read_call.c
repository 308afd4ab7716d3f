/* SPDX-License-Identifier: MIT */
/* System calls that rn-export-otlp wrote: their arguments are there as they were printed. */
#include "otlp_own.h"

#include "formats/syscall_table.h"
#include "formats/xlat.h"

#include <stdlib.h>

/* One argument of a list as rn-cat prints it: to the next comma that is in no string and in no
 * brackets. */
static size_t argument_length(const char *at, const char *end)
{
    bool in_string = false;
    unsigned depth = 0;
    const char *begin = at;

    for (; at < end; at++) {
        if (in_string && *at == '\\')
            at++;
        else if (*at == '"')
            in_string = !in_string;
        else if (!in_string && (*at == '[' || *at == '{' || *at == '('))
            depth++;
        else if (!in_string && (*at == ']' || *at == '}' || *at == ')'))
            depth -= depth > 0;
        else if (!in_string && depth == 0 && *at == ',')
            break;
    }
    return (size_t)((at < end ? at : end) - begin);
}

static bool plain_number(const char *text, size_t size, uint64_t *number)
{
    char copy[24], *behind;

    *number = 0;
    if (size == 4 && !memcmp(text, "NULL", 4))
        return true;
    if (size == 0 || size >= sizeof copy || (text[0] != '-' && (text[0] < '0' || text[0] > '9')))
        return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    *number = copy[0] == '-' ? (uint64_t)strtoll(copy, &behind, 0) : strtoull(copy, &behind, 0);
    return behind == copy + size;
}

static void take_arguments(struct otlp_own *own, const struct rn_otlp_text *text)
{
    const char *at = text->data, *end = at + text->size;

    for (uint8_t i = 0; i < 6 && at < end; i++) {
        size_t length = argument_length(at, end);

        if (!plain_number(at, length, &own->event.u.syscall.args[i]))
            otlp_own_attach(own, RN_ATT_PRINTED, i, at, length);
        at += length + 1;
        at += at < end && *at == ' ';
    }
}

static void take_path(struct otlp_own *own, const struct rn_otlp_text *path)
{
    const struct rn_syscall_info *info = rn_syscall_info_for(&own->event.u.syscall);

    for (uint8_t i = 0; info && i < info->arg_count; i++)
        if (info->args[i].type == RN_TYPE_PATH) {
            otlp_own_attach(own, RN_ATT_PATH, i, path->data, path->size);
            return;
        }
}

static void take_result(struct otlp_own *own)
{
    const struct rn_otlp_value *ret = rn_otlp_fact(own->facts, "rn.syscall.ret");
    const struct rn_otlp_value *error = rn_otlp_fact(own->facts, "error.type");
    uint64_t number = otlp_own_number(own->facts, "rn.syscall.errno");

    if (ret && ret->type == RN_OTLP_VALUE_INT)
        own->event.u.syscall.ret = (uint64_t)ret->u.number;
    else if (number)
        own->event.u.syscall.ret = 0 - number;
    else if (error && error->type == RN_OTLP_VALUE_TEXT)
        own->event.u.syscall.ret =
            0 - (uint64_t)rn_errno_from_name(error->text.data, error->text.size);
}

bool otlp_own_find_call(const struct otlp_own *own, const struct rn_otlp_text *name, uint64_t *abi,
                        uint64_t *nr)
{
    const struct rn_otlp_value *told = rn_otlp_fact(own->facts, "rn.syscall.abi");
    int number;

    *abi = own->read->abi;
    for (uint64_t i = 0; told && told->type == RN_OTLP_VALUE_TEXT && i < RN_ABI_COUNT; i++)
        if (rn_otlp_text_is(&told->text, rn_abi_name(i)))
            *abi = i;
    number = rn_syscall_number((enum rn_abi) * abi, name->data, name->size);
    *nr = (uint64_t)number;
    if (number >= 0)
        return true;
    return otlp_begins(name, "syscall_") && plain_number(name->data + 8, name->size - 8, nr);
}

void otlp_own_take_call(struct otlp_own *own)
{
    const struct rn_otlp_value *args = rn_otlp_fact(own->facts, "rn.syscall.args");
    const struct rn_otlp_value *path = rn_otlp_fact(own->facts, "rn.syscall.path");

    take_result(own);
    if (args && args->type == RN_OTLP_VALUE_TEXT)
        take_arguments(own, &args->text);
    if (path && path->type == RN_OTLP_VALUE_TEXT)
        take_path(own, &path->text);
    own->read->own_paths += rn_otlp_fact(own->facts, "rn.syscall.fd.path") != NULL;
}

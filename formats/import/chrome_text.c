/* SPDX-License-Identifier: MIT */
#include "chrome_private.h"

#include "formats/fnv.h"

uint64_t rn_chrome_id(const struct rn_scan_value *value)
{
    uint64_t id;

    /* "#1": of our own files, where there was none. */
    if (value->type == RN_JSON_NONE || (value->size && value->data[0] == '#'))
        return 0;
    return rn_scan_u64(value, &id) ? id : rn_fnv(RN_FNV_BEGIN, value->data, value->size);
}

void rn_chrome_text(struct rn_chrome *chrome, struct rn_buf *to, const struct rn_scan_value *value)
{
    struct rn_scan_value text = *value;
    uint64_t alone = 0;

    rn_buf_clear(to);
    if (value->type == RN_JSON_NONE || value->type == RN_JSON_NULL)
        return;
    /* An escape is up to six bytes of what it says. */
    if (text.size > 6 * RN_CHROME_NAME_MAX)
        text.size = 6 * RN_CHROME_NAME_MAX;
    if (value->type == RN_JSON_STRING && value->escaped)
        alone = rn_scan_unescape(to, &text);
    else
        rn_buf_append(to, text.data, text.size);
    if (alone)
        rn_import_note(chrome->import, "halves of surrogate pairs, now U+FFFD", alone);
    if (to->size > RN_CHROME_NAME_MAX) {
        to->size = RN_CHROME_NAME_MAX;
        rn_import_note(chrome->import, "names over 64 KiB, cut", 1);
    }
}

static void note_changes(struct rn_chrome *chrome, const struct rn_scan_changes *changes)
{
    if (changes->numbers)
        rn_import_note(chrome->import, "numbers that are none in JSON (NaN), now strings",
                       changes->numbers);
    if (changes->bytes)
        rn_import_note(chrome->import, "bytes in arguments that are no UTF-8, now \\xNN",
                       changes->bytes);
    if (changes->cut)
        rn_import_note(chrome->import, "arguments over 1 MiB, cut", 1);
}

/* One by one, as some are not kept. */
static bool take_members(struct rn_chrome *chrome, const struct rn_scan_value *args,
                         rn_chrome_member_fn *take, void *context)
{
    struct rn_scan_text text = rn_scan_inside(args);
    struct rn_scan_changes changes = {0, 0, false};
    struct rn_scan_value key, value;
    int more;

    while ((more = rn_scan_member(&text, &key, &value)) == 1) {
        size_t before = chrome->args.size;

        if (take(chrome, context, &key, &value))
            continue;
        if (key.size + value.size > RN_CHROME_ARGS_MAX) {
            changes.cut = true;
            continue;
        }
        rn_buf_byte(&chrome->args, before ? ',' : '{');
        if (!rn_scan_compact(&chrome->args, &key, SIZE_MAX / 2, &changes))
            return false;
        rn_buf_byte(&chrome->args, ':');
        if (!rn_scan_compact(&chrome->args, &value, SIZE_MAX / 2, &changes))
            return false;
        if (chrome->args.size > RN_CHROME_ARGS_MAX) {
            chrome->args.size = before;
            changes.cut = true;
        }
    }
    if (chrome->args.size)
        rn_buf_byte(&chrome->args, '}');
    note_changes(chrome, &changes);
    return more == 0;
}

bool rn_chrome_take_args(struct rn_chrome *chrome, const struct rn_scan_value *args,
                         rn_chrome_member_fn *take, void *context)
{
    struct rn_scan_changes changes = {0, 0, false};

    rn_buf_clear(&chrome->args);
    if (args->type == RN_JSON_NONE || args->type == RN_JSON_NULL)
        return true;
    if (args->type != RN_JSON_OBJECT) {
        rn_import_note(chrome->import, "arguments that are no object", 1);
        return true;
    }
    if (take)
        return take_members(chrome, args, take, context);
    if (!rn_scan_compact(&chrome->args, args, RN_CHROME_ARGS_MAX, &changes))
        return false;
    if (chrome->args.size == 2)
        rn_buf_clear(&chrome->args);
    note_changes(chrome, &changes);
    return true;
}

static void attach(struct rn_attachment *list, uint32_t *count, uint8_t type,
                   const struct rn_buf *text)
{
    if (text->size)
        list[(*count)++] = (struct rn_attachment){
            .type = type, .arg = RN_ARG_NONE, .size = (uint32_t)text->size, .data = text->data};
}

void rn_chrome_seen(struct rn_chrome *chrome, const struct rn_event *event)
{
    if (event->start < chrome->first)
        chrome->first = event->start;
    if (event->start + event->duration > chrome->last)
        chrome->last = event->start + event->duration;
}

enum rn_status rn_chrome_emit(struct rn_chrome *chrome, struct rn_event *event,
                              struct rn_error *err)
{
    struct rn_attachment attachments[4];

    event->attachment_count = 0;
    event->attachments = attachments;
    attach(attachments, &event->attachment_count, RN_ATT_NAME, &chrome->name);
    attach(attachments, &event->attachment_count, RN_ATT_CATEGORY, &chrome->cat);
    attach(attachments, &event->attachment_count, RN_ATT_TEXT, &chrome->args);
    attach(attachments, &event->attachment_count, RN_ATT_SOURCE, &chrome->source);
    if (chrome->name.failed || chrome->cat.failed || chrome->args.failed)
        return rn_fail(err, RN_E_NOMEM, "no memory to read a trace");
    rn_chrome_seen(chrome, event);
    return rn_import_add(chrome->import, event, err);
}

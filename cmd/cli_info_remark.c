/* SPDX-License-Identifier: MIT */
/* Notices and losses, collected and shown. */
#include "cli_info.h"

#include "formats/escape.h"

#include <stdlib.h>
#include <string.h>

static const char *const loss_reasons[] = {
    [RN_LOSS_OTHER] = "other",         [RN_LOSS_RING_FULL] = "ring-full",
    [RN_LOSS_DISK_FULL] = "disk-full", [RN_LOSS_MAX_SIZE] = "max-size",
    [RN_LOSS_LAST] = "last",           [RN_LOSS_KILLED] = "killed",
    [RN_LOSS_DAMAGED] = "damaged",
};

const char *cli_info_loss_reason(uint64_t reason)
{
    return reason < sizeof(loss_reasons) / sizeof(loss_reasons[0]) ? loss_reasons[reason] : "other";
}

static bool same_text(const char *text, const struct rn_attachment *attachment)
{
    size_t size = attachment ? attachment->size : 0;
    return strlen(text) == size && (size == 0 || !memcmp(text, attachment->data, size));
}

/* The same loss goes on, or the same notice was repeated: it is one remark. */
static struct cli_info_remark *find_remark(struct cli_info *info, const struct rn_event *event,
                                           const struct rn_attachment *text)
{
    bool is_loss = event->kind == RN_KIND_LOSS;
    for (size_t i = 0; i < info->remark_count; i++) {
        struct cli_info_remark *remark = &info->remarks[i];
        if (remark->is_loss != is_loss)
            continue;
        if (is_loss ? remark->code == event->u.loss.reason && remark->kind == event->u.loss.kind
                    : remark->code == event->u.notice.code && same_text(remark->text, text))
            return remark;
    }
    return NULL;
}

static void new_remark(struct cli_info *info, const struct rn_event *event,
                       const struct rn_attachment *text)
{
    bool is_loss = event->kind == RN_KIND_LOSS;
    char *copy = text ? strndup((const char *)text->data, text->size) : strdup("");
    if (!copy || info->remark_count == CLI_INFO_REMARKS) {
        free(copy);
        info->remarks_left_out++;
        return;
    }
    struct cli_info_remark *remark = &info->remarks[info->remark_count++];
    remark->text = copy;
    remark->is_loss = is_loss;
    remark->code = is_loss ? event->u.loss.reason : event->u.notice.code;
    remark->kind = is_loss ? event->u.loss.kind : RN_KIND_NONE;
    remark->count = is_loss ? event->u.loss.count : 1;
}

void cli_info_note_remark(struct cli_info *info, const struct rn_event *event)
{
    const struct rn_attachment *text = rn_event_attachment(event, RN_ATT_TEXT, RN_ARG_ANY);
    struct cli_info_remark *remark = find_remark(info, event, text);
    uint64_t count = event->kind == RN_KIND_LOSS ? event->u.loss.count : 1;
    if (!remark)
        new_remark(info, event, text);
    else if (!remark->count || !count)
        remark->count = 0; /* one unknown number makes the sum unknown */
    else if (__builtin_add_overflow(remark->count, count, &remark->count))
        remark->count = UINT64_MAX;
}

static void show_loss(const struct cli_info_remark *remark, struct rn_buf *out)
{
    const char *kind = rn_kind_name((uint8_t)(remark->kind < RN_KIND_LIMIT ? remark->kind : 0));
    rn_buf_printf(out, "%-12s", "Lost");
    if (remark->count)
        rn_buf_printf(out, "%llu ", (unsigned long long)remark->count);
    else
        rn_buf_text(out, "an unknown number of ");
    rn_buf_printf(out, "%s%sevents (%s)", kind ? kind : "", kind ? " " : "",
                  cli_info_loss_reason(remark->code));
    rn_buf_text(out, remark->text[0] ? ": " : "");
    rn_escape_terminal(out, (const uint8_t *)remark->text, strlen(remark->text));
    rn_buf_byte(out, '\n');
}

static void show_notice(const struct cli_info_remark *remark, struct rn_buf *out)
{
    rn_buf_printf(out, "%-12s", remark->code == RN_NOTICE_OVERHEAD ? "Overhead" : "Notice");
    rn_escape_terminal(out, (const uint8_t *)remark->text, strlen(remark->text));
    if (remark->count > 1)
        rn_buf_printf(out, " (%llu times)", (unsigned long long)remark->count);
    rn_buf_byte(out, '\n');
}

void cli_info_show_remarks(const struct cli_info *info, bool losses, struct rn_buf *out)
{
    for (size_t i = 0; i < info->remark_count; i++) {
        if (info->remarks[i].is_loss != losses)
            continue;
        if (losses)
            show_loss(&info->remarks[i], out);
        else
            show_notice(&info->remarks[i], out);
    }
}

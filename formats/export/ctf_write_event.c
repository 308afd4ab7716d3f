/* SPDX-License-Identifier: MIT */
#include "ctf_write_private.h"
#include "formats/ctf_own.h"
#include "formats/event_schema.h"

enum ctf_argument rn_ctf_argument_of(uint8_t type)
{
    switch (type) {
    case RN_TYPE_INT:
    case RN_TYPE_LONG:
    case RN_TYPE_OFFSET:
    case RN_TYPE_FD:
    case RN_TYPE_DIRFD:
    case RN_TYPE_PID:
    case RN_TYPE_ID:
    case RN_TYPE_SIGNAL:
    case RN_TYPE_CLOCKID:
        return CTF_ARG_SIGNED;
    case RN_TYPE_UNSIGNED:
    case RN_TYPE_SIZE:
    case RN_TYPE_UINT:
        return CTF_ARG_UNSIGNED;
    case RN_TYPE_MODE:
        return CTF_ARG_OCTAL;
    case RN_TYPE_PATH:
    case RN_TYPE_STRING:
    case RN_TYPE_STRING_OUT:
        return CTF_ARG_TEXT;
    default:
        return CTF_ARG_HEX;
    }
}

/* Types of which the program means 32 bits. */
static bool is_small(uint8_t type)
{
    return type == RN_TYPE_INT || type == RN_TYPE_FD || type == RN_TYPE_DIRFD ||
           type == RN_TYPE_PID || type == RN_TYPE_ID;
}

uint32_t rn_ctf_call_id(const struct rn_syscall *call)
{
    if (call->abi >= RN_ABI_COUNT || call->nr >= CTF_CALL_NUMBERS ||
        !rn_syscall_info(call->abi, call->nr))
        return CTF_ID_UNKNOWN;
    return CTF_ID_CALLS + (uint32_t)(call->abi * CTF_CALL_NUMBERS + call->nr) * 2;
}

static void put_head(struct rn_buf *out, uint32_t id, uint64_t ns, const struct rn_event *event,
                     uint64_t pid, uint64_t tid)
{
    rn_buf_u32(out, id);
    rn_buf_u64(out, ns);
    rn_buf_u32(out, (uint32_t)pid);
    rn_buf_u32(out, (uint32_t)tid);
    rn_buf_u32(out, event->stream);
}

/* The attachment stands as a text of its own. */
static bool is_plain(const struct rn_attachment *attachment)
{
    return attachment->flags == 0 && attachment->size > 0 && attachment->type != RN_ATT_CONTENT &&
           !memchr(attachment->data, 0, attachment->size);
}

static const struct rn_attachment *put_text(struct rn_buf *out, const struct rn_event *event,
                                            uint8_t type, uint8_t arg)
{
    const struct rn_attachment *text = rn_event_attachment(event, type, arg);
    if (text && !is_plain(text))
        text = NULL;
    if (text)
        rn_buf_append(out, text->data, text->size);
    rn_buf_byte(out, 0);
    return text;
}

/* Those that are not among `done`. */
static void put_attachments(struct rn_buf *out, const struct rn_event *event,
                            const struct rn_attachment *const *done, unsigned count)
{
    size_t before = out->size;
    rn_buf_u32(out, 0);
    for (uint32_t i = 0; i < event->attachment_count; i++) {
        unsigned k = 0;
        while (k < count && done[k] != &event->attachments[i])
            k++;
        if (k == count)
            rn_ctf_attachment_encode(out, &event->attachments[i]);
    }
    if (out->failed)
        return;
    uint32_t size = (uint32_t)(out->size - before - 4);
    for (unsigned i = 0; i < 4; i++)
        out->data[before + i] = (uint8_t)(size >> 8 * i);
}

void rn_ctf_encode_event(struct rn_buf *out, const struct rn_event *event, uint64_t pid,
                         uint64_t tid)
{
    const struct rn_schema *schema = rn_schema_get(event->kind);
    const struct rn_attachment *done[2];
    put_head(out, event->kind, event->start, event, pid, tid);
    if (event->kind != RN_KIND_STREAM) {
        rn_buf_u64(out, event->duration);
        rn_buf_u32(out, event->flags);
    }
    for (unsigned i = 0; i < schema->words; i++)
        rn_buf_u64(out, event->u.words[i]);
    done[0] = put_text(out, event, RN_ATT_NAME, RN_ARG_ANY);
    if (event->kind == RN_KIND_STREAM)
        return;
    done[1] = put_text(out, event, RN_ATT_TEXT, RN_ARG_ANY);
    put_attachments(out, event, done, 2);
}

/* A text among the arguments, where it is one of those that stand as such. */
static const struct rn_attachment *argument_text(const struct rn_event *event, unsigned arg,
                                                 uint8_t type)
{
    const struct rn_attachment *text = rn_event_attachment(
        event, type == RN_TYPE_PATH ? RN_ATT_PATH : RN_ATT_STRING, (uint8_t)arg);
    return text && is_plain(text) ? text : NULL;
}

void rn_ctf_encode_begin(struct rn_buf *out, const struct rn_event *event, uint64_t pid,
                         uint64_t tid)
{
    const struct rn_syscall *call = &event->u.syscall;
    uint32_t id = rn_ctf_call_id(call);
    const struct rn_syscall_info *info =
        id == CTF_ID_UNKNOWN ? NULL : rn_syscall_info(call->abi, call->nr);
    put_head(out, id, event->start, event, pid, tid);
    for (unsigned i = 0; i < (info ? info->arg_count : 6u); i++) {
        uint8_t type = info ? info->args[i].type : (uint8_t)RN_TYPE_HEX;
        if (rn_ctf_argument_of(type) == CTF_ARG_TEXT) {
            const struct rn_attachment *text = argument_text(event, i, type);
            if (text)
                rn_buf_append(out, text->data, text->size);
            rn_buf_byte(out, 0);
        }
        rn_buf_u64(out, is_small(type) ? (uint64_t)(int64_t)(int32_t)call->args[i] : call->args[i]);
    }
}

void rn_ctf_encode_end(struct rn_buf *out, const struct rn_event *event, uint64_t pid, uint64_t tid)
{
    const struct rn_syscall *call = &event->u.syscall;
    bool unfinished = event->flags & RN_EVENT_UNFINISHED;
    uint32_t id = rn_ctf_call_id(call);
    const struct rn_syscall_info *info =
        id == CTF_ID_UNKNOWN ? NULL : rn_syscall_info(call->abi, call->nr);
    const struct rn_attachment *done[6];
    unsigned count = 0;
    put_head(out, unfinished ? CTF_ID_UNFINISHED : id + 1, event->start + event->duration, event,
             pid, tid);
    rn_buf_u64(out, call->ret);
    rn_buf_u32(out, event->flags);
    rn_buf_u64(out, call->site);
    rn_buf_byte(out, (uint8_t)call->abi);
    rn_buf_u64(out, call->nr);
    for (unsigned i = 0; info && i < info->arg_count; i++)
        if (rn_ctf_argument_of(info->args[i].type) == CTF_ARG_TEXT) {
            const struct rn_attachment *text = argument_text(event, i, info->args[i].type);
            if (text)
                done[count++] = text;
        }
    put_attachments(out, event, done, count);
}

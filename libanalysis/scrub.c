/* SPDX-License-Identifier: MIT */
/* What becomes of each part of a recording. */
#include "scrub_private.h"

#include "formats/syscall_table.h"
#include "formats/trace_context.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define STRUCT_SMALL 4u /* bytes of an option: a number, no text worth the name */

struct rn_scrub *rn_scrub_new(const struct rn_scrub_policy *policy, const uint8_t *key, size_t size)
{
    struct rn_scrub *scrub = calloc(1, sizeof *scrub);

    if (!scrub)
        return NULL;
    scrub->policy = policy;
    scrub->hash = scrub_hash_new(key, size);
    if (scrub->hash)
        return scrub;
    free(scrub);
    return NULL;
}

void rn_scrub_free(struct rn_scrub *scrub)
{
    if (!scrub)
        return;
    scrub_hash_free(scrub->hash);
    for (size_t i = 0; i < scrub->secret_count; i++)
        free(scrub->secrets[i]);
    for (size_t i = 0; i < SCRUB_ITEMS_MAX; i++)
        rn_buf_free(&scrub->texts[i]);
    rn_buf_free(&scrub->scratch);
    free(scrub);
}

const struct rn_scrub_account *rn_scrub_accounts(const struct rn_scrub *scrub)
{
    return scrub->accounts;
}

/* ---- manifest ---- */

static bool replace(struct rn_scrub *scrub, char **text,
                    void (*how)(struct rn_scrub *scrub, const char *text, size_t size,
                                struct rn_buf *out))
{
    struct rn_buf *buf = &scrub->scratch;
    char *copy;

    if (!*text)
        return true;
    rn_buf_clear(buf);
    how(scrub, *text, strlen(*text), buf);
    rn_buf_byte(buf, '\0');
    copy = buf->failed ? NULL : strdup((const char *)buf->data);
    if (!copy)
        return false;
    free(*text);
    *text = copy;
    return true;
}

static void host(struct rn_scrub *scrub, const char *text, size_t size, struct rn_buf *out)
{
    scrub_word(scrub, RN_SCRUB_HOST, text, size, out);
}

/* Of the form of the kernel's, so that rn-merge still sees who shared a clock. */
static void boot_id(const struct rn_scrub *scrub, char *text)
{
    uint8_t digest[RN_SCRUB_DIGEST];
    size_t size = strlen(text), at = 0;

    if (rn_scrub_policy_keeps(scrub->policy, RN_SCRUB_HOST, text))
        return;
    scrub_hash_digest(scrub->hash, "boot", text, size, digest);
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '-')
            continue;
        text[i] = "0123456789abcdef"[digest[at / 2 % RN_SCRUB_DIGEST] >> (at % 2 ? 0 : 4) & 15];
        at++;
    }
}

static void text(struct rn_scrub *scrub, const char *of, size_t size, struct rn_buf *out)
{
    scrub_word(scrub, RN_SCRUB_TEXT, of, size, out);
}

/* At most the first `limit` bytes of a name count. */
static bool is_program(const struct rn_scrub *scrub, const char *text, size_t size, size_t limit)
{
    for (size_t i = 0; i < scrub->program_count; i++)
        if (strnlen(scrub->programs[i], limit) == size &&
            memcmp(scrub->programs[i], text, size) == 0)
            return true;
    return false;
}

static void program(struct rn_scrub *scrub, const char *text, size_t size, struct rn_buf *out)
{
    if (is_program(scrub, text, size, SCRUB_PROGRAM))
        rn_buf_append(out, text, size);
    else
        scrub_path(scrub, text, size, out);
}

/* Numbers that tie recordings together stay; other text that stands in their place does not. */
static void drop_invalid(char **trace)
{
    struct rn_trace_parent parent;

    if (!*trace || (strlen(*trace) < RN_TRACE_PARENT_SIZE &&
                    rn_trace_parent_parse(*trace, strlen(*trace), &parent)))
        return;
    free(*trace);
    *trace = NULL;
}

enum rn_status rn_scrub_manifest(struct rn_scrub *scrub, struct rn_manifest *manifest,
                                 struct rn_error *err)
{
    bool fine = true;

    if (manifest->host)
        scrub_note_secret(scrub, manifest->host, strlen(manifest->host));
    fine = replace(scrub, &manifest->host, host) && replace(scrub, &manifest->cwd, scrub_path) &&
           replace(scrub, &manifest->selection, text);
    if (manifest->stack && strncmp(manifest->stack, "dump", 4) == 0 &&
        !rn_scrub_policy_keeps(scrub->policy, RN_SCRUB_STACK, "dump")) {
        free(manifest->stack);
        manifest->stack = NULL;
    }
    drop_invalid(&manifest->trace_parent);
    drop_invalid(&manifest->trace_given);
    if (manifest->boot_id)
        boot_id(scrub, manifest->boot_id);
    free(manifest->trace_state); /* what vendors put there is not known */
    manifest->trace_state = NULL;
    if (!rn_scrub_policy_keeps(scrub->policy, RN_SCRUB_CONTENT, "content"))
        manifest->content_head = 0;
    for (char **argument = manifest->argv; fine && argument && *argument; argument++)
        fine = replace(scrub, argument, argument == manifest->argv ? program : scrub_argument);
    return fine ? RN_OK : rn_fail(err, RN_E_NOMEM, "out of memory");
}

/* ---- attachments ---- */

static bool keeps(struct rn_scrub *scrub, enum rn_scrub_class class, const char *what)
{
    if (rn_scrub_policy_keeps(scrub->policy, class, what)) {
        scrub->accounts[class].kept++;
        return true;
    }
    scrub_note_replaced(scrub, class, NULL, 0);
    return false;
}

static const struct rn_arg *argument_of(const struct rn_event *event,
                                        const struct rn_attachment *attachment,
                                        const struct rn_syscall_info **info)
{
    bool call = event->kind == RN_KIND_SYSCALL || event->kind == RN_KIND_INFLIGHT;

    *info = call ? rn_syscall_info_for(&event->u.syscall) : NULL;
    if (!*info || attachment->arg >= (*info)->arg_count)
        return NULL;
    return &(*info)->args[attachment->arg];
}

static bool keeps_struct(struct rn_scrub *scrub, const struct rn_event *event,
                         const struct rn_attachment *attachment)
{
    const struct rn_syscall_info *info;
    const struct rn_arg *arg = argument_of(event, attachment, &info);
    bool telling =
        !arg || (arg->type >= RN_TYPE_STRUCT_IN && arg->type <= RN_TYPE_STRUCT_INOUT &&
                 (arg->struct_type == RN_STRUCT_BYTES || arg->struct_type == RN_STRUCT_RAW));

    return !telling || attachment->size <= STRUCT_SMALL ||
           keeps(scrub, RN_SCRUB_STRUCT, info ? info->name : "?");
}

/* Descriptors that were passed are numbers; of other messages nothing is known. */
static bool keeps_control(struct rn_scrub *scrub, const struct rn_attachment *attachment)
{
    struct cmsghdr header;

    for (size_t at = 0; at + sizeof header <= attachment->size;) {
        memcpy(&header, attachment->data + at, sizeof header);
        if (header.cmsg_level != SOL_SOCKET ||
            (header.cmsg_type != SCM_RIGHTS && header.cmsg_type != SCM_CREDENTIALS))
            return keeps(scrub, RN_SCRUB_STRUCT, "control");
        if (header.cmsg_len < sizeof header || header.cmsg_len > attachment->size - at)
            break;
        at += CMSG_ALIGN(header.cmsg_len);
        if (at >= attachment->size)
            return true;
    }
    return attachment->size == 0 || keeps(scrub, RN_SCRUB_STRUCT, "control");
}

static void thread_name(struct rn_scrub *scrub, const char *text, size_t size, struct rn_buf *out)
{
    if (is_program(scrub, text, size, SCRUB_COMM))
        rn_buf_append(out, text, size);
    else
        scrub_word(scrub, RN_SCRUB_NAME, text, size, out);
}

static void name(struct rn_scrub *scrub, const struct rn_event *event, const char *text,
                 size_t size, struct rn_buf *out)
{
    if (event->kind == RN_KIND_PROCESS ||
        (event->kind == RN_KIND_STREAM && event->u.stream_info.type == RN_STREAM_THREAD))
        thread_name(scrub, text, size, out);
    else if (event->kind == RN_KIND_STREAM && event->u.stream_info.type == RN_STREAM_SOURCE)
        scrub_path(scrub, text, size, out);
    else if (event->kind == RN_KIND_STREAM && event->u.stream_info.type != RN_STREAM_QUEUE)
        scrub_word(scrub, RN_SCRUB_NAME, text, size, out);
    else
        scrub_word(scrub, RN_SCRUB_SYMBOL, text, size, out);
}

static void string(struct rn_scrub *scrub, const struct rn_event *event,
                   const struct rn_attachment *attachment, struct rn_buf *out)
{
    const struct rn_syscall_info *info;
    const char *text = (const char *)attachment->data;

    argument_of(event, attachment, &info);
    if (info && (info->classes & RN_CLASS_FILE || memchr(text, '/', attachment->size)))
        scrub_path(scrub, text, attachment->size, out);
    else if (info && strcmp(info->name, "prctl") == 0)
        thread_name(scrub, text, attachment->size, out);
    else
        scrub_word(scrub, RN_SCRUB_TEXT, text, attachment->size, out);
}

static void arguments(struct rn_scrub *scrub, const char *text, size_t size, struct rn_buf *out)
{
    size_t first = strnlen(text, size);

    program(scrub, text, first, out);
    if (first < size) {
        rn_buf_byte(out, '\0');
        scrub_list(scrub, text + first + 1, size - first - 1, '\0', scrub_argument, out);
    }
}

/* Return addresses stay; the first word may be anything that lay on the stack. */
static void frames(struct rn_scrub *scrub, const uint8_t *data, size_t size, struct rn_buf *out)
{
    uint64_t first = 0;

    rn_buf_append(out, data, size);
    if (size < sizeof first || rn_scrub_policy_keeps(scrub->policy, RN_SCRUB_STACK, "frame"))
        return;
    memcpy(&first, data, sizeof first);
    if (first == 0 || out->failed)
        return;
    scrub_note_replaced(scrub, RN_SCRUB_STACK, NULL, 0);
    memset(out->data + out->size - size, 0, sizeof first);
}

/* What a call does not take as an argument is what was left in a register: anything. */
static void clear_arguments(struct rn_syscall *call)
{
    const struct rn_syscall_info *info = rn_syscall_info_for(call);

    for (unsigned i = info ? info->arg_count : 0; i < 6; i++)
        call->args[i] = 0;
}

/* What another tool recorded: whatever its user named so, a query or an address. Arguments become
 * one token, and are an object as before. */
static void imported(struct rn_scrub *scrub, const struct rn_event *event,
                     const struct rn_attachment *attachment, struct rn_buf *out)
{
    const char *text = (const char *)attachment->data;
    bool is_object = event->kind == RN_KIND_SPAN && attachment->type == RN_ATT_TEXT;
    size_t begin = out->size;

    if (is_object)
        rn_buf_text(out, "{\"scrubbed\":\"");
    scrub_word(scrub, RN_SCRUB_TEXT, text, attachment->size, out);
    if (is_object)
        rn_buf_text(out, "\"}");
    /* The policy keeps it. */
    if (is_object && !out->failed &&
        memmem(out->data + begin, out->size - begin, text, attachment->size)) {
        out->size = begin;
        rn_buf_append(out, text, attachment->size);
    }
}

/* A notice that is no sentence of a recorder, but what another tool said of itself: the attributes
 * of a resource, where decisions are from. */
static bool is_foreign_notice(const struct rn_event *event, const char *text, size_t size)
{
    static const char decisions[] = "decisions of ";

    return event->kind == RN_KIND_NOTICE && event->u.notice.code == RN_NOTICE_OTHER && size &&
           (text[0] == '{' ||
            (size >= sizeof decisions && !memcmp(text, decisions, sizeof decisions - 1)));
}

static bool is_imported(const struct rn_event *event)
{
    return event->kind == RN_KIND_SPAN || event->kind == RN_KIND_COUNTER ||
           event->kind == RN_KIND_FLOW;
}

/* What the text of an attachment becomes. False: it is no text. */
static bool rewrite(struct rn_scrub *scrub, const struct rn_event *event,
                    const struct rn_attachment *attachment, struct rn_buf *out)
{
    const char *text = (const char *)attachment->data;
    size_t size = attachment->size;

    switch ((enum rn_attachment_type)attachment->type) {
    case RN_ATT_EXE:
    case RN_ATT_PATH:
    case RN_ATT_CWD:
    case RN_ATT_ROOT:
        scrub_path(scrub, text, size, out);
        return true;
    case RN_ATT_STRING:
        string(scrub, event, attachment, out);
        return true;
    case RN_ATT_SOCKADDR:
        scrub_address(scrub, attachment->data, size, out);
        return true;
    case RN_ATT_ARGV:
        arguments(scrub, text, size, out);
        return true;
    case RN_ATT_ENV:
        scrub_list(scrub, text, size, '\0', scrub_variable, out);
        return true;
    case RN_ATT_NAME:
        if (is_imported(event))
            imported(scrub, event, attachment, out);
        else
            name(scrub, event, text, size, out);
        return true;
    case RN_ATT_CATEGORY:
        if (is_imported(event)) {
            imported(scrub, event, attachment, out);
            return true;
        }
        scrub_word(scrub, RN_SCRUB_SYMBOL, text, size, out);
        return true;
    case RN_ATT_ISA:
        scrub_word(scrub, RN_SCRUB_SYMBOL, text, size, out);
        return true;
    case RN_ATT_SOURCE:
        scrub_source(scrub, text, size, out);
        return true;
    case RN_ATT_TEXT:
        if (is_imported(event) || is_foreign_notice(event, text, size))
            imported(scrub, event, attachment, out);
        else if (event->kind == RN_KIND_NOTICE || event->kind == RN_KIND_LOSS)
            scrub_sentence(scrub, text, size, out);
        else /* words that a program handed to an API, such as options for its compiler */
            scrub_list(scrub, text, size, ' ', scrub_argument, out);
        return true;
    case RN_ATT_INPUT:
    case RN_ATT_RESULT:
        scrub_word(scrub, RN_SCRUB_TEXT, text, size, out);
        return true;
    case RN_ATT_STACK:
        frames(scrub, attachment->data, size, out);
        return true;
    default:
        return false;
    }
}

/* Attachments that are no text and stay as they are. Of a type that is not known here nothing is
 * known, so it goes. */
static bool keeps_whole(struct rn_scrub *scrub, const struct rn_event *event,
                        const struct rn_attachment *attachment)
{
    switch ((enum rn_attachment_type)attachment->type) {
    case RN_ATT_STRUCT:
        return keeps_struct(scrub, event, attachment);
    case RN_ATT_CONTROL:
        return keeps_control(scrub, attachment);
    case RN_ATT_CONTENT:
        return keeps(scrub, RN_SCRUB_CONTENT, "content");
    case RN_ATT_STACK_DUMP:
        return keeps(scrub, RN_SCRUB_STACK, "dump");
    case RN_ATT_FD:
    case RN_ATT_BUILD_ID:
    case RN_ATT_LIMITS:
    case RN_ATT_HISTOGRAM:
    case RN_ATT_DIGEST:
        return true;
    default:
        return false;
    }
}

void rn_scrub_learn(struct rn_scrub *scrub, const struct rn_event *event)
{
    const struct rn_syscall_info *info;

    for (uint32_t i = 0; i < event->attachment_count; i++) {
        const struct rn_attachment *attachment = &event->attachments[i];
        const char *path = (const char *)attachment->data;

        if (!path || attachment->size == 0)
            continue;
        if (attachment->type != RN_ATT_EXE) {
            argument_of(event, attachment, &info);
            if (!info || (strcmp(info->name, "execve") && strcmp(info->name, "execveat")) ||
                (attachment->type != RN_ATT_PATH && attachment->type != RN_ATT_STRING))
                continue;
        }
        if (scrub_path_stays(scrub, path, attachment->size))
            scrub_note_program(scrub, path, attachment->size);
    }
}

enum rn_status rn_scrub_event(struct rn_scrub *scrub, const struct rn_event *event,
                              struct rn_event *out, struct rn_error *err)
{
    uint32_t count = 0;

    *out = *event;
    rn_scrub_learn(scrub, event);
    if (event->kind == RN_KIND_SYSCALL || event->kind == RN_KIND_INFLIGHT)
        clear_arguments(&out->u.syscall);
    for (uint32_t i = 0; i < event->attachment_count && count < SCRUB_ITEMS_MAX; i++) {
        const struct rn_attachment *from = &event->attachments[i];
        struct rn_attachment *to = &scrub->items[count];
        struct rn_buf *text = &scrub->texts[count];

        *to = *from;
        rn_buf_clear(text);
        if (from->type != RN_ATT_CONTENT && from->data && rewrite(scrub, event, from, text)) {
            if (text->failed || text->size > UINT32_MAX)
                return rn_fail(err, RN_E_NOMEM, "out of memory");
            to->data = text->data ? text->data : (const uint8_t *)"";
            to->size = (uint32_t)text->size;
            count++;
        } else if (keeps_whole(scrub, event, from)) {
            count++;
        }
    }
    out->attachments = scrub->items;
    out->attachment_count = count;
    return RN_OK;
}

/* ---- files about the machine ---- */

bool rn_scrub_member(struct rn_scrub *scrub, const char *member, const uint8_t *data, size_t size,
                     struct rn_buf *out)
{
    /* Of a merged recording: "sources/1/env/uname". */
    const char *own = strncmp(member, "sources/", 8) == 0 ? strchr(member + 8, '/') : NULL;

    if (!keeps(scrub, RN_SCRUB_MACHINE, own ? own + 1 : member))
        return false;
    scrub_sentence(scrub, (const char *)data, size, out);
    return true;
}

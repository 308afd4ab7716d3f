/* SPDX-License-Identifier: MIT */
/* System calls: what entered meets what returned. */
#include "formats/syscall_table.h"
#include "perf_model_private.h"

#include <stdlib.h>
#include <string.h>

static struct perf_call *call_of(struct perf_thread *thread)
{
    if (!thread->call)
        thread->call = calloc(1, sizeof *thread->call);
    return thread->call;
}

/* As a recorder keeps them: where the call was made, then what it returns to. What the stack
 * pointer pointed to is not known. */
static enum rn_status take_stack(struct rn_perf_model *model, struct perf_thread *thread,
                                 const struct rn_perf_sample *sample, struct rn_error *err)
{
    struct perf_call *call = thread->call;
    enum rn_status status = RN_OK;
    uint64_t address;

    call->stack_count = 0;
    call->call.site = 0;
    for (size_t i = 0; i < sample->frame_count && status == RN_OK; i++) {
        if (sample->frames[i].kernel) {
            model->kernel_frames++;
            continue;
        }
        status = perf_frame_address(model, thread, sample, &sample->frames[i], &address, err);
        if (!call->call.site) {
            call->call.site = address;
            call->stack[call->stack_count++] = 0;
        } else if (call->stack_count < RN_STACK_FRAMES_MAX) {
            call->stack[call->stack_count++] = address;
        }
    }
    if (call->stack_count < 2)
        call->stack_count = 0;
    return status;
}

static enum rn_status emit(struct rn_perf_model *model, struct perf_thread *thread, uint64_t end,
                           uint32_t flags, struct rn_error *err)
{
    struct perf_call *call = thread->call;
    uint8_t words[8 * RN_STACK_FRAMES_MAX];
    struct rn_attachment stack;
    struct rn_event event = {.kind = RN_KIND_SYSCALL,
                             .flags = flags,
                             .stream = thread->stream,
                             .start = call->start,
                             .duration = end > call->start ? end - call->start : 0,
                             .u.syscall = call->call,
                             .attachment_count = call->stack_count > 0,
                             .attachments = &stack};

    for (uint32_t i = 0; i < call->stack_count; i++)
        for (unsigned k = 0; k < 8; k++)
            words[8 * i + k] = (uint8_t)(call->stack[i] >> 8 * k);
    stack = rn_import_attachment(RN_ATT_STACK, words, 8 * call->stack_count);
    call->open = false;
    return rn_import_add(model->import, &event, err);
}

enum rn_status perf_call_abandon(struct rn_perf_model *model, struct perf_thread *thread,
                                 struct rn_error *err)
{
    const struct rn_syscall_info *info;
    uint64_t end = model->last;

    if (!thread->call || !thread->call->open)
        return RN_OK;
    /* It does not return; its thread is gone, not waiting until the recording ends. */
    info = rn_syscall_info(model->abi, thread->call->call.nr);
    if (info && (!strcmp(info->name, "exit_group") || !strcmp(info->name, "exit")))
        end = thread->call->start;
    return emit(model, thread, end, RN_EVENT_UNFINISHED, err);
}

static enum rn_status begin(struct rn_perf_model *model, const struct rn_perf_sample *sample,
                            struct perf_thread *thread, const struct rn_syscall *call,
                            struct rn_error *err)
{
    struct perf_call *slot = call_of(thread);

    if (!slot)
        return rn_fail(err, RN_E_NOMEM, "no memory for a system call");
    model->entries_alone += slot->open;
    slot->open = true;
    slot->start = sample->ns;
    slot->call = *call;
    slot->call.abi = model->abi;
    return take_stack(model, thread, sample, err);
}

/* rt_sigreturn returns with the number of no call at all. */
static enum rn_status finish(struct rn_perf_model *model, const struct rn_perf_sample *sample,
                             struct perf_thread *thread, uint64_t nr, uint64_t ret,
                             struct rn_error *err)
{
    struct perf_call *call = thread->call;

    if (!call || !call->open || (nr != UINT64_MAX && nr != call->call.nr)) {
        model->exits_alone++;
        return RN_OK;
    }
    call->call.ret = ret;
    return emit(model, thread, sample->ns, 0, err);
}

/* "NR 16 (b, 2400, 0, 7f4717fd55e0, 1, 0)" */
static bool parse_raw_enter(const struct rn_perf_text *text, struct rn_syscall *call)
{
    const char *end = text->data + text->size, *at = text->data + 3;
    struct rn_perf_text item;
    char number[19] = "0x";

    if (!rn_perf_text_begins(text, "NR "))
        return false;
    item.data = at;
    while (at < end && *at != ' ')
        at++;
    item.size = (size_t)(at - item.data);
    if (!rn_perf_number(&item, &call->nr) || end - at < 3 || at[1] != '(')
        return false;
    at += 2;
    for (unsigned i = 0; i < 6; i++) {
        size_t length = 0;

        while (at < end && *at == ' ')
            at++;
        while (at + length < end && at[length] != ',' && at[length] != ')')
            length++;
        if (length == 0 || length > 16 || at + length == end)
            return false;
        memcpy(number + 2, at, length);
        item = (struct rn_perf_text){number, length + 2};
        if (!rn_perf_number(&item, &call->args[i]))
            return false;
        at += length;
        if (*at++ == ')')
            return i > 0 || at == end;
    }
    return true;
}

/* An array of libtraceevent's: "ARRAY[0b, 00, ...]", here of 8 bytes each, little-endian. */
static bool parse_array(const struct rn_perf_text *text, uint64_t *words, unsigned count)
{
    const char *at = text->data + 6, *end = text->data + text->size;

    if (!rn_perf_text_begins(text, "ARRAY["))
        return false;
    for (unsigned i = 0; i < 8 * count; i++) {
        struct rn_perf_text byte;
        char number[5] = "0x";
        uint64_t value;

        if (end - at < 3 || (at[2] != ',' && at[2] != ']'))
            return false;
        memcpy(number + 2, at, 2);
        byte = (struct rn_perf_text){number, 4};
        if (!rn_perf_number(&byte, &value))
            return false;
        words[i / 8] = (i % 8 ? words[i / 8] : 0) | value << 8 * (i % 8);
        at += at[2] == ',' && end - at > 3 ? 4 : 3;
    }
    return true;
}

enum rn_status perf_on_raw_enter(struct rn_perf_model *model, const struct rn_perf_sample *sample,
                                 struct perf_thread *thread, struct rn_error *err)
{
    struct rn_syscall call = {.nr = 0};
    struct rn_perf_text id, args;
    bool good;

    if (sample->field_count)
        good = rn_perf_field(sample, "id", &id) && rn_perf_field(sample, "args", &args) &&
               rn_perf_number(&id, &call.nr) && parse_array(&args, call.args, 6);
    else
        good = parse_raw_enter(&sample->text, &call);
    if (!good)
        return perf_wrong(model, "a system call whose number or arguments make no sense");
    return begin(model, sample, thread, &call, err);
}

/* An address and its function may follow (perf script -F +ip,sym). */
static struct rn_perf_text first_word(struct rn_perf_text text)
{
    const char *blank = memchr(text.data, ' ', text.size);

    if (blank)
        text.size = (size_t)(blank - text.data);
    return text;
}

/* "NR 16 = 0" */
static bool parse_raw_exit(const struct rn_perf_text *text, uint64_t *nr, uint64_t *ret)
{
    const char *blank = text->size > 3 ? memchr(text->data + 3, ' ', text->size - 3) : NULL;
    const char *end = text->data + text->size;
    struct rn_perf_text number, result;

    if (!rn_perf_text_begins(text, "NR ") || !blank || end - blank < 4 || blank[1] != '=')
        return false;
    number = (struct rn_perf_text){text->data + 3, (size_t)(blank - text->data - 3)};
    result = first_word((struct rn_perf_text){blank + 3, (size_t)(end - blank - 3)});
    return rn_perf_number(&number, nr) && rn_perf_number(&result, ret);
}

enum rn_status perf_on_raw_exit(struct rn_perf_model *model, const struct rn_perf_sample *sample,
                                struct perf_thread *thread, struct rn_error *err)
{
    struct rn_perf_text id, result;
    uint64_t nr, ret;
    bool good;

    if (sample->field_count)
        good = rn_perf_field(sample, "id", &id) && rn_perf_field(sample, "ret", &result) &&
               rn_perf_number(&id, &nr) && rn_perf_number(&result, &ret);
    else
        good = parse_raw_exit(&sample->text, &nr, &ret);
    if (!good)
        return perf_wrong(model, "a system call whose number or result makes no sense");
    return finish(model, sample, thread, nr, ret, err);
}

/* syscalls:sys_enter_NAME: the number is that of the name; JSON tells both. */
static bool number_of(const struct rn_perf_model *model, const struct rn_perf_sample *sample,
                      size_t prefix, uint64_t *nr)
{
    static const struct {
        const char *entry, *call;
    } entry_points[] = {
        /* Where the kernel's name is not that of the call. */
        {"newstat", "stat"},           {"newfstat", "fstat"}, {"newlstat", "lstat"},
        {"newuname", "uname"},         {"umount", "umount2"}, {"sendfile64", "sendfile"},
        {"fadvise64_64", "fadvise64"},
    };
    struct rn_perf_text field, name;
    int number;

    if (rn_perf_field(sample, "__syscall_nr", &field))
        return rn_perf_number(&field, nr);
    if (sample->event.size <= prefix)
        return false;
    name = (struct rn_perf_text){sample->event.data + prefix, sample->event.size - prefix};
    number = rn_syscall_number(model->abi, name.data, name.size);
    for (size_t i = 0; number < 0 && i < sizeof entry_points / sizeof entry_points[0]; i++)
        if (rn_perf_text_is(&name, entry_points[i].entry))
            number =
                rn_syscall_number(model->abi, entry_points[i].call, strlen(entry_points[i].call));
    *nr = (uint64_t)number;
    return number >= 0;
}

/* "dfd: 0xffffff9c, filename: 0x7f0f413dc0b1, flags: 0x00080000": in order of the arguments. */
static void parse_arguments(const struct rn_perf_text *text, struct rn_syscall *call)
{
    const char *at = text->data, *end = text->data + text->size;

    for (unsigned i = 0; i < 6; i++) {
        struct rn_perf_text number;
        const char *colon = memmem(at, (size_t)(end - at), ": ", 2);

        if (!colon)
            return;
        at = colon + 2;
        number.data = at;
        while (at < end && *at != ',' && *at != ' ')
            at++;
        number.size = (size_t)(at - number.data);
        if (!rn_perf_number(&number, &call->args[i]))
            call->args[i] = 0;
        /* Newer kernels show the strings that were passed. */
        if (end - at > 2 && at[0] == ' ' && at[1] == '"') {
            at = memchr(at + 2, '"', (size_t)(end - at - 2));
            if (!at)
                return;
        }
        at = memmem(at, (size_t)(end - at), ", ", 2);
        if (!at)
            return;
    }
}

enum rn_status perf_on_enter(struct rn_perf_model *model, const struct rn_perf_sample *sample,
                             struct perf_thread *thread, struct rn_error *err)
{
    struct rn_syscall call = {.nr = 0};
    unsigned count = 0;

    if (!number_of(model, sample, strlen("syscalls:sys_enter_"), &call.nr))
        return perf_on_other(model, sample, thread, err);
    if (!sample->field_count)
        parse_arguments(&sample->text, &call);
    for (size_t i = 0; i < sample->field_count && count < 6; i++)
        if (!rn_perf_text_begins(&sample->fields[i].key, "__"))
            (void)rn_perf_number(&sample->fields[i].value, &call.args[count++]);
    return begin(model, sample, thread, &call, err);
}

enum rn_status perf_on_exit(struct rn_perf_model *model, const struct rn_perf_sample *sample,
                            struct perf_thread *thread, struct rn_error *err)
{
    struct rn_perf_text result = first_word(sample->text);
    uint64_t nr, ret;

    if (!number_of(model, sample, strlen("syscalls:sys_exit_"), &nr))
        return perf_on_other(model, sample, thread, err);
    if (sample->field_count && !rn_perf_field(sample, "ret", &result))
        result.size = 0;
    if (!rn_perf_number(&result, &ret))
        return perf_wrong(model, "a system call whose result makes no sense");
    return finish(model, sample, thread, nr, ret, err);
}

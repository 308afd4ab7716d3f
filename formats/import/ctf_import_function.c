/* SPDX-License-Identifier: MIT */
/* Functions of programs that are compiled with -finstrument-functions and run with one of
 * liblttng-ust-cyg-profile*.so: nested spans. Where the trace says what was mapped
 * (lttng_ust_statedump), they are called "FILE+0xOFFSET". */
#include "ctf_import_private.h"

#include "ctf_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rn_ctf_import_mapped(struct ctf_reading *r)
{
    uint64_t begin, size;
    const struct rn_ctf_field *path = rn_ctf_field_named(r->message, RN_CTF_PAYLOAD, "path");
    if (!r->thread || !path || path->type != RN_CTF_STRING ||
        !rn_ctf_number(r, RN_CTF_PAYLOAD, "baddr", &begin) ||
        !rn_ctf_number(r, RN_CTF_PAYLOAD, "memsz", &size) || begin + size < begin)
        return;
    if (!r->images)
        r->images = calloc(CTF_IMAGES, sizeof(*r->images));
    if (!r->images)
        return;
    const char *data = path->u.text.data;
    const char *slash = memrchr(data, '/', path->u.text.size);
    size_t skip = slash ? (size_t)(slash - data) + 1 : 0;
    /* The latest ones: others are overwritten. */
    struct ctf_image *image = &r->images[r->image_count++ % CTF_IMAGES];
    image->pid = r->thread->pid;
    image->begin = begin;
    image->end = begin + size;
    snprintf(image->name, sizeof(image->name), "%.*s", (int)(path->u.text.size - skip),
             data + skip);
}

static void put_name(struct ctf_reading *r, const struct ctf_thread *thread, uint64_t address)
{
    size_t count = r->image_count < CTF_IMAGES ? r->image_count : CTF_IMAGES;
    rn_buf_clear(&r->name);
    for (size_t i = 0; i < count; i++) {
        const struct ctf_image *image = &r->images[i];
        if (image->pid != thread->pid || address < image->begin || address >= image->end)
            continue;
        rn_buf_printf(&r->name, "%s+", image->name);
        rn_buf_hex(&r->name, address - image->begin);
        rn_buf_byte(&r->name, 0);
        return;
    }
    rn_buf_hex(&r->name, address);
    rn_buf_byte(&r->name, 0);
}

static enum rn_status end_function(struct ctf_reading *r, struct ctf_thread *thread, uint32_t flags,
                                   struct rn_error *err)
{
    const struct ctf_frame_open *frame = &thread->frames[--thread->depth];
    put_name(r, thread, frame->address);
    rn_buf_clear(&r->json);
    rn_buf_text(&r->json, "{\"addr\":");
    rn_ctf_json_hex(&r->json, frame->address);
    if (frame->call_site) {
        rn_buf_text(&r->json, ",\"call_site\":");
        rn_ctf_json_hex(&r->json, frame->call_site);
    }
    rn_buf_byte(&r->json, '}');
    if (r->name.failed)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    struct ctf_span span = {.stream = thread->stream,
                            .start = frame->start,
                            .end = r->ns,
                            .form = RN_SPAN_NESTED,
                            .flags = flags,
                            .name = (const char *)r->name.data,
                            .category = "function",
                            .json = &r->json};
    return rn_ctf_add_span(r, &span, err);
}

static enum rn_status begin_function(struct ctf_reading *r, struct ctf_thread *thread,
                                     struct rn_error *err)
{
    if (thread->depth == CTF_DEPTH_MAX) {
        rn_import_note(r->import, "begins of functions that lie too deep", 1);
        return RN_OK;
    }
    if (!thread->frames)
        thread->frames = calloc(CTF_DEPTH_MAX, sizeof(*thread->frames));
    if (!thread->frames)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    struct ctf_frame_open frame = {.start = r->ns};
    rn_ctf_number(r, RN_CTF_PAYLOAD, "addr", &frame.address);
    if (!rn_ctf_number(r, RN_CTF_PAYLOAD, "func_addr", &frame.address))
        rn_ctf_number(r, RN_CTF_PAYLOAD, "addr", &frame.address);
    rn_ctf_number(r, RN_CTF_PAYLOAD, "call_site", &frame.call_site);
    thread->frames[thread->depth++] = frame;
    return rn_ctf_thread_stream(r, thread, err);
}

enum rn_status rn_ctf_import_function(struct ctf_reading *r, bool begins, struct rn_error *err)
{
    struct ctf_thread *thread = r->thread;
    uint64_t address;
    if (begins)
        return begin_function(r, thread, err);
    uint32_t depth = thread->depth;
    /* Where a function left by longjmp or an exception, it has no end of its own. */
    if (rn_ctf_number(r, RN_CTF_PAYLOAD, "addr", &address))
        while (depth && thread->frames[depth - 1].address != address)
            depth--;
    if (depth == 0) {
        rn_import_note(r->import, "ends of functions whose begin is not in the trace", 1);
        return RN_OK;
    }
    enum rn_status status = RN_OK;
    while (thread->depth >= depth && status == RN_OK)
        status = end_function(r, thread, 0, err);
    return status;
}

enum rn_status rn_ctf_functions_unfinished(struct ctf_reading *r, struct ctf_thread *thread,
                                           struct rn_error *err)
{
    enum rn_status status = RN_OK;
    while (thread->depth && status == RN_OK)
        status = end_function(r, thread, RN_EVENT_UNFINISHED, err);
    return status;
}

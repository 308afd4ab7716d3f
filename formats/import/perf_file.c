/* SPDX-License-Identifier: MIT */
/* Addresses in call chains. perf script prints those of user code as they were, or, since some
 * version, as offsets in the files that they are in (map__map_ip in sample__fprintf_callchain).
 * Which it is, the first one in a shared library tells: libraries do not lie below 4 GiB. */
#include "formats/fnv.h"
#include "perf_model_private.h"

#include <stdlib.h>
#include <string.h>

#define FILE_SPACE UINT64_C(0x100000000)    /* a file's place, and what it may be long */
#define FIRST      UINT64_C(0x100000000000) /* where no program's own addresses are, mostly */
#define FILE_BYTES (PERF_FILES / 8)

static void learn(struct rn_perf_model *model, const struct rn_perf_frame *frame)
{
    if (memmem(frame->file.data, frame->file.size, ".so", 3))
        model->addresses =
            frame->address < FILE_SPACE ? PERF_ADDRESSES_IN_FILES : PERF_ADDRESSES_ABSOLUTE;
}

/* Its number; PERF_FILES: there are too many, or there is no memory. */
static uint32_t number_of(struct rn_perf_model *model, const struct rn_perf_text *path)
{
    uint32_t at = (uint32_t)(rn_fnv(RN_FNV_BEGIN, path->data, path->size) % PERF_FILES);

    if (!model->files)
        model->files = calloc(PERF_FILES, sizeof(char *));
    if (!model->files)
        return PERF_FILES;
    for (; model->files[at]; at = (at + 1) % PERF_FILES)
        if (rn_perf_text_is(path, model->files[at]))
            return at;
    if (model->file_count >= PERF_FILES / 2)
        return PERF_FILES;
    model->files[at] = strndup(path->data, path->size);
    if (!model->files[at])
        return PERF_FILES;
    model->file_count++;
    return at;
}

static struct perf_thread *process_of(struct rn_perf_model *model, struct perf_thread *thread)
{
    struct perf_thread *leader =
        thread->pid ? perf_thread_find(model, (int64_t)thread->pid) : thread;

    return leader ? leader : thread;
}

static enum rn_status tell(struct rn_perf_model *model, const struct perf_thread *thread,
                           uint64_t ns, uint32_t file, struct rn_error *err)
{
    struct rn_attachment path =
        rn_import_attachment(RN_ATT_PATH, model->files[file], strlen(model->files[file]));
    struct rn_event event = {.kind = RN_KIND_MODULE,
                             .stream = thread->stream,
                             .start = ns,
                             .u.module = {.op = RN_MODULE_MAP,
                                          .pid = thread->pid ? thread->pid : (uint64_t)thread->tid,
                                          .address = FIRST + file * FILE_SPACE,
                                          .length = FILE_SPACE},
                             .attachment_count = 1,
                             .attachments = &path};

    return rn_import_add(model->import, &event, err);
}

enum rn_status perf_frame_address(struct rn_perf_model *model, struct perf_thread *thread,
                                  const struct rn_perf_sample *sample,
                                  const struct rn_perf_frame *frame, uint64_t *address,
                                  struct rn_error *err)
{
    struct perf_thread *process = process_of(model, thread);
    uint32_t file;

    *address = frame->address;
    if (model->addresses == PERF_ADDRESSES_UNKNOWN)
        learn(model, frame);
    if (model->addresses != PERF_ADDRESSES_IN_FILES || !frame->file.size ||
        frame->address >= FILE_SPACE)
        return RN_OK;
    file = number_of(model, &frame->file);
    if (!process->files)
        process->files = calloc(FILE_BYTES, 1);
    if (file == PERF_FILES || !process->files)
        return RN_OK;
    *address = FIRST + file * FILE_SPACE + frame->address;
    if (process->files[file / 8] & 1u << file % 8)
        return RN_OK;
    process->files[file / 8] |= (uint8_t)(1u << file % 8);
    return tell(model, thread, sample->ns, file, err);
}

void perf_files_forget(struct rn_perf_model *model, struct perf_thread *thread)
{
    struct perf_thread *process = process_of(model, thread);

    free(process->files);
    process->files = NULL;
}

void perf_files_free(struct rn_perf_model *model)
{
    for (uint32_t i = 0; model->files && i < PERF_FILES; i++)
        free(model->files[i]);
    free(model->files);
}

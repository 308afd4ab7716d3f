/* SPDX-License-Identifier: MIT */
/* Recordings that are summed up. Included by one test each. */
#ifndef SUMMARY_FIXTURE_H
#define SUMMARY_FIXTURE_H

#include "formats/syscall_table.h"
#include "formats/writer.h"
#include "libanalysis/duration_series.h"
#include "libanalysis/summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define US 1000u

static inline void must(enum rn_status status, const struct rn_error *err)
{
    if (status != RN_OK)
        fail_msg("%s", err->what);
}

/* A recording in a file of its own; ticks are nanoseconds since its begin. */
struct recording {
    char directory[32], path[64];
    struct rn_writer *writer;
    struct rn_error err;
};

static inline void recording_begin(struct recording *recording)
{
    struct rn_writer_options options = {.zstd_level = 0};
    struct rn_manifest manifest;

    memset(recording, 0, sizeof *recording);
    strcpy(recording->directory, "/tmp/test-summary-XXXXXX");
    assert_non_null(mkdtemp(recording->directory));
    snprintf(recording->path, sizeof recording->path, "%s/t.rna", recording->directory);
    rn_manifest_init(&manifest);
    manifest.tick_unit = RN_TICK_NS;
    must(rn_writer_new(recording->path, &manifest, &options, &recording->writer, &recording->err),
         &recording->err);
    rn_manifest_clear(&manifest);
}

static inline uint32_t add_stream(struct recording *recording, uint64_t pid, uint64_t tid,
                                  uint64_t parent)
{
    struct rn_stream stream = {.type = RN_STREAM_THREAD, .pid = pid, .tid = tid, .parent = parent};
    uint64_t id;

    must(rn_writer_add_stream(recording->writer, &stream, NULL, &id, &recording->err),
         &recording->err);
    return (uint32_t)id;
}

static inline void add(struct recording *recording, const struct rn_event *event)
{
    must(rn_writer_add(recording->writer, event, &recording->err), &recording->err);
}

static inline void add_call_flags(struct recording *recording, uint32_t stream, const char *name,
                                  int64_t ret, uint64_t start, uint64_t duration, uint32_t flags)
{
    int nr = rn_syscall_number(RN_ABI_X86_64, name, strlen(name));

    add(recording, &(struct rn_event){.kind = RN_KIND_SYSCALL,
                                      .stream = stream,
                                      .flags = flags,
                                      .start = start,
                                      .duration = duration,
                                      .u.syscall = {.nr = (uint64_t)nr, .ret = (uint64_t)ret}});
}

static inline void add_call(struct recording *recording, uint32_t stream, const char *name,
                            int64_t ret, uint64_t start, uint64_t duration)
{
    add_call_flags(recording, stream, name, ret, start, duration, 0);
}

static inline void add_named(struct recording *recording, uint8_t kind, uint32_t stream,
                             const char *name, uint64_t duration)
{
    struct rn_attachment attachment = {.type = RN_ATT_NAME,
                                       .arg = RN_ARG_NONE,
                                       .size = (uint32_t)strlen(name),
                                       .data = (const uint8_t *)name};

    add(recording, &(struct rn_event){.kind = kind,
                                      .stream = stream,
                                      .duration = duration,
                                      .attachment_count = 1,
                                      .attachments = &attachment});
}

static inline void add_exec(struct recording *recording, uint32_t stream, const char *exe,
                            uint64_t start)
{
    struct rn_attachment attachment = {.type = RN_ATT_EXE,
                                       .arg = RN_ARG_NONE,
                                       .size = (uint32_t)strlen(exe),
                                       .data = (const uint8_t *)exe};

    add(recording, &(struct rn_event){.kind = RN_KIND_PROCESS,
                                      .stream = stream,
                                      .start = start,
                                      .u.process.op = RN_PROCESS_EXEC,
                                      .attachment_count = 1,
                                      .attachments = &attachment});
}

static inline struct rn_summary *sum_up(struct recording *recording,
                                        const struct rn_summary_options *options)
{
    struct rn_summary *summary = rn_summary_new(options);
    struct rn_reader *reader;

    assert_non_null(summary);
    if (recording->writer)
        must(rn_writer_seal(recording->writer, &recording->err), &recording->err);
    rn_writer_free(recording->writer);
    recording->writer = NULL;
    must(rn_reader_open(recording->path, &reader, &recording->err), &recording->err);
    must(rn_summary_read(summary, reader, &recording->err), &recording->err);
    rn_reader_free(reader);
    return summary;
}

static inline void recording_end(struct recording *recording)
{
    rn_writer_free(recording->writer);
    unlink(recording->path);
    rmdir(recording->directory);
}

static inline const struct rn_summary_group *find(const struct rn_summary *summary, uint8_t kind,
                                                  const char *name)
{
    size_t count;
    struct rn_summary_group *const *groups = rn_summary_groups(summary, &count);

    for (size_t i = 0; i < count; i++) {
        if (groups[i]->kind == kind && strcmp(groups[i]->name, name) == 0)
            return groups[i];
    }
    return NULL;
}

static inline const struct rn_summary_group *
must_find(const struct rn_summary *summary, uint8_t kind, const char *name, uint64_t count)
{
    const struct rn_summary_group *group = find(summary, kind, name);

    if (!group)
        fail_msg("there is no group %s", name);
    assert_int_equal(rn_histogram_count(group->durations), count);
    return group;
}

#endif

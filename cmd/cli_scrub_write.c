/* SPDX-License-Identifier: MIT */
/* One pass: each event is scrubbed and written, and shown as it was to the model of effects, from
 * which the fingerprints of whole objects come at the end. */
#include "cli_scrub.h"

#include "libanalysis/effect.h"
#include "libanalysis/rewrite.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCRIPT_HEAD 2u /* bytes that tell a script */

struct job {
    struct rn_scrub *scrub;
    struct rn_effects *effects;
    struct rn_writer *writer;
    struct rn_error *err;
    enum rn_status member_status;
    uint64_t last_start; /* ticks */
};

static enum rn_status each_event(void *context, const struct rn_event *event, struct rn_event *out,
                                 bool *keep, struct rn_error *err)
{
    struct job *job = context;
    enum rn_status status = job->member_status;

    (void)keep;
    if (status == RN_OK)
        status = rn_effects_feed(job->effects, event, err);
    if (event->start > job->last_start)
        job->last_start = event->start;
    return status == RN_OK ? rn_scrub_event(job->scrub, event, out, err) : status;
}

static void each_member(void *context, const char *name, const uint8_t *data, size_t size)
{
    struct job *job = context;
    struct rn_buf text = RN_BUF_INIT;

    if (rn_scrub_member(job->scrub, name, data, size, &text) && job->member_status == RN_OK)
        job->member_status = rn_writer_add_file(job->writer, name, text.data, text.size, job->err);
    rn_buf_free(&text);
}

static enum rn_status each_object(void *context, const struct rn_object *object, uint64_t crc,
                                  struct rn_error *err)
{
    struct job *job = context;
    const uint64_t fingerprint[2] = {htole64(object->length), htole64(crc)};
    uint8_t digest[RN_SCRUB_DIGEST];
    const struct rn_attachment item = {
        .type = RN_ATT_DIGEST, .arg = RN_ARG_NONE, .size = sizeof digest, .data = digest};
    struct rn_event event = {.kind = RN_KIND_OBJECT,
                             .ordinal = RN_WRITER_NEXT,
                             .start = job->last_start,
                             .u.object = *object,
                             .attachment_count = 1,
                             .attachments = &item};

    event.u.object.key = rn_scrub_key_id(job->scrub);
    rn_scrub_digest(job->scrub, fingerprint, sizeof fingerprint, digest);
    return rn_writer_add(job->writer, &event, err);
}

/* The manifest as it may be shown; the reader keeps its own. */
static enum rn_status scrub_manifest(struct job *job, const struct rn_manifest *from,
                                     struct rn_manifest *to, struct rn_error *err)
{
    enum rn_status status = rn_manifest_copy(from, to, err);

    if (status == RN_OK)
        status = rn_scrub_manifest(job->scrub, to, err);
    if (status != RN_OK)
        return status;
    free(to->scrubbed);
    free(to->scrub_key);
    to->scrubbed = strdup("rn-scrub " RN_VERSION);
    if (asprintf(&to->scrub_key, "%016" PRIx64, rn_scrub_key_id(job->scrub)) < 0)
        to->scrub_key = NULL;
    if (!to->scrubbed || !to->scrub_key)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    return RN_OK;
}

static enum rn_status prepare(struct job *job, const struct cli_scrub_options *options,
                              const char *path, struct rn_reader *reader, struct rn_error *err)
{
    static const struct rn_writer_options copying = {.copies = true, .manual_commit = true};
    static const struct rn_effects_options keeping = {.keep = SCRIPT_HEAD};
    const struct rn_manifest *manifest = rn_reader_manifest(reader);
    struct rn_manifest changed;
    enum rn_status status;

    if (manifest->source_count)
        return rn_fail(err, RN_E_USAGE,
                       "a merged recording: scrub its parts under one key, and merge them again");
    job->scrub = rn_scrub_new(options->policy, options->key.data, options->key.size);
    job->effects = rn_effects_new(manifest, &keeping);
    if (!job->scrub || !job->effects)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    cli_scrub_learn(job->scrub, path);
    status = scrub_manifest(job, manifest, &changed, err);
    if (status == RN_OK)
        status = rn_writer_new(options->output_path, &changed, &copying, &job->writer, err);
    rn_manifest_clear(&changed);
    return status;
}

static enum rn_status copy(struct job *job, struct rn_reader *reader, struct rn_error *err)
{
    enum rn_status status;

    job->err = err;
    rn_reader_on_member(reader, each_member, job);
    status = rn_rewrite(reader, job->writer, each_event, job, err);
    if (status == RN_OK)
        status = job->member_status;
    if (status == RN_OK)
        status = rn_effects_finish(job->effects, err);
    /* Digests that were there stay: what they were made of is gone. */
    if (status == RN_OK && !rn_reader_manifest(reader)->scrubbed)
        status = rn_effects_objects(job->effects, each_object, job, err);
    return status == RN_OK ? rn_writer_seal(job->writer, err) : status;
}

static void warn(const struct cli_scrub_options *options, const struct rn_reader *reader)
{
    if (!options->key_path)
        cli_warn("scrubbed under a key of its own, which is not kept: to compare recordings with "
                 "each other, scrub them under one --key");
    if (rn_reader_skipped(reader))
        cli_warn("%" PRIu64 " events of kinds that this version does not know were left out",
                 rn_reader_skipped(reader));
}

int cli_scrub_write(const struct cli_scrub_options *options, const char *path)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_reader *reader = NULL;
    struct job job = {0};
    enum rn_status status = rn_reader_open(path, &reader, &err);

    if (status == RN_OK)
        status = prepare(&job, options, path, reader, &err);
    if (status == RN_OK)
        status = copy(&job, reader, &err);
    if (status == RN_OK) {
        warn(options, reader);
    } else {
        rn_fail_in(&err, path);
        cli_error(&err);
        if (job.writer)
            rn_writer_discard(job.writer);
    }
    rn_writer_free(job.writer);
    rn_effects_free(job.effects);
    rn_scrub_free(job.scrub);
    rn_reader_free(reader);
    return status == RN_OK ? RN_EXIT_OK : RN_EXIT_TROUBLE;
}

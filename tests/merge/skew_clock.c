/* SPDX-License-Identifier: MIT */
/* The recording of another host: the same ticks, but another boot, and a clock that is OFFSET_NS
 * ahead, gains PPM, and is stepped by STEP_NS in the middle.
 *
 *     skew_clock IN OUT BOOT OFFSET_NS PPM STEP_NS
 */
#include "formats/reader.h"
#include "formats/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct skew {
    struct rn_clock_point start;
    uint64_t middle; /* ticks */
    double offset, drift, step;
};

static uint64_t skewed(const struct skew *skew, uint64_t ns, uint64_t start_ns, uint64_t ticks)
{
    double gone = (double)(ns - start_ns);

    return start_ns + (uint64_t)(int64_t)(gone * (1 + skew->drift) + skew->offset +
                                          (ticks > skew->middle ? skew->step : 0));
}

static void skew_point(const struct skew *skew, struct rn_clock_point *point)
{
    point->monotonic_ns = skewed(skew, point->monotonic_ns, skew->start.monotonic_ns, point->ticks);
    point->realtime_ns = skewed(skew, point->realtime_ns, skew->start.realtime_ns, point->ticks);
}

static enum rn_status pass_stream(struct rn_writer *writer, const struct rn_event *event,
                                  uint64_t *known, struct rn_error *err)
{
    const struct rn_attachment *name = rn_event_attachment(event, RN_ATT_NAME, RN_ARG_ANY);
    struct rn_stream stream = event->u.stream_info;
    char text[64] = "";
    uint64_t id;
    enum rn_status status;

    if (stream.id <= *known)
        return RN_OK;
    if (name)
        snprintf(text, sizeof text, "%.*s", (int)name->size, (const char *)name->data);
    status = rn_writer_add_stream(writer, &stream, name ? text : NULL, &id, err);
    *known = id;
    return status == RN_OK && id != stream.id
               ? rn_fail(err, RN_E_FORMAT, "streams are not in order of their numbers")
               : status;
}

static enum rn_status pass(struct rn_reader *reader, struct rn_writer *writer,
                           const struct skew *skew, struct rn_error *err)
{
    struct rn_event event;
    uint64_t known = 0;
    enum rn_status status;

    while ((status = rn_reader_next_event(reader, &event, err)) == RN_OK) {
        if (event.kind == RN_KIND_CLOCK) {
            struct rn_writer_commit_info info = {.clock = event.u.clock};

            skew_point(skew, &info.clock);
            status = rn_writer_commit(writer, &info, err);
        } else if (event.kind == RN_KIND_STREAM) {
            status = pass_stream(writer, &event, &known, err);
        } else if (RN_KIND_IS_EVENT(event.kind) && !(event.flags & RN_EVENT_SNAPSHOT)) {
            status = rn_writer_add(writer, &event, err);
        }
        if (status != RN_OK)
            return status;
    }
    return status == RN_EOF ? RN_OK : status;
}

int main(int argc, char **argv)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_reader *reader = NULL;
    struct rn_writer *writer = NULL;
    struct rn_writer_options options = {.manual_commit = false};
    struct skew skew;
    enum rn_status status;

    if (argc != 7)
        return 2;
    status = rn_reader_open(argv[1], &reader, &err);
    if (status == RN_OK) {
        struct rn_manifest manifest = *rn_reader_manifest(reader);
        const struct rn_index *index = rn_reader_index(reader);

        skew = (struct skew){.start = manifest.start,
                             .middle = manifest.start.ticks / 2 + index->end.ticks / 2,
                             .offset = atof(argv[4]),
                             .drift = atof(argv[5]) * 1e-6,
                             .step = atof(argv[6])};
        manifest.boot_id = argv[3];
        manifest.uuid[0] ^= (uint8_t)(argv[3][0] + 1);
        skew_point(&skew, &manifest.start);
        if (manifest.tick_hz)
            manifest.tick_hz = (uint64_t)((double)manifest.tick_hz / (1 + skew.drift));
        status = rn_writer_new(argv[2], &manifest, &options, &writer, &err);
    }
    if (status == RN_OK)
        status = pass(reader, writer, &skew, &err);
    if (status == RN_OK)
        status = rn_writer_seal(writer, &err);
    if (status != RN_OK)
        fprintf(stderr, "skew_clock: %s: %s\n", argv[1], err.what);
    rn_writer_free(writer);
    rn_reader_free(reader);
    return status == RN_OK ? 0 : 2;
}

/* SPDX-License-Identifier: MIT */
/* Read once for the waits for devices, once for everything, and for the time of devices where there
 * are any. */
#include "cli_stat_attribution.h"

#include "cli_stat_rows.h"

#include <stdlib.h>
#include <string.h>

const char *cli_attribution_part(unsigned part)
{
    return part == RN_PART_COMPUTING ? "computing" : rn_call_class_names[part];
}

static enum rn_status take_row(void *context, struct cli_source *source,
                               const struct rn_event *event, struct rn_error *err)
{
    return rn_attribution_event(context, source->trace, event, err);
}

/* Damage is told by the second reading. */
static bool read_waits(struct rn_attribution *attribution, const char *path,
                       const struct rn_filter *all)
{
    struct rn_error err = RN_ERROR_INIT;
    struct cli_source source;
    bool fine = false;

    if (cli_source_open(&source, path, all)) {
        fine = rn_attribution_waits(attribution, source.reader, &err) == RN_OK;
        if (!fine)
            cli_error(&err);
    }
    cli_source_close(&source);
    return fine;
}

/* Time in which at least one device of those that the recording knows had something to do: where
 * there are several, the sum. */
static bool read_devices(struct cli_attribution *shown, const char *path,
                         const struct rn_filter *all)
{
    struct rn_device_stat *stat = rn_device_stat_new(RN_DEVICE_BY_QUEUE, all);
    const struct rn_device_group *total = NULL;
    struct rn_error err = RN_ERROR_INIT;
    struct cli_source source;
    bool opened = stat && cli_source_open(&source, path, all);

    if (opened) {
        enum rn_status status = rn_device_stat_read(stat, source.reader, &err);

        if (status == RN_OK || status == RN_E_FORMAT)
            total = rn_device_stat_total(stat, RN_DEVICE_DEVICES);
        cli_source_close(&source);
    }
    if (total) {
        shown->devices_known = true;
        shown->devices_busy_ns = total->busy_ns;
    }
    rn_device_stat_free(stat);
    return opened;
}

static void render_text(const void *attribution, struct rn_buf *out)
{
    cli_attribution_text(attribution, out);
}

static void render_json(const void *attribution, struct rn_buf *out)
{
    cli_attribution_json(attribution, out);
}

static void render_csv(const void *attribution, struct rn_buf *out)
{
    cli_attribution_csv(attribution, out);
}

static bool print(const struct cli_stat_job *job, struct cli_source *source,
                  struct rn_attribution *attribution, const char *path)
{
    struct rn_attribution_result result;
    struct rn_error err = RN_ERROR_INIT;
    struct cli_attribution shown = {
        .result = &result,
        .clock = rn_trace_clock(source->trace),
        .name = rn_reader_name(source->reader),
        .top = job->order.top,
        .lacks_events = source->lacks_events || rn_reader_incomplete(source->reader),
    };

    if (rn_attribution_result(attribution, source->trace, &result, &err) != RN_OK) {
        cli_error(&err);
        return false;
    }
    if (result.has_devices && !read_devices(&shown, path, job->filter)) {
        cli_fail("out of memory");
        return false;
    }
    return cli_stat_print(job->output_path,
                          job->format == STAT_JSON  ? render_json
                          : job->format == STAT_CSV ? render_csv
                                                    : render_text,
                          &shown);
}

int cli_stat_attribution(const struct cli_stat_job *job, const char *path)
{
    struct rn_attribution *attribution;
    struct cli_source source;
    bool whole = false, usable = false;

    if (!cli_stat_can_be_read_twice(path, "--attribution"))
        return RN_EXIT_TROUBLE;
    attribution = rn_attribution_new();
    if (!attribution)
        cli_fail("out of memory");
    if (!attribution || !read_waits(attribution, path, job->filter)) {
        rn_attribution_free(attribution);
        return RN_EXIT_TROUBLE;
    }
    if (cli_source_open(&source, path, job->filter)) {
        whole = cli_stat_read_rows(&source, take_row, attribution, &usable);
        whole &= usable && print(job, &source, attribution, path);
        cli_source_warn(&source);
    }
    cli_source_close(&source);
    rn_attribution_free(attribution);
    return whole ? RN_EXIT_OK : RN_EXIT_TROUBLE;
}

/* SPDX-License-Identifier: MIT */
/* Opens a recording where it is wanted from, reads it event by event, and warns of damage. */
#include "cli_source.h"

#include "libanalysis/select.h"

#include <string.h>

/* Ticks are estimated from the rate in the manifest, so start a little early: events are compared
 * with their exact time afterwards. */
static enum rn_status seek_to_time(struct rn_reader *reader, uint64_t from_ns, struct rn_error *err)
{
    const struct rn_manifest *manifest = rn_reader_manifest(reader);
    double early_ns = (double)from_ns * 0.999 - 10e6;
    double rate = manifest->tick_unit == RN_TICK_TSC ? (double)manifest->tick_hz / 1e9 : 1;
    if (early_ns <= 0 || manifest->tick_shift > 63)
        return RN_OK;
    double ticks = early_ns * rate / (double)(1ull << manifest->tick_shift);
    if (ticks >= 0x1p62)
        return RN_OK;
    return rn_reader_seek(reader, manifest->start.ticks + (uint64_t)ticks, err);
}

static enum rn_status source_open(struct cli_source *source, const char *path,
                                  const struct rn_filter *filter, struct rn_error *err)
{
    uint64_t from_ns, to_ns;
    enum rn_status status = rn_reader_open(path, &source->reader, err);
    if (status != RN_OK)
        return status;
    source->trace = rn_trace_new(rn_reader_manifest(source->reader));
    if (!source->trace)
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    if (filter && rn_filter_time(filter, &from_ns, &to_ns))
        return seek_to_time(source->reader, from_ns, err);
    return RN_OK;
}

bool cli_source_open(struct cli_source *source, const char *path, const struct rn_filter *filter)
{
    struct rn_error err = RN_ERROR_INIT;
    memset(source, 0, sizeof(*source));
    if (source_open(source, path, filter, &err) == RN_OK)
        return true;
    cli_error(&err);
    return false;
}

void cli_source_close(struct cli_source *source)
{
    rn_trace_free(source->trace);
    rn_reader_free(source->reader);
}

/* The first damaged place is told in full, the number of the others at the end. */
static void note_damage(struct cli_source *source, const struct rn_error *err)
{
    if (source->damage++ == 0 || err->status == RN_E_SYSTEM || err->status == RN_E_NOMEM)
        cli_error(err);
}

enum rn_status cli_source_next(struct cli_source *source, struct rn_event *event)
{
    struct rn_error err = RN_ERROR_INIT;
    enum rn_status status = rn_reader_next_event(source->reader, event, &err);
    if (status == RN_OK)
        rn_trace_place(source->trace, event);
    else if (status != RN_EOF)
        note_damage(source, &err);
    return status == RN_E_LIMIT || status == RN_E_VERSION ? RN_E_FORMAT : status;
}

enum rn_status cli_source_feed(struct cli_source *source, const struct rn_event *event)
{
    struct rn_error err = RN_ERROR_INIT;
    enum rn_status status = rn_trace_feed(source->trace, event, &err);
    source->lacks_events |= event->kind == RN_KIND_LOSS;
    if (status != RN_OK)
        note_damage(source, &err);
    return status == RN_E_LIMIT || status == RN_E_VERSION ? RN_E_FORMAT : status;
}

bool cli_source_selects(struct cli_source *source, const struct rn_filter *filter,
                        const struct rn_event *event)
{
    return rn_select(source->trace, filter, event);
}

void cli_source_warn(struct cli_source *source)
{
    const char *name = rn_reader_name(source->reader);
    uint64_t skipped = rn_reader_skipped(source->reader);
    if (source->damage > 1)
        cli_warn("%s: %llu more places are damaged", name,
                 (unsigned long long)(source->damage - 1));
    if (skipped)
        cli_warn("%s: %llu events of kinds unknown to this version were skipped", name,
                 (unsigned long long)skipped);
    if (source->lacks_events || rn_reader_incomplete(source->reader))
        cli_warn("%s: the recording is incomplete; 'rn-info' says more", name);
}

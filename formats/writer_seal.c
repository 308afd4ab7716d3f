/* SPDX-License-Identifier: MIT */
#include "writer_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The pending events and what is lost. Events that do not fit are dropped, the statement that they
 * were is not. */
static enum rn_status commit_rest(struct rn_writer *writer, struct rn_error *err)
{
    enum rn_status status = RN_E_LIMIT;

    if (rn_writer_pending(writer) == 0 && writer->loss_count == 0)
        return RN_OK;
    if (!writer->full)
        status = rn_writer_try_commit(writer, NULL, false, err);
    if (status == RN_OK)
        return RN_OK;
    if (status == RN_E_SYSTEM && !writer->seal_failed) {
        writer->seal_failed = true;
        return status;
    }
    rn_writer_drop(writer, status == RN_E_SYSTEM ? RN_LOSS_DISK_FULL
                           : writer->full        ? RN_LOSS_MAX_SIZE
                                                 : RN_LOSS_OTHER);
    return rn_writer_try_commit(writer, NULL, true, err);
}

/* Without a calibration point the clock's own unit says what can be said. */
static void set_end(struct rn_writer *writer)
{
    struct rn_clock_point *end = &writer->index.end;

    if (end->ticks)
        return;
    end->ticks = writer->latest;
    if (writer->tick_unit != RN_TICK_NS)
        return;
    /* The zero of ticks need not be that of CLOCK_MONOTONIC. */
    end->monotonic_ns =
        writer->start.monotonic_ns + ((writer->latest - writer->start.ticks) << writer->tick_shift);
    end->realtime_ns = writer->start.realtime_ns + (end->monotonic_ns - writer->start.monotonic_ns);
}

static enum rn_status write_index(struct rn_writer *writer, struct rn_error *err)
{
    uint64_t offset = rn_archive_writer_offset(writer->archive);
    enum rn_status status;

    set_end(writer);
    writer->index.sealed_by = writer->creator;
    rn_buf_clear(&writer->member);
    status = rn_index_to_json(&writer->index, &writer->member, err);
    writer->index.sealed_by = NULL;
    if (status == RN_OK)
        status = rn_writer_add_file(writer, RN_MEMBER_INDEX, writer->member.data,
                                    writer->member.size, err);
    if (status != RN_OK)
        return status;
    status = rn_archive_writer_finish(writer->archive, err);
    if (status != RN_OK && writer->part &&
        rn_archive_writer_cut(writer->archive, offset, NULL) != RN_OK)
        return rn_fail(err, RN_E_SYSTEM, "cannot take back an index without an end");
    return status;
}

static enum rn_status rename_part(struct rn_writer *writer, struct rn_error *err)
{
    char *from = rn_part_file(writer->part, RN_PART_ARCHIVE);
    enum rn_status status = RN_OK;

    if (!from)
        return rn_fail(err, RN_E_NOMEM, "no memory to seal a recording");
    if (rename(from, writer->path) != 0) {
        rn_fail(err, RN_E_SYSTEM, "cannot rename %s to this", from);
        rn_fail_in(err, writer->path);
        status = RN_E_SYSTEM;
    }
    free(from);
    if (status == RN_OK)
        rn_part_remove(writer->part);
    return status;
}

enum rn_status rn_writer_seal(struct rn_writer *writer, struct rn_error *err)
{
    enum rn_status status = commit_rest(writer, err);

    if (status == RN_OK)
        status = rn_writer_gather_segments(writer, err);
    if (status == RN_OK)
        status = write_index(writer, err);
    if (status == RN_OK && writer->part)
        status = rename_part(writer, err);
    return status;
}

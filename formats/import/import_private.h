/* SPDX-License-Identifier: MIT */
/* The state of an import, shared by import*.c alone. */
#ifndef RN_IMPORT_PRIVATE_H
#define RN_IMPORT_PRIVATE_H

#include "formats/manifest.h"
#include "formats/spill_sort.h"
#include "formats/writer.h"
#include "import.h"

#define RN_IMPORT_NOTES 64u /* different texts; more are counted as one */

struct rn_import_stream {
    struct rn_import_stream *next; /* in its bucket */
    struct rn_stream row;
    uint64_t key[4]; /* kind of key, pid, tid or device, number */
    char *name;
    bool known;    /* it has a maker, or is none that can have */
    bool detached; /* it has ended: is in no bucket any more */
    /* Restated where a segment begins: what the process runs, as a record. */
    struct rn_buf image;
};

struct rn_import {
    struct rn_import_options options;
    char *path, *creator, *tool, *name;
    struct rn_manifest manifest;
    enum rn_import_clock clock;
    int64_t realtime_of_zero;
    struct rn_spill_sort *sort;        /* NULL: as they come */
    struct rn_writer *writer;          /* NULL: nothing was written yet */
    bool told;                         /* rn_import_facts */
    uint64_t base;                     /* ns of the input's clock that is tick RN_IMPORT_START */
    uint64_t earliest, latest;         /* ns of the input's clock */
    struct rn_import_stream **streams; /* by number, from 1 */
    uint32_t stream_count, written;    /* made; handed to the writer */
    size_t images;                     /* streams that have one */
    struct rn_import_stream **buckets;
    struct rn_import_account account;
    struct rn_import_note notes[RN_IMPORT_NOTES];
    char *notices[RN_IMPORT_NOTES];
    size_t notice_count;
    struct rn_attachment attachments[32];
};

/* Where the first event is: what is told later may have begun earlier. A day and a half, and a
 * double holds every nanosecond of it. */
#define RN_IMPORT_START ((uint64_t)1 << 47)

/* Room for all, in pages that are touched when they are needed. False: no memory. */
bool rn_import_make_streams(struct rn_import *import);
void rn_import_free_streams(struct rn_import *import);
/* Hand the streams that are new to the writer. */
RN_MUST_CHECK enum rn_status rn_import_write_streams(struct rn_import *import,
                                                     struct rn_error *err);
/* Keep what an event says of the image of a process, or forget it. */
RN_MUST_CHECK enum rn_status
rn_import_keep_image(struct rn_import *import, const struct rn_event *event, struct rn_error *err);

#endif

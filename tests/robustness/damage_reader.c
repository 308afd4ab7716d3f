/* SPDX-License-Identifier: MIT */
/* Reads damaged archives in one process, so that thousands take seconds.
 *   damage_reader copy FROM TO       write FROM's events anew, in small members and segments
 *   damage_reader flips FILE N SEED  read it with one byte changed, N times
 * Every damaged copy must give the same events, or fewer and say so. */
#include "formats/reader.h"
#include "formats/writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define COMMIT_EVENTS 64u
#define SEGMENT_BYTES 4096u
#define HANG_SECONDS  10u
#define MEMORY_LIMIT  (1ull << 30)
#define CALLS_MAX     1000000u /* of one read: a reader that does not come to an end */

static void die(const char *what, const struct rn_error *err)
{
    char text[1200] = "";
    if (err != NULL)
        rn_error_text(err, text, sizeof text);
    fprintf(stderr, "damage_reader: %s %s\n", what, text);
    exit(2);
}

static void copy_event(struct rn_writer *writer, const struct rn_event *event)
{
    struct rn_error err = RN_ERROR_INIT;
    bool restated = (event->flags & RN_EVENT_SNAPSHOT) != 0;
    if (event->kind == RN_KIND_STREAM) {
        uint64_t id;
        if (!restated &&
            rn_writer_add_stream(writer, &event->u.stream_info, "copy", &id, &err) != RN_OK)
            die("cannot add a stream:", &err);
        return;
    }
    if (RN_KIND_IS_EVENT(event->kind) && !restated && rn_writer_add(writer, event, &err) != RN_OK)
        die("cannot add an event:", &err);
    if (rn_writer_pending(writer) >= COMMIT_EVENTS && rn_writer_commit(writer, NULL, &err) != RN_OK)
        die("cannot commit:", &err);
}

static int copy(const char *from, const char *to)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_reader *reader;
    struct rn_writer *writer;
    struct rn_writer_options options = {.segment_bytes = SEGMENT_BYTES};
    struct rn_event event;
    enum rn_status status;
    if (rn_reader_open(from, &reader, &err) != RN_OK)
        die("cannot open:", &err);
    if (rn_writer_new(to, rn_reader_manifest(reader), &options, &writer, &err) != RN_OK)
        die("cannot write:", &err);
    while ((status = rn_reader_next_event(reader, &event, &err)) == RN_OK)
        copy_event(writer, &event);
    if (status != RN_EOF)
        die("cannot read:", &err);
    if (rn_writer_seal(writer, &err) != RN_OK)
        die("cannot seal:", &err);
    rn_writer_free(writer);
    rn_reader_free(reader);
    return 0;
}

/* FNV-1a: enough to tell one sequence of events from another. */
static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3ull;
    return hash;
}

static uint64_t event_hash(const struct rn_event *event)
{
    uint64_t hash = 0xcbf29ce484222325ull;
    hash = mix(hash, &event->kind, sizeof event->kind);
    hash = mix(hash, &event->stream, sizeof event->stream);
    hash = mix(hash, &event->ordinal, sizeof event->ordinal);
    hash = mix(hash, &event->start, sizeof event->start);
    hash = mix(hash, &event->duration, sizeof event->duration);
    for (unsigned i = 0; i < rn_schema_get(event->kind)->words; i++)
        hash = mix(hash, &event->u.words[i], sizeof event->u.words[i]);
    for (uint32_t i = 0; i < event->attachment_count; i++) {
        const struct rn_attachment *attachment = &event->attachments[i];
        hash = mix(hash, &attachment->type, sizeof attachment->type);
        if (attachment->type == RN_ATT_CONTENT) {
            hash = mix(hash, &attachment->content.crc, sizeof attachment->content.crc);
            hash = mix(hash, attachment->content.head, attachment->content.head_len);
            hash = mix(hash, attachment->content.prefix_crc,
                       attachment->content.blocks * sizeof(uint64_t));
        } else {
            hash = mix(hash, attachment->data, attachment->size);
        }
    }
    return hash;
}

/* Hashes of the events of the undamaged archive: in order when read, then sorted. */
struct known {
    uint64_t *hashes;
    size_t count, room;
};

static int compare(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static void learn(struct known *known, uint64_t hash)
{
    if (known->count == known->room) {
        known->room = known->room * 2 + 1024;
        known->hashes = realloc(known->hashes, known->room * sizeof *known->hashes);
        if (known->hashes == NULL)
            die("no memory", NULL);
    }
    known->hashes[known->count++] = hash;
}

static bool is_known(const struct known *known, uint64_t hash)
{
    return bsearch(&hash, known->hashes, known->count, sizeof hash, compare) != NULL;
}

struct reading {
    uint64_t events;
    uint64_t strangers; /* events that the undamaged archive does not have */
    unsigned errors;
    bool admitted; /* that something is missing */
};

static void check_error(const struct rn_error *err)
{
    if (err->what[0] == '\0' || err->file[0] == '\0')
        die("an error that does not say what or where:", err);
}

/* Read everything; into `known` where `learning`, else compare with it. */
static struct reading read_all(const char *path, struct known *known, bool learning)
{
    struct reading result = {0};
    struct rn_error err = RN_ERROR_INIT;
    struct rn_reader *reader = NULL;
    struct rn_event event;
    if (rn_reader_open(path, &reader, &err) != RN_OK) {
        check_error(&err);
        return (struct reading){.errors = 1, .admitted = true};
    }
    for (unsigned call = 0;; call++) {
        if (call > CALLS_MAX)
            die("does not come to an end", NULL);
        enum rn_status status = rn_reader_next_event(reader, &event, &err);
        if (status == RN_EOF)
            break;
        if (status != RN_OK) {
            check_error(&err);
            result.errors++;
        } else if (RN_KIND_IS_EVENT(event.kind)) {
            uint64_t hash = event_hash(&event);
            if (learning)
                learn(known, hash);
            else
                result.strangers += !is_known(known, hash);
            result.events++;
        }
    }
    result.admitted =
        result.errors != 0 || rn_reader_incomplete(reader) || rn_reader_skipped(reader) != 0;
    rn_reader_free(reader);
    return result;
}

static int load(const char *path, size_t *size)
{
    char buffer[65536];
    size_t got;
    FILE *file = fopen(path, "rb");
    int fd = memfd_create("damaged", 0);
    if (file == NULL || fd < 0)
        die("cannot load the archive", NULL);
    *size = 0;
    while ((got = fread(buffer, 1, sizeof buffer, file)) > 0) {
        if (write(fd, buffer, got) != (ssize_t)got)
            die("cannot copy the archive", NULL);
        *size += got;
    }
    fclose(file);
    return fd;
}

#if defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static void limit_memory(void)
{
#if !SANITIZED /* which maps terabytes */
    struct rlimit limit = {MEMORY_LIMIT, MEMORY_LIMIT};
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        die("cannot limit memory", NULL);
#endif
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* One damaged copy: change the byte, read, put it back. */
static struct reading read_flipped(int fd, const char *path, struct known *known, off_t offset,
                                   uint8_t with)
{
    uint8_t byte, changed;
    if (pread(fd, &byte, 1, offset) != 1)
        die("cannot read back", NULL);
    changed = byte ^ with;
    if (pwrite(fd, &changed, 1, offset) != 1)
        die("cannot damage", NULL);
    alarm(HANG_SECONDS);
    struct reading result = read_all(path, known, false);
    alarm(0);
    if (pwrite(fd, &byte, 1, offset) != 1)
        die("cannot repair", NULL);
    return result;
}

static int flips(const char *file, unsigned long count, uint64_t seed)
{
    char path[64];
    size_t size;
    int fd = load(file, &size);
    unsigned long noticed = 0, partial = 0, wrong = 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    limit_memory();
    struct known known = {0};
    struct reading whole = read_all(path, &known, true);
    if (whole.errors != 0 || whole.admitted || whole.events == 0)
        die("the undamaged archive does not read", NULL);
    qsort(known.hashes, known.count, sizeof *known.hashes, compare);
    for (unsigned long i = 0; i < count; i++) {
        off_t offset = (off_t)(next_random(&seed) % size);
        uint8_t with = (uint8_t)(next_random(&seed) % 255 + 1);
        struct reading damaged = read_flipped(fd, path, &known, offset, with);
        noticed += damaged.admitted;
        partial += damaged.admitted && damaged.events != 0;
        if (damaged.strangers != 0 || (!damaged.admitted && damaged.events != whole.events)) {
            printf("byte %lld changed by 0x%02x: %llu events of %llu, %llu of them wrong, %s\n",
                   (long long)offset, with, (unsigned long long)damaged.events,
                   (unsigned long long)whole.events, (unsigned long long)damaged.strangers,
                   damaged.admitted ? "with an error" : "without an error");
            wrong++;
        }
    }
    printf("%lu bytes changed in %zu: %lu noticed, %lu of them read in part, %lu wrong\n", count,
           size, noticed, partial, wrong);
    close(fd);
    free(known.hashes);
    return wrong != 0 || noticed == 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "copy") == 0)
        return copy(argv[2], argv[3]);
    if (argc == 5 && strcmp(argv[1], "flips") == 0)
        return flips(argv[2], strtoul(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
    fputs("usage: damage_reader copy FROM TO | flips FILE COUNT SEED\n", stderr);
    return 2;
}

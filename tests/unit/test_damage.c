/* SPDX-License-Identifier: MIT */
/* Damaged archives: whatever is in the file, a reader ends, says where the damage is, and hands out
 * nothing that was not recorded. */
#include "recording.h"

#include "formats/chunk.h"
#include "formats/crc64.h"

#define EVENTS   400u
#define MEMBERS  16u
#define SEGMENTS 8u /* of two members each */

static uint8_t *archive;
static size_t archive_size;
static uint64_t seed;

static unsigned number_of(const char *name, unsigned fallback)
{
    const char *text = getenv(name);

    return text ? (unsigned)strtoul(text, NULL, 10) : fallback;
}

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

static void load_archive(void)
{
    FILE *file = fopen(path, "r");

    fseek(file, 0, SEEK_END);
    archive_size = (size_t)ftell(file);
    rewind(file);
    archive = malloc(archive_size);
    assert_int_equal(fread(archive, archive_size, 1, file), 1);
    fclose(file);
}

static int set_up(void **state)
{
    struct rn_writer_options options = {.segment_bytes = 2200};
    struct rn_writer *writer;

    if (make_directory(state) != 0)
        return -1;
    seed = 88172645463325252ull;
    writer = new_writer(path, &options);
    assert_ok(rn_writer_add_file(writer, "env/uname", "Linux", 5, &err));
    for (uint64_t i = 0; i < MEMBERS; i++) {
        assert_int_equal(rn_writer_segment_due(writer), i % 2 == 0);
        add_events(writer, i * EVENTS / MEMBERS, (i + 1) * EVENTS / MEMBERS);
        assert_ok(rn_writer_commit(writer, NULL, &err));
    }
    seal(writer);
    load_archive();
    return 0;
}

static int tear_down(void **state)
{
    free(archive);
    return remove_directory(state);
}

static void write_archive(const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "w");

    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

struct outcome {
    unsigned events, errors;
    bool opened, incomplete, sealed;
    uint64_t offset; /* of the first error */
};

static void note_error(struct outcome *outcome, const char *file)
{
    char text[1200];

    if (outcome->errors++ == 0)
        outcome->offset = err.has_offset ? err.offset : UINT64_MAX;
    assert_non_null(strstr(rn_error_text(&err, text, sizeof text), file));
}

/* Read all events; with `check`, each of them must be one that was recorded. */
static struct outcome read_events(bool check)
{
    struct outcome outcome = {.events = 0};
    struct rn_reader *reader;
    struct rn_event event;
    enum rn_status status;

    err = (struct rn_error)RN_ERROR_INIT;
    if (rn_reader_open(path, &reader, &err) != RN_OK) {
        note_error(&outcome, "t.rna");
        return outcome;
    }
    outcome.opened = true;
    for (unsigned rows = 0; (status = rn_reader_next_event(reader, &event, &err)) != RN_EOF;) {
        assert_in_range(++rows, 0, 10000000);
        if (status != RN_OK) {
            note_error(&outcome, "t.rna");
        } else if (RN_KIND_IS_EVENT(event.kind) && event.kind != RN_KIND_LOSS) {
            if (check)
                expect_number(&event, (event.start - 5000) / 10);
            outcome.events++;
        }
    }
    outcome.incomplete = rn_reader_incomplete(reader);
    outcome.sealed = rn_reader_sealed(reader);
    rn_reader_free(reader);
    return outcome;
}

static void read_batches(const struct outcome *events)
{
    struct rn_reader *reader;
    struct rn_batch batch;
    enum rn_status status;
    unsigned rows = 0;

    if (rn_reader_open(path, &reader, &err) != RN_OK)
        return;
    while ((status = rn_reader_next(reader, &batch, &err)) != RN_EOF)
        if (status == RN_OK && RN_KIND_IS_EVENT(batch.kind))
            rows += batch.rows;
    assert_int_equal(rows, events->events);
    rn_reader_free(reader);
}

static void every_cut_is_told_once(void **state)
{
    unsigned before = 0;

    (void)state;
    for (size_t size = 0; size < archive_size; size += number_of("RN_TEST_CUT_STEP", 100)) {
        struct outcome outcome;

        write_archive(archive, size);
        outcome = read_events(true);
        /* One of the two end blocks will do. */
        assert_int_equal(outcome.errors, size < archive_size - 512);
        assert_true(outcome.incomplete || !outcome.opened || !outcome.errors);
        assert_true(!outcome.opened || !outcome.errors || outcome.offset <= size + 512);
        assert_true(outcome.events >= before);
        before = outcome.events;
        read_batches(&outcome);
    }
    /* The index and the end are missing from the longest of them, no more. */
    assert_int_equal(before, EVENTS);
}

static void flipped_bits_are_told(void **state)
{
    unsigned whole = 0, partial = 0, refused = 0;

    (void)state;
    for (unsigned i = 0; i < number_of("RN_TEST_FLIPS", 1000); i++) {
        uint8_t *byte = &archive[next_random() % archive_size], saved = *byte;
        struct outcome outcome;

        *byte ^= (uint8_t)(1u << next_random() % 8);
        write_archive(archive, archive_size);
        outcome = read_events(true);
        read_batches(&outcome);
        *byte = saved;
        assert_true(outcome.errors <= 2);
        /* What is missing has been told. Fields of the manifest may be wrong and unnoticed. */
        assert_true(outcome.errors || outcome.events == EVENTS);
        assert_true(!outcome.opened || !outcome.errors || outcome.incomplete);
        /* Damage costs its segment, not more; or the tables of the next one, if its begin. */
        assert_true(!outcome.opened || outcome.events >= EVENTS - 2 * EVENTS / SEGMENTS);
        if (!outcome.opened)
            refused++;
        else if (outcome.events == EVENTS)
            whole++;
        else
            partial++;
    }
    assert_true(partial > 100 && whole > 10 && refused > 1);
}

static void garbage_ends(void **state)
{
    uint8_t *copy = malloc(archive_size);

    (void)state;
    for (unsigned i = 0; i < number_of("RN_TEST_FLIPS", 1000) / 4; i++) {
        size_t at = next_random() % archive_size, size = next_random() % 2000;
        struct outcome outcome;

        memcpy(copy, archive, archive_size);
        for (size_t j = at; j < at + size && j < archive_size; j++)
            copy[j] = (uint8_t)next_random();
        write_archive(copy, archive_size);
        outcome = read_events(true);
        read_batches(&outcome);
        assert_true(outcome.errors <= 3);
    }
    free(copy);
}

/* Offset of a chunk, by chance; its payload size. */
static size_t find_chunk(uint32_t *payload)
{
    static const uint8_t magic[4] = {'R', 'N', 'C', 1};

    for (;;) {
        size_t from = next_random() % archive_size;
        const uint8_t *at = memmem(archive + from, archive_size - from, magic, sizeof magic);

        if (!at || (size_t)(archive + archive_size - at) < RN_CHUNK_HEADER_SIZE)
            continue;
        memcpy(payload, at + 24, sizeof *payload);
        if (*payload && *payload < (size_t)(archive + archive_size - at) - RN_CHUNK_HEADER_SIZE)
            return (size_t)(at - archive);
    }
}

/* What somebody has made, not chance: the checksum of the chunk is right. */
static void forged_chunks_end(void **state)
{
    uint8_t *copy = malloc(archive_size);

    (void)state;
    for (unsigned i = 0; i < number_of("RN_TEST_FLIPS", 1000); i++) {
        struct outcome outcome;
        uint32_t payload;
        size_t chunk = find_chunk(&payload);
        uint64_t crc;

        memcpy(copy, archive, archive_size);
        for (uint64_t j = next_random() % 4 + 1; j > 0; j--) {
            size_t at = next_random() % 4 ? RN_CHUNK_HEADER_SIZE + next_random() % payload
                                          : 4 + next_random() % 44;

            copy[chunk + at] =
                next_random() % 2 ? (uint8_t)next_random() : (uint8_t)(copy[chunk + at] ^ 1);
        }
        crc = rn_crc64(0, copy + chunk, RN_CHUNK_HEADER_SIZE - 8);
        crc = rn_crc64(crc, copy + chunk + RN_CHUNK_HEADER_SIZE, payload);
        memcpy(copy + chunk + RN_CHUNK_HEADER_SIZE - 8, &crc, 8);
        write_archive(copy, archive_size);
        outcome = read_events(false);
        assert_true(outcome.errors <= 100);
    }
    free(copy);
}

/* Sealing reads what a damaged recording holds, and the result is whole. */
static void damaged_part_can_be_sealed(void **state)
{
    char command[600], *sealed;
    struct outcome outcome;

    (void)state;
    archive[archive_size / 3] ^= 1;
    write_archive(archive, archive_size - 6 * 1024);
    snprintf(command, sizeof command, "mkdir '%s' && mv '%s' '%s/archive'", part, path, part);
    assert_int_equal(system(command), 0);
    assert_ok(rn_part_seal(part, &sealed, &err));
    free(sealed);
    outcome = read_events(true);
    assert_int_equal(outcome.errors, 1);
    assert_true(outcome.sealed);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_cut_is_told_once), CASE(flipped_bits_are_told),      CASE(garbage_ends),
        CASE(forged_chunks_end),      CASE(damaged_part_can_be_sealed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

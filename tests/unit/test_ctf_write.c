/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include "formats/export/ctf_write.h"
#include "formats/import/ctf_find.h"

#include <endian.h>
#include <errno.h>
#include <malloc.h>
#include <sys/stat.h>

#define DAY (1700000000ull * 1000000000)

static struct rn_manifest manifest;
static char trace[140];

static struct rn_ctf_writer *new_trace(void)
{
    struct rn_ctf_writer *writer;

    snprintf(trace, sizeof trace, "%s/trace", directory);
    manifest = test_manifest();
    assert_ok(rn_ctf_writer_new(trace, &manifest, "test \"1\"", &writer, &err));
    return writer;
}

static void add(struct rn_ctf_writer *writer, uint8_t kind, uint64_t at, uint64_t duration)
{
    struct rn_event event = {.kind = kind, .stream = 1, .start = DAY + at, .duration = duration};

    if (kind == RN_KIND_LOSS)
        event.u.loss.count = 5;
    assert_ok(rn_ctf_writer_add(writer, &event, 10, 11, &err));
}

static uint8_t *load(const char *name, size_t *size)
{
    char file[160];
    struct stat info;
    FILE *stream;
    uint8_t *data;

    snprintf(file, sizeof file, "%s/%s", trace, name);
    assert_int_equal(stat(file, &info), 0);
    *size = (size_t)info.st_size;
    data = calloc(1, *size + 1);
    stream = fopen(file, "r");
    assert_non_null(stream);
    assert_int_equal(fread(data, 1, *size, stream), *size);
    fclose(stream);
    return data;
}

static uint64_t number(const uint8_t *at)
{
    uint64_t value;

    memcpy(&value, at, sizeof value);
    return le64toh(value);
}

/* Header: magic, UUID, stream (24 bytes); times from the first event on, sizes in bits, number,
 * events lost so far. */
static void packets(void **state)
{
    struct rn_ctf_writer *writer = new_trace();
    size_t size, at = 0;
    uint64_t count = 0, last = 0, lost = 0;
    uint8_t *data;

    (void)state;
    for (uint64_t i = 0; i < 20000; i++)
        add(writer, RN_KIND_SYSCALL, 1000 + i * 7919 % 20000, 5);
    add(writer, RN_KIND_LOSS, 1500, 0);
    assert_ok(rn_ctf_writer_finish(writer, &err));
    rn_ctf_writer_free(writer);
    data = load("stream", &size);
    while (at < size) {
        uint64_t bits = number(data + at + 48);

        assert_true(size - at >= 72);
        assert_memory_equal(data + at, "\xc1\x1f\xfc\xc1", 4);
        assert_memory_equal(data + at + 4, manifest.uuid, 16);
        assert_true(number(data + at + 24) >= last);
        last = number(data + at + 32);
        assert_true(last >= number(data + at + 24));
        assert_int_equal(number(data + at + 40), bits);
        assert_int_equal(number(data + at + 56), count);
        assert_true(number(data + at + 64) == 0 || last >= 500);
        assert_true(number(data + at + 64) >= lost);
        lost = number(data + at + 64);
        at += bits / 8;
        count++;
    }
    assert_int_equal(at, size);
    assert_int_equal(last, 19999 + 5);
    assert_int_equal(lost, 5);
    assert_true(count > 3);
    free(data);
    data = load("metadata", &size);
    assert_non_null(strstr((char *)data, "offset = 1700000000000001000;"));
    assert_non_null(strstr((char *)data, "renacer_version = \"test ?1?\";"));
    assert_non_null(strstr((char *)data, "name = \"syscall_entry_read\";"));
    free(data);
    assert_int_equal(entries(), 1);
    rn_manifest_clear(&manifest);
}

static void nothing_is_left(void **state)
{
    struct rn_ctf_writer *writer = new_trace(), *second = NULL;

    (void)state;
    add(writer, RN_KIND_SYSCALL, 1, 1);
    rn_ctf_writer_free(writer);
    assert_int_equal(entries(), 0);
    rn_manifest_clear(&manifest);
    /* What is there stays, but for an empty directory. */
    writer = new_trace();
    add(writer, RN_KIND_SYSCALL, 1, 1);
    assert_ok(rn_ctf_writer_finish(writer, &err));
    rn_ctf_writer_free(writer);
    assert_status(rn_ctf_writer_new(trace, &manifest, "test", &second, &err), RN_E_USAGE);
    assert_null(second);
    assert_int_equal(entries(), 1);
    rn_manifest_clear(&manifest);
    err = (struct rn_error)RN_ERROR_INIT;
}

static void put(const char *name, const char *text)
{
    char file[200];
    FILE *stream;

    snprintf(file, sizeof file, "%s/%s", directory, name);
    stream = fopen(file, "w");
    assert_non_null(stream);
    fputs(text, stream);
    fclose(stream);
}

/* A file is refused at once, whatever errno was; it stays. */
static void a_file_is_refused(void **state)
{
    struct rn_ctf_writer *writer = NULL;

    (void)state;
    put("file", "kept");
    snprintf(trace, sizeof trace, "%s/file", directory);
    manifest = test_manifest();
    errno = ENOENT;
    assert_status(rn_ctf_writer_new(trace, &manifest, "test", &writer, &err), RN_E_USAGE);
    assert_null(writer);
    assert_int_equal(entries(), 1);
    rn_manifest_clear(&manifest);
    err = (struct rn_error)RN_ERROR_INIT;
}

/* Memory is by how many streams there are, not by their numbers. */
static void stream_of_great_number(void **state)
{
    struct rn_ctf_writer *writer = new_trace();
    struct rn_event event = {.kind = RN_KIND_STREAM};
    size_t before = mallinfo2().hblkhd;

    (void)state;
    for (unsigned twice = 0; twice < 2; twice++)
        for (uint64_t id = 1u << 27; id < (1u << 27) + 100; id++) {
            event.u.stream_info.id = id;
            assert_ok(rn_ctf_writer_add(writer, &event, 10, 11, &err));
        }
    event.u.stream_info.id = UINT32_MAX - 1u;
    assert_ok(rn_ctf_writer_add(writer, &event, 10, 11, &err));
    assert_true(mallinfo2().hblkhd - before < 16u << 20);
    rn_ctf_writer_free(writer);
    rn_manifest_clear(&manifest);
}

static unsigned found;

static bool count_trace(void *context, const char *name)
{
    (void)context;
    (void)name;
    return ++found < 2;
}

static void traces_are_found(void **state)
{
    static const char *const inner[] = {"a", "a/b", "a/c", "a/c/d"};
    char top[200];

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        char name[200];

        snprintf(name, sizeof name, "%s/%s", directory, inner[i]);
        assert_int_equal(mkdir(name, 0700), 0);
    }
    found = 0;
    assert_int_equal(rn_ctf_find(directory, count_trace, NULL), 0);
    put("metadata", "something else that is called metadata");
    assert_int_equal(rn_ctf_find(directory, count_trace, NULL), 0);
    /* A directory with a file that is none of a trace's is none of traces. */
    put("a/b/metadata", "/* CTF 1.8 */");
    assert_int_equal(rn_ctf_find(directory, count_trace, NULL), 0);
    snprintf(top, sizeof top, "%s/metadata", directory);
    assert_int_equal(unlink(top), 0);
    found = 0;
    assert_int_equal(rn_ctf_find(directory, count_trace, NULL), 1);
    put("a/c/d/metadata", "\x57\x1d\xd1\x75 packet");
    found = 0;
    assert_int_equal(rn_ctf_find(directory, count_trace, NULL), 2);
    assert_int_equal(found, 2);
    /* Nor is what lies within a trace another one. */
    put("metadata", "\x75\xd1\x1d\x57 packet");
    found = 0;
    assert_int_equal(rn_ctf_find(directory, count_trace, NULL), 1);
    assert_int_equal(rn_ctf_find("/nonexistent", count_trace, NULL), 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(packets),           CASE(nothing_is_left),
        CASE(a_file_is_refused), CASE(stream_of_great_number),
        CASE(traces_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

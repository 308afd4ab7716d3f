/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include "formats/input.h"

#include <sys/stat.h>

static void write_file(const char *text, size_t size)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    fclose(file);
}

static void pack(const char *program)
{
    char command[600];

    snprintf(command, sizeof command, "%s -c <%s >%s.packed && mv %s.packed %s", program, path,
             path, path, path);
    assert_int_equal(system(command), 0);
}

static struct rn_input *open_input(void)
{
    struct rn_input *input;

    assert_ok(rn_input_open(path, &input, &err));
    return input;
}

static void expect_line(struct rn_input *input, const char *text, uint64_t number, uint64_t offset)
{
    char *line;
    size_t size;

    assert_ok(rn_input_line(input, &line, &size, &err));
    assert_string_equal(line, text);
    assert_int_equal(size, strlen(text));
    assert_int_equal(rn_input_line_number(input), number);
    assert_int_equal(rn_input_offset(input), offset);
}

static void expect_end_of(struct rn_input *input)
{
    char *line;
    size_t size;

    assert_status(rn_input_line(input, &line, &size, &err), RN_EOF);
    rn_input_free(input);
}

static void lines(void **state)
{
    struct rn_input *input;

    (void)state;
    write_file("a\r\n\nlast", 8);
    input = open_input();
    expect_line(input, "a", 1, 0);
    expect_line(input, "", 2, 3);
    expect_line(input, "last", 3, 4);
    expect_end_of(input);
    write_file("one\n", 4);
    input = open_input();
    expect_line(input, "one", 1, 0);
    expect_end_of(input);
}

static void an_empty_file(void **state)
{
    struct rn_input *input;
    const uint8_t *data;
    size_t size;

    (void)state;
    write_file("", 0);
    input = open_input();
    assert_ok(rn_input_peek(input, &data, &size, &err));
    assert_int_equal(size, 0);
    expect_end_of(input);
}

/* Lines that lie across what is read at once, packed and not. */
static void long_file(const char *packer)
{
    struct rn_input *input;
    struct rn_buf text = RN_BUF_INIT;
    char want[64];
    uint64_t offset = 0;
    const uint8_t *data;
    size_t size;

    for (unsigned i = 0; i < 300000; i++)
        rn_buf_printf(&text, "line number %u\n", i);
    write_file((char *)text.data, text.size);
    rn_buf_free(&text);
    if (packer)
        pack(packer);
    input = open_input();
    assert_ok(rn_input_peek(input, &data, &size, &err));
    assert_true(size > 0 && size <= RN_INPUT_PEEK_MAX);
    assert_memory_equal(data, "line number 0\nline", 18);
    for (unsigned i = 0; i < 300000; i++) {
        snprintf(want, sizeof want, "line number %u", i);
        expect_line(input, want, i + 1, offset);
        offset += strlen(want) + 1;
    }
    expect_end_of(input);
}

static void long_files(void **state)
{
    (void)state;
    long_file(NULL);
    long_file("gzip");
    long_file("zstd");
    long_file("xz");
    long_file("bzip2");
}

static void pieces(void **state)
{
    struct rn_input *input;
    struct rn_buf text = RN_BUF_INIT;
    const uint8_t *data;
    uint64_t offset = 0;
    enum rn_status status;
    size_t size;

    (void)state;
    for (unsigned i = 0; i < 700000; i++)
        rn_buf_u32(&text, i);
    write_file((char *)text.data, text.size);
    input = open_input();
    while ((status = rn_input_next(input, &data, &size, &err)) == RN_OK) {
        assert_int_equal(rn_input_offset(input), offset);
        assert_memory_equal(data, text.data + offset, size);
        offset += size;
    }
    assert_int_equal(status, RN_EOF);
    assert_int_equal(offset, text.size);
    rn_input_free(input);
    rn_buf_free(&text);
}

static void a_line_without_end(void **state)
{
    struct rn_input *input;
    char *line, *text = malloc(RN_INPUT_LINE_MAX + 100u);
    size_t size;

    (void)state;
    memset(text, 'x', RN_INPUT_LINE_MAX + 100u);
    memcpy(text + RN_INPUT_LINE_MAX + 90, "\nnext\n", 6);
    write_file(text, RN_INPUT_LINE_MAX + 96u);
    free(text);
    input = open_input();
    assert_status(rn_input_line(input, &line, &size, &err), RN_E_LIMIT);
    expect_line(input, "next", 2, RN_INPUT_LINE_MAX + 91u);
    expect_end_of(input);
}

static void what_is_cut(void **state)
{
    struct rn_input *input;
    enum rn_status status = RN_OK;
    const uint8_t *data;
    size_t size;

    (void)state;
    long_file("gzip");
    assert_int_equal(truncate(path, 300000), 0);
    input = open_input();
    while (status == RN_OK)
        status = rn_input_next(input, &data, &size, &err);
    assert_int_equal(status, RN_E_FORMAT);
    assert_string_equal(err.file, path);
    rn_input_free(input);
}

static void what_is_no_file(void **state)
{
    struct rn_input *input;

    (void)state;
    assert_status(rn_input_open(path, &input, &err), RN_E_SYSTEM);
    err = (struct rn_error)RN_ERROR_INIT;
    assert_status(rn_input_open(directory, &input, &err), RN_E_USAGE);
    err = (struct rn_error)RN_ERROR_INIT;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(lines),           CASE(an_empty_file),      CASE(long_files),
        CASE(pieces),          CASE(a_line_without_end), CASE(what_is_cut),
        CASE(what_is_no_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Tables of several recordings become one. */
#include "formats/symbol_table.h"
#include "libanalysis/merge_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t build_id[] = {1, 2, 3};
static const struct rn_symbol_frame frame = {.function = "work", .file = "a.c", .line = 7};
static const struct rn_symbol found = {.state = RN_SYMBOL_FOUND, .frames = &frame, .count = 1};
static const struct rn_symbol missing = {.state = RN_SYMBOL_NO_FILE};

/* A recording's member: the offset 16, and what else; a name of code of the stream. */
static void make(struct rn_buf *out, const struct rn_symbol *symbol, uint64_t other,
                 uint64_t stream, const char *name)
{
    struct rn_symbol_table *table = rn_symbol_table_new();
    const struct rn_symbol_place places[] = {{"/p", build_id, 3, 16}, {"/p", build_id, 3, other}};
    struct rn_error err = RN_ERROR_INIT;

    assert_int_equal(rn_symbol_table_add(table, &places[0], symbol, false, &err), RN_OK);
    assert_int_equal(rn_symbol_table_add(table, &places[1], &found, true, &err), RN_OK);
    assert_int_equal(rn_symbol_table_add_name(table, stream, 4096, name, &err), RN_OK);
    assert_int_equal(rn_symbol_table_write(table, out, &err), RN_OK);
    rn_symbol_table_free(table);
}

struct seen {
    unsigned count, names;
};

static enum rn_status see(void *context, const struct rn_symbol_place *place,
                          const struct rn_symbol *symbol, bool call_ends, struct rn_error *err)
{
    static const uint64_t offsets[] = {16, 32, 48};
    struct seen *seen = context;

    (void)err;
    assert_in_range(seen->count, 0, 2);
    assert_string_equal(place->path, "/p");
    assert_int_equal(place->offset, offsets[seen->count]);
    assert_int_equal(symbol->state, RN_SYMBOL_FOUND);
    assert_string_equal(symbol->frames[0].function, "work");
    assert_int_equal(call_ends, seen->count > 0);
    seen->count++;
    return RN_OK;
}

static enum rn_status see_name(void *context, uint64_t stream, uint64_t address, const char *name,
                               struct rn_error *err)
{
    struct seen *seen = context;

    (void)err;
    assert_int_equal(stream, seen->names ? 1 + 4 + 3 : 1 + 2);
    assert_int_equal(address, 4096);
    assert_string_equal(name, seen->names ? "second" : "first");
    seen->names++;
    return RN_OK;
}

/* What one machine knew is not forgotten for another one that did not. */
static void two_tables(const struct rn_symbol *first, const struct rn_symbol *second)
{
    const struct rn_manifest_source sources[] = {
        {.first_stream = 1, .streams = 4, .queues = 1},
        {.first_stream = 5, .streams = 4},
    };
    struct merge_symbols *symbols = merge_symbols_new();
    struct rn_error err = RN_ERROR_INIT;
    struct rn_buf members[2] = {RN_BUF_INIT, RN_BUF_INIT}, out = RN_BUF_INIT;
    struct seen seen = {0};

    make(&members[0], first, 32, 2, "first");
    make(&members[1], second, 48, 3, "second");
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(merge_symbols_check(&members[i], &sources[i], &err), RN_OK);
        assert_int_equal(merge_symbols_add(symbols, &members[i], &sources[i], &err), RN_OK);
        rn_buf_free(&members[i]);
    }
    assert_int_equal(merge_symbols_write(symbols, &out, &err), RN_OK);
    assert_int_equal(rn_symbol_table_read(out.data, out.size, see, &seen, &err), RN_OK);
    assert_int_equal(rn_symbol_names_read(out.data, out.size, see_name, &seen, &err), RN_OK);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.names, 2);
    rn_buf_free(&out);
    merge_symbols_free(symbols);
}

static void the_first_knows(void **state)
{
    (void)state;
    two_tables(&found, &missing);
}

static void the_second_knows(void **state)
{
    (void)state;
    two_tables(&missing, &found);
}

static void nonsense(void **state)
{
    const struct rn_manifest_source source = {.first_stream = 1, .streams = 4, .queues = 1};
    struct rn_error err = RN_ERROR_INIT;
    struct rn_buf member = RN_BUF_INIT;

    (void)state;
    /* The fourth number is that of a device queue. */
    make(&member, &found, 32, 3, "first");
    assert_int_equal(merge_symbols_check(&member, &source, &err), RN_E_FORMAT);
    rn_buf_clear(&member);
    rn_buf_text(&member, "{\"format\": \"renacer-symbols\", \"version\": 1}");
    assert_int_equal(merge_symbols_check(&member, &source, &err), RN_E_FORMAT);
    rn_buf_free(&member);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_knows),
        cmocka_unit_test(the_second_knows),
        cmocka_unit_test(nonsense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

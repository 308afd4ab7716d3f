/* SPDX-License-Identifier: MIT */
#include "formats/export/avro_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define UUID "deadbeef-0102-0304-0506-0708090a0b0c"

static void assert_path(uint64_t day, const char *host, const char *path)
{
    struct rn_buf out = RN_BUF_INIT;

    rn_avro_path("syscall", day, host, UUID, 7, &out);
    assert_string_equal(out.data, path);
    assert_true(rn_avro_path_is_own((const char *)out.data, out.size - 1, UUID));
    rn_buf_free(&out);
}

static void paths(void **state)
{
    (void)state;
    assert_path(RN_AVRO_NO_DAY, NULL, "syscall/" UUID "-7.avro");
    assert_path(0, NULL, "syscall/day=1970-01-01/" UUID "-7.avro");
    assert_path(19675, "box.example", "syscall/day=2023-11-14/host=box.example/" UUID "-7.avro");
    assert_path(RN_AVRO_NO_DAY, "", "syscall/host=__HIVE_DEFAULT_PARTITION__/" UUID "-7.avro");
    assert_path(RN_AVRO_NO_DAY, "../a=%\n", "syscall/host=..%2Fa%3D%25%0A/" UUID "-7.avro");
}

/* gmtime(3) knows it too. */
static void days(void **state)
{
    (void)state;
    for (uint64_t day = 0; day < 213504; day += 13) { /* to the end of 64 bits of nanoseconds */
        time_t seconds = (time_t)(day * 86400);
        char wanted[128];
        struct tm tm;

        gmtime_r(&seconds, &tm);
        strftime(wanted, sizeof wanted, "syscall/day=%Y-%m-%d/" UUID "-7.avro", &tm);
        assert_path(day, NULL, wanted);
    }
}

static void long_names_are_cut(void **state)
{
    char host[2000];
    struct rn_buf out = RN_BUF_INIT;

    (void)state;
    memset(host, '/', sizeof host - 1);
    host[sizeof host - 1] = 0;
    rn_avro_path("t", RN_AVRO_NO_DAY, host, UUID, 0, &out);
    assert_in_range(out.size, 150, 300);
    assert_true(rn_avro_path_is_own((const char *)out.data, out.size - 1, UUID));
    rn_buf_free(&out);
}

static void others_are_not_own(void **state)
{
    static const char *const paths[] = {
        "",
        "syscall",
        UUID "-7.avro",
        "/syscall/" UUID "-7.avro",
        "../syscall/" UUID "-7.avro",
        "syscall/../../" UUID "-7.avro",
        "syscall/.hidden/" UUID "-7.avro",
        "syscall//" UUID "-7.avro",
        "syscall/" UUID "-7.txt",
        "syscall/" UUID ".avro",
        "syscall/00000000-0102-0304-0506-0708090a0b0c-7.avro",
    };

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_false(rn_avro_path_is_own(paths[i], strlen(paths[i]), UUID));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths),
        cmocka_unit_test(days),
        cmocka_unit_test(long_names_are_cut),
        cmocka_unit_test(others_are_not_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

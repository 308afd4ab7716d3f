/* SPDX-License-Identifier: MIT */
/* Entry points from the code of shaders: whole, cut anywhere, and with any bytes changed. The code
 * lies at the end of a page behind which there is none. */
#include "capture/inject/vulkan_layer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define HEADER                  0x07230203, 0x10000, 0, 99, 0
#define OP(words, opcode)       ((words) << 16 | (opcode))
#define NAME_SCALE              0x6c616373, 0x65 /* "scale" */
#define NAME_SUM                0x006d7573       /* "sum" */
#define ENTRY(id, ...)          OP(3u + sizeof((uint32_t[]){__VA_ARGS__}) / 4, 15u), 5, id, __VA_ARGS__
#define LOCAL_SIZE(id, x, y, z) OP(6u, 16u), id, 17, x, y, z
#define GROUP_CONSTANT(id)      OP(4u, 71u), id, 11, 25
#define COMPOSITE(id, spec)     OP(6u, (spec) ? 51u : 44u), 6, id, 7, 7, 7
#define FUNCTION                OP(5u, 54u), 1, 2, 0, 3

#define PAGES (4u * 4096u)

static uint8_t *pages;

static int make_pages(void **state)
{
    (void)state;
    pages = mmap(NULL, PAGES + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? -1 : mprotect(pages + PAGES, 4096, PROT_NONE);
}

static struct rn_vulkan_module *read_code(const uint32_t *words, size_t count)
{
    uint8_t *at = pages + PAGES - count * 4;

    memcpy(at, words, count * 4);
    return rn_vulkan_module_read((const uint32_t *)(void *)at, count);
}

static const uint32_t two[] = {HEADER,
                               ENTRY(4, NAME_SCALE),
                               ENTRY(5, NAME_SUM),
                               LOCAL_SIZE(5, 8, 4, 2),
                               LOCAL_SIZE(4, 64, 1, 1),
                               FUNCTION};
#define WORDS(code) (sizeof(code) / 4)

static void test_two(void **state)
{
    struct rn_vulkan_module *module = read_code(two, WORDS(two));

    (void)state;
    assert_int_equal(module->count, 2);
    assert_ptr_equal(module->entries[0].name, rn_vulkan_name("scale"));
    assert_int_equal(module->entries[0].group[0], 64);
    assert_ptr_equal(module->entries[1].name, rn_vulkan_name("sum"));
    assert_int_equal(module->entries[1].group[0], 8);
    assert_int_equal(module->entries[1].group[1], 4);
    assert_int_equal(module->entries[1].group[2], 2);
    free(module);
}

static void check_group(uint32_t wanted, const uint32_t *words, size_t count)
{
    struct rn_vulkan_module *module = read_code(words, count);

    assert_int_equal(module->count, 1);
    assert_int_equal(module->entries[0].group[0], wanted);
    free(module);
}

/* A size that can be specialised is not known; one that is a constant is. */
static void test_specialised(void **state)
{
    const uint32_t special[] = {
        HEADER,  ENTRY(4, NAME_SUM), LOCAL_SIZE(4, 64, 1, 1), GROUP_CONSTANT(9), COMPOSITE(9, 1),
        FUNCTION};
    const uint32_t constant[] = {
        HEADER,  ENTRY(4, NAME_SUM), LOCAL_SIZE(4, 64, 1, 1), GROUP_CONSTANT(9), COMPOSITE(9, 0),
        FUNCTION};

    (void)state;
    check_group(0, special, WORDS(special));
    check_group(64, constant, WORDS(constant));
}

/* None of them reads behind the end, nor finds more than there is. */
static void test_cut(void **state)
{
    (void)state;
    for (size_t count = 0; count < WORDS(two); count++) {
        struct rn_vulkan_module *module = read_code(two, count);

        assert_true(module->count <= 2);
        free(module);
    }
}

static void test_changed(void **state)
{
    (void)state;
    srandom(1);
    for (unsigned i = 0; i < 20000; i++) {
        uint32_t code[WORDS(two)];
        struct rn_vulkan_module *module;

        memcpy(code, two, sizeof(two));
        for (unsigned k = 0; k < 3; k++)
            ((uint8_t *)code)[random() % (long)sizeof(code)] = (uint8_t)random();
        module = read_code(code, WORDS(code));
        assert_non_null(module);
        assert_true(module->count <= WORDS(two) / 4);
        free(module);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two),
        cmocka_unit_test(test_specialised),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_changed),
    };

    return cmocka_run_group_tests(tests, make_pages, NULL);
}

/* SPDX-License-Identifier: MIT */
/* For the tests of which sites are found: texts of a few bytes in a small ELF file. */
#ifndef RN_TEST_PATCH_FIXTURE_H
#define RN_TEST_PATCH_FIXTURE_H

#include "capture/patch.h"

#include "elf_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SYSCALL     0x0f, 0x05
#define GETPID      0xb8, 0x27, 0, 0, 0 /* mov $39, %eax */
#define CMP64       0x48, 0x3d, 0x01, 0xf0, 0xff, 0xff
#define CMP32       0x3d, 0x00, 0xf0, 0xff, 0xff
#define NOP8        0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90
#define NOP32       NOP8, NOP8, NOP8, NOP8
#define BYTES(...)  (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define AT(address) ((address)-ELF_TEXT)

static uint8_t *image;
static struct rn_sites sites;

static inline int set_up(void **state)
{
    (void)state;
    image = malloc(ELF_SIZE);
    return image ? 0 : -1;
}

static inline int tear_down(void **state)
{
    (void)state;
    rn_sites_clear(&sites);
    free(image);
    return 0;
}

static inline void find_again(void)
{
    rn_sites_clear(&sites);
    assert_int_equal(rn_sites_find(image, ELF_SIZE, &sites, NULL), RN_OK);
}

/* Sites of a text that is one function. */
static inline void find(const uint8_t *text, size_t size)
{
    struct elf_function whole = {.start = 0, .size = (uint32_t)size};

    elf_build(image, text, size, &whole, 1);
    find_again();
}

static inline void assert_site(size_t index, uint64_t offset, uint8_t kind, uint32_t immediate)
{
    const struct rn_site *site = &sites.sites[index];
    uint8_t length = kind == RN_SITE_CMP64 ? 8 : 7;

    if (kind == RN_SITE_MOVED) /* then `immediate` is how many bytes are moved */
        length = (uint8_t)(immediate + 2), immediate = 0;
    assert_true(index < sites.count);
    assert_int_equal(AT(site->address), offset);
    assert_int_equal(site->kind, kind);
    assert_int_equal(site->immediate, immediate);
    assert_int_equal(site->length, length);
    assert_int_equal(site->return_point, site->address + length);
}

static inline void assert_none(size_t unpatched)
{
    assert_int_equal(sites.count, 0);
    assert_int_equal(sites.unpatched, unpatched);
}

#endif

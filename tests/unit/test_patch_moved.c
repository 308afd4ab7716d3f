/* SPDX-License-Identifier: MIT */
/* Sites of which instructions before the call are moved into the stub. */
#include "patch_fixture.h"

static void test_moved(void **state)
{
    (void)state;
    find(BYTES(0xc3, 0x48, 0xc7, 0xc0, 0x27, 0, 0, 0, SYSCALL, 0xc3)); /* mov $39, %rax */
    assert_int_equal(sites.unpatched, 0);
    assert_site(0, 1, RN_SITE_MOVED, 7);
    assert_memory_equal(sites.sites[0].moved, "\x48\xc7\xc0\x27\0\0\0\0\0\0\0\0", 12);
    assert_int_equal(rn_site_entry(&sites.sites[0]), 0);
    find(BYTES(0x4c, 0x89, 0x5c, 0x24, 0x08, SYSCALL, 0xc3)); /* mov %r11, 8(%rsp) */
    assert_site(0, 0, RN_SITE_MOVED, 5);
    find(BYTES(0x0f, 0x11, 0x83, 0xd8, 2, 0, 0, SYSCALL, 0xc3)); /* movups %xmm0, 0x2d8(%rbx) */
    assert_site(0, 0, RN_SITE_MOVED, 7);
    find(BYTES(0x0f, 0x10, 0x83, 0xd8, 2, 0, 0, SYSCALL, 0xc3)); /* a load: not followed */
    assert_none(1);
    find(BYTES(0x0d, 1, 0, 0, 0, SYSCALL, 0xc3)); /* or $1, %eax: once only, but it is alone */
    assert_site(0, 0, RN_SITE_MOVED, 5);
}

static void test_several_moved(void **state)
{
    (void)state;
    /* mov %r8, %rax; mov %rdx, %rsi */
    find(BYTES(0x4c, 0x89, 0xc0, 0x48, 0x89, 0xd6, SYSCALL, 0xc3));
    assert_site(0, 0, RN_SITE_MOVED, 6);
    /* xor %esi, %esi; mov $8, %edi; xor %edx, %edx: the first one need not be moved */
    find(BYTES(0x31, 0xf6, 0xbf, 8, 0, 0, 0, 0x31, 0xd2, SYSCALL, 0xc3));
    assert_site(0, 2, RN_SITE_MOVED, 7);
    /* mov 8(%rsp), %rax; mov %rdx, %rsi */
    find(BYTES(0x48, 0x8b, 0x44, 0x24, 8, 0x48, 0x89, 0xd6, SYSCALL, 0xc3));
    assert_site(0, 0, RN_SITE_MOVED, 8);
    /* mov %r8, %rax; mov %rax, %rsi: one depends on the other */
    find(BYTES(0x4c, 0x89, 0xc0, 0x48, 0x89, 0xc6, SYSCALL, 0xc3));
    assert_none(1);
    /* mov %rdx, %rsi; mov %rax, %rdx: done twice, it is something else */
    find(BYTES(0x48, 0x89, 0xd6, 0x48, 0x89, 0xc2, SYSCALL, 0xc3));
    assert_none(1);
    /* mov %rdx, (%rsi); mov %r8, %rax: memory is changed */
    find(BYTES(0x48, 0x89, 0x16, 0x4c, 0x89, 0xc0, SYSCALL, 0xc3));
    assert_none(1);
    /* inc %rdx; mov %r8, %rax */
    find(BYTES(0x48, 0xff, 0xc2, 0x4c, 0x89, 0xc0, SYSCALL, 0xc3));
    assert_none(1);
}

static void test_moved_thread_block(void **state)
{
    (void)state;
    /* mov $158, %eax; mov %rbx, (%rbx); mov %rbx, 16(%rbx) */
    find(BYTES(0xb8, 158, 0, 0, 0, 0x48, 0x89, 0x1b, 0x48, 0x89, 0x5b, 0x10, SYSCALL, 0xc3));
    assert_site(0, 5, RN_SITE_MOVED, 7);
    /* the same before prctl, and with no number in sight */
    find(BYTES(0xb8, 157, 0, 0, 0, 0x48, 0x89, 0x1b, 0x48, 0x89, 0x5b, 0x10, SYSCALL, 0xc3));
    assert_none(1);
    find(BYTES(0x48, 0x89, 0x1b, 0x48, 0x89, 0x5b, 0x10, SYSCALL, 0xc3));
    assert_none(1);
    /* a store of what was loaded: mov (%rbx), %rdx; mov %rsi, 16(%rbx) */
    find(BYTES(0xb8, 158, 0, 0, 0, 0x48, 0x8b, 0x13, 0x48, 0x89, 0x73, 0x10, SYSCALL, 0xc3));
    assert_none(1);
}

static void test_moved_and_jumps(void **state)
{
    (void)state;
    /* A jump onto the second of them; onto the first; onto the call. */
    find(BYTES(0xeb, 3, 0x4c, 0x89, 0xc0, 0x48, 0x89, 0xd6, SYSCALL, 0xc3));
    assert_none(1);
    find(BYTES(0xeb, 0, 0x4c, 0x89, 0xc0, 0x48, 0x89, 0xd6, SYSCALL, 0xc3));
    assert_site(0, 2, RN_SITE_MOVED, 6);
    find(BYTES(0xeb, 6, 0x4c, 0x89, 0xc0, 0x48, 0x89, 0xd6, SYSCALL, 0xc3));
    assert_site(0, 2, RN_SITE_MOVED, 6);
    /* One through a table, which may lead to between two, not into a single one. */
    find(BYTES(0xff, 0xe0, 0x4c, 0x89, 0xc0, 0x48, 0x89, 0xd6, SYSCALL, 0xc3));
    assert_none(1);
    find(BYTES(0xff, 0x24, 0xc5, 0, 0, 0, 0, 0x4c, 0x89, 0xc0, 0x48, 0x89, 0xd6, SYSCALL, 0xc3));
    assert_none(1);
    find(BYTES(0xff, 0xe0, 0x48, 0xc7, 0xc0, 0x27, 0, 0, 0, SYSCALL, 0xc3));
    assert_site(0, 2, RN_SITE_MOVED, 7);
    /* jmp *39(%rip) leads to another library. */
    find(BYTES(0xff, 0x25, 39, 0, 0, 0, 0x4c, 0x89, 0xc0, 0x48, 0x89, 0xd6, SYSCALL, 0xc3));
    assert_site(0, 6, RN_SITE_MOVED, 6);
}

/* A jump through a table concerns its own function, as far as that is known: here by symbols. */
static void test_moved_and_symbols(void **state)
{
    static const uint8_t text[] = {0xff, 0xe0, 0xc3, 0x4c,    0x89, 0xc0,
                                   0x48, 0x89, 0xd6, SYSCALL, 0xc3};
    Elf64_Ehdr *header = (Elf64_Ehdr *)(void *)image;
    Elf64_Shdr *section = (Elf64_Shdr *)(void *)(image + 0x700);
    Elf64_Sym *symbol = (Elf64_Sym *)(void *)(image + 0x800);

    (void)state;
    elf_build(image, text, sizeof(text), NULL, 0);
    header->e_entry = ELF_TEXT; /* instructions are certain from there */
    find_again();
    assert_none(1);
    header->e_shoff = 0x700;
    header->e_shnum = 1;
    header->e_shentsize = sizeof(*section);
    *section =
        (Elf64_Shdr){.sh_type = SHT_SYMTAB, .sh_offset = 0x800, .sh_size = 2 * sizeof(*symbol)};
    symbol[1] = (Elf64_Sym){.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                            .st_shndx = 1,
                            .st_value = ELF_TEXT + 3,
                            .st_size = 9};
    find_again();
    assert_site(0, 3, RN_SITE_MOVED, 6);
    symbol[1].st_value = ELF_TEXT; /* it is in the same function after all */
    symbol[1].st_size = 12;
    find_again();
    assert_none(1);
    symbol[1].st_size = 3; /* not in the one before */
    find_again();
    assert_site(0, 3, RN_SITE_MOVED, 6);
    section->sh_size = UINT64_MAX;
    find_again();
    assert_none(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moved),
        cmocka_unit_test(test_several_moved),
        cmocka_unit_test(test_moved_thread_block),
        cmocka_unit_test(test_moved_and_jumps),
        cmocka_unit_test(test_moved_and_symbols),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

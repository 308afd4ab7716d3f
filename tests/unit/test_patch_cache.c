/* SPDX-License-Identifier: MIT */
#include "capture/patch_cache.h"

#include "capture/cache_files.h"
#include "capture/patch_cache_file.h"
#include "elf_builder.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* mov $39, %eax; syscall; ret */
static const uint8_t text[] = {0xb8, 0x27, 0, 0, 0, 0x0f, 0x05, 0xc3};

static char top[] = "/tmp/test_patch_cache.XXXXXX";
static char directory[128], program[64];

static void write_file(const char *path, const void *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
}

static void write_program(const char *path)
{
    const struct elf_function whole = {0, sizeof(text)};
    uint8_t *image = malloc(ELF_SIZE);

    assert_non_null(image);
    elf_build(image, text, sizeof(text), &whole, 1);
    write_file(path, image, ELF_SIZE);
    free(image);
}

/* Everything in the directory of the cache, and the directory. */
static void remove_cache(void)
{
    DIR *entries = opendir(directory);
    struct dirent *entry;

    if (!entries)
        return;
    while ((entry = readdir(entries)))
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(entries), entry->d_name, 0);
    closedir(entries);
    rmdir(directory);
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(top))
        return -1;
    snprintf(directory, sizeof(directory), "%s/cache", top);
    snprintf(program, sizeof(program), "%s/program", top);
    return 0;
}

static int each_set_up(void **state)
{
    (void)state;
    remove_cache();
    write_program(program);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_cache();
    unlink(program);
    return rmdir(top);
}

static struct rn_patch_entry *get(struct rn_patch_cache *cache, const char *path)
{
    struct rn_patch_entry *entry;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(rn_patch_cache_get(cache, fd, &entry, NULL), RN_OK);
    close(fd);
    return entry;
}

static void test_memory(void **state)
{
    struct rn_patch_cache *cache = rn_patch_cache_new(directory, false);
    struct rn_patch_entry *entry;

    (void)state;
    assert_non_null(cache);
    entry = get(cache, program);
    assert_int_equal(entry->sites.count, 1);
    assert_int_equal(entry->sites.sites[0].immediate, 39);
    assert_int_equal(entry->patched_fd, -1);
    assert_ptr_equal(get(cache, program), entry);
    assert_int_equal(rn_patch_cache_searches(cache), 1);
    write_program(program); /* the same bytes, but another time */
    assert_int_equal(get(cache, program)->sites.count, 1);
    assert_int_equal(rn_patch_cache_searches(cache), 2);
    rn_patch_cache_free(cache);
    assert_int_equal(access(directory, F_OK), -1);
}

static void test_what_is_no_program(void **state)
{
    struct rn_patch_cache *cache = rn_patch_cache_new(NULL, false);
    struct rn_patch_entry *entry;
    int fd;

    (void)state;
    assert_int_equal(get(cache, "/dev/null")->sites.count, 0);
    assert_int_equal(get(cache, "/")->sites.count, 0);
    write_file(program, "#!/bin/sh\n", 10);
    assert_int_equal(get(cache, program)->sites.count, 0);
    assert_int_equal(get(cache, program)->sites.count, 0);
    assert_int_equal(rn_patch_cache_searches(cache), 3);
    fd = open(program, O_RDONLY | O_CLOEXEC);
    close(fd);
    assert_int_equal(rn_patch_cache_get(cache, fd, &entry, NULL), RN_E_SYSTEM);
    rn_patch_cache_free(cache);
}

static int count_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 512; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void test_oldest_goes_first(void **state)
{
    struct rn_patch_cache *cache = rn_patch_cache_new(NULL, false);
    int before = count_descriptors();

    (void)state;
    get(cache, program)->patched_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (unsigned i = 0; i <= RN_PATCH_CACHE_FILES; i++) {
        char path[80];

        snprintf(path, sizeof(path), "%s/file-%u", top, i);
        write_file(path, "x", 1);
        assert_int_equal(get(cache, path)->sites.count, 0);
        if (i + 1 < RN_PATCH_CACHE_FILES)
            assert_true(get(cache, program)->patched_fd >= 0);
        assert_true(i < 2 || unlink(path) == 0);
    }
    /* The first of them had to go; the last did not. */
    assert_int_equal(rn_patch_cache_searches(cache), RN_PATCH_CACHE_FILES + 2);
    for (unsigned i = 0; i < 2; i++) {
        char path[80];

        snprintf(path, sizeof(path), "%s/file-%u", top, i);
        get(cache, path);
        unlink(path);
    }
    assert_int_equal(rn_patch_cache_searches(cache), RN_PATCH_CACHE_FILES + 4);
    rn_patch_cache_free(cache);
    assert_int_equal(count_descriptors(), before);
}

/* A slot of the disk cache, written and read without waiting for a file to settle. */
static struct rn_patch_entry sample_entry(struct rn_site *site)
{
    *site = (struct rn_site){.address = 0x1010,
                             .return_point = 0x1018,
                             .immediate = 0xfffff001,
                             .kind = RN_SITE_CMP64,
                             .length = 8};
    return (struct rn_patch_entry){
        .key = {.device = 1, .inode = 2, .size = 3, .modified_s = 4, .changed_s = 5},
        .sites = {.sites = site,
                  .count = 1,
                  .unpatched = 7,
                  .text_address = 0x1000,
                  .text_offset = 0x2000,
                  .text_size = 0x1000},
        .patched_fd = -1};
}

static bool load(int fd, const struct rn_patch_key *key, struct rn_patch_entry *entry)
{
    *entry = (struct rn_patch_entry){.key = *key};
    return rn_patch_cache_file_load(fd, entry);
}

/* Not what lies between and behind the members. */
static void assert_same_site(const struct rn_site *one, const struct rn_site *other)
{
    assert_int_equal(one->address, other->address);
    assert_int_equal(one->return_point, other->return_point);
    assert_int_equal(one->immediate, other->immediate);
    assert_int_equal(one->kind, other->kind);
    assert_int_equal(one->length, other->length);
    assert_memory_equal(one->moved, other->moved, sizeof(one->moved));
}

static void test_slot(void **state)
{
    struct rn_site site;
    struct rn_patch_entry stored = sample_entry(&site), loaded;
    int fd = rn_cache_files_open(directory);

    (void)state;
    assert_true(fd >= 0);
    assert_false(load(fd, &stored.key, &loaded));
    rn_patch_cache_file_store(fd, &stored);
    assert_true(load(fd, &stored.key, &loaded));
    assert_int_equal(loaded.sites.count, 1);
    assert_int_equal(loaded.sites.unpatched, 7);
    assert_int_equal(loaded.sites.text_address, 0x1000);
    assert_int_equal(loaded.sites.text_offset, 0x2000);
    assert_int_equal(loaded.sites.text_size, 0x1000);
    assert_same_site(&loaded.sites.sites[0], &site);
    rn_sites_clear(&loaded.sites);

    for (size_t word = 0; word < sizeof(stored.key) / 8; word++) {
        struct rn_patch_key key = stored.key;

        ((uint64_t *)&key)[word]++;
        assert_false(load(fd, &key, &loaded));
    }
    close(fd);
}

static void slot_path(char path[512])
{
    DIR *entries = opendir(directory);
    struct dirent *entry;

    path[0] = '\0';
    assert_non_null(entries);
    while ((entry = readdir(entries)))
        if (entry->d_name[0] != '.')
            snprintf(path, 512, "%s/%s", directory, entry->d_name);
    closedir(entries);
}

static void test_damaged_slot(void **state)
{
    struct rn_site site;
    struct rn_patch_entry stored = sample_entry(&site), loaded;
    int fd = rn_cache_files_open(directory);
    uint8_t bytes[1024];
    char path[512];
    ssize_t size;
    int slot;

    (void)state;
    rn_patch_cache_file_store(fd, &stored);
    slot_path(path);
    slot = open(path, O_RDONLY | O_CLOEXEC);
    size = read(slot, bytes, sizeof(bytes));
    close(slot);
    assert_true(size > 0 && size < (ssize_t)sizeof(bytes));
    for (ssize_t i = 0; i < size; i++) {
        bytes[i] ^= 0x01;
        write_file(path, bytes, (size_t)size);
        chmod(path, 0600);
        assert_false(load(fd, &stored.key, &loaded));
        bytes[i] ^= 0x01;
        write_file(path, bytes, (size_t)i);
        assert_false(load(fd, &stored.key, &loaded));
    }
    write_file(path, bytes, (size_t)size);
    assert_true(load(fd, &stored.key, &loaded));
    rn_sites_clear(&loaded.sites);
    close(fd);
}

/* The checksum is right, but what is in there is not possible. */
static void test_senseless_slot(void **state)
{
    struct rn_site two[2];
    struct rn_patch_entry good = sample_entry(&two[0]), bad, loaded;
    int fd = rn_cache_files_open(directory);

    (void)state;
#define ASSERT_SENSELESS(change)                                                                   \
    do {                                                                                           \
        bad = sample_entry(&two[0]);                                                               \
        change;                                                                                    \
        rn_patch_cache_file_store(fd, &bad);                                                       \
        assert_false(load(fd, &good.key, &loaded));                                                \
        assert_null(loaded.sites.sites);                                                           \
    } while (0)
    ASSERT_SENSELESS(two[0].kind = 0);
    ASSERT_SENSELESS(two[0].kind = 5);
    ASSERT_SENSELESS((two[0].kind = RN_SITE_MOVED, two[0].length = 6));
    ASSERT_SENSELESS((two[0].kind = RN_SITE_MOVED, two[0].length = RN_SITE_LENGTH_MAX + 1));
    ASSERT_SENSELESS(two[0].length = 7);
    ASSERT_SENSELESS(two[0].address = 0xfff);
    ASSERT_SENSELESS(two[0].address = 0x1ff9);
    ASSERT_SENSELESS(two[0].address = UINT64_MAX);
    ASSERT_SENSELESS(bad.sites.text_offset = 1);
    ASSERT_SENSELESS(bad.sites.text_address = UINT64_MAX - 4095);
    ASSERT_SENSELESS(bad.sites.text_size = UINT64_MAX - 4095);
    ASSERT_SENSELESS((two[1] = two[0], two[1].address += 7, bad.sites.count = 2));
    close(fd);
}

static void test_who_may_write(void **state)
{
    struct rn_site site;
    struct rn_patch_entry stored = sample_entry(&site), loaded;
    int fd = rn_cache_files_open(directory);
    char path[512], link[544];

    (void)state;
    rn_patch_cache_file_store(fd, &stored);
    slot_path(path);
    chmod(path, 0620);
    assert_false(load(fd, &stored.key, &loaded));
    chmod(path, 0602);
    assert_false(load(fd, &stored.key, &loaded));
    chmod(path, 0600);
    snprintf(link, sizeof(link), "%s.real", path);
    assert_int_equal(rename(path, link), 0);
    assert_int_equal(symlink(link, path), 0);
    assert_false(load(fd, &stored.key, &loaded));
    if (geteuid() == 0) {
        assert_int_equal(rename(link, path), 0);
        assert_int_equal(chown(path, 12345, 12345), 0);
        assert_false(load(fd, &stored.key, &loaded));
    }
    close(fd);
    chmod(directory, 0770);
    assert_int_equal(rn_cache_files_open(directory), -1);
    chmod(directory, 0700);
}

/* What a killed recorder left behind goes, and the time after that the slot is written. */
static void test_temporary_file_left_behind(void **state)
{
    struct rn_site site;
    struct rn_patch_entry stored = sample_entry(&site), loaded;
    int fd = rn_cache_files_open(directory);
    char path[512], temporary[544];

    (void)state;
    rn_patch_cache_file_store(fd, &stored);
    slot_path(path);
    snprintf(temporary, sizeof(temporary), "%s.new", path);
    unlink(path);
    write_file(temporary, "x", 1);
    rn_patch_cache_file_store(fd, &stored);
    assert_false(load(fd, &stored.key, &loaded));
    assert_int_equal(access(temporary, F_OK), -1);
    rn_patch_cache_file_store(fd, &stored);
    assert_true(load(fd, &stored.key, &loaded));
    rn_sites_clear(&loaded.sites);
    close(fd);
}

static void test_fresh_files_are_not_stored(void **state)
{
    struct rn_patch_cache *cache = rn_patch_cache_new(directory, true);
    char path[512];

    (void)state;
    assert_int_equal(get(cache, program)->sites.count, 1);
    rn_patch_cache_free(cache);
    slot_path(path);
    assert_string_equal(path, "");
}

static void test_second_recording(void **state)
{
    const char *shell = "/bin/sh";
    size_t count = 0;

    (void)state;
    assert_int_equal(setenv("XDG_CACHE_HOME", top, 1), 0);
    for (unsigned i = 0; i < 2; i++) {
        struct rn_patch_cache *cache = rn_patch_cache_new(i ? NULL : directory, true);
        struct rn_patch_entry *entry = get(cache, shell);

        assert_int_equal(rn_patch_cache_searches(cache), 1 - i);
        assert_true(i == 0 || entry->sites.unpatched + entry->sites.count == count);
        count = entry->sites.unpatched + entry->sites.count;
        rn_patch_cache_free(cache);
        if (i == 0) { /* to where XDG_CACHE_HOME says */
            char usual[64];

            snprintf(usual, sizeof(usual), "%s/renacer", top);
            assert_int_equal(rename(directory, usual), 0);
            snprintf(directory, sizeof(directory), "%s", usual);
        }
    }
}

static void test_no_directory(void **state)
{
    struct rn_patch_cache *cache;

    (void)state;
    setenv("XDG_CACHE_HOME", "relative", 1);
    unsetenv("HOME");
    assert_int_equal(rn_cache_files_open(NULL), -1);
    assert_int_equal(rn_cache_files_open("/proc/nowhere/renacer"), -1);
    cache = rn_patch_cache_new(NULL, true);
    assert_non_null(cache);
    assert_int_equal(get(cache, program)->sites.count, 1);
    rn_patch_cache_free(cache);
    rn_patch_cache_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_memory, each_set_up),
        cmocka_unit_test_setup(test_what_is_no_program, each_set_up),
        cmocka_unit_test_setup(test_oldest_goes_first, each_set_up),
        cmocka_unit_test_setup(test_slot, each_set_up),
        cmocka_unit_test_setup(test_damaged_slot, each_set_up),
        cmocka_unit_test_setup(test_senseless_slot, each_set_up),
        cmocka_unit_test_setup(test_who_may_write, each_set_up),
        cmocka_unit_test_setup(test_temporary_file_left_behind, each_set_up),
        cmocka_unit_test_setup(test_fresh_files_are_not_stored, each_set_up),
        cmocka_unit_test_setup(test_second_recording, each_set_up),
        cmocka_unit_test_setup(test_no_directory, each_set_up),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* SPDX-License-Identifier: MIT */
/* A slot file, little-endian: magic with the version; seven words of key; five of struct rn_sites;
 * 28 bytes a site (address, immediate, kind, length, what was moved, two zeros); CRC-64 of all before it. */
#include "patch_cache_file.h"

#include "formats/crc64.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* "RNPATCH" and a version. The version changes with the layout and with what counts as a site. */
#define MAGIC        UINT64_C(0x0548435441504e52)
#define KEY_WORDS    7u
#define HEADER_WORDS (1u + KEY_WORDS + 5u)
#define HEADER_SIZE  (HEADER_WORDS * 8u)
#define SITE_SIZE    28u
#define CRC_SIZE     8u
#define FILE_MAX     (HEADER_SIZE + RN_SITES_MAX * SITE_SIZE + CRC_SIZE)

#define PATH_SIZE 4096
#define NAME_SIZE 32

/* A file changed this recently may change again without its times showing it. */
#define SETTLED_S 2

static void key_words(const struct rn_patch_key *key, uint64_t words[KEY_WORDS])
{
    words[0] = key->device;
    words[1] = key->inode;
    words[2] = key->size;
    words[3] = (uint64_t)key->modified_s;
    words[4] = (uint64_t)key->modified_ns;
    words[5] = (uint64_t)key->changed_s;
    words[6] = (uint64_t)key->changed_ns;
}

/* Times are left out: a new version of a file takes the place of the old one. */
static void slot_name(const struct rn_patch_key *key, char name[NAME_SIZE])
{
    const uint64_t place[2] = {key->device, key->inode};

    snprintf(name, NAME_SIZE, "sites-%03x",
             (unsigned)(rn_crc64(0, place, sizeof(place)) % RN_PATCH_CACHE_SLOTS));
}

static bool is_own(int fd, mode_t type, struct stat *info)
{
    return fstat(fd, info) == 0 && (info->st_mode & S_IFMT) == type && info->st_uid == geteuid() &&
           (info->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool usual_directory(char path[PATH_SIZE])
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    int length;

    if (cache && cache[0] == '/')
        length = snprintf(path, PATH_SIZE, "%s/renacer", cache);
    else if (home && home[0] == '/')
        length = snprintf(path, PATH_SIZE, "%s/.cache/renacer", home);
    else
        return false;
    return length < PATH_SIZE;
}

/* Every directory on the way that is missing, private to the user as the XDG specification asks. */
static void make_directories(char *path)
{
    for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        mkdir(path, 0700);
        *at = '/';
    }
    mkdir(path, 0700);
}

int rn_patch_cache_directory(const char *directory)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    char path[PATH_SIZE];
    struct stat info;
    int fd;

    if (!directory && !usual_directory(path))
        return -1;
    if (directory && snprintf(path, sizeof(path), "%s", directory) >= PATH_SIZE)
        return -1;
    fd = open(path, flags);
    if (fd < 0 && errno == ENOENT) {
        make_directories(path);
        fd = open(path, flags);
    }
    if (fd >= 0 && !is_own(fd, S_IFDIR, &info)) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool read_slot(int directory, const struct rn_patch_key *key, struct rn_buf *out)
{
    char name[NAME_SIZE];
    struct stat info;
    ssize_t got = -1;
    uint8_t *to;
    int fd;

    slot_name(key, name);
    fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    if (is_own(fd, S_IFREG, &info) && info.st_size >= (off_t)(HEADER_SIZE + CRC_SIZE) &&
        info.st_size <= (off_t)FILE_MAX && (to = rn_buf_reserve(out, (size_t)info.st_size))) {
        got = read(fd, to, (size_t)info.st_size);
        if (got == info.st_size)
            out->size = (size_t)got;
    }
    close(fd);
    return out->size > 0;
}

static uint64_t word_at(const uint8_t *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof(word));
    return le64toh(word);
}

/* Is this the slot of the key, whole, and of a size that fits its count? */
static bool slot_fits(const struct rn_buf *slot, const struct rn_patch_key *key)
{
    size_t body = slot->size - CRC_SIZE;
    uint64_t words[KEY_WORDS];

    if (word_at(slot->data) != MAGIC || rn_crc64(0, slot->data, body) != word_at(slot->data + body))
        return false;
    key_words(key, words);
    for (size_t i = 0; i < KEY_WORDS; i++)
        if (word_at(slot->data + 8 * (1 + i)) != words[i])
            return false;
    return (body - HEADER_SIZE) % SITE_SIZE == 0 &&
           (body - HEADER_SIZE) / SITE_SIZE == word_at(slot->data + 8 * (1 + KEY_WORDS));
}

static struct rn_site read_site(const uint8_t *bytes)
{
    struct rn_site site = {.address = word_at(bytes), .kind = bytes[12], .length = bytes[13]};
    uint32_t immediate;

    memcpy(&immediate, bytes + 8, sizeof(immediate));
    site.immediate = le32toh(immediate);
    site.return_point = site.address + site.length;
    memcpy(site.moved, bytes + 14, sizeof(site.moved));
    return site;
}

static bool site_makes_sense(const struct rn_sites *sites, const struct rn_site *site,
                             uint64_t from)
{
    return rn_site_length_fits(site) && site->address >= from &&
           site->address - sites->text_address < sites->text_size &&
           site->length <= sites->text_size - (site->address - sites->text_address);
}

static bool read_sites(const struct rn_buf *slot, struct rn_sites *sites)
{
    const uint8_t *header = slot->data + 8 * (1 + KEY_WORDS);
    const uint8_t *from = slot->data + HEADER_SIZE;
    size_t count = word_at(header);
    uint64_t after;

    *sites = (struct rn_sites){.unpatched = word_at(header + 8),
                               .text_address = word_at(header + 16),
                               .text_offset = word_at(header + 24),
                               .text_size = word_at(header + 32)};
    if (sites->text_address % RN_PATCH_PAGE || sites->text_offset % RN_PATCH_PAGE ||
        sites->text_size % RN_PATCH_PAGE || sites->text_size > INT64_MAX ||
        sites->text_address > INT64_MAX - sites->text_size)
        return false;
    sites->sites = calloc(count ? count : 1, sizeof(*sites->sites));
    if (!sites->sites)
        return false;
    after = sites->text_address;
    for (size_t i = 0; i < count; i++) {
        sites->sites[i] = read_site(from + i * SITE_SIZE);
        if (!site_makes_sense(sites, &sites->sites[i], after))
            return false;
        after = sites->sites[i].return_point;
    }
    sites->count = count;
    return true;
}

bool rn_patch_cache_file_load(int directory, struct rn_patch_entry *entry)
{
    struct rn_buf slot = RN_BUF_INIT;
    bool known =
        directory >= 0 && read_slot(directory, &entry->key, &slot) && slot_fits(&slot, &entry->key);

    if (known && !read_sites(&slot, &entry->sites)) {
        rn_sites_clear(&entry->sites);
        known = false;
    }
    rn_buf_free(&slot);
    return known;
}

static void build_slot(const struct rn_patch_entry *entry, struct rn_buf *slot)
{
    const struct rn_sites *sites = &entry->sites;
    const uint64_t header[] = {sites->count, sites->unpatched, sites->text_address,
                               sites->text_offset, sites->text_size};
    uint64_t key[KEY_WORDS];

    rn_buf_u64(slot, MAGIC);
    key_words(&entry->key, key);
    for (size_t i = 0; i < KEY_WORDS; i++)
        rn_buf_u64(slot, key[i]);
    for (size_t i = 0; i < sizeof(header) / sizeof(header[0]); i++)
        rn_buf_u64(slot, header[i]);
    for (size_t i = 0; i < sites->count; i++) {
        rn_buf_u64(slot, sites->sites[i].address);
        rn_buf_u32(slot, sites->sites[i].immediate);
        rn_buf_byte(slot, sites->sites[i].kind);
        rn_buf_byte(slot, sites->sites[i].length);
        rn_buf_append(slot, sites->sites[i].moved, sizeof(sites->sites[i].moved));
        rn_buf_u16(slot, 0);
    }
    rn_buf_u64(slot, rn_crc64(0, slot->data, slot->failed ? 0 : slot->size));
}

/* Two recorders may write one slot. Whoever finds the other's temporary file removes it, so that
 * one left behind by a killed recorder does not stay; what that breaks, the checksum shows. */
static void write_slot(int directory, const char *name, const struct rn_buf *slot)
{
    char temporary[NAME_SIZE + 4];
    bool written;
    int fd;

    snprintf(temporary, sizeof(temporary), "%s.new", name);
    fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        if (errno == EEXIST)
            unlinkat(directory, temporary, 0);
        return;
    }
    written = write(fd, slot->data, slot->size) == (ssize_t)slot->size;
    if (close(fd) != 0 || !written || renameat(directory, temporary, directory, name) != 0)
        unlinkat(directory, temporary, 0);
}

static bool has_settled(const struct rn_patch_key *key)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec - SETTLED_S > key->changed_s;
}

void rn_patch_cache_file_store(int directory, const struct rn_patch_entry *entry)
{
    struct rn_buf slot = RN_BUF_INIT;
    char name[NAME_SIZE];

    if (directory < 0 || !has_settled(&entry->key))
        return;
    build_slot(entry, &slot);
    slot_name(&entry->key, name);
    if (!slot.failed)
        write_slot(directory, name, &slot);
    rn_buf_free(&slot);
}

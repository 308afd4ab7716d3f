/* SPDX-License-Identifier: MIT */
/* A slot file, little-endian: magic with the version; seven words of key; five of struct rn_sites;
 * 28 bytes a site (address, immediate, kind, length, what was moved, two zeros). */
#include "patch_cache_file.h"

#include "cache_files.h"

#include "formats/crc64.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* "RNPATCH" and a version. The version changes with the layout and with what counts as a site. */
#define MAGIC        UINT64_C(0x0648435441504e52)
#define KEY_WORDS    7u
#define HEADER_WORDS (1u + KEY_WORDS + 5u)
#define HEADER_SIZE  (HEADER_WORDS * 8u)
#define SITE_SIZE    28u
#define SLOT_MAX     (HEADER_SIZE + RN_SITES_MAX * SITE_SIZE)

#define NAME_SIZE 24

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

static uint64_t word_at(const uint8_t *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof(word));
    return le64toh(word);
}

/* Is this the slot of the key, whole, and of a size that fits its count? */
static bool slot_fits(const struct rn_buf *slot, const struct rn_patch_key *key)
{
    uint64_t words[KEY_WORDS];

    if (slot->size < HEADER_SIZE || word_at(slot->data) != MAGIC)
        return false;
    key_words(key, words);
    for (size_t i = 0; i < KEY_WORDS; i++)
        if (word_at(slot->data + 8 * (1 + i)) != words[i])
            return false;
    return (slot->size - HEADER_SIZE) % SITE_SIZE == 0 &&
           (slot->size - HEADER_SIZE) / SITE_SIZE == word_at(slot->data + 8 * (1 + KEY_WORDS));
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
    char name[NAME_SIZE];
    bool known;

    slot_name(&entry->key, name);
    known = rn_cache_file_read(directory, name, SLOT_MAX, &slot) && slot_fits(&slot, &entry->key);
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
    rn_cache_file_write(directory, name, &slot);
    rn_buf_free(&slot);
}

/* SPDX-License-Identifier: MIT */
#include "inline_private.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Stubs lie this far from the text, where a process rarely has anything: below for what is mapped
 * high (shared objects, position-independent programs), above for what is linked at a low fixed
 * address. Within reach of a rel32. */
#define STUB_DISTANCE 0x40000000ll
#define LOW_TEXT      0x80000000ull

#define ENTRY_TABLE (RN_BLOB_CONFIG + offsetof(struct rn_blob_config, entry))

static uint64_t stub_bytes(const struct rn_sites *sites)
{
    return (sites->count * RN_STUB_SIZE + RN_PATCH_PAGE - 1) / RN_PATCH_PAGE * RN_PATCH_PAGE;
}

/* The kernel copies the text: what lies behind the end of the file stays zero, as it would be
 * mapped. */
static bool copy_text(int memory, int fd, const struct rn_sites *sites)
{
    off_t from = (off_t)sites->text_offset;
    uint64_t left = sites->text_size;

    while (left > 0) {
        ssize_t copied = sendfile(memory, fd, &from, left);

        if (copied < 0)
            return false;
        if (copied == 0)
            return true;
        left -= (uint64_t)copied;
    }
    return true;
}

static bool patch_text(int memory, const struct rn_sites *sites, int64_t distance)
{
    struct rn_error err = RN_ERROR_INIT;
    uint8_t *text = mmap(NULL, sites->text_size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    bool patched = text != MAP_FAILED && rn_patch_text(text, sites, distance, &err) == RN_OK;

    if (text != MAP_FAILED)
        munmap(text, sites->text_size);
    return patched;
}

static bool write_stubs(int memory, const struct rn_sites *sites, int64_t distance)
{
    struct rn_error err = RN_ERROR_INIT;
    struct rn_buf stubs = RN_BUF_INIT;
    bool written =
        rn_patch_stubs(sites, distance, (uint32_t)ENTRY_TABLE, &stubs, &err) == RN_OK &&
        pwrite(memory, stubs.data, stubs.size, (off_t)sites->text_size) == (ssize_t)stubs.size;

    rn_buf_free(&stubs);
    return written;
}

/* The patched text, then the stubs, in a memory file that the program can open through /proc. */
static bool make_patched_file(struct rn_patch_entry *entry, int fd, int64_t distance)
{
    const struct rn_sites *sites = &entry->sites;
    int memory = memfd_create("renacer-text", MFD_CLOEXEC);

    if (memory < 0)
        return false;
    if (ftruncate(memory, (off_t)(sites->text_size + stub_bytes(sites))) != 0 ||
        !copy_text(memory, fd, sites) || !patch_text(memory, sites, distance) ||
        !write_stubs(memory, sites, distance)) {
        close(memory);
        return false;
    }
    entry->patched_fd = memory;
    entry->stub_distance = distance;
    return true;
}

bool rn_inline_plan(struct rn_inline *state, int fd, uint64_t address, uint64_t length,
                    uint64_t file_offset, struct rn_module_plan *plan)
{
    int64_t distance = address >= LOW_TEXT ? -STUB_DISTANCE : STUB_DISTANCE;
    struct rn_error err = RN_ERROR_INIT;
    const struct rn_sites *sites;

    if (rn_patch_cache_get(state->cache, fd, &plan->entry, &err) != RN_OK)
        return false;
    sites = &plan->entry->sites;
    /* Only a mapping of just the text that was searched is laid over. */
    if (sites->count == 0 || sites->text_offset != file_offset ||
        sites->text_size != (length + RN_PATCH_PAGE - 1) / RN_PATCH_PAGE * RN_PATCH_PAGE)
        return false;
    if (plan->entry->patched_fd >= 0 && plan->entry->stub_distance != distance)
        return false;
    if (plan->entry->patched_fd < 0 && !make_patched_file(plan->entry, fd, distance))
        return false;
    plan->bias = address - sites->text_address;
    plan->stubs = address + (uint64_t)distance;
    plan->stubs_size = stub_bytes(sites);
    snprintf(plan->path, sizeof(plan->path), "/proc/%d/fd/%d", (int)getpid(),
             plan->entry->patched_fd);
    return true;
}

size_t rn_inline_plan_calls(const struct rn_module_plan *plan, uint64_t path_address,
                            struct rn_script_call calls[RN_PLAN_CALLS], size_t first)
{
    const struct rn_sites *sites = &plan->entry->sites;
    uint64_t text = sites->text_address + plan->bias;

    calls[0] = (struct rn_script_call){.nr = SYS_open,
                                       .args = {path_address, O_RDONLY | O_CLOEXEC},
                                       .replace = RN_SCRIPT_NONE,
                                       .needed = true};
    /* The stubs first: the text must never jump to where nothing is. */
    calls[1] = (struct rn_script_call){.nr = SYS_mmap,
                                       .args = {plan->stubs, plan->stubs_size,
                                                PROT_READ | PROT_EXEC,
                                                MAP_PRIVATE | MAP_FIXED_NOREPLACE, 0,
                                                sites->text_size},
                                       .replace = 4,
                                       .from = first,
                                       .needed = true};
    calls[2] = (struct rn_script_call){.nr = SYS_mmap,
                                       .args = {text, sites->text_size, PROT_READ | PROT_EXEC,
                                                MAP_PRIVATE | MAP_FIXED, 0, 0},
                                       .replace = 4,
                                       .from = first};
    calls[3] = (struct rn_script_call){.nr = SYS_close, .replace = 0, .from = first};
    return RN_PLAN_CALLS;
}

static bool copy_sites(struct rn_sites *to, const struct rn_sites *from)
{
    *to = *from;
    to->sites = calloc(from->count, sizeof(*to->sites));
    if (!to->sites)
        return false;
    memcpy(to->sites, from->sites, from->count * sizeof(*to->sites));
    return true;
}

static struct rn_inline_module *new_module(struct rn_inline_image *image)
{
    if (image->count == image->capacity) {
        size_t capacity = image->capacity ? image->capacity * 2 : 8;
        struct rn_inline_module *modules =
            realloc(image->modules, capacity * sizeof(*image->modules));

        if (!modules)
            return NULL;
        image->modules = modules;
        image->capacity = capacity;
    }
    return &image->modules[image->count];
}

bool rn_inline_plan_done(const struct rn_module_plan *plan,
                         const struct rn_script_call calls[RN_PLAN_CALLS],
                         struct rn_inline_image *image)
{
    const struct rn_sites *sites = &plan->entry->sites;
    uint64_t text = sites->text_address + plan->bias;
    struct rn_inline_module *module;

    if (calls[1].result != plan->stubs || calls[2].result != text)
        return false;
    module = new_module(image);
    if (!module || !copy_sites(&module->sites, sites))
        return false;
    module->bias = plan->bias;
    module->text = text;
    module->text_size = sites->text_size;
    module->stubs = plan->stubs;
    module->stubs_size = plan->stubs_size;
    image->count++;
    return true;
}

static const struct rn_inline_module *module_with(const struct rn_inline_image *image,
                                                  uint64_t address, bool stubs)
{
    for (size_t i = 0; i < image->count; i++) {
        const struct rn_inline_module *module = &image->modules[i];
        uint64_t begin = stubs ? module->stubs : module->text;
        uint64_t size = stubs ? module->stubs_size : module->text_size;

        if (address >= begin && address - begin < size)
            return module;
    }
    return NULL;
}

const struct rn_site *rn_inline_find_site(const struct rn_inline_image *image,
                                          uint64_t return_point)
{
    const struct rn_inline_module *module = module_with(image, return_point, false);
    size_t low = 0, high;

    if (!module)
        return NULL;
    return_point -= module->bias;
    for (high = module->sites.count; low < high;) {
        size_t middle = low + (high - low) / 2;

        if (module->sites.sites[middle].return_point < return_point)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < module->sites.count && module->sites.sites[low].return_point == return_point)
        return &module->sites.sites[low];
    return NULL;
}

const struct rn_site *rn_inline_find_stub(const struct rn_inline_image *image, uint64_t address,
                                          uint64_t *return_point, uint64_t *offset)
{
    const struct rn_inline_module *module = module_with(image, address, true);
    uint64_t index;

    if (!module)
        return NULL;
    index = (address - module->stubs) / RN_STUB_SIZE;
    *offset = (address - module->stubs) % RN_STUB_SIZE;
    if (index >= module->sites.count)
        return NULL;
    *return_point = module->sites.sites[index].return_point + module->bias;
    return &module->sites.sites[index];
}

/* As the configuration has them. */
struct ranges {
    uint32_t count;
    struct {
        uint64_t begin, end;
    } range[RN_MAX_RANGES];
};
_Static_assert(offsetof(struct ranges, range) ==
                   offsetof(struct rn_blob_config, range) -
                       offsetof(struct rn_blob_config, range_count),
               "layout");

void rn_inline_write_ranges(int memory, const struct rn_inline_image *image)
{
    struct ranges ranges = {.count = 2,
                            .range = {{RN_BLOB_ADDRESS, RN_BLOB_ADDRESS + RN_BLOB_SIZE},
                                      {RN_ARENA_ADDRESS, RN_ARENA_ADDRESS + RN_ARENA_MAX}}};

    /* Beyond the table's end: nothing may be changed by the program itself. */
    if (image->count * 2 + 2 > RN_MAX_RANGES) {
        ranges.count = 1;
        ranges.range[0].begin = 0;
        ranges.range[0].end = UINT64_MAX;
    } else {
        for (size_t i = 0; i < image->count; i++) {
            const struct rn_inline_module *module = &image->modules[i];

            ranges.range[ranges.count].begin = module->text;
            ranges.range[ranges.count++].end = module->text + module->text_size;
            ranges.range[ranges.count].begin = module->stubs;
            ranges.range[ranges.count++].end = module->stubs + module->stubs_size;
        }
    }
    (void)rn_inline_memory_write(memory, RN_BLOB_CONFIG + offsetof(struct rn_blob_config, range_count),
                                 &ranges, sizeof(ranges));
}

static void restore_module(int memory, const struct rn_inline_module *module)
{
    uint8_t bytes[RN_SITE_LENGTH_MAX];

    for (size_t i = 0; i < module->sites.count; i++) {
        const struct rn_site *site = &module->sites.sites[i];
        size_t length = rn_site_original(site, bytes);

        (void)rn_inline_memory_write(memory, module->bias + site->address, bytes, length);
    }
}

void rn_inline_restore(const struct rn_tracee *tracee)
{
    const struct rn_inline_image *image = tracee->process->image;
    int memory = image ? rn_inline_memory_open(tracee->tid) : -1;

    if (memory < 0)
        return;
    for (size_t i = 0; i < image->count; i++)
        restore_module(memory, &image->modules[i]);
    close(memory);
}

/* SPDX-License-Identifier: MIT */
#include "capture_stack.h"

#include <stdio.h>
#include <string.h>

#define PAGE      4096u
#define PAGES_MAX (RN_STACK_DUMP_MAX / PAGE + 1)
#define FRAME_MAX 16u

_Static_assert(PAGES_MAX <= RN_MEMORY_SPANS, "a dump is read in one go");

static bool holds(const struct rn_stack_range *range, uint64_t address)
{
    return address >= range->begin && address < range->end;
}

static bool read_mapping(pid_t tid, uint64_t address, struct rn_stack_range *range)
{
    char path[64], line[4400];
    bool found = false;
    FILE *maps;

    snprintf(path, sizeof(path), "/proc/%d/maps", (int)tid);
    maps = fopen(path, "re");
    while (maps && !found && fgets(line, sizeof(line), maps)) {
        unsigned long long begin, end;
        char mode[5];

        if (sscanf(line, "%llx-%llx %4s", &begin, &end, mode) == 3 && mode[0] == 'r') {
            *range = (struct rn_stack_range){begin, end};
            found = holds(range, address);
        }
    }
    if (maps)
        fclose(maps);
    return found;
}

/* A stack that has grown down takes the place of what it was before. */
static struct rn_stack_range *place_for(struct rn_stack_ranges *ranges,
                                        const struct rn_stack_range *range)
{
    for (unsigned i = 0; i < RN_STACK_RANGES; i++)
        if (ranges->known[i].end == range->end)
            return &ranges->known[i];
    return &ranges->known[ranges->next++ % RN_STACK_RANGES];
}

const struct rn_stack_range *rn_stack_range_find(struct rn_stack_ranges *ranges, pid_t tid,
                                                 uint64_t stack_pointer)
{
    struct rn_stack_range range, *place;

    for (unsigned i = 0; i < RN_STACK_RANGES; i++)
        if (holds(&ranges->known[i], stack_pointer))
            return &ranges->known[i];
    if (!read_mapping(tid, stack_pointer, &range))
        return NULL;
    place = place_for(ranges, &range);
    *place = range;
    return place;
}

uint32_t rn_stack_room(enum rn_stack_mode mode, uint32_t bytes)
{
    uint32_t head = (uint32_t)sizeof(struct rn_record_attachment) + 8; /* padding included */

    if (mode == RN_STACK_MODE_NONE)
        return 0;
    if (mode == RN_STACK_MODE_FRAME)
        return head + RN_STACK_FRAMES_MAX * (uint32_t)sizeof(uint64_t);
    return head + (uint32_t)sizeof(struct rn_stack_registers) + bytes;
}

/* The page of the stack that was read last: most frames of a chain are near each other. */
struct window {
    const struct rn_call_place *place;
    uint64_t address;
    size_t size;
    uint8_t bytes[PAGE + FRAME_MAX];
};

static const uint8_t *look_at(struct window *window, uint64_t address, size_t size)
{
    if (address < window->address || address - window->address > window->size ||
        window->size - (address - window->address) < size) {
        window->address = address - address % PAGE;
        window->size = rn_memory_read(window->place->memory, window->address, window->bytes,
                                      sizeof(window->bytes));
        if (window->size < address - window->address ||
            window->size - (address - window->address) < size)
            return NULL;
    }
    return window->bytes + (address - window->address);
}

static void capture_frames(const struct rn_call_place *place,
                           const struct rn_stack_registers *registers,
                           const struct rn_stack_range *range, unsigned word,
                           struct rn_call_buffer *buffer)
{
    uint64_t addresses[RN_STACK_FRAMES_MAX] = {0};
    uint64_t lowest = registers->rsp, frame = registers->rbp;
    struct window window = {.place = place};
    uint16_t flags = 0;
    size_t count = 1;

    if (rn_memory_read(place->memory, lowest, addresses, word) < word)
        return;
    while (frame >= lowest && frame < range->end && range->end - frame >= 2 * word &&
           frame % word == 0) {
        const uint8_t *words = look_at(&window, frame, 2 * word);
        uint64_t next = 0, address = 0;

        if (!words)
            break;
        memcpy(&next, words, word);
        memcpy(&address, words + word, word);
        if (address == 0)
            break;
        if (count == RN_STACK_FRAMES_MAX) {
            flags = RN_ATT_CUT;
            break;
        }
        addresses[count++] = address;
        lowest = frame + 2 * word;
        frame = next;
    }
    rn_call_buffer_copy(buffer, RN_ATT_STACK, RN_ARG_NONE, flags, addresses,
                        count * sizeof(addresses[0]));
}

/* Page by page: what can be read before a page that is gone is not lost with it. */
static size_t read_pages(const struct rn_call_place *place, uint64_t address, uint8_t *to,
                         size_t size)
{
    struct rn_memory_span spans[PAGES_MAX + 1];
    size_t count = 0;

    for (size_t done = 0; done < size; count++) {
        size_t part = PAGE - (size_t)((address + done) % PAGE);

        if (part > size - done)
            part = size - done;
        spans[count] = (struct rn_memory_span){address + done, part};
        done += part;
    }
    return rn_memory_read_spans(place->memory, spans, count, to, size);
}

static void capture_dump(uint32_t bytes, const struct rn_call_place *place,
                         const struct rn_stack_registers *registers,
                         const struct rn_stack_range *range, struct rn_call_buffer *buffer)
{
    uint64_t left = range->end - registers->rsp;
    size_t size = left > bytes ? bytes : (size_t)left;
    uint8_t *to = rn_call_buffer_reserve(buffer, sizeof(*registers) + size);

    if (!to)
        return;
    memcpy(to, registers, sizeof(*registers));
    size = read_pages(place, registers->rsp, to + sizeof(*registers), size);
    rn_call_buffer_add(buffer, RN_ATT_STACK_DUMP, RN_ARG_NONE, left > size ? RN_ATT_CUT : 0,
                       sizeof(*registers) + size);
}

void rn_capture_stack(enum rn_stack_mode mode, uint32_t bytes, const struct rn_call_place *place,
                      const struct rn_stack_registers *registers,
                      const struct rn_stack_range *range, unsigned word,
                      struct rn_call_buffer *buffer)
{
    if (mode == RN_STACK_MODE_FRAME)
        capture_frames(place, registers, range, word, buffer);
    else if (mode == RN_STACK_MODE_DUMP)
        capture_dump(bytes, place, registers, range, buffer);
}

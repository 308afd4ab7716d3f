/* SPDX-License-Identifier: MIT */
/* Counting events instead of recording them. */
#include "producer.h"

#define PROBES 4u

static void clear(struct rn_ring_cell *cell)
{
    cell->count = 0;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    cell->moved = 0;
}

/* Make a record of a cell and empty it. Whoever finds both after a sudden end knows by `moved` that
 * the cell is in the record. */
static void move_to_ring(struct rn_producer *self, struct rn_ring_cell *cell)
{
    uint32_t attempts = 0, size;
    void *room;

    while (!(room = rn_producer_reserve(self, RN_RING_CELL_RECORD, 0)) &&
           rn_producer_wait(self, &attempts))
        ;
    if (!room) {
        rn_producer_lose(self, cell->count);
        clear(cell);
        return;
    }
    size = rn_ring_cell_record(cell, room);
    cell->moved = self->at + size;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    rn_producer_commit(self, size);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    clear(cell);
}

/* What was left in the middle has `moved` set: either its record was committed, or it never will be.
 * As long as nothing else is committed the ring tells which. */
void rn_producer_resume(struct rn_producer *self)
{
    uint64_t head = __atomic_load_n(&self->slot->head, __ATOMIC_RELAXED);

    for (uint32_t i = 0; i < self->cells_used; i++) {
        struct rn_ring_cell *cell = &self->cells[self->used[i]];

        if (!cell->moved)
            continue;
        if (cell->count && cell->moved <= head)
            clear(cell);
        cell->moved = 0;
    }
}

static void begin_second(struct rn_producer *self, uint64_t start)
{
    const struct rn_ring_producers *settings = rn_producer_settings();
    uint64_t rate = settings->tick_rate ? settings->tick_rate : 1;
    uint64_t since = start > settings->start ? start - settings->start : 0;

    for (uint32_t i = 0; i < self->cells_used; i++)
        if (self->cells[self->used[i]].count)
            move_to_ring(self, &self->cells[self->used[i]]);
    self->cells_used = 0;
    self->second_begin = settings->start + since / rate * rate;
    self->second_end = self->second_begin + rate;
}

static void begin_cell(struct rn_producer *self, uint32_t number,
                       const struct rn_producer_sample *sample)
{
    struct rn_ring_cell *cell = &self->cells[number];
    uint32_t size = sample->name_size < RN_RING_CELL_NAME ? sample->name_size : RN_RING_CELL_NAME;

    cell->key = sample->key;
    cell->first = sample->start;
    cell->last = 0;
    cell->sum = cell->max = cell->elements = cell->bytes = cell->flops = 0;
    cell->min = UINT64_MAX;
    cell->of = sample->of;
    cell->reason = sample->reason;
    cell->backend = sample->backend;
    cell->direction = sample->direction;
    cell->residency = sample->residency;
    cell->size_bin = sample->size_bin;
    cell->name_size = (uint8_t)size;
    cell->name_cut = size < sample->name_size;
    for (uint32_t i = 0; i < RN_RING_CELL_BUCKETS; i++)
        cell->buckets[i] = 0;
    for (uint32_t i = 0; i < size; i++)
        cell->name[i] = sample->name[i];
    /* A cell that gave way to another one is in the list already. */
    for (uint32_t i = 0; i < self->cells_used; i++)
        if (self->used[i] == number)
            return;
    self->used[self->cells_used++] = (uint8_t)number;
}

/* The cell of a key, an unused one, or one whose place is needed. */
static struct rn_ring_cell *find_cell(struct rn_producer *self,
                                      const struct rn_producer_sample *sample)
{
    uint32_t hash = (uint32_t)((sample->key * 0x9e3779b97f4a7c15ull) >> 57);

    for (uint32_t i = 0; i < PROBES; i++) {
        uint32_t number = (hash + i) % RN_RING_CELLS;
        struct rn_ring_cell *cell = &self->cells[number];

        if (cell->count && cell->key == sample->key)
            return cell;
        if (!cell->count) {
            begin_cell(self, number, sample);
            return cell;
        }
    }
    move_to_ring(self, &self->cells[hash % RN_RING_CELLS]);
    begin_cell(self, hash % RN_RING_CELLS, sample);
    return &self->cells[hash % RN_RING_CELLS];
}

void rn_producer_count(struct rn_producer *self, const struct rn_producer_sample *sample)
{
    uint64_t duration = sample->duration;
    uint32_t bucket = rn_ring_cell_bin(duration);
    struct rn_ring_cell *cell;

    if (__builtin_expect(
            sample->start - self->second_begin >= self->second_end - self->second_begin, 0))
        begin_second(self, sample->start);
    cell = find_cell(self, sample);
    if (sample->start < cell->first)
        cell->first = sample->start;
    if (sample->start + duration > cell->last)
        cell->last = sample->start + duration;
    cell->sum += duration;
    cell->min = duration < cell->min ? duration : cell->min;
    cell->max = duration > cell->max ? duration : cell->max;
    cell->elements += sample->elements;
    cell->bytes += sample->bytes;
    cell->flops += sample->flops;
    cell->buckets[bucket < RN_RING_CELL_BUCKETS ? bucket : RN_RING_CELL_BUCKETS - 1]++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    cell->count++;
}

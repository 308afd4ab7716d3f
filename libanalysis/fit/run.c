/* SPDX-License-Identifier: MIT */
#include "run_private.h"

#include "formats/crc64.h"

#include <stdlib.h>
#include <string.h>

/* Room for one more, growing by half. */
bool run_make_room(void **array, size_t count, size_t *room, size_t size)
{
    size_t wanted = *room + *room / 2 + 64;
    void *grown;

    if (count < *room)
        return true;
    grown = reallocarray(*array, wanted, size);
    if (!grown)
        return false;
    *array = grown;
    *room = wanted;
    return true;
}

static uint64_t hash_series(const struct run_name *operation, const struct run_name *isa,
                            uint8_t backend, uint8_t residency)
{
    uint64_t hash = rn_crc64((uint64_t)backend << 8 | residency, operation->text, operation->size);

    return rn_crc64(hash + 1, isa->text, isa->size);
}

static bool is_text(const char *text, const struct run_name *name)
{
    return strncmp(text, name->text, name->size) == 0 && text[name->size] == 0;
}

static bool add_series(struct run_work *work, const struct run_name *operation,
                       const struct run_name *isa, uint8_t backend, uint8_t residency)
{
    size_t room = work->series_room;
    struct rn_run_series *made;

    if (!run_make_room((void **)&work->run->series, work->run->series_count, &room,
                       sizeof *work->run->series))
        return false;
    work->series_room = room;
    made = &work->run->series[work->run->series_count];
    *made = (struct rn_run_series){.operation = strndup(operation->text, operation->size),
                                   .isa = strndup(isa->text, isa->size),
                                   .backend = backend,
                                   .residency = residency};
    work->run->series_count++;
    return made->operation && made->isa;
}

enum rn_status run_series(struct run_work *work, const struct run_name *operation,
                          const struct run_name *isa, uint8_t backend, uint8_t residency,
                          uint32_t *number, struct rn_error *err)
{
    size_t at = hash_series(operation, isa, backend, residency) % RUN_SLOTS;

    for (; work->slots[at]; at = (at + 1) % RUN_SLOTS) {
        const struct rn_run_series *series = &work->run->series[work->slots[at] - 1];

        if (series->backend == backend && series->residency == residency &&
            is_text(series->operation, operation) && is_text(series->isa, isa)) {
            *number = work->slots[at] - 1;
            return RN_OK;
        }
    }
    if (work->run->series_count == RN_RUN_MAX_SERIES)
        return rn_fail(err, RN_E_LIMIT, "more than %u operations and backends", RN_RUN_MAX_SERIES);
    if (!add_series(work, operation, isa, backend, residency))
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    *number = work->run->series_count - 1;
    work->slots[at] = work->run->series_count;
    return RN_OK;
}

enum rn_status run_add(struct run_work *work, const struct rn_run_sample *sample, uint64_t pid,
                       struct rn_error *err)
{
    struct rn_run *run = work->run;
    size_t room = work->sample_room;

    if (run->sample_count == RN_RUN_MAX_SAMPLES)
        return rn_fail(err, RN_E_LIMIT, "more than %u samples", RN_RUN_MAX_SAMPLES);
    if (!run_make_room((void **)&run->samples, run->sample_count, &work->sample_room,
                       sizeof *run->samples) ||
        !run_make_room((void **)&work->pids, run->sample_count, &room, sizeof *work->pids))
        return rn_fail(err, RN_E_NOMEM, "out of memory for %zu samples", run->sample_count);
    work->pids[run->sample_count] = pid;
    run->samples[run->sample_count++] = *sample;
    return RN_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct rn_run_sample *x = a, *y = b;

    if (x->series != y->series)
        return x->series < y->series ? -1 : 1;
    if (x->elements != y->elements)
        return x->elements < y->elements ? -1 : 1;
    if (x->start_ns != y->start_ns)
        return x->start_ns < y->start_ns ? -1 : 1;
    return x->duration_ns < y->duration_ns ? -1 : x->duration_ns > y->duration_ns;
}

static uint64_t add_number(uint64_t crc, uint64_t number)
{
    return rn_crc64(crc, &number, sizeof number);
}

static void digest(struct rn_run *run)
{
    uint64_t crc = 0;

    for (uint32_t i = 0; i < run->series_count; i++) {
        const struct rn_run_series *series = &run->series[i];

        crc = rn_crc64(crc, series->operation, strlen(series->operation) + 1);
        crc = rn_crc64(crc, series->isa, strlen(series->isa) + 1);
        crc = add_number(crc, (uint64_t)series->backend << 8 | series->residency);
    }
    for (size_t i = 0; i < run->sample_count; i++) {
        const struct rn_run_sample *sample = &run->samples[i];

        crc = add_number(crc, sample->series);
        crc = add_number(crc, sample->elements);
        crc = add_number(crc, sample->duration_ns);
    }
    for (size_t i = 0; i < run->aggregate_count; i++) {
        const struct rn_run_aggregate *aggregate = &run->aggregates[i];

        crc = add_number(crc, aggregate->series);
        crc = add_number(crc, aggregate->sum.count);
        crc = add_number(crc, aggregate->sum.sum_ns);
    }
    run->digest = crc;
}

static char *join(char *const *argv)
{
    struct rn_buf text = RN_BUF_INIT;
    char *joined;

    for (size_t i = 0; argv && argv[i]; i++) {
        rn_buf_text(&text, i ? " " : "");
        rn_buf_text(&text, argv[i]);
    }
    rn_buf_byte(&text, 0);
    joined = text.failed ? NULL : strdup((const char *)text.data);
    rn_buf_free(&text);
    return joined;
}

static bool set_identity(struct rn_run *run, const struct rn_manifest *manifest)
{
    memcpy(run->uuid, manifest->uuid, sizeof run->uuid);
    run->recorded_ns = manifest->start.realtime_ns;
    run->host = strdup(manifest->host ? manifest->host : "");
    run->command = join(manifest->argv);
    return run->host && run->command;
}

static void keep_fact(void *context, const char *name, const uint8_t *data, size_t size)
{
    struct run_work *work = context;
    struct rn_buf *to = strcmp(name, "env/cpu") == 0              ? &work->cpu
                        : strcmp(name, "env/nvidia-smi.xml") == 0 ? &work->gpu
                                                                  : NULL;

    if (to && to->size == 0)
        rn_buf_append(to, data, size);
}

static void work_free(struct run_work *work)
{
    rn_trace_free(work->trace);
    rn_buf_free(&work->cpu);
    rn_buf_free(&work->gpu);
    free(work->pids);
    free(work->slots);
    free(work->kernels);
    free(work->transfers);
}

/* Damage that can be read over is no end. */
static enum rn_status read_all(struct run_work *work, struct rn_reader *reader,
                               struct rn_error *err)
{
    struct rn_error first = RN_ERROR_INIT;
    struct rn_batch batch;
    enum rn_status status;

    while ((status = rn_reader_next(reader, &batch, err)) != RN_EOF) {
        if (status == RN_OK)
            status = run_take_batch(work, &batch, err);
        if (status == RN_OK)
            continue;
        work->run->incomplete = true;
        if (first.status == RN_OK)
            first = *err;
        if (status != RN_E_FORMAT)
            break;
    }
    if (first.status == RN_OK)
        return RN_OK;
    *err = first;
    return first.status;
}

enum rn_status rn_run_read(struct rn_reader *reader, struct rn_run *out, struct rn_error *err)
{
    struct run_work work = {.run = out};
    struct rn_error late = RN_ERROR_INIT;
    enum rn_status status, finished;

    *out = (struct rn_run){0};
    work.trace = rn_trace_new(rn_reader_manifest(reader));
    work.slots = calloc(RUN_SLOTS, sizeof *work.slots);
    if (!work.trace || !work.slots || !set_identity(out, rn_reader_manifest(reader))) {
        work_free(&work);
        return rn_fail(err, RN_E_NOMEM, "out of memory");
    }
    rn_reader_on_member(reader, keep_fact, &work);
    status = read_all(&work, reader, err);
    out->incomplete |= rn_reader_incomplete(reader);
    finished = run_finish(&work, &late);
    if (finished == RN_OK &&
        !rn_machine_describe(&out->machine, (const char *)work.cpu.data, work.cpu.size,
                             (const char *)work.gpu.data, work.gpu.size))
        finished = rn_fail(&late, RN_E_NOMEM, "out of memory");
    if (out->sample_count)
        qsort(out->samples, out->sample_count, sizeof *out->samples, by_place);
    digest(out);
    work_free(&work);
    if (status == RN_OK && finished != RN_OK) {
        *err = late;
        status = finished;
    }
    return status == RN_OK ? RN_OK : rn_fail_in(err, rn_reader_name(reader));
}

void rn_run_free(struct rn_run *run)
{
    for (uint32_t i = 0; i < run->series_count; i++) {
        free(run->series[i].operation);
        free(run->series[i].isa);
    }
    free(run->series);
    free(run->samples);
    free(run->aggregates);
    free(run->host);
    free(run->command);
    rn_machine_free(&run->machine);
    *run = (struct rn_run){0};
}

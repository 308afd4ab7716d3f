/* SPDX-License-Identifier: MIT */
#include "attribution_private.h"
#include "saturating.h"

#include <stdlib.h>
#include <string.h>

void rn_attribution_processes_free(struct rn_attribution *attribution)
{
    for (size_t i = 0; i < attribution->process_count; i++) {
        free(attribution->processes[i]->row.name);
        free(attribution->processes[i]);
    }
    free(attribution->processes);
    free(attribution->process_rows);
    rn_id_map_free(&attribution->by_serial);
}

/* There are no more processes than accounts, whose number is limited. */
static struct attribution_process *process_get(struct rn_attribution *attribution,
                                               const struct rn_process_info *info,
                                               struct rn_error *err)
{
    struct attribution_process *process = rn_id_map_get(&attribution->by_serial, info->serial);
    bool grow = attribution->process_count == attribution->process_capacity;

    if (process)
        return process;
    if (grow) {
        size_t capacity = attribution->process_capacity ? 2 * attribution->process_capacity : 16;
        struct attribution_process **processes =
            reallocarray(attribution->processes, capacity, sizeof(*processes));

        if (!processes)
            goto no_memory;
        attribution->processes = processes;
        attribution->process_capacity = capacity;
    }
    process = calloc(1, sizeof *process);
    if (!process || !rn_id_map_set(&attribution->by_serial, info->serial, process)) {
        free(process);
        goto no_memory;
    }
    process->row.serial = info->serial;
    process->row.pid = info->pid;
    attribution->processes[attribution->process_count++] = process;
    return process;
no_memory:
    (void)rn_fail(err, RN_E_NOMEM, "no memory for the times of processes");
    return NULL;
}

static enum rn_status rename_process(struct attribution_process *process, const char *to,
                                     struct rn_error *err)
{
    char *name;

    if (process->row.name && strcmp(process->row.name, to) == 0)
        return RN_OK;
    name = strdup(to);
    if (!name)
        return rn_fail(err, RN_E_NOMEM, "no memory for the name of a process");
    free(process->row.name);
    process->row.name = name;
    return RN_OK;
}

enum rn_status rn_attribution_process_of(struct rn_attribution *attribution,
                                         struct attribution_account *account,
                                         struct rn_trace *trace, struct rn_error *err)
{
    const struct rn_thread_info *thread = rn_trace_thread(trace, account->stream);

    account->process = process_get(attribution, thread->process, err);
    if (!account->process)
        return err->status;
    account->pid = thread->pid;
    account->tid = thread->tid;
    return rename_process(account->process, thread->process->name, err);
}

enum rn_status rn_attribution_process_ended(struct rn_attribution *attribution,
                                            struct rn_trace *trace, const struct rn_event *event,
                                            struct rn_error *err)
{
    const struct rn_process_info *info = rn_trace_thread(trace, event->stream)->process;
    struct attribution_process *process;

    if (!info)
        return RN_OK;
    process = process_get(attribution, info, err);
    if (!process)
        return err->status;
    process->row.cpu_known = true;
    process->row.user_ns = event->u.process.user_ns;
    process->row.system_ns = event->u.process.system_ns;
    return rename_process(process, info->name, err);
}

/* Each part is rounded down, so that they are no more than the whole; computing is the rest. */
static bool fill_thread(struct rn_attribution_thread *row, const struct rn_clock *clock,
                        const struct attribution_account *account)
{
    uint64_t sum = 0;

    *row = (struct rn_attribution_thread){
        .stream = account->stream,
        .pid = account->pid,
        .tid = account->tid,
        .process = account->process ? account->process->row.serial : 0,
        .name = account->name,
        .begin = account->begin,
        .end = account->end,
        .calls = account->calls,
        .life_ns = rn_clock_duration(clock, account->end - account->begin),
    };
    for (unsigned i = 0; i < RN_CALL_CLASSES; i++) {
        row->part_ns[i] = rn_clock_duration(clock, account->ticks[i]);
        if (row->part_ns[i] > row->life_ns - sum)
            row->part_ns[i] = row->life_ns - sum;
        sum += row->part_ns[i];
    }
    row->part_ns[RN_PART_COMPUTING] = row->life_ns - sum;
    return row->name;
}

static void add_thread(struct rn_attribution_process *to, const struct rn_attribution_thread *row)
{
    if (!to->threads || row->begin < to->begin)
        to->begin = row->begin;
    if (!to->threads || row->end > to->end)
        to->end = row->end;
    to->threads++;
    to->life_ns = rn_add_saturating(to->life_ns, row->life_ns);
    for (unsigned i = 0; i < RN_PARTS; i++)
        to->part_ns[i] = rn_add_saturating(to->part_ns[i], row->part_ns[i]);
}

static int longest_thread(const void *a, const void *b)
{
    const struct rn_attribution_thread *x = a, *y = b;

    if (x->life_ns != y->life_ns)
        return x->life_ns > y->life_ns ? -1 : 1;
    return x->stream < y->stream ? -1 : x->stream > y->stream;
}

static int longest_process(const void *a, const void *b)
{
    const struct rn_attribution_process *x = a, *y = b;

    if (x->life_ns != y->life_ns)
        return x->life_ns > y->life_ns ? -1 : 1;
    return x->serial < y->serial ? -1 : x->serial > y->serial;
}

static void take_threads(struct rn_attribution *attribution, const struct rn_clock *clock,
                         struct rn_attribution_result *result)
{
    for (size_t i = 0; i < attribution->account_count; i++) {
        const struct attribution_account *account = attribution->accounts[i];
        struct rn_attribution_thread *row = &result->threads[result->thread_count];

        if (!account->seen || !fill_thread(row, clock, account))
            continue;
        result->thread_count++;
        add_thread(&result->all, row);
        if (account->process)
            add_thread(&account->process->row, row);
    }
}

static void take_processes(struct rn_attribution *attribution, struct rn_attribution_result *result)
{
    result->all.cpu_known = true;
    for (size_t i = 0; i < attribution->process_count; i++) {
        const struct rn_attribution_process *row = &attribution->processes[i]->row;

        if (!row->threads)
            continue;
        result->processes[result->process_count++] = *row;
        result->all.cpu_known &= row->cpu_known;
        result->all.user_ns = rn_add_saturating(result->all.user_ns, row->user_ns);
        result->all.system_ns = rn_add_saturating(result->all.system_ns, row->system_ns);
    }
    result->all.cpu_known &= result->process_count > 0;
}

enum rn_status rn_attribution_result(struct rn_attribution *attribution, struct rn_trace *trace,
                                     struct rn_attribution_result *result, struct rn_error *err)
{
    enum rn_status status = rn_attribution_close(attribution, trace, err);

    *result = (struct rn_attribution_result){.calls_lost = attribution->calls_lost,
                                             .waits_lost = attribution->waits_lost,
                                             .has_devices = attribution->has_devices};
    if (status != RN_OK)
        return status;
    result->threads = attribution->rows =
        calloc(attribution->account_count + 1, sizeof *attribution->rows);
    result->processes = attribution->process_rows =
        calloc(attribution->process_count + 1, sizeof *attribution->process_rows);
    if (!result->threads || !result->processes)
        return rn_fail(err, RN_E_NOMEM, "no memory for the times of threads");
    take_threads(attribution, rn_trace_clock(trace), result);
    take_processes(attribution, result);
    qsort(result->threads, result->thread_count, sizeof *result->threads, longest_thread);
    qsort(result->processes, result->process_count, sizeof *result->processes, longest_process);
    return RN_OK;
}

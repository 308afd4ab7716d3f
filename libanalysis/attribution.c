/* SPDX-License-Identifier: MIT */
#include "attribution.h"

#include "attribution_private.h"

#include <stdlib.h>
#include <string.h>

struct rn_attribution *rn_attribution_new(void)
{
    struct rn_attribution *attribution = calloc(1, sizeof *attribution);

    if (!attribution)
        return NULL;
    attribution->rules = rn_call_rules_new();
    if (attribution->rules)
        return attribution;
    free(attribution);
    return NULL;
}

void rn_attribution_free(struct rn_attribution *attribution)
{
    if (!attribution)
        return;
    for (size_t i = 0; i < attribution->account_count; i++) {
        free(attribution->accounts[i]->name);
        free(attribution->accounts[i]->waits);
        free(attribution->accounts[i]);
    }
    free(attribution->accounts);
    rn_attribution_processes_free(attribution);
    free(attribution->rows);
    rn_id_map_free(&attribution->by_stream);
    rn_call_rules_free(attribution->rules);
    free(attribution);
}

/* The account of a stream, made if it is new. NULL: no room; *status tells no memory apart. */
static struct attribution_account *account_of(struct rn_attribution *attribution, uint64_t stream,
                                              enum rn_status *status, struct rn_error *err)
{
    struct attribution_account *account = rn_id_map_get(&attribution->by_stream, stream);
    struct attribution_account **accounts;

    *status = RN_OK;
    if (account)
        return account;
    if (attribution->account_count >= RN_ATTRIBUTION_THREADS)
        return NULL;
    if (attribution->account_count == attribution->account_capacity) {
        size_t capacity = attribution->account_capacity ? 2 * attribution->account_capacity : 64;

        accounts = reallocarray(attribution->accounts, capacity, sizeof(*accounts));
        if (!accounts)
            goto no_memory;
        attribution->accounts = accounts;
        attribution->account_capacity = capacity;
    }
    account = calloc(1, sizeof *account);
    if (!account || !rn_id_map_set(&attribution->by_stream, stream, account)) {
        free(account);
        goto no_memory;
    }
    account->stream = stream;
    attribution->accounts[attribution->account_count++] = account;
    return account;
no_memory:
    *status = rn_fail(err, RN_E_NOMEM, "no memory for the accounts of threads");
    return NULL;
}

/* ---- waits for devices ---- */

static enum rn_status add_wait(struct rn_attribution *attribution, const struct rn_event *event,
                               struct rn_error *err)
{
    enum rn_status status;
    struct attribution_account *account = account_of(attribution, event->stream, &status, err);
    struct attribution_wait *waits;

    if (!account || attribution->wait_count >= RN_ATTRIBUTION_WAITS) {
        attribution->waits_lost += status == RN_OK;
        return status;
    }
    if (account->wait_count == account->wait_capacity) {
        size_t capacity = account->wait_capacity ? 2 * account->wait_capacity : 16;

        waits = reallocarray(account->waits, capacity, sizeof *waits);
        if (!waits)
            return rn_fail(err, RN_E_NOMEM, "no memory for waits for devices");
        account->waits = waits;
        account->wait_capacity = capacity;
    }
    attribution->wait_count++;
    account->waits[account->wait_count++] =
        (struct attribution_wait){event->start, event->start + event->duration};
    return RN_OK;
}

static enum rn_status add_batch(struct rn_attribution *attribution, struct rn_batch *batch,
                                struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (uint32_t row = 0; row < batch->rows && status == RN_OK; row++) {
        const struct rn_attachment *name;
        struct rn_event event;

        status = rn_batch_event(batch, row, &event, err);
        if (status != RN_OK || (event.flags & RN_EVENT_SNAPSHOT))
            continue;
        name = rn_event_attachment(&event, RN_ATT_NAME, RN_ARG_ANY);
        if (name && name->data && event.start <= UINT64_MAX - event.duration &&
            rn_device_call_waits((const char *)name->data,
                                 strnlen((const char *)name->data, name->size)))
            status = add_wait(attribution, &event, err);
    }
    return status;
}

static int by_begin(const void *a, const void *b)
{
    const struct attribution_wait *x = a, *y = b;

    return x->from < y->from ? -1 : x->from > y->from;
}

/* One call may wait within another one: their union, in order. */
static void unite(struct attribution_account *account)
{
    size_t kept = 0;

    if (account->wait_count)
        qsort(account->waits, account->wait_count, sizeof *account->waits, by_begin);
    for (size_t i = 0; i < account->wait_count; i++) {
        struct attribution_wait wait = account->waits[i];

        if (!kept || account->waits[kept - 1].to < wait.from)
            account->waits[kept++] = wait;
        else if (account->waits[kept - 1].to < wait.to)
            account->waits[kept - 1].to = wait.to;
    }
    account->wait_count = kept;
}

enum rn_status rn_attribution_waits(struct rn_attribution *attribution, struct rn_reader *reader,
                                    struct rn_error *err)
{
    enum rn_status status;

    do {
        struct rn_error damage = RN_ERROR_INIT;
        struct rn_batch batch;

        status = rn_reader_next(reader, &batch, &damage);
        if (status == RN_OK && batch.kind == RN_KIND_API)
            status = add_batch(attribution, &batch, &damage);
        if (status == RN_E_NOMEM)
            *err = damage;
    } while (status == RN_OK || status == RN_E_FORMAT);
    for (size_t i = 0; i < attribution->account_count; i++)
        unite(attribution->accounts[i]);
    return status == RN_E_NOMEM ? status : RN_OK;
}

/* ---- the threads ---- */

/* Ticks of [from, to) that are in waits. Calls come in order, so what is behind is not looked at
 * again. */
static uint64_t waited(struct attribution_account *account, uint64_t from, uint64_t to)
{
    uint64_t sum = 0;

    while (account->next_wait < account->wait_count &&
           account->waits[account->next_wait].to <= from)
        account->next_wait++;
    for (size_t i = account->next_wait; i < account->wait_count && account->waits[i].from < to;
         i++) {
        uint64_t begin = account->waits[i].from > from ? account->waits[i].from : from;
        uint64_t end = account->waits[i].to < to ? account->waits[i].to : to;

        sum += end > begin ? end - begin : 0;
    }
    return sum;
}

static void see(struct attribution_account *account, uint64_t ticks)
{
    if (!account->seen) {
        account->begin = account->end = ticks;
        account->seen = true;
    }
    if (ticks > account->end)
        account->end = ticks;
}

/* A call from `from` to `to`; of what was accounted for before, nothing counts again. */
static void add_call(struct attribution_account *account, enum rn_call_class class, uint64_t from,
                     uint64_t to)
{
    uint64_t device;

    if (account->cursor < account->begin)
        account->cursor = account->begin;
    if (from < account->cursor)
        from = account->cursor;
    if (to <= from)
        return;
    device = waited(account, from, to);
    account->ticks[class] += to - from - device;
    account->cursor = to;
    see(account, to);
}

static enum rn_status note_name(struct attribution_account *account, struct rn_trace *trace,
                                struct rn_error *err)
{
    const struct rn_thread_info *thread = rn_trace_thread(trace, account->stream);
    char *name;

    if (!thread->stream || (account->name && strcmp(account->name, thread->name) == 0))
        return RN_OK;
    name = strdup(thread->name);
    if (!name)
        return rn_fail(err, RN_E_NOMEM, "no memory for the name of a thread");
    free(account->name);
    account->name = name;
    return RN_OK;
}

static enum rn_status fork_event(struct rn_attribution *attribution, const struct rn_event *event,
                                 struct rn_error *err)
{
    enum rn_status status = RN_OK;
    struct attribution_account *child;

    if (!event->u.process.child_stream)
        return RN_OK;
    child = account_of(attribution, event->u.process.child_stream, &status, err);
    if (child)
        see(child, event->start);
    return status;
}

/* The call that was under way, until then. */
static void end_in_flight(struct attribution_account *account, uint64_t ticks)
{
    if (account->in_flight && account->in_flight_from >= account->cursor)
        add_call(account, account->in_flight_class, account->in_flight_from, ticks);
}

static enum rn_status process_event(struct rn_attribution *attribution,
                                    struct attribution_account *account, struct rn_trace *trace,
                                    const struct rn_event *event, struct rn_error *err)
{
    see(account, event->start);
    if (event->u.process.op == RN_PROCESS_FORK)
        return fork_event(attribution, event, err);
    if (event->u.process.op == RN_PROCESS_THREAD_EXIT || event->u.process.op == RN_PROCESS_EXIT ||
        event->u.process.op == RN_PROCESS_DETACH) {
        end_in_flight(account, event->start);
        account->ended = true;
    }
    return event->u.process.op == RN_PROCESS_EXIT
               ? rn_attribution_process_ended(attribution, trace, event, err)
               : RN_OK;
}

static void call_event(const struct rn_attribution *attribution,
                       struct attribution_account *account, struct rn_trace *trace,
                       const struct rn_event *event)
{
    enum rn_call_class class = rn_call_class(attribution->rules, trace, event, NULL);

    see(account, event->start);
    if (event->kind == RN_KIND_INFLIGHT) {
        account->in_flight = true;
        account->in_flight_class = class;
        account->in_flight_from = event->start;
        return;
    }
    account->calls++;
    if (event->duration > UINT64_MAX - event->start)
        return;
    add_call(account, class, event->start, event->start + event->duration);
    /* What never returned, exit_group(2) above all, goes on until the thread is gone. */
    if (event->flags & RN_EVENT_UNFINISHED) {
        account->in_flight = true;
        account->in_flight_class = class;
        account->in_flight_from = event->start + event->duration;
    }
}

enum rn_status rn_attribution_event(struct rn_attribution *attribution, struct rn_trace *trace,
                                    const struct rn_event *event, struct rn_error *err)
{
    bool first = false;
    struct attribution_account *account;
    enum rn_status status;

    attribution->has_devices |= event->kind == RN_KIND_KERNEL || event->kind == RN_KIND_TRANSFER;
    if ((event->kind != RN_KIND_SYSCALL && event->kind != RN_KIND_INFLIGHT &&
         event->kind != RN_KIND_PROCESS) ||
        (event->flags & RN_EVENT_SNAPSHOT) || !event->stream)
        return RN_OK;
    account = account_of(attribution, event->stream, &status, err);
    if (!account) {
        attribution->calls_lost += status == RN_OK;
        return status;
    }
    first = !account->name;
    if (!account->process && rn_trace_thread(trace, event->stream)->process)
        status = rn_attribution_process_of(attribution, account, trace, err);
    if (status == RN_OK && (first || event->kind == RN_KIND_PROCESS))
        status = note_name(account, trace, err);
    if (event->start > attribution->last)
        attribution->last = event->start;
    if (status != RN_OK)
        return status;
    if (event->kind == RN_KIND_PROCESS)
        return process_event(attribution, account, trace, event, err);
    call_event(attribution, account, trace, event);
    if (account->cursor > attribution->last)
        attribution->last = account->cursor;
    return RN_OK;
}

/* What had not ended when the recording did: a thread, and perhaps its call. */
static void close_account(const struct rn_attribution *attribution,
                          struct attribution_account *account)
{
    if (account->ended)
        return;
    end_in_flight(account, attribution->last);
    see(account, attribution->last);
}

enum rn_status rn_attribution_close(struct rn_attribution *attribution, struct rn_trace *trace,
                                    struct rn_error *err)
{
    enum rn_status status = RN_OK;

    for (size_t i = 0; i < attribution->account_count && status == RN_OK; i++) {
        struct attribution_account *account = attribution->accounts[i];

        if (!account->seen)
            continue;
        close_account(attribution, account);
        status = note_name(account, trace, err);
        /* Also the name of a process that has not ended. */
        if (status == RN_OK && rn_trace_thread(trace, account->stream)->process)
            status = rn_attribution_process_of(attribution, account, trace, err);
        account->next_wait = 0;
        account->ticks[RN_CALL_DEVICE] += waited(account, account->begin, account->end);
    }
    return status;
}

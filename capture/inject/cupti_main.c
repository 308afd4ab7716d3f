/* SPDX-License-Identifier: MIT */
/* How it begins and ends. The CUDA driver loads this library while it is initialised, and calls
 * InitializeInjection before it goes on. Whatever fails here, the program runs on without being
 * recorded, and one notice says why. */
#include "cupti_inject.h"

#include <stdio.h>
#include <stdlib.h>

#define SUBSCRIBER "Renacer"

/* For the driver to find. */
__attribute__((visibility("default"))) int InitializeInjection(void);

/* Without KERNEL, which makes kernels run one after the other. What is not required, older
 * drivers or some devices do not have. */
static const struct {
    uint32_t kind;
    const char *name;
} kinds[] = {
    {RN_CUPTI_DEVICE, "devices"},
    {RN_CUPTI_CONTEXT, "contexts"},
    {RN_CUPTI_RUNTIME, "calls of the runtime"},
    {RN_CUPTI_DRIVER, "calls of the driver"},
    {RN_CUPTI_MEMCPY, "copies"},
    {RN_CUPTI_MEMCPY2, "copies between devices"},
    {RN_CUPTI_MEMSET, "memsets"},
    {RN_CUPTI_SYNCHRONIZATION, "waits"},
    {RN_CUPTI_OVERHEAD, "overhead"},
    {RN_CUPTI_CONCURRENT_KERNEL, "kernels"},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static uint32_t begun;
static void *subscriber;

/* CUPTI does not survive a fork, and its threads are not there: nothing is called in the child. */
bool rn_cupti_is_own_process(void)
{
    return rn_cupti.epoch != 0 &&
           __atomic_load_n(rn_producer_process.epoch, __ATOMIC_RELAXED) == rn_cupti.epoch;
}

static void at_exit(void)
{
    if (!rn_cupti_is_own_process())
        return;
    rn_cupti_flush_end();
    rn_producer_queue_unsure(rn_cupti_process(), false);
}

static const char *result_text(uint32_t result)
{
    const char *text = NULL;

    if (rn_cupti.call.get_result_string(result, &text) != RN_CUPTI_SUCCESS || !text)
        text = "unknown";
    return text;
}

static void on_callback(void *user, uint32_t domain, uint32_t function, const void *data)
{
    (void)user;
    (void)domain;
    (void)function;
    (void)data;
}

/* One user of CUPTI at a time: being its subscriber keeps others out, and tells if there is one. */
static bool subscribe(char why[RN_CUPTI_WHY_MAX])
{
    char other[RN_CUPTI_OLD_NAME_MIN + 1] = "";
    struct rn_cupti_subscriber_params params = {.size = sizeof(params),
                                                .name = SUBSCRIBER,
                                                .old_name = other,
                                                .old_size = RN_CUPTI_OLD_NAME_MIN};
    uint32_t result = rn_cupti.call.subscribe_v2
                          ? rn_cupti.call.subscribe_v2(&subscriber, on_callback, NULL, &params)
                          : rn_cupti.call.subscribe(&subscriber, on_callback, NULL);

    if (result == RN_CUPTI_SUCCESS)
        return true;
    other[RN_CUPTI_OLD_NAME_MIN] = '\0';
    if (result == RN_CUPTI_MULTIPLE_SUBSCRIBERS)
        snprintf(why, RN_CUPTI_WHY_MAX, "CUPTI is in use already, by %s",
                 other[0] ? other : "another tool, which it does not name");
    else
        snprintf(why, RN_CUPTI_WHY_MAX, "CUPTI does not begin: %s", result_text(result));
    return false;
}

/* The runtime of CUDA asks for the kernel's name at each launch: to record that costs the program
 * as much as the launch's own record, and tells nothing. */
static void disable_chatter(void)
{
    if (rn_cupti.call.enable_driver_api && !rn_producer_settings()->all)
        (void)rn_cupti.call.enable_driver_api(RN_CUPTI_CBID_KERNEL_GET_NAME, 0);
}

/* Kernels are what this is about; what else is missing is told. */
static bool enable(char why[RN_CUPTI_WHY_MAX])
{
    uint32_t result;

    rn_cupti_clear_buffers(true);
    result = rn_cupti.call.register_callbacks(rn_cupti_requested, rn_cupti_completed);
    for (size_t i = 0; result == RN_CUPTI_SUCCESS && i < KINDS; i++) {
        result = rn_cupti.call.enable(kinds[i].kind);
        if (result == RN_CUPTI_SUCCESS || kinds[i].kind == RN_CUPTI_CONCURRENT_KERNEL)
            continue;
        rn_cupti_note(RN_NOTICE_BLIND_SPOT, kinds[i].kind, "CUDA: %s are not recorded: %s",
                      kinds[i].name, result_text(result));
        result = RN_CUPTI_SUCCESS;
    }
    if (result != RN_CUPTI_SUCCESS)
        snprintf(why, RN_CUPTI_WHY_MAX, "CUPTI does not begin: %s", result_text(result));
    else
        disable_chatter();
    return result == RN_CUPTI_SUCCESS;
}

/* Undo what has been done: another one may use CUPTI. */
static void disable(void)
{
    rn_cupti.epoch = 0;
    for (size_t i = 0; i < KINDS; i++)
        (void)rn_cupti.call.disable(kinds[i].kind);
    rn_cupti_clear_buffers(false);
    (void)rn_cupti.call.unsubscribe(subscriber);
}

static bool begin(char why[RN_CUPTI_WHY_MAX])
{
    if (!rn_cupti_load(why) || !subscribe(why))
        return false;
    (void)rn_cupti.call.set_thread_id_type(RN_CUPTI_THREAD_ID_SYSTEM);
    rn_cupti.pid = rn_producer_process.pid;
    rn_cupti.epoch = rn_producer_epoch();
    if (atexit(at_exit) != 0)
        snprintf(why, RN_CUPTI_WHY_MAX, "out of memory");
    else if (enable(why))
        return true;
    disable();
    return false;
}

int InitializeInjection(void)
{
    char why[RN_CUPTI_WHY_MAX] = "";
    uint32_t expected = 0;

    if (!__atomic_compare_exchange_n(&begun, &expected, 1, false, __ATOMIC_RELAXED,
                                     __ATOMIC_RELAXED) ||
        !rn_producer_open() || !rn_producer_self())
        return 1;
    if (!begin(why)) {
        rn_cupti_note(RN_NOTICE_BLIND_SPOT, 0, "CUDA is not recorded: %s", why);
        return 1;
    }
    rn_producer_queue_unsure(rn_cupti_process(), true);
    rn_cupti_flush_begin();
    return 1;
}

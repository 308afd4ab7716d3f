/* SPDX-License-Identifier: MIT */
/* The fake of CUPTI: see fake_cuda.h. It keeps what the fake driver tells in buffers that it asks
 * for, one for each thread, and hands them over from a thread of its own when they are full. */
#include "fake_cuda.h"

#include "capture/inject/cupti_abi.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KINDS       64u
#define FUNCTIONS   1024u
#define RECORD_MAX  512u
#define THREADS_MAX 256u
#define WAITING_MAX 4096u
#define GARBAGE                                                                                    \
    0xa5 /* behind what is known of a record, as later versions have something there               \
          */

enum { SUCCESS, INVALID_PARAMETER = 1, INVALID_KIND = 21, PRIVILEGES = 35, TAKEN = 39 };

/* What CUPTI exports: no header but its own declares them. */
uint32_t cuptiGetVersion(uint32_t *version);
uint32_t cuptiGetResultString(uint32_t result, const char **text);
uint32_t cuptiSubscribe(void **subscriber, rn_cupti_callback_fn *callback, void *user);
uint32_t cuptiSubscribe_v2(void **subscriber, rn_cupti_callback_fn *callback, void *user,
                           struct rn_cupti_subscriber_params *params);
uint32_t cuptiUnsubscribe(void *subscriber);
uint32_t cuptiActivityRegisterCallbacks(rn_cupti_requested_fn *requested,
                                        rn_cupti_completed_fn *completed);
uint32_t cuptiActivityEnable(uint32_t kind);
uint32_t cuptiActivityDisable(uint32_t kind);
uint32_t cuptiActivityFlushAll(uint32_t flags);
uint32_t cuptiActivityGetNextRecord(uint8_t *buffer, size_t used, void **record);
uint32_t cuptiActivityGetNumDroppedRecords(void *context, uint32_t stream, size_t *dropped);
uint32_t cuptiGetTimestamp(uint64_t *timestamp);
uint32_t cuptiGetCallbackName(uint32_t domain, uint32_t function, const char **name);
uint32_t cuptiSetThreadIdType(uint32_t type);
uint32_t cuptiActivitySetAttribute(uint32_t attribute, size_t *size, void *value);
uint32_t cuptiActivityEnableDriverApi(uint32_t function, uint8_t enable);

struct buffer {
    uint8_t *bytes;
    size_t size, used;
    uint32_t incomplete;
};

static rn_cupti_requested_fn *request;
static rn_cupti_completed_fn *complete;
static bool enabled[KINDS];
static bool counts_on_zeros;
static bool disabled_functions[FUNCTIONS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static struct buffer *current[THREADS_MAX]; /* of all threads */
static struct buffer waiting[WAITING_MAX];  /* full */
static size_t current_count, waiting_count;
static __thread struct buffer *own; /* outlives its thread */

static unsigned long setting(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);

    return text ? strtoul(text, NULL, 10) : otherwise;
}

uint32_t cuptiGetVersion(uint32_t *version)
{
    *version = (uint32_t)setting("FAKE_CUPTI_VERSION", 130001);
    return SUCCESS;
}

uint32_t cuptiGetResultString(uint32_t result, const char **text)
{
    *text = result == PRIVILEGES ? "CUPTI_ERROR_INSUFFICIENT_PRIVILEGES" : "CUPTI_ERROR_UNKNOWN";
    return SUCCESS;
}

static uint64_t fake_now(void)
{
    static uint64_t begin;
    struct timespec time;
    uint64_t now;

    clock_gettime(CLOCK_REALTIME, &time);
    now = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
    if (begin == 0)
        begin = now;
    return now + (now - begin) / 1000000 * setting("FAKE_CUPTI_PPM", 0);
}

uint32_t cuptiGetTimestamp(uint64_t *timestamp)
{
    *timestamp = fake_now();
    return SUCCESS;
}

/* The size of a record in this version. */
static size_t size_of(uint32_t kind)
{
    static const size_t sizes[KINDS] = {
        [RN_CUPTI_MEMCPY] = sizeof(struct rn_cupti_memcpy),
        [RN_CUPTI_MEMSET] = sizeof(struct rn_cupti_memset),
        [RN_CUPTI_CONCURRENT_KERNEL] = sizeof(struct rn_cupti_kernel),
        [RN_CUPTI_DRIVER] = sizeof(struct rn_cupti_api),
        [RN_CUPTI_RUNTIME] = sizeof(struct rn_cupti_api),
        [RN_CUPTI_DEVICE] = sizeof(struct rn_cupti_device),
        [RN_CUPTI_CONTEXT] = sizeof(struct rn_cupti_context),
        [RN_CUPTI_OVERHEAD] = sizeof(struct rn_cupti_overhead),
        [RN_CUPTI_MEMCPY2] = sizeof(struct rn_cupti_memcpy_peer),
        [RN_CUPTI_SYNCHRONIZATION] = sizeof(struct rn_cupti_synchronization_record),
    };
    uint32_t version;

    if (kind >= KINDS || sizes[kind] == 0)
        return 0;
    (void)cuptiGetVersion(&version);
    /* A call's record has never grown. */
    return version < RN_CUPTI_VERSION_12_0 || sizes[kind] == sizeof(struct rn_cupti_api)
               ? sizes[kind]
               : sizes[kind] + 64;
}

static bool open_buffer(struct buffer *buffer)
{
    size_t records;

    *buffer = (struct buffer){NULL, 0, 0, 0};
    request(&buffer->bytes, &buffer->size, &records);
    for (size_t i = 0; counts_on_zeros && buffer->bytes && i < buffer->size; i++)
        if (buffer->bytes[i] != 0)
            abort();
    return buffer->bytes != NULL;
}

static void hand_over(const struct buffer *buffer)
{
    complete(NULL, 0, buffer->bytes, buffer->size, buffer->used);
}

static void *work(void *context)
{
    for (;;) {
        struct buffer next;

        pthread_mutex_lock(&lock);
        while (waiting_count == 0 || setting("FAKE_CUPTI_STALLS", 0))
            pthread_cond_wait(&wake, &lock);
        next = waiting[0];
        memmove(waiting, waiting + 1, --waiting_count * sizeof(waiting[0]));
        pthread_mutex_unlock(&lock);
        hand_over(&next);
    }
    return context;
}

/* With the lock held: the buffer of a thread gets in line, and the thread has none. */
static void retire(struct buffer *buffer)
{
    if (waiting_count == WAITING_MAX)
        abort();
    waiting[waiting_count++] = *buffer;
    *buffer = (struct buffer){NULL, 0, 0, 0};
}

static void put(const void *record, size_t size, uint32_t incomplete)
{
    uint8_t bytes[RECORD_MAX];
    uint32_t kind;

    memset(bytes, GARBAGE, sizeof(bytes));
    memcpy(&kind, record, sizeof(kind));
    /* What the older versions had not: padding. */
    memcpy(bytes, record, size < sizeof(bytes) ? size : sizeof(bytes));
    if (own->bytes && own->size - own->used < size_of(kind)) {
        retire(own);
        pthread_cond_signal(&wake);
    }
    if (!own->bytes && !open_buffer(own))
        return;
    memcpy(own->bytes + own->used, bytes, size_of(kind));
    own->used += size_of(kind);
    own->incomplete += incomplete;
}

static bool is_disabled(uint32_t kind, const void *record)
{
    uint32_t function;

    if (kind != RN_CUPTI_DRIVER)
        return false;
    function = ((const struct rn_cupti_api *)record)->function;
    return function < FUNCTIONS && disabled_functions[function];
}

static void record_it(const void *record, uint32_t incomplete)
{
    static const size_t known[KINDS] = {
        [RN_CUPTI_MEMCPY] = sizeof(struct rn_cupti_memcpy),
        [RN_CUPTI_MEMSET] = sizeof(struct rn_cupti_memset),
        [RN_CUPTI_CONCURRENT_KERNEL] = sizeof(struct rn_cupti_kernel),
        [RN_CUPTI_DEVICE] = sizeof(struct rn_cupti_device),
        [RN_CUPTI_CONTEXT] = sizeof(struct rn_cupti_context),
        [RN_CUPTI_OVERHEAD] = sizeof(struct rn_cupti_overhead),
        [RN_CUPTI_MEMCPY2] = sizeof(struct rn_cupti_memcpy_peer),
        [RN_CUPTI_SYNCHRONIZATION] = sizeof(struct rn_cupti_synchronization_record),
    };
    uint32_t kind;

    memcpy(&kind, record, sizeof(kind));
    if (!request || kind >= KINDS || !enabled[kind] || is_disabled(kind, record))
        return;
    pthread_mutex_lock(&lock);
    if (!own && current_count < THREADS_MAX)
        own = current[current_count++] = calloc(1, sizeof(*own));
    if (own)
        put(record, known[kind] ? known[kind] : sizeof(struct rn_cupti_api), incomplete);
    pthread_mutex_unlock(&lock);
}

static uint32_t attach(void)
{
    static const struct fake_tool tool = {fake_now, record_it};
    void *driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
    void *found = driver ? dlsym(driver, "fake_cuda_attach") : NULL;
    void (*fake_attach)(const struct fake_tool *tool);
    pthread_t thread;

    memcpy(&fake_attach, &found, sizeof(fake_attach));
    if (!fake_attach || pthread_create(&thread, NULL, work, NULL) != 0)
        return INVALID_PARAMETER;
    (void)fake_now();
    fake_attach(&tool);
    return SUCCESS;
}

uint32_t cuptiSubscribe(void **subscriber, rn_cupti_callback_fn *callback, void *user)
{
    (void)callback;
    (void)user;
    *subscriber = NULL;
    return getenv("FAKE_CUPTI_TAKEN") ? (uint32_t)TAKEN : attach();
}

uint32_t cuptiSubscribe_v2(void **subscriber, rn_cupti_callback_fn *callback, void *user,
                           struct rn_cupti_subscriber_params *params)
{
    uint32_t result = cuptiSubscribe(subscriber, callback, user);

    if (params->size != sizeof(*params) || !params->name)
        return INVALID_PARAMETER;
    if (result == TAKEN)
        snprintf(params->old_name, params->old_size, "%s", getenv("FAKE_CUPTI_TAKEN"));
    return result;
}

uint32_t cuptiUnsubscribe(void *subscriber)
{
    (void)subscriber;
    return SUCCESS;
}

uint32_t cuptiActivityRegisterCallbacks(rn_cupti_requested_fn *requested,
                                        rn_cupti_completed_fn *completed)
{
    request = requested;
    complete = completed;
    return SUCCESS;
}

uint32_t cuptiActivityEnable(uint32_t kind)
{
    if (kind == setting("FAKE_CUPTI_REFUSES", 0))
        return PRIVILEGES;
    if (size_of(kind) == 0)
        return INVALID_KIND;
    enabled[kind] = true;
    if (kind == RN_CUPTI_DRIVER)
        memset(disabled_functions, 0, sizeof(disabled_functions));
    return SUCCESS;
}

uint32_t cuptiActivitySetAttribute(uint32_t attribute, size_t *size, void *value)
{
    if (attribute != RN_CUPTI_ATTRIBUTE_ZEROED_BUFFERS || *size != 1)
        return INVALID_PARAMETER;
    counts_on_zeros = *(const uint8_t *)value != 0;
    return SUCCESS;
}

uint32_t cuptiActivityEnableDriverApi(uint32_t function, uint8_t enable)
{
    if (function >= FUNCTIONS)
        return INVALID_PARAMETER;
    disabled_functions[function] = !enable;
    return SUCCESS;
}

uint32_t cuptiActivityDisable(uint32_t kind)
{
    if (size_of(kind) == 0)
        return INVALID_KIND;
    enabled[kind] = false;
    return SUCCESS;
}

/* Buffers with records that are not complete stay, unless it is forced. */
uint32_t cuptiActivityFlushAll(uint32_t flags)
{
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    static struct buffer mine[WAITING_MAX];
    size_t count = 0;

    pthread_mutex_lock(&one_at_a_time);
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < current_count; i++)
        if (current[i]->used && (!current[i]->incomplete || flags) &&
            (flags || !setting("FAKE_CUPTI_STALLS", 0)))
            retire(current[i]);
    while (waiting_count && (flags || !setting("FAKE_CUPTI_STALLS", 0)))
        mine[count++] = waiting[--waiting_count];
    pthread_mutex_unlock(&lock);
    while (count)
        hand_over(&mine[--count]);
    pthread_mutex_unlock(&one_at_a_time);
    return SUCCESS;
}

uint32_t cuptiActivityGetNextRecord(uint8_t *buffer, size_t used, void **record)
{
    size_t at = 0;
    uint32_t kind;

    if (*record) {
        memcpy(&kind, *record, sizeof(kind));
        at = (size_t)((uint8_t *)*record - buffer) + size_of(kind);
    }
    if (at + sizeof(kind) > used)
        return RN_CUPTI_MAX_LIMIT_REACHED;
    memcpy(&kind, buffer + at, sizeof(kind));
    if (size_of(kind) == 0)
        return INVALID_KIND;
    *record = buffer + at;
    return SUCCESS;
}

uint32_t cuptiActivityGetNumDroppedRecords(void *context, uint32_t stream, size_t *dropped)
{
    static bool told;

    (void)context;
    (void)stream;
    *dropped = told ? 0 : setting("FAKE_CUPTI_DROPS", 0);
    told = true;
    return SUCCESS;
}

uint32_t cuptiGetCallbackName(uint32_t domain, uint32_t function, const char **name)
{
    static const char *const names[] = {
        [FAKE_CALL_INIT] = "cuInit",
        [FAKE_CALL_SYNCHRONIZE] = "cuStreamSynchronize",
        [FAKE_CALL_MEMSET] = "cuMemsetD8Async",
        [FAKE_CALL_CONTEXT_CREATE] = "cuCtxCreate_v2",
        [FAKE_CALL_HTOD] = "cuMemcpyHtoDAsync_v2",
        [FAKE_CALL_DTOH] = "cuMemcpyDtoHAsync_v2",
        [FAKE_CALL_CONTEXT_GET_CURRENT] = "cuCtxGetCurrent",
        [FAKE_CALL_LAUNCH] = "cuLaunchKernel",
        [FAKE_CALL_PEER] = "cuMemcpyPeerAsync",
        [FAKE_CALL_GRAPH] = "cuGraphLaunch",
        [FAKE_CALL_KERNEL_GET_NAME] = "cuKernelGetName",
    };

    if (domain == RN_CUPTI_DOMAIN_RUNTIME && function == 20) {
        *name = "cudaMalloc_v3020";
        return SUCCESS;
    }
    if (domain != RN_CUPTI_DOMAIN_DRIVER || function >= sizeof(names) / sizeof(names[0]) ||
        !names[function])
        return INVALID_PARAMETER;
    *name = names[function];
    return SUCCESS;
}

uint32_t cuptiSetThreadIdType(uint32_t type)
{
    return type == RN_CUPTI_THREAD_ID_SYSTEM ? SUCCESS : INVALID_PARAMETER;
}

/* SPDX-License-Identifier: MIT */
/* Names: of functions, asked for once and kept; of kernels, read from where CUPTI's records point.
 */
#include "cupti_inject.h"

#include "producer_system.h"

#include <errno.h>
#include <string.h>

#define FUNCTIONS_MAX 2048u /* of each interface; CUDA 13 has some 800 */
#define NAME_MAX      96u
#define TEXTS_MAX     (96u << 10) /* all names of one interface together */
#define PAGE          4096u

/* What programs, or the runtime for them, call in passing: to ask, not to do. */
static const char *const chatter[] = {
    "cudaGetLastError",
    "cudaGetErrorName",
    "cudaGetErrorString",
    "cudaPeekAtLastError",
    "cudaGetDevice",
    "cudaGetDeviceCount",
    "cudaDeviceGetAttribute",
    "cudaDriverGetVersion",
    "cudaRuntimeGetVersion",
    "cudaFuncGetAttributes",
    "cudaOccupancyMaxActiveBlocksPerMultiprocessor",
    "cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags",
    "cudaPointerGetAttributes",
    "cudaStreamIsCapturing",
    "cudaStreamGetCaptureInfo",
    "cudaThreadExchangeStreamCaptureMode",
    "__cudaPushCallConfiguration",
    "__cudaPopCallConfiguration",
    "cuCtxGetCurrent",
    "cuCtxSetCurrent",
    "cuCtxPushCurrent",
    "cuCtxPopCurrent",
    "cuCtxGetDevice",
    "cuDeviceGet",
    "cuDeviceGetCount",
    "cuDeviceGetName",
    "cuDeviceGetUuid",
    "cuDeviceGetAttribute",
    "cuDeviceTotalMem",
    "cuDevicePrimaryCtxGetState",
    "cuDriverGetVersion",
    "cuFuncGetAttribute",
    "cuGetProcAddress",
    "cuKernelGetFunction",
    "cuKernelGetName",
    "cuModuleGetLoadingMode",
    "cuOccupancyMaxActiveBlocksPerMultiprocessor",
    "cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags",
    "cuPointerGetAttribute",
    "cuPointerGetAttributes",
    "cuStreamIsCapturing",
    "cuStreamGetCaptureInfo",
    "cuThreadExchangeStreamCaptureMode",
};

struct names {
    const struct rn_cupti_name *of[FUNCTIONS_MAX];
    struct rn_cupti_name kept[FUNCTIONS_MAX];
    char texts[TEXTS_MAX];
    uint32_t count, used;
};
static struct names names[2];

static const struct rn_cupti_name unknown[2] = {{"(driver function)", 17, 0, false},
                                                {"(runtime function)", 18, 0, false}};

/* The runtime's functions carry the version that introduced their form: cudaMalloc_v3020. */
static uint32_t length_without_version(const char *text, uint32_t length)
{
    uint32_t digits = length;

    while (digits > 0 && text[digits - 1] >= '0' && text[digits - 1] <= '9')
        digits--;
    if (length - digits >= 4 && digits > 2 && text[digits - 1] == 'v' && text[digits - 2] == '_')
        return digits - 2;
    return length;
}

static bool is_chatter(const char *text)
{
    for (size_t i = 0; i < sizeof(chatter) / sizeof(chatter[0]); i++) {
        size_t length = strlen(chatter[i]);

        /* "_v2", "_ptsz" are other forms of the same. */
        if (strncmp(text, chatter[i], length) == 0 && (!text[length] || text[length] == '_'))
            return true;
    }
    return false;
}

/* Two threads that ask at once keep it twice. */
static const struct rn_cupti_name *keep(struct names *in, const char *text)
{
    uint32_t length = length_without_version(text, (uint32_t)strnlen(text, NAME_MAX));
    uint32_t number = __atomic_fetch_add(&in->count, 1, __ATOMIC_RELAXED);
    uint32_t at = __atomic_fetch_add(&in->used, length + 1, __ATOMIC_RELAXED);
    struct rn_cupti_name *name;

    if (number >= FUNCTIONS_MAX || at > TEXTS_MAX - NAME_MAX - 1)
        return NULL;
    name = &in->kept[number];
    memcpy(in->texts + at, text, length);
    name->text = in->texts + at;
    name->size = (uint16_t)length;
    name->number = (uint16_t)(number + 1);
    name->chatter = is_chatter(name->text);
    return name;
}

const struct rn_cupti_name *rn_cupti_function(uint32_t domain, uint32_t function)
{
    uint32_t which = domain == RN_CUPTI_DOMAIN_RUNTIME;
    struct names *in = &names[which];
    const struct rn_cupti_name *name;
    const char *text = NULL;

    if (function >= FUNCTIONS_MAX)
        return &unknown[which];
    name = __atomic_load_n(&in->of[function], __ATOMIC_ACQUIRE);
    if (name)
        return name;
    if (rn_cupti.call.get_callback_name(domain, function, &text) == RN_CUPTI_SUCCESS && text)
        name = keep(in, text);
    if (!name)
        name = &unknown[which];
    __atomic_store_n(&in->of[function], name, __ATOMIC_RELEASE);
    return name;
}

/* A system call that every program makes tells whether there is memory, and does nothing else: with
 * such a `how` it fails, in one way or the other. */
static bool is_there(uintptr_t page)
{
    return rn_system_call(SYS_rt_sigprocmask, ~0ull, page * PAGE, 0, sizeof(uint64_t), 0, 0) !=
           -EFAULT;
}

/* Each page is asked for once a buffer: names are few. */
static bool is_readable(struct rn_cupti_pages *pages, const char *text)
{
    uintptr_t page = (uintptr_t)text / PAGE;

    for (uint32_t i = 0; i < pages->count && i < RN_CUPTI_PAGES; i++)
        if (pages->known[i] == page)
            return true;
    if (page == 0 || !is_there(page))
        return false;
    pages->known[pages->count++ % RN_CUPTI_PAGES] = page;
    return true;
}

uint32_t rn_cupti_copy_text(char *out, uint32_t size, const char *text, bool *cut,
                            struct rn_cupti_pages *pages)
{
    uint32_t used = 0;

    *cut = false;
    while (text && used < size) {
        uint32_t end = used + PAGE - (uint32_t)((uintptr_t)(text + used) % PAGE);

        if (!is_readable(pages, text + used))
            return 0;
        for (; used < end && used < size; used++) {
            out[used] = text[used];
            if (!out[used])
                return used;
        }
    }
    *cut = used == size && size > 0;
    return used;
}

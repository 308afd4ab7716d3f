/* SPDX-License-Identifier: MIT */
/* Finding CUPTI. It must not be newer than the driver, and there must not be two copies of it in
 * one process: so what the program has loaded, or would load, comes first. */
#include "cupti_inject.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct rn_cupti rn_cupti;

/* Of each version the name under which programs look for it, the newest first. */
static const struct {
    const char *name;
    uint32_t major;
} files[] = {
    {"libcupti.so.13", 13},   {"libcupti.so.12", 12},   {"libcupti.so.11.8", 11},
    {"libcupti.so.11.7", 11}, {"libcupti.so.11.6", 11}, {"libcupti.so.11.5", 11},
    {"libcupti.so.11.4", 11}, {"libcupti.so.11.3", 11}, {"libcupti.so.11.2", 11},
    {"libcupti.so.11.1", 11}, {"libcupti.so.11.0", 11}, {"libcupti.so", 0},
};
#define FILES (sizeof(files) / sizeof(files[0]))

struct search {
    uint32_t driver; /* the CUDA version that the driver is for, 0: unknown */
    char *why;       /* the first that was there and could not be taken, and why */
};

static void refuse(struct search *search, const char *path, const char *why)
{
    /* dlerror names the file itself. */
    bool named = strncmp(why, path, strlen(path)) == 0;

    if (!search->why[0])
        snprintf(search->why, RN_CUPTI_WHY_MAX, "%s%s%s", named ? "" : path, named ? "" : " ", why);
}

uint32_t rn_cupti_major(uint32_t version)
{
    if (version >= RN_CUPTI_VERSION_13_0)
        return version / 10000;
    if (version >= RN_CUPTI_VERSION_12_0)
        return 12;
    return version >= RN_CUPTI_VERSION_11_0 ? 11 : 10;
}

/* Those that are not required came later than CUDA 11. */
static const struct {
    const char *name;
    size_t place;
    bool required;
} functions[] = {
#define FUNCTION(field, name, required)                                                            \
    {                                                                                              \
        name, offsetof(struct rn_cupti_functions, field), required                                 \
    }
    FUNCTION(get_version, "cuptiGetVersion", true),
    FUNCTION(get_result_string, "cuptiGetResultString", true),
    FUNCTION(subscribe, "cuptiSubscribe", true),
    FUNCTION(subscribe_v2, "cuptiSubscribe_v2", false),
    FUNCTION(unsubscribe, "cuptiUnsubscribe", true),
    FUNCTION(register_callbacks, "cuptiActivityRegisterCallbacks", true),
    FUNCTION(enable, "cuptiActivityEnable", true),
    FUNCTION(disable, "cuptiActivityDisable", true),
    FUNCTION(flush_all, "cuptiActivityFlushAll", true),
    FUNCTION(get_next_record, "cuptiActivityGetNextRecord", true),
    FUNCTION(get_dropped, "cuptiActivityGetNumDroppedRecords", true),
    FUNCTION(get_timestamp, "cuptiGetTimestamp", true),
    FUNCTION(get_callback_name, "cuptiGetCallbackName", true),
    FUNCTION(set_thread_id_type, "cuptiSetThreadIdType", true),
    FUNCTION(set_attribute, "cuptiActivitySetAttribute", false),
    FUNCTION(enable_driver_api, "cuptiActivityEnableDriverApi", false),
#undef FUNCTION
};

/* The first function that is not there; NULL: all are. */
static const char *find_functions(void *library)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        void *found = dlsym(library, functions[i].name);

        if (!found && functions[i].required)
            return functions[i].name;
        memcpy((char *)&rn_cupti.call + functions[i].place, &found, sizeof(found));
    }
    return NULL;
}

static bool is_usable(struct search *search, const char *path, void *library)
{
    const char *missing = find_functions(library);
    char why[128];
    uint32_t version = 0, major;

    if (!missing && rn_cupti.call.get_version(&version) != RN_CUPTI_SUCCESS)
        missing = "cuptiGetVersion that works";
    major = rn_cupti_major(version);
    if (missing)
        snprintf(why, sizeof(why), "has no %s", missing);
    else if (version < RN_CUPTI_VERSION_11_0)
        snprintf(why, sizeof(why), "is older than CUDA 11");
    else if (search->driver && major > search->driver)
        snprintf(why, sizeof(why), "is of CUDA %u, the driver of CUDA %u", major, search->driver);
    else {
        rn_cupti.version = version;
        return true;
    }
    refuse(search, path, why);
    return false;
}

static bool take(struct search *search, const char *path, int flags)
{
    void *library = dlopen(path, RTLD_LAZY | flags);

    if (library && is_usable(search, path, library))
        return true;
    if (library)
        dlclose(library);
    else if (strchr(path, '/'))
        refuse(search, path, dlerror());
    return false;
}

static bool take_in(struct search *search, const char *directory)
{
    char path[RN_CUPTI_PATH_MAX];

    for (size_t i = 0; i < FILES; i++) {
        if (search->driver && files[i].major > search->driver)
            continue;
        if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, files[i].name) >= sizeof(path))
            return false;
        if (access(path, F_OK) == 0 && take(search, path, 0))
            return true;
    }
    return false;
}

static bool take_below(struct search *search, const char *root)
{
    static const char *const below[] = {"extras/CUPTI/lib64", "lib64", "lib",
                                        "targets/x86_64-linux/lib", "targets/sbsa-linux/lib"};
    char path[RN_CUPTI_PATH_MAX];

    for (size_t i = 0; root && root[0] == '/' && i < sizeof(below) / sizeof(below[0]); i++) {
        if ((size_t)snprintf(path, sizeof(path), "%s/%s", root, below[i]) < sizeof(path) &&
            take_in(search, path))
            return true;
    }
    return false;
}

static bool take_along(struct search *search, const char *list)
{
    char path[RN_CUPTI_PATH_MAX];

    while (list && *list) {
        size_t length = strcspn(list, ":");

        if (length > 0 && length < sizeof(path) && list[0] == '/') {
            memcpy(path, list, length);
            path[length] = '\0';
            if (take_in(search, path))
                return true;
        }
        list += length + (list[length] == ':');
    }
    return false;
}

/* The file name of a loaded library, without its directory; NULL where it has none. */
static const char *name_of(const struct dl_phdr_info *library)
{
    const char *slash = library->dlpi_name ? strrchr(library->dlpi_name, '/') : NULL;

    return slash ? slash + 1 : NULL;
}

#define LIBRARIES_MAX 16u
struct libraries {
    const char *prefix;
    char paths[LIBRARIES_MAX][RN_CUPTI_PATH_MAX];
    uint32_t count;
};

static int note_library(struct dl_phdr_info *info, size_t size, void *context)
{
    struct libraries *found = context;
    const char *name = name_of(info);

    (void)size;
    if (name && strncmp(name, found->prefix, strlen(found->prefix)) == 0 &&
        strlen(info->dlpi_name) < RN_CUPTI_PATH_MAX)
        strcpy(found->paths[found->count++], info->dlpi_name);
    return found->count == LIBRARIES_MAX;
}

static bool take_loaded(struct search *search, struct libraries *found)
{
    *found = (struct libraries){.prefix = "libcupti.so"};
    (void)dl_iterate_phdr(note_library, found);
    for (uint32_t i = 0; i < found->count; i++)
        if (take(search, found->paths[i], RTLD_NOLOAD))
            return true;
    return false;
}

/* Beside the CUDA runtime that the program has loaded: as the toolkit lays it out, or Python's
 * packages. */
static bool take_beside(struct search *search, struct libraries *found)
{
    static const char *const places[] = {"", "/../extras/CUPTI/lib64", "/../../cuda_cupti/lib"};
    char path[RN_CUPTI_PATH_MAX + 32];

    *found = (struct libraries){.prefix = "libcudart.so"};
    (void)dl_iterate_phdr(note_library, found);
    for (uint32_t i = 0; i < found->count; i++) {
        *strrchr(found->paths[i], '/') = '\0';
        for (size_t p = 0; p < sizeof(places) / sizeof(places[0]); p++) {
            snprintf(path, sizeof(path), "%s%s", found->paths[i], places[p]);
            if (take_in(search, path))
                return true;
        }
    }
    return false;
}

/* As the dynamic linker finds it. */
static bool take_by_name(struct search *search)
{
    for (size_t i = 0; i < FILES; i++)
        if ((!search->driver || files[i].major <= search->driver) && take(search, files[i].name, 0))
            return true;
    return false;
}

static uint32_t driver_version(void)
{
    void *library = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
    void *found = library ? dlsym(library, "cuDriverGetVersion") : NULL;
    int (*get)(int *version);
    int version = 0;

    memcpy(&get, &found, sizeof(get));
    if (!get || get(&version) != 0 || version < 0)
        version = 0;
    if (library)
        dlclose(library);
    return (uint32_t)version / 1000;
}

bool rn_cupti_load(char why[RN_CUPTI_WHY_MAX])
{
    static struct libraries libraries;
    struct search search = {driver_version(), why};

    why[0] = '\0';
    if (search.driver && search.driver < 11) {
        snprintf(why, RN_CUPTI_WHY_MAX, "the driver is of CUDA %u, older than CUDA 11",
                 search.driver);
        return false;
    }
    if (getenv("RN_CUPTI"))
        return take(&search, getenv("RN_CUPTI"), 0);
    if (take_loaded(&search, &libraries) || take_beside(&search, &libraries) ||
        take_below(&search, getenv("CUDA_HOME")) || take_below(&search, getenv("CUDA_PATH")) ||
        take_along(&search, getenv("LD_LIBRARY_PATH")) || take_by_name(&search) ||
        take_below(&search, "/usr/local/cuda"))
        return true;
    if (!why[0])
        snprintf(why, RN_CUPTI_WHY_MAX,
                 "no libcupti was found: not beside the program's CUDA, in CUDA_HOME, on the path "
                 "of the dynamic linker or in /usr/local/cuda");
    return false;
}

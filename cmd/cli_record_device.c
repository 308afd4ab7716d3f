/* SPDX-License-Identifier: MIT */
#include "cli_record_device.h"

#include "cli.h"
#include "cli_record_compute.h"
#include "cli_record_needs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES      4096u
#define LOADER_MAX      (16 << 20) /* bytes; they have some hundred thousand */
#define VULKAN_LAYER    "VK_LAYER_RENACER_record"
#define VULKAN_MANIFEST "librn-vulkan.json"

const char cli_record_device_help[] =
    "      --opencl[=WHEN]   record kernels and transfers of OpenCL: 'on' (also without WHEN), "
    "'off',\n"
    "                        or 'auto' (default), if the program is linked with libOpenCL\n"
    "      --vulkan[=WHEN]   record compute dispatches, copies, submits and waits of Vulkan: "
    "'on',\n"
    "                        'off', or 'auto' (default), if the program is linked with libvulkan\n"
    "      --cuda[=WHEN]     record kernels, transfers and calls of CUDA, through CUPTI; likewise,\n"
    "                        'auto' if the program is linked with libcuda\n";

static const char opencl_layers[] = "OPENCL_LAYERS";
static const char *const opencl_drivers[] = {"opencl", "ocl", "igdrcl", NULL};

static bool arrange_opencl(struct cli_environment *environment, const struct cli_device_api *api,
                           const char *path)
{
    (void)api;
    return cli_environment_prepend(environment, opencl_layers, path, ':');
}

static const char injection[] = "CUDA_INJECTION64_PATH";

static bool arrange_cuda(struct cli_environment *environment, const struct cli_device_api *api,
                         const char *path)
{
    (void)api;
    return cli_environment_set(environment, injection, path);
}

/* The loader looks into VK_ADD_LAYER_PATH only where there is no VK_LAYER_PATH. */
static bool arrange_vulkan(struct cli_environment *environment, const struct cli_device_api *api,
                           const char *path)
{
    const char *own = cli_environment_get(environment, "VK_LAYER_PATH");
    char directory[PATH_BYTES], manifest[PATH_BYTES + 32];

    snprintf(directory, sizeof(directory), "%.*s", (int)(strrchr(path, '/') - path), path);
    snprintf(manifest, sizeof(manifest), "%s/" VULKAN_MANIFEST, directory);
    if (access(manifest, R_OK) != 0)
        cli_warn("%s will not be recorded: %s is not there", api->name, manifest);
    return cli_environment_prepend(environment, own ? "VK_LAYER_PATH" : "VK_ADD_LAYER_PATH",
                                   directory, ':') &&
           cli_environment_prepend(environment, "VK_INSTANCE_LAYERS", VULKAN_LAYER, ':');
}

static const struct cli_device_api apis[CLI_RECORD_DEVICES] = {
    {"opencl", "OpenCL", RN_API_OPENCL, "librn-opencl.so", "libOpenCL.so.1", NULL, opencl_layers,
     opencl_drivers, arrange_opencl},
    {"vulkan", "Vulkan", RN_API_VULKAN, "librn-vulkan.so", "libvulkan.so.1", NULL, NULL, NULL,
     arrange_vulkan},
    {"cuda", "CUDA", RN_API_CUDA, "librn-cuda.so", "libcuda.so.1", injection, NULL, NULL,
     arrange_cuda},
};

bool cli_record_device_option(struct cli_record_device *device, int letter, const char *argument,
                              int *status)
{
    static const char *const words[] = {
        [CLI_DEVICE_AUTO] = "auto", [CLI_DEVICE_OFF] = "off", [CLI_DEVICE_ON] = "on"};
    size_t number = (size_t)(letter - CLI_OPT_OPENCL);

    *status = -1;
    if (letter < CLI_OPT_OPENCL || letter >= CLI_OPT_DEVICE_END)
        return false;
    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(argument ? argument : "on", words[i]) != 0)
            continue;
        device->chosen[number] = (enum cli_device_choice)i;
        return true;
    }
    *status = cli_usage("--%s is 'on', 'off' or 'auto', not '%s'", apis[number].option, argument);
    return true;
}

static bool load(const struct cli_device_api *api, const struct cli_needs *needs,
                 struct cli_environment *environment, bool *loaded)
{
    char path[PATH_BYTES];
    const char *why = cli_needs_obstacle(needs);

    if (why) {
        cli_warn("%s will not be recorded: the program %s", api->name, why);
        return true;
    }
    if (!cli_record_library(api->library, path, sizeof(path))) {
        cli_warn("%s will not be recorded: %s is not there, it belongs into ../lib/renacer, seen "
                 "from rn-record",
                 api->name, api->library);
        return true;
    }
    why = cli_library_obstacle(path);
    if (why) {
        cli_warn("%s will not be recorded: %s %s", api->name, path, why);
        return true;
    }
    why = api->taken ? cli_environment_get(environment, api->taken) : NULL;
    if (why && *why) {
        cli_warn("%s will not be recorded: %s is set already, to %s", api->name, api->taken, why);
        return true;
    }
    *loaded = true;
    return api->arrange(environment, api, path);
}

int cli_record_device_prepare(struct cli_record_device *device, char *const *argv,
                              struct cli_environment *environment, bool *any)
{
    const char *loaders[CLI_RECORD_DEVICES];
    struct cli_needs needs;
    bool wanted = false;

    *any = false;
    for (size_t i = 0; i < CLI_RECORD_DEVICES; i++) {
        loaders[i] = device->chosen[i] == CLI_DEVICE_AUTO ? apis[i].loader : NULL;
        wanted |= device->chosen[i] != CLI_DEVICE_OFF;
        if (device->chosen[i] == CLI_DEVICE_ON && !argv)
            return cli_usage("--%s needs a program to start: a library is loaded into it",
                             apis[i].option);
    }
    if (!wanted || !argv)
        return -1;
    cli_needs_find(argv[0], loaders, CLI_RECORD_DEVICES, &needs);
    for (size_t i = 0; i < CLI_RECORD_DEVICES; i++) {
        bool on = device->chosen[i] == CLI_DEVICE_ON ||
                  (device->chosen[i] == CLI_DEVICE_AUTO && needs.found[i]);

        if (on && !load(&apis[i], &needs, environment, &device->loaded[i])) {
            cli_fail("out of memory");
            return CLI_EXIT_RECORDER;
        }
        *any |= device->loaded[i];
    }
    return -1;
}

/* "libOpenCL.so.1.0.0" is libOpenCL.so.1. */
static bool is_named(const char *name, const char *soname)
{
    size_t length = strlen(soname);

    return strncmp(name, soname, length) == 0 && (name[length] == '\0' || name[length] == '.');
}

static bool is_driver(const char *name, const struct cli_device_api *api)
{
    for (size_t i = 0; api->drivers && api->drivers[i]; i++)
        if (strcasestr(name, api->drivers[i]) && !is_named(name, api->loader))
            return true;
    return false;
}

/* Is the text not in that file of the process? Where it cannot be read, it is taken to be. The file may
 * shrink meanwhile: it is not mapped. */
static bool lacks_text(uint64_t pid, const char *path, const char *text)
{
    char name[PATH_MAX + 32];
    struct stat about;
    char *content = NULL;
    bool lacks = false;
    int fd;

    snprintf(name, sizeof(name), "/proc/%llu/root%s", (unsigned long long)pid, path);
    if (stat(name, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size > LOADER_MAX)
        return false;
    fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && about.st_size > 0 && (content = malloc((size_t)about.st_size)) &&
        pread(fd, content, (size_t)about.st_size, 0) == about.st_size)
        lacks = memmem(content, (size_t)about.st_size, text, strlen(text)) == NULL;
    if (fd >= 0)
        close(fd);
    free(content);
    return lacks;
}

static void see_mapped(void *context, uint64_t pid, const char *path)
{
    struct cli_record_device *device = context;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

    for (size_t i = 0; i < CLI_RECORD_DEVICES; i++) {
        const struct cli_device_api *api = &apis[i];

        if (!device->loaded[i] || !api->layers)
            continue;
        device->has_driver[i] |= is_driver(name, api);
        if (device->loaders[i][0] || !is_named(name, api->loader))
            continue;
        snprintf(device->loaders[i], sizeof(device->loaders[i]), "%s", path);
        device->lacks_layers[i] = lacks_text(pid, path, api->layers);
    }
}

void cli_record_device_watch(struct cli_record_device *device, struct rn_session *session)
{
    rn_session_on_mapped(session, see_mapped, device);
}

/* Why there is nothing of an API; false: that is no wonder. */
static bool say_why(const struct cli_record_device *device, size_t number, char *text, size_t size)
{
    const struct cli_device_api *api = &apis[number];
    bool asked = device->chosen[number] == CLI_DEVICE_ON;

    if (device->lacks_layers[number]) {
        snprintf(text, size,
                 "no %s: the program's loader takes no layers; one that does, such as ocl-icd or "
                 "Khronos', must come first in LD_LIBRARY_PATH; it is %s",
                 api->name, device->loaders[number]);
        return asked || device->has_driver[number];
    }
    snprintf(text, size, "no %s: the program did not use it, or not through the system's %s",
             api->name, api->loader);
    return asked;
}

void cli_record_device_missed(const struct cli_record_device *device, struct rn_session *session,
                              const char *output)
{
    uint64_t seen = rn_session_apis(session);
    struct rn_error err = RN_ERROR_INIT;

    /* The libraries themselves know better. */
    if (rn_session_blind_spot(session))
        cli_warn("%s: %s", output, rn_session_blind_spot(session));
    for (size_t i = 0; i < CLI_RECORD_DEVICES && !rn_session_blind_spot(session); i++) {
        char text[PATH_MAX + 256];

        if (device->loaded[i] && !(seen >> apis[i].api & 1) &&
            say_why(device, i, text, sizeof(text)) &&
            rn_session_notice(session, RN_NOTICE_BLIND_SPOT, 0, &err, "%s", text) == RN_OK)
            cli_warn("%s: %s", output, text);
    }
}

void cli_record_device_features(char *text, size_t size)
{
    char path[PATH_BYTES];
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < CLI_RECORD_DEVICES; i++)
        if (cli_record_library(apis[i].library, path, sizeof(path)) && used < size)
            used += (size_t)snprintf(text + used, size - used, " %s", apis[i].option);
}

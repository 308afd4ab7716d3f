/* SPDX-License-Identifier: MIT */
#include "cli_debuginfod.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is used of libdebuginfod's interface: see debuginfod_find_debuginfo(3). It is loaded by
 * name, so that neither a build nor a run without the option needs it. */
#define LIBRARY "libdebuginfod.so.1"

typedef int find_fn(void *client, const unsigned char *build_id, int size, char **path);

struct cli_debuginfod {
    struct rn_debug_source source;
    void *library, *client;
    void (*end)(void *client);
    find_fn *find[2]; /* by enum rn_debug_kind */
    bool given_up;
};

bool cli_debuginfod_wanted(void)
{
    const char *urls = getenv("DEBUGINFOD_URLS");

    if (urls && urls[strspn(urls, " \t")])
        return true;
    cli_usage("--debuginfod asks the servers that DEBUGINFOD_URLS names, and it names none");
    return false;
}

/* A server that has nothing of that build-id is no trouble; one that does not answer is, and would
 * be for each further file. */
static void tell_failure(struct cli_debuginfod *client, const struct rn_code_module *module,
                         int error)
{
    if (error == ENOENT || error == ENOSYS) {
        if (cli_verbose)
            cli_warn("%s: debuginfod has nothing of it", module->path);
        return;
    }
    client->given_up = true;
    cli_fail("debuginfod does not answer (%s): names of %s and of what comes behind it are those "
             "that are here",
             strerror(error), module->path);
}

static char *find(void *context, const struct rn_code_module *module, enum rn_debug_kind kind)
{
    struct cli_debuginfod *client = context;
    char *path = NULL;
    int fd;

    if (client->given_up)
        return NULL;
    fd = client->find[kind](client->client, module->build_id, (int)module->build_id_size, &path);
    if (fd >= 0) {
        close(fd);
        return path;
    }
    tell_failure(client, module, -fd);
    return NULL;
}

static void refused(void *context, const struct rn_code_module *module, enum rn_debug_kind kind)
{
    (void)context;
    cli_fail("%s: the %s that debuginfod has is of another build-id, and is not used", module->path,
             kind == RN_DEBUG_INFO ? "debug information" : "file");
}

/* Objects and functions are of one size wherever dlsym is (POSIX). */
static bool take(void *library, const char *name, void *function)
{
    void *symbol = dlsym(library, name);

    memcpy(function, &symbol, sizeof symbol);
    return symbol != NULL;
}

static bool load(struct cli_debuginfod *client)
{
    void *(*begin)(void);

    client->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!client->library || !take(client->library, "debuginfod_begin", &begin) ||
        !take(client->library, "debuginfod_end", &client->end) ||
        !take(client->library, "debuginfod_find_debuginfo", &client->find[RN_DEBUG_INFO]) ||
        !take(client->library, "debuginfod_find_executable", &client->find[RN_DEBUG_EXECUTABLE])) {
        cli_fail("--debuginfod needs %s, of elfutils: install libdebuginfod1", LIBRARY);
        return false;
    }
    client->client = begin();
    if (!client->client)
        cli_fail("out of memory");
    return client->client != NULL;
}

struct cli_debuginfod *cli_debuginfod_open(void)
{
    struct cli_debuginfod *client;

    if (!cli_debuginfod_wanted())
        return NULL;
    client = calloc(1, sizeof *client);
    if (!client)
        cli_fail("out of memory");
    if (client && load(client)) {
        client->source = (struct rn_debug_source){client, find, refused};
        return client;
    }
    cli_debuginfod_free(client);
    return NULL;
}

/* The library stays: what it has loaded itself (libcurl) does not like to be unloaded. */
void cli_debuginfod_free(struct cli_debuginfod *client)
{
    if (client && client->client)
        client->end(client->client);
    free(client);
}

const struct rn_debug_source *cli_debuginfod_source(const struct cli_debuginfod *client)
{
    return client ? &client->source : NULL;
}

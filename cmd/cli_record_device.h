/* SPDX-License-Identifier: MIT */
/* Options of rn-record about devices: --opencl and the like, one row of a table for each API. */
#ifndef RN_CLI_RECORD_DEVICE_H
#define RN_CLI_RECORD_DEVICE_H

#include "cli_record.h"
#include "cli_record_environment.h"

#include <limits.h>

/* One for each row of the table, in its order. */
enum { CLI_OPT_OPENCL = 0x300, CLI_OPT_VULKAN, CLI_OPT_CUDA, CLI_OPT_DEVICE_END };
#define CLI_RECORD_DEVICES (CLI_OPT_DEVICE_END - CLI_OPT_OPENCL)

/* clang-format off */
#define CLI_RECORD_DEVICE_LONG \
    {"opencl", optional_argument, NULL, CLI_OPT_OPENCL}, \
    {"vulkan", optional_argument, NULL, CLI_OPT_VULKAN}, \
    {"cuda", optional_argument, NULL, CLI_OPT_CUDA}
/* clang-format on */
extern const char cli_record_device_help[];

/* AUTO: where the program is linked with the API's loader. */
enum cli_device_choice { CLI_DEVICE_AUTO, CLI_DEVICE_OFF, CLI_DEVICE_ON };

struct cli_record_device {
    enum cli_device_choice chosen[CLI_RECORD_DEVICES];
    bool loaded[CLI_RECORD_DEVICES];           /* its library is, or would be */
    char loaders[CLI_RECORD_DEVICES][PATH_MAX]; /* what the program mapped first; "": none */
    bool lacks_layers[CLI_RECORD_DEVICES];      /* that takes none */
    bool has_driver[CLI_RECORD_DEVICES];        /* and one was mapped, so it is used */
};

/* One API. */
struct cli_device_api {
    const char *option;  /* without dashes */
    const char *name;    /* for messages */
    enum rn_api api;
    const char *library; /* that is loaded into the program, as cli_record_library finds it */
    const char *loader;  /* soname: a program that needs it uses the API */
    const char *taken;   /* variable that has room for one library: whose it is stays; NULL: none */
    const char *layers;  /* what is in a loader that would load the library; NULL: all do */
    const char *const *drivers; /* of such an API: parts of what they are called, up to a NULL */
    /* Make the program load the library at `path`. False: no memory. What else stands in the way is
     * told by a message that begins with `name`. */
    bool (*arrange)(struct cli_environment *environment, const struct cli_device_api *api,
                    const char *path);
};

/* As in cli_record_compute.h. */
bool cli_record_device_option(struct cli_record_device *device, int letter, const char *argument,
                              int *status);
/* After all options; before the environment is handed to the engine. -1, or the exit status. A
 * library that is not there, or not for this program, is one line, and the recording goes on. *any
 * says whether one will be loaded. */
int cli_record_device_prepare(struct cli_record_device *device, char *const *argv,
                              struct cli_environment *environment, bool *any);
/* Before the engine starts: look which loaders the program maps. */
void cli_record_device_watch(struct cli_record_device *device, struct rn_session *session);
/* When the program has ended: what was asked for and did not come, or could not come through the
 * loader that the program has, is said, in a line and in the recording. */
void cli_record_device_missed(const struct cli_record_device *device, struct rn_session *session,
                              const char *output);

/* What this build can record, for --features: " opencl" and so on. */
void cli_record_device_features(char *text, size_t size);

#endif
